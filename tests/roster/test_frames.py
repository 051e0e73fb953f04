from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.errors import RosterError
from grouping.roster import Roster, read_roster

if TYPE_CHECKING:
    from pathlib import Path


def test_four_columns_are_enough(minimal: pd.DataFrame) -> None:
    roster = Roster.from_frame(minimal)
    assert roster.member_ids == ("a1", "a2", "a3", "a4")
    assert roster.column("department") == minimal["department"].tolist()
    assert roster.column("shift_pattern") == ["label:day", "label:early", "label:night", "label:白班"]
    assert roster.column("site") == ["North", "North", "Gate", "Gate"]
    assert [site.site for site in roster.sites] == ["North", "Gate"]
    assert roster.attributes == (
        "member_id",
        "status",
        "department",
        "shift_pattern",
        "cycle_offset",
        "site",
        "participation",
    )
    assert roster.availability().shape == (4, 42)
    assert any("division not required" in warning for warning in roster.report.warnings)


def test_names_instead_of_ids_are_numbered(minimal: pd.DataFrame) -> None:
    frame = minimal.drop(columns="id").assign(姓名=["张 三", "李四", "张三", "Ann  Lee"])
    roster = Roster.from_frame(frame)
    assert roster.member_ids == ("M001", "M002", "M003", "M004")
    assert roster.column("name") == ["张三", "李四", "张三", "Ann Lee"]
    assert "no column with ids: members are numbered by row, from M001" in roster.report.defaults
    assert "2 members have a name that another has too; they are told apart by their ids" in roster.report.warnings


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([7, 7, 7, 7]),
        pd.Index(["w", "x", "y", "z"], name="shift"),
        pd.MultiIndex.from_tuples([(1, 2), (1, 2), (3, 4), (5, 6)]),
        pd.date_range("2026-01-01", periods=4),
        pd.Index([3, 2, 1, 0], name="id"),
    ],
)
def test_any_index(minimal: pd.DataFrame, index: pd.Index) -> None:
    assert Roster.from_frame(minimal.set_axis(index, axis=0)) == Roster.from_frame(minimal)


def test_ids_in_a_named_index(minimal: pd.DataFrame) -> None:
    assert Roster.from_frame(minimal.set_index("id")) == Roster.from_frame(minimal)


def test_any_dtype_and_input_unchanged(minimal: pd.DataFrame) -> None:
    plain = minimal.assign(
        nominations=[1, 2, None, 4], score_total=[80.5, None, 70.0, 60.0], willing=[True, None, False, True], team="T"
    )
    expected = Roster.from_frame(plain)
    assert expected.column("nominations") == [1, 2, None, 4]
    assert expected.column("assessment") == [80.5, None, 70.0, 60.0]
    assert expected.column("willing") == [True, None, False, True]
    variants = [
        plain.astype({"department": "category", "shift": "category", "location": "category"}),
        plain.convert_dtypes(),
        plain.astype({"nominations": "Int64", "score_total": "Float64", "willing": "boolean", "id": "string"}),
        plain.astype(object),
        plain.astype({"nominations": "category"}),
        plain[plain.columns[::-1]],
    ]
    for variant in variants:
        before = variant.copy(deep=True)
        assert Roster.from_frame(variant) == expected
        pd.testing.assert_frame_equal(variant, before)
        assert (variant.dtypes == before.dtypes).all()


def test_numeric_ids_and_dates(minimal: pd.DataFrame) -> None:
    frame = minimal.assign(
        id=[1.0, 2.0, 3.0, 4.0],
        joined_on=pd.to_datetime(["2020-01-02", None, "2021-02-03", "2020-01-02"]),
        confirmed_on=[dt.date(2021, 1, 2), None, None, "2021/1/2"],
        birth=["1980-05", "1980年5月", "1980.5.17", 29356],
    )
    roster = Roster.from_frame(frame)
    assert roster.member_ids == ("1", "2", "3", "4")
    assert roster.column("joined_on")[:2] == [dt.date(2020, 1, 2), None]
    assert roster.column("confirmed_on") == [dt.date(2021, 1, 2), None, None, dt.date(2021, 1, 2)]
    assert roster.column("birth") == ["1980-05"] * 4
    assert roster.column("status") == ["full", "full", "probationary", "full"]


