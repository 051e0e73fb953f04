from __future__ import annotations

import datetime as dt
import json
import random
import tomllib
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from math import floor
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pytest
import tomli_w
from tests.helpers import least_cost, roster_of

from grouping.errors import InfeasibleError, PolicyError
from grouping.policy import (
    Affinity,
    Alike,
    Different,
    EvenSize,
    Mixed,
    NarrowRange,
    Novelty,
    Policy,
    Within,
)
from grouping.policy.attributes import MOST_INTERVALS, _intervals, _targets, values_of
from grouping.policy.compiling import compile_parts
from grouping.policy.criterion import Criterion, from_dict
from grouping.problem import Count, Focus, Pair
from grouping.scoring import score
from grouping.solving import engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from grouping.roster import Roster


def wish(criterion: Criterion, size: tuple[int, int] = (1, 6), groups: Any = (1, 3)) -> Policy:
    return Policy(size=size, groups=groups, must=[], prefer=[criterion])


def rule(criterion: Criterion, size: tuple[int, int] = (1, 6), groups: Any = (1, 3)) -> Policy:
    return Policy(size=size, groups=groups, must=[criterion], prefer=[])


def points(roster: Roster, criterion: Criterion, place: list[int]) -> int:
    (compiled,) = compile_parts(roster, wish(criterion, (1, len(roster)), (1, max(place) + 1)))
    return score(compiled.problem, place).cost


# -- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        (None, ()),
        ("", ()),
        (" ; ", ()),
        ("a", ("a",)),
        ("a;b", ("a", "b")),
        (" b；a ;b", ("b", "a")),
        (("x", None, "y"), ("x", "y")),
        (["x", 2.0], ("x", "2")),
        ({"y", "x"}, ("x", "y")),
        (3.0, ("3",)),
        (3, ("3",)),
        (2.5, ("2.5",)),
        (True, ("True",)),
        (dt.date(2020, 1, 2), ("2020-01-02",)),
    ],
)
def test_values_of_a_cell(cell: object, values: tuple[str, ...]) -> None:
    assert values_of(cell) == values


@pytest.mark.parametrize("kind", [Alike, Mixed, Different, NarrowRange])
def test_an_attribute_without_values_says_nothing(kind: type[Any]) -> None:
    roster = roster_of(department=["P", "P", "Q"])
    (compiled,) = compile_parts(roster, Policy(size=(1, 3), must=[], prefer=[kind("assessment"), EvenSize()]))
    assert compiled.silent == (f"{kind.__name__}(assessment)",)


@pytest.mark.parametrize("kind", [Alike, Mixed, Different, NarrowRange])
def test_an_attribute_that_does_not_exist(kind: type[Any]) -> None:
    with pytest.raises(PolicyError, match="unknown attribute") as caught:
        compile_parts(roster_of(gender=["F", "M"]), wish(kind("gendre"), (1, 2)))
    assert "gender" in (caught.value.issues[0].advice or "")


def test_the_same_value_everywhere_costs_nothing() -> None:
    roster = roster_of(age=[40, 40.0, "40"])
    assert [points(roster, kind("age"), [0, 0, 1]) for kind in (Alike, Mixed, NarrowRange)] == [0, 0, 0]
    assert points(roster, Different("age"), [0, 0, 1]) == 100


def test_kinds_of_terms() -> None:
    roster = roster_of(gender=["F", "F", "M", "M"], age=[20, 30, 40, 50], skills=["a;b", "a", None, "c"])

    def kinds(criterion: Criterion) -> list[type]:
        (compiled,) = compile_parts(roster, wish(criterion, (1, 4)))
        return [type(term) for term in compiled.problem.terms]

    assert kinds(Alike("skills")) == [Focus]
    assert kinds(NarrowRange("age")) == [Focus]
    assert kinds(Mixed("gender")) == [Count]  # of two values one tells it all
    assert kinds(Mixed("skills")) == [Count] * 3
    assert kinds(Different("skills")) == [Count] * 3
    assert kinds(Affinity([("m0", "m1"), ("m0", "m2", 7), ("m1", "m3", -9)])) == [Count, Count, Pair]
    assert kinds(Novelty([[["m0", "m1"]]])) == [Pair]


def test_a_wish_and_a_rule_ask_about_the_same_value() -> None:
    roster = roster_of(gender=["F", "F", "M", "M"])
    (compiled,) = compile_parts(roster, Policy(size=(1, 4), must=[Alike("gender")], prefer=[Alike("gender")]))
    assert len(compiled.problem.choices) == 1


def test_no_member_pays_more_than_100_for_several_values() -> None:
    roster = roster_of(skills=["a;b;c"] * 4 + ["d;e;f"])
    for kind in (Mixed, Different):
        for place in ([0, 0, 0, 0, 0], [0, 0, 1, 1, 1], [0, 0, 0, 0, 1]):
            assert 0 <= points(roster, kind("skills"), place) <= 500


