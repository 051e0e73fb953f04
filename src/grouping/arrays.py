"""Problems from arrays of weights, without a roster: what :meth:`grouping.Problem.from_arrays` does.

The reading of each argument is a function of its own that returns plain data and adds what is wrong to a list, so that
the caller sees every fault at once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from grouping.errors import InputError, Issue, PolicyError
from grouping.problem import Count, Group, IntArray, Measure, Pair, Problem, Term

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_DECIMALS = 9
"""Weights that need more are refused rather than rounded silently."""

MOST_SUMS = 2**20
"""The widest table of loads; a finer unit is refused."""

_EXACT = 2**53


@dataclass
class Faults:
    """What is wrong with the arguments."""

    found: list[Issue] = field(default_factory=list)

    def add(self, argument: str, message: str, value: object = None, advice: str | None = None) -> None:
        """Note one fault."""
        shown = None if value is None else str(value)
        self.found.append(Issue("bad_arrays", message, column=argument, value=shown, advice=advice))

    def stop(self) -> None:
        """Raise InputError if anything is wrong."""
        if self.found:
            raise InputError(self.found)


def build(
    weights: Any,
    *,
    edges: Iterable[tuple[Any, Any, Any]] | None,
    items: int | None,
    sense: str,
    groups: Any,
    sizes: Any,
    loads: Any,
    capacity: Any,
    together: Iterable[Iterable[Any]],
    apart: Iterable[Iterable[Any]],
    decimals: int | None,
    keys: Sequence[Hashable] | None,
    names: Sequence[str] | None,
) -> Problem:
    """Return the problem; see :meth:`grouping.Problem.from_arrays`."""
    faults = Faults()
    if sense not in ("max", "min"):
        faults.add("sense", 'sense is "max" or "min"', sense)
    if decimals is not None and (isinstance(decimals, bool) or decimals not in range(16)):
        faults.add("decimals", "decimals is a whole number from 0 to 15", decimals)
        decimals = None
    if (weights is None) == (edges is None):
        faults.add("weights", "give either weights (a matrix) or edges (a list of i, j, weight)")
    count = _count(weights, items, loads, keys, faults)
    faults.stop()
    index = _index(count, keys, faults)
    if edges is None:
        first, second, points, constant, digits = _from_matrix(weights, decimals, faults)
    else:
        first, second, points, constant, digits = _from_edges(list(edges), index, decimals, faults)
    made, least, most = _groups(count, groups, sizes, names, faults)
    joined = _links(together, index, "together", faults)
    parted = _links(apart, index, "apart", faults)
    faults.stop()
    blocks = _blocks(count, joined)
    _check_links(blocks, parted, max(group.hi for group in made), index, faults)
    rules = [*_together(count, blocks), *_apart(parted)]
    if loads is not None or capacity is not None:
        rules += _loads(count, loads, capacity, made, blocks, most, faults)
    faults.stop()
    costs = -points if sense == "max" else points
    offset = -int(np.minimum(costs, 0).sum())
    pair = Pair(name="weights", weight=1, first=first, second=second, points=costs, offset=offset)
    try:
        return Problem(
            size=np.ones(count, dtype=np.int64),
            groups=made,
            terms=(pair, *rules),
            least=least,
            most=most,
            keys=tuple(map(str, keys)) if keys is not None else (),
            measure=Measure(sense, digits, offset + constant if sense == "max" else offset - constant),
        )
    except PolicyError:
        faults.add("weights", "the weights are too large to be added exactly", advice="fewer decimals")
        faults.stop()
        raise


def _count(weights: Any, items: int | None, loads: Any, keys: Sequence[Hashable] | None, faults: Faults) -> int:
    """Return the number of items, on which all arguments have to agree."""
    said: dict[str, int] = {}
    if weights is not None:
        shape = np.shape(weights) if not hasattr(weights, "tocoo") else tuple(weights.shape)
        if len(shape) != 2 or shape[0] != shape[1]:
            faults.add("weights", "weights is a square matrix", "×".join(map(str, shape)))
        else:
            said["weights"] = shape[0]
    if items is not None:
        said["items"] = items
    if keys is not None:
        said["keys"] = len(keys)
    if loads is not None:
        said["loads"] = len(loads)
    if len(set(said.values())) > 1:
        faults.add("items", "numbers of items differ: " + ", ".join(f"{name} {n}" for name, n in said.items()))
    if not said:
        faults.add("items", "edges need items, the number of items, or keys")
    elif min(said.values()) < 1:
        faults.add("items", "at least one item is needed")
    return next(iter(said.values()), 0)


def _index(count: int, keys: Sequence[Hashable] | None, faults: Faults) -> dict[Hashable, int]:
    """Return the position of every item by the name that edges and links call it by."""
    if keys is None:
        return {i: i for i in range(count)}
    found = {key: i for i, key in enumerate(keys)}
    if len(found) != count or len(set(map(str, found))) != count:
        faults.add("keys", "two items have the same key")
    return found


def whole_numbers(values: Any, decimals: int | None, argument: str, faults: Faults) -> tuple[IntArray, int]:
    """Return numbers as integers in units of their last decimal, and how many decimals that is.

    Parameters
    ----------
    values : integers or reals, of any shape
    decimals : round to so many; None keeps every decimal, and it is a fault when there are more than nine
    """
    array = np.asarray(values)
    nothing = np.zeros(array.shape, dtype=np.int64), 0
    if array.dtype == np.bool_ or np.issubdtype(array.dtype, np.integer):
        if array.size and int(np.abs(array.astype(np.float64)).max()) >= _EXACT:
            faults.add(argument, "numbers stay below 2^53")
            return nothing
        return array.astype(np.int64), 0
    try:
        real: NDArray[np.float64] = array.astype(np.float64)
    except (TypeError, ValueError):
        faults.add(argument, "these are no numbers")
        return nothing
    if not np.isfinite(real).all():
        faults.add(argument, "numbers are finite", int((~np.isfinite(real)).sum()), "leaving out what is not known")
        return nothing
    for digits in range(MOST_DECIMALS + 1) if decimals is None else (decimals,):
        whole = np.rint(real * 10.0**digits)
        if whole.size and np.abs(whole).max() >= _EXACT:
            faults.add(argument, f"with {digits} decimals the numbers reach 2^53", advice="fewer decimals")
            return nothing
        # k / 10^d is the double nearest to the decimal k·10^-d, so this tells exactly whether d decimals say it all
        if decimals is not None or bool((whole / 10.0**digits == real).all()):
            return whole.astype(np.int64), digits
    advice = "decimals=3, which rounds them" if argument == "weights" else "rounding them before"
    faults.add(argument, f"more than {MOST_DECIMALS} decimals, nothing is rounded unasked", advice=advice)
    return nothing


_Pairs = tuple[IntArray, IntArray, IntArray, int, int]


def _from_matrix(weights: Any, decimals: int | None, faults: Faults) -> _Pairs:
    """Return first, second, points, the sum of the diagonal and the decimals of a matrix."""
    if hasattr(weights, "tocoo"):
        coo = weights.tocoo()
        entries, digits = whole_numbers(coo.data, decimals, "weights", faults)
        row, column = np.asarray(coo.row, dtype=np.int64), np.asarray(coo.col, dtype=np.int64)
    else:
        dense, digits = whole_numbers(weights, decimals, "weights", faults)
        row, column = np.nonzero(dense)
        entries = dense[row, column]
    count = int(np.shape(weights)[0]) if not hasattr(weights, "tocoo") else int(weights.shape[0])
    constant = int(entries[row == column].sum())
    above = _summed(row, column, entries, count, row < column)
    below = _summed(column, row, entries, count, row > column)
    if not above[0].size:
        above, below = below, above
    if below[0].size and not (np.array_equal(above[0], below[0]) and np.array_equal(above[1], below[1])):
        faults.add("weights", "the matrix is neither symmetric nor a triangle", advice="W + W.T, or np.triu(W)")
    return above[0] // count, above[0] % count, above[1], constant, digits


def _summed(
    low: IntArray, high: IntArray, entries: IntArray, count: int, chosen: NDArray[np.bool_]
) -> tuple[IntArray, IntArray]:
    """Return the code low × count + high of each pair that has a weight, and the weight; parts of a pair add up."""
    codes, where = np.unique(low[chosen] * count + high[chosen], return_inverse=True)
    total = np.zeros(len(codes), dtype=np.int64)
    np.add.at(total, where, entries[chosen])
    return codes[total != 0], total[total != 0]


def _from_edges(
    edges: list[tuple[Any, Any, Any]], index: dict[Hashable, int], decimals: int | None, faults: Faults
) -> _Pairs:
    """Return first, second, points, 0 and the decimals of a list of edges."""
    pairs: dict[tuple[int, int], Any] = {}
    for number, edge in enumerate(edges, start=1):
        try:
            one, other, weight = edge
            known = one in index and other in index
        except (TypeError, ValueError):
            faults.add("edges", f"edge {number} is not (i, j, weight)", edge)
            continue
        if not known or index[one] == index[other]:
            faults.add("edges", f"edge {number} joins two items that are not there, or one with itself", (one, other))
            continue
        a, b = sorted((index[one], index[other]))
        if (a, b) in pairs:
            faults.add("edges", f"edge {number} is listed twice", (one, other))
        pairs[a, b] = weight
    points, digits = whole_numbers(list(pairs.values()), decimals, "weights", faults)
    ends = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    return ends[:, 0], ends[:, 1], points, 0, digits


def _limits(value: Any, argument: str, faults: Faults) -> tuple[tuple[Any, Any], ...] | tuple[Any, Any] | None:
    """Return one pair of limits, a pair per group, or None and a fault."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value), int(value)
    try:
        given = tuple(value)
        if len(given) == 2 and not any(isinstance(entry, tuple | list | np.ndarray) for entry in given):
            return given[0], given[1]
        return tuple((low, high) for low, high in given)
    except (TypeError, ValueError):
        faults.add(argument, f"{argument} is (least, most), or such a pair for every group", value)
        return None


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _groups(
    count: int, groups: Any, sizes: Any, names: Sequence[str] | None, faults: Faults
) -> tuple[tuple[Group, ...], int, int]:
    """Return the groups, and how many have to be and may be used."""
    limits = _limits((1, count) if sizes is None else sizes, "sizes", faults)
    if limits is None:
        return (), 0, 0
    each = bool(limits) and isinstance(limits[0], tuple)
    rows: Any = limits if each else (limits,)
    bad = [row for row in rows if not (_whole(row[0]) and _whole(row[1]) and 1 <= row[0] <= row[1])]
    if bad or not rows:
        faults.add("sizes", "group sizes are whole numbers, 1 <= least <= most", bad[0] if bad else sizes)
        return (), 0, 0
    if groups is None:
        groups = len(rows) if each else "any"
    if isinstance(groups, str) and groups == "any":
        least, most = 1, len(rows) if each else max(count // int(rows[0][0]), 1)
    elif _whole(groups):
        least = most = int(groups)
    else:
        pair = tuple(groups) if isinstance(groups, tuple | list) else ()
        if len(pair) != 2 or not all(map(_whole, pair)):
            faults.add("groups", 'groups is a number, (least, most) or "any"', groups)
            return (), 0, 0
        least, most = int(pair[0]), int(pair[1])
    if not 1 <= least <= most:
        faults.add("groups", "numbers of groups need 1 <= least <= most", groups)
        return (), 0, 0
    if each and most != len(rows):
        faults.add("sizes", f"{len(rows)} pairs of sizes for {most} groups")
    if names is not None and len(names) != most:
        faults.add("names", f"{len(names)} names for {most} groups")
    wide = rows if each else rows * most
    low, high = sorted(int(row[0]) for row in wide), sorted((int(row[1]) for row in wide), reverse=True)
    if sum(low[:least]) > count:
        faults.add("sizes", f"{least} groups of these sizes need at least {sum(low[:least])} items, there are {count}")
    if sum(high[:most]) < count:
        faults.add("sizes", f"{most} groups of these sizes hold at most {sum(high[:most])} of {count} items")
    if faults.found:
        return (), 0, 0
    called = list(names) if names is not None else [f"G{g + 1}" for g in range(most)]
    made = tuple(
        Group(str(name), int(row[0]), min(int(row[1]), count), required=least == most)
        for name, row in zip(called, wide, strict=True)
    )
    return made, least, most


def _links(
    links: Iterable[Iterable[Any]], index: dict[Hashable, int], argument: str, faults: Faults
) -> list[tuple[int, ...]]:
    """Return the sets of items as positions."""
    found = []
    for link in links:
        ids = tuple(link)
        unknown = [entry for entry in ids if entry not in index]
        if unknown:
            faults.add(argument, f"there is no item {unknown[0]!r}", ids)
        elif len({index[entry] for entry in ids}) < max(len(ids), 2):
            faults.add(argument, "a link is of two or more different items", ids)
        else:
            found.append(tuple(sorted(index[entry] for entry in ids)))
    return found


def _blocks(count: int, joined: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return the sets of items that have to be together, links that share an item made one."""
    block = list(range(count))
    for link in joined:
        merged = {block[i] for i in link}
        block = [min(merged) if b in merged else b for b in block]
    sets: dict[int, list[int]] = {}
    for i, b in enumerate(block):
        sets.setdefault(b, []).append(i)
    return [tuple(members) for members in sets.values() if len(members) > 1]


def _check_links(
    blocks: list[tuple[int, ...]],
    parted: list[tuple[int, ...]],
    largest: int,
    index: dict[Hashable, int],
    faults: Faults,
) -> None:
    name = {i: key for key, i in index.items()}
    of = {i: b for b, block in enumerate(blocks) for i in block}
    for link in parted:
        for i, j in combinations(link, 2):
            if i in of and of[i] == of.get(j):
                faults.add("apart", f"items {name[i]!r} and {name[j]!r} have to be together and apart")
    for block in blocks:
        if len(block) > largest:
            first = ", ".join(repr(name[i]) for i in block[:3])
            faults.add("together", f"{len(block)} items ({first} …) have to be together, a group holds {largest}")


def _together(count: int, blocks: list[tuple[int, ...]]) -> list[Term]:
    """Return a rule for each block: none of it, or all."""
    rules: list[Term] = []
    for block in blocks:
        value = np.zeros(count, dtype=np.int64)
        value[list(block)] = 1
        inside = np.arange(len(block) + 1)
        rules.append(Count(name="together", must=True, value=value, penalty=100 * (inside * inside[::-1] > 0)[None, :]))
    return rules


def _apart(parted: list[tuple[int, ...]]) -> list[Term]:
    """Return one rule over all pairs that have to be apart."""
    pairs = sorted({pair for link in parted for pair in combinations(link, 2)})
    if not pairs:
        return []
    ends = np.array(pairs, dtype=np.int64)
    points = np.full(len(pairs), 100, dtype=np.int64)
    return [Pair(name="apart", must=True, first=ends[:, 0], second=ends[:, 1], points=points)]


def _loads(
    count: int,
    loads: Any,
    capacity: Any,
    groups: tuple[Group, ...],
    blocks: list[tuple[int, ...]],
    most: int,
    faults: Faults,
) -> list[Term]:
    """Return the rules that keep the sum of the loads within each group's limits."""
    if loads is None or capacity is None:
        faults.add("capacity", "loads and capacity come together")
        return []
    limits = _limits(capacity, "capacity", faults)
    if limits is None:
        return []
    rows: Any = limits if limits and isinstance(limits[0], tuple) else (limits,) * len(groups)
    if len(rows) != len(groups):
        faults.add("capacity", f"{len(rows)} capacities for {len(groups)} groups")
        return []
    ends = [end for row in rows for end in row if end is not None]
    known = len(faults.found)
    numbers, _ = whole_numbers([*loads, *ends], None, "loads", faults)
    if len(faults.found) > known:
        return []
    value, given = numbers[:count], iter(numbers[count:].tolist())
    if value.min() < 0:
        faults.add("loads", "loads are not negative", loads[int(value.argmin())])
        return []
    step = max(int(np.gcd.reduce(value)), 1)
    value = value // step
    total = int(value.sum())
    if total >= MOST_SUMS:
        advice = "loads in a coarser unit (rounded down they relax the rule, rounded up they tighten it)"
        faults.add("loads", f"the loads add up to {total} of their smallest unit, {MOST_SUMS} at most", advice=advice)
        return []
    within = []
    for row in rows:
        low = 0 if row[0] is None else max(-(-next(given) // step), 0)
        high = total if row[1] is None else min(next(given) // step, total)
        within.append((low, high))
    if any(low > high for low, high in within):
        faults.add(
            "capacity",
            "no sum of loads lies within such limits",
            next(r for r, w in zip(rows, within, strict=True) if w[0] > w[1]),
        )
        return []
    roof = sorted((high for _, high in within), reverse=True)
    if sum(roof[:most]) < total:
        faults.add("capacity", "the groups cannot hold all loads")
    heaviest = max([*value.tolist(), *(int(value[list(block)].sum()) for block in blocks)])
    if heaviest > roof[0]:
        faults.add("capacity", "one item, or items that have to be together, exceed every group's capacity")
    if all(group.required for group in groups) and sum(low for low, _ in within) > total:
        faults.add("capacity", "the loads cannot fill all groups to their least")
    # 100 points for each mean load that is too much or too little: a slope for the search, whatever the unit
    mean = max(total // count, 1)
    rules: list[Term] = []
    sums = np.arange(total + 1)
    for low, high in dict.fromkeys(within):
        scope = tuple(g for g, limit in enumerate(within) if limit == (low, high))
        off = np.maximum(np.maximum(low - sums, sums - high), 0)
        rules.append(
            Count(
                name="capacity",
                must=True,
                value=value,
                penalty=100 * -(-off // mean)[None, :],
                groups=None if len(scope) == len(groups) else scope,
            )
        )
    return rules
