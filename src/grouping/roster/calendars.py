"""Calendars of persons × days, as rotas are often written: a row per person, a column per day."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from grouping.roster.cells import date_of, text_of
from grouping.roster.layout import HEADER_WITHIN, is_blank
from grouping.roster.synonyms import column_words, meaning_of, squeeze
from grouping.roster.tables import Row, Table, clean
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grouping.roster.grids import Grid

FEWEST_DAYS = 5
"""Columns that are days, from which on a sheet is a calendar."""
_MONTH = re.compile(r"(20\d{2})\s*[年./-]\s*(\d{1,2})(?!\d)")
_DAY = re.compile(r"(?:(\d{1,2})[月/.-])?(\d{1,2})[日号]?")
_WEEKDAYS = frozenset("一二三四五六日天") | {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}


def calendar_of(grid: Grid) -> Table | None:
    """Return the calendar of a grid as a table with a row per person and day, None if it is none.

    The days are dates, or numbers of a month that a title, the sheet's or the file's name tells. Blank cells say
    nothing about a day; a row of weekdays is skipped.
    """
    month = _month(grid)
    for position in range(min(len(grid.cells), HEADER_WITHIN)):
        cells = grid.cells[position]
        days = {column: day for column, cell in enumerate(cells) if (day := _day(cell, month)) is not None}
        person = _person(cells)
        if person is None or len(days) < FEWEST_DAYS or len(set(days.values())) < len(days):
            continue
        return _table(grid, position, person, days)
    return None


def _month(grid: Grid) -> tuple[int, int] | None:
    texts = [grid.sheet or "", grid.file]
    texts += [str(cell) for cells in grid.cells[:5] for cell in cells[:3] if isinstance(cell, str)]
    found = {
        (int(match[1]), int(match[2])) for text in texts for match in _MONTH.finditer(text) if 1 <= int(match[2]) <= 12
    }
    return found.pop() if len(found) == 1 else None


def _day(cell: object, month: tuple[int, int] | None) -> dt.date | None:
    """Return the day a header means."""
    if isinstance(cell, dt.date):
        return cell.date() if isinstance(cell, dt.datetime) else cell
    if is_blank(cell) or isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
        return None
    text = squeeze(text_of(cell))
    match = _DAY.fullmatch(text)
    try:
        if match and month:
            return dt.date(month[0], int(match[1] or month[1]), int(match[2]))
        return date_of(cell) if len(text) > 5 else None
    except ValueError:
        return None


def _person(cells: Sequence[object]) -> tuple[int, str] | None:
    """Return the column that tells who a row is about, ids before names."""
    words = column_words("roster")
    found = {
        meaning_of(cell, words)[0]: column for column, cell in reversed(list(enumerate(cells))) if isinstance(cell, str)
    }
    for key in ("member_id", "name"):
        if key in found:
            return found[key], str(cells[found[key]]).strip()
    return None


def _table(grid: Grid, header: int, person: tuple[int, str], days: dict[int, dt.date]) -> Table:
    who, heading = person
    table = Table("explicit_shifts", grid.file, grid.sheet, is_matrix=True)
    table.headers.update({"member_id": heading, "date": "日期", "code": "班次"})
    table.positions["member_id"] = who
    table.above = header
    for position in range(header + 1, len(grid.cells)):
        cells = grid.cells[position]
        values = {column: value for column, cell in enumerate(cells) if (value := clean(cell)) is not None}
        if not values:
            continue
        if who not in values or is_header(cells, who, heading):
            told = {squeeze(text_of(value)).removeprefix("星期").removeprefix("周") for value in values.values()}
            why = say("the days of the week") if told <= _WEEKDAYS else say("no person")
            table.skipped.append((position + 1, why))
            continue
        for column, day in days.items():
            if column in values:
                row = {"member_id": values[who], "date": day, "code": values[column]}
                table.rows.append(Row(position + 1, row, at=column))
    return table


def is_header(cells: Sequence[object], who: int, heading: str) -> bool:
    """Whether the header is repeated, as it is at the top of printed pages."""
    return str(cells[who]).strip() == heading
