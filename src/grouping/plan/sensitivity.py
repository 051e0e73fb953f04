"""Which weights could be how different before the division changes: settled by solving again, never guessed.

Up to a factor, the cost of a division is linear in every single weight, so the least cost is concave: a division that
is optimal at two weights is so at all weights between them. That holds for a division with its answers (where to meet,
who leads …). A group may answer otherwise at another weight; then the weight at which it does so is settled, too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING

import numpy as np

from grouping.errors import InputError, Issue, NoPlanFoundError
from grouping.plan.divisions import Division, read_division
from grouping.plan.forming import checked_limit, start_of
from grouping.plan.judging import Judge
from grouping.plan.matching import distance
from grouping.plan.ranges import Sensitivity, Switch, WeightRange
from grouping.plan.things import place_teams
from grouping.policy.compiling import Compiled, compile_parts
from grouping.policy.criterion import PRINCIPLES
from grouping.scoring import Score, score
from grouping.solving.clock import Clock
from grouping.solving.engine import solve
from grouping.solving.kernel import Kernel
from grouping.solving.search import anneal

if TYPE_CHECKING:
    from grouping.plan.evaluation import Plan
    from grouping.problem import IntArray, Problem

GRID = 100
"""Steps into which a weight is divided: boundaries are found to a hundredth of it."""

MOST = 10
"""How many times the weight is looked at, at most."""

_HUNT = 0.15
"""Share of the time for finding other divisions before anything is proven."""

_PLACES = (0.1, 1.0, 0.4)
"""Where other divisions are looked for: how far from the weight to the end of what is looked at."""

_SWEEPS = 4
"""Steps per item of such a search."""

_PATIENCE = 3.0
"""How many times as long as the plan took one end of a range may take, though others then get nothing."""

_LEAST_SECONDS = 0.05
_HALVINGS = 3
"""How often a nearer weight is tried when one is not settled in its time."""

_KINKS = 6


Points = tuple[int, ...]
"""What a division with its answers pays for every term, in the plan's cost units."""


@dataclass(frozen=True)
class Knob:
    """A weight that can be turned.

    Attributes
    ----------
    principle : the principle, or that of the criterion
    criterion : label of the criterion, "" for the principle itself
    weight : as the policy says
    """

    principle: str
    criterion: str
    weight: Fraction


def sensitivity(plan: Plan, *, time_limit: float, seed: int, workers: int) -> Sensitivity:
    """Return the answer of :meth:`grouping.Plan.sensitivity`."""
    begun = time.perf_counter()
    limit = checked_limit(time_limit)
    if plan.status != "optimal":
        message = "is not proven optimal: whether a weight changes an answer can only be told of one that is certain"
        raise InputError(Issue("not_proven", message, advice="form the groups with a longer time_limit"))
    policy = plan.inputs.policy
    if policy.fairness != "mean":
        advice = 'ask it of a plan with fairness="mean"'
        raise InputError(Issue("worst_first", "with the worst group first, cost is not all that counts", advice=advice))
    parts = compile_parts(plan.inputs.roster, policy)
    if any(part.problem.budgets for part in parts):
        raise InputError(Issue("budgets", "with a limit for the whole plan, such as MaxMoves, no range can be proven"))
    return _Run(plan, parts, begun + limit, seed, workers).go(begun)


def knobs(parts: tuple[Compiled, ...]) -> list[Knob]:
    """Return the weights: of principles, then of criteria; those that are 0 say nothing and are left out."""
    soft = [entry for part in parts for entry in part.entries if not entry.must and entry.share]
    policy = parts[0].policy
    found = [Knob(p, "", _exact(policy.principles[p])) for p in PRINCIPLES if any(e.principle == p for e in soft)]
    for principle in PRINCIPLES:
        mine = {entry.label: entry for entry in soft if entry.principle == principle}
        found += [Knob(principle, label, _exact(entry.criterion.weight)) for label, entry in mine.items()]
    return found


def _exact(weight: float | Fraction) -> Fraction:
    return weight if isinstance(weight, Fraction) else Fraction(str(weight))


