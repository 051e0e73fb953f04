from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers import roster_of

import grouping as gp
from grouping.plan.judging import Judge

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("a", "b", "c")
PREFER = [gp.Travel(), gp.Alike("department"), gp.EvenSize(), gp.LeaderFit()]


@st.composite
def cases(draw: st.DrawFn) -> tuple[gp.Roster, gp.Roster, gp.Policy, dict[str, str]]:
    """Draw a roster of then and of now, and a division of then."""
    count = draw(st.integers(4, 5))
    columns = {
        "site": draw(st.lists(st.sampled_from("NSW"), min_size=count, max_size=count)),
        "department": draw(st.lists(st.sampled_from("XY"), min_size=count, max_size=count)),
        "nominations": draw(st.lists(st.integers(0, 5), min_size=count, max_size=count)),
    }
    everybody = roster_of(**columns)
    ids = list(everybody.member_ids)
    joined = draw(st.integers(0, 1))
    left = draw(st.integers(0, 1))
    then = everybody.select(ids[joined:])
    now = everybody.select(ids[: len(ids) - left])
    hi = draw(st.integers(2, 4))
    policy = gp.Policy(size=(draw(st.integers(1, 2)), hi), must=[gp.Leader()], prefer=PREFER)
    names = draw(st.lists(st.sampled_from(NAMES[: draw(st.integers(1, 3))]), min_size=len(then), max_size=len(then)))
    return then, now, policy, dict(zip(then.member_ids, names, strict=True))


