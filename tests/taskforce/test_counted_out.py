"""Tiny cases by brute force: every way to man the tasks, judged by the verifier's means, against the solver's plan."""

from __future__ import annotations

import datetime as dt
import random
from itertools import product

import pytest

import grouping as gp
from grouping.errors import InfeasibleError
from grouping.roster import Member, Roster
from grouping.roster.schema import ShiftCode, ShiftPattern, Site, Team
from grouping.taskforce.inputs import given_of
from grouping.taskforce.judging import Judge
from grouping.taskforce.records import Service, TaskForceResult
from grouping.taskforce.schema import Lead, Task, TaskLimits, TaskRole, TaskRule, Wave
from grouping.taskforce.verifying import verify

CODES = (
    ShiftCode(code="D", segments=((480, 1020),)),
    ShiftCode(code="N", segments=((1200, 1920),), recovery_hours=8),
    ShiftCode(code="W", segments=((480, 1920),), recovery_hours=24),
    ShiftCode(code="S", segments=((360, 600), (960, 1200))),
    ShiftCode(code="O", is_work=False),
)


def tiny(seed: int) -> tuple[Roster, list[Task], gp.TaskPolicy, dict[str, int], dict[str, float]]:
    """Return a case that brute force can count out."""
    draw = random.Random(seed)
    patterns = tuple(
        ShiftPattern(
            pattern_id=f"P{number}",
            sequence=tuple(draw.choice("DNWSOO") for _ in range(draw.randint(1, 5))),
            anchor=dt.date(2026, 12, 1),
            crews=draw.choice((None, 2, 3)),
            crew_step_days=1,
        )
        for number in range(2)
    )
    members = tuple(
        Member(
            member_id=f"m{number}",
            department="X",
            team=draw.choice(("A", "B", None)),
            site=draw.choice(("near", "far", None)),
            shift_pattern=draw.choice(("P0", "P1")),
            cycle_offset=draw.randrange(3),
            skills=tuple(skill for skill in ("s", "t") if draw.random() < 0.85),
            status=draw.choice(("full", "full", "probationary")),
            participation=draw.choice(("normal",) * 7 + ("excused",)),
            leader_eligible=draw.choice((None, True, False)),
            business_line=draw.choice(("x", "y")),
            current_group=draw.choice(("G1", "G2", None)),
            nominations=draw.randrange(5),
            attributes=(("grade", draw.randrange(4)),),
        )
        for number in range(4)
    )
    calendar = {("m0", dt.date(2026, 12, 31)): draw.choice("DNO")}
    teams = tuple(Team(team=name, department="X", employees=draw.choice((None, 4, 6))) for name in ("A", "B"))
    roster = Roster(
        members,
        teams=teams,
        sites=(Site(site="near", zone="z"), Site(site="far")),
        shift_codes=CODES,
        shift_patterns=patterns,
        explicit_shifts=calendar,
    )
    tasks = [task_of(draw, "T0", 2)]
    if draw.random() < 0.4:  # fewer choices for each, so that all of them can still be counted out
        tasks = [task_of(draw, name, 1) for name in ("T0", "T1")]
    rules = [TaskRule(kind=draw.choice(("together", "apart", "pin", "forbid")), members=("m0", "m1")) for _ in range(2)]
    policy = gp.TaskPolicy(
        prefer=tuple(rules[: draw.randrange(2)]),
        must=tuple(rule for rule in rules[1:] if rule.kind != "pin" and draw.random() < 0.3),
        level=draw.choice((None, "grade")),
        keep_on_duty=draw.choice((0, 1, 2)),
        max_share_from_one_team=draw.choice((None, 0.5, 1.0, 1.0)),
        max_share_from_one_group=draw.choice((None, 0.5)),
        max_share_rounding=draw.choice(("ceil", "floor")),
        overtime_hours=draw.choice((None, 8, 36)),
        max_releases=draw.choice((None, None, 2)),
        rest_before_hours=draw.choice((0, 8)),
        rest_between_waves_hours=draw.choice((0, 6, 12)),
        weights={"Releases": draw.choice((0.5, 1, 3)), "Strangers": draw.choice((0, 1))},
        service_days=5,
    )
    past = {"m1": draw.randrange(4), "m2": draw.randrange(7)}
    return roster, tasks, policy, past, {"m0": float(draw.randrange(30))}


def task_of(draw: random.Random, name: str, most_roles: int) -> Task:
    """Return a task around the turn of the year."""
    kind = draw.choice(("planned", "emergency"))
    starts = dt.datetime(2026, 12, 31, draw.choice((2, 9, 20)))
    waves, daily, ends = (), None, starts + dt.timedelta(hours=draw.choice((6, 10)))
    if draw.random() < 0.5 and most_roles > 1:
        length = dt.timedelta(hours=draw.choice((4, 6)))
        waves = tuple(
            Wave(wave=at + 1, starts=starts + length * at, ends=starts + length * (at + 1)) for at in range(2)
        )
        ends = waves[-1].ends
    elif kind == "planned" and draw.random() < 0.5:
        daily, ends = (draw.choice((420, 1200)), draw.choice((1320, 1500))), starts + dt.timedelta(days=2)
    roles = tuple(
        TaskRole(
            name=f"r{number}",
            skills_any=draw.choice(((), ("s",), ("t",), ("s", "t"))),
            min=draw.randrange(2),
            max=draw.randint(1, 2),
            per_wave=draw.randrange(2) if waves and number == 0 else 0,
            site=draw.choice(("near", "far", None)),
            daily=draw.choice((None, (0, 60), (600, 660))) if daily else None,
        )
        for number in range(draw.randint(1, most_roles))
    )
    least = max(1, sum(role.min for role in roles))
    most = sum(role.max for role in roles)
    return Task(
        task_id=name,
        kind=kind,
        starts=starts,
        ends=ends,
        size=(least, max(least, most)),
        roles=roles,
        waves=waves,
        daily=daily,
        leader=Lead(required=draw.random() < 0.4, full_member=draw.random() < 0.5, first_wave=draw.random() < 0.3),
        deputy=Lead(required=draw.random() < 0.2, eligible=False, full_member=False),
        min_full=draw.choice((0, 0, 1)),
        response_minutes=draw.choice((None, None, 30, 10)),
        limits=TaskLimits(protected_rest=draw.choice((None, "must", "prefer", "ignore"))),
    )


