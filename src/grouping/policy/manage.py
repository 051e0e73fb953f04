"""Easy to manage (便于管理党员): even sizes, few departments, newcomers mentored, few people moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from grouping.errors import PolicyError
from grouping.policy.criterion import Criterion
from grouping.problem import Choice, Count, Focus, IntArray, Placement, Term

if TYPE_CHECKING:
    from grouping.policy.context import Context


@dataclass(frozen=True)
class EvenSize(Criterion):
    """Members by which a group is larger or smaller than it should be, 100 points each, at most 100 × its size.

    With a fixed number of groups the right size is the even share (rounded down or up). Otherwise it is the
    ``band``, brought within the policy's limits.

    Parameters
    ----------
    band : the sizes that are right when the number of groups is free

    Examples
    --------
    42 members in 5 groups: 8 and 9 are right, a group of 11 pays 200, a group of 6 pays 200.
    """

    band: tuple[int, int] = (7, 9)

    title: ClassVar[str] = "人数适当"
    single: ClassVar[bool] = True
    source: ClassVar[str] = "R7: no rule gives an upper size; practice aims at 7 to 9"
    words: ClassVar = {
        "en": "has {size} members, {points} points from an even size",
        "zh": "{size}人，偏离适当规模{points}分",
    }

    def __post_init__(self) -> None:
        """Normalise, then check."""
        object.__setattr__(self, "band", tuple(self.band) if isinstance(self.band, list | tuple) else self.band)
        super().__post_init__()

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if len(self.band) != 2 or not 1 <= self.band[0] <= self.band[1]:
            yield f"band is (least, most) with 1 <= least <= most, not {self.band!r}"

    def right(self, context: Context) -> tuple[int, int]:
        """Return the least and the most members that a group should have."""
        if context.count[0] == context.count[1] > 0:
            share, rest = divmod(context.members, context.count[0])
            return share, share + (rest > 0)
        lo, hi = context.size
        return min(max(self.band[0], lo), hi), min(max(self.band[1], lo), hi)

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        least, most = self.right(context)
        sizes = np.arange(context.members + 1)
        off = np.maximum(np.maximum(least - sizes, sizes - most), 0)
        points = 100 * np.minimum(off, sizes)
        return [Count(name=self.label, value=np.zeros(context.items, dtype=np.int64), penalty=points[:, None])]


@dataclass(frozen=True)
class FewDepartments(Criterion):
    """Members outside their group's ``most`` main departments, 100 points each.

    Parameters
    ----------
    most : how many departments may report into one group

    Examples
    --------
    A group with members of departments A, A, A, B, B, C and ``most=2`` pays 100 points for the one of C.
    """

    most: int = 2

    title: ClassVar[str] = "部门集中"
    single: ClassVar[bool] = True
    source: ClassVar[str] = "R3: 便于管理; a committee member keeps contact with the departments behind a group"
    shows: ClassVar[str | None] = "departments"
    words: ClassVar = {
        "en": "main departments {option}; {guilty} of {size} members are from others",
        "zh": "主要部门{option}；{size}人中{guilty}人来自其他部门",
    }

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if isinstance(self.most, bool) or not isinstance(self.most, int) or self.most < 1:
            yield f"most is a positive whole number, not {self.most!r}"

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        mine = [member.department for member in context.roster.members]
        names = sorted(set(mine))
        most = min(self.most, len(names))
        if comb(len(names), most) > 20_000:
            raise PolicyError(f"FewDepartments: {len(names)} departments have too many sets of {most}; lower 'most'")
        sets = list(combinations(names, most))
        inside = np.array([[name in chosen for chosen in sets] for name in mine], dtype=np.int64).reshape(len(mine), -1)
        key = f"departments ({most})"
        context.choice(key, lambda: Choice(key, tuple(", ".join(chosen) for chosen in sets)))
        return [Focus(name=self.label, choice=key, points=context.pad(100 * (1 - inside)))]


@dataclass(frozen=True)
class Mentoring(Criterion):
    """Newcomers (probationary members) for whom their group has too few full members, 100 points each.

    Each newcomer needs ``full`` full members: points = 100 × max(0, newcomers − full members // full).

    Parameters
    ----------
    full : full members needed for one newcomer

    Examples
    --------
    A group of 3 full and 2 probationary members with ``full=2`` has one newcomer too many: 100 points.
    """

    full: int = 2

    title: ClassVar[str] = "预备党员培养"
    single: ClassVar[bool] = True
    source: ClassVar[str] = (
        "R13: a probationary member is educated by committee, branch and group; two full members each"
    )
    words: ClassVar = {"en": "{amount} newcomers among {size}", "zh": "{size}人中预备党员{amount}人"}

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if isinstance(self.full, bool) or not isinstance(self.full, int) or self.full < 1:
            yield f"full is a positive whole number, not {self.full!r}"

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        newcomer = [int(member.status == "probationary") for member in context.roster.members]
        if not any(newcomer):
            return []
        size = np.arange(context.members + 1)[:, None]
        count = np.arange(sum(newcomer) + 1)[None, :]
        points: IntArray = 100 * np.maximum(0, count - np.maximum(size - count, 0) // self.full)
        return [Count(name=self.label, value=context.pad_flat(newcomer), penalty=points)]


@dataclass(frozen=True)
class Continuity(Criterion):
    """Members who do not come from the old group that the new group continues, 100 points each.

    Members who are in no group today count 0.

    Examples
    --------
    Six members of today's first group and two of the second: the group continues the first and pays 200 points.
    """

    title: ClassVar[str] = "组织延续"
    single: ClassVar[bool] = True
    source: ClassVar[str] = "adjusting beats re-forming: move few people from where they are today"
    shows: ClassVar[str | None] = "continues"
    words: ClassVar = {
        "en": "continues {option}; {guilty} of {size} members come from elsewhere",
        "zh": "延续{option}；{size}人中{guilty}人由其他小组调入",
    }

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        return _moves(context, self.label)


@dataclass(frozen=True)
class MaxMoves(Criterion):
    """In the whole plan at most ``most`` members come from elsewhere than the old group that their new group continues.

    Moves are counted as Continuity counts them, 100 points each: every group continues the old group that costs it
    least, and members who are in no group today count 0.

    Parameters
    ----------
    most : how many members may come from elsewhere, over all groups

    Notes
    -----
    The count runs over the whole plan. So branches are not independent any more: the roster is solved as one problem,
    which takes longer and is proven less often. It does not go with ``fairness="worst"``.

    Examples
    --------
    Of six members of today's first group and three of the second, two groups are formed, one with four of the first and
    two of the second, one with two of the first and one of the second: 2 + 1 = 3 moves break ``most=2``.
    """

    most: int

    asks_roster: ClassVar[bool] = True
    title: ClassVar[str] = "调整人数上限"
    single: ClassVar[bool] = True
    only_must: ClassVar[bool] = True
    source: ClassVar[str] = "adjusting beats re-forming: move few people from where they are today"
    shows: ClassVar[str | None] = "continues"
    words: ClassVar = Continuity.words

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if isinstance(self.most, bool) or not isinstance(self.most, int) or self.most < 0:
            yield f"most is a whole number, not negative, not {self.most!r}"

    @property
    def label(self) -> str:
        """See :meth:`Criterion.label`."""
        return f"MaxMoves({self.most})"

    @property
    def allowance(self) -> int | None:
        """See :attr:`Criterion.allowance`."""
        return 100 * self.most

    def raised(self, members: int) -> Self:
        """See :meth:`Criterion.raised`."""
        return replace(self, most=self.most + members)

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        return _moves(context, self.label)


def _moves(context: Context, owner: str) -> list[Term | Placement]:
    """Return what counts the members who are not of the old group that theirs continues; nothing without old groups."""
    today = [member.current_group for member in context.roster.members]
    names = list(dict.fromkeys(name for name in today if name))
    if not names:
        return []
    points = [[100 if name and name != option else 0 for option in names] for name in today]
    context.choice("origin", lambda: Choice("origin", tuple(names)))
    return [Focus(name=owner, choice="origin", points=context.pad(np.array(points, dtype=np.int64)))]
