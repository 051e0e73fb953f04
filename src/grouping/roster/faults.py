"""Collect every fault of all tables before anything is raised."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from grouping.errors import Issue, RosterError
from grouping.phrases import Phrase, said
from grouping.roster.words import say, usual

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grouping.roster.tables import Row, Table

_ID_LIKE = re.compile(r"[\x21-\x7e]*\d[\x21-\x7e]*")
_DAY = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_IDENTITY_NUMBER = re.compile(rf"(?<!\d)[1-8]\d{{5}}{_DAY}\d{{3}}[\dXx](?!\d)")
_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_SHOWN_CHOICES = 12
_SHOWN_CHARACTERS = 60
_SEARCHES = 500


class Faults:
    """A growing list of issues.

    ``names`` are the names of persons that were met: none of them is repeated in an issue.
    """

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self.names: set[str] = set()
        self.searches = 0
        self._of_matrices: set[tuple[str, str | None]] = set()

    def add(
        self,
        code: str,
        message: str,
        *,
        table: Table | None = None,
        row: Row | None = None,
        key: str | None = None,
        value: object = None,
        advice: str | None = None,
        expected: str | None = None,
        file: str | None = None,
        sheet: str | None = None,
        row_number: int | None = None,
        cell: str | None = None,
    ) -> None:
        """Record one fault; ``key`` names the column by our word, the issue shows theirs.

        ``cell`` is the address where it is not that of ``row`` and ``key``.
        """
        if row is not None and key in row.broken and code.startswith("missing_"):
            return
        if cell is None and table is not None and row is not None:
            cell = (table.cell_of(row, key) if key else None) or table.cell_of_subject(row)
            if cell and key and not table.has(key):
                key = None  # no such column, only the row can be told
        usually = usual().get(code, ("", ""))
        expected, advice = expected or usually[0], advice or usually[1]
        issue = Issue(
            code,
            say(message),
            file=table.file if table else file,
            row=row.number if row else row_number,
            column=(table.header_of(key) if table else key) if key else None,
            value=None if value is None else _shown(str(value)),
            advice=say(advice) if advice else None,
            sheet=table.sheet if table else sheet,
            cell=cell,
            expected=say(expected) if expected else None,
        )
        if row is not None and row.places is not None:  # a name of a matrix stands for many rows
            if (issue.code, issue.cell) in self._of_matrices:
                return
            self._of_matrices.add((issue.code, issue.cell))
            issue = replace(issue, row=None)
        self.issues.append(issue)

    def nearest(self, word: str, words: Iterable[str]) -> str:
        """Return advice that names the words nearest to ``word``; after many searches only the first words."""
        self.searches += 1
        return nearest(word if self.searches <= _SEARCHES else "", words)

    def raise_if_any(self) -> None:
        """Raise a `RosterError` that lists all faults recorded so far."""
        if self.issues:
            raise RosterError([self._without_names(issue) for issue in dict.fromkeys(self.issues)])

    def _without_names(self, issue: Issue) -> Issue:
        if issue.value is None or "".join(issue.value.split()) not in self.names:
            return issue
        return replace(issue, value="…")


def is_private_number(text: str) -> bool:
    """Whether a text holds what looks like an identity card's or a mobile phone's number."""
    return bool(_IDENTITY_NUMBER.search(text) or _PHONE.search(text))


def _shown(text: str) -> str:
    """Return a value short enough to be read, without the numbers of identity cards and phones."""
    text = _PHONE.sub("…", _IDENTITY_NUMBER.sub("…", text[: 4 * _SHOWN_CHARACTERS]))
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def id_or_nothing(text: str) -> str | None:
    """Return the text where it looks like an id; a word that could be a person's name is not repeated."""
    return text if _ID_LIKE.fullmatch(text) else None


def choices(words: Iterable[str]) -> str:
    """Return what is known as one line, long lists cut."""
    known = list(dict.fromkeys(words))
    shown = ", ".join(map(str, known[:_SHOWN_CHOICES]))
    if len(known) <= _SHOWN_CHOICES:
        return shown
    return say("{shown}, … ({count} in all)", shown=shown, count=len(known))


def words_to_choose(words: Iterable[str]) -> Phrase:
    """Return words as one line; the Chinese one leaves out those of another language where it has its own."""
    known = list(words)
    chinese = [word for word in known if not ((word.isascii() and word.isalpha() and len(word) > 1) or "_" in word)]
    return Phrase(choices(known), said(choices(chinese or known), "zh"))


def nearest(word: str, words: Iterable[str]) -> str:
    """Return advice that names the words nearest to ``word``, or all of them."""
    known = list(dict.fromkeys(words))
    close = get_close_matches(word[:100], known, n=3, cutoff=0.6) if word else []
    return say("use one of: {words}", words=choices(close or known)) if known else say("there is none to choose from")
