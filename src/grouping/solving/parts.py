"""Problems that fall apart: placements that keep some items to some groups and the others to the rest.

A group pays for its own items only. So where no group can hold items of both sides, and the number of groups does not
couple them, each side is a problem of its own: the cost of the whole is the sum of theirs, and so is the bound.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from grouping.errors import NoPlanFoundError
from grouping.problem import Count, Focus, Pair, Problem, Role

if TYPE_CHECKING:
    from grouping.problem import IntArray, Term
    from grouping.solving.clock import Control
    from grouping.solving.engine import Progress, Solution

_LAST_CALL = 1.0
"""Seconds for a piece not yet begun when the run is stopped."""


@dataclass(frozen=True)
class Piece:
    """A part of a problem that is independent of the rest.

    Attributes
    ----------
    items, groups : indices in the whole problem
    problem : the piece as a problem of its own
    """

    items: IntArray
    groups: IntArray
    problem: Problem

    def start(self, group_of: IntArray | None) -> IntArray | None:
        """Return a division of the whole as one of the piece; None where it puts an item into a group outside."""
        if group_of is None:
            return None
        mine = np.asarray(group_of, dtype=np.int64)[self.items]
        if not np.isin(mine, self.groups).all():
            return None
        found: IntArray = np.searchsorted(self.groups, mine)
        return found


def separated(problem: Problem) -> tuple[Piece, ...]:
    """Return the independent pieces of a problem; the whole problem as the only one when it does not fall apart."""
    whole = (Piece(np.arange(len(problem.size)), np.arange(len(problem.groups)), problem),)
    if not problem.placements or not problem.allowed.any(axis=1).all():
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
    return tuple(Piece(items, groups, _cut(problem, items, groups)) for items, groups in found)


def _coupled(problem: Problem, found: Sequence[tuple[IntArray, IntArray]]) -> bool:
    """Tell whether the number of groups in use couples the pieces: whether sizes alone do not keep its limits."""
    fewest = most = 0
    for items, groups in found:
        members = int(problem.size[items].sum())
        required = sum(problem.groups[g].required for g in groups)
        fewest += max(required, -(-members // max(problem.groups[g].hi for g in groups)))
        most += min(len(groups), members // min(problem.groups[g].lo for g in groups))
    return fewest < problem.least or most > problem.at_most


def _cut(problem: Problem, items: IntArray, groups: IntArray) -> Problem:
    at = {int(g): k for k, g in enumerate(groups)}
    place = {int(i): k for k, i in enumerate(items)}
    placements = [
        replace(placement, item=place[placement.item], groups=tuple(at[g] for g in placement.groups if g in at))
        for placement in problem.placements
        if placement.item in place
    ]
    terms = (_cut_term(term, items, at) for term in problem.terms)
    return Problem(
        size=problem.size[items],
        groups=tuple(problem.groups[g] for g in groups),
        choices=problem.choices,
        terms=tuple(term for term in terms if term is not None),
        placements=tuple(placements),
        scale=problem.scale,
        keys=tuple(problem.keys[i] for i in items),
    )


def _cut_term(term: Term, items: IntArray, at: dict[int, int]) -> Term | None:
    """Return a term for the items and groups of a piece; None where it concerns none of its groups."""
    scope = None if term.groups is None else tuple(at[g] for g in term.groups if g in at)
    if scope == ():
        return None
    if isinstance(term, Focus):
        forbidden = None if term.forbidden is None else term.forbidden[items]
        return replace(term, groups=scope, points=term.points[items], forbidden=forbidden)
    if isinstance(term, Count):
        return replace(term, groups=scope, value=term.value[items])
    if isinstance(term, Role):
        return replace(term, groups=scope, points=term.points[items], eligible=term.eligible[items])
    if isinstance(term, Pair):
        inside = np.isin(term.first, items) & np.isin(term.second, items)  # other pairs are never together
        points = term.points[inside]
        return replace(
            term,
            groups=scope,
            first=np.searchsorted(items, term.first[inside]),
            second=np.searchsorted(items, term.second[inside]),
            points=points,
            offset=-int(np.minimum(points, 0).sum()),  # so that no piece costs less than 0
        )
    raise TypeError(f"no such kind of term: {type(term).__name__}")


def rest(problem: Problem, pieces: Sequence[Piece]) -> int:
    """Return what the whole costs beyond the sum of its pieces: the offsets, which are counted once a plan."""
    return _offset(problem) - sum(_offset(piece.problem) for piece in pieces)


def _offset(problem: Problem) -> int:
    return sum(term.weight * term.offset for term in problem.terms if isinstance(term, Pair))


def joined(problem: Problem, pieces: Sequence[Piece], solutions: Sequence[Solution]) -> Solution:
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
    pieces: Sequence[Piece],
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
                start=piece.start(start),
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
