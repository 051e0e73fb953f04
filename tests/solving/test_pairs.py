"""Problems dominated by pairs: search, bound and proof against brute force, and the two loops against each other."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers import brute_force

from grouping.problem import Choice, Count, Focus, Group, Pair, Placement, Problem
from grouping.scoring import faults, score
from grouping.solving import assignment, engine, pairs, pairs_search
from grouping.solving.clock import Clock
from grouping.solving.edge_bound import EdgeBound
from grouping.solving.edges import degree_bound, edges
from grouping.solving.kernel import Kernel
from grouping.solving.pair_proof import PairProof
from grouping.solving.pairs import BEST, COST, HARD, USED, Template
from grouping.solving.pairs_search import PairSearch, compiled, suits
from grouping.solving.pairwise import pairwise

if TYPE_CHECKING:
    from grouping.problem import Term

SETTINGS = settings(
    deadline=None,
    derandomize=True,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


def pairs_of(table: Any, **more: Any) -> Pair:
    """Return a pair term from a symmetric table."""
    table = np.asarray(table)
    first, second = np.triu_indices(len(table), 1)
    return Pair(name="pairs", **{"weight": 1, **more}, first=first, second=second, points=table[first, second])


@st.composite
def pair_problems(draw: st.DrawFn, members: tuple[int, int] = (2, 7)) -> Problem:
    """Draw a problem of pair and count terms: both signs, scopes, capacities, apart, together, pins, things."""
    m, extra = draw(st.integers(*members)), draw(st.sampled_from((0, 0, 0, 1)))
    n, count = m + extra, draw(st.integers(1, 4 if m < 7 else 3))
    size = np.array([1] * m + [0] * extra)
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    free = draw(st.booleans())
    groups = [
        Group(f"G{g}", low, low + (n if free else int(rng.integers(0, 4))), required=bool(rng.random() < 0.2))
        for g, low in enumerate([1] * count if free else rng.integers(1, 4, count).tolist())
    ]

    def scope() -> tuple[int, ...] | None:
        some = tuple(np.flatnonzero(rng.random(count) < 0.6).tolist())
        return some if rng.random() < 0.25 else None

    table = rng.integers(*draw(st.sampled_from(((-20, 21), (0, 50), (-50, 1)))), (n, n))
    terms: list[Term] = [
        pairs_of(table, groups=scope(), offset=int(rng.integers(0, 30)), weight=draw(st.integers(1, 3)))
    ]
    if draw(st.booleans()):
        terms.append(pairs_of(rng.integers(-9, 10, (n, n)) * (rng.random((n, n)) < 0.5), groups=scope()))
    for _ in range(draw(st.integers(0, 2))):
        value = rng.integers(0, 4, n)
        low, high = sorted(rng.integers(0, int(value.sum()) + 3, 2).tolist())
        sums = np.arange(int(value.sum()) + 1)
        off = 100 * np.maximum(np.maximum(low * (rng.random() < 0.3) - sums, sums - high), 0)
        must = bool(rng.random() < 0.7)
        terms.append(Count(name="amount", must=must, weight=int(not must), value=value, penalty=[off], groups=scope()))
    for _ in range(draw(st.integers(0, 2))):
        some = np.zeros(n, dtype=int)
        some[rng.choice(m, min(m, int(rng.integers(2, 4))), replace=False)] = 1
        c = np.arange(int(some.sum()) + 1)
        table_of = {"together": 100 * c * (c[-1] - c) // c[-1], "apart": 100 * np.maximum(c - 1, 0)}
        name = str(rng.choice(["together", "apart"]))
        must = bool(rng.random() < 0.6)
        terms.append(Count(name=name, must=must, weight=int(not must), value=some, penalty=[table_of[name]]))
    if draw(st.booleans()):
        apart = np.triu(rng.random((n, n)) < 0.1, 1)
        first, second = np.nonzero(apart)
        terms.append(Pair(name="cannot", must=True, first=first, second=second, points=np.full(len(first), 100)))
    if draw(st.sampled_from((False, False, True))):  # something that the edge model leaves out
        sizes = rng.integers(0, 60, (m + 1, 1))
        terms.append(Count(name="size", weight=1, value=np.zeros(n, dtype=int), penalty=sizes))
    placements = [
        Placement("pin", int(rng.integers(n)), tuple(np.flatnonzero(rng.random(count) < 0.6).tolist()))
        for _ in range(draw(st.sampled_from((0, 0, 1))))
    ]
    least = int(rng.integers(0, count + 1)) if rng.random() < 0.3 else 0
    most = int(rng.integers(max(least, 1), count + 1)) if rng.random() < 0.3 else None
    return Problem(size=size, groups=groups, terms=terms, placements=placements, least=least, most=most)


def found_by_search(problem: Problem, seconds: float = 0.03, fast: bool = False) -> tuple[int, list[int]] | None:
    """Return the best cost and division that local search over pairs finds in counted work."""
    kernel, clock = Kernel(problem), Clock(seconds, reproducible=True)
    if not suits(kernel):
        return None
    search = PairSearch(kernel, np.random.default_rng(0), clock, fast)
    found = [(cost, group_of.tolist()) for cost, group_of in search.run(clock.limit)]
    assert found == sorted(found, key=lambda pair: -pair[0])
    for cost, group_of in found:
        assert faults(problem, group_of, cost, None) == []
    return found[-1] if found else None


@SETTINGS
@given(problem=pair_problems())
def test_search_finds_nothing_below_the_optimum_and_mostly_the_optimum(problem: Problem) -> None:
    truth, found = brute_force(problem), found_by_search(problem)
    if found is not None:
        assert truth.cost is not None
        assert found[0] >= truth.cost


@SETTINGS
@given(problem=pair_problems())
def test_edge_model_never_overclaims_and_closes(problem: Problem) -> None:
    truth, kernel = brute_force(problem), Kernel(problem)
    claimed: list[int] = []
    offered: list[int] = []
    best: tuple[int, Any] = (kernel.limit, None)
    if truth.cost is not None and len(problem.size) % 2:  # with and without a division to beat
        best = (truth.cost, truth.group_of)

    def offer(group_of: Any, cost: int, _: str) -> None:
        nonlocal best
        if cost < best[0]:
            assert faults(problem, group_of, cost, None) == []
            offered.append(cost)
            best = (cost, group_of)

    clock = Clock(20.0, reproducible=True)
    proof = PairProof(kernel, clock, 1, 0, lambda: best, offer, lambda bound, _: claimed.append(bound))
    proof.bound(clock.limit)
    proof.close(clock.limit)
    if truth.cost is None:
        assert not offered
        return
    assert all(bound <= truth.cost for bound in claimed)
    assert all(cost >= truth.cost for cost in offered)


@SETTINGS
@given(problem=pair_problems())
def test_engine_proves_by_pairs(problem: Problem) -> None:
    truth = brute_force(problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        patch.setattr(engine, "TINY", 0)
        solution = engine.solve(problem, time_limit=2, workers=1, reproducible=True)
    assert solution.cost == truth.cost
    assert solution.status == ("infeasible" if truth.cost is None else "optimal")
    assert solution.bound == truth.cost


@SETTINGS
@given(problem=pair_problems(members=(2, 6)))
def test_edge_tree_alone_proves(problem: Problem) -> None:
    truth = brute_force(problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        patch.setattr(engine, "TINY", 0)
        patch.setattr(PairProof, "assign", lambda proof, seconds: None)
        if truth.cost is not None:
            solution = engine.solve(problem, time_limit=1, workers=1, reproducible=True)
            assert solution.bound is not None
            assert solution.cost is not None
            assert solution.bound <= truth.cost <= solution.cost


@SETTINGS
@given(problem=pair_problems(), seed=st.integers(0, 1000), price=st.sampled_from((1, 5, 1000)))
def test_both_loops_decide_alike_and_keep_true_sums(problem: Problem, seed: int, price: int) -> None:
    kernel = Kernel(problem)
    if not suits(kernel):
        return
    template, rng = Template(kernel), np.random.default_rng(seed)
    n, groups, steps = len(template.size), len(problem.groups), 200
    data = template.data(price)
    begin = template.nodes(rng.integers(groups, size=len(problem.size)))
    noise = rng.gumbel(size=500)
    drawn = (rng.integers(n, size=steps), rng.integers(500 - n - groups, size=steps), np.geomspace(50, 0.5, steps))
    ours = template.sums(data, begin)
    pairs.steps(data, ours, *drawn, noise)
    afresh = template.sums(data, ours.group_of)
    for name, kept, again in zip(ours._fields, ours, afresh, strict=True):
        if name not in ("best", "total"):
            assert np.array_equal(kept, again), name
    assert ours.total[[COST, HARD, USED]].tolist() == afresh.total[[COST, HARD, USED]].tolist()
    whole = ours.group_of[template.node_of]
    assert (ours.total[HARD] == 0) == (kernel.cost(whole) < kernel.limit) == (not score(problem, whole).violations)
    if ours.total[HARD] == 0:
        assert ours.total[COST] + kernel.offset == score(problem, whole).cost
    fast = compiled()
    if fast is not None:
        theirs = template.sums(data, begin)
        fast(data, theirs, *drawn, noise)
        for name, one, other in zip(ours._fields, ours, theirs, strict=True):
            assert np.array_equal(one, other), name


def test_compiled_search_gives_the_same_divisions() -> None:
    pytest.importorskip("numba")
    rng = np.random.default_rng(3)
    problem = Problem(
        size=np.ones(40),
        groups=[Group(f"G{g}", 6, 11) for g in range(5)],
        terms=[pairs_of(rng.integers(-99, 100, (40, 40)))],
    )
    assert found_by_search(problem, 1.0, fast=True) == found_by_search(problem, 1.0, fast=False)


def test_without_the_extra_the_array_version_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs_search, "find_spec", lambda name: None)
    compiled.cache_clear()
    try:
        search = PairSearch(Kernel(planted(2, 4)), np.random.default_rng(0), Clock(60.0), fast=True)
        assert search.steps is pairs.steps
    finally:
        compiled.cache_clear()


def planted(blocks: int, each: int, seed: int = 0) -> Problem:
    """Return clique partitioning in which every member likes its own block: the planted blocks are the optimum."""
    n = blocks * each
    block = np.arange(n) % blocks
    table = np.where(block[:, None] == block, -10, 5) - np.random.default_rng(seed).integers(0, 7, (n, n))
    table = np.minimum(table, table.T)
    return Problem(size=np.ones(n), groups=[Group(f"G{g}", 1, n) for g in range(n)], terms=[pairs_of(table)])


def test_cliques_are_found_and_proven_among_as_many_groups_as_members() -> None:
    problem = planted(6, 8)
    solution = engine.solve(problem, time_limit=20)
    assert solution.status == "optimal"
    assert solution.group_of is not None
    assert solution.group_of.tolist() == [i % 6 for i in range(48)]
    assert solution.provenance["plan"] == "local search over pairs"
    assert solution.provenance["bound"] == "edge model"


def test_capacities_apart_and_together_hold() -> None:
    n, rng = 24, np.random.default_rng(1)
    weight = rng.integers(1, 9, n)
    table = -rng.integers(0, 50, (n, n)) * (rng.random((n, n)) < 0.3)
    over = 100 * np.maximum(np.arange(int(weight.sum()) + 1) - (int(weight.sum()) // 4 + 2), 0)
    together = np.isin(np.arange(n), (0, 5, 9)).astype(int)
    terms = [
        pairs_of(np.minimum(table, table.T)),
        Count(name="capacity", must=True, value=weight, penalty=[over]),
        Count(name="together", must=True, value=together, penalty=[[0, 67, 67, 0]]),
        Pair(name="apart", must=True, first=[0, 1], second=[2, 9], points=[100, 100]),
    ]
    problem = Problem(size=np.ones(n), groups=[Group(f"G{g}", 1, n) for g in range(4)], terms=terms)
    solution = engine.solve(problem, time_limit=1.5, workers=1, reproducible=True)
    assert solution.group_of is not None
    assert solution.cost is not None
    assert faults(problem, solution.group_of, solution.cost, solution.bound) == []
    assert len({int(solution.group_of[i]) for i in (0, 5, 9)}) == 1
    without = engine.solve(problem, time_limit=1.5, workers=1, reproducible=True, without=["pairs"])
    assert solution.bound is not None
    assert without.cost is not None
    assert solution.bound <= without.cost


def test_medium_bound_is_below_a_known_division() -> None:
    rng = np.random.default_rng(5)
    table = -rng.integers(0, 100, (60, 60))
    problem = Problem(
        size=np.ones(60), groups=[Group(f"G{g}", 9, 11, required=True) for g in range(6)], terms=[pairs_of(table)]
    )
    kernel, model = Kernel(problem), edges(Kernel(problem))
    assert model is not None
    found = found_by_search(problem, 1.0)
    assert found is not None
    simple = degree_bound(model) + model.base
    linear = EdgeBound(model, Clock(10.0))
    relaxed = linear.solve(5.0)
    assert relaxed is not None
    assert simple <= found[0]
    assert simple <= relaxed.bound + model.base + 1 <= found[0] + 1
    assert (model.fewest, model.most) == (270, 6 // 2 * (11 * 10 // 2 + 9 * 8 // 2))
    assert kernel.cost(np.array(found[1])) == found[0]


@pytest.mark.parametrize("seed", range(6))
def test_no_division_breaks_a_cut(seed: int) -> None:
    """Whatever the fractional solution is that the cuts were found for."""
    nodes = 7
    weights = np.random.default_rng(seed).integers(-9, 10, (nodes, nodes))
    problem = Problem.from_arrays(weights + weights.T, groups="any")
    model = edges(Kernel(problem))
    assert model is not None
    linear = EdgeBound(model, Clock(10.0))
    table = np.zeros((nodes, nodes))
    side = np.random.default_rng(seed).permutation(nodes) < 3
    across = np.random.default_rng(seed).choice([0.5, 2 / 3], len(linear.first))
    table[linear.first, linear.second] = across * (side[linear.first] != side[linear.second])
    table += table.T
    camps = linear._camps(table)
    rows = [row for _, row in [*camps, *linear._stars(table), *linear._triangles(table)]]
    assert camps
    for labels in product(range(4), repeat=nodes - 1):
        group_of = np.array([0, *labels])
        together = (group_of[linear.first] == group_of[linear.second]).astype(np.int64)
        assert all((row.factors * together[row.edges]).sum() <= row.high for row in rows)


def test_reproducible_runs_are_equal() -> None:
    problem = planted(5, 9, seed=2)
    one, two = (engine.solve(problem, time_limit=3, seed=4, workers=1, reproducible=True) for _ in range(2))
    assert one.group_of is not None
    assert two.group_of is not None
    assert np.array_equal(one.group_of, two.group_of)
    assert one.bound == two.bound


def test_what_is_no_pair_problem_is_left_to_others() -> None:
    size, groups = np.ones(4), [Group("G1", 1, 4), Group("G2", 1, 4)]
    pair = pairs_of(np.full((4, 4), -1))
    choice = Choice("place", ("a", "b"))
    focus = Focus(name="Place", choice="place", points=np.eye(4, 2, dtype=int), weight=1)
    assert suits(Kernel(Problem(size=size, groups=groups, terms=[pair])))
    assert not suits(Kernel(Problem(size=size, groups=groups, choices=[choice], terms=[pair, focus])))
    count = Count(name="c", weight=1, value=np.ones(4), penalty=np.ones((1, 5)))
    assert not suits(Kernel(Problem(size=size, groups=groups, terms=[count])))
    assert edges(Kernel(Problem(size=size, groups=groups, terms=[count]))) is None


def test_counts_that_are_sums_over_pairs_become_such() -> None:
    together = Count(name="together", weight=3, value=[1, 0, 1, 1], penalty=[[0, 67, 67, 0]])
    amount = Count(name="amount", weight=1, value=[1, 2, 0, 1], penalty=[[0, 1, 4, 9, 16]])  # the square of the sum
    kernel = Kernel(Problem(size=np.ones(4), groups=[Group("G", 1, 4)], terms=[together, amount]))
    part = pairwise(kernel, kernel.kinds[0])
    assert part.alone.tolist() == [201 + 1, 4, 201, 201 + 1]
    assert part.beside[0].tolist() == [0, 2 * 2, -201, -201 + 2]
    assert not part.counts


def test_plain_model_prices_pairs_once_and_capacities_without_a_table() -> None:
    value = np.array([100_000, 250_000, 70_000, 190_000])
    over = 100 * (np.arange(int(value.sum()) + 1) > 320_000)
    terms = [
        pairs_of([[0, -5, -1, 2], [0, 0, -4, -9], [0, 0, 0, -3], [0] * 4]),
        Count(name="c", must=True, value=value, penalty=[over]),
    ]
    problem = Problem(size=np.ones(4), groups=[Group(f"G{g}", 1, 4) for g in range(3)], terms=terms)
    model = assignment.build(problem)
    assert len(model.together) == 6
    truth = brute_force(problem)
    answer, found = assignment.solve(problem, Clock(10.0), 10.0, 1, 0, objective=True, start=truth.group_of)
    assert answer.bound == truth.cost
    assert found is not None
    assert score(problem, found).cost == truth.cost


def test_best_is_none_without_a_division_that_keeps_the_rules() -> None:
    value = np.array([3, 3, 3])
    rule = Count(name="c", must=True, value=value, penalty=[[0, 0, 0, 100] + [100] * 6])
    problem = Problem(size=np.ones(3), groups=[Group("G", 1, 3)], terms=[pairs_of(np.full((3, 3), -1)), rule])
    template = Template(Kernel(problem))
    sums = template.sums(template.data(7), np.zeros(3, dtype=np.int64))
    assert sums.total[BEST] == pairs.FAR
    assert engine.solve(problem, time_limit=2).status == "infeasible"
