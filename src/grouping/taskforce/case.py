"""The case to decide: every way in which a member could serve in a task, with what it costs and does to the shifts.

An *option* is a member in a role of a task, with the waves served. What it costs and releases is fixed, so the model
chooses among options and counts; people without the skills never become one.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import combinations, pairwise
from math import ceil, floor
from typing import TYPE_CHECKING

from grouping.errors import Issue, PolicyError
from grouping.policy.act import LeaderFit
from grouping.policy.context import Context
from grouping.roster.faults import id_or_nothing
from grouping.taskforce.hours import Effect, Rota, Span, Terms, effect_of, minute_of, spans_of
from grouping.taskforce.policy import CRITERIA
from grouping.taskforce.schema import Lead, Task, TaskRole, TaskRule
from grouping.taskforce.teams import Post, Staffing

if TYPE_CHECKING:
    from grouping.roster import Roster
    from grouping.roster.schema import Member
    from grouping.taskforce.policy import TaskPolicy
    from grouping.taskforce.records import Given

MOST_PATTERNS = 5_000
"""Choices of waves that one member may have in one task."""
STRANGER_POINTS = 50
"""Of a member who is the only one of the home group; less than one more person costs, so that none is added for it."""
Charge = tuple[str, int, int]
"""Criterion, member-points, and the amount they stand for."""


@dataclass(frozen=True, slots=True)
class Option:
    """A member in a role of a task, with the waves served; ``member`` is a row of the roster."""

    task: int
    role: int
    member: int
    waves: tuple[int, ...]
    presence: tuple[Span, ...]
    effect: Effect
    charges: tuple[Charge, ...]
    cost: int


@dataclass(frozen=True)
class Wish:
    """A rule about named members for some tasks; ``must`` tells whether it is kept or costs points."""

    rule: TaskRule
    tasks: tuple[int, ...]
    rows: tuple[int, ...]
    must: bool


@dataclass(frozen=True, eq=False)
class Case:
    """Everything a plan is decided on; made by `compile_case`.

    Attributes
    ----------
    options : all that no rule about single members forbids, task by task, role by role
    wishes : rules and wishes about named members that concern several options
    """

    roster: Roster
    tasks: tuple[Task, ...]
    policy: TaskPolicy
    given: Given
    rota: Rota
    staffing: Staffing
    options: tuple[Option, ...]
    wishes: tuple[Wish, ...]
    screening: Screening = field(repr=False)

    @cached_property
    def rows(self) -> dict[str, int]:
        """Member id → row."""
        return self.screening.rows

    @cached_property
    def factor(self) -> dict[str, int]:
        """Cost points of one member-point, by criterion."""
        return {name: self.policy.factor(name) for name in CRITERIA}

    @cached_property
    def _home_costs(self) -> dict[tuple[int, int], int]:
        return {}

    def home_cost(self, home: str, count: int) -> int:
        """Return the cost points of a task by the number of members it takes from a home group."""
        key = (self.home_size[home], count)
        if key not in self._home_costs:
            points = self.home_points(home, count)
            self._home_costs[key] = sum(value * self.factor[name] for name, value in points.items())
        return self._home_costs[key]

    @cached_property
    def at(self) -> dict[tuple[int, int], list[int]]:
        """(task, row) → positions of the options."""
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        for position, option in enumerate(self.options):
            found[option.task, option.member].append(position)
        return dict(found)

    @cached_property
    def in_role(self) -> dict[tuple[int, int], list[int]]:
        """(task, role) → positions of the options."""
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        for position, option in enumerate(self.options):
            found[option.task, option.role].append(position)
        return found

    @cached_property
    def homes(self) -> list[str]:
        """Home group of every row."""
        return [self.given.homes[member_id] for member_id in self.roster.member_ids]

    @cached_property
    def home_size(self) -> Counter[str]:
        """Members of each home group, as they are in what is given, which also counts whoever has left since."""
        return Counter(self.given.homes.values())

    @cached_property
    def fits(self) -> list[int]:
        """Fit to lead of every row, 0..100; 100 where the roster says nothing."""
        context = Context(self.roster, (), (1, 1), (1, 1))
        if not (context.has("assessment") or context.has("nominations")):
            return [100] * len(self.roster)
        return LeaderFit().fits(context)

    def may_lead(self, task: int, lead: Lead, row: int) -> bool:
        """Tell whether a member of a task may be its leader or deputy, waves apart."""
        member = self.roster.members[row]
        return (
            member.participation == "normal"
            and not (lead.full_member and member.status != "full")
            and not (lead.eligible and (member.leader_eligible is False or row in self.screening.not_leaders))
        )

    def home_points(self, home: str, count: int) -> dict[str, int]:
        """Return the member-points of a task by the number of members it takes from a home group."""
        if not count:
            return {}
        return {
            "ShareTaken": 100 * count * count // self.home_size[home],
            "HomeGroups": 100,
            "Strangers": STRANGER_POINTS if count == 1 else 0,
        }

    def post(self, row: int, day: dt.date, code: str) -> Post | None:
        """Return the shift of a team that a member leaves; None where the roster names no team."""
        member = self.roster.members[row]
        return (member.department, member.team, day, code) if member.team else None

    def share_limit(self, task: Task, size: int, of: str = "team") -> int | None:
        """Return how many of a team's or standing group's members a task may take; None sets no limit."""
        share = self.policy.of(task, f"max_share_from_one_{of}")
        if share is None or (of == "group" and not self.given.standing):
            return None
        exact = Fraction(share).limit_denominator(1000) * size
        return ceil(exact) if self.policy.of(task, "max_share_rounding") == "ceil" else floor(exact)

    def conflicts(self, one: Task, other: Task) -> bool:
        """Tell whether nobody can serve in both tasks."""
        return in_conflict(self.policy, one, other)


def in_conflict(policy: TaskPolicy, one: Task, other: Task) -> bool:
    """Tell whether two tasks overlap, or lie nearer than the rest between waves of either."""
    hours = max(policy.of(task, "rest_between_waves_hours") for task in (one, other))
    rest = dt.timedelta(minutes=round(hours * 60))
    return one.starts < other.ends + rest and other.starts < one.ends + rest


class Screening:
    """Who could serve in which role, and if not, why; the reasons also tell people why they were not chosen."""

    def __init__(self, roster: Roster, tasks: Sequence[Task], policy: TaskPolicy, given: Given, rota: Rota) -> None:
        self.roster, self.tasks, self.policy, self.given, self.rota = roster, tuple(tasks), policy, given, rota
        self.rows = {member_id: row for row, member_id in enumerate(roster.member_ids)}
        self._factor = {name: policy.factor(name) for name in CRITERIA}
        self._skills = [frozenset(member.skills) for member in roster.members]
        sites, minutes = roster.minutes_matrix()
        self._site = {site: at for at, site in enumerate(sites)}
        self._minutes = minutes
        self._terms = [terms_of(policy, task) for task in tasks]
        self._effects: dict[object, Effect] = {}
        self._patterns = [wave_patterns(policy, task) for task in tasks]
        self._busy = self._fixed_conflicts()
        self.wishes, self._barred, self._charged = self._read_rules()
        self.not_leaders = frozenset(
            self.rows[member]
            for request in roster.requests
            if policy.requests and request.kind == "not_leader" and request.strength == "must"
            for member in request.members
        )

    def qualified(self, role: TaskRole) -> list[int]:
        """Return the rows of the members who have the skills and the line of a role."""
        return [row for row, member in enumerate(self.roster.members) if self._fits(role, row, member)]

    def _fits(self, role: TaskRole, row: int, member: Member) -> bool:
        skills = self._skills[row]
        return (
            (not role.skills_any or not skills.isdisjoint(role.skills_any))
            and skills.issuperset(role.skills_all)
            and (not role.business_lines or member.business_line in role.business_lines)
        )

    def options(self, t: int, r: int) -> Iterator[Option]:
        """Yield the options of a role."""
        role = self.tasks[t].roles[r]
        rows = self.qualified(role)
        trade, levels = self._trade(role, rows), self._levels(rows)
        for row in rows:
            if self.ruled_out(t, r, row) is None:
                yield from self._options_of(t, r, row, trade, levels)

    def ruled_out(self, t: int, r: int, row: int) -> str | None:
        """Return what forbids a member to serve in a role whatever the waves, as a code; None if nothing does.

        "participation", "busy" (in a task that stands), "rule" (forbidden by name)
        """
        task, member = self.tasks[t], self.roster.members[row]
        if member.participation in self.policy.of(task, "exclude_participation"):
            return "participation"
        if (t, row) in self._busy:
            return "busy"
        if (t, None, row) in self._barred or (t, r, row) in self._barred:
            return "rule"
        return None

    def hindered(self, t: int, r: int, row: int, waves: tuple[int, ...]) -> str | None:
        """Return what forbids a member to be present, as a code; None if nothing does.

        "unknown" (the rota says nothing), "rest", "response" (too far away), "releases" (too many for one member),
        "overtime"
        """
        task, policy = self.tasks[t], self.policy
        effect = self.effect(t, r, row, waves)
        if effect.unknown is not None:
            return "unknown"
        if effect.barred:
            return "rest"
        if task.response_minutes is not None and any(
            way > task.response_minutes for way in self.ways(t, r, row, effect)
        ):
            return "response"
        most = policy.of(task, "max_releases_per_member")
        if most is not None and len(effect.released) > most:
            return "releases"
        if any(minutes > left for minutes, left in self.overtime(t, row, effect)):
            return "overtime"
        return None

    def overtime(self, t: int, row: int, effect: Effect) -> list[tuple[int, int]]:
        """Return minutes of overtime and what is left of the month's limit, by month; none for emergencies."""
        task = self.tasks[t]
        most = self.policy.of(task, "overtime_hours")
        if task.kind == "emergency" or most is None:
            return []
        worked = self.given.overtime_minutes.get(self.roster.members[row].member_id, {})
        return [(minutes, round(most * 60) - worked.get(month, 0)) for month, minutes in effect.overtime]

    def effect(self, t: int, r: int, row: int, waves: tuple[int, ...]) -> Effect:
        """Return what a presence does to a member's shifts."""
        task = self.tasks[t]
        role = task.roles[r]
        key = (t, waves if task.waves else task.hours_of(role), self.rota.key(row))
        if key not in self._effects:
            presence = spans_of(task.presence(role, waves))
            self._effects[key] = effect_of(self.rota.shifts(row), presence, self._terms[t])
        return self._effects[key]

    def patterns(self, t: int) -> tuple[tuple[int, ...], ...]:
        """Return the choices of waves that one member may serve; one empty choice in a task without waves."""
        return self._patterns[t]

    def _options_of(
        self, t: int, r: int, row: int, trade: frozenset[str | None] | None, levels: dict[int, int]
    ) -> Iterator[Option]:
        task = self.tasks[t]
        role = task.roles[r]
        fixed: list[Charge] = []
        if trade is not None and self.roster.members[row].business_line not in trade:
            fixed.append(("Trade", 100, 1))
        if levels.get(row):
            fixed.append(("Level", levels[row], 1))
        days = self.given.past_days.get(self.roster.members[row].member_id, 0)
        if days:
            fixed.append(("PastService", min(100, 100 * days // self.policy.service_days), days))
        hidden = self._charged.get((t, None, row), 0) + self._charged.get((t, r, row), 0)
        if hidden:
            fixed.append(("Wishes", 100 * hidden, hidden))
        for waves in self._patterns[t]:
            if self.hindered(t, r, row, waves) is not None:
                continue
            effect = self.effect(t, r, row, waves)
            charges = (*fixed, *self._charges(t, r, row, effect))
            charges = tuple(charge for charge in charges if charge[1])
            cost = sum(points * self._factor[name] for name, points, _ in charges)
            presence = spans_of(task.presence(role, waves))
            yield Option(t, r, row, waves, presence, effect, charges, cost)

    def _charges(self, t: int, r: int, row: int, effect: Effect) -> Iterator[Charge]:
        task, policy = self.tasks[t], self.policy
        if task.kind == "planned":
            minutes = [self._between(self.roster.members[row].site, task.site_of(task.roles[r]))]
        else:
            minutes = self.ways(t, r, row, effect)
        yield "Nearness", sum(min(100, 100 * way // policy.far_minutes) for way in minutes), sum(minutes)
        yield "Releases", policy.release_points * len(effect.released), len(effect.released)
        if policy.of(task, "on_duty_first"):
            there = effect.on_duty if task.kind == "emergency" else effect.touched
            yield "CallIns", policy.call_in_points * there.count(False), there.count(False)
        yield "RestBroken", policy.rest_points * len(effect.broken), len(effect.broken)

    def ways(self, t: int, r: int, row: int, effect: Effect) -> list[int]:
        """Return the minutes of way at the beginning of every wave, or of the first presence."""
        task = self.tasks[t]
        starts = effect.on_duty if task.waves else effect.on_duty[:1]
        near = self._between(self.roster.members[row].site, task.site_of(task.roles[r]))
        return [near if on_duty else self.policy.home_minutes for on_duty in starts]

    def _between(self, start: str | None, end: str | None) -> int:
        if start is None or end is None or start not in self._site or end not in self._site:
            return 0
        return int(self._minutes[self._site[start], self._site[end]])

    def _trade(self, role: TaskRole, rows: list[int]) -> frozenset[str | None] | None:
        if role.business_lines:
            return frozenset(role.business_lines)
        lines = Counter(line for row in rows if (line := self.roster.members[row].business_line))
        if not lines:
            return None
        most = max(lines.values())
        return frozenset(line for line, count in lines.items() if count == most)

    def _levels(self, rows: list[int]) -> dict[int, int]:
        """Return the points for skill levels below the best, by row."""
        name = self.policy.level
        if name is None:
            return {}
        told = {row: value for row in rows if (value := _number(self.roster.members[row].get(name))) is not None}
        if not told:
            return {}
        best, worst = max(told.values()), min(told.values())
        span = best - worst
        return {row: 100 if row not in told else int(100 * (best - told[row]) // span) if span else 0 for row in rows}

    def _fixed_conflicts(self) -> frozenset[tuple[int, int]]:
        windows = {task.task_id: task for task in self.given.fixed_tasks}
        found = set()
        for service in self.given.fixed_services:
            row = self.rows.get(service.member_id)
            for t, task in enumerate(self.tasks):
                if row is not None and in_conflict(self.policy, task, windows[service.task]):
                    found.add((t, row))
        return frozenset(found)

    def _read_rules(
        self,
    ) -> tuple[tuple[Wish, ...], frozenset[tuple[int, int | None, int]], dict[tuple[int, int | None, int], int]]:
        """Return the rules over several options, what is forbidden to single ones, and what they are charged for."""
        wishes: list[Wish] = []
        barred: set[tuple[int, int | None, int]] = set()
        charged: dict[tuple[int, int | None, int], int] = defaultdict(int)
        faults: list[Issue] = []
        for rule, own, must in self._all_rules():
            tasks, rows = self._named(rule, own, faults)
            if rule.kind in ("together", "apart", "pin"):
                wishes.append(Wish(rule, tasks, rows, must))
                continue
            for t in tasks:
                names = [role.name for role in self.tasks[t].roles]
                r = None if rule.role is None else names.index(rule.role)
                for row in rows:
                    if must:
                        barred.add((t, r, row))
                    else:
                        charged[t, r, row] += 1
        if faults:
            raise PolicyError(faults)
        return tuple(wishes), frozenset(barred), dict(charged)

    def _all_rules(self) -> Iterator[tuple[TaskRule, int | None, bool]]:
        for must, rules in ((True, self.policy.must), (False, self.policy.prefer)):
            yield from ((rule, None, must) for rule in rules)
        for t, task in enumerate(self.tasks):
            yield from ((rule, t, True) for rule in task.must)
            yield from ((rule, t, False) for rule in task.prefer)
        if self.policy.requests:
            for request in self.roster.requests:
                if request.kind == "apart":
                    rule = TaskRule(kind="apart", members=request.members)
                    yield rule, None, request.strength == "must"

    def _named(self, rule: TaskRule, own: int | None, faults: list[Issue]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the tasks and rows that a rule speaks of; unknown names are faults."""
        message = f"{rule.kind}: no such member in the roster"
        faults.extend(
            Issue("unknown_member", message, value=id_or_nothing(member))
            for member in rule.members
            if member not in self.rows
        )
        rows = tuple(self.rows[member] for member in dict.fromkeys(rule.members) if member in self.rows)
        tasks = tuple(range(len(self.tasks))) if own is None else (own,)
        if rule.task is not None:
            tasks = tuple(t for t in tasks if self.tasks[t].task_id == rule.task)
            if not tasks and rule.task not in {task.task_id for task in self.given.fixed_tasks}:
                known = ", ".join(task.task_id for task in self.tasks)
                faults.append(
                    Issue("unknown_task", f"{rule.kind}: no such task", value=rule.task, advice=f"use one of: {known}")
                )
        if rule.role is not None:
            with_role = tuple(t for t in tasks if any(role.name == rule.role for role in self.tasks[t].roles))
            if tasks and not with_role:
                known = ", ".join(role.name for t in tasks for role in self.tasks[t].roles)
                faults.append(
                    Issue("unknown_role", f"{rule.kind}: no such role", value=rule.role, advice=f"use one of: {known}")
                )
            tasks = with_role
        return tasks, rows


def _number(value: object) -> Fraction | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
        return Fraction(value).limit_denominator(1000)
    try:
        return Fraction(str(value)).limit_denominator(1000) if isinstance(value, str) else None
    except ValueError:
        return None


def terms_of(policy: TaskPolicy, task: Task) -> Terms:
    """Return on what terms a task takes people from their shifts."""
    return Terms(
        begins=minute_of(task.starts) if task.kind == "emergency" else None,
        rest_before=round(policy.of(task, "rest_before_hours") * 60),
        rest_after=round(policy.of(task, "rest_after_hours") * 60),
        protected=policy.of(task, "protected_rest"),
    )


def wave_patterns(policy: TaskPolicy, task: Task) -> tuple[tuple[int, ...], ...]:
    """Return the sets of waves that one member may serve, with the rest between them.

    Raises
    ------
    PolicyError
        When there are too many to list.
    """
    if not task.waves:
        return ((),)
    rest = dt.timedelta(minutes=round(policy.of(task, "rest_between_waves_hours") * 60))
    most = policy.of(task, "max_waves_per_member") or len(task.waves)
    found: list[tuple[int, ...]] = []
    for size in range(1, min(most, len(task.waves)) + 1):
        for chosen in combinations(task.waves, size):
            ordered = sorted(chosen, key=lambda wave: wave.starts)
            if all(later.starts - earlier.ends >= rest for earlier, later in pairwise(ordered)):
                found.append(tuple(wave.wave for wave in chosen))
                if len(found) > MOST_PATTERNS:
                    advice = "set max_waves_per_member, or longer rest between waves"
                    message = "there are too many ways to choose waves for one member"
                    raise PolicyError(Issue("too_many_waves", message, value=task.task_id, advice=advice))
    return tuple(found)


def compile_case(roster: Roster, tasks: Iterable[Task], policy: TaskPolicy, given: Given) -> Case:
    """Return the case that roster, tasks and policy make.

    Raises
    ------
    PolicyError
        When rules name unknown members, tasks or roles, or waves are longer than allowed.
    """
    asked = tuple(tasks)
    _check(asked, policy)
    reach = max((policy.of(t, name) for t in asked for name in ("rest_before_hours", "rest_after_hours")), default=0)
    margin = dt.timedelta(days=1 + int(reach // 24))
    first = min(task.starts.date() for task in asked) - margin
    last = max(task.ends.date() for task in asked) + margin
    off = [(release.member_id, release.day) for release in given.fixed_releases]
    rota = Rota(roster, first, last, off)
    screening = Screening(roster, asked, policy, given, rota)
    options = tuple(
        option for t, task in enumerate(asked) for r in range(len(task.roles)) for option in screening.options(t, r)
    )
    staffing = Staffing(roster, rota, policy.exclude_participation, policy.count_employees)
    return Case(roster, asked, policy, given, rota, staffing, options, screening.wishes, screening)


def _check(tasks: Sequence[Task], policy: TaskPolicy) -> None:
    faults = []
    for task_id, count in Counter(task.task_id for task in tasks).items():
        if count > 1:
            faults.append(Issue("twice", "two tasks have the same id", value=task_id))
    for task in tasks:
        hours = policy.of(task, "max_wave_hours")
        for wave in task.waves:
            if wave.ends - wave.starts > dt.timedelta(minutes=round(hours * 60)):
                message = f"{task.task_id}: wave {wave.wave} is longer than {hours:g} hours"
                faults.append(Issue("long_wave", message, advice="cut it in two, or raise max_wave_hours"))
        if task.kind == "emergency" and not task.waves:
            for role in task.roles:
                if any(end - start > dt.timedelta(minutes=round(hours * 60)) for start, end in task.presence(role)):
                    message = f"{task.task_id}: {role.name} would work longer than {hours:g} hours on end"
                    faults.append(Issue("long_wave", message, advice="give the task waves, or the role daily hours"))
    if faults:
        raise PolicyError(faults)
