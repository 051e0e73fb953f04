"""A minimal set of rules that cannot be kept together: without any one of them the others can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grouping.phrases import Phrase, said
from grouping.policy.compiling import in_part

if TYPE_CHECKING:
    from grouping.plan.ruling import Rule, Ruling
    from grouping.solving.loosening import Loosening


@dataclass(frozen=True)
class Conflict:
    """Rules of which no division keeps all.

    Attributes
    ----------
    rules : limits of size and the number of groups are rules like others
    part : the independent part (branch) in which they clash, "" if there is one part only
    minimal : whether it is proven that without any one of them the others can be kept; False when time was short, some
        of them may then have nothing to do with it
    """

    rules: tuple[Rule, ...]
    part: str = ""
    minimal: bool = True

    @property
    def labels(self) -> tuple[str, ...]:
        """How the policy calls the rules."""
        return tuple(rule.label for rule in self.rules)

    def sentence(self, lang: str = "en") -> str:
        """Return the conflict in "en" or "zh"."""
        en, zh = "; ".join(rule.text for rule in self.rules), "；".join(said(rule.text, "zh") for rule in self.rules)
        if not self.minimal:
            text = Phrase(f"somewhere among these rules is a conflict: {en}", f"冲突存在于下列规则之中：{zh}")
        elif not self.rules:
            text = Phrase(
                "even without any rule there is no division: no room takes a group",
                "即使没有任何规则也无法划分：没有可容纳小组的会议室",
            )
        elif len(self.rules) == 1:
            text = Phrase(f"this rule cannot be kept, even alone: {en}", f"这条规则本身就无法满足：{zh}")
        else:
            text = Phrase(
                f"these rules cannot all be kept, but without any one of them the others can: {en}",
                f"下列规则无法同时满足，去掉其中任意一条，其余即可满足：{zh}",
            )
        return said(in_part(self.part, text), lang)

    def to_dict(self, lang: str = "en") -> dict[str, Any]:
        """Return the conflict as plain data, its texts in "en" or "zh"."""
        rules = [{"kind": rule.kind, "rule": rule.label, "text": said(rule.text, lang)} for rule in self.rules]
        return {"part": self.part, "minimal": self.minimal, "rules": rules, "sentence": self.sentence(lang)}


def conflict_of(ruling: Ruling, loosening: Loosening, seconds: float) -> Conflict:
    """Return a minimal conflict of a part that is known to have no division that keeps every rule.

    Rules are left out a few at a time, the hardest to give up first, so that what remains is rather easy to give up.
    What remains is proven to clash; what could not be left out had a division without it.
    """
    clock = loosening.clock
    until = clock.spent + seconds
    todo = sorted(range(len(ruling.rules)), key=lambda r: -ruling.rules[r].hardness)
    needed: list[int] = []
    step, sure = max(len(todo) // 2, 1), True
    while todo:
        block, rest = todo[:step], todo[step:]
        left = clock.before(until)
        answer = loosening.possible([*needed, *rest], left / 2 if left > 1 else left) if left else None
        if answer is False:
            todo, step = rest, max(min(step, len(rest)), 1)
        elif len(block) > 1:
            step = len(block) // 2
        else:
            sure = sure and answer is True
            needed += block
            todo = rest
    return Conflict(tuple(ruling.rules[r] for r in sorted(needed)), ruling.draft.name, sure)
