"""The portfolio behind :func:`grouping.solve`: who does what, and for how long.

1. Local search makes a first division and good ones after it, for each number of groups worth trying.
2. Column generation proves a bound, and adds groups that local search did not think of.
3. CP-SAT recombines all groups seen into the best division they offer.
4. All groups whose reduced cost lies within the gap are listed; CP-SAT chooses among them, which is a proof.

Small problems are listed outright. Where groups pay for pairs, sizes and counts only, a local search over pairs and the
edge model take the place of the first two, and CP-SAT or branch and bound over pairs that of the last. The plain
model in CP-SAT settles whether the rules can be kept at all. Where the worst group comes first, ``worst.py`` lowers a
ceiling for all groups before the cost. Budgets get prices of their own (``budgets.py``).
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import numpy as np

from grouping.problem import Pair, Problem
from grouping.solving.clock import Clock, Control
from grouping.solving.finding import Finding
from grouping.solving.known import Progress, Solution
from grouping.solving.listing import SMALL, TINY, possible
from grouping.solving.pairs_search import PairSearch, suits
from grouping.solving.parts import separated, solve_apart
from grouping.solving.pricing import TimeUp
from grouping.solving.proving import Proving
from grouping.solving.worst import WorstFirst

if TYPE_CHECKING:
    from grouping.problem import IntArray
    from grouping.solving.budgets import Budgeted
    from grouping.solving.columns import Column

log = logging.getLogger(__name__)

__all__ = ["ENGINES", "Progress", "Solution", "solve"]

ENGINES = ("local search", "column generation", "cuts", "listing", "neighbourhoods", "pairs")
"""The engines that can be switched off."""

_PLAIN = 100_000
"""Booleans of the plain model, items × groups, beyond which it is of no use."""

_SIZES, _SEARCH = (400, 2_000), (0.55, 0.4, 0.5)
"""Share of the time for annealing a large division up to so many members: the bound of the smallest comes quickly, and
in the largest annealing gains more than parts do."""

_HUGE = 2_000
"""Members beyond which parts get little of the time."""


def solve(
    problem: Problem,
    *,
    time_limit: float = 30.0,
    seed: int = 0,
    workers: int = 2,
    reproducible: bool = False,
    gap_limit: float = 0.0,
    start: IntArray | None = None,
    control: Control | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    without: Collection[str] = (),
) -> Solution:
    """Return the best division that can be found within the limit, and the best bound that can be proven.

    Parameters
    ----------
    problem : what is asked
    time_limit : seconds; the run ends earlier when the plan is proven optimal
    seed : of all random choices
    workers : of CP-SAT
    reproducible : True makes the same input, seed and versions give the same plan; work is then counted instead of
        seconds, so the limit is only roughly met, and CP-SAT runs on one worker
    gap_limit : the run ends when (cost − bound) / cost is not above this; 0 asks for a proof
    start : a division to start from; the result is never worse
    control : its ``stop()``, called from another thread, ends the run with the best plan so far
    on_progress : called with a :class:`Progress` whenever something is known; an error in it is logged, not raised
    without : engines to switch off, of :data:`ENGINES`, to see what each brings; results stay true

    Raises
    ------
    NoPlanFoundError
        When the limit is reached before a first plan, and none was proven impossible.
    KeyboardInterrupt
        When the run is interrupted before a first plan; later the best plan so far is returned.

    Examples
    --------
    >>> import numpy as np
    >>> from grouping.problem import Focus, Choice, Group, Problem
    >>> meal = Choice("meal", ("rice", "noodles"))
    >>> likes = Focus(name="Meal", choice="meal", points=[[0, 100], [100, 0], [0, 100], [100, 0]], weight=1)
    >>> two = (Group("G1", 2, 2, required=True), Group("G2", 2, 2, required=True))
    >>> solution = solve(Problem(size=np.ones(4), groups=two, choices=(meal,), terms=(likes,)))
    >>> solution.status, solution.cost, solution.group_of.tolist()
    ('optimal', 0, [0, 1, 0, 1])
    """
    if time_limit <= 0:
        raise ValueError("the time limit is a positive number of seconds")
    if not 0 <= gap_limit < 1:
        raise ValueError("the gap limit is a share of the cost, from 0 to below 1")
    if unknown := set(without) - set(ENGINES):
        raise ValueError(f"no such engine: {', '.join(sorted(unknown))}; there are {', '.join(ENGINES)}")
    if problem.worst_first:
        clock = Clock(time_limit, reproducible, control)

        def make(plain: Problem, clock: Clock) -> _Run:
            return _Run(plain, clock, seed, workers, gap_limit, frozenset(without), None)

        return WorstFirst(problem, clock, make, workers, seed, on_progress).solution(start)
    pieces = separated(problem)
    if len(pieces) > 1:
        return solve_apart(
            problem, pieces, solve, time_limit=time_limit, reproducible=reproducible, gap_limit=gap_limit,
            start=start, control=control, on_progress=on_progress, seed=seed, workers=workers, without=without,
        )  # fmt: skip
    clock = Clock(time_limit, reproducible, control)
    run: _Run | Budgeted
    if problem.budgets:
        from grouping.solving.budgets import Budgeted  # which is made of runs

        run = Budgeted(problem, clock, seed, workers, gap_limit, frozenset(without), on_progress)
    else:
        run = _Run(problem, clock, seed, workers, gap_limit, frozenset(without), on_progress)
    try:
        run.go(start)
    except KeyboardInterrupt:
        log.info("interrupted after %.1f s", run.clock.seconds)
        run.provenance["stopped_by"] = "user"
        if run.best is None:
            raise
    except TimeUp:
        pass
    return run.solution()


class _Run(Finding, Proving):
    """One call of :func:`solve`: the order of the phases.

    Attributes
    ----------
    listed : every group that keeps the ceiling, where that is known already
    listable : False when they are known to be too many
    """

    listed: list[Column] | None = None
    listable: bool = True

    def go(self, given: IntArray | None) -> None:
        """Run the phases until there is a proof or the time is up."""
        if self._nothing_to_find():
            return
        saved = sum(int(t.weight * -t.points[t.points < 0].sum()) for t in self.problem.terms if isinstance(t, Pair))
        self.prove(self.kernel.offset - saved, "no term is negative")
        if given is not None:
            self.offer(given, self.kernel.cost(given), "given start")
        groups = sum(possible(kind) for kind in self.kernel.kinds)
        if groups > TINY and not self.without & {"pairs", "local search"} and suits(self.kernel):
            self.pairs = PairSearch(self.kernel, self.rng, self.clock)
        if groups > TINY:
            if self.pairs is not None:
                self._search_pairs(self.clock.share(0.25, at_most=max(0.1, len(self.problem.size) / 50)))
            elif "local search" not in self.without:
                part = 0.25 if not self.large else _SEARCH[bisect_left(_SIZES, self.problem.members)]
                self._search(self.clock.share(part, at_most=float("inf") if self.large else 20.0))
            if self.problem.ceiling is not None and not self.done:
                self._under_ceiling()
                if self.done:
                    return
            if self.best is None:
                self._settle_rules()
            if self.large and self.best is not None and self.pairs is None:
                self._divide_parts(self.clock.share(0.4 if self.problem.members <= _HUGE else 0.15))
        listable = groups <= SMALL and bool(self.kernel.unit) and "listing" not in self.without
        if self.pairs is not None:
            self._prove_pairs(listable)
        if self.done:
            return
        if listable:
            self._list_all()
        elif self.pairs is not None:
            self._search_pairs(self.clock.share(1.0))
        elif not self.kernel.unit or "column generation" in self.without:
            if len(self.problem.size) * len(self.problem.groups) <= _PLAIN:
                self._plain()
            while self.best is not None and not self.done and self.clock.left > 0.05:
                self.improve()
        else:
            self._prove()

    def _under_ceiling(self) -> None:
        """List what keeps the ceiling and choose, if it is little enough."""
        listed = self.listed
        if listed is None and self.listable:
            listed = self.listed_under_ceiling(self.clock.share(0.6))
        if listed is not None:
            self.choose_under_ceiling(listed)

    def _nothing_to_find(self) -> bool:
        """Settle problems without members or groups, and numbers of groups that contradict each other."""
        if not self.problem.members or not self.problem.groups:
            needed = any(group.required for group in self.problem.groups)
            self.infeasible = bool(len(self.problem.size) or self.problem.least or needed)
            if not self.infeasible:
                self.offer(np.zeros(0, dtype=np.int64), self.kernel.offset, "nothing to divide")
                self.infeasible = self.best is None
                self.prove(self.kernel.offset, "nothing to divide")
            return True
        required = sum(group.required for group in self.problem.groups)
        self.infeasible = max(self.problem.least, required) > self.problem.at_most
        return self.infeasible
