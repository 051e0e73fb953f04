"""Rules that say nothing: implied by another one, kept by every division of this roster, or about nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouping.phrases import Phrase, said, span
from grouping.plan.ruling import named_groups
from grouping.plan.wording import in_words, people, so_many
from grouping.policy.general import Apart, AtLeast, AtMost, Together
from grouping.policy.policy import default_must
from grouping.policy.rules import Forbid, Pin, Within
from grouping.problem import Count, Focus, Pair, Role

if TYPE_CHECKING:
    from grouping.policy.compiling import Draft
    from grouping.policy.criterion import Criterion
    from grouping.policy.policy import Policy
    from grouping.problem import Placement, Term


def idle_rules(drafts: Sequence[Draft], policy: Policy) -> tuple[str, ...]:
    """Return a sentence for every rule of the policy that says nothing; rules that everybody has are passed over."""
    usual = set(default_must(policy.size))
    found: dict[int, Phrase] = {}
    for index, rule in enumerate(policy.must):
        if rule in usual or (isinstance(rule, Within) and rule.if_present):
            continue
        why = _implied(rule, policy) or _never_binds(rule, drafts, policy)
        if why is not None:
            what = in_words(rule)
            found[index] = Phrase(f"“{what}” says nothing: {why}", f"“{_inner(what.zh)}”不起作用：{said(why, 'zh')}")
    return tuple(found.values())


def _implied(rule: Criterion, policy: Policy) -> Phrase | None:
    """Return which other rule says the same or more."""
    for other in policy.must:
        if other is not rule and _says_more(other, rule, policy.must):
            words = in_words(other)
            return Phrase(f"it follows from “{words}”", f"已包含在“{_inner(words.zh)}”之中")
    if isinstance(rule, Pin):
        for spec in named_groups(policy):
            if (spec.leader, spec.name) == (rule.member, rule.group):
                return Phrase(f"{spec.leader} leads {spec.name} anyway", f"{spec.leader}本已任{spec.name}组长")
    return None


def _inner(zh: str) -> str:
    """Return a Chinese text as it stands inside quotation marks."""
    return zh.replace("“", "‘").replace("”", "’")


def _says_more(other: Criterion, rule: Criterion, rules: Sequence[Criterion]) -> bool:
    """Tell whether a rule follows from another one; of two that say the same, the later one does."""
    if isinstance(rule, AtLeast) and isinstance(other, AtLeast):
        stricter = set(other.where) >= set(rule.where)
        return stricter and (other.n > rule.n or (other.n == rule.n and set(other.where) > set(rule.where)))
    if isinstance(rule, AtMost) and isinstance(other, AtMost):
        fewer = set(other.where) <= set(rule.where)
        return fewer and (other.n < rule.n or (other.n == rule.n and set(other.where) < set(rule.where)))
    if (isinstance(rule, Apart) and isinstance(other, Apart)) or (
        isinstance(rule, Together) and isinstance(other, Together)
    ):
        mine, theirs = set(rule.ids), set(other.ids)
        return mine < theirs or (mine == theirs and rules.index(other) < rules.index(rule))
    if isinstance(rule, Forbid) and isinstance(other, Pin):
        return rule.member == other.member and rule.group != other.group
    return False


def _never_binds(rule: Criterion, drafts: Sequence[Draft], policy: Policy) -> Phrase | None:
    """Return why every division keeps a rule, as far as the roster alone tells."""
    if isinstance(rule, Pin | Forbid) or (isinstance(rule, Within) and len(drafts) > 1):
        return None
    sizes = [spec.size or policy.size for spec in named_groups(policy)] or [policy.size]
    lo, hi = min(lo for lo, _ in sizes), max(hi for _, hi in sizes)
    here = [(draft, mine) for draft in drafts if (mine := rule.restricted(frozenset(draft.roster.member_ids)))]
    if not here and isinstance(rule, Apart):
        return Phrase("its members are in different parts of the roster anyway", "这些成员本来就不在同一支部")
    if not here and isinstance(rule, Together):
        return None  # a border keeps its members apart, so no division keeps it
    terms = [mine.terms(draft.context()) for draft, mine in here]
    if rule.asks_roster and not any(terms):
        return Phrase("the roster does not tell what it asks about, so it is not judged", "名册没有相关信息，无法评判")
    if rule.allowance is not None:
        counted = (term for found in terms for term in found if isinstance(term, Focus))
        reach = sum(int((term.points - term.points.min(axis=1, keepdims=True)).max(axis=1).sum()) for term in counted)
        return Phrase("no division moves so many", "任何划分都不会调整这么多人") if reach <= rule.allowance else None
    if not all(_always_kept(term, lo, hi) for found in terms for term in found):
        return None
    if isinstance(rule, AtLeast | AtMost):
        have = sum(int(term.value.sum()) for found in terms for term in found if isinstance(term, Count))
        if not have and rule.where:
            kind = people(rule.where, 1)
            return Phrase(f"there is no {kind}", f"没有{kind.zh}")
        if isinstance(rule, AtMost) and have <= rule.n:
            many = so_many(have, rule.where)
            return Phrase(f"there {'is' if have == 1 else 'are'} only {many}", f"总共只有{many.zh}")
        if not rule.where:
            size = span(lo, hi)
            return Phrase(f"the sizes alone see to it (groups of {size})", f"每组{size.zh}人已能保证")
    return Phrase("every division of this roster keeps it", "这份名册的任何划分都满足它")


def _always_kept(term: Term | Placement, lo: int, hi: int) -> bool:
    """Tell whether every group of a size within the limits keeps a rule, whoever is in it."""
    if isinstance(term, Count):
        ranked = np.sort(term.value)
        members = len(ranked)
        return all(
            term.at(size, total) == 0
            for size in range(min(lo, members), min(hi, members) + 1)
            for total in range(int(ranked[:size].sum()), int(ranked[members - size :].sum()) + 1)
            if len(term.penalty) == 1 or size < len(term.penalty)
        )
    if isinstance(term, Focus):
        return not term.points.any() and (term.forbidden is None or not term.forbidden.any())
    if isinstance(term, Pair):
        return not term.points.any()
    if isinstance(term, Role):
        return int((~(term.eligible & (term.points == 0))).sum()) < lo
    return False
