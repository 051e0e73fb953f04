"""Print the README's ten lines: the first fenced Python block after the heading "## Ten lines"."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^## Ten lines[^\n]*\n(?P<between>.*?)^```python\n(?P<code>.*?)^```", re.DOTALL | re.MULTILINE)


def readme_lines(readme: Path = ROOT / "README.md") -> str:
    """Return the code of the block, or say what is missing."""
    found = BLOCK.search(readme.read_text(encoding="utf-8"))
    if found is None or re.search(r"^## ", found["between"], re.MULTILINE):
        raise SystemExit(f'{readme.name} has no ```python block under the heading "## Ten lines"')
    return found["code"]


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    print(readme_lines(), end="")
