"""Many branches: on any executor, from any start, ended by anybody, written one by one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import active_children
from pathlib import Path

import pandas as pd
import pytest

import grouping as gp

SMALL = gp.Policy.balanced(size=(4, 8))


@pytest.fixture(scope="module")
def three(many: gp.Roster) -> gp.Roster:
    """Return the first dozen members of three branches, so that all is proven at once."""
    ids = [
        member.member_id for name in ("B1", "B2", "B3") for member in [m for m in many.members if m.branch == name][:12]
    ]
    return many.select(ids)


@pytest.fixture(scope="module")
def proven(three: gp.Roster) -> gp.Plan:
    return gp.form_groups(three, SMALL, time_limit=30)


def seats(plan: gp.Plan) -> dict[str, str]:
    return dict(zip(plan.assignments["member_id"], plan.assignments["group"], strict=True))


def test_an_executor_changes_nothing(three: gp.Roster, proven: gp.Plan) -> None:
    with ThreadPoolExecutor(2) as executor:
        plan = gp.form_groups(three, SMALL, time_limit=30, executor=executor)
    assert (plan.status, plan.cost) == ("optimal", proven.cost)
    assert len(plan.provenance["parts"]) == 3


def test_reproducible_plans_do_not_depend_on_who_solves(many: gp.Roster, policy: gp.Policy) -> None:
    two = many.select([member.member_id for member in many.members if member.branch in ("B2", "B3")])
    plans = [gp.form_groups(two, policy, time_limit=0.15, reproducible=True, workers=workers) for workers in (1, 2)]
    with ThreadPoolExecutor(3) as executor:
        plans.append(gp.form_groups(two, policy, time_limit=0.15, reproducible=True, executor=executor))
    assert seats(plans[0]) == seats(plans[1]) == seats(plans[2])
    assert plans[0].cost_bound == plans[1].cost_bound == plans[2].cost_bound


def test_the_plan_is_never_worse_than_its_start(three: gp.Roster, proven: gp.Plan) -> None:
    for start in (proven, proven.assignments, seats(proven)):
        again = gp.form_groups(three, SMALL, time_limit=0.05, start=start)
        assert again.cost <= proven.cost


def test_a_start_may_have_other_group_names_and_looks_after_teams(roster: gp.Roster, plan: gp.Plan) -> None:
    policy = gp.Policy.balanced(size=(6, 12))
    names = {group: f"circle {number}" for number, group in enumerate(sorted(set(plan.assignments["group"])))}
    table = plan.assignments.assign(group=plan.assignments["group"].map(names))
    again = gp.form_groups(roster, policy, time_limit=0.1, start=table)
    assert again.cost <= plan.cost
    quick = gp.form_groups(roster, policy, time_limit=0.1, start="current_group")
    assert quick.cost <= gp.evaluate(roster, policy, "current_group").cost


def test_a_start_that_says_too_little_is_no_harm(roster: gp.Roster, policy: gp.Policy) -> None:
    half = pd.DataFrame({"member_id": roster.member_ids[:20], "group": ["G1"] * 20})
    assert gp.form_groups(roster, policy, time_limit=1, start=half).violations == ()
    with pytest.raises(gp.AssignmentError, match="no such member"):
        gp.form_groups(roster, policy, start={"nobody": "G1"})


def test_a_gap_that_is_small_enough_ends_the_run(roster: gp.Roster, policy: gp.Policy) -> None:
    plan = gp.form_groups(roster, policy, time_limit=60, gap_limit=0.99)
    assert plan.gap is not None
    assert plan.gap <= 0.99
    assert plan.provenance["seconds"]["wall"] < 30


@pytest.mark.parametrize("options", [{"workers": 0}, {"workers": True}, {"gap_limit": 1.0}, {"time_limit": 0}])
def test_options_that_make_no_sense(roster: gp.Roster, options: dict[str, float]) -> None:
    with pytest.raises(gp.PolicyError):
        gp.form_groups(roster, SMALL, **options)  # type: ignore[arg-type]


class TestStream:
    """`form_branches` and `save_branches`."""

    def test_plans_are_those_of_the_branches(self, three: gp.Roster, proven: gp.Plan) -> None:
        seen: list[gp.Progress] = []
        plans = dict(gp.form_branches(three, SMALL, time_limit_per_branch=20, workers=1, on_progress=seen.append))
        assert sorted(plans) == ["B1", "B2", "B3"]
        assert {plan.status for plan in plans.values()} == {"optimal"}
        assert sum(len(plan.assignments) for plan in plans.values()) == len(three)
        assert seen[-1].score == pytest.approx(proven.score)
        assert (seen[-1].parts_done, seen[-1].parts) == (3, 3)

    def test_rosters_are_asked_for_when_they_are_needed(self, three: gp.Roster) -> None:
        asked: list[str] = []

        def rosters() -> Iterator[tuple[str, gp.Roster]]:
            for name in ("B1", "B2", "B3"):
                asked.append(name)
                yield name, three.select([m.member_id for m in three.members if m.branch == name])

        stream = gp.form_branches(rosters(), SMALL, time_limit_per_branch=20, workers=1)
        assert asked == []
        name, plan = next(stream)
        assert (name, asked) == ("B1", ["B1"])
        assert set(plan.groups["part"]) == {"B1"}
        assert [name for name, _ in stream] == ["B2", "B3"]

    def test_a_branch_without_a_plan_does_not_end_the_others(self, three: gp.Roster) -> None:
        few = three.select([m.member_id for m in three.members if m.branch != "B2"][:15])
        failed: dict[str, gp.GroupingError] = {}
        stream = gp.form_branches(few, SMALL, time_limit_per_branch=20, workers=1, on_error=failed.__setitem__)
        assert [name for name, _ in stream] == ["B1"]
        assert list(failed) == ["B3"]
        assert "3 members are fewer than one group of at least 4 needs" in str(failed["B3"])
        with pytest.raises(gp.InfeasibleError):
            list(gp.form_branches(few, SMALL, time_limit_per_branch=20, workers=1))

    def test_a_control_ends_the_stream(self, three: gp.Roster) -> None:
        control = gp.Control()
        stream = gp.form_branches(three, SMALL, time_limit_per_branch=20, workers=1, control=control)
        next(stream)
        control.stop()
        assert list(stream) == []

    def test_executors_stream_too(self, three: gp.Roster) -> None:
        with ThreadPoolExecutor(2) as executor:
            stream = gp.form_branches(three, SMALL, time_limit_per_branch=20, executor=executor)
            assert sorted(name for name, _ in stream) == ["B1", "B2", "B3"]

    def test_every_branch_has_its_folder(self, three: gp.Roster, tmp_path: Path) -> None:
        branches = {"../一支部": "B1", "a/b": "B2", "A b": "B3"}
        rosters = {
            name: three.select([m.member_id for m in three.members if m.branch == branch])
            for name, branch in branches.items()
        }
        stream = gp.form_branches(rosters.items(), SMALL, time_limit_per_branch=20, workers=1)
        index = gp.save_branches(stream, tmp_path / "out", three)
        table = pd.read_csv(index)
        assert table["branch"].tolist() == list(branches)
        assert table["folder"].tolist() == ["一支部", "a_b", "A_b_2"]
        assert table["members"].tolist() == [12, 12, 12]
        for row in table.itertuples():
            plan = gp.Plan.from_json(tmp_path / "out" / str(row.folder) / "plan.json")
            assert plan.cost == row.cost
            assert plan.status == row.status
        people = pd.read_csv(tmp_path / "out" / "a_b" / "assignments.csv")
        assert people["department"].notna().all()
        with pytest.raises(gp.InputError, match="there already"):
            gp.save_branches([], tmp_path / "out")
        assert len(pd.read_csv(gp.save_branches([], tmp_path / "out", force=True))) == 0


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_killed_worker_costs_no_branch(many: gp.Roster, policy: gp.Policy) -> None:
    two = many.select([member.member_id for member in many.members if member.branch in ("B2", "B4")])
    killed: list[int] = []

    def kill(progress: gp.Progress) -> None:
        workers = [process.pid for process in active_children() if process.pid is not None]
        if not killed and workers:
            killed.append(workers[0])
            os.kill(killed[0], signal.SIGKILL)

    plan = gp.form_groups(two, policy, time_limit=60, workers=2, gap_limit=0.5, on_progress=kill)
    assert killed
    assert len(plan.assignments) == len(two)
    assert [part["part"] for part in plan.provenance["parts"]] == ["B2", "B4"]


SCRIPT = """
import os, signal, sys
import grouping as gp

