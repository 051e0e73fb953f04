"""What one principle costs the others: the frontier, from other weights and from limits on what principles may lose."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import combinations, islice, pairwise
from math import lcm
from typing import TYPE_CHECKING

from grouping.errors import InfeasibleError, Issue, PolicyError
from grouping.phrases import Phrase
from grouping.plan.evaluation import Inputs
from grouping.plan.forming import checked_limit, checked_policy, checked_workers, diagnosed, plan_of
from grouping.plan.frontier import Aim, Frontier, Point, undominated
from grouping.plan.reasons import counted
from grouping.policy.compiling import Compiled, compile_parts, in_part
from grouping.policy.criterion import PRINCIPLES
from grouping.problem import Budget
from grouping.scale.sharing import Options, Part, solve_parts
from grouping.scoring import score

if TYPE_CHECKING:
    from grouping.plan.evaluation import Plan
    from grouping.policy.policy import Policy
    from grouping.problem import IntArray, Problem
    from grouping.roster import Roster
    from grouping.solving.clock import Control
    from grouping.solving.engine import Solution

_FIRST, _WEIGHED = 0.2, 0.5
"""Share of the time for the plan of the policy, and of the rest for the plans of other weights."""

_TIMES = (4, 16, 2, 64)
"""How many times its weight a principle gets, one after another while points are missing."""

_TURN = 2.0
"""Seconds that an aim is worth at least."""

_MOST_ROUNDS = 4
"""How often limits are set anew between the points found."""


def tradeoffs(
    roster: Roster,
    policy: Policy | None = None,
    *,
    points: int = 10,
    time_limit: float = 60.0,
    seed: int = 0,
    workers: int | None = None,
    reproducible: bool = False,
    control: Control | None = None,
) -> Frontier:
    """Return plans that weigh the principles against each other, none at least as good as another in all of them.

    The first plan is that of the policy. Then principles get more weight, one by one and two by two. With one part
    (branch), the widest steps between the points are halved by limits: the best plan by the policy among those that
    lose no more than so much in one principle, or in two. Every point tells what was asked and how far its plan can
    be from the best answer to that.

    Parameters
    ----------
    roster : the members
    policy : what is wanted; None is :meth:`Policy.balanced`. Its ``principles`` are the weights to start from
    points : how many plans to look for; there may be fewer, as some answers are the same or beaten by others, or time
        runs out
    time_limit : seconds in all; the run ends earlier when there are enough points
    seed : of all random choices
    workers : processes; None is one for each core
    reproducible : True makes the same input, seed and versions give the same frontier; see :func:`form_groups`
    control : its ``stop()``, called from another thread, ends the run with the points there are

    Returns
    -------
    Frontier : every plan of it verified, and scored by the policy as :func:`evaluate` does

    Raises
    ------
    PolicyError
        When the policy does not fit the roster, puts the worst group first, or ``points`` is not a positive number.
    InfeasibleError
        When it is proven that no division keeps every rule; its ``diagnosis`` tells what would help.
    NoPlanFoundError
        When the time ran out before a first plan.

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> frontier = gp.tradeoffs(roster, gp.Policy.balanced(size=(6, 12)), points=3, time_limit=4, workers=1)
    >>> list(frontier.to_frame().columns)[:5], len(frontier) > 1
    (['point', 'score', 'convene', 'act', 'manage'], True)
    """
    begun = time.perf_counter()
    wanted = checked_policy(policy)
    if not isinstance(points, int) or isinstance(points, bool) or points < 1:
        raise PolicyError(Issue("bad_points", "points is a positive number", value=str(points)))
    if wanted.fairness != "mean":
        message = Phrase(
            "with the worst group first, the principles are not all that counts", "最低组优先时，取舍不只取决于各项原则"
        )
        advice = Phrase('ask it of a policy with fairness="mean"', '将方案的fairness设为"mean"后再问')
        raise PolicyError(Issue("worst_first", message, advice=advice))
    options = Options(checked_limit(time_limit), begun, seed, checked_workers(workers), reproducible, control=control)
    try:
        return Frontier(_Search(roster, wanted, points, options).run())
    except InfeasibleError as error:
        raise error.diagnosed_by(partial(diagnosed, roster, wanted, seed)) from None


@dataclass(frozen=True, eq=False)
class _Known:
    """A point with its division of every part, to start others from.

    Attributes
    ----------
    cost, bound : of what was asked for, over all parts
    """

    point: Point
    places: tuple[IntArray, ...]
    cost: int
    bound: int


class _Search:
    """One call of :func:`tradeoffs`."""

    def __init__(self, roster: Roster, policy: Policy, points: int, options: Options) -> None:
        self.inputs = Inputs(roster, policy)
        self.parts = compile_parts(roster, policy)
        impossible = [in_part(part.name, reason) for part in self.parts for reason in counted(part)]
        if impossible:
            raise InfeasibleError(impossible)
        self.wanted = points
        self.options = options
        self.spent = 0.0
        self.known: list[_Known] = []
        self.bounds: list[int | None] = [None] * len(self.parts)
        self.asked: set[Aim] = set()

    def run(self) -> list[Point]:
        """Return the points of the frontier."""
        self.take([Aim()], _FIRST)
        self.principles = tuple(self.known[0].point.losses)
        weights = self.weighed()
        try:
            self.take(list(islice(weights, max(min(self.wanted - 1, 2 * len(self.principles)), 0))), _WEIGHED)
            for _ in range(_MOST_ROUNDS):
                missing = self.wanted - len(self.front)
                if missing < 1:
                    break
                limits = [*islice(self.limited(), -(-missing // 2))]
                aims = [*limits, *islice(weights, missing - len(limits))]
                if not aims or not self.take(aims, _WEIGHED if missing > 2 else 1.0):
                    break
        except KeyboardInterrupt:  # the points there are can be used
            pass
        return self.front

    @property
    def front(self) -> list[Point]:
        """The points that no other beats."""
        return undominated([replace(known.point, gap=self.gap(known)) for known in self.known])

    def gap(self, known: _Known) -> float:
        """Return which part of the cost of an aim may still be saved.

        What is proven for other weights counts too: losses are not negative, so where every weight is at least t times
        that of another aim, so is the bound. Limits leave only fewer divisions.
        """
        bounds, mine = [Fraction(known.bound)], self.times(known.point.aim)
        for other in self.known:
            if not other.point.aim.limits:
                theirs = self.times(other.point.aim)
                bounds.append(other.bound * min((Fraction(mine[p], theirs[p]) for p in mine), default=Fraction(1)))
        return float(1 - min(max(bounds) / known.cost, Fraction(1))) if known.cost else 0.0

    def times(self, aim: Aim) -> dict[str, int]:
        """Return how many times its weight every principle gets."""
        return {p: dict(aim.weights).get(p, 1) for p in self.known[0].point.losses}

    @property
    def left(self) -> float:
        """Seconds left: of work in a reproducible run, else by the wall."""
        spent = self.spent if self.options.reproducible else time.perf_counter() - self.options.begun
        return self.options.time_limit - spent

    def take(self, aims: Sequence[Aim], share: float) -> bool:
        """Answer aims within a share of the time left, so many as it is enough for; tell whether there was any."""
        stopped = self.options.control is not None and self.options.control.stopped
        if self.known:
            room = int(self.left * share * 2 / _TURN) if not stopped else 0
            aims = [aim for aim in aims[:room] if aim not in self.asked]
        found = [(aim, self.problems(aim), self.start(aim)) for aim in aims]
        ready = [(aim, problems, start) for aim, problems, start in found if problems is not None]
        self.asked.update(aims)
        if not ready:
            return False
        seconds = max(self.left * share, 0.1)
        self.spent += seconds
        asked = [
            Part(part.name, problem, None if start is None else start[number])
            for _, problems, start in ready
            for number, (part, problem) in enumerate(zip(self.parts, problems, strict=True))
        ]
        solutions = solve_parts(asked, replace(self.options, begun=time.perf_counter(), time_limit=seconds))
        width = len(self.parts)
        for number, (aim, problems, _) in enumerate(ready):
            self.learn(aim, problems, solutions[number * width : (number + 1) * width])
        return True

    def learn(self, aim: Aim, problems: Sequence[Problem], solutions: Sequence[Solution | None]) -> None:
        """Take what came out for an aim as a plan of the policy."""
        if aim == Aim():
            self.bounds = [None if solution is None else solution.bound for solution in solutions]
        told = [
            None if solution is None else self.told(part, solution, bound)
            for part, solution, bound in zip(self.parts, solutions, self.bounds, strict=True)
        ]
        names = ("seed", "workers", "reproducible", "time_limit")
        options = {name: getattr(self.options, name) for name in names}
        plan = plan_of(self.parts, told, self.inputs, options, self.options.begun)
        found = [solution for solution in solutions if solution is not None]
        places = tuple(solution.group_of for solution in found if solution.group_of is not None)
        self.known.append(_Known(Point(plan, aim, 1.0, _losses(plan)), places, *_totals(problems, found)))

    @staticmethod
    def told(part: Compiled, solution: Solution, bound: int | None) -> Solution:
        """Return the division of a solution as one of the policy."""
        if solution.group_of is None:
            return solution
        cost = score(part.problem, solution.group_of).cost
        status = "optimal" if bound == cost else "feasible"
        return replace(solution, status=status, cost=cost, bound=bound)

    # -- what to ask ----------------------------------------------------------------------------------------------

    def problems(self, aim: Aim) -> tuple[Problem, ...] | None:
        """Return the problems of an aim; None when their costs would be too large."""
        try:
            return tuple(_asked(part, aim) for part in self.parts)
        except PolicyError:
            return None

    def start(self, aim: Aim) -> tuple[IntArray, ...] | None:
        """Return the best division for an aim that is known."""
        times = dict(aim.weights)
        fitting = [
            (sum(times.get(p, 1) * loss for p, loss in known.point.losses.items()), number)
            for number, known in enumerate(self.known)
            if all(known.point.losses[p] <= most for p, most in aim.limits)
        ]
        return self.known[min(fitting)[1]].places if fitting else None

    def weighed(self) -> Iterator[Aim]:
        """Yield aims with more weight for one principle, for two, and then for one again, more so."""
        count = len(self.principles)
        for times in _TIMES:
            for size in range(1, count):
                for some in combinations(self.principles, size):
                    yield Aim(weights=tuple((principle, times) for principle in some))

    def limited(self) -> Iterator[Aim]:
        """Yield aims with limits halfway between points, the widest steps first; only for a single part."""
        if len(self.parts) > 1:
            return
        steps = []
        for p in self.principles:
            points = sorted(self.front, key=lambda point: point.losses[p])
            span = points[-1].losses[p] - points[0].losses[p]
            for number, (a, b) in enumerate(pairwise(points)):
                if b.losses[p] - a.losses[p] > 1:
                    steps.append(((b.losses[p] - a.losses[p]) / span, p, number, a, b))
        steps.sort(key=lambda step: (-step[0], step[1], step[2]))
        for both in (False, True):
            for _, p, _, a, b in steps:
                middle = (p, (a.losses[p] + b.losses[p]) // 2)
                others = [q for q in self.principles if q != p and a.losses[q] < b.losses[q]] if both else [None]
                for q in others:
                    aim = Aim(limits=(middle,) if q is None else (middle, (q, a.losses[q])))
                    if aim not in self.asked and self._kept(aim):
                        yield aim

    def _kept(self, aim: Aim) -> bool:
        """Tell whether the limits rule out the plan of the policy, and a known division keeps them just as the solver
        counts them, so that there is a plan.
        """
        ours = self.known[0].point.losses
        start, problems = self.start(aim), self.problems(aim)
        if start is None or problems is None or all(ours[p] <= most for p, most in aim.limits):
            return False
        return not any(score(problem, place).violations for problem, place in zip(problems, start, strict=True))


def _asked(part: Compiled, aim: Aim) -> Problem:
    """Return the problem of a part with other weights and with limits."""
    problem, principle = part.problem, {t: e.principle for e in part.entries if not e.must for t in e.terms}
    times = dict(aim.weights)
    terms = tuple(
        term if term.must else replace(term, weight=term.weight * times.get(principle.get(t, ""), 1))
        for t, term in enumerate(problem.terms)
    )
    budgets = tuple(
        Budget(name, tuple(term.weight if principle.get(t) == name else 0 for t, term in enumerate(terms)), most)
        for name, most in aim.limits
    )
    return replace(problem, terms=terms, budgets=(*problem.budgets, *budgets))


def _losses(plan: Plan) -> dict[str, int]:
    """Return what a plan loses in every principle that the policy weighs, in cost units."""
    weighed = {row.principle for row in plan.result.scores if row.weight}
    losses = {principle: 0 for principle in PRINCIPLES if principle in weighed}
    for finding in plan.findings:
        if finding.principle in losses:
            losses[finding.principle] += finding.points
    return losses


def _totals(problems: Sequence[Problem], solutions: Sequence[Solution]) -> tuple[int, int]:
    """Return cost and bound over all parts."""
    scale = lcm(*(problem.scale for problem in problems))
    cost, bound = 0, 0
    for problem, solution in zip(problems, solutions, strict=True):
        factor = scale // problem.scale
        cost += factor * (solution.cost or 0)
        bound += factor * (solution.bound or 0)  # nothing costs less than 0
    return cost, bound
