"""Explanations in words: templates over facts, in English and in the Chinese of a document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from grouping.phrases import said, span
from grouping.plan.facts import GroupFacts
from grouping.plan.pages import Block, Grid, Page, Section
from grouping.plan.records import LANGUAGES
from grouping.plan.rendering import proof
from grouping.plan.saying import Saying, signed
from grouping.plan.telling_groups import group_page

if TYPE_CHECKING:
    from grouping.plan.elsewhere import Alternative
    from grouping.plan.explaining import Explanation, MemberFacts, PlanFacts, Scores
    from grouping.plan.ledger import Comparison

_TEXTS = {
    # a member
    "why": ("Why {member} is in {group}", "{member}编入{group}的理由"),
    "nowhere": ("{member} is in no group", "{member}未编入任何小组"),
    "is_in": ("{member} is in {group}, a group of {size}{role}.", "{member}编入{group}，该组共{size}人{role}。"),
    "leads": (", and leads it", "，为组长建议人选"),
    "deputy": (", and is its deputy", "，为副组长建议人选"),
    "of": ("{group} of {part}", "{part}{group}"),
    "decided": (
        "A rule decides: {rules}. Every other place would break it.",
        "由规则决定：{rules}。编入其他任何小组都将违反规则。",
    ),
    "decided_many": (
        "Rules decide: every other place would break one of {rules}.",
        "由规则决定：编入其他任何小组都将违反以下规则之一：{rules}。",
    ),
    "border": (
        "{count} groups of other branches are ruled out by {rule}.",
        "其他支部的{count}个小组不在可选范围内：{rule}。",
    ),
    "gets": ("What {member} gets there", "本人在该组的情况"),
    "takes": ("the group takes", "小组安排"),
    "credit": ("credit of 100", "本人得分（满分100）"),
    "whole": ("The group as a whole loses by: {findings}.", "小组整体失分：{findings}。"),
    "nothing": ("The group as a whole loses nothing.", "小组整体无失分。"),
    "only": ("There is no other group to go to.", "没有其他小组可供选择。"),
    "best": ("The best alternative: {group}", "最优替代方案：{group}"),
    "move": ("To move {member} to {group}", "将{member}调整到{group}"),
    "swap": ("To exchange {member} for {partner} of {group}", "将{member}与{group}的{partner}对调"),
    "costs": (
        "{what} would change the score by {change}, from {before:.2f} to {after:.2f}.",
        "{what}，全案得分将由{before:.2f}分变为{after:.2f}分，{rise}。",
    ),
    "whom": (
        "Of this, {own} falls on {member}, {others} on other members, {shared} on groups as a whole.",
        "其中{member}本人{own}分，其他成员{others}分，小组整体{shared}分。",
    ),
    "breaks": ("It would break: {broken}.", "将违反：{broken}。"),
    "prevented": (
        "{group} would change the score by {change}, but a rule forbids it: {broken}.",
        "调整到{group}可使得分{rise}，但为规则所不许：{broken}。",
    ),
    "every": ("Every other place", "全部替代方案"),
    "rank": ("rank", "名次"),
    "group": ("group", "小组"),
    "with": ("in exchange for", "对调人员"),
    "own": ("of it for the member", "其中本人"),
    "rules": ("rules broken", "违反的规则"),
    "by_criterion": ("By criterion", "按标准分列"),
    "by_member": ("By member", "按成员分列"),
    # a plan
    "plan": ("The division as a whole", "划分方案总体说明"),
    "head": (
        "{members} members in {groups} groups of {sizes}; score {score:.2f} of 100. {proof}",
        "共{members}人，划分为{groups}个小组，每组{sizes}人；得分{score:.2f}分（满分100分）。{proof}",
    ),
    "against": (
        "Today's division scores {today:.2f} in {groups} groups: the change is {change}.",
        "目前划分为{groups}个小组，得分{today:.2f}分；本方案与之相比，得分{rise}。",
    ),
    "today_broken": (
        "Today's division breaks {count} of the rules, so it is no plan.",
        "目前的划分有{count}处不符合规则。",
    ),
    "people": (
        "{better} members are served better than today, {worse} worse.",
        "与目前相比，{better}人情况改善，{worse}人情况变差。",
    ),
    "from_to": ("from {before} to {after}", "由{before}变为{after}"),
    "still": ("{after}", "仍为{after}"),
    "as_today": (", as today", ""),
    "p_score": ("Score {figures}{as_today}.", "得分{figures}。"),
    "p_come": (
        "Members who can come to their group's session: {figures}{as_today}.",
        "能参加本组活动的党员{figures}。",
    ),
    "p_way": ("Way to the meeting place: {figures} on average{as_today}.", "到活动地点的单程平均用时{figures}。"),
    "p_outside": (
        "Members outside the shared work of their group: {figures}{as_today}.",
        "不在本组共同业务或区域内的{figures}。",
    ),
    "p_covered": (
        "Teams without members that are looked after: {figures}{as_today}.",
        "有小组联系的无党员班组{figures}。",
    ),
    "p_fit": ("Mean fit of the leaders: {figures} of 100{as_today}.", "组长建议人选平均适任度{figures}。"),
    "p_sizes": ("Sizes: {figures}{as_today}.", "小组人数{figures}。"),
    "p_departments": ("Departments of a group: {figures} on average{as_today}.", "每组涉及部门平均{figures}。"),
    "p_moved": (
        "Members who come from another group than the one that theirs goes on from: {count}.",
        "由其他小组调入的党员{count}人。",
    ),
    "share": ("{count} of {all} ({share:.0%})", "{count}人（应到{all}人，占{share:.0%}）"),
    "minutes": ("{value:.1f} minutes", "{value:.1f}分钟"),
    "range": ("{least}–{most}", "{least}至{most}人"),
    "all": ("all of {least}", "{least}人"),
    "persons": ("{value}", "{value}人"),
    "teams": ("{value}", "{value}个"),
    "points": ("{value:.2f}", "{value:.2f}分"),
    "unit_mean": ("{value:.1f}", "{value:.1f}个"),
    "fit_mean": ("{value:.0f}", "{value:.0f}分"),
    "now": ("proposed", "本方案"),
    "today": ("today", "目前"),
    "scores": ("Criterion by criterion", "各项标准得分"),
    "score": ("score", "得分"),
    "sum": ("all", "合计"),
    "effect": ("effect on the score", "对全案得分的影响"),
}


def told(why: Explanation, lang: str, who: Callable[[str], str]) -> Page:
    """Return an explanation as a page.

    Parameters
    ----------
    lang : "en" or "zh"
    who : how a member is called
    """
    from grouping.plan.explaining import MemberFacts, PlanFacts

    say = Saying(checked_lang(lang), who, _TEXTS)
    if isinstance(why.facts, MemberFacts):
        return _member_page(why, why.facts, say)
    if isinstance(why.facts, GroupFacts):
        return group_page(why.facts, say.lang, who)
    assert isinstance(why.facts, PlanFacts)
    return _plan_page(why, why.facts, say)


def checked_lang(lang: str) -> str:
    """Return a language if it is one of ours."""
    from grouping.errors import InputError
    from grouping.policy.criterion import unknown

    if lang not in LANGUAGES:
        raise InputError(unknown("language", lang, LANGUAGES))
    return lang


def _member_page(why: Explanation, facts: MemberFacts, say: Saying) -> Page:
    me = say.who(facts.member)
    group = facts.group
    if facts.part and not group.startswith(facts.part):
        group = say("of", group=group, part=facts.part)
    first: list[Block] = []
    if facts.group:
        role = {"leader": say("leads"), "deputy": say("deputy")}.get(facts.role, "")
        first.append(say("is_in", member=me, group=group, size=facts.size, role=role))
    if len(facts.decided_by) == 1:
        first.append(say("decided", rules=say.rules(facts.decided_by)))
    elif facts.decided_by:
        key = "decided" if _shared_by_all(why, facts) else "decided_many"
        first.append(say(key, rules=say.rules(facts.decided_by)))
    if facts.beyond:
        first.append(say("border", count=facts.beyond, rule=say.criterion(facts.border)))
    sections = [Section("", tuple(first))] if first else []
    if facts.group:
        sections.append(Section(say("gets", member=me), tuple(_gets(facts, say))))
    if why.alternatives:
        sections += _other_places(why, facts, say)
    elif facts.group:
        sections.append(Section("", (say("only"),)))
    return Page(say("why", member=me, group=group) if facts.group else say("nowhere", member=me), tuple(sections))


def _shared_by_all(why: Explanation, facts: MemberFacts) -> bool:
    return all(rule in one.rules for rule in facts.decided_by for one in why.alternatives)


def _gets(facts: MemberFacts, say: Saying) -> list[Block]:
    rows = [
        (say.principle(c.principle), say.criterion(c.criterion), say.option(c.option), str(100 - c.points))
        for c in facts.credits
    ]
    blocks: list[Block] = []
    if rows:
        blocks.append(Grid((say("principle"), say("criterion"), say("takes"), say("credit")), tuple(rows)))
    losses = ("；" if say.zh else "; ").join(map(say.loss, facts.shared))
    blocks.append(say("whole", findings=losses) if losses else say("nothing"))
    return blocks


def _other_places(why: Explanation, facts: MemberFacts, say: Saying) -> list[Section]:
    best, me = why.alternatives[0], say.who(facts.member)
    before = score_before(why)
    own, others, shared = shares(best.comparison, facts.member)
    blocks: list[Block] = [
        say(
            "costs",
            what=_what(best, me, say),
            change=signed(best.score_change),
            rise=say.rise(best.score_change),
            before=before,
            after=before + best.score_change,
        ),
        say("whom", own=signed(own), member=me, others=signed(others), shared=signed(shared)),
    ]
    if why.division.policy.fairness == "worst":
        blocks.append(say.worst(why.division.worst, best.worst))
    if best.breaks:
        blocks.append(say("breaks", broken=say.broken(best.breaks)))
    blocks.append(say.criteria(best.comparison))
    people = say.people(best.comparison)
    blocks += [people] if people is not None else []
    more: list[Block] = []
    more += [
        say(
            "prevented",
            group=one.group,
            change=signed(one.score_change),
            rise=say.rise(one.score_change),
            broken=say.broken(one.breaks),
        )
        for one in why.alternatives[1:]
        if one.breaks and one.score_change > 0 and not one.partner
    ]
    exchange = any(one.partner for one in why.alternatives)
    head = [say("rank"), say("group"), *([say("with")] if exchange else []), say("change"), say("own"), say("rules")]
    rows = [
        (
            str(rank),
            one.group,
            *([say.who(one.partner) if one.partner else ""] if exchange else []),
            signed(one.score_change),
            signed(shares(one.comparison, facts.member)[0]),
            say.rules(one.rules),
        )
        for rank, one in enumerate(why.alternatives, 1)
    ]
    more.append(Grid(tuple(head), tuple(rows)))
    return [Section(say("best", group=best.group), tuple(blocks)), Section(say("every"), tuple(more))]


def _what(one: Alternative, me: str, say: Saying) -> str:
    if one.partner:
        return say("swap", member=me, partner=say.who(one.partner), group=one.group)
    return say("move", member=me, group=one.group)


def score_before(why: Explanation) -> float:
    """Return the score of the division that an explanation is about."""
    return why.division.score


def shares(change: Comparison, *members: str) -> tuple[float, float, float]:
    """Return what of a change of the score falls on these members, on others, and on groups as a whole."""
    own = sum(line.score for line in change.lines if line.member in members)
    shared = sum(line.score for line in change.lines if not line.member)
    return float(own), float(change.score - own - shared), float(shared)


def _plan_page(why: Explanation, facts: PlanFacts, say: Saying) -> Page:
    now, today = facts.now, facts.today
    shown = proof(why.division, say.lang)
    ended = f"{shown[:1].upper()}{shown[1:]}{'。' if say.zh else '.'}" if shown else ""
    least, most = now.figures.sizes
    first = [
        say(
            "head", members=facts.members, groups=now.figures.groups, sizes=said(span(least, most), say.lang),
            score=now.score, proof=ended,
        ).strip()
    ]  # fmt: skip
    if today is not None:
        change = {"change": signed(why.score_change), "rise": say.rise(why.score_change)}
        first.append(say("against", today=today.score, groups=today.figures.groups, **change))
        if today.broken:
            first.append(say("today_broken", count=today.broken))
        first.append(say("people", better=facts.better, worse=facts.worse))
    sections = [Section("", tuple(first))]
    sections += [Section(say.principle(name), (_principle(name, now, today, say),)) for name in now.principles]
    sections.append(Section(say("scores"), (_criteria(why, now, today, say),)))
    return Page(say("plan"), tuple(sections))


def _principle(principle: str, now: Scores, today: Scores | None, say: Saying) -> str:
    def figure(unit: str, get: Callable[[Scores], float | None]) -> list[str]:
        after, before = get(now), None if today is None else get(today)
        return [] if after is None else [say(unit, value=value) for value in (before, after) if value is not None]

    def sentence(key: str, shown: Sequence[str]) -> str:
        return say(key, **_from_to(shown, say)) if shown else ""

    parts = [sentence("p_score", figure("points", lambda s: s.principles.get(principle)))]
    if principle == "convene":
        if now.figures.expected:
            parts.append(sentence("p_come", [_come(scores, say) for scores in (today, now) if scores is not None]))
        parts.append(sentence("p_way", figure("minutes", lambda s: s.figures.way)))
    elif principle == "act":
        parts.append(sentence("p_outside", figure("persons", lambda s: s.figures.outside)))
        if now.figures.covered:
            parts.append(sentence("p_covered", figure("teams", lambda s: s.figures.covered)))
        parts.append(sentence("p_fit", figure("fit_mean", lambda s: s.figures.fit)))
    else:
        ranges = [
            say("range" if least < most else "all", least=least, most=most)
            for least, most in (scores.figures.sizes for scores in (today, now) if scores is not None)
        ]
        parts.append(sentence("p_sizes", ranges))
        parts.append(sentence("p_departments", figure("unit_mean", lambda s: s.figures.departments)))
        if now.figures.moved is not None:
            parts.append(say("p_moved", count=now.figures.moved))
    return say.clauses(parts)


def _from_to(shown: Sequence[str], say: Saying) -> dict[str, str]:
    """Return a figure, or what it was and is, and how a sentence ends about one that is still the same."""
    if len(shown) == 1:
        return {"figures": shown[0], "as_today": ""}
    before, after = shown
    if before == after:
        return {"figures": say("still", after=after), "as_today": say("as_today")}
    return {"figures": say("from_to", before=before, after=after), "as_today": ""}


def _come(scores: Scores, say: Saying) -> str:
    count, whole = scores.figures.come, scores.figures.expected
    return say("share", count=count, all=whole, share=count / max(whole, 1))


def _criteria(why: Explanation, now: Scores, today: Scores | None, say: Saying) -> Grid:
    """Return every criterion with its scores, and what it does to the score; the last column adds up."""
    effect = {
        (part.lines[0].principle, label): part.score
        for label, part in why.comparison.by(lambda line: line.criterion).items()
    }
    keys = list(dict.fromkeys([*now.criteria, *(today.criteria if today is not None else ())]))
    head = [
        say("principle"),
        say("criterion"),
        *([say("today")] if today is not None else []),
        say("now"),
        say("effect"),
    ]
    rows = []
    for principle, label in keys:
        scores = [one.criteria.get((principle, label)) for one in (today, now) if one is not None]
        cells = ["–" if score is None else f"{score:.2f}" for score in scores]
        rows.append(
            (say.principle(principle), say.criterion(label), *cells, signed(effect.get((principle, label), 0.0)))
        )
    whole = [f"{one.score:.2f}" for one in (today, now) if one is not None]
    rows.append((say("sum"), "", *whole, signed(why.score_change)))
    return Grid(tuple(head), tuple(rows))
