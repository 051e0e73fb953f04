from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers import roster_of

import grouping as gp
from grouping.plan.judging import Judge
from grouping.plan.matching import distance

if TYPE_CHECKING:
    from collections.abc import Iterator


def groups_of(division: gp.Evaluation) -> dict[str, str]:
    return {seat.member_id: seat.group for seat in division.result.assignments}


def every(roster: gp.Roster, policy: gp.Policy) -> Iterator[gp.Evaluation]:
    """Yield every division that keeps the rules, each once."""
    judge = Judge(roster, policy)
    ids = roster.member_ids
    for groups in product("abc", repeat=len(ids)):
        used = list(dict.fromkeys(groups))
        if used == sorted("abc")[: len(used)] and all(
            policy.size[0] <= groups.count(g) <= policy.size[1] for g in used
        ):
            found = judge.groups(dict(zip(ids, groups, strict=True)))
            if not found.violations:
                yield found


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_alternatives_are_those_of_brute_force(data: st.DataObject) -> None:
    count = data.draw(st.integers(4, 6))
    roster = roster_of(
        site=data.draw(st.lists(st.sampled_from("NSW"), min_size=count, max_size=count)),
        department=data.draw(st.lists(st.sampled_from("XY"), min_size=count, max_size=count)),
    )
    policy = gp.Policy(
        size=(2, data.draw(st.integers(3, 4))), must=[], prefer=[gp.Travel(), gp.Alike("department"), gp.EvenSize()]
    )
    plan = gp.form_groups(roster, policy, time_limit=5)
    apart, loss = data.draw(st.integers(1, 3)), data.draw(st.sampled_from([0, 5, 20.5, 100]))
    found = gp.alternatives(plan, count=3, min_moves=apart, max_loss=loss, time_limit=20)
    kept = [groups_of(plan)]
    fit = [one for one in every(roster, policy) if plan.score - one.score <= loss + 1e-9]
    for one in found:
        here = groups_of(one.plan)
        far = [other for other in fit if all(distance(groups_of(other), known) >= apart for known in kept)]
        assert one.plan.cost == min(other.cost for other in far)  # each is the best that the ones before leave
        assert one.loss == pytest.approx(plan.score - one.plan.score)
        assert one.moves == distance(kept[0], here) >= apart
        assert gp.evaluate(roster, policy, one.plan).cost == one.plan.cost
        assert one.plan.status == ("optimal" if one.plan.cost == plan.cost else "feasible")
        kept.append(here)
    far = [other for other in fit if all(distance(groups_of(other), known) >= apart for known in kept)]
    assert found.exhausted == (len(found) < 3)
    assert not (found.exhausted and far)
    assert len(found.to_frame()) == len(found)
    assert ("proven" in str(found)) == found.exhausted


def test_groups_are_called_as_those_they_resemble() -> None:
    roster = roster_of(site=["N", "N", "N", "S", "S", "S", "N", "S"])
    policy = gp.Policy(size=(3, 5), groups=["north", "south"], must=[], prefer=[gp.Travel()])
    plan = gp.form_groups(roster, policy, time_limit=5)
    (one,) = gp.alternatives(plan, count=1, min_moves=1, max_loss=100, time_limit=5)
    assert set(one.plan.groups["group"]) == {"north", "south"}
    assert len(one.plan.changes(plan, reasons=False)) == one.moves == 1


def test_a_real_branch_has_alternatives(roster: gp.Roster, plan: gp.Plan) -> None:
    found = gp.alternatives(plan, count=2, max_loss=5, time_limit=4)
    assert len(found) == 2
    assert not found.exhausted
    divisions = [groups_of(plan), *(groups_of(one.plan) for one in found)]
    for number, one in enumerate(divisions):
        assert all(distance(one, other) >= 3 for other in divisions[:number])
    for one in found:
        assert one.loss <= 5
        assert gp.evaluate(roster, plan.policy, one.plan.assignments).score == one.plan.score
        assert one.plan.bound == plan.bound
    assert found[0].loss <= found[1].loss


def test_of_several_branches_one_changes(many: gp.Roster, many_plan: gp.Plan) -> None:
    few = many.select([member.member_id for member in many.members if member.branch in ("B2", "B4")])
    plan = gp.form_groups(few, many_plan.policy, time_limit=2, workers=1)
    found = gp.alternatives(plan, count=2, max_loss=10, time_limit=4)
    assert len(found) == 2
    assert not found.exhausted
    for one in found:
        table = one.plan.changes(plan, match=True, reasons=False)
        assert len(set(table["to"].str.split("-").str[0])) == 1


def test_what_cannot_be_asked(roster: gp.Roster, plan: gp.Plan, today: gp.Evaluation) -> None:
    for options in ({"count": 0}, {"min_moves": True}, {"max_loss": -1}, {"time_limit": 0}):
        with pytest.raises(gp.PolicyError):
            gp.alternatives(plan, **options)
    broken = gp.evaluate(roster, plan.policy, dict.fromkeys(roster.member_ids, "one"))
    with pytest.raises(gp.InputError, match="breaks a rule"):
        gp.alternatives(broken)
