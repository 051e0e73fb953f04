"""The rival's problem at the waist costs what its formula says, for every division of a tiny roster."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from benchmarks import rival

import grouping as gp

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = [
    {"id": 1, "hours": ["9", "10"], "gender": "F", "years": 3, "job": "a"},
    {"id": 2, "hours": ["10"], "gender": "M", "years": 9, "job": "b"},
    {"id": 3, "hours": ["11", "9"], "gender": "M", "years": 4, "job": "a"},
    {"id": 4, "hours": ["11"], "gender": "F", "years": 3, "job": "c"},
    {"id": 5, "hours": ["9"], "gender": "X", "years": 7, "job": "a"},
]
CONSTRAINTS = [
    {"attribute": "hours", "type": "cluster", "weight": 20},
    {"attribute": "gender", "type": "diversify", "weight": 10},
    {"attribute": "years", "type": "cluster_numeric", "weight": "5"},
    {"attribute": "job", "type": "different", "weight": 3},
]


def test_cost_is_the_formula_s_for_every_division() -> None:
    problem = rival.as_problem(PEOPLE, CONSTRAINTS, 2)
    assert [group.lo for group in problem.groups] == rival.team_sizes(5, 2) == [3, 2]
    for team_of in set(permutations([0, 0, 0, 1, 1])):
        scored = gp.score(problem, team_of)
        assert not scored.violations
        assert scored.cost == rival.total_cost(team_of, PEOPLE, CONSTRAINTS)


def test_formula_by_hand() -> None:
    # hours: one of three without "9", both of two have "11"; gender: 0.4 of 3 and of 2 round to one F and one M, which
    # both teams have; years: 3 to 9 and 3 to 4; job: one "a" beyond the first
    team_of = [0, 0, 1, 1, 0]
    assert rival.total_cost(team_of, PEOPLE, CONSTRAINTS[:1]) == 20
    assert rival.total_cost(team_of, PEOPLE, CONSTRAINTS[1:2]) == 0
    assert rival.total_cost(team_of, PEOPLE, CONSTRAINTS[2:3]) == 5 * (6 + 1)
    assert rival.total_cost(team_of, PEOPLE, CONSTRAINTS[3:]) == 3


def test_cells_and_records(tmp_path: Path) -> None:
    source = tmp_path / "people.csv"
    source.write_text("id,when,jobs\n1,\"['a', 'b']\",x;y\n2,['c'],z\n", encoding="utf-8")
    assert rival.read_records(source) == [
        {"id": 1, "when": ["a", "b"], "jobs": ["x", "y"]},
        {"id": 2, "when": ["c"], "jobs": ["z"]},
    ]


def test_hours_in_utc() -> None:
    assert rival.shared_hours("Asia/Tokyo", ["Morning"]) == ["22", "23", "0", "1", "2"]
