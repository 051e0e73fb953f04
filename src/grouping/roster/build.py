"""From matched tables to a `Roster`: read all, collect every fault, raise once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grouping.errors import Issue, RosterError
from grouping.roster.people import MemberReader, zones_of
from grouping.roster.places import read_sites, read_travel
from grouping.roster.report import RosterReport, name_warnings, size_warnings, some_ids
from grouping.roster.roster import Roster
from grouping.roster.rules import People, read_calendar, read_committee, read_requests
from grouping.roster.shifts import ShiftWords, read_codes, read_patterns
from grouping.roster.tables import ATTRIBUTE
from grouping.roster.teams import read_teams

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grouping.roster.faults import Faults
    from grouping.roster.schema import Member
    from grouping.roster.tables import Table

COMPANIONS = (
    "teams",
    "sites",
    "travel_minutes",
    "shift_codes",
    "shift_patterns",
    "explicit_shifts",
    "committee",
    "constraints",
)
_NEEDED = {
    "teams": ("team",),
    "travel_minutes": ("from_site", "to_site"),
    "shift_codes": ("code", "segments"),
    "shift_patterns": ("sequence", "anchor"),
    "explicit_shifts": ("member_id", "date", "code"),
    "committee": ("member_id",),
    "constraints": ("kind",),
}


def check_option(unknown_shift: str) -> None:
    """Raise if ``unknown_shift`` is neither "error" nor "label"."""
    if unknown_shift not in {"error", "label"}:
        raise RosterError(Issue("bad_option", "unknown_shift must be 'error' or 'label'", value=str(unknown_shift)))


def build_roster(tables: Mapping[str, Table], faults: Faults, *, unknown_shift: str) -> Roster:
    """Return the roster that the tables describe.

    Parameters
    ----------
    tables : by kind; "roster" must be there
    faults : may already hold faults; all are raised together
    unknown_shift : "error", or "label" to let members with the same unknown label meet

    Raises
    ------
    RosterError
        With every fault of every table.
    """
    table = tables["roster"]
    usable = {kind: other for kind, other in tables.items() if _has_needed(kind, other, faults)}
    codes = read_codes(usable.get("shift_codes"), faults)
    patterns = read_patterns(usable.get("shift_patterns"), codes, faults)
    shifts = ShiftWords(
        codes, patterns, unknown_as_label=unknown_shift == "label" or _is_lost("shift_patterns", tables, usable)
    )
    places = read_sites(usable.get("sites"), faults)
    teams = read_teams(usable.get("teams"), places, shifts, faults)
    if not table.rows:
        faults.add("empty_table", "the roster has no rows", table=table)
    reader = MemberReader(table, places, shifts, teams, faults)
    members = reader.read()
    people = People(members, is_complete=bool(members))
    travel = read_travel(usable.get("travel_minutes"), places, faults)
    if not places.is_closed:
        places.set_zones(zones_of(table, members, faults))
    calendar = read_calendar(usable.get("explicit_shifts"), people, codes, faults)
    committee = read_committee(usable.get("committee"), people, faults)
    requests = read_requests(usable.get("constraints"), people, faults)
    faults.raise_if_any()
    defaults = list(reader.defaults)
    if "shift_codes" not in tables:
        defaults.append("shift codes: the built-in ones")
    if any(site.lat is not None and site.crs is None for site in places.sites.values()):
        defaults.append("sites without a coordinate system: one and the same is assumed")
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
    report = RosterReport(
        rows=tuple((other.file, len(other.rows)) for other in tables.values()),
        members=len(members),
        columns_used=tuple(
            (other.file, theirs, _plain_key(ours))
            for other in tables.values()
            for ours, theirs in other.headers.items()
        ),
        columns_ignored=tuple((other.file, theirs, why) for other in tables.values() for theirs, why in other.ignored),
        defaults=tuple(defaults),
        warnings=(
            *reader.warnings,
            *name_warnings(members),
            *size_warnings(members),
            *_calendar_warnings(roster, members),
        ),
    )
    return roster.with_report(report)


def _plain_key(key: str) -> str:
    """Return our field without what tells several columns of one field apart."""
    return key.removeprefix(ATTRIBUTE) if key.startswith(ATTRIBUTE) else key.split(".")[0]


def _has_needed(kind: str, table: Table, faults: Faults) -> bool:
    missing = [field for field in _NEEDED.get(kind, ()) if not table.has(field)]
    if kind == "sites" and not table.has("site_id") and not table.has("name"):
        missing = ["site_id"]
    if kind == "shift_patterns" and not any(map(table.has, ("pattern_id", "name_zh", "name_en"))):
        missing.append("pattern_id")
    for field in missing:
        faults.add("missing_column", f"a column {field!r} is needed", table=table, key=field)
    return not missing


def _is_lost(kind: str, tables: Mapping[str, Table], usable: Mapping[str, Table]) -> bool:
    """Whether a table is there but lacks columns: what refers to it is then not judged."""
    return kind in tables and kind not in usable


def _calendar_warnings(roster: Roster, members: Iterable[Member]) -> list[str]:
    """Return which irregular members have days without a known shift within the default horizon."""
    irregular = {pattern.pattern_id for pattern in roster.shift_patterns if not pattern.cycle and not pattern.is_label}
    days = list(roster.horizon())
    calendar = roster.explicit_shifts
    gaps = [
        member.member_id
        for member in members
        if member.shift_pattern in irregular and any((member.member_id, day) not in calendar for day in days)
    ]
    if not gaps:
        return []
    return [f"irregular rota with days without a known shift, taken as on duty: {some_ids(gaps)}"]
