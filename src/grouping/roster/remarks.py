"""What is worth saying about a roster that was read: how its tables were joined, what its rotas mean, warnings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from grouping.roster.availability import ADJACENT, OFF
from grouping.roster.cells import text_of
from grouping.roster.report import some_ids
from grouping.roster.rules import People
from grouping.roster.shifts import span
from grouping.roster.synonyms import narrow
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from grouping.roster.roster import Roster
    from grouping.roster.schema import Member, ShiftPattern
    from grouping.roster.shiftwords import ShiftWords
    from grouping.roster.tables import Table

LARGEST_BRANCH = 50
"""支部工作条例(试行) art. 4: a branch has generally no more than 50 members."""
FEWEST_FULL = 3
"""支部工作条例(试行) art. 4: a branch has at least three full members."""
DIVIDE_FROM = 20
"""党小组工作规则(试行) art. 1: from 20 members on a branch should generally be divided; below it may be."""
_SHOWN_ROTAS = 40
_SHOWN_CELLS = 3


def joins(roster: Roster, tables: Mapping[str, Table]) -> Iterable[str]:
    """Yield how the companion tables were joined to the members."""
    if "teams" in tables:
        covered = len(roster.teams) - len(roster.uncovered_teams)
        text = "teams: {covered} of {teams} have members; the others count for the coverage of teams"
        yield say(text, covered=covered, teams=len(roster.teams))
    if "sites" in tables:
        used = len({member.site for member in roster.members if member.site})
        yield say("sites: members work at {used} of {sites}", used=used, sites=len(roster.sites))
    if "shift_patterns" in tables:
        used = len({member.shift_pattern for member in roster.members})
        yield say("rotas: members work by {used} of {rotas}", used=used, rotas=len(roster.shift_patterns))
    if "travel_minutes" in tables:
        yield say("travel: {count} pairs of sites", count=len(roster.travel))
    if "explicit_shifts" in tables:
        persons = len({member_id for member_id, _ in roster.explicit_shifts})
        text = "calendar: {days} days of {persons} members override their rota"
        yield say(text, days=len(roster.explicit_shifts), persons=persons)
        lists = [part for part in tables["explicit_shifts"].parts if part.is_matrix]
        if lists:
            listed = {narrow(text_of(row.cells["member_id"])) for part in lists for row in part.rows}
            known = People(roster.members)
            others = sum(known.find(person) is None for person in listed)
            text = "calendar: {others} of {listed} persons listed are no members of the roster"
            yield say(text, others=others, listed=len(listed))
    if "committee" in tables:
        yield say("committee: {count} members", count=len(roster.committee))
    if "constraints" in tables:
        strengths = Counter(request.strength for request in roster.requests)
        text = "constraints: {must} rules (must), {prefer} wishes (prefer)"
        yield say(text, must=strengths["must"], prefer=strengths["prefer"])


def echo(roster: Roster, taken: Iterable[ShiftPattern]) -> Iterable[str]:
    """Yield what the rotas in use were understood as, and at which times their codes are worked."""
    patterns, members = roster.shift_patterns, roster.members
    used = {member.shift_pattern for member in members}
    from_catalogue = {pattern.pattern_id for pattern in taken}
    shown = [one for one in patterns if one.pattern_id in used and not one.is_label]
    with_calendar = {member_id for member_id, _ in roster.explicit_shifts}
    for pattern in shown[:_SHOWN_ROTAS]:
        called = _called(pattern)
        if not pattern.cycle:
            if with_calendar & {one.member_id for one in members if one.shift_pattern == pattern.pattern_id}:
                yield say("{rota}: irregular, known from calendars only", rota=called)
            continue
        text = "{rota}: {sequence}, from {anchor} on"
        if pattern.pattern_id in from_catalogue:
            text = "{rota}: {sequence}, from {anchor} on, taken from the catalogue of usual rotas as you confirmed"
        yield say(text, rota=called, sequence=" ".join(pattern.sequence), anchor=pattern.anchor.isoformat())
    if len(shown) > _SHOWN_ROTAS:
        yield say("… and {count} more rotas", count=len(shown) - _SHOWN_ROTAS)
    worked = {code for pattern in patterns if pattern.pattern_id in used for code in pattern.sequence}
    times = [
        f"{one.code} {';'.join(map(span, one.segments))}"
        for one in roster.shift_codes
        if one.code in worked and one.segments
    ]
    if times:
        yield say("codes are worked at: {times}", times=", ".join(times[:_SHOWN_ROTAS]))


def _called(pattern: ShiftPattern) -> str:
    name = next((name for name in pattern.names if name != pattern.pattern_id), None)
    return f"{pattern.pattern_id} ({name})" if name else pattern.pattern_id


def anchor_warnings(pattern_ids: Sequence[str]) -> list[str]:
    """Return which rotas have no anchor date: their crews are right among each other, their dates are not."""
    if not pattern_ids:
        return []
    text = (
        "rotas without an anchor date, assumed to begin on Monday 2026-11-30, so that their dates may be wrong: {rotas}"
    )
    return [say(text, rotas=some_ids(pattern_ids))]


def rota_warnings(roster: Roster, shifts: ShiftWords) -> Iterable[str]:
    """Yield each rota in use of which nothing says when its members are free, and what to do about them."""
    counts = Counter(
        member.shift_pattern
        for member, known in zip(roster.members, roster.has_known_shifts(), strict=True)
        if not known and member.shift_pattern
    )
    text = (
        "rota {rota}: neither sequence nor calendar, so it is not known when {count} of its members are free, "
        "and not judged; first in {cells}"
    )
    for pattern_id, count in counts.items():
        named_in = sorted(dict.fromkeys(shifts.unexplained.get(pattern_id, ())), key=lambda cell: "!" in cell)
        cells = ", ".join(named_in[:_SHOWN_CELLS])
        yield say(text, rota=_called(shifts.patterns[pattern_id]), count=count, cells=cells)
    if not counts:
        return
    confirmable = [
        f"{pattern_id} = {''.join(usual.sequence)}" for pattern_id in counts if (usual := shifts.usual(pattern_id))
    ]
    text = "write rotas into a table (班制, 排班顺序, 基准日), irregular ones into a calendar (工号, 日期, 班次代码)"
    yield say(text)
    if confirmable:
        text = "or confirm by usual_rotas=True (--usual-rotas) that the usual rotas are meant: {rotas}"
        yield say(text, rotas=", ".join(confirmable))


def calendar_warnings(roster: Roster) -> list[str]:
    """Return which irregular members have days without a known shift within the default horizon."""
    irregular = {pattern.pattern_id for pattern in roster.shift_patterns if not pattern.cycle and not pattern.is_label}
    days = list(roster.horizon())
    calendar = roster.explicit_shifts
    gaps = [
        member.member_id
        for member, known in zip(roster.members, roster.has_known_shifts(), strict=True)
        if member.shift_pattern in irregular and known and any((member.member_id, day) not in calendar for day in days)
    ]
    if not gaps:
        return []
    return [say("irregular rota with days without a known shift, taken as on duty: {ids}", ids=some_ids(gaps))]


def reach_warnings(roster: Roster) -> list[str]:
    """Return which members no session of the default grid could reach: on duty or resting in every slot."""
    with_calendar = {member_id for member_id, _ in roster.explicit_shifts}
    like: dict[tuple[object, ...], list[str]] = {}
    first: list[Member] = []
    for member, is_known in zip(roster.members, roster.has_known_shifts(), strict=True):
        if member.participation == "excused" or not is_known:
            continue
        own = member.member_id if member.member_id in with_calendar else None
        key = (member.shift_pattern, member.cycle_offset, own)
        if key not in like:
            first.append(member)
        like.setdefault(key, []).append(member.member_id)
    if not first:
        return []
    states, _ = roster.with_members(first).availability_codes(roster.default_slots())
    can_come = ((states == ADJACENT) | (states == OFF)).any(axis=1)
    lost = [one for ids, can in zip(like.values(), can_come, strict=True) if not can for one in ids]
    if not lost:
        return []
    return [
        say("no session of the default times could reach them, they are on duty or resting: {ids}", ids=some_ids(lost))
    ]


def size_warnings(members: Iterable[Member]) -> list[str]:
    """Return what the rules on branches say about the numbers of members."""
    sizes: Counter[str | None] = Counter()
    full: Counter[str | None] = Counter()
    for member in members:
        sizes[member.branch] += 1
        full[member.branch] += member.status == "full"
    warnings: list[str] = []
    for branch, size in sizes.items():
        called = say("branch {branch!r}", branch=branch) if branch else say("the roster (no branch given)")
        if size > LARGEST_BRANCH:
            text = "{called} has {size} members; a branch has generally no more than {most} (支部工作条例 art. 4)"
            if not branch:
                text += ": give a branch column if there are several"
            warnings.append(say(text, called=called, size=size, most=LARGEST_BRANCH))
        if full[branch] < FEWEST_FULL:
            text = "{called} has {full} full members, fewer than {fewest} (支部工作条例 art. 4, 5)"
            warnings.append(say(text, called=called, full=full[branch], fewest=FEWEST_FULL))
        if size < DIVIDE_FROM:
            text = "{called} has {size} members, fewer than {least}: division not required (党小组工作规则 art. 1)"
            warnings.append(say(text, called=called, size=size, least=DIVIDE_FROM))
    return warnings


def name_warnings(members: Iterable[Member]) -> list[str]:
    """Return how many members share a name, without saying which."""
    names = Counter(member.name for member in members if member.name)
    shared = [count for count in names.values() if count > 1]
    if not shared:
        return []
    text = "{count} members have a name that another has too; they are told apart by their ids"
    return [say(text, count=sum(shared))]
