"""A division as text for the terminal and as HTML for the notebook; members by id only."""

from __future__ import annotations

import unicodedata
from html import escape
from typing import TYPE_CHECKING

from grouping.policy.criterion import PRINCIPLES
from grouping.policy.wording import called, option_called

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.evaluation import Evaluation
    from grouping.plan.records import GroupSummary

WORDS = {
    "en": {
        "convene": "easy to hold activities",
        "act": "easy to act",
        "manage": "easy to manage",
        "head": "{groups} groups, {members} members, score {score:.2f} of 100",
        "group": "{group}  ({size} members, score {score:.1f})",
        "optimal": "proven optimal: no division that keeps the rules scores more",
        "feasible": "proven: no division that keeps the rules scores more than {bound:.2f}",
        "unproven": "nothing is proven about the best possible score",
        "fair": "proven optimal: no division that keeps the rules has a better worst group ({worst:.2f}), "
        "and none whose worst group is as good scores more",
        "worst": "worst group {worst:.2f}; proven: every division that keeps the rules has a group "
        "of {bound:.2f} or less",
        "worst_unproven": "worst group {worst:.2f}; nothing is proven about a better one",
        "as_fair": "proven: no division whose worst group is as good scores more than {bound:.2f}",
        "unjudged": "not judged",
        "broken": "rules broken",
        "unused": "not judged, because the roster says nothing about it",
        "leader": "leader",
        "deputy": "deputy",
        "meets": "meets",
        "come": "{share:.0%} can come",
        "work": "shares",
        "covers": "covers",
        "members": "members",
        "loses": "loses",
        "and": ", ",
        "and_then": "; ",
        "session": "meets",
        "place": "place",
        "size": "size",
        "attendance": "can come",
        "score": "score",
        "name": "group",
        "groups": "groups",
    },
    "zh": {
        "convene": "便于开展活动",
        "act": "便于发挥作用",
        "manage": "便于管理党员",
        "head": "{groups}个小组，{members}人，得分{score:.2f}（满分100）",
        "group": "{group}（{size}人，得分{score:.1f}）",
        "optimal": "已证明最优：满足全部规则的划分中没有得分更高的",
        "feasible": "已证明：满足全部规则的任何划分得分都不超过{bound:.2f}",
        "unproven": "尚未证明最高可能得分",
        "fair": "已证明最优：满足全部规则的划分中，没有最低小组得分更高的（{worst:.2f}）；"
        "最低小组得分相同的，没有总分更高的",
        "worst": "最低小组得分{worst:.2f}；已证明：满足全部规则的任何划分，最低小组得分都不超过{bound:.2f}",
        "worst_unproven": "最低小组得分{worst:.2f}；尚未证明其上限",
        "as_fair": "已证明：最低小组得分不低于此的任何划分，总分都不超过{bound:.2f}",
        "unjudged": "未评价",
        "broken": "违反的规则",
        "unused": "名册未提供数据、未评价的标准",
        "leader": "组长建议人选",
        "deputy": "副组长建议人选",
        "meets": "活动",
        "come": "{share:.0%}可参加",
        "work": "共同业务或区域",
        "covers": "联系无党员班组",
        "members": "成员",
        "loses": "失分",
        "and": "、",
        "and_then": "；",
        "session": "活动时间",
        "place": "活动地点",
        "size": "人数",
        "attendance": "可参加",
        "score": "得分",
        "name": "小组",
        "groups": "小组数",
    },
}

_COLUMNS = ("name", "size", "leader", "session", "place", "work", "covers", "attendance", "score")


