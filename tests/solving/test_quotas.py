"""Quotas, sums over a group's items that an option must not exceed: plain model and engines against brute force.

Brute force rests on the scorer, which `test_the_scorer_by_hand` and the contract suite hold against the definition.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers import brute_force, divisions, problems
from tests.solving import test_budgets, test_pricing, test_worst
from tests.solving.test_oracle import SETTINGS, agree
from tests.solving.test_parts import apart

from grouping.plan.things import place_teams
from grouping.problem import Budget, Choice, Focus, Group, Problem, Quota
from grouping.scoring import place_things, score
from grouping.solving import assignment, engine, proving
from grouping.solving.clock import Clock
from grouping.solving.kernel import Kernel
from grouping.solving.loosening import Band, Loose, Loosening, Piece
from grouping.solving.search import State
from grouping.solving.slicing import cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGNS = (-2, -1, -1, 0, 0, 1, 1, 2, 3)


@st.composite
def with_quotas(draw: st.DrawFn, problem: Problem, things: bool = True) -> Problem:
    """Draw one or two quotas more for a problem; ``things`` tells whether they may be about things of size 0."""
    quotas = []
    for q in range(draw(st.integers(1, 2))):
        choice = draw(st.sampled_from(problem.choices))
        shape = (len(problem.size), len(choice.labels))
        value = draw(st.lists(st.sampled_from(SIGNS), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
        scope = draw(st.one_of(st.none(), st.none(), st.sets(st.integers(0, len(problem.groups) - 1))))
        quotas.append(
            Quota(
                name=f"Q{q}",
                choice=choice.name,
                value=np.array(value).reshape(shape) * (1 if things else problem.size[:, None]),
                most=draw(st.sampled_from((-1, -1, 0, 1, 2))),
                step=draw(st.sampled_from((1, 2, 3))),
                groups=None if scope is None else tuple(sorted(scope)),
                must=True,
            )
        )
    budgets = tuple(replace(budget, factors=(*budget.factors, *(0 for _ in quotas))) for budget in problem.budgets)
    return replace(problem, terms=(*problem.terms, *quotas), budgets=budgets)


@st.composite
def quoted(draw: st.DrawFn, **limits: object) -> Problem:
    return draw(with_quotas(draw(problems(**{"strict": False, **limits}))))  # type: ignore[arg-type]


def test_the_scorer_by_hand() -> None:
    """Of five members, three come at noon and two late; most of a group have to come."""
    noon = np.array([1, 1, 1, 0, 0])
    here = np.stack([noon, 1 - noon], axis=1)
    when = Choice("when", ("noon", "late"))
    most_come = Quota(name="come", choice="when", value=1 - 2 * here, most=-1, step=2, must=True)
    likes = Focus(name="likes", choice="when", points=[[100, 0]] * 5, weight=1)
    groups = (Group("A", 1, 5), Group("B", 1, 5))
    problem = Problem(size=np.ones(5), groups=groups, choices=(when,), terms=(most_come, likes))
    for place, options, broken in (
        ([0, 0, 0, 0, 0], [0], []),  # three of five come at noon
        ([0, 0, 1, 1, 1], [0, 1], []),  # two of two at noon, though late would cost less; two of three late
        ([0, 0, 1, 0, 0], [1, 0], [(0, (0, 1), 1)]),  # two of four either way: one is missing, and late costs less
        ([0, 0, 1, 0, 1], [0, 1], [(1, (2,), 1)]),  # two of three; one of two either way
    ):
        found = score(problem, place)
        assert [found.options["when", g] for g in sorted(set(place))] == options
        assert [(v.group, v.items, v.amount) for v in found.violations] == broken
    assert brute_force(problem).cost == 200  # the second
    agree(problem)


def test_a_quota_is_a_rule_that_fits() -> None:
    when = Choice("when", ("noon", "late"))
    good = {"name": "q", "choice": "when", "value": [[1, 0]], "must": True}
    for wrong in ({"must": False}, {"weight": 1}, {"step": 0}, {"value": [[1]]}, {"value": [[2**53, 0]]}):
        with pytest.raises(ValueError, match=r"quota|choice"):
            Problem(size=[1], groups=(Group("A", 1, 1),), choices=(when,), terms=(Quota(**{**good, **wrong}),))  # type: ignore[arg-type]
    problem = Problem(size=[1], groups=(Group("A", 1, 1),), choices=(when,), terms=(Quota(**good),))  # type: ignore[arg-type]
    assert problem.digest != replace(problem, terms=(Quota(**{**good, "most": 1}),)).digest  # type: ignore[arg-type]
    assert problem.to_dict()["terms"][0]["kind"] == "quota"
    assert problem.most_cost == 0


@SETTINGS
@given(problem=quoted())
def test_listed_outright(problem: Problem) -> None:
    agree(problem)


@SETTINGS
@given(problem=quoted())
def test_by_column_generation(problem: Problem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        patch.setattr(engine, "TINY", 0)
        agree(problem)


@settings(SETTINGS, max_examples=40)
@given(problem=quoted(members=(2, 6)))
def test_without_a_first_plan(problem: Problem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        patch.setattr(engine._Run, "_search", lambda run, until: None)
        patch.setattr(engine._Run, "_settle_rules", lambda run: None)
        agree(problem)


@settings(SETTINGS, max_examples=40)
@given(problem=quoted(members=(2, 6)))
def test_by_repaired_prices(problem: Problem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        patch.setattr(engine, "TINY", 0)
        patch.setattr(proving, "_REPAIRED", 0)
        agree(problem)


@settings(SETTINGS, max_examples=40)
@given(problem=quoted(plain_things=False, things=2, members=(1, 4)))
def test_things_may_count_too(problem: Problem) -> None:
    agree(problem)


@settings(SETTINGS, max_examples=40)
@given(problem=quoted(members=(1, 5)), ceiling=st.fractions(-50, 300, max_denominator=6))
def test_under_a_ceiling_and_the_worst_group_first(problem: Problem, ceiling: Fraction) -> None:
    test_worst.under(problem, ceiling)
    test_worst.agree(problem)


@settings(SETTINGS, max_examples=40)
@given(data=st.data(), problem=test_budgets.budgeted())
def test_with_budgets(data: st.DataObject, problem: Problem) -> None:
    asked = data.draw(with_quotas(problem))
    test_budgets.agree(asked)
    test_budgets.test_the_plain_model_agrees_about_every_division.hypothesis.inner_test(asked, 1)
    test_budgets.test_groups_use_what_the_scorer_says_and_cost_the_same_as_without_budgets.hypothesis.inner_test(asked)
    test_budgets.test_plain_model.hypothesis.inner_test(asked)


@settings(SETTINGS, max_examples=40)
@given(data=st.data(), problem=quoted(members=(2, 6), groups=(2, 3)))
def test_pieces(data: st.DataObject, problem: Problem) -> None:
    side = data.draw(st.lists(st.integers(0, 1), min_size=len(problem.size), max_size=len(problem.size)))
    agree(apart(problem, side, data.draw(st.integers(1, len(problem.groups) - 1))))


@settings(SETTINGS, max_examples=40)
@given(problem=quoted(), seed=st.integers(0, 99))
def test_kernel_search_and_plain_model_agree_with_the_scorer(problem: Problem, seed: int) -> None:
    kernel, rng = Kernel(problem), np.random.default_rng(seed)
    every = rng.permutation(divisions(len(problem.size), len(problem.groups)))
    for place in every[:40]:
        found = score(problem, place)
        assert (kernel.cost(place) >= kernel.big) == bool(found.violations)
        assert found.violations or kernel.cost(place) == found.cost
    for place in every[:4]:
        model = assignment.build(problem, objective=False)
        assignment.fix(model, place)
        answer = assignment.run(model.model, Clock(5), 5, 1)
        assert (answer.status == "infeasible") == bool(score(problem, place).violations)

    def costs(place: NDArray[np.int64]) -> int:
        rows = ((kernel.kinds[kernel.kind_of[g]], (place == g)[None, :]) for g in range(len(problem.groups)))
        return sum(int(kind.costs(row)[0]) for kind, row in rows)

    state = State(kernel, every[0], np.arange(len(problem.groups)))
    for item in range(len(problem.size)):
        change, groups, others = state.neighbours(item)
        for delta, group, other in zip(change.tolist(), groups.tolist(), others.tolist(), strict=True):
            after = state.group_of.copy()
            after[item] = group
            if other >= 0:
                after[other] = state.group_of[item]
            assert state.cost + delta == costs(after)


@settings(SETTINGS, max_examples=40)
@given(problem=quoted(most_terms=6), seed=st.integers(0, 999), gap=st.integers(0, 300))
def test_pricing_never_overclaims_and_listing_leaves_nothing_out(problem: Problem, seed: int, gap: int) -> None:
    test_pricing.test_no_group_is_cheaper_than_pricing_says.hypothesis.inner_test(problem, seed, 300)
    test_pricing.test_listing_finds_all_groups_within_the_limit.hypothesis.inner_test(problem, seed, gap)
    test_pricing.test_relaxed_kinds_cost_no_more_and_are_priced_exactly.hypothesis.inner_test(problem)
    test_pricing.test_repaired_prices_are_right_for_every_group.hypothesis.inner_test(problem, seed, gap - 150)


@settings(SETTINGS, max_examples=40)
@given(problem=quoted(members=(2, 6)))
def test_a_quota_that_forbids_nothing_changes_nothing(problem: Problem) -> None:
    free = replace(problem, terms=tuple(term for term in problem.terms if not isinstance(term, Quota)))
    idle = tuple(replace(t, most=99) if isinstance(t, Quota) else t for t in problem.terms)
    loose = replace(problem, terms=idle)
    assert brute_force(loose).costs.tolist() == brute_force(free).costs.tolist()
    first, second = engine.solve(loose, time_limit=5), engine.solve(free, time_limit=5)
    assert (first.status, first.cost, first.bound) == (second.status, second.cost, second.bound)


@settings(SETTINGS, max_examples=40)
@given(problem=quoted(members=(3, 6), groups=(2, 3), things=0))
def test_a_slice_costs_what_the_whole_costs(problem: Problem) -> None:
    items, groups = np.arange(len(problem.size) - 1), list(range(len(problem.groups) - 1))
    part = cut(problem, items, groups, 0, len(groups))
    for place in divisions(len(items), len(groups))[:30]:
        inner, outer = score(part.problem, place), score(problem, np.append(place, -1))
        broken = [v for v in outer.violations if v.rule not in ("unplaced", "groups") and v.group in groups]
        mine = [v for v in inner.violations if v.rule != "groups" and v.group >= 0]
        assert [(v.rule, v.group, v.amount) for v in mine if v.rule != "size"] == [
            (v.rule, v.group, v.amount) for v in broken if v.rule != "size"
        ]


@settings(SETTINGS, max_examples=60)
@given(data=st.data(), problem=problems(members=(2, 4), things=2, strict=False), seed=st.integers(0, 99))
def test_teams_go_where_they_break_and_cost_least(data: st.DataObject, problem: Problem, seed: int) -> None:
    problem, rng = data.draw(with_quotas(problem, things=False)), np.random.default_rng(seed)
    place = np.where(problem.size > 0, rng.integers(0, len(problem.groups), len(problem.size)), -1)

    def badness(found: NDArray[np.int64]) -> tuple[int, int]:
        result = score(problem, found)
        return sum(v.amount for v in result.violations), result.cost

    assert badness(place_teams(problem, place)) == badness(place_things(problem, place))


@settings(SETTINGS, max_examples=40)
@given(problem=quoted(members=(2, 5), groups=(1, 2), things=0, most_terms=2))
def test_a_quota_can_be_given_up(problem: Problem) -> None:
    """Rules that can be given up one by one: those that the smallest relaxation keeps can be kept, and no more."""
    quotas = [t for t, term in enumerate(problem.terms) if isinstance(term, Quota)]
    free = replace(problem, groups=tuple(Group(g.name, 1, problem.members) for g in problem.groups), least=0, most=None)

    def possible(kept: set[int]) -> bool:
        terms = tuple(term for t, term in enumerate(free.terms) if t not in quotas or t in kept)
        return brute_force(replace(free, terms=terms)).cost is not None

    hard = [t for t, term in enumerate(problem.terms) if term.must and t not in quotas]
    if not possible(set()) or hard:
        return
    any_size = Band(len(quotas), tuple(range(len(free.groups))), 1, free.members)
    pieces = tuple(Piece(rule, (t,)) for rule, t in enumerate(quotas))
    loose = Loose(free, (*(2 for _ in quotas), 0), pieces, (any_size,))
    found = Loosening(loose, Clock(10), 1).smallest(10)
    assert found is not None
    assert found.proven
    kept = {t for p, t in enumerate(quotas) if p not in found.pieces}
    assert possible(kept)
    some_kept = [set(some) for n in range(len(quotas) + 1) for some in combinations(quotas, n)]
    assert len(found.pieces) == min(len(quotas) - len(some) for some in some_kept if possible(some))


def test_a_budget_and_a_quota_by_hand() -> None:
    """The option that spares the budget is closed to the group, so the dearer one counts."""
    when = Choice("when", ("noon", "late"))
    moves = Focus(name="moves", choice="when", points=[[0, 10], [0, 10]])
    closed = Quota(name="closed", choice="when", value=[[1, -1], [1, -1]], most=1, must=True)
    groups = (Group("A", 1, 2), Group("B", 1, 2))
    problem = Problem(
        size=[1, 1], groups=groups, choices=(when,), terms=(moves, closed), budgets=(Budget("few", (1, 0), 5),)
    )
    assert not score(problem, [0, 1]).violations
    assert [(v.rule, v.amount) for v in score(problem, [0, 0]).violations] == [("few", 15)]
    test_budgets.agree(problem)


def test_a_team_goes_where_its_option_is_open() -> None:
    when = Choice("when", ("noon", "late"))
    likes = Focus(name="likes", choice="when", points=[[0, 0], [0, 0], [0, 100]], weight=1)  # the team likes noon
    closed = Quota(name="closed", choice="when", value=[[1, 0], [0, 0], [0, 0]], must=True)  # to the first member
    groups = (Group("A", 1, 2), Group("B", 1, 2))
    problem = Problem(size=[1, 1, 0], groups=groups, choices=(when,), terms=(likes, closed))
    assert place_teams(problem, np.array([0, 1, -1])).tolist() == [0, 1, 1]
