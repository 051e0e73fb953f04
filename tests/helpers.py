"""What several test modules share: rosters from columns, random problems, and brute force by the scorer alone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from grouping.problem import Choice, Count, Focus, Group, Pair, Placement, Problem, Role
from grouping.roster import Roster
from grouping.scoring import score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from grouping.problem import Term

BROKEN = 2**60
"""Stands for the cost of a group that breaks a rule."""


def roster_of(*, companions: dict[str, pd.DataFrame] | None = None, **columns: Sequence[object]) -> Roster:
    """Return a roster from columns; ids m0, m1, … and one department, shift and site where nothing else is said."""
    count = len(next(iter(columns.values())))
    data: dict[str, Sequence[object]] = {
        "id": [f"m{i}" for i in range(count)],
        "department": ["X"] * count,
        "shift": ["白班"] * count,
        **columns,
    }
    frame = pd.DataFrame({name: pd.Series(list(values), dtype="object") for name, values in data.items()})
    return Roster.from_frame(frame, **(companions or {}))


def divisions(items: int, groups: int) -> NDArray[np.int64]:
    """Return every way to put items into groups, one a row."""
    if not items:
        return np.zeros((1, 0), dtype=np.int64)
    return np.indices((groups,) * items).reshape(items, -1).T.astype(np.int64)


@dataclass(frozen=True)
class Brute:
    """The answer of brute force; ``cost`` and ``group_of`` are None when no division keeps every rule."""

    cost: int | None
    group_of: NDArray[np.int64] | None
    costs: NDArray[np.int64]
    """Of every row of `divisions`; at least BROKEN where a rule is broken."""


def _sets(items: int) -> NDArray[np.bool_]:
    """Return every set of items as a row, in the order of their bit masks."""
    return np.array([[bool(mask >> i & 1) for i in range(items)] for mask in range(2**items)]).reshape(2**items, items)


def _group_costs(problem: Problem) -> NDArray[np.int64]:
    """Return what every set of items costs as every group, BROKEN where a rule is broken: groups × bit masks."""
    sets = _sets(len(problem.size))
    sizes = sets @ problem.size
    table = np.full((len(problem.groups), len(sets)), BROKEN, dtype=np.int64)
    for alike in problem.classes:
        first = alike[0]
        group = problem.groups[first]
        for mask, row in enumerate(sets):
            if mask == 0:
                table[list(alike), 0] = BROKEN if group.required else 0
            elif group.lo <= sizes[mask] <= group.hi:
                found = score(problem, np.where(row, first, -1))
                if not any(violation.group == first for violation in found.violations):
                    parts = [part for part in found.parts if part.group == first]
                    table[list(alike), mask] = sum(part.points * problem.terms[part.term].weight for part in parts)
    return table


def brute_force(problem: Problem) -> Brute:
    """Return the least cost over all divisions.

    The scorer scores every set of items as every group by itself; the cost of a division is the sum over its groups,
    which `test_scoring` holds against whole divisions.
    """
    items, groups = len(problem.size), len(problem.groups)
    table = _group_costs(problem)
    sizes = _sets(items) @ problem.size
    offset = sum(term.weight * term.offset for term in problem.terms if isinstance(term, Pair))
    every = divisions(items, groups)
    costs = np.full(len(every), offset, dtype=np.int64)
    used = np.zeros(len(every), dtype=np.int64)
    for g in range(groups):
        masks = (every == g) @ (1 << np.arange(items))
        costs += table[g, masks]
        used += sizes[masks] > 0
    most = groups if problem.most is None else problem.most
    costs[(used < problem.least) | (used > most)] = BROKEN
    if not len(costs) or costs.min() >= BROKEN // 2:
        return Brute(None, None, costs)
    at = int(costs.argmin())
    return Brute(int(costs[at]), every[at], costs)


def hard_problem(seed: int = 1) -> Problem:
    """Return a problem that has plans at once and is not proven within minutes: pairs at random, in one pool."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(60, 1)
    pairs = Pair(name="ties", weight=1, first=first, second=second, points=rng.integers(0, 100, len(first)))
    return Problem(size=np.ones(60), groups=tuple(Group(f"G{i}", 6, 10) for i in range(8)), terms=(pairs,))


