"""What the package's own workbooks say about themselves: the types of further attributes."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from grouping.roster.layout import is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grouping.roster.grids import Grid

YEARS = range(1900, 2101)
"""Of dates that cells are read as."""
SHEET = "_grouping"
HEADERS = ("attribute", "type")
_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "flag"),
    (int, "integer"),
    (float, "number"),
    (str, "text"),
    (dt.date, "date"),
)


def native_columns(grid: Grid) -> dict[str, str]:
    """Return header → type of the further attributes that a workbook of ours lists, nothing for another sheet."""
    if grid.sheet != SHEET or not grid.cells or tuple(grid.cells[0][:2]) != HEADERS:
        return {}
    return {str(cells[0]): str(cells[1]) for cells in grid.cells[1:] if len(cells) > 1 and not is_blank(cells[0])}


def type_of(values: Iterable[object]) -> str:
    """Return the one type of some values, "json" where they differ or are lists.

    >>> type_of([1, 2]), type_of([True]), type_of([1, "a"]), type_of([("a", "b")])
    ('integer', 'flag', 'json', 'json')
    """
    found = list(values)
    kinds = {type(value) for value in found}
    if kinds == {dt.date} and not all(value.year in YEARS for value in found if isinstance(value, dt.date)):
        return "json"
    kind = kinds.pop() if len(kinds) == 1 else object
    return next((name for known, name in _NAMES if kind is known), "json")


def encoded(value: object) -> str:
    """Return a value as text from which `decoded` makes it again."""
    text = json.dumps(_to_json(value), ensure_ascii=False)
    return text if text.isprintable() else json.dumps(_to_json(value))  # what cannot be seen is taken out of cells


def _to_json(value: object) -> object:
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, dt.datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    return value


def decoded(text: str) -> object:
    """Return the value of a text that `encoded` made.

    Raises
    ------
    ValueError
        If it is none.

    >>> decoded(encoded((1, "a", dt.date(2026, 1, 2))))
    (1, 'a', datetime.date(2026, 1, 2))
    """
    return _from_json(json.loads(text))


def _from_json(value: object) -> object:
    if isinstance(value, list):
        return tuple(_from_json(item) for item in value)
    if isinstance(value, dict):
        if set(value) == {"datetime"}:
            return dt.datetime.fromisoformat(str(value["datetime"]))
        if set(value) == {"date"}:
            return dt.date.fromisoformat(str(value["date"]))
        raise ValueError("unknown kind of value")
    return value


def plain_value(value: object) -> object:
    """Return an attribute's value as one of the kinds that are kept: text, number, flag, date, or several of them."""
    if isinstance(value, tuple):
        return tuple(plain_value(item) for item in value)
    if type(value) in (str, bool, int, float, dt.date) or value is None:
        return value
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, dt.time):
        return value.isoformat()
    return str(value)
