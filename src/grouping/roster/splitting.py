"""Cutting a roster into many at once: the same as many selections, in one walk over the members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from grouping.roster.remarks import name_warnings, size_warnings
from grouping.roster.teams import Teams

if TYPE_CHECKING:
    from grouping.roster.roster import Roster
    from grouping.roster.schema import Member


def split_roster(roster: Roster, part_of: Mapping[str, str]) -> dict[str, Roster]:
    """Return part → roster of its members, in the order in which the parts first appear.

    Each is what :meth:`Roster.select` returns, but the time grows with the members, not with members × parts.

    Parameters
    ----------
    part_of : member id → part, of every member
    """
    members: dict[str, list[Member]] = {}
    for member in roster.members:
        members.setdefault(part_of[member.member_id], []).append(member)
    calendars: dict[str, dict[Any, str]] = {part: {} for part in members}
    for key, code in roster.explicit_shifts.items():
        if key[0] in part_of:
            calendars[part_of[key[0]]][key] = code
    committee: dict[str, list[Any]] = {part: [] for part in members}
    for person in roster.committee:
        if person.member_id in part_of:
            committee[part_of[person.member_id]].append(person)
    requests: dict[str, list[Any]] = {part: [] for part in members}
    for request in roster.requests:
        parts = {part_of.get(member) for member in request.members}
        for part in members if not parts else parts if len(parts) == 1 else ():
            if part is not None:
                requests[part].append(request)
    teams = _teams(roster, members)
    return {
        part: replace(
            roster,
            members=tuple(own),
            teams=teams[part],
            explicit_shifts=calendars[part],
            committee=tuple(committee[part]),
            requests=tuple(requests[part]),
            report=replace(roster.report, members=len(own), warnings=(*name_warnings(own), *size_warnings(own))),
        )
        for part, own in members.items()
    }


def _teams(roster: Roster, members: Mapping[str, list[Member]]) -> dict[str, tuple[Any, ...]]:
    """Return the teams that stay with each part: those of its members, and those of its departments with no member."""
    known = Teams(roster.teams)
    at = {(team.department, team.team): i for i, team in enumerate(roster.teams)}
    own: dict[str, set[int]] = {}
    for part, people in members.items():
        found = (known.of(member.department, member.team) for member in people)
        own[part] = {at[team.department, team.team] for team in found if team is not None}
    covered = set().union(*own.values())
    loose: dict[str | None, list[int]] = {}
    for i, team in enumerate(roster.teams):
        if i not in covered:
            loose.setdefault(team.department, []).append(i)
    kept = {}
    for part, people in members.items():
        more = (loose.get(department, ()) for department in {member.department for member in people})
        kept[part] = tuple(roster.teams[i] for i in sorted(own[part].union(*more)))
    return kept
