"""A division as it stands and as it would be: the same people in other groups, scored exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from grouping.errors import InputError
from grouping.phrases import Phrase
from grouping.plan.building import Scored, broken_rules
from grouping.plan.divisions import Division, read_division
from grouping.plan.ledger import Account, account
from grouping.policy.criterion import unknown
from grouping.roster.faults import id_or_nothing
from grouping.scoring import score, worst_of

if TYPE_CHECKING:
    from grouping.errors import Issue
    from grouping.plan.evaluation import Evaluation
    from grouping.plan.judging import Judge
    from grouping.plan.records import BrokenRule
    from grouping.roster import Roster


@dataclass(frozen=True)
class Standing:
    """A division with its score, part by part.

    Attributes
    ----------
    division : who is where
    parts : the score of every part
    within : the rules that every part breaks
    crossing : the rules broken that no single part sees
    named : leaders who were named by hand, so that another one would be better
    """

    division: Division
    parts: tuple[Scored, ...]
    within: tuple[tuple[BrokenRule, ...], ...]
    crossing: tuple[BrokenRule, ...]
    named: frozenset[str] = frozenset()

    @property
    def broken(self) -> tuple[BrokenRule, ...]:
        """The rules that the division breaks."""
        return (*self.crossing, *(rule for rules in self.within for rule in rules))

    @property
    def worst(self) -> float:
        """The score of the group that scores least; 100 without groups."""
        shares = (worst_of(p.compiled.problem, p.group_of, p.score) / p.compiled.problem.scale for p in self.parts)
        return float(100 - max(shares, default=Fraction(0)))

    def account(self, only: int | None = None) -> Account:
        """Return the points line by line.

        Parameters
        ----------
        only : index of the one part whose lines are wanted; scale and members are those of the whole all the same
        """
        if only is None:
            return account(self.parts)
        scale = lcm(*(part.compiled.problem.scale for part in self.parts))
        placed = set(self.division.group_of)
        members = sum(member in placed for part in self.parts for member in part.compiled.roster.member_ids)
        return replace(account([self.parts[only]], scale), members=members)

    def part_of(self, member: str) -> int:
        """Return which part a member belongs to."""
        return next(p for p, part in enumerate(self.parts) if member in part.compiled.roster.member_ids)


def standing(judge: Judge, division: Division, like: Standing | None = None) -> Standing:
    """Return a division scored by a judge.

    Parameters
    ----------
    like : a division scored before; what is known of parts that are the same is taken over
    """
    parts = tuple(judge.scored(division))
    crossing = judge.crossing([part.compiled for part in parts], division.group_of)
    known = {} if like is None else {id(part): rules for part, rules in zip(like.parts, like.within, strict=True)}
    within = tuple(known[id(part)] if id(part) in known else tuple(broken_rules(part)) for part in parts)
    return Standing(division, parts, within, tuple(crossing))


def as_it_is(division: Evaluation) -> Standing:
    """Return an evaluation as it stands, its leaders and the teams in its care kept."""
    found = standing(division.judge, read_division(division.inputs.roster, division))
    best = {member for part in found.parts for member in _best_leaders(part)}
    return replace(found, named=frozenset(found.division.leaders) - best)


def _best_leaders(part: Scored) -> set[str]:
    """Return who would lead the groups if nobody were named."""
    problem = part.compiled.problem
    chosen = score(problem, part.group_of).seated
    return {problem.keys[item] for (seat, _), item in chosen.items() if seat == "leader"}


def regrouped(before: Standing, group_of: Mapping[str, str]) -> Division:
    """Return the division in which the same members are in other groups.

    Where a part changes, leaders and teams are chosen anew as is best, as :func:`grouping.evaluate` does for a table
    without roles; other parts stay as they are. A leader named by hand stays leader of the group while they are in it.
    """
    old = before.division
    leaders: list[str] = []
    covers = dict(old.covers)
    for part in before.parts:
        ids = set(part.compiled.roster.member_ids)
        led = [member for member in old.leaders if member in ids]
        if any(old.group_of.get(member) != group_of.get(member) for member in ids):
            led = [m for m in led if m in before.named and old.group_of.get(m) == group_of.get(m)]
            covers = {key: keeper for key, keeper in covers.items() if key[0] != part.compiled.name}
        leaders += led
    return Division(dict(group_of), tuple(leaders), covers)


def newly_broken(before: Iterable[BrokenRule], after: Iterable[BrokenRule]) -> tuple[BrokenRule, ...]:
    """Return the rules that a change breaks, or breaks more than before."""
    had: dict[tuple[str, str], int] = {}
    for rule in before:
        had[rule.rule, rule.group] = had.get((rule.rule, rule.group), 0) + rule.amount
    found = []
    for rule in after:
        left = had.get((rule.rule, rule.group), 0)
        if rule.amount > left:
            found.append(rule)
        had[rule.rule, rule.group] = max(left - rule.amount, 0)
    return tuple(found)


def known_member(roster: Roster, member: object) -> str:
    """Return a member id of the roster, or raise InputError with near ones."""
    ids = roster.member_ids
    if member not in ids:
        issue = not_known("member", "名册中没有这名成员", member, ids)
        raise InputError(replace(issue, value=id_or_nothing(str(member))))
    return str(member)


def known_group(before: Standing, group: object) -> str:
    """Return the name of a group of the division, or raise InputError with near ones."""
    names = list(dict.fromkeys(before.division.group_of.values()))
    if group not in names:
        raise InputError(not_known("group", "没有这个小组", group, names))
    return str(group)


def not_known(what: str, zh: str, name: object, known: Iterable[str], owner: str = "") -> Issue:
    """Return the issue for a name that is not known, with the nearest ones that are, in English and Chinese.

    Parameters
    ----------
    what, owner : as in :func:`grouping.policy.criterion.unknown`
    zh : what is wrong, in Chinese
    """
    names = list(known)
    issue = unknown(what, name, names, owner)
    near = get_close_matches(str(name), names, n=3, cutoff=0.5)
    advice = f"是否为{'或'.join(near)}" if near else f"可选的有{'、'.join(names[:12])}"
    message = Phrase(issue.message, zh)
    return replace(issue, message=message, advice=issue.advice and Phrase(issue.advice, advice))
