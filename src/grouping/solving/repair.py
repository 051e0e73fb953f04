"""Bounds for large problems: prices that are nearly right, made right where they are not.

The Lagrangian bound charges the worst violation of any group to every group, which is hopeless with hundreds of
groups. Here each item pays for itself: of the amount that a group of ``s`` members lacks, each of them gives up a
part of ``1 / s``, and an item gives up the most that any of its groups asks for. The prices that are left are right
for all groups, so their sum is a bound.

Between right prices and those of the linear problem lie prices that are nearly right, and under which few groups
have to be looked at (in-out separation: Ben-Ameur and Neto, Acceleration of cutting-plane and column generation
algorithms, Networks 49, 2007).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from grouping.solving.columns import Column, Generation, Prices, StalledError, cheapest_use, integer_prices
from grouping.solving.pricing import Node, Pricer, Tree

if TYPE_CHECKING:
    from grouping.problem import BoolArray, IntArray
    from grouping.solving.clock import Clock

log = logging.getLogger(__name__)

_EFFORT = 3e5
"""Array entries that one search for violated groups may handle, for each item."""

_MOST_KEPT = 1_000
"""Violated groups that are kept of one search."""

_EASY = 2_000
"""Members up to which a few rounds give the linear problem prices worth going to; beyond, they do not in any time that
there is, and the goal is each member's share in the cost of the best plan."""

_FARTHEST = 0.99
"""How far on the way to the prices of the linear problem a search goes at most."""

_FEW = 10
"""New groups in a round of the linear problem from which it counts as solved for now."""

_SHARE = 2.0
"""Time for rounds of the linear problem between two searches, as a multiple of what a search took."""


class Repair:
    """Raises the bound of a generation by right prices.

    Parameters
    ----------
    generation : with its linear problem and pool

    Attributes
    ----------
    right : per item, prices in units under which no group has a reduced cost below that of ``per_group``
    per_group : per kind, in units
    """

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.kernel = generation.kernel
        self.right: IntArray = np.zeros(len(self.kernel.problem.size), dtype=np.int64)
        self.per_group: list[int] = []
        self.easy = self.kernel.problem.members <= _EASY
        self.reach = 0.85 if self.easy else 0.5

    def run(self, until: float, upper: Callable[[], int], on_round: Callable[[], None], guess: Prices | None) -> bool:
        """Raise the bound until it meets the best plan or time is up; see :meth:`Generation.run`."""
        generation, clock = self.generation, self.generation.clock
        if not self.easy and guess is not None:
            return self._towards(guess, until, upper, on_round)
        generation.begin(guess)
        rest = clock.share(0.5)
        while clock.spent < until:
            while True:
                try:
                    price, per_group, new = generation.round()
                except StalledError as stalled:
                    log.warning("column generation stopped: %s", stalled)
                    return False
                if clock.spent >= min(rest, until) or len(new) < _FEW:
                    break
            begun = clock.spent
            reach = self.reach
            found, complete = self.step(price, per_group, until)
            on_round()
            if not (new or found) and complete and reach >= _FARTHEST:
                return True
            if generation.bound.cost is not None and generation.bound.cost >= upper():
                return True
            rest = clock.spent + max(_SHARE * (clock.spent - begun), 0.5)
        return False

    def _towards(self, guess: Prices, until: float, upper: Callable[[], int], on_round: Callable[[], None]) -> bool:
        """Go to prices that are guessed, each search within half of the time that is left; see :meth:`run`."""
        clock, bound = self.generation.clock, self.generation.bound
        nothing = np.zeros(len(self.generation.pricers))
        while clock.spent < until and (bound.cost is None or bound.cost < upper()):
            self.step(guess, nothing, clock.spent + max(0.5 * (until - clock.spent), 0.5), effort=float("inf"))
            on_round()
        return False

    def step(
        self, price: Prices, per_group: Prices, until: float, effort: float = _EFFORT
    ) -> tuple[list[Column], bool]:
        """Search for violated groups under prices on the way to given ones, and keep the repaired prices if better.

        Returns
        -------
        the violated groups that are new, and whether the search was complete
        """
        goal, extra = integer_prices(self.kernel, price), integer_prices(self.kernel, per_group)
        known = self.per_group or [0] * len(extra)
        mixed = self.right + np.rint(self.reach * (goal - self.right)).astype(np.int64)
        allowed = [old + round(self.reach * (int(new) - old)) for old, new in zip(known, extra.tolist(), strict=True)]
        lowered = np.zeros(len(mixed), dtype=np.int64)
        complete = True
        new: list[Column] = []
        for k, pricer in enumerate(self.generation.pricers):
            needed, sets, done = _overdrawn(pricer, mixed, allowed[k], self.generation.clock, until, effort)
            complete = complete and done
            new += self.generation.take(k, sets)
            lowered = np.maximum(lowered, needed)
        right = mixed - lowered
        scaled = int(right.sum()) + cheapest_use(self.kernel, allowed)
        log.debug("reach %.2f: %s, bound %d, %d new", self.reach, complete, self.kernel.rounded(scaled), len(new))
        bound = self.generation.bound
        bound.rounds += 1
        if bound.scaled is None or scaled > bound.scaled:
            self.right, self.per_group = right, allowed
            self.generation.claim(scaled, right, allowed)
        self.reach = min(self.reach + 0.04, _FARTHEST) if complete else 0.85 * self.reach
        self.generation.master.add(new)
        return new, complete


def _overdrawn(
    pricer: Pricer, price: IntArray, allowed: int, clock: Clock, until: float, effort: float
) -> tuple[IntArray, BoolArray, bool]:
    """Return by how much every item has to lower its price so that no group has a reduced cost below ``allowed``,
    groups that have one, and whether all were looked at. Others are judged by the limits at the nodes they are below.
    """
    needed: IntArray = np.zeros(len(price), dtype=np.int64)
    tree, kept = Tree(pricer, price), []
    count = 0
    for leaf in tree.leaves(clock, until, [allowed], effort * len(price)):
        if not len(leaf.low):
            continue
        before = needed.sum()
        _raise(pricer, needed, leaf, len(pricer.levels), allowed)
        if needed.sum() > before and count < _MOST_KEPT:
            best = leaf.take(np.argsort(leaf.low, kind="stable")[:10])
            kept.append(pricer.sets(best))
            count += len(best.low)
    for answered, node in tree.open:
        alive = node.take(np.flatnonzero(node.low < allowed))
        if len(alive.low):
            _raise(pricer, needed, alive, answered, allowed)
    sets = np.vstack(kept) if kept else np.zeros((0, len(price)), dtype=np.bool_)
    return needed, sets, not tree.open


def _raise(pricer: Pricer, needed: IntArray, node: Node, answered: int, allowed: int) -> None:
    who = pricer.who[node.who]
    needed[who] = np.maximum(needed[who], pricer.overdrawn(node, answered, allowed))
