"""Tables as they come, from CSV text or a DataFrame, with their columns matched to our words."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from grouping.roster.asides import is_note, is_total
from grouping.roster.columns import ATTRIBUTE, REMARK, SHEET_NAME, match_columns
from grouping.roster.faults import is_private_number
from grouping.roster.grids import column_letters
from grouping.roster.layout import Layout, is_blank
from grouping.roster.limits import CELL_CHARACTERS
from grouping.roster.sections import Heading, heading_of, use_sections
from grouping.roster.synonyms import column_words, meaning_of, participation_in, plain
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from grouping.roster.faults import Faults

ERRORS = frozenset({
    "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA",
})  # fmt: skip
"""What a cell says whose formula has no result."""
_OTHER_ERROR = re.compile(r"(?:Err|错误)[:：]5\d\d")
"""The same, of LibreOffice."""
_REQUIRED = {
    "roster": {"member_id", "department", "shift_pattern", "site"},
    "teams": {"team"},
    "sites": {"site_id", "name"},
    "travel_minutes": {"from_site", "to_site", "minutes"},
    "shift_codes": {"code", "segments"},
    "shift_patterns": {"pattern_id", "sequence", "anchor"},
    "explicit_shifts": {"member_id", "date", "code"},
    "committee": {"member_id"},
    "constraints": {"kind", "strength"},
    "rota": {"member_id", "shift_pattern", "crew", "cycle_offset"},
}
"""Columns in which an error cannot be read as blank: something would be lost, or taken from elsewhere."""
_LOOKED_AT = 30
"""Rows of which the first cell is looked at, to tell a table that lies on its side."""
_ACCIDENTS = frozenset({"nan", "NaN", "NaT", "<NA>"})
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\u200b\u200e\u200f\u2028\u2029\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its spreadsheet number and its cells that are not blank, by our words."""

    number: int
    cells: dict[str, object]
    at: int | None = None
    """The column of the cells without a column of their own, where a row of the table is one cell of a sheet."""
    places: Mapping[str, str] | None = None
    """The address of each cell, where they are not in one row."""
    broken: frozenset[str] = frozenset()
    """Cells that hold an error, such as #N/A, where a value is needed; they are a fault already."""


@dataclass
class Table:
    """A table whose columns are matched: ``headers`` maps our words to theirs.

    Attributes
    ----------
    kind, file, sheet : which table it is, and where it was
    positions : our word → its column, from 0, where the table has addresses
    ignored : header and why it is not read
    skipped : row number and why the row is no record of the table
    above : rows before the header that are not blank
    header_row, found : number of the header's row where the table has addresses, and what it says, column by column
    is_turned : whether headers stand below each other in its first column
    is_matrix : whether it was a calendar of persons × days, which may list others than the members
    errors : cells that hold an error, such as ``"F2 #N/A"``, and are read as blank
    sections : unit → members below its heading, where headings and no column tell the departments
    further : tables of the same kind, from other sheets or files, that are read with it
    """

    kind: str
    file: str
    sheet: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    above: int = 0
    header_row: int | None = None
    found: tuple[str, ...] = ()
    is_turned: bool = False
    is_matrix: bool = False
    errors: list[str] = field(default_factory=list)
    sections: dict[str, int] = field(default_factory=dict)
    further: list[Table] = field(default_factory=list)

    @property
    def parts(self) -> list[Table]:
        """The table and those that are read with it."""
        return [self, *self.further]

    @property
    def name(self) -> str:
        """File and sheet in one."""
        return f"{self.file}/{self.sheet}" if self.sheet else self.file

    def header_of(self, key: str) -> str:
        """Return their header for our word."""
        return self.headers.get(key) or self.headers.get(f"{key}.id") or key.removeprefix(ATTRIBUTE).removesuffix(".id")

    def cell_of(self, row: Row, key: str) -> str | None:
        """Return the address of a cell, such as ``"C17"``; None in a frame, which has none."""
        if row.places is not None:
            return row.places.get(key)
        position = self.positions.get(key, row.at if row.at is not None else self.positions.get(f"{key}.id"))
        return None if position is None else f"{column_letters(position)}{row.number}"

    def cell_of_subject(self, row: Row) -> str | None:
        """Return the address of the first cell that says what a row is about, where a column is missing."""
        keys = [key for key in ("member_id", "name", *row.cells) if key in row.cells]
        return next((cell for key in keys if (cell := self.cell_of(row, key))), None)

    def header_cells(self) -> str | None:
        """Return the range of the header, such as ``"A3:H3"``; None in a frame."""
        filled = [position for position, header in enumerate(self.found) if header]
        if self.header_row is None or not filled:
            return None
        ends = dict.fromkeys((filled[0], filled[-1]))
        return ":".join(f"{column_letters(position)}{self.header_row}" for position in ends)

    def header_cell(self, position: int) -> str | None:
        """Return the address of the header of a column counted from 0; None in a frame."""
        return None if self.header_row is None else f"{column_letters(position)}{self.header_row}"

    def has(self, key: str) -> bool:
        """Whether a column of this meaning is there, as text or as an id."""
        return key in self.headers or f"{key}.id" in self.headers


