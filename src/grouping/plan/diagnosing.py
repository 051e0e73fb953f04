"""Finding out why there is no plan, part by part: counting, then the smallest relaxation, then a minimal conflict."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from grouping.errors import InfeasibleError, NoPlanFoundError, PolicyError
from grouping.plan.conflicts import Conflict, conflict_of
from grouping.plan.diagnosis import Diagnosis, Relaxation, Status
from grouping.plan.forming import checked_limit, checked_policy, form_groups
from grouping.plan.idle import idle_rules
from grouping.plan.reasons import counted
from grouping.plan.relaxing import Change, Slack, relaxed
from grouping.plan.ruling import Rule, hardness_of, taken_apart
from grouping.plan.unlocking import conflict_beside_keeps, keeps_groups, kept_in, let_go, without_rules
from grouping.plan.wording import given_up, in_words
from grouping.policy.compiling import check_members, drafts, in_part, parts_of, torn, why_torn, with_requests
from grouping.policy.rules import Keep
from grouping.solving import assignment, engine
from grouping.solving.clock import Clock
from grouping.solving.loosening import Loosening

if TYPE_CHECKING:
    from grouping.plan.ruling import Ruling
    from grouping.policy.compiling import Draft
    from grouping.policy.criterion import Criterion
    from grouping.policy.policy import Policy
    from grouping.problem import Problem
    from grouping.roster import Roster

_ROUNDS = 3
"""Attempts at a relaxation: a rule that reads the sizes, such as EvenSize, may ask for more once they are changed."""

_PLAN = 0.2
"""Share of the time limit for a good plan under the relaxed policy."""

_TINY = 15
"""Members up to which a second worker of CP-SAT costs more than it brings."""

_WORST_FIRST: tuple[Status, ...] = ("infeasible", "unknown")

_PLAIN = 100_000
"""Booleans of the plain model, items × groups, beyond which local search looks for a plan instead."""


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
        if keeps_groups(self.policy):
            return self._beside_keeps()
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

    def _beside_keeps(self) -> Diagnosis:
        """Return what is found about a policy that keeps groups: those in a conflict are let go one after another.

        What is left then without a plan is relaxed as if no group were kept; the others are kept if they still can be.
        """
        status = self._settled_whole()
        if status != "infeasible":
            return Diagnosis(status)
        gone: list[int] = []
        while True:
            conflict = conflict_beside_keeps(self.policy, gone, len(self.roster), self._possible)
            self.conflicts.append(conflict)
            kept = kept_in(self.policy, conflict)
            if not kept:
                break
            gone.append(kept[0])
            if self._possible(without_rules(self.policy, gone)) is not False:
                return self._let_go(gone, without_rules(self.policy, gone), ())
        left = [i for i, rule in enumerate(self.policy.must) if isinstance(rule, Keep) and i not in gone]
        seconds = max(self.clock.left, 1.0)
        rest = diagnose(self.roster, without_rules(self.policy, [*gone, *left]), time_limit=seconds, seed=self.seed)
        if rest.relaxation is None:
            return Diagnosis("infeasible", tuple(self.reasons), None, tuple(self.conflicts), rest.warnings)
        loose, changes = rest.relaxation.policy, rest.relaxation.changes
        again = replace(loose, must=(*loose.must, *(self.policy.must[i] for i in left)))
        if self._possible(again):
            return self._let_go(gone, again, changes)
        return self._let_go([*gone, *left], loose, changes)

    def _settled_whole(self) -> Status:
        """Return whether there is a division that keeps every rule; adds the reasons if there is none."""
        try:
            parts = list(drafts(self.roster, self.policy))
        except InfeasibleError as error:
            self.reasons += error.reasons
            return "infeasible"
        found = {self._settle(part, self.clock.left * 0.3 / (len(parts) - p)) for p, part in enumerate(parts)}
        return next((status for status in _WORST_FIRST if status in found), "feasible")

    def _possible(self, policy: Policy) -> bool | None:
        """Tell whether a policy has a plan; None when that is not known, or it makes no sense without the rest."""
        try:
            parts = [part.compiled() for part in drafts(self.roster, policy)]
        except InfeasibleError:
            return False
        except PolicyError:
            return None
        if any(counted(part) for part in parts):
            return False
        found = {self._asked(part.problem, min(self.clock.left * 0.1, 1.0)) for part in parts}
        return False if "infeasible" in found else None if "unknown" in found else True

    def _let_go(self, gone: Sequence[int], policy: Policy, more: Sequence[Change]) -> Diagnosis:
        """Return the diagnosis with groups let go and more changes as its relaxation, if a plan is found with it.

        That nothing smaller does is not proven.
        """
        relaxation = None
        with suppress(NoPlanFoundError, InfeasibleError):
            seconds = max(min(self.clock.left * 0.8, self.clock.limit * _PLAN), 0.5)
            plan = form_groups(self.roster, policy, time_limit=seconds, seed=self.seed, workers=1)
            changes = (*(let_go(self.policy, index) for index in gone), *more)
            relaxation = Relaxation(changes, policy, plan, proven=False)
        return Diagnosis("infeasible", tuple(self.reasons), relaxation, tuple(self.conflicts))

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

    @staticmethod
    def workers(part: Draft) -> int:
        """Return how many workers of CP-SAT a part is worth."""
        return 1 if len(part.roster) <= _TINY else 2

    def _loosened(self, part: Draft, policy: Policy, seconds: float, first: bool) -> Slack | None:
        if not len(part.roster):
            return None
        ruling = taken_apart(part, policy)
        loosening = Loosening(ruling.loose, self.clock, self.workers(part), self.seed)
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
        loosening = Loosening(ruling.loose, self.clock, self.workers(part), self.seed)
        return conflict_of(ruling, loosening, self.clock.before(until))
