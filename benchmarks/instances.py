"""Public instances with known values.

The files are third-party data and not part of this project: they are read from `bench` in the folder that
GROUPING_BENCH_DATA names. All but team assignment and the second wedding are plain `Problem.from_arrays`. "known" is a
proven optimum ("optimal") or the best published value; "off" is how far below it we are; "bound" is an upper limit that
we prove; a bound below a known value would be a bug and fails the case. Limits: 30 s for n = 60 and 120, 60 s for 240,
120 s for 480, 60 s for the rest.

- `mdgp`: maximally diverse grouping, MDGPLIB (optsicom, University of Valencia).
- `ccp`: capacitated clustering, CCPLIB (optsicom). Handover files have real loads: the bound comes from loads rounded
  down to tenths (which allows more), the plan keeps the exact loads (if the first plan does not, loads are rounded up).
- `clique_partition`: CP-Lib (Sørensen and Letchford, github.com/MMSorensen/CP-Lib).
- `community_detection`, `team_assignment`: MiniZinc Challenge 2024 and 2018 (github.com/MiniZinc).
- `other`: the wedding seating of the OR-Tools examples.

Team assignment wants 1000 × requests met − (largest − smallest sum of ratings of a team). The spread is no sum over
groups, so no `Problem` holds it; but where it cannot reach 1000, requests come first. So the most requests are found
and proven first; then the window of rating sums around the mean is narrowed as long as plans are found; then windows
are asked one after another whether they allow as many, halved where needed, until a spread is found below which every
window is refuted. In the second wedding every guest must know at
least two at the table: a `Count` rule per guest, whose number is large for the guest and 1 for whom the guest knows.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np

import grouping as gp
from benchmarks import readers
from benchmarks.case import (
    Case,
    Cells,
    Figure,
    MissingDataError,
    Rows,
    data_folder,
    good,
    number,
    percent,
    short_of,
    solve,
    table,
)

TITLE = "Public instances"
REACHED = 1e-5
"""A value this close to the known one, as a share, is the same: known values are rounded."""

FILES = {
    "mdgp": [
        *(
            f"{kind}_n{n:03d}_{size}_{k:02d}.txt"
            for n in (10, 12)
            for kind in ("Geo", "RanInt", "RanReal")
            for size in ("ds", "ss")
            for k in (1, 2, 3)
        ),
        *(
            f"{kind}_n{n:03d}_{size}_01.txt"
            for n in (60, 120, 240)
            for kind in ("Geo", "RanInt", "RanReal")
            for size in ("ds", "ss")
        ),
        *(f"{kind}_n480_ds_01.txt" for kind in ("Geo", "RanInt", "RanReal")),
    ],
    "ccp": [
        *(f"20_10_27000{k}" for k in range(1, 5)),
        *(f"20_5_27000{k}" for k in range(1, 6)),
        *(f"40_5_27000{k}" for k in range(1, 6)),
        *(f"Sparse82_0{k}.txt" for k in (1, 2, 3)),
        "RanReal240_01.txt",
    ],
    "clique_partition": [
        f"{name}.txt"
        for name in ("cars", "wildcats", "workers", "uno", "soybean-21", "corr40-1", "corr40-2", "corr40-3")
    ],
    "community_detection": [
        f"{name}.dzn" for name in ("Zakhary.s12.k3", "Zakhary.s12.k4", "mexican.s26.k4", "adjourn.s200.k3")
    ],
    "team_assignment": ["data2_5_6.dzn", "data2_4_15.dzn", "data2_6_12.dzn"],
    "other": ["wedding_bellows_peterson.json", "wedding_bellows_peterson.json, 2 known"],
}
PUBLISHED = {
    "mdgp": "MDGPLIB, optsicom, University of Valencia",
    "ccp": "CCPLIB, optsicom, University of Valencia",
    "clique_partition": "github.com/MMSorensen/CP-Lib",
    "community_detection": "github.com/MiniZinc/mzn-challenge, 2024",
    "team_assignment": "github.com/MiniZinc/mzn-challenge, 2018",
    "other": "OR-Tools, examples/python/wedding_optimal_chart_sat.py",
}


def limit_of(collection: str, file: str) -> float:
    """Return the seconds that an instance gets."""
    if collection == "mdgp":
        return next((seconds for n, seconds in (("n060", 30.0), ("n120", 30.0), ("n480", 120.0)) if n in file), 60.0)
    return 60.0


def cases(smoke: bool) -> list[Case]:
    """Return the cases."""
    if smoke:
        few = [("mdgp", "RanReal_n010_ds_01.txt"), ("clique_partition", "cars.txt")]
        return [Case(f"{collection}/{file}", partial(run, collection, file, 3.0), 3.0) for collection, file in few]
    return [
        Case(f"{collection}/{file}", partial(run, collection, file, limit), limit)
        for collection, files in FILES.items()
        for file in files
        for limit in (limit_of(collection, file),)
    ]


def path_of(collection: str, file: str) -> Path:
    """Return where an instance is."""
    found = data_folder("bench", collection, file.partition(", ")[0])
    if found is None:
        raise MissingDataError(
            f"published at {PUBLISHED[collection]}; set GROUPING_BENCH_DATA to a folder with bench/{collection}"
        )
    return found


def known(collection: str, file: str) -> tuple[float, str] | None:
    """Return the known value of an instance and what kind it is, None where only a floor is known."""
    source = data_folder("bench", "values.csv")
    if source is None:
        return None
    name, _, variant = file.partition(", ")
    with source.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["set"] == collection and row["file"] == name]
    if not rows:
        return None
    row = rows[1] if variant else rows[0]
    return None if collection == "mdgp" and row["kind"] == "found" else (float(row["value"]), row["kind"])


def run(collection: str, file: str, limit: float, seed: int, without: tuple[str, ...] = ()) -> Cells:
    """Run one instance; its plan's value is counted from the matrix, its bound held against the known value."""
    options: dict[str, Any] = {"without": without} if without else {}
    text = path_of(collection, file).read_text(encoding="utf-8")
    start = time.perf_counter()
    cells = SOLVERS[collection](file, text, limit, seed, options)
    cells["seconds"] = time.perf_counter() - start
    cells.pop("group_of", None)
    best = known(collection, file)
    if best is not None:
        value, bound = cells["value"], cells["bound"]
        if bound is not None and bound < best[0] - REACHED * abs(best[0]):
            raise ValueError(f"our bound {bound} is below the known value {best[0]}: a bug of ours")
        off = (best[0] - value) / abs(best[0])
        cells |= {"known": best[0], "kind": best[1], "deviation": off, "reached": off <= REACHED}
    return cells


