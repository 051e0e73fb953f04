"""Finding plans: annealing, dividing parts anew, and asking CP-SAT whether the rules can be kept at all."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from grouping.solving import assignment
from grouping.solving.known import Known
from grouping.solving.neighbourhoods import around, partition, surveyed
from grouping.solving.pricing import TimeUp
from grouping.solving.search import anneal, start
from grouping.solving.slicing import cut

if TYPE_CHECKING:
    from grouping.problem import IntArray

log = logging.getLogger(__name__)

_REMEMBERED = 10
"""Groups kept from annealing a large division, for each item."""

_ASKED = 1_000_000
"""Booleans of the plain model, items × groups, beyond which building it would take all the time there is."""

_FINAL = 0.2
"""Share of the time for each number of groups that is annealed longer before one is chosen."""

_GLANCE = 2
"""Steps per item in trying a number of groups of a large division."""

_SAMPLED = 500
"""Members beyond which the number of groups is judged by a part of them."""

_PART_SECONDS = 2.0
"""Seconds for a part."""


class Finding(Known):
    """The phases that look for plans."""

    def _search(self, until: float) -> None:
        """Anneal for every number of groups worth trying."""
        if self.clock.spent >= until:
            return
        self.phase = "search"
        problem = self.problem
        required = [g for g, group in enumerate(problem.groups) if group.required]
        optional = [g for g, group in enumerate(problem.groups) if not group.required]
        fewest = max(problem.least, len(required), 1)
        numbers = list(range(fewest, problem.at_most + 1))

        def attempt(number: int, sweeps: int | None) -> int:
            return self._anneal(required + optional[: number - len(required)], sweeps, until)

        if problem.members > _SAMPLED and not required and len(self.kernel.kinds) == 1:
            attempt(self._likely_number(numbers), None)
        else:
            found = self._try_numbers(numbers, attempt, until)
            ranked = sorted(found, key=lambda number: (found[number], number))
            if self.large:
                likely = _least(found)
                finalists = [number for number in (likely - 1, likely, likely + 1) if number in numbers] or ranked[:1]
                for number in finalists:
                    end = self.clock.spent + _FINAL * self.clock.before(until)
                    found[number] = self._anneal(required + optional[: number - len(required)], None, end)
                attempt(min(finalists, key=lambda number: (found[number], number)), None)
            else:
                for number in [*ranked[:1] * 3, *ranked[1:2]]:
                    attempt(number, 6)
        if self.best is not None and len(self.pool.columns) > len(problem.groups) and not self.large:
            self._choose(self.pool.columns, min(2.0, self.clock.left * 0.1), complete=False)

    def _try_numbers(
        self, numbers: list[int], attempt: Callable[[int, int | None], int], until: float
    ) -> dict[int, int]:
        """Return the cost found with several numbers of groups, more of them around the best ones."""
        sweeps = _GLANCE if self.large else 3
        found = {number: attempt(number, sweeps) for number in _spread(numbers, 5 if self.large else 7)}
        while self.clock.spent < until and not self.large:
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
        used, sizes, distance = surveyed(self.kernel, first)
        chosen = used[around(0, distance[0], sizes, _SAMPLED // 2)]
        items = np.flatnonzero(np.isin(first, chosen))
        members = int(problem.size[items].sum())
        part = cut(problem, items, range(min(len(problem.groups), members // problem.groups[0].lo)), 0, len(chosen) * 3)
        clock = self.clock.child(self.clock.limit * 0.1)
        inner = type(self)(part.problem, clock, self.seed, self.workers, 0.0, self.without, None)
        fewest = -(-members // max(group.hi for group in problem.groups))
        count = list(range(fewest, part.problem.at_most + 1))
        if not count:
            return middle
        found = inner._try_numbers(
            count, lambda number, sweeps: inner._anneal(list(range(number)), sweeps, clock.limit), clock.limit
        )
        self.clock.took(clock)
        best = _least(found)
        return min(max(round(best * problem.members / members), numbers[0]), numbers[-1])

    def _anneal(self, groups: list[int], sweeps: int | None, until: float) -> int:
        """Anneal from a constructed start over these groups; return the best cost found."""
        open_groups = np.array(groups, dtype=np.int64)
        return self._anneal_from(start(self.kernel, open_groups, self.rng), open_groups, sweeps, until)

    def _anneal_from(self, first: IntArray, open_groups: IntArray, sweeps: int | None, until: float) -> int:
        """Anneal from a division, keeping the groups of every better one; return the best cost found."""
        cost = self.kernel.big
        visit = self._remember if self.large and sweeps is None else None
        soft = self.kernel.softened(self.problem.ceiling)
        for cost, group_of in anneal(soft, first, open_groups, self.rng, self.clock, until, sweeps, visit):
            if soft is not self.kernel:
                cost = self.kernel.cost(group_of)
            if cost < self.kernel.limit and not self.large:
                self.pool.add_division(group_of)
            self.offer(group_of, cost, "local search")
        if cost < self.kernel.limit and self.large:
            self.pool.add_division(group_of)
        return cost

    def _remember(self, group_of: IntArray) -> None:
        """Keep the groups of a division that annealing passes through, unless there are many already."""
        if len(self.pool.columns) < _REMEMBERED * len(self.problem.size):
            self.pool.add_division(group_of)

    def _divide_parts(self, until: float) -> None:
        """Divide neighbouring groups anew, part by part, until each group has had its turn."""
        self.phase = "neighbourhoods"
        assert self.best is not None
        used, sizes, distance = surveyed(self.kernel, self.best)
        for part in partition(distance, sizes, self.rng.permutation(len(used))):
            if self.clock.spent >= until:
                return
            self._divide_anew(used[part])

    def _divide_some(self) -> None:
        """Divide a few neighbouring groups anew, somewhere."""
        assert self.best is not None
        used, sizes, distance = surveyed(self.kernel, self.best)
        for first in self.rng.permutation(len(used))[: max(1, len(used) // 6)]:
            if self.done or not self.clock.left:
                return
            drawn = distance[first] * self.rng.uniform(0.6, 1.0, len(used))
            self._divide_anew(np.sort(used[around(int(first), drawn, sizes)]))

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
        inner = type(self)(part.problem, clock, seed, self.workers, 0.0, self.without | {"neighbourhoods"}, None)
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

    def _settle_rules(self) -> None:
        """Ask CP-SAT whether the rules can be kept at all; a proof of the contrary is checked without presolve."""
        if len(self.problem.size) * len(self.problem.groups) > _ASKED:
            return
        self.phase = "rules"
        for presolve in (True, False):
            if not self.clock.left:
                return
            seconds = self.clock.left * 0.5
            answer, found = assignment.solve(
                self.ruled, self.clock, seconds, self.workers, self.seed, objective=False, presolve=presolve
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

    def improve(self) -> None:
        """Spend what time is left on another annealing run, then recombine the groups seen."""
        self.phase = "improve"
        before = self.clock.spent
        if self.best is not None:
            groups = [int(g) for g in np.unique(self.best)]
            if self.large and self.clock.left < 0.1 * self.clock.limit:
                self._divide_some()
            elif self.large and "local search" not in self.without:
                self._anneal(groups, None, self.clock.share(0.5))
            elif "local search" not in self.without:
                self._anneal(groups, 40, self.clock.share(0.5, at_most=10.0))
            if not self.clock.left or self.done:
                return
            self._recombine(min(self.clock.left, 5.0))
        else:
            self._search(self.clock.share(1.0))
        if self.clock.spent <= before:
            self.clock.work_seconds(0.01)

    def _search_pairs(self, until: float) -> None:
        """Anneal over pairs."""
        self.phase = "search"
        assert self.pairs is not None
        for cost, group_of in self.pairs.run(until, self.best):
            self.offer(group_of, cost, "local search over pairs")
            if self.done:
                return


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


def _least(found: dict[int, int]) -> int:
    """Return where a parabola through the lowest of the costs found has its least value, within the numbers tried."""
    lowest = sorted(found, key=lambda number: (found[number], number))
    if len(lowest) < 4:
        return lowest[0]
    bend, slope, _ = np.polyfit(lowest[:4], [found[number] for number in lowest[:4]], 2)
    return lowest[0] if bend <= 0 else min(max(round(-slope / (2 * bend)), min(found)), max(found))
