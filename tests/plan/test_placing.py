from __future__ import annotations

import pandas as pd
import pytest
from tests.helpers import roster_of

import grouping as gp
from grouping.plan.placing import place_all


def test_every_number_is_that_of_evaluate(roster: gp.Roster, plan: gp.Plan, policy: gp.Policy) -> None:
    """Also against a roster that has the newcomer from the beginning."""
    row = roster.to_frame().set_index("member_id").loc["HQ0004"].rename("HQ0099")
    placing = gp.place(plan, {"member_id": "HQ0099", **row.to_dict()})
    groups = plan.assignments.set_index("member_id")["group"].to_dict()
    assert {option.group for option in placing} == set(groups.values())
    member = roster.members[3].model_copy(update={"member_id": "HQ0099"})
    wider = roster.with_members([*roster.members, member])
    assert placing.roster == wider
    without = gp.evaluate(wider, policy, groups)
    for option in placing:
        found = gp.evaluate(wider, policy, {**groups, "HQ0099": option.group})
        assert option.cost == found.cost - without.cost
        assert (option.score, option.change) == (found.score, found.score - without.score)
        before = without.scores.set_index("criterion")["points"]
        after = found.scores.set_index("criterion")["points"]
        assert option.points == {name: more for name, more in (after - before).items() if more}
        assert option.evaluation == found
    costs = [(len(option.broken) > 0, option.cost) for option in placing]
    assert costs == sorted(costs)
    table = placing.to_frame()
    assert table["group"][0] == placing.best.group
    assert table["cost"].tolist() == [option.cost for option in placing]
    assert placing.best.group in str(placing)
    assert "<table" in placing._repr_html_()
    assert gp.place(plan, member) == placing


def test_groups_that_would_break_a_rule_come_last() -> None:
    roster = roster_of(site=["N", "N", "N", "S", "S"])
    policy = gp.Policy(size=(2, 3), must=[], prefer=[gp.Travel()])
    division = gp.evaluate(roster, policy, {"m0": "n", "m1": "n", "m2": "n", "m3": "s", "m4": "s"})
    placing = gp.place(division, {"id": "new", "department": "X", "shift": "白班", "site": "N"})
    assert [option.group for option in placing] == ["s", "n"]
    assert placing.best.broken == ()
    (broken,) = placing.options[1].broken
    assert (broken.rule, broken.group, broken.amount) == ("size", "n", 1)
    assert placing.to_frame("zh")["breaks"].tolist() == ["", "n人数多出或不足1人"]
    with pytest.raises(ValueError, match="lang is one of"):
        placing.to_frame("fr")


def test_only_groups_of_the_own_branch(many: gp.Roster, many_plan: gp.Plan) -> None:
    like = many.members[0]
    placing = gp.place(many_plan, like.model_copy(update={"member_id": "new"}))
    part = next(seat.part for seat in many_plan.result.assignments if seat.member_id == like.member_id)
    assert {option.group for option in placing} == {g.group for g in many_plan.result.groups if g.part == part}
    assert not placing.best.broken


def test_a_row_that_cannot_be_read_is_refused(plan: gp.Plan) -> None:
    good = {"工号": "HQ0099", "部门": "餐饮服务部", "班制": "CAN2W", "地点": "一号食堂"}
    with pytest.raises(gp.RosterError, match="the id is taken"):
        gp.place(plan, {**good, "工号": "HQ0001"})
    with pytest.raises(gp.RosterError, match="site"):
        gp.place(plan, {**good, "地点": "月球"})
    with pytest.raises(gp.RosterError, match="department"):
        gp.place(plan, {"工号": "HQ0099"})
    with pytest.raises(gp.InputError, match="does not know its roster"):
        gp.place(gp.Plan.from_json(plan.to_json()), good)


def test_everybody_who_is_not_in_the_plan_yet_with_what_the_roster_asks_for_them() -> None:
    """The roster's own list of constraints may speak of newcomers, of one or of two of them."""
    pairs = pd.DataFrame(
        {"类型": ["同组", "不同组"], "工号1": ["m4", "m4"], "工号2": ["m0", "m5"], "强度": ["软", "硬"]}
    )
    roster = roster_of(companions={"constraints": pairs}, site=["N", "N", "S", "S", "N", "S"])
    policy = gp.Policy(size=(2, 4), must=[], prefer=[gp.Travel()])
    groups = {"m0": "n", "m1": "n", "m2": "s", "m3": "s"}
    before = gp.evaluate(roster.select(groups), policy, groups)
    four, five = place_all(before, roster)
    assert (four.member_id, five.member_id) == ("m4", "m5")
    people = roster.select([*groups, "m4"])
    without = gp.evaluate(people, policy, groups)
    assert len(four) == 2
    for option in four:
        found = gp.evaluate(people, policy, {**groups, "m4": option.group})
        assert (option.cost, option.score) == (found.cost - without.cost, found.score)
        assert "Together(m4, m0)" in option.points


def test_chinese_texts_name_the_criteria_in_chinese() -> None:
    """A table of who joins and why, and of where a newcomer fits, is for a committee that reads no code."""
    roster = roster_of(site=["N", "N", "N", "S", "S", "S"])
    policy = gp.Policy(size=(2, 4), must=[], prefer=[gp.Travel()])
    division = gp.evaluate(roster, policy, {"m0": "n", "m1": "n", "m2": "s", "m3": "s", "m4": "s", "m5": "n"})
    placing = gp.place(division, {"id": "new", "department": "X", "shift": "白班", "site": "N"})
    assert "Travel" in placing.describe()
    assert placing.describe("zh").splitlines()[:2] == [
        "new可编入的小组",
        "  小组  失分增加  得分   得分变化  违反的规则  路程远近",
    ]
    better = gp.evaluate(roster, policy, {"m0": "n", "m1": "n", "m2": "n", "m3": "s", "m4": "s", "m5": "s"})
    reasons = " ".join(better.changes(division, lang="zh")["reason"])
    assert "路程远近" in reasons
    assert "Travel" not in reasons
