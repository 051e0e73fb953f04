"""A rival on its own rosters: `team-formation`.

`team-formation` 2.0 (Harvard Business School, MIT licence, public index) states everything in one CP-SAT model and
shows its user no bound; its solver keeps one, given here as "its bound". Rosters and constraints are those in its
repository (`tests/data`), not part of this project: they are read from `peers/harvard-team-formation` in the folder
that GROUPING_BENCH_DATA names. `working_time_test` comes without constraints; ours are hours that all share (weight 20,
made from time zone and times of day as its code does, on 2026-12-01) and gender (10). Both solvers get the same limit:
the rival's counts its solver alone, ours everything from the table on. Team sizes are by the rival's rule. Both plans
are scored by an independent writing of the rival's formula: for each team, weight × (size − members with the commonest
value) to cluster; weight × Σ over all values but
the last |count − round(share × size)| to diversify; weight × members beyond the first with a value to be different;
weight × (max − min) for numbers. Smaller is better; in a plan without a proof the rival itself may report a little
more than the formula, because its model writes ranges too wide. The rival is run by the interpreter that
GROUPING_RIVAL_PYTHON names, else by this one if it is installed here.
"""

from __future__ import annotations

import ast
import csv
import datetime as dt
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.case import (
    Case,
    Cells,
    Figure,
    MissingDataError,
    Rows,
    data_folder,
    gap_of,
    good,
    number,
    percent,
    short_of,
    solve,
    table,
)
from grouping.problem import Choice, Count, Focus, Group, Problem, Term

TITLE = "A rival on its own rosters"
LIMITS = (1.0, 10.0, 30.0)
WHERE = "github.com/harvard-hbs/team-formation, tests/data"
WORKER = Path(__file__).with_name("rival_worker.py")
HOURS = {"Morning": range(7, 12), "Afternoon": range(12, 18), "Evening": range(18, 23)}

Record = dict[str, Any]
Constraint = Mapping[str, Any]


def cases(smoke: bool) -> list[Case]:
    """Return the cases: every roster under every limit."""
    limits = LIMITS[:1] if smoke else LIMITS
    names = list(ROSTERS)[:1] if smoke else list(ROSTERS)
    return [
        Case(f"{name}, {limit:g} s", partial(compare, name, limit), 2 * limit) for name in names for limit in limits
    ]


# -- reading -----------------------------------------------------------------------------------------------------------


def several(cell: str) -> str | list[str]:
    """Return what a cell holds: the entries of a list, written with brackets or with ";", or a plain text."""
    if cell.startswith("["):
        return [str(entry) for entry in ast.literal_eval(cell)]
    return [part.strip() for part in cell.split(";")] if ";" in cell else cell


def read_records(path: Path) -> list[Record]:
    """Return the rows of a CSV file; whole numbers as such; a column with a list in it holds lists throughout."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [{name: several(cell.strip()) for name, cell in row.items()} for row in csv.DictReader(file)]
    for name in rows[0] if rows else ():
        column = [row[name] for row in rows]
        if any(isinstance(cell, list) for cell in column):
            for row in rows:
                row[name] = row[name] if isinstance(row[name], list) else [row[name]]
        elif all(cell.lstrip("-").isdigit() for cell in column):
            for row in rows:
                row[name] = int(row[name])
    return rows


def shared_hours(zone: str, times: Sequence[str], day: dt.date = dt.date(2026, 12, 1)) -> list[str]:
    """Return the hours, in UTC, that begin within times of day in a zone."""
    found = []
    for part in times:
        for hour in HOURS[part]:
            local = dt.datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone))
            found.append(str(local.astimezone(dt.UTC).hour))
    return found


def folder() -> Path:
    """Return the folder with the rival's rosters."""
    found = data_folder("peers", "harvard-team-formation")
    if found is None:
        raise MissingDataError(f"published at {WHERE}; set GROUPING_BENCH_DATA to a folder that has them")
    return found


def small() -> tuple[list[Record], list[Constraint], int]:
    return read_records(folder() / "small_test_roster.csv"), read_records(folder() / "small_test_constraints.csv"), 3


def larger() -> tuple[list[Record], list[Constraint], int]:
    return read_records(folder() / "test_roster_2.csv"), read_records(folder() / "test_roster_constraints_2.csv"), 7


def times() -> tuple[list[Record], list[Constraint], int]:
    people = read_records(folder() / "working_time_test.csv")
    for person in people:
        person["hours"] = shared_hours(person["time_zone"], person["working_time"])
    constraints = [
        {"attribute": "hours", "type": "cluster", "weight": 20},
        {"attribute": "Gender", "type": "diversify", "weight": 10},
    ]
    return people, constraints, 5


ROSTERS = {"small_test_roster (9)": small, "test_roster_2 (115)": larger, "working_time_test (30)": times}


# -- the rival's formula and its problem at the waist ------------------------------------------------------------------


def values_of(person: Record, attribute: str) -> list[Any]:
    """Return the values that a person has, each once."""
    cell = person[attribute]
    return list(dict.fromkeys(cell)) if isinstance(cell, list) else [cell]


