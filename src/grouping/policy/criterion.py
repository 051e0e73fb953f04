"""What a criterion is: one class in one file that turns a roster into terms of the waist and has words for them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Self

from grouping.errors import Issue, PolicyError

if TYPE_CHECKING:
    from grouping.policy.context import Context
    from grouping.problem import Placement, Term

PRINCIPLES = ("convene", "act", "manage")

REGISTRY: dict[str, type[Criterion]] = {}
"""Every criterion by the name it has in code and in policy files."""


@dataclass(frozen=True)
class Criterion:
    """Base of all criteria; immutable, comparable, and plain enough to be written to TOML and JSON.

    Parameters
    ----------
    weight : its share within its principle, positive; used under ``prefer`` only
    principle : "convene", "act" or "manage"; None keeps the criterion's own

    Notes
    -----
    A subclass sets ``home`` (its principle), ``title`` (what it is called in Chinese), ``source`` (where the rule or
    method comes from), ``shows`` (the column of the group table that its option fills, if any) and ``words`` (a
    sentence for a group in each language, over the facts ``points, size, amount, option, holder, guilty``), and
    writes :meth:`terms`. Under ``must`` the very same terms demand 0 points, or keep an :attr:`allowance`.
    """

    weight: float = field(default=1, kw_only=True)
    principle: str | None = field(default=None, kw_only=True)

    home: ClassVar[str] = "manage"
    title: ClassVar[str] = ""
    source: ClassVar[str] = ""
    only_must: ClassVar[bool] = False
    single: ClassVar[bool] = False
    asks_roster: ClassVar[bool] = False
    """A rule that is told of as not judged where the roster does not say what it asks about."""
    shows: ClassVar[str | None] = None
    words: ClassVar[Mapping[str, str]] = {"en": "{points} points", "zh": "{points}分"}

    def __init_subclass__(cls) -> None:
        """Register the class under its name."""
        super().__init_subclass__()
        if not cls.__name__.startswith("_"):
            REGISTRY[cls.__name__] = cls

    def __post_init__(self) -> None:
        """Check what is common to all criteria, then what the subclass adds."""
        for part in fields(self):
            object.__setattr__(self, part.name, plain_number(getattr(self, part.name)))
        object.__setattr__(self, "weight", read_weight(self.weight))
        faults = list(self._common_faults())
        try:
            faults += [Issue("bad_criterion", f"{type(self).__name__}: {text}") for text in self.faults()]
        except (TypeError, ValueError) as error:
            faults.append(Issue("bad_criterion", f"{type(self).__name__}: a parameter has the wrong type ({error})"))
        if faults:
            raise PolicyError(faults)

    def _common_faults(self) -> Iterable[Issue]:
        name = type(self).__name__
        if (
            isinstance(self.weight, bool)
            or not isinstance(self.weight, int | float | Fraction)
            or not 0 < self.weight < 1e9
        ):
            yield Issue("bad_weight", f"{name}: a weight is a positive number", value=str(self.weight))
        if self.principle is not None and self.principle not in PRINCIPLES:
            yield unknown("principle", self.principle, PRINCIPLES, owner=name)

    def faults(self) -> Iterable[str]:
        """Yield what is wrong with the parameters, in words."""
        return ()

    @property
    def label(self) -> str:
        """How the criterion is called in scores and findings."""
        return type(self).__name__

    @property
    def named(self) -> tuple[str, ...]:
        """The member ids that the criterion names."""
        return ()

    @property
    def calls(self) -> tuple[str, ...]:
        """The names of the groups that have to be there by these names for the criterion to speak of them."""
        return ()

    @property
    def allowance(self) -> int | None:
        """As a rule, how many points the terms may cost over the whole plan; None demands 0 points of every group."""
        return None

    def raised(self, members: int) -> Self:
        """Return the rule with so much more allowance, in members of 100 points each.

        Raises
        ------
        PolicyError
            When the rule has no allowance.
        """
        raise PolicyError(f"{self.label} has no limit that could be raised")

    def restricted(self, ids: frozenset[str]) -> Self | None:
        """Return the criterion for a part of the roster, or None when nothing of it is left there.

        Parameters
        ----------
        ids : the members of the part
        """
        return self

    def pieces(self, context: Context) -> tuple[Criterion, ...]:
        """Return weaker rules that together say the same, so that a part of a rule can be given up.

        A criterion that is kept or dropped as a whole is its own only piece.
        """
        return (self,)

    def without(self, given_up: Collection[Criterion]) -> tuple[Criterion, ...]:
        """Return the rules that are left when some of the pieces are given up; none when nothing is left.

        Parameters
        ----------
        given_up : pieces, those of several parts of the roster together
        """
        return () if given_up else (self,)

    def forgetting(self, gone: frozenset[str]) -> Self | None:
        """Return the criterion without members who are no longer anywhere, or None when nothing of it is left.

        Parameters
        ----------
        gone : their ids
        """
        named = frozenset(self.named)
        return self.restricted(named - gone) if named & gone else self

    def terms(self, context: Context) -> list[Term | Placement]:
        """Return the data of this criterion for one roster; an empty list when the roster says nothing about it.

        Raises
        ------
        PolicyError
            When the criterion names an attribute, member or group that does not exist.
        """
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Return the criterion as plain data, without what is at its default."""
        data: dict[str, Any] = {"type": type(self).__name__}
        for part in fields(self):
            value = getattr(self, part.name)
            if value != part.default:
                data[part.name] = _plain(value)
        return data


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        if value and all(isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in value):
            return {key: _plain(entry) for key, entry in value}
        return [_plain(entry) for entry in value]
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    return written(value) if isinstance(value, Fraction) else value


