"""Texts in two languages: a `Phrase` is the English text and carries the Chinese one."""

from __future__ import annotations


class Phrase(str):
    """An English text that knows how it is said in Chinese; wherever a text is wanted it is the English one."""

    zh: str

    def __new__(cls, en: str, zh: str) -> Phrase:
        """Return the phrase of both texts."""
        phrase = super().__new__(cls, en)
        phrase.zh = zh
        return phrase

    def __reduce__(self) -> tuple[type[Phrase], tuple[str, str]]:
        """Return what a pickle needs."""
        return Phrase, (str(self), self.zh)

    def __str__(self) -> str:
        """Return the English text, as a plain one."""
        return "".join(self)


def said(text: object, lang: str = "en") -> str:
    """Return a text in "en" or "zh"; a plain text is the same in both."""
    return text.zh if lang == "zh" and isinstance(text, Phrase) else str(text)


def span(lo: int, hi: int) -> Phrase:
    """Return a range of numbers."""
    return Phrase(str(lo) if lo == hi else f"{lo} to {hi}", str(lo) if lo == hi else f"{lo}至{hi}")
