"""Groups by how many members of each class they have: what pricing needs to get count terms exactly right.

A count term asks about the sum of a number over a group. Members with the same numbers for all count terms are one
class, and once it is fixed how many of each class a group has, the count terms cost a constant, and the best group
takes the cheapest members of each class. With few classes all the mixes can be tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from grouping.problem import IntArray
    from grouping.solving.kernel import Tally

MOST_MIXES = 500
"""Mixes of classes that are tried; more classes than that allows are not told apart."""

_MOST_CLASSES = 10
"""Classes up to which a sum with one ``_FAR`` for each of them, and for the seat, fits into 64 bits."""

_FAR = 1 << 59


@dataclass(frozen=True)
class Best:
    """The best group for each row of member costs.

    Attributes
    ----------
    value : the least cost
    mix : which mix reaches it
    joiner : the class whose seat holder joins from outside the cheapest; -1 where one of the cheapest holds the seat
    """

    value: IntArray
    mix: IntArray
    joiner: IntArray


@dataclass(frozen=True)
class Mixes:
    """All mixes of classes that a size allows.

    Attributes
    ----------
    of : class of each member
    counts : mixes × classes
    size : per mix, the size less the smallest one
    points : per mix, what the count terms cost
    """

    of: IntArray
    counts: IntArray
    size: IntArray
    points: IntArray

    def best(self, members: IntArray, base: IntArray, who: IntArray, seat: IntArray | None) -> Best:
        """Return the best group of each row.

        Parameters
        ----------
        members : rows × members, their costs
        base : rows × sizes, what a group costs besides
        who : the members that the columns stand for
        seat : per column, the cost of holding the seat; None when there is no seat
        """
        plain = np.zeros((len(members), len(self.counts)), dtype=np.int64)
        inside = np.full_like(plain, _FAR)
        gains, classes = [], range(self.counts.shape[1])
        for k in classes:
            columns = np.flatnonzero(self.of[who] == k)
            count = self.counts[:, k]
            cost, order = _sorted(members[:, columns])
            most = int(count.max())
            prefix = _padded(np.cumsum(cost, axis=1), most, 0)
            plain += prefix[:, count]
            if seat is not None:
                held = seat[columns][order]
                first = _padded(np.minimum.accumulate(held, axis=1), most, _FAR)
                later = np.minimum.accumulate((cost + held)[:, ::-1], axis=1)[:, ::-1]
                later = np.hstack([later, np.full((len(later), most), _FAR)])
                inside = np.minimum(inside, first[:, count])
                before = np.maximum(count - 1, 0)
                gain = prefix[:, before] + later[:, before] - prefix[:, count]
                gains.append(np.where((count == 0) | (prefix[:, count] >= _FAR), _FAR, gain))
        total = plain + self.points + base[:, self.size]
        if seat is None:
            mix = total.argmin(axis=1)
            return Best(total[np.arange(len(mix)), mix], mix, np.full(len(mix), -1))
        seated = np.minimum(inside, np.minimum.reduce(gains))
        mix = (total + seated).argmin(axis=1)
        rows = np.arange(len(mix))
        options = np.stack([inside[rows, mix], *(gain[rows, mix] for gain in gains)])
        return Best((total + seated)[rows, mix], mix, options.argmin(axis=0) - 1)

    def group(self, cost: IntArray, who: IntArray, seat: IntArray | None, mix: int, joiner: int) -> IntArray:
        """Return the columns that make up the best group of one row."""
        found = []
        for k, count in enumerate(self.counts[mix].tolist()):
            columns = np.flatnonzero(self.of[who] == k)
            ranked = columns[np.argsort(cost[columns], kind="stable")]
            if k == joiner and seat is not None:
                rest = ranked[count - 1 :]
                found += [ranked[: count - 1], rest[[int((cost[rest] + seat[rest]).argmin())]]]
            else:
                found.append(ranked[:count])
        return np.concatenate(found)


def mixes_of(tallies: Sequence[Tally], who: IntArray, sizes: IntArray, unit: int) -> Mixes | None:
    """Return the mixes for these count terms, or None when there are too many.

    Parameters
    ----------
    who : the items that are members
    sizes : the sizes that are allowed, ascending
    unit : factor of the points
    """
    values = np.stack([tally.value[who] for tally in tallies], axis=1)
    kinds, of = np.unique(values, axis=0, return_inverse=True)
    of = of.reshape(len(who))
    most = [min(int((of == k).sum()), int(sizes[-1])) for k in range(len(kinds))]
    if len(kinds) > _MOST_CLASSES or np.prod([count + 1.0 for count in most]) > 40 * MOST_MIXES:
        return None
    counts = np.array(list(product(*(range(count + 1) for count in most))), dtype=np.int64)
    total = counts.sum(axis=1)
    counts = counts[(total >= sizes[0]) & (total <= sizes[-1])]
    if not 0 < len(counts) <= MOST_MIXES:
        return None
    total = counts.sum(axis=1)
    points = np.zeros(len(counts), dtype=np.int64)
    for tally, value in zip(tallies, kinds.T, strict=True):
        points += unit * tally.at(total, counts @ value)
    return Mixes(of, counts, total - sizes[0], points)


def _sorted(cost: IntArray) -> tuple[IntArray, IntArray]:
    order = np.argsort(cost, axis=1, kind="stable")
    return np.take_along_axis(cost, order, axis=1), order


def _padded(values: IntArray, most: int, none: int) -> IntArray:
    """Return the values of the first 0, 1, … members; ``none`` for nobody, far too much for more than there are."""
    width = min(values.shape[1], most)
    table: IntArray = np.full((len(values), most + 1), _FAR, dtype=np.int64)
    table[:, 0] = none
    table[:, 1 : width + 1] = values[:, :width]
    return table
