"""A plan of task forces: its records as attributes and tables, and every question that can be asked about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Self

from pydantic import ValidationError

from grouping.errors import InputError, Issue
from grouping.plan.evaluation import gap_of, text_of, without_roster
from grouping.taskforce.records import Release, TaskForceResult
from grouping.writing import replace_file

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from grouping.plan.evaluation import Evaluation
    from grouping.roster import Roster
    from grouping.taskforce.explaining import TaskForceExplanation
    from grouping.taskforce.judging import Judge, Verdict
    from grouping.taskforce.overlay import Overlay
    from grouping.taskforce.records import Service, TaskFinding
    from grouping.taskforce.schema import Task


class TaskForcePlan:
    """Temporary project groups laid over the standing ones; made by :func:`grouping.form_task_forces`.

    Immutable; equal when all records are. It never changes a standing plan.

    Parameters
    ----------
    result : the records
    roster : that it was made from; None when it was read from a file
    """

    def __init__(self, result: TaskForceResult, roster: Roster | None = None) -> None:
        self._result = result
        self._roster = roster

    @property
    def result(self) -> TaskForceResult:
        """The whole result as validated plain data."""
        return self._result

    @property
    def roster(self) -> Roster:
        """The roster it was made from, which every question about it needs.

        Raises
        ------
        InputError
            When it was read from a file, which holds no roster: give it back by :meth:`with_roster`.
        """
        if self._roster is None:
            raise without_roster("plan.with_roster(roster)")
        return self._roster

    def with_roster(self, roster: Roster) -> Self:
        """Return the same plan knowing its roster again, after :meth:`from_json`.

        Raises
        ------
        InputError
            When the plan does not hold by this roster: every fault that the verifier finds.
        """
        from grouping.taskforce.verifying import verify

        faults = verify(roster, self._result)
        if faults:
            raise InputError([Issue("other_roster", fault) for fault in faults])
        return type(self)(self._result, roster)

    @cached_property
    def _judge(self) -> Judge:
        from grouping.taskforce.judging import Judge

        return Judge(self.roster, self._result)

    @property
    def status(self) -> str:
        """Return "optimal" or "feasible"."""
        return self._result.status

    @property
    def cost(self) -> int:
        """Cost points, smaller is better; divided by ``result.scale`` they are weighted member-points."""
        return self._result.cost

    @property
    def cost_bound(self) -> int | None:
        """Proven lower limit of the cost; None when nothing is proven."""
        return self._result.cost_bound

    @property
    def gap(self) -> float | None:
        """(cost − bound) / cost, 0 when proven; None when nothing is proven."""
        return gap_of(self.cost, self.cost_bound)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks asked for."""
        return self._result.tasks

    @property
    def services(self) -> tuple[Service, ...]:
        """Who serves where, task by task, role by role."""
        return self._result.services

    @property
    def findings(self) -> tuple[TaskFinding, ...]:
        """What every task loses by every criterion; their points add up to the cost."""
        return self._result.findings

    @property
    def assignments(self) -> pd.DataFrame:
        """Who serves where.

        Returns
        -------
        DataFrame : a row per member and task: task, role, member_id, lead ("leader", "deputy" or "member"), waves (a
            tuple of numbers), starts, ends (of the whole presence), hours (of presence), releases (shifts), home
        """
        import pandas as pd

        taken: dict[tuple[str, str], int] = {}
        for release in self._result.releases:
            key = (release.task, release.member_id)
            taken[key] = taken.get(key, 0) + 1
        rows = [
            {
                "task": one.task,
                "role": one.role,
                "member_id": one.member_id,
                "lead": one.lead,
                "waves": one.waves,
                "starts": one.presence[0][0],
                "ends": one.presence[-1][1],
                "hours": sum((end - start).total_seconds() for start, end in one.presence) / 3600,
                "releases": taken.get((one.task, one.member_id), 0),
                "home": one.home,
            }
            for one in self.services
        ]
        columns = ["task", "role", "member_id", "lead", "waves", "starts", "ends", "hours", "releases", "home"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def releases(self) -> pd.DataFrame:
        """The shifts that people are taken out of.

        Returns
        -------
        DataFrame : a row per member and shift: task, member_id, day, code, team, department, begun
        """
        import pandas as pd

        rows = [release.model_dump() for release in self._result.releases]
        return pd.DataFrame(rows, columns=list(Release.model_fields))

    def members_of(self, task: str, role: str | None = None) -> tuple[str, ...]:
        """Return the ids of the members of a task, or of one of its roles."""
        return tuple(one.member_id for one in self.services if one.task == task and role in (None, one.role))

    def leader_of(self, task: str, lead: str = "leader") -> str | None:
        """Return the id of a task's leader, or of its ``"deputy"``."""
        return next((one.member_id for one in self.services if one.task == task and one.lead == lead), None)

    # --- questions --------------------------------------------------------------------------------------------------

    def explain(
        self, member: str | None = None, *, role: str | None = None, task: str | None = None
    ) -> TaskForceExplanation:
        """Answer why: why this person, who was next and by how much, and who was ruled out by what.

        Parameters
        ----------
        member : id of a member, who serves or not
        role, task : only in this role or task; one of the three is enough

        Returns
        -------
        TaskForceExplanation : text in English and Chinese, HTML, and a table of everybody thought of. Differences are
            exact: the plan with the other member in the seat is counted again

        Raises
        ------
        InputError
            When there is no such member, role or task, or the plan does not know its roster.

        Examples
        --------
        >>> import grouping as gp
        >>> roster = gp.read_roster(gp.sample_path("branch_42"))
        >>> tasks = gp.read_tasks(gp.sample_path("branch_42") / "tasks.json")
        >>> plan = gp.form_task_forces(roster, tasks[0])
        >>> leader = plan.leader_of(tasks[0].task_id)
        >>> why = plan.explain(leader)
        >>> why.seats[0].service.lead
        'leader'
        """
        from grouping.taskforce.explaining import explain

        return explain(self, self._judge, member, role, task)

    def what_if(self, task: str, role: str, *, out: str, in_: str) -> Verdict:
        """Return what it would be if one member served in place of another, in the same waves; exact.

        If the one who leaves leads, whoever suits best takes over. The plan stays as it is.

        Parameters
        ----------
        task, role : ids of the seat
        out, in_ : ids of who leaves and who comes

        Returns
        -------
        Verdict : cost, change, what rules it would break, and the change by task and criterion as a table

        Raises
        ------
        InputError
            When there is no such seat or member, or the one who comes serves in the task already.
        """
        return self._judge.exchange(task, role, out, in_)

    def alternatives(self, count: int = 3, *, time_limit: float = 30.0) -> list[TaskForcePlan]:
        """Return the next best plans, each without at least one of the people of this plan and of those before it.

        Parameters
        ----------
        count : how many at most; fewer when there are no more, or the time runs out
        time_limit : seconds in all
        """
        from grouping.taskforce.revising import alternatives

        return alternatives(self.roster, self, count, time_limit)

    def reserve(self, count: int = 2) -> pd.DataFrame:
        """Return for every role the next people: those who can stand in for any one of its members.

        Parameters
        ----------
        count : people for each role

        Returns
        -------
        DataFrame : task, role, rank, member_id, stands_in_for (for how many of the role's members all rules would be
            kept), of (how many the role has), least_change and most_change of the cost (cost points). Those who can
            stand in for more come first, then the cheaper ones
        """
        from grouping.taskforce.revising import reserve

        return reserve(self._judge, count)

    def revise(
        self, ill: Iterable[str] = (), *, tasks: Sequence[Task] | None = None, time_limit: float = 30.0
    ) -> TaskForcePlan:
        """Return a plan without those who fell ill, or for tasks that have changed, with the fewest changes.

        A change is a seat that is lost, a seat that is new, or a leader or deputy who does not lead any more; that the
        deputy steps in for the leader is none. Among the plans with the fewest changes it is the cheapest. A rule that
        excludes the ill stands in its policy; ``result.provenance["revised"]`` tells whether the number of changes is
        proven to be the fewest.

        Parameters
        ----------
        ill : ids of members who cannot serve any more
        tasks : all tasks as they are now; None leaves them
        time_limit : seconds in all

        Raises
        ------
        InfeasibleError
            When no plan keeps the rules any more.
        """
        from grouping.taskforce.revising import revise

        return revise(self.roster, self, ill, tasks, time_limit)

    def changes(self, other: TaskForcePlan) -> pd.DataFrame:
        """Return what is different in another plan.

        Returns
        -------
        DataFrame : a row per change: task, member_id, role, what ("comes", "leaves", "role", "waves" or "lead"),
            before, after
        """
        from grouping.taskforce.revising import changes

        return changes(self, other)

    # --- tables and forms -------------------------------------------------------------------------------------------

    def roster_by_role(self) -> pd.DataFrame:
        """Return who is where when.

        Returns
        -------
        DataFrame : a row per member and presence, by task, role and time: task, role, day, wave (NA in a task without
            waves), member_id, lead, starts, ends, hours
        """
        from grouping.taskforce.listing import roster_by_role

        return roster_by_role(self)

    def history(self, until: dt.date | None = None) -> pd.DataFrame:
        """Return past service, as ``history=`` of :func:`grouping.form_task_forces` takes it.

        Parameters
        ----------
        until : only task forces that have dissolved before this day (``dissolves_on``, else the end of the task); None
            takes all

        Returns
        -------
        DataFrame : a row per member and task: member_id, task, role, starts, ends, dissolves_on, days (of presence)
        """
        from grouping.taskforce.listing import history

        return history(self, until)

    def over(self, standing: Evaluation) -> Overlay:
        """Lay the task forces over standing groups; ``standing.with_task_forces(plan)`` is the same.

        Raises
        ------
        InputError
            When a member who serves is in no standing group.
        """
        from grouping.taskforce.overlay import lay

        return lay(standing, self)

    def approval_form(self, task: str, *, lang: str = "zh", names: bool = False) -> dict[str, Any]:
        """Return the fields of the form by which a task force is set up (临时党小组成立审批表), as plain data.

        What nobody has told is "": reason, opinion of the committee, standing groups where there are none. The wording
        is that of a proposal.

        Parameters
        ----------
        task : its id
        lang : of the field names and words, "zh" or "en"
        names : whether members are named beside their ids; the plan has to know its roster

        Returns
        -------
        dict : field → text, and for the members a list of dicts
        """
        from grouping.taskforce.forms import approval_form

        return approval_form(self, task, lang, names)

    def plot(self, task: str | None = None, *, ax: Any = None, lang: str = "en") -> Any:
        """Draw who is present when, member by member, with the shifts they have by the rota behind.

        Needs matplotlib (the extra ``plot``); for Chinese it takes a Chinese font of the machine, or of the package
        zhplot if that is installed.

        Parameters
        ----------
        task : only this one; None draws all
        ax : axes of matplotlib to draw on; None makes new ones
        lang : "en" or "zh"

        Returns
        -------
        Axes

        Raises
        ------
        ModuleNotFoundError
            When matplotlib is not installed.
        """
        from grouping.taskforce.plotting import plot

        return plot(self, task, ax, lang)

    def to_json(self, path: str | PathLike[str] | None = None) -> str:
        """Return the whole plan as JSON, and write it to a file if a path is given."""
        text = self._result.model_dump_json(exclude_defaults=True, indent=1)
        if path is not None:
            replace_file(path, (text + "\n").encode("utf-8"))
        return text

    def to_csv(self, path: str | PathLike[str], *, names: bool = False) -> None:
        """Write :meth:`roster_by_role` as CSV in utf-8-sig, which Excel opens rightly; whole or not at all.

        Texts that a spreadsheet would take for a formula get a leading apostrophe.

        Parameters
        ----------
        path : of the file
        names : whether members are named beside their ids; the plan has to know its roster
        """
        from grouping.plan.tables import csv_bytes

        table = self.roster_by_role()
        if names:
            people = {member.member_id: member.name or "" for member in self.roster.members}
            table.insert(list(table.columns).index("member_id") + 1, "name", table["member_id"].map(people))
        replace_file(path, csv_bytes(table))

    @classmethod
    def from_json(cls, source: str | PathLike[str]) -> Self:
        """Return the plan that :meth:`to_json` wrote.

        Parameters
        ----------
        source : path of a file, or the JSON text itself

        Raises
        ------
        InputError
            When it is no such file, or its numbers contradict each other.
        """
        text, name = text_of(source)
        try:
            return cls(TaskForceResult.model_validate(json.loads(text)))
        except ValidationError as error:
            faults = [
                Issue("bad_plan", entry["msg"], file=name, column=".".join(map(str, entry["loc"])) or None)
                for entry in error.errors(include_url=False, include_input=False, include_context=False)
            ]
            raise InputError(faults) from None
        except ValueError as error:
            raise InputError(Issue("bad_syntax", f"is not valid JSON: {error}", file=name)) from error

    def __eq__(self, other: object) -> bool:
        """Tell whether all records are equal."""
        return isinstance(other, TaskForcePlan) and other._result == self._result

    def __hash__(self) -> int:
        """Return a hash of who serves where."""
        return hash(self._result.services)

    def describe(self, lang: str = "en") -> str:
        """Return the plan in words: who serves, which shifts they leave, and what it costs; members by id only.

        Parameters
        ----------
        lang : "en" or "zh"
        """
        from grouping.taskforce.describing import text

        return text(self, lang)

    def __str__(self) -> str:
        """Return the plan in words."""
        return self.describe()

    def _repr_html_(self) -> str:
        """Return the plan for a notebook."""
        from grouping.taskforce.describing import html

        return html(self)

    def __repr__(self) -> str:
        """Return the tasks, the seats and the status."""
        return f"TaskForcePlan({len(self.tasks)} tasks, {len(self.services)} seats, {self.status}, cost {self.cost})"
