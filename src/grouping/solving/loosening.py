"""Rules that can be given up: how few, and by how little, so that a division becomes possible; and which ones clash.

The plain model of :mod:`assignment` with a literal on each piece of a rule and an integer slack on each limit. The
same model answers both questions of a diagnosis: the least slack is the smallest relaxation; the rules whose slack is
held at zero without leaving a division are a conflict.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ortools.sat.python import cp_model

from grouping.problem import Count, Role
from grouping.solving.assignment import Builder
from grouping.solving.cpsat import run

if TYPE_CHECKING:
    from grouping.problem import IntArray, Problem, Term
    from grouping.solving.clock import Clock

_LARGEST_BASE = 30
"""So that the sum over many rules of the highest power stays far below 2^53."""


@dataclass(frozen=True)
class Piece:
    """A part of a rule that is kept or given up as a whole.

    Attributes
    ----------
    rule : index of its rule
    terms, placements : indices of what it demands
    amount : how much is given up with it
    """

    rule: int
    terms: tuple[int, ...]
    placements: tuple[int, ...] = ()
    amount: int = 1


@dataclass(frozen=True)
class Band:
    """Limits of the size of some groups, which can be widened on both sides.

    Attributes
    ----------
    rule : index of its rule
    groups : indices
    lo, hi : the limits
    """

    rule: int
    groups: tuple[int, ...]
    lo: int
    hi: int


@dataclass(frozen=True)
class Number:
    """How many groups are used, which can be widened; or which, some of which can be left out.

    Attributes
    ----------
    rule : index of its rule
    fewest, most : the limits
    exact : True asks for one number, so that it is moved, not widened
    named : True demands that all groups are used, and lets groups be left out one by one
    """

    rule: int
    fewest: int
    most: int
    exact: bool = False
    named: bool = False


@dataclass(frozen=True)
class Cap:
    """What the whole plan may use of a budget, which can be raised step by step.

    Attributes
    ----------
    rule : index of its rule
    budget : index
    step : how much a step is
    """

    rule: int
    budget: int
    step: int


@dataclass(frozen=True)
class Loose:
    """A problem whose rules can be given up.

    Attributes
    ----------
    problem : its groups take any number of members, and none has to be used
    hardness : per rule, how hard it is to give up; of two relaxations that touch as many rules, the one that touches
        fewer of the hardest ones is smaller
    pieces, bands, number, caps : what the rules are
    """

    problem: Problem
    hardness: tuple[int, ...]
    pieces: tuple[Piece, ...] = ()
    bands: tuple[Band, ...] = ()
    number: Number | None = None
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True)
class Loosened:
    """The smallest relaxation found.

    Attributes
    ----------
    group_of : a division that keeps what is left of the rules
    pieces : indices of the pieces given up
    bands : the limits of every band
    number : fewest and most groups; None when nobody asked for a number
    left_out : named groups that are not used
    caps : by how many steps every cap is raised
    proven : whether it is proven that nothing smaller does
    """

    group_of: IntArray
    pieces: tuple[int, ...]
    bands: tuple[tuple[int, int], ...]
    number: tuple[int, int] | None
    left_out: tuple[int, ...]
    caps: tuple[int, ...]
    proven: bool


class Loosening:
    """One problem, asked for relaxations and conflicts.

    Parameters
    ----------
    loose : the problem and its rules
    clock : counts the time of all questions
    workers, seed : of CP-SAT
    """

    def __init__(self, loose: Loose, clock: Clock, workers: int = 2, seed: int = 0) -> None:
        self.loose = loose
        self.clock = clock
        self.workers = workers
        self.seed = seed
        self._builder = _LooseBuilder(loose)
        self._model = self._builder.build().model
        self._builder.hint()

    def possible(self, rules: Collection[int], seconds: float) -> bool | None:
        """Tell whether some division keeps all of these rules, whatever becomes of the others; None: not known.

        That none does is only said when it is proven a second time without presolve.
        """
        model = self._model.clone()
        for rule in rules:
            model.add(model.get_bool_var_from_proto_index(self._builder.touched[rule].index) == 0)
        until = self.clock.spent + seconds
        for presolve in (True, False):
            left = min(self.clock.left, self.clock.before(until))
            if not left:
                return None
            answer = run(model, self.clock, left, self.workers, self.seed, presolve)
            if answer.interrupted:
                raise KeyboardInterrupt
            if answer.status in ("optimal", "feasible"):
                return True
            if answer.status != "infeasible":
                return None
        return False

    def smallest(self, seconds: float) -> Loosened | None:
        """Return the relaxation that touches fewest rules, of these the least hard ones, and these by least.

        Returns
        -------
        Loosened : unproven where the time did not suffice; None when not even a first one was found
        """
        made, until, proven = self._builder, self.clock.spent + seconds, True
        model = self._model.clone()
        values: list[int] | None = None
        for goal in ("touched", "hardness", "amount", "tie"):
            expression = made.goal(goal, values)
            model.minimize(expression)
            left = min(self.clock.left, self.clock.before(until))
            answer = run(model, self.clock, left, self.workers, self.seed) if left else None
            if answer is not None and answer.interrupted:
                raise KeyboardInterrupt
            if answer is None or answer.status not in ("optimal", "feasible"):
                proven = False
                break
            proven = proven and answer.status == "optimal"
            variables = [model.get_int_var_from_proto_index(v) for v in range(len(model.proto.variables))]
            values = [answer.value(variable) for variable in variables]
            model.add(expression <= answer.value(expression))
            model.clear_hints()  # type: ignore[no-untyped-call]
            for variable, value in zip(variables, values, strict=True):
                model.add_hint(variable, value)
        return None if values is None else made.read(values, proven)


class _LooseBuilder(Builder):
    """The plain model with slack."""

    def __init__(self, loose: Loose) -> None:
        super().__init__(loose.problem, objective=False)
        model, members = self.model, max(loose.problem.members, 1)
        self.loose = loose
        self.touched = [model.new_bool_var(f"touched_{rule}") for rule in range(len(loose.hardness))]
        self.given_up = [model.new_bool_var(f"given_up_{p}") for p in range(len(loose.pieces))]
        self.literals: dict[int, list[cp_model.IntVar]] = {}
        for piece, flag in zip(loose.pieces, self.given_up, strict=True):
            model.add_implication(flag, self.touched[piece.rule])
            kept = model.new_bool_var(f"kept_{flag.index}")
            model.add_exactly_one(kept, flag)
            for t in piece.terms:
                self.literals.setdefault(id(loose.problem.terms[t]), []).append(kept)
        self.down = [model.new_int_var(0, band.lo - 1, f"down_{b}") for b, band in enumerate(loose.bands)]
        self.up = [model.new_int_var(0, max(members - band.hi, 0), f"up_{b}") for b, band in enumerate(loose.bands)]
        for band, *slacks in zip(loose.bands, self.down, self.up, strict=True):
            for slack in slacks:
                model.add(slack == 0).only_enforce_if(~self.touched[band.rule])
        self.beyond: list[cp_model.IntVar] = []
        for c, cap in enumerate(loose.caps):
            reach = loose.problem.most_used(loose.problem.budgets[cap.budget])
            self.beyond.append(model.new_int_var(0, -(-reach // cap.step), f"beyond_{c}"))
            model.add(self.beyond[-1] == 0).only_enforce_if(~self.touched[cap.rule])
        most = len(loose.problem.groups) if loose.number is not None and not loose.number.named else 0
        self.fewer = model.new_int_var(0, max(most, 0 if loose.number is None else loose.number.most), "fewer")
        self.more = model.new_int_var(0, most, "more")
        self.missing = [model.new_bool_var(f"missing_{g}") for g in range(len(self.used))]
        self.named_by: list[tuple[int, cp_model.IntVar]] = []

    @property
    def named(self) -> bool:
        """Whether every group has a name of its own."""
        return self.loose.number is not None and self.loose.number.named

    def under(self, term: Term) -> list[cp_model.IntVar]:
        """See :meth:`Builder.under`."""
        return self.literals.get(id(term), [])

    def cap(self, b: int, used: cp_model.LinearExprT) -> None:
        """See :meth:`Builder.cap`."""
        more = [cap.step * slack for cap, slack in zip(self.loose.caps, self.beyond, strict=True) if cap.budget == b]
        self.model.add(used <= self.problem.budgets[b].most + sum(more))

    def limit(self, g: int) -> None:
        """See :meth:`Builder.limit`."""
        self.model.add(self.size(g) >= 1).only_enforce_if(self.used[g])
        for band, down, up in zip(self.loose.bands, self.down, self.up, strict=True):
            if g in band.groups:
                self.model.add(self.size(g) >= band.lo - down).only_enforce_if(self.used[g])
                self.model.add(self.size(g) <= band.hi + up)

    def place(self) -> None:
        """See :meth:`Builder.place`."""
        placements, every = self.problem.placements, range(len(self.problem.groups))
        for piece, flag in zip(self.loose.pieces, self.given_up, strict=True):
            for p in piece.placements:
                kept = placements[p].groups
                outside = [g for g in every if g not in kept]
                for g in outside:
                    self.model.add_bool_or([~self.inside[placements[p].item][g], flag])
                self.named_by += [(g, flag) for g in (kept if len(kept) == 1 else outside)]

    def number(self) -> None:
        """See :meth:`Builder.number`."""
        model, number, used = self.model, self.loose.number, cp_model.LinearExpr.sum(self.used)
        for missing, flag in zip(self.missing, self.used, strict=True):
            model.add(missing == ((1 - flag) if self.named else 0))
        if number is not None:
            for slack in (self.fewer, self.more, *self.missing):
                model.add(slack == 0).only_enforce_if(~self.touched[number.rule])
        if number is None or number.named:
            model.add(self.fewer + self.more == 0)
        elif number.exact:
            model.add(used == number.most + self.more - self.fewer)
        else:
            model.add(used >= number.fewest - self.fewer)
            model.add(used <= number.most + self.more)
        if self.named_by and not self.named:
            self._exist()
        elif not self.named:
            self._numbered()
        self._count_out()

    def _count_out(self) -> None:
        """Say of all groups together what follows from every single one; the search would not see it for long."""
        model, used = self.model, cp_model.LinearExpr.sum(self.used)
        seats: dict[str, list[Role]] = {}
        for term in self.problem.terms:
            if not term.must or term.groups is not None:
                continue
            if isinstance(term, Role):
                seats.setdefault(term.seat, []).append(term)
            elif isinstance(term, Count) and len(term.penalty) == 1:
                whole = int(term.value.sum())
                good = np.flatnonzero(term.penalty[0, : whole + 1] == 0)
                if len(good):
                    model.add(int(good[0]) * used <= whole).only_enforce_if(self.under(term))
                    model.add(int(good[-1]) * used >= whole).only_enforce_if(self.under(term))
        for terms in seats.values():
            for some in [*([term] for term in terms), terms]:
                able = int(np.logical_and.reduce([term.eligible & (term.points == 0) for term in some]).sum())
                model.add(used <= able).only_enforce_if([literal for term in some for literal in self.under(term)])
        for band in self.loose.bands:
            if len(band.groups) == len(self.used):
                kept = ~self.touched[band.rule]
                model.add(band.lo * used <= self.problem.members).only_enforce_if(kept)
                model.add(band.hi * used >= self.problem.members).only_enforce_if(kept)

    def _numbered(self) -> None:
        """Number interchangeable groups by their first member."""
        for first, second in zip(self.used, self.used[1:], strict=False):
            self.model.add_implication(second, first)
        for band, down in zip(self.loose.bands, self.down, strict=True):
            for g, used in enumerate(self.used):
                self.model.add((g + 1) * (band.lo - down) <= self.problem.members).only_enforce_if(used)
        for position, item in enumerate(self.member_count):
            for g in range(position + 1, len(self.used)):
                self.model.add(self.inside[item][g] == 0)

    def _exist(self) -> None:
        """Demand that groups which are used, or named by a rule that is kept, are among those that there can be.

        Groups G1, G2, … are as many as the sizes, and the number asked for, leave room for.
        """
        model, number = self.model, self.loose.number
        exists = [model.new_bool_var(f"exists_{g}") for g in range(len(self.used))]
        for g, flag in enumerate(exists):
            model.add_implication(self.used[g], flag)
            if g:
                model.add_implication(flag, exists[g - 1])
            for band, down in zip(self.loose.bands, self.down, strict=True):
                model.add((g + 1) * (band.lo - down) <= self.problem.members).only_enforce_if(flag)
            if number is not None:
                most = number.most + self.more - (self.fewer if number.exact else 0)
                model.add(most >= g + 1).only_enforce_if(flag)
        for g, dropped in self.named_by:
            model.add_bool_or([exists[g], dropped])

    def hint(self) -> None:
        """Begin with an even division into as many groups as are wanted, whatever rules have to be given up for it."""
        number, members = self.loose.number, len(self.member_count)
        count = number.fewest if number is not None else max(-(-members // band.hi) for band in self.loose.bands)
        count = max(1, min(count, members, len(self.used)))
        for position, item in enumerate(self.member_count):
            for g, flag in enumerate(self.inside[item]):
                self.model.add_hint(flag, g == position % count)
        for g, used in enumerate(self.used):
            self.model.add_hint(used, g < count)
        for flag in (*self.touched, *self.given_up):
            self.model.add_hint(flag, True)

    def goal(self, name: str, values: Sequence[int] | None) -> cp_model.LinearExprT:
        """Return what is made least; ``values`` are those of the goal before."""
        if name == "touched":
            return cp_model.LinearExpr.sum(self.touched)
        if name == "hardness":
            count = 0 if values is None else sum(values[flag.index] for flag in self.touched)
            base = min(count + 1, _LARGEST_BASE)
            return cp_model.LinearExpr.weighted_sum(self.touched, [base**hard for hard in self.loose.hardness])
        if name == "amount":
            pieces = [piece.amount for piece in self.loose.pieces]
            moved = [*self.down, *self.up, self.fewer, self.more, *self.missing, *self.beyond]
            return cp_model.LinearExpr.weighted_sum([*self.given_up, *moved], [*pieces, *[1] * len(moved)])
        return cp_model.LinearExpr.sum([*self.down, self.fewer])

    def read(self, values: Sequence[int], proven: bool) -> Loosened:
        """Return the relaxation that the variables' values say."""

        def of(variable: cp_model.IntVar) -> int:
            return int(values[variable.index])

        number, limits = self.loose.number, None
        if number is not None and not number.named:
            fewest, most = number.fewest - of(self.fewer), number.most + of(self.more)
            if number.exact:
                fewest = most = most - of(self.fewer)
            limits = (fewest, most)
        place = [next(g for g, flag in enumerate(row) if of(flag)) for row in self.inside]
        return Loosened(
            group_of=np.array(place, dtype=np.int64),
            pieces=tuple(p for p, flag in enumerate(self.given_up) if of(flag)),
            bands=tuple(
                (band.lo - of(down), band.hi + of(up))
                for band, down, up in zip(self.loose.bands, self.down, self.up, strict=True)
            ),
            number=limits,
            left_out=tuple(g for g, flag in enumerate(self.missing) if of(flag)),
            caps=tuple(of(slack) for slack in self.beyond),
            proven=proven,
        )
