"""Tasks as people write them down: JSON, TOML, a table of roles or a folder of these; English or Chinese words."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from grouping.errors import InputError, Issue
from grouping.roster.faults import nearest
from grouping.roster.synonyms import plain
from grouping.taskforce.schema import DAY, Lead, Task, TaskLimits, TaskRole, TaskRule, Wave

if TYPE_CHECKING:
    import pandas as pd

    from grouping.roster import Roster

_TASK_WORDS = {
    "task_id": ("task_id", "id", "event_id", "task", "event", "任务编号", "编号", "事件编号"),
    "name": ("name", "name_zh", "名称", "任务名称", "任务"),
    "name_en": ("name_en", "英文名称"),
    "kind": ("kind", "类型", "任务类型"),
    "starts": ("starts", "start", "开始", "开始时间"),
    "ends": ("ends", "end", "结束", "结束时间"),
    "dissolves_on": ("dissolves_on", "dissolves", "撤销日期", "撤销时间", "解散日期"),
    "size": ("size", "人数", "规模"),
    "roles": ("roles", "角色", "岗位", "分工"),
    "waves": ("waves", "波次", "梯队"),
    "site": ("site", "地点", "任务地点", "工作地点"),
    "daily": ("daily", "每日时段", "每日时间"),
    "leader": ("leader", "组长"),
    "deputy": ("deputy", "deputy_leader", "副组长"),
    "min_full": ("min_full", "min_full_members", "正式党员至少"),
    "response_minutes": ("response_minutes", "max_response_minutes", "到场分钟", "响应分钟"),
    "limits": ("limits", "constraints", "约束", "限制"),
    "must": ("must", "必须"),
    "prefer": ("prefer", "希望"),
    "approved_by": ("approved_by", "批准", "批准人"),
    "reported_to": ("reported_to", "备案", "上级备案"),
    "notes": ("notes", "备注"),
}
_NOTES = ("scope_roster", "first_meeting", "daily_brief", "membership_transfer")
"""Keys that are kept as notes: the forms print them, the solver does not read them."""
_ROLE_WORDS = {
    "name": ("name", "role", "角色", "岗位", "分工"),
    "skills_any": ("skills_any", "skill_any", "skills", "技能", "技能任一", "证书"),
    "skills_all": ("skills_all", "skill_all", "技能全部"),
    "business_lines": ("business_lines", "business_line_any", "business_line", "业务条线", "条线"),
    "min": ("min", "最少", "至少"),
    "max": ("max", "最多", "至多"),
    "per_wave": ("per_wave", "每波", "每波次"),
    "site": ("site", "地点", "工作地点"),
    "daily": ("daily", "每日时段", "每日时间"),
}
_LIMIT_WORDS = {
    **{name: (name,) for name in TaskLimits.model_fields},
    "keep_on_duty": ("keep_on_duty", "keep_min_on_duty_per_team", "每班留岗至少"),
    "protected_rest": ("protected_rest", "respect_recovery", "保护休息"),
    "rest_before_hours": ("rest_before_hours", "min_rest_hours_before"),
    "rest_between_waves_hours": ("rest_between_waves_hours", "min_rest_hours_between_waves"),
    "on_duty_first": ("on_duty_first", "on_duty_same_line_first", "prefer_home_shift_on_duty", "在岗优先"),
    "max_share_from_one_team": ("max_share_from_one_team", "单班组抽调比例上限"),
}
_KINDS = {
    **dict.fromkeys(("planned", "plan", "计划", "计划任务", "常规"), "planned"),
    **dict.fromkeys(("emergency", "应急", "紧急", "抢修", "突发"), "emergency"),
}
_ON_COMPLETION = ("task completion", "completion", "任务完成", "完成", "任务完成后", "")
_LEAD_WORDS = {
    "full": ("full member", "full", "正式党员", "正式"),
    "eligible": ("leader_eligible", "eligible", "可任组长"),
    "first": ("present in first wave", "first wave", "首波在场", "第一波在场"),
    "daily": ("on site daily", "present daily", "每日在场", "每天在场"),  # everybody in a role is
}
_SPAN = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-–—~～至]\s*(\d{1,2})[:：](\d{2})\+?")
_RANGE = re.compile(r"(\d+)\s*(?:[-–—~～至]\s*(\d+))?\s*人?")
_WRITTEN_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(.*)", re.DOTALL)
_WRITTEN_TIME = re.compile(r"[T\s]*(\d{1,2})[:：](\d{2})(?:[:：]00(?:\.0+)?)?")
_YES = ("true", "yes", "y", "1", "1.0", "是", "有", "√", "需要")
_NO = ("false", "no", "n", "0", "0.0", "否", "无", "×", "不需要", "不设")
_LISTED = re.compile(r"[;；、,，]")
_NESTED = ("roles", "waves", "limits", "must", "prefer")
_FILES = ("tasks.json", "tasks.toml", "任务.json")
_ROLE_FILES = ("task_roles.csv", "roles.csv", "任务角色.csv")


def read_tasks(
    source: str | PathLike[str] | Mapping[str, Any] | Sequence[Mapping[str, Any]] | pd.DataFrame,
    roster: Roster | None = None,
) -> list[Task]:
    """Return the tasks that a file, a folder, plain data or a table of roles describes.

    A table (CSV or DataFrame) has a row per role; columns of the task itself, such as ``starts`` and ``size``, stand in
    any of its rows. In a folder, ``task_roles.csv`` gives their roles to tasks of ``tasks.json`` that list none.

    Parameters
    ----------
    source : path of a .json, .toml or .csv file or of a folder, or what such a file holds
    roster : if given, sites and skills that it does not know are faults

    Raises
    ------
    InputError
        Listing every fault of every task, with task, role, field and value.

    Examples
    --------
    >>> import grouping as gp
    >>> [task.kind for task in gp.read_tasks(gp.sample_path("branch_42") / "tasks.json")]
    ['planned', 'emergency']
    """
    faults: list[Issue] = []
    reader = _Reader(faults)
    entries = reader.entries(source)
    if faults:
        raise InputError(faults)
    tasks = [task for number, entry in enumerate(entries, 1) if (task := reader.task(entry, number)) is not None]
    if not entries:
        faults.append(Issue("no_tasks", "there is no task", file=reader.file))
    seen: set[str] = set()
    for task in tasks:
        if task.task_id in seen:
            faults.append(Issue("twice", "two tasks have the same id", file=reader.file, value=task.task_id))
        seen.add(task.task_id)
        if roster is not None:
            faults.extend(_unknown(task, roster, reader.file))
    if faults:
        raise InputError(faults)
    return tasks


class _Reader:
    """Reads entries, and collects what is wrong with them."""

    def __init__(self, faults: list[Issue]) -> None:
        self.faults = faults
        self.file: str | None = None

    # --- files ------------------------------------------------------------------------------------------------------

    def entries(self, source: Any) -> list[Mapping[str, Any]]:
        """Return one mapping a task."""
        if isinstance(source, str | PathLike):
            return self._path(Path(source))
        if isinstance(source, Mapping):
            inner = next((source[key] for key in ("tasks", "events", "任务") if key in source), None)
            return self.entries(inner) if isinstance(inner, list) else [source]
        if hasattr(source, "columns"):
            return self._table(_records(source))
        if isinstance(source, Iterable) and not isinstance(source, bytes):
            entries = list(source)
            if all(isinstance(entry, Mapping) for entry in entries):
                return entries
        self._fault("bad_tasks", "tasks are a list of tables", advice="see tasks.json of the sample branch_42")
        return []

    def _path(self, path: Path) -> list[Mapping[str, Any]]:
        if path.is_dir():
            return self._folder(path)
        self.file = path.name
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            self._fault("unreadable", f"cannot be read: {error.strerror}")
            return []
        except UnicodeDecodeError:
            self._fault("not_utf8", "is not UTF-8 text", advice="save it as UTF-8")
            return []
        try:
            if path.suffix.lower() == ".json":
                return self.entries(json.loads(text))
            if path.suffix.lower() == ".toml":
                return self.entries(tomllib.loads(text))
        except ValueError as error:
            self._fault("bad_syntax", f"is not valid {path.suffix[1:].upper()}: {error}")
            return []
        if path.suffix.lower() == ".csv":
            return self._table(list(csv.DictReader(io.StringIO(text))))
        self._fault("bad_file", "a file of tasks ends in .json, .toml or .csv")
        return []

    def _folder(self, folder: Path) -> list[Mapping[str, Any]]:
        tasks = next((folder / name for name in _FILES if (folder / name).is_file()), None)
        roles = next((folder / name for name in _ROLE_FILES if (folder / name).is_file()), None)
        if tasks is None:
            if roles is not None:
                return self._path(roles)
            self.file = folder.name
            self._fault(
                "missing_file", "the folder holds no tasks", advice="add tasks.json, tasks.toml or task_roles.csv"
            )
            return []
        entries: list[Any] = [dict(entry) for entry in self._path(tasks)]
        bare = [entry for entry in entries if not self._pick(entry, _TASK_WORDS).get("roles")]
        if bare and roles is not None:
            listed = {self._pick(entry, _TASK_WORDS).get("task_id"): entry["roles"] for entry in self._path(roles)}
            for entry in bare:
                entry["roles"] = listed.get(self._pick(entry, _TASK_WORDS).get("task_id"), [])
            self.file = tasks.name
        return entries

    def _table(self, rows: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the tasks of a table with a row per role."""
        found: dict[str, dict[str, Any]] = {}
        ids = {plain(word) for word in _TASK_WORDS["task_id"]}
        role_words = {plain(word): field for field, words in _ROLE_WORDS.items() for word in words}
        task_words = {plain(word): field for field, words in _TASK_WORDS.items() for word in words}
        for number, row in enumerate(rows, 2):
            cells = {str(key).strip(): value for key, value in row.items() if not _is_blank(value)}
            if not cells:
                continue
            task_id = next((str(value).strip() for key, value in cells.items() if plain(key) in ids), None)
            if task_id is None:
                self.faults.append(Issue("missing_value", "the row names no task", file=self.file, row=number))
                continue
            task = found.setdefault(task_id, {"task_id": task_id, "roles": []})
            role: dict[str, Any] = {}
            for key, value in cells.items():
                word = plain(key)
                if word in ids:
                    continue
                if word in role_words and word not in ("name", "名称"):
                    role[key] = value
                elif word in task_words or word in _limit_words():
                    self._put(task, task_words.get(word), word, value, number)
                else:
                    self.faults.append(
                        Issue("unknown_field", "not a field of a task or role", file=self.file, row=1, column=key)
                    )
            if role:
                task["roles"].append(role)
        return list(found.values())

    def _put(self, task: dict[str, Any], field: str | None, word: str, value: Any, row: int) -> None:
        """Store a cell of a table of roles that speaks of the task."""
        if field in _NESTED and not isinstance(value, Mapping | list | tuple):
            message, advice = f"a cell cannot hold the {field} of a task", "write the task in JSON or TOML"
            self.faults.append(Issue("not_in_a_table", message, file=self.file, row=row, column=word, advice=advice))
            return
        held, key = task, field
        if key is None:
            held, key = task.setdefault("limits", {}), _meaning(word, _LIMIT_WORDS) or word
        if key in held and held[key] != value:
            message, text = f"another row says something else of the task {task['task_id']}", _text(value)[:80]
            self.faults.append(Issue("two_values", message, file=self.file, row=row, column=word, value=text))
        held.setdefault(key, value)

    # --- one task ---------------------------------------------------------------------------------------------------

    def task(self, entry: Mapping[str, Any], number: int) -> Task | None:
        """Return the task of an entry; None where it has faults."""
        before = len(self.faults)
        told = self._pick(entry, _TASK_WORDS)
        where = str(told.get("task_id") or f"task {number}")
        notes = _notes(told.pop("notes", None))
        for name in entry:
            key = str(name)
            if key in _NOTES:
                notes.append((key, _text(entry[name])))
                if key == "membership_transfer" and entry[name] not in (False, "false", "否", 0, None, ""):
                    message = "a temporary group never moves membership"
                    self._fault("bad_value", message, where, key, entry[name], "set it to false")
            elif _meaning(key, _TASK_WORDS) is None:
                self._fault("unknown_field", "not a field of a task", where, key, None, nearest(key, _TASK_WORDS))
        for name in ("task_id", "starts", "ends", "size", "roles"):
            if told.get(name) in (None, "", [], ()):
                self._fault("missing_field", f"the task says nothing of its {name}", where, name)
        data: dict[str, Any] = {
            "task_id": str(told.get("task_id", "")),
            "notes": (),
            **{key: str(told[key]) for key in ("name", "name_en", "approved_by", "reported_to") if key in told},
        }
        if not _is_blank(told.get("site")):
            data["site"] = str(told["site"]).strip()
        for key in ("starts", "ends"):
            data[key] = self._moment(told.get(key), where, key)
        data["kind"] = self._kind(told.get("kind", "planned"), where)
        data["dissolves_on"] = self._day(told.get("dissolves_on"), where)
        data["size"] = self._size(told.get("size"), where)
        if not _is_blank(told.get("daily")):
            data["daily"] = self._span(told["daily"], where, "daily")
        for key in ("min_full", "response_minutes"):
            if not _is_blank(told.get(key)):
                data[key] = self._whole(told[key], where, key)
        for key, usual in (("leader", True), ("deputy", False)):
            asked = told.get(key)
            data[key] = self._lead(usual if _is_blank(asked) else asked, where, key)
        data["roles"] = [
            role
            for at, one in enumerate(self._list(told.get("roles"), where, "roles"), 1)
            if (role := self._role(one, where, at, data.get("starts"))) is not None
        ]
        data["waves"] = [
            wave
            for at, one in enumerate(self._list(told.get("waves"), where, "waves"), 1)
            if (wave := self._wave(one, where, at)) is not None
        ]
        data["limits"] = self._limits(told.get("limits") or {}, where, notes)
        for key in ("must", "prefer"):
            data[key] = [self._made(TaskRule, _rule(one), where, key) for one in self._list(told.get(key), where, key)]
        data["notes"] = tuple(notes)
        if len(self.faults) > before:
            return None
        made = self._made(Task, data, where, "")
        return made if isinstance(made, Task) else None

    def _pick(self, entry: Mapping[str, Any], words: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
        """Return the values by our names; of two words for one field the first in our list counts."""
        found: dict[str, Any] = {}
        for field, known in words.items():
            for word in known:
                key = next((key for key in entry if plain(str(key)) == plain(word)), None)
                if key is not None and field not in found:
                    found[field] = entry[key]
        return found

    def _role(self, one: Any, where: str, at: int, starts: Any) -> TaskRole | None:
        if not isinstance(one, Mapping):
            self._fault("bad_role", "a role is a table", f"{where}, role {at}")
            return None
        told = self._pick(one, _ROLE_WORDS)
        place = f"{where}, role {told.get('name') or at}"
        for key in one:
            if _meaning(key, _ROLE_WORDS) is None:
                self._fault(
                    "unknown_field", "not a field of a role", place, str(key), None, nearest(str(key), _ROLE_WORDS)
                )
        before = len(self.faults)
        data: dict[str, Any] = {"name": str(told.get("name") or "").strip()}
        if not data["name"]:
            self._fault("missing_field", "the role has no name", place, "name")
        for key in ("skills_any", "skills_all", "business_lines"):
            if not _is_blank(told.get(key)):
                data[key] = _words(told[key])
        for key in ("min", "max", "per_wave"):
            if not _is_blank(told.get(key)):
                data[key] = self._whole(told[key], place, key)
        data.setdefault("max", max(1, data.get("min") or 1))
        if not _is_blank(told.get("site")):
            data["site"] = str(told["site"]).strip()
        if not _is_blank(told.get("daily")):
            data["daily"] = self._span(told["daily"], place, "daily")
        if len(self.faults) > before:
            return None
        made = self._made(TaskRole, data, place, "")
        return made if isinstance(made, TaskRole) else None

    def _wave(self, one: Any, where: str, at: int) -> Wave | None:
        place = f"{where}, wave {at}"
        if not isinstance(one, Mapping):
            self._fault("bad_wave", "a wave is a table with starts and ends", place)
            return None
        known = {"wave": ("wave", "波次"), "starts": _TASK_WORDS["starts"], "ends": _TASK_WORDS["ends"]}
        told = self._pick(one, known)
        starts, ends = (self._moment(told.get(key), place, key) for key in ("starts", "ends"))
        number = self._whole(told.get("wave", at), place, "wave")
        if starts is None or ends is None or number is None:
            return None
        made = self._made(Wave, {"wave": number, "starts": starts, "ends": ends}, place, "")
        return made if isinstance(made, Wave) else None

    def _limits(self, told: Any, where: str, notes: list[tuple[str, str]]) -> TaskLimits:
        if not isinstance(told, Mapping):
            self._fault("bad_limits", "the limits are a table", where, "limits")
            return TaskLimits()
        data: dict[str, Any] = {}
        for key, value in told.items():
            field = _meaning(key, _LIMIT_WORDS)
            if key in _NOTES:
                notes.append((key, _text(value)))
            elif field is None:
                self._fault("unknown_field", "not a limit of a task", where, key, None, nearest(key, _LIMIT_WORDS))
            elif field == "protected_rest":
                data[field] = self._strictness(value, where, key)
            elif field == "exclude_participation":
                data[field] = _words(value)
            elif not _is_blank(value):
                data[field] = _limit(field, value)
        made = self._made(TaskLimits, data, where, "limits")
        return made if isinstance(made, TaskLimits) else TaskLimits()

    def _strictness(self, value: Any, where: str, key: str) -> str | None:
        if isinstance(value, bool):
            return "must" if value else "ignore"
        word = str(value).strip().casefold()
        for strictness, starts in (
            ("must", ("must", "hard", "true", "必须", "是")),
            ("prefer", ("prefer", "soft", "尽量", "希望")),
            ("ignore", ("ignore", "false", "忽略", "否")),
        ):
            if word.startswith(starts):
                return strictness
        self._fault(
            "bad_value", "not a word for how strictly rest is kept", where, key, value, "must, prefer or ignore"
        )
        return None

    def _lead(self, value: Any, where: str, key: str) -> Lead:
        word = str(value).strip().casefold()
        if word in (*_YES, *_NO):
            return Lead(required=word in _YES)
        if isinstance(value, str):
            value = {"required": True, "must_be": value}
        if not isinstance(value, Mapping):
            self._fault("bad_value", "is true, false, or a table with required and must_be", where, key, value)
            return Lead()
        data = {name: value[name] for name in Lead.model_fields if name in value}
        for name in value:
            if name not in (*Lead.model_fields, "must_be"):
                advice = nearest(str(name), [*Lead.model_fields, "must_be"])
                self._fault("unknown_field", f"not a condition of a {key}", where, str(name), None, advice)
        if "must_be" in value:
            asked = {self._lead_word(part, where, key) for part in _words(value["must_be"])}
            data = {
                "full_member": "full" in asked,
                "eligible": "eligible" in asked,
                "first_wave": "first" in asked,
                **data,
            }
        made = self._made(Lead, data, where, key)
        return made if isinstance(made, Lead) else Lead()

    def _lead_word(self, text: str, where: str, key: str) -> str | None:
        word = text.strip().casefold()
        found = next((name for name, words in _LEAD_WORDS.items() if word in words), None)
        if found is None:
            advice = "one of: " + ", ".join(words[0] for words in _LEAD_WORDS.values())
            self._fault(
                "unknown_value", f"the condition of the {key} is not understood", where, "must_be", text, advice
            )
        return found

    # --- single values ----------------------------------------------------------------------------------------------

    def _list(self, value: Any, where: str, key: str) -> list[Any]:
        if value is None or value == "":
            return []
        if isinstance(value, list | tuple):
            return list(value)
        self._fault("bad_value", "is a list", where, key, value)
        return []

    def _kind(self, value: Any, where: str) -> str:
        kind = _KINDS.get(str(value).strip().casefold())
        if kind is None:
            self._fault(
                "unknown_value", "not a kind of task", where, "kind", value, "planned (计划) or emergency (应急)"
            )
        return kind or "planned"

    def _moment(self, value: Any, where: str, key: str) -> dt.datetime | None:
        if _is_blank(value):
            if key in ("starts", "ends") and ", " in where:
                self._fault("missing_field", f"the wave has no {key}", where, key)
            return None
        if key == "ends" and _is_day(value):
            advice = "write it as 2026-12-17T18:00; the end of a day is 00:00 of the next"
            self._fault("no_time", "the end says no time of day", where, key, value, advice)
            return None
        if isinstance(value, dt.datetime):
            moment = dt.datetime(*value.timetuple()[:5], tzinfo=value.tzinfo)
        else:
            try:
                moment = _written(str(value).strip())
            except ValueError:
                self._fault("bad_time", "not a time", where, key, value, "write it as 2026-12-15T06:00")
                return None
        if moment.tzinfo is not None:
            self._fault("bad_time", "a local time has no time zone", where, key, value, "leave the zone out")
            return None
        return moment.replace(second=0, microsecond=0)

    def _day(self, value: Any, where: str) -> dt.date | None:
        if value is None or (isinstance(value, str) and value.strip().casefold() in _ON_COMPLETION):
            return None
        if isinstance(value, dt.date):
            return value.date() if isinstance(value, dt.datetime) else value
        try:
            return _written(str(value).strip()).date()
        except ValueError:
            advice = "write it as 2026-12-18, or 'task completion'"
            self._fault("bad_date", "not a date", where, "dissolves_on", value, advice)
            return None

    def _size(self, value: Any, where: str) -> tuple[int, int] | None:
        if _is_blank(value):
            return None
        if isinstance(value, list | tuple) and len(value) == 2:
            pair = [self._whole(one, where, "size") for one in value]
            return None if None in pair else (pair[0], pair[1])  # type: ignore[return-value]
        if isinstance(value, int | float):
            number = self._whole(value, where, "size")
            return None if number is None else (number, number)
        match = _RANGE.fullmatch(str(value).strip())
        if match is None:
            self._fault("bad_number", "not a number of people", where, "size", value, "write [14, 18] or 14-18")
            return None
        return int(match[1]), int(match[2] or match[1])

    def _whole(self, value: Any, where: str, key: str) -> int | None:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = -1.0
        if isinstance(value, bool) or number < 0 or not number.is_integer():
            self._fault("bad_number", "not a whole number", where, key, value)
            return None
        return int(number)

    def _span(self, value: Any, where: str, key: str) -> tuple[int, int] | None:
        if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(one, int) for one in value):
            return int(value[0]), int(value[1])
        match = _SPAN.fullmatch(str(value).strip())
        if match is None or int(match[2]) > 59 or int(match[4]) > 59 or int(match[1]) > 23 or int(match[3]) > 24:
            self._fault(
                "bad_time", "not daily hours", where, key, value, "write 07:00-19:00; 20:00-08:00 ends next day"
            )
            return None
        start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
        return start, end if end > start else end + DAY

    def _made(self, kind: type[BaseModel], data: Any, where: str, key: str) -> Any:
        """Return a record of checked values; None where its own rules refuse them."""
        try:
            return kind.model_validate(data)
        except ValidationError as error:
            for entry in error.errors(include_url=False, include_context=False):
                field = ".".join(str(part) for part in entry["loc"]) or key
                value = entry["input"] if entry["loc"] and not isinstance(entry["input"], Mapping) else None
                self._fault("bad_value", entry["msg"].removeprefix("Value error, "), where, field or None, value)
            return None

    def _fault(
        self,
        code: str,
        message: str,
        where: str = "",
        field: str | None = None,
        value: Any = None,
        advice: str | None = None,
    ) -> None:
        text = f"{where}: {message}" if where else message
        shown = None if value is None else _text(value)[:80]
        self.faults.append(Issue(code, text, file=self.file, column=field, value=shown, advice=advice))


