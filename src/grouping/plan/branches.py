"""Branches one after another, so that memory does not grow with their number: plans stream as they are finished."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

from grouping.errors import GroupingError, InfeasibleError, NoPlanFoundError
from grouping.plan.evaluation import Inputs
from grouping.plan.forming import checked_gap, checked_limit, checked_policy, checked_workers, diagnosed, plan_of
from grouping.plan.reasons import counted
from grouping.policy.compiling import Compiled, Draft, drafts, in_part
from grouping.roster import Roster
from grouping.scale.crew import Crew
from grouping.scale.tasks import Task
from grouping.solving.engine import Progress

if TYPE_CHECKING:
    from grouping.plan.evaluation import Plan
    from grouping.policy.policy import Policy
    from grouping.scale.tasks import Outcome
    from grouping.solving.clock import Control

_POLL = 0.1
"""Seconds between two looks at the control."""


def form_branches(
    branches: Roster | Iterable[tuple[str, Roster]],
    policy: Policy | None = None,
    *,
    time_limit_per_branch: float = 5.0,
    seed: int = 0,
    workers: int | None = None,
    reproducible: bool = False,
    gap_limit: float = 0.0,
    executor: Executor | None = None,
    control: Control | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_error: Callable[[str, GroupingError], None] | None = None,
) -> Iterator[tuple[str, Plan]]:
    """Yield (branch, plan) as branches are finished, in no fixed order.

    For organisations so large that all plans at once are too much. A branch is compiled when a worker is about to be
    free, and forgotten when its plan has been handed out; nothing is done ahead of a consumer who waits, but for what
    is in flight. :func:`save_branches` writes the plans into a folder.

    Parameters
    ----------
    branches : a roster, divided as :func:`form_groups` divides it; or pairs of a name and a roster, such as a
        generator that reads one file after another. Rules that name members need them in every roster
    policy : what is wanted; None is :meth:`Policy.balanced`
    time_limit_per_branch : seconds of solving for each branch; no time moves between branches
    seed, workers, reproducible, gap_limit, executor : see :func:`form_groups`
    control : its ``stop()`` ends the stream: branches in flight are yielded with their best plan, others are not begun
    on_progress : called with a :class:`Progress` when a branch is finished; ``parts`` is 0 when their number is unknown
    on_error : called with the branch and the InfeasibleError or NoPlanFoundError of a branch without a plan, and the
        stream goes on; None raises it

    Raises
    ------
    PolicyError
        When the policy does not fit a roster.
    InfeasibleError, NoPlanFoundError
        When a branch has no plan, and there is no ``on_error``.
    KeyboardInterrupt
        After Ctrl-C, when the branches in flight have been yielded.

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> rosters = {"A": roster.select(roster.member_ids[:20]), "B": roster.select(roster.member_ids[20:])}
    >>> policy = gp.Policy.balanced(size=(6, 12))
    >>> plans = gp.form_branches(rosters.items(), policy, time_limit_per_branch=0.5, workers=1)
    >>> [(name, len(plan.assignments)) for name, plan in plans]
    [('A', 20), ('B', 22)]
    """
    wanted = checked_policy(policy)
    settings: dict[str, Any] = {
        "time_limit": checked_limit(time_limit_per_branch, "time_limit_per_branch"),
        "seed": seed,
        "workers": checked_workers(workers),
        "reproducible": reproducible,
        "gap_limit": checked_gap(gap_limit),
    }
    number = 0
    if isinstance(branches, Roster):
        waiting = deque(drafts(branches, wanted))
        number = len(waiting)
        source: Iterator[Draft] = (waiting.popleft() for _ in range(number))
    else:
        source = _drafts(branches, wanted)
    stream = _Stream(source, wanted, settings, control, on_progress, on_error, number)
    return stream.run(executor)


def _drafts(branches: Iterable[tuple[str, Roster]], policy: Policy) -> Iterator[Draft]:
    for name, roster in branches:
        for draft in drafts(roster, policy):
            yield replace(draft, name=f"{name}-{draft.name}" if draft.name else name)


class _Stream:
    """One call of :func:`form_branches`."""

    def __init__(
        self,
        source: Iterator[Draft],
        policy: Policy,
        settings: dict[str, Any],
        control: Control | None,
        on_progress: Callable[[Progress], None] | None,
        on_error: Callable[[str, GroupingError], None] | None,
        number: int,
    ) -> None:
        self.source = source
        self.policy = policy
        self.settings = settings
        self.control = control
        self.on_progress = on_progress
        self.on_error = on_error
        self.number = number
        self.flying: dict[int, tuple[Compiled, float]] = {}
        self.begun = time.perf_counter()
        self.done = 0
        self.members = 0
        self.lost = Fraction(0)
        self.least = Fraction(0)
        self.more = True
        self.stopped = False

    def run(self, executor: Executor | None) -> Iterator[tuple[str, Plan]]:
        """Keep the workers busy and yield what is finished; processes start when the first plan is asked for."""
        interrupted = False
        self.crew = Crew(executor, self.settings["workers"], self.control)
        try:
            while self.more or self.crew.running:
                plans: list[tuple[str, Plan]] = []
                try:
                    self.step(plans)
                except KeyboardInterrupt:
                    if interrupted:
                        raise
                    interrupted = True
                    self.stop()
                yield from plans
            if interrupted:
                raise KeyboardInterrupt
        finally:
            self.crew.close()

    def step(self, plans: list[tuple[str, Plan]]) -> None:
        """Begin what can be begun, and add what is finished to the plans."""
        if self.control is not None and self.control.stopped and self.more:
            self.stop()
        if not self.crew.ready(_POLL):
            return
        while self.more and self.crew.room(more=self.crew.width or 0):
            draft = next(self.source, None)
            if draft is None:
                self.more = False
            else:
                self.begin(draft)
        for task, outcome in self.crew.collect(_POLL):
            part, begun = self.flying.pop(task.number)
            plan = self.plan(part, outcome, begun)
            if plan is not None:
                plans.append((part.name, plan))

    def stop(self) -> None:
        """End what is in flight, and begin nothing more."""
        self.more, self.stopped = False, True
        self.crew.stop()

    def begin(self, draft: Draft) -> None:
        """Compile a branch and hand it to the crew."""
        try:
            part = draft.compiled()
            if impossible := counted(part):
                raise InfeasibleError([in_part(part.name, reason) for reason in impossible])
        except InfeasibleError as error:
            self.fail(draft.name, self.diagnosed(error, draft.roster, draft.policy))
            return
        told = self.settings
        task = Task(0, part.problem, told["time_limit"], told["seed"], told["reproducible"], told["gap_limit"])
        begun = time.perf_counter()
        self.flying[self.crew.submit(task)] = (part, begun)

    def plan(self, part: Compiled, outcome: Outcome | None, begun: float) -> Plan | None:
        """Return the plan that came of a branch, None if there is none."""
        if outcome is None or (self.stopped and isinstance(outcome.error, NoPlanFoundError)):
            return None
        if outcome.error is not None:
            if not isinstance(outcome.error, NoPlanFoundError):
                raise outcome.error
            self.fail(part.name, outcome.error)
            return None
        try:
            plan = plan_of([part], [outcome.solution], Inputs(part.roster, self.policy), self.settings, begun)
        except InfeasibleError as error:
            self.fail(part.name, self.diagnosed(error, part.roster, part.policy))
            return None
        self.tell(part, plan)
        return plan

    def diagnosed(self, error: InfeasibleError, roster: Roster, policy: Policy) -> InfeasibleError:
        """Return the error, which can tell what would help."""
        return error.diagnosed_by(partial(diagnosed, roster, policy, self.settings["seed"]))

    def fail(self, name: str, error: GroupingError) -> None:
        """Tell of a branch without a plan."""
        self.done += 1
        if self.on_error is None:
            raise error
        self.on_error(name, error)

    def tell(self, part: Compiled, plan: Plan) -> None:
        """Count a finished branch in, and report."""
        self.done += 1
        self.members += part.problem.members
        self.lost += Fraction(plan.cost, plan.result.scale)
        self.least += Fraction(plan.cost_bound or 0, plan.result.scale)
        if self.on_progress is not None:
            members = max(self.members, 1)
            self.on_progress(
                Progress(
                    time.perf_counter() - self.begun, plan.cost, plan.cost_bound, plan.status,
                    float(100 - self.lost / members), float(100 - self.least / members),
                    part.name, self.done, self.number,
                )
            )  # fmt: skip
