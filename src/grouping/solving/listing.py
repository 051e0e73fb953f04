"""All groups that a better plan could contain: those whose reduced cost lies within the gap.

If a plan cheaper than the best one exists, every group of it has a reduced cost within the gap between the best plan
and the bound. So a list of all such groups is enough to choose from: what the list does not offer cannot help.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grouping.solving.pricing import Node, Pricer, TimeUp

if TYPE_CHECKING:
    from grouping.problem import BoolArray, IntArray
    from grouping.solving.clock import Clock
    from grouping.solving.kernel import Kernel, Kind

TOO_MANY = 150_000
"""Groups in a list beyond which choosing among them is hopeless."""

_A_SECOND = 20_000
"""Groups that can be listed and chosen from for each second there is."""

SMALL = 20_000
"""Groups that are listed outright, without prices, when a problem has no more."""


_FAR = 1 << 60
_ROWS = 4096
_MOST_THINGS = 10

UintArray = NDArray[np.uint64]


TINY = 400
"""Groups that need no search before they are listed."""


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
    kernel: Kernel,
    k: int,
    pricer: Pricer,
    price: IntArray,
    limit: int,
    clock: Clock,
    until: float,
    too_many: int = TOO_MANY,
) -> BoolArray:
    """Return every set of items whose reduced cost as a group of kind ``k`` is at most ``limit``.

    Parameters
    ----------
    price : per item, in units of the kernel
    limit : in units of the kernel

    Raises
    ------
    TooManyError
        When there are more than ``too_many`` of them, or than there is time for, or far more candidates.
    TimeUp
        When the clock reaches ``until`` first.
    """
    kind, n = kernel.kinds[k], len(price)
    if len(pricer.what) > _MOST_THINGS:
        raise TooManyError
    most = int(min(too_many, _A_SECOND * max(clock.before(until), 0.1)))
    kept = np.zeros((0, n), dtype=np.bool_)
    known = np.zeros((0, _words(n)), dtype=np.uint64)
    for leaves in pricer.leaves(price, clock, until, [limit + 1]):
        found = [known]
        for masks in _subsets(pricer, leaves, limit, clock, until):
            found.append(masks)
            if sum(map(len, found)) > 20 * most:
                raise TooManyError
        known_before = known
        known = np.unique(np.vstack(found), axis=0)
        fresh = _rows(_without(known, known_before), n)
        for part in np.array_split(fresh, max(1, len(fresh) // 4096)):
            reduced = kernel.unit * kind.costs(part) - part @ price
            kept = np.vstack([kept, part[reduced <= limit]])
        if len(kept) > most:
            raise TooManyError
    return kept


def _subsets(pricer: Pricer, leaves: Node, limit: int, clock: Clock, until: float) -> Iterator[UintArray]:
    """Yield batches of sets, as bit masks, whose cost at one of the leaves is at most ``limit``.

    Members of a leaf are sorted by cost and added in that order, breadth first, a batch of partial sets at a time. A
    partial set is dropped when even the cheapest members that may still join leave it above the limit; the seat is
    filled by someone already in, or by the cheapest who may still join for it.
    """
    count_leaves, n = leaves.members.shape
    lo, hi, words = pricer.lo, pricer.hi, _words(len(pricer.kind.size))
    order = np.argsort(leaves.members, axis=1, kind="stable")
    cost = np.take_along_axis(leaves.members, order, axis=1)
    prefix = np.zeros((count_leaves, n + 1), dtype=np.int64)
    np.cumsum(cost, axis=1, out=prefix[:, 1:])
    seat = np.zeros_like(cost) if pricer.seat is None else pricer.seat[leaves.who][order]
    later = np.full((count_leaves, n + 1), _FAR, dtype=np.int64)
    later[:, :n] = np.minimum.accumulate((cost + seat)[:, ::-1], axis=1)[:, ::-1]
    bits = _bits(pricer.who[leaves.who][order], words)
    stack = [(0, *_starts(pricer, leaves, words))]
    while stack:
        if clock.spent >= until:
            raise TimeUp
        count, leaf, first, total, held, mask = stack.pop()
        if len(leaf) > _ROWS:
            stack.append((count, leaf[_ROWS:], first[_ROWS:], total[_ROWS:], held[_ROWS:], mask[_ROWS:]))
            leaf, first, total, held, mask = leaf[:_ROWS], first[:_ROWS], total[:_ROWS], held[:_ROWS], mask[:_ROWS]
        parent, joins = np.nonzero(np.arange(n)[None, :] >= first[:, None])
        clock.work(20.0 * len(parent))
        leaf, first, count = leaf[parent], joins + 1, count + 1
        total = total[parent] + cost[leaf, joins]
        held = np.minimum(held[parent], seat[leaf, joins])
        grows = np.zeros(len(leaf), dtype=np.bool_)
        for size in range(max(lo, count + 1), hi + 1):
            last = first + size - count
            fits = last <= n
            last = np.minimum(last, n)
            filled = prefix[leaf, last] + held
            joined = prefix[leaf, last - 1] + later[leaf, first]
            rest = np.minimum(filled, joined) - prefix[leaf, first] + leaves.base[leaf, size - lo]
            grows |= fits & (total + rest <= limit)
        ready = np.zeros(len(leaf), dtype=np.bool_)
        if lo <= count <= hi:
            ready = total + held + leaves.base[leaf, count - lo] <= limit
        some = np.flatnonzero(grows | ready)
        mask = mask[parent[some]] | bits[leaf[some], joins[some]]
        if ready.any():
            yield mask[ready[some]]
        if count < hi and grows.any():
            on = some[grows[some]]
            stack.append((count, leaf[on], first[on], total[on], held[on], mask[grows[some]]))


def _starts(pricer: Pricer, leaves: Node, words: int) -> tuple[IntArray, IntArray, IntArray, IntArray, UintArray]:
    """Return leaf, first member, total, seat and mask of the sets without members: each choice of things of size 0."""
    things = len(pricer.what)
    choices = np.array(list(product((0, 1), repeat=things)), dtype=np.int64).reshape(2**things, things)
    total = (leaves.things @ choices.T).ravel()
    leaf = np.repeat(np.arange(len(leaves.base)), len(choices))
    single = _bits(pricer.what, words)
    mask = np.zeros((len(choices), words), dtype=np.uint64)
    for thing in range(things):
        mask[choices[:, thing] > 0] |= single[thing]
    held = np.full(len(total), 0 if pricer.seat is None else _FAR, dtype=np.int64)
    return leaf, np.zeros(len(total), dtype=np.int64), total, held, np.tile(mask, (len(leaves.base), 1))


def _words(items: int) -> int:
    """Return how many 64-bit words hold a flag for each item."""
    return -(-items // 64)


def _bits(items: IntArray, words: int) -> UintArray:
    """Return a mask with one bit for each item."""
    masks = np.zeros((*items.shape, words), dtype=np.uint64)
    flags = np.uint64(1) << (items % 64).astype(np.uint64)
    np.put_along_axis(masks, (items // 64)[..., None], flags[..., None], axis=-1)
    return masks


def _rows(masks: UintArray, items: int) -> BoolArray:
    """Return masks as rows of flags."""
    flags = np.unpackbits(masks.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    return flags[:, :items].astype(np.bool_)


def _without(masks: UintArray, others: UintArray) -> UintArray:
    """Return the masks (sorted, unique) that are not among the others (sorted, unique, all contained)."""
    if not len(others):
        return masks
    _, index, counts = np.unique(np.vstack([others, masks]), axis=0, return_index=True, return_counts=True)
    fresh: UintArray = np.vstack([others, masks])[index[counts == 1]]
    return fresh
