"""Other changes that make a plan possible: a later start, and limits by which single members are ruled out.

Each is tried: it is only told when a model with that change alone has a solution.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

from grouping.phrases import Phrase
from grouping.solving.clock import Clock
from grouping.solving.cpsat import run
from grouping.taskforce.case import compile_case
from grouping.taskforce.gaps import Gap, ruled_out_by
from grouping.taskforce.model import TaskModel

if TYPE_CHECKING:
    from grouping.taskforce.case import Case
    from grouping.taskforce.schema import Task

_SECONDS = 3.0
"""Of each try."""
_BUDGET = 8.0
"""Seconds of all tries together: of large cases fewer changes are told."""
_LATER = (1, 2, 3)
"""Days later that are tried for a planned task."""
_TOLD = {
    "releases": (
        "it also helps to allow {value} releases of one member instead of {now}",
        "把每人最多抽离班次由{now}放宽到{value}也可以",
    ),
    "overtime": (
        "it also helps to allow {value} hours of overtime a month instead of {now}",
        "把每月加班上限由{now}小时放宽到{value}小时也可以",
    ),
    "response": (
        "it also helps to allow {value} minutes to respond instead of {now}",
        "把到场时限由{now}分钟放宽到{value}分钟也可以",
    ),
    "rest": ("it also helps to break protected rest where nobody else can", "确无他人时允许占用班后休息也可以"),
}


def other_changes(case: Case, gaps: Sequence[Gap], seed: int, workers: int) -> Iterator[Phrase]:
    """Yield changes of one blocked task that help by themselves; none where several tasks are blocked."""
    blocked = {gap.key[1] for gap in gaps}
    if len(blocked) != 1:
        return
    t = next(iter(blocked))
    clock = Clock(_BUDGET)

    def helps(changed: Task) -> bool:
        if clock.left <= 0:
            return False
        tasks = tuple(changed if u == t else other for u, other in enumerate(case.tasks))
        model = TaskModel(compile_case(case.roster, tasks, case.policy, case.given), rests=None)
        seconds = min(_SECONDS, max(0.1, clock.left))
        return run(model.model, clock, seconds, workers, seed).status in ("optimal", "feasible")

    yield from _eased(case, t, gaps, helps)
    later = _later(case.tasks[t], helps)
    if later is not None:
        yield later


def _eased(case: Case, t: int, gaps: Sequence[Gap], helps: Callable[[Task], bool]) -> Iterator[Phrase]:
    task = case.tasks[t]
    wanted: dict[str, set[int]] = {}
    for gap in gaps:
        if gap.key[0] in ("role below", "wave below"):
            about = gap.key[2]
            r, wave = about if isinstance(about, tuple) else (about, None)
            for code, rows in ruled_out_by(case, t, r, wave)[1].items():
                if code in _TOLD:
                    needed = wanted.setdefault(code, set())
                    needed.update(value for row in rows for value in _needed(case, t, r, row, code))
    for code, found in wanted.items():
        now = {
            "releases": case.policy.of(task, "max_releases_per_member"),
            "overtime": case.policy.of(task, "overtime_hours"),
            "response": task.response_minutes,
            "rest": 0,
        }[code]
        best = _least([(value, _with(task, code, value)) for value in sorted(found) if value > now], helps)
        if best is not None:
            en, zh = (text.format(value=best, now=f"{now:g}") for text in _TOLD[code])
            yield Phrase(f"{task.task_id}: {en}", f"{task.task_id}：{zh}")


def _needed(case: Case, t: int, r: int, row: int, code: str) -> Iterator[int]:
    """Yield values of a limit that would not rule a member out any more, one for each choice of waves."""
    screening = case.screening
    for waves in screening.patterns(t):
        effect = screening.effect(t, r, row, waves)
        if code == "releases":
            yield len(effect.released)
        elif code == "response":
            yield max(screening.ways(t, r, row, effect))
        elif code == "overtime":
            most = round(60 * case.policy.of(case.tasks[t], "overtime_hours"))
            beyond = [minutes - left for minutes, left in screening.overtime(t, row, effect)]
            yield ceil((most + max(beyond, default=0)) / 60)
        else:
            yield 1


def _least(changes: Sequence[tuple[int, Task]], helps: Callable[[Task], bool]) -> int | None:
    """Return the smallest value that helps, where every larger one does, too; None when none does."""
    if not changes or not helps(changes[-1][1]):
        return None
    low, high = 0, len(changes) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if helps(changes[middle][1]) else (middle + 1, high)
    return changes[high][0]


def _with(task: Task, code: str, value: int) -> Task:
    if code == "response":
        return task.model_copy(update={"response_minutes": value})
    limits = {"releases": {"max_releases_per_member": value}, "overtime": {"overtime_hours": value}}
    change: dict[str, Any] = {**limits.get(code, {"protected_rest": "prefer"})}
    return task.model_copy(update={"limits": task.limits.model_copy(update=change)})


def _later(task: Task, helps: Callable[[Task], bool]) -> Phrase | None:
    """Return that a planned task could be held if it began some days later, where that is so."""
    for days in _LATER if task.kind == "planned" else ():
        moved = _moved(task, days)
        if helps(moved):
            day = moved.starts.date()
            return Phrase(
                f"{task.task_id}: it also helps to begin {days} day{'s' * (days > 1)} later, on {day}",
                f"{task.task_id}：推迟{days}天（{day}）开始也可以",
            )
    return None


def _moved(task: Task, days: int) -> Task:
    step = dt.timedelta(days=days)
    waves = tuple(
        wave.model_copy(update={"starts": wave.starts + step, "ends": wave.ends + step}) for wave in task.waves
    )
    ends = None if task.dissolves_on is None else task.dissolves_on + step
    changes = {"starts": task.starts + step, "ends": task.ends + step, "waves": waves, "dissolves_on": ends}
    return task.model_copy(update=changes)
