"""Easy to hold activities (便于开展活动): members can come, and the place is near."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from grouping.dominance import undominated
from grouping.errors import PolicyError
from grouping.policy.criterion import Criterion, read_weight
from grouping.problem import Choice, Focus, IntArray, Placement, Quota, Term

if TYPE_CHECKING:
    from grouping.policy.context import Context
    from grouping.roster import Slot

STATES = ("D", "A", "R", "O")
CREDITS = (("A", 100), ("O", 80), ("R", 30), ("D", 0))

_STEP = 5
"""Minutes: a limit that cannot be kept is raised to a multiple of them."""


@dataclass(frozen=True)
class Attendance(Criterion):
    """Credit that members lose because no session of their group suits their shifts, in points per member.

    The group takes ``sessions`` slots; a member has the best credit over them: on site around the shift (A) 100,
    off duty (O) 80, protected rest after a night (R) 30, on duty (D) 0. Points = 100 − that credit, summed over
    the members; excused members count 0, and so do members of whose shifts nothing is known.

    Parameters
    ----------
    sessions : how many alternative sessions the group holds, 1 or 2
    credits : credit per state, 0..100
    slots : the slots to choose from; None takes the roster's own grid, a text names a slots file

    Examples
    --------
    Three members who are A, O and D in the group's best slot lose 0 + 20 + 100 = 120 points.
    """

    sessions: int = 1
    credits: tuple[tuple[str, int], ...] = CREDITS
    slots: str | tuple[Slot, ...] | None = None

    title: ClassVar[str] = "到会条件"
    home: ClassVar[str] = "convene"
    single: ClassVar[bool] = True
    source: ClassVar[str] = (
        "支部工作条例(试行) art. 13: 便于组织开展活动; four states because free/busy cannot tell divisions apart"
    )
    shows: ClassVar[str | None] = "session"
    words: ClassVar = {
        "en": "meets {option}; for {guilty} of {size} members the time is not ideal",
        "zh": "活动时间{option}；{size}人中{guilty}人的时间不理想",
    }

    def __post_init__(self) -> None:
        """Normalise tables and lists, then check."""
        try:
            given = {**dict(CREDITS), **dict(self.credits)}
        except (TypeError, ValueError):
            raise PolicyError("Attendance: credits is a table of state = credit") from None
        ordered = [*dict(CREDITS), *sorted(set(given) - set(dict(CREDITS)))]
        object.__setattr__(self, "credits", tuple((state, given[state]) for state in ordered))
        if self.slots is not None and not isinstance(self.slots, str):
            try:
                object.__setattr__(self, "slots", tuple(_slot(slot) for slot in self.slots))
            except (TypeError, ValueError, KeyError) as error:
                raise PolicyError(f"Attendance: slots need slot_id, start and end in ISO form ({error})") from None
        super().__post_init__()

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if self.sessions not in (1, 2) or isinstance(self.sessions, bool):
            yield f"sessions is 1 or 2, not {self.sessions!r}"
        credits = dict(self.credits)
        if set(credits) != set(STATES) or not all(isinstance(c, int) and 0 <= c <= 100 for c in credits.values()):
            yield "credits gives each of the states A, O, R, D a whole number from 0 to 100"

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        found = self.sessions_of(context)
        if found is None:
            return []
        choice, points = found
        return [Focus(name=self.label, choice=choice.name, points=context.pad(points))]

    def sessions_of(self, context: Context) -> tuple[Choice, IntArray] | None:
        """Return the sessions that a group may hold, and the members' points for them; None when nothing is known."""
        codes, slots = context.states(self.slots)
        known = np.array(context.roster.has_known_shifts(), dtype=np.int64)
        if not slots or not known.any():
            return None
        credit = np.array([dict(self.credits)[state] for state in STATES], dtype=np.int64)
        points = (100 - credit[codes]) * (context.attends() * known)[:, None]
        labels = [slot.label for slot in slots]
        points, labels = _worth_asking(points, labels)
        if self.sessions == 2 and len(labels) > 1:
            pairs = list(combinations(range(len(labels)), 2))
            first, second = (np.array(side) for side in zip(*pairs, strict=True))
            points = np.minimum(points[:, first], points[:, second])
            points, labels = _worth_asking(points, [f"{labels[a]} + {labels[b]}" for a, b in pairs])
        name = self.asked
        return context.choice(name, lambda: Choice(name, tuple(labels))), points

    @property
    def asked(self) -> str:
        """The name of the choice of sessions, which is the same for all who ask for the same ones."""
        name = "session" if self.sessions == 1 else "sessions"
        if self.credits != CREDITS:
            return f"{name} of {self!r}"
        return name if self.slots is None else f"{name} of {self.slots!r}"


def _slot(given: Any) -> Slot:
    """Return a slot, also from the table that a policy file holds."""
    from grouping.roster.schema import Slot

    if isinstance(given, Slot):
        return given
    times = {key: datetime.fromisoformat(str(given[key])) for key in ("start", "end")}
    return Slot(**{**given, **times})


