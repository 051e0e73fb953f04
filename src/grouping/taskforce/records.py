"""What comes out: who serves where and when, which shifts that takes people from, and what it costs, as plain data."""

from __future__ import annotations

import datetime as dt
import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from grouping.errors import InputError, Issue
from grouping.taskforce.policy import TaskPolicy
from grouping.taskforce.schema import Interval, Task, TaskRecord
from grouping.writing import replace_file

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1


class Service(TaskRecord):
    """One member in one role of one task: a row of ``plan.assignments``.

    Attributes
    ----------
    lead : "leader", "deputy" or "member"
    waves : numbers of the waves served; empty in a task without waves
    presence : when the member is there, in order; see :mod:`grouping.taskforce.schema`
    home : standing group of the member, else the team; what "home group" means in the findings
    """

    task: str
    member_id: str
    role: str
    lead: Literal["leader", "deputy", "member"] = "member"
    waves: tuple[int, ...] = ()
    presence: tuple[Interval, ...]
    home: str = ""


class Release(TaskRecord):
    """One shift that a member is taken out of for a task.

    Attributes
    ----------
    day, code : the shift that begins on that day
    team, department : which loses the member; "" where the roster names none
    begun : True when the shift runs as the task (an emergency) begins: what was before the presence has been worked
    """

    task: str
    member_id: str
    day: dt.date
    code: str
    team: str = ""
    department: str = ""
    begun: bool = False


class RestBroken(TaskRecord):
    """A presence that begins in the rest after a shift, because nobody else could come.

    Attributes
    ----------
    starts : of the presence
    day, code : the shift whose rest is broken
    """

    task: str
    member_id: str
    starts: dt.datetime
    day: dt.date
    code: str


class TaskFinding(TaskRecord):
    """What one task loses by one criterion; the points of all findings add up to the cost.

    Attributes
    ----------
    criterion, principle : which one, see ``grouping.taskforce.policy.CRITERIA``
    task : its id
    members : ids of the members concerned
    role, home : the role or home group meant, "" where none is
    member_points : 100 is one member fully badly served
    points : cost points: member_points × the criterion's factor
    amount : how many of what the criterion counts (shifts, minutes, days, members), for the sentence
    """

    criterion: str
    principle: str
    task: str
    members: tuple[str, ...] = ()
    role: str = ""
    home: str = ""
    member_points: int
    points: int
    amount: int = 0


class Given(TaskRecord):
    """What a plan was made on besides roster, tasks and policy; member ids as keys.

    Attributes
    ----------
    homes : home group of every member of the roster
    standing : whether these are standing groups; otherwise they are teams or departments, and no share of groups holds
    past_days : days served in earlier tasks, of members with any
    overtime_minutes : minutes of overtime already worked, by month ("2026-12"), of members with any
    fixed_tasks, fixed_services, fixed_releases : of earlier plans that stand as they are
    """

    homes: dict[str, str] = Field(default_factory=dict)
    standing: bool = False
    past_days: dict[str, int] = Field(default_factory=dict)
    overtime_minutes: dict[str, dict[str, int]] = Field(default_factory=dict)
    fixed_tasks: tuple[Task, ...] = ()
    fixed_services: tuple[Service, ...] = ()
    fixed_releases: tuple[Release, ...] = ()


