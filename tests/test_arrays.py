"""Problems from arrays: the value read back is the one counted straight from the matrix, and every fault is told."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import grouping as gp

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

W = np.array([[0, 5, -3, 0], [5, 0, 4, 0], [-3, 4, 0, 2], [0, 0, 2, 0]])


def value(matrix: NDArray[Any], group_of: Any) -> float:
    """Return the sum of the weights inside groups, each pair once, and of the diagonal."""
    n = len(matrix)
    pairs = [matrix[i, j] for i in range(n) for j in range(i + 1, n) if group_of[i] == group_of[j]]
    return float(sum(pairs) + np.trace(matrix))


def best(matrix: NDArray[Any], groups: int, sense: str, allowed: Callable[[tuple[int, ...]], bool]) -> float | None:
    """Return the best value of all divisions, by trying them."""
    values = [value(matrix, d) for d in product(range(groups), repeat=len(matrix)) if allowed(d)]
    return (max if sense == "max" else min)(values, default=None)


def solved(problem: gp.Problem) -> tuple[gp.Solution, float]:
    """Return a proven solution and its value."""
    solution = gp.solve(problem, time_limit=10)
    assert solution.status == "optimal"
    assert solution.cost is not None
    return solution, problem.value_of(solution.cost)


def faults(*args: Any, **named: Any) -> list[str]:
    """Return what is said to be wrong."""
    with pytest.raises(gp.InputError) as caught:
        gp.Problem.from_arrays(*args, **named)
    return [str(issue) for issue in caught.value.issues]


def test_a_known_clique_partition() -> None:
    problem = gp.Problem.from_arrays(W, groups="any")
    solution, found = solved(problem)
    assert found == 8  # all four together: 5 - 3 + 4 + 2
    assert value(W, solution.group_of) == 8


class Sparse:
    """What is needed of a scipy sparse matrix; entries of the same place add up."""

    def __init__(self, matrix: NDArray[Any]) -> None:
        self.shape = matrix.shape
        self.row, self.col = np.nonzero(matrix)
        self.data = matrix[self.row, self.col]

    def tocoo(self) -> SimpleNamespace:
        halves = {"row": np.tile(self.row, 2), "col": np.tile(self.col, 2), "data": np.tile(self.data / 2, 2)}
        return SimpleNamespace(**halves)


def test_dense_sparse_triangle_and_edges_are_the_same_problem() -> None:
    edges = [(0, 1, 5), (2, 0, -3), (1, 2, 4), (2, 3, 2)]
    dense = gp.Problem.from_arrays(W, groups=2)
    others = [
        gp.Problem.from_arrays(np.triu(W), groups=2),
        gp.Problem.from_arrays(np.tril(W), groups=2),
        gp.Problem.from_arrays(W.tolist(), groups=2),
    ]
    assert {problem.digest for problem in others} == {dense.digest}
    for problem in (
        gp.Problem.from_arrays(Sparse(2 * W), groups=2),
        gp.Problem.from_arrays(edges=edges, items=4, groups=2),
    ):
        factor = 2 if problem.terms[0].points.sum() == 2 * dense.terms[0].points.sum() else 1
        for division in product((0, 1), repeat=4):
            cost = gp.score(problem, division).cost
            assert problem.value_of(cost) == factor * value(W, division)


def test_a_matrix_from_scipy() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    problem = gp.Problem.from_arrays(sparse.csr_matrix(W), groups=2)
    assert problem.digest == gp.Problem.from_arrays(W, groups=2).digest


def test_keys_name_items_everywhere() -> None:
    problem = gp.Problem.from_arrays(
        edges=[("a", "b", 1), ("b", "c", 1)], keys=["a", "b", "c"], groups=2, apart=[("a", "b")], together=[("a", "c")]
    )
    solution, found = solved(problem)
    assert found == 0
    assert solution.group_of is not None
    assert solution.group_of.tolist() in ([0, 1, 0], [1, 0, 1])
    assert problem.keys == ("a", "b", "c")


def test_decimals_are_kept_exactly_or_refused() -> None:
    tenths = W / 10
    assert gp.Problem.from_arrays(tenths, groups=2).measure.decimals == 1
    assert solved(gp.Problem.from_arrays(tenths, groups="any"))[1] == 0.8
    (fault,) = faults(W / 3, groups=2)
    assert "more than 9 decimals" in fault
    assert "decimals=3" in fault
    rounded = gp.Problem.from_arrays(W / 3, groups="any", decimals=2)
    assert solved(rounded)[1] == pytest.approx(1.67 - 1.00 + 1.33 + 0.67)


def test_value_and_cost_are_each_other_s_inverse() -> None:
    for sense in ("max", "min"):
        measure = gp.Problem.from_arrays(W / 100 + np.eye(4), groups=2, sense=sense).measure
        for cost in (-7, 0, 12, 999):
            assert measure.cost_of(measure.value_of(cost)) == cost


def test_number_of_groups() -> None:
    def limits(**named: Any) -> tuple[int, int, int | None]:
        problem = gp.Problem.from_arrays(W, **named)
        return len(problem.groups), problem.least, problem.most

    assert limits(groups="any") == limits() == (4, 1, 4)
    assert limits(groups="any", sizes=(2, 4)) == (2, 1, 2)
    assert limits(groups=2) == (2, 2, 2)
    assert limits(groups=(1, 3)) == (3, 1, 3)
    assert limits(sizes=[(1, 2), (2, 3)]) == (2, 2, 2)
    sizes = [(group.lo, group.hi) for group in gp.Problem.from_arrays(W, sizes=[(1, 2), (2, 9)]).groups]
    assert sizes == [(1, 2), (2, 4)]
    assert gp.Problem.from_arrays(W, groups=2, sizes=2, names=["x", "y"]).groups[1] == gp.Group(
        "y", 2, 2, required=True
    )


matrices = st.integers(2, 5).flatmap(
    lambda n: st.lists(st.integers(-30, 30), min_size=n * n, max_size=n * n).map(
        lambda entries: np.triu(np.array(entries).reshape(n, n)) / 10
    )
)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    matrix=matrices,
    sense=st.sampled_from(("max", "min")),
    groups=st.sampled_from((1, 2, (1, 3), "any")),
    loads=st.one_of(st.none(), st.lists(st.sampled_from((0.5, 1, 2.25)), min_size=5, max_size=5)),
    link=st.sampled_from(("", "together", "apart")),
)
def test_solutions_are_those_of_brute_force(
    matrix: NDArray[Any], sense: str, groups: Any, loads: list[float] | None, link: str
) -> None:
    n = len(matrix)
    loads = None if loads is None else loads[:n]
    least, most = (1, n) if groups == "any" else (groups, groups) if isinstance(groups, int) else groups

    def allowed(division: tuple[int, ...]) -> bool:
        used = set(division)
        sums = [sum(load for load, g in zip(loads or [], division, strict=False) if g == group) for group in used]
        linked = division[0] == division[n - 1]
        return (
            least <= len(used) <= most
            and (loads is None or all(0.5 <= total <= 4.25 for total in sums))
            and (link != "together" or linked)
            and (link != "apart" or not linked)
        )

    truth = best(matrix, most, sense, allowed)
    limits = {} if loads is None else {"loads": loads, "capacity": (0.5, 4.25)}
    links = {link: [(0, n - 1)]} if link else {}
    try:
        problem = gp.Problem.from_arrays(matrix, sense=sense, groups=groups, **limits, **links)
    except gp.InputError:
        assert truth is None
        return
    if truth is None:
        assert gp.solve(problem, time_limit=10).status == "infeasible"
        return
    solution, found = solved(problem)
    assert found == pytest.approx(truth)
    assert value(matrix, solution.group_of) == pytest.approx(truth)
    assert solution.bound is not None
    assert problem.value_of(solution.bound) == found


def test_a_capacity_for_every_group() -> None:
    problem = gp.Problem.from_arrays(W, sizes=[(1, 3), (1, 3)], loads=[1, 1, 1, 5], capacity=[(None, 3), (4, None)])
    solution, found = solved(problem)
    assert found == 7  # 5 of the first two, 2 of the others
    assert solution.group_of is not None
    assert solution.group_of.tolist() == [0, 0, 1, 1]


def test_every_fault_is_told_at_once() -> None:
    found = faults(W, groups=2, sizes=(3, 1), together=[(0, 9)], apart=[(1, 1)], keys=["a", "b", "c", "c"])
    assert len(found) == 4
    assert [fault.split(":")[0] for fault in found] == [
        "column 'keys'",
        "column 'sizes'",
        "column 'together'",
        "column 'apart'",
    ]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"groups": 2, "sizes": (1, 1)}, "hold at most 2 of 4"),
        ({"groups": 3, "sizes": (2, 3)}, "need at least 6 items"),
        ({"groups": 0}, "1 <= least"),
        ({"groups": "some"}, "groups is a number"),
        ({"sense": "best"}, "sense is"),
        ({"decimals": -1}, "decimals is"),
        ({"together": [(0, 1), (1, 2)], "apart": [(0, 2)]}, "items 0 and 2 have to be together and apart"),
        ({"together": [(0, 1, 2)], "sizes": (1, 2)}, "3 items (0, 1, 2 …) have to be together, a group holds 2"),
        ({"loads": [1, 1, 1, 1]}, "come together"),
        ({"loads": [1, 1, 1], "capacity": (0, 9)}, "numbers of items differ: weights 4, loads 3"),
        ({"loads": [1, 1, 1, 9], "capacity": (0, 8)}, "exceed every group's capacity"),
        ({"loads": [2, 2, 2, 2], "capacity": (0, 3), "groups": 2}, "cannot hold all loads"),
        ({"loads": [2, 2, 2, 2], "capacity": (5, 9), "groups": 2}, "cannot fill all groups"),
        ({"loads": [2, 2, 2, 2], "capacity": (3, 3), "groups": 2}, "no sum of loads"),
        ({"loads": [1, -1, 1, 1], "capacity": (0, 3)}, "not negative"),
        ({"loads": [1, 0.123457, 1, 1], "capacity": (0, 3)}, "coarser unit"),
        ({"loads": ["x", 1, 1, 1], "capacity": (0, 3)}, "no numbers"),
        ({"names": ["one"], "groups": 2}, "1 names for 2 groups"),
        ({"sizes": "ab"}, "whole numbers"),
        ({"sizes": 2.5}, "sizes is (least, most)"),
    ],
)
def test_faults(named: dict[str, Any], said: str) -> None:
    assert any(said in fault for fault in faults(W, **named)), faults(W, **named)


def test_faults_of_weights() -> None:
    assert "square" in faults(np.ones((2, 3)))[0]
    assert "neither symmetric nor a triangle" in faults(W + np.triu(W))[0]
    assert "finite" in faults(np.where(W == 5, np.nan, W))[0]
    assert "give either" in faults()[0]
    assert "need items" in faults(edges=[(0, 1, 1)])[0]
    assert "2^53" in faults(W * 2**52)[0]
    assert "too large to be added" in faults(np.triu(np.full((4, 4), 2**51)))[0]
    listed = faults(edges=[(0, 1, 1), (1, 0, 2), (1, 1, 3), (0, 7, 1), (1, 2)], items=3)
    assert len(listed) == 4
