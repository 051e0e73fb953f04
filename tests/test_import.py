from __future__ import annotations

import json
import subprocess
import sys

import grouping

HEAVY = ("ortools", "pandas", "networkx", "numpy", "pydantic")


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True).stdout


def test_importing_the_package_brings_in_nothing_heavy() -> None:
    loaded = json.loads(run("import json, sys, grouping; print(json.dumps(sorted(sys.modules)))"))
    assert not [name for name in HEAVY if name in loaded]


def test_importing_the_package_takes_less_than_150_ms() -> None:
    code = "import time; t = time.perf_counter(); import grouping; print(time.perf_counter() - t)"
    assert min(float(run(code)) for _ in range(3)) < 0.150


def test_the_command_line_starts_without_the_solver() -> None:
    loaded = json.loads(run("import json, sys, grouping.cli; print(json.dumps(sorted(sys.modules)))"))
    assert not [name for name in HEAVY if name in loaded]


def test_reading_a_roster_needs_no_solver() -> None:
    code = "import sys, grouping as gp; gp.read_roster(gp.sample_path()); print('ortools' in sys.modules)"
    assert run(code).strip() == "False"


def test_all_public_names_resolve() -> None:
    missing = [name for name in grouping.__all__ if getattr(grouping, name, None) is None]
    assert not missing
    assert sorted(grouping.__all__) == list(grouping.__all__)
    assert set(grouping.__all__) <= set(dir(grouping))
