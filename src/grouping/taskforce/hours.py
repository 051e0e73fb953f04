"""When everybody is on duty, and what a presence does to it: which shifts it takes a member from, which rest it breaks.

A *shift* is what begins on one day by one code: its segments, to the minute, over midnight, month and year ends. Rows
of the rota that are alike (one crew) are worked out once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.roster.availability import rota_matrix
from grouping.taskforce.schema import DAY, Interval

if TYPE_CHECKING:
    from grouping.roster import Roster
    from grouping.roster.schema import ShiftCode

EPOCH = dt.datetime(2000, 1, 1)
Span = tuple[int, int]
"""From, to, in minutes from `EPOCH`."""


def minute_of(moment: dt.datetime) -> int:
    """Return a moment in minutes from `EPOCH`."""
    return int((moment - EPOCH).total_seconds() // 60)


def moment_of(minute: int) -> dt.datetime:
    """Return the moment so many minutes after `EPOCH`."""
    return EPOCH + dt.timedelta(minutes=minute)


def month_of(minute: int) -> str:
    """Return the month of a minute, such as "2026-12"."""
    return moment_of(minute).strftime("%Y-%m")


def spans_of(intervals: Iterable[Interval]) -> tuple[Span, ...]:
    """Return intervals in minutes."""
    return tuple((minute_of(start), minute_of(end)) for start, end in intervals)


@dataclass(frozen=True, slots=True)
class Shift:
    """What a member works from a day on; an empty code is a day of which the rota says nothing.

    Attributes
    ----------
    segments : on duty, in order
    recovery : protected minutes after a segment
    """

    day: dt.date
    code: str
    segments: tuple[Span, ...]
    recovery: int

    @property
    def is_known(self) -> bool:
        """Whether the rota says what is worked."""
        return bool(self.code)

    @property
    def starts(self) -> int:
        """First minute on duty."""
        return self.segments[0][0]

    @property
    def minutes(self) -> int:
        """Minutes on duty."""
        return sum(end - start for start, end in self.segments)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a task takes people from their shifts, in minutes.

    Attributes
    ----------
    begins : the minute from which an emergency is known; None when it is planned
    rest_before, rest_after : least minutes between a shift and presence, and between presence and a shift
    protected : "must", "prefer" or "ignore", see ``TaskPolicy.protected_rest``
    """

    begins: int | None
    rest_before: int
    rest_after: int
    protected: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What a presence does to a member.

    Attributes
    ----------
    released : shifts the member is taken out of, and whether they had begun
    broken : presence start and shift, for every presence in the rest after a begun shift; who responds from a begun
        shift breaks none
    unknown : a day of the presence of which the rota says nothing; the member cannot be taken then
    barred : whether a protected rest forbids the presence
    on_duty : of every presence, whether the member is on duty as it begins
    touched : of every presence, whether it overlaps a shift
    overtime : month → minutes of presence beyond those of the shifts released in whole, where there are any
    """

    released: tuple[tuple[Shift, bool], ...]
    broken: tuple[tuple[int, Shift], ...]
    unknown: dt.date | None
    barred: bool
    on_duty: tuple[bool, ...]
    touched: tuple[bool, ...]
    overtime: tuple[tuple[str, int], ...]


def effect_of(shifts: Sequence[Shift], presence: Sequence[Span], terms: Terms) -> Effect:
    """Return what a presence does to a member with these shifts."""
    released: list[tuple[Shift, bool]] = []
    broken: list[tuple[int, Shift]] = []
    unknown: dt.date | None = None
    first, last = presence[0][0], presence[-1][1]
    for shift in shifts:
        rest = 0 if terms.protected == "ignore" else max(shift.recovery, terms.rest_before)
        if shift.starts >= last + terms.rest_after or shift.segments[-1][1] + max(rest, 1) <= first:
            continue
        if not shift.is_known:
            if unknown is None and any(_overlap(shift, span) for span in presence):
                unknown = shift.day
        elif terms.begins is None or shift.starts >= terms.begins:
            if any(_too_near(shift, span, rest, terms.rest_after) for span in presence):
                released.append((shift, False))
        elif any(_too_near(shift, span, 0, terms.rest_after) for span in presence):
            released.append((shift, True))
        else:
            broken += [
                (start, shift)
                for start, _ in presence
                if any(finish <= start < finish + rest for _, finish in shift.segments)
                and not is_on_duty((one for one in shifts if one.starts < (terms.begins or 0)), start)
            ]
    return Effect(
        released=tuple(released),
        broken=tuple(broken),
        unknown=unknown,
        barred=terms.protected == "must" and bool(broken),
        on_duty=tuple(is_on_duty(shifts, start) for start, _ in presence),
        touched=tuple(any(_overlap(shift, span) for shift in shifts) for span in presence),
        overtime=_overtime(presence, released),
    )


def is_on_duty(shifts: Iterable[Shift], minute: int) -> bool:
    """Tell whether one of the shifts is on duty at a minute."""
    return any(start <= minute < end for shift in shifts for start, end in shift.segments)


def _overlap(shift: Shift, span: Span) -> bool:
    return any(start < span[1] and span[0] < end for start, end in shift.segments)


def _too_near(shift: Shift, span: Span, before: int, after: int) -> bool:
    return any(start < span[1] + after and span[0] < end + before for start, end in shift.segments)


def _overtime(presence: Sequence[Span], released: Sequence[tuple[Shift, bool]]) -> tuple[tuple[str, int], ...]:
    months: dict[str, int] = {}
    for start, end in presence:
        months[month_of(start)] = months.get(month_of(start), 0) + end - start
    for shift, begun in released:
        if not begun and (month := shift.day.strftime("%Y-%m")) in months:
            months[month] -= shift.minutes
    return tuple((month, minutes) for month, minutes in months.items() if minutes > 0)


class Rota:
    """The shifts of all members of a roster over some days.

    Parameters
    ----------
    roster : the members
    first, last : days of which shifts are known; those around them that could matter are added
    off : (member id, day) of shifts that earlier plans have released
    """

    def __init__(self, roster: Roster, first: dt.date, last: dt.date, off: Iterable[tuple[str, dt.date]] = ()) -> None:
        reach = 1 + max((int(_ends(code) + DAY - 1) // DAY for code in roster.shift_codes), default=1)
        self.first = first - dt.timedelta(days=reach)
        days = (last - self.first).days + reach + 1
        patterns = {pattern.pattern_id: pattern for pattern in roster.shift_patterns}
        self._codes = roster.shift_codes
        self._matrix = rota_matrix(
            roster.members, roster.shift_codes, patterns, roster.explicit_shifts, self.first, days
        )
        rows = {member_id: row for row, member_id in enumerate(roster.member_ids)}
        self._off: dict[int, frozenset[dt.date]] = {}
        for member_id, day in off:
            if member_id in rows:
                row = rows[member_id]
                self._off[row] = self._off.get(row, frozenset()) | {day}
        self._known: dict[object, tuple[Shift, ...]] = {}
        self._made: dict[tuple[int, int], Shift | None] = {}

    def key(self, row: int) -> object:
        """Return what two members share who work alike."""
        return self._matrix[row].tobytes(), self._off.get(row)

    def shifts(self, row: int) -> tuple[Shift, ...]:
        """Return the shifts of the member in a row of the roster, in order, days off left out."""
        key = self.key(row)
        if key not in self._known:
            off = self._off.get(row, frozenset())
            made = [self._shift(day, int(number)) for day, number in enumerate(self._matrix[row])]
            self._known[key] = tuple(shift for shift in made if shift is not None and shift.day not in off)
        return self._known[key]

    def code_on(self, row: int, day: dt.date) -> str:
        """Return the code a member works on a day, by the rota alone; "" where it is not known."""
        number = int(self._matrix[row, (day - self.first).days])
        return self._codes[number].code if number < len(self._codes) else ""

    def _shift(self, at: int, number: int) -> Shift | None:
        if (at, number) not in self._made:
            day = self.first + dt.timedelta(days=at)
            midnight = minute_of(dt.datetime.combine(day, dt.time()))
            shift: Shift | None
            if number == len(self._codes):
                shift = Shift(day, "", ((midnight, midnight + DAY),), 0)
            else:
                code = self._codes[number]
                segments = tuple((midnight + start, midnight + end) for start, end in code.segments)
                shift = Shift(day, code.code, segments, round(code.recovery_hours * 60)) if segments else None
            self._made[at, number] = shift
        return self._made[at, number]


def _ends(code: ShiftCode) -> float:
    """Return the last minute that a shift of a code or the rest after it reaches, from the day it begins."""
    return max((end + code.recovery_hours * 60 for _, end in code.segments), default=0)
