"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from grouping.errors import InputError, Issue
from grouping.phrases import Phrase


def file_exists(file: Path, advice: str) -> Issue:
    """Return the fault that a file is there and may not be replaced."""
    return Issue("file_exists", Phrase("is there already", "文件已存在"), file=str(file), advice=advice)


def unwritable(file: Path, error: OSError, advice: str | None = None) -> Issue:
    """Return the fault that a place cannot be written."""
    what = Phrase(f"cannot be written: {error.strerror}", f"无法写入：{error.strerror}")
    return Issue("unwritable", what, file=str(file), advice=advice)


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file under a temporary name beside its place, then rename it, so that no reader sees half of it."""
    file = Path(path)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def check_file(path: str | os.PathLike[str], *, force: bool) -> Path:
    """Return the path of a file that may be written; InputError when it is there and ``force`` is False."""
    file = Path(path)
    if file.exists() and not force:
        said_zh = "换一个文件名，或用 --force（force=True）覆盖"
        raise InputError(file_exists(file, Phrase("name another file, or overwrite by --force (force=True)", said_zh)))
    return file


def check_place(path: str | os.PathLike[str], *, force: bool) -> Path:
    """Return the path of a file that may be written and whose folder is there; InputError otherwise."""
    file = check_file(path, force=force)
    if not file.parent.is_dir():
        raise InputError(Issue("no_folder", Phrase("its folder is not there", "所在文件夹不存在"), file=str(file)))
    return file


def write_file(path: str | os.PathLike[str], content: bytes, *, force: bool) -> Path:
    """Write a file as a whole; one that is there is only replaced with ``force``.

    Raises
    ------
    InputError
        When the file is there and ``force`` is False, or the place cannot be written.
    """
    file = check_file(path, force=force)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, content)
    except OSError as error:
        advice = Phrase("name another place", "换一个位置")
        raise InputError(unwritable(file, error, advice)) from error
    return file
