"""Where a run over several parts stands, put together from what the parts report."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from grouping.solving.engine import Progress

if TYPE_CHECKING:
    from grouping.problem import Problem

log = logging.getLogger(__name__)


class Board:
    """Keeps the last report of every part, and tells the caller.

    Parameters
    ----------
    parts : name and problem of each
    begun : moment of ``time.perf_counter()`` at which the run began
    on_progress : who is told; an error in it is logged, not raised, but KeyboardInterrupt passes
    """

    def __init__(
        self, parts: Sequence[tuple[str, Problem]], begun: float, on_progress: Callable[[Progress], None]
    ) -> None:
        self._names = [name for name, _ in parts]
        self._scale = [problem.scale for _, problem in parts]
        self._members = [problem.members for _, problem in parts]
        self._cost: list[int | None] = [None] * len(parts)
        self._bound: list[int | None] = [None] * len(parts)
        self._done: set[int] = set()
        self._begun = begun
        self._on_progress = on_progress

    def report(self, part: int, progress: Progress) -> None:
        """Take a report of a part and tell the caller where the whole run stands."""
        cost, bound = self._cost[part], self._bound[part]
        if progress.cost is not None:
            self._cost[part] = progress.cost if cost is None else min(cost, progress.cost)
        if progress.bound is not None:
            self._bound[part] = progress.bound if bound is None else max(bound, progress.bound)
        self._tell(part, progress.phase)

    def finished(self, part: int, cost: int | None, bound: int | None, phase: str) -> None:
        """Take the end of a part; a part that is begun again ends more than once."""
        self._done.add(part)
        self.report(part, Progress(0.0, cost, bound, phase))

    def _tell(self, part: int, phase: str) -> None:
        score, bound = self._scores()
        known = Progress(
            time.perf_counter() - self._begun, self._cost[part], self._bound[part], phase, score, bound,
            self._names[part], len(self._done), len(self._names),
        )  # fmt: skip
        try:
            self._on_progress(known)
        except Exception:  # a broken progress bar must not cost a plan
            log.exception("on_progress failed")

    def _scores(self) -> tuple[float | None, float | None]:
        """Return the score of the members who have a plan, and what it can be at most."""
        planned = [part for part, cost in enumerate(self._cost) if cost is not None]
        members = sum(self._members[part] for part in planned)
        if not planned:
            return None, None
        if not members:
            return 100.0, 100.0
        lost = sum((self._cost[part] or 0) / self._scale[part] for part in planned)
        least = sum((self._bound[part] or 0) / self._scale[part] for part in planned)
        return 100.0 - lost / members, 100.0 - least / members
