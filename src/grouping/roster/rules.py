"""What refers to members: explicit shifts, the committee, requests."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal, cast

from grouping.roster.cells import Cells, text_of
from grouping.roster.faults import choices, id_or_nothing
from grouping.roster.schema import CommitteeMember, Request
from grouping.roster.shifts import code_of_label
from grouping.roster.synonyms import narrow
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grouping.roster.faults import Faults
    from grouping.roster.schema import Member, ShiftCode
    from grouping.roster.tables import Table

_SHARED = "several members have this name"
Calendar = dict[tuple[str, dt.date], str]


class People:
    """Finds members by id, or by a name that only one has."""

    def __init__(self, members: tuple[Member, ...], *, is_complete: bool = True) -> None:
        self.is_complete = is_complete
        self.by_id = {member.member_id: member for member in members}
        self._named: dict[str, str | None] = {}
        for member in members:
            if member.name:
                name = "".join(member.name.split())
                self._named[name] = None if name in self._named else member.member_id

    def find(self, text: str) -> str | None:
        """Return the id of the member whom an id or a name means."""
        plain = narrow(text)
        return plain if plain in self.by_id else self._named.get("".join(text.split()))

    def is_shared(self, text: str) -> bool:
        """Whether several members have a name, so that it tells none of them."""
        return narrow(text) not in self.by_id and self._named.get("".join(text.split()), "") is None

    def read_person(self, cells: Cells) -> str | None:
        """Return the id of the member a row is about, by id or else by name; an unknown one is a fault."""
        key = "member_id" if cells.identifier("member_id") or not cells.table.has("name") else "name"
        return self.read(cells, key, cells.identifier(key))

    def read(self, cells: Cells, key: str, text: str | None) -> str | None:
        """Return the id of the member a cell names; an unknown one is a fault."""
        if text is None:
            cells.fault("missing_value", "the member is missing", key)
            return None
        member_id = self.find(text)
        if member_id is None and self.is_complete:
            cells.faults.add(
                "unknown_member",
                _SHARED if self.is_shared(text) else "not a member of the roster",
                table=cells.table,
                row=cells.row,
                key=key,
                value=id_or_nothing(text),
            )
        return member_id


def read_calendar(table: Table | None, people: People, codes: Mapping[str, ShiftCode], faults: Faults) -> Calendar:
    """Return (member id, date) → code."""
    calendar: Calendar = {}
    asked: set[tuple[int, int]] = set()
    for cells in (Cells(part, row, faults) for part in (table.parts if table else ()) for row in part.rows):
        if cells.table.is_matrix and people.find(named := cells.identifier("member_id") or "") is None:
            if people.is_shared(named) and (place := (id(cells.table), cells.row.number)) not in asked:
                asked.add(place)
                people.read(cells, "member_id", named)
            continue  # rotas list the whole team; the report tells how many of them are members
        member_id = people.read_person(cells)
        day = cells.date("date")
        if day is None and cells.raw("date") is None:
            cells.fault("missing_value", "the date is missing", "date")
        text = cells.identifier("code")
        code = None
        if text is None:
            cells.fault("missing_value", "the shift code is missing", "code")
        else:
            code = text if text in codes else code_of_label(text, codes)
            if code is None:
                expected = say("one of: {words}", words=choices(codes))
                cells.fault("unknown_shift_code", "not a known shift code", "code", expected=expected)
        if member_id is None or day is None or code is None:
            continue
        if calendar.setdefault((member_id, day), code) != code:
            cells.fault("conflicting_shift", "the member has two different shifts on this date", "code")
    return calendar


def read_committee(table: Table | None, people: People, faults: Faults) -> tuple[CommitteeMember, ...]:
    """Return the members of branch committees."""
    committee = []
    for row in table.rows if table else ():
        cells = Cells(table, row, faults)  # type: ignore[arg-type]
        member_id = people.read_person(cells)
        lines = cells.words("business_lines")
        max_groups = cells.integer("max_groups")
        if member_id is None:
            continue
        committee.append(
            CommitteeMember(
                member_id=member_id,
                role=cells.text("role"),
                branch=cells.text("branch") or people.by_id[member_id].branch,
                max_groups=max_groups,
                business_lines=() if "*" in lines else lines,
            )
        )
    return tuple(committee)


def read_requests(table: Table | None, people: People, faults: Faults) -> tuple[Request, ...]:
    """Return the rules and wishes about named members."""
    requests = []
    keys = [key for key in table.headers if key == "members" or key.startswith("members.")] if table else []
    for row in table.rows if table else ():
        cells = Cells(table, row, faults)  # type: ignore[arg-type]
        kind = cells.choice("kind", "kind")
        if cells.raw("kind") is None:
            cells.fault("missing_value", "the kind of rule is missing", "kind")
        strength = cells.choice("strength", "strength") or "must"
        named = [(key, part) for key in keys if cells.text(key) for part in _parts(cells, key, people)]
        members = [people.read(cells, key, part) for key, part in named]
        known = [member for member in members if member is not None]
        fewest = 1 if kind == "not_leader" else 2
        if None in members or kind is None:
            continue
        if len(set(known)) < max(fewest, len(known)):
            text = (
                "{kind} needs at least {fewest} different members" if len(known) < fewest else "a member is named twice"
            )
            message = say(text, kind=kind, fewest=fewest)
            cells.fault("bad_request", message, keys[0] if keys else "members", show=False)
            continue
        requests.append(
            Request(
                kind=cast("Literal['together', 'apart', 'not_leader']", kind),
                members=tuple(known),
                strength=cast("Literal['must', 'prefer']", strength),
                note=cells.text("note"),
            )
        )
    return tuple(requests)


def _parts(cells: Cells, key: str, people: People) -> list[str]:
    value = cells.raw(key)
    if isinstance(value, tuple):
        return [text_of(item) for item in value]
    if cells.identifier(key) in people.by_id:
        return [text_of(value)]
    return list(cells.words(key))
