"""What is handed in besides roster and tasks: history, hours, plans that stand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import grouping as gp
from grouping.errors import InputError
from grouping.roster import Member, Roster
from grouping.roster.schema import ShiftCode, ShiftPattern
from grouping.taskforce.inputs import given_of
from grouping.taskforce.verifying import verify


def staff(count: int, sequence: str = "O") -> Roster:
    codes = (ShiftCode(code="D", segments=((480, 1020),)), ShiftCode(code="O", is_work=False))
    pattern = ShiftPattern(pattern_id="P", sequence=tuple(sequence), anchor=dt.date(2026, 11, 30))
    members = tuple(
        Member(member_id=f"m{number}", department=f"X{number}", shift_pattern="P") for number in range(count)
    )
    return Roster(members, shift_codes=codes, shift_patterns=(pattern,))


def job(task_id: str, starts: dt.datetime, hours: int) -> gp.Task:
    return gp.Task(
        task_id=task_id,
        starts=starts,
        ends=starts + dt.timedelta(hours=hours),
        size=(1, 1),
        roles=(gp.TaskRole(name="r"),),
        leader=gp.Lead(required=False),
    )


FIRST = job("A", dt.datetime(2026, 12, 1, 0), 30)


@pytest.mark.parametrize(
    "month", ["2026-9", "2026/09", "2026年9月", "2026-09-15", 202609, dt.date(2026, 9, 1), pd.Period("2026-09")]
)
def test_months_are_understood_however_they_are_written(month):
    worked = pd.DataFrame({"工号": ["m0"], "加班小时": ["12.5"], "月份": [month]})
    assert given_of(staff(1), [FIRST], hours_worked=worked).overtime_minutes == {"m0": {"2026-09": 750}}


@pytest.mark.parametrize(("month", "hours"), [("September", 3), ("2026-13", 3), ("2026-09", "many"), (None, True)])
def test_months_and_hours_that_are_none_are_told(month, hours):
    worked = pd.DataFrame({"member_id": ["m0"], "hours": [hours], "month": [month]}, dtype=object)
    with pytest.raises(InputError, match="hours_worked: not a"):
        given_of(staff(1), [FIRST], hours_worked=worked)


def test_numbers_of_numpy_are_numbers():
    given = given_of(staff(1), [FIRST], history={"m0": np.int64(3)}, hours_worked={"m0": np.float32(1.5)})
    assert (given.past_days, given.overtime_minutes) == ({"m0": 3}, {"m0": {"2026-12": 90}})


def test_past_service_takes_dates_as_people_write_them():
    rows = {"工号": ["m0", "m0"], "开始": ["2026/3/1", "2026年5月30日"], "结束": ["2026/3/3", dt.date(2026, 6, 1)]}
    assert given_of(staff(1), [FIRST], history=pd.DataFrame(rows)).past_days == {"m0": 6}
    wrong = pd.DataFrame({"member_id": ["m0"], "starts": ["spring"], "ends": ["2026-03-03"]})
    with pytest.raises(InputError, match="history: not a date"):
        given_of(staff(1), [FIRST], history=wrong)
    turned = pd.DataFrame({"member_id": ["m0"], "starts": ["2026-03-03"], "ends": ["2026-03-01"]})
    with pytest.raises(InputError, match="history: ends before it starts"):
        given_of(staff(1), [FIRST], history=turned)


def test_hours_of_plans_that_stand_count_towards_the_limit_of_the_month():
    roster = staff(2)
    first = gp.form_task_forces(roster, FIRST)
    second = job("B", dt.datetime(2026, 12, 20, 8), 10)  # 30 hours and 10 are more than 36
    plan = gp.form_task_forces(roster, second, fixed=first, hours_worked={"m0": 1})
    assert set(plan.members_of("B")).isdisjoint(first.members_of("A"))
    assert plan.result.given.overtime_minutes[first.members_of("A")[0]]["2026-12"] >= 30 * 60
    later = gp.form_task_forces(roster, job("B", dt.datetime(2027, 1, 20, 8), 10), fixed=first)
    assert later.status == "optimal"
    told = plan.result.model_copy(update={"given": plan.result.given.model_copy(update={"overtime_minutes": {}})})
    assert "in 2026-12 before, in plans that stand" in str(verify(roster, told))


def test_hours_within_a_shift_that_a_standing_plan_takes_are_none_beyond():
    roster = staff(1, "D")
    first = gp.form_task_forces(roster, job("A", dt.datetime(2026, 12, 1, 7), 10), policy=gp.TaskPolicy(keep_on_duty=0))
    given = given_of(roster, [job("B", dt.datetime(2026, 12, 20, 8), 10)], fixed=first)
    assert given.overtime_minutes == {"m0": {"2026-12": 60}}


def test_plans_that_stand_bring_those_they_were_made_beside():
    roster = staff(3)
    tasks = [job(name, dt.datetime(2026, 12, 1, 8), 10) for name in "ABC"]
    first = gp.form_task_forces(roster, tasks[0])
    second = gp.form_task_forces(roster, tasks[1], fixed=first)
    third = gp.form_task_forces(roster, tasks[2], fixed=second)  # the first stands, too
    served = [plan.services[0].member_id for plan in (first, second, third)]
    assert len(set(served)) == 3
    assert set(third.result.given.fixed_services) == {*first.services, *second.services}
    both = gp.form_task_forces(roster, tasks[2], fixed=[first, second])
    assert {one.task for one in both.result.given.fixed_services} == {"A", "B"}
    again = gp.form_task_forces(roster, tasks[0], fixed=second)  # asked for anew, it does not stand
    assert [task.task_id for task in again.result.given.fixed_tasks] == ["B"]
    with pytest.raises(InputError, match="stands already"):
        gp.form_task_forces(roster, tasks[2], fixed=[second, second])


def test_members_asked_for_by_name_are_not_repeated(branch, formed):
    name = branch.members[0].name
    rule = gp.TaskPolicy(must=(gp.TaskRule(kind="pin", members=(name,)),))
    task = formed.tasks[0]
    for ask in (
        lambda: gp.form_task_forces(branch, task, policy=rule),
        lambda: given_of(branch, [task], hours_worked={name: 3}),
        lambda: given_of(branch, [task], history={name: -3}),
        lambda: formed.revise([name]),
        lambda: formed.explain(name),
        lambda: formed.what_if(task.task_id, task.roles[0].name, out=name, in_="HQ0001"),
        lambda: formed.what_if(task.task_id, task.roles[0].name, out=formed.services[0].member_id, in_=name),
    ):
        with pytest.raises(InputError) as caught:
            ask()
        assert name not in str(caught.value)


def test_a_site_that_the_roster_does_not_know_is_not_taken_for_near(branch, formed):
    lost = formed.tasks[1].model_copy(update={"site": "行政办公搂"})
    with pytest.raises(InputError, match="no such site in the roster") as caught:
        gp.form_task_forces(branch, lost)
    assert "行政办公楼" in str(caught.value)
    assert given_of(staff(1), [lost]).fixed_tasks == ()  # a roster without sites judges no way
