"""Showing how a run goes: one line in a terminal or a notebook, by rich or tqdm where they are installed."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TextIO

if TYPE_CHECKING:
    from grouping.solving.engine import Progress

_EVERY = 0.1
"""Seconds between two changes of the line."""

STYLES = ("rich", "tqdm", "plain")


def progress_bar(stream: TextIO | None = None, style: str | None = None) -> Bar:
    """Return a bar to be handed on as ``on_progress``, which goes away at the end of its ``with`` block.

    ``form_groups(…, on_progress="bar")`` does the same in one word.

    Parameters
    ----------
    stream : where it is shown; None is stderr
    style : "rich", "tqdm" or "plain" (no package needed); None takes the first of them that is installed, in a
        notebook tqdm before rich

    Raises
    ------
    ModuleNotFoundError
        When the package of a style that was asked for is not installed.

    Examples
    --------
    >>> import io
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> with gp.progress_bar(io.StringIO(), style="plain") as bar:
    ...     plan = gp.form_groups(roster, gp.Policy.balanced(size=(6, 12)), time_limit=1, on_progress=bar)
    """
    if style is None:
        order = ("tqdm", "rich") if "ipykernel" in sys.modules else ("rich", "tqdm")
        style = next((name for name in order if find_spec(name) is not None), "plain")
    if style not in STYLES:
        raise ValueError(f"style is one of {', '.join(STYLES)}")
    makers: dict[str, type[_Line]] = {"rich": _Rich, "tqdm": _Tqdm, "plain": _Plain}
    return Bar(makers[style](sys.stderr if stream is None else stream))


def told(progress: Progress) -> str:
    """Return one line that says where a run stands."""
    phase = f"{progress.part}: {progress.phase}" if progress.part else progress.phase
    if progress.score is None:
        return f"{phase}, no plan yet"
    limit = "" if progress.score_bound is None else f" of at most {progress.score_bound:.2f}"
    return f"{phase}, score {progress.score:.2f}{limit}"


class _Line(Protocol):
    """A way to show a line."""

    def __init__(self, stream: TextIO) -> None: ...

    def show(self, text: str, done: int, parts: int, seconds: float) -> None:
        """Show the text, and how many parts are done."""

    def close(self) -> None:
        """Take the line away."""


class Bar:
    """A line that says where a run stands, at most ten times a second; made by :func:`progress_bar`."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        self._begun = time.perf_counter()
        self._shown = 0.0

    def __call__(self, progress: Progress) -> None:
        """Show what is known."""
        now = time.perf_counter()
        if now - self._shown >= _EVERY:
            self._shown = now
            self._line.show(told(progress), progress.parts_done, progress.parts, now - self._begun)

    def close(self) -> None:
        """Take the line away."""
        self._line.close()

    def __enter__(self) -> Self:
        """Return the bar itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away."""
        self.close()


class _Plain(_Line):
    """A line of plain text."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, text: str, done: int, parts: int, seconds: float) -> None:
        """See :class:`_Line`."""
        count = f"  {done}/{parts or '?'} parts" if parts != 1 else ""
        self._stream.write(f"\r\x1b[K{seconds:5.1f} s{count}  {text} (Ctrl-C takes the best so far)")
        self._stream.flush()

    def close(self) -> None:
        """See :class:`_Line`."""
        self._stream.write("\r\x1b[K")
        self._stream.flush()


class _Rich(_Line):
    """A progress display of rich."""

    def __init__(self, stream: TextIO) -> None:
        from rich import progress
        from rich.console import Console

        columns = [progress.SpinnerColumn(), progress.TimeElapsedColumn(), progress.BarColumn(bar_width=20)]
        self._bar = progress.Progress(
            *columns, "{task.fields[count]}", "{task.description}", console=Console(file=stream), transient=True
        )
        self._task = self._bar.add_task("", total=None, count="")
        self._bar.start()

    def show(self, text: str, done: int, parts: int, seconds: float) -> None:
        """See :class:`_Line`."""
        known = parts > 1
        count = f"{done}/{parts}" if known else f"{done}" if not parts else ""
        shown = text.replace("[", "\\[")  # rich takes brackets for markup
        self._bar.update(self._task, description=shown, completed=done, total=parts if known else None, count=count)

    def close(self) -> None:
        """See :class:`_Line`."""
        self._bar.stop()


class _Tqdm(_Line):
    """A bar of tqdm; in a notebook a widget where widgets are installed, else text."""

    def __init__(self, stream: TextIO) -> None:
        widgets = "ipykernel" in sys.modules and find_spec("ipywidgets") is not None
        self._make: Any = import_module("tqdm.notebook" if widgets else "tqdm").tqdm
        self._stream = stream
        self._bar: Any = None

    def show(self, text: str, done: int, parts: int, seconds: float) -> None:
        """See :class:`_Line`."""
        if self._bar is None:
            shape = "{elapsed} {n_fmt}/{total_fmt} {bar:20} {desc}" if parts > 1 else "{elapsed} {desc}"
            self._bar = self._make(total=parts or None, bar_format=shape, leave=False, file=self._stream)
        self._bar.n = done
        self._bar.set_description_str(text)

    def close(self) -> None:
        """See :class:`_Line`."""
        if self._bar is not None:
            self._bar.close()
