"""The plain model in CP-SAT: one Boolean for each item and group, exact for every kind of term.

Its bound is weak, so it does not prove plans good; it settles whether the rules can be kept at all, finds a first
plan when local search cannot, and is the independent reading of the terms that the contract suite holds against the
scorer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ortools.sat.python import cp_model

from grouping.problem import BoolArray, Count, Focus, IntArray, Pair, Problem, Role, Term
from grouping.solving.cpsat import Answer, run

if TYPE_CHECKING:
    from grouping.solving.clock import Clock


@dataclass(frozen=True)
class Model:
    """A model with the variables that are read back.

    Attributes
    ----------
    inside : items × groups
    used : per group
    together : pair of items → whether they share a group, for pairs that every group pays for
    """

    model: cp_model.CpModel
    inside: list[list[cp_model.IntVar]]
    used: list[cp_model.IntVar]
    together: dict[tuple[int, int], cp_model.IntVar]


def build(problem: Problem, objective: bool = True) -> Model:
    """Return the model of a problem; without objective it only asks for the rules to be kept."""
    return Builder(problem, objective).build()


def fix(model: Model, group_of: IntArray) -> None:
    """Demand one division."""
    for row, group in zip(model.inside, group_of, strict=True):
        model.model.add(row[int(group)] == 1)


def order(model: Model, problem: Problem, group_of: IntArray) -> None:
    """Number interchangeable groups by their first member, in an order of choice, and hint a division so numbered.

    Does nothing but hint when groups are not all of one class. Members in many pairs come first: that decides most.
    """
    degree = np.zeros(len(problem.size), dtype=np.int64)
    for term in problem.terms:
        if isinstance(term, Pair):
            np.add.at(degree, term.first, np.abs(term.points) * term.weight)
            np.add.at(degree, term.second, np.abs(term.points) * term.weight)
    name = {int(g): int(g) for g in group_of}
    if len(problem.classes) == 1:
        rank = np.argsort(-degree, kind="stable")
        groups = len(problem.groups)
        for position, i in enumerate(rank[: groups - 1].tolist()):
            for g in range(position + 1, groups):
                model.model.add(model.inside[i][g] == 0)
        name = {g: new for new, g in enumerate(dict.fromkeys(group_of[rank].tolist()))}
    hinted = [name[int(g)] for g in group_of]
    for row, group in zip(model.inside, hinted, strict=True):
        for g, flag in enumerate(row):
            model.model.add_hint(flag, g == group)
    for g, used in enumerate(model.used):
        model.model.add_hint(used, g in hinted)
    for (i, j), both in model.together.items():
        model.model.add_hint(both, hinted[i] == hinted[j])


def solve(
    problem: Problem,
    clock: Clock,
    seconds: float,
    workers: int,
    seed: int,
    objective: bool,
    presolve: bool = True,
    start: IntArray | None = None,
) -> tuple[Answer, IntArray | None]:
    """Return CP-SAT's answer and the division it found, if any; ``start`` is a division to begin with."""
    model = build(problem, objective)
    if start is not None:
        order(model, problem, start)
    answer = run(model.model, clock, seconds, workers, seed, presolve)
    if answer.status not in ("optimal", "feasible"):
        return answer, None
    found = [next(g for g, flag in enumerate(row) if answer.value(flag)) for row in model.inside]
    return answer, np.array(found, dtype=np.int64)


