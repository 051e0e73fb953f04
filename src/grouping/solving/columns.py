"""Column generation: groups priced into a linear master problem, and the bound that comes with every round.

The bound of a round is Lagrangian: for any integer prices of items, no division costs less than the sum of the
prices plus, for each group used, the least reduced cost that exact pricing found. It holds whether or not the
master problem has converged, and needs no floating point: the master only suggests the prices.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from ortools.math_opt.python import mathopt

from grouping.solving.climbing import climb
from grouping.solving.linear import solved
from grouping.solving.pricing import Node, Pricer, TimeUp, relaxed

if TYPE_CHECKING:
    from grouping.problem import BoolArray, IntArray
    from grouping.solving.clock import Clock
    from grouping.solving.kernel import Kernel

log = logging.getLogger(__name__)

_TAKEN = 60
"""Groups taken into the master from one pricing."""

_EFFORT = 6e6
"""Array entries after which a pricing that has already found good groups is broken off; it then proves no bound."""

_LARGEST_PRICE = 2**44
"""Prices are cut off here, in units, so that sums of them and what pricing packs with them fit into 64 bits."""

_DEAREST = 1e7
"""Largest cost in the linear problem; larger ones are scaled down, which keeps the linear solver accurate."""

_EASY_ROUNDS = 25
"""Rounds in a row that may do without exact pricing."""

_FEW_NEIGHBOURS = 50_000
"""Exchanges of one item in the groups in use up to which all of them are tried; beyond, the answers are improved."""

_FEW_COLUMNS = 6_000
"""Known groups up to which the linear problem begins with all of them."""

_LINEAR_WORK = 1_000.0
"""Array entries that solving the linear problem counts as, for each group in it."""

_KNOWN = 5_000
"""Groups found last that tell how cheap a group can be."""

_ENOUGH = 6
"""Improving neighbours of the groups in use that make a pricing unnecessary for now."""

Prices = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Column:
    """A group: its kind, its items (as bytes of a 0/1 row) and its cost."""

    kind: int
    items: bytes
    cost: int

    @property
    def row(self) -> BoolArray:
        """The items as a row of flags."""
        return np.frombuffer(self.items, dtype=np.bool_)


class Pool:
    """All groups seen so far, each once, with exact costs; groups that break a rule are left out."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.columns: list[Column] = []
        self._seen: set[tuple[int, bytes]] = set()

    def add(self, kind: int, sets: BoolArray) -> list[Column]:
        """Add sets of items as groups of a kind; return the new ones that keep every rule."""
        sets = np.ascontiguousarray(sets)
        new = [row for row, s in enumerate(sets) if (kind, s.tobytes()) not in self._seen]
        if not new:
            return []
        costs = self.kernel.kinds[kind].costs(sets[new])
        found = []
        for row, cost in zip(new, costs.tolist(), strict=True):
            key = (kind, sets[row].tobytes())
            if key in self._seen:
                continue
            self._seen.add(key)
            if cost < self.kernel.limit:
                found.append(Column(*key, cost))
        self.columns += found
        return found

    def add_division(self, group_of: IntArray) -> list[Column]:
        """Add the groups of a whole division; return the new ones."""
        found = []
        for k, kind in enumerate(self.kernel.kinds):
            sets = np.array([group_of == g for g in kind.groups])
            found += self.add(k, sets[(sets @ self.kernel.problem.size) > 0])
        return found


class StalledError(Exception):
    """The linear solver gave no prices; what was proven before still holds."""


