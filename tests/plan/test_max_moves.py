"""MaxMoves: how many are moved from their groups of today is limited over the whole plan, whatever is asked of it."""

from __future__ import annotations

import pytest
from tests.helpers import roster_of

import grouping as gp
from grouping.policy.compiling import compile_parts

# Sites and today's groups do not fit: of each branch, one member of x works where y is, and the other way round.
ROSTER = roster_of(
    site=["A", "A", "A", "B", "B", "B", "B", "A", "C", "C", "C", "D", "D", "D", "D", "C"],
    branch=["P"] * 8 + ["Q"] * 8,
    current_group=["x"] * 4 + ["y"] * 4 + ["z"] * 4 + ["u"] * 4,
)


def policy(most: int | None, fairness: str = "mean") -> gp.Policy:
    few = [] if most is None else [gp.MaxMoves(most)]
    return gp.Policy(size=(3, 5), must=[gp.Within("branch"), *few], prefer=[gp.Alike("site")], fairness=fairness)


def moved(plan: gp.Evaluation) -> int:
    """Return who is not of the old group that most of the new group are of."""
    today = {member.member_id: member.current_group for member in ROSTER.members}
    found = 0
    for group in {seat.group for seat in plan.result.assignments}:
        old = [today[seat.member_id] for seat in plan.result.assignments if seat.group == group]
        found += len(old) - max(old.count(name) for name in old)
    return found


def test_the_limit_binds_over_all_branches_at_once() -> None:
    assert len(compile_parts(ROSTER, policy(None))) == 2
    (part,) = compile_parts(ROSTER, policy(2))
    assert [(budget.name, budget.most) for budget in part.problem.budgets] == [("MaxMoves(2)", 200)]
    points = []
    for most in range(5):
        plan = gp.form_groups(ROSTER, policy(most), time_limit=10)
        assert plan.status == "optimal"
        assert moved(plan) <= most
        assert not plan.violations
        branches = {(seat.group, seat.member_id in ROSTER.member_ids[:8]) for seat in plan.result.assignments}
        assert len(branches) == len(plan.groups)
        points.append(int(sum(plan.scores["points"])))
    assert points == [400, 300, 200, 100, 0]  # groups of 3 to 5: one member can be moved alone


def test_evaluate_names_the_rule() -> None:
    swapped = {m.member_id: m.current_group for m in ROSTER.members} | {"m3": "y", "m7": "x"}
    found = gp.evaluate(ROSTER, policy(1), swapped)
    (broken,) = found.violations
    assert (broken.rule, broken.group, broken.amount) == ("MaxMoves(1)", "", 100)
    assert broken.sentence("zh") == "不符合规则“调整人数上限（1人）”"
    assert not gp.evaluate(ROSTER, policy(2), swapped).violations


@pytest.fixture(scope="module")
def plan() -> gp.Plan:
    return gp.form_groups(ROSTER, policy(2), time_limit=10)


def test_explain_and_what_if_name_it(plan: gp.Plan) -> None:
    assert moved(plan) == 2
    today = {member.member_id: member.current_group for member in ROSTER.members}
    left = next(m for m in ("m3", "m7", "m11", "m15") if plan.result.group_of[m] in _named_after(plan, today[m], today))
    why = plan.explain(left)
    assert any("MaxMoves(2)" in one.rules for one in why.alternatives)
    to = next(one.group for one in why.alternatives if one.rules == ("MaxMoves(2)",))
    found = gp.what_if(plan, member=left, group=to)
    assert {rule.rule for rule in found.broken} == {"MaxMoves(2)"}
    assert found.score > plan.score
    freed = gp.what_if(plan, drop="MaxMoves(2)")
    assert not freed.broken


def _named_after(plan: gp.Plan, name: str | None, today: dict[str, str | None]) -> set[str]:
    """Return the groups that go on from an old one."""
    return {row.group for row in plan.result.groups if row.continues == name}


def test_whatever_is_made_of_the_plan_keeps_it(plan: gp.Plan) -> None:
    made = [
        gp.revise(plan, max_moves=1, time_limit=5).plan,
        gp.revise(plan, price=1, time_limit=5).plan,
        gp.form_groups(ROSTER, plan.lock(groups=[plan.result.groups[0].group]), time_limit=5),
        *(one.plan for one in gp.alternatives(plan, count=2, min_moves=1, max_loss=50, time_limit=5)),
        *gp.tradeoffs(ROSTER, policy(2), points=3, time_limit=3).plans,
    ]
    assert len(made) >= 5
    for one in made:
        assert moved(one) <= 2
        assert not one.violations
    table = plan.groups.set_index("group")["continues"]
    assert set(table) == {"x", "y", "z", "u"}


def test_what_does_not_go_with_it_is_refused(plan: gp.Plan) -> None:
    with pytest.raises(gp.PolicyError, match="worst group first and a limit for the whole plan"):
        gp.form_groups(ROSTER, policy(2, "worst"))
    with pytest.raises(gp.InputError, match="MaxMoves"):
        plan.sensitivity()
    with pytest.raises(gp.PolicyError, match="MaxMoves is a rule"):
        gp.Policy(prefer=[gp.MaxMoves(2)])
    with pytest.raises(gp.PolicyError, match="no limit that could be raised"):
        gp.Within("branch").raised(1)


def test_a_roster_without_old_groups_is_not_limited() -> None:
    (part,) = compile_parts(roster_of(site=["A", "B"]), gp.Policy(size=(1, 2), must=[gp.MaxMoves(0)], prefer=[]))
    assert part.problem.budgets == ()
