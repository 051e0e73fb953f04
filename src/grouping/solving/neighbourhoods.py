"""Which groups of a large division to divide anew together: neighbours, whose members would suit each other's answers.

A part of a division, a handful of neighbouring groups, is a problem of its own that can be solved to a proven
optimum. Solving part after part improves a division far beyond moves and swaps, and the groups and prices found on
the way are what column generation over the whole starts from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from grouping.problem import IntArray
    from grouping.solving.kernel import Kernel

MEMBERS = 42
"""Members of a part: so many are usually divided to a proven optimum within seconds."""


def distances(kernel: Kernel, group_of: IntArray, used: IntArray) -> IntArray:
    """Return, for every two groups in use, what their members would pay for each other's answers, on average.

    Parameters
    ----------
    used : the groups in use, ascending
    """
    problem = kernel.problem
    paid = np.zeros((len(problem.size), len(used)), dtype=np.float64)
    for at, g in enumerate(used.tolist()):
        kind = kernel.kinds[kernel.kind_of[g]]
        items = np.flatnonzero(group_of == g)
        paid[:, at] += np.where(kind.allowed, 0.0, float(kernel.limit))
        for dim in kind.dims:
            paid[:, at] += np.minimum(dim.points[:, (dim.points[items].sum(axis=0) + dim.fixed).argmin()], kernel.limit)
        if kind.pairs is not None and len(items):
            paid[:, at] += kind.pairs[:, items].mean(axis=1) * len(items)
    home = np.searchsorted(used, group_of)
    sizes = np.bincount(home, minlength=len(used))
    total = np.zeros((len(used), len(used)))
    np.add.at(total, home, paid)
    mean = total / np.maximum(sizes, 1)[:, None]
    found: IntArray = np.rint(mean + mean.T).astype(np.int64)
    return found


def surveyed(kernel: Kernel, group_of: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the groups in use, ascending, how many members each has, and their distances."""
    used = np.unique(group_of)
    sizes = np.bincount(group_of, weights=kernel.problem.size, minlength=len(kernel.problem.groups)).astype(np.int64)
    return used, sizes[used], distances(kernel, group_of, used)


def partition(distance: IntArray, sizes: IntArray, order: IntArray, members: int = MEMBERS) -> list[IntArray]:
    """Return parts of neighbouring groups, each group in exactly one.

    Parameters
    ----------
    distance : groups × groups
    sizes : members of each group
    order : which groups begin a part first
    members : of a part, about
    """
    free = np.ones(len(sizes), dtype=np.bool_)
    parts = []
    for first in order.tolist():
        if not free[first]:
            continue
        part = around(first, np.where(free, distance[first], np.iinfo(np.int64).max), sizes, members)
        part = part[free[part]]
        free[part] = False
        parts.append(np.sort(part))
    return parts


def around(first: int, distance: IntArray, sizes: IntArray, members: int = MEMBERS) -> IntArray:
    """Return a group and the nearest others, together about so many members, at least two groups where there are."""
    near = np.argsort(distance, kind="stable")
    near = np.concatenate([[first], near[near != first]])
    count = int(np.searchsorted(np.cumsum(sizes[near]), members, side="right"))
    return near[: max(count, 2)]
