"""The independent verifier: does a plan of task forces keep what it promises? Counted anew, minute by minute.

It reads the roster's own rota and the plan's records, and shares nothing with the model that made the plan. What the
words of the limits mean is written in :mod:`grouping.taskforce.policy` and :mod:`grouping.taskforce.schema`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from grouping.taskforce.checking_hours import apart_in_time, duty, overtime, presence, response
from grouping.taskforce.checking_shares import shares, staying
from grouping.taskforce.evidence import Evidence, breaches, rules_of
from grouping.taskforce.policy import CRITERIA
from grouping.taskforce.recounting import Whom, charges, recount

if TYPE_CHECKING:
    from grouping.roster import Roster
    from grouping.taskforce.records import Service, TaskForceResult
    from grouping.taskforce.schema import Lead


def verify(roster: Roster, plan: TaskForceResult) -> list[str]:
    """Return everything that does not hold in a plan, in words with ids only; an empty list when all holds.

    Parameters
    ----------
    roster : of the organisation the plan was made for
    plan : the records; tasks, policy and what was given are taken from them

    Examples
    --------
    >>> import grouping as gp
    >>> from grouping.taskforce.records import TaskForceResult
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> task = gp.Task.model_validate(
    ...     {
    ...         "task_id": "T",
    ...         "starts": "2026-12-15T08:00",
    ...         "ends": "2026-12-15T17:00",
    ...         "size": (1, 1),
    ...         "leader": {"required": False},
    ...         "roles": [{"name": "driver", "skills_any": ["A1驾照"]}],
    ...     }
    ... )
    >>> nobody = TaskForceResult(status="feasible", cost=0, scale=1, tasks=(task,), policy=gp.TaskPolicy(), services=())
    >>> verify(roster, nobody)
    ['T: 0 members, the size is 1 to 1', 'T: 0 people in the role driver, 1 to 1 are asked for']
    """
    case = Evidence(roster, plan)
    found = broken_rules(case)
    faults = [fault for faults in found.values() for fault in faults]
    return faults if "records" in found else faults + list(_costs(case))


def broken_rules(case: Evidence) -> dict[str, list[str]]:
    """Return the rules that the services of a plan break, by kind, in words; what it claims of costs is not looked at.

    The kinds are "records" (then nothing else is looked at), "size", "skills", "participation", "lead", "presence",
    "overlap", "shifts", "response", "overtime", "share", "duty" and "rule".
    """
    faults = list(_known(case))
    if faults:
        return {"records": faults}
    found = {kind: list(check(case)) for kind, check in _CHECKS.items()}
    return {kind: faults for kind, faults in found.items() if faults}


def _known(case: Evidence) -> Iterator[str]:
    """Yield what later checks could not look up."""
    given, told = case.plan.given, case.plan
    for kind, records in (("releases", told.releases), ("rests", told.rests), ("findings", told.findings)):
        tasks = dict.fromkeys(record.task for record in records if record.task not in case.tasks)
        yield from (f"{kind} are told of {task}, which is not asked for" for task in tasks)
    for criterion in dict.fromkeys(finding.criterion for finding in told.findings):
        if criterion not in CRITERIA:
            yield f"no such criterion as {criterion}"
    standing = {task.task_id: {role.name for role in task.roles} for task in given.fixed_tasks}
    for one in given.fixed_services:
        if one.role not in standing.get(one.task, ()):
            yield f"{one.task}: {one.member_id} has a role that no task that stands has: {one.role}"
    seen = set()
    for one in case.plan.services:
        where = f"{one.task}: {one.member_id}"
        if one.member_id not in case.members:
            yield f"{where} is not in the roster"
        if one.role not in {role.name for role in case.tasks[one.task].roles}:
            yield f"{where} has a role that the task has not: {one.role}"
        if (one.task, one.member_id) in seen:
            yield f"{where} serves twice in the task"
        seen.add((one.task, one.member_id))
        if len(set(one.waves)) < len(one.waves) or set(one.waves) - {w.wave for w in case.tasks[one.task].waves}:
            yield f"{where} serves in waves that the task has not"
        elif case.tasks[one.task].waves and not one.waves:
            yield f"{where} serves in no wave"
        if one.member_id not in given.homes:
            yield f"{where} is in no home group"
        elif one.home != given.homes[one.member_id]:
            yield f"{where} is of another home group than {one.home}"


def _sizes(case: Evidence) -> Iterator[str]:
    for task in case.tasks.values():
        serving = case.services[task.task_id]
        if not task.size[0] <= len(serving) <= task.size[1]:
            yield f"{task.task_id}: {len(serving)} members, the size is {task.size[0]} to {task.size[1]}"
        full = sum(case.members[one.member_id].status == "full" for one in serving)
        if full < task.min_full:
            yield f"{task.task_id}: {full} full members, {task.min_full} are asked for"
        for role in task.roles:
            holding = [one for one in serving if one.role == role.name]
            if not role.min <= len(holding) <= role.max:
                asked = f"{role.min} to {role.max} are asked for"
                yield f"{task.task_id}: {len(holding)} people in the role {role.name}, {asked}"
            for wave in task.waves:
                there = sum(wave.wave in one.waves for one in holding)
                if there < role.per_wave:
                    short = f"{there} in the role {role.name}, {role.per_wave} are asked for"
                    yield f"{task.task_id}: wave {wave.wave} has {short}"
        for wave in task.waves:
            minutes = (wave.ends - wave.starts).total_seconds() / 60
            if minutes > case.minutes(task, "max_wave_hours"):
                yield f"{task.task_id}: wave {wave.wave} lasts {minutes / 60:g} hours"
        if task.kind == "emergency" and not task.waves:
            longest = max((end - start for one in serving for start, end in case.presence(one)), default=0)
            if longest > case.minutes(task, "max_wave_hours"):
                yield f"{task.task_id}: somebody is present for {longest / 60:g} hours on end"


def _fitness(case: Evidence) -> Iterator[str]:
    for one in case.plan.services:
        task, member = case.tasks[one.task], case.members[one.member_id]
        role = task.role(one.role)
        has = set(member.skills)
        lacks = role.skills_any and not has & set(role.skills_any)
        if lacks or set(role.skills_all) - has:
            yield f"{one.task}: {one.member_id} lacks the skills of the role {one.role}"
        if role.business_lines and member.business_line not in role.business_lines:
            yield f"{one.task}: {one.member_id} is of another business line than the role {one.role} asks for"


def _participation(case: Evidence) -> Iterator[str]:
    for one in case.plan.services:
        member = case.members[one.member_id]
        if member.participation in case.policy.of(case.tasks[one.task], "exclude_participation"):
            yield f"{one.task}: {one.member_id} takes no part, the participation is {member.participation}"


def _leads(case: Evidence) -> Iterator[str]:
    barred = {
        member
        for request in case.roster.requests
        if case.policy.requests and request.kind == "not_leader" and request.strength == "must"
        for member in request.members
    }
    for task in case.tasks.values():
        serving = case.services[task.task_id]
        for kind, lead in (("leader", task.leader), ("deputy", task.deputy)):
            holders = [one for one in serving if one.lead == kind]
            if len(holders) != lead.required:
                yield f"{task.task_id}: {len(holders)} people as {kind}, {int(lead.required)} is asked for"
            for one in holders:
                yield from _may_lead(case, one, lead, kind, barred)
        both = [one for one in serving if one.lead != "member"]
        if task.leader.required and task.deputy.required:
            for wave in task.waves:
                if not any(wave.wave in one.waves for one in both):
                    yield f"{task.task_id}: neither leader nor deputy is present in wave {wave.wave}"
        if (task.leader.required or task.deputy.required) and not task.waves:
            days = {start // 1440 for one in serving for start, _ in case.presence(one)}
            led = {
                day
                for one in both
                for start, end in case.presence(one)
                for day in range(start // 1440, (end - 1) // 1440 + 1)
            }
            yield from (
                f"{task.task_id}: neither leader nor deputy is present on {case.clock.day(day)}"
                for day in sorted(days - led)
            )


def _may_lead(case: Evidence, one: Service, lead: Lead, kind: str, barred: set[str]) -> Iterator[str]:
    member, where = case.members[one.member_id], f"{one.task}: {one.member_id} is {kind} and"
    if member.participation != "normal":
        yield f"{where} does not always take part in person"
    if lead.full_member and member.status != "full":
        yield f"{where} no full member"
    if lead.eligible and member.leader_eligible is False:
        yield f"{where} not eligible"
    if lead.eligible and member.member_id in barred:
        yield f"{where} by request of the roster no leader"
    if lead.first_wave and case.tasks[one.task].waves and 1 not in one.waves:
        yield f"{where} not in the first wave"


def _rules(case: Evidence) -> Iterator[str]:
    for rule, tasks in rules_of(case, "must"):
        for task_id in breaches(case, rule, tasks):
            yield f"{task_id}: the rule {rule.kind} about {', '.join(rule.members)} is broken"


def _costs(case: Evidence) -> Iterator[str]:
    """The findings are those that a second count comes to, they add up, and the bound claims no more than is true."""
    plan, told = case.plan, Counter[tuple[str, str]]()
    for finding in plan.findings:
        told[finding.task, finding.criterion] += finding.member_points
        if finding.principle != CRITERIA[finding.criterion]:
            yield f"{finding.task}: {finding.criterion} is told as of the principle {finding.principle}"
        if finding.points != finding.member_points * plan.policy.factor(finding.criterion):
            yield f"{finding.task}: a finding of {finding.criterion} is weighed wrong"
    counted = recount(case)
    for key in {*told, *counted}:
        if told[key] != counted[key]:
            yield f"{key[0]}: {key[1]} is told as {told[key]} member-points, counted again it is {counted[key]}"
    yield from _attribution(case, {key for key in counted if told[key] == counted[key]})
    cost = sum(points * plan.policy.factor(criterion) for (_, criterion), points in counted.items())
    if cost != plan.cost:
        yield f"the cost is told as {plan.cost}, counted again it is {cost}"
    if plan.scale != plan.policy.scale:
        yield f"the scale is told as {plan.scale}, by the policy it is {plan.policy.scale}"
    if plan.cost_bound is not None and plan.cost_bound > plan.cost:
        yield f"the bound {plan.cost_bound} is above the cost {plan.cost}"
    if plan.status == "optimal" and plan.cost_bound != plan.cost:
        yield "it is called optimal without a bound that equals the cost"


def _attribution(case: Evidence, right: set[tuple[str, str]]) -> Iterator[str]:
    """What a finding says of whom and of which home group has to be so; wishes are told by the rule."""
    told, counted = Counter[Whom](), Counter[Whom]()
    for finding in case.plan.findings:
        if finding.criterion != "Wishes" and finding.member_points:
            told[finding.task, finding.criterion, finding.home, tuple(sorted(finding.members))] += finding.member_points
    for whom, points in charges(case):
        if whom[1] != "Wishes":
            counted[whom] += points
    wrong = {whom[:2] for whom in {*told, *counted} if told[whom] != counted[whom]}
    yield from (f"{task}: {criterion} is told of others than those it costs" for task, criterion in wrong & right)


_CHECKS: dict[str, Callable[[Evidence], Iterator[str]]] = {
    "size": _sizes,
    "skills": _fitness,
    "participation": _participation,
    "lead": _leads,
    "presence": presence,
    "overlap": apart_in_time,
    "shifts": duty,
    "response": response,
    "overtime": overtime,
    "share": shares,
    "duty": staying,
    "rule": _rules,
}
