"""The best that every number of moves allows: part by part, then shared out over the parts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from grouping.errors import VerificationError
from grouping.plan.moving import Moving, fewest, limited
from grouping.plan.things import place_teams
from grouping.scale.sharing import Options, Part, solve_parts
from grouping.scoring import faults, score

if TYPE_CHECKING:
    from grouping.problem import IntArray, Problem
    from grouping.solving.engine import Solution


@dataclass(frozen=True, eq=False)
class Step:
    """What one part can do within a number of moves.

    Attributes
    ----------
    place : the best division found
    lost : member-points that it loses
    least : proven: no division within these moves loses less
    """

    place: IntArray
    lost: Fraction
    least: Fraction
    solution: Solution | None


@dataclass(frozen=True, eq=False)
class Point:
    """What all parts together can do within a number of moves.

    Attributes
    ----------
    places, solutions : of each part
    lost, least : member-points that the division loses, and that any within these moves loses at least
    """

    places: list[IntArray]
    solutions: list[Solution | None]
    lost: Fraction
    least: Fraction


class Levels:
    """Solves the parts for more and more moves.

    Parameters
    ----------
    parts : the parts with the groups that were there
    options : of the run; its time is shared by the levels that are asked for
    """

    def __init__(self, parts: Sequence[Moving], options: Options) -> None:
        self.parts = parts
        self.options = options
        self.steps: list[dict[int, Step]] = [{} for _ in parts]
        self.floor: list[Fraction | None] = [None] * len(parts)
        self.least = [self._fewest(moving) for moving in parts]

    @property
    def fewest(self) -> int:
        """How many members have to move at least."""
        return sum(self.least)

    def at(self, most: int) -> Point | None:
        """Return the best within so many moves; None when that is too few."""
        spare = most - self.fewest
        if spare < 0:
            return None
        if len(self.parts) == 1:
            self._solve({0: most}, levels=1)
            return self._point([most])
        self.floors(spare + 2)
        for extra in range(spare + 1):
            self.climb(extra, spare + 2)
        return self.shared(spare)

    def curve(self, most: int) -> Iterator[tuple[int, Point]]:
        """Yield (moves, the best within them) from the fewest to ``most``, until nothing more can be gained."""
        spare = most - self.fewest
        if spare < 0:
            return
        self.floors(spare + 2)
        ideal = None if None in self.floor else sum((f for f in self.floor if f is not None), Fraction(0))
        for extra in range(spare + 1):
            self.climb(extra, spare + 2)
            point = self.shared(extra)
            yield self.fewest + extra, point
            if point.lost == ideal:
                return

    def floors(self, levels: int) -> None:
        """Solve every part without a limit, so that its steps can end where no more can be gained.

        Parameters
        ----------
        levels : into how many shares the time is divided
        """
        problems = [moving.part.problem for moving in self.parts]
        found = self._run([(m.part.name, q, m.start) for m, q in zip(self.parts, problems, strict=True)], levels)
        for p, solution in enumerate(found):
            if solution is not None and solution.bound is not None:
                self.floor[p] = Fraction(solution.bound, problems[p].scale)

    def climb(self, extra: int, levels: int) -> None:
        """Solve every part for so many moves more than it needs, unless nothing is left to gain there."""
        wanted = {}
        for p, least in enumerate(self.least):
            before = self.steps[p].get(least + extra - 1)
            if before is not None and (before.lost == self.floor[p] or least + extra > len(self.parts[p].home)):
                self.steps[p][least + extra] = before
            else:
                wanted[p] = least + extra
        self._solve(wanted, levels)

    def shared(self, spare: int) -> Point:
        """Return the best way to share out moves that no part needs, of several the one in which fewest members move.

        Every part has been solved for as many.
        """
        best: list[list[int]] = [[0] * len(self.parts)] * (spare + 1)
        lost, least = [Fraction(0)] * (spare + 1), [Fraction(0)] * (spare + 1)
        moves = [0] * (spare + 1)
        for p, need in enumerate(self.least):
            steps = [self.steps[p][need + extra] for extra in range(spare + 1)]
            moved = [len(self.parts[p].moved(step.place)) for step in steps]
            chosen = [
                min((lost[m - x] + steps[x].lost, moves[m - x] + moved[x], x) for x in range(m + 1))[2]
                for m in range(spare + 1)
            ]
            best = [[*best[m - x][:p], x, *best[m - x][p + 1 :]] for m, x in enumerate(chosen)]
            lost = [lost[m - x] + steps[x].lost for m, x in enumerate(chosen)]
            moves = [moves[m - x] + moved[x] for m, x in enumerate(chosen)]
            least = [min(least[m - x] + steps[x].least for x in range(m + 1)) for m in range(spare + 1)]
        point = self._point([need + x for need, x in zip(self.least, best[spare], strict=True)])
        return replace(point, least=least[spare])

    def _point(self, moves: Sequence[int]) -> Point:
        steps = [self.steps[p][m] for p, m in enumerate(moves)]
        return Point(
            [step.place for step in steps],
            [step.solution for step in steps],
            sum((step.lost for step in steps), Fraction(0)),
            sum((step.least for step in steps), Fraction(0)),
        )

    def _fewest(self, moving: Moving) -> int:
        """Return how many members of a part have to move at least."""
        must = len(moving.moved(moving.home))  # their old group is gone
        if moving.start is not None and not score(moving.part.problem, moving.start).violations:
            return must
        problem = fewest(moving)
        (solution,) = self._run([(moving.part.name, problem, None)], 3)
        if solution is None or solution.bound is None:
            return must
        return solution.bound

    def _solve(self, wanted: dict[int, int], levels: int) -> None:
        """Solve parts for a number of moves each, from the best division for fewer."""
        asked = []
        for p, most in wanted.items():
            moving, before = self.parts[p], self.steps[p].get(most - 1)
            start = moving.start if before is None else before.place
            asked.append((moving.part.name, limited(moving, most)[0], start))
        for (p, most), (_, problem, _), solution in zip(wanted.items(), asked, self._run(asked, levels), strict=True):
            self.steps[p][most] = _step(self.parts[p], problem, solution)

    def _run(self, asked: list[tuple[str, Problem, IntArray | None]], levels: int) -> list[Solution | None]:
        if not asked:
            return []
        options = self.options
        whole = options.time_limit
        left = max(options.begun + whole - time.perf_counter(), whole * 0.02)
        share = whole / levels if options.reproducible else min(left, whole / levels)
        mine = replace(options, time_limit=share, begun=time.perf_counter())
        return solve_parts([Part(name, problem, start) for name, problem, start in asked], mine)


def _step(moving: Moving, problem: Problem, solution: Solution | None) -> Step:
    """Return what a solution of a part with limited moves means for the part itself."""
    assert solution is not None
    assert solution.group_of is not None
    assert solution.cost is not None
    if found := faults(problem, solution.group_of, solution.cost, solution.bound):
        raise VerificationError(found)
    own, members = moving.part.problem, moving.part.problem.members
    place = place_teams(own, np.where(own.size > 0, solution.group_of, -1))  # as judging the same people does
    if score(own, place).cost > score(own, solution.group_of).cost or score(own, place).violations:
        place = solution.group_of
    lost = Fraction(score(own, place).cost, own.scale)
    least = Fraction(0)
    if solution.bound is not None:  # cost × (members + 1) + moves, of which there are at most as many as members
        least = Fraction(max(-((members - solution.bound) // (members + 1)), 0), own.scale)
    return Step(place, lost, least, solution)
