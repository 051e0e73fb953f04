"""Local search: a constructive start, and heat-bath annealing over all moves and swaps of one item at a time.

For an item, the cost of every move to another group and of every swap with an item elsewhere is computed in one
batch from running sums, and one of them (or staying) is drawn with probability proportional to
exp(−change / temperature). That is Gibbs sampling on the neighbourhood; cooled down it becomes steepest descent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from grouping.problem import IntArray
    from grouping.solving.clock import Clock
    from grouping.solving.kernel import Dim, Kernel

_SUITABLE = 12
"""Groups that an item may move to or swap with, of those whose answers suit it best."""

_AT_RANDOM = 3
"""Groups besides them that are tried, picked at random."""

_HOT, _COLD, _COLDER = 0.25, 0.06, 0.02
"""Temperatures at which annealing begins and ends, long and short runs, as shares of what an item pays at the start."""

_MOST_SWEEPS = 1_000
"""Steps per item that are always enough."""

_VISITED = 0.4
"""Share of the annealing after which its divisions are worth being looked at."""

_DESCENT = 0.05
"""Share of the time that is kept for steepest descent after annealing."""

_WORTH_LISTING = 24
"""Options of a choice from which it pays to list those that can become the best one."""

_NOBODY = np.iinfo(np.int64).max // 4


@dataclass(frozen=True)
class _Near:
    """The options of a choice that can be a group's best one after one item joins and one leaves.

    Attributes
    ----------
    reach : how much more than the best option such an option costs at most
    listed : per group, these options, then the first of them again
    count : per group, how many they are
    """

    reach: int
    listed: IntArray
    count: IntArray

    @classmethod
    def of(cls, dim: Dim, rows: int) -> _Near | None:
        """Return the lists for so many groups; None where looking at all options is as quick."""
        options = dim.points.shape[1]
        if options < _WORTH_LISTING:
            return None
        most = int(dim.points.max(initial=0)) - int(dim.points.min(initial=0))
        return cls(2 * most, np.zeros((rows, options), dtype=np.int64), np.full(rows, options, dtype=np.int64))

    def refresh(self, row: int, paid: IntArray) -> None:
        """List the options of one group, given what it pays for each."""
        found = np.flatnonzero(paid <= paid.min() + self.reach)
        self.count[row] = len(found)
        self.listed[row, : len(found)] = found
        self.listed[row, len(found) :] = found[0]

    def options(self, rows: IntArray) -> IntArray | None:
        """Return the options of some groups as a table; None when they are too many to be worth it."""
        width = int(self.count[rows].max(initial=0))
        return self.listed[rows, :width] if 4 * width <= self.listed.shape[1] else None


class Family:
    """Groups whose items cost the same, though their limits and admissions may differ: summed in one table.

    Parameters
    ----------
    kernel : the problem
    groups : indices of the groups
    """

    def __init__(self, kernel: Kernel, groups: list[int]) -> None:
        kinds = [kernel.kinds[kernel.kind_of[g]] for g in groups]
        self.kind = kinds[0]
        self.groups = groups
        self.by_size = np.array([kind.by_size for kind in kinds])
        self.barred = np.array([~kind.allowed for kind in kinds]).astype(np.int64)
        largest = max(kind.hi for kind in kinds)
        self.tight = [bool(dim.room.min(initial=largest) < largest) for dim in self.kind.dims]
        rows = len(groups)
        self.size: IntArray = np.zeros(rows, dtype=np.int64)
        self.out: IntArray = np.zeros(rows, dtype=np.int64)
        self.pairs: IntArray = np.zeros(rows, dtype=np.int64)
        self.sums = [np.zeros((rows, dim.points.shape[1]), dtype=np.int64) for dim in self.kind.dims]
        self.amounts = [np.zeros(rows, dtype=np.int64) for _ in self.kind.tallies]
        self.best = [np.zeros(rows, dtype=np.int64) for _ in self.kind.seats]
        self.second = [np.zeros(rows, dtype=np.int64) for _ in self.kind.seats]
        self.answers = [np.zeros(rows, dtype=np.int64) for _ in self.kind.dims]
        self.near = [
            None if tight or dim.gates else _Near.of(dim, rows)
            for dim, tight in zip(self.kind.dims, self.tight, strict=True)
        ]
        self.gates = [
            [np.zeros((rows, gate.points.shape[1]), dtype=np.int64) for gate in d.gates] for d in kinds[0].dims
        ]
        self.beside = None if self.kind.pairs is None else np.zeros((rows, len(self.kind.size)), dtype=np.int64)

    def refresh(self, row: int, items: list[int]) -> None:
        """Compute the sums of one group afresh from its items."""
        kind = self.kind
        self.size[row] = kind.size[items].sum()
        self.out[row] = self.barred[row, items].sum()
        tables = zip(self.sums, self.gates, self.answers, self.near, kind.dims, strict=True)
        for sums, gates, answers, near, dim in tables:
            sums[row] = dim.points[items].sum(axis=0)
            paid = sums[row] + dim.fixed
            for table, gate in zip(gates, dim.gates, strict=True):
                table[row] = gate.points[items].sum(axis=0)
                paid += kind.big * gate.broken(table[row])
            answers[row] = paid.argmin()
            if near is not None:
                near.refresh(row, paid)
        for amounts, tally in zip(self.amounts, kind.tallies, strict=True):
            amounts[row] = tally.value[items].sum()
        for best, second, seat in zip(self.best, self.second, kind.seats, strict=True):
            held = np.sort(seat[items])[:2]
            best[row] = held[0] if len(held) else _NOBODY
            second[row] = held[1] if len(held) > 1 else _NOBODY
        if kind.pairs is not None and self.beside is not None:
            self.beside[row] = kind.pairs[:, items].sum(axis=1)
            self.pairs[row] = self.beside[row, items].sum() // 2

    def costs(self, rows: IntArray, less: IntArray, more: IntArray) -> IntArray:
        """Return what groups cost after changes.

        Parameters
        ----------
        rows : which group each change is about
        less, more : the item that leaves and the item that joins; -1 for nobody
        """
        kind, big = self.kind, self.kind.big
        goes, comes = less >= 0, more >= 0
        moving = bool(goes.any()), bool(comes.any())

        def after(now: IntArray, values: IntArray) -> IntArray:
            shape = (-1,) + (1,) * (values.ndim - 1)
            if moving[1]:
                now = now + (values[more] if comes.all() else values[more] * comes.reshape(shape))
            if moving[0]:
                now = now - (values[less] if goes.all() else values[less] * goes.reshape(shape))
            return now

        size = after(self.size[rows], kind.size)
        out = self.out[rows] + self.barred[rows, more] * comes - self.barred[rows, less] * goes
        total: IntArray = self.by_size[rows, size] + big * out
        tables = zip(kind.dims, self.sums, self.gates, self.tight, self.near, strict=True)
        for dim, sums, gates, tight, near in tables:
            options = None if near is None else near.options(rows)
            if options is not None:
                paid = sums[rows[:, None], options] + dim.fixed[options]
                if moving[1]:
                    paid += dim.points[more[:, None], options] * comes[:, None]
                if moving[0]:
                    paid -= dim.points[less[:, None], options] * goes[:, None]
                total += paid.min(axis=1)
                continue
            option = after(sums[rows], dim.points)
            if dim.fixed.any():
                option += dim.fixed
            if tight:
                option += big * np.maximum(size[:, None] - dim.room, 0)
            for table, gate in zip(gates, dim.gates, strict=True):
                option += big * gate.broken(after(table[rows], gate.points))
            total += option.min(axis=1)
        for tally, amounts in zip(kind.tallies, self.amounts, strict=True):
            total += tally.at(size, after(amounts[rows], tally.value))
        for seat, best, second in zip(kind.seats, self.best, self.second, strict=True):
            stays = np.where(goes & (seat[less] == best[rows]), second[rows], best[rows])
            total += np.minimum(np.minimum(stays, np.where(comes, seat[more], _NOBODY)), big)
        if kind.pairs is not None and self.beside is not None:
            total += self.pairs[rows] + self.beside[rows, more] * comes - self.beside[rows, less] * goes
            total -= np.where(goes & comes, kind.pairs[less, more], 0)
        if kind.highest is not None:
            total += kind.above(total, size)
        return total


class State:
    """A division with the running sums of every open group."""

    def __init__(self, kernel: Kernel, group_of: IntArray, open_groups: IntArray) -> None:
        self.kernel = kernel
        self.open = [int(g) for g in open_groups]
        self.group_of = group_of.copy()
        self.members: list[list[int]] = [[] for _ in kernel.problem.groups]
        for i, g in enumerate(group_of):
            self.members[g].append(i)
        alike: dict[int, list[int]] = {}
        for g in self.open:
            alike.setdefault(kernel.kinds[kernel.kind_of[g]].family, []).append(g)
        self.families = [Family(kernel, groups) for groups in alike.values()]
        self.place = {g: (f, row) for f, family in enumerate(self.families) for row, g in enumerate(family.groups)}
        self.cost_of: dict[int, int] = {}
        for g in self.open:
            self._refresh(g)

    @property
    def cost(self) -> int:
        """Cost of the division, without what no group pays."""
        return sum(self.cost_of.values())

    def _refresh(self, group: int) -> None:
        f, row = self.place[group]
        self.families[f].refresh(row, self.members[group])
        nobody = np.array([-1])
        self.cost_of[group] = int(self.families[f].costs(np.array([row]), nobody, nobody)[0])

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
        self._refresh(home)
        self._refresh(group)

    def near(self, item: int, rng: np.random.Generator) -> set[int]:
        """Return the groups that an item might well join: those whose answers suit it, and a few at random."""
        found = {self.open[i] for i in rng.integers(len(self.open), size=_AT_RANDOM)}
        for family in self.families:
            paid = self.kernel.big * family.barred[:, item]
            for answers, dim in zip(family.answers, family.kind.dims, strict=True):
                paid += dim.points[item, answers]
            if len(paid) > _SUITABLE:
                drawn = paid + rng.random(len(paid))  # among equals, any
                found.update(family.groups[row] for row in np.argpartition(drawn, _SUITABLE)[:_SUITABLE])
            else:
                found.update(family.groups)
        return found

    def neighbours(self, item: int, near: set[int] | None = None) -> tuple[IntArray, IntArray, IntArray]:
        """Return (change of cost, group, other) of the moves and swaps of an item; other is -1 for a move.

        Parameters
        ----------
        near : the groups to move to or to swap with; None means all
        """
        home = int(self.group_of[item])
        groups: list[int] = []
        others: list[int] = []
        spans: list[tuple[int, int, int]] = []
        for f, family in enumerate(self.families):
            begin = len(groups)
            for g in family.groups:
                if g != home and (near is None or g in near):
                    groups += [g] * (len(self.members[g]) + 1)
                    others += [-1, *self.members[g]]
            spans.append((f, begin, len(groups)))
        to, other = np.array(groups, dtype=np.int64), np.array(others, dtype=np.int64)
        change: IntArray = np.zeros(len(to), dtype=np.int64)
        if not len(to):
            return change, to, other
        f_home, row_home = self.place[home]
        alone = np.full(len(to), item)
        change += self.families[f_home].costs(np.full(len(to), row_home), alone, other) - self.cost_of[home]
        for f, begin, end in spans:
            if begin < end:
                rows = np.array([self.place[g][1] for g in groups[begin:end]])
                now = np.array([self.cost_of[g] for g in groups[begin:end]])
                change[begin:end] += self.families[f].costs(rows, other[begin:end], alone[begin:end]) - now
        return change, to, other


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
    alike: dict[int, list[int]] = {}
    for at, g in enumerate(open_groups.tolist()):
        alike.setdefault(kernel.kinds[kernel.kind_of[g]].family, []).append(at)
    families = [(np.array(rows), kernel.kinds[kernel.kind_of[open_groups[rows[0]]]].dims) for rows in alike.values()]
    sums = [[np.repeat(dim.fixed[None, :], len(rows), axis=0) for dim in dims] for rows, dims in families]
    sizes = np.zeros(len(open_groups), dtype=np.int64)
    most = np.array([problem.groups[g].hi for g in open_groups])
    paid = np.zeros(len(open_groups), dtype=np.int64)
    for i in map(int, order):
        price = kernel.big * (sizes > sizes.min() + 1)
        for (rows, dims), tables in zip(families, sums, strict=True):
            for dim, table in zip(dims, tables, strict=True):
                price[rows] += (table + dim.points[i]).min(axis=1)
        price -= paid
        price += 4 * kernel.big * (sizes + problem.size[i] > most) + 16 * kernel.big * ~problem.allowed[i, open_groups]
        at = int(np.lexsort((sizes, price))[0])
        group_of[i] = open_groups[at]
        sizes[at] += problem.size[i]
        paid[at] = 0
        for (rows, dims), tables in zip(families, sums, strict=True):
            for row in np.flatnonzero(rows == at):
                for dim, table in zip(dims, tables, strict=True):
                    table[row] += dim.points[i]
                    paid[at] += table[row].min()
    return group_of


def anneal(
    kernel: Kernel,
    group_of: IntArray,
    open_groups: IntArray,
    rng: np.random.Generator,
    clock: Clock,
    until: float,
    sweeps: int | None,
    visit: Callable[[IntArray], object] | None = None,
) -> Iterator[tuple[int, IntArray]]:
    """Yield (cost, division) whenever the search finds a better one, the start first.

    Parameters
    ----------
    until : point of time at which to stop, see :meth:`Clock.share`
    sweeps : steps per item before the search is cold; None takes as many as there is time for
    visit : called with the division now and then while it cools; it may not change it
    """
    state = State(kernel, group_of, open_groups)
    large = len(open_groups) > _SUITABLE + 2 * _AT_RANDOM

    def neighbours(item: int) -> tuple[IntArray, IntArray, IntArray]:
        return state.neighbours(item, state.near(item, rng) if large else None)

    best = state.cost
    yield best + kernel.offset, state.group_of.copy()
    n = len(group_of)
    width = sum(dim.points.shape[1] for dim in state.families[0].kind.dims) + 8
    steps = max(1, (_MOST_SWEEPS if sweeps is None else sweeps) * n)
    begun, every = clock.spent, max(1, n // 8)
    typical = max(1.0, best / max(n, 1)) if best < kernel.limit else max(1.0, kernel.big / 1000)
    hot, cold = _HOT * typical, (_COLD if sweeps is None else _COLDER) * typical
    for step in range(steps):
        if clock.spent >= until:
            break
        item = int(rng.integers(n))
        change, group, other = neighbours(item)
        if not len(change):
            break
        clock.work(3 * len(change) * width)
        cooled = step / steps
        if sweeps is None:
            cooled = max(cooled, (clock.spent - begun) / (until - begun))
            if cooled >= 1 - _DESCENT:
                break
        temperature = hot * (cold / hot) ** cooled
        if visit is not None and step % every == 0 and cooled > _VISITED:
            visit(state.group_of)
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
            change, group, other = neighbours(item)
            clock.work(3 * len(change) * width)
            chosen = int(np.argmin(change)) if len(change) else -1
            if chosen >= 0 and change[chosen] < 0:
                state.move(item, int(group[chosen]), int(other[chosen]))
                improved = True
        if state.cost < best:
            best = state.cost
            yield best + kernel.offset, state.group_of.copy()
