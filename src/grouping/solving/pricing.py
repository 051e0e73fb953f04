"""Exact pricing: the group of least reduced cost under given prices of items, by branch and bound over the options.

A group of one kind costs, for fixed answers to all its choices, a sum over its members plus something that depends
on its size and its seat. Then the best group is found by sorting: for each size, the cheapest members; with the
holder of the seat among them, or the cheapest one outside joining. So the search branches on the answers, one choice
a level. At a node the choices not yet answered are replaced by each item's own cheapest option, which can only
underestimate. Whole batches of nodes are bounded at once.

All numbers are integers: costs and prices are multiplied by ``SCALE`` first, so bounds are exact, not floating.
Count terms that no choice can stand for, second seats, pairs, and gates of options are left out or underestimated; a
value found here is then a lower limit of the least reduced cost, which is all that a bound needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from grouping.solving.kernel import UNITS, Dim
from grouping.solving.mixing import Mixes, mixes_of

if TYPE_CHECKING:
    from grouping.problem import BoolArray, IntArray
    from grouping.solving.clock import Clock
    from grouping.solving.kernel import Kind, Tally

SCALE = UNITS[0]
"""Prices are integers in units of 1/SCALE of a cost unit, or coarser ones for very large costs."""

_BATCH = 400_000
"""Array entries handled at once."""

_MANY = 32
"""Members from which nodes are worth narrowing to those that still matter."""

_NARROW_BATCH = 20_000
"""Array entries handled at once where nodes are narrowed: the fewer together, the fewer members each keeps."""

_COMPARED = 64
"""Options of a narrowed node up to which dominated ones are looked for."""

_MIXER = np.random.default_rng(0).integers(1 << 62, size=1 << 16, dtype=np.int64)
"""Any numbers: equal rows have equal products with them, and whether the reverse holds is checked."""

_OVERDRAWN_ROWS = 256

_FAR = 1 << 60

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
    members, things : options × items of size 1 and of size 0
    fixed : options × sizes; what an option costs whoever is in the group
    """

    members: IntArray
    things: IntArray
    fixed: IntArray

    def only(self, columns: IntArray) -> Level:
        """Return the question for some of the members, without options that another one equals or beats."""
        members = self.members[:, columns]
        kept = _best_options(np.hstack([members, self.things, self.fixed]))
        return Level(members[kept], self.things[kept], self.fixed[kept])


