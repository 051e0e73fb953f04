from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.helpers import roster_of

import grouping as gp
from grouping.policy.compiling import compile_parts

if TYPE_CHECKING:
    from collections.abc import Mapping


def members_of(division: gp.Evaluation) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for seat in division.result.assignments:
        found.setdefault(seat.group, set()).add(seat.member_id)
    return found


def leaders_of(division: gp.Evaluation) -> Mapping[str, str | None]:
    return {group.group: group.leader for group in division.result.groups}


def test_locked_groups_keep_members_and_leader_and_the_rest_is_solved(
    roster: gp.Roster, plan: gp.Plan, policy: gp.Policy
) -> None:
    kept = list(members_of(plan))[:2]
    again = gp.form_groups(roster, plan.lock(groups=kept), time_limit=1)
    for name in kept:
        assert members_of(again)[name] == members_of(plan)[name]
        assert leaders_of(again)[name] == leaders_of(plan)[name]
    assert gp.evaluate(roster, policy, again).cost == again.cost  # the locks change no score


def test_everything_locked_is_the_same_division(roster: gp.Roster, plan: gp.Plan) -> None:
    again = gp.form_groups(roster, plan.lock(), time_limit=2)
    assert members_of(again) == members_of(plan)
    assert leaders_of(again) == leaders_of(plan)
    assert (again.cost, again.status) == (plan.cost, "optimal")


def test_a_hand_made_division_is_locked_and_the_rest_follows(roster: gp.Roster, plan: gp.Plan) -> None:
    """Move one member by hand, lock her, and solve the rest."""
    groups = plan.assignments.set_index("member_id")["group"].to_dict()
    member = next(seat.member_id for seat in plan.result.assignments if seat.role == "member")
    target = next(name for name in members_of(plan) if name != groups[member])
    hand = gp.evaluate(roster, plan.inputs.policy, {**groups, member: target})
    again = gp.form_groups(roster, hand.lock(members=[member]), time_limit=1, start=hand)
    assert member in members_of(again)[target]


def test_locks_add_up_and_the_later_one_holds() -> None:
    roster = roster_of(site=["N"] * 8)
    policy = gp.Policy(size=(2, 6), must=[], prefer=[gp.EvenSize()])
    first = {f"m{i}": "a" if i < 4 else "b" for i in range(8)}
    one = gp.evaluate(roster, policy, first)
    moved = gp.evaluate(roster, one.lock(groups=["a"]), {**first, "m0": "b"})
    assert [broken.rule for broken in moved.violations] == ["Keep(a)", "size"]
    after = moved.lock(members=["m0"])
    keeps = {rule.group: rule for rule in after.must if isinstance(rule, gp.Keep)}
    assert keeps["a"] == gp.Keep("a", ["m1", "m2", "m3"], whole=True)
    assert keeps["b"] == gp.Keep("b", ["m0"])
    plan = gp.form_groups(roster, after, time_limit=5)
    assert members_of(plan)["a"] == {"m1", "m2", "m3"}
    assert "m0" in members_of(plan)["b"]
    everybody = plan.lock(groups=["a", "b"])
    assert sum(isinstance(rule, gp.Keep) for rule in everybody.must) == 2


def test_a_member_of_a_group_kept_whole_can_be_kept_too() -> None:
    """Once more what holds already changes nothing; who was put into the group by hand belongs to it from then on."""
    roster = roster_of(site=["N"] * 8)
    policy = gp.Policy(size=(2, 6), must=[], prefer=[gp.EvenSize()])
    first = {f"m{i}": "a" if i < 4 else "b" for i in range(8)}
    whole = gp.evaluate(roster, policy, first).lock(groups=["a"])
    plan = gp.form_groups(roster, whole, time_limit=5)
    assert plan.lock(members=["m0"]).must == whole.must
    assert members_of(gp.form_groups(roster, plan.lock(members=["m0"]), time_limit=5))["a"] == {"m0", "m1", "m2", "m3"}
    hand = gp.evaluate(roster, whole, {**first, "m7": "a"})
    after = hand.lock(members=["m7", "m1"])
    assert [rule for rule in after.must if isinstance(rule, gp.Keep)] == [
        gp.Keep("a", ["m0", "m1", "m2", "m3", "m7"], whole=True)
    ]


