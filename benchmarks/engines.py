"""What each engine contributes: the same cases with one engine switched off at a time.

`gp.solve(problem, without=(...,))`. Cost is smaller is better; of instances it is the weight lost against all positive
weights together. "with all" is the run with nothing switched off, of the same seed and limit. An engine earns its place
where its row has a larger cost, a larger gap or a longer time than the first.
"""

from __future__ import annotations

from functools import partial

import grouping as gp
from benchmarks import growth, instances
from benchmarks.branches import PRESETS, SIZE, of_branches, organisation, policy_of
from benchmarks.case import Case, Cells, Figure, Rows, gap_of, good, number, percent, solve, table, without_engines
from grouping.policy.compiling import compile_parts

TITLE = "What each engine contributes"
ALL = "with all"
ENGINES = ("local search", "column generation", "cuts", "listing", "neighbourhoods", "pairs")
INSTANCES = (("mdgp", "RanInt_n120_ss_01.txt"), ("clique_partition", "corr40-1.txt"), ("ccp", "20_5_270001"))


def cases(smoke: bool) -> list[Case]:
    """Return the cases: each problem with all engines, then without each of them."""
    if smoke:
        return [Case("branch_42, without cuts", partial(on_roster, "branch_42", 5.0, "cuts"), 5.0)]
    found: list[Case] = []
    names = list(of_branches(organisation()))
    for place, limit in (("branch_42", 60.0), (names[0], 60.0), (names[3], 60.0), ("pool of 260", 60.0)):
        found += [
            Case(f"{place}, {said(engine)}", partial(on_roster, place, limit, engine), limit)
            for engine in (ALL, *ENGINES)
        ]
    for collection, file in INSTANCES:
        found += [
            Case(f"{collection}/{file}, {said(engine)}", partial(on_instance, collection, file, 30.0, engine), 30.0)
            for engine in (ALL, *ENGINES)
        ]
    return found


def said(engine: str) -> str:
    """Return how a case names what is switched off."""
    return engine if engine == ALL else f"without {engine}"


def problem_of(place: str) -> gp.Problem:
    """Return the problem of branch_42, of a branch of the 260, or of all 260 in one pool."""
    if place == "branch_42":
        roster, policy = gp.read_roster(gp.sample_path(place)), policy_of(1)
    elif place.startswith("pool"):
        roster = growth.roster_of(gp.sample_path("organisation_260"), 260, borders=False)
        policy = PRESETS["balanced"](size=SIZE)
    else:
        whole = organisation()
        roster, policy = whole.select(of_branches(whole)[place]), PRESETS["balanced"](size=SIZE)
    return compile_parts(roster, policy)[0].problem


def on_roster(place: str, limit: float, engine: str, seed: int) -> Cells:
    """Solve a problem of people without an engine."""
    off = () if engine == ALL else (engine,)
    return {**solve(problem_of(place), limit, seed, **without_engines(off))[1], "engine": engine}


def on_instance(collection: str, file: str, limit: float, engine: str, seed: int) -> Cells:
    """Solve a public instance without an engine."""
    off = () if engine == ALL else (engine,)
    without_engines(off)
    return {**instances.run(collection, file, limit, seed, without=off), "engine": engine}


def section(rows: Rows) -> list[str]:
    """Return the table of the family."""
    header = ("case", "cost", "cost bound", "gap", "proven", "first s", "best s", "total s", "plan by", "bound by")
    shown = [
        (
            name,
            number(row["cost"], 0),
            number(row["cost_bound"], 0),
            percent(gap_of(row["cost"], row["cost_bound"])),
            row["status"],
            number(row["first"]),
            number(row["best"]),
            number(row["seconds"], 1),
            row.get("plan") or "–",
            row.get("bound_by") or "–",
        )
        for name, row in good(rows).items()
    ]
    return table(header, shown)


def figures(rows: Rows) -> list[Figure]:
    """Return nothing: no figure was asked of single engines."""
    del rows
    return []


def behind(rows: Rows) -> str:
    """Return which engines changed nothing that the rows show."""
    ran = good(rows)
    idle = []
    for engine in ENGINES:
        pairs = [
            (row, ran[f"{name.removesuffix(said(engine))}{ALL}"])
            for name, row in ran.items()
            if row["engine"] == engine and f"{name.removesuffix(said(engine))}{ALL}" in ran
        ]
        helped = [
            row["cost"] is None
            or row["cost"] > whole["cost"]
            or (row["cost_bound"] or 0) < (whole["cost_bound"] or 0)
            or row["seconds"] > 1.25 * whole["seconds"]
            for row, whole in pairs
        ]
        if pairs and not any(helped):
            idle.append(engine)
    if idle:
        return f"In these cases nothing got worse (cost, bound, or time by a quarter) without: {', '.join(idle)}."
    return "Every engine that was switched off made at least one case worse (cost, bound, or time by a quarter)."
