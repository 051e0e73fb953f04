"""The portfolio behind :func:`grouping.solve`: who does what, and for how long.

1. Local search makes a first division and good ones after it, for each number of groups worth trying.
2. Column generation proves a bound, and adds groups that local search did not think of.
3. CP-SAT recombines all groups seen into the best division they offer.
4. All groups whose reduced cost lies within the gap are listed; CP-SAT chooses among them, which is a proof.

Small problems are listed outright. Where groups pay for pairs, sizes and counts only, a local search over pairs and the
edge model take the place of the first two, and CP-SAT or branch and bound over pairs that of the last. The plain
model in CP-SAT settles whether the rules can be kept at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from grouping.errors import NoPlanFoundError
from grouping.problem import Pair, Problem
from grouping.scoring import score
from grouping.solving import assignment
from grouping.solving.clock import Clock, Control
from grouping.solving.columns import Column, Generation, Pool, Prices, cheapest_use
from grouping.solving.kernel import Kernel
from grouping.solving.listing import SMALL, TINY, TooManyError, all_sets, possible, within
from grouping.solving.neighbourhoods import around, distances, partition
from grouping.solving.pair_proof import PairProof
from grouping.solving.pairs_search import PairSearch, suits
from grouping.solving.partition import canonical, choose
from grouping.solving.parts import separated, solve_apart
from grouping.solving.pricing import Pricer, TimeUp
from grouping.solving.repair import Repair
from grouping.solving.search import anneal, start
from grouping.solving.slicing import cut
from grouping.solving.tighten import tighten

if TYPE_CHECKING:
    from grouping.problem import IntArray

log = logging.getLogger(__name__)

ENGINES = ("local search", "column generation", "cuts", "listing", "neighbourhoods", "pairs")
"""The engines that can be switched off."""

_PROVABLE_PAIRS = 150
"""Items up to which a division that pays for pairs may be proven."""

_FIRST_CHOICE = 500
"""Groups that CP-SAT chooses among first when a gap is closed."""


_ALONE = 60
"""Members beyond which a division is improved part by part."""

_REMEMBERED = 10
"""Groups kept from annealing a large division, for each item."""

_RECOMBINED = 20_000
"""Groups that CP-SAT recombines at once."""

_REPAIRED = 300
"""Members beyond which each item pays for its own part of what a group lacks, not every group for the worst."""

_HUGE = 2_000
"""Members beyond which annealing gets more of the time, as it gains more there than parts do."""

_SAMPLED = 500
"""Members beyond which the number of groups is judged by a part of them."""

_PART_SECONDS = 2.0
"""Seconds for a part."""


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
    bound : proven lower limit of the cost of any division
    provenance : which engine found the plan and which proved the bound, times, counts
    """

    status: str
    group_of: IntArray | None
    cost: int | None
    bound: int | None
    provenance: dict[str, object] = field(default_factory=dict)


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
    pieces = separated(problem)
    if len(pieces) > 1:
        return solve_apart(
            problem, pieces, solve, time_limit=time_limit, reproducible=reproducible, gap_limit=gap_limit,
            start=start, control=control, on_progress=on_progress, seed=seed, workers=workers, without=without,
        )  # fmt: skip
    clock = Clock(time_limit, reproducible, control)
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


