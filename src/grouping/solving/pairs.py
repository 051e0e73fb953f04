"""Local search where groups pay for pairs, sizes and counts only: every change of an item priced from running sums.

For each group and item the sum of what the item pays beside the group's members is kept. So one move or swap costs
one look-up, and all of them for one item a handful of array operations; one of them, or staying, is drawn as in
:mod:`grouping.solving.search`. Rules have a price of their own that is raised when the search ends outside of them and
lowered when it ends inside: it may cross what it could not walk around.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from grouping.solving.pairwise import components, pairwise, split

if TYPE_CHECKING:
    from grouping.problem import IntArray
    from grouping.solving.kernel import Kernel
    from grouping.solving.pairwise import Counted

FloatArray = np.ndarray[tuple[int], np.dtype[np.float64]]

FAR = 1 << 60
"""Stands for a change that is no candidate."""

COST, HARD, USED, BEST = range(4)
"""Entries of ``Sums.total``."""

_MOST_SUMS = 40_000_000
"""Entries of all tables beyond which the sums take too much memory."""


class Data(NamedTuple):
    """What does not change while the search runs. Each table of prices has a twin that counts broken rules.

    Attributes
    ----------
    size : members per item
    kind, family : per group, which row of ``by_size`` and ``pairs`` is its own
    by_size, by_size_hard : kinds × sizes
    pairs, pairs_hard : families × items × items; the twin is empty when no rule is about pairs
    value : counts × families × items
    start, rows, width : counts × groups, where the table of the count of a group is in ``table``
    table, table_hard : all tables of counts in one row
    by_used, by_used_hard : per number of groups used
    lost : price and count of an item in a group without members
    """

    size: IntArray
    kind: IntArray
    family: IntArray
    by_size: IntArray
    by_size_hard: IntArray
    pairs: IntArray
    pairs_hard: IntArray
    value: IntArray
    start: IntArray
    rows: IntArray
    width: IntArray
    table: IntArray
    table_hard: IntArray
    by_used: IntArray
    by_used_hard: IntArray
    lost: int


class Sums(NamedTuple):
    """A division and its running sums.

    Attributes
    ----------
    group_of : per item
    size, held : per group, members and items
    amount : counts × groups
    beside, beside_hard : groups × items, what the item pays beside the members; the twin is empty when there is none
    vacant : per kind, the first group without items, -1 if none; the others like it need not be tried
    best : the best division that keeps every rule
    total : price of the division, broken rules, groups used, price of the best division
    """

    group_of: IntArray
    size: IntArray
    held: IntArray
    amount: IntArray
    beside: IntArray
    beside_hard: IntArray
    vacant: IntArray
    best: IntArray
    total: IntArray


Steps = Callable[[Data, Sums, "IntArray", "IntArray", FloatArray, FloatArray], None]
"""Takes data, sums (changed in place), and per step: the item, where its noise begins, the temperature; the noise."""


class Template:
    """The tables of a kernel, points apart from broken rules, to be put together at any price of a broken rule.

    Items that a rule keeps together in every group are one node: what is moved, and what "item" means in the tables.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        problem, kinds = kernel.problem, kernel.kinds
        groups, members = len(problem.groups), problem.members
        families = {kind.family: kind for kind in kinds}
        parts = [pairwise(kernel, families[f]) for f in sorted(families)]
        linked = np.logical_and.reduce([part.linked for part in parts])
        self.node_of = components(linked)
        n = int(self.node_of.max()) + 1
        self.size = self._joined(problem.size)
        self.kind = kernel.kind_of
        self.family = np.array([kinds[k].family for k in self.kind], dtype=np.int64)
        rows = np.full((len(kinds), members + 1 + int(self.size.max())), kernel.big, dtype=np.int64)
        for k, kind in enumerate(kinds):
            rows[k, : members + 1] = kind.by_size
            rows[k, 0] = kernel.big * kind.lo if kind.required else 0
        self.by_size, self.by_size_hard = split(kernel, rows)
        self.pairs, alone = self._contracted([part.beside for part in parts], [part.alone for part in parts])
        pairs, broken = self._contracted([part.beside_broken for part in parts], [part.alone_broken for part in parts])
        self.pairs_hard = pairs if pairs.any() else np.zeros((len(parts), 0, 0), dtype=np.int64)
        barred = np.stack([self._joined((~kinds[k].allowed).astype(np.int64)) for k in self.kind])
        self.alone, self.alone_hard = alone[self.family], broken[self.family] + barred
        self._counts([part.counts for part in parts], n, groups)
        used = np.arange(groups + 2)
        self.by_used: IntArray = np.maximum(np.maximum(problem.least - used, used - problem.at_most), 0)

    def _joined(self, values: IntArray) -> IntArray:
        """Return the sums of values per item over the items of each node."""
        sums: IntArray = np.zeros(int(self.node_of.max()) + 1, dtype=np.int64)
        np.add.at(sums, self.node_of, values)
        return sums

    def _contracted(self, pairs: list[IntArray], alone: list[IntArray]) -> tuple[IntArray, IntArray]:
        """Return points per pair of nodes and per node, a row for each family."""
        n = int(self.node_of.max()) + 1
        if n == len(self.node_of):
            return np.stack(pairs), np.stack(alone)
        tables = np.zeros((len(pairs), n, n), dtype=np.int64)
        singles = np.stack([self._joined(points) for points in alone])
        for table, single, points in zip(tables, singles, pairs, strict=True):
            np.add.at(table, (self.node_of[:, None], self.node_of[None, :]), points)
            single += np.diag(table) // 2
            np.fill_diagonal(table, 0)
        return tables, singles

    def nodes(self, group_of: IntArray) -> IntArray:
        """Return the group of every node; where its items are in several, that of the first."""
        _, first = np.unique(self.node_of, return_index=True)
        found: IntArray = group_of[first]
        return found

    @property
    def linked(self) -> bool:
        """Whether a rule speaks of single items or pairs."""
        return bool(self.pairs_hard.size) or bool(self.alone_hard.any())

    @property
    def ruled(self) -> bool:
        """Whether there are rules besides sizes and the number of groups."""
        return self.linked or bool(self.table_hard.any())

    def _counts(self, counts: list[tuple[Counted, ...]], n: int, groups: int) -> None:
        most = max(map(len, counts))
        self.value = np.zeros((most, len(counts), n), dtype=np.int64)
        start = np.zeros((most, len(counts)), dtype=np.int64)
        rows, width = np.ones_like(start), np.ones_like(start)
        points, broken = [np.zeros(1, dtype=np.int64)], [np.zeros(1, dtype=np.int64)]
        for f, family in enumerate(counts):
            for t, count in enumerate(family):
                self.value[t, f] = self._joined(count.value)
                rows[t, f], width[t, f] = count.points.shape
                start[t, f] = sum(map(len, points))
                points.append(count.points.ravel())
                broken.append(count.broken.ravel())
        self.start, self.rows, self.width = (np.ascontiguousarray(x[:, self.family]) for x in (start, rows, width))
        self.table, self.table_hard = np.concatenate(points), np.concatenate(broken)

    def data(self, price: int) -> Data:
        """Return the tables at this price of a broken rule."""
        return Data(
            size=self.size,
            kind=self.kind,
            family=self.family,
            by_size=self.by_size + price * self.by_size_hard,
            by_size_hard=self.by_size_hard,
            pairs=self.pairs + price * self.pairs_hard if self.pairs_hard.size else self.pairs,
            pairs_hard=self.pairs_hard,
            value=self.value,
            start=self.start,
            rows=self.rows,
            width=self.width,
            table=self.table + price * self.table_hard,
            table_hard=self.table_hard,
            by_used=price * self.by_used,
            by_used_hard=self.by_used,
            lost=price,
        )

    def sums(self, data: Data, group_of: IntArray) -> Sums:
        """Return the running sums of a division, computed afresh."""
        groups, n = len(self.kind), len(self.size)
        at = group_of, np.arange(n)
        size: IntArray = np.zeros(groups, dtype=np.int64)
        np.add.at(size, group_of, self.size)
        held = np.bincount(group_of, minlength=groups).astype(np.int64)
        alone = self.alone + data.lost * self.alone_hard
        beside = alone.copy()
        beside_hard = self.alone_hard.copy() if self.linked else np.zeros((groups, 0), dtype=np.int64)
        for g in np.flatnonzero(held):
            inside = group_of == g
            beside[g] += data.pairs[self.family[g]][inside].sum(axis=0)
            if self.pairs_hard.size:
                beside_hard[g] += self.pairs_hard[self.family[g]][inside].sum(axis=0)
        amount: IntArray = np.zeros(self.start.shape, dtype=np.int64)
        for t in range(len(amount)):
            np.add.at(amount[t], group_of, self.value[t, self.family[group_of], at[1]])
        vacant: IntArray = np.full(len(self.by_size), -1, dtype=np.int64)
        total: IntArray = np.zeros(4, dtype=np.int64)
        sums = Sums(group_of.copy(), size, held, amount, beside, beside_hard, vacant, group_of.copy(), total)
        _find_vacant(data, sums)
        total[USED] = (size > 0).sum()
        every, lost = np.arange(groups), int(held[size == 0].sum())
        for entry, by_size, table, by_used, price, sides, single in (
            (COST, data.by_size, data.table, data.by_used, data.lost, beside, alone),
            (HARD, data.by_size_hard, data.table_hard, data.by_used_hard, 1, beside_hard, self.alone_hard),
        ):
            total[entry] = by_size[self.kind, size].sum() + by_used[total[USED]] + price * lost
            total[entry] += _counted(data, sums, table, every, size, amount).sum()
            if sides.shape[1]:
                total[entry] += (sides[at] + single[at]).sum() // 2
        total[BEST] = FAR if total[HARD] else total[COST]
        return sums


