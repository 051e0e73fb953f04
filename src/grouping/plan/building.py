"""From scored arrays back to people: the records of a division, put together over all independent parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from grouping.plan.records import BrokenRule, CriterionScore, Finding, GroupSummary, Result, Seat
from grouping.policy.convene import Attendance
from grouping.policy.criterion import PRINCIPLES
from grouping.problem import Focus, IntArray, Quota, Role
from grouping.scoring import worst_of

if TYPE_CHECKING:
    from grouping.policy.compiling import Compiled, Entry
    from grouping.policy.policy import Policy
    from grouping.scoring import Part, Score

Status = Literal["optimal", "feasible", "evaluated"]


@dataclass(frozen=True)
class Scored:
    """One part with its division and its score.

    Attributes
    ----------
    bound : proven lower limit of the part's cost, None when nothing is proven
    worst_bound : proven lower limit of what its worst group costs per member; None when it is not asked, or not proven
    """

    compiled: Compiled
    group_of: IntArray
    score: Score
    bound: int | None = None
    worst_bound: Fraction | None = None

    @property
    def proven(self) -> bool:
        """Whether no division of this part is better."""
        problem = self.compiled.problem
        worst = worst_of(problem, self.group_of, self.score)
        return self.bound == self.score.cost and (not problem.worst_first or self.worst_bound == worst)


def build(
    parts: Sequence[Scored],
    policy: Policy,
    status: Status,
    more_violations: Sequence[BrokenRule] = (),
    provenance: Mapping[str, Any] | None = None,
) -> Result:
    """Return the records of a division that is scored part by part."""
    members = sum(map(_placed, parts))
    scale = lcm(*(part.compiled.problem.scale for part in parts))
    factor = [scale // part.compiled.problem.scale for part in parts]
    cost = sum(f * part.score.cost for f, part in zip(factor, parts, strict=True))
    bounds = [part.bound for part in parts]
    cost_bound = None
    if all(bound is not None for bound in bounds):
        cost_bound = sum(f * int(bound) for f, bound in zip(factor, bounds, strict=True) if bound is not None)
    limits = [
        None if part.worst_bound is None else 100 - part.worst_bound / part.compiled.problem.scale for part in parts
    ]
    known = [limit for limit in limits if limit is not None]
    groups: list[GroupSummary] = []
    findings: list[Finding] = []
    violations: list[BrokenRule] = []
    seats: dict[str, Seat] = {}
    for f, part in zip(factor, parts, strict=True):
        teller = _Teller(part)
        groups += teller.groups()
        findings += teller.findings(f)
        violations += teller.violations()
        seats.update(teller.seats())
    order = [member for part in parts for member in part.compiled.roster.member_ids]
    return Result(
        status=status,
        score=_score(cost, scale, members),
        cost=cost,
        bound=None if cost_bound is None else _score(cost_bound, scale, members),
        cost_bound=cost_bound,
        worst_bound=float(min(known)) if known and len(known) == len(parts) else None,
        scale=scale,
        assignments=tuple(seats[member] for member in order if member in seats),
        groups=tuple(groups),
        scores=_scores(parts, members),
        findings=tuple(findings),
        violations=(*more_violations, *violations),
        unused=_unused(parts),
        policy=policy.to_dict(),
        provenance=dict(provenance or {}),
    )


def broken_rules(part: Scored) -> list[BrokenRule]:
    """Return the rules that one part breaks, in terms of ids and group names."""
    return _Teller(part).violations()


def _unused(parts: Sequence[Scored]) -> tuple[str, ...]:
    """Return the wishes that no part could judge."""
    judged = {entry.label for part in parts for entry in part.compiled.entries}
    silent = dict.fromkeys(label for part in parts for label in part.compiled.silent)
    return tuple(label for label in silent if label not in judged)


def _score(cost: int, scale: int, members: int) -> float:
    return float(100 - Fraction(cost, scale * members)) if members else 100.0


def _placed(part: Scored) -> int:
    """Return how many members are in a group; those in none have no points, so they must not dilute the score."""
    return int((part.group_of[part.compiled.problem.size > 0] >= 0).sum())


def _scores(parts: Sequence[Scored], members: int) -> tuple[CriterionScore, ...]:
    """Return every criterion's share, points and score over all parts; Σ share × score is the plan's score.

    A criterion is judged over the members of the parts whose roster says something about it. Where some part has no
    criterion at all, the shares are raised to add up to 1, and its members count as served.
    """
    share: dict[tuple[str, str], Fraction] = {}
    points: dict[tuple[str, str], int] = {}
    loss: dict[tuple[str, str], Fraction] = {}
    for part in parts:
        here = _placed(part)
        for entry in part.compiled.entries:
            if entry.must:
                continue
            key = (entry.principle, entry.label)
            mine = sum(p.points for p in part.score.parts if p.term in entry.terms)
            share[key] = share.get(key, Fraction(0)) + entry.share * Fraction(here, max(members, 1))
            points[key] = points.get(key, 0) + mine
            loss[key] = loss.get(key, Fraction(0)) + entry.share * Fraction(mine, max(members, 1))
    whole = sum(share.values()) or Fraction(1)
    return tuple(
        CriterionScore(
            principle=principle,
            criterion=label,
            weight=float(share[principle, label] / whole),
            points=points[principle, label],
            score=float(100 - loss[principle, label] * whole / share[principle, label])
            if share[principle, label]
            else float(100 - Fraction(points[principle, label], max(members, 1))),
        )
        for principle in PRINCIPLES
        for p, label in share
        if p == principle
    )


class _Teller:
    """Tells what the score of one part means for its people."""

    def __init__(self, scored: Scored) -> None:
        self.compiled = scored.compiled
        self.problem = scored.compiled.problem
        self.group_of = scored.group_of
        self.score = scored.score
        self.used = [g for g in range(len(self.problem.groups)) if (self.group_of[self.problem.size > 0] == g).any()]
        people = self.problem.size > 0
        self.members = {g: [int(i) for i in np.flatnonzero((self.group_of == g) & people)] for g in self.used}

    def seats(self) -> dict[str, Seat]:
        """Return where every placed member is."""
        found = {}
        for g in self.used:
            leader, deputy = self._leader(g), self._deputy(g)
            for i in self.members[g]:
                role: Literal["leader", "deputy", "member"]
                role = "leader" if i == leader else "deputy" if i == deputy else "member"
                key = self.problem.keys[i]
                found[key] = Seat(member_id=key, group=self.problem.groups[g].name, role=role, part=self.compiled.name)
        return found

    def groups(self) -> list[GroupSummary]:
        """Return the summary of every used group."""
        rows = []
        people = self.compiled.roster.members
        for g in self.used:
            items = self.members[g]
            parts = [part for part in self.score.parts if part.group == g]
            lost = sum(part.points * self.problem.terms[part.term].weight for part in parts)
            shown = {
                entry.criterion.shows: self._option(self.problem.terms[entry.terms[0]], g)
                for entry in self.compiled.entries
                if entry.criterion.shows and entry.terms
            }
            leader, deputy = self._leader(g), self._deputy(g)
            rows.append(
                GroupSummary(
                    group=self.problem.groups[g].name,
                    part=self.compiled.name,
                    size=len(items),
                    full=sum(people[i].status == "full" for i in items),
                    leader=None if leader is None else self.problem.keys[leader],
                    deputy=None if deputy is None else self.problem.keys[deputy],
                    covers=tuple(
                        self.compiled.teams[i - len(people)]
                        for i in np.flatnonzero(self.group_of == g)
                        if i >= len(people)
                    ),
                    attendance=self._attendance(g),
                    score=_score(lost, self.problem.scale, len(items)),
                    **shown,
                )
            )
        return rows

    def findings(self, factor: int) -> list[Finding]:
        """Return what every group loses by every wish; ``factor`` brings the cost to the plan's scale."""
        found = []
        for entry in self.compiled.entries:
            if entry.must:
                continue
            found += [self._finding(entry, part, factor) for part in self.score.parts if part.term in entry.terms]
        return found

    def _finding(self, entry: Entry, part: Part, factor: int) -> Finding:
        term = self.problem.terms[part.term]
        size = len(self.members.get(part.group, ()))
        holder = self._leader(part.group) if isinstance(term, Role) else None
        return Finding(
            criterion=entry.label,
            principle=entry.principle,
            group=self.problem.groups[part.group].name if part.group >= 0 else "",
            part=self.compiled.name,
            members=tuple(self.problem.keys[i] for i in part.items),
            points=factor * term.weight * part.points,
            facts={
                "points": part.points,
                "size": size,
                "amount": part.amount,
                "option": self._option(term, part.group),
                "holder": "" if holder is None else self.problem.keys[holder],
                "guilty": len(part.items),
            },
            words=dict(entry.criterion.words),
        )

    def violations(self) -> list[BrokenRule]:
        """Return the broken rules in terms of ids and group names."""
        return [
            BrokenRule(
                rule=broken.rule,
                group=self.problem.groups[broken.group].name if broken.group >= 0 else "",
                members=tuple(self.problem.keys[i] for i in broken.items if self.problem.size[i]),
                amount=sum(bool(self.problem.size[i]) for i in broken.items)
                if broken.rule == "unplaced"
                else broken.amount,
            )
            for broken in self.score.violations
            if broken.rule != "unplaced" or any(self.problem.size[i] for i in broken.items)
        ]

    def _option(self, term: object, g: int) -> str:
        if not isinstance(term, Focus | Quota) or (term.choice, g) not in self.score.options:
            return ""
        choice = next(choice for choice in self.problem.choices if choice.name == term.choice)
        return choice.labels[self.score.options[term.choice, g]]

    def _leader(self, g: int) -> int | None:
        return self.score.seated.get(("leader", g))

    def _deputy(self, g: int) -> int | None:
        """Return the next-best eligible member of a large group."""
        leader = self._leader(g)
        if leader is None or len(self.members[g]) < self.compiled.policy.deputies_from:
            return None
        terms = [t for t in self.problem.terms if isinstance(t, Role) and t.seat == "leader" and t.applies_to(g)]
        able = [i for i in self.members[g] if i != leader and all(bool(t.eligible[i]) for t in terms)]
        return min(able, key=lambda i: (sum(t.weight * int(t.points[i]) for t in terms), i), default=None)

    def _attendance(self, g: int) -> float | None:
        """Return the share of the expected members who are in state A or O in one of the sessions."""
        for entry in self.compiled.entries:
            if not isinstance(entry.criterion, Attendance):
                continue
            credits = dict(entry.criterion.credits)
            comes = 100 - min(credits["A"], credits["O"])
            part = next(p for p in self.score.parts if p.term in entry.terms and p.group == g)
            expected = [i for i in self.members[g] if self.compiled.roster.members[i].participation != "excused"]
            away = sum(points > comes for points in part.shares)
            return (len(expected) - away) / len(expected) if expected else None
        return None
