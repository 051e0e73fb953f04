"""The linear relaxation of the edge model, with cuts found as they are broken, and bounds in exact integers.

The linear solver only suggests prices of rows. Rounded to integers they prove a bound, whatever they are: what the rows
say at these prices, plus, for every edge, the better of being together or not. So no tolerance of the linear solver
is in any claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from ortools.math_opt.python import mathopt

from grouping.solving.edges import FREE
from grouping.solving.linear import solved

if TYPE_CHECKING:
    from grouping.problem import IntArray
    from grouping.solving.clock import Clock
    from grouping.solving.edges import Edges

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_BROKEN = 1e-3
"""By how much a cut has to be broken to be added."""

_CUTS_PER_NODE = 12
_MOST_CUTS = 3000
"""Cuts added at once."""

_FEW = 50
"""Broken triangles below which other cuts are looked for."""

_CAMP_STARTS = 6
"""Pairs of each node from which camps are grown."""

_IDLE = 6
"""Solutions in a row in which a cut does not bind before it is dropped."""

_WAY_OUT = 1000.0
"""Price of breaking a row by its largest factor, in dearest edges."""

_DEAREST = 1e4
"""Largest cost in the linear problem; larger ones are scaled down, which keeps the linear solver accurate."""


@dataclass(frozen=True)
class Row:
    """low ≤ Σ factor × edge ≤ high, in integers."""

    edges: IntArray
    factors: IntArray
    low: int
    high: int


@dataclass(frozen=True)
class Relaxed:
    """One solution of the linear problem.

    Attributes
    ----------
    x : value of each edge
    scaled : proven lower limit of the cost of the edges, times ``unit``
    reduced : integer, per edge: what the limit rises by when the edge takes the other value
    unit : the scale
    """

    x: FloatArray
    scaled: int
    reduced: IntArray
    unit: int

    @property
    def bound(self) -> int:
        """The proven limit, rounded up."""
        return -(-self.scaled // self.unit)


class EdgeBound:
    """The linear problem over the edges that can be together, at least cost.

    Parameters
    ----------
    edges : the model
    clock : asked for time
    """

    def __init__(self, edges: Edges, clock: Clock) -> None:
        self.model_of, self.clock = edges, clock
        self.nodes = len(edges.cost)
        self.first, self.second = (side.astype(np.int64) for side in np.nonzero(np.triu(~edges.apart, 1)))
        self.cost: IntArray = edges.cost[self.first, self.second]
        self.count = len(self.cost)
        self.index = np.full((self.nodes, self.nodes), -1, dtype=np.int64)
        self.index[self.first, self.second] = self.index[self.second, self.first] = np.arange(self.count)
        self.unit = self._unit()
        self.factor = max(1.0, float(np.abs(self.cost).max(initial=0)) / _DEAREST)
        self.low: IntArray = np.zeros(self.count, dtype=np.int64)
        self.high: IntArray = np.ones(self.count, dtype=np.int64)
        self.model = mathopt.Model()
        self.model.objective.is_maximize = False
        self.x = [self.model.add_variable(lb=0.0, ub=1.0) for _ in range(self.count)]
        for variable, cost in zip(self.x, self.cost.tolist(), strict=True):
            if cost:
                self.model.objective.set_linear_coefficient(variable, cost / self.factor)
        self.rows: list[Row] = []
        self.kept: list[bool] = []
        self.lines: list[mathopt.LinearConstraint] = []
        self.idle: list[int] = []
        self.known: set[bytes] = set()
        for row in self._limits():
            self._add(row, kept=True)
        self.solver = mathopt.IncrementalSolver(self.model, mathopt.SolverType.GLOP)

    def _unit(self) -> int:
        """Return the scale of prices: as fine as leaves room for sums of them in 64 bits, see :meth:`_proven`."""
        largest = (int(np.abs(self.cost).max(initial=0)) + 1) * (self.count + 1)
        return next((unit for unit in (4096, 256, 16, 2, 1) if unit * largest < 2**52), 0)

    def _limits(self) -> list[Row]:
        rows = []
        for limit in self.model_of.limits:
            for v in range(self.nodes):
                others = np.flatnonzero((self.index[v] >= 0) & (limit.amount != 0))
                factors = limit.amount[others]
                low, high = int(limit.low[v]), int(limit.high[v])
                if low > 0 or high < factors.sum():
                    rows.append(Row(self.index[v, others], factors, low, high))
        pairs = self.model_of.members[self.first] * self.model_of.members[self.second]
        some = np.flatnonzero(pairs)
        if self.model_of.fewest > 0 or self.model_of.most < pairs.sum():
            rows.append(Row(some, pairs[some], self.model_of.fewest, self.model_of.most))
        return rows

    def _add(self, row: Row, kept: bool = False) -> None:
        low = -float("inf") if row.low <= -FREE // 2 else float(row.low)
        high = float("inf") if row.high >= FREE // 2 else float(row.high)
        line = self.model.add_linear_constraint(lb=low, ub=high)
        if kept or row.low > -FREE // 2:
            self._way_out(line, row)
        for edge, factor in zip(row.edges.tolist(), row.factors.tolist(), strict=True):
            line.set_coefficient(self.x[edge], float(factor))
        self.rows.append(row)
        self.kept.append(kept)
        self.lines.append(line)
        self.idle.append(0)

    def _way_out(self, line: mathopt.LinearConstraint, row: Row) -> None:
        """Let a row be broken at a high price, so that there is a solution, and prices, where no division is."""
        price = _WAY_OUT * float(np.abs(self.cost).max(initial=1)) / self.factor
        for sign, limit in ((1.0, row.low), (-1.0, row.high)):
            if abs(limit) < FREE // 2:
                missing = self.model.add_variable(lb=0.0)
                line.set_coefficient(missing, sign * float(row.factors.max(initial=1)))
                self.model.objective.set_linear_coefficient(missing, price)

    def fix(self, low: IntArray, high: IntArray) -> None:
        """Demand that the edges lie within these limits, each 0 or 1."""
        for e in np.flatnonzero((low != self.low) | (high != self.high)):
            self.x[e].lower_bound, self.x[e].upper_bound = float(low[e]), float(high[e])
        self.low, self.high = low.copy(), high.copy()

    def solve(self, until: float) -> Relaxed | None:
        """Return a solution of the linear problem as it is, None when time is up or the solver fails."""
        left = self.clock.before(until)
        if left <= 0 or not self.unit:
            return None
        if self.clock.reproducible:
            limits = mathopt.SolveParameters(iteration_limit=100_000)
        else:
            limits = mathopt.SolveParameters(time_limit=timedelta(seconds=left))
        result = solved(self.solver, limits)
        if result is None:
            return None
        self.clock.work(50.0 * (result.solve_stats.simplex_iterations + 10) * (len(self.rows) + 10))
        if not (result.has_dual_feasible_solution() and result.has_primal_feasible_solution()):
            return None
        x = np.array(result.variable_values(self.x))
        price = np.array(result.dual_values(self.lines)) * self.factor
        for r, binding in enumerate(price):
            self.idle[r] = 0 if abs(binding) > 1e-9 else self.idle[r] + 1
        return self._proven(x, price)

    def _proven(self, x: FloatArray, price: FloatArray) -> Relaxed | None:
        """Return what integer prices near these prove, None when the sums might not fit into 64 bits."""
        unit = self.unit
        most = int(np.abs(self.cost).max(initial=0) + 1) * max(self.nodes, 2 * int(_WAY_OUT))
        whole = np.rint(np.clip(price, -most, most) * unit).astype(np.int64)
        reduced: IntArray = self.cost * unit
        size = np.abs(reduced).astype(np.float64)
        total = 0
        for row, p in zip(self.rows, whole.tolist(), strict=True):
            at = row.low if p > 0 else row.high
            if p and abs(at) < FREE // 2:
                size[row.edges] += abs(float(p)) * np.abs(row.factors)
                reduced[row.edges] -= p * row.factors
                total += p * at
        if size.sum() > 2.0**61:
            return None
        total += int(np.minimum(reduced * self.low, reduced * self.high).sum())
        return Relaxed(x, total, reduced, unit)

    def drop_idle(self) -> None:
        """Take cuts out that have not bound for a while."""
        gone = [not kept and idle >= _IDLE for kept, idle in zip(self.kept, self.idle, strict=True)]
        if sum(gone) < 500:
            return
        for row, line, out in zip(self.rows, self.lines, gone, strict=True):
            if out:
                self.model.delete_linear_constraint(line)
                self.known.discard(row.edges.tobytes())
        stay = [not out for out in gone]
        self.rows = [row for row, s in zip(self.rows, stay, strict=True) if s]
        self.kept = [kept for kept, s in zip(self.kept, stay, strict=True) if s]
        self.lines = [line for line, s in zip(self.lines, stay, strict=True) if s]
        self.idle = [idle for idle, s in zip(self.idle, stay, strict=True) if s]

    def cut(self, x: FloatArray) -> int:
        """Add cuts that a solution breaks; return how many."""
        table = np.zeros((self.nodes, self.nodes))
        table[self.first, self.second] = table[self.second, self.first] = x
        found = self._triangles(table)
        self.clock.work(4.0 * self.nodes**3)
        if len(found) < _FEW:
            found += self._stars(table)
            found += self._camps(table)
            found += self._crowds(table)
        new = 0
        for _, row in sorted(found, key=lambda pair: -pair[0])[:_MOST_CUTS]:
            key = row.edges.tobytes()
            if key not in self.known:
                self.known.add(key)
                self._add(row)
                new += 1
        return new

    def _triangles(self, table: FloatArray) -> list[tuple[float, Row]]:
        """Return broken cuts "i with j and j with k means i with k"."""
        found = []
        for j in range(self.nodes):
            near = np.flatnonzero(table[j] > _BROKEN)
            if len(near) < 2:
                continue
            over = table[j, near][:, None] + table[j, near][None, :] - table[np.ix_(near, near)] - 1
            a, b = np.nonzero(np.triu(over > _BROKEN, 1))
            if len(a) > _CUTS_PER_NODE:
                best = np.argpartition(-over[a, b], _CUTS_PER_NODE)[:_CUTS_PER_NODE]
                a, b = a[best], b[best]
            for i, k, by in zip(near[a].tolist(), near[b].tolist(), over[a, b].tolist(), strict=True):
                found.append((by, self._row([(i, j, 1), (j, k, 1), (i, k, -1)], -FREE, 1)))
        return found

    def _row(self, entries: list[tuple[int, int, int]], low: int, high: int) -> Row:
        """Return a row from (node, node, factor); pairs that are never together are left out."""
        some = [(int(self.index[i, j]), factor) for i, j, factor in entries if self.index[i, j] >= 0]
        return Row(
            np.array([e for e, _ in some], dtype=np.int64), np.array([f for _, f in some], dtype=np.int64), low, high
        )

    def _stars(self, table: FloatArray) -> list[tuple[float, Row]]:
        """Return broken cuts "of nodes that are not together, at most one is with i"."""
        found = []
        for i in range(self.nodes):
            near = np.flatnonzero((table[i] > _BROKEN) & (table[i] < 1 - _BROKEN))
            if len(near) < 3:
                continue
            order = near[np.argsort(-table[i, near], kind="stable")]
            for begin in order[:6].tolist():
                chosen = [begin]
                gain = float(table[i, begin])
                beside = table[begin].copy()
                for t in order.tolist():
                    if t != begin and table[i, t] - beside[t] > _BROKEN:
                        chosen.append(t)
                        gain += float(table[i, t] - beside[t])
                        beside += table[t]
                if len(chosen) > 2 and gain > 1 + 10 * _BROKEN:
                    chosen.sort()
                    entries = [(i, t, 1) for t in chosen]
                    entries += [(s, t, -1) for n, s in enumerate(chosen) for t in chosen[n + 1 :]]
                    found.append((gain - 1, self._row(entries, -FREE, 1)))
        return found

    def _camps(self, table: FloatArray) -> list[tuple[float, Row]]:
        """Return broken cuts "of two camps, few pairs across are together unless pairs within are".

        Σ across − Σ within the one − Σ within the other ≤ the size of the smaller camp (Grötschel and Wakabayashi 1990,
        2-partition inequalities). From a pair that is partly together, the node that gains most joins its camp as long
        as one gains; one that makes the smaller camp larger has to gain more than 1.
        """
        found: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}
        for i in range(self.nodes):
            near = np.flatnonzero((table[i] > _BROKEN) & (table[i] < 1 - _BROKEN))
            for begin in near[np.argsort(-table[i, near], kind="stable")][:_CAMP_STARTS].tolist():
                camps, over = _grown(table, i, begin)
                if over > 10 * _BROKEN and min(map(len, camps)) > 1:
                    found[camps] = over
        rows = []
        for (one, other), over in found.items():
            entries = [(s, t, 1) for s in one for t in other]
            entries += [(s, t, -1) for camp in (one, other) for n, s in enumerate(camp) for t in camp[n + 1 :]]
            rows.append((over, self._row(entries, -FREE, min(len(one), len(other)))))
        return rows

    def _crowds(self, table: FloatArray) -> list[tuple[float, Row]]:
        """Return broken cuts "of more nodes than groups, some two are together"."""
        count = self.model_of.groups + 1
        if count > min(self.nodes, 12):
            return []
        found = []
        for i in range(self.nodes):
            chosen, beside, total = [i], table[i].copy(), 0.0
            beside[i] = np.inf
            for _ in range(count - 1):
                t = int(beside.argmin())
                total += float(beside[t])
                chosen.append(t)
                beside += table[t]
                beside[t] = np.inf
            if total < 1 - 10 * _BROKEN:
                chosen.sort()
                entries = [(s, t, 1) for n, s in enumerate(chosen) for t in chosen[n + 1 :]]
                found.append((1 - total, self._row(entries, 1, FREE)))
        return found


def _grown(table: FloatArray, first: int, second: int) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], float]:
    """Return two camps grown from two nodes, the one with the lower node first, and by how much their cut is broken."""
    camps = ([first], [second])
    gain = np.array([table[second] - table[first], table[first] - table[second]])  # of joining each camp
    gain[:, [first, second]] = -np.inf
    total = float(table[first, second])
    best, over = (camps[0][:], camps[1][:]), 0.0
    while True:
        sizes = len(camps[0]), len(camps[1])
        net = [float(gain[c].max()) - (sizes[c] < sizes[1 - c]) for c in (0, 1)]
        side = int(net[1] > net[0])
        if net[side] <= _BROKEN:
            break
        node = int(gain[side].argmax())
        total += float(gain[side, node])
        camps[side].append(node)
        gain[side] -= table[node]
        gain[1 - side] += table[node]
        gain[:, node] = -np.inf
        broken = total - min(len(camps[0]), len(camps[1]))
        if broken > over:
            best, over = (camps[0][:], camps[1][:]), broken
    one, other = sorted((tuple(sorted(best[0])), tuple(sorted(best[1]))))
    return (one, other), over
