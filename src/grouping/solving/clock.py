"""How much time is left: by the wall, or by work done when a run has to be reproducible."""

from __future__ import annotations

import math
import threading
import time

NUMBERS_PER_SECOND = 4e7
"""Array entries that count as one second of a reproducible run; about what one core handles."""


class Control:
    """A handle to end a run from another thread; the run then returns the best plan so far.

    Examples
    --------
    >>> from grouping.solving.clock import Control
    >>> control = Control()
    >>> control.stop()  # from a button or a timer; gp.solve(problem, control=control) ends soon after
    >>> control.stopped
    True
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def stop(self) -> None:
        """End the run that was given this control."""
        self._event.set()

    @property
    def stopped(self) -> bool:
        """Whether somebody asked for the end."""
        return self._event.is_set()


class Clock:
    """A time limit that engines ask.

    Parameters
    ----------
    limit : seconds
    reproducible : True counts work instead of seconds, so that the same run stops at the same point everywhere
    control : when it is stopped, no time is left
    """

    def __init__(self, limit: float, reproducible: bool = False, control: Control | None = None) -> None:
        self.limit = limit
        self.reproducible = reproducible
        self.control = control
        self._start = time.perf_counter()
        self._work = 0.0
        self._interrupted = False
        self.handled = 0.0

    def work(self, numbers: float) -> None:
        """Say that so many array entries have been handled."""
        self.handled += numbers
        self._work += numbers / NUMBERS_PER_SECOND

    def work_seconds(self, seconds: float) -> None:
        """Say that a solver reports so many deterministic seconds."""
        self._work += seconds

    def child(self, limit: float) -> Clock:
        """Return a clock for a part of the run; what it spends has to be told to this one by :meth:`took`."""
        return Clock(min(limit, self.left), self.reproducible, self.control)

    def took(self, child: Clock) -> None:
        """Add the work that was counted by another clock."""
        self._work += child._work
        self.handled += child.handled

    @property
    def seconds(self) -> float:
        """Seconds since the start, by the wall, for reports only."""
        return time.perf_counter() - self._start

    def interrupt(self) -> None:
        """Say that the user has ended the run by Ctrl-C: no time is left from now on."""
        self._interrupted = True

    @property
    def stopped(self) -> bool:
        """Whether the run was asked to end."""
        return self._interrupted or (self.control is not None and self.control.stopped)

    @property
    def spent(self) -> float:
        """Seconds that count against the limit; endless once the run was asked to end."""
        if self.stopped:
            return math.inf
        return self._work if self.reproducible else self.seconds

    @property
    def left(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.limit - self.spent)

    def before(self, until: float) -> float:
        """Return the seconds left until a point of time, never negative; none once the run was asked to end."""
        return 0.0 if self.stopped else max(0.0, until - self.spent)

    def share(self, part: float, at_most: float = float("inf")) -> float:
        """Return the point of time, as in ``spent``, at which a phase that may use this share of the rest stops."""
        return self.spent + min(self.left * part, at_most)
