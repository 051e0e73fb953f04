"""What the verifier looks things up in, and the rules about named members, read anew from roster and plan."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from grouping.policy.act import LeaderFit
from grouping.policy.context import Context
from grouping.taskforce.clock import Clock, Shift
from grouping.taskforce.schema import TaskRule

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np
    from numpy.typing import NDArray

    from grouping.roster import Member, Roster
    from grouping.taskforce.checking_hours import Demand
    from grouping.taskforce.records import Release, Service, TaskForceResult
    from grouping.taskforce.schema import Task, TaskRole


class Evidence:
    """One plan and its roster, with what is looked up in them.

    Parameters
    ----------
    roster, plan : what is checked
    kept : evidence of another plan for the same roster, tasks, policy and given: what does not depend on who serves
        is taken from there
    """

    def __init__(self, roster: Roster, plan: TaskForceResult, kept: Evidence | None = None) -> None:
        self.roster = roster
        self.plan = plan
        self.policy = plan.policy
        self.tasks = {task.task_id: task for task in plan.tasks}
        self.all_tasks = {**{task.task_id: task for task in plan.given.fixed_tasks}, **self.tasks}
        self.services: dict[str, list[Service]] = {task_id: [] for task_id in self.tasks}
        for service in plan.services:
            self.services.setdefault(service.task, []).append(service)
        self.demands: dict[object, Demand] = {}
        self.trades: dict[tuple[str, str], frozenset[str]] = {}
        if kept is None:
            self.members = {member.member_id: member for member in roster.members}
            return
        self.members, self.clock, self.demands, self.trades = kept.members, kept.clock, kept.demands, kept.trades
        self.travel, self.teams, self.able = kept.travel, kept.teams, kept.able
        self.fits, self.fixed_days, self.standing_overtime = kept.fits, kept.fixed_days, kept.standing_overtime

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
    def travel(self) -> tuple[dict[str, int], NDArray[np.int64]]:
        """Where each site is in the matrix of travel minutes, and the matrix."""
        names, minutes = self.roster.minutes_matrix()
        return {name: number for number, name in enumerate(names)}, minutes

    def way(self, member: Member, place: str | None) -> int:
        """Return the minutes from a member's own site to a place, 0 where either is unknown."""
        at, minutes = self.travel
        return int(minutes[at[member.site], at[place]]) if member.site in at and place in at else 0

    @cached_property
    def teams(self) -> dict[tuple[str, str], list[Member]]:
        """Who belongs to each team."""
        found: dict[tuple[str, str], list[Member]] = {}
        for member in self.roster.members:
            if (team := team_of(member)) is not None:
                found.setdefault(team, []).append(member)
        return found

    @cached_property
    def able(self) -> dict[tuple[str, str], list[Member]]:
        """Who has the skills and the line of each role, by task and role."""
        return {
            (task.task_id, role.name): [member for member in self.roster.members if is_able(member, role)]
            for task in self.tasks.values()
            for role in task.roles
        }

    def trade(self, task_id: str, role: TaskRole) -> frozenset[str]:
        """Return the lines of a role's trade: its own, else those that most of the able have; empty if unknown."""
        if role.business_lines:
            return frozenset(role.business_lines)
        key = (task_id, role.name)
        if key not in self.trades:
            lines = Counter(member.business_line for member in self.able[key] if member.business_line)
            most = max(lines.values(), default=0)
            self.trades[key] = frozenset(line for line, number in lines.items() if number == most)
        return self.trades[key]

    @cached_property
    def fits(self) -> dict[str, int]:
        """How well every member could lead, by the definition of standing groups; empty where nothing is known."""
        known = ("assessment", "nominations")
        if all(getattr(member, name) is None for member in self.roster.members for name in known):
            return {}
        fits = LeaderFit().fits(Context(self.roster, (), (1, 1), (1, 1)))
        return dict(zip(self.roster.member_ids, fits, strict=True))

    @cached_property
    def fixed_days(self) -> set[tuple[str, dt.date]]:
        """Shifts that earlier plans have taken members out of."""
        return {(release.member_id, release.day) for release in self.plan.given.fixed_releases}

    def shifts(self, service: Service) -> list[Shift]:
        """Return the shifts of a member that earlier plans have left."""
        found = self.clock.shifts_of(self.members[service.member_id])
        return [shift for shift in found if (service.member_id, shift.day) not in self.fixed_days]

    @cached_property
    def standing_overtime(self) -> dict[str, Counter[str]]:
        """Member → month → minutes of overtime that plans that stand ask for."""
        released = days_released(self.plan.given.fixed_releases)
        found: dict[str, Counter[str]] = {}
        for one in self.plan.given.fixed_services:
            if one.member_id in self.members:
                found.setdefault(one.member_id, Counter()).update(self.overtime(one, released))
        return found

    def overtime(self, service: Service, released: Mapping[tuple[str, str], set[dt.date]]) -> Counter[str]:
        """Return minutes of presence beyond the shifts released for it, by month; none in an emergency."""
        months: Counter[str] = Counter()
        if self.all_tasks[service.task].kind == "emergency":
            return months
        for start, end in self.presence(service):
            months[self.clock.month(start)] += end - start
        days = released.get((service.task, service.member_id), ())
        for shift in self.clock.shifts_of(self.members[service.member_id]) if days else ():
            if shift.code is not None and shift.day in days:
                months[f"{shift.day:%Y-%m}"] -= shift.minutes
        return +months


