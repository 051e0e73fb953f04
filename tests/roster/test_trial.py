"""Workbooks as three people leave them, found in trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.roster.books import write

from grouping.errors import RosterError
from grouping.roster import read_roster

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ("工号", "姓名", "部门", "班次", "地点")


def test_headers_with_marks_around_them(tmp_path: Path) -> None:
    head = ("序号", "*姓名", "工号（必填）", "所在\n部门", "班次\n(白/夜)", "工作地点：", "入党时间(年月)", "※班组")
    rows = [head, (1, "张三", "001", "后勤", "白", "北楼", "2016.06", "一班")]
    roster = read_roster(write(tmp_path / "r.xlsx", {"Sheet1": rows}))
    (member,) = roster.members
    assert (member.member_id, member.department, member.site, member.team) == ("001", "后勤", "北楼", "一班")
    assert ("r.xlsx/Sheet1", "工号（必填）", "member_id") in roster.report.columns_used
    other = [(*HEAD, "部门(调出前)"), ("1", "甲", "后勤", "白班", "北楼", "保卫")]
    assert read_roster(write(tmp_path / "o.xlsx", {"Sheet1": other})).column("department") == ["后勤"]


def test_two_tables_side_by_side_are_one_fault(tmp_path: Path) -> None:
    rows = [(*HEAD, "", *HEAD), ("1", "张三", "后勤", "白班", "北楼", "", "2", "李四", "后勤", "白班", "北楼")]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"名单": rows}))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("duplicate_column", "名单!G1:K1")]
    assert "below" in str(caught.value.issues[0].advice)


def test_a_roster_on_its_side_is_told_without_names(tmp_path: Path) -> None:
    rows = [("姓名", "张三丰", "李四光"), ("工号", "1", "2"), ("部门", "后勤", "后勤"), ("班次", "白班", "白班")]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"名单": rows}))
    for text in (str(caught.value), caught.value.describe("zh")):
        assert "张三丰" not in text
    assert "transpose" in str(caught.value.issues[0].advice)
    assert "转置" in caught.value.describe("zh")
    assert "'表头'" not in str(caught.value)


def test_sequences_with_arrows_and_labels_with_hours(tmp_path: Path) -> None:
    people = [
        (*HEAD, "班组别"),
        ("1", "甲", "保卫", "四班两倒", "东门", "乙"),
        ("2", "乙", "保卫", "白班(8h)", "东门", ""),
    ]
    rotas = [("班制", "顺序", "错位天数", "基准日"), ("四班两倒", "白→夜→休→休", 1, "2026-12-01")]
    roster = read_roster(write(tmp_path / "r.xlsx", {"人员": people, "班制": rotas}))
    assert roster.shift_patterns[0].sequence == ("L", "N", "O", "O")
    assert roster.column("cycle_offset") == [1, 0]
    assert roster.column("shift_pattern") == ["四班两倒", "label:白班(8h)"]


def test_the_example_in_chinese_is_chinese(tmp_path: Path) -> None:
    with pytest.raises(RosterError) as caught:
        read_roster(
            write(tmp_path / "r.xlsx", {"名单": [(*HEAD[:2], "x", *HEAD[3:]), ("1", "甲", "y", "白班", "北楼")]})
        )
    assert "{'表头': 'department'}" in caught.value.describe("zh")