class Builder:
    """Writes the model term by term; what a subclass changes is whether sizes, numbers, placements and rules hold."""

    def __init__(self, problem: Problem, objective: bool) -> None:
        self.problem = problem
        self.objective = objective
        self.priced = objective or problem.ceiling is not None
        self.model = cp_model.CpModel()
        self.costs: list[cp_model.LinearExprT] = []
        self.limited = 0
        items, groups = range(len(problem.size)), range(len(problem.groups))
        self.inside = [[self.model.new_bool_var(f"in_{i}_{g}") for g in groups] for i in items]
        self.used = [self.model.new_bool_var(f"used_{g}") for g in groups]
        self.together: dict[tuple[int, int], cp_model.IntVar] = {}
        self.member_count = [int(i) for i in np.flatnonzero(problem.size)]

    def build(self) -> Model:
        """Return the model."""
        problem, model = self.problem, self.model
        for row in self.inside:
            model.add_exactly_one(row)
            for g, flag in enumerate(row):
                model.add_implication(flag, self.used[g])
        self.place()
        self.number()
        for g in range(len(problem.groups)):
            self.limit(g)
            for choice in problem.choices:
                self._answer(choice.name, g)
            for seat in problem.seats:
                self._fill(seat, g)
            for term in problem.terms:
                if not term.applies_to(g) or not (term.must or (term.weight and self.priced)):
                    continue
                if isinstance(term, Count):
                    self._count(term, g)
                elif isinstance(term, Pair) and (term.must or term.groups is not None or problem.ceiling is not None):
                    self._pair(term, g)
            self._limit(g)
        if self.objective:
            if problem.ceiling is None:
                self._pairs_of_all()
            offset = sum(term.weight * term.offset for term in problem.terms if isinstance(term, Pair))
            model.minimize(sum(self.costs) + offset)
        return Model(model, self.inside, self.used, self.together)

    def place(self) -> None:
        """Keep items out of the groups that placements forbid."""
        for i, g in zip(*np.nonzero(~self.problem.allowed), strict=True):
            self.model.add(self.inside[i][g] == 0)

    def number(self) -> None:
        """Demand the number of groups, and the groups that have to be used."""
        self.model.add_linear_constraint(sum(self.used), self.problem.least, self.problem.at_most)
        for group, used in zip(self.problem.groups, self.used, strict=True):
            if group.required:
                self.model.add(used == 1)

    def limit(self, g: int) -> None:
        """Demand the limits of a group's size."""
        group, size = self.problem.groups[g], self.size(g)
        self.model.add(size >= group.lo).only_enforce_if(self.used[g])
        self.model.add(size <= group.hi)

    def under(self, term: Term) -> list[cp_model.IntVar]:
        """Return the literals that have to be true for a rule to be demanded; none demands it always."""
        return []

    def size(self, g: int) -> cp_model.LinearExprT:
        """Return the number of members in a group."""
        return cp_model.LinearExpr.sum([self.inside[i][g] for i in self.member_count])

    def _pay(self, cost: cp_model.LinearExprT) -> None:
        self.costs.append(cost)

    def _limit(self, g: int) -> None:
        """Keep what the group pays under the ceiling; the costs of this group are those added last."""
        paid, self.limited = self.costs[self.limited :], len(self.costs)
        if self.problem.ceiling is not None:
            top, under = self.problem.ceiling.numerator, self.problem.ceiling.denominator
            self.model.add(under * cp_model.LinearExpr.sum(paid) <= top * self.size(g))

    def _answer(self, name: str, g: int) -> None:
        problem, model = self.problem, self.model
        choice = next(choice for choice in problem.choices if choice.name == name)
        terms = [t for t in problem.terms if isinstance(t, Focus) and t.choice == name and t.applies_to(g)]
        if choice.capacity is None:
            terms = [t for t in terms if t.must or t.forbidden is not None or self.priced]
        if not terms:
            return
        picks = [model.new_bool_var(f"{name}_{g}_{o}") for o in range(len(choice.labels))]
        model.add_exactly_one(picks)
        rows = [[self.inside[i][g] for i in range(len(problem.size))]]
        total = np.zeros((len(problem.size), len(picks)), dtype=np.int64)
        fixed = np.zeros(len(picks), dtype=np.int64)
        for term in terms:
            off = [~literal for literal in self.under(term)] if term.must else []
            if term.must:
                for i, o in zip(*np.nonzero(term.points), strict=True):
                    model.add_bool_or([~self.inside[i][g], ~picks[o], *off])
                if term.fixed is not None:
                    for o in np.flatnonzero(term.fixed):
                        model.add_bool_or([~picks[o], ~self.used[g], *off])
            else:
                total += term.weight * term.points
                fixed += 0 if term.fixed is None else term.weight * term.fixed
            if term.forbidden is not None:
                for i, o in zip(*np.nonzero(term.forbidden), strict=True):
                    model.add_bool_or([~self.inside[i][g], ~picks[o], *off])
        if choice.capacity is not None:
            for o, room in enumerate(choice.capacity.tolist()):
                if room < problem.groups[g].hi:
                    model.add(self.size(g) <= room).only_enforce_if([picks[o], self.used[g]])
        if not self.priced or not (total.any() or fixed.any()):
            return
        worst = int(total.max(axis=1).sum() + fixed.max())
        cost = model.new_int_var(0, worst, f"cost_{name}_{g}")
        for o, pick in enumerate(picks):
            paid = cp_model.LinearExpr.weighted_sum(rows[0], total[:, o].tolist())
            model.add(cost >= paid + int(fixed[o])).only_enforce_if([pick, self.used[g]])
        self._pay(cost)

    def _fill(self, seat: str, g: int) -> None:
        problem, model = self.problem, self.model
        terms = [t for t in problem.terms if isinstance(t, Role) and t.seat == seat and t.applies_to(g)]
        terms = [t for t in terms if t.must or (t.weight and self.priced)]
        if not terms:
            return
        barred = np.zeros(len(problem.size), dtype=np.bool_)
        points = np.zeros(len(problem.size), dtype=np.int64)
        vacant = 0
        loose: list[tuple[cp_model.IntVar, BoolArray]] = []
        for term in terms:
            if term.must:
                unfit = ~(term.eligible & (term.points == 0))
                literals = self.under(term)
                barred |= unfit & (not literals)
                loose += [(literal, unfit) for literal in literals]
            else:
                points += term.weight * np.where(term.eligible, term.points, term.vacant)
                vacant += term.weight * term.vacant
        holds = []
        cost: list[cp_model.LinearExprT] = []
        for i in np.flatnonzero(~barred):
            flag = model.new_bool_var(f"{seat}_{g}_{i}")
            model.add_implication(flag, self.inside[i][g])
            for literal, unfit in loose:
                if unfit[i]:
                    model.add_implication(flag, ~literal)
            holds.append(flag)
            cost.append(int(points[i]) * flag)
        if any(term.must for term in terms):
            for term in terms:
                if term.must:
                    model.add(sum(holds) >= 1).only_enforce_if([self.used[g], *self.under(term)])
            model.add(sum(holds) <= 1)
        else:
            empty = model.new_bool_var(f"{seat}_{g}_empty")
            model.add_exactly_one([*holds, empty, ~self.used[g]])
            cost.append(vacant * empty)
        if self.priced:
            self._pay(sum(cost))

    def _count(self, term: Count, g: int) -> None:
        problem, model = self.problem, self.model
        limit = int(term.value.sum())
        if term.must and len(term.penalty) == 1:
            self._among(term, g)
            return
        flags = [self.inside[i][g] for i in range(len(problem.size))]
        total = cp_model.LinearExpr.weighted_sum(flags, term.value.tolist())
        amount = model.new_int_var(0, limit, f"amount_{term.name}_{g}")
        model.add(amount == total)
        size = model.new_int_var(0, min(problem.groups[g].hi, problem.members), f"size_{term.name}_{g}")
        model.add(size == self.size(g))
        sizes = range(problem.groups[g].lo, min(problem.groups[g].hi, problem.members) + 1)
        table = [(s, c, term.at(s, c)) for s in sizes for c in range(limit + 1)]
        if term.must:
            broken = model.new_bool_var(f"broken_{term.name}_{g}")
            rows = [(s, c, int(points > 0), 1) for s, c, points in table] + [(0, 0, 0, 0)]
            model.add_allowed_assignments([size, amount, broken, self.used[g]], rows)
            model.add_bool_or([~broken, *(~literal for literal in self.under(term))])
            return
        worst = max((points for *_, points in table), default=0)
        points = model.new_int_var(0, worst, f"points_{term.name}_{g}")
        rows = [(s, c, p, 1) for s, c, p in table] + [(0, 0, 0, 0)]
        model.add_allowed_assignments([size, amount, points, self.used[g]], rows)
        self._pay(term.weight * points)

    def _among(self, term: Count, g: int) -> None:
        """Say a rule on the sum alone without a table, which large numbers make long."""
        good = np.flatnonzero(term.penalty[0, : int(term.value.sum()) + 1] == 0)
        literals = self.under(term)
        if not len(good):
            self.model.add_bool_or([~self.used[g], *(~literal for literal in literals)])
            return
        some = np.flatnonzero(term.value).tolist()
        flags = [self.inside[i][g] for i in some]
        total = cp_model.LinearExpr.weighted_sum(flags, [int(term.value[i]) for i in some])
        first, last = int(good[0]), int(good[-1])
        if last - first + 1 != len(good):
            wanted = cp_model.Domain.from_values(good.tolist())
            self.model.add_linear_expression_in_domain(total, wanted).only_enforce_if([self.used[g], *literals])
            return
        self.model.add(total <= last).only_enforce_if(literals)
        if first > 0:
            self.model.add(total >= first).only_enforce_if([self.used[g], *literals])

    def _pairs_of_all(self) -> None:
        """Price the pairs that every group pays for: one Boolean a pair, not one in every group."""
        model = self.model
        paid: dict[tuple[int, int], int] = {}
        for term in self.problem.terms:
            if isinstance(term, Pair) and term.weight and not term.must and term.groups is None:
                for i, j, points in zip(term.first.tolist(), term.second.tolist(), term.points.tolist(), strict=True):
                    paid[i, j] = paid.get((i, j), 0) + term.weight * points
        for (i, j), points in paid.items():
            if not points:
                continue
            both = self.together[i, j] = model.new_bool_var(f"both_{i}_{j}")
            for a, b in zip(self.inside[i], self.inside[j], strict=True):
                if points > 0:
                    model.add_bool_or([~a, ~b, both])
                else:
                    model.add_bool_or([~both, ~a, b])
                    model.add_bool_or([~both, a, ~b])
            self._pay(points * both)

    def _pair(self, term: Pair, g: int) -> None:
        model = self.model
        for i, j, points in zip(term.first.tolist(), term.second.tolist(), term.points.tolist(), strict=True):
            if not points:
                continue
            a, b = self.inside[i][g], self.inside[j][g]
            if term.must:
                model.add_bool_or([~a, ~b, *(~literal for literal in self.under(term))])
                continue
            both = model.new_bool_var(f"both_{i}_{j}_{g}")
            if points > 0:
                model.add_bool_or([~a, ~b, both])
            else:
                model.add_implication(both, a)
                model.add_implication(both, b)
            self._pay(term.weight * points * both)
