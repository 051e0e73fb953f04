from __future__ import annotations

import datetime as dt
import json
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from grouping.roster import Roster, read_roster

if TYPE_CHECKING:
    from pathlib import Path


def read_plain(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, encoding="utf-8-sig")


def frames_of(folder: Path) -> dict[str, pd.DataFrame]:
    kinds = ["teams", "sites", "travel_minutes", "shift_codes", "shift_patterns", "explicit_shifts", "committee"]
    return {
        kind: read_plain(folder / f"{kind}.csv")
        for kind in [*kinds, "constraints"]
        if (folder / f"{kind}.csv").is_file()
    }


def test_branch_in_chinese_loads(branch: Roster) -> None:
    assert repr(branch) == "Roster(42 members, 18 teams, 6 sites)"
    assert len(branch) == 42
    head = branch.members[0]
    assert head.member_id == "HQ0001"
    assert (head.gender, head.birth, head.status, head.business_line) == ("F", "1983-11", "full", "餐饮")
    assert (head.shift_pattern, head.cycle_offset, head.site) == ("CAN2W", 0, "一号食堂")
    assert head.joined_on == dt.date(2016, 6, 2)
    assert (head.committee_role, head.skills, head.nominations) == ("宣传委员", ("厨师证",), 2)
    assert (head.assessment, head.willing, head.participation) == (80.9, False, "normal")
    assert head.get("rating_political") == 79.0
    assert head.get("work_started_on") == dt.date(2007, 7, 1)
    statuses = branch.column("status")
    assert (statuses.count("full"), statuses.count("probationary")) == (39, 3)
    assert branch.column("participation").count("excused") == 2
    assert branch.column("participation").count("online_only") == 1
    assert sum(votes for votes in branch.column("nominations") if isinstance(votes, int)) == 195
    assert branch.members[11].skills == ("会务服务", "物业经理证")
    assert [site.capacity for site in branch.sites] == [40, 15, 12, 20, 18, 8]
    assert [team.team for team in branch.uncovered_teams] == ["宿舍管理组"]
    assert len(branch.explicit_shifts) == 70
    assert branch.explicit_shifts["HQ0025", dt.date(2026, 12, 1)] == "L"


def test_branch_rules_and_committee(branch: Roster) -> None:
    assert [(request.kind, request.members, request.strength) for request in branch.requests] == [
        ("together", ("HQ0001", "HQ0004"), "prefer"),
        ("apart", ("HQ0012", "HQ0031"), "must"),
        ("apart", ("HQ0018", "HQ0020"), "prefer"),
        ("not_leader", ("HQ0041",), "must"),
    ]
    assert [(one.member_id, one.max_groups, one.business_lines) for one in branch.committee][:2] == [
        ("HQ0001", 2, ()),
        ("HQ0012", 2, ()),
    ]


def test_private_columns_are_never_stored(branch: Roster) -> None:
    assert {"民族", "备注"} <= {theirs for _, theirs, _ in branch.report.columns_ignored}
    stored = json.dumps([member.model_dump(mode="json") for member in branch.members], ensure_ascii=False)
    assert "汉族" not in stored
    assert "产假" not in stored


def test_availability_agrees_with_the_worked_example_cell_by_cell(branch: Roster, samples: Path) -> None:
    folder = samples / "branch_42"
    expected = read_plain(folder / "availability_2026-12.csv").set_index("工号")
    found = branch.availability(folder / "slots_2026-12.csv")
    assert list(found.columns) == list(expected.columns)
    assert found.index.name == "member_id"
    assert list(found.index) == list(expected.index)
    different = [
        (member, slot)
        for member in found.index
        for slot in found.columns
        if found.loc[member, slot] != expected.loc[member, slot]
    ]
    assert found.shape == (42, 186)
    assert different == []


