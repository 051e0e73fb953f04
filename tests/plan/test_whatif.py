"""What if: every number is that of an independent evaluation of the changed division, whatever changes."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers import roster_of
from tests.plan.test_explaining import SETTINGS, adds_up, amounts, divided, group_of

import grouping as gp
from grouping.policy.wording import called


@st.composite
def changes(draw: st.DrawFn, division: gp.Evaluation) -> dict[str, Any]:
    """Draw one change that may or may not make sense."""
    roster, policy = division.inputs.roster, division.inputs.policy
    ids, names = st.sampled_from(roster.member_ids), st.sampled_from(sorted(set(group_of(division).values())))
    two = st.tuples(ids, ids)
    made: list[st.SearchStrategy[dict[str, Any]]] = [
        st.fixed_dictionaries({"member": ids, "group": names}),
        st.fixed_dictionaries({"swap": two}),
        st.fixed_dictionaries({"leave": st.one_of(ids, st.lists(ids, min_size=1, max_size=3))}),
        st.fixed_dictionaries({"merge": st.tuples(names, names)}),
        st.fixed_dictionaries({"split": names}),
        st.fixed_dictionaries({"split": names, "into": st.lists(ids, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"principles": st.just({"act": draw(st.sampled_from([0, 2, 0.5]))})}),
        st.fixed_dictionaries({"must": two.filter(lambda pair: pair[0] != pair[1]).map(lambda pair: [gp.Apart(pair)])}),
        st.fixed_dictionaries({"assignments": st.dictionaries(ids, names, min_size=1)}),
        st.fixed_dictionaries(
            {"join": st.just(roster.members[0].model_copy(update={"member_id": "new"})), "group": names}
        ),
    ]
    labels = [criterion.label for criterion in policy.prefer]
    made.append(st.fixed_dictionaries({"weight": st.dictionaries(st.sampled_from(labels), st.sampled_from([0, 2, 7]))}))
    if policy.must:
        rules = st.sampled_from([rule.label for rule in policy.must])
        made.append(st.fixed_dictionaries({"drop": rules}))
    return draw(st.one_of(made))


def agrees(found: gp.WhatIf) -> None:
    """Hold a changed division against an evaluation that knows nothing of the change.

    Groups may stand in another order; where that decides who looks after a team without members, only the costs agree.
    """
    inputs = found.evaluation.inputs
    other = gp.evaluate(inputs.roster, inputs.policy, group_of(found.evaluation))
    assert (found.cost, found.score) == (other.cost, other.score)
    assert sorted(map(repr, found.violations)) == sorted(map(repr, other.violations))
    if not inputs.roster.uncovered_teams:
        assert found.evaluation.result.scores == other.result.scores
        assert sorted(map(repr, found.evaluation.findings)) == sorted(map(repr, other.findings))
        assert sorted(map(repr, found.evaluation.result.groups)) == sorted(map(repr, other.result.groups))


@SETTINGS
@given(st.data(), divided())
def test_any_change_is_what_evaluating_it_gives(data: st.DataObject, division: gp.Evaluation) -> None:
    asked = data.draw(changes(division))
    kept = division.to_json()
    try:
        found = gp.what_if(division, **asked)
    except gp.InputError:
        return  # it would change nothing, or is no change
    assert division.to_json() == kept
    agrees(found)
    adds_up(found)
    assert found.score_change == pytest.approx(found.score - division.score)
    before, after = division.result.scale, found.evaluation.result.scale
    scale = found.comparison.scale
    assert found.cost_change == found.cost * (scale // after) - division.cost * (scale // before)
    assert int(found.changes["change"].sum()) == found.cost_change
    shared = found.to_frame().query("member_id == ''")["change"].sum()
    assert int(found.members["change"].sum() + shared) == found.cost_change
    known, now = amounts(division), amounts(found.evaluation)
    worse = {rule for (rule, group), amount in now.items() if amount > known[rule, group]}
    assert worse <= {rule.rule for rule in found.broken} <= {rule.rule for rule in found.violations}
    old, new = group_of(division), group_of(found.evaluation)
    moved = {row["member_id"] for row in found.members.to_dict("records") if row["from"] != row["to"]}
    assert moved == {m for m in {**old, **new} if old.get(m) != new.get(m)}
    for lang in ("en", "zh"):
        assert found.text(lang)
        assert found.html(lang).startswith("<div>")


@pytest.fixture
def two() -> gp.Evaluation:
    """Return two groups of different work; m5 sits with the wrong one."""
    roster = roster_of(business_line=["a", "a", "a", "b", "b", "a"])
    even = gp.EvenSize(band=(3, 3), principle="act")
    policy = gp.Policy(size=(2, 4), must=[gp.AtLeast(2)], prefer=[gp.SharedWork(by="line"), even])
    return gp.evaluate(roster, policy, dict(zip(roster.member_ids, "XXXYYY", strict=True)))


class TestByHand:
    def test_a_move(self, two: gp.Evaluation) -> None:
        found = gp.what_if(two, member="m5", group="X")
        assert (two.cost, found.cost) == (100, 200)  # the work fits, but both groups are off the even size
        assert found.changes[["criterion", "group", "change"]].values.tolist() == [
            ["SharedWork", "Y", -100], ["EvenSize", "X", 100], ["EvenSize", "Y", 100],
        ]  # fmt: skip
        assert found.members.values.tolist() == [["m5", "Y", "X", 100, 0, -100, pytest.approx(100 / 12)]]
        assert found.broken == ()
        assert "If m5 went to X" in str(found)

    def test_a_swap(self, two: gp.Evaluation) -> None:
        found = gp.what_if(two, swap=("m0", "m5"))
        assert found.cost_change == 0
        assert found.members[["member_id", "from", "to"]].values.tolist() == [["m0", "X", "Y"], ["m5", "Y", "X"]]

    def test_leaving(self, two: gp.Evaluation) -> None:
        found = gp.what_if(two, leave="m5")
        assert found.cost == 0  # five in two groups: three and two is even
        assert len(found.evaluation.inputs.roster) == 5
        assert found.members.values.tolist() == [["m5", "Y", "", 100, 0, -100, pytest.approx(100 / 12)]]
        gone = gp.what_if(two, leave=["m4", "m5"])
        assert [(rule.rule, rule.group) for rule in gone.broken] == [("size", "Y"), ("AtLeast(2)", "Y")]

    def test_joining(self, two: gp.Evaluation) -> None:
        row = {"id": "m9", "department": "X", "shift": "白班", "business_line": "b"}
        found = gp.what_if(two, join=row, group="Y")
        assert group_of(found.evaluation)["m9"] == "Y"
        assert found.cost == 200
        assert found.members.iloc[0].tolist()[:3] == ["m9", "", "Y"]
        with pytest.raises(gp.InputError, match="taken"):
            gp.what_if(two, join={**row, "id": "m1"}, group="Y")

    def test_merge_and_split(self, two: gp.Evaluation) -> None:
        one = gp.what_if(two, merge=("X", "Y"))
        assert set(group_of(one.evaluation).values()) == {"X"}
        assert next((rule.rule, rule.amount) for rule in one.broken) == ("size", 2)
        back = gp.what_if(one.evaluation, split="X")
        assert back.cost == 100  # three and three, one of them with the wrong work; all ways were counted
        assert back.change.exact
        assert set(group_of(back.evaluation).values()) == {"X", "X-2"}
        same = gp.what_if(one.evaluation, split="X", into=["m3", "m4"])
        assert same.cost == 200
        assert [m for m, group in group_of(same.evaluation).items() if group == "X-2"] == ["m3", "m4"]

    def test_weights(self, two: gp.Evaluation) -> None:
        found = gp.what_if(two, weight={"SharedWork": 3})
        assert found.score == pytest.approx(100 - 100 * 3 / 4 / 6)
        assert gp.what_if(two, weight={"EvenSize": 0}).score == pytest.approx(100 - 100 / 6)
        assert gp.what_if(two, principles={"act": 3}).score_change == 0
        assert "only the scale" in found.text()

    def test_rules(self, two: gp.Evaluation) -> None:
        added = gp.what_if(two, must=gp.Together(["m0", "m5"]))
        assert [rule.rule for rule in added.broken] == ["Together(m0, m5)", "Together(m0, m5)"]
        assert gp.what_if(added.evaluation, drop="Together(m0, m5)").violations == ()
        assert gp.what_if(two, must={"type": "Apart", "ids": ["m0", "m5"]}).broken == ()

    def test_rules_that_came_with_the_roster(self, plan: gp.Plan) -> None:
        assert gp.what_if(plan, drop="Apart(HQ0012, HQ0031)").cost_change == 0
        assert gp.what_if(plan, weight={"Together(HQ0001, HQ0004)": 2}).evaluation.result.scale > 0

    def test_who_leaves_takes_ties_along(self, roster: gp.Roster, today: gp.Evaluation) -> None:
        policy = gp.Policy.balanced(
            size=(6, 12), prefer=[gp.Affinity([("HQ0001", "HQ0012", 50), ("HQ0002", "HQ0003", 9)])]
        )
        division = gp.evaluate(roster, policy)
        found = gp.what_if(division, leave="HQ0012")
        (ties,) = [c for c in found.evaluation.inputs.policy.prefer if isinstance(c, gp.Affinity)]
        assert ties.ties == (("HQ0002", "HQ0003", 9),)
        agrees(found)

    def test_a_team_that_loses_its_last_member_is_looked_after(self, many: gp.Roster, many_plan: gp.Plan) -> None:
        teams: dict[tuple[str, str | None], list[str]] = {}
        for member in many.members:
            teams.setdefault((member.department, member.team), []).append(member.member_id)
        table = {(team.department, team.team) for team in many.teams}
        alone = next(ids[0] for key, ids in teams.items() if len(ids) == 1 and key in table)
        found = gp.what_if(many_plan, leave=alone)
        covered = [team for row in found.evaluation.result.groups for team in row.covers]
        assert len(covered) == len(many.uncovered_teams) + 1
        agrees(found)


class TestOverBranches:
    def test_a_move_across_a_border_is_named(self, many_plan: gp.Plan) -> None:
        first = many_plan.result.groups[0]
        other = next(row for row in many_plan.result.groups if row.part != first.part)
        member = next(s.member_id for s in many_plan.result.assignments if s.group == first.group)
        found = gp.what_if(many_plan, member=member, group=other.group)
        assert "Within(branch)" in {rule.rule for rule in found.broken}
        agrees(found)
        assert gp.what_if(many_plan, member=member, group=other.group, repair=True).repair.status == "infeasible"

    def test_other_branches_stay_as_they_are(self, many_plan: gp.Plan) -> None:
        first, second = [row for row in many_plan.result.groups if row.part == many_plan.result.groups[0].part][:2]
        member = next(s.member_id for s in many_plan.result.assignments if s.group == first.group)
        found = gp.what_if(many_plan, member=member, group=second.group, repair=True, time_limit=1)
        assert {line.part for line in found.findings} == {first.part}
        assert found.repair is not None
        assert found.repair.evaluation is not None
        moved = {m for m, *_ in found.repair.moved}
        parts = {seat.member_id: seat.part for seat in many_plan.result.assignments}
        assert {parts[m] for m in moved} <= {first.part}

    def test_a_border_given_up(self, many_plan: gp.Plan) -> None:
        found = gp.what_if(many_plan, drop="Within(branch)")
        adds_up(found)
        agrees(found)


class TestRepair:
    def test_the_best_that_keeps_a_move(self) -> None:
        """Two lines of work of four; whoever goes to the other group is followed by somebody the other way."""
        roster = roster_of(business_line=list("aaaabbbb"), nominations=[9, 1, 1, 1, 9, 1, 1, 1])
        policy = gp.Policy(size=(4, 4), must=[], prefer=[gp.SharedWork(by="line"), gp.LeaderFit()])
        division = gp.evaluate(roster, policy, dict(zip(roster.member_ids, "XXXXYYYY", strict=True)))
        found = gp.what_if(division, member="m1", group="Y", repair=True)
        assert {rule.rule for rule in found.broken} == {"size"}
        repair = found.repair
        assert repair is not None
        assert repair.status == "optimal"
        assert repair.evaluation is not None
        assert repair.evaluation.violations == ()
        there = group_of(repair.evaluation)
        assert there["m1"] == there["m4"] == "Y"
        assert len(repair.moved) == 2
        least = min(
            gp.evaluate(roster, policy, {**group_of(division), "m1": "Y", other: "X"}).cost
            for other in ("m5", "m6", "m7")
        )
        assert repair.evaluation.cost == least
        assert "proven the best; 2 members" in found.text()
        assert "已证明最优" in found.text("zh")

    def test_what_cannot_be_repaired(self, two: gp.Evaluation) -> None:
        one = gp.what_if(two, merge=("X", "Y"), repair=True)
        assert one.repair is not None
        assert (one.repair.status, one.repair.evaluation) == ("infeasible", None)
        assert "Proven: no division" in one.text()
        assert one.to_dict()["repair"]["score"] is None
        assert "按规则和人数限制不能设1个小组" in one.text("zh")

    def test_why_there_is_no_repair_is_told_in_chinese_too(self) -> None:
        roster = roster_of(site=["N"] * 6)
        policy = gp.Policy(size=(2, 4), groups=["X", "Y"], must=[gp.Pin("m0", "X")], prefer=[])
        division = gp.evaluate(roster, policy, dict(zip(roster.member_ids, "XXXYYY", strict=True)))
        found = gp.what_if(division, member="m0", group="Y", repair=True)
        assert "no group is left for m0: Pin(m0, X), the change" in found.text()
        assert "m0没有可去的小组：指定编入（m0、X）、此项变动" in found.text("zh")

    def test_criteria_and_rules_by_their_chinese_names(self, two: gp.Evaluation) -> None:
        named = gp.what_if(two, weight={"业务或地域相近": 3})
        assert named.cost_change == gp.what_if(two, weight={"SharedWork": 3}).cost_change
        assert gp.what_if(two, principles={"便于发挥作用": 3}).cost == gp.what_if(two, principles={"act": 3}).cost
        rule = gp.Apart(["m0", "m1"])
        division = gp.evaluate(two.inputs.roster, two.inputs.policy.replace(must=[rule]), group_of(two))
        assert gp.what_if(division, drop=called(rule.label, "zh")).evaluation.inputs.policy.must == ()

    def test_a_change_of_weights_is_solved_anew(self, two: gp.Evaluation) -> None:
        found = gp.what_if(two, weight={"SharedWork": 3}, repair=True)
        assert found.repair is not None
        assert found.repair.status == "optimal"
        assert found.repair.evaluation is not None
        best = gp.form_groups(two.inputs.roster, found.evaluation.inputs.policy, time_limit=5)
        assert found.repair.evaluation.cost == best.cost == 200 < found.cost  # four and two is now worth its price

    def test_never_worse_than_a_change_that_keeps_the_rules(self, plan: gp.Plan) -> None:
        member = next(s.member_id for s in plan.result.assignments if s.group == "G1" and s.role == "member")
        found = gp.what_if(plan, member=member, group="G2", repair=True, time_limit=0.5)
        assert found.repair is not None
        assert found.repair.evaluation is not None
        if not found.broken:
            assert found.repair.evaluation.cost <= found.cost
        assert found.repair.evaluation.violations == ()
        assert group_of(found.repair.evaluation)[member] == "G2"


class TestFaults:
    @pytest.mark.parametrize(
        "asked",
        [{}, {"member": "m5", "group": "X", "swap": ("m0", "m5")}, {"member": "m5"}, {"into": ["m5"]},
         {"split": "X", "drop": "AtLeast(2)"}, {"member": "m1", "drop": "AtLeast(2)"}],
    )  # fmt: skip
    def test_one_change_at_a_time(self, two: gp.Evaluation, asked: dict[str, Any]) -> None:
        with pytest.raises(gp.PolicyError, match=r"exactly one change|says who, but not where"):
            gp.what_if(two, **asked)

    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            ({"member": "m55", "group": "X"}, "m5"),
            ({"member": "m5", "group": "Z"}, "X"),
            ({"group": "X"}, "not who"),
            ({"join": {"id": "m9", "department": "X", "shift": "白班"}}, "where"),
            ({"member": "m5", "group": "Y"}, "already"),
            ({"swap": ("m0", "m1")}, "same group"),
            ({"swap": "m0"}, "two member ids"),
            ({"leave": []}, "nobody"),
            ({"leave": ["m0", "m1", "m2", "m3", "m4", "m5"]}, "nobody would be left"),
            ({"merge": ("X", "X")}, "another"),
            ({"split": "X", "into": ["m5"]}, "not in X"),
            ({"split": "X", "into": ["m0", "m1", "m2"]}, "both groups"),
            ({"weight": {"SharedWrok": 2}}, "SharedWork"),
            ({"weight": {"SharedWork": -1}}, "positive"),
            ({"weight": {"SharedWork": 1}}, "already"),
            ({"weight": 3}, "table"),
            ({"principles": {"acts": 2}}, "act"),
            ({"must": gp.AtLeast(2)}, "already"),
            ({"must": {"type": "Aparts"}}, "Apart"),
            ({"drop": "AtLeast(3)"}, "AtLeast\\(2\\)"),
            ({"assignments": {"m77": "X"}}, "no such member"),
        ],
    )  # fmt: skip
    def test_faults_say_what_is_meant(self, two: gp.Evaluation, asked: dict[str, Any], words: str) -> None:
        with pytest.raises(gp.InputError, match=words):
            gp.what_if(two, **asked)


def test_answers_can_be_sent_elsewhere(two: gp.Evaluation) -> None:
    found = gp.what_if(two, member="m5", group="X")
    again = pickle.loads(pickle.dumps(found))
    assert again.to_dict() == found.to_dict()
    assert again.text("zh") == found.text("zh")
