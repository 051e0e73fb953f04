"""The main road: compile, solve every part, verify with the independent scorer, and tell the result."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from grouping.errors import InfeasibleError, Issue, PolicyError, VerificationError
from grouping.plan.bars import progress_bar
from grouping.plan.building import Scored, Status, build
from grouping.plan.divisions import Division, read_division
from grouping.plan.evaluation import Evaluation, Inputs, Plan
from grouping.plan.judging import Judge
from grouping.plan.reasons import counted, reasons
from grouping.plan.things import place_teams
from grouping.policy.compiling import Compiled, compile_drafts, drafts, in_part
from grouping.policy.policy import Policy
from grouping.scale.sharing import Options, Part, crew_of, solve_parts
from grouping.scoring import faults, score, worst_of

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.diagnosis import Diagnosis
    from grouping.problem import IntArray, Problem
    from grouping.roster import Roster
    from grouping.solving.clock import Control
    from grouping.solving.engine import Progress, Solution

DISTRIBUTION = "group-formation-optimizer"


def form_groups(
    roster: Roster,
    policy: Policy | None = None,
    *,
    time_limit: float = 30.0,
    seed: int = 0,
    workers: int | None = None,
    reproducible: bool = False,
    gap_limit: float = 0.0,
    start: pd.DataFrame | Mapping[str, str] | Evaluation | str | None = None,
    executor: Executor | None = None,
    control: Control | None = None,
    on_progress: Callable[[Progress], None] | Literal["bar"] | None = None,
) -> Plan:
    """Divide the members into groups as the policy asks, and prove how good the division is.

    Independent parts (branches) are solved at the same time, on processes of this machine or on ``executor``; what
    time one part does not need goes to those not proven.

    Parameters
    ----------
    roster : the members
    policy : what is wanted; None is :meth:`Policy.balanced`
    time_limit : seconds in all; the run ends earlier when everything is proven
    seed : of all random choices
    workers : cores to use; None is all of them. Several parts are solved on so many processes; a single part in this
        process, with so many threads of CP-SAT (None: 2). 1 starts no process. With an executor: how many tasks it
        runs at once, where it does not say so itself
    reproducible : True makes the same input, seed and versions give the same plan, whatever the workers; the time
        limit is then counted in work and only roughly met
    gap_limit : a part is finished when (cost − bound) / cost is not above this; 0 asks for a proof
    start : a division to start from, in any form that :func:`evaluate` takes; if it keeps the rules, the plan is
        never worse. Members whom it leaves out, or groups that do not fit, make it useless for their part
    executor : runs the parts; any ``concurrent.futures`` executor, of Dask too. It is not shut down
    control : its ``stop()``, called from another thread, ends the run as Ctrl-C does
    on_progress : called with a :class:`Progress` in this thread; "bar" shows a bar (see :func:`progress_bar`)

    Returns
    -------
    Plan : verified by the independent scorer. When the run is interrupted (Ctrl-C, ``control.stop()``) after a first
        plan, the best so far, with ``provenance["stopped_by"] == "user"``; parts not yet begun get about a second
        each, so that the plan is whole. A second Ctrl-C ends it without

    Raises
    ------
    PolicyError
        When the policy does not fit the roster; all faults at once.
    AssignmentError
        When ``start`` cannot be read as a division of the roster.
    InfeasibleError
        When it is proven that no division keeps every rule; its ``diagnosis`` tells what would help.
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
    begun = time.perf_counter()
    if on_progress == "bar":
        with progress_bar() as bar:
            return form_groups(
                roster, policy, time_limit=time_limit, seed=seed, workers=workers, reproducible=reproducible,
                gap_limit=gap_limit, start=start, executor=executor, control=control, on_progress=bar,
            )  # fmt: skip
    wanted = checked_policy(policy)
    options = Options(
        checked_limit(time_limit), begun, seed, checked_workers(workers), reproducible, checked_gap(gap_limit),
        executor, control, on_progress,
    )  # fmt: skip
    given = None if start is None else read_division(roster, start)
    try:
        return _formed(roster, wanted, options, given, begun)
    except InfeasibleError as error:
        raise error.diagnosed_by(partial(diagnosed, roster, wanted, seed)) from None


def diagnosed(roster: Roster, policy: Policy, seed: int) -> Diagnosis:
    """Return the diagnosis that an :class:`InfeasibleError` carries."""
    from grouping.plan.diagnosing import diagnose

    return diagnose(roster, policy, seed=seed)


def _formed(roster: Roster, wanted: Policy, options: Options, given: Division | None, begun: float) -> Plan:
    drafted = list(drafts(roster, wanted))
    crew = crew_of([len(draft.roster) for draft in drafted], options)  # processes start while we compile
    try:
        parts = compile_drafts(drafted)
        impossible = [in_part(part.name, reason) for part in parts for reason in counted(part)]
        if impossible:
            raise InfeasibleError(impossible)
        asked = [Part(part.name, part.problem, None if given is None else start_of(part, given)) for part in parts]
        solutions = solve_parts(asked, options, crew)
    finally:
        crew.close()
    told = {key: getattr(options, key) for key in ("time_limit", "seed", "workers", "reproducible", "gap_limit")}
    return plan_of(parts, solutions, Inputs(roster, wanted), told, begun)


