from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.plan.conftest import POLICY, ROSTER

import grouping as gp
from grouping.plan.judging import Judge


class TestPlans:
    def test_a_plan_scores_what_it_says(self, roster: gp.Roster, policy: gp.Policy, plan: gp.Plan) -> None:
        for given_as in (plan, plan.assignments, plan.assignments[["member_id", "group"]]):
            found = gp.evaluate(roster, policy, given_as)
            assert found.cost == plan.cost
            assert found.violations == ()
            assert found.result.groups == plan.result.groups
            assert found.result.findings == plan.result.findings

    def test_over_seven_branches(self, many: gp.Roster, policy: gp.Policy, many_plan: gp.Plan) -> None:
        assert len({seat.part for seat in many_plan.result.assignments}) == 7
        for given_as in (many_plan, many_plan.assignments):
            found = gp.evaluate(many, policy, given_as)
            assert found.cost == many_plan.cost
            assert found.result.groups == many_plan.result.groups

    def test_by_another_policy(self, roster: gp.Roster, plan: gp.Plan) -> None:
        other = gp.evaluate(roster, gp.Policy.by_location(size=(6, 12)), plan)
        assert other.score != plan.score
        assert other.result.policy["name"] == "by_location"

    def test_one_large_pool_is_quick(self, many: gp.Roster) -> None:
        found = gp.evaluate(many, gp.Policy(size=(6, 12), must=[]))
        assert len(found.groups) > 30
        assert sum(len(group.covers) for group in found.result.groups) == len(many.uncovered_teams)


class TestTables:
    def check(self, roster: gp.Roster, policy: gp.Policy, table: object, today: gp.Evaluation) -> None:
        found = gp.evaluate(roster, policy, table)  # type: ignore[arg-type]
        assert found == today

    def table(self, roster: gp.Roster) -> pd.DataFrame:
        return pd.DataFrame({"member_id": roster.member_ids, "group": roster.column("current_group")})

    def test_attribute_mapping_and_table_agree(
        self, roster: gp.Roster, policy: gp.Policy, today: gp.Evaluation
    ) -> None:
        table = self.table(roster)
        self.check(roster, policy, "current_group", today)
        self.check(roster, policy, table, today)
        self.check(roster, policy, dict(zip(table["member_id"], table["group"], strict=True)), today)

    def test_any_index_order_dtype_and_column(self, roster: gp.Roster, policy: gp.Policy, today: gp.Evaluation) -> None:
        table = self.table(roster)
        shuffled = table.sample(frac=1, random_state=1)
        assert list(shuffled.index) != sorted(shuffled.index)
        self.check(roster, policy, shuffled, today)
        self.check(roster, policy, table.set_index(pd.MultiIndex.from_product([["x"], range(42)])), today)
        self.check(roster, policy, table.set_index("member_id"), today)
        self.check(roster, policy, table.astype("category"), today)
        self.check(roster, policy, table.assign(note=np.nan, role=None), today)

    @pytest.mark.parametrize(
        "headers", [("工号", "党小组"), ("员工编号", "小组"), ("ID", "Group"), (" 工号 ", "现党小组")]
    )
    def test_headers(
        self, roster: gp.Roster, policy: gp.Policy, today: gp.Evaluation, headers: tuple[str, str]
    ) -> None:
        self.check(roster, policy, self.table(roster).set_axis(headers, axis=1), today)

    def test_own_words_win_over_others(self, roster: gp.Roster, policy: gp.Policy, today: gp.Evaluation) -> None:
        table = self.table(roster)
        table.insert(0, "小组", "other")
        table.insert(0, "编号", range(42))
        self.check(roster, policy, table, today)

    def test_numbers_as_ids(self) -> None:
        staff = pd.DataFrame({"id": [1, 2, 3, 4], "department": "X", "shift": "day"})
        roster, policy = gp.Roster.from_frame(staff), gp.Policy(size=(2, 2), must=[])
        table = pd.DataFrame({"id": [1, 2, 3, 4, np.nan], "group": [1, 1, 2, 2, np.nan]})
        assert gp.evaluate(roster, policy, table).assignments["group"].tolist() == ["1", "1", "2", "2"]

    def test_missing_members_are_told(self, roster: gp.Roster, policy: gp.Policy) -> None:
        table = self.table(roster)
        table.loc[3, "group"] = None
        table.loc[4, "group"] = " "
        found = gp.evaluate(roster, policy, table.drop(5))
        (left_out,) = [v for v in found.violations if v.rule == "unplaced"]
        assert left_out.members == ("HQ0004", "HQ0005", "HQ0006")
        assert left_out.amount == 3
        assert len(found.assignments) == 39

    def test_members_in_no_group_do_not_raise_the_score(self, roster: gp.Roster, policy: gp.Policy) -> None:
        ids = [m.member_id for m in roster.members if m.current_group and "餐饮" in m.current_group]
        part = gp.evaluate(roster, policy, dict.fromkeys(ids, "A"))
        assert part.score == pytest.approx(part.result.groups[0].score)
        assert (part.scores["weight"] * part.scores["score"]).sum() == pytest.approx(part.score)


