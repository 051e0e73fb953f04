"""Quorum: the session that a plan shows for a group is one that enough of its members can attend."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest
from tests.contract.examples import LATE, NOON
from tests.helpers import roster_of

import grouping as gp

# 白班 can come late, 中班 at noon; of each department half are in either shift, so departments never have a quorum.
ROSTER = roster_of(
    department=["P", "P", "P", "P", "Q", "Q", "Q", "Q", "P", "Q"],
    shift=["白班", "中班"] * 4 + ["夜班", "夜班"],
    status=["full"] * 8 + ["probationary"] * 2,
)
SLOTS = (NOON, LATE)


def policy(*must: gp.Criterion, meets: bool = True) -> gp.Policy:
    wishes = [gp.FewDepartments(most=1), *([gp.Attendance(slots=SLOTS)] if meets else [])]
    return gp.Policy(size=(4, 6), groups=2, must=must, prefer=wishes, principles={"convene": 0.01})


def can_attend(plan: gp.Evaluation, group: str) -> tuple[int, int]:
    """Return how many full members of a group can attend the session that is shown, and how many there are."""
    states = ROSTER.availability(SLOTS)
    session = plan.groups.set_index("group").loc[group, "session"]
    slot = next(slot for slot in SLOTS if slot.label == session)
    who = [m.member_id for m in ROSTER.members if plan.result.group_of[m.member_id] == group and m.status == "full"]
    return sum(states.loc[member, slot.slot_id] in "AO" for member in who), len(who)


@pytest.mark.parametrize("meets", [True, False])
def test_the_session_that_is_shown_has_the_quorum(meets: bool) -> None:
    free = gp.form_groups(ROSTER, policy(meets=meets), time_limit=5)
    assert sum(free.scores.set_index("criterion").loc[["FewDepartments"], "points"]) == 0
    plan = gp.form_groups(ROSTER, policy(gp.Quorum(slots=SLOTS), meets=meets), time_limit=5)
    assert plan.status == "optimal"
    assert not plan.violations
    for group in plan.groups["group"]:
        come, who = can_attend(plan, group)
        assert 2 * come > who
    assert plan.score < free.score


def test_evaluate_names_who_cannot_attend() -> None:
    by_department = {m.member_id: m.department for m in ROSTER.members}
    found = gp.evaluate(ROSTER, policy(gp.Quorum(slots=SLOTS)), by_department)
    assert [(v.rule, v.group, v.amount) for v in found.violations] == [("Quorum(0.5)", "P", 1), ("Quorum(0.5)", "Q", 1)]
    assert {len(v.members) for v in found.violations} == {2}
    assert found.violations[0].sentence("zh").startswith("P不符合规则“到会人数（50%）”：")
    half = gp.Quorum(over=False, slots=SLOTS)
    assert not gp.evaluate(ROSTER, policy(half), by_department).violations


def test_explain_what_if_and_diagnose_name_it() -> None:
    plan = gp.form_groups(ROSTER, policy(gp.Quorum(slots=SLOTS)), time_limit=5)
    broken = {rule for member in ROSTER.member_ids for one in plan.explain(member).alternatives for rule in one.rules}
    assert "Quorum(0.5)" in broken
    assert not gp.what_if(plan, drop="Quorum(0.5)").broken
    more = gp.what_if(gp.form_groups(ROSTER, policy(), time_limit=5), must=[gp.Quorum(slots=SLOTS)])
    assert {rule.rule for rule in more.broken} == {"Quorum(0.5)"}
    everybody = gp.Quorum(share=1, over=False, least="A", slots=SLOTS)
    found = gp.diagnose(ROSTER, policy(everybody, gp.Together(["m0", "m1"])), time_limit=20)
    assert found.relaxation is not None
    assert found.relaxation.plan is not None
    assert "at least 100% of the full members can attend each group's session" in found.text()
    assert "每组有至少100%的正式党员能参加活动" in found.text("zh")


def test_other_sessions_than_those_of_attendance_are_refused() -> None:
    for meeting in (
        gp.Attendance(),
        gp.Attendance(sessions=2, slots=SLOTS),
        gp.Attendance(slots=SLOTS, credits={"O": 9}),
    ):
        with pytest.raises(gp.PolicyError, match="different sessions"):
            gp.Policy(must=[gp.Quorum(slots=SLOTS)], prefer=[meeting])
    assert gp.Policy(must=[gp.Quorum(sessions=2)], prefer=[gp.Attendance(sessions=2, weight=3)])


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": 1.1}, {"share": "most"}, {"share": True}, {"share": 0.12345}, {"share": 1}, {"over": 1},
        {"counted": "some"}, {"least": "D"}, {"sessions": 3}, {"slots": [1]},
    ],
)  # fmt: skip
def test_parameters_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(gp.PolicyError):
        gp.Quorum(**wrong)  # type: ignore[arg-type]


def test_a_share_may_be_a_fraction() -> None:
    rule = gp.Quorum(share="2/3")  # type: ignore[arg-type]
    assert rule.share == Fraction(2, 3)
    assert rule.to_dict() == {"type": "Quorum", "share": "2/3"}


def test_a_rule_that_the_roster_cannot_answer_is_told_as_not_judged():
    """Nothing is known of any shift, place or group of today, so nothing is promised of them."""
    frame = pd.DataFrame(
        {"id": [f"E{n}" for n in range(8)], "department": "X", "shift": [f"turn {n % 2}" for n in range(8)]}
    )
    roster = gp.read_roster(frame, unknown_shift="label")
    rules = [gp.Quorum(), gp.MaxTravel(10), gp.MaxMoves(1)]
    policy = gp.Policy.balanced(size=(4, 4), must=rules)
    plan = gp.form_groups(roster, policy, time_limit=5)
    unjudged = set(plan.result.unused)
    assert {"MaxTravel(10)", "MaxMoves(1)"} <= unjudged
    told = gp.diagnose(roster, policy).warnings
    assert sum("not judged" in one for one in told) == 2
