"""Cases with thousands of options: each task alone, all together over the promising options, then what is left.

1. Every task is solved alone, over all its options. Tasks share people, shifts and teams; leaving that out can only
   lower the cost, so the sum of what is proven of the tasks is a bound. The linear relaxation says in exact integers
   what each option costs beside its prices.
2. CP-SAT chooses for all tasks together among the options that cost least so and those that a task took alone.
3. It chooses anew for one task or two at a time, over all their options, while the others stand.
4. Options that no better plan can have are dropped, which is exact; where few are left, CP-SAT closes the gap.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
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
_MANY = 12_000
"""Options up to which CP-SAT is asked to close the gap over all that are left."""
_PROMISING = (10, 4)
"""Options of a role that are looked at first: at least so many, and so many for every person it may have."""
_ALONE_SHARE = 0.5
_FIRST_SHARE = 0.4
_USED = 1e-6
_LEAST = 0.3
"""Seconds below which nothing more is begun."""
_TASK_SECONDS = 4.0
_BY_TASKS_SHARE = 0.6


@dataclass(frozen=True)
class Outcome:
    """The best choice found and the proven bound; ``answer`` is the solver's last word."""

    choice: Choice
    bound: int | None
    answer: Answer


def solve_large(
    case: Case, clock: Clock, start: Choice | None, extra: Callable[[TaskModel], None] | None, seed: int
) -> Outcome | None:
    """Return what is found without breaking a rest; None where nothing is found, which proves nothing."""
    search = _Search(case, clock, _Alone(case, clock, clock.left * _ALONE_SHARE, seed), extra, seed)
    least = search.alone.cost
    log.debug("tasks alone: bound %s after %.1f s", least, clock.seconds)
    first = search.chosen(search.alone.promising(start), start, _FIRST_SHARE * clock.left)
    if first is None:
        return None
    best, answer = first
    if least is None:
        return Outcome(best, None, answer)
    best = search.by_tasks(best, least)
    cost = cost_of(case, best)
    log.debug("task by task: cost %d after %.1f s", cost, clock.seconds)
    left = search.alone.hopeful(cost, best)
    if cost > least and clock.left > _LEAST and len(left) <= _MANY:
        log.debug("%d of %d options are left", len(left), len(case.options))
        second = search.chosen(left, best, clock.left, cost)
        if second is not None:
            better, answer = second
            # what is left holds every better plan, so none costs less than what is proven over it or the plan at hand
            proven = least if answer.bound is None else min(answer.bound, cost)
            best = better if cost_of(case, better) < cost else best
            return Outcome(best, max(least, proven), answer)
    return Outcome(best, least, answer)


@dataclass(frozen=True)
class _Search:
    """CP-SAT over some of the options at a time."""

    case: Case
    clock: Clock
    alone: _Alone
    extra: Callable[[TaskModel], None] | None
    seed: int

    def by_tasks(self, best: Choice, least: int) -> Choice:
        """Return a choice improved by choosing anew for a task, then for two, while the others stand.

        Parameters
        ----------
        least : no choice costs less
        """
        cost = cost_of(self.case, best)
        until, better = self.clock.share(_BY_TASKS_SHARE), True
        while better:
            better = False
            for todo in self.alone.worth_a_look(best):
                if self.clock.before(until) <= _LEAST or cost <= least:
                    return best
                only = {p for p in best.options if self.case.options[p].task not in todo}
                only.update(p for p in self.alone.hopeful(cost, best) if self.case.options[p].task in todo)
                seconds = min(self.clock.before(until), _TASK_SECONDS * len(todo))
                found = self.chosen(sorted(only), best, seconds, cost)
                if found is not None and (now := cost_of(self.case, found[0])) < cost:
                    best, cost, better = found[0], now, True
                    break
        return best

    def chosen(
        self, only: list[int], hint: Choice | None, seconds: float, most: int | None = None
    ) -> tuple[Choice, Answer] | None:
        """Return the best choice among some options, and the solver's answer; None where none is found.

        Parameters
        ----------
        most : cost of a choice that keeps what is demanded; nothing dearer is looked for
        """
        model = TaskModel(self.case, only=only)
        if self.extra is not None:
            self.extra(model)
        self.alone.narrow(model, most)
        if hint is not None:
            model.hint(hint)
        model.model.minimize(model.objective)
        answer = run(model.model, self.clock, min(seconds, self.clock.left), 1, self.seed, linear=True)
        log.debug("CP-SAT over %d options: %s, bound %s", len(only), answer.status, answer.bound)
        if answer.status not in ("optimal", "feasible"):
            return None
        return model.choice(answer.value), answer


