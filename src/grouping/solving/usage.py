"""What groups use of the budgets, by the answers that cost them least: one definite amount for every set of items."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from grouping.problem import BoolArray, Count, Focus, IntArray, Pair, Problem, Quota, Role, Term

if TYPE_CHECKING:
    from grouping.solving.kernel import Kernel

_AT_ONCE = 2_000
"""Sets whose use is computed at once."""

_Measured = Callable[[BoolArray], IntArray]
"""From sets of items to what each uses: sets × budgets."""


class Usage:
    """Counts against the budgets of a problem.

    Parameters
    ----------
    kernel : of the problem, for its kinds of groups and the price of a broken rule

    Attributes
    ----------
    base : per budget, what every plan uses
    """

    def __init__(self, problem: Problem, kernel: Kernel) -> None:
        self.problem = problem
        self.big = kernel.big
        factors = np.array([budget.factors for budget in problem.budgets], dtype=np.int64)
        self.factors: IntArray = factors.reshape(len(problem.budgets), len(problem.terms)).T
        offsets = [term.offset if isinstance(term, Pair) else 0 for term in problem.terms]
        self.base: IntArray = np.array(offsets, dtype=np.int64) @ self.factors
        self._parts = [self._measures(kind.groups[0]) for kind in kernel.kinds]

    def of(self, kind: int, sets: BoolArray) -> IntArray:
        """Return what sets of items that keep every rule use as groups of a kind: sets × budgets."""
        total: IntArray = np.zeros((len(sets), len(self.problem.budgets)), dtype=np.int64)
        for begin in range(0, len(sets), _AT_ONCE):
            some = sets[begin : begin + _AT_ONCE]
            for measured in self._parts[kind]:
                total[begin : begin + _AT_ONCE] += measured(some)
        return total

    def _measures(self, group: int) -> list[_Measured]:
        """Return what a group counts: one function for each choice, seat, and count or pair term with a factor."""
        here = [(t, term) for t, term in enumerate(self.problem.terms) if term.applies_to(group)]
        found: list[_Measured] = []
        for choice in self.problem.choices:
            asked = [(t, term) for t, term in here if isinstance(term, Focus) and term.choice == choice.name]
            if any(self.factors[t].any() for t, _ in asked):
                quotas = [term for _, term in here if isinstance(term, Quota) and term.choice == choice.name]
                found.append(self._focused(asked, choice.capacity, len(choice.labels), quotas))
        for seat in self.problem.seats:
            held = [(t, term) for t, term in here if isinstance(term, Role) and term.seat == seat]
            if any(self.factors[t].any() for t, _ in held):
                found.append(self._seated(held))
        for t, term in here:
            if self.factors[t].any() and isinstance(term, Count):
                found.append(self._counted(term, self.factors[t]))
            elif self.factors[t].any() and isinstance(term, Pair):
                found.append(self._paired(term, self.factors[t]))
        return found

    def _focused(
        self, terms: list[tuple[int, Focus]], capacity: IntArray | None, options: int, quotas: list[Quota]
    ) -> _Measured:
        """Return the use of the option that costs least, and uses least among those, the first budget first."""
        tables: IntArray = np.zeros((1 + self.factors.shape[1], len(self.problem.size), options), dtype=np.int64)
        fixed: IntArray = np.zeros((len(tables), options), dtype=np.int64)
        for t, term in terms:
            weights = self._weights(t, term)
            own = np.zeros(options, dtype=np.int64) if term.fixed is None else term.fixed
            if term.must:
                tables[0] += self.big * (term.points > 0)
                fixed[0] += self.big * (own > 0)
                weights[0] = 0
            tables += weights[:, None, None] * term.points
            fixed += weights[:, None] * own
            if term.forbidden is not None:
                tables[0] += self.big * term.forbidden
        _, kept = np.unique(np.vstack([tables.reshape(-1, options), fixed]), axis=1, return_index=True)
        if capacity is None and not quotas:
            tables, fixed = tables[:, :, kept], fixed[:, kept]

        def measured(sets: BoolArray) -> IntArray:
            whole = sets.astype(np.int64)
            values = np.array([whole @ table + own for table, own in zip(tables, fixed, strict=True)])
            if capacity is not None:
                sizes = whole @ self.problem.size
                values[0] += self.big * np.maximum(sizes[:, None] - capacity, 0)
            for quota in quotas:
                values[0] += self.big * (quota.short(whole @ quota.value) > 0)
            return _first(values)

        return measured

    def _seated(self, terms: list[tuple[int, Role]]) -> _Measured:
        """Return the use of the holder who costs least; someone not eligible is as good as nobody."""
        tables: IntArray = np.zeros((1 + self.factors.shape[1], len(self.problem.size)), dtype=np.int64)
        for t, term in terms:
            weights = self._weights(t, term)
            if term.must:
                tables[0] += self.big * ~(term.eligible & (term.points == 0))
                weights[0] = 0
            tables += weights[:, None] * np.where(term.eligible, term.points, term.vacant)

        def measured(sets: BoolArray) -> IntArray:
            away = np.iinfo(np.int64).max
            return _first(np.array([np.where(sets, table, away) for table in tables]))

        return measured

    def _counted(self, term: Count, factors: IntArray) -> _Measured:
        def measured(sets: BoolArray) -> IntArray:
            whole = sets.astype(np.int64)
            row = np.minimum(whole @ self.problem.size, len(term.penalty) - 1)
            points: IntArray = term.penalty[row, whole @ term.value]
            return points[:, None] * factors

        return measured

    def _paired(self, term: Pair, factors: IntArray) -> _Measured:
        table = np.zeros((len(self.problem.size), len(self.problem.size)), dtype=np.int64)
        table[term.first, term.second] = term.points

        def measured(sets: BoolArray) -> IntArray:
            points: IntArray = ((sets.astype(np.int64) @ table) * sets).sum(axis=1)
            return points[:, None] * factors

        return measured

    def _weights(self, t: int, term: Term) -> IntArray:
        """Return the weight of a term in the cost and in every budget."""
        return np.array([term.weight, *self.factors[t]], dtype=np.int64)


def _first(values: IntArray) -> IntArray:
    """Return the budgets' values of the lexicographic least option, from (cost, budgets…) × sets × options."""
    left = values[0] == values[0].min(axis=1, keepdims=True)
    found = []
    for table in values[1:]:
        least = np.where(left, table, np.iinfo(np.int64).max).min(axis=1, keepdims=True)
        left &= table == least
        found.append(least[:, 0])
    return np.array(found, dtype=np.int64).T
