"""Growth: how time, gap and memory grow with the number of members.

One pool: the first n members of `company_3000` without their branches, so that everybody can be with everybody; more
than 3,000 are made by copying: every copy of a member, team, site, department and branch has an id of its own ("~1",
"~2", …) and is otherwise the same. Teams stay if a member is left in them, or if they had none and their department is
there. A pool of 260 is `organisation_260` without its branches. Over branches: the copies keep theirs, and the limit is
10 s for 1,000 members, so that every branch gets the same time; the throughput is members per second of wall time and
core, reading not included. Balanced policy, groups of 6 to 12, number of groups free. "first" is when the first valid
plan was there, from the roster in memory; "to 15 %" when the gap was first at most that. Memory is that of the process
that called the library. The exponent is the slope of a straight line through log time over log n.
"""

from __future__ import annotations

import csv
import math
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import grouping as gp
from benchmarks import machine
from benchmarks.branches import SIZE, of_plan
from benchmarks.case import (
    Case,
    Cells,
    Figure,
    MissingDataError,
    Rows,
    Trace,
    data_folder,
    good,
    memory,
    number,
    percent,
    short_of,
    table,
)

TITLE = "Growth"
POOLS = {50: 20.0, 100: 30.0, 200: 60.0, 500: 90.0, 1000: 180.0, 2000: 300.0, 5000: 600.0}
ASKED = {"260": (0.04, 60.0, 1.0), "1,000": (0.08, 180.0, 3.0), "5,000": (0.15, 600.0, 15.0)}
"""Pool → the largest gap, after so many seconds, and the seconds to a first plan."""
MANY = (3_000, 10_000, 100_000)
PER_THOUSAND = 10.0
"""Seconds of time limit for 1,000 members over branches."""
GAP = 0.15

COPIED: Mapping[str, tuple[str, ...]] = {
    "roster": ("member_id", "department", "team", "site_id", "branch_unit", "branch", "current_group"),
    "teams": ("team", "department", "site_id"),
    "sites": ("site_id",),
    "committee": ("member_id", "branch", "department", "site_id"),
    "explicit_shifts": ("member_id",),
}
"""Table → the columns whose texts a copy has for itself; other tables are the same for all copies."""
BORDERS = ("branch", "branch_unit", "branch_role")


def cases(smoke: bool) -> list[Case]:
    """Return the cases."""
    if smoke:
        return [Case("one pool of 260", partial(organisation_pool, 5.0), 5.0)]
    pools = [Case(f"one pool of {n:,}", partial(company_pool, n, limit), limit) for n, limit in POOLS.items()]
    many = [Case(f"{n:,} over branches", partial(over_branches, n), PER_THOUSAND * n / 1000 + 600) for n in MANY]
    return [Case("one pool of 260", partial(organisation_pool, 60.0), 60.0), *pools, *many]


# -- rosters of any size -----------------------------------------------------------------------------------------------


def company() -> Path:
    """Return the folder of the 3,000 members."""
    found = data_folder("domain", "company_3000")
    if found is None:
        raise MissingDataError("company_3000 is third-party data; set GROUPING_BENCH_DATA to the folder that has it")
    return found


