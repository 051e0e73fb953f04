"""Where a grid's table is: its kind, its header of one or two rows, its rows; what merged cells mean."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from grouping.roster.columns import SHEET_NAME
from grouping.roster.sections import starts_with_heading
from grouping.roster.synonyms import column_words, meaning_of, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grouping.roster.grids import Grid

HEADER_WITHIN = 30
"""Rows among which the header is looked for."""
NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "roster": (("member_id", "name"), ("department",)),
    "teams": (("team",),),
    "sites": (("site_id", "name"),),
    "travel_minutes": (("from_site",), ("to_site",)),
    "shift_codes": (("code",), ("segments",)),
    "shift_patterns": (("sequence",), ("pattern_id", "name_zh", "name_en")),
    "explicit_shifts": (("member_id", "name"), ("date",), ("code",)),
    "committee": (("member_id", "name"), ("role", "max_groups", "business_lines")),
    "constraints": (("kind",),),
    "rota": (("member_id", "name", "team"), ("shift_pattern", "crew", "cycle_offset")),
}
"""Kind → what a header must have at least, each of several alternatives."""
_CHOSEN_BY = {"rota": -0.5, "explicit_shifts": 0.0}
_NAMED = 100.0


@dataclass
class Layout:
    """A table found in a grid.

    Attributes
    ----------
    kind : one of the tables of ``column_synonyms.csv``
    headers : one per column, "" where there is none; two levels are joined where only both tell the meaning
    header_row : position of the last header row, from 0
    rows : position and cells of every row below that is not blank, vertically merged cells filled down
    wide : positions of rows that are one cell merged across the table
    above : position and text of every row before the header that is not blank
    """

    kind: str
    headers: list[str]
    header_row: int
    rows: list[tuple[int, Sequence[object]]]
    wide: set[int] = field(default_factory=set)
    above: list[tuple[int, str]] = field(default_factory=list)


@cache
def kinds_by_name() -> tuple[tuple[str, str], ...]:
    """Return (word, kind), the longest words first."""
    text = files("grouping.roster").joinpath("data", "table_names.csv").read_text(encoding="utf-8")
    found = [
        (plain(word), row["kind"]) for row in csv.DictReader(text.splitlines()) for word in row["words"].split("|")
    ]
    return tuple(sorted(found, key=lambda pair: -len(pair[0])))


def kind_of_name(name: str | None) -> str | None:
    """Return the kind of table that a sheet's or file's name speaks of.

    >>> kind_of_name("班组情况表"), kind_of_name("12月排班表"), kind_of_name("Sheet1")
    ('teams', 'rota', None)
    """
    word = plain(name or "")
    return next((kind for known, kind in kinds_by_name() if known in word), None)


def is_blank(cell: object) -> bool:
    """Whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip(" \t\r\n\u3000\ufeff\xa0"))


def find_table(grid: Grid, kind: str | None, chosen: Mapping[str, str | None]) -> Layout | None:
    """Return the table of a grid, None if nothing in it is understood.

    Parameters
    ----------
    kind : where it is known which table it is; the row that is understood best is then its header, whatever is missing
    chosen : the caller's ``{header: our field}``, for the roster
    """
    if kind is None and kind_of_name(grid.sheet or grid.file) == "ignore":
        return None
    if grid.is_records:
        found = _records(grid, kind)
    else:
        found = None
        for candidate in [kind] if kind else list(NEEDED):
            told = chosen if candidate == "roster" else {}
            one = _candidate(grid, candidate, told, is_certain=kind is not None)
            if one is not None and (found is None or one[0] > found[0]):
                found = one
    return None if found is None else found[1]


def _records(grid: Grid, kind: str | None) -> tuple[float, Layout] | None:
    rows = [(position, cells) for position, cells in enumerate(grid.cells[1:], 1) if not all(map(is_blank, cells))]
    headers = [str(cell) for cell in grid.cells[0]]
    named = kind or (grid.sheet if grid.sheet in NEEDED else kind_of_name(grid.sheet)) or "roster"
    return 0.0, Layout(named, headers, 0, rows)


def _candidate(
    grid: Grid, kind: str, chosen: Mapping[str, str | None], *, is_certain: bool
) -> tuple[float, Layout] | None:
    """Return how well the grid is understood as a table of a kind, and the table."""
    words = column_words(kind)
    best: tuple[float, int, int, list[str]] | None = None
    top = _filled(grid, 0, min(len(grid.cells), HEADER_WITHIN + 1))
    for position in range(min(len(grid.cells), HEADER_WITHIN)):
        if all(map(is_blank, top[position])):
            continue
        for rows in ((position,), (position - 1, position)):
            if rows[0] < 0 or (len(rows) == 2 and not _belong_together(grid, top, rows[0], words)):
                continue
            headers = _headers([top[row] for row in rows], words)
            hits = _hits(headers, words, chosen)
            if best is None or hits > best[0]:
                best = (hits, -position, position, headers)
    if best is None:
        return None
    hits, _, position, headers = best
    if not is_certain and (
        hits < 2 or not (has_needed(kind, headers, chosen) or _has_sections(grid, kind, headers, position))
    ):
        return None
    if not hits and not is_certain:
        return None
    score = hits + _CHOSEN_BY.get(kind, 0.0) + (_NAMED if kind_of_name(grid.sheet or grid.file) == kind else 0.0)
    return score, _laid_out(grid, kind, headers, position)


