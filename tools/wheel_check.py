"""Build sdist and wheel, install the wheel into an empty environment and use it there as the README says.

Everything happens in a temporary folder; nothing of the checkout is on the path of the new environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

from readme_lines import ROOT, readme_lines

REQUIRED = ("grouping/__init__.py", "grouping/py.typed", "grouping/samples/branch_42/roster.csv")


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command, shown first, without the shell's Python settings; leave with its exit code if it fails."""
    print("  $", *(Path(part).name if isinstance(part, Path) else part for part in command), flush=True)
    dropped = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
    env = {key: value for key, value in os.environ.items() if key not in dropped}
    code = subprocess.run([str(part) for part in command], cwd=cwd, env=env, check=False).returncode
    if code:
        raise SystemExit(f"wheel-check: exit {code}")


def check_contents(wheel: Path) -> None:
    """Compare the wheel's files with what the package promises."""
    names = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "src" / "grouping"
    expected = {
        f"grouping/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*")
        if path.is_file() and path.suffix in {".py", ".csv", ".toml", ".typed"}
    }
    missing = sorted((expected | set(REQUIRED)) - names)
    strangers = sorted(name for name in names if not name.startswith(("grouping/", "group_formation_optimizer-")))
    unwanted = sorted(name for name in names if name.endswith((".pyc", ".xlsx", ".xls")))
    if missing or strangers or unwanted:
        raise SystemExit(f"wheel-check: missing {missing}, not in the package {strangers}, unwanted {unwanted}")
    print(f"  {wheel.name}: {len(names)} files, {wheel.stat().st_size / 1024:.0f} KiB")


def main() -> None:
    """Build, install, run."""
    with tempfile.TemporaryDirectory(prefix="wheel-check-") as name:
        folder = Path(name)
        run(Path(sys.executable), "-m", "build", "--no-isolation", "--outdir", folder / "dist", ROOT, cwd=folder)
        (wheel,) = (folder / "dist").glob("*.whl")
        check_contents(wheel)

        venv.create(folder / "empty", with_pip=True)
        scripts = folder / "empty" / ("Scripts" if os.name == "nt" else "bin")
        python = scripts / "python"
        pip = (python, "-m", "pip", "--disable-pip-version-check")
        run(*pip, "install", "--quiet", "-c", ROOT / "constraints.txt", wheel, cwd=folder)
        run(*pip, "check", cwd=folder)

        work = folder / "work"
        work.mkdir()
        lines = readme_lines()
        if "data/samples" in lines:  # the reader of the README has a checkout; the package has its own copy
            shutil.copytree(ROOT / "data" / "samples", work / "data" / "samples")
        (work / "ten_lines.py").write_text(lines, encoding="utf-8")
        run(python, "-I", work / "ten_lines.py", cwd=work)
        run(scripts / "grouping", "demo", cwd=work)
    print("wheel-check: ok")


if __name__ == "__main__":
    main()
