"""A diagnosis as data, words and tables: why there is no plan, what would make one, and which rules clash."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

from grouping.phrases import said
from grouping.writing import replace_file

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.conflicts import Conflict
    from grouping.plan.evaluation import Plan
    from grouping.plan.relaxing import Change
    from grouping.policy.policy import Policy

Status = Literal["infeasible", "feasible", "unknown"]


@dataclass(frozen=True)
class Relaxation:
    """The smallest change that makes a plan possible.

    Attributes
    ----------
    changes : what is changed, as data and in words
    policy : the policy with it changed; what the roster's own list of constraints asked for stands in its ``must``
    plan : a verified plan under that policy; None when time was too short for one
    proven : whether it is proven that nothing smaller does, in the order that :func:`diagnose` states, with no more
        groups than any one rule may need by itself (always with up to twelve)
    """

    changes: tuple[Change, ...]
    policy: Policy
    plan: Plan | None
    proven: bool


@dataclass(frozen=True)
class Diagnosis:
    """Why there is no plan, and what would make one; made by :func:`diagnose`.

    Attributes
    ----------
    status : "infeasible" (proven), "feasible" (a plan exists), or "unknown": time was too short to tell
    reasons : counting arguments in words; also texts in English. :meth:`text` has them in Chinese
    relaxation : the smallest change found; None when there is nothing to change, or none was found in time
    conflicts : a minimal conflict of each part that has no plan
    warnings : rules that say nothing: implied by another one, kept by any division, or about nobody
    """

    status: Status
    reasons: tuple[str, ...] = ()
    relaxation: Relaxation | None = None
    conflicts: tuple[Conflict, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def conflict(self) -> Conflict | None:
        """The first of the conflicts."""
        return self.conflicts[0] if self.conflicts else None

    def text(self, lang: str = "en") -> str:
        """Return the diagnosis in words, "en" or "zh"."""
        words = _WORDS.get(lang, _WORDS["en"])
        why = [words["reasons"], *(f"  - {said(reason, lang)}" for reason in self.reasons)] if self.reasons else []
        blocks = [words[self.status], "\n".join(why), self.advice(lang)]
        return "\n\n".join(block for block in blocks if block)

    def advice(self, lang: str = "en") -> str:
        """Return the text without what is known of an :class:`InfeasibleError`: changes, conflicts, rules, plan."""
        words = _WORDS.get(lang, _WORDS["en"])
        lines: list[str] = []
        for key, found in self._sentences(lang)[1:]:
            if found:
                lines += ["", words[key], *(f"  - {sentence}" for sentence in found)]
        if self.status == "infeasible" and self.relaxation is None:
            lines += ["", words["no change"]]
        plan = None if self.relaxation is None else self.relaxation.plan
        if plan is not None:
            lines += ["", words["plan"]]
            for group in plan.result.groups:
                where = (group.part, group.group)
                ids = " ".join(seat.member_id for seat in plan.result.assignments if (seat.part, seat.group) == where)
                lines.append(f"  {words['group'].format(group=group.group, size=group.size)} {ids}")
        return "\n".join(lines).lstrip("\n")

    def _sentences(self, lang: str) -> list[tuple[str, list[str]]]:
        changes = () if self.relaxation is None else self.relaxation.changes
        smallest = self.relaxation is not None and not self.relaxation.proven
        return [
            ("reasons", [said(reason, lang) for reason in self.reasons]),
            ("changes" if not smallest else "some changes", [change.sentence(lang) for change in changes]),
            ("conflicts", [conflict.sentence(lang) for conflict in self.conflicts]),
            ("warnings", [said(warning, lang) for warning in self.warnings]),
        ]

    def to_frame(self, lang: str = "en") -> pd.DataFrame:
        """Return all findings as a table.

        Returns
        -------
        DataFrame : a row per finding: finding ("reason", "change", "conflict" or "warning"), part, rule, before, after,
            amount, sentence; what a kind of finding does not have is None. A conflict has a row per rule
        """
        import pandas as pd

        empty = {"part": None, "rule": None, "before": None, "after": None, "amount": None}
        rows: list[dict[str, Any]] = [
            {"finding": "reason", **empty, "sentence": said(reason, lang)} for reason in self.reasons
        ]
        for change in () if self.relaxation is None else self.relaxation.changes:
            data = change.to_dict(lang)
            rows.append({"finding": "change", **{key: data[key] for key in (*empty, "sentence")}})
        rows += [
            {"finding": "conflict", **empty, "part": found.part, "rule": rule.label, "sentence": said(rule.text, lang)}
            for found in self.conflicts
            for rule in found.rules
        ]
        rows += [{"finding": "warning", **empty, "sentence": said(warning, lang)} for warning in self.warnings]
        return pd.DataFrame(rows, columns=["finding", *empty, "sentence"], dtype=object)

    def to_dict(self, lang: str = "en") -> dict[str, Any]:
        """Return the diagnosis as plain data, its sentences in "en" or "zh"."""
        found = self.relaxation
        relaxation = None if found is None else {
            "changes": [change.to_dict(lang) for change in found.changes],
            "policy": found.policy.to_dict(),
            "plan": None if found.plan is None else found.plan.result.model_dump(mode="json"),
            "proven": found.proven,
        }  # fmt: skip
        return {
            "status": self.status,
            "reasons": [said(reason, lang) for reason in self.reasons],
            "relaxation": relaxation,
            "conflicts": [conflict.to_dict(lang) for conflict in self.conflicts],
            "warnings": [said(warning, lang) for warning in self.warnings],
        }

    def to_json(self, path: str | PathLike[str] | None = None, lang: str = "en") -> str:
        """Return :meth:`to_dict` as JSON, and write it to ``path`` if given."""
        text = json.dumps(self.to_dict(lang), ensure_ascii=False, indent=2)
        if path is not None:
            replace_file(path, (text + "\n").encode("utf-8"))
        return text

    def __str__(self) -> str:
        """Return the diagnosis in words."""
        return self.text()

    def _repr_html_(self, lang: str = "en") -> str:
        """Return the diagnosis for a notebook; everything escaped."""
        words = _WORDS[lang]
        parts = [f"<p><b>{escape(words[self.status])}</b></p>"]
        for key, found in self._sentences(lang):
            if found:
                items = "".join(f"<li>{escape(sentence)}</li>" for sentence in found)
                parts.append(f"<p>{escape(words[key])}</p><ul>{items}</ul>")
        if self.relaxation is not None and self.relaxation.plan is not None:
            parts.append(f"<p>{escape(words['plan'])}</p>{self.relaxation.plan._repr_html_()}")
        return f"<div>{''.join(parts)}</div>"


_WORDS = {
    "en": {
        "infeasible": "No division keeps every rule.",
        "feasible": "A division that keeps every rule exists.",
        "unknown": "Not known: no division that keeps every rule was found in time, and none was proven impossible.",
        "reasons": "Why:",
        "changes": "The smallest change that makes a plan possible:",
        "some changes": "A change that makes a plan possible (not proven to be the smallest):",
        "conflicts": "What clashes:",
        "warnings": "Rules that say nothing:",
        "no change": "No change that makes a plan possible was found in time.",
        "plan": "With the change, this is a plan:",
        "group": "{group} ({size})",
    },
    "zh": {
        "infeasible": "没有能满足全部规则的划分。",
        "feasible": "存在能满足全部规则的划分。",
        "unknown": "尚不清楚：限定时间内未找到满足全部规则的划分，也未证明不存在。",
        "reasons": "原因：",
        "changes": "使方案成为可能的最小调整：",
        "some changes": "使方案成为可能的一种调整（未证明为最小）：",
        "conflicts": "相互冲突的规则：",
        "warnings": "不起作用的规则：",
        "no change": "限定时间内未找到使方案成为可能的调整。",
        "plan": "调整后的可行方案：",
        "group": "{group}（{size}人）",
    },
}
