"""Rosters as they come: workbooks and texts with titles, merged headers, totals, ticks, odd dates."""

from __future__ import annotations

import datetime as dt
import io
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.roster.books import write

from grouping.errors import RosterError
from grouping.roster import Roster, read_roster

if TYPE_CHECKING:
    from collections.abc import Sequence

FILES = Path(__file__).parent / "files"
TOP = ("序号", "基本情况", "", "工作情况", "", "", "", "备注")
LOW = ("", "姓名", "工号", "部门", "班组", "班次", "地点", "")
HEADER_MERGES = [(2, 0, 3, 0), (2, 1, 2, 2), (2, 3, 2, 6), (2, 7, 3, 7)]


def titled(rows: Sequence[Sequence[object]]) -> list[Sequence[object]]:
    return [("某支部党员花名册",), ("填报单位：某单位    填报日期：2026年12月1日",), TOP, LOW, *rows]


def test_the_report_of_the_workbook_accounts_for_every_row(samples: Path) -> None:
    report = read_roster(samples / "branch_42" / "roster.xlsx").report
    sheet = "roster.xlsx/党员花名册"
    assert dict(report.rows)[sheet] == 44
    assert report.skipped == ((sheet, 47, "a total"), (sheet, 48, "one text across the table"))
    assert ("roster.xlsx/Sheet4", "empty") in report.tables_ignored
    assert {"民族", "序号"} <= {header for _, header, _ in report.columns_ignored}
    assert any("13 rotas taken from the note in roster.xlsx/党员花名册 48" in line for line in report.defaults)
    assert "way of taking part told by the remarks, which are not stored: HQ0010, HQ0017, HQ0024" in report.defaults
    assert "C4S3_1 (四班三倒(一天一倒)): M A G O, from 2026-11-30 on" in report.understood


def test_the_gb18030_file_is_the_clean_roster(branch: Roster, samples: Path, tmp_path: Path) -> None:
    shutil.copytree(samples / "branch_42", tmp_path / "b")
    shutil.copy(tmp_path / "b" / "roster_gb18030.csv", tmp_path / "b" / "roster.csv")
    roster = read_roster(tmp_path / "b")
    assert roster == branch
    assert "周䶮叁" in roster.column("name")
    assert [(number, why) for _, number, why in roster.report.skipped] == [(46, "a total"), (47, "a note")]


def test_names_of_rotas_count_only_when_confirmed(branch: Roster, samples: Path) -> None:
    file = samples / "branch_42" / "roster_gb18030.csv"
    assert not any(pattern.sequence for pattern in read_roster(file).shift_patterns)
    calendar_only = {"HQ0025", "HQ0026"}
    roster = read_roster(file, usual_rotas=True)  # the irregular rota has no sequence that could be in a catalogue
    assert {
        one.member_id for one, known in zip(roster.members, roster.has_known_shifts(), strict=True) if not known
    } == (calendar_only)
    mine = {one.pattern_id: one.sequence for one in branch.shift_patterns}
    assert all(one.sequence == mine[one.pattern_id] for one in roster.shift_patterns)
    frame = branch.select(set(branch.member_ids) - calendar_only).to_frame().drop(columns="cycle_offset")
    roster = Roster.from_frame(frame, usual_rotas=True)
    *rotas, codes = roster.report.understood
    assert len(rotas) == 11
    assert all("as you confirmed" in line for line in rotas)
    assert codes.startswith("codes are worked at: D 08:00-17:00, L 08:00-20:00, N 20:00-08:00+")
    assert roster.column("cycle_offset") == [
        member.cycle_offset for member in branch.members if member.member_id not in calendar_only
    ]


MERGED = [
    (1, "张　三", "001", "后勤", "一班", "白班", "北楼", ""),
    (2, "李 四", "002", "", "", "夜班", "", "借调集团(线上参加)"),
    (3, "王五", "003", "", "二班", "早班", "南楼", "/"),
    ("合计", "共3人"),
    ("注：以上为测试数据。",),
]
DOWN = [(4, 3, 6, 3), (4, 4, 5, 4), (4, 6, 5, 6), (8, 0, 8, 7)]


