"""Cases with many thousands of options: a bound from prices, a plan from the promising options, then what is left.

1. Task by task, the linear relaxation proves a bound in exact integers and says what each option costs beside its
   prices. Tasks share people, shifts and teams; leaving that out can only lower the bound, so the sum is one too.
2. CP-SAT chooses among the options that cost least so.
3. Options that no better plan can have are dropped, which is exact; CP-SAT closes or narrows the gap over the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.solving.cpsat import Answer, run
from grouping.taskforce.bounding import SCALE, bound_of
from grouping.taskforce.findings import Choice, cost_of
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
_FIRST_SHARE = 0.5
_USED = 1e-6


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
    if cost > prices.cost and clock.left > 0.5:
        left = prices.hopeful(cost)
        log.debug("%d of %d options are left", len(left), len(case.options))
        second = _chosen(case, clock, sorted({*left, *best.options}), best, extra, seed, workers, 1.0)
        if second is not None:
            better, answer = second
            if cost_of(case, better) < cost:
                best = better
            # what is left holds every better plan, so none costs less than what is proven over it or the plan at hand
            proven = prices.cost if answer.bound is None else min(answer.bound, cost)
            return Outcome(best, max(prices.cost, proven), answer)
    return Outcome(best, prices.cost, answer)


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

    def promising(self, start: Choice | None) -> list[int]:
        """Return the options to look at first: those of each role that cost least beside the prices."""
        found = set(() if start is None else start.options)
        least, each = _PROMISING
        for (t, r), positions in self._case.in_role.items():
            here = [position for position in positions if not self._case.options[position].effect.broken]
            count = max(least, each * self._case.tasks[t].roles[r].max)
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