class _Run:
    """One call of :func:`solve`: the best plan, the bound, and the phases."""

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

    # -- what is known ------------------------------------------------------------------------------------------

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
        cost = self.cost if self.best is not None else None
        try:
            score, limit = (None if known is None else self.problem.score_of(known) for known in (cost, self.bound))
            self.on_progress(Progress(self.clock.seconds, cost, self.bound, self.phase, score, limit))
        except Exception:  # a broken progress bar must not cost a plan; KeyboardInterrupt still passes
            log.exception("on_progress failed")

    @property
    def done(self) -> bool:
        """Whether nothing is left to find or to prove."""
        return self.infeasible or (self.bound is not None and self.bound >= self.enough())

    def enough(self) -> int:
        """Return the bound at which the run ends."""
        return self.cost if self.best is None else self.cost - int(self.gap_limit * abs(self.cost))

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

    # -- the phases ---------------------------------------------------------------------------------------------

    def go(self, given: IntArray | None) -> None:
        """Run the phases until there is a proof or the time is up."""
        if not self.problem.members or not self.problem.groups:
            needed = any(group.required for group in self.problem.groups)
            self.infeasible = bool(len(self.problem.size) or self.problem.least or needed)
            if not self.infeasible:
                self.offer(np.zeros(0, dtype=np.int64), self.kernel.offset, "nothing to divide")
                self.prove(self.kernel.offset, "nothing to divide")
            return
        required = sum(group.required for group in self.problem.groups)
        if max(self.problem.least, required) > self.problem.at_most:
            self.infeasible = True
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
                part = 0.25 if not self.large else 0.4 if self.problem.members <= _HUGE else 0.5
                self._search(self.clock.share(part, at_most=float("inf") if self.large else 20.0))
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
            self._plain()
        else:
            self._prove()

    def _plain(self) -> None:
        """Ask the plain model, for costs so large that nothing else is exact."""
        self.phase = "plain model"
        answer, found = assignment.solve(
            self.problem, self.clock, self.clock.left, self.workers, self.seed, objective=True
        )
        if found is not None:
            self.offer(found, self.kernel.cost(found), "CP-SAT on the plain model")
        self.infeasible = answer.status == "infeasible" and self.best is None
        if answer.bound is not None:
            self.prove(min(answer.bound, self.cost), "CP-SAT on the plain model")
        if answer.interrupted:
            raise KeyboardInterrupt

    def _search_pairs(self, until: float) -> None:
        """Anneal over pairs."""
        self.phase = "search"
        assert self.pairs is not None
        for cost, group_of in self.pairs.run(until, self.best):
            self.offer(group_of, cost, "local search over pairs")
            if self.done:
                return

    def _pair_proof(self) -> PairProof:
        return PairProof(
            self.kernel,
            self.clock,
            self.workers,
            self.seed,
            lambda: (self.cost, self.best),
            self.offer,
            self.prove,
        )

    def _prove_pairs(self, listable: bool) -> None:
        """Bound what pairs cost by the edge model, ask CP-SAT unless groups can be listed afterwards, and branch."""
        self.phase = "bound"
        proof = self._pair_proof()
        proof.bound(self.clock.share(0.3))
        small = len(self.problem.size) <= _PROVABLE_PAIRS
        self.phase = "close"
        if not self.done and small and not listable:
            proof.assign(self.clock.left * 0.4)
        if not self.done and small and not proof.interrupted:
            proof.close(self.clock.share(0.3 if listable else 0.7))
        if proof.interrupted:
            raise KeyboardInterrupt

    def _list_all(self) -> None:
        """List every group there is and choose."""
        self.phase = "list"
        for k, kind in enumerate(self.kernel.kinds):
            self.pool.add(k, all_sets(kind))
        if len(self.pool.columns) > _FIRST_CHOICE:
            self._narrow(self.pool.columns)
        if not self.done:
            self._choose(self.pool.columns, self.clock.left, complete=True)

    def _search(self, until: float) -> None:
        """Anneal for every number of groups worth trying."""
        self.phase = "search"
        problem = self.problem
        required = [g for g, group in enumerate(problem.groups) if group.required]
        optional = [g for g, group in enumerate(problem.groups) if not group.required]
        fewest = max(problem.least, len(required), 1)
        numbers = list(range(fewest, problem.at_most + 1))

        def attempt(number: int, sweeps: int | None) -> int:
            return self._anneal(required + optional[: number - len(required)], sweeps, until)

        if problem.members > _SAMPLED and not required:
            attempt(self._likely_number(numbers), None)
        else:
            found = self._try_numbers(numbers, attempt, until)
            ranked = sorted(found, key=lambda number: (found[number], number))
            if self.large:
                attempt(ranked[0], None)
            else:
                for number in [*ranked[:1] * 3, *ranked[1:2]]:
                    attempt(number, 6)
        if self.best is not None and len(self.pool.columns) > len(problem.groups) and not self.large:
            self._choose(self.pool.columns, min(2.0, self.clock.left * 0.1), complete=False)

    def _try_numbers(
        self, numbers: list[int], attempt: Callable[[int, int | None], int], until: float
    ) -> dict[int, int]:
        """Return the cost found with several numbers of groups, more of them around the best ones."""
        sweeps, enough = (2, self.clock.spent + 0.3 * (until - self.clock.spent)) if self.large else (3, until)
        found = {number: attempt(number, sweeps) for number in _spread(numbers, 5 if self.large else 7)}
        while self.clock.spent < min(until, enough):
            at = min(found, key=lambda number: (found[number], number))
            tries = [number for number in _beside(numbers, sorted(found), at) if number not in found]
            if not tries:
                break
            found.update((number, attempt(number, sweeps)) for number in tries)
        return found

    def _likely_number(self, numbers: list[int]) -> int:
        """Return a number of groups that makes groups as large as they are best in a part of the members."""
        problem, middle = self.problem, numbers[len(numbers) // 2]
        first = start(self.kernel, np.arange(middle), self.rng)
        self.offer(first, self.kernel.cost(first), "local search")
        used = np.unique(first)
        sizes = np.bincount(first, weights=problem.size, minlength=len(problem.groups)).astype(np.int64)
        chosen = used[around(0, distances(self.kernel, first, used)[0], sizes[used], _SAMPLED // 2)]
        items = np.flatnonzero(np.isin(first, chosen))
        members = int(problem.size[items].sum())
        part = cut(problem, items, range(min(len(problem.groups), members // problem.groups[0].lo)), 0, len(chosen) * 3)
        clock = self.clock.child(self.clock.limit * 0.1)
        inner = _Run(part.problem, clock, self.seed, self.workers, 0.0, self.without, None)
        fewest = -(-members // max(group.hi for group in problem.groups))
        count = list(range(fewest, part.problem.at_most + 1))
        found = inner._try_numbers(
            count, lambda number, sweeps: inner._anneal(list(range(number)), sweeps, clock.limit), clock.limit
        )
        self.clock.took(clock)
        best = min(found, key=lambda number: (found[number], number))
        return min(max(round(best * problem.members / members), numbers[0]), numbers[-1])

    def _anneal(self, groups: list[int], sweeps: int | None, until: float) -> int:
        """Anneal from a constructed start over these groups; return the best cost found."""
        open_groups = np.array(groups, dtype=np.int64)
        return self._anneal_from(start(self.kernel, open_groups, self.rng), open_groups, sweeps, until)

    def _anneal_from(self, first: IntArray, open_groups: IntArray, sweeps: int | None, until: float) -> int:
        """Anneal from a division, keeping the groups of every better one; return the best cost found."""
        cost = self.kernel.big
        visit = self._remember if self.large and sweeps is None else None
        for cost, group_of in anneal(self.kernel, first, open_groups, self.rng, self.clock, until, sweeps, visit):
            if cost < self.kernel.limit and not self.large:
                self.pool.add_division(group_of)
            self.offer(group_of, cost, "local search")
        if cost < self.kernel.limit and self.large:
            self.pool.add_division(group_of)
        return cost

    @property
    def large(self) -> bool:
        """Whether the division is worth improving part by part."""
        return self.problem.members > _ALONE and "neighbourhoods" not in self.without

    def _divide_parts(self, until: float) -> None:
        """Divide neighbouring groups anew, part by part, until each group has had its turn."""
        self.phase = "neighbourhoods"
        assert self.best is not None
        used = np.unique(self.best)
        sizes = np.bincount(self.best, weights=self.problem.size, minlength=len(self.problem.groups)).astype(np.int64)
        distance = distances(self.kernel, self.best, used)
        for part in partition(distance, sizes[used], self.rng.permutation(len(used))):
            if self.clock.spent >= until:
                return
            self._divide_anew(used[part])

    def _divide_some(self) -> None:
        """Divide a few neighbouring groups anew, somewhere."""
        assert self.best is not None
        used = np.unique(self.best)
        sizes = np.bincount(self.best, weights=self.problem.size, minlength=len(self.problem.groups)).astype(np.int64)
        distance = distances(self.kernel, self.best, used)
        for first in self.rng.permutation(len(used))[: max(1, len(used) // 6)]:
            if self.done or not self.clock.left:
                return
            drawn = distance[first] * self.rng.uniform(0.6, 1.0, len(used))
            self._divide_anew(np.sort(used[around(int(first), drawn, sizes[used])]))

    def _divide_anew(self, groups: IntArray) -> None:
        """Solve the problem of some groups in use, with two more to spare, and take what comes out of it."""
        assert self.best is not None
        outside = len(np.unique(self.best)) - len(groups)
        idle = np.setdiff1d(np.arange(len(self.problem.groups)), self.best)
        spare = [g for g in idle.tolist() if self.kernel.kind_of[g] in self.kernel.kind_of[groups]][:2]
        items = np.flatnonzero(np.isin(self.best, groups))
        part = cut(
            self.problem,
            items,
            np.sort(np.append(groups, np.array(spare, dtype=np.int64))).tolist(),
            max(self.problem.least - outside, 0),
            self.problem.at_most - outside,
        )
        seed = int(self.rng.integers(1 << 31))
        clock = self.clock.child(_PART_SECONDS)
        inner = _Run(part.problem, clock, seed, self.workers, 0.0, self.without | {"neighbourhoods"}, None)
        begin = np.searchsorted(part.groups, self.best[items])
        before = inner.kernel.cost(begin)
        with suppress(TimeUp):
            inner.go(begin)
        self.clock.took(clock)
        for k, kind in enumerate(inner.kernel.kinds):
            rows = [column.row for column in inner.pool.columns if column.kind == k]
            if rows:
                wide = part.widened(np.array(rows), len(self.problem.size))
                self.pool.add(int(self.kernel.kind_of[part.groups[kind.groups[0]]]), wide)
        if inner.price is not None:
            self.guess[items] = inner.price
        if inner.best is not None and inner.cost < before:
            better = self.best.copy()
            better[items] = part.groups[inner.best]
            self.offer(better, self.cost - before + inner.cost, "neighbourhoods")

    def _remember(self, group_of: IntArray) -> None:
        """Keep the groups of a division that annealing passes through, unless there are many already."""
        if len(self.pool.columns) < _REMEMBERED * len(self.problem.size):
            self.pool.add_division(group_of)

    def _settle_rules(self) -> None:
        """Ask CP-SAT whether the rules can be kept at all; a proof of the contrary is checked without presolve."""
        self.phase = "rules"
        for presolve in (True, False):
            if not self.clock.left:
                return
            seconds = self.clock.left * 0.5
            answer, found = assignment.solve(
                self.problem, self.clock, seconds, self.workers, self.seed, objective=False, presolve=presolve
            )
            if found is not None:
                self.pool.add_division(found)
                self.offer(found, self.kernel.cost(found), "CP-SAT on the rules")
                self._anneal_from(found, np.unique(found), 10, self.clock.share(0.2, at_most=5.0))
                return
            if answer.interrupted:
                raise KeyboardInterrupt
            if answer.status != "infeasible":
                return
        self.infeasible = True
        self.provenance["bound"] = "CP-SAT on the rules"

    def _prove(self) -> None:
        """Raise the bound by column generation, then close the gap."""
        self.phase = "bound"
        if "pairs" not in self.without and any(kind.pairs is not None for kind in self.kernel.kinds):
            self._pair_proof().bound(self.clock.share(0.1))
        dearest = 3 * max((column.cost for column in self.pool.columns), default=0) + 1
        generation = Generation(self.kernel, self.pool, self.clock, dearest if self.best is not None else None)

        def on_round() -> None:
            if generation.bound.cost is not None:
                self.prove(generation.bound.cost, "column generation")

        until = self.clock.share(0.8)
        if self.problem.members > _REPAIRED:
            converged = Repair(generation).run(until, self.enough, on_round, self._guess())
        else:
            converged = generation.run(until, self.enough, on_round, self._guess())
        if generation.bound.cost is not None:
            self.price = generation.bound.price / self.kernel.unit
        self.provenance["rounds"] = generation.bound.rounds
        if self.done:
            return
        self._recombine(self.clock.left * 0.3)
        if converged and not self.done and "listing" not in self.without:
            with suppress(TimeUp):  # what is left of the time still goes into a better plan
                self._close(generation)
        while not self.done and self.clock.left > 0.05:
            self._improve()

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

    def _close(self, generation: Generation) -> None:
        """List all groups within the gap and choose among them, which proves the best choice optimal."""
        self.phase = "close"
        bound = generation.bound
        if bound.scaled is None:
            return
        target = self.kernel.unit * (self._better() - self.kernel.offset) - int(bound.price.sum())
        listed: list[Column] = []
        fresh = Pool(self.kernel)
        try:
            for k, kind in enumerate(self.kernel.kinds):
                limit = target + bound.least[k] - cheapest_use(self.kernel, bound.least, one_of=k)
                pricer = Pricer(kind, tallies=False, unit=self.kernel.unit)
                sets = within(self.kernel, k, pricer, bound.price, limit, self.clock, self.clock.share(0.7))
                listed += fresh.add(k, sets)
        except TooManyError:
            self.provenance["listed"] = "too many"
            return
        self.provenance["listed"] = len(listed)
        self._narrow(listed, bound.price)

    def _better(self) -> int:
        """Return the most that a division costs that is better than the best one known."""
        return self.cost - self.kernel.step if self.best is not None else self.kernel.limit - 1

    def _narrow(self, listed: list[Column], price: IntArray | None = None) -> None:
        """Tighten the bound over the list, choose among the groups of least reduced cost, then among more of them.

        A division that uses a group of reduced cost r costs at least the bound plus r. So what the first groups do
        not offer costs at least the bound plus the reduced cost of the next one.
        """
        cuts = "cuts" not in self.without
        left = tighten(self.kernel, listed, self._better(), self.clock, self.clock.share(0.6), price, cuts)
        count = _FIRST_CHOICE
        while not self.done and self.clock.left > 0.05:
            helpful = left.within(self.kernel.unit * (self._better() - self.kernel.offset) - left.scaled)
            taken = min(count, helpful)
            last = taken == helpful
            following = left.scaled + (0 if last else int(left.reduced[taken]))
            status = "infeasible"
            if taken:
                status = self._choose(left.columns[:taken], self.clock.left, complete=last)
            if status not in ("optimal", "infeasible"):
                return
            beyond = self.cost if last else self.kernel.rounded(following)
            self.prove(min(beyond, self.cost), "CP-SAT over listed groups")
            count *= 4

    def _choose(self, columns: list[Column], seconds: float, complete: bool) -> str:
        """Take the best division that listed groups offer; ``complete`` says that a better one uses no others."""
        if seconds <= 0:
            return "unknown"
        choice = choose(self.kernel, columns, self.clock, seconds, self.workers, self.seed, self.best)
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

    def _improve(self) -> None:
        """Spend what time is left on another annealing run, then recombine the groups seen."""
        self.phase = "improve"
        before = self.clock.spent
        if self.best is not None:
            groups = [int(g) for g in np.unique(self.best)]
            if self.large:
                self._divide_some()
            elif "local search" not in self.without:
                self._anneal(groups, 40, self.clock.share(0.5, at_most=10.0))
            if not self.clock.left or self.done:
                return
            self._recombine(min(self.clock.left, 5.0))
        else:
            self._search(self.clock.share(1.0))
        if self.clock.spent <= before:
            self.clock.work_seconds(0.01)


def _beside(numbers: list[int], tried: list[int], at: int) -> list[int]:
    """Return the numbers halfway between one that was tried and those tried beside it."""
    where = tried.index(at)
    around = [tried[where - 1]] if where else []
    around += tried[where + 1 : where + 2]
    return sorted({numbers[(numbers.index(at) + numbers.index(other)) // 2] for other in around})


def _spread(numbers: list[int], most: int) -> list[int]:
    """Return at most so many of the numbers, evenly spread, first and last among them."""
    if len(numbers) <= most:
        return numbers
    return sorted({numbers[round(i * (len(numbers) - 1) / (most - 1))] for i in range(most)})