class TaskForceResult(TaskRecord):
    """Task forces as plain data; the JSON form of a :class:`TaskForcePlan`.

    Attributes
    ----------
    status : "optimal": no choice that keeps the rules, and breaks as few rests, costs less
    cost, cost_bound : cost points, and their proven lower limit; None when nothing is proven
    scale : cost points of one member-point at weight 1
    tasks, policy : what was asked
    services, releases, rests : see :class:`Service`, :class:`Release`, :class:`RestBroken`
    findings : what makes up the cost
    given : what the plan was made on besides roster, tasks and policy
    provenance : how the plan was found
    """

    schema_version: int = SCHEMA_VERSION
    status: Literal["optimal", "feasible"]
    cost: int
    cost_bound: int | None = None
    scale: int
    tasks: tuple[Task, ...]
    policy: TaskPolicy
    services: tuple[Service, ...]
    releases: tuple[Release, ...] = ()
    rests: tuple[RestBroken, ...] = ()
    findings: tuple[TaskFinding, ...] = ()
    given: Given = Given()
    provenance: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Refuse claims that contradict the numbers."""
        if self.cost_bound is not None and self.cost_bound > self.cost:
            raise ValueError("the bound is above the cost")
        if self.status == "optimal" and self.cost_bound != self.cost:
            raise ValueError("called optimal without a proof")
        if sum(finding.points for finding in self.findings) != self.cost:
            raise ValueError("the findings do not add up to the cost")
        known = {task.task_id for task in self.tasks}
        if any(service.task not in known for service in self.services):
            raise ValueError("somebody serves in a task that is not listed")
        return self


class TaskForcePlan:
    """Temporary project groups laid over the standing ones; made by :func:`grouping.form_task_forces`.

    Immutable; equal when all records are. It never changes a standing plan.

    Parameters
    ----------
    result : the records
    """

    def __init__(self, result: TaskForceResult) -> None:
        self._result = result

    @property
    def result(self) -> TaskForceResult:
        """The whole result as validated plain data."""
        return self._result

    @property
    def status(self) -> str:
        """Return "optimal" or "feasible"."""
        return self._result.status

    @property
    def cost(self) -> int:
        """Cost points, smaller is better; divided by ``result.scale`` they are weighted member-points."""
        return self._result.cost

    @property
    def cost_bound(self) -> int | None:
        """Proven lower limit of the cost; None when nothing is proven."""
        return self._result.cost_bound

    @property
    def gap(self) -> float | None:
        """(cost − bound) / cost, 0 when proven; None when nothing is proven."""
        if self.cost_bound is None:
            return None
        return (self.cost - self.cost_bound) / self.cost if self.cost else 0.0

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks asked for."""
        return self._result.tasks

    @property
    def services(self) -> tuple[Service, ...]:
        """Who serves where, task by task, role by role."""
        return self._result.services

    @property
    def findings(self) -> tuple[TaskFinding, ...]:
        """What every task loses by every criterion; their points add up to the cost."""
        return self._result.findings

    @property
    def assignments(self) -> pd.DataFrame:
        """Who serves where.

        Returns
        -------
        DataFrame : a row per member and task: task, role, member_id, lead ("leader", "deputy" or "member"), waves (a
            tuple of numbers), starts, ends (of the whole presence), hours (of presence), releases (shifts), home
        """
        import pandas as pd

        taken: dict[tuple[str, str], int] = {}
        for release in self._result.releases:
            key = (release.task, release.member_id)
            taken[key] = taken.get(key, 0) + 1
        rows = [
            {
                "task": one.task,
                "role": one.role,
                "member_id": one.member_id,
                "lead": one.lead,
                "waves": one.waves,
                "starts": one.presence[0][0],
                "ends": one.presence[-1][1],
                "hours": sum((end - start).total_seconds() for start, end in one.presence) / 3600,
                "releases": taken.get((one.task, one.member_id), 0),
                "home": one.home,
            }
            for one in self.services
        ]
        columns = ["task", "role", "member_id", "lead", "waves", "starts", "ends", "hours", "releases", "home"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def releases(self) -> pd.DataFrame:
        """The shifts that people are taken out of.

        Returns
        -------
        DataFrame : a row per member and shift: task, member_id, day, code, team, department, begun
        """
        import pandas as pd

        rows = [release.model_dump() for release in self._result.releases]
        return pd.DataFrame(rows, columns=list(Release.model_fields))

    def members_of(self, task: str, role: str | None = None) -> tuple[str, ...]:
        """Return the ids of the members of a task, or of one of its roles."""
        return tuple(one.member_id for one in self.services if one.task == task and role in (None, one.role))

    def leader_of(self, task: str, lead: str = "leader") -> str | None:
        """Return the id of a task's leader, or of its ``"deputy"``."""
        return next((one.member_id for one in self.services if one.task == task and one.lead == lead), None)

    def to_json(self, path: str | PathLike[str] | None = None) -> str:
        """Return the whole plan as JSON, and write it to a file if a path is given."""
        text = self._result.model_dump_json(exclude_defaults=True, indent=1)
        if path is not None:
            replace_file(path, (text + "\n").encode("utf-8"))
        return text

    @classmethod
    def from_json(cls, source: str | PathLike[str]) -> Self:
        """Return the plan that :meth:`to_json` wrote.

        Parameters
        ----------
        source : path of a file, or the JSON text itself

        Raises
        ------
        InputError
            When it is no such file, or its numbers contradict each other.
        """
        text = str(source)
        name = None
        if not text.lstrip().startswith("{"):
            name = Path(source).name
            try:
                text = Path(source).read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise InputError(Issue("unreadable", f"cannot be read: {error}", file=name)) from error
        try:
            return cls(TaskForceResult.model_validate(json.loads(text)))
        except ValidationError as error:
            faults = [
                Issue("bad_plan", entry["msg"], file=name, column=".".join(map(str, entry["loc"])) or None)
                for entry in error.errors(include_url=False, include_input=False, include_context=False)
            ]
            raise InputError(faults) from None
        except ValueError as error:
            raise InputError(Issue("bad_syntax", f"is not valid JSON: {error}", file=name)) from error

    def __eq__(self, other: object) -> bool:
        """Tell whether all records are equal."""
        return isinstance(other, TaskForcePlan) and other._result == self._result

    def __hash__(self) -> int:
        """Return a hash of who serves where."""
        return hash(self._result.services)

    def __repr__(self) -> str:
        """Return the tasks, the seats and the status."""
        return f"TaskForcePlan({len(self.tasks)} tasks, {len(self.services)} seats, {self.status}, cost {self.cost})"
