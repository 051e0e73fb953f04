"""Read a roster from files, standard input, records or DataFrames."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grouping.errors import Issue, RosterError
from grouping.roster.build import build_roster, check_option
from grouping.roster.columns import check_chosen
from grouping.roster.faults import Faults
from grouping.roster.grids import grids_of, record_cells
from grouping.roster.layout import find_table
from grouping.roster.reading import Reading
from grouping.roster.slots import read_slots
from grouping.roster.sources import read_sources
from grouping.roster.tables import Table, fill_table, frame_cells, make_table
from grouping.roster.words import say

if TYPE_CHECKING:
    import pandas as pd

    from grouping.roster.roster import Roster
    from grouping.roster.schema import Slot


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
        reading = Reading(columns or {}, sheets or {}, faults, ignored=[*left_out])
        reading.read(sources, encoding, is_one=handed_in.is_one)
        return build_roster(
            reading.tables,
            faults,
            unknown_shift=unknown_shift,
            usual_rotas=usual_rotas,
            anchor=reading.anchor(),
            notes=reading.notes,
            warnings=reading.warnings(),
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
    check_chosen([tables["roster"]], columns or {}, faults)
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
