"""Solving independent parts within one time limit, which is shared by what the parts turn out to need."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.errors import NoPlanFoundError
from grouping.scale.board import Board
from grouping.scale.crew import Crew
from grouping.scale.places import cores
from grouping.scale.tasks import Outcome, Task
from grouping.solving.engine import Solution

if TYPE_CHECKING:
    from grouping.problem import IntArray, Problem
    from grouping.solving.clock import Control
    from grouping.solving.engine import Progress

_POLL = 0.1
"""Seconds between two looks at the control and at the reports of workers."""

_LAST_CALL = 1.0
"""Seconds for a part not yet begun when the run is stopped, so that the plan comes out whole."""

_LAST_CALLS = 10.0
"""Seconds for all last calls together, unless they are very many."""

_LEAST = 0.05
"""Seconds that every part gets, even when the time is over."""

_LEAST_IN_ALL = 0.5
"""Seconds of solving in all, even when compiling has taken the time."""

_GROWTH = 1.5
"""How much longer than before a part is tried again, at least, as it starts anew but for its plan."""

_FIRST_TURN = 2.0
"""How many times its share at the outset a part gets at most in its first turn."""

_SMALL_PART = 15
"""Members up to which a part is too quick to be worth the start of processes."""

_SHORT = 4.0
"""Seconds of time limit below which processes are not worth their start."""


@dataclass(frozen=True)
class Part:
    """An independent problem.

    Attributes
    ----------
    start : a division to start from, None for none
    """

    name: str
    problem: Problem
    start: IntArray | None = None


@dataclass(frozen=True)
class Options:
    """How parts are solved, as :func:`grouping.form_groups` takes it.

    Attributes
    ----------
    begun : moment of ``time.perf_counter()`` from which the time limit counts
    workers : None for all cores
    """

    time_limit: float
    begun: float
    seed: int = 0
    workers: int | None = None
    reproducible: bool = False
    gap_limit: float = 0.0
    executor: Executor | None = None
    control: Control | None = None
    on_progress: Callable[[Progress], None] | None = None


def crew_of(sizes: Sequence[int], options: Options) -> Crew:
    """Return the crew for parts of these sizes: processes where they are worth their start."""
    workers = options.workers
    if options.executor is None:
        large = sum(size > _SMALL_PART for size in sizes)
        quick = options.time_limit < _SHORT and not options.reproducible
        workers = 1 if large < 2 or quick else min(cores() if workers is None else workers, len(sizes))
    return Crew(options.executor, workers, options.control, options.on_progress is not None)


def solve_parts(parts: Sequence[Part], options: Options, crew: Crew | None = None) -> list[Solution | None]:
    """Return the solution of every part; those after a part that is proven infeasible may be missing.

    Parameters
    ----------
    crew : processes that are starting already; None takes what fits

    Raises
    ------
    NoPlanFoundError
        When the time ran out before every part had a plan.
    KeyboardInterrupt
        When a single part is interrupted before its first plan, or the run for a second time.
    """
    return _Run(parts, options, crew).go()


class _Run:
    """One call of :func:`solve_parts`.

    Parts are begun in the order of their size, each with its share, by members, of the time that all cores have left.
    What quick parts leave over makes the shares of later, larger parts grow. When every part has had its turn, those
    not proven are tried again from their plans, for longer, the nearest to a proof first.
    """

    def __init__(self, parts: Sequence[Part], options: Options, crew: Crew | None) -> None:
        self.parts = parts
        self.options = options
        named = [(part.name, part.problem) for part in parts]
        tell = options.on_progress
        self.board = None if tell is None else Board(named, options.begun, tell)
        sizes = [part.problem.members for part in parts]
        self.crew = crew or crew_of(sizes, options)
        self.crew.listener = self.report
        self.found: dict[int, Solution] = {}
        self.limit: dict[int, float] = {}
        self.rounds = [0] * len(parts)
        self.waiting = deque(sorted(range(len(parts)), key=lambda part: (sizes[part], part)))
        self.again: list[int] = []
        self.running: dict[int, tuple[int, float]] = {}
        self.used = 0.0
        self.current = 0
        self.called: set[int] = set()
        self.stopping = False
        self.infeasible = False
        self.reserve = min(0.004 * len(parts), 0.05 * options.time_limit)  # for putting the plan together

    def go(self) -> list[Solution | None]:
        """Solve until everything is proven or the time is up."""
        try:
            while not self.step_and_done():
                pass
            missing = [part for part in range(len(self.parts)) if part not in self.found]
            if missing and not self.infeasible:
                raise NoPlanFoundError(self.options.time_limit)
        finally:
            self.crew.close()
        return [self.found.get(part) for part in range(len(self.parts))]

    def step_and_done(self) -> bool:
        """Go on for a moment; Ctrl-C ends the run with what can be had at once."""
        try:
            return self.step()
        except KeyboardInterrupt:
            if self.stopping or len(self.parts) == 1:
                raise
            self.stop()
            return False

    def step(self) -> bool:
        """Begin what can be begun and take what came back; tell whether nothing is left to do."""
        control = self.options.control
        if control is not None and control.stopped and not self.stopping:
            self.stop()
        if not self.crew.ready(_POLL):
            return False
        while self.crew.room() and (part := self.following()) is not None:
            self.begin(part)
        if not self.running:
            return True
        for task, outcome in self.crew.collect(_POLL):
            self.take(task, outcome)
        if self.running and not self.crew.running:  # an interrupt came just as a task was handed over
            self.waiting.extend(part for part, _ in self.running.values() if part not in self.found)
            self.running.clear()
        return False

    # -- whose turn it is, and for how long -----------------------------------------------------------------------

    def left(self) -> float:
        """Return the seconds left by the wall."""
        return self.options.begun + self.options.time_limit - self.reserve - time.perf_counter()

    def share(self, part: int) -> float:
        """Return a part's share, by members, of the time that all cores have left for those whose turn comes.

        In their first turn parts get at most twice the share that they had at the outset. So the last ones do not
        take all that the others left over, and parts that were near a proof get their second turn.
        """
        now, left, width = time.perf_counter(), self.left(), self.width()
        members = [p.problem.members for p in self.parts]
        if self.options.reproducible:
            return self.options.time_limit * members[part] / max(sum(members), 1)
        busy = sum(max(0.0, min(until - now, left)) for _, until in self.running.values())
        first = self.rounds[part] == 0
        others = self.waiting if first else self.again
        share = (left * width - busy) * members[part] / max(members[part] + sum(members[p] for p in others), 1)
        outset = self.options.time_limit * width * members[part] / max(sum(members), 1)
        return min(share, _FIRST_TURN * outset) if first and len(self.parts) > width else share

    def width(self) -> float:
        """Return how many tasks run at once: as the crew says, or as observed."""
        if self.crew.width is not None:
            return self.crew.width
        return max(1.0, self.used / max(time.perf_counter() - self.options.begun, 0.1))

    def following(self) -> int | None:
        """Return the part whose turn it is, None if none should be begun."""
        if self.infeasible:
            return None
        if self.waiting:
            return self.waiting.popleft()
        if self.options.reproducible or self.stopping or not self.again or self.left() < 0.5:
            return None
        self.again.sort(key=lambda part: (self.rounds[part], self.gap(part)))  # the nearest to a proof first
        return self.again.pop(0)

    def gap(self, part: int) -> float:
        """Return the relative gap of a part's plan, below all others where there is no plan."""
        solution = self.found.get(part)
        if solution is None or solution.cost is None:
            return -1.0
        if solution.bound is None or (solution.worst is not None and solution.worst_bound is None):
            return 1.0
        gap = (solution.cost - solution.bound) / max(abs(solution.cost), 1)
        if solution.worst is None or solution.worst_bound is None:
            return gap
        return max(gap, float((solution.worst - solution.worst_bound) / (abs(solution.worst) or 1)))

    def begin(self, part: int) -> None:
        """Give a part to the crew."""
        options, own = self.options, self.parts[part]
        floor = min(max(_LEAST, _LEAST_IN_ALL / len(self.parts)), options.time_limit)
        if self.stopping:
            self.called.add(part)
            turns = 1 + len(self.waiting)
            limit = min(_LAST_CALL, max(_LAST_CALLS * self.width() / turns, 0.2))
        elif options.reproducible:
            limit = max(self.share(part), floor)
        else:
            limit = max(self.share(part), _GROWTH * self.limit.get(part, 0.0))
            limit = max(min(limit, self.left()), floor)
        known = self.found.get(part)
        self.limit[part] = limit
        task = Task(
            0,
            own.problem,
            limit,
            seed=options.seed + self.rounds[part],
            reproducible=options.reproducible,
            gap_limit=options.gap_limit,
            start=own.start if known is None else known.group_of,
            until=None if options.reproducible else options.begun + options.time_limit,
            workers=self.threads(),
        )
        self.rounds[part] += 1
        self.current = part
        number = self.crew.submit(task)
        self.running[number] = (part, time.perf_counter() + limit)

    def threads(self) -> int:
        """Return the threads of CP-SAT for a task: more than one only where nothing else runs."""
        if self.options.executor is not None or self.crew.width != 1:
            return 1
        return 2 if self.options.workers is None else self.options.workers

    # -- what came of it ------------------------------------------------------------------------------------------

    def take(self, task: Task, outcome: Outcome | None) -> None:
        """Take what came of a task."""
        part, _ = self.running.pop(task.number)
        if outcome is not None and outcome.error is not None and not isinstance(outcome.error, NoPlanFoundError):
            raise outcome.error
        solution = None if outcome is None else outcome.solution
        if solution is None:
            if self.stopping and part not in self.found and part not in self.called:
                self.waiting.append(part)
            elif not self.stopping:
                self.again.append(part)
            return
        if self.stopping:
            solution.provenance["stopped_by"] = "user" if solution.status != "optimal" else "proof"
        elif solution.provenance.get("stopped_by") == "user":  # Ctrl-C that the engine itself has met
            self.stop()
        self.used += _seconds(solution)
        self.found[part] = merged(self.found.get(part), solution)
        if solution.status == "infeasible":
            self.infeasible = True
            self.crew.stop()
        best = self.found[part]
        if self.board is not None:
            self.board.finished(part, best.cost, best.bound, best.status)
        if best.status == "feasible" and self.gap(part) > self.options.gap_limit and len(self.parts) > 1:
            self.again.append(part)

    def report(self, number: int, progress: Progress) -> None:
        """Pass on what a running part reports."""
        assert self.board is not None
        part = self.running[number][0] if number in self.running else self.current
        self.board.report(part, progress)

    def stop(self) -> None:
        """End what runs with its best plan; parts not begun get a last call."""
        self.stopping = True
        self.crew.stop()
        self.again.clear()
        busy = {part for part, _ in self.running.values()}
        planned = busy.union(self.found, self.waiting)
        self.waiting.extend(part for part in range(len(self.parts)) if part not in planned)


