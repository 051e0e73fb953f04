"""For every criterion: rosters, a naive definition of what a group pays, and examples computed by hand.

The definitions are written from the docstrings and share nothing with the library but what a roster can be asked:
its records, `Roster.availability` and `Roster.travel_minutes`. They see one group at a time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import floor
from typing import TYPE_CHECKING, Any

import pandas as pd
from tests.helpers import roster_of

from grouping import policy as gp
from grouping.roster import Slot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grouping.roster import Member, Roster, Team

IMPOSSIBLE = None
"""What a definition returns for a group that cannot be, such as one that fits into no room."""


@dataclass(frozen=True)
class Example:
    """One group of the case's roster, computed by hand; everybody else is in a second group.

    ``members`` and ``teams`` are positions in the tables, ``points`` a literal; IMPOSSIBLE where a rule is broken.
    """

    label: str
    members: Sequence[int]
    points: int | None
    teams: Sequence[int] = ()


@dataclass(frozen=True, eq=False)
class World:
    """What a definition may look at."""

    roster: Roster
    size: tuple[int, int]
    count: tuple[int, int]

    def minutes(self, start: str | None, end: str) -> int:
        return 0 if start is None else int(self._travel.loc[start, end])

    @cached_property
    def _travel(self) -> pd.DataFrame:
        return self.roster.travel_minutes()

    @cached_property
    def lines(self) -> dict[str, str | None]:
        """Business line of every member, the department where the roster has no lines at all."""
        members = self.roster.members
        known = any(member.business_line for member in members)
        return {m.member_id: m.business_line if known else m.department for m in members}

    def works(self, by: str, near: int) -> list[tuple[str | None, frozenset[str]]]:
        """Return (line, sites) of every kind of shared work."""
        found: list[tuple[str | None, frozenset[str]]] = []
        if by != "zone":
            found += [(line, frozenset()) for line in sorted({line for line in self.lines.values() if line})]
        if by != "line":
            zones = {site.zone for site in self.roster.sites if site.zone}
            if zones:
                found += [(None, frozenset(s.site for s in self.roster.sites if s.zone == zone)) for zone in zones]
            else:
                names = [site.site for site in self.roster.sites]
                for here in {member.site for member in self.roster.members if member.site}:
                    both = {o for o in names if max(self.minutes(here, o), self.minutes(o, here)) <= near}
                    found.append((None, frozenset(both)))
        return found


Definition = "Callable[[World, Any, str, list[Member], list[Team]], int | None]"


def attendance(world: World, c: gp.Attendance, group: str, members: list[Member], teams: list[Team]) -> int:
    states = world.roster.availability(c.slots)
    credits = dict(c.credits)
    best = None
    for chosen in combinations(states.columns, min(c.sessions, states.shape[1])):
        total = 0
        for member in members:
            if member.participation != "excused":
                total += 100 - max(credits[states.loc[member.member_id, slot]] for slot in chosen)
        best = total if best is None else min(best, total)
    return best or 0


def places(world: World, size: int) -> Iterable[str]:
    return [site.site for site in world.roster.sites if site.capacity is None or size <= site.capacity]


def way(minutes: int, limit: int, most: int) -> int:
    return floor(Fraction(most * min(minutes, limit), limit) + Fraction(1, 2))


def travel(world: World, c: gp.Travel, group: str, members: list[Member], teams: list[Team]) -> int | None:
    found = []
    for place in places(world, len(members)):
        mine = [world.minutes(member.site, place) for member in members if member.participation == "normal"]
        found.append(sum(way(minutes, c.limit, 100) for minutes in mine))
    return min(found, default=IMPOSSIBLE)


def max_travel(world: World, c: gp.MaxTravel, group: str, members: list[Member], teams: list[Team]) -> int | None:
    goers = [member for member in members if member.participation == "normal"]
    beyond = [
        sum(world.minutes(member.site, place) > c.minutes for member in goers) for place in places(world, len(members))
    ]
    return 100 * min(beyond) if beyond else IMPOSSIBLE


def quorum(world: World, c: gp.Quorum, group: str, members: list[Member], teams: list[Team]) -> int:
    """Return how many more would have to come."""
    states = world.roster.availability(c.slots)
    able = {"A": "A", "O": "AO", "R": "AOR"}[c.least]
    who = [m.member_id for m in members if m.participation != "excused" and (c.counted == "all" or m.status == "full")]
    short = []
    for chosen in combinations(states.columns, min(c.sessions, states.shape[1])):
        come = sum(any(states.loc[member, slot] in able for slot in chosen) for member in who)
        share = Fraction(str(c.share)) * len(who)
        needed = floor(share) + 1 if c.over else -floor(-share)
        short.append(max(needed - come, 0))
    return min(short)


def shared_work(world: World, c: gp.SharedWork, group: str, members: list[Member], teams: list[Team]) -> int:
    outside = []
    for line, sites in world.works(c.by, c.near):
        out = [m for m in members if (world.lines[m.member_id] != line if line else m.site not in sites)]
        outside.append(100 * len(out))
    return min(outside)


def team_coverage(world: World, c: gp.TeamCoverage, group: str, members: list[Member], teams: list[Team]) -> int | None:
    has_lines = any(member.business_line for member in world.roster.members)
    work = []
    for line, sites in world.works(c.by, c.near):
        total = 0
        for team in teams:
            if line:
                total += 0 if line == (team.business_line if has_lines else team.department) else 50
            else:
                total += 0 if team.site in sites else 50
        work.append(total)
    if not any(member.site for member in world.roster.members):
        return min(work)
    ways = [
        sum(way(world.minutes(team.site, place), c.limit, 50) for team in teams)
        for place in places(world, len(members))
    ]
    return min(work) + min(ways) if ways else IMPOSSIBLE


def may_lead(c: Any, member: Member) -> bool:
    if c.status != "any" and member.status != c.status:
        return False
    if member.participation != "normal" or member.leader_eligible is False or member.member_id in c.exclude:
        return False
    return c.committee or member.committee_role is None


def leader(world: World, c: gp.Leader, group: str, members: list[Member], teams: list[Team]) -> int:
    return 0 if any(may_lead(c, member) for member in members) else 100 * world.size[0]


def leader_fit(world: World, c: gp.LeaderFit, group: str, members: list[Member], teams: list[Team]) -> int:
    everybody = world.roster.members
    most = max((m.nominations or 0 for m in everybody), default=0)
    assessed = any(m.assessment is not None for m in everybody)
    share = (Fraction(c.assessed, 100) if most else Fraction(1)) if assessed else Fraction(0)
    best = 0
    for member in members:
        if may_lead(c, member):
            votes = Fraction(100 * (member.nominations or 0), most) if most else Fraction(0)
            fit = share * Fraction(str(member.assessment or 0)) + (1 - share) * votes
            fit -= c.unwilling if member.willing is False else 0
            best = max(best, min(100, max(0, round(fit))))
    return world.size[0] * (100 - best)


def fits(c: Any, member: Member) -> bool:
    for name, wanted in c.where:
        value = member.get(name)
        if value is None or (wanted not in value if isinstance(value, tuple) else str(value) != str(wanted)):
            return False
    return True


def at_least(world: World, c: gp.AtLeast, group: str, members: list[Member], teams: list[Team]) -> int:
    return 100 * max(0, c.n - sum(fits(c, member) for member in members))


def at_most(world: World, c: gp.AtMost, group: str, members: list[Member], teams: list[Team]) -> int:
    return 100 * max(0, sum(fits(c, member) for member in members) - c.n)


def together(world: World, c: gp.Together, group: str, members: list[Member], teams: list[Team]) -> int:
    here, m = sum(member.member_id in c.ids for member in members), len(c.ids)
    return floor(Fraction(100 * here * (m - here), m) + Fraction(1, 2))


def apart(world: World, c: gp.Apart, group: str, members: list[Member], teams: list[Team]) -> int:
    return 100 * max(0, sum(member.member_id in c.ids for member in members) - 1)


def even_size(world: World, c: gp.EvenSize, group: str, members: list[Member], teams: list[Team]) -> int:
    size, everybody = len(members), len(world.roster)
    if world.count[0] == world.count[1]:
        right = [s for s in range(everybody + 1) if world.count[0] * s <= everybody < world.count[0] * (s + 1)]
        right += [right[0] + 1] if everybody % world.count[0] else []
    else:
        lo, hi = (min(max(limit, world.size[0]), world.size[1]) for limit in c.band)
        right = list(range(lo, hi + 1))
    return min(100 * min(abs(size - wanted) for wanted in right), 100 * size)


def few_departments(world: World, c: gp.FewDepartments, group: str, members: list[Member], teams: list[Team]) -> int:
    counts: dict[str, int] = {}
    for member in members:
        counts[member.department] = counts.get(member.department, 0) + 1
    return 100 * sum(sorted(counts.values(), reverse=True)[c.most :])


def mentoring(world: World, c: gp.Mentoring, group: str, members: list[Member], teams: list[Team]) -> int:
    newcomers = sum(member.status == "probationary" for member in members)
    return 100 * max(0, newcomers - (len(members) - newcomers) // c.full)


def continuity(world: World, c: gp.Continuity, group: str, members: list[Member], teams: list[Team]) -> int:
    today = [member.current_group for member in members if member.current_group]
    return 100 * (len(today) - max((today.count(name) for name in today), default=0))


def within(world: World, c: gp.Within, group: str, members: list[Member], teams: list[Team]) -> int:
    return 0 if len({member.get(c.attr) for member in members}) <= 1 else 100


def pin(world: World, c: gp.Pin, group: str, members: list[Member], teams: list[Team]) -> int:
    return 100 if any(member.member_id == c.member for member in members) and group != c.group else 0


def forbid(world: World, c: gp.Forbid, group: str, members: list[Member], teams: list[Team]) -> int:
    return 100 if any(member.member_id == c.member for member in members) and group == c.group else 0


def keep(world: World, c: gp.Keep, group: str, members: list[Member], teams: list[Team]) -> int:
    return 100 if any(member.member_id in c.members for member in members) and group != c.group else 0


def held(member: Member, attr: str) -> list[str]:
    """Return the values of a member, each once."""
    value = member.get(attr)
    if value is None:
        return []
    found = [str(entry) for entry in value] if isinstance(value, tuple) else str(value).replace("；", ";").split(";")
    return sorted({entry.strip() for entry in found} - {""})


def alike(world: World, c: gp.Alike, group: str, members: list[Member], teams: list[Team]) -> int:
    every = {value for member in world.roster.members for value in held(member, c.attr)}
    return min(100 * sum(value not in held(member, c.attr) for member in members) for value in every)


def mixed(world: World, c: gp.Mixed, group: str, members: list[Member], teams: list[Team]) -> int:
    whole = [value for member in world.roster.members for value in held(member, c.attr)]
    here = [value for member in members for value in held(member, c.attr)]
    shares = {value: Fraction(whole.count(value), len(whole)) * len(here) for value in whole}
    targets = {value: floor(share) for value, share in shares.items()}
    order = sorted(shares, key=lambda value: (targets[value] - shares[value], -whole.count(value), value))
    for value in order[: len(here) - sum(targets.values())]:
        targets[value] += 1
    most = max(len(held(member, c.attr)) for member in world.roster.members)
    return sum(50 * abs(here.count(value) - target) // most for value, target in targets.items())


def different(world: World, c: gp.Different, group: str, members: list[Member], teams: list[Team]) -> int:
    here = [value for member in members for value in held(member, c.attr)]
    most = max(len(held(member, c.attr)) for member in world.roster.members)
    return sum(100 * (here.count(value) - 1) // most for value in set(here))


def narrow_range(world: World, c: gp.NarrowRange, group: str, members: list[Member], teams: list[Team]) -> int:
    def numbers(people: Sequence[Member]) -> list[Fraction]:
        cells = [member.get(c.attr) for member in people]
        found = [cell.toordinal() if isinstance(cell, dt.date) else cell for cell in cells if cell is not None]
        return [Fraction(str(value)) for value in found]

    whole, here = numbers(world.roster.members), numbers(members)
    if not here:
        return 0
    share = Fraction(100) * (max(here) - min(here)) / (max(whole) - min(whole))
    return len(members) * floor(share + Fraction(1, 2))


def affinity(world: World, c: gp.Affinity, group: str, members: list[Member], teams: list[Team]) -> int:
    ids = {member.member_id for member in members}
    total = 0
    for first, others in c.edges:
        for second, weight in others:
            if weight < 0 and {first, second} <= ids:
                total -= weight
            elif weight > 0 and (first in ids) != (second in ids):
                total += (weight + 1) // 2 if first in ids else weight // 2
    return total


def novelty(world: World, c: gp.Novelty, group: str, members: list[Member], teams: list[Team]) -> int:
    past = [dict(division) for _, division in c.history]
    past = past if c.last is None else past[-c.last :]
    each = c.points or max(1, 200 // ((world.size[1] - 1) * len(past)))
    pairs = combinations([member.member_id for member in members], 2)
    return each * sum(a in was and was[a] == was.get(b) for a, b in pairs for was in past)


DEFINITIONS: dict[str, Any] = {
    "Attendance": attendance,
    "Travel": travel,
    "MaxTravel": max_travel,
    "Quorum": quorum,
    "SharedWork": shared_work,
    "TeamCoverage": team_coverage,
    "Leader": leader,
    "LeaderFit": leader_fit,
    "AtLeast": at_least,
    "AtMost": at_most,
    "Together": together,
    "Apart": apart,
    "EvenSize": even_size,
    "FewDepartments": few_departments,
    "Mentoring": mentoring,
    "Continuity": continuity,
    "MaxMoves": continuity,
    "Within": within,
    "Pin": pin,
    "Forbid": forbid,
    "Keep": keep,
    "Alike": alike,
    "Mixed": mixed,
    "Different": different,
    "NarrowRange": narrow_range,
    "Affinity": affinity,
    "Novelty": novelty,
}


@dataclass(frozen=True, eq=False)
class Case:
    """One instance of a criterion on one roster.

    ``reads`` are the columns the criterion may look at; changing others has to change nothing.
    """

    id: str
    criterion: gp.Criterion
    columns: dict[str, list[Any]]
    reads: tuple[str, ...]
    examples: tuple[Example, ...]
    companions: dict[str, pd.DataFrame] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    groups: int | tuple[int, int] = (1, 3)

    @property
    def limits(self) -> tuple[int, int]:
        return self.size or (1, len(next(iter(self.columns.values()))))

    def policy(self, must: bool) -> gp.Policy:
        form: dict[str, Any] = {"must": [], "prefer": [], "must" if must else "prefer": [self.criterion]}
        return gp.Policy(size=self.limits, groups=self.groups, requests=False, **form)

    @cached_property
    def roster(self) -> Roster:
        return roster_of(companions=self.companions, **self.columns)

    def definition(self, world: World, group: str, members: list[Member], teams: list[Team]) -> int | None:
        found: int | None = DEFINITIONS[type(self.criterion).__name__](world, self.criterion, group, members, teams)
        return found


def on_monday(name: str, start: str, end: str) -> Slot:
    moments = [dt.datetime.fromisoformat(f"2026-11-30T{time}") for time in (start, end)]
    return Slot(name, *moments, label=f"Monday {start}")


NOON, LATE = on_monday("noon", "14:30", "15:30"), on_monday("late", "17:10", "18:10")

# State in the noon slot, in the late slot (credit A 100, O 80, R 30, D 0):
#   m0 白班 08–17 D A · m1 中班 16–24 A D · m2 夜班 00–08, 8 h rest: R O · m3 休息: O O · m4 白班, excused
SHIFTS = {
    "shift": ["白班", "中班", "夜班", "休息", "白班"],
    "participation": ["normal", "online_only", "normal", "normal", "excused"],
}

WAYS = pd.DataFrame({"from": ["A", "A", "B"], "to": ["B", "C", "C"], "minutes": [6, 45, 15]})
SITES = {"site": ["A", "B", "C", "A", "C"], "participation": ["normal", "normal", "normal", "excused", "online_only"]}
ROOMS = pd.DataFrame({"site_id": ["A", "B", "C"], "capacity": [1, 2, 3]})
ZONES = pd.DataFrame({"site_id": ["A", "B", "C"], "zone": ["north", "south", "south"]})
WORK = {
    "site": ["A", "B", "C", "A", "C"],
    "business_line": ["catering", "catering", "security", "security", None],
    "department": ["P", "P", "Q", "Q", "R"],
}
TEAMS = pd.DataFrame(
    {
        "team": ["kitchen", "gate"],
        "department": ["P", "Q"],
        "business_line": ["catering", "security"],
        "site_id": ["B", "C"],
    }
)
LEADERS = {
    "status": ["full", "probationary", "full", "full", "full"],
    "participation": ["normal", "normal", "online_only", "normal", "normal"],
    "leader_eligible": [None, None, None, False, True],
    "committee_role": [None, None, None, None, "secretary"],
}
FIT = {
    # fit 60/40: m0 54 + 20 = 74 · m1 30 + 40 − 30 = 40 · m2 60 + 0 · m3 probationary · m4 0 + 0
    "assessment": [90, 50, 100, 100, None],
    "nominations": [10, 20, None, 20, 0],
    "willing": [True, False, None, None, None],
    "status": ["full", "full", "full", "probationary", "full"],
}
LED = ("status", "participation", "leader_eligible", "committee_role")
PEOPLE = {
    "gender": ["F", "F", "M", "M", None],
    "status": ["full", "probationary", "full", "probationary", "probationary"],
    "skills": ["chef;fire", "fire", None, None, "chef"],
    "department": ["P", "P", "Q", "R", "R"],
    "current_group": ["one", "one", "two", None, "three"],
    "branch": ["B1", "B1", "B2", "B2", None],
}

CASES: tuple[Case, ...] = (
    Case(
        "one session",
        gp.Attendance(slots=(NOON, LATE)),
        SHIFTS,
        ("shift", "participation"),
        (
            Example("ideal", [1], 0),  # A at noon
            Example("broken", [0, 1], 100),  # noon 100 + 0, late 0 + 100
            Example("broken", [0, 1, 2, 3], 140),  # noon 100 + 0 + 70 + 20 = 190, late 0 + 100 + 20 + 20 = 140
            Example("edge", [4], 0),  # excused
            Example("edge", [3], 20),  # O counts 80 in both
        ),
    ),
    Case(
        "two sessions",
        gp.Attendance(sessions=2, slots=(NOON, LATE)),
        SHIFTS,
        ("shift", "participation"),
        (
            Example("ideal", [0, 1], 0),  # m0 comes late, m1 at noon
            Example("broken", [0, 1, 2, 3], 40),  # 0 + 0 + 20 + 20
            Example("edge", [4], 0),
        ),
    ),
    Case(
        "own credits",
        gp.Attendance(slots=(NOON, LATE), credits={"O": 100, "D": 10}),
        SHIFTS,
        ("shift", "participation"),
        (
            Example("ideal", [0, 2, 3], 0),  # late: A, O, O
            Example("broken", [0, 1], 90),  # 90 + 0 or 0 + 90
            Example("edge", [1, 2], 70),  # noon 0 + 70, late 90 + 0
        ),
    ),
    Case(
        "default slots",
        gp.Attendance(),
        {"shift": ["白班", "早班", "夜班", "中班"], "participation": ["normal", "normal", "normal", "excused"]},
        ("shift", "participation"),
        (
            Example("ideal", [0], 0),  # beside its shift, 17:10 on a weekday
            Example("broken", [0, 2], 20),  # 17:10 on a weekday: A and O; nothing is beside both 17:00 and 00:00–08:00
            Example("edge", [3], 0),  # excused
        ),
    ),
    Case(
        "more than half",
        gp.Quorum(slots=(NOON, LATE)),
        SHIFTS,
        ("shift", "participation", "status"),
        (
            Example("ideal", [1], 0),  # at noon
            Example("broken", [0, 1], IMPOSSIBLE),  # one of two at noon, the other one late
            Example("edge", [0, 1, 3], 0),  # two of three late
            Example("edge", [4], IMPOSSIBLE),  # excused: nobody counts
        ),
    ),
    Case(
        "all of them in one of two sessions, on site",
        gp.Quorum(share=1, over=False, counted="all", least="A", sessions=2, slots=(NOON, LATE)),
        SHIFTS,
        ("shift", "participation"),
        (
            Example("ideal", [0, 1], 0),  # m0 comes late, m1 at noon
            Example("broken", [0, 2], IMPOSSIBLE),  # off duty is not on site
            Example("edge", [4], 0),  # all of nobody
        ),
    ),
    Case(
        "half of the full members",
        gp.Quorum(over=False, least="A", slots=(NOON, LATE)),
        SHIFTS | {"status": ["full", "probationary", "full", "full", "full"]},
        ("shift", "participation", "status"),
        (
            Example("ideal", [0, 1], 0),  # m1 does not count
            Example("broken", [0, 2, 3], IMPOSSIBLE),  # one of three
            Example("edge", [0, 2], 0),  # one of two
        ),
    ),
    Case(
        "a third of all, who may be at rest",
        gp.Quorum(share="1/3", over=False, counted="all", least="R"),
        {"shift": ["白班", "早班", "夜班", "中班"], "participation": ["normal", "normal", "normal", "excused"]},
        ("shift", "participation"),
        (Example("edge", [0, 1, 2], 0),),
    ),
    Case(
        "a travel table",
        gp.Travel(),
        SITES,
        ("site", "participation"),
        (
            Example("ideal", [0, 3], 0),
            Example("broken", [0, 1, 2], 70),  # at A 0 + 20 + 100; at B 20 + 0 + 50; at C 100 + 50 + 0
            Example("broken", [0, 2], 70),  # at B, where nobody is: 20 + 50; at A 100
            Example("edge", [0, 3, 4], 0),  # online only and excused travel nowhere
        ),
        {"travel_minutes": WAYS},
    ),
    Case(
        "a limit and rooms",
        gp.Travel(limit=12),
        SITES,
        ("site", "participation"),
        (
            Example("ideal", [2, 4], 0),
            Example("broken", [0, 1], 50),  # A takes one, so at B: 6 of 12 minutes
            Example("broken", [0, 1, 4], 200),  # only C takes three, 45 and 15 minutes away
            Example("edge", [0, 1, 2, 3], IMPOSSIBLE),  # no room takes four
        ),
        {"travel_minutes": WAYS, "sites": ROOMS},
    ),
    Case(
        "ways of which nothing is known",
        gp.Travel(),
        {"site": ["A", "C", "B", "B"]},
        ("site", "participation"),
        (
            Example("ideal", [2, 3], 0),
            Example("broken", [0, 2], 83),  # 25 of 30 minutes, the default between sites: 83.3
            Example("edge", [0, 1, 2, 3], 166),  # at B: every way is rounded by itself, 83 + 83
        ),
    ),
    Case(
        "no way of more than 6 minutes",
        gp.MaxTravel(6),
        SITES,
        ("site", "participation"),
        (
            Example("ideal", [0, 3], 0),
            Example("broken", [1, 2], IMPOSSIBLE),  # 15 minutes apart
            Example("edge", [0, 1], 0),  # exactly 6
            Example("edge", [2, 3, 4], 0),  # excused and online only may be 45 minutes away
        ),
        {"travel_minutes": WAYS},
    ),
    Case(
        "a longest way and rooms",
        gp.MaxTravel(15),
        SITES,
        ("site", "participation"),
        (
            Example("ideal", [1, 2], 0),
            Example("broken", [0, 1, 4], IMPOSSIBLE),  # only C takes three, 45 minutes from A
            Example("edge", [2, 3, 4], 0),
            Example("edge", [0, 1, 2, 3], IMPOSSIBLE),  # no room takes four
        ),
        {"travel_minutes": WAYS, "sites": ROOMS},
    ),
    Case(
        "line or neighbourhood",
        gp.SharedWork(),
        WORK,
        ("business_line", "department", "site"),
        (
            Example("ideal", [0, 1], 0),  # catering
            Example("ideal", [0, 1, 3], 0),  # A and B are 6 minutes apart
            Example("broken", [0, 1, 2], 100),  # catering without the guard, or A and B without C
            Example("edge", [2, 4], 0),  # m4 has no line, but works at C
        ),
        {"travel_minutes": WAYS},
    ),
    Case(
        "lines only",
        gp.SharedWork(by="line"),
        WORK,
        ("business_line", "department"),
        (
            Example("ideal", [2, 3], 0),
            Example("broken", [0, 1, 2, 3, 4], 300),  # catering 2 of 5, or security 2 of 5
            Example("edge", [4], 100),  # no line is shared with nobody
        ),
        {"travel_minutes": WAYS},
    ),
    Case(
        "departments stand for lines",
        gp.SharedWork(by="line"),
        {"department": ["P", "P", "Q", "R"]},
        ("business_line", "department"),
        (
            Example("ideal", [0, 1], 0),
            Example("broken", [0, 1, 2, 3], 200),
            Example("edge", [3], 0),
        ),
    ),
    Case(
        "zones",
        gp.SharedWork(by="zone"),
        WORK,
        ("site",),
        (
            Example("ideal", [1, 2, 4], 0),  # B and C are south
            Example("broken", [0, 1], 100),
            Example("edge", [0, 1, 2, 3], 200),  # a tie of north and south
        ),
        {"sites": ZONES},
    ),
    Case(
        "neighbours within 15 minutes",
        gp.SharedWork(by="zone", near=15),
        WORK,
        ("site",),
        (
            Example("ideal", [0, 1, 3], 0),  # around A: A, B
            Example("ideal", [0, 1, 2, 3, 4], 0),  # around B: A (6), C (15)
            Example("broken", [], 0),  # nothing is outside B's neighbourhood: see the case above for broken ones
            Example("edge", [0, 2], 0),  # 45 minutes apart, both near B
        ),
        {"travel_minutes": WAYS},
    ),
    Case(
        "two teams",
        gp.TeamCoverage(),
        {name: column[:4] for name, column in WORK.items()},
        ("business_line", "department", "site", "team"),
        (
            Example("ideal", [0], 0, [0]),  # catering, meets at B
            Example("ideal", [0], 0, []),
            Example("broken", [1], 75, [0, 1]),  # one of two lines 50; at B or C the other is 15 of 30 minutes off: 25
            Example("edge", [2], 0, [1]),  # who the members are does not count, only what and where they share
        ),
        {"travel_minutes": WAYS, "teams": TEAMS},
    ),
    Case(
        "teams, departments and rooms",
        gp.TeamCoverage(limit=45, by="line"),
        {"department": ["P", "P", "Q", "R"], "site": ["A", "B", "C", "A"]},
        ("business_line", "department", "site", "team"),
        (
            Example("ideal", [1, 3], 0, [0]),  # kitchen is of P, and B takes two
            Example("broken", [0, 1, 3], 17, [0]),  # only C takes three: 15 of 45 minutes = 16.7
            Example("edge", [0, 1, 2, 3], IMPOSSIBLE, [0]),
        ),
        {"travel_minutes": WAYS, "sites": ROOMS, "teams": TEAMS},
    ),
    Case(
        "a full member",
        gp.Leader(),
        LEADERS,
        LED,
        (
            Example("ideal", [0, 1], 0),
            Example("broken", [1], 200),  # probationary; the smallest group has 2
            Example("broken", [1, 2, 3], 200),  # probationary, online only, declared not eligible
            Example("edge", [1, 4], 0),  # a committee member may lead here
        ),
        size=(2, 4),
        groups=(1, 2),
    ),
    Case(
        "no committee member, not m0",
        gp.Leader(status=None, committee=False, exclude="m0"),
        LEADERS,
        LED,
        (
            Example("ideal", [1], 0),  # any status
            Example("broken", [0, 4], 100),
            Example("edge", [2, 3], 100),
        ),
    ),
    Case(
        "assessed and recommended",
        gp.LeaderFit(),
        FIT,
        (*LED, "assessment", "nominations", "willing"),
        (
            Example("ideal", [0, 1, 3], 52),  # the best there is has fit 74: 2 × 26
            Example("broken", [1, 3], 120),  # 30 + 40 − 30 = 40: 2 × 60
            Example("broken", [3], 200),  # nobody: m3 is probationary
            Example("edge", [3, 4], 200),  # fit 0 is as bad as nobody
        ),
        size=(2, 5),
        groups=(1, 2),
    ),
    Case(
        "recommended only",
        gp.LeaderFit(unwilling=100),
        {"nominations": [20, 10, 1, None], "willing": [False, None, True, True]},
        (*LED, "assessment", "nominations", "willing"),
        (
            Example("ideal", [0, 1], 50),  # m0 is unwilling: 0; m1 10 of 20
            Example("broken", [0, 3], 100),
            Example("edge", [2], 95),  # 1 of 20
        ),
    ),
    Case(
        "assessed only",
        gp.LeaderFit(assessed=10),
        {"assessment": [100, 80.4, None, 40], "status": ["full", "full", "full", "probationary"]},
        (*LED, "assessment", "nominations", "willing"),
        (
            Example("ideal", [0, 2], 0),
            Example("broken", [2, 3], 100),
            Example("edge", [1], 20),  # 80.4 rounds to 80
        ),
    ),
    Case(
        "two women",
        gp.AtLeast(2, gender="F"),
        PEOPLE,
        ("gender",),
        (
            Example("ideal", [0, 1, 2], 0),
            Example("broken", [0, 2, 3], 100),
            Example("edge", [4], 200),  # of m4 nothing is known
        ),
    ),
    Case(
        "one with two attributes",
        gp.AtLeast(1, skills="fire", status="full"),
        PEOPLE,
        ("skills", "status"),
        (
            Example("ideal", [0], 0),
            Example("broken", [1, 2], 100),  # fire, but probationary; full, but no fire
            Example("edge", [0, 1, 2, 3, 4], 0),
        ),
    ),
    Case(
        "three people",
        gp.AtLeast(3),
        PEOPLE,
        (),
        (Example("ideal", [0, 1, 2], 0), Example("broken", [0], 200), Example("edge", [0, 1], 100)),
    ),
    Case(
        "one of a department",
        gp.AtMost(1, department="P"),
        PEOPLE,
        ("department",),
        (
            Example("ideal", [0, 2, 3], 0),
            Example("broken", [0, 1, 2], 100),
            Example("edge", [2, 3, 4], 0),
        ),
    ),
    Case(
        "no newcomer",
        gp.AtMost(0, status="probationary"),
        PEOPLE,
        ("status",),
        (
            Example("ideal", [0, 2], 0),
            Example("broken", [1, 3, 4], 300),
            Example("edge", [1], 100),
        ),
    ),
    Case(
        "three together",
        gp.Together(["m0", "m1", "m2"]),
        PEOPLE,
        (),
        (
            Example("ideal", [0, 1, 2], 0),
            Example("ideal", [3, 4], 0),
            Example("broken", [0, 1], 67),  # 100 × 2 × 1 / 3
            Example("edge", [0], 67),  # 100 × 1 × 2 / 3
        ),
    ),
    Case(
        "two together",
        gp.Together(("m3", "m0")),
        PEOPLE,
        (),
        (Example("ideal", [0, 3, 4], 0), Example("broken", [0], 50), Example("edge", [1], 0)),
    ),
    Case(
        "three apart",
        gp.Apart(("m0", "m1", "m4")),
        PEOPLE,
        (),
        (
            Example("ideal", [0, 2, 3], 0),
            Example("broken", [0, 1, 4], 200),
            Example("broken", [0, 1], 100),
            Example("edge", [2, 3], 0),
        ),
    ),
    Case(
        "two groups of five",
        gp.EvenSize(),
        PEOPLE,
        (),
        (
            Example("ideal", [0, 1], 0),  # 5 = 2 + 3
            Example("ideal", [0, 1, 2], 0),
            Example("broken", [0, 1, 2, 3], 100),
            Example("edge", [0], 100),
        ),
        groups=2,
    ),
    Case(
        "any number of groups",
        gp.EvenSize(band=(3, 4)),
        PEOPLE,
        (),
        (
            Example("ideal", [0, 1, 2], 0),
            Example("broken", [0, 1, 2, 3, 4], 100),
            Example("broken", [0, 1], 100),
            Example("edge", [0], 100),  # 2 too few, but at most 100 for each of its members
        ),
    ),
    Case(
        "a band beyond the limits",
        gp.EvenSize(),
        PEOPLE,
        (),
        (
            Example("ideal", [0, 1, 2, 3], 0),  # 7 to 9, brought within 1 to 4
            Example("broken", [0, 1], 200),
            Example("edge", [0], 100),
        ),
        size=(1, 4),
        groups=(2, 3),
    ),
    Case(
        "one department",
        gp.FewDepartments(most=1),
        PEOPLE,
        ("department",),
        (
            Example("ideal", [0, 1], 0),
            Example("broken", [0, 1, 2, 3, 4], 300),  # P, P against Q, R, R
            Example("edge", [0, 2], 100),
        ),
    ),
    Case(
        "two departments",
        gp.FewDepartments(),
        PEOPLE,
        ("department",),
        (
            Example("ideal", [0, 1, 3, 4], 0),
            Example("broken", [0, 1, 2, 3, 4], 100),
            Example("edge", [2], 0),
        ),
    ),
    Case(
        "two full members a newcomer",
        gp.Mentoring(),
        {"status": ["full", "full", "full", "probationary", "probationary"]},
        ("status",),
        (
            Example("ideal", [0, 1, 3], 0),
            Example("broken", [0, 1, 2, 3, 4], 100),  # 3 // 2 = 1 of 2
            Example("edge", [0, 3], 100),  # 1 // 2 = 0
        ),
    ),
    Case(
        "one full member a newcomer",
        gp.Mentoring(full=1),
        PEOPLE,
        ("status",),
        (
            Example("ideal", [0, 1], 0),
            Example("broken", [1, 3, 4], 300),
            Example("edge", [0, 2], 0),
        ),
    ),
    Case(
        "today's groups",
        gp.Continuity(),
        PEOPLE,
        ("current_group", "branch"),
        (
            Example("ideal", [0, 1], 0),
            Example("broken", [0, 1, 2], 100),
            Example("broken", [0, 2, 4], 200),
            Example("edge", [3], 0),  # in no group today
        ),
    ),
    Case(
        "one move at most",
        gp.MaxMoves(1),
        PEOPLE | {"current_group": ["one", "one", "two", "two", None]},
        ("current_group", "branch"),
        (
            Example("ideal", [0, 1], 0),
            Example("broken", [0, 2], IMPOSSIBLE),  # one of two here, and one of two in the other group
            Example("edge", [0, 1, 2], 100),  # just the one that may
            Example("edge", [0, 1, 4], 0),  # in no group today
        ),
    ),
    Case(
        "branches",
        gp.Within("branch"),
        PEOPLE,
        ("branch",),
        (
            Example("ideal", [0, 1], 0),
            Example("broken", [0, 2], IMPOSSIBLE),
            Example("edge", [0, 4], IMPOSSIBLE),  # members without a branch belong together
        ),
    ),
    Case(
        "m1 in G2",
        gp.Pin("m1", "G2"),
        PEOPLE,
        (),
        (
            Example("ideal", [0, 2], 0),  # then m1 is in G2
            Example("broken", [1], IMPOSSIBLE),
            Example("edge", [0, 2, 3, 4], 0),  # m1 alone
        ),
    ),
    Case(
        "m1 not in G1",
        gp.Forbid("m1", "G1"),
        PEOPLE,
        (),
        (
            Example("ideal", [0, 2], 0),
            Example("broken", [0, 1], IMPOSSIBLE),
            Example("edge", [0, 2, 3, 4], 0),
        ),
    ),
    Case(
        "m0 leads m1 in G2",
        gp.Keep("G2", ["m0", "m1"], leader="m0"),
        PEOPLE,
        (),
        (
            Example("ideal", [2, 3], 0),
            Example("broken", [0, 2], IMPOSSIBLE),
            Example("edge", [2, 3, 4], 0),  # nobody joins them
        ),
    ),
    Case(
        "of one department",
        gp.Alike("department"),
        PEOPLE,
        ("department",),
        (
            Example("ideal", [0, 1], 0),
            Example("broken", [0, 1, 2, 3, 4], 300),  # P, P against Q, R, R
            Example("edge", [2], 0),
        ),
    ),
    Case(
        "some of whom nothing is known",
        gp.Alike("gender"),
        PEOPLE,
        ("gender",),
        (
            Example("ideal", [0, 1], 0),
            Example("broken", [0, 2, 3], 100),
            Example("edge", [0, 1, 4], 100),  # m4 lacks the value
            Example("edge", [4], 100),
        ),
    ),
    Case(
        "a skill in common",
        gp.Alike("skills"),
        PEOPLE,
        ("skills",),
        (
            Example("ideal", [0, 1], 0),  # fire
            Example("ideal", [0, 4], 0),  # chef
            Example("broken", [1, 4], 100),
            Example("edge", [0, 1, 4], 100),  # each two share one, all three none
            Example("edge", [2, 3], 200),
        ),
    ),
    Case(
        "texts of several values",
        gp.Alike("courses"),
        {"courses": ["x; y", "y；z", "z", None]},
        ("courses",),
        (
            Example("ideal", [0, 1], 0),
            Example("ideal", [1, 2], 0),
            Example("broken", [0, 1, 2], 100),
            Example("edge", [0, 3], 100),
        ),
    ),
    Case(
        "three of five",
        gp.Mixed("department"),
        {"department": ["P", "P", "P", "Q", "Q"]},
        ("department",),
        (
            Example("ideal", [0, 3], 0),  # 1.2 and 0.8
            Example("ideal", [0, 1, 4], 0),  # 1.8 and 1.2
            Example("broken", [0, 1, 2], 100),  # one too many, one too few
            Example("broken", [3, 4], 100),
            Example("edge", [3], 100),  # 0.6 and 0.4: one person should be of P
        ),
    ),
    Case(
        "a tie of remainders",
        gp.Mixed("education"),
        {"education": ["a", "a", "c", "b"]},
        ("education",),
        (
            Example("ideal", [0, 3], 0),  # 1 a, 0.5 b, 0.5 c: b by its text
            Example("ideal", [0, 2, 3], 0),  # 1.5 a, 0.75 b, 0.75 c
            Example("broken", [0, 1, 3], 100),
            Example("edge", [0, 2], 100),  # c instead of b
        ),
    ),
    Case(
        "a mix in which one is not known",
        gp.Mixed("gender"),
        PEOPLE,
        ("gender",),
        (
            Example("ideal", [0, 2, 4], 0),  # m4 does not count
            Example("broken", [0, 1], 100),
            Example("edge", [4], 0),
            Example("edge", [2, 4], 100),  # 0.5 and 0.5: F by its text
        ),
    ),
    Case(
        "a mix of several skills",
        gp.Mixed("skills"),
        PEOPLE,
        ("skills",),
        (
            Example("ideal", [0], 0),  # one chef, one fire
            Example("ideal", [1, 4], 0),
            Example("broken", [0, 1], 50),  # of 3: 2 chef, 1 fire; 50 + 50, halved as m0 has two values
            Example("edge", [2, 3], 0),
        ),
    ),
    Case(
        "different departments",
        gp.Different("department"),
        PEOPLE,
        ("department",),
        (
            Example("ideal", [0, 2, 3], 0),
            Example("broken", [0, 1, 2, 3, 4], 200),
            Example("edge", [0, 1], 100),
        ),
    ),
    Case(
        "different as far as known",
        gp.Different("gender"),
        PEOPLE,
        ("gender",),
        (Example("ideal", [0, 2], 0), Example("broken", [0, 1, 2, 3], 200), Example("edge", [0, 2, 4], 0)),
    ),
    Case(
        "different skills",
        gp.Different("skills"),
        PEOPLE,
        ("skills",),
        (
            Example("ideal", [1, 4], 0),
            Example("broken", [0, 1, 4], 100),  # fire twice, chef twice: 100 + 100, halved as m0 has two values
            Example("edge", [2, 3], 0),
        ),
    ),
    Case(
        "near in age",
        gp.NarrowRange("age"),
        {"age": [22, 30, 42, 62, None]},
        ("age",),
        (
            Example("ideal", [1], 0),
            Example("broken", [1, 2], 60),  # 12 of 40 years
            Example("broken", [0, 1, 2, 3], 400),
            Example("edge", [1, 2, 4], 90),  # m4 fits, and counts
            Example("edge", [0, 4], 0),
            Example("edge", [4], 0),
        ),
    ),
    Case(
        "levels, rounded",
        gp.NarrowRange("level"),
        {"level": [1, 2, 4.5, 9]},
        ("level",),
        (
            Example("ideal", [3], 0),
            Example("broken", [2, 3], 112),  # 4.5 of 8: 56.25
            Example("edge", [0, 1], 26),  # 1 of 8: 12.5, half up
        ),
    ),
    Case(
        "dates",
        gp.NarrowRange("joined_on"),
        {"joined_on": ["2000-01-01", "2010-01-01", "2020-01-01", None]},
        ("joined_on",),
        (
            Example("ideal", [0, 3], 0),
            Example("broken", [0, 1], 100),  # 3653 of 7305 days
            Example("edge", [0, 2, 3], 300),
        ),
    ),
    Case(
        "friends and rivals",
        gp.Affinity([("m0", "m1", 80), ("m2", "m0", -100), ("m3", "m4", 31)]),
        PEOPLE,
        (),
        (
            Example("ideal", [0, 1], 0),
            Example("ideal", [2, 3, 4], 0),
            Example("broken", [0, 2], 140),  # half of 80, and 100
            Example("broken", [0, 1, 2, 3], 116),  # 100, and the larger half of 31
            Example("edge", [4], 15),  # the smaller half of 31
        ),
    ),
    Case(
        "a table of ties",
        gp.Affinity({"m0": {"m1": 50, "m2": 30}, "m1": {"m0": 50, "m2": 1}, "m3": {"m4": -7}}),
        PEOPLE,
        (),
        (
            Example("ideal", [0, 1, 2], 0),
            Example("broken", [0], 65),  # 50 of 50 + 50, 15 of 30
            Example("edge", [2], 15),  # of a weight of 1 the first pays all
            Example("edge", [3, 4], 7),
        ),
    ),
    Case(
        "two past divisions",
        gp.Novelty([[["m0", "m1", "gone"], ["m2", "m3"]], {"m0": "a", "m1": "a", "m2": "a", "m4": "b"}]),
        PEOPLE,
        (),
        (
            Example("ideal", [0, 3, 4], 0),
            Example("broken", [0, 1], 50),  # twice 200 // (4 × 2)
            Example("broken", [0, 1, 2, 3, 4], 125),  # m0 m1 twice; m0 m2, m1 m2, m2 m3 once
            Example("edge", [4], 0),
        ),
    ),
    Case(
        "the last division only",
        gp.Novelty({"2024": [["m2", "m3"]], "2025": [["m0", "m1", "m2"], ["m4"]]}, last=1, points=10),
        PEOPLE,
        (),
        (
            Example("ideal", [0, 3], 0),
            Example("broken", [0, 1, 2], 30),
            Example("edge", [2, 3], 0),  # together in 2024, which does not count
        ),
    ),
)
