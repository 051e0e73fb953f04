"""The page: the latest rows of every case, family by family, and what was asked beside what was reached."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.case import Cells, Figure, Rows, table, trouble

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def latest(lines: Sequence[str]) -> tuple[dict[str, Cells], list[dict[str, Any]]]:
    """Return the cells of the last run of every case, repeats put together, and the rows they come from."""
    last: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        row = json.loads(line)
        rows = last.setdefault(row["case"], [])
        if rows and rows[0]["started"] != row["started"]:
            rows.clear()
        rows.append(row)
    together = {case: {**merged([row["cells"] for row in rows]), "runs": len(rows)} for case, rows in last.items()}
    return together, [row for rows in last.values() for row in rows]


def merged(runs: Sequence[Cells]) -> Cells:
    """Return the medians of the figures of several runs; of texts the most common one, "optimal" only if all are.

    A run with trouble is the whole row: a case that fails once in three is not one that works. A figure that a run
    does not have (a proof that was not found) counts as endless.
    """
    for run in runs:
        if trouble(run) is not None:
            return dict(run)
    result: Cells = {}
    for key in dict.fromkeys(key for run in runs for key in run):
        values = [run.get(key) for run in runs]
        if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values):
            middle = median(float("inf") if value is None else value for value in values)
            result[key] = None if middle == float("inf") else middle
        elif key == "status":
            others = [value for value in values if value != "optimal"]
            result[key] = others[0] if others else "optimal"
        elif all(isinstance(value, str | bool) or value is None for value in values):
            result[key] = Counter(values).most_common(1)[0][0]
        else:
            result[key] = values[0]
    return result


def must_hold(figures: Sequence[Figure]) -> list[str]:
    """Return the table of what was asked and what was reached."""
    word = {True: "yes", False: "**no**", None: "not all run"}
    rows = [(f.work, f.asked, f.reached, word[f.met]) for f in figures]
    lines = table(("work", "asked", "reached", "met"), rows)
    return [lines[0], "| --- | --- | --- | --- |", *lines[2:]]


def origin(rows: Sequence[dict[str, Any]]) -> str:
    """Return when and on what rows were measured, and at which load."""
    days = sorted({row["started"][:10] for row in rows})
    loads = [row["load"] for row in rows if row["load"] is not None]
    load = f"; load {min(loads):.1f} to {max(loads):.1f} (one-minute average when a case began)" if loads else ""
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"Measured {when}; {len(rows)} runs of {len({row['case'] for row in rows})} cases{load}."


def compose(results: Path, families: Sequence[str]) -> str:
    """Return the text of the page."""
    figures: list[Figure] = []
    sections: list[str] = []
    machines: Counter[str] = Counter()
    versions: Counter[str] = Counter()
    for name in families:
        module = import_module(f"benchmarks.{name}")
        source = results / f"{name}.jsonl"
        lines = source.read_text(encoding="utf-8").splitlines() if source.exists() else []
        known = [case.name for case in module.cases(smoke=False)]
        found, rows = latest(lines)
        cells = {case: found[case] for case in known if case in found}
        rows = [row for row in rows if row["case"] in cells]
        machines.update(row["machine"] for row in rows)
        versions.update(row["versions"] for row in rows)
        figures += module.figures(cells)
        sections += [f"## {module.TITLE}", "", *intro(module), ""]
        if not rows:
            sections += ["Not run yet.", ""]
            continue
        sections += [f'`make bench ARGS="--family {name}"`. {origin(rows)}', "", *module.section(cells), ""]
        gone = [(case, str(problem)) for case, row in cells.items() if (problem := trouble(row)) is not None]
        if gone:
            sections += ["Without figures:", "", *(f"- {case}: {problem}" for case, problem in gone), ""]
        sections += ["**Where we are behind.** " + module.behind(cells), ""]
    head = [
        "# Benchmarks",
        "",
        "Written by `make bench`; do not edit. Figures are of one machine at the load given, and none is asserted by a",
        "test. Cases that take less than 30 s were run three times with the seeds 0, 1 and 2, and figures are medians;",
        "longer ones were run once. Every case ran in a process of its own; memory is the peak of that process, Python",
        "and libraries (some 150 MB) included.",
        "",
        *(f"- machine: {text}" for text in machines),
        *(f"- versions: {text}" for text in versions),
        "",
        "## Must hold",
        "",
        *must_hold(figures),
        "",
    ]
    return "\n".join([*head, *sections]).rstrip() + "\n"


def intro(module: Any) -> list[str]:
    """Return the text of a family's docstring after its first line."""
    return (module.__doc__ or "").strip().split("\n\n", 1)[1].splitlines()


def write(results: Path, families: Sequence[str], page: Path = PAGE) -> Path:
    """Write the page and return where it is."""
    page.write_text(compose(results, families), encoding="utf-8")
    return page


__all__ = ["Rows", "compose", "latest", "merged", "write"]
