"""Policy files: plain data to and from TOML and JSON, with errors a person can act on."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from grouping.errors import Issue, PolicyError
from grouping.writing import replace_file


def read(path: str | PathLike[str]) -> Mapping[str, Any]:
    """Return what a ``.toml`` or ``.json`` file holds, or raise PolicyError."""
    file = Path(path)
    kind = _kind(file)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PolicyError(Issue("unreadable", f"cannot be read: {error.strerror}", file=file.name)) from error
    except UnicodeDecodeError as error:
        raise PolicyError(Issue("not_utf8", "is not UTF-8 text", file=file.name, advice="save it as UTF-8")) from error
    try:
        data = json.loads(text) if kind == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise PolicyError(Issue("bad_syntax", f"is not valid {kind[1:].upper()}: {error}", file=file.name)) from error
    if not isinstance(data, Mapping):
        raise PolicyError(Issue("bad_policy", "holds no table", file=file.name))
    return data


def write(path: str | PathLike[str], data: Mapping[str, Any]) -> None:
    """Write plain data as ``.toml`` or ``.json``; the file appears whole or not at all."""
    file = Path(path)
    if _kind(file) == ".json":
        text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    else:
        import tomli_w

        text = tomli_w.dumps(data)
    replace_file(file, text.encode("utf-8"))


def _kind(file: Path) -> str:
    kind = file.suffix.lower()
    if kind not in (".toml", ".json"):
        raise PolicyError(Issue("bad_file", "a policy file ends in .toml or .json", file=file.name))
    return kind
