"""A group in words: one paragraph under each of the three principles, as an analyst puts it into a proposal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from grouping.plan.pages import Page, Section
from grouping.plan.saying import Saying

if TYPE_CHECKING:
    from grouping.plan.facts import GroupFacts

_TEXTS = {
    "title": ("{group}: why it is a good group, and where it falls short", "{group}划分说明"),
    "head": (
        "{size} members: {members}. Score {score:.1f} of 100.",
        "本组共{size}人：{members}。得分{score:.1f}分（满分100分）。",
    ),
    "heading": ("{principle} ({score:.1f})", "{principle}（{score:.1f}分）"),
    "unjudged": ("{principle} (not judged)", "{principle}（未评价）"),
    # convene
    "session": ("The group meets {session}.", "建议活动时间为{session}。"),
    "come": (
        "{come} of the {expected} members expected can come ({share:.0%}){states}.",
        "应到{expected}人，可到{come}人，到会率{share:.0%}{states}。",
    ),
    "states": (": {states}", "：{states}"),
    "A": ("{count} on site before or after their shift", "{count}人在班前班后即可参加"),
    "O": ("{count} off duty{ids}", "{count}人利用休息时间参加{ids}"),
    "R": ("{count} in protected rest after a night shift{ids}", "{count}人处于夜班后的休息时间{ids}"),
    "D": ("{count} on duty{ids}", "{count}人当班、不能参加{ids}"),
    "ids": (" ({ids})", "（{ids}）"),
    "excused_one": ("One excused member is not expected: {ids}.", "经批准可不参加的1人：{ids}。"),
    "excused": ("{count} excused members are not expected: {ids}.", "经批准可不参加的{count}人：{ids}。"),
    "place": ("It meets at {place}", "活动地点设在{place}"),
    "all_there": (", where all who come in person work.", "，到场人员均在该处工作。"),
    "ways": (
        "; {there} of {all} who come in person work there, the others need {mean:.0f} minutes on average, {far} "
        "the most: {most}.",
        "，到场人员{all}人中{there}人在该处工作，其余人员单程平均{mean:.0f}分钟，最远为{far}，{most}分钟。",
    ),
    "way": (
        "; {there} of {all} who come in person work there, {far} needs {most} minutes.",
        "，到场人员{all}人中{there}人在该处工作，{far}单程{most}分钟。",
    ),
    "end": (".", "。"),
    # act
    "work": ("What it shares: {work}", "共同业务或区域为{work}"),
    "all_in": ("; all {size} members take part in it.", "，{size}人全部在内。"),
    "outside": ("; outside it, {count} of {size}: {ids}.", "，{size}人中{count}人不在其中：{ids}。"),
    "covers": ("It looks after {count} teams without members: {teams}.", "联系无党员班组{count}个：{teams}。"),
    "covers_one": ("It looks after a team without members: {teams}.", "联系无党员班组1个：{teams}。"),
    "leader": (
        "{leader} is proposed as leader{fit}, {rank} of {able} who may lead{next}.",
        "组长建议人选为{leader}{fit}，在{able}名符合条件的人员中{rank}{next}。",
    ),
    "leader_only": (
        "{leader} is proposed as leader{fit}, the only member who may lead.",
        "组长建议人选为{leader}{fit}，是本组唯一符合条件的人员。",
    ),
    "leader_unfit": (
        "{leader} leads it{fit}, though by the rules none of its members may.",
        "组长为{leader}{fit}，但按规则本组没有符合条件的人员。",
    ),
    "no_leader": ("Nobody in it may lead.", "本组没有符合组长条件的人员。"),
    "fit": (" (fit {fit} of 100)", "（适任度{fit}分）"),
    "first": ("the first", "居首"),
    "rank": ("number {rank}", "列第{rank}位"),
    "next": ("; the next are {next}", "，其次为{next}"),
    "next_one": ("; the next is {next}", "，其次为{next}"),
    "candidate": ("{who} ({fit})", "{who}（{fit}分）"),
    "deputy": ("{deputy} is proposed as deputy.", "副组长建议人选为{deputy}。"),
    # manage
    "size": ("It has {size} members, {full} of them full", "本组{size}人，其中正式党员{full}人"),
    "in_band": (", within the {lo} to {hi} that are right.", "，人数在{lo}至{hi}人的适当范围内。"),
    "exact": (", as many as is right.", "，人数适当。"),
    "too_few": (", {off} fewer than is right.", "，比适当规模少{off}人。"),
    "too_many": (", {off} more than is right.", "，比适当规模多{off}人。"),
    "departments": ("Departments: {departments}.", "涉及部门{count}个：{departments}。"),
    "department": ("{name} {count}", "{name}{count}人"),
    "newcomers": ("{count} newcomers: {ids}{mentors}.", "预备党员{count}人：{ids}{mentors}。"),
    "newcomer": ("One newcomer: {ids}{mentors}.", "预备党员1人：{ids}{mentors}。"),
    "mentored": (", with enough full members for each", "，培养力量充足"),
    "short": (", full members are missing for {count} of them", "，其中{count}人培养力量不足"),
    "goes_on": (
        "It goes on from {group}: {stayed} of its members stay{came}{left}.",
        "延续{group}：{stayed}人留在原小组{came}{left}。",
    ),
    "came": ("; {count} come from elsewhere ({from_})", "，{count}人由其他小组调入（{from_}）"),
    "left": ("; {count} of the old group go elsewhere ({to})", "；原小组另有{count}人调出（{to}）"),
    "origin": ("{group}: {ids}", "{group}：{ids}"),
}


def group_page(facts: GroupFacts, lang: str, who: Callable[[str], str]) -> Page:
    """Return what a group is good for, a paragraph under each principle.

    Parameters
    ----------
    lang : "en" or "zh"
    who : how a member is called
    """
    say = Saying(lang, who, _TEXTS)
    row = facts.summary
    name = row.group if not row.part or row.group.startswith(row.part) else f"{row.part} {row.group}"
    head = say("head", size=row.size, members=say.members(facts.members), score=row.score)
    sections = [Section("", (head,))]
    for principle, tell in (("convene", _convene), ("act", _act), ("manage", _manage)):
        parts = [*tell(facts, say), *_others(facts, principle, say)]
        words = {"principle": say.principle(principle), "score": facts.principles.get(principle, 0.0)}
        heading = say("heading" if principle in facts.principles else "unjudged", **words)
        paragraph = say.clauses(parts)
        if paragraph:
            sections.append(Section(heading, (paragraph,)))
    return Page(say("title", group=name), tuple(sections))


def _others(facts: GroupFacts, principle: str, say: Saying) -> list[str]:
    """Return what is lost by criteria that the figures do not speak of."""
    return [say.loss(finding) + say("end") for finding in facts.others if finding.principle == principle]


def _convene(facts: GroupFacts, say: Saying) -> list[str]:
    row, parts = facts.summary, []
    if row.session:
        parts.append(say("session", session=say.option(row.session)))
    if facts.expected:
        told = []
        for state, ids in facts.states:
            who = "" if state == "A" or len(ids) == facts.expected else say("ids", ids=say.members(ids))
            told.append(say(state, count=len(ids), ids=who))
        states = say("states", states=("，" if say.zh else ", ").join(told))
        share = facts.come / facts.expected
        parts.append(say("come", come=facts.come, expected=facts.expected, share=share, states=states))
    if facts.excused:
        key = "excused_one" if len(facts.excused) == 1 else "excused"
        parts.append(say(key, count=len(facts.excused), ids=say.members(facts.excused)))
    if row.place:
        ways = [minutes for _, minutes in facts.ways if minutes]
        where = say("place", place=say.option(row.place))
        if ways:
            there, all_ = len(facts.ways) - len(ways), len(facts.ways)
            mean, (far, most) = sum(ways) / len(ways), facts.ways[0]
            key = "way" if len(ways) == 1 else "ways"
            parts.append(where + say(key, there=there, all=all_, mean=mean, far=say.who(far), most=most))
        else:
            parts.append(where + say("all_there" if facts.ways else "end"))
    return parts


def _act(facts: GroupFacts, say: Saying) -> list[str]:
    row, parts = facts.summary, []
    if row.work:
        work = say("work", work=say.option(row.work))
        ids = say.members(facts.outside)
        rest = say("outside", count=len(facts.outside), size=row.size, ids=ids)
        parts.append(work + (rest if facts.outside else say("all_in", size=row.size)))
    if row.covers:
        key = "covers_one" if len(row.covers) == 1 else "covers"
        parts.append(say(key, count=len(row.covers), teams=say.joined(row.covers)))
    if row.leader is not None:
        parts.append(_leader(facts, row.leader, say))
    elif facts.led:
        parts.append(say("no_leader"))
    if row.deputy is not None:
        parts.append(say("deputy", deputy=say.who(row.deputy)))
    return parts


def _leader(facts: GroupFacts, leader: str, say: Saying) -> str:
    fit = "" if facts.fit is None else say("fit", fit=facts.fit)
    named = {"leader": say.who(leader), "fit": fit}
    if not facts.able:
        return say("leader_unfit", **named)
    if facts.able == 1 and facts.rank == 1:
        return say("leader_only", **named)
    rank = say("first") if facts.rank == 1 else say("rank", rank=facts.rank)
    candidates = [
        say.who(member) if fit is None else say("candidate", who=say.who(member), fit=fit) for member, fit in facts.next
    ]
    nxt = say("next" if len(candidates) > 1 else "next_one", next=say.joined(candidates)) if candidates else ""
    return say("leader", **named, rank=rank, able=facts.able, next=nxt)


def _manage(facts: GroupFacts, say: Saying) -> list[str]:
    row = facts.summary
    parts = [say("size", size=row.size, full=row.full) + _right(facts, say)]
    if any(name for name, _ in facts.departments):
        listed = say.joined(say("department", name=name or "–", count=count) for name, count in facts.departments)
        parts.append(say("departments", count=len(facts.departments), departments=listed))
    if facts.newcomers:
        mentors = ""
        if facts.mentors_short is not None:
            mentors = say("short", count=facts.mentors_short) if facts.mentors_short else say("mentored")
        key = "newcomer" if len(facts.newcomers) == 1 else "newcomers"
        parts.append(say(key, count=len(facts.newcomers), ids=say.members(facts.newcomers), mentors=mentors))
    if row.continues:
        came = _moved("came", "from_", facts.came, say)
        left = _moved("left", "to", facts.left, say)
        parts.append(say("goes_on", group=row.continues, stayed=len(facts.stayed), came=came, left=left))
    return parts


def _right(facts: GroupFacts, say: Saying) -> str:
    if facts.right is None:
        return say("end")
    (lo, hi), size = facts.right, facts.summary.size
    if size < lo:
        return say("too_few", off=lo - size)
    if size > hi:
        return say("too_many", off=size - hi)
    return say("exact") if lo == hi else say("in_band", lo=lo, hi=hi)


def _moved(key: str, where: str, moves: tuple[tuple[str, tuple[str, ...]], ...], say: Saying) -> str:
    if not moves:
        return ""
    count = sum(len(ids) for _, ids in moves)
    listed = ("；" if say.zh else "; ").join(
        say("origin", group=group or "–", ids=say.members(ids)) for group, ids in moves
    )
    return say(key, count=count, **{where: listed})
