"""Criteria on any attribute and on ties between members: alike, mixed, different, near in value, affinity, novelty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from math import lcm
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from grouping.errors import Issue, PolicyError
from grouping.policy.criterion import Criterion
from grouping.problem import Choice, Count, Focus, IntArray, Pair, Placement, Term
from grouping.roster.cells import date_of, number_of, text_of

if TYPE_CHECKING:
    from grouping.policy.context import Context

TIE = 100
"""Weight of a tie that is given without one: one member fully badly served."""

EVERY_INTERVAL = 60
"""Up to so many different values every interval is an option; beyond, those that another one of equal points holds."""

MOST_INTERVALS = 20_000


def values_of(cell: object) -> tuple[str, ...]:
    """Return the values that a member has, each once: of a list its entries, of a text its parts between ";"."""
    if cell is None:
        return ()
    if isinstance(cell, tuple | list | set | frozenset):
        parts = [text_of(entry) for entry in cell if entry is not None]
    elif isinstance(cell, str):
        parts = cell.replace("；", ";").split(";")
    else:
        parts = [text_of(cell)]
    kept = dict.fromkeys(part.strip() for part in parts if part.strip())
    return tuple(sorted(kept) if isinstance(cell, set | frozenset) else kept)


def ranked(mine: Iterable[tuple[str, ...]]) -> dict[str, int]:
    """Return how many members have each value, the most common one first, ties by text."""
    counts = Counter(value for values in mine for value in values)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True)
class _OnAttribute(Criterion):
    """What the criteria on one attribute have in common.

    Parameters
    ----------
    attr : the attribute; a list or a text such as "a;b" holds several values
    """

    attr: str

    home: ClassVar[str] = "manage"

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if not isinstance(self.attr, str) or not self.attr:
            yield f"attr is the name of an attribute, not {self.attr!r}"

    @property
    def label(self) -> str:
        """See :meth:`Criterion.label`."""
        return f"{type(self).__name__}({self.attr})"

    def values(self, context: Context) -> list[tuple[str, ...]]:
        """Return the values of every member."""
        return [values_of(cell) for cell in context.column(self.attr, self.label)]


@dataclass(frozen=True)
class Alike(_OnAttribute):
    """Members without their group's most common value of an attribute, 100 points each.

    Where members have several values, a group is alike when all share at least one. A member without a value lacks
    the common one.

    Parameters
    ----------
    attr : the attribute; a list or a text such as "a;b" holds several values

    Examples
    --------
    ``Alike("education")``: a group with four of "college", two of "school" and one of whom nothing is known pays
    300 points.
    """

    title: ClassVar[str] = "同类编组"
    source: ClassVar[str] = "R3: what is joined is alike (行业相近), said of any attribute"
    words: ClassVar = {
        "en": "most have {option}; {guilty} of {size} members do not",
        "zh": "多数为{option}；{size}人中{guilty}人不是",
    }

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        mine = self.values(context)
        options = tuple(ranked(mine))
        if not options:
            return []
        points = np.array([[0 if option in held else 100 for option in options] for held in mine], dtype=np.int64)
        name = context.choice(f"value of {self.attr}", lambda: Choice(f"value of {self.attr}", options)).name
        return [Focus(name=self.label, choice=name, points=context.pad(points))]


@dataclass(frozen=True)
class Mixed(_OnAttribute):
    """Members to be exchanged until a group mirrors the whole: 100 × ½ Σ over values |count − target|.

    The targets of a group are each value's share of the whole × the group's size, rounded down; what is missing to
    the size goes to the largest remainders, ties to the value that more members of the whole have, then by the
    value's text. The whole is what is divided: the roster, or one branch where branches are divided by themselves.
    Members without a value are left out of the shares and of the size. A member with several values counts once for
    each; the points are then divided by the most values a member has, value by value and rounded down, so that 100 a
    member stays the worst.

    Parameters
    ----------
    attr : the attribute; a list or a text such as "a;b" holds several values

    Examples
    --------
    ``Mixed("gender")`` with 20 F and 22 M: a group of 7 should have 3 F and 4 M (3.33 and 3.67); one of 5 F and 2 M
    pays 100 × ½ × (2 + 2) = 200 points.
    """

    title: ClassVar[str] = "构成均衡"
    source: ClassVar[str] = "stratification: every group mirrors the whole; rounded by largest remainders (Hamilton)"
    words: ClassVar = {
        "en": "{points} points because a value is rarer or more common than in the whole",
        "zh": "某一取值的比例与整体不同，计{points}分",
    }

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        mine = self.values(context)
        counts = ranked(mine)
        held = np.array([len(values) for values in mine], dtype=np.int64)
        most = int(held.max(initial=0))
        if not most:
            return []
        goals = _targets(list(counts.values()), int(held.sum()))
        plain = bool((held == 1).all())
        # of two values both are equally far off, so that one of them tells it all
        told, share = (1, 100) if len(counts) == 2 and most == 1 else (len(counts), 50)
        terms: list[Term | Placement] = []
        for number, (value, count) in enumerate(list(counts.items())[:told]):
            has = np.array([int(value in values) for values in mine], dtype=np.int64)
            if plain:
                goal, found = goals[:, number, None], np.arange(count + 1)[None, :]
            else:  # one number tells both how many values the group's members have and how many have this one
                has += (count + 1) * held
                sums = np.arange(int(has.sum()) + 1)
                goal, found = goals[sums // (count + 1), number][None, :], (sums % (count + 1))[None, :]
            penalty = share * np.abs(found - goal) // most
            terms.append(Count(name=self.label, value=context.pad_flat(has), penalty=penalty))
        return terms


def _targets(counts: list[int], whole: int) -> IntArray:
    """Return what a group of each size 0..whole should have of each value; the counts come the most common first."""
    share = np.arange(whole + 1)[:, None] * np.array(counts, dtype=np.int64)[None, :]
    targets: IntArray = share // whole
    order = np.argsort(-(share % whole), axis=1, kind="stable")
    for size, row in enumerate(targets):
        row[order[size, : size - int(row.sum())]] += 1
    return targets


@dataclass(frozen=True)
class Different(_OnAttribute):
    """Members beyond the first with a value, 100 points each: 100 × Σ over values max(0, count − 1).

    Members without a value are left out. A member with several values counts for each; the points are then divided
    by the most values a member has, value by value and rounded down, so that 100 a member stays the worst.

    Parameters
    ----------
    attr : the attribute; a list or a text such as "a;b" holds several values

    Examples
    --------
    ``Different("post")``: a group with three cooks, two drivers and one guard pays 200 + 100 = 300 points.
    """

    title: ClassVar[str] = "类别各异"
    source: ClassVar[str] = "cross-functional groups: no two of the same kind"
    words: ClassVar = {
        "en": "{guilty} of {size} members have one and the same value",
        "zh": "{size}人中{guilty}人取值相同",
    }

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        mine = self.values(context)
        most = max(map(len, mine), default=0)
        terms: list[Term | Placement] = []
        for value, count in ranked(mine).items():
            has = context.pad_flat([int(value in values) for values in mine])
            penalty = 100 * np.maximum(0, np.arange(count + 1) - 1)[None, :] // most
            terms.append(Count(name=self.label, value=has, penalty=penalty))
        return terms


@dataclass(frozen=True)
class NarrowRange(_OnAttribute):
    """How far a group's values lie apart: 100 × (max − min) / the range of the whole, times the group's size.

    The points of one member are rounded to a whole number, half up, before they are multiplied; under ``must`` the
    values may therefore differ by less than half a percent of the range. Members without a value fit everywhere: they
    widen nothing, but count for the size. The whole is what is divided: the roster, or one branch where branches are
    divided by themselves.

    Parameters
    ----------
    attr : an attribute whose values are all numbers or all dates (a month alone is its first day)

    Notes
    -----
    The options are the intervals between two values; more than 20,000 that differ are refused.

    Examples
    --------
    ``NarrowRange("age")`` with ages 22 to 62: a group of 8 aged 30 to 42 pays 100 × 12 / 40 = 30 points a member, 240
    in all.
    """

    title: ClassVar[str] = "差距较小"
    source: ClassVar[str] = "groups of similar level or age: the range of an ordered attribute stays narrow"
    words: ClassVar = {"en": "within {option}; {points} points for the width", "zh": "范围{option}，跨度计{points}分"}

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        cells = [None if cell == () or cell == "" else cell for cell in context.column(self.attr, self.label)]
        mine = _numbers(cells, self.label)
        shown = {number: text_of(cell) for number, cell in zip(mine, cells, strict=True) if number is not None}
        ends = sorted(shown)
        if not ends:
            return []
        first, last, points = _intervals(ends, self.label)
        labels = [
            shown[ends[a]] if a == b else f"{shown[ends[a]]} – {shown[ends[b]]}"
            for a, b in zip(first.tolist(), last.tolist(), strict=True)
        ]
        rank = {number: r for r, number in enumerate(ends)}
        at = np.array([-1 if number is None else rank[number] for number in mine], dtype=np.int64)[:, None]
        outside = (at >= 0) & ((at < first[None, :]) | (at > last[None, :]))
        name = context.choice(f"range of {self.attr}", lambda: Choice(f"range of {self.attr}", tuple(labels))).name
        table = context.pad(np.repeat(points[None, :], len(mine), axis=0))
        barred = context.pad(outside.astype(np.int64)) > 0
        return [Focus(name=self.label, choice=name, points=table, forbidden=barred)]


def _numbers(cells: list[object], owner: str) -> list[int | None]:
    """Return cells as whole numbers on one scale: all are numbers, or all are dates."""
    try:
        exact = [None if cell is None else Fraction(str(number_of(cell))) for cell in cells]
    except ValueError:
        try:
            return [None if cell is None else date_of(cell).toordinal() for cell in cells]
        except ValueError as error:
            text = f"{owner}: its values are neither all numbers nor all dates"
            raise PolicyError(Issue("bad_attribute", text, advice="use Alike or Mixed for words")) from error
    scale = lcm(*(number.denominator for number in exact if number is not None))
    return [None if number is None else int(number * scale) for number in exact]


def _intervals(ends: list[int], owner: str) -> tuple[IntArray, IntArray, IntArray]:
    """Return the first and last end of every interval that can be best, by index, and its points; narrow ones first.

    An interval is never needed where one that holds it has the same points.
    """
    count, reach = len(ends), max(ends[-1] - ends[0], 1)
    few = count <= EVERY_INTERVAL
    if count <= 2_000:
        exact = np.array(ends, dtype=object)  # of any length, so that no product overflows
        points = ((200 * (exact[None, :] - exact[:, None]) + reach) // (2 * reach)).astype(np.int64)
        wanted = np.triu(np.ones((count, count), dtype=np.bool_))
        if not few:
            wanted[:, :-1] &= points[:, 1:] > points[:, :-1]
            wanted[1:] &= points[:-1] > points[1:]
        first, last = np.nonzero(wanted)
        if len(first) <= MOST_INTERVALS:
            found = points[first, last]
            order = np.lexsort((first, last - first, found))
            return first[order], last[order], found[order]
    text = f"{owner}: {count} different values have more than {MOST_INTERVALS} intervals"
    raise PolicyError(Issue("too_many_values", text, advice="round the values, such as dates to years"))


def _two(first: object, second: object, weight: object) -> tuple[str, str, int]:
    """Return a tie, its members in order; raise ValueError in words."""
    pair = sorted((str(first), str(second)))
    if pair[0] == pair[1]:
        raise ValueError(f"{pair[0]} is tied to itself")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or weight != weight // 1:
        raise ValueError(f"the weight of {pair[0]} and {pair[1]} is a whole number of points, not {weight!r}")
    return pair[0], pair[1], int(weight)


def _ties(given: object) -> Iterable[tuple[str, str, int]]:
    """Yield (member, member, weight) from a graph, a mapping or a list."""
    listed: Iterable[Any]
    edges = getattr(given, "edges", None)
    if callable(edges):
        listed = edges(data="weight", default=TIE)
    elif isinstance(given, Mapping):
        listed = [(*key, weight) if isinstance(key, tuple) else (key, weight) for key, weight in given.items()]
    elif isinstance(given, tuple | list):
        listed = given
    else:
        raise TypeError("edges is a list of (member, member, weight), a mapping or a graph")
    for entry in listed:
        tie = tuple(entry) if isinstance(entry, tuple | list) else ()
        if len(tie) == 3:
            yield _two(*tie)
        elif len(tie) == 2 and isinstance(tie[1], str):
            yield _two(*tie, TIE)
        elif len(tie) == 2 and isinstance(tie[1], Mapping | tuple | list):
            for other, weight in dict(tie[1]).items():
                yield _two(tie[0], other, weight)
        else:
            raise TypeError(f"an edge is (member, member, weight), not {entry!r}")


@dataclass(frozen=True)
class Affinity(Criterion):
    """Ties that are not kept: Σ weight of pairs to be together that are not + Σ −weight of pairs to be apart that are.

    A positive weight says that two members should be in one group; if not, each of their groups pays half (of an odd
    weight the first by id pays the larger half). A negative weight says that they should not; the group that has both
    pays. Weights are points, 100 a member fully badly served. A pair that is listed more than once counts with the sum.

    Parameters
    ----------
    edges : list of (member, member, weight), table member → member → weight, or networkx graph with "weight"; 100 if
        there is no weight

    Notes
    -----
    Under ``must`` all ties have to be kept. A positive tie across branches that are divided by themselves cannot be.

    Examples
    --------
    ``Affinity([("a", "b", 80), ("a", "c", -100)])``: with a and c in one group and b in another, 40 + 40 + 100 = 180
    points.
    """

    edges: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]

    title: ClassVar[str] = "成员关系"
    home: ClassVar[str] = "manage"
    source: ClassVar[str] = "sociometry: a weighted graph of who should and who should not be together"
    words: ClassVar = {
        "en": "{points} points for ties of its members that are not kept",
        "zh": "成员之间应同组或应分开的关系未满足，计{points}分",
    }

    def __post_init__(self) -> None:
        """Normalise, then check."""
        total: Counter[tuple[str, str]] = Counter()
        try:
            for first, second, weight in _ties(self.edges):
                total[first, second] += weight
        except (TypeError, ValueError) as error:
            raise PolicyError(Issue("bad_criterion", f"Affinity: {error}")) from error
        table: dict[str, list[tuple[str, int]]] = {}
        for (first, second), weight in sorted(total.items()):
            if weight:
                table.setdefault(first, []).append((second, weight))
        object.__setattr__(self, "edges", tuple((first, tuple(others)) for first, others in table.items()))
        super().__post_init__()

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if not self.edges:
            yield "edges lists at least one pair with a weight other than 0"

    @property
    def ties(self) -> tuple[tuple[str, str, int], ...]:
        """Every pair once, with its weight."""
        return tuple((first, second, weight) for first, others in self.edges for second, weight in others)

    @property
    def named(self) -> tuple[str, ...]:
        """See :attr:`Criterion.named`."""
        return tuple(dict.fromkeys(member for first, second, _ in self.ties for member in (first, second)))

    def pieces(self, context: Context) -> tuple[Criterion, ...]:
        """See :meth:`Criterion.pieces`: every tie."""
        return tuple(replace(self, edges=[tie]) for tie in self.ties)  # type: ignore[arg-type]

    def without(self, given_up: Collection[Criterion]) -> tuple[Criterion, ...]:
        """See :meth:`Criterion.without`."""
        lost = {tie for piece in given_up if isinstance(piece, Affinity) for tie in piece.ties}
        kept = [tie for tie in self.ties if tie not in lost]
        return (replace(self, edges=kept),) if kept else ()  # type: ignore[arg-type]

    def restricted(self, ids: frozenset[str]) -> Self | None:
        """See :meth:`Criterion.restricted`; a torn tie to be together stays, because it is not kept."""
        here = [tie for tie in self.ties if len(ids.intersection(tie[:2])) >= (1 if tie[2] > 0 else 2)]
        return replace(self, edges=here) if here else None  # type: ignore[arg-type]

    def forgetting(self, gone: frozenset[str]) -> Self | None:
        """See :meth:`Criterion.forgetting`; ties to somebody who has left are no more."""
        here = [tie for tie in self.ties if not gone.intersection(tie[:2])]
        return replace(self, edges=here) if here else None  # type: ignore[arg-type]

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`; who is not in this part is elsewhere (unknown ids are found before)."""
        index = {member: i for i, member in enumerate(context.roster.member_ids)}
        terms: list[Term | Placement] = []
        conflicts: list[tuple[int, int, int]] = []
        for first, second, weight in self.ties:
            a, b = index.get(first), index.get(second)
            if weight < 0 and a is not None and b is not None:
                conflicts.append((min(a, b), max(a, b), -weight))
            elif weight > 0 and (a is not None or b is not None):
                terms.append(self._bond(context, a, b, weight))
        if conflicts:
            one, other, points = np.array(conflicts, dtype=np.int64).T
            terms.append(Pair(name=self.label, first=one, second=other, points=points))
        return terms

    def _bond(self, context: Context, first: int | None, second: int | None, weight: int) -> Count:
        """Return the term of two members to be together: the one without the other pays half."""
        value: IntArray = np.zeros(context.items, dtype=np.int64)
        odd = weight % 2  # the sum then has to tell which of them is there: 1 is the first, 2 the second
        for item, number in ((first, 1), (second, 1 + odd)):
            if item is not None:
                value[item] = number
        penalty = [0, weight // 2 + 1, weight // 2, 0] if odd else [0, weight // 2, 0]
        return Count(name=self.label, value=value, penalty=np.array([penalty])[:, : int(value.sum()) + 1])


def _placed(division: object, paired: bool) -> dict[str, str]:
    """Return member → group of one past division; raise TypeError or ValueError in words.

    A list is one of groups of member ids; ``paired`` takes it for pairs of member and group.
    """
    if isinstance(division, Mapping) or paired:
        pairs: Iterable[tuple[object, object]] = dict(division).items()  # type: ignore[call-overload]
        return {str(member): str(group) for member, group in pairs if group is not None}
    if not isinstance(division, tuple | list) or any(not isinstance(group, tuple | list | set) for group in division):
        raise TypeError("a past division is a table member → group, or a list of lists of member ids")
    found: dict[str, str] = {}
    for number, group in enumerate(division, 1):
        for member in group:
            if found.setdefault(str(member), str(number)) != str(number):
                raise ValueError(f"{member} is in two groups of one past division")
    return found


@dataclass(frozen=True)
class Novelty(Criterion):
    """Pairs who meet again: ``points`` × Σ over pairs inside a group, the past divisions that had them in one group.

    Unless given, ``points`` = 200 // ((largest size − 1) × past divisions), at least 1, so that a member who meets
    the same people again every time pays at most 100. Ids that are not in the roster are left out: they have left.

    Parameters
    ----------
    history : past divisions, the oldest first, each a table member → group or a list of lists of member ids; or a
        table name → division
    last : only so many of the most recent divisions count; None takes all
    points : for a pair and a past division; None takes the formula

    Examples
    --------
    Groups of at most 11 and two past divisions: 200 // (10 × 2) = 10 points; a and b who were together in both, and
    b and c who were in one, pay 20 + 10 = 30 in one group.
    """

    history: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    last: int | None = None
    points: int | None = None

    title: ClassVar[str] = "避免重复同组"
    home: ClassVar[str] = "manage"
    source: ClassVar[str] = "social golfer problem: who was together before should meet others"
    words: ClassVar = {
        "en": "{guilty} of {size} members meet somebody again: {points} points",
        "zh": "{size}人中{guilty}人与以往同组者再次同组，计{points}分",
    }

    def __post_init__(self) -> None:
        """Normalise, then check."""
        found: dict[str, dict[str, str]] = {}
        try:
            if isinstance(self.history, Mapping):
                found = {str(name): _placed(division, False) for name, division in self.history.items()}
            elif isinstance(self.history, tuple | list):
                for number, entry in enumerate(self.history, 1):
                    named = isinstance(entry, tuple | list) and len(entry) == 2 and isinstance(entry[0], str)
                    found[entry[0] if named else str(number)] = _placed(entry[1] if named else entry, named)
            else:
                raise TypeError("history is a list of past divisions")
        except (TypeError, ValueError) as error:
            raise PolicyError(Issue("bad_criterion", f"Novelty: {error}")) from error
        plain = tuple((name, tuple(sorted(division.items()))) for name, division in found.items() if division)
        object.__setattr__(self, "history", plain)
        super().__post_init__()

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if not self.history:
            yield "history lists at least one past division"
        for name in ("last", "points"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                yield f"{name} is a positive whole number or None, not {value!r}"

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        counted = self.history[-self.last :] if self.last else self.history
        each = self.points or max(1, 200 // (max(context.size[1] - 1, 1) * len(counted)))
        index = {member: i for i, member in enumerate(context.roster.member_ids)}
        meetings: Counter[tuple[int, int]] = Counter()
        for _, division in counted:
            groups: dict[str, list[int]] = {}
            for member, group in division:
                if member in index:
                    groups.setdefault(group, []).append(index[member])
            meetings.update(pair for group in groups.values() for pair in combinations(sorted(group), 2))
        if not meetings:
            return []
        first, second = np.array(sorted(meetings), dtype=np.int64).T
        points = each * np.array([meetings[pair] for pair in sorted(meetings)], dtype=np.int64)
        return [Pair(name=self.label, first=first, second=second, points=points)]
