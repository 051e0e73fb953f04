"""Read a workbook in a process of its own: python isolated.py MOST_CELLS < book.xlsx > sheets.pickle.

The parser allocates by the numbers that a file states. In a damaged file they may ask for more memory than there is,
which ends the process; it had better be this one. The script stands alone, so that it starts quickly.
"""

from __future__ import annotations

import gc
import io
import pickle
import runpy
import sys
from pathlib import Path

MOST_BYTES = 4 << 30
"""Of memory, where the system can limit it."""


def sheets(data: bytes, most_cells: int) -> list[tuple[str, bool, list[list[object]] | None, list[tuple[int, ...]]]]:
    """Return name, whether it is shown, cells (None if there are too many) and merged ranges of each worksheet."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum, load_workbook

    book = load_workbook(io.BytesIO(data))
    found: list[tuple[str, bool, list[list[object]] | None, list[tuple[int, ...]]]] = []
    errors = runpy.run_path(str(Path(__file__).with_name("errorcells.py")))["errors_of"](data)
    for number, about in enumerate(book.sheets_metadata):
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(about.name)
        cells: list[list[object]] | None = []
        if sheet.end is not None:
            area = (sheet.end[0] + 1) * (sheet.end[1] + 1)
            cells = sheet.to_python(skip_empty_area=False) if area <= most_cells else None  # type: ignore[assignment]
        for (row, column), error in errors.get(number, {}).items():
            if cells and row < len(cells) and column < len(cells[row]) and cells[row][column] in (None, "", 0):
                cells[row][column] = error
        merged: list[tuple[int, ...]] = sorted((*first, *last) for first, last in sheet.merged_cell_ranges or ())
        found.append((about.name, about.visible == SheetVisibleEnum.Visible, cells, merged))
    return found


def main() -> None:
    """Read standard input, write the sheets or the name of the error to standard output."""
    gc.disable()  # millions of cells and no cycles
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    except (ImportError, ValueError, OSError):  # not on this system, or already limited
        pass
    try:
        answer: object = sheets(sys.stdin.buffer.read(), int(sys.argv[1]))
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    pickle.dump(answer, sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    main()