def has_needed(kind: str, headers: Sequence[str], chosen: Mapping[str, str | None]) -> bool:
    """Whether headers have what a table of a kind must have."""
    words = column_words(kind)
    fields = {meaning_of(header, words)[0] for header in headers}
    fields.update(str(chosen[header]) for header in (*headers, SHEET_NAME) if header in chosen)
    return all(fields.intersection(group) for group in NEEDED[kind])


def _has_sections(grid: Grid, kind: str, headers: Sequence[str], header_row: int) -> bool:
    """Whether headings tell the departments of a roster's members, for want of a column."""
    told = [*headers, "department"]
    return (
        kind == "roster" and has_needed(kind, told, {}) and starts_with_heading(grid.cells[header_row + 1 :], headers)
    )


def _hits(headers: Sequence[str], words: Mapping[str, tuple[str, str]], chosen: Mapping[str, str | None]) -> float:
    """Return how many meanings headers have; what is not read counts half."""
    fields: dict[str, float] = {}
    for header in headers:
        field_name, role = meaning_of(header, words)
        if role:
            fields[f"{field_name}.{role}"] = 0.5 if role in {"unused", "private"} else 1.0
        elif header in chosen:
            fields[header] = 1.0
    return sum(fields.values())


def _filled(grid: Grid, first: int, last: int) -> dict[int, list[object]]:
    """Return rows with the cells of merged ranges filled in, downwards and to the right."""
    rows = {position: list(grid.cells[position]) for position in range(first, last)}
    for top, left, bottom, right in grid.merged:
        if top >= last or bottom < first or top >= len(grid.cells) or left >= len(grid.cells[top]):
            continue
        value = grid.cells[top][left]
        for position in range(max(top, first), min(bottom, last - 1) + 1):
            cells = rows[position]
            for column in range(left, min(right, len(cells) - 1) + 1):
                cells[column] = value
    return rows


def _belong_together(
    grid: Grid, top: Mapping[int, list[object]], upper: int, words: Mapping[str, tuple[str, str]]
) -> bool:
    """Whether two rows are the two levels of one header: merged cells say so, or gaps that fit each other."""
    width = max((len(top[row]) for row in (upper, upper + 1)), default=0)
    for first, left, last, right in grid.merged:
        if first <= upper <= last and (last > upper or (right > left and right - left + 1 < max(width, 2))):
            return True
    above, below = grid.cells[upper], grid.cells[upper + 1]
    filled = [column for column in range(min(len(above), len(below))) if not is_blank(above[column])]
    gaps = [column for column in filled if is_blank(below[column])]
    is_known = [bool(meaning_of(_header(above[column]), words)[1]) for column in gaps]
    return len(filled) > 1 and bool(gaps) and all(is_known)


def _header(cell: object) -> str:
    if is_blank(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).strip("\ufeff").split())


def _headers(levels: Sequence[Sequence[object]], words: Mapping[str, tuple[str, str]]) -> list[str]:
    """Return one header per column from one level or two."""
    if len(levels) == 1:
        return [_header(cell) for cell in levels[0]]
    width = max(map(len, levels))
    upper, lower = ([_header(cell) for cell in level] + [""] * (width - len(level)) for level in levels)
    headers = []
    for above, below in zip(upper, lower, strict=True):
        if above and below and above != below and plain(above + below) in words:
            headers.append(above + below)
        else:
            headers.append(below or above)
    known = [plain(header) for header in headers]
    return [
        f"{above} {header}"
        if header and above and above != header and known.count(plain(header)) > 1 and plain(header) not in words
        else header
        for above, header in zip(upper, headers, strict=True)
    ]


def _laid_out(grid: Grid, kind: str, headers: list[str], header_row: int) -> Layout:
    rows: dict[int, Sequence[object]] = {
        position: grid.cells[position] for position in range(header_row + 1, len(grid.cells))
    }
    wide: set[int] = set()
    for top, left, bottom, right in grid.merged:
        if top <= header_row or top not in rows:
            continue
        if bottom == top:
            filled = sum(not is_blank(cell) for cell in grid.cells[top])
            if filled == 1 and right - left >= max(1, len(headers) // 2 - 1):
                wide.add(top)
            continue
        value = grid.cells[top][left] if left < len(grid.cells[top]) else None
        if is_blank(value):
            continue
        for position in range(top + 1, min(bottom, len(grid.cells) - 1) + 1):
            cells = rows[position]
            if left < len(cells) and not all(map(is_blank, cells)):
                changed = cells if isinstance(cells, _Copy) else _Copy(cells)
                changed[left] = value
                rows[position] = changed
    above = [(position, _text(grid.cells[position])) for position in range(header_row)]
    return Layout(
        kind,
        headers,
        header_row,
        [(position, cells) for position, cells in rows.items() if not all(map(is_blank, cells))],
        wide,
        [(position, text) for position, text in above if text],
    )


class _Copy(list[object]):
    """A row that has been copied, so that the grid stays as it was read."""


def _text(cells: Sequence[object]) -> str:
    return " ".join(_header(cell) for cell in cells if not is_blank(cell))
