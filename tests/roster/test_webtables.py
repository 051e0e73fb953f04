"""Web pages that are called workbooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.roster.books import write

from grouping.errors import RosterError
from grouping.roster import Roster, read_roster
from grouping.roster.webtables import tables_of

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="gb2312">
<!--[if gte mso 9]><xml></xml><![endif]--><style>td{color:red}</style>
<title>导出</title></head><body><table border=1>
<tr><td colspan=5>某支部党员花名册</td></tr>
<tr><th>工号<th>姓名<th>部门</th><th>班次</th><th>地点</th></tr>
<tr><td x:str>001</td><td>张&nbsp;三</td><td rowspan="2">后勤<br></td><td>白班</td><td>北楼 &amp; 门</td></tr>
<tr><td>002</td><td>李四</td><td><font>夜班</font></td><td>北楼 &amp; 门</td>
</table></body></html>"""


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16"])
def test_an_exported_page_is_a_roster(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "r.xls").write_bytes(PAGE.encode(encoding))
    people = [{"工号": "001", "姓名": "张三", "部门": "后勤", "班次": "白班", "地点": "北楼 & 门"},
              {"工号": "002", "姓名": "李四", "部门": "后勤", "班次": "夜班", "地点": "北楼 & 门"}]  # fmt: skip
    roster = read_roster(tmp_path / "r.xls")
    assert roster == Roster.from_frame(people)
    assert "r.xls is a web page, its table is read" in roster.report.defaults


def test_faults_of_a_page_have_their_cells(tmp_path: Path) -> None:
    (tmp_path / "r.xls").write_text(PAGE.replace("夜班", "怪班"), encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "r.xls")
    assert [(issue.code, issue.cell) for issue in caught.value.issues] == [("unknown_shift", "D4")]


def test_rows_that_the_reader_did_not_meet_refuse_the_page(tmp_path: Path) -> None:
    for lost in ("<!-- ", "<style>", "<script>x"):
        (tmp_path / "r.xls").write_text(PAGE.replace("<tr><td>002", f"{lost}<tr><td>002"), encoding="utf-8")
        with pytest.raises(RosterError) as caught:
            read_roster(tmp_path / "r.xls")
        assert [issue.code for issue in caught.value.issues] == ["web_page"]


@pytest.mark.parametrize(
    "page",
    [
        "<html><body><form><table><tr><td>用户</td></tr><tr><td>密码</td></tr></table></form></body></html>",
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>',
        "<html><body>502 Bad Gateway</body></html>",
    ],
)
def test_other_pages_are_refused_with_advice(tmp_path: Path, page: str) -> None:
    (tmp_path / "r.xls").write_text(page, encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "r.xls")
    assert [issue.code for issue in caught.value.issues] == ["web_page"]
    assert "save it as .xlsx" in str(caught.value)


def test_spans_cannot_take_the_machine_away(tmp_path: Path) -> None:
    cell = '<td colspan="99999" rowspan="99999">工号</td>'
    (tmp_path / "r.xls").write_text(f"<table><tr>{cell * 50}</tr></table>", encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "r.xls")
    assert {issue.code for issue in caught.value.issues} <= {"web_page", "too_large"}


PIECES = st.sampled_from(
    ["<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th colspan=3>", "<td rowspan=2>", "工号", "姓名",
     "部门", "班次", "1", "<br>", "<style>", "</style>", "&#x;", "<!--", "-->", "<![", "<?", "</",
     "<td rowspan=0 colspan=x>"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(PIECES, max_size=40))
def test_no_page_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    page = "<html>" + "".join(pieces)
    for table in tables_of(page) or ():
        assert all(isinstance(cell, str) for cells in table.cells for cell in cells)
    file = tmp_path_factory.mktemp("web") / "r.xls"
    file.write_text(page, encoding="utf-8")
    with pytest.raises(RosterError):
        read_roster(file)


def test_a_binary_workbook_is_refused_with_advice(tmp_path: Path) -> None:
    import io
    import zipfile

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("xl/workbook.bin", b"x")
    (tmp_path / "r.xlsb").write_bytes(content.getvalue())
    with pytest.raises(RosterError, match=r"\.xlsb\) are not read.*save it as \.xlsx"):
        read_roster(tmp_path / "r.xlsb")
    write(tmp_path / "r.xlsx", {"s": [("工号", "部门", "班次", "地点"), ("1", "后勤", "白班", "北楼")]})
    assert len(read_roster(tmp_path / "r.xlsx")) == 1
