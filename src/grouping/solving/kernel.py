"""A problem as the engines handle it: weighted, merged by choice, one kind for each class of groups.

Rules become the price ``big``, which no saving can make up for. So a cost below ``limit`` means that every rule is
kept, and a search can walk through broken rules towards kept ones.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np

from grouping.dominance import undominated
from grouping.problem import BoolArray, Choice, Count, Focus, IntArray, Pair, Problem, Quota, Role

UNITS = (256, 2)
"""Prices are integers in these fractions of a cost unit; even, so that halves of pair points are exact."""


_WORTH_COMPARING = 1e9
"""Numbers compared at most in looking for options that can be left out."""

OVER = 8
"""What a cost unit above the ceiling costs a search that may pass through such groups."""

_AT_ONCE = 2_000
"""Sets whose costs are computed at once."""


@dataclass(frozen=True, eq=False)
class Gate:
    """A rule on the options of a choice: the sum of the points over a group's items must not be above a limit.

    Attributes
    ----------
    points : items × options, of either sign
    rule : says by how much a sum is above
    """

    points: IntArray
    rule: Quota

    @cached_property
    def floats(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """The points as doubles, for fast products; exact below 2^53."""
        return self.points.astype(np.float64)

    def broken(self, sums: IntArray) -> IntArray:
        """Return how often the price of a broken rule is due, at most once for each item."""
        return np.minimum(self.rule.short(sums), max(len(self.points), 1))


@dataclass(frozen=True, eq=False)
class Dim:
    """One choice with all its terms added: what each item pays for each option.

    Attributes
    ----------
    points : items × options
    fixed : per option
    room : per option, the largest size it takes
    gates : rules on who may be in a group that takes an option, beyond the price of each item
    """

    points: IntArray
    fixed: IntArray
    room: IntArray
    gates: tuple[Gate, ...] = ()

    @cached_property
    def floats(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """The points as doubles, for fast products; exact below 2^53."""
        return self.points.astype(np.float64)


@dataclass(frozen=True, eq=False)
class Tally:
    """A count term: a number per item and weighted points by size and sum."""

    value: IntArray
    table: IntArray

    def at(self, size: IntArray, total: IntArray) -> IntArray:
        """Return the points of groups of these sizes and sums."""
        row = np.zeros_like(size) if self.table.shape[0] == 1 else np.minimum(size, self.table.shape[0] - 1)
        points: IntArray = self.table[row, total]
        return points


@dataclass(frozen=True, eq=False)
class Kind:
    """A class of interchangeable groups, with everything that a set of items costs as one of them.

    Attributes
    ----------
    groups : their indices in the problem
    lo, hi : limits of size
    required : whether all of them have to be used
    allowed : per item
    dims : the choices
    by_size : points by size, from 0 to the number of members; beyond the limits ``big`` for each person too many or few
    tallies : count terms that are not about the size alone
    seats : for each seat, the points of every item for filling it
    pairs : symmetric items × items points of being together, or None
    size : per item
    big : the price of a broken rule
    family : kinds of the same number share dims, tallies, seats and pairs
    highest : per size, the most that a group may cost; None without a ceiling
    over : the price of each cost unit above it; 0 makes it a rule, broken at the price of ``big``
    """

    groups: tuple[int, ...]
    lo: int
    hi: int
    required: bool
    allowed: BoolArray
    dims: tuple[Dim, ...]
    by_size: IntArray
    tallies: tuple[Tally, ...]
    seats: tuple[IntArray, ...]
    pairs: IntArray | None
    size: IntArray
    big: int
    family: int
    highest: IntArray | None = None
    over: int = 0

    def above(self, cost: IntArray, size: IntArray) -> IntArray:
        """Return what groups of these costs and sizes pay for being above the ceiling."""
        assert self.highest is not None
        excess: IntArray = np.maximum(cost - self.highest[size], 0)
        return self.over * excess if self.over else self.big * (excess > 0)

    def costs(self, sets: BoolArray) -> IntArray:
        """Return the cost of each set of items (rows of a 0/1 matrix) as a group of this kind."""
        if len(sets) > _AT_ONCE:
            return np.concatenate(
                [self.costs(sets[begin : begin + _AT_ONCE]) for begin in range(0, len(sets), _AT_ONCE)]
            )
        sizes: IntArray = (sets @ self.size).astype(np.int64)
        total: IntArray = self.by_size[sizes] + self.big * (sets & ~self.allowed).sum(axis=1)
        add = _sums_over(sets, exact=self.big * (len(self.size) + 1) < 2**53)
        for dim in self.dims:
            sums = add(dim) + dim.fixed + self.big * np.maximum(sizes[:, None] - dim.room, 0)
            for gate in dim.gates:
                sums += self.big * gate.broken(add(gate))
            total += sums.min(axis=1)
        for tally in self.tallies:
            total += tally.at(sizes, sets.astype(np.int64) @ tally.value)
        for seat in self.seats:
            total += np.where(sets, seat, np.iinfo(np.int64).max).min(axis=1, initial=self.big)
        if self.pairs is not None:
            together = sets.astype(np.int64) @ self.pairs
            total += (together * sets).sum(axis=1) // 2
        if self.highest is not None:
            total += self.above(total, sizes)
        return total


def _sums_over(sets: BoolArray, exact: bool) -> Callable[[Dim | Gate], IntArray]:
    """Return how to add up a choice over each set: item by item for small sets, else as a product of matrices.

    Parameters
    ----------
    exact : whether doubles hold every sum exactly
    """
    rows, items = np.nonzero(sets)
    if len(items) * 16 < sets.size:
        begins = np.searchsorted(rows, np.arange(len(sets)))
        filled = np.flatnonzero(np.bincount(rows, minlength=len(sets)))

        def added(dim: Dim | Gate) -> IntArray:
            sums = np.zeros((len(sets), dim.points.shape[1]), dtype=np.int64)
            if len(items):
                sums[filled] = np.add.reduceat(dim.points[items], begins[filled], axis=0)
            return sums

        return added
    if exact:
        member = sets.astype(np.float64)
        return lambda dim: (member @ dim.floats).astype(np.int64)
    whole = sets.astype(np.int64)
    return lambda dim: whole @ dim.points


class _Parts(NamedTuple):
    """What groups of one scope have in common."""

    family: int
    dims: tuple[Dim, ...]
    by_size: IntArray
    tallies: tuple[Tally, ...]
    seats: tuple[IntArray, ...]
    pairs: IntArray | None


class Kernel:
    """All kinds of groups of one problem.

    Attributes
    ----------
    problem : where it comes from
    limit : more than any division costs that keeps every rule
    big : the price of a broken rule; so large that no saving by pairs brings a division that breaks one below ``limit``
    kinds : one for each class of interchangeable groups
    kind_of : group index → index of its kind
    offset : cost that every division pays
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.limit = problem.most_cost + 1
        self.big = 2 * self.limit
        self.offset = sum(term.weight * term.offset for term in problem.terms if isinstance(term, Pair))
        self._made: dict[tuple[bool, ...], _Parts] = {}
        self.kinds = tuple(self._kind(groups) for groups in problem.classes)
        self.kind_of = np.zeros(len(problem.groups), dtype=np.int64)
        for k, kind in enumerate(self.kinds):
            self.kind_of[list(kind.groups)] = k

    def with_kinds(self, kinds: tuple[Kind, ...]) -> Kernel:
        """Return the same kernel with other costs."""
        other = copy(self)
        other.__dict__.pop("step", None)
        other.kinds = kinds
        return other

    def softened(self, ceiling: Fraction | None, over: int = OVER) -> Kernel:
        """Return the kernel for a search that may pass through groups above a ceiling, at a price per cost unit."""
        if ceiling is None:
            return self
        highest = self.problem.highest(ceiling)
        return self.with_kinds(tuple(replace(kind, highest=highest, over=over) for kind in self.kinds))

    @cached_property
    def step(self) -> int:
        """A number that divides every cost without broken rules; bounds may be rounded up to it."""
        found = self.offset
        for kind in self.kinds:
            tables = [dim.points for dim in kind.dims] + [dim.fixed for dim in kind.dims] + list(kind.seats)
            tables += [tally.table for tally in kind.tallies] + [kind.by_size[kind.lo : kind.hi + 1]]
            tables += [kind.pairs] if kind.pairs is not None else []
            for table in tables:
                below = table[np.abs(table) < self.big]
                found = int(np.gcd(found, np.gcd.reduce(below, axis=None))) if below.size else found
        return found or 1

    @cached_property
    def unit(self) -> int:
        """How many integer units of a price are one of cost: the finest that fits into 64 bits with room to spare.

        0 when none fits; then nothing that reckons with prices is exact, and nothing may be claimed from it.
        """
        items = len(self.problem.size)
        summands = (items + 2) * (len(self.problem.terms) + 2)
        fitting = (unit for unit in UNITS if self.big * unit * summands << items.bit_length() < 2**61)
        return next(fitting, 0)

    def rounded(self, scaled: int) -> int:
        """Return a bound in units, without what every division pays, as a cost: rounded up to what costs can be."""
        cost = -(-scaled // self.unit) + self.offset
        return -(-cost // self.step) * self.step

    def cost(self, group_of: IntArray) -> int:
        """Return the cost of a division; at least ``big`` when it breaks a rule."""
        total, used = self.offset, 0
        for kind in self.kinds:
            sets = np.array([group_of == g for g in kind.groups])
            some = (sets @ self.problem.size) > 0
            used += int(some.sum())
            total += int(kind.costs(sets[some]).sum()) + self.big * int(sets[~some].sum())
            if kind.required:
                total += self.big * kind.lo * int((~some).sum())
        return total + self.big * (
            max(self.problem.least - used, 0) + max(used - self.problem.at_most, 0) + int((group_of < 0).sum())
        )

    def _kind(self, groups: tuple[int, ...]) -> Kind:
        problem, first = self.problem, groups[0]
        group = problem.groups[first]
        scope = tuple(term.applies_to(first) for term in problem.terms)
        if scope not in self._made:
            by_size, tallies = self._counts(first)
            parts = _Parts(len(self._made), self._dims(first), by_size, tallies, self._seats(first), self._pairs(first))
            self._made[scope] = parts
        family, dims, by_size, tallies, seats, pairs = self._made[scope]
        sizes = np.arange(problem.members + 1)
        by_size = by_size + self.big * np.maximum(np.maximum(group.lo - sizes, sizes - group.hi), 0)
        return Kind(
            groups,
            group.lo,
            min(group.hi, problem.members),
            group.required,
            problem.allowed[:, first],
            dims,
            by_size,
            tallies,
            seats,
            pairs,
            problem.size,
            self.big,
            family,
            None if problem.ceiling is None else problem.highest(problem.ceiling),
        )

    def _dims(self, group: int) -> tuple[Dim, ...]:
        made = (self._dim(choice, group) for choice in self.problem.choices)
        return tuple(dim for dim in made if dim is not None)

    def _dim(self, choice: Choice, group: int) -> Dim | None:
        terms = [
            term
            for term in self.problem.terms
            if isinstance(term, Focus) and term.choice == choice.name and term.applies_to(group)
        ]
        quotas = [
            term
            for term in self.problem.terms
            if isinstance(term, Quota) and term.choice == choice.name and term.applies_to(group)
        ]
        asked = any(term.must or term.weight or term.forbidden is not None for term in terms)
        if not quotas and (not terms or not (asked or choice.capacity is not None)):
            return None
        points: IntArray = np.zeros((len(self.problem.size), len(choice.labels)), dtype=np.int64)
        fixed: IntArray = np.zeros(len(choice.labels), dtype=np.int64)
        for term in terms:
            price = self.big * (term.points > 0) if term.must else term.weight * term.points
            points += price
            if term.forbidden is not None:
                points += self.big * term.forbidden
            if term.fixed is not None:
                fixed += self.big * (term.fixed > 0) if term.must else term.weight * term.fixed
        room = np.full(len(choice.labels), self.problem.members)
        if choice.capacity is not None:
            room = np.minimum(room, choice.capacity)
        return _undominated(Dim(points, fixed, room, tuple(Gate(term.value, term) for term in quotas)))

    def _counts(self, group: int) -> tuple[IntArray, tuple[Tally, ...]]:
        """Return points by size alone, and the count terms that ask for more."""
        problem = self.problem
        sizes = np.arange(problem.members + 1)
        by_size: IntArray = np.zeros(problem.members + 1, dtype=np.int64)
        tallies: list[Tally] = []
        for term in problem.terms:
            if not isinstance(term, Count) or not term.applies_to(group) or not (term.must or term.weight):
                continue
            table = (
                self.big * np.maximum(term.penalty > 0, term.penalty // 100)
                if term.must
                else term.weight * term.penalty
            )
            tally = Tally(term.value, table)
            if not term.value.any() or np.array_equal(term.value, problem.size):
                by_size += tally.at(sizes, sizes if term.value.any() else np.zeros_like(sizes))
            else:
                tallies.append(tally)
        return by_size, tuple(tallies)

    def _seats(self, group: int) -> tuple[IntArray, ...]:
        found = []
        for seat in self.problem.seats:
            terms = [
                term
                for term in self.problem.terms
                if isinstance(term, Role)
                and term.seat == seat
                and term.applies_to(group)
                and (term.must or term.weight)
            ]
            if not terms:
                continue
            points: IntArray = np.zeros(len(self.problem.size), dtype=np.int64)
            for term in terms:
                if term.must:
                    points += self.big * ~(term.eligible & (term.points == 0))
                else:
                    points += term.weight * np.where(term.eligible, term.points, term.vacant)
            found.append(np.minimum(points, self.big))
        return tuple(found)

    def _pairs(self, group: int) -> IntArray | None:
        n = len(self.problem.size)
        table: IntArray = np.zeros((n, n), dtype=np.int64)
        for term in self.problem.terms:
            if isinstance(term, Pair) and term.applies_to(group):
                price = self.big * (term.points > 0) if term.must else term.weight * term.points
                np.add.at(table, (term.first, term.second), price)
                np.add.at(table, (term.second, term.first), price)
        return table if table.any() else None


def _undominated(dim: Dim) -> Dim:
    """Return the choice without options that another one equals or beats for every item, in room and fixed points.

    Where comparing would take many seconds (a few hundred options for thousands of items) all options stay.
    """
    if len(dim.fixed) ** 2 * len(dim.points) > _WORTH_COMPARING:
        return dim
    keep = undominated(np.vstack([dim.points, dim.fixed, -dim.room, *(gate.points for gate in dim.gates)]))
    gates = tuple(replace(gate, points=gate.points[:, keep]) for gate in dim.gates)
    return Dim(dim.points[:, keep], dim.fixed[keep], dim.room[keep], gates)
