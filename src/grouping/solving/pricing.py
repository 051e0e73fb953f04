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
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from grouping.solving.kernel import UNITS

if TYPE_CHECKING:
    from grouping.problem import BoolArray, IntArray
    from grouping.solving.clock import Clock
    from grouping.solving.kernel import Kind, Tally

SCALE = UNITS[0]
"""Prices are integers in units of 1/SCALE of a cost unit, or coarser ones for very large costs."""

_BATCH = 400_000
"""Array entries handled at once."""

_MOST_ANSWERS = 2_000
"""Combinations of answers to count terms that are searched; the dearest terms first, the others are left out."""

_FEW = 6
"""Items up to which a count term is priced by trying who of them may be in the group."""


class TimeUp(Exception):  # a signal between engines, not an error
    """The clock ran out before the search was complete."""


@dataclass(frozen=True)
class Level:
    """One question the search branches on.

    Attributes
    ----------
    points : options × items
    fixed : options × sizes; what an option costs whoever is in the group
    """

    points: IntArray
    fixed: IntArray


@dataclass(frozen=True)
class Node:
    """A batch of partial answers: one row each.

    Attributes
    ----------
    members, things : reduced cost of every item of size 1 and of size 0 so far
    base : per size, what the group costs besides
    low : lower limit of the reduced cost of any group below the node
    """

    members: IntArray
    things: IntArray
    base: IntArray
    low: IntArray

    def take(self, rows: IntArray) -> Node:
        """Return some of the rows."""
        return Node(self.members[rows], self.things[rows], self.base[rows], self.low[rows])


