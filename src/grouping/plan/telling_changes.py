"""What a change would do in words, in English and Chinese."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from grouping.phrases import said
from grouping.plan.pages import Block, Grid, Page, Section
from grouping.plan.saying import Saying, signed
from grouping.plan.telling import checked_lang, shares

if TYPE_CHECKING:
    from grouping.plan.whatif import WhatIf

_TEXTS = {
    "group": ("If {member} went to {group}", "若将{member}调整到{group}"),
    "swap": ("If {first} and {second} changed places", "若将{first}与{second}对调"),
    "leave": ("If {members} left", "若{members}调离"),
    "join": ("If {member} joined {group}", "若将{member}编入{group}"),
    "merge": ("If {first} and {second} became one group", "若将{first}与{second}合并"),
    "split": ("If {group} were split: {members} in {new}", "若将{group}拆分：{members}编入{new}"),
    "weight": ("If weights changed: {changes}", "若调整权重：{changes}"),
    "principles": ("If principles weighed otherwise: {changes}", "若调整原则权重：{changes}"),
    "must": ("If these rules were added: {rules}", "若增加规则：{rules}"),
    "drop": ("If these rules were given up: {rules}", "若取消规则：{rules}"),
    "assignments": ("If {moved} members were elsewhere", "若有{moved}人调整小组"),
    "weighs": ("{name} {old:g} → {new:g}", "{name}由{old:g}改为{new:g}"),
    "score": (
        "The score would be {after:.2f} instead of {before:.2f}: {change}.",
        "全案得分将由{before:.2f}分变为{after:.2f}分，{rise}。",
    ),
    "whom": (
        "Of this, {own} falls on those who move, {others} on other members, {shared} on groups as a whole.",
        "其中调整人员{own}分，其他成员{others}分，小组整体{shared}分。",
    ),
    "whom_else": (
        "Of this, {others} falls on single members, {shared} on groups as a whole.",
        "其中成员个人{others}分，小组整体{shared}分。",
    ),
    "breaks": ("It would break: {broken}.", "将违反：{broken}。"),
    "keeps": ("No rule would be broken.", "不违反任何规则。"),
    "no_more": ("No further rule would be broken.", "不会新增违反规则的情况。"),
    "searched": (
        "There are too many ways to split the group to count them all: no move or exchange of a member improves this.",
        "该组拆分方式过多，未逐一比较；此方案已无法通过个别调整或对调改进。",
    ),
    "scale": (
        "The division is the same; only the scale by which it is judged differs.",
        "划分本身不变，仅评分标准不同。",
    ),
    "criteria": ("By criterion", "按标准分列"),
    "people": ("By member", "按成员分列"),
    "from": ("from", "原小组"),
    "to": ("to", "新小组"),
    "repair": ("The best division that keeps the change", "保留此项变动的最优方案"),
    "optimal": (
        "It scores {score:.2f} and is proven the best; {count} members are elsewhere than before.",
        "得分{score:.2f}分，已证明最优；与原方案相比共有{count}人调整。",
    ),
    "feasible": (
        "The best that was found scores {score:.2f}; {count} members are elsewhere than before. It is "
        "not proven the best.",
        "已找到的最好方案得分{score:.2f}分，尚未证明最优；与原方案相比共有{count}人调整。",
    ),
    "infeasible": (
        "Proven: no division keeps the change and every rule: {reasons}.",
        "已证明：没有既保留此项变动又满足全部规则的方案：{reasons}。",
    ),
    "unknown": (
        "No division that keeps the change and every rule was found in time, and none was proven impossible.",
        "在限定时间内未找到满足要求的方案，也未证明其不存在。",
    ),
}

_ROWS = 40


def told_change(found: WhatIf, lang: str, who: Callable[[str], str]) -> Page:
    """Return a change as a page.

    Parameters
    ----------
    lang : "en" or "zh"
    who : how a member is called
    """
    say = Saying(checked_lang(lang), who, _TEXTS)
    change, before, after = found.change, found.before.score, found.score
    first: list[Block] = [
        say("score", before=before, after=after, change=signed(found.score_change), rise=say.rise(found.score_change))
    ]
    people = found.members
    movers = list(people.loc[people["from"] != people["to"], "member_id"].astype(str))
    own, others, shared = shares(found.comparison, *movers)
    key = "whom" if movers else "whom_else"
    first.append(say(key, own=signed(own), others=signed(others), shared=signed(shared)))
    if found.evaluation.policy.fairness == "worst":
        first.append(say.worst(found.before.worst, found.evaluation.worst))
    if found.broken:
        first.append(say("breaks", broken=say.broken(found.broken)))
    else:
        first.append(say("no_more" if found.violations else "keeps"))
    if change.kind in ("weight", "principles"):
        first.append(say("scale"))
    if not change.exact:
        first.append(say("searched"))
    sections = [Section("", tuple(first))]
    if found.findings:
        sections.append(Section(say("criteria"), (say.criteria(found.comparison),)))
    grid = _people(found, say)
    if grid is not None:
        sections.append(Section(say("people"), (grid,)))
    if found.repair is not None:
        sections.append(Section(say("repair"), tuple(_repair(found, say))))
    return Page(_title(found, say), tuple(sections))


def _title(found: WhatIf, say: Saying) -> str:
    facts: dict[str, Any] = dict(found.change.facts)
    kind = found.change.kind
    for key in ("member", "first", "second"):
        if key in facts and kind != "merge":
            facts[key] = say.who(facts[key])
    if "members" in facts:
        facts["members"] = say.members(facts["members"])
    if "rules" in facts:
        facts["rules"] = say.rules(facts["rules"])
    if "changes" in facts:
        called = say.principle if kind == "principles" else say.criterion
        facts["changes"] = say.joined(
            say("weighs", name=called(name), old=float(old), new=float(new))
            for name, (old, new) in facts["changes"].items()
        )
    return say(kind, **facts)


def _people(found: WhatIf, say: Saying) -> Grid | None:
    rows = list(found.members.itertuples(index=False, name=None))
    if not rows:
        return None
    rows.sort(key=lambda row: (row[1] == row[2], -abs(row[6])))
    cells = [(say.who(row[0]), row[1], row[2], signed(row[6])) for row in rows[:_ROWS]]
    if len(rows) > _ROWS:
        cells.append((say("rest", count=len(rows) - _ROWS), "", "", signed(sum(row[6] for row in rows[_ROWS:]))))
    return Grid((say("member"), say("from"), say("to"), say("change")), tuple(cells))


def _repair(found: WhatIf, say: Saying) -> Iterable[Block]:
    repair = found.repair
    assert repair is not None
    if repair.evaluation is None:
        joined = ("；" if say.zh else "; ").join(said(reason, say.lang) for reason in repair.reasons)
        yield say(repair.status, reasons=joined)
        return
    yield say(repair.status, score=repair.evaluation.score, count=len(repair.moved))
    if repair.moved:
        rows = tuple((say.who(member), old, new) for member, old, new in repair.moved)
        yield Grid((say("member"), say("from"), say("to")), rows)
