"""The independent scorer: what a division costs and which rules it breaks, straight from the definitions.

It imports no solver and shares no code with one. Everything the library says about a plan (its points, its score,
its findings, whether it may leave at all) comes from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from grouping.problem import BoolArray, Choice, Count, Focus, IntArray, Pair, Problem, Quota, Role

Seated = Mapping[tuple[str, int], int]
"""Who holds a seat: (seat, group index) → item."""

_PLACING_STEPS = 2_000


@dataclass(frozen=True, slots=True)
class Part:
    """What one group pays for one term.

    Attributes
    ----------
    term : index into ``problem.terms``
    group : index of the group; -1 for the offset of a pair term, which no group pays
    points : member-points before the weight
    items : the items that cause the points, with their share in ``shares`` (count terms have no shares)
    shares : points of each item, or empty
    amount : count terms: the sum of the numbers; otherwise 0
    """

    term: int
    group: int
    points: int
    items: tuple[int, ...] = ()
    shares: tuple[int, ...] = ()
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that the division breaks.

    Attributes
    ----------
    rule : name of the rule or budget; "size", "groups", "unplaced" and "ceiling" are the rules of the problem itself
    group : index of the group, -1 when no single group is meant
    items : the items concerned
    amount : by how much: people too many or too few, points that should be 0, or points beyond a budget
    """

    rule: str
    group: int
    items: tuple[int, ...]
    amount: int


@dataclass(frozen=True)
class Score:
    """The evaluation of one division.

    Attributes
    ----------
    cost : weighted points, the sum over all soft parts
    parts : every part of every used group, zero ones too, so that nothing has to be guessed
    options : (choice, group index) → option taken
    seated : (seat, group index) → item that fills the seat
    violations : broken rules; empty for a division that may be called a plan
    """

    cost: int
    parts: tuple[Part, ...]
    options: Mapping[tuple[str, int], int]
    seated: Seated
    violations: tuple[Violation, ...]


def score(problem: Problem, group_of: Sequence[int] | IntArray, seated: Seated | None = None) -> Score:
    """Return cost, parts and violations of a division.

    Parameters
    ----------
    problem : what is asked
    group_of : per item, the index of its group; -1 for an item that is in none
    seated : seats that are already filled; None lets every group take its cheapest eligible item

    Returns
    -------
    Score

    Raises
    ------
    ValueError
        When ``group_of`` does not have one valid entry per item.
    """
    place: IntArray = np.asarray(group_of, dtype=np.int64)
    if place.shape != problem.size.shape or (place.size and not -1 <= place.min() <= place.max() < len(problem.groups)):
        raise ValueError("one group index per item is needed, or -1")
    scorer = _Scorer(problem, place, seated)
    return scorer.run()


