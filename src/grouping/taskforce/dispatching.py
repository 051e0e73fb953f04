"""A dispatcher as an experienced one works: the scarcest role first, the person it costs least, never against a rule.

Its choice is where the solver begins, and what benchmarks compare with. It gives up where it gets stuck.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import product
from typing import TYPE_CHECKING

from grouping.taskforce.findings import Choice
from grouping.taskforce.model import days_of
from grouping.taskforce.schema import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grouping.taskforce.case import Case, Option
    from grouping.taskforce.teams import Post


def dispatch(case: Case) -> Choice | None:
    """Return a choice that keeps the rules, found greedily; None where the dispatcher gets stuck."""
    desk = _Desk(case)
    order = sorted(range(len(case.tasks)), key=lambda t: (case.tasks[t].kind != "emergency", case.tasks[t].starts))
    leads: dict[tuple[int, str], int] = {}
    if not desk.pin():
        return None
    for t in order:
        if not desk.man(t):
            return None
        found = desk.lead(t)
        if found is None:
            return None
        leads.update(found)
    return Choice(tuple(sorted(desk.chosen)), leads) if desk.keeps_together() else None


class _Desk:
    """Who has been chosen, and what that leaves."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.chosen: list[int] = []
        self._roles: Counter[tuple[int, int]] = Counter()
        self._waves: Counter[tuple[int, int, int]] = Counter()
        self._size: Counter[int] = Counter()
        self._full: Counter[int] = Counter()
        self._homes: Counter[tuple[int, str]] = Counter()
        self._teams: Counter[tuple[int, str, str]] = Counter()
        self._releases: Counter[int] = Counter()
        self._minutes: Counter[tuple[int, str]] = Counter()
        self._tasks_of: dict[int, list[int]] = defaultdict(list)
        self._gone: dict[Post, set[int]] = defaultdict(set)
        off = {(release.member_id, release.day) for release in case.given.fixed_releases}
        self._off = {(case.rows[member], day) for member, day in off if member in case.rows}
        self._apart: dict[int, list[frozenset[int]]] = defaultdict(list)
        for wish in case.wishes:
            if wish.must and wish.rule.kind == "apart":
                for t in wish.tasks:
                    self._apart[t].append(frozenset(wish.rows))

    def pin(self) -> bool:
        """Choose the cheapest way for everybody who has to be there."""
        for wish in self.case.wishes:
            if not wish.must or wish.rule.kind != "pin" or not wish.tasks:
                continue
            for row in wish.rows:
                here = [
                    position
                    for t in wish.tasks
                    for position in self.case.at.get((t, row), [])
                    if wish.rule.role in (None, self._role(self.case.options[position]))
                ]
                if set(here) & set(self.chosen):
                    continue
                if not self._take(here):
                    return False
        return True

    def _role(self, option: Option) -> str:
        return self.case.tasks[option.task].roles[option.role].name

    def man(self, t: int) -> bool:
        """Fill the roles of a task, then what is missing in size and full members."""
        task = self.case.tasks[t]
        if not self._seat_leads(t):
            return False
        scarce = sorted(
            range(len(task.roles)), key=lambda r: len(self.case.in_role.get((t, r), ())) / max(1, task.roles[r].min)
        )
        for r in scarce:
            if not self._fill(t, r):
                return False
        pool = [position for r in range(len(task.roles)) for position in self.case.in_role.get((t, r), ())]
        while self._full[t] < task.min_full:
            if not self._take(p for p in pool if self._is_full(self.case.options[p])):
                return False
        while self._size[t] < task.size[0]:
            if not self._take(pool):
                return False
        return True

    def _seat_leads(self, t: int) -> bool:
        """Choose two who can lead and are there in all waves between them, where the task asks for that."""
        task, case = self.case.tasks[t], self.case
        if len(task.waves) < 2 or not (task.leader.required and task.deputy.required):
            return True
        bare = {wave.wave for wave in task.waves}
        for lead in (task.leader, task.deputy):
            able = [
                position
                for r in range(len(task.roles))
                for position in case.in_role.get((t, r), ())
                if case.may_lead(t, lead, case.options[position].member)
                and not (lead.first_wave and task.waves[0].wave not in case.options[position].waves)
            ]
            most = max((len(bare.intersection(case.options[position].waves)) for position in able), default=0)
            best = [p for p in able if len(bare.intersection(case.options[p].waves)) == most]
            if not self._take(best) and not self._take(able):
                return False
            bare -= set(case.options[self.chosen[-1]].waves)
        return True

    def _fill(self, t: int, r: int) -> bool:
        role = self.case.tasks[t].roles[r]
        pool = self.case.in_role.get((t, r), [])
        while True:
            bare = [w.wave for w in self.case.tasks[t].waves if self._waves[t, r, w.wave] < role.per_wave]
            if not bare:
                break
            left = role.max - self._roles[t, r]
            need = -(-len(bare) // max(1, left))
            helping = [p for p in pool if sum(w in bare for w in self.case.options[p].waves) >= need]
            if not self._take(helping):
                return False
        while self._roles[t, r] < role.min:
            if not self._take(pool):
                return False
        return True

    def lead(self, t: int) -> dict[tuple[int, str], int] | None:
        """Return the best leader and deputy of those chosen; None where there are none."""
        task, case = self.case.tasks[t], self.case
        options = [case.options[position] for position in self.chosen if case.options[position].task == t]
        seats = [(seat, lead) for seat, lead in (("leader", task.leader), ("deputy", task.deputy)) if lead.required]
        able = [
            [
                option
                for option in sorted(options, key=lambda option: -case.fits[option.member])
                if case.may_lead(t, lead, option.member)
                and not (lead.first_wave and task.waves and task.waves[0].wave not in option.waves)
            ]
            for _, lead in seats
        ]
        for holders in product(*able):
            if len({option.member for option in holders}) < len(holders):
                continue
            there = {wave for option in holders for wave in option.waves}
            days = {day for option in holders for day in days_of(option)}
            always = {start // DAY for option in options for start, _ in option.presence}
            if (len(seats) < 2 or len(there) == len(task.waves)) if task.waves else not seats or days >= always:
                return {(t, seat): option.member for (seat, _), option in zip(seats, holders, strict=True)}
        return None

    def keeps_together(self) -> bool:
        """Tell whether those who belong together are together."""
        return all(
            len({(t, row) in serving for row in wish.rows}) == 1
            for serving in [{(self.case.options[p].task, self.case.options[p].member) for p in self.chosen}]
            for wish in self.case.wishes
            if wish.must and wish.rule.kind == "together"
            for t in wish.tasks
        )

    def _is_full(self, option: Option) -> bool:
        return self.case.roster.members[option.member].status == "full"

    def _take(self, positions: Iterable[int]) -> bool:
        """Choose the option that costs least among those that break no rule."""
        ranked = sorted(positions, key=lambda position: (self._price(position), position))
        for position in ranked:
            if self._may(self.case.options[position]):
                self._add(position)
                return True
        return False

    def _price(self, position: int) -> int:
        option = self.case.options[position]
        home = self.case.homes[option.member]
        count = self._homes[option.task, home]
        return option.cost + self.case.home_cost(home, count + 1) - self.case.home_cost(home, count)

    def _may(self, option: Option) -> bool:
        case, t, row = self.case, option.task, option.member
        task = case.tasks[t]
        home = case.homes[row]
        most_home = case.share_limit(task, case.home_size[home], "group")
        most_releases = case.policy.of(task, "max_releases")
        return (
            not option.effect.broken
            and not any(u == t or case.conflicts(task, case.tasks[u]) for u in self._tasks_of[row])
            and self._roles[t, option.role] < task.roles[option.role].max
            and self._size[t] < task.size[1]
            and (most_home is None or self._homes[t, home] < most_home)
            and (most_releases is None or self._releases[t] + len(option.effect.released) <= most_releases)
            and self._leaves_enough(option)
            and self._shares(option)
            and not any(row in group and self._serving(t) & group for group in self._apart[t])
            and self._within_overtime(option)
        )

    def _serving(self, t: int) -> set[int]:
        return {row for row, tasks in self._tasks_of.items() if t in tasks}

    def _leaves_enough(self, option: Option) -> bool:
        case = self.case
        for shift, _ in option.effect.released:
            post = case.post(option.member, shift.day, shift.code)
            if post is None:
                continue
            there = case.staffing.members(post)
            all_there = len(there) + case.staffing.others(post)
            gone = sum((row, shift.day) in self._off for row in there)
            # the strictest of all tasks, so that a later one finds its own kept
            keep = max(case.policy.of(task, "keep_on_duty") for task in case.tasks)
            after = len(self._gone[post] | {option.member})
            if all_there - gone - after < min(keep, all_there):
                return False
        return True

    def _shares(self, option: Option) -> bool:
        case, t = self.case, option.task
        member = case.roster.members[option.member]
        if not member.team:
            return True
        team = (member.department, member.team)
        most = case.share_limit(case.tasks[t], len(case.staffing.rows[team]))
        if most is None:
            return True
        if self._teams[t, *team] >= most:
            return False
        near = [u for u, task in enumerate(case.tasks) if _meet(case, t, u) and case.share_limit(task, 1) is not None]
        fixed = [task for task in case.given.fixed_tasks if task.starts < case.tasks[t].ends]
        if len(near) < 2 and not fixed:
            return True
        ids = {case.roster.members[row].member_id for row in case.staffing.rows[team]}
        names = {task.task_id for task in fixed if case.tasks[t].starts < task.ends}
        standing = {s.member_id for s in case.given.fixed_services if s.task in names} & ids
        return sum(self._teams[u, *team] for u in near) + len(standing) < most

    def _within_overtime(self, option: Option) -> bool:
        case = self.case
        hours = case.policy.of(case.tasks[option.task], "overtime_hours")
        if case.tasks[option.task].kind == "emergency" or hours is None:
            return True
        worked = case.given.overtime_minutes.get(case.roster.members[option.member].member_id, {})
        return all(
            self._minutes[option.member, month] + minutes + worked.get(month, 0) <= round(hours * 60)
            for month, minutes in option.effect.overtime
        )

    def _add(self, position: int) -> None:
        case, option = self.case, self.case.options[position]
        t, row = option.task, option.member
        member = case.roster.members[row]
        self.chosen.append(position)
        self._tasks_of[row].append(t)
        self._roles[t, option.role] += 1
        self._size[t] += 1
        self._full[t] += self._is_full(option)
        self._homes[t, case.homes[row]] += 1
        self._releases[t] += len(option.effect.released)
        if member.team:
            self._teams[t, member.department, member.team] += 1
        for wave in option.waves:
            self._waves[t, option.role, wave] += 1
        if case.tasks[t].kind == "planned":
            for month, minutes in option.effect.overtime:
                self._minutes[row, month] += minutes
        for shift, _ in option.effect.released:
            post = case.post(row, shift.day, shift.code)
            if post is not None:
                self._gone[post].add(row)


def _meet(case: Case, t: int, u: int) -> bool:
    one, other = case.tasks[t], case.tasks[u]
    return one.starts < other.ends and other.starts < one.ends
