"""What the command ``grouping task`` does, apart from its options."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grouping.errors import InputError, Issue
from grouping.plan.evaluation import Evaluation
from grouping.plan.rendering import table
from grouping.policy.files import read
from grouping.roster.faults import Faults
from grouping.roster.text import decode
from grouping.taskforce.forming import form_task_forces
from grouping.taskforce.plans import TaskForcePlan
from grouping.taskforce.policy import TaskPolicy
from grouping.taskforce.reading import read_tasks

if TYPE_CHECKING:
    import pandas as pd

    from grouping.roster import Roster

_STAND_IN = {"en": "Who could stand in:", "zh": "候补人选："}
_NOBODY = {"en": "Nobody could stand in for: ", "zh": "无候补人选："}
_AND_THEN = {"en": "; ", "zh": "；"}
_WORKBOOKS = (".xlsx", ".xls", ".ods")


@dataclass(frozen=True)
class Files:
    """The files that a command names.

    Attributes
    ----------
    tasks : what is to be done
    standing : plan of the standing groups
    policy : limits and weights
    history : earlier plans of task forces (.json), or one table of past service
    hours_worked : table of overtime
    fixed : plans of task forces that stand as they are
    """

    tasks: Path
    standing: Path | None = None
    policy: Path | None = None
    history: Sequence[Path] = ()
    hours_worked: Path | None = None
    fixed: Sequence[Path] = ()


def form(roster: Roster, files: Files, *, time_limit: float, seed: int, workers: int | None) -> TaskForcePlan:
    """Return the plan that files describe."""
    return form_task_forces(
        roster,
        read_tasks(files.tasks, roster),
        None if files.standing is None else Evaluation.from_json(files.standing),
        None if files.policy is None else TaskPolicy.from_dict(read(files.policy)),
        history=_history(files.history),
        hours_worked=None if files.hours_worked is None else _table(files.hours_worked),
        fixed=[TaskForcePlan.from_json(path) for path in files.fixed],
        time_limit=time_limit,
        seed=seed,
        workers=workers,
    )


def write(plan: TaskForcePlan, path: Path) -> None:
    """Write a plan: who is where when, with names, where the name of the file ends in .csv, else the plan as JSON."""
    if path.suffix.lower() == ".csv":
        plan.to_csv(path, names=True)
    else:
        plan.to_json(path)


def told(plan: TaskForcePlan, lang: str, reserve: bool) -> str:
    """Return the plan in words, and who could stand in if asked."""
    parts = [plan.describe(lang)]
    if reserve:
        reserve_list = plan.reserve()
        parts += ["", _STAND_IN[lang], table(reserve_list)]
        covered = set(zip(reserve_list["task"], reserve_list["role"], strict=True))
        bare = [one for one in dict.fromkeys((one.task, one.role) for one in plan.services) if one not in covered]
        if bare:
            parts.append(_NOBODY[lang] + _AND_THEN[lang].join(f"{task} {role}" for task, role in bare))
    return "\n".join(parts)


def _history(paths: Sequence[Path]) -> pd.DataFrame | list[TaskForcePlan] | None:
    tables = [path for path in paths if path.suffix.lower() != ".json"]
    if not tables:
        return [TaskForcePlan.from_json(path) for path in paths] or None
    if len(paths) > 1:
        raise InputError(Issue("bad_history", "history is earlier plans, or one table", file=tables[0].name))
    return _table(tables[0])


def _table(path: Path) -> pd.DataFrame:
    """Return a table of a workbook's first sheet or of a CSV file in any usual encoding, every cell as text."""
    import pandas as pd

    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(Issue("unreadable", f"cannot be read: {error.strerror}", file=path.name)) from None
    faults = Faults()
    text = None if path.suffix.lower() in _WORKBOOKS else decode(path.name, data, None, faults)[0]
    faults.raise_if_any()
    try:
        if text is None:
            return pd.read_excel(io.BytesIO(data), dtype=str, engine="calamine")
        return pd.read_csv(io.StringIO(text), dtype=str)
    except Exception as error:  # whatever the readers raise for a file that is damaged
        raise InputError(Issue("unreadable", "is not a table", file=path.name)) from error
