"""The engine against brute force: the same cost with a proof, or both infeasible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from tests.helpers import brute_force, problems

from grouping.scoring import faults
from grouping.solving import engine

if TYPE_CHECKING:
    from grouping.problem import Problem

SETTINGS = settings(
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


def agree(problem: Problem) -> engine.Solution:
    """Solve a problem, compare everything that is claimed with brute force, and return the solution."""
    seen: list[engine.Progress] = []
    truth = brute_force(problem)
    solution = engine.solve(problem, time_limit=5, on_progress=seen.append)
    if truth.cost is None:
        assert solution.status == "infeasible"
        assert solution.group_of is solution.cost is solution.bound is None
        return solution
    assert solution.status == "optimal"
    assert solution.cost == solution.bound == truth.cost
    assert solution.group_of is not None
    assert faults(problem, solution.group_of, truth.cost, solution.bound) == []
    for moment in seen:
        assert moment.bound is None or moment.bound <= truth.cost
        assert moment.cost is None or moment.cost >= truth.cost
    return solution


@SETTINGS
@given(problem=problems())
def test_listed_outright(problem: Problem) -> None:
    agree(problem)


@SETTINGS
@given(problem=problems())
def test_by_column_generation(problem: Problem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        agree(problem)


@settings(SETTINGS, max_examples=40)
@given(problem=problems(plain_things=False, things=2, members=(1, 4)))
def test_things_may_count_pair_and_lead_too(problem: Problem) -> None:
    agree(problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        agree(problem)


@settings(SETTINGS, max_examples=40)
@given(problem=problems(members=(2, 6)))
def test_by_column_generation_without_a_first_plan(problem: Problem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        patch.setattr(engine._Run, "_search", lambda run, until: None)
        patch.setattr(engine._Run, "_settle_rules", lambda run: None)
        agree(problem)
