"""Cases with many thousands of options: a bound from prices, a plan from the promising options, then what is left.

1. The linear relaxation proves a bound in exact integers and says what each option costs beside its prices.
2. CP-SAT chooses among the options that cost least so.
3. Options that no better plan can have are dropped, which is exact; CP-SAT closes or narrows the gap over the rest.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.solving.cpsat import Answer, run
from grouping.taskforce.bounding import Bound, bound_of
from grouping.taskforce.findings import Choice, cost_of
from grouping.taskforce.model import TaskModel

if TYPE_CHECKING:
    from grouping.solving.clock import Clock
    from grouping.taskforce.case import Case

log = logging.getLogger(__name__)

LARGE = 4_000
"""Options from which on a case is solved so."""
_PROMISING = (10, 4)
"""Options of a role that are looked at first: at least so many, and so many for every person it may have."""
_BOUND_SHARE = 0.5
_FIRST_SHARE = 0.4


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
    whole = TaskModel(case)
    if extra is not None:
        extra(whole)
    whole.model.minimize(whole.objective)
    bound = bound_of(whole.model, clock.left * _BOUND_SHARE)
    log.debug("linear bound %s after %.1f s", None if bound is None else bound.cost, clock.seconds)
    first = _chosen(case, clock, _promising(case, whole, bound, start), start, extra, seed, workers, _FIRST_SHARE)
    if first is None:
        return None
    best, answer = first
    cost = cost_of(case, best)
    log.debug("promising options: cost %d after %.1f s", cost, clock.seconds)
    if bound is None:
        return Outcome(best, None, answer)
    if cost > bound.cost and clock.left > 0.5:
        left = [p for p, literal in whole.x.items() if not bound.hopeless(literal.index, cost)]
        kept = sorted({*left, *best.options})
        log.debug("%d of %d options are left", len(left), len(whole.x))
        second = _chosen(case, clock, kept, best, extra, seed, workers, 1.0)
        if second is not None:
            better, answer = second
            if cost_of(case, better) < cost:
                best = better
            # what is left holds every better plan: none costs less than what is proven over it, or than the plan at hand
            proven = bound.cost if answer.bound is None else min(answer.bound, cost)
            return Outcome(best, max(bound.cost, proven), answer)
    return Outcome(best, bound.cost, answer)


def _promising(case: Case, whole: TaskModel, bound: Bound | None, start: Choice | None) -> list[int]:
    """Return the options to look at first: those of each role that cost least beside the prices."""
    by_role: dict[tuple[int, int], list[int]] = defaultdict(list)
    for position in whole.x:
        by_role[case.options[position].task, case.options[position].role].append(position)

    def price(position: int) -> tuple[int, int]:
        option = case.options[position]
        return (option.cost if bound is None else int(bound.reduced[whole.x[position].index]), option.cost)

    found = set(() if start is None else start.options)
    for (t, r), positions in by_role.items():
        least, each = _PROMISING
        found.update(sorted(positions, key=price)[: max(least, each * case.tasks[t].roles[r].max)])
        if bound is not None:
            found.update(position for position in positions if bound.value[whole.x[position].index] > 1e-6)
    return sorted(found)


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
