"""Under --lang zh everything that is said is Chinese, and each message speaks of one fault."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.roster.books import write
from typer.testing import CliRunner

from grouping.cli import app
from grouping.errors import InputError, RosterError
from grouping.plan.saving import check_folder
from grouping.roster import read_roster
from grouping.roster.blank import write_template

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ("工号", "姓名", "部门", "班次", "地点")
ONE = ("1", "甲", "后勤", "白班", "北楼")


def issue_of(path: Path, head: str, value: object) -> tuple[str, str]:
    with pytest.raises(RosterError) as caught:
        read_roster(write(path, {"s": [(*HEAD, head), (*ONE, value)]}))
    (issue,) = caught.value.issues
    return str(issue), issue.sentence("zh")


def test_check_speaks_chinese(samples: Path) -> None:
    done = CliRunner().invoke(app, ["check", str(samples / "branch_42"), "--lang", "zh"])
    assert done.exit_code == 0
    said = done.stdout[done.stdout.index("标准“balanced”") :]
    assert "每组 5 至 12 人" in said
    assert "全体：42 人，4 至 8 个组" in said
    assert "参评标准：到会条件 Attendance、" in said
    for word in ("policy", "groups", "judged", "members", "rules", "no data"):
        assert word not in said


def test_files_that_are_there_are_told_in_chinese(tmp_path: Path) -> None:
    write_template(tmp_path)
    done = CliRunner().invoke(app, ["template", str(tmp_path), "--lang", "zh"])
    assert done.exit_code == 2
    assert "文件已存在" in done.stderr
    assert "--force" in done.stderr
    (tmp_path / "plan.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        check_folder(tmp_path)
    assert re.search("文件已存在。建议：.*--force", caught.value.describe("zh"))


@pytest.mark.parametrize("value", ["去年6月", "六月", "2016-13-01", "2016-02-30"])
def test_what_is_no_date_is_not_said_to_have_two_meanings(tmp_path: Path, value: str) -> None:
    english, chinese = issue_of(tmp_path / "r.xlsx", "入党时间", value)
    assert "not a date (found" in english
    assert "两种读法" not in chinese


@pytest.mark.parametrize("value", [2017.1, "06/02/2016", "16.6.2"])
def test_a_date_of_two_meanings_is_said_to_be_one(tmp_path: Path, value: object) -> None:
    english, chinese = issue_of(tmp_path / "r.xlsx", "入党时间", value)
    assert "a date that can be read in two ways" in english
    assert "有两种读法的日期" in chinese


def test_words_to_choose_from_are_chinese_and_fit_the_question(tmp_path: Path) -> None:
    english, chinese = issue_of(tmp_path / "r.xlsx", "是否预备", "也许")
    assert "one of: 是, √" in english
    assert "下列之一：是, √" in chinese
    english, chinese = issue_of(tmp_path / "r.xlsx", "党员类别", "群众")
    assert "full" in english
    assert "正式党员" in chinese
    assert not re.search("full|probationary", chinese)


def test_merged_cells_are_spoken_of_only_where_they_can_have_been(tmp_path: Path) -> None:
    rows = [HEAD, ONE, ("2", "乙", "", "白班", "北楼")]
    with pytest.raises(RosterError) as caught:
        read_roster(write(tmp_path / "r.xlsx", {"s": rows}))
    assert "merged" not in str(caught.value)
    (tmp_path / "r.csv").write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "r.csv")
    assert "hand in the workbook itself" in str(caught.value)
    (tmp_path / "r.csv").write_text("\n".join(",".join(row) for row in (HEAD, rows[2], ONE)), encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "r.csv")
    assert "workbook" not in str(caught.value)


def test_rows_and_remarks_are_explained(samples: Path) -> None:
    report = read_roster(samples / "branch_42" / "roster.xlsx").report
    assert "roster.xlsx/党员花名册: 44 rows, 2 of them skipped" in str(report)
    assert "roster.xlsx/党员花名册：44 行，其中跳过 2 行" in report.describe("zh")
    assert "备注 → participation, nothing else of the remarks" in str(report)
    assert "备注 → 参加方式，备注的其他内容不读取" in report.describe("zh")
