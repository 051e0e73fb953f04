"""What is known at one moment of a run: the best plan, the bound, and the groups seen."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

import numpy as np

from grouping.errors import NoPlanFoundError
from grouping.scoring import score
from grouping.solving.columns import Column, Pool, Prices
from grouping.solving.kernel import Kernel
from grouping.solving.partition import Choice, canonical, choose

if TYPE_CHECKING:
    from grouping.problem import IntArray, Problem
    from grouping.solving.clock import Clock
    from grouping.solving.pairs_search import PairSearch

log = logging.getLogger(__name__)

_ALONE = 60
"""Members beyond which a division is improved part by part."""

_RECOMBINED = 20_000
"""Groups that CP-SAT recombines at once."""


@dataclass(frozen=True)
class Progress:
    """What is known at one moment of a run.

    Attributes
    ----------
    seconds : since the start
    cost : of the best plan so far, None before the first
    bound : lower limit of the cost proven so far, None before the first
    phase : what is being done
    score, score_bound : the same as scores, larger is better; with several parts over all that have a plan so far
    part : name of the part that cost, bound and phase are about, "" if there is only one
    parts_done, parts : how many parts are finished, and how many there are; 0 when that is not known
    """

    seconds: float
    cost: int | None
    bound: int | None
    phase: str
    score: float | None = None
    score_bound: float | None = None
    part: str = ""
    parts_done: int = 0
    parts: int = 1


@dataclass(frozen=True)
class Solution:
    """The answer to a problem.

    Attributes
    ----------
    status : "optimal" (cost equals bound), "feasible" or "infeasible" (proven: no division keeps every rule)
    group_of : per item, the index of its group; None when infeasible
    cost : evaluated by the independent scorer
    bound : proven lower limit of the cost of any division; when the worst group comes first, of any whose worst group
        costs no more per member than the plan's
    provenance : which engine found the plan and which proved the bound, times, counts
    worst, worst_bound : when the worst group comes first, what it costs per member, and a proven lower limit of that
        in any division; the plan is optimal when both limits are met
    """

    status: str
    group_of: IntArray | None
    cost: int | None
    bound: int | None
    provenance: dict[str, object] = field(default_factory=dict)
    worst: Fraction | None = None
    worst_bound: Fraction | None = None


class Target:
    """A best division and a bound, and how near they have to come.

    Attributes
    ----------
    best, cost : the best division so far, and its cost
    bound : proven lower limit of the cost, None when nothing is proven
    gap_limit : the run ends when (cost − bound) / cost is not above this
    infeasible : whether it is proven that there is no division
    """

    best: IntArray | None
    cost: int
    bound: int | None
    gap_limit: float
    infeasible: bool

    @property
    def done(self) -> bool:
        """Whether nothing is left to find or to prove."""
        return self.infeasible or (self.bound is not None and self.bound >= self.enough())

    def enough(self) -> int:
        """Return the bound at which the run ends."""
        return self.cost if self.best is None else self.cost - int(self.gap_limit * abs(self.cost))


class Known(Target, ABC):
    """One call of :func:`grouping.solve`: what is known, and what all phases share."""

    def __init__(
        self,
        problem: Problem,
        clock: Clock,
        seed: int,
        workers: int,
        gap_limit: float,
        without: frozenset[str],
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.problem = problem
        self.clock = clock
        self.seed = seed
        self.workers = workers
        self.gap_limit = gap_limit
        self.without = without
        self.on_progress = on_progress
        self.rng = np.random.default_rng(seed)
        self.kernel = Kernel(problem)
        self.pool = Pool(self.kernel)
        self.pairs: PairSearch | None = None
        self.price: Prices | None = None
        self.guess: Prices = np.full(len(problem.size), np.nan)
        self.best: IntArray | None = None
        self.cost = self.kernel.limit
        self.bound: int | None = None
        self.infeasible = False
        self.phase = "start"
        self.provenance: dict[str, object] = {"seconds": {}}

    def offer(self, group_of: IntArray, cost: int, engine: str) -> None:
        """Take a division if it keeps every rule and is better than the best one."""
        if cost >= self.cost:
            return
        self.best, self.cost = group_of.copy(), cost
        self.provenance["plan"] = engine
        seconds = self.provenance["seconds"]
        assert isinstance(seconds, dict)
        seconds.setdefault("first_plan", round(self.clock.seconds, 3))
        seconds["best_plan"] = round(self.clock.seconds, 3)
        self.report()

    def prove(self, bound: int, engine: str) -> None:
        """Take a lower limit of the cost if it is higher than the one known."""
        if self.bound is None or bound > self.bound:
            self.bound = bound
            self.provenance["bound"] = engine
            if self.best is None and bound >= self.kernel.limit:
                self.infeasible = True
            self.report()

    def report(self) -> None:
        """Tell the caller where the run stands."""
        if self.on_progress is None:
            return
        self.told(self.cost if self.best is not None else None, self.bound)

    def told(self, cost: int | None, bound: int | None) -> None:
        """Tell the caller a cost and a bound."""
        assert self.on_progress is not None
        try:
            score, limit = (None if known is None else self.problem.score_of(known) for known in (cost, bound))
            self.on_progress(Progress(self.clock.seconds, cost, bound, self.phase, score, limit))
        except Exception:  # a broken progress bar must not cost a plan; KeyboardInterrupt still passes
            log.exception("on_progress failed")

    @abstractmethod
    def go(self, given: IntArray | None) -> None:
        """Run the phases until there is a proof or the time is up, from a division if one is given."""

    @abstractmethod
    def improve(self) -> None:
        """Spend some of what time is left on a better plan."""

    def solution(self) -> Solution:
        """Return what came out, scored independently."""
        seconds = self.provenance["seconds"]
        assert isinstance(seconds, dict)
        seconds["total"] = round(self.clock.seconds, 3)
        if self.infeasible:
            return Solution("infeasible", None, None, None, self.provenance)
        if self.best is None:
            raise NoPlanFoundError(self.clock.limit)
        group_of = canonical(self.kernel, self.best)
        cost = score(self.problem, group_of).cost
        status = "optimal" if self.bound is not None and self.bound == cost else "feasible"
        reason = "proof" if status == "optimal" else "user" if self.clock.stopped else "gap" if self.done else "limit"
        self.provenance.setdefault("stopped_by", reason)
        return Solution(status, group_of, cost, self.bound, self.provenance)

    @property
    def ruled(self) -> Problem:
        """The problem with every rule there is, for the plain model."""
        return self.problem

    @property
    def large(self) -> bool:
        """Whether the division is worth improving part by part."""
        return self.problem.members > _ALONE and "neighbourhoods" not in self.without

    def _guess(self) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
        """Return each member's share in the cost of its group in the best plan: prices to start from."""
        if self.best is None:
            return None
        if not np.isnan(self.guess).any():
            return self.guess
        price = np.zeros(len(self.problem.size))
        for kind in self.kernel.kinds:
            for g in kind.groups:
                row = self.best == g
                if row.any():
                    members = row & (self.problem.size > 0)
                    price[members] = kind.costs(row[None, :])[0] / members.sum()
        return price

    def _better(self) -> int:
        """Return the most that a division costs that is better than the best one known."""
        if self.best is not None:
            return self.cost - self.kernel.step
        if self.problem.ceiling is None:
            return self.kernel.limit - 1
        return min(self.kernel.limit - 1, floor(self.problem.ceiling * self.problem.members) + self.kernel.offset)

    def _choose(self, columns: list[Column], seconds: float, complete: bool) -> str:
        """Take the best division that listed groups offer; ``complete`` says that a better one uses no others."""
        if seconds <= 0:
            return "unknown"
        choice = self._ask(columns, seconds)
        if choice.group_of is not None:
            engine = "CP-SAT over listed groups"
            self.offer(choice.group_of, self.kernel.cost(choice.group_of), engine)
        if complete:
            if choice.status == "infeasible" and self.best is None:
                self.infeasible = True
                self.provenance["bound"] = "CP-SAT over all groups"
            elif choice.status in ("optimal", "infeasible"):
                self.prove(self.cost, "CP-SAT over listed groups")
            elif choice.bound is not None:
                self.prove(min(choice.bound, self.cost), "CP-SAT over listed groups")
        if choice.interrupted:
            raise KeyboardInterrupt
        return choice.status

    def _ask(self, columns: list[Column], seconds: float) -> Choice:
        """Return the best division that listed groups offer."""
        return choose(self.kernel, columns, self.clock, seconds, self.workers, self.seed, self.best)

    def _recombine(self, seconds: float) -> None:
        """Choose among the groups seen; of very many, among those of least reduced cost and those in use."""
        columns = self.pool.columns
        if len(columns) > _RECOMBINED:
            price = self._guess() if self.price is None else self.price
            assert price is not None
            reduced = np.array([column.cost - price[column.row].sum() for column in columns])
            columns = [columns[i] for i in np.argsort(reduced, kind="stable")[:_RECOMBINED]]
            if self.best is not None:
                columns = list(dict.fromkeys([*columns, *Pool(self.kernel).add_division(self.best)]))
        self._choose(columns, seconds, complete=False)
