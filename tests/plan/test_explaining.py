"""Explanations: every number is that of an independent evaluation, findings add up, texts are whole."""

from __future__ import annotations

import json
import pickle
import re
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from tests.helpers import roster_of
from tests.policy.test_oracle_policies import policies, rosters

import grouping as gp
from grouping.plan.divisions import Division, read_division
from grouping.plan.tally import Tally
from grouping.plan.things import place_teams
from grouping.policy import REGISTRY
from grouping.policy.wording import called
from grouping.roster.schema import MEMBER_FIELDS
from grouping.scoring import score

SETTINGS = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@st.composite
def divided(draw: st.DrawFn) -> gp.Evaluation:
    """Draw a roster, a policy and any division; most members are in a group."""
    roster = draw(rosters())
    names = st.sampled_from(["G1", "G1", "G2", "west", "east", None])
    places = draw(st.lists(names, min_size=len(roster), max_size=len(roster)))
    assume(any(places))
    try:
        policy = draw(policies(len(roster)))
        return gp.evaluate(roster, policy, dict(zip(roster.member_ids, places, strict=True)))  # type: ignore[arg-type]
    except gp.PolicyError:  # such as a pin to no group of the policy, or principles that all weigh nothing
        reject()


def group_of(division: gp.Evaluation) -> dict[str, str]:
    return {seat.member_id: seat.group for seat in division.result.assignments}


def amounts(division: gp.Evaluation) -> Counter[tuple[str, str]]:
    """Return how far each rule is broken in each group; one that reaches into several branches counts in each."""
    found: Counter[tuple[str, str]] = Counter()
    for rule in division.violations:
        found[rule.rule, rule.group] += rule.amount
    return found


def adds_up(found: gp.Explanation | gp.WhatIf) -> None:
    table = found.to_frame()
    assert int(table["change"].sum()) == found.cost_change
    assert (table["after"] - table["before"] == table["change"]).all()
    assert sum((line.score for line in found.findings), Fraction(0)) == found.comparison.score
    assert json.loads(json.dumps(found.to_dict()))["cost_change"] == found.cost_change


@SETTINGS
@given(st.data(), divided())
def test_alternatives_are_what_evaluating_them_gives(data: st.DataObject, division: gp.Evaluation) -> None:
    roster, policy = division.inputs.roster, division.inputs.policy
    member = data.draw(st.sampled_from(roster.member_ids))
    why = division.explain(member, swaps=data.draw(st.booleans()))
    adds_up(why)
    here = group_of(division)
    assert len(why.ranking) == len(why.alternatives)
    for one in why.alternatives:
        there = {**here, member: one.group}
        if one.partner:
            there[one.partner] = here[member]
        independent = gp.evaluate(roster, policy, there)
        assert one.cost_change == independent.cost - division.cost
        assert one.score_change == pytest.approx(independent.score - division.score)
        known, now = amounts(division), amounts(independent)
        worse = {rule for (rule, group), amount in now.items() if amount > known[rule, group]}
        assert worse <= set(one.rules) <= {rule.rule for rule in independent.violations}
    ranks = [(bool(one.breaks), -one.comparison.score) for one in why.alternatives]
    assert ranks == sorted(ranks)
    for lang in ("en", "zh"):
        for shown in (why.text(lang), why.markdown(lang), why.html(lang)):
            assert member in shown


@SETTINGS
@given(divided())
def test_findings_of_a_group_and_of_the_whole_add_up(division: gp.Evaluation) -> None:
    whole = division.explain()
    adds_up(whole)
    if whole.against == "ideal":
        assert whole.cost_change == division.cost
    else:
        today = gp.evaluate(division.inputs.roster, division.inputs.policy)
        assert whole.cost_change * division.result.scale == (division.cost - today.cost) * whole.comparison.scale
        assert whole.score_change == pytest.approx(division.score - today.score)
    for row in division.result.groups:
        if len({other.part for other in division.result.groups if other.group == row.group}) > 1:
            with pytest.raises(gp.InputError, match="several branches"):
                division.explain(group=row.group)
            continue
        why = division.explain(group=row.group)
        adds_up(why)
        mine = [finding.points for finding in division.findings if finding.group == row.group]
        assert why.cost_change == sum(mine)
        for lang in ("en", "zh"):
            assert row.group in why.text(lang)


