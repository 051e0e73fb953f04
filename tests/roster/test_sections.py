"""Headings between the rows tell the departments where no column does: 食堂管理部 alone above its members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.roster.books import write

from grouping.errors import RosterError
from grouping.roster import Roster, read_roster

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ("序号", "工号", "姓名", "班次", "地点")
ROWS = [
    ("后勤党支部花名册",),
    HEAD,
    ("一、食堂管理部（2人）",),
    (1, "E1", "甲一", "白班", "北楼"),
    (2, "E2", "乙二", "夜班", "北楼"),
    ("", "", "物业部"),
    HEAD,
    (3, "E3", "丙三", "白班", "南楼"),
    ("小计", "", 1),
    ("注：以上人员均为虚构",),
]


@pytest.mark.parametrize("merged", [(), [(2, 0, 2, 4)]])
def test_headings_are_departments_and_no_members(tmp_path: Path, merged: list[tuple[int, int, int, int]]) -> None:
    roster = read_roster(write(tmp_path / "r.xlsx", {"员工": ROWS}, {"员工": merged}))
    assert roster.column("department") == ["食堂管理部", "食堂管理部", "物业部"]
    report = roster.report
    assert dict(report.rows) == {"r.xlsx/员工": 8}
    assert report.skipped == (
        ("r.xlsx/员工", 3, "heads a section: 食堂管理部"),
        ("r.xlsx/员工", 6, "heads a section: 物业部"),
        ("r.xlsx/员工", 7, "the header again"),
        ("r.xlsx/员工", 9, "a total"),
        ("r.xlsx/员工", 10, "a note"),
    )
    assert (
        "r.xlsx/员工: departments taken from the headings between the rows: 食堂管理部 (2), 物业部 (1)"
        in report.defaults
    )
    assert "部门取自行间的分节标题（括号内为人数）：食堂管理部 (2), 物业部 (1)" in report.describe("zh")


def test_a_column_that_only_headings_fill(tmp_path: Path) -> None:
    rows = [
        ("部门", "工号", "姓名", "班次", "地点"),
        ("部门：餐饮",),
        ("", "E1", "甲一", "白班", "北楼"),
        ("部门：物业",),
        ("", "E2", "乙二", "白班", "北楼"),
    ]
    assert read_roster(write(tmp_path / "r.xlsx", {"s": rows})).column("department") == ["餐饮", "物业"]


def test_a_column_with_values_is_never_filled_by_headings(tmp_path: Path) -> None:
    rows = [
        (*HEAD[1:], "部门"),
        ("食堂管理部",),
        ("E1", "甲一", "白班", "北楼", "食堂管理部"),
        ("物业部",),
        ("E2", "乙二", "白班", "北楼", "物业部"),
        ("E3", "丙三", "白班", "北楼", ""),
    ]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"s": rows}))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("missing_department", "s!E6")]
    roster = read_roster(write(tmp_path / "r.xlsx", {"s": rows[:-1]}))
    assert roster.column("department") == ["食堂管理部", "物业部"]
    assert [number for _, number, _ in roster.report.skipped] == [2, 4]


def test_whoever_stands_above_the_first_heading_has_no_department(tmp_path: Path) -> None:
    rows = [HEAD, ROWS[3], ("物业部",), ROWS[4], ROWS[7]]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"s": rows}))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("missing_department", "s!A2")]


@pytest.mark.parametrize("name", ["张登科", "甲四", "第一党小组", "2026年新进"])
def test_a_name_alone_is_a_member_with_faults(tmp_path: Path, name: str) -> None:
    rows = [("姓名", "班次", "地点"), ("食堂管理部",), ("甲一", "白班", "北楼"), (name,), ("乙二", "白班", "北楼")]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"s": rows}))
    assert {(issue.code, issue.address) for issue in caught.value.issues} == {
        ("missing_shift", "s!B4"),
        ("missing_site", "s!C4"),
    }


def test_beside_a_sheet_that_has_departments(tmp_path: Path) -> None:
    other = [("工号", "姓名", "部门", "班次", "地点"), ("E9", "壬九", "车队", "白班", "东门")]
    roster = read_roster(write(tmp_path / "r.xlsx", {"一支部": other, "二支部": ROWS}))
    assert roster.column("department") == ["车队", "食堂管理部", "食堂管理部", "物业部"]


def test_the_caller_may_say_that_the_sheet_is_the_department(tmp_path: Path) -> None:
    rows = [HEAD, *ROWS[3:5]]
    file = write(tmp_path / "r.xlsx", {"保卫部": rows})
    assert read_roster(file, columns={"(sheet)": "department"}).column("department") == ["保卫部"] * 2


def test_frames_have_headings_too() -> None:
    frame = pd.DataFrame([("物业部", None, None), ("甲一", "白班", "北楼")], columns=["姓名", "班次", "地点"])
    assert Roster.from_frame(frame).column("department") == ["物业部"]


def test_what_is_said_beside_a_heading(tmp_path: Path) -> None:
    head = ("序号", "姓名", "班次", "地点")
    rows = [
        ("二、物业部",),
        head,
        (1, "甲一", "白班", "北楼"),
        ("保卫科", "", "", "1人"),
        head,
        (2, "乙二", "白班", "北楼"),
        ("三", "车队"),
        (3, "丙三", "白班", "北楼"),
    ]
    roster = read_roster(write(tmp_path / "r.xlsx", {"s": rows}))
    assert roster.column("department") == ["物业部", "保卫科", "车队"]
    assert dict(roster.report.rows) == {"r.xlsx/s": 6}


def test_below_a_text_that_names_no_unit_the_department_is_missing(tmp_path: Path) -> None:
    rows = [HEAD, ("物业部",), *ROWS[3:5], ("以下人员外聘",), ROWS[7]]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"s": rows}, {"s": [(1, 0, 1, 4), (4, 0, 4, 4)]}))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("missing_department", "s!A6")]
    assert "“（分节标题行）”列" in caught.value.describe("zh")
    assert [issue.to_dict(lang)["column"] for issue in caught.value.issues for lang in ("en", "zh")] == [
        "section rows",
        "（分节标题行）",
    ]
    rows[4] = ("注：以下人员外聘",)
    roster = read_roster(write(tmp_path / "r.xlsx", {"s": rows}, {"s": [(1, 0, 1, 4), (4, 0, 4, 4)]}))
    assert roster.column("department") == ["物业部"] * 3
