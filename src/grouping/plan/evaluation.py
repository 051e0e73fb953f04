"""A scored division: its numbers as attributes, its tables as DataFrames, its text for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

from grouping.errors import InputError, Issue
from grouping.plan.records import SCHEMA_VERSION, BrokenRule, Finding, GroupSummary, Result
from grouping.plan.tables import compare, csv_bytes, frame
from grouping.policy.criterion import PRINCIPLES
from grouping.writing import replace_file

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.explaining import Explanation
    from grouping.plan.judging import Judge
    from grouping.plan.ranges import Sensitivity
    from grouping.policy.policy import Policy
    from grouping.roster import Roster

__all__ = ["Evaluation", "Plan", "compare"]


@dataclass(frozen=True)
class Inputs:
    """By what a division is scored.

    Attributes
    ----------
    roster : the members
    policy : what is wanted
    """

    roster: Roster
    policy: Policy


Laid = TypeVar("Laid", covariant=True)


class LaysOver(Protocol[Laid]):
    """Something that is laid over standing groups."""

    def over(self, standing: Evaluation) -> Laid:
        """Return itself laid over standing groups."""


class Evaluation:
    """How good a division is, by principle, criterion, group and member.

    Made by :func:`grouping.evaluate`; :class:`grouping.Plan` is an evaluation of a division that the solver found.
    Immutable; equal when all records are.

    Parameters
    ----------
    result : the records
    inputs : the roster and the policy by which it was scored; None when it was read from a file
    """

    _called: ClassVar[str] = "an evaluation"
    _judge: Judge | None = None

    def __init__(self, result: Result, inputs: Inputs | None = None) -> None:
        self._result = result
        self._inputs = inputs

    def __getstate__(self) -> dict[str, object]:
        """Return the state to pickle, without what is only kept to be quick."""
        return {**self.__dict__, "_judge": None}

    @property
    def result(self) -> Result:
        """The whole result as validated plain data."""
        return self._result

    @property
    def inputs(self) -> Inputs:
        """The roster and the policy by which it was scored, which every question about it needs.

        Raises
        ------
        InputError
            When it was read from a file, which holds no roster: give it back by :meth:`with_inputs`.
        """
        if self._inputs is None:
            raise without_roster("plan.with_inputs(roster)")
        return self._inputs

    @property
    def judge(self) -> Judge:
        """What scores other divisions by the same roster and policy; kept, so that only the first question compiles.

        Raises
        ------
        InputError
            When it was read from a file, see :attr:`inputs`.
        """
        from grouping.plan.judging import Judge

        if self._judge is None:
            self._judge = Judge(self.inputs.roster, self.inputs.policy)
        return self._judge

    @property
    def policy(self) -> Policy:
        """The policy by which it was scored, also after :meth:`from_json`."""
        from grouping.policy.policy import Policy as Wanted

        return Wanted.from_dict(self._result.policy) if self._inputs is None else self._inputs.policy

    @property
    def known_roster(self) -> Roster | None:
        """The roster by which it was scored, None after :meth:`from_json`."""
        return None if self._inputs is None else self._inputs.roster

    def with_inputs(self, roster: Roster, policy: Policy | None = None) -> Self:
        """Return the same division knowing its roster again, after :meth:`from_json`.

        Parameters
        ----------
        roster : the members
        policy : by what it was scored; None is the policy that the file holds

        Raises
        ------
        InputError
            When the division scores otherwise by this roster and policy than it says.
        """
        from grouping.plan.judging import Judge

        inputs = Inputs(roster, self.policy if policy is None else policy)
        again = Judge(inputs.roster, inputs.policy).same(self)
        if (again.cost, again.result.scale) != (self.cost, self._result.scale):
            message = f"by this roster and policy the division scores {again.score:.4f}, not {self.score:.4f}"
            raise InputError(Issue("other_roster", message, advice="hand in the roster it was made from"))
        return type(self)(self._result, inputs)

    @property
    def score(self) -> float:
        """100 minus the weighted member-points lost per member who is in a group; 100 is ideal, larger is better."""
        return self._result.score

    @property
    def worst(self) -> float:
        """The score of the group that scores least; 100 without groups."""
        return min((group.score for group in self._result.groups), default=100.0)

    @property
    def cost(self) -> int:
        """The same as an integer, smaller is better: (100 − score) × ``result.scale`` × members in a group."""
        return self._result.cost

    @property
    def violations(self) -> tuple[BrokenRule, ...]:
        """The rules that the division breaks; empty for every plan of the solver."""
        return self._result.violations

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What every group loses by every criterion; their points add up to the cost."""
        return self._result.findings

    @property
    def principles(self) -> dict[str, float]:
        """The score of each principle, the weighted mean of its criteria; nan where nothing of it was judged."""
        found = {}
        for principle in PRINCIPLES:
            rows = [row for row in self._result.scores if row.principle == principle]
            weight = sum(row.weight for row in rows)
            found[principle] = sum(row.weight * row.score for row in rows) / weight if weight else float("nan")
        return found

    @property
    def assignments(self) -> pd.DataFrame:
        """Where everybody is: part by part, in the order of the roster.

        Returns
        -------
        DataFrame : a row per member who is in a group: member_id, group, role ("leader", "deputy" or "member")
        """
        return frame(self._result.assignments, ["member_id", "group", "role"])

    @property
    def groups(self) -> pd.DataFrame:
        """What every group is.

        Returns
        -------
        DataFrame : a row per group: group, part (its branch, "" if there is one part only), size, full (full members
            among them), leader and deputy (member ids or None), session, place, work (what it shares), departments,
            continues (today's group that it goes on from), covers (teams without members, a tuple), attendance
            (share of the expected members who can come, 0..1 or NaN), score
        """
        return frame(self._result.groups, list(GroupSummary.model_fields))

    @property
    def scores(self) -> pd.DataFrame:
        """How every criterion came out; Σ weight × score is the score.

        Returns
        -------
        DataFrame : a row per criterion: principle ("convene", "act", "manage"), criterion, weight (its share of the
            score, 0..1), points (member-points lost; 100 is one member fully badly served), score
        """
        return frame(self._result.scores, ["principle", "criterion", "weight", "points", "score"])

    def to_frame(self, roster: Roster | None = None) -> pd.DataFrame:
        """Return one row per member with what the group does.

        Parameters
        ----------
        roster : adds name, department, team, shift pattern and site of each member

        Returns
        -------
        DataFrame : member_id, group, role, the roster's columns if given, session, place, work
        """
        groups = {(group.part, group.group): group for group in self._result.groups}
        table = self.assignments
        for column in ("session", "place", "work"):
            here = (groups.get((seat.part, seat.group)) for seat in self._result.assignments)
            table[column] = ["" if group is None else getattr(group, column) for group in here]
        if roster is None:
            return table
        shown = ["member_id", "name", "department", "team", "shift_pattern", "site"]
        people = roster.to_frame()[shown]
        front = [*shown, *(column for column in table.columns if column != "member_id")]
        return table.merge(people, on="member_id", how="left")[front]

    def to_csv(self, path: str | PathLike[str], roster: Roster | None = None) -> None:
        """Write :meth:`to_frame` as CSV in utf-8-sig, which Excel opens rightly; whole or not at all.

        Texts that a spreadsheet would take for a formula get a leading apostrophe. With ``roster`` the file holds
        the members' names.
        """
        replace_file(path, csv_bytes(self.to_frame(roster)))

    def to_json(self, path: str | PathLike[str] | None = None) -> str:
        """Return the whole result as JSON, and write it to ``path`` if given; :meth:`from_json` reads it back."""
        text = self._result.model_dump_json(indent=2)
        if path is not None:
            replace_file(path, (text + "\n").encode("utf-8"))
        return text

    @classmethod
    def from_json(cls, source: str | PathLike[str]) -> Self:
        """Read what :meth:`to_json` wrote.

        Parameters
        ----------
        source : a path, or the JSON text itself

        Raises
        ------
        InputError
            When it cannot be read, is not such a result, or was written by a newer version.
        """
        from pydantic import ValidationError

        text, file = text_of(source)
        try:
            data = json.loads(text)
        except ValueError as error:
            raise InputError(Issue("bad_result", f"is not JSON: {error}", file=file)) from None
        written = data.get("schema_version") if isinstance(data, dict) else None
        if isinstance(written, int) and written > SCHEMA_VERSION:
            message = f"was written by a newer version: schema {written}, and this version reads {SCHEMA_VERSION}"
            raise InputError(
                Issue("newer_schema", message, file=file, advice="update the package that provides grouping")
            )
        try:
            result = Result.model_validate_json(text)
        except ValidationError as error:
            issues = [
                Issue("bad_result", str(fault["msg"]), file=file, column=".".join(map(str, fault["loc"])) or None)
                for fault in error.errors(include_url=False, include_input=False)
            ]
            raise InputError([Issue("bad_result", f"is not {cls._called}", file=file), *issues]) from None
        if issubclass(cls, Plan) and result.status == "evaluated":
            advice = "read it by Evaluation.from_json"
            raise InputError(Issue("bad_result", "is an evaluation, not a plan", file=file, advice=advice))
        return cls(result)

    def changes(
        self,
        other: Evaluation | pd.DataFrame | Mapping[str, str] | str = "current_group",
        *,
        match: bool = False,
        reasons: bool = True,
        lang: str = "en",
    ) -> pd.DataFrame:
        """Return who is in another group than in an earlier division, and why (调整人员名单).

        Parameters
        ----------
        other : the earlier division: a plan or evaluation, a table or mapping as :func:`evaluate` takes it, or the name
            of an attribute; members who are no longer in the roster may be in it
        match : groups are the same where their names are; True finds instead which group goes on from which, so that
            as few members as possible have moved (``table.attrs["renamed"]`` then says old name → new name)
        reasons : False leaves them out, which needs no roster and is quicker for very many
        lang : of the reasons, "en" or "zh"

        Returns
        -------
        DataFrame : a row per member whose group differs: member_id, change ("joined", "left", "moved"), from, to
            ("" for no group), reason. The reason compares the division with the same one in which this member alone is
            in the old group (a newcomer: in the next best one), scored anew: points are member-points by criterion,
            those in brackets are served better or worse for it

        Examples
        --------
        >>> import grouping as gp
        >>> roster = gp.read_roster(gp.sample_path("branch_42"))
        >>> today = roster.to_frame().set_index("member_id")["current_group"].to_dict()
        >>> moved = gp.evaluate(roster, gp.Policy.balanced(), {**today, "HQ0001": today["HQ0042"]})
        >>> print(moved.changes()[["member_id", "from", "to"]].to_string(index=False))
        member_id       from         to
           HQ0001 第一党小组(餐饮) 第四党小组(安保综合)
        """
        from grouping.plan.changes import changes

        return changes(self, other, match=match, reasons=reasons, lang=lang)

    def lock(self, groups: Iterable[str] | None = None, members: Iterable[str] | None = None) -> Policy:
        """Return the policy by which it was scored, with rules that keep groups and members where they are.

        ``form_groups(roster, division.lock(…))`` then settles the rest. Works for a division made by hand, too: move
        somebody, :func:`evaluate`, lock what is right. Locks add up; of two about the same member the later one holds.

        Parameters
        ----------
        groups : names of groups that keep exactly their members, and their leader
        members : ids of members who stay in their groups, which others may join or leave; leaders stay in office.
            Neither locks everything

        Raises
        ------
        AssignmentError
            When there is no such group, or the member is in none.

        Examples
        --------
        >>> import grouping as gp
        >>> roster = gp.read_roster(gp.sample_path("branch_42"))
        >>> today = gp.evaluate(roster, gp.Policy.balanced(size=(6, 14)))
        >>> policy = today.lock(members=["HQ0012", "HQ0031"])
        >>> [rule.label for rule in policy.must if isinstance(rule, gp.Keep)]
        ['Keep(第二党小组(物业))', 'Keep(第四党小组(安保综合))']
        """
        from grouping.plan.locking import locked

        return locked(self._result, self.policy, groups, members)

    def with_task_forces(self, task_forces: LaysOver[Laid]) -> Laid:
        """Return what temporary project groups, laid over these groups, ask of the members; the groups stay the same.

        Parameters
        ----------
        task_forces : a :class:`grouping.TaskForcePlan`

        Returns
        -------
        Overlay : ``load`` is a table of who serves in which task besides the own group, for how long

        Raises
        ------
        InputError
            When a member who serves is in no group.
        """
        return task_forces.over(self)

    def describe(self, lang: str = "en") -> str:
        """Return the division in words: scores, groups, and what each group loses by which criterion.

        Parameters
        ----------
        lang : "en" or "zh"
        """
        from grouping.plan.rendering import text

        return text(self, lang)

    def explain(self, member: str | None = None, *, group: str | None = None, swaps: bool | None = None) -> Explanation:
        """Answer why: why a member is in this group, what a group is good for, or what the whole division is.

        Parameters
        ----------
        member : id of a member: what they get in their group, every other group ranked by what it would cost or gain,
            and the rules that decide where rules do
        group : name of a group instead: a paragraph under each of the three principles, with figures
        swaps : whether exchanges with a member of the other group are looked at, too; None looks at them when every
            move breaks a rule. Each exchange takes about a millisecond

        Returns
        -------
        Explanation : text in English and Chinese, tables, findings that add up to the difference it explains: for a
            member to the best alternative, for a group to the ideal, for the whole (neither is given) to today's
            division where the roster has one, else to the ideal

        Raises
        ------
        InputError
            When the division was read from a file (see :meth:`with_inputs`), both are given, or there is no such
            member or group.

        Examples
        --------
        >>> import grouping as gp
        >>> roster = gp.read_roster(gp.sample_path("branch_42"))
        >>> today = gp.evaluate(roster, gp.Policy.balanced(size=(6, 12)))
        >>> why = today.explain("HQ0016")
        >>> int(why.to_frame()["change"].sum()) == why.cost_change
        True
        """
        from grouping.plan.explaining import explain

        return explain(self, member, group, swaps)

    def __str__(self) -> str:
        """Return the division in words."""
        return self.describe()

    def __repr__(self) -> str:
        """Return the numbers in one line."""
        broken = f", {len(self.violations)} rules broken" if self.violations else ""
        return f"{type(self).__name__}({len(self._result.groups)} groups, score {self.score:.2f}{broken})"

    def _repr_html_(self) -> str:
        """Return the division for a notebook."""
        from grouping.plan.rendering import html

        return html(self)

    def __eq__(self, other: object) -> bool:
        """Tell whether two evaluations hold the same records."""
        return type(other) is type(self) and isinstance(other, Evaluation) and self._result == other._result

    def __hash__(self) -> int:
        """Return a hash of cost and members."""
        return hash((self.cost, self._result.assignments))


