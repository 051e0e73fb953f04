"""The result as plain, validated records: what JSON, tables and the command line all show."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

SCHEMA_VERSION = 1
"""Raised when a file written by an older version could no longer be read as it is."""

LANGUAGES = ("en", "zh")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Seat(_Record):
    """Where one member is: a row of ``plan.assignments``."""

    member_id: str
    group: str
    role: Literal["leader", "deputy", "member"] = "member"


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
    score : 0..100
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
    group : name of the group; "" for what no single group pays
    members : ids of the members concerned (teams without members as "team:…")
    points : cost points
    facts : what the sentence says: member_points, size, amount, option, holder, guilty
    """

    criterion: str
    principle: str
    group: str
    members: tuple[str, ...]
    points: int
    facts: dict[str, int | str]
    words: dict[str, str]

    def sentence(self, lang: str = "en") -> str:
        """Return the finding in words.

        Parameters
        ----------
        lang : "en" or "zh"
        """
        return self.words.get(lang, self.words["en"]).format(**self.facts)


class BrokenRule(_Record):
    """A rule that a division breaks.

    Attributes
    ----------
    rule : its name; "size", "groups" and "unplaced" are the sizes, the number of groups, and members in no group
    group : name of the group, "" when no single group is meant
    members : ids concerned
    amount : by how many members or points
    """

    rule: str
    group: str
    members: tuple[str, ...]
    amount: int

    def sentence(self, lang: str = "en") -> str:
        """Return the broken rule in words."""
        ids = ", ".join(self.members)
        if lang == "zh":
            return f"违反规则{self.rule}" + (f"（{self.group}）" if self.group else "") + (f"：{ids}" if ids else "")
        where = f" in {self.group}" if self.group else ""
        return f"rule {self.rule} is broken{where}" + (f": {ids}" if ids else "")


class Result(_Record):
    """A scored division as plain data; the JSON form of a plan or an evaluation.

    Attributes
    ----------
    status : "optimal" or "feasible" for a plan; "evaluated" for a division that was only scored
    score, cost : of the division; score = 100 − cost / (scale × members)
    bound, cost_bound : proven limits; None when nothing is proven
    scale : cost points of one member-point
    """

    schema_version: int = SCHEMA_VERSION
    status: Literal["optimal", "feasible", "evaluated"]
    score: float
    cost: int
    bound: float | None = None
    cost_bound: int | None = None
    scale: int
    assignments: tuple[Seat, ...]
    groups: tuple[GroupSummary, ...]
    scores: tuple[CriterionScore, ...]
    findings: tuple[Finding, ...]
    violations: tuple[BrokenRule, ...] = ()
    unused: tuple[str, ...] = ()
    policy: dict[str, Any] = {}
    provenance: dict[str, Any] = {}
