"""Where a newcomer fits best: every group, with what the division then costs, scored anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from grouping.plan.judging import Judge
from grouping.plan.pages import Grid, Page, Section
from grouping.plan.records import LANGUAGES, BrokenRule
from grouping.policy.compiling import without_members
from grouping.policy.wording import called
from grouping.roster.newcomer import newcomer

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.evaluation import Evaluation
    from grouping.roster import Member, Roster

_HEADS = {"group": "小组", "cost": "失分增加", "score": "得分", "change": "得分变化", "breaks": "违反的规则"}


@dataclass(frozen=True)
class Option:
    """One group for a newcomer.

    Attributes
    ----------
    group : its name
    cost : cost points that the division costs more with the newcomer in this group than with the newcomer in none
    score : of the division with the newcomer in this group
    change : by how much that is above the score without the newcomer
    points : member-points that each criterion takes more, by its name; criteria that stay the same are left out
    broken : rules that are broken only then
    evaluation : the whole division with the newcomer in this group
    """

    group: str
    cost: int
    score: float
    change: float
    points: Mapping[str, int]
    broken: tuple[BrokenRule, ...]
    evaluation: Evaluation = field(repr=False, compare=False)


@dataclass(frozen=True)
class Placing:
    """All groups for a newcomer, the best first: those that break no rule, then by cost.

    Attributes
    ----------
    member_id : of the newcomer
    options : the groups
    roster : the members and the newcomer
    """

    member_id: str
    options: tuple[Option, ...]
    roster: Roster = field(repr=False, compare=False)

    @property
    def best(self) -> Option:
        """The first of the options."""
        return self.options[0]

    def __len__(self) -> int:
        """Return the number of groups."""
        return len(self.options)

    def __iter__(self) -> Iterator[Option]:
        """Return the options, the best first."""
        return iter(self.options)

    def to_frame(self, lang: str = "en") -> pd.DataFrame:
        """Return the options as a table.

        Parameters
        ----------
        lang : of the broken rules, "en" or "zh"

        Returns
        -------
        DataFrame : a row per group, the best first: group, cost, score, change (of the score), breaks (sentences,
            "" for none), and a column for each criterion that makes a difference: member-points that it takes more
        """
        import pandas as pd

        if lang not in LANGUAGES:
            raise ValueError(f"lang is one of {', '.join(LANGUAGES)}")
        join = "；" if lang == "zh" else "; "
        names = dict.fromkeys(name for option in self.options for name in option.points)
        rows = [
            {
                "group": option.group,
                "cost": option.cost,
                "score": option.score,
                "change": option.change,
                "breaks": join.join(rule.sentence(lang) for rule in option.broken),
                **{name: option.points.get(name, 0) for name in names},
            }
            for option in self.options
        ]
        return pd.DataFrame(rows)

    def page(self, lang: str = "en") -> Page:
        """Return the table under its heading; ``lang`` is "en" or "zh"."""
        table = self.to_frame(lang)
        head = tuple(_HEADS.get(name, called(name, "zh")) if lang == "zh" else name for name in table.columns)
        rows = tuple(
            tuple(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row)
            for row in table.itertuples(index=False, name=None)
        )
        title = f"{self.member_id}可编入的小组" if lang == "zh" else f"groups for {self.member_id}"
        return Page(title, (Section("", (Grid(head, rows),)),))

    def describe(self, lang: str = "en") -> str:
        """Return the table as text, in "en" or "zh"."""
        return self.page(lang).text()

    def __str__(self) -> str:
        """Return the table as text."""
        return self.describe()

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        return self.page().html()


def place(plan: Evaluation, member: Member | Mapping[str, object] | pd.Series) -> Placing:
    """Return every group that a newcomer could join, the best first, with exact costs; nobody else moves.

    Parameters
    ----------
    plan : the division that is there; a plan, or one that was only evaluated
    member : a :class:`Member`, or a dict or Series with the headers of a roster, English or Chinese, read with the
        rotas, sites and teams of the plan's roster

    Returns
    -------
    Placing : groups of the newcomer's own branch only. ``placing.best.evaluation`` is the division with the newcomer,
        ``placing.roster`` the roster with the newcomer, to go on with

    Raises
    ------
    RosterError
        When the row cannot be read, or its id is taken.
    InputError
        When the plan was read from a file and does not know its roster.

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> today = gp.evaluate(roster, gp.Policy.balanced(size=(6, 14)))
    >>> placing = gp.place(today, {"工号": "HQ0099", "部门": "餐饮服务部", "班制": "CAN2W", "地点": "一号食堂"})
    >>> placing.best.group, len(placing)
    ('第二党小组(物业)', 4)
    """
    inputs = plan.inputs
    who = newcomer(inputs.roster, member)
    roster = replace(inputs.roster, members=(*inputs.roster.members, who))
    return _placing(Judge(roster, inputs.policy), plan.result.group_of, who.member_id)


def place_all(plan: Evaluation, roster: Roster) -> list[Placing]:
    """Return the groups for everybody in a roster who is not in the plan yet, each alone.

    Parameters
    ----------
    plan : the division that is there; need not know its roster
    roster : the members as they are now, with what it asks for them; those who have left are left out of the plan
    """
    seats = plan.result.group_of
    here = {member: group for member in roster.member_ids if (group := seats.get(member)) is not None}
    policy = without_members(plan.policy, seats.keys() - here.keys())
    found = []
    for who in roster.member_ids:
        if who not in seats:
            present = {*here, who}
            requests = tuple(request for request in roster.requests if present.issuperset(request.members))
            members = tuple(member for member in roster.members if member.member_id in present)
            found.append(_placing(Judge(replace(roster, members=members, requests=requests), policy), here, who))
    return found


def _placing(judge: Judge, group_of: Mapping[str, str], who: str) -> Placing:
    """Return the groups for a newcomer whom the judge's roster has, and the division does not."""
    without = judge.groups(group_of)
    part_of: dict[str, set[str]] = {}
    for seat in without.result.assignments:
        part_of.setdefault(seat.part, set()).add(seat.group)
    names = list(dict.fromkeys(group.group for group in without.result.groups))
    tried = judge.groups({**group_of, who: names[0]})
    home = next(seat.part for seat in tried.result.assignments if seat.member_id == who)
    mine = [name for name in names if name in part_of.get(home, ())] or names
    options = [_option(name, judge.groups({**group_of, who: name}), without) for name in mine]
    options.sort(key=lambda option: (sum(rule.amount for rule in option.broken), option.cost))
    return Placing(who, tuple(options), judge.inputs.roster)


def _option(name: str, trial: Evaluation, without: Evaluation) -> Option:
    known = {(rule.rule, rule.group): rule.amount for rule in without.violations}
    broken = tuple(rule for rule in trial.violations if rule.amount > known.get((rule.rule, rule.group), 0))
    before = {(row.principle, row.criterion): row.points for row in without.result.scores}
    more = {row.criterion: row.points - before.get((row.principle, row.criterion), 0) for row in trial.result.scores}
    return Option(
        group=name,
        cost=trial.cost - without.cost,
        score=trial.score,
        change=trial.score - without.score,
        points={criterion: points for criterion, points in more.items() if points},
        broken=broken,
        evaluation=trial,
    )