def steps(
    data: Data, sums: Sums, items: IntArray, begins: IntArray, temperatures: FloatArray, noise: FloatArray
) -> None:
    """Take steps by array operations, see :data:`Steps`; the compiled loop decides exactly alike."""
    n, groups = len(sums.group_of), len(sums.size)
    who, counted, several = np.arange(n), len(sums.amount) > 0, len(data.pairs) > 1
    mixed = bool((data.size != data.size[0]).any())
    keys = np.empty(n + groups + 1)
    keys[-1] = 0.0
    own, closed = sums.beside[sums.group_of, who], sums.size == 0
    grow: dict[int, IntArray] = {}
    paid = _counted(data, sums, data.table, np.arange(groups), sums.size, sums.amount)
    for i, begin, heat in zip(items.tolist(), begins.tolist(), temperatures.tolist(), strict=True):
        a, z = int(sums.group_of[i]), int(data.size[i])
        at, f, left = sums.group_of, int(data.family[a]), int(sums.size[a]) - z
        row = data.pairs[f, i]
        column = sums.beside[:, i] - sums.beside[a, i]
        leaving = _sized(data, data.by_size, data.lost, a, left, int(sums.held[a]) - 1)
        leaving -= _sized(data, data.by_size, data.lost, a, left + z, int(sums.held[a]))
        if z not in grow:
            grow[z] = _grow(data, sums, z)
        moves = column + grow[z]
        if counted:
            values = data.value[:, data.family, i]
            arriving = _counted(data, sums, data.table, np.arange(groups), sums.size + z, sums.amount + values)
            moves += arriving - paid
            less = sums.amount[:, a : a + 1] - values[:, a : a + 1]
            leaving += int(_counted(data, sums, data.table, np.array([a]), np.array([left]), less)[0] - paid[a])
        moves += leaving
        used = int(sums.total[USED])
        closes = int(left == 0 and z > 0)
        moves += data.by_used[(closed if z else 0) + (used - closes)] - data.by_used[used]
        column[a] = FAR
        swaps = column[at] + sums.beside[a]
        swaps -= own
        swaps -= row
        swaps -= data.pairs[data.family[at], i, who] if several else row
        if counted:
            swaps += _swapped(data, sums, data.table, i, a, who) - (paid[a] + paid[at])
        if mixed:
            swaps[data.size != z] = FAR
        moves[a] = FAR
        keys[:n] = swaps
        keys[n:-1] = moves
        drawn = keys - heat * noise[begin : begin + n + groups + 1]
        chosen = int(drawn.argmin())
        if drawn[chosen] >= drawn[-1]:
            continue
        j, b = (chosen, int(at[chosen])) if chosen < n else (-1, chosen - n)
        sums.total[COST] += swaps[j] if j >= 0 else moves[b]
        sums.total[HARD] += _broken(data, sums, i, a, b, j)
        _put(data, sums, i, a, b)
        if j >= 0:
            _put(data, sums, j, b, a)
        if sums.held[a] == 0 or sums.held[b] == 1 or sums.vacant[data.kind[b]] == b:
            _find_vacant(data, sums)
        own, closed = sums.beside[at, who], sums.size == 0
        grow.clear()
        if counted:
            paid = _counted(data, sums, data.table, np.arange(groups), sums.size, sums.amount)
        if sums.total[HARD] == 0 and sums.total[COST] < sums.total[BEST]:
            sums.total[BEST] = sums.total[COST]
            sums.best[:] = at


