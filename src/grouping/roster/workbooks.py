"""Workbooks (.xlsx, .xls, .ods) → grids, after a look at what they would unpack to.

The parser allocates every cell between a sheet's first and last, and trusts the sizes the file states. So the parts
are unpacked once here, counted against the limits and checked against their checksums, before it sees them.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from operator import itemgetter
from typing import TYPE_CHECKING

from grouping.roster.grids import Grid
from grouping.roster.grids import HIDDEN
from grouping.roster.limits import AREA, ENTRIES, SHEETS, UNPACKED_BYTES
from grouping.roster.native import SHEET
from grouping.roster.words import say

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

    from grouping.roster.faults import Faults
    from grouping.roster.sources import Source

_CHUNK = 1 << 22
_OVERLAP = 4096
_CELL = re.compile(rb'\sr="([A-Z]{0,3})(\d{1,9})"')
_ERROR = re.compile(rb'<c r="([A-Z]{1,3}\d+)"[^>]{0,200}\bt="e"')
_REPEATED_CELL = re.compile(rb"<table:(?:covered-)?table-cell\b([^>]{0,2000})")
_REPEATED_ROW = re.compile(
    rb'<table:table-row\b[^>]{0,2000}?number-rows-repeated="(\d{3,})"[^>]{0,2000}?>(.{0,4000})', re.S
)
_REPEATS = re.compile(rb'number-columns-repeated="(\d+)"')


def workbook_grids(source: Source, faults: Faults) -> list[Grid]:
    """Return a grid for each sheet that shows cells; a workbook that cannot be read is a fault."""
    notes: list[str] = []
    if source.data.startswith(b"PK") and not _is_safe(source, notes, faults):
        return []
    try:
        return _grids(source, notes, faults)
    except Exception as error:
        _refuse(source, error, faults)
    except BaseException as error:  # the parser's panics are no Exceptions
        if type(error).__name__ != "PanicException":
            raise
        _refuse(source, error, faults)
    return []


def _refuse(source: Source, error: BaseException, faults: Faults) -> None:
    if type(error).__name__ == "PasswordError" or "password" in str(error).casefold():
        faults.add("password", "the workbook is protected by a password", file=source.name)
    else:
        faults.add("bad_workbook", "the workbook is damaged, or of a kind that is not read", file=source.name)


def _grids(source: Source, notes: list[str], faults: Faults) -> list[Grid]:
    from python_calamine import load_workbook

    workbook = load_workbook(io.BytesIO(source.data))
    try:
        names = workbook.sheet_names
        if len(names) > SHEETS:
            message = say("the workbook has {count} sheets, more than {most}", count=len(names), most=SHEETS)
            faults.add("too_large", message, file=source.name)
            return []
        return [grid for name in names if (grid := _grid(source, workbook, name, notes, faults)) is not None]
    finally:
        workbook.close()


def _grid(source: Source, workbook: CalamineWorkbook, name: str, notes: list[str], faults: Faults) -> Grid | None:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    about = {meta.name: meta for meta in workbook.sheets_metadata}.get(name)
    if about is not None and about.typ != SheetTypeEnum.WorkSheet:
        return None
    if about is not None and about.visible != SheetVisibleEnum.Visible and name != SHEET:
        return Grid(source.name, name, [], kind=HIDDEN)
    sheet = workbook.get_sheet_by_name(name)
    if sheet.end is None:
        return Grid(source.name, name, [])
    if (sheet.end[0] + 1) * (sheet.end[1] + 1) > AREA:
        _too_wide(source.name, name, faults)
        return None
    kind = source.kind if len(workbook.sheet_names) == 1 else None
    cells = sheet.to_python(skip_empty_area=False)
    return Grid(source.name, name, cells, merged=_merged(sheet), kind=kind, notes=notes)


def _merged(sheet: CalamineSheet) -> list[tuple[int, int, int, int]]:
    """Return merged ranges in the order of their rows; the parser gives them in none."""
    return sorted((*first, *last) for first, last in sheet.merged_cell_ranges or ())


def _too_wide(file: str, sheet: str | None, faults: Faults) -> None:
    message = say("the sheet spans more than {most} million cells, blank ones included", most=AREA // 1_000_000)
    faults.add("too_large", message, file=file, sheet=sheet)


def _is_safe(source: Source, notes: list[str], faults: Faults) -> bool:
    """Whether the archive is sound and within the limits; if not, a fault is recorded."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES or sum(entry.file_size for entry in entries) > UNPACKED_BYTES:
                _bomb(source, faults)
                return False
            if any(entry.flag_bits & 1 for entry in entries):
                faults.add("password", "the workbook is protected by a password", file=source.name)
                return False
            if any(entry.filename.endswith("workbook.bin") for entry in entries):
                faults.add("bad_workbook", "binary workbooks (.xlsb) are not read", file=source.name)
                return False
            left = UNPACKED_BYTES
            errors: list[bytes] = []
            for entry in entries:
                used = _look(source, archive, entry, left, errors, faults)
                if used is None:
                    return False
                left -= used
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError, KeyError):
        faults.add("bad_workbook", "the workbook is damaged, or of a kind that is not read", file=source.name)
        return False
    if errors:
        count, first = len(errors), errors[0].decode()
        text = "{name} has {count} cells with an error such as #N/A, the first in {cell}: they are read as blank"
        notes.append(say(text, name=source.name, count=count, cell=first))
    return True


def _bomb(source: Source, faults: Faults) -> None:
    message = say("unpacked, the workbook is larger than {most} MB", most=UNPACKED_BYTES >> 20)
    faults.add("too_large", message, file=source.name)


def _look(
    source: Source, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, errors: list[bytes], faults: Faults
) -> int | None:
    """Unpack one part; return its size, or None after recording that it is too large."""
    is_sheet = "worksheets/" in entry.filename and entry.filename.endswith(".xml")
    is_open_document = entry.filename == "content.xml"
    used, row, column, tail = 0, 0, 0, b""
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            used += len(chunk)
            if used > left:
                _bomb(source, faults)
                return None
            window = tail + chunk
            if is_sheet:
                places = set(_CELL.findall(window))
                row = max(row, *map(int, set(map(itemgetter(1), places))), 0)
                column = max(column, *map(_number, set(map(itemgetter(0), places))), 0)
                errors.extend(_ERROR.findall(window) if b't="e"' in window else ())
            if (is_sheet and max(row, 1) * max(column, 1) > AREA) or (is_open_document and _repeats_too_often(window)):
                _too_wide(source.name, None, faults)
                return None
            tail = chunk[-_OVERLAP:] if is_sheet or is_open_document else b""
            if is_sheet:
                errors[:] = list(dict.fromkeys(errors))
    return used


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _repeats_too_often(window: bytes) -> bool:
    """Whether cells or rows with contents stand for a great many equal ones; blank fillers may be any number."""
    for attributes in _REPEATED_CELL.findall(window):
        repeats = _REPEATS.search(attributes)
        if repeats and int(repeats[1]) > 1_000 and b"value-type" in attributes:
            return True
    return any(
        int(count) > 10_000 and b"value-type" in row.split(b"</table:table-row>")[0]
        for count, row in _REPEATED_ROW.findall(window)
    )
