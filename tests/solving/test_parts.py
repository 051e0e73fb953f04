"""Problems that fall apart: pieces solved by themselves add up to the whole, and what is coupled stays whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers import least_cost, problems
from tests.solving.test_oracle import SETTINGS, agree

from grouping.problem import Group, Pair, Placement, Problem
from grouping.scoring import score
from grouping.solving import engine
from grouping.solving.clock import Control
from grouping.solving.parts import joined, rest, separated, start_in


def apart(problem: Problem, side: list[int], cut: int) -> Problem:
    """Return the problem with items of side 0 kept to the groups before the cut, the others to those from it on."""
    left, right = tuple(range(cut)), tuple(range(cut, len(problem.groups)))
    kept = [Placement(f"S{i}", i, right if at else left) for i, at in enumerate(side)]
    return replace(problem, placements=(*problem.placements, *kept))


@settings(SETTINGS, max_examples=80)
@given(data=st.data(), problem=problems(members=(2, 6), groups=(2, 3), strict=False))
def test_pieces_add_up_to_the_whole(data: st.DataObject, problem: Problem) -> None:
    side = data.draw(st.lists(st.integers(0, 1), min_size=len(problem.size), max_size=len(problem.size)))
    cut = data.draw(st.integers(1, len(problem.groups) - 1))
    split = apart(problem, side, cut)
    agree(split)
    pieces = separated(split)
    if len(pieces) > 1:
        costs = [least_cost(piece.problem) for piece in pieces]
        whole = least_cost(split)
        if None in costs:
            assert whole is None
        else:
            assert whole == sum(cost for cost in costs if cost is not None) + rest(split, pieces)


def two_sides(**changes: Any) -> Problem:
    """Return eight items: 0–3 in groups A and B, 4–7 in C and D; pairs 0–1 and 4–5 gain by being together, 3–4 too."""
    points = Pair(name="ties", weight=2, first=[0, 4, 3], second=[1, 5, 4], points=[-10, -20, -40], offset=70)
    groups = [Group(name, 2, 2) for name in "ABCD"]
    placements = [Placement("side", i, (0, 1) if i < 4 else (2, 3)) for i in range(8)]
    return Problem(**{"size": np.ones(8), "groups": groups, "terms": (points,), "placements": placements, **changes})


def test_offsets_count_once_and_pairs_across_are_lost() -> None:
    problem = two_sides()
    pieces = separated(problem)
    assert [piece.items.tolist() for piece in pieces] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert [piece.groups.tolist() for piece in pieces] == [[0, 1], [2, 3]]
    solution = engine.solve(problem)
    assert (solution.status, solution.cost, solution.bound) == ("optimal", 80, 80)  # 2 × (70 − 10 − 20)
    assert solution.group_of is not None
    assert score(problem, solution.group_of).cost == 80
    assert solution.provenance["pieces"] == 2
    assert rest(problem, pieces) == 80


@pytest.mark.parametrize(("limits", "pieces"), [
    ({"least": 4}, 2), ({"most": 4}, 2),
    ({"groups": [Group(name, 2, 4) for name in "ABCD"], "least": 3}, 1),
    ({"groups": [Group(name, 2, 4) for name in "ABCD"], "most": 3}, 1),
    ({"groups": [Group(name, 2, 4) for name in "ABCD"], "least": 2}, 2),
    ({"groups": [Group(name, 2, 4, required=True) for name in "ABCD"], "least": 4}, 2),
    ({"placements": ()}, 1),
])  # fmt: skip
def test_the_number_of_groups_may_couple(limits: dict[str, Any], pieces: int) -> None:
    problem = two_sides(**limits)
    assert len(separated(problem)) == pieces
    agree(problem)


def test_a_group_that_nobody_may_be_in_stays_empty_unless_it_is_required() -> None:
    more = [Group(name, 2, 2) for name in "ABCD"]
    solution = engine.solve(two_sides(groups=[*more, Group("E", 1, 2)]))
    assert solution.status == "optimal"
    assert solution.provenance["pieces"] == 2
    assert engine.solve(two_sides(groups=[*more, Group("E", 1, 2, required=True)])).status == "infeasible"


def test_an_infeasible_piece_is_an_infeasible_whole() -> None:
    clash = Pair(name="apart", must=True, first=[4, 4, 5], second=[5, 6, 6], points=[1, 1, 1])
    assert engine.solve(two_sides(terms=(clash,))).status == "infeasible"


def test_starts_controls_and_seeds_reach_the_pieces() -> None:
    problem = two_sides()
    given_start = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    solution = engine.solve(problem, start=given_start, reproducible=True)
    assert (solution.status, solution.cost) == ("optimal", 80)
    control = Control()
    control.stop()
    seen: list[engine.Progress] = []
    stopped = engine.solve(problem, start=given_start, control=control, on_progress=seen.append)
    assert stopped.cost == 80
    first = separated(problem)[0]
    assert start_in(first, np.array([0, 0, 1, 1, 0, 0, 1, 1])) is not None
    assert start_in(first, np.array([2, 2, 1, 1, 0, 0, 1, 1])) is None
    assert start_in(first, None) is None


def test_joined_tells_the_weakest_end() -> None:
    problem = two_sides()
    pieces = separated(problem)
    solutions = [engine.solve(piece.problem) for piece in pieces]
    weaker = replace(solutions[1], status="feasible", cost=5, bound=None, provenance={"stopped_by": "limit"})
    both = joined(problem, pieces, [solutions[0], weaker])
    assert (both.status, both.cost, both.provenance["stopped_by"]) == ("feasible", 85, "limit")
    assert both.bound == 80
