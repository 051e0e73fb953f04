"""A rota that is another table than the roster, by person or by team: what it says is joined to the members."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from grouping.roster.cells import Cells, text_of
from grouping.roster.report import some_ids
from grouping.roster.synonyms import squeeze
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grouping.roster.faults import Faults
    from grouping.roster.tables import Row, Table


def ids_of_rotas(tables: Iterable[Table]) -> dict[str, str]:
    """Return name (squeezed) → id of the rotas that some table names by both, where the two agree everywhere."""
    found: dict[str, set[str]] = {}
    for table in tables:
        if not {"shift_pattern", "shift_pattern.id"} <= table.headers.keys():
            continue
        for row in table.rows:
            pair = (row.cells.get("shift_pattern"), row.cells.get("shift_pattern.id"))
            if pair[0] is not None and pair[1] is not None:
                found.setdefault(squeeze(text_of(pair[0])), set()).add(text_of(pair[1]))
    uses = Counter(one for ids in found.values() for one in ids)
    return {name: one for name, ids in found.items() if len(ids) == 1 for one in ids if uses[one] == 1}


class Rota:
    """Rows of a rota table, found by a person's id, by name within a team, by a name that is there once, or by team."""

    def __init__(self, table: Table | None, faults: Faults) -> None:
        self.table = table
        self._faults = faults
        self._people: dict[tuple[str, ...], Row | None] = {}
        self._teams: dict[tuple[str, ...], Row | None] = {}
        self._used: set[int] = set()
        self.differing: list[str] = []
        for row in table.rows if table else ():
            self._add(Cells(table, row, faults))  # type: ignore[arg-type]

    def _add(self, cells: Cells) -> None:
        member_id, name, team = cells.identifier("member_id"), cells.text("name"), cells.text("team")
        if name is not None:
            self._faults.names.add(squeeze(name))
        if member_id is not None:
            self._claim(self._people, cells, ("id", squeeze(member_id)), "member_id")
        elif name is not None:
            key = ("name", squeeze(name), *((squeeze(team),) if team else ()))
            self._claim(self._people, cells, key, "name")
        elif team is not None:
            department = cells.text("department")
            self._claim(self._teams, cells, (squeeze(team), *((squeeze(department),) if department else ())), "team")
        else:
            column = next(key for key in ("member_id", "name", "team") if cells.table.has(key))
            cells.fault("missing_value", "the row names neither a person nor a team", column)

    def _claim(self, known: dict[tuple[str, ...], Row | None], cells: Cells, key: tuple[str, ...], column: str) -> None:
        other = known.get(key)
        if other is not None and other.cells != cells.row.cells:
            message = say("the rota says something else in row {row}", row=other.number)
            cells.fault("conflicting_rota", message, column, show=column != "name")
        known.setdefault(key, cells.row)

    def rows_of(self, member_id: str, name: str | None, department: str | None, team: str | None) -> list[Cells]:
        """Return the rows that speak of a member, the person's before the team's."""
        if self.table is None:
            return []
        people = [("id", squeeze(member_id))]
        if name:
            people += [("name", squeeze(name), squeeze(team))] if team else []  # type: ignore[list-item]
            people += [("name", squeeze(name))]
        teams = [(squeeze(team), squeeze(department)), (squeeze(team),)] if team and department else []
        found = [row for keys, known in ((people, self._people), (teams, self._teams)) if (row := _first(keys, known))]
        self._used.update(row.number for row in found)
        return [Cells(self.table, row, self._faults) for row in found]

    def tell(self, members: int) -> Iterable[str]:
        """Yield what was joined."""
        if self.table is not None:
            text = (
                "{table}: {used} of {rows} rows speak of members; the others are of persons or teams outside the roster"
            )
            yield say(text, table=self.table.name, used=len(self._used), rows=len(self.table.rows))

    def warn(self) -> Iterable[str]:
        """Yield where roster and rota differ."""
        if self.differing:
            yield say("roster and rota name different shifts, the roster's counts: {ids}", ids=some_ids(self.differing))


def _first(keys: Iterable[tuple[str, ...]], known: dict[tuple[str, ...], Row | None]) -> Row | None:
    return next((row for key in keys if (row := known.get(key)) is not None), None)
