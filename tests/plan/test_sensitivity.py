"""plan.sensitivity(): every range against all divisions of tiny rosters, scored anew under the changed policy."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.helpers import divisions, roster_of

import grouping as gp
from grouping.plan.judging import Judge
from grouping.plan.matching import distance

if TYPE_CHECKING:
    from grouping.plan.ranges import WeightRange
    from grouping.roster import Roster

SITES = ["North", "South", "West"]


def staff(seed: int, count: int = 6) -> Roster:
    """Return a tiny roster at random."""
    rng = np.random.default_rng(seed)
    return roster_of(
        department=rng.choice(["X", "Y", "Z"], count),
        gender=rng.choice(["男", "女"], count),
        business_line=rng.choice(["a", "b"], count),
        shift=rng.choice(["早班", "白班", "夜班"], count),
    )


def policy() -> gp.Policy:
    """Return a policy in which no criterion has a principle to itself."""
    wishes = [
        gp.Alike("department", principle="act"),
        gp.Mixed("gender", weight=2, principle="manage"),
        gp.FewDepartments(most=1),
        gp.SharedWork(by="line", weight=3),
    ]
    return gp.Policy(size=(2, 4), must=[], prefer=wishes, principles={"convene": 1, "act": 1, "manage": 2})


def turned(base: gp.Policy, entry: WeightRange, weight: float | Fraction) -> gp.Policy:
    """Return a policy with one weight changed."""
    if not entry.criterion:
        return base.replace(principles={**base.principles, entry.principle: weight})
    others = [c for c in base.prefer if c.label != entry.criterion]
    changed = [replace(c, weight=weight) for c in base.prefer if c.label == entry.criterion and weight]
    return base.replace(prefer=[*others, *changed])


def named(roster: Roster) -> list[dict[str, str]]:
    """Return every division into groups of two to four."""
    found = {}
    for row in divisions(len(roster), 3):
        if all(2 <= count <= 4 for count in np.unique(row, return_counts=True)[1]):
            first = {g: n for n, g in enumerate(dict.fromkeys(row.tolist()))}
            key = tuple(first[g] for g in row.tolist())
            found[key] = dict(zip(roster.member_ids, (f"G{g + 1}" for g in key), strict=True))
    return list(found.values())


@pytest.mark.parametrize("seed", range(2))
def test_ranges_hold_and_end_where_they_are_said_to(seed: int) -> None:
    roster, wanted = staff(seed), policy()
    plan = gp.form_groups(roster, wanted, time_limit=5)
    found = plan.sensitivity(time_limit=20)
    every = named(roster)
    mine = {seat.member_id: seat.group for seat in plan.result.assignments}
    assert found.proven
    assert {(r.principle, r.criterion) for r in found.ranges} >= {("act", ""), ("act", "SharedWork"), ("manage", "")}
    for entry in found.ranges:
        lo, hi = (round(100 * end / entry.weight) for end in (entry.lo, entry.hi))
        assert lo <= 100 <= hi
        for step in sorted({lo, (lo + 100) // 2, (100 + hi) // 2, hi}):
            at = turned(wanted, entry, Fraction(str(entry.weight)) * step / 100)
            judge = Judge(roster, at)
            assert judge.groups(mine).score == pytest.approx(max(judge.groups(d).score for d in every), abs=1e-9)
        for switch, step in ((entry.below, lo - 1), (entry.above, hi + 1)):
            if switch is None:
                continue
            assert switch.weight == pytest.approx(entry.weight * step / 100)
            judge = Judge(roster, turned(wanted, entry, Fraction(str(entry.weight)) * step / 100))
            assert judge.groups(dict(switch.group_of)).score > judge.groups(mine).score + 1e-9
            assert switch.moves == distance(mine, dict(switch.group_of)) > 0
            assert switch.score == gp.evaluate(roster, wanted, dict(switch.group_of)).score <= plan.score
        assert (entry.below is None) == (lo == 0)
        assert (entry.above is None) == (hi == 1000)


def test_branches_are_settled_one_by_one() -> None:
    roster = roster_of(
        branch=["A"] * 5 + ["B"] * 6,
        department=list("XXYYZ") + list("XYZXYZ"),
        gender=list("男女男男女" + "女男女女男男"),
    )
    wishes = [gp.Alike("department", principle="act"), gp.Mixed("gender", principle="manage")]
    wanted = gp.Policy(size=(2, 3), must=[gp.Within("branch")], prefer=wishes)
    plan = gp.form_groups(roster, wanted, time_limit=5, workers=1)
    found = plan.sensitivity(time_limit=10)
    ends = {(r.principle, r.criterion): (r.lo, r.hi) for r in found.ranges if not r.alone}
    for half in ("A", "B"):
        ids = [m for m, part in zip(roster.member_ids, roster.to_frame()["branch"], strict=True) if part == half]
        alone = gp.form_groups(roster.select(ids), wanted, time_limit=5).sensitivity(time_limit=10)
        for entry in alone.ranges:
            if not entry.alone:
                lo, hi = ends[entry.principle, entry.criterion]
                assert entry.lo <= lo <= hi <= entry.hi


def test_a_weight_against_which_nothing_is_weighed_has_no_say() -> None:
    wanted = gp.Policy(size=(2, 4), must=[], prefer=[gp.Alike("department")])
    found = gp.form_groups(staff(0), wanted, time_limit=5).sensitivity(time_limit=5)
    assert [(r.alone, r.lo, r.hi, r.proven) for r in found.ranges] == [(True, 0.0, float("inf"), True)] * 2
    assert "nothing is weighed against it" in found.text()


def test_tables_and_words() -> None:
    found = gp.form_groups(staff(1), policy(), time_limit=5).sensitivity(time_limit=20)
    table = found.to_frame()
    assert len(table) == len(found.ranges)
    assert set(table["below"]) | set(table["above"]) <= {"changes", "nothing", "unknown"}
    assert ((table["lo"] <= table["weight"]) & (table["weight"] <= table["hi"])).all()
    for text in (found.text(), found.text("zh"), found.markdown(), found.html("zh"), str(found), repr(found)):
        assert text
    assert "便于管理党员" in found.text("zh")
    assert "<td>" in found._repr_html_()


def test_what_is_not_settled_is_called_unknown_and_the_time_is_kept() -> None:
    roster = gp.read_roster(gp.sample_path("branch_42"))
    some = roster.select(roster.member_ids[:16])
    plan = gp.form_groups(some, gp.Policy.balanced(size=(5, 9)), time_limit=30)
    assert plan.status == "optimal"
    found = plan.sensitivity(time_limit=0.2)
    assert found.seconds < 30  # of a limit that is not kept nothing is asserted but that it ends
    assert not found.proven
    assert "unknown" in found.text()
    assert all(entry.lo <= entry.weight <= entry.hi for entry in found.ranges)


def test_it_is_only_told_of_a_proven_plan_by_the_mean() -> None:
    roster = staff(2)
    plan = gp.form_groups(roster, policy(), time_limit=5)
    feasible = gp.Plan(plan.result.model_copy(update={"status": "feasible"}), plan.inputs)
    with pytest.raises(gp.InputError, match="not proven optimal"):
        feasible.sensitivity()
    fair = gp.form_groups(roster, policy().replace(fairness="worst"), time_limit=5)
    with pytest.raises(gp.InputError, match="worst group first"):
        fair.sensitivity()
    with pytest.raises(gp.InputError, match="does not know its roster"):
        gp.Plan.from_json(plan.to_json()).sensitivity()
