"""A plan as a folder of files that an analyst opens with what is at hand, written whole or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from grouping.errors import InputError, Issue
from grouping.phrases import Phrase
from grouping.plan.tables import csv_bytes, csv_row
from grouping.policy.policy import Policy
from grouping.writing import file_exists, unwritable

if TYPE_CHECKING:
    from grouping.plan.evaluation import Evaluation, Plan
    from grouping.roster import Roster

_ANOTHER = Phrase("name another folder", "换一个文件夹")
FILES = ("plan.json", "assignments.csv", "groups.csv", "scores.csv", "policy.toml")


def check_folder(folder: str | PathLike[str], force: bool = False) -> None:
    """Raise InputError when :func:`save` could not write there; ask before the solving, not after it."""
    place = Path(folder)
    faults = []
    if place.exists() and not place.is_dir():
        what = Phrase("is not a folder", "不是文件夹")
        faults.append(Issue("not_a_folder", what, file=str(place), advice=_ANOTHER))
    elif not force:
        advice = Phrase(
            f"{_ANOTHER}, or overwrite by --force (force=True)", f"{_ANOTHER.zh}，或用 --force（force=True）覆盖"
        )
        faults = [file_exists(place / name, advice) for name in FILES if (place / name).exists()]
    if faults:
        raise InputError(faults)


def save(
    division: Evaluation, folder: str | PathLike[str], roster: Roster | None = None, force: bool = False
) -> tuple[Path, ...]:
    """Write ``plan.json``, ``assignments.csv``, ``groups.csv``, ``scores.csv`` and ``policy.toml`` into a folder.

    Everything is written beside the folder first; what was there is only replaced when all of it is complete.

    Parameters
    ----------
    folder : made if it is not there
    roster : adds names and departments to ``assignments.csv``
    force : True overwrites files of these names

    Raises
    ------
    InputError
        When a file is there and ``force`` is False, or the folder cannot be written.
    """
    place = Path(folder)
    check_folder(place, force)
    contents = {
        "plan.json": (division.to_json() + "\n").encode("utf-8"),
        "assignments.csv": csv_bytes(division.to_frame(roster)),
        "groups.csv": csv_bytes(division.groups),
        "scores.csv": csv_bytes(division.scores),
    }
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".part", dir=place.parent))
        try:
            for name, content in contents.items():
                (draft / name).write_bytes(content)
            Policy.from_dict(division.result.policy).dump(draft / "policy.toml")
            if place.exists():
                for name in FILES:
                    (draft / name).replace(place / name)
            else:
                draft.chmod(0o777 & ~_umask())
                draft.replace(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise InputError(unwritable(place, error, _ANOTHER)) from error
    return tuple(place / name for name in FILES)


INDEX = "branches.csv"
_INDEX_COLUMNS = ("branch", "folder", "members", "groups", "status", "score", "bound", "cost", "cost_bound")


def save_branches(
    plans: Iterable[tuple[str, Plan]],
    folder: str | PathLike[str],
    roster: Roster | None = None,
    force: bool = False,
) -> Path:
    """Write the plan of every branch into a folder of its own as it comes, and keep none.

    Each branch's folder holds what :func:`save` writes. ``branches.csv`` beside them has a row per branch, added when
    its folder is complete; so after an interruption it lists what can be relied on.

    Parameters
    ----------
    plans : (branch, plan), as :func:`grouping.form_branches` yields them
    folder : made if it is not there
    roster : adds names and departments to ``assignments.csv``
    force : True overwrites files of these names

    Returns
    -------
    Path : of ``branches.csv``

    Raises
    ------
    InputError
        When a file is there and ``force`` is False, or the folder cannot be written.
    """
    place = Path(folder)
    index = place / INDEX
    check_folder(place, force=True)
    if index.exists() and not force:
        raise InputError(file_exists(index, _ANOTHER))
    people = {} if roster is None else {member.member_id: member for member in roster.members}
    taken: set[str] = set()
    try:
        place.mkdir(parents=True, exist_ok=True)
        index.write_bytes(",".join(_INDEX_COLUMNS).encode("utf-8-sig") + b"\r\n")
    except OSError as error:
        raise InputError(unwritable(place, error)) from error
    for name, plan in plans:
        own = _folder_name(name, taken)
        seats, only = plan.result.assignments, None
        if roster is not None:
            only = type(roster)(tuple(people[seat.member_id] for seat in seats if seat.member_id in people))
        save(plan, place / own, only, force)
        row = (name, own, len(seats), len(plan.result.groups), plan.status, plan.score, plan.bound, plan.cost,
               plan.cost_bound)  # fmt: skip
        with index.open("ab") as file:
            file.write(csv_row(row))
    return index


def _folder_name(branch: str, taken: set[str]) -> str:
    """Return a name for a folder that is like the branch's, safe on every system, and new."""
    plain = re.sub(r"[^\w.-]+", "_", branch).strip("._")[:80] or "branch"
    name, number = plain, 2
    while name.casefold() in taken:
        name, number = f"{plain}_{number}", number + 1
    taken.add(name.casefold())
    return name


def _umask() -> int:
    import os

    mask = os.umask(0)
    os.umask(mask)
    return mask
