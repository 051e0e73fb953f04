"""Cases with many thousands of options: a bound from prices, a plan from the promising options, then what is left.

1. Task by task, the linear relaxation proves a bound in exact integers and says what each option costs beside its
   prices. Tasks share people, shifts and teams; leaving that out can only lower the bound, so the sum is one too.
2. CP-SAT chooses among the options that cost least so, then task by task while the others stand, the task with the
   widest gap first.
3. Options that no better plan can have are dropped, which is exact; where few are left, CP-SAT closes the gap.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.solving.cpsat import Answer, run
from grouping.taskforce.bounding import SCALE, bound_of
from grouping.taskforce.findings import Choice, cost_of, findings_of
from grouping.taskforce.model import TaskModel

if TYPE_CHECKING:
    from grouping.solving.clock import Clock
    from grouping.taskforce.case import Case

log = logging.getLogger(__name__)

LARGE = 1_500
"""Options from which on a case is solved so."""
_PROMISING = (10, 4)
"""Options of a role that are looked at first: at least so many, and so many for every person it may have."""
_BOUND_SHARE = 0.5
_FIRST_SHARE = 0.25
_USED = 1e-6
_LEAST = 0.3
"""Seconds below which nothing more is begun."""
_TASK_SECONDS = 4.0
_WIDEST = 4


@dataclass(frozen=True)
class Outcome:
    """The best choice found and the proven bound; ``answer`` is the solver's last word."""

    choice: Choice
    bound: int | None
    answer: Answer


def solve_large(
    case: Case,
    clock: Clock,
    start: Choice | None,
    extra: Callable[[TaskModel], None] | None,
    seed: int,
    workers: int,
) -> Outcome | None:
    """Return what is found without breaking a rest; None where nothing is found, which proves nothing."""
    prices = _Prices(case, clock, clock.left * _BOUND_SHARE)
    log.debug("linear bound %s after %.1f s", prices.cost, clock.seconds)
    first = _chosen(case, clock, prices.promising(start), start, extra, seed, workers, _FIRST_SHARE)
    if first is None:
        return None
    best, answer = first
    cost = cost_of(case, best)
    log.debug("promising options: cost %d after %.1f s", cost, clock.seconds)
    if prices.cost is None:
        return Outcome(best, None, answer)
    best, cost = _by_task(case, clock, prices, best, extra, seed, workers)
    log.debug("task by task: cost %d after %.1f s", cost, clock.seconds)
    if cost > prices.cost and clock.left > _LEAST:
        left = sorted({*prices.hopeful(cost), *best.options})
        log.debug("%d of %d options are left", len(left), len(case.options))
        second = _chosen(case, clock, left, best, extra, seed, workers, 1.0) if len(left) <= LARGE else None
        if second is not None:
            better, answer = second
            if cost_of(case, better) < cost:
                best = better
            # what is left holds every better plan, so none costs less than what is proven over it or the plan at hand
            proven = prices.cost if answer.bound is None else min(answer.bound, cost)
            return Outcome(best, max(prices.cost, proven), answer)
    return Outcome(best, prices.cost, answer)


def _by_task(
    case: Case,
    clock: Clock,
    prices: _Prices,
    best: Choice,
    extra: Callable[[TaskModel], None] | None,
    seed: int,
    workers: int,
) -> tuple[Choice, int]:
    """Return a choice improved by choosing anew for one task at a time, and its cost."""
    cost = cost_of(case, best)
    idle: set[int] = set()
    wide = 1
    while clock.left > _LEAST and prices.cost is not None and cost > prices.cost:
        gaps = prices.gaps(best)
        order = sorted((t for t in gaps if t not in idle), key=lambda t: -gaps[t])
        if not order:
            if wide >= _WIDEST:
                break
            wide, idle = 2 * wide, set()
            continue
        t = order[0]
        only = {p for p in best.options if case.options[p].task != t} | set(prices.promising(best, wide, t))
        share = min(1.0, _TASK_SECONDS / max(clock.left, _LEAST))
        found = _chosen(case, clock, sorted(only), best, extra, seed, workers, share)
        idle.add(t)
        if found is not None and (now := cost_of(case, found[0])) < cost:
            best, cost, idle = found[0], now, {t}
    return best, cost


