"""The road of temporary groups: compile the case, solve it, count the answer again, verify it, and tell the result.

Protected rest comes first and cost second: options that break a rest are only looked at when it is proven that no
choice does without, and then as few are broken as can be.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from grouping.errors import InfeasibleError, InputError, Issue, NoPlanFoundError, PolicyError, VerificationError
from grouping.plan.forming import checked_limit, checked_workers, versions
from grouping.solving.clock import Clock
from grouping.solving.cpsat import Answer, run
from grouping.taskforce.case import Case, compile_case
from grouping.taskforce.dispatching import dispatch
from grouping.taskforce.findings import Choice, cost_of, findings_of, releases_of, rests_of, services_of
from grouping.taskforce.inputs import given_of
from grouping.taskforce.large import LARGE, solve_large
from grouping.taskforce.model import TaskModel
from grouping.taskforce.plans import TaskForcePlan
from grouping.taskforce.policy import TaskPolicy
from grouping.taskforce.records import TaskForceResult
from grouping.taskforce.schema import Task
from grouping.taskforce.verifying import verify

if TYPE_CHECKING:
    import pandas as pd
    from ortools.sat.python import cp_model

    from grouping.plan.evaluation import Evaluation
    from grouping.roster import Roster
    from grouping.solving.clock import Control

_PROOF_SHARE = 0.25
"""Of the time that is left: to prove that a case is infeasible a second time, without presolve."""
Extra = Callable[[TaskModel], None]
"""Adds constraints of its own to a model."""


@dataclass(frozen=True)
class Found:
    """The best choice found, and what is proven about it.

    Attributes
    ----------
    bound : proven lower limit of the cost among choices that break as few rests; None when nothing is proven
    rests : broken rests, proven to be the fewest if ``proven_rests``
    stopped_by : "proof", "limit" or "user"
    """

    choice: Choice
    cost: int
    bound: int | None
    rests: int
    stopped_by: str
    seconds: Mapping[str, float]

    @property
    def status(self) -> Literal["optimal", "feasible"]:
        """Return "optimal" only where the bound meets the cost."""
        return "optimal" if self.bound == self.cost else "feasible"


def form_task_forces(
    roster: Roster,
    tasks: Sequence[Task] | Task,
    standing: Evaluation | None = None,
    policy: TaskPolicy | None = None,
    *,
    history: Mapping[str, int] | pd.DataFrame | TaskForcePlan | Sequence[TaskForcePlan] | None = None,
    hours_worked: Mapping[str, float] | pd.DataFrame | None = None,
    fixed: TaskForcePlan | Sequence[TaskForcePlan] | None = None,
    time_limit: float = 30.0,
    seed: int = 0,
    workers: int | None = None,
    reproducible: bool = False,
    control: Control | None = None,
) -> TaskForcePlan:
    """Choose the members of temporary project groups, all tasks together, and prove how good the choice is.

    Parameters
    ----------
    roster : who there is
    tasks : what is to be done, from :func:`grouping.read_tasks`
    standing : plan of the standing groups, which is not changed; None takes ``current_group``
    policy : limits and weights; None is ``TaskPolicy()``
    history : days of past service: member id → days, a DataFrame (member_id; days, or starts and ends), or earlier
        plans
    hours_worked : hours of overtime already worked: member id → hours in the month of the first task, or a DataFrame
        (member_id, hours, month)
    fixed : earlier plans that stand as they are; their people are taken and their shifts released
    time_limit : seconds in all; the run ends earlier when the plan is proven
    seed, workers, reproducible, control : as in :func:`grouping.form_groups`

    Returns
    -------
    TaskForcePlan : its cost counted again and verified

    Raises
    ------
    InputError
        When tasks, standing plan, history, hours or rules do not fit the roster; all faults at once.
    InfeasibleError
        When no choice keeps every rule: which role and which team block it, and the smallest change that helps.
    NoPlanFoundError
        When the time ran out before a first plan.

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> tasks = gp.read_tasks(gp.sample_path("branch_42") / "tasks.json")
    >>> plan = gp.form_task_forces(roster, tasks, time_limit=20)
    >>> len(plan.members_of("EV-CONF-2026-12"))
    14
    """
    clock = Clock(checked_limit(time_limit), reproducible, control)
    begun = time.perf_counter()
    asked = _checked_tasks(tasks)
    wanted = _checked_policy(policy)
    given = given_of(roster, asked, standing, history, hours_worked, fixed)
    case = compile_case(roster, asked, wanted, given)
    compiled = time.perf_counter() - begun
    found = solve_case(case, clock, seed=seed, workers=checked_workers(workers) or 2)
    options = {"time_limit": time_limit, "seed": seed, "workers": workers, "reproducible": reproducible}
    seconds = {"compile": round(compiled, 3), **found.seconds, "wall": round(time.perf_counter() - begun, 3)}
    provenance = {
        "seconds": seconds,
        "stopped_by": found.stopped_by,
        "options": options,
        "versions": versions(),
        "size": {"options": len(case.options), "members": len(roster), "tasks": len(asked)},
    }
    return plan_of(case, found, provenance)


def plan_of(case: Case, found: Found, provenance: Mapping[str, Any]) -> TaskForcePlan:
    """Return the plan that a choice makes, verified.

    Raises
    ------
    VerificationError
        When the verifier does not agree with everything that is claimed.
    """
    result = TaskForceResult(
        status=found.status,
        cost=found.cost,
        cost_bound=found.bound,
        scale=case.policy.scale,
        tasks=case.tasks,
        policy=case.policy,
        services=services_of(case, found.choice),
        releases=releases_of(case, found.choice),
        rests=rests_of(case, found.choice),
        findings=findings_of(case, found.choice),
        given=case.given,
        provenance=dict(provenance),
    )
    faults = verify(case.roster, result)
    if faults:
        raise VerificationError(faults, _dump(result))
    return TaskForcePlan(result, case.roster)


def _dump(result: TaskForceResult) -> Path | None:
    """Save a plan for the report of a bug, every member id replaced by its position."""
    text = result.model_dump_json(indent=1)
    for number, member_id in enumerate(sorted(result.given.homes, key=len, reverse=True)):
        text = text.replace(json.dumps(member_id, ensure_ascii=False), f'"m{number}"')
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="grouping-", delete=False) as file:
            file.write(text)
    except OSError:
        return None
    return Path(file.name)


def solve_case(
    case: Case,
    clock: Clock,
    *,
    seed: int = 0,
    workers: int = 2,
    extra: Extra | None = None,
    start: Choice | None = None,
) -> Found:
    """Return the best choice of a case.

    Parameters
    ----------
    extra : adds constraints to the model (for alternatives, reserves, revisions)
    start : a choice to begin with; None asks the dispatcher

    Raises
    ------
    InfeasibleError, NoPlanFoundError
        As :func:`form_task_forces` does.
    """
    hint = dispatch(case) if start is None and extra is None else start
    if len(case.options) > LARGE and len(case.tasks) > 1:
        outcome = solve_large(case, clock, hint, extra, seed)
        if outcome is not None:
            return _found(case, outcome.choice, outcome.bound, 0, outcome.answer, clock)
    rests = 0
    model = _model(case, rests, extra, hint)
    answer = _minimise(model, model.objective, clock, seed)
    if answer.status == "infeasible" and any(option.effect.broken for option in case.options):
        rests = _fewest_rests(case, extra, clock, seed, workers)
        model = _model(case, rests, extra, None)
        answer = _minimise(model, model.objective, clock, seed)
    if answer.status == "infeasible":
        _refuse(case, extra, rests, clock, seed, workers)
    if answer.status == "unknown":
        if hint is not None and rests == 0 and _keeps(case, hint, clock):
            return _found(case, hint, None, 0, answer, clock)
        raise NoPlanFoundError(clock.limit)
    return _found(case, model.choice(answer.value), answer.bound, rests, answer, clock)


def _keeps(case: Case, choice: Choice, clock: Clock) -> bool:
    """Tell whether a choice keeps every rule, by the model with nothing left to choose."""
    model = _model(case, 0, None, choice)
    for position, literal in model.x.items():
        model.model.add(literal == int(position in choice.options))
    return run(model.model, clock, 5.0, 1).status in ("optimal", "feasible")


def _found(case: Case, choice: Choice, bound: int | None, rests: int, answer: Answer, clock: Clock) -> Found:
    cost = cost_of(case, choice)
    stopped = "user" if answer.interrupted or clock.stopped else "proof" if bound == cost else "limit"
    return Found(choice, cost, bound, rests, stopped, {"solve": round(clock.seconds, 3)})


def _model(case: Case, rests: int | None, extra: Extra | None, hint: Choice | None) -> TaskModel:
    model = TaskModel(case, rests)
    if extra is not None:
        extra(model)
    if hint is not None:
        model.hint(hint)
    return model


def _minimise(model: TaskModel, expr: cp_model.LinearExpr, clock: Clock, seed: int) -> Answer:
    model.model.minimize(expr)
    return run(model.model, clock, clock.left, seed=seed, linear=True)


def _fewest_rests(case: Case, extra: Extra | None, clock: Clock, seed: int, workers: int) -> int:
    """Return how many rests have to be broken at least, in a case that cannot do without.

    Raises
    ------
    InfeasibleError
        When breaking rests does not help either.
    NoPlanFoundError
        When the time runs out before the number is proven.
    """
    model = _model(case, None, extra, None)
    answer = _minimise(model, model.broken, clock, seed)
    if answer.status == "infeasible":
        _refuse(case, extra, None, clock, seed, workers)
    fewest = answer.value(model.broken) if answer.status in ("optimal", "feasible") else None
    if fewest is None or answer.bound != fewest:
        raise NoPlanFoundError(clock.limit)
    return fewest


def _refuse(case: Case, extra: Extra | None, rests: int | None, clock: Clock, seed: int, workers: int) -> None:
    """Raise InfeasibleError if it is proven a second time, without presolve, that no choice keeps every rule."""
    model = _model(case, rests, extra, None)
    again = run(model.model, clock, max(5.0, clock.left * _PROOF_SHARE), workers, seed, presolve=False)
    if again.status == "infeasible":
        if extra is not None:
            raise InfeasibleError("no choice keeps every rule and what was asked besides")
        from grouping.taskforce.diagnosing import reasons_of

        raise InfeasibleError(reasons_of(case, seed=seed, workers=workers))
    raise NoPlanFoundError(clock.limit)


def _checked_tasks(tasks: Sequence[Task] | Task) -> tuple[Task, ...]:
    asked = (tasks,) if isinstance(tasks, Task) else tuple(tasks)
    if not asked or not all(isinstance(task, Task) for task in asked):
        advice = "read them by read_tasks(path), or make Task(...)"
        raise InputError(Issue("bad_tasks", "tasks is a list of Task, not empty", advice=advice))
    return asked


def _checked_policy(policy: TaskPolicy | None) -> TaskPolicy:
    if policy is not None and not isinstance(policy, TaskPolicy):
        raise PolicyError(Issue("bad_policy", "policy is a TaskPolicy", value=type(policy).__name__))
    return TaskPolicy() if policy is None else policy
