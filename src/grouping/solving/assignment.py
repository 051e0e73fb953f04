"""The plain model in CP-SAT: one Boolean for each item and group, exact for every kind of term.

Its bound is weak, so it does not prove plans good; it settles whether the rules can be kept at all, finds a first
plan when local search cannot, and is the independent reading of the terms that the contract suite holds against the
scorer. Where a budget counts the points of a choice or seat that other terms have a say in, the model has to demand
that groups give the answer that costs least, since another one might spare the budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from ortools.sat.python import cp_model

from grouping.problem import BoolArray, Count, Focus, IntArray, Pair, Problem, Quota, Role, Term
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


class _Answer(NamedTuple):
    """One answer of a group to a choice, or one who fills a seat.

    Attributes
    ----------
    given : what is true when it is given
    against : of which one is true when a rule stands against it
    never : whether a rule always does
    """

    given: Sequence[cp_model.IntVar]
    against: Sequence[cp_model.LiteralT]
    never: bool


class Builder:
    """Writes the model term by term; what a subclass changes is whether sizes, numbers, placements and rules hold."""

    def __init__(self, problem: Problem, objective: bool) -> None:
        self.problem = problem
        self.objective = objective
        self.priced = objective or problem.ceiling is not None
        self.model = cp_model.CpModel()
        self.costs: list[cp_model.LinearExprT] = []
        self.limited = 0
        self.uses: list[list[cp_model.LinearExprT]] = [[] for _ in problem.budgets]
        self.factors = np.array([budget.factors for budget in problem.budgets], dtype=np.int64).reshape(
            len(problem.budgets), len(problem.terms)
        )
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
            for t, term in enumerate(problem.terms):
                if not term.applies_to(g) or not (term.must or self._asks(t)):
                    continue
                if isinstance(term, Count):
                    self._count(t, term, g)
                elif isinstance(term, Pair) and (term.must or term.groups is not None or problem.ceiling is not None):
                    self._pair(t, term, g)
            self._limit(g)
        if problem.ceiling is None:
            self._pairs_of_all()
        offsets = [term.offset if isinstance(term, Pair) else 0 for term in problem.terms]
        for b, (used, factors) in enumerate(zip(self.uses, self.factors, strict=True)):
            self.cap(b, sum(used) + int(factors @ offsets))
        if self.objective:
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

    def cap(self, b: int, used: cp_model.LinearExprT) -> None:
        """Demand that no more is used of a budget than it allows."""
        self.model.add(used <= self.problem.budgets[b].most)

    def under(self, term: Term) -> list[cp_model.IntVar]:
        """Return the literals that have to be true for a rule to be demanded; none demands it always."""
        return []

    def size(self, g: int) -> cp_model.LinearExprT:
        """Return the number of members in a group."""
        return cp_model.LinearExpr.sum([self.inside[i][g] for i in self.member_count])

    def _asks(self, t: int) -> bool:
        """Tell whether the points of a term count, in the cost or against a budget."""
        return bool((self.problem.terms[t].weight and self.priced) or self.factors[:, t].any())

    def _pay(self, cost: cp_model.LinearExprT) -> None:
        if self.priced:
            self.costs.append(cost)

    def _use(self, t: int, points: cp_model.LinearExprT) -> None:
        """Count points of a term against the budgets."""
        for used, factor in zip(self.uses, self.factors[:, t].tolist(), strict=True):
            if factor:
                used.append(factor * points)

    def _first(
        self,
        answers: Sequence[_Answer],
        levels: Sequence[Sequence[cp_model.LinearExprT]],
        worst: Sequence[int],
        mixed: bool,
        g: int,
        name: str,
    ) -> list[cp_model.LinearExprT]:
        """Return the values of the answer that a group gives: the lexicographic least of all that it may give.

        Parameters
        ----------
        levels : per level (cost, then every budget), what each answer is worth
        worst : per level, the most that any is worth
        mixed : False when the least at one level is the least at all of them, so that nothing has to be demanded
        """
        model, used = self.model, self.used[g]
        values: list[cp_model.LinearExprT] = []
        for number, (level, limit) in enumerate(zip(levels, worst, strict=True)):
            value = model.new_int_var(0, int(limit), f"{name}_{g}_{number}")
            for answer, worth in zip(answers, level, strict=True):
                model.add(value == worth).only_enforce_if(answer.given)
            model.add(value == 0).only_enforce_if(~used)
            values.append(value)
        if not mixed:
            return values
        for answer, *worths in zip(answers, *levels, strict=True):
            if answer.never:
                continue
            barred = model.new_bool_var("")
            model.add_bool_or([*answer.against, ~barred])
            at = [model.new_bool_var("") for _ in range(len(levels) + 1)]
            model.add_bool_or([*at, barred, ~used])
            for where, before in enumerate(at):
                for earlier, worth in zip(values[:where], worths, strict=False):
                    model.add(earlier <= worth).only_enforce_if(before)
                if where < len(values):
                    model.add(values[where] + 1 <= worths[where]).only_enforce_if(before)
        return values

    def _limit(self, g: int) -> None:
        """Keep what the group pays under the ceiling; the costs of this group are those added last."""
        paid, self.limited = self.costs[self.limited :], len(self.costs)
        if self.problem.ceiling is not None:
            top, under = self.problem.ceiling.numerator, self.problem.ceiling.denominator
            self.model.add(under * cp_model.LinearExpr.sum(paid) <= top * self.size(g))

    def _answer(self, name: str, g: int) -> None:
        problem, model = self.problem, self.model
        choice = next(choice for choice in problem.choices if choice.name == name)
        every = [(t, u) for t, u in enumerate(problem.terms) if isinstance(u, Focus) and u.choice == name]
        every = [(t, term) for t, term in every if term.applies_to(g)]
        counted = any(self.factors[:, t].any() for t, _ in every)
        terms = [term for t, term in every]
        quotas = [u for u in problem.terms if isinstance(u, Quota) and u.choice == name and u.applies_to(g)]
        if choice.capacity is None and not counted:
            terms = [t for t in terms if t.must or t.forbidden is not None or self.priced]
        if not terms and not quotas:
            return
        picks = [model.new_bool_var(f"{name}_{g}_{o}") for o in range(len(choice.labels))]
        model.add_exactly_one(picks)
        rows = [self.inside[i][g] for i in range(len(problem.size))]
        total = np.zeros((1 + len(problem.budgets), len(problem.size), len(picks)), dtype=np.int64)
        fixed = np.zeros((len(total), len(picks)), dtype=np.int64)
        broken = np.zeros((len(problem.size), len(picks)), dtype=np.bool_)
        never = np.zeros(len(picks), dtype=np.bool_)
        loose: list[list[cp_model.LiteralT]] = [[] for _ in picks]
        for t, term in every:
            off = [~literal for literal in self.under(term)] if term.must else []
            wrong = np.zeros_like(broken)
            if term.must:
                wrong |= term.points > 0
                if term.fixed is not None and not off:
                    never |= term.fixed > 0
                elif term.fixed is not None:
                    for dear in np.flatnonzero(term.fixed):
                        model.add_bool_or([~picks[dear], ~self.used[g], *off])
                        loose[dear] += self._stands(term, []) if counted else []
            else:
                weights = np.array([term.weight, *self.factors[:, t]])
                total += weights[:, None, None] * term.points
                fixed += 0 if term.fixed is None else weights[:, None] * term.fixed
            if term.forbidden is not None:
                wrong |= term.forbidden
            if off:
                for i, bad in zip(*np.nonzero(wrong), strict=True):
                    model.add_bool_or([~rows[i], ~picks[bad], *off])
                    loose[bad] += self._stands(term, [rows[i]]) if counted else []
            else:
                broken |= wrong
        for i, bad in zip(*np.nonzero(broken), strict=True):
            model.add_bool_or([~rows[i], ~picks[bad]])
        for bad in np.flatnonzero(never):
            model.add_implication(picks[bad], ~self.used[g])
        if choice.capacity is not None:
            for o, room in enumerate(choice.capacity.tolist()):
                if room < problem.groups[g].hi:
                    model.add(self.size(g) <= room).only_enforce_if([picks[o], self.used[g]])
        for quota in quotas:
            for o, total_of in enumerate(self._quota(quota, rows)):
                literals = self.under(quota)
                model.add(total_of <= quota.most).only_enforce_if([picks[o], self.used[g], *literals])
                if counted:
                    loose[o] += (above := self._stands(quota, []))
                    model.add(total_of >= quota.most + 1).only_enforce_if(above)
        paid = [
            [cp_model.LinearExpr.weighted_sum(rows, table[:, o].tolist()) + int(own[o]) for o in range(len(picks))]
            for table, own in zip(total, fixed, strict=True)
        ]
        if counted:
            answers = []
            for o, pick in enumerate(picks):
                against: list[cp_model.LiteralT] = [*loose[o], *(rows[i] for i in np.flatnonzero(broken[:, o]))]
                if choice.capacity is not None and choice.capacity[o] < problem.groups[g].hi:
                    against.append(over := model.new_bool_var(""))
                    model.add(self.size(g) > int(choice.capacity[o])).only_enforce_if(over)
                answers.append(_Answer([pick, self.used[g]], against, bool(never[o])))
            worst = (total.max(axis=2).sum(axis=1) + fixed.max(axis=1)).tolist()
            mixed = self._mixed(every) and not self._alike(every)
            self._settle(self._first(answers, paid, worst, mixed, g, name))
        elif self.priced and (total.any() or fixed.any()):
            worst = int(total[0].max(axis=1).sum() + fixed[0].max())
            cost = model.new_int_var(0, worst, f"cost_{name}_{g}")
            for pick, worth in zip(picks, paid[0], strict=True):
                model.add(cost >= worth).only_enforce_if([pick, self.used[g]])
            self._pay(cost)

    @staticmethod
    def _quota(quota: Quota, rows: Sequence[cp_model.IntVar]) -> list[cp_model.LinearExprT]:
        """Return, for every option, what the items of a group add up to."""
        return [cp_model.LinearExpr.weighted_sum(rows, column) for column in quota.value.T.tolist()]

    def _stands(self, term: Term, when: Sequence[cp_model.IntVar]) -> list[cp_model.LiteralT]:
        """Return a literal that can only be true when a rule is demanded and what it is about is so."""
        stands = self.model.new_bool_var("")
        for literal in (*self.under(term), *when):
            self.model.add_implication(stands, literal)
        return [stands]

    def _mixed(self, terms: Sequence[tuple[int, Term]]) -> bool:
        """Tell whether several wishes have a say in an answer, so that the cheapest may not spare the budgets most."""
        return sum(not term.must and bool(term.weight or self.factors[:, t].any()) for t, term in terms) > 1

    @staticmethod
    def _alike(terms: Sequence[tuple[int, Focus]]) -> bool:
        """Tell whether all wishes count the same points, so that the cheapest option spares the budgets most, too."""
        wishes = [term for _, term in terms if not term.must]
        return all(term.fixed is None and np.array_equal(term.points, wishes[0].points) for term in wishes)

    def _settle(self, values: Sequence[cp_model.LinearExprT]) -> None:
        """Pay a cost, and count what follows it against the budgets."""
        self._pay(values[0])
        for used, value in zip(self.uses, values[1:], strict=True):
            used.append(value)

    def _fill(self, seat: str, g: int) -> None:
        problem, model = self.problem, self.model
        every = [(t, u) for t, u in enumerate(problem.terms) if isinstance(u, Role) and u.seat == seat]
        every = [(t, term) for t, term in every if term.applies_to(g)]
        counted = any(self.factors[:, t].any() for t, _ in every)
        if not any(term.must or self._asks(t) for t, term in every):
            return
        barred = np.zeros(len(problem.size), dtype=np.bool_)
        points = np.zeros((1 + len(problem.budgets), len(problem.size)), dtype=np.int64)
        vacant = np.zeros(len(points), dtype=np.int64)
        loose: list[tuple[cp_model.IntVar, BoolArray]] = []
        for t, term in every:
            if term.must:
                unfit = ~(term.eligible & (term.points == 0))
                literals = self.under(term)
                barred |= unfit & (not literals)
                loose += [(literal, unfit) for literal in literals]
            else:
                weights = np.array([term.weight, *self.factors[:, t]])
                points += weights[:, None] * np.where(term.eligible, term.points, term.vacant)
                vacant += weights * term.vacant
        answers: list[_Answer] = []
        worths: list[list[int]] = []
        for i in np.flatnonzero(~barred).tolist():
            flag = model.new_bool_var(f"{seat}_{g}_{i}")
            model.add_implication(flag, self.inside[i][g])
            for literal, unfit in loose:
                if unfit[i]:
                    model.add_implication(flag, ~literal)
            answers.append(_Answer([flag], [~self.inside[i][g]], False))
            worths.append(points[:, i].tolist())
        holds = [answer.given[0] for answer in answers]
        rules = [term for _, term in every if term.must]
        if rules:
            for term in rules:
                model.add(sum(holds) >= 1).only_enforce_if([self.used[g], *self.under(term)])
            model.add(sum(holds) <= 1)
        else:
            empty = model.new_bool_var(f"{seat}_{g}_empty")
            model.add_exactly_one([*holds, empty, ~self.used[g]])
            answers.append(_Answer([empty], [], True))  # never better than somebody
            worths.append(vacant.tolist())
        levels = np.array(worths, dtype=np.int64).reshape(-1, len(points)).T
        if counted:
            self._settle(
                self._first(answers, levels.tolist(), levels.max(axis=1, initial=0), self._mixed(every), g, seat)
            )
        else:
            self._pay(sum(worth * answer.given[0] for answer, worth in zip(answers, levels[0].tolist(), strict=True)))

    def _count(self, t: int, term: Count, g: int) -> None:
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
        self._use(t, points)

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
        counted: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for t, term in enumerate(self.problem.terms):
            if isinstance(term, Pair) and self._asks(t) and not term.must and term.groups is None:
                for i, j, points in zip(term.first.tolist(), term.second.tolist(), term.points.tolist(), strict=True):
                    paid[i, j] = paid.get((i, j), 0) + term.weight * points
                    if self.factors[:, t].any():
                        counted.setdefault((i, j), []).append((t, points))
        for (i, j), points in paid.items():
            exact = (i, j) in counted
            if not exact and not (points and self.objective):
                continue
            both = self.together[i, j] = model.new_bool_var(f"both_{i}_{j}")
            for a, b in zip(self.inside[i], self.inside[j], strict=True):
                if exact or points > 0:
                    model.add_bool_or([~a, ~b, both])
                if exact or points < 0:
                    model.add_bool_or([~both, ~a, b])
                    model.add_bool_or([~both, a, ~b])
            self._pay(points * both)
            for t, own in counted.get((i, j), ()):
                self._use(t, own * both)

    def _pair(self, t: int, term: Pair, g: int) -> None:
        model = self.model
        exact = bool(self.factors[:, t].any())
        for i, j, points in zip(term.first.tolist(), term.second.tolist(), term.points.tolist(), strict=True):
            if not points:
                continue
            a, b = self.inside[i][g], self.inside[j][g]
            if term.must:
                model.add_bool_or([~a, ~b, *(~literal for literal in self.under(term))])
                continue
            both = model.new_bool_var(f"both_{i}_{j}_{g}")
            if exact or points > 0:
                model.add_bool_or([~a, ~b, both])
            if exact or points < 0:
                model.add_implication(both, a)
                model.add_implication(both, b)
            self._pay(term.weight * points * both)
            self._use(t, points * both)
