"""Which table each sheet and file is; each kind is there once, sheets of members and calendars are joined."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from grouping.roster.calendars import calendar_of
from grouping.roster.cells import date_of
from grouping.roster.columns import SHEET_NAME, check_chosen
from grouping.roster.faults import Faults
from grouping.roster.grids import HIDDEN, Grid, grids_of
from grouping.roster.layout import NEEDED, Layout, find_table, is_blank, kind_of_name
from grouping.roster.matrices import matrix_of
from grouping.roster.membersheets import (
    is_like_a_roster,
    join_members,
    lists_others,
    repeats,
    share_subjects,
    write_sheet_name,
)
from grouping.roster.native import SHEET, native_columns
from grouping.roster.sources import KINDS, Source
from grouping.roster.synonyms import column_words, meaning_of
from grouping.roster.tables import Table, fill_table
from grouping.roster.words import say

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from grouping.errors import Issue

_ANCHOR = re.compile(r"基准日(?:期)?[\s:：为是]*(\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)")
_ENDS = 40
_LIKE_A_RECORD = 3
"""Filled cells from which on a row may be a record."""
_LIKE_A_ROSTER = 2
"""Headers of a roster from which on a sheet is taken for one though it lacks others."""


@dataclass
class Reading:
    """Finds the tables of some files.

    Attributes
    ----------
    columns, sheets : what the caller says of headers of the roster, and of sheets and files
    tables : by kind, when all is read
    notes, ignored : what was assumed, and which sheets and files are not used and why
    types : further attribute → type, from a workbook of ours
    """

    columns: Mapping[str, str | None]
    sheets: Mapping[str, str]
    faults: Faults
    ignored: list[tuple[str, str]] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    _anchors: dict[dt.date, str] = field(default_factory=dict)
    _members: list[Table] = field(default_factory=list)
    _unread: list[str] = field(default_factory=list)
    _kinds: dict[str, str | None] = field(default_factory=dict)

    def read(self, sources: Sequence[Source], encoding: str | None, *, is_one: bool) -> None:
        """Read all sources into ``tables``; ``is_one`` says that they are a single file."""
        grids = [grid for source in sources for grid in grids_of(source, encoding, self.faults)]
        self._check_names(grids)
        self.notes += dict.fromkeys(note for grid in grids for note in grid.notes)
        for grid in grids:
            self.types.update(native_columns(grid))
        told = {id(grid): self._told(grid) for grid in grids}
        shown = [
            grid
            for grid in grids
            if told[id(grid)] not in {"ignore", HIDDEN} and grid.sheet != SHEET and not _is_empty(grid)
        ]
        self._kinds = {grid.name: told[id(grid)] or kind_of_name(grid.sheet or grid.file) for grid in grids}
        is_single = len(shown) == 1 and is_one
        for grid in grids:
            kind = told[id(grid)] or ("roster" if is_single and not grid.is_records and grid in shown else None)
            self._take(grid, kind)
        self._settle_members(shown, [grid.name for grid in grids if told[id(grid)] == "roster"])

    def anchor(self) -> tuple[dt.date, str] | None:
        """Return the anchor date that the notes agree on, and where it stands."""
        return next(iter(self._anchors.items())) if len(self._anchors) == 1 else None

    def warnings(self) -> list[str]:
        """Return which sheets hold rows like records and are not read, since no header of theirs is understood."""
        text = "{table} is not read: no row is understood as a header; write one above the rows if they are needed"
        return [say(text, table=name) for name in self._unread]

    def _told(self, grid: Grid) -> str | None:
        names = (grid.name, grid.sheet, grid.file, Path(grid.file).stem)
        return next((self.sheets[name] for name in names if name is not None and name in self.sheets), grid.kind)

    def _check_names(self, grids: Sequence[Grid]) -> None:
        known = {name for grid in grids for name in (grid.name, grid.sheet, grid.file, Path(grid.file).stem) if name}
        for name, kind in self.sheets.items():
            if name not in known:
                expected = say("one of: {words}", words=", ".join(sorted(known)))
                self.faults.add("unknown_sheet", "sheets= names what is not there", value=name, expected=expected)
            if kind not in (*KINDS, "ignore"):
                expected = say("one of: {words}", words=", ".join((*KINDS, "ignore")))
                self.faults.add("unknown_kind", "sheets= names no kind of table", value=kind, expected=expected)

    def _take(self, grid: Grid, kind: str | None) -> None:
        if kind in {"ignore", HIDDEN} or _is_empty(grid):
            reasons = {"ignore": say("sheets= says so"), HIDDEN: say("the sheet is hidden")}
            self.ignored.append((grid.name, reasons.get(kind or "", say("empty"))))
            return
        if grid.sheet == SHEET:
            return
        self._look_for_anchor(grid)
        if kind in {None, "explicit_shifts", "rota"} and not grid.is_records:
            calendar = calendar_of(grid)
            if calendar is not None:
                self._keep(calendar)
                return
        if kind in {None, "travel_minutes"} and not grid.is_records:
            matrix = matrix_of(grid)
            if matrix is not None:
                self._keep(matrix)
                return
        if kind is not None and kind not in NEEDED:
            return
        layout = find_table(grid, kind, {**self.columns, **{key: key for key in self.types}})
        if layout is None:
            filled = [sum(not is_blank(cell) for cell in cells) for cells in grid.cells]
            text = "not understood as a table, {count} rows are not read"
            self.ignored.append((grid.name, say(text, count=sum(map(bool, filled)))))
            if self._kinds[grid.name] != "ignore" and sum(count >= _LIKE_A_RECORD for count in filled) > 1:
                self._unread.append(grid.name)
        elif layout.kind == "roster":
            self._members.append(self._filled(grid, layout, self.faults))
        else:
            self._keep(fill_table(Table(layout.kind, grid.file, grid.sheet), layout, self.faults))

    def _filled(self, grid: Grid, layout: Layout, faults: Faults) -> Table:
        """Return the table of members of a grid."""
        columns = {**{header: header for header in layout.headers if header in self.types}, **self.columns}
        table = fill_table(Table("roster", grid.file, grid.sheet), layout, faults, columns=columns)
        write_sheet_name(table, self.columns)
        return table

    def _keep(self, table: Table) -> None:
        """Keep a table; calendars are joined, rotas and teams too unless they speak of the same: that is a question."""
        other = self.tables.get(table.kind)
        if other is None:
            self.tables[table.kind] = table
        elif table.kind == "explicit_shifts" or (table.kind in {"rota", "teams"} and not share_subjects(table, other)):
            other.further.append(table)
        else:
            text = "{first} and {second} are both read as {kind}"
            message = say(text, first=other.name, second=table.name, kind=say(table.kind))
            self.faults.add("two_tables", message, table=table)

    def _settle_members(self, shown: Sequence[Grid], told: Sequence[str]) -> None:
        """Join the sheets of members, also those of which only the name of the sheet tells the department."""
        if not self._members:
            self._take_best(shown)
        if self._members:
            self._doubt("rota", of_nobody=True)
            self._take_lacking(shown)
            check_chosen(self._members, self.columns, self.faults)
        table = join_members(
            self._members, told, self.faults, self.notes, has_branch=bool(self.columns.get(SHEET_NAME))
        )
        if table is not None:
            self.tables = {"roster": table, **self.tables}

    def _take_best(self, shown: Sequence[Grid]) -> None:
        """Take the grid that is most like a roster for it, so that what is missing is told."""
        tables = [part for kind, table in self.tables.items() if kind != "rota" for part in table.parts]
        used = {(one.file, one.sheet) for one in tables if not self._is_doubtful(one)}
        free = [grid for grid in shown if (grid.file, grid.sheet) not in used]
        best = max(free, key=_likeness, default=None)
        if self.faults.issues and (best is None or _likeness(best) < (False, _LIKE_A_ROSTER)):
            return  # the roster may be what could not be read
        if best is None:
            file = shown[0].file if shown else None
            self.faults.add("no_roster", "no sheet is understood as a roster of members", file=file)
            return
        self._doubt("rota")  # what tells shifts or duties and no department may be a sheet of members
        self._doubt("committee")
        layout = find_table(best, "roster", self.columns)
        if layout is not None:
            self._drop_from_ignored(best)
            self._members.append(self._filled(best, layout, self.faults))

    def _is_doubtful(self, table: Table) -> bool:
        """Whether a table may as well be a sheet of members without departments, for nobody says what it is."""
        return table.kind in {"rota", "committee"} and self._kinds.get(table.name) != table.kind

    def _doubt(self, kind: str, *, of_nobody: bool = False) -> None:
        """Give up doubtful tables of a kind; ``of_nobody``: only those that list persons, and no member among them."""
        table = self.tables.pop(kind, None)
        for part in table.parts if table is not None else ():
            if not self._is_doubtful(part) or (of_nobody and not lists_others(part, self._members)):
                part.further = []
                self._keep(part)
            else:
                self.faults.issues = [one for one in self.faults.issues if not _is_second(one, part)]

    def _take_lacking(self, shown: Sequence[Grid]) -> None:
        """Take sheets that are like a roster but for the department, where they have people nobody else has."""
        used = {(one.file, one.sheet) for table in (*self.tables.values(), *self._members) for one in table.parts}
        for grid in shown:
            if (grid.file, grid.sheet) in used or grid.is_records or kind_of_name(grid.sheet) not in {None, "roster"}:
                continue
            layout = find_table(grid, "roster", self.columns)
            if layout is None or not is_like_a_roster(self._filled(grid, layout, Faults())):
                continue
            self._drop_from_ignored(grid)
            if repeats(self._filled(grid, layout, Faults()), self._members):
                self.ignored.append((grid.name, say("its people are in the roster already")))
            else:
                self._members.append(self._filled(grid, layout, self.faults))

    def _drop_from_ignored(self, grid: Grid) -> None:
        self.ignored = [pair for pair in self.ignored if pair[0] != grid.name]
        self._unread = [name for name in self._unread if name != grid.name]

    def _look_for_anchor(self, grid: Grid) -> None:
        """Remember a note such as "基准日2026-11-30" above or below a table."""
        size = len(grid.cells)
        for position in dict.fromkeys((*range(min(size, _ENDS)), *range(max(0, size - _ENDS), size))):
            for cell in grid.cells[position]:
                if isinstance(cell, str) and "基准日" in cell and (match := _ANCHOR.search(cell)):
                    try:
                        self._anchors.setdefault(date_of(match[1]), f"{grid.name} {position + 1}")
                    except ValueError:
                        continue


def _likeness(grid: Grid) -> tuple[bool, int]:
    """Return how much a grid is like a roster: by its name, and by the headers of some row."""
    words = column_words("roster")
    rows = [
        sum(isinstance(cell, str) and bool(meaning_of(cell, words)[1]) for cell in cells) for cells in grid.cells[:30]
    ]
    return kind_of_name(grid.sheet or grid.file) == "roster", max(rows, default=0)


def _is_second(issue: Issue, first: Table) -> bool:
    """Whether a fault says that another table is of the same kind as the first."""
    message = str(issue.message)
    return issue.code == "two_tables" and message.startswith(f"{first.name} and ") and message.endswith(first.kind)


def _is_empty(grid: Grid) -> bool:
    return not grid.is_records and all(is_blank(cell) for cells in grid.cells for cell in cells)
