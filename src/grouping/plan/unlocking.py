"""Why a policy that keeps groups as they are has no plan: which of its rules clash, and which groups are to be let go.

Groups that are kept have names of their own, and some of them no limits of size, so rules beside them are not taken
apart: policies are asked about as they stand, with a rule less.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from grouping.phrases import Phrase, span
from grouping.plan.conflicts import Conflict
from grouping.plan.relaxing import Change
from grouping.plan.ruling import Rule, hardness_of, named_groups
from grouping.plan.wording import given_up, groups, in_words
from grouping.policy.rules import Keep

if TYPE_CHECKING:
    from grouping.policy.policy import Policy

Possible = Callable[["Policy"], bool | None]
"""Tells whether a policy has a plan; None when that is not known."""


def keeps_groups(policy: Policy) -> bool:
    """Tell whether a policy keeps groups as they are."""
    return any(isinstance(rule, Keep) for rule in policy.must)


def without_rules(policy: Policy, gone: Collection[int]) -> Policy:
    """Return the policy without the rules at some positions."""
    return replace(policy, must=tuple(rule for index, rule in enumerate(policy.must) if index not in gone))


def let_go(policy: Policy, index: int) -> Change:
    """Return the change that a group is kept no longer."""
    rule = policy.must[index]
    return Change("criterion", rule.label, "", rule.label, None, len(rule.named), given_up(rule, [rule]))


def conflict_beside_keeps(policy: Policy, gone: Collection[int], members: int, possible: Possible) -> Conflict:
    """Return rules of which no division keeps all, of a policy that has no plan.

    One rule after another is left out, the hardest to give up first, and those without which the others cannot be kept
    either are left out for good.

    Parameters
    ----------
    gone : positions of rules that are given up already
    members : how many there are
    """
    rules = [rule for rule in _rules(policy) if rule.index not in gone]
    sure, needed = not named_groups(policy), list(rules)
    for rule in sorted(rules, key=lambda rule: -rule.hardness):
        fewer = [one for one in needed if one is not rule]
        answer = possible(_only(policy, fewer, members))
        if answer is False:
            needed = fewer
        sure = sure and answer is not None
    return Conflict(tuple(needed), "", sure)


def kept_in(policy: Policy, conflict: Conflict) -> list[int]:
    """Return the positions of the rules of a conflict that keep groups, the smallest group first."""
    found = [rule.index for rule in conflict.rules if rule.index >= 0 and isinstance(policy.must[rule.index], Keep)]
    return sorted(found, key=lambda index: len(policy.must[index].named))


def _rules(policy: Policy) -> Iterator[Rule]:
    limits = span(*policy.size)
    yield Rule("size", "size", Phrase(f"groups of {limits}", f"每组{limits.zh}人"), 0)
    if policy.groups is not None and not named_groups(policy):
        fewest, most = policy.groups if isinstance(policy.groups, tuple) else (policy.groups, policy.groups)
        text = Phrase(f"{fewest} to {most} groups", f"{fewest}至{most}个小组")
        yield Rule("groups", "groups", groups(int(str(most))) if fewest == most else text, 1)
    for index, rule in enumerate(policy.must):
        yield Rule("criterion", rule.label, in_words(rule), hardness_of(rule), index)


def _only(policy: Policy, rules: Collection[Rule], members: int) -> Policy:
    """Return the policy with some of its rules only."""
    kinds = {rule.kind for rule in rules}
    return replace(
        policy,
        size=policy.size if "size" in kinds else (1, max(members, 1)),
        groups=policy.groups if "groups" in kinds or named_groups(policy) else None,
        must=tuple(policy.must[rule.index] for rule in rules if rule.index >= 0),
        prefer=(),
        requests=False,
    )
