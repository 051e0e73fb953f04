"""One change of a division, its people or its policy: what it means for roster, policy and who is where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from grouping.errors import InputError, Issue, PolicyError
from grouping.phrases import Phrase
from grouping.plan.divisions import Division, read_division
from grouping.plan.evaluation import Inputs
from grouping.plan.rendering import WORDS
from grouping.plan.standing import known_group, known_member, not_known, regrouped
from grouping.plan.tally import Tally
from grouping.policy.attributes import Affinity
from grouping.policy.compiling import with_requests
from grouping.policy.criterion import Criterion, from_dict, read_weight
from grouping.policy.wording import called

if TYPE_CHECKING:
    from grouping.plan.standing import Standing
    from grouping.policy.policy import Policy
    from grouping.roster import Member, Roster

KINDS = ("group", "swap", "leave", "join", "merge", "split", "weight", "principles", "must", "drop", "assignments")
"""The parameters of :func:`grouping.what_if` that say what changes; "group" goes with a member."""

_ADD_GROUP = Phrase("give group= too", "同时给出group=")

EXHAUSTIVE = 600
"""Up to so many ways to split a group are all counted; beyond, one that no move or exchange of a member improves."""


@dataclass(frozen=True)
class Altered:
    """A change, ready to be scored.

    Attributes
    ----------
    kind : one of :data:`KINDS`
    facts : what the sentence says
    inputs : roster and policy after it
    division : who is where after it
    kept : member id → group, whom the change puts there and a repair leaves there
    groups : how many groups more (below 0: fewer) a repair has to have
    exact : False when a split was searched for and not all ways were counted
    """

    kind: str
    facts: Mapping[str, object]
    inputs: Inputs
    division: Division
    kept: Mapping[str, str] = field(default_factory=dict)
    groups: int = 0
    exact: bool = True


def alter(inputs: Inputs, before: Standing, given: Mapping[str, Any]) -> Altered:
    """Return the one change that is asked for.

    Parameters
    ----------
    inputs : roster and policy as they are
    before : the division as it is
    given : the parameters of :func:`grouping.what_if` that are not None

    Raises
    ------
    PolicyError
        When it is none or more than one.
    InputError
        When it names members, groups, criteria or rules that there are not, or changes nothing.
    """
    asked = [name for name in KINDS if name in given and not (name == "group" and "join" in given)]
    extra = {"member": "group", "into": "split"}
    lost = [name for name, owner in extra.items() if name in given and owner not in asked]
    if len(asked) != 1 or lost:
        found = [*asked, *lost]
        if found == ["member"]:
            message = Phrase("member= says who, but not where", "member=只说明是谁，未说明去哪个小组")
            raise PolicyError(Issue("one_change", message, advice=_ADD_GROUP))
        message = Phrase(
            f"exactly one change is asked for at a time, not {', '.join(found) or 'nothing'}",
            f"每次只能问一项变动，而这里给出了：{'、'.join(found) or '无'}",
        )
        kinds = ", ".join(f"{name}=" for name in KINDS[1:])
        advice = Phrase(f"one of member= with group=, {kinds}", f"member=与group=，或{kinds}中的一项")
        raise PolicyError(Issue("one_change", message, advice=advice))
    made: Altered = getattr(_Changes(inputs, before), asked[0])(given)
    return made


class _Changes:
    """The kinds of change, each by the name of its parameter."""

    def __init__(self, inputs: Inputs, before: Standing) -> None:
        self.inputs, self.before = inputs, before
        self.roster, self.policy = inputs.roster, inputs.policy
        self.group_of = before.division.group_of

    def group(self, given: Mapping[str, Any]) -> Altered:
        """Move a member."""
        if "member" not in given:
            message = Phrase("group= says where, but not who", "group=只说明去哪个小组，未说明是谁")
            advice = Phrase("give member= too", "同时给出member=")
            raise InputError(Issue("no_member", message, advice=advice))
        member, group = known_member(self.roster, given["member"]), known_group(self.before, given["group"])
        here = self.group_of.get(member)
        if here == group:
            raise _same(f"{member} is in {group} already", f"{member}已在{group}")
        facts = {"member": member, "group": group, "from": here or ""}
        return self._regrouped("group", facts, {member: group})

    def swap(self, given: Mapping[str, Any]) -> Altered:
        """Exchange two members."""
        two = _pair(given["swap"], "swap", Phrase("two member ids", "两名成员的编号"))
        first, second = (known_member(self.roster, one) for one in two)
        if first not in self.group_of or second not in self.group_of:
            message = Phrase("a member who is in no group cannot be exchanged", "未编入小组的成员不能对调")
            raise InputError(Issue("not_placed", message))
        if self.group_of[first] == self.group_of[second]:
            raise _same(f"{first} and {second} are in the same group", f"{first}与{second}在同一小组")
        moves = {first: self.group_of[second], second: self.group_of[first]}
        return self._regrouped("swap", {"first": first, "second": second, "groups": dict(moves)}, moves)

    def assignments(self, given: Mapping[str, Any]) -> Altered:
        """Put everybody where another division has them."""
        division = read_division(self.roster, given["assignments"])
        moved = {m: g for m, g in division.group_of.items() if self.group_of.get(m) != g}
        facts = {"moved": len(moved) + len(self.group_of.keys() - division.group_of.keys())}
        return Altered("assignments", facts, self.inputs, division, moved)

    def leave(self, given: Mapping[str, Any]) -> Altered:
        """Let members leave."""
        asked = [given["leave"]] if isinstance(given["leave"], str) else list(given["leave"])
        gone = tuple(dict.fromkeys(known_member(self.roster, member) for member in asked))
        kept = frozenset(self.roster.member_ids) - set(gone)
        if not gone:
            raise _same("nobody is named who leaves", "未说明谁调离")
        if not kept & self.group_of.keys():
            message = Phrase("nobody would be left in a group", "将没有任何成员留在小组中")
            raise InputError(Issue("nobody_left", message))
        inputs = Inputs(_without(self.roster, kept), _restricted(self.policy, kept))
        group_of = {member: group for member, group in self.group_of.items() if member in kept}
        return Altered("leave", {"members": gone}, inputs, self._anew(group_of))

    def join(self, given: Mapping[str, Any]) -> Altered:
        """Let a newcomer join a group."""
        if "group" not in given:
            message = Phrase("join= says who, but not where", "join=只说明是谁，未说明编入哪个小组")
            raise InputError(Issue("no_group", message, advice=_ADD_GROUP))
        from grouping.roster.newcomer import newcomer  # brings in what reads rosters

        member: Member = newcomer(self.roster, given["join"])
        group = known_group(self.before, given["group"])
        inputs = Inputs(replace(self.roster, members=(*self.roster.members, member)), self.policy)
        facts = {"member": member.member_id, "group": group}
        division = self._anew({**self.group_of, member.member_id: group})
        return Altered("join", facts, inputs, division, {member.member_id: group})

    def merge(self, given: Mapping[str, Any]) -> Altered:
        """Make one group of two."""
        two = _pair(given["merge"], "merge", Phrase("two groups", "两个小组"))
        first, second = (known_group(self.before, one) for one in two)
        if first == second:
            raise _same("a group is merged with another one", "小组须与另一个小组合并")
        moves = {member: first for member, group in self.group_of.items() if group == second}
        made = self._regrouped("merge", {"first": first, "second": second}, moves)
        return replace(made, kept={}, groups=-1)

    def split(self, given: Mapping[str, Any]) -> Altered:
        """Make two groups of one."""
        group = known_group(self.before, given["split"])
        mine = [member for member in self.roster.member_ids if self.group_of.get(member) == group]
        if len(mine) < 2:
            message = Phrase("a group of one cannot be split", "只有一人的小组不能拆分")
            raise InputError(Issue("too_small", message, value=group))
        name = _fresh(group, set(self.group_of.values()))
        exact = True
        if "into" in given:
            listed = [given["into"]] if isinstance(given["into"], str) else list(given["into"])
            into = {known_member(self.roster, member) for member in listed}
            others = sorted(into - set(mine))
            if others:
                message = Phrase(f"into lists members who are not in {group}", f"into中有不在{group}的成员")
                raise InputError(Issue("not_in_group", message, value=", ".join(others)))
            if not into or len(into) == len(mine):
                raise _same("a split leaves members in both groups", "拆分后两个小组都须有成员")
        else:
            into, exact = self._best_split(group, name, mine)
        moves = {member: name for member in mine if member in into}
        made = self._regrouped("split", {"group": group, "new": name, "members": tuple(moves)}, moves)
        return replace(made, groups=1, exact=exact)

    def weight(self, given: Mapping[str, Any]) -> Altered:
        """Weigh wishes otherwise."""
        policy = self.policy
        in_chinese = {called(criterion.label, "zh"): criterion.label for criterion in policy.prefer}
        table = {in_chinese.get(name, name): w for name, w in _table(given["weight"], "weight").items()}
        names = {criterion.label for criterion in policy.prefer} | {type(c).__name__ for c in policy.prefer}
        if not names >= table.keys():  # a wish that came with the roster, or a Chinese name
            policy = with_requests(self.roster, policy)
            names = {criterion.label for criterion in policy.prefer} | {type(c).__name__ for c in policy.prefer}
            in_chinese = {called(criterion.label, "zh"): criterion.label for criterion in policy.prefer}
            table = {in_chinese.get(name, name): weight for name, weight in table.items()}
        faults = [
            not_known("criterion", "没有这项标准", name, sorted(names), "weight") for name in table if name not in names
        ]
        if faults:
            raise PolicyError(faults)
        prefer: list[Criterion] = []
        changed: dict[str, tuple[object, object]] = {}
        for criterion in policy.prefer:
            weight = table.get(criterion.label, table.get(type(criterion).__name__, criterion.weight))
            if weight != criterion.weight:
                changed[criterion.label] = (criterion.weight, weight)
            if weight != 0 or isinstance(weight, bool):
                prefer.append(replace(criterion, weight=weight))
        if not changed:
            raise _same("these weights are the policy's already", "权重与现行方案相同")
        return self._policy("weight", {"changes": changed}, policy.replace(prefer=prefer))

    def principles(self, given: Mapping[str, Any]) -> Altered:
        """Weigh principles otherwise."""
        in_chinese = {WORDS["zh"][name]: name for name in self.policy.principles}
        asked = _table(given["principles"], "principles")
        table = {in_chinese.get(name, name): weight for name, weight in asked.items()}
        old = dict(self.policy.principles)
        policy = self.policy.replace(principles={**old, **table})
        changed = {key: (old[key], weight) for key, weight in policy.principles.items() if old[key] != weight}
        if not changed:
            raise _same("these weights are the policy's already", "权重与现行方案相同")
        return self._policy("principles", {"changes": changed}, policy)

    def must(self, given: Mapping[str, Any]) -> Altered:
        """Add rules."""
        listed = given["must"]
        rules = [listed] if isinstance(listed, Criterion | Mapping) else list(listed)
        added = [rule if isinstance(rule, Criterion) else from_dict(rule, "must") for rule in rules]
        new = [rule for rule in added if rule not in self.policy.must]
        if not new:
            raise _same("these rules are the policy's already", "这些规则已在现行方案中")
        policy = self.policy.replace(must=[*self.policy.must, *new])
        return self._policy("must", {"rules": tuple(rule.label for rule in new)}, policy)

    def drop(self, given: Mapping[str, Any]) -> Altered:
        """Give up rules."""
        listed = given["drop"]
        asked = [listed] if isinstance(listed, str | Criterion) else list(listed)
        labels = [rule.label if isinstance(rule, Criterion) else str(rule) for rule in asked]
        policy = self.policy
        if not {rule.label for rule in policy.must} >= set(labels):  # a rule that came with the roster, or in Chinese
            policy = with_requests(self.roster, policy)
        known = [rule.label for rule in policy.must]
        in_chinese = {called(label, "zh"): label for label in known}
        labels = [in_chinese.get(label, label) for label in labels]
        faults = [not_known("rule", "没有这条规则", label, known, "drop") for label in labels if label not in known]
        if faults:
            raise PolicyError(faults)
        kept = [rule for rule in policy.must if rule.label not in labels]
        return self._policy("drop", {"rules": tuple(labels)}, policy.replace(must=kept))

    def _regrouped(self, kind: str, facts: Mapping[str, object], moves: Mapping[str, str]) -> Altered:
        division = regrouped(self.before, {**self.group_of, **moves})
        return Altered(kind, facts, self.inputs, division, moves)

    def _policy(self, kind: str, facts: Mapping[str, object], policy: Policy) -> Altered:
        """Return the same division under another policy."""
        return Altered(kind, facts, Inputs(self.roster, policy), self._anew(self.group_of))

    def _anew(self, group_of: Mapping[str, str]) -> Division:
        """Return a division in which leaders and teams are chosen anew everywhere; leaders named by hand stay."""
        named = (m for m in self.before.division.leaders if m in self.before.named and m in group_of)
        return Division(dict(group_of), tuple(named))

    def _best_split(self, group: str, name: str, mine: Sequence[str]) -> tuple[set[str], bool]:
        """Return the members of the new group, and whether no other way is better."""
        from grouping.plan.judging import Judge

        trial = Division({**self.group_of, mine[0]: name})
        parts = Judge(self.roster, self.policy).scored(trial)
        part = next(part for part in parts if mine[0] in part.compiled.roster.member_ids)
        problem = part.compiled.problem
        new = next(g for g, one in enumerate(problem.groups) if one.name == name)
        old = next(g for g, one in enumerate(problem.groups) if one.name == group)
        index = [part.compiled.roster.member_ids.index(m) for m in mine if m in part.compiled.roster.member_ids]
        place = np.where(problem.size > 0, part.group_of, -1)
        place[index] = old
        tally = Tally(problem)

        def badness(chosen: Iterable[int]) -> tuple[int, int]:
            there = place.copy()
            there[list(chosen)] = new
            return tally.cost(there)

        named = any(term.groups is not None for term in problem.terms)
        named = named or any(placement.item in index for placement in problem.placements)
        alike = not named and replace(problem.groups[old], name=name) == problem.groups[new]
        found, exact = _search(index, problem.groups[new].lo, alike, badness)
        return {problem.keys[item] for item in found}, exact


def _search(
    items: Sequence[int], least: int, alike: bool, badness: Callable[[Iterable[int]], tuple[int, int]]
) -> tuple[tuple[int, ...], bool]:
    """Return the best part of the items that is found to be split off, and whether all were counted.

    Parameters
    ----------
    least : fewest items of a group
    alike : whether it makes no difference which of the two groups is the new one; then the first item stays
    badness : what is to be least, for the items that are split off
    """
    count = len(items)
    sizes = [size for size in range(1, count) if min(size, count - size) >= least] or [count // 2]
    free = items[1:] if alike else items
    ways = [part for size in sizes for part in islice(combinations(free, size), EXHAUSTIVE + 1)]
    if len(ways) <= EXHAUSTIVE:
        return min(ways, key=lambda part: (badness(part), part)), True
    best = tuple(free[: sizes[len(sizes) // 2]])
    value = badness(best)
    while True:
        outside = [item for item in items if item not in best]
        tries = [tuple(x for x in best if x != a) for a in best if len(best) - 1 in sizes]
        tries += [(*best, b) for b in outside if len(best) + 1 in sizes]
        tries += [(*(x for x in best if x != a), b) for a in best for b in outside]
        least_bad = min((badness(part), part) for part in tries)
        if least_bad[0] >= value:
            return best, False
        value, best = least_bad


def _same(message: str, zh: str) -> InputError:
    return InputError(Issue("no_change", Phrase(message, zh)))


def _pair(value: object, name: str, what: Phrase) -> tuple[object, object]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 2:
        message = Phrase(f"{name} names {what}", f"{name}须给出{what.zh}")
        raise InputError(Issue("bad_change", message, value=str(value)))
    return value[0], value[1]


def _table(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value:
        message = Phrase(f"{name} is a table of name = weight", f"{name}须为“名称=权重”的表")
        raise PolicyError(Issue("bad_weight", message, value=str(value)))
    return {str(key): read_weight(weight) for key, weight in value.items()}


def _fresh(group: str, taken: set[str]) -> str:
    """Return a name for a new group, in the manner of the others."""
    found = re.fullmatch(r"(.*\D|)(\d+)", group)
    stem, number = (found[1], 1) if found else (f"{group}-", 2)
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"


def _without(roster: Roster, kept: frozenset[str]) -> Roster:
    """Return the roster of those who stay; teams that lose their last member become teams without members."""
    requests = tuple(
        replaced
        for request in roster.requests
        if (replaced := request.model_copy(update={"members": tuple(m for m in request.members if m in kept)})).members
        and (len(replaced.members) > 1 or request.kind == "not_leader")
    )
    return replace(
        roster,
        members=tuple(member for member in roster.members if member.member_id in kept),
        requests=requests,
        committee=tuple(person for person in roster.committee if person.member_id in kept),
        explicit_shifts={key: code for key, code in roster.explicit_shifts.items() if key[0] in kept},
    )


def _restricted(policy: Policy, kept: frozenset[str]) -> Policy:
    """Return the policy without what it says of members who are gone."""

    def left(criteria: Sequence[Criterion]) -> list[Criterion]:
        found: list[Criterion] = []
        for criterion in criteria:
            here: Criterion | None = criterion
            if isinstance(criterion, Affinity):  # ties to who is gone go with them, unlike those to other branches
                ties = [tie for tie in criterion.ties if kept >= set(tie[:2])]
                here = replace(criterion, edges=ties) if ties else None  # type: ignore[arg-type]
            elif not kept >= set(criterion.named):
                here = criterion.restricted(kept)
            found += [here] if here is not None else []
        return found

    groups = policy.groups
    if isinstance(groups, tuple):
        named = [one for one in groups if not isinstance(one, int)]
        if named:
            groups = tuple(replace(one, leader=one.leader if one.leader in kept else None) for one in named)
    return policy.replace(must=left(policy.must), prefer=left(policy.prefer), groups=groups)
