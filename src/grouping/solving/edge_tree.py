"""Branch and bound over the edge model: two nodes together or apart, until no open case can beat the best division.

Every case has a bound in exact integers (:mod:`grouping.solving.edge_bound`); the least of the open ones is a bound for
the problem. When a solution of the linear problem is a division into cliques, CP-SAT says what it costs as groups.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from grouping.problem import IntArray
    from grouping.solving.edge_bound import EdgeBound, Relaxed

_ROUNDS = 40
"""Rounds of cuts in one case at most."""

_WHOLE = 1e-5


@dataclass(order=True)
class Case:
    """Edges fixed to be together or apart, and what any division within costs at least, in units of the bound."""

    scaled: int
    order: int
    low: IntArray = field(compare=False)
    high: IntArray = field(compare=False)


class EdgeTree:
    """Best-first branch and bound.

    Parameters
    ----------
    bound : the linear problem
    target : returns the largest cost of the edges of a division of interest
    settle : takes a clique number per node; returns the least cost of edges of that division as groups, None if unknown
    on_bound : called with each new bound for all divisions, in cost of edges
    """

    def __init__(
        self,
        bound: EdgeBound,
        target: Callable[[], int],
        settle: Callable[[IntArray], int | None],
        on_bound: Callable[[int], None],
    ) -> None:
        self.bound, self.target, self.settle, self.on_bound = bound, target, settle, on_bound
        self.number = count()
        self.cases = 0
        e = bound.count
        start = int(np.minimum(bound.cost, 0).sum()) * bound.unit
        zero, one = np.zeros(e, dtype=np.int64), np.ones(e, dtype=np.int64)
        self.open = [Case(start, next(self.number), zero, one)]

    def run(self, until: float, most: int | None = None) -> bool:
        """Search until a point of time or over so many more cases; return whether nothing of interest is left unseen.

        It can be called again, to go on.
        """
        last = None if most is None else self.cases + most
        while self.open:
            case = self.open[0]
            self.on_bound(-(-case.scaled // self.bound.unit))
            if -(-case.scaled // self.bound.unit) > self.target():
                return True
            if last is not None and self.cases >= last:
                return False
            children = self._branch(case, until)
            if children is None:
                return False
            heapq.heappop(self.open)
            for child in children:
                heapq.heappush(self.open, child)
        return True

    def _branch(self, case: Case, until: float) -> list[Case] | None:
        """Return the cases that a case falls into, None when time is up."""
        self.cases += 1
        low, high, scaled = case.low, case.high, case.scaled
        last = None
        stuck = 0
        for _ in range(_ROUNDS):
            self.bound.fix(low, high)
            relaxed = self.bound.solve(until)
            if relaxed is None:
                return None
            if relaxed.scaled <= scaled + self.bound.unit // 4 * max(1, abs(scaled) // self.bound.unit // 2000):
                stuck += 1
            else:
                stuck = 0
            scaled = max(scaled, relaxed.scaled)
            if case.order == 0:
                self.on_bound(-(-scaled // self.bound.unit))
            if -(-scaled // self.bound.unit) > self.target():
                return []
            last = relaxed
            low, high = self._tightened(relaxed, low, high)
            new = self.bound.cut(relaxed.x)
            self.bound.drop_idle()
            if not new or stuck > 3:
                break
        assert last is not None
        return self._split(case, last, low, high, scaled)

    def _tightened(self, relaxed: Relaxed, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """Fix the edges whose other value would cost more than is of interest."""
        room = (self.target() + 1) * relaxed.unit - 1 - relaxed.scaled
        free = low < high
        up, down = free & (relaxed.reduced > room), free & (-relaxed.reduced > room)
        return np.where(down, 1, low), np.where(up, 0, high)

    def _split(self, case: Case, relaxed: Relaxed, low: IntArray, high: IntArray, scaled: int) -> list[Case] | None:
        bound = self.bound
        free = low < high
        cost: int | None = None
        off = np.abs(relaxed.x - np.rint(relaxed.x))
        if off.max(initial=0.0) <= _WHOLE:
            clique_of = self._cliques(relaxed)
            if clique_of is not None:
                cost = self.settle(clique_of)
                if cost is not None and cost <= -(-scaled // bound.unit):
                    return []
            if not free.any():
                return [] if clique_of is None or cost is not None else None
        weight = np.where(free, np.minimum(off, 0.5) * (1 + np.abs(bound.cost) / (np.abs(bound.cost).max() + 1)), -1.0)
        if weight.max() <= _WHOLE:
            weight = np.where(free, relaxed.x * (1 + np.abs(bound.cost)), -1.0)
        at = int(weight.argmax())
        made = []
        for value in (0, 1):
            down, up = low.copy(), high.copy()
            down[at] = up[at] = value
            closed = self._closed(down, up)
            if closed is not None:
                made.append(Case(scaled, next(self.number), *closed))
        return made

    def _cliques(self, relaxed: Relaxed) -> IntArray | None:
        """Return a clique number per node when the solution is a division into cliques."""
        bound = self.bound
        together = np.eye(bound.nodes, dtype=np.bool_)
        some = relaxed.x > 0.5
        together[bound.first[some], bound.second[some]] = together[bound.second[some], bound.first[some]] = True
        clique_of: IntArray = together.argmax(axis=1)
        return clique_of if np.array_equal(together, clique_of[:, None] == clique_of) else None

    def _closed(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray] | None:
        """Return the limits with everything that follows: together is transitive; None when they contradict."""
        bound = self.bound
        n = bound.nodes
        part = np.arange(n)
        for e in np.flatnonzero(low == 1):
            a, b = part[bound.first[e]], part[bound.second[e]]
            if a != b:
                part[part == b] = a
        apart = bound.model_of.apart.copy()
        out = high == 0
        apart[bound.first[out], bound.second[out]] = apart[bound.second[out], bound.first[out]] = True
        belongs = (part[:, None] == np.arange(n)).astype(np.int64)
        between = belongs.T @ apart @ belongs
        if np.diag(between).any():
            return None
        low = np.where(part[bound.first] == part[bound.second], 1, low)
        high = np.where(between[part[bound.first], part[bound.second]] > 0, 0, high)
        if (low > high).any():
            return None
        return low, high
