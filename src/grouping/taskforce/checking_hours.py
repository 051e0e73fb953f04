"""The verifier's checks of time: presence, rest, releases, ways and overtime, minute by minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from grouping.taskforce.evidence import days_released

if TYPE_CHECKING:
    import datetime as dt

    from grouping.taskforce.evidence import Evidence
    from grouping.taskforce.records import Service
    from grouping.taskforce.schema import Task


def presence(case: Evidence) -> Iterator[str]:
    """The presence told has to be that of the role, and a member can only be at one place."""
    for one in (*case.plan.given.fixed_services, *case.plan.services):
        told = [(case.clock.minute(start), case.clock.minute(end)) for start, end in one.presence]
        if told != case.presence(one):
            yield f"{one.task}: {one.member_id} is told other hours than those of the role {one.role}"
    busy: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for one in (*case.plan.given.fixed_services, *case.plan.services):
        busy.setdefault(one.member_id, {})[one.task] = case.presence(one)
    for member_id, tasks in busy.items():
        line = case.clock.line()
        for task_id, presence in tasks.items():
            if any(line[start:end].any() for start, end in presence):
                yield f"{task_id}: {member_id} is present in another task at the same time"
            for start, end in presence:
                line[start:end] = True


def apart_in_time(case: Evidence) -> Iterator[str]:
    """Waves of one member in one task, and tasks of one member, have rest between."""
    for one in case.plan.services:
        task = case.tasks[one.task]
        if not task.waves:
            continue
        most = case.policy.of(task, "max_waves_per_member")
        if most is not None and len(one.waves) > most:
            yield f"{one.task}: {one.member_id} serves in {len(one.waves)} waves, {most} are allowed"
        spans = case.presence(one)
        if _too_near(spans, case.minutes(task, "rest_between_waves_hours")):
            yield f"{one.task}: {one.member_id} has too little rest between two waves"
    tasks_of: dict[str, list[Task]] = {}
    for one in (*case.plan.given.fixed_services, *case.plan.services):
        tasks_of.setdefault(one.member_id, []).append(case.all_tasks[one.task])
    for member_id, tasks in tasks_of.items():
        for number, task in enumerate(tasks):
            for other in tasks[:number]:
                rest = max(case.minutes(each, "rest_between_waves_hours") for each in (task, other))
                spans = [(case.clock.minute(each.starts), case.clock.minute(each.ends)) for each in (task, other)]
                if _too_near(spans, rest):
                    yield f"{task.task_id}: {member_id} serves in {other.task_id} too, at the same time or too near"


def _too_near(spans: list[tuple[int, int]], rest: int) -> bool:
    ordered = sorted(spans)
    return any(later[0] - earlier[1] < rest for earlier, later in pairwise(ordered))


@dataclass(frozen=True)
class Demand:
    """What a presence demands of a member's shifts.

    Attributes
    ----------
    releases : (day, code, begun) of every shift the member has to leave
    rests : (first minute of the presence, day, code) of every rest that is broken
    barred : in words, why the member cannot be present at all; "" where nothing bars
    """

    releases: tuple[tuple[dt.date, str, bool], ...]
    rests: tuple[tuple[int, dt.date, str], ...]
    barred: str


def demand_of(case: Evidence, one: Service) -> Demand:
    """Return what a service demands of the shifts, marked off on a line of minutes; counted once and kept."""
    key = (one.task, one.role, one.waves, one.member_id)
    if key not in case.demands:
        case.demands[key] = _mark_off(case, one)
    return case.demands[key]


def _mark_off(case: Evidence, one: Service) -> Demand:
    task = case.tasks[one.task]
    protected = case.policy.of(task, "protected_rest")
    before, after = case.minutes(task, "rest_before_hours"), case.minutes(task, "rest_after_hours")
    presences, shifts = case.presence(one), case.shifts(one)
    there, guarded, running = case.clock.line(), case.clock.line(), case.clock.line()
    for start, end in presences:
        there[start:end] = True
        guarded[start : end + after] = True
    begins = case.clock.minute(task.starts) if task.kind == "emergency" else None
    for shift in shifts:  # begun when an emergency starts: who responds from one breaks no rest
        for start, end in shift.spans if begins is not None and shift.spans[0][0] < begins else ():
            running[start:end] = True
    releases: list[tuple[dt.date, str, bool]] = []
    rests: list[tuple[int, dt.date, str]] = []
    barred = ""
    for shift in shifts:
        if shift.code is None:
            if any(there[start:end].any() for start, end in shift.spans):
                barred = f"nothing is known of the duty of {one.member_id} on {shift.day}"
            continue
        rest = 0 if protected == "ignore" else max(shift.rest, before)
        begun = begins is not None and shift.spans[0][0] < begins
        collides = any(guarded[start:end].any() for start, end in shift.spans)
        if collides or (not begun and any(there[end : end + rest].any() for _, end in shift.spans)):
            releases.append((shift.day, shift.code, begun))
            continue
        late = [start for start, _ in presences if not running[start]]
        late = [start for start in late if any(end <= start < end + rest for _, end in shift.spans)]
        rests += [(start, shift.day, shift.code) for start in late]
        if protected == "must" and late:
            barred = f"{one.member_id} is present in the rest after {shift.code} of {shift.day}"
    return Demand(tuple(releases), tuple(rests), barred)


def duty(case: Evidence) -> Iterator[str]:
    """Shifts that a presence collides with are released, rests that it breaks are told, and no others."""
    needed: set[tuple[str, str, dt.date, str, bool]] = set()
    broken: set[tuple[str, str, int, dt.date, str]] = set()
    for one in case.plan.services:
        demand = demand_of(case, one)
        needed.update((one.task, one.member_id, *release) for release in demand.releases)
        broken.update((one.task, one.member_id, *rest) for rest in demand.rests)
        if demand.barred:
            yield f"{one.task}: {demand.barred}"
    told = Counter((r.task, r.member_id, r.day, r.code, r.begun) for r in case.plan.releases)
    for key in needed - set(told):
        yield f"{key[0]}: {key[1]} is not released from {key[3]} of {key[2]}, which the presence collides with"
    for key in set(told) - needed:
        yield f"{key[0]}: {key[1]} need not be released from {key[3]} of {key[2]}, or has begun it, or has not"
    yield from (f"{key[0]}: {key[1]} is released twice from {key[3]} of {key[2]}" for key in told if told[key] > 1)
    rested = Counter((r.task, r.member_id, case.clock.minute(r.starts), r.day, r.code) for r in case.plan.rests)
    for rest_key in broken ^ set(rested):
        what = "is not told" if rest_key in broken else "is told and does not hold"
        yield f"{rest_key[0]}: that {rest_key[1]} breaks the rest after {rest_key[4]} of {rest_key[3]} {what}"
    for task in case.tasks.values():
        taken = Counter(r.member_id for r in case.plan.releases if r.task == task.task_id)
        most, each = (case.policy.of(task, name) for name in ("max_releases", "max_releases_per_member"))
        if most is not None and taken.total() > most:
            yield f"{task.task_id}: {taken.total()} shifts released, {most} are allowed"
        yield from (
            f"{task.task_id}: {member} is released from {number} shifts, {each} are allowed"
            for member, number in taken.items()
            if each is not None and number > each
        )


def response(case: Evidence) -> Iterator[str]:
    """Who is on duty comes from the site of duty, else from home; without waves, only the first way is a response."""
    for one in case.plan.services:
        task, member = case.tasks[one.task], case.members[one.member_id]
        if task.response_minutes is None:
            continue
        place = task.role(one.role).site or task.site
        presences = case.presence(one)
        for start, _ in presences if task.waves else presences[:1]:
            on_duty = any(begin <= start < end for shift in case.shifts(one) for begin, end in shift.spans)
            way = case.way(member, place) if on_duty else case.policy.home_minutes
            if way > task.response_minutes:
                yield f"{one.task}: {one.member_id} needs {way} minutes, {task.response_minutes} are allowed"


def overtime(case: Evidence) -> Iterator[str]:
    """Presence of planned tasks beyond the shifts released for them, month by month."""
    told = case.plan.given.overtime_minutes
    for member_id, months in case.standing_overtime.items():
        for month, minutes in months.items():
            if told.get(member_id, {}).get(month, 0) < minutes:
                yield f"{member_id} works {minutes / 60:g} hours of overtime in {month} before, in plans that stand"
    worked: dict[str, Counter[str]] = {}
    limits: dict[tuple[str, str], list[float]] = {}
    released = days_released(case.plan.releases)
    for one in case.plan.services:
        extra = case.overtime(one, released)
        worked.setdefault(one.member_id, Counter()).update(extra)
        if (hours := case.policy.of(case.tasks[one.task], "overtime_hours")) is not None:
            for month in extra:
                limits.setdefault((one.member_id, month), []).append(hours)
    for (member_id, month), hours_of in limits.items():
        total = told.get(member_id, {}).get(month, 0) + worked[member_id][month]
        if total > round(60 * min(hours_of)):
            yield f"{member_id} works {total / 60:g} hours of overtime in {month}, {min(hours_of):g} are allowed"
