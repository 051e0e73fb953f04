"""Proving divisions that pay for pairs: linear bound of the edge model, CP-SAT for few groups, branch and bound.

Each part works on any problem with pair terms. What the edge model cannot price it leaves out at its least: its bound
is then lower, and still true.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from grouping.solving import assignment
from grouping.solving.columns import Pool
from grouping.solving.edge_bound import EdgeBound
from grouping.solving.edge_tree import EdgeTree
from grouping.solving.edges import degree_bound, edges
from grouping.solving.partition import choose

if TYPE_CHECKING:
    from grouping.problem import IntArray
    from grouping.solving.clock import Clock
    from grouping.solving.kernel import Kernel

log = logging.getLogger(__name__)

_MOST_EDGES = 30_000
"""Edges beyond which the linear problem takes minutes."""

_FEW_GROUPS = 12
_MOST_FLAGS = 60_000
"""Groups, and pairs × groups, up to which CP-SAT is asked for the whole problem."""


class PairProof:
    """The parts of a proof, with what they share.

    Parameters
    ----------
    kernel, clock, workers, seed : of the run
    best : returns the cost that a division has to beat, and the best division or None
    offer : takes a division, its cost and who found it
    prove : takes a bound and who proved it
    """

    def __init__(
        self,
        kernel: Kernel,
        clock: Clock,
        workers: int,
        seed: int,
        best: Callable[[], tuple[int, IntArray | None]],
        offer: Callable[[IntArray, int, str], None],
        prove: Callable[[int, str], None],
    ) -> None:
        self.kernel, self.clock, self.workers, self.seed = kernel, clock, workers, seed
        self.best, self.offer, self.prove = best, offer, prove
        self.edges = edges(kernel)
        self.tree: EdgeTree | None = None
        self.interrupted = False

    def bound(self, until: float) -> None:
        """Prove what the linear problem with all its cuts gives."""
        if self.edges is None:
            return
        self._prove(degree_bound(self.edges), "best company of each")
        pairs = int(np.triu(~self.edges.apart, 1).sum())
        if pairs > _MOST_EDGES:
            return
        self.tree = EdgeTree(
            EdgeBound(self.edges, self.clock), self._target, self._settle, lambda cost: self._prove(cost, "edge model")
        )
        if self.tree.run(until, 1):
            self._exhausted()

    def close(self, until: float) -> None:
        """Branch on the edges until nothing better is left or time is up."""
        if self.tree is not None and self.tree.run(until):
            self._exhausted()

    def assign(self, seconds: float) -> None:
        """Ask CP-SAT for the whole problem when groups are few."""
        problem = self.kernel.problem
        pairs = sum(
            int((kind.pairs != 0).sum()) // 2 * len(kind.groups) for kind in self.kernel.kinds if kind.pairs is not None
        )
        if len(problem.groups) > _FEW_GROUPS or pairs > _MOST_FLAGS or seconds <= 0:
            return
        _, division = self.best()
        answer, found = assignment.solve(
            problem, self.clock, seconds, self.workers, self.seed, objective=True, start=division
        )
        engine = "CP-SAT on pairs"
        if found is not None:
            self.offer(found, self.kernel.cost(found), engine)
        if answer.bound is not None:
            self.prove(min(answer.bound, self.best()[0]), engine)
        self.interrupted = answer.interrupted

    def _prove(self, cost: int, engine: str) -> None:
        """Claim a bound on the cost of edges, rounded up to what costs can be, never above the best division."""
        assert self.edges is not None
        step = self.kernel.step
        whole = -(-(cost + self.edges.base) // step) * step
        limit, division = self.best()
        self.prove(min(whole, limit) if division is not None else min(whole, self.kernel.limit - 1), engine)

    def _exhausted(self) -> None:
        """Claim that nothing better than the best division is left; without one, that is not claimed from here."""
        cost, division = self.best()
        if division is not None:
            self.prove(cost, "branch and bound on the edge model")

    def _target(self) -> int:
        """Return the largest cost of edges that is of interest."""
        assert self.edges is not None
        cost, division = self.best()
        most = cost - self.kernel.step if division is not None else self.kernel.limit - 1
        return most - self.edges.base

    def _settle(self, clique_of: IntArray) -> int | None:
        """Return the least cost of edges of a division into these cliques; it is offered too."""
        assert self.edges is not None
        kernel, pool = self.kernel, Pool(self.kernel)
        of_item = clique_of[self.edges.node_of]
        sets = np.array([of_item == clique for clique in np.unique(of_item)])
        for k, kind in enumerate(kernel.kinds):
            fits = sets @ kernel.problem.size
            pool.add(k, sets[(fits >= kind.lo) & (fits <= kind.hi)])
        choice = choose(kernel, pool.columns, self.clock, self.clock.left, self.workers, self.seed)
        if choice.interrupted:
            self.interrupted = True
        if choice.status == "infeasible":
            return self.kernel.limit
        if choice.group_of is None:
            return None
        cost = kernel.cost(choice.group_of)
        self.offer(choice.group_of, cost, "edge model")
        return cost - self.edges.base if choice.status == "optimal" else None