def _numbers(values: Sequence[int], *shape: int) -> st.SearchStrategy[NDArray[np.int64]]:
    count = int(np.prod(shape))
    lists = st.lists(st.sampled_from(values), min_size=count, max_size=count)
    return lists.map(lambda found: np.array(found, dtype=np.int64).reshape(shape))


RARE = (0, 0, 0, 0, 1)
POINTS = (0, 0, 20, 30, 50, 100)


@st.composite
def problems(
    draw: st.DrawFn,
    *,
    members: tuple[int, int] = (1, 6),
    things: int = 1,
    groups: tuple[int, int] = (1, 3),
    most_terms: int = 5,
    plain_things: bool = True,
    strict: bool | None = None,
) -> Problem:
    """Draw a problem at the waist.

    Parameters
    ----------
    members, things, groups, most_terms : limits of the numbers
    plain_things : things of size 0 have points in focus terms only, as policies make them
    strict : False draws few rules, so that most problems have a plan; None draws this too
    """
    if strict is None:
        strict = draw(st.sampled_from((False, False, True)))
    m = draw(st.integers(*members))
    extra = draw(st.integers(0, things))
    size = np.array([1] * m + [0] * extra)
    if extra and draw(st.booleans()):
        size = size[::-1]
    n = m + extra
    count = draw(st.integers(*groups))
    alike = draw(st.booleans())
    limits = st.tuples(st.integers(1, 3 if strict else 2), st.integers(0, m)).map(lambda pair: (pair[0], sum(pair)))
    base = draw(limits)
    made = [
        Group(f"G{g}", *(base if alike else draw(limits)), required=draw(st.booleans()) and strict)
        for g in range(count)
    ]
    choices = []
    for c in range(draw(st.integers(1, 2))):
        options = draw(st.integers(1, 3))
        capacity = draw(st.one_of(st.none(), st.none(), _numbers((1, 2, 3, 6), options)))
        choices.append(Choice(f"choice{c}", tuple(f"o{o}" for o in range(options)), capacity))
    terms: list[Term] = []
    for t in range(draw(st.integers(0, most_terms))):
        must = draw(st.sampled_from((False, False, True) if strict else (False, False, False, False, True)))
        common: dict[str, Any] = {
            "name": f"T{t}",
            "must": must,
            "weight": 0 if must else draw(st.sampled_from((1, 1, 2, 3, 7))),
            "groups": draw(
                st.one_of(st.none(), st.none(), st.sets(st.integers(0, count - 1)).map(lambda s: tuple(sorted(s))))
            ),
        }
        masked = size if plain_things else np.ones(n, dtype=np.int64)
        kind = draw(st.sampled_from(("focus", "count", "pair", "role")))
        if kind == "focus":
            choice = draw(st.sampled_from(choices))
            shape = (n, len(choice.labels))
            forbidden = draw(st.one_of(st.none(), st.none(), _numbers(RARE, *shape)))
            fixed = draw(st.one_of(st.none(), _numbers((0, 0, 100) if must else POINTS, shape[1])))
            points = draw(_numbers(RARE if must else POINTS, *shape))
            terms.append(Focus(**common, choice=choice.name, points=points, forbidden=forbidden, fixed=fixed))
        elif kind == "count":
            value = draw(_numbers((0, 1, 1, 2), n)) * masked
            rows = draw(st.sampled_from((1, m + 1)))
            if draw(st.booleans()):
                table = draw(_numbers(RARE if must else POINTS, rows, int(value.sum()) + 1))
            else:
                need = draw(st.integers(0, 3))
                sums = np.arange(int(value.sum()) + 1)
                off = need - sums if draw(st.booleans()) else sums - need
                table = np.repeat(100 * np.maximum(off, 0)[None, :], rows, axis=0)
            terms.append(Count(**common, value=value, penalty=table))
        elif kind == "pair":
            usable = np.flatnonzero(masked).tolist()
            pairs = [(i, j) for a, i in enumerate(usable) for j in usable[a + 1 :]]
            chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=6)) if pairs else []
            values = (0, 100) if must else (-60, -25, -7, 0, 10, 50)
            points = draw(_numbers(values, len(chosen)))
            offset = -int(np.minimum(points, 0).sum())  # 0 is the ideal
            first, second = (np.array([pair[side] for pair in chosen], dtype=np.int64) for side in (0, 1))
            terms.append(Pair(**common, first=first, second=second, points=points, offset=offset))
        else:
            eligible = draw(_numbers((0, 1, 1), n)) * masked > 0
            points = draw(_numbers((0, 0, 50) if must else POINTS, n))
            seat = draw(st.sampled_from(("leader", "leader", "deputy")))
            terms.append(
                Role(**common, seat=seat, points=points, eligible=eligible, vacant=draw(st.sampled_from((100, 300))))
            )
    placements = [
        Placement(f"P{p}", draw(st.integers(0, n - 1)), tuple(draw(st.sets(st.integers(0, count - 1), min_size=1))))
        for p in range(draw(st.sampled_from((0, 0, 0, 1, 2) if strict else (0,))))
    ]
    least = draw(st.integers(0, count))
    most = draw(st.one_of(st.none(), st.integers(max(least, 1), count)))
    return Problem(
        size=size,
        groups=made,
        choices=choices,
        terms=terms,
        placements=placements,
        least=least,
        most=most,
        scale=draw(st.sampled_from((1, 6))),
    )


