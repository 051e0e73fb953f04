"""Readers of public instances: text in, plain arrays out. The data is third-party and never part of the project."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[Any]


@dataclass(frozen=True)
class Diverse:
    """Maximally diverse grouping or capacitated clustering: weights, limits per group, and loads or None."""

    weights: Matrix
    limits: tuple[tuple[float, float], ...]
    loads: tuple[float, ...] | None = None


def _numbers(text: str) -> list[int | float]:
    return [float(word) if "." in word or "e" in word.lower() else int(word) for word in text.split()]


def read_diverse(text: str) -> Diverse:
    """Read MDGPLIB and CCPLIB files.

    The first line is n, the number of groups, ss or ds, limits of every group, and perhaps W and a load per item; the
    others are i, j, weight, from 0.
    """
    first, _, rest = text.strip().partition("\n")
    head, _, tail = first.partition("W")
    words = head.split()
    n, groups = int(words[0]), int(words[1])
    ends = _numbers(" ".join(words[3:]))
    if len(ends) != 2 * groups:
        raise ValueError(f"{groups} groups, but {len(ends)} limits")
    loads = tuple(float(load) for load in tail.split()) if tail else None
    if loads is not None and len(loads) != n:
        raise ValueError(f"{n} items, but {len(loads)} loads")
    entries = np.array(rest.split(), dtype=np.float64).reshape(-1, 3)
    low, high = entries[:, :2].min(axis=1).astype(int), entries[:, :2].max(axis=1).astype(int)
    weights = np.zeros((n, n))
    weights[low, high] = entries[:, 2]
    return Diverse(weights, tuple(zip(ends[::2], ends[1::2], strict=True)), loads)


def read_handover(text: str) -> Diverse:
    """Read a handover file: items, groups, capacity, a load each, and the matrix.

    The weight of a pair is the sum of both directions, as the literature adds over ordered pairs.
    """
    words = text.split()
    n, groups, capacity = int(words[0]), int(words[1]), float(words[2])
    loads = tuple(float(word) for word in words[3 : 3 + n])
    matrix = np.array(words[3 + n : 3 + n + n * n], dtype=np.float64).reshape(n, n)
    weights = np.triu(matrix + matrix.T, 1)
    return Diverse(weights, ((0.0, capacity),) * groups, loads)


def read_triangle(text: str) -> Matrix:
    """Read CP-Lib: the number of items, then the upper triangle row by row, without the diagonal."""
    words = text.split()
    n = int(words[0])
    weights = np.zeros((n, n), dtype=np.int64)
    weights[np.triu_indices(n, 1)] = np.array(words[1:], dtype=np.int64)
    return weights


def read_minizinc(text: str) -> dict[str, Any]:
    """Read assignments of MiniZinc data: numbers, lists, sets, ``[| … |]`` tables and ``array2d``, as lists."""
    found: dict[str, Any] = {}
    for statement in re.sub(r"%[^\n]*", "", text).split(";"):
        name, equals, value = (part.strip() for part in statement.partition("="))
        if not equals:
            continue
        if value.startswith("[|"):
            rows = [row.strip().strip(",") for row in value[2:-1].rstrip().rstrip("|").split("|")]
            found[name] = [[int(word) for word in row.replace(",", " ").split()] for row in rows]
        elif value.startswith("array2d"):
            inner = re.search(r"\[([^\]]*)\]\s*\)$", value)
            numbers = [int(word) for word in inner[1].replace(",", " ").split()] if inner else []
            width = re.search(r",\s*\d+\.\.(\d+)\s*,\s*\[", value)
            step = int(width[1]) if width else 1
            found[name] = [numbers[i : i + step] for i in range(0, len(numbers), step)]
        elif value[0] in "[{":
            found[name] = [int(word) for word in value[1:-1].replace(",", " ").split()]
        else:
            found[name] = int(value)
    return found


@dataclass(frozen=True)
class Community:
    """Community detection: weights of pairs over both directions, the diagonal once; links from 0."""

    weights: Matrix
    most: int
    together: tuple[tuple[int, int], ...]
    apart: tuple[tuple[int, int], ...]


def read_community(text: str) -> Community:
    """Read the MiniZinc Challenge's community detection; links of an item with itself say nothing and are left out."""
    data = read_minizinc(text)
    matrix = np.array(data["W"], dtype=np.int64)
    if matrix.shape != (data["n"], data["n"]):
        raise ValueError(f"W is {matrix.shape}, n is {data['n']}")

    def links(name: str) -> tuple[tuple[int, int], ...]:
        pairs = {(min(a, b) - 1, max(a, b) - 1) for a, b in data.get(name, []) if a != b}
        return tuple(sorted(pairs))

    both = np.triu(matrix + matrix.T, 1) + np.diag(np.diag(matrix))
    return Community(both, data["k"], links("ML"), links("CL"))


@dataclass(frozen=True)
class Teams:
    """Team assignment: ratings and boards of the players, and the requests met by each pair, from 0."""

    teams: int
    rating: tuple[int, ...]
    board: tuple[int, ...]
    requests: dict[tuple[int, int], int]


def read_teams(text: str) -> Teams:
    """Read the MiniZinc Challenge's team assignment; a request counts 1, one of both sides 2."""
    data = read_minizinc(text)
    requests: dict[tuple[int, int], int] = {}
    for name, points in (("SingleRequested", 1), ("DoubleRequested", 2)):
        for one, other in data[name]:
            pair = (min(one, other) - 1, max(one, other) - 1)
            requests[pair] = requests.get(pair, 0) + points
    return Teams(data["teams"], tuple(data["Rating"]), tuple(data["Board"]), requests)


def read_wedding(text: str) -> Matrix:
    """Read the wedding: how well guests know each other."""
    return np.array(json.loads(text)["wedding_affinity"], dtype=np.int64)


def value_inside(weights: Matrix, group_of: Sequence[int]) -> float:
    """Return the sum of the weights of pairs inside groups (upper triangle) and of the diagonal."""
    place = np.asarray(group_of)
    inside = place[:, None] == place[None, :]
    return float((np.triu(weights) * inside).sum())
