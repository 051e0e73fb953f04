"""Workbooks (.xlsx, .xls, .ods) → grids, after a look at what they would unpack to.

The parser allocates every cell between a sheet's first and last, and trusts the sizes the file states. So the parts
are unpacked once here, counted against the limits and checked against their checksums, before it sees them; and it
runs in a process of its own.
"""

from __future__ import annotations

import html
import io
import pickle
import re
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from grouping.roster import isolated
from grouping.roster.grids import HIDDEN, Grid
from grouping.roster.limits import AREA, ENTRIES, SHEETS, UNPACKED_BYTES
from grouping.roster.native import SHEET
from grouping.roster.words import say

if TYPE_CHECKING:
    from grouping.roster.faults import Faults
    from grouping.roster.sources import Source

_SECONDS, _SECONDS_PER_MB = 10, 6
_LOCKED = "the workbook is protected by a password"
_DAMAGED = "the workbook is damaged, or of a kind that is not read"
_CHUNK = 1 << 22
_LONGEST_TAG = 1 << 16
_PLACED = re.compile(rb"""<(?:\w+:)?(?:c|row)\b[^<>]*?\sr\s*=\s*["']([^"'<>]*)["']""")
_PLACE = re.compile(rb"([A-Z]{0,3})([1-9]\d{0,6})")
_IS_ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")
_ERROR = re.compile(
    rb"""<(?:\w+:)?c(?=\s[^<>]{0,300}\bt\s*=\s*["']e["'])(\s[^<>]{0,300})>"""
    rb"(?:<(?:\w+:)?f\b[^<>]{0,500}/>|<(?:\w+:)?f\b[^<>]{0,500}>[^<>]{0,9000}</(?:\w+:)?f>)?"
    rb"(?:<(?:\w+:)?v>([^<>]{1,20})</)?"
)
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^<>]*>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^<>]*>")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*["']([^"'<>]*)["']""")
_REPEATED = re.compile(rb"""number-(columns|rows)-repeated\s*=\s*["']([^"'<>]*)["']""")
_REPEATED_CELL = re.compile(rb"<(?:\w+:)?(?:covered-)?table-cell\b([^<>]*)")
_REPEATED_ROW = re.compile(rb"<(?:\w+:)?table-row\b[^<>]*?number-rows-repeated[^<>]*>")
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576
_MOST_VALUES_REPEATED = 1_000


def workbook_grids(source: Source, faults: Faults) -> list[Grid]:
    """Return a grid for each sheet; a workbook that cannot be read is a fault.

    It is read in a process of its own: damaged files can make the parser end its process, or go on for ever.
    """
    errors: dict[str, dict[str, str]] = {}
    if source.data.startswith(b"PK") and not _is_safe(source, errors, faults):
        return []
    command = [sys.executable, str(Path(isolated.__file__)), str(AREA)]
    seconds = _SECONDS + _SECONDS_PER_MB * len(source.data) / (1 << 20)
    try:
        done = subprocess.run(command, input=source.data, capture_output=True, timeout=seconds, check=False)
        answer = pickle.loads(done.stdout) if done.returncode == 0 else "the process ended"
    except subprocess.TimeoutExpired:
        answer = "no end"
    if isinstance(answer, str):
        is_locked = "password" in answer.casefold()
        code, message = ("password", _LOCKED) if is_locked else ("bad_workbook", _DAMAGED)
        faults.add(code, message, file=source.name)
        return []
    if len(answer) > SHEETS:
        _too_many_sheets(source, len(answer), faults)
        return []
    grids = []
    for name, is_shown, cells, merged in answer:
        if cells is None:
            _too_wide(source.name, name, faults)
        elif is_shown or name == SHEET:
            kind = source.kind if len(answer) == 1 else None
            _write_errors(cells, errors.get(name, {}))
            grids.append(Grid(source.name, name, cells, merged=merged, kind=kind))
        else:
            grids.append(Grid(source.name, name, [], kind=HIDDEN))
    return grids


def _too_many_sheets(source: Source, count: int, faults: Faults) -> None:
    message = say("the workbook has {count} sheets, more than {most}", count=count, most=SHEETS)
    faults.add("too_large", message, file=source.name)


