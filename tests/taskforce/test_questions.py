"""Explanations, what-if, reserves, alternatives and revisions: every figure is that of a plan counted again."""

from __future__ import annotations

import datetime as dt

import pytest

import grouping as gp
from grouping.errors import InfeasibleError, InputError
from grouping.roster import Member, Roster
from grouping.roster.schema import ShiftCode, ShiftPattern
from grouping.taskforce import fewest
from grouping.taskforce.judging import Judge
from grouping.taskforce.verifying import verify

CONFERENCE, REPAIR = "EV-CONF-2026-12", "EV-REPAIR-2026-12"
CATERING = "餐饮 catering"


def test_judging_what_is_there_changes_nothing(branch, formed):
    verdict = Judge(branch, formed.result).judge(formed.services)
    assert (verdict.cost, verdict.change, verdict.broken) == (formed.cost, 0, {})
    assert sorted(verdict.releases, key=repr) == sorted(formed.result.releases, key=repr)
    assert verdict.to_frame().empty


def test_what_if_is_the_cost_of_the_plan_with_that_person_pinned(branch, formed):
    """Against the solver: with everybody else pinned, no choice costs less than the what-if says."""
    seat = next(one for one in formed.services if one.role == CATERING and one.lead == "member")
    serving = {one.member_id for one in formed.services if one.task == CONFERENCE}
    others = (
        m.member_id for m in branch.members if {"厨师证", "面点师证"} & set(m.skills) and m.member_id not in serving
    )
    newcomer, verdict = next(
        (other, verdict)
        for other in others
        if (verdict := formed.what_if(CONFERENCE, CATERING, out=seat.member_id, in_=other)).is_allowed
    )
    conference = [one for one in formed.services if one.task == CONFERENCE]
    rules = [
        gp.TaskRule(
            kind="pin", members=(one.member_id if one is not seat else newcomer,), task=CONFERENCE, role=one.role
        )
        for one in conference
    ]
    repair = [
        gp.TaskRule(kind="pin", members=(one.member_id,), task=REPAIR, role=one.role)
        for one in formed.services
        if one.task == REPAIR
    ]
    again = gp.form_task_forces(branch, formed.tasks, policy=gp.TaskPolicy(must=(*rules, *repair)))
    assert again.status == "optimal"
    assert again.cost == verdict.cost == formed.cost + verdict.change
    assert verdict.to_frame()["change"].sum() == verdict.change


def test_what_if_tells_what_it_would_break(formed):
    seat = next(one for one in formed.services if one.role == CATERING)
    verdict = formed.what_if(CONFERENCE, CATERING, out=seat.member_id, in_="HQ0004")
    assert not verdict.is_allowed
    assert "skills" in verdict.broken
    assert "HQ0004 lacks the skills" in str(verdict)


def test_what_if_a_leader_leaves_somebody_else_leads(formed):
    leader = formed.leader_of(CONFERENCE)
    why = formed.explain(leader, task=CONFERENCE)
    following = why.seats[0].next
    role = why.seats[0].service.role
    verdict = formed.what_if(CONFERENCE, role, out=leader, in_=following.member_id)
    assert verdict.change == following.change >= 0
    assert [one.lead for one in verdict.services if one.task == CONFERENCE].count("leader") == 1


def test_questions_about_what_is_not_there_are_refused(formed):
    for ask in (
        lambda: formed.what_if(CONFERENCE, CATERING, out="HQ0004", in_="HQ0001"),
        lambda: formed.what_if(CONFERENCE, CATERING, out=formed.members_of(CONFERENCE, CATERING)[0], in_="nobody"),
        lambda: formed.explain(),
        lambda: formed.explain("nobody"),
        lambda: formed.explain(role="nothing"),
        lambda: formed.explain(task="nothing"),
        lambda: formed.explain(formed.leader_of(CONFERENCE)).text("fr"),
        lambda: formed.revise(["nobody"]),
        lambda: formed.alternatives(0),
        lambda: formed.approval_form("nothing"),
        lambda: gp.TaskForcePlan.from_json(formed.to_json()).explain(CATERING),
    ):
        with pytest.raises(InputError):
            ask()