def _sized(data: Data, by_size: IntArray, lost: int, group: int, size: int, held: int) -> int:
    """Return what a group pays for its size, and for items it holds without members."""
    return int(by_size[data.kind[group], size]) + (lost * held if size == 0 else 0)


def _grow(data: Data, sums: Sums, z: int) -> IntArray:
    """Return what every group pays more for its size when an item of this size joins."""
    empty = sums.size == 0
    shut: IntArray = np.where((sums.held == 0) & (sums.vacant[data.kind] != np.arange(len(sums.size))), FAR, 0)
    if not z:
        shut += data.lost * empty
        return shut
    now = data.by_size[data.kind, sums.size] + data.lost * sums.held * empty
    more: IntArray = data.by_size[data.kind, sums.size + z] - now + shut
    return more


def _counted(data: Data, sums: Sums, table: IntArray, groups: IntArray, size: IntArray, amount: IntArray) -> IntArray:
    """Return what the counts of groups cost at these sizes and amounts."""
    row: IntArray = np.minimum(size, data.rows[:, groups] - 1) * data.width[:, groups]
    total: IntArray = table.take(data.start[:, groups] + row + amount, mode="clip").sum(axis=0)
    total *= size > 0
    return total


def _swapped(data: Data, sums: Sums, table: IntArray, i: int, a: int, others: IntArray) -> IntArray:
    """Return what the counts of both groups cost when item i of group a and each of the others change places."""
    at, f = sums.group_of[others], data.family[a]
    rows: IntArray = np.minimum(sums.size, data.rows - 1) * data.width
    rows += data.start + sums.amount
    there: IntArray = rows[:, at] + data.value[:, data.family, i][:, at] - data.value[:, data.family[at], others]
    here: IntArray = data.value[:, f, others] + (rows[:, a] - data.value[:, f, i])[:, None]
    total: IntArray = table.take(there, mode="clip").sum(axis=0) * (sums.size[at] > 0)
    if sums.size[a] > 0:
        total += table.take(here, mode="clip").sum(axis=0)
    return total


