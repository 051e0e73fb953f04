from __future__ import annotations

import pytest

import grouping as gp


@pytest.fixture(scope="package")
def branch():
    return gp.read_roster(gp.sample_path("branch_42"))


@pytest.fixture(scope="package")
def examples():
    return gp.read_tasks(gp.sample_path("branch_42") / "tasks.json")


@pytest.fixture(scope="package")
def formed(branch, examples):
    """The conference and the repair together, proven."""
    return gp.form_task_forces(branch, examples, time_limit=20)