class Master:
    """The linear problem: each item in exactly one of the known groups, at least cost.

    Every item has an artificial way out, so the problem always has a solution.

    Parameters
    ----------
    way_out : price of doing without a group; None takes one beyond any division, for when no division is known
    """

    def __init__(self, kernel: Kernel, way_out: int | None = None) -> None:
        problem = kernel.problem
        self.kernel = kernel
        self.model = mathopt.Model()
        self.model.objective.is_maximize = False
        self.items = [self.model.add_linear_constraint(lb=1.0, ub=1.0) for _ in problem.size]
        self.counts = [
            self.model.add_linear_constraint(lb=float(len(k.groups) if k.required else 0), ub=float(len(k.groups)))
            for k in kernel.kinds
        ]
        self.total = self.model.add_linear_constraint(lb=float(problem.least), ub=float(problem.at_most))
        dearest = float(kernel.big if way_out is None else way_out)
        self.factor = max(1.0, dearest / _DEAREST)
        for row in (*self.items, *self.counts, self.total):
            missing = self.model.add_variable(lb=0.0)
            row.set_coefficient(missing, 1.0)
            self.model.objective.set_linear_coefficient(missing, dearest / self.factor)
        self.result: mathopt.SolveResult
        self.uses: list[tuple[Column, mathopt.Variable]] = []
        self.solver = mathopt.IncrementalSolver(self.model, mathopt.SolverType.GLOP)

    def add(self, columns: Iterable[Column]) -> None:
        """Add groups."""
        for column in columns:
            use = self.model.add_variable(lb=0.0)
            self.model.objective.set_linear_coefficient(use, column.cost / self.factor)
            for item in np.flatnonzero(column.row):
                self.items[item].set_coefficient(use, 1.0)
            self.counts[column.kind].set_coefficient(use, 1.0)
            self.total.set_coefficient(use, 1.0)
            self.uses.append((column, use))

    def solve(self, limits: mathopt.SolveParameters | None = None) -> tuple[Prices, Prices, list[Column]]:
        """Return the price of each item, the price of one more group of each kind, and the groups in use."""
        result = solved(self.solver, limits)
        if result is None or not result.has_dual_feasible_solution():
            result = solved(self.model, limits)  # afresh, without the last basis
        if result is None or not result.has_dual_feasible_solution():
            raise StalledError("no prices" if result is None else str(result.termination.reason))
        self.result = result
        duals = self.result.dual_values()
        price = np.array([duals[row] for row in self.items], dtype=np.float64)
        per_group = duals[self.total] + np.array([duals[row] for row in self.counts], dtype=np.float64)
        used = [column for (column, _), value in zip(self.uses, self.values(), strict=True) if value > 1e-9]
        return price * self.factor, per_group * self.factor, used

    def values(self) -> Prices:
        """Return how much of each group the last solution uses, in the order they were added."""
        return np.array(self.result.variable_values([use for _, use in self.uses]), dtype=np.float64)

    def add_cut(self, inside: Iterable[int]) -> mathopt.LinearConstraint:
        """Demand that at most one of these groups (by order of addition) is used."""
        row = self.model.add_linear_constraint(lb=-float("inf"), ub=1.0)
        self.extend_cut(row, inside)
        return row

    def extend_cut(self, row: mathopt.LinearConstraint, inside: Iterable[int]) -> None:
        """Bring more groups (by order of addition) under a cut."""
        for column in inside:
            row.set_coefficient(self.uses[column][1], 1.0)

    def add_limit(self, uses: Sequence[float], most: float, dearest: float) -> mathopt.LinearConstraint:
        """Demand that the groups added so far together use at most so much; each unit beyond it costs ``dearest``."""
        row = self.model.add_linear_constraint(ub=most)
        beyond = self.model.add_variable(lb=0.0)
        row.set_coefficient(beyond, -1.0)
        self.model.objective.set_linear_coefficient(beyond, dearest / self.factor)
        for (_, use), value in zip(self.uses, uses, strict=True):
            row.set_coefficient(use, value)
        return row

    def dual(self, row: mathopt.LinearConstraint) -> float:
        """Return the price of a row in the last solution."""
        return float(self.result.dual_values(row)) * self.factor


def integer_prices(kernel: Kernel, price: Prices) -> IntArray:
    """Return prices in units of the kernel; any integers prove a bound, and these are the nearest."""
    most = _LARGEST_PRICE / kernel.unit
    found: IntArray = np.rint(np.clip(price, -most, most) * kernel.unit).astype(np.int64)
    return found