def written(weight: float | Fraction) -> float | int | str:
    """Return a weight as files hold it: a fraction that is no whole number as a text such as "1/3"."""
    if isinstance(weight, Fraction) and weight.denominator > 1:
        return f"{weight.numerator}/{weight.denominator}"
    return int(weight) if weight == int(weight) else float(weight)


def plain_number(value: Any) -> Any:
    """Return a numpy scalar as Python's own number; anything else unchanged."""
    return value.item() if type(value).__module__ == "numpy" and getattr(value, "shape", None) == () else value


def read_weight(value: Any) -> Any:
    """Return a weight as it was before it was written; anything else unchanged, to be judged by the caller."""
    if isinstance(value, str):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            return value
    return value


def unknown(what: str, name: object, known: Iterable[str], owner: str = "") -> Issue:
    """Return the issue for a name that is not known, with the nearest ones that are."""
    names = [str(entry) for entry in known]
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.5)
    if not near:
        near = [entry for entry in names if entry.lower() == str(name).lower()]
    shown = near or names[:12]
    advice = f"you mean {' or '.join(shown)}" if near else f"one of {', '.join(shown)}" if shown else None
    prefix = f"{owner}: " if owner else ""
    return Issue(f"unknown_{what}", f"{prefix}unknown {what}", value=str(name), advice=advice)


def from_dict(data: object, where: str = "") -> Criterion:
    """Return the criterion that :meth:`Criterion.to_dict` described.

    Raises
    ------
    PolicyError
        With near names when the type or a parameter is not known.
    """
    if not isinstance(data, Mapping) or "type" not in data:
        raise PolicyError(Issue("bad_criterion", f"{where}: a criterion is a table with a 'type'", value=str(data)))
    name = str(data["type"])
    if name not in REGISTRY:
        raise PolicyError(unknown("criterion", name, REGISTRY, owner=where))
    cls = REGISTRY[name]
    known = [part.name for part in fields(cls)]
    given = {str(key): value for key, value in data.items() if key != "type"}
    wrong = [unknown("parameter", key, known, owner=f"{where}: {name}") for key in given if key not in known]
    if wrong:
        raise PolicyError(wrong)
    try:
        return cls(**given)
    except (TypeError, ValueError) as error:
        if isinstance(error, PolicyError):
            raise
        raise PolicyError(Issue("bad_criterion", f"{where}: {name}: {error}")) from error


def texts(values: object, what: str) -> tuple[str, ...]:
    """Return ids or names as a tuple of texts; a single text counts as one.

    Raises
    ------
    PolicyError
        When the value is not a text or a collection of texts.
    """
    if isinstance(values, str):
        return (values,)
    if not isinstance(values, Iterable) or isinstance(values, Mapping):
        raise PolicyError(Issue("bad_criterion", f"{what}: expected a text or a list of texts", value=str(values)))
    return tuple(str(value) for value in values)