# -- one solver per collection -----------------------------------------------------------------------------------------

Options = dict[str, Any]


def by_arrays(problem: gp.Problem, weights: readers.Matrix, limit: float, seed: int, options: Options) -> Cells:
    """Solve a problem made from a matrix; check its value against the matrix."""
    solution, cells = solve(problem, limit, seed, **options)
    if solution.group_of is None or solution.cost is None:
        raise ValueError("no division keeps the rules")
    value = problem.value_of(solution.cost)
    counted = readers.value_inside(weights, solution.group_of.tolist())
    if abs(counted - value) > 1e-6 * max(1.0, abs(value)):
        raise ValueError(f"the value {value} is {counted} by the matrix")
    bound = None if solution.bound is None else problem.value_of(solution.bound)
    return {
        **cells,
        "value": value,
        "bound": bound,
        "members": len(problem.size),
        "group_of": solution.group_of.tolist(),
    }


def diverse(file: str, text: str, limit: float, seed: int, options: Options) -> Cells:
    data = readers.read_diverse(text)
    limits = [(int(low), int(high)) for low, high in data.limits]
    if data.loads is None:
        problem = gp.Problem.from_arrays(data.weights, sizes=limits)
    else:
        problem = gp.Problem.from_arrays(data.weights, groups=len(limits), loads=data.loads, capacity=limits)
    return by_arrays(problem, data.weights, limit, seed, options)


def handover(data: readers.Diverse, limit: float, seed: int, options: Options, unit: int = 10) -> Cells:
    """Solve with loads rounded down for the bound; if the plan exceeds an exact capacity, with loads rounded up."""
    assert data.loads is not None
    loads = [Fraction(str(load)) for load in data.loads]
    capacity = Fraction(str(data.limits[0][1]))
    most = len(data.limits)

    def solved(rounded: Callable[[Fraction], int], seconds: float) -> Cells:
        problem = gp.Problem.from_arrays(
            data.weights,
            groups=(1, most),
            loads=[rounded(load * unit) for load in loads],
            capacity=(None, floor(capacity * unit)),
        )
        return by_arrays(problem, data.weights, seconds, seed, options)

    def fits(group_of: list[int]) -> bool:
        sums = [sum(load for load, g in zip(loads, group_of, strict=True) if g == group) for group in set(group_of)]
        return max(sums) <= capacity

    start = time.perf_counter()
    loose = solved(floor, limit / 2)
    if fits(loose["group_of"]):
        return loose
    tight = solved(ceil, limit - (time.perf_counter() - start))
    met = tight["value"] == loose["bound"]
    return {**tight, "bound": loose["bound"], "status": "optimal" if met else "feasible"}


def capacitated(file: str, text: str, limit: float, seed: int, options: Options) -> Cells:
    if file.endswith(".txt"):
        return diverse(file, text, limit, seed, options)
    return handover(readers.read_handover(text), limit, seed, options)


