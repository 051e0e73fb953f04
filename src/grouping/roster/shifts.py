"""Shift codes and patterns: reading them, and what the word in a roster's shift column means."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import TYPE_CHECKING

from grouping.roster.cells import Cells, number_of
from grouping.roster.faults import choices
from grouping.roster.schema import LABEL_PREFIX, ShiftCode, ShiftPattern
from grouping.roster.synonyms import read_data, squeeze, value_words
from grouping.roster.tables import make_table
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grouping.roster.faults import Faults
    from grouping.roster.tables import Table

DAY = 1440
LABEL_ANCHOR = dt.date(2026, 11, 30)
"""A Monday: bare labels mean Monday to Friday."""
_SEGMENT = re.compile(r"(\d{1,2}):(\d{2})(\+?)\s*[-–—~至]\s*(\d{1,2}):(\d{2})(\+?)")
_BY_CALENDAR = frozenset({"见个人排班", "个人排班", "不定时", "不固定", "irregular", "individual"})
_SEPARATORS = re.compile(r"[;；,，、\s/|→>~—-]+")


def read_codes(table: Table | None, faults: Faults) -> dict[str, ShiftCode]:
    """Return the shift codes of a table, or the built-in ones; a code for a day off is always among them."""
    if table is None:
        rows = read_data("shift_codes.csv")
        table = make_table("shift_codes", "shift_codes", list(rows[0]), [list(row.values()) for row in rows], faults)
    codes: dict[str, ShiftCode] = {}
    for row in table.rows:
        cells = Cells(table, row, faults)
        code = cells.identifier("code")
        if code is None:
            cells.fault("missing_value", "the shift code is missing", "code")
            continue
        if code in codes:
            cells.fault("duplicate_shift_code", "the shift code is defined twice", "code")
            continue
        if ";" in code:
            cells.fault("bad_shift_code", "a shift code cannot hold a semicolon", "code")
            continue
        segments = _segments(cells)
        work = cells.flag("is_work")
        names = [name for name in (cells.text("name_zh"), cells.text("name_en")) if name]
        codes[code] = ShiftCode(
            code=code,
            names=tuple(names),
            segments=segments,
            recovery_hours=cells.number("recovery_hours", least=0) or 0.0,
            is_work=bool(segments) if work is None else work,
        )
    if not any(is_off(code) for code in codes.values()):
        name = "O" if "O" not in codes else "off"
        codes[name] = ShiftCode(code=name, names=("休息", "off"), is_work=False)
    return codes


def is_off(code: ShiftCode) -> bool:
    """Whether a code means a day without work."""
    return not code.is_work and not code.segments


def _segments(cells: Cells) -> tuple[tuple[int, int], ...]:
    text = cells.text("segments")
    segments = []
    for part in re.split(r"[;；]", (text or "").replace("：", ":")):
        if not part.strip():
            continue
        match = _SEGMENT.fullmatch(part.strip())
        if match is None:
            cells.fault("bad_segment", "not a time span", "segments")
            continue
        start = int(match[1]) * 60 + int(match[2]) + (DAY if match[3] else 0)
        end = int(match[4]) * 60 + int(match[5]) + (DAY if match[6] else 0)
        if end <= start or int(match[2]) > 59 or int(match[5]) > 59 or start >= 2 * DAY or int(match[4]) > 24:
            cells.fault("bad_segment", "the span ends before it begins", "segments")
            continue
        segments.append((start, end))
    return tuple(sorted(segments))


def span(segment: tuple[int, int]) -> str:
    """Return a segment as it is written in tables.

    >>> span((480, 1020)), span((1200, 1920))
    ('08:00-17:00', '20:00-08:00+')
    """
    start, end = segment
    late, next_day = start >= DAY, end > DAY
    start, end = start - DAY * late, end - DAY * next_day
    return f"{start // 60:02}:{start % 60:02}{'+' * late}-{end // 60:02}:{end % 60:02}{'+' * next_day}"


def read_patterns(
    table: Table | None,
    codes: Mapping[str, ShiftCode],
    faults: Faults,
    unanchored: list[str],
    default_anchor: dt.date | None = None,
    *,
    ids: Mapping[str, str] | None = None,
    together: dict[str, list[str]] | None = None,
) -> dict[str, ShiftPattern]:
    """Return the shift patterns of a table, by id.

    Parameters
    ----------
    unanchored : receives the ids of rotas of which it is not told on which day their sequence begins
    default_anchor : taken for those
    ids : name (squeezed) → id of rotas to which another table gives an id, where this one has none
    together : receives what words were taken to mean beside each other → the ids of the rotas
    """
    patterns: dict[str, ShiftPattern] = {}
    for row in table.rows if table else ():
        cells = Cells(table, row, faults)  # type: ignore[arg-type]
        named = cells.text("name_zh") or cells.text("name_en")
        pattern_id = cells.identifier("pattern_id") or (ids or {}).get(squeeze(named or ""), named)
        if pattern_id is None:
            cells.fault("missing_value", "the pattern has neither id nor name", "pattern_id")
            continue
        if pattern_id in patterns:
            cells.fault("duplicate_pattern", "the pattern is defined twice", "pattern_id")
            continue
        sequence, meaning = _sequence(cells, codes)
        if meaning and together is not None:
            together.setdefault(meaning, []).append(pattern_id)
        anchor = cells.date("anchor")
        if anchor is None and cells.raw("anchor") is None:
            if sequence and not pattern_id.startswith(LABEL_PREFIX):
                unanchored.append(pattern_id)
            anchor = default_anchor
        cycle = cells.integer("cycle_days")
        if cycle and sequence and cycle != len(sequence):
            cells.fault("cycle_mismatch", say("the sequence has {count} days", count=len(sequence)), "cycle_days")
        patterns[pattern_id] = ShiftPattern(
            pattern_id=pattern_id,
            names=tuple(name for name in (cells.text("name_zh"), cells.text("name_en")) if name),
            sequence=sequence,
            anchor=anchor or LABEL_ANCHOR,
            crews=cells.integer("crews", least=1),
            crew_step_days=cells.integer("crew_step_days"),
        )
    return patterns


def _is_without_cycle(cells: Cells) -> bool:
    """Whether the row says that its cycle has no days, as an irregular rota's."""
    try:
        return cells.raw("cycle_days") is not None and number_of(cells.raw("cycle_days")) == 0
    except ValueError:
        return False


