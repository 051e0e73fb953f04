"""Task forces laid over standing groups: who carries both, while the standing plan stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.errors import InputError, Issue
from grouping.taskforce.inputs import served_days

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from grouping.plan.evaluation import Evaluation
    from grouping.taskforce.plans import TaskForcePlan


@dataclass(frozen=True)
class Overlay:
    """Standing groups with task forces over them; made by ``plan.with_task_forces(…)``.

    Attributes
    ----------
    standing : the standing groups, unchanged
    task_forces : who serves where
    """

    standing: Evaluation
    task_forces: TaskForcePlan

    @property
    def load(self) -> pd.DataFrame:
        """What members carry besides their standing group.

        Returns
        -------
        DataFrame : a row per member and task: member_id, group (the standing one), task, role, lead, days and hours of
            presence, starts, ends, releases (shifts); in the order of the standing groups
        """
        import pandas as pd

        order = {seat.member_id: (at, seat.group) for at, seat in enumerate(self.standing.result.assignments)}
        taken = self.task_forces.releases.groupby(["task", "member_id"]).size().to_dict()
        rows = [
            (
                one.member_id,
                order[one.member_id][1],
                one.task,
                one.role,
                one.lead,
                len(served_days(one)),
                sum((end - start).total_seconds() for start, end in one.presence) / 3600,
                one.presence[0][0],
                one.presence[-1][1],
                taken.get((one.task, one.member_id), 0),
            )
            for one in self.task_forces.services
        ]
        rows.sort(key=lambda row: (order[row[0]][0], row[7]))
        columns = ["member_id", "group", "task", "role", "lead", "days", "hours", "starts", "ends", "releases"]
        return pd.DataFrame(rows, columns=columns)

    def away(self, starts: dt.datetime, ends: dt.datetime) -> frozenset[str]:
        """Return the ids of the members who are present in a task at some minute of a time, such as of a session."""
        return frozenset(
            one.member_id
            for one in self.task_forces.services
            if any(begin < ends and starts < end for begin, end in one.presence)
        )


def lay(standing: Evaluation, task_forces: TaskForcePlan) -> Overlay:
    """Return task forces laid over standing groups.

    Raises
    ------
    InputError
        When a member who serves is in no standing group.
    """
    placed = {seat.member_id for seat in standing.result.assignments}
    missing = dict.fromkeys(one.member_id for one in task_forces.services if one.member_id not in placed)
    if missing:
        raise InputError([Issue("no_group", "serves, and is in no standing group", value=one) for one in missing])
    return Overlay(standing, task_forces)
