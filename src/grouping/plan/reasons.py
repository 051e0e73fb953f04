"""Why no division keeps every rule, as far as counting tells: one plain sentence for each argument that holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from grouping.phrases import Phrase, span
from grouping.plan.wording import groups, listed, named, people, so_many
from grouping.policy.general import Apart, AtLeast, AtMost, Together
from grouping.policy.rules import Pin
from grouping.problem import Count, Role

if TYPE_CHECKING:
    from grouping.policy.compiling import Compiled


def reasons(part: Compiled) -> list[str]:
    """Return what counting finds, the most telling first; else the list of rules that clash."""
    found = counted(part)
    if found:
        return found
    problem = part.problem
    names = [term.name for term in problem.terms if term.must] + [placement.name for placement in problem.placements]
    rules = named(dict.fromkeys([*names, *(budget.name for budget in problem.budgets)]))
    sizes = list(dict.fromkeys((group.lo, group.hi) for group in problem.groups))
    limits = [span(lo, hi) for lo, hi in sizes]
    return [
        Phrase(
            f"these rules cannot all be kept with groups of {' or '.join(limits)}: {rules or 'none but the sizes'}",
            f"每组{'或'.join(one.zh for one in limits)}人时，下列规则无法同时满足：{rules.zh or '仅人数限制'}",
        )
    ]


def counted(part: Compiled) -> list[str]:
    """Return the counting arguments that prove, without any search, that no division keeps every rule."""
    return list(_Counting(part).arguments())


def _all_apart(rules: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return many members of whom every two are apart by some rule: the most that adding one by one comes to."""
    beside: dict[str, set[str]] = {}
    for ids in rules:
        for member in ids:
            beside.setdefault(member, set()).update(ids)
    order = sorted(beside, key=lambda member: -len(beside[member]))
    best: list[str] = []
    for first in order:
        clique = [first]
        for member in order:
            if member != first and all(member in beside[other] for other in clique):
                clique.append(member)
        if len(clique) > len(best):
            best = clique
    return tuple(member for member in beside if member in best)