def test_unknown_columns_become_attributes(minimal: pd.DataFrame) -> None:
    frame = minimal.assign(
        language=["zh", "en", None, "zh"],
        level=np.array([1, 2, 3, 4]),
        tags=[["x", "y"], ["x"], None, ["z"]],
        phone="13800000000",
        note="private",
    )
    frame.insert(0, "Unnamed: 0", range(4))
    roster = Roster.from_frame(frame)
    assert roster.column("language") == ["zh", "en", None, "zh"]
    assert roster.column("level") == [1, 2, 3, 4]
    assert all(type(value) is int for value in roster.column("level"))
    assert roster.column("tags") == [("x", "y"), ("x",), None, ("z",)]
    assert roster.attributes[-3:] == ("language", "level", "tags")
    assert not {"phone", "note", "Unnamed: 0"} & {name for member in roster.members for name, _ in member.attributes}
    assert Roster.from_frame(roster.to_frame()) == roster


def test_columns_override(minimal: pd.DataFrame) -> None:
    frame = minimal.rename(columns={"shift": "Schicht", "department": "Abteilung"}).assign(shift="four on four off")
    roster = Roster.from_frame(frame, columns={"Schicht": "shift_pattern", "Abteilung": "department"})
    assert roster.column("shift_pattern")[0] == "label:day"
    assert ("roster", "Schicht", "shift_pattern") in roster.report.columns_used
    assert "shift" in [theirs for _, theirs, _ in roster.report.columns_ignored]
    with pytest.raises(RosterError, match="does not have"):
        Roster.from_frame(minimal, columns={"Schicht": "shift_pattern"})


def test_two_columns_of_one_meaning(minimal: pd.DataFrame) -> None:
    with pytest.raises(RosterError, match=r"'shift' \(C\) and '班次' \(E\)"):
        Roster.from_frame(minimal.assign(班次="day"))
    doubled = pd.concat([minimal, minimal[["department"]]], axis=1)
    with pytest.raises(RosterError, match=r"'department' \(B\) and 'department' \(E\)"):
        Roster.from_frame(doubled)


def test_ids_beside_names_decide(minimal: pd.DataFrame) -> None:
    sites = pd.DataFrame({"site_id": ["S1", "S2"], "site_name": ["North", "Gate"]})
    frame = minimal.assign(site_id=["S1", "S1", None, "S2"])
    assert Roster.from_frame(frame, sites=sites).column("site") == ["North", "North", "Gate", "Gate"]


def test_teams_hand_down(minimal: pd.DataFrame) -> None:
    teams = pd.DataFrame(
        {
            "班组": ["T1", "T2", "T3"],
            "部门": ["Canteen", "Security", "Security"],
            "工作地点": ["North", "Gate", "Gate"],
            "班制": ["白班", "夜班", "夜班"],
            "业务条线": ["food", "guard", "guard"],
        }
    )
    frame = minimal.assign(team=["T1", "T1", "T2", "T2"], shift=[None, "early", None, "day"], location=None)
    roster = Roster.from_frame(frame, teams=teams)
    assert roster.column("shift_pattern") == ["label:白班", "label:early", "label:夜班", "label:day"]
    assert roster.column("site") == ["North", "North", "Gate", "Gate"]
    assert roster.column("business_line") == ["food", "food", "guard", "guard"]
    assert [team.team for team in roster.uncovered_teams] == ["T3"]
    assert "shift_pattern taken from the team for 2 members: a1, a3" in roster.report.defaults
    without = Roster.from_frame(frame.drop(columns=["shift", "location"]), teams=teams)
    assert without.column("shift_pattern")[1] == "label:白班"


