"""Collect every fault of all tables before anything is raised."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from grouping.errors import Issue, RosterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grouping.roster.tables import Row, Table

_ID_LIKE = re.compile(r"[\x21-\x7e]*\d[\x21-\x7e]*")
_SHOWN_CHOICES = 40


class Faults:
    """A growing list of issues."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []

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
    ) -> None:
        """Record one fault; ``key`` names the column by our word, the issue shows theirs."""
        column = (table.header_of(key) if table else key) if key else None
        self.issues.append(
            Issue(
                code,
                message,
                file=table.file if table else None,
                row=row.number if row else None,
                column=column,
                value=None if value is None else str(value),
                advice=advice,
            )
        )

    def raise_if_any(self) -> None:
        """Raise a `RosterError` that lists all faults recorded so far."""
        if self.issues:
            raise RosterError(self.issues)


def id_or_nothing(text: str) -> str | None:
    """Return the text where it looks like an id; a word that could be a person's name is not repeated."""
    return text if _ID_LIKE.fullmatch(text) else None


def choices(words: Iterable[str]) -> str:
    """Return what is known as one line, long lists cut."""
    known = list(dict.fromkeys(words))
    shown = ", ".join(known[:_SHOWN_CHOICES])
    return f"{shown}, … ({len(known)} in all)" if len(known) > _SHOWN_CHOICES else shown


def nearest(word: str, words: Iterable[str], lead: str = "use one of") -> str:
    """Return advice that names the words nearest to ``word``, or all of them."""
    known = list(dict.fromkeys(words))
    close = get_close_matches(word, known, n=3, cutoff=0.6)
    return f"{lead}: {choices(close or known)}" if known else "there is none to choose from"