def frame_cells(frame: pd.DataFrame) -> tuple[list[str], list[list[object]]]:
    """Return headers and cells of a frame as plain Python objects; a named id index becomes a column."""
    import pandas as pd

    headers = [str(column) for column in frame.columns]
    columns = [_objects(frame.iloc[:, position]) for position in range(frame.shape[1])]
    index_name = frame.index.name
    words = column_words("roster")
    taken = {words.get(plain(header), ("", ""))[0] for header in headers}
    if isinstance(index_name, str) and not isinstance(frame.index, pd.MultiIndex):
        meaning = words.get(plain(index_name), ("", ""))[0]
        if meaning == "member_id" and "member_id" not in taken:
            headers.insert(0, index_name)
            columns.insert(0, _objects(frame.index.to_series()))
    return headers, [list(cells) for cells in zip(*columns, strict=True)]


def _objects(series: pd.Series) -> list[object]:
    missing = series.isna().to_numpy(dtype=bool)
    values = series.astype(object).tolist()
    return [None if gone else _python(value) for value, gone in zip(values, missing, strict=True)]


def _python(value: object) -> object:
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", None) == 0:
        value = item()
    to_datetime = getattr(value, "to_pydatetime", None)
    if callable(to_datetime):
        value = to_datetime()
    if isinstance(value, dt.datetime) and value.time() == dt.time(0):
        return value.date()
    if isinstance(value, (set, frozenset)):
        return tuple(sorted(value, key=str))
    if getattr(value, "ndim", None) == 1:
        return tuple(value.tolist())  # type: ignore[attr-defined]
    return tuple(value) if isinstance(value, list) else value


def make_table(
    kind: str,
    file: str,
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    faults: Faults,
    *,
    columns: Mapping[str, str | None] | None = None,
    keep_unknown: bool = False,
) -> Table:
    """Return the table that a header and rows make; faults name its rows as if the header were row 1.

    Parameters
    ----------
    kind : one of the tables of ``column_synonyms.csv``
    file : how faults call the table
    headers, rows : the cells; blank ones are None or white space
    faults : receives what is wrong with the columns
    columns : the caller's ``{their header: our field or a new attribute}``
    keep_unknown : whether unknown columns become attributes, or are ignored
    """
    table = Table(kind, file)
    layout = Layout(kind, [_trim(header) for header in headers], 0, list(enumerate(rows, 1)))
    return fill_table(table, layout, faults, columns=columns, keep_unknown=keep_unknown, has_addresses=False)


def fill_table(
    table: Table,
    layout: Layout,
    faults: Faults,
    *,
    columns: Mapping[str, str | None] | None = None,
    keep_unknown: bool = False,
    has_addresses: bool = True,
) -> Table:
    """Match the columns of a layout, and put its rows into ``table``; return it.

    Every row that is not blank becomes a row of the table or is listed in ``skipped`` with the reason.
    """
    headers = layout.headers
    rows = layout.rows
    table.found = tuple(headers)
    table.header_row = layout.header_row + 1 if has_addresses else None
    words = column_words(table.kind)
    firsts = {meaning_of(str(cells[0]), words)[0] for _, cells in rows[:_LOOKED_AT] if cells and not is_blank(cells[0])}
    table.is_turned = len(firsts - {""}) > 1
    matched = match_columns(table, headers, columns or {}, faults, keep_unknown=keep_unknown)
    keys = list(matched.keys)
    if has_addresses:
        table.positions.update({key: position for position, key in enumerate(matched.keys) if key is not None})
    table.above = len(layout.above)
    _drop_private_numbers(table, keys, rows)
    plain_header = [plain(header) for header in headers]
    serial = [position for position, header in enumerate(headers) if matched.is_serial(header)]
    labels = frozenset(position for position, key in enumerate(keys) if key in {"member_id", "name", "code", "team"})
    names = frozenset(position for position, key in enumerate(keys) if key == "name")
    headings: dict[int, Heading] = {}
    nameless: set[int] = set()
    for position, cells in rows:
        row = Row(position + 1, {})
        filled: list[int] = []
        for column, cell in enumerate(cells):
            value = clean(cell)
            if value is None:
                continue
            filled.append(column)
            key = keys[column] if column < len(keys) else None
            if key == REMARK:
                value = participation_in(str(value))
                key = key if value else None
            if key is not None and type(value) is str and is_error(value):
                row = _without(row, key, value, table, faults)
                continue
            if key is not None:
                row.cells[key] = value
            if type(value) is str and len(value) > CELL_CHARACTERS and key is not None:
                message = say("the cell holds {count} characters", count=len(value))
                faults.add("too_long", message, table=table, row=row, key=key, value=value)
                row.cells[key] = value[:CELL_CHARACTERS]
        if not filled:
            continue
        if table.kind == "roster" and len(filled) < 3 and filled[-1] < len(headers):
            heading = heading_of(cells, filled, names, is_wide=position in layout.wide)
            if heading is not None:
                headings[row.number] = heading
        why = _why_skipped(table, cells, filled, labels, serial, plain_header, is_wide=position in layout.wide)
        if why is not None:
            table.skipped.append((row.number, why))
            continue
        if filled[-1] >= len(headers):
            _ragged(table, row, filled[-1], len(cells), len(headers), faults)
        nameless.update(column for column in filled if column < len(headers) and not headers[column])
        table.rows.append(row)
    for column in sorted(nameless):
        table.ignored.append((say("column {letters}", letters=column_letters(column)), say("it has no header")))
    if meaning_of(str((columns or {}).get(SHEET_NAME)), words)[0] != "department":
        use_sections(table, headings, layout.above[-1][1] if layout.above else None)
    return table


