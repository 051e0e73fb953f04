"""One spelling for one thing: "餐饮 服务部" and "餐饮服务部", "（餐饮）" and "(餐饮)" are the same word."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from grouping.roster.synonyms import squeeze
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 10


class Spelling:
    """Remembers the first spelling of each word; others become it, and the report tells so."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], str] = {}
        self._cache: dict[tuple[str, str], str] = {}
        self._changed: Counter[tuple[str, str]] = Counter()

    def learn(self, field: str, text: str | None) -> None:
        """Take the spelling of a companion table as the right one."""
        if text is not None:
            self._first.setdefault((field, squeeze(text)), text)

    def one(self, field: str, text: str | None) -> str | None:
        """Return the spelling of a word that is used for all of its forms."""
        if text is None:
            return None
        found = self._cache.get((field, text))
        if found is None:
            found = self._cache[field, text] = self._first.setdefault((field, squeeze(text)), text)
        if found != text:
            self._changed[text, found] += 1
        return found

    def tell(self) -> Iterable[str]:
        """Yield which spellings were taken as another."""
        for (text, found), count in self._changed.most_common(_SHOWN):
            yield say("{text!r} is read as {found!r} in {count} rows", text=text, found=found, count=count)
        if len(self._changed) > _SHOWN:
            yield say("… and {count} more spellings", count=len(self._changed) - _SHOWN)