def _worth_asking(points: IntArray, labels: Sequence[str]) -> tuple[IntArray, list[str]]:
    """Return the options that no other option beats or equals for every member.

    Parameters
    ----------
    points : members × options
    labels : a text per option
    """
    kept = undominated(points)
    return points[:, kept], [labels[option] for option in kept]


def place_choice(context: Context) -> Choice:
    """Return the choice of a meeting place: every site of the roster, with the size of its room if known."""

    def build() -> Choice:
        names, _ = context.minutes
        rooms = {site.site: site.capacity for site in context.roster.sites}
        largest = max(context.members, 1)
        capacity = [rooms.get(name) or largest for name in names]
        return Choice("place", names, np.array(capacity, dtype=np.int64))

    return context.choice("place", build)


def _meeting_place(context: Context, owner: str) -> Choice:
    """Return the choice of a meeting place, or raise PolicyError when no room takes a group of the least size."""
    place = place_choice(context)
    if place.capacity is not None and place.capacity.max() < context.size[0]:
        rooms = f"no room takes a group of {context.size[0]}; the largest has {place.capacity.max()} seats"
        raise PolicyError(f"{owner}: {rooms}")
    return place


def travel_points(minutes: IntArray, limit: int, most: int) -> IntArray:
    """Return minutes as points: 0 at 0 minutes, ``most`` from ``limit`` minutes on, linear and rounded between."""
    return (2 * most * np.minimum(minutes, limit) + limit) // (2 * limit)


@dataclass(frozen=True)
class Travel(Criterion):
    """Minutes that members walk or ride to their group's meeting place, in points per member.

    The group meets at one site whose room it fits into. A member pays 100 × min(minutes, limit) / limit, rounded;
    members who are excused or take part online only pay 0.

    Parameters
    ----------
    limit : minutes from which a way counts as fully bad

    Examples
    --------
    With ``limit=30``, members 0, 6 and 45 minutes away pay 0 + 20 + 100 = 120 points.
    """

    limit: int = 30

    title: ClassVar[str] = "路程远近"
    home: ClassVar[str] = "convene"
    single: ClassVar[bool] = True
    source: ClassVar[str] = "GB 50180-2018: a 15-minute neighbourhood is about 1 km; beyond 30 minutes rather online"
    shows: ClassVar[str | None] = "place"
    words: ClassVar = {
        "en": "meets at {option}; of {size} members {guilty} come from elsewhere",
        "zh": "活动地点{option}；{size}人中{guilty}人需要走一段路",
    }

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if isinstance(self.limit, bool) or not isinstance(self.limit, int) or self.limit < 1:
            yield f"limit is a positive whole number of minutes, not {self.limit!r}"

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        if not context.has("site"):
            return []
        place = _meeting_place(context, self.label)
        minutes = context.minutes_from(member.site for member in context.roster.members)
        points = travel_points(minutes, self.limit, 100) * context.travels()[:, None]
        return [Focus(name=self.label, choice=place.name, points=context.pad(points))]


