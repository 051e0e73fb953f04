"""Tables as they come, from CSV text or a DataFrame, with their columns matched to our words."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grouping.roster.faults import nearest
from grouping.roster.synonyms import column_words, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from grouping.roster.faults import Faults

ATTRIBUTE = "attr:"
_ACCIDENTS = frozenset({"nan", "NaN", "NaT", "<NA>"})
_UNNAMED = re.compile(r"Unnamed: \d+")
_NUMBERED = re.compile(r"(.*?)\d+")


@dataclass(frozen=True)
class Row:
    """One row: its spreadsheet number and its cells that are not blank, by our words."""

    number: int
    cells: dict[str, object]


@dataclass
class Table:
    """A table whose columns are matched: ``headers`` maps our words to theirs."""

    kind: str
    file: str
    headers: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)

    def header_of(self, key: str) -> str:
        """Return their header for our word."""
        return self.headers.get(key) or self.headers.get(f"{key}.id") or key.removeprefix(ATTRIBUTE).removesuffix(".id")

    def has(self, key: str) -> bool:
        """Whether a column of this meaning is there, as text or as an id."""
        return key in self.headers or f"{key}.id" in self.headers


def csv_cells(text: str) -> list[list[str]]:
    """Return the cells of CSV text; the separator is the comma, or the semicolon or tab of the first line."""
    first = text.split("\n", 1)[0]
    separator = next((mark for mark in ",\t;" if mark in first), ",")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


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
    columns: Mapping[str, str] | None = None,
    keep_unknown: bool = False,
) -> Table:
    """Match the columns of a table and keep the rows that are not blank.

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
    trimmed = [_trim(header) for header in headers]
    keys = _match(table, trimmed, columns or {}, faults, keep_unknown=keep_unknown)
    for number, cells in enumerate(rows, 2):
        extra = [cell for cell in cells[len(trimmed) :] if _clean(cell) is not None]
        row = Row(number, {})
        if extra:
            faults.add(
                "ragged_row",
                f"the row has {len(cells)} cells, the header {len(trimmed)}",
                table=table,
                row=row,
                advice="put cells that hold a comma into quotation marks",
            )
        filled = False
        for key, cell in zip(keys, cells, strict=False):
            value = _clean(cell)
            filled = filled or value is not None
            if key is not None and value is not None:
                row.cells[key] = value
        if filled:
            table.rows.append(row)
    return table


def _trim(header: object) -> str:
    return str(header).strip().strip("\ufeff").strip()


def _clean(cell: object) -> object:
    if isinstance(cell, str):
        cell = cell.strip().strip("\ufeff").strip()
        return None if not cell or cell in _ACCIDENTS else cell
    return cell


def _match(
    table: Table, headers: list[str], columns: Mapping[str, str], faults: Faults, *, keep_unknown: bool
) -> list[str | None]:
    """Return our key for each column, None for one that is not read."""
    words = column_words(table.kind)
    chosen = {_trim(theirs): ours for theirs, ours in columns.items()}
    for theirs in chosen:
        if theirs not in headers:
            faults.add(
                "unknown_column",
                "columns= names a header that the table does not have",
                table=table,
                key=theirs,
                advice=nearest(theirs, headers),
            )
    keys: list[str | None] = []
    reasons: list[str] = []
    for header in headers:
        key, reason = _meaning(table.kind, header, words, chosen.get(header), keep_unknown=keep_unknown)
        keys.append(key)
        reasons.append(reason)
    _settle_fallbacks(keys)
    _refuse_doubles(table, headers, keys, set(chosen), faults)
    for header, key, reason in zip(headers, keys, reasons, strict=True):
        if key is not None:
            table.headers[key] = header
        elif header:
            table.ignored.append((header, reason or "another column has this meaning"))
    return keys


def _meaning(
    kind: str, header: str, words: Mapping[str, tuple[str, str]], ours: str | None, *, keep_unknown: bool
) -> tuple[str | None, str]:
    if not header:
        return None, ""
    field_name, role = words.get(plain(ours if ours is not None else header), ("", ""))
    numbered = _NUMBERED.fullmatch(plain(header))
    if kind == "constraints" and not role and numbered and words.get(numbered[1], ("", ""))[0] == "members":
        return f"members.{header}", ""
    if not role:
        if ours is not None:
            return ATTRIBUTE + ours, ""
        is_kept = keep_unknown and not _UNNAMED.fullmatch(header)
        return (ATTRIBUTE + header, "") if is_kept else (None, "not known")
    if role in {"unused", "private"}:
        return None, "private, never stored" if role == "private" else "not needed"
    return {
        "value": field_name,
        "id": f"{field_name}.id",
        "fallback": f"{field_name}.fallback",
        "attribute": ATTRIBUTE + field_name,
    }[role], ""


def _settle_fallbacks(keys: list[str | None]) -> None:
    """Let 区域 be the site where nothing else is, and the zone beside a site."""
    for position, key in enumerate(keys):
        if key is None or not key.endswith(".fallback"):
            continue
        base = key.removesuffix(".fallback")
        has_other = base in keys or f"{base}.id" in keys
        zone = ATTRIBUTE + "zone"
        keys[position] = base if not has_other else (None if zone in keys else zone)


def _refuse_doubles(table: Table, headers: list[str], keys: list[str | None], chosen: set[str], faults: Faults) -> None:
    """Record columns that claim one meaning; a column named in ``columns=`` wins over the others."""
    claims: dict[str, list[int]] = {}
    for position, key in enumerate(keys):
        if key is not None:
            claims.setdefault(key, []).append(position)
    for key, positions in claims.items():
        if len(positions) == 1:
            continue
        winners = [position for position in positions if headers[position] in chosen]
        if len(winners) != 1:
            named = " and ".join(repr(headers[position]) for position in positions)
            faults.add(
                "duplicate_column",
                f"columns {named} both mean {key.removeprefix(ATTRIBUTE).removesuffix('.id')!r}",
                table=table,
                key=headers[positions[-1]],
                advice="remove or rename one of them, or choose one by columns={'their header': 'our field'}",
            )
            winners = positions[:1]
        for position in positions:
            if position not in winners:
                keys[position] = None
