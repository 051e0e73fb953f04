"""The roster: who the members are, when they are free, how far apart they work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING

from grouping.errors import Issue, RosterError
from grouping.roster.availability import STATES, states
from grouping.roster.faults import id_or_nothing
from grouping.roster.report import RosterReport
from grouping.roster.schema import (
    MEMBER_FIELDS,
    CommitteeMember,
    Member,
    Request,
    ShiftCode,
    ShiftPattern,
    Site,
    Slot,
    Team,
)
from grouping.roster.slots import check_unique, grid, horizon, label_slots
from grouping.roster.teams import Teams
from grouping.roster.travel import minutes_between
from grouping.roster.words import say

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from grouping.roster.places import TravelEntry


@dataclass(frozen=True, repr=False)
class Roster:
    """The members of an organisation with everything that is known about them.

    Made by `read_roster` or `Roster.from_frame`, which check it; immutable, picklable, equal by content.

    Attributes
    ----------
    members, teams, sites, shift_codes, shift_patterns, committee, requests : the records, in the order given
    explicit_shifts : (member id, date) → shift code, where a personal calendar overrides the pattern
    report : how the roster was understood, not part of its identity
    """

    members: tuple[Member, ...]
    teams: tuple[Team, ...] = ()
    sites: tuple[Site, ...] = ()
    shift_codes: tuple[ShiftCode, ...] = ()
    shift_patterns: tuple[ShiftPattern, ...] = ()
    explicit_shifts: Mapping[tuple[str, dt.date], str] = field(default_factory=dict)
    committee: tuple[CommitteeMember, ...] = ()
    requests: tuple[Request, ...] = ()
    travel: tuple[TravelEntry, ...] = ()
    report: RosterReport = field(default_factory=RosterReport, compare=False)

    def __post_init__(self) -> None:
        """Make the calendar read-only."""
        object.__setattr__(self, "explicit_shifts", MappingProxyType(dict(self.explicit_shifts)))

    def __getstate__(self) -> dict[str, object]:
        """Return the state to pickle, the calendar as a plain dict."""
        return {**self.__dict__, "explicit_shifts": dict(self.explicit_shifts)}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Take the state of a pickle."""
        self.__dict__.update(state)
        self.__post_init__()

    @classmethod
    def from_frame(
        cls,
        df: pd.DataFrame | Iterable[Mapping[str, object]],
        *,
        teams: pd.DataFrame | None = None,
        sites: pd.DataFrame | None = None,
        travel_minutes: pd.DataFrame | None = None,
        shift_codes: pd.DataFrame | None = None,
        shift_patterns: pd.DataFrame | None = None,
        explicit_shifts: pd.DataFrame | None = None,
        committee: pd.DataFrame | None = None,
        constraints: pd.DataFrame | None = None,
        rota: pd.DataFrame | None = None,
        columns: Mapping[str, str | None] | None = None,
        unknown_shift: str = "error",
        usual_rotas: bool = False,
    ) -> Roster:
        """Return the roster that DataFrames or lists of dicts describe; they are not changed.

        Headers are English or Chinese.

        Parameters
        ----------
        df : one row per member; at least an id or a name, a department and a shift (a site too, for travel)
        teams, sites, travel_minutes, shift_codes, shift_patterns, explicit_shifts, committee, constraints, rota :
            companion tables, each optional
        columns : ``{"their header": "our field"}`` where a header of ``df`` is not understood; a new name makes
            a further attribute
        unknown_shift : "error", or "label" to let members with the same unknown shift meet
        usual_rotas : True confirms the package's catalogue of usual rotas, see `read_roster`

        Raises
        ------
        RosterError
            With every fault of every table.
        """
        from grouping.roster.read import roster_from_frames

        companions = {
            "teams": teams,
            "sites": sites,
            "travel_minutes": travel_minutes,
            "shift_codes": shift_codes,
            "shift_patterns": shift_patterns,
            "explicit_shifts": explicit_shifts,
            "committee": committee,
            "constraints": constraints,
            "rota": rota,
        }
        return roster_from_frames(df, companions, columns=columns, unknown_shift=unknown_shift, usual_rotas=usual_rotas)

    def with_report(self, report: RosterReport) -> Roster:
        """Return the same roster with another report."""
        return replace(self, report=report)

    def with_members(self, members: Iterable[Member]) -> Roster:
        """Return a roster of other members with the same companion tables."""
        return replace(self, members=tuple(members))

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self.members)

    def __repr__(self) -> str:
        """Return the numbers of members, teams and sites."""
        return f"Roster({len(self.members)} members, {len(self.teams)} teams, {len(self.sites)} sites)"

    def __hash__(self) -> int:
        """Return a hash of the member ids."""
        return hash(self.member_ids)

    @property
    def member_ids(self) -> tuple[str, ...]:
        """The ids of the members, in order."""
        return tuple(member.member_id for member in self.members)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Fields and further attributes of which at least one member has a value."""
        fields = [
            name for name in MEMBER_FIELDS if any(getattr(member, name) not in (None, ()) for member in self.members)
        ]
        return (*fields, *self.extra_attributes())

    def extra_attributes(self) -> tuple[str, ...]:
        """Return the names of the further attributes, in the order in which they are met."""
        return tuple(dict.fromkeys(name for member in self.members for name, _ in member.attributes))

    def column(self, attr: str) -> list[object]:
        """Return a field or further attribute of every member, in order; None where it is missing.

        Raises
        ------
        RosterError
            If no member could have it; the nearest names are in the advice.
        """
        extras = self.extra_attributes()
        if attr not in MEMBER_FIELDS and attr not in extras:
            known = [*self.attributes, *MEMBER_FIELDS]
            close = list(dict.fromkeys(get_close_matches(attr, known, n=4, cutoff=0.5)))
            advice = "use one of: " + ", ".join(close or dict.fromkeys(known))
            raise RosterError(
                Issue("unknown_attribute", say("the roster has no such attribute"), value=attr, advice=advice)
            )
        return [member.get(attr) for member in self.members]

    @property
    def uncovered_teams(self) -> tuple[Team, ...]:
        """Teams of the teams table that no member belongs to."""
        covered = self._covered()
        return tuple(team for team in self.teams if (team.department, team.team) not in covered)

    def _covered(self) -> set[tuple[str | None, str]]:
        teams = Teams(self.teams)
        found = (teams.of(member.department, member.team) for member in self.members)
        return {(team.department, team.team) for team in found if team is not None}

    def select(self, member_ids: Iterable[str]) -> Roster:
        """Return the roster of some members, in this roster's order.

        Companion tables stay, as far as they concern these members. A team stays if one of them belongs to it, or if
        nobody does and one of them is of its department.
        """
        wanted = set(member_ids)
        unknown = sorted(wanted.difference(self.member_ids))
        if unknown:
            raise RosterError(
                [
                    Issue("unknown_member", say("not a member of the roster"), value=id_or_nothing(str(one)))
                    for one in unknown
                ]
            )
        members = tuple(member for member in self.members if member.member_id in wanted)
        departments = {member.department for member in members}
        covered = self._covered()
        small = replace(self, members=members)
        kept = small._covered()
        teams = tuple(
            team
            for team in self.teams
            if (team.department, team.team) in kept
            or ((team.department, team.team) not in covered and team.department in departments)
        )
        from grouping.roster.remarks import name_warnings, size_warnings

        report = replace(self.report, members=len(members), warnings=(*name_warnings(members), *size_warnings(members)))
        return replace(
            small,
            teams=teams,
            explicit_shifts={key: code for key, code in self.explicit_shifts.items() if key[0] in wanted},
            committee=tuple(person for person in self.committee if person.member_id in wanted),
            requests=tuple(request for request in self.requests if wanted.issuperset(request.members)),
            report=report,
        )

    def _used_patterns(self) -> list[ShiftPattern]:
        used = {member.shift_pattern for member in self.members}
        return [pattern for pattern in self.shift_patterns if pattern.pattern_id in used]

    def has_known_shifts(self) -> list[bool]:
        """Return for every member, in order, whether a rota's sequence, a label or a calendar says when it works."""
        known = {one.pattern_id for one in self.shift_patterns if one.cycle or one.is_label}
        with_calendar = {member_id for member_id, _ in self.explicit_shifts}
        return [one.shift_pattern in known or one.member_id in with_calendar for one in self.members]

    def horizon(self) -> tuple[dt.date, ...]:
        """Return the days of the default slots: lcm(cycles, 7) days from the latest anchor date on, at most 112."""
        used = self._used_patterns()
        irregular_patterns = {pattern.pattern_id for pattern in used if not pattern.cycle and not pattern.is_label}
        irregular = {member.member_id for member in self.members if member.shift_pattern in irregular_patterns}
        return horizon(used, irregular, self.explicit_shifts)

    def default_slots(self) -> tuple[Slot, ...]:
        """Return the default grid of slots over the `horizon`, and a pseudo slot per unknown label."""
        days = self.horizon()
        return (*grid(days), *label_slots(self._used_patterns(), days[0]))

    def slots(self, slots: Sequence[Slot] | pd.DataFrame | str | Path | None = None) -> tuple[Slot, ...]:
        """Return slots in any of the forms that `availability` takes, as records."""
        if slots is None:
            return self.default_slots()
        if isinstance(slots, Sequence) and not isinstance(slots, str):
            check_unique(slots)
            return tuple(slots)
        from grouping.roster.read import slots_from

        return slots_from(slots)

    def availability_codes(
        self, slots: Sequence[Slot] | pd.DataFrame | str | Path | None = None
    ) -> tuple[NDArray[np.uint8], tuple[Slot, ...]]:
        """Return members × slots as numbers, and the slots: 0 on duty, 1 adjacent, 2 resting, 3 off."""
        chosen = self.slots(slots)
        patterns = {pattern.pattern_id: pattern for pattern in self.shift_patterns}
        return states(self.members, self.shift_codes, patterns, self.explicit_shifts, chosen), chosen

    def availability(self, slots: Sequence[Slot] | pd.DataFrame | str | Path | None = None) -> pd.DataFrame:
        """Return members × slots: "D" on duty, "A" adjacent to a shift, "R" protected rest, "O" off.

        Parameters
        ----------
        slots : None for the default grid, slots, or a table of slots (a DataFrame or the path of a CSV file)
        """
        import numpy as np
        import pandas as pd

        codes, chosen = self.availability_codes(slots)
        letters = np.array(STATES, dtype=object)[codes]
        index = pd.Index(list(self.member_ids), name="member_id")
        return pd.DataFrame(letters, index=index, columns=pd.Index([slot.slot_id for slot in chosen], name="slot_id"))

    def minutes_matrix(self) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """Return the keys of all sites, and sites × sites travel minutes."""
        return tuple(site.site for site in self.sites), minutes_between(self.sites, self.travel)

    def travel_minutes(self) -> pd.DataFrame:
        """Return sites × sites travel minutes."""
        import pandas as pd

        keys, minutes = self.minutes_matrix()
        return pd.DataFrame(minutes, index=pd.Index(keys, name="from_site"), columns=pd.Index(keys, name="to_site"))

    def to_frame(self) -> pd.DataFrame:
        """Return a DataFrame, one row per member; it holds the members' names.

        `from_frame` reads it back, given the same companion tables (rotas, sites, teams) that the roster had.
        """
        import pandas as pd

        data: dict[str, list[object]] = {name: self.column(name) for name in MEMBER_FIELDS}
        data["skills"] = [";".join(member.skills) or None for member in self.members]
        data.update({name: self.column(name) for name in self.extra_attributes()})
        return pd.DataFrame({name: pd.Series(values, dtype=_dtype(values)) for name, values in data.items()})

    def to_excel(self, path: str | Path, *, lang: str = "zh", force: bool = False) -> Path:
        """Write the roster with all its tables as a workbook, which `read_roster` reads back as an equal roster.

        It holds the members' names. Texts stay texts, whatever they begin with; the file appears whole or not at all.

        Parameters
        ----------
        path : of the .xlsx file
        lang : of the headers, "zh" or "en"
        force : True overwrites a file that is there

        Raises
        ------
        InputError
            When the file is there and ``force`` is False, or it cannot be written.
        """
        from grouping.roster.excel import workbook_of
        from grouping.writing import write_file

        return write_file(path, workbook_of(self, lang), force=force)

    def pseudonymized(self, key: str | bytes) -> Roster:
        """Return the same roster with a pseudonym for each id, and without names.

        The same key gives a member the same pseudonym in every roster; `pseudonyms` gives the holder of the key the
        list. What else is in the roster (posts, dates, departments) stays, so the result is still personal data.

        Parameters
        ----------
        key : a secret of at least eight bytes

        Raises
        ------
        RosterError
            If the key is too short.

        Examples
        --------
        >>> import grouping as gp
        >>> roster = gp.read_roster(gp.sample_path("branch_42")).pseudonymized("a secret of ours")
        >>> roster.members[0].name, len(roster.member_ids[0])
        (None, 13)
        """
        from grouping.roster.pseudonyms import pseudonymized

        return pseudonymized(self, key)

    def pseudonyms(self, key: str | bytes) -> dict[str, str]:
        """Return member id → pseudonym under a key, for who may know both."""
        from grouping.roster.pseudonyms import pseudonyms

        return pseudonyms(self, key)


def _dtype(values: list[object]) -> str | None:
    """Return "object" for columns that pandas would change, such as whole numbers with gaps."""
    kinds = {type(value) for value in values}
    return None if kinds in ({str}, {int}, {float}, {bool}) else "object"
