from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.roster.books import write

from grouping.errors import RosterError
from grouping.roster import Roster, read_roster
from grouping.roster.read import slots_from

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "roster.csv": """工号,姓名,部门,班制,工作地点,班组,出生年月,入党时间,党员推荐票,支部考察得分,愿任组长,参加方式,\
党员类别,相位天
A1,张三丰,后勤,P1,北楼,一班,1980-13,2010-01-01,3,80,是,正常,正式党员,0
A1,李四光,后勤,P1,北楼,一班,1980-01,2010-02-30,3,80,是,正常,正式党员,0
A2,王五六,,P9,西楼,一班,1980-01,,三票,高,也许,有时,群众,x
,赵六七,后勤,,北楼,,1980-01,,-3,80,是,正常,正式党员,1.5
A3,钱七八,后勤,P1,,,1980-01,,3,80,是,正常,正式党员,0,多余
""",
    "teams.csv": """班组,部门,工作地点,班制,职工数
一班,后勤,东楼,P8,多
一班,后勤,北楼,P1,3
,后勤,北楼,P1,3
""",
    "sites.csv": """地点编号,地点名称,纬度,经度,坐标系,会议室容量
S1,北楼,30,110,WGS84,8
S1,南楼,30,110,WGS84,8
S3,中楼,30,110,GCJ02,八
S4,后楼,95,110,WGS84,8
S5,前楼,30,,WGS84,8
,,30,110,WGS84,8
""",
    "travel_minutes.csv": """从,到,步行分钟
北楼,西楼,5
北楼,中楼,-5
北楼,,5
北楼,后楼,
""",
    "shift_codes.csv": """code,name_zh,segments,recovery_hours,is_work
D,白班,08:00-17:00,0,1
D,白班,08:00-17:00,0,1
N,夜班,20:00-08:00,8,1
X,怪班,eight to five,-1,maybe
O,休息,,0,0
""",
    "shift_patterns.csv": """pattern_id,name_zh,cycle_days,sequence,anchor_date
P1,白,7,DDDDDOO,2026-11-30
P1,白,7,DDDDDOO,2026-11-30
P2,坏,7,DDQ,2026-11-30
P3,错,8,DDO,2026-11-30
P4,无,3,DDO,
P5,日,3,DDO,soon
""",
    "explicit_shifts.csv": """工号,日期,班次代码
A9,2026-12-01,D
A3,later,D
A3,2026-12-01,Q
A3,2026-12-02,D
A3,2026-12-02,O
""",
    "committee.csv": """工号,党内职务,最多联系小组数
A9,书记,1
孙悟空,委员,两个
""",
    "constraints.csv": """类型,工号1,工号2,强度
同组,A1,A9,硬
相亲,A1,A3,硬
不同组,A1,,软
不同组,A3,A3,软
不任组长,A3,,随便
""",
}


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_every_fault_of_every_file_in_one_error(broken: Path) -> None:
    with pytest.raises(RosterError) as caught:
        read_roster(broken)
    found = {(issue.file, issue.row, issue.column, issue.code) for issue in caught.value.issues}
    expected = {
        ("roster.csv", 2, "出生年月", "bad_date"),
        ("roster.csv", 3, "工号", "duplicate_id"),
        ("roster.csv", 3, "入党时间", "bad_date"),
        ("roster.csv", 4, "部门", "missing_department"),
        ("roster.csv", 4, "班制", "unknown_shift"),
        ("roster.csv", 4, "工作地点", "unknown_site"),
        ("roster.csv", 4, "党员推荐票", "bad_number"),
        ("roster.csv", 4, "支部考察得分", "bad_number"),
        ("roster.csv", 4, "愿任组长", "unknown_value"),
        ("roster.csv", 4, "参加方式", "unknown_value"),
        ("roster.csv", 4, "党员类别", "unknown_value"),
        ("roster.csv", 4, "相位天", "bad_date"),
        ("roster.csv", 5, "工号", "missing_id"),
        ("roster.csv", 5, "班制", "missing_shift"),
        ("roster.csv", 5, "党员推荐票", "bad_number"),
        ("roster.csv", 5, "相位天", "bad_number"),
        ("roster.csv", 6, "工作地点", "missing_site"),
        ("roster.csv", 6, None, "ragged_row"),
        ("teams.csv", 2, "工作地点", "unknown_site"),
        ("teams.csv", 2, "班制", "unknown_shift"),
        ("teams.csv", 2, "职工数", "bad_number"),
        ("teams.csv", 3, "班组", "duplicate_team"),
        ("teams.csv", 4, "班组", "missing_value"),
        ("sites.csv", 3, "地点编号", "duplicate_site"),
        ("sites.csv", 4, "坐标系", "mixed_crs"),
        ("sites.csv", 4, "会议室容量", "bad_number"),
        ("sites.csv", 5, "纬度", "bad_number"),
        ("sites.csv", 6, "经度", "bad_coordinates"),
        ("sites.csv", 7, "地点编号", "missing_value"),
        ("travel_minutes.csv", 2, "到", "unknown_site"),
        ("travel_minutes.csv", 3, "步行分钟", "bad_number"),
        ("travel_minutes.csv", 4, "到", "missing_value"),
        ("travel_minutes.csv", 5, "步行分钟", "missing_value"),
        ("shift_codes.csv", 3, "code", "duplicate_shift_code"),
        ("shift_codes.csv", 4, "segments", "bad_segment"),
        ("shift_codes.csv", 5, "segments", "bad_segment"),
        ("shift_codes.csv", 5, "recovery_hours", "bad_number"),
        ("shift_codes.csv", 5, "is_work", "unknown_value"),
        ("shift_patterns.csv", 3, "pattern_id", "duplicate_pattern"),
        ("shift_patterns.csv", 4, "sequence", "unknown_shift_code"),
        ("shift_patterns.csv", 5, "cycle_days", "cycle_mismatch"),
        ("shift_patterns.csv", 7, "anchor_date", "bad_date"),
        ("explicit_shifts.csv", 2, "工号", "unknown_member"),
        ("explicit_shifts.csv", 3, "日期", "bad_date"),
        ("explicit_shifts.csv", 4, "班次代码", "unknown_shift_code"),
        ("explicit_shifts.csv", 6, "班次代码", "conflicting_shift"),
        ("committee.csv", 2, "工号", "unknown_member"),
        ("committee.csv", 3, "工号", "unknown_member"),
        ("committee.csv", 3, "最多联系小组数", "bad_number"),
        ("constraints.csv", 2, "工号2", "unknown_member"),
        ("constraints.csv", 3, "类型", "unknown_value"),
        ("constraints.csv", 4, "工号1", "bad_request"),
        ("constraints.csv", 5, "工号1", "bad_request"),
        ("constraints.csv", 6, "强度", "unknown_value"),
    }
    assert found == expected
    assert len(caught.value.issues) == len(expected)


