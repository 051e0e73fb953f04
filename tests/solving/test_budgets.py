"""Budgets: what a whole plan may pay for some terms. Scorer, plain model and engine against brute force."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers import divisions, problems
from tests.solving.test_oracle import SETTINGS

from grouping.errors import PolicyError
from grouping.problem import Budget, Choice, Count, Focus, Group, Pair, Problem, Role
from grouping.scoring import faults, score
from grouping.solving import assignment, budgets, engine
from grouping.solving.clock import Clock, Control
from grouping.solving.kernel import Kernel
from grouping.solving.usage import Usage

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEAL = Choice("meal", ("rice", "noodles"))
TWO = (Group("A", 1, 4), Group("B", 1, 4))


def used(problem: Problem, group_of: NDArray[np.int64]) -> list[int]:
    """Return what a division uses of every budget, from the parts that the scorer tells."""
    parts = score(problem, group_of).parts
    return [sum(budget.factors[part.term] * part.points for part in parts) for budget in problem.budgets]


@st.composite
def budgeted(draw: st.DrawFn, *, members: tuple[int, int] = (1, 5), groups: tuple[int, int] = (1, 2)) -> Problem:
    """Draw a problem with one or two budgets, which a division drawn at random uses up more or less."""
    problem = draw(problems(members=members, groups=groups, most_terms=4, strict=False))
    free = draw(st.sets(st.integers(0, 3)))  # wishes that only budgets count
    terms = tuple(replace(term, weight=0) if t in free else term for t, term in enumerate(problem.terms))
    at_random = np.array(draw(st.lists(st.integers(0, len(problem.groups) - 1), min_size=6, max_size=6)))
    at_random = at_random[: len(problem.size)]
    limits = []
    for b in range(draw(st.integers(1, 2))):
        factors = tuple(draw(st.sampled_from((0, 1, 1, 3))) for _ in terms)
        alone = replace(problem, terms=terms, budgets=(Budget("", factors, 0),))
        slack = draw(st.sampled_from((-1, 0, 0, 20)))
        limits.append(Budget(f"B{b}", factors, used(alone, at_random)[0] + slack))
    return replace(problem, terms=terms, budgets=tuple(limits))


def brute(problem: Problem) -> int | None:
    """Return the least cost of all divisions that keep rules and budgets."""
    found = [score(problem, place) for place in divisions(len(problem.size), len(problem.groups))]
    return min((one.cost for one in found if not one.violations), default=None)


def agree(problem: Problem) -> engine.Solution:
    truth = brute(problem)
    seen: list[engine.Progress] = []
    solution = engine.solve(problem, time_limit=5, on_progress=seen.append)
    if truth is None:
        assert solution.status == "infeasible"
        return solution
    assert solution.status == "optimal"
    assert solution.cost == solution.bound == truth
    assert solution.group_of is not None
    assert faults(problem, solution.group_of, truth, solution.bound) == []
    for moment in seen:
        assert moment.bound is None or moment.bound <= truth
        assert moment.cost is None or moment.cost >= truth
    return solution


@SETTINGS
@given(problem=budgeted())
def test_listed_outright(problem: Problem) -> None:
    agree(problem)


@settings(SETTINGS, max_examples=40)
@given(problem=budgeted())
def test_by_prices(problem: Problem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module in (engine, budgets):
            patch.setattr(module, "SMALL", 0)
        patch.setattr(budgets, "suits", lambda kernel: False)
        agree(problem)


@settings(SETTINGS, max_examples=40)
@given(problem=budgeted())
def test_plain_model(problem: Problem) -> None:
    truth = brute(problem)
    answer, found = assignment.solve(problem, Clock(5), 5, 1, 0, objective=True)
    assert answer.status == ("infeasible" if truth is None else "optimal")
    if found is not None:
        assert answer.bound == truth == score(problem, found).cost
        assert not score(problem, found).violations


@settings(SETTINGS, max_examples=40)
@given(problem=budgeted(), seed=st.integers(0, 99))
def test_the_plain_model_agrees_about_every_division(problem: Problem, seed: int) -> None:
    every = divisions(len(problem.size), len(problem.groups))
    for place in np.random.default_rng(seed).permutation(every)[:6]:
        model = assignment.build(problem, objective=False)
        assignment.fix(model, place)
        answer = assignment.run(model.model, Clock(5), 5, 1)
        assert (answer.status == "infeasible") == bool(score(problem, place).violations)


@SETTINGS
@given(problem=budgeted())
def test_groups_use_what_the_scorer_says_and_cost_the_same_as_without_budgets(problem: Problem) -> None:
    free = replace(problem, budgets=())
    kernel = Kernel(free)
    usage = Usage(problem, kernel)
    for place in divisions(len(problem.size), len(problem.groups)):
        found, without = score(problem, place), score(free, place)
        assert found.cost == without.cost
        names = {budget.name for budget in problem.budgets}
        if any(violation.rule not in names for violation in found.violations):
            continue
        total = usage.base.copy()
        for k, kind in enumerate(kernel.kinds):
            sets = np.array([place == g for g in kind.groups])
            total += usage.of(k, sets[(sets @ problem.size) > 0]).sum(axis=0)
        assert total.tolist() == used(problem, place)
        beyond = {
            budget.name: much - budget.most
            for budget, much in zip(problem.budgets, total.tolist(), strict=True)
            if much > budget.most
        }
        assert {violation.rule: violation.amount for violation in found.violations} == beyond


def test_a_budget_by_hand() -> None:
    """Four members, two for each meal; mixed groups cost 100 for each who gets the other meal."""
    likes = Focus(name="Meal", choice="meal", points=[[0, 100], [0, 100], [100, 0], [100, 0]], weight=1)
    stay = Focus(name="Stay", choice="home", points=[[0], [100], [100], [0]], groups=(0,))  # 0 and 3 are in A today
    leave = Focus(name="Leave", choice="home", points=[[100], [0], [0], [100]], groups=(1,))
    whole: dict[str, object] = {
        "size": [1, 1, 1, 1],
        "groups": (Group("A", 2, 2, required=True), Group("B", 2, 2, required=True)),
        "choices": (MEAL, Choice("home", ("today's",))),
        "terms": (likes, stay, leave),
    }
    for most, cost in ((400, 0), (200, 0), (199, 200), (0, 200)):  # points: two move for the best, 100 each
        problem = Problem(**whole, budgets=(Budget("moves", (0, 1, 1), most),))  # type: ignore[arg-type]
        solution = agree(problem)
        assert solution.cost == cost
    far = Problem(**whole, budgets=(Budget("moves", (0, 1, 1), -1),))  # type: ignore[arg-type]
    assert engine.solve(far, time_limit=5).status == "infeasible"


def test_answers_cost_least_first_and_spare_budgets_second() -> None:
    taste = Focus(name="Taste", choice="meal", points=[[10, 0]], weight=1)
    heat = Focus(name="Heat", choice="meal", points=[[0, 50]])
    problem = Problem(size=[1], groups=TWO[:1], choices=(MEAL,), terms=(taste, heat), budgets=(Budget("H", (0, 1), 0),))
    assert score(problem, [0]).options["meal", 0] == 1  # rice would keep the budget, but costs more
    assert [v.amount for v in score(problem, [0]).violations] == [50]
    assert engine.solve(problem, time_limit=2).status == "infeasible"
    tied = replace(problem, terms=(replace(taste, points=[[0, 0]]), replace(heat, points=[[50, 0]])))
    assert score(tied, [0]).options["meal", 0] == 1
    assert not score(tied, [0]).violations


def test_counts_pairs_and_roles_count_too() -> None:
    first = Count(name="C", value=[1, 1, 0], penalty=[[0, 7, 20]])
    pair = Pair(name="P", first=[0], second=[1], points=[-5], offset=5, weight=1)
    role = Role(name="R", seat="leader", points=[0, 3, 3], eligible=[False, True, True], vacant=100)
    problem = Problem(size=[1, 1, 1], groups=TWO, terms=(first, pair, role), budgets=(Budget("all", (1, 10, 1), 0),))
    assert used(problem, np.array([0, 0, 1])) == [20 + 10 * 0 + 3 + 3]
    assert used(problem, np.array([0, 1, 1])) == [7 + 7 + 10 * 5 + 100 + 3]
    agree(replace(problem, budgets=(Budget("all", (1, 10, 1), 26),)))


def middling(most: int | None) -> Problem:
    """Return a problem of some twenty members in which two wishes pull in different directions."""
    rng = np.random.default_rng(3)
    points = [100 * rng.integers(0, 2, (20, 4)) for _ in range(2)]
    choices = tuple(Choice(name, ("a", "b", "c", "d")) for name in ("when", "where"))
    terms = tuple(
        Focus(name=choice.name, choice=choice.name, points=table, weight=weight)
        for choice, table, weight in zip(choices, points, (3, 1), strict=True)
    )
    limits = () if most is None else (Budget("where", (0, 1), most),)
    groups = tuple(Group(f"G{i}", 4, 7) for i in range(5))
    return Problem(size=np.ones(20), groups=groups, choices=choices, terms=terms, budgets=limits)


def test_prices_prove_what_listing_everything_cannot() -> None:
    free = engine.solve(middling(None), time_limit=10)
    assert free.group_of is not None
    much = used(middling(10**6), free.group_of)[0]
    solution = engine.solve(middling(much - 100), time_limit=20)
    assert solution.status == "optimal"
    assert solution.cost is not None
    assert free.cost is not None
    assert solution.cost > free.cost
    assert solution.group_of is not None
    assert used(middling(0), solution.group_of)[0] <= much - 100
    same = engine.solve(middling(much), time_limit=20)
    assert (same.status, same.cost) == ("optimal", free.cost)


def test_the_same_seed_gives_the_same_plan() -> None:
    problem = middling(400)
    one, two = (engine.solve(problem, time_limit=1, seed=5, reproducible=True) for _ in range(2))
    assert one.group_of is not None
    assert two.group_of is not None
    assert one.group_of.tolist() == two.group_of.tolist()
    assert one.bound == two.bound


def test_a_start_is_kept_and_a_stop_honoured() -> None:
    problem = middling(600)
    good = engine.solve(problem, time_limit=10)
    assert good.group_of is not None
    assert good.cost is not None
    control = Control()
    control.stop()
    stopped = engine.solve(problem, time_limit=10, start=good.group_of, control=control)
    assert stopped.cost is not None
    assert stopped.cost <= good.cost


def test_budgets_are_checked_and_carried() -> None:
    problem = middling(400)
    with pytest.raises(ValueError, match="one factor per term"):
        replace(problem, budgets=(Budget("b", (1,), 3),))
    with pytest.raises(ValueError, match="not negative"):
        replace(problem, budgets=(Budget("b", (1, -1), 3),))
    with pytest.raises(PolicyError):
        replace(problem, budgets=(Budget("b", (1, 2**50), 3),))
    assert problem.digest != middling(401).digest != middling(None).digest
    assert problem.to_dict()["budgets"] == [{"name": "where", "factors": [0, 1], "most": 400}]