@SETTINGS
@given(st.data(), divided())
def test_the_tally_counts_what_the_scorer_counts(data: st.DataObject, division: gp.Evaluation) -> None:
    for part in division.judge.scored(_division(division)):
        problem = part.compiled.problem
        tally = Tally(problem)
        for _ in range(3):
            place = part.group_of.copy()
            people = problem.size > 0
            groups = st.integers(0, len(problem.groups) - 1)
            place[people] = data.draw(st.lists(groups, min_size=int(people.sum()), max_size=int(people.sum())))
            place[~people] = -1
            found = score(problem, place_teams(problem, place))
            broken = sum(v.amount for v in found.violations if v.group >= 0)
            assert tally.cost(place) == (broken, found.cost)


def _division(evaluation: gp.Evaluation) -> Division:
    return read_division(evaluation.inputs.roster, evaluation)


class TestMember:
    def test_by_hand(self) -> None:
        """Six members, two lines of work; m5 works with the first three and sits with the others."""
        roster = roster_of(business_line=["a", "a", "a", "b", "b", "a"])
        policy = gp.Policy(size=(2, 4), must=[], prefer=[gp.SharedWork(by="line")])
        division = gp.evaluate(roster, policy, dict(zip(roster.member_ids, "XXXYYY", strict=True)))
        why = division.explain("m5")
        assert why.ranking.values.tolist() == [["X", "", -100, pytest.approx(100 / 6), -100, ()]]
        assert why.facts.credits == (why.facts.credits[0],)
        assert (why.facts.credits[0].option, why.facts.credits[0].points) == ("b", 100)
        assert [(line.member, line.before, line.after) for line in why.findings] == [("m5", 100, 0)]
        stays = division.explain("m0").alternatives[0]
        assert (stays.cost_change, stays.own) == (100, 0)  # Y then shares what m0 does, and m3 and m4 pay for it
        assert [(line.member, line.change) for line in stays.comparison.lines] == [
            ("m3", 100),
            ("m4", 100),
            ("m5", -100),
        ]

    def test_a_pin_decides(self) -> None:
        roster = roster_of(business_line=["a", "a", "a", "b", "b", "a"])
        groups = [gp.GroupSpec("X"), gp.GroupSpec("Y")]
        policy = gp.Policy(size=(2, 4), groups=groups, must=[gp.Pin("m5", "Y")], prefer=[gp.SharedWork(by="line")])
        division = gp.evaluate(roster, policy, dict(zip(roster.member_ids, "XXXYYY", strict=True)))
        why = division.explain("m5")
        assert why.facts.decided_by == ("Pin(m5, Y)",)
        assert "A rule decides: Pin(m5, Y)." in why.text()
        assert "由规则决定：指定编入（m5、Y）" in why.text("zh")
        assert why.alternatives[0].rules == ("Pin(m5, Y)",)
        assert why.alternatives[1].partner  # exchanges are looked at, since no move is allowed

    def test_exchanges_when_sizes_forbid_moves(self, roster: gp.Roster) -> None:
        plan = gp.evaluate(roster, gp.Policy.balanced(size=(10, 12)))
        small = next(group for group in plan.result.groups if group.size == 10)
        member = next(seat.member_id for seat in plan.result.assignments if seat.group == small.group)
        why = plan.explain(member)
        assert {one.rules for one in why.alternatives if not one.partner} == {("size",)}
        assert why.alternatives[0].partner
        best = why.alternatives[0]
        rivals = []
        for seat in plan.result.assignments:
            if seat.group == best.group:
                swapped = {**group_of(plan), member: seat.group, seat.member_id: small.group}
                trial = gp.evaluate(plan.inputs.roster, plan.inputs.policy, swapped)
                rivals.append((sum(rule.amount for rule in trial.violations), trial.cost))
        assert min(rivals) == (0, plan.cost + best.cost_change)

    def test_a_member_in_no_group(self, roster: gp.Roster, policy: gp.Policy, today: gp.Evaluation) -> None:
        rest = {member: group for member, group in group_of(today).items() if member != "HQ0001"}
        why = gp.evaluate(roster, policy, rest).explain("HQ0001")
        assert why.facts.group == ""
        assert why.text().startswith("HQ0001 is in no group")
        assert "未编入任何小组" in why.text("zh")
        assert len(why.alternatives) == 4

    def test_one_more_in_a_group_weighs_on_other_branches_too(self) -> None:
        """All points are shared by more members then, also those of branches that the member is not in."""
        roster = roster_of(site=["N", "S", "N", "S", "N", "S"], branch=["P"] * 3 + ["Q"] * 3)
        policy = gp.Policy(size=(1, 3), must=[gp.Within("branch")], prefer=[gp.Travel()])
        groups = {"m0": "a", "m1": "b", "m3": "c", "m4": "c", "m5": "c"}
        division = gp.evaluate(roster, policy, groups)
        assert division.score < 100
        for one in division.explain("m2").alternatives:
            found = gp.evaluate(roster, policy, {**groups, "m2": one.group})
            assert one.score_change == pytest.approx(found.score - division.score)

    def test_one_group_only(self) -> None:
        roster = roster_of(business_line=["a", "b", "a"])
        division = gp.evaluate(roster, gp.Policy(size=(2, 4), must=[]), dict.fromkeys(roster.member_ids, "X"))
        why = division.explain("m1")
        assert (why.against, why.alternatives) == ("ideal", ())
        assert "There is no other group" in why.text()

    def test_other_branches_are_told_once(self, many_plan: gp.Plan) -> None:
        why = many_plan.explain(
            "HQ0001" if "HQ0001" in group_of(many_plan) else many_plan.result.assignments[0].member_id
        )
        mine = {row.group for row in many_plan.result.groups if row.part == why.facts.part}
        assert {one.group for one in why.alternatives} < mine
        assert why.facts.beyond == len(many_plan.result.groups) - len(mine)
        assert why.text().count("Within(branch)") == 1
        assert "不得跨越（所在党支部）" in why.text("zh")

    def test_a_leader_named_by_hand_stays(self, roster: gp.Roster, policy: gp.Policy, today: gp.Evaluation) -> None:
        table = today.assignments.assign(role="member")
        table.loc[table["member_id"] == "HQ0002", "role"] = "leader"
        division = gp.evaluate(roster, policy, table)
        assert division.cost > today.cost
        for one in division.explain("HQ0010").alternatives:
            moved = table.copy()
            moved.loc[moved["member_id"] == "HQ0010", "group"] = one.group
            assert one.cost_change == gp.evaluate(roster, policy, moved).cost - division.cost