def test_slots_keep_times_label_and_mode(branch: Roster, samples: Path) -> None:
    slots = branch.slots(read_plain(samples / "branch_42" / "slots_2026-12.csv"))
    assert slots[3].slot_id == "1201-4"
    assert (slots[3].start, slots[3].end) == (dt.datetime(2026, 12, 1, 14, 30), dt.datetime(2026, 12, 1, 15, 30))
    assert slots[3].label == "2026-12-01 Tue 14:30–15:30 中班接班前"
    assert [slot.mode for slot in slots[:6]] == ["onsite"] * 5 + ["online"]
    assert slots == branch.slots(samples / "branch_42" / "slots_2026-12.csv")


def test_organisation_in_english_loads(organisation: Roster) -> None:
    assert repr(organisation) == "Roster(260 members, 79 teams, 18 sites)"
    assert len(organisation.uncovered_teams) == 8
    assert {member.branch for member in organisation.members} == {f"B{number}" for number in range(1, 8)}
    assert organisation.members[0].site == "HQ campus 1"
    assert organisation.column("status").count("probationary") == 20
    assert organisation.members[2].leader_eligible is False
    assert organisation.travel_minutes().loc["HQ campus 1", "East works 1"] == 23
    assert organisation.committee[0].branch == "B1"


def test_select_keeps_what_concerns_the_members(organisation: Roster) -> None:
    ids = [member.member_id for member in organisation.members if member.branch == "B1"]
    part = organisation.select(reversed(ids))
    assert list(part.member_ids) == ids
    assert {one.branch for one in part.committee} == {"B1"}
    assert set(part.sites) == set(organisation.sites)
    departments = {member.department for member in part.members}
    whole = {team.team for team in organisation.uncovered_teams if team.department in departments}
    assert {team.team for team in part.uncovered_teams} == whole
    assert {team.department for team in part.teams} <= departments
    assert part.report.members == len(ids)
    slots = organisation.default_slots()
    assert part.availability(slots).equals(organisation.availability(slots).loc[ids])


@pytest.mark.parametrize("name", ["branch_42", "organisation_260"])
def test_frames_give_the_same_roster_as_files(name: str, samples: Path) -> None:
    from_files = read_roster(samples / name)
    frames = frames_of(samples / name)
    columns = read_plain(samples / name / "roster.csv")
    assert Roster.from_frame(columns, **frames) == from_files


@pytest.mark.parametrize("name", ["branch_42", "organisation_260"])
def test_to_frame_round_trip(name: str, samples: Path) -> None:
    roster = read_roster(samples / name)
    frame = roster.to_frame()
    assert len(frame) == len(roster)
    again = Roster.from_frame(frame, **frames_of(samples / name))
    assert again.members == roster.members
    assert again == roster


def test_roster_pickles_and_is_immutable(branch: Roster) -> None:
    again = pickle.loads(pickle.dumps(branch))
    assert again == branch
    assert hash(again) == hash(branch)
    assert again.report == branch.report
    with pytest.raises(AttributeError):
        branch.members = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        branch.explicit_shifts["HQ0025", dt.date(2026, 12, 1)] = "O"  # type: ignore[index]
    assert branch.select(branch.member_ids[:41]) != branch


def test_no_name_is_shown(branch: Roster) -> None:
    names = {member.name for member in branch.members if member.name}
    texts = [repr(branch), str(branch), str(branch.report), repr(branch.members), str(branch.members[0])]
    assert len(names) == 41
    assert not [name for name in names for text in texts if name in text]
    assert "2 members have a name that another has too" in str(branch.report)


def test_import_is_light() -> None:
    code = "import grouping.roster, sys; print([m for m in ('pandas', 'networkx', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_attribute_names_near_ones(branch: Roster) -> None:
    assert branch.column("leader_eligible") == [None] * 42
    assert "leader_eligible" not in branch.attributes
    assert "rating_conduct" in branch.attributes
    with pytest.raises(ValueError, match="department"):
        branch.column("departmnt")
