"""A chart of who is present when, with the shifts by the rota behind; matplotlib is only imported here."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from grouping.errors import InputError, Issue
from grouping.fonts import fonts, need_matplotlib
from grouping.taskforce.clock import Clock
from grouping.taskforce.telling import Saying

if TYPE_CHECKING:
    from grouping.taskforce.plans import TaskForcePlan
    from grouping.taskforce.schema import Task

_WORDS = {
    "shift": ("shift by the rota", "原排班"),
    "released": ("shift released", "脱产班次"),
}


def plot(plan: TaskForcePlan, task: str | None, ax: Any, lang: str) -> Any:
    """Return the axes drawn on, see :meth:`TaskForcePlan.plot`."""
    Saying(lang)
    need_matplotlib()
    tasks = [one for one in plan.tasks if task in (None, one.task_id)]
    if not tasks:
        raise InputError(Issue("unknown_task", "no such task", value=task))
    services = [one for one in plan.services if task in (None, one.task)]
    rows = list(dict.fromkeys((one.task, one.role, one.member_id) for one in services))
    at = {key: len(rows) - 1 - number for number, key in enumerate(rows)}
    with fonts():
        import matplotlib.dates as mdates
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(10, 1 + 0.28 * len(rows)), layout="constrained")
        roles = list(dict.fromkeys((one.task, one.role) for one in services))
        colours = plt.get_cmap("tab20")
        _draw_shifts(plan, tasks, at, ax, 0 if lang == "en" else 1)
        for one in services:
            spans = [(mdates.date2num(a), mdates.date2num(b) - mdates.date2num(a)) for a, b in one.presence]
            colour = colours(roles.index((one.task, one.role)) % 20)
            y = at[one.task, one.role, one.member_id]
            ax.broken_barh(spans, (y - 0.2, 0.4), facecolors=colour, zorder=3)
        ax.set_yticks(range(len(rows)), [f"{member}  {role}" for _, role, member in reversed(rows)])
        ax.set_ylim(-0.6, len(rows) - 0.4)
        hour = dt.timedelta(hours=6)
        ax.set_xlim(min(one.starts for one in tasks) - hour, max(one.ends for one in tasks) + hour)
        ax.xaxis_date()
        ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(ax.xaxis.get_major_locator()))
        ax.set_title(", ".join(one.task_id for one in tasks), loc="left")
        ax.grid(axis="x", alpha=0.3)
        if ax.get_legend_handles_labels()[0]:
            ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
        ax.figure.canvas.draw()  # texts are laid out while the font is at hand
    return ax


def _draw_shifts(
    plan: TaskForcePlan, tasks: list[Task], at: dict[tuple[str, str, str], int], ax: Any, lang: int
) -> None:
    """Draw the shifts by the rota: released ones hatched."""
    import matplotlib.dates as mdates

    clock = Clock(plan.roster, tasks, 0)
    released = {(release.member_id, release.day) for release in plan.result.releases}
    people = {member.member_id: member for member in plan.roster.members}
    first, last = min(one.starts for one in tasks), max(one.ends for one in tasks)
    day = dt.timedelta(days=1)
    told = set()
    for (_, _, member_id), y in at.items():
        for shift in clock.shifts_of(people[member_id]):
            spans = [(clock.moment(a), clock.moment(b)) for a, b in shift.spans]
            if shift.code is None or spans[-1][1] < first - day or spans[0][0] > last + day:
                continue
            away = (member_id, shift.day) in released
            key = "released" if away else "shift"
            look = {"facecolors": "none", "edgecolors": "0.5", "hatch": "///"} if away else {"facecolors": "0.85"}
            label = {} if key in told else {"label": _WORDS[key][lang]}
            told.add(key)
            wide = [(mdates.date2num(a), mdates.date2num(b) - mdates.date2num(a)) for a, b in spans]
            ax.broken_barh(wide, (y - 0.4, 0.8), zorder=1, **look, **label)
