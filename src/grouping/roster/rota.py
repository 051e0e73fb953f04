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
    from collections.abc import Set as AbstractSet

    from grouping.roster.faults import Faults
    from grouping.roster.tables import Table


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


def subject_of(cells: Cells) -> tuple[str, ...] | None:
    """Return the person or else the team that a row speaks of, None if it names neither."""
    member_id, name, team = cells.identifier("member_id"), cells.text("name"), cells.text("team")
    if member_id is not None:
        return "id", squeeze(member_id)
    if name is not None:
        return "name", squeeze(name), *((squeeze(team),) if team else ())
    if team is not None:
        department = cells.text("department")
        return "team", squeeze(team), *((squeeze(department),) if department else ())
    return None


class Rota:
    """Rows of a rota table, found by a person's id, by name within a team, by a name that is there once, or by team.

    ``shared`` are the names that several members have (squeezed).
    """

    def __init__(self, table: Table | None, faults: Faults, shared: AbstractSet[str] = frozenset()) -> None:
        self.table = table
        self._shared = shared
        self._faults = faults
        self._people: dict[tuple[str, ...], Cells] = {}
        self._teams: dict[tuple[str, ...], Cells] = {}
        self._used: set[tuple[int, int]] = set()
        self.differing: list[str] = []
        for part in table.parts if table else ():
            for row in part.rows:
                self._add(Cells(part, row, faults))

    def _add(self, cells: Cells) -> None:
        name = cells.text("name")
        if name is not None:
            self._faults.names.add(squeeze(name))
        subject = subject_of(cells)
        if subject is not None and len(subject) == 2 and subject[0] == "name" and subject[1] in self._shared:
            expected = say("an id, or the name with the team")
            cells.fault("unknown_member", "several members have this name", "name", show=False, expected=expected)
        elif subject is None:
            column = next(key for key in ("member_id", "name", "team") if cells.table.has(key))
            cells.fault("missing_value", "the row names neither a person nor a team", column)
        else:
            self._claim(self._teams if subject[0] == "team" else self._people, cells, subject)

    def _claim(self, known: dict[tuple[str, ...], Cells], cells: Cells, key: tuple[str, ...]) -> None:
        other = known.get(key)
        if other is not None and other.row.cells != cells.row.cells:
            message = say("the rota says something else in row {row}", row=other.row.number)
            column = "member_id" if key[0] == "id" else key[0]
            cells.fault("conflicting_rota", message, column, show=column != "name")
        known.setdefault(key, cells)

    def rows_of(self, member_id: str, name: str | None, department: str | None, team: str | None) -> list[Cells]:
        """Return the rows that speak of a member, the person's before the team's."""
        if self.table is None:
            return []
        people = [("id", squeeze(member_id))]
        if name:
            people += [("name", squeeze(name), squeeze(team))] if team else []  # type: ignore[list-item]
            people += [("name", squeeze(name))]
        teams = [("team", squeeze(team), squeeze(department)), ("team", squeeze(team))] if team and department else []
        found = [one for keys, known in ((people, self._people), (teams, self._teams)) if (one := _first(keys, known))]
        self._used.update((id(one.table), one.row.number) for one in found)
        return found

    def tell(self) -> Iterable[str]:
        """Yield what was joined."""
        text = "{table}: {used} of {rows} rows speak of members; the others are of persons or teams outside the roster"
        for part in self.table.parts if self.table else ():
            used = sum(table == id(part) for table, _ in self._used)
            yield say(text, table=part.name, used=used, rows=len(part.rows))

    def warn(self) -> Iterable[str]:
        """Yield where roster and rota differ."""
        if self.differing:
            yield say("roster and rota name different shifts, the roster's counts: {ids}", ids=some_ids(self.differing))


def _first(keys: Iterable[tuple[str, ...]], known: dict[tuple[str, ...], Cells]) -> Cells | None:
    return next((cells for key in keys if (cells := known.get(key)) is not None), None)
