"""The steps of :mod:`grouping.solving.pairs` as a compiled loop (extra ``fast``): the same decisions, sooner.

Every number is an integer except for the drawn keys, which are computed in the same order here and there, so that both
give the same divisions to the bit. Functions take single arrays, not records, which halves the time of compiling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba import njit

from grouping.solving.pairs import BEST, COST, HARD, USED

if TYPE_CHECKING:
    from grouping.problem import IntArray
    from grouping.solving.pairs import Data, FloatArray, Sums


@njit(cache=True)
def _counted(
    table: Any, first: Any, rows: Any, width: Any, amount: Any, g: int, size: int, plus: Any, minus: Any
) -> Any:
    """Return what the counts of a group cost at a size, when ``plus`` joins and ``minus`` leaves its amounts."""
    total = 0
    if size > 0:
        for t in range(len(amount)):
            total += table[first[t, g] + min(size, rows[t, g] - 1) * width[t, g] + amount[t, g] + plus[t] - minus[t]]
    return total


@njit(cache=True)
def _sized(by_size: Any, lost: int, size: int, held: int) -> Any:
    return by_size[size] + (lost * held if size == 0 else 0)


@njit(cache=True)
def _loop(
    item_size: Any, kind: Any, family: Any, by_size: Any, by_size_hard: Any, pairs: Any, pairs_hard: Any, value: Any,
    first: Any, rows: Any, width: Any, table: Any, table_hard: Any, by_used: Any, by_used_hard: Any, lost: int,
    group_of: Any, size: Any, held: Any, amount: Any, beside: Any, beside_hard: Any, vacant: Any, best: Any, total: Any,
    items: Any, begins: Any, temperatures: Any, noise: Any,
) -> None:  # fmt: skip
    n, groups, counts = len(group_of), len(size), len(amount)
    several, linked, ruled = len(pairs) > 1, beside_hard.shape[1] > 0, pairs_hard.shape[1] > 0
    nothing = value[:, 0, 0] * 0
    paid = size * 0
    for b in range(groups):
        paid[b] = _counted(table, first, rows, width, amount, b, size[b], nothing, nothing)
    for step in range(len(items)):
        i, begin, heat = items[step], begins[step], temperatures[step]
        a = group_of[i]
        fa, z, sa, now, used = family[a], item_size[i], size[a], beside[a, i], total[USED]
        leaving = _sized(by_size[kind[a]], lost, sa - z, held[a] - 1) - _sized(by_size[kind[a]], lost, sa, held[a])
        if counts:
            gone = _counted(table, first, rows, width, amount, a, sa - z, nothing, value[:, fa, i])
            leaving += gone - paid[a]
        closes = 1 if sa > 0 and sa == z else 0
        chosen, change = -1, 0
        lowest = 0.0 - heat * noise[begin + n + groups]
        own, mine = pairs[fa, i], beside[a]
        for j in range(n):
            b = group_of[j]
            if b == a or item_size[j] != z:
                continue
            d = beside[b, i] - now + mine[j] - beside[b, j] - own[j]
            d -= pairs[family[b], i, j] if several else own[j]
            if counts:
                fb, sb = family[b], size[b]
                d += _counted(table, first, rows, width, amount, a, sa, value[:, fa, j], value[:, fa, i]) - paid[a]
                d += _counted(table, first, rows, width, amount, b, sb, value[:, fb, i], value[:, fb, j]) - paid[b]
            key = d - heat * noise[begin + j]
            if key < lowest:
                lowest, chosen, change = key, j, d
        for b in range(groups):
            if b == a or (held[b] == 0 and vacant[kind[b]] != b):
                continue
            sb, row = size[b], by_size[kind[b]]
            d = beside[b, i] - now + leaving + _sized(row, lost, sb + z, held[b] + 1) - _sized(row, lost, sb, held[b])
            if counts:
                d += _counted(table, first, rows, width, amount, b, sb + z, value[:, family[b], i], nothing) - paid[b]
            opens = 1 if sb == 0 and z > 0 else 0
            d += by_used[used + opens - closes] - by_used[used]
            key = d - heat * noise[begin + n + b]
            if key < lowest:
                lowest, chosen, change = key, n + b, d
        if chosen < 0:
            continue
        swap = chosen < n
        b = group_of[chosen] if swap else chosen - n
        for g in (a, b):
            total[HARD] -= _sized(by_size_hard[kind[g]], 1, size[g], held[g])
            total[HARD] -= _counted(table_hard, first, rows, width, amount, g, size[g], nothing, nothing)
        total[HARD] -= by_used_hard[used]
        if linked:
            total[HARD] += beside_hard[b, i] - beside_hard[a, i]
            if swap:
                total[HARD] += beside_hard[a, chosen] - beside_hard[b, chosen]
                if ruled:
                    total[HARD] -= pairs_hard[fa, i, chosen] + pairs_hard[family[b], i, chosen]
        for turn in range(2 if swap else 1):
            mover, source, target = (chosen, b, a) if turn else (i, a, b)
            group_of[mover] = target
            for g, sign in ((source, -1), (target, 1)):
                f, before = family[g], size[g]
                size[g] += sign * item_size[mover]
                held[g] += sign
                total[USED] += (size[g] > 0) - (before > 0)
                for t in range(counts):
                    amount[t, g] += sign * value[t, f, mover]
                for k in range(n):
                    beside[g, k] += sign * pairs[f, mover, k]
                if ruled:
                    for k in range(n):
                        beside_hard[g, k] += sign * pairs_hard[f, mover, k]
        for g in (a, b):
            total[HARD] += _sized(by_size_hard[kind[g]], 1, size[g], held[g])
            total[HARD] += _counted(table_hard, first, rows, width, amount, g, size[g], nothing, nothing)
            paid[g] = _counted(table, first, rows, width, amount, g, size[g], nothing, nothing)
        total[HARD] += by_used_hard[total[USED]]
        total[COST] += change
        if held[a] == 0 or held[b] == 1 or vacant[kind[b]] == b:
            vacant[:] = -1
            for g in range(groups - 1, -1, -1):
                if held[g] == 0:
                    vacant[kind[g]] = g
        if total[HARD] == 0 and total[COST] < total[BEST]:
            total[BEST] = total[COST]
            best[:] = group_of


def steps(
    data: Data, sums: Sums, items: IntArray, begins: IntArray, temperatures: FloatArray, noise: FloatArray
) -> None:
    """Take steps, see :data:`grouping.solving.pairs.Steps`."""
    _loop(*data, *sums, items, begins, temperatures, noise)
