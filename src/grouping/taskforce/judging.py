"""What other people in the seats of a plan would cost and break, counted by the verifier's own means, never the model.

A judge keeps what does not depend on who serves, so that a question about one seat takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from grouping.errors import InputError, Issue
from grouping.roster.faults import id_or_nothing
from grouping.taskforce.checking_hours import Demand, demand_of
from grouping.taskforce.evidence import Evidence
from grouping.taskforce.policy import CRITERIA
from grouping.taskforce.records import Release, RestBroken, Service, TaskForceResult
from grouping.taskforce.recounting import recount
from grouping.taskforce.verifying import broken_rules

if TYPE_CHECKING:
    import pandas as pd

    from grouping.roster import Roster
    from grouping.taskforce.schema import Task


@dataclass(frozen=True)
class Verdict:
    """What a choice of people would be.

    Attributes
    ----------
    services : who would serve
    cost, change : cost points, and how much more (or, below 0, less) than the plan's
    points : cost points by (task, criterion), zeros left out
    broken : rules that it would break, by kind, in words with ids only; empty where it keeps all
    releases : shifts that people would be taken out of
    """

    services: tuple[Service, ...]
    cost: int
    change: int
    points: dict[tuple[str, str], int]
    broken: dict[str, tuple[str, ...]]
    releases: tuple[Release, ...]
    before: dict[tuple[str, str], int]

    @property
    def is_allowed(self) -> bool:
        """Whether it keeps every rule."""
        return not self.broken

    def to_frame(self) -> pd.DataFrame:
        """Return where the cost changes.

        Returns
        -------
        DataFrame : a row per task and criterion that changes: task, criterion, before, after, change, in cost points;
            the changes add up to ``change``
        """
        import pandas as pd

        rows = [
            (*key, self.before.get(key, 0), self.points.get(key, 0), self.points.get(key, 0) - self.before.get(key, 0))
            for key in dict.fromkeys([*self.before, *self.points])
            if self.points.get(key, 0) != self.before.get(key, 0)
        ]
        return pd.DataFrame(rows, columns=["task", "criterion", "before", "after", "change"])

    def __str__(self) -> str:
        """Return the change and what would be broken."""
        told = "; ".join(fault for faults in self.broken.values() for fault in faults)
        return f"cost {self.cost} ({self.change:+d})" + (f", not allowed: {told}" if told else "")


class Judge:
    """Judges changes of one plan.

    Parameters
    ----------
    roster : that the plan was made from
    plan : the records
    """

    def __init__(self, roster: Roster, plan: TaskForceResult) -> None:
        self.roster = roster
        self.plan = plan
        self._kept = Evidence(roster, plan)
        self._factors = {name: plan.policy.factor(name) for name in CRITERIA}

    @cached_property
    def points(self) -> dict[tuple[str, str], int]:
        """Cost points of the plan by task and criterion."""
        return self._weighed(self._kept)

    @property
    def evidence(self) -> Evidence:
        """What the verifier knows of the plan."""
        return self._kept

    def judge(self, services: Iterable[Service]) -> Verdict:
        """Return what it would be if these people served, with the shifts that this takes them from."""
        serving = tuple(services)
        draft = Evidence(self.roster, self._with(serving, (), ()), self._kept)
        releases, rests = [], []
        for one in serving:
            member, demand = self._kept.members[one.member_id], demand_of(draft, one)
            of = {"task": one.task, "member_id": one.member_id}
            team = {"team": member.team or "", "department": member.department}
            releases += [Release(**of, **team, day=day, code=code, begun=begun) for day, code, begun in demand.releases]
            rests += [
                RestBroken(**of, starts=self._kept.clock.moment(start), day=day, code=code)
                for start, day, code in demand.rests
            ]
        case = Evidence(self.roster, self._with(serving, tuple(releases), tuple(rests)), self._kept)
        points = self._weighed(case)
        cost = sum(points.values())
        broken = {kind: tuple(faults) for kind, faults in broken_rules(case).items()}
        return Verdict(serving, cost, cost - self.plan.cost, points, broken, tuple(releases), self.points)

    def demand(self, one: Service) -> Demand:
        """Return what a service demands of the member's shifts."""
        return demand_of(self._kept, one)

    def exchange(self, task_id: str, role: str, out: str, in_: str) -> Verdict:
        """Return what it would be if one member served in the place of another, in the same waves.

        Where the one who leaves leads, whoever suits best among those who may takes over.

        Raises
        ------
        InputError
            When there is no such seat or member, or the one who comes serves in the task already.
        """
        seat = self.seat(task_id, role, out)
        if in_ not in self._kept.members:
            raise InputError(Issue("unknown_member", "not a member of the roster", value=id_or_nothing(in_)))
        if any(one.task == task_id and one.member_id == in_ for one in self.plan.services):
            raise InputError(Issue("serves_already", "serves in the task already", value=in_))
        home = self.plan.given.homes.get(in_, "")
        comes = seat.model_copy(update={"member_id": in_, "home": home, "lead": "member"})
        services = tuple(comes if one is seat else one for one in self.plan.services)
        return self.judge(services) if seat.lead == "member" else self._led(services, seat)

    def seat(self, task_id: str, role: str, member_id: str) -> Service:
        """Return the service of a member in a role; InputError where there is none."""
        for one in self.plan.services:
            if (one.task, one.role, one.member_id) == (task_id, role, member_id):
                return one
        who = id_or_nothing(member_id) or "this member"
        raise InputError(Issue("no_such_seat", f"{who} does not serve in {task_id} as {role}"))

    def _led(self, services: tuple[Service, ...], seat: Service) -> Verdict:
        """Return the verdict with the leader who suits best in a seat that has fallen vacant."""
        fits = self._kept.fits
        able = [one for one in services if one.task == seat.task and one.lead == "member"]
        best: Verdict | None = None
        for one in sorted(able, key=lambda each: -fits.get(each.member_id, 100)):
            led = tuple(each.model_copy(update={"lead": seat.lead}) if each is one else each for each in services)
            verdict = self.judge(led)
            if best is None or ("lead" in best.broken and "lead" not in verdict.broken):
                best = verdict
            if "lead" not in verdict.broken:  # the others suit less, and change nothing else
                break
        return self.judge(services) if best is None else best

    def _with(
        self, services: tuple[Service, ...], releases: tuple[Release, ...], rests: tuple[RestBroken, ...]
    ) -> TaskForceResult:
        return self.plan.model_copy(update={"services": services, "releases": releases, "rests": rests})

    def _weighed(self, case: Evidence) -> dict[tuple[str, str], int]:
        weighed = {key: number * self._factors[key[1]] for key, number in recount(case).items()}
        return {key: points for key, points in weighed.items() if points}

    def task(self, task_id: str) -> Task:
        """Return a task of the plan; InputError where there is none."""
        if task_id not in self._kept.tasks:
            known = ", ".join(self._kept.tasks)
            raise InputError(Issue("unknown_task", "no such task", value=task_id, advice=f"use one of: {known}"))
        return self._kept.tasks[task_id]
