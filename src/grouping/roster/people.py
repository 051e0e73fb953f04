"""Members, as read from tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from grouping.roster.cells import Cells, number_of, text_of
from grouping.roster.faults import choices
from grouping.roster.report import some_ids
from grouping.roster.schema import Member, Participation, Status
from grouping.roster.synonyms import squeeze, value_words
from grouping.roster.tables import ATTRIBUTE
from grouping.roster.teams import read_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grouping.roster.faults import Faults
    from grouping.roster.places import Places
    from grouping.roster.schema import Team
    from grouping.roster.shifts import ShiftWords
    from grouping.roster.tables import Table
    from grouping.roster.teams import Teams

_CJK_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af·\s]+")
_LARGEST_OFFSET = 3660
_CREW = re.compile(r"[班值组]$|^(crew|shift|team)")


class MemberReader:
    """Reads the members; ``defaults`` and ``warnings`` tell what it had to assume."""

    def __init__(self, table: Table, places: Places, shifts: ShiftWords, teams: Teams, faults: Faults) -> None:
        self.table = table
        self.places = places
        self.shifts = shifts
        self.teams = teams
        self.faults = faults
        self.defaults: list[str] = []
        self.warnings: list[str] = []
        self._attributes = sorted(key for key in table.headers if key.startswith(ATTRIBUTE))
        self._width = max(3, len(str(len(table.rows))))
        self._inherited: dict[str, list[str]] = {}
        self._crews: list[str] = []
        self._unphased: list[str] = []
        self._unknown_teams: list[str] = []

    def read(self) -> tuple[Member, ...]:
        """Return the members, in the order of the rows."""
        if not self._has_columns():
            return ()
        members = []
        seen: dict[str, int] = {}
        without_site: list[Cells] = []
        for position, row in enumerate(self.table.rows, 1):
            cells = Cells(self.table, row, self.faults)
            member_id = self._identity(cells, position)
            if member_id in seen:
                cells.fault(
                    "duplicate_id",
                    f"the id is also in row {seen[member_id]}",
                    "member_id",
                    "give each member an id of its own",
                )
                member_id = None
            elif member_id is not None:
                seen[member_id] = row.number
            member = self._member(cells, member_id or f"row {row.number}")
            if member is None:
                continue
            if member.site is None and not self._names_a_site(cells, member):
                without_site.append(cells)
            members.append(member)
        if len(without_site) < len(members):
            for cells in without_site:
                cells.fault(
                    "missing_site", "the member has no site, others have", "site", "give it here or to the team"
                )
        self._tell(no_site=bool(without_site))
        return tuple(members)

    def _has_columns(self) -> bool:
        missing = []
        if not self.table.has("member_id") and not self.table.has("name"):
            missing.append(("member_id", "a column with ids or names is needed: member_id, 工号, name, 姓名 …"))
        if not self.table.has("department"):
            missing.append(("department", "a column with departments is needed: department, 部门 …"))
        if not self.table.has("shift_pattern") and not any(team.shift_pattern for team in self.teams.teams):
            missing.append(
                ("shift_pattern", "a column with shifts is needed: shift, 班次, 班制 …, or teams that have one")
            )
        ignored = choices(header for header, _ in self.table.ignored)
        for field, message in missing:
            advice = "tell which it is by columns={'their header': '" + field + "'}"
            self.faults.add(
                "missing_column",
                message,
                table=self.table,
                advice=f"{advice}; not understood: {ignored}" if ignored else advice,
            )
        return not missing

    def _identity(self, cells: Cells, position: int) -> str | None:
        if not self.table.has("member_id"):
            if cells.text("name") is None:
                cells.fault("missing_id", "the row has neither id nor name", "name")
            return f"M{position:0{self._width}d}"
        member_id = cells.identifier("member_id")
        if member_id is None:
            cells.fault("missing_id", "the id is missing", "member_id", "give each member an id of its own")
        return member_id

    def _member(self, cells: Cells, member_id: str) -> Member | None:
        department = cells.text("department")
        if department is None:
            cells.fault("missing_department", "the department is missing", "department")
        team_name = cells.text("team")
        team = self.teams.of(department, team_name)
        if team_name is not None and team is None and self.teams.teams:
            self._unknown_teams.append(member_id)
        pattern = self._handed_down("shift_pattern", read_pattern(cells, self.shifts), team, member_id)
        if pattern is None and not (cells.text("shift_pattern") or cells.text("shift_pattern.id")):
            cells.fault(
                "missing_shift",
                "neither the member nor the team has a shift",
                "shift_pattern",
                "give it here or to the team",
            )
        site = self._handed_down("site", self.places.read(cells, "site"), team, member_id)
        line = self._handed_down("business_line", cells.text("business_line"), team, member_id)
        crew = cells.text("crew")
        birth = cells.date("birth")
        joined_on, confirmed_on = cells.date("joined_on"), cells.date("confirmed_on")
        status = self._status(
            cells, is_derived_probationary=joined_on is not None and cells.text("confirmed_on") is None
        )
        member = {
            "member_id": member_id,
            "name": _name(cells.text("name")),
            "gender": cells.choice("gender", "gender"),
            "birth": f"{birth:%Y-%m}" if birth else None,
            "education": cells.text("education"),
            "joined_on": joined_on,
            "confirmed_on": confirmed_on,
            "status": status,
            "department": department or "?",
            "business_line": line,
            "team": team_name,
            "post": cells.text("post"),
            "shift_pattern": pattern,
            "crew": crew,
            "cycle_offset": self._offset(cells, pattern, crew, member_id),
            "site": site,
            "branch": cells.text("branch"),
            "current_group": cells.text("current_group"),
            "committee_role": cells.text("committee_role"),
            "skills": cells.words("skills"),
            "nominations": cells.integer("nominations"),
            "assessment": cells.number("assessment"),
            "willing": cells.flag("willing"),
            "leader_eligible": cells.flag("leader_eligible"),
            "participation": self._participation(cells),
            "attributes": self._further(cells),
        }
        return Member.model_validate(member)

    def _handed_down(self, field: str, own: str | None, team: Team | None, member_id: str) -> str | None:
        if own is not None or team is None:
            return own
        value = cast("str | None", getattr(team, field))
        if value is not None:
            self._inherited.setdefault(field, []).append(member_id)
        return value

    @staticmethod
    def _names_a_site(cells: Cells, member: Member) -> bool:
        return bool(cells.text("site") or cells.text("site.id")) and member.site is None

    def _status(self, cells: Cells, *, is_derived_probationary: bool) -> Status:
        if not self.table.has("status"):
            derived = self.table.has("confirmed_on") and is_derived_probationary
            return "probationary" if derived else "full"
        header, value = self.table.header_of("status"), cells.identifier("status")
        if value is not None and ("是否" in header):
            yes = value_words("bool").get(squeeze(value))
            if yes is not None:
                return "probationary" if (yes == "true") == ("预备" in header) else "full"
        return cast("Status", cells.choice("status", "status") or "full")

    def _participation(self, cells: Cells) -> Participation:
        value = cells.identifier("participation")
        if value is None:
            return "normal"
        yes = value_words("bool").get(squeeze(value))
        if yes is not None:
            means_excused = "免" in self.table.header_of("participation")
            return "excused" if (yes == "true") == means_excused else "normal"
        return cast("Participation", cells.choice("participation", "participation") or "normal")

    def _offset(self, cells: Cells, pattern_id: str | None, crew: str | None, member_id: str) -> int:
        pattern = self.shifts.patterns.get(pattern_id or "")
        raw = cells.raw("cycle_offset")
        if cells.text("cycle_offset") is not None:
            if _is_offset(raw):
                return cells.integer("cycle_offset", least=None) or 0
            start = cells.date("cycle_offset")
            return (pattern.anchor - start).days % pattern.cycle if start and pattern and pattern.cycle else 0
        if pattern is None or not pattern.cycle or pattern.is_label or (pattern.crews or 1) < 2:
            return 0
        index = value_words("crew").get(_CREW.sub("", squeeze(crew))) if crew else None
        if index is None or pattern.crew_step_days is None:
            self._unphased.append(member_id)
            return 0
        self._crews.append(member_id)
        return int(index) * pattern.crew_step_days % pattern.cycle

    def _further(self, cells: Cells) -> tuple[tuple[str, object], ...]:
        found = []
        for key in self._attributes:
            name, value = key.removeprefix(ATTRIBUTE), cells.raw(key)
            if value is None:
                continue
            if name.startswith("rating_"):
                value = cells.number(key)
            elif name == "work_started_on":
                value = cells.date(key)
            elif name in {"zone", "branch_unit"}:
                value = cells.text(key)
            if value is not None:
                found.append((name, value))
        return tuple(found)

    def _tell(self, *, no_site: bool) -> None:
        if not self.table.has("member_id"):
            self.defaults.append("no column with ids: members are numbered by row, from M" + "1".zfill(self._width))
        if not self.table.has("status"):
            derived = self.table.has("confirmed_on") and self.table.has("joined_on")
            how = "probationary where the confirmation date is blank" if derived else "all members are full"
            self.defaults.append(f"no column with the status: {how}")
        for field, ids in self._inherited.items():
            self.defaults.append(f"{field} taken from the team for {len(ids)} members: {some_ids(ids)}")
        if self._crews:
            self.defaults.append(f"cycle offset = crew × crew step for {len(self._crews)} members")
        labels = [
            pattern.names[0] for pattern in self.shifts.patterns.values() if pattern.is_label and pattern.sequence
        ]
        if labels:
            self.defaults.append(f"bare labels mean Monday to Friday: {choices(labels)}")
        if self._unphased:
            unphased = some_ids(self._unphased)
            self.warnings.append(f"no cycle offset and no known crew, offset 0 assumed: {unphased}")
        if self._unknown_teams:
            self.warnings.append(f"their team is not in the teams table: {some_ids(self._unknown_teams)}")
        if no_site:
            self.warnings.append("no member has a site: travel cannot be judged")
        unknown = [
            pattern.names[0] for pattern in self.shifts.patterns.values() if pattern.is_label and not pattern.sequence
        ]
        if unknown:
            self.warnings.append(f"unknown shifts taken as labels (equal ones can meet): {choices(unknown)}")


def zones_of(table: Table, members: Iterable[Member], faults: Faults) -> dict[str, str]:
    """Return site → zone as the members' rows say; a site in two zones is a fault."""
    zones: dict[str, str] = {}
    for member in members:
        zone = member.get("zone")
        if member.site is None or zone is None:
            continue
        if zones.setdefault(member.site, text_of(zone)) != text_of(zone):
            message = f"site {member.site!r} lies in zones {zones[member.site]!r} and {text_of(zone)!r}"
            faults.add(
                "conflicting_zone", message, table=table, key=ATTRIBUTE + "zone", advice="give one zone per site"
            )
    return zones


def _is_offset(value: object) -> bool:
    """Whether a cell holds a number of days, and not the date on which the crew's cycle begins."""
    try:
        return abs(number_of(value)) < _LARGEST_OFFSET
    except ValueError:
        return False


def _name(text: str | None) -> str | None:
    if text is None:
        return None
    return "".join(text.split()) if _CJK_NAME.fullmatch(text) else " ".join(text.split())
