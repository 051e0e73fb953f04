"""A policy that keeps parts of a division as they are, so that solving again settles the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from grouping.errors import AssignmentError
from grouping.policy.criterion import unknown
from grouping.policy.rules import Keep

if TYPE_CHECKING:
    from grouping.errors import Issue
    from grouping.plan.records import Result
    from grouping.policy.policy import Policy


def locked(
    result: Result, policy: Policy, groups: Iterable[str] | None = None, members: Iterable[str] | None = None
) -> Policy:
    """Return the policy with a rule for each group that is kept; see :meth:`grouping.Evaluation.lock`."""
    seats = {seat.member_id: seat for seat in result.assignments}
    names = dict.fromkeys(seat.group for seat in result.assignments)
    whole = _texts(names if groups is None and members is None else groups)
    single = _texts(members)
    faults: list[Issue] = [unknown("group", name, names, "lock") for name in whole if name not in names]
    faults += [unknown("member", member, seats, "lock") for member in single if member not in seats]
    if faults:
        raise AssignmentError(faults)
    rules = []
    for name in names:
        inside = tuple(member for member, seat in seats.items() if seat.group == name)
        mine = inside if name in whole else tuple(member for member in inside if member in single)
        if mine:
            leader = next((member for member in mine if seats[member].role == "leader"), None)
            rules.append(Keep(name, mine, whole=name in whole, leader=leader))
    return policy.replace(must=_beside_earlier(policy, rules))


def _texts(given: Iterable[str] | None) -> dict[str, None]:
    return dict.fromkeys((given,) if isinstance(given, str) else given or ())


def _beside_earlier(policy: Policy, rules: list[Keep]) -> list[object]:
    """Return the rules of the policy with the new ones, which hold wherever they speak of the same members or group.

    Of an earlier lock of the same group, those who are not spoken of now stay kept beside the new ones. A group that
    was kept whole stays so, with those who are kept in it now.
    """
    anew = {member for rule in rules for member in rule.members}
    new = {rule.group: rule for rule in rules}
    found: list[object] = []
    for rule in policy.must:
        if not isinstance(rule, Keep):
            found.append(rule)
            continue
        mate = new.get(rule.group)
        left = [member for member in rule.members if member not in anew]
        if mate is not None and rule.whole and not mate.whole:
            members = tuple(dict.fromkeys([*(m for m in rule.members if m in (*left, *mate.members)), *mate.members]))
            leader = mate.leader or (rule.leader if rule.leader in members else None)
            new[rule.group] = replace(rule, members=members, leader=leader)
        elif left and (mate is None or not mate.whole):
            stays = rule.leader in left and (mate is None or mate.leader is None)
            found.append(replace(rule, members=tuple(left), leader=rule.leader if stays else None))
    return [*found, *new.values()]
