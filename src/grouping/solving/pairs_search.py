"""The local search over pairs as a whole: which divisions it starts from, how hot, how long, at what price of rules."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from grouping.solving import pairs
from grouping.solving.pairs import BEST, COST, FAR, HARD, Template

if TYPE_CHECKING:
    from grouping.problem import IntArray
    from grouping.solving.clock import Clock
    from grouping.solving.kernel import Kernel
    from grouping.solving.pairs import Steps, Sums

log = logging.getLogger(__name__)

_MOST_ENTRIES = 60_000_000
"""Entries of the tables beyond which they take too much memory."""

_NOISE = 1 << 17
_CHUNK = 4000
"""Steps between two looks at the clock."""

_HOT, _WARM, _COLD = 1.0, 0.4, 0.05
"""Temperatures, as shares of what a pair term varies by: of a fresh start, of a return to the best, of the end."""

_COMPILED_FROM = 60
_COMPILED_SECONDS = 8.0
"""Items and seconds from which the compiled loop is worth its loading (0.7 s; 6 s the first time of all)."""


def suits(kernel: Kernel) -> bool:
    """Tell whether groups pay for pairs, sizes and counts only, without a ceiling, and the tables fit into memory."""
    kinds = kernel.kinds
    if kernel.problem.ceiling is not None:
        return False
    if any(kind.dims or kind.seats for kind in kinds) or all(kind.pairs is None for kind in kinds):
        return False
    n, groups = len(kernel.problem.size), len(kernel.problem.groups)
    families = len({kind.family for kind in kinds})
    return n > 1 and 2 * families * n * n + 3 * groups * n <= _MOST_ENTRIES


@cache
def compiled() -> Steps | None:
    """Return the compiled loop, None when the extra ``fast`` is not installed."""
    if find_spec("numba") is None:
        return None
    try:
        from grouping.solving.pairs_compiled import steps
    except ImportError as missing:  # a numba that does not fit this numpy is as good as none
        log.info("no compiled loop: %s", missing)
        return None
    return steps


class PairSearch:
    """Annealing over pairs, in rounds that grow longer.

    Parameters
    ----------
    kernel : a problem that :func:`suits`
    rng : of all random choices
    clock : asked for time
    fast : None uses the compiled loop when it is installed and the problem large enough; True and False decide
    """

    def __init__(self, kernel: Kernel, rng: np.random.Generator, clock: Clock, fast: bool | None = None) -> None:
        self.kernel, self.rng, self.clock = kernel, rng, clock
        self.template = Template(kernel)
        n, groups = len(self.template.size), len(kernel.problem.groups)
        if fast is None:
            fast = n >= _COMPILED_FROM and clock.limit >= _COMPILED_SECONDS
        self.steps: Steps = (compiled() if fast else None) or pairs.steps
        self.width = n + groups + 1
        self.noise = rng.gumbel(size=max(_NOISE, 4 * self.width))
        self.best: IntArray | None = None
        self.cost = FAR
        self.scale = self._scale()
        self.price = kernel.big if not self.template.ruled else 0
        self.round = 0
        # what the array version handles in a step, so that a reproducible run is as long as it says
        self.work = 500.0 + 2.0 * self.width * (1 + len(self.template.start))

    def _scale(self) -> float:
        """Return what an item's points beside a group vary by in random divisions."""
        n, table = len(self.template.size), self.template.pairs
        used = max(1.0, min(len(self.kernel.problem.groups), n**0.5))
        if self.kernel.problem.least > 1:
            used = max(used, self.kernel.problem.least)
        spread = max(float(np.std(t)) for t in table)
        return max(spread * float(np.sqrt(n / used)), 1.0)

    def run(self, until: float, first: IntArray | None = None) -> Iterator[tuple[int, IntArray]]:
        """Yield (cost, division) at the end of every round that found a better division that keeps all rules.

        Parameters
        ----------
        until : point of time at which to stop, see :meth:`Clock.share`
        first : a division to go on from; None goes on from the best one found before
        """
        if first is not None:
            cost = self.kernel.cost(first)
            if cost < self.kernel.limit and cost - self.kernel.offset < self.cost:
                self.best, self.cost = first.copy(), cost - self.kernel.offset
        while self.clock.spent < until:
            before = self.cost
            self._anneal(until)
            if self.cost < before and self.best is not None:
                yield self.cost + self.kernel.offset, self.best.copy()

    def _anneal(self, until: float) -> None:
        """Run one round: from a fresh start, or, every second time, from the best division."""
        n = len(self.template.size)
        again = self.best is not None and self.round % 2 == 1
        planned = n * (4 if self.round == 0 else 25 * 2 ** min(self.round // 2, 24))
        begun = self.template.nodes(self.best if again and self.best is not None else self._fresh())
        if not self.price:
            strict = self.template.sums(self.template.data(1), begun)
            self.price = max(1, int(self.scale * n / max(int(strict.total[HARD]), n)))
        data = self.template.data(self.price)
        sums = self.template.sums(data, begun)
        hot = (_WARM if again else _HOT) * self.scale
        cold = _COLD * self.scale
        done, start = 0, self.clock.spent
        while done < planned and self.clock.spent < until:
            steps = min(_CHUNK, planned - done)
            spent = self.clock.spent
            if done and (spent - start) / done * planned > until - start:  # cool down within the time that is left
                planned = max(done + 1, int((until - start) / (spent - start) * done))
                steps = max(1, min(steps, planned - done))
            share = np.arange(done, done + steps) / planned
            items = self.rng.integers(n, size=steps)
            begins = self.rng.integers(len(self.noise) - self.width + 1, size=steps)
            self.steps(data, sums, items, begins, hot * (cold / hot) ** share, self.noise)
            self.clock.work(steps * self.work)
            done += steps
        self.round += 1
        self._take(sums)
        if self.template.ruled:
            kept = sums.total[HARD] == 0
            self.price = max(1, min(self.kernel.big, self.price * 2 // 3 if kept else self.price * 2))

    def _take(self, sums: Sums) -> None:
        if sums.total[BEST] < self.cost:
            self.best, self.cost = sums.best[self.template.node_of], int(sums.total[BEST])
        log.debug("round %d: %d with %d broken, best %d", self.round, sums.total[COST], sums.total[HARD], self.cost)

    def _fresh(self) -> IntArray:
        """Return a random division with as many groups as sizes allow, filled evenly within their limits."""
        problem, rng = self.kernel.problem, self.rng
        groups = problem.groups
        required = [g for g, group in enumerate(groups) if group.required]
        optional = [g for g, group in enumerate(groups) if not group.required]
        fewest = max(problem.least, len(required), 1)
        largest = max(group.hi for group in groups)
        least = min(group.lo for group in groups)
        fewest = min(max(fewest, -(-problem.members // largest)), problem.at_most)
        most = max(fewest, min(problem.at_most, problem.members // least))
        wanted = int(np.exp(rng.uniform(np.log(fewest), np.log(most + 0.999))))
        opened = np.array(required + rng.permutation(optional).tolist()[: max(wanted - len(required), 0)])
        low = np.array([groups[g].lo for g in opened])
        room = np.maximum(low, np.minimum([groups[g].hi for g in opened], problem.members))
        seats = np.concatenate(
            [
                np.repeat(opened, low),
                rng.permutation(np.repeat(opened, room - low)),
                rng.choice(opened, size=problem.members),  # more members than places: some rule will be broken
            ]
        )
        group_of: IntArray = rng.choice(opened, size=len(problem.size)).astype(np.int64)
        members = rng.permutation(np.flatnonzero(problem.size > 0))
        group_of[members] = seats[: len(members)]
        return group_of