def targets(people: Sequence[Record], attribute: str, size: int) -> dict[Any, int]:
    """Return how many of each value a team of a size should have; the last value has no target."""
    counts = Counter(person[attribute] for person in people)
    wanted = sorted(counts)[:-1]
    return {value: int(np.round(counts[value] / len(people) * size)) for value in wanted}


def team_cost(team: Sequence[Record], people: Sequence[Record], constraint: Constraint) -> int:
    """Return what a team pays for one constraint, by the rival's formula, without the weight."""
    attribute, kind = constraint["attribute"], constraint["type"]
    counts = Counter(value for person in team for value in values_of(person, attribute))
    if kind == "cluster":
        return len(team) - max(counts.values())
    if kind == "diversify":
        return sum(abs(counts[value] - goal) for value, goal in targets(people, attribute, len(team)).items())
    if kind == "different":
        return sum(count - 1 for count in counts.values())
    if kind == "cluster_numeric":
        return max(counts) - min(counts)
    raise ValueError(f"no such constraint: {kind}")


def total_cost(team_of: Sequence[int], people: Sequence[Record], constraints: Sequence[Constraint]) -> int:
    """Return the weighted cost of a division by the rival's formula."""
    teams: dict[int, list[Record]] = {}
    for person, team in zip(people, team_of, strict=True):
        teams.setdefault(team, []).append(person)
    return sum(
        int(constraint["weight"]) * team_cost(team, people, constraint)
        for team in teams.values()
        for constraint in constraints
    )


def team_sizes(count: int, size: int) -> list[int]:
    """Return the sizes of teams by the rival's rule: as many teams as the size allows, the rest one each."""
    teams = count // size
    least, larger_ones = divmod(count, teams)
    return [least + (team < larger_ones) for team in range(teams)]


def as_problem(people: Sequence[Record], constraints: Sequence[Constraint], size: int) -> Problem:
    """Return the rival's problem as a Problem whose cost is the rival's cost."""
    sizes = team_sizes(len(people), size)
    choices: list[Choice] = []
    terms: list[Term] = []
    for constraint in constraints:
        name, weight = str(constraint["attribute"]), int(constraint["weight"])
        held = [values_of(person, name) for person in people]
        options = sorted({value for values in held for value in values})
        if constraint["type"] == "cluster":
            choices.append(Choice(name, tuple(map(str, options))))
            points = [[int(option not in values) for option in options] for values in held]
            terms.append(Focus(name=name, weight=weight, choice=name, points=np.array(points)))
        elif constraint["type"] == "cluster_numeric":
            intervals = [(low, high) for low in options for high in options if low <= high]
            choices.append(Choice(name, tuple(f"{low}..{high}" for low, high in intervals)))
            outside = [[not low <= values[0] <= high for low, high in intervals] for values in held]
            width = np.array([high - low for low, high in intervals])
            nothing = np.zeros((len(people), len(intervals)), dtype=np.int64)
            terms.append(
                Focus(name=name, weight=weight, choice=name, points=nothing, forbidden=np.array(outside), fixed=width)
            )
        else:
            terms += counted(name, constraint["type"], weight, people, options, max(sizes))
    groups = [Group(f"G{team + 1}", count, count, required=True) for team, count in enumerate(sizes)]
    return Problem(
        size=np.ones(len(people), dtype=np.int64), groups=tuple(groups), choices=tuple(choices), terms=tuple(terms)
    )


def counted(
    name: str, kind: str, weight: int, people: Sequence[Record], options: Sequence[Any], largest: int
) -> list[Term]:
    """Return a Count per value: how far from its target, or how many beyond the first."""
    found: list[Term] = []
    for option in options[:-1] if kind == "diversify" else options:
        value = np.array([int(option in values_of(person, name)) for person in people])
        sums = np.arange(int(value.sum()) + 1)
        if kind == "diversify":
            goals = [targets(people, name, size)[option] for size in range(largest + 1)]
            penalty = np.abs(sums[None, :] - np.array(goals)[:, None])
        else:
            penalty = np.maximum(sums - 1, 0)[None, :]
        found.append(Count(name=name, weight=weight, value=value, penalty=penalty))
    return found


# -- running -----------------------------------------------------------------------------------------------------------


def interpreter() -> str:
    """Return the interpreter that has the rival."""
    given = os.environ.get("GROUPING_RIVAL_PYTHON")
    if given:
        return given
    if importlib.util.find_spec("team_formation") is not None:
        return sys.executable
    raise MissingDataError(
        "the rival is not installed: `python -m venv rival && rival/bin/pip install team-formation`, then set "
        "GROUPING_RIVAL_PYTHON to rival/bin/python"
    )


