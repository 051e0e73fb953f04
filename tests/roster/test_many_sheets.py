"""Members on several sheets or in several files: one roster, unless one looks like a copy of another."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from tests.roster.books import write

from grouping.errors import RosterError
from grouping.roster import read_roster

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ("工号", "姓名", "部门", "班次", "地点")
CANTEEN = [("餐饮党支部花名册",), HEAD, ("1", "甲", "餐饮", "白班", "北楼"), ("2", "乙", "餐饮", "夜班", "北楼")]
GUARDS = [
    ("姓 名", "职工编号", "所在单位", "工作地点", "倒班", "得票"),
    ("丙", "3", "保卫", "东门", "早班", "4票"),
    ("丁", "4", "保卫", "东门", "中班", ""),
    ("合计", "", "", "", "", "4"),
]


def test_sheets_of_members_are_one_roster(tmp_path: Path) -> None:
    file = write(tmp_path / "r.xlsx", {"一支部": CANTEEN, "二支部": GUARDS, "班组": [("班组", "部门"), ("x", "餐饮")]})
    roster = read_roster(file)
    assert roster.member_ids == ("1", "2", "3", "4")
    assert roster.column("department") == ["餐饮", "餐饮", "保卫", "保卫"]
    assert roster.column("site") == ["北楼", "北楼", "东门", "东门"]
    assert roster.column("nominations") == [None, None, 4, None]
    assert roster.column("branch") == [None] * 4
    assert dict(roster.report.rows) == {"r.xlsx/一支部": 2, "r.xlsx/二支部": 3, "r.xlsx/班组": 1}
    assert roster.report.skipped == (("r.xlsx/二支部", 4, "a total"),)
    assert ("r.xlsx/二支部", "倒班", "shift_pattern") in roster.report.columns_used
    assert "2 sheets of members are read as one roster: r.xlsx/一支部, r.xlsx/二支部" in roster.report.defaults
    assert any("columns={'(sheet)': 'branch'}" in line for line in roster.report.defaults)
    assert "2 张成员表合并为一份花名册：r.xlsx/一支部, r.xlsx/二支部" in roster.report.describe("zh")


def test_the_sheet_is_a_field_when_the_caller_says_so(tmp_path: Path) -> None:
    file = write(tmp_path / "r.xlsx", {"一支部": CANTEEN, "二支部": GUARDS})
    roster = read_roster(file, columns={"(sheet)": "branch"})
    assert roster.column("branch") == ["一支部", "一支部", "二支部", "二支部"]
    assert not any("(sheet)" in line for line in roster.report.defaults)
    own = [(*HEAD, "党支部"), ("5", "戊", "物业", "白班", "北楼", "第五支部")]
    mixed = write(tmp_path / "m.xlsx", {"一支部": CANTEEN, "其他": own})
    assert read_roster(mixed, columns={"(sheet)": "branch"}).column("branch") == ["一支部", "一支部", "第五支部"]


def test_departments_that_only_the_sheets_name(tmp_path: Path) -> None:
    head = ("序号", "工号", "姓名", "班次", "地点")
    sheets = {
        "餐饮部": [head, (1, "1", "甲", "白班", "北楼")],
        "保卫部": [head, (1, "2", "乙", "夜班", "东门"), (2, "3", "丙", "怪班", "东门")],
    }
    file = write(tmp_path / "r.xlsx", sheets)
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [
        ("missing_column", "餐饮部!A1:E1"),
        ("missing_column", "保卫部!A1:E1"),
        ("unknown_shift", "保卫部!D3"),
    ]
    assert "columns={'(sheet)': 'department'}" in str(caught.value.issues[0].advice)
    del sheets["保卫部"][2]
    told = read_roster(write(tmp_path / "r.xlsx", sheets), columns={"(sheet)": "department"})
    assert told.column("department") == ["餐饮部", "保卫部"]


def test_members_of_a_sheet_without_departments_are_not_lost_silently(tmp_path: Path) -> None:
    more = [("工号", "姓名", "岗位", "地点"), ("9", "壬", "保安", "东门")]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"餐饮": CANTEEN, "新进": more}))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("missing_column", "新进!A1:D1")] * 2
    listed = [more[0], ("1", "甲", "厨师", "北楼")]
    without_ids = [more[0], ("", "壬", "保安", "东门")]
    with pytest.raises(RosterError, match="departments"):
        read_roster(write(tmp_path / "r.xlsx", {"餐饮": CANTEEN, "新进": without_ids}))
    report = read_roster(write(tmp_path / "r.xlsx", {"餐饮": CANTEEN, "先进": listed})).report
    assert ("r.xlsx/先进", "its people are in the roster already") in report.tables_ignored


def test_one_id_on_two_sheets_is_a_fault_that_names_both(tmp_path: Path) -> None:
    guards = [*GUARDS[:3], ("甲", "1", "保卫", "东门", "早班", "")]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"一支部": CANTEEN, "二支部": guards}))
    (issue,) = caught.value.issues
    assert (issue.code, issue.address) == ("duplicate_id", "二支部!B4")
    assert issue.message == "the id is also in row 3 of r.xlsx/一支部"


def test_a_copy_is_a_question(tmp_path: Path) -> None:
    copy = [*CANTEEN, ("3", "丙", "餐饮", "白班", "北楼")]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"十一月": CANTEEN, "十二月": copy}))
    (issue,) = caught.value.issues
    assert (issue.code, issue.sheet) == ("two_tables", "十二月")
    assert (
        issue.message == "2 of 2 people of r.xlsx/十一月 are in r.xlsx/十二月 too: one looks like a copy of the other"
    )
    without_ids = {name: [row[1:] for row in rows] for name, rows in (("a", CANTEEN[1:]), ("b", copy[1:]))}
    with pytest.raises(RosterError, match="looks like a copy"):
        read_roster(write(tmp_path / "r.xlsx", without_ids))


def test_a_sheet_that_may_be_of_the_past_is_a_question(tmp_path: Path) -> None:
    for name in ("旧名单", "二支部(备份)", "退休人员", "填写示例"):
        file = write(tmp_path / "r.xlsx", {"一支部": CANTEEN, name: GUARDS})
        with pytest.raises(RosterError) as caught:
            read_roster(file)
        assert [(issue.code, issue.sheet) for issue in caught.value.issues] == [("two_tables", name)]
        assert len(read_roster(file, sheets={name: "roster"})) == 4
        assert len(read_roster(file, sheets={name: "ignore"})) == 2


def test_files_of_members_are_one_roster(tmp_path: Path) -> None:
    for name, rows in (("一车间", CANTEEN), ("二车间", GUARDS)):
        text = "\n".join(",".join(map(str, row)) for row in rows)
        (tmp_path / f"{name}人员.csv").write_text(text, encoding="gb18030")
    assert len(read_roster(tmp_path)) == 4
    assert read_roster(tmp_path, columns={"(sheet)": "workshop"}).column("workshop") == [
        "一车间人员", "一车间人员", "二车间人员", "二车间人员"
    ]  # fmt: skip


def test_calendars_of_several_months_are_one(tmp_path: Path) -> None:
    def month(number: int, *codes: str) -> list[tuple[object, ...]]:
        return [(f"2026年{number}月排班",), ("工号", *range(1, 7)), ("1", *codes)]

    sheets = {"人员": CANTEEN, "11月": month(11, *"白白休休夜夜"), "12月": month(12, *"休休白白白白")}
    calendar = read_roster(write(tmp_path / "r.xlsx", sheets)).explicit_shifts
    assert len(calendar) == 12
    assert calendar["1", dt.date(2026, 11, 5)] == "G"
    sheets["12月(改)"] = month(12, *"白休白白白白")
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", sheets))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("conflicting_shift", "'12月(改)'!B3")]


def test_a_column_that_only_one_sheet_has_may_be_told(tmp_path: Path) -> None:
    file = write(
        tmp_path / "r.xlsx", {"一支部": CANTEEN, "二支部": [(*GUARDS[0], "籍"), *((*row, "x") for row in GUARDS[1:3])]}
    )
    assert read_roster(file, columns={"籍": "origin"}).column("origin") == [None, None, "x", "x"]
    with pytest.raises(RosterError, match="names a header"):
        read_roster(file, columns={"没有": "origin"})


def test_members_of_a_sheet_that_could_be_a_rota_are_not_lost_silently(tmp_path: Path) -> None:
    more = [("工号", "姓名", "班次", "地点"), ("8", "辛", "白班", "东门"), ("9", "壬", "白班", "东门")]
    sheets = {"餐饮": CANTEEN, "新进": more, "借调": [more[0], ("7", "庚", "白班", "东门")]}
    file = write(tmp_path / "r.xlsx", sheets)
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [
        ("missing_column", "新进!A1:D1"),
        ("missing_column", "借调!A1:D1"),
    ]
    told = read_roster(file, sheets={"新进": "rota", "借调": "ignore"})
    assert any("0 of 2 rows speak of members" in line for line in told.report.joins)
    named = read_roster(write(tmp_path / "r.xlsx", {"餐饮": CANTEEN, "排班表": more}))
    assert any("0 of 2 rows speak of members" in line for line in named.report.joins)


def test_rotas_and_teams_on_several_sheets(tmp_path: Path) -> None:
    people = [("工号", "部门", "班组"), ("1", "餐饮", "红案"), ("2", "物业", "绿化"), ("3", "物业", "保洁")]
    sheets = {
        "人员": people,
        "餐饮班组": [("班组", "部门", "地点"), ("红案", "餐饮", "北楼")],
        "物业班组": [("地点", "班组", "部门"), ("南楼", "绿化", "物业"), ("东楼", "保洁", "物业")],
        "餐饮排班表": [("班组", "班次"), ("红案", "早班")],
        "物业排班表": [("工号", "班次"), ("2", "白班"), ("3", "夜班"), ("4", "夜班")],
    }
    roster = read_roster(write(tmp_path / "r.xlsx", sheets))
    assert roster.column("site") == ["北楼", "南楼", "东楼"]
    assert [one.names[0] for one in roster.shift_patterns] == ["早班", "白班", "夜班"]
    assert [line.split(" rows")[0] for line in roster.report.joins if "rows speak" in line] == [
        "r.xlsx/餐饮排班表: 1 of 1",
        "r.xlsx/物业排班表: 2 of 3",
    ]
    sheets["12月排班表"] = [("工号", "班次"), ("2", "中班")]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", sheets))
    (issue,) = caught.value.issues
    assert (issue.code, issue.sheet) == ("two_tables", "12月排班表")
    assert "都被识别为 排班表（rota）" in issue.sentence("zh")
    del sheets["12月排班表"]
    sheets["班组(二)"] = [("班组", "部门"), ("红案", "餐饮")]
    with pytest.raises(RosterError, match="both read as teams"):
        read_roster(write(tmp_path / "r.xlsx", sheets))


def test_columns_that_a_further_table_lacks(tmp_path: Path) -> None:
    sheets = {
        "人员": CANTEEN,
        "班组": [("班组", "部门"), ("红案", "餐饮")],
        "其他": [("名称", "部门"), ("绿化", "餐饮")],
    }
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", sheets), sheets={"其他": "teams"})
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("missing_column", "其他!A1:B1")]


def test_a_roster_without_departments_is_no_committee(tmp_path: Path) -> None:
    people = [("姓名", "党内职务", "班次", "地点"), ("甲", "支部书记", "白班", "北楼"), ("乙", "", "白班", "#N/A")]
    sheets = {"Sheet1": people, "班组": [("班组", "部门"), ("红案", "餐饮")]}
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", sheets))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [
        ("error_value", "Sheet1!D3"),
        ("missing_column", "Sheet1!A1:D1"),
    ]


def test_rows_without_a_header_are_a_warning(tmp_path: Path) -> None:
    notes = [("说明",), ("联系人", "甲"), ("电话", "1")]
    file = write(tmp_path / "r.xlsx", {"餐饮": CANTEEN, "新进": [row[:5] for row in GUARDS[1:3]], "其他": notes})
    report = read_roster(file).report
    assert [line for line in report.warnings if "not read" in line] == [
        "r.xlsx/新进 is not read: no row is understood as a header; write one above the rows if they are needed"
    ]
    assert ("r.xlsx/其他", "not understood as a table, 3 rows are not read") in report.tables_ignored
