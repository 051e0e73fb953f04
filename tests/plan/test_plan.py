from __future__ import annotations

import math
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import grouping as gp
from grouping.plan.records import SCHEMA_VERSION, BrokenRule, CriterionScore, GroupSummary, Result, Seat
from grouping.plan.rendering import side_by_side


def result_of(**changes: object) -> Result:
    """Return a small result by hand."""
    data: dict[str, object] = {
        "status": "feasible",
        "score": 90.0,
        "cost": 20,
        "scale": 1,
        "assignments": (Seat(member_id="m0", group="G1", role="leader"), Seat(member_id="m1", group="G1")),
        "groups": (GroupSummary(group="G1", size=2, full=2, leader="m0", score=90.0),),
        "scores": (CriterionScore(principle="act", criterion="SharedWork", weight=1.0, points=20, score=90.0),),
        "findings": (),
    }
    return Result.model_validate({**data, **changes})


class TestNumbers:
    @pytest.mark.parametrize("name", ["plan", "many_plan", "today"])
    def test_weights_times_scores_are_the_score(self, name: str, request: pytest.FixtureRequest) -> None:
        division: gp.Evaluation = request.getfixturevalue(name)
        scores = division.scores
        assert math.isclose((scores["weight"] * scores["score"]).sum(), division.score, abs_tol=1e-9)
        assert math.isclose(scores["weight"].sum(), 1.0, abs_tol=1e-12)

    @pytest.mark.parametrize("name", ["plan", "many_plan", "today"])
    def test_findings_add_up_to_the_cost_exactly(self, name: str, request: pytest.FixtureRequest) -> None:
        division: gp.Evaluation = request.getfixturevalue(name)
        assert sum(finding.points for finding in division.findings) == division.cost
        members = len(division.result.assignments)
        assert division.score == pytest.approx(100 - division.cost / (division.result.scale * members))

    @pytest.mark.parametrize("name", ["plan", "many_plan"])
    def test_groups_lose_what_their_findings_say(self, name: str, request: pytest.FixtureRequest) -> None:
        division: gp.Evaluation = request.getfixturevalue(name)
        for group in division.result.groups:
            mine = [f.points for f in division.findings if (f.part, f.group) == (group.part, group.group)]
            assert math.isclose(100 - group.score, sum(mine) / (division.result.scale * group.size), abs_tol=1e-9)

    def test_principles_are_the_weighted_means(self, plan: gp.Plan) -> None:
        for principle, score in plan.principles.items():
            rows = plan.scores[plan.scores["principle"] == principle]
            assert math.isclose(score, np.average(rows["score"], weights=rows["weight"]))

    def test_a_principle_that_nothing_is_known_about_has_no_score(self, roster: gp.Roster) -> None:
        policy = gp.Policy(size=(6, 12), prefer=[gp.Travel()])
        found = gp.evaluate(roster, policy)
        assert math.isnan(found.principles["act"])
        assert "not judged" in str(found)
        assert math.isnan(gp.compare({"a": found}).loc["act", "a"])

    def test_shares_add_up_when_a_branch_has_nothing_to_judge(self, many: gp.Roster) -> None:
        branches = sorted({m.branch for m in many.members if m.status == "probationary" and m.branch != "B1"})[:1]
        few = many.select([m.member_id for m in many.members if m.branch in {*branches, "B1"}])
        one = few.select([m.member_id for m in few.members if m.status == "full" or m.branch in branches])
        policy = gp.Policy(must=[gp.Within("branch")], prefer=[gp.Mentoring()])
        for roster in (few, one):
            found = gp.evaluate(roster, policy)
            scores = found.scores
            assert math.isclose((scores["weight"] * scores["score"]).sum(), found.score)
            assert scores["weight"].sum() == 1

    def test_gap(self) -> None:
        assert gp.Plan(result_of()).gap is None
        assert gp.Plan(result_of()).bound is None
        assert gp.Plan(result_of(bound=95.0, cost_bound=10)).gap == 0.5
        proven = gp.Plan(result_of(status="optimal", bound=90.0, cost_bound=20))
        assert (proven.gap, proven.status) == (0.0, "optimal")
        ideal = gp.Plan(result_of(status="optimal", score=100.0, cost=0, bound=100.0, cost_bound=0))
        assert ideal.gap == 0.0

    def test_bound_is_never_below_the_score(self, plan: gp.Plan, many_plan: gp.Plan) -> None:
        for found in (plan, many_plan):
            assert found.bound is None or found.bound >= found.score
            assert found.gap is None or 0 <= found.gap <= 1

    @pytest.mark.parametrize(
        "claim",
        [
            {"status": "optimal"},
            {"status": "optimal", "bound": 95.0, "cost_bound": 10},
            {"bound": 80.0, "cost_bound": 40},
            {"bound": 95.0},
            {"violations": (BrokenRule(rule="size", group="G1", members=(), amount=1),)},
        ],
    )
    def test_claims_that_contradict_the_numbers_are_refused(self, claim: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="Value error"):
            result_of(**claim)