def test_an_explanation_counts_everybody(branch, formed):
    why = formed.explain(role=CATERING)
    assert len(why.seats) == len(formed.members_of(CONFERENCE, CATERING))
    for seat in why.seats:
        able = [m for m in branch.members if {"厨师证", "面点师证"} & set(m.skills)]
        assert len(seat.candidates) + 1 == len(able)
        assert seat.unskilled == len(branch) - len(able)
        allowed = [one.change for one in seat.candidates if not one.ruled_out]
        assert allowed == sorted(allowed)
        assert min(allowed, default=0) >= 0  # the plan is optimal
        assert all(one.reasons or one.ruled_out == "serves" for one in seat.candidates if one.ruled_out)
    frame = why.to_frame()
    assert len(frame) == sum(len(seat.candidates) for seat in why.seats)
    assert set(frame.columns) >= {"task", "role", "member_id", "candidate", "change", "ruled_out"}


def test_explanations_speak_two_languages_and_name_nobody(branch, formed):
    names = [member.name for member in branch.members]
    for why in (
        formed.explain(formed.leader_of(CONFERENCE)),
        formed.explain(task=REPAIR),
        formed.explain("HQ0001"),
        formed.explain("HQ0004"),
    ):
        for told in (why.text("en"), why.text("zh"), why.html("zh"), why._repr_html_(), str(why)):
            assert told
            assert not any(name in told for name in names)
    assert "does not serve" in str(formed.explain("HQ0004"))
    assert "lacks the skills of every role" in str(formed.explain("HQ0004"))
    serving = {one.member_id for one in formed.services}
    idle = [member_id for member_id in branch.member_ids if member_id not in serving]
    assert any("in place of" in str(formed.explain(member_id)) for member_id in idle)


def test_reserves_can_stand_in(formed):
    frame = formed.reserve()
    assert frame.groupby(["task", "role"]).size().max() == 2
    for row in frame.itertuples():
        assert 1 <= row.stands_in_for <= row.of
        seats = formed.members_of(row.task, row.role)
        verdicts = [formed.what_if(row.task, row.role, out=one, in_=row.member_id) for one in seats]
        allowed = [verdict.change for verdict in verdicts if verdict.is_allowed]
        assert (len(allowed), min(allowed), max(allowed)) == (row.stands_in_for, row.least_change, row.most_change)


def test_alternatives_differ_and_come_in_order(branch, examples):
    plan = gp.form_task_forces(branch, examples[0])
    others = plan.alternatives(2)
    assert len(others) == 2
    assert plan.cost <= others[0].cost <= others[1].cost
    assert len({frozenset(one.members_of(CONFERENCE)) for one in (plan, *others)}) == 3
    for other in others:
        assert verify(branch, other.result) == []
        assert other.status == ("optimal" if other.cost == plan.cost else "feasible")
        assert not plan.changes(other).empty


def test_somebody_falls_ill_and_little_changes(branch, examples):
    plan = gp.form_task_forces(branch, examples[0])
    ill = plan.members_of(CONFERENCE, CATERING)[0]
    revised = plan.revise([ill])
    assert ill not in revised.members_of(CONFERENCE)
    assert verify(branch, revised.result) == []
    moved = plan.changes(revised)
    assert sorted(moved["what"]) == ["comes", "leaves"]
    best = min(one.change for one in plan.explain(ill).seats[0].candidates if not one.ruled_out)
    assert revised.cost == plan.cost + best
    assert plan.revise().cost == plan.cost
    assert plan.changes(plan.revise()).empty


def test_tasks_that_have_changed_are_revised(branch, examples):
    plan = gp.form_task_forces(branch, examples[0])
    bigger = examples[0].model_copy(update={"size": (15, 18)})
    revised = plan.revise(tasks=[bigger])
    assert len(revised.members_of(CONFERENCE)) == 15
    assert list(plan.changes(revised)["what"]) == ["comes"]


def test_when_nobody_is_left_it_says_so(branch, examples):
    plan = gp.form_task_forces(branch, examples[0])
    dispatchers = [m.member_id for m in branch.members if "调度员" in m.skills]
    with pytest.raises(InfeasibleError):
        plan.revise(dispatchers)


def test_a_plan_read_from_a_file_takes_its_roster_back(branch, formed):
    read = gp.TaskForcePlan.from_json(formed.to_json())
    assert read == formed
    assert read.with_roster(branch).explain(task=CONFERENCE).text() == formed.explain(task=CONFERENCE).text()
    with pytest.raises(InputError, match="is not in the roster"):
        read.with_roster(branch.select(branch.member_ids[:20]))


