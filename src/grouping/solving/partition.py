"""Choosing groups from a list so that every item is in exactly one: a set partitioning problem for CP-SAT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ortools.sat.python import cp_model

from grouping.solving.cpsat import run

if TYPE_CHECKING:
    from grouping.problem import BoolArray, IntArray
    from grouping.solving.clock import Clock
    from grouping.solving.columns import Column
    from grouping.solving.kernel import Kernel


@dataclass(frozen=True)
class Choice:
    """The best division that a list of groups offers.

    Attributes
    ----------
    status : as in :class:`grouping.solving.cpsat.Answer`
    group_of : the division, or None
    bound : no division made of listed groups costs less; None when nothing is proven
    """

    status: str
    group_of: IntArray | None
    bound: int | None
    interrupted: bool


def choose(
    kernel: Kernel,
    columns: Sequence[Column],
    clock: Clock,
    seconds: float,
    workers: int,
    seed: int,
    hint: IntArray | None = None,
    limits: Sequence[tuple[Sequence[int], int]] = (),
) -> Choice:
    """Return the cheapest division made of the listed groups.

    Parameters
    ----------
    hint : a division that may be made of listed groups, to start from
    limits : budgets: what each group uses, and the most that all of them together may
    """
    problem = kernel.problem
    model = cp_model.CpModel()
    used = [model.new_bool_var(f"group_{i}") for i in range(len(columns))]
    holders: list[list[cp_model.IntVar]] = [[] for _ in problem.size]
    of_kind: list[list[cp_model.IntVar]] = [[] for _ in kernel.kinds]
    for column, use in zip(columns, used, strict=True):
        of_kind[column.kind].append(use)
        for item in np.flatnonzero(column.row):
            holders[item].append(use)
    if any(not row for row in holders):
        return Choice("infeasible", None, None, False)
    for row in holders:
        model.add_exactly_one(row)
    for kind, row in zip(kernel.kinds, of_kind, strict=True):
        most = len(kind.groups)
        model.add_linear_constraint(cp_model.LinearExpr.sum(row), most if kind.required else 0, most)
    model.add_linear_constraint(cp_model.LinearExpr.sum(used), problem.least, problem.at_most)
    for uses, limit in limits:
        model.add(cp_model.LinearExpr.weighted_sum(used, list(uses)) <= limit)
    model.minimize(cp_model.LinearExpr.weighted_sum(used, [column.cost for column in columns]))
    if hint is not None:
        wanted = {
            (k, (hint == g).tobytes()) for k, kind in enumerate(kernel.kinds) for g in kind.groups if (hint == g).any()
        }
        for column, use in zip(columns, used, strict=True):
            model.add_hint(use, (column.kind, column.items) in wanted)
    answer = run(model, clock, seconds, workers, seed)
    bound = None if answer.bound is None else answer.bound + kernel.offset
    if answer.status not in ("optimal", "feasible"):
        return Choice(answer.status, None, bound, answer.interrupted)
    chosen = [column for column, use in zip(columns, used, strict=True) if answer.value(use)]
    return Choice(answer.status, division(kernel, chosen), bound, answer.interrupted)


def placeable(
    kernel: Kernel, columns: Sequence[Column], held: BoolArray, clock: Clock, seconds: float, workers: int
) -> Choice:
    """Return whether some items can all be placed in listed groups, every other item being in at most one of them.

    When all items are held, it is a division that is looked for, and returned if there is one.

    Parameters
    ----------
    held : per item, whether it has to be placed; the list holds every group that it can be in
    """
    model = cp_model.CpModel()
    used = [model.new_bool_var(f"group_{i}") for i in range(len(columns))]
    holders: list[list[cp_model.IntVar]] = [[] for _ in held]
    of_kind: list[list[cp_model.IntVar]] = [[] for _ in kernel.kinds]
    for column, use in zip(columns, used, strict=True):
        of_kind[column.kind].append(use)
        for item in np.flatnonzero(column.row):
            holders[item].append(use)
    for row, asked in zip(holders, held.tolist(), strict=True):
        if asked:
            model.add_exactly_one(row)
        else:
            model.add_at_most_one(row)
    whole = bool(held.all())
    for kind, row in zip(kernel.kinds, of_kind, strict=True):
        most = len(kind.groups)
        model.add_linear_constraint(cp_model.LinearExpr.sum(row), most if kind.required and whole else 0, most)
    fewest = kernel.problem.least if whole else 0
    model.add_linear_constraint(cp_model.LinearExpr.sum(used), fewest, kernel.problem.at_most)
    answer = run(model, clock, seconds, workers, 0)
    found = None
    if whole and answer.status in ("optimal", "feasible"):
        found = division(kernel, [column for column, use in zip(columns, used, strict=True) if answer.value(use)])
    return Choice(answer.status, found, None, answer.interrupted)


def division(kernel: Kernel, columns: Sequence[Column]) -> IntArray:
    """Return groups as a division; groups of one kind are numbered by their first item."""
    group_of: IntArray = np.full(len(kernel.problem.size), -1, dtype=np.int64)
    for k, kind in enumerate(kernel.kinds):
        rows = sorted((column.row for column in columns if column.kind == k), key=lambda row: int(row.argmax()))
        for g, row in zip(kind.groups, rows, strict=False):
            group_of[row] = g
    return group_of


def canonical(kernel: Kernel, group_of: IntArray) -> IntArray:
    """Return the same division with interchangeable groups numbered by their first item, unused ones last."""
    result: IntArray = group_of.copy()
    for kind in kernel.kinds:
        sets = [group_of == g for g in kind.groups]
        used = sorted((s for s in sets if s.any()), key=lambda s: int(s.argmax()))
        for g, s in zip(kind.groups, used, strict=False):
            result[s] = g
    return result