# -- targets and intervals ------------------------------------------------------------------------------------------


def test_targets_add_up_to_the_size() -> None:
    random.seed(3)
    for _ in range(50):
        counts = sorted((random.randint(1, 12) for _ in range(random.randint(1, 6))), reverse=True)
        whole = sum(counts)
        table = _targets(counts, whole)
        assert table.sum(axis=1).tolist() == list(range(whole + 1))
        assert table[whole].tolist() == counts
        for size, row in enumerate(table.tolist()):
            assert all(
                abs(target - Fraction(count * size, whole)) < 1 for target, count in zip(row, counts, strict=True)
            )


def test_dates_and_texts_of_numbers_are_read() -> None:
    roster = roster_of(started=["2020-01-01", "2020年1月11日", None], level=["1", 3.0, "2"])
    assert points(roster, NarrowRange("started"), [0, 0, 1]) == 200
    assert points(roster, NarrowRange("level"), [0, 1, 0]) == 100  # half the range, two members


def test_birth_is_a_month() -> None:
    roster = roster_of(birth=["1980-01", "1990-01", "2000-01"])
    assert points(roster, NarrowRange("birth"), [0, 0, 1]) == 100


@pytest.mark.parametrize("cells", [["a", "b"], [1, "b"], [1, "2020-01-01"], [True, 2]])
def test_values_that_have_no_order(cells: list[object]) -> None:
    with pytest.raises(PolicyError, match="neither all numbers nor all dates"):
        compile_parts(roster_of(level=cells), wish(NarrowRange("level"), (1, 2)))


def test_the_range_is_named_in_the_roster_s_own_words() -> None:
    (compiled,) = compile_parts(roster_of(age=[30, 20, None]), wish(NarrowRange("age"), (1, 3)))
    assert set(compiled.problem.choices[0].labels) == {"20", "30", "20 – 30"}


@pytest.mark.parametrize("spread", [90, 150, 1000, 10**7])
def test_intervals_left_out_change_no_cost(spread: int) -> None:
    random.seed(spread)
    ends = sorted(random.sample(range(spread), 80))
    first, last, cost = _intervals(ends, "x")
    assert len(first) <= 80 * 81 / 2
    reach = ends[-1] - ends[0]
    for a, b in combinations(range(80), 2):
        holds = (first <= a) & (last >= b)
        assert cost[holds].min() == floor(Fraction(100 * (ends[b] - ends[a]), reach) + Fraction(1, 2))


def test_few_values_have_every_interval_narrow_ones_first() -> None:
    first, last, cost = _intervals([1, 2, 3, 1000], "x")
    assert len(first) == 10
    assert cost.tolist() == sorted(cost.tolist())
    assert (last - first)[:4].tolist() == [0, 0, 0, 0]


def test_no_number_overflows() -> None:
    roster = roster_of(level=["0.123456789012345", 10**17, 5 * 10**16])
    assert points(roster, NarrowRange("level"), [0, 1, 0]) == 100


@pytest.mark.parametrize("count", [400, 2001])
def test_too_many_values(count: int) -> None:
    with pytest.raises(PolicyError, match="round the values"):
        _intervals(list(range(count)), "NarrowRange(age)")
    assert MOST_INTERVALS == 20_000


def test_many_close_values_are_not_too_many() -> None:
    first, *_ = _intervals([*range(300), 100_000], "x")
    assert len(first) < 400


# -- affinity -------------------------------------------------------------------------------------------------------


def test_the_forms_of_edges_are_the_same() -> None:
    graph = nx.Graph()
    graph.add_edge("b", "a", weight=80)
    graph.add_edge("a", "c")
    expected = Affinity([("a", "b", 80), ("c", "a", 100)])
    assert Affinity(graph) == expected
    assert Affinity([["b", "a", 80.0], ("a", "c")]) == expected
    assert Affinity({("a", "b"): 80, ("c", "a"): 100}) == expected
    assert Affinity({"a": {"b": 80, "c": 100}}) == expected
    assert Affinity({"a": {"b": 50, "c": 100}, "b": {"a": 30}}) == expected
    assert Affinity(expected.edges) == expected
    assert replace(expected, weight=2).edges == expected.edges
    assert expected.ties == (("a", "b", 80), ("a", "c", 100))
    assert expected.named == ("a", "b", "c")


