"""Read single cells: text, numbers, dates, yes or no, choices; what cannot be read becomes a fault."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from grouping.roster.faults import words_to_choose
from grouping.roster.native import YEARS
from grouping.roster.synonyms import narrow, squeeze, value_words
from grouping.roster.words import say

if TYPE_CHECKING:
    from grouping.roster.faults import Faults
    from grouping.roster.tables import Row, Table

_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2})\s*日?)?\s*月?(?:[T ]+00:00(?::00(?:\.0+)?)?)?"
)
_TWO_WAYS = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{1,2})")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_SKILLS = re.compile(r"[;；、,，/]")
_EXCEL_EPOCH = dt.date(1899, 12, 30)
_UNITS = "票分钟天人个座名次日%"
_LARGEST = 2**1000
_LONGEST_MISSING = 8
"""Characters of the longest word for "none", with room for spaces in it."""


def text_of(value: object) -> str:
    """Return a cell as text; a whole float, as a spreadsheet makes of ids, loses its point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, tuple):
        return ";".join(text_of(item) for item in value)
    return str(value).strip()


def date_of(value: object) -> dt.date:
    """Return a date from the forms rosters use; a month alone is its first day.

    Raises
    ------
    ValueError
        If it is no date between 1900 and 2100.
    """
    return _date_of(value) if isinstance(value, (str, dt.date, float)) else _date_of.__wrapped__(value)


@lru_cache(maxsize=65_536, typed=True)
def _date_of(value: object) -> dt.date:
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        day = value
    else:
        text = unicodedata.normalize("NFKC", text_of(value))
        if isinstance(value, float) and text.endswith(".1"):  # 2017.10, written as a number, loses its zero
            raise ValueError(text)
        match = _DATE.fullmatch(text) or _COMPACT.fullmatch(text)
        if match and int(match[1]) in YEARS:
            day = dt.date(int(match[1]), int(match[2]), int(match[3] or 1))
        elif text.isdecimal() and len(text) == 5:
            day = _EXCEL_EPOCH + dt.timedelta(days=int(text))
        else:
            raise ValueError(text)
    if day.year not in YEARS:
        raise ValueError(text_of(value))
    return day


def number_of(value: object) -> float:
    """Return a finite number; a unit such as 票 may follow it.

    Raises
    ------
    ValueError
        If it is none.
    """
    if isinstance(value, bool):
        raise ValueError(str(value))
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError("too large")
    number = (
        float(value)
        if isinstance(value, (int, float))
        else float(unicodedata.normalize("NFKC", text_of(value)).rstrip(_UNITS).strip())
    )
    if not math.isfinite(number):
        raise ValueError(str(value))
    return number


class Cells:
    """The cells of one row, read by our words."""

    def __init__(self, table: Table, row: Row, faults: Faults) -> None:
        self.table = table
        self.row = row
        self.faults = faults

    def raw(self, key: str) -> object:
        """Return the cell as it came; None where it is blank."""
        return self.row.cells.get(key)

    def text(self, key: str) -> str | None:
        """Return the cell as text; "/" and its like mean none."""
        value = self.raw(key)
        if value is None:
            return None
        text = text_of(value)
        if len(text) > _LONGEST_MISSING:
            return text
        return None if not text or squeeze(text) in value_words("missing") else text

    def place(self, key: str) -> str:
        """Return where a cell is, in a word; the sheet or file too where it is not the roster's."""
        where = self.table.cell_of(self.row, key) or say("row {row}", row=self.row.number)
        return where if self.table.kind == "roster" else f"{self.table.sheet or self.table.file}!{where}"

    def identifier(self, key: str) -> str | None:
        """Return the cell as text, whatever it says; full-width digits, letters and spaces become plain."""
        value = self.raw(key)
        return None if value is None else narrow(text_of(value)) or None

    def number(self, key: str, *, least: float | None = None, most: float | None = None) -> float | None:
        """Return the cell as a number between ``least`` and ``most``."""
        if self.text(key) is None:
            return None
        try:
            number = number_of(self.raw(key))
        except ValueError:
            self.fault("bad_number", "not a number", key)
            return None
        if (least is not None and number < least) or (most is not None and number > most):
            expected = say("a number of at least {least:g}", least=least)
            if most is not None:
                expected = say("a number between {least:g} and {most:g}", least=least or 0, most=most)
            self.fault("bad_number", "the number is out of range", key, expected=expected)
            return None
        return number

    def integer(self, key: str, *, least: int | None = 0) -> int | None:
        """Return the cell as a whole number."""
        number = self.number(key, least=least)
        if number is None:
            return None
        if not number.is_integer():
            self.fault("bad_number", "not a whole number", key)
            return None
        return int(number)

    def date(self, key: str) -> dt.date | None:
        """Return the cell as a date."""
        if self.text(key) is None:
            return None
        try:
            return date_of(self.raw(key))
        except ValueError:
            is_double = isinstance(self.raw(key), float) or bool(_TWO_WAYS.fullmatch(self.text(key) or ""))
            self.fault("bad_date", "a date that can be read in two ways" if is_double else "not a date", key)
            return None

    def choice(self, key: str, field: str, *, offer: str | None = None) -> str | None:
        """Return the cell as one of our values of ``field``; a fault offers the words of ``offer``, if not those."""
        value = self.identifier(key)
        if value is None:
            return None
        words = value_words(field)
        known = words.get(squeeze(value))
        if known is None and squeeze(value) not in value_words("missing"):
            expected = say("one of: {words}", words=words_to_choose(value_words(offer or field)))
            self.fault("unknown_value", "the word is not understood", key, expected=expected)
        return known

    def flag(self, key: str) -> bool | None:
        """Return the cell as yes or no."""
        value = self.choice(key, "bool")
        return None if value is None else value == "true"

    def words(self, key: str) -> tuple[str, ...]:
        """Return the parts of a cell that lists several."""
        text = self.text(key)
        parts = _SKILLS.split(text) if text else []
        return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))

    def fault(
        self,
        code: str,
        message: str,
        key: str,
        advice: str | None = None,
        *,
        show: bool = True,
        expected: str | None = None,
    ) -> None:
        """Record that a cell is wrong."""
        value = text_of(self.raw(key)) if show and self.raw(key) is not None else None
        self.faults.add(
            code, message, table=self.table, row=self.row, key=key, value=value, advice=advice, expected=expected
        )
