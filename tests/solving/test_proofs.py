"""Proofs on the sample branch for every way of asking for groups, and with costs of every magnitude."""

from __future__ import annotations

import numpy as np
import pytest
from tests.helpers import brute_force

import grouping as gp
from grouping.policy.compiling import compile_parts
from grouping.problem import Focus, Problem
from grouping.solving import engine


@pytest.mark.parametrize("groups", [5, (5, 6), ["A", "B", "C", "D", "E"]])
def test_a_given_number_of_groups_is_proven_too(groups: object) -> None:
    """A fixed number is one linear row twice; both of its prices belong to the price of a group."""
    roster = gp.read_roster(gp.sample_path("branch_42"))
    (part,) = compile_parts(roster, gp.Policy.balanced(size=(6, 12), groups=groups))  # type: ignore[arg-type]
    found = engine.solve(part.problem, time_limit=60)
    assert found.status == "optimal"
    assert found.bound == found.cost


@pytest.mark.parametrize("shift", [0, 10, 20, 30, 36, 42])
@pytest.mark.parametrize("seed", range(4))
def test_bounds_hold_for_costs_of_every_magnitude(shift: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SMALL", 0)
    monkeypatch.setattr(engine, "TINY", 0)
    rng = np.random.default_rng(seed)
    meal = gp.Choice("meal", ("a", "b", "c"))
    likes = Focus(name="likes", choice="meal", points=rng.integers(0, 100, (7, 3)), weight=1 << shift)
    groups = tuple(gp.Group(f"G{i}", 2, 4) for i in range(3))
    problem = Problem(size=np.ones(7), groups=groups, choices=(meal,), terms=(likes,), least=1)
    truth = brute_force(problem)
    found = engine.solve(problem, time_limit=20)
    assert found.cost == truth.cost
    assert found.bound is not None
    assert found.cost is not None
    assert 0 <= found.bound <= found.cost


def test_many_things_to_look_after_cost_no_plan() -> None:
    """With more things of size 0 than can be listed, there is a plan and a bound all the same."""
    rng = np.random.default_rng(0)
    size = np.array([1] * 24 + [0] * 24)
    place = gp.Choice("place", tuple("abcdef"))
    near = Focus(name="near", choice="place", points=rng.integers(0, 100, (48, 6)), weight=1)
    groups = tuple(gp.Group(f"G{i}", 4, 8) for i in range(5))
    problem = Problem(size=size, groups=groups, choices=(place,), terms=(near,), least=3)
    found = engine.solve(problem, time_limit=4)
    assert found.cost is not None
    assert found.bound is not None
    assert 0 <= found.bound <= found.cost
