"""Why: what a member, a group and a whole division get and lose, and what anything else would cost or gain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from grouping.errors import InputError, Issue
from grouping.phrases import Phrase
from grouping.plan.divisions import Division
from grouping.plan.elsewhere import Alternative, alternatives
from grouping.plan.facts import Figures, GroupFacts, figures, group_facts
from grouping.plan.ledger import Comparison, Difference, compared, from_ideal
from grouping.plan.pages import Page, Told
from grouping.plan.standing import Standing, as_it_is, known_group, known_member, standing
from grouping.policy.criterion import PRINCIPLES
from grouping.policy.rules import Within
from grouping.problem import Focus

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.building import Scored
    from grouping.plan.evaluation import Evaluation
    from grouping.plan.records import Finding


@dataclass(frozen=True)
class Credit:
    """What a member gets by one criterion in the group they are in.

    Attributes
    ----------
    principle, criterion : which one
    option : what the group takes: the session, the place, the work …
    points : member-points that the member loses, 0 is full credit, 100 none
    """

    principle: str
    criterion: str
    option: str
    points: int


@dataclass(frozen=True)
class MemberFacts:
    """Where a member is, and why.

    Attributes
    ----------
    member, part : id and branch
    group, role, size : of the group; "" and 0 for a member in none
    credits : what the member gets by each criterion that speaks of single members
    shared : what the group loses as a whole: by its size, its leader, its newcomers …
    decided_by : rules that every other place would break; then they decide, not the points
    border : the rule that keeps the groups of other branches out of question, "" if there are none
    beyond : how many groups are out of question for that
    """

    member: str
    part: str
    group: str
    role: str
    size: int
    credits: tuple[Credit, ...]
    shared: tuple[Finding, ...]
    decided_by: tuple[str, ...]
    border: str = ""
    beyond: int = 0


@dataclass(frozen=True)
class Scores:
    """Scores and figures of a whole division.

    Attributes
    ----------
    score : of 100
    principles : principle → score
    criteria : (principle, criterion) → score
    figures : over all groups
    broken : how many rules it breaks
    """

    score: float
    principles: Mapping[str, float]
    criteria: Mapping[tuple[str, str], float]
    figures: Figures
    broken: int


@dataclass(frozen=True)
class PlanFacts:
    """A division as a whole, and today's.

    Attributes
    ----------
    members : in a group
    now, today : scores and figures; today None without a division in force
    better, worse : members who own fewer or more points than today
    """

    members: int
    now: Scores
    today: Scores | None
    better: int
    worse: int


@dataclass(frozen=True)
class Explanation(Told):
    """An answer to why, in words and in data; made by :meth:`grouping.Plan.explain`.

    Attributes
    ----------
    about : "member", "group" or "plan"
    subject : the member's id, the group's name, or ""
    against : what the findings compare with: "ideal", "today", or the group of the best alternative
    facts : the figures that the text speaks of
    comparison : the findings, and their sums
    division : what it is about
    alternatives : the other places of a member, the best one first
    """

    about: Literal["member", "group", "plan"]
    subject: str
    against: str
    facts: MemberFacts | GroupFacts | PlanFacts
    comparison: Comparison
    division: Evaluation = field(repr=False, compare=False)
    alternatives: tuple[Alternative, ...] = ()

    @property
    def findings(self) -> tuple[Difference, ...]:
        """The difference line by line; the changes add up to :attr:`cost_change`, the scores to
        :attr:`score_change`.
        """
        return self.comparison.lines

    @property
    def cost_change(self) -> int:
        """Cost points that are lost against the ideal, gained (below 0) against today, or that the best alternative
        would cost.
        """
        return self.comparison.cost

    @property
    def score_change(self) -> float:
        """What these points do to the score of the division: the sum of the findings' scores."""
        return float(self.comparison.score)

    def to_frame(self) -> pd.DataFrame:
        """Return the findings.

        Returns
        -------
        DataFrame : a row per finding: principle, criterion, part, group, member_id ("" for what the group pays as a
            whole), before, after, change (cost points, integers; below 0 is a gain), score (what it does to the score)
        """
        return self.comparison.to_frame()

    @property
    def ranking(self) -> pd.DataFrame:
        """The other places of a member.

        Returns
        -------
        DataFrame : a row per alternative, the best first: group, swap_with ("" for a move), cost_change and
            score_change (of the division), own_change (of the member's own cost points), breaks (labels of rules)
        """
        import pandas as pd

        columns = ["group", "swap_with", "cost_change", "score_change", "own_change", "breaks"]
        rows = [(a.group, a.partner, a.cost_change, a.score_change, a.own, a.rules) for a in self.alternatives]
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data that JSON can hold; members by id."""
        return {
            "about": self.about,
            "subject": self.subject,
            "against": self.against,
            "cost_change": self.cost_change,
            "score_change": self.score_change,
            "scale": self.comparison.scale,
            "facts": plain(self.facts),
            "findings": self.to_frame().to_dict("records"),
            "alternatives": [{**row, "breaks": list(row["breaks"])} for row in self.ranking.to_dict("records")],
        }

    def page(self, lang: str = "en", *, names: bool = False) -> Page:
        """Return the answer as headings, paragraphs and tables; parameters as in :meth:`text`."""
        from grouping.plan.telling import told

        return told(self, lang, who_of((self.division,), lang, names))


def plain(value: Any) -> Any:
    """Return facts as plain data: records as tables, tuples as lists, keys as texts."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {"/".join(key) if isinstance(key, tuple) else str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [plain(entry) for entry in value]
    return float(value) if isinstance(value, Fraction) else value