def text(division: Evaluation, lang: str = "en") -> str:
    """Return the division in words.

    Parameters
    ----------
    lang : "en" or "zh"; anything else counts as "en"
    """
    words = WORDS.get(lang, WORDS["en"])
    result = division.result
    lines = [words["head"].format(groups=len(result.groups), members=len(result.assignments), score=result.score)]
    lines += [proof(division, lang)] if result.status != "evaluated" else []
    width = max(text_width(words[principle]) for principle in PRINCIPLES) + 2
    for principle, score in division.principles.items():
        shown = words["unjudged"] if score != score else f"{score:6.2f}"
        lines.append(f"  {padded(words[principle], width)}{shown}")
    for group in result.groups:
        lines += ["", *_group_lines(division, group, lang, words)]
    if result.violations:
        lines += ["", f"{words['broken']}:"]
        lines += [f"  - {violation.sentence(lang)}" for violation in result.violations]
    if result.unused:
        lines += ["", f"{words['unused']}: {words['and'].join(called(label, lang) for label in result.unused)}"]
    return "\n".join(lines)


def proof(division: Evaluation, lang: str = "en") -> str:
    """Return what is proven about a plan in words; nothing for a division that was only scored."""
    words, result = WORDS.get(lang, WORDS["en"]), division.result
    if result.status == "evaluated":
        return ""
    if result.policy.get("fairness") == "worst":
        return words["and_then"].join(_proof_of_worst(division, words))
    if result.status == "optimal":
        return words["optimal"]
    return words["unproven"] if result.bound is None else words["feasible"].format(bound=result.bound)


def _proof_of_worst(division: Evaluation, words: dict[str, str]) -> list[str]:
    """Return what is proven where the worst group comes first."""
    result, worst = division.result, division.worst
    if result.status == "optimal":
        return [words["fair"].format(worst=worst)]
    key = "worst_unproven" if result.worst_bound is None else "worst"
    found = [words[key].format(worst=worst, bound=result.worst_bound)]
    return found if result.bound is None else [*found, words["as_fair"].format(bound=result.bound)]


def _group_lines(division: Evaluation, group: GroupSummary, lang: str, words: dict[str, str]) -> list[str]:
    result = division.result
    key = (group.part, group.group)
    rows = [("leader", group.leader or ""), ("deputy", group.deputy or "")]
    come = "" if group.attendance is None else words["come"].format(share=group.attendance)
    rows.append(("meets", words["and"].join(filter(None, (option_called(group.session, lang), group.place, come)))))
    rows += [("work", option_called(group.work, lang)), ("covers", words["and"].join(group.covers))]
    rows.append(("members", " ".join(s.member_id for s in result.assignments if (s.part, s.group) == key)))
    width = max(text_width(words[name]) for name, value in rows if value) + 2
    lines = [words["group"].format(group=group.group, size=group.size, score=group.score)]
    lines += [f"  {padded(words[name], width)}{value}" for name, value in rows if value]
    whole = result.scale * max(group.size, 1)
    for finding in result.findings:
        if (finding.part, finding.group) == key and finding.points:
            lost = f"{finding.points / whole:.1f}"
            lines.append(f"  - {lost:>5}  {called(finding.criterion, lang)}: {finding.sentence(lang)}")
    return lines


def side_by_side(frame: pd.DataFrame, lang: str = "en", form: str = "text") -> str:
    """Return what :func:`grouping.compare` made in words, with the status of each division; "–" where it has none.

    Parameters
    ----------
    frame : the table
    lang : "en" or "zh"
    form : "text", "markdown" or "html"

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> today = gp.evaluate(roster, gp.Policy.balanced(size=(6, 12)))
    >>> print(gp.side_by_side(gp.compare({"today": today})).splitlines()[1])
    score                    90.14
    """
    from grouping.plan.pages import Grid, Page, Section
    from grouping.policy.wording import called

    words = WORDS.get(lang, WORDS["en"])
    rows = [["", *map(str, frame.columns)]]
    for head, values in zip(frame.index, frame.itertuples(index=False), strict=True):
        name = _ROWS.get(head, {}).get(lang, words.get(head, head))
        if head.startswith("  "):
            name = "  " + called(head.strip(), lang)
        whole = head in ("groups", "smallest", "largest", "moves", "rules broken")
        rows.append([name, *("–" if v != v else f"{v:.0f}" if whole else f"{v:.2f}" for v in values)])
    if status := frame.attrs.get("status"):
        told = [_STATUS.get(status.get(name), {}).get(lang, status.get(name, "–")) for name in frame.columns]
        rows.append([_ROWS["status"].get(lang, "status"), *told])
    if form in ("markdown", "html"):
        grid = Grid(tuple(rows[0]), tuple(tuple(row) for row in rows[1:]))
        page = Page(_ROWS["title"].get(lang, ""), (Section("", (grid,)),))
        return page.markdown() if form == "markdown" else page.html()
    widths = [max(text_width(row[c]) for row in rows) for c in range(len(rows[0]))]
    lines = []
    for head, *cells in rows:
        shown = "  ".join(" " * (w - text_width(cell)) + cell for cell, w in zip(cells, widths[1:], strict=True))
        lines.append(f"{padded(head, widths[0])}  {shown}".rstrip())
    return "\n".join(lines)


