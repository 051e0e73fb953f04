"""Why there is no plan, in numbers and words; the smallest change that makes one; and which rules clash."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

from grouping.errors import InfeasibleError, NoPlanFoundError
from grouping.phrases import said
from grouping.plan.conflicts import Conflict, conflict_of
from grouping.plan.forming import checked_limit, checked_policy, form_groups
from grouping.plan.idle import idle_rules
from grouping.plan.reasons import counted
from grouping.plan.relaxing import Change, Slack, relaxed
from grouping.plan.ruling import Rule, hardness_of, taken_apart
from grouping.plan.wording import given_up, in_words
from grouping.policy.compiling import (
    check_members,
    drafts,
    in_part,
    parts_of,
    torn,
    why_torn,
    with_requests,
)
from grouping.solving import assignment, engine
from grouping.solving.clock import Clock
from grouping.solving.loosening import Loosening
from grouping.writing import replace_file

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.evaluation import Plan
    from grouping.plan.ruling import Ruling
    from grouping.policy.compiling import Draft
    from grouping.policy.criterion import Criterion
    from grouping.policy.policy import Policy
    from grouping.problem import Problem
    from grouping.roster import Roster

Status = Literal["infeasible", "feasible", "unknown"]

_ROUNDS = 3
"""Attempts at a relaxation: a rule that reads the sizes, such as EvenSize, may ask for more once they are changed."""

_PLAN = 0.2
"""Share of the time limit for a good plan under the relaxed policy."""

_PLAIN = 100_000
"""Booleans of the plain model, items × groups, beyond which local search looks for a plan instead."""


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
        "plan": "调整后的可行方案：",
        "group": "{group}（{size}人）",
    },
}


def diagnose(roster: Roster, policy: Policy | None = None, *, time_limit: float = 10.0, seed: int = 0) -> Diagnosis:
    """Tell why no division keeps every rule, the smallest change that makes a plan possible, and which rules clash.

    Independent parts (branches) are looked at one by one. A relaxation is the smaller of two when, in this order, it
    touches fewer rules (limits of size and the number of groups are rules too); touches fewer of the hardest to give up
    (from the least hard: sizes; the number of groups; other criteria; Apart and ties; Pin and Forbid; Together; who
    leads, and three members at least; Within); moves by less, a member, a group, a pair and a step of a number counting
    the same; lowers less, so that an upper limit of size is raised rather than a lower one lowered. Borders that
    divide the roster into parts are never given up.

    Parameters
    ----------
    roster : the members
    policy : what is wanted; None is :meth:`Policy.balanced`
    time_limit : seconds in all
    seed : of all random choices

    Returns
    -------
    Diagnosis : what is claimed is proven; a time-out is "unknown", never "infeasible". With its relaxation, a plan

    Raises
    ------
    PolicyError
        When the policy does not fit the roster.

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> unit = roster.select(roster.member_ids[:6])
    >>> found = gp.diagnose(unit, gp.Policy(size=(4, 5), must=[], prefer=[]))
    >>> print(found.reasons[0])
    6 members cannot be divided into groups of 4 to 5: 1 group holds at most 5, 2 groups need at least 8
    >>> found.relaxation.changes[0].sentence(), found.relaxation.policy.size
    ('allow groups of up to 6 instead of 5', (4, 6))
    """
    clock = Clock(checked_limit(time_limit))
    return _Diagnosing(roster, with_requests(roster, checked_policy(policy)), clock, seed).run()


class _Diagnosing:
    """One call of :func:`diagnose`."""

    def __init__(self, roster: Roster, policy: Policy, clock: Clock, seed: int) -> None:
        self.roster = roster
        self.policy = policy
        self.clock = clock
        self.seed = seed
        self.reasons: list[str] = []
        self.conflicts: list[Conflict] = []

    def run(self) -> Diagnosis:
        """Return what is found."""
        check_members(self.roster, self.policy)
        joined, changes = self._across_parts()
        parts = list(drafts(self.roster, joined))
        statuses: list[Status] = []
        for number, part in enumerate(parts):
            statuses.append(self._settle(part, self.clock.left * 0.4 / (len(parts) - number)))
        warnings = idle_rules(parts, self.policy)
        impossible = [part for part, status in zip(parts, statuses, strict=True) if status == "infeasible"]
        if not impossible and not changes:
            status: Status = "unknown" if "unknown" in statuses else "feasible"
            return Diagnosis(status, warnings=warnings)
        relaxation = self._relaxation(joined, impossible, changes)
        return Diagnosis("infeasible", tuple(self.reasons), relaxation, tuple(self.conflicts), warnings)

    def _across_parts(self) -> tuple[Policy, list[Change]]:
        """Return the policy without the rules that join members of several parts, and what was given up for it."""
        part_of = parts_of(self.roster, self.policy)
        if len(set(part_of.values())) < 2:
            return self.policy, []
        must = list(self.policy.must)
        changes: list[Change] = []
        for rule, border in torn(self.policy, part_of):
            pairs = [replace(rule, ids=(a, b)) for a, b in rule.pairs if part_of[a] != part_of[b]]
            left = rule.without(pairs)
            at = must.index(rule)
            must[at : at + 1] = left
            after = ", ".join(one.label for one in left) or None
            changes.append(Change("criterion", rule.label, "", rule.label, after, len(pairs), given_up(rule, pairs)))
            self.reasons.append(why_torn(rule, border))
            rules = [self._rule(border), self._rule(rule)]
            self.conflicts.append(Conflict(tuple(rules)))
        return replace(self.policy, must=must), changes

    def _rule(self, criterion: Criterion) -> Rule:
        at = self.policy.must.index(criterion)
        return Rule("criterion", criterion.label, in_words(criterion), hardness_of(criterion), at)

    def _settle(self, part: Draft, seconds: float) -> Status:
        """Return whether a part has a division that keeps every rule; adds the reasons if it has none."""
        try:
            compiled = part.compiled()
        except InfeasibleError as error:
            self.reasons += error.reasons
            return "infeasible"
        found = counted(compiled)
        if found:
            self.reasons += [in_part(part.name, reason) for reason in found]
            return "infeasible"
        return self._asked(compiled.problem, seconds)

    def _asked(self, problem: Problem, seconds: float) -> Status:
        """Ask the plain model whether all rules can be kept, then, where it does not know, the search for plans."""
        if not problem.members:
            return "feasible"
        until = self.clock.spent + seconds
        if len(problem.size) * len(problem.groups) <= _PLAIN:
            for presolve in (True, False):
                left = self.clock.before(until)
                if not left:
                    return "unknown"
                answer, place = assignment.solve(
                    problem, self.clock, left / 2, 2, self.seed, objective=False, presolve=presolve
                )
                if answer.interrupted:
                    raise KeyboardInterrupt
                if place is not None:
                    return "feasible"
                if answer.status != "infeasible":
                    break
            else:
                return "infeasible"
        left = self.clock.before(until)
        free = replace(problem, terms=tuple(replace(term, weight=0) for term in problem.terms))  # any plan is the best
        try:
            found = engine.solve(free, time_limit=max(left, 0.05), seed=self.seed)
        except NoPlanFoundError:
            return "unknown"
        return "infeasible" if found.status == "infeasible" else "feasible"

    def _relaxation(self, policy: Policy, impossible: Sequence[Draft], changes: list[Change]) -> Relaxation | None:
        """Return the smallest relaxation of every part with its plan, and look for a conflict of each on the way."""
        names, proven, division = {part.name for part in impossible}, True, dict[str, str]()
        for attempt in range(_ROUNDS):
            slacks: list[Slack] = []
            parts = [part for part in drafts(self.roster, policy) if part.name in names]
            for number, part in enumerate(parts):
                seconds = self.clock.left * 0.8 / (len(parts) - number)
                slack = self._loosened(part, policy, seconds, attempt == 0)
                if slack is None:
                    return None
                slacks.append(slack)
                proven = proven and slack.found.proven
                division.update(slack.division)
                changes += slack.changes(policy)
            policy = relaxed(policy, slacks)
            limit = max(min(self.clock.left * 0.8, self.clock.limit * _PLAN), 0.5)
            try:
                plan = form_groups(
                    self.roster, policy, time_limit=limit, seed=self.seed, start=division or None, workers=1
                )
            except NoPlanFoundError:
                return Relaxation(tuple(changes), policy, None, proven)
            except InfeasibleError:
                proven = False
                continue
            return Relaxation(tuple(changes), policy, plan, proven)
        return None

    def _loosened(self, part: Draft, policy: Policy, seconds: float, first: bool) -> Slack | None:
        if not len(part.roster):
            return None
        ruling = taken_apart(part, policy)
        loosening = Loosening(ruling.loose, self.clock, seed=self.seed)
        found = loosening.smallest(seconds * 0.5)
        if first:
            self.conflicts.append(self._conflict(part, policy, ruling, loosening, seconds * 0.5))
        return None if found is None else Slack(ruling, found)

    def _conflict(self, part: Draft, policy: Policy, ruling: Ruling, loosening: Loosening, seconds: float) -> Conflict:
        """Return a minimal conflict; if nothing in it limits the number of groups, there may be one for everybody."""
        until = self.clock.spent + seconds
        found = conflict_of(ruling, loosening, seconds / 2)
        members, slots = len(part.roster), len(ruling.compiled.problem.groups)
        if slots >= members or any(not rule.group and rule.kind in ("size", "groups") for rule in found.rules):
            return found
        ruling = taken_apart(part, policy, members)
        return conflict_of(ruling, Loosening(ruling.loose, self.clock, seed=self.seed), self.clock.before(until))
