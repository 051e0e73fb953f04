"""Run the benchmarks and write docs/benchmarks.md.

``python -m benchmarks.run [--smoke] [--family NAME ...] [--case TEXT] [--seed N] [--repeats N] [--page]``

Every case runs in a process of its own, so that its peak memory is its own and one that hangs can be ended. What comes
out is kept as JSON lines under ``build/benchmarks``; the page is made from the latest rows of every case, so one family
can be run again by itself. Cases that take less than 30 s are run three times, and the page shows medians. ``--smoke``
runs a few cases for a short time, says what came out, and leaves the page alone. ``--page`` only writes the page.

Figures are of this machine at this load, so none is asserted; the exit code is non-zero only if a case fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.case import Case, Cells, MissingDataError, memory, trouble

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "build" / "benchmarks"
FAMILIES = ("branches", "decisions", "rival", "instances", "growth", "engines", "taskforces")
SHORT = 30.0
"""Seconds; cases that take less are repeated."""


def family(name: str) -> Any:
    """Return the module of a family."""
    return import_module(f"benchmarks.{name}")


def cases_of(name: str, smoke: bool) -> list[Case]:
    """Return the cases of a family; their names have to be unique."""
    found: list[Case] = family(name).cases(smoke)
    if len({case.name for case in found}) != len(found):
        raise ValueError(f"two cases of {name} have the same name")
    return found


def run_here(name: str, case_name: str, smoke: bool, seed: int) -> Cells:
    """Run one case in this process."""
    case = next(case for case in cases_of(name, smoke) if case.name == case_name)
    start = time.perf_counter()
    try:
        cells = case.run(seed)
    except MissingDataError as error:
        return {"missing": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {"error": without_paths(f"{type(error).__name__}: {error}")[:200]}
    return {"wall": time.perf_counter() - start, "memory": memory(), **cells}


def without_paths(text: str) -> str:
    """Return a text in which no file of this machine is named: it goes into a page that others read."""
    return re.sub(r"(?<!\w)(?:[A-Za-z]:)?[/\\][^\s'\",]+", "…", text)


def run_apart(name: str, case: Case, smoke: bool, seed: int) -> Cells:
    """Run one case in a process of its own, and end it with all its children when it hangs."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "cells.json"
        command = [sys.executable, "-m", "benchmarks.run", "--child", name, case.name, str(seed), str(out)]
        process = subprocess.Popen(
            command + ["--smoke"] * smoke, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL
        )
        try:
            process.wait(timeout=2 * case.limit + 60)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            return {"error": f"ended after {2 * case.limit + 60:.0f} s, limit {case.limit:g} s"}
        if not out.exists():
            return {"error": f"the process ended with code {process.returncode}"}
        cells: Cells = json.loads(out.read_text(encoding="utf-8"))
        return cells


def said(cells: Cells) -> str:
    """Return the most telling cells as one line."""
    if (problem := trouble(cells)) is not None:
        return problem
    shown = (
        "value",
        "deviation",
        "score",
        "cost",
        "cost_bound",
        "bound",
        "gap",
        "status",
        "first",
        "seconds",
        "memory",
    )
    parts = []
    for key in shown:
        value = cells.get(key)
        if value is not None:
            parts.append(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}")
    return ", ".join(parts)


def measure(name: str, case: Case, options: argparse.Namespace, about: dict[str, str]) -> bool:
    """Run a case as often as it should be, keep the rows, and return whether it went well."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    repeats = options.repeats or (1 if options.smoke else 3)
    for repeat in range(repeats):
        load = machine.load()
        cells = run_apart(name, case, options.smoke, options.seed + repeat)
        print(f"{name:<10} {case.name:<44} {said(cells)}", flush=True)
        row = {
            "case": case.name,
            "started": started,
            "seed": options.seed + repeat,
            "load": load,
            **about,
            "cells": cells,
        }
        target = RESULTS / ("smoke" if options.smoke else "full")
        target.mkdir(parents=True, exist_ok=True)
        with (target / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        if trouble(cells) is not None:
            return "error" not in cells
        if cells["wall"] >= SHORT and not options.repeats:
            break
    return True


def parsed() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="benchmarks.run", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="few cases, short, and no page")
    parser.add_argument("--family", action="append", choices=FAMILIES, help="only this one; may be repeated")
    parser.add_argument("--case", default="", help="only cases whose name holds this text")
    parser.add_argument("--seed", type=int, default=0, help="of the first run; repeats take the next ones")
    parser.add_argument("--repeats", type=int, default=0, help="runs of each case; 0 is 3 for those under 30 s")
    parser.add_argument("--page", action="store_true", help="run nothing, only write the page from the rows kept")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Run what is asked for; return the exit code."""
    options = parsed()
    if options.child:
        name, case_name, seed, out = options.child
        cells = run_here(name, case_name, options.smoke, int(seed))
        Path(out).write_text(json.dumps(cells), encoding="utf-8")
        return 0
    failures = 0
    about = machine.machine()
    if not options.page:
        print(f"{about['machine']}\n{about['versions']}\nload {machine.load()}\n", flush=True)
        for name in options.family or FAMILIES:
            for case in cases_of(name, options.smoke):
                if options.case in case.name:
                    failures += not measure(name, case, options, about)
    if not options.smoke:
        from benchmarks.page import write

        print(f"written: {write(RESULTS / 'full', FAMILIES).relative_to(ROOT)}")
    if failures:
        print(f"bench: {failures} cases failed", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