def cheapest_use(kernel: Kernel, least: Sequence[int], one_of: int | None = None) -> int:
    """Return the least sum of reduced costs over the groups of any division.

    Parameters
    ----------
    least : per kind, a lower limit of the reduced cost of each of its groups
    one_of : a kind of which at least one group is used
    """
    problem = kernel.problem
    fixed = [len(kind.groups) if kind.required else int(k == one_of) for k, kind in enumerate(kernel.kinds)]
    total, used = sum(count * value for count, value in zip(fixed, least, strict=True)), sum(fixed)
    for value, k in sorted((value, k) for k, value in enumerate(least)):
        free = len(kernel.kinds[k].groups) - fixed[k]
        wanted = free if value < 0 else min(free, max(problem.least - used, 0))
        taken = max(min(wanted, problem.at_most - used), 0)
        total, used = total + taken * value, used + taken
    return total


def _neighbours(sets: BoolArray, allowed: BoolArray) -> BoolArray:
    """Return each set with one item more, one less, or one exchanged, each once."""
    n = sets.shape[1]
    flips = np.eye(n, dtype=np.bool_)
    single = (sets[:, None, :] ^ flips[None, :, :]).reshape(-1, n)
    found = [single]
    for row in sets:
        inside, outside = np.flatnonzero(row), np.flatnonzero(~row & allowed)
        out, into = (side.ravel() for side in np.meshgrid(inside, outside, indexing="ij"))
        swapped = np.repeat(row[None, :], len(out), axis=0)
        swapped[np.arange(len(out)), out] = False
        swapped[np.arange(len(out)), into] = True
        found.append(swapped)
    every = np.vstack(found)
    packed = np.packbits(every, axis=1)
    _, first = np.unique(packed, axis=0, return_index=True)
    return every[np.sort(first)]


