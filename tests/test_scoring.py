from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers import BROKEN, brute_force, divisions, problems

from grouping.problem import Choice, Count, Focus, Group, Pair, Placement, Problem, Role
from grouping.scoring import Part, Violation, faults, place_things, score

PLACE = Choice("place", ("hall", "shed"), [3, 1])
SETTINGS = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def problem(*terms: Any, **changes: Any) -> Problem:
    groups = (Group("G1", 1, 2), Group("G2", 1, 4))
    given: dict[str, Any] = {"size": [1, 1, 1, 1], "groups": groups, "choices": (PLACE,), "terms": terms, **changes}
    return Problem(**given)


def rules(problem: Problem, place: list[int], seated: Any = None) -> list[tuple[str, int, tuple[int, ...], int]]:
    return [(v.rule, v.group, v.items, v.amount) for v in score(problem, place, seated).violations]


def test_a_sound_division_breaks_nothing() -> None:
    assert rules(problem(), [0, 0, 1, 1]) == []


@pytest.mark.parametrize("place", [[0, 0, 1], [0, 0, 1, 2], [0, 0, 1, -2], [[0, 0, 1, 1]]])
def test_a_division_of_another_shape_is_refused(place: Any) -> None:
    with pytest.raises(ValueError, match="one group index per item"):
        score(problem(), place)


def test_unplaced() -> None:
    assert rules(problem(), [0, -1, 1, -1]) == [("unplaced", -1, (1, 3), 2)]


def test_too_large_and_too_small() -> None:
    assert rules(problem(), [0, 0, 0, 0]) == [("size", 0, (0, 1, 2, 3), 2)]
    small = problem(groups=(Group("G1", 1, 2), Group("G2", 4, 4)))
    assert rules(small, [0, 0, 1, 1]) == [("size", 1, (2, 3), 2)]


def test_a_required_group_that_is_empty() -> None:
    needed = problem(groups=(Group("G1", 2, 4, required=True), Group("G2", 1, 4)))
    assert rules(needed, [1, 1, 1, 1]) == [("size", 0, (), 2)]


def test_a_thing_in_a_group_without_members() -> None:
    assert rules(problem(size=[1, 1, 1, 0]), [1, 1, 1, 0]) == [("size", 0, (3,), 1)]


def test_number_of_groups() -> None:
    assert rules(problem(least=2), [1, 1, 1, 1]) == [("groups", -1, (), 1)]
    assert rules(problem(most=1), [0, 0, 1, 1]) == [("groups", -1, (), 1)]
    assert rules(problem(least=1, most=1), [1, 1, 1, 1]) == []


def test_placement() -> None:
    placed = problem(placements=(Placement("Pin(a)", 2, (0,)), Placement("Forbid(b)", 0, (1,))))
    assert rules(placed, [0, 0, 1, 1]) == [("Pin(a)", 1, (2,), 1), ("Forbid(b)", 0, (0,), 1)]
    assert rules(placed, [1, 0, 0, 1]) == []
    assert rules(placed, [1, 0, -1, 1]) == [("unplaced", -1, (2,), 1)]


def test_capacity_binds_the_choice() -> None:
    near_shed = Focus(name="Way", choice="place", points=[[100, 0]] * 4, weight=1)
    found = score(problem(near_shed), [0, 1, 1, 1])
    assert (found.cost, found.options) == (300, {("place", 0): 1, ("place", 1): 0})
    found = score(problem(near_shed, groups=(Group("G1", 4, 4),)), [0, 0, 0, 0])
    assert [(v.rule, v.amount) for v in found.violations] == [("place", 1)]
    assert found.options["place", 0] == 0


