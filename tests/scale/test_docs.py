"""The Python blocks of docs/scale.md run; those for other packages are marked as ``py`` and shown only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
SHORTER = {"time_limit=20, gap_limit=0.05": "time_limit=2", "time_limit=3": "time_limit=1"}


@pytest.mark.slow
def test_python_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text(encoding="utf-8")
    for long, short in SHORTER.items():
        assert long in page
        page = page.replace(long, short)
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))
    exec(compile(code, str(PAGE), "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["7 branches", "branch,folder,members,groups,status,score,bound,cost,cost_bound"]
    assert len((tmp_path / "plans" / "branches.csv").read_text(encoding="utf-8").splitlines()) == 8


def test_the_ray_adapter_has_eight_lines_and_needs_a_future_only() -> None:
    page = PAGE.read_text(encoding="utf-8")
    (block,) = re.findall(r"## Ray.*?^```py\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert sum(bool(line.strip()) for line in block.splitlines()) <= 8
    compile(block, "ray", "exec")
