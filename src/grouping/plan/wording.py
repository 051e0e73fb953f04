"""Rules in words that a layman understands, English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from grouping.phrases import Phrase, said
from grouping.policy.act import Leader
from grouping.policy.convene import MaxTravel, Quorum
from grouping.policy.general import Apart, AtLeast, AtMost, Together
from grouping.policy.manage import MaxMoves
from grouping.policy.rules import Forbid, Keep, Pin, Within
from grouping.policy.wording import called

if TYPE_CHECKING:
    from grouping.policy.criterion import Criterion

_SHOWN = 6
"""So many members or pairs are named; of more only the number."""

CHANGE = "the change"
"""The name of the rule that keeps a change of which is asked what it would do."""

_KINDS = {
    ("status", "full"): Phrase("full member", "正式党员"),
    ("status", "probationary"): Phrase("probationary member", "预备党员"),
    ("gender", "F"): Phrase("woman", "女性"),
    ("gender", "M"): Phrase("man", "男性"),
}
_PLURALS = {"woman": "women", "man": "men"}
_ATTRIBUTES = {
    "branch": "支部", "department": "部门", "team": "班组", "site": "地点", "business_line": "业务链",
    "education": "学历", "gender": "性别", "post": "岗位", "status": "党员身份",
}  # fmt: skip


def attribute(name: str) -> str:
    """Return the Chinese word for an attribute, its own name where there is none."""
    return _ATTRIBUTES.get(name, name)


def people(where: Sequence[tuple[str, Any]], number: int = 2) -> Phrase:
    """Return what members are called who meet conditions on attributes, one or several of them."""
    if len(where) == 1 and where[0] in _KINDS:
        kind = _KINDS[where[0]]
        one = str(kind)
        return Phrase(one if number == 1 else _PLURALS.get(one, f"{one}s"), kind.zh)
    noun = "member" if number == 1 else "members"
    if not where:
        return Phrase(noun, "成员")
    en = " and ".join(f"{key}={value}" for key, value in where)
    zh = "、".join(f"{attribute(key)}为“{value}”" for key, value in where)
    return Phrase(f"{noun} with {en}", f"{zh}的成员")


def so_many(number: int, where: Sequence[tuple[str, Any]]) -> Phrase:
    """Return a number of such members."""
    kind = people(where, number)
    return Phrase(f"{number} {kind}", f"{number}名{kind.zh}")


def groups(number: int) -> Phrase:
    """Return a number of groups."""
    return Phrase("1 group" if number == 1 else f"{number} groups", f"{number}个小组")


def listed(texts: Iterable[str]) -> Phrase:
    """Return a list in words; of a long one its beginning and its length."""
    shown = list(texts)
    if len(shown) > _SHOWN:
        head, rest = shown[: _SHOWN - 1], len(shown) - _SHOWN + 1
        en = ", ".join(map(str, head)) + f" and {rest} more"
        return Phrase(en, "、".join(said(text, "zh") for text in head) + f"等{len(shown)}项")
    en = str(shown[0]) if len(shown) == 1 else f"{', '.join(map(str, shown[:-1]))} and {shown[-1]}"
    return Phrase(en, "、".join(said(text, "zh") for text in shown))


def sentences(found: Iterable[str]) -> Phrase:
    """Return several sentences as one."""
    shown = list(found)
    return Phrase("; ".join(shown), "；".join(said(text, "zh") for text in shown))


def named(labels: Iterable[str]) -> Phrase:
    """Return rules by their labels, in Chinese by their Chinese names."""
    shown = list(labels)
    return Phrase(", ".join(shown), "、".join("此项变动" if one == CHANGE else called(one, "zh") for one in shown))


def in_words(rule: Criterion) -> Phrase:
    """Return what a rule asks for; its label where nothing better is known."""
    if isinstance(rule, AtLeast):
        many = so_many(rule.n, rule.where)
        return Phrase(f"at least {many} in each group", f"每组至少有{many.zh}")
    if isinstance(rule, AtMost):
        many = so_many(rule.n, rule.where)
        return Phrase(f"at most {many} in each group", f"每组至多有{many.zh}")
    if isinstance(rule, Apart | Together):
        ids = listed(rule.ids)
        if isinstance(rule, Apart):
            return Phrase(f"{ids} in different groups", f"{ids.zh}分在不同的小组")
        return Phrase(f"{ids} in one group", f"{ids.zh}在同一小组")
    if isinstance(rule, Pin):
        return Phrase(f"{rule.member} in {rule.group}", f"{rule.member}在{rule.group}")
    if isinstance(rule, Forbid):
        return Phrase(f"{rule.member} not in {rule.group}", f"{rule.member}不在{rule.group}")
    if isinstance(rule, Keep):
        return _kept_in_words(rule)
    if isinstance(rule, Within):
        return Phrase(f"groups never cross a {rule.attr}", f"小组不跨{attribute(rule.attr)}")
    if isinstance(rule, Leader):
        return _leader_in_words(rule)
    if isinstance(rule, MaxTravel):
        en = f"nobody more than {rule.minutes} minutes from the meeting place"
        return Phrase(en, f"成员到活动地点的路程不超过{rule.minutes}分钟")
    if isinstance(rule, Quorum):
        return _quorum_in_words(rule)
    if isinstance(rule, MaxMoves):
        en = f"at most {rule.most} moved from their groups of today"
        return Phrase(en, f"由其他小组调入的成员总共不超过{rule.most}人")
    return Phrase(rule.label, called(rule.label, "zh"))


def _kept_in_words(rule: Keep) -> Phrase:
    ids = listed(rule.members)
    en, zh = f"{ids} in {rule.group}", f"{ids.zh}在{rule.group}"
    if rule.whole:
        en, zh = f"{en} and nobody else", f"{zh}且不含其他人"
    if rule.leader is not None:
        en, zh = f"{en}, led by {rule.leader}", f"{zh}，由{rule.leader}任组长"
    return Phrase(en, zh)


def _quorum_in_words(rule: Quorum) -> Phrase:
    who = people([("status", "full")] if rule.counted == "full" else [])
    percent = f"{float(100 * rule.share):g}%"
    much = Phrase(f"more than {percent}", f"超过{percent}") if rule.over else Phrase(f"{percent}", f"至少{percent}")
    able = f"{much if rule.over else f'at least {much}'} of the {who} can attend each group's session"
    return Phrase(able, f"每组有{much.zh}的{who.zh}能参加活动")


def _leader_in_words(rule: Leader) -> Phrase:
    who = people([("status", rule.status)] if rule.status != "any" else [], 1)
    en, zh = f"a {who} who may lead in each group", f"每组有一名可任组长的{who.zh}"
    barred = list(rule.exclude)
    more: list[Phrase] = []
    if not rule.committee:
        more.append(Phrase("not a committee member", "不含支部委员"))
    if barred:
        names = listed(barred)
        more.append(Phrase(f"not {names}", f"不含{names.zh}"))
    if not more:
        return Phrase(en, zh)
    return Phrase(f"{en} ({', '.join(more)})", f"{zh}（{'，'.join(text.zh for text in more)}）")


def given_up(rule: Criterion, pieces: Sequence[Criterion]) -> Phrase:
    """Return what is allowed when pieces of a rule are given up."""
    left = rule.without(pieces)
    if isinstance(rule, AtLeast | AtMost) and left and isinstance(left[0], AtLeast | AtMost):
        before, now = rule.n, left[0].n
        kind = people(rule.where, now)
        if isinstance(rule, AtLeast):
            return Phrase(
                f"ask for at least {now} instead of {before} {kind} in each group",
                f"每组{kind.zh}的最低人数由{before}人降为{now}人",
            )
        return Phrase(
            f"allow up to {now} instead of {before} {kind} in each group",
            f"每组{kind.zh}的最高人数由{before}人提高到{now}人",
        )
    pairs = [piece.ids for piece in pieces if isinstance(piece, Apart | Together)]
    if pairs:
        shown = listed(Phrase(f"{a} and {b}", f"{a}与{b}") for a, b in pairs)
        if isinstance(rule, Apart):
            return Phrase(f"let {shown} be in one group", f"允许{shown.zh}在同一小组")
        return Phrase(f"let {shown} be in different groups", f"允许{shown.zh}分在不同的小组")
    if isinstance(rule, Pin):
        return Phrase(f"do not fix {rule.member} to {rule.group}", f"不再要求{rule.member}在{rule.group}")
    if isinstance(rule, Keep):
        return Phrase(f"do not keep {rule.group} as it is", f"不再保持{rule.group}不变")
    if isinstance(rule, Forbid):
        return Phrase(f"let {rule.member} be in {rule.group}", f"允许{rule.member}在{rule.group}")
    if isinstance(rule, Leader) and left:
        return sentences(_let_lead(piece) for piece in pieces if isinstance(piece, Leader))
    if isinstance(rule, Within):
        return Phrase(f"let groups cross a {rule.attr}", f"允许小组跨{attribute(rule.attr)}")
    if isinstance(rule, MaxTravel) and left and isinstance(left[0], MaxTravel):
        now = left[0].minutes
        return Phrase(
            f"allow ways of up to {now} instead of {rule.minutes} minutes",
            f"到活动地点的路程上限由{rule.minutes}分钟放宽到{now}分钟",
        )
    words = in_words(rule)
    if isinstance(rule, Quorum):
        return Phrase(f"do not ask that {words}", f"不再要求{words.zh}")
    return Phrase(f"do not ask for {words}", f"不再要求{words.zh}")


def raised(rule: Criterion, now: Criterion) -> Phrase:
    """Return what is allowed when the limit of a rule that counts over the whole plan is raised."""
    if isinstance(rule, MaxMoves) and isinstance(now, MaxMoves):
        return Phrase(
            f"allow up to {now.most} instead of {rule.most} to be moved from their groups of today",
            f"由其他小组调入的总人数上限由{rule.most}人放宽到{now.most}人",
        )
    before, after = in_words(rule), in_words(now)
    return Phrase(f"ask for {after} instead of {before}", f"由“{before.zh}”改为“{after.zh}”")


def _let_lead(piece: Leader) -> Phrase:
    if piece.exclude:
        ids = listed(piece.exclude)
        return Phrase(f"let {ids} lead", f"允许{ids.zh}任组长")
    if not piece.committee:
        return Phrase("let committee members lead", "允许支部委员任组长")
    return Phrase(
        f"let members lead who are not {people([('status', piece.status)])}",
        f"允许非{people([('status', piece.status)]).zh}任组长",
    )
