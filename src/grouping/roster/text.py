"""Text files: which encoding they have, and what separates their cells."""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import TYPE_CHECKING

from grouping.roster.synonyms import column_words, plain
from grouping.roster.words import say

if TYPE_CHECKING:
    from grouping.roster.faults import Faults

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = (",", "\t", ";", "|")
_LINES = 40
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f]")


def decode(name: str, data: bytes, encoding: str | None, faults: Faults) -> tuple[str | None, list[str]]:
    """Return the text of a file (None after recording a fault), and what was assumed.

    Without ``encoding`` a byte order mark decides, then UTF-16 that shows by its zeros, UTF-8, and GB18030 at last.
    """
    notes: list[str] = []
    try:
        if encoding is not None:
            text = data.decode(encoding)
        else:
            text, assumed = _guess(data)
            if assumed:
                notes.append(say("{name} is read as {encoding}", name=name, encoding=assumed))
    except UnicodeError:
        faults.add(
            "bad_encoding", say("the file is not encoded in {encoding}", encoding=encoding or "UTF-8"), file=name
        )
        return None, notes
    except LookupError:
        faults.add("bad_encoding", "the encoding is not known", file=name, value=encoding, advice="use gb18030, utf-8")
        return None, notes
    if _NOT_TEXT.search(text):
        faults.add("bad_csv", "the file is not text", file=name)
        return None, notes
    return text, notes


def _guess(data: bytes) -> tuple[str, str | None]:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name), "UTF-16" if name == "utf-16" else None
    head = data[:400]
    if len(head) > 3 and b"\0" in head:
        little, big = head[1::2].count(0), head[0::2].count(0)
        name = "utf-16-le" if little > big else "utf-16-be"
        return data.decode(name), name.upper()
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        return data.decode("gb18030"), "GB18030"


def separator_of(text: str) -> str:
    """Return the separator with which some line has most headers that are understood; the comma if none has any."""
    lines = text.split("\n", _LINES)[:_LINES]
    words = [column_words(kind) for kind in ("roster", "teams", "sites", "shift_patterns", "shift_codes", "slots")]

    def understood(mark: str) -> tuple[int, int]:
        best = most = 0
        try:
            for cells in csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=mark):
                found = {plain(cell) for cell in cells}
                best = max(best, *(len(found.intersection(known)) for known in words))
                most = max(most, len(cells))
        except csv.Error:
            return 0, 0
        return best, most

    marks = [mark for mark in _SEPARATORS if mark in text]
    return max(marks, key=understood, default=",")