def cliques(file: str, text: str, limit: float, seed: int, options: Options) -> Cells:
    weights = readers.read_triangle(text)
    return by_arrays(gp.Problem.from_arrays(weights, groups="any"), weights, limit, seed, options)


def communities(file: str, text: str, limit: float, seed: int, options: Options) -> Cells:
    data = readers.read_community(text)
    problem = gp.Problem.from_arrays(data.weights, groups=(1, data.most), together=data.together, apart=data.apart)
    return by_arrays(problem, data.weights, limit, seed, options)


def wedding(file: str, text: str, limit: float, seed: int, options: Options) -> Cells:
    matrix = readers.read_wedding(text)
    weights = np.triu(matrix, 1)
    problem = gp.Problem.from_arrays(weights, groups=5, sizes=(1, 4))
    if "2 known" in file:
        rules = tuple(knows_at_least(2, guest, matrix) for guest in range(len(matrix)))
        problem = replace(problem, terms=(*problem.terms, *rules))
    return by_arrays(problem, weights, limit, seed, options)


def knows_at_least(least: int, guest: int, matrix: readers.Matrix) -> gp.Count:
    """Return the rule that the guest's table has at least so many others whom the guest knows."""
    value = (matrix[guest] > 0).astype(np.int64)
    value[guest] = 0
    here = int(value.sum()) + 1
    value[guest] = here
    sums = np.arange(int(value.sum()) + 1)
    lacking = np.where(sums >= here, np.maximum(least - (sums - here), 0), 0)
    return gp.Count(name="knows", must=True, value=value, penalty=100 * lacking[None, :])


class Windows:
    """Team assignment by windows: which spread of rating sums still allows as many requests as can be met at all."""

    def __init__(self, data: readers.Teams, limit: float, seed: int, options: Options) -> None:
        self.data = data
        self.until = time.perf_counter() + limit
        self.seed = seed
        self.options = options
        self.most = 0
        self.spread: int | None = None
        boards = {b: [i for i, board in enumerate(data.board) if board == b] for b in sorted(set(data.board))}
        self.apart = [tuple(players) for players in boards.values()]
        ratings = [[data.rating[i] for i in players] for players in boards.values()]
        self.widest = sum(max(ones) - min(ones) for ones in ratings)

    @property
    def left(self) -> float:
        return self.until - time.perf_counter()

    def ask(self, low: int | None, high: int | None, seconds: float) -> tuple[int | None, int | None, int | None]:
        """Return requests met, the most that can be, and the spread, with every team's sum within low and high.

        The most is −1 when the window is proven impossible; None where nothing is known.
        """
        data = self.data
        window: Options = {} if low is None else {"loads": data.rating, "capacity": (low, high)}
        edges = [(i, j, points) for (i, j), points in data.requests.items()]
        try:
            problem = gp.Problem.from_arrays(
                edges=edges,
                items=len(data.rating),
                groups=data.teams,
                sizes=len(self.apart),
                apart=self.apart,
                **window,
            )
            found = gp.solve(problem, time_limit=max(seconds, 0.1), seed=self.seed, **self.options)
        except gp.InputError:
            return None, -1, None
        except gp.NoPlanFoundError:
            return None, None, None
        if found.group_of is None or found.cost is None:
            return None, -1, None
        sums = np.bincount(found.group_of, weights=data.rating, minlength=data.teams)
        roof = None if found.bound is None else int(problem.value_of(found.bound))
        return int(problem.value_of(found.cost)), roof, int(sums.max() - sums.min())

    def kept(self, met: int | None, spread: int | None) -> bool:
        """Whether a plan meets as many requests as can be; its spread is kept if it is the smallest so far."""
        if met is None or spread is None or met < self.most:
            return False
        self.spread = spread if self.spread is None else min(self.spread, spread)
        return True

    def narrow(self, mean: int, until: float) -> None:
        """Halve the window around the mean as long as plans are found; what is not found here proves nothing."""
        failed = 0
        while self.spread is not None and self.spread - failed > 1 and self.left > until:
            width = (self.spread + failed) // 2
            low = mean - width // 2
            met, _, spread = self.ask(low, low + width, min(self.left - until, 5.0))
            if not self.kept(met, spread):
                failed = width

    def refuted(self, first: int, last: int, width: int) -> bool:
        """Whether no window [a, a + width], a from first to last, allows as many; a better plan found is kept."""
        if self.left <= 0:
            return False
        met, roof, spread = self.ask(first, last + width, min(self.left, 10.0))
        if roof is not None and roof < self.most:
            return True
        if self.kept(met, spread) and self.spread is not None and self.spread <= width:
            return False
        if first == last:
            return False
        middle = (first + last) // 2
        return self.refuted(first, middle, width) and self.refuted(middle + 1, last, width)

    def run(self) -> Cells:
        met, roof, self.spread = self.ask(None, None, self.left / 3)
        if met is None or self.spread is None:
            raise ValueError("no division")
        self.most = met
        first_proven = roof == met and self.widest < 1000
        total = sum(self.data.rating)
        mean = total // self.data.teams
        self.narrow(mean, self.left / 2)
        closed = self.spread == 0
        while self.left > 0 and not closed:
            width = self.spread - 1
            before = self.spread
            closed = self.refuted(mean - width, mean + 1, width)
            if not closed and self.spread == before:
                break
        least = self.spread if closed else int(total % self.data.teams != 0)
        value = 1000 * self.most - self.spread
        bound = None if roof is None else 1000 * roof - (least if roof == met else 0)
        proven = first_proven and closed
        return {
            "value": value,
            "bound": bound,
            "status": "optimal" if proven else "feasible",
            "members": len(self.data.rating),
        }


