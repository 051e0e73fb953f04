"""Matrices of minutes, sites × sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.roster.books import write

from grouping.errors import RosterError
from grouping.roster import read_roster

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = [
    ("工号", "部门", "班次", "地点"),
    ("1", "后勤", "白班", "北楼"),
    ("2", "后勤", "白班", "南楼"),
    ("3", "后勤", "白班", "东门"),
]
SITES = [("地点编号", "地点名称"), ("S1", "北楼"), ("S2", "南楼"), ("S3", "东门")]
MATRIX = [
    ("各点位步行时间（分钟）",),
    ("从\\到", "北楼", "南楼", "东门"),
    ("北楼", 0, 5, "12分钟"),
    ("南楼", 6, "/", ""),
    ("东门", "", 7, 0),
    ("注：以步行计。",),
]


def test_a_matrix_is_a_travel_table(tmp_path: Path) -> None:
    roster = read_roster(write(tmp_path / "r.xlsx", {"人员": PEOPLE, "地点": SITES, "步行": MATRIX}))
    assert roster.travel == (
        ("北楼", "北楼", 0), ("北楼", "南楼", 5), ("北楼", "东门", 12), ("南楼", "北楼", 6), ("东门", "南楼", 7),
        ("东门", "东门", 0),
    )  # fmt: skip
    assert roster.travel_minutes().loc["东门", "北楼"] == 12
    assert roster.travel_minutes().loc["南楼", "东门"] == 7
    assert dict(roster.report.rows)["r.xlsx/步行"] == 7
    assert ("r.xlsx/步行", 6, "no site") in roster.report.skipped


def test_a_matrix_of_ids_with_a_blank_corner_in_text(tmp_path: Path) -> None:
    for kind, rows in (("人员", PEOPLE), ("地点", SITES)):
        (tmp_path / f"{kind}.csv").write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    (tmp_path / "距离.csv").write_text(",S1,S2,S3\nS1,0,5,12\nS2,,0,7\n", encoding="utf-8")
    minutes = read_roster(tmp_path).travel_minutes()
    assert minutes.to_numpy().tolist() == [[0, 5, 12], [5, 0, 7], [12, 7, 0]]


def test_faults_of_a_matrix_have_their_cells(tmp_path: Path) -> None:
    bad = [("", "北楼", "南楼", "西门"), ("北楼", 0, "很近", 3), ("南楼", 5, 0, 4), ("东门", -1, 2, "")]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"人员": PEOPLE, "地点": SITES, "步行": bad}))
    assert [(issue.code, issue.address, issue.value) for issue in caught.value.issues] == [
        ("bad_number", "步行!C2", "很近"),
        ("unknown_site", "步行!D1", "西门"),
        ("bad_number", "步行!B4", "-1"),
    ]


def test_a_table_that_names_things_twice_is_no_matrix(tmp_path: Path) -> None:
    roster = read_roster(write(tmp_path / "r.xlsx", {"人员": [*PEOPLE, ("4", "后勤", "白班", "北楼")]}))
    assert (len(roster), roster.travel) == (4, ())
