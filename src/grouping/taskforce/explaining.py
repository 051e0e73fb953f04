"""Why these people: what a seat costs, who was next and by how much, and who was ruled out by what.

Every difference is exact: the plan with one seat changed is counted again by the verifier's own means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.errors import InputError, Issue
from grouping.roster.faults import id_or_nothing
from grouping.taskforce.telling import KINDS, Saying

if TYPE_CHECKING:
    import pandas as pd

    from grouping.taskforce.judging import Judge, Verdict
    from grouping.taskforce.plans import TaskForcePlan
    from grouping.taskforce.records import Service, TaskFinding


@dataclass(frozen=True)
class Candidate:
    """Somebody with the skills for a seat who does not hold it.

    Attributes
    ----------
    change : cost points more (or, below 0, less) with this member in the seat; None where it cannot be tried, because
        the member serves in the task already
    ruled_out : why not, as a kind (see :func:`grouping.taskforce.verifying.broken_rules`, and "serves"); "" if allowed
    reasons : the same in words, with ids only
    """

    member_id: str
    change: int | None
    ruled_out: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seat:
    """One member in one role, and everybody else who could be thought of for it.

    Attributes
    ----------
    service : who serves, in which role and waves
    releases : (day, code) of the shifts the member leaves
    findings : what the member costs, alone or with others of the home group
    candidates : who else has the skills: those allowed first, the smallest change first
    unskilled : how many members of the roster lack the skills
    """

    service: Service
    releases: tuple[tuple[str, str], ...]
    findings: tuple[TaskFinding, ...]
    candidates: tuple[Candidate, ...]
    unskilled: int

    @property
    def next(self) -> Candidate | None:
        """The candidate who would have cost least; None when nobody else could serve."""
        first = next(iter(self.candidates), None)
        return None if first is None or first.ruled_out else first

    def ruled_out(self) -> dict[str, tuple[str, ...]]:
        """Return the ids of those with the skills who are ruled out, by kind of reason."""
        found: dict[str, tuple[str, ...]] = {}
        for one in self.candidates:
            if one.ruled_out:
                found[one.ruled_out] = (*found.get(one.ruled_out, ()), one.member_id)
        return found


@dataclass(frozen=True)
class TaskForceExplanation:
    """Answers to "why": seats and who else could have had them; made by :meth:`TaskForcePlan.explain`.

    Attributes
    ----------
    plan : that is explained
    seats : the seats asked for
    tried : for a member who does not serve: what it would be to take each seat the member has the skills for
    member, role, task : what was asked
    unheld : (task, role) that such a member has the skills for and nobody serves in
    """

    plan: TaskForcePlan
    seats: tuple[Seat, ...]
    tried: tuple[tuple[Service, Verdict], ...] = ()
    member: str | None = None
    role: str | None = None
    task: str | None = None
    unheld: tuple[tuple[str, str], ...] = ()

    def text(self, lang: str = "en") -> str:
        """Return the answer in words; members by id only.

        Parameters
        ----------
        lang : "en" or "zh"
        """
        return "\n".join(f"{'  ' * depth}{line}" for depth, line in self._lines(Saying(lang)))

    def html(self, lang: str = "en") -> str:
        """Return the answer as HTML, everything escaped."""
        from html import escape

        lines = "".join(
            f'<p style="margin-left:{depth}em">{escape(line)}</p>' for depth, line in self._lines(Saying(lang))
        )
        return f"<div>{lines}</div>"

    def to_frame(self) -> pd.DataFrame:
        """Return everybody who was thought of.

        Returns
        -------
        DataFrame : a row per seat and candidate: task, role, member_id (of the seat), candidate, change (cost points,
            NaN where it cannot be tried), ruled_out ("" if allowed), reasons
        """
        import pandas as pd

        rows = [
            (
                seat.service.task,
                seat.service.role,
                seat.service.member_id,
                one.member_id,
                float("nan") if one.change is None else float(one.change),
                one.ruled_out,
                "; ".join(one.reasons),
            )
            for seat in self.seats
            for one in seat.candidates
        ]
        rows += [
            (
                seat.task,
                seat.role,
                seat.member_id,
                str(self.member),
                float(verdict.change),
                next(iter(verdict.broken), ""),
                "; ".join(fault for faults in verdict.broken.values() for fault in faults),
            )
            for seat, verdict in self.tried
        ]
        columns = ["task", "role", "member_id", "candidate", "change", "ruled_out", "reasons"]
        return pd.DataFrame(rows, columns=columns)

    def __str__(self) -> str:
        """Return the answer in English."""
        return self.text()

    def _repr_html_(self) -> str:
        """Return the answer for a notebook."""
        return self.html()

    def _lines(self, say: Saying) -> Iterator[tuple[int, str]]:
        if self.task is not None and self.role is None:
            yield from _task_lines(self.plan, self.task, say)
        if self.member is not None and not self.seats:
            yield 0, say("not_chosen", member=self.member)
        for seat in self.seats:
            yield from _seat_lines(self.plan, seat, say)
        for seat_held, verdict in self.tried:
            words = {"member": str(self.member), "role": seat_held.role, "task": seat_held.task}
            if verdict.is_allowed:
                yield 1, say("would", **words, out=seat_held.member_id, change=say.points(self.plan, verdict.change))
            else:
                kinds = say.list(say.kind(kind) for kind in verdict.broken)
                yield 1, say("would_not", **words, out=seat_held.member_id, kinds=kinds)
        for task, role in self.unheld:
            yield 1, say("unheld", task=task, role=role)
        if self.member is not None and not self.seats and not self.tried and not self.unheld:
            yield 1, say("no_seat" if self.role is None and self.task is None else "no_seat_here")


def _task_lines(plan: TaskForcePlan, task_id: str, say: Saying) -> Iterator[tuple[int, str]]:
    serving = [one for one in plan.services if one.task == task_id]
    away = [one for one in plan.result.releases if one.task == task_id]
    homes = len({one.home for one in serving})
    yield 0, say("task", task=task_id, members=len(serving), homes=homes, releases=len(away))
    found: dict[str, int] = {}
    for finding in plan.findings:
        if finding.task == task_id:
            found[finding.criterion] = found.get(finding.criterion, 0) + finding.points
    for criterion, points in sorted(found.items(), key=lambda item: -item[1]):
        yield 1, say("costs", criterion=say.criterion(criterion), points=say.points(plan, points, sign=False))


def _seat_lines(plan: TaskForcePlan, seat: Seat, say: Saying) -> Iterator[tuple[int, str]]:
    one = seat.service
    waves = say("waves", waves=say.list(map(str, one.waves))) if one.waves else ""
    lead = say(one.lead) if one.lead != "member" else ""
    yield 0, say("seat", member=one.member_id, task=one.task, role=one.role, lead=lead, waves=waves)
    if seat.releases:
        yield 1, say("leaves", shifts=say.list(f"{day} {code}" for day, code in seat.releases))
    for finding in seat.findings:
        points = say.points(plan, finding.points, sign=False)
        yield 1, say("costs", criterion=say.criterion(finding.criterion), points=points)
    if seat.next is None:
        yield 1, say("nobody")
    else:
        same = [c.member_id for c in seat.candidates if not c.ruled_out and c.change == seat.next.change]
        change = seat.next.change or 0
        key = "next_same" if change == 0 else "next" if change > 0 else "next_less"
        yield 1, say(key, members=say.list(same), change=say.points(plan, change))
    for kind, members in seat.ruled_out().items():
        yield 1, say("out", count=len(members), kind=say.kind(kind), members=say.list(members))
    yield 1, say("unskilled", count=seat.unskilled)


def explain(
    plan: TaskForcePlan, judge: Judge, member: str | None, role: str | None, task: str | None
) -> TaskForceExplanation:
    """Return the answer to "why": see :meth:`TaskForcePlan.explain`."""
    if member is None and role is None and task is None:
        raise InputError(Issue("nothing_asked", "say which member, role or task is meant"))
    if task is not None:
        judge.task(task)
    if role is not None and not any(role == one.name for each in plan.tasks for one in each.roles):
        known = ", ".join(one.name for each in plan.tasks for one in each.roles)
        raise InputError(Issue("unknown_role", "no such role", value=role, advice=f"use one of: {known}"))
    if member is not None and member not in judge.evidence.members:
        raise InputError(Issue("unknown_member", "not a member of the roster", value=id_or_nothing(member)))
    wanted = [
        one
        for one in plan.services
        if member in (None, one.member_id) and role in (None, one.role) and task in (None, one.task)
    ]
    seats = tuple(seat_of(plan, judge, one) for one in wanted)
    if wanted or member is None:
        return TaskForceExplanation(plan, seats, (), member, role, task)
    able = [
        (each.task_id, one.name)
        for each in plan.tasks
        for one in each.roles
        if task in (None, each.task_id)
        and role in (None, one.name)
        and any(other.member_id == member for other in judge.evidence.able[each.task_id, one.name])
    ]
    held = {(one.task, one.role) for one in plan.services}
    tried = tuple(_cheapest(plan, judge, member, *seat) for seat in able if seat in held)
    return TaskForceExplanation(
        plan, seats, tried, member, role, task, tuple(seat for seat in able if seat not in held)
    )


def seat_of(plan: TaskForcePlan, judge: Judge, one: Service) -> Seat:
    """Return a seat and everybody who was thought of for it."""
    able = judge.evidence.able[one.task, one.role]
    serving = {other.member_id for other in plan.services if other.task == one.task}
    found = []
    for member in able:
        if member.member_id == one.member_id:
            continue
        if member.member_id in serving:
            found.append(Candidate(member.member_id, None, "serves"))
            continue
        verdict = judge.exchange(one.task, one.role, one.member_id, member.member_id)
        reasons = tuple(fault for faults in verdict.broken.values() for fault in faults)
        kind = next((kind for kind in KINDS if kind in verdict.broken), "")
        found.append(Candidate(member.member_id, verdict.change, kind, reasons))
    found.sort(key=lambda each: (bool(each.ruled_out), each.change is None, each.change or 0))
    return Seat(
        service=one,
        releases=tuple(
            (str(release.day), release.code)
            for release in plan.result.releases
            if (release.task, release.member_id) == (one.task, one.member_id)
        ),
        findings=tuple(f for f in plan.findings if f.task == one.task and one.member_id in f.members),
        candidates=tuple(found),
        unskilled=len(judge.roster) - len(able),
    )


def _cheapest(plan: TaskForcePlan, judge: Judge, member: str, task: str, role: str) -> tuple[Service, Verdict]:
    """Return the cheapest way for a member to come into a role, in place of one of those who hold it."""
    seats = [one for one in plan.services if (one.task, one.role) == (task, role)]
    verdicts = [(one, judge.exchange(task, role, one.member_id, member)) for one in seats]
    return min(verdicts, key=lambda pair: (not pair[1].is_allowed, pair[1].change))