def test_faults_tell_value_and_advice_but_no_name(broken: Path) -> None:
    with pytest.raises(RosterError) as caught:
        read_roster(broken)
    issues = caught.value.issues
    text = "\n".join(map(str, issues)) + str(caught.value) + repr(caught.value)
    for name in ("张三丰", "李四光", "王五六", "赵六七", "钱七八", "孙悟空"):
        assert name not in text
    shift = next(issue for issue in issues if issue.file == "roster.csv" and issue.code == "unknown_shift")
    assert shift.value == "P9"
    assert "P1" in str(shift.advice)
    site = next(issue for issue in issues if issue.file == "roster.csv" and issue.code == "unknown_site")
    assert (site.value, "北楼" in str(site.advice)) == ("西楼", True)


def test_missing_columns_are_told_once_and_alone(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("x,y\n1,2\n2,3\n", encoding="utf-8")
    (tmp_path / "explicit_shifts.csv").write_text("id,date,code\n1,2026-12-01,D\n", encoding="utf-8")
    (tmp_path / "teams.csv").write_text("who,what\n1,2\n", encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path)
    assert [(issue.file, issue.code) for issue in caught.value.issues] == [
        ("teams.csv", "missing_column"),
        ("roster.csv", "missing_column"),
        ("roster.csv", "missing_column"),
        ("roster.csv", "missing_column"),
    ]
    assert {issue.cell for issue in caught.value.issues} == {"A1:B1"}


def test_companions_without_their_columns(minimal: pd.DataFrame) -> None:
    other = pd.DataFrame({"x": [1]})
    kinds = ["teams", "sites", "travel_minutes", "shift_codes", "shift_patterns", "explicit_shifts", "committee"]
    for kind in [*kinds, "constraints"]:
        with pytest.raises(RosterError) as caught:
            Roster.from_frame(minimal, **{kind: other})  # type: ignore[arg-type]
        assert {(issue.file, issue.code) for issue in caught.value.issues} == {(kind, "missing_column")}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf\r\n\r\n", "empty_file"),
        ("姓名,部门,班次\n".encode("gb18030"), "empty_table"),
        ("姓名,部门,班次\n".encode("utf-16"), "empty_table"),
        (b"\xff\xfei\x00d", "bad_encoding"),
        (b"id,\x81\x20\n", "bad_encoding"),
        (b"id\x01,name\n1,2\n", "bad_csv"),
        (b"PK\x03\x04\x00\x00", "bad_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "bad_workbook"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "web_page"),
        (b"id,department,shift\n", "empty_table"),
        (b'id,department,shift\n1,"' + b"x" * 200_000 + b'",day\n', "bad_csv"),
    ],
)
def test_files_that_are_no_rosters(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "roster.csv"
    file.write_bytes(content)
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert [issue.code for issue in caught.value.issues] == [code]
    assert caught.value.issues[0].file == "roster.csv"


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match="no such file"):
        read_roster(tmp_path / "none.csv")
    with pytest.raises(RosterError, match=r"no roster\.csv"):
        read_roster(tmp_path)
    (tmp_path / "roster.csv").mkdir()
    with pytest.raises(RosterError, match=r"no roster\.csv"):
        read_roster(tmp_path)
    (tmp_path / "people.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(RosterError, match="save it as"):
        read_roster(tmp_path / "people.xlsx")
    (tmp_path / "people.csv").write_text("id,department,shift\n1,A,day\n", encoding="utf-8")
    with pytest.raises(RosterError, match="encoding is not known"):
        read_roster(tmp_path / "people.csv", encoding="klingon")


def test_an_unreadable_companion_is_a_fault(tmp_path: Path, samples: Path) -> None:
    shutil.copytree(samples / "branch_42", tmp_path / "b")
    (tmp_path / "b" / "teams.csv").write_bytes(b"")
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "b")
    assert [(issue.file, issue.code) for issue in caught.value.issues] == [("teams.csv", "empty_file")]


