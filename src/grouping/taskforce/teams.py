"""Who stays: how many of a team are on duty in a shift, members and colleagues outside the roster."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from grouping.roster.teams import Teams

if TYPE_CHECKING:
    from grouping.roster import Roster
    from grouping.roster.schema import ShiftPattern
    from grouping.taskforce.hours import Rota

IRREGULAR_SHARE = 3
"""Of so many colleagues on irregular hours one counts as on duty: it takes about three to fill a day."""
Post = tuple[str, str, dt.date, str]
"""Department, team, day and code: a shift of a team."""


class Staffing:
    """People on duty by team, day and code.

    Parameters
    ----------
    rota : the shifts, by the rota alone
    absent : kinds of participation that do not count as being there
    count_employees : whether colleagues outside the roster count
    """

    def __init__(self, roster: Roster, rota: Rota, absent: tuple[str, ...], count_employees: bool) -> None:
        self._roster = roster
        self._rota = rota
        self._absent = absent
        self._teams = Teams(roster.teams) if count_employees else Teams(())
        self._patterns = {pattern.pattern_id: pattern for pattern in roster.shift_patterns}
        self.rows: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row, member in enumerate(roster.members):
            if member.team:
                self.rows[member.department, member.team].append(row)
        self._others = cache(self._count_others)
        self._members = cache(self._list_members)

    def members(self, post: Post) -> tuple[int, ...]:
        """Return the rows of the members on duty by the rota."""
        return self._members(post)

    def _list_members(self, post: Post) -> tuple[int, ...]:
        department, team, day, code = post
        return tuple(
            row
            for row in self.rows[department, team]
            if self._rota.code_on(row, day) == code and self._roster.members[row].participation not in self._absent
        )

    def others(self, post: Post) -> int:
        """Return how many colleagues outside the roster are on duty, at least."""
        return self._others(post)

    def _count_others(self, post: Post) -> int:
        department, name, day, code = post
        rows = self.rows[department, name]
        team = self._teams.of(department, name)
        if team is None or team.employees is None:
            return 0
        others = max(0, team.employees - len(rows))
        own = next((self._roster.members[row].shift_pattern for row in rows), None)
        pattern = self._patterns.get(team.shift_pattern or own or "")
        if pattern is None:
            return 0
        if not pattern.cycle:
            return 0 if pattern.is_label else others // IRREGULAR_SHARE
        crews = max(1, pattern.crews or 1)
        return others * sum(_code(pattern, crew, day) == code for crew in range(crews)) // crews


def _code(pattern: ShiftPattern, crew: int, day: dt.date) -> str:
    phase = (day - pattern.anchor).days + crew * (pattern.crew_step_days or 0)
    return pattern.sequence[phase % pattern.cycle]