def _broken(data: Data, sums: Sums, i: int, a: int, b: int, j: int) -> int:
    """Return how many more rules are broken when item i goes from a to b, and j (if not -1) the opposite way."""
    both, held, total = np.array([a, b]), int(j >= 0), 0
    step = int(data.size[i]) - (int(data.size[j]) if held else 0)
    sizes = sums.size[both]
    after = sizes + np.array([-step, step])
    for g, now, then, more in zip((a, b), sizes.tolist(), after.tolist(), (held - 1, 1 - held), strict=True):
        total += _sized(data, data.by_size_hard, 1, g, then, int(sums.held[g]) + more)
        total -= _sized(data, data.by_size_hard, 1, g, now, int(sums.held[g]))
    if len(sums.amount):
        total -= int(_counted(data, sums, data.table_hard, both, sizes, sums.amount[:, both]).sum())
        moved = data.value[:, data.family[both], i] - (data.value[:, data.family[both], j] if held else 0)
        amount = sums.amount[:, both] + moved * np.array([-1, 1])
        total += int(_counted(data, sums, data.table_hard, both, after, amount).sum())
    used = int(sums.total[USED])
    total += int(data.by_used_hard[used + int((after > 0).sum() - (sizes > 0).sum())] - data.by_used_hard[used])
    beside = sums.beside_hard
    if beside.shape[1]:
        total += int(beside[b, i] - beside[a, i])
        if held:
            total += int(beside[a, j] - beside[b, j])
            if data.pairs_hard.shape[1]:
                total -= int(data.pairs_hard[data.family[both], i, j].sum())
    return total


def _put(data: Data, sums: Sums, i: int, a: int, b: int) -> None:
    """Put item i of group a into group b."""
    z = int(data.size[i])
    sums.total[USED] += int(sums.size[b] == 0 and z > 0) - int(sums.size[a] == z and z > 0)
    sums.group_of[i] = b
    for g, sign in ((a, -1), (b, 1)):
        f = data.family[g]
        sums.size[g] += sign * z
        sums.held[g] += sign
        sums.amount[:, g] += sign * data.value[:, f, i]
        sums.beside[g] += sign * data.pairs[f, i]
        if data.pairs_hard.shape[1]:
            sums.beside_hard[g] += sign * data.pairs_hard[f, i]


def _find_vacant(data: Data, sums: Sums) -> None:
    sums.vacant[:] = -1
    empty = np.flatnonzero(sums.held == 0)[::-1]
    sums.vacant[data.kind[empty]] = empty