def test_merged_headers_and_cells(tmp_path: Path) -> None:
    file = write(tmp_path / "r.xlsx", {"花名册": titled(MERGED)}, {"花名册": [*HEADER_MERGES, *DOWN]})
    roster = read_roster(file)
    assert roster.member_ids == ("001", "002", "003")
    assert roster.column("name") == ["张三", "李四", "王五"]
    assert roster.column("department") == ["后勤"] * 3
    assert roster.column("team") == ["一班", "一班", "二班"]
    assert roster.column("site") == ["北楼", "北楼", "南楼"]
    assert roster.column("participation") == ["normal", "online_only", "normal"]
    assert [(number, why) for _, number, why in roster.report.skipped] == [
        (8, "a total"),
        (9, "one text across the table"),
    ]


def test_faults_have_the_address_of_the_cell(tmp_path: Path) -> None:
    rows = [
        *MERGED[:2],
        (3, "王五", "003", "", "二班", "怪班", "", "/"),
        (4, "赵六", "002", "后勤", "", "白班", "北楼"),
    ]
    file = write(tmp_path / "r.xlsx", {"员工": titled(rows)}, {"员工": [*HEADER_MERGES, (4, 3, 6, 3), (4, 6, 5, 6)]})
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    found = [(issue.code, issue.file, issue.address, issue.value) for issue in caught.value.issues]
    assert found == [
        ("unknown_shift", "r.xlsx", "员工!F7", "怪班"),
        ("duplicate_id", "r.xlsx", "员工!C8", "002"),
        ("missing_site", "r.xlsx", "员工!G7", None),
    ]
    lines = caught.value.describe("zh").splitlines()
    assert lines[0] == "共发现 3 处问题："
    assert lines[2] == (
        "  2. r.xlsx，员工!C8，“工号”列：工号与第 6 行重复（填写的是“002”）；应为：与其他行不同的工号。"
        "建议：改正工号，或删除重复的行"
    )
    assert str(caught.value.issues[1]) == (
        "r.xlsx, 员工!C8, column '工号': the id is also in row 6 (found '002'); expected an id that no other row has. "
        "Maybe give each member an id of its own, or remove the row that stands twice"
    )
    assert caught.value.issues[1].to_dict("zh")["message"] == "工号与第 6 行重复"


