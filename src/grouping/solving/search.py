"""Local search: a constructive start, and heat-bath annealing over all moves and swaps of one item at a time.

For an item, the cost of every move to another group and of every swap with an item elsewhere is computed in one
batch from running sums, and one of them (or staying) is drawn with probability proportional to
exp(−change / temperature). That is Gibbs sampling on the neighbourhood; cooled down it becomes steepest descent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from grouping.problem import IntArray
from grouping.solving.clock import Clock
from grouping.solving.kernel import Kernel, Kind

_NOBODY = np.iinfo(np.int64).max // 4


class Rows(NamedTuple):
    """Running sums of a batch of candidate groups; one row each."""

    sums: list[IntArray]
    size: IntArray
    tallies: list[IntArray]
    seats: list[IntArray]
    pairs: IntArray
    barred: IntArray


def rows_cost(kind: Kind, rows: Rows) -> IntArray:
    """Return the cost of each candidate group; an unused one costs nothing if it holds nothing."""
    total: IntArray = kind.by_size[rows.size] + kind.big * rows.barred + rows.pairs
    for dim, sums in zip(kind.dims, rows.sums, strict=True):
        option = sums + dim.fixed
        if dim.room.min(initial=0) < kind.hi:
            option = option + kind.big * np.maximum(rows.size[:, None] - dim.room, 0)
        total = total + option.min(axis=1)
    for tally, amount in zip(kind.tallies, rows.tallies, strict=True):
        total = total + tally.at(rows.size, amount)
    for seat in rows.seats:
        total = total + np.minimum(seat, kind.big)
    return total


class State:
    """A division with the running sums of every group."""

    def __init__(self, kernel: Kernel, group_of: IntArray, open_groups: IntArray) -> None:
        self.kernel = kernel
        self.open = open_groups
        self.group_of = group_of.copy()
        self.size = kernel.problem.size
        self.cost_of = np.zeros(len(kernel.problem.groups), dtype=np.int64)
        self.members: list[list[int]] = [[] for _ in kernel.problem.groups]
        for i, g in enumerate(group_of):
            self.members[g].append(i)
        self._rows: dict[int, Rows] = {}
        for g in open_groups:
            self.refresh(int(g))

    @property
    def cost(self) -> int:
        """Cost of the division, without what no group pays."""
        return int(self.cost_of.sum())

    def kind(self, group: int) -> Kind:
        """Return the kind of a group."""
        return self.kernel.kinds[self.kernel.kind_of[group]]

    def refresh(self, group: int) -> None:
        """Compute the sums of a group afresh from its items."""
        kind, items = self.kind(group), self.members[group]
        pairs = 0
        if kind.pairs is not None:
            pairs = int(kind.pairs[np.ix_(items, items)].sum()) // 2
        rows = Rows(
            [dim.points[items].sum(axis=0)[None, :] for dim in kind.dims],
            np.array([int(self.size[items].sum())]),
            [np.array([int(tally.value[items].sum())]) for tally in kind.tallies],
            [np.array([seat[items].min(initial=_NOBODY)]) for seat in kind.seats],
            np.array([pairs]),
            np.array([int((~kind.allowed[items]).sum())]),
        )
        self._rows[group] = rows
        self.cost_of[group] = int(rows_cost(kind, rows)[0])

    def changed(self, group: int, less: IntArray, more: IntArray) -> IntArray:
        """Return the cost of a group after each of several changes.

        Parameters
        ----------
        group : which one
        less, more : item leaving and item joining in each change; -1 for nobody
        """
        kind, rows = self.kind(group), self._rows[group]
        goes, comes = less >= 0, more >= 0

        def diff(values: IntArray) -> IntArray:
            shape = (-1,) + (1,) * (values.ndim - 1)
            return values[more] * comes.reshape(shape) - values[less] * goes.reshape(shape)

        items = np.array(self.members[group], dtype=np.int64)
        seats = []
        for seat in kind.seats:
            held = np.sort(seat[items])
            best = held[0] if len(held) else _NOBODY
            second = held[1] if len(held) > 1 else _NOBODY
            stays = np.where(goes & (seat[less] == best), second, best)
            seats.append(np.minimum(stays, np.where(comes, seat[more], _NOBODY)))
        pairs = rows.pairs
        if kind.pairs is not None:
            to_group = kind.pairs[:, items].sum(axis=1) if len(items) else np.zeros(len(self.size), dtype=np.int64)
            both = np.where(goes & comes, kind.pairs[less, more], 0)
            pairs = rows.pairs + diff(to_group) - both
        changed = Rows(
            [sums + diff(dim.points) for dim, sums in zip(kind.dims, rows.sums, strict=True)],
            rows.size + diff(self.size),
            [amount + diff(tally.value) for tally, amount in zip(kind.tallies, rows.tallies, strict=True)],
            seats,
            np.broadcast_to(pairs, less.shape),
            rows.barred + diff((~kind.allowed).astype(np.int64)),
        )
        return rows_cost(kind, changed)

    def move(self, item: int, group: int, other: int = -1) -> None:
        """Put an item into a group; ``other``, if given, goes the opposite way."""
        home = int(self.group_of[item])
        self.members[home].remove(item)
        self.members[group].append(item)
        self.group_of[item] = group
        if other >= 0:
            self.members[group].remove(other)
            self.members[home].append(other)
            self.group_of[other] = home
        self.refresh(home)
        self.refresh(group)

    def neighbours(self, item: int) -> tuple[IntArray, IntArray, IntArray]:
        """Return (change of cost, group, other) of every move and swap of an item."""
        home = int(self.group_of[item])
        changes: list[IntArray] = []
        groups: list[IntArray] = []
        others: list[IntArray] = []
        partners = [g for g in self.open if g != home]
        swapped = [np.array([-1, *self.members[g]], dtype=np.int64) for g in partners]
        if not partners:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
        every = np.concatenate(swapped)
        left = self.changed(home, np.full(len(every), item), every) - self.cost_of[home]
        for g, other in zip(partners, swapped, strict=True):
            changes.append(self.changed(int(g), other, np.full(len(other), item)) - self.cost_of[g])
            groups.append(np.full(len(other), g))
            others.append(other)
        return np.concatenate(changes) + left, np.concatenate(groups), np.concatenate(others)


def start(kernel: Kernel, open_groups: IntArray, rng: np.random.Generator) -> IntArray:
    """Return a division made by adding items, in random order, where they cost least per place taken.

    Groups are filled evenly: only groups with the fewest members so far are candidates, and groups that an item is
    not allowed in come last.
    """
    problem = kernel.problem
    group_of: IntArray = np.full(len(problem.size), -1, dtype=np.int64)
    order = rng.permutation(len(problem.size))
    choices = problem.allowed[:, open_groups].sum(axis=1)
    order = order[np.argsort(choices[order] - 2 * len(problem.groups) * problem.size[order], kind="stable")]
    dims = {g: kernel.kinds[kernel.kind_of[g]].dims for g in map(int, open_groups)}
    sums = {g: [dim.fixed.copy() for dim in dims[g]] for g in dims}
    sizes = dict.fromkeys(dims, 0)
    for i in map(int, order):
        fewest = min(sizes.values())

        def price(g: int, i: int = i, fewest: int = fewest) -> tuple[bool, bool, int, int]:
            full = sizes[g] + int(problem.size[i]) > problem.groups[g].hi
            grown = sum(int((s + d.points[i]).min() - s.min()) for s, d in zip(sums[g], dims[g], strict=True))
            return not problem.allowed[i, g], full, grown if sizes[g] <= fewest + 1 else grown + kernel.big, sizes[g]

        g = min(dims, key=price)
        group_of[i] = g
        sizes[g] += int(problem.size[i])
        for s, d in zip(sums[g], dims[g], strict=True):
            s += d.points[i]
    return group_of


def anneal(
    kernel: Kernel,
    group_of: IntArray,
    open_groups: IntArray,
    rng: np.random.Generator,
    clock: Clock,
    until: float,
    sweeps: int,
) -> Iterator[tuple[int, IntArray]]:
    """Yield (cost, division) whenever the search finds a better one, the start first.

    Parameters
    ----------
    until : point of time at which to stop, see :meth:`Clock.share`
    sweeps : steps per item before the search is cold
    """
    state = State(kernel, group_of, open_groups)
    best = state.cost
    yield best + kernel.offset, state.group_of.copy()
    n = len(group_of)
    width = sum(dim.points.shape[1] for dim in state.kind(int(open_groups[0])).dims) + 8
    steps = max(1, sweeps * n)
    typical = max(1.0, best / max(n, 1)) if best < kernel.big else max(1.0, kernel.big / 1000)
    hot, cold = 0.5 * typical, 0.01 * typical
    for step in range(steps):
        if clock.spent >= until:
            break
        item = int(rng.integers(n))
        change, group, other = state.neighbours(item)
        if not len(change):
            break
        clock.work(3 * len(change) * width)
        temperature = hot * (cold / hot) ** (step / steps)
        draw = np.append(change / temperature, 0.0) - rng.gumbel(size=len(change) + 1)
        chosen = int(np.argmin(draw))
        if chosen < len(change):
            state.move(item, int(group[chosen]), int(other[chosen]))
            if state.cost < best:
                best = state.cost
                yield best + kernel.offset, state.group_of.copy()
    improved = True
    while improved and clock.spent < until:
        improved = False
        for item in map(int, rng.permutation(n)):
            change, group, other = state.neighbours(item)
            clock.work(3 * len(change) * width)
            chosen = int(np.argmin(change)) if len(change) else -1
            if chosen >= 0 and change[chosen] < 0:
                state.move(item, int(group[chosen]), int(other[chosen]))
                improved = True
        if state.cost < best:
            best = state.cost
            yield best + kernel.offset, state.group_of.copy()
