"""What if: one change of a plan, its people or its policy, counted exactly, for everybody; the plan stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from grouping.plan.altering import alter
from grouping.plan.explaining import plain, who_of
from grouping.plan.ledger import Comparison, Difference, compared
from grouping.plan.pages import Page, Told
from grouping.plan.standing import as_it_is, newly_broken, standing

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.altering import Altered
    from grouping.plan.evaluation import Evaluation
    from grouping.plan.mending import Repair
    from grouping.plan.records import BrokenRule
    from grouping.policy.criterion import Criterion
    from grouping.roster import Member


@dataclass(frozen=True)
class WhatIf(Told):
    """A changed division beside the one it was; made by :func:`grouping.what_if`.

    Attributes
    ----------
    change : what changes, and how
    before : the division as it is
    evaluation : the changed division; it can be asked in turn
    comparison : the findings, and their sums
    broken : the rules that the change breaks, or breaks more than they are
    repair : the best division that keeps the change, where it was asked for
    """

    change: Altered
    before: Evaluation = field(repr=False)
    evaluation: Evaluation = field(repr=False)
    comparison: Comparison = field(repr=False)
    broken: tuple[BrokenRule, ...] = ()
    repair: Repair | None = None

    @property
    def score(self) -> float:
        """The score after the change."""
        return self.evaluation.score

    @property
    def cost(self) -> int:
        """The cost after the change."""
        return self.evaluation.cost

    @property
    def score_change(self) -> float:
        """How much the score changes; above 0 where something is gained."""
        return float(self.comparison.score)

    @property
    def cost_change(self) -> int:
        """How much the cost changes, below 0 where something is gained; at a common scale when weights change."""
        return self.comparison.cost

    @property
    def violations(self) -> tuple[BrokenRule, ...]:
        """All rules that the changed division breaks."""
        return self.evaluation.violations

    @property
    def assignments(self) -> pd.DataFrame:
        """Where everybody would be, see :attr:`grouping.Evaluation.assignments`."""
        return self.evaluation.assignments

    @property
    def findings(self) -> tuple[Difference, ...]:
        """The change line by line; see :meth:`to_frame`."""
        return self.comparison.lines

    def to_frame(self) -> pd.DataFrame:
        """Return the change line by line.

        Returns
        -------
        DataFrame : a row per finding that changes: principle, criterion, part, group, member_id ("" for what the group
            pays as a whole), before, after, change (cost points, integers; they add up to ``cost_change``), score
            (adds up to ``score_change``). Lines of the same points have a score where the number of members changes
        """
        return self.comparison.to_frame()

    @property
    def changes(self) -> pd.DataFrame:
        """What changes by criterion and group.

        Returns
        -------
        DataFrame : a row per criterion and group: principle, criterion, part, group, before, after, change, score
        """
        return self.comparison.summed("principle", "criterion", "part", "group")

    @property
    def members(self) -> pd.DataFrame:
        """What changes for whom, and who moves.

        Returns
        -------
        DataFrame : a row per member who moves, or whose own points change: member_id, from, to ("" for none), before,
            after, change (cost points that the member owns), score. What groups pay as a whole is nobody's own
        """
        import pandas as pd

        old, new = self.before.result.group_of, self.evaluation.result.group_of
        own = self.comparison.by(lambda line: line.member)
        rows = []
        for member in dict.fromkeys([*old, *new]):
            here, there = old.get(member, ""), new.get(member, "")
            lines = own[member].lines if member in own else ()
            before, after = sum(line.before for line in lines), sum(line.after for line in lines)
            if here != there or before != after:
                score = float(sum(line.score for line in lines))
                rows.append((member, here, there, before, after, after - before, score))
        columns = ["member_id", "from", "to", "before", "after", "change", "score"]
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data that JSON can hold; members by id."""
        found = {
            "change": self.change.kind,
            "facts": plain(dict(self.change.facts)),
            "score": self.score,
            "cost": self.cost,
            "score_change": self.score_change,
            "cost_change": self.cost_change,
            "scale": self.comparison.scale,
            "findings": self.to_frame().to_dict("records"),
            "members": self.members.to_dict("records"),
            "broken": plain(self.broken),
            "violations": plain(self.violations),
            "assignments": self.assignments.to_dict("records"),
        }
        if self.repair is not None:
            best = self.repair.evaluation
            found["repair"] = {
                "status": self.repair.status,
                "score": None if best is None else best.score,
                "cost": None if best is None else best.cost,
                "reasons": [str(reason) for reason in self.repair.reasons],
                "moved": plain(self.repair.moved),
            }
        return found

    def page(self, lang: str = "en", *, names: bool = False) -> Page:
        """Return the change as headings, paragraphs and tables; parameters as in :meth:`text`."""
        from grouping.plan.telling_changes import told_change

        return told_change(self, lang, who_of((self.before, self.evaluation), lang, names))


