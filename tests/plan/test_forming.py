from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import grouping as gp
from grouping.scale import tasks
from grouping.solving.engine import Progress, Solution


def test_plan_is_complete_and_within_sizes(roster: gp.Roster, plan: gp.Plan) -> None:
    assert sorted(plan.assignments["member_id"]) == sorted(roster.member_ids)
    assert plan.groups["size"].between(6, 12).all()
    assert plan.violations == ()


def test_infeasible_sizes_say_why(roster: gp.Roster) -> None:
    with pytest.raises(gp.InfeasibleError, match="1 group holds at most 31, 2 groups need at least 60"):
        gp.form_groups(roster, gp.Policy.balanced(size=(30, 31)))


def test_infeasible_rules_say_why(roster: gp.Roster) -> None:
    ids = roster.member_ids[:8]
    policy = gp.Policy.balanced(size=(6, 12), must=[gp.Apart(ids)])
    with pytest.raises(gp.InfeasibleError, match="takes 8 groups, but there can be only 7"):
        gp.form_groups(roster, policy, time_limit=20)


def test_no_time_is_no_plan(many: gp.Roster, policy: gp.Policy) -> None:
    with pytest.raises(gp.NoPlanFoundError):
        gp.form_groups(many, policy, time_limit=1e-9)


def test_a_wrong_answer_does_not_leave(
    roster: gp.Roster, policy: gp.Policy, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    real: Callable[..., Solution] = tasks.solve

    def lying(*args: Any, **options: Any) -> Solution:
        found = real(*args, **options)
        assert found.cost is not None
        return Solution("optimal", found.group_of, found.cost - 1, found.cost - 1, found.provenance)

    monkeypatch.setattr(tasks, "solve", lying)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(gp.VerificationError) as caught:
        gp.form_groups(roster, policy, time_limit=0.5)
    assert caught.value.dump is not None
    saved = caught.value.dump.read_text(encoding="utf-8")
    assert not [member for member in roster.member_ids if member in saved]
    assert saved.isascii()


def test_an_interrupt_after_the_first_plan_still_gives_a_whole_one(many: gp.Roster, policy: gp.Policy) -> None:
    stopped = False

    def stop(progress: Progress) -> None:
        nonlocal stopped
        if progress.cost is not None and not stopped:
            stopped = True
            raise KeyboardInterrupt

    plan = gp.form_groups(many, policy, time_limit=60, on_progress=stop)
    assert len(plan.assignments) == len(many)
    assert plan.provenance["stopped_by"] == "user"
    assert plan.provenance["seconds"]["total"] < 10


def test_provenance(plan: gp.Plan, many_plan: gp.Plan) -> None:
    assert plan.provenance["stopped_by"] in ("limit", "proof")
    assert plan.provenance["options"]["time_limit"] == 1.5
    assert plan.provenance["seconds"]["first_plan"] < 3
    assert [part["part"] for part in many_plan.provenance["parts"]] == [f"B{i}" for i in range(1, 8)]


def test_a_proven_plan(roster: gp.Roster) -> None:
    small = roster.select(roster.member_ids[:16])
    plan = gp.form_groups(small, gp.Policy.balanced(size=(4, 8)), time_limit=20)
    assert (plan.status, plan.gap, plan.bound) == ("optimal", 0.0, plan.score)
    assert plan.provenance["stopped_by"] == "proof"