def brute(roster: Roster, tasks: list[Task], policy: gp.TaskPolicy, past: object, worked: object):
    """Return (broken rests, cost) of the best way to man the tasks; None where every way breaks a rule."""
    given = given_of(roster, tasks, history=past, hours_worked=worked)
    empty = TaskForceResult(
        status="feasible", cost=0, scale=policy.scale, tasks=tuple(tasks), policy=policy, services=(), given=given
    )
    judge = Judge(roster, empty)
    places = []
    for task in tasks:
        numbers = [wave.wave for wave in task.waves]
        served = [
            tuple(number for number, there in zip(numbers, chosen, strict=True) if there)
            for chosen in product((False, True), repeat=len(numbers))
            if any(chosen) or not numbers
        ]
        for role in task.roles:
            able = {member.member_id for member in judge.evidence.able[task.task_id, role.name]}
            places += [(task, role, waves, able) for waves in served]
    best = None
    ways = []
    for member in roster.members:
        own = [place for place in places if member.member_id in place[3]]
        several = [pair for pair in product(own, repeat=2) if pair[0][0].task_id < pair[1][0].task_id]
        ways.append([(), *((place,) for place in own), *several])
    for chosen in product(*ways):
        services = [
            Service(
                task=task.task_id,
                member_id=member.member_id,
                role=role.name,
                waves=waves,
                presence=task.presence(role, waves),
                home=given.homes[member.member_id],
            )
            for member, places_of in zip(roster.members, chosen, strict=True)
            for task, role, waves, _ in places_of
        ]
        counts = [sum(one.task == task.task_id for one in services) for task in tasks]
        if any(not task.size[0] <= count <= task.size[1] for task, count in zip(tasks, counts, strict=True)):
            continue
        if set(judge.judge(services).broken) - {"lead"}:
            continue
        for led in with_leads(services, tasks):
            verdict = judge.judge(led)
            if verdict.is_allowed:
                rests = sum(len(judge.demand(one).rests) for one in led)
                best = (rests, verdict.cost) if best is None else min(best, (rests, verdict.cost))
    return best


def with_leads(services: list[Service], tasks: list[Task]):
    """Yield the services with every choice of leaders and deputies."""
    seats = [
        (task.task_id, seat)
        for task in tasks
        for seat, lead in (("leader", task.leader), ("deputy", task.deputy))
        if lead.required
    ]
    holders = [[at for at, one in enumerate(services) if one.task == task_id] for task_id, _ in seats]
    for chosen in product(*holders):
        if len(set(chosen)) == len(chosen):
            leads = {at: seat for at, (_, seat) in zip(chosen, seats, strict=True)}
            yield [one.model_copy(update={"lead": leads.get(at, "member")}) for at, one in enumerate(services)]


def check(seed: int) -> str:
    """Compare one case; return what came of it."""
    roster, tasks, policy, past, worked = tiny(seed)
    expected = brute(roster, tasks, policy, past, worked)
    try:
        plan = gp.form_task_forces(roster, tasks, policy=policy, history=past, hours_worked=worked, workers=1)
    except InfeasibleError:
        assert expected is None
        return "infeasible"
    assert verify(roster, plan.result) == []
    assert plan.status == "optimal"
    assert (len(plan.result.rests), plan.cost) == expected
    return "rests" if plan.result.rests else "optimal"


@pytest.mark.parametrize("seed", range(14))
def test_no_way_to_man_the_tasks_is_better(seed):
    check(seed)


def test_a_leader_is_there_every_day_though_another_would_suit_better():
    members = tuple(
        Member(member_id=f"m{number}", department="X", shift_pattern="P", skills=(skill,), nominations=votes)
        for number, (skill, votes) in enumerate((("s", 1), ("t", 9)))
    )
    pattern = ShiftPattern(pattern_id="P", sequence=("O",), anchor=dt.date(2026, 12, 1))
    roster = Roster(members, shift_codes=CODES, shift_patterns=(pattern,))
    task = Task(
        task_id="T",
        starts=dt.datetime(2026, 5, 5, 6),
        ends=dt.datetime(2026, 5, 6, 7),
        size=(2, 2),
        roles=(
            TaskRole(name="early", daily=(360, 420), skills_any=("s",)),
            TaskRole(name="late", daily=(600, 660), skills_any=("t",)),
        ),
    )
    plan = gp.form_task_forces(roster, task)
    assert plan.leader_of("T") == "m0"  # m1 has the votes, and is not there on the second day
    assert verify(roster, plan.result) == []
    assert plan.status == "optimal"