def test_forbidden_options_are_avoided_at_any_price() -> None:
    way = Focus(
        name="Way",
        choice="place",
        points=[[70, 0]] * 4,
        forbidden=[[0, 1], [0, 0], [0, 0], [0, 0]],
        fixed=[5, 0],
        weight=2,
    )
    found = score(problem(way), [0, 1, 0, -1])
    assert found.options["place", 0] == 0
    assert [(p.group, p.points, p.shares) for p in found.parts] == [(0, 145, (70, 70)), (1, 0, ())]
    assert found.cost == 290
    both = Focus(name="Way", choice="place", points=np.zeros((4, 2)), forbidden=np.ones((4, 2)), weight=1)
    assert rules(problem(both), [0, 1, 1, 1])[0] == ("Way", 0, (0,), 1)


def test_rules_on_a_choice_bind_the_wishes_on_it() -> None:
    wish = Focus(name="Wish", choice="place", points=[[90, 0], [0, 0], [0, 0], [0, 0]], weight=1)
    rule = Focus(name="Rule", choice="place", points=[[0, 1], [0, 0], [0, 0], [0, 0]], must=True)
    found = score(problem(wish, rule), [0, 1, 1, 1])
    assert (found.cost, found.violations) == (90, ())


def test_broken_rules_are_named_with_their_amount() -> None:
    many = Count(name="Many", value=[1, 1, 1, 0], penalty=[[0, 0, 100, 200]], must=True)
    pair = Pair(name="Pair", first=[0, 2], second=[1, 3], points=[100, 100], must=True)
    lead = Role(name="Lead", seat="leader", points=[0, 0, 50, 0], eligible=[0, 0, 1, 0], must=True)
    found = rules(problem(many, pair, lead), [0, 0, 1, 1])
    assert found == [
        ("Lead", 0, (), 100),  # nobody
        ("Many", 0, (0, 1), 100),
        ("Pair", 0, (0, 1), 100),
        ("Lead", 1, (), 100),  # eligible, but not without points
        ("Pair", 1, (2, 3), 100),
    ]


def test_counts_by_size_and_sum() -> None:
    table = np.arange(5 * 4).reshape(5, 4)
    term = Count(name="C", value=[1, 1, 0, 1], penalty=table, weight=3)
    found = score(problem(term), [0, 0, 1, 1])
    # size 2, sum 2: row 2, column 2 = 10; size 2, sum 1: 9
    assert found.parts == (Part(0, 0, 10, (0, 1), (), 2), Part(0, 1, 9, (3,), (), 1))
    assert found.cost == 3 * 19


def test_pairs_and_their_offset() -> None:
    term = Pair(name="P", first=[0, 1], second=[1, 2], points=[-50, -20], offset=70, weight=2)
    found = score(problem(term), [0, 0, 1, 1])
    assert [(p.group, p.points, p.items) for p in found.parts] == [(0, -50, (0, 1)), (1, 0, ()), (-1, 70, ())]
    assert found.cost == 40


def test_the_cheapest_eligible_item_leads() -> None:
    fit = Role(name="Fit", seat="leader", points=[30, 10, 0, 60], eligible=[1, 1, 0, 1], weight=1)
    rule = Role(name="Rule", seat="leader", points=[0, 0, 0, 0], eligible=[1, 0, 1, 1], must=True)
    assert score(problem(fit), [0, 0, 1, 1]).seated == {("leader", 0): 1, ("leader", 1): 3}
    found = score(problem(fit, rule), [0, 0, 1, 1])
    assert found.seated == {("leader", 0): 0, ("leader", 1): 3}
    assert found.cost == 90
    assert score(problem(fit), [0, 0, 1, 0]).cost == 10 + 100  # m2 may not lead: the seat is vacant


def test_a_given_leader_is_scored_as_given() -> None:
    fit = Role(name="Fit", seat="leader", points=[30, 10, 0, 60], eligible=[1, 1, 0, 1], weight=1)
    rule = Role(name="Rule", seat="leader", points=[0, 0, 0, 0], eligible=[1, 0, 1, 1], must=True)
    made = problem(fit, rule)
    found = score(made, [0, 0, 1, 1], {("leader", 1): 2})
    assert found.seated == {("leader", 0): 0, ("leader", 1): 2}
    assert found.cost == 30 + 100
    assert found.violations == ()
    assert rules(made, [0, 0, 1, 1], {("leader", 0): 1}) == [("Rule", 0, (1,), 100)]
    assert rules(made, [0, 0, 1, 1], {("leader", 0): 3})[0] == ("leader", 0, (3,), 1)