class TestTables:
    def test_columns(self, plan: gp.Plan) -> None:
        assert list(plan.assignments) == ["member_id", "group", "role"]
        assert list(plan.scores) == ["principle", "criterion", "weight", "points", "score"]
        assert list(plan.groups) == [
            "group", "part", "size", "full", "leader", "deputy", "session", "place", "work", "departments", "continues",
            "covers", "attendance", "score",
        ]  # fmt: skip
        assert list(plan.to_frame()) == ["member_id", "group", "role", "session", "place", "work"]

    def test_assignments_and_groups_agree(self, plan: gp.Plan) -> None:
        sizes = plan.assignments.groupby("group").size()
        assert sizes.to_dict() == plan.groups.set_index("group")["size"].to_dict()
        leaders = plan.assignments[plan.assignments["role"] == "leader"].set_index("group")["member_id"]
        assert leaders.to_dict() == plan.groups.set_index("group")["leader"].to_dict()
        big = plan.groups["size"] >= 10
        assert plan.groups["deputy"].notna().eq(big).all()

    def test_attendance_is_what_the_states_say(self, roster: gp.Roster, plan: gp.Plan) -> None:
        states = roster.availability()
        labels = {slot.label: slot.slot_id for slot in roster.default_slots()}
        excused = {m.member_id for m in roster.members if m.participation == "excused"}
        for group in plan.result.groups:
            members = [s.member_id for s in plan.result.assignments if s.group == group.group]
            expected = [m for m in members if m not in excused]
            here = states.loc[expected, labels[group.session]].isin(["A", "O"])
            assert group.attendance == here.mean()

    def test_to_frame_with_roster_keeps_one_row_each(self, roster: gp.Roster, plan: gp.Plan) -> None:
        table = plan.to_frame(roster)
        assert len(table) == len(roster)
        assert list(table)[:6] == ["member_id", "name", "department", "team", "shift_pattern", "site"]
        assert table["name"].notna().all()

    def test_members_of_a_group_across_branches_stand_once(self, many: gp.Roster, policy: gp.Policy) -> None:
        found = gp.evaluate(many, policy, dict.fromkeys(many.member_ids, "A"))
        assert len(found.to_frame(many)) == len(many)
        assert len(found.groups) == 7
        assert str(found).count(many.member_ids[0]) < 7
        session = {group.part: group.session for group in found.result.groups}
        first = found.to_frame().set_index("member_id")["session"]
        assert all(first[m.member_id] == session[m.branch] for m in many.members if m.branch)

    def test_csv_is_for_excel(self, roster: gp.Roster, plan: gp.Plan, tmp_path: Path) -> None:
        plan.to_csv(tmp_path / "plan.csv", roster)
        assert (tmp_path / "plan.csv").read_bytes().startswith(b"\xef\xbb\xbf")
        back = pd.read_csv(tmp_path / "plan.csv", dtype=str, encoding="utf-8-sig")
        assert back["member_id"].tolist() == plan.assignments["member_id"].tolist()
        assert [path.name for path in tmp_path.iterdir()] == ["plan.csv"]

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
    def test_csv_holds_no_formula(self, start: str, tmp_path: Path) -> None:
        name = f'{start}HYPERLINK("x")'
        groups = (GroupSummary(group=name, size=1, full=1, covers=(name, "b"), score=0.0),)
        division = gp.Plan(result_of(assignments=(Seat(member_id="m0", group=name),), groups=groups))
        division.to_csv(tmp_path / "a.csv")
        assert f"'{start}" in (tmp_path / "a.csv").read_bytes().decode("utf-8-sig")
        from grouping.plan.tables import csv_bytes

        assert csv_bytes(division.groups).decode("utf-8-sig").count(f"'{start}") == 2

    def test_empty_tables_keep_their_columns(self) -> None:
        empty = gp.Plan(result_of(assignments=(), groups=(), scores=(), score=100.0, cost=0))
        assert list(empty.assignments) == ["member_id", "group", "role"]
        assert list(empty.groups)[:2] == ["group", "part"]


