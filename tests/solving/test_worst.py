"""Ceilings and the worst group first, against brute force."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers import BROKEN, brute_force, problems, worst_costs

from grouping.problem import Choice, Focus, Group, Problem
from grouping.scoring import faults, score, worst_of
from grouping.solving import assignment, engine
from grouping.solving.clock import Clock

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SETTINGS = settings(
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


def plain(points: ArrayLike, *sizes: tuple[int, int], **more: object) -> Problem:
    """Return a problem in which every group takes one option, the first or the second."""
    table = np.array(points)
    focus = Focus(name="meal", choice="meal", points=table, weight=1)
    groups = tuple(Group(f"G{g}", *size) for g, size in enumerate(sizes))
    meal = Choice("meal", tuple("ab"[: table.shape[1]]))
    return Problem(size=np.ones(len(table)), groups=groups, choices=(meal,), terms=(focus,), **more)  # type: ignore[arg-type]


def agree(problem: Problem) -> None:
    """Hold an answer with the worst group first against brute force: the least ceiling, then the least cost."""
    truth = brute_force(problem)
    solution = engine.solve(replace(problem, worst_first=True), time_limit=10)
    if truth.cost is None:
        assert solution.status == "infeasible"
        return
    worst = worst_costs(problem)
    kept = truth.costs < BROKEN // 2
    least = min(value for value, good in zip(worst, kept, strict=True) if good)
    cost = min(int(c) for c, w, good in zip(truth.costs, worst, kept, strict=True) if good and w == least)
    assert solution.group_of is not None
    assert (solution.worst, solution.cost) == (least, cost)
    assert (solution.status, solution.worst_bound, solution.bound) == ("optimal", least, cost)
    assert faults(problem, solution.group_of, cost, cost, least, least) == []


def under(problem: Problem, ceiling: Fraction) -> None:
    """Hold every engine's answer under a ceiling against brute force."""
    asked = replace(problem, ceiling=ceiling)
    truth = brute_force(asked)
    for objective in (True, False):
        answer, found = assignment.solve(asked, Clock(10), 10, 1, 0, objective=objective)
        assert (answer.status == "infeasible") == (truth.cost is None)
        assert found is None or not score(asked, found).violations
        assert not objective or truth.cost is None or answer.bound == truth.cost
    solution = engine.solve(asked, time_limit=10)
    assert (solution.status, solution.cost) == (("infeasible", None) if truth.cost is None else ("optimal", truth.cost))


def test_the_scorer_names_groups_above_a_ceiling() -> None:
    problem = plain([[4], [3], [0]], (1, 2), (1, 2))
    place = np.array([0, 0, 1])
    assert worst_of(problem, place, score(problem, place)) == Fraction(7, 2)
    assert not score(replace(problem, ceiling=Fraction(7, 2)), place).violations
    (broken,) = score(replace(problem, ceiling=Fraction(10, 3)), place).violations
    assert (broken.rule, broken.group, broken.items, broken.amount) == ("ceiling", 0, (0, 1), 1)  # 7 − 20/3, rounded up


def test_the_worst_group_decides_before_the_cost() -> None:
    """Four likes a, and two who like b: the cheapest has a pair of them, the fairest spreads the loss."""
    points = [[0, 9], [0, 9], [0, 9], [0, 9], [6, 0], [8, 2]]
    problem = plain(points, (2, 4), (2, 4))
    assert engine.solve(problem).cost == 2
    fair = engine.solve(replace(problem, worst_first=True))
    assert (fair.worst, fair.cost, fair.status) == (Fraction(1), 2, "optimal")
    spread = plain([[9], [1], [1], [1]], (1, 3), (1, 3))
    assert engine.solve(replace(spread, worst_first=True)).worst == Fraction(11, 3)


def test_a_claim_about_the_worst_group_is_checked() -> None:
    problem = plain([[4], [3], [0]], (1, 2), (1, 2))
    assert faults(problem, [0, 0, 1], 7, 7, Fraction(7, 2), Fraction(3)) == []
    assert "claimed to cost 3" in faults(problem, [0, 0, 1], 7, 7, Fraction(3))[0]
    assert "above what the worst group costs" in faults(problem, [0, 0, 1], 7, 7, Fraction(7, 2), Fraction(4))[0]


def test_a_ceiling_survives_a_slice_and_a_digest() -> None:
    problem = plain([[4], [3], [0]], (1, 2), (1, 2))
    capped = replace(problem, ceiling=Fraction(7, 2))
    assert capped.digest != problem.digest
    assert capped.to_dict()["ceiling"] == [7, 2]


@SETTINGS
@given(problem=problems(members=(1, 5)), ceiling=st.fractions(-50, 300, max_denominator=6))
def test_under_a_ceiling(problem: Problem, ceiling: Fraction) -> None:
    under(problem, ceiling)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        patch.setattr(engine, "TINY", 0)
        under(problem, ceiling)


@SETTINGS
@given(problem=problems(members=(1, 5)), ceiling=st.fractions(-50, 300, max_denominator=6))
def test_under_a_ceiling_by_column_generation(problem: Problem, ceiling: Fraction) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        patch.setattr(engine, "TINY", 0)
        patch.setattr(engine._Run, "listable", False)
        under(problem, ceiling)


@SETTINGS
@given(problem=problems())
def test_worst_first(problem: Problem) -> None:
    agree(problem)


@SETTINGS
@given(problem=problems(plain_things=False, things=2, members=(1, 4)))
def test_worst_first_with_things_that_matter(problem: Problem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        patch.setattr(engine, "TINY", 0)
        agree(problem)
