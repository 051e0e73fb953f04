"""What :meth:`grouping.Plan.sensitivity` answers: a range for every weight, as a table and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grouping.plan.pages import Grid, Page, Section
from grouping.plan.rendering import WORDS
from grouping.policy.wording import called

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Switch:
    """The division that is better beyond the end of a range.

    Attributes
    ----------
    weight : the first weight, to a hundredth of the policy's, at which it is
    moves : how many members are elsewhere than in the plan
    score : of this division by the policy as it is
    group_of : member id → group name
    """

    weight: float
    moves: int
    score: float
    group_of: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class WeightRange:
    """The weights for which a plan is proven to be optimal, all other weights being as they are.

    Attributes
    ----------
    principle, criterion : whose weight; criterion is "" for the principle itself
    weight : what the policy says
    lo, hi : the plan is proven optimal for every weight from lo to hi; to a hundredth of the weight
    below, above : what is better beyond; None where nothing is, down to 0 or up to ten times the weight, or where it
        is not known
    proven_below, proven_above : False where the time did not suffice to say how far beyond the range it stays optimal
    alone : True where nothing is weighed against it, so that its weight has no say
    """

    principle: str
    criterion: str
    weight: float
    lo: float
    hi: float
    below: Switch | None = None
    above: Switch | None = None
    proven_below: bool = True
    proven_above: bool = True
    alone: bool = False

    @property
    def proven(self) -> bool:
        """Whether both ends are settled."""
        return self.proven_below and self.proven_above


@dataclass(frozen=True, repr=False)
class Sensitivity:
    """How much every weight may change before the division does; made by :meth:`grouping.Plan.sensitivity`.

    Attributes
    ----------
    ranges : of the principles, then of the criteria
    seconds : that it took
    solves : how many problems were solved for it
    """

    ranges: tuple[WeightRange, ...]
    seconds: float
    solves: int

    @property
    def proven(self) -> bool:
        """Whether every range is settled."""
        return all(entry.proven for entry in self.ranges)

    def __repr__(self) -> str:
        """Return a short description."""
        return f"<Sensitivity: {len(self.ranges)} weights, {sum(entry.proven for entry in self.ranges)} settled>"

    def __str__(self) -> str:
        """Return it in words."""
        return self.text()

    def _repr_html_(self) -> str:
        """Return it for a notebook."""
        return self.html()

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each weight.

        Returns
        -------
        DataFrame : principle, criterion ("" for the principle itself), weight, lo, hi (proven optimal between them),
            below_weight and above_weight (where another division is better; NaN for nowhere or not known), below_moves
            and above_moves (members who are elsewhere in it), below_score and above_score (its score by the policy),
            below and above ("changes", "nothing" or "unknown"), proven
        """
        import pandas as pd

        rows = []
        for entry in self.ranges:
            row = {key: getattr(entry, key) for key in ("principle", "criterion", "weight", "lo", "hi")}
            for side in ("below", "above"):
                switch = getattr(entry, side)
                for key in ("weight", "moves", "score"):
                    row[f"{side}_{key}"] = float("nan") if switch is None else float(getattr(switch, key))
                row[side] = _state(entry, side)
            rows.append({**row, "proven": entry.proven})
        return pd.DataFrame(rows)

    def text(self, lang: str = "en") -> str:
        """Return it as a table in words; ``lang`` is "en" or "zh"."""
        return self._page(lang).text()

    def markdown(self, lang: str = "en") -> str:
        """Return it as Markdown."""
        return self._page(lang).markdown()

    def html(self, lang: str = "en") -> str:
        """Return it as a piece of HTML."""
        return self._page(lang).html()

    def _page(self, lang: str) -> Page:
        words, names = _WORDS.get(lang, _WORDS["en"]), WORDS.get(lang, WORDS["en"])
        rows = []
        for entry in self.ranges:
            name = called(entry.criterion, lang) if entry.criterion else names[entry.principle]
            stays = words["alone"] if entry.alone else words["stays"].format(lo=entry.lo, hi=entry.hi)
            sides = ("", "") if entry.alone else tuple(_said(entry, side, words) for side in ("below", "above"))
            rows.append((name, f"{entry.weight:g}", stays, *sides))
        head = tuple(words[key] for key in ("name", "weight", "range", "below", "above"))
        settled = sum(entry.proven for entry in self.ranges)
        title = words["title"].format(settled=settled, count=len(self.ranges))
        return Page(title, (Section("", (Grid(head, tuple(rows)), words["note"])),))


def _state(entry: WeightRange, side: str) -> str:
    if not getattr(entry, f"proven_{side}"):
        return "unknown"
    return "nothing" if getattr(entry, side) is None else "changes"


def _said(entry: WeightRange, side: str, words: Mapping[str, str]) -> str:
    state, switch = _state(entry, side), getattr(entry, side)
    if state == "unknown" and switch is not None:
        return words["at_latest"].format(weight=switch.weight, moves=switch.moves, score=switch.score)
    if state == "changes":
        return words["changes"].format(weight=switch.weight, moves=switch.moves, score=switch.score)
    return words[state] if state == "unknown" else words[f"nothing_{side}"]


_WORDS = {
    "en": {
        "title": "How much a weight may change before the division does ({settled} of {count} weights settled)",
        "name": "weight of",
        "weight": "is",
        "range": "the plan stays optimal",
        "below": "below that",
        "above": "above that",
        "stays": "{lo:.3g} to {hi:.3g}",
        "alone": "always: nothing is weighed against it",
        "changes": "from {weight:.3g} on another division is better: {moves} members elsewhere, score {score:.2f}",
        "at_latest": "unknown; at {weight:.3g} another is better: {moves} members elsewhere, score {score:.2f}",
        "nothing_below": "nothing changes down to 0",
        "nothing_above": "nothing changes up to ten times the weight",
        "unknown": "unknown within the time given",
        "note": "Each weight is changed alone. Scores of other divisions are by the policy as it is.",
    },
    "zh": {
        "title": "各项权重变动多少，划分才会改变（{count}项权重中{settled}项已确定）",
        "name": "权重",
        "weight": "现值",
        "range": "方案保持最优的范围",
        "below": "再低时",
        "above": "再高时",
        "stays": "{lo:.3g}至{hi:.3g}",
        "alone": "始终最优：没有与之权衡的其他项",
        "changes": "到{weight:.3g}时另一划分更好：{moves}人编组不同，得分{score:.2f}",
        "at_latest": "未能确定；到{weight:.3g}时另一划分更好：{moves}人编组不同，得分{score:.2f}",
        "nothing_below": "降到0也不改变",
        "nothing_above": "增至10倍也不改变",
        "unknown": "在给定时间内未能确定",
        "note": "每次只改变一项权重。其他划分的得分按现行标准计算。",
    },
}
