"""Easy to act (便于发挥作用): the group shares real work, teams without members are looked after, someone can lead."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from grouping.policy.convene import place_choice, travel_points
from grouping.policy.criterion import Criterion, texts
from grouping.problem import BoolArray, Choice, Focus, IntArray, Placement, Role, Term

if TYPE_CHECKING:
    from grouping.policy.context import Context


@dataclass(frozen=True)
class _Work:
    """The kinds of work a group can share: business lines and neighbourhoods, with who belongs to each."""

    labels: tuple[str, ...]
    lines: tuple[str | None, ...]
    sites: tuple[frozenset[str], ...]

    def holds(self, option: int, line: str | None, site: str | None) -> bool:
        if self.lines[option] is not None:
            return line == self.lines[option]
        return site in self.sites[option]


def _work(context: Context, by: str, near: int) -> _Work:
    """Return the options of shared work: every business line, then every neighbourhood of sites."""
    labels: list[str] = []
    lines: list[str | None] = []
    sites: list[frozenset[str]] = []
    if by in ("line", "both"):
        for line in dict.fromkeys(line for line in _lines(context) if line is not None):
            labels.append(line)
            lines.append(line)
            sites.append(frozenset())
    if by in ("zone", "both") and context.has("site"):
        for label, around in _neighbourhoods(context, near):
            if around not in sites:
                labels.append(label)
                lines.append(None)
                sites.append(around)
    return _Work(tuple(labels), tuple(lines), tuple(sites))


def _lines(context: Context) -> list[str | None]:
    """Return the business line of every member, else the department where the roster has no lines at all."""
    members = context.roster.members
    if not context.has("business_line"):
        return [member.department for member in members]
    return [member.business_line for member in members]


def _neighbourhoods(context: Context, near: int) -> Iterable[tuple[str, frozenset[str]]]:
    """Yield (label, sites): declared zones, or else for each site in use the sites within ``near`` minutes."""
    zones: dict[str, set[str]] = {}
    for site in context.roster.sites:
        if site.zone:
            zones.setdefault(site.zone, set()).add(site.site)
    if zones:
        yield from ((zone, frozenset(around)) for zone, around in zones.items())
        return
    names, minutes = context.minutes
    used = {member.site for member in context.roster.members}
    for i, name in enumerate(names):
        if name in used:
            around = frozenset(other for j, other in enumerate(names) if max(minutes[i, j], minutes[j, i]) <= near)
            yield (f"{name} ±{near} min" if len(around) > 1 else name), around


@dataclass(frozen=True)
class SharedWork(Criterion):
    """Members outside the work their group shares, 100 points each.

    The shared work is one business line (业务链), or one neighbourhood (地域相邻): a declared zone, else the sites
    within ``near`` minutes of a site. Without business lines the department stands for the line.

    Parameters
    ----------
    by : "both", "line" or "zone": which kinds of shared work count
    near : minutes within which sites are neighbours

    Examples
    --------
    A group of five caterers and two drivers who work elsewhere shares catering: 200 points.
    """

    by: str = "both"
    near: int = 10

    title: ClassVar[str] = "业务或地域相近"
    home: ClassVar[str] = "act"
    single: ClassVar[bool] = True
    source: ClassVar[str] = (
        "the article: by business chain 按业务链, or across departments by neighbourhood 按地域相邻; ≤ 10 min is near"
    )
    shows: ClassVar[str | None] = "work"
    words: ClassVar = {
        "en": "shares {option}; {guilty} of {size} members stand outside it",
        "zh": "共同业务或区域：{option}；{size}人中{guilty}人不在其中",
    }

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if self.by not in ("both", "line", "zone"):
            yield f"by is 'both', 'line' or 'zone', not {self.by!r}"
        if isinstance(self.near, bool) or not isinstance(self.near, int) or self.near < 0:
            yield f"near is a whole number of minutes, not {self.near!r}"

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        work = _work(context, self.by, self.near)
        if not work.labels:
            return []
        name = work_choice(context, self.by, self.near, work)
        points = [
            [0 if work.holds(option, line, member.site) else 100 for option in range(len(work.labels))]
            for line, member in zip(_lines(context), context.roster.members, strict=True)
        ]
        return [Focus(name=self.label, choice=name, points=context.pad(np.array(points, dtype=np.int64)))]


def work_choice(context: Context, by: str, near: int, work: _Work) -> str:
    """Register the choice of shared work and return its name."""
    name = "work" if (by, near) == ("both", 10) else f"work by {by} within {near}"
    return context.choice(name, lambda: Choice(name, work.labels)).name


@dataclass(frozen=True)
class TeamCoverage(Criterion):
    """Teams without members that lie far from the group that looks after them, up to 100 points a team.

    Every team without members is given to one group. It pays 50 if the group's shared work does not include its
    business line or site, and 50 × min(minutes, limit) / limit for the way from its site to the group's place.
    The shared work and the place are those of SharedWork and Travel.

    Parameters
    ----------
    limit : minutes from which a way counts as fully bad
    by, near : as in SharedWork, so that both speak of the same shared work

    Examples
    --------
    A dormitory team given to a group that shares its line and meets 15 minutes away pays 0 + 25 = 25 points.
    """

    limit: int = 30
    by: str = "both"
    near: int = 10

    title: ClassVar[str] = "无党员班组覆盖"
    home: ClassVar[str] = "act"
    single: ClassVar[bool] = True
    source: ClassVar[str] = (
        "杜绝党员空白班组; 没有党员的班组由临近或业务相关班组的党员负责 (无党员班组 is a column of the official form)"
    )
    words: ClassVar = {
        "en": "teams in its care that are not near in trade or place: {guilty}",
        "zh": "联系的{guilty}个无党员班组业务或地点不相近",
    }

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if isinstance(self.limit, bool) or not isinstance(self.limit, int) or self.limit < 1:
            yield f"limit is a positive whole number of minutes, not {self.limit!r}"
        yield from SharedWork.faults(SharedWork(self.by, self.near))

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        if not context.teams:
            return []
        terms: list[Term | Placement] = []
        work = _work(context, self.by, self.near)
        if work.labels:
            by_department = not context.has("business_line")
            points: IntArray = np.zeros((context.items, len(work.labels)), dtype=np.int64)
            for row, team in enumerate(context.teams, start=context.members):
                line = team.department if by_department else team.business_line
                points[row] = [0 if work.holds(o, line, team.site) else 50 for o in range(len(work.labels))]
            name = work_choice(context, self.by, self.near, work)
            terms.append(Focus(name=self.label, choice=name, points=points))
        if context.has("site"):
            place = place_choice(context)
            minutes = context.minutes_from(team.site for team in context.teams)
            near = np.zeros((context.items, len(place.labels)), dtype=np.int64)
            near[context.members :] = travel_points(minutes, self.limit, 50)
            terms.append(Focus(name=self.label, choice=place.name, points=near))
        return terms


@dataclass(frozen=True, kw_only=True)
class _Led(Criterion):
    """What Leader and LeaderFit have in common: who may lead.

    Parameters
    ----------
    status : the status a leader needs; "any" asks for none
    exclude : ids of members who may not lead
    committee : False when committee members may not lead groups
    """

    status: str = "full"
    exclude: tuple[str, ...] = ()
    committee: bool = True

    home: ClassVar[str] = "act"

    def __post_init__(self) -> None:
        """Normalise, then check."""
        object.__setattr__(self, "exclude", texts(self.exclude, f"{type(self).__name__}.exclude"))
        object.__setattr__(self, "status", "any" if self.status is None else self.status)
        super().__post_init__()

    @property
    def named(self) -> tuple[str, ...]:
        """See :attr:`Criterion.named`."""
        return self.exclude

    def restricted(self, ids: frozenset[str]) -> Self | None:
        """See :meth:`Criterion.restricted`."""
        return replace(self, exclude=tuple(member for member in self.exclude if member in ids))

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if self.status not in ("any", "full", "probationary"):
            yield f"status is 'full', 'probationary' or 'any', not {self.status!r}"

    def eligible(self, context: Context) -> BoolArray:
        """Return per item whether it may lead a group; leading takes coming in person."""
        barred = set(context.items_of(self.exclude, type(self).__name__))
        flags = [
            self.status in ("any", member.status)
            and member.participation == "normal"
            and member.leader_eligible is not False
            and (self.committee or member.committee_role is None)
            and i not in barred
            for i, member in enumerate(context.roster.members)
        ]
        return context.pad_flat([int(flag) for flag in flags]) > 0


@dataclass(frozen=True, kw_only=True)
class Leader(_Led):
    """Every group has somebody who may lead it; a group without pays 100 points for each of its least members.

    Parameters
    ----------
    status, exclude, committee : who may lead, see above; a leader always comes in person (participation "normal")

    Examples
    --------
    Under ``must``, a group of probationary members only is not allowed.
    """

    title: ClassVar[str] = "组长资格"
    source: ClassVar[str] = (
        "R11: a group leader is a full member (正式党员), takes part in person, and is inside the group"
    )
    words: ClassVar = {"en": "led by {holder}", "zh": "组长人选{holder}"}

    @property
    def label(self) -> str:
        """See :meth:`Criterion.label`."""
        return f"Leader(not {', '.join(self.exclude)})" if self.exclude else "Leader"

    def pieces(self, context: Context) -> tuple[Criterion, ...]:
        """See :meth:`Criterion.pieces`: somebody leads, of that status, outside the committee, not this one."""
        anybody = Leader(status="any")
        found = [anybody]
        found += [replace(anybody, status=self.status)] if self.status != "any" else []
        found += [replace(anybody, committee=False)] if not self.committee else []
        return (*found, *(replace(anybody, exclude=(member,)) for member in self.exclude))

    def without(self, given_up: Collection[Criterion]) -> tuple[Criterion, ...]:
        """See :meth:`Criterion.without`."""
        lost = [piece for piece in given_up if isinstance(piece, Leader)]
        if Leader(status="any") in lost:
            return ()
        let = {member for piece in lost for member in piece.exclude}
        status = "any" if any(piece.status != "any" for piece in lost) else self.status
        committee = self.committee or any(not piece.committee for piece in lost)
        kept = tuple(member for member in self.exclude if member not in let)
        return (replace(self, status=status, committee=committee, exclude=kept),)

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        points = np.zeros(context.items, dtype=np.int64)
        eligible = self.eligible(context)
        return [Role(name=self.label, seat="leader", points=points, eligible=eligible, vacant=100 * context.size[0])]


@dataclass(frozen=True, kw_only=True)
class LeaderFit(_Led):
    """How far the group's best leader falls short, (100 − fit) points for each of its least members.

    Fit = ``assessed`` parts of the organisation's own assessment (0..100) and the rest of the nominations as a
    percentage of the highest number anyone has; whichever is known, if only one is. Unwilling members lose
    ``unwilling``. The group's leader is the eligible member with the best fit. The points are counted for as many
    members as the smallest group has, because a poor leader serves the whole group badly.

    Parameters
    ----------
    assessed : weight of the assessment in percent
    unwilling : fit lost by a member who does not want to lead
    status, exclude, committee : who may lead, see Leader

    Examples
    --------
    Assessment 90 and 10 of at most 20 nominations: fit 0.6 × 90 + 0.4 × 50 = 74; in groups of at least 6 the
    points are 6 × 26 = 156.
    """

    assessed: int = 60
    unwilling: int = 30

    title: ClassVar[str] = "组长适任度"
    single: ClassVar[bool] = True
    source: ClassVar[str] = (
        "R10, R11: recommended by members, assessed by the branch (党员推荐 + 支部考察); 60/40 is illustrative"
    )
    words: ClassVar = {
        "en": "led by {holder}; {points} points for what a leader could be, counted for the least members",
        "zh": "组长人选{holder}；与理想人选的差距按小组最少人数计{points}分",
    }

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        yield from super().faults()
        for name in ("assessed", "unwilling"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
                yield f"{name} is a whole number from 0 to 100, not {value!r}"

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        if not (context.has("assessment") or context.has("nominations")):
            return []
        least = context.size[0]
        short = context.pad_flat([least * (100 - fit) for fit in self.fits(context)])
        eligible = self.eligible(context)
        return [Role(name=self.label, seat="leader", points=short, eligible=eligible, vacant=100 * least)]

    def fits(self, context: Context) -> list[int]:
        """Return the fit 0..100 of every member."""
        members = context.roster.members
        most = max((member.nominations or 0 for member in members), default=0)
        share = self.assessed if context.has("assessment") else 0
        if not context.has("nominations") or most == 0:
            share = 100 if context.has("assessment") else share
        found = []
        for member in members:
            votes = 100 * (member.nominations or 0) / most if most else 0
            fit = (share * (member.assessment or 0) + (100 - share) * votes) / 100
            if member.willing is False:
                fit -= self.unwilling
            found.append(min(100, max(0, round(fit))))
        return found
