"""Who is on duty, beside a shift, resting or free at a time: the states of members in slots.

In a slot a member is, from the segments of the shifts that begin on the day before, on the day itself and on the day
after: **D** on duty, if the slot overlaps a segment; else **R** in protected rest, if it begins before some segment's
end plus recovery and ends after that segment's end; else **A** adjacent, if it ends 0 to 120 minutes before a segment
begins or begins 0 to 120 minutes after one ends; else **O** off.

The states of a code depend on the time of day only. So they are computed once per code, time of day and distance in
days, as bits, and the bits of the days around a slot are joined.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from grouping.roster.shifts import DAY
from grouping.roster.slots import is_pseudo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from grouping.roster.schema import Member, ShiftCode, ShiftPattern, Slot

STATES = ("D", "A", "R", "O")
"""The letters of the states 0, 1, 2, 3."""
ON_DUTY, ADJACENT, RESTING, OFF = range(4)
NEAR_MINUTES = 120
_DUTY_BIT, _REST_BIT, _NEAR_BIT = 1, 2, 4
_UNKNOWN_DAY = ((0, DAY),)


def states(
    members: Sequence[Member],
    codes: Sequence[ShiftCode],
    patterns: Mapping[str, ShiftPattern],
    calendar: Mapping[tuple[str, dt.date], str],
    slots: Sequence[Slot],
) -> NDArray[np.uint8]:
    """Return members × slots: 0 on duty, 1 adjacent, 2 resting, 3 off."""
    import numpy as np

    real = [position for position, slot in enumerate(slots) if not is_pseudo(slot)]
    result: NDArray[np.uint8] = np.full((len(members), len(slots)), ON_DUTY, dtype=np.uint8)
    if real and members:
        result[:, real] = _real_states(members, codes, patterns, calendar, [slots[position] for position in real])
    for position, slot in enumerate(slots):
        if is_pseudo(slot):
            result[:, position] = [ADJACENT if member.shift_pattern == slot.slot_id else ON_DUTY for member in members]
    return result


def _real_states(
    members: Sequence[Member],
    codes: Sequence[ShiftCode],
    patterns: Mapping[str, ShiftPattern],
    calendar: Mapping[tuple[str, dt.date], str],
    slots: Sequence[Slot],
) -> NDArray[np.uint8]:
    import numpy as np

    first = min(slot.start.date() for slot in slots)
    times = {span: number for number, span in enumerate(dict.fromkeys(map(_minutes_of, slots)))}
    time_of = np.array([times[_minutes_of(slot)] for slot in slots])
    day_of = np.array([(slot.start.date() - first).days for slot in slots])
    reach_back, reach_on = _reach(codes, times)
    shifts = range(-reach_back, reach_on + 1)
    start = first - dt.timedelta(days=reach_back)
    rota = rota_matrix(members, codes, patterns, calendar, start, int(day_of.max()) + reach_back + reach_on + 1)
    bits: NDArray[np.uint8] = np.zeros((len(members), len(slots)), dtype=np.uint8)
    for delta in shifts:
        table = np.array([[_bits(code, span, delta) for span in times] for code in codes], dtype=np.uint8)
        unknown = [[_bits(None, span, delta) for span in times]]
        table = np.concatenate([table, np.array(unknown, dtype=np.uint8)])
        bits |= table[rota[:, day_of + delta + reach_back], time_of]
    meaning = np.full(8, OFF, dtype=np.uint8)
    for pattern in range(8):
        if pattern & _DUTY_BIT:
            meaning[pattern] = ON_DUTY
        elif pattern & _REST_BIT:
            meaning[pattern] = RESTING
        elif pattern & _NEAR_BIT:
            meaning[pattern] = ADJACENT
    result: NDArray[np.uint8] = meaning[bits]
    return result


def _minutes_of(slot: Slot) -> tuple[int, int]:
    """Return start and end in minutes from 00:00 of the day the slot begins on."""
    midnight = dt.datetime.combine(slot.start.date(), dt.time())
    return int((slot.start - midnight).total_seconds() // 60), -int((midnight - slot.end).total_seconds() // 60)


def _reach(codes: Sequence[ShiftCode], times: Mapping[tuple[int, int], int]) -> tuple[int, int]:
    """Return how many days back and on a slot's state may depend on; one each unless shifts or slots are longer."""
    last = max((end + code.recovery_hours * 60 for code in codes for _, end in code.segments), default=0)
    longest = max(end for _, end in times)
    return max(1, int(last - 1) // DAY), max(1, (longest + NEAR_MINUTES) // DAY)


def rota_matrix(
    members: Sequence[Member],
    codes: Sequence[ShiftCode],
    patterns: Mapping[str, ShiftPattern],
    calendar: Mapping[tuple[str, dt.date], str],
    start: dt.date,
    days: int,
) -> NDArray[np.intp]:
    """Return members × days: the position of the code that begins on the day, ``len(codes)`` where it is unknown."""
    import numpy as np

    numbers = {code.code: number for number, code in enumerate(codes)}
    unknown = np.full(days, len(codes), dtype=np.intp)
    known: dict[tuple[str | None, int], NDArray[np.intp]] = {}
    rows = {member.member_id: row for row, member in enumerate(members)}
    rota: NDArray[np.intp] = np.empty((len(members), days), dtype=np.intp)
    for row, member in enumerate(members):
        key = (member.shift_pattern, member.cycle_offset)
        if key not in known:
            pattern = patterns.get(member.shift_pattern or "")
            known[key] = unknown
            if pattern is not None and pattern.cycle:
                offset = 0 if pattern.is_label else member.cycle_offset
                phase = (start - pattern.anchor).days + offset
                sequence = np.array([numbers[code] for code in pattern.sequence], dtype=np.intp)
                known[key] = sequence[(phase + np.arange(days)) % pattern.cycle]
        rota[row] = known[key]
    for (member_id, day), code in calendar.items():
        position = (day - start).days
        if 0 <= position < days and member_id in rows:
            rota[rows[member_id], position] = numbers[code]
    return rota


def _bits(code: ShiftCode | None, span: tuple[int, int], delta: int) -> int:
    """Return the bits of a slot at ``span`` if ``code`` begins ``delta`` days later; None is a day not known free."""
    start, end = span[0] - delta * DAY, span[1] - delta * DAY
    bits = 0
    for begin, finish in _UNKNOWN_DAY if code is None else code.segments:
        if start < finish and end > begin:
            bits |= _DUTY_BIT
        if code is None:
            continue
        if start < finish + code.recovery_hours * 60 and end > finish:
            bits |= _REST_BIT
        if 0 <= begin - end <= NEAR_MINUTES or 0 <= start - finish <= NEAR_MINUTES:
            bits |= _NEAR_BIT
    return bits
