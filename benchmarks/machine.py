"""On what the figures were measured: cores, memory, processor, versions; no names of machines, users or folders."""

from __future__ import annotations

import os
import platform
import subprocess
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("group-formation-optimizer", "ortools", "numpy", "pandas", "scipy", "numba")


def processor() -> str:
    """Return the model of the processor, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.lower().startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_gb() -> str:
    """Return the memory of the machine in GB."""
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"
    except (AttributeError, OSError, ValueError):
        return "unknown memory"


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> float | None:
    """Return how many processes wanted a core in the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    said = subprocess.run(command, capture_output=True, check=True, encoding="utf-8", cwd=Path(__file__).parent)
    return said.stdout.strip()


def versions() -> dict[str, str]:
    """Return the versions of what decides about speed."""
    found = {"Python": platform.python_version()}
    with suppress(OSError, subprocess.CalledProcessError):
        changed = _git(
            "status", "--porcelain", "--untracked-files=no", "--", ":/", ":!/docs/benchmarks.md"
        )  # the page is written by each run
        found["commit"] = _git("describe", "--always", "--exclude=*") + ("-dirty" if changed else "")
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, str]:
    """Return the machine as texts."""
    return {
        "machine": f"{cores()} cores, {memory_gb()}, {processor()}, {platform.system()}",
        "versions": ", ".join(f"{name} {number}" for name, number in versions().items()),
    }
