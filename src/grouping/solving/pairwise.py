"""What a group pays as a sum over its items and pairs of items: pair terms, and the counts that say the same.

A count of 100 × c × (m − c) / m for "these m belong together" is such a sum, and so is everything quadratic in the
amount. Local search and the bound from pairs are quick at these, and slow at tables. Rules are kept apart from points:
a table of the kernel is points plus ``big`` times the number of broken rules, and points are below half of ``big``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from grouping.problem import BoolArray, IntArray
    from grouping.solving.kernel import Kernel, Kind


@dataclass(frozen=True)
class Counted:
    """A count that is no sum over pairs.

    Attributes
    ----------
    value : per item
    points, broken : sizes (or one row) × amounts
    """

    value: IntArray
    points: IntArray
    broken: IntArray


@dataclass(frozen=True)
class Pairwise:
    """What the groups of one family pay.

    Attributes
    ----------
    alone, alone_broken : points and broken rules per item
    beside, beside_broken : items × items, symmetric, per pair inside; may be negative
    apart, linked : items × items; True where a rule forbids, or demands, that two items share a group of this family
    counts : what is left
    """

    alone: IntArray
    alone_broken: IntArray
    beside: IntArray
    beside_broken: IntArray
    apart: BoolArray
    linked: BoolArray
    counts: tuple[Counted, ...]


def split(kernel: Kernel, table: IntArray) -> tuple[IntArray, IntArray]:
    """Return the points and the broken rules in a table of the kernel."""
    if 2 * np.abs(table).max(initial=0) < kernel.big:
        return table, np.zeros((), dtype=np.int64) * table
    broken: IntArray = (2 * table + kernel.big) // (2 * kernel.big)
    return table - kernel.big * broken, broken


def pairwise(kernel: Kernel, kind: Kind) -> Pairwise:
    """Return what groups of the kind's family pay, as sums over items and pairs wherever that says it exactly.

    Broken rules may be counted in another unit than the kernel's; there are none exactly where the kernel finds none.
    """
    n = len(kind.size)
    table = np.zeros((n, n), dtype=np.int64) if kind.pairs is None else kind.pairs
    beside, beside_broken = split(kernel, table)
    alone, alone_broken = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    apart, linked = beside_broken > 0, np.zeros((n, n), dtype=np.bool_)
    counts = []
    for tally in kind.tallies:
        points, broken = split(kernel, tally.table)
        items = np.flatnonzero(tally.value)
        if len(tally.table) > 1 or not len(items):
            counts.append(Counted(tally.value, points, broken))
            continue
        value = tally.value[items]
        soft = _quadratic(points[0], value)
        hard = _quadratic(_shaped(broken[0], value), value)
        if soft is None or hard is None:
            counts.append(Counted(tally.value, points, broken))
            continue
        corner = np.ix_(items, items)
        alone[items] += soft[0]
        alone_broken[items] += hard[0]
        if soft[1].any():
            beside = beside.copy()
            beside[corner] += soft[1]
        if hard[1].any():
            beside_broken = beside_broken.copy()
            beside_broken[corner] += hard[1]
            off = ~np.eye(len(items), dtype=np.bool_)
            linked[corner] |= off & (hard[1] == -2)
            apart[corner] |= off & (hard[1] > 0) & (hard[0][:, None] == 0)
    return Pairwise(alone, alone_broken, beside, beside_broken, apart, linked, tuple(counts))


def _shaped(broken: IntArray, value: IntArray) -> IntArray:
    """Return a quadratic table that is 0 where ``broken`` is, for "all or none" and "at most one"; else ``broken``."""
    m = len(value)
    if (value != 1).any() or m < 2:
        return broken
    amount = np.arange(m + 1)
    zero = broken[: m + 1] == 0
    for table in (amount * (m - amount), amount * (amount - 1) // 2):
        if np.array_equal(zero, table == 0):
            return table
    return broken


def _quadratic(table: IntArray, value: IntArray) -> tuple[IntArray, IntArray] | None:
    """Return points per item and per pair that add up to the table at every sum of values, or None.

    The diagonal of the points per pair is 0.
    """
    if table[0]:
        return None
    alone: IntArray = table[value]
    if len(value) > 2:
        second = np.diff(table[: int(value.sum()) + 1], n=2)
        if not (second == second[0]).all():
            return None
    pairs: IntArray = table[np.add.outer(value, value).clip(max=len(table) - 1)] - alone[:, None] - alone
    np.fill_diagonal(pairs, 0)
    return alone, pairs


def components(linked: BoolArray) -> IntArray:
    """Return per item the number of its connected component, numbered by first item."""
    n = len(linked)
    found: IntArray = np.full(n, -1, dtype=np.int64)
    count = 0
    for i in range(n):
        if found[i] < 0:
            front = np.zeros(n, dtype=np.bool_)
            front[i] = True
            while front.any():
                found[front] = count
                front = linked[front].any(axis=0) & (found < 0)
            count += 1
    return found
