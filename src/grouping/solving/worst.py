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
from math import ceil, floor
from typing import TYPE_CHECKING, Protocol

import numpy as np

from grouping.errors import NoPlanFoundError
from grouping.scoring import score, worst_of
from grouping.solving.columns import Pool
from grouping.solving.kernel import Kernel
from grouping.solving.known import Progress, Solution
from grouping.solving.listing import TOO_MANY
from grouping.solving.partition import Choice, canonical, choose, placeable
from grouping.solving.pricing import TimeUp
from grouping.solving.search import anneal, start
from grouping.solving.tighten import tighten

if TYPE_CHECKING:
    from grouping.problem import IntArray, Problem
    from grouping.solving.clock import Clock
    from grouping.solving.columns import Column

logger = logging.getLogger(__name__)

_FIRST, _CEILING = 0.25, 0.6
"""Shares of the time for the division of least cost, and for ceilings of what is then left."""

_AT_ONCE = 0.1
"""Share of the time for listing all groups under the ceiling that is reached at once."""

_SWEEPS = 8
"""Steps per item of one search under a ceiling."""

_HOPES = (0.3, 0.6, 0.9)
"""Where, between what is proven and what is reached, ceilings of searches lie."""

_IN_VAIN = 12
"""Searches without a lower ceiling after which none is expected."""

_LISTING = 0.7
"""Share of the time of a proof that listing groups may take."""

_NEAR = Fraction(1, 50)
"""What is proven lies so near to what is reached that the next proof is tried for all of it."""

_ATTEMPT = 0.5
"""Share of the time left for ceilings that one proof may take."""

_LEAST_HOPE = Fraction(1, 10)
"""Share of the way from what is proven to what is reached below which a proof is not worth trying."""

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

    def listed_under_ceiling(self, until: float, holding: int | None = None) -> list[Column] | None:
        """Return every group that keeps the ceiling and holds an item, None when there are too many."""