def _sequence(cells: Cells, codes: Mapping[str, ShiftCode]) -> tuple[tuple[str, ...], str]:
    """Return the codes of a sequence, one character a day, or separated; and what words mean beside each other."""
    text = cells.text("sequence")
    if text is None or squeeze(text) in _BY_CALENDAR or _is_without_cycle(cells):
        return (), ""
    if ";" in text or "；" in text:
        days = [day.strip() for day in text.replace("；", ";").split(";") if day.strip()]
    else:
        days = [day for day in _SEPARATORS.split(text) if day] if _SEPARATORS.search(text) else list(text)
    beside = _beside(days, codes)
    found = [day if day in codes else beside.get(_stem(day)) or code_of_label(day, codes) for day in days]
    unknown = dict.fromkeys(day for day, code in zip(days, found, strict=True) if code is None)
    if unknown:
        message = say("the sequence has unknown shift codes: {codes}", codes=", ".join(unknown)[:100])
        expected = say("codes of: {words}", words=choices(codes))
        cells.fault("unknown_shift_code", message, "sequence", expected=expected)
        return (), ""
    meaning = ", ".join(f"{word} = {code}" for word, code in beside.items())
    return tuple(code for code in found if code is not None), meaning


@cache
def _pairs() -> dict[frozenset[str], dict[str, str]]:
    """Return the shifts of a rota, as words → what each of them means where the rota has no others."""
    found = [
        dict(zip(row["words"].split("|"), row["codes"].split("|"), strict=True)) for row in read_data("shift_pairs.csv")
    ]
    return {frozenset(meanings): meanings for meanings in found}


def _stem(word: str) -> str:
    return squeeze(word).removesuffix("班")


def _beside(days: Sequence[str], codes: Mapping[str, ShiftCode]) -> dict[str, str]:
    """Return word → code for the words of a sequence that mean another shift beside each other.

    白 alone is eight hours; 白 and 夜 with nothing between them are the twelve hours of two crews. Words that the
    roster's own table of codes has keep the meaning it gives them.
    """
    worked = {_stem(day) for day in days if value_words("shift").get(squeeze(day)) != "O" and day not in codes}
    meanings = _pairs().get(frozenset(worked), {})
    own = {squeeze(word) for code in codes.values() for word in code.names}
    is_free = all(code in codes for code in meanings.values()) and not own.intersection(worked)
    changed = any(code != code_of_label(word, codes) for word, code in meanings.items())
    return meanings if is_free and changed else {}


def code_of_label(label: str, codes: Mapping[str, ShiftCode]) -> str | None:
    """Return the code a bare label such as 白班 or "night" stands for: the table's own words first."""
    wanted = squeeze(label)
    for code in codes.values():
        if wanted in {squeeze(word) for word in (code.code, *code.names)}:
            return code.code
    known = value_words("shift").get(wanted)
    if known == "O":
        return next((code.code for code in codes.values() if is_off(code)), None)
    return known if known in codes else None