def test_fifty_faults_in_full_then_counts(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    rows = [f"{number},后勤,白班,北楼,x{number}票" for number in range(1, 61)]
    file.write_text("\n".join(["工号,部门,班次,地点,得票", *rows]), encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert len(caught.value.issues) == 60
    lines = str(caught.value).splitlines()
    assert len(lines) == 1 + 50 + 2
    assert lines[-2:] == ["  … and 10 more:", "     10 × bad_number (r.csv)"]


def test_a_header_of_two_levels_in_text(tmp_path: Path) -> None:
    text = "花名册,,,,,\n工号,姓名,部门,工作,,考察\n,,,班次,地点,得分\n1,甲,后勤,白班,北楼,88\n2,乙,后勤,夜班,北楼,77\n"
    file = tmp_path / "r.csv"
    file.write_text(text, encoding="utf-8")
    roster = read_roster(file)
    assert roster.column("shift_pattern") == ["label:白班", "label:夜班"]
    assert roster.column("assessment") == [88.0, 77.0]


@pytest.mark.parametrize("name", ["small.xls", "small.ods"])
def test_legacy_and_open_document_workbooks(name: str) -> None:
    roster = read_roster(FILES / name)
    assert roster.member_ids == ("007", "008", "009")
    assert roster.column("name") == ["甲一", "乙二", "丙三"]
    assert roster.column("joined_on") == [dt.date(2016, 6, 1), dt.date(2016, 6, 2), dt.date(2016, 6, 2)]
    assert roster.column("nominations") == [7, 12, 3]
    assert roster.column("willing") == [True, False, True]
    assert [why for _, _, why in roster.report.skipped] == ["a total"]


PEOPLE = "工号,姓名,部门,班次,地点\n001,甲,后勤,白班,北楼\n002,乙,保卫,夜班,南楼\n"
RECORDS = [
    {"工号": "001", "姓名": "甲", "部门": "后勤", "班次": "白班", "地点": "北楼"},
    {"工号": "002", "姓名": "乙", "部门": "保卫", "班次": "夜班", "地点": "南楼"},
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.csv", PEOPLE.encode("utf-8")),
        ("r.csv", PEOPLE.encode("utf-8-sig")),
        ("r.csv", PEOPLE.encode("gb18030")),
        ("r.csv", PEOPLE.encode("utf-16")),
        ("r.csv", PEOPLE.encode("utf-16-le")),
        ("r.csv", PEOPLE.encode("utf-16-be")),
        ("r.tsv", PEOPLE.replace(",", "\t").encode("utf-8")),
        ("r.txt", PEOPLE.replace(",", "|").encode("utf-8")),
        ("r.csv", ("花名册;;;;\n" + PEOPLE.replace(",", ";")).encode("gb18030")),
        ("r.xls", PEOPLE.replace(",", "\t").encode("gb18030")),
        ("r.xlsx", PEOPLE.encode("utf-8")),
        ("r.csv", PEOPLE.replace("工号", "工　号").replace("001", "００１").encode("utf-8")),
        ("r.json", json.dumps(RECORDS).encode()),
        ("r.json", json.dumps({"roster": RECORDS}, ensure_ascii=False).encode("gb18030")),
        ("r.jsonl", "\n".join(json.dumps(record) for record in RECORDS).encode()),
    ],
)
def test_one_roster_in_many_files(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    expected = Roster.from_frame(RECORDS)
    assert read_roster(tmp_path / name) == expected
    assert read_roster(RECORDS) == expected
    assert read_roster(tmp_path) == expected


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(PEOPLE.encode("gb18030"))

    monkeypatch.setattr(sys, "stdin", Stdin())
    assert read_roster("-") == Roster.from_frame(RECORDS)


def test_an_encoding_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(PEOPLE.encode("hz"))
    assert read_roster(tmp_path / "r.csv", encoding="hz").member_ids == ("001", "002")


def test_a_folder_of_files_with_other_names(tmp_path: Path) -> None:
    (tmp_path / "党员花名册.csv").write_bytes("工号,姓名,部门,班组\n1,甲,后勤,一班\n2,乙,后勤,二班\n".encode("gb18030"))
    write(
        tmp_path / "班组情况.xlsx",
        {
            "Sheet1": [
                ("班组", "部门", "班制", "地点"),
                ("一班", "后勤", "白班", "北楼"),
                ("二班", "后勤", "夜班", "南楼"),
            ]
        },
    )
    (tmp_path / "readme.txt").write_text("nothing of interest", encoding="utf-8")
    (tmp_path / "~$lock.xlsx").write_bytes(b"x")
    roster = read_roster(tmp_path)
    assert roster.column("shift_pattern") == ["label:白班", "label:夜班"]
    assert roster.column("site") == ["北楼", "南楼"]
    assert ("readme.txt", "not understood as a table, 1 rows are not read") in roster.report.tables_ignored


HEAD = ("工号", "姓名", "部门", "班次", "地点")
ONE, TWO = ("1", "甲", "后勤", "白班", "北楼"), ("2", "乙", "后勤", "夜班", "北楼")


def test_two_rosters_are_a_question(tmp_path: Path) -> None:
    file = write(tmp_path / "r.xlsx", {"一月": [HEAD, ONE], "二月": [HEAD, ONE, TWO]})
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    (issue,) = caught.value.issues
    assert issue.code == "two_tables"
    assert issue.message.startswith("1 of 1 people of r.xlsx/一月 are in r.xlsx/二月 too")
    assert len(read_roster(file, sheets={"一月": "ignore"})) == 2
    with pytest.raises(RosterError, match="names what is not there"):
        read_roster(file, sheets={"三月": "ignore"})
    with pytest.raises(RosterError, match="no kind of table"):
        read_roster(file, sheets={"一月": "people"})


def test_two_columns_of_one_meaning_are_a_question(tmp_path: Path) -> None:
    file = write(tmp_path / "r.xlsx", {"s": [(*HEAD, "职务", "岗位"), (*ONE, "班长", "厨师")]})
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    (issue,) = caught.value.issues
    assert issue.code == "duplicate_column"
    assert "'职务' (F) and '岗位' (G) both mean 'post'" in issue.message
    assert read_roster(file, columns={"岗位": "post"}).column("post") == ["厨师"]
    assert read_roster(file, columns={"岗位": None}).column("post") == ["班长"]
    assert read_roster(file, columns={"职务": "title"}).column("title") == ["班长"]


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    from xlsxwriter import Workbook

    with Workbook(tmp_path / "r.xlsx") as made:
        for name, rows in {"now": [HEAD, ONE, TWO], "old": [HEAD, ONE]}.items():
            sheet = made.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
        sheet.hide()
    roster = read_roster(tmp_path / "r.xlsx")
    assert len(roster) == 2
    assert roster.report.tables_ignored == (("r.xlsx/old", "the sheet is hidden"),)


def test_without_a_roster_the_best_sheet_says_what_it_lacks(tmp_path: Path) -> None:
    file = write(tmp_path / "r.xlsx", {"花名册": [("工号", "姓名", "班次"), ("1", "甲", "白班")], "Sheet2": [("x",)]})
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert [(issue.code, issue.sheet) for issue in caught.value.issues] == [("missing_column", "花名册")]


@pytest.mark.parametrize(
    "value",
    [
        *(
            "2016-06-02",
            "2016/6/2",
            "2016.6.2",
            "2016.06.02",
            "2016年6月2日",
            "20160602",
            "42523",
            "２０１６-０６-０２",
        ),
        *(20160602, 42523, dt.date(2016, 6, 2)),
    ],
)
def test_forms_of_dates(tmp_path: Path, value: object) -> None:
    file = write(tmp_path / "r.xlsx", {"s": [(*HEAD, "入党时间"), (*ONE, value)]})
    assert read_roster(file).column("joined_on") == [dt.date(2016, 6, 2)]


@pytest.mark.parametrize("value", [2017.1, "06/02/2016", "16.6.2", "2016-13-01", "六月", True])
def test_dates_that_could_be_two_are_faults(tmp_path: Path, value: object) -> None:
    file = write(tmp_path / "r.xlsx", {"s": [(*HEAD, "入党时间"), (*ONE, value)]})
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("bad_date", "s!F2")]


@pytest.mark.parametrize("value", ["√", "是", "Y", "y", "1", 1, True, "✓"])
def test_forms_of_yes(tmp_path: Path, value: object) -> None:
    file = write(tmp_path / "r.xlsx", {"s": [(*HEAD, "愿任组长"), (*ONE, value)]})
    assert read_roster(file).column("willing") == [True]


def test_spellings_of_one_word_become_one(tmp_path: Path) -> None:
    rows = [(*HEAD, "现党小组"), (*ONE, "第一党小组(餐饮)"), ("2", "乙", "后 勤", "夜班", "北楼", "第一党小组（餐饮）")]
    roster = read_roster(write(tmp_path / "r.xlsx", {"s": rows}))
    assert roster.column("department") == ["后勤", "后勤"]
    assert len(set(roster.column("current_group"))) == 1
    assert "'后 勤' is read as '后勤' in 1 rows" in roster.report.defaults


def test_rows_that_are_no_members(tmp_path: Path) -> None:
    rows = [("序号", *HEAD), (1, *ONE), (2, *TWO), (3,), (4,), ("序号", *HEAD), (5, "3", "丙", "后勤", "白班", "北楼"),
            ("小计", "", "3人"), ("制表人：某某", "", "审核人：某某", "", "2026-12-01")]  # fmt: skip
    roster = read_roster(write(tmp_path / "r.xlsx", {"s": rows}))
    assert roster.member_ids == ("1", "2", "3")
    assert [(number, why) for _, number, why in roster.report.skipped] == [
        (4, "nothing but a serial number"),
        (5, "nothing but a serial number"),
        (6, "the header again"),
        (8, "a total"),
        (9, "a note"),
    ]
    assert dict(roster.report.rows)["r.xlsx/s"] == len(roster) + 5


def test_a_person_called_like_a_total_is_not_lost(tmp_path: Path) -> None:
    rows = [HEAD, ("1", "合计", "后勤", "白班", "北楼"), ("2", "Total", "后勤", "白班", "北楼")]
    assert len(read_roster(write(tmp_path / "r.xlsx", {"s": rows}))) == 2
