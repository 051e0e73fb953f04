"""Brute force: every way to man tiny tasks, judged by the verifier's own means."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from grouping.taskforce import Service, TaskForceResult
from grouping.taskforce.judging import Judge

if TYPE_CHECKING:
    import grouping as gp
    from grouping.roster import Member, Roster
    from grouping.taskforce import Given


def seats(task: gp.Task, member: Member, home: str) -> list[Service | None]:
    """Every way in which a member could serve in a task, and not at all."""
    ways: list[Service | None] = [None]
    for role in task.roles:
        if role.skills_any and not set(role.skills_any) & set(member.skills):
            continue
        if not set(role.skills_all) <= set(member.skills):
            continue
        numbers = [wave.wave for wave in task.waves]
        chosen = [c for k in (1, 2) for c in itertools.combinations(numbers, k)] or [()]  # the policy allows two
        for waves in chosen:
            presence = task.presence(role, waves)
            ways.append(
                Service(
                    task=task.task_id,
                    member_id=member.member_id,
                    role=role.name,
                    waves=waves,
                    presence=presence,
                    home=home,
                )
            )
    return ways


def counts_fit(task: gp.Task, serving: list[Service]) -> bool:
    """Tell whether size and roles allow a choice: spares the judge what is wrong at a glance."""
    return task.size[0] <= len(serving) <= task.size[1] and all(
        role.min <= sum(one.role == role.name for one in serving) <= role.max
        and all(
            sum(one.role == role.name and wave.wave in one.waves for one in serving) >= role.per_wave
            for wave in task.waves
        )
        for role in task.roles
    )


def with_leads(task: gp.Task, serving: list[Service]) -> list[list[Service]]:
    """Every choice of leader and deputy among those who serve."""
    wanted = [seat for seat, lead in (("leader", task.leader), ("deputy", task.deputy)) if lead.required]
    found = []
    for holders in itertools.permutations(range(len(serving)), len(wanted)):
        leads = dict(zip(holders, wanted, strict=True))
        found.append([one.model_copy(update={"lead": leads.get(k, "member")}) for k, one in enumerate(serving)])
    return found


def brute_force(roster: Roster, tasks: list[gp.Task], policy: gp.TaskPolicy, given: Given) -> tuple[int, int] | None:
    """Return the fewest broken rests, and the least cost with so many; None when no choice keeps every rule."""
    nobody = TaskForceResult.model_construct(
        status="feasible", cost=0, scale=policy.scale, tasks=tuple(tasks), policy=policy, services=(), given=given
    )
    judge = Judge(roster, nobody)
    ways = {
        task.task_id: [
            [one for one in choice if one is not None]
            for choice in itertools.product(*(seats(task, m, given.homes[m.member_id]) for m in roster.members))
            if counts_fit(task, [one for one in choice if one is not None])
        ]
        for task in tasks
    }
    best: tuple[int, int] | None = None
    for choice in itertools.product(*ways.values()):
        plain = [one for serving in choice for one in serving]
        if set(judge.judge(plain).broken) - {"lead"}:
            continue
        leads = [with_leads(task, serving) for task, serving in zip(tasks, choice, strict=True)]
        for combined in itertools.product(*leads):
            led = [one for serving in combined for one in serving]
            verdict = judge.judge(led)
            if verdict.is_allowed:
                rests = sum(len(judge.demand(one).rests) for one in led)
                best = min(best or (rests, verdict.cost), (rests, verdict.cost))
    return best
