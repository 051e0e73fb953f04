"""Where a roster comes from: a file, a folder or standard input, as named bytes; nothing is understood yet."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from grouping.roster.limits import FILE_BYTES, FOLDER_FILES
from grouping.roster.words import say

if TYPE_CHECKING:
    from grouping.roster.faults import Faults

KINDS = (
    "roster",
    "teams",
    "sites",
    "travel_minutes",
    "shift_codes",
    "shift_patterns",
    "explicit_shifts",
    "committee",
    "constraints",
    "rota",
)
SUFFIXES = (".csv", ".xlsx", ".xlsm", ".xls", ".et", ".ods", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
"""What a file of a folder may end in; in this order where two have the same name."""


@dataclass(frozen=True)
class Source:
    """A file's name and contents; ``kind`` where its name says which table it is."""

    name: str
    data: bytes
    kind: str | None = None


def read_sources(path: Path | tuple[Path, ...] | None, faults: Faults) -> tuple[list[Source], list[tuple[str, str]]]:
    """Return the files of a path, or of several (None for standard input), and which were left out and why."""
    if path is None:
        return _one("<stdin>", sys.stdin.buffer, None, faults), []
    if isinstance(path, tuple):
        kinds = [one.stem.casefold() if one.stem.casefold() in KINDS else None for one in path]
        for one in path:
            if not one.exists():
                faults.add("missing_file", "there is no such file or folder", file=str(one))
        there = [(one, kind) for one, kind in zip(path, kinds, strict=True) if one.exists()]
        return [source for one, kind in there for source in _opened(one, kind, faults)], []
    if path.is_dir():
        return _folder(path, faults)
    if not path.exists():
        faults.add("missing_file", "there is no such file or folder", file=str(path))
        return [], []
    return _opened(path, None, faults), []


def _folder(folder: Path, faults: Faults) -> tuple[list[Source], list[tuple[str, str]]]:
    """Return the tables of a folder: those named as tables if ``roster.*`` is there, else whatever can be read."""
    try:
        files = sorted(one for one in folder.iterdir() if one.is_file())
    except OSError as error:
        faults.add("unreadable_file", say("the folder cannot be read: {why}", why=error.strerror), file=str(folder))
        return [], []
    known = [one for one in files if one.suffix.casefold() in SUFFIXES and not one.name.startswith((".", "~$"))]
    known.sort(key=lambda one: SUFFIXES.index(one.suffix.casefold()))
    named: dict[str, Path] = {}
    for one in known:
        if one.stem.casefold() in KINDS:
            named.setdefault(one.stem.casefold(), one)
    if "roster" in named:
        chosen: list[tuple[Path, str | None]] = [(named[kind], kind) for kind in KINDS if kind in named]
        why = say(
            "the folder has {name}, and only files named as its tables are read with it", name=named["roster"].name
        )
    else:
        chosen = [(one, one.stem.casefold() if one in named.values() else None) for one in known]
        why = say("not a table")
    if not chosen:
        faults.add(
            "missing_file", "the folder has no roster.csv, nor another file that could be a roster", file=str(folder)
        )
    if len(chosen) > FOLDER_FILES:
        faults.add(
            "too_many_files",
            say(
                "the folder has {count} files that could be tables, more than {most}",
                count=len(chosen),
                most=FOLDER_FILES,
            ),
            file=str(folder),
        )
        return [], []
    read = {one for one, _ in chosen}
    left: list[tuple[str, str]] = [(one.name, why) for one in known if one not in read]
    return [source for one, kind in chosen for source in _opened(one, kind, faults)], left


def _opened(file: Path, kind: str | None, faults: Faults) -> list[Source]:
    try:
        with file.open("rb") as stream:
            return _one(file.name, stream, kind, faults)
    except OSError as error:
        faults.add("unreadable_file", say("the file cannot be read: {why}", why=error.strerror), file=file.name)
        return []


def _one(name: str, stream: BinaryIO, kind: str | None, faults: Faults) -> list[Source]:
    data = stream.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        faults.add("too_large", say("the file is larger than {most} MB", most=FILE_BYTES >> 20), file=name)
        return []
    return [Source(name, data, kind)]