class TestText:
    def test_print(self, plan: gp.Plan) -> None:
        text = str(plan)
        assert text.startswith(f"{len(plan.groups)} groups, 42 members, score {plan.score:.2f} of 100")
        assert "easy to hold activities" in text
        for row in plan.result.groups:
            assert f"{row.group}  ({row.size} members" in text
            assert row.leader in text
        assert all(member in text for member in plan.assignments["member_id"])

    def test_what_a_group_loses_adds_up(self, plan: gp.Plan) -> None:
        for block in str(plan).split("\n\n")[1:]:
            lost = [float(number) for number in re.findall(r"^  - +(-?[\d.]+)  ", block, flags=re.MULTILINE)]
            score = re.search(r"score ([\d.]+)\)", block)
            if score:
                assert abs(100 - float(score[1]) - sum(lost)) <= 0.05 * (len(lost) + 2)

    def test_no_names(self, roster: gp.Roster, plan: gp.Plan, today: gp.Evaluation) -> None:
        for shown in (str(plan), plan.describe("zh"), plan._repr_html_(), repr(plan), str(today), plan.to_json()):
            assert not [member.name for member in roster.members if member.name and member.name in shown]

    def test_chinese(self, plan: gp.Plan) -> None:
        text = plan.describe("zh")
        for word in ("便于开展活动", "便于发挥作用", "便于管理党员", "组长建议人选", "证明"):
            assert word in text
        assert not re.search(r"\b(leader|members|meets|shares|groups)\b", text)

    def test_proof_is_said(self) -> None:
        assert "nothing is proven" in str(gp.Plan(result_of()))
        assert "scores more than 95.00" in str(gp.Plan(result_of(bound=95.0, cost_bound=10)))
        assert "proven optimal" in str(gp.Plan(result_of(status="optimal", bound=90.0, cost_bound=20)))
        assert "proven" not in str(gp.Evaluation(result_of(status="evaluated")))

    def test_repr(self, plan: gp.Plan, today: gp.Evaluation) -> None:
        assert re.fullmatch(r"Plan\((feasible|optimal), \d groups, score [\d.]+(, bound [\d.]+)?\)", repr(plan))
        assert re.fullmatch(r"Evaluation\(4 groups, score [\d.]+\)", repr(today))

    def test_html_is_escaped_and_well_formed(self) -> None:
        evil = '<script>alert("x")</script>&'
        group = GroupSummary(
            group=evil, size=1, full=1, leader=evil, session=evil, place=evil, work=evil, covers=(evil,), score=1.0
        )
        broken = (BrokenRule(rule=evil, group=evil, members=(evil,), amount=1),)
        division = gp.Evaluation(result_of(status="evaluated", groups=(group,), violations=broken, unused=(evil,)))
        html = division._repr_html_()
        tags: list[str] = []

        class Reader(HTMLParser):
            def handle_starttag(self, tag: str, attrs: object) -> None:
                tags.append(tag)
                assert not attrs

        Reader().feed(html)
        assert set(tags) <= {"div", "p", "b", "br", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
        assert "alert(" in html
        assert "None" not in html

    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_broken_rules_in_words(self, roster: gp.Roster, policy: gp.Policy, lang: str) -> None:
        found = gp.evaluate(roster, policy, dict.fromkeys(roster.member_ids[:30], "A"))
        sentences = [violation.sentence(lang) for violation in found.violations]
        assert any("A" in s and "18" in s for s in sentences)
        assert any(("12" in s and "HQ0042" in s) or "HQ0031" in s for s in sentences)
        assert all(len(s) < 300 for s in sentences)


class TestJson:
    @pytest.mark.parametrize("name", ["plan", "many_plan"])
    def test_round_trip(self, name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        plan: gp.Plan = request.getfixturevalue(name)
        text = plan.to_json(tmp_path / "plan.json")
        assert gp.Plan.from_json(text) == plan
        assert gp.Plan.from_json(tmp_path / "plan.json") == plan
        assert gp.Plan.from_json(str(tmp_path / "plan.json")).to_json() == text
        assert hash(gp.Plan.from_json(text)) == hash(plan)
        assert gp.Policy.from_dict(plan.result.policy).size == (6, 12)

    def test_evaluation_round_trip(self, today: gp.Evaluation) -> None:
        assert gp.Evaluation.from_json(today.to_json()) == today

    def test_a_plan_and_an_evaluation_are_not_equal(self, plan: gp.Plan) -> None:
        assert gp.Evaluation(plan.result) != plan

    @pytest.mark.parametrize(
        ("text", "code", "words"),
        [
            ("{", "bad_result", "is not JSON"),
            ("{}", "bad_result", "is not a plan"),
            ('{"schema_version": %d}' % (SCHEMA_VERSION + 1), "newer_schema", "newer version"),  # noqa: UP031
            ('{"schema_version": "x"}', "bad_result", "is not a plan"),
        ],
    )
    def test_what_is_no_plan(self, text: str, code: str, words: str) -> None:
        with pytest.raises(gp.InputError, match=words) as caught:
            gp.Plan.from_json(text)
        assert caught.value.issues[0].code == code

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(gp.InputError, match=r"plan\.json.*cannot be read"):
            gp.Plan.from_json(tmp_path / "plan.json")

    def test_an_evaluation_is_no_plan(self, today: gp.Evaluation) -> None:
        with pytest.raises(gp.InputError, match="an evaluation, not a plan"):
            gp.Plan.from_json(today.to_json())

    def test_fields_from_elsewhere_are_refused(self, plan: gp.Plan) -> None:
        with pytest.raises(gp.InputError, match="Extra inputs"):
            gp.Plan.from_json(plan.to_json().replace('"status"', '"more": 1, "status"', 1))


class TestCompare:
    def test_rows(self, plan: gp.Plan, today: gp.Evaluation) -> None:
        table = gp.compare({"today": today, "plan": plan})
        assert list(table) == ["today", "plan"]
        assert table.loc["score", "plan"] == plan.score
        travel = today.scores.set_index("criterion").loc["Travel", "score"]
        assert table.loc["  Travel", "today"] == travel
        assert table.loc["groups"].tolist() == [4, len(plan.groups)]

    def test_criteria_stay_under_their_principle(self, roster: gp.Roster, today: gp.Evaluation) -> None:
        other = gp.evaluate(roster, gp.Policy(size=(6, 12), prefer=[gp.EvenSize(principle="act"), gp.Travel()]))
        table = gp.compare({"other": other, "today": today})
        heads = list(table.index)
        assert heads.index("act") < heads.index("  EvenSize") < heads.index("manage")
        assert heads.count("  EvenSize") == 2
        assert np.isnan(table.loc["  Mentoring", "other"])

    def test_nothing_to_compare(self) -> None:
        assert gp.compare({}).empty

    def test_as_text(self, plan: gp.Plan, today: gp.Evaluation) -> None:
        table = gp.compare({"today": today, "建议方案": plan})
        for lang in ("en", "zh"):
            lines = side_by_side(table, lang).splitlines()
            assert len(lines) == len(table) + 2
        assert "便于开展活动" in side_by_side(table, "zh")
        assert "–" in side_by_side(table.where(table > 1000))

    def test_sizes_worst_group_moves_and_gap(self, plan: gp.Plan, today: gp.Evaluation) -> None:
        table = gp.compare([today, plan, today])
        assert list(table) == ["plan 1", "plan 2", "plan 3"]
        sizes = plan.groups["size"]
        assert table.loc[["smallest", "largest"], "plan 2"].tolist() == [sizes.min(), sizes.max()]
        assert table.loc["worst group", "plan 2"] == plan.groups["score"].min() == plan.worst
        assert table.loc["moves"].tolist() == [0, len(plan.changes(today, match=True, reasons=False)), 0]
        assert np.isnan(table.loc["gap", "plan 1"])
        assert plan.bound is not None
        assert table.loc["gap", "plan 2"] == plan.bound - plan.score
        assert table.attrs["status"] == {"plan 1": "evaluated", "plan 2": plan.status, "plan 3": "evaluated"}

    def test_as_a_page(self, today: gp.Evaluation) -> None:
        table = gp.compare({"<today>": today})
        assert "<td>仅评分</td>" in gp.side_by_side(table, "zh", "html")
        assert "&lt;today&gt;" in gp.side_by_side(table, form="html")
        assert "| members elsewhere | 0 |" in gp.side_by_side(table, form="markdown")