def grown(source: Path, target: Path, members: int, borders: bool) -> None:
    """Write the roster of so many members that copies of another one make, table by table, row by row.

    Parameters
    ----------
    source, target : folders of CSV files
    members : how many; whole copies but the last, of which the first members are taken
    borders : False leaves out the columns that divide members into branches
    """
    with (source / "roster.csv").open(encoding="utf-8-sig", newline="") as file:
        people = list(csv.DictReader(file))
    copies = math.ceil(members / len(people))
    seats = [(people[i % len(people)], i // len(people)) for i in range(members)]
    kept = {copied(row["member_id"], copy) for row, copy in seats}
    crews = {(copied(row["department"], copy), copied(row["team"], copy)) for row, copy in seats}
    present = {department for department, _ in crews}
    peopled = {(row["department"], row["team"]) for row in people}

    def stays(table: str, row: dict[str, str], made: dict[str, str]) -> bool:
        if table == "teams":
            covered = (row["department"], row["team"]) in peopled
            return (made["department"], made["team"]) in crews if covered else made["department"] in present
        return "member_id" not in made or made["member_id"] in kept

    for path in sorted(source.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        own = COPIED.get(path.stem, ())
        columns = [name for name in rows[0] if borders or name not in BORDERS]
        with (target / path.name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            for copy in range(copies if own else 1):
                for row in rows:
                    made = {**row, **{name: copied(row[name], copy) for name in own if name in row}}
                    if stays(path.stem, row, made):
                        writer.writerow(made)


def copied(text: str, copy: int) -> str:
    """Return the text that stands for another one in a copy."""
    return f"{text}~{copy}" if text and copy else text


def roster_of(source: Path, members: int, borders: bool) -> gp.Roster:
    """Return the roster of so many members that copies of another one make."""
    with tempfile.TemporaryDirectory() as folder:
        grown(source, Path(folder), members, borders)
        return gp.read_roster(folder)


# -- running -----------------------------------------------------------------------------------------------------------


def organisation_pool(limit: float, seed: int) -> Cells:
    """Run the sample of 260 members without its branches."""
    return pool(roster_of(gp.sample_path("organisation_260"), 260, borders=False), limit, seed)


def company_pool(members: int, limit: float, seed: int) -> Cells:
    """Run the first members of the company, or copies of it, without branches."""
    return pool(roster_of(company(), members, borders=False), limit, seed)


def pool(roster: gp.Roster, limit: float, seed: int) -> Cells:
    """Form groups in one pool."""
    form = gp.form_groups  # loads the solver
    trace = Trace()
    plan = form(roster, gp.Policy.balanced(size=SIZE), time_limit=limit, seed=seed, on_progress=trace)
    return {
        **of_plan(plan),
        "members": len(roster),
        "limit": limit,
        "first": trace.first(),
        "to_gap": trace.within(GAP),
        "seconds": time.perf_counter() - trace.start,
    }


def over_branches(members: int, seed: int, **options: Any) -> Cells:
    """Run copies of the company over branches; options are handed on to ``gp.form_groups``."""
    roster = roster_of(company(), members, borders=True)
    read = memory()
    limit = PER_THOUSAND * members / 1000
    form = gp.form_groups  # loads the solver
    start = time.perf_counter()
    plan = form(roster, gp.Policy.balanced(size=SIZE), time_limit=limit, seed=seed, **options)
    seconds = time.perf_counter() - start
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return {
        **of_plan(plan),
        "members": members,
        "limit": limit,
        "first": None,
        "to_gap": None,
        "seconds": seconds,
        "memory_read": read,
        "memory_child": children,
        "throughput": members / seconds / machine.cores(),
    }


# -- telling -----------------------------------------------------------------------------------------------------------


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float | None:
    """Return b of the power law seconds = a × sizes^b, fitted in logarithms; None for fewer than three points."""
    if len(sizes) < 3 or min(seconds) <= 0:
        return None
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def fitted(rows: Rows, key: str) -> str:
    """Return the exponent of a time over the pools that reached it, and which those are."""
    points = [(row["members"], row[key]) for name, row in good(rows).items() if "pool" in name and row.get(key)]
    points.sort()
    found = exponent([n for n, _ in points], [seconds for _, seconds in points])
    if found is None:
        return f"not fitted, only {len(points)} pools have it"
    return f"{found:.2f} (n = {points[0][0]:,.0f} to {points[-1][0]:,.0f}, {len(points)} pools)"


def section(rows: Rows) -> list[str]:
    """Return the table of the family and the exponents."""
    header = ("case", "limit s", "score", "gap", "proven", "first s", "to 15 % s", "total s", "per core and s", "MB")
    shown = [
        (
            name,
            number(row["limit"], 0),
            number(row["score"]),
            percent(row["gap"], 1),
            f"{row['proven']:.0f} of {row['parts']:.0f}",
            number(row.get("first")),
            number(row.get("to_gap"), 1),
            number(row["seconds"], 1),
            number(row.get("throughput"), 1),
            number(row["memory"], 0),
        )
        for name, row in good(rows).items()
    ]
    return [
        *table(header, shown),
        "",
        f"Exponent of the time to the first plan: {fitted(rows, 'first')}. "
        f"Exponent of the time to a gap of 15 %: {fitted(rows, 'to_gap')}.",
    ]


def figures(rows: Rows) -> list[Figure]:
    """Return what was asked beside what was reached."""
    ran = good(rows)
    found = []
    for name, (gap, seconds, first) in ASKED.items():
        row = ran.get(f"one pool of {name}")
        asked = f"gap ≤ {100 * gap:g} % in {seconds:g} s; first plan ≤ {first:g} s"
        if row is None:
            found.append(Figure(f"one pool of {name}", asked, "", None))
            continue
        met = row["gap"] is not None and row["gap"] <= gap and row["first"] is not None and row["first"] <= first
        reached = f"gap {percent(row['gap'], 1)} in {number(row['seconds'], 0)} s; first {number(row['first'])} s"
        found.append(Figure(f"one pool of {name}", asked, reached, met))
    base, large = ran.get("3,000 over branches"), ran.get("100,000 over branches")
    asked = "throughput per core within 25 % of 3,000; memory of the parent < 1.5 GB"
    if base is None or large is None:
        found.append(Figure("100,000 over branches", asked, "", None))
    else:
        ratio = large["throughput"] / base["throughput"]
        met = ratio >= 0.75 and large["memory"] < 1536
        reached = f"{percent(ratio, 0)} of the throughput; {number(large['memory'], 0)} MB"
        found.append(Figure("100,000 over branches", asked, reached, met))
    return found


def behind(rows: Rows) -> str:
    """Return where figures fall short."""
    return short_of(figures(rows))