class _Waiting:
    """Known groups that are not in the linear problem yet; they join when prices call for them."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = list(columns)
        items = [np.flatnonzero(column.row) for column in columns]
        self.items = np.concatenate(items) if items else np.zeros(0, dtype=np.int64)
        self.begins = np.cumsum([0, *(len(some) for some in items)])[:-1].astype(np.int64)
        self.cost = np.array([column.cost for column in columns], dtype=np.float64)
        self.kind = np.array([column.kind for column in columns], dtype=np.int64)
        self.here = np.ones(len(self.columns), dtype=np.bool_)

    def __len__(self) -> int:
        return int(self.here.sum())

    def take(self, which: IntArray) -> list[Column]:
        """Return some of the groups, which wait no longer."""
        self.here[which] = False
        return [self.columns[i] for i in which.tolist()]

    def cheapest(self, price: Prices, per_group: Prices, most: int, below: float = -1e-6) -> list[Column]:
        """Return the groups of least reduced cost, if it is less than ``below``; they wait no longer."""
        if not self.here.any():
            return []
        reduced = self.cost - np.add.reduceat(price[self.items], self.begins) - per_group[self.kind]
        reduced[~self.here] = np.inf
        order = np.argsort(reduced, kind="stable")[:most]
        return self.take(order[reduced[order] < below])


@dataclass
class Bound:
    """What column generation has proven, and the prices that prove it.

    Attributes
    ----------
    cost : no division costs less; None before the first complete round
    scaled : the same before rounding and without what every division pays, in units of the kernel
    price : per item, in units
    least : per kind, a lower limit of the reduced cost of its groups at these prices, in units
    rounds : how often groups were priced
    """

    cost: int | None = None
    scaled: int | None = None
    price: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    least: list[int] = field(default_factory=list)
    rounds: int = 0


class Generation:
    """Column generation over all kinds of groups of a kernel.

    What pricing cannot price is left out of the linear problem too: its value is then a bound for what is left.

    Parameters
    ----------
    pool : groups known; those found are added to it
    way_out : see :class:`Master`
    """

    def __init__(self, kernel: Kernel, pool: Pool, clock: Clock, way_out: int | None = None) -> None:
        self.kernel = kernel.with_kinds(tuple(relaxed(kind, kernel.unit) for kind in kernel.kinds))
        self.found = pool
        self.clock = clock
        self.pricers = [Pricer(kind, unit=kernel.unit) for kind in self.kernel.kinds]
        if any(kind is not other for kind, other in zip(kernel.kinds, self.kernel.kinds, strict=True)):
            self.pool = Pool(self.kernel)
            for k in range(len(kernel.kinds)):
                rows = [column.row for column in pool.columns if column.kind == k]
                self.pool.add(k, np.array(rows).reshape(len(rows), len(kernel.problem.size)))
        else:
            self.pool = pool
        self.bound = Bound()
        self.master = Master(self.kernel, way_out)
        self.most_new = max(_TAKEN, len(kernel.problem.size) // 2)
        self.waiting = _Waiting(self.pool.columns)
        if len(self.pool.columns) <= _FEW_COLUMNS:
            self.master.add(self.waiting.take(np.arange(len(self.pool.columns))))

    def run(
        self,
        until: float,
        upper: Callable[[], int],
        on_round: Callable[[], None],
        guess: Prices | None = None,
    ) -> bool:
        """Price groups until the bound meets the best plan, nothing improves, or time is up.

        Parameters
        ----------
        until : point of time at which to stop
        upper : returns the cost of the best plan so far, kernel.limit if there is none
        on_round : called after every round
        guess : prices to start from, such as each member's share in the cost of a good plan

        Returns
        -------
        True when the linear problem is solved, so that more rounds cannot raise the bound
        """
        self.begin(guess)
        smooth, easy = 0.3, 0
        centre: tuple[Prices, Prices] | None = None if guess is None else (guess, np.zeros(len(self.pricers)))
        while True:
            try:
                price, per_group, new = self.round()
            except StalledError as stalled:
                log.warning("column generation stopped: %s", stalled)
                return False
            if centre is None:
                centre = (price, per_group)
            easy = easy + 1 if len(new) >= _ENOUGH else 0
            if 0 < easy < _EASY_ROUNDS:
                if self.clock.spent >= until:
                    return False
                continue
            while True:
                mixed = smooth * centre[0] + (1 - smooth) * price
                mixed_group = smooth * centre[1] + (1 - smooth) * per_group
                try:
                    scaled, new = self._price(mixed, mixed_group, until)
                except TimeUp:
                    return False
                self.bound.rounds += 1
                if scaled is not None and (self.bound.scaled is None or scaled > self.bound.scaled):
                    self.claim(scaled, integer_prices(self.kernel, mixed), self._least)
                    centre = (mixed, mixed_group)
                on_round()
                if self.bound.cost is not None and self.bound.cost >= upper():
                    return True
                if new:
                    easy = 0
                    break
                if smooth == 0:
                    return True
                smooth = 0.0 if smooth < 0.3 else smooth / 2
            smooth = 0.3 if smooth > 0 else 0.4
            self.master.add(new)

    def _near(self, basis: Sequence[Column], price: Prices, per_group: Prices) -> list[Column]:
        """Return new groups of negative reduced cost near groups in use."""
        integers, extra = integer_prices(self.kernel, price), integer_prices(self.kernel, per_group).tolist()
        new: list[Column] = []
        for k, (kind, pricer) in enumerate(zip(self.kernel.kinds, self.pricers, strict=True)):
            rows = [column.row for column in basis if column.kind == k]
            if not rows or not pricer.levels:
                continue
            if len(rows) * len(integers) * kind.hi <= _FEW_NEIGHBOURS:
                sets = _neighbours(np.array(rows), kind.allowed)
                sizes = sets @ kind.size
                sets = sets[(sizes >= kind.lo) & (sizes <= kind.hi)]
                self.clock.work(float(len(sets) * sum(len(level.fixed) for level in pricer.levels)))
            else:
                self.clock.work(float(len(rows) * (10 * len(integers) + 16_000 * len(pricer.levels))))
                sets = climb(pricer, integers, np.array(rows))
            reduced = self.kernel.unit * kind.costs(sets) - sets @ integers
            order = np.argsort(reduced, kind="stable")[: 2 * self.most_new]
            new += self.take(k, sets[order[reduced[order] < extra[k]]][: self.most_new])
        return new

    def begin(self, guess: Prices | None) -> None:
        """Give the linear problem the groups that suit a guess, when there are too many to take all of them."""
        if len(self.waiting):
            price = np.zeros(len(self.kernel.problem.size)) if guess is None else guess
            self.master.add(self.waiting.cheapest(price, np.zeros(len(self.pricers)), 2 * len(price), float("inf")))

    def round(self) -> tuple[Prices, Prices, list[Column]]:
        """Solve the linear problem; return the prices of items and of groups of each kind, and groups that join it."""
        price, per_group, basis = self.master.solve()
        self.clock.work(_LINEAR_WORK * len(self.master.uses))
        new = self._near(basis, price, per_group) + self.waiting.cheapest(price, per_group, self.most_new)
        self.master.add(new)
        return price, per_group, new

    def take(self, k: int, sets: BoolArray) -> list[Column]:
        """Return groups for the linear problem, those of the sets that are new."""
        if self.found is not self.pool:
            self.found.add(k, sets)
        return self.pool.add(k, sets)

    def claim(self, scaled: int, price: IntArray, least: Sequence[int]) -> None:
        """Take note of a bound, in units, and of the prices that prove it."""
        cost = self.kernel.rounded(scaled)
        self.bound.scaled = scaled
        self.bound.cost = cost if self.bound.cost is None else max(cost, self.bound.cost)
        self.bound.price = price
        self.bound.least = list(least)

    def _price(self, price: Prices, per_group: Prices, until: float) -> tuple[int | None, list[Column]]:
        """Return the Lagrangian bound at these prices, in units, and new groups of negative reduced cost.

        The bound is None when pricing was broken off because it had found enough.
        """
        integers, extra = integer_prices(self.kernel, price), integer_prices(self.kernel, per_group).tolist()
        new: list[Column] = []
        self._least: list[int] = []
        whole = True
        for k, pricer in enumerate(self.pricers):
            least, found, complete = self._price_kind(k, pricer, integers, extra[k], until)
            new += found
            whole = whole and complete
            self._least.append(least)
        return int(integers.sum()) + cheapest_use(self.kernel, self._least) if whole else None, new

    def _price_kind(
        self, k: int, pricer: Pricer, price: IntArray, extra: int, until: float
    ) -> tuple[int, list[Column], bool]:
        """Return a lower limit of the reduced cost of any group of this kind, new groups, and whether the search ended.

        Groups that cost more than the dearest of interest are not looked for: the limit is then that cost. Of interest
        is what is cheaper than ``extra``, the price of a group, and what may be the cheapest, judged by a known one.
        """
        unit = self.kernel.unit
        known = [column for column in self.pool.columns[-_KNOWN:] if column.kind == k]
        cutoff = [unit * self.kernel.big * (len(price) + 2)]
        if known:
            rows = np.array([column.row for column in known])
            costs = np.array([column.cost for column in known], dtype=np.int64)
            self.clock.work(float(rows.size))
            cutoff = [max(extra, int((unit * costs - rows @ price).min()) + 1)]
        least = cutoff[0]
        kept: list[Node] = []
        new: list[Column] = []
        begun = self.clock.handled
        for leaf in pricer.leaves(price, self.clock, until, cutoff):
            least = min(least, int(leaf.low.min(initial=least)))
            kept.append(leaf.take(np.argsort(leaf.low, kind="stable")[:_TAKEN]))
            cutoff[0] = min(cutoff[0], least if least >= extra else max(least, extra + 2 * (least - extra) // 3))
            if self.clock.handled - begun > _EFFORT and least < extra:
                new += self._columns(k, pricer, kept, price, extra)
                kept = []
                if len(new) >= _TAKEN // 2:
                    return least, new, False
        if kept:
            new += self._columns(k, pricer, kept, price, extra)
        return least, new, True

    def _columns(self, k: int, pricer: Pricer, leaves: list[Node], price: IntArray, extra: int) -> list[Column]:
        """Return the groups of these leaves that are new, keep every rule, and have negative reduced cost."""
        value = np.concatenate([leaf.low for leaf in leaves])
        order = np.argsort(value, kind="stable")
        sets = np.vstack([pricer.sets(leaf) for leaf in leaves])[order[: 2 * _TAKEN]]
        reduced = self.kernel.unit * self.kernel.kinds[k].costs(sets) - sets @ price
        return self.take(k, sets[reduced < extra])