@dataclass(frozen=True)
class MaxTravel(Criterion):
    """No member is more than ``minutes`` from the group's meeting place: 100 points for each who is.

    The place is that of Travel: one site whose room the group fits into. Members who are excused, take part online only
    or have no site count 0.

    Parameters
    ----------
    minutes : the longest way that is allowed, in minutes

    Examples
    --------
    With ``minutes=30``, members 0, 30 and 45 minutes away break the rule by 100 points.
    """

    minutes: int = 30

    asks_roster: ClassVar[bool] = True
    title: ClassVar[str] = "路程上限"
    home: ClassVar[str] = "convene"
    single: ClassVar[bool] = True
    only_must: ClassVar[bool] = True
    source: ClassVar[str] = "GB 50180-2018: a 15-minute neighbourhood is about 1 km; beyond 30 minutes rather online"
    shows: ClassVar[str | None] = "place"
    words: ClassVar = {
        "en": "meets at {option}; {guilty} of {size} members are too far away",
        "zh": "活动地点{option}；{size}人中{guilty}人路程超过上限",
    }

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if isinstance(self.minutes, bool) or not isinstance(self.minutes, int) or self.minutes < 0:
            yield f"minutes is a whole number, not negative, not {self.minutes!r}"

    @property
    def label(self) -> str:
        """See :meth:`Criterion.label`."""
        return f"MaxTravel({self.minutes})"

    def pieces(self, context: Context) -> tuple[Criterion, ...]:
        """See :meth:`Criterion.pieces`: a limit for every five minutes in which there are ways beyond this one."""
        beyond = _ways(context)
        limits = np.maximum((beyond[beyond > self.minutes] - 1) // _STEP * _STEP, self.minutes)
        return tuple(replace(self, minutes=limit) for limit in np.unique(limits).tolist()) or (self,)

    def without(self, given_up: Collection[Criterion]) -> tuple[Criterion, ...]:
        """See :meth:`Criterion.without`."""
        raised = [(piece.minutes // _STEP + 1) * _STEP for piece in given_up if isinstance(piece, MaxTravel)]
        return (replace(self, minutes=max(raised, default=self.minutes)),)

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        if not context.has("site"):
            return []
        place = _meeting_place(context, self.label)
        points: IntArray = 100 * (_ways(context) > self.minutes).astype(np.int64)
        return [Focus(name=self.label, choice=place.name, points=context.pad(points))]


def _ways(context: Context) -> IntArray:
    """Return the minutes to every site of members who come in person, 0 for the others: members × sites."""
    return context.minutes_from(member.site for member in context.roster.members) * context.travels()[:, None]


ABLE = ("A", "O", "R")
"""States in which a member can come, the best one first; which of them count is for a policy to say."""


@dataclass(frozen=True)
class Quorum(Criterion):
    """In its session enough of a group's members can attend: more than ``share`` of those who count.

    Who counts is a full member, or any member, who is expected (not excused) and of whose shifts something is known. A
    member can attend in a state that is at least as good as ``least``: on site around the shift (A), off duty (O), or
    in protected rest after a night (R). With two sessions, one of them is enough. The rule counts how many more of
    them would have to come; a group without anybody who counts lacks one, unless ``over`` is false.

    Parameters
    ----------
    share : the share that is asked for, from 0 to 1, with at most four decimals, or a fraction as text, such as "2/3"
    over : True asks for more than the share, False for the share itself
    counted : "full" counts full members only, "all" probationary ones, too
    least : the least good state in which a member can attend: "A", "O" or "R"
    sessions : how many alternative sessions the group holds, 1 or 2
    slots : the slots to choose from; None takes the roster's own grid, a text names a slots file

    Notes
    -----
    The session is that of Attendance, so the one that a plan shows is the one that has the quorum. Where a policy has
    both, ``sessions`` and ``slots`` have to be the same, and the credits of Attendance the usual ones.

    Examples
    --------
    Of five full members three are on duty in the group's best session: two are not more than half of five, one more
    would have to come.
    """

    share: float = 0.5
    over: bool = True
    counted: str = "full"
    least: str = "O"
    sessions: int = 1
    slots: str | tuple[Slot, ...] | None = None

    asks_roster: ClassVar[bool] = True
    title: ClassVar[str] = "到会人数"
    home: ClassVar[str] = "convene"
    single: ClassVar[bool] = True
    only_must: ClassVar[bool] = True
    source: ClassVar[str] = (
        "R12: a probationary member has no vote and does not count; R15: half of the members is the usual quorum; "
        "R18: a local rule asks for 85 %"
    )
    shows: ClassVar[str | None] = "session"
    words: ClassVar = {
        "en": "meets {option}; {guilty} of {size} members who count cannot attend",
        "zh": "活动时间{option}；{size}人中应计入的{guilty}人不能到会",
    }

    def __post_init__(self) -> None:
        """Normalise, then check."""
        object.__setattr__(self, "share", read_weight(self.share))
        if self.slots is not None and not isinstance(self.slots, str):
            object.__setattr__(self, "slots", Attendance(slots=self.slots).slots)
        super().__post_init__()

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if (
            isinstance(self.share, bool)
            or not isinstance(self.share, int | float | Fraction)
            or not 0 <= self.share <= 1
        ):
            yield f"share is a number from 0 to 1, not {self.share!r}"
        elif Fraction(str(self.share)).denominator > 10_000:
            yield f"share has at most four decimals, not {self.share!r}"
        if not isinstance(self.over, bool):
            yield f"over is true or false, not {self.over!r}"
        elif self.over and self.share == 1:
            yield "nobody can be more than all: with share=1, over is false"
        if self.counted not in ("full", "all"):
            yield f"counted is 'full' or 'all', not {self.counted!r}"
        if self.least not in ABLE:
            yield f"least is one of {', '.join(ABLE)}, not {self.least!r}"
        if self.sessions not in (1, 2) or isinstance(self.sessions, bool):
            yield f"sessions is 1 or 2, not {self.sessions!r}"

    @property
    def label(self) -> str:
        """See :meth:`Criterion.label`."""
        return f"Quorum({self.share})"

    @property
    def meeting(self) -> Attendance:
        """The criterion whose sessions these are."""
        return Attendance(sessions=self.sessions, slots=self.slots)

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`.

        Every member who counts brings the share p / q: p points, less q where she can attend. More than the share
        attend where the sum is negative.
        """
        found = self.meeting.sessions_of(context)
        if found is None:
            return []
        choice, points = found
        share = Fraction(str(self.share))
        come = points <= 100 - dict(CREDITS)[self.least]
        known = np.array(context.roster.has_known_shifts(), dtype=np.int64)
        full = [int(self.counted == "all" or member.status == "full") for member in context.roster.members]
        counts = context.attends() * known * np.array(full, dtype=np.int64)
        value = (share.numerator - share.denominator * come) * counts[:, None]
        most, step = -int(self.over), share.denominator
        return [Quota(name=self.label, choice=choice.name, value=context.pad(value), most=most, step=step)]
