"""What can be said of a group with figures: who can come, how far it is, what is shared, who leads, who moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from grouping.policy.act import Leader, LeaderFit, SharedWork, TeamCoverage
from grouping.policy.context import Context
from grouping.policy.convene import STATES, Attendance, MaxTravel, Travel
from grouping.policy.criterion import PRINCIPLES, Criterion
from grouping.policy.manage import Continuity, EvenSize, FewDepartments, MaxMoves, Mentoring
from grouping.problem import Role

if TYPE_CHECKING:
    from grouping.plan.building import Scored
    from grouping.plan.evaluation import Evaluation
    from grouping.plan.records import Finding, GroupSummary
    from grouping.policy.compiling import Entry

TOLD = (
    Attendance,
    Travel,
    SharedWork,
    TeamCoverage,
    Leader,
    LeaderFit,
    EvenSize,
    FewDepartments,
    Mentoring,
    Continuity,
)
"""Criteria that the figures of a group speak of; of others their own sentence is told."""

_NEXT = 2
"""How many further candidates for the seat of the leader are named."""


@dataclass(frozen=True)
class GroupFacts:
    """The figures of one group.

    Attributes
    ----------
    summary : its row of ``plan.groups``
    members : ids
    principles : principle → score of the group; without those that are not judged
    states : (state in the session, ids) of the expected: "A" on site around the shift, "O" off duty, "R" protected
        rest, "D" on duty; empty without Attendance
    excused : ids of members who are not expected
    ways : (id, minutes to the place) of those who come in person, the farthest first; empty without a place
    outside : ids of members outside the shared work
    led : whether the policy speaks of leaders at all
    fit : of the leader, 0..100; None where nothing is known of anybody
    rank : place of the leader among those who may lead, 1 is the best; 0 without a leader
    next : (id, fit) of the next candidates
    able : how many members may lead
    right : least and most members that are right; None without EvenSize
    departments : (department, members), the largest first
    newcomers : ids of probationary members
    mentors_short : newcomers for whom full members are missing; None without Mentoring
    came : (today's group, ids) of members who come from elsewhere
    stayed : ids of members who come from the group that is continued
    left : (new group, ids) of those of the continued group who are elsewhere now
    others : findings of criteria that these figures do not speak of
    """

    summary: GroupSummary
    members: tuple[str, ...]
    principles: Mapping[str, float]
    states: tuple[tuple[str, tuple[str, ...]], ...] = ()
    excused: tuple[str, ...] = ()
    ways: tuple[tuple[str, int], ...] = ()
    outside: tuple[str, ...] = ()
    led: bool = False
    fit: int | None = None
    rank: int = 0
    next: tuple[tuple[str, int | None], ...] = ()
    able: int = 0
    right: tuple[int, int] | None = None
    departments: tuple[tuple[str, int], ...] = ()
    newcomers: tuple[str, ...] = ()
    mentors_short: int | None = None
    came: tuple[tuple[str, tuple[str, ...]], ...] = ()
    stayed: tuple[str, ...] = ()
    left: tuple[tuple[str, tuple[str, ...]], ...] = ()
    others: tuple[Finding, ...] = ()

    @property
    def expected(self) -> int:
        """How many members are expected at sessions."""
        return sum(len(ids) for _, ids in self.states)

    @property
    def come(self) -> int:
        """How many of them can come: on site around the shift, or off duty."""
        return sum(len(ids) for state, ids in self.states if state in "AO")


def group_facts(division: Evaluation, part: Scored, name: str, group_of: Mapping[str, str]) -> GroupFacts:
    """Return the figures of a group.

    Parameters
    ----------
    division : the division
    part : the score of the branch that the group is in
    name : of the group
    group_of : member id → group, of the whole division
    """
    return _Reader(division, part, name, group_of).facts()


class _Reader:
    """Reads the figures of one group from the score of its branch."""

    def __init__(self, division: Evaluation, part: Scored, name: str, group_of: Mapping[str, str]) -> None:
        compiled, problem = part.compiled, part.compiled.problem
        self.division, self.part, self.group_of, self.name = division, part, group_of, name
        self.people = compiled.roster.members
        self.g = next(g for g, group in enumerate(problem.groups) if group.name == name)
        self.items = [i for i in range(problem.members) if part.group_of[i] == self.g]
        self.ids = tuple(problem.keys[i] for i in self.items)
        self.context = Context(compiled.roster, (), compiled.policy.size, (problem.least, problem.most or 0))
        self.summary = next(row for row in division.result.groups if (row.part, row.group) == (compiled.name, name))

    def facts(self) -> GroupFacts:
        attendance, travel, work, even, mentoring, continuity = (
            self._entry(kind) for kind in (Attendance, Travel, SharedWork, EvenSize, Mentoring, Continuity)
        )
        fit, rank, candidates, able = self._leader()
        departments = Counter(self.people[i].department or "" for i in self.items)
        came, stayed, left = self._origins() if continuity or self._entry(MaxMoves) else ((), (), ())
        return GroupFacts(
            summary=self.summary,
            members=self.ids,
            principles=self._principles(),
            states=() if attendance is None else self._states(attendance),
            excused=() if attendance is None else self._with("participation", "excused"),
            ways=() if travel is None and self._entry(MaxTravel) is None else self._ways(),
            outside=() if work is None else self._guilty(work),
            led=any(isinstance(term, Role) for term in self.part.compiled.problem.terms),
            fit=fit,
            rank=rank,
            next=candidates,
            able=able,
            right=None if even is None else self._right(even),
            departments=tuple(sorted(departments.items(), key=lambda pair: (-pair[1], pair[0]))),
            newcomers=self._with("status", "probationary"),
            mentors_short=None if mentoring is None else self._points(mentoring) // 100,
            came=came,
            stayed=stayed,
            left=left,
            others=self._others(),
        )

    def _entry(self, kind: type[Criterion]) -> Entry | None:
        """Return the wish of a kind that the branch was judged by, else the rule."""
        found = [entry for entry in self.part.compiled.entries if isinstance(entry.criterion, kind) and entry.terms]
        return min(found, key=lambda entry: entry.must, default=None)

    def _points(self, entry: Entry) -> int:
        return sum(p.points for p in self.part.score.parts if p.term in entry.terms and p.group == self.g)

    def _shares(self, entry: Entry) -> dict[int, int]:
        parts = (p for p in self.part.score.parts if p.term in entry.terms and p.group == self.g)
        return {item: share for p in parts for item, share in zip(p.items, p.shares, strict=True)}

    def _guilty(self, entry: Entry) -> tuple[str, ...]:
        shares = self._shares(entry)
        return tuple(self.part.compiled.problem.keys[i] for i in self.items if shares.get(i))

    def _with(self, field: str, value: str) -> tuple[str, ...]:
        return tuple(self.people[i].member_id for i in self.items if getattr(self.people[i], field) == value)

    def _principles(self) -> dict[str, float]:
        problem, lost, share = self.part.compiled.problem, Counter[str](), dict[str, Fraction]()
        for entry in self.part.compiled.entries:
            if not entry.must and entry.terms:
                share[entry.principle] = share.get(entry.principle, Fraction(0)) + entry.share
                lost[entry.principle] += problem.terms[entry.terms[0]].weight * self._points(entry)
        whole = problem.scale * len(self.items)
        return {p: float(100 - Fraction(lost[p], whole) / share[p]) for p in PRINCIPLES if share.get(p)}

    def _states(self, entry: Entry) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return who is in which state, told by the points: states of the same credit count as the better one."""
        criterion = entry.criterion
        assert isinstance(criterion, Attendance)
        shares, lost = self._shares(entry), {state: 100 - credit for state, credit in criterion.credits}
        found: dict[str, list[str]] = {state: [] for state in sorted(STATES, key=lambda s: (lost[s], "AORD".index(s)))}
        for i in self.items:
            if self.people[i].participation != "excused":
                state = next(s for s in found if lost[s] == shares.get(i, 0))
                found[state].append(self.people[i].member_id)
        return tuple((state, tuple(ids)) for state, ids in found.items() if ids)

    def _ways(self) -> tuple[tuple[str, int], ...]:
        names, _ = self.context.minutes
        if self.summary.place not in names:
            return ()
        comers = [self.people[i] for i in self.items if self.people[i].participation == "normal"]
        minutes = self.context.minutes_from(member.site for member in comers)[:, names.index(self.summary.place)]
        ways = [(member.member_id, int(way)) for member, way in zip(comers, minutes.tolist(), strict=True)]
        return tuple(sorted(ways, key=lambda pair: -pair[1]))

    def _leader(self) -> tuple[int | None, int, tuple[tuple[str, int | None], ...], int]:
        problem = self.part.compiled.problem
        terms = [t for t in problem.terms if isinstance(t, Role) and t.seat == "leader" and t.applies_to(self.g)]
        able = [i for i in self.items if all(t.eligible[i] and not (t.must and t.points[i]) for t in terms)]
        able.sort(key=lambda i: (sum(t.weight * int(t.points[i]) for t in terms), i))
        entry = self._entry(LeaderFit)
        criterion = None if entry is None else entry.criterion
        fits = criterion.fits(self.context) if isinstance(criterion, LeaderFit) else None
        leader = self.part.score.seated.get(("leader", self.g))
        if not terms or leader is None:
            return None, 0, (), len(able) if terms else 0
        others = [i for i in able if i != leader][:_NEXT]
        rank = able.index(leader) + 1 if leader in able else len(able) + 1
        named = tuple((problem.keys[i], None if fits is None else fits[i]) for i in others)
        return None if fits is None else fits[leader], rank, named, len(able)

    def _right(self, entry: Entry) -> tuple[int, int]:
        criterion = entry.criterion
        assert isinstance(criterion, EvenSize)
        return criterion.right(self.context)

    def _origins(
        self,
    ) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
        goes_on = self.summary.continues
        came: dict[str, list[str]] = {}
        left: dict[str, list[str]] = {}
        stayed = []
        for person in self.people:
            here = self.group_of.get(person.member_id) == self.name
            if here and person.current_group == goes_on:
                stayed.append(person.member_id)
            elif here and person.current_group:
                came.setdefault(person.current_group, []).append(person.member_id)
            elif not here and person.current_group == goes_on:
                left.setdefault(self.group_of.get(person.member_id, ""), []).append(person.member_id)
        return _frozen(came), tuple(stayed), _frozen(left)

    def _others(self) -> tuple[Finding, ...]:
        labels = {
            entry.label for entry in self.part.compiled.entries if not isinstance(entry.criterion, TOLD)
        }  # fmt: skip
        return tuple(
            finding
            for finding in self.division.findings
            if finding.points
            and finding.criterion in labels
            and (finding.part, finding.group) == (self.part.compiled.name, self.name)
        )


def _frozen(lists: Mapping[str, list[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(ids)) for name, ids in lists.items())


@dataclass(frozen=True)
class Figures:
    """The figures of a whole division, over all groups.

    Attributes
    ----------
    groups, sizes : number of groups; the smallest and the largest
    expected, come : members expected at sessions, and those who can come; 0 without Attendance
    way : minutes that those who come in person need on average; None without a place
    outside : members outside the shared work of their group; None without SharedWork
    covered : teams without members that are looked after
    fit : mean fit of the leaders; None where nothing is known
    departments : departments of a group, on average
    moved : members who do not come from the group that theirs goes on from; None without Continuity
    """

    groups: int
    sizes: tuple[int, int]
    expected: int
    come: int
    way: float | None
    outside: int | None
    covered: int
    fit: float | None
    departments: float
    moved: int | None


def figures(groups: list[GroupFacts], judged: set[str]) -> Figures:
    """Return the figures of a division from those of its groups.

    Parameters
    ----------
    judged : names of the kinds of criteria that the division was judged by
    """
    ways = [minutes for group in groups for _, minutes in group.ways]
    fits = [group.fit for group in groups if group.fit is not None]
    sizes = [group.summary.size for group in groups]
    return Figures(
        groups=len(groups),
        sizes=(min(sizes, default=0), max(sizes, default=0)),
        expected=sum(group.expected for group in groups),
        come=sum(group.come for group in groups),
        way=float(np.mean(ways)) if ways else None,
        outside=sum(len(group.outside) for group in groups) if "SharedWork" in judged else None,
        covered=sum(len(group.summary.covers) for group in groups),
        fit=float(np.mean(fits)) if fits else None,
        departments=sum(len(group.departments) for group in groups) / max(len(groups), 1),
        moved=sum(len(ids) for group in groups for _, ids in group.came) if "Continuity" in judged else None,
    )
