"""The model against brute force: every way to man tiny tasks, judged by the verifier's own means."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from tests.taskforce.brute import brute_force

import grouping as gp
from grouping.roster import Member, Roster
from grouping.roster.schema import ShiftCode, ShiftPattern, Team
from grouping.taskforce.case import compile_case
from grouping.taskforce.dispatching import dispatch
from grouping.taskforce.findings import cost_of, services_of
from grouping.taskforce.inputs import given_of
from grouping.taskforce.judging import Judge

MONDAY = dt.date(2026, 11, 30)
CODES = (
    ShiftCode(code="D", segments=((480, 1020),)),
    ShiftCode(code="N", segments=((1200, 1920),), recovery_hours=8),
    ShiftCode(code="S", segments=((330, 570), (930, 1170))),
    ShiftCode(code="O", is_work=False),
)
PATTERNS = (
    ShiftPattern(pattern_id="day", sequence=("D",) * 5 + ("O",) * 2, anchor=MONDAY),
    ShiftPattern(pattern_id="turn", sequence=("D", "N", "O"), anchor=MONDAY, crews=3, crew_step_days=1),
    ShiftPattern(pattern_id="split", sequence=("S", "O"), anchor=MONDAY, crews=2, crew_step_days=1),
)


def tiny_roster(rnd: random.Random, members: int) -> Roster:
    people = []
    for number in range(members):
        pattern = rnd.choice(PATTERNS)
        people.append(
            Member(
                member_id=f"m{number}",
                department="X",
                team=rnd.choice(("t1", "t2")),
                business_line=rnd.choice(("a", "b")),
                status=rnd.choice(("full", "full", "probationary")),
                shift_pattern=pattern.pattern_id,
                cycle_offset=rnd.randrange(len(pattern.sequence)),
                site=None,
                current_group=rnd.choice(("G1", "G2", "G3")),
                skills=tuple(skill for skill in ("s", "u") if rnd.random() < 0.85),
                assessment=float(rnd.randrange(60, 100)),
            )
        )
    teams = (Team(team="t1", department="X", employees=6, shift_pattern="turn"), Team(team="t2", department="X"))
    return Roster(members=tuple(people), teams=teams, shift_codes=CODES, shift_patterns=PATTERNS)


def tiny_task(rnd: random.Random, name: str = "T") -> gp.Task:
    roles = (
        gp.TaskRole(name="one", skills_any=("s",), min=1, max=2, daily=rnd.choice((None, (420, 780), (1260, 1800)))),
        gp.TaskRole(name="two", skills_all=("u",), min=rnd.randrange(2), max=1, daily=rnd.choice((None, (420, 780)))),
    )
    day = MONDAY + dt.timedelta(days=rnd.randrange(10))
    begins = dt.datetime.combine(day, dt.time(rnd.choice((2, 7, 13))))
    common = {"task_id": name, "starts": begins, "size": (rnd.choice((1, 2)), 3), "min_full": rnd.choice((0, 0, 1))}
    if rnd.random() < 0.5:
        hours = dt.timedelta(hours=12)
        waves = tuple(
            gp.Wave(wave=k + 1, starts=begins + k * hours, ends=begins + (k + 1) * hours)
            for k in range(rnd.choice((2, 3)))
        )
        roles = tuple(role.model_copy(update={"daily": None, "per_wave": rnd.randrange(2)}) for role in roles)
        deputy = gp.Lead(required=rnd.random() < 0.5)
        return gp.Task(
            **common, kind="emergency", ends=waves[-1].ends, waves=waves, roles=roles, deputy=deputy, site=None
        )
    ends = begins + dt.timedelta(days=rnd.choice((1, 2)))
    deputy = gp.Lead(required=rnd.random() < 0.3)
    return gp.Task(**common, ends=ends, roles=roles, daily=(480, 960), deputy=deputy)


def tiny_policy(rnd: random.Random) -> gp.TaskPolicy:
    return gp.TaskPolicy(
        max_share_from_one_team=rnd.choice((None, 0.5, 1.0, 1.0)),
        max_share_rounding=rnd.choice(("ceil", "floor")),
        keep_on_duty=rnd.randrange(2),
        max_releases=rnd.choice((None, 3)),
        weights={"Releases": rnd.choice((0.5, 1)), "Trade": rnd.choice((1, 2))},
        overtime_hours=rnd.choice((None, 8, 36)),
        prefer=(gp.TaskRule(kind="apart", members=("m0", "m1")), gp.TaskRule(kind="pin", members=("m2",))),
        must=rnd.choice(((), (gp.TaskRule(kind="together", members=("m1", "m2")),))),
    )


def check(roster: Roster, tasks: list[gp.Task], policy: gp.TaskPolicy) -> str:
    expected = brute_force(roster, tasks, policy, given_of(roster, tasks))
    try:
        plan = gp.form_task_forces(roster, tasks, policy=policy, time_limit=20)
    except gp.InfeasibleError:
        assert expected is None
        return "infeasible"
    assert (len(plan.result.rests), plan.cost) == expected
    assert plan.status == "optimal"
    case = compile_case(roster, tasks, policy, given_of(roster, tasks))
    found = dispatch(case)
    if found is not None and not plan.result.rests:
        assert cost_of(case, found) >= plan.cost
        verdict = Judge(roster, plan.result).judge(services_of(case, found))
        assert verdict.is_allowed, verdict.broken
        assert verdict.cost == cost_of(case, found)
    return "optimal"


@pytest.mark.parametrize("seed", range(16))
def test_one_task_is_manned_as_well_as_brute_force_can(seed):
    rnd = random.Random(seed)
    task = tiny_task(rnd)
    check(tiny_roster(rnd, 3 if len(task.waves) > 2 else 4), [task], tiny_policy(rnd))


def test_two_tasks_at_once_are_manned_as_well_as_brute_force_can():
    rnd = random.Random(5)
    roster = tiny_roster(rnd, 4)
    day = dt.datetime(2026, 12, 31, 20)  # over midnight, month and year ends
    role = gp.TaskRole(name="one", skills_any=("s", "u"), min=1, max=1)
    tasks = [
        gp.Task(task_id=f"T{k}", starts=day + dt.timedelta(hours=k), ends=day + dt.timedelta(hours=8 + k), size=(1, 1),
                roles=(role,), leader=gp.Lead(full_member=False))
        for k in range(3)
    ]  # fmt: skip
    assert check(roster, tasks, gp.TaskPolicy(max_share_from_one_team=1.0)) == "optimal"


def test_a_rest_is_broken_only_when_nobody_else_can():
    night = Member(member_id="m0", department="X", shift_pattern="turn", cycle_offset=1, skills=("s",))
    codes = (CODES[0], CODES[1].model_copy(update={"recovery_hours": 12.0}), *CODES[2:])
    begins = dt.datetime(2026, 12, 1, 10)  # two hours after the night shift
    role = gp.TaskRole(name="one", skills_any=("s",))
    task = gp.Task(
        task_id="T", kind="emergency", starts=begins, ends=begins + dt.timedelta(hours=4), size=(1, 1), roles=(role,)
    )
    alone = Roster(members=(night,), shift_codes=codes, shift_patterns=PATTERNS)
    plan = gp.form_task_forces(alone, task)
    assert [(one.member_id, one.code) for one in plan.result.rests] == [("m0", "N")]
    assert plan.status == "optimal"
    rested = Member(member_id="m1", department="Y", shift_pattern="turn", cycle_offset=2, skills=("s",))
    both = Roster(members=(night, rested), shift_codes=codes, shift_patterns=PATTERNS)
    assert gp.form_task_forces(both, task).members_of("T") == ("m1",)
    strict = task.model_copy(update={"limits": gp.TaskLimits(protected_rest="must")})
    with pytest.raises(gp.InfeasibleError, match=r"1 in protected rest \(m0\)"):
        gp.form_task_forces(alone, strict)
