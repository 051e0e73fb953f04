"""#N/A and its like: a fault where a value is needed, else a warning; never silently blank."""

from __future__ import annotations

import re
import shutil
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from xlsxwriter import Workbook

from grouping.errors import RosterError
from grouping.roster import read_roster
from grouping.roster.errorcells import errors_of

if TYPE_CHECKING:
    from collections.abc import Callable

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


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:"), (rb'<c r="(\w+)" t="e"', rb"<c t='e' r='\1'")],
    ids=["a prefix", "another order"],
)
def test_however_the_xml_is_written(tmp_path: Path, pattern: bytes, instead: bytes) -> None:
    source = made(tmp_path / "made.xlsx", {(1, 2): "#N/A", (2, 5): "#REF!"})
    with zipfile.ZipFile(source) as whole, zipfile.ZipFile(tmp_path / "r.xlsx", "w") as changed:
        for entry in whole.infolist():
            data = whole.read(entry)
            if "worksheets" in entry.filename:
                data = re.sub(pattern, instead, data)
                data = data.replace(b"xmlns=", b"xmlns:x=") if b"<x:c" in data else data
            changed.writestr(entry, data)
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "r.xlsx")
    assert [(one.code, one.cell, one.value) for one in caught.value.issues] == [("error_value", "C2", "#N/A")]


def test_text_files_have_them_too(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text("工号,部门,班次,地点,得票\n1,#N/A,白班,北楼,1\n2,后勤,白班,北楼,#REF!\n", encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert [(issue.code, issue.address) for issue in caught.value.issues] == [("error_value", "B2")]


FILES = Path(__file__).parent / "files"
NAMESPACES = " ".join(
    f'xmlns:{short}="urn:{name}:1.0"'
    for short, name in (
        ("office", "oasis:names:tc:opendocument:xmlns:office"),
        ("table", "oasis:names:tc:opendocument:xmlns:table"),
        ("text", "oasis:names:tc:opendocument:xmlns:text"),
        ("calcext", "org:documentfoundation:names:experimental:calc:xmlns:calcext"),
    )
)
SHOWN = {
    "#N/A": '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" '
    'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>',
    "#REF!": '<table:table-cell table:formula="of:=1" office:value-type="float" office:value="0"><text:p>#REF!</text:p>'
    "</table:table-cell>",
    "Err:502": '<table:table-cell office:value-type="string"><text:p>Err:502</text:p></table:table-cell>',
    "note": '<table:table-cell office:value-type="string"><office:annotation><text:p>#N/A</text:p></office:annotation>'
    "<text:p>南楼</text:p></table:table-cell>",
    "": '<table:table-cell table:number-columns-repeated="1"/>',
}


def open_document(path: Path, rows: list[list[str]]) -> Path:
    """Write a workbook as LibreOffice does, with errors of formulas in it."""
    plain = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    cells = ("".join(SHOWN.get(cell, plain.format(cell)) for cell in row) for row in rows)
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    first = '<table:table table:name="封面"><table:table-row><table:table-cell/></table:table-row></table:table>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f"<office:document-content {NAMESPACES}><office:body><office:spreadsheet>{first}"
            f'<table:table table:name="员工">{table}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>",
        )
    return path


@pytest.mark.parametrize("is_safe", ["", "1"])
def test_legacy_workbooks_have_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_safe: str) -> None:
    monkeypatch.setenv("PYTHONSAFEPATH", is_safe)  # if set, Python does not look for modules beside a script
    shutil.copy(FILES / "errors.xls", tmp_path / "r.xls")
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "r.xls")
    assert [(issue.code, issue.address, issue.value) for issue in caught.value.issues] == [
        ("error_value", "员工!C2", "#N/A"),
        ("error_value", "员工!A3", "#REF!"),
    ]
    assert errors_of((FILES / "errors.xls").read_bytes()) == {1: {(1, 2): "#N/A", (2, 0): "#REF!", (2, 5): "#DIV/0!"}}


def test_open_documents_have_them_too(tmp_path: Path) -> None:
    rows = [
        list(HEAD),
        ["E1", "甲一", "#N/A", "白班", "北楼", "1", "一班"],
        ["#REF!", "乙二", "后勤", "Err:502", "note", "", "一班"],
    ]
    with pytest.raises(RosterError) as caught:
        read_roster(open_document(tmp_path / "r.ods", rows))
    assert [(issue.code, issue.address, issue.value) for issue in caught.value.issues] == [
        ("error_value", "员工!C2", "#N/A"),
        ("error_value", "员工!A3", "#REF!"),
        ("error_value", "员工!D3", "Err:502"),
    ]
    rows[1][2], rows[2] = "后勤", ["E2", "乙二", "后勤", "白班", "note", "#REF!", "#N/A"]
    roster = read_roster(open_document(tmp_path / "r.ods", rows))
    assert roster.column("nominations") == [1, None]
    assert roster.column("site") == ["北楼", "南楼"]
    assert "r.ods/员工: cells with an error are read as blank: F3 #REF!, G3 #N/A" in roster.report.warnings


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:700],
        lambda data: data[:30] + struct.pack("<H", 60) + data[32:],
        lambda data: data[:48] + struct.pack("<I", 10**6) + data[52:],
        lambda data: data[:76] + bytes(436) + data[512:],
        lambda data: b"PK\x03\x04" + data,
    ],
)
def test_what_cannot_be_looked_into_is_left_to_the_parser(change: Callable[[bytes], bytes]) -> None:
    assert errors_of(change((FILES / "errors.xls").read_bytes())) == {}
