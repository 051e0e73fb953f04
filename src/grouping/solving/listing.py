"""All groups that a better plan could contain: those whose reduced cost lies within the gap.

If a plan cheaper than the best one exists, every group of it has a reduced cost within the gap between the best plan
and the bound. So a list of all such groups is enough to choose from: what the list does not offer cannot help.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from grouping.solving.pricing import SCALE, Node, Pricer, TimeUp

if TYPE_CHECKING:
    from grouping.problem import BoolArray, IntArray
    from grouping.solving.clock import Clock
    from grouping.solving.kernel import Kernel, Kind

TOO_MANY = 150_000
"""Groups in a list beyond which choosing among them is hopeless."""

SMALL = 20_000
"""Groups that are listed outright, without prices, when a problem has no more."""


_FAR = 1 << 62


class TooManyError(Exception):
    """The list would be too long."""


def possible(kind: Kind) -> int:
    """Return how many sets of items have a size that this kind allows."""
    people = int(((kind.size > 0) & kind.allowed).sum())
    things = int(((kind.size == 0) & kind.allowed).sum())
    return sum(comb(people, size) for size in range(kind.lo, kind.hi + 1)) << things


def all_sets(kind: Kind) -> BoolArray:
    """Return every set of items whose size this kind allows; only for small problems."""
    people = np.flatnonzero((kind.size > 0) & kind.allowed)
    things = np.flatnonzero((kind.size == 0) & kind.allowed)
    rows: list[BoolArray] = []
    for size in range(kind.lo, kind.hi + 1):
        for chosen in combinations(people.tolist(), size):
            row = np.zeros(len(kind.size), dtype=np.bool_)
            row[list(chosen)] = True
            rows.append(row)
    found = np.array(rows).reshape(-1, len(kind.size))
    for thing in things:
        with_it = found.copy()
        with_it[:, thing] = True
        found = np.vstack([found, with_it])
    return found


def within(
    kernel: Kernel, k: int, pricer: Pricer, price: IntArray, limit: int, clock: Clock, until: float
) -> BoolArray:
    """Return every set of items whose reduced cost as a group of kind ``k`` is at most ``limit``.

    Parameters
    ----------
    price : per item, in 1/SCALE
    limit : in 1/SCALE

    Raises
    ------
    TooManyError
        When there are more than ``TOO_MANY`` candidates.
    TimeUp
        When the clock reaches ``until`` first.
    """
    found: set[bytes] = set()
    visited = 0
    for leaves in pricer.leaves(price, clock, until, [limit + 1]):
        for row in range(len(leaves.low)):
            if clock.spent >= until:
                raise TimeUp
            visited += _subsets(pricer, leaves, row, limit, found)
            if len(found) > TOO_MANY or visited > 20 * TOO_MANY:
                raise TooManyError
    if not found:
        return np.zeros((0, len(price)), dtype=np.bool_)
    sets = np.frombuffer(b"".join(sorted(found)), dtype=np.bool_).reshape(-1, len(price))
    kind = kernel.kinds[k]
    kept = []
    for part in np.array_split(sets, max(1, len(sets) // 4096)):
        reduced = SCALE * kind.costs(part) - part @ price
        kept.append(part[reduced <= limit])
    return np.vstack(kept)


def _subsets(pricer: Pricer, leaves: Node, row: int, limit: int, found: set[bytes]) -> int:
    """Add every set of one leaf whose cost there is at most ``limit``; return the steps taken."""
    values = leaves.members[row]
    order = np.argsort(values, kind="stable")
    cost = values[order].tolist()
    prefix = [0, *np.cumsum(values[order]).tolist()]
    who = pricer.who[order].tolist()
    seat = pricer.seat[order].tolist() if pricer.seat is not None else [0] * len(cost)
    later = [*np.minimum.accumulate((values[order] + np.array(seat))[::-1])[::-1].tolist(), _FAR]
    lo, hi = pricer.lo, pricer.hi
    by_size = leaves.base[row].tolist()
    things = leaves.things[row].tolist()
    steps = 0
    n = len(cost)

    def least(first: int, count: int, total: int, held: int) -> int:
        """Return a lower limit of any completion by members from ``first`` on, at least one of them."""
        best = _FAR
        for size in range(max(lo, count + 1), min(hi, count + n - first) + 1):
            last = first + size - count
            filled = prefix[last] - prefix[first] + held
            joined = prefix[last - 1] - prefix[first] + later[first]
            best = min(best, by_size[size - lo] + (filled if filled < joined else joined))
        return total + best

    def grow(first: int, count: int, total: int, chosen: list[int], inside: list[int], held: int) -> None:
        nonlocal steps
        steps += 1
        if lo <= count <= hi and total + by_size[count - lo] + held <= limit:
            mask = bytearray(len(pricer.kind.size))
            for i in chosen:
                mask[i] = 1
            for i in inside:
                mask[i] = 1
            found.add(bytes(mask))
            if len(found) > TOO_MANY:
                raise TooManyError
        if count == hi:
            return
        for i in range(first, n):
            if least(i, count, total, held) > limit:
                break
            taken, seated = total + cost[i], min(held, seat[i])
            if least(i + 1, count + 1, taken, seated) <= limit or (
                count + 1 >= lo and taken + by_size[count + 1 - lo] + seated <= limit
            ):
                grow(i + 1, count + 1, taken, [*chosen, who[i]], inside, seated)

    def with_things(position: int, total: int, inside: list[int]) -> None:
        if position == len(things):
            grow(0, 0, total, [], inside, _FAR if pricer.seat is not None else 0)
            return
        with_things(position + 1, total, inside)
        with_things(position + 1, total + things[position], [*inside, int(pricer.what[position])])

    with_things(0, 0, [])
    return steps
