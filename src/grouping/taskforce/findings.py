"""What a choice of people costs: findings counted from the choice itself, never from the solver's own numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.taskforce.hours import moment_of
from grouping.taskforce.policy import CRITERIA
from grouping.taskforce.records import Release, RestBroken, Service, TaskFinding

if TYPE_CHECKING:
    from grouping.taskforce.case import Case, Option, Wish
    from grouping.taskforce.records import TaskForceResult


@dataclass(frozen=True)
class Choice:
    """Who was chosen: positions of options, and (task, "leader" or "deputy") → row."""

    options: tuple[int, ...]
    leads: dict[tuple[int, str], int]


def choice_of(case: Case, result: TaskForceResult) -> Choice | None:
    """Return the choice that services make; None where somebody serves in a way that the case does not allow."""
    index = {
        (option.task, option.role, option.member, option.waves): position
        for position, option in enumerate(case.options)
    }
    numbers = {task.task_id: t for t, task in enumerate(case.tasks)}
    found = []
    leads: dict[tuple[int, str], int] = {}
    for service in result.services:
        t = numbers.get(service.task)
        row = case.rows.get(service.member_id)
        if t is None or row is None:
            return None
        names = [role.name for role in case.tasks[t].roles]
        if service.role not in names:
            return None
        position = index.get((t, names.index(service.role), row, service.waves))
        if position is None:
            return None
        found.append(position)
        if service.lead != "member":
            leads[t, service.lead] = row
    return Choice(tuple(sorted(found)), leads)


def services_of(case: Case, choice: Choice) -> tuple[Service, ...]:
    """Return who serves where, task by task, role by role, in the order of the roster."""
    seats = {(t, row): seat for (t, seat), row in choice.leads.items()}
    options = [case.options[position] for position in choice.options]
    ordered = sorted(options, key=lambda option: (option.task, option.role, option.member))
    return tuple(
        Service(
            task=case.tasks[option.task].task_id,
            member_id=_id(case, option),
            role=case.tasks[option.task].roles[option.role].name,
            lead=seats.get((option.task, option.member), "member"),  # type: ignore[arg-type]
            waves=option.waves,
            presence=tuple((moment_of(start), moment_of(end)) for start, end in option.presence),
            home=case.homes[option.member],
        )
        for option in ordered
    )


def releases_of(case: Case, choice: Choice) -> tuple[Release, ...]:
    """Return the shifts that people are taken out of, in order."""
    found = []
    for option in (case.options[position] for position in choice.options):
        member = case.roster.members[option.member]
        found += [
            Release(
                task=case.tasks[option.task].task_id,
                member_id=member.member_id,
                day=shift.day,
                code=shift.code,
                team=member.team or "",
                department=member.department,
                begun=begun,
            )
            for shift, begun in option.effect.released
        ]
    return tuple(sorted(found, key=lambda one: (one.task, one.day, one.member_id)))


def rests_of(case: Case, choice: Choice) -> tuple[RestBroken, ...]:
    """Return the rests that are broken, in order."""
    found = [
        RestBroken(
            task=case.tasks[option.task].task_id,
            member_id=_id(case, option),
            starts=moment_of(start),
            day=shift.day,
            code=shift.code,
        )
        for option in (case.options[position] for position in choice.options)
        for start, shift in option.effect.broken
    ]
    return tuple(sorted(found, key=lambda one: (one.task, one.starts, one.member_id)))


def findings_of(case: Case, choice: Choice) -> tuple[TaskFinding, ...]:
    """Return what every task loses by every criterion; findings without points are left out."""
    found = []
    for t in range(len(case.tasks)):
        options = [case.options[position] for position in choice.options if case.options[position].task == t]
        found += [*_single(case, t, options), *_leads(case, t, choice), *_homes(case, t, options)]
    found += _wishes(case, choice)
    order = {name: at for at, name in enumerate(CRITERIA)}
    numbers = {task.task_id: t for t, task in enumerate(case.tasks)}
    found.sort(key=lambda one: (numbers[one.task], order[one.criterion], one.home, one.members))
    return tuple(finding for finding in found if finding.member_points)


def cost_of(case: Case, choice: Choice) -> int:
    """Return the cost points of a choice."""
    return sum(finding.points for finding in findings_of(case, choice))


def _id(case: Case, option: Option) -> str:
    return case.roster.members[option.member].member_id


def _finding(
    case: Case,
    t: int,
    criterion: str,
    points: int,
    members: Sequence[str] = (),
    role: str = "",
    home: str = "",
    amount: int = 0,
) -> TaskFinding:
    return TaskFinding(
        criterion=criterion,
        principle=CRITERIA[criterion],
        task=case.tasks[t].task_id,
        members=tuple(members),
        role=role,
        home=home,
        member_points=points,
        points=points * case.policy.factor(criterion),
        amount=amount,
    )


def _single(case: Case, t: int, options: Sequence[Option]) -> Iterator[TaskFinding]:
    """Yield what single members are charged for, a finding for each."""
    for option in options:
        role = case.tasks[t].roles[option.role].name
        for criterion, points, amount in option.charges:
            yield _finding(case, t, criterion, points, (_id(case, option),), role, "", amount)


def _leads(case: Case, t: int, choice: Choice) -> Iterator[TaskFinding]:
    for (task, seat), row in choice.leads.items():
        if task == t:
            short = 100 - case.fits[row]
            points = short if seat == "leader" else short // 2
            yield _finding(case, t, "LeaderFit", points, (case.roster.members[row].member_id,), seat, "", short)


def _homes(case: Case, t: int, options: Sequence[Option]) -> Iterator[TaskFinding]:
    taken: dict[str, list[str]] = defaultdict(list)
    for option in options:
        taken[case.homes[option.member]].append(_id(case, option))
    if not taken:
        return
    totals: Counter[str] = Counter()
    for home, members in taken.items():
        for criterion, points in case.home_points(home, len(members)).items():
            if criterion == "HomeGroups":
                totals[criterion] += points
            else:
                yield _finding(case, t, criterion, points, members, "", home, len(members))
    yield _finding(case, t, "HomeGroups", totals["HomeGroups"] - 100, (), "", "", len(taken))


def _wishes(case: Case, choice: Choice) -> Iterator[TaskFinding]:
    """Yield what wishes about several options cost; those about single members are among their charges."""
    serving: dict[int, set[int]] = defaultdict(set)
    roles: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for option in (case.options[position] for position in choice.options):
        serving[option.task].add(option.member)
        roles[option.task].add((option.member, case.tasks[option.task].roles[option.role].name))
    for wish in case.wishes:
        if wish.must or not wish.tasks:
            continue
        ids = [case.roster.members[row].member_id for row in wish.rows]
        if wish.rule.kind == "pin":
            missing = [
                row for row in wish.rows if not any(_is_there(wish, row, serving[t], roles[t]) for t in wish.tasks)
            ]
            ids = [case.roster.members[row].member_id for row in missing]
            yield _finding(case, wish.tasks[0], "Wishes", 100 * len(missing), ids, "", "", len(missing))
            continue
        for t in wish.tasks:
            inside = sum(row in serving[t] for row in wish.rows)
            if wish.rule.kind == "apart":
                yield _finding(case, t, "Wishes", 100 * max(0, inside - 1), ids, "", "", inside)
            elif 0 < inside < len(wish.rows):
                yield _finding(case, t, "Wishes", 100, ids, "", "", inside)


def _is_there(wish: Wish, row: int, serving: set[int], roles: set[tuple[int, str]]) -> bool:
    return row in serving if wish.rule.role is None else (row, wish.rule.role) in roles
