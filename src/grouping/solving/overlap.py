"""Which groups of two divisions belong together: the matching of most weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ortools.graph.python.linear_sum_assignment import SimpleLinearSumAssignment

if TYPE_CHECKING:
    from grouping.problem import IntArray


def mates(gain: IntArray) -> IntArray:
    """Return for each row of a square table a column of its own, so that the sum of the entries is largest.

    Examples
    --------
    >>> mates(np.array([[2, 3], [0, 2]])).tolist()
    [0, 1]
    """
    left, right = np.indices(gain.shape)
    assignment = SimpleLinearSumAssignment()
    assignment.add_arcs_with_cost(left.ravel(), right.ravel(), (gain.max(initial=0) - gain).ravel())
    assignment.solve()
    found: IntArray = np.array([assignment.right_mate(i) for i in range(len(gain))], dtype=np.int64)
    return found
