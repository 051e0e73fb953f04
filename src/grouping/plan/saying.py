"""Small pieces of sentences in two languages: lists of members, changes of a score, names of principles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from grouping.plan.pages import Grid
from grouping.plan.rendering import WORDS
from grouping.policy.wording import called, option_called

if TYPE_CHECKING:
    from grouping.plan.ledger import Comparison
    from grouping.plan.records import BrokenRule, Finding

_SHOWN = 12
_ROWS = 12

_TEXTS = {
    "more": ("{ids}, … ({count} in all)", "{ids}等{count}人"),
    "rest": ("… {count} more", "……另有{count}人"),
    "loses": ("{criterion}: {sentence}", "{criterion}：{sentence}"),
    "lost": (" ({points} points)", "（失{points}分）"),
    "worst": (
        "The policy puts the worst group first, which would score {after:.2f} instead of {before:.2f}.",
        "本方案以得分最低的小组优先，最低组得分将由{before:.2f}分变为{after:.2f}分。",
    ),
    "worst_same": (
        "The policy puts the worst group first, which would still score {after:.2f}.",
        "本方案以得分最低的小组优先，最低组得分仍为{after:.2f}分。",
    ),
    "up": ("raised by {by:.2f}", "提高{by:.2f}分"),
    "down": ("lowered by {by:.2f}", "降低{by:.2f}分"),
    "same": ("unchanged", "不变"),
    "principle": ("principle", "原则"),
    "criterion": ("criterion", "标准"),
    "before": ("before", "变动前"),
    "after": ("after", "变动后"),
    "change": ("change of the score", "对全案得分的影响"),
    "member": ("member", "成员"),
}


@dataclass(frozen=True)
class Saying:
    """How things are said in one language.

    Attributes
    ----------
    lang : "en" or "zh"
    who : how a member is called
    texts : key → (English, Chinese)
    """

    lang: str
    who: Callable[[str], str]
    texts: Mapping[str, tuple[str, str]]

    def __call__(self, key: str, **facts: object) -> str:
        """Return a text with its facts filled in."""
        pair = self.texts[key] if key in self.texts else _TEXTS[key]
        return pair[self.lang == "zh"].format(**facts)

    @property
    def zh(self) -> bool:
        """Whether it is Chinese."""
        return self.lang == "zh"

    def joined(self, parts: Iterable[str]) -> str:
        """Return a list of things."""
        return ("、" if self.zh else ", ").join(parts)

    def clauses(self, parts: Iterable[str]) -> str:
        """Return sentences one after another, those that say nothing left out."""
        return ("" if self.zh else " ").join(part for part in parts if part)

    def members(self, ids: Iterable[str]) -> str:
        """Return members as a list, long ones cut."""
        listed = list(ids)
        shown = self.joined(map(self.who, listed[:_SHOWN]))
        return self("more", ids=shown, count=len(listed)) if len(listed) > _SHOWN else shown

    def principle(self, name: str) -> str:
        """Return the name of a principle."""
        return WORDS[self.lang][name]

    def criterion(self, label: str) -> str:
        """Return the name of a criterion or rule."""
        return called(label, self.lang)

    def option(self, option: str) -> str:
        """Return what a group takes."""
        return option_called(option, self.lang)

    def rules(self, labels: Iterable[str]) -> str:
        """Return rules by name."""
        return self.joined(map(self.criterion, labels))

    def loss(self, finding: Finding) -> str:
        """Return what a group loses by a criterion."""
        sentence = finding.sentence(self.lang, self.who)
        if "{points}" not in finding.words.get(self.lang, ""):
            sentence += self("lost", points=finding.facts["points"])
        return self("loses", criterion=self.criterion(finding.criterion), sentence=sentence)

    def rise(self, change: Fraction | float) -> str:
        """Return by how much a score rises or falls, in words."""
        by = round(float(change), 2)
        return self("up" if by > 0 else "down" if by < 0 else "same", by=abs(by))

    def worst(self, before: float, after: float) -> str:
        """Return what becomes of the group that scores least, for policies that put it first."""
        same = f"{before:.2f}" == f"{after:.2f}"
        return self("worst_same" if same else "worst", before=before, after=after)

    def broken(self, rules: Iterable[BrokenRule]) -> str:
        """Return broken rules in sentences."""
        return ("；" if self.zh else "; ").join(rule.sentence(self.lang, self.who) for rule in rules)

    def criteria(self, change: Comparison) -> Grid:
        """Return what every criterion adds to the change of the score."""
        rows = [
            (self.principle(part.lines[0].principle), self.criterion(label), signed(part.score))
            for label, part in change.by(lambda line: line.criterion).items()
        ]
        return Grid((self("principle"), self("criterion"), self("change")), tuple(rows))

    def people(self, change: Comparison) -> Grid | None:
        """Return what every member adds to the change of the score, the largest changes first; None if nobody does."""
        found = [(part.score, name) for name, part in change.by(lambda line: line.member).items() if name]
        found.sort(key=lambda pair: -abs(pair[0]))
        rows = [(self.who(name), signed(score)) for score, name in found[:_ROWS]]
        if len(found) > _ROWS:
            left = sum((score for score, _ in found[_ROWS:]), Fraction(0))
            rows.append((self("rest", count=len(found) - _ROWS), signed(left)))
        return Grid((self("member"), self("change")), tuple(rows)) if rows else None


def signed(change: Fraction | float) -> str:
    """Return a change of a score with its sign."""
    shown = f"{float(change):+.2f}"
    return "0.00" if float(shown) == 0 else shown
