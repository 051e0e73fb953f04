"""What a case is, what running one returns, and the measuring that all families share."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import grouping as gp

Cells = dict[str, Any]
"""What running a case once returns: figures and short texts by name, and nothing about any member."""


@dataclass(frozen=True)
class Case:
    """One thing that is run and measured.

    Parameters
    ----------
    name : unique within the family
    run : takes a seed, does the work, and returns the cells of the row
    limit : seconds the work should take at most; the process is ended at twice that and a minute
    """

    name: str
    run: Callable[[int], Cells]
    limit: float


@dataclass(frozen=True)
class Figure:
    """What was asked, and what came out.

    Parameters
    ----------
    work, asked : of the table "must hold"
    reached : what the rows say
    met : None when a case that it takes has not been run
    """

    work: str
    asked: str
    reached: str
    met: bool | None


Rows = Mapping[str, Cells]
"""The latest cells of every case of a family, by the case's name."""


class MissingDataError(Exception):
    """Data that is not part of the project is not here; the message says where it is published."""


def data_folder(*parts: str) -> Path | None:
    """Return a folder or file of the data that benchmarks may use, None if it is not here.

    It is looked for in the folder that GROUPING_BENCH_DATA names and the one above it, else in the folder ``shared``
    beside the checkout.
    """
    given = os.environ.get("GROUPING_BENCH_DATA")
    roots = [Path(given), Path(given).parent] if given else [Path(__file__).resolve().parents[2] / "shared"]
    for root in roots:
        if root.joinpath(*parts).exists():
            return root.joinpath(*parts)
    return None


def memory() -> float:
    """Return the peak memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


class Trace:
    """What a run reports on its way: pass ``trace`` as ``on_progress``."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.points: list[tuple[float, int | None, int | None]] = []

    def __call__(self, progress: gp.Progress) -> None:
        self.points.append((time.perf_counter() - self.start, progress.cost, progress.bound))

    def first(self) -> float | None:
        """Return when the first plan was there."""
        return next((seconds for seconds, cost, _ in self.points if cost is not None), None)

    def best(self) -> float | None:
        """Return when the best plan was there."""
        known = [(cost, seconds) for seconds, cost, _ in self.points if cost is not None]
        return min(known)[1] if known else None

    def within(self, gap: float) -> float | None:
        """Return when the gap was first at most this."""
        for seconds, cost, bound in self.points:
            found = gap_of(cost, bound)
            if found is not None and found <= gap:
                return seconds
        return None


def gap_of(cost: float | None, bound: float | None) -> float | None:
    """Return (cost − bound) / cost, None when one of them is not known."""
    if cost is None or bound is None:
        return None
    return 0.0 if cost == bound else (cost - bound) / abs(cost) if cost else float("inf")


def solve(problem: gp.Problem, limit: float, seed: int, **options: Any) -> tuple[gp.Solution, Cells]:
    """Solve a problem; return the solution and the cells that all families have."""
    import grouping as gp

    solver = gp.solve  # loads it
    trace = Trace()
    solution = solver(problem, time_limit=limit, seed=seed, on_progress=trace, **options)
    total = time.perf_counter() - trace.start
    cells: Cells = {
        "cost": solution.cost,
        "cost_bound": solution.bound,
        "gap": gap_of(solution.cost, solution.bound),
        "status": solution.status,
        "first": trace.first(),
        "best": trace.best(),
        "proof": total if solution.status == "optimal" else None,
        "seconds": total,
        "plan": solution.provenance.get("plan"),
        "bound_by": solution.provenance.get("bound"),
    }
    return solution, cells


def without_engines(names: Collection[str]) -> dict[str, Any]:
    """Return the options that switch engines off.

    Raises
    ------
    MissingDataError
        When this version has no such engine, or takes its name and then runs it all the same: a row that shows no
        difference would say that the engine is worth nothing.
    """
    from grouping.solving import engine

    code = "".join(path.read_text(encoding="utf-8") for path in Path(engine.__file__).parent.glob("*.py"))
    # named once more than in the list of engines: somewhere the name is asked for
    idle = [name for name in names if name not in getattr(engine, "ENGINES", ()) or code.count(f'"{name}"') < 2]
    if idle:
        raise MissingDataError(f"this version cannot switch off: {', '.join(sorted(idle))}")
    return {"without": tuple(names)} if names else {}


# -- how figures are written ------------------------------------------------------------------------------------------


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with so many decimals, or a dash."""
    if value is None:
        return "–"
    return f"{value:,.{digits}f}" if value == value and abs(value) != float("inf") else "–"


def percent(value: float | None, digits: int = 2) -> str:
    """Return a share as a percentage, or a dash."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a Markdown table; the first column is text, the others are flush right."""
    rule = ["---", *("---:" for _ in header[1:])]
    return [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]


def trouble(cells: Cells) -> str | None:
    """Return why a row has no figures, None when it has."""
    return cells.get("missing") or cells.get("error")


def good(rows: Rows) -> dict[str, Cells]:
    """Return the rows that have figures."""
    return {name: row for name, row in rows.items() if trouble(row) is None}


def short_of(figures: Sequence[Figure]) -> str:
    """Return what was asked and not reached, as a sentence."""
    short = [f"{figure.work}: {figure.reached} (asked: {figure.asked})" for figure in figures if figure.met is False]
    return "; ".join(short) + "." if short else "Of what was asked and has been run, nowhere."
