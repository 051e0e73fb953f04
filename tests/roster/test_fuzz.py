"""Whatever comes: a roster that lost nobody, or a RosterError."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.roster.books import book, write

from grouping.errors import RosterError
from grouping.roster import limits, read_roster

if TYPE_CHECKING:
    from grouping.roster import Roster

HEAD = ["序号", "工号", "姓名", "部门", "班组", "班次", "地点", "入党时间", "推荐票数", "是否愿任"]
PEOPLE = [
    [
        number,
        f"00{number}",
        name,
        "后勤" if number < 4 else "保卫",
        f"班组{number % 3}",
        "白班夜班早班"[number % 3 * 2 :][:2],
        "北楼",
        "2016-06-02",
        f"{number}票",
        "√",
    ]
    for number, name in enumerate(("甲一", "乙二", "丙三", "丁四", "戊五", "己六"), 1)
]
ODD = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.sampled_from(
        ["合计", "注：无", "/", "0", "白班", "2016年13月", "=A1", "工号", "姓名", "x" * 40_000, "　", "\u200b", "#N/A"]
    ),
)


def read_or_refuse(path: Path) -> Roster | None:
    """Return the roster of a file, None if it is refused; anything else fails the test."""
    try:
        return read_roster(path, unknown_shift="label")
    except RosterError as error:
        refused = error
    assert refused.issues
    assert all(issue.code and issue.message for issue in refused.issues)
    assert str(refused)
    assert refused.describe("zh")
    return None


def account(roster: Roster) -> int:
    """Return how many rows of the roster's table are members or reported."""
    table = roster.report.rows[0][0]
    skipped = [number for name, number, _ in roster.report.skipped if name == table]
    assert len(set(skipped)) == len(skipped)
    assert dict(roster.report.rows)[table] == len(roster) + len(skipped)
    return len(roster) + len(skipped)


def filled(cells: list[object]) -> bool:
    return any(
        cell is not None and str(cell).strip(" \t\r\n\u3000\u200b\ufeff") and str(cell) not in {"nan", "NaN"}
        for cell in cells
    )


@st.composite
def mutated(draw: st.DrawFn) -> tuple[int, list[list[object]]]:
    """Return the header's position and the rows of a sheet that several people have edited."""
    order = draw(st.permutations(range(len(HEAD))))
    rows = [list(row) for row in PEOPLE]
    for _ in range(draw(st.integers(0, 6))):
        row, column = draw(st.integers(0, len(rows) - 1)), draw(st.integers(0, len(HEAD) - 1))
        change = draw(st.sampled_from(["blank", "mistype", "copy cell", "copy row", "blank row", "delete row", "swap"]))
        if change == "blank":
            rows[row][column] = None
        elif change == "mistype":
            rows[row][column] = draw(ODD)
        elif change == "copy cell":
            rows[row][column] = rows[draw(st.integers(0, len(rows) - 1))][column]
        elif change == "copy row":
            rows.insert(row, list(rows[row]))
        elif change == "blank row":
            rows.insert(row, [None] * len(HEAD))
        elif change == "delete row" and len(rows) > 1:
            del rows[row]
        elif change == "swap":
            rows[row].insert(draw(st.integers(0, len(HEAD) - 1)), rows[row].pop(column))
    titles = draw(st.lists(st.sampled_from([["党员花名册"], [None, "填报单位：某单位"], [None]]), max_size=3))
    head: list[object] = [HEAD[column] for column in order]
    return len(titles), [*titles, head, *([row[column] for column in order] for row in rows)]


@settings(max_examples=150, deadline=None)
@given(made=mutated())
def test_edited_workbooks(tmp_path_factory: pytest.TempPathFactory, made: tuple[int, list[list[object]]]) -> None:
    header, rows = made
    rows = [[cell[:32_767] if isinstance(cell, str) else cell for cell in row] for row in rows]
    roster = read_or_refuse(write(tmp_path_factory.mktemp("fuzz") / "r.xlsx", {"s": rows}))
    if roster is not None:
        assert account(roster) == sum(map(filled, rows[header + 1 :]))


@settings(max_examples=80, deadline=None)
@given(made=mutated(), encoding=st.sampled_from(["utf-8", "gb18030", "utf-16"]), mark=st.sampled_from([",", "\t", ";"]))
def test_edited_text(
    tmp_path_factory: pytest.TempPathFactory, made: tuple[int, list[list[object]]], encoding: str, mark: str
) -> None:
    import csv

    header, rows = made
    stream = io.StringIO()
    csv.writer(stream, delimiter=mark).writerows(rows)
    file = tmp_path_factory.mktemp("fuzz") / "r.csv"
    file.write_bytes(stream.getvalue().encode(encoding, "replace"))
    roster = read_or_refuse(file)
    if roster is not None:
        assert account(roster) == sum(map(filled, rows[header + 1 :]))


WORKBOOKS = [
    book({"花名册": [HEAD, *PEOPLE], "班组": [("班组", "班制"), ("班组1", "白班")]}, {"花名册": [(1, 3, 3, 3)]}),
    *(Path(__file__).parent.joinpath("files", name).read_bytes() for name in ("small.xls", "small.ods", "errors.xls")),
]


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_truncated_and_corrupted_workbooks(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(WORKBOOKS)))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.none() | st.integers(0, len(content)))
    file = tmp_path_factory.mktemp("fuzz") / "r.xlsx"
    file.write_bytes(bytes(content[:end]))
    roster = read_or_refuse(file)
    if roster is not None:
        account(roster)


