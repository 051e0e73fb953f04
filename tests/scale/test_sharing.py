"""Independent parts share one limit; the plan comes out whole whatever ends the run."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from tests.helpers import hard_problem

import grouping as gp
from grouping.scale.board import Board
from grouping.scale.sharing import Options, Part, merged, solve_parts
from grouping.solving.engine import Solution


def likes(members: int, seed: int, size: tuple[int, int] = (3, 5)) -> gp.Problem:
    """Return a problem in which each member has points for each of three options."""
    rng = np.random.default_rng(seed)
    meal = gp.Choice("meal", ("rice", "noodles", "soup"))
    points = rng.integers(0, 101, (members, 3))
    groups = tuple(gp.Group(f"G{i}", *size) for i in range(members // size[0]))
    term = gp.Focus(name="Meal", choice="meal", points=points, weight=1)
    return gp.Problem(size=np.ones(members), groups=groups, choices=(meal,), terms=(term,), scale=1 + seed)


PARTS = [Part(f"P{seed}", likes(members, seed)) for seed, members in enumerate((12, 6, 9))]


def options(**changes: Any) -> Options:
    return Options(**{"time_limit": 20.0, "begun": time.perf_counter(), **changes})


def test_parts_are_solved_as_each_by_itself() -> None:
    with ThreadPoolExecutor(2) as executor:
        for changes in ({}, {"executor": executor}, {"workers": 1}):
            found = solve_parts(PARTS, options(**changes))
            for part, solution in zip(PARTS, found, strict=True):
                alone = gp.solve(part.problem)
                assert solution is not None
                assert (solution.status, solution.cost) == ("optimal", alone.cost)


def test_progress_speaks_of_all_parts() -> None:
    seen: list[gp.Progress] = []
    found = solve_parts(PARTS, options(on_progress=seen.append))
    last = seen[-1]
    assert (last.parts_done, last.parts) == (3, 3)
    assert {progress.part for progress in seen} == {"P0", "P1", "P2"}
    members = sum(part.problem.members for part in PARTS)
    lost = sum((s.cost or 0) / part.problem.scale for part, s in zip(PARTS, found, strict=True) if s is not None)
    assert last.score == pytest.approx(100 - lost / members)
    assert last.score_bound == pytest.approx(last.score)
    assert all(a.seconds <= b.seconds for a, b in pairwise(seen))


def test_a_broken_listener_costs_no_plan() -> None:
    def broken(progress: gp.Progress) -> None:
        raise RuntimeError("the window was closed")

    assert None not in solve_parts(PARTS, options(on_progress=broken))


def test_an_infeasible_part_ends_the_run() -> None:
    twelve = likes(12, 0)
    apart = gp.Pair(name="apart", must=True, first=[0, 0, 1], second=[1, 2, 2], points=[1, 1, 1])
    clash = gp.Problem(size=np.ones(6), groups=(gp.Group("A", 3, 3), gp.Group("B", 3, 3)), terms=(apart,))
    found = solve_parts([Part("bad", clash), Part("good", twelve)], options(workers=1))
    assert found[0] is not None
    assert found[0].status == "infeasible"


def test_time_that_is_over_is_no_plan() -> None:
    with pytest.raises(gp.NoPlanFoundError):
        solve_parts(PARTS, options(begun=time.perf_counter() - 60, time_limit=1e-9))


@pytest.mark.parametrize("threads", [None, 2])
def test_a_control_ends_the_run_with_a_whole_plan(threads: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grouping.scale.sharing._LAST_CALL", 0.3)
    parts = [Part(f"P{seed}", hard_problem(seed)) for seed in range(4)]
    control = gp.Control()

    def stop(progress: gp.Progress) -> None:
        control.stop()

    executor = None if threads is None else ThreadPoolExecutor(threads)
    if executor is not None:
        control.stop()
    begun = time.monotonic()
    rest = options(time_limit=300.0, workers=1, executor=executor, control=control, on_progress=stop)
    found = solve_parts(parts, rest)
    if executor is not None:
        executor.shutdown()
    assert all(solution is not None and solution.cost is not None for solution in found)
    assert time.monotonic() - begun < 60
    assert any(solution is not None and solution.provenance["stopped_by"] == "user" for solution in found)


def test_the_second_interrupt_ends_it() -> None:
    def stop(progress: gp.Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve_parts([Part(f"P{seed}", hard_problem(seed)) for seed in range(4)], options(on_progress=stop))


def test_parts_not_proven_are_tried_again_with_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: dict[int, list[float]] = {}

    def fake(problem: gp.Problem, *, time_limit: float, start: Any, **rest: Any) -> Solution:
        limits.setdefault(problem.scale, []).append(time_limit)
        tries = len(limits[problem.scale])
        assert (start is None) == (tries == 1)
        group_of = np.arange(problem.members) % 2
        bound = 10 if problem.scale == 1 or tries == 3 else 5 + tries
        return Solution("optimal" if bound == 10 else "feasible", group_of, 10, bound, {"seconds": {"total": 0.1}})

    monkeypatch.setattr("grouping.scale.tasks.solve", fake)
    found = solve_parts(PARTS, options(workers=1))
    assert [len(limits[part.problem.scale]) for part in PARTS] == [1, 3, 3]
    assert all(solution is not None and solution.status == "optimal" for solution in found)
    assert all(later >= 1.5 * sooner for row in limits.values() for sooner, later in pairwise(row))


def test_of_two_runs_the_better_plan_and_the_better_bound_count() -> None:
    first = Solution("feasible", np.array([0]), 10, 4, {"plan": "a", "bound": "a", "seconds": {"total": 1.0}})
    second = Solution("feasible", np.array([1]), 12, 10, {"plan": "b", "bound": "b", "seconds": {"total": 2.0}})
    both = merged(first, second)
    assert (both.status, both.cost, both.bound) == ("optimal", 10, 10)
    assert (both.provenance["plan"], both.provenance["bound"]) == ("a", "b")
    assert both.provenance["seconds"] == {"total": 3.0}
    assert merged(None, second) is second


def test_a_board_never_goes_back() -> None:
    seen: list[gp.Progress] = []
    board = Board([("A", likes(6, 0)), ("B", likes(6, 1))], time.perf_counter(), seen.append)
    board.report(0, gp.Progress(0.0, None, 0, "bound"))
    board.report(0, gp.Progress(0.0, 600, 60, "search"))
    board.report(0, gp.Progress(0.0, 700, 30, "again"))
    board.finished(1, 1200, 1200, "optimal")
    assert [progress.score for progress in seen] == [None, 0.0, 0.0, 0.0]
    assert [progress.score_bound for progress in seen] == [None, 90.0, 90.0, 45.0]
    assert [progress.parts_done for progress in seen] == [0, 0, 0, 1]
