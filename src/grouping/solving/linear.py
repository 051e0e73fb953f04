"""Solving a linear problem with OR-Tools' own simplex; when it breaks down, there is simply no solution."""

from __future__ import annotations

import logging

from ortools.math_opt.python import mathopt

log = logging.getLogger(__name__)


def solved(
    solver: mathopt.IncrementalSolver | mathopt.Model, limits: mathopt.SolveParameters | None = None
) -> mathopt.SolveResult | None:
    """Return what the simplex comes to, from its last basis for an incremental solver, or None when it breaks down.

    A breakdown ("ABNORMAL", numerical trouble) reaches Python as an error of a kind that differs between releases; in
    9.15 the translation of the status itself fails with an AttributeError. Nothing is lost: bounds rest on integers
    that any prices prove, and the engines have others to go on with.
    """
    limits = limits or mathopt.SolveParameters()
    try:
        if isinstance(solver, mathopt.IncrementalSolver):
            return solver.solve(params=limits)
        return mathopt.solve(solver, mathopt.SolverType.GLOP, params=limits)
    except (AttributeError, ArithmeticError, RuntimeError, ValueError) as error:
        log.warning("the linear solver broke down: %s", type(error).__name__)
        return None
