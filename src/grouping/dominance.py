"""Which options of a choice need not be looked at, because another one is at least as good for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from grouping.problem import IntArray


def undominated(table: IntArray) -> list[int]:
    """Return the columns that no other column equals or beats in every row; of equal ones the first.

    Parameters
    ----------
    table : what each row pays for each option

    Examples
    --------
    >>> undominated(np.array([[0, 5, 0], [3, 1, 3]]))
    [0, 1]
    """
    _, first = np.unique(table, axis=1, return_index=True)
    order = np.sort(first)
    order = order[np.argsort(table[:, order].sum(axis=0), kind="stable")]
    front = np.empty((len(table), len(order)), dtype=table.dtype)
    kept: list[int] = []
    for option in order:
        if not (front[:, : len(kept)] <= table[:, option : option + 1]).all(axis=0).any():
            front[:, len(kept)] = table[:, option]
            kept.append(int(option))
    return sorted(kept)
