"""Budgets: limits of what a whole plan pays for some terms, met by putting a price on what counts against them.

Under prices μ ≥ 0 of the budgets, the problem without budgets whose terms weigh ``weight + Σ μ × factor`` is one like
any other (Everett, Generalized Lagrange multiplier method, Operations Research 11, 1963). A plan of cost C that keeps
the budgets costs at most C + Σ μ × most in it. So a bound of it, less Σ μ × most, is a bound for the problem with
budgets; and a better plan consists of groups whose reduced cost there lies within the gap, so listing those and
choosing among them, now with the budgets as rows, is a proof. Prices are fractions p / q: all weights are multiplied by
q, and everything stays in integers.

Which prices give the best bound is what a linear problem over the groups seen so far says, in turns with pricing
under them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from ortools.math_opt.python import mathopt

from grouping.errors import PolicyError
from grouping.problem import Pair, Problem
from grouping.scoring import score
from grouping.solving.columns import Column, Generation, Master, Pool, StalledError
from grouping.solving.engine import _PLAIN, _Run
from grouping.solving.kernel import Kernel
from grouping.solving.known import Target
from grouping.solving.listing import SMALL, possible
from grouping.solving.pairs_search import suits
from grouping.solving.partition import Choice, choose
from grouping.solving.usage import Usage

if TYPE_CHECKING:
    from grouping.problem import IntArray
    from grouping.solving.clock import Clock
    from grouping.solving.known import Progress, Solution

log = logging.getLogger(__name__)

_FRACTIONS = (64, 8, 1)
"""Denominators of prices: the first one under which all numbers stay exact."""

_FEWEST, _SEARCHES = 2, 5
"""Prices under which plans are looked for before a bound is: so many, and so many while no plan keeps the budgets."""

_ROUNDS = 12
"""Prices for which a bound is proven at most."""

_ENOUGH = 0.1
"""Part of the gap that better prices could close, below which listing is worth more than another price."""

_STEEPER, _STEEPEST = 16, 1e5
"""How much the highest price grows while no plan keeps the budgets, and up to how many times the dearest group."""

_STEPS = 20_000
"""Steps of the simplex at most, besides ten for each group."""

_MOST_COLUMNS = 20_000
"""Groups that the linear problem over prices begins with."""


class Ledger(Target):
    """What all prices share: the problem that is asked, what groups really cost and use, the best plan and the bound.

    Attributes
    ----------
    kernel : of the problem without budgets
    most : per budget, what the groups of a plan may use, without what every plan uses
    """

    def __init__(self, problem: Problem, gap_limit: float) -> None:
        self.problem = problem
        self.kernel = Kernel(replace(problem, budgets=()))
        self.usage = Usage(problem, self.kernel)
        reach = [min(budget.most, problem.most_used(budget)) for budget in problem.budgets]
        self.most: list[int] = [most - int(base) for most, base in zip(reach, self.usage.base, strict=True)]
        self.gap_limit = gap_limit
        self.best: IntArray | None = None
        self.cost = self.kernel.limit
        self.bound: int | None = None
        self.infeasible = False
        self.pool = Pool(self.kernel)
        self._uses: dict[tuple[int, bytes], IntArray] = {}

    def prove(self, bound: int) -> None:
        """Take a lower limit of the cost, rounded up to what a cost can be."""
        bound = -(-bound // self.kernel.step) * self.kernel.step
        if self.bound is None or bound > self.bound:
            self.bound = bound
            self.infeasible = self.infeasible or (self.best is None and bound >= self.kernel.limit)

    def uses(self, columns: Sequence[Column]) -> IntArray:
        """Return what groups use: groups × budgets."""
        new: dict[int, list[Column]] = {}
        for column in columns:
            if (column.kind, column.items) not in self._uses:
                new.setdefault(column.kind, []).append(column)
        for k, some in new.items():
            found = self.usage.of(k, np.array([column.row for column in some]))
            self._uses.update(((k, column.items), row) for column, row in zip(some, found, strict=True))
        rows = [self._uses[column.kind, column.items] for column in columns]
        return np.array(rows, dtype=np.int64).reshape(len(columns), len(self.most))

    def true(self, columns: Sequence[Column]) -> list[Column]:
        """Return groups with what they really cost."""
        found: dict[tuple[int, bytes], Column] = {}
        for k, kind in enumerate(self.kernel.kinds):
            some = [column for column in columns if column.kind == k]
            if some:
                costs = kind.costs(np.array([column.row for column in some])).tolist()
                found.update(((k, c.items), Column(k, c.items, cost)) for c, cost in zip(some, costs, strict=True))
        return [found[column.kind, column.items] for column in columns]


class Charged(_Run):
    """A run under one price of the budgets; its costs are charged ones, its best plan and bound those of the ledger.

    ``cost`` is the most that a plan as good as the best one can cost here. Without a ledger it is any other run, as
    runs over parts of a division are.
    """

    ledger: Ledger | None = None
    times: int = 1
    charges: tuple[int, ...] = ()

    @classmethod
    def under(cls, ledger: Ledger, times: int, charges: tuple[int, ...], make: Callable[[Problem], Charged]) -> Charged:
        """Return a run in which weights count ``times``, and every budget has a charge a point.

        Raises
        ------
        PolicyError
            When costs become too large.
        """
        run = make(charged(ledger.problem, times, charges))
        run.ledger, run.times, run.charges = ledger, times, charges
        if ledger.best is not None:
            run.best, run.cost = ledger.best, run._charged(ledger.cost)
        for k in range(len(run.kernel.kinds)):
            rows = [column.row for column in ledger.pool.columns if column.kind == k]
            if rows:
                run.pool.add(k, np.array(rows))
        return run

    def _charged(self, cost: int) -> int:
        """Return the most that a plan which really costs so much, and keeps the budgets, costs here."""
        assert self.ledger is not None
        return self.times * cost + sum(p * most for p, most in zip(self.charges, self.reach, strict=True))

    @property
    def reach(self) -> list[int]:
        """Per budget, what a plan may use, with what every plan uses."""
        assert self.ledger is not None
        return [most + int(base) for most, base in zip(self.ledger.most, self.ledger.usage.base, strict=True)]

    @property
    def ruled(self) -> Problem:
        """See :attr:`Known.ruled`."""
        return self.problem if self.ledger is None else self.ledger.problem

    def offer(self, group_of: IntArray, cost: int, engine: str) -> None:
        """Take a division if it keeps every rule and budget, and is really better than the best one."""
        if self.ledger is not None:
            if cost >= self.cost:
                return
            found = score(self.ledger.problem, group_of)
            if found.violations or found.cost >= self.ledger.cost:
                return
            self.ledger.best, self.ledger.cost = group_of.copy(), found.cost
            cost = self._charged(found.cost)
        super().offer(group_of, cost, engine)

    def prove(self, bound: int, engine: str) -> None:
        """See :meth:`Known.prove`; what is proven here, less what the budgets allow, holds for the problem asked."""
        if self.ledger is not None:
            self.ledger.prove(-(-(bound - self._charged(0)) // self.times))
        super().prove(bound, engine)
        if self.ledger is not None and self.infeasible:
            self.ledger.infeasible = True

    def report(self) -> None:
        """See :meth:`Known.report`."""
        if self.ledger is None or self.on_progress is None:
            super().report()
            return
        cost = None if self.ledger.best is None else self.ledger.cost
        self.told(cost, self.ledger.bound)

    @property
    def done(self) -> bool:
        """See :attr:`Known.done`."""
        return super().done or (self.ledger is not None and self.ledger.done)

    def enough(self) -> int:
        """See :meth:`Known.enough`."""
        if self.ledger is None or self.ledger.best is None:
            return super().enough()
        return self._charged(self.ledger.enough())

    def _better(self) -> int:
        if self.ledger is None or self.ledger.best is None:
            return super()._better()
        return self._charged(self.ledger.cost - self.ledger.kernel.step)

    def _ask(self, columns: list[Column], seconds: float) -> Choice:
        if self.ledger is None:
            return super()._ask(columns, seconds)
        uses = self.ledger.uses(columns).T.tolist()
        limits = list(zip(uses, self.ledger.most, strict=True))
        true = self.ledger.true(columns)
        choice = choose(
            self.ledger.kernel, true, self.clock, seconds, self.workers, self.seed, self.ledger.best, limits
        )
        return choice if choice.bound is None else replace(choice, bound=self._charged(choice.bound))


class Budgeted:
    """One call of :func:`grouping.solve` for a problem with budgets; parameters as those of a run."""

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
        self.clock = clock
        self.ledger = Ledger(problem, gap_limit)
        self.without = without
        without |= {"pairs"}  # engines that take the best division of pairs for the answer
        self._make = lambda charged: Charged(charged, clock, seed, workers, gap_limit, without, on_progress)
        self.free = self._under([0.0] * len(problem.budgets))
        self.provenance = self.free.provenance
        self.tried: set[tuple[int, tuple[int, ...]]] = {(1, self.free.charges)}
        self.steepness = 4.0

    @property
    def best(self) -> IntArray | None:
        """The best plan so far."""
        return self.ledger.best

    def solution(self) -> Solution:
        """Return what came out, scored independently."""
        self.free.bound, self.free.best, self.free.infeasible = self.ledger.bound, self.best, self.ledger.infeasible
        return self.free.solution()

    def go(self, given: IntArray | None) -> None:
        """Run the phases until there is a proof or the time is up."""
        free = self.free
        plain = suits(free.kernel) and len(free.problem.size) * len(free.problem.groups) <= _PLAIN
        small = sum(map(possible, free.kernel.kinds)) <= SMALL
        if plain or small or not free.kernel.unit or self.without & {"column generation", "local search"}:
            free.go(given)
            self.ledger.infeasible |= free.infeasible
            if plain and not free.done and self.clock.left:
                free._plain()
            return
        if free._nothing_to_find():
            self.ledger.infeasible |= free.infeasible
            return
        saved = sum(int(t.weight * -t.points[t.points < 0].sum()) for t in free.problem.terms if isinstance(t, Pair))
        free.prove(free.kernel.offset - saved, "no term is negative")
        if given is not None:
            free.offer(given, free.kernel.cost(given), "given start")
        self._price()

    def _price(self) -> None:
        """Find plans under better and better prices, then raise the bound by them, and close the gap under the best."""
        run = self._search()
        best: tuple[Charged, Generation, bool] | None = None
        for _ in range(_ROUNDS):
            if run.done or not self.clock.left:
                break
            before = self.ledger.bound
            generation, converged = run._generate(self.clock.share(0.4))
            if best is None or before is None or (self.ledger.bound is not None and self.ledger.bound > before):
                best = run, generation, converged
            if not run.done:
                run._recombine(min(self.clock.left * 0.1, 5.0))
            self._keep(run)
            following = self._next()
            if following is None:
                break
            run = following
            run._search(self.clock.share(0.05, at_most=2.0))
        self.ledger.infeasible |= run.infeasible
        if best is not None and not self.ledger.done:
            run, generation, converged = best
            log.debug("of %d prices the best: %s / %d", len(self.tried), run.charges, run.times)
            self.provenance["prices"] = [p / run.times for p in run.charges]
            if self.best is not None:
                run.best, run.cost = self.best, run._charged(self.ledger.cost)
            run._finish(generation, converged)
            self.ledger.infeasible |= run.infeasible

    def _search(self) -> Charged:
        """Look for plans under the prices that the groups seen ask for; return the last run, its prices not yet used
        for a bound.
        """
        run = self.free
        for number in range(_SEARCHES):
            run._search(self.clock.share(0.08 if number else 0.1, at_most=3.0 if number else 5.0))
            if self.best is None:
                run._recombine(min(self.clock.left * 0.1, 2.0))
            self._keep(run)
            enough = run.done or (self.best is not None and number >= _FEWEST)
            following = None if enough else self._next()
            if following is None:
                break
            run = following if self.best is not None else self._dearer(run, following)
        if self.best is None and not run.done:
            run._settle_rules()
        return run

    def _dearer(self, run: Charged, following: Charged) -> Charged:
        """Return a run under the prices that follow, at least twice those that gave no plan: halves of groups keep a
        budget before whole ones do.
        """
        before, after = ([p / r.times for p in r.charges] for r in (run, following))
        prices = [new if new <= 0 else max(new, 2 * old) for old, new in zip(before, after, strict=True)]
        return following if prices == after or not self._fresh(prices) else self._under(prices)

    def _keep(self, run: Charged) -> None:
        """Keep the groups that a run has seen for the next one."""
        self.provenance.update({key: value for key, value in run.provenance.items() if key != "seconds"})
        for k in range(len(self.ledger.kernel.kinds)):
            rows = [column.row for column in run.pool.columns if column.kind == k]
            if rows:
                self.ledger.pool.add(k, np.array(rows))

    def _next(self) -> Charged | None:
        """Return a run under the prices that the groups seen so far ask for; None when better ones gain too little."""
        ledger = self.ledger
        columns = ledger.pool.columns[-_MOST_COLUMNS:]
        dearest = 1.0 + max((abs(column.cost) for column in columns), default=0)
        uses = ledger.uses(columns)
        units = np.maximum(np.abs(uses).max(axis=0, initial=1), 1).tolist()
        while True:
            master = Master(ledger.kernel, 3 * int(dearest))
            master.add(columns)
            rows = [
                master.add_limit((use / unit).tolist(), most / unit, self.steepness * dearest)
                for use, unit, most in zip(uses.T, units, ledger.most, strict=True)
            ]
            try:
                master.solve(mathopt.SolveParameters(iteration_limit=_STEPS + 10 * len(columns)))
            except StalledError as stalled:
                log.warning("no prices of budgets: %s", stalled)
                return None
            self.clock.work(1_000.0 * len(columns))
            prices = [max(0.0, -master.dual(row) / unit) for row, unit in zip(rows, units, strict=True)]
            value = float(master.result.objective_value()) * master.factor + ledger.kernel.offset
            if self.best is not None or self._fresh(prices):
                break
            self.steepness *= _STEEPER
            if self.steepness > _STEEPEST:
                return None
        if self.best is not None and ledger.bound is not None:
            gain = value - ledger.bound
            if gain < max(_ENOUGH * (ledger.cost - ledger.bound), ledger.kernel.step / 2):
                return None
        return self._under(prices) if self._fresh(prices) else None

    def _fresh(self, prices: Sequence[float]) -> bool:
        """Tell whether no run has had these prices."""
        return self._fraction(prices) not in self.tried

    def _fraction(self, prices: Sequence[float]) -> tuple[int, tuple[int, ...]]:
        times = _FRACTIONS[0] if any(prices) else 1
        return times, tuple(round(price * times) for price in prices)

    def _under(self, prices: Sequence[float]) -> Charged:
        """Return a run under prices, as exact as the numbers allow."""
        if not any(prices):
            return Charged.under(self.ledger, 1, (0,) * len(prices), self._make)
        self.tried.add(self._fraction(prices))
        for times in _FRACTIONS:
            try:
                run = Charged.under(self.ledger, times, tuple(round(price * times) for price in prices), self._make)
            except PolicyError:
                continue
            if run.kernel.unit:
                return run
        return Charged.under(self.ledger, 1, (0,) * len(prices), self._make)


def charged(problem: Problem, times: int, charges: Sequence[int]) -> Problem:
    """Return the problem without budgets in which every weight counts ``times``, and every budget has a charge a point.

    Raises
    ------
    PolicyError
        When costs become too large.
    """
    terms = []
    for t, term in enumerate(problem.terms):
        extra = sum(charge * budget.factors[t] for charge, budget in zip(charges, problem.budgets, strict=True))
        terms.append(term if term.must else replace(term, weight=times * term.weight + extra))
    return replace(problem, terms=tuple(terms), budgets=())
