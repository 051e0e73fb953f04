"""Who looks after the teams without members, when a division only says where people are."""

from __future__ import annotations

import numpy as np

from grouping.problem import Choice, Count, Focus, IntArray, Pair, Problem, Quota, Role
from grouping.scoring import Seated, place_things

Tables = dict[tuple[int, bytes, bytes], "_Table"]
"""What groups pay for their options, by group, members, and teams to be placed."""

EXACT = 9
"""Up to so many teams the best answer is found; beyond, one that no single change improves."""


def place_teams(
    problem: Problem, group_of: IntArray, seated: Seated | None = None, known: Tables | None = None
) -> IntArray:
    """Return the division with every team that no group looks after given to one, at the least cost.

    Teams (items of size 0) matter to the options that groups take and to nothing else, so the cost of a group is a
    table over the sets of teams it may be given, and the best answer is found over those tables. Problems in which
    teams matter in other ways, or the worst group comes first, are left to :func:`grouping.scoring.place_things`.

    Parameters
    ----------
    problem : what is asked
    group_of : per item, the index of its group; -1 for a team that is to be placed
    seated : seats already filled; used by problems of the other kind only
    known : what groups paid in earlier calls for the same problem, added to, so that like divisions are quick
    """
    place: IntArray = np.array(group_of, dtype=np.int64)
    loose = np.flatnonzero((place < 0) & (problem.size == 0))
    used = sorted({int(g) for g in place[problem.size > 0] if g >= 0})
    if not loose.size or not used:
        return place
    if problem.worst_first or not _plain(problem, loose):
        return place_things(problem, place, seated)
    tables = [_table(problem, place, g, loose, known) for g in used]
    takes = _best(tables, len(loose)) if len(loose) <= EXACT else _descend(tables, len(loose))
    for team, table in enumerate(takes):
        place[loose[team]] = used[table]
    return place


def _table(problem: Problem, place: IntArray, g: int, loose: IntArray, known: Tables | None) -> _Table:
    if known is None:
        return _Table(problem, place, g, loose)
    key = (g, np.flatnonzero(place == g).tobytes(), loose.tobytes())
    if key not in known:
        known[key] = _Table(problem, place, g, loose)
    return known[key]


def _plain(problem: Problem, loose: IntArray) -> bool:
    """Tell whether these items have points for options and no other role in the problem."""
    counted = {t for budget in problem.budgets for t, factor in enumerate(budget.factors) if factor}
    limited = {term.choice for t, term in enumerate(problem.terms) if t in counted and isinstance(term, Focus)}
    for term in problem.terms:
        if isinstance(term, Focus):
            if term.choice in limited and term.points[loose].any():
                return False
            barred = term.forbidden is not None and bool(term.forbidden[loose].any())
            if barred or (term.must and bool(term.points[loose].any())):
                return False
        elif isinstance(term, Quota):
            if term.value[loose].any():
                return False
        elif isinstance(term, Count | Role):
            if (term.value if isinstance(term, Count) else term.eligible)[loose].any():
                return False
        elif isinstance(term, Pair) and np.isin([term.first, term.second], loose).any():
            return False
    items = set(loose.tolist())
    return not any(placement.item in items for placement in problem.placements)


class _Table:
    """What one group pays for its options when it is given a set of the teams."""

    def __init__(self, problem: Problem, place: IntArray, group: int, loose: IntArray) -> None:
        items = np.flatnonzero(place == group)
        size = int(problem.size[items].sum())
        found = [_options(problem, choice, group, items, size, loose) for choice in problem.choices]
        self.choices = [pair for pair in found if pair is not None]

    def cost(self, teams: list[int]) -> int:
        """Return the cost with these teams."""
        return sum(int((base + points[teams].sum(axis=0)).min()) for base, points in self.choices)

    def costs(self, count: int) -> IntArray:
        """Return the cost with every set of ``count`` teams, by bit mask."""
        total: IntArray = np.zeros(1 << count, dtype=np.int64)
        for base, points in self.choices:
            sums = base[None, :]
            for team in range(count):
                sums = np.vstack([sums, sums + points[team]])
            total += sums.min(axis=1)
        return total


def _options(
    problem: Problem, choice: Choice, group: int, items: IntArray, size: int, loose: IntArray
) -> tuple[IntArray, IntArray] | None:
    """Return the group's own cost and the teams' points for the options that break least; None if it has none."""
    broken: IntArray = np.zeros(len(choice.labels), dtype=np.int64)
    base: IntArray = np.zeros(len(choice.labels), dtype=np.int64)
    teams: IntArray = np.zeros((len(loose), len(choice.labels)), dtype=np.int64)
    if choice.capacity is not None:
        broken += np.maximum(size - choice.capacity, 0)
    for term in problem.terms:
        if isinstance(term, Quota) and term.choice == choice.name and term.applies_to(group):
            broken += term.short(term.value[items].sum(axis=0))
        if not isinstance(term, Focus) or term.choice != choice.name or not term.applies_to(group):
            continue
        points = term.points[items].sum(axis=0) + (0 if term.fixed is None else term.fixed)
        if term.must:
            broken += points
        else:
            base += term.weight * points
            teams += term.weight * term.points[loose]
        if term.forbidden is not None:
            broken += term.forbidden[items].sum(axis=0)
    if not teams.any():
        return None
    open_to = broken == broken.min()
    return base[open_to], teams[:, open_to]


def _best(tables: list[_Table], count: int) -> list[int]:
    """Return for each team the table it goes to, by dynamic programming over sets of teams."""
    masks = np.arange(1 << count)
    far = np.iinfo(np.int64).max // 4
    least: IntArray = np.where(masks == 0, 0, far)
    taken = []
    for table in tables:
        costs = table.costs(count)
        nxt: IntArray = np.full(len(masks), far)
        take: IntArray = np.zeros(len(masks), dtype=np.int64)
        for part in masks.tolist():
            wider = masks[masks & part == part]
            cost = least[wider ^ part] + costs[part]
            better = cost < nxt[wider]
            nxt[wider[better]] = cost[better]
            take[wider[better]] = part
        least = nxt
        taken.append(take)
    left = int(masks[-1])
    goes = [0] * count
    for t in range(len(tables) - 1, -1, -1):
        part = int(taken[t][left])
        for team in range(count):
            if part >> team & 1:
                goes[team] = t
        left ^= part
    return goes


def _descend(tables: list[_Table], count: int) -> list[int]:
    """Return for each team the table it goes to: one by one, then moved while that helps."""
    holds: list[list[int]] = [[] for _ in tables]
    goes = [-1] * count

    def move(team: int) -> bool:
        before = goes[team]
        if before >= 0:
            holds[before].remove(team)
        rise = [table.cost([*held, team]) - table.cost(held) for table, held in zip(tables, holds, strict=True)]
        best = min(range(len(tables)), key=lambda t: (rise[t], t))
        after = best if before < 0 or rise[best] < rise[before] else before
        holds[after].append(team)
        goes[team] = after
        return after != before

    moved = True
    while moved:
        moved = sum([move(team) for team in range(count)]) > 0
    return goes
