"""The form by which a task force is set up, as data: 临时党小组成立审批表."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grouping.errors import InputError, Issue
from grouping.taskforce.telling import Saying

if TYPE_CHECKING:
    from grouping.taskforce.plans import TaskForcePlan
    from grouping.taskforce.schema import Task

_FIELDS = {
    "title": ("Approval of a temporary group (proposal)", "临时党小组成立审批表（建议稿）"),
    "name": ("task", "任务名称"),
    "time": ("time", "起止时间"),
    "place": ("place", "任务地点"),
    "reason": ("reason", "成立理由"),
    "leader": ("leader (proposed)", "组长（建议人选）"),
    "deputy": ("deputy (proposed)", "副组长（建议人选）"),
    "members": ("members", "成员"),
    "duties": ("duties", "职责"),
    "opinion": ("opinion of the committee", "支委会意见"),
    "reported": ("reported to", "上级备案"),
    "dissolves": ("dissolves on", "撤销时间"),
    "who": ("member", "姓名（工号）"),
    "home": ("standing group", "原党小组"),
    "team": ("team", "班组"),
    "post": ("post", "岗位"),
    "role": ("role", "分工"),
}
_TO = (" to ", "至")
_DONE = ("when the task is done", "任务完成即撤销")
_STAYS = (
    "Membership stays with the standing groups; the group dissolves by itself.",
    "组织关系不转移，任务结束后自行撤销。",
)


def approval_form(plan: TaskForcePlan, task_id: str, lang: str, names: bool) -> dict[str, Any]:
    """Return the fields of the form, see :meth:`TaskForcePlan.approval_form`."""
    Saying(lang)  # refuses other languages
    at = 0 if lang == "en" else 1
    task = next((one for one in plan.tasks if one.task_id == task_id), None)
    if task is None:
        known = ", ".join(one.task_id for one in plan.tasks)
        raise InputError(Issue("unknown_task", "no such task", value=task_id, advice=f"use one of: {known}"))
    people = {member.member_id: member for member in plan.roster.members}

    def who(member_id: str | None) -> str:
        if member_id is None:
            return ""
        name = people[member_id].name if names else None
        return f"{name}（{member_id}）" if name and at else f"{name} ({member_id})" if name else member_id

    def field(key: str) -> str:
        return _FIELDS[key][at]

    serving = [one for one in plan.services if one.task == task_id]
    members = [
        {
            field("who"): who(one.member_id),
            field("home"): one.home if plan.result.given.standing else "",
            field("team"): people[one.member_id].team or "",
            field("post"): people[one.member_id].post or "",
            field("role"): one.role,
        }
        for one in serving
    ]
    roles = dict.fromkeys(one.role for one in serving)
    title = task.name if at else task.name_en or task.name
    return {
        "title": field("title"),
        field("name"): title or task.task_id,
        field("time"): f"{task.starts:%Y-%m-%d %H:%M}{_TO[at]}{task.ends:%Y-%m-%d %H:%M}",
        field("place"): (", ", "、")[at].join(_places(task)),
        field("reason"): "",
        field("leader"): who(plan.leader_of(task_id)),
        field("deputy"): who(plan.leader_of(task_id, "deputy")),
        field("members"): members,
        field("duties"): f"{(', ', '、')[at].join(roles)}{('; ', '；')[at]}{_STAYS[at]}",
        field("opinion"): "",
        field("reported"): task.reported_to,
        field("dissolves"): _DONE[at] if task.dissolves_on is None else f"{task.dissolves_on:%Y-%m-%d}",
    }


def _places(task: Task) -> list[str]:
    return list(dict.fromkeys(site for role in task.roles if (site := task.site_of(role))))
