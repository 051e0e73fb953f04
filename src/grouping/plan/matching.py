"""How two divisions correspond, whatever their groups are called."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grouping.solving.overlap import mates


def matched(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return which new group goes on from which old one, so that as few members as possible have moved.

    Parameters
    ----------
    old, new : member id → group name; members who are in one of them only count for nothing

    Returns
    -------
    dict : old group → new group, of those that have members in common. Of several best answers, one in which groups
        keep their names

    Examples
    --------
    >>> matched({"a": "x", "b": "x", "c": "y"}, {"a": "G1", "b": "G1", "c": "G2"})
    {'x': 'G1', 'y': 'G2'}
    """
    rows, columns = list(dict.fromkeys(old.values())), list(dict.fromkeys(new.values()))
    width = max(len(rows), len(columns))
    if not rows or not columns:
        return {}
    row = {name: i for i, name in enumerate(rows)}
    column = {name: i for i, name in enumerate(columns)}
    common = np.zeros((width, width), dtype=np.int64)
    for member, group in old.items():
        if member in new:
            common[row[group], column[new[member]]] += 1
    same = np.zeros_like(common)
    for name in row.keys() & column.keys():
        same[row[name], column[name]] = 1
    gain = common * (width + 1) + same  # one member more outweighs every name
    right = mates(gain)
    return {name: columns[right[i]] for name, i in row.items() if right[i] < len(columns) and common[i, right[i]]}


def distance(one: Mapping[str, str], other: Mapping[str, str]) -> int:
    """Return how many members have to be moved to make one division of the other, whatever the groups are called.

    Parameters
    ----------
    one, other : member id → group name, of the same members

    Examples
    --------
    >>> distance({"a": "x", "b": "x", "c": "y"}, {"a": "y", "b": "y", "c": "y"})
    1
    """
    of = matched(one, other)
    return sum(of.get(group) != other.get(member) for member, group in one.items())
