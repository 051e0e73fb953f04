"""The cost of a plan counted a second time, from the definitions in :mod:`grouping.taskforce.policy` and the rota."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

from grouping.taskforce.evidence import breaches, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grouping.roster import Member
    from grouping.taskforce.evidence import Evidence
    from grouping.taskforce.records import Service
    from grouping.taskforce.schema import Task, TaskRole

Points = Counter[tuple[str, str]]
"""Member-points by task and criterion."""
Whom = tuple[str, str, str, tuple[str, ...]]
"""Task, criterion, home group ("" where none is meant) and ids of the members in order."""


def recount(case: Evidence) -> Points:
    """Return the member-points of a plan by task and criterion, zeros left out."""
    points: Points = Counter()
    for (task, criterion, _, _), number in charges(case):
        points[task, criterion] += number
    return Counter({key: number for key, number in points.items() if number})


def charges(case: Evidence) -> Iterator[tuple[Whom, int]]:
    """Yield member-points with whom they are counted for."""
    for one in case.plan.services:
        alone = (one.member_id,)
        yield from (((one.task, criterion, "", alone), number) for criterion, number in _own(case, one))
    for release in case.plan.releases:
        yield (release.task, "Releases", "", (release.member_id,)), case.policy.release_points
    for broken in case.plan.rests:
        yield (broken.task, "RestBroken", "", (broken.member_id,)), case.policy.rest_points
    for task_id, serving in case.services.items():
        yield from _homes(case, task_id, serving)
    for rule, tasks in rules_of(case, "prefer"):
        for task_id, number in breaches(case, rule, tasks).items():
            yield (task_id, "Wishes", "", ()), 100 * number


def _own(case: Evidence, one: Service) -> Iterator[tuple[str, int]]:
    """Yield what a member costs whoever else serves."""
    task, member = case.tasks[one.task], case.members[one.member_id]
    role = task.role(one.role)
    trade = case.trade(one.task, role)
    yield "Trade", 100 * (bool(trade) and member.business_line not in trade)
    yield "Level", _level(case, member, case.able[one.task, one.role])
    yield "Nearness", sum(_ways(case, one, task, role))
    if case.policy.of(task, "on_duty_first"):
        yield "CallIns", case.policy.call_in_points * _called_in(case, one, task)
    days = case.plan.given.past_days.get(one.member_id, 0)
    yield "PastService", min(100, 100 * days // case.policy.service_days)
    if one.lead != "member":
        short = 100 - case.fits.get(one.member_id, 100)
        yield "LeaderFit", short if one.lead == "leader" else short // 2


def _level(case: Evidence, member: Member, able: list[Member]) -> int:
    """Return how far a member's level lies below the best, in hundredths of the range; 100 where it is not told."""
    if case.policy.level is None:
        return 0
    values = {other.member_id: _number(other.get(case.policy.level)) for other in able}
    told = [value for value in values.values() if value is not None]
    if not told:
        return 0
    own = values.get(member.member_id)
    span = max(told) - min(told)
    return 100 if own is None else int(100 * (max(told) - own) // span) if span else 0


def _number(value: object) -> Fraction | None:
    try:
        number = float(str(value)) if not isinstance(value, bool) else None
    except ValueError:
        return None
    return None if number is None or number != number else Fraction(number).limit_denominator(1000)


def _ways(case: Evidence, one: Service, task: Task, role: TaskRole) -> Iterator[int]:
    """Yield the points of every way: one in a planned task, in an emergency one for each wave."""
    near = case.way(case.members[one.member_id], role.site or task.site)
    ways = [near]
    if task.kind == "emergency":
        presences = case.presence(one)
        begins = [start for start, _ in (presences if task.waves else presences[:1])]
        ways = [near if _on_duty(case, one, start) else case.policy.home_minutes for start in begins]
    yield from (min(100, 100 * way // case.policy.far_minutes) for way in ways)


def _on_duty(case: Evidence, one: Service, minute: int) -> bool:
    return any(start <= minute < end for shift in case.shifts(one) for start, end in shift.spans)


def _called_in(case: Evidence, one: Service, task: Task) -> int:
    """Return how many presences begin off duty (emergency), or lie outside every shift (planned)."""
    duty = case.clock.line()
    for shift in case.shifts(one):
        for start, end in shift.spans:
            duty[max(0, start) : end] = True
    presences = case.presence(one)
    if task.kind == "emergency":
        return sum(not duty[start] for start, _ in presences)
    return sum(not duty[start:end].any() for start, end in presences)


def _homes(case: Evidence, task_id: str, serving: list[Service]) -> Iterator[tuple[Whom, int]]:
    taken: dict[str, set[str]] = {}
    for one in serving:
        taken.setdefault(case.plan.given.homes[one.member_id], set()).add(one.member_id)
    sizes = Counter(case.plan.given.homes.values())
    yield (task_id, "HomeGroups", "", ()), 100 * max(0, len(taken) - 1)
    for home, members in taken.items():
        yield (task_id, "ShareTaken", home, tuple(sorted(members))), 100 * len(members) ** 2 // sizes[home]
        yield (task_id, "Strangers", home, tuple(sorted(members))), 50 * (len(members) == 1)
