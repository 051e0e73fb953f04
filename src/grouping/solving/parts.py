"""Problems that fall apart: placements that keep some items to some groups and the others to the rest.

A group pays for its own items only. So where no group can hold items of both sides, and neither budgets nor the number
of groups couple them, each side is a problem of its own: the cost of the whole is the sum of theirs, and so is the
bound.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from grouping.errors import NoPlanFoundError
from grouping.problem import Pair
from grouping.solving.slicing import Slice, cut

if TYPE_CHECKING:
    from grouping.problem import IntArray, Problem
    from grouping.solving.clock import Control
    from grouping.solving.engine import Progress, Solution

_LAST_CALL = 1.0
"""Seconds for a piece not yet begun when the run is stopped."""


def separated(problem: Problem) -> tuple[Slice, ...]:
    """Return the independent pieces of a problem; the whole problem as the only one when it does not fall apart."""
    whole = (Slice(problem, np.arange(len(problem.size)), np.arange(len(problem.groups))),)
    if problem.budgets or not problem.placements or not problem.allowed.any(axis=1).all():
        return whole
    graph = nx.Graph()
    graph.add_nodes_from(("group", g) for g in range(len(problem.groups)))
    for i, row in enumerate(problem.allowed):
        graph.add_edges_from((("item", i), ("group", int(g))) for g in np.flatnonzero(row))
    found = []
    for nodes in nx.connected_components(graph):
        items = np.array(sorted(index for kind, index in nodes if kind == "item"), dtype=np.int64)
        groups = np.array(sorted(index for kind, index in nodes if kind == "group"), dtype=np.int64)
        if not problem.size[items].sum():
            if items.size or any(problem.groups[g].required for g in groups):
                return whole  # it cannot be kept; the engines say so about the whole
            continue  # groups that nobody may be in stay empty
        found.append((items, groups))
    found.sort(key=lambda piece: int(piece[0][0]))
    if len(found) < 2 or _coupled(problem, found):
        return whole
    return tuple(_piece(problem, items, groups) for items, groups in found)


def _coupled(problem: Problem, found: Sequence[tuple[IntArray, IntArray]]) -> bool:
    """Tell whether the number of groups in use couples the pieces: whether sizes alone do not keep its limits."""
    fewest = most = 0
    for items, groups in found:
        members = int(problem.size[items].sum())
        required = sum(problem.groups[g].required for g in groups)
        fewest += max(required, -(-members // max(problem.groups[g].hi for g in groups)))
        most += min(len(groups), members // min(problem.groups[g].lo for g in groups))
    return fewest < problem.least or most > problem.at_most


def _piece(problem: Problem, items: IntArray, groups: IntArray) -> Slice:
    """Return a piece, with offsets of its own so that none costs less than 0."""
    piece = cut(problem, items, groups.tolist(), 0, len(groups))
    terms = (
        replace(term, offset=-int(np.minimum(term.points, 0).sum())) if isinstance(term, Pair) else term
        for term in piece.problem.terms
    )
    return replace(piece, problem=replace(piece.problem, terms=tuple(terms)))


def start_in(piece: Slice, group_of: IntArray | None) -> IntArray | None:
    """Return a division of the whole as one of a piece; None where it puts an item into a group outside."""
    if group_of is None:
        return None
    mine = np.asarray(group_of, dtype=np.int64)[piece.items]
    if not np.isin(mine, piece.groups).all():
        return None
    found: IntArray = np.searchsorted(piece.groups, mine)
    return found


def rest(problem: Problem, pieces: Sequence[Slice]) -> int:
    """Return what the whole costs beyond the sum of its pieces: the offsets, which are counted once a plan."""
    return _offset(problem) - sum(_offset(piece.problem) for piece in pieces)


def _offset(problem: Problem) -> int:
    return sum(term.weight * term.offset for term in problem.terms if isinstance(term, Pair))


def joined(problem: Problem, pieces: Sequence[Slice], solutions: Sequence[Solution]) -> Solution:
    """Return the solution of the whole problem that solutions of its pieces make; infeasible if one of them is."""
    about = [solution.provenance for solution in solutions]
    times = [dict(spent) for entry in about if isinstance(spent := entry.get("seconds"), dict)]
    seconds = {key: round(sum(float(spent.get(key, 0.0)) for spent in times), 3) for key in ("first_plan", "total")}
    provenance: dict[str, object] = {"seconds": seconds, "pieces": len(pieces)}
    for key in ("plan", "bound"):
        provenance[key] = ", ".join(dict.fromkeys(str(entry[key]) for entry in about if key in entry))
    make = type(solutions[0])
    if any(solution.status == "infeasible" for solution in solutions):
        return make("infeasible", None, None, None, provenance)
    group_of: IntArray = np.zeros(len(problem.size), dtype=np.int64)
    more = rest(problem, pieces)
    cost, bound = more, more
    for piece, solution in zip(pieces, solutions, strict=True):
        assert solution.group_of is not None
        assert solution.cost is not None
        group_of[piece.items] = piece.groups[solution.group_of]
        cost += solution.cost
        bound += solution.bound or 0  # no piece costs less than 0
    status = "optimal" if bound == cost else "feasible"
    stops = [entry.get("stopped_by") for entry in about]
    provenance["stopped_by"] = (
        "proof" if status == "optimal" else next(stop for stop in ("user", "limit", "gap", "proof") if stop in stops)
    )
    return make(status, group_of, cost, bound, provenance)


def solve_apart(
    problem: Problem,
    pieces: Sequence[Slice],
    solve: Callable[..., Solution],
    *,
    time_limit: float,
    reproducible: bool,
    gap_limit: float,
    start: IntArray | None,
    control: Control | None,
    on_progress: Callable[[Progress], None] | None,
    **options: Any,
) -> Solution:
    """Solve the pieces one after another, the small ones first, and join them.

    Each gets the share of the time left that its members are of all not yet begun.
    """
    begun, members, stopped = time.perf_counter(), problem.members, False
    solutions: dict[int, Solution] = {}
    more = rest(problem, pieces)
    for number in sorted(range(len(pieces)), key=lambda n: pieces[n].problem.members):
        piece = pieces[number]
        own = piece.problem.members
        left = time_limit - (0.0 if reproducible else time.perf_counter() - begun)
        share = time_limit * own / problem.members if reproducible else left * own / members
        share = max(min(share, _LAST_CALL) if stopped else share, min(0.05, time_limit))
        members -= own
        done = list(solutions.values())
        tell = None if on_progress is None else _teller(on_progress, problem, more, done, len(pieces))
        try:
            solutions[number] = solve(
                piece.problem,
                time_limit=share,
                reproducible=reproducible,
                gap_limit=0.0 if more < 0 else gap_limit,  # else the gap of the whole may be larger than the pieces'
                start=start_in(piece, start),
                control=None if stopped else control,
                on_progress=tell,
                **options,
            )
        except NoPlanFoundError:
            raise NoPlanFoundError(time_limit) from None
        if solutions[number].status == "infeasible":
            return joined(problem, [piece], [solutions[number]])
        stopped = stopped or solutions[number].provenance.get("stopped_by") == "user"
        stopped = stopped or (control is not None and control.stopped)
    return joined(problem, pieces, [solutions[number] for number in range(len(pieces))])


def _teller(
    on_progress: Callable[[Progress], None], problem: Problem, more: int, done: Sequence[Solution], parts: int
) -> Callable[[Progress], None]:
    """Return what makes the report of a piece one of the whole: a cost only when every piece has a plan."""
    costs, bounds = sum(s.cost or 0 for s in done) + more, sum(s.bound or 0 for s in done) + more
    last = len(done) == parts - 1

    def tell(progress: Progress) -> None:
        cost = costs + progress.cost if last and progress.cost is not None else None
        bound = bounds + (progress.bound or 0)  # no piece costs less than 0
        score = None if cost is None else problem.score_of(cost)
        whole = replace(progress, cost=cost, bound=bound, score=score, score_bound=problem.score_of(bound))
        on_progress(replace(whole, parts_done=len(done), parts=parts))

    return tell
