"""Temporary project groups: people pulled out of the standing groups for a time, without moving their membership."""

from grouping.taskforce.forming import form_task_forces
from grouping.taskforce.plans import TaskForcePlan
from grouping.taskforce.policy import TaskPolicy
from grouping.taskforce.reading import read_tasks
from grouping.taskforce.records import (
    Given,
    Release,
    RestBroken,
    Service,
    TaskFinding,
    TaskForceResult,
)
from grouping.taskforce.schema import Lead, Task, TaskLimits, TaskRole, TaskRule, Wave

__all__ = [
    "Given",
    "Lead",
    "Release",
    "RestBroken",
    "Service",
    "Task",
    "TaskFinding",
    "TaskForcePlan",
    "TaskForceResult",
    "TaskLimits",
    "TaskPolicy",
    "TaskRole",
    "TaskRule",
    "Wave",
    "form_task_forces",
    "read_tasks",
]
