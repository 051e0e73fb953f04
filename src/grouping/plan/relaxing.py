"""From slack to a policy: what is changed, in numbers and in words, and the policy that has it changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from grouping.phrases import Phrase, said
from grouping.plan.ruling import named_groups
from grouping.plan.wording import given_up, groups, raised
from grouping.policy.compiling import in_part
from grouping.policy.policy import GroupSpec
from grouping.policy.rules import Forbid, Pin

if TYPE_CHECKING:
    from grouping.plan.ruling import Rule, Ruling
    from grouping.policy.criterion import Criterion
    from grouping.policy.policy import Groups, Policy
    from grouping.solving.loosening import Loosened


@dataclass(frozen=True)
class Change:
    """One rule that is relaxed.

    Attributes
    ----------
    kind : "size", "groups", "criterion", or "leader" (of a named group)
    rule : how the policy calls it
    part : the independent part (branch) that needs it, "" if there is one part only
    before, after : a limit as a number, the number of groups, or the rule as text; ``after`` is None when it is dropped
    amount : members by which a limit is moved, groups, pairs, members let lead, or steps of a number
    text : the change in words, see :meth:`sentence`
    """

    kind: str
    rule: str
    part: str
    before: int | str
    after: int | str | None
    amount: int
    text: str

    def sentence(self, lang: str = "en") -> str:
        """Return the change in "en" or "zh"."""
        return said(in_part(self.part, self.text), lang)

    def to_dict(self, lang: str = "en") -> dict[str, Any]:
        """Return the change as plain data, its sentence in "en" or "zh"."""
        data: dict[str, Any] = {key: value for key, value in vars(self).items() if key != "text"}
        return {**data, "sentence": self.sentence(lang)}


@dataclass(frozen=True)
class Slack:
    """What one part needs to be relaxed."""

    ruling: Ruling
    found: Loosened

    def given_up(self, index: int) -> list[Criterion]:
        """Return the pieces that are given up of a rule, by its position in the policy."""
        return [piece for p in self._of(index) if (piece := self.ruling.criteria[p]) is not None]

    def raised(self, index: int) -> int:
        """Return by how many members the limit of a rule that counts over the whole plan is raised."""
        caps = zip(self.ruling.loose.caps, self.found.caps, strict=True)
        return sum(steps for cap, steps in caps if self.ruling.rules[cap.rule].index == index)

    def amount(self, index: int) -> int:
        """Return how much of a rule is given up."""
        return sum(self.ruling.loose.pieces[p].amount for p in self._of(index))

    def _of(self, index: int) -> list[int]:
        ruling = self.ruling
        pieces = [p for p in self.found.pieces if ruling.criteria[p] is not None]
        return [p for p in pieces if ruling.rules[ruling.loose.pieces[p].rule].index == index]

    @property
    def without_leader(self) -> set[str]:
        """The named groups whose leader in office is given up."""
        pieces = [p for p in self.found.pieces if self.ruling.criteria[p] is None]
        return {self.ruling.rules[self.ruling.loose.pieces[p].rule].group for p in pieces}

    @property
    def left_out(self) -> set[str]:
        """The named groups that are not used."""
        return {self.ruling.compiled.problem.groups[g].name for g in self.found.left_out}

    @property
    def division(self) -> dict[str, str]:
        """Where everybody is in the division that was found with it."""
        problem = self.ruling.compiled.problem
        places = zip(self.ruling.draft.roster.member_ids, self.found.group_of.tolist(), strict=False)
        return {member: problem.groups[g].name for member, g in places}

    def changes(self, policy: Policy) -> Iterator[Change]:
        """Yield what is changed, in the order in which the policy states its rules."""
        ruling, found, part = self.ruling, self.found, self.ruling.draft.name
        for band, now in zip(ruling.loose.bands, found.bands, strict=True):
            yield from _sizes(ruling.rules[band.rule], part, (band.lo, band.hi), now)
        number = ruling.loose.number
        if number is not None:
            rule = ruling.rules[number.rule]
            for name in sorted(self.left_out):
                text = Phrase(f"do without the group {name}", f"不设{name}")
                yield Change("groups", rule.label, part, name, None, 1, text)
            if found.number is not None:
                yield from _numbers(rule, part, (number.fewest, number.most), found.number)
        for index, whole in enumerate(policy.must):
            pieces = self.given_up(index)
            if pieces:
                left = whole.without(pieces)
                after = ", ".join(rule.label for rule in left) or None
                text = given_up(whole, pieces)
                yield Change("criterion", whole.label, part, whole.label, after, self.amount(index), text)
            if more := self.raised(index):
                higher = whole.raised(more)
                yield Change("criterion", whole.label, part, whole.label, higher.label, more, raised(whole, higher))
        for name in sorted(self.without_leader):
            rule = next(rule for rule in ruling.rules if rule.kind == "leader" and rule.group == name)
            text = Phrase(f"do not ask that {rule.text}", f"不再要求{said(rule.text, 'zh')}")
            yield Change("leader", rule.label, part, rule.label, None, 1, text)


def _sizes(rule: Rule, part: str, before: tuple[int, int], after: tuple[int, int]) -> Iterator[Change]:
    where = rule.group
    (lo, hi), (least, most) = before, after
    if most > hi:
        text = Phrase(f"allow groups of up to {most} instead of {hi}", f"每组人数上限由{hi}人放宽到{most}人")
        if where:
            text = Phrase(f"allow {where} up to {most} members instead of {hi}", f"{where}上限由{hi}人放宽到{most}人")
        yield Change("size", rule.label, part, hi, most, most - hi, text)
    if least < lo:
        text = Phrase(f"allow groups of as few as {least} instead of {lo}", f"每组人数下限由{lo}人放宽到{least}人")
        if where:
            text = Phrase(
                f"allow {where} as few as {least} members instead of {lo}", f"{where}下限由{lo}人放宽到{least}人"
            )
        yield Change("size", rule.label, part, lo, least, lo - least, text)


def _numbers(rule: Rule, part: str, before: tuple[int, int], after: tuple[int, int]) -> Iterator[Change]:
    (fewest, most), (least, room) = before, after
    if fewest == most and least == room:
        if least != most:
            now = groups(least)
            text = Phrase(f"form {now} instead of {most}", f"小组数由{most}个改为{least}个")
            yield Change("groups", rule.label, part, most, least, abs(least - most), text)
        return
    if room > most:
        text = Phrase(f"allow up to {groups(room)} instead of {most}", f"小组数上限由{most}个放宽到{room}个")
        yield Change("groups", rule.label, part, most, room, room - most, text)
    if least < fewest:
        text = Phrase(f"allow as few as {groups(least)} instead of {fewest}", f"小组数下限由{fewest}个放宽到{least}个")
        yield Change("groups", rule.label, part, fewest, least, fewest - least, text)


def relaxed(policy: Policy, slacks: Sequence[Slack]) -> Policy:
    """Return the policy with everything relaxed that some part needs."""
    left_out = set[str]().union(*(slack.left_out for slack in slacks))
    must: list[Criterion] = []
    for index, rule in enumerate(policy.must):
        if isinstance(rule, Pin | Forbid) and rule.group in left_out:
            continue
        pieces = [piece for slack in slacks for piece in slack.given_up(index)]
        more = sum(slack.raised(index) for slack in slacks)
        must += rule.without(pieces) if pieces else (rule.raised(more) if more else rule,)
    sizes = [policy.size]
    own: dict[str, tuple[int, int]] = {}
    number: Groups = policy.groups
    for slack in slacks:
        for band, now in zip(slack.ruling.loose.bands, slack.found.bands, strict=True):
            name = slack.ruling.rules[band.rule].group
            if name:
                own[name] = now
            else:
                sizes.append(now)
        if slack.found.number is not None:
            fewest, most = slack.found.number
            number = most if isinstance(policy.groups, int) else (fewest, most)
    specs = named_groups(policy)
    if specs:
        vacant = set[str]().union(*(slack.without_leader for slack in slacks))
        number = tuple(
            GroupSpec(spec.name, own.get(spec.name, spec.size), None if spec.name in vacant else spec.leader)
            for spec in specs
            if spec.name not in left_out
        )
    size = (min(lo for lo, _ in sizes), max(hi for _, hi in sizes))
    return replace(policy, size=size, groups=number, must=must)