class _Alone:
    """What is known of every task by itself.

    Attributes
    ----------
    cost : no choice for all tasks costs less; None when nothing is proven of a task in time
    """

    def __init__(self, case: Case, clock: Clock, seconds: float, seed: int) -> None:
        self._case = case
        self._reduced: dict[int, int] = {}
        self._value: dict[int, float] = {}
        self._linear: dict[int, int] = {}
        self._proven: dict[int, int] = {}
        self._taken: dict[int, tuple[int, ...]] = {}
        until = clock.spent + seconds
        for t in range(len(case.tasks)):
            if (left := clock.before(until)) > 0:
                self._look(t, clock, left / (len(case.tasks) - t), seed)
        proven = [self._proven.get(t) for t in range(len(case.tasks))]
        self.cost = None if None in proven else sum(bound for bound in proven if bound is not None)

    def _look(self, t: int, clock: Clock, seconds: float, seed: int) -> None:
        """Solve one task alone."""
        case = self._case
        until = clock.spent + seconds
        only = [p for r in range(len(case.tasks[t].roles)) for p in case.in_role.get((t, r), ())]
        alone = TaskModel(case, only=only, tasks=[t])
        alone.model.minimize(alone.objective)
        try:
            bound = bound_of(alone.model, seconds)
        except KeyboardInterrupt:
            clock.interrupt()
            return
        if bound is not None:
            self._linear[t], self._proven[t] = bound.exact, bound.cost
            for position, literal in alone.x.items():
                self._reduced[position] = int(bound.reduced[literal.index])
                self._value[position] = float(bound.value[literal.index])
        answer = run(alone.model, clock, clock.before(until), 1, seed, linear=True)
        if answer.bound is not None:
            self._proven[t] = max(answer.bound, self._proven.get(t, answer.bound))
            self._taken[t] = alone.choice(answer.value).options

    def hopeful(self, below: int, best: Choice) -> list[int]:
        """Return the options that a choice which costs less than ``below`` may have, and those of a choice."""
        room = (below - 1) - sum(self._proven.values())  # beside what is proven of all tasks
        spare = {t: (room + self._proven[t]) * SCALE - linear for t, linear in self._linear.items()}
        found = set(best.options)
        for position, option in enumerate(self._case.options):
            dear = max(0, self._reduced.get(position, 0))
            if not option.effect.broken and (option.task not in spare or dear <= spare[option.task]):
                found.add(position)
        return sorted(found)

    def narrow(self, model: TaskModel, most: int | None) -> None:
        """Say in a model what is proven of each task, and that nothing dearer than ``most`` is looked for."""
        room = None if most is None or self.cost is None else most - self.cost
        for t, proven in self._proven.items():
            cost = model.cost(t)
            model.model.add(cost >= proven)
            if room is not None:
                model.model.add(cost <= proven + room)

    def worth_a_look(self, choice: Choice) -> Iterator[frozenset[int]]:
        """Yield the tasks to choose anew for: those that cost more than alone, then each of them with another.

        Of two the first is the one with the widest gap, the second the one whose people the first would take most of.
        """
        costs = dict.fromkeys(range(len(self._case.tasks)), 0)
        numbers = {task.task_id: t for t, task in enumerate(self._case.tasks)}
        for finding in findings_of(self._case, choice):
            costs[numbers[finding.task]] += finding.points
        wide = sorted((t for t in costs if costs[t] > self._proven[t]), key=lambda t: self._proven[t] - costs[t])
        yield from (frozenset({t}) for t in wide)
        serving: dict[int, set[int]] = {t: set() for t in costs}
        for position in choice.options:
            serving[self._case.options[position].task].add(self._case.options[position].member)
        for t in wide:
            wanted = {self._case.options[position].member for position in self._taken.get(t, ())}
            for u in sorted(costs, key=lambda u: -len(wanted & serving[u])):
                if u != t:
                    yield frozenset({t, u})

    def promising(self, start: Choice | None) -> list[int]:
        """Return the options to look at first: those of a choice, those that a task took alone, and the cheapest."""
        found = set(() if start is None else start.options)
        found.update(position for taken in self._taken.values() for position in taken)
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
