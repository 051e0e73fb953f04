"""What a roster is made of: frozen records of members, teams, sites, shifts and rules."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["full", "probationary"]
Participation = Literal["normal", "online_only", "excused"]
Mode = Literal["onsite", "online"]

LABEL_PREFIX = "label:"
"""Pattern ids that begin so stand for a bare label of the roster, such as ``label:白班``."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Member(_Record):
    """A person to be grouped.

    ``name`` is for the outputs only: neither ``repr`` nor ``str`` of a member shows it.
    ``attributes`` are the further columns of the roster as ``(name, value)`` pairs, sorted by name, missing
    values left out; `get` reads fields and attributes alike.
    """

    member_id: str
    name: str | None = None
    gender: Literal["M", "F"] | None = None
    birth: str | None = None
    education: str | None = None
    joined_on: dt.date | None = None
    confirmed_on: dt.date | None = None
    status: Status = "full"
    department: str
    business_line: str | None = None
    team: str | None = None
    post: str | None = None
    shift_pattern: str | None = None
    crew: str | None = None
    cycle_offset: int = 0
    site: str | None = None
    branch: str | None = None
    current_group: str | None = None
    committee_role: str | None = None
    skills: tuple[str, ...] = ()
    nominations: int | None = None
    assessment: float | None = None
    willing: bool | None = None
    leader_eligible: bool | None = None
    participation: Participation = "normal"
    attributes: tuple[tuple[str, object], ...] = ()

    def get(self, attribute: str) -> object:
        """Return a field or a further attribute, None where it is missing."""
        if attribute in MEMBER_FIELDS:
            value: object = getattr(self, attribute)
            return value
        return next((value for name, value in self.attributes if name == attribute), None)

    def __repr__(self) -> str:
        """Return the id only."""
        return f"Member({self.member_id!r})"

    __str__ = __repr__


MEMBER_FIELDS: tuple[str, ...] = tuple(name for name in Member.model_fields if name != "attributes")


class Team(_Record):
    """A work team, also one without members of the roster."""

    team: str
    department: str | None = None
    business_line: str | None = None
    site: str | None = None
    shift_pattern: str | None = None
    employees: int | None = None
    declared_members: int | None = None


class Site(_Record):
    """A place of work; ``site`` is the key by which members and teams refer to it."""

    site: str
    site_id: str | None = None
    name: str | None = None
    lat: float | None = None
    lon: float | None = None
    crs: str | None = None
    zone: str | None = None
    capacity: int | None = None


class ShiftCode(_Record):
    """One kind of working day.

    ``segments`` are on-duty minutes counted from 00:00 of the day the shift begins on; an end beyond 1440 lies on
    the next day. After a segment its ``recovery_hours`` are protected rest.
    """

    code: str
    names: tuple[str, ...] = ()
    segments: tuple[tuple[int, int], ...] = ()
    recovery_hours: float = 0.0
    is_work: bool = True


class ShiftPattern(_Record):
    """A rota: the codes of successive days, repeated for ever from the anchor date.

    An empty ``sequence`` is an irregular rota, which only an explicit calendar fills. A member's code on a day is
    ``sequence[((day - anchor).days + cycle_offset) % cycle]``.
    """

    pattern_id: str
    names: tuple[str, ...] = ()
    sequence: tuple[str, ...] = ()
    anchor: dt.date
    crews: int | None = None
    crew_step_days: int | None = None

    @property
    def cycle(self) -> int:
        """Days after which the rota repeats; 0 for an irregular one."""
        return len(self.sequence)

    @property
    def is_label(self) -> bool:
        """Whether the pattern stands for a bare label: its weekdays are fixed, offsets do not move it."""
        return self.pattern_id.startswith(LABEL_PREFIX)


class CommitteeMember(_Record):
    """A member of a branch committee, who may guide groups; no ``business_lines`` means any."""

    member_id: str
    role: str | None = None
    branch: str | None = None
    max_groups: int | None = None
    business_lines: tuple[str, ...] = ()


class Request(_Record):
    """A rule or wish about named members that came with the roster."""

    kind: Literal["together", "apart", "not_leader"]
    members: tuple[str, ...]
    strength: Literal["must", "prefer"] = "must"
    note: str | None = Field(default=None, repr=False)


@dataclass(frozen=True)
class Slot:
    """A time at which a session could be held."""

    slot_id: str
    start: dt.datetime
    end: dt.datetime
    label: str = ""
    mode: Mode = "onsite"
