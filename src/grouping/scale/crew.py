"""A crew takes tasks and hands back what came of them, whatever happens to the workers."""

from __future__ import annotations

import logging
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import replace
from typing import TYPE_CHECKING

from grouping.scale.places import Foreign, Here, Place, Processes, cores, pool_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grouping.scale.tasks import Outcome, Task
    from grouping.solving.clock import Control
    from grouping.solving.engine import Progress

log = logging.getLogger(__name__)

_TRIES = 3
"""How often a task is given to workers that get lost before it is solved in this process."""

_GRACE = 2.0
"""Seconds that tasks on an executor which cannot be told to stop may go on before they are given up."""

_LEAST = 1.0
"""Seconds that a task which has to be begun again gets at least."""

_UNKNOWN_WIDTH = 256
"""Tasks handed at once to an executor of unknown width."""


class Crew:
    """Runs tasks at one place, and again elsewhere when a worker is lost.

    Parameters
    ----------
    executor : None takes processes of our own if ``workers`` is above 1, else this process
    workers : how many tasks run at once; None is what the executor says, or all cores
    control : stops tasks that run in this process
    listening : whether tasks report to ``listener``, which is called with (number of the task, progress)
    """

    def __init__(
        self,
        executor: Executor | None,
        workers: int | None,
        control: Control | None = None,
        listening: bool = False,
    ) -> None:
        self.listener: Callable[[int, Progress], None] | None = None
        self._here = Here(control, self._hear if listening else None)
        self._place: Place = self._here
        if executor is not None:
            self._place = Foreign(executor, workers)
        elif (width := cores() if workers is None else workers) > 1:
            self._place = pool_of(width, listening) or self._here
        self._running: dict[Future[Outcome], Task] = {}
        self._losses: Counter[int] = Counter()
        self._next = 0
        self._dropped: list[Task] = []
        self._ended = 0
        self._give_up: float | None = None

    @property
    def width(self) -> int | None:
        """How many tasks run at once; None when that is not known."""
        return self._place.width

    @property
    def running(self) -> int:
        """How many tasks have not come back."""
        return len(self._running) + len(self._dropped)

    def room(self, more: int = 0) -> bool:
        """Tell whether another task would begin soon; so many more than can run at once may wait."""
        width = self.width
        return self.running < (_UNKNOWN_WIDTH if width is None else width + (more if width > 1 else 0))

    def ready(self, timeout: float) -> bool:
        """Tell whether tasks can begin at once, waiting so long."""
        if not isinstance(self._place, Processes):
            return True
        try:
            return self._place.ready(timeout)
        except BrokenExecutor:
            log.warning("no processes could be started; solving in this one")
            self._leave()
            return True

    def _hear(self, number: int, progress: Progress) -> None:
        if self.listener is not None:
            self.listener(number, progress)

    def submit(self, task: Task) -> int:
        """Begin a task and return its number."""
        task = replace(task, number=self._next)
        self._next += 1
        self._begin(task)
        return task.number

    def _begin(self, task: Task) -> None:
        try:
            future = self._place.submit(task)
        except (BrokenExecutor, RuntimeError):  # RuntimeError: an executor that has been shut down
            self._renew()
            future = self._place.submit(task)
        self._running[future] = task

    def collect(self, timeout: float) -> Iterator[tuple[Task, Outcome | None]]:
        """Yield what came back within the time; None stands for a task that was not begun before the stop."""
        done = wait(self._running, timeout, FIRST_COMPLETED).done
        for number, progress in self._place.reports():
            self._hear(number, progress)
        dropped, self._dropped = self._dropped, []
        if self._give_up is not None and time.perf_counter() > self._give_up:
            dropped += [self._running.pop(future) for future in list(self._running) if future not in done]
        for task in dropped:
            yield task, None
        came = [(future, _error(future)) for future in done]
        for future, error in came:
            if error is None:
                yield self._running.pop(future), future.result()
        broken = [error for _, error in came if isinstance(error, BrokenExecutor)]
        lost = list(self._running if broken else (future for future, error in came if error is not None))
        if broken:  # it loses all that it had
            self._renew()
        elif lost:
            log.warning("%d tasks came back unsolved from their workers and are solved again", len(lost))
        for future in lost:
            self._again(self._running.pop(future))

    def _again(self, task: Task) -> None:
        if task.number < self._ended:  # after a stop nothing is begun again
            self._dropped.append(task)
            return
        self._losses[task.number] += 1
        if task.until is not None:
            task = replace(task, limit=max(min(task.limit, task.until - time.perf_counter()), _LEAST))
        if self._losses[task.number] < _TRIES:
            self._begin(task)
        else:
            self._running[self._here.submit(task)] = task

    def _renew(self) -> None:
        """Take a new place after one that broke."""
        log.warning("a worker was lost; what it had is solved again")
        if isinstance(self._place, Processes):
            try:
                self._place = self._place.renewed()
                return
            except (BrokenExecutor, OSError, RuntimeError):
                log.warning("no new processes could be started")
        self._leave()

    def _leave(self) -> None:
        self._place.close()
        self._place = self._here

    def stop(self) -> None:
        """End what runs, with its best plan; what is submitted later is not concerned."""
        self._ended = self._next
        if not self._place.stop(self._next):
            self._give_up = time.perf_counter() + _GRACE
        if isinstance(self._place, Foreign):
            self._dropped += [self._running.pop(future) for future in list(self._running) if future.cancel()]
            self._place = self._here
        self._here.stop(self._next)

    def close(self) -> None:
        """Give back what was taken; tasks that still run are stopped."""
        for future in self._running:
            future.cancel()
        self._running.clear()
        self._place.close()


def _error(future: Future[Outcome]) -> BaseException | None:
    return CancelledError() if future.cancelled() else future.exception()
