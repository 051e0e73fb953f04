"""Shift codes and patterns: reading them, and what the word in a roster's shift column means."""

from __future__ import annotations

import datetime as dt
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from grouping.roster.cells import Cells, number_of
from grouping.roster.faults import choices
from grouping.roster.schema import LABEL_PREFIX, ShiftCode, ShiftPattern
from grouping.roster.synonyms import examples, label_words, narrow, read_data, squeeze, value_words
from grouping.roster.tables import make_table
from grouping.roster.words import line, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grouping.roster.faults import Faults
    from grouping.roster.tables import Table

DAY = 1440
LABEL_ANCHOR = dt.date(2026, 11, 30)
"""A Monday: bare labels mean Monday to Friday."""
_SEARCHES = 300
"""Different unknown words for which near ones are looked for."""
_NO_PATTERNS = "define the rota in shift_patterns (it is never guessed from its name)"
_SEGMENT = re.compile(r"(\d{1,2}):(\d{2})(\+?)\s*[-–—~至]\s*(\d{1,2}):(\d{2})(\+?)")
_BY_CALENDAR = frozenset({"见个人排班", "个人排班", "不定时", "不固定", "irregular", "individual"})
_SEPARATORS = re.compile(r"[;；,，、\s/|-]+")


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
) -> dict[str, ShiftPattern]:
    """Return the shift patterns of a table, by id.

    Parameters
    ----------
    unanchored : receives the ids of rotas of which it is not told on which day their sequence begins
    default_anchor : taken for those
    """
    patterns: dict[str, ShiftPattern] = {}
    for row in table.rows if table else ():
        cells = Cells(table, row, faults)  # type: ignore[arg-type]
        pattern_id = cells.identifier("pattern_id") or cells.text("name_zh") or cells.text("name_en")
        if pattern_id is None:
            cells.fault("missing_value", "the pattern has neither id nor name", "pattern_id")
            continue
        if pattern_id in patterns:
            cells.fault("duplicate_pattern", "the pattern is defined twice", "pattern_id")
            continue
        sequence = _sequence(cells, codes)
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


def _sequence(cells: Cells, codes: Mapping[str, ShiftCode]) -> tuple[str, ...]:
    """Return the codes of a sequence, one character a day, or separated."""
    text = cells.text("sequence")
    if text is None or squeeze(text) in _BY_CALENDAR or _is_without_cycle(cells):
        return ()
    if ";" in text or "；" in text:
        days = [day.strip() for day in text.replace("；", ";").split(";") if day.strip()]
    else:
        days = [day for day in _SEPARATORS.split(text) if day] if _SEPARATORS.search(text) else list(text)
    found = [day if day in codes else code_of_label(day, codes) for day in days]
    unknown = dict.fromkeys(day for day, code in zip(days, found, strict=True) if code is None)
    if unknown:
        message = say("the sequence has unknown shift codes: {codes}", codes=", ".join(unknown)[:100])
        expected = say("codes of: {words}", words=choices(codes))
        cells.fault("unknown_shift_code", message, "sequence", expected=expected)
        return ()
    return tuple(code for code in found if code is not None)


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


