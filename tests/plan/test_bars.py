"""Bars show where a run stands and go away; without rich and tqdm a line of text does."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from typing import Any

import pytest

import grouping as gp
from grouping.plan import bars

STEPS = [
    gp.Progress(0.1, None, None, "search"),
    gp.Progress(0.2, 100, None, "search", 93.5),
    gp.Progress(0.3, 100, 90, "bound", 93.5, 94.25, "B[1]", 1, 3),
    gp.Progress(0.4, 100, 90, "bound", 93.5, 94.25, "B2", 2, 0),
]


@pytest.mark.parametrize("style", [*bars.STYLES, None])
def test_a_bar_shows_and_goes_away(style: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "_EVERY", 0.0)
    stream = io.StringIO()
    with gp.progress_bar(stream, style) as bar:
        for step in STEPS:
            bar(step)
    shown = stream.getvalue()
    if style != "rich" and style is not None:  # rich draws nothing where there is no terminal
        assert "search, no plan yet" in shown
        assert "B[1]: bound, score 93.50 of at most 94.25" in shown


def test_a_line_of_text_goes_away() -> None:
    stream = io.StringIO()
    with gp.progress_bar(stream, "plain") as bar:
        bar(STEPS[2])
        bar(STEPS[3])  # too soon
    assert "\n" not in stream.getvalue()
    assert "1/3 parts  B[1]: bound, score 93.50 of at most 94.25 (Ctrl-C" in stream.getvalue()
    assert "B2" not in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_nothing_need_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "find_spec", lambda name: None)
    stream = io.StringIO()
    with gp.progress_bar(stream) as bar:
        bar(STEPS[0])
    assert "Ctrl-C takes the best so far" in stream.getvalue()


def test_styles_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="rich, tqdm, plain"):
        gp.progress_bar(style="dots")
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ModuleNotFoundError):
        gp.progress_bar(style="tqdm")


def test_a_word_shows_a_bar(roster: gp.Roster, monkeypatch: pytest.MonkeyPatch) -> None:
    stream, seen = io.StringIO(), []
    real = bars.Bar.__call__

    def spy(self: Any, progress: gp.Progress) -> None:
        seen.append(progress)
        real(self, progress)

    monkeypatch.setattr(bars.Bar, "__call__", spy)
    monkeypatch.setattr(sys, "stderr", stream)
    gp.form_groups(roster, gp.Policy.balanced(size=(6, 12)), time_limit=0.3, on_progress="bar")
    last = seen[-1]
    assert last.parts == 1
    assert last.score is not None
    assert 0 < last.score <= (last.score_bound or 0) <= 100


def test_the_library_is_silent_unless_the_caller_listens(caplog: pytest.LogCaptureFixture) -> None:
    code = "import grouping, logging; logging.getLogger('grouping.solving.engine').warning('heard')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert run.stderr == ""
    logging.getLogger("grouping.solving.engine").warning("heard")
    assert "heard" in caplog.text