_ROWS = {
    "rules broken": {"en": "rules broken", "zh": "违反的规则"},
    "smallest": {"en": "smallest group", "zh": "最小小组人数"},
    "largest": {"en": "largest group", "zh": "最大小组人数"},
    "worst group": {"en": "worst group's score", "zh": "最低小组得分"},
    "moves": {"en": "members elsewhere", "zh": "编组不同人数"},
    "gap": {"en": "at most to be gained", "zh": "最多还可提高"},
    "status": {"en": "status", "zh": "状态"},
    "title": {"en": "Divisions side by side", "zh": "划分方案对照"},
}
_STATUS = {
    "optimal": {"en": "optimal", "zh": "已证明最优"},
    "feasible": {"en": "feasible", "zh": "可行"},
    "evaluated": {"en": "evaluated", "zh": "仅评分"},
}


def table(frame: pd.DataFrame) -> str:
    """Return a DataFrame as text whose columns line up with Chinese in them."""
    import pandas as pd

    with pd.option_context("display.unicode.east_asian_width", True, "display.width", 200, "display.max_columns", 50):
        return str(frame.to_string(float_format=lambda value: f"{value:.2f}"))


def html(division: Evaluation, lang: str = "en") -> str:
    """Return the division as HTML: its scores, a table of its groups, and the rules it breaks; everything escaped."""
    result = division.result
    words = WORDS.get(lang, WORDS["en"])
    head = words["head"].format(groups=len(result.groups), members=len(result.assignments), score=result.score)
    scores = division.principles.items()
    principles = ", ".join(f"{words[p]} {words['unjudged'] if s != s else f'{s:.1f}'}" for p, s in scores)
    rows = [_row("th", [words[column] for column in _COLUMNS])]
    rows += [_row("td", _cells(group, words, lang)) for group in result.groups]
    broken = "".join(f"<li>{escape(violation.sentence(lang))}</li>" for violation in result.violations)
    parts = [
        f"<p><b>{escape(head)}</b><br>{escape(proof(division, lang))}<br>{escape(principles)}</p>",
        f"<table><thead>{rows[0]}</thead><tbody>{''.join(rows[1:])}</tbody></table>",
        f"<p>{escape(words['broken'])}:</p><ul>{broken}</ul>" if broken else "",
        f"<p>{escape(words['unused'])}: {escape(words['and'].join(called(label, lang) for label in result.unused))}</p>"
        if result.unused
        else "",
    ]
    return f"<div>{''.join(parts)}</div>"


def _cells(group: GroupSummary, words: dict[str, str], lang: str) -> list[str]:
    come = "" if group.attendance is None else f"{group.attendance:.0%}"
    covers = words["and"].join(group.covers)
    leader = group.leader or ""
    return [
        group.group, str(group.size), leader, option_called(group.session, lang), group.place,
        option_called(group.work, lang), covers, come, f"{group.score:.1f}",
    ]  # fmt: skip


def _row(tag: str, cells: list[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def text_width(shown: str) -> int:
    """Return how many columns of a terminal a text takes; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in shown)


def padded(shown: str, width: int) -> str:
    """Return a text filled up with spaces to a width."""
    return shown + " " * (width - text_width(shown))