class TestGroup:
    def test_figures(self, plan: gp.Plan) -> None:
        for row in plan.result.groups:
            facts = plan.explain(group=row.group).facts
            assert facts.come / facts.expected == pytest.approx(row.attendance)
            assert facts.summary == row
            assert sum(count for _, count in facts.departments) == row.size
            assert len(facts.newcomers) + row.full == row.size
            assert len(facts.stayed) + sum(len(ids) for _, ids in facts.came) == row.size
            assert facts.rank == 1
            assert len(facts.next) <= 2
            weights = {p: sum(s.weight for s in plan.result.scores if s.principle == p) for p in facts.principles}
            assert sum(weights[p] * s for p, s in facts.principles.items()) == pytest.approx(row.score)

    def test_a_paragraph_under_each_principle(self, plan: gp.Plan) -> None:
        page = plan.explain(group="G1").page("zh")
        assert [re.sub("（.*", "", section.heading) for section in page.sections] == [
            "", "便于开展活动", "便于发挥作用", "便于管理党员",
        ]  # fmt: skip
        assert all(len(section.blocks) == 1 for section in page.sections)

    def test_of_four_columns(self) -> None:
        roster = roster_of(department=list("PPPQQQ"))
        plan = gp.evaluate(roster, gp.Policy.balanced(size=(3, 6)), dict.fromkeys(roster.member_ids, "A"))
        assert "Departments: P 3, Q 3." in plan.explain(group="A").text()
        assert "涉及部门2个：P3人、Q3人。" in plan.explain(group="A").text("zh")


class TestPlan:
    def test_without_a_division_of_today(self) -> None:
        roster = roster_of(department=list("PPPQQQ"))
        plan = gp.evaluate(roster, gp.Policy.balanced(size=(3, 6)), dict.fromkeys(roster.member_ids, "A"))
        whole = plan.explain()
        assert (whole.against, whole.facts.today) == ("ideal", None)
        assert whole.cost_change == plan.cost
        assert "today" not in whole.text()

    def test_beside_today(self, plan: gp.Plan, today: gp.Evaluation) -> None:
        whole = plan.explain()
        assert whole.facts.today is not None
        assert whole.facts.today.score == today.score
        assert whole.score_change == pytest.approx(plan.score - today.score)
        effects = [row[-1] for row in whole.page().sections[-1].blocks[0].rows]
        assert sum(map(float, effects[:-1])) == pytest.approx(float(effects[-1]), abs=0.05)

    def test_groups_of_one_size(self) -> None:
        roster = roster_of(site=["N"] * 4, current_group=list("aabb"))
        division = gp.evaluate(roster, gp.Policy(size=(2, 2), must=[], prefer=[gp.EvenSize()]))
        assert "4 members in 2 groups of 2; " in division.explain().text()
        assert "Sizes: all of 2, as today." in division.explain().text()
        assert "划分为2个小组，每组2人" in division.explain().text("zh")
        assert "小组人数仍为2人。" in division.explain().text("zh")

    def test_what_is_still_as_today(self, today: gp.Evaluation) -> None:
        text = today.explain().text()
        assert re.search(r"Way to the meeting place: \d+\.\d minutes on average, as today\.", text)
        assert re.search(r"Mean fit of the leaders: \d+ of 100, as today\.", text)
        assert "到活动地点的单程平均用时仍为" in today.explain().text("zh")


