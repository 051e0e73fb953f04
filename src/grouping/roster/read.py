"""Read a roster from files, standard input, records or DataFrames."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from grouping.errors import Issue, RosterError
from grouping.roster.build import build_roster, check_option
from grouping.roster.calendars import calendar_of
from grouping.roster.cells import date_of
from grouping.roster.faults import Faults
from grouping.roster.grids import HIDDEN, Grid, grids_of, record_cells
from grouping.roster.layout import NEEDED, find_table, is_blank, kind_of_name
from grouping.roster.native import SHEET, native_columns
from grouping.roster.slots import read_slots
from grouping.roster.sources import KINDS, Source, read_sources
from grouping.roster.synonyms import column_words, plain
from grouping.roster.tables import Table, fill_table, frame_cells, make_table
from grouping.roster.words import say

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from grouping.roster.roster import Roster
    from grouping.roster.schema import Slot

_ANCHOR = re.compile(r"基准日(?:期)?[\s:：为是]*(\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)")
_ENDS = 40
_LIKE_A_ROSTER = 2
"""Headers of a roster from which on a sheet is taken for one though it lacks others."""


def read_roster(
    path: str | os.PathLike[str] | pd.DataFrame | Iterable[Mapping[str, object]] | Iterable[str | os.PathLike[str]],
    *,
    columns: Mapping[str, str | None] | None = None,
    sheets: Mapping[str, str] | None = None,
    unknown_shift: str = "error",
    usual_rotas: bool = False,
    encoding: str | None = None,
) -> Roster:
    """Read a roster as it comes: a workbook, a text file, JSON, a folder of such files, or records.

    What was understood and assumed is in ``roster.report``; docs/rosters.md says what is understood.

    Parameters
    ----------
    path : a file (.xlsx, .xls, .ods, .csv, .tsv, .json, .jsonl; its contents decide), a folder, several files, "-"
        for standard input, a DataFrame, or dicts. A workbook or folder may also hold teams, sites, travel minutes,
        shift codes, rotas, calendars, the committee and constraints; headers in English or Chinese
    columns : ``{"their header": "our field"}`` for headers of the roster that are not understood, or that two columns
        claim; a new name makes a further attribute, "ignore" (or None) leaves the column out
    sheets : ``{"sheet or file": kind}`` where it is not clear which table one is: "roster", "teams", "sites",
        "travel_minutes", "shift_codes", "shift_patterns", "explicit_shifts", "committee", "constraints", "rota" or
        "ignore"
    unknown_shift : "error", or "label" to let members with the same unknown shift meet
    usual_rotas : True confirms that names of usual rotas mean what the package's catalogue says (the report tells what
        was taken from it); a name alone never decides
    encoding : of text files; if not given, a byte order mark, UTF-8 and GB18030 are tried

    Raises
    ------
    RosterError
        With every fault of every table, each with its cell; ``error.describe("zh")`` says them in Chinese.

    Examples
    --------
    >>> roster = read_roster("data/samples/branch_42")
    >>> roster
    Roster(42 members, 18 teams, 6 sites)
    >>> read_roster("data/samples/branch_42/roster.xlsx")
    Roster(42 members, 18 teams, 6 sites)
    """
    check_option(unknown_shift)
    handed_in = _paths_or_records(path)
    if not isinstance(handed_in, _Paths):
        return roster_from_frames(handed_in, {}, columns=columns, unknown_shift=unknown_shift, usual_rotas=usual_rotas)
    faults = Faults()
    with _without_collector():
        sources, left_out = read_sources(handed_in.paths, faults)
        reading = _Reading(columns or {}, sheets or {}, faults, ignored=[*left_out])
        reading.read(sources, encoding, is_one=handed_in.is_one)
        return build_roster(
            reading.tables,
            faults,
            unknown_shift=unknown_shift,
            usual_rotas=usual_rotas,
            anchor=reading.anchor(),
            notes=reading.notes,
            tables_ignored=reading.ignored,
            types=reading.types,
        )


@dataclass(frozen=True)
class _Paths:
    """Files that were handed in, None for standard input; ``is_one`` where it is a single file."""

    paths: Path | tuple[Path, ...] | None
    is_one: bool


def _paths_or_records(given: object) -> object:
    """Return the paths of files, or what was handed in otherwise; an iterator is used up only once."""
    if isinstance(given, (str, os.PathLike)):
        path = Path(given).expanduser()
        return _Paths(None, is_one=True) if given == "-" else _Paths(path, is_one=not path.is_dir())
    if isinstance(given, (bytes, Mapping)) or not isinstance(given, Iterable) or hasattr(given, "columns"):
        return given
    several = list(given)
    if several and all(isinstance(one, (str, os.PathLike)) for one in several):
        return _Paths(tuple(Path(one).expanduser() for one in several), is_one=len(several) == 1)
    return several


@contextmanager
def _without_collector() -> Iterator[None]:
    """Let Python not look for cycles among millions of cells; a fifth of the time of large rosters."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass
