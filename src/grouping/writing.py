"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from grouping.errors import InputError, Issue


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
        advice = "name another file, or overwrite by --force (force=True)"
        raise InputError(Issue("file_exists", "is there already", file=str(file), advice=advice))
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
        what = f"cannot be written: {error.strerror}"
        raise InputError(Issue("unwritable", what, file=str(file), advice="name another place")) from error
    return file