@dataclass(frozen=True)
class Node:
    """A batch of partial answers: one row each.

    Attributes
    ----------
    who : the members that may still be in a group worth finding, as positions in ``Pricer.who``
    levels : all questions, for these members
    members, things : reduced cost of each of them, and of every item of size 0, so far
    base : per size, what the group costs besides
    low : lower limit of the reduced cost of any group below the node
    """

    who: IntArray
    levels: tuple[Level, ...]
    members: IntArray
    things: IntArray
    base: IntArray
    low: IntArray

    def take(self, rows: IntArray) -> Node:
        """Return some of the rows."""
        return Node(self.who, self.levels, self.members[rows], self.things[rows], self.base[rows], self.low[rows])

    def only(self, columns: IntArray) -> Node:
        """Return the node with some of its members."""
        levels = tuple(level.only(columns) for level in self.levels)
        return Node(self.who[columns], levels, self.members[:, columns], self.things, self.base, self.low)


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
    left_out : the count terms that are
    """

    def __init__(self, kind: Kind, tallies: bool = True, unit: int = SCALE) -> None:
        self.kind = kind
        self.who = np.flatnonzero((kind.size > 0) & kind.allowed)
        self.what = np.flatnonzero((kind.size == 0) & kind.allowed)
        self.lo, self.hi = kind.lo, min(kind.hi, len(self.who))
        sizes = np.arange(self.lo, self.hi + 1)
        levels: list[tuple[IntArray, IntArray]] = []
        for dim in sorted(kind.dims, key=_indifference):
            fixed = dim.fixed[:, None] + kind.big * np.maximum(sizes[None, :] - dim.room[:, None], 0)
            if dim.points.any() or fixed.any():
                levels.append((dim.points.T, fixed))
        left_out: list[Tally] = []
        combinations_of_answers = 1
        for tally in sorted(kind.tallies, key=lambda tally: -int(tally.table.max())):
            if _implied(tally, kind):
                continue
            question = _as_level(tally, kind, sizes) if tallies else None
            if question is None or combinations_of_answers * len(question[1]) > _MOST_ANSWERS:
                left_out.append(tally)
                continue
            combinations_of_answers *= len(question[1])
            levels.append(question)
        self.levels = tuple(
            Level(unit * points[:, self.who], unit * points[:, self.what], unit * fixed) for points, fixed in levels
        )
        self.mixes: Mixes | None = None
        mixed: list[Tally] = []
        for tally in left_out if tallies and len(sizes) else ():
            found = None if tally.value[self.what].any() else mixes_of([*mixed, tally], self.who, sizes, unit)
            if found is not None:
                self.mixes = found
                mixed.append(tally)
        self.left_out = tuple(tally for tally in left_out if not any(tally is other for other in mixed))
        gated = any(dim.gates for dim in kind.dims)
        self.exact = not self.left_out and kind.pairs is None and len(kind.seats) <= 1 and not gated
        self.rest = [np.zeros(len(self.who), dtype=np.int64)]
        self.rest_things = [np.zeros(len(self.what), dtype=np.int64)]
        self.rest_fixed = [np.zeros(len(sizes), dtype=np.int64)]
        for level in reversed(self.levels):
            self.rest.insert(0, self.rest[0] + level.members.min(axis=0))
            self.rest_things.insert(0, self.rest_things[0] + level.things.min(axis=0))
            self.rest_fixed.insert(0, self.rest_fixed[0] + level.fixed.min(axis=0))
        self.by_size = unit * (kind.by_size[self.lo : self.hi + 1] + sum(int(seat.min()) for seat in kind.seats[1:]))
        self.seat = None
        if kind.seats:
            thing = int(kind.seats[0][self.what].min(initial=kind.big))
            self.seat = unit * np.minimum(kind.seats[0][self.who], thing)
            self.exact = self.exact and not (kind.seats[0][self.who] > thing).any()
        self.linear = _pair_floor(kind, unit) if kind.pairs is not None else np.zeros(len(kind.size), dtype=np.int64)
        self.bits = max(1, len(self.who).bit_length())
        self.everybody = np.arange(len(self.who), dtype=np.int64)

    def root(self, price: IntArray) -> Node:
        """Return the node in which no question is answered.

        Parameters
        ----------
        price : per item, in units of 1/SCALE; what a group earns for holding it
        """
        reduced = self.linear - price
        members, things = reduced[self.who][None, :], reduced[self.what][None, :]
        root = Node(self.everybody, self.levels, members, things, self.by_size[None, :], np.zeros(1, dtype=np.int64))
        return self._bounded(root, 0)

    def leaves(self, price: IntArray, clock: Clock, until: float, cutoff: list[int]) -> Iterator[Node]:
        """Yield batches of fully answered nodes whose least reduced cost is below ``cutoff[0]``.

        The caller may lower ``cutoff[0]`` between two batches. ``Node.low`` holds the values.

        Raises
        ------
        TimeUp
            When the clock reaches ``until`` first.
        """
        tree = Tree(self, price)
        yield from tree.leaves(clock, until, cutoff)
        if tree.open:
            raise TimeUp

    def mixed(self, leaf: Node) -> Node:
        """Return the leaf with count terms that no question stands for included in its lower limits."""
        if self.mixes is None:
            return leaf
        seat = None if self.seat is None else self.seat[leaf.who]
        low = self.mixes.best(leaf.members, leaf.base, leaf.who, seat).value + np.minimum(leaf.things, 0).sum(axis=1)
        return replace(leaf, low=low)

    def narrowed(self, node: Node, level: int, cutoff: int) -> Node:
        """Return the node without the members that no group below it with a value under ``cutoff`` can have."""
        useful: BoolArray = np.logical_or.reduce(self.with_each(node, level) < cutoff, axis=0)
        if useful.sum() < self.hi:
            useful[np.argsort(node.members[0], kind="stable")[: self.hi]] = True
        return node if useful.all() else node.only(np.flatnonzero(useful))

    def with_each(self, node: Node, level: int) -> IntArray:
        """Return, for every member, a lower limit of the reduced cost of the groups below the node that it is in.

        Without the member, such a group is one of a size less, its seat filled or, if the member fills it, not.
        """
        members = node.members + self.rest[level][node.who]
        cost, order, total = self._sorted(members)
        less_one = np.zeros((len(members), self.hi), dtype=np.int64)  # by size of the others, from 0
        less_one[:, 1:] = total[:, : self.hi - 1]
        base = node.base + self.rest_fixed[level]
        things = np.minimum(node.things + self.rest_things[level], 0).sum(axis=1)
        unseated = (base + less_one[:, self.lo - 1 :]).min(axis=1) + things
        with_one: IntArray
        if self.seat is None:
            with_one = members + unseated[:, None]
        else:
            seated = self._seated(cost, total, self.seat[node.who][order], 1)
            filled = np.full((len(members), self.hi), _FAR, dtype=np.int64)
            filled[:, 1:] = seated[:, : self.hi - 1]
            rest = (base + filled[:, self.lo - 1 :]).min(axis=1) + things
            with_one = members + np.minimum(rest[:, None], self.seat[node.who] + unseated[:, None])
        return np.maximum(with_one, node.low[:, None])

    def overdrawn(self, node: Node, level: int, allowed: int) -> IntArray:
        """Return, for every member, by how much at least it and the others of each group below the node that it is in
        have to lower their prices so that no such group has a reduced cost below ``allowed``; 0 where none has.

        A group lacks some amount; each of its members makes up for an equal part of it, so what counts is the most
        over the sizes of a group of the amount divided by the size.
        """
        size = np.arange(self.lo, self.hi + 1)
        needed: IntArray = np.zeros(len(node.who), dtype=np.int64)
        for begin in range(0, len(node.low), _OVERDRAWN_ROWS):
            some = node.take(np.arange(begin, min(begin + _OVERDRAWN_ROWS, len(node.low))))
            cost, order, total = self._sorted(some.members + self.rest[level][some.who])
            less_one = np.zeros((len(cost), self.hi), dtype=np.int64)
            less_one[:, 1:] = total[:, : self.hi - 1]
            things = np.minimum(some.things + self.rest_things[level], 0).sum(axis=1)
            base = some.base + self.rest_fixed[level] + things[:, None]
            rest = (base + less_one[:, self.lo - 1 :])[:, None, :]
            if self.seat is not None:
                filled = np.full((len(cost), self.hi), _FAR, dtype=np.int64)
                filled[:, 1:] = self._seated(cost, total, self.seat[some.who][order], 1)[:, : self.hi - 1]
                rest = np.minimum(
                    (base + filled[:, self.lo - 1 :])[:, None, :], rest + self.seat[some.who][None, :, None]
                )
            reduced = (some.members + self.rest[level][some.who])[:, :, None] + rest
            needed = np.maximum(needed, (-((reduced - allowed) // size)).max(axis=2).max(axis=0))
        return needed

    def children(self, node: Node, level: int, answered: int) -> Node:
        """Return the nodes in which one more question is answered, one row for each option of each row."""
        question = node.levels[level]
        rows = len(node.base) * len(question.fixed)
        child = Node(
            node.who,
            node.levels,
            (node.members[:, None, :] + question.members[None, :, :]).reshape(rows, len(node.who)),
            (node.things[:, None, :] + question.things[None, :, :]).reshape(rows, len(self.what)),
            (node.base[:, None, :] + question.fixed[None, :, :]).reshape(rows, len(self.by_size)),
            np.empty(rows, dtype=np.int64),
        )
        return self._bounded(child, answered)

    def _bounded(self, node: Node, level: int) -> Node:
        values, _ = self._by_size(node.members + self.rest[level][node.who], node.who)
        things = np.minimum(node.things + self.rest_things[level], 0).sum(axis=1)
        return replace(node, low=(values + node.base + self.rest_fixed[level]).min(axis=1) + things)

    def _sorted(self, members: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Return costs in ascending order, the order, and the running sums up to the largest size."""
        key = (members << self.bits) | np.arange(members.shape[1], dtype=np.int64)
        key.sort(axis=1)
        order = key & ((1 << self.bits) - 1)
        cost = key >> self.bits
        return cost, order, np.cumsum(cost[:, : self.hi], axis=1)

    def _by_size(self, members: IntArray, who: IntArray) -> tuple[IntArray, IntArray]:
        """Return the least sum over the members, seat included, for each size, and the members in order of cost."""
        return self.values(members, None if self.seat is None else self.seat[who])

    def values(self, members: IntArray, seat: IntArray | None) -> tuple[IntArray, IntArray]:
        """Return the least sum over the members, seat included, for each size, and the members in order of cost.

        Parameters
        ----------
        members : rows × members
        seat : what holding the seat costs, per member, or rows × members; None when there is no seat
        """
        cost, order, total = self._sorted(members)
        if seat is None:
            return total[:, self.lo - 1 :], order
        held = seat[order] if seat.ndim == 1 else np.take_along_axis(seat, order, axis=1)
        return self._seated(cost, total, held, self.lo), order

    def _seated(self, cost: IntArray, total: IntArray, seat: IntArray, lo: int) -> IntArray:
        """Return the least sum with the seat filled, for each size from ``lo``: by one of the cheapest or another."""
        values = total[:, lo - 1 :]
        inside = np.minimum.accumulate(seat[:, : self.hi], axis=1)[:, lo - 1 :]
        outside = np.minimum.accumulate((cost + seat)[:, ::-1], axis=1)[:, ::-1][:, lo - 1 : self.hi]
        before = np.zeros_like(values)
        if lo > 1:
            before[:] = total[:, lo - 2 : self.hi - 1]
        else:
            before[:, 1:] = total[:, : self.hi - 1]
        best: IntArray = np.minimum(values + inside, before + outside)
        return best

    def sets(self, leaves: Node) -> BoolArray:
        """Return the best set of items of each leaf, as rows of a 0/1 matrix."""
        chosen = np.zeros((len(leaves.low), len(self.kind.size)), dtype=np.bool_)
        seat = None if self.seat is None else self.seat[leaves.who]
        if self.mixes is not None:
            best = self.mixes.best(leaves.members, leaves.base, leaves.who, seat)
            for row, (mix, joiner) in enumerate(zip(best.mix.tolist(), best.joiner.tolist(), strict=True)):
                inside = self.mixes.group(leaves.members[row], leaves.who, seat, mix, joiner)
                chosen[row, self.who[leaves.who[inside]]] = True
        else:
            values, order = self._by_size(leaves.members, leaves.who)
            size = self.lo + (values + leaves.base).argmin(axis=1)
            for row, (count, ranks) in enumerate(zip(size, order, strict=True)):
                inside = ranks[:count]
                if seat is not None:
                    cost = leaves.members[row, ranks] + seat[ranks]
                    joined = count - 1 + int(cost[count - 1 :].argmin())
                    swapped = cost[joined] - leaves.members[row, ranks[count - 1]]
                    if swapped < seat[inside].min():
                        inside = np.append(ranks[: count - 1], ranks[joined])
                chosen[row, self.who[leaves.who[inside]]] = True
        rows, things = np.nonzero(leaves.things < 0)
        chosen[rows, self.what[things]] = True
        return chosen