def days_released(releases: Iterable[Release]) -> dict[tuple[str, str], set[dt.date]]:
    """Return the days of the shifts left in whole, by task and member."""
    found: dict[tuple[str, str], set[dt.date]] = {}
    for release in releases:
        if not release.begun:
            found.setdefault((release.task, release.member_id), set()).add(release.day)
    return found


def is_able(member: Member, role: TaskRole) -> bool:
    """Tell whether a member has the skills and the line that a role asks for."""
    has = set(member.skills)
    return (
        (not role.skills_any or bool(has & set(role.skills_any)))
        and has >= set(role.skills_all)
        and (not role.business_lines or member.business_line in role.business_lines)
    )


def team_of(member: Member) -> tuple[str, str] | None:
    """Return department and team, None where the roster names no team."""
    return (member.department, member.team) if member.team else None


def share_of(share: float, of: int, rounding: str) -> int:
    """Return how many of a number a share is, rounded as asked; a share of 0.3 is three tenths exactly.

    >>> share_of(0.3, 10, "floor"), share_of(0.5, 3, "ceil")
    (3, 2)
    """
    exact = Fraction(share).limit_denominator(1000) * of
    return math.ceil(exact) if rounding == "ceil" else math.floor(exact)


def rules_of(case: Evidence, strength: str) -> Iterator[tuple[TaskRule, list[Task]]]:
    """Yield the rules ("must") or wishes ("prefer") about named members, each with the tasks it speaks of."""
    asked: list[tuple[TaskRule, list[Task]]] = [
        (rule, list(case.tasks.values())) for rule in getattr(case.policy, strength)
    ]
    asked += [(rule, [task]) for task in case.tasks.values() for rule in getattr(task, strength)]
    for request in case.roster.requests if case.policy.requests else ():
        if request.kind == "apart" and request.strength == strength:
            asked.append((TaskRule(kind="apart", members=request.members), list(case.tasks.values())))
    for rule, tasks in asked:
        meant = [task for task in tasks if rule.task in (None, task.task_id)]
        if rule.role is not None:
            meant = [task for task in meant if rule.role in {role.name for role in task.roles}]
        if meant:
            yield rule, meant


def breaches(case: Evidence, rule: TaskRule, tasks: list[Task]) -> dict[str, int]:
    """Return how often a rule is broken, by task: members not pinned, members who should not be there, tasks split."""
    found: Counter[str] = Counter()
    wanted = set(rule.members)
    there: dict[str, set[str]] = {
        task.task_id: {
            one.member_id
            for one in case.services[task.task_id]
            if rule.kind in ("together", "apart") or rule.role in (None, one.role)
        }
        & wanted
        for task in tasks
    }
    if rule.kind == "pin":
        found[tasks[0].task_id] = len(wanted - set().union(*there.values()))
    for task_id, members in there.items():
        if rule.kind in ("forbid", "exclude"):
            found[task_id] = len(members)
        elif rule.kind == "apart":
            found[task_id] = max(0, len(members) - 1)
        elif rule.kind == "together":
            found[task_id] = int(0 < len(members) < len(wanted))
    return {task_id: number for task_id, number in found.items() if number}