class _Branch:
    """One part with the plan's members in their groups.

    Parameters
    ----------
    part : the part
    place : per item, the plan's group; what teams without members are given to is chosen anew at every weight
    """

    def __init__(self, part: Compiled, place: IntArray) -> None:
        self.part = part
        self.people = part.problem.size > 0
        self.home = np.where(self.people, place, -1)
        self.known: list[tuple[IntArray, Points]] = []
        self._mine: dict[tuple[Knob, Fraction], tuple[Fraction, Points]] = {}

    def factors(self, knob: Knob, at: Fraction) -> list[Fraction]:
        """Return what every term's weight is multiplied by when a weight is ``at`` times what it is.

        A criterion takes its part of what its principle weighs, so more of it takes from its neighbours. Multiplied by
        the sum of the principle's weights, only it and the other principles change, both linearly.
        """
        found = [Fraction(1)] * len(self.part.problem.terms)
        soft = [entry for entry in self.part.entries if not entry.must]
        others = Fraction(1)
        if knob.criterion:
            mine = [entry for entry in soft if entry.principle == knob.principle]
            turned = [entry for entry in mine if entry.label == knob.criterion]
            whole = sum((_exact(entry.criterion.weight) for entry in mine), Fraction(0))
            if not turned or not whole:
                return found
            others = 1 + knob.weight / whole * (at - 1)
        else:
            turned = [entry for entry in soft if entry.principle == knob.principle]
        for entry in soft:
            inside = entry.principle == knob.principle
            times = at if entry in turned else Fraction(1) if inside else others
            for term in entry.terms:
                found[term] = times
        return found

    def only(self, knob: Knob) -> bool:
        """Tell whether nothing is weighed against it here."""
        soft = [e for e in self.part.entries if not e.must and e.share]
        if knob.criterion:
            mine = [e for e in soft if e.principle == knob.principle]
            return not any(e.label == knob.criterion for e in mine) or len(mine) == 1
        return len({e.principle for e in soft if e.principle == knob.principle}) in (
            0,
            len({e.principle for e in soft}),
        )

    def problem(self, knob: Knob, at: Fraction) -> tuple[Problem, Fraction]:
        """Return the problem with the weight turned, and what one of its cost units is worth in the plan's."""
        base = self.part.problem
        exact = [times * term.weight for times, term in zip(self.factors(knob, at), base.terms, strict=True)]
        under = lcm(*(weight.denominator for weight in exact))
        whole = gcd(*(int(weight * under) for weight in exact)) or 1
        terms = tuple(
            replace(term, weight=int(weight * under) // whole) for term, weight in zip(base.terms, exact, strict=True)
        )
        return replace(base, terms=terms, scale=1), Fraction(whole, under)

    def mine(self, knob: Knob, at: Fraction) -> tuple[Fraction, Points]:
        """Return what the plan costs with the weight turned, and its points with the answers it then gives."""
        if (knob, at) not in self._mine:
            problem, unit = self.problem(knob, at)
            found = score(problem, place_teams(problem, self.home))
            self._mine[knob, at] = (found.cost * unit, self._points(found))
        return self._mine[knob, at]

    def _points(self, found: Score) -> Points:
        """Return the weighted points of every term."""
        points = [0] * len(self.part.problem.terms)
        for part in found.parts:
            points[part.term] += part.points * self.part.problem.terms[part.term].weight
        return tuple(points)

    def line(self, knob: Knob, points: Points, at: Fraction) -> Fraction:
        """Return what a division with these answers costs with the weight turned."""
        sums: dict[Fraction, int] = {}
        for times, amount in zip(self.factors(knob, at), points, strict=True):
            sums[times] = sums.get(times, 0) + amount
        return sum((times * amount for times, amount in sums.items()), Fraction(0))

    def remember(self, problem: Problem, group_of: IntArray) -> None:
        """Keep a division, with the answers that suit a problem."""
        place = np.where(self.people, group_of, -1)
        points = self._points(score(problem, group_of))
        if all(points != other for _, other in self.known) and not np.array_equal(place, self.home):
            self.known.append((place, points))

    def beaten(self, knob: Knob, at: Fraction) -> IntArray | None:
        """Return a known division that costs less than the plan with the weight turned."""
        cost, _ = self.mine(knob, at)
        costs = [self.line(knob, points, at) for _, points in self.known]
        best = min(range(len(costs)), key=lambda i: costs[i], default=-1)
        return self.known[best][0] if best >= 0 and costs[best] < cost else None

    def names(self, place: IntArray) -> dict[str, str]:
        """Return member id → group name of a division."""
        groups = self.part.problem.groups
        return {m: groups[int(place[i])].name for i, m in enumerate(self.part.roster.member_ids)}


class _Run:
    """One call of :func:`sensitivity`."""

    def __init__(self, plan: Plan, parts: tuple[Compiled, ...], until: float, seed: int, workers: int) -> None:
        self.plan, self.until, self.seed, self.workers = plan, until, seed, workers
        self.solves = 0
        spent = plan.provenance.get("seconds", {})
        self.patience = _PATIENCE * float(spent.get("total", 0.0)) if isinstance(spent, dict) else 0.0
        given = read_division(plan.inputs.roster, plan)
        self.judge = Judge(plan.inputs.roster, plan.inputs.policy)
        self.branches = []
        for part in parts:
            place = start_of(part, Division(given.group_of))
            if place is None:
                message = "its groups are not those that the policy asks for, so it cannot be solved again"
                raise InputError(Issue("other_groups", message, advice="ask it of a plan of form_groups"))
            self.branches.append(_Branch(part, place))
        self.parts = parts

    def go(self, begun: float) -> Sensitivity:
        """Settle weight after weight, side after side, each with its share of the time left."""
        every = knobs(self.parts)
        idle = [knob for knob in every if all(branch.only(knob) for branch in self.branches)]
        turning = [(knob, towards) for knob in every if knob not in idle for towards in (0, MOST * GRID)]
        self._hunt(turning, begun)
        ends: dict[tuple[Knob, int], tuple[int, Switch | None, bool]] = {}
        for number, (knob, towards) in enumerate(turning):
            now = time.perf_counter()
            share = max(max(self.until - now, 0) / (len(turning) - number), self.patience)
            ends[knob, towards] = self._side(knob, towards, min(now + share, self.until))
        found = []
        for knob in every:
            weight = float(knob.weight)
            if knob in idle:
                found.append(WeightRange(knob.principle, knob.criterion, weight, 0.0, float("inf"), alone=True))
                continue
            (lo, below, sure_below), (hi, above, sure_above) = ends[knob, 0], ends[knob, MOST * GRID]
            found.append(
                WeightRange(
                    knob.principle, knob.criterion, weight, float(knob.weight * lo / GRID),
                    float(knob.weight * hi / GRID), below, above, sure_below, sure_above,
                )
            )  # fmt: skip
        return Sensitivity(tuple(found), round(time.perf_counter() - begun, 3), self.solves)

    def _hunt(self, turning: list[tuple[Knob, int]], begun: float) -> None:
        """Look for other divisions by local search at changed weights, so that proofs are tried where they may succeed.

        A division found for one weight counts for all of them.
        """
        until = begun + _HUNT * (self.until - begun)
        rng = np.random.default_rng(self.seed)
        for far in _PLACES:
            for knob, towards in turning:
                at = Fraction(round(GRID + far * (towards - GRID)), GRID)
                for branch in self.branches:
                    left = until - time.perf_counter()
                    if left <= 0 or branch.only(knob):
                        continue
                    problem, _ = branch.problem(knob, at)
                    kernel, clock = Kernel(problem), Clock(left)
                    begin = place_teams(problem, branch.home)
                    used = np.unique(begin)
                    best = None
                    for cost, group_of in anneal(kernel, begin, used, rng, clock, left, _SWEEPS):
                        best = group_of if cost < kernel.limit else best
                    if best is not None:
                        branch.remember(problem, best)

    def _side(self, knob: Knob, towards: int, until: float) -> tuple[int, Switch | None, bool]:
        """Return how far the plan is proven on one side, in steps, what comes beyond, and whether that is certain."""
        near, tries = GRID, 0
        while True:
            target, other = self._last_unbeaten(knob, near, towards)
            switch = None if other is None else self._switch(knob, other)
            if target == near:
                return near, switch, True
            for _ in range(tries):
                target = near + int((target - near) / 2)
            if target == near:
                return near, switch, False
            answer = self._optimal(knob, Fraction(target, GRID), until)
            if answer is None:
                tries += 1
                if tries > _HALVINGS or time.perf_counter() >= until:
                    return near, switch, False
            elif answer:
                if not self._straight(knob, Fraction(near, GRID), Fraction(target, GRID), until, _KINKS):
                    return near, switch, False
                near = target
                if near == towards:
                    return near, None, True

    def _last_unbeaten(self, knob: Knob, near: int, towards: int) -> tuple[int, int | None]:
        """Return the last step before a known division is better, and the first at which it is; None for nowhere."""
        if not self._beaten(knob, towards):
            return towards, None
        inside, outside = near, towards
        while abs(outside - inside) > 1:
            middle = (inside + outside) // 2
            inside, outside = (inside, middle) if self._beaten(knob, middle) else (middle, outside)
        return inside, outside

    def _beaten(self, knob: Knob, step: int) -> bool:
        return any(branch.beaten(knob, Fraction(step, GRID)) is not None for branch in self.branches)

    def _optimal(self, knob: Knob, at: Fraction, until: float) -> bool | None:
        """Tell whether the plan is optimal with the weight turned; None when that is not settled in time."""
        settled = True
        members = sum(int(branch.people.sum()) for branch in self.branches)
        for branch in self.branches:
            own = int(branch.people.sum())
            if branch.only(knob):
                continue
            limit = (until - time.perf_counter()) * own / members
            members -= own
            if limit < _LEAST_SECONDS:
                return None
            problem, _ = branch.problem(knob, at)
            start = place_teams(problem, branch.home)
            mine = score(problem, start).cost
            self.solves += 1
            try:
                answer = solve(problem, time_limit=limit, seed=self.seed, workers=self.workers, start=start)
            except NoPlanFoundError:
                return None
            assert answer.group_of is not None
            assert answer.cost is not None
            if answer.cost < mine:
                branch.remember(problem, answer.group_of)
                return None if branch.beaten(knob, at) is None else False
            settled = settled and answer.bound == mine
        return True if settled else None

    def _straight(self, knob: Knob, one: Fraction, other: Fraction, until: float, kinks: int) -> bool:
        """Tell whether it is proven that the plan, optimal at two weights, is so at all weights between them."""
        for branch in self.branches:
            (cost, there), (end, here) = branch.mine(knob, one), branch.mine(knob, other)
            if branch.line(knob, there, other) == end or branch.line(knob, here, one) == cost:
                continue
            # some group answers otherwise in between: where the two ways to answer cost the same
            rise, fall = branch.line(knob, there, other) - end, branch.line(knob, here, one) - cost
            kink = one + (other - one) * fall / (rise + fall)
            if not kinks or self._optimal(knob, kink, until) is not True:
                return False
            if not self._straight(knob, one, kink, until, kinks - 1):
                return False
            if not self._straight(knob, kink, other, until, kinks - 1):
                return False
        return True

    def _switch(self, knob: Knob, step: int) -> Switch:
        """Return the division that is better at a step, as far as is known."""
        at = Fraction(step, GRID)
        mine = dict(self._names(branch.home for branch in self.branches))
        places = []
        for branch in self.branches:
            better = branch.beaten(knob, at)
            places.append(branch.home if better is None else better)
        theirs = dict(self._names(iter(places)))
        scored = self.judge.groups(theirs)
        return Switch(float(knob.weight * at), distance(mine, theirs), scored.score, theirs)

    def _names(self, places: Iterator[IntArray]) -> Iterator[tuple[str, str]]:
        for branch, place in zip(self.branches, places, strict=True):
            yield from branch.names(place).items()