def is_error(text: str) -> bool:
    """Whether a text is what a cell says whose formula has no result."""
    return text in ERRORS or (len(text) < 10 and _OTHER_ERROR.fullmatch(text) is not None)


def _without(row: Row, key: str, error: str, table: Table, faults: Faults) -> Row:
    """Return a row of which a cell holds an error: a fault where a value is needed, else a remark."""
    if key.removesuffix(".id") not in _REQUIRED.get(table.kind, ()):
        table.errors.append(f"{table.cell_of(row, key) or row.number} {error}")
        return row
    message = "the cell holds an error instead of a value"
    faults.add("error_value", message, table=table, row=row, key=key, value=error)
    return replace(row, broken=row.broken | {key, key.removesuffix(".id")})


def _ragged(table: Table, row: Row, column: int, cells: int, headers: int, faults: Faults) -> None:
    message = say("the row has {cells} cells, the header {headers}", cells=cells, headers=headers)
    cell = f"{column_letters(column)}{row.number}" if table.header_row is not None else None
    faults.add("ragged_row", message, table=table, row=row, cell=cell)


def _why_skipped(
    table: Table,
    cells: Sequence[object],
    filled: Sequence[int],
    labels: frozenset[int],
    serial: Sequence[int],
    plain_header: Sequence[str],
    *,
    is_wide: bool,
) -> str | None:
    """Return why a row is no record, None if it is one; in doubt it is one, so that nobody is lost."""
    first = cells[filled[0]]
    if is_wide:
        return say("one text across the table")
    if isinstance(first, str):
        id_column = table.positions.get("member_id")
        has_id = id_column is not None and id_column in filled and filled[0] != id_column and filled[0] not in serial
        if not has_id and filled[0] not in labels and is_total(first):
            return say("a total")
        if not has_id and filled[0] in labels and is_total(first) and not _is_full(filled, labels):
            return say("a total")
        if not has_id and is_note(first) and len(filled) <= max(3, len(plain_header) // 3):
            return say("a note")
        if len(filled) > 1 and all(
            column < len(plain_header) and plain(str(cells[column])) == plain_header[column] for column in filled
        ):
            return say("the header again")
    if serial and all(column in serial for column in filled) and len(plain_header) > len(serial):
        return say("nothing but a serial number")
    return None


def _is_full(filled: Sequence[int], labels: frozenset[int]) -> bool:
    """Whether a row has all that names a record: a person may be called like a total."""
    return len(labels) > 1 and labels.issubset(filled)


def _drop_private_numbers(table: Table, keys: list[str | None], rows: Sequence[tuple[int, Sequence[object]]]) -> None:
    """Take away further attributes that hold numbers of identity cards or phones, whatever their header says."""
    for column, key in enumerate(keys):
        if key is None or not key.startswith(ATTRIBUTE):
            continue
        texts = (str(cells[column]) for _, cells in rows if column < len(cells) and not is_blank(cells[column]))
        if any(map(is_private_number, texts)):
            keys[column] = None
            table.ignored.append((table.headers.pop(key), say("private, never stored")))


def _trim(header: object) -> str:
    return " ".join(str(header).replace("\ufeff", "").split())


def clean(cell: object) -> object:
    """Return a cell without what is not meant: white space around, marks that cannot be seen; None if it is blank."""
    if isinstance(cell, str):
        cell = cell.strip() if cell.isprintable() else _INVISIBLE.sub("", cell).strip()
        return None if not cell or cell in _ACCIDENTS else cell
    if isinstance(cell, dt.datetime) and cell.time() == dt.time(0):
        return cell.date()
    return cell
