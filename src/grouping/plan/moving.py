"""A new division measured by an old one: the problem whose groups keep their names, and what moving members costs.

At the waist, moving is a choice with the one option "stays": for every group a member from another old group pays, a
member who was in no group does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

import numpy as np

from grouping.plan.things import place_teams
from grouping.policy.compiling import Compiled, compile_drafts, drafts
from grouping.policy.policy import GroupSpec
from grouping.problem import Budget, Choice, Focus, Group, Placement
from grouping.scoring import score

if TYPE_CHECKING:
    from grouping.policy.policy import Policy
    from grouping.problem import IntArray, Problem
    from grouping.roster import Roster

NEW, GONE = -1, -2
"""Homes of members who were in no group, and of those whose old group is not there any more."""

_GREEDY = 60
"""Newcomers up to which a first division is made by putting one after another where it costs least."""


@dataclass(frozen=True, eq=False)
class Moving:
    """One part whose groups are known by their old names.

    Attributes
    ----------
    part : the part; its problem has the groups that may be used
    home : per item, the group that it was in: an index, NEW or GONE
    start : the old division with everybody else put where it costs least, None where that is too much work
    """

    part: Compiled
    home: IntArray
    start: IntArray | None

    def moved(self, place: IntArray) -> IntArray:
        """Return the items that are not where they were."""
        found: IntArray = np.flatnonzero((self.home != place) & (self.home != NEW))
        return found

    @property
    def names(self) -> frozenset[str]:
        """The names of the groups that are there."""
        return frozenset(group.name for group in self.part.problem.groups)

    @property
    def as_it_was(self) -> bool:
        """Whether the old division keeps every rule and nobody has joined."""
        start, home = self.start, self.home[self.part.problem.size > 0]
        return start is not None and bool((home >= 0).all()) and not score(self.part.problem, start).violations


def movings(roster: Roster, policy: Policy, old: Mapping[str, str], free: bool) -> list[Moving]:
    """Return the parts of a roster with the groups of an old division.

    Parameters
    ----------
    old : member id → group name
    free : True lets groups be dissolved and added as the policy allows; False only as far as its numbers demand

    Raises
    ------
    PolicyError, InfeasibleError
        See :func:`grouping.policy.compiling.compile_parts`.
    """
    found = list(drafts(roster, policy))
    homes: dict[str, Counter[int]] = {}
    for p, draft in enumerate(found):
        for member in draft.roster.member_ids:
            if member in old:
                homes.setdefault(old[member], Counter())[p] += 1
    called: list[list[str]] = [[] for _ in found]
    for name, places in homes.items():
        called[places.most_common(1)[0][0]].append(name)
    drafted = [replace(draft, called=tuple(names)) for draft, names in zip(found, called, strict=True)]
    parts = compile_drafts(drafted)
    return [_moving(part, names, old, free) for part, names in zip(parts, called, strict=True)]


def _moving(part: Compiled, called: Sequence[str], old: Mapping[str, str], free: bool) -> Moving:
    named = isinstance(part.policy.groups, tuple) and isinstance(part.policy.groups[0], GroupSpec)
    problem = part.problem if free or named else _as_few_changes(part.problem, set(called))
    index = {group.name: g for g, group in enumerate(problem.groups)}
    home: IntArray = np.full(len(problem.size), NEW, dtype=np.int64)
    for i, member in enumerate(part.roster.member_ids):
        if member in old:
            home[i] = index.get(old[member], GONE)
    return Moving(replace(part, problem=problem), home, _start(problem, home))


def _as_few_changes(problem: Problem, called: set[str]) -> Problem:
    """Return the problem with exactly the old groups, or so many fewer or more as its numbers demand."""
    wanted = [g for g, group in enumerate(problem.groups) if group.required or group.name in called]
    others = [g for g in range(len(problem.groups)) if g not in wanted]
    count = min(max(len(wanted), problem.least), problem.at_most)
    kept = sorted([*wanted, *others[: max(count - len(wanted), 0)]])
    at = {g: new for new, g in enumerate(kept)}

    def within(scope: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(at[g] for g in scope if g in at)

    groups = (problem.groups[g] for g in kept)
    required = count >= len(kept)
    return replace(
        problem,
        groups=tuple(Group(g.name, g.lo, g.hi, required=required or g.required) for g in groups),
        terms=tuple(t if t.groups is None else replace(t, groups=within(t.groups)) for t in problem.terms),
        placements=tuple(replace(p, groups=within(p.groups)) for p in problem.placements),
        least=count,
        most=count,
    )


def _start(problem: Problem, home: IntArray) -> IntArray | None:
    """Return the old division with members who have no group there put where it costs least, one after another."""
    place: IntArray = np.where(problem.size > 0, np.maximum(home, -1), -1)
    loose = np.flatnonzero((place < 0) & (problem.size > 0))
    if len(loose) > _GREEDY:
        return None
    for item in loose:
        found = []
        for g in range(len(problem.groups)):
            place[item] = g
            trial = score(problem, place)
            broken = sum(v.amount for v in trial.violations if v.rule != "unplaced")
            found.append((broken, trial.cost, g))
        place[item] = min(found)[2]
    return place_teams(problem, place)


def priced(moving: Moving, prices: Mapping[str, Fraction]) -> tuple[Problem, int]:
    """Return the problem in which every move is paid for, and how many of its cost units are one of the part's own.

    Parameters
    ----------
    prices : member id → member-points of the score that moving her costs
    """
    ids = moving.part.roster.member_ids
    finer = lcm(*(prices[member].denominator for member in ids))
    points: IntArray = np.zeros(len(moving.home), dtype=np.int64)
    points[: len(ids)] = [int(prices[member] * finer) for member in ids]
    return _with_moves(moving, points, weight=moving.part.problem.scale, finer=finer), finer


def limited(moving: Moving, most: int) -> tuple[Problem, int]:
    """Return the problem in which at most so many members move, of the best divisions the one with the fewest moves.

    The second value says how many of its cost units are one of the part's own; the rest is the number of moves. Where
    only those may move whose group is gone, the others are held where they are, which leaves little to solve.
    """
    finer = moving.part.problem.members + 1
    if most <= int((moving.home == GONE).sum()):
        held = (Placement("moves", int(i), (int(moving.home[i]),)) for i in np.flatnonzero(moving.home >= 0))
        part = replace(
            moving.part, problem=replace(moving.part.problem, placements=(*moving.part.problem.placements, *held))
        )
        moving = replace(moving, part=part)
    ones: IntArray = (moving.part.problem.size > 0).astype(np.int64)
    problem = _with_moves(moving, ones, weight=1, finer=finer)
    own = len(moving.part.problem.terms)
    factors = tuple(int(t >= own) for t in range(len(problem.terms)))
    return replace(problem, budgets=(*problem.budgets, Budget("moves", factors, most))), finer


def fewest(moving: Moving) -> Problem:
    """Return the problem of moving as few members as possible, whatever the division costs."""
    ones: IntArray = (moving.part.problem.size > 0).astype(np.int64)
    return _with_moves(moving, ones, weight=1, finer=0)


def _with_moves(moving: Moving, points: IntArray, weight: int, finer: int) -> Problem:
    """Return the problem with its own weights times ``finer``, and terms in which those who move pay their points."""
    problem, home = moving.part.problem, moving.home
    old = set(home[home >= 0].tolist())
    new = tuple(g for g in range(len(problem.groups)) if g not in old)
    name = next(
        n for n in ("stays", *(f"stays {i}" for i in range(2, 99))) if n not in {c.name for c in problem.choices}
    )
    scopes: Iterable[tuple[int, ...]] = [(g,) for g in sorted(old)] + ([new] if new else [])
    terms = [replace(term, weight=term.weight * finer) for term in problem.terms]
    for scope in scopes:
        pays = (home != scope[0]) & (home != NEW)
        terms.append(
            Focus(name="moves", choice=name, points=np.where(pays, points, 0)[:, None], weight=weight, groups=scope)
        )
    budgets = tuple(replace(b, factors=(*b.factors, *(0 for _ in scopes))) for b in problem.budgets)
    return replace(problem, choices=(*problem.choices, Choice(name, ("stays",))), terms=tuple(terms), budgets=budgets)
