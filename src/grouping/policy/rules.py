"""Rules that are only ever demanded: borders that groups never cross, and single members fixed to a group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from grouping.policy.criterion import Criterion
from grouping.problem import Choice, Focus, Placement, Term

if TYPE_CHECKING:
    from grouping.policy.context import Context


@dataclass(frozen=True)
class Within(Criterion):
    """Groups never cross a border: all members of a group have the same value of an attribute.

    Parameters
    ----------
    attr : the attribute, such as "branch"; members without a value belong together
    if_present : True makes it no fault when the roster does not have the attribute

    Notes
    -----
    When the number of groups is free, the parts are solved as problems of their own.
    """

    attr: str
    if_present: bool = False

    title: ClassVar[str] = "不得跨越"
    only_must: ClassVar[bool] = True
    source: ClassVar[str] = "支部工作条例(试行) art. 4, 13: groups are set up inside a branch and never cross it"
    words: ClassVar = {"en": "mixes {guilty} members from beyond {option}", "zh": "有{guilty}人不属于{option}"}

    @property
    def label(self) -> str:
        """See :meth:`Criterion.label`."""
        return f"Within({self.attr})"

    def values(self, context: Context) -> list[str]:
        """Return the value of every member as a text."""
        if self.if_present and not context.has(self.attr):
            return [""] * context.members
        return ["" if value is None else str(value) for value in context.column(self.attr, self.label)]

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        mine = self.values(context)
        parts = list(dict.fromkeys(mine))
        if len(parts) < 2:
            return []
        points = np.array([[0 if value == part else 100 for part in parts] for value in mine], dtype=np.int64)
        context.choice(self.label, lambda: Choice(self.label, tuple(parts)))
        return [Focus(name=self.label, choice=self.label, points=context.pad(points))]


@dataclass(frozen=True)
class _Placed(Criterion):
    """What Pin and Forbid have in common: a member and a group.

    Parameters
    ----------
    member : member id
    group : name of the group; without named groups they are G1, G2, …
    """

    member: str
    group: str

    only_must: ClassVar[bool] = True

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if not isinstance(self.member, str) or not isinstance(self.group, str):
            yield "member and group are texts"

    @property
    def label(self) -> str:
        """See :meth:`Criterion.label`."""
        return f"{type(self).__name__}({self.member}, {self.group})"

    @property
    def named(self) -> tuple[str, ...]:
        """See :attr:`Criterion.named`."""
        return (self.member,)

    def restricted(self, ids: frozenset[str]) -> Self | None:
        """See :meth:`Criterion.restricted`."""
        return self if self.member in ids else None

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        item = context.items_of([self.member], type(self).__name__)[0]
        group = context.group_of(self.group, type(self).__name__)
        kept = tuple(g for g in range(len(context.groups)) if self.keeps(g == group))
        return [Placement(self.label, item, kept)]

    def keeps(self, named: bool) -> bool:
        """Tell whether the named group, or another one, stays allowed."""
        raise NotImplementedError


@dataclass(frozen=True)
class Pin(_Placed):
    """A member is in this group."""

    title: ClassVar[str] = "指定编入"

    def keeps(self, named: bool) -> bool:
        """See :meth:`_Placed.keeps`."""
        return named


@dataclass(frozen=True)
class Forbid(_Placed):
    """A member is not in this group."""

    title: ClassVar[str] = "不得编入"

    def keeps(self, named: bool) -> bool:
        """See :meth:`_Placed.keeps`."""
        return not named