def test_not_a_frame() -> None:
    with pytest.raises(RosterError, match="must be a DataFrame or a list of dicts"):
        Roster.from_frame("people.csv")  # type: ignore[arg-type]


def test_select_unknown_member(minimal: pd.DataFrame) -> None:
    with pytest.raises(RosterError, match="zz9"):
        Roster.from_frame(minimal).select(["a1", "zz9"])


def test_an_empty_frame() -> None:
    with pytest.raises(RosterError) as caught:
        Roster.from_frame(pd.DataFrame())
    assert {issue.code for issue in caught.value.issues} == {"empty_table", "missing_column"}


HEADERS = [
    "工号",
    "姓名",
    "部门",
    "班次",
    "地点",
    "班组",
    "入党时间",
    "出生年月",
    "党员推荐票",
    "技能证书",
    "相位天",
    "extra",
]
CELLS = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.decimals(allow_nan=False),
    st.lists(st.text(max_size=3), max_size=3),
    st.sampled_from(["白班", "night", "2020-01-01", "20200230", "99999", "٣", "²", "1e999", "/", "nan", "=1+1"]),
)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.lists(CELLS, min_size=len(HEADERS), max_size=len(HEADERS)), min_size=1, max_size=4),
    unknown_shift=st.sampled_from(["error", "label"]),
)
def test_no_frame_gives_another_error(rows: list[list[object]], unknown_shift: str) -> None:
    frame = pd.DataFrame(rows, columns=HEADERS, dtype=object)
    try:
        roster = Roster.from_frame(frame, unknown_shift=unknown_shift)
    except RosterError:
        return
    assert roster.availability().shape[0] == len(roster)
    assert Roster.from_frame(roster.to_frame(), unknown_shift=unknown_shift) == roster