class TestWords:
    def test_chinese_has_no_english_left(self, plan: gp.Plan, today: gp.Evaluation) -> None:
        texts = [
            plan.explain("HQ0016").text("zh"),
            plan.explain("HQ0016", swaps=True).text("zh"),
            plan.explain().text("zh"),
        ]
        texts += [plan.explain(group=row.group).text("zh") for row in plan.result.groups]
        texts += [gp.what_if(plan, drop="AtLeast(3)").text("zh"), today.explain(group="第一党小组(餐饮)").text("zh")]
        for text in texts:
            assert not re.findall(r"[A-Za-z]{2,}", re.sub(r"HQ\d+", "", text))

    def test_names_only_when_asked(self, plan: gp.Plan) -> None:
        name = plan.inputs.roster.members[15].name
        assert name is not None
        why = plan.explain("HQ0016")
        for shown in (why.text(), why.markdown("zh"), why._repr_html_(), repr(why), json.dumps(why.to_dict())):
            assert name not in shown
        assert f"{name} (HQ0016)" in why.text(names=True)
        assert f"{name}（HQ0016）" in why.html("zh", names=True)

    def test_every_criterion_has_a_chinese_name(self) -> None:
        assert [name for name, kind in REGISTRY.items() if not kind.title] == []
        assert called("Leader(not HQ0041)", "zh") == "组长资格（HQ0041除外）"
        assert called("size", "zh") == "小组人数"
        assert called("AtMost(2, gender=F)", "zh") == "至多人数（2人、性别为女）"
        assert called("Mixed(education) #2", "zh") == "构成均衡（学历）第2项"
        assert called("leader of G2", "zh") == "G2现任组长"
        assert called("of no such rule (x)", "zh") == "of no such rule (x)"
        assert "education" in MEMBER_FIELDS

    def test_markup_is_escaped(self) -> None:
        roster = roster_of(department=["<b>&|*", "P", "Q"])
        plan = gp.evaluate(roster, gp.Policy.balanced(size=(3, 6)), dict.fromkeys(roster.member_ids, "A_<i>"))
        why = plan.explain(group="A_<i>")
        assert "<i>" not in why.html()
        assert "&lt;b&gt;&amp;|*" in why.html()
        assert "A\\_\\<i\\>" in why.markdown()


class TestFaults:
    def test_near_names(self, plan: gp.Plan) -> None:
        with pytest.raises(gp.InputError, match="HQ0016"):
            plan.explain("HQ016")
        with pytest.raises(gp.InputError, match="unknown group"):
            plan.explain(group="G99")
        with pytest.raises(gp.InputError, match="not for both"):
            plan.explain("HQ0016", group="G1")
        with pytest.raises(gp.InputError, match="unknown language"):
            plan.explain("HQ0016").text("de")

    def test_names_are_not_repeated(self, plan: gp.Plan) -> None:
        with pytest.raises(gp.InputError) as caught:
            plan.explain("褚卯捌")
        assert "褚卯捌" not in str(caught.value)

    def test_a_plan_from_a_file_needs_its_roster(self, plan: gp.Plan) -> None:
        read = gp.Plan.from_json(plan.to_json())
        with pytest.raises(gp.InputError, match="with_inputs"):
            read.explain()
        again = read.with_inputs(plan.inputs.roster)
        assert again.explain().text() == plan.explain().text()


def test_what_is_kept_to_be_quick_is_no_part_of_a_plan(plan: gp.Plan) -> None:
    plan.explain("HQ0016")
    assert plan.judge is plan.judge
    copy = pickle.loads(pickle.dumps(plan))
    assert copy == plan
    assert hash(copy) == hash(plan)
    assert "_judge" in vars(copy)
    assert vars(copy)["_judge"] is None
    assert copy.explain("HQ0016") == plan.explain("HQ0016")
    assert pickle.loads(pickle.dumps(plan.explain("HQ0016"))) == plan.explain("HQ0016")
