"""From matched tables to a `Roster`: read all, collect every fault, raise once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grouping.errors import Issue, RosterError
from grouping.roster.columns import ATTRIBUTE, REMARK, missing_column
from grouping.roster.faults import choices
from grouping.roster.layout import NEEDED
from grouping.roster.membersheets import shared_names
from grouping.roster.people import MemberReader, zones_of
from grouping.roster.places import read_sites, read_travel
from grouping.roster.remarks import (
    anchor_warnings,
    calendar_warnings,
    echo,
    joins,
    name_warnings,
    reach_warnings,
    rota_warnings,
    size_warnings,
)
from grouping.roster.report import RosterReport, some_ids
from grouping.roster.roster import Roster
from grouping.roster.rota import Rota, ids_of_rotas
from grouping.roster.rules import People, read_calendar, read_committee, read_requests
from grouping.roster.shifts import LABEL_ANCHOR, read_codes, read_patterns
from grouping.roster.shiftwords import ShiftWords
from grouping.roster.tables import Table
from grouping.roster.teams import read_teams
from grouping.roster.words import say

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from grouping.roster.faults import Faults

_SHOWN = 12


def check_option(unknown_shift: str) -> None:
    """Raise if ``unknown_shift`` is neither "error" nor "label"."""
    if unknown_shift not in {"error", "label"}:
        raise RosterError(
            Issue("bad_option", say("unknown_shift must be 'error' or 'label'"), value=str(unknown_shift))
        )


def build_roster(
    tables: Mapping[str, Table],
    faults: Faults,
    *,
    unknown_shift: str,
    usual_rotas: bool = False,
    anchor: tuple[dt.date, str] | None = None,
    notes: Sequence[str] = (),
    warnings: Sequence[str] = (),
    tables_ignored: Sequence[tuple[str, str]] = (),
    types: Mapping[str, str] | None = None,
) -> Roster:
    """Return the roster that the tables describe.

    Parameters
    ----------
    tables : by kind; without "roster" there must be a fault that says why, and the others are only checked
    faults : may already hold faults; all are raised together
    unknown_shift : "error", or "label" to let members with the same unknown label meet
    usual_rotas : whether the caller confirms the catalogue of usual rotas
    anchor : the anchor date of rotas that have none, and where it was found
    notes, warnings, tables_ignored : what reading the files found, for the report
    types : further attribute → type, from a workbook of ours

    Raises
    ------
    RosterError
        With every fault of every table.
    """
    table = tables.get("roster")
    usable = {kind: other for kind, other in tables.items() if _has_needed(kind, other, faults)}
    codes = read_codes(usable.get("shift_codes"), faults)
    unanchored: list[str] = []
    together: dict[str, list[str]] = {}
    patterns = read_patterns(
        usable.get("shift_patterns"),
        codes,
        faults,
        unanchored,
        anchor[0] if anchor else LABEL_ANCHOR,
        ids=ids_of_rotas(part for other in usable.values() for part in other.parts),
        together=together,
    )
    shifts = ShiftWords(
        codes,
        patterns,
        unknown_as_label=unknown_shift == "label" or _is_lost("shift_patterns", tables, usable),
        usual_rotas=usual_rotas,
        usual_anchor=anchor[0] if anchor else LABEL_ANCHOR,
    )
    places = read_sites(usable.get("sites"), faults)
    teams = read_teams(usable.get("teams"), places, shifts, faults)
    if table is not None and not any(part.rows for part in table.parts):
        faults.add("empty_table", "the roster has no rows", table=table, cell=table.header_cells())
    rota = Rota(usable.get("rota"), faults, shared_names(table.parts if table and "rota" in usable else ()))
    reader = MemberReader(table or Table("roster", ""), places, shifts, teams, rota, faults, types or {})
    members = reader.read() if table is not None else ()
    people = People(members, is_complete=bool(members) and reader.has_identities)
    travel = read_travel(usable.get("travel_minutes"), places, faults)
    if table is not None and not places.is_closed:
        places.set_zones(zones_of(table, members, faults))
    calendar = read_calendar(usable.get("explicit_shifts"), people, codes, faults)
    committee = read_committee(usable.get("committee"), people, faults)
    requests = read_requests(usable.get("constraints"), people, faults)
    faults.raise_if_any()
    sectioned = [_sectioned(part) for other in tables.values() for part in other.parts if part.sections]
    defaults = [*notes, *sectioned, *reader.defaults]
    if "shift_codes" not in tables:
        defaults.append(say("shift codes: the built-in ones"))
    if any(site.lat is not None and site.crs is None for site in places.sites.values()):
        defaults.append(say("sites without a coordinate system: one and the same is assumed"))
    for meaning, rotas in together.items():
        text = "{meaning} in rotas that have no other shifts: {rotas}"
        defaults.append(say(text, meaning=meaning, rotas=some_ids(rotas)))
    if shifts.by_name:
        pairs = ", ".join(f"{theirs} = {name}" for theirs, name in list(shifts.by_name.items())[:_SHOWN])
        text = "ids of rotas that are defined by their name only: {pairs}"
        defaults.append(say(text, pairs=pairs))
    unanchored += [pattern.pattern_id for pattern in shifts.taken if pattern.pattern_id not in unanchored]
    if unanchored and anchor is not None:
        text = "anchor date {day} of {count} rotas taken from the note in {place}"
        defaults.append(say(text, day=anchor[0].isoformat(), count=len(unanchored), place=anchor[1]))
    roster = Roster(
        members=members,
        teams=teams.teams,
        sites=tuple(places.sites.values()),
        shift_codes=tuple(codes.values()),
        shift_patterns=tuple(shifts.patterns.values()),
        explicit_shifts=calendar,
        committee=committee,
        requests=requests,
        travel=travel,
    )
    parts = [part for other in tables.values() for part in other.parts]
    report = RosterReport(
        rows=tuple((part.name, len(part.rows) + len(part.skipped)) for part in parts),
        members=len(members),
        columns_used=tuple(
            (part.name, theirs, _plain_key(ours)) for part in parts for ours, theirs in part.headers.items()
        ),
        columns_ignored=tuple((part.name, theirs, why) for part in parts for theirs, why in part.ignored),
        skipped=tuple((part.name, number, why) for part in parts for number, why in part.skipped),
        tables_ignored=tuple(tables_ignored),
        joins=(*joins(roster, tables), *rota.tell()),
        understood=tuple(echo(roster, shifts.taken)),
        defaults=tuple(defaults),
        warnings=(
            *warnings,
            *(_blanked(part) for part in parts if part.errors),
            *reader.warnings,
            *name_warnings(members),
            *size_warnings(members),
            *anchor_warnings([] if anchor else unanchored),
            *rota_warnings(roster, shifts),
            *reach_warnings(roster),
            *calendar_warnings(roster),
        ),
    )
    return roster.with_report(report)


def _sectioned(table: Table) -> str:
    """Return which departments the headings between the rows of a table tell, and of how many members."""
    units = choices(f"{unit} ({count})" for unit, count in table.sections.items())
    return say("{table}: departments taken from the headings between the rows: {units}", table=table.name, units=units)


def _blanked(table: Table) -> str:
    """Return which cells of a table hold an error and are read as blank."""
    text = "{table}: cells with an error are read as blank: {cells}"
    return say(text, table=table.name, cells=choices(table.errors))


def _plain_key(key: str) -> str:
    """Return our field without what tells several columns of one field apart."""
    if key == REMARK:
        return say("participation, nothing else of the remarks")
    return key.removeprefix(ATTRIBUTE) if key.startswith(ATTRIBUTE) else key.split(".")[0]


def _has_needed(kind: str, table: Table, faults: Faults) -> bool:
    """Whether a companion table has the columns it cannot do without; what is missing is a fault."""
    needed = NEEDED[kind] if kind != "roster" else ()
    missing = [(part, group) for part in table.parts for group in needed if not any(map(part.has, group))]
    for part, group in missing:
        message = say("a column {field!r} is needed", field=group[0])
        missing_column(part, group[0], message, faults, key=group[0])
    return not missing


def _is_lost(kind: str, tables: Mapping[str, Table], usable: Mapping[str, Table]) -> bool:
    """Whether a table is there but lacks columns: what refers to it is then not judged."""
    return kind in tables and kind not in usable
