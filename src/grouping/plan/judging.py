"""Scoring many divisions of one roster by one policy: what they share is compiled once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouping.plan.building import Scored, build
from grouping.plan.divisions import Division, read_division
from grouping.plan.evaluation import Evaluation, Inputs
from grouping.plan.records import BrokenRule
from grouping.plan.things import place_teams
from grouping.policy.compiling import Compiled, compile_parts
from grouping.policy.general import Together
from grouping.policy.rules import Within
from grouping.scoring import score

if TYPE_CHECKING:
    from grouping.policy.policy import Policy
    from grouping.problem import IntArray
    from grouping.roster import Roster


class Judge:
    """Scores divisions; compiles again only when they name other groups, and scores only the parts that changed.

    Parameters
    ----------
    roster, policy : by what is judged
    """

    def __init__(self, roster: Roster, policy: Policy) -> None:
        self.inputs = Inputs(roster, policy)
        self._compiled: dict[frozenset[str], tuple[Compiled, ...]] = {}
        self._scored: dict[int, tuple[tuple[object, ...], Scored]] = {}

    def same(self, division: Evaluation) -> Evaluation:
        """Return the score of a division that is already one, its leaders and covered teams kept."""
        return self.judge(read_division(self.inputs.roster, division))

    def groups(self, group_of: Mapping[str, str]) -> Evaluation:
        """Return the score of member id → group name; leaders and covered teams are chosen as is best."""
        return self.judge(Division(dict(group_of)))

    def judge(self, division: Division) -> Evaluation:
        """Return the score of a division."""
        scored = self.scored(division)
        crossing = self.crossing([part.compiled for part in scored], division.group_of)
        return Evaluation(build(scored, self.inputs.policy, "evaluated", crossing), self.inputs)

    def scored(self, division: Division) -> list[Scored]:
        """Return the score of a division part by part, as arrays."""
        parts = self._parts(division.group_of)
        return [self._score(number, part, division) for number, part in enumerate(parts)]

    def crossing(self, parts: Sequence[Compiled], group_of: Mapping[str, str]) -> list[BrokenRule]:
        """Return the broken rules of a division that no single part can see."""
        return _crossing(tuple(parts), group_of, self.inputs.policy)

    def _parts(self, group_of: Mapping[str, str]) -> tuple[Compiled, ...]:
        key = frozenset(group_of.values())
        parts = self._compiled.get(key)
        if parts is None or not all(_knows(part, group_of) for part in parts):
            parts = compile_parts(self.inputs.roster, self.inputs.policy, group_of)
            self._compiled = {key: parts}
            self._scored = {}
        return parts

    def _score(self, number: int, part: Compiled, division: Division) -> Scored:
        names = {group.name: g for g, group in enumerate(part.problem.groups)}
        members = [division.group_of.get(member) for member in part.roster.member_ids]
        place: IntArray = np.full(len(part.problem.size), -1, dtype=np.int64)
        place[: len(members)] = [-1 if name is None else names[name] for name in members]
        for thing, team in enumerate(part.teams, start=len(members)):
            keeper = division.covers.get((part.name, team))
            if keeper is not None and keeper in members and part.teams.count(team) == 1:
                place[thing] = names[keeper]
        index = {member: i for i, member in enumerate(part.roster.member_ids)}
        seated = {("leader", names[division.group_of[m]]): index[m] for m in division.leaders if m in index}
        asked = (place.tobytes(), tuple(seated.items()))
        if number not in self._scored or self._scored[number][0] != asked:
            place = place_teams(part.problem, place, seated)
            self._scored[number] = (asked, Scored(part, place, score(part.problem, place, seated)))
        return self._scored[number][1]


def _knows(part: Compiled, group_of: Mapping[str, str]) -> bool:
    """Tell whether the part was compiled for just the groups that its members are in."""
    asked = {group_of[member] for member in part.roster.member_ids if member in group_of}
    return asked == {group.name for group in part.problem.groups if not group.required or group.name in asked}


def _crossing(parts: tuple[Compiled, ...], group_of: Mapping[str, str], policy: Policy) -> list[BrokenRule]:
    """Return the rules that no single part can see broken: groups across borders, members apart in several parts."""
    homes: dict[str, list[str]] = {}
    for part in parts:
        for name in dict.fromkeys(group_of[m] for m in part.roster.member_ids if m in group_of):
            homes.setdefault(name, []).append(part.name)
    border = next((c.label for c in policy.must if isinstance(c, Within)), "Within")
    broken = [
        BrokenRule(rule=border, group=name, members=(), amount=len(where) - 1)
        for name, where in homes.items()
        if len(where) > 1
    ]
    for rule in policy.must:
        if isinstance(rule, Together) and not any(set(rule.ids) <= set(part.roster.member_ids) for part in parts):
            apart = len({(group_of.get(member), member not in group_of) for member in rule.ids})
            broken.append(BrokenRule(rule=rule.label, group="", members=rule.ids, amount=max(apart - 1, 1)))
    return broken