def _too_wide(file: str, sheet: str | None, faults: Faults) -> None:
    message = say("the sheet spans more than {most} million cells, blank ones included", most=AREA // 1_000_000)
    faults.add("too_large", message, file=file, sheet=sheet)


def _write_errors(cells: list[list[object]], errors: dict[str, str]) -> None:
    """Put errors such as #N/A where the parser has left a blank cell."""
    for place, error in errors.items():
        found = _PLACE.fullmatch(place.encode())
        if found is not None:
            row, column = int(found[2]) - 1, _number(found[1]) - 1
            if row < len(cells) and column < len(cells[row]) and cells[row][column] in (None, ""):
                cells[row][column] = error


def _names_of_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return part of the archive → name of the sheet that it is."""
    names = archive.namelist()
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= set(names):
        return {}
    targets = {}
    for tag in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
        about = dict(_ATTRIBUTE.findall(tag))
        target = about.get(b"Target", b"").decode("utf-8", "replace")
        targets[about.get(b"Id", b"")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    found = {}
    for tag in _SHEET.findall(archive.read("xl/workbook.xml")):
        about = dict(_ATTRIBUTE.findall(tag))
        relation = next((value for key, value in about.items() if key == b"id" or key.endswith(b":id")), b"")
        if relation in targets:
            found[targets[relation]] = html.unescape(about.get(b"name", b"").decode("utf-8", "replace"))
    return found


def _is_safe(source: Source, errors: dict[str, dict[str, str]], faults: Faults) -> bool:
    """Whether the archive is sound and within the limits; if not, a fault is recorded.

    ``errors`` receives sheet → cell → the error that it holds.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES or sum(entry.file_size for entry in entries) > UNPACKED_BYTES:
                _bomb(source, faults)
                return False
            if any(entry.flag_bits & 1 for entry in entries):
                faults.add("password", _LOCKED, file=source.name)
                return False
            if any(entry.filename.endswith("workbook.bin") for entry in entries):
                faults.add("bad_workbook", "binary workbooks (.xlsb) are not read", file=source.name)
                return False
            left = UNPACKED_BYTES
            by_part: dict[str, dict[str, str]] = {}
            for entry in entries:
                used = _look(source, archive, entry, left, by_part, faults)
                if used is None:
                    return False
                left -= used
            if by_part:
                names = _names_of_parts(archive)
                errors.update({names[part]: cells for part, cells in by_part.items() if part in names})
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError, KeyError):
        faults.add("bad_workbook", _DAMAGED, file=source.name)
        return False
    return True


def _bomb(source: Source, faults: Faults) -> None:
    message = say("unpacked, the workbook is larger than {most} MB", most=UNPACKED_BYTES >> 20)
    faults.add("too_large", message, file=source.name)


def _look(
    source: Source,
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    left: int,
    errors: dict[str, dict[str, str]],
    faults: Faults,
) -> int | None:
    """Unpack one part; return its size, or None after recording that it is too large.

    Raises
    ------
    ValueError
        If it places cells where no sheet has any.
    """
    used = row = column = 0  # each part starts anew: rows are in order within a sheet
    tail = b""
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            used += len(chunk)
            if used > left:
                _bomb(source, faults)
                return None
            if entry.filename.startswith("xl/media/") or b"<" not in chunk + tail:
                continue
            window = tail + chunk
            if entry.filename.endswith(".xml") and b"\0" in window:
                raise ValueError("an encoding that is not looked into")
            first_row, far_row, far_column = _reach(window)
            if first_row and first_row < row:
                raise ValueError("rows out of order")
            row, column = max(row, far_row), max(column, far_column)
            if max(row, 1) * max(column, 1) > AREA or _repeats_too_often(window):
                _too_wide(source.name, None, faults)
                return None
            if _IS_ERROR.search(window):
                cells = errors.setdefault(entry.filename, {})
                for attributes, error in _ERROR.findall(window):
                    place = dict(_ATTRIBUTE.findall(attributes)).get(b"r", b"")
                    cells.setdefault(place.decode("ascii", "replace"), error.decode("utf-8", "replace") or "#N/A")
            tail = _unfinished(window)
    return used


def _reach(window: bytes) -> tuple[int, int, int]:
    """Return the first row, the last row and the last column of the cells in some XML; 0 where it has none.

    Rows must be in order: the parser takes the first and the last for the bounds, and would lose what lies outside.
    """
    places = _PLACED.findall(window)
    columns: set[bytes] = set()
    for place in set(places):
        found = _PLACE.fullmatch(place)
        if found is None:
            raise ValueError("a place that no sheet has")
        columns.add(found[1])
    rows = [int(place.lstrip(_LETTERS)) for place in places]
    if rows != sorted(rows):
        raise ValueError("rows out of order")
    return (rows[0], rows[-1], max(map(_number, columns))) if rows else (0, 0, 0)


def _unfinished(window: bytes) -> bytes:
    """Return the tag at the end that goes on in the next chunk."""
    start = window.rfind(b"<")
    if start <= window.rfind(b">"):
        return b""
    if len(window) - start > _LONGEST_TAG:
        raise ValueError("a tag without end")
    return window[start:]


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _repeats_too_often(window: bytes) -> bool:
    """Whether cells or rows with contents stand for a great many equal ones; blank fillers may be any number."""
    if b"-repeated" not in window:
        return False
    for what, number in set(_REPEATED.findall(window)):
        if not number.isdigit() or not 0 < int(number) <= (_MOST_COLUMNS if what == b"columns" else _MOST_ROWS):
            raise ValueError("a number of cells that no sheet has")
    for attributes in _REPEATED_CELL.findall(window):
        repeats = _REPEATED.search(attributes)
        if repeats and int(repeats[2]) > _MOST_VALUES_REPEATED and b"value" in attributes:
            return True
    for found in _REPEATED_ROW.finditer(window):
        repeats = _REPEATED.search(found[0])
        row = window[found.end() : window.find(b"table-row", found.end())]
        if repeats and int(repeats[2]) > _MOST_VALUES_REPEATED and b"value" in row:
            return True
    return False
