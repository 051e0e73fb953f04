"""A short page of headings, paragraphs and tables, and how it looks as text, Markdown and HTML."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from html import escape

from grouping.plan.rendering import padded, text_width


@dataclass(frozen=True)
class Grid:
    """A table of texts.

    Attributes
    ----------
    head : a text per column
    rows : texts, a row each
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = str | Grid


@dataclass(frozen=True)
class Section:
    """A heading ("" for none) and what stands below it: paragraphs and tables."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """A title and its sections."""

    title: str
    sections: tuple[Section, ...]

    def text(self) -> str:
        """Return the page for a terminal."""
        lines = [self.title]
        for section in self.sections:
            if section.heading:
                lines += ["", section.heading]
            for block in section.blocks:
                lines += [f"  {block}"] if isinstance(block, str) else _columns(block)
        return "\n".join(lines)

    def markdown(self) -> str:
        """Return the page as Markdown; no text of it is taken for markup."""
        lines = [f"## {_marked(self.title)}"]
        for section in self.sections:
            if section.heading:
                lines += ["", f"### {_marked(section.heading)}"]
            for block in section.blocks:
                lines += ["", *([_marked(block)] if isinstance(block, str) else _pipes(block))]
        return "\n".join(lines) + "\n"

    def html(self) -> str:
        """Return the page as a piece of HTML, everything escaped."""
        parts = [f"<h3>{escape(self.title)}</h3>"]
        for section in self.sections:
            parts += [f"<h4>{escape(section.heading)}</h4>"] if section.heading else []
            parts += [f"<p>{escape(b)}</p>" if isinstance(b, str) else _table(b) for b in section.blocks]
        return f"<div>{''.join(parts)}</div>"


class Told(ABC):
    """An answer that is told on a page: in words, as Markdown, and as HTML."""

    @abstractmethod
    def page(self, lang: str = "en", *, names: bool = False) -> Page:
        """Return the answer as headings, paragraphs and tables; parameters as in :meth:`text`."""

    def text(self, lang: str = "en", *, names: bool = False) -> str:
        """Return the answer in words, for a terminal or a document.

        Parameters
        ----------
        lang : "en" or "zh"
        names : True adds the members' names, as the roster has them
        """
        return self.page(lang, names=names).text()

    def markdown(self, lang: str = "en", *, names: bool = False) -> str:
        """Return the answer as Markdown; parameters as in :meth:`text`."""
        return self.page(lang, names=names).markdown()

    def html(self, lang: str = "en", *, names: bool = False) -> str:
        """Return the answer as a piece of HTML; parameters as in :meth:`text`."""
        return self.page(lang, names=names).html()

    def __str__(self) -> str:
        """Return the answer in English."""
        return self.text()

    def _repr_html_(self) -> str:
        """Return the answer for a notebook."""
        return self.html()


def _columns(grid: Grid) -> list[str]:
    rows = [grid.head, *grid.rows]
    widths = [max(text_width(row[c]) for row in rows) for c in range(len(grid.head))]
    return ["  " + "  ".join(padded(cell, w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _marked(text: str) -> str:
    """Return a text with what Markdown or HTML would take for markup escaped."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#&" else letter for letter in text)


def _pipes(grid: Grid) -> list[str]:
    rows = [
        "| " + " | ".join(_marked(cell).replace("\n", " ") for cell in row) + " |" for row in (grid.head, *grid.rows)
    ]
    return [rows[0], "|" + "---|" * len(grid.head), *rows[1:]]


def _table(grid: Grid) -> str:
    def row(tag: str, cells: tuple[str, ...]) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(row("td", cells) for cells in grid.rows)
    return f"<table><thead>{row('th', grid.head)}</thead><tbody>{body}</tbody></table>"
