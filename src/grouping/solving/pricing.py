"""Exact pricing: the group of least reduced cost under given prices of items, by branch and bound over the options.

A group of one kind costs, for fixed answers to all its choices, a sum over its members plus something that depends
on its size and its seat. Then the best group is found by sorting: for each size, the cheapest members; with the
holder of the seat among them, or the cheapest one outside joining. So the search branches on the answers, one choice
a level. At a node the choices not yet answered are replaced by each item's own cheapest option, which can only
underestimate. Whole batches of nodes are bounded at once.

All numbers are integers: costs and prices are multiplied by ``SCALE`` first, so bounds are exact, not floating.
Count terms that no choice can stand for, second seats, and pairs are left out or underestimated; a value found
here is then a lower limit of the least reduced cost, which is all that a bound needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from grouping.problem import IntArray
from grouping.solving.clock import Clock
from grouping.solving.kernel import Dim, Kind, Tally

SCALE = 256
"""Prices are integers in units of 1/SCALE of a cost unit; even, so that halves of pair points are exact."""

_BATCH = 400_000
"""Array entries handled at once."""

_FEW = 6


class TimeUp(Exception):  # noqa: N818  # a signal between engines, not an error
    """The clock ran out before the search was complete."""


@dataclass(frozen=True)
class Node:
    """A batch of partial answers: one row each."""

    members: IntArray
    things: IntArray
    base: IntArray
    room: IntArray
    low: IntArray

    def take(self, rows: IntArray) -> Node:
        """Return some of the rows."""
        return Node(self.members[rows], self.things[rows], self.base[rows], self.room[rows], self.low[rows])


class Pricer:
    """Prices groups of one kind.

    Attributes
    ----------
    exact : True when nothing of the cost is left out
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.who = np.flatnonzero((kind.size > 0) & kind.allowed)
        self.what = np.flatnonzero((kind.size == 0) & kind.allowed)
        self.hi = min(kind.hi, len(self.who))
        self.lo = kind.lo
        extra, left_out = [], 0
        for tally in kind.tallies:
            dim = _as_choice(tally, kind)
            if dim is not None:
                extra.append(dim)
            elif not _implied(tally, kind):
                left_out += 1
        dims = [dim for dim in (*kind.dims, *extra) if dim.points.any() or dim.fixed.any()]
        self.dims = sorted(dims, key=lambda dim: dim.points.shape[1])
        self.exact = not left_out and kind.pairs is None and len(kind.seats) <= 1
        self.points = [SCALE * dim.points.T for dim in self.dims]
        self.fixed = [SCALE * dim.fixed for dim in self.dims]
        self.rest = [np.zeros(len(kind.size), dtype=np.int64)]
        self.rest_fixed = [0]
        for points, fixed in zip(reversed(self.points), reversed(self.fixed), strict=True):
            self.rest.insert(0, self.rest[0] + points.min(axis=0))
            self.rest_fixed.insert(0, self.rest_fixed[0] + int(fixed.min()))
        self.by_size = SCALE * kind.by_size[self.lo : self.hi + 1]
        self.seat = SCALE * kind.seats[0][self.who] if kind.seats else None
        self.seats_least = sum(SCALE * int(seat.min()) for seat in kind.seats[1:])
        self.linear = _pair_floor(kind) if kind.pairs is not None else np.zeros(len(kind.size), dtype=np.int64)
        self.bits = max(1, int(len(self.who)).bit_length())
        self.ranks = np.arange(len(self.who), dtype=np.int64)

    def root(self, price: IntArray) -> Node:
        """Return the node in which no choice is answered.

        Parameters
        ----------
        price : per item, in units of 1/SCALE; what a group earns for holding it
        """
        reduced = self.linear - price
        node = Node(
            reduced[self.who][None, :],
            reduced[self.what][None, :],
            np.array([self.seats_least], dtype=np.int64),
            np.array([self.hi], dtype=np.int64),
            np.zeros(1, dtype=np.int64),
        )
        return self._bounded(node, 0)

    def leaves(self, price: IntArray, clock: Clock, until: float, cutoff: list[int]) -> Iterator[Node]:
        """Yield batches of fully answered nodes whose least reduced cost is below ``cutoff[0]``.

        The caller may lower ``cutoff[0]`` between two batches. ``Node.low`` holds the values.

        Raises
        ------
        TimeUp
            When the clock reaches ``until`` first.
        """
        if self.lo > self.hi:
            return
        stack: list[tuple[int, Node]] = [(0, self.root(price))]
        first = 8
        while stack:
            if clock.spent >= until:
                raise TimeUp
            level, node = stack.pop()
            alive = np.flatnonzero(node.low < cutoff[0])
            if not alive.size:
                continue
            if level == len(self.dims):
                yield node.take(alive)
                continue
            options = len(self.fixed[level])
            per_batch = max(1, min(first, _BATCH // (options * max(1, len(self.who)))))
            first = min(4 * first, 1 << 14)
            alive = alive[np.argsort(node.low[alive], kind="stable")]
            if len(alive) > per_batch:
                stack.append((level, node.take(alive[per_batch:])))
            child = self._children(node.take(alive[:per_batch]), level)
            clock.work(4 * child.members.size)
            keep = np.flatnonzero(child.low < cutoff[0])
            if keep.size:
                stack.append((level + 1, child.take(keep)))

    def _children(self, node: Node, level: int) -> Node:
        points, fixed, room = self.points[level], self.fixed[level], self.dims[level].room
        rows = len(node.base) * len(fixed)
        child = Node(
            (node.members[:, None, :] + points[None, :, self.who]).reshape(rows, len(self.who)),
            (node.things[:, None, :] + points[None, :, self.what]).reshape(rows, len(self.what)),
            (node.base[:, None] + fixed[None, :]).ravel(),
            np.minimum(node.room[:, None], room[None, :]).ravel(),
            np.empty(rows, dtype=np.int64),
        )
        return self._bounded(child, level + 1)

    def _bounded(self, node: Node, level: int) -> Node:
        members = node.members + self.rest[level][self.who]
        things = node.things + self.rest[level][self.what]
        low = node.base + self.rest_fixed[level] + np.minimum(things, 0).sum(axis=1)
        values, _ = self._by_size(members, node.room)
        return Node(node.members, node.things, node.base, node.room, low + values.min(axis=1))

    def _by_size(self, members: IntArray, room: IntArray) -> tuple[IntArray, IntArray]:
        """Return the least cost for each size, and the members in order of cost."""
        key = (members << self.bits) | self.ranks
        key.sort(axis=1)
        order = key & ((1 << self.bits) - 1)
        cost = key >> self.bits
        total = np.cumsum(cost[:, : self.hi], axis=1)
        values: IntArray = total[:, self.lo - 1 :]
        if self.seat is not None:
            seat = self.seat[order]
            inside = np.minimum.accumulate(seat[:, : self.hi], axis=1)[:, self.lo - 1 :]
            outside = np.minimum.accumulate((cost + seat)[:, ::-1], axis=1)[:, ::-1][:, self.lo - 1 : self.hi]
            before = np.zeros_like(values)
            if self.lo > 1:
                before[:] = total[:, self.lo - 2 : self.hi - 1]
            else:
                before[:, 1:] = total[:, : self.hi - 1]
            values = np.minimum(values + inside, before + outside)
        values = values + self.by_size
        if room.min(initial=self.hi) < self.hi:
            sizes = np.arange(self.lo, self.hi + 1)
            values = values + SCALE * self.kind.big * np.maximum(sizes - room[:, None], 0)
        return values, order

    def sets(self, leaves: Node) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Return the best set of items of each leaf, as rows of a 0/1 matrix."""
        values, order = self._by_size(leaves.members, leaves.room)
        size = self.lo + values.argmin(axis=1)
        chosen = np.zeros((len(size), len(self.kind.size)), dtype=np.bool_)
        for row, (count, ranks) in enumerate(zip(size, order, strict=True)):
            inside = ranks[:count]
            if self.seat is not None:
                cost = leaves.members[row, ranks] + self.seat[ranks]
                joined = count - 1 + int(cost[count - 1 :].argmin())
                swapped = cost[joined] - leaves.members[row, ranks[count - 1]]
                if swapped < self.seat[inside].min():
                    inside = np.append(ranks[: count - 1], ranks[joined])
            chosen[row, self.who[inside]] = True
            chosen[row, self.what[leaves.things[row] < 0]] = True
        return chosen


def _as_choice(tally: Tally, kind: Kind) -> Dim | None:
    """Return a count term as a choice whose best option always is its points, or None.

    A concave table is the minimum of its tangents, one option each. A table that grows by the same step from the
    second of a few items on (at most one of them) lets the group choose whom of them it keeps for nothing.
    """
    if tally.table.shape[0] != 1:
        return None
    table = tally.table[0, : int(tally.value.sum()) + 1]
    if len(table) < 2:
        return None
    steps = np.diff(table)
    n = len(kind.size)
    room = np.full(len(steps), n)
    if (np.diff(steps) <= 0).all():
        fixed = table[:-1] - steps * np.arange(len(steps))
        return Dim(tally.value[:, None] * steps[None, :], fixed, room)
    listed = np.flatnonzero(tally.value)
    if len(listed) <= _FEW and (tally.value[listed] == 1).all() and steps[0] == table[0] == 0 and (steps[1:] == steps[1]).all():
        points = np.zeros((n, len(listed)), dtype=np.int64)
        points[listed] = int(steps[1]) * (1 - np.eye(len(listed), dtype=np.int64))
        return Dim(points, np.zeros(len(listed), dtype=np.int64), np.full(len(listed), n))
    return None


def _implied(tally: Tally, kind: Kind) -> bool:
    """Tell whether a filled seat already guarantees that the count term costs nothing."""
    if tally.table.shape[0] != 1 or tally.table[0, 1:].any():
        return False
    return any((tally.value[seat < kind.big] > 0).all() for seat in kind.seats)


def _pair_floor(kind: Kind) -> IntArray:
    """Return per item an amount so that any group's pair points are at least the sum over its items."""
    assert kind.pairs is not None
    best = np.sort(np.minimum(kind.pairs, 0), axis=1)[:, : max(kind.hi - 1, 0)].sum(axis=1)
    return (SCALE // 2) * best
