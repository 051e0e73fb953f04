"""Workbooks made in tests."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING

from xlsxwriter import Workbook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def book(
    sheets: Mapping[str, Sequence[Sequence[object]]],
    merged: Mapping[str, Sequence[tuple[int, int, int, int]]] | None = None,
) -> bytes:
    """Return a workbook; in ``merged`` ranges (first row, first column, last row, last column) are merged."""
    stream = io.BytesIO()
    with Workbook(stream, {"in_memory": True}) as made:
        day = made.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, dt.date):
                        sheet.write_datetime(number, column, dt.datetime.combine(value, dt.time()), day)
                    elif isinstance(value, bool):
                        sheet.write_boolean(number, column, value)
                    elif isinstance(value, (int, float)):
                        sheet.write_number(number, column, value)
                    elif value is not None and value != "":
                        sheet.write_string(number, column, str(value))
            for first, left, last, right in (merged or {}).get(name, ()):
                value = rows[first][left] if left < len(rows[first]) else None
                sheet.merge_range(first, left, last, right, value)
    return stream.getvalue()


def write(path: Path, *args: object, **options: object) -> Path:
    """Write a workbook to a path and return it."""
    path.write_bytes(book(*args, **options))  # type: ignore[arg-type]
    return path
