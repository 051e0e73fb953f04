"""What a plan is made on besides roster, tasks and policy: standing groups, past service, overtime, earlier plans."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from numbers import Real
from typing import TYPE_CHECKING, Any

from grouping.errors import InputError, Issue
from grouping.roster.faults import id_or_nothing, nearest
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
_WRITTEN_MONTH = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})(?:\D.*)?")
_WRITTEN_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?:\D.*)?")


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
        Listing every fault: unknown sites and members, columns that are missing, negative numbers.
    """
    faults = list(_unknown_sites(roster, tasks))
    homes, is_standing = _homes(roster, standing)
    past = _past_days(roster, history, faults)
    fixed_tasks, services, releases = _fixed(fixed, tasks, faults)
    overtime = _overtime(roster, tasks, hours_worked, faults)
    for member_id, month, minutes in _planned_overtime(roster, fixed_tasks, services, releases):
        months = overtime.setdefault(member_id, {})
        months[month] = months.get(month, 0) + minutes
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


def with_newcomers(roster: Roster, given: Given) -> Given:
    """Return what was given with a home for the members of a roster who were not there then."""
    if set(given.homes).issuperset(roster.member_ids):
        return given
    return given.model_copy(update={"homes": {**_homes(roster, None)[0], **given.homes}})


def _unknown_sites(roster: Roster, tasks: Sequence[Task]) -> Iterator[Issue]:
    """Yield sites that a roster with sites does not know: everybody would be there in no time."""
    sites = [site.site for site in roster.sites]
    for task in tasks if sites else ():
        asked = dict.fromkeys(task.site_of(role) for role in task.roles)
        for site in asked:
            if site is not None and site not in sites:
                message = f"{task.task_id}: no such site in the roster"
                yield Issue("unknown_site", message, value=site, advice=nearest(site, sites))


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
                starts, ends = (_date(value, member, faults) for value in row[1:])
                if starts is not None and ends is not None and ends < starts:
                    faults.append(Issue("bad_date", f"history: ends before it starts{_of(member)}"))
                elif starts is not None and ends is not None:
                    days[member] += (ends - starts).days + 1
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
    first = min(task.starts for task in tasks).strftime("%Y-%m")
    entries: Iterable[tuple[str, object, object]]
    if isinstance(hours, Mapping):
        entries = [(str(member), None, value) for member, value in hours.items()]
    else:
        rows = _rows(hours, "hours_worked", _MEMBER, (_HOURS, _MONTH), faults)
        entries = [(member, row[1], row[0]) for member, row in rows]
    known = set(roster.member_ids)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for member, when, value in entries:
        month, number = first if when is None else _month(when), _number(value)
        if member not in known:
            faults.append(
                Issue("unknown_member", "hours_worked: no such member in the roster", value=id_or_nothing(member))
            )
        elif month is None:
            advice = "write it as 2026-12"
            faults.append(Issue("bad_month", f"hours_worked: not a month{_of(member)}", value=str(when), advice=advice))
        elif number is None or not 0 <= number < 1000:
            faults.append(Issue("bad_number", f"hours_worked: not a number of hours{_of(member)}", value=str(value)))
        elif number:
            found[member][month] = found[member].get(month, 0) + round(number * 60)
    return dict(found)


def _planned_overtime(
    roster: Roster, tasks: Iterable[Task], services: Iterable[Service], releases: Iterable[Release]
) -> Iterator[tuple[str, str, int]]:
    """Yield member, month and minutes of what planned tasks that stand ask for beyond the shifts released."""
    planned = {task.task_id for task in tasks if task.kind == "planned"}
    lengths = {code.code: sum(end - start for start, end in code.segments) for code in roster.shift_codes}
    known = set(roster.member_ids)
    for service in services:
        if service.task not in planned or service.member_id not in known:
            continue
        months: Counter[str] = Counter()
        for start, end in service.presence:
            months[f"{start:%Y-%m}"] += int((end - start).total_seconds() // 60)
        for release in releases:
            if (release.task, release.member_id) == (service.task, service.member_id) and not release.begun:
                months[f"{release.day:%Y-%m}"] -= lengths.get(release.code, 0)
        yield from ((service.member_id, month, minutes) for month, minutes in months.items() if minutes > 0)


def _fixed(
    fixed: TaskForcePlan | Sequence[TaskForcePlan] | None, tasks: Sequence[Task], faults: list[Issue]
) -> tuple[tuple[Task, ...], tuple[Service, ...], tuple[Release, ...]]:
    plans = [] if fixed is None else [fixed] if isinstance(fixed, TaskForcePlan) else list(fixed)
    asked = {task.task_id for task in tasks}
    there: dict[str, Task] = {}
    services: list[Service] = []
    releases: list[Release] = []
    for plan in plans:
        told = plan.result
        for task in told.tasks:
            if task.task_id in there or task.task_id in asked:
                faults.append(Issue("twice", "fixed: this task stands already, or is asked for", value=task.task_id))
            there[task.task_id] = task
        services += told.services
        releases += told.releases
    for plan in plans:  # what they were made beside stands too, unless it is handed in or asked for anew
        beside = plan.result.given
        new = {task.task_id: task for task in beside.fixed_tasks if task.task_id not in {*there, *asked}}
        there |= new
        services += [one for one in beside.fixed_services if one.task in new]
        releases += [one for one in beside.fixed_releases if one.task in new]
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


def _of(member: str) -> str:
    """Return whose value is meant, if it is told by an id: what could be a name is not repeated."""
    shown = id_or_nothing(member)
    return f", of {shown}" if shown else ""


def _number(value: object) -> float | None:
    """Return a number, also one that is written as text; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, Real | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _whole(value: object, name: str, member: str, faults: list[Issue]) -> int:
    number = _number(value)
    if number is None or number < 0 or not number.is_integer():
        faults.append(Issue("bad_number", f"{name}: not a whole number of days{_of(member)}", value=str(value)))
        return 0
    return int(number)


def _date(value: object, member: str, faults: list[Issue]) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    match = _WRITTEN_DATE.fullmatch(str(value).strip())
    if match is not None:
        with suppress(ValueError):
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
    advice = "write it as 2026-12-01"
    faults.append(Issue("bad_date", f"history: not a date{_of(member)}", value=str(value), advice=advice))
    return None


def _month(value: object) -> str | None:
    """Return a month such as "2026-12", however it is written; None where it is none."""
    if isinstance(value, dt.date):
        return f"{value:%Y-%m}"
    match = _WRITTEN_MONTH.fullmatch(str(value).strip())
    return f"{match[1]}-{int(match[2]):02d}" if match and 1 <= int(match[2]) <= 12 else None
