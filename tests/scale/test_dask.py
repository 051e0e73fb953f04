"""Dask as the executor: two worker processes on this machine, as docs/scale.md shows it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

import grouping as gp

if TYPE_CHECKING:
    from collections.abc import Iterator

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Return a client of a cluster of two workers, without the dashboard's web server."""
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture(scope="module")
def three() -> gp.Roster:
    many = gp.read_roster(gp.sample_path("organisation_260"))
    dozens = ([m.member_id for m in many.members if m.branch == name][:12] for name in ("B1", "B2", "B3"))
    return many.select([member for dozen in dozens for member in dozen])


def test_branches_are_solved_on_the_cluster(client: Any, three: gp.Roster) -> None:
    policy = gp.Policy.balanced(size=(4, 8))
    executor = client.get_executor(pure=False)
    plan = gp.form_groups(three, policy, time_limit=60, executor=executor, workers=2)
    assert len(plan.assignments) == len(three)
    stream = gp.form_branches(three, policy, time_limit_per_branch=0.5, executor=executor, workers=2)
    assert sorted(name for name, _ in stream) == ["B1", "B2", "B3"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_worker_of_the_cluster_that_dies_loses_nothing(client: Any, three: gp.Roster) -> None:
    processes = list(client.run(os.getpid).values())
    stream = gp.form_branches(
        three, gp.Policy.balanced(size=(4, 8)), time_limit_per_branch=1.5, executor=client.get_executor(pure=False)
    )
    first = next(stream)
    os.kill(processes[0], signal.SIGKILL)
    assert sorted(name for name, _ in (first, *stream)) == ["B1", "B2", "B3"]
