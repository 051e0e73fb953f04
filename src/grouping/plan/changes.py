"""What is different from another division: who joins, leaves and moves, and why (调整人员名单)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.plan.divisions import Division, read_division
from grouping.plan.matching import matched
from grouping.plan.records import LANGUAGES
from grouping.policy.wording import called

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.evaluation import Evaluation

COLUMNS = ("member_id", "change", "from", "to", "reason")
_SHOWN_IDS = 6

WORDS = {
    "en": {
        "left": "no longer in the roster",
        "unplaced": "in no group any more",
        "alone": "no other group is there",
        "gain": "scores {score} more than {group}: {points}",
        "loss": "scores {score} less than {group} with everybody else as they are: {points}",
        "even": "scores the same as {group}",
        "broken": "{group} would break a rule: {rules}",
        "dissolved": "{old} is no longer there; ",
        "less": "{criterion} {points} points better",
        "more": "{criterion} {points} points worse",
        "ids": " ({ids})",
        "many": "{ids}, … {count} in all",
        "comma": ", ",
        "semicolon": "; ",
    },
    "zh": {
        "left": "已不在名册中",
        "unplaced": "不再编入小组",
        "alone": "没有其他小组",
        "gain": "比编入{group}得分高{score}：{points}",
        "loss": "其他人不变时，比编入{group}得分低{score}：{points}",
        "even": "与编入{group}得分相同",
        "broken": "编入{group}将违反规则：{rules}",
        "dissolved": "{old}已不再设置；",
        "less": "{criterion}少失{points}分",
        "more": "{criterion}多失{points}分",
        "ids": "（{ids}）",
        "many": "{ids}等{count}人",
        "comma": "、",
        "semicolon": "；",
    },
}


@dataclass(frozen=True)
class Change:
    """One member whose group is another one.

    Attributes
    ----------
    kind : "joined", "left" or "moved"
    old, new : group names, "" for none
    """

    member_id: str
    kind: str
    old: str
    new: str


def listed(old: Mapping[str, str], new: Mapping[str, str], renamed: Mapping[str, str]) -> list[Change]:
    """Return who is elsewhere: movers and newcomers in the order of the new division, then those who left.

    Parameters
    ----------
    old, new : member id → group name
    renamed : old group name → the name it goes on by, where that differs
    """
    found = []
    for member, group in new.items():
        before = old.get(member)
        if before is None:
            found.append(Change(member, "joined", "", group))
        elif renamed.get(before, before) != group:
            found.append(Change(member, "moved", before, group))
    return found + [Change(member, "left", group, "") for member, group in old.items() if member not in new]


def changes(
    new: Evaluation,
    other: Evaluation | pd.DataFrame | Mapping[str, str] | str,
    *,
    match: bool = False,
    reasons: bool = True,
    lang: str = "en",
) -> pd.DataFrame:
    """Return the list of :meth:`grouping.Evaluation.changes`."""
    import pandas as pd

    if lang not in LANGUAGES:
        raise ValueError(f"lang is one of {', '.join(LANGUAGES)}")
    before = _division(new, other).group_of
    now = new.result.group_of
    pairs = matched(before, now) if match else {}
    taken = set(pairs.values())  # a name that another old group goes on by is not this one's
    renamed = {name: pairs.get(name, "" if name in taken else name) for name in before.values()} if match else {}
    rows = listed(before, now, renamed)
    told = Reasons(new, renamed, lang) if reasons and rows else None
    cells = [
        (change.member_id, change.kind, change.old, change.new, "" if told is None else told.of(change))
        for change in rows
    ]
    table = pd.DataFrame(cells, columns=list(COLUMNS), dtype="str")
    table.attrs["renamed"] = {old: name for old, name in pairs.items() if old != name}
    return table


def _division(new: Evaluation, other: Evaluation | pd.DataFrame | Mapping[str, str] | str) -> Division:
    from grouping.plan.evaluation import Evaluation

    if isinstance(other, Evaluation):
        return Division(other.result.group_of)
    return read_division(new.inputs.roster, other, strangers=True)


class Reasons:
    """Says what the plan gains by having a member where she is, from a score of the division with her elsewhere.

    Parameters
    ----------
    plan : the division in which everybody is where they are now
    renamed : old group name → the name it goes on by, where that differs
    """

    def __init__(self, plan: Evaluation, renamed: Mapping[str, str], lang: str) -> None:
        self.words = WORDS[lang]
        self.lang = lang
        self.renamed = renamed
        self.judge = plan.judge
        self.group_of = plan.result.group_of
        self.part_of = {seat.member_id: seat.part for seat in plan.result.assignments}
        self.groups = [(group.part, group.group) for group in plan.result.groups]
        self.base = self.judge.same(plan)

    def of(self, change: Change) -> str:
        """Return why a member is where she is."""
        if change.kind == "left":
            here = change.member_id in self.judge.inputs.roster.member_ids
            return self.words["unplaced" if here else "left"]
        home = self.renamed.get(change.old, change.old)
        gone = change.kind == "moved" and (self.part_of[change.member_id], home) not in self.groups
        prefix = self.words["dissolved"].format(old=change.old) if gone else ""
        elsewhere = [home] if change.kind == "moved" and not gone else list(self._others(change))
        if not elsewhere:
            return prefix + self.words["alone"]
        found = [(group, self.judge.groups({**self.group_of, change.member_id: group})) for group in elsewhere]
        group, nearest = min(found, key=lambda pair: (len(self._broken(pair[1])), pair[1].cost))
        return prefix + self._compared(group, nearest)

    def _others(self, change: Change) -> Iterator[str]:
        return (name for part, name in self.groups if part == self.part_of[change.member_id] and name != change.new)

    def _broken(self, trial: Evaluation) -> list[str]:
        known = [(rule.rule, rule.group, rule.amount) for rule in self.base.violations]
        fresh = [rule for rule in trial.violations if (rule.rule, rule.group, rule.amount) not in known]
        return [rule.sentence(self.lang) for rule in fresh]

    def _compared(self, group: str, trial: Evaluation) -> str:
        """Return what is better and worse here than it would be with the member in another group."""
        words = self.words
        if broken := self._broken(trial):
            return words["broken"].format(group=group, rules=words["semicolon"].join(broken))
        if trial.cost == self.base.cost:
            return words["even"].format(group=group)
        parts = []
        for better in (True, False):
            for criterion, points in self._differences(trial):
                if (points > 0) is better:
                    text = words["less" if better else "more"].format(
                        criterion=called(criterion, self.lang), points=abs(points)
                    )
                    worse, fine = (trial, self.base) if better else (self.base, trial)
                    parts.append(text + self._whom(_served_badly(worse, criterion, fine)))
        gain = self.base.score - trial.score
        return words["gain" if gain > 0 else "loss"].format(
            group=group, score=f"{abs(gain):.2f}", points=words["comma"].join(parts)
        )

    def _differences(self, trial: Evaluation) -> list[tuple[str, int]]:
        """Return (criterion, member-points that it costs more in the trial), the weightiest first."""
        here = {(row.principle, row.criterion): row for row in self.base.result.scores}
        there = {(row.principle, row.criterion): row for row in trial.result.scores}
        found = [
            (here[key].weight * (there[key].points - here[key].points), key[1], there[key].points - here[key].points)
            for key in here
            if key in there and there[key].points != here[key].points
        ]
        return [(criterion, points) for _, criterion, points in sorted(found, key=lambda row: -abs(row[0]))]

    def _whom(self, members: Sequence[str]) -> str:
        if not members:
            return ""
        ids = self.words["comma"].join(members[:_SHOWN_IDS])
        if len(members) > _SHOWN_IDS:
            ids = self.words["many"].format(ids=ids, count=len(members))
        return self.words["ids"].format(ids=ids)


def _served_badly(division: Evaluation, criterion: str, other: Evaluation) -> list[str]:
    """Return the members who are concerned by a criterion in one division and not in the other."""
    mine, theirs = (
        {
            member: None
            for found in one.findings
            if found.criterion == criterion and found.points
            for member in found.members
        }
        for one in (division, other)
    )
    return [member for member in mine if member not in theirs]
