"""Several sheets of members as one roster: which are joined, which are a question, which only repeat others."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from grouping.roster.cells import Cells, text_of
from grouping.roster.columns import ATTRIBUTE, IGNORE, SHEET_NAME
from grouping.roster.faults import Faults
from grouping.roster.rota import subject_of
from grouping.roster.synonyms import column_words, narrow, plain, squeeze
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from grouping.roster.tables import Table

_DOUBTFUL = re.compile(
    r"旧|作废|历史|备份|副本|离职|调出|转出|退休|死亡|示例|样例|范例|(?<![a-z])(old|backup|copy|former|example|sample)",
    re.IGNORECASE,
)
"""Names of sheets whose people may not be members any more, or never were."""


def join_members(
    tables: Sequence[Table], told: Iterable[str], faults: Faults, notes: list[str], *, has_branch: bool
) -> Table | None:
    """Return the first of several tables of members with the others as its ``further`` ones, None if there is none.

    One that looks like a copy, or whose name says that its people may be no members, is a question and left out.

    Parameters
    ----------
    told : names of tables of which the caller says that they are the roster
    notes : receives what was joined
    has_branch : whether the caller says what the sheets' names mean
    """
    kept: list[Table] = []
    certain = set(told)
    for table in tables:
        other = _copied(table, kept)
        if other is not None:
            first, common, all_of = other
            text = "{common} of {count} people of {first} are in {second} too: one looks like a copy of the other"
            message = say(text, common=common, count=all_of, first=first.name, second=table.name)
            faults.add("two_tables", message, table=table)
        elif kept and table.name not in certain and _DOUBTFUL.search(table.sheet or table.file):
            text = "{second} may list people who are no members, beside {first}"
            faults.add("two_tables", say(text, first=kept[0].name, second=table.name), table=table)
        else:
            kept.append(table)
    if not kept:
        return None
    kept[0].further = kept[1:]
    if len(kept) > 1:
        names = ", ".join(table.name for table in kept)
        notes.append(say("{count} sheets of members are read as one roster: {sheets}", count=len(kept), sheets=names))
        if not has_branch and not any(table.has("branch") for table in kept):
            text = "the sheets' names are not read; say what they are by columns={example}"
            notes.append(say(text, example="{'(sheet)': 'branch'}"))
    return kept[0]


def _copied(table: Table, others: Iterable[Table]) -> tuple[Table, int, int] | None:
    """Return which table has more than half of the people of the smaller of both, how many, and of how many."""
    for other in others:
        key = "member_id" if table.has("member_id") and other.has("member_id") else "name"
        mine, theirs = people_of(table, key), people_of(other, key)
        common, smaller = len(mine & theirs), min(len(mine), len(theirs))
        if common and 2 * common > smaller:
            return other, common, smaller
    return None


def people_of(table: Table, key: str) -> set[str]:
    """Return the ids or names of the people of a table."""
    values = (row.cells.get(key) for row in table.rows)
    return {narrow(text_of(value)) if key == "member_id" else squeeze(text_of(value)) for value in values if value}


def shared_names(tables: Iterable[Table]) -> set[str]:
    """Return the names that several rows of tables have."""
    counts = Counter(
        squeeze(text_of(row.cells["name"])) for table in tables for row in table.rows if "name" in row.cells
    )
    return {name for name, count in counts.items() if count > 1}


def repeats(table: Table, others: Iterable[Table]) -> bool:
    """Whether all people of a table are in other tables already, so that it is a list for another purpose."""
    everyone = list(others)
    known_ids, known_names = (
        set().union(*(people_of(other, key) for other in everyone)) for key in ("member_id", "name")
    )
    return all(
        narrow(text_of(row.cells["member_id"])) in known_ids
        if row.cells.get("member_id") and known_ids
        else squeeze(text_of(row.cells.get("name", ""))) in known_names
        for row in table.rows
    )


def lists_others(table: Table, others: Iterable[Table]) -> bool:
    """Whether a table is like a roster, and lists people of whom none is in other tables."""
    everyone = list(others)
    listed = {key: people_of(table, key) for key in ("member_id", "name")}
    known = {key: set().union(*(people_of(other, key) for other in everyone)) for key in listed}
    is_any_known = any(listed[key] & known[key] for key in listed)
    return is_like_a_roster(table) and any(listed.values()) and not is_any_known


def share_subjects(table: Table, other: Table) -> bool:
    """Whether two rotas, or tables of teams, speak of the same person or team, as those of two months do."""
    mine, theirs = (
        {subject_of(Cells(part, row, Faults())) for part in one.parts for row in part.rows} - {None}
        for one in (table, other)
    )
    return bool(mine & theirs)


def is_like_a_roster(table: Table) -> bool:
    """Whether a table without departments may be a list of members all the same."""
    return bool(table.rows) and (table.has("member_id") or table.has("name")) and len(table.headers) > 2


def write_sheet_name(table: Table, columns: Mapping[str, str | None]) -> None:
    """Put the name of its sheet (or file) into each row of a table, where the caller says what it means."""
    ours = columns.get(SHEET_NAME)
    if ours in IGNORE or SHEET_NAME in table.found:
        return
    field = column_words("roster").get(plain(str(ours)), ("", ""))[0]
    key = field or f"{ATTRIBUTE}{ours}"
    table.headers.setdefault(key, SHEET_NAME)
    for row in table.rows:
        row.cells.setdefault(key, table.sheet or Path(table.file).stem)