class ShiftWords:
    """What the words in a shift column mean; bare labels become patterns as they are met."""

    def __init__(
        self,
        codes: Mapping[str, ShiftCode],
        patterns: Mapping[str, ShiftPattern],
        *,
        unknown_as_label: bool,
        usual_rotas: bool = False,
        usual_anchor: dt.date = LABEL_ANCHOR,
    ) -> None:
        self.codes = codes
        self.patterns = dict(patterns)
        self.unknown_as_label = unknown_as_label
        self.defined = tuple(patterns)
        self._found: dict[str, str | None] = {}
        self._advice: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self.usual_rotas = usual_rotas
        self.by_name: dict[str, str] = {}
        """Ids that are defined nowhere → the name beside them, by which the pattern was found."""
        self.taken: list[ShiftPattern] = []
        self._usual: dict[str, ShiftPattern] = {}
        for usual in usual_patterns(codes, usual_anchor):
            if usual.pattern_id not in patterns:
                self._usual.update({squeeze(word): usual for word in (usual.pattern_id, *usual.names)})
        for pattern in patterns.values():
            for word in (pattern.pattern_id, *pattern.names):
                self._names.setdefault(squeeze(word), pattern.pattern_id)
        self._names.update({squeeze(pattern_id): pattern_id for pattern_id in patterns})

    def is_defined(self, text: str) -> bool:
        """Whether a word names a pattern of the roster's own table."""
        return squeeze(text) in self._names

    def resolve(self, text: str) -> str | None:
        """Return the pattern id for a word, None if it is not known."""
        if text not in self._found:
            self._found[text] = text if text in self.defined else self._resolve(text)
        return self._found[text]

    def _resolve(self, text: str) -> str | None:
        named = self._names.get(squeeze(text))
        if named is not None:
            return named
        usual = self._usual.get(squeeze(text))
        if usual is not None and self.usual_rotas:
            self.patterns[usual.pattern_id] = usual
            self.taken.append(usual)
            return usual.pattern_id
        label = narrow(text.removeprefix(LABEL_PREFIX))
        code = code_of_label(label, self.codes)
        if not label or (code is None and not self.unknown_as_label):
            return None
        pattern_id = LABEL_PREFIX + label
        if code is None:
            sequence: tuple[str, ...] = ()
        else:
            off = next(known.code for known in self.codes.values() if is_off(known))
            sequence = (code,) * 5 + (off,) * 2
        self.patterns[pattern_id] = ShiftPattern(
            pattern_id=pattern_id, names=(label,), sequence=sequence, anchor=LABEL_ANCHOR
        )
        return pattern_id

    def advice(self, text: str) -> str:
        """Return what could be written instead of an unknown word."""
        if text not in self._advice:
            self._advice[text] = self._advise(text)
        return self._advice[text]

    def _advise(self, text: str) -> str:
        words = [word for group in label_words() for word in group if code_of_label(word, self.codes)]
        own = [word for code in self.codes.values() for word in (code.code, *code.names)]
        known = dict.fromkeys([*self.defined, *own, *words])
        near = get_close_matches(text[:100], known, n=3, cutoff=0.6) if len(self._advice) <= _SEARCHES else []
        shown = [word for group in label_words() for word in examples(group) if code_of_label(word, self.codes)]
        parts = [say("{words} is meant", words=" / ".join(near))] if near else []
        usual = self._usual.get(squeeze(text))
        if usual is not None:
            sequence = "".join(usual.sequence)
            confirm = "pass usual_rotas=True (--usual-rotas) to confirm that it is the usual rota {sequence}"
            parts.append(say(confirm, sequence=sequence))
        if usual is None and not self.usual_rotas:
            like = [one for one in self._usual.values() if any(squeeze(text) in squeeze(name) for name in one.names)]
            named = dict.fromkeys(f"{one.names[0]} = {''.join(one.sequence)}" for one in like)
            if named and len(text) > 1:
                about = "write one of the catalogue's names and confirm it by usual_rotas=True (--usual-rotas): {words}"
                parts.append(say(about, words=choices(named)))
        if near:
            return line(*parts)
        if self.defined:
            parts.append(say("use a known pattern: {words}", words=choices(self.defined)))
        else:
            parts.append(say(_NO_PATTERNS))
        parts.append(say("use a known label: {words}", words=choices(shown)))
        parts.append(say("pass unknown_shift='label' to let members with the same word meet"))
        return line(*parts)


def usual_patterns(codes: Mapping[str, ShiftCode], anchor: dt.date) -> list[ShiftPattern]:
    """Return the rotas of the package's catalogue whose codes are known, as they are when nothing else is said."""
    found = []
    for row in read_data("usual_rotas.csv"):
        if all(code in codes for code in row["sequence"]):
            names = (row["name_zh"], row["name_en"])
            crews, step = int(row["crews"]), int(row["crew_step_days"])
            found.append(
                ShiftPattern(
                    pattern_id=row["pattern_id"],
                    names=names,
                    sequence=tuple(row["sequence"]),
                    anchor=anchor,
                    crews=crews,
                    crew_step_days=step,
                )
            )
    return found