class _Scorer:
    """One evaluation; collects parts and violations while it walks over the groups."""

    def __init__(self, problem: Problem, place: IntArray, seated: Seated | None) -> None:
        self.problem = problem
        self.place = place
        self.given = seated
        self.parts: list[Part] = []
        self.violations: list[Violation] = []
        self.options: dict[tuple[str, int], int] = {}
        self.seated: dict[tuple[str, int], int] = {}

    def run(self) -> Score:
        problem, place = self.problem, self.place
        unplaced = np.flatnonzero(place < 0)
        if unplaced.size:
            self._violate("unplaced", -1, unplaced, len(unplaced))
        for placement in problem.placements:
            if place[placement.item] >= 0 and int(place[placement.item]) not in placement.groups:
                self._violate(placement.name, int(place[placement.item]), [placement.item], 1)
        used = 0
        for g, group in enumerate(problem.groups):
            items = np.flatnonzero(place == g)
            size = int(problem.size[items].sum())
            if size == 0:
                if items.size:
                    self._violate("size", g, items, group.lo)
                elif group.required:
                    self._violate("size", g, (), group.lo)
                continue
            used += 1
            off = max(group.lo - size, size - group.hi, 0)
            if off:
                self._violate("size", g, items, off)
            begin = len(self.parts)
            self._score_group(g, items, size)
            if problem.ceiling is not None:
                lost = sum(part.points * problem.terms[part.term].weight for part in self.parts[begin:])
                over = lost - problem.ceiling * size
                if over > 0:
                    self._violate("ceiling", g, items, ceil(over))
        if used < problem.least:
            self._violate("groups", -1, (), problem.least - used)
        if problem.most is not None and used > problem.most:
            self._violate("groups", -1, (), used - problem.most)
        for t, term in enumerate(problem.terms):
            if isinstance(term, Pair) and term.offset:
                self.parts.append(Part(t, -1, term.offset))
        cost = sum(part.points * problem.terms[part.term].weight for part in self.parts)
        for budget in problem.budgets:
            beyond = sum(budget.factors[part.term] * part.points for part in self.parts) - budget.most
            if beyond > 0:
                self._violate(budget.name, -1, (), beyond)
        return Score(cost, tuple(self.parts), self.options, self.seated, tuple(self.violations))

    def _violate(self, rule: str, group: int, items: Sequence[int] | IntArray, amount: int) -> None:
        self.violations.append(Violation(rule, group, tuple(int(i) for i in items), int(amount)))

    def _score_group(self, g: int, items: IntArray, size: int) -> None:
        for choice in self.problem.choices:
            self._answer(choice, g, items, size)
        for seat in self.problem.seats:
            self._fill(seat, g, items)
        for t, term in enumerate(self.problem.terms):
            if not term.applies_to(g):
                continue
            if isinstance(term, Count):
                amount = int(term.value[items].sum())
                counted = items[term.value[items] > 0]
                reachable = min(size, term.penalty.shape[0] - 1) if term.penalty.shape[0] > 1 else size
                self._add(Part(t, g, term.at(reachable, amount), tuple(map(int, counted)), (), amount))
            elif isinstance(term, Pair):
                member = (self.place[term.first] == g) & (self.place[term.second] == g) & (term.points != 0)
                points = int(term.points[member].sum())
                inside = np.union1d(term.first[member], term.second[member])
                self._add(Part(t, g, points, tuple(map(int, inside))))

    def _add(self, part: Part) -> None:
        self.parts.append(part)
        term = self.problem.terms[part.term]
        if term.must and part.points:
            self._violate(term.name, part.group, part.items, part.points)

    def _answer(self, choice: Choice, g: int, items: IntArray, size: int) -> None:
        """Let the group take the option that breaks least, then costs least, then uses least of the budgets in their
        order; the first one on a tie.
        """
        terms = [
            (t, term)
            for t, term in enumerate(self.problem.terms)
            if isinstance(term, Focus) and term.choice == choice.name and term.applies_to(g)
        ]
        quotas = [
            (t, term, term.short(term.value[items].sum(axis=0)))
            for t, term in enumerate(self.problem.terms)
            if isinstance(term, Quota) and term.choice == choice.name and term.applies_to(g)
        ]
        if not terms and not quotas:
            return
        broken = np.zeros(len(choice.labels), dtype=np.int64)
        cost = np.zeros(len(choice.labels), dtype=np.int64)
        use = np.zeros((len(self.problem.budgets), len(choice.labels)), dtype=np.int64)
        if choice.capacity is not None:
            broken += np.maximum(size - choice.capacity, 0)
        for _, _, short in quotas:
            broken += short
        for t, term in terms:
            points = _focus_points(term, items)
            for b, budget in enumerate(self.problem.budgets):
                use[b] += budget.factors[t] * points
            if term.must:
                broken += points
            else:
                cost += term.weight * points
            if term.forbidden is not None:
                broken += term.forbidden[items].sum(axis=0)
        option = int(np.lexsort((*use[::-1], cost, broken))[0])
        self.options[choice.name, g] = option
        if choice.capacity is not None and size > choice.capacity[option]:
            self._violate(choice.name, g, items, size - int(choice.capacity[option]))
        for t, quota, short in quotas:
            against = items[quota.value[items, option] > 0] if short[option] else ()
            self._add(Part(t, g, int(short[option]), tuple(map(int, against))))
        for t, term in terms:
            shares = term.points[items, option]
            guilty = shares > 0
            total = int(_focus_points(term, items)[option])
            self._add(Part(t, g, total, tuple(map(int, items[guilty])), tuple(map(int, shares[guilty]))))
            if term.forbidden is not None and term.forbidden[items, option].any():
                out = items[term.forbidden[items, option]]
                self._violate(term.name, g, out, len(out))

    def _fill(self, seat: str, g: int, items: IntArray) -> None:
        """Seat the given item, or the cheapest one that every rule allows and every wish finds eligible."""
        terms = [
            (t, term)
            for t, term in enumerate(self.problem.terms)
            if isinstance(term, Role) and term.seat == seat and term.applies_to(g)
        ]
        if not terms:
            return
        holder: int | None
        if self.given is not None and (seat, g) in self.given:
            holder = int(self.given[seat, g])
            if holder not in items:
                self._violate(seat, g, [holder], 1)
        else:
            holder = self._cheapest(terms, items)
        if holder is not None:
            self.seated[seat, g] = holder
        for t, term in terms:
            fits = holder is not None and bool(term.eligible[holder])
            points = int(term.points[holder]) if fits and holder is not None else term.vacant
            guilty = () if holder is None or not points else (holder,)
            self.parts.append(Part(t, g, points, guilty, (points,) if guilty else ()))
            if term.must and (points or not fits):
                self._violate(term.name, g, guilty, max(points, 1))

    def _cheapest(self, terms: Sequence[tuple[int, Role]], items: IntArray) -> int | None:
        rules = [term for _, term in terms if term.must]
        free = items[_all([term.eligible[items] & (term.points[items] == 0) for term in rules], len(items))]
        if not rules:
            free = free[_any([term.eligible[free] for _, term in terms], len(free))]
        if not free.size:
            return None
        cost = np.zeros(len(free), dtype=np.int64)
        use = np.zeros((len(self.problem.budgets), len(free)), dtype=np.int64)
        for t, term in terms:
            points = np.where(term.eligible[free], term.points[free], term.vacant)
            cost += term.weight * points
            for b, budget in enumerate(self.problem.budgets):
                use[b] += budget.factors[t] * points
        return int(free[np.lexsort((*use[::-1], cost))[0]])


