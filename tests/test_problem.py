from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from grouping.errors import PolicyError
from grouping.problem import Choice, Count, Focus, Group, Pair, Placement, Problem, Role

MEAL = Choice("meal", ("rice", "noodles"))
TWO = (Group("G1", 1, 3), Group("G2", 1, 3))


def problem(*terms: Any, **changes: Any) -> Problem:
    given: dict[str, Any] = {"size": [1, 1, 1], "groups": TWO, "choices": (MEAL,), "terms": terms, **changes}
    return Problem(**given)


def focus(**changes: Any) -> Focus:
    given: dict[str, Any] = {"name": "F", "choice": "meal", "points": [[0, 100], [100, 0], [0, 30]], "weight": 1}
    return Focus(**{**given, **changes})


def count(**changes: Any) -> Count:
    given: dict[str, Any] = {"name": "C", "value": [1, 0, 1], "penalty": [[0, 0, 100]], "weight": 1}
    return Count(**{**given, **changes})


def pair(**changes: Any) -> Pair:
    given: dict[str, Any] = {"name": "P", "first": [0, 1], "second": [1, 2], "points": [50, -20], "offset": 20}
    return Pair(**{**given, "weight": 1, **changes})


def role(**changes: Any) -> Role:
    given: dict[str, Any] = {"name": "R", "seat": "leader", "points": [0, 10, 200], "eligible": [1, 1, 0], "weight": 1}
    return Role(**{**given, **changes})