@settings(max_examples=80, deadline=None)
@given(content=st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda text: text.encode("utf-8", "ignore"))))
def test_no_file_gives_another_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("fuzz") / "roster.csv"
    file.write_bytes(content)
    with pytest.raises(RosterError):
        read_roster(file)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_companion_gives_another_error(data: st.DataObject) -> None:
    minimal = pd.DataFrame({"id": ["1", "2"], "department": "X", "shift": ["P", "day"], "site": "S"})
    kinds = {
        "teams": ["team", "department", "site", "shift"],
        "sites": ["site_id", "site_name", "lat", "lon", "crs", "capacity"],
        "travel_minutes": ["from", "to", "minutes"],
        "shift_codes": ["code", "name_zh", "segments", "recovery_hours", "is_work"],
        "shift_patterns": ["pattern_id", "name_zh", "sequence", "cycle_days", "anchor_date", "crews", "crew_step_days"],
        "explicit_shifts": ["id", "date", "code"],
        "committee": ["id", "role", "max_groups", "business_lines"],
        "constraints": ["kind", "member_1", "member_2", "strength"],
    }
    kind = data.draw(st.sampled_from(sorted(kinds)))
    cells = CELLS | st.sampled_from(["1", "2", "P", "S", "D", "同组", "DDO", "08:00-17:00", "2026-11-30"])
    width = len(kinds[kind])
    rows = data.draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=3))
    frame = pd.DataFrame(rows, columns=kinds[kind], dtype=object)
    try:
        roster = Roster.from_frame(minimal, unknown_shift="label", **{kind: frame})  # type: ignore[arg-type]
    except RosterError:
        return
    roster.availability()
    roster.travel_minutes()


def test_where_there_is_no_column_the_row_is_told_by_its_first_cell(tmp_path: Path) -> None:
    people = [("姓名", "部门", "班次", "地点"), ("甲一", "后勤", "白班", "北楼")]
    others = [("", "姓名", "部门", "班组"), ("", "乙二", "后勤", "一班")]
    with pytest.raises(RosterError) as caught:
        read_roster(
            write(tmp_path / "r.xlsx", {"一": people, "二": others, "班组": [("班组", "班次"), ("二班", "白班")]})
        )
    assert [(issue.code, issue.address, issue.column) for issue in caught.value.issues] == [
        ("missing_shift", "二!B2", None),
        ("missing_site", "二!B2", None),
    ]


def test_faults_about_several_rows_have_the_cells_of_those_that_differ(tmp_path: Path) -> None:
    head = ("工号", "部门", "班次", "地点", "片区")
    people = [head, ("1", "后勤", "白班", "北楼", "东"), ("2", "后勤", "白班", "北楼", "西")]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"人员": people}))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("conflicting_zone", "人员!E3")]
    sites = [("地点名称", "会议室容量"), ("北楼", 5), ("南楼", 5), ("北 楼", 6)]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"人员": [row[:4] for row in people], "工作地点": sites}))
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("duplicate_site", "工作地点!A4")]


def test_a_time_of_thousands_of_digits_is_a_fault() -> None:
    with pytest.raises(RosterError) as caught:
        slots_from(pd.DataFrame({"date": ["2026-12-01"], "start": ["1" * 5000 + ":00"], "end": ["10:00"]}))
    assert [issue.code for issue in caught.value.issues] == ["bad_time"]