class Tree:
    """One search for groups of low reduced cost; what it has not looked at when it stops is still bounded.

    Parameters
    ----------
    pricer : of which groups
    price : per item, in units

    Attributes
    ----------
    open : the nodes not searched yet, with how many of their questions are answered
    """

    def __init__(self, pricer: Pricer, price: IntArray) -> None:
        self.pricer = pricer
        self.open: list[tuple[int, Node]] = [(0, pricer.root(price))] if pricer.lo <= pricer.hi else []

    def leaves(self, clock: Clock, until: float, cutoff: list[int], effort: float = float("inf")) -> Iterator[Node]:
        """Yield batches of fully answered nodes whose least reduced cost is below ``cutoff[0]``.

        The search stops when nothing is open, when the clock reaches ``until``, or after so many array entries.
        """
        pricer, stack, most = self.pricer, self.open, clock.handled + effort
        first = 8
        while stack and clock.spent < until and clock.handled < most:
            answered, node = stack.pop()
            alive = np.flatnonzero(node.low < cutoff[0])
            if not alive.size:
                continue
            if answered == len(node.levels):
                leaf = pricer.mixed(node.take(alive))
                yield leaf.take(np.flatnonzero(leaf.low < cutoff[0]))
                continue
            many = len(node.who) > _MANY
            options = len(node.levels[answered].fixed)
            per_batch = max(1, min(first, (_NARROW_BATCH if many else _BATCH) // (options * len(node.who))))
            first = min(4 * first, 1 << 14)
            alive = alive[np.argsort(node.low[alive], kind="stable")]
            if len(alive) > per_batch:
                stack.append((answered, node.take(alive[per_batch:])))
            taken = node.take(alive[:per_batch])
            if many:
                taken = pricer.narrowed(taken, answered, cutoff[0])
            child = pricer.children(taken, answered, answered + 1)
            clock.work(4 * child.members.size)
            keep = np.flatnonzero(child.low < cutoff[0])
            if keep.size:
                stack.append((answered + 1, child.take(keep)))


def _best_options(table: IntArray) -> IntArray:
    """Return the rows that no other row equals or beats in every column; of equal ones the first.

    Beyond a few different rows only equal ones are dropped.
    """
    mixed = table @ _MIXER[: table.shape[1]]
    _, first, same = np.unique(mixed, return_index=True, return_inverse=True)
    if not (table == table[first][same]).all():
        return np.arange(len(table))
    kept = np.sort(first)
    if len(kept) > _COMPARED:
        return kept
    left = table[kept]
    beats = (left[:, None, :] <= left[None, :, :]).all(axis=2)
    best: IntArray = kept[beats.sum(axis=0) == 1]
    return best


def _as_level(tally: Tally, kind: Kind, sizes: IntArray) -> tuple[IntArray, IntArray] | None:
    """Return a count term as a question (options × items, options × sizes) whose best answer is its points, or None.

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
            return steps[:, None] * tally.value[None, :], np.repeat(fixed[:, None], len(sizes), axis=1)
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
    return np.array(points), np.array(fixed_rows)


def _implied(tally: Tally, kind: Kind) -> bool:
    """Tell whether a filled seat already guarantees that the count term costs nothing."""
    if tally.table.shape[0] != 1 or tally.table[0, 1:].any():
        return False
    return any((tally.value[seat < kind.big] > 0).all() for seat in kind.seats)


def _indifference(dim: Dim) -> float:
    """Return the share of its options that suit an item nearly as well as its best one.

    The lower it is, the more an answer tells about who will be in the group; such questions are asked first.
    """
    least, most = dim.points.min(axis=1, keepdims=True), dim.points.max(axis=1, keepdims=True)
    return float((dim.points - least <= (most - least) // 10).mean()) if dim.points.size else 1.0


def relaxed(kind: Kind, unit: int) -> Kind:
    """Return a kind that costs no more for any group, with all of its cost known to pricing.

    Count terms that pricing leaves out cost nothing, pairs cost each item half of the most that they can save it, and
    seats beyond the first one cost as little as they can. A ceiling is lifted, and gates are opened.
    """
    if kind.highest is not None:
        kind = replace(kind, highest=None)
    if any(dim.gates for dim in kind.dims):
        kind = replace(kind, dims=tuple(replace(dim, gates=()) for dim in kind.dims))
    pricer = Pricer(kind, unit=unit)
    if pricer.exact:
        return kind
    tallies = tuple(tally for tally in kind.tallies if not any(tally is other for other in pricer.left_out))
    dims = kind.dims
    if kind.pairs is not None:
        floor = _pair_floor(kind, 2) // 2
        dims = (*dims, Dim(floor[:, None], np.zeros(1, dtype=np.int64), np.full(1, len(kind.size))))
    by_size = kind.by_size + sum(int(seat.min()) for seat in kind.seats[1:])
    return replace(kind, dims=dims, tallies=tallies, pairs=None, seats=kind.seats[:1], by_size=by_size)


def _pair_floor(kind: Kind, unit: int) -> IntArray:
    """Return per item an amount so that any group's pair points are at least the sum over its items."""
    assert kind.pairs is not None
    others = max(kind.hi - 1, 0) + int((kind.size == 0).sum())
    best = np.sort(np.minimum(kind.pairs, 0), axis=1)[:, :others].sum(axis=1)
    floor: IntArray = (unit // 2) * best
    return floor
