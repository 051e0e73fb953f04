"""Other plans nearly as good, for a committee that wants a choice: each verified, each clearly different."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from grouping.errors import InputError, Issue, PolicyError, VerificationError
from grouping.plan.divisions import read_division
from grouping.plan.forming import checked_limit, checked_workers, plan_of, start_of
from grouping.plan.matching import distance, matched
from grouping.policy.compiling import Compiled, compile_parts
from grouping.scoring import score
from grouping.solving.clock import Clock, Control
from grouping.solving.diverse import Others, others
from grouping.solving.engine import Solution

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.evaluation import Evaluation, Plan
    from grouping.problem import IntArray, Problem


@dataclass(frozen=True)
class Alternative:
    """Another plan.

    Attributes
    ----------
    plan : verified; its groups are called as those of the first plan that they resemble most
    loss : by how much it scores less than the first plan; negative where that one is not the best
    moves : how many members would have to move to get there from the first plan, whatever the groups are called
    """

    plan: Plan
    loss: float
    moves: int


@dataclass(frozen=True)
class Alternatives:
    """What was found, the best first.

    Attributes
    ----------
    options : the other plans
    asked : how many were wanted
    exhausted : whether it is proven that there is no further one which differs enough from these within the loss.
        False with fewer options than asked for: none was found, which proves nothing
    """

    options: tuple[Alternative, ...]
    asked: int
    exhausted: bool

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.options)

    def __iter__(self) -> Iterator[Alternative]:
        """Return the alternatives, the best first."""
        return iter(self.options)

    def __getitem__(self, number: int) -> Alternative:
        """Return one of them."""
        return self.options[number]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each: score, loss, moves, groups (their number)."""
        import pandas as pd

        rows = [(one.plan.score, one.loss, one.moves, len(one.plan.result.groups)) for one in self.options]
        return pd.DataFrame(rows, columns=["score", "loss", "moves", "groups"])

    def __str__(self) -> str:
        """Return the table, and whether there are more."""
        lines = [self.to_frame().round(3).to_string()] if self.options else []
        if self.exhausted:
            lines.append("proven: there is no further one")
        elif len(self) < self.asked:
            lines.append("no further one was found; whether there is one is not known")
        return "\n".join(lines)


def alternatives(
    plan: Evaluation,
    count: int = 3,
    *,
    min_moves: int = 3,
    max_loss: float = 1.0,
    time_limit: float = 20.0,
    seed: int = 0,
    workers: int | None = None,
    reproducible: bool = False,
    control: Control | None = None,
) -> Alternatives:
    """Return distinct plans that score nearly as much.

    From any of them to any other, and to the plan itself, at least ``min_moves`` members have to move; renaming groups
    makes no difference. Of several branches each alternative changes one, and the others stay as they are.

    Parameters
    ----------
    plan : the plan to differ from; any division that keeps the rules
    count : how many are wanted
    min_moves : in how many members any two differ at least
    max_loss : how much less they may score; the score is that of all groups together, also with the worst group first
    time_limit, seed, workers, reproducible, control : see :func:`form_groups`

    Returns
    -------
    Alternatives : the best first; ``exhausted`` says whether it is proven that there is no further one. They are
        chosen from the groups that were listed, so where those were not all, better ones may exist

    Raises
    ------
    InputError
        When the plan was read from a file and does not know its roster, or breaks a rule.
    PolicyError
        When a parameter is wrong.

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> plan = gp.form_groups(roster, gp.Policy.balanced(size=(6, 12)), time_limit=3)
    >>> found = gp.alternatives(plan, count=2, min_moves=3, time_limit=6)
    >>> all(one.moves >= 3 and one.loss <= 1 for one in found)
    True
    """
    begun = time.perf_counter()
    limit, workers = checked_limit(time_limit), checked_workers(workers)
    _check(count, min_moves, max_loss)
    roster, policy = plan.inputs.roster, plan.inputs.policy
    parts = compile_parts(roster, policy)
    given = read_division(roster, plan)
    places = [start_of(part, given) for part in parts]
    if any(place is None for place in places):
        raise InputError(Issue("no_plan", "the division breaks a rule, or leaves members out"))
    starts = [place for place in places if place is not None]
    told = {"time_limit": limit, "seed": seed, "workers": workers, "reproducible": reproducible}
    found: list[tuple[Fraction, int, IntArray, Others]] = []
    everything = len(parts) == 1
    for p, (part, start) in enumerate(zip(parts, starts, strict=True)):
        share = (limit if reproducible else max(begun + limit - time.perf_counter(), 0.1)) / (len(parts) - p)
        loss = int(Fraction(str(max_loss)) * part.problem.scale * len(roster))
        most = score(part.problem, start).cost + loss
        clock = Clock(share, reproducible, control)
        more = others(part.problem, start, count, min_moves, most, clock, workers or 2, seed)
        everything &= more.complete
        base = score(part.problem, start).cost
        for place in more.found:
            named = _named_alike(part.problem, start, place)
            lost = Fraction(score(part.problem, named).cost - base, part.problem.scale)
            found.append((lost, p, named, more))
    found.sort(key=lambda row: row[:2])
    options = []
    for _, p, place, _ in found[:count]:
        changed = [place if q == p else start for q, start in enumerate(starts)]
        options.append(_alternative(plan, parts, changed, told, begun))
    options.sort(key=lambda one: one.plan.cost)  # with the teams without members given out anew
    _check_apart(plan, options, min_moves)
    return Alternatives(tuple(options), count, everything and len(found) <= count)


