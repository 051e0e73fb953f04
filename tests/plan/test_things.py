from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.plan import things
from grouping.plan.things import place_teams
from grouping.problem import Choice, Focus, Group, Problem
from grouping.scoring import score


@st.composite
def cases(draw: st.DrawFn) -> tuple[Problem, np.ndarray]:
    """Draw a division of people, and teams that matter to options only."""
    people, teams, groups = draw(st.integers(2, 5)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    n = people + teams
    size = np.array([1] * people + [0] * teams)
    choices, terms = [], []
    for c in range(2):
        options = int(rng.integers(1, 4))
        room = rng.integers(1, 6, options) if rng.random() < 0.4 else None
        choices.append(Choice(f"c{c}", tuple(f"o{o}" for o in range(options)), room))
        for t in range(2):
            points = rng.choice([0, 0, 20, 50, 100], (n, options))
            must = bool(t and rng.random() < 0.3)
            if must:
                points[people:] = 0
            weight = 0 if must else int(rng.integers(1, 4))
            terms.append(Focus(name=f"t{c}{t}", choice=f"c{c}", points=points, weight=weight, must=must))
    problem = Problem(size=size, groups=[Group(f"G{g}", 1, 9) for g in range(groups)], choices=choices, terms=terms)
    place = np.concatenate([rng.integers(0, groups, people), np.full(teams, -1)])
    return problem, place


@settings(max_examples=80, deadline=None)
@given(cases())
def test_teams_go_where_they_cost_least(case: tuple[Problem, np.ndarray]) -> None:
    problem, place = case
    used = sorted(set(place[place >= 0].tolist()))
    loose = np.flatnonzero(place < 0)
    costs = []
    for where in product(used, repeat=len(loose)):
        trial = place.copy()
        trial[loose] = where
        costs.append(score(problem, trial).cost)
    found = place_teams(problem, place)
    assert (found[place >= 0] == place[place >= 0]).all()
    assert set(found[loose].tolist()) <= set(used)
    assert score(problem, found).cost == min(costs)
    exact, things.EXACT = things.EXACT, 0
    try:
        greedy = place_teams(problem, place)
    finally:
        things.EXACT = exact
    assert set(greedy[loose].tolist()) <= set(used)
    assert score(problem, greedy).cost >= min(costs)


@pytest.mark.parametrize("place", [[-1, -1, -1], [0, 0, 0]])
def test_nothing_to_place(place: list[int]) -> None:
    focus = Focus(name="t", choice="c", points=np.zeros((3, 1)), weight=1)
    problem = Problem(size=np.array([1, 1, 0]), groups=[Group("G", 1, 3)], choices=[Choice("c", ("o",))], terms=[focus])
    assert place_teams(problem, np.array(place)).tolist() == place
