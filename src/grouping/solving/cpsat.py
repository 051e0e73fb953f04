"""Running CP-SAT: one place for its parameters, its interrupts, and what its answers mean."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ortools.sat.python import cp_model

if TYPE_CHECKING:
    from grouping.solving.clock import Clock

log = logging.getLogger(__name__)

_POLL = 0.05
"""Seconds between two looks at whether a run with a control was asked to end."""


@dataclass(frozen=True)
class Answer:
    """What a run of CP-SAT came to.

    Attributes
    ----------
    status : "optimal", "feasible", "infeasible" or "unknown"; a time-out is "unknown", never "infeasible"
    bound : proven lower limit of the objective; None when nothing is proven
    interrupted : whether the user stopped it (Ctrl-C)
    """

    status: str
    bound: int | None
    interrupted: bool
    value: Callable[[cp_model.LinearExprT], int]


def run(
    model: cp_model.CpModel,
    clock: Clock,
    seconds: float,
    workers: int = 2,
    seed: int = 0,
    presolve: bool = True,
    linear: bool = False,
) -> Answer:
    """Solve a model and return what is known after it.

    The solver's own handling of SIGINT is off, because it would take the signal away from the process for good; the
    solve runs in a thread instead and is stopped from here on KeyboardInterrupt, which leaves no time on the clock.

    Parameters
    ----------
    seconds : limit; deterministic time when the clock is reproducible, which also means one worker
    linear : True lets one worker search along the linear relaxation of everything, which is what proves models whose
        relaxation is tight; several workers would spend their time on other ways of search
    """
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1 if clock.reproducible or linear else workers
    if linear:
        solver.parameters.linearization_level = 2
        solver.parameters.cp_model_probing_level = 0
    solver.parameters.random_seed = seed
    solver.parameters.catch_sigint_signal = False
    solver.parameters.cp_model_presolve = presolve
    limit = max(seconds, 0.01)
    if clock.reproducible:
        solver.parameters.max_deterministic_time = limit
    else:
        solver.parameters.max_time_in_seconds = limit
    interrupted = False
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(solver.solve, model)
        while True:
            try:
                status = future.result(timeout=None if clock.control is None else _POLL)
                break
            except TimeoutError:
                if clock.stopped:
                    solver.stop_search()
            except KeyboardInterrupt:
                interrupted = True
                clock.interrupt()
                solver.stop_search()
    clock.work_seconds(solver.deterministic_time if clock.reproducible else 0.0)
    names = {
        cp_model.OPTIMAL: "optimal",
        cp_model.FEASIBLE: "feasible",
        cp_model.INFEASIBLE: "infeasible",
        cp_model.UNKNOWN: "unknown",
    }
    if status not in names:
        raise RuntimeError(f"CP-SAT calls the model invalid: {model.validate()}")
    name = names[status]
    bound = None
    if name in ("optimal", "feasible") and model.has_objective():
        bound = round(solver.best_objective_bound)
    log.debug("CP-SAT: %s, bound %s, %.2f s", name, bound, solver.wall_time)
    return Answer(name, bound, interrupted, solver.value)