@pytest.mark.parametrize(
    ("terms", "changes", "message"),
    [
        ((), {"size": [1, 2, 1]}, "size 0 or 1"),
        ((), {"keys": ("a", "b")}, "one key per item"),
        ((), {"groups": (Group("G1", 0, 3),)}, "1 <= lo <= hi"),
        ((), {"groups": (Group("G1", 3, 2),)}, "1 <= lo <= hi"),
        ((), {"scale": 0}, "scale"),
        ((), {"choices": (MEAL, MEAL)}, "same name"),
        ((), {"placements": (Placement("p", 3, (0,)),)}, "does not exist"),
        ((), {"placements": (Placement("p", 0, (2,)),)}, "does not exist"),
        ((), {"placements": (Placement("p", -1, (0,)),)}, "does not exist"),
        ((focus(points=[[0, 1], [0, 1]]),), {}, "expected an array of shape"),
        ((focus(points=[[0, -1], [0, 1], [0, 1]]),), {}, "may not be negative"),
        ((focus(fixed=[0, -5]),), {}, "may not be negative"),
        ((focus(fixed=[0, 0, 0]),), {}, "expected an array of shape"),
        ((focus(forbidden=[[0, 1]]),), {}, "expected an array of shape"),
        ((focus(choice="drink"),), {}, "does not have that number of options"),
        ((focus(points=[[0, 1, 2]] * 3),), {}, "does not have that number of options"),
        ((focus(weight=-1),), {}, "negative weight"),
        ((count(value=[1, -1, 1]),), {}, "may not be negative"),
        ((count(penalty=[[0, -1, 0]]),), {}, "may not be negative"),
        ((count(penalty=[[0, 100]]),), {}, "too narrow"),
        ((count(penalty=[[0, 0, 0]] * 3),), {}, "too short"),
        ((pair(first=[1, 0], second=[0, 1]),), {}, "first < second"),
        ((pair(second=[1, 3]),), {}, "first < second"),
        ((pair(first=[-1, 0]),), {}, "first < second"),
        ((pair(first=[0, 0], second=[1, 1]),), {}, "twice"),
        ((pair(must=True),), {}, "pair rule"),
        ((pair(must=True, points=[50, 20]),), {}, "pair rule"),
        ((pair(points=[50]),), {}, "expected an array of shape"),
        ((role(points=[0, 101, 0]),), {}, "between 0 and"),
        ((role(points=[0, -1, 0]),), {}, "between 0 and"),
        ((role(eligible=[1, 1]),), {}, "expected an array of shape"),
    ],
)
def test_what_does_not_fit_is_refused(terms: tuple[Any, ...], changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        problem(*terms, **changes)


def test_a_faulty_term_is_named() -> None:
    with pytest.raises(ValueError, match="'Meals'"):
        problem(focus(name="Meals", points=[[0, -1], [0, 1], [0, 1]]))


def test_a_choice_without_options() -> None:
    with pytest.raises(ValueError, match="no options"):
        Choice("meal", ())


def test_a_choice_with_a_room_too_few() -> None:
    with pytest.raises(ValueError, match="expected an array of shape"):
        Choice("meal", ("a", "b"), [1])


def test_arrays_are_copied_and_read_only() -> None:
    size, points = np.array([1, 1, 1]), np.zeros((3, 2), dtype=np.int64)
    made = problem(focus(points=points, forbidden=np.zeros((3, 2), dtype=bool), fixed=[0, 0]), size=size)
    size[0] = 0
    points[0, 0] = 7
    assert made.size.tolist() == [1, 1, 1]
    (term,) = made.terms
    assert isinstance(term, Focus)
    assert term.points.sum() == 0
    for array in (made.size, made.allowed, term.points, term.forbidden, term.fixed):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_costs_stay_below_2_to_the_53() -> None:
    # three members pay at most 100 + 100 + 30 for the focus
    assert problem(focus(weight=2**53 // 230)).most_cost < 2**53
    with pytest.raises(PolicyError, match="fewer decimals"):
        problem(focus(weight=2**53 // 230 + 1))


@pytest.mark.parametrize(
    ("term", "most"),
    [
        (focus(), 230),  # 100 + 100 + 30
        (focus(fixed=[5, 7]), 230 + 2 * 7),
        (count(), 200),
        (pair(), 50 + 20 + 20),
        (role(), 200),
        (role(vacant=300, weight=2), 2 * 2 * 300),
    ],
)
def test_most_cost(term: Any, most: int) -> None:
    assert problem(term).most_cost == most


def test_digest_tells_problems_apart_and_nothing_else() -> None:
    def made(**changes: Any) -> str:
        return problem(focus(), count(), pair(), role(), **changes).digest

    assert made() == made(size=np.array([1, 1, 1], dtype=np.int8)) == made(groups=list(TWO))
    others = [
        made(size=[1, 1, 0]),
        made(groups=(*TWO, Group("G3", 1, 3))),
        made(groups=(TWO[0], Group("G2", 1, 3, required=True))),
        made(least=1),
        made(most=1),
        made(scale=2),
        made(keys=("a", "b", "c")),
        made(placements=(Placement("p", 0, (0,)),)),
        problem(focus(must=True, weight=0), count(), pair(), role()).digest,
        problem(focus(groups=(0,)), count(), pair(), role()).digest,
    ]
    assert len({made(), *others}) == len(others) + 1


def test_pickling_keeps_everything() -> None:
    made = problem(focus(), count(), pair(), role(), placements=(Placement("p", 0, (0,)),))
    again = pickle.loads(pickle.dumps(made))
    assert again.to_dict() == made.to_dict()
    assert again.digest == made.digest


def test_pickled_arrays_stay_read_only() -> None:
    again = pickle.loads(pickle.dumps(problem(focus())))
    with pytest.raises(ValueError, match="read-only"):
        again.size[0] = 0


@pytest.mark.parametrize(
    ("changes", "classes"),
    [
        ({}, ((0, 1, 2),)),
        ({"groups": (Group("a", 1, 3), Group("b", 1, 2), Group("c", 1, 3))}, ((0, 2), (1,))),
        ({"groups": (Group("a", 1, 3), Group("b", 1, 3, required=True), Group("c", 1, 3))}, ((0, 2), (1,))),
        ({"placements": (Placement("p", 0, (1,)),)}, ((0, 2), (1,))),
        ({"placements": (Placement("p", 0, (0, 1, 2)),)}, ((0, 1, 2),)),
        ({"placements": (Placement("p", 0, (0, 1)), Placement("q", 0, (1, 2)))}, ((0, 2), (1,))),
        ({"terms": (focus(groups=(2,)),)}, ((0, 1), (2,))),
        ({"terms": (focus(groups=(0, 1)), count(groups=(1, 2)))}, ((0,), (1,), (2,))),
        ({"terms": (focus(groups=()),)}, ((0, 1, 2),)),
    ],
)
def test_interchangeable_groups(changes: dict[str, Any], classes: tuple[tuple[int, ...], ...]) -> None:
    groups = tuple(Group(f"G{g}", 1, 3) for g in range(3))
    assert problem(**{"groups": groups, **changes}).classes == classes


def test_allowed_is_what_all_placements_leave() -> None:
    found = problem(placements=(Placement("p", 0, (0, 1)), Placement("q", 0, (1,)), Placement("r", 2, ())))
    assert found.allowed.tolist() == [[False, True], [True, True], [False, False]]


def test_members_largest_and_seats() -> None:
    made = problem(role(), role(seat="deputy"), role(), size=[1, 0, 1], groups=(Group("a", 1, 9),))
    assert (made.members, made.largest, made.seats) == (2, 2, ("leader", "deputy"))


def test_score_is_points_short_of_100_per_member() -> None:
    made = problem(scale=6)
    assert made.score_of(0) == 100.0
    assert made.score_of(6 * 3 * 25) == 75.0
    assert Problem(size=[], groups=()).score_of(0) == 100.0


def test_a_term_applies_to_its_groups() -> None:
    assert [focus(groups=(1,)).applies_to(g) for g in range(3)] == [False, True, False]
    assert focus().applies_to(7)