class WorstFirst:
    """One call of :func:`grouping.solve` for a problem whose worst group comes first.

    Parameters
    ----------
    problem : what is asked
    clock : of the whole run
    make : returns a run of the engines on a problem with a clock
    workers : of CP-SAT
    seed : of all random choices
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
        seed: int = 0,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.problem = problem
        self.plain = replace(problem, worst_first=False)
        self.kernel = Kernel(self.plain)
        self.clock = clock
        self.make = make
        self.workers = workers
        self.on_progress = on_progress
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.best: IntArray | None = None
        self.worst = Fraction(self.kernel.big)
        self.cost = self.kernel.limit
        self.low: Fraction | None = None
        self.bound: int | None = None
        self.pool = Pool(self.kernel)
        self.listed: list[Column] | None = None
        self.rarity: dict[int, int] = {}
        self.hope = Fraction(1, 2)
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

    def _towards(self, hope: Fraction) -> Fraction:
        """Return a ceiling that far on the way from the proven to the reached one; where they are near, all the way."""
        assert self.low is not None
        highest = self._below(self.worst)
        way = highest - self.low
        return highest if way < _NEAR * self.worst and 2 * hope >= 1 else self._reached(self.low + way * hope)

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
        if self.best is not None and not self._settled:
            clock = self.clock.child(self.clock.left * _AT_ONCE)
            run = self.make(replace(self.plain, ceiling=self.worst), clock)
            self.listed = run.listed_under_ceiling(clock.limit)
            self.clock.took(clock)
            if self.listed is not None:
                return  # all that is left to settle is a choice from the list
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
                self._prove(until)
                listing = self.hope >= _LEAST_HOPE

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
        choice = choose(self.kernel, columns, self.clock, seconds, self.workers, self.seed)
        if choice.group_of is not None:
            self._offer(choice.group_of, "CP-SAT over known groups")
        if choice.interrupted:
            raise KeyboardInterrupt

    def _prove(self, until: float) -> None:
        """Raise what is proven, at best to what is reached; ``hope`` says how far the next step goes."""
        assert self.low is not None
        ceiling = self._towards(self.hope)
        clock = self.clock.child(_ATTEMPT * self.clock.before(until))
        if not self.rarity:
            self._count(self.make(replace(self.plain, ceiling=self.low), clock), clock.share(0.5))
        try:
            proven = self._too_low(ceiling, clock)
        except TimeUp:
            proven = None
        self.clock.took(clock)
        if proven:
            self._raise(self._beyond(ceiling))
            self.provenance["worst_bound"] = "groups under a ceiling"
        if proven is None:
            self.hope /= 2
        else:
            self.hope = min(2 * self.hope, Fraction(1, 2))

    def _too_low(self, ceiling: Fraction, clock: Clock) -> bool | None:
        """Tell whether it is proven that no division keeps a ceiling; None when it is not known.

        The groups that hold a few members are listed, first of those whom few groups can hold. When these members
        cannot all be placed together, nor can all. Once the groups of all members are listed, the answer is exact.
        """
        size = self.problem.size
        run = self.make(replace(self.plain, ceiling=ceiling), clock)
        until = clock.share(_LISTING)
        placed: list[int] = []
        columns: dict[Column, None] = {}
        due = 1
        for item in self._rarest():
            found = run.listed_under_ceiling(until, item)
            if found is None:
                return None
            columns.update(dict.fromkeys(found))
            placed.append(item)
            if not found:
                return True
            whole = len(placed) == self.problem.members
            if len(columns) > TOO_MANY:
                return None
            if len(placed) < due and not whole:
                continue
            due += max(1, due // 3)
            if whole:
                choice = self._division_under(ceiling, list(columns), clock)
                if choice.interrupted:
                    raise KeyboardInterrupt
                if choice.status == "infeasible":
                    return True
                if choice.group_of is None or not self._offer(choice.group_of, "CP-SAT under a ceiling"):
                    return None
                self.listed = list(columns)
                return False
            held = np.zeros(len(size), dtype=np.bool_)
            held[placed] = True
            answer = placeable(self.kernel, list(columns), held, clock, clock.left, self.workers)
            if answer.interrupted:
                raise KeyboardInterrupt
            if answer.status == "infeasible":
                return True
            if answer.status == "unknown":
                return None
        return None

    def _count(self, run: Run, until: float) -> None:
        """Count the groups that could hold each member if none cost more than the least that is proven."""
        listed = run.listed_under_ceiling(until)
        if listed is None:
            self.rarity = {-1: 0}
            return
        held = sum((column.row.astype(np.int64) for column in listed), np.zeros(len(self.problem.size), dtype=np.int64))
        self.rarity = dict(enumerate(held.tolist()))

    def _rarest(self) -> list[int]:
        """Return the members, first those whom the fewest groups can hold, as far as that is known."""
        best = self.best
        assert best is not None
        share = {
            int(g): int(self.kernel.kinds[self.kernel.kind_of[g]].costs((best == g)[None, :])[0])
            / int(self.problem.size[best == g].sum())
            for g in np.unique(best[self.problem.size > 0])
        }
        members = [int(i) for i in np.flatnonzero(self.problem.size)]
        return sorted(members, key=lambda i: (self.rarity.get(i, 0), -share[int(best[i])], i))

    def _settle_cost(self) -> None:
        """Find the least cost under the ceiling that is reached, and prove it."""
        if self.best is None:
            return
        clock = self.clock.child(self.clock.left)
        listed = self._listed(clock)
        run = self.make(replace(self.plain, ceiling=self.worst), clock)
        run.listed, run.listable = listed, listed is not None
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

    def _listed(self, clock: Clock) -> list[Column] | None:
        """Return every group under the ceiling that is reached, after lowering it as far as the list tells."""
        listed = self.listed
        if listed is None:
            listed = self.make(replace(self.plain, ceiling=self.worst), clock).listed_under_ceiling(clock.share(0.6))
        while listed is not None:
            listed = self._under(self.worst, listed)
            if self._settled or not clock.left:
                break
            assert self.low is not None
            part = clock.child(0.5 * clock.left)
            lower = self._towards(Fraction(1, 2))
            choice = self._division_under(lower, listed, part)
            clock.took(part)
            if choice.interrupted:
                raise KeyboardInterrupt
            if choice.status == "infeasible":
                self._raise(self._beyond(lower))
                self.provenance["worst_bound"] = "groups under a ceiling"
            elif choice.group_of is None or not self._offer(choice.group_of, "CP-SAT under a ceiling"):
                break
        return listed

    def _division_under(self, ceiling: Fraction, listed: list[Column], clock: Clock) -> Choice:
        """Return any division of listed groups that keep a ceiling, or that there is none.

        All of it costs no more than the ceiling for every member; the linear bound drops what would make it dearer.
        """
        columns = self._under(ceiling, listed)
        most = floor(ceiling * self.problem.members) + self.kernel.offset
        with suppress(TimeUp):
            columns = tighten(self.kernel, columns, most, clock, clock.share(0.5), cuts=False).columns
        if not columns and self.problem.members:
            return Choice("infeasible", None, None, False)
        everybody = np.ones(len(self.problem.size), dtype=np.bool_)
        return placeable(self.kernel, columns, everybody, clock, clock.left, self.workers)

    def _under(self, ceiling: Fraction, listed: list[Column]) -> list[Column]:
        """Return those of the listed groups that keep a ceiling."""
        size, highest = self.problem.size, self.problem.highest(ceiling).tolist()
        return [column for column in listed if column.cost <= highest[int(size[column.row].sum())]]


def _poured(pool: Pool, into: Pool) -> None:
    """Add the groups of one pool to another, whose rules may be stricter."""
    for k in range(len(pool.kernel.kinds)):
        rows = [column.row for column in pool.columns if column.kind == k]
        into.add(k, np.array(rows, dtype=np.bool_).reshape(len(rows), len(pool.kernel.problem.size)))
