"""Roster → workbook → roster."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import load_workbook

from grouping.errors import InputError, RosterError
from grouping.roster import Roster, read_roster


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", ["branch_42", "branch_42/roster.xlsx", "organisation_260"])
def test_samples_come_back(samples: Path, tmp_path: Path, name: str, lang: str) -> None:
    roster = read_roster(samples / name)
    again = read_roster(roster.to_excel(tmp_path / "r.xlsx", lang=lang))
    assert again == roster
    assert again.pseudonymized("a secret of ours") == roster.pseudonymized("a secret of ours")
    hidden = roster.pseudonymized("a secret of ours")
    assert read_roster(hidden.to_excel(tmp_path / "p.xlsx", lang=lang)) == hidden
    part = roster.select(roster.member_ids[:7])
    assert read_roster(part.to_excel(tmp_path / "s.xlsx", lang=lang)) == part


def test_nothing_is_overwritten_unasked_and_no_rest_stays(branch: Roster, tmp_path: Path) -> None:
    file = branch.to_excel(tmp_path / "deep" / "r.xlsx")
    before = file.read_bytes()
    with pytest.raises(InputError, match="force=True"):
        branch.to_excel(file)
    assert file.read_bytes() == before
    branch.to_excel(file, force=True)
    assert [path.name for path in file.parent.iterdir()] == ["r.xlsx"]
    with pytest.raises(InputError, match="cannot be written"):
        branch.to_excel(file / "below.xlsx")


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    '=HYPERLINK("http://x","y")',
    "http://example.org",
    "_x0041_",
    "007",
    "１２",
    "TRUE",
    "1e5",
]


def test_texts_that_look_like_formulas_stay_texts(tmp_path: Path) -> None:
    people = [
        {"id": f"m{n}", "department": text, "shift": "day", "site": text, "motto": text}
        for n, text in enumerate(FORMULAS)
    ]
    roster = Roster.from_frame(people)
    file = roster.to_excel(tmp_path / "r.xlsx", lang="en")
    assert read_roster(file) == roster
    assert roster.column("motto") == FORMULAS
    cells = load_workbook(file).get_sheet_by_name("roster").to_python()
    column = [str(header) for header in cells[0]].index("motto")
    assert [row[column] for row in cells[1:]] == FORMULAS


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5) | st.sampled_from(FORMULAS)
VALUES = st.one_of(
    TEXTS,
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.lists(TEXTS | st.integers(), max_size=3),
    st.decimals(allow_nan=False, allow_infinity=False),
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, VALUES, VALUES), min_size=1, max_size=4),
    votes=st.lists(st.integers(0, 10**18), min_size=4, max_size=4),
    score=st.floats(0, 1e9),
    lang=st.sampled_from(["zh", "en"]),
)
def test_any_roster_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]], votes: list[int], score: float, lang: str
) -> None:
    frame = pd.DataFrame(rows, columns=["id", "name", "department", "shift", "site", "hobby", "level"], dtype=object)
    frame["votes"] = pd.Series(votes[: len(frame)], dtype=object)
    frame["score"] = score
    try:
        roster = Roster.from_frame(frame, unknown_shift="label")
    except RosterError:
        return
    file = tmp_path_factory.mktemp("trip") / "r.xlsx"
    again = read_roster(roster.to_excel(file, lang=lang))
    assert again.members == roster.members
    assert again == roster


def test_companions_of_every_kind_come_back(tmp_path: Path) -> None:
    people = [
        {"id": "a", "department": "X", "shift": "P;1", "site": "S"},
        {"id": "b/1", "department": "X", "shift": "irr", "site": "T"},
    ]
    codes = [
        {
            "code": "D-1",
            "name_en": "long",
            "segments": "08:00-24:00;01:00+-02:00+",
            "recovery_hours": 0.1,
            "is_work": "yes",
        },
        {"code": "O", "segments": "", "is_work": "no"},
    ]
    patterns = [
        {"pattern_id": "P;1", "sequence": "D-1;O;", "anchor": "2026-11-30", "crews": 2},
        {"pattern_id": "irr", "sequence": None, "anchor": "2026-11-30"},
    ]
    roster = Roster.from_frame(
        people,
        shift_codes=codes,  # type: ignore[arg-type]
        shift_patterns=patterns,  # type: ignore[arg-type]
        sites=[{"site_id": "S", "zone": "z"}, {"site_id": "T", "name": "Tee", "lat": 1.1, "lon": 0.30000000000000004}],  # type: ignore[arg-type]
        travel_minutes=[{"from": "S", "to": "T"}],  # type: ignore[arg-type]
        explicit_shifts=[{"id": "b/1", "date": dt.date(2026, 12, 1), "code": "D-1"}],  # type: ignore[arg-type]
        constraints=[{"kind": "together", "members": ["a", "b/1"], "strength": "soft", "note": "=why"}],  # type: ignore[arg-type]
        committee=[{"id": "a", "role": "r", "business_lines": "x;y"}],  # type: ignore[arg-type]
    )
    assert roster.shift_patterns[0].sequence == ("D-1", "O")
    for lang in ("zh", "en"):
        assert read_roster(roster.to_excel(tmp_path / f"{lang}.xlsx", lang=lang)) == roster