def test_words_of_rosters(minimal: pd.DataFrame) -> None:
    frame = minimal.assign(
        性别=["男", "女", "M", "female"],
        是否预备党员=["是", "否", "√", None],
        得票=["7票", "12", "/", None],
        技能="电工证、焊工证；厨师证/保育员",
        是否参加组织生活=["是", "否", "线上", None],
        是否可任组长=["√", "×", "", None],
    )
    roster = Roster.from_frame(frame)
    assert roster.column("gender") == ["M", "F", "M", "F"]
    assert roster.column("status") == ["probationary", "full", "probationary", "full"]
    assert roster.column("nominations") == [7, 12, None, None]
    assert roster.members[0].skills == ("电工证", "焊工证", "厨师证", "保育员")
    assert roster.column("participation") == ["normal", "excused", "online_only", "normal"]
    assert roster.column("leader_eligible") == [True, False, None, None]
    excused = Roster.from_frame(minimal.assign(免参加=["√", "否", None, "借调"]))
    assert excused.column("participation") == ["excused", "normal", "normal", "online_only"]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_shuffling_rows_and_columns_changes_nothing(data: st.DataObject) -> None:
    rows = data.draw(st.permutations(range(12)))
    path = _samples() / "branch_42"
    table = pd.read_csv(path / "roster.csv", dtype=str, encoding="utf-8-sig").head(12)
    companions = {kind: pd.read_csv(path / f"{kind}.csv", dtype=str) for kind in ("sites", "teams", "shift_patterns")}
    columns = data.draw(st.permutations(list(table.columns)))
    expected = {member.member_id: member for member in Roster.from_frame(table, **companions).members}
    found = Roster.from_frame(table.iloc[rows][columns], **companions)
    assert {member.member_id: member for member in found.members} == expected
    assert found.member_ids == tuple(table["工号"].iloc[rows])


def _samples() -> Path:
    from pathlib import Path

    return Path(__file__).parents[2] / "data" / "samples"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    "header",
    ["工号,姓名,部门,班次,地点", " Member_ID ,Full Name,DEPT,Shift-Code, Location", "员工编号;姓名;科室;倒班方式;驻地"],
)
def test_file_headers_and_byte_order_mark(tmp_path: Path, mark: str, header: str) -> None:
    file = tmp_path / "people.csv"
    separator = ";" if ";" in header else ","
    rows = [["1", "甲某", "后勤", "白班", "北楼"], [], ["2", "", "后勤", "夜班", "南楼"]]
    lines = [header, *(separator.join(row) for row in rows)]
    file.write_text(mark + "\r\n".join(lines) + "\r\n", encoding="utf-8")
    roster = read_roster(file)
    assert roster.member_ids == ("1", "2")
    assert roster.column("site") == ["北楼", "南楼"]
    assert roster.report.rows == (("people.csv", 2),)


def test_unknown_file_columns_are_ignored_unless_mapped(tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("id,dept,shift,site,Sprache\n1,A,day,X,de\n", encoding="utf-8")
    roster = read_roster(tmp_path)
    assert ("roster.csv", "Sprache", "not known") in roster.report.columns_ignored
    mapped = read_roster(str(tmp_path), columns={"Sprache": "language"})
    assert mapped.column("language") == ["de"]


def test_chinese_encodings_are_found_and_told(tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("姓名,部门,班次,地点\n周䶮叁,后勤,白班,北楼\n", encoding="gb18030")
    roster = read_roster(file)
    assert roster.column("name") == ["周䶮叁"]
    assert "roster.csv is read as GB18030" in roster.report.defaults
    assert read_roster(file, encoding="gb18030") == roster


def test_branch_warnings(minimal: pd.DataFrame) -> None:
    many = pd.concat([minimal] * 15, ignore_index=True)
    many["id"] = range(60)
    many["branch"] = ["B1"] * 51 + ["B2"] * 9
    many["status"] = ["full"] * 53 + ["预备"] * 7
    warnings = Roster.from_frame(many).report.warnings
    assert any("'B1' has 51 members" in warning for warning in warnings)
    assert any("'B2' has 2 full members" in warning for warning in warnings)
    assert any("'B2' has 9 members, fewer than 20" in warning for warning in warnings)
    assert len(warnings) == 3
    assert any(
        "give a branch column" in line for line in Roster.from_frame(many.drop(columns="branch")).report.warnings
    )


WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=4)
THINGS = st.one_of(
    st.none(),
    WORDS,
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.lists(WORDS, max_size=2),
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(WORDS, WORDS, WORDS, WORDS, THINGS), min_size=1, max_size=5))
def test_any_texts_come_back_from_to_frame(rows: list[tuple[object, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=["name", "department", "shift", "site", "hobby"])
    try:
        roster = Roster.from_frame(frame, unknown_shift="label")
    except RosterError:
        return  # a text that means "none"
    again = Roster.from_frame(roster.to_frame(), unknown_shift="label")
    assert again.members == roster.members
    assert roster.availability().equals(again.availability())
    assert roster.travel_minutes().equals(again.travel_minutes())
