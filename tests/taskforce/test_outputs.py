"""Tables, the form, the chart, the overlay and the command."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd
import pytest
from typer.testing import CliRunner

import grouping as gp
import grouping.fonts
from grouping.cli import app
from grouping.errors import InputError
from grouping.roster import Roster

CONFERENCE, REPAIR = "EV-CONF-2026-12", "EV-REPAIR-2026-12"


def test_the_roster_by_role_has_every_presence(formed):
    frame = formed.roster_by_role()
    assert len(frame) == sum(len(one.presence) for one in formed.services)
    conference = frame[frame["task"] == CONFERENCE]
    assert conference["wave"].isna().all()
    assert set(conference["day"]) == {dt.date(2026, 12, 15), dt.date(2026, 12, 16), dt.date(2026, 12, 17)}
    repair = frame[frame["task"] == REPAIR]
    assert set(repair["wave"]) == {1, 2, 3}
    assert (repair["hours"] == 12).all()
    assert frame["hours"].sum() == formed.assignments["hours"].sum()


def test_history_is_what_the_next_plan_reads(branch, examples, formed):
    past = formed.history()
    assert past.set_index(["task", "member_id"])["days"].loc[CONFERENCE].eq(3).all()
    assert formed.history(until=dt.date(2026, 12, 18)).empty is False
    assert set(formed.history(until=dt.date(2026, 12, 18))["task"]) == {REPAIR}  # the conference dissolves on the 18th
    assert set(formed.history(until=dt.date(2026, 12, 19))["task"]) == {CONFERENCE, REPAIR}
    again = gp.form_task_forces(branch, examples[0], history=past)
    days = past.groupby("member_id")["days"].sum().to_dict()
    assert again.result.given.past_days == days
    fresh = sum(member not in days for member in again.members_of(CONFERENCE))
    before = sum(member not in days for member in formed.members_of(CONFERENCE))
    assert fresh >= before == 0


def test_the_standing_plan_stays_as_it_is(branch, formed):
    standing = gp.evaluate(branch, gp.Policy.balanced(size=(6, 12)), "current_group")
    records = standing.result.model_dump_json()
    overlay = standing.with_task_forces(formed)
    assert standing.result.model_dump_json() == records
    assert overlay.standing is standing
    load = overlay.load
    assert len(load) == len(formed.services)
    groups = standing.assignments.set_index("member_id")["group"]
    assert (load["group"] == load["member_id"].map(groups)).all()
    assert load["hours"].sum() == formed.assignments["hours"].sum()
    assert load["releases"].sum() == len(formed.releases)
    there = overlay.away(dt.datetime(2026, 12, 15, 9), dt.datetime(2026, 12, 15, 10))
    assert there == set(formed.members_of(CONFERENCE))
    assert overlay.away(dt.datetime(2026, 12, 20), dt.datetime(2026, 12, 21)) == set()


def test_members_without_a_group_cannot_be_laid_over(branch, formed):
    small = branch.select(branch.member_ids[:20])
    standing = gp.evaluate(small, gp.Policy.balanced(size=(6, 12)), "current_group")
    with pytest.raises(InputError, match="in no standing group"):
        standing.with_task_forces(formed)


def test_the_approval_form_has_the_fields_of_the_form(branch, formed):
    form = formed.approval_form(CONFERENCE)
    assert list(form) == [
        "title",
        "任务名称",
        "起止时间",
        "任务地点",
        "成立理由",
        "组长（建议人选）",
        "副组长（建议人选）",
        "成员",
        "职责",
        "支委会意见",
        "上级备案",
        "撤销时间",
    ]
    assert form["任务名称"] == "集团年度工作会议服务保障临时党小组"
    assert form["起止时间"] == "2026-12-15 06:00至2026-12-17 21:00"
    assert form["成立理由"] == form["支委会意见"] == ""
    assert form["撤销时间"] == "2026-12-18"
    assert "建议" in form["title"]
    assert set(form["成员"][0]) == {"姓名（工号）", "原党小组", "班组", "岗位", "分工"}
    names = [member.name for member in branch.members]
    told = json.dumps(form, ensure_ascii=False)
    assert not any(name in told for name in names)
    people = {member.member_id: member.name for member in branch.members}
    named = [row["姓名（工号）"] for row in formed.approval_form(CONFERENCE, names=True)["成员"]]
    assert named == [f"{people[one]}（{one}）" for one in formed.members_of(CONFERENCE)]
    assert formed.approval_form(REPAIR, lang="en")["dissolves on"] == "when the task is done"


def test_the_approval_form_calls_no_team_a_standing_group(branch, examples):
    members = tuple(member.model_copy(update={"current_group": None}) for member in branch.members)
    plan = gp.form_task_forces(Roster(**{**branch.__dict__, "members": members}), examples[0])
    rows = plan.approval_form(CONFERENCE)["成员"]
    assert {row["原党小组"] for row in rows} == {""}
    assert all(row["班组"] for row in rows)


def test_descriptions_say_what_is_proven(formed):
    assert "proven: no other choice" in formed.describe()
    assert "已证明" in formed.describe("zh")
    assert str(formed) == formed.describe()
    assert formed._repr_html_().startswith("<div>")
    weaker = type(formed)(formed.result.model_copy(update={"status": "feasible", "cost_bound": None}))
    assert "nothing is proven" in weaker.describe()
    weaker = type(formed)(formed.result.model_copy(update={"status": "feasible", "cost_bound": 10}))
    assert "costs less than 10" in weaker.describe()


def test_without_matplotlib_it_says_what_to_install(monkeypatch, formed):
    monkeypatch.setattr(grouping.fonts, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install"):
        formed.plot()


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font")  # where no Chinese font is installed
def test_the_chart_draws_every_presence(formed):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    before = dict(matplotlib.rcParams)
    axes = formed.plot(REPAIR)
    drawn = [one for one in axes.collections if one.get_zorder() == 3]
    assert sum(len(one.get_paths()) for one in drawn) == len(formed.roster_by_role().query("task == @REPAIR"))
    assert len(axes.get_yticks()) == len(formed.members_of(REPAIR))
    assert dict(matplotlib.rcParams) == before
    with pytest.raises(InputError):
        formed.plot("nothing")
    plt.close(axes.figure)


# --- the command -----------------------------------------------------------------------------------------------------

BRANCH = str(gp.sample_path("branch_42"))
TASKS = str(gp.sample_path("branch_42") / "tasks.json")


def run(*arguments):
    return CliRunner().invoke(app, ["task", BRANCH, TASKS, *arguments])


def test_the_command_writes_a_plan(tmp_path, branch, formed):
    out = tmp_path / "tasks.json"
    done = run("-o", str(out), "--lang", "zh", "--reserve")
    assert done.exit_code == 0
    assert "组长建议人选" in done.stdout
    assert "候补人选" in done.stdout
    assert f"无候补人选：{CONFERENCE} 调度 dispatch" in done.stdout
    plan = gp.TaskForcePlan.from_json(out)
    assert plan.cost == formed.cost
    again = run("-o", str(out))
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    assert run("-o", str(tmp_path / "no" / "x.json")).exit_code == 2
    assert run("-o", str(out), "--force", "--json").exit_code == 0


def test_the_roster_by_role_is_a_table_for_excel(tmp_path, branch, formed):
    out = tmp_path / "名单.csv"
    assert run("-o", str(out)).exit_code == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbftask,role,day,wave,member_id,name,lead,starts,ends,hours\r\n")
    table = pd.read_csv(out)
    assert len(table) == len(formed.roster_by_role())
    people = {member.member_id: member.name for member in branch.members}
    assert (table["name"] == table["member_id"].map(people)).all()
    formed.to_csv(out)
    assert not any(name in out.read_text(encoding="utf-8-sig") for name in people.values())


def test_the_command_takes_standing_groups_and_a_policy(tmp_path, branch):
    standing = gp.evaluate(branch, gp.Policy.balanced(size=(6, 12)), "current_group")
    standing.to_json(tmp_path / "standing.json")
    policy = tmp_path / "policy.toml"
    policy.write_text("home_minutes = 20\n[weights]\nStrangers = 2\n", encoding="utf-8")
    done = run("--standing", str(tmp_path / "standing.json"), "--policy", str(policy), "--json")
    assert done.exit_code == 0
    plan = gp.TaskForcePlan.from_json(done.stdout)
    assert plan.result.policy.home_minutes == 20
    policy.write_text("nonsense = 1\n", encoding="utf-8")
    assert run("--policy", str(policy)).exit_code == 2


def test_the_command_says_why_there_is_no_plan(tmp_path, branch):
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"must": [{"kind": "exclude", "members": list(branch.member_ids)}]}), encoding="utf-8")
    done = run("--policy", str(policy))
    assert done.exit_code == 3


def test_the_command_takes_history_hours_and_plans_that_stand(tmp_path, formed, examples):
    conference = tmp_path / "conference.json"
    conference.write_text(json.dumps([examples[0].to_dict()], ensure_ascii=False), encoding="utf-8")
    repair = tmp_path / "repair.json"
    repair.write_text(json.dumps([examples[1].to_dict()], ensure_ascii=False), encoding="utf-8")
    nurse, cook = (formed.members_of(CONFERENCE, role)[0] for role in ("医疗 medical", "餐饮 catering"))
    history = tmp_path / "服务史.csv"
    history.write_bytes(f"工号,开始,结束\n{nurse},2026/3/1,2026/4/30\n".encode("gb18030"))
    hours = tmp_path / "hours.csv"
    hours.write_text(f"工号,月份,加班小时\n{cook},2026-12,36\n", encoding="utf-8-sig")
    standing = tmp_path / "standing.json"

    def ask(tasks, *options):
        return CliRunner().invoke(app, ["task", BRANCH, str(tasks), *options, "--json"])

    done = ask(conference, "--history", str(history), "--hours-worked", str(hours), "-o", str(standing))
    assert done.exit_code == 0, done.stderr
    plan = gp.TaskForcePlan.from_json(standing)
    assert plan.result.given.past_days == {nurse: 61}
    assert plan.result.given.overtime_minutes == {cook: {"2026-12": 36 * 60}}
    assert cook not in plan.members_of(CONFERENCE)
    after = gp.TaskForcePlan.from_json(ask(repair, "--fixed", str(standing), "--history", str(standing)).stdout)
    assert after.result.given.fixed_services == plan.services
    assert set(after.result.given.past_days) == set(plan.members_of(CONFERENCE))
    assert ask(conference, "--history", str(history), "--history", str(standing)).exit_code == 2
    assert ask(conference, "--hours-worked", str(tmp_path / "none.csv")).exit_code == 2
    hours.write_text("a,b\n1,2\n", encoding="utf-8")
    wrong = ask(conference, "--hours-worked", str(hours))
    assert wrong.exit_code == 2
    assert "with the columns member_id and hours" in wrong.stderr


def test_the_command_knows_skills_and_sites_by_the_roster(tmp_path, examples):
    role = examples[0].roles[0].model_copy(update={"site": "行政办公搂", "skills_any": ("会务服勿",)})
    wrong = examples[0].model_copy(update={"roles": (role, *examples[0].roles[1:])})
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([wrong.to_dict()], ensure_ascii=False), encoding="utf-8")
    done = CliRunner().invoke(app, ["task", BRANCH, str(path)])
    assert done.exit_code == 2
    assert "行政办公楼" in done.stderr
    assert "会务服务" in done.stderr
