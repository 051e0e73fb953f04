"""The worked examples: proven, explained when they cannot be, and what comes on top of a plan that stands."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from ortools.sat.python import cp_model

import grouping as gp
from grouping.roster.schema import ShiftCode, ShiftPattern
from grouping.taskforce import forming, large
from grouping.taskforce.bounding import bound_of
from grouping.taskforce.case import compile_case
from grouping.taskforce.inputs import given_of
from grouping.taskforce.model import TaskModel

CONFERENCE, REPAIR = "EV-CONF-2026-12", "EV-REPAIR-2026-12"


def floored(task: gp.Task) -> gp.Task:
    return task.model_copy(update={"limits": task.limits.model_copy(update={"max_share_rounding": "floor"})})


@pytest.mark.parametrize("chosen", [[0], [1]])
def test_each_example_alone_is_proven(branch, examples, chosen):
    plan = gp.form_task_forces(branch, [examples[k] for k in chosen], time_limit=20)
    assert (plan.status, plan.gap) == ("optimal", 0)
    assert plan.result.provenance["stopped_by"] == "proof"


def test_both_examples_together(formed):
    assert formed.status == "optimal"
    assert 14 <= len(formed.members_of(CONFERENCE)) <= 18
    assert 10 <= len(formed.members_of(REPAIR)) <= 14
    assert set(formed.members_of(CONFERENCE, "会务服务 conference attendants")) < {"HQ0012", "HQ0013", "HQ0014"}
    assert formed.leader_of(REPAIR) != formed.leader_of(REPAIR, "deputy")
    assert not formed.result.rests


def test_with_shares_rounded_down_it_says_who_blocks_it_and_what_helps(branch, examples):
    with pytest.raises(gp.InfeasibleError) as caught:
        gp.form_task_forces(branch, [floored(examples[0])])
    (reason,) = caught.value.reasons
    assert "会务服务 conference attendants needs 2" in reason
    assert "办公楼物业班 may give only 1 of its 3" in reason
    assert "1 more from 办公楼物业班" in reason
    assert "最多只能抽调1人" in reason.zh


def test_what_is_short_is_counted_out(branch, examples):
    barred = gp.TaskRule(kind="exclude", members=("HQ0021",))
    with pytest.raises(gp.InfeasibleError, match=r"needs 2 and finds 1: .*ruled out by name \(HQ0021\)"):
        gp.form_task_forces(branch, [examples[1]], policy=gp.TaskPolicy(must=(barred,)))
    with pytest.raises(gp.InfeasibleError, match="max_releases = 30; it helps to allow"):
        gp.form_task_forces(branch, [examples[0]], policy=gp.TaskPolicy(max_releases=30))


def test_rules_are_kept_and_wishes_cost(branch, examples):
    policy = gp.TaskPolicy(
        must=(
            gp.TaskRule(kind="pin", members=("HQ0032",), task=CONFERENCE),
            gp.TaskRule(kind="forbid", members=("HQ0029",), task=CONFERENCE, role="安保 security"),
        ),
        prefer=(gp.TaskRule(kind="apart", members=("HQ0012", "HQ0013", "HQ0014")),),
    )
    plan = gp.form_task_forces(branch, [examples[0]], policy=policy)
    members = plan.members_of(CONFERENCE)
    assert "HQ0032" in members
    assert "HQ0029" not in members
    assert [f.member_points for f in plan.findings if f.criterion == "Wishes"] == [100]
    wrong = (gp.TaskRule(kind="pin", members=("nobody",), role="nothing", task="never"),)
    with pytest.raises(gp.PolicyError) as caught:
        gp.form_task_forces(branch, [examples[0]], policy=gp.TaskPolicy(must=wrong))
    assert {issue.code for issue in caught.value.issues} == {"unknown_member", "unknown_task"}


def test_past_service_and_overtime_worked_count(branch, examples):
    plan = gp.form_task_forces(branch, [examples[0]])
    nurse = plan.members_of(CONFERENCE, "医疗 medical")[0]
    served = gp.form_task_forces(branch, [examples[0]], history={nurse: 60})
    assert nurse not in served.members_of(CONFERENCE)
    worked = pd.DataFrame({"工号": [nurse], "加班小时": [36], "月份": ["2026-12"]})
    tired = gp.form_task_forces(branch, [examples[0]], hours_worked=worked)
    assert nurse not in tired.members_of(CONFERENCE)
    with pytest.raises(gp.InputError, match="no such member"):
        gp.form_task_forces(branch, [examples[0]], hours_worked={"nobody": 1})


def test_a_plan_that_stands_keeps_its_people(branch, examples):
    first = gp.form_task_forces(branch, [examples[0]])
    shift = dt.timedelta(days=7)  # the burst falls into the conference
    waves = tuple(w.model_copy(update={"starts": w.starts + shift, "ends": w.ends + shift}) for w in examples[1].waves)
    times = {"starts": examples[1].starts + shift, "ends": examples[1].ends + shift, "waves": waves}
    with pytest.raises(gp.InfeasibleError, match="serving in a task that stands"):
        gp.form_task_forces(branch, [examples[1].model_copy(update=times)], fixed=first)
    plan = gp.form_task_forces(branch, [examples[1]], fixed=first)  # a week before: all are free again
    assert plan.result.given.fixed_services == first.services
    with pytest.raises(gp.InputError, match="stands already"):
        gp.form_task_forces(branch, [examples[0]], fixed=first)


def test_standing_groups_are_what_shares_are_counted_in(branch, examples):
    groups = gp.form_groups(branch, gp.Policy.balanced(size=(6, 12)), time_limit=3)
    policy = gp.TaskPolicy(max_share_from_one_group=0.5)
    plan = gp.form_task_forces(branch, [examples[0]], standing=groups, policy=policy)
    size = dict(zip(groups.groups["group"], groups.groups["size"], strict=True))
    taken = plan.assignments["home"].value_counts()
    assert all(2 * count <= size[home] + 1 for home, count in taken.items())


def test_the_same_seed_gives_the_same_plan(branch, examples):
    plans = [gp.form_task_forces(branch, examples, seed=3, reproducible=True) for _ in range(2)]
    assert plans[0].services == plans[1].services


def test_a_bound_of_prices_is_never_above_the_optimum(branch, examples, formed):
    case = compile_case(branch, examples, gp.TaskPolicy(), given_of(branch, examples))
    model = TaskModel(case)
    model.model.minimize(model.objective)
    bound = bound_of(model.model, 10)
    assert 0.5 * formed.cost < bound.cost <= formed.cost
    alone = []
    for t in range(2):
        part = TaskModel(case, tasks=[t])
        part.model.minimize(part.objective)
        alone.append(bound_of(part.model, 10).cost)
    assert sum(alone) <= formed.cost


def test_large_cases_come_to_the_same_plan(monkeypatch, branch, examples, formed):
    monkeypatch.setattr(forming, "LARGE", 10)
    plan = gp.form_task_forces(branch, examples, time_limit=20)
    assert (plan.cost, plan.cost_bound) == (formed.cost, formed.cost)
    monkeypatch.setattr(large, "_MANY", 0)  # never closed over what is left
    plan = gp.form_task_forces(branch, examples, time_limit=4)
    assert plan.cost_bound <= formed.cost <= plan.cost
    monkeypatch.setattr(large, "_PROMISING", (1, 1))  # the first choice is bad; one or two tasks at a time mend it
    plan = gp.form_task_forces(branch, examples, time_limit=20)
    assert plan.cost == formed.cost


def test_what_tasks_cost_adds_up(branch, examples):
    case = compile_case(branch, examples, gp.TaskPolicy(), given_of(branch, examples))
    model = TaskModel(case)
    model.model.minimize(model.objective)
    solver = cp_model.CpSolver()
    solver.solve(model.model)
    parts = [solver.value(model.cost(t)) for t in (0, 1, None)]
    assert (sum(parts), parts[2]) == (solver.value(model.objective), 0)


def test_waves_and_options_are_checked(branch, examples):
    long = gp.TaskPolicy(max_wave_hours=8)
    with pytest.raises(gp.PolicyError, match="wave 1 is longer than 8 hours"):
        gp.form_task_forces(branch, [examples[1]], policy=long)
    with pytest.raises(gp.InputError, match="not empty"):
        gp.form_task_forces(branch, [])
    with pytest.raises(gp.PolicyError, match="unknown: Speed"):
        gp.TaskPolicy.from_dict({"weights": {"Speed": 1}})


def test_a_task_without_a_linear_bound_keeps_all_its_options(monkeypatch, branch, examples, formed):
    monkeypatch.setattr(forming, "LARGE", 10)
    monkeypatch.setattr(large, "bound_of", lambda model, seconds: None)
    monkeypatch.setattr(large, "_PROMISING", (1, 1))
    plan = gp.form_task_forces(branch, examples, time_limit=20)
    assert (plan.cost, plan.cost_bound) == (formed.cost, formed.cost)


def test_large_cases_come_to_the_same_alternatives(monkeypatch, branch, examples, formed):
    """Under further demands the plan at hand is none to begin from, and nothing may be ruled out by its cost."""
    wanted = [other.cost for other in formed.alternatives(2)]
    monkeypatch.setattr(forming, "LARGE", 10)
    assert [other.cost for other in formed.alternatives(2)] == wanted


def test_a_task_alone_is_limited_no_more_than_beside_the_others(monkeypatch):
    """Beside a task that may take a whole team, a strict one may take what it could not take alone."""
    free = tuple(
        gp.Member(member_id=f"m{n}", department="P", team="P", shift_pattern="rest", skills=("s",)) for n in range(10)
    )
    roster = gp.Roster(
        free,
        shift_codes=(ShiftCode(code="O", is_work=False),),
        shift_patterns=(ShiftPattern(pattern_id="rest", sequence=("O",), anchor=dt.date(2026, 11, 30)),),
    )
    day = dt.datetime(2026, 12, 1)

    def task(name, begins, ends, size, share):
        return gp.Task(
            task_id=name, starts=day + dt.timedelta(hours=begins), ends=day + dt.timedelta(hours=ends),
            size=(size, size), roles=(gp.TaskRole(name="r", min=size, max=size),), leader=gp.Lead(required=False),
            limits=gp.TaskLimits(max_share_from_one_team=share),
        )  # fmt: skip

    stands = gp.form_task_forces(roster, task("F", 0, 24, 2, 0.2))
    tasks = [task("A", 10, 12, 2, 0.2), task("B", 8, 14, 1, 1.0)]
    small = gp.form_task_forces(roster, tasks, fixed=stands)
    monkeypatch.setattr(forming, "LARGE", 0)
    large_one = gp.form_task_forces(roster, tasks, fixed=stands)
    assert (small.status, large_one.status) == ("optimal", "optimal")
    assert small.cost == large_one.cost
