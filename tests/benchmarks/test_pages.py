"""Medians, growing rosters and the page."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest
from benchmarks import growth, page
from benchmarks.case import Figure, gap_of, number, percent, table
from benchmarks.run import FAMILIES, cases_of, without_paths

import grouping as gp

if TYPE_CHECKING:
    from pathlib import Path


def test_medians_of_runs() -> None:
    runs = [
        {"seconds": 3.0, "proof": 3.0, "status": "optimal", "plan": "a", "reached": True},
        {"seconds": 1.0, "proof": None, "status": "feasible", "plan": "b", "reached": True},
        {"seconds": 2.0, "proof": None, "status": "optimal", "plan": "a", "reached": False},
    ]
    assert page.merged(runs) == {"seconds": 2.0, "proof": None, "status": "feasible", "plan": "a", "reached": True}
    assert page.merged([*runs, {"error": "broken"}]) == {"error": "broken"}


def line(case: str, started: str, **cells: object) -> str:
    about = {"seed": 0, "load": 0.5, "machine": "2 cores", "versions": "Python 3"}
    return json.dumps({"case": case, "started": started, **about, "cells": cells})


def test_only_the_last_run_of_a_case_counts() -> None:
    cells, rows = page.latest(
        [
            line("a", "2026-01-01", x=1),
            line("a", "2026-01-02", x=4),
            line("b", "2026-01-01", x=9),
            line("a", "2026-01-02", x=6),
        ]
    )
    assert cells == {"a": {"x": 5, "runs": 2}, "b": {"x": 9, "runs": 1}}
    assert [row["started"] for row in rows] == ["2026-01-02", "2026-01-02", "2026-01-01"]


def test_gaps_and_figures() -> None:
    assert gap_of(200, 150) == 0.25
    assert gap_of(0, 0) == 0
    assert gap_of(None, 3) is gap_of(3, None) is None
    assert (number(1234.5, 1), number(None), percent(0.1234)) == ("1,234.5", "–", "12.34 %")
    assert table(("a", "b"), [("x", "1")]) == ["| a | b |", "| --- | ---: |", "| x | 1 |"]
    words = page.must_hold([Figure("w", "≤ 1", "2", False), Figure("v", "≤ 1", "", None)])
    assert "**no**" in words[2]
    assert "not all run" in words[3]


def test_a_page_of_nothing_says_so(tmp_path: Path) -> None:
    text = page.compose(tmp_path, FAMILIES)
    assert text.count("Not run yet.") == len(FAMILIES)
    assert "| not all run |" in text
    assert "| yes |" not in text


def test_a_page_of_one_row(tmp_path: Path) -> None:
    figures = {
        "members": 50,
        "limit": 20,
        "score": 90.0,
        "gap": 0.1,
        "proven": 0,
        "parts": 1,
        "seconds": 20.5,
        "memory": 99.0,
    }
    rows = [
        line("one pool of 260", "2026-01-01", **figures, first=0.5),
        line("one pool of 50", "2026-01-01", missing="no data"),
    ]
    (tmp_path / "growth.jsonl").write_text("\n".join(rows), encoding="utf-8")
    text = page.compose(tmp_path, FAMILIES)
    assert "| one pool of 260 | 20 | 90.00 | 10.0 % | 0 of 1 |" in text
    assert "- one pool of 50: no data" in text
    assert "gap 10.0 % in 20 s; first 0.50 s | **no** |" in text


def test_every_family_has_cases() -> None:
    for name in FAMILIES:
        assert cases_of(name, smoke=True)
        assert len(cases_of(name, smoke=False)) > len(cases_of(name, smoke=True))


def test_no_path_of_a_machine_gets_into_a_page() -> None:
    text = "CalledProcessError: Command '['/opt/a b/python', '/home/me/worker.py']' failed, 1/2 of it"
    assert without_paths(text).count("…") == 2
    assert "me" not in without_paths(text)
    assert "1/2" in without_paths(text)
    assert without_paths(r"C:\Users\me\x.csv is gone") == "… is gone"


def test_exponent_of_a_power_law() -> None:
    assert growth.exponent([10, 100, 1000], [2 * 10**1.5, 2 * 100**1.5, 2 * 1000**1.5]) == pytest.approx(1.5)
    assert growth.exponent([10, 100], [1, 2]) is None


def test_grown_rosters(tmp_path: Path) -> None:
    source, target = gp.sample_path("organisation_260"), tmp_path
    grown = growth.roster_of(source, 300, borders=True)
    assert len(grown) == 300
    assert len(set(grown.member_ids)) == 300
    assert len({member.branch for member in grown.members}) == 7 + 2
    growth.grown(source, target, 10, borders=False)
    with (target / "roster.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10
    assert "branch" not in rows[0]
    pool = gp.read_roster(target)
    assert {member.branch for member in pool.members} == {None}
    departments = {member.department for member in pool.members}
    assert {team.department for team in pool.teams} <= departments
