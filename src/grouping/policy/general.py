"""Criteria on any attribute and on named members: at least, at most, together, apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from grouping.errors import Issue, PolicyError
from grouping.policy.criterion import Criterion, texts
from grouping.problem import Count, IntArray, Placement, Term

if TYPE_CHECKING:
    from grouping.policy.context import Context


CLOSED = {
    "gender": ("M", "F"),
    "status": ("full", "probationary"),
    "participation": ("normal", "online_only", "excused"),
}
"""Attributes of which all values are known, so that a slip can be told from a value that nobody happens to have."""


def matches(value: object, wanted: object) -> bool:
    """Tell whether an attribute has a value; an attribute with several values has each of them."""
    if isinstance(value, tuple | list | set | frozenset):
        return wanted in value
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return value is not None and (value == wanted or str(value) == str(wanted))


def _where(given: object, attributes: Mapping[str, Any], owner: str) -> tuple[tuple[str, Any], ...]:
    """Return the conditions on attributes as sorted pairs."""
    pairs: dict[str, Any] = dict(attributes)
    if isinstance(given, Mapping):
        pairs = {**given, **pairs}
    elif isinstance(given, tuple | list):
        pairs = {**dict(given), **pairs}
    elif given is not None:
        raise PolicyError(Issue("bad_criterion", f"{owner}: where is a table of attribute = value", value=str(given)))
    for key, value in pairs.items():
        if not isinstance(value, str | int | float | bool):
            raise PolicyError(Issue("bad_criterion", f"{owner}: {key} needs a text, number or flag", value=str(value)))
    return tuple(sorted(pairs.items()))


@dataclass(frozen=True, init=False)
class _Number(Criterion):
    """What AtLeast and AtMost have in common: a number, and conditions on attributes.

    Parameters
    ----------
    n : the number of members
    where : attribute = value conditions that a member has to meet, also given as keywords; none counts everybody
    weight, principle : see Criterion
    """

    n: int
    where: tuple[tuple[str, Any], ...] = ()

    def __init__(
        self, n: int, where: object = None, *, weight: float = 1, principle: str | None = None, **attributes: Any
    ) -> None:
        object.__setattr__(self, "n", n)
        object.__setattr__(self, "where", _where(where, attributes, type(self).__name__))
        object.__setattr__(self, "weight", weight)
        object.__setattr__(self, "principle", principle)
        self.__post_init__()

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if isinstance(self.n, bool) or not isinstance(self.n, int) or self.n < 0:
            yield f"n is a whole number, not negative, not {self.n!r}"
        for attr, value in self.where:
            if attr in CLOSED and value not in CLOSED[attr]:
                yield f"{attr} is one of {', '.join(CLOSED[attr])}, not {value!r}"

    @property
    def label(self) -> str:
        """See :meth:`Criterion.label`."""
        parts = [str(self.n), *(f"{key}={value}" for key, value in self.where)]
        return f"{type(self).__name__}({', '.join(parts)})"

    def counted(self, context: Context) -> list[int]:
        """Return 1 for every member who meets all conditions."""
        columns = [(context.column(attr, self.label), wanted) for attr, wanted in self.where]
        return [int(all(matches(column[i], wanted) for column, wanted in columns)) for i in range(context.members)]

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        value = context.pad_flat(self.counted(context))
        counts = np.arange(int(value.sum()) + 1)
        return [Count(name=self.label, value=value, penalty=100 * np.maximum(0, self.off(counts))[None, :])]

    def off(self, counts: IntArray) -> IntArray:
        """Return by how much each count is off, where positive."""
        raise NotImplementedError


@dataclass(frozen=True, init=False)
class AtLeast(_Number):
    """Members with an attribute that a group lacks, 100 points each: 100 × max(0, n − count).

    Examples
    --------
    ``AtLeast(2, gender="F")``: a group with one woman pays 100 points. ``AtLeast(3)`` counts everybody.
    """

    title: ClassVar[str] = "至少人数"
    words: ClassVar = {"en": "{amount} such members among {size}", "zh": "{size}人中符合条件的有{amount}人"}

    def off(self, counts: IntArray) -> IntArray:
        """See :meth:`_Number.off`."""
        return self.n - counts

    def pieces(self, context: Context) -> tuple[Criterion, ...]:
        """See :meth:`Criterion.pieces`: at least 1, at least 2, and so on."""
        return tuple(replace(self, n=n) for n in range(1, self.n + 1))

    def without(self, given_up: Collection[Criterion]) -> tuple[Criterion, ...]:
        """See :meth:`Criterion.without`."""
        left = min((piece.n for piece in given_up if isinstance(piece, AtLeast)), default=self.n + 1) - 1
        return (replace(self, n=left),) if left else ()


@dataclass(frozen=True, init=False)
class AtMost(_Number):
    """Members with an attribute beyond the number that a group may have, 100 points each: 100 × max(0, count − n).

    Examples
    --------
    ``AtMost(2, department="Canteen One")``: a group with five of them pays 300 points.
    """

    title: ClassVar[str] = "至多人数"
    words: ClassVar = {"en": "{amount} such members among {size}", "zh": "{size}人中符合条件的有{amount}人"}

    def off(self, counts: IntArray) -> IntArray:
        """See :meth:`_Number.off`."""
        return counts - self.n

    def pieces(self, context: Context) -> tuple[Criterion, ...]:
        """See :meth:`Criterion.pieces`: at most n, at most n + 1, … up to all there are."""
        return tuple(replace(self, n=n) for n in range(self.n, sum(self.counted(context))))

    def without(self, given_up: Collection[Criterion]) -> tuple[Criterion, ...]:
        """See :meth:`Criterion.without`."""
        return (replace(self, n=max((piece.n + 1 for piece in given_up if isinstance(piece, AtMost)), default=self.n)),)


@dataclass(frozen=True)
class _Named(Criterion):
    """What Together and Apart have in common: a list of member ids.

    Parameters
    ----------
    ids : at least two different member ids
    """

    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        """Normalise, then check."""
        object.__setattr__(self, "ids", texts(self.ids, f"{type(self).__name__}.ids"))
        super().__post_init__()

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if len(self.ids) < 2 or len(set(self.ids)) != len(self.ids):
            yield f"ids lists at least two different members, not {list(self.ids)!r}"

    @property
    def label(self) -> str:
        """See :meth:`Criterion.label`."""
        return f"{type(self).__name__}({', '.join(self.ids)})"

    @property
    def named(self) -> tuple[str, ...]:
        """See :attr:`Criterion.named`."""
        return self.ids

    def restricted(self, ids: frozenset[str]) -> Self | None:
        """See :meth:`Criterion.restricted`."""
        here = tuple(member for member in self.ids if member in ids)
        return replace(self, ids=here) if len(here) > 1 else None

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        value: IntArray = np.zeros(context.items, dtype=np.int64)
        value[context.items_of(self.ids, type(self).__name__)] = 1
        return [Count(name=self.label, value=value, penalty=self.points(np.arange(len(self.ids) + 1))[None, :])]

    def points(self, counts: IntArray) -> IntArray:
        """Return the points of a group with so many of the listed members."""
        raise NotImplementedError

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every two of the listed members."""
        return tuple(combinations(self.ids, 2))

    def pieces(self, context: Context) -> tuple[Criterion, ...]:
        """See :meth:`Criterion.pieces`: every pair."""
        return tuple(replace(self, ids=pair) for pair in self.pairs)

    def without(self, given_up: Collection[Criterion]) -> tuple[Criterion, ...]:
        """See :meth:`Criterion.without`."""
        lost = {frozenset(piece.ids) for piece in given_up if isinstance(piece, _Named)}
        if not lost:
            return (self,)
        kept = [pair for pair in self.pairs if frozenset(pair) not in lost]
        return tuple(replace(self, ids=ids) for ids in self.joined(kept))

    def joined(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
        """Return few lists of members that together say the same as the pairs."""
        raise NotImplementedError


@dataclass(frozen=True)
class Together(_Named):
    """Pairs of listed members who are separated: 100 × count × (m − count) / m for a group with count of the m.

    Two members in two groups cost 50 + 50 = 100 points; all m in m groups cost 100 × (m − 1). Rounded half up.
    """

    title: ClassVar[str] = "应编入同组"
    words: ClassVar = {"en": "{amount} of those who should be together", "zh": "应同组人员中有{amount}人"}

    def points(self, counts: IntArray) -> IntArray:
        """See :meth:`_Named.points`."""
        m = len(self.ids)
        return (200 * counts * (m - counts) + m) // (2 * m)

    def joined(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
        """See :meth:`_Named.joined`: who is together with somebody is together with all of theirs."""
        block = {member: frozenset((member,)) for member in self.ids}
        for first, second in pairs:
            union = block[first] | block[second]
            block.update((member, union) for member in union)
        blocks = dict.fromkeys(block[member] for member in self.ids if len(block[member]) > 1)
        return [tuple(member for member in self.ids if member in union) for union in blocks]


@dataclass(frozen=True)
class Apart(_Named):
    """Listed members beyond the first in one group, 100 points each: 100 × max(0, count − 1)."""

    title: ClassVar[str] = "应分开编组"
    words: ClassVar = {"en": "{amount} of those who should be apart", "zh": "应分开人员中有{amount}人"}

    def points(self, counts: IntArray) -> IntArray:
        """See :meth:`_Named.points`."""
        return 100 * np.maximum(0, counts - 1)

    def joined(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
        """See :meth:`_Named.joined`: members of whom every two are a pair, until no pair is left."""
        kept = {frozenset(pair) for pair in pairs}
        found: list[tuple[str, ...]] = []
        for first, second in pairs:
            if any({first, second} <= set(clique) for clique in found):
                continue
            clique = [first, second]
            for member in self.ids:
                if member not in clique and all(frozenset((member, one)) in kept for one in clique):
                    clique.append(member)
            found.append(tuple(member for member in self.ids if member in clique))
        return found
