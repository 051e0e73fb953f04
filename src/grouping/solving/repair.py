"""Bounds for large problems: prices that are nearly right, made right where they are not.

The Lagrangian bound charges the worst violation of any group to every group, which is hopeless with hundreds of
groups. Here each item pays for itself. If every group ``S`` that an item is in has a reduced cost of at least ``v``
(negative), lowering the item's price by ``−v / lo``, with ``lo`` the least size of a group, makes up for it: the
members of a group lower their prices by ``−v`` together. The prices that are left are right for all groups, so their
sum is a bound, and so is the sum of any prices between them and the next ones.

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

_EFFORT = 2.5e8
"""Array entries that one search for violated groups may handle."""

_MOST_KEPT = 400
"""Violated groups that are kept of one search."""

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
        self.reach = 0.85

    def run(self, until: float, upper: Callable[[], int], on_round: Callable[[], None], guess: Prices | None) -> bool:
        """Raise the bound until it meets the best plan or time is up; see :meth:`Generation.run`."""
        generation, clock = self.generation, self.generation.clock
        price = np.zeros(len(self.right)) if guess is None else guess
        per_group = np.zeros(len(self.kernel.kinds))
        generation.begin(guess)
        took = 0.0
        while clock.spent < until:
            begun = clock.spent
            if guess is not None:
                self.step(price, per_group, until)
                on_round()
                if generation.bound.cost is not None and generation.bound.cost >= upper():
                    return True
                took = max(clock.spent - begun, 0.5)
            guess = price
            rest = clock.spent + _SHARE * took
            while True:
                try:
                    price, per_group, new = generation.round()
                except StalledError as stalled:
                    log.warning("column generation stopped: %s", stalled)
                    return False
                if clock.spent >= min(rest, until) or not new:
                    break
        return False

    def step(self, price: Prices, per_group: Prices, until: float) -> None:
        """Search for violated groups under prices on the way to given ones, and keep the repaired prices if better."""
        goal, extra = integer_prices(self.kernel, price), integer_prices(self.kernel, per_group)
        known = self.per_group or [0] * len(extra)
        mixed = self.right + np.rint(self.reach * (goal - self.right)).astype(np.int64)
        allowed = [old + round(self.reach * (int(new) - old)) for old, new in zip(known, extra.tolist(), strict=True)]
        lowered = np.zeros(len(mixed), dtype=np.int64)
        complete = True
        new: list[Column] = []
        for k, pricer in enumerate(self.generation.pricers):
            worst, sets, done = _violations(pricer, mixed, allowed[k], self.generation.clock, until)
            complete = complete and done
            new += self.generation.pool.add(k, sets)
            lowered = np.maximum(lowered, -((worst - allowed[k]) // pricer.kind.lo))
        right = mixed - lowered
        scaled = int(right.sum()) + cheapest_use(self.kernel, allowed)
        log.debug("reach %.2f: %s, bound %d, %d new", self.reach, complete, self.kernel.rounded(scaled), len(new))
        bound = self.generation.bound
        bound.rounds += 1
        if bound.scaled is None or scaled > bound.scaled:
            self.right, self.per_group = right, allowed
            self.generation.claim(scaled, right, allowed)
        self.reach = min(self.reach + 0.03, 0.98) if complete else 0.85 * self.reach
        self.generation.master.add(new)


def _violations(
    pricer: Pricer, price: IntArray, allowed: int, clock: Clock, until: float
) -> tuple[IntArray, BoolArray, bool]:
    """Return for every item the least reduced cost of the groups it is in, if below ``allowed``; violated groups; and
    whether all were looked at. Groups that were not are judged by the lower limits at the nodes they are below.
    """
    worst: IntArray = np.full(len(price), allowed, dtype=np.int64)
    tree, kept = Tree(pricer, price), []
    count = 0
    for leaf in tree.leaves(clock, until, [allowed], _EFFORT):
        if not len(leaf.low):
            continue
        with_each = pricer.with_each(leaf, len(pricer.levels))
        new = np.flatnonzero((with_each < worst[pricer.who[leaf.who]]).any(axis=1))
        _lower(pricer, worst, leaf, with_each)
        if len(new) and count < _MOST_KEPT:
            new = new[np.argsort(leaf.low[new], kind="stable")][:20]
            kept.append(pricer.sets(leaf.take(new)))
            count += len(new)
    for answered, node in tree.open:
        alive = node.take(np.flatnonzero(node.low < allowed))
        if len(alive.low):
            _lower(pricer, worst, alive, pricer.with_each(alive, answered))
    sets = np.vstack(kept) if kept else np.zeros((0, len(price)), dtype=np.bool_)
    return worst, sets, not tree.open


def _lower(pricer: Pricer, worst: IntArray, node: Node, with_each: IntArray) -> None:
    """Take note of the reduced costs of the groups below a node, by member and for all the things."""
    who = pricer.who[node.who]
    worst[who] = np.minimum(worst[who], with_each.min(axis=0))