def merged(before: Solution | None, after: Solution) -> Solution:
    """Return the better plan and the better bound of two runs on the same problem."""
    if before is None or before.cost is None or after.cost is None:
        return after
    plan = before if (before.worst or 0, before.cost) <= (after.worst or 0, after.cost) else after
    limits = [solution.worst_bound for solution in (before, after) if solution.worst_bound is not None]
    lowest = max(limits, default=None)
    proof = max(before, after, key=lambda solution: -math.inf if solution.bound is None else solution.bound)
    seconds = {**_times(before), "total": round(_seconds(before) + _seconds(after), 3)}
    provenance = {**after.provenance, "seconds": seconds}
    for key, source in (("plan", plan), ("bound", proof)):
        if key in source.provenance:
            provenance[key] = source.provenance[key]
    status = "optimal" if plan.cost == proof.bound and plan.worst == lowest else "feasible"
    if status == "optimal":
        provenance["stopped_by"] = "proof"
    return Solution(status, plan.group_of, plan.cost, proof.bound, provenance, plan.worst, lowest)


def _times(solution: Solution) -> dict[str, float]:
    seconds = solution.provenance.get("seconds")
    return dict(seconds) if isinstance(seconds, dict) else {}


def _seconds(solution: Solution) -> float:
    return float(_times(solution).get("total", 0.0))