def _focus_points(term: Focus, items: IntArray) -> IntArray:
    points: IntArray = term.points[items].sum(axis=0)
    return points if term.fixed is None else points + term.fixed


def _all(flags: Sequence[BoolArray], length: int) -> BoolArray:
    return np.logical_and.reduce(flags) if flags else np.ones(length, dtype=np.bool_)


def _any(flags: Sequence[BoolArray], length: int) -> BoolArray:
    return np.logical_or.reduce(flags) if flags else np.zeros(length, dtype=np.bool_)


def place_things(problem: Problem, group_of: Sequence[int] | IntArray, seated: Seated | None = None) -> IntArray:
    """Return the division with every size-0 item that is in no group put where the plan costs least.

    Divisions made by hand say where people are, not who looks after a team without members; this finds the best
    answer. Exact up to 2,000 combinations tried, the best of those beyond.

    Parameters
    ----------
    problem, group_of, seated : see :func:`score`

    Returns
    -------
    a copy of ``group_of`` in which only such items have changed
    """
    place: IntArray = np.array(group_of, dtype=np.int64)
    loose = [int(i) for i in np.flatnonzero((place < 0) & (problem.size == 0))]
    used = sorted({int(g) for g in place[problem.size > 0] if g >= 0})
    if not loose or not used:
        return place
    best: tuple[tuple[int, Fraction, int], IntArray] | None = None
    steps = 0

    def badness() -> tuple[int, Fraction, int]:
        result = score(problem, place, seated)
        worst = worst_of(problem, place, result) if problem.worst_first else Fraction(0)
        return sum(v.amount for v in result.violations if v.rule != "unplaced"), worst, result.cost

    def descend(depth: int) -> None:
        nonlocal best, steps
        if steps >= _PLACING_STEPS and best is not None:
            return
        steps += 1
        value = badness()
        if best is not None and value >= best[0]:
            return
        if depth == len(loose):
            best = (value, place.copy())
            return
        item = loose[depth]
        ranked = []
        for g in used:
            place[item] = g
            ranked.append((badness(), g))
        for _, g in sorted(ranked):
            place[item] = g
            descend(depth + 1)
        place[item] = -1

    descend(0)
    return place if best is None else best[1]


def worst_of(problem: Problem, group_of: Sequence[int] | IntArray, result: Score) -> Fraction:
    """Return what the group that costs most per member costs per member, in cost units; 0 without groups.

    Parameters
    ----------
    problem, group_of : the division, see :func:`score`
    result : its score
    """
    lost: dict[int, int] = {}
    for part in result.parts:
        if part.group >= 0:
            lost[part.group] = lost.get(part.group, 0) + part.points * problem.terms[part.term].weight
    place: IntArray = np.asarray(group_of, dtype=np.int64)
    sizes = np.bincount(place[(place >= 0) & (problem.size > 0)], minlength=len(problem.groups)).tolist()
    return max((Fraction(lost.get(g, 0), size) for g, size in enumerate(sizes) if size), default=Fraction(0))


def faults(
    problem: Problem,
    group_of: Sequence[int] | IntArray,
    cost: int,
    bound: int | None,
    worst: Fraction | None = None,
    worst_bound: Fraction | None = None,
) -> list[str]:
    """Return what is wrong with a claimed result; an empty list means it may leave the library.

    Parameters
    ----------
    problem, group_of : the division, see :func:`score`
    cost : the cost that is claimed for it
    bound : the lower limit of the cost that is claimed to be proven, or None
    worst, worst_bound : the same for what the worst group costs per member
    """
    result = score(problem, group_of)
    found = [
        f"rule {v.rule!r} is broken by {v.amount} in group {v.group} ({', '.join(problem.keys[i] for i in v.items)})"
        for v in result.violations
    ]
    if result.cost != cost:
        found.append(f"the claimed cost {cost} is not the evaluated cost {result.cost}")
    if bound is not None and bound > result.cost:
        found.append(f"the claimed bound {bound} is above the evaluated cost {result.cost}")
    truly = worst_of(problem, group_of, result)
    if worst is not None and worst != truly:
        found.append(f"the worst group is claimed to cost {worst} per member, and costs {truly}")
    if worst_bound is not None and worst_bound > truly:
        found.append(f"the claimed bound {worst_bound} is above what the worst group costs per member, {truly}")
    return found
