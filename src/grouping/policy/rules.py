"""Rules that are only ever demanded: borders that groups never cross, and members fixed to a group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from grouping.policy.criterion import Criterion, texts
from grouping.problem import BoolArray, Choice, Focus, Placement, Role, Term

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


@dataclass(frozen=True)
class Keep(Criterion):
    """Members stay together in a group that keeps its name.

    Other than ``Pin``, it needs no list of named groups: the group is there because the rule names it, beside G1, G2, …
    for the others, and the number of groups stays as free as the policy leaves it.

    Parameters
    ----------
    group : name of the group
    members : ids of those who are in it, at least one
    whole : True keeps everybody else out; the group has exactly these members, whatever the limits of size
    leader : id of the one of them who leads it, None to leave that open

    Examples
    --------
    ``Keep("G2", ["HQ0012", "HQ0031"])``: both are in G2, others may join. :meth:`Plan.lock` writes such rules.
    """

    group: str
    members: tuple[str, ...]
    whole: bool = False
    leader: str | None = None

    title: ClassVar[str] = "保持小组"
    only_must: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Normalise, then check."""
        object.__setattr__(self, "members", texts(self.members, "Keep.members"))
        super().__post_init__()

    def faults(self) -> Iterable[str]:
        """See :meth:`Criterion.faults`."""
        if not isinstance(self.group, str) or not self.group:
            yield "group is a text"
        if not self.members or len(set(self.members)) != len(self.members):
            yield f"members lists at least one member, each once, not {list(self.members)!r}"
        if not isinstance(self.whole, bool):
            yield f"whole is true or false, not {self.whole!r}"
        if self.leader is not None and self.leader not in self.members:
            yield f"the leader {self.leader!r} is not one of the members"

    @property
    def label(self) -> str:
        """See :meth:`Criterion.label`."""
        return f"Keep({self.group})"

    @property
    def named(self) -> tuple[str, ...]:
        """See :attr:`Criterion.named`."""
        return self.members

    @property
    def calls(self) -> tuple[str, ...]:
        """See :attr:`Criterion.calls`."""
        return (self.group,)

    def restricted(self, ids: frozenset[str]) -> Self | None:
        """See :meth:`Criterion.restricted`."""
        here = tuple(member for member in self.members if member in ids)
        leader = self.leader if self.leader in here else None
        return replace(self, members=here, leader=leader) if here else None

    def terms(self, context: Context) -> list[Term | Placement]:
        """See :meth:`Criterion.terms`."""
        items = context.items_of(self.members, "Keep")
        group = context.group_of(self.group, "Keep")
        inside = () if group is None else (group,)
        data: list[Term | Placement] = [Placement(self.label, item, inside) for item in items]
        if self.whole and group is not None:
            outside = tuple(g for g in range(len(context.groups)) if g != group)
            others = sorted(set(range(context.members)).difference(items))
            data += [Placement(self.label, item, outside) for item in others]
        if self.leader is not None and group is not None:
            eligible: BoolArray = np.zeros(context.items, dtype=np.bool_)
            eligible[context.items_of([self.leader], "Keep")] = True
            nothing = np.zeros(context.items, dtype=np.int64)
            data.append(Role(name=self.label, seat="leader", points=nothing, eligible=eligible, groups=inside))
        return data
