"""Policy(fairness="worst"): the worst group first, over branches, in files and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.helpers import divisions, roster_of

import grouping as gp
from grouping.plan.judging import Judge

if TYPE_CHECKING:
    from pathlib import Path

    from grouping.roster import Roster


def policy(**changes: object) -> gp.Policy:
    """Return a policy of two wishes on a tiny roster, the worst group first."""
    wishes = [gp.Alike("department"), gp.Mixed("gender", weight=2)]
    base = gp.Policy(size=(2, 4), must=[], prefer=wishes, fairness="worst")
    return base.replace(**changes)


def staff(count: int = 7, seed: int = 0) -> Roster:
    """Return a tiny roster at random."""
    rng = np.random.default_rng(seed)
    return roster_of(department=rng.choice(["X", "Y", "Z"], count), gender=rng.choice(["男", "女"], count))


def best_by_hand(roster: Roster, wanted: gp.Policy) -> tuple[float, float]:
    """Return the highest score of the worst group, and the highest score of the plan with it, over all divisions."""
    judge, found = Judge(roster, wanted), []
    for row in divisions(len(roster), 3):
        names = dict(zip(roster.member_ids, (f"G{g + 1}" for g in row), strict=True))
        if all(count >= 2 for count in np.unique(row, return_counts=True)[1]):
            scored = judge.groups(names)
            if not scored.violations:
                found.append((scored.worst, scored.score))
    return max(found)


@pytest.mark.parametrize("seed", range(3))
def test_the_plan_is_the_best_of_all_divisions(seed: int) -> None:
    roster = staff(seed=seed)
    plan = gp.form_groups(roster, policy(), time_limit=5)
    worst, score = best_by_hand(roster, policy())
    assert plan.status == "optimal"
    assert (plan.worst, plan.score) == pytest.approx((worst, score))
    assert plan.worst_bound == plan.worst == min(plan.groups["score"])
    assert plan.bound == plan.score


def test_the_mean_may_be_lower_and_the_worst_is_not() -> None:
    roster = gp.read_roster(gp.sample_path("branch_42"))
    wanted = gp.Policy.balanced(size=(6, 12)).replace(fairness="worst")
    fair = gp.form_groups(roster, wanted, time_limit=4)
    mean = gp.form_groups(roster, wanted.replace(fairness="mean"), time_limit=4)
    assert fair.worst >= mean.worst
    assert mean.worst_bound is None
    assert fair.worst_bound is not None
    assert fair.worst <= fair.worst_bound <= 100
    again = gp.evaluate(roster, wanted, fair)
    assert (again.worst, again.score) == (fair.worst, fair.score)


def test_each_branch_on_its_own() -> None:
    roster = roster_of(
        branch=["A"] * 6 + ["B"] * 6, department=list("XXXYYZ") + list("XYZXYZ"), gender=list("男女男男女女" * 2)
    )
    wanted = policy(must=[gp.Within("branch")])
    plan = gp.form_groups(roster, wanted, time_limit=5, workers=1)
    assert plan.status == "optimal"
    parts = [roster.select(roster.member_ids[:6]), roster.select(roster.member_ids[6:])]
    alone = [gp.form_groups(part, policy(), time_limit=5) for part in parts]
    assert plan.worst == min(part.worst for part in alone) == plan.worst_bound
    assert plan.cost * sum(part.result.scale for part in alone) / 2 / plan.result.scale == pytest.approx(
        sum(part.cost for part in alone)
    )


def test_files_and_words(tmp_path: Path) -> None:
    for name in ("policy.toml", "policy.json"):
        policy().dump(tmp_path / name)
        assert gp.Policy.load(tmp_path / name) == policy()
    (tmp_path / "short.toml").write_text('preset = "balanced"\nfairness = "worst"\n', encoding="utf-8")
    assert gp.Policy.load(tmp_path / "short.toml").fairness == "worst"
    assert "the group that scores least comes first" in policy().describe()
    plan = gp.form_groups(staff(), policy(), time_limit=5)
    assert gp.Plan.from_json(plan.to_json()) == plan
    assert gp.Plan.from_json(plan.to_json()).worst_bound == plan.worst_bound
    assert "has a better worst group" in plan.describe()
    assert "最低小组得分" in plan.describe("zh")


def test_an_unknown_fairness_is_answered_with_the_known_ones() -> None:
    with pytest.raises(gp.PolicyError, match="worst"):
        policy(fairness="wurst")
    assert gp.Policy().fairness == "mean"


def test_a_claim_without_its_proof_is_refused() -> None:
    plan = gp.form_groups(staff(), policy(), time_limit=5)
    data = plan.result.model_dump()
    with pytest.raises(ValueError, match="worst group"):
        type(plan.result).model_validate({**data, "worst_bound": None})
    with pytest.raises(ValueError, match="more than its bound"):
        type(plan.result).model_validate({**data, "worst_bound": plan.worst - 1})


class TestQuestions:
    """What is asked of a plan with the worst group first says what becomes of it, and claims no more than is proven."""

    def test_texts_speak_of_the_worst_group(self) -> None:
        plan = gp.form_groups(staff(), policy(size=(1, 5)), time_limit=5)
        member, group = next((s.member_id, s.group) for s in plan.result.assignments)
        other = next(name for name in plan.groups["group"] if name != group)
        found = gp.what_if(plan, member=member, group=other)
        assert f"{found.evaluation.worst:.2f}" in found.text().splitlines()[3]
        assert "得分最低的小组优先" in found.text("zh")
        for one in plan.explain(member).alternatives:
            moved = {**plan.result.group_of, member: one.group}
            if not one.partner:
                assert one.worst == pytest.approx(Judge(plan.inputs.roster, policy(size=(1, 5))).groups(moved).worst)
        assert "puts the worst group first" in plan.explain(member).text()

    def test_alternatives_take_over_no_bound(self) -> None:
        """That of the plan speaks of divisions whose worst group is as good; others may cost less."""
        for seed in range(4):
            plan = gp.form_groups(staff(6, seed), policy(size=(1, 5)), time_limit=3)
            found = gp.alternatives(plan, count=5, min_moves=1, max_loss=20, time_limit=2)
            assert {one.plan.bound for one in found} <= {None}

    def test_of_a_revision_nothing_is_proven(self) -> None:
        roster = staff(6)
        before = gp.evaluate(roster, policy(), dict(zip(roster.member_ids, "aaabbb", strict=True)))
        found = gp.revise(before, policy=policy(size=(1, 5)), price=1, time_limit=2)
        assert (found.bound, found.status) == (None, "feasible")
        assert "proven" not in str(found)
        with pytest.raises(gp.PolicyError, match="worst group first"):
            gp.revise(before, policy=policy(size=(1, 5)), max_moves=1)

    def test_tradeoffs_are_those_of_means(self) -> None:
        with pytest.raises(gp.PolicyError, match="worst group first"):
            gp.tradeoffs(staff(), policy(), time_limit=2)
