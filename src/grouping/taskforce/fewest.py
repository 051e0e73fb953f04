"""How few changes keep the rules when somebody is ill or a task has changed.

Most tasks can stand as they are. So those that cannot are chosen anew first, while the others stand. Each of them
alone, without regard for the others, needs so many changes at least; when the sum of these is enough, no plan has
fewer, and every plan with so few leaves the other tasks as they were. Only where it is not, all tasks are opened.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ortools.sat.python import cp_model

from grouping.errors import NoPlanFoundError
from grouping.solving.cpsat import run
from grouping.taskforce.model import TaskModel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grouping.solving.clock import Clock
    from grouping.taskforce.case import Case, Option
    from grouping.taskforce.records import TaskForceResult

Seat = tuple[int, str, int, tuple[int, ...]]
"""Task, role, member and waves."""


def fewest_changes(case: Case, before: TaskForceResult, clock: Clock) -> tuple[Case, int | None, bool]:
    """Return a case in which the plan with fewest changes is to be found, how many these are, and whether it is proven.

    The number is None when no choice keeps the rules; why, solving tells. Half of the time is left for the cost.

    Raises
    ------
    NoPlanFoundError
        When no plan is found in time.
    """
    near, touched = _near(case, before)
    enough = None
    if len(touched) < len(case.tasks):
        enough, _ = _least(TaskModel(near), before, clock)
        if enough is not None and enough == _least_alone(near, touched, before, clock):
            return near, enough, True
    for rests in (0, None):
        fewest, proven = _least(TaskModel(case, rests), before, clock)
        if enough is not None and not proven and (fewest is None or fewest >= enough):
            return near, enough, False
        if fewest is not None:
            return case, fewest, proven
        if not proven:
            raise NoPlanFoundError(clock.limit)
    return case, None, False


def _least_alone(case: Case, tasks: Iterable[int], before: TaskForceResult, clock: Clock) -> int:
    """Return how many changes tasks need at least, each alone; what is not proven in time counts nothing."""
    found = [_least(TaskModel(case, tasks=[t]), before, clock) for t in sorted(tasks)]
    return sum(count for count, proven in found if proven and count is not None)


def _least(model: TaskModel, before: TaskForceResult, clock: Clock) -> tuple[int | None, bool]:
    """Return the fewest changes found in a model, None for none, and whether that is proven."""
    count = changes_of(model, before)
    model.model.minimize(count)
    answer = run(model.model, clock, clock.left / 2, linear=True)
    found = answer.value(count) if answer.status in ("optimal", "feasible") else None
    return found, answer.status in ("optimal", "infeasible")


def _near(case: Case, before: TaskForceResult) -> tuple[Case, set[int]]:
    """Return the case in which tasks that can stand have no option but those they had, and the tasks that cannot."""
    held = _held(case, before)
    there = {_seat(case, option) for option in case.options}
    numbers = {task.task_id: t for t, task in enumerate(case.tasks)}
    old = {task.task_id: task for task in before.tasks}
    touched = {seat[0] for seat in held - there}
    touched |= {t for name, t in numbers.items() if case.tasks[t] != old.get(name)}
    touched |= {numbers[one.task] for one in before.services if one.task in numbers and one.member_id not in case.rows}
    options = tuple(option for option in case.options if option.task in touched or _seat(case, option) in held)
    return replace(case, options=options), touched


def _seat(case: Case, option: Option) -> Seat:
    return option.task, case.tasks[option.task].roles[option.role].name, option.member, option.waves


def _held(case: Case, before: TaskForceResult) -> set[Seat]:
    """Return the seats of a plan."""
    numbers = {task.task_id: t for t, task in enumerate(case.tasks)}
    return {
        (numbers[one.task], one.role, case.rows[one.member_id], one.waves)
        for one in before.services
        if one.task in numbers and one.member_id in case.rows
    }


def changes_of(model: TaskModel, before: TaskForceResult) -> cp_model.LinearExpr:
    """Return seats that are lost, seats that are new, and who leads no more; a deputy who comes to lead still does."""
    case = model.case
    numbers = {task.task_id: t for t, task in enumerate(case.tasks)}
    held = {seat for seat in _held(case, before) if seat[0] in model.tasks}
    kept: list[cp_model.IntVar] = []
    new: list[cp_model.IntVar] = []
    for position, literal in model.x.items():
        (kept if _seat(case, case.options[position]) in held else new).append(literal)
    seats = {
        (numbers[one.task], one.lead, case.rows[one.member_id])
        for one in before.services
        if numbers.get(one.task) in model.tasks and one.lead != "member" and one.member_id in case.rows
    }
    keeping = seats | {(t, "leader", row) for t, seat, row in seats if seat == "deputy"}
    leading = [literal for key, literal in model.leads.items() if key[:3] in keeping]
    total = cp_model.LinearExpr.sum
    return total(new) + (len(held) - total(kept)) + (len(seats) - total(leading))
