"""What is asked of temporary project groups: tasks, their roles and waves, who may lead, and named wishes.

All times are local and naive; an interval holds its start and not its end. A member who fills a role is *present*

- in a task of waves: from start to end of each wave that the member serves in;
- in a task without waves: on every day of the task within the role's daily hours (else the task's), cut to the
  task's start and end; without any daily hours, from the task's start to its end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Kind = Literal["planned", "emergency"]
Rounding = Literal["ceil", "floor"]
Strictness = Literal["must", "prefer", "ignore"]
Interval = tuple[dt.datetime, dt.datetime]
"""From, to; the end is not part of it."""

DAY = 1440


def _naive(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is not None:
        raise ValueError("a local time without a time zone is needed")
    return moment.replace(second=0, microsecond=0)


Moment = Annotated[dt.datetime, AfterValidator(_naive)]
"""A local time, to the minute."""


class TaskRecord(BaseModel):
    """Base of all records of this package: frozen, nothing unknown is accepted, no value in an error message."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Wave(TaskRecord):
    """A stretch of an operation after which fresh people take over; numbered from 1."""

    wave: int = Field(ge=1)
    starts: Moment
    ends: Moment

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.ends <= self.starts:
            raise ValueError("the wave ends before it starts")
        return self


class TaskRole(TaskRecord):
    """One kind of work within a task; ``grouping.Role`` is the waist's term of that name, and another thing.

    Attributes
    ----------
    skills_any : a member needs at least one of these; empty asks for none
    skills_all : a member needs all of these
    business_lines : a member's line is one of these; empty allows any
    min, max : different people who fill the role over the whole task
    per_wave : fewest present in each wave; 0 where the role need not be there all the time
    site : where it works; None is the task's site
    daily : daily hours as minutes from 00:00, the end beyond 1440 lies on the next day; None is the task's
    """

    name: str = Field(min_length=1)
    skills_any: tuple[str, ...] = ()
    skills_all: tuple[str, ...] = ()
    business_lines: tuple[str, ...] = ()
    min: int = Field(default=1, ge=0)
    max: int = Field(default=1, ge=1)
    per_wave: int = Field(default=0, ge=0)
    site: str | None = None
    daily: tuple[int, int] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.max < self.min:
            raise ValueError("max is below min")
        if self.daily is not None and not 0 <= self.daily[0] < DAY >= self.daily[1] - self.daily[0] > 0:
            raise ValueError("daily hours are a start before 24:00 and an end within a day of it")
        return self


class Lead(TaskRecord):
    """What a leader or deputy has to be; one always takes part in person and is of the task force itself.

    Attributes
    ----------
    required : False asks for none
    full_member : whether only full members may (R11, R12)
    eligible : whether members who are marked as not eligible may not
    first_wave : whether the holder serves in the first wave
    """

    required: bool = True
    full_member: bool = True
    eligible: bool = True
    first_wave: bool = False


class TaskRule(TaskRecord):
    """A rule or wish about named members; under ``must`` it is kept, under ``prefer`` breaking it costs points.

    ``together``: all of the members are in the same task, or none of them. ``apart``: at most one of them in a task.
    ``pin``: each of them is in the task (in the role, if one is named). ``forbid``: none of them is in the task (in
    the role). ``exclude``: none of them is in any task. No ``task`` means every task, for ``pin`` any one of them.

    Examples
    --------
    >>> TaskRule(kind="pin", members=("HQ0012",), role="conference attendants").task is None
    True
    """

    kind: Literal["together", "apart", "pin", "forbid", "exclude"]
    members: tuple[str, ...] = Field(min_length=1)
    task: str | None = None
    role: str | None = None


class TaskLimits(TaskRecord):
    """Limits of one task, where they differ from the policy's; None leaves the policy's. See :class:`TaskPolicy`."""

    max_releases: int | None = Field(default=None, ge=0)
    max_releases_per_member: int | None = Field(default=None, ge=0)
    max_share_from_one_team: float | None = Field(default=None, ge=0, le=1)
    max_share_from_one_group: float | None = Field(default=None, ge=0, le=1)
    max_share_rounding: Rounding | None = None
    keep_on_duty: int | None = Field(default=None, ge=0)
    protected_rest: Strictness | None = None
    rest_before_hours: float | None = Field(default=None, ge=0)
    rest_after_hours: float | None = Field(default=None, ge=0)
    max_wave_hours: float | None = Field(default=None, gt=0)
    max_waves_per_member: int | None = Field(default=None, ge=1)
    rest_between_waves_hours: float | None = Field(default=None, ge=0)
    overtime_hours: float | None = Field(default=None, ge=0)
    on_duty_first: bool | None = None
    exclude_participation: tuple[str, ...] | None = None


