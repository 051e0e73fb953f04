"""Times at which sessions could be held: the default grid, and slots as handed in."""

from __future__ import annotations

import datetime as dt
import math
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from grouping.roster.cells import Cells
from grouping.roster.faults import Faults
from grouping.roster.schema import LABEL_PREFIX, Mode, Slot
from grouping.roster.shifts import LABEL_ANCHOR

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from grouping.roster.schema import ShiftPattern
    from grouping.roster.tables import Table

TIMES: tuple[tuple[str, str, Mode], ...] = (
    ("08:20", "09:20", "onsite"),
    ("10:00", "11:00", "onsite"),
    ("13:30", "14:30", "onsite"),
    ("14:30", "15:30", "onsite"),
    ("17:10", "18:10", "onsite"),
    ("19:30", "20:30", "online"),
)
"""The default grid of a day: handing over from the night shift, morning, noon, handing over to the late shift,
after the day shift, and an evening online."""
MOST_DAYS = 112
FEWEST_DAYS = 14
_WEEK = 7


def horizon(
    patterns: Iterable[ShiftPattern], irregular: Collection[str], calendar: Mapping[tuple[str, dt.date], str]
) -> tuple[dt.date, ...]:
    """Return the days over which sessions are judged.

    Parameters
    ----------
    patterns : the patterns in use; the latest anchor date is the first day, the days repeat after lcm(cycles, 7)
    irregular : members whose shifts are known from the calendar only; it may shorten the horizon to 14 days
    calendar : (member id, date) → code
    """
    used = list(patterns)
    first = max((pattern.anchor for pattern in used if not pattern.is_label), default=LABEL_ANCHOR)
    count = min(math.lcm(_WEEK, *(pattern.cycle for pattern in used if pattern.cycle)), MOST_DAYS)
    last_known: dict[str, dt.date] = {}
    for member_id, day in calendar:
        if member_id in irregular:
            last_known[member_id] = max(day, last_known.get(member_id, day))
    if last_known:
        covered = (min(last_known.values()) - first).days + 1
        if covered >= FEWEST_DAYS:
            count = min(count, covered)
    return tuple(first + dt.timedelta(days=day) for day in range(count))


@lru_cache(maxsize=64)  # the branches of an organisation share a few horizons
def grid(days: tuple[dt.date, ...]) -> tuple[Slot, ...]:
    """Return the default times on each day."""
    slots = []
    for day in days:
        for number, (start, end, mode) in enumerate(TIMES, 1):
            begin, finish = (dt.datetime.combine(day, dt.time.fromisoformat(time)) for time in (start, end))
            slots.append(Slot(f"{day:%Y%m%d}-{number}", begin, finish, describe(begin, finish), mode))
    return tuple(slots)


def label_slots(patterns: Iterable[ShiftPattern], first: dt.date) -> tuple[Slot, ...]:
    """Return one pseudo slot per unknown label: the time, unknown to us, at which its members can meet."""
    midnight = dt.datetime.combine(first, dt.time())
    return tuple(
        Slot(pattern.pattern_id, midnight, midnight, f"a time that suits shift {pattern.names[0]}")
        for pattern in patterns
        if pattern.is_label and not pattern.cycle
    )


def is_pseudo(slot: Slot) -> bool:
    """Whether a slot stands for an unknown label and not for a time."""
    return slot.slot_id.startswith(LABEL_PREFIX) and slot.start == slot.end


def describe(start: dt.datetime, end: dt.datetime) -> str:
    """Return a slot's time in words, such as ``2026-12-03 Thu 14:30–15:30``."""
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[start.weekday()]
    return f"{start:%Y-%m-%d} {day} {start:%H:%M}–{end:%H:%M}"


def read_slots(table: Table) -> tuple[Slot, ...]:
    """Return the slots of a table.

    Raises
    ------
    RosterError
        With every fault found.
    """
    faults = Faults()
    slots: list[Slot] = []
    seen: set[str] = set()
    for row in table.rows:
        cells = Cells(table, row, faults)
        slot_id = cells.identifier("slot_id") or f"slot {len(slots) + 1}"
        if slot_id in seen:
            cells.fault("duplicate_slot", "two slots have this id", "slot_id")
        seen.add(slot_id)
        start = _moment(cells, "start")
        end = _moment(cells, "end")
        if start is None or end is None:
            continue
        if end <= start:
            end += dt.timedelta(days=1)
        given = cells.text("label")
        label = describe(start, end) + (f" {given}" if given else "")
        mode = cast("Mode", cells.choice("mode", "mode") or "onsite")
        slots.append(Slot(slot_id, start, end, label, mode))
    faults.raise_if_any()
    return tuple(slots)


def _moment(cells: Cells, key: str) -> dt.datetime | None:
    value = cells.raw(key)
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    day = cells.date("date")
    if day is None:
        if cells.raw("date") is None:
            cells.fault("missing_value", "the date is missing", "date")
        return None
    if isinstance(value, dt.time):
        return dt.datetime.combine(day, value)
    hour, _, minute = (cells.text(key) or "").replace("：", ":").partition(":")
    is_number = len(hour) <= 2 and hour.isdecimal() and minute[:2].isdecimal()
    if not (is_number and int(hour) <= 24 and int(minute[:2]) < 60):
        cells.fault("bad_time", "not a time of day", key)
        return None
    return dt.datetime.combine(day, dt.time()) + dt.timedelta(hours=int(hour), minutes=int(minute[:2]))


def check_unique(slots: Sequence[Slot]) -> None:
    """Raise if two slots share an id."""
    faults = Faults()
    seen: set[str] = set()
    for slot in slots:
        if slot.slot_id in seen:
            faults.add("duplicate_slot", "two slots have this id", value=slot.slot_id)
        if slot.end <= slot.start and not is_pseudo(slot):
            faults.add("bad_slot", "the slot ends before it begins", value=slot.slot_id)
        seen.add(slot.slot_id)
    faults.raise_if_any()