def plan_of(
    parts: Sequence[Compiled],
    solutions: Sequence[Solution | None],
    inputs: Inputs,
    told: Mapping[str, Any],
    begun: float,
) -> Plan:
    """Return the plan that solutions make, verified.

    Parameters
    ----------
    inputs : the roster and the policy of the whole plan
    told : the options of the run, for the provenance
    begun : moment of ``time.perf_counter()`` at which the run began

    Raises
    ------
    InfeasibleError
        When one of them is proven infeasible.
    VerificationError
        When one of them is not what it claims to be.
    """
    for part, solution in zip(parts, solutions, strict=True):
        if solution is not None and solution.status == "infeasible":
            raise InfeasibleError([in_part(part.name, reason) for reason in reasons(part)])
    found = [solution for solution in solutions if solution is not None]
    scored = []
    for part, solution in zip(parts, found, strict=True):
        verify(part.problem, solution)
        scored.append(_settled(part, solution))
    status: Status = "optimal" if all(part.proven for part in scored) else "feasible"
    provenance = _provenance(parts, found, told)
    provenance["seconds"]["wall"] = round(time.perf_counter() - begun, 3)
    return Plan(build(scored, inputs.policy, status, provenance=provenance), inputs)


def start_of(part: Compiled, given: Division) -> IntArray | None:
    """Return a division as the start of a part; None where it does not say enough.

    Groups keep their names where the problem has them; others take the groups that are left.
    """
    problem = part.problem
    names = [given.group_of.get(member) for member in part.roster.member_ids]
    index = group_indices(part, given)
    if None in names or not index.keys() >= set(names):
        return None
    place: IntArray = np.full(len(problem.size), -1, dtype=np.int64)
    place[: len(names)] = [index[name] for name in names if name is not None]
    for thing, team in enumerate(part.teams, start=len(names)):
        keeper = given.covers.get((part.name, team))
        if keeper in names and keeper is not None:
            place[thing] = index[keeper]
    place = place_teams(problem, place)
    return None if score(problem, place).violations else place


def group_indices(part: Compiled, given: Division, first: Sequence[str] = ()) -> dict[str, int]:
    """Return the groups of a part's problem that the groups of a division become.

    Groups keep their names where the problem has them; others take the groups that are left, while there are any.

    Parameters
    ----------
    first : names of groups that choose before the others
    """
    names = [given.group_of[member] for member in part.roster.member_ids if member in given.group_of]
    index = {group.name: g for g, group in enumerate(part.problem.groups)}
    others = [name for name in dict.fromkeys([*first, *names]) if name in names and name not in index]
    free = [g for name, g in index.items() if name not in names]
    return index | dict(zip(others, free, strict=False))


def checked_policy(policy: Policy | None) -> Policy:
    """Return the policy, or the default one for None."""
    if policy is not None and not isinstance(policy, Policy):
        advice = "Policy.balanced(), or Policy.load(path) for a file"
        raise PolicyError(Issue("bad_policy", "policy is a Policy", value=type(policy).__name__, advice=advice))
    return Policy.balanced() if policy is None else policy


def checked_limit(seconds: float, name: str = "time_limit") -> float:
    """Return a time limit if it is one."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 < seconds < float("inf"):
        raise PolicyError(Issue("bad_time_limit", f"{name} is a positive number of seconds", value=str(seconds)))
    return float(seconds)


def checked_workers(workers: int | None) -> int | None:
    """Return a number of workers if it is one."""
    if workers is not None and (not isinstance(workers, int) or isinstance(workers, bool) or workers < 1):
        raise PolicyError(Issue("bad_workers", "workers is a positive number, or None", value=str(workers)))
    return workers


def checked_gap(gap_limit: float) -> float:
    """Return a gap limit if it is one."""
    if not isinstance(gap_limit, int | float) or not 0 <= gap_limit < 1:
        raise PolicyError(Issue("bad_gap_limit", "gap_limit is a share from 0 to below 1", value=str(gap_limit)))
    return float(gap_limit)


def _settled(part: Compiled, solution: Solution) -> Scored:
    """Return the solution with the teams without members given out anew, so that judging the same people in the
    same groups gives the same numbers; never worse.
    """
    problem, found = part.problem, solution.group_of
    assert found is not None
    place = place_teams(problem, np.where(problem.size > 0, found, -1))
    again, as_found = score(problem, place), score(problem, found)
    lower = worst_of(problem, found, as_found) < worst_of(problem, place, again) if problem.worst_first else False
    if again.violations or again.cost > as_found.cost or lower:
        place, again = found, as_found
    return Scored(part, place, again, solution.bound, solution.worst_bound)


def verify(problem: Problem, solution: Solution) -> None:
    """Raise VerificationError unless the independent scorer agrees with everything that is claimed."""
    assert solution.group_of is not None
    assert solution.cost is not None
    found = faults(problem, solution.group_of, solution.cost, solution.bound, solution.worst, solution.worst_bound)
    proven = solution.bound == solution.cost and solution.worst_bound == solution.worst
    if solution.status == "optimal" and not proven:
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


@cache
def versions() -> dict[str, str]:
    """Return the versions that decide what a run comes to."""
    try:
        own = version(DISTRIBUTION)
    except PackageNotFoundError:
        own = "source"
    return {"grouping": own, "ortools": version("ortools"), "numpy": version("numpy")}


def _provenance(parts: Sequence[Compiled], solutions: Sequence[Solution], options: Mapping[str, Any]) -> dict[str, Any]:
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
    single["stopped_by"] = next((stop for stop in ("user", "limit", "gap") if stop in stops), "proof")
    return {"seconds": seconds, **single, "options": dict(options), "versions": dict(versions()), "parts": about}


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
    return Judge(roster, checked_policy(policy)).judge(read_division(roster, assignments))
