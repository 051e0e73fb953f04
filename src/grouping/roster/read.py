"""Read a roster from CSV files, or from DataFrames."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from grouping.errors import Issue, RosterError
from grouping.roster.build import COMPANIONS, build_roster, check_option
from grouping.roster.faults import Faults
from grouping.roster.slots import read_slots
from grouping.roster.tables import Table, csv_cells, frame_cells, make_table

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import pandas as pd

    from grouping.roster.roster import Roster
    from grouping.roster.schema import Slot


def read_roster(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    unknown_shift: str = "error",
    encoding: str | None = None,
) -> Roster:
    """Read a roster from a CSV file, or from a folder of CSV files.

    Parameters
    ----------
    path : a file, or a folder with ``roster.csv`` and those of ``teams.csv``, ``sites.csv``, ``travel_minutes.csv``,
        ``shift_codes.csv``, ``shift_patterns.csv``, ``explicit_shifts.csv``, ``committee.csv`` and
        ``constraints.csv`` that are there; headers in English or Chinese
    columns : ``{"their header": "our field"}`` for headers of the roster that are not understood; a new name makes a
        further attribute
    unknown_shift : "error", or "label" to let members with the same unknown shift meet
    encoding : of the files; UTF-8, with or without a byte order mark, if not given

    Raises
    ------
    RosterError
        With every fault of every file.

    Examples
    --------
    >>> roster = read_roster("data/samples/branch_42")
    >>> roster
    Roster(42 members, 18 teams, 6 sites)
    """
    check_option(unknown_shift)
    faults = Faults()
    source = Path(path).expanduser()
    tables: dict[str, Table] = {}
    for kind, file in _files(source).items():
        table = _read_file(kind, file, encoding, faults, columns=columns if kind == "roster" else None)
        if table is not None:
            tables[kind] = table
    if "roster" not in tables:
        faults.raise_if_any()
    return build_roster(tables, faults, unknown_shift=unknown_shift)


def _files(source: Path) -> dict[str, Path]:
    if source.is_dir():
        files = {"roster": source / "roster.csv"}
        if not files["roster"].is_file():
            raise RosterError(
                Issue("missing_file", "the folder has no roster.csv", file=str(source), advice="name the roster so")
            )
        files.update({kind: source / f"{kind}.csv" for kind in COMPANIONS if (source / f"{kind}.csv").is_file()})
        return files
    if not source.exists():
        raise RosterError(
            Issue("missing_file", "there is no such file or folder", file=str(source), advice="check the path")
        )
    if source.suffix.casefold() in {".xlsx", ".xls", ".xlsm", ".et", ".ods"}:
        raise RosterError(
            Issue("not_csv", "spreadsheet files are not read", file=source.name, advice="save the sheet as CSV UTF-8")
        )
    return {"roster": source}


def _read_file(
    kind: str, file: Path, encoding: str | None, faults: Faults, *, columns: Mapping[str, str] | None = None
) -> Table | None:
    """Return the table of a file, or None after recording why it cannot be read."""
    table = Table(kind, file.name)
    try:
        data = file.read_bytes()
    except OSError as error:
        faults.add("unreadable_file", f"the file cannot be read: {error.strerror}", table=table)
        return None
    try:
        text = data.decode(encoding or "utf-8-sig")
    except UnicodeDecodeError:
        message = f"the file is not encoded in {encoding or 'UTF-8'}"
        advice = 'save it as "CSV UTF-8", or pass encoding="gb18030" if it comes from a Chinese Excel or WPS'
        faults.add("bad_encoding", message, table=table, advice=advice)
        return None
    except LookupError:
        faults.add(
            "bad_encoding", "the encoding is not known", table=table, value=encoding, advice="use gb18030, utf-8"
        )
        return None
    if not text.strip("\ufeff \t\r\n,;"):
        faults.add("empty_file", "the file is empty", table=table, advice="add a row of headers, and rows")
        return None
    if "\0" in text:
        faults.add("bad_csv", "the file is not text", table=table, advice='save it as "CSV UTF-8"')
        return None
    try:
        cells = csv_cells(text)
    except csv.Error as error:
        faults.add("bad_csv", f"the file is not CSV: {error}", table=table, advice="check the quotation marks")
        return None
    return make_table(kind, file.name, cells[0], cells[1:], faults, columns=columns)


def roster_from_frames(
    frame: pd.DataFrame,
    companions: Mapping[str, pd.DataFrame | None],
    *,
    columns: Mapping[str, str] | None,
    unknown_shift: str,
) -> Roster:
    """Return the roster of `Roster.from_frame`."""
    check_option(unknown_shift)
    faults = Faults()
    tables = {"roster": _from_frame("roster", frame, faults, columns=columns)}
    for kind, companion in companions.items():
        if companion is not None:
            tables[kind] = _from_frame(kind, companion, faults)
    return build_roster(tables, faults, unknown_shift=unknown_shift)


def _from_frame(kind: str, frame: pd.DataFrame, faults: Faults, *, columns: Mapping[str, str] | None = None) -> Table:
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        message = f"{kind} must be a DataFrame, not {type(frame).__name__}"
        raise RosterError(Issue("not_a_frame", message, advice="read files by read_roster"))
    headers, rows = frame_cells(frame)
    return make_table(kind, kind, headers, rows, faults, columns=columns, keep_unknown=kind == "roster")


def slots_from(source: pd.DataFrame | str | Path) -> tuple[Slot, ...]:
    """Return the slots of a DataFrame or a CSV file."""
    faults = Faults()
    if isinstance(source, (str, Path)):
        file = Path(source).expanduser()
        if not file.is_file():
            raise RosterError(Issue("missing_file", "there is no such file", file=str(file), advice="check the path"))
        table = _read_file("slots", file, None, faults)
    else:
        table = _from_frame("slots", source, faults)
    faults.raise_if_any()
    if table is None:
        return ()
    for key in ("start", "end"):
        if not table.has(key):
            faults.add("missing_column", f"a column {key!r} is needed", table=table, key=key)
    faults.raise_if_any()
    return read_slots(table)
