"""The edge model: for every two items whether they are together, and what any division must then cost at least.

Items that a rule keeps together become one node. What a group pays for pairs is priced exactly when all groups agree on
it, and at the least that any group takes otherwise. Everything else is left out at its least, so that a bound from
here holds for every problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grouping.solving.pairwise import components, pairwise

if TYPE_CHECKING:
    from grouping.problem import BoolArray, IntArray
    from grouping.solving.kernel import Kernel, Kind
    from grouping.solving.pairwise import Pairwise

FREE = 1 << 40
"""A limit that never binds."""

_LARGEST_PLAN = 40_000_000
"""Steps of the sum over sizes beyond which it is not worth it."""


@dataclass(frozen=True)
class Limit:
    """For each node I: low[I] ≤ Σ over the others J with it of amount[J] ≤ high[I]; ±FREE where there is no limit."""

    amount: IntArray
    low: IntArray
    high: IntArray


@dataclass(frozen=True)
class Edges:
    """A relaxation of a problem in the variables "I and J are together".

    Attributes
    ----------
    node_of : per item
    cost : nodes × nodes, symmetric, what being together costs at least
    apart : nodes × nodes, True where they are never together
    base : what every division pays besides
    limits : what a node's group may hold
    members : per node
    fewest, most : limits of the number of pairs of members together in different nodes
    groups : how many groups may be used
    """

    node_of: IntArray
    cost: IntArray
    apart: BoolArray
    base: int
    limits: tuple[Limit, ...]
    members: IntArray
    fewest: int
    most: int
    groups: int


def edges(kernel: Kernel) -> Edges | None:
    """Return the edge model of a problem, None when its rules contradict each other or pairs cost nothing."""
    problem, kinds = kernel.problem, kernel.kinds
    parts: dict[int, Pairwise] = {}
    for kind in kinds:
        if kind.family not in parts:
            parts[kind.family] = pairwise(kernel, kind)
    if not any(part.beside.any() for part in parts.values()) or not len(problem.size):
        return None
    # groups of one family that admit the same items have the same say on pairs
    views = list({(kind.family, kind.allowed.tobytes()): kind for kind in kinds}.values())
    n = len(problem.size)
    cost = np.full((n, n), FREE << 20, dtype=np.int64)
    apart = np.ones((n, n), dtype=np.bool_)
    linked = np.ones((n, n), dtype=np.bool_)
    alone = np.full(n, FREE << 20, dtype=np.int64)
    for kind in views:
        part, allowed = parts[kind.family], kind.allowed
        meet = allowed[:, None] & allowed & ~part.apart
        np.minimum(cost, part.beside, out=cost, where=meet)
        np.minimum(alone, part.alone, out=alone, where=allowed)
        apart &= ~meet
        linked &= part.linked | ~allowed[:, None]
    if not np.logical_or.reduce([kind.allowed for kind in views]).all():
        return None
    linked |= linked.T
    node_of = components(linked)
    count = int(node_of.max()) + 1
    cost[apart] = 0
    np.fill_diagonal(cost, 0)
    np.fill_diagonal(apart, val=False)
    same = node_of[:, None] == node_of
    if (same & apart).any():
        return None
    inner = int(cost[same].sum()) // 2
    sums, never = cost, apart
    if count < n:
        sums = _gathered(cost, node_of, count)
        never = _gathered(apart.astype(np.int64), node_of, count) > 0
        np.fill_diagonal(sums, 0)
    admits = np.array([[bool(kind.allowed[node_of == v].all()) for kind in kinds] for v in range(count)])
    never = never | ~(admits.astype(np.int64) @ admits.T.astype(np.int64) > 0)
    np.fill_diagonal(never, val=False)
    members = _per_node(problem.size, node_of, count)
    limits = [_sizes(kernel, admits, members), *_amounts(kernel, parts, admits, node_of)]
    fewest, most, paid = _pairs_of_members(kernel)
    if fewest > most or any((limit.low > limit.high).any() for limit in limits):
        return None
    for limit in limits:
        never |= (limit.amount[None, :] > limit.high[:, None]) & ~np.eye(count, dtype=np.bool_)
    never |= never.T
    sums[never] = 0
    within = int((members * (members - 1) // 2).sum())
    return Edges(
        node_of=node_of,
        cost=sums,
        apart=never,
        base=kernel.offset + inner + int(alone.sum()) + paid,
        limits=tuple(limits),
        members=members,
        fewest=max(fewest - within, 0),
        most=most - within,
        groups=problem.at_most,
    )


def allowed_sizes(kernel: Kernel, kind: Kind) -> IntArray:
    """Return the sizes that a used group of this kind may have by limits and rules."""
    sizes = np.arange(kind.lo, kind.hi + 1)
    return sizes[kind.by_size[sizes] < kernel.limit]


def _sizes(kernel: Kernel, admits: BoolArray, members: IntArray) -> Limit:
    low, high = np.zeros(len(kernel.kinds), dtype=np.int64), np.zeros(len(kernel.kinds), dtype=np.int64)
    for k, kind in enumerate(kernel.kinds):
        sizes = allowed_sizes(kernel, kind)
        low[k], high[k] = (int(sizes[0]), int(sizes[-1])) if len(sizes) else (FREE, -FREE)
    return Limit(members, *_widest(admits, low, high, members))


def _amounts(kernel: Kernel, parts: dict[int, Pairwise], admits: BoolArray, node_of: IntArray) -> list[Limit]:
    """Return the limits that rules on counts set, one for each number that items carry."""
    found: dict[bytes, tuple[IntArray, IntArray, IntArray]] = {}
    kinds = kernel.kinds
    for k, kind in enumerate(kinds):
        for count in parts[kind.family].counts:
            if not count.broken.any():
                continue
            rows = count.broken if len(count.broken) == 1 else count.broken[kind.lo : kind.hi + 1]
            kept = np.flatnonzero((rows == 0).any(axis=0))
            _, low, high = found.setdefault(
                count.value.tobytes(),
                (count.value, np.full(len(kinds), -FREE, dtype=np.int64), np.full(len(kinds), FREE, dtype=np.int64)),
            )
            low[k] = max(low[k], int(kept[0]) if len(kept) else FREE)
            high[k] = min(high[k], int(kept[-1]) if len(kept) else -FREE)
    limits = []
    for value, low, high in found.values():
        own = _per_node(value, node_of, len(admits))
        limits.append(Limit(own, *_widest(admits, low, high, own)))
    return limits


def _per_node(values: IntArray, node_of: IntArray, count: int) -> IntArray:
    """Return the sums of values per item over the items of each node."""
    sums: IntArray = np.zeros(count, dtype=np.int64)
    np.add.at(sums, node_of, values)
    return sums


def _gathered(table: IntArray, node_of: IntArray, count: int) -> IntArray:
    """Return the sums of a table of items × items over the items of each two nodes."""
    sums: IntArray = np.zeros((count, count), dtype=np.int64)
    np.add.at(sums, (node_of[:, None], node_of[None, :]), table)
    return sums


def _widest(admits: BoolArray, low: IntArray, high: IntArray, own: IntArray) -> tuple[IntArray, IntArray]:
    """Return per node the widest limits of the kinds that admit it, less what it brings itself."""
    least = np.where(admits, low, FREE).min(axis=1)
    most = np.where(admits, high, -FREE).max(axis=1)
    return np.where(least <= -FREE, -FREE, least - own), np.where(most >= FREE, FREE, most - own)


def _pairs_of_members(kernel: Kernel) -> tuple[int, int, int]:
    """Return the fewest and most pairs of members inside the groups of any division, and the least paid for sizes."""
    problem = kernel.problem
    m, groups = problem.members, problem.at_most
    whole, rest = divmod(m, groups)
    fewest = rest * (whole + 1) * whole // 2 + (groups - rest) * whole * (whole - 1) // 2
    alone = max(problem.least - 1, 0)
    most = (m - alone) * (m - alone - 1) // 2
    kinds = kernel.kinds
    if sum(len(kind.groups) * (kind.hi - kind.lo + 1) for kind in kinds) * m > _LARGEST_PLAN:
        return fewest, most, 0
    far = FREE << 20
    plans = [np.full(m + 1, far, dtype=np.int64) for _ in range(3)]
    for plan in plans:
        plan[0] = 0
    for kind in kinds:
        sizes = allowed_sizes(kernel, kind)
        inside = sizes * (sizes - 1) // 2
        for _ in kind.groups:
            for p, price in enumerate((inside, -inside, kind.by_size[sizes])):
                before = plans[p]
                after = np.full(m + 1, far, dtype=np.int64) if kind.required else before.copy()
                for size, cost in zip(sizes.tolist(), price.tolist(), strict=True):
                    np.minimum(after[size:], before[: m + 1 - size] + cost, out=after[size:])
                plans[p] = after
    if plans[0][m] >= far // 2:
        return fewest, most, 0
    return max(fewest, int(plans[0][m])), min(most, -int(plans[1][m])), max(int(plans[2][m]), 0)


def degree_bound(model: Edges) -> int:
    """Return what edges cost at least when every node picks its own best company, as many as sizes allow.

    Half the sum of what the nodes then pay, rounded up; no linear problem is needed.
    """
    total = 0
    sizes = model.limits[0]
    single = bool((model.members == 1).all())
    for v, row in enumerate(model.cost):
        free = ~model.apart[v]
        free[v] = False
        best = np.concatenate([[0], np.cumsum(np.sort(row[free]))])
        if single:
            low = min(max(int(sizes.low[v]), 0), len(best) - 1)
            best = best[low : max(int(sizes.high[v]), low) + 1]
        total += int(best.min())
    return -(-total // 2)
