"""The main road: compile, solve every part, verify with the independent scorer, and tell the result."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grouping.errors import InfeasibleError, Issue, PolicyError, VerificationError
from grouping.plan.building import Scored, Status, build
from grouping.plan.divisions import read_division
from grouping.plan.evaluation import Evaluation, Plan
from grouping.plan.reasons import counted, reasons
from grouping.plan.records import BrokenRule
from grouping.plan.things import place_teams
from grouping.policy.compiling import Compiled, compile_parts
from grouping.policy.general import Together
from grouping.policy.policy import Policy
from grouping.policy.rules import Within
from grouping.scoring import faults, score
from grouping.solving.engine import Progress, Solution, solve

if TYPE_CHECKING:
    import pandas as pd

    from grouping.problem import IntArray, Problem
    from grouping.roster import Roster

log = logging.getLogger(__name__)

DISTRIBUTION = "group-formation-optimizer"

_LAST_CALL = 1.0
"""Seconds for each part not yet begun when the user stops the run, so that the plan comes out whole."""


def form_groups(
    roster: Roster,
    policy: Policy | None = None,
    *,
    time_limit: float = 30.0,
    seed: int = 0,
    workers: int = 2,
    reproducible: bool = False,
    executor: Executor | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """Divide the members into groups as the policy asks, and prove how good the division is.

    Parameters
    ----------
    roster : the members
    policy : what is wanted; None is :meth:`Policy.balanced`
    time_limit : seconds of solving in all; the run ends earlier when everything is proven
    seed : of all random choices
    workers : threads of CP-SAT
    reproducible : True makes the same input, seed and versions give the same plan; the time limit is then counted
        in work and only roughly met
    executor : solves independent parts (branches) at the same time; any ``concurrent.futures`` executor. None solves
        them one after another. Each part gets the share of the limit that its members are of all
    on_progress : called with a :class:`Progress` of the part being solved; ignored with an executor

    Returns
    -------
    Plan : verified by the independent scorer. When the run is interrupted (Ctrl-C) after a first plan, the best so
        far, with ``provenance["stopped_by"] == "user"``

    Raises
    ------
    PolicyError
        When the policy does not fit the roster; all faults at once.
    InfeasibleError
        When it is proven that no division keeps every rule.
    NoPlanFoundError
        When the time ran out before a first plan.

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> plan = gp.form_groups(roster, gp.Policy.balanced(size=(6, 12)), time_limit=2)
    >>> len(plan.assignments), plan.violations
    (42, ())
    """
    wanted = _checked(policy)
    if not isinstance(time_limit, int | float) or isinstance(time_limit, bool) or not 0 < time_limit < float("inf"):
        raise PolicyError(Issue("bad_time_limit", "time_limit is a positive number of seconds", value=str(time_limit)))
    parts = compile_parts(roster, wanted)
    impossible = [_where(part, reason) for part in parts for reason in counted(part)]
    if impossible:
        raise InfeasibleError(impossible)
    options: dict[str, Any] = {"seed": seed, "workers": workers, "reproducible": reproducible}
    solutions = _solve_parts(parts, time_limit, options, executor, on_progress)
    scored = []
    for part, solution in zip(parts, solutions, strict=False):
        if solution.group_of is None:
            raise InfeasibleError([_where(part, reason) for reason in reasons(part)])
        _verify(part.problem, solution)
        scored.append(_settled(part, solution))
    proven = all(part.bound is not None and part.bound == part.score.cost for part in scored)
    status: Status = "optimal" if proven else "feasible"
    provenance = _provenance(parts, solutions, {"time_limit": time_limit, **options})
    return Plan(build(scored, wanted, status, provenance=provenance))


def _checked(policy: Policy | None) -> Policy:
    """Return the policy, or the default one for None."""
    if policy is not None and not isinstance(policy, Policy):
        advice = "Policy.balanced(), or Policy.load(path) for a file"
        raise PolicyError(Issue("bad_policy", "policy is a Policy", value=type(policy).__name__, advice=advice))
    return Policy.balanced() if policy is None else policy


def _where(part: Compiled, reason: str) -> str:
    return f"in {part.name}: {reason}" if part.name else reason


def _settled(part: Compiled, solution: Solution) -> Scored:
    """Return the solution with the teams without members given out anew, so that judging the same people in the
    same groups gives the same numbers; never worse.
    """
    problem, found = part.problem, solution.group_of
    assert found is not None
    place = place_teams(problem, np.where(problem.size > 0, found, -1))
    again = score(problem, place)
    if again.violations or again.cost > score(problem, found).cost:
        place, again = found, score(problem, found)
    return Scored(part, place, again, solution.bound)


def _solve_parts(
    parts: Sequence[Compiled],
    time_limit: float,
    options: Mapping[str, Any],
    executor: Executor | None,
    on_progress: Callable[[Progress], None] | None,
) -> list[Solution]:
    """Solve the parts up to the first infeasible one; each gets time by its members, and what others leave over."""
    if executor is not None:
        sizes = sum(part.problem.members for part in parts)
        limits = [max(time_limit * part.problem.members / sizes, 1.0) for part in parts]
        tasks = [
            executor.submit(solve, part.problem, time_limit=limit, **{**options, "workers": 1})
            for part, limit in zip(parts, limits, strict=True)
        ]
        return [task.result() for task in tasks]
    left, members, stopped = time_limit, sum(part.problem.members for part in parts), False
    solutions = []
    for part in parts:
        share = max(left * part.problem.members / max(members, 1), min(time_limit, 0.05))
        share = min(share, _LAST_CALL) if stopped else share
        solution = solve(part.problem, time_limit=share, on_progress=on_progress, **options)
        spent = solution.provenance["seconds"]
        assert isinstance(spent, dict)
        left -= share if options["reproducible"] else min(float(spent["total"]), share)
        members -= part.problem.members
        solutions.append(solution)
        stopped = stopped or solution.provenance.get("stopped_by") == "user"
        if solution.group_of is None:
            break
    return solutions


def _verify(problem: Problem, solution: Solution) -> None:
    """Raise VerificationError unless the independent scorer agrees with everything that is claimed."""
    assert solution.group_of is not None
    assert solution.cost is not None
    found = faults(problem, solution.group_of, solution.cost, solution.bound)
    if solution.status == "optimal" and solution.bound != solution.cost:
        found.append("the plan is called optimal without a proof")
    if found:
        raise VerificationError(found, _dump(problem, solution))


def _dump(problem: Problem, solution: Solution) -> Path | None:
    """Save a problem for the report of a bug: numbers only, every name and label replaced by its position."""
    assert solution.group_of is not None
    data = {**problem.to_dict(), "keys": [], "group_of": solution.group_of.tolist(), "bound": solution.bound}
    renamed = {choice["name"]: f"choice {number}" for number, choice in enumerate(data["choices"])}
    for kind in ("groups", "terms", "placements"):
        for number, entry in enumerate(data[kind]):
            entry["name"] = f"{kind} {number}"
    for choice in data["choices"]:
        choice["name"] = renamed[choice["name"]]
        choice["labels"] = [str(number) for number in range(len(choice["labels"]))]
    for term in data["terms"]:
        if "choice" in term:
            term["choice"] = renamed[term["choice"]]
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="grouping-", delete=False) as file:
            json.dump(data, file)
    except OSError:
        return None
    return Path(file.name)


def _provenance(parts: Sequence[Compiled], solutions: Sequence[Solution], options: Mapping[str, Any]) -> dict[str, Any]:
    try:
        own = version(DISTRIBUTION)
    except PackageNotFoundError:
        own = "source"
    versions = {"grouping": own, "ortools": version("ortools"), "numpy": version("numpy")}
    about = [
        {
            "part": part.name,
            "members": part.problem.members,
            "problem": part.problem.digest,
            "cost": solution.cost,
            "cost_bound": solution.bound,
            **solution.provenance,
        }
        for part, solution in zip(parts, solutions, strict=True)
    ]
    first = [entry["seconds"] for entry in about if isinstance(entry["seconds"], dict)]
    seconds = {
        "first_plan": sum(float(entry.get("first_plan", 0)) for entry in first),
        "total": sum(float(entry.get("total", 0)) for entry in first),
    }
    single: dict[str, Any] = {}
    if len(about) == 1:
        single = {key: about[0][key] for key in ("plan", "bound") if key in about[0]}
    stops = [entry.get("stopped_by") for entry in about]
    single["stopped_by"] = next((stop for stop in ("user", "limit") if stop in stops), "proof")
    return {"seconds": seconds, **single, "options": dict(options), "versions": versions, "parts": about}


def evaluate(
    roster: Roster,
    policy: Policy | None = None,
    assignments: pd.DataFrame | Mapping[str, str] | Evaluation | str = "current_group",
) -> Evaluation:
    """Score any division: today's groups, a hand-made table, a plan, a rival's.

    Parameters
    ----------
    roster : the members
    policy : by what it is scored; None is :meth:`Policy.balanced`
    assignments : DataFrame with columns member_id and group, English or Chinese, any index (role optional: a
        "leader" or 组长 is kept as such, otherwise the best is taken), or member id → group name, or a plan, or the
        name of a roster attribute that holds each member's group

    Returns
    -------
    Evaluation : broken rules, members in no group among them, are listed in ``violations``; members in no group have
        no points, and the score is that of the others. Groups that reach into several branches are scored in each

    Raises
    ------
    AssignmentError
        When the table has no such columns, names unknown members, a member twice or two leaders of a group, or
        places nobody; all faults at once.
    PolicyError
        When the policy does not fit the roster.

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> today = gp.evaluate(roster, gp.Policy.balanced(size=(6, 12)), "current_group")
    >>> 0 < today.score < 100
    True
    """
    wanted = _checked(policy)
    division = read_division(roster, assignments)
    group_of = division.group_of
    parts = compile_parts(roster, wanted, group_of)
    scored = []
    homes: dict[str, list[str]] = {}
    for part in parts:
        names = [group.name for group in part.problem.groups]
        members = [group_of.get(member) for member in part.roster.member_ids]
        place: IntArray = np.full(len(part.problem.size), -1, dtype=np.int64)
        place[: len(members)] = [-1 if name is None else names.index(name) for name in members]
        for thing, team in enumerate(part.teams, start=len(members)):
            keeper = division.covers.get((part.name, team))
            if keeper is not None and keeper in members and part.teams.count(team) == 1:
                place[thing] = names.index(keeper)
        index = {member: i for i, member in enumerate(part.roster.member_ids)}
        seated = {("leader", names.index(group_of[m])): index[m] for m in division.leaders if m in index}
        place = place_teams(part.problem, place, seated)
        scored.append(Scored(part, place, score(part.problem, place, seated)))
        for name in dict.fromkeys(name for name in members if name is not None):
            homes.setdefault(name, []).append(part.name)
    border = next((c.label for c in wanted.must if isinstance(c, Within)), "Within")
    crossing = [
        BrokenRule(rule=border, group=name, members=(), amount=len(where) - 1)
        for name, where in homes.items()
        if len(where) > 1
    ]
    for rule in wanted.must:
        if isinstance(rule, Together) and not any(set(rule.ids) <= set(part.roster.member_ids) for part in parts):
            apart = len({(group_of.get(member), member not in group_of) for member in rule.ids})
            crossing.append(BrokenRule(rule=rule.label, group="", members=rule.ids, amount=max(apart - 1, 1)))
    return Evaluation(build(scored, wanted, "evaluated", crossing))
