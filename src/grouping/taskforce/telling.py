"""The words of explanations and descriptions of task forces, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from grouping.errors import InputError, Issue

if TYPE_CHECKING:
    from grouping.taskforce.plans import TaskForcePlan

CRITERION_WORDS = {
    "Trade": ("another trade than the role's", "业务与岗位不对口"),
    "Level": ("skill level below the best", "技能等级不是最高"),
    "Nearness": ("way to the place", "距任务地点的路程"),
    "LeaderFit": ("fit to lead", "组长（副组长）人选与理想的差距"),
    "Releases": ("shifts released", "脱产班次"),
    "CallIns": ("called in off duty", "休息时间到岗"),
    "RestBroken": ("protected rest broken", "占用班后休息"),
    "ShareTaken": ("share taken from the home group", "从原小组抽调的比重"),
    "HomeGroups": ("several home groups", "来源小组数"),
    "Strangers": ("nobody else of the home group", "同组仅一人"),
    "PastService": ("has served before", "近期已参加过任务"),
    "Wishes": ("wishes not kept", "意愿未满足"),
}
KINDS = {
    "serves": ("serve in the task already", "已在本任务中"),
    "participation": ("take no part", "不参加（请假或仅线上）"),
    "skills": ("lack the skills", "不具备所需技能"),
    "rule": ("a rule by name forbids it", "受指名规则限制"),
    "overlap": ("serve in another task at that time, or too near", "同期已参加其他任务或间隔不足"),
    "shifts": ("protected rest, or nothing is known of the duty", "处于班后休息或排班不明"),
    "response": ("too far away to come in time", "不能按时到达"),
    "overtime": ("too much overtime", "超过加班上限"),
    "share": ("too many of one team or group", "同一班组（小组）抽调过多"),
    "duty": ("too few would stay on duty", "当班人员不足"),
    "lead": ("nobody could lead", "组长（副组长）人选不符合条件"),
    "size": ("too few full members, or too few people", "人数或正式党员数不足"),
    "presence": ("two places at once", "时间冲突"),
    "records": ("is not known", "数据不符"),
}
"""Why somebody is ruled out: kinds of broken rules, the most telling first."""
_TEXTS = {
    "seat": ("{member} serves in {task} as {role}{lead}{waves}", "{member}参加{task}，承担{role}{lead}{waves}"),
    "leader": (", leader", "，组长建议人选"),
    "deputy": (", deputy", "，副组长建议人选"),
    "waves": (", waves {waves}", "，第{waves}波次"),
    "leaves": ("leaves the shifts {shifts}", "脱产班次：{shifts}"),
    "costs": ("{points} for: {criterion}", "{criterion}：{points}"),
    "nobody": ("nobody else could serve here", "没有其他人选"),
    "next": ("next: {members}, who would cost {change}", "次选：{members}，代价{change}"),
    "next_same": ("just as good: {members}", "同样合适：{members}"),
    "next_less": ("would cost less: {members}, {change}", "代价更低：{members}，{change}"),
    "out": ("ruled out, {count} who {kind}: {members}", "排除{count}人（{kind}）：{members}"),
    "unskilled": ("{count} members of the roster lack the skills", "名册中{count}人不具备所需技能"),
    "not_chosen": ("{member} does not serve", "{member}未参加"),
    "would": (
        "as {role} in {task} in place of {out}: {change}",
        "若替换{out}承担{task}的{role}：代价{change}",
    ),
    "would_not": (
        "as {role} in {task}, even in place of {out}, not allowed: {kinds}",
        "若替换{out}承担{task}的{role}，不符合规则：{kinds}",
    ),
    "no_seat": ("lacks the skills of every role", "不具备任何岗位所需技能"),
    "no_seat_here": ("lacks the skills asked for there", "不具备该处岗位所需技能"),
    "unheld": (
        "has the skills of {role} in {task}, in which nobody serves",
        "具备{task}的{role}所需技能，该岗位无人承担",
    ),
    "task": (
        "{task}: {members} members of {homes} home groups, {releases} shifts released",
        "{task}：共{members}人，来自{homes}个小组，脱产{releases}班次",
    ),
    "head": (
        "{tasks} tasks, {seats} seats held, cost {cost} member-points; {proof}",
        "共{tasks}项任务、{seats}个岗位，代价{cost}分；{proof}",
    ),
    "optimal": (
        "proven: no other choice that keeps the rules costs less",
        "已证明：满足全部规则的人选中没有代价更低的",
    ),
    "feasible": (
        "proven: no choice that keeps the rules costs less than {bound}",
        "已证明：满足全部规则的人选代价都不低于{bound}分",
    ),
    "unproven": ("nothing is proven about a lower cost", "尚未证明代价是否最低"),
    "title": ("{task} {name}: {starts} to {ends}", "{task} {name}：{starts}至{ends}"),
    "role": ("{role}: {members}", "{role}：{members}"),
    "released": ("released: {shifts}", "脱产：{shifts}"),
    "rests": ("protected rest broken: {members}", "占用班后休息：{members}"),
    "proposal": ("A proposal: people decide.", "本表为建议方案，由支委会研究决定。"),
}


class Saying:
    """Says things in one language.

    Parameters
    ----------
    lang : "en" or "zh"

    Raises
    ------
    InputError
        For any other language.
    """

    def __init__(self, lang: str) -> None:
        if lang not in ("en", "zh"):
            raise InputError(Issue("unknown_language", "no such language", value=lang, advice="one of en, zh"))
        self.lang = lang
        self._at = 0 if lang == "en" else 1

    def __call__(self, key: str, **words: object) -> str:
        """Return a sentence."""
        return _TEXTS[key][self._at].format(**words)

    def criterion(self, name: str) -> str:
        """Return what a criterion counts."""
        return CRITERION_WORDS[name][self._at]

    def kind(self, name: str) -> str:
        """Return a reason to be ruled out."""
        return KINDS[name][self._at]

    def list(self, texts: Iterable[str]) -> str:
        """Return texts as a list."""
        return (", ", "、")[self._at].join(texts)

    def points(self, plan: TaskForcePlan, points: int, *, sign: bool = True) -> str:
        """Return cost points as weighted member-points, with a sign if asked."""
        shown = points / plan.result.scale
        number = f"{shown:+g}" if sign else f"{shown:g}"
        return number + (" points", "分")[self._at]
