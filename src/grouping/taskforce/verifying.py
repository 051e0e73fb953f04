"""The independent verifier: does a plan of task forces keep what it promises? Counted anew, minute by minute.

It reads the roster's own rota and the plan's records, and shares nothing with the model that made the plan. What the
words of the limits mean is written in :mod:`grouping.taskforce.policy` and :mod:`grouping.taskforce.schema`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from grouping.roster.teams import Teams
from grouping.taskforce.clock import Clock, Shift
from grouping.taskforce.recounting import recount

if TYPE_CHECKING:
    import datetime as dt

    from grouping.roster import Member, Roster
    from grouping.taskforce.records import Release, Service, TaskForceResult
    from grouping.taskforce.schema import Lead, Task, TaskRule


def verify(roster: Roster, plan: TaskForceResult) -> list[str]:
    """Return everything that does not hold in a plan, in words with ids only; an empty list when all holds.

    Parameters
    ----------
    roster : of the organisation the plan was made for
    plan : the records; tasks, policy and what was given are taken from them

    Examples
    --------
    >>> import grouping as gp
    >>> from grouping.taskforce.records import TaskForceResult
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> task = gp.Task.model_validate(
    ...     {
    ...         "task_id": "T",
    ...         "starts": "2026-12-15T08:00",
    ...         "ends": "2026-12-15T17:00",
    ...         "size": (1, 1),
    ...         "leader": {"required": False},
    ...         "roles": [{"name": "driver", "skills_any": ["A1驾照"]}],
    ...     }
    ... )
    >>> nobody = TaskForceResult(
    ...     status="feasible", cost=0, scale=1, tasks=(task,), policy=gp.TaskPolicy(), services=()
    ... )
    >>> verify(roster, nobody)
    ['T: 0 members, the size is 1 to 1', 'T: 0 people in the role driver, 1 to 1 are asked for']
    """
    case = Case(roster, plan)
    faults = list(_known(case))
    if faults:
        return faults
    checks = (_sizes, _fitness, _leads, _presence, _apart_in_time, _duty, _response, _overtime, _shares, _staying, _rules)
    for check in checks:
        faults += check(case)
    return faults + list(_costs(case))


class Case:
    """One plan and its roster, with what is looked up in them."""

    def __init__(self, roster: Roster, plan: TaskForceResult) -> None:
        self.roster = roster
        self.plan = plan
        self.policy = plan.policy
        self.members = {member.member_id: member for member in roster.members}
        self.tasks = {task.task_id: task for task in plan.tasks}
        self.all_tasks = {**{task.task_id: task for task in plan.given.fixed_tasks}, **self.tasks}
        self.services: dict[str, list[Service]] = {task_id: [] for task_id in self.tasks}
        for service in plan.services:
            self.services.setdefault(service.task, []).append(service)

    @cached_property
    def clock(self) -> Clock:
        """The rota, minute by minute, around all tasks."""
        rests = [code.recovery_hours for code in self.roster.shift_codes]
        for task in self.tasks.values():
            rests += [float(self.limit(task, name)) for name in ("rest_before_hours", "rest_after_hours")]
        return Clock(self.roster, self.all_tasks.values(), math.ceil(60 * max(rests)))

    def limit(self, task: Task, name: str) -> float:
        """Return a limit that is a number."""
        return float(self.policy.of(task, name))

    def minutes(self, task: Task, name: str) -> int:
        """Return a limit of hours in minutes."""
        return round(60 * self.limit(task, name))

    def presence(self, service: Service) -> list[tuple[int, int]]:
        """Return when a member has to be present, in minutes of the clock."""
        task = self.all_tasks[service.task]
        return self.clock.presences(task, task.role(service.role), service.waves)

    @cached_property
    def fixed_days(self) -> set[tuple[str, dt.date]]:
        """Shifts that earlier plans have taken members out of."""
        return {(release.member_id, release.day) for release in self.plan.given.fixed_releases}

    def shifts(self, service: Service) -> list[Shift]:
        """Return the shifts of a member that earlier plans have left."""
        found = self.clock.shifts_of(self.members[service.member_id])
        return [shift for shift in found if (service.member_id, shift.day) not in self.fixed_days]


def team_of(member: Member) -> tuple[str, str] | None:
    """Return department and team, None where the roster names no team."""
    return (member.department, member.team) if member.team else None


def share_of(share: float, of: int, rounding: str) -> int:
    """Return how many of a number a share is, rounded as asked; a share of 0.3 is three tenths exactly.

    >>> share_of(0.3, 10, "floor"), share_of(0.5, 3, "ceil")
    (3, 2)
    """
    exact = Fraction(str(share)) * of
    return math.ceil(exact) if rounding == "ceil" else math.floor(exact)


def _known(case: Case) -> Iterator[str]:
    """Everything that later checks look up has to be there."""
    seen = set()
    for one in case.plan.services:
        where = f"{one.task}: {one.member_id}"
        if one.member_id not in case.members:
            yield f"{where} is not in the roster"
        if one.role not in {role.name for role in case.tasks[one.task].roles}:
            yield f"{where} has a role that the task has not: {one.role}"
        if (one.task, one.member_id) in seen:
            yield f"{where} serves twice in the task"
        seen.add((one.task, one.member_id))
        if len(set(one.waves)) < len(one.waves) or set(one.waves) - {w.wave for w in case.tasks[one.task].waves}:
            yield f"{where} serves in waves that the task has not"
        elif case.tasks[one.task].waves and not one.waves:
            yield f"{where} serves in no wave"
        if one.home != case.plan.given.homes.get(one.member_id, ""):
            yield f"{where} is of another home group than {one.home}"


def _sizes(case: Case) -> Iterator[str]:
    for task in case.tasks.values():
        serving = case.services[task.task_id]
        if not task.size[0] <= len(serving) <= task.size[1]:
            yield f"{task.task_id}: {len(serving)} members, the size is {task.size[0]} to {task.size[1]}"
        full = sum(case.members[one.member_id].status == "full" for one in serving)
        if full < task.min_full:
            yield f"{task.task_id}: {full} full members, {task.min_full} are asked for"
        for role in task.roles:
            holding = [one for one in serving if one.role == role.name]
            if not role.min <= len(holding) <= role.max:
                asked = f"{role.min} to {role.max} are asked for"
                yield f"{task.task_id}: {len(holding)} people in the role {role.name}, {asked}"
            for wave in task.waves:
                there = sum(wave.wave in one.waves for one in holding)
                if there < role.per_wave:
                    short = f"{there} in the role {role.name}, {role.per_wave} are asked for"
                    yield f"{task.task_id}: wave {wave.wave} has {short}"
        for wave in task.waves:
            minutes = (wave.ends - wave.starts).total_seconds() / 60
            if minutes > case.minutes(task, "max_wave_hours"):
                yield f"{task.task_id}: wave {wave.wave} lasts {minutes / 60:g} hours"


def _fitness(case: Case) -> Iterator[str]:
    for one in case.plan.services:
        task, member = case.tasks[one.task], case.members[one.member_id]
        role = task.role(one.role)
        has = set(member.skills)
        lacks = role.skills_any and not has & set(role.skills_any)
        if lacks or set(role.skills_all) - has:
            yield f"{one.task}: {one.member_id} lacks the skills of the role {one.role}"
        if role.business_lines and member.business_line not in role.business_lines:
            yield f"{one.task}: {one.member_id} is of another business line than the role {one.role} asks for"
        if member.participation in case.policy.of(task, "exclude_participation"):
            yield f"{one.task}: {one.member_id} takes no part, the participation is {member.participation}"


def _leads(case: Case) -> Iterator[str]:
    barred = {
        member
        for request in case.roster.requests
        if case.policy.requests and request.kind == "not_leader" and request.strength == "must"
        for member in request.members
    }
    for task in case.tasks.values():
        serving = case.services[task.task_id]
        for kind, lead in (("leader", task.leader), ("deputy", task.deputy)):
            holders = [one for one in serving if one.lead == kind]
            if len(holders) != lead.required:
                yield f"{task.task_id}: {len(holders)} people as {kind}, {int(lead.required)} is asked for"
            for one in holders:
                yield from _may_lead(case, one, lead, kind, barred)
        both = [one for one in serving if one.lead != "member"]
        if task.leader.required and task.deputy.required:
            for wave in task.waves:
                if not any(wave.wave in one.waves for one in both):
                    yield f"{task.task_id}: neither leader nor deputy is present in wave {wave.wave}"
        if (task.leader.required or task.deputy.required) and not task.waves:
            days = {start // 1440 for one in serving for start, _ in case.presence(one)}
            led = {start // 1440 for one in both for start, _ in case.presence(one)}
            yield from (
                f"{task.task_id}: neither leader nor deputy is present on {case.clock.day(day)}"
                for day in sorted(days - led)
            )


def _may_lead(case: Case, one: Service, lead: Lead, kind: str, barred: set[str]) -> Iterator[str]:
    member, where = case.members[one.member_id], f"{one.task}: {one.member_id} is {kind} and"
    if member.participation != "normal":
        yield f"{where} does not always take part in person"
    if lead.full_member and member.status != "full":
        yield f"{where} no full member"
    if lead.eligible and member.leader_eligible is False:
        yield f"{where} not eligible"
    if member.member_id in barred:
        yield f"{where} by request of the roster no leader"
    if lead.first_wave and case.tasks[one.task].waves and 1 not in one.waves:
        yield f"{where} not in the first wave"


def _presence(case: Case) -> Iterator[str]:
    """The presence told has to be that of the role, and a member can only be at one place."""
    for one in case.plan.services:
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


def _apart_in_time(case: Case) -> Iterator[str]:
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
    return any(later[0] - earlier[1] < rest for earlier, later in zip(ordered, ordered[1:], strict=False))


def _duty(case: Case) -> Iterator[str]:
    """Shifts that a presence collides with are released, rests that it breaks are told, and no others."""
    needed: set[tuple[str, str, dt.date, str, bool]] = set()
    broken: set[tuple[str, str, int, dt.date, str]] = set()
    for one in case.plan.services:
        task = case.tasks[one.task]
        protected = case.policy.of(task, "protected_rest")
        before, after = case.minutes(task, "rest_before_hours"), case.minutes(task, "rest_after_hours")
        there, guarded = case.clock.line(), case.clock.line()
        for start, end in case.presence(one):
            there[start:end] = True
            guarded[start : end + after] = True
        for shift in case.shifts(one):
            if shift.code is None:
                if any(there[start:end].any() for start, end in shift.spans):
                    yield f"{one.task}: nothing is known of the duty of {one.member_id} on {shift.day}"
                continue
            rest = 0 if protected == "ignore" else max(shift.rest, before)
            collides = any(guarded[start:end].any() for start, end in shift.spans)
            rests = any(there[end : end + rest].any() for _, end in shift.spans)
            begun = task.kind == "emergency" and shift.spans[0][0] < case.clock.minute(task.starts)
            if collides or (rests and not begun):
                needed.add((one.task, one.member_id, shift.day, shift.code, begun))
            elif rests:
                starts = [start for start, _ in case.presence(one)]
                late = [start for start in starts if any(end <= start < end + rest for _, end in shift.spans)]
                broken.update((one.task, one.member_id, start, shift.day, shift.code) for start in late)
                if protected == "must":
                    yield f"{one.task}: {one.member_id} is present in the rest after {shift.code} of {shift.day}"
    told = Counter((r.task, r.member_id, r.day, r.code, r.begun) for r in case.plan.releases)
    for key in needed - set(told):
        yield f"{key[0]}: {key[1]} is not released from {key[3]} of {key[2]}, which the presence collides with"
    for key in set(told) - needed:
        yield f"{key[0]}: {key[1]} need not be released from {key[3]} of {key[2]}, or it is told wrong whether it has begun"
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


def _response(case: Case) -> Iterator[str]:
    """Who is on duty comes from the site of duty, else from home."""
    sites, minutes = case.roster.minutes_matrix()
    at = {site: number for number, site in enumerate(sites)}
    for one in case.plan.services:
        task, member = case.tasks[one.task], case.members[one.member_id]
        if task.response_minutes is None:
            continue
        place = task.role(one.role).site or task.site
        for start, _ in case.presence(one):
            if not any(begin <= start < end for shift in case.shifts(one) for begin, end in shift.spans):
                way = case.policy.home_minutes
            elif member.site in at and place in at:
                way = int(minutes[at[member.site], at[place]])
            else:
                way = 0
            if way > task.response_minutes:
                yield f"{one.task}: {one.member_id} needs {way} minutes, {task.response_minutes} are allowed"


def _overtime(case: Case) -> Iterator[str]:
    """Presence of planned tasks beyond the shifts released for them, month by month."""
    worked: dict[str, Counter[str]] = {}
    limits: dict[str, list[float]] = {}
    for one in case.plan.services:
        task = case.tasks[one.task]
        if task.kind == "emergency":
            continue
        months: Counter[str] = Counter()
        for start, end in case.presence(one):
            months[case.clock.month(start)] += end - start
        days = {r.day for r in case.plan.releases if (r.task, r.member_id, r.begun) == (one.task, one.member_id, False)}
        for shift in case.shifts(one):
            if shift.day in days and months[f"{shift.day:%Y-%m}"]:
                months[f"{shift.day:%Y-%m}"] -= shift.minutes
        worked.setdefault(one.member_id, Counter()).update({key: max(0, value) for key, value in months.items()})
        if (hours := case.policy.of(task, "overtime_hours")) is not None:
            limits.setdefault(one.member_id, []).append(hours)
    for member_id, hours_of in limits.items():
        before = case.plan.given.overtime_minutes.get(member_id, {})
        for month, extra in worked[member_id].items():
            total = before.get(month, 0) + extra
            if extra and total > round(60 * min(hours_of)):
                yield f"{member_id} works {total / 60:g} hours of overtime in {month}, {min(hours_of):g} are allowed"