def test_terms_keep_to_their_groups() -> None:
    term = Count(name="C", value=[0] * 4, penalty=[[100]], weight=1, groups=(1,))
    found = score(problem(term), [0, 0, 1, 1])
    assert [(p.group, p.points) for p in found.parts] == [(1, 100)]


def test_faults_of_a_claim() -> None:
    made = problem(Count(name="C", value=[0] * 4, penalty=[[100]], weight=1))
    assert faults(made, [0, 0, 1, 1], 200, 200) == []
    assert faults(made, [0, 0, 1, 1], 200, None) == []
    assert len(faults(made, [0, 0, 1, 1], 199, 200)) == 1
    assert len(faults(made, [0, 0, 1, 1], 200, 201)) == 1
    assert len(faults(made, [0, 0, 0, -1], 100, 0)) == 2


def test_a_violation_is_plain_data() -> None:
    assert score(problem(), [0, 0, 0, 1]).violations == (Violation("size", 0, (0, 1, 2), 1),)


@settings(SETTINGS, max_examples=40)
@given(problem=problems(members=(2, 5)), seed=st.integers(0, 999))
def test_a_plan_costs_the_sum_of_its_groups(problem: Problem, seed: int) -> None:
    costs, every = brute_force(problem).costs, divisions(len(problem.size), len(problem.groups))
    for row in np.random.default_rng(seed).integers(len(every), size=15):
        found = score(problem, every[row])
        assert bool(found.violations) == (costs[row] >= BROKEN // 2)
        if not found.violations:
            assert found.cost == costs[row]


def test_things_are_placed_where_they_cost_least() -> None:
    far = Focus(name="Far", choice="place", points=[[0, 0]] * 4 + [[0, 40], [30, 0]], weight=1)
    mine = Focus(name="Mine", choice="place", points=[[0, 90]] * 2 + [[90, 0]] * 2 + [[0, 0]] * 2, weight=1)
    wide = Choice("place", ("hall", "shed"))
    made = problem(far, mine, size=[1, 1, 1, 1, 0, 0], choices=(wide,))
    assert place_things(made, [0, 0, 1, 1, -1, -1]).tolist() == [0, 0, 1, 1, 0, 1]
    assert place_things(made, [0, 0, 1, 1, 1, -1]).tolist() == [0, 0, 1, 1, 1, 1]
    assert place_things(made, [0, 0, 0, 0, -1, -1]).tolist()[4:] == [0, 0]
    assert place_things(made, [-1, -1, -1, -1, -1, -1]).tolist() == [-1] * 6


@settings(SETTINGS, max_examples=40)
@given(problem=problems(members=(2, 4), things=3, strict=False), seed=st.integers(0, 999))
def test_things_are_placed_best_of_all_places(problem: Problem, seed: int) -> None:
    rng = np.random.default_rng(seed)
    place = np.where(problem.size > 0, rng.integers(len(problem.groups), size=len(problem.size)), -1)
    things = np.flatnonzero(problem.size == 0)
    used = sorted({int(g) for g in place if g >= 0})

    def badness(where: Any) -> tuple[int, int]:
        found = score(problem, where)
        return sum(violation.amount for violation in found.violations), found.cost

    best = min(badness(_with(place, things, chosen)) for chosen in product(used, repeat=len(things)))
    found = place_things(problem, place)
    assert (found[problem.size > 0] == place[problem.size > 0]).all()
    assert badness(found) == best


def _with(place: Any, things: Any, chosen: tuple[int, ...]) -> Any:
    changed = place.copy()
    changed[things] = chosen
    return changed
