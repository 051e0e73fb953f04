"""How instances are put to the solver, on tiny ones that brute force can check."""

from __future__ import annotations

from itertools import product

import numpy as np
from benchmarks import instances, readers

import grouping as gp

TEAMS = readers.Teams(
    teams=3,
    rating=(10, 8, 7, 4, 9, 2),
    board=(1, 1, 1, 2, 2, 2),
    requests={(0, 3): 1, (0, 4): 2, (1, 5): 1, (2, 3): 1},
)


def team_value(data: readers.Teams, team_of: tuple[int, ...]) -> int | None:
    """Return the value of a division into teams, None if a team has not one player of every board."""
    boards = {(team, board) for team, board in zip(team_of, data.board, strict=True)}
    if len(boards) < len(team_of):
        return None
    sums = [sum(r for r, t in zip(data.rating, team_of, strict=True) if t == team) for team in range(data.teams)]
    met = sum(points for (i, j), points in data.requests.items() if team_of[i] == team_of[j])
    return 1000 * met - (max(sums) - min(sums))


def test_windows_find_and_prove_the_best_teams() -> None:
    divisions = product(range(3), repeat=6)
    truth = max(value for d in divisions if (value := team_value(TEAMS, d)) is not None)
    cells = instances.Windows(TEAMS, 20.0, 0, {}).run()
    assert cells["value"] == truth
    assert cells["bound"] == truth
    assert cells["status"] == "optimal"


def test_guests_who_know_too_few_break_a_rule() -> None:
    knows = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]])
    rules = tuple(instances.knows_at_least(1, guest, knows) for guest in range(3))
    groups = (gp.Group("A", 1, 4), gp.Group("B", 1, 4))
    problem = gp.Problem(size=np.ones(4), groups=groups, terms=rules)
    for tables in product((0, 1), repeat=4):
        alone = [
            guest
            for guest in range(3)
            if not any(other != guest and tables[other] == tables[guest] and knows[guest, other] for other in range(4))
        ]
        assert bool(gp.score(problem, tables).violations) == bool(alone)


def test_handover_keeps_exact_capacities() -> None:
    weights = np.array([[0, 9, 0, 1], [0, 0, 1, 0], [0, 0, 0, 4], [0, 0, 0, 0]])
    # together, the first two weigh 2.01: rounded down to tenths they would fit
    data = readers.Diverse(weights, ((0, 2.0), (0, 2.0), (0, 2.0)), (1.004, 1.006, 0.5, 0.5))
    cells = instances.handover(data, 20.0, 0, {})
    assert cells["value"] == 4
    assert cells["bound"] == 13
    assert cells["status"] == "feasible"
    exact = instances.handover(readers.Diverse(weights, ((0, 2.1),) * 3, data.loads), 20.0, 0, {})
    assert (exact["value"], exact["bound"], exact["status"]) == (13, 13, "optimal")


def test_every_file_is_listed_once_and_has_a_limit() -> None:
    names = [case.name for case in instances.cases(smoke=False)]
    assert len(names) == len(set(names)) == 57 + 18 + 8 + 4 + 3 + 2
    assert instances.limit_of("mdgp", "Geo_n480_ds_01.txt") == 120
    assert instances.limit_of("mdgp", "Geo_n010_ds_01.txt") == 60