print("begun", flush=True)
roster = gp.read_roster(gp.sample_path("organisation_260"))

def stop(progress):
    if progress.score is not None and len(sys.argv) > 1:
        sys.argv.clear()
        os.killpg(0, signal.SIGINT)

branches = ("B2", "B4") if len(sys.argv) == 1 else ("B5", "B6", "B7")
few = roster.select([m.member_id for m in roster.members if m.branch in branches])
plan = gp.form_groups(few, gp.Policy.balanced(size=(6, 12)), time_limit=60, workers=2, gap_limit=0.5, on_progress=stop)
print(len(plan.assignments) == len(few), plan.provenance["stopped_by"])
"""


def script(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    file = path / "divide.py"
    file.write_text(SCRIPT, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(file), *arguments], capture_output=True, encoding="utf-8", check=False, timeout=100,
        start_new_session=True,
    )  # fmt: skip


def test_a_script_without_a_main_guard_is_run_once(tmp_path: Path) -> None:
    done = script(tmp_path)
    assert done.stderr == ""
    assert done.stdout.startswith("begun\nTrue ")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_stops_the_workers_and_the_plan_is_whole(tmp_path: Path) -> None:
    begun = time.monotonic()
    done = script(tmp_path, "interrupt")
    assert done.stderr == ""
    assert done.stdout == "begun\nTrue user\n"
    assert time.monotonic() - begun < 40


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_workers_end_with_their_parent() -> None:
    code = (
        "import time\nfrom grouping.scale.places import Processes\n"
        "place = Processes(2, False)\nwhile not place.ready(0.1): pass\n"
        "print(*place.workers, flush=True)\ntime.sleep(60)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
    )
    assert child.stdout is not None
    workers = [int(word) for word in child.stdout.readline().split()]
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    until = time.monotonic() + 20
    while time.monotonic() < until and any(alive(worker) for worker in workers):
        time.sleep(0.05)
    assert len(workers) == 2
    assert not any(alive(worker) for worker in workers)


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
