"""Readers of public instances, on tiny instances made by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from benchmarks import readers

import grouping as gp


def test_diverse_grouping() -> None:
    data = readers.read_diverse("4 2 ds 1 3 2 2 \n0 1 2.5\n2 1 4\n0 3 1e0\n")
    assert data.limits == ((1, 3), (2, 2))
    assert data.loads is None
    assert data.weights.tolist() == [[0, 2.5, 0, 1], [0, 0, 4, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    with pytest.raises(ValueError, match="2 groups, but 3 limits"):
        readers.read_diverse("4 2 ss 1 2 3\n0 1 1")


def test_capacitated_clustering() -> None:
    data = readers.read_diverse("3 2 ds 5 9 5 9 W 4 5 6\n0 1 1.5\n1 2 0.5\n")
    assert data.limits == ((5, 9), (5, 9))
    assert data.loads == (4, 5, 6)
    with pytest.raises(ValueError, match="3 items, but 2 loads"):
        readers.read_diverse("3 1 ds 5 9 W 4 5\n0 1 1")


def test_handover_adds_both_directions() -> None:
    data = readers.read_handover("3 2 7.5\n1.25 2\n3\n0 1 2 3 0 4\n5 0 0")
    assert data.limits == ((0, 7.5), (0, 7.5))
    assert data.loads == (1.25, 2, 3)
    assert data.weights.tolist() == [[0, 4, 7], [0, 0, 4], [0, 0, 0]]


def test_triangle() -> None:
    assert readers.read_triangle("3\n1 -2\n5\n").tolist() == [[0, 1, -2], [0, 0, 5], [0, 0, 0]]


COMMUNITY = """
n= 3; k= 2; % a remark; with a semicolon
ML= [| 1, 2,
| 3, 3|];
CL= [| 3, 1|] ;
W= [| 7, 1, 2,
| 3, -1, 0,
| 4, 0, 5|] ;
"""


def test_communities_count_both_directions_and_the_diagonal_once() -> None:
    data = readers.read_community(COMMUNITY)
    assert data.weights.tolist() == [[7, 4, 6], [0, -1, 0], [0, 0, 5]]
    assert (data.most, data.together, data.apart) == (2, ((0, 1),), ((0, 2),))
    problem = gp.Problem.from_arrays(data.weights, groups=(1, data.most), together=data.together, apart=data.apart)
    solution = gp.solve(problem, time_limit=5)
    assert solution.cost is not None
    assert problem.value_of(solution.cost) == 7 - 1 + 5 + 4


TEAMS = """
teams = 2; boards = 2;
Rating = [10, 8, 7, 4]; Board = [1, 1, 2, 2]; Requestees = {2, 3};
SingleRequested = array2d(1..singleRequests,1..2,[4, 1, 1, 3]);
DoubleRequested = array2d(1..doubleRequests,1..2,[]);
"""


def test_teams() -> None:
    data = readers.read_teams(TEAMS)
    assert data == readers.Teams(2, (10, 8, 7, 4), (1, 1, 2, 2), {(0, 3): 1, (0, 2): 1})
    both = readers.read_teams(TEAMS.replace("[]", "[1, 4]"))
    assert both.requests == {(0, 3): 3, (0, 2): 1}


def test_wedding_and_the_value_inside() -> None:
    matrix = readers.read_wedding(json.dumps({"wedding_affinity": [[1, 5, 2], [5, 1, 0], [2, 0, 1]]}))
    assert readers.value_inside(np.triu(matrix, 1), [0, 0, 1]) == 5
    assert readers.value_inside(matrix, [0, 0, 1]) == 5 + 3
