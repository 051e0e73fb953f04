"""Tables of a plan of task forces: who is where when, and what has become history."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from grouping.taskforce.inputs import served_days

if TYPE_CHECKING:
    import pandas as pd

    from grouping.taskforce.plans import TaskForcePlan


def roster_by_role(plan: TaskForcePlan) -> pd.DataFrame:
    """Return who is where when, see :meth:`TaskForcePlan.roster_by_role`."""
    import pandas as pd

    order = {(task.task_id, role.name): at for task in plan.tasks for at, role in enumerate(task.roles)}
    place = {task.task_id: at for at, task in enumerate(plan.tasks)}
    numbers = {(task.task_id, wave.starts): wave.wave for task in plan.tasks for wave in task.waves}
    rows = [
        (
            one.task,
            one.role,
            start.date(),
            numbers.get((one.task, start)),
            one.member_id,
            one.lead,
            start,
            end,
            (end - start).total_seconds() / 3600,
        )
        for one in plan.services
        for start, end in one.presence
    ]
    rows.sort(key=lambda row: (place[row[0]], order[row[0], row[1]], row[6], row[4]))
    columns = ["task", "role", "day", "wave", "member_id", "lead", "starts", "ends", "hours"]
    return pd.DataFrame(rows, columns=columns).astype({"wave": "Int64"})


def history(plan: TaskForcePlan, until: dt.date | None) -> pd.DataFrame:
    """Return past service, see :meth:`TaskForcePlan.history`."""
    import pandas as pd

    ends = {task.task_id: task.dissolves_on or task.ends.date() for task in plan.tasks}
    rows = [
        (
            one.member_id,
            one.task,
            one.role,
            one.presence[0][0].date(),
            one.presence[-1][1].date(),
            ends[one.task],
            len(served_days(one)),
        )
        for one in plan.services
        if until is None or ends[one.task] < until
    ]
    return pd.DataFrame(rows, columns=["member_id", "task", "role", "starts", "ends", "dissolves_on", "days"])
