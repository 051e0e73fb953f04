"""Groups of one name in several branches are different groups."""

from __future__ import annotations

import pandas as pd

import grouping as gp


def roster(second: str = "B2") -> gp.Roster:
    rows = [
        {
            "member_id": f"{branch}{n}", "department": "餐饮" if n % 2 else "物业", "shift": "DAY5", "site": "南区",
            "branch": branch, "current_group": "第一党小组" if n < 4 else "第二党小组",
        }
        for branch in ("B1", second) for n in range(8)
    ]  # fmt: skip
    return gp.read_roster(pd.DataFrame(rows).drop_duplicates("member_id"))


def test_they_are_called_by_branch_and_name():
    read = roster()
    assert set(read.column("current_group")) == {f"{b}-{g}" for b in ("B1", "B2") for g in ("第一党小组", "第二党小组")}
    assert "B1-第一党小组" not in str(read.report)
    assert "第一党小组" in str(read.report)


def test_a_name_in_one_branch_stays():
    assert set(roster("B1").column("current_group")) == {"第一党小组", "第二党小组"}


def test_today_crosses_no_border_and_a_revision_without_changes_moves_nobody():
    read, policy = roster(), gp.Policy.balanced(size=(4, 5))
    today = gp.evaluate(read, policy, "current_group")
    assert not today.violations
    revised = gp.revise(today, time_limit=5, price=100)
    assert revised.changes(reasons=False).empty
    assert today.explain(group="B2-第一党小组").text("zh")


def test_what_is_read_comes_back(tmp_path):
    read = roster()
    read.to_excel(tmp_path / "roster.xlsx")
    assert gp.read_roster(tmp_path / "roster.xlsx") == read


def test_a_table_with_the_short_names_means_the_same_groups():
    read, policy = roster(), gp.Policy.balanced(size=(4, 5))
    table = pd.DataFrame({
        "member_id": read.member_ids,
        "group": [name.partition("-")[2] for name in read.column("current_group")],
        "role": ["组长" if member_id in ("B10", "B20", "B14", "B24") else "" for member_id in read.member_ids],
    })  # fmt: skip
    told = gp.evaluate(read, policy, table)
    assert not told.violations
    assert told.score <= gp.evaluate(read, policy, "current_group").score
    crossing = table.assign(
        group=["B1-第一党小组" if m == "B20" else g for m, g in zip(table["member_id"], table["group"], strict=True)],
        role="",
    )
    assert "Within(branch)" in {rule.rule for rule in gp.evaluate(read, policy, crossing).violations}


def test_a_member_without_a_branch_tears_no_group():
    rows = [
        {
            "member_id": f"B1{n}",
            "department": "餐饮",
            "shift": "DAY5",
            "branch": "B1" if n else "",
            "current_group": "一组",
        }
        for n in range(4)
    ]
    assert set(gp.read_roster(pd.DataFrame(rows)).column("current_group")) == {"一组"}


def test_a_newcomer_comes_from_the_group_of_the_branch():
    read, policy = roster(), gp.Policy.balanced(size=(4, 6), must=[gp.Within("branch")])
    plan = gp.evaluate(read, policy, "current_group")
    row = {"member_id": "B29", "department": "餐饮", "shift": "DAY5", "branch": "B2", "current_group": "第二党小组"}
    places = gp.place(plan, row)
    assert places.to_frame()["group"].str.startswith("B2-").all()