def who_of(divisions: Iterable[Evaluation], lang: str, names: bool) -> Callable[[str], str]:
    """Return how a member is called in a text: by id, or by name and id."""
    if not names:
        return str
    people = (member for division in divisions for member in division.inputs.roster.members)
    known = {member.member_id: member.name for member in people if member.name}
    form = "{name}（{member}）" if lang == "zh" else "{name} ({member})"
    return lambda member: form.format(name=known[member], member=member) if member in known else member


def explain(division: Evaluation, member: str | None, group: str | None, swaps: bool | None) -> Explanation:
    """Return what :meth:`grouping.Plan.explain` answers."""
    if member is not None and group is not None:
        message = Phrase("ask for a member or for a group, not for both", "成员与小组只能问其一")
        raise InputError(Issue("both", message, advice=Phrase("two calls", "分两次询问")))
    if member is not None:
        return _member(division, as_it_is(division), known_member(division.inputs.roster, member), swaps)
    if group is not None:
        before = as_it_is(division)
        return _group(division, before, known_group(before, group))
    return _plan(division, as_it_is(division))


def _member(division: Evaluation, before: Standing, member: str, swaps: bool | None) -> Explanation:
    part = before.parts[before.part_of(member)]
    group = before.division.group_of.get(member, "")
    ranked = alternatives(division.judge, before, member, swaps)
    decided: tuple[str, ...] = ()
    if ranked and all(one.breaks for one in ranked):
        common = [rule for rule in ranked[0].rules if all(rule in one.rules for one in ranked)]
        decided = tuple(common) or tuple(dict.fromkeys(rule for one in ranked for rule in one.rules))
    mine = set(part.compiled.roster.member_ids)
    beyond = {name for other, name in before.division.group_of.items() if other not in mine}
    seat = next((seat for seat in division.result.assignments if seat.member_id == member), None)
    facts = MemberFacts(
        member=member,
        part=part.compiled.name,
        group=group,
        role="" if seat is None else seat.role,
        size=sum(name == group for m, name in before.division.group_of.items() if m in mine) if group else 0,
        credits=_credits(part, member),
        shared=_shared(division, part, group),
        decided_by=decided,
        border=next((rule.label for rule in division.inputs.policy.must if isinstance(rule, Within)), "")
        if beyond
        else "",
        beyond=len(beyond),
    )
    if ranked:
        return Explanation("member", member, ranked[0].group, facts, ranked[0].comparison, division, ranked)
    return Explanation("member", member, "ideal", facts, _against_ideal(before, member=member), division)