PARTS = [
    (0, "xl/worksheets/sheet1.xml"),
    (0, "xl/workbook.xml"),
    (0, "xl/sharedStrings.xml"),
    (0, "xl/styles.xml"),
    (0, "[Content_Types].xml"),
    (2, "content.xml"),
]


@settings(max_examples=250, deadline=None)
@given(seed=st.integers(0, 2**32), where=st.sampled_from(PARTS))
def test_parts_that_are_changed_inside(
    tmp_path_factory: pytest.TempPathFactory, seed: int, where: tuple[int, str]
) -> None:
    draw = random.Random(seed)
    number, part = where
    with zipfile.ZipFile(io.BytesIO(WORKBOOKS[number])) as archive:
        parts = {entry.filename: bytearray(archive.read(entry)) for entry in archive.infolist()}
    content = parts[part]
    for _ in range(draw.randrange(1, 5)):
        start = draw.randrange(len(content))
        kind = draw.randrange(4)
        if kind == 0:
            content[start] = draw.randrange(256)
        elif kind == 1:
            del content[start : start + draw.randrange(1, 40)]
        elif kind == 2:
            content[start:start] = content[start : start + draw.randrange(1, 40)]
        else:
            content[start:start] = str(draw.choice([0, -1, 10**6, 10**10, "ZZZ", "&x;"])).encode()
    file = tmp_path_factory.mktemp("fuzz") / "r.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, bytes(data))
    roster = read_or_refuse(file)
    if roster is not None:
        account(roster)


def replaced(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """Write the first workbook with a text of a part replaced."""
    with (
        zipfile.ZipFile(io.BytesIO(WORKBOOKS[0])) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == part:
                assert old in content
                content = content.replace(old, new, 1)
            target.writestr(entry.filename, content)
    return path


@pytest.mark.parametrize("far", [b"XFD1048576", b"A99999999", b"ZZZZ1", b"a9", b"A2"])
def test_a_cell_far_away_is_no_hang(tmp_path: Path, far: bytes) -> None:
    row = bytes(letter for letter in far if 48 <= letter < 58)
    cell = b'<row r="%b"><c r="%b"><v>1</v></c></row></sheetData>' % (row, far)
    file = replaced(tmp_path / "r.xlsx", "xl/worksheets/sheet1.xml", b"</sheetData>", cell)
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert [issue.code for issue in caught.value.issues] in (["too_large"], ["bad_workbook"])


def test_a_zip_bomb_is_refused_before_it_bursts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grouping.roster.workbooks.UNPACKED_BYTES", 10 << 20)
    bomb = b"<!--" + b" " * (20 << 20) + b"-->"
    file = replaced(tmp_path / "r.xlsx", "xl/workbook.xml", b"<sheets>", bomb + b"<sheets>")
    assert file.stat().st_size < 100_000
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert [issue.code for issue in caught.value.issues] == ["too_large"]
    content = bytearray(file.read_bytes())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo("xl/workbook.xml").file_size
    lying = bytes(content).replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != bytes(content)
    file.write_bytes(lying)
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert [issue.code for issue in caught.value.issues] == ["bad_workbook"]


def test_cells_repeated_without_end_in_an_open_document(tmp_path: Path) -> None:
    source = zipfile.ZipFile(io.BytesIO(WORKBOOKS[2]))
    with zipfile.ZipFile(tmp_path / "r.ods", "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "content.xml":
                many = b'<table:table-cell table:number-columns-repeated="16384" office:value-type="string">'
                content = content.replace(b'<table:table-cell office:value-type="string">', many, 1)
                assert many in content
            target.writestr(entry, content)
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "r.ods")
    assert [issue.code for issue in caught.value.issues] == ["too_large"]


@pytest.mark.parametrize("name", ["r.csv", "r.json"])
def test_a_cell_of_ten_megabytes(tmp_path: Path, name: str) -> None:
    long = "x" * (10 << 20)
    text = f"id,department,shift,site\n1,{long},day,S\n"
    if name == "r.json":
        text = f'[{{"id": 1, "department": "{long}", "shift": "day", "site": "S"}}]'
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / name)
    assert {issue.code for issue in caught.value.issues} <= {"too_long", "bad_csv"}
    assert len(str(caught.value)) < 2_000


def test_a_cell_of_ten_megabytes_in_a_workbook(tmp_path: Path) -> None:
    old = "后勤".encode()
    file = replaced(tmp_path / "r.xlsx", "xl/sharedStrings.xml", old, b"x" * (10 << 20))
    with pytest.raises(RosterError) as caught:
        read_roster(file, unknown_shift="label")
    assert {issue.code for issue in caught.value.issues} == {"too_long"}
    assert caught.value.issues[0].address == "花名册!D2"


def test_files_over_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grouping.roster.sources.FILE_BYTES", 1_000)
    (tmp_path / "r.csv").write_bytes(b"x" * 1_001)
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "r.csv")
    assert [issue.code for issue in caught.value.issues] == ["too_large"]
    assert limits.FILE_BYTES > 1_000


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(st.sampled_from(list('[]{}",:12ab工号姓名部门班次\n ')), max_size=60),
    name=st.sampled_from(["r.json", "r.jsonl", "r.csv"]),
)
def test_any_json(tmp_path_factory: pytest.TempPathFactory, text: str, name: str) -> None:
    file = tmp_path_factory.mktemp("fuzz") / name
    file.write_text(text, encoding="utf-8")
    read_or_refuse(file)


def test_json_nested_without_end(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "r.json")
    assert [issue.code for issue in caught.value.issues] == ["bad_json"]
