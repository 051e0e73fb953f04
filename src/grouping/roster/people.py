"""Members, as read from tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from grouping.roster.cells import Cells, number_of, text_of
from grouping.roster.columns import ATTRIBUTE, REMARK, missing_column
from grouping.roster.faults import choices, is_private_number
from grouping.roster.namesakes import groups_told_apart
from grouping.roster.native import decoded, plain_value
from grouping.roster.report import some_ids
from grouping.roster.schema import Member, Participation, Status
from grouping.roster.spelling import Spelling
from grouping.roster.synonyms import squeeze, value_words
from grouping.roster.teams import read_pattern
from grouping.roster.words import say

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from grouping.roster.faults import Faults
    from grouping.roster.places import Places
    from grouping.roster.rota import Rota
    from grouping.roster.schema import Team
    from grouping.roster.shiftwords import ShiftWords
    from grouping.roster.tables import Table
    from grouping.roster.teams import Teams

_CJK_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af·\s]+")
_MERGED = "fill it in; cells that were merged lose it in text files, so hand in the workbook itself"
_LARGEST_OFFSET = 3660
_TICKS = frozenset("√✓✔")
_MONTH_ONLY = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*月?")
_CREW = re.compile(r"[班值组]$|^(crew|shift|team)")


class MemberReader:
    """Reads the members; ``defaults`` and ``warnings`` tell what it had to assume."""

    def __init__(
        self,
        table: Table,
        places: Places,
        shifts: ShiftWords,
        teams: Teams,
        rota: Rota,
        faults: Faults,
        types: Mapping[str, str],
    ) -> None:
        self.table = table
        self.rota = rota
        self.types = types
        self.places = places
        self.shifts = shifts
        self.teams = teams
        self.faults = faults
        self.defaults: list[str] = []
        self.warnings: list[str] = []
        self.spelling = Spelling()
        for team in teams.teams:
            for field in ("department", "team", "business_line"):
                self.spelling.learn(field, getattr(team, field))
        self._from_remarks: list[str] = []
        self._ticked = {key for key in ("willing", "leader_eligible") if _is_ticked(table.parts, key)}
        self._month_only: dict[str, int] = {}
        self._attributes = sorted(
            {key for part in table.parts for key in part.headers if key.startswith(ATTRIBUTE)},
        )
        self._width = max(3, len(str(sum(len(part.rows) for part in table.parts))))
        self._inherited: dict[str, list[str]] = {}
        self._crews: list[str] = []
        self._follows_department = False
        self._unphased: list[str] = []
        self._unknown_teams: list[str] = []
        self._no_status: list[str] = []
        self._not_there: set[tuple[int, str]] = set()

    def read(self) -> tuple[Member, ...]:
        """Return the members, in the order of the rows."""
        for part in self.table.parts:
            self._check_columns(part)
        members = []
        seen: dict[str, Cells] = {}
        without_site: list[Cells] = []
        rows = (Cells(part, row, self.faults) for part in self.table.parts for row in part.rows)
        for position, cells in enumerate(rows, 1):
            member_id = self._identity(cells, position)
            if member_id in seen:
                cells.fault("duplicate_id", _stands_also_in(seen[member_id], cells), "member_id")
                member_id = None
            elif member_id is not None:
                seen[member_id] = cells
            member = self._member(cells, member_id or f"row {cells.row.number}")
            if member.site is None and not self._names_a_site(cells, member):
                without_site.append(cells)
            members.append(member)
        if len(without_site) < len(members):
            for cells in without_site:
                cells.fault("missing_site", "the member has no site, others have", "site")
        self._tell(no_site=bool(without_site))
        called, shared = groups_told_apart(members)
        if shared:
            text = "groups of one name in several branches are called by branch and name: {names}"
            self.defaults.append(say(text, names=choices(shared)))
        return called

    @property
    def has_identities(self) -> bool:
        """Whether rows say who they are about; without, nobody else's reference can be checked."""
        return all(_has_identity(part) for part in self.table.parts)

    def _check_columns(self, table: Table) -> None:
        """Record the columns that are missing; what they would hold is then not missed row by row."""
        missing = []
        if not _has_identity(table):
            missing.append(("member_id", "a column with ids or names is needed: member_id, 工号, name, 姓名 …"))
        if not table.has("department"):
            text = "a column with departments is needed: department, 部门 …; or a row 部门：餐饮部 above its members"
            missing.append(("department", text))
        has_rota = self.rota.table is not None and any(part.has("shift_pattern") for part in self.rota.table.parts)
        if not (table.has("shift_pattern") or has_rota or any(team.shift_pattern for team in self.teams.teams)):
            text = "a column with shifts is needed: shift, 班次, 班制 …, or teams or a rota that have one"
            missing.append(("shift_pattern", text))
        for field, message in missing:
            missing_column(table, field, say(message), self.faults)
            self._not_there.add((id(table), field))

    def _identity(self, cells: Cells, position: int) -> str | None:
        if not cells.table.has("member_id"):
            if cells.text("name") is None and cells.table.has("name"):
                cells.fault("missing_id", "the row has neither id nor name", "name")
            return f"M{position:0{self._width}d}"
        member_id = cells.identifier("member_id")
        if member_id is None:
            cells.fault("missing_id", "the id is missing", "member_id")
        elif len(member_id) > 10 and is_private_number(member_id):
            cells.fault("private_id", "the id looks like the number of an identity card or a phone", "member_id")
        return member_id

    def _member(self, cells: Cells, member_id: str) -> Member:
        one = self.spelling.one
        name = _name(cells.text("name"))
        if name is not None:
            self.faults.names.add("".join(name.split()))
        department = one("department", cells.text("department"))
        if department is None and (id(cells.table), "department") not in self._not_there:
            advice = _MERGED if self._follows_department and cells.table.sheet is None else None
            cells.fault("missing_department", "the department is missing", "department", advice)
        self._follows_department = self._follows_department or department is not None
        team_name = one("team", cells.text("team"))
        rota = self.rota.rows_of(member_id, name, department, team_name)
        rows = [cells, *rota]
        shift = _first_with(rows, "shift_pattern", "shift_pattern.id")
        if shift is cells and rota and _differs(cells, rota[0]):
            self.rota.differing.append(member_id)
        team = self.teams.of(department, team_name)
        if team_name is not None and team is None and self.teams.teams:
            self._unknown_teams.append(member_id)
        pattern = self._handed_down("shift_pattern", read_pattern(shift, self.shifts), team, member_id)
        told = shift.text("shift_pattern") or shift.text("shift_pattern.id")
        if pattern is None and not told and (id(cells.table), "shift_pattern") not in self._not_there:
            cells.fault(
                "missing_shift",
                "neither the member nor the team has a shift",
                "shift_pattern",
            )
        where = _first_with(rows, "site", "site.id")
        site = self._handed_down("site", self.places.read(where, "site"), team, member_id)
        line = self._handed_down("business_line", one("business_line", cells.text("business_line")), team, member_id)
        phase = _first_with(rows, "crew", "cycle_offset")
        crew = phase.text("crew")
        birth = cells.date("birth")
        joined_on, confirmed_on = self._day(cells, "joined_on"), self._day(cells, "confirmed_on")
        status = self._status(
            cells, is_derived_probationary=joined_on is not None and cells.text("confirmed_on") is None
        )
        member = {
            "member_id": member_id,
            "name": name,
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
            "cycle_offset": self._offset(phase, pattern, crew, member_id),
            "site": site,
            "branch": one("branch", cells.text("branch")),
            "current_group": one("current_group", cells.text("current_group")),
            "committee_role": cells.text("committee_role"),
            "skills": cells.words("skills"),
            "nominations": cells.integer("nominations"),
            "assessment": cells.number("assessment"),
            "willing": self._flag(cells, "willing"),
            "leader_eligible": self._flag(cells, "leader_eligible"),
            "participation": self._participation(cells),
            "attributes": self._further(cells),
        }
        return Member.model_validate(member)

    def _flag(self, cells: Cells, key: str) -> bool | None:
        """Return yes or no; in a column of ticks a blank cell is no."""
        return cells.flag(key) or False if key in self._ticked else cells.flag(key)

    def _day(self, cells: Cells, key: str) -> dt.date | None:
        """Return a date, and count those that tell only the month."""
        day = cells.date(key)
        if day is not None and day.day == 1 and _MONTH_ONLY.fullmatch(text_of(cells.raw(key))):
            header = cells.table.header_of(key)
            self._month_only[header] = self._month_only.get(header, 0) + 1
        return day

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
        if not cells.table.has("status"):
            derived = cells.table.has("confirmed_on") and is_derived_probationary
            return "probationary" if derived else "full"
        header, value = cells.table.header_of("status"), cells.identifier("status")
        if cells.text("status") is None:
            self._no_status.append(cells.identifier("member_id") or f"row {cells.row.number}")
        if value is not None and ("是否" in header):
            yes = value_words("bool").get(squeeze(value))
            if yes is not None:
                return "probationary" if (yes == "true") == ("预备" in header) else "full"
        offer = "bool" if "是否" in header else None
        return cast("Status", cells.choice("status", "status", offer=offer) or "full")

    def _participation(self, cells: Cells) -> Participation:
        told = cells.raw(REMARK)
        if told is not None:
            self._from_remarks.append(cells.identifier("member_id") or f"row {cells.row.number}")
            return cast("Participation", told)
        value = cells.identifier("participation")
        if value is None:
            return "normal"
        yes = value_words("bool").get(squeeze(value))
        if yes is not None:
            means_excused = "免" in cells.table.header_of("participation")
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
        if (
            pattern is None
            or not pattern.cycle
            or pattern.is_label
            or (pattern.crews or (2 if pattern.crew_step_days else 1)) < 2
        ):
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
            if name in self.types:
                value = self._typed(cells, key, self.types[name])
            elif name.startswith("rating_"):
                value = cells.number(key)
            elif name == "work_started_on":
                value = cells.date(key)
            elif name in {"zone", "branch_unit"}:
                value = cells.text(key)
            if value is not None:
                found.append((name, plain_value(value)))
        return tuple(found)

    @staticmethod
    def _typed(cells: Cells, key: str, kind: str) -> object:
        """Return the value of an attribute as a workbook of ours says."""
        if kind == "integer":
            return cells.integer(key, least=None)
        if kind == "number":
            return cells.number(key)
        if kind == "flag":
            return cells.flag(key)
        if kind == "date":
            return cells.date(key)
        if kind == "text":
            return text_of(cells.raw(key))
        try:
            return decoded(str(cells.raw(key)))
        except ValueError:
            cells.fault("bad_value", "not a value as this workbook wrote it", key)
            return None

    def _tell(self, *, no_site: bool) -> None:
        if not all(part.has("member_id") for part in self.table.parts):
            first = "M" + "1".zfill(self._width)
            self.defaults.append(say("no column with ids: members are numbered by row, from {first}", first=first))
        without = [part for part in self.table.parts if not part.has("status")]
        if without:
            if all(part.has("confirmed_on") and part.has("joined_on") for part in without):
                self.defaults.append(
                    say("no column with the status: probationary where the confirmation date is blank")
                )
            else:
                self.defaults.append(say("no column with the status: all members are full"))
        if self._no_status:
            text = "no status given, taken as full members: {ids}"
            self.defaults.append(say(text, ids=some_ids(self._no_status)))
        for field, ids in self._inherited.items():
            text = "{field} taken from the team for {count} members: {ids}"
            self.defaults.append(say(text, field=field, count=len(ids), ids=some_ids(ids)))
        if self._crews:
            self.defaults.append(say("cycle offset = crew × crew step for {count} members", count=len(self._crews)))
        patterns = self.shifts.patterns.values()
        labels = [pattern.names[0] for pattern in patterns if pattern.is_label and pattern.sequence]
        if labels:
            self.defaults.append(say("bare labels mean Monday to Friday: {labels}", labels=choices(labels)))
        for header, count in self._month_only.items():
            text = "{header}: {count} dates tell only the month, its first day is taken"
            self.defaults.append(say(text, header=header, count=count))
        for key in sorted(self._ticked):
            text = "{header}: every filled cell is a tick, so blank ones mean no"
            self.defaults.append(say(text, header=self.table.header_of(key)))
        if self._from_remarks:
            text = "way of taking part told by the remarks, which are not stored: {ids}"
            self.defaults.append(say(text, ids=some_ids(self._from_remarks)))
        self.defaults += self.spelling.tell()
        self.warnings += self.rota.warn()
        if self._unphased:
            text = "no cycle offset and no known crew, offset 0 assumed: {ids}"
            self.warnings.append(say(text, ids=some_ids(self._unphased)))
        if self._unknown_teams:
            self.warnings.append(say("their team is not in the teams table: {ids}", ids=some_ids(self._unknown_teams)))
        if no_site:
            self.warnings.append(say("no member has a site: travel cannot be judged"))
        unknown = [pattern.names[0] for pattern in patterns if pattern.is_label and not pattern.sequence]
        if unknown:
            text = "unknown shifts taken as labels (equal ones can meet): {labels}"
            self.warnings.append(say(text, labels=choices(unknown)))