def team_assignment(file: str, text: str, limit: float, seed: int, options: Options) -> Cells:
    return Windows(readers.read_teams(text), limit, seed, options).run()


SOLVERS: dict[str, Callable[[str, str, float, int, Options], Cells]] = {
    "mdgp": diverse,
    "ccp": capacitated,
    "clique_partition": cliques,
    "community_detection": communities,
    "team_assignment": team_assignment,
    "other": wedding,
}


# -- telling -----------------------------------------------------------------------------------------------------------


def section(rows: Rows) -> list[str]:
    """Return the table of the family."""
    header = ("instance", "n", "value", "known", "kind", "off", "bound", "proven", "best s", "total s", "MB")
    shown = [
        (
            name,
            number(row["members"], 0),
            number(row["value"], 3).rstrip("0").rstrip("."),
            "–" if row.get("known") is None else number(row["known"], 3).rstrip("0").rstrip("."),
            row.get("kind") or "–",
            percent(row.get("deviation")),
            number(row["bound"], 1),
            row["status"],
            number(row.get("best")),
            number(row["seconds"], 1),
            number(row["memory"], 0),
        )
        for name, row in good(rows).items()
    ]
    return table(header, shown)


def _figure(work: str, asked: str, rows: Rows, wanted: int, holds: Callable[[Cells], bool]) -> Figure:
    """Return how many rows hold, and the worst deviation."""
    met = sum(holds(row) for row in rows.values())
    off = [row["deviation"] for row in rows.values() if row.get("deviation") is not None]
    reached = f"{met} of {len(rows)}; largest deviation {percent(max(off, default=None))}" if rows else ""
    return Figure(work, asked, reached, False if met < len(rows) else True if len(rows) >= wanted else None)


def figures(rows: Rows) -> list[Figure]:
    """Return what was asked beside what was reached."""
    ran = good(rows)

    def some(*words: str) -> Rows:
        return {name: row for name, row in ran.items() if any(word in name for word in words)}

    found = [
        _figure(
            f"diverse grouping, n = {n}",
            f"within {100 * share:g} % of best known in {seconds} s",
            some(f"_n{n}_"),
            sum(f"_n{n}_" in file for file in FILES["mdgp"]),
            lambda row, share=share: row["deviation"] <= share,  # type: ignore[misc]
        )
        for n, share, seconds in ((120, 0.003, 30), (240, 0.005, 60), (480, 0.01, 120))
    ]
    tiny = some("_n010_", "_n012_")
    found.append(
        _figure("diverse grouping, n = 10 and 12", "all proven", tiny, 36, lambda row: row["status"] == "optimal")
    )
    others = {name: row for name, row in ran.items() if not name.startswith("mdgp/") and row.get("kind") == "optimal"}
    wanted = sum(len(files) for collection, files in FILES.items() if collection != "mdgp") - 4
    found.append(
        _figure(
            "other instances with known optimum", "value reached ≤ 60 s", others, wanted, lambda row: row["reached"]
        )
    )
    small = {name: row for name, row in others.items() if row["members"] <= 40}
    complete = 1 if len(others) >= wanted else wanted
    found.append(_figure("those with n ≤ 40", "proven", small, complete, lambda row: row["status"] == "optimal"))
    found.append(_figure("Sparse82", "0 % off", some("Sparse82"), 3, lambda row: row["reached"]))
    found.append(_figure("RanReal240", "≤ 0.5 % off", some("RanReal240"), 1, lambda row: row["deviation"] <= 0.005))
    return found


def behind(rows: Rows) -> str:
    """Return where we are below known values."""
    below = [name for name, row in good(rows).items() if row.get("deviation") is not None and not row["reached"]]
    text = short_of(figures(rows))
    return text + (f" Below the known value: {', '.join(below)}." if below else " Every known value is reached.")