def _check(count: int, min_moves: int, max_loss: float) -> None:
    for name, number in (("count", count), ("min_moves", min_moves)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise PolicyError(Issue("bad_number", f"{name} is a positive whole number", value=str(number)))
    if isinstance(max_loss, bool) or not isinstance(max_loss, int | float) or not 0 <= max_loss <= 1e6:
        raise PolicyError(Issue("bad_number", "max_loss is a number, not negative", value=str(max_loss)))


def _named_alike(problem: Problem, old: IntArray, new: IntArray) -> IntArray:
    """Return the same division, interchangeable groups called as those of the old one that they resemble most."""
    people = np.flatnonzero(problem.size > 0)
    place = new.copy()
    for alike in problem.classes:
        before, now = (
            {str(i): str(g) for i, g in zip(people, where[people], strict=True) if g in alike} for where in (old, new)
        )
        at = {int(group): int(name) for name, group in matched(before, now).items()}
        free = [g for g in alike if g not in at.values()]
        used = [int(g) for g in dict.fromkeys(new[np.isin(new, alike)].tolist()) if int(g) not in at]
        at.update(zip(used, free, strict=False))
        for group, name in at.items():
            place[new == group] = name
    return place


def _alternative(
    plan: Evaluation, parts: tuple[Compiled, ...], places: list[IntArray], told: Mapping[str, object], begun: float
) -> Alternative:
    """Return one alternative, verified; bounds that were proven of the very same problems hold for it, too.

    With the worst group first, a bound only speaks of divisions whose worst group is as good, so none is taken over.
    """
    proven = {about.get("problem"): about.get("cost_bound") for about in plan.result.provenance.get("parts", ())}
    solutions = []
    for part, place in zip(parts, places, strict=True):
        cost = score(part.problem, place).cost
        bound = None if part.problem.worst_first else proven.get(part.problem.digest)
        about: dict[str, object] = {"seconds": {}, "plan": "CP-SAT over listed groups", "stopped_by": "proof"}
        solutions.append(Solution("optimal" if bound == cost else "feasible", place, cost, bound, about))
    found = plan_of(parts, solutions, plan.inputs, told, begun)
    loss = Fraction(plan.cost, plan.result.scale) - Fraction(found.cost, found.result.scale)
    return Alternative(found, float(-loss / max(len(plan.inputs.roster), 1)), distance(_groups(plan), _groups(found)))


def _groups(division: Evaluation) -> dict[str, str]:
    return {seat.member_id: f"{seat.part} {seat.group}" for seat in division.result.assignments}


def _check_apart(plan: Evaluation, options: list[Alternative], least: int) -> None:
    """Raise VerificationError when two of the divisions differ in fewer members than was asked for."""
    every = [_groups(plan), *(_groups(one.plan) for one in options)]
    near = [(a, b) for a in range(len(every)) for b in range(a) if distance(every[a], every[b]) < least]
    if near:
        raise VerificationError([f"alternatives {b} and {a} differ in fewer than {least} members" for a, b in near])
