"""What becomes of a linear solver that breaks down."""

from __future__ import annotations

import logging

import pytest
from ortools.math_opt.python import mathopt

from grouping.solving.linear import solved


@pytest.mark.parametrize("error", [AttributeError, RuntimeError, ValueError])
def test_a_breakdown_is_no_solution(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object, **options: object) -> None:
        raise error("ABNORMAL")

    monkeypatch.setattr(mathopt, "solve", broken)
    with caplog.at_level(logging.WARNING):
        assert solved(mathopt.Model()) is None
    assert error.__name__ in caplog.text


def test_a_solution_is_returned() -> None:
    model = mathopt.Model()
    x = model.add_variable(lb=1.0, ub=3.0)
    model.minimize(2 * x)
    for solver in (model, mathopt.IncrementalSolver(model, mathopt.SolverType.GLOP)):
        result = solved(solver)
        assert result is not None
        assert result.objective_value() == 2.0