def _group_uses(problem: Problem) -> NDArray[np.int64]:
    """Return what every set of items uses of the budget as every group: groups × bit masks; 0 without a budget."""
    sets = _sets(len(problem.size))
    table = np.zeros((len(problem.groups), len(sets)), dtype=np.int64)
    for g in range(len(problem.groups)) if problem.budgets else ():
        (budget,) = problem.budgets
        for mask, row in enumerate(sets[1:], start=1):
            parts = score(problem, np.where(row, g, -1)).parts
            table[g, mask] = sum(budget.factors[part.term] * part.points for part in parts)
    return table


def least_cost(problem: Problem) -> int | None:
    """Return the least cost over all divisions, None if there is none, also for more groups than can be enumerated.

    As `brute_force`, but groups are filled one after another, and of all ways to use up a set of items only the
    cheapest one is kept, for everything that can be used of the budget, if there is one.
    """
    items, groups = len(problem.size), len(problem.groups)
    table, uses = _group_costs(problem), _group_uses(problem)
    step = int(np.gcd.reduce(uses, axis=None)) or 1
    reach = problem.budgets[0].most // step if problem.budgets else 0
    masks = np.arange(2**items)
    best = np.full((reach + 1, groups + 1, len(masks)), BROKEN, dtype=np.int64)
    best[0, 0, 0] = 0
    for g in range(groups):
        after = np.minimum(best + table[g, 0], BROKEN)
        for mask in np.flatnonzero(table[g, 1:] < BROKEN) + 1:
            rest, use = masks[(masks & mask) == 0], int(uses[g, mask]) // step
            if use <= reach:
                filled = best[: reach + 1 - use, :-1, rest] + table[g, mask]
                after[use:, 1:, rest | mask] = np.minimum(after[use:, 1:, rest | mask], filled)
        best = after
    most = groups if problem.most is None else problem.most
    found = best[:, problem.least : most + 1, -1].min(initial=BROKEN)
    offset = sum(term.weight * term.offset for term in problem.terms if isinstance(term, Pair))
    return None if found >= BROKEN // 2 else int(found) + offset


def worst_costs(problem: Problem) -> list[Fraction]:
    """Return, for every row of `divisions`, what its worst group costs per member; of no use where a rule is broken."""
    table = _group_costs(problem)
    sizes = _sets(len(problem.size)) @ problem.size
    every = divisions(len(problem.size), len(problem.groups))
    masks = [(every == g) @ (1 << np.arange(len(problem.size))) for g in range(len(problem.groups))]
    return [
        max(
            (Fraction(int(table[g, m[row]]), int(sizes[m[row]])) for g, m in enumerate(masks) if sizes[m[row]]),
            default=Fraction(0),
        )
        for row in range(len(every))
    ]
