"""What a plan is made on besides roster, tasks and policy: standing groups, past service, overtime, earlier plans."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grouping.errors import InputError, Issue
from grouping.taskforce.plans import TaskForcePlan
from grouping.taskforce.records import Given, Release, Service

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.evaluation import Evaluation
    from grouping.roster import Roster
    from grouping.taskforce.schema import Task

_MEMBER = ("member_id", "工号", "编号")
_MONTH = ("month", "月份", "月")
_HOURS = ("hours", "小时", "加班小时", "overtime_hours")
_DAYS = ("days", "天数")
_STARTS = ("starts", "start", "开始", "开始日期")
_ENDS = ("ends", "end", "结束", "结束日期")


def given_of(
    roster: Roster,
    tasks: Sequence[Task],
    standing: Evaluation | None = None,
    history: Mapping[str, int] | pd.DataFrame | TaskForcePlan | Sequence[TaskForcePlan] | None = None,
    hours_worked: Mapping[str, float] | pd.DataFrame | None = None,
    fixed: TaskForcePlan | Sequence[TaskForcePlan] | None = None,
) -> Given:
    """Return everything handed in, checked, as plain records.

    Raises
    ------
    InputError
        Listing every fault: unknown members, columns that are missing, negative numbers.
    """
    faults: list[Issue] = []
    homes, is_standing = _homes(roster, standing)
    past = _past_days(roster, history, faults)
    overtime = _overtime(roster, tasks, hours_worked, faults)
    fixed_tasks, services, releases = _fixed(fixed, tasks, faults)
    if faults:
        raise InputError(faults)
    return Given(
        homes=homes,
        standing=is_standing,
        past_days=past,
        overtime_minutes=overtime,
        fixed_tasks=fixed_tasks,
        fixed_services=services,
        fixed_releases=releases,
    )


def _homes(roster: Roster, standing: Evaluation | None) -> tuple[dict[str, str], bool]:
    """Return the home group of every member, and whether these are standing groups."""
    if standing is not None:
        seats = standing.result.assignments
        placed = {seat.member_id: f"{seat.part}/{seat.group}" if seat.part else seat.group for seat in seats}
    else:
        placed = {member.member_id: member.current_group or "" for member in roster.members}
    homes = {
        member.member_id: placed.get(member.member_id) or member.team or member.department for member in roster.members
    }
    return homes, standing is not None or any(placed.values())


def _past_days(roster: Roster, history: Any, faults: list[Issue]) -> dict[str, int]:
    """Return the days that members have served before."""
    days: dict[str, int] = defaultdict(int)
    if history is None:
        return {}
    if isinstance(history, Mapping):
        for member, value in history.items():
            days[str(member)] += _whole(value, "history", str(member), faults)
    elif isinstance(history, TaskForcePlan) or _is_plans(history):
        for plan in [history] if isinstance(history, TaskForcePlan) else history:
            for service in plan.services:
                days[service.member_id] += len(served_days(service))
    else:
        for member, row in _rows(history, "history", _MEMBER, (_DAYS, _STARTS, _ENDS), faults):
            if row[0] is not None:
                days[member] += _whole(row[0], "history", member, faults)
            elif row[1] is not None and row[2] is not None:
                days[member] += max(0, (_date(row[2]) - _date(row[1])).days + 1)
            else:
                faults.append(Issue("missing_value", "history: a row has neither days nor starts and ends"))
    known = set(roster.member_ids)  # people who have left since are no fault
    return {member: count for member, count in days.items() if member in known and count}


def served_days(service: Service) -> set[dt.date]:
    """Return the days on which a member is present in a task."""
    found = set()
    for start, end in service.presence:
        day = start.date()
        while dt.datetime.combine(day, dt.time()) < end:
            found.add(day)
            day += dt.timedelta(days=1)
    return found


def _overtime(roster: Roster, tasks: Sequence[Task], hours: Any, faults: list[Issue]) -> dict[str, dict[str, int]]:
    """Return minutes of overtime by member and month; hours without a month are of the month of the first task."""
    if hours is None:
        return {}
    month = min(task.starts for task in tasks).strftime("%Y-%m")
    entries: Iterable[tuple[str, str, object]]
    if isinstance(hours, Mapping):
        entries = [(str(member), month, value) for member, value in hours.items()]
    else:
        rows = _rows(hours, "hours_worked", _MEMBER, (_HOURS, _MONTH), faults)
        entries = [(member, _month(row[1]) or month, row[0]) for member, row in rows]
    known = set(roster.member_ids)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for member, when, value in entries:
        if member not in known:
            faults.append(Issue("unknown_member", "hours_worked: no such member in the roster", value=member))
        elif not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1000:
            faults.append(Issue("bad_number", f"hours_worked: not a number of hours, of {member}", value=str(value)))
        elif value:
            found[member][when] = found[member].get(when, 0) + round(value * 60)
    return dict(found)


def _fixed(
    fixed: TaskForcePlan | Sequence[TaskForcePlan] | None, tasks: Sequence[Task], faults: list[Issue]
) -> tuple[tuple[Task, ...], tuple[Service, ...], tuple[Release, ...]]:
    plans = [] if fixed is None else [fixed] if isinstance(fixed, TaskForcePlan) else list(fixed)
    there: dict[str, Task] = {}
    services: list[Service] = []
    releases: list[Release] = []
    for plan in plans:
        told = plan.result
        for task in told.tasks:
            if task.task_id in there or task.task_id in {asked.task_id for asked in tasks}:
                faults.append(Issue("twice", "fixed: this task stands already, or is asked for", value=task.task_id))
            there[task.task_id] = task
        services += told.services
        releases += told.releases
    return tuple(there.values()), tuple(services), tuple(releases)


def _is_plans(value: object) -> bool:
    return isinstance(value, Sequence) and all(isinstance(one, TaskForcePlan) for one in value)


def _rows(
    table: Any, name: str, key: tuple[str, ...], columns: tuple[tuple[str, ...], ...], faults: list[Issue]
) -> list[tuple[str, list[object]]]:
    """Return member and the values of columns of every row of a DataFrame, by English or Chinese headers."""
    headers = [str(header).strip() for header in getattr(table, "columns", ())]
    places = [next((headers.index(word) for word in words if word in headers), None) for words in (key, *columns)]
    if not headers or places[0] is None or all(place is None for place in places[1:]):
        message = f"{name} is a mapping by member id, or a DataFrame with the columns {key[0]} and {columns[0][0]}"
        faults.append(Issue("bad_table", message))
        return []
    cells = [
        [None] * len(table) if at is None else table.iloc[:, at].astype(object).where(table.iloc[:, at].notna(), None)
        for at in places
    ]
    return [(str(row[0]).strip(), list(row[1:])) for row in zip(*(list(cell) for cell in cells), strict=True)]


def _whole(value: object, name: str, member: str, faults: list[Issue]) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != int(value):
        faults.append(Issue("bad_number", f"{name}: not a whole number of days, of {member}", value=str(value)))
        return 0
    return int(value)


def _date(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value)[:10])


def _month(value: Any) -> str | None:
    if value is None:
        return None
    return value.strftime("%Y-%m") if isinstance(value, dt.date) else str(value).strip()[:7]
