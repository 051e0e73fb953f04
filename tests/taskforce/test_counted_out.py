"""Tiny cases in which every rule and criterion may matter, by brute force against the solver's plan."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from tests.taskforce.brute import brute_force

import grouping as gp
from grouping.errors import InfeasibleError
from grouping.roster import Member, Roster
from grouping.roster.schema import ShiftCode, ShiftPattern, Site, Team
from grouping.taskforce.inputs import given_of
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


def check(seed: int) -> str:
    """Compare one case; return what came of it."""
    roster, tasks, policy, past, worked = tiny(seed)
    given = given_of(roster, tasks, history=past, hours_worked=worked)
    expected = brute_force(roster, tasks, policy, given)
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
