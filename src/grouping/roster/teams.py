"""Teams, as read from tables, and which one a member belongs to."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from grouping.roster.cells import Cells
from grouping.roster.schema import Team
from grouping.roster.synonyms import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grouping.roster.faults import Faults
    from grouping.roster.places import Places
    from grouping.roster.shiftwords import ShiftWords
    from grouping.roster.tables import Table


def read_pattern(cells: Cells, shifts: ShiftWords) -> str | None:
    """Return the pattern a row names, by id if it has one; an unknown word that is no rota is a fault."""
    key = "shift_pattern.id" if cells.text("shift_pattern.id") else "shift_pattern"
    text, name = cells.text(key), cells.text("shift_pattern")
    if text is None:
        return None
    if name is not None and name != text and not shifts.is_defined(text) and shifts.is_defined(name):
        shifts.by_name.setdefault(text, name)
        text = name
    pattern = shifts.resolve(text)
    if pattern is None and shifts.is_rota(text, name):
        pattern = shifts.take_unexplained(text, name)
    if pattern is not None:
        shifts.remember(pattern, cells.place(key))
    else:
        cells.fault("unknown_shift", "not a known shift pattern or label", key, shifts.advice(text))
    return pattern


class Teams:
    """The teams of a roster, and which one a member belongs to."""

    def __init__(self, teams: Iterable[Team]) -> None:
        self.teams = tuple(teams)
        self._exact = {(_key(team.department), _key(team.team)): team for team in self.teams}
        self._named: dict[str, Team | None] = {}
        for team in self.teams:
            self._named[_key(team.team)] = None if _key(team.team) in self._named else team

    def of(self, department: str | None, team: str | None) -> Team | None:
        """Return the team of that name in the department, or the only one of that name."""
        if team is None:
            return None
        return self._exact.get((_key(department), _key(team))) or self._named.get(_key(team))


@lru_cache(maxsize=16_384)
def _key(text: str | None) -> str:
    return squeeze(text or "")


def read_teams(table: Table | None, places: Places, shifts: ShiftWords, faults: Faults) -> Teams:
    """Return the teams of a table."""
    teams: dict[tuple[str | None, str], Team] = {}
    for cells in (Cells(part, row, faults) for part in (table.parts if table else ()) for row in part.rows):
        name = cells.text("team")
        if name is None:
            cells.fault("missing_value", "the team has no name", "team")
            continue
        department = cells.text("department")
        if (department, name) in teams:
            cells.fault("duplicate_team", "the team is listed twice", "team")
            continue
        teams[department, name] = Team(
            team=name,
            department=department,
            business_line=cells.text("business_line"),
            site=places.read(cells, "site"),
            shift_pattern=read_pattern(cells, shifts),
            employees=cells.integer("employees"),
            declared_members=cells.integer("declared_members"),
        )
    return Teams(teams.values())
