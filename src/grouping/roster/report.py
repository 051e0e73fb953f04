"""What reading a roster found: columns used and ignored, rows skipped, joins, defaults assumed, warnings."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.phrases import said
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

_SHOWN_IDS = 10
_SHOWN_LINES = 40
SECTIONS = (
    "read",
    "columns renamed",
    "columns ignored",
    "rows skipped",
    "tables not used",
    "joined",
    "rotas understood as",
    "assumed",
    "warnings",
)
"""The sections of a report, in their order; "columns as they are" only in the table."""


@dataclass(frozen=True)
class RosterReport:
    """How the roster was understood; it names members by id only.

    ``str(report)`` and `describe` give it as text, `to_html` as HTML (a notebook shows it so), `to_frame` as a table.

    Attributes
    ----------
    rows : rows read per table, as ``(table, rows)``; those of the roster = members + rows skipped
    members : number of members
    columns_used : ``(table, their header, our field)``
    columns_ignored : ``(table, their header, why)``
    skipped : ``(table, row as a spreadsheet counts it, why)``: totals, notes, repeated headers
    tables_ignored : ``(sheet or file, why)``
    joins : how companion tables were joined to the members
    understood : what the rotas in use mean, day by day
    defaults : what was assumed where the roster says nothing
    warnings : what the reader should look at
    """

    rows: tuple[tuple[str, int], ...] = ()
    members: int = 0
    columns_used: tuple[tuple[str, str, str], ...] = ()
    columns_ignored: tuple[tuple[str, str, str], ...] = ()
    skipped: tuple[tuple[str, int, str], ...] = ()
    tables_ignored: tuple[tuple[str, str], ...] = ()
    joins: tuple[str, ...] = ()
    understood: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the report as plain text, in English."""
        return self.describe()

    def describe(self, lang: str = "en") -> str:
        """Return the report as plain text in "en" or "zh"."""
        lines = [said(say("{count} members", count=self.members), lang)]
        for title, entries in self._sections().items():
            if entries:
                lines.append(said(title, lang) + ("：" if lang == "zh" else ":"))
                lines += [f"  {said(entry, lang)}" for entry in _cut(entries)]
        return "\n".join(lines)

    def to_html(self, lang: str = "en") -> str:
        """Return the report as HTML in "en" or "zh", every text escaped."""
        parts = [f"<p><b>{html.escape(said(say('{count} members', count=self.members), lang))}</b></p>"]
        for title, entries in self._sections().items():
            if entries:
                items = "".join(f"<li>{html.escape(said(entry, lang))}</li>" for entry in _cut(entries))
                is_open = " open" if title in {"warnings", "assumed"} else ""
                heading = f"{html.escape(said(title, lang))} ({len(entries)})"
                parts.append(f"<details{is_open}><summary>{heading}</summary><ul>{items}</ul></details>")
        return f"<div>{''.join(parts)}</div>"

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_frame(self, lang: str = "en") -> pd.DataFrame:
        """Return the report as a table: section, table, subject (a header, a row, a rota …), remark."""
        import pandas as pd

        rows = [[said(cell, lang) for cell in cells] for cells in self._cells()]
        return pd.DataFrame(rows, columns=["section", "table", "subject", "remark"], dtype="object")

    def _cells(self) -> Iterator[tuple[str, str, str, str]]:
        skipped = Counter(table for table, _, _ in self.skipped)
        for table, count in self.rows:
            text = "{count} rows, {skipped} of them skipped" if skipped[table] else "{count} rows"
            facts = {"count": count, "skipped": skipped[table]} if skipped[table] else {"count": count}
            yield say("read"), table, "", say(text, **facts)
        for table, theirs, ours in self.columns_used:
            yield say("columns as they are") if theirs == ours else say("columns renamed"), table, theirs, ours
        for table, theirs, why in self.columns_ignored:
            yield say("columns ignored"), table, theirs, why
        for table, number, why in self.skipped:
            yield say("rows skipped"), table, str(number), why
        for table, why in self.tables_ignored:
            yield say("tables not used"), table, "", why
        for title, texts in (
            ("joined", self.joins),
            ("rotas understood as", self.understood),
            ("assumed", self.defaults),
            ("warnings", self.warnings),
        ):
            for text in texts:
                yield say(title), "", "", text

    def _sections(self) -> dict[str, list[str]]:
        """Return title → lines."""
        found: dict[str, list[str]] = {say(title): [] for title in SECTIONS}
        for title, table, subject, remark in self._cells():
            if title not in found:
                continue
            line = remark
            if title == "read":
                line = say("{table}: {count}", table=table, count=remark)
            elif title == "columns renamed":
                line = say("{table}: {subject} → {remark}", table=table, subject=subject, remark=remark)
            elif title == "rows skipped":
                line = say("{table}: row {row} ({why})", table=table, row=subject, why=remark)
            elif table:
                where = f"{table}: {subject}" if subject else table
                line = say("{where} ({why})", where=where, why=remark)
            found[title].append(line)
        return found


def _cut(entries: Sequence[str]) -> Sequence[str]:
    if len(entries) <= _SHOWN_LINES:
        return entries
    return [*entries[:_SHOWN_LINES], say("… and {count} more", count=len(entries) - _SHOWN_LINES)]


def some_ids(ids: Sequence[str]) -> str:
    """Return member ids as one line, long lists cut."""
    shown = ", ".join(ids[:_SHOWN_IDS])
    return say("{shown}, … ({count} in all)", shown=shown, count=len(ids)) if len(ids) > _SHOWN_IDS else shown