class Plan(Evaluation):
    """A division that the solver found, that passed the independent scorer, and what is proven about it.

    Made by :func:`grouping.form_groups`.
    """

    _called: ClassVar[str] = "a plan"

    @property
    def status(self) -> str:
        """Whether it is proven that no division scores more: "optimal" if so, else "feasible"."""
        return self._result.status

    @property
    def bound(self) -> float | None:
        """Proven upper limit of the score of any division; None when nothing is proven."""
        return self._result.bound

    @property
    def worst_bound(self) -> float | None:
        """Proven upper limit of :attr:`worst` in any division; None unless the policy says ``fairness="worst"``.

        ``bound`` is then about the divisions whose worst group is as good as here, and "optimal" means that both
        limits are met.
        """
        return self._result.worst_bound

    @property
    def cost_bound(self) -> int | None:
        """Proven lower limit of the cost of any division; None when nothing is proven."""
        return self._result.cost_bound

    @property
    def gap(self) -> float | None:
        """(cost − cost bound) / cost: how much of what is lost might still be saved; None when nothing is proven."""
        return gap_of(self.cost, self.cost_bound)

    @property
    def provenance(self) -> dict[str, Any]:
        """Which engine found the plan, which proved the bound, why it stopped, seconds, seed and versions."""
        return dict(self._result.provenance)

    def sensitivity(self, *, time_limit: float = 60.0, seed: int = 0, workers: int = 2) -> Sensitivity:
        """Tell how much every weight may change, alone, before another division is better.

        Weights are turned and the problem is solved again, until the weight is found to a hundredth at which another
        division is better; nothing is guessed. What is not settled within the time is said to be unknown.

        Parameters
        ----------
        time_limit : seconds, shared by all weights. A branch of some 40 members takes a few seconds for each end of a
            range
        seed : of all random choices
        workers : of CP-SAT

        Returns
        -------
        Sensitivity : a range for the weight of every principle and criterion, with what is better beyond its ends

        Raises
        ------
        InputError
            When the plan is not proven optimal, was read from a file (see :meth:`with_inputs`), has
            ``fairness="worst"``, or a rule limits the whole plan (``MaxMoves``).

        Examples
        --------
        >>> import grouping as gp
        >>> roster = gp.read_roster(gp.sample_path("branch_42")).select([f"HQ{n:04d}" for n in range(1, 13)])
        >>> wanted = gp.Policy(size=(4, 6), must=[], prefer=[gp.Travel(), gp.FewDepartments()])
        >>> plan = gp.form_groups(roster, wanted, time_limit=10)
        >>> found = plan.sensitivity(time_limit=10)
        >>> [(entry.principle, entry.lo <= entry.weight <= entry.hi) for entry in found.ranges if not entry.criterion]
        [('convene', True), ('manage', True)]
        """
        from grouping.plan.sensitivity import sensitivity

        return sensitivity(self, time_limit=time_limit, seed=seed, workers=workers)

    def __repr__(self) -> str:
        """Return the numbers in one line."""
        limit = "" if self.bound is None or self.status == "optimal" else f", bound {self.bound:.2f}"
        return f"Plan({self.status}, {len(self._result.groups)} groups, score {self.score:.2f}{limit})"


def gap_of(cost: int, bound: int | None) -> float | None:
    """Return (cost − bound) / cost, 0 for what costs nothing; None when nothing is proven."""
    if bound is None:
        return None
    return (cost - bound) / cost if cost else 0.0


def without_roster(advice: str) -> InputError:
    """Return the error of a plan that is asked about but was read from a file."""
    return InputError(Issue("no_roster", "read from a file, it does not know its roster", advice=advice))


def text_of(source: str | PathLike[str]) -> tuple[str, str | None]:
    """Return JSON that is handed in as a text or as the path of a file, and the name of the file, if it is one."""
    if isinstance(source, str) and source.lstrip()[:1] == "{":
        return source, None
    file = Path(source)
    try:
        return file.read_text(encoding="utf-8-sig"), file.name
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Issue("unreadable", f"cannot be read: {type(error).__name__}", file=file.name)) from None