def test_when_the_leader_falls_ill_the_deputy_may_step_in():
    roster = crew(*({"assessment": fit} for fit in (90.0, 80.0, 70.0, 60.0)))
    task = crew_task(size=(3, 3), deputy=gp.Lead(), roles=(gp.TaskRole(name="r", min=3, max=3),))
    plan = gp.form_task_forces(roster, task)
    assert (plan.leader_of("T"), plan.leader_of("T", "deputy")) == ("m0", "m1")
    revised = plan.revise(["m0"])
    assert (revised.leader_of("T"), revised.leader_of("T", "deputy")) == ("m1", "m2")
    told = revised.result.provenance["revised"]
    assert (told["changes"], told["proven_fewest"]) == (3, True)  # one seat lost, one new, one leader less


def test_a_role_that_nobody_holds_is_not_called_a_lack_of_skills():
    roster = crew({"skills": ("s",)}, {"skills": ("u",)})
    roles = (gp.TaskRole(name="r", skills_any=("s",)), gp.TaskRole(name="spare", skills_any=("u",), min=0))
    plan = gp.form_task_forces(roster, crew_task(roles=roles))
    assert "has the skills of spare in T, in which nobody serves" in plan.explain("m1").text()
    assert "lacks the skills asked for there" in plan.explain("m1", role="r").text()
    assert "不具备该处岗位所需技能" in plan.explain("m1", role="r").text("zh")


def test_too_few_releases_are_told_as_such_however_many_one_person_needs():
    roster = crew({}, {}, sequence="D")
    limits = gp.TaskLimits(max_releases=1, keep_on_duty=0)
    task = crew_task(days=5, daily=(540, 600), limits=limits, leader=gp.Lead(required=False))
    with pytest.raises(InfeasibleError, match=r"it helps to allow 4 more$"):
        gp.form_task_forces(roster, task)


def test_several_changes_that_only_help_together_are_told_as_such():
    roster = crew({"skills": ("s",)}, {"skills": ("s",)})
    roles = tuple(gp.TaskRole(name=name, skills_any=(name,), min=3, max=3) for name in ("s", "u"))
    with pytest.raises(InfeasibleError, match="only all of these changes together help") as caught:
        gp.form_task_forces(roster, crew_task(size=(6, 6), roles=roles))
    assert "一并进行" in caught.value.describe("zh")


def crew(*people, sequence="O"):
    """Return members m0, m1, … of departments of their own on one rota."""
    return Roster(
        tuple(
            Member(member_id=f"m{number}", department=f"X{number}", shift_pattern="P", **fields)
            for number, fields in enumerate(people)
        ),
        shift_codes=(ShiftCode(code="D", segments=((480, 1020),)), ShiftCode(code="O", is_work=False)),
        shift_patterns=(ShiftPattern(pattern_id="P", sequence=tuple(sequence), anchor=dt.date(2026, 11, 30)),),
    )


def crew_task(days=1, **fields):
    starts = dt.datetime(2026, 12, 1, 9)
    ends = dt.datetime(2026, 11, 30, 17) + dt.timedelta(days=days)
    return gp.Task(
        **{"task_id": "T", "starts": starts, "ends": ends, "size": (1, 1), "roles": (gp.TaskRole(name="r"),), **fields}
    )


def test_fewest_changes_are_those_of_all_tasks_opened(monkeypatch, formed):
    """Beside the tasks that have to change, the others need not be opened."""
    for ill in ([formed.members_of(CONFERENCE)[0]], [formed.leader_of(CONFERENCE)]):
        near = formed.revise(ill=ill)
        with monkeypatch.context() as patch:
            patch.setattr(fewest, "_near", lambda case, before: (case, set(range(len(case.tasks)))))
            whole = formed.revise(ill=ill)
        assert near.cost == whole.cost
        told, same = near.result.provenance["revised"], whole.result.provenance["revised"]
        assert (told["changes"], told["proven_fewest"]) == (same["changes"], True)


def test_a_revision_knows_whoever_has_joined_or_left_since(branch, formed):
    serving = {one.member_id for one in formed.services}
    idle = next(member for member in branch.members if member.member_id not in serving)
    ill = [formed.members_of(CONFERENCE)[0]]
    more = branch.with_members([*branch.members, idle.model_copy(update={"member_id": "NEW1", "name": ""})])
    assert formed.with_roster(more).revise(ill=ill).cost <= formed.revise(ill=ill).cost
    fewer = branch.with_members([member for member in branch.members if member is not idle])
    assert formed.with_roster(fewer).revise(ill=ill).status
    assert formed.with_roster(more).alternatives(1)
