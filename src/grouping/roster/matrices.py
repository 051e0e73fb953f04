"""Matrices of travel minutes, sites × sites, as people draw them: the first row and the first column name the sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grouping.roster.asides import is_note
from grouping.roster.cells import text_of
from grouping.roster.grids import column_letters
from grouping.roster.layout import HEADER_WITHIN, is_blank
from grouping.roster.synonyms import squeeze, value_words
from grouping.roster.tables import Row, Table, clean
from grouping.roster.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grouping.roster.grids import Grid

_FEWEST_SITES = 2
_LOOKED_AT = 20
_FROM, _TO, _MINUTES = "从", "到", "分钟"


def matrix_of(grid: Grid) -> Table | None:
    """Return the matrix of a grid as a travel table with a row per pair of sites, None if it is none.

    It is one if most names of its first column stand in its first row too. Blank cells say nothing about a pair, so
    that half a matrix is enough.
    """
    for position in range(min(len(grid.cells), HEADER_WITHIN)):
        cells = grid.cells[position]
        filled = [column for column, cell in enumerate(cells) if not is_blank(cell)]
        if len(filled) < _FEWEST_SITES:
            continue
        for corner in dict.fromkeys((filled[0], max(filled[0] - 1, 0))):
            sites = {column: _name(cells[column]) for column in filled if column > corner}
            known = {squeeze(name) for name in sites.values()}
            first = _labels(grid, position + 1, corner, position + 1 + _LOOKED_AT)
            if known.isdisjoint(map(squeeze, first.values())):
                continue  # long tables are not walked through in vain
            labels = _labels(grid, position + 1, corner, len(grid.cells))
            shared = known.intersection(map(squeeze, labels.values()))
            if len(shared) >= _FEWEST_SITES and 3 * len(shared) >= 2 * max(len(labels), len(sites)):
                return _table(grid, position, corner, sites, labels)
    return None


def _name(cell: object) -> str:
    return text_of(cell).strip()


def _labels(grid: Grid, first: int, corner: int, end: int) -> dict[int, str]:
    """Return row → what its first cell says, without notes."""
    found = {}
    for position in range(first, min(end, len(grid.cells))):
        cells = grid.cells[position]
        if corner < len(cells) and not is_blank(cells[corner]) and not is_note(_name(cells[corner])):
            found[position] = _name(cells[corner])
    return found


def _table(grid: Grid, header: int, corner: int, sites: Mapping[int, str], labels: Mapping[int, str]) -> Table:
    table = Table("travel_minutes", grid.file, grid.sheet)
    table.headers.update({"from_site": _FROM, "to_site": _TO, "minutes": _MINUTES})
    table.above = header
    for position in range(header + 1, len(grid.cells)):
        cells = grid.cells[position]
        if position not in labels:
            if not all(map(is_blank, cells)):
                table.skipped.append((position + 1, say("no site")))
            continue
        table.rows += _pairs(cells, position, header, corner, sites, labels[position])
    return table


def _pairs(
    cells: Sequence[object], position: int, header: int, corner: int, sites: Mapping[int, str], start: str
) -> list[Row]:
    rows = []
    for column, end in sites.items():
        value = clean(cells[column]) if column < len(cells) else None
        if value is None or squeeze(text_of(value)) in value_words("missing"):
            continue
        places = {
            "from_site": f"{column_letters(corner)}{position + 1}",
            "to_site": f"{column_letters(column)}{header + 1}",
            "minutes": f"{column_letters(column)}{position + 1}",
        }
        rows.append(Row(position + 1, {"from_site": start, "to_site": end, "minutes": value}, places=places))
    return rows