def test_directed_and_repeated_ties_are_added() -> None:
    graph = nx.DiGraph()
    graph.add_weighted_edges_from([("a", "b", 30), ("b", "a", 20), ("a", "c", 5), ("c", "a", -5)])
    assert Affinity(graph).ties == (("a", "b", 50),)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Affinity([]),
        lambda: Affinity([("a", "b", 0)]),
        lambda: Affinity([("a", "a", 5)]),
        lambda: Affinity([("a", "b", 0.5)]),
        lambda: Affinity([("a", "b", True)]),
        lambda: Affinity([("a", "b", None)]),
        lambda: Affinity([("a", "b", float("nan"))]),
        lambda: Affinity([("a", "b", float("inf"))]),
        lambda: Affinity([("a",)]),
        lambda: Affinity(["ab"]),
        lambda: Affinity({"a": 3}),
        lambda: Affinity({"a": {"b": "much"}}),
        lambda: Affinity("ab"),
        lambda: Affinity(3),
        lambda: Novelty([]),
        lambda: Novelty("x"),
        lambda: Novelty([{}]),
        lambda: Novelty({"m0": "G1"}),
        lambda: Novelty([["m0", "m1"]]),
        lambda: Novelty([[["a"], ["a", "b"]]]),
        lambda: Novelty([3]),
        lambda: Novelty([[["a", "b"]]], last=0),
        lambda: Novelty([[["a", "b"]]], points=2.5),
        lambda: Novelty([[["a", "b"]]], points=True),
        lambda: Alike(""),
        lambda: Mixed(3),
    ],
)
def test_refused(make: Callable[[], object]) -> None:
    with pytest.raises(PolicyError):
        make()


def test_unknown_members_of_ties_are_a_fault() -> None:
    with pytest.raises(PolicyError, match="unknown member"):
        compile_parts(roster_of(gender=["F", "M"]), wish(Affinity([("m0", "M1", 5)]), (1, 2)))


def test_ties_as_rules() -> None:
    roster = roster_of(gender=["F", "F", "M", "M"])
    policy = rule(Affinity([("m0", "m3", 1), ("m0", "m1", -1)]), (2, 2))
    (compiled,) = compile_parts(roster, policy)
    assert engine.solve(compiled.problem).group_of.tolist() in ([0, 1, 1, 0], [1, 0, 0, 1])  # type: ignore[union-attr]
    (compiled,) = compile_parts(roster, rule(Affinity([("m0", "m3", 1), ("m0", "m1", 1)]), (2, 2)))
    assert engine.solve(compiled.problem).status == "infeasible"


def test_ties_across_branches() -> None:
    roster = roster_of(branch=["B1", "B1", "B2", "B2"])
    ties = Affinity([("m0", "m1", 20), ("m1", "m2", 31), ("m0", "m3", -40)])
    free = Policy(size=(1, 4), must=[Within("branch")], prefer=[ties])
    parts = compile_parts(roster, free)
    assert [least_cost(part.problem) for part in parts] == [16, 15]  # halves of 31, whatever is done
    (whole,) = compile_parts(roster, free.replace(groups=(1, 4)))
    assert least_cost(whole.problem) == 31
    assert ties.restricted(frozenset({"m3"})) is None
    torn = Policy(size=(1, 4), must=[Within("branch"), Affinity([("m1", "m2", 3)])], prefer=[])
    assert {engine.solve(part.problem).status for part in compile_parts(roster, torn)} == {"infeasible"}


# -- novelty --------------------------------------------------------------------------------------------------------


def test_the_forms_of_history_are_the_same() -> None:
    expected = Novelty([{"a": "1", "b": "1", "c": "2", "d": "2"}])
    assert Novelty([[["a", "b"], ["c", "d"]]]) == expected
    assert Novelty((({"a", "b"}, ("d", "c")),)) == expected
    assert Novelty({"1": [["a", "b"], ["c", "d"]]}) == expected
    assert Novelty({"1": {"a": 1, "b": 1, "c": 2, "d": 2, "e": None}}) == expected
    assert Novelty(expected.history) == expected
    assert replace(expected, last=1).history == expected.history


