"""The rules of one part of a roster, taken apart into what can be given up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from grouping.phrases import Phrase, span
from grouping.plan.wording import groups, in_words, listed
from grouping.policy.act import Leader
from grouping.policy.attributes import Affinity, Novelty
from grouping.policy.general import Apart, AtLeast, Together
from grouping.policy.policy import GroupSpec
from grouping.policy.rules import Forbid, Keep, Pin, Within
from grouping.problem import Count, Focus, Pair, Quota, Role
from grouping.solving.loosening import Band, Cap, Loose, Number, Piece

if TYPE_CHECKING:
    from grouping.policy.compiling import Compiled, Draft
    from grouping.policy.criterion import Criterion
    from grouping.policy.policy import Policy
    from grouping.problem import BoolArray, Placement, Problem, Term

HARDNESS: tuple[tuple[tuple[type[Criterion], ...], int], ...] = (
    ((Apart, Affinity, Novelty), 3),
    ((Pin, Forbid, Keep), 4),
    ((Together,), 5),
    ((Leader,), 6),
    ((Within,), 7),
)
"""How hard criteria are to give up; others 2, the number of groups 1, sizes 0.

Practice sets sizes and numbers; members are spoken to one by one about the others; who leads and what a branch is are
regulations.
"""

_SIZES, _GROUPS, _OTHER, _LEADER = 0, 1, 2, 6

_FEW = 12
"""So many groups are always thought of, which covers every division of so few members."""

_NAMED = 3
"""With fewer groups, "not in G1" and "in G2" would be the same placement."""

Kind = Literal["size", "groups", "criterion", "leader"]


@dataclass(frozen=True)
class Rule:
    """One rule of a policy; limits of size and the number of groups are rules like others.

    Attributes
    ----------
    kind : "size", "groups", "criterion", or "leader" (of a named group)
    label : how the policy calls it
    text : what it asks for, in words
    hardness : how hard it is to give up
    index : position in the policy's ``must``; -1 for other kinds
    group : the named group whose size or leader is meant, "" otherwise
    """

    kind: Kind
    label: str
    text: str
    hardness: int
    index: int = -1
    group: str = ""


@dataclass(frozen=True)
class Ruling:
    """One part with its rules taken apart.

    Attributes
    ----------
    draft : the part
    compiled : its problem, whose groups take any number of members
    rules : indices in ``loose`` are positions here
    criteria : the criterion of every piece of ``loose``; None for the leader of a named group
    loose : what the solver is asked about
    """

    draft: Draft
    compiled: Compiled
    rules: tuple[Rule, ...]
    criteria: tuple[Criterion | None, ...]
    loose: Loose


def hardness_of(criterion: Criterion) -> int:
    """Return how hard a criterion is to give up."""
    if isinstance(criterion, AtLeast) and not criterion.where:
        return _LEADER  # that a group has three members at least is a regulation (R6)
    return next((hard for kinds, hard in HARDNESS if isinstance(criterion, kinds)), _OTHER)


def taken_apart(draft: Draft, policy: Policy, slots: int | None = None) -> Ruling:
    """Return the rules of a part.

    Parameters
    ----------
    draft : the part
    policy : of the whole roster
    slots : how many groups there may be; None takes as many as any one rule may need by itself, and twelve

    Raises
    ------
    PolicyError
        When the policy does not fit the roster.
    """
    ids, context = frozenset(draft.roster.member_ids), draft.context()
    rules: list[Rule] = []
    pieces: list[tuple[int, Criterion]] = []
    specs = named_groups(policy)
    bands = list(_bands(draft, policy, specs, rules))
    number = _number(draft, policy, specs, rules)
    for index, whole in enumerate(policy.must):
        mine = whole.restricted(ids)
        found = mine.pieces(context) if mine is not None else ()
        if found:
            pieces += [(len(rules), replace(piece)) for piece in found]
            rules.append(Rule("criterion", whole.label, in_words(whole), hardness_of(whole), index))
    for spec in specs:
        if spec.leader is not None:
            text = Phrase(f"{spec.leader} leads {spec.name}", f"{spec.leader}任{spec.name}组长")
            rules.append(Rule("leader", f"leader of {spec.name}", text, _LEADER, group=spec.name))
    compiled = draft.loosened([piece for _, piece in pieces], slots or _slots(draft, policy))
    every = tuple(range(len(compiled.problem.groups)))
    bands = [replace(band, groups=every) if not specs else band for band in bands]
    made, criteria = _pieces(compiled, rules, pieces)
    caps = tuple(_caps(compiled, pieces))
    loose = Loose(compiled.problem, tuple(rule.hardness for rule in rules), made, tuple(bands), number, caps)
    return Ruling(draft, compiled, tuple(rules), criteria, loose)


def named_groups(policy: Policy) -> list[GroupSpec]:
    """Return the groups that a policy asks for by name."""
    return [spec for spec in policy.groups if isinstance(spec, GroupSpec)] if isinstance(policy.groups, tuple) else []


def _bands(draft: Draft, policy: Policy, specs: list[GroupSpec], rules: list[Rule]) -> Iterator[Band]:
    if not specs or any(spec.size is None for spec in specs):
        limits = span(*policy.size)
        yield Band(len(rules), tuple(g for g, spec in enumerate(specs) if spec.size is None), *policy.size)
        rules.append(Rule("size", "size", Phrase(f"groups of {limits}", f"每组{limits.zh}人"), _SIZES))
    for g, spec in enumerate(specs):
        if spec.size is not None:
            limits = span(*spec.size)
            yield Band(len(rules), (g,), *spec.size)
            text = Phrase(f"{spec.name} with {limits} members", f"{spec.name}有{limits.zh}人")
            rules.append(Rule("size", f"size of {spec.name}", text, _SIZES, group=spec.name))


def _number(draft: Draft, policy: Policy, specs: list[GroupSpec], rules: list[Rule]) -> Number | None:
    if policy.groups is None:
        return None
    at = len(rules)
    if specs:
        names = listed(spec.name for spec in specs)
        rules.append(Rule("groups", "groups", Phrase(f"the groups {names}", f"设{names.zh}"), _GROUPS))
        return Number(at, len(specs), len(specs), named=True)
    fewest, most = policy.groups if isinstance(policy.groups, tuple) else (policy.groups, policy.groups)
    assert isinstance(fewest, int)
    assert isinstance(most, int)
    text = groups(most) if fewest == most else Phrase(f"{fewest} to {most} groups", f"{fewest}至{most}个小组")
    rules.append(Rule("groups", "groups", text, _GROUPS))
    return Number(at, fewest, most, exact=isinstance(policy.groups, int))


def _slots(draft: Draft, policy: Policy) -> int:
    """Return how many groups a relaxation may need."""
    members = len(draft.roster)
    found = [1, members // policy.size[0], -(-members // policy.size[1]), _FEW]
    if isinstance(policy.groups, int):
        found.append(policy.groups)
    elif isinstance(policy.groups, tuple) and isinstance(policy.groups[1], int):
        found.append(policy.groups[1])
    context = draft.context()
    for rule in draft.policy.must:
        if not isinstance(rule, Pin | Forbid):
            found += [_needed(term, members) for term in rule.terms(context)]
        elif match := re.search(r"G(\d+)$", rule.group):
            found.append(int(match[1]))
    return max(min(max(found), members), _NAMED)


def _needed(term: Term | Placement, members: int) -> int:
    """Return how many groups a rule may take that is not given up."""
    if isinstance(term, Count) and len(term.penalty) == 1:
        whole = int(term.value.sum())
        allowed = max((total for total in range(whole + 1) if term.at(0, total) == 0), default=0)
        return -(-whole // allowed) if allowed else 1
    if isinstance(term, Focus):
        return int(term.points.shape[1])
    if isinstance(term, Quota):
        return _cover(term.value <= 0)
    if isinstance(term, Pair) and len(term.first):
        beside: int = np.bincount(np.concatenate([term.first, term.second])).max()
        return int(beside) + 1
    return 1


def _cover(suits: BoolArray) -> int:
    """Return how many options suffice to suit every item that some option suits, chosen one by one."""
    left, count = suits.any(axis=1), 0
    while left.any():
        left = left & ~suits[:, int(suits[left].sum(axis=0).argmax())]
        count += 1
    return max(count, 1)


def _pieces(
    compiled: Compiled, rules: list[Rule], pieces: list[tuple[int, Criterion]]
) -> tuple[tuple[Piece, ...], tuple[Criterion | None, ...]]:
    """Return the pieces about which the roster says something, with what they demand."""
    problem = compiled.problem
    placed: dict[str, list[int]] = {}
    for p, placement in enumerate(problem.placements):
        placed.setdefault(placement.name, []).append(p)
    ruled = (entry for entry in compiled.entries if entry.must and entry.criterion.allowance is None)
    terms_of = {id(entry.criterion): entry.terms for entry in ruled}
    made: list[Piece] = []
    criteria: list[Criterion | None] = []
    for number, piece in pieces:
        if id(piece) in terms_of:
            made.append(Piece(number, terms_of[id(piece)], tuple(placed.get(piece.label, ()))))
            criteria.append(piece)
    for at, rule in enumerate(rules):
        if rule.kind == "leader":
            terms = tuple(t for t, term in enumerate(problem.terms) if term.must and term.name == rule.label)
            made.append(Piece(at, terms, tuple(placed.get(rule.label, ()))))
            criteria.append(None)
    return tuple(_weighed(compiled.problem, made)), tuple(criteria)


def _caps(compiled: Compiled, pieces: list[tuple[int, Criterion]]) -> Iterator[Cap]:
    """Yield the limits of what the whole plan pays, to be raised member by member."""
    budgets = [budget.name for budget in compiled.problem.budgets]
    label_of = {id(entry.criterion): entry.label for entry in compiled.entries if entry.label in budgets}
    for number, piece in pieces:
        if id(piece) in label_of:
            yield Cap(number, budgets.index(label_of[id(piece)]), 100)


def _weighed(problem: Problem, pieces: list[Piece]) -> Iterator[Piece]:
    """Yield the pieces; one that says who may lead counts the members whom it alone keeps from it."""
    barred: dict[int, dict[int, int]] = {}
    for at, piece in enumerate(pieces):
        for term in (problem.terms[t] for t in piece.terms):
            if isinstance(term, Role):
                barred.setdefault(piece.rule, {})[at] = int((~term.eligible & (problem.size > 0)).sum())
    for at, piece in enumerate(pieces):
        found = barred.get(piece.rule, {})
        yield replace(piece, amount=found[at] - min(found.values()) or problem.members) if len(found) > 1 else piece