def test_the_later_leader_holds() -> None:
    roster = roster_of(site=["N"] * 6)
    policy = gp.Policy(size=(2, 6), must=[gp.Leader(status="any")], prefer=[gp.Travel()])
    table = pd.DataFrame({"member_id": roster.member_ids, "group": list("aaabbb"), "role": ["leader", *["member"] * 5]})
    one = gp.evaluate(roster, policy, table).lock(members=["m0"])
    other = gp.evaluate(roster, one, table.assign(role=["member", "leader", *["member"] * 4]))
    after = [rule for rule in other.lock(members=["m1"]).must if isinstance(rule, gp.Keep)]
    assert after == [gp.Keep("a", ["m0"]), gp.Keep("a", ["m1"], leader="m1")]
    assert leaders_of(gp.form_groups(roster, other.lock(members=["m1"]), time_limit=5))["a"] == "m1"


def test_kept_whole_a_group_may_be_outside_the_limits_of_size() -> None:
    roster = roster_of(site=["N"] * 10)
    policy = gp.Policy(size=(3, 4), groups=3, must=[], prefer=[gp.EvenSize()])
    hand = gp.evaluate(roster, policy, {f"m{i}": "big" if i < 2 else "rest" for i in range(10)})
    (part,) = compile_parts(roster, hand.lock(groups=["big"]))
    assert [(group.name, group.lo, group.hi) for group in part.problem.groups] == [
        ("big", 2, 2), ("G1", 3, 4), ("G2", 3, 4),
    ]  # fmt: skip
    plan = gp.form_groups(roster, hand.lock(groups=["big"]), time_limit=5)
    assert sorted(plan.groups["size"]) == [2, 4, 4]
    with pytest.raises(gp.InfeasibleError, match="beside the groups that are kept whole, 2 members are fewer"):
        gp.form_groups(roster, hand.lock(groups=["rest"]).replace(groups=None))


def test_branches_are_still_solved_apart(many: gp.Roster, many_plan: gp.Plan) -> None:
    part = many_plan.result.assignments[0].part
    names = [group.group for group in many_plan.result.groups if group.part == part]
    free = many_plan.result.assignments[-1].group
    policy = many_plan.lock(groups=names, members=[many_plan.result.assignments[-1].member_id])
    parts = compile_parts(many, policy)
    assert len(parts) == len(compile_parts(many, many_plan.inputs.policy))
    few = many.select([member.member_id for member in many.members if member.branch == part])
    with pytest.raises(gp.PolicyError, match="unknown member"):
        gp.form_groups(few, policy)
    again = gp.form_groups(many, policy, time_limit=3, workers=1)
    for name in names:
        assert members_of(again)[name] == members_of(many_plan)[name]
    assert many_plan.result.assignments[-1].member_id in members_of(again)[free]


def test_named_groups_stay_named_and_keep_their_own_limits() -> None:
    roster = roster_of(site=["N", "N", "S", "S", "N", "S"])
    policy = gp.Policy(size=(2, 4), groups=["north", gp.GroupSpec("south", (1, 5))], must=[], prefer=[gp.Travel()])
    plan = gp.form_groups(roster, policy, time_limit=5)
    again = gp.form_groups(roster, plan.lock(groups=["north"]), time_limit=5)
    assert members_of(again) == members_of(plan)


def test_locks_of_nobody_are_refused(plan: gp.Plan, tmp_path: object) -> None:
    with pytest.raises(gp.AssignmentError, match="unknown group") as caught:
        plan.lock(groups=["G99"], members=["HQ9999"])
    assert len(caught.value.issues) == 2
    read = gp.Plan.from_json(plan.to_json())
    assert read.lock(members="HQ0001") == plan.lock(members=["HQ0001"])


def test_a_lock_that_cannot_be_kept_says_why(roster: gp.Roster, policy: gp.Policy) -> None:
    rules = [gp.Keep("a", ["HQ0001"]), gp.Keep("b", ["HQ0001"])]
    with pytest.raises(gp.InfeasibleError, match=r"no group is left for HQ0001: Keep\(a\), Keep\(b\)"):
        gp.form_groups(roster, policy.replace(must=[*policy.must, *rules]), time_limit=1)
