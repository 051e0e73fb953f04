"""How good and how fast: one table, a row per case.

``python -m benchmarks.run [--smoke] [--plain] [--seed N]``

Cases are the sample branch with one and two sessions, and each branch of the larger sample with each preset, all with
groups of 6 to 12 and the number of groups free. Score and bound are of 100, larger is better; the gap is that of the
costs. ``--plain`` adds the plain assignment model in CP-SAT under the same limit, for comparison. Times are of this
machine at this load, so none is asserted; the exit code is non-zero only if a case has no plan.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version

import grouping as gp

COLUMNS = ("case", "members", "score", "bound", "gap", "status", "first s", "best s", "total s")
WIDTHS = (40, 8, 8, 8, 8, 10, 8, 8, 8)
SIZE = (6, 12)

Preset = Callable[..., gp.Policy]


def cases(smoke: bool) -> Iterator[tuple[str, gp.Roster, gp.Policy]]:
    """Yield name, roster and policy of every case."""
    branch = gp.read_roster(gp.sample_path("branch_42"))
    yield "branch_42, one session", branch, gp.Policy.balanced(size=SIZE)
    if not smoke:
        yield "branch_42, two sessions", branch, gp.Policy.balanced(size=SIZE, prefer=[gp.Attendance(sessions=2)])
    organisation = gp.read_roster(gp.sample_path("organisation_260"))
    of_branch: dict[str, list[str]] = {}
    for member in organisation.members:
        of_branch.setdefault(member.branch or "", []).append(member.member_id)
    presets: tuple[Preset, ...] = (gp.Policy.balanced, gp.Policy.by_business_line, gp.Policy.by_location)
    for preset in presets[:1] if smoke else presets:
        for name, members in sorted(of_branch.items())[: 3 if smoke else None]:
            policy = preset(size=SIZE)
            yield f"organisation_260/{name}, {policy.name}", organisation.select(members), policy


def measure(roster: gp.Roster, policy: gp.Policy, limit: float, seed: int) -> tuple[str, ...]:
    """Return the cells of a case after its name."""
    start = time.perf_counter()
    plan = gp.form_groups(roster, policy, time_limit=limit, seed=seed)
    total = time.perf_counter() - start
    seconds = plan.provenance["parts"][0]["seconds"]
    gap = "-" if plan.gap is None else f"{plan.gap:.2%}"
    numbers = (seconds.get("first_plan"), seconds.get("best_plan"), total)
    return (
        str(len(roster)),
        shown(plan.score),
        shown(plan.bound),
        gap,
        plan.status,
        *(shown(number) for number in numbers),
    )


def measure_plain(roster: gp.Roster, policy: gp.Policy, limit: float, seed: int) -> tuple[str, ...]:
    """Return the same cells for the plain assignment model."""
    from grouping.policy.compiling import compile_parts
    from grouping.solving import assignment
    from grouping.solving.clock import Clock

    problem = compile_parts(roster, policy)[0].problem
    start = time.perf_counter()
    answer, found = assignment.solve(problem, Clock(limit), limit, workers=2, seed=seed, objective=True)
    total = time.perf_counter() - start
    cost = None if found is None else gp.score(problem, found).cost
    score = None if cost is None else problem.score_of(cost)
    bound = None if answer.bound is None else problem.score_of(answer.bound)
    gap = "-" if cost is None or answer.bound is None else f"{(cost - answer.bound) / max(cost, 1):.2%}"
    return str(len(roster)), shown(score), shown(bound), gap, answer.status, "-", "-", shown(total)


def shown(number: float | None) -> str:
    """Return a number with two decimals, or a dash."""
    return "-" if number is None else f"{number:.2f}"


def line(cells: tuple[str, ...]) -> str:
    """Return a row of the table."""
    first, *others = (cell.ljust(WIDTHS[0]) if not i else cell.rjust(WIDTHS[i]) for i, cell in enumerate(cells))
    return " ".join((first, *others))


def main() -> int:
    """Measure every case; return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.run", description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="few cases, 10 s each instead of 60")
    parser.add_argument("--plain", action="store_true", help="the plain assignment model too")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    limit = 10.0 if options.smoke else 60.0

    load = f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("ortools", "pandas", "numpy"))
    print(f"Python {platform.python_version()}, {libraries}; {os.cpu_count()} cores, load {load}")
    print(f"limit {limit:g} s, seed {options.seed}\n")
    print(line(COLUMNS), flush=True)

    failures = 0
    for name, roster, policy in cases(options.smoke):
        try:
            print(line((name, *measure(roster, policy, limit, options.seed))), flush=True)
            if options.plain:
                print(line((f"{name}, plain", *measure_plain(roster, policy, limit, options.seed))), flush=True)
        except gp.GroupingError as error:
            failures += 1
            print(f"{name:<{WIDTHS[0]}} {type(error).__name__}: {error}", flush=True)
    if failures:
        print(f"\nbench: {failures} cases have no plan", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
