"""A roster as a workbook that can be edited and read back, and an empty one to be filled in."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING

from grouping.errors import InputError, Issue
from grouping.roster.limits import CELL_CHARACTERS
from grouping.roster.native import HEADERS, SHEET, encoded, type_of
from grouping.roster.schema import MEMBER_FIELDS, Site, Team
from grouping.roster.shifts import span
from grouping.roster.synonyms import column_words, plain, read_data, value_words
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from grouping.roster.roster import Roster
    from grouping.roster.schema import ShiftCode

Sheet = tuple[list[str], list[list[object]]]
"""Our words for the columns, and rows."""
TITLES = {
    "roster": "成员",
    "teams": "班组",
    "sites": "工作地点",
    "travel_minutes": "路程",
    "shift_codes": "班次代码",
    "shift_patterns": "班制",
    "explicit_shifts": "个人排班",
    "committee": "支委",
    "constraints": "约束",
}
_WIDTH = 16
_CHOICES = {
    "gender": "gender",
    "status": "status",
    "participation": "participation",
    "willing": "bool",
    "leader_eligible": "bool",
    "is_work": "bool",
    "kind": "kind",
    "strength": "strength",
}
"""Column → the field of ``value_synonyms.csv`` whose values it takes."""


def workbook_of(roster: Roster, lang: str) -> bytes:
    """Return a roster as an .xlsx file, with headers in "en" or "zh"; `read_roster` makes an equal roster of it.

    Raises
    ------
    InputError
        If a text is longer than a cell can hold.
    """
    sheets = {kind: sheet for kind, sheet in tables_of(roster).items() if sheet[1]}
    extras = roster.extra_attributes()
    types = [
        [name, type_of(value for member in roster.members for key, value in member.attributes if key == name)]
        for name in extras
    ]
    stream = io.BytesIO()
    book = _book(stream)
    with book:
        for kind, (fields, rows) in sheets.items():
            sheet = book.add_worksheet(TITLES[kind] if lang == "zh" else kind)
            headers = [field if field in extras else header(kind, field, lang) for field in fields]
            _write(book, sheet, headers, rows)
        about = book.add_worksheet(SHEET)
        about.hide()
        known = column_words("roster")
        _write(
            book, about, list(HEADERS), [row for row in types if known.get(plain(row[0]), ("", ""))[1] != "attribute"]
        )
    return stream.getvalue()


def header(kind: str, field: str, lang: str) -> str:
    """Return how a column is headed: our word, or the first Chinese one that means it."""
    base, _, suffix = field.partition(".")
    if lang != "zh":
        return base + suffix
    rows = [row for row in read_data("column_synonyms.csv") if row["table"] == kind and row["field"] == base]
    row = next((row for row in rows if row["role"] != "id"), None)
    word = next((word for word in (row["synonyms"].split("|") if row else []) if not word.isascii()), base)
    return word + suffix


def _book(stream: io.BytesIO) -> Workbook:
    from xlsxwriter import Workbook

    plain_texts = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    return Workbook(stream, {"in_memory": True, **plain_texts})


def _write(book: Workbook, sheet: Worksheet, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    bold = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    text = book.add_format({"num_format": "@"})
    for column, title in enumerate(headers):
        sheet.write_string(0, column, title, bold)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            _cell(sheet, number, column, value, day, text)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(headers) - 1, 0), _WIDTH)


def _cell(sheet: Worksheet, row: int, column: int, value: object, day: object, text: object) -> None:
    """Write a cell so that it comes back as it is; texts stay texts, whatever they begin with."""
    if value is None:
        return
    if isinstance(value, bool):
        value = "是" if value else "否"
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime) and value.year > 1900:
        sheet.write_datetime(row, column, dt.datetime.combine(value, dt.time()), day)
    elif isinstance(value, (int, float)) and _is_exact(value):
        sheet.write_number(row, column, value)
    else:
        words = value if isinstance(value, str) else repr(value) if isinstance(value, float) else str(value)
        if len(words) > CELL_CHARACTERS:
            raise InputError(Issue("too_long", say("the cell holds {count} characters", count=len(words))))
        sheet.write_string(row, column, words, text)


def _is_exact(number: float) -> bool:
    """Whether a workbook keeps a number, which it writes with 16 digits."""
    try:
        return float(f"{number:.16G}") == number and abs(number) < 1e15
    except OverflowError:
        return False


def tables_of(roster: Roster) -> dict[str, Sheet]:
    """Return every table of a roster by its kind, empty ones too, as `read_roster` takes them."""
    committee: list[list[object]] = [
        [one.member_id, one.role, one.branch, one.max_groups, ";".join(one.business_lines) or None]
        for one in roster.committee
    ]
    calendar: list[list[object]] = [
        [member_id, day, code] for (member_id, day), code in sorted(roster.explicit_shifts.items())
    ]
    return {
        "roster": _members(roster),
        "teams": _records(roster.teams, list(Team.model_fields)),
        "sites": _records(roster.sites, [name for name in Site.model_fields if name != "site"], key="site"),
        "travel_minutes": _travel(roster),
        "shift_codes": _codes(roster.shift_codes),
        "shift_patterns": _patterns(roster),
        "explicit_shifts": (["member_id", "date", "code"], calendar),
        "committee": (["member_id", "role", "branch", "max_groups", "business_lines"], committee),
        "constraints": _requests(roster),
    }


def _members(roster: Roster) -> Sheet:
    always = {"member_id", "status", "department", "shift_pattern", "cycle_offset", "participation"}
    fields = [
        name for name in MEMBER_FIELDS if name in always or any(value is not None for value in roster.column(name))
    ]
    fields = [name for name in fields if name != "skills" or any(roster.column("skills"))]
    extras = roster.extra_attributes()
    as_json = {
        name for name in extras
        if type_of(value for member in roster.members for key, value in member.attributes if key == name) == "json"
    }  # fmt: skip
    rows = []
    for member in roster.members:
        attributes = dict(member.attributes)
        row: list[object] = [getattr(member, name) for name in fields]
        if "skills" in fields:
            row[fields.index("skills")] = ";".join(member.skills) or None
        row += [
            encoded(attributes[name]) if name in as_json and name in attributes else attributes.get(name)
            for name in extras
        ]
        rows.append(row)
    return [*fields, *extras], rows


def _records(records: Sequence[object], fields: Sequence[str], key: str | None = None) -> Sheet:
    """Return the fields of records that any of them has; ``key`` stands in where a record has no id and no name."""
    rows = [[getattr(record, field) for field in fields] for record in records]
    if key is not None:
        position = fields.index("name")
        for record, row in zip(records, rows, strict=True):
            if row[position] is None and row[fields.index("site_id")] is None:
                row[position] = getattr(record, key)
    used = [column for column, field in enumerate(fields) if any(row[column] is not None for row in rows)]
    return [fields[column] for column in used], [[row[column] for column in used] for row in rows]


def _travel(roster: Roster) -> Sheet:
    has_minutes = any(minutes is not None for _, _, minutes in roster.travel)
    fields = ["from_site", "to_site", *(("minutes",) if has_minutes else ())]
    return fields, [list(entry[: len(fields)]) for entry in roster.travel]


def _codes(codes: Sequence[ShiftCode]) -> Sheet:
    fields = ["code", "name_zh", "name_en", "segments", "recovery_hours", "is_work"]
    rows: list[list[object]] = []
    for code in codes:
        segments = ";".join(map(span, code.segments)) or None
        rows.append([code.code, *(*code.names, None, None)[:2], segments, code.recovery_hours, code.is_work])
    return fields, rows


def _patterns(roster: Roster) -> Sheet:
    fields = ["pattern_id", "name_zh", "name_en", "sequence", "anchor", "crews", "crew_step_days"]
    rows: list[list[object]] = []
    for one in roster.shift_patterns:
        sequence = None
        if one.sequence:
            is_short = all(len(code) == 1 and code.isalnum() for code in one.sequence) and len(one.sequence) > 1
            sequence = "".join(one.sequence) if is_short else ";".join(one.sequence) + ";"
        names = (*one.names, None, None)[:2]
        rows.append([one.pattern_id, *names, sequence, one.anchor, one.crews, one.crew_step_days])
    return fields, rows


def _requests(roster: Roster) -> Sheet:
    most = max((len(request.members) for request in roster.requests), default=0)
    fields = ["kind", *(f"members.{number}" for number in range(1, most + 1)), "strength", "note"]
    rows: list[list[object]] = []
    for request in roster.requests:
        blank: list[object] = [None] * (most - len(request.members))
        rows.append([request.kind, *request.members, *blank, request.strength, request.note])
    return fields, rows


def template(
    lang: str, columns: Mapping[str, Sequence[str]], examples: Mapping[str, str], needed: AbstractSet[str]
) -> bytes:
    """Return an empty workbook: a sheet per table with headers and drop-downs, and one that explains each column.

    Parameters
    ----------
    columns : kind of table → our words for its columns
    examples : ``"kind.column"`` → an example of what is written there
    needed : such columns as each row needs
    """
    zh = lang == "zh"
    stream = io.BytesIO()
    book = _book(stream)
    with book:
        guide: list[list[object]] = []
        for kind, fields in columns.items():
            title = TITLES[kind] if zh else kind
            sheet = book.add_worksheet(title)
            headers = [header(kind, field, lang) for field in fields]
            _write(book, sheet, headers, [])
            text = book.add_format({"num_format": "@"})
            for column, (field, name) in enumerate(zip(fields, headers, strict=True)):
                if field in {"member_id", "site_id", "pattern_id", "code"} or field.startswith("members"):
                    sheet.set_column(column, column, _WIDTH, text)
                words = _shown_choices(field, lang)
                if words:
                    sheet.data_validation(
                        1, column, 2000, column, {"validate": "list", "source": words, "error_type": "warning"}
                    )
                example = examples.get(f"{kind}.{field}", "")
                is_needed = f"{kind}.{field}" in needed
                told = [("必填" if zh else "Needed")] if is_needed else []
                told += [("例：" if zh else "Example: ") + (example or " / ".join(words))]
                sheet.write_comment(0, column, ("。" if zh else ". ").join(told))
                guide.append([title, name, field, example, " / ".join(words), ("是" if zh else "yes") * is_needed])
        sheet = book.add_worksheet("填写说明" if zh else "guide")
        titles = (
            ("工作表", "列", "字段", "示例", "可填", "必填")
            if zh
            else ("sheet", "column", "field", "example", "choices", "needed")
        )
        _write(book, sheet, titles, guide)
        book.worksheets()[0].activate()
    return stream.getvalue()


def _shown_choices(field: str, lang: str) -> list[str]:
    """Return one word for each value of a column, in the language wanted where there is one."""
    if field not in _CHOICES:
        return []
    words: dict[str, list[str]] = {}
    for row in read_data("value_synonyms.csv"):
        if row["field"] == _CHOICES[field]:
            words[row["value"]] = row["synonyms"].split("|")
    known = value_words(_CHOICES[field])
    chosen = [
        next((word for word in group if word.isascii() != (lang == "zh") and len(word) > (lang != "zh")), group[0])
        for group in words.values()
    ]
    return [word for word in chosen if word.casefold() in known or word in known]