class _Reading:
    """Finds the tables of some files; each kind of table is there once."""

    columns: Mapping[str, str | None]
    sheets: Mapping[str, str]
    faults: Faults
    ignored: list[tuple[str, str]] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    anchors: dict[dt.date, str] = field(default_factory=dict)

    def read(self, sources: list[Source], encoding: str | None, *, is_one: bool) -> None:
        """Read all sources into ``tables``."""
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
        is_single = len(shown) == 1 and is_one
        for grid in grids:
            kind = told[id(grid)] or ("roster" if is_single and not grid.is_records and grid in shown else None)
            self._take(grid, kind)
        if "roster" not in self.tables:
            self._take_best(shown)

    def _told(self, grid: Grid) -> str | None:
        names = (grid.name, grid.sheet, grid.file, Path(grid.file).stem)
        return next((self.sheets[name] for name in names if name is not None and name in self.sheets), grid.kind)

    def _check_names(self, grids: list[Grid]) -> None:
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
        if kind is not None and kind not in NEEDED:
            return
        layout = find_table(grid, kind, {**self.columns, **{key: key for key in self.types}})
        if layout is None:
            self.ignored.append((grid.name, say("not understood as a table")))
            return
        table = Table(layout.kind, grid.file, grid.sheet)
        if layout.kind == "roster" and "roster" in self.tables:
            self._keep(table)
            return
        columns = {**{header: header for header in layout.headers if header in self.types}, **self.columns}
        told = columns if layout.kind == "roster" else None
        self._keep(fill_table(table, layout, self.faults, columns=told))

    def _keep(self, table: Table) -> None:
        """Keep a table; two of a kind are a question."""
        other = self.tables.get(table.kind)
        if other is None:
            self.tables[table.kind] = table
            return
        message = say(
            "{first} and {second} are both read as {kind}", first=other.name, second=table.name, kind=table.kind
        )
        self.faults.add("two_tables", message, table=table)

    def _take_best(self, grids: list[Grid]) -> None:
        """Take the grid that is most like a roster for it, so that what is missing is told."""
        words = column_words("roster")

        def likeness(grid: Grid) -> tuple[bool, int]:
            rows = [sum(isinstance(cell, str) and plain(cell) in words for cell in cells) for cells in grid.cells[:30]]
            return kind_of_name(grid.sheet or grid.file) == "roster", max(rows, default=0)

        used = {(table.file, table.sheet) for kind, table in self.tables.items() if kind != "rota"}
        free = [grid for grid in grids if (grid.file, grid.sheet) not in used]
        best = max(free, key=likeness, default=None)
        if self.faults.issues and (best is None or likeness(best) < (False, _LIKE_A_ROSTER)):
            return  # the roster may be what could not be read
        if best is None:
            file = grids[0].file if grids else None
            self.faults.add("no_roster", "no sheet is understood as a roster of members", file=file)
            return
        self.ignored = [pair for pair in self.ignored if pair[0] != best.name]
        if "rota" in self.tables and self.tables["rota"].name == best.name:
            del self.tables["rota"]
        self._take(best, "roster")

    def _look_for_anchor(self, grid: Grid) -> None:
        """Remember a note such as "基准日2026-11-30" above or below a table."""
        size = len(grid.cells)
        for position in dict.fromkeys((*range(min(size, _ENDS)), *range(max(0, size - _ENDS), size))):
            for cell in grid.cells[position]:
                if isinstance(cell, str) and "基准日" in cell and (match := _ANCHOR.search(cell)):
                    try:
                        self.anchors.setdefault(date_of(match[1]), f"{grid.name} {position + 1}")
                    except ValueError:
                        continue

    def anchor(self) -> tuple[dt.date, str] | None:
        """Return the anchor date that the notes agree on, and where it stands."""
        return next(iter(self.anchors.items())) if len(self.anchors) == 1 else None


def _is_empty(grid: Grid) -> bool:
    return not grid.is_records and all(is_blank(cell) for cells in grid.cells for cell in cells)


def roster_from_frames(
    frame: object,
    companions: Mapping[str, object],
    *,
    columns: Mapping[str, str | None] | None,
    unknown_shift: str,
    usual_rotas: bool = False,
) -> Roster:
    """Return the roster of `Roster.from_frame`."""
    check_option(unknown_shift)
    faults = Faults()
    tables = {"roster": _from_frame("roster", frame, faults, columns=columns)}
    for kind, companion in companions.items():
        if companion is not None:
            tables[kind] = _from_frame(kind, companion, faults)
    return build_roster(tables, faults, unknown_shift=unknown_shift, usual_rotas=usual_rotas)


def _from_frame(kind: str, frame: object, faults: Faults, *, columns: Mapping[str, str | None] | None = None) -> Table:
    """Return the table of a DataFrame, or of dicts."""
    import pandas as pd

    if isinstance(frame, pd.DataFrame):
        headers, rows = frame_cells(frame)
    else:
        records = [] if isinstance(frame, (str, bytes, Mapping)) or not isinstance(frame, Iterable) else list(frame)
        if not records or not all(isinstance(record, Mapping) for record in records):
            message = say(
                "{kind} must be a DataFrame or a list of dicts, not {type}", kind=kind, type=type(frame).__name__
            )
            raise RosterError(Issue("not_a_frame", message, advice=say("read files by read_roster")))
        first, *rows = record_cells([dict(record) for record in records])
        headers = [str(header) for header in first]
    return make_table(kind, kind, headers, rows, faults, columns=columns, keep_unknown=kind == "roster")


def slots_from(source: pd.DataFrame | str | Path) -> tuple[Slot, ...]:
    """Return the slots of a DataFrame or a file."""
    faults = Faults()
    table: Table | None = None
    if isinstance(source, (str, Path)):
        sources, _ = read_sources(Path(source).expanduser(), faults)
        for grid in [grid for one in sources for grid in grids_of(one, None, faults)][:1]:
            layout = find_table(grid, "slots", {})
            if layout is not None:
                table = fill_table(Table("slots", grid.file, grid.sheet), layout, faults)
    else:
        table = _from_frame("slots", source, faults)
    faults.raise_if_any()
    if table is None:
        raise RosterError(Issue("empty_file", say("the file is empty"), file=str(source)))
    for key in ("start", "end"):
        if not table.has(key):
            faults.add("missing_column", say("a column {field!r} is needed", field=key), table=table, key=key)
    faults.raise_if_any()
    return read_slots(table)
