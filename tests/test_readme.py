"""Every Python block of the README runs, in order, and prints what the README shows."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from grouping import Policy

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path = README) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def as_shown(printed: str, shown: str) -> bool:
    """Compare line by line; a line "…" stands for any number of lines."""
    parts = [re.escape(part) for part in re.split(r"^…\n", shown, flags=re.MULTILINE)]
    return re.fullmatch(r"(?:.*\n)*".join(parts), printed) is not None


def shown_outputs(page: Path) -> int:
    """Run the Python blocks of a page, compare what they print with the text blocks, and return how many those are."""
    namespace: dict[str, object] = {}
    printed, shown = "", 0
    for language, code in blocks(page):
        if language == "python":
            out = io.StringIO()
            code = code.replace("time_limit=20", "time_limit=90")  # a busy machine may need longer for the same proof
            with contextlib.redirect_stdout(out):
                exec(compile(code, page.name, "exec"), namespace)
            printed = out.getvalue()
        elif language == "text":
            assert as_shown(printed, code), f"{page.name} shows\n{code}\nbut what is printed is\n{printed}"
            shown += 1
    return shown


def test_researchers_page_prints_what_is_shown() -> None:
    assert shown_outputs(ROOT / "docs" / "researchers.md") == 4


def test_diagnosis_page_prints_what_is_shown() -> None:
    assert shown_outputs(ROOT / "docs" / "diagnosis.md") == 2


def test_the_page_on_tradeoffs_runs() -> None:
    assert shown_outputs(ROOT / "docs" / "tradeoffs.md") == 1


def test_page_of_weights_prints_what_is_shown() -> None:
    assert shown_outputs(ROOT / "docs" / "weights.md") == 3


def test_page_of_task_forces_prints_what_is_shown() -> None:
    assert shown_outputs(ROOT / "docs" / "taskforces.md") == 5


def test_explaining_page_prints_what_is_shown() -> None:
    assert shown_outputs(ROOT / "docs" / "explaining.md") == 4


def test_revising_page_prints_what_is_shown() -> None:
    assert shown_outputs(ROOT / "docs" / "revising.md") == 6


def test_python_blocks_run_and_print_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_outputs(README) == 4
    assert (tmp_path / "plan.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_toml_block_is_a_policy() -> None:
    (text,) = [code for language, code in blocks() if language == "toml"]
    policy = Policy.from_dict(tomllib.loads(text))
    assert policy.size == (6, 12)
    assert policy.principles["convene"] == 2
    assert sum(type(criterion).__name__ == "Attendance" for criterion in policy.prefer) == 1


def test_there_are_about_ten_lines() -> None:
    found = subprocess.run(
        [sys.executable, ROOT / "tools" / "readme_lines.py"], capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert 8 <= sum(bool(line.strip()) for line in found.splitlines()) <= 12


def test_links_lead_somewhere() -> None:
    for page in (README, *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_page_of_criteria_is_up_to_date() -> None:
    command = [sys.executable, ROOT / "tools" / "criteria_page.py", "--check"]
    assert subprocess.run(command, check=False).returncode == 0


def test_docs_policy_example_is_a_policy() -> None:
    text = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    code = next(code for language, code in BLOCK.findall(text) if language == "toml")
    assert Policy.from_dict(tomllib.loads(code)).groups == (4, 6)
