"""Bytes → grids of cells, each with its place, whatever the file is called: workbooks, text, JSON."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grouping.roster.limits import AREA, CELL_CHARACTERS
from grouping.roster.text import decode, separator_of
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grouping.roster.faults import Faults
    from grouping.roster.sources import Source

HIDDEN = "hidden"
"""The kind of a grid that is not looked at, because who made the workbook does not see it."""
Range = tuple[int, int, int, int]
"""First row, first column, last row, last column, from 0."""


@dataclass
class Grid:
    """The cells of one sheet or file from A1 on; blank ones are None or ``""``.

    Attributes
    ----------
    file, sheet : where it was; no sheet in a text file
    merged : ranges of merged cells, of which only the first holds a value
    kind : which table it is, where the file's name says so
    has_header_row : False for records (JSON, frames), whose first row holds the names of the fields
    """

    file: str
    sheet: str | None
    cells: Sequence[Sequence[object]]
    merged: Sequence[Range] = ()
    kind: str | None = None
    is_records: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """File and sheet in one, for messages."""
        return f"{self.file}/{self.sheet}" if self.sheet else self.file


def column_letters(position: int) -> str:
    """Return the letters of a column counted from 0.

    >>> column_letters(0), column_letters(25), column_letters(26), column_letters(702)
    ('A', 'Z', 'AA', 'AAA')
    """
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def grids_of(source: Source, encoding: str | None, faults: Faults) -> list[Grid]:
    """Return the grids of a file; what it is is told by its contents, not by its name."""
    data = source.data
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
        from grouping.roster.workbooks import workbook_grids

        return workbook_grids(source, faults)
    text, notes = decode(source.name, data, encoding, faults)
    if text is None:
        return []
    head = text.lstrip("\ufeff \t\r\n")
    if not head.strip(",;\t\r\n \ufeff|"):
        faults.add("empty_file", "the file is empty", file=source.name)
        return []
    if head[:200].casefold().startswith(("<!doctype", "<html", "<table", "<?xml", "<meta", "<head")):
        return _web_grids(source, text, notes, faults)
    if head[0] in "[{" and source.name.casefold().endswith((".json", ".jsonl", ".ndjson", "<stdin>")):
        return _json_grids(source, head, notes, faults)
    try:
        cells = list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=separator_of(text)))
    except csv.Error as error:
        faults.add("bad_csv", say("the file is not CSV: {why}", why=str(error)), file=source.name)
        return []
    return [Grid(source.name, None, cells, kind=source.kind, notes=notes)]


def _web_grids(source: Source, text: str, notes: list[str], faults: Faults) -> list[Grid]:
    """Return a grid for each table of a web page that has headers of ours."""
    from grouping.roster.webtables import tables_of

    tables = tables_of(text)
    if tables is None:
        message = say("the sheet spans more than {most} million cells, blank ones included", most=AREA // 1_000_000)
        faults.add("too_large", message, file=source.name)
        return []
    if not tables:
        faults.add("web_page", "the file is a web page or XML, whatever its name says", file=source.name)
        return []
    notes = [*notes, say("{name} is a web page, its table is read", name=source.name)]
    names = [None] if len(tables) == 1 else [f"table {number}" for number in range(1, len(tables) + 1)]
    return [
        Grid(source.name, name, table.cells, table.merged, source.kind if name is None else None, notes=notes)
        for name, table in zip(names, tables, strict=True)
    ]


def _json_grids(source: Source, text: str, notes: list[str], faults: Faults) -> list[Grid]:
    """Return a grid for a list of objects, or one for each table of an object of lists."""
    try:
        data = _parse_json(text)
    except (ValueError, RecursionError) as error:
        why = getattr(error, "msg", "") or "nested too deeply"
        line = getattr(error, "lineno", None)
        faults.add("bad_json", say("the file is not JSON: {why}", why=why), file=source.name, row_number=line)
        return []
    tables = data if isinstance(data, dict) else {None: data}
    if isinstance(data, dict) and not all(isinstance(rows, list) for rows in data.values()):
        tables = {None: [data]}
    grids = []
    for name, rows in tables.items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            faults.add("bad_json", "not a list of objects", file=source.name, sheet=name)
            continue
        kind = source.kind if name is None else None
        grids.append(Grid(source.name, name, record_cells(rows), kind=kind, is_records=True, notes=notes))
    return grids


def _parse_json(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if not lines[0].lstrip().startswith("{") or len(lines) < 2:
            raise
        try:
            return [json.loads(line) for line in lines]
        except json.JSONDecodeError:
            raise error from None


def record_cells(records: Sequence[dict[str, object]]) -> list[list[object]]:
    """Return a header row and a row per record."""
    headers = list(dict.fromkeys(str(key) for record in records for key in record))
    found = [{str(key): value for key, value in record.items()} for record in records]
    return [list(headers), *([_plain(record.get(header)) for header in headers] for record in found)]


def _plain(value: object) -> object:
    """Return a value of a record as a cell: lists are several values, objects are text."""
    if isinstance(value, list):
        return tuple(_plain(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)[: CELL_CHARACTERS + 1]
    if isinstance(value, dt.datetime) and value.time() == dt.time(0):
        return value.date()
    return value
