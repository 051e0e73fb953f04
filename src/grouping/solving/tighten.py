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


def tighten(kernel: Kernel, columns: Sequence[Column], most: int, clock: Clock, until: float) -> Tightened:
    """Return the groups that a division of cost at most ``most`` can contain, and a bound for such divisions.

    Parameters
    ----------
    columns : all groups that such a division could contain before
    most : what a division may cost to be better than the best one known
    until : point of time at which to stop
    """
    kept = list(columns)
    people = np.flatnonzero(kernel.problem.size > 0)
    triples = np.array(list(combinations(people.tolist(), 3)), dtype=np.int64).reshape(-1, 3)
    if len(triples) > _MOST_TRIPLES:
        triples = triples[:0]
    target = kernel.unit * (most - kernel.offset)
    cuts: list[IntArray] = []
    known: set[int] = set()
    while True:
        master = Master(kernel)
        master.add(kept)
        rows = np.array([column.row for column in kept]).astype(np.int64).reshape(len(kept), len(kernel.problem.size))
        handles: list[mathopt.LinearConstraint] = []
        _add_cuts(master, rows, cuts, handles)
        while True:
            price, _, _ = master.solve()
            clock.work(40.0 * rows.size)
            cut_price = np.array([-master.dual(handle) for handle in handles], dtype=np.float64)
            reduced, scaled = _reduced(kernel, kept, rows, price, cuts, cut_price)
            keep = np.flatnonzero(reduced <= target - scaled)
            fresh: list[int] = []
            if len(keep) and clock.spent < until and len(cuts) < _MOST_CUTS:
                if len(keep) < 0.7 * len(kept):
                    kept = [kept[i] for i in keep]
                    break
                fresh = _violated(triples, rows, master.values(), known)
            if not fresh:
                keep = keep[np.argsort(reduced[keep], kind="stable")]
                log.debug("tightened %d groups to %d with %d cuts", len(columns), len(keep), len(cuts))
                return Tightened([kept[i] for i in keep], reduced[keep], scaled)
            new = [triples[t] for t in fresh]
            known.update(fresh)
            cuts += new
            _add_cuts(master, rows, new, handles)


def _add_cuts(
    master: Master, rows: IntArray, cuts: Sequence[IntArray], handles: list[mathopt.LinearConstraint]
) -> None:
    for cut in cuts:
        inside = np.flatnonzero(rows[:, cut].sum(axis=1) >= 2)
        handles.append(master.add_cut(inside.tolist()))


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


def _reduced(
    kernel: Kernel,
    columns: Sequence[Column],
    rows: IntArray,
    price: Prices,
    cuts: Sequence[IntArray],
    cut_price: Prices,
) -> tuple[IntArray, int]:
    """Return how much each group adds to the bound when it is used, and the bound, in units; in exact integers."""
    integers = integer_prices(kernel, price)
    reduced: IntArray = kernel.unit * np.array([column.cost for column in columns], dtype=np.int64) - rows @ integers
    paid_for_cuts = 0
    for cut, paid in zip(cuts, integer_prices(kernel, np.maximum(cut_price, 0)).tolist(), strict=True):
        if paid:
            reduced += paid * (rows[:, cut].sum(axis=1) >= 2)
            paid_for_cuts += paid
    kinds = np.array([column.kind for column in columns], dtype=np.int64)
    none = kernel.unit * kernel.big * (len(kernel.problem.size) + 2)
    least = [int(reduced[kinds == k].min(initial=none)) for k in range(len(kernel.kinds))]
    total = cheapest_use(kernel, least)
    for k, value in enumerate(least):
        reduced[kinds == k] += cheapest_use(kernel, least, one_of=k) - total - value
    return reduced, int(integers.sum()) - paid_for_cuts + total
