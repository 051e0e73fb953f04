"""The rota minute by minute, read from the roster alone: what the verifier counts with.

A second reading of the rota on purpose: it shares nothing with the one that the model is built from.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grouping.roster import Member, Roster
    from grouping.roster.schema import ShiftCode, ShiftPattern
    from grouping.taskforce.schema import Task, TaskRole

_DAY = 1440


@dataclass(frozen=True)
class Shift:
    """A shift of one member; minutes count from the clock's first midnight.

    ``spans`` are the minutes on duty, ``rest`` the protected minutes after each of them. ``code`` is None on a day of
    which the roster says nothing: it is neither free nor can anybody be released from it.
    """

    day: dt.date
    code: str | None
    spans: tuple[tuple[int, int], ...]
    rest: int

    @property
    def minutes(self) -> int:
        """Minutes on duty."""
        return sum(end - start for start, end in self.spans)


class Clock:
    """Minutes of a window that holds some tasks and every shift that can touch them.

    Parameters
    ----------
    roster : whose rota it is
    tasks : what the window has to hold
    reach : minutes before and after the tasks that matter beyond the length of a shift
    """

    def __init__(self, roster: Roster, tasks: Iterable[Task], reach: int) -> None:
        self._codes = {code.code: code for code in roster.shift_codes}
        self._patterns = {pattern.pattern_id: pattern for pattern in roster.shift_patterns}
        self._calendar = roster.explicit_shifts
        longest = max((end for code in roster.shift_codes for _, end in code.segments), default=_DAY)
        margin = dt.timedelta(days=1 + math.ceil((longest + reach) / _DAY))
        asked = list(tasks)
        self.first = min(task.starts for task in asked).date() - margin
        self.days = (max(task.ends for task in asked).date() + margin - self.first).days + 1
        self._midnight = dt.datetime.combine(self.first, dt.time())
        self._presences: dict[tuple[str, str, tuple[int, ...]], list[tuple[int, int]]] = {}
        self._read_before: dict[str, tuple[Shift, ...]] = {}

    def minute(self, moment: dt.datetime) -> int:
        """Return the minute of a moment."""
        return int((moment - self._midnight).total_seconds() // 60)

    def moment(self, minute: int) -> dt.datetime:
        """Return the moment of a minute."""
        return self._midnight + dt.timedelta(minutes=minute)

    def month(self, minute: int) -> str:
        """Return the month of a minute, as "2026-12"."""
        return f"{self.moment(minute):%Y-%m}"

    def day(self, number: int) -> dt.date:
        """Return the day that begins so many days after the first."""
        return self.first + dt.timedelta(days=number)

    def line(self) -> NDArray[np.bool_]:
        """Return one False for every minute of the window."""
        return np.zeros(self.days * _DAY, dtype=np.bool_)

    def code_on(self, member: Member, day: dt.date) -> str | None:
        """Return the code that begins on a day: of the own calendar, else of the rota; None where neither says."""
        own = self._calendar.get((member.member_id, day))
        pattern = self._patterns.get(member.shift_pattern or "")
        if own is not None or pattern is None:
            return own
        return self.code_of(pattern, day, 0 if pattern.is_label else member.cycle_offset)

    @staticmethod
    def code_of(pattern: ShiftPattern, day: dt.date, offset: int) -> str | None:
        """Return the code of a rota on a day, for a crew so many days ahead."""
        if not pattern.sequence:
            return None
        return pattern.sequence[((day - pattern.anchor).days + offset) % len(pattern.sequence)]

    def code(self, name: str) -> ShiftCode:
        """Return a shift code by name."""
        return self._codes[name]

    def pattern(self, name: str | None) -> ShiftPattern | None:
        """Return a rota by id."""
        return self._patterns.get(name or "")

    def shifts_of(self, member: Member) -> tuple[Shift, ...]:
        """Return all shifts of a member within the window, in order, days off left out."""
        if member.member_id not in self._read_before:
            self._read_before[member.member_id] = tuple(self._read(member))
        return self._read_before[member.member_id]

    def _read(self, member: Member) -> Iterator[Shift]:
        for number in range(self.days):
            day, start = self.first + dt.timedelta(days=number), number * _DAY
            name = self.code_on(member, day)
            if name is None:
                yield Shift(day, None, ((start, start + _DAY),), 0)
                continue
            code = self._codes[name]
            if code.segments:
                spans = tuple((start + begin, start + end) for begin, end in code.segments)
                yield Shift(day, name, spans, round(code.recovery_hours * 60))

    def presences(self, task: Task, role: TaskRole, waves: Iterable[int]) -> list[tuple[int, int]]:
        """Return from and to which minute somebody in the role is present, by the words of the task alone."""
        key = (task.task_id, role.name, tuple(waves))
        if key not in self._presences:
            self._presences[key] = self._present(task, role, key[2])
        return self._presences[key]

    def _present(self, task: Task, role: TaskRole, waves: tuple[int, ...]) -> list[tuple[int, int]]:
        if task.waves:
            numbers = set(waves)
            return [(self.minute(w.starts), self.minute(w.ends)) for w in task.waves if w.wave in numbers]
        whole = self.line()
        whole[self.minute(task.starts) : self.minute(task.ends)] = True
        daily = role.daily or task.daily
        if daily is None:
            return runs(whole)
        found = []
        for midnight in range(0, self.days * _DAY, _DAY):
            begin = midnight + daily[0]
            found += [(begin + start, begin + end) for start, end in runs(whole[begin : midnight + daily[1]])]
        return found


def runs(line: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the stretches of True: first minute, and the one after the last.

    >>> runs(np.array([False, True, True, False, True]))
    [(1, 3), (4, 5)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]])))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
