"""Cases at the edge, each found to go wrong once, and what the engine promises about a run."""

from __future__ import annotations

from threading import Thread
from typing import Any

import numpy as np
import pytest
from tests.helpers import brute_force

from grouping.errors import NoPlanFoundError
from grouping.problem import Choice, Count, Focus, Group, Pair, Placement, Problem, Role
from grouping.scoring import faults, score
from grouping.solving import assignment, engine
from grouping.solving.clock import Clock, Control

BOTH = pytest.mark.parametrize("small", [20_000, 0], ids=["listed", "priced"])


def problem(size: list[int], groups: list[tuple[int, int]], *terms: Any, **changes: Any) -> Problem:
    made = [Group(f"G{g}", *limits) for g, limits in enumerate(groups)]
    return Problem(size=np.array(size, dtype=np.int64), groups=tuple(made), terms=terms, **changes)


def check(problem: Problem) -> engine.Solution:
    truth = brute_force(problem)
    solution = engine.solve(problem, time_limit=10)
    assert solution.status == ("infeasible" if truth.cost is None else "optimal")
    assert solution.cost == solution.bound == truth.cost
    if solution.group_of is not None:
        assert faults(problem, solution.group_of, truth.cost or 0, solution.bound) == []
    return solution


@BOTH
def test_rules_that_cannot_be_kept_are_infeasible_whatever_being_together_saves(
    small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A group that breaks a rule costs `big` less what its pair saves, so it is not left out of the list of groups.
    monkeypatch.setattr(engine, "SMALL", small)
    saves = Pair(name="saves", weight=1, first=[0], second=[1], points=[-50], offset=50)
    apart = Count(name="apart", must=True, value=[1, 1], penalty=[[0, 0, 100]])
    check(problem([1, 1], [(2, 2)], saves, apart))


@BOTH
def test_what_being_together_saves_never_buys_a_broken_rule(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without an offset costs fall below 0, and `big` less the saving is less than `big`.
    monkeypatch.setattr(engine, "SMALL", small)
    saves = Pair(name="saves", weight=1, first=[0], second=[1], points=[-50])
    apart = Count(name="apart", must=True, value=[1, 1], penalty=[[0, 0, 100]])
    lonely = Count(name="lonely", weight=1, value=[0, 0], penalty=[[0], [30], [0]])
    check(problem([1, 1], [(1, 2), (1, 2)], saves, apart, lonely))
    check(problem([1, 1], [(2, 2)], saves, apart))


@BOTH
def test_rooms_bind_although_nobody_weighs_the_way(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # A principle of weight 0 leaves terms of weight 0; the rooms of their choice stay rules.
    monkeypatch.setattr(engine, "SMALL", small)
    room = Choice("place", ("hall", "shed"), [1, 2])
    way = Focus(name="way", choice="place", points=np.zeros((4, 2)), weight=0)
    check(problem([1] * 4, [(1, 4), (1, 4)], way, choices=(room,)))
    check(problem([1] * 4, [(4, 4)], way, choices=(room,)))


@pytest.mark.parametrize("objective", [False, True])
def test_the_plain_model_keeps_rooms_with_and_without_objective(objective: bool) -> None:
    room = Choice("place", ("hall", "shed"), [1, 2])
    way = Focus(name="way", choice="place", points=np.ones((4, 2)), weight=1)
    made = problem([1] * 4, [(4, 4)], way, choices=(room,))
    answer, _ = assignment.solve(made, Clock(10), 10, workers=1, seed=0, objective=objective)
    assert answer.status == "infeasible"


@BOTH
def test_pairs_of_things_count_in_the_bound(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # A group holds more items than its size says, so an item may be paired more often than size − 1 times.
    monkeypatch.setattr(engine, "SMALL", small)
    saves = Pair(name="saves", weight=1, first=[0], second=[1], points=[-60], offset=60)
    check(problem([1, 0], [(1, 1)], saves))


@BOTH
def test_a_thing_may_hold_a_seat(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SMALL", small)
    seat = Role(name="seat", seat="seat", weight=1, points=[50, 50, 0], eligible=[1, 1, 1])
    check(problem([1, 1, 0], [(1, 1), (1, 1)], seat))


@pytest.mark.parametrize("groups", [[], [(1, 1)]])
def test_things_without_members_cannot_be_looked_after(groups: list[tuple[int, int]]) -> None:
    check(problem([0], groups))


def test_nobody_to_divide() -> None:
    assert engine.solve(problem([], [(1, 1)])).status == "optimal"
    assert engine.solve(problem([], [(1, 1)], least=1)).status == "infeasible"
    needed = Problem(size=np.zeros(0, dtype=np.int64), groups=(Group("G", 1, 1, required=True),))
    assert engine.solve(needed).status == "infeasible"


@BOTH
@pytest.mark.parametrize(
    "made",
    [
        problem([1] * 4, []),
        problem([1] * 4, [(5, 6)]),
        problem([1] * 4, [(1, 4), (1, 4)], least=2, most=1),
        problem([1] * 4, [(1, 4), (1, 4)], least=3),
        problem([1] * 4, [(1, 4), (1, 4)], most=0),
        problem([1] * 4, [(1, 4)], placements=(Placement("nowhere", 0, ()),)),
        problem([1] * 4, [(1, 4)], Role(name="L", seat="l", must=True, points=[0] * 4, eligible=[0] * 4)),
        problem([1] * 4, [(1, 3), (1, 3)], Count(name="C", must=True, value=[1] * 4, penalty=[[100] * 5])),
    ],
)
def test_infeasible(made: Problem, small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SMALL", small)
    assert check(made).status == "infeasible"


@BOTH
def test_the_dearest_plan_there_could_be_is_still_a_plan(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SMALL", small)
    price = Count(name="price", weight=1, value=[0] * 4, penalty=[[100]])
    made = Problem(
        size=np.ones(4, dtype=np.int64), groups=tuple(Group(g, 2, 2, required=True) for g in "AB"), terms=(price,)
    )
    assert check(made).cost == made.most_cost == 200


def test_the_dearest_plan_is_found_without_a_first_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # Before the first plan the best cost is `big`, which is no multiple of the step that divides all costs.
    monkeypatch.setattr(engine, "SMALL", 0)
    monkeypatch.setattr(engine._Run, "_search", lambda run, until: None)
    monkeypatch.setattr(engine._Run, "_settle_rules", lambda run: None)
    price = Count(name="price", weight=1, value=[0] * 4, penalty=[[100]])
    way = Focus(name="way", choice="place", weight=1, points=[[100, 0], [100, 0], [0, 100], [0, 100]])
    mixed = Count(name="mixed", must=True, value=[1, 1, 0, 0], penalty=[[100, 0, 100]])
    groups = tuple(Group(g, 2, 2, required=True) for g in "AB")
    made = Problem(
        size=np.ones(4, dtype=np.int64),
        groups=groups,
        choices=(Choice("place", ("a", "b")),),
        terms=(price, way, mixed),
    )
    assert check(made).cost == 400
    assert check(Problem(size=np.ones(4, dtype=np.int64), groups=groups, terms=(price,))).cost == 200


def random_problem(members: int, groups: int) -> Problem:
    rng = np.random.default_rng(5)
    place, time = Choice("place", tuple("abcd")), Choice("time", tuple("uvwxyz"))
    n = members + 1
    lead = Role(
        name="lead",
        seat="leader",
        weight=1,
        points=rng.integers(0, 300, n),
        eligible=np.arange(n) < members,
        vacant=300,
    )
    newcomers = np.append(np.arange(members) % 2, 0)
    terms = (
        Focus(name="way", choice="place", weight=2, points=rng.integers(0, 6, (n, 4)) * 20),
        Focus(name="when", choice="time", weight=3, points=rng.integers(0, 3, (n, 6)) * 50),
        lead,
        Count(name="mix", weight=1, value=newcomers, penalty=50 * np.abs(np.arange(members) - 2)[None, :]),
    )
    made = tuple(Group(f"G{g}", 3, 4) for g in range(groups))
    size = np.append(np.ones(members, dtype=np.int64), 0)
    return Problem(size=size, groups=made, choices=(place, time), terms=terms, least=groups - 1, most=groups)


@pytest.fixture(scope="module")
def twelve() -> Problem:
    return random_problem(12, 4)


@pytest.fixture(scope="module")
def seven() -> Problem:
    return random_problem(7, 2)


def test_pricing_and_listing_find_the_same_optimum(twelve: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = engine.solve(twelve, time_limit=30)
    monkeypatch.setattr(engine, "SMALL", 0)
    seen: list[engine.Progress] = []
    priced = engine.solve(twelve, time_limit=30, on_progress=seen.append)
    assert listed.status == priced.status == "optimal"
    assert listed.cost == listed.bound == priced.cost == priced.bound
    assert priced.cost is not None
    assert all(moment.bound is None or moment.bound <= priced.cost for moment in seen)
    assert {"search", "bound"} <= {moment.phase for moment in seen}


def test_the_same_seed_gives_the_same_plan(twelve: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SMALL", 0)
    runs = [engine.solve(twelve, time_limit=1, seed=3, reproducible=True) for _ in range(2)]
    assert runs[0].group_of is not None
    assert runs[1].group_of is not None
    assert runs[0].group_of.tolist() == runs[1].group_of.tolist()
    assert (runs[0].bound, runs[0].cost) == (runs[1].bound, runs[1].cost)


def test_a_start_is_never_made_worse(seven: Problem) -> None:
    best = engine.solve(seven, time_limit=30)
    again = engine.solve(seven, time_limit=0.01, start=best.group_of)
    assert again.cost == best.cost


def test_a_start_that_breaks_rules_is_not_a_plan(seven: Problem) -> None:
    solution = engine.solve(seven, time_limit=30, start=np.zeros(8, dtype=np.int64))
    assert solution.group_of is not None
    assert score(seven, solution.group_of).violations == ()


def test_a_broken_progress_bar_costs_no_plan(seven: Problem, caplog: pytest.LogCaptureFixture) -> None:
    def on_progress(progress: engine.Progress) -> None:
        raise RuntimeError("no terminal")

    assert engine.solve(seven, time_limit=30, on_progress=on_progress).status == "optimal"
    assert "on_progress failed" in caplog.text


def test_time_without_a_plan_proves_nothing(seven: Problem) -> None:
    with pytest.raises(NoPlanFoundError):
        engine.solve(seven, time_limit=1e-9)


@pytest.mark.parametrize("limit", [0, -1.0])
def test_the_limit_is_positive(seven: Problem, limit: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        engine.solve(seven, time_limit=limit)


def test_a_gap_limit_ends_the_run_before_the_proof(twelve: Problem) -> None:
    full = engine.solve(twelve, time_limit=30)
    loose = engine.solve(twelve, time_limit=30, gap_limit=0.5)
    assert full.cost is not None
    assert loose.cost is not None
    assert loose.bound is not None
    assert loose.cost - loose.bound <= 0.5 * loose.cost
    assert loose.bound <= full.cost <= loose.cost
    assert loose.provenance["stopped_by"] in ("gap", "proof")


def test_stop_from_another_thread_returns_the_best_plan() -> None:
    control = Control()

    def stop_at_the_first_plan(progress: engine.Progress) -> None:
        if progress.cost is not None and not control.stopped:
            Thread(target=control.stop).start()

    large = random_problem(60, 18)  # takes minutes to prove
    solution = engine.solve(large, time_limit=600, control=control, on_progress=stop_at_the_first_plan)
    assert solution.status == "feasible"
    assert solution.provenance["stopped_by"] == "user"
    assert faults(large, solution.group_of, solution.cost, solution.bound) == []


def test_a_control_that_is_stopped_before_the_run_gives_no_plan() -> None:
    control = Control()
    control.stop()
    with pytest.raises(NoPlanFoundError):
        engine.solve(random_problem(60, 18), control=control)


@pytest.mark.parametrize("off", engine.ENGINES)
def test_results_stay_true_without_an_engine(off: str, seven: Problem, twelve: Problem) -> None:
    for made in (seven, twelve):
        truth = engine.solve(made, time_limit=30)
        solution = engine.solve(made, time_limit=3, without=(off,))
        assert truth.cost is not None
        assert solution.cost is not None
        assert solution.bound is not None
        assert solution.bound <= truth.cost <= solution.cost


def test_unknown_engines_and_gaps_are_refused(seven: Problem) -> None:
    with pytest.raises(ValueError, match="no such engine: magic"):
        engine.solve(seven, without=("magic",))
    with pytest.raises(ValueError, match="gap limit"):
        engine.solve(seven, gap_limit=1.0)


def easy(members: int, limits: list[tuple[int, int]]) -> Problem:
    rng = np.random.default_rng(3)
    place = Choice("place", tuple("abc"))
    way = Focus(name="way", choice="place", weight=1, points=rng.integers(0, 6, (members, 3)) * 20)
    made = tuple(Group(f"G{g}", *limit) for g, limit in enumerate(limits))
    return Problem(size=np.ones(members, dtype=np.int64), groups=made, choices=(place,), terms=(way,))


def test_many_members_over_groups_of_different_sizes() -> None:
    made = easy(600, [(260, 300), *[(6, 12)] * 50])
    solution = engine.solve(made, time_limit=1)
    assert faults(made, solution.group_of, solution.cost, solution.bound) == []


def test_many_members_for_few_places() -> None:
    with pytest.raises(NoPlanFoundError):
        engine.solve(easy(600, [(1, 10)] * 10), time_limit=0.01)


def test_reproducible_runs_of_many_members_end() -> None:
    lead = Role(name="lead", seat="leader", weight=1, points=np.arange(310) % 7, eligible=np.ones(310), vacant=300)
    made = Problem(size=np.ones(310), groups=tuple(Group(f"G{g}", 6, 12) for g in range(50)), terms=(lead,))
    solution = engine.solve(made, time_limit=1, reproducible=True)
    assert faults(made, solution.group_of, solution.cost, solution.bound) == []