def ask_rival(people: Sequence[Record], constraints: Sequence[Constraint], size: int, limit: float | None) -> Record:
    """Return the rival's answer; without a limit only its team sizes."""
    asked = {"roster": people, "constraints": constraints, "size": size, "limit": limit}
    done = subprocess.run(
        [interpreter(), str(WORKER)],
        input=json.dumps(asked),
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    answer: Record = json.loads(done.stdout.splitlines()[-1])
    return answer


def compare(name: str, limit: float, seed: int) -> Cells:
    """Run both on a roster; each answer is scored by the formula, and what each claims is checked against it."""
    people, constraints, size = ROSTERS[name]()
    start = time.perf_counter()
    problem = as_problem(people, constraints, size)
    solution, cells = solve(problem, max(limit - (time.perf_counter() - start), 0.1), seed)
    if solution.group_of is None:
        raise ValueError("no division")
    value = total_cost(solution.group_of.tolist(), people, constraints)
    if value != solution.cost:
        raise ValueError(f"our cost {solution.cost} is {value} by the formula")
    cells |= {"value": value, "bound": solution.bound, "gap": gap_of(value, solution.bound), "members": len(people)}
    try:
        answer = ask_rival(people, constraints, size, limit)
    except MissingDataError as error:
        return {**cells, "rival_missing": str(error)}
    if answer["sizes"] != team_sizes(len(people), size):
        raise ValueError(f"the rival makes teams of {answer['sizes']}")
    cells |= {"rival_built": answer["built"], "rival_seconds": answer["seconds"]}
    if not answer["found"]:
        return {**cells, "rival_value": None}
    theirs = total_cost(answer["team_of"], people, constraints)
    # its model only holds the ends of a range apart, so in a plan that is not optimal a range may be written too wide
    ranged = any(constraint["type"] == "cluster_numeric" for constraint in constraints)
    if theirs > round(answer["objective"]) or (theirs != round(answer["objective"]) and not ranged):
        raise ValueError(f"the rival says {answer['objective']}, the formula {theirs}")
    return {**cells, "rival_value": theirs, "rival_bound": answer["bound"], "rival_says": answer["objective"]}


# -- telling -----------------------------------------------------------------------------------------------------------


def section(rows: Rows) -> list[str]:
    """Return the table of the family."""
    header = (
        "roster, limit",
        "ours",
        "our bound",
        "gap",
        "proven",
        "first s",
        "total s",
        "rival",
        "its bound",
        "its s",
    )
    shown = []
    for name, row in good(rows).items():
        missing = "rival_missing" in row
        shown.append(
            (
                name,
                number(row["value"], 0),
                number(row["bound"], 0),
                percent(row["gap"], 1),
                row["status"],
                number(row["first"]),
                number(row["seconds"], 1),
                "not installed"
                if missing
                else number(row.get("rival_value"), 0)
                if row.get("rival_value") is not None
                else "no plan",
                number(row.get("rival_bound"), 0),
                number(row.get("rival_seconds"), 1),
            )
        )
    lines = table(header, shown)
    notes = {row["rival_missing"] for row in good(rows).values() if "rival_missing" in row}
    return [*lines, *(line for note in sorted(notes) for line in ("", f"Not compared: {note}."))]


def figures(rows: Rows) -> list[Figure]:
    """Return what was asked beside what was reached."""
    ran = {name: row for name, row in good(rows).items() if "rival_missing" not in row}
    asked = "never worse by its formula from 1 s on, and a proven bound"
    if not ran:
        return [Figure("the rival's rosters", asked, "", None)]
    worse = [name for name, row in ran.items() if row["rival_value"] is not None and row["value"] > row["rival_value"]]
    bounded = all(row["status"] == "optimal" or (row["bound"] or 0) > 0 for row in ran.values())  # 0 needs no proof
    better = sum(row["rival_value"] is None or row["value"] < row["rival_value"] for row in ran.values())
    reached = f"better {better}, equal {len(ran) - better - len(worse)}, worse {len(worse)} of {len(ran)}"
    if worse:
        reached += f" ({'; '.join(worse)})"
    gaps = [row["gap"] for row in ran.values() if row["gap"] is not None]
    reached += f"; largest gap {percent(max(gaps, default=None), 0)}"
    return [Figure("the rival's rosters", asked, reached, not worse and bounded)]


def behind(rows: Rows) -> str:
    """Return where we are worse, unproven, or prove less or later than the rival's solver does."""
    open_ones = [
        f"{name} (gap {percent(row['gap'], 0)})" for name, row in good(rows).items() if row["status"] != "optimal"
    ]
    text = short_of(figures(rows)) + (f" Not proven: {', '.join(open_ones)}." if open_ones else "")
    bounded = {name: row for name, row in good(rows).items() if row.get("rival_bound") is not None}
    lower = [name for name, row in bounded.items() if (row["bound"] or 0) < row["rival_bound"]]
    later = [
        name
        for name, row in bounded.items()
        if row["rival_value"] == row["rival_bound"] and (row["proof"] or float("inf")) > row["rival_seconds"] + 0.1
    ]
    text += f" Its solver's own bound is higher: {', '.join(lower)}." if lower else ""
    return text + (f" Its solver ends earlier with a proof: {', '.join(later)}." if later else "")
