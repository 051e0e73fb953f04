"""Tasks as people write them, and every fault of theirs at once."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import pandas as pd
import pytest

import grouping as gp

SAMPLE = gp.sample_path("branch_42")


def test_the_example_is_understood(examples):
    conference, repair = examples
    assert (conference.kind, conference.size, conference.dissolves_on) == ("planned", (14, 18), dt.date(2026, 12, 18))
    assert conference.limits == gp.TaskLimits(
        max_share_from_one_team=0.5,
        max_share_rounding="ceil",
        keep_on_duty=1,
        protected_rest="must",
        exclude_participation=("excused", "online_only"),
        on_duty_first=True,
    )
    assert conference.roles[1].daily == (300, 1200)
    assert ("daily_brief", "06:40") in conference.notes
    assert (repair.kind, repair.dissolves_on, repair.response_minutes) == ("emergency", None, 30)
    assert repair.leader == gp.Lead(eligible=False, first_wave=True)
    assert conference.leader == gp.Lead()
    assert [wave.wave for wave in repair.waves] == [1, 2, 3]
    assert (repair.limits.protected_rest, repair.limits.rest_before_hours) == ("prefer", 8)
    assert repair.roles[-1].business_lines == ("物业",)


def test_tasks_read_back_equal(tmp_path, examples):
    data = [task.to_dict() for task in examples]
    assert gp.read_tasks(data) == examples
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps({"tasks": data}, ensure_ascii=False), encoding="utf-8")
    assert gp.read_tasks(path) == examples


def test_a_folder_gives_roles_to_tasks_that_list_none(tmp_path, examples):
    entries = json.loads((SAMPLE / "tasks.json").read_text(encoding="utf-8"))
    bare = [{key: value for key, value in entry.items() if key != "roles"} for entry in entries]
    (tmp_path / "tasks.json").write_text(json.dumps(bare, ensure_ascii=False), encoding="utf-8")
    shutil.copy(SAMPLE / "task_roles.csv", tmp_path)
    conference, repair = gp.read_tasks(tmp_path)
    assert conference.roles == examples[0].roles
    assert [role.name for role in repair.roles] == [role.name for role in examples[1].roles]


def test_a_table_of_roles_is_enough():
    table = pd.DataFrame(
        {
            "任务编号": ["A", "A"],
            "角色": ["驾驶", "医疗"],
            "技能": ["A1驾照", "医师证;护士证"],
            "最少": [1, 1],
            "最多": [2, 1],
            "开始": ["2026-12-31 22:00", None],
            "结束": ["2027-01-01 06:00", None],
            "人数": ["2-3", None],
        }
    )
    (task,) = gp.read_tasks(table)
    assert task.size == (2, 3)
    assert task.roles[1].skills_any == ("医师证", "护士证")
    assert task.presence(task.roles[0]) == ((dt.datetime(2026, 12, 31, 22), dt.datetime(2027, 1, 1, 6)),)


def test_toml(tmp_path):
    path = tmp_path / "tasks.toml"
    path.write_text(
        '[[tasks]]\nid = "T"\nstarts = 2026-12-15T20:00:00\nends = 2026-12-17T09:00:00\nsize = 1\n'
        'leader = false\ndaily = "20:00-08:00"\n[[tasks.roles]]\nname = "guard"\nmin = 1\n',
        encoding="utf-8",
    )
    (task,) = gp.read_tasks(path)
    assert [start.isoformat() for start, _ in task.presence(task.roles[0])] == [
        "2026-12-15T20:00:00",
        "2026-12-16T20:00:00",
    ]


def test_every_fault_is_told_at_once():
    entry = {
        "id": "T",
        "start": "soon",
        "ends": "2026-12-15T20:00+08:00",
        "size": "many",
        "kind": "urgent",
        "colour": "red",
        "leader": {"must_be": "tall"},
        "membership_transfer": True,
        "constraints": {"keep_on_dutty": 1},
        "roles": [{"role": "r", "min": -1, "daily": "noon"}, {"skils": "x"}, 3],
    }
    with pytest.raises(gp.InputError) as caught:
        gp.read_tasks([entry])
    told = str(caught.value)
    for text in (
        "not a time",
        "no time zone",
        "not a number of people",
        "not a kind of task",
        "'colour'",
        "'tall'",
        "never moves membership",
        "keep_on_duty",
        "not a whole number",
        "not daily hours",
        "skills_any",
        "a role is a table",
    ):
        assert text in told, text
    assert "role r" in told


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"ends": "2026-12-14T20:00"}, "ends before it starts"),
        ({"size": [5, 6]}, "the size asks for at least 5"),
        ({"waves": [{"start": "2026-12-15T06:00", "end": "2026-12-19T06:00"}]}, "outside the task"),
        ({"dissolves_on": "2026-12-01"}, "dissolves before the task ends"),
        ({"roles": [{"name": "r", "per_wave": 1, "min": 1}]}, "the task has no waves"),
        ({"roles": [{"name": "r"}, {"name": "r"}]}, "two roles have the same name"),
        ({"daily": "23:00-23:30"}, "never fall within"),
    ],
)
def test_contradictions_are_refused(change, text):
    entry = {"id": "T", "starts": "2026-12-15T06:00", "ends": "2026-12-15T20:00", "size": 1, "roles": [{"name": "r"}]}
    assert len(gp.read_tasks([entry])) == 1
    with pytest.raises(gp.InputError, match=text):
        gp.read_tasks([{**entry, **change}])


ENTRY = {"id": "T", "starts": "2026-12-05T06:00", "ends": "2026-12-06T20:00", "size": 1, "roles": [{"name": "r"}]}


@pytest.mark.parametrize("word", ["是", "yes", "TRUE", "1", 1, True, 1.0])
def test_yes_is_a_deputy_in_every_spelling(word):
    assert gp.read_tasks([{**ENTRY, "deputy": word}])[0].deputy == gp.Lead()


@pytest.mark.parametrize("word", ["否", "no", "False", "0", 0, False, "", None, float("nan")])
def test_no_and_nothing_are_no_deputy(word):
    task = gp.read_tasks([{**ENTRY, "deputy": word, "leader": "正式党员"}])[0]
    assert task.deputy == gp.Lead(required=False)
    assert task.leader == gp.Lead(eligible=False)
    assert gp.read_tasks([{**ENTRY, "leader": ""}])[0].leader == gp.Lead()


@pytest.mark.parametrize("text", ["2026/12/5 6:00", "2026年12月5日 06:00", "2026-12-05T06:00:00", "2026.12.5 06:00"])
def test_times_are_understood_as_people_write_them(text):
    task = gp.read_tasks([{**ENTRY, "starts": text, "dissolves_on": "2026年12月7日", "size": "1～1人"}])[0]
    assert (task.starts, task.dissolves_on) == (dt.datetime(2026, 12, 5, 6), dt.date(2026, 12, 7))


def test_an_end_without_a_time_is_asked_about():
    for end in ("2026-12-06", "2026年12月6日", dt.date(2026, 12, 6)):
        with pytest.raises(gp.InputError, match="the end says no time of day"):
            gp.read_tasks([{**ENTRY, "ends": end}])


def test_members_of_a_rule_limits_and_keys_are_read_however_they_are_written():
    rule = {"kind": "apart", "members": "HQ0001;HQ0002"}
    limits = {"max_share_from_one_team": "50%", "在岗优先": "否"}
    task = gp.read_tasks([{**ENTRY, "must": [rule], "limits": limits}])[0]
    assert task.must[0].members == ("HQ0001", "HQ0002")
    assert (task.limits.max_share_from_one_team, task.limits.on_duty_first) == (0.5, False)
    with pytest.raises(gp.InputError, match="not a field of a task"):
        gp.read_tasks([{**ENTRY, 5: "x"}])


def test_nothing_of_a_table_of_roles_is_lost():
    table = pd.DataFrame(
        {
            "任务编号": "A",
            "角色": ["x", "y"],
            "开始": pd.Timestamp("2026-12-31 22:00"),
            "结束": "2027-01-01 06:00",
            "人数": [2, None],  # pandas makes it a float
        }
    )
    (task,) = gp.read_tasks(table)
    assert (task.size, type(task.starts)) == ((2, 2), dt.datetime)
    with pytest.raises(gp.InputError, match="another row says something else of the task A"):
        gp.read_tasks(table.assign(结束=["2027-01-01 06:00", "2027-01-01 08:00"]))
    with pytest.raises(gp.InputError, match="a cell cannot hold the waves"):
        gp.read_tasks(table.assign(波次="3"))


def test_what_the_roster_does_not_know_is_told(branch, examples):
    roles = [{"name": "r", "skills": ["电工正"], "site": "行政楼"}]
    entry = {"id": "T", "starts": "2026-12-15T06:00", "ends": "2026-12-15T20:00", "size": 1, "roles": roles}
    with pytest.raises(gp.InputError) as caught:
        gp.read_tasks([entry], branch)
    assert {issue.code for issue in caught.value.issues} == {"unknown_skill", "unknown_site"}
    assert "电工证" in str(caught.value)
    assert gp.read_tasks([task.to_dict() for task in examples], branch) == examples


def test_files_that_cannot_be_read(tmp_path):
    for name, content, text in (
        ("a.json", b"{", "not valid JSON"),
        ("b.xml", b"", "ends in .json"),
        ("c.json", b"\xff\xfe", "not UTF-8"),
        ("d.json", b"3", "a list of tables"),
        ("e.json", b"[]", "no task"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(gp.InputError, match=text):
            gp.read_tasks(tmp_path / name)
    with pytest.raises(gp.InputError, match="cannot be read"):
        gp.read_tasks(tmp_path / "missing.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(gp.InputError, match="the folder holds no tasks"):
        gp.read_tasks(tmp_path / "empty")
