"""A division as text for the terminal and as HTML for the notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from grouping.policy.criterion import PRINCIPLES

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.evaluation import Evaluation

_WORDS = {
    "en": {
        "convene": "easy to hold activities",
        "act": "easy to act",
        "manage": "easy to manage",
        "groups": "groups",
        "members": "members",
        "score": "score",
        "optimal": "proven optimal: no division scores more",
        "feasible": "no division can score more than",
        "unproven": "nothing is proven about the best possible score",
        "broken": "rules broken",
        "silent": "not judged, because the roster says nothing about it",
        "leader": "leader",
        "deputy": "deputy",
        "meets": "meets",
        "work": "shares",
        "covers": "looks after",
    },
    "zh": {
        "convene": "便于开展活动",
        "act": "便于发挥作用",
        "manage": "便于管理党员",
        "groups": "个小组",
        "members": "人",
        "score": "得分",
        "optimal": "已证明最优：没有更高得分的划分",
        "feasible": "任何划分的得分都不超过",
        "unproven": "尚未证明最高可能得分",
        "broken": "违反的规则",
        "silent": "名册未提供数据、未评价的标准",
        "leader": "组长",
        "deputy": "副组长",
        "meets": "活动",
        "work": "共同业务或区域",
        "covers": "联系的无党员班组",
    },
}


def text(division: Evaluation, lang: str = "en") -> str:
    """Return the division in words; members by id only."""
    words = _WORDS.get(lang, _WORDS["en"])
    result = division.result
    lines = [
        f"{len(result.groups)} {words['groups']}, {len(result.assignments)} {words['members']}, "
        f"{words['score']} {result.score:.2f} / 100"
    ]
    if result.status == "optimal":
        lines.append(words["optimal"])
    elif result.status == "feasible":
        lines.append(words["unproven"] if result.bound is None else f"{words['feasible']} {result.bound:.2f}")
    lines += [f"  {words[principle]:<26} {division.principles[principle]:6.2f}" for principle in PRINCIPLES]
    for group in result.groups:
        members = [seat for seat in result.assignments if seat.group == group.group]
        lines.append("")
        lines.append(f"{group.group}  ({group.size} {words['members']}, {words['score']} {group.score:.1f})")
        if group.leader:
            deputy = f", {words['deputy']} {group.deputy}" if group.deputy else ""
            lines.append(f"  {words['leader']} {group.leader}{deputy}")
        if group.session or group.place:
            come = "" if group.attendance is None else f" ({group.attendance:.0%})"
            lines.append(f"  {words['meets']} {', '.join(filter(None, (group.session, group.place)))}{come}")
        if group.work:
            lines.append(f"  {words['work']} {group.work}")
        if group.covers:
            lines.append(f"  {words['covers']} {', '.join(group.covers)}")
        lines.append(f"  {' '.join(seat.member_id for seat in members)}")
        for finding in result.findings:
            if finding.group == group.group and finding.points:
                lines.append(f"    - {finding.criterion}: {finding.sentence(lang)}")
    if result.violations:
        lines += ["", f"{words['broken']}:"]
        lines += [f"  - {violation.sentence(lang)}" for violation in result.violations]
    if result.unused:
        lines += ["", f"{words['silent']}: {', '.join(result.unused)}"]
    return "\n".join(lines)


def table(frame: pd.DataFrame) -> str:
    """Return a DataFrame as text whose columns line up with Chinese in them."""
    import pandas as pd

    with pd.option_context("display.unicode.east_asian_width", True, "display.width", 200, "display.max_columns", 50):
        return str(frame.to_string(float_format=lambda value: f"{value:.2f}"))


def html(division: Evaluation) -> str:
    """Return the division as HTML: its scores and a table of its groups."""
    result = division.result
    words = _WORDS["en"]
    head = f"{len(result.groups)} groups, score {result.score:.2f}"
    proof = words["optimal"] if result.status == "optimal" else ""
    if result.status == "feasible" and result.bound is not None:
        proof = f"{words['feasible']} {result.bound:.2f}"
    principles = ", ".join(f"{words[p]} {division.principles[p]:.1f}" for p in PRINCIPLES)
    shown = ["group", "size", "leader", "session", "place", "work", "attendance", "score"]
    groups = division.groups[shown].to_html(index=False, escape=True, float_format=lambda v: f"{v:.2f}", border=0)
    broken = "".join(f"<li>{escape(v.sentence())}</li>" for v in result.violations)
    warning = f"<p>{words['broken']}:</p><ul>{broken}</ul>" if broken else ""
    return f"<div><p><b>{escape(head)}</b> {escape(proof)}<br>{escape(principles)}</p>{groups}{warning}</div>"
