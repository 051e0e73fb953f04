"""Tables of web pages, as personnel systems export them under the name of a workbook (.xls)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from grouping.roster.limits import AREA
from grouping.roster.synonyms import column_words, meaning_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grouping.roster.grids import Range

_WIDEST, _HIGHEST = 1_000, 65_536
_KINDS = ("roster", "teams", "sites", "travel_minutes", "shift_patterns", "shift_codes", "explicit_shifts", "committee")
_MARKED = re.compile(r"<!\[[^>]*>?|<\?[^>]*>?")
"""Declarations of office programs, which are no HTML."""
_ROW = re.compile(r"<tr(?=[\s>/])", re.IGNORECASE)
_SILENT = frozenset({"script", "style", "title", "template"})


@dataclass
class WebTable:
    """One table: its cells as text from the first on, and its merged ranges."""

    cells: list[list[str]] = field(default_factory=list)
    merged: list[Range] = field(default_factory=list)
    _free_from: list[int] = field(default_factory=list)
    """The row from which on each column is free."""

    def place(self, text: str, width: int, height: int) -> None:
        """Put a cell at the first free place of the last row."""
        row = len(self.cells) - 1
        column = 0
        while column < len(self._free_from) and self._free_from[column] > row:
            column += 1
        self._free_from += [0] * (column + width - len(self._free_from))
        self._free_from[column : column + width] = [row + height] * width
        line = self.cells[row]
        line += [""] * (column + width - len(line))
        line[column] = text
        if width > 1 or height > 1:
            self.merged.append((row, column, row + height - 1, column + width - 1))


class _Reader(HTMLParser):
    """Collects the tables; text of a table inside another belongs to the inner one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[WebTable] = []
        self._open: list[WebTable] = []
        self._cells: list[tuple[list[str], int, int] | None] = []
        self._silent = 0
        self.area = self.rows = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a table, a row or a cell."""
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            table = WebTable()
            self.tables.append(table)
            self._open.append(table)
            self._cells.append(None)
        elif tag == "tr":
            self.rows += 1
            if not self._open:
                return
            self._end_cell()
            self._open[-1].cells.append([])
        elif self._open and tag in {"td", "th"}:
            self._end_cell()
            if not self._open[-1].cells:
                self._open[-1].cells.append([])
            told = dict(attrs)
            width, height = _span(told.get("colspan"), _WIDEST), _span(told.get("rowspan"), _HIGHEST)
            self._cells[-1] = ([], width, height)
        elif tag in {"br", "p", "div"}:
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        """End a cell, a row or a table."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif self._open and tag in {"td", "th", "tr"}:
            self._end_cell()
        elif self._open and tag == "table":
            self._end_cell()
            self._open.pop()
            self._cells.pop()

    def handle_data(self, data: str) -> None:
        """Take the text of the cell that is open."""
        if self._cells and self._cells[-1] is not None and not self._silent:
            self._cells[-1][0].append(data)

    def close(self) -> None:
        """End what the page has left open."""
        super().close()
        while self._open:
            self.handle_endtag("table")

    def _end_cell(self) -> None:
        cell = self._cells[-1]
        if cell is not None:
            text, width, height = cell
            self.area += width * height
            if self.area <= AREA:
                self._open[-1].place(" ".join("".join(text).split()), width, height)
        self._cells[-1] = None


def _span(told: str | None, most: int) -> int:
    return min(max(int(told), 1), most) if told and told.isdecimal() and len(told) < 6 else 1


def tables_of(page: str) -> list[WebTable] | None:
    """Return the tables of a page that have headers we know, None if they are larger than is read."""
    reader = _Reader()
    try:
        reader.feed(_MARKED.sub("", page))
        reader.close()
    except AssertionError:  # how the parser refuses declarations that are none; half a page had better not be read
        return []
    if reader.rows < len(_ROW.findall(page)):  # in a comment or a script without end: nobody is lost silently
        return []
    if reader.area > AREA:
        return None
    return [table for table in reader.tables if len(table.cells) > 1 and _is_understood(table.cells[:30])]


def _is_understood(rows: Sequence[Sequence[str]]) -> bool:
    known = [column_words(kind) for kind in _KINDS]
    return any(sum(bool(meaning_of(cell, words)[1]) for cell in cells if cell) > 1 for cells in rows for words in known)
