"""What the headers of a table mean: by the caller's word, by synonyms; two that claim one meaning are a question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.phrases import Phrase
from grouping.roster.faults import choices, nearest
from grouping.roster.grids import column_letters
from grouping.roster.synonyms import column_words, is_private, meaning_of, plain
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grouping.roster.faults import Faults
    from grouping.roster.tables import Table

ATTRIBUTE = "attr:"
IGNORE = frozenset({None, "", "ignore"})
"""What ``columns=`` says of a column that is not to be read."""
SHEET_NAME = "(sheet)"
"""What ``columns=`` calls the name of the sheet, or of the file that has none."""
REMARK = "participation.remark"
"""A column of remarks, of which only the way of taking part is read."""
_REMARKS = frozenset({"备注", "说明", "note", "notes", "remark", "remarks"})
_UNNAMED = re.compile(r"Unnamed: \d+")
_NUMBERED = re.compile(r"(.*?)\d+")


def check_chosen(tables: Sequence[Table], columns: Mapping[str, str | None], faults: Faults) -> None:
    """Record the headers that ``columns=`` names and none of the roster's tables has."""
    headers = list(dict.fromkeys(header for table in tables for header in table.found))
    for theirs in (" ".join(theirs.split()) for theirs in columns):
        if theirs not in headers and theirs != SHEET_NAME:
            message = "columns= names a header that the table does not have"
            near, cells = nearest(theirs, filter(None, headers)), tables[0].header_cells()
            faults.add("unknown_column", message, table=tables[0], key=theirs, advice=near, cell=cells)


@dataclass
class Matched:
    """The meaning of each column."""

    kind: str
    keys: list[str | None]

    def is_serial(self, header: str) -> bool:
        """Whether a column only counts the rows."""
        return meaning_of(header, column_words(self.kind))[0] == "serial"


def match_columns(
    table: Table, headers: list[str], columns: Mapping[str, str | None], faults: Faults, *, keep_unknown: bool
) -> Matched:
    """Return our key for each column, None for one that is not read; ``table`` learns their headers."""
    chosen = {" ".join(theirs.split()): ours for theirs, ours in columns.items()}
    keys: list[str | None] = []
    reasons: list[str] = []
    for header in headers:
        key, reason = _meaning(table, header, chosen, faults, keep_unknown=keep_unknown)
        keys.append(key)
        reasons.append(reason)
    _settle_fallbacks(keys)
    _use_remarks(table.kind, headers, keys)
    matched = Matched(table.kind, keys)
    _refuse_doubles(table, headers, matched, set(chosen), faults)
    for header, key, reason in zip(headers, keys, reasons, strict=True):
        if key is not None:
            table.headers[key] = header
        elif key is None and header:
            table.ignored.append((header, reason or say("another column has this meaning")))
    return matched


def _meaning(
    table: Table, header: str, chosen: Mapping[str, str | None], faults: Faults, *, keep_unknown: bool
) -> tuple[str | None, str]:
    if not header:
        return None, ""
    words = column_words(table.kind)
    ours = " ".join((chosen.get(header, header) or "").split())
    if header in chosen and (ours or None) in IGNORE:
        return None, say("columns= says so")
    if (is_private(table.kind, header) or is_private(table.kind, ours)) and header not in words_of_requests(table.kind):
        if header in chosen:
            cell = table.header_cell(table.found.index(header))
            faults.add("private_column", "columns of this kind are never stored", table=table, key=header, cell=cell)
        return None, say("private, never stored")
    field_name, role = meaning_of(ours, words)
    numbered = _NUMBERED.fullmatch(plain(header))
    if table.kind == "constraints" and not role and numbered and words.get(numbered[1], ("", ""))[0] == "members":
        return f"members.{header}", ""
    if not role:
        if header in chosen:
            return f"{ATTRIBUTE}{ours}", ""
        is_kept = keep_unknown and not _UNNAMED.fullmatch(header)
        return (ATTRIBUTE + header, "") if is_kept else (None, say("not known"))
    if role == "unused":
        return None, say("not needed")
    if role == "private":
        return None, say("private, never stored")
    return {
        "value": field_name,
        "id": f"{field_name}.id",
        "fallback": f"{field_name}.fallback",
        "attribute": ATTRIBUTE + field_name,
    }[role], ""


