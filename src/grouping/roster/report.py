"""What reading a roster found: columns used and ignored, defaults assumed, warnings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grouping.roster.schema import Member

LARGEST_BRANCH = 50
"""支部工作条例(试行) art. 4: a branch has generally no more than 50 members."""
FEWEST_FULL = 3
"""支部工作条例(试行) art. 4: a branch has at least three full members."""
DIVIDE_FROM = 20
"""党小组工作规则(试行) art. 1: from 20 members on a branch should generally be divided; below it may be."""
_SHOWN_IDS = 10


@dataclass(frozen=True)
class RosterReport:
    """How the roster was understood; it names members by id only.

    Attributes
    ----------
    rows : rows read per table, as ``(table, rows)``
    members : number of members
    columns_used : ``(table, their header, our field)``
    columns_ignored : ``(table, their header, why)``
    defaults : what was assumed where the roster says nothing
    warnings : what the reader should look at
    """

    rows: tuple[tuple[str, int], ...] = ()
    members: int = 0
    columns_used: tuple[tuple[str, str, str], ...] = ()
    columns_ignored: tuple[tuple[str, str, str], ...] = ()
    defaults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the report as plain text."""
        lines = [f"{self.members} members"]
        lines += [f"  read {count} rows of {table}" for table, count in self.rows]
        sections: tuple[tuple[str, list[str]], ...] = (
            (
                "columns renamed",
                [f"{table}: {theirs} → {ours}" for table, theirs, ours in self.columns_used if theirs != ours],
            ),
            ("columns ignored", [f"{table}: {theirs} ({why})" for table, theirs, why in self.columns_ignored]),
            ("assumed", list(self.defaults)),
            ("warnings", list(self.warnings)),
        )
        for title, entries in sections:
            if entries:
                lines.append(f"{title}:")
                lines += [f"  {entry}" for entry in entries]
        return "\n".join(lines)


def some_ids(ids: Sequence[str]) -> str:
    """Return member ids as one line, long lists cut."""
    shown = ", ".join(ids[:_SHOWN_IDS])
    return f"{shown}, … ({len(ids)} in all)" if len(ids) > _SHOWN_IDS else shown


def size_warnings(members: Iterable[Member]) -> list[str]:
    """Return what the rules on branches say about the numbers of members."""
    sizes: Counter[str | None] = Counter()
    full: Counter[str | None] = Counter()
    for member in members:
        sizes[member.branch] += 1
        full[member.branch] += member.status == "full"
    warnings = []
    for branch, size in sizes.items():
        called = f"branch {branch!r}" if branch else ("the roster (no branch given)")
        if size > LARGEST_BRANCH:
            warnings.append(
                f"{called} has {size} members; a branch has generally no more than {LARGEST_BRANCH} "
                "(支部工作条例 art. 4)" + ("" if branch else ": give a branch column if there are several")
            )
        if full[branch] < FEWEST_FULL:
            warnings.append(
                f"{called} has {full[branch]} full members, fewer than {FEWEST_FULL} (支部工作条例 art. 4, 5)"
            )
        if size < DIVIDE_FROM:
            warnings.append(
                f"{called} has {size} members, fewer than {DIVIDE_FROM}: division not required (党小组工作规则 art. 1)"
            )
    return warnings


def name_warnings(members: Iterable[Member]) -> list[str]:
    """Return how many members share a name, without saying which."""
    names = Counter(member.name for member in members if member.name)
    shared = [count for count in names.values() if count > 1]
    if not shared:
        return []
    return [f"{sum(shared)} members have a name that another has too; they are told apart by their ids"]