def test_the_worst_is_100_a_member() -> None:
    roster = roster_of(gender=["F"] * 6)
    everybody = [roster.member_ids]
    assert points(roster, Novelty([everybody] * 4), [0] * 6) == 15 * 4 * (200 // 20) == 600
    assert points(roster, Novelty([everybody] * 4, last=3), [0] * 6) == 15 * 3 * (200 // 15)
    assert points(roster, Novelty([everybody] * 4, points=1), [0] * 6) == 60
    assert points(roster, Novelty([everybody] * 300), [0] * 6) == 15 * 300


def test_who_has_left_does_not_count() -> None:
    roster = roster_of(gender=["F", "M"])
    (compiled,) = compile_parts(roster, Policy(size=(1, 2), prefer=[EvenSize(), Novelty([[["m0", "x"], ["m1", "y"]]])]))
    assert compiled.silent == ("Novelty",)


def test_parts_of_history_cost_what_the_whole_costs() -> None:
    roster = roster_of(branch=["B1", "B1", "B1", "B2", "B2"])
    past = Novelty([[["m0", "m1", "m3"], ["m2", "m4"]], [["m0", "m1", "m2", "m3", "m4"]]])
    free = Policy(size=(2, 5), must=[Within("branch")], prefer=[past])
    (whole,) = compile_parts(roster, free.replace(groups=(1, 5)))
    assert sum(least_cost(part.problem) or 0 for part in compile_parts(roster, free)) == least_cost(whole.problem)


# -- files, words, and the solver -----------------------------------------------------------------------------------

SAMPLE: list[Criterion] = [
    Alike("education", weight=2),
    Mixed("gender"),
    Different("post", principle="act"),
    NarrowRange("age"),
    Affinity([("员工1", "a.b", -3), ("a", "b")], weight=0.5),
    Affinity([("a", "b", 100), ("c", "d", 100)]),
    Affinity([("a", "b", 5)]),
    Novelty([[["a", "b"]]]),
    Novelty([[["a", "b"], ["c", "d"]], [["a", "c"], ["b", "d"]]], last=1, points=3),
    Novelty({"2025 年": {"a": "甲", "b": "甲", "c": "乙"}, "2024": {"a": "x"}}),
]


@pytest.mark.parametrize("criterion", SAMPLE, ids=lambda criterion: type(criterion).__name__)
def test_files_and_words(criterion: Criterion) -> None:
    data = criterion.to_dict()
    assert from_dict(json.loads(json.dumps(data))) == criterion
    assert from_dict(tomllib.loads(tomli_w.dumps(data))) == criterion
    assert hash(criterion) == hash(from_dict(data))
    text = wish(criterion).describe()
    assert f"{type(criterion).__name__}(" in text
    assert criterion.source in text


def test_edges_and_history_as_people_write_them() -> None:
    text = """
    [[prefer]]
    type = "Affinity"
    edges = [["a", "b", 100], ["a", "c", -50]]
    [[prefer]]
    type = "Novelty"
    history = [[["a", "b"], ["c"]], { a = "G1", c = "G1" }]
    """
    ties, past = Policy.from_dict(tomllib.loads(text)).prefer
    assert ties == Affinity([("a", "b", 100), ("a", "c", -50)])
    assert past == Novelty([{"a": "1", "b": "1", "c": "2"}, {"a": "G1", "c": "G1"}])
    assert ties.to_dict()["edges"] == {"a": {"b": 100, "c": -50}}
    assert past.to_dict()["history"] == {"1": {"a": "1", "b": "1", "c": "2"}, "2": {"a": "G1", "c": "G1"}}


def drawn(rng: random.Random) -> tuple[Roster, Policy]:
    count = rng.randint(4, 6)
    ids = [f"m{i}" for i in range(count)]
    roster = roster_of(
        gender=[rng.choice(["F", "M", None]) for _ in ids],
        education=[rng.choice("abc") for _ in ids],
        skills=[rng.choice(["x", "y", "x;y", "y;z", None]) for _ in ids],
        age=[rng.choice([20, 25, 31.5, 40, 60, None]) for _ in ids],
    )
    pairs = list(combinations(ids, 2))
    ties = [(*pair, rng.choice([100, 40, 3, 1, -25, -100])) for pair in rng.sample(pairs, 4)]
    history = [{member: rng.choice("PQ") for member in ids} for _ in range(rng.randint(1, 3))]
    every: list[Criterion] = [
        *(Alike(attr) for attr in ("gender", "education", "skills")),
        *(Mixed(attr) for attr in ("gender", "education", "skills")),
        *(Different(attr) for attr in ("gender", "education", "skills")),
        NarrowRange("age"),
        Affinity(ties),
        Novelty(history, last=rng.choice([None, 1])),
    ]
    prefer = rng.sample(every, rng.randint(1, 4))
    must = rng.sample(every, rng.choice([0, 0, 1]))
    size = rng.choice([(1, 3), (2, 3), (2, 4)])
    return roster, Policy(size=size, must=must, prefer=[replace(c, weight=rng.choice([1, 2, 0.5])) for c in prefer])


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("small", [True, False], ids=["listed", "by columns"])
def test_the_plan_is_the_best_of_all(seed: int, small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not small:
        monkeypatch.setattr(engine, "SMALL", 0)
    try:
        (compiled,) = compile_parts(*drawn(random.Random(seed)))
    except InfeasibleError:
        return
    truth = least_cost(compiled.problem)
    solution = engine.solve(compiled.problem, time_limit=20)
    if truth is None:
        assert solution.status == "infeasible"
        return
    assert (solution.status, solution.cost, solution.bound) == ("optimal", truth, truth)
    found = score(compiled.problem, np.asarray(solution.group_of))
    assert found.cost == truth
    assert not found.violations
    assert 0 <= sum(part.points for part in found.parts)
