"""What else there is: plans as good or nearly, people in reserve, and the plan with fewest changes when one is ill."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ortools.sat.python import cp_model

from grouping.errors import InfeasibleError, InputError, Issue, NoPlanFoundError
from grouping.plan.forming import checked_limit
from grouping.roster.faults import id_or_nothing
from grouping.solving.clock import Clock
from grouping.taskforce.case import compile_case
from grouping.taskforce.fewest import changes_of, fewest_changes
from grouping.taskforce.forming import plan_of, solve_case
from grouping.taskforce.inputs import with_newcomers
from grouping.taskforce.schema import TaskRule

if TYPE_CHECKING:
    import pandas as pd

    from grouping.roster import Roster
    from grouping.taskforce.judging import Judge
    from grouping.taskforce.model import TaskModel
    from grouping.taskforce.plans import TaskForcePlan
    from grouping.taskforce.schema import Task

_WORKERS = 2


def alternatives(roster: Roster, plan: TaskForcePlan, count: int, time_limit: float) -> list[TaskForcePlan]:
    """Return the next best plans, see :meth:`TaskForcePlan.alternatives`."""
    if count < 1:
        raise InputError(Issue("bad_count", "count is a number from 1 on", value=str(count)))
    clock = Clock(checked_limit(time_limit))
    case = compile_case(roster, plan.tasks, plan.result.policy, with_newcomers(roster, plan.result.given))
    numbers = {task.task_id: t for t, task in enumerate(case.tasks)}
    taken = [[(numbers[one.task], case.rows[one.member_id]) for one in plan.services]]
    found: list[TaskForcePlan] = []
    while len(found) < count:
        try:
            best = solve_case(case, clock, workers=_WORKERS, extra=lambda model: _someone_leaves(model, taken))
        except (InfeasibleError, NoPlanFoundError):
            break
        told = {"alternative": len(found) + 1, "seconds": dict(best.seconds), "cost_bound_of_alternatives": best.bound}
        other = _restated(plan_of(case, best, told), plan.cost_bound)
        found.append(other)
        taken.append([(numbers[one.task], case.rows[one.member_id]) for one in other.services])
    return found


def _restated(plan: TaskForcePlan, bound: int | None) -> TaskForcePlan:
    """Return a plan found under further demands, claiming only what holds without them: this bound."""
    known = None if bound is None else min(bound, plan.cost)
    status = "optimal" if known == plan.cost else "feasible"
    return type(plan)(plan.result.model_copy(update={"cost_bound": known, "status": status}), plan.roster)


def _someone_leaves(model: TaskModel, taken: Sequence[Sequence[tuple[int, int]]]) -> None:
    for seats in taken:
        model.model.add(cp_model.LinearExpr.sum([model.serves(t, row) for t, row in seats]) <= len(seats) - 1)


def reserve(judge: Judge, count: int) -> pd.DataFrame:
    """Return who could stand in, see :meth:`TaskForcePlan.reserve`."""
    import pandas as pd

    rows: list[tuple[object, ...]] = []
    for task in judge.plan.tasks:
        serving = {one.member_id for one in judge.plan.services if one.task == task.task_id}
        for role in task.roles:
            seats = [one for one in judge.plan.services if (one.task, one.role) == (task.task_id, role.name)]
            if not seats:
                continue
            found = []
            for member in judge.evidence.able[task.task_id, role.name]:
                if member.member_id in serving:
                    continue
                verdicts = [judge.exchange(task.task_id, role.name, one.member_id, member.member_id) for one in seats]
                changes = [verdict.change for verdict in verdicts if verdict.is_allowed]
                if changes:
                    found.append((len(seats) - len(changes), max(changes), member.member_id, min(changes), changes))
            found.sort(key=lambda each: each[:3])
            for rank, (missing, most, member_id, least, _) in enumerate(found[:count], 1):
                rows.append((task.task_id, role.name, rank, member_id, len(seats) - missing, len(seats), least, most))
    columns = ["task", "role", "rank", "member_id", "stands_in_for", "of", "least_change", "most_change"]
    return pd.DataFrame(rows, columns=columns)


def revise(
    roster: Roster, plan: TaskForcePlan, ill: Iterable[str], tasks: Sequence[Task] | None, time_limit: float
) -> TaskForcePlan:
    """Return the plan with the fewest changes, see :meth:`TaskForcePlan.revise`."""
    away = tuple(dict.fromkeys(ill))
    unknown = [one for one in away if one not in set(roster.member_ids)]
    if unknown:
        message = "ill: no such member in the roster"
        raise InputError([Issue("unknown_member", message, value=id_or_nothing(one)) for one in unknown])
    policy = plan.result.policy
    if away:
        policy = policy.model_copy(update={"must": (*policy.must, TaskRule(kind="exclude", members=away))})
    clock = Clock(checked_limit(time_limit))
    case = compile_case(
        roster, plan.tasks if tasks is None else tasks, policy, with_newcomers(roster, plan.result.given)
    )
    case, fewest, proven = fewest_changes(case, plan.result, clock)

    def keep(model: TaskModel) -> None:
        if fewest is not None:
            model.model.add(changes_of(model, plan.result) <= fewest)

    best = solve_case(case, clock, workers=_WORKERS, extra=keep if fewest is not None else None)
    revised = {"ill": list(away), "changes": fewest, "proven_fewest": proven, "cost_bound_with_so_few": best.bound}
    return _restated(plan_of(case, best, {"revised": revised, "seconds": dict(best.seconds)}), None)


def changes(before: TaskForcePlan, after: TaskForcePlan) -> pd.DataFrame:
    """Return what differs between two plans, see :meth:`TaskForcePlan.changes`."""
    import pandas as pd

    was = {(one.task, one.member_id): one for one in before.services}
    now = {(one.task, one.member_id): one for one in after.services}
    rows = []
    for key in dict.fromkeys([*was, *now]):
        old, new = was.get(key), now.get(key)
        if old is None or new is None:
            one = old or new
            assert one is not None
            rows.append((*key, one.role, "leaves" if new is None else "comes", "", ""))
            continue
        rows += [
            (*key, new.role, field, str(getattr(old, field)), str(getattr(new, field)))
            for field in ("role", "waves", "lead")
            if getattr(old, field) != getattr(new, field)
        ]
    return pd.DataFrame(rows, columns=["task", "member_id", "role", "what", "before", "after"])
