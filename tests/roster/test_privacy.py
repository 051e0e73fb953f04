"""What is never kept, and what is never shown."""

from __future__ import annotations

import logging
import pickle
from typing import TYPE_CHECKING

import pytest
from tests.roster.books import write

from grouping.errors import RosterError
from grouping.roster import Roster, read_roster

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = {
    "本人身份证号码": "140105198311130021",
    "手机号(必填)": "13912345678",
    "现居住地址": "某街某号",
    "民族": "某族",
    "备注": "有慢性病",
    "微信号": "wx_abc",
}
HEAD = ("工号", "姓名", "部门", "班次", "地点", *SECRETS)
ROWS = [
    (f"E{number}", name, "后勤", "白班", "北楼", *SECRETS.values())
    for number, name in enumerate(("甲某", "乙某", "丙某"))
]


def test_private_columns_survive_nowhere(tmp_path: Path) -> None:
    roster = read_roster(write(tmp_path / "r.xlsx", {"s": [HEAD, *ROWS]}))
    kept = pickle.dumps(roster)
    for secret in SECRETS.values():
        assert secret.encode() not in kept
    assert {header for _, header, _ in roster.report.columns_ignored} >= set(SECRETS) - {"备注"}
    frame = Roster.from_frame([dict(zip(HEAD, row, strict=True)) for row in ROWS])
    for secret in SECRETS.values():
        assert secret.encode() not in pickle.dumps(frame)


def test_private_columns_cannot_be_asked_for(tmp_path: Path) -> None:
    file = write(tmp_path / "r.xlsx", {"s": [HEAD, *ROWS]})
    with pytest.raises(RosterError) as caught:
        read_roster(file, columns={"本人身份证号码": "card"})
    assert [issue.code for issue in caught.value.issues] == ["private_column"]


def test_numbers_are_known_whatever_their_header_says() -> None:
    people = [
        {"id": f"E{n}", "department": "A", "shift": "day", "site": "S", "其他": "140105198311130021"} for n in range(3)
    ]
    roster = Roster.from_frame(people)
    assert roster.extra_attributes() == ()
    for person in people:
        person["id"] = person["其他"]
    with pytest.raises(RosterError) as caught:
        Roster.from_frame(people)
    assert "private_id" in {issue.code for issue in caught.value.issues}
    assert "140105198311130021" not in str(caught.value) + repr(caught.value)


def test_no_name_in_an_error_even_in_a_wrong_column(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    head = ("工号", "姓名", "部门", "班次", "地点", "得票", "愿任组长")
    rows = [
        ("E1", "张三", "后勤", "张三", "北楼", "张 三", "李四"),
        ("E2", "李四", "后勤", "白班", "北楼", "13912345678票", "√"),
    ]
    with caplog.at_level(logging.DEBUG), pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"s": [head, *rows]}))
    shown = str(caught.value) + repr(caught.value) + caught.value.describe("zh") + caplog.text
    assert len(caught.value.issues) == 3
    for secret in ("张三", "张 三", "李四", "13912345678"):
        assert secret not in shown


def test_pseudonyms_are_stable_and_hide_names(branch: Roster) -> None:
    hidden = branch.pseudonymized("a secret of ours")
    assert branch.pseudonymized(b"a secret of ours") == hidden
    assert hidden.column("name") == [None] * 42
    assert not set(hidden.member_ids) & set(branch.member_ids)
    assert branch.pseudonyms("a secret of ours") == dict(zip(branch.member_ids, hidden.member_ids, strict=True))
    assert branch.pseudonymized("another secret").member_ids != hidden.member_ids
    part = branch.select(branch.member_ids[:5])
    assert part.pseudonymized("a secret of ours").member_ids == hidden.member_ids[:5]
    kept = pickle.dumps(hidden)
    for member in branch.members:
        assert member.member_id.encode() not in kept
        assert str(member.name).encode() not in kept
    assert [len(one.members) for one in hidden.requests] == [len(one.members) for one in branch.requests]
    assert (hidden.availability().to_numpy() == branch.availability().to_numpy()).all()
    with pytest.raises(RosterError, match="8 bytes"):
        branch.pseudonymized("short")
