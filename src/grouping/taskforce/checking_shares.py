"""The verifier's checks of what standing groups and shifts give: shares, and who stays on duty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from grouping.roster.teams import Teams
from grouping.taskforce.evidence import share_of, team_of

if TYPE_CHECKING:
    from grouping.roster import Member
    from grouping.taskforce.evidence import Evidence
    from grouping.taskforce.records import Release
    from grouping.taskforce.schema import Task


def shares(case: Evidence) -> Iterator[str]:
    """What tasks take from one team or standing group, each alone and all that run at one moment."""
    of_team = Counter({team: len(members) for team, members in case.teams.items()})
    of_home = Counter(case.plan.given.homes.values())
    for task in case.tasks.values():
        serving = [case.members[one.member_id] for one in case.services[task.task_id]]
        taken = Counter(team for member in serving if (team := team_of(member)))
        for team, number in taken.items():
            most = _share(case, task, "team", of_team[team])
            if most is not None and number > most:
                yield f"{task.task_id}: {number} of {of_team[team]} members of {' / '.join(team)}, {most} are allowed"
        homes = Counter(case.plan.given.homes[member.member_id] for member in serving)
        for home, number in homes.items() if case.plan.given.standing else ():
            most = _share(case, task, "group", of_home[home])
            if most is not None and number > most:
                yield f"{task.task_id}: {number} of {of_home[home]} members of {home}, {most} are allowed"
    limited = [task for task in case.all_tasks.values() if _share(case, task, "team", 1) is not None]
    for moment in {task.starts for task in limited}:
        running = [task for task in limited if task.starts <= moment < task.ends]
        names = {task.task_id for task in running}
        standing = _by_team(case, (one.member_id for one in case.plan.given.fixed_services if one.task in names))
        added = _by_team(case, (one.member_id for one in case.plan.services if one.task in names))
        for team, number in added.items() if len(running) > 1 else ():
            size = of_team[team]
            most = max(_share(case, task, "team", size) or 0 for task in running)
            if number > max(0, most - standing[team]):
                what = f"{standing[team] + number} of {size} members of {' / '.join(team)} are away"
                yield f"at {moment:%Y-%m-%d %H:%M} {what}, {most} are allowed"


def _by_team(case: Evidence, member_ids: Iterable[str]) -> Counter[tuple[str, str]]:
    """Return how many different members are of each team."""
    people = (case.members[one] for one in set(member_ids) if one in case.members)
    return Counter(team for member in people if (team := team_of(member)))


def _share(case: Evidence, task: Task, of: str, number: int) -> int | None:
    share = case.policy.of(task, f"max_share_from_one_{of}")
    return None if share is None else share_of(share, number, case.policy.of(task, "max_share_rounding"))


def staying(case: Evidence) -> Iterator[str]:
    """Enough people stay in every shift of a team from which somebody is released."""
    teams = Teams(case.roster.teams)
    gone = {(r.member_id, r.day) for r in (*case.plan.releases, *case.plan.given.fixed_releases)}
    seen = set()
    for release in case.plan.releases:
        member = case.members.get(release.member_id)
        if member is None or (release.team, release.department) != (member.team or "", member.department):
            yield f"{release.task}: the shift that {release.member_id} leaves is told of another team"
            continue
        team, key = team_of(member), (release.task, release.department, release.team, release.day, release.code)
        if team is None or key in seen:
            continue
        seen.add(key)
        mates = case.teams[team]
        there = [
            other.member_id
            for other in mates
            if case.clock.code_on(other, release.day) == release.code
            and other.participation not in case.policy.exclude_participation
        ]
        others = _colleagues(case, teams, team, mates, release) if case.policy.count_employees else 0
        least = min(case.policy.of(case.tasks[release.task], "keep_on_duty"), len(there) + others)
        stay = others + sum((one, release.day) not in gone for one in there)
        if stay < least:
            shift = f"{release.code} of {release.day} in {' / '.join(team)}"
            yield f"{release.task}: {stay} stay on duty in {shift}, {least} are asked for"


def _colleagues(case: Evidence, teams: Teams, team: tuple[str, str], mates: list[Member], release: Release) -> int:
    """Return how many colleagues outside the roster are in the shift, by the crews of the team's rota."""
    record = teams.of(*team)
    if record is None or record.employees is None:
        return 0
    outside = max(0, record.employees - len(mates))
    pattern = case.clock.pattern(record.shift_pattern or mates[0].shift_pattern)
    if pattern is None or (pattern.is_label and not pattern.sequence):
        return 0
    if not pattern.sequence:
        return outside // 3  # of colleagues on irregular hours one in three is taken to be there
    crews, step = pattern.crews or 1, pattern.crew_step_days or 0
    on = [case.clock.code_of(pattern, release.day, crew * step) == release.code for crew in range(crews)]
    return outside * sum(on) // crews
