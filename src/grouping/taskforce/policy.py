"""How temporary project groups are chosen: limits, what counts how much, and rules about named members.

What each criterion counts, in member-points (100 is one member fully badly served):

============ ==========================================================================================================
Trade        100 for a member whose business line is not of the role's trade: the role's lines, else the lines that
             most members with the role's skills have (several, if as many have them); 0 where no line is known
Level        100 × (best − level) // (best − worst) of the members with the role's skills, 0 where all levels are the
             same; 100 without a level; 0 where none of them has one, or the policy names no level attribute
Nearness     min(100, 100 × minutes // far_minutes). Planned: once a member, from the own site to the role's; 0 where
             either is unknown. Emergency: in each wave (else in the first presence) the way of the response, see
             ``response_minutes``: from the own site when on duty as it begins (0 where a site is unknown), else
             ``home_minutes``
LeaderFit    100 − fit of the leader, and half of it, rounded down, of the deputy; fit is that of ``LeaderFit`` of
             standing groups, over the whole roster; 0 where it has neither assessments nor nominations
Releases     ``release_points`` for every shift released, begun ones too
CallIns      ``call_in_points`` for every presence off duty: in an emergency, of who is not on duty as it begins; in a
             planned task, of who has no shift that overlaps it; by the rota, before any release
RestBroken   ``rest_points`` for every presence in the rest after a shift, unless a begun shift is running as it begins
ShareTaken   100 × k² // n for a home group of n members of which a task takes k
HomeGroups   100 for every home group in a task beyond the first
Strangers    50 for a member who is the only one of the home group in the task: less than one more person costs
PastService  min(100, 100 × days // service_days) for a member who has served so many days before
Wishes       100 for each task in which members wished together are in and out; for each member beyond the first of
             those wished apart; for each member that is not where wished by ``pin``; for each that is where ``forbid``
             or ``exclude`` wish they were not
============ ==========================================================================================================

A member's home group is the standing group of the plan handed in, else ``current_group``, else the team, else the
department.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from grouping.errors import Issue, PolicyError
from grouping.taskforce.schema import Rounding, Strictness, Task, TaskRecord, TaskRule

CRITERIA: dict[str, str] = {
    "Trade": "act",
    "Level": "act",
    "Nearness": "act",
    "LeaderFit": "act",
    "Releases": "convene",
    "CallIns": "convene",
    "RestBroken": "convene",
    "ShareTaken": "convene",
    "HomeGroups": "manage",
    "Strangers": "manage",
    "PastService": "manage",
    "Wishes": "manage",
}
"""Criterion → principle, in the order in which findings are listed."""
PRINCIPLES = ("convene", "act", "manage")
_LARGEST_DENOMINATOR = 1000


class TaskPolicy(TaskRecord):
    """Limits and weights for choosing the members of temporary project groups.

    A task's own ``limits`` go before these. Every number is a parameter with a source or an illustration of ours.

    Attributes
    ----------
    max_releases : most shifts in all from which a task releases people; None sets no limit
    max_releases_per_member : the same of one member
    max_share_from_one_team, max_share_from_one_group : share of a team's or standing group's members that a task may
        take, and that all tasks with such a limit together may have at one time (the largest of their limits); None
        is half of a team in planned tasks, and no limit for emergencies and groups
    max_share_rounding : "ceil" or "floor", where the share is no whole number
    keep_on_duty : people who stay on duty in every shift (team, day, code) that somebody is released from; a shift
        that had fewer to begin with loses nobody
    count_employees : whether colleagues outside the roster count as staying: a team's ``employees`` less its members
        in the roster, spread evenly over the crews of its rota, rounded down; a third of them where hours are irregular
    protected_rest : rest after a shift is the longer of its ``recovery_hours`` and ``rest_before_hours``. Shifts that
        can still be released are, where presence would fall into their rest; of shifts already begun when an emergency
        starts, presence in their rest is forbidden ("must"), only where nobody else can ("prefer"), or allowed
        ("ignore"; then no shift is released for its rest either). None is "must", and "prefer" for emergencies
    rest_before_hours, rest_after_hours : between the end of a shift and presence, and between presence and the
        beginning of the next shift, at least; a shift too near is released
    max_wave_hours : longest wave (12 h; 劳动法 36, 41 limit the day, 42 lifts it for emergencies)
    max_waves_per_member, rest_between_waves_hours : of one member in one task, and to another task of the plan
    overtime_hours : most hours a month beyond the shifts released, planned tasks only (36 h: 劳动法 41; 42 lifts it
        for emergencies); a task's limit holds in the months to which it adds hours; None sets no limit. How long
        somebody works on one day is what the task asks for (``daily``): no limit is set on it
    on_duty_first : whether people who are not on duty when they are needed cost points (``CallIns``)
    exclude_participation : members of these kinds of participation take no part
    requests : whether the roster's own "apart" and "not leader" requests hold
    home_minutes : way of a member who is off duty, as homes are not known
    far_minutes : way that counts as one member fully badly served
    level : attribute that holds the skill level, a larger number is better; None judges none
    service_days : days of past service that count as one member fully badly served
    release_points, call_in_points, rest_points : member-points of one released shift, of one presence (day or wave)
        that begins off duty, and of one broken rest
    must, prefer : rules and wishes about named members
    principles, weights : weights of the principles "convene", "act", "manage", and of the criteria within them

    Examples
    --------
    >>> TaskPolicy(max_share_from_one_team=0.5, weights={"Nearness": 2}).weight("Nearness")
    Fraction(2, 1)
    """

    max_releases: int | None = Field(default=None, ge=0)
    max_releases_per_member: int | None = Field(default=None, ge=0)
    max_share_from_one_team: float | None = Field(default=None, ge=0, le=1)
    max_share_from_one_group: float | None = Field(default=None, ge=0, le=1)
    max_share_rounding: Rounding = "ceil"
    keep_on_duty: int = Field(default=1, ge=0)
    count_employees: bool = True
    protected_rest: Strictness | None = None
    rest_before_hours: float = Field(default=8, ge=0)
    rest_after_hours: float = Field(default=8, ge=0)
    max_wave_hours: float = Field(default=12, gt=0)
    max_waves_per_member: int | None = Field(default=2, ge=1)
    rest_between_waves_hours: float = Field(default=12, ge=0)
    overtime_hours: float | None = Field(default=36, ge=0)
    on_duty_first: bool = True
    exclude_participation: tuple[str, ...] = ("excused", "online_only")
    requests: bool = True
    home_minutes: int = Field(default=25, ge=0)
    far_minutes: int = Field(default=30, ge=1)
    level: str | None = None
    service_days: int = Field(default=30, ge=1)
    release_points: int = Field(default=50, ge=0)
    call_in_points: int = Field(default=100, ge=0)
    rest_points: int = Field(default=1000, ge=0)
    must: tuple[TaskRule, ...] = ()
    prefer: tuple[TaskRule, ...] = ()
    principles: dict[str, float] = Field(default_factory=dict)
    weights: dict[str, float] = Field(default_factory=dict)

    @field_validator("principles", "weights")
    @classmethod
    def _known(cls, value: dict[str, float], info: Any) -> dict[str, float]:
        known = PRINCIPLES if info.field_name == "principles" else tuple(CRITERIA)
        wrong = [name for name in value if name not in known]
        if wrong:
            raise ValueError(f"unknown: {', '.join(wrong)}; one of {', '.join(known)}")
        if any(not 0 <= weight <= 1000 for weight in value.values()):
            raise ValueError("a weight is a number from 0 to 1000")
        return value

    @model_validator(mode="after")
    def _any_weight(self) -> Self:
        if not any(self.weight(name) for name in CRITERIA):
            raise ValueError("all weights are 0")
        return self

    def weight(self, criterion: str) -> Fraction:
        """Return the weight of a criterion times that of its principle, exactly."""
        parts = (self.weights.get(criterion, 1), self.principles.get(CRITERIA[criterion], 1))
        first, second = (Fraction(part).limit_denominator(_LARGEST_DENOMINATOR) for part in parts)
        return first * second

    @property
    def scale(self) -> int:
        """Cost points of one member-point at weight 1: the common denominator of the weights."""
        return math.lcm(*(self.weight(name).denominator for name in CRITERIA))

    def factor(self, criterion: str) -> int:
        """Return the cost points of one member-point of a criterion, a whole number."""
        return int(self.weight(criterion) * self.scale)

    def of(self, task: Task, name: str) -> Any:
        """Return the limit that holds for a task: its own, else the policy's.

        Without a word of either, ``protected_rest`` is "must" for planned tasks and "prefer" for emergencies, and
        ``max_share_from_one_team`` one half for planned tasks.
        """
        own = getattr(task.limits, name)
        value = getattr(self, name) if own is None else own
        if value is None and name == "protected_rest":
            return "prefer" if task.kind == "emergency" else "must"
        if value is None and name == "max_share_from_one_team" and task.kind == "planned":
            return 0.5
        return value

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as plain data that JSON and TOML can hold."""
        return self.model_dump(mode="json", exclude_none=True)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the policy that plain data describes; PolicyError lists every fault."""
        from pydantic import ValidationError

        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            faults = [
                Issue("bad_policy", entry["msg"], column=".".join(map(str, entry["loc"])) or None)
                for entry in error.errors(include_url=False, include_input=False, include_context=False)
            ]
            raise PolicyError(faults) from None
