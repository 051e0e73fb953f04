"""What comes out: who serves where and when, which shifts that takes people from, and what it costs, as plain data."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from grouping.taskforce.policy import TaskPolicy
from grouping.taskforce.schema import Interval, Task, TaskRecord

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
    overtime_minutes : minutes of overtime already worked or asked for by plans that stand, by month ("2026-12"), of
        members with any
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
    """Task forces as plain data; the JSON form of a :class:`grouping.TaskForcePlan`.

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