class Pricer:
    """Prices groups of one kind.

    Parameters
    ----------
    kind : of which groups
    tallies : False leaves count terms out, which is quicker and less exact
    unit : how many units of a price are one of cost

    Attributes
    ----------
    exact : True when nothing of the cost is left out
    """

    def __init__(self, kind: Kind, tallies: bool = True, unit: int = SCALE) -> None:
        self.kind = kind
        self.who = np.flatnonzero((kind.size > 0) & kind.allowed)
        self.what = np.flatnonzero((kind.size == 0) & kind.allowed)
        self.lo, self.hi = kind.lo, min(kind.hi, len(self.who))
        sizes = np.arange(self.lo, self.hi + 1)
        levels = []
        for dim in sorted(kind.dims, key=lambda dim: dim.points.shape[1]):
            fixed = dim.fixed[:, None] + kind.big * np.maximum(sizes[None, :] - dim.room[:, None], 0)
            if dim.points.any() or fixed.any():
                levels.append(Level(dim.points.T, fixed))
        left_out, combinations_of_answers = 0, 1
        for tally in sorted(kind.tallies, key=lambda tally: -int(tally.table.max())):
            if _implied(tally, kind):
                continue
            level = _as_level(tally, kind, sizes) if tallies else None
            if level is None or combinations_of_answers * len(level.fixed) > _MOST_ANSWERS:
                left_out += 1
                continue
            combinations_of_answers *= len(level.fixed)
            levels.append(level)
        self.levels = [Level(unit * level.points, unit * level.fixed) for level in levels]
        self.exact = not left_out and kind.pairs is None and len(kind.seats) <= 1
        self.rest = [np.zeros(len(kind.size), dtype=np.int64)]
        self.rest_fixed = [np.zeros(len(sizes), dtype=np.int64)]
        for level in reversed(self.levels):
            self.rest.insert(0, self.rest[0] + level.points.min(axis=0))
            self.rest_fixed.insert(0, self.rest_fixed[0] + level.fixed.min(axis=0))
        self.by_size = unit * (kind.by_size[self.lo : self.hi + 1] + sum(int(seat.min()) for seat in kind.seats[1:]))
        self.seat = None
        if kind.seats:
            thing = int(kind.seats[0][self.what].min(initial=kind.big))
            self.seat = unit * np.minimum(kind.seats[0][self.who], thing)
            self.exact = self.exact and not (kind.seats[0][self.who] > thing).any()
        self.linear = _pair_floor(kind, unit) if kind.pairs is not None else np.zeros(len(kind.size), dtype=np.int64)
        self.bits = max(1, len(self.who).bit_length())
        self.ranks = np.arange(len(self.who), dtype=np.int64)

    def root(self, price: IntArray) -> Node:
        """Return the node in which no question is answered.

        Parameters
        ----------
        price : per item, in units of 1/SCALE; what a group earns for holding it
        """
        reduced = self.linear - price
        members, things = reduced[self.who][None, :], reduced[self.what][None, :]
        return self._bounded(Node(members, things, self.by_size[None, :], np.zeros(1, dtype=np.int64)), 0)

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
            if level == len(self.levels):
                yield node.take(alive)
                continue
            options = len(self.levels[level].fixed)
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
        return self._children_of(node, self.levels[level], level + 1)

    def _children_of(self, node: Node, question: Level, answered: int) -> Node:
        points, fixed = question.points, question.fixed
        rows = len(node.base) * len(fixed)
        child = Node(
            (node.members[:, None, :] + points[None, :, self.who]).reshape(rows, len(self.who)),
            (node.things[:, None, :] + points[None, :, self.what]).reshape(rows, len(self.what)),
            (node.base[:, None, :] + fixed[None, :, :]).reshape(rows, fixed.shape[1]),
            np.empty(rows, dtype=np.int64),
        )
        return self._bounded(child, answered)

    def _bounded(self, node: Node, level: int) -> Node:
        members = node.members + self.rest[level][self.who]
        things = node.things + self.rest[level][self.what]
        values, _ = self._by_size(members)
        low = (values + node.base + self.rest_fixed[level]).min(axis=1) + np.minimum(things, 0).sum(axis=1)
        return Node(node.members, node.things, node.base, low)

    def _by_size(self, members: IntArray) -> tuple[IntArray, IntArray]:
        """Return the least sum over the members, seat included, for each size, and the members in order of cost."""
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
        return values, order

    def climb(self, price: IntArray, sets: BoolArray, passes: int = 2) -> BoolArray:
        """Return groups of low reduced cost near given ones, found by improving their answers one choice at a time.

        A group is taken to its own best answers. Then, choice by choice, every option is tried with all the members
        chosen anew by sorting, and the best one is kept.

        Parameters
        ----------
        price : per item, in 1/SCALE
        sets : groups to start from, rows of a 0/1 matrix, of sizes that are allowed
        """
        reduced = self.linear - price
        size = sets[:, self.who].sum(axis=1)
        members = np.repeat(reduced[self.who][None, :], len(sets), axis=0)
        things = np.repeat(reduced[self.what][None, :], len(sets), axis=0)
        base = np.repeat(self.by_size[None, :], len(sets), axis=0)
        answers = []
        for level in self.levels:
            paid = sets.astype(np.int64) @ level.points.T + level.fixed[:, size - self.lo].T
            answer = paid.argmin(axis=1)
            answers.append(answer)
            members, things, base = _answered(members, things, base, level, answer, self, +1)
        found = []
        for _ in range(passes):
            for number, level in enumerate(self.levels):
                members, things, base = _answered(members, things, base, level, answers[number], self, -1)
                rows = max(1, _BATCH // (len(level.fixed) * max(1, len(self.who))))
                for begin in range(0, len(sets), rows):
                    part = slice(begin, begin + rows)
                    node = Node(members[part], things[part], base[part], np.zeros(len(base[part]), dtype=np.int64))
                    low = self._children_of(node, level, len(self.levels)).low.reshape(-1, len(level.fixed))
                    answers[number][part] = low.argmin(axis=1)
                members, things, base = _answered(members, things, base, level, answers[number], self, +1)
            found.append(self.sets(Node(members, things, base, np.zeros(len(base), dtype=np.int64))))
        return np.unique(np.vstack(found), axis=0)

    def sets(self, leaves: Node) -> BoolArray:
        """Return the best set of items of each leaf, as rows of a 0/1 matrix."""
        values, order = self._by_size(leaves.members)
        size = self.lo + (values + leaves.base).argmin(axis=1)
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


def _answered(
    members: IntArray, things: IntArray, base: IntArray, level: Level, answer: IntArray, pricer: Pricer, sign: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Return the sums after a question is answered (sign +1) or left open again (sign −1)."""
    points = level.points[answer]
    return (
        members + sign * points[:, pricer.who],
        things + sign * points[:, pricer.what],
        base + sign * level.fixed[answer],
    )


def _as_level(tally: Tally, kind: Kind, sizes: IntArray) -> Level | None:
    """Return a count term as a question whose best answer always is its points, or None.

    A concave table is the minimum of its tangents, one option each. A table that grows with the number of a few
    items is priced by asking who of them may be in the group: the others are barred, and the points are those of all
    who may be.
    """
    n = len(kind.size)
    if tally.table.shape[0] == 1:
        table = tally.table[0, : int(tally.value.sum()) + 1]
        steps = np.diff(table)
        if len(steps) and (np.diff(steps) <= 0).all():
            fixed = table[:-1] - steps * np.arange(len(steps))
            return Level(steps[:, None] * tally.value[None, :], np.repeat(fixed[:, None], len(sizes), axis=1))
    listed = np.flatnonzero(tally.value)
    if len(listed) > _FEW or not (tally.value[listed] == 1).all():
        return None
    counts = np.arange(len(listed) + 1)
    table = tally.at(sizes[:, None], np.broadcast_to(counts, (len(sizes), len(counts))))
    if (np.diff(table, axis=1) < 0).any():
        return None
    free = max(int(count) for count in counts if (table[:, count] == table[:, 0]).all())
    points, fixed_rows = [], []
    for count in counts[free:]:
        if count < len(listed) and (table[:, count] == table[:, count + 1]).all():
            continue
        for chosen in combinations(listed.tolist(), int(count)):
            row = np.zeros(n, dtype=np.int64)
            row[listed] = kind.big
            row[list(chosen)] = 0
            points.append(row)
            fixed_rows.append(table[:, count])
    return Level(np.array(points), np.array(fixed_rows))


def _implied(tally: Tally, kind: Kind) -> bool:
    """Tell whether a filled seat already guarantees that the count term costs nothing."""
    if tally.table.shape[0] != 1 or tally.table[0, 1:].any():
        return False
    return any((tally.value[seat < kind.big] > 0).all() for seat in kind.seats)


def _pair_floor(kind: Kind, unit: int) -> IntArray:
    """Return per item an amount so that any group's pair points are at least the sum over its items."""
    assert kind.pairs is not None
    others = max(kind.hi - 1, 0) + int((kind.size == 0).sum())
    best = np.sort(np.minimum(kind.pairs, 0), axis=1)[:, :others].sum(axis=1)
    floor: IntArray = (unit // 2) * best
    return floor