def revisions(
    roster: gp.Roster, policy: gp.Policy, old: dict[str, str], free: bool
) -> Iterator[tuple[int, list[str], gp.Evaluation]]:
    """Yield (moves, who, score) of every division that a revision may be, by evaluate alone."""
    ids = roster.member_ids
    lo, hi = policy.size
    there = list(dict.fromkeys(old[member] for member in ids if member in old))
    fewest, most = -(-len(ids) // hi), len(ids) // lo
    judge = Judge(roster, policy)
    names = there + [f"new{i}" for i in range(max(most - len(there), 0) if free else max(fewest - len(there), 0))]
    for groups in product(names, repeat=len(ids)):
        used = set(groups)
        fresh = [name for name in dict.fromkeys(groups) if name not in there]
        if fresh != names[len(there) : len(there) + len(fresh)]:
            continue  # the same with new groups numbered otherwise
        if not free and len(used) != min(max(len(there), fewest), most):
            continue
        if not free and len(used) >= len(there) and not used.issuperset(there):
            continue
        if any(not lo <= groups.count(name) <= hi for name in used):
            continue
        found = judge.groups(dict(zip(ids, groups, strict=True)))
        if not found.violations:
            moved = [m for m, g in zip(ids, groups, strict=True) if old.get(m, g) != g]
            yield len(moved), moved, found


@settings(max_examples=8, deadline=None)
@given(cases(), st.sampled_from([0, 7.5, 30]), st.booleans(), st.integers(0, 3))
def test_revisions_are_the_best_by_brute_force(
    case: tuple[gp.Roster, gp.Roster, gp.Policy, dict[str, str]], price: float, free: bool, limit: int
) -> None:
    then, now, policy, groups = case
    before = gp.evaluate(then, policy, groups)
    leaders = {group.leader for group in before.result.groups}
    old = {member: group for member, group in groups.items() if member in now.member_ids}
    every = list(revisions(now, policy, old, free))
    options: dict[str, Any] = {"roster": now, "groups": "free" if free else "keep", "time_limit": 20}
    if not every:
        with pytest.raises(gp.InfeasibleError):
            gp.revise(before, **options)
        return

    def lost(moved: list[str], found: gp.Evaluation) -> Fraction:
        paid = sum((2 if member in leaders else 1) * Fraction(str(price)) for member in moved)
        return Fraction(found.cost, found.result.scale) + paid

    found = gp.revise(before, price=price, **options)
    changed = free or now != then or before.violations
    if changed:
        assert found.status == "optimal"
        best = min(lost(moved, one) for _, moved, one in every)
        assert lost(list(found.moved), found.plan) == best
        assert found.net == pytest.approx(float(100 - best / len(now)))
        assert found.bound == pytest.approx(found.net)
    else:
        assert found.moves == 0
    again = gp.evaluate(now, policy, found.plan.assignments)
    assert (again.cost, again.violations) == (found.plan.cost, ())
    told = found.changes(reasons=False)
    assert set(told.loc[told["change"] == "moved", "member_id"]) == set(found.moved)
    least = min(count for count, _, _ in every)
    if limit < least:
        with pytest.raises(gp.InfeasibleError, match=f"at least {least} members? ha(s|ve) to move"):
            gp.revise(before, max_moves=limit, **options)
        return
    within = [(Fraction(one.cost, one.result.scale), count) for count, _, one in every if count <= limit]
    few = gp.revise(before, max_moves=limit, **options)
    assert (Fraction(few.plan.cost, few.plan.result.scale), few.moves) == min(within)
    assert few.status == "optimal"
    assert few.price == 0


@pytest.fixture(scope="module")
def hand() -> tuple[gp.Roster, gp.Evaluation]:
    """Return a division in which two members sit in the wrong place, and in which each move gains something."""
    roster = roster_of(
        site=["N", "N", "N", "S", "S", "S", "N", "S"], department=["X", "X", "X", "Y", "Y", "Y", "X", "Y"]
    )
    policy = gp.Policy(size=(2, 6), must=[], prefer=[gp.Alike("department"), gp.EvenSize(band=(2, 6))])
    groups = dict(zip(roster.member_ids, "nnnsssns", strict=True))
    return roster, gp.evaluate(roster, policy, {**groups, "m2": "s", "m3": "n"})


def test_the_curve_is_what_each_number_of_moves_gives(hand: tuple[gp.Roster, gp.Evaluation]) -> None:
    _, before = hand
    curve = gp.move_curve(before, most=5, time_limit=10)
    assert curve["moves"].tolist() == [0, 1, 2]  # two moves mend everything
    assert curve["gap"].tolist() == [0, 0, 0]
    for row in curve.itertuples():
        found = gp.revise(before, max_moves=row.moves)
        assert (found.score, found.moves, found.status) == (row.score, row.moves, "optimal")
    assert curve["score"].tolist() == [before.score, 93.75, 100]
    with pytest.raises(gp.PolicyError):
        gp.move_curve(before, most=-1)


def test_moves_are_made_only_where_they_are_worth_their_price(hand: tuple[gp.Roster, gp.Evaluation]) -> None:
    roster, before = hand
    assert gp.revise(before).moves == 0  # nothing has changed
    wider = roster.with_members([*roster.members, roster.members[0].model_copy(update={"member_id": "m8"})])
    assert gp.revise(before, roster=wider, price=49).moves == 2  # Alike is half of the score: a move gains 50 points
    dear = gp.revise(before, roster=wider, price=51)
    assert dear.moves == 0
    assert dear.price == 0
    assert dear.plan.assignments.set_index("member_id")["group"]["m8"] == "n"
    cheap = gp.revise(before, roster=wider, price=10, leader_price=10)
    assert (cheap.moves, cheap.price) == (2, 20)
    assert cheap.net == pytest.approx(cheap.score - 20 / 9)
    assert "2 moved, 1 joined, 0 left" in str(cheap)
    assert "调整2人，新编入1人" in cheap.describe("zh")
    assert "m2: from s to n" in str(cheap)


def test_groups_are_dissolved_and_added_only_as_numbers_demand() -> None:
    roster = roster_of(site=["N"] * 12)
    policy = gp.Policy(size=(3, 4), must=[], prefer=[gp.EvenSize()])
    before = gp.evaluate(roster, policy, {f"m{i}": "abcd"[i // 3] for i in range(12)})
    fewer = gp.revise(before, roster=roster.select(roster.member_ids[2:]), time_limit=5)
    assert fewer.moves == 1  # of a, which has one member left, to fill the others
    assert set(fewer.plan.groups["group"]) == {"b", "c", "d"}
    more = roster.with_members(
        [*roster.members, *(roster.members[0].model_copy(update={"member_id": f"n{i}"}) for i in range(5))]
    )
    added = gp.revise(before, roster=more, time_limit=5)
    assert set(added.plan.groups["group"]) == {"a", "b", "c", "d", "G1"}
    assert added.moves == 0
    free = gp.revise(before, groups="free", price=0, policy=policy.replace(groups=3), time_limit=5)
    assert len(free.plan.groups) == 3


def test_a_joiner_moves_nobody_else(roster: gp.Roster, plan: gp.Plan) -> None:
    """Nor does a revision without any change, of a plan that is not proven, also after a trip through a file."""
    assert gp.revise(plan).moves == 0
    same = gp.revise(gp.Plan.from_json(plan.to_json()), roster=roster)
    assert (same.moves, same.plan.cost) == (0, plan.cost)
    member = roster.members[3].model_copy(update={"member_id": "HQ0099"})
    wider = roster.with_members([*roster.members, member])
    found = gp.revise(plan, roster=wider, time_limit=4)
    assert found.score <= (found.bound or 100)
    assert found.net >= gp.place(plan, member).best.score - 1e-9
    assert gp.evaluate(wider, plan.policy, found.plan).cost == found.plan.cost
    assert found.changes()["reason"].str.len().gt(0).all()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(NAMES), min_size=4, max_size=8), st.integers(1, 100))
def test_a_revision_with_no_changes_moves_nobody(groups: list[str], price: int) -> None:
    roster = roster_of(site=["N", "S"] * 2 + ["N"] * (len(groups) - 4))
    policy = gp.Policy(size=(1, 8), must=[], prefer=[gp.Travel(), gp.EvenSize(band=(3, 4))])
    before = gp.evaluate(roster, policy, dict(zip(roster.member_ids, groups, strict=True)))
    found = gp.revise(before, price=price)
    assert (found.moves, found.plan.cost) == (0, before.cost)
    assert found.changes().empty
    assert "nobody changes group" in str(found)
    assert "proven" not in str(found)  # there may well be better divisions; nobody looked for them
    assert found.still == ("",)


def test_only_branches_with_changes_are_touched(many: gp.Roster, many_plan: gp.Plan) -> None:
    member = many.members[0].model_copy(update={"member_id": "new"})
    wider = many.with_members([*many.members, member])
    found = gp.revise(many_plan, roster=wider, time_limit=4, workers=1)
    part = found.plan.assignments.set_index("member_id")["group"]["new"].split("-")[0]
    before = {seat.member_id: seat.group for seat in many_plan.result.assignments}
    for seat in found.plan.result.assignments:
        if seat.part != part:
            assert before[seat.member_id] == seat.group
    assert set(found.still) == {seat.part for seat in found.plan.result.assignments} - {part}
    assert "in which nothing has changed as they are: " in str(found)
    assert "没有变化的" in found.describe("zh")


def test_a_limit_is_shared_by_branches() -> None:
    """One move is worth more in the second branch, so it goes there."""
    roster = roster_of(site=["N", "N", "S", "S"] * 2, branch=["P"] * 4 + ["Q"] * 4,
                       department=["X", "X", "X", "X", "X", "X", "Y", "Y"])  # fmt: skip
    policy = gp.Policy(
        size=(1, 3), must=[gp.Within("branch")], prefer=[gp.Alike("department"), gp.EvenSize(band=(2, 2))]
    )
    groups = ["P1", "P1", "P1", "P2", "Q1", "Q1", "Q1", "Q2"]
    before = gp.evaluate(roster, policy, dict(zip(roster.member_ids, groups, strict=True)))
    curve = gp.move_curve(before, most=4, time_limit=10)
    assert curve["score"].tolist() == [before.score, *curve["score"].tolist()[1:]]
    one = gp.revise(before, max_moves=1)
    assert one.moved == ("m6",)
    assert one.score == curve["score"][1]
    two = gp.revise(before, max_moves=2)
    assert (two.moves, two.status, two.score) == (2, "optimal", 100)
    assert len(curve) == 3


def test_of_revisions_as_good_the_one_with_the_fewest_moves_over_all_branches() -> None:
    """The first branch gains by two moves what the second one gains by one."""
    roster = roster_of(department=list("XYYYYXYX"), branch=["P"] * 4 + ["Q"] * 4)
    policy = gp.Policy(size=(1, 4), must=[gp.Within("branch")], prefer=[gp.Alike("department")])
    groups = ["P1", "P1", "P1", "P2", "Q2", "Q1", "Q1", "Q1"]
    before = gp.evaluate(roster, policy, dict(zip(roster.member_ids, groups, strict=True)))
    one, two = (gp.revise(before, max_moves=most, time_limit=5) for most in (1, 2))
    assert (two.score, two.moved) == (one.score, one.moved)
    assert len(one.moved) == 1


def test_why_there_is_no_revision_is_told_in_chinese_too() -> None:
    roster = roster_of(site=["N"] * 6, branch=["P"] * 3 + ["Q"] * 3)
    must = [gp.Within("branch"), gp.Apart(["m0", "m1"])]
    before = gp.evaluate(
        roster, gp.Policy(size=(1, 3), must=must[:1], prefer=[]), dict(zip(roster.member_ids, "ppqrrr", strict=True))
    )
    with pytest.raises(gp.InfeasibleError) as told:
        gp.revise(before, policy=gp.Policy(size=(2, 3), must=must, prefer=[]))
    assert told.value.describe("zh").startswith("没有能满足全部规则的划分：P：")
    with pytest.raises(gp.InfeasibleError) as few:
        gp.revise(before, policy=gp.Policy(size=(2, 3), must=must[:1], prefer=[]), max_moves=0)
    assert few.value.reasons == ("the rules cannot be kept with 0 moves; at least 1 member has to move",)
    assert few.value.describe("zh") == "没有能满足全部规则的划分：只调整0人无法满足全部规则，至少须调整1人"


def test_rules_about_those_who_left_are_dropped() -> None:
    roster = roster_of(site=["N"] * 6, nominations=[1] * 6)
    policy = gp.Policy(
        size=(2, 4),
        must=[gp.Apart(["m0", "m1"]), gp.Pin("m0", "a"), gp.Keep("b", ["m1", "m5"])],
        prefer=[gp.EvenSize(), gp.Affinity([("m0", "m2", 5), ("m3", "m4", 5)])],
        groups=[gp.GroupSpec("a", leader="m0"), "b"],
    )
    before = gp.form_groups(roster, policy, time_limit=5)
    found = gp.revise(before, roster=roster.select(roster.member_ids[1:]), time_limit=5)
    assert found.plan.policy.groups == (gp.GroupSpec("a"), gp.GroupSpec("b"))
    assert [type(rule).__name__ for rule in found.plan.policy.must] == ["Keep"]
    with pytest.raises(gp.PolicyError, match="unknown member"):
        gp.revise(before, policy=policy.replace(must=[gp.Apart(["m1", "m77"])]))


@pytest.mark.parametrize(
    ("options", "code"),
    [({"max_moves": -1}, "bad_moves"), ({"price": -1}, "bad_price"), ({"leader_price": True}, "bad_price"),
     ({"groups": "some"}, "bad_groups"), ({"time_limit": 0}, "bad_time_limit")],
)  # fmt: skip
def test_bad_parameters(hand: tuple[gp.Roster, gp.Evaluation], options: dict[str, Any], code: str) -> None:
    with pytest.raises(gp.PolicyError) as caught:
        gp.revise(hand[1], **options)
    assert caught.value.issues[0].code == code