def _unknown(task: Task, roster: Roster, file: str | None) -> Iterable[Issue]:
    """Yield sites and skills that the roster does not know."""
    sites = [site.site for site in roster.sites]
    skills = sorted({skill for member in roster.members for skill in member.skills})
    for field, site in [("site", task.site), *(("site", role.site) for role in task.roles)]:
        if site is not None and sites and site not in sites:
            message = f"{task.task_id}: no such site in the roster"
            yield Issue("unknown_site", message, file=file, column=field, value=site, advice=nearest(site, sites))
    for role in task.roles:
        lacking = [skill for skill in role.skills_all if skill not in skills]
        if role.skills_any and not set(role.skills_any) & set(skills):
            lacking += role.skills_any
        for skill in lacking:
            message = f"{task.task_id}, role {role.name}: nobody in the roster has the skill"
            advice = nearest(skill, skills)
            yield Issue("unknown_skill", message, file=file, column="skills", value=skill, advice=advice)


def _meaning(key: object, words: Mapping[str, tuple[str, ...]]) -> str | None:
    word = plain(str(key))
    return next((field for field, known in words.items() if word in map(plain, known)), None)


def _limit_words() -> set[str]:
    return {plain(word) for words in _LIMIT_WORDS.values() for word in words}


def _limit(field: str, value: Any) -> Any:
    """Return a limit as people write it: 50%, 是."""
    word = str(value).strip()
    if field.startswith("max_share_from") and word.endswith(("%", "％")) and word[:-1].strip().isdecimal():
        return int(word[:-1]) / 100
    if field == "on_duty_first" and word.casefold() in (*_YES, *_NO):
        return word.casefold() in _YES
    return value


