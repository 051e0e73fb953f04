"""Pricing and listing against brute force over all sets of items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.helpers import brute_force, problems

from grouping.problem import Choice, Count, Focus, Group, Pair, Problem, Role
from grouping.solving.clock import Clock
from grouping.solving.columns import Generation, Pool
from grouping.solving.kernel import Kernel
from grouping.solving.listing import all_sets, possible, within
from grouping.solving.pricing import SCALE, Pricer, relaxed
from grouping.solving.repair import _overdrawn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grouping.solving.kernel import Kind

SETTINGS = settings(
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FAR = 1 << 60


def every_set(kind: Kind) -> NDArray[np.bool_]:
    """Return all sets of allowed items whose size the kind takes."""
    n = len(kind.size)
    sets = np.array([[bool(mask >> i & 1) for i in range(n)] for mask in range(2**n)]).reshape(-1, n)
    sizes = sets @ kind.size
    return sets[(sizes >= kind.lo) & (sizes <= kind.hi) & ~(sets & ~kind.allowed).any(axis=1)]


def least_found(pricer: Pricer, price: NDArray[np.int64]) -> int:
    """Return the least value over all leaves, as column generation does: never cutting below what was found."""
    cutoff = [FAR]
    least = FAR
    for leaf in pricer.leaves(price, Clock(60), 60, cutoff):
        least = min(least, int(leaf.low.min()))
        cutoff[0] = least
    return least


def prices(seed: int, n: int, most: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(-most // 4, most, size=n, endpoint=True) * SCALE


@SETTINGS
@given(problem=problems(most_terms=6), seed=st.integers(0, 999), most=st.sampled_from([0, 100, 2000]))
def test_no_group_is_cheaper_than_pricing_says(problem: Problem, seed: int, most: int) -> None:
    check_pricing(problem, prices(seed, len(problem.size), most))


@SETTINGS
@given(problem=problems(most_terms=4, things=2, plain_things=False), seed=st.integers(0, 999))
def test_no_group_with_things_is_cheaper_than_pricing_says(problem: Problem, seed: int) -> None:
    check_pricing(problem, prices(seed, len(problem.size), 300))


def check_pricing(problem: Problem, price: NDArray[np.int64]) -> None:
    for kind in Kernel(problem).kinds:
        pricer = Pricer(kind)
        sets = every_set(kind)
        found = least_found(pricer, price)
        if not len(sets):
            assert found == FAR
            continue
        reduced = SCALE * kind.costs(sets) - sets @ price
        assert found <= reduced.min()
        if pricer.exact and reduced.min() < SCALE * kind.big // 2:
            assert found == reduced.min()


@SETTINGS
@given(problem=problems(most_terms=6), seed=st.integers(0, 999), gap=st.integers(0, 300))
def test_listing_finds_all_groups_within_the_limit(problem: Problem, seed: int, gap: int) -> None:
    kernel = Kernel(problem)
    price = prices(seed, len(problem.size), 200)
    for k, kind in enumerate(kernel.kinds):
        sets = every_set(kind)
        if not len(sets):
            continue
        cost = kind.costs(sets)
        reduced = SCALE * cost - sets @ price
        limit = int(reduced.min()) + gap * SCALE
        listed = within(kernel, k, Pricer(kind), price, limit, Clock(60), 60)
        found = {row.tobytes() for row in listed}
        assert len(found) == len(listed)
        assert found <= {row.tobytes() for row in sets[reduced <= limit]}
        kept = sets[(reduced <= limit) & (cost < kind.big)]  # groups that break a rule are of no use
        assert {row.tobytes() for row in kept} <= found


@SETTINGS
@given(problem=problems(things=2))
def test_all_sets_are_all_sets(problem: Problem) -> None:
    for kind in Kernel(problem).kinds:
        listed, sets = all_sets(kind), every_set(kind)
        assert {row.tobytes() for row in listed} == {row.tobytes() for row in sets}
        assert len(listed) == len(sets) == possible(kind)


@settings(SETTINGS, max_examples=40)
@given(problem=problems(strict=False), seed=st.integers(0, 999), per_group=st.integers(-200, 200))
def test_the_bound_at_any_prices_is_below_the_optimum(problem: Problem, seed: int, per_group: int) -> None:
    truth = brute_force(problem)
    assume(truth.cost is not None)
    kernel = Kernel(problem)
    generation = Generation(kernel, Pool(kernel), Clock(60))
    price = prices(seed, len(problem.size), 150) / SCALE
    scaled, columns = generation._price(price, np.full(len(kernel.kinds), float(per_group)), 60)
    assert scaled is not None
    assert truth.cost is not None
    assert scaled <= SCALE * (truth.cost - kernel.offset)
    for column in columns:
        priced, whole = generation.kernel.kinds[column.kind], kernel.kinds[column.kind]
        assert column.cost == priced.costs(column.row[None, :])[0] < kernel.big
        assert column.cost <= whole.costs(column.row[None, :])[0]


@settings(SETTINGS, max_examples=40)
@given(problem=problems(strict=False))
def test_the_bound_of_every_round_is_below_the_optimum(problem: Problem) -> None:
    truth = brute_force(problem)
    assume(truth.cost is not None)
    assert truth.cost is not None
    kernel = Kernel(problem)
    generation = Generation(kernel, Pool(kernel), Clock(20))
    bounds: list[int] = []

    def on_round() -> None:
        if generation.bound.cost is not None:
            bounds.append(generation.bound.cost)

    assert generation.run(20, lambda: kernel.big, on_round)
    assert bounds
    assert max(bounds) <= truth.cost


def test_the_step_divides_every_cost() -> None:
    place = Choice("place", ("a", "b"))
    terms = (
        Focus(name="way", choice="place", weight=6, points=[[0, 5], [10, 0], [5, 5]]),
        Count(name="mix", weight=2, value=[1, 1, 0], penalty=[[0, 0, 45]]),
        Count(name="rule", must=True, value=[1, 0, 1], penalty=[[0, 0, 100]]),
    )
    problem = Problem(size=np.ones(3, dtype=np.int64), groups=(Group("A", 1, 3),) * 2, choices=(place,), terms=terms)
    kernel = Kernel(problem)
    assert kernel.step == 30  # 6 × 5 and 2 × 45
    costs = brute_force(problem).costs
    assert not (costs[costs < kernel.big] % 30).any()


def test_a_thing_that_holds_the_seat_is_priced() -> None:
    seat = Role(name="seat", seat="seat", weight=1, points=[50, 0], eligible=[1, 1])
    problem = Problem(size=np.array([1, 0]), groups=(Group("A", 1, 1),), terms=(seat,))
    check_pricing(problem, np.array([0, SCALE]))


def test_pairs_with_things_are_priced() -> None:
    saves = Pair(name="saves", weight=1, first=[0], second=[1], points=[-60], offset=60)
    problem = Problem(size=np.array([1, 0]), groups=(Group("A", 1, 1),), terms=(saves,))
    check_pricing(problem, np.array([0, SCALE]))


@settings(SETTINGS, max_examples=60)
@given(problem=problems(strict=False, things=1))
def test_relaxed_kinds_cost_no_more_and_are_priced_exactly(problem: Problem) -> None:
    kernel = Kernel(problem)
    for kind in kernel.kinds:
        priced = relaxed(kind, kernel.unit)
        sets = every_set(kind)
        assert (priced.costs(sets) <= kind.costs(sets)).all()
        assert not Pricer(priced, unit=kernel.unit).left_out


@settings(SETTINGS, max_examples=60)
@given(problem=problems(members=(3, 7), strict=False), seed=st.integers(0, 999), allowed=st.integers(-100, 100))
def test_repaired_prices_are_right_for_every_group(problem: Problem, seed: int, allowed: int) -> None:
    kernel = Kernel(problem)
    for kind in kernel.kinds:
        pricer = Pricer(kind, unit=kernel.unit)
        price = prices(seed, len(problem.size), 150)
        needed, _, whole = _overdrawn(pricer, price, allowed * SCALE, Clock(60), 60, float("inf"))
        assert whole
        sets = every_set(kind)
        reduced = kernel.unit * kind.costs(sets) - sets @ (price - needed)
        assert (reduced >= allowed * SCALE).all()
