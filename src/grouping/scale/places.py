"""The places where tasks run: this process, processes of our own, an executor that was handed in."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from ctypes import c_int64
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Any, Protocol

from grouping.scale.tasks import Outcome, Task, run_task
from grouping.solving.clock import Control

if TYPE_CHECKING:
    from grouping.solving.engine import Progress

_EVERY = 0.2
"""Seconds between two reports of a worker."""

_PATIENCE = 10.0
"""Seconds that a worker waits for the others to start."""


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Place(Protocol):
    """Where tasks run."""

    width: int | None
    """How many run at once; None when that is not known."""

    def submit(self, task: Task) -> Future[Outcome]:
        """Begin a task."""

    def reports(self) -> Iterator[tuple[int, Progress]]:
        """Yield (number of the task, progress) of what came in since the last call."""

    def stop(self, before: int) -> bool:
        """Ask tasks numbered below to end with their best plan; False when this place cannot be asked."""

    def close(self) -> None:
        """Give back what the place took."""


class Here:
    """The process that calls; a task is finished when it has been submitted."""

    width: int | None = 1

    def __init__(
        self, control: Control | None = None, on_progress: Callable[[int, Progress], None] | None = None
    ) -> None:
        self._control = control
        self._on_progress = on_progress

    def submit(self, task: Task) -> Future[Outcome]:
        """See :meth:`Place.submit`."""
        tell, future = self._on_progress, Future[Outcome]()
        future.set_result(
            run_task(task, self._control, None if tell is None else lambda progress: tell(task.number, progress))
        )
        return future

    def reports(self) -> Iterator[tuple[int, Progress]]:
        """See :meth:`Place.reports`."""
        yield from ()

    def stop(self, before: int) -> bool:
        """See :meth:`Place.stop`; what is submitted from now on is a last call and not stopped."""
        self._control = None
        return True

    def close(self) -> None:
        """See :meth:`Place.close`."""


class Processes:
    """A pool of processes that lasts as long as one run.

    Workers take no Ctrl-C, which is the parent's to handle; it stops them by a number in shared memory. They end when
    the parent does. They share no lock with each other, so one that is killed leaves none locked.
    """

    def __init__(self, width: int, progress: bool, stopped: int = 0) -> None:
        context = get_context("spawn")
        self.width: int | None = width
        self._stopped = context.RawValue(c_int64, stopped)
        self._reports = context.SimpleQueue() if progress else None
        self._there = context.RawArray(c_int64, width)
        shared = (self._stopped, self._reports, self._there)
        self._pool = ProcessPoolExecutor(width, context, _begin, shared)
        try:
            with _without_main():  # all workers are started by these
                self._pings = [self._pool.submit(_ping, number) for number in range(width)]
        except BaseException:
            self._pool.shutdown(wait=False, cancel_futures=True)
            raise

    def ready(self, timeout: float) -> bool:
        """Tell whether the workers have started, waiting so long; raises BrokenExecutor when they cannot."""
        done, waiting = wait(self._pings, timeout)
        for ping in done:
            ping.result()
        return not waiting

    @property
    def workers(self) -> set[int]:
        """Process ids of the workers."""
        return {ping.result() for ping in self._pings}

    def submit(self, task: Task) -> Future[Outcome]:
        """See :meth:`Place.submit`."""
        return self._pool.submit(_run, task)

    def reports(self) -> Iterator[tuple[int, Progress]]:
        """See :meth:`Place.reports`."""
        while self._reports is not None and not self._reports.empty():
            yield self._reports.get()

    def stop(self, before: int) -> bool:
        """See :meth:`Place.stop`."""
        self._stopped.value = before
        return True

    def renewed(self) -> Processes:
        """Return a new pool in place of this one, which has lost a worker."""
        stopped = self._stopped.value
        self.close()
        assert self.width is not None
        return Processes(self.width, self._reports is not None, stopped)

    def close(self) -> None:
        """See :meth:`Place.close`; what still runs is stopped, and not waited for."""
        self._stopped.value = 2**62
        self._pool.shutdown(wait=False, cancel_futures=True)


class Foreign:
    """An executor that was handed in; nothing is asked of it but ``submit``, and futures that can be waited for."""

    def __init__(self, executor: Executor, width: int | None) -> None:
        self._executor = executor
        known = getattr(executor, "_max_workers", None)  # both executors of the standard library have it
        self.width = width if width is not None else known if isinstance(known, int) else None
        self._control = Control() if isinstance(executor, ThreadPoolExecutor) else None  # threads share our memory

    def submit(self, task: Task) -> Future[Outcome]:
        """See :meth:`Place.submit`."""
        return self._executor.submit(run_task, task, self._control)

    def reports(self) -> Iterator[tuple[int, Progress]]:
        """See :meth:`Place.reports`."""
        yield from ()

    def stop(self, before: int) -> bool:
        """See :meth:`Place.stop`."""
        if self._control is not None:
            self._control.stop()
        return self._control is not None

    def close(self) -> None:
        """See :meth:`Place.close`; the executor belongs to the caller."""


@contextmanager
def _without_main() -> Iterator[None]:
    """Start processes that do not import the caller's script.

    They need this package only. A script without ``if __name__ == "__main__"`` would be run again in every worker.
    """
    main = sys.modules["__main__"]
    hidden = {name: main.__dict__.get(name) for name in ("__spec__", "__file__")}
    try:
        main.__dict__.update(__spec__=None, __file__=None)
        yield
    finally:
        main.__dict__.update(hidden)
        if hidden["__file__"] is None:
            main.__dict__.pop("__file__", None)


class _Told(Control):
    """Whether the parent has stopped the task of this number."""

    def __init__(self, flag: Any, number: int) -> None:
        super().__init__()
        self._flag = flag
        self._number = number

    @property
    def stopped(self) -> bool:
        """Whether somebody asked for the end."""
        return bool(self._number < self._flag.value)


_shared: tuple[Any, Any, Any] | None = None
"""In a worker: the number below which tasks are stopped, the queue for progress, and which workers are there."""


def _begin(stopped: Any, reports: Any, there: Any) -> None:
    """Prepare a worker."""
    global _shared
    _shared = (stopped, reports, there)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _ping(number: int) -> int:
    """Return the process id of a worker; each waits for the others, so that every one takes one ping."""
    assert _shared is not None
    there = _shared[2]
    there[number] = 1
    until = time.monotonic() + _PATIENCE
    while not all(there) and time.monotonic() < until:
        time.sleep(0.005)
    return os.getpid()


def _run(task: Task) -> Outcome:
    """Run a task in a worker."""
    assert _shared is not None
    stopped, reports, _ = _shared
    shown, planned = 0.0, False

    def tell(progress: Progress) -> None:
        nonlocal shown, planned
        now, first = time.perf_counter(), progress.cost is not None and not planned
        if first or now - shown >= _EVERY:
            shown, planned = now, planned or first
            reports.put((task.number, progress))

    return run_task(task, _Told(stopped, task.number), None if reports is None else tell)


def pool_of(width: int, progress: bool) -> Processes | None:
    """Return a pool of processes, None where the system allows none."""
    try:
        return Processes(width, progress)
    except (BrokenExecutor, OSError, ImportError, AssertionError, RuntimeError, ValueError):
        return None
