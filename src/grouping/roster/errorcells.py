"""Where a workbook holds errors such as #N/A, which the parser hands over as blank cells: .xls and .ods.

The module stands alone: `isolated` loads it in the process that reads a workbook, where damaged files may do no harm.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from xml.parsers import expat

Places = dict[tuple[int, int], str]
"""(row, column), from 0 → the error."""
ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip
"""Number of an error in .xls → what the cell says."""
_END_OF_CHAIN = 0xFFFFFFFA
"""Numbers of sectors from which on they mean something else."""
_SHEET_RECORD, _BOUNDARY, _END, _FORMULA, _ERROR = 0x85, 0x809, 0x0A, 0x06, 0x205
_OFFICE, _TABLE, _TEXT, _CALC = (
    f"urn:{name}:1.0 "
    for name in (
        "oasis:names:tc:opendocument:xmlns:office",
        "oasis:names:tc:opendocument:xmlns:table",
        "oasis:names:tc:opendocument:xmlns:text",
        "org:documentfoundation:names:experimental:calc:xmlns:calcext",
    )
)
_WRITTEN = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)|(?:Err|错误)[:：]5\d\d")
_SUSPICIOUS = re.compile("value-type=.error|#(?:N/A|REF!|VALUE!|DIV/0!|NAME.|NULL!|NUM!)|(?:Err|错误)[:：]5".encode())
"""What an open document holds that shows an error anywhere."""
_UNREADABLE = (
    struct.error, zlib.error, zipfile.BadZipFile, expat.ExpatError, LookupError, ValueError, OSError, EOFError,
    RuntimeError,
)  # fmt: skip
_MOST = 100_000
"""Errors of a sheet that are told apart."""


def errors_of(data: bytes) -> dict[int, Places]:
    """Return number of the sheet, from 0 → its errors; nothing where the file cannot be looked into."""
    try:
        return _of_archive(data) if data.startswith(b"PK") else _of_stream(_workbook_stream(data))
    except _UNREADABLE:
        return {}


def _workbook_stream(data: bytes) -> bytes:
    """Return the stream of a compound file that holds the workbook."""
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    first_directory, cutoff, next_list = (struct.unpack_from("<I", data, at)[0] for at in (48, 56, 68))

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    lists = list(struct.unpack_from("<109I", data, 76))
    for _ in range(len(data) // size):
        if next_list >= _END_OF_CHAIN:
            break
        *more, next_list = struct.unpack(f"<{size // 4}I", sector(next_list))
        lists += more
    table = b"".join(sector(number) for number in lists if number < _END_OF_CHAIN)
    following = struct.unpack(f"<{len(table) // 4}I", table)
    directory = b"".join(map(sector, _chain(first_directory, following)))
    entries = {
        directory[at : at + max(0, struct.unpack_from("<H", directory, at + 64)[0] - 2)].decode(
            "utf-16-le", "replace"
        ): (struct.unpack_from("<II", directory, at + 116))
        for at in range(0, len(directory) - 127, 128)
    }
    start, length = entries["Workbook"] if "Workbook" in entries else entries["Book"]
    if length < cutoff:
        raise ValueError("a stream among the small ones, too short for a workbook")
    return b"".join(map(sector, _chain(start, following)))[:length]


def _chain(first: int, following: tuple[int, ...]) -> list[int]:
    """Return the sectors of a chain, in order."""
    found: list[int] = []
    while first < _END_OF_CHAIN and len(found) <= len(following):
        found.append(first)
        first = following[first]
    return found


def _of_stream(stream: bytes) -> dict[int, Places]:
    """Return the errors of the sheets of a workbook's stream."""
    sheets = [struct.unpack_from("<I", body)[0] for kind, body in _records(stream, 0) if kind == _SHEET_RECORD]
    found = {}
    for number, start in enumerate(sheets):
        places: Places = {}
        for kind, body in _records(stream, start):
            if kind == _ERROR and body[7] == 1:
                code = body[6]
            elif kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2:
                code = body[8]
            else:
                continue
            if len(places) < _MOST:
                places[struct.unpack_from("<HH", body)] = ERRORS.get(code, "#N/A")
        if places:
            found[number] = places
    return found


def _records(stream: bytes, at: int) -> list[tuple[int, bytes]]:
    """Return the records of a part of a stream, without those of charts in it."""
    found = []
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        depth += (kind == _BOUNDARY) - (kind == _END)
        if depth == 1 and kind in {_SHEET_RECORD, _FORMULA, _ERROR}:
            found.append((kind, stream[at + 4 : at + 4 + length]))
        if kind == _END and depth <= 0:
            break
        at += 4 + length
    return found


def _of_archive(data: bytes) -> dict[int, Places]:
    """Return the errors of the sheets of an open document; of another archive nothing."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "content.xml" not in archive.namelist():
            return {}
        content = archive.read("content.xml")
    if _SUSPICIOUS.search(content) is None:
        return {}
    reader = _Reader()
    reader.parser.Parse(content, True)
    return {number: places for number, places in reader.found.items() if places}


class _Reader:
    """Counts rows and columns of an open document, and notes the cells that show an error."""

    def __init__(self) -> None:
        self.found: dict[int, Places] = {}
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._refuse
        self._depth = self._notes = 0
        self._row = self._column = self._rows = self._columns = 0
        self._is_error = self._in_text = False
        self._said: list[str] = []

    def _refuse(self, *_: object) -> None:
        raise ValueError("entities are not looked into")

    def _start(self, name: str, about: dict[str, str]) -> None:
        if name == f"{_TABLE}table":
            self._depth += 1
            if self._depth == 1:
                self.found[len(self.found)] = {}
                self._row = 0
        elif self._depth != 1:
            return
        elif name == f"{_TABLE}table-row":
            self._rows = int(about.get(f"{_TABLE}number-rows-repeated", "1"))
            self._column = 0
        elif name in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
            self._columns = int(about.get(f"{_TABLE}number-columns-repeated", "1"))
            self._is_error = about.get(f"{_CALC}value-type") == "error"
            self._said = []
        elif name == f"{_OFFICE}annotation":
            self._notes += 1
        elif name == f"{_TEXT}p" and not self._notes:
            self._in_text = True

    def _text(self, text: str) -> None:
        if self._in_text:
            self._said.append(text)

    def _end(self, name: str) -> None:
        if name == f"{_TABLE}table":
            self._depth -= 1
        elif self._depth != 1:
            return
        elif name == f"{_TABLE}table-row":
            self._row += self._rows
        elif name in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
            self._end_cell()
        elif name == f"{_OFFICE}annotation":
            self._notes -= 1
        elif name == f"{_TEXT}p":
            self._in_text = False

    def _end_cell(self) -> None:
        said = "".join(self._said).strip()
        is_written = _WRITTEN.fullmatch(said) is not None
        places = self.found[len(self.found) - 1]
        if (self._is_error or is_written) and len(places) < _MOST:
            for row in range(self._row, self._row + min(self._rows, 1_000)):
                for column in range(self._column, self._column + min(self._columns, 1_000)):
                    places[row, column] = said if is_written else "#N/A"
        self._column += self._columns
