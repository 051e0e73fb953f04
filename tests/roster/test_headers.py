"""A header that is not understood hides nothing else, and is told with its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.roster.books import write

from grouping.errors import RosterError
from grouping.roster import read_roster

if TYPE_CHECKING:
    from pathlib import Path


def faults_of(path: Path) -> list[tuple[str, str | None, str | None]]:
    with pytest.raises(RosterError) as caught:
        read_roster(path)
    return [(issue.code, issue.file, issue.address) for issue in caught.value.issues]


def test_an_unknown_header_hides_no_other_fault(tmp_path: Path) -> None:
    people = [
        ("某支部花名册",),
        ("工号", "姓名", "归口", "班次", "地点", "入党时间"),
        ("1", "甲甲甲", "后勤", "白班", "北楼", "2016-13-01"),
        ("1", "乙乙乙", "后勤", "怪班", "北楼", ""),
        ("3", "丙丙丙", "", "白班", "", ""),
    ]
    teams = [("班组", "部门", "职工数"), ("一班", "后勤", "多")]
    calendar = [("工号", "日期", "班次代码"), ("9", "2026-12-01", "D")]
    file = write(tmp_path / "r.xlsx", {"员工": people, "班组": teams, "个人排班": calendar})
    assert faults_of(file) == [
        ("bad_number", "r.xlsx", "班组!C2"),
        ("missing_column", "r.xlsx", "员工!A2:F2"),
        ("bad_date", "r.xlsx", "员工!F3"),
        ("duplicate_id", "r.xlsx", "员工!A4"),
        ("unknown_shift", "r.xlsx", "员工!D4"),
        ("missing_site", "r.xlsx", "员工!E5"),
        ("unknown_member", "r.xlsx", "个人排班!A2"),
    ]
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    issue = caught.value.issues[1]
    assert issue.value == "工号, 姓名, 归口, 班次, 地点, 入党时间"
    assert "not understood: 归口; if the sheet's name" in str(issue.advice)
    assert "甲甲甲" not in str(caught.value) + caught.value.describe("zh")


def test_cells_of_a_row_that_is_no_header_are_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("1,张三丰,后勤,白班\n2,李四光,后勤,夜班\n", encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "r.csv")
    assert {issue.code for issue in caught.value.issues} == {"missing_column"}
    assert caught.value.issues[0].address == "A1:D1"
    for text in (str(caught.value), caught.value.describe("zh")):
        assert "张三丰" not in text


def test_two_columns_of_one_meaning_hide_nothing_and_have_their_cells(tmp_path: Path) -> None:
    rows = [("工号", "单位", "部门", "班次", "地点", "得票"), ("1", "a", "b", "白班", "北楼", "许多")]
    assert faults_of(write(tmp_path / "r.xlsx", {"员工": rows})) == [
        ("duplicate_column", "r.xlsx", "员工!C1"),
        ("bad_number", "r.xlsx", "员工!F2"),
    ]


def test_without_a_roster_the_other_files_are_checked_too(tmp_path: Path) -> None:
    (tmp_path / "roster.xlsx").write_bytes(b"PK\x03\x04")
    (tmp_path / "teams.csv").write_text("班组,职工数\n一班,多\n", encoding="utf-8")
    (tmp_path / "explicit_shifts.csv").write_text("工号,日期,班次代码\n1,2026-12-01,ZZ\n", encoding="utf-8")
    assert faults_of(tmp_path) == [
        ("bad_workbook", "roster.xlsx", None),
        ("bad_number", "teams.csv", "B2"),
        ("unknown_shift_code", "explicit_shifts.csv", "C2"),
    ]


def test_a_damaged_file_does_not_hide_a_roster_without_departments(tmp_path: Path) -> None:
    (tmp_path / "党员名单.csv").write_text("工号,姓名,归口,班次\n1,甲,后勤,白班\n", encoding="utf-8")
    (tmp_path / "班组.xlsx").write_bytes(b"PK\x03\x04")
    assert sorted(faults_of(tmp_path)) == [
        ("bad_workbook", "班组.xlsx", None),
        ("missing_column", "党员名单.csv", "A1:D1"),
    ]


def test_a_companion_without_its_columns_names_its_header(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("工号,部门,班次,地点\n1,后勤,白班,北楼\n", encoding="utf-8")
    (tmp_path / "travel_minutes.csv").write_text("步行表\n从,往,分钟\n北楼,北楼,0\n", encoding="utf-8")
    assert faults_of(tmp_path) == [("missing_column", "travel_minutes.csv", "A2:C2")]
