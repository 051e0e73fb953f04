"""What a roster may weigh at most, so that no file can take the machine away; docs/rosters.md states the same."""

from __future__ import annotations

FILE_BYTES = 256 << 20
"""Of one file as it lies on the disk."""
UNPACKED_BYTES = 1 << 30
"""Of a workbook when unpacked."""
ENTRIES = 5_000
"""Parts of a workbook."""
SHEETS = 100
"""Sheets of a workbook that are looked at."""
AREA = 20_000_000
"""Cells between the first and the last of a sheet, blank ones included."""
CELL_CHARACTERS = 32_767
"""Of one cell that is used; the limit of Excel itself."""
FOLDER_FILES = 50
"""Files of a folder that are looked at."""
