"""A bound for cases too large to hand to CP-SAT as they are: prices of all rows, and what options cost beside them.

The linear solver only suggests prices. Rounded to integers they prove a bound, whatever they are: what the rows say at
these prices, plus, for every variable, the better end of its range at what it costs beside them. A Boolean that costs
more beside them than the gap is 1 in no better solution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.linear_solver.python import model_builder_helper as helper

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from grouping.problem import IntArray

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
SCALE = 2**14
"""Prices are counted in so many parts of a cost point."""
_MOST = 2**44
"""Largest price, so that all sums stay exact in 64 bits."""
_ENDLESS = 2**60
"""Ends of a domain beyond which there is no end."""


@dataclass(frozen=True)
class Bound:
    """What prices prove.

    Attributes
    ----------
    cost : no solution costs less
    exact : the same in 1 / `SCALE` of a cost point, not rounded
    reduced : of every variable by index, what it costs beside the prices, in the same unit
    value : of every variable, in the linear solution; only a suggestion
    """

    cost: int
    exact: int
    reduced: IntArray
    value: FloatArray


@dataclass(frozen=True)
class _Row:
    variables: list[int]
    factors: list[int]
    low: int | None
    high: int | None


def bound_of(model: cp_model.CpModel, seconds: float) -> Bound | None:
    """Return what the linear relaxation of a model proves; None when it is not solved in time, or costs are too large.

    Rows under a condition are left out, which can only lower the bound.
    """
    proto = model.proto
    count = len(proto.variables)
    domains = [list(variable.domain) for variable in proto.variables]  # its own last entry is not at [-1]
    low = np.array([domain[0] for domain in domains], dtype=np.int64)
    high = np.array([domain[-1] for domain in domains], dtype=np.int64)
    cost = np.zeros(count, dtype=np.int64)
    constant = _objective(proto.objective, cost)
    if np.abs(cost).max(initial=0) >= _MOST:
        return None
    rows = [row for constraint in proto.constraints for row in _rows(constraint)]
    found = _relax(rows, cost, low, high, seconds)
    if found is None:
        return None
    prices, value = found
    return _prove(rows, prices, cost, constant, low, high, value)


def _objective(objective: Any, cost: IntArray) -> int:
    """Write the costs of all variables, and return the constant; the factor of an objective to be minimised is 1."""
    constant: int = round(objective.offset)
    for ref, factor in zip(objective.vars, objective.coeffs, strict=True):
        if ref >= 0:
            cost[ref] += factor
        else:
            cost[-ref - 1] -= factor
            constant += factor
    return constant


def _rows(constraint: Any) -> list[_Row]:
    """Return the linear rows that a constraint means; none where it holds on a condition only or is of another kind."""
    condition = list(constraint.enforcement_literal)
    if constraint.has_bool_or():  # one of the literals, or one of the conditions does not hold
        return [_one_of([*constraint.bool_or.literals, *(-ref - 1 for ref in condition)])]
    if constraint.has_bool_and():
        return [_one_of([ref, *(-ref - 1 for ref in condition)]) for ref in constraint.bool_and.literals]
    if condition:
        return []
    if constraint.has_linear():
        linear = constraint.linear
        low, *_, high = linear.domain
        ends = (low if low > -_ENDLESS else None, high if high < _ENDLESS else None)
        return [_positive(list(linear.vars), list(linear.coeffs), *ends)]
    for name, least in (("at_most_one", None), ("exactly_one", 1)):
        if getattr(constraint, f"has_{name}")():
            literals = list(getattr(constraint, name).literals)
            return [_positive(literals, [1] * len(literals), least, 1)]
    return []


def _one_of(literals: list[int]) -> _Row:
    return _positive(literals, [1] * len(literals), 1, None)


def _positive(refs: list[int], factors: list[int], low: int | None, high: int | None) -> _Row:
    """Return a row over variables; a negated literal is 1 less its variable."""
    shift = sum(factor for ref, factor in zip(refs, factors, strict=True) if ref < 0)
    return _Row(
        [ref if ref >= 0 else -ref - 1 for ref in refs],
        [factor if ref >= 0 else -factor for ref, factor in zip(refs, factors, strict=True)],
        None if low is None else low - shift,
        None if high is None else high - shift,
    )


def _relax(
    rows: list[_Row], cost: IntArray, low: IntArray, high: IntArray, seconds: float
) -> tuple[FloatArray, FloatArray] | None:
    """Return the prices of rows and the values of variables in the linear relaxation."""
    model = helper.ModelBuilderHelper()
    for a, b, c in zip(low.tolist(), high.tolist(), cost.tolist(), strict=True):
        variable = model.add_var()
        model.set_var_lower_bound(variable, a)
        model.set_var_upper_bound(variable, b)
        model.set_var_objective_coefficient(variable, c)
    for row in rows:
        made = model.add_linear_constraint()
        model.set_constraint_lower_bound(made, -math.inf if row.low is None else row.low)
        model.set_constraint_upper_bound(made, math.inf if row.high is None else row.high)
        for variable, factor in zip(row.variables, row.factors, strict=True):
            model.add_term_to_constraint(made, variable, factor)
    solver = helper.ModelSolverHelper("glop")
    solver.set_time_limit_in_seconds(max(0.1, seconds))
    solver.solve(model)
    if not solver.has_solution() or solver.status() != helper.SolveStatus.OPTIMAL:
        return None
    return np.asarray(solver.dual_values()), np.asarray(solver.variable_values())


def _prove(
    rows: list[_Row],
    prices: FloatArray,
    cost: IntArray,
    constant: int,
    low: IntArray,
    high: IntArray,
    value: FloatArray,
) -> Bound:
    """Return the bound of prices rounded to integers; a price of the wrong sign for its row is 0."""
    reduced: IntArray = cost * SCALE
    total = constant * SCALE
    for row, suggested in zip(rows, prices.tolist(), strict=True):
        price = round(suggested * SCALE)
        end = row.low if price > 0 else row.high
        if not price or end is None or abs(price) > _MOST:
            continue
        total += price * end
        for variable, factor in zip(row.variables, row.factors, strict=True):
            reduced[variable] -= price * factor
    total += sum(int(one) for one in np.where(reduced > 0, reduced * low, reduced * high))
    return Bound(-(-total // SCALE), total, reduced, value)
