"""The case as a CP-SAT model: one Boolean per option, counts over them, and nothing that the case has not settled.

Every limit goes through :meth:`TaskModel.limit`, so that a relaxation can put a slack on it and name it, and whoever
builds on the model (alternatives, reserves, revisions) adds constraints over ``x`` and :meth:`TaskModel.serves`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import networkx as nx
from ortools.sat.python import cp_model

from grouping.errors import Issue, PolicyError
from grouping.taskforce.findings import Choice
from grouping.taskforce.schema import DAY

if TYPE_CHECKING:
    from grouping.taskforce.case import Case, Option, Wish
    from grouping.taskforce.schema import Lead
    from grouping.taskforce.teams import Post

Literal = cp_model.IntVar
Expr = cp_model.LinearExpr
_LARGEST = 2**53
SEATS = ("leader", "deputy")

LimitKey = tuple[str, int, object]
"""Kind of a limit, the task it is of, and what it is about (a role, a team, a shift)."""


class TaskModel:
    """A model of a case.

    Parameters
    ----------
    case : what is decided
    rests : broken rests allowed in all; 0 leaves out the options that break one, None allows any number
    slack : called with a limit's key and the most it could be off; returns a variable by which the limit may be off,
        or None where it holds
    only : positions of the options to choose from; None takes all
    tasks : those to decide; None takes all. Of some tasks alone, wishes that reach beyond them are left out, so that
        the model can only cost less

    Attributes
    ----------
    x : option position → its Boolean
    leads : (task, seat, row, times) → the Boolean of a leader or deputy who is there in these waves (or on these days);
        None where that does not matter
    objective, broken : cost points, and number of broken rests
    """

    def __init__(
        self,
        case: Case,
        rests: int | None = 0,
        slack: Callable[[LimitKey, int], cp_model.IntVar | None] | None = None,
        model: cp_model.CpModel | None = None,
        only: Iterable[int] | None = None,
        tasks: Iterable[int] | None = None,
    ) -> None:
        self.case = case
        self.model = cp_model.CpModel() if model is None else model
        self._slack = slack
        self._decided = frozenset(range(len(case.tasks)) if tasks is None else tasks)
        self.tasks = sorted(self._decided)
        self.x: dict[int, Literal] = {
            position: self.model.new_bool_var(f"x{position}")
            for position, option in ((p, case.options[p]) for p in (range(len(case.options)) if only is None else only))
            if (rests != 0 or not option.effect.broken) and option.task in self._decided
        }
        self.leads: dict[tuple[int, str, int, tuple[int, ...] | None], Literal] = {}
        self._led_by: dict[tuple[int, str, int], list[tuple[int, ...] | None]] = defaultdict(list)
        self.levels: dict[tuple[int, str], list[Literal]] = {}
        self._serves: dict[tuple[int, int], list[Literal]] = defaultdict(list)
        self._rows: dict[int, list[int]] = defaultdict(list)
        for position, literal in self.x.items():
            option = case.options[position]
            self._serves[option.task, option.member].append(literal)
        for t, row in sorted(self._serves):
            self._rows[t].append(row)
        self._charges: dict[int | None, list[tuple[Expr, int]]] = defaultdict(list)
        self._highest = 0
        self._seat_members()
        for t in self.tasks:
            self._count_task(t)
            self._lead_task(t)
            self._count_homes(t)
        self._share_teams()
        self._keep_on_duty()
        self._limit_overtime()
        for wish in case.wishes:
            if self._decided.issuperset(wish.tasks):
                self._keep_wish(wish)
        broken = [position for position in self.x if case.options[position].effect.broken]
        counts = [len(case.options[position].effect.broken) for position in broken]
        self.broken = cp_model.LinearExpr.weighted_sum([self.x[position] for position in broken], counts)
        if rests:
            self.model.add(self.broken <= rests)
        for position, literal in self.x.items():
            self._charge(case.options[position].task, literal, case.options[position].cost)
        if self._highest >= _LARGEST:
            advice = "use weights with fewer decimals"
            raise PolicyError(Issue("weights_too_large", "the costs are too large to be exact", advice=advice))
        self.objective = cp_model.LinearExpr.sum([self.cost(t) for t in (*self.tasks, None)])

    # --- what others build on ---------------------------------------------------------------------------------------

    def serves(self, t: int, row: int) -> Expr:
        """Return 1 for a member who serves in a task, 0 for others."""
        return cp_model.LinearExpr.sum(self._serves.get((t, row), []))

    def cost(self, t: int | None) -> Expr:
        """Return what a task costs by itself; None: what wishes cost that are about several tasks."""
        terms, factors = zip(*self._charges[t], strict=True) if self._charges[t] else ((), ())
        # the first home group is free, and there always is one
        free = 0 if t is None else 100 * self.case.factor["HomeGroups"]
        return cp_model.LinearExpr.weighted_sum(terms, factors) - free

    def hint(self, choice: Choice) -> None:
        """Begin from a choice: options, seats and counts of home groups."""
        chosen = set(choice.options)
        taken: dict[tuple[int, str], int] = defaultdict(int)
        waves = {}
        for position in chosen:
            option = self.case.options[position]
            taken[option.task, self.case.homes[option.member]] += 1
            waves[option.task, option.member] = self._times(option)
        for position, literal in self.x.items():
            self.model.add_hint(literal, position in chosen)
        for (t, seat, row, served), literal in self.leads.items():
            holds = choice.leads.get((t, seat)) == row and served in (None, waves.get((t, row)))
            self.model.add_hint(literal, holds)
        for key, levels in self.levels.items():
            for number, level in enumerate(levels, 1):
                self.model.add_hint(level, taken[key] >= number)

    def choice(self, value: Callable[[cp_model.LinearExprT], int]) -> Choice:
        """Return the choice that a solver's values mean."""
        options = tuple(position for position, literal in self.x.items() if value(literal))
        leads = {(t, seat): row for (t, seat, row, _), literal in self.leads.items() if value(literal)}
        return Choice(options, leads)

    def limit(self, key: LimitKey, expr: Expr, least: int | None, most: int | None) -> None:
        """Demand that a count lies within limits, off by no more than the relaxation allows."""
        for bound, sign in ((least, 1), (most, -1)):
            if bound is None:
                continue
            way = "below" if sign > 0 else "above"
            slack = None if self._slack is None else self._slack((f"{key[0]} {way}", key[1], key[2]), bound)
            off = expr if slack is None else expr + sign * slack
            self.model.add(off >= bound) if sign > 0 else self.model.add(off <= bound)

    # --- one task ---------------------------------------------------------------------------------------------------

    def _seat_members(self) -> None:
        """Demand one option of a member in a task, and one task at a time."""
        case = self.case
        graph = nx.Graph()
        graph.add_nodes_from(range(len(case.tasks)))
        graph.add_edges_from(
            (t, u) for t in range(len(case.tasks)) for u in range(t) if case.conflicts(case.tasks[t], case.tasks[u])
        )
        cliques = [sorted(clique) for clique in nx.find_cliques(graph)]
        rows = sorted({row for _, row in self._serves})
        for row in rows:
            seen: set[tuple[int, ...]] = set()
            for clique in cliques:
                there = tuple(t for t in clique if (t, row) in self._serves)
                literals = [literal for t in there for literal in self._serves[t, row]]
                if len(literals) > 1 and there not in seen:
                    seen.add(there)
                    self.model.add_at_most_one(literals)

    def _count_task(self, t: int) -> None:
        case, task = self.case, self.case.tasks[t]
        everybody = []
        releases: list[Literal] = []
        counts: list[int] = []
        full = []
        for r, role in enumerate(task.roles):
            here = [position for position in case.in_role[t, r] if position in self.x]
            literals = [self.x[position] for position in here]
            everybody += literals
            self.limit(("role", t, r), cp_model.LinearExpr.sum(literals), role.min, role.max)
            for wave in task.waves if role.per_wave else ():
                there = [self.x[position] for position in here if wave.wave in case.options[position].waves]
                key = ("wave", t, (r, wave.wave))
                self.limit(key, cp_model.LinearExpr.sum(there), role.per_wave, None)
            for position in here:
                option = case.options[position]
                if option.effect.released:
                    releases.append(self.x[position])
                    counts.append(len(option.effect.released))
                if case.roster.members[option.member].status == "full":
                    full.append(self.x[position])
        self.limit(("size", t, None), cp_model.LinearExpr.sum(everybody), *task.size)
        if task.min_full:
            self.limit(("full", t, None), cp_model.LinearExpr.sum(full), task.min_full, None)
        most = case.policy.of(task, "max_releases")
        if most is not None and sum(counts) > most:
            self.limit(("releases", t, None), cp_model.LinearExpr.weighted_sum(releases, counts), None, most)

    def _lead_task(self, t: int) -> None:
        """Choose a leader and a deputy from those who serve; together they are there in every wave."""
        task = self.case.tasks[t]
        wanted = {seat: lead for seat, lead in zip(SEATS, (task.leader, task.deputy), strict=True) if lead.required}
        spread = self._spread(t)
        if task.waves:
            times = tuple(wave.wave for wave in task.waves)
            apart = len(wanted) == 2 and bool(spread - {times})
        else:
            times = tuple(sorted({day for position in self._of(t) for day in _begins(self.case.options[position])}))
            apart = bool(wanted) and len(spread) > 1
        for seat, lead in wanted.items():
            for row in self._rows[t]:
                if self.case.may_lead(t, lead, row):
                    self._may_hold(t, seat, lead, row, apart)
            holders = [self.leads[t, seat, row, w] for row in self._rows[t] for w in self._leads_of(t, seat, row)]
            self.limit((seat, t, None), cp_model.LinearExpr.sum(holders), 1, 1)
        for row in self._rows[t]:
            self._tie_leads(t, row)
        if apart:
            self._lead_always(t, times)

    def _times(self, option: Option) -> tuple[int, ...]:
        """Return when an option is there: its waves, or the days of which it is there for a part."""
        return option.waves if self.case.tasks[option.task].waves else days_of(option)

    def _of(self, t: int) -> Iterator[int]:
        """Yield the positions of a task that can be chosen."""
        return (position for row in self._rows[t] for position in self.case.at[t, row] if position in self.x)

    def _spread(self, t: int) -> set[tuple[int, ...]]:
        """Return the different times at which people of a task may be there."""
        return {self._times(self.case.options[position]) for position in self._of(t)}

    def _lead_always(self, t: int, times: Sequence[int]) -> None:
        """Demand leader or deputy in every wave, and on every day on which somebody begins."""
        for time in times:
            held = [self.leads[key] for key in self._keys_of(t) if key[3] and time in key[3]]
            led = cp_model.LinearExpr.sum(held)
            if self.case.tasks[t].waves:
                self.limit(("led", t, time), led, 1, None)
                continue
            for position in self._of(t):
                if time in _begins(self.case.options[position]):
                    self.model.add(led >= self.x[position])

    def _keys_of(self, t: int) -> list[tuple[int, str, int, tuple[int, ...] | None]]:
        rows = self._rows[t]
        return [(t, seat, row, times) for seat in SEATS for row in rows for times in self._leads_of(t, seat, row)]

    def _may_hold(self, t: int, seat: str, lead: Lead, row: int, apart: bool) -> None:
        positions = [position for position in self.case.at[t, row] if position in self.x]
        served = {self._times(self.case.options[position]) for position in positions}
        if lead.first_wave and self.case.tasks[t].waves:
            first = self.case.tasks[t].waves[0].wave
            served = {waves for waves in served if first in waves}
        if not served:
            return
        short = 100 - self.case.fits[row]
        points = short if seat == "leader" else short // 2
        matters = apart or (lead.first_wave and bool(self.case.tasks[t].waves))
        choices: list[tuple[int, ...] | None] = [*sorted(served)] if matters else [None]
        for waves in choices:
            literal = self.model.new_bool_var(f"{seat}{t}_{row}_{waves}")
            self.leads[t, seat, row, waves] = literal
            self._led_by[t, seat, row].append(waves)
            self._charge(t, literal, points * self.case.factor["LeaderFit"])

    def _tie_leads(self, t: int, row: int) -> None:
        """Demand that who leads serves, in the waves meant, and holds one seat."""
        held: dict[tuple[int, ...] | None, list[Literal]] = defaultdict(list)
        for seat in SEATS:
            for key in self._leads_of(t, seat, row):
                held[key].append(self.leads[t, seat, row, key])
        for waves, literals in held.items():
            serving = [
                self.x[position]
                for position in self.case.at[t, row]
                if position in self.x and waves in (None, self._times(self.case.options[position]))
            ]
            self.model.add(cp_model.LinearExpr.sum(literals) <= cp_model.LinearExpr.sum(serving))
        if len(held) > 1:
            self.model.add_at_most_one([literal for literals in held.values() for literal in literals])

    def _leads_of(self, t: int, seat: str, row: int) -> list[tuple[int, ...] | None]:
        return self._led_by.get((t, seat, row), [])

    def _count_homes(self, t: int) -> None:
        """Charge what a home group loses, by how many of its members the task takes, in unary numbers."""
        case, task = self.case, self.case.tasks[t]
        by_home: dict[str, list[int]] = defaultdict(list)
        for row in self._rows[t]:
            by_home[case.homes[row]].append(row)
        for home, rows in by_home.items():
            most = case.share_limit(task, case.home_size[home], "group")
            literals = [literal for row in rows for literal in self._serves[t, row]]
            if most is not None and most < len(rows):
                self.limit(("group", t, home), cp_model.LinearExpr.sum(literals), None, most)
            costs = [case.home_cost(home, count) for count in range(min(len(rows), task.size[1]) + 1)]
            if len(rows) == 1:  # the count is the option
                for literal in literals:
                    self._charge(t, literal, costs[1])
                continue
            levels = [self.model.new_bool_var(f"home{t}_{len(self.levels)}_{k}") for k in range(1, len(costs))]
            self.levels[t, home] = levels
            self.model.add(cp_model.LinearExpr.sum(literals) == cp_model.LinearExpr.sum(levels))
            for lower, upper in pairwise(levels):
                self.model.add_implication(upper, lower)
            for row in rows:  # redundant, and what makes the bound tight: who comes opens the home group
                self.model.add(self.serves(t, row) <= levels[0])
            for level, (before, after) in zip(levels, pairwise(costs), strict=True):
                self._charge(t, level, after - before)

    # --- over all tasks ---------------------------------------------------------------------------------------------

    def _share_teams(self) -> None:
        """Limit the share of a team that a task takes, and that all tasks with a limit take at one time."""
        case = self.case
        limited = [t for t in self.tasks if case.share_limit(case.tasks[t], 1) is not None]
        of_team: dict[tuple[int, str, str], list[Literal]] = defaultdict(list)
        for (t, row), literals in self._serves.items():
            member = case.roster.members[row]
            if member.team:
                of_team[t, member.department, member.team] += literals
        for t in limited:
            for (department, team), rows in case.staffing.rows.items():
                literals = of_team.get((t, department, team), [])
                most = case.share_limit(case.tasks[t], len(rows))
                if most is not None and len(literals) > most:
                    self.limit(("share", t, (department, team)), cp_model.LinearExpr.sum(literals), None, most)
        self._share_moments(of_team)

    def _share_moments(self, of_team: dict[tuple[int, str, str], list[Literal]]) -> None:
        case = self.case
        fixed = [task for task in case.given.fixed_tasks if case.share_limit(task, 1) is not None]
        # the limit is the widest of all tasks that run then, also of those that are not decided here
        every = [t for t, task in enumerate(case.tasks) if case.share_limit(task, 1) is not None]
        seen = set()
        for moment in [case.tasks[t].starts for t in every] + [task.starts for task in fixed]:
            there = tuple(t for t in every if case.tasks[t].starts <= moment < case.tasks[t].ends)
            running = [t for t in there if t in self._decided]
            standing = [task for task in fixed if task.starts <= moment < task.ends]
            names = (there, tuple(task.task_id for task in standing))
            if not running or len(there) + len(standing) < 2 or names in seen:
                continue
            seen.add(names)
            for (department, team), rows in case.staffing.rows.items():
                literals = [literal for t in running for literal in of_team.get((t, department, team), [])]
                everybody = [*(case.tasks[t] for t in there), *standing]
                limits = (case.share_limit(task, len(rows)) for task in everybody)
                most = max(limit for limit in limits if limit is not None)
                taken = self._taken(standing, rows)
                if len(literals) + taken > most:
                    key = ("share_at", running[0], (department, team, moment))
                    self.limit(key, cp_model.LinearExpr.sum(literals), None, max(0, most - taken))

    def _taken(self, standing: Iterable[object], rows: Sequence[int]) -> int:
        ids = {self.case.roster.members[row].member_id for row in rows}
        names = {task.task_id for task in standing}  # type: ignore[attr-defined]
        return len({s.member_id for s in self.case.given.fixed_services if s.task in names and s.member_id in ids})

    def _keep_on_duty(self) -> None:
        """Demand that enough stay in every shift from which somebody is released."""
        case = self.case
        leaving: dict[Post, dict[int, dict[int, list[Literal]]]] = {}  # post → row → task
        for position, literal in self.x.items():
            option = case.options[position]
            for shift, _ in option.effect.released:
                post = case.post(option.member, shift.day, shift.code)
                if post is not None:
                    rows = leaving.setdefault(post, {})
                    rows.setdefault(option.member, {}).setdefault(option.task, []).append(literal)
        off = {(release.member_id, release.day) for release in case.given.fixed_releases}
        for post, by_row in leaving.items():
            there = case.staffing.members(post)
            gone = sum((case.roster.members[row].member_id, post[2]) in off for row in there)
            all_there = len(there) + case.staffing.others(post)
            tasks = sorted({t for by_task in by_row.values() for t in by_task})
            caps = {
                t: max(0, all_there - gone - min(case.policy.of(case.tasks[t], "keep_on_duty"), all_there))
                for t in tasks
            }
            if len(by_row) <= min(caps.values()):
                continue
            released = [self._one_of(by_task) for by_task in by_row.values()]
            total = cp_model.LinearExpr.sum(released)
            for t in tasks if len(set(caps.values())) > 1 else tasks[:1]:
                if caps[t] >= len(by_row):
                    continue
                strict = caps[t] == max(caps.values())
                if strict:
                    self.limit(("keep", t, post), total, None, caps[t])
                    continue
                taking = [literal for by_task in by_row.values() for literal in by_task.get(t, [])]
                any_taken = self.model.new_bool_var(f"takes{t}_{len(leaving)}")
                for literal in taking:
                    self.model.add_implication(literal, any_taken)
                self.limit(("keep", t, post), total - len(by_row) * (1 - any_taken), None, caps[t])

    def _one_of(self, by_task: dict[int, list[Literal]]) -> Expr:
        """Return 1 if a member is released from a shift; by two tasks is released once."""
        if len(by_task) == 1:
            return cp_model.LinearExpr.sum(next(iter(by_task.values())))
        released = self.model.new_bool_var("released")
        literals = [literal for ones in by_task.values() for literal in ones]
        for literal in literals:
            self.model.add_implication(literal, released)
        self.model.add_bool_or([*literals, ~released])
        return released

    def _limit_overtime(self) -> None:
        """Limit overtime that adds up over several tasks; what one task asks for alone has been screened."""
        case = self.case
        by_month: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
        for position in self.x:
            option = case.options[position]
            if case.tasks[option.task].kind == "planned":
                for month, minutes in option.effect.overtime:
                    by_month[option.member, month].append((position, minutes))
        for (row, month), entries in by_month.items():
            if len({case.options[position].task for position, _ in entries}) < 2:
                continue
            worked = case.given.overtime_minutes.get(case.roster.members[row].member_id, {}).get(month, 0)
            total = cp_model.LinearExpr.weighted_sum(
                [self.x[position] for position, _ in entries], [minutes for _, minutes in entries]
            )
            for position, _ in entries:
                hours = case.policy.of(case.tasks[case.options[position].task], "overtime_hours")
                if hours is not None and sum(minutes for _, minutes in entries) + worked > round(hours * 60):
                    self.model.add(total <= round(hours * 60) - worked).only_enforce_if(self.x[position])

    def _keep_wish(self, wish: Wish) -> None:
        rule, model = wish.rule, self.model
        if not wish.tasks:  # it is about a task that stands already
            return
        price, alone = 100 * self.case.factor["Wishes"], len(wish.tasks) == 1
        if rule.kind == "pin":
            self._pin(wish, price)
            return
        for t in wish.tasks:
            inside = [self.serves(t, row) for row in wish.rows]
            if rule.kind == "apart":
                total = cp_model.LinearExpr.sum(inside)
                if wish.must:
                    model.add(total <= 1)
                else:
                    over = model.new_int_var(0, len(inside) - 1, "over")
                    model.add(total - 1 <= over)
                    self._charge(t if alone else None, over, price)
            elif wish.must:
                for one, other in pairwise(inside):
                    model.add(one == other)
            else:
                split = model.new_bool_var("split")
                for one, other in pairwise([*inside, inside[0]]):
                    model.add(one - other <= split)
                self._charge(t if alone else None, split, price)

    def _pin(self, wish: Wish, price: int) -> None:
        for row in wish.rows:
            here = [
                self.x[position]
                for t in wish.tasks
                for position in self.case.at.get((t, row), [])
                if position in self.x
                and wish.rule.role in (None, self.case.tasks[t].roles[self.case.options[position].role].name)
            ]
            if wish.must:
                key = ("pin", wish.tasks[0], self.case.roster.members[row].member_id)
                self.limit(key, cp_model.LinearExpr.sum(here), 1, None)
            else:
                missing = self.model.new_bool_var("missing")
                self.model.add_bool_or([*here, missing])
                self._charge(wish.tasks[0] if len(wish.tasks) == 1 else None, missing, price)

    def _charge(self, t: int | None, term: Expr, factor: int) -> None:
        """Add to the cost of a task; of none where a wish is about several."""
        if factor:
            self._charges[t].append((term, factor))
            self._highest += abs(factor) * (100 if not isinstance(term, cp_model.IntVar) else 1)


def days_of(option: Option) -> tuple[int, ...]:
    """Return the days of which an option is there for a part."""
    return tuple(
        dict.fromkeys(day for start, end in option.presence for day in range(start // DAY, (end - 1) // DAY + 1))
    )


def _begins(option: Option) -> set[int]:
    """Return the days on which an option begins."""
    return {start // DAY for start, _ in option.presence}
