"""What is to be revised: the division in force, the people and the policy of now, and what has changed between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.errors import Issue, PolicyError
from grouping.plan.evaluation import Inputs
from grouping.plan.forming import checked_policy
from grouping.plan.judging import Judge
from grouping.plan.moving import Moving, movings
from grouping.policy.compiling import without_members

if TYPE_CHECKING:
    from grouping.plan.evaluation import Evaluation
    from grouping.policy.policy import Policy
    from grouping.roster import Roster


@dataclass(frozen=True)
class Asked:
    """What is to be revised, for whom, and by what.

    Attributes
    ----------
    before : the division in force
    inputs : the members and the policy of now
    old : member id → group of the division in force, of those who are still there
    leaders : who led a group
    parts : the parts with the groups that were there
    free : whether other groups are allowed too
    known : the roster of the division in force, None where that is not known
    """

    before: Evaluation
    inputs: Inputs
    old: Mapping[str, str]
    leaders: frozenset[str]
    parts: list[Moving]
    free: bool
    known: Roster | None

    @classmethod
    def of(cls, plan: Evaluation, roster: Roster | None, policy: Policy | None, groups: str) -> Asked:
        """Return the question, compiled; parameters and errors are those of :func:`revise`."""
        if groups not in ("keep", "free"):
            raise PolicyError(Issue("bad_groups", 'groups is "keep" or "free"', value=str(groups)))
        people = plan.inputs.roster if roster is None else roster
        wanted = plan.policy if policy is None else checked_policy(policy)
        seats = {seat.member_id: seat for seat in plan.result.assignments}
        here = set(people.member_ids)
        inputs = Inputs(people, without_members(wanted, seats.keys() - here))
        old = {member: seat.group for member, seat in seats.items() if member in here}
        leaders = frozenset(member for member, seat in seats.items() if seat.role == "leader")
        free = groups == "free"
        parts = movings(people, inputs.policy, old, free)
        return cls(plan, inputs, old, leaders, parts, free, plan.known_roster)

    def unchanged(self) -> list[bool]:
        """Return of each part whether nothing has changed: the policy, the groups allowed, and its members.

        A part in which rules are broken is to be mended, so it never counts as unchanged. Of a plan that was read
        from a file only its result is known, which has to be the same in every respect.
        """
        if self.free or self.before.policy != self.inputs.policy:
            return [False] * len(self.parts)
        same = self._same_result() if self.known is None else _same_members(self.known, self.inputs.roster)
        left = {(seat.part, seat.group) for seat in self.before.result.assignments if seat.member_id not in self.old}
        return [
            moving.as_it_was
            and all(member in same for member in moving.part.roster.member_ids)
            and not any(part == moving.part.name or group in moving.names for part, group in left)
            for moving in self.parts
        ]

    def _same_result(self) -> set[str]:
        """Return the members of the groups of which the old result says what is so now."""
        now, then = Judge(self.inputs.roster, self.inputs.policy).groups(self.old).result, self.before.result
        groups = {(group.part, group.group) for group in set(now.groups) & set(then.groups)}
        seats = set(now.assignments) & set(then.assignments)
        return {seat.member_id for seat in seats if (seat.part, seat.group) in groups}


def _same_members(then: Roster, now: Roster) -> set[str]:
    """Return the members about whom both rosters say the same."""
    tables = ("teams", "sites", "shift_codes", "shift_patterns", "travel", "requests")
    if any(getattr(then, table) != getattr(now, table) for table in tables):
        return set()
    changed = {member for (member, _), _ in set(then.explicit_shifts.items()) ^ set(now.explicit_shifts.items())}
    mine = {member.member_id: member for member in then.members}
    return {m.member_id for m in now.members if mine.get(m.member_id) == m and m.member_id not in changed}
