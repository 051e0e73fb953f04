"""#N/A and its like: a fault where a value is needed, else a warning; never silently blank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from xlsxwriter import Workbook

from grouping.errors import RosterError
from grouping.roster import read_roster

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ("工号", "姓名", "部门", "班次", "地点", "得票", "班组")


def made(path: Path, errors: dict[tuple[int, int], str]) -> Path:
    with Workbook(path) as book:
        book.add_worksheet("说明 & 封面").write(0, 0, "某某花名册")
        sheet = book.add_worksheet("员工 & 人员")
        sheet.write_row(0, 0, HEAD)
        for row in (1, 2):
            sheet.write_row(row, 0, (f"E{row}", f"甲{row}", "后勤", "白班", "北楼", row, "一班"))
        for (row, column), value in errors.items():
            sheet.write_formula(row, column, "=VLOOKUP(A1,B1,1)", None, value)
    return path


def test_where_a_value_is_needed_an_error_is_a_fault(tmp_path: Path) -> None:
    file = made(
        tmp_path / "r.xlsx", {(1, 0): "#N/A", (1, 2): "#REF!", (2, 3): "#VALUE!", (2, 4): "#NAME?", (2, 5): "#N/A"}
    )
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert [(issue.code, issue.address, issue.value) for issue in caught.value.issues] == [
        ("error_value", "'员工 & 人员'!A2", "#N/A"),
        ("error_value", "'员工 & 人员'!C2", "#REF!"),
        ("error_value", "'员工 & 人员'!D3", "#VALUE!"),
        ("error_value", "'员工 & 人员'!E3", "#NAME?"),
    ]
    assert "formula" in str(caught.value.issues[0].advice)
    assert "公式" in caught.value.describe("zh")


def test_elsewhere_it_is_a_warning_with_the_cells(tmp_path: Path) -> None:
    roster = read_roster(made(tmp_path / "r.xlsx", {(1, 5): "#DIV/0!", (2, 5): "#N/A", (2, 6): "#N/A"}))
    assert roster.column("nominations") == [None, None]
    assert roster.column("team") == ["一班", None]
    assert (
        "r.xlsx/员工 & 人员: cells with an error are read as blank: F2 #DIV/0!, F3 #N/A, G3 #N/A"
        in roster.report.warnings
    )
    assert "有错误值的单元格按空白处理" in roster.report.describe("zh")


def test_text_files_have_them_too(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text("工号,部门,班次,地点,得票\n1,#N/A,白班,北楼,1\n2,后勤,白班,北楼,#REF!\n", encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("error_value", "B2")]