class _Counting:
    """The counting arguments about one part."""

    def __init__(self, part: Compiled) -> None:
        self.part = part
        self.problem = part.problem
        self.rules = [entry.criterion for entry in part.entries if entry.must]
        self.fewest = max(self.problem.least, 1)
        self.most = self.problem.at_most
        self.room = max((group.hi for group in self.problem.groups), default=0)

    @property
    def needed(self) -> Phrase:
        """The groups that there have to be."""
        count = groups(self.fewest)
        return count if self.fewest == self.most else Phrase(f"at least {count}", f"至少{count.zh}")

    def arguments(self) -> Iterator[str]:
        """Yield all that hold, the most telling first."""
        yield from self._offices()
        told: set[int] = set()
        for entry in self.part.entries:
            rule = entry.criterion
            if not entry.must or not isinstance(rule, AtLeast | AtMost) or not entry.terms:
                continue
            term = self.problem.terms[entry.terms[0]]
            have = int(term.value.sum()) if isinstance(term, Count) else 0
            if isinstance(rule, AtLeast) and have < rule.n * self.fewest:
                if rule.n == 1 and dict(rule.where).keys() == {"status"}:
                    told.add(have)
                yield self._too_few(rule, have)
            elif isinstance(rule, AtMost) and have > rule.n * self.most:
                yield self._too_many(rule, have)
        yield from self._leaders(told)
        yield from self._apart_and_together()
        yield from self._placements()

    def _offices(self) -> Iterator[str]:
        problem = self.problem
        for g, group in enumerate(problem.groups):
            if not group.required:
                continue
            for seat in problem.seats:
                rules = [t for t in problem.terms if isinstance(t, Role) and t.seat == seat and t.must]
                rules = [t for t in rules if t.applies_to(g)]
                own = [t.name for t in rules if t.groups is not None]
                if own and not np.logical_and.reduce([t.eligible & (t.points == 0) for t in rules]).any():
                    others = named(t.name for t in rules if t.groups is None)
                    yield Phrase(
                        f"{' and '.join(own)} cannot be kept: the member may not be {seat} by {others}",
                        f"“{named(own).zh}”无法满足：按“{others.zh}”该成员不能担任",
                    )

    def _leaders(self, told: set[int]) -> Iterator[str]:
        """Tell of too few who may lead, unless the same number was just told of those of a status."""
        problem = self.problem
        for seat in problem.seats:
            rules = [t for t in problem.terms if isinstance(t, Role) and t.seat == seat and t.must and t.groups is None]
            if not rules:
                continue
            able = int(np.logical_and.reduce([t.eligible & (t.points == 0) for t in rules]).sum())
            if able < self.fewest and able not in told:
                post = {"leader": "组长"}.get(seat, seat)
                who = "nobody" if not able else f"only {able} {'member' if able == 1 else 'members'}"
                yield Phrase(
                    f"{who} may be {seat}, but {self.needed} {'needs' if self.fewest == 1 else 'need'} one each",
                    f"可任{post}的{f'只有{able}人' if able else '没有人'}，但{self.needed.zh}各需一名{post}",
                )

    def _too_few(self, rule: AtLeast, have: int) -> Phrase:
        kind = people(rule.where)
        wanted = rule.n * self.fewest
        each = "one in each" if rule.n == 1 else f"{rule.n} in each"
        verb = "needs" if self.fewest == 1 else "need"
        en, zh = f"there are no {kind}", f"没有{kind.zh}"
        if have:
            en = f"there {'is' if have == 1 else 'are'} only {so_many(have, rule.where)}"
            zh = f"{kind.zh}只有{have}人"
        return Phrase(
            f"{en}; {self.needed} {verb} at least {wanted}, {each}",
            f"{zh}；{self.needed.zh}每组至少{rule.n}人，共需至少{wanted}人",
        )

    def _too_many(self, rule: AtMost, have: int) -> Phrase:
        many, place = so_many(have, rule.where), groups(self.most)
        return Phrase(
            f"there are {many}; {place} with at most {rule.n} of them in each take only {rule.n * self.most}",
            f"共有{many.zh}；{place.zh}每组至多{rule.n}人，最多只能容纳{rule.n * self.most}人",
        )

    def _apart(self) -> Iterator[str]:
        """Tell of more members who must all be apart than there can be groups, by one rule or by several."""
        rules = [rule.ids for rule in self.rules if isinstance(rule, Apart)]
        found = [ids for ids in rules if len(ids) > self.most]
        if not found:
            largest = _all_apart(rules)
            found = [largest] if len(largest) > self.most else []
        for members in found:
            ids, asked = listed(members), len(members)
            yield Phrase(
                f"{ids} must all be in different groups, which takes {groups(asked)}, "
                f"but there can be only {self.most}",
                f"{ids.zh}须分在不同的小组，需要{asked}个小组，但最多只有{self.most}个",
            )

    def _apart_and_together(self) -> Iterator[str]:
        yield from self._apart()
        together = [rule for rule in self.rules if isinstance(rule, Together)]
        for rule in self.rules:
            if isinstance(rule, Apart):
                for other in together:
                    both = [member for member in rule.ids if member in other.ids]
                    if len(both) > 1:
                        pair = listed(both[:2])
                        yield Phrase(
                            f"{pair} must be in one group and in different groups",
                            f"{pair.zh}既要求在同一小组，又要求分在不同的小组",
                        )
        for rule in together:
            if len(rule.ids) > self.room:
                ids = listed(rule.ids)
                yield Phrase(
                    f"{ids} must be in one group: {len(rule.ids)} members, but a group takes only {self.room}",
                    f"{ids.zh}须在同一小组，共{len(rule.ids)}人，但一个小组最多{self.room}人",
                )

    def _placements(self) -> Iterator[str]:
        problem = self.problem
        pinned: dict[str, set[str]] = {}
        for rule in self.rules:
            if isinstance(rule, Pin):
                pinned.setdefault(rule.member, set()).add(rule.group)
        twice = {member for member, names in pinned.items() if len(names) > 1}
        for member in sorted(twice):
            names = sorted(pinned[member])
            yield Phrase(f"{member} is pinned to {' and to '.join(names)}", f"{member}同时被指定到{'和'.join(names)}")
        for rule in self.rules:
            if isinstance(rule, Apart | Together):
                yield from self._placed(rule, pinned)
        for g, group in enumerate(problem.groups):
            here = sorted(member for member, names in pinned.items() if group.name in names)
            if len(here) > group.hi:
                yield Phrase(
                    f"{len(here)} members are pinned to {group.name}, which takes only {group.hi}",
                    f"指定到{problem.groups[g].name}的有{len(here)}人，但该组最多{group.hi}人",
                )
        for item in np.flatnonzero(~problem.allowed.any(axis=1)):
            if problem.keys[item] in twice:
                continue
            rules_on = named(placement.name for placement in problem.placements if placement.item == item)
            yield Phrase(
                f"no group is left for {problem.keys[item]}: {rules_on}",
                f"{problem.keys[item]}没有可去的小组：{rules_on.zh}",
            )

    def _placed(self, rule: Apart | Together, pinned: dict[str, set[str]]) -> Iterator[str]:
        for a, b in combinations([member for member in rule.ids if len(pinned.get(member, ())) == 1], 2):
            (first,), (second,) = pinned[a], pinned[b]
            if isinstance(rule, Apart) and first == second:
                yield Phrase(
                    f"{a} and {b} must be in different groups, but both are pinned to {first}",
                    f"{a}与{b}须分在不同的小组，却都被指定到{first}",
                )
            if isinstance(rule, Together) and first != second:
                yield Phrase(
                    f"{a} and {b} must be in one group, but are pinned to {first} and {second}",
                    f"{a}与{b}须在同一小组，却分别被指定到{first}和{second}",
                )