def _rule(one: Any) -> Any:
    """Return a rule whose members may be written as one text."""
    if isinstance(one, Mapping) and isinstance(one.get("members"), str):
        return {**one, "members": _words(one["members"])}
    return one


def _is_day(value: Any) -> bool:
    """Tell whether a value is a day without a time."""
    if isinstance(value, dt.date):
        return not isinstance(value, dt.datetime)
    day = _WRITTEN_DAY.fullmatch(str(value).strip())
    return day is not None and not day[4].strip()


def _written(text: str) -> dt.datetime:
    """Return a local time as people write it; ValueError where it is none."""
    day = _WRITTEN_DAY.fullmatch(text)
    if day is None:
        return dt.datetime.fromisoformat(text)
    date = dt.datetime(int(day[1]), int(day[2]), int(day[3]))
    if not day[4].strip():
        return date
    time = _WRITTEN_TIME.fullmatch(day[4].rstrip())
    if time is None:  # seconds, or a time zone
        return dt.datetime.fromisoformat(f"{date:%Y-%m-%d}T{day[4].strip(' T')}")
    return date.replace(hour=int(time[1]), minute=int(time[2]))


def _notes(value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [(str(key), _text(one)) for key, one in value.items()]
    if isinstance(value, list | tuple) and all(isinstance(one, list | tuple) and len(one) == 2 for one in value):
        return [(str(key), _text(one)) for key, one in value]
    return [] if _is_blank(value) else [("notes", _text(value))]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    clean = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in clean.to_dict("records")]


def _words(value: Any) -> tuple[str, ...]:
    parts = value if isinstance(value, list | tuple) else _LISTED.split(str(value))
    return tuple(dict.fromkeys(str(part).strip() for part in parts if str(part).strip()))


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value != value  # nan is not itself


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
