"""Rows that head the members below them: 食堂管理部 alone in its row, where no column tells departments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from grouping.roster.asides import is_note, is_total
from grouping.roster.synonyms import column_words, meaning_of, squeeze
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from grouping.roster.tables import Table

_LONGEST = 40
_NUMBER = r"(?:[一二三四五六七八九十]+|[IVX]+|\d{1,2})"
_NUMBERING = re.compile(rf"(?:[(（]{_NUMBER}[)）]|{_NUMBER}[、.．:：)）])\s*")
_NUMBER_ALONE = re.compile(r"[(（]?(?:[一二三四五六七八九十]+|[IVX]+)[)）]?[、.．]?")
_LABEL = re.compile(r"([^:：]{1,20})[:：]\s*")
_COUNT = re.compile(r"\s*[(（]\s*[共计]?\s*\d+\s*(?:人|名|members)?\s*[)）]$|\s*[共计]?\s*\d+\s*[人名]$")
_UNIT = re.compile(
    r"(?:[部科室队处站所院厂店局段库园校办股班馆]|中心|食堂|餐厅|车间|公司|机关|基地|工区)$"
    r"|\b(?:department|dept|division|section|office|unit|cent(?:er|re)|canteen|workshop|services?|team)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[:：。，；,;!！?？]")
_NO_DEPARTMENT = re.compile(r"支部|小组|党委|总支")
_HEADER_AGAIN = "the header again"
_ALSO_ENDS_NAMES = frozenset("科班院库园校")
"""Letters at the end of units that also end names of persons: 保卫科, 张登科."""


class Heading(NamedTuple):
    """A text that stands alone in its row, counted with its column from 0, and the unit that it names, if any."""

    column: int
    unit: str | None


def heading_of(
    cells: Sequence[object], filled: Sequence[int], names: AbstractSet[int], *, is_wide: bool = False
) -> Heading | None:
    """Return the heading that a row is, perhaps beside its number in Chinese or a count; None if it may be a person's.

    A text that is merged across the table is a heading, whatever it says, but for totals and notes.

    Parameters
    ----------
    filled : columns that are not blank
    names : columns with the names of persons
    is_wide : whether the text is merged across the table

    Examples
    --------
    >>> heading_of(["一", "食堂管理部(12人)"], [0, 1], {1}), heading_of(["以下外聘"], [0], set(), is_wide=True)
    (Heading(column=1, unit='食堂管理部'), Heading(column=0, unit=None))
    >>> heading_of(["保卫科"], [0], set()), heading_of(["张登科"], [0], {0}), heading_of([5, "张三"], [0, 1], {1})
    (Heading(column=0, unit='保卫科'), None, None)
    """
    if len(filled) == 2 and _NUMBER_ALONE.fullmatch(str(cells[filled[0]]).strip()):
        filled = filled[1:]
    if len(filled) == 2 and _COUNT.fullmatch(str(cells[filled[1]])):
        filled = filled[:1]
    if len(filled) != 1 or not isinstance(text := cells[filled[0]], str) or is_total(text) or is_note(text):
        return None
    unit = _unit_of(text, may_be_name=filled[0] in names and not is_wide)
    return Heading(filled[0], unit) if unit or is_wide else None


def _unit_of(text: str, *, may_be_name: bool) -> str | None:
    """Return the unit that a text names, without its number and the count of its people; None if it names none."""
    unit = _COUNT.sub("", _NUMBERING.sub("", " ".join(text[: 2 * _LONGEST].split()), count=1))
    label = _LABEL.match(unit)
    is_told = label is not None and meaning_of(label[1], column_words("roster"))[0] == "department"
    if label is not None and is_told:
        unit = unit[label.end() :]
    if not 1 < len(unit) <= _LONGEST or _NO_DEPARTMENT.search(unit) or _SENTENCE.search(unit):
        return None
    is_unit = _UNIT.search(unit) and not (may_be_name and len(unit) < 4 and unit[-1] in _ALSO_ENDS_NAMES)
    return unit if is_told or is_unit else None


def starts_with_heading(rows: Iterable[Sequence[object]], headers: Sequence[str]) -> bool:
    """Whether the first of some rows that is not blank is a heading."""
    words = column_words("roster")
    names = {column for column, header in enumerate(headers) if meaning_of(header, words)[0] == "name"}
    for cells in rows:
        filled = [column for column, cell in enumerate(cells) if cell is not None and str(cell).strip()]
        if filled:
            heading = heading_of(cells, filled, names)
            return heading is not None and heading.unit is not None
    return False


def use_sections(table: Table, found: Mapping[int, Heading], above: str | None) -> None:
    """Let headings tell the departments of the rows below them, and be no members; a column of departments goes first.

    Below a heading that names no unit nothing is known of the department.

    Parameters
    ----------
    found : row number → heading
    above : the text above the header, which is the first heading where the header is repeated below each
    """
    headings = {number: heading.unit for number, heading in found.items() if heading.unit is not None}
    rows = [row for row in table.rows if row.number not in headings]
    if any("department" in row.cells or "department" in row.broken for row in rows):
        _skip(table, _repeated(table, headings))
        return
    if not headings:
        return
    first = min(headings)
    unit = _unit_of(above, may_be_name=False) if above and _HEADER_AGAIN in dict(table.skipped).values() else None
    below = len(rows) if unit else sum(row.number > first for row in rows)
    if 2 * below < len(rows) or not below:
        return
    table.headers.setdefault("department", say("section rows"))
    if table.header_row is not None:
        table.positions.setdefault("department", found[first].column)
    table.sections = dict.fromkeys(filter(None, (unit, *headings.values())), 0)
    _skip(table, headings)
    left = sorted(found.items(), reverse=True)
    for row in table.rows:
        while left and left[-1][0] < row.number:
            unit = left.pop()[1].unit
        if unit is not None:
            row.cells["department"] = unit
            table.sections[unit] += 1


def _repeated(table: Table, headings: Mapping[int, str]) -> dict[int, str]:
    """Return the headings that only say what the department of the next row is."""
    found: dict[int, str] = {}
    following: object = None
    for row in reversed(table.rows):
        unit = headings.get(row.number)
        if unit is None:
            following = row.cells.get("department")
        elif squeeze(unit) == squeeze(str(following)):
            found[row.number] = unit
    return found


def _skip(table: Table, headings: Mapping[int, str]) -> None:
    """List headings as skipped, whatever they were taken for before."""
    reasons = dict(table.skipped)
    reasons.update({number: say("heads a section: {unit}", unit=unit) for number, unit in headings.items()})
    table.skipped = sorted(reasons.items())
    table.rows = [row for row in table.rows if row.number not in headings]