def what_if(
    plan: Evaluation,
    *,
    member: str | None = None,
    group: str | None = None,
    swap: Sequence[str] | None = None,
    leave: str | Iterable[str] | None = None,
    join: Member | Mapping[str, object] | pd.Series | None = None,
    merge: Sequence[str] | None = None,
    split: str | None = None,
    into: str | Iterable[str] | None = None,
    weight: Mapping[str, float] | None = None,
    principles: Mapping[str, float] | None = None,
    must: Criterion | Mapping[str, object] | Iterable[Criterion | Mapping[str, object]] | None = None,
    drop: str | Iterable[str] | None = None,
    assignments: pd.DataFrame | Mapping[str, str] | Evaluation | str | None = None,
    repair: bool = False,
    time_limit: float = 5.0,
    seed: int = 0,
) -> WhatIf:
    """Return what one change would do, exactly: by criterion, by group, by member, and which rules it would break.

    Nothing but the change happens: nobody else moves, but leaders, sessions, places, shared work and the care for
    teams without members are chosen anew as is best, as :func:`grouping.evaluate` does. The plan stays as it is.

    Parameters
    ----------
    plan : a plan or an evaluation
    member, group : the member goes to this group
    swap : two members change places
    leave : id or ids of members who leave; rules and wishes about them go with them
    join : a newcomer, who goes to ``group``: a :class:`Member`, or a row with the headers of a roster
    merge : two groups become one, which has the name of the first
    split : the group becomes two; ``into`` lists the members of the new one. None takes the best split: the best of
        all where they are at most 600, else one that no move or exchange of a member improves
    weight : wish → new weight, by its label or its name, such as {"Attendance": 2}; 0 drops it
    principles : principle → new weight
    must : a rule, or rules, to be added
    drop : label or labels of rules to be given up, as ``violations`` and ``policy.must`` have them
    assignments : any other division, in any form that :func:`grouping.evaluate` takes
    repair : True also looks for the best division that keeps the change: members whom it moves stay with the leader
        of the group they come to, merged groups stay one, a split group two, and everybody else in the branch may move
    time_limit, seed : of the repair, in seconds

    Returns
    -------
    WhatIf : exact numbers, tables, and text in English and Chinese

    Raises
    ------
    PolicyError
        When not exactly one change is asked for, or a criterion or rule is not known.
    InputError
        When a member or group is not known, nothing changes, or the plan was read from a file (see
        :meth:`Plan.with_inputs`).

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> today = gp.evaluate(roster, gp.Policy.balanced(size=(6, 12)))
    >>> moved = gp.what_if(today, member="HQ0021", group="第三党小组(运输医务)")
    >>> moved.cost == gp.evaluate(roster, today.inputs.policy, moved.assignments[["member_id", "group"]]).cost
    True
    >>> round(moved.score_change, 2), moved.broken
    (-0.11, ())
    """
    asked = {
        "member": member, "group": group, "swap": swap, "leave": leave, "join": join, "merge": merge, "split": split,
        "into": into, "weight": weight, "principles": principles, "must": must, "drop": drop,
        "assignments": assignments,
    }  # fmt: skip
    from grouping.plan.judging import Judge

    before = as_it_is(plan)
    altered = alter(plan.inputs, before, {key: value for key, value in asked.items() if value is not None})
    names = set(altered.division.group_of.values())
    same = altered.inputs is plan.inputs and names == set(before.division.group_of.values())
    judge = plan.judge if same else Judge(altered.inputs.roster, altered.inputs.policy)
    after = standing(judge, altered.division, before if same else None)
    evaluation = judge.judge(altered.division)
    old, new = before.account(), after.account()
    if {part.compiled.name for part in before.parts} != {part.compiled.name for part in after.parts}:
        old, new = old.flat(), new.flat()
    found = WhatIf(altered, plan, evaluation, compared(old, new), newly_broken(before.broken, after.broken))
    if not repair:
        return found
    from grouping.plan.forming import checked_limit  # brings in the solver, which the answer alone does not need
    from grouping.plan.mending import repaired

    limit = checked_limit(time_limit)
    return replace(found, repair=repaired(altered, before, judge, limit, seed))
