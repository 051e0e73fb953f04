"""Who owns which points: scored divisions taken apart line by line, and the difference of two of them to the point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

from grouping.policy.criterion import PRINCIPLES
from grouping.problem import Focus

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.building import Scored


class Line(NamedTuple):
    """What one line of the account is about.

    Attributes
    ----------
    principle, criterion : which wish
    part, group : which group, of which branch; "" for what no single group pays
    member : id of the member who owns the points; "" for what the group pays as a whole, such as its size or leader
    """

    principle: str
    criterion: str
    part: str
    group: str
    member: str


@dataclass(frozen=True)
class Account:
    """The cost of a division, line by line.

    Attributes
    ----------
    points : cost points of every line that is not 0; they add up to the cost
    scale : cost points of one member-point
    members : how many members are in a group
    """

    points: Mapping[Line, int]
    scale: int
    members: int

    @property
    def cost(self) -> int:
        """The sum of all lines."""
        return sum(self.points.values())

    def flat(self) -> Account:
        """Return the account without telling parts apart, for divisions that have other parts."""
        points: Counter[Line] = Counter()
        for line, value in self.points.items():
            points[line._replace(part="")] += value
        return Account(points, self.scale, self.members)

    def loss(self, points: int) -> Fraction:
        """Return what cost points take from the score."""
        return Fraction(points, self.scale * self.members) if self.members else Fraction(0)


@dataclass(frozen=True)
class Difference:
    """One line before and after a change, or of the ideal (0) and of what is.

    Attributes
    ----------
    principle, criterion, part, group, member : see :class:`Line`
    before, after : cost points; smaller is better
    score : what the line does to the score of the division; larger is better
    """

    principle: str
    criterion: str
    part: str
    group: str
    member: str
    before: int
    after: int
    score: Fraction

    @property
    def key(self) -> Line:
        """What the line is about."""
        return Line(self.principle, self.criterion, self.part, self.group, self.member)

    @property
    def change(self) -> int:
        """Cost points that are added; below 0 where something is gained."""
        return self.after - self.before


@dataclass(frozen=True)
class Comparison:
    """Two scored divisions, one line for every wish, group and member where they differ or where points are.

    Attributes
    ----------
    lines : the differences; their changes add up to the change of the cost, their scores to the change of the score
    scale : cost points of one member-point, in all lines
    members : how many members are in a group, before and after
    """

    lines: tuple[Difference, ...]
    scale: int
    members: tuple[int, int]

    @property
    def cost(self) -> int:
        """How much the cost changes."""
        return sum(line.change for line in self.lines)

    @property
    def score(self) -> Fraction:
        """How much the score changes, exactly."""
        return sum((line.score for line in self.lines), Fraction(0))

    def by(self, key: Callable[[Difference], str]) -> dict[str, Comparison]:
        """Return the lines sorted into comparisons of their own, in the order in which keys are met."""
        found: dict[str, list[Difference]] = {}
        for line in self.lines:
            found.setdefault(key(line), []).append(line)
        return {name: Comparison(tuple(lines), self.scale, self.members) for name, lines in found.items()}

    def to_frame(self) -> pd.DataFrame:
        """Return a row per line: principle, criterion, part, group, member_id ("" for the group as a whole), before,
        after, change (cost points, integers), score.
        """
        import pandas as pd

        columns = ["principle", "criterion", "part", "group", "member_id", "before", "after", "change", "score"]
        rows = [(*line.key, line.before, line.after, line.change, float(line.score)) for line in self.lines]
        return pd.DataFrame(rows, columns=columns)

    def summed(self, *keys: str) -> pd.DataFrame:
        """Return :meth:`to_frame` summed over all lines with the same values of some columns, in their order."""
        table = self.to_frame()[[*keys, "before", "after", "change", "score"]]
        return table.groupby(list(keys), sort=False, as_index=False).sum()


def account(parts: Sequence[Scored], scale: int | None = None) -> Account:
    """Return the account of a division that is scored part by part.

    Points of a choice (when, where, which work …) belong to the members who have them; points of sizes, counts, pairs,
    leaders, and teams without members to the group as a whole.

    Parameters
    ----------
    parts : all of them, or those that are to be told apart
    scale : cost points of one member-point; None is the least that suits all parts
    """
    common = lcm(*(part.compiled.problem.scale for part in parts)) if scale is None else scale
    points: Counter[Line] = Counter()
    members = 0
    for part in parts:
        problem = part.compiled.problem
        people = problem.members
        members += int((part.group_of[problem.size > 0] >= 0).sum())
        entry_of = {t: entry for entry in part.compiled.entries if not entry.must for t in entry.terms}
        for found in part.score.parts:
            entry = entry_of.get(found.term)
            if entry is None or not found.points:
                continue
            term = problem.terms[found.term]
            factor = term.weight * (common // problem.scale)
            group = problem.groups[found.group].name if found.group >= 0 else ""
            shared = found.points
            if isinstance(term, Focus):
                for item, share in zip(found.items, found.shares, strict=True):
                    if item < people:
                        line = Line(entry.principle, entry.label, part.compiled.name, group, problem.keys[item])
                        points[line] += factor * share
                        shared -= share
            points[Line(entry.principle, entry.label, part.compiled.name, group, "")] += factor * shared
    return Account({line: value for line, value in points.items() if value}, common, members)


def from_ideal(after: Account) -> Comparison:
    """Return what a division loses against the ideal, a line for all that is lost."""
    return compared(Account({}, after.scale, after.members), after)


def compared(before: Account, after: Account) -> Comparison:
    """Return the difference of two divisions; lines that are the same in both are left out."""
    scale = lcm(before.scale, after.scale)
    old, new = scale // before.scale, scale // after.scale
    lines = []
    for line in _ordered({**before.points, **after.points}):
        first, then = before.points.get(line, 0), after.points.get(line, 0)
        score = before.loss(first) - after.loss(then)
        if old * first != new * then or score:
            lines.append(Difference(*line, old * first, new * then, score))
    return Comparison(tuple(lines), scale, (before.members, after.members))


def _ordered(lines: Iterable[Line]) -> list[Line]:
    """Return lines principle by principle, criteria in the order in which they are met."""
    met: dict[str, int] = {}
    listed = list(lines)
    for line in listed:
        met.setdefault(line.criterion, len(met))
    return sorted(listed, key=lambda x: (PRINCIPLES.index(x.principle), met[x.criterion], x.part, x.group, x.member))
