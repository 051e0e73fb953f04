"""Tables beside the roster: rotas by person and by team, calendars of persons × days."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.roster.books import write

from grouping.errors import RosterError
from grouping.roster import Roster, read_roster

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = [
    ("工号", "姓名", "部门", "班组"),
    ("1", "甲", "后勤", "一班"),
    ("2", "乙", "后勤", "一班"),
    ("3", "丙", "后勤", "二班"),
    ("4", "丁", "后勤", "二班"),
]
PATTERNS = [
    ("班制", "排班序列", "班组数", "错位天数", "基准日"),
    ("四班", "早早中中夜夜休休", 4, 2, "2026-11-30"),
    ("常日", "白白白白白休休", 1, 0, "2026-11-30"),
]


def test_a_rota_by_person_and_by_team(tmp_path: Path) -> None:
    by_person = [
        ("姓名", "工号", "班组", "班制", "轮班组", "地点"),
        ("甲", "1", "", "四班", "乙", "北楼"),
        ("外人", "", "一班", "四班", "丙", "北楼"),
    ]
    file = write(
        tmp_path / "r.xlsx",
        {
            "花名册": PEOPLE,
            "排班表": [*by_person, ("乙", "", "一班", "常日", "", "南楼"), ("", "", "二班", "四班", "丁", "东楼")],
            "班制": PATTERNS,
        },
    )
    roster = read_roster(file)
    assert roster.column("shift_pattern") == ["四班", "常日", "四班", "四班"]
    assert roster.column("cycle_offset") == [2, 0, 6, 6]
    assert roster.column("site") == ["北楼", "南楼", "东楼", "东楼"]
    assert any("3 of 4 rows speak of members" in line for line in roster.report.joins)
    assert "外人" not in str(roster.report)


def test_roster_and_rota_that_differ_are_told(tmp_path: Path) -> None:
    people = [(*PEOPLE[0], "班制", "地点"), *((*row, "常日", "北楼") for row in PEOPLE[1:])]
    rota = [("工号", "班制"), ("1", "四班"), ("2", "常日")]
    roster = read_roster(write(tmp_path / "r.xlsx", {"花名册": people, "排班": rota, "班制": PATTERNS}))
    assert roster.column("shift_pattern") == ["常日"] * 4
    assert "roster and rota name different shifts, the roster's counts: 1" in roster.report.warnings


def test_faults_of_a_rota_have_its_address(tmp_path: Path) -> None:
    rota = [("工号", "班制"), ("1", "怪班"), ("2", "常日"), ("2", "四班"), ("3", "常日"), ("4", "常日"), ("", "四班")]
    people = [(*row, "北楼" if number else "地点") for number, row in enumerate(PEOPLE)]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"花名册": people, "排班表": rota, "班制": PATTERNS}))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [
        ("conflicting_rota", "排班表!A4"),
        ("missing_value", "排班表!A7"),
        ("unknown_shift", "排班表!B2"),
    ]


def test_a_calendar_of_persons_and_days(tmp_path: Path) -> None:
    people = [(*PEOPLE[0], "班次", "地点"), *((*row, "白班", "北楼") for row in PEOPLE[1:])]
    calendar = [
        ("公务车班2026年12月排班表",),
        ("姓名", *range(1, 8)),
        ("", *"二三四五六日一"),
        ("甲", "白", "白", "休", "休", "", "夜", "夜"),
        ("外人", *["白"] * 7),
    ]
    roster = read_roster(write(tmp_path / "r.xlsx", {"花名册": people, "12月": calendar}))
    assert roster.explicit_shifts == {
        ("1", dt.date(2026, 12, day)): code
        for day, code in ((1, "D"), (2, "D"), (3, "O"), (4, "O"), (6, "G"), (7, "G"))
    }
    assert "calendar: 1 of 2 persons listed are no members of the roster" in roster.report.joins
    assert ("r.xlsx/12月", 3, "no person") in roster.report.skipped or any(
        why == "the days of the week" for _, _, why in roster.report.skipped
    )
    bad = [*calendar[:3], ("甲", "白", "怪", *[""] * 5)]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"花名册": people, "12月": bad}))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("unknown_shift_code", "'12月'!C4")]


def test_a_rota_without_an_anchor_is_a_warning(tmp_path: Path) -> None:
    people = [(*PEOPLE[0], "班制", "轮班组", "地点"), *((*row, "四班", "甲", "北楼") for row in PEOPLE[1:])]
    patterns = [row[:-1] for row in PATTERNS]
    roster = read_roster(write(tmp_path / "r.xlsx", {"花名册": people, "班制": patterns}))
    warning = next(line for line in roster.report.warnings if "anchor" in line)
    assert warning.endswith("四班, 常日")
    noted = [*people, ("注：基准日2026-12-02",)]
    roster = read_roster(write(tmp_path / "r.xlsx", {"花名册": noted, "班制": patterns}))
    assert {pattern.anchor for pattern in roster.shift_patterns} == {dt.date(2026, 12, 2)}
    assert not any("anchor" in line for line in roster.report.warnings)


def test_who_no_session_reaches() -> None:
    frame = pd.DataFrame(
        {"id": ["1", "2"], "department": "X", "shift": ["P", "day"], "site": "S", "participation": ["", ""]}
    )
    codes = pd.DataFrame(
        {"code": ["W", "O"], "name_zh": ["全天", "day"], "segments": ["00:00-24:00", ""], "is_work": [1, 0]}
    )
    patterns = pd.DataFrame({"pattern_id": ["P"], "sequence": ["W"], "anchor_date": ["2026-11-30"]})
    frame["shift"] = ["P", "P"]
    frame["participation"] = ["normal", "excused"]
    report = Roster.from_frame(frame, shift_codes=codes, shift_patterns=patterns).report
    assert [line for line in report.warnings if "no session" in line] == [
        "no session of the default times could reach them, they are on duty or resting: 1"
    ]


def test_lists_of_dicts_with_companions() -> None:
    people = [{"id": 1, "department": "A", "team": "T"}, {"id": 2, "department": "A", "team": "T"}]
    teams = [{"team": "T", "department": "A", "shift": "day", "site": "S"}]
    roster = Roster.from_frame(people, teams=teams)  # type: ignore[arg-type]
    assert roster.column("shift_pattern") == ["label:day", "label:day"]


NAMESAKES = [
    ("工号", "姓名", "部门", "班组", "班次", "地点"),
    ("1", "张三", "后勤", "一班", "白班", "北楼"),
    ("2", "张 三", "后勤", "二班", "白班", "北楼"),
    ("3", "Li Wei", "后勤", "二班", "白班", "北楼"),
]


def test_a_name_that_several_members_have_tells_none_of_them(tmp_path: Path) -> None:
    calendar = [
        ("2026年12月排班",),
        ("序号", "姓名", *range(1, 6)),
        (1, "张三", *"白白休休夜"),
        (2, "外人", *"白白休休夜"),
    ]
    rota = [("姓名", "班组", "轮班组"), ("张三", "", "甲"), ("张三", "二班", "乙"), ("Li Wei", "", "丙")]
    committee = [("姓名", "党内职务"), ("张三", "宣传委员"), ("Li Wei", "组织委员")]
    sheets = {"人员": NAMESAKES, "12月": calendar, "排班表": rota, "支委": committee}
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", sheets))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [
        ("unknown_member", "排班表!A2"),
        ("unknown_member", "'12月'!B3"),
        ("unknown_member", "支委!A2"),
    ]
    assert {issue.message for issue in caught.value.issues} == {"several members have this name"}
    assert "张三" not in str(caught.value)
    rest = {name: [row for row in rows if row[:2] != ("张三", "") and row != ("张三", "宣传委员") and row[0] != 1]
            for name, rows in sheets.items()}  # fmt: skip
    roster = read_roster(write(tmp_path / "r.xlsx", rest))
    assert roster.column("crew") == [None, "乙", "丙"]
    assert [one.member_id for one in roster.committee] == ["3"]


def test_persons_of_several_calendars_are_counted_together(tmp_path: Path) -> None:
    def month(number: int, *names: str) -> list[tuple[object, ...]]:
        return [(f"2026年{number}月排班",), ("姓名", *range(1, 6)), *((name, *"白白休休夜") for name in names)]

    sheets = {"人员": NAMESAKES, "11月": month(11, "Li Wei"), "12月": month(12, "Li Wei", "外一", "外二", "外三")}
    joins = read_roster(write(tmp_path / "r.xlsx", sheets)).report.joins
    assert "calendar: 3 of 4 persons listed are no members of the roster" in joins


def test_calendar_rows_by_name(tmp_path: Path) -> None:
    calendar = [("姓名", "日期", "班次代码"), ("Li Wei", "2026-12-01", "夜"), ("张三", "2026-12-01", "夜")]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"人员": NAMESAKES, "个人排班": calendar}))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("unknown_member", "个人排班!A3")]
    roster = read_roster(write(tmp_path / "r.xlsx", {"人员": NAMESAKES, "个人排班": calendar[:2]}))
    assert roster.explicit_shifts == {("3", dt.date(2026, 12, 1)): "G"}
