"""How good and how fast: one table, a row per instance.

``python -m benchmarks.run [--smoke] [--seed N]``

Instances are the sample of one branch and each branch of the larger sample, each read from files and solved alone,
with the same policy: groups of 6 to 12, balanced, one session. Score and bound are of 100, larger is better; the gap
is that of the costs. Times are of this machine at this load, so none is asserted; the exit code is non-zero only if
an instance has no plan.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grouping as gp

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "samples"
COLUMNS = ("instance", "members", "score", "bound", "gap", "status", "read s", "first s", "solve s")
WIDTHS = (22, 8, 8, 8, 8, 12, 8, 8, 8)


def branches(source: Path, target: Path) -> Iterator[tuple[str, Path]]:
    """Cut a sample of several branches into a folder for each branch; yield its name and folder."""
    with (source / "roster.csv").open(encoding="utf-8-sig", newline="") as file:
        members = list(csv.DictReader(file))
    for branch in sorted({member["branch"] for member in members}):
        inside = {member["member_id"] for member in members if member["branch"] == branch}
        folder = target / branch
        folder.mkdir()
        for path in sorted(source.glob("*.csv")):
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file)
                rows = list(reader)
            if not reader.fieldnames or "member_id" not in reader.fieldnames:  # sites, shifts, teams: common to all
                shutil.copy(path, folder)
                continue
            with (folder / path.name).open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, reader.fieldnames)
                writer.writeheader()
                writer.writerows(row for row in rows if row["member_id"] in inside)
        yield f"{source.name}/{branch}", folder


def measure(name: str, folder: Path, *, limit: float, seed: int) -> tuple[str, ...]:
    """Read and solve one instance; return its row."""
    start = time.perf_counter()
    roster = gp.read_roster(folder)
    read = time.perf_counter() - start

    start = time.perf_counter()
    plan = gp.form_groups(roster, gp.Policy.balanced(size=(6, 12)), time_limit=limit, seed=seed)
    solve = time.perf_counter() - start

    return (
        name,
        str(len(plan.assignments)),
        shown(plan.score),
        shown(plan.bound),
        "-" if plan.gap is None else f"{plan.gap:.2%}",
        str(plan.status),
        shown(read),
        shown(first_plan(plan.provenance)),
        shown(solve),
    )


def first_plan(provenance: Mapping[str, Any]) -> float | None:
    """Return the seconds until the first plan, if the plan knows them."""
    seconds = provenance.get("seconds")
    return seconds.get("first_plan") if isinstance(seconds, Mapping) else None


def shown(number: float | None) -> str:
    """Return a number with two decimals, or a dash."""
    return "-" if number is None else f"{number:.2f}"


def line(cells: tuple[str, ...]) -> str:
    """Return a row of the table."""
    first, *others = (cell.ljust(WIDTHS[0]) if not i else cell.rjust(WIDTHS[i]) for i, cell in enumerate(cells))
    return " ".join((first, *others))


def main() -> int:
    """Measure every instance; return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.run", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="10 s for an instance instead of 30")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    limit = 10.0 if options.smoke else 30.0

    load = f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("ortools", "pandas", "numpy"))
    print(f"Python {platform.python_version()}, {libraries}; {os.cpu_count()} cores, load {load}")
    print(f"limit {limit:g} s, seed {options.seed}\n")
    print(line(COLUMNS), flush=True)

    failures = 0
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        instances = [("branch_42", SAMPLES / "branch_42"), *branches(SAMPLES / "organisation_260", Path(folder))]
        for name, path in instances:
            try:
                print(line(measure(name, path, limit=limit, seed=options.seed)), flush=True)
            except gp.GroupingError as error:
                failures += 1
                print(f"{name:<{WIDTHS[0]}} {type(error).__name__}: {error}", flush=True)
    if failures:
        print(f"\nbench: {failures} of {len(instances)} instances have no plan", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
