"""The worst group first: the least ceiling that all groups can keep, and then the least cost under it.

What a group costs per member is compared, so that small groups count as much as large ones. A ceiling is proven too low
when the groups that keep it, all of which are listed, make no division. In every other respect a ceiling is a rule like
any other, and the division of least cost under the least ceiling is found and proven by the engines as usual.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from math import ceil, exp, floor, log
from typing import TYPE_CHECKING, Protocol

import numpy as np

from grouping.errors import NoPlanFoundError
from grouping.scoring import score, worst_of
from grouping.solving.columns import Pool
from grouping.solving.kernel import Kernel
from grouping.solving.known import Progress, Solution
from grouping.solving.listing import TOO_MANY
from grouping.solving.partition import canonical, choose
from grouping.solving.pricing import TimeUp
from grouping.solving.search import anneal, start

if TYPE_CHECKING:
    from grouping.problem import IntArray, Problem
    from grouping.solving.clock import Clock
    from grouping.solving.columns import Column

logger = logging.getLogger(__name__)

_FIRST, _CEILING = 0.25, 0.6
"""Shares of the time for the division of least cost, and for ceilings of what is then left."""

_SWEEPS = 8
"""Steps per item of one search under a ceiling."""

_HOPES = (0.3, 0.6, 0.9)
"""Where, between what is proven and what is reached, ceilings of searches lie."""

_IN_VAIN = 12
"""Searches without a lower ceiling after which none is expected."""

_LONGER = 30.0
"""How many times as many groups as before are listed next, at most."""

_A_SECOND = 8_000
"""Groups that are listed and judged in a second."""

_RECOMBINED = 8_000
"""Groups that CP-SAT recombines at once, and the seconds it may take."""
_SECONDS = 3.0


class Run(Protocol):
    """A run of the engines on one problem, as ``engine._Run``."""

    best: IntArray | None
    pool: Pool
    bound: int | None
    infeasible: bool
    listed: list[Column] | None
    listable: bool
    provenance: dict[str, object]

    def go(self, given: IntArray | None) -> None:
        """Run the phases until there is a proof or the time is up."""

    def listed_under_ceiling(self, until: float) -> list[Column] | None:
        """Return every group that keeps the ceiling, None when there are too many."""

    def choose_under_ceiling(self, listed: list[Column]) -> None:
        """Find the best division of listed groups, or prove that there is none."""


class WorstFirst:
    """One call of :func:`grouping.solve` for a problem whose worst group comes first.

    Parameters
    ----------
    problem : what is asked
    clock : of the whole run
    make : returns a run of the engines on a problem with a clock
    workers : of CP-SAT
    on_progress : told of every better division

    Attributes
    ----------
    best : the best division so far, None before the first
    worst, cost : what its worst group costs per member, and what it costs
    low : proven: in every division some group costs at least so much per member
    bound : proven: no division whose worst group is as good costs less
    """

    def __init__(
        self,
        problem: Problem,
        clock: Clock,
        make: Callable[[Problem, Clock], Run],
        workers: int = 2,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.problem = problem
        self.plain = replace(problem, worst_first=False)
        self.kernel = Kernel(self.plain)
        self.clock = clock
        self.make = make
        self.workers = workers
        self.on_progress = on_progress
        self.rng = np.random.default_rng(0)
        self.best: IntArray | None = None
        self.worst = Fraction(self.kernel.big)
        self.cost = self.kernel.limit
        self.low: Fraction | None = None
        self.bound: int | None = None
        self.pool = Pool(self.kernel)
        self.listed: list[Column] | None = None
        self.counts: list[tuple[float, int]] = []
        self.provenance: dict[str, object] = {"plan": "local search", "bound": "no term is negative"}
        self.first_plan: float | None = None
        self.best_plan = 0.0
        sizes = [size for group in problem.groups for size in (group.lo, min(group.hi, max(problem.members, 1)))]
        self.sizes = range(min(sizes, default=1), max(sizes, default=1) + 1)

    def solution(self, given: IntArray | None) -> Solution:
        """Run, and return what came out."""
        try:
            if not self._begin(given):
                return Solution("infeasible", None, None, None, self._about())
            self._settle_ceiling()
            self._settle_cost()
        except KeyboardInterrupt:
            if self.best is None:
                raise
            self.provenance["stopped_by"] = "user"
        except TimeUp:
            pass
        if self.best is None:
            raise NoPlanFoundError(self.clock.limit)
        group_of = canonical(self.kernel, self.best)
        result = score(self.plain, group_of)
        worst = worst_of(self.plain, group_of, result)
        proven = self.bound == result.cost and self.low == worst
        reason = "proof" if proven else "user" if self.clock.stopped else "limit"
        self.provenance.setdefault("stopped_by", reason)
        status = "optimal" if proven else "feasible"
        return Solution(status, group_of, result.cost, self.bound, self._about(), worst, self.low)

    def _about(self) -> dict[str, object]:
        seconds = {"total": round(self.clock.seconds, 3), "best_plan": round(self.best_plan, 3)}
        if self.first_plan is not None:
            seconds["first_plan"] = round(self.first_plan, 3)
        return {**self.provenance, "seconds": seconds}

    # -- what is known --------------------------------------------------------------------------------------------

    def _offer(self, group_of: IntArray, engine: str) -> bool:
        """Take a division that keeps the rules if it is better; tell whether its worst group is."""
        cost = self.kernel.cost(group_of)
        if cost >= self.kernel.limit:
            return False
        worst = max(
            (
                Fraction(int(kind.costs((group_of == g)[None, :])[0]), int(self.problem.size[group_of == g].sum()))
                for kind in self.kernel.kinds
                for g in kind.groups
                if self.problem.size[group_of == g].any()
            ),
            default=Fraction(0),
        )
        if self.best is not None and (worst, cost) >= (self.worst, self.cost):
            return False
        lower = self.best is None or worst < self.worst
        self.best, self.worst, self.cost = group_of.copy(), worst, cost
        self.provenance["plan"] = engine
        self.best_plan = self.clock.seconds
        self.first_plan = self.best_plan if self.first_plan is None else self.first_plan
        self._report("worst group")
        return lower

    def _report(self, phase: str) -> None:
        if self.on_progress is None:
            return
        try:
            limit = None if self.bound is None else self.problem.score_of(self.bound)
            told = Progress(self.clock.seconds, self.cost, self.bound, phase, self.problem.score_of(self.cost), limit)
            self.on_progress(told)
        except Exception:  # a broken progress bar must not cost a plan; KeyboardInterrupt still passes
            logger.exception("on_progress failed")

    def _raise(self, low: Fraction) -> None:
        if self.low is None or low > self.low:
            self.low = low

    def _reached(self, value: Fraction) -> Fraction:
        """Return the least that a group can cost per member that is not less than this."""
        step = self.kernel.step
        return min(Fraction(ceil(value * size / step) * step, size) for size in self.sizes)

    def _beyond(self, value: Fraction) -> Fraction:
        """Return the least that a group can cost per member that is more than this."""
        step = self.kernel.step
        return min(Fraction((floor(value * size / step) + 1) * step, size) for size in self.sizes)

    def _below(self, value: Fraction) -> Fraction:
        """Return the most that a group can cost per member that is less than this."""
        step = self.kernel.step
        return max(Fraction((ceil(value * size / step) - 1) * step, size) for size in self.sizes)

    @property
    def _settled(self) -> bool:
        return self.low is not None and self.low >= self.worst

    # -- the phases -----------------------------------------------------------------------------------------------

    def _begin(self, given: IntArray | None) -> bool:
        """Find a first division, one of small cost, and what its bound says of the worst group; False if there is none.

        The dearest group costs at least as much per member as all together.
        """
        if given is not None:
            self._offer(given, "given start")
        for share in (_FIRST, 1.0):
            clock = self.clock.child(max(self.clock.left * share, 0.01))
            run = self.make(self.plain, clock)
            with suppress(TimeUp):
                run.go(given)
            self.clock.took(clock)
            if run.infeasible:
                self.provenance |= run.provenance
                return False
            if run.best is not None:
                self._offer(run.best, str(run.provenance["plan"]))
                _poured(run.pool, self.pool)
            if run.bound is not None and self.problem.members:
                self.bound = run.bound
                self.provenance["bound"] = run.provenance["bound"]
                self._raise(self._reached(Fraction(run.bound - self.kernel.offset, self.problem.members)))
            if self.best is not None or not self.clock.left:
                break
        if not self.problem.members:
            self.low = self.worst
        return True

    def _settle_ceiling(self) -> None:
        """Lower what is reached by searches and raise what is proven by lists, in turn."""
        until = self.clock.share(_CEILING)
        vain, listing = 0, bool(self.kernel.unit)
        while self.best is not None and not self._settled and self.clock.spent < until:
            if not listing and vain >= _IN_VAIN:
                return
            if vain < _IN_VAIN:
                before = self.worst
                for hope in _HOPES:
                    self._search(hope, until)
                self._recombine(until)
                vain = 0 if self.worst < before else vain + len(_HOPES)
            if listing and not self._settled:
                listing = self._list(until)

    def _search(self, hope: float, until: float) -> None:
        """Anneal under a ceiling that lies between what is proven and what is reached."""
        assert self.best is not None
        assert self.low is not None
        ceiling = self.low + (self.worst - self.low) * Fraction(str(hope))
        soft = self.kernel.softened(ceiling)
        used = [int(g) for g in np.unique(self.best[self.problem.size > 0])]
        idle = [g for g in range(len(self.problem.groups)) if g not in used]
        required = [g for g in used if self.problem.groups[g].required]
        optional = [g for g in used if g not in required]
        tries: list[list[int]] = [used]
        if idle and len(used) < self.problem.at_most:
            tries.append([*used, idle[0]])
        if optional and len(used) > max(self.problem.least, 1):
            tries.append([g for g in used if g != optional[-1]])
        for groups in tries:
            where = np.array(sorted(groups), dtype=np.int64)
            for _, group_of in anneal(
                soft, start(self.kernel, where, self.rng), where, self.rng, self.clock, until, _SWEEPS
            ):
                self._offer(group_of, "local search under a ceiling")
                self.pool.add_division(group_of)

    def _recombine(self, until: float) -> None:
        """Choose among the groups seen that would lower what is reached, those that cost least per member first."""
        size = self.problem.size
        ceiling = self._below(self.worst)
        per_member = [(Fraction(c.cost, int(size[c.row].sum())), n) for n, c in enumerate(self.pool.columns)]
        taken = sorted(pair for pair in per_member if pair[0] <= ceiling)[:_RECOMBINED]
        seconds = min(_SECONDS, self.clock.before(until))
        if not taken or seconds <= 0:
            return
        columns = [self.pool.columns[n] for _, n in taken]
        choice = choose(self.kernel, columns, self.clock, seconds, self.workers, 0)
        if choice.group_of is not None:
            self._offer(choice.group_of, "CP-SAT over known groups")
        if choice.interrupted:
            raise KeyboardInterrupt

    def _list(self, until: float) -> bool:
        """List the groups that keep a ceiling and see if they make a division; False when no more can be listed."""
        assert self.low is not None
        ceiling = min(max(self._wanted(self.clock.before(until)), self.low), self._below(self.worst))
        if ceiling < self.low:
            return False
        clock = self.clock.child(self.clock.before(until))
        run = self.make(replace(self.plain, ceiling=ceiling), clock)
        listed = run.listed_under_ceiling(clock.share(0.7))
        if listed is not None:
            self.counts.append((float(ceiling), len(listed)))
            with suppress(TimeUp):
                run.choose_under_ceiling(listed)
        self.clock.took(clock)
        if listed is None:
            return False
        if run.infeasible:
            self._raise(self._beyond(ceiling))
            self.provenance["worst_bound"] = "groups under a ceiling"
            return True
        if run.best is None:
            return False
        self.listed = listed
        self._offer(run.best, str(run.provenance["plan"]))
        return True

    def _wanted(self, seconds: float) -> Fraction:
        """Return a ceiling that as many groups keep as can be listed in some seconds, judged by the last lists."""
        assert self.low is not None
        if not self.counts:
            return self.low
        (at, count), (before, less) = self.counts[-1], self.counts[-2] if len(self.counts) > 1 else (0.0, 0)
        wanted = min(count * _LONGER, 0.9 * TOO_MANY, _A_SECOND * seconds)
        if not less or count <= less or at <= before:
            return self.low + (self.worst - self.low) / 8
        growth = log(count / less) / (at - before)
        further = Fraction(at + log(max(wanted / count, exp(0.01))) / growth).limit_denominator(1000)
        return further if wanted > count else Fraction(at)

    def _settle_cost(self) -> None:
        """Find the least cost under the ceiling that is reached, and prove it."""
        if self.best is None:
            return
        clock = self.clock.child(self.clock.left)
        run = self.make(replace(self.plain, ceiling=self.worst), clock)
        if self.listed is not None:
            size = self.problem.size
            run.listed = [c for c in self.listed if c.cost <= self.worst * int(size[c.row].sum())]
        elif self.counts:
            run.listable = False
        _poured(self.pool, run.pool)
        with suppress(TimeUp):
            run.go(self.best)
        self.clock.took(clock)
        if run.best is not None:
            self._offer(run.best, str(run.provenance["plan"]))
        if run.bound is not None and (self.bound is None or run.bound >= self.bound):
            self.bound = min(run.bound, self.cost)
            self.provenance["bound"] = run.provenance["bound"]
        self._report("cost")


def _poured(pool: Pool, into: Pool) -> None:
    """Add the groups of one pool to another, whose rules may be stricter."""
    for k in range(len(pool.kernel.kinds)):
        rows = [column.row for column in pool.columns if column.kind == k]
        into.add(k, np.array(rows, dtype=np.bool_).reshape(len(rows), len(pool.kernel.problem.size)))