class _Prices:
    """What the linear relaxations of all tasks say.

    Attributes
    ----------
    cost : no choice costs less; None when a task's relaxation was not solved in time
    """

    def __init__(self, case: Case, clock: Clock, seconds: float) -> None:
        self._case = case
        self._reduced: dict[int, int] = {}
        self._value: dict[int, float] = {}
        self._proven: dict[int, int] = {}
        until = clock.spent + seconds
        exact: int | None = 0
        for t in range(len(case.tasks)):
            only = [p for r in range(len(case.tasks[t].roles)) for p in case.in_role.get((t, r), ())]
            alone = TaskModel(case, only=only, tasks=[t])
            alone.model.minimize(alone.objective)
            bound = bound_of(alone.model, clock.before(until) / (len(case.tasks) - t))
            if bound is None:
                exact = None
                continue
            exact = None if exact is None else exact + bound.exact
            self._proven[t] = bound.cost
            for position, literal in alone.x.items():
                self._reduced[position] = int(bound.reduced[literal.index])
                self._value[position] = float(bound.value[literal.index])
        self._exact = exact
        self.cost = None if exact is None else -(-exact // SCALE)

    def hopeful(self, below: int) -> list[int]:
        """Return the options that a choice which costs less than ``below`` may have."""
        assert self._exact is not None
        room = (below - 1) * SCALE - self._exact
        return [position for position, reduced in self._reduced.items() if max(0, reduced) <= room]

    def gaps(self, choice: Choice) -> dict[int, int]:
        """Return how far each task's own cost lies above what is proven of it."""
        costs = dict.fromkeys(range(len(self._case.tasks)), 0)
        numbers = {task.task_id: t for t, task in enumerate(self._case.tasks)}
        for finding in findings_of(self._case, choice):
            costs[numbers[finding.task]] += finding.points
        return {t: cost - self._proven[t] for t, cost in costs.items()}

    def promising(self, start: Choice | None, wide: int = 1, task: int | None = None) -> list[int]:
        """Return the options to look at first: those of each role that cost least beside the prices.

        Parameters
        ----------
        start : whose options are among them
        wide : times as many as usual
        task : of which they are; None is all
        """
        found = {p for p in (() if start is None else start.options) if task in (None, self._case.options[p].task)}
        least, each = _PROMISING
        for (t, r), positions in self._case.in_role.items():
            if task not in (None, t):
                continue
            here = [position for position in positions if not self._case.options[position].effect.broken]
            count = wide * max(least, each * self._case.tasks[t].roles[r].max)
            found.update(sorted(here, key=self._price)[:count])
            found.update(position for position in here if self._value.get(position, 0.0) > _USED)
        return sorted(found)

    def _price(self, position: int) -> tuple[int, int, int]:
        cost = self._case.options[position].cost
        return self._reduced.get(position, cost * SCALE), cost, position


def _chosen(
    case: Case,
    clock: Clock,
    only: list[int],
    hint: Choice | None,
    extra: Callable[[TaskModel], None] | None,
    seed: int,
    workers: int,
    share: float,
) -> tuple[Choice, Answer] | None:
    """Return the best choice among some options, and the solver's answer; None where none is found."""
    model = TaskModel(case, only=only)
    if extra is not None:
        extra(model)
    if hint is not None:
        model.hint(hint)
    model.model.minimize(model.objective)
    answer = run(model.model, clock, clock.left * share, workers, seed)
    log.debug("CP-SAT over %d options: %s, bound %s", len(only), answer.status, answer.bound)
    if answer.status not in ("optimal", "feasible"):
        return None
    return model.choice(answer.value), answer