def _first_with(rows: Sequence[Cells], *keys: str) -> Cells:
    """Return the first row that says something about one of the keys, the first of all if none does."""
    return next((cells for cells in rows if any(cells.text(key) for key in keys)), rows[0])


def _has_identity(table: Table) -> bool:
    return table.has("member_id") or table.has("name")


def _stands_also_in(first: Cells, second: Cells) -> str:
    """Return where an id was met before."""
    if first.table is second.table:
        return say("the id is also in row {row}", row=first.row.number)
    return say("the id is also in row {row} of {table}", row=first.row.number, table=first.table.name)


def _is_ticked(tables: Sequence[Table], key: str) -> bool:
    """Whether all filled cells of a column are ticks."""
    found = {str(row.cells[key]) for table in tables for row in table.rows if key in row.cells}
    return bool(found) and found <= _TICKS


def _differs(one: Cells, other: Cells) -> bool:
    """Whether two rows name different shifts."""
    texts = [(cells.text("shift_pattern"), cells.text("shift_pattern.id")) for cells in (one, other)]
    return any(mine and theirs and squeeze(mine) != squeeze(theirs) for mine, theirs in zip(*texts, strict=True))


def zones_of(table: Table, members: Iterable[Member], faults: Faults) -> dict[str, str]:
    """Return site → zone as the members' rows say; a site in two zones is a fault."""
    zones: dict[str, str] = {}
    rows = ((part, row) for part in table.parts for row in part.rows)
    for member, (part, row) in zip(members, rows, strict=True):
        zone = member.get("zone")
        if member.site is None or zone is None:
            continue
        if zones.setdefault(member.site, text_of(zone)) != text_of(zone):
            text = "site {site!r} lies in zones {one!r} and {other!r}"
            message = say(text, site=member.site, one=zones[member.site], other=text_of(zone))
            faults.add("conflicting_zone", message, table=part, row=row, key=ATTRIBUTE + "zone")
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
