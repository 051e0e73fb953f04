"""A division as it is handed in (a table, a mapping, a plan, a roster's column) as member id → group name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grouping.errors import AssignmentError, Issue
from grouping.plan.evaluation import Evaluation
from grouping.roster.faults import id_or_nothing
from grouping.roster.namesakes import as_called
from grouping.roster.synonyms import column_words, plain

if TYPE_CHECKING:
    import pandas as pd

    from grouping.roster import Roster

_ROLE_HEADERS = ("role", "角色", "职务", "小组职务", "组内职务")
_MORE_HEADERS = {"member_id": ("member", "members", "成员编号"), "group": ("组别", "分组", "现所在小组")}
_LEADER_WORDS = ("leader", "组长", "小组长", "党小组长", "党小组组长")

Rows = list[tuple[int | None, object, object, object]]


@dataclass(frozen=True)
class Division:
    """Who is where.

    Attributes
    ----------
    group_of : member id → group name, of the members who are in a group
    leaders : ids of members named as leaders
    covers : (part, team without members) → group that looks after it, where the division says so
    """

    group_of: dict[str, str]
    leaders: tuple[str, ...] = ()
    covers: Mapping[tuple[str, str], str] = field(default_factory=dict)


def read_division(
    roster: Roster, source: pd.DataFrame | Mapping[str, str] | Evaluation | str, strangers: bool = False
) -> Division:
    """Return a division in any of the forms that :func:`grouping.evaluate` takes.

    Parameters
    ----------
    strangers : True also takes members whom the roster does not know, such as those who have left since

    Raises
    ------
    AssignmentError
        When it cannot be read as one, names unknown members or a member twice, or places nobody.
    """
    covers: dict[tuple[str, str], str] = {}
    if isinstance(source, Evaluation):
        rows: Rows = [(None, seat.member_id, seat.group, None) for seat in source.result.assignments]
        covers = {(group.part, team): group.group for group in source.result.groups for team in group.covers}
    elif isinstance(source, str):
        rows = [(None, m, g, None) for m, g in zip(roster.member_ids, roster.column(source), strict=True)]
    elif isinstance(source, Mapping):
        rows = [(None, member, group, None) for member, group in source.items()]
    else:
        rows = _rows(source)
    called, branches = as_called(roster.members), {member.member_id: member.branch for member in roster.members}
    rows = [(at, member, called(branches.get(_text(member)), _text(group)), role) for at, member, group, role in rows]
    group_of, leaders = _checked(None if strangers else roster.member_ids, rows)
    if not group_of and len(roster):
        what = f"no member has a value of {source!r}" if isinstance(source, str) else "no member is in a group"
        raise AssignmentError(Issue("nobody_placed", what, advice="hand in a table with columns member_id and group"))
    if isinstance(source, Evaluation):  # a group that reaches into several branches has a leader in each
        leaders = tuple(seat.member_id for seat in source.result.assignments if seat.role == "leader")
    return Division(group_of, leaders, covers)


def _checked(ids: Iterable[str] | None, rows: Rows) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return who is where and who leads; ``ids`` are the members that may be named, None for anybody."""
    known = None if ids is None else set(ids)
    faults: list[Issue] = []
    seen: set[str] = set()
    group_of: dict[str, str] = {}
    leaders: dict[str, str] = {}
    for number, member, group, role in rows:
        key, name = _text(member), _text(group)
        if not key:
            if name:
                faults.append(Issue("missing_id", "the row names no member", row=number))
        elif known is not None and key not in known:
            full = next((one for one in known if one.lstrip("0") == key), None)
            advice = None if full is None else f"{full}: read the ids as text, so that leading zeros stay"
            message = "no such member in the roster"
            faults.append(Issue("unknown_member", message, row=number, value=id_or_nothing(key), advice=advice))
        elif key in seen:
            faults.append(Issue("twice", "the member stands in two rows", row=number, value=key))
        else:
            seen.add(key)
            if name:
                group_of[key] = name
            if name and _text(role).casefold() in _LEADER_WORDS:
                if name in leaders:
                    faults.append(
                        Issue("two_leaders", f"the group has two leaders, {leaders[name]} too", row=number, value=key)
                    )
                leaders.setdefault(name, key)
    if faults:
        raise AssignmentError(faults)
    return group_of, tuple(leaders.values())


def _text(value: object) -> str:
    """Return an id or a group name as a text; whole numbers without the ".0" that a gap in their column gives them."""
    if value is None or value != value:  # nan is not equal to itself
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _rows(table: Any) -> Rows:
    """Return (row, member, group, role) of every row of a DataFrame, by English or Chinese headers."""
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise AssignmentError(
            "assignments are a DataFrame, a mapping, a plan, or the name of an attribute of the roster, "
            f"not {type(table).__name__}"
        )
    if not set(map(str, table.columns)) & {"member_id", "工号"} and table.index.name is not None:
        table = table.reset_index()
    headers = {plain(str(column)): at for at, column in reversed(list(enumerate(table.columns)))}
    found = {
        "member_id": _first(headers, "member_id", _words("member_id")),
        "group": _first(headers, "group", _words("group", "current_group")),
        "role": _first(headers, "role", map(plain, _ROLE_HEADERS)),
    }
    missing = [name for name in ("member_id", "group") if found[name] is None]
    if missing:
        advice = "name the columns member_id and group (工号, 小组)"
        raise AssignmentError([Issue("missing_column", f"there is no column {n!r}", advice=advice) for n in missing])
    cells: list[list[object]] = []
    for name in ("member_id", "group", "role"):
        at = found[name]
        if at is None:
            cells.append([None] * len(table))
        else:
            column = table.iloc[:, at]
            cells.append(column.astype(object).where(column.notna(), None).tolist())
    members, groups, roles = cells
    return [(row, *seat) for row, seat in enumerate(zip(members, groups, roles, strict=True), 2)]


def _words(name: str, roster_field: str | None = None) -> list[str]:
    """Return the headers for a column, in the form in which headers are compared."""
    listed = [word for word, (target, _) in column_words("roster").items() if target == (roster_field or name)]
    return [*map(plain, _MORE_HEADERS[name]), *listed]


def _first(headers: Mapping[str, int], own: str, words: Iterable[str]) -> int | None:
    """Return the position of the column: our own word first, then the first header that has the meaning."""
    wanted = set(words)
    if plain(own) in headers:
        return headers[plain(own)]
    return min((at for header, at in headers.items() if header in wanted), default=None)