class TestFaults:
    def issues(self, roster: gp.Roster, policy: gp.Policy, table: object) -> list[gp.Issue]:
        with pytest.raises(gp.AssignmentError) as caught:
            gp.evaluate(roster, policy, table)  # type: ignore[arg-type]
        return list(caught.value.issues)

    def test_all_at_once(self, roster: gp.Roster, policy: gp.Policy) -> None:
        table = pd.DataFrame(
            {
                "member_id": ["HQ0001", "HQ0001", "HQ00O2", "褚卯捌", None, "HQ0003", "HQ0004"],
                "group": ["A", "B", "A", "A", "A", "A", "A"],
                "role": ["", "", "", "", "", "leader", "组长"],
            }
        )
        found = self.issues(roster, policy, table)
        assert [(issue.code, issue.row) for issue in found] == [
            ("twice", 3),
            ("unknown_member", 4),
            ("unknown_member", 5),
            ("missing_id", 6),
            ("two_leaders", 8),
        ]
        assert found[1].value == "HQ00O2"
        assert found[2].value is None  # a name is not repeated
        assert "褚卯捌" not in " ".join(map(str, found))

    def test_lost_zeros(self, policy: gp.Policy) -> None:
        roster = gp.Roster.from_frame(pd.DataFrame({"id": ["001", "002"], "department": "X", "shift": "day"}))
        (found, _) = self.issues(roster, policy, pd.DataFrame({"id": [1, 2], "group": "A"}))
        assert str(found.advice).startswith("001: read the ids as text")

    def test_twice_even_without_a_group(self, roster: gp.Roster, policy: gp.Policy) -> None:
        table = pd.DataFrame({"member_id": ["HQ0001", "HQ0001", "HQ0002"], "group": [None, "A", "A"]})
        assert [issue.code for issue in self.issues(roster, policy, table)] == ["twice"]

    def test_columns(self, roster: gp.Roster, policy: gp.Policy) -> None:
        found = self.issues(roster, policy, pd.DataFrame({"who": ["HQ0001"], "where": ["A"]}))
        assert [issue.code for issue in found] == ["missing_column", "missing_column"]

    @pytest.mark.parametrize("table", [{}, 3, [("HQ0001", "A")], pd.DataFrame({"member_id": [], "group": []})])
    def test_what_is_no_division(self, roster: gp.Roster, policy: gp.Policy, table: object) -> None:
        assert self.issues(roster, policy, table)

    def test_an_attribute_nobody_has(self, policy: gp.Policy) -> None:
        staff = pd.DataFrame({"id": [f"m{i}" for i in range(6)], "department": "X", "shift": "day"})
        with pytest.raises(gp.AssignmentError, match="current_group"):
            gp.evaluate(gp.Roster.from_frame(staff), policy)
        with pytest.raises(gp.RosterError, match="no such attribute"):
            gp.evaluate(gp.Roster.from_frame(staff), policy, "nothing")


