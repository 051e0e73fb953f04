"""What the command line says about a run: the plan beside today's division, and what a policy would judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grouping.plan.evaluation import Plan, compare
from grouping.plan.forming import evaluate
from grouping.plan.rendering import proof, side_by_side
from grouping.policy.compiling import compile_parts
from grouping.policy.criterion import REGISTRY
from grouping.policy.rules import Within

if TYPE_CHECKING:
    from grouping.policy import Policy
    from grouping.roster import Roster

WORDS = {
    "en": {
        "today": "today",
        "plan": "proposed",
        "beside": "Today's division and the proposed one, scored by the same policy:",
        "time": "first plan after {first:.1f} s, {total:.1f} s of solving in all",
        "user": "stopped by you: this is the best plan so far",
        "demo": "The sample branch_42: 42 members who work shifts in canteens, property, transport, security and\n"
        "medical service at 6 sites. Groups of 6 to 12, the three principles weigh the same, at most {limit:g} s\n"
        "of solving.",
        "policy": "policy {name!r}, groups of {least} to {most}",
        "part": "{part}: {members} members, {groups} groups",
        "to": "{least} to {most}",
        "all": "all",
        "judged": "judged: ",
        "rules": "rules: ",
        "silent": "no data for: ",
        "and": ", ",
    },
    "zh": {
        "today": "目前",
        "plan": "建议方案",
        "beside": "目前划分与建议方案（按同一标准评分）：",
        "time": "{first:.1f}秒得到首个方案，共求解{total:.1f}秒",
        "user": "已按要求中止：这是目前最好的方案",
        "demo": "示例支部branch_42：42名倒班党员，分布在餐饮、物业、运输、安保、医务等岗位的6个地点。\n"
        "每组6至12人，三项原则权重相同，最多求解{limit:g}秒。",
        "policy": "标准“{name}”，每组 {least} 至 {most} 人",
        "part": "{part}：{members} 人，{groups} 个组",
        "to": "{least} 至 {most}",
        "all": "全体",
        "judged": "参评标准：",
        "rules": "规则：",
        "silent": "名册没有数据、不予评价：",
        "and": "、",
    },
}


def summary(roster: Roster, policy: Policy, plan: Plan, lang: str = "en") -> str:
    """Return the plan, today's division beside it if the roster has one, what is proven, and the seconds it took.

    Parameters
    ----------
    lang : "en" or "zh"
    """
    words = WORDS[lang]
    parts = [plan.describe(lang), ""]
    if "current_group" in roster.attributes:
        today = evaluate(roster, policy, "current_group")
        beside = side_by_side(compare({words["today"]: today, words["plan"]: plan}), lang)
        parts += [words["beside"], beside, ""]
    seconds = plan.provenance["seconds"]
    parts += [proof(plan, lang), words["time"].format(first=seconds["first_plan"], total=seconds["total"])]
    if plan.provenance["stopped_by"] == "user":
        parts.append(words["user"])
    return "\n".join(parts)


def judgement(roster: Roster, policy: Policy, lang: str = "en") -> str:
    """Return how many groups the sizes allow, and which criteria the roster has data for.

    Parameters
    ----------
    lang : "en" or "zh"

    Raises
    ------
    PolicyError
        When the policy does not fit the roster.
    InfeasibleError
        When sizes alone rule out every division.
    """
    parts = compile_parts(roster, policy)
    words = WORDS[lang]
    lines = [words["policy"].format(name=policy.name, least=policy.size[0], most=policy.size[1])]
    for part in parts:
        least, most = part.problem.least, part.problem.most or len(part.problem.groups)
        number = str(least) if least == most else words["to"].format(least=least, most=most)
        called = part.name or words["all"]
        lines.append("  " + words["part"].format(part=called, members=len(part.roster), groups=number))
    judged = dict.fromkeys(entry.label for part in parts for entry in part.entries if not entry.must)
    rules = dict.fromkeys(entry.label for part in parts for entry in part.entries if entry.must)
    borders = [criterion.label for criterion in policy.must if isinstance(criterion, Within)]
    if len(parts) > 1:
        rules = dict.fromkeys((*borders, *rules))
    silent = dict.fromkeys(label for part in parts for label in part.silent if label not in {*judged, *rules})
    for title, labels in (("judged", judged), ("rules", rules), ("silent", silent)):
        if labels:
            lines.append(f"  {words[title]}{words['and'].join(_called(label, lang) for label in labels)}")
    return "\n".join(lines)


def _called(label: str, lang: str) -> str:
    """Return a criterion's label, in Chinese with its Chinese name before it."""
    known = REGISTRY.get(label.partition("(")[0])
    return f"{known.title} {label}" if lang == "zh" and known is not None and known.title else label
