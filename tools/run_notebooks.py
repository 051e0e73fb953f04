"""Run every notebook from its first cell to its last, and name the notebook and the cell that fails.

A notebook is ``notebooks/NAME.py`` in jupytext's percent format. It is run as a script (with runpy, in a process of
its own); if ``NAME.ipynb`` lies beside it, that must hold the same cells and is executed in a kernel as well. Both run
in the folder of the notebook, as Jupyter does it, without a screen, and for 300 seconds at most.

``python tools/run_notebooks.py [NAME ...]``
"""

from __future__ import annotations

import faulthandler
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 300.0  # seconds for one notebook
CELL = re.compile(r"^# %%")


class NotebookError(Exception):
    """A notebook failed; the message says where."""


def cell_of(script: Path, line: int) -> str:
    """Return the number, line and heading of the percent cell that holds a line of the script."""
    lines = script.read_text(encoding="utf-8").splitlines()
    starts = [number for number, text in enumerate(lines, 1) if CELL.match(text) and number <= line]
    heading = lines[starts[-1] - 1].removeprefix("# %%").strip() if starts else ""
    return f"cell {len(starts)} ({heading + ', ' if heading else ''}line {line})"


def run_script(script: Path) -> None:
    """Run the percent script in a process of its own.

    On an exception and on a time-out alike the child prints a stack, in which the script's own frame names the line.
    """
    command = [sys.executable, "-X", "utf8", __file__, "--child", str(script)]
    child = subprocess.Popen(
        command, cwd=script.parent, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", errors="replace", start_new_session=True,
    )  # fmt: skip
    try:
        output, _ = child.communicate(timeout=LIMIT + 20)  # the child ends itself at LIMIT; this is for a stuck one
    except subprocess.TimeoutExpired:
        kill_all(child)
        output, _ = child.communicate()
    finally:
        kill_all(child)  # and what the notebook itself may have started and left
    if child.returncode == 0:
        return
    at = rf'File "{re.escape(str(script))}", line (\d+)'
    frames = re.findall(at + r",? in <module>", output) or re.findall(at, output)  # a syntax error has no frame
    where = cell_of(script, int(frames[-1])) if frames else "before its first cell"
    why = f"did not end within {LIMIT:.0f} s" if "Timeout (" in output else f"exit {child.returncode}"
    raise NotebookError(f"{script.name}, {where}: {why}\n{output[-6000:].rstrip()}")


def kill_all(child: subprocess.Popen[str]) -> None:
    """End the child's whole process group, which is its own."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError, PermissionError):
        child.kill()


def run_child(script: str) -> None:
    """Run the script in this process, as Jupyter would: its folder on the path, ``__main__`` as its name."""
    faulthandler.dump_traceback_later(LIMIT, exit=True, file=sys.stdout)
    sys.argv = [script]
    sys.path[0] = str(Path(script).parent)
    runpy.run_path(script, run_name="__main__")


def run_ipynb(path: Path) -> None:
    """Compare the notebook with its script, then execute it in a kernel, cell by cell."""
    import jupytext
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    source = jupytext.read(path.with_suffix(".py"), fmt="py:percent")
    if cells_of(notebook) != cells_of(source):
        raise NotebookError(
            f"{path.name} does not hold the cells of {path.stem}.py; make it anew: "
            f"jupytext --to ipynb --update {path.parent.name}/{path.stem}.py"
        )
    end = time.monotonic() + LIMIT
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],
    )
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.timeout = max(1, int(end - time.monotonic()))
            try:
                client.execute_cell(cell, index)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                late = isinstance(error, CellTimeoutError)
                why = f"the notebook did not end within {LIMIT:.0f} s" if late else str(error).rstrip()
                raise NotebookError(f"{path.name}, cell {index + 1}: {why}") from None


def cells_of(notebook: object) -> list[tuple[str, str]]:
    """Return kind and text of the cells that are not empty."""
    cells = [(cell.cell_type, cell.source.strip()) for cell in notebook.cells]  # type: ignore[attr-defined]
    return [cell for cell in cells if cell[1]]


def main(names: list[str]) -> int:
    """Run the named notebooks, or all; return the exit code."""
    os.environ["MPLBACKEND"] = "Agg"
    scripts = sorted((ROOT / "notebooks").glob("*.py"))
    if names:
        wanted = {Path(name).stem for name in names}
        scripts = [script for script in scripts if script.stem in wanted]
    alone = [path for path in (ROOT / "notebooks").glob("*.ipynb") if not path.with_suffix(".py").exists()]
    failures = [f"{path.name} has no {path.stem}.py beside it" for path in alone]
    if not scripts:
        failures.append("there is no notebook to run")
    for script in scripts:
        for path, run in ((script, run_script), (script.with_suffix(".ipynb"), run_ipynb)):
            if not path.exists():
                continue
            start = time.perf_counter()
            try:
                run(path)
            except NotebookError as error:
                failures.append(str(error))
                print(f"  FAILED {path.name}, {time.perf_counter() - start:.1f} s", flush=True)
            else:
                print(f"  ok     {path.name}, {time.perf_counter() - start:.1f} s", flush=True)
    for failure in failures:
        print(f"\nnotebooks: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        run_child(sys.argv[2])
    else:
        raise SystemExit(main(sys.argv[1:]))
