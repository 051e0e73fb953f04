"""A plan of task forces as text for the terminal and as HTML for the notebook; members by id only."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from grouping.taskforce.telling import Saying

if TYPE_CHECKING:
    from grouping.taskforce.plans import TaskForcePlan
    from grouping.taskforce.schema import Task


def text(plan: TaskForcePlan, lang: str = "en") -> str:
    """Return the plan in words."""
    say = Saying(lang)
    lines = [_head(plan, say)]
    for task in plan.tasks:
        lines += ["", *_task_lines(plan, task, say)]
    return "\n".join([*lines, "", say("proposal")])


def _head(plan: TaskForcePlan, say: Saying) -> str:
    bound = plan.cost_bound
    proof = "optimal" if plan.status == "optimal" else "unproven" if bound is None else "feasible"
    told = say(proof, bound="" if bound is None else f"{bound / plan.result.scale:g}")
    cost = f"{plan.cost / plan.result.scale:g}"
    return say("head", tasks=len(plan.tasks), seats=len(plan.services), cost=cost, proof=told)


def _task_lines(plan: TaskForcePlan, task: Task, say: Saying) -> Iterator[str]:
    name = task.name if say.lang == "zh" else task.name_en or task.name
    starts, ends = (f"{moment:%Y-%m-%d %H:%M}" for moment in (task.starts, task.ends))
    yield say("title", task=task.task_id, name=name, starts=starts, ends=ends)
    for role in task.roles:
        people = [
            one.member_id
            + (say("waves", waves=say.list(map(str, one.waves))) if one.waves else "")
            + (say(one.lead) if one.lead != "member" else "")
            for one in plan.services
            if (one.task, one.role) == (task.task_id, role.name)
        ]
        yield "  " + say("role", role=role.name, members=("; ", "；")[say.lang == "zh"].join(people) or "–")
    shifts: dict[tuple[str, str], list[str]] = {}
    for release in plan.result.releases:
        if release.task == task.task_id:
            shifts.setdefault((str(release.day), release.code), []).append(release.member_id)
    if shifts:
        told = say.list(f"{day} {code} ({' '.join(members)})" for (day, code), members in shifts.items())
        yield "  " + say("released", shifts=told)
    rests = list(dict.fromkeys(one.member_id for one in plan.result.rests if one.task == task.task_id))
    if rests:
        yield "  " + say("rests", members=say.list(rests))
    points: dict[str, int] = {}
    for finding in plan.findings:
        if finding.task == task.task_id:
            points[finding.criterion] = points.get(finding.criterion, 0) + finding.points
    for criterion, number in sorted(points.items(), key=lambda item: -item[1]):
        costs = say("costs", criterion=say.criterion(criterion), points=say.points(plan, number, sign=False))
        yield f"  - {costs}"


def html(plan: TaskForcePlan, lang: str = "en") -> str:
    """Return the plan as HTML: what is proven, and a table of who serves where; everything escaped."""
    say = Saying(lang)
    table = plan.assignments.to_html(index=False, border=0)
    return f"<div><p><b>{escape(_head(plan, say))}</b></p>{table}<p>{escape(say('proposal'))}</p></div>"
