"""The waist of the library: people become arrays, and everything below this line speaks only of arrays.

A :class:`Problem` says: there are *items* (members, of size 1, and things of size 0 that must be looked after by
some group, such as teams without members); there are *groups*, each used or left empty; every item goes to one
used group. The cost of a division is a sum over its groups, and a group pays for every :class:`Term`, of which
there are four kinds:

========= ============================================== ==========================================================
kind      data                                           what the group pays
========= ============================================== ==========================================================
Focus     points, items × options of one Choice          it answers the choice with ONE option and pays the sum of
                                                         its items' points for it, plus the option's fixed points
Count     a number per item, a table of points           the table at (its size, the sum of the numbers)
Pair      points for pairs of items                      the sum over the pairs inside it (plus one offset a plan)
Role      points and eligibility per item                the points of the cheapest eligible item
========= ============================================== ==========================================================

A fifth kind, :class:`Quota`, is a rule only: an option may be taken when the numbers of the group's items for it add up
to no more than a limit.

Several Focus and Quota terms may hang on the same choice (the place is one place, whoever asks about it), and several
Role terms on the same seat. A term with ``must`` is a rule: it demands 0 points in every group. Otherwise its points
are multiplied by its integer ``weight`` and added to the cost. A :class:`Budget` limits what a whole plan may pay for
some terms, whatever their weight.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from grouping.errors import PolicyError

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

LARGEST_COST = 2**53
"""Costs stay below this, so that they survive a trip through a double (CP-SAT reports its bound as one)."""


def _integers(values: Any, *shape: int) -> IntArray:
    array: IntArray = np.array(values, dtype=np.int64)
    if array.shape != shape:
        raise ValueError(f"expected an array of shape {shape}, got {array.shape}")
    array.setflags(write=False)
    return array


def _rebuilt(self: Any) -> tuple[type[Any], tuple[Any, ...]]:
    """Return how to unpickle an object: through its constructor, which makes its arrays read-only again."""
    return type(self), tuple(getattr(self, part.name) for part in fields(self))


def _flags(values: Any, *shape: int) -> BoolArray:
    array: BoolArray = np.array(values, dtype=np.bool_)
    if array.shape != shape:
        raise ValueError(f"expected an array of shape {shape}, got {array.shape}")
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Choice:
    """One question that every used group answers with one option, such as where it meets.

    Parameters
    ----------
    name : the name that Focus terms refer to
    labels : a text for each option; their number is the number of options
    capacity : the largest group size each option can take; None when unlimited
    """

    name: str
    labels: tuple[str, ...]
    capacity: IntArray | None = None

    def __post_init__(self) -> None:
        """Freeze the arrays and check their shapes."""
        if not self.labels:
            raise ValueError(f"choice {self.name!r} has no options")
        object.__setattr__(self, "labels", tuple(self.labels))
        if self.capacity is not None:
            object.__setattr__(self, "capacity", _integers(self.capacity, len(self.labels)))

    __reduce__ = _rebuilt


@dataclass(frozen=True, eq=False, kw_only=True)
class Term:
    """What every kind of term has in common.

    Parameters
    ----------
    name : which criterion it belongs to; several terms may share a name
    weight : integer factor of its points in the cost; 0 for rules
    must : True makes it a rule: every group in its scope has to pay 0 points
    groups : the groups it applies to, by index; None means all
    """

    kind: ClassVar[str] = ""
    name: str
    weight: int = 0
    must: bool = False
    groups: tuple[int, ...] | None = None

    def applies_to(self, group: int) -> bool:
        """Tell whether the group is within the scope of this term."""
        return self.groups is None or group in self.groups

    def check(self, items: int) -> None:
        """Freeze the arrays and raise ValueError when they do not fit ``items`` items."""
        raise NotImplementedError

    def most_points(self, size: IntArray, groups: int, largest: int) -> int:
        """Return an upper limit of the points that a whole plan that keeps every rule can pay for this term.

        Parameters
        ----------
        size : per item
        groups : their number
        largest : the largest size of a group
        """
        raise NotImplementedError


@dataclass(frozen=True, eq=False, kw_only=True)
class Focus(Term):
    """The group takes one option of ``choice`` and pays its items' points for it.

    Parameters
    ----------
    choice : name of the Choice
    points : items × options, not negative
    forbidden : items × options; True where an item may not be in a group that takes the option
    fixed : points of the option itself, whatever the members; None means 0
    """

    kind: ClassVar[str] = "focus"
    choice: str
    points: IntArray
    forbidden: BoolArray | None = None
    fixed: IntArray | None = None

    def check(self, items: int) -> None:
        """See :meth:`Term.check`."""
        options = np.shape(self.points)[-1]
        object.__setattr__(self, "points", _integers(self.points, items, options))
        if self.forbidden is not None:
            object.__setattr__(self, "forbidden", _flags(self.forbidden, items, options))
        if self.fixed is not None:
            object.__setattr__(self, "fixed", _integers(self.fixed, options))
        if (self.points.size and self.points.min() < 0) or (self.fixed is not None and self.fixed.min() < 0):
            raise ValueError("the points of a focus may not be negative")

    def most_points(self, size: IntArray, groups: int, largest: int) -> int:
        """See :meth:`Term.most_points`."""
        fixed = 0 if self.fixed is None else int(self.fixed.max())
        return int(self.points.max(axis=1).sum()) + groups * fixed if len(size) else 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Quota(Term):
    """A rule: the group takes an option of ``choice`` for which a number of its items adds up to at most ``most``.

    Numbers may be negative, so a share can be demanded: of a group's items, each present one counts −1 and each absent
    one 1, a sum of at most −1 says that more than half of them are present.

    Parameters
    ----------
    choice : name of the Choice
    value : items × options
    most : limit of the sum over the items of a group
    step : by how much a sum beyond the limit counts as broken by one point
    """

    kind: ClassVar[str] = "quota"
    choice: str
    value: IntArray
    most: int = 0
    step: int = 1

    def check(self, items: int) -> None:
        """See :meth:`Term.check`."""
        object.__setattr__(self, "value", _integers(self.value, items, np.shape(self.value)[-1]))
        if not self.must or self.weight:
            raise ValueError("a quota is a rule, and has no weight")
        if self.step < 1:
            raise ValueError("the step of a quota is a positive integer")
        if max(int(np.abs(self.value).sum()), abs(self.most)) >= LARGEST_COST:
            raise ValueError("the numbers of a quota are too large")

    def short(self, total: IntArray) -> IntArray:
        """Return the points of groups whose items add up to so much: 0 where the rule is kept."""
        return np.maximum(-((self.most - total) // self.step), 0)

    def most_points(self, size: IntArray, groups: int, largest: int) -> int:
        """See :meth:`Term.most_points`; a plan that keeps the rule pays nothing."""
        return 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Count(Term):
    """The group pays by a table over its size and the sum of a number over its items.

    Parameters
    ----------
    value : a number per item, not negative
    penalty : points, sizes × sums; row s for a group of size s, column c for a sum of c. One row means that the
        size does not matter. Sums run from 0 to ``value.sum()``, sizes from 0 to the largest size of a group.
    """

    kind: ClassVar[str] = "count"
    value: IntArray
    penalty: IntArray

    def check(self, items: int) -> None:
        """See :meth:`Term.check`."""
        object.__setattr__(self, "value", _integers(self.value, items))
        object.__setattr__(self, "penalty", _integers(self.penalty, *np.shape(self.penalty)))
        if (self.value.size and self.value.min() < 0) or self.penalty.min() < 0:
            raise ValueError("the numbers and points of a count may not be negative")
        if self.penalty.ndim != 2 or self.penalty.shape[1] < int(self.value.sum()) + 1:
            raise ValueError("the penalty table is too narrow for the sum of the numbers")

    def at(self, size: int, total: int) -> int:
        """Return the points of a group of this size with this sum."""
        return int(self.penalty[0 if self.penalty.shape[0] == 1 else size, total])

    def most_points(self, size: IntArray, groups: int, largest: int) -> int:
        """See :meth:`Term.most_points`."""
        heaviest = int(np.sort(self.value[size > 0])[::-1][:largest].sum() + self.value[size == 0].sum())
        return int(self.penalty[: largest + 1, : heaviest + 1].max()) * groups


@dataclass(frozen=True, eq=False, kw_only=True)
class Pair(Term):
    """The group pays for pairs of items inside it.

    Parameters
    ----------
    first, second : item indices, first < second, each pair once
    points : per pair; negative where being together is good
    offset : added once to the plan, so that 0 can be the ideal (the sum of what being together can save)
    """

    kind: ClassVar[str] = "pair"
    first: IntArray
    second: IntArray
    points: IntArray
    offset: int = 0

    def check(self, items: int) -> None:
        """See :meth:`Term.check`."""
        pairs = np.shape(self.points)[0]
        for name in ("first", "second", "points"):
            object.__setattr__(self, name, _integers(getattr(self, name), pairs))
        if pairs and not (
            0 <= self.first.min() and self.second.max() < items and bool((self.first < self.second).all())
        ):
            raise ValueError("pairs need 0 <= first < second < number of items")
        if len(np.unique(self.first * items + self.second)) != pairs:
            raise ValueError("a pair is listed twice")
        if self.must and (self.offset or (pairs and self.points.min() < 0)):
            raise ValueError("a pair rule takes points that are not negative, and no offset")

    def most_points(self, size: IntArray, groups: int, largest: int) -> int:
        """See :meth:`Term.most_points`."""
        return int(np.abs(self.points).sum()) + abs(self.offset)


@dataclass(frozen=True, eq=False, kw_only=True)
class Role(Term):
    """The group fills a seat with the cheapest eligible item and pays that item's points.

    Parameters
    ----------
    seat : name of the seat, such as "leader"; terms on the same seat are about the same person
    points : per item, for filling the seat; not negative, not above ``vacant``
    eligible : per item
    vacant : points when nobody eligible is there (a rule is then broken)
    """

    kind: ClassVar[str] = "role"
    seat: str
    points: IntArray
    eligible: BoolArray
    vacant: int = 100

    def check(self, items: int) -> None:
        """See :meth:`Term.check`."""
        object.__setattr__(self, "points", _integers(self.points, items))
        object.__setattr__(self, "eligible", _flags(self.eligible, items))
        at_most = int(self.points[self.eligible].max(initial=0))
        if self.points.min(initial=0) < 0 or at_most > self.vacant:
            raise ValueError("the points of a role lie between 0 and its points when vacant")

    def most_points(self, size: IntArray, groups: int, largest: int) -> int:
        """See :meth:`Term.most_points`."""
        return self.vacant * groups


@dataclass(frozen=True, slots=True)
class Group:
    """A group to be filled.

    Parameters
    ----------
    name : how it is called in the plan
    lo, hi : the limits of its size when it is used
    required : False when it may stay empty
    """

    name: str
    lo: int
    hi: int
    required: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """A rule that keeps one item to some of the groups.

    Parameters
    ----------
    name : which rule it comes from
    item : index
    groups : the groups that remain allowed, by index
    """

    name: str
    item: int
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit of what the whole plan pays for some terms: Σ factor × points ≤ most.

    The points are those of the answers that groups give anyway: every group takes the options and fills the seats
    that cost it least, and only where several cost the same do budgets decide, the first budget first. So a budget
    rules divisions out, but never changes what a division costs.

    Parameters
    ----------
    name : what it is called when it is exceeded
    factors : an integer for each term of the problem, not negative; the weights of the terms play no part
    most : the limit

    Examples
    --------
    >>> import grouping as gp
    >>> two = gp.Choice("group", ("today's",))
    >>> stay = gp.Focus(name="Stay", choice="group", points=[[0], [0], [100]], groups=(0,))
    >>> few = gp.Budget("moves", factors=(1,), most=0)  # in points of Stay, which costs nothing by itself
    >>> groups = (gp.Group("A", 1, 3), gp.Group("B", 1, 3))
    >>> problem = gp.Problem(size=[1, 1, 1], groups=groups, choices=(two,), terms=(stay,), budgets=(few,))
    >>> gp.score(problem, [0, 0, 0]).violations
    (Violation(rule='moves', group=-1, items=(), amount=100),)
    >>> gp.score(problem, [0, 0, 1]).violations
    ()
    """

    name: str
    factors: tuple[int, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Measure:
    """How a cost reads in the sense and unit of whoever asked.

    Parameters
    ----------
    sense : "min", or "max" when a larger value is better
    decimals : one unit of the value is 10^decimals cost units
    base : the cost whose value is 0
    """

    sense: str = "min"
    decimals: int = 0
    base: int = 0

    def value_of(self, cost: int) -> float:
        """Return the value that belongs to a cost."""
        units = self.base - cost if self.sense == "max" else cost - self.base
        value: float = units / 10**self.decimals
        return value

    def cost_of(self, value: float) -> int:
        """Return the cost that belongs to a value, rounded to a whole one."""
        units: int = round(value * 10**self.decimals)
        return self.base - units if self.sense == "max" else self.base + units


@dataclass(frozen=True, eq=False)
class Problem:
    """Everything an engine has to know, and nothing about people.

    Parameters
    ----------
    size : per item; 1 for a member, 0 for a thing to be looked after
    groups : the groups that can be used
    choices : the questions that groups answer
    terms : what is paid and what is demanded
    placements : rules about single items
    least, most : how many groups have to be used at least and may be used at most; None is all of them
    scale : how many cost units are one member-point of the score, see :meth:`score_of`
    keys : an opaque text per item (member id), for messages only
    measure : how a cost reads in the researcher's own sense and unit, see :meth:`value_of`
    ceiling : a rule: no group costs more than so many cost units per member; None for none
    worst_first : of two divisions the one is better whose worst group costs less per member, and only then the one
        that costs less in all
    budgets : limits of what the whole plan pays for some terms

    Raises
    ------
    PolicyError
        When the total cost, or what counts against a budget, could reach 2^53.
    ValueError
        When arrays do not fit each other.
    """

    size: IntArray
    groups: tuple[Group, ...]
    choices: tuple[Choice, ...] = ()
    terms: tuple[Term, ...] = ()
    placements: tuple[Placement, ...] = ()
    least: int = 0
    most: int | None = None
    scale: int = 1
    keys: tuple[str, ...] = field(default=())
    measure: Measure = field(default=Measure())
    ceiling: Fraction | None = None
    worst_first: bool = False
    budgets: tuple[Budget, ...] = ()

    def __post_init__(self) -> None:
        """Freeze and check everything once, so that engines need not."""
        items = int(np.shape(self.size)[0])
        object.__setattr__(self, "size", _integers(self.size, items))
        for name in ("groups", "choices", "terms", "placements", "keys", "budgets"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.keys:
            object.__setattr__(self, "keys", tuple(str(i) for i in range(items)))
        if len(self.keys) != items:
            raise ValueError("one key per item")
        if items and not set(self.size.tolist()) <= {0, 1}:
            raise ValueError("an item has size 0 or 1")
        if any(not 1 <= group.lo <= group.hi for group in self.groups):
            raise ValueError("group sizes need 1 <= lo <= hi")
        if self.scale < 1:
            raise ValueError("the scale is a positive integer")
        if self.ceiling is not None:
            object.__setattr__(self, "ceiling", Fraction(self.ceiling))
        options = {choice.name: len(choice.labels) for choice in self.choices}
        if len(options) != len(self.choices):
            raise ValueError("two choices have the same name")
        for term in self.terms:
            self._check_term(term, items, options)
        for placement in self.placements:
            if not 0 <= placement.item < items or not all(0 <= g < len(self.groups) for g in placement.groups):
                raise ValueError(f"placement {placement.name!r} names an item or group that does not exist")
        for budget in self.budgets:
            if len(budget.factors) != len(self.terms) or any(factor < 0 for factor in budget.factors):
                raise ValueError(f"budget {budget.name!r} needs one factor per term, not negative")
        if self.worst_first and self.budgets:
            raise PolicyError("the worst group first and a limit for the whole plan cannot be asked together")
        if max((self.most_cost, *map(self.most_used, self.budgets))) >= LARGEST_COST:
            raise PolicyError(
                "the weights have no small enough common denominator to be added exactly: use fewer decimals"
            )

    __reduce__ = _rebuilt

    def _check_term(self, term: Term, items: int, options: dict[str, int]) -> None:
        try:
            term.check(items)
        except ValueError as error:
            raise ValueError(f"term {term.name!r}: {error}") from error
        wide = term.points if isinstance(term, Focus) else term.value if isinstance(term, Quota) else None
        if wide is not None and isinstance(term, Focus | Quota) and options.get(term.choice) != wide.shape[1]:
            raise ValueError(f"term {term.name!r}: choice {term.choice!r} does not have that number of options")
        if isinstance(term, Count) and 1 != term.penalty.shape[0] <= self.largest:
            raise ValueError(f"term {term.name!r}: the penalty table is too short for the largest group")
        if term.weight < 0:
            raise ValueError(f"term {term.name!r}: negative weight")

    @cached_property
    def most_cost(self) -> int:
        """An upper limit of the cost of any division that keeps every rule."""
        groups, largest = len(self.groups), self.largest
        return sum(term.weight * term.most_points(self.size, groups, largest) for term in self.terms)

    def most_used(self, budget: Budget) -> int:
        """Return an upper limit of what any division that keeps every rule pays against a budget."""
        groups, largest = len(self.groups), self.largest
        pairs = zip(budget.factors, self.terms, strict=True)
        return sum(factor * term.most_points(self.size, groups, largest) for factor, term in pairs if factor)

    @property
    def members(self) -> int:
        """How many items are members (size 1)."""
        return int(self.size.sum())

    @property
    def largest(self) -> int:
        """The largest size any group may have."""
        return min(max((group.hi for group in self.groups), default=0), self.members)

    @property
    def at_most(self) -> int:
        """How many groups may be used."""
        return len(self.groups) if self.most is None else min(self.most, len(self.groups))

    @cached_property
    def seats(self) -> tuple[str, ...]:
        """The names of the seats that Role terms speak of."""
        return tuple(dict.fromkeys(term.seat for term in self.terms if isinstance(term, Role)))

    @cached_property
    def allowed(self) -> BoolArray:
        """Items × groups: False where a placement rule keeps an item out of a group."""
        table = np.ones((len(self.size), len(self.groups)), dtype=np.bool_)
        for placement in self.placements:
            keep = np.zeros(len(self.groups), dtype=np.bool_)
            keep[list(placement.groups)] = True
            table[placement.item] &= keep
        table.setflags(write=False)
        return table

    @cached_property
    def classes(self) -> tuple[tuple[int, ...], ...]:
        """Groups in classes: those of one class are interchangeable in every respect."""
        found: dict[Any, list[int]] = {}
        for g, group in enumerate(self.groups):
            scope = tuple(term.applies_to(g) for term in self.terms)
            label = (group.lo, group.hi, group.required, scope, self.allowed[:, g].tobytes())
            found.setdefault(label, []).append(g)
        return tuple(tuple(members) for members in found.values())

    def highest(self, ceiling: Fraction) -> IntArray:
        """Return, per size from 0 to all members, the most that a group may cost under a ceiling."""
        top, under = ceiling.numerator, ceiling.denominator
        return _integers([min(top * s // under, LARGEST_COST) for s in range(self.members + 1)], self.members + 1)

    def score_of(self, cost: float) -> float:
        """Return the score 0..100 that belongs to a cost: 100 − member-points per member."""
        return 100.0 - cost / (self.scale * self.members) if self.members else 100.0

    def value_of(self, cost: int) -> float:
        """Return what a cost or bound is in the sense and unit of the weights given to :meth:`from_arrays`.

        Of a maximised problem, the value of a bound is an upper limit of the value of any division.
        """
        return self.measure.value_of(cost)

    @classmethod
    def from_arrays(
        cls,
        weights: Any = None,
        *,
        edges: Iterable[tuple[Any, Any, Any]] | None = None,
        items: int | None = None,
        sense: str = "max",
        groups: int | tuple[int, int] | str | None = None,
        sizes: Any = None,
        loads: Any = None,
        capacity: Any = None,
        together: Iterable[Iterable[Any]] = (),
        apart: Iterable[Iterable[Any]] = (),
        decimals: int | None = None,
        keys: Sequence[Hashable] | None = None,
        names: Sequence[str] | None = None,
    ) -> Problem:
        """Return the problem of dividing items so that the weights of the pairs inside groups add up to most or least.

        No roster is needed: this is the door for research on diverse grouping, capacitated clustering, clique
        partitioning, community detection and the like.

        Parameters
        ----------
        weights : items × items, numbers or anything with ``tocoo()`` (a scipy sparse matrix): symmetric, each pair
            then counts once, or one triangle. The diagonal is a constant of every value
        edges : instead of a matrix, triples (i, j, weight), each pair once; pairs left out weigh 0
        items : how many items there are; needed with ``edges`` when there are no ``keys``
        sense : "max" or "min", of the sum of the weights inside groups
        groups : exactly so many, (least, most), or "any"; None is the number of ``sizes``, or any
        sizes : (least, most) items of a group, one number for both, or a list of such pairs, one per group; None is 1
            to all
        loads : a number per item, not negative, with ``capacity``
        capacity : (least, most) of the sum of the loads in each group, None for no limit, or a list, one per group
        together : pairs (or larger sets) of items that have to be in one group
        apart : pairs (or larger sets) of items of which no two may be in one group
        decimals : round the weights to so many; None keeps all of them and refuses weights that need more than nine
        keys : what the items are called in ``edges``, ``together`` and ``apart``; None calls them 0, 1, 2, …
        names : what the groups are called

        Returns
        -------
        Problem : costs are integers, in units of the weights' last decimal; :meth:`value_of` reads them back

        Raises
        ------
        InputError
            When an argument is wrong, or two of them contradict each other; every fault is listed.

        Examples
        --------
        >>> import grouping as gp
        >>> likes = [(0, 1, 5), (1, 2, 4), (0, 2, -3), (2, 3, 2.5)]
        >>> problem = gp.Problem.from_arrays(edges=likes, items=4, groups="any")
        >>> solution = gp.solve(problem)
        >>> solution.status, problem.value_of(solution.cost), solution.group_of.tolist()
        ('optimal', 8.5, [0, 0, 0, 0])
        """
        from grouping.arrays import build

        return build(
            weights,
            edges=edges,
            items=items,
            sense=sense,
            groups=groups,
            sizes=sizes,
            loads=loads,
            capacity=capacity,
            together=together,
            apart=apart,
            decimals=decimals,
            keys=keys,
            names=names,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the problem as plain data, for a report of a bug or another engine."""

        def plain(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                return value.tolist()
            if isinstance(value, Sequence) and not isinstance(value, str):
                return [plain(entry) for entry in value]
            if isinstance(value, Fraction):
                return [value.numerator, value.denominator]
            if isinstance(value, Term | Choice | Group | Placement | Measure | Budget):
                data = {part.name: plain(getattr(value, part.name)) for part in fields(value)}
                return {"kind": value.kind, **data} if isinstance(value, Term) else data
            return value

        return {part.name: plain(getattr(self, part.name)) for part in fields(self)}

    @cached_property
    def digest(self) -> str:
        """A short fingerprint of the whole problem; equal problems have equal digests."""
        found = hashlib.sha256()
        _feed(found, self)
        return found.hexdigest()[:16]


def _feed(found: hashlib._Hash, value: Any) -> None:
    """Add a value to a hash, arrays as their bytes: a text of a large problem would take far longer than hashing it."""
    if isinstance(value, np.ndarray):
        found.update(f"array{value.shape}{value.dtype.kind}".encode())
        found.update(np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False).tobytes())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        found.update(f"{len(value)}[".encode())
        for entry in value:
            _feed(found, entry)
    elif isinstance(value, Problem | Term | Choice | Group | Placement | Budget):
        found.update(f"{type(value).__name__}(".encode())
        for part in fields(value):
            _feed(found, getattr(value, part.name))
    else:
        plain = value.item() if isinstance(value, np.generic) else value
        found.update(f"{type(plain).__name__}:{plain!r};".encode())
