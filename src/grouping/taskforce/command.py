"""What the command ``grouping task`` does, apart from its options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grouping.plan.evaluation import Evaluation
from grouping.plan.rendering import table
from grouping.policy.files import read
from grouping.taskforce.forming import form_task_forces
from grouping.taskforce.policy import TaskPolicy
from grouping.taskforce.reading import read_tasks

if TYPE_CHECKING:
    from grouping.roster import Roster
    from grouping.taskforce.plans import TaskForcePlan

_STAND_IN = {"en": "Who could stand in:", "zh": "候补人选："}


def form(
    roster: Roster,
    tasks: Path,
    standing: Path | None,
    policy: Path | None,
    *,
    time_limit: float,
    seed: int,
    workers: int | None,
) -> TaskForcePlan:
    """Return the plan that files describe."""
    wanted = TaskPolicy() if policy is None else TaskPolicy.from_dict(read(policy))
    groups = None if standing is None else Evaluation.from_json(standing)
    asked = read_tasks(tasks)
    return form_task_forces(roster, asked, groups, wanted, time_limit=time_limit, seed=seed, workers=workers)


def told(plan: TaskForcePlan, lang: str, reserve: bool) -> str:
    """Return the plan in words, and who could stand in if asked."""
    parts = [plan.describe(lang)]
    if reserve:
        parts += ["", _STAND_IN[lang], table(plan.reserve())]
    return "\n".join(parts)
