"""The best division after a change: what changed stays, everybody else may move; solved anew, branch by branch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from grouping.errors import InfeasibleError, NoPlanFoundError
from grouping.phrases import Phrase
from grouping.plan.divisions import Division
from grouping.plan.forming import group_indices, start_of, verify
from grouping.plan.matching import matched
from grouping.plan.reasons import reasons
from grouping.plan.wording import CHANGE, groups
from grouping.policy.compiling import compile_drafts, drafts
from grouping.policy.rules import Within
from grouping.policy.wording import called
from grouping.problem import Placement, Problem
from grouping.solving.engine import solve

if TYPE_CHECKING:
    from grouping.plan.altering import Altered
    from grouping.plan.evaluation import Evaluation
    from grouping.plan.judging import Judge
    from grouping.plan.standing import Standing
    from grouping.policy.compiling import Compiled


@dataclass(frozen=True)
class Repair:
    """The best division that keeps a change.

    Attributes
    ----------
    status : "optimal" (proven: none that keeps the change and the rules is better), "feasible" (the best found in
        time), "infeasible" (proven: none keeps the change and the rules) or "unknown" (none was found in time)
    evaluation : the division, scored; None where there is none
    reasons : why it is infeasible, in words
    moved : (member, from, to) of all who are in another group than before the change
    """

    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    evaluation: Evaluation | None = field(default=None, repr=False)
    reasons: tuple[str, ...] = ()
    moved: tuple[tuple[str, str, str], ...] = ()


def repaired(altered: Altered, before: Standing, judge: Judge, time_limit: float, seed: int) -> Repair:
    """Return the best division that keeps a change.

    Members whom the change moves stay where it puts them, each with the leader whom that group had before (who stays,
    too); merged groups stay one, a split group two. Branches that the change does not touch stay as they are.

    Parameters
    ----------
    altered : the change
    before : the division before it
    judge : scores divisions after it
    time_limit : seconds in all
    """
    begun = time.perf_counter()
    pins = {**_anchors(altered, before), **altered.kept}
    group_of: dict[str, str] = {}
    proven = True
    try:
        drafted = list(drafts(altered.inputs.roster, altered.inputs.policy))
        touched = {draft.name for draft in drafted if _touches(altered, before, draft.roster.member_ids)}
        parts = compile_drafts(draft for draft in drafted if draft.name in touched)
        for number, part in enumerate(parts):
            left = time_limit - (time.perf_counter() - begun)
            found, optimal = _solved(part, altered, before, pins, max(left / (len(parts) - number), 0.1), seed)
            group_of.update(found)
            proven = proven and optimal
    except InfeasibleError as error:
        return Repair("infeasible", reasons=error.reasons)
    except NoPlanFoundError:
        return Repair("unknown")
    whole = {**altered.division.group_of, **group_of}
    leaders = tuple(
        member
        for member in altered.division.leaders
        if member not in group_of or (member in before.named and group_of[member] == before.division.group_of[member])
    )
    evaluation = judge.judge(Division(whole, leaders))
    old = before.division.group_of
    moved = tuple((m, old.get(m, ""), group) for m, group in whole.items() if old.get(m, "") != group)
    return Repair("optimal" if proven else "feasible", evaluation, moved=moved)


def _anchors(altered: Altered, before: Standing) -> dict[str, str]:
    """Return who makes the groups of the change the groups that they are: their leader, or else their first member."""
    groups = set(altered.kept.values())
    if altered.kind == "split":
        groups = {str(altered.facts["group"])}
    led = {member: before.division.group_of[member] for member in before.division.leaders}
    if altered.kind == "merge":
        first, second = str(altered.facts["first"]), str(altered.facts["second"])
        return {member: first for member, group in led.items() if group in (first, second)}
    found = {}
    for group in groups:
        there = [m for m, g in before.division.group_of.items() if g == group and m in altered.division.group_of]
        free = [member for member in there if member not in altered.kept]
        free.sort(key=lambda member: member not in led)
        found.update(dict.fromkeys(free[:1], group))
    return found


def _touches(altered: Altered, before: Standing, members: tuple[str, ...]) -> bool:
    """Return whether a change concerns these members, who are divided by themselves."""
    if altered.kind in ("weight", "principles", "must", "drop"):
        return True
    old, new, here = before.division.group_of, altered.division.group_of, set(members)
    if any(old.get(member) != new.get(member) for member in here):
        return True
    gone = old.keys() - new.keys()
    return any(
        here & set(part.compiled.roster.member_ids) and gone & set(part.compiled.roster.member_ids)
        for part in before.parts
    )


def _solved(
    part: Compiled, altered: Altered, before: Standing, pins: Mapping[str, str], time_limit: float, seed: int
) -> tuple[dict[str, str], bool]:
    """Return who is where in a part of the best division that keeps the change, and whether it is proven the best."""
    mine = {member: group for member, group in pins.items() if member in part.roster.member_ids}
    index = group_indices(part, altered.division, first=tuple(dict.fromkeys(mine.values())))
    if not index.keys() >= set(mine.values()):
        most = len(part.problem.groups)
        raise InfeasibleError(Phrase(f"the policy allows no more than {groups(most)}", f"方案最多允许{most}个小组"))
    _same_branch(part, altered, before)
    here = {altered.division.group_of[m] for m in part.roster.member_ids if m in altered.division.group_of}
    least, most = part.problem.least, part.problem.at_most
    if altered.groups > 0:
        least = max(least, len(here))
    elif altered.groups < 0:
        most = min(most, len(here))
    if least > most:
        number = groups(len(here))
        text = Phrase(f"the policy and the sizes do not allow {number}", f"按规则和人数限制不能设{number.zh}")
        raise InfeasibleError(text)
    items = {member: item for item, member in enumerate(part.roster.member_ids)}
    kept = [Placement(CHANGE, items[member], (index[group],)) for member, group in mine.items()]
    problem = replace(part.problem, placements=(*part.problem.placements, *kept), least=least, most=most)
    asked = replace(part, problem=problem)
    solution = solve(problem, time_limit=time_limit, seed=seed, start=start_of(asked, altered.division))
    if solution.status == "infeasible" or solution.group_of is None:
        raise InfeasibleError(reasons(asked))
    verify(problem, solution)
    placed = dict(zip(items, solution.group_of[: len(items)].tolist(), strict=True))
    names = _names(problem, index, placed, before.division.group_of)
    return {member: names[g] for member, g in placed.items()}, solution.status == "optimal"


def _same_branch(part: Compiled, altered: Altered, before: Standing) -> None:
    """Raise InfeasibleError when the change puts a member of a part into a group of another one."""
    mine = set(part.roster.member_ids)
    for member, group in altered.kept.items():
        there = {other for other, name in before.division.group_of.items() if name == group}
        if member in mine and there and not there & mine:
            borders = [rule.label for rule in altered.inputs.policy.must if isinstance(rule, Within)]
            en, zh = " and ".join(borders), "、".join(called(label, "zh") for label in borders)
            text = Phrase(
                f"{group} is beyond the border that {en} sets for {member}", f"{group}超出{member}的范围：{zh}"
            )
            raise InfeasibleError(text)


def _names(problem: Problem, index: Mapping[str, int], placed: Mapping[str, int], old: Mapping[str, str]) -> list[str]:
    """Return the name of every group: of groups that are alike, those that keep most members where they were."""
    names = [group.name for group in problem.groups]
    for name, g in index.items():
        names[g] = name
    for alike in problem.classes:
        free = [names[g] for g in alike]
        new = {member: str(g) for member, g in placed.items() if g in alike}
        goes_on = matched({member: group for member, group in old.items() if group in free and member in new}, new)
        for name, mate in goes_on.items():
            names[int(mate)] = name
        rest = [name for name in free if name not in goes_on]
        for g in alike:
            if str(g) not in goes_on.values():
                names[g] = rest.pop(0)
    return names
