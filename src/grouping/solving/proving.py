"""Proving bounds: column generation, listing within the gap, the edge model of pairs, and the plain model."""

from __future__ import annotations

import logging
from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from grouping.solving import assignment
from grouping.solving.columns import Column, Generation, Pool, cheapest_use
from grouping.solving.known import Known
from grouping.solving.listing import TooManyError, all_sets, within
from grouping.solving.pair_proof import PairProof
from grouping.solving.pricing import Pricer, TimeUp
from grouping.solving.repair import Repair
from grouping.solving.tighten import tighten

if TYPE_CHECKING:
    from grouping.problem import IntArray

log = logging.getLogger(__name__)

_PROVABLE_PAIRS = 150
"""Items up to which a division that pays for pairs may be proven."""

_LARGEST_PRICE = 2**44
"""Ceilings, in units of prices, up to which groups are listed."""

_MOST_UNDER = 400_000
"""Groups under a ceiling beyond which choosing among them is hopeless: the linear bound drops most of them at once."""

_FIRST_CHOICE = 500
"""Groups that CP-SAT chooses among first when a gap is closed."""


_REPAIRED = 300
"""Members beyond which each item pays for its own part of what a group lacks, not every group for the worst."""


class Proving(Known):
    """The phases that prove how good a plan can be."""

    def _prove(self) -> None:
        """Raise the bound by column generation, then close the gap."""
        generation, converged = self._generate(self.clock.share(0.8))
        if self.done:
            return
        self._recombine(self.clock.left * 0.3)
        self._finish(generation, converged)

    def _generate(self, until: float) -> tuple[Generation, bool]:
        """Raise the bound by column generation; return it, and whether it has come to its end."""
        self.phase = "bound"
        if "pairs" not in self.without and any(kind.pairs is not None for kind in self.kernel.kinds):
            self._pair_proof().bound(self.clock.share(0.1))
        dearest = 3 * max((column.cost for column in self.pool.columns), default=0) + 1
        generation = Generation(self.kernel, self.pool, self.clock, dearest if self.best is not None else None)

        def on_round() -> None:
            if generation.bound.cost is not None:
                self.prove(generation.bound.cost, "column generation")

        if self.problem.members > _REPAIRED:
            converged = Repair(generation).run(until, self.enough, on_round, self._guess())
        else:
            converged = generation.run(until, self.enough, on_round, self._guess())
        if generation.bound.cost is not None:
            self.price = generation.bound.price / self.kernel.unit
        self.provenance["rounds"] = generation.bound.rounds
        return generation, converged

    def _finish(self, generation: Generation, converged: bool) -> None:
        """Close the gap, and look for better plans, until there is a proof or the time is up."""
        listed_at = self.kernel.big
        while not self.done and self.clock.left > 0.05:
            if converged and self.cost < listed_at and "listing" not in self.without:
                listed_at = self.cost  # a better plan makes the list shorter
                with suppress(TimeUp):  # what is left of the time still goes into a better plan
                    self._close(generation)
            else:
                self.improve()

    def _close(self, generation: Generation) -> None:
        """List all groups within the gap and choose among them, which proves the best choice optimal."""
        self.phase = "close"
        if generation.bound.scaled is None:
            return
        try:
            listed = self._listed(generation, self._better(), self.clock.share(0.7))
        except TooManyError:
            self.provenance["listed"] = "too many"
            return
        self.provenance["listed"] = len(listed)
        self._narrow(listed, generation.bound.price)

    def _listed(self, generation: Generation, most: int, until: float) -> list[Column]:
        """Return all groups that a division which costs at most ``most`` can contain.

        Raises
        ------
        TooManyError, TimeUp
            When there are too many of them, or the clock reaches ``until``.
        """
        bound = generation.bound
        target = self.kernel.unit * (most - self.kernel.offset) - int(bound.price.sum())
        listed: list[Column] = []
        fresh = Pool(self.kernel)
        for k, kind in enumerate(self.kernel.kinds):
            limit = target + bound.least[k] - cheapest_use(self.kernel, bound.least, one_of=k)
            pricer = Pricer(kind, tallies=False, unit=self.kernel.unit)
            listed += fresh.add(k, within(self.kernel, k, pricer, bound.price, limit, self.clock, until))
        return listed

    def _narrow(self, listed: list[Column], price: IntArray | None = None) -> None:
        """Tighten the bound over the list, choose among the groups of least reduced cost, then among more of them.

        A division that uses a group of reduced cost r costs at least the bound plus r. So what the first groups do
        not offer costs at least the bound plus the reduced cost of the next one.
        """
        cuts = "cuts" not in self.without
        left = tighten(self.kernel, listed, self._better(), self.clock, self.clock.share(0.6), price, cuts)
        count = _FIRST_CHOICE
        while not self.done and self.clock.left > 0.05:
            helpful = left.within(self.kernel.unit * (self._better() - self.kernel.offset) - left.scaled)
            taken = min(count, helpful)
            last = taken == helpful
            following = left.scaled + (0 if last else int(left.reduced[taken]))
            status = "infeasible"
            if taken:
                status = self._choose(left.columns[:taken], self.clock.left, complete=last)
            if status not in ("optimal", "infeasible"):
                return
            beyond = self.cost if last else self.kernel.rounded(following)
            self.prove(min(beyond, self.cost), "CP-SAT over listed groups")
            count *= 4

    def _list_all(self) -> None:
        """List every group there is and choose."""
        self.phase = "list"
        for k, kind in enumerate(self.kernel.kinds):
            self.pool.add(k, all_sets(kind))
        if len(self.pool.columns) > _FIRST_CHOICE:
            self._narrow(self.pool.columns)
        if not self.done:
            self._choose(self.pool.columns, self.clock.left, complete=True)

    def listed_under_ceiling(self, until: float, holding: int | None = None) -> list[Column] | None:
        """Return every group that keeps the ceiling, None when there are too many or the time was too short.

        A group does so when its reduced cost is not positive if every member's price is the ceiling. An item whose
        price is so much higher that no group without it can make up for that is in all groups that are then listed.

        Parameters
        ----------
        holding : only groups that hold this item
        """
        ceiling, unit = self.problem.ceiling, self.kernel.unit
        if ceiling is None or not unit or abs(ceiling) * unit > _LARGEST_PRICE:
            return None
        price = ceil(ceiling * unit) * self.problem.size
        limit = 0
        if holding is not None:
            pairs = [kind.pairs for kind in self.kernel.kinds if kind.pairs is not None]
            saved = sum(int(-np.minimum(points, 0).sum()) for points in pairs)
            limit = -(int(price.clip(0).max(initial=0)) * self.problem.largest + unit * saved + 1)
            price[holding] -= limit
        found: list[Column] = []
        fresh = Pool(self.kernel)
        try:
            for k, kind in enumerate(self.kernel.kinds):
                pricer = Pricer(kind, tallies=False, unit=unit)
                found += fresh.add(k, within(self.kernel, k, pricer, price, limit, self.clock, until, _MOST_UNDER))
        except (TooManyError, TimeUp):
            return None
        return found

    def choose_under_ceiling(self, listed: list[Column]) -> None:
        """Choose among all groups that keep the ceiling: the best division of all, or proof that there is none."""
        self.phase = "ceiling"
        self.provenance["listed"] = len(listed)
        self._narrow(listed)

    def _pair_proof(self) -> PairProof:
        return PairProof(
            self.kernel,
            self.clock,
            self.workers,
            self.seed,
            lambda: (self.cost, self.best),
            self.offer,
            self.prove,
        )

    def _prove_pairs(self, listable: bool) -> None:
        """Bound what pairs cost by the edge model, ask CP-SAT unless groups can be listed afterwards, and branch."""
        self.phase = "bound"
        proof = self._pair_proof()
        small = len(self.problem.size) <= _PROVABLE_PAIRS
        proof.bound(self.clock.share(0.3 if small else 0.1))
        self.phase = "close"
        if not self.done and small and not listable:
            proof.assign(self.clock.left * 0.4)
        if not self.done and small and not proof.interrupted:
            proof.close(self.clock.share(0.3 if listable else 0.9))
        if proof.interrupted:
            raise KeyboardInterrupt

    def _plain(self) -> None:
        """Ask the plain model, for costs so large that nothing else is exact."""
        self.phase = "plain model"
        answer, found = assignment.solve(
            self.ruled, self.clock, self.clock.left, self.workers, self.seed, objective=True
        )
        if found is not None:
            self.offer(found, self.kernel.cost(found), "CP-SAT on the plain model")
        self.infeasible = answer.status == "infeasible" and self.best is None
        if answer.bound is not None:
            self.prove(min(answer.bound, self.cost), "CP-SAT on the plain model")
        if answer.interrupted:
            raise KeyboardInterrupt
