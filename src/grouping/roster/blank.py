"""The empty workbook that an office fills in, and its examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grouping.writing import write_file

if TYPE_CHECKING:
    import os

COLUMNS = {
    "roster": (
        "member_id", "name", "gender", "birth", "joined_on", "confirmed_on", "status", "department", "business_line",
        "team", "post", "shift_pattern", "crew", "site", "branch", "current_group", "committee_role", "skills",
        "nominations", "assessment", "willing", "participation",
    ),
    "teams": ("team", "department", "business_line", "site", "shift_pattern", "employees"),
    "sites": ("site_id", "name", "lat", "lon", "crs", "capacity"),
    "travel_minutes": ("from_site", "to_site", "minutes"),
    "shift_patterns": ("pattern_id", "name_zh", "sequence", "crews", "crew_step_days", "anchor"),
    "explicit_shifts": ("member_id", "date", "code"),
    "committee": ("member_id", "role", "max_groups", "business_lines"),
    "constraints": ("kind", "members.1", "members.2", "strength", "note"),
}  # fmt: skip
EXAMPLES = {
    "roster.member_id": "HQ0001",
    "roster.name": "张三",
    "roster.birth": "1983-11",
    "roster.joined_on": "2016-06-02",
    "roster.confirmed_on": "2017-06-02",
    "roster.department": "餐饮服务部",
    "roster.business_line": "餐饮",
    "roster.team": "一食堂红案班",
    "roster.post": "厨师",
    "roster.shift_pattern": "白班",
    "roster.crew": "甲班",
    "roster.site": "一号食堂",
    "roster.branch": "第一党支部",
    "roster.current_group": "第一党小组",
    "roster.committee_role": "宣传委员",
    "roster.skills": "厨师证;急救员证",
    "roster.nominations": "7",
    "roster.assessment": "89.9",
    "teams.team": "一食堂红案班",
    "teams.department": "餐饮服务部",
    "teams.business_line": "餐饮",
    "teams.site": "一号食堂",
    "teams.shift_pattern": "四班三运转(两天一倒)",
    "teams.employees": "14",
    "sites.site_id": "S1",
    "sites.name": "一号食堂",
    "sites.lat": "37.7965",
    "sites.lon": "112.523",
    "sites.crs": "WGS84",
    "sites.capacity": "40",
    "travel_minutes.from_site": "一号食堂",
    "travel_minutes.to_site": "车队场站",
    "travel_minutes.minutes": "15",
    "shift_patterns.pattern_id": "C4S3_2",
    "shift_patterns.name_zh": "四班三运转(两天一倒)",
    "shift_patterns.sequence": "早早中中夜夜休休",
    "shift_patterns.crews": "4",
    "shift_patterns.crew_step_days": "2",
    "shift_patterns.anchor": "2026-11-30",
    "explicit_shifts.member_id": "HQ0001",
    "explicit_shifts.date": "2026-12-01",
    "explicit_shifts.code": "L",
    "committee.member_id": "HQ0001",
    "committee.role": "宣传委员",
    "committee.max_groups": "2",
    "committee.business_lines": "餐饮;物业",
    "constraints.members.1": "HQ0001",
    "constraints.members.2": "HQ0004",
    "constraints.note": "师带徒",
}
NEEDED = frozenset({
    "roster.member_id", "roster.department", "roster.shift_pattern", "teams.team", "sites.name",
    "travel_minutes.from_site", "travel_minutes.to_site", "shift_patterns.pattern_id", "shift_patterns.sequence",
    "explicit_shifts.member_id", "explicit_shifts.date", "explicit_shifts.code", "committee.member_id",
    "constraints.kind", "constraints.members.1",
})  # fmt: skip
"""What each row of a sheet needs; a shift or site may also come from the team."""


def write_template(folder: str | os.PathLike[str], *, lang: str = "zh", force: bool = False) -> Path:
    """Write an empty workbook to be filled in, and return its path.

    Of its sheets only the first is needed, of that the id (or the name), the department and the shift; a sheet explains
    every column by an example, and says which are needed.

    Parameters
    ----------
    folder : made if it is not there
    lang : of the headers, "zh" or "en"
    force : True overwrites a file of its name

    Raises
    ------
    InputError
        When the file is there and ``force`` is False, or the folder cannot be written.
    """
    from grouping.roster.excel import template

    name = "花名册模板.xlsx" if lang == "zh" else "roster_template.xlsx"
    return write_file(Path(folder) / name, template(lang, COLUMNS, EXAMPLES, NEEDED), force=force)
