"""Cutting a smaller problem out of a problem: some of the items, divided over some of the groups.

A group costs the same in the slice as in the whole, so what is learnt about groups in one holds in the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from grouping.problem import Count, Focus, Pair, Placement, Problem, Quota, Role

if TYPE_CHECKING:
    from grouping.problem import BoolArray, IntArray, Term


@dataclass(frozen=True, eq=False)
class Slice:
    """A smaller problem and where its items and groups come from.

    Attributes
    ----------
    problem : the smaller problem
    items, groups : per item and group of it, the index in the whole problem
    """

    problem: Problem
    items: IntArray
    groups: IntArray

    def widened(self, sets: BoolArray, items: int) -> BoolArray:
        """Return sets of items of the slice as sets of items of the whole, which has so many items."""
        wide = np.zeros((len(sets), items), dtype=np.bool_)
        wide[:, self.items] = sets
        return wide


def cut(problem: Problem, items: IntArray, groups: Sequence[int], least: int, most: int) -> Slice:
    """Return the problem of dividing some of the items over some of the groups.

    What other groups pay, and the offsets of pair terms, are left out.

    Parameters
    ----------
    items, groups : indices, ascending
    least, most : how many of the groups have to be used at least and may be used at most
    """
    position = np.full(len(problem.size), -1, dtype=np.int64)
    position[items] = np.arange(len(items))
    at = {g: new for new, g in enumerate(groups)}
    terms = tuple(_part_of(term, items, position, at) for term in problem.terms)
    placements = tuple(
        Placement(p.name, int(position[p.item]), tuple(at[g] for g in p.groups if g in at))
        for p in problem.placements
        if position[p.item] >= 0
    )
    smaller = Problem(
        size=problem.size[items],
        groups=tuple(problem.groups[g] for g in groups),
        choices=problem.choices,
        terms=terms,
        placements=placements,
        least=least,
        most=most,
        scale=problem.scale,
        keys=tuple(problem.keys[i] for i in items),
        ceiling=problem.ceiling,
    )
    return Slice(smaller, items, np.array(groups, dtype=np.int64))


def _part_of(term: Term, items: IntArray, position: IntArray, at: dict[int, int]) -> Term:
    scope = None if term.groups is None else tuple(at[g] for g in term.groups if g in at)
    if isinstance(term, Focus):
        forbidden = None if term.forbidden is None else term.forbidden[items]
        return replace(term, groups=scope, points=term.points[items], forbidden=forbidden)
    if isinstance(term, Quota):
        return replace(term, groups=scope, value=term.value[items])
    if isinstance(term, Role):
        return replace(term, groups=scope, points=term.points[items], eligible=term.eligible[items])
    if isinstance(term, Count):
        value = term.value[items]
        return replace(term, groups=scope, value=value, penalty=term.penalty[:, : int(value.sum()) + 1])
    assert isinstance(term, Pair)
    inside = (position[term.first] >= 0) & (position[term.second] >= 0)
    first, second = position[term.first[inside]], position[term.second[inside]]
    return replace(term, groups=scope, first=first, second=second, points=term.points[inside], offset=0)
