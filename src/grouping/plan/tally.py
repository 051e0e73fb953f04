"""The cost of many divisions that differ in a few groups: what a group pays is scored once and remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grouping.plan.things import Tables, place_teams
from grouping.problem import Pair
from grouping.scoring import score

if TYPE_CHECKING:
    from grouping.problem import IntArray, Problem


class Tally:
    """Costs of divisions of one problem, counted group by group by the scorer.

    A group's cost and the rules it breaks depend on nothing but its items, so a move or an exchange needs two groups
    to be scored and no more. Rules on the whole (how many groups, budgets) are not counted: a division that is to be
    told of is scored as a whole.

    Parameters
    ----------
    problem : what is asked
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._offset = sum(term.weight * term.offset for term in problem.terms if isinstance(term, Pair))
        self._groups: dict[tuple[int, bytes], tuple[int, int]] = {}
        self._tables: Tables = {}

    def cost(self, group_of: IntArray) -> tuple[int, int]:
        """Return by how much rules are broken, and the cost; teams are given to groups as is best.

        Parameters
        ----------
        group_of : per item, the index of its group; -1 for teams
        """
        place = place_teams(self.problem, group_of, None, self._tables)
        broken, cost = 0, self._offset
        for g in range(len(self.problem.groups)):
            items = place == g
            key = (g, items.tobytes())
            if key not in self._groups:
                found = score(self.problem, np.where(items, g, -1))
                amount = sum(violation.amount for violation in found.violations if violation.group == g)
                self._groups[key] = (amount, found.cost - self._offset)
            broken += self._groups[key][0]
            cost += self._groups[key][1]
        return broken, cost