class Task(TaskRecord):
    """A piece of work for which a temporary group is formed.

    Attributes
    ----------
    task_id, name, name_en : its key and what it is called
    kind : "planned" is known ahead: people are released from shifts before these begin. "emergency" begins at
        ``starts``: shifts that are running then have been begun, and only their rest can be left
    starts, ends : its whole time
    dissolves_on : day on which the group ends by itself; None is on completion of the task
    size : fewest and most members
    roles, waves : see :class:`TaskRole` and :class:`Wave`
    site, daily : of the roles that say nothing of their own
    leader, deputy : what they have to be; where both are required, one of the two is present in every wave
    min_full : fewest full members
    response_minutes : most minutes of way at the start of each wave served, without waves of the first presence: from
        the site of duty of those on duty then, else from home
    limits : where the task differs from the policy
    must, prefer : rules and wishes of this task alone
    approved_by, reported_to, notes : for the forms; not read by the solver
    """

    task_id: str = Field(min_length=1)
    name: str = ""
    name_en: str = ""
    kind: Kind = "planned"
    starts: Moment
    ends: Moment
    dissolves_on: dt.date | None = None
    size: tuple[int, int]
    roles: tuple[TaskRole, ...] = Field(min_length=1)
    waves: tuple[Wave, ...] = ()
    site: str | None = None
    daily: tuple[int, int] | None = None
    leader: Lead = Lead()
    deputy: Lead = Lead(required=False)
    min_full: int = Field(default=0, ge=0)
    response_minutes: int | None = Field(default=None, ge=0)
    limits: TaskLimits = TaskLimits()
    must: tuple[TaskRule, ...] = ()
    prefer: tuple[TaskRule, ...] = ()
    approved_by: str = ""
    reported_to: str = ""
    notes: tuple[tuple[str, str], ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        faults = list(self._faults())
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        if self.ends <= self.starts:
            yield "the task ends before it starts"
        if not 1 <= self.size[0] <= self.size[1]:
            yield "size is fewest and most members, from 1 on"
        names = [role.name for role in self.roles]
        if len(set(names)) < len(names):
            yield "two roles have the same name"
        least, most = sum(role.min for role in self.roles), sum(role.max for role in self.roles)
        if least > self.size[1]:
            yield f"the roles ask for at least {least} people, the size allows {self.size[1]}"
        if most < self.size[0]:
            yield f"the roles allow {most} people, the size asks for at least {self.size[0]}"
        if [wave.wave for wave in self.waves] != list(range(1, len(self.waves) + 1)):
            yield "waves are numbered 1, 2, 3 …, in this order"
        if any(wave.starts < self.starts or wave.ends > self.ends for wave in self.waves):
            yield "a wave lies outside the task"
        if not self.waves and any(role.per_wave for role in self.roles):
            yield "a role asks for people per wave, and the task has no waves"
        if self.waves and any(role.per_wave > role.max for role in self.roles):
            yield "a role asks for more people in a wave than it may have"
        if not self.waves:
            for role in self.roles:
                if not self.presence(role):
                    yield f"the daily hours of the role {role.name} never fall within the task"
        if self.dissolves_on is not None and self.dissolves_on < self.ends.date():
            yield "the group dissolves before the task ends"

    def hours_of(self, role: TaskRole) -> tuple[int, int] | None:
        """Return the daily hours that hold for a role."""
        return role.daily or self.daily

    def site_of(self, role: TaskRole) -> str | None:
        """Return where a role works."""
        return role.site or self.site

    def presence(self, role: TaskRole, waves: tuple[int, ...] = ()) -> tuple[Interval, ...]:
        """Return when a member in the role is present, in order; ``waves`` are the numbers of those served."""
        if self.waves:
            return tuple((wave.starts, wave.ends) for wave in self.waves if wave.wave in waves)
        hours = self.hours_of(role)
        if hours is None:
            return ((self.starts, self.ends),)
        found = []
        day = self.starts.date() - dt.timedelta(days=hours[1] // DAY)
        while day <= self.ends.date():
            midnight = dt.datetime.combine(day, dt.time())
            begin = max(self.starts, midnight + dt.timedelta(minutes=hours[0]))
            end = min(self.ends, midnight + dt.timedelta(minutes=hours[1]))
            if begin < end:
                found.append((begin, end))
            day += dt.timedelta(days=1)
        return tuple(found)

    def role(self, name: str) -> TaskRole:
        """Return the role of a name; KeyError where there is none."""
        found = next((role for role in self.roles if role.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the task as plain data that JSON can hold; :func:`grouping.read_tasks` reads it back."""
        return self.model_dump(mode="json", exclude_defaults=True)
