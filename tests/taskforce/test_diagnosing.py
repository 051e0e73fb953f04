"""What is said of a task that cannot be manned, held against what happens when one does as it says."""

from __future__ import annotations

import pytest

import grouping as gp
from grouping.errors import InfeasibleError

CONFERENCE, REPAIR = "EV-CONF-2026-12", "EV-REPAIR-2026-12"


def limited(task, **limits):
    return task.model_copy(update={"limits": task.limits.model_copy(update=limits)})


def told(branch, task, **options):
    with pytest.raises(InfeasibleError) as caught:
        gp.form_task_forces(branch, task, **options)
    assert "：" in caught.value.describe("zh")
    return str(caught.value)


def test_a_limit_for_each_member_is_eased_as_little_as_helps(branch, examples):
    text = told(branch, limited(examples[0], max_releases_per_member=1))
    assert "released from too many shifts" in text
    assert f"{CONFERENCE}: it also helps to allow 3 releases of one member instead of 1" in text
    told(branch, limited(examples[0], max_releases_per_member=2))
    assert gp.form_task_forces(branch, limited(examples[0], max_releases_per_member=3)).members_of(CONFERENCE)


def test_overtime_worked_is_eased_as_little_as_helps(branch, examples):
    worked = dict.fromkeys(branch.member_ids, 20)
    text = told(branch, examples[0], hours_worked=worked)
    assert "it also helps to allow 43 hours of overtime a month instead of 36" in text
    told(branch, limited(examples[0], overtime_hours=42), hours_worked=worked)
    eased = gp.form_task_forces(branch, limited(examples[0], overtime_hours=43), hours_worked=worked)
    assert eased.members_of(CONFERENCE)


def test_who_comes_too_late_in_a_wave_is_not_counted_as_able(branch, examples):
    text = told(branch, examples[1].model_copy(update={"response_minutes": 20}))
    assert "驾驶 driver needs 1 in wave 1 and finds 0: of 4 with the skills 0 can come" in text
    assert f"{REPAIR}: it also helps to allow 25 minutes to respond instead of 20" in text
    told(branch, examples[1].model_copy(update={"response_minutes": 24}))
    assert gp.form_task_forces(branch, examples[1].model_copy(update={"response_minutes": 25})).members_of(REPAIR)


def test_protected_rest_is_named_where_breaking_it_helps(branch, examples):
    strict = limited(examples[1], protected_rest="must", rest_before_hours=60)
    text = told(branch, strict)
    assert "in protected rest" in text
    assert "it also helps to break protected rest where nobody else can" in text
    assert gp.form_task_forces(branch, limited(strict, protected_rest="prefer")).result.rests


def test_a_team_that_must_keep_more_than_it_can_is_named_once_for_all_its_shifts(branch, examples):
    text = told(branch, limited(examples[0], keep_on_duty=3))
    assert text.count("can only be filled from 公务车班, of which 3 must stay on duty on") == 1
    assert "the smallest change that helps is to keep 1 there" in text
    told(branch, limited(examples[0], keep_on_duty=2))
    assert gp.form_task_forces(branch, limited(examples[0], keep_on_duty=1)).members_of(CONFERENCE)