class TestLeaders:
    def test_the_given_leader_stays(self, roster: gp.Roster, policy: gp.Policy, today: gp.Evaluation) -> None:
        table = pd.DataFrame({"工号": roster.member_ids, "党小组": roster.column("current_group"), "角色": None})
        table["角色"] = table["角色"].astype(object)
        table.loc[table["工号"] == "HQ0002", "角色"] = "组长"
        found = gp.evaluate(roster, policy, table)
        assert found.groups["leader"].tolist()[0] == "HQ0002"
        assert found.groups["leader"].tolist()[1:] == today.groups["leader"].tolist()[1:]
        assert found.cost > today.cost

    def test_a_leader_who_may_not_lead(self, roster: gp.Roster, policy: gp.Policy) -> None:
        newcomer = next(m for m in roster.members if m.status == "probationary")
        table = pd.DataFrame(
            {"member_id": roster.member_ids, "group": roster.column("current_group"), "role": "member"}
        )
        table.loc[table["member_id"] == newcomer.member_id, "role"] = "leader"
        found = gp.evaluate(roster, policy, table)
        assert any(v.rule.startswith("Leader") and v.members == (newcomer.member_id,) for v in found.violations)


def test_groups_across_branches_are_told(many: gp.Roster, policy: gp.Policy) -> None:
    by_branch = {m.member_id: f"{m.branch}-{i % 4}" for i, m in enumerate(many.members)}
    a, b = many.members[0], next(m for m in many.members if m.branch != many.members[0].branch)
    by_branch[b.member_id] = by_branch[a.member_id]
    found = gp.evaluate(many, policy, by_branch)
    (crossing,) = [v for v in found.violations if v.rule == "Within(branch)"]
    assert (crossing.group, crossing.amount) == (by_branch[a.member_id], 1)
    assert sum(finding.points for finding in found.findings) == found.cost
    assert len(found.to_frame()) == len(many)
    assert gp.evaluate(many, policy, found) == found  # the group has a leader in each of the branches


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_division_adds_up(data: st.DataObject) -> None:
    """Whatever the division: findings add up, shares add up, names of groups and the order of rows do not matter."""
    ids = list(ROSTER.member_ids)
    names = st.sampled_from(["A", "B", "C", "D", "E", None])
    division = dict(zip(ids, data.draw(st.lists(names, min_size=42, max_size=42)), strict=True))
    if not any(division.values()):
        return
    found = gp.evaluate(ROSTER, POLICY, division)  # type: ignore[arg-type]
    assert sum(finding.points for finding in found.findings) == found.cost
    scores = found.scores
    assert abs((scores["weight"] * scores["score"]).sum() - found.score) < 1e-9
    assert gp.Evaluation.from_json(found.to_json()) == found
    assert gp.evaluate(ROSTER, POLICY, found).cost == found.cost
    random.Random(data.draw(st.integers(0, 99))).shuffle(ids)
    renamed = {member: division[member] and f"new {division[member]}" for member in ids}
    again = gp.evaluate(ROSTER, POLICY, renamed)  # type: ignore[arg-type]
    assert (again.cost, len(again.violations)) == (found.cost, len(found.violations))


def test_a_plan_read_from_a_file_learns_its_roster_again(tmp_path):
    roster = gp.read_roster(gp.sample_path("branch_42"))
    policy = gp.Policy.balanced(size=(6, 12))
    today = gp.evaluate(roster, policy, "current_group")
    read = gp.Evaluation.from_json(today.to_json())
    with pytest.raises(gp.InputError, match=r"with_inputs\(roster\)"):
        _ = read.inputs
    assert read.with_inputs(roster).inputs.roster == roster
    with pytest.raises(gp.InputError, match="not"):
        read.with_inputs(roster, policy.replace(principles={"act": 9}))


def test_a_judge_scores_as_evaluate_does_when_groups_come_and_go():
    roster = gp.read_roster(gp.sample_path("branch_42"))
    policy = gp.Policy.balanced(size=(6, 12))
    judge = Judge(roster, policy)
    group_of = dict(zip(roster.member_ids, roster.column("current_group"), strict=True))
    for member, group in [(None, None), ("HQ0001", "new"), ("HQ0002", "new"), ("HQ0001", group_of["HQ0030"])]:
        if member:
            group_of[member] = group
        mine, fresh = judge.groups(group_of), gp.evaluate(roster, policy, group_of)
        assert (mine.cost, mine.violations, mine.result.scores) == (fresh.cost, fresh.violations, fresh.result.scores)
