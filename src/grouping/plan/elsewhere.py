"""Every other place of a member: what it would cost or gain, for whom, and which rules it would break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grouping.plan.ledger import Comparison, compared
from grouping.plan.standing import newly_broken, regrouped, standing
from grouping.plan.tally import Tally

if TYPE_CHECKING:
    from grouping.plan.judging import Judge
    from grouping.plan.records import BrokenRule
    from grouping.plan.standing import Standing


@dataclass(frozen=True)
class Alternative:
    """Another place of a member, scored exactly.

    Attributes
    ----------
    group : where the member would be
    partner : id of the member who would come the other way; "" for a move alone
    breaks : the rules that it breaks, or breaks more than they are
    comparison : the change line by line
    own : cost points that the member would have more (below 0: fewer)
    worst : score of the group that would score least
    """

    group: str
    partner: str
    breaks: tuple[BrokenRule, ...]
    comparison: Comparison
    own: int
    worst: float

    @property
    def cost_change(self) -> int:
        """Cost points added; below 0 where it would gain."""
        return self.comparison.cost

    @property
    def score_change(self) -> float:
        """How the score would change."""
        return float(self.comparison.score)

    @property
    def rules(self) -> tuple[str, ...]:
        """The labels of the rules that it breaks, each once."""
        return tuple(dict.fromkeys(rule.rule for rule in self.breaks))


def alternatives(judge: Judge, before: Standing, member: str, swaps: bool | None) -> tuple[Alternative, ...]:
    """Return the other groups of the member's branch, the best one first; what breaks no rule before what does.

    Parameters
    ----------
    judge : scores divisions of the roster by the policy
    before : the division as it is
    member : id
    swaps : True adds the best exchange with a member of each group; None does so when every move breaks a rule
    """
    at = before.part_of(member)
    part = before.parts[at]
    own = before.division.group_of.get(member)
    names = [name for name in _used(before, part.compiled.roster.member_ids) if name != own]
    only = at if own is not None else None  # one more in a group: all points weigh less, those of other parts too
    found = [_scored(judge, before, only, member, name, "") for name in names]
    if own is not None and (swaps or (swaps is None and found and all(one.breaks for one in found))):
        tally = Tally(part.compiled.problem)
        partners = (_partner(tally, before, member, name) for name in names)
        found += [
            _scored(judge, before, only, member, name, other) for name, other in zip(names, partners, strict=True)
        ]
    return tuple(sorted(found, key=lambda one: (bool(one.breaks), -one.comparison.score, bool(one.partner))))


def _used(before: Standing, members: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(before.division.group_of[m] for m in members if m in before.division.group_of))


def _scored(judge: Judge, before: Standing, only: int | None, member: str, group: str, partner: str) -> Alternative:
    group_of = {**before.division.group_of, member: group}
    if partner:
        group_of[partner] = before.division.group_of[member]
    after = standing(judge, regrouped(before, group_of), before)
    change = compared(before.account(only), after.account(only))
    own = sum(line.change for line in change.lines if line.member == member)
    return Alternative(group, partner, newly_broken(before.broken, after.broken), change, own, after.worst)


def _partner(tally: Tally, before: Standing, member: str, group: str) -> str:
    """Return the member of a group whose exchange with this one breaks least, then costs least."""
    part = before.parts[before.part_of(member)]
    problem = tally.problem
    index = {key: item for item, key in enumerate(problem.keys[: problem.members])}
    place = np.where(problem.size > 0, part.group_of, -1)
    ranked = []
    for other in part.compiled.roster.member_ids:
        if before.division.group_of.get(other) == group:
            swapped = place.copy()
            swapped[[index[member], index[other]]] = place[[index[other], index[member]]]
            ranked.append((tally.cost(swapped), index[other], other))
    return min(ranked)[2]