def words_of_requests(kind: str) -> frozenset[str]:
    """Return headers that are the reason for a request, and not a remark about a person."""
    return (
        frozenset({"说明", "原因", "备注", "note", "notes", "reason"})
        if kind in {"constraints", "slots"}
        else frozenset()
    )


def _settle_fallbacks(keys: list[str | None]) -> None:
    """Let 区域 be the site where nothing else is, and the zone beside a site."""
    for position, key in enumerate(keys):
        if key is None or not key.endswith(".fallback"):
            continue
        base = key.removesuffix(".fallback")
        has_other = base in keys or f"{base}.id" in keys
        zone = ATTRIBUTE + "zone"
        keys[position] = base if not has_other else (None if zone in keys else zone)


def _use_remarks(kind: str, headers: list[str], keys: list[str | None]) -> None:
    """Let a column of remarks tell who takes part only online or not at all, where no other column does."""
    remarks = [column for column, header in enumerate(headers) if plain(header) in _REMARKS]
    if kind == "roster" and len(remarks) == 1 and "participation" not in keys and keys[remarks[0]] is None:
        keys[remarks[0]] = REMARK


def _refuse_doubles(table: Table, headers: list[str], matched: Matched, chosen: set[str], faults: Faults) -> None:
    """Record columns that claim one meaning; a column named in ``columns=`` wins over the others."""
    claims: dict[str, list[int]] = {}
    for position, key in enumerate(matched.keys):
        if key is not None:
            claims.setdefault(key, []).append(position)
    doubled = [positions for positions in claims.values() if len(positions) == 2]
    steps = {second - first for first, second in doubled}
    if len(doubled) > 2 and len(steps) == 1 and not any(headers[one] in chosen for two in doubled for one in two):
        ends = [table.header_cell(two[1]) or headers[two[1]] for two in (doubled[0], doubled[-1])]
        faults.add(
            "duplicate_column",
            "two tables stand side by side, with the same headers",
            table=table,
            cell=":".join(ends),
            expected=say("one table below its header"),
            advice=say("put the rows of the right one below those of the left one"),
        )
        for _, second in doubled:
            matched.keys[second] = None
        return
    for key, positions in claims.items():
        if len(positions) == 1:
            continue
        winners = [position for position in positions if headers[position] in chosen]
        if len(winners) != 1:
            named = " and ".join(f"{headers[position]!r} ({column_letters(position)})" for position in positions)
            meaning = key.removeprefix(ATTRIBUTE).removesuffix(".id")
            message = say("columns {named} both mean {meaning!r}", named=named, meaning=meaning)
            cell = table.header_cell(positions[-1])
            faults.add("duplicate_column", message, table=table, key=headers[positions[-1]], cell=cell)
            winners = positions[:1]
        for position in positions:
            if position not in winners:
                matched.keys[position] = None


def missing_column(table: Table, field: str, message: str, faults: Faults, *, key: str | None = None) -> None:
    """Record that a table has no column of a meaning: where its header is, and what it says there.

    The cells of a row of which nothing is understood are not repeated: it may be no header, but a person's row.
    """
    words = column_words(table.kind)
    example = Phrase("{'their header': '" + field + "'}", "{'表头': '" + field + "'}")
    unread = [header for header, why in table.ignored if why == "not known"]
    is_certain = table.header_row is None or sum(bool(meaning_of(one, words)[1]) for one in table.found) > 1
    found = None
    if table.is_turned:
        advice = say("turn it, a row for each member: copy, then paste special with transpose")
    elif is_certain:
        found = ", ".join(header for header in table.found if header)
        advice = say("tell which it is by columns={example}", example=example)
        if unread:
            text = "tell which it is by columns={example}; not understood: {headers}"
            advice = say(text, example=example, headers=choices(unread))
        if field == "department" and table.sheet:
            text = "{advice}; if the sheet's name is the department, pass columns={example}"
            advice = say(text, advice=advice, example="{'(sheet)': 'department'}")
    else:
        count = sum(1 for header in table.found if header)
        text = "write a row of headers above the rows: hardly any of the {count} cells of this one is understood"
        advice = say(text, count=count)
    faults.add("missing_column", message, table=table, key=key, value=found, advice=advice, cell=table.header_cells())
