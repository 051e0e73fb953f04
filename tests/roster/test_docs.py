"""The pages on rosters and privacy say what is so."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from grouping.roster import limits

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("page", "printed"), [("rosters.md", "['后勤'] ['厨师']\n"), ("privacy.md", "42 None\n")])
def test_examples_run(page: str, printed: str) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        for block in blocks:
            exec(compile(block, page, "exec"), {})
    assert out.getvalue() == printed


def test_limits_are_those_of_the_code() -> None:
    text = (DOCS / "rosters.md").read_text(encoding="utf-8")
    shown = (
        f"| {limits.FILE_BYTES >> 20} MB |",
        f"| {limits.UNPACKED_BYTES >> 30} GB, {limits.ENTRIES:,} parts, {limits.SHEETS} sheets |".replace(
            ",000", " 000"
        ),
        f"| {limits.AREA // 1_000_000} million cells |",
        f"| {limits.CELL_CHARACTERS:,} characters".replace(",", " "),
        f"| {limits.FOLDER_FILES} files |",
    )
    assert [line for line in shown if line not in text] == []