def _credits(part: Scored, member: str) -> tuple[Credit, ...]:
    """Return what a member gets by every wish that speaks of single members."""
    problem = part.compiled.problem
    item = problem.keys.index(member)
    g = int(part.group_of[item])
    found = []
    for entry in part.compiled.entries:
        terms = {t: term for t in entry.terms if isinstance(term := problem.terms[t], Focus)}
        if entry.must or g < 0 or not any(term.points[: problem.members].any() for term in terms.values()):
            continue
        mine = [p for p in part.score.parts if p.term in terms and p.group == g]
        lost = sum(share for p in mine for i, share in zip(p.items, p.shares, strict=True) if i == item)
        choice = next(c for c in problem.choices if c.name == next(iter(terms.values())).choice)
        option = choice.labels[part.score.options[choice.name, g]]
        found.append(Credit(entry.principle, entry.label, option, lost))
    return tuple(found)


def _shared(division: Evaluation, part: Scored, group: str) -> tuple[Finding, ...]:
    """Return what the group loses by wishes that no single member owns."""
    problem = part.compiled.problem
    own = {
        entry.label
        for entry in part.compiled.entries
        if any(isinstance(t := problem.terms[i], Focus) and t.points[: problem.members].any() for i in entry.terms)
    }
    return tuple(
        finding
        for finding in division.findings
        if finding.points
        and (finding.part, finding.group) == (part.compiled.name, group)
        and finding.criterion not in own
    )


def _against_ideal(before: Standing, group: str | None = None, member: str | None = None) -> Comparison:
    """Return the findings of the whole, or those of one group or member, against the ideal."""
    whole = from_ideal(before.account())
    lines = tuple(
        line
        for line in whole.lines
        if (group is None or line.group == group) and (member is None or line.member == member)
    )
    return Comparison(lines, whole.scale, whole.members)


def _group(division: Evaluation, before: Standing, group: str) -> Explanation:
    parts = [part for part in before.parts if _holds(part, group)]
    if len(parts) > 1:
        names = [part.compiled.name for part in parts]
        en, zh = f"the group reaches into several branches: {', '.join(names)}", f"该小组跨多个支部：{'、'.join(names)}"
        message = Phrase(en, zh)
        raise InputError(Issue("several_parts", message, value=group))
    facts = group_facts(division, parts[0], group, before.division.group_of)
    return Explanation("group", group, "ideal", facts, _against_ideal(before, group=group), division)


def _holds(part: Scored, group: str) -> bool:
    problem = part.compiled.problem
    names = [one.name for one in problem.groups]
    return group in names and bool((part.group_of[: problem.members] == names.index(group)).any())


def _plan(division: Evaluation, before: Standing) -> Explanation:
    from grouping.plan.judging import Judge

    now = _scores(division, before)
    count = len(division.result.assignments)
    roster = division.inputs.roster
    if not any(member.current_group for member in roster.members):
        return Explanation("plan", "", "ideal", PlanFacts(count, now, None, 0, 0), _against_ideal(before), division)
    judge = Judge(roster, division.inputs.policy)
    old = Division({member.member_id: member.current_group for member in roster.members if member.current_group})
    then, today = standing(judge, old), judge.judge(old)
    change = compared(then.account(), before.account())
    own = [part.cost for name, part in change.by(lambda line: line.member).items() if name]
    facts = PlanFacts(count, now, _scores(today, then), sum(c < 0 for c in own), sum(c > 0 for c in own))
    return Explanation("plan", "", "today", facts, change, division)


def _scores(division: Evaluation, before: Standing) -> Scores:
    groups = [
        group_facts(division, part, name, before.division.group_of)
        for part in before.parts
        for name in dict.fromkeys(group.name for group in part.compiled.problem.groups)
        if _holds(part, name)
    ]
    judged = {
        type(entry.criterion).__name__ for part in before.parts for entry in part.compiled.entries if not entry.must
    }
    criteria = {(row.principle, row.criterion): row.score for row in division.result.scores}
    principles = {name: score for name, score in division.principles.items() if score == score and name in PRINCIPLES}
    return Scores(division.score, principles, criteria, figures(groups, judged), len(division.violations))
