"""The result as plain, validated records: what JSON, tables and the command line all show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from grouping.policy.wording import called, option_called

SCHEMA_VERSION = 1
"""Raised when a file written by an older version could no longer be read as it is."""

LANGUAGES = ("en", "zh")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Seat(_Record):
    """Where one member is: a row of ``plan.assignments``.

    Attributes
    ----------
    part : the independent part (branch) that the member belongs to, "" if there is one part only
    """

    member_id: str
    group: str
    role: Literal["leader", "deputy", "member"] = "member"
    part: str = ""


class GroupSummary(_Record):
    """What one group is: a row of ``plan.groups``.

    Attributes
    ----------
    group, part : name, and the independent part (branch) it belongs to, "" if there is one part only
    size, full : members, and full members among them
    leader, deputy : member ids
    session, place, work, departments, continues : the options the group takes, "" where the policy does not ask
    covers : teams without members that it looks after
    attendance : share of the members expected who can come in state A or O, 0..1; None without Attendance
    score : 100 − its weighted points per member
    """

    group: str
    part: str = ""
    size: int
    full: int
    leader: str | None = None
    deputy: str | None = None
    session: str = ""
    place: str = ""
    work: str = ""
    departments: str = ""
    continues: str = ""
    covers: tuple[str, ...] = ()
    attendance: float | None = None
    score: float


class CriterionScore(_Record):
    """How one criterion came out over the whole plan: a row of ``plan.scores``.

    Attributes
    ----------
    weight : its share of the plan's score, 0..1
    points : member-points lost; 100 is one member fully badly served
    score : 100 − points per member
    """

    principle: str
    criterion: str
    weight: float
    points: int
    score: float


class Finding(_Record):
    """What one group loses by one criterion; the points of all findings add up to the cost.

    Attributes
    ----------
    criterion, principle : which one
    group, part : name and part of the group; "" for what no single group pays
    members : ids of the members concerned (teams without members as "team:…")
    points : cost points, that is member-points × ``result.scale`` × the criterion's weight in the part
    facts : what the sentence says: points (member-points), size, amount, option, holder, guilty
    """

    criterion: str
    principle: str
    group: str
    part: str = ""
    members: tuple[str, ...]
    points: int
    facts: dict[str, int | str]
    words: dict[str, str]

    def sentence(self, lang: str = "en", who: Callable[[str], str] = str) -> str:
        """Return the finding in words.

        Parameters
        ----------
        lang : "en" or "zh"
        who : how a member is called; by id if not told otherwise
        """
        shown = {"option": option_called(str(self.facts.get("option", "")), lang)}
        holder = str(self.facts.get("holder", ""))
        shown["holder"] = who(holder) if holder else {"zh": "（空缺）"}.get(lang, "nobody")
        return self.words.get(lang, self.words["en"]).format(**{**self.facts, **shown})


_BROKEN = {
    "size": ("{group} has {amount} members too many or too few", "{group}人数多出或不足{amount}人"),
    "groups": ("{amount} groups too many or too few", "小组数多出或不足{amount}个"),
    "unplaced": ("in no group: {members}", "未编入小组：{members}"),
    "place": ("{group} is too large by {amount} for any meeting place", "{group}比任何活动地点的容量多{amount}人"),
}
_SHOWN_IDS = 12


class BrokenRule(_Record):
    """A rule that a division breaks.

    Attributes
    ----------
    rule : its name; "size", "groups", "unplaced" and "place" are the sizes, the number of groups, members in no
        group, and rooms too small
    group : name of the group, "" when no single group is meant
    members : ids concerned
    amount : by how many members or points
    """

    rule: str
    group: str
    members: tuple[str, ...]
    amount: int

    def sentence(self, lang: str = "en", who: Callable[[str], str] = str) -> str:
        """Return the broken rule in words, long lists of members cut.

        Parameters
        ----------
        lang : "en" or "zh"
        who : how a member is called; by id if not told otherwise
        """
        zh = lang == "zh"
        ids = ("、" if zh else ", ").join(map(who, self.members[:_SHOWN_IDS]))
        if len(self.members) > _SHOWN_IDS:
            ids += f"…（共{len(self.members)}人）" if zh else f", … ({len(self.members)} in all)"
        if self.rule in _BROKEN:
            return _BROKEN[self.rule][zh].format(group=self.group, amount=self.amount, members=ids)
        if zh:
            return f"{self.group}不符合规则“{called(self.rule, lang)}”" + (f"：{ids}" if ids else "")
        where = f" in {self.group}" if self.group else ""
        return f"rule {self.rule} is broken{where}" + (f": {ids}" if ids else "")


class Result(_Record):
    """A scored division as plain data; the JSON form of a plan or an evaluation.

    Attributes
    ----------
    status : "optimal" or "feasible" for a plan; "evaluated" for a division that was only scored
    score, cost : of the division; score = 100 − cost / (scale × members in a group)
    bound, cost_bound : proven limits; None when nothing is proven. Where the worst group comes first, limits for the
        divisions whose worst group is as good, in every branch
    worst_bound : where the worst group comes first, the proven upper limit of its score; else None
    scale : cost points of one member-point
    unused : criteria that could not be judged, because the roster says nothing about them
    policy : what was asked, as :meth:`grouping.Policy.to_dict` writes it
    provenance : how the plan was found
    """

    schema_version: int = SCHEMA_VERSION
    status: Literal["optimal", "feasible", "evaluated"]
    score: float
    cost: int
    bound: float | None = None
    cost_bound: int | None = None
    worst_bound: float | None = None
    scale: int
    assignments: tuple[Seat, ...]
    groups: tuple[GroupSummary, ...]
    scores: tuple[CriterionScore, ...]
    findings: tuple[Finding, ...]
    violations: tuple[BrokenRule, ...] = ()
    unused: tuple[str, ...] = ()
    policy: dict[str, Any] = {}
    provenance: dict[str, Any] = {}

    @property
    def group_of(self) -> dict[str, str]:
        """Member id → name of the group, of all who are in one."""
        return {seat.member_id: seat.group for seat in self.assignments}

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Refuse claims that contradict the numbers."""
        if (self.bound is None) != (self.cost_bound is None):
            raise ValueError("bound and cost_bound come together")
        if self.cost_bound is not None and self.cost_bound > self.cost:
            raise ValueError("the bound is above the cost")
        if self.status == "optimal" and self.cost_bound != self.cost:
            raise ValueError("called optimal without a proof")
        worst = min((group.score for group in self.groups), default=100.0)
        if self.worst_bound is not None and self.worst_bound < worst:
            raise ValueError("the worst group scores more than its bound")
        if self.status == "optimal" and self.policy.get("fairness") == "worst" and self.worst_bound is None:
            raise ValueError("called optimal without a proof about the worst group")
        if self.status != "evaluated" and self.violations:
            raise ValueError("a plan that breaks a rule")
        return self
