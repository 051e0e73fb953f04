from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers import roster_of

import grouping as gp
from grouping.plan.matching import distance, matched

NAMES = "abc"
divisions_ = st.lists(st.sampled_from(NAMES), min_size=1, max_size=7)


def division(groups: list[str]) -> dict[str, str]:
    return {f"m{i}": group for i, group in enumerate(groups)}


@settings(max_examples=150, deadline=None)
@given(divisions_, st.data())
def test_matching_moves_as_few_as_any_renaming(one: list[str], data: st.DataObject) -> None:
    other = data.draw(st.lists(st.sampled_from("vwxyz"), min_size=len(one), max_size=len(one)))
    stay = max(
        sum(dict(zip(NAMES, renaming, strict=True))[group] == new for group, new in zip(one, other, strict=True))
        for renaming in itertools.permutations("vwxyz", 3)
    )
    assert distance(division(one), division(other)) == len(one) - stay
    assert distance(division(other), division(one)) == len(one) - stay
    assert distance(division(one), division(one)) == 0
    of = matched(division(one), division(other))
    assert len(set(of.values())) == len(of)


def test_ties_keep_names() -> None:
    assert matched({"m0": "a", "m1": "a"}, {"m0": "b", "m1": "a"}) == {"a": "a"}
    assert matched({"m0": "a"}, {"m1": "b"}) == {}
    assert matched({}, {"m1": "b"}) == {}


TODAY = ["a", "a", "a", "b", "b", "b"]
ROSTER = roster_of(site=["N", "N", "N", "S", "S", "S"], current_group=TODAY)
POLICY = gp.Policy(size=(2, 4), must=[], prefer=[gp.Travel(), gp.EvenSize()])


def test_list_of_changes_by_hand() -> None:
    new = gp.evaluate(ROSTER, POLICY, {"m0": "a", "m1": "a", "m2": "b", "m3": "b", "m4": "b"})
    table = new.changes({"m0": "a", "m1": "a", "m2": "a", "m3": "b", "m5": "b", "gone": "a"})
    assert table[["member_id", "change", "from", "to"]].to_numpy().tolist() == [
        ["m2", "moved", "a", "b"],
        ["m4", "joined", "", "b"],
        ["m5", "left", "b", ""],
        ["gone", "left", "a", ""],
    ]
    assert table["reason"].tolist()[2:] == ["in no group any more", "no longer in the roster"]
    back = gp.evaluate(ROSTER, POLICY, {"m0": "a", "m1": "a", "m2": "a", "m3": "b", "m4": "b"})
    assert f"scores {back.score - new.score:.2f} less than a with everybody else as they are" in table["reason"][0]
    assert "Travel" in table["reason"][0]
    assert "(m2)" in table["reason"][0]
    bare = new.changes(new.assignments, reasons=False)
    assert bare.empty
    assert bare.columns.tolist() == table.columns.tolist()


def test_the_points_of_a_reason_are_those_of_evaluate(roster: gp.Roster) -> None:
    policy = gp.Policy.balanced(size=(5, 15))
    today = roster.to_frame().set_index("member_id")["current_group"].to_dict()
    goes = {"HQ0001": today["HQ0042"], "HQ0020": today["HQ0001"], "HQ0033": today["HQ0001"]}
    new = gp.evaluate(roster, policy, {**today, **goes})
    here = new.scores.set_index("criterion")["points"]
    table = new.changes()
    assert table["member_id"].tolist() == list(goes)
    for moved in table.itertuples():
        back = gp.evaluate(roster, policy, {**today, **goes, moved.member_id: today[moved.member_id]})
        assert (
            f"scores {abs(new.score - back.score):.2f} {'more' if new.score > back.score else 'less'}" in moved.reason
        )
        for row in back.scores.itertuples():
            way = "better" if row.points > here[row.criterion] else "worse"
            told = f"{row.criterion} {abs(row.points - here[row.criterion])} points {way}"
            assert (told in moved.reason) == (row.points != here[row.criterion])


def test_only_names_differ(plan: gp.Plan) -> None:
    other = {seat.member_id: f"new {seat.group}" for seat in plan.result.assignments}
    assert len(plan.changes(other, reasons=False)) == len(other)
    table = plan.changes(other, match=True)
    assert table.empty
    assert set(table.attrs["renamed"]) == set(other.values())


def test_a_dissolved_group_and_broken_rules_are_told() -> None:
    policy = gp.Policy(size=(2, 4), must=[], prefer=[gp.EvenSize()])
    new = gp.evaluate(ROSTER, policy, {f"m{i}": "a" if i < 2 else "b" for i in range(6)})
    table = new.changes({"m0": "c", "m1": "a", **{f"m{i}": "b" for i in range(2, 6)}})
    assert table["reason"].tolist() == ["c is no longer there; b would break a rule: " + BROKEN]
    zh = new.changes({"m0": "c", "m1": "a", **{f"m{i}": "b" for i in range(2, 6)}}, lang="zh")
    assert zh["reason"][0].startswith("c已不再设置；编入b将违反规则：")
    with pytest.raises(ValueError, match="lang is one of en, zh"):
        new.changes(lang="fr")


BROKEN = "a has 1 members too many or too few; b has 1 members too many or too few"


def test_a_plan_read_from_a_file_needs_its_roster_for_reasons(plan: gp.Plan, roster: gp.Roster) -> None:
    read = gp.Plan.from_json(plan.to_json())
    today = gp.evaluate(roster, plan.inputs.policy)
    assert read.changes(today, reasons=False).equals(plan.changes(today, reasons=False))
    with pytest.raises(gp.InputError, match="does not know its roster"):
        read.changes(today)
    assert isinstance(read.with_inputs(roster).changes(today, match=True), pd.DataFrame)
