"""Other divisions that are nearly as good: chosen from listed groups so that enough members are grouped differently.

How different two divisions are is the number of members that have to be moved to make one of the other, whatever the
groups are called: n less the weight of the best matching of their groups by common members. By duality a division is
at least m away from a known one if and only if there are integers u for the groups of the known one and v for its own
with u + v >= the members in common of every pair, and Σu + Σv <= n − m.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from ortools.sat.python import cp_model

from grouping.scoring import score
from grouping.solving.cpsat import run
from grouping.solving.engine import _Run
from grouping.solving.listing import SMALL, TooManyError, all_sets, possible
from grouping.solving.overlap import mates
from grouping.solving.partition import canonical, division
from grouping.solving.pricing import TimeUp
from grouping.solving.usage import Usage

if TYPE_CHECKING:
    from grouping.problem import IntArray, Problem
    from grouping.solving.clock import Clock
    from grouping.solving.columns import Column

_EXACT, _PROVABLE = 2_000, 20_000
"""Listed groups × known groups up to which u is chosen at once, and up to which it is when u = 0 offers nothing."""

_STAGES = (16, 4, 1)
"""Parts of the allowed loss for which all groups are listed, the smallest first, until enough divisions are found."""

_CHOSEN = 6_000
"""Groups to choose from at most, those of least reduced cost first."""


@dataclass(frozen=True, eq=False)
class Others:
    """Divisions that were found.

    Attributes
    ----------
    found : one per item a group index, the best first
    complete : proven: there is no further one
    """

    found: tuple[IntArray, ...]
    complete: bool


def others(
    problem: Problem, best: IntArray, count: int, apart: int, most: int, clock: Clock, workers: int = 2, seed: int = 0
) -> Others:
    """Return divisions that keep every rule, cost at most ``most``, and differ from each other and from a known one.

    Parameters
    ----------
    best : the known division, which keeps every rule
    count : how many are wanted
    apart : in how many members any two differ at least
    """
    search = _Diverse(problem, clock, seed, workers, 0.0, frozenset(), None)
    search.offer(best, search.kernel.cost(best), "given start")
    search.most = most
    known: list[IntArray] = [best]
    complete = False
    until = clock.share(0.75)
    for stage, (columns, within, whole) in enumerate(search.stages(most)):
        later = max(len(_STAGES) - stage, 0)
        while len(known) <= count and clock.spent < until:
            work = len(columns) * sum(len(np.unique(place)) for place in known)
            place, status = None, "unknown"
            for exact in (False, True) if work > _EXACT else (True,):
                if place is None and (not exact or work <= (_PROVABLE if whole else _EXACT)):
                    seconds = clock.before(until) / (count + 2 - len(known) + later)
                    place, status = search.another(columns, known, apart, within, exact, seconds)
                    complete = place is None and whole and exact and status == "infeasible"
            if place is None:
                break
            known.append(place)
        if complete or len(known) > count or clock.spent >= until:
            break
    if not complete:
        search.fill(known, count, apart)
    return Others(tuple(sorted(known[1:], key=lambda place: score(problem, place).cost)), complete)


class _Diverse(_Run):
    """A run that gathers groups and divisions instead of closing a gap.

    Attributes
    ----------
    most : what a division may cost to be kept
    seen : divisions that annealing came by, by their bytes, with their costs
    """

    most = 0

    def offer(self, group_of: IntArray, cost: int, engine: str) -> None:
        """Keep the division if it is cheap enough."""
        if cost <= self.most:
            self.seen[canonical(self.kernel, group_of).tobytes()] = cost
        super().offer(group_of, cost, engine)

    @cached_property
    def seen(self) -> dict[bytes, int]:
        """Divisions that are cheap enough."""
        return {}

    @cached_property
    def usage(self) -> Usage:
        """What groups use of the budgets."""
        return Usage(self.problem, self.kernel)

    def _uses(self, columns: Sequence[Column]) -> IntArray:
        """Return what groups use: groups × budgets."""
        found: IntArray = np.zeros((len(columns), len(self.problem.budgets)), dtype=np.int64)
        for k in range(len(self.kernel.kinds) if self.problem.budgets else 0):
            mine = [c for c, column in enumerate(columns) if column.kind == k]
            if mine:
                found[mine] = self.usage.of(k, np.array([columns[c].row for c in mine]))
        return found

    def fill(self, known: list[IntArray], count: int, apart: int) -> None:
        """Add divisions that annealing came by, the cheapest first, and anneal for more while there is time."""
        while True:
            for found in sorted(self.seen, key=lambda key: (self.seen[key], key)):
                place = np.frombuffer(found, dtype=np.int64)
                if self.problem.budgets and score(self.problem, place).violations:
                    continue
                if len(known) <= count and all(_differing(self.problem, place, other) >= apart for other in known):
                    known.append(place)
            if len(known) > count or not self.clock.left or "local search" in self.without:
                return
            self.seen.clear()
            before = self.clock.spent
            groups = [int(g) for g in np.unique(known[int(self.rng.integers(len(known)))])]
            self.best, self.cost = None, self.kernel.limit
            self._anneal(groups, 3, self.clock.limit)
            if self.clock.spent <= before:
                return

    def stages(self, most: int) -> Iterator[tuple[list[Column], int, bool]]:
        """Yield (groups to choose from, the cost that is allowed, whether these are all groups that can matter).

        The allowed cost grows, up to ``most``.
        """
        if sum(map(possible, self.kernel.kinds)) <= SMALL:
            for k, kind in enumerate(self.kernel.kinds):
                self.pool.add(k, all_sets(kind))
            yield self.pool.columns, most, True
            return
        assert self.best is not None
        self.pool.add_division(self.best)
        best, known = self.best, self.cost
        self.best, self.cost = None, self.kernel.limit  # annealing then gathers the groups of all that it improves
        self._search(self.clock.share(0.1, at_most=2.0))
        self.best, self.cost = best, known
        seen = self.pool.columns[-_CHOSEN:]
        if not self.kernel.unit:
            yield seen, most, False
            return
        generation, _ = self._generate(self.clock.share(0.4))
        price = generation.bound.price / self.kernel.unit
        seen = self.pool.columns[-_CHOSEN:]
        for part in _STAGES if generation.bound.scaled is not None else ():
            try:
                within = known + (most - known) // part
                listed = self._listed(generation, within, self.clock.share(0.3))
            except (TooManyError, TimeUp):
                break
            listed.sort(key=lambda column: float(column.cost - price[column.row].sum()))
            whole = part == 1 and len(listed) <= _CHOSEN
            yield list(dict.fromkeys([*listed[:_CHOSEN], *seen])), within, whole
            if len(listed) > _CHOSEN:
                break
        yield seen, most, False

    def another(
        self, columns: Sequence[Column], known: Sequence[IntArray], apart: int, most: int, exact: bool, seconds: float
    ) -> tuple[IntArray | None, str]:
        """Return the cheapest division of listed groups that is far enough from all known ones, and CP-SAT's status."""
        problem, kernel = self.problem, self.kernel
        model = cp_model.CpModel()
        used = [model.new_bool_var(f"group_{i}") for i in range(len(columns))]
        rows = np.array([column.row for column in columns])
        for item in range(len(problem.size)):
            model.add_exactly_one([used[c] for c in np.flatnonzero(rows[:, item])])
        for k, kind in enumerate(kernel.kinds):
            mine = [use for use, column in zip(used, columns, strict=True) if column.kind == k]
            model.add_linear_constraint(
                cp_model.LinearExpr.sum(mine), len(kind.groups) if kind.required else 0, len(kind.groups)
            )
        model.add_linear_constraint(cp_model.LinearExpr.sum(used), problem.least, problem.at_most)
        cost = cp_model.LinearExpr.weighted_sum(used, [column.cost for column in columns])
        model.add(cost <= most - kernel.offset)
        for use, budget, base in zip(self._uses(columns).T, problem.budgets, self.usage.base, strict=True):
            model.add(cp_model.LinearExpr.weighted_sum(used, use.tolist()) <= budget.most - int(base))
        for place in known:
            self._differ(model, used, rows, place, apart, exact)
        model.minimize(cost)
        answer = run(model, self.clock, seconds, self.workers, self.seed)
        if answer.interrupted:
            raise KeyboardInterrupt
        if answer.status not in ("optimal", "feasible"):
            return None, answer.status
        chosen = [column for column, use in zip(columns, used, strict=True) if answer.value(use)]
        return canonical(kernel, division(kernel, chosen)), answer.status

    def _differ(
        self, model: cp_model.CpModel, used: Sequence[cp_model.IntVar], rows: IntArray, place: IntArray, apart: int,
        exact: bool,
    ) -> None:  # fmt: skip
        """Demand that a division is far enough from a known one; without ``exact`` with u = 0, which is sufficient."""
        people = self.problem.size > 0
        sets = np.array([(place == g) & people for g in np.unique(place[people])])
        common = rows.astype(np.int64) @ sets.T.astype(np.int64)
        limit = self.problem.members - apart
        if not exact:
            model.add(cp_model.LinearExpr.weighted_sum(used, common.max(axis=1).tolist()) <= limit)
            return
        u = [model.new_int_var(0, int(size), "") for size in sets.sum(axis=1)]
        v = []
        for use, row in zip(used, common, strict=True):
            own = model.new_int_var(0, int(row.max()), "")
            for i in np.flatnonzero(row):
                model.add(own + u[i] >= int(row[i])).only_enforce_if(use)
            v.append(own)
        model.add(sum(u) + sum(v) <= limit)


def _differing(problem: Problem, one: IntArray, other: IntArray) -> int:
    """Return how many members have to be moved to make one division of the other, whatever the groups are called."""
    people = problem.size > 0
    common = np.zeros((len(problem.groups), len(problem.groups)), dtype=np.int64)
    np.add.at(common, (one[people], other[people]), 1)
    return problem.members - int(common[np.arange(len(common)), mates(common)].sum())
