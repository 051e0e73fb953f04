"""One problem to be solved somewhere, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.solving.engine import Solution, solve

if TYPE_CHECKING:
    from grouping.problem import IntArray, Problem
    from grouping.solving.clock import Control
    from grouping.solving.engine import Progress


@dataclass(frozen=True)
class Task:
    """A problem with what the engine is told about it; picklable.

    Attributes
    ----------
    number : rises with every task of a crew
    limit : seconds
    until : moment of ``time.perf_counter()`` of the parent at which the whole run ends; a task that has to be begun
        again gets no more than is left. None keeps the limit as it is
    workers : of CP-SAT
    """

    number: int
    problem: Problem
    limit: float
    seed: int = 0
    reproducible: bool = False
    gap_limit: float = 0.0
    start: IntArray | None = None
    until: float | None = None
    workers: int = 1


@dataclass(frozen=True)
class Outcome:
    """What came of a task: a solution, or the error that the engine raised."""

    solution: Solution | None = None
    error: Exception | None = None


def run_task(
    task: Task, control: Control | None = None, on_progress: Callable[[Progress], None] | None = None
) -> Outcome:
    """Solve the problem of a task; errors of the engine come back as values.

    So whatever a future raises is about the worker, not about the problem, and the task can be given to another one.
    """
    try:
        solution = solve(
            task.problem,
            time_limit=task.limit,
            seed=task.seed,
            workers=task.workers,
            reproducible=task.reproducible,
            gap_limit=task.gap_limit,
            start=task.start,
            control=control,
            on_progress=on_progress,
        )
    except Exception as error:
        return Outcome(error=error)
    return Outcome(solution)
