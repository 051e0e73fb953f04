from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import grouping as gp
from grouping.cli import app

BRANCH = str(gp.sample_path("branch_42"))
MANY = str(gp.sample_path("organisation_260"))
QUICK = ("--size", "6-12", "--time-limit", "0.5")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "grouping", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=60, **options)


class TestForm:
    def test_prints_plan_and_today(self) -> None:
        done = run("form", BRANCH, *QUICK)
        assert done.exit_code == 0
        assert re.match(r"\d groups, 42 members, score \d\d\.\d\d of 100\n", done.stdout)
        assert "Today's division and the proposed one" in done.stdout
        assert re.search(r"^score +90\.14 +\d\d\.\d\d$", done.stdout, flags=re.MULTILINE)
        assert done.stderr == ""

    def test_chinese(self) -> None:
        done = run("form", BRANCH, *QUICK, "--lang", "zh")
        assert done.exit_code == 0
        assert re.search(r"目前 +建议方案", done.stdout)
        assert "便于开展活动" in done.stdout

    def test_json_is_all_there_is_on_stdout(self, tmp_path: Path) -> None:
        done = run("form", BRANCH, *QUICK, "--json", "--out", str(tmp_path / "out"), "--seed", "3")
        assert done.exit_code == 0
        plan = gp.Plan.from_json(done.stdout)
        assert plan == gp.Plan.from_json(tmp_path / "out" / "plan.json")
        assert plan.provenance["options"]["seed"] == 3
        assert "plan.json" in done.stderr

    def test_out_never_overwrites_and_asks_before_it_solves(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert run("form", BRANCH, *QUICK, "--out", str(tmp_path)).exit_code == 0
        before = (tmp_path / "plan.json").read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr("grouping.plan.forming.form_groups", lambda *a, **k: pytest.fail("solved"))
            again = run("form", BRANCH, *QUICK, "--out", str(tmp_path))
        assert again.exit_code == 2
        assert "--force" in again.stderr
        assert (tmp_path / "plan.json").read_bytes() == before
        assert run("form", BRANCH, *QUICK, "--out", str(tmp_path), "--force").exit_code == 0

    def test_branch_by_branch(self, tmp_path: Path) -> None:
        short = ("--size", "6-12", "--time-limit", "0.3", "--workers", "1", "--by-branch")
        done = run("form", MANY, *short, "--out", str(tmp_path / "out"))
        assert done.exit_code == 0
        lines = (tmp_path / "out" / "branches.csv").read_text(encoding="utf-8-sig").splitlines()
        assert len(lines) == 8
        assert (tmp_path / "out" / "B7" / "assignments.csv").exists()
        again = run("form", MANY, *short, "--out", str(tmp_path / "out"))
        assert again.exit_code == 2
        assert run("form", MANY, *short).exit_code == 2
        assert run("form", MANY, *short, "--out", str(tmp_path / "x"), "--json").exit_code == 2

    def test_a_branch_without_a_plan_is_told_when_all_others_are_written(self, tmp_path: Path) -> None:
        options = ("--size", "17-24", "--time-limit", "0.3", "--workers", "1", "--by-branch")
        done = run("form", MANY, *options, "--out", str(tmp_path / "out"))
        assert done.exit_code == 3
        lines = (tmp_path / "out" / "branches.csv").read_text(encoding="utf-8-sig").splitlines()
        failed = [line for line in done.stderr.splitlines() if line.startswith("grouping: branch ")]
        assert len(lines) - 1 + len(failed) == 7
        assert len(failed) > 0
        assert len(lines) > 1

    def test_options_shape_the_policy(self) -> None:
        options = ("--preset", "by_location", "--size", "5-9", "--groups", "6", "--sessions", "2")
        done = run("form", BRANCH, *options, "--time-limit", "1", "--json")
        plan = gp.Plan.from_json(done.stdout)
        policy = gp.Policy.from_dict(plan.result.policy)
        assert (policy.name, policy.size, policy.groups) == ("by_location", (5, 9), 6)
        (attendance,) = [c for c in policy.prefer if isinstance(c, gp.Attendance)]
        assert attendance.sessions == 2
        assert len(plan.groups) == 6

    def test_options_win_over_the_file(self, tmp_path: Path) -> None:
        file = tmp_path / "p.toml"
        file.write_text('name = "ours"\nsize = [3, 4]\n[[prefer]]\ntype = "EvenSize"\n', encoding="utf-8")
        done = run("form", BRANCH, "--policy", str(file), "--size", "7", "--json", "--time-limit", "5")
        plan = gp.Plan.from_json(done.stdout)
        assert plan.result.policy["name"] == "ours"
        assert plan.groups["size"].tolist() == [7] * 6
        refused = run("form", BRANCH, "--policy", str(file), "--sessions", "2")
        assert refused.exit_code == 2
        assert "Attendance" in refused.stderr

    @pytest.mark.parametrize(
        "error", [gp.NoPlanFoundError(1.0), gp.InfeasibleError("why"), gp.VerificationError(["x"])]
    )
    def test_codes_of_errors(self, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*args: object, **options: object) -> None:
            raise error

        monkeypatch.setattr("grouping.plan.forming.form_groups", fail)
        done = run("form", BRANCH)
        code = {gp.NoPlanFoundError: 4, gp.InfeasibleError: 3, gp.VerificationError: 1}[type(error)]
        assert (done.exit_code, done.stdout) == (code, "")
        assert done.stderr.startswith("grouping: ")

    def test_no_plan_is_diagnosed(self) -> None:
        done = run("form", BRANCH, "--size", "30-31", "--time-limit", "2", "--lang", "zh")
        assert (done.exit_code, done.stdout) == (3, "")
        assert done.stderr.startswith("grouping: 没有能满足全部规则的划分：42人无法分成每组30至31人的小组")
        assert "每组人数下限由30人放宽到21人" in done.stderr
        assert done.stderr.count("42人无法") == 1

    def test_interrupted_before_a_first_plan(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*args: object, **options: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("grouping.plan.forming.form_groups", fail)
        assert run("form", BRANCH).exit_code == 130

    @pytest.mark.parametrize(
        "options",
        [
            ("--size", "x"),
            ("--size", "9-6"),
            ("--size", "0"),
            ("--groups", "4-"),
            ("--sessions", "3"),
            ("--time-limit", "0"),
            ("--time-limit", "nan"),
            ("--preset", "best"),
            ("--lang", "fr"),
            ("--what",),
            ("--encoding", "no-such"),
            ("--preset", "balanced", "--policy", "p.toml"),
            ("--policy", "no-such.toml"),
        ],
    )
    def test_bad_usage(self, options: tuple[str, ...]) -> None:
        done = run("form", BRANCH, *options)
        assert done.exit_code == 2
        assert "Traceback" not in done.stderr


class TestOthers:
    def test_check(self) -> None:
        done = run("check", MANY, "--size", "6-12")
        assert done.exit_code == 0
        assert "260 members" in done.stdout
        assert "B7: 46 members, 4 to 7 groups" in done.stdout
        assert re.search(r"rules: Within\(branch\), .*Leader", done.stdout)

    def test_check_says_what_is_not_judged(self, tmp_path: Path) -> None:
        file = tmp_path / "r.csv"
        file.write_text("id,department,shift\n" + "".join(f"m{i},X,day\n" for i in range(12)), encoding="utf-8")
        done = run("check", str(file))
        assert "no data for: Travel, TeamCoverage, LeaderFit, Mentoring, Continuity" in done.stdout
        assert run("check", str(file), "--size", "10-11").exit_code == 0
        assert run("check", str(tmp_path / "none.csv")).exit_code == 2

    def test_check_reads_workbooks_and_says_it_in_chinese(self, tmp_path: Path) -> None:
        people = [
            {"工号": "007", "部门": "=后勤", "班次": "白班", "地点": "北楼"},
            {"工号": "8", "部门": "保卫", "班次": "夜班"},
        ]
        people[1]["地点"] = "南楼"
        file = gp.Roster.from_frame(people).to_excel(tmp_path / "r.xlsx")
        page = tmp_path / "report.html"
        done = run("check", str(file), "--lang", "zh", "--html", str(page), "--size", "1-2")
        assert done.exit_code == 0
        assert "2 名成员" in done.stdout
        assert "r.xlsx/成员" in page.read_text(encoding="utf-8")
        again = run("check", str(file), "--html", str(page))
        assert again.exit_code == 2
        assert "--force" in again.stderr
        assert run("check", str(file), "--html", str(page), "--force").exit_code == 0

    def test_check_lists_faults_with_cells(self, tmp_path: Path) -> None:
        file = tmp_path / "r.csv"
        file.write_bytes("工号,部门,职务,岗位,班次\n1,X,a,b,怪班\n".encode("gb18030"))
        done = run("check", str(file), "--lang", "zh")
        assert done.exit_code == 2
        assert "r.csv，E2，“班次”列：不是已知的班制或班次名（填写的是“怪班”）" in done.stderr
        told = ("--column", "职务=ignore", "--unknown-shift", "label")
        assert run("check", str(file), *told).exit_code == 0
        assert run("check", str(file), "--column", "职务").exit_code == 2

    def test_check_reads_standard_input(self) -> None:
        text = "id,department,shift\n1,X,day\n2,X,DAY6\n".encode("utf-16")
        command = [sys.executable, "-m", "grouping.cli", "check", "-", "--usual-rotas"]
        done = subprocess.run(command, input=text, capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        assert "2 members" in done.stdout.decode()

    def test_template(self, tmp_path: Path) -> None:
        done = run("template", str(tmp_path / "new"))
        assert done.exit_code == 0
        (file,) = (tmp_path / "new").iterdir()
        assert done.stdout.strip() == str(file)
        assert run("template", str(tmp_path / "new")).exit_code == 2
        assert run("template", str(tmp_path / "new"), "--force", "--lang", "zh").exit_code == 0
        refused = run("check", str(file))
        assert (refused.exit_code, "the roster has no rows" in refused.stderr) == (2, True)

    def test_demo(self) -> None:
        done = run("demo", "--time-limit", "1")
        assert done.exit_code == 0
        for word in ("branch_42", "today", "proposed", "leader", "meets", "shares", "first plan after", "proven"):
            assert word in done.stdout

    def test_version_and_help(self) -> None:
        assert run("--version").stdout.startswith("grouping")
        assert run("--help").exit_code == 0
        assert run().exit_code == 2


class TestProcess:
    """What only a process of its own shows: exit codes, streams, signals."""

    def test_bad_input(self, tmp_path: Path) -> None:
        done = process("form", str(tmp_path / "nowhere"))
        assert (done.returncode, done.stdout) == (2, "")
        assert "no such file" in done.stderr
        (tmp_path / "p.toml").write_text('[[prefer]]\ntype = "Attendence"\n', encoding="utf-8")
        done = process("form", BRANCH, "--policy", str(tmp_path / "p.toml"))
        assert done.returncode == 2
        assert "Maybe you mean Attendance" in done.stderr
        assert "Traceback" not in done.stderr

    def test_infeasible(self) -> None:
        done = process("form", BRANCH, "--size", "30-31")
        assert (done.returncode, done.stdout) == (3, "")
        assert "need at least 60" in done.stderr

    def test_no_plan_in_time(self) -> None:
        done = process("form", MANY, "--time-limit", "1e-9")
        assert (done.returncode, done.stdout) == (4, "")
        assert "Traceback" not in done.stderr

    def test_json(self) -> None:
        done = process("form", BRANCH, *QUICK, "--json")
        assert done.returncode == 0
        assert json.loads(done.stdout)["schema_version"] == 1
        assert done.stderr == ""

    @pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
    def test_a_broken_pipe_is_no_traceback(self) -> None:
        child = subprocess.Popen(
            [sys.executable, "-m", "grouping.cli", "demo", "--time-limit", "0.5"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        errors = child.stderr.read()
        child.stderr.close()
        assert child.wait(timeout=60) == 0
        assert errors == ""

    @pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
    def test_ctrl_c_prints_the_best_plan_so_far(self) -> None:
        code = (
            "import os, signal, sys\n"
            "from grouping.scale import tasks\n"
            "from grouping.cli import main\n"
            "solve = tasks.solve\n"
            "def stop(progress):\n"
            "    if progress.cost is not None:\n"
            "        os.kill(os.getpid(), signal.SIGINT)\n"
            "def interrupted(problem, **options):\n"
            "    return solve(problem, **{**options, 'on_progress': stop})\n"
            "tasks.solve = interrupted\n"
            f"sys.argv = ['grouping', 'form', {BRANCH!r}, '--size', '5-12', '--sessions', '2', '--time-limit', '50']\n"
            "main()\n"
        )
        begun = time.monotonic()
        child = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False, timeout=60,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        assert child.returncode == 0, child.stderr
        assert "stopped by you" in child.stdout
        assert time.monotonic() - begun < 40

    def test_a_terminal_without_chinese(self) -> None:
        environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
        done = process("form", BRANCH, *QUICK, "--lang", "zh", env=environment)
        assert done.returncode == 0


class TestDiagnose:
    def test_no_plan(self) -> None:
        done = run("diagnose", BRANCH, "--size", "6-12", "--groups", "3")
        assert done.exit_code == 3
        assert done.stdout.startswith("No division keeps every rule.")
        assert "42 members do not fit into 3 groups of 6 to 12" in done.stdout
        assert "allow groups of up to 14 instead of 12" in done.stdout

    def test_a_plan_exists(self) -> None:
        done = run("diagnose", BRANCH, "--size", "6-12", "--json", "--lang", "zh")
        assert done.exit_code == 0
        assert json.loads(done.stdout)["status"] == "feasible"


class TestTradeoffs:
    def test_prints_the_table_and_writes_it(self, tmp_path: Path) -> None:
        out = tmp_path / "points.csv"
        options = ("--size", "6-12", "--points", "2", "--time-limit", "2", "--workers", "1", "--lang", "zh")
        done = run("tradeoffs", BRANCH, *options, "-o", str(out))
        assert done.exit_code == 0
        assert "折中点" in done.stdout
        table = pd.read_csv(out)
        assert {"score", "convene", "act", "manage", "gap", "knee"} <= set(table.columns)
        before = out.read_bytes()
        assert run("tradeoffs", BRANCH, *options, "-o", str(out)).exit_code == 2
        assert out.read_bytes() == before


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a plan as a file."""
    folder = tmp_path_factory.mktemp("plan") / "out"
    assert run("form", BRANCH, *QUICK, "--out", str(folder)).exit_code == 0
    return str(folder / "plan.json")


class TestAnswers:
    def test_explain(self, saved: str) -> None:
        whole = run("explain", saved, BRANCH)
        assert whole.exit_code == 0
        assert "Today's division scores 90.14" in whole.stdout
        member = run("explain", saved, BRANCH, "--member", "HQ0016", "--lang", "zh", "--format", "md")
        assert re.match(r"## HQ0016编入G\d的理由\n", member.stdout)
        group = run("explain", saved, BRANCH, "--group", "G2", "--names", "--format", "html")
        assert re.search(r"\w+ \(HQ\d+\)", group.stdout)

    def test_what_if(self, saved: str) -> None:
        plan = gp.Plan.from_json(saved)
        member = plan.assignments.set_index("member_id")["group"]
        group = "G1" if member["HQ0016"] != "G1" else "G2"
        done = run("what-if", saved, BRANCH, "--member", "HQ0016", "--group", group, "--format", "json")
        assert done.exit_code == 0
        told = json.loads(done.stdout)
        assert told["cost"] - plan.cost == told["cost_change"] == sum(line["change"] for line in told["findings"])
        weights = run("what-if", saved, BRANCH, "--weight", "Attendance=2", "--lang", "zh")
        assert weights.stdout.startswith("若调整权重：到会条件由1改为2\n")
        one, other = (next(m for m, g in member.items() if g == name) for name in ("G1", "G2"))
        swap = run("what-if", saved, BRANCH, "--swap", one, other, "--repair", "--time-limit", "0.3")
        assert "The best division that keeps the change" in swap.stdout

    def test_what_if_somebody_joins_or_there_is_one_rule_more(self, saved: str) -> None:
        cells = ("工号=HQ0099", "部门=餐饮服务部", "班制=CAN2W", "地点=一号食堂")
        join = [word for cell in cells for word in ("--join", cell)]
        done = run("what-if", saved, BRANCH, *join, "--group", "G1", "--lang", "zh")
        assert done.stdout.startswith("若将HQ0099编入G1\n")
        rule = '{"type": "Apart", "ids": ["HQ0001", "HQ0016"]}'
        must = json.loads(run("what-if", saved, BRANCH, "--must", rule, "--format", "json").stdout)
        assert must["facts"] == {"rules": ["Apart(HQ0001, HQ0016)"]}
        assert run("what-if", saved, BRANCH, "--must", "Apart").exit_code == 2
        assert run("what-if", saved, BRANCH, "--join", "HQ0099", "--group", "G1").exit_code == 2

    def test_a_division_that_was_only_scored_can_be_asked_too(self, tmp_path: Path) -> None:
        roster = gp.read_roster(BRANCH)
        fewer = roster.select(roster.member_ids[1:])
        gp.evaluate(fewer, gp.Policy.balanced(size=(6, 12)), "current_group").to_json(tmp_path / "today.json")
        assert "groups for HQ0001" in run("place", str(tmp_path / "today.json"), BRANCH).stdout
        revised = run("revise", str(tmp_path / "today.json"), BRANCH, "--time-limit", "0.5", "--max-moves", "0")
        assert "HQ0001: joins" in revised.stdout

    def test_faults_are_told_in_chinese(self, saved: str) -> None:
        asked = {
            ("--member", "HQ0016"): "grouping: member=只说明是谁，未说明去哪个小组。建议：同时给出group=\n",
            ("--split", "G9"): "grouping: 没有这个小组（填写的是“G9”）。建议：",
            ("--drop", "Apart"): "grouping: 没有这条规则（填写的是“Apart”）。建议：",
            (): "grouping: 每次只能问一项变动，而这里给出了：无。建议：",
        }
        for arguments, told in asked.items():
            done = run("what-if", saved, BRANCH, *arguments, "--lang", "zh")
            assert (done.exit_code, done.stderr[: len(told)]) == (2, told)

    def test_faults(self, saved: str) -> None:
        for arguments in (["--swap", "HQ0001", "HQ0002", "--split", "G1"], ["--member", "nobody", "--group", "G1"], []):
            done = run("what-if", saved, BRANCH, *arguments)
            assert done.exit_code == 2
            assert done.stderr.startswith("grouping: ")
        assert run("what-if", saved, BRANCH, "--weight", "Attendance").exit_code == 2
        assert run("explain", saved, MANY).exit_code == 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a plan, and the roster with a joiner and without somebody."""
    folder = tmp_path_factory.mktemp("revise")
    roster = gp.read_roster(BRANCH)
    gp.form_groups(roster, gp.Policy.balanced(size=(6, 12)), time_limit=1).to_json(folder / "plan.json")
    joiner = roster.members[3].model_copy(update={"member_id": "HQ0099", "name": "新人"})
    roster.with_members([*roster.members, joiner]).select(
        [*roster.member_ids[:-1], "HQ0099"]
    ).to_excel(folder / "now.xlsx")  # fmt: skip
    return folder


class TestRevise:
    def test_lists_the_changes_and_writes_the_plan(self, folder: Path) -> None:
        out = folder / "new.json"
        arguments = ("revise", str(folder / "plan.json"), str(folder / "now.xlsx"), "--time-limit", "2", "-o", str(out))
        done = run(*arguments)
        assert done.exit_code == 0, done.stderr
        assert re.match(r"\d+ moved, 1 joined, 1 left; score \d\d\.\d\d of 100\n", done.stdout)
        assert re.search(r"^  HQ0099: joins G\d; ", done.stdout, flags=re.MULTILINE)
        assert "HQ0042: leaves" in done.stdout
        assert "新人" not in done.stdout
        assert len(gp.Plan.from_json(out).assignments) == 42
        again = run(*arguments, "--max-moves", "1")
        assert again.exit_code == 2
        assert "is there already" in again.stderr

    def test_max_moves_and_chinese(self, folder: Path) -> None:
        done = run("revise", str(folder / "plan.json"), BRANCH, "--max-moves", "0", "--lang", "zh", "--time-limit", "2")
        assert done.exit_code == 0, done.stderr
        assert done.stdout.startswith("调整0人，新编入0人，调出0人")
        assert "无人调整" in done.stdout

    def test_place(self, folder: Path) -> None:
        done = run("place", str(folder / "plan.json"), str(folder / "now.xlsx"))
        assert done.exit_code == 0, done.stderr
        assert done.stdout.startswith("groups for HQ0099\n  group  cost")
        assert run("place", str(folder / "plan.json"), BRANCH).stdout.startswith("everybody is in the plan")

    def test_what_is_no_plan_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "plan.json").write_text("{}", encoding="utf-8")
        assert run("place", str(tmp_path / "plan.json"), BRANCH).exit_code == 2
        assert run("revise", str(tmp_path / "none.json"), BRANCH).exit_code == 2
