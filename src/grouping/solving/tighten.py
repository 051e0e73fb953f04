"""Raising the bound over a list of groups by subset-row cuts, and dropping the groups that cannot help any more.

Of three items, at most one group can hold two or more; the linear master problem can take halves of three groups
that each hold two of them. Adding this inequality for the triples that are violated brings the linear value nearer
to the best division (Jepsen, Petersen, Spoorendonk, Pisinger: Subset-row inequalities applied to the
vehicle-routing problem with time windows, Operations Research 56, 2008). As all groups are listed, the prices of
the cuts need no pricing problem: the bound follows by adding integers over the list.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from grouping.solving.columns import Column, Master, Prices, cheapest_use, integer_prices

if TYPE_CHECKING:
    from ortools.math_opt.python import mathopt

    from grouping.problem import IntArray
    from grouping.solving.clock import Clock
    from grouping.solving.kernel import Kernel

log = logging.getLogger(__name__)

_FIRST = 1_500
"""Groups that the linear problem begins with, and that may join at once."""

_CUTS_A_ROUND = 40
_MOST_CUTS = 600
_MOST_TRIPLES = 200_000
_VIOLATED = 0.02


@dataclass(frozen=True)
class Tightened:
    """What is left of a list after tightening.

    Attributes
    ----------
    columns : the groups that a cheaper division can contain, those of least reduced cost first
    reduced : what each adds to the bound when it is used, in units
    scaled : the bound for divisions made of the list, in units, without what every division pays
    """

    columns: list[Column]
    reduced: IntArray
    scaled: int

    def within(self, slack: int) -> int:
        """Return how many groups have a reduced cost of at most ``slack``."""
        return int(np.searchsorted(self.reduced, slack, side="right"))


def tighten(
    kernel: Kernel,
    columns: Sequence[Column],
    most: int,
    clock: Clock,
    until: float,
    price: IntArray | None = None,
    cuts: bool = True,
) -> Tightened:
    """Return the groups that a division of cost at most ``most`` can contain, and a bound for such divisions.

    Parameters
    ----------
    columns : all groups that such a division could contain before
    most : what a division may cost to be better than the best one known
    until : point of time at which to stop
    price : per item, in units; prices near the right ones, to start from
    cuts : False drops groups by the linear bound alone
    """
    people = np.flatnonzero(kernel.problem.size > 0)
    triples = np.array(list(combinations(people.tolist(), 3)), dtype=np.int64).reshape(-1, 3)
    if len(triples) > _MOST_TRIPLES or not cuts:
        triples = triples[:0]
    target = kernel.unit * (most - kernel.offset)
    known: set[int] = set()
    relaxation = _Relaxation(kernel, columns, [], clock, price)
    while True:
        reduced, scaled = relaxation.solve(until)
        keep = np.flatnonzero(reduced <= target - scaled)
        fresh: list[int] = []
        if len(keep) and clock.spent < until and len(known) < _MOST_CUTS:
            if len(keep) < 0.7 * len(relaxation.columns):
                relaxation = relaxation.only(keep)
                continue
            fresh = _violated(triples, *relaxation.used(), known)
        if not fresh:
            keep = keep[np.argsort(reduced[keep], kind="stable")]
            log.debug("tightened %d groups to %d with %d cuts", len(columns), len(keep), len(known))
            return Tightened([relaxation.columns[i] for i in keep], reduced[keep], scaled)
        known.update(fresh)
        relaxation.cut([triples[t] for t in fresh])


class _Relaxation:
    """The linear problem over a list of groups with cuts, solved with as few of the groups as it takes.

    Groups that the prices call for join until there is none left; the others wait, but count in every bound.
    """

    def __init__(
        self,
        kernel: Kernel,
        columns: Sequence[Column],
        cuts: Sequence[IntArray],
        clock: Clock,
        price: IntArray | None,
    ) -> None:
        self.kernel = kernel
        self.clock = clock
        self.columns = list(columns)
        self.rows = np.array([c.row for c in columns]).astype(np.int64).reshape(len(columns), len(kernel.problem.size))
        self.cost = kernel.unit * np.array([column.cost for column in columns], dtype=np.int64)
        self.kinds = np.array([column.kind for column in columns], dtype=np.int64)
        self.cuts: list[IntArray] = []
        self.inside: list[IntArray] = []
        self.handles: list[mathopt.LinearConstraint] = []
        self.active: list[int] = []
        self.master = Master(kernel)
        guess = self.cost if price is None else self.cost - self.rows @ price
        self._join(np.argsort(guess, kind="stable")[:_FIRST])
        self.cut(cuts)

    def cut(self, cuts: Sequence[IntArray]) -> None:
        """Demand that at most one group holds two or more of each three items."""
        for items in cuts:
            inside = np.flatnonzero(self.rows[:, items].sum(axis=1) >= 2)
            members = set(inside.tolist())
            self.cuts.append(items)
            self.inside.append(inside)
            self.handles.append(self.master.add_cut([at for at, i in enumerate(self.active) if i in members]))

    def only(self, keep: IntArray) -> _Relaxation:
        """Return the relaxation over some of the groups, with the same cuts."""
        price = integer_prices(self.kernel, self.price)
        return _Relaxation(self.kernel, [self.columns[i] for i in keep], self.cuts, self.clock, price)

    def solve(self, until: float) -> tuple[IntArray, int]:
        """Return how much each group adds to the bound when it is used, and the bound, in units; exact integers."""
        while True:
            self.price, per_group, _ = self.master.solve()
            cut_price = np.array([-self.master.dual(handle) for handle in self.handles], dtype=np.float64)
            reduced, paid = self._reduced(cut_price)
            self.clock.work(20.0 * self.rows.size)
            missing = integer_prices(self.kernel, per_group)[self.kinds] - reduced if len(reduced) else reduced
            missing[self.active] = 0
            wanted = np.flatnonzero(missing > 1)
            if not len(wanted) or self.clock.spent >= until:
                return self._bound(reduced, paid)
            self._join(wanted[np.argsort(-missing[wanted], kind="stable")][:_FIRST])

    def used(self) -> tuple[IntArray, Prices]:
        """Return the groups in the linear problem, as rows, and how much of each the last solution uses."""
        return self.rows[self.active], self.master.values()

    def _join(self, wanted: IntArray) -> None:
        begin = len(self.active)
        self.active += wanted.tolist()
        self.master.add([self.columns[i] for i in wanted])
        for handle, inside in zip(self.handles, self.inside, strict=True):
            self.master.extend_cut(handle, (begin + np.flatnonzero(np.isin(wanted, inside))).tolist())

    def _reduced(self, cut_price: Prices) -> tuple[IntArray, int]:
        """Return the reduced cost of every group, and what the cuts cost the bound."""
        reduced: IntArray = self.cost - self.rows @ integer_prices(self.kernel, self.price)
        paid_for_cuts = 0
        for inside, paid in zip(
            self.inside, integer_prices(self.kernel, np.maximum(cut_price, 0)).tolist(), strict=True
        ):
            reduced[inside] += paid
            paid_for_cuts += paid
        return reduced, paid_for_cuts

    def _bound(self, reduced: IntArray, paid_for_cuts: int) -> tuple[IntArray, int]:
        kernel = self.kernel
        none = kernel.unit * kernel.big * (len(kernel.problem.size) + 2)
        least = [int(reduced[self.kinds == k].min(initial=none)) for k in range(len(kernel.kinds))]
        total = cheapest_use(kernel, least)
        for k, value in enumerate(least):
            reduced[self.kinds == k] += cheapest_use(kernel, least, one_of=k) - total - value
        return reduced, int(integer_prices(kernel, self.price).sum()) - paid_for_cuts + total


def _violated(
    triples: IntArray, rows: IntArray, values: np.ndarray[tuple[int], np.dtype[np.float64]], known: set[int]
) -> list[int]:
    """Return the indices of the most violated triples that are not cuts yet."""
    used = np.flatnonzero(values > 1e-6)
    weight = np.zeros(len(triples))
    for column in used:
        row = rows[column]
        weight += values[column] * (row[triples].sum(axis=1) >= 2)
    order = np.argsort(-weight, kind="stable")
    found: list[int] = []
    touched: dict[int, int] = {}
    for t in order[: 20 * _CUTS_A_ROUND].tolist():
        if weight[t] <= 1 + _VIOLATED or len(found) >= _CUTS_A_ROUND:
            break
        if t in known or any(touched.get(i, 0) >= 6 for i in triples[t].tolist()):
            continue
        found.append(t)
        for i in triples[t].tolist():
            touched[i] = touched.get(i, 0) + 1
    return found
