"""A crew brings back what came of every task, whatever happens to the workers."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from tests.helpers import hard_problem

import grouping as gp
from grouping.scale import crew as crews
from grouping.scale.crew import Crew
from grouping.scale.places import Processes
from grouping.scale.tasks import Outcome, Task, run_task

QUICK = gp.Problem(size=np.ones(4), groups=(gp.Group("G1", 2, 2), gp.Group("G2", 2, 2)))


def everything(crew: Crew, patience: float = 20.0) -> dict[int, Outcome | None]:
    found: dict[int, Outcome | None] = {}
    until = time.monotonic() + patience
    while crew.running and time.monotonic() < until:
        found.update((task.number, outcome) for task, outcome in crew.collect(0.1))
    return found


class Unreliable(Executor):
    """An executor whose first futures fail, or never begin."""

    def __init__(self, error: BaseException | None, failures: int = 1) -> None:
        self.error = error
        self.failures = failures
        self.submitted = 0

    def submit(self, fn: Any, /, *args: Any, **options: Any) -> Future[Any]:
        self.submitted += 1
        future: Future[Any] = Future()
        if self.submitted > self.failures:
            future.set_result(fn(*args, **options))
        elif self.error is not None:
            future.set_exception(self.error)
        return future


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_killed_worker_loses_nothing() -> None:
    crew = Crew(None, 2, listening=True)
    while not crew.ready(0.1):
        pass
    place = crew._place
    assert isinstance(place, Processes)
    killed: list[int] = []
    planned: set[int] = set()

    def kill(number: int, progress: gp.Progress) -> None:
        if progress.cost is not None and not killed:
            killed.append(min(place.workers))
            os.kill(killed[0], signal.SIGKILL)
        elif progress.cost is not None and crew._place is not place:
            planned.add(number)
            if len(planned) == 2:
                crew.stop()

    crew.listener = kill
    tasks = [crew.submit(Task(0, hard_problem(), 60.0)) for _ in range(2)]
    found = everything(crew)
    renewed = crew._place
    crew.close()
    assert killed
    assert isinstance(renewed, Processes)
    assert renewed is not place
    assert sorted(found) == tasks
    for outcome in found.values():
        assert outcome is not None
        assert outcome.solution is not None
        assert outcome.solution.cost is not None


def test_an_executor_that_breaks_is_left() -> None:
    executor = Unreliable(BrokenExecutor("gone"))
    crew = Crew(executor, 4)
    numbers = [crew.submit(Task(0, QUICK, 5.0)) for _ in range(3)]
    found = everything(crew)
    assert sorted(found) == numbers
    assert all(outcome is not None and outcome.solution is not None for outcome in found.values())
    assert crew.width == 1


@pytest.mark.parametrize(("failures", "submitted"), [(2, 3), (9, 3)])
def test_a_task_that_comes_back_unsolved_is_tried_again_and_then_solved_here(failures: int, submitted: int) -> None:
    executor = Unreliable(OSError("connection lost"), failures)
    crew = Crew(executor, 4)
    crew.submit(Task(0, QUICK, 5.0))
    (outcome,) = everything(crew).values()
    assert outcome is not None
    assert outcome.solution is not None
    assert outcome.solution.cost == 0
    assert executor.submitted == submitted


def test_what_is_not_begun_at_a_stop_comes_back_empty() -> None:
    crew = Crew(Unreliable(None), 4)
    number = crew.submit(Task(0, QUICK, 5.0))
    crew.stop()
    assert everything(crew) == {number: None}


def test_what_cannot_be_stopped_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "_GRACE", 0.05)

    class Stuck(Unreliable):
        def submit(self, fn: Any, /, *args: Any, **options: Any) -> Future[Any]:
            future = super().submit(fn, *args, **options)
            future.set_running_or_notify_cancel()
            return future

    crew = Crew(Stuck(None), 4)
    number = crew.submit(Task(0, QUICK, 5.0))
    crew.stop()
    assert everything(crew) == {number: None}
    later = crew.submit(Task(0, QUICK, 5.0))
    (outcome,) = everything(crew).values()
    assert outcome is not None
    assert later == number + 1


def test_what_is_lost_after_a_stop_is_not_begun_again() -> None:
    executor = Unreliable(None)
    crew = Crew(executor, 4)
    number = crew.submit(Task(0, QUICK, 5.0))
    (future,) = crew._running
    future.set_running_or_notify_cancel()
    crew.stop()
    future.set_exception(BrokenExecutor("gone"))
    assert everything(crew) == {number: None}
    assert executor.submitted == 1


def test_threads_end_when_the_crew_is_stopped() -> None:
    with ThreadPoolExecutor(2) as executor:
        crew = Crew(executor, None)
        assert crew.width == 2
        number = crew.submit(Task(0, hard_problem(), 30.0))
        time.sleep(3.0)  # more than a first plan takes, also on a busy machine
        begun = time.monotonic()
        crew.stop()
        found = everything(crew)
    outcome = found[number]
    assert outcome is not None
    assert outcome.solution is not None
    assert time.monotonic() - begun < 10


def test_errors_of_the_engine_are_values() -> None:
    outcome = run_task(Task(0, QUICK, -1.0))
    assert isinstance(outcome.error, ValueError)
    assert outcome.solution is None
