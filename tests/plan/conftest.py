from __future__ import annotations

import pytest

import grouping as gp

ROSTER = gp.read_roster(gp.sample_path("branch_42"))
POLICY = gp.Policy.balanced(size=(6, 12))


@pytest.fixture(scope="session")
def roster() -> gp.Roster:
    return ROSTER


@pytest.fixture(scope="session")
def policy() -> gp.Policy:
    return POLICY


@pytest.fixture(scope="session")
def plan(roster: gp.Roster, policy: gp.Policy) -> gp.Plan:
    """Return a plan that is not proven optimal."""
    return gp.form_groups(roster, policy, time_limit=1.5)


@pytest.fixture(scope="session")
def today(roster: gp.Roster, policy: gp.Policy) -> gp.Evaluation:
    return gp.evaluate(roster, policy)


@pytest.fixture(scope="session")
def many() -> gp.Roster:
    """Return a roster of seven branches, with teams without members in five of them."""
    return gp.read_roster(gp.sample_path("organisation_260"))


@pytest.fixture(scope="session")
def many_plan(many: gp.Roster, policy: gp.Policy) -> gp.Plan:
    return gp.form_groups(many, policy, time_limit=3)
