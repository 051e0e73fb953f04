"""Where the model and the verifier could read a rule differently: both are asked, and have to agree."""

from __future__ import annotations

import datetime as dt

import pytest

import grouping as gp
from grouping.errors import InfeasibleError
from grouping.roster import Member, Roster
from grouping.roster.schema import ShiftCode, ShiftPattern

MONDAY = dt.date(2026, 11, 30)
DAY = dt.datetime(2026, 12, 1)
CODES = (ShiftCode(code="D", segments=((480, 1020),)), ShiftCode(code="O", is_work=False))
ANYBODY = gp.Lead(required=False)


def staff(*sequences: str, **attributes: int) -> Roster:
    """Return members m0, m1, … of teams of their own, each with a rota; all have the skill s, m0 the attributes."""
    return Roster(
        tuple(
            Member(
                member_id=f"m{number}",
                department=f"X{number}",
                shift_pattern=f"P{number}",
                skills=("s",),
                attributes=tuple(attributes.items()) if number == 0 else (),
            )
            for number in range(len(sequences))
        ),
        shift_codes=CODES,
        shift_patterns=tuple(
            ShiftPattern(pattern_id=f"P{number}", sequence=tuple(sequence), anchor=MONDAY)
            for number, sequence in enumerate(sequences)
        ),
    )


def job(task_id, starts, hours, **fields):
    return gp.Task(
        task_id=task_id,
        starts=starts,
        ends=starts + dt.timedelta(hours=hours),
        size=(1, 1),
        roles=(gp.TaskRole(name="r", skills_any=("s",)),),
        **{"leader": ANYBODY, **fields},
    )


def test_who_has_no_level_counts_as_the_worst_even_where_all_others_have_the_same():
    roster = staff("O", "O", grade=3)
    policy = gp.TaskPolicy(level="grade", must=(gp.TaskRule(kind="exclude", members=("m0",)),))
    plan = gp.form_task_forces(roster, job("T", DAY, 4), policy=policy)
    assert [one.member_points for one in plan.findings if one.criterion == "Level"] == [100]
    graded = gp.form_task_forces(roster, job("T", DAY, 4), policy=gp.TaskPolicy(level="grade"))
    assert graded.members_of("T") == ("m0",)
    assert graded.explain("m1").tried[0][1].change == 100


def test_somebody_without_the_skills_can_be_asked_about_where_levels_count():
    roster = staff("O", "O", "O", grade=3)
    second, bare = (
        member.model_copy(update=change)
        for member, change in zip(roster.members[1:], ({"attributes": (("grade", 2),)}, {"skills": ()}), strict=True)
    )
    roster = Roster(**{**roster.__dict__, "members": (roster.members[0], second, bare)})
    plan = gp.form_task_forces(roster, job("T", DAY, 4), policy=gp.TaskPolicy(level="grade"))
    assert set(plan.what_if("T", "r", out="m0", in_="m2").broken) == {"skills"}


def test_without_waves_only_the_first_response_is_timed():
    roster = staff("ODOOOOO")  # on duty on the first of the three days alone
    task = job("T", DAY.replace(hour=9), 56, kind="emergency", daily=(540, 1020), response_minutes=20)
    plan = gp.form_task_forces(roster, task)
    assert [start.day for start, _ in plan.services[0].presence] == [1, 2, 3]
    off = staff("OODOOOO")
    with pytest.raises(InfeasibleError, match="too far away"):
        gp.form_task_forces(off, task)


def test_overtime_is_limited_month_by_month_by_the_tasks_that_add_to_it():
    roster = staff("O")
    strict = gp.TaskLimits(overtime_hours=8)
    december = job("A", dt.datetime(2026, 12, 3, 8), 8, limits=strict)
    january = job("B", dt.datetime(2027, 1, 5, 8), 10)
    plan = gp.form_task_forces(roster, [december, january])
    assert plan.members_of("A") == plan.members_of("B") == ("m0",)
    same_month = job("B", dt.datetime(2026, 12, 5, 8), 10)
    with pytest.raises(InfeasibleError):
        gp.form_task_forces(roster, [december, same_month])


def test_a_task_within_the_shift_it_takes_adds_no_overtime_and_limits_none():
    roster = staff("D")
    none = job("A", DAY.replace(hour=9), 4, limits=gp.TaskLimits(overtime_hours=0))
    evening = job("B", dt.datetime(2026, 12, 10, 4), 15)
    alone = {"keep_on_duty": 0}
    plan = gp.form_task_forces(roster, [none, evening], policy=gp.TaskPolicy(**alone))
    assert plan.members_of("A") == plan.members_of("B") == ("m0",)


def test_a_wave_that_nobody_serves_has_nobody_to_lead_it():
    """Of both only the first day is known: then nobody leads the second wave, however alike all options are."""
    people = staff("", "")
    known = {(member_id, DAY.date()): "O" for member_id in people.member_ids}
    roster = Roster(
        people.members,
        shift_codes=people.shift_codes,
        shift_patterns=people.shift_patterns,
        explicit_shifts=known,
    )
    half, able = dt.timedelta(hours=12), gp.Lead(full_member=False)
    waves = tuple(gp.Wave(wave=n, starts=DAY + n * half, ends=DAY + (n + 1) * half) for n in (1, 2))
    task = job("T", DAY + half, 24, leader=able, deputy=able).model_copy(
        update={"waves": waves, "size": (2, 2), "roles": (gp.TaskRole(name="r", min=2, max=2),)}
    )
    with pytest.raises(InfeasibleError):
        gp.form_task_forces(roster, task)


def test_who_stays_for_days_leads_on_every_one_of_them():
    task = gp.Task(
        task_id="T", starts=DAY, ends=DAY + dt.timedelta(days=3), size=(2, 2), leader=gp.Lead(full_member=False),
        roles=(
            gp.TaskRole(name="head", skills_any=("s",)),
            gp.TaskRole(name="cook", skills_any=("c",), daily=(480, 540)),
        ),
    )  # fmt: skip
    people = staff("OOOOOOO", "OOOOOOO")
    cook = people.members[1].model_copy(update={"skills": ("c",), "leader_eligible": False})
    both = people.with_members([people.members[0], cook])
    plan = gp.form_task_forces(both, task, policy=gp.TaskPolicy(overtime_hours=None))
    assert plan.leader_of("T") == "m0"
