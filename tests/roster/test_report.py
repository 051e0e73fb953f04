"""The report in three forms and two languages; the sentences behind it; the template."""

from __future__ import annotations

import ast
import csv
import pickle
import string
from pathlib import Path

import pytest
from python_calamine import load_workbook
from tests.roster.books import write

import grouping.roster
from grouping.errors import InputError, Issue, RosterError
from grouping.phrases import Phrase, said
from grouping.roster import Roster, read_roster
from grouping.roster.blank import COLUMNS, write_template
from grouping.roster.words import say, sentences, usual

PACKAGE = Path(grouping.roster.__file__).parent


@pytest.fixture(scope="module")
def workbook() -> Roster:
    return read_roster(Path(__file__).parents[2] / "data" / "samples" / "branch_42" / "roster.xlsx")


def test_text_in_two_languages(workbook: Roster) -> None:
    english, chinese = str(workbook.report), workbook.report.describe("zh")
    assert english.startswith("42 members\nread:\n  roster.xlsx/党员花名册: 44 rows")
    assert chinese.startswith("42 名成员\n已读取：\n  roster.xlsx/党员花名册：44 行")
    assert "  roster.xlsx/党员花名册：第 47 行（合计行）" in chinese
    assert "2 名成员重名，按工号区分" in chinese
    assert len(english.splitlines()) == len(chinese.splitlines())


def test_html_and_frame(workbook: Roster) -> None:
    page = workbook.report.to_html("zh")
    assert page == workbook.report.to_html("zh")
    assert "跳过的行 (2)" in page
    assert workbook.report._repr_html_() == workbook.report.to_html()
    frame = workbook.report.to_frame()
    assert list(frame.columns) == ["section", "table", "subject", "remark"]
    rows = frame[frame["section"] == "rows skipped"]
    assert rows["subject"].tolist() == ["47", "48"]
    assert set(workbook.report.to_frame("zh")["section"]) >= {"跳过的行", "提醒", "假定"}


def test_html_escapes(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("id,dept,shift,site,<script>\n1,A,day,S,x\n", encoding="utf-8")
    assert "<script>" not in read_roster(tmp_path / "r.csv").report.to_html()


def test_reports_and_errors_pickle_with_their_chinese(workbook: Roster) -> None:
    again = pickle.loads(pickle.dumps(workbook.report))
    assert again == workbook.report
    assert again.describe("zh") == workbook.report.describe("zh")
    error = RosterError(Issue("x", say("a total"), file="f", value="v", expected=say("empty"), advice=say("a note")))
    copy = pickle.loads(pickle.dumps(error))
    assert copy.describe("zh") == error.describe("zh") == "f：合计行（填写的是“v”）；应为：空表。建议：说明行"


def test_phrases() -> None:
    phrase = Phrase("one", "一")
    assert (phrase, said(phrase), said(phrase, "zh"), said("x", "zh")) == ("one", "one", "一", "x")
    assert type(str(phrase)) is str


def texts_said() -> tuple[set[str], set[str]]:
    """Return every sentence and every fault code that the package's source can say."""

    def constants(node: ast.AST | None, assigned: dict[str, list[str]]) -> list[str]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [node.value]
        if isinstance(node, ast.IfExp):
            return [*constants(node.body, assigned), *constants(node.orelse, assigned)]
        return assigned.get(node.id, []) if isinstance(node, ast.Name) else []

    said_there: set[str] = set()
    codes: set[str] = set()
    for file in PACKAGE.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assigned: dict[str, list[str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                assigned.setdefault(node.targets[0].id, []).extend(constants(node.value, {}))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "say":
                said_there.update(constants(node.args[0], assigned))
            if called in {"add", "fault"} and len(node.args) > 1:
                codes.update(constants(node.args[0], {}))
                said_there.update(constants(node.args[1], assigned))
                for keyword in node.keywords:
                    if keyword.arg in {"advice", "expected"}:
                        said_there.update(constants(keyword.value, assigned))
    return said_there, codes


def test_every_sentence_has_its_chinese_and_the_same_facts() -> None:
    found, codes = texts_said()
    assert len(found) > 120
    assert len(codes) > 40
    assert sorted(found - set(sentences())) == []
    assert sorted(codes - set(usual())) == []
    for english, chinese in sentences().items():
        facts = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, chinese)]
        if english in found and "{" in english and "[{" not in english:
            assert facts[0] == facts[1], english
    for expected, advice in usual().values():
        assert {expected, advice} - {""} <= set(sentences())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_template_has_headers_choices_and_examples_and_reads_when_filled(tmp_path: Path, lang: str) -> None:
    file = write_template(tmp_path / "new", lang=lang)
    book = load_workbook(file)
    sheet = book.get_sheet_by_name(book.sheet_names[0]).to_python()
    assert len(sheet) == 1
    assert len(sheet[0]) == len(COLUMNS["roster"])
    assert len(book.sheet_names) == len(COLUMNS) + 1
    with pytest.raises(InputError, match="--force"):
        write_template(tmp_path / "new", lang=lang)
    assert write_template(tmp_path / "new", lang=lang, force=True) == file
    with pytest.raises(RosterError) as caught:
        read_roster(file)
    assert [issue.code for issue in caught.value.issues] == ["empty_table"]
    guide = book.get_sheet_by_name(book.sheet_names[-1]).to_python()
    example = {row[2]: (row[3], str(row[4]).split(" / ")[0]) for row in guide[1:] if row[0] == book.sheet_names[0]}
    filled = [example[field][0] or example[field][1] for field in COLUMNS["roster"]]
    with (tmp_path / "filled.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([sheet[0], filled])
    roster = read_roster(tmp_path / "filled.csv")
    (member,) = roster.members
    assert (member.member_id, member.nominations, member.status) == ("HQ0001", 7, "full")
    assert {field for field in COLUMNS["roster"] if getattr(member, field) is None} == set()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_examples_of_the_template_fit_each_other(tmp_path: Path, lang: str) -> None:
    book = load_workbook(write_template(tmp_path, lang=lang))
    *names, guide = book.sheet_names
    sheets = {name: [book.get_sheet_by_name(name).to_python()[0], []] for name in names}
    rows = book.get_sheet_by_name(guide).to_python()[1:]
    for sheet, _, _, example, choices, _ in rows:
        sheets[str(sheet)][1].append(example or str(choices).split(" / ")[0])
    sheets[names[0]].append(["HQ0004", *sheets[names[0]][1][1:]])
    sheets[names[2]].append(["S2", "车队场站"])
    sheets[guide] = rows
    roster = read_roster(write(tmp_path / "filled.xlsx", sheets))
    assert len(roster) == 2
    assert not any("not read" in line for line in roster.report.warnings)
    assert len(roster.requests) == len(roster.committee) == len(roster.explicit_shifts) == 1
    needed = [row[2] for row in rows if row[0] == names[0] and row[5]]
    assert needed == ["member_id", "department", "shift_pattern"]


def test_members_whose_status_is_blank_are_told(tmp_path: Path) -> None:
    rows = [("工号", "部门", "班次", "党员类别"), ("E1", "后勤", "白班", ""), ("E2", "后勤", "白班", "预备党员")]
    roster = read_roster(write(tmp_path / "r.xlsx", {"s": rows}))
    assert roster.column("status") == ["full", "probationary"]
    assert "no status given, taken as full members: E1" in roster.report.defaults
