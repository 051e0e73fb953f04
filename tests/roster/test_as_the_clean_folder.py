"""The workbook and the GB18030 file of the sample branch: the roster of its clean folder, as far as they carry it."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from tests.roster.books import write

import grouping as gp
from grouping.errors import RosterError
from grouping.roster import Roster, read_roster
from grouping.roster.schema import MEMBER_FIELDS

BRANCH = Path(__file__).parents[2] / "data" / "samples" / "branch_42"
COMPANIONS = (
    "teams", "sites", "travel_minutes", "shift_codes", "shift_patterns", "explicit_shifts", "committee", "constraints",
)  # fmt: skip


def different(clean: Roster, other: Roster) -> set[str]:
    """Return the fields and attributes of which some member has another value."""
    assert other.member_ids == clean.member_ids
    names = {*MEMBER_FIELDS, *clean.extra_attributes(), *other.extra_attributes()}
    return {
        name
        for name in names
        if [member.get(name) for member in clean.members] != [member.get(name) for member in other.members]
    }


def test_the_gb18030_file_alone_loses_nobody_and_nothing_it_carries(branch: Roster) -> None:
    roster = read_roster(BRANCH / "roster_gb18030.csv")
    assert different(branch, roster) == set()
    used = {member.site for member in branch.members}
    clean = {(site.site, site.site_id, site.name) for site in branch.sites if site.site in used}
    assert {(site.site, site.site_id, site.name) for site in roster.sites} == clean
    names = {pattern.pattern_id: pattern.names[0] for pattern in branch.shift_patterns}
    assert {pattern.pattern_id: pattern.names[0] for pattern in roster.shift_patterns}.items() <= names.items()
    assert not any(pattern.sequence for pattern in roster.shift_patterns)


def test_each_rota_that_is_explained_nowhere_is_told_once(branch: Roster) -> None:
    report = read_roster(BRANCH / "roster_gb18030.csv").report
    told = [line for line in report.warnings if "neither sequence nor calendar" in line]
    assert len(told) == len({member.shift_pattern for member in branch.members}) == 12
    (line,) = [line for line in told if "CAN2W" in line]
    assert line == (
        "rota CAN2W (食堂早晚班周倒(做六休一)): neither sequence nor calendar, so it is not known when 8 of its "
        "members are free, and not judged; first in Q4, Q5, Q6"
    )
    assert "no session of the default times" not in str(report)
    assert "taken as on duty" not in str(report)
    advice = next(line for line in report.warnings if "usual_rotas=True" in line)
    assert "DAY5 = DDDDDOO" in advice
    assert "IRREG" not in advice
    assert "12 个班制" not in report.describe("zh")
    assert "班制 CAN2W (食堂早晚班周倒(做六休一))" in report.describe("zh")


def test_without_any_shift_known_attendance_is_not_judged() -> None:
    people = [{"id": str(number), "department": "A", "班制": "四班两倒(白夜休休)", "site": "S"} for number in range(6)]
    roster = read_roster(people)
    plan = gp.evaluate(roster, gp.Policy.balanced(size=(3, 3)), {str(n): f"G{n % 2}" for n in range(6)})
    assert "Attendance" in plan.result.unused
    people[0]["班制"] = "白班"
    mixed = read_roster(people)
    plan = gp.evaluate(mixed, gp.Policy.balanced(size=(3, 3)), {str(n): f"G{n % 2}" for n in range(6)})
    assert "Attendance" not in plan.result.unused
    assert not [finding for finding in plan.findings if finding.criterion == "Attendance" and "3" in finding.members]


def test_the_gb18030_file_with_companions_is_the_clean_roster(branch: Roster, tmp_path: Path) -> None:
    for kind in COMPANIONS:
        shutil.copy(BRANCH / f"{kind}.csv", tmp_path)
    shutil.copy(BRANCH / "roster_gb18030.csv", tmp_path)
    assert read_roster(tmp_path) == branch
    files = [BRANCH / "roster_gb18030.csv", *(BRANCH / f"{kind}.csv" for kind in COMPANIONS)]
    assert read_roster(files) == branch
    assert read_roster(map(str, reversed(files))) == branch
    roster = read_roster([BRANCH / "roster_gb18030.csv", BRANCH / "shift_patterns.csv"])
    assert different(branch, roster) == set()
    assert roster.shift_patterns == branch.shift_patterns
    assert [line[:10] for line in roster.report.warnings if "neither sequence" in line] == ["rota IRREG"]


def test_a_list_of_files_is_files_only() -> None:
    with pytest.raises(RosterError) as caught:
        read_roster([BRANCH / "roster.csv", BRANCH / "nowhere.csv"])
    assert [issue.code for issue in caught.value.issues] == ["missing_file"]


def test_the_workbook_is_the_clean_roster(branch: Roster) -> None:
    roster = read_roster(BRANCH / "roster.xlsx")
    assert different(branch, roster) == {"joined_on", "confirmed_on"}
    for field in ("joined_on", "confirmed_on"):  # a date that tells only the month is its first day
        for mine, theirs in zip(branch.column(field), roster.column(field), strict=True):
            assert isinstance(mine, dt.date) == isinstance(theirs, dt.date)
            if isinstance(mine, dt.date) and isinstance(theirs, dt.date):
                assert theirs in (mine, mine.replace(day=1))
    assert roster.teams == branch.teams
    assert [site.model_copy(update={"crs": "WGS84"}) for site in roster.sites] == list(branch.sites)
    used = {member.shift_pattern for member in branch.members}
    carried = {"names", "crews"}
    clean = {one.pattern_id: one.model_dump(exclude=carried) for one in branch.shift_patterns}
    found = {one.pattern_id: one.model_dump(exclude=carried) for one in roster.shift_patterns}
    assert {key: found[key] for key in used} == {key: clean[key] for key in used}
    mine = {one.names[0]: (one.sequence, one.anchor, one.crew_step_days) for one in branch.shift_patterns}
    theirs = {one.names[0]: (one.sequence, one.anchor, one.crew_step_days) for one in roster.shift_patterns}
    assert theirs == mine
    known = {one.member_id for one in branch.members} - {member_id for member_id, _ in branch.explicit_shifts}
    slots = branch.default_slots()
    assert roster.availability(slots).loc[sorted(known)].equals(branch.availability(slots).loc[sorted(known)])


def test_words_that_mean_another_code_beside_each_other_are_told(tmp_path: Path) -> None:
    people = [("工号", "部门", "班制", "轮班组", "地点"), ("1", "后勤", "甲制", "甲", "北楼")]
    patterns = [("班制", "排班序列", "班组数", "错位天数", "基准日"),
                *((name, words, 4, 1, "2026-11-30") for name, words in (
                    ("甲制", "白夜休休"), ("乙制", "白;夜班;休;休"), ("丙制", "白中夜休"), ("丁制", "早早晚晚休"),
                    ("戊制", "早中晚休"), ("己制", "DG休休"), ("庚制", "白白白白白休休")))]  # fmt: skip
    file = write(tmp_path / "r.xlsx", {"花名册": people, "班制": patterns})
    roster = read_roster(file)
    assert {one.pattern_id: "".join(one.sequence) for one in roster.shift_patterns} == {
        "甲制": "LNOO", "乙制": "LNOO", "丙制": "DAGO", "丁制": "EEFFO", "戊制": "MAGO", "己制": "DGOO",
        "庚制": "DDDDDOO",
    }  # fmt: skip
    assert "白 = L, 夜 = N in rotas that have no other shifts: 甲制, 乙制" in roster.report.defaults
    assert any(line.startswith("早 = E, 晚 = F") and line.endswith(": 丁制") for line in roster.report.defaults)
    assert any("只有这些班次的班制中，白 = L, 夜 = N：甲制, 乙制" in line for line in [roster.report.describe("zh")])
    codes = [("班次代码", "班次名称", "时段"), ("D", "白", "08:00-16:00"), ("G", "夜", "00:00-08:00"), ("O", "休", "")]
    own = write(tmp_path / "own.xlsx", {"花名册": people, "班制": patterns[:2], "班次代码": codes})
    assert read_roster(own).shift_patterns[0].sequence == ("D", "G", "O", "O")  # the roster's own words count


def test_a_word_that_is_no_rota_is_still_a_fault_told_once_for_all_its_cells(tmp_path: Path) -> None:
    rows = [
        ("工号", "部门", "班次", "地点"),
        *((str(n), "后勤", "怪班" if n % 2 else "白班", "北楼") for n in range(30)),
    ]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"员工": rows}))
    assert len(caught.value.issues) == 15
    assert {issue.code for issue in caught.value.issues} == {"unknown_shift"}
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert lines[0] == "15 faults:"
    assert lines[1].endswith("The same in C5, C7, C9, C11, C13, C15, C17, C19, … (14 more)")
    assert len(lines[1]) < 500
    assert (
        caught.value.describe("zh")
        .splitlines()[1]
        .endswith("同样的问题还有：C5, C7, C9, C11, C13, C15, C17, C19……（另 14 处）")
    )
