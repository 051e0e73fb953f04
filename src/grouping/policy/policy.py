"""The policy: what is wanted of a division, as one immutable value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from os import PathLike
from typing import Any, Self, cast

from grouping.errors import Issue, PolicyError
from grouping.policy.act import Leader, LeaderFit, SharedWork, TeamCoverage
from grouping.policy.convene import Attendance, Quorum, Travel
from grouping.policy.criterion import (
    PRINCIPLES,
    Criterion,
    from_dict,
    plain_number,
    read_weight,
    unknown,
    written,
)
from grouping.policy.general import AtLeast
from grouping.policy.manage import Continuity, EvenSize, FewDepartments, Mentoring
from grouping.policy.rules import Within

SIZE = (5, 12)
"""Default limits of a group's size: the soft band 5 to 12 of practice (R7)."""

FAIRNESS = ("mean", "worst")
"""What comes first: the mean over all members, or the group that scores least."""

LEAST_SIZE = 3
"""A group has at least three members (R6, 中央和国家机关党小组工作规则(试行) art. 1)."""


@dataclass(frozen=True)
class GroupSpec:
    """A group that is asked for by name.

    Parameters
    ----------
    name : how it is called
    size : its own limits; None takes the policy's
    leader : id of a member who leads it, such as one already in office
    """

    name: str
    size: tuple[int, int] | None = None
    leader: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain data, without what is at its default."""
        data: dict[str, Any] = {"name": self.name}
        if self.size is not None:
            data["size"] = list(self.size)
        if self.leader is not None:
            data["leader"] = self.leader
        return data


Groups = int | tuple[int, int] | tuple[GroupSpec, ...] | None


@dataclass(frozen=True)
class Policy:
    """What is wanted of a division: sizes, number of groups, rules (``must``), wishes (``prefer``) and weights.

    Parameters
    ----------
    size : least and most members of a group, 1 <= least <= most
    groups : how many groups: None leaves it free, k, (fewest, most), or a list of GroupSpec / names
    must : criteria demanded in full (0 points); None takes the domain's defaults, an empty list none
    prefer : criteria that cost points; None takes the domain's defaults, an empty list none
    principles : weight of each principle, 0 switches one off; a principle left out weighs 1
    requests : True also keeps the constraint list that came with the roster (hard → must, soft → prefer)
    name : what the policy is called in reports
    deputies_from : a group of at least so many members also gets a deputy (R10: a large group may have one)
    fairness : "mean" asks for the highest score of the plan; "worst" first for the highest score of the group that
        scores least, in every branch on its own, and only then for the highest score of the plan

    Raises
    ------
    PolicyError
        Listing every fault; unknown names are answered with near ones.

    Examples
    --------
    >>> from grouping import Apart, Policy
    >>> policy = Policy.balanced(size=(6, 12), must=[Apart(["HQ0012", "HQ0031"])])
    >>> policy.size
    (6, 12)
    """

    size: tuple[int, int] = SIZE
    groups: Groups = None
    must: Sequence[Criterion] = cast("Sequence[Criterion]", None)
    prefer: Sequence[Criterion] = cast("Sequence[Criterion]", None)
    principles: Mapping[str, float] = field(default_factory=dict, hash=False)
    requests: bool = True
    name: str = "custom"
    deputies_from: int = 10
    fairness: str = "mean"

    def __post_init__(self) -> None:
        """Fill in defaults, normalise lists, and list every fault."""
        faults: list[Issue] = []
        if not isinstance(self.principles, Mapping):
            faults.append(
                Issue("bad_weight", "principles is a table of principle = weight", value=str(self.principles))
            )
            _set(self, "principles", {})
        if not isinstance(self.requests, bool):
            faults.append(Issue("bad_flag", "requests is true or false", value=str(self.requests)))
        _set(self, "deputies_from", plain_number(self.deputies_from))
        _set(self, "size", _sizes(self.size, "size", faults))
        _set(self, "groups", _groups(self.groups, faults))
        for part, default in (("must", default_must), ("prefer", default_prefer)):
            given = getattr(self, part)
            _set(self, part, default(self.size) if given is None else _criteria(given, part, faults))
        for criterion in self.prefer:
            if criterion.only_must:
                name = type(criterion).__name__
                faults.append(Issue("only_must", f"prefer: {name} is a rule", advice=f"move {name} to must"))
        faults += _other_sessions(self)
        faults += [
            unknown("principle", key, PRINCIPLES, "principles") for key in self.principles if key not in PRINCIPLES
        ]
        weights = {key: read_weight(plain_number(self.principles.get(key, 1))) for key in PRINCIPLES}
        for key, weight in weights.items():
            if isinstance(weight, bool) or not isinstance(weight, int | float | Fraction) or not 0 <= weight < 1e9:
                faults.append(Issue("bad_weight", f"principles: {key} needs a number >= 0", value=str(weight)))
        if self.prefer and not any(weights.values()):
            faults.append(
                Issue("bad_weight", "all principles weigh 0", advice="give one of them a weight, or prefer nothing")
            )
        _set(self, "principles", weights)
        if isinstance(self.deputies_from, bool) or not isinstance(self.deputies_from, int) or self.deputies_from < 1:
            faults.append(
                Issue("bad_number", "deputies_from is a positive whole number", value=str(self.deputies_from))
            )
        if self.fairness not in FAIRNESS:
            faults.append(unknown("fairness", str(self.fairness), FAIRNESS, "policy"))
        _set(self, "name", str(self.name))
        if faults:
            raise PolicyError(faults)

    @classmethod
    def balanced(
        cls,
        size: tuple[int, int] = SIZE,
        groups: Groups = None,
        must: Iterable[Criterion] = (),
        prefer: Iterable[Criterion] = (),
        principles: Mapping[str, float] | None = None,
        requests: bool = True,
    ) -> Self:
        """Return the domain's default policy, the three principles weighing the same.

        ``must`` and ``prefer`` are added to it; a criterion of which there can be only one (such as Attendance)
        replaces the preset's. Groups never cross a branch if the roster has branches.
        """
        return cls._preset("balanced", size, groups, default_prefer(size), must, prefer, principles or {}, requests)

    @classmethod
    def by_business_line(
        cls,
        size: tuple[int, int] = SIZE,
        groups: Groups = None,
        must: Iterable[Criterion] = (),
        prefer: Iterable[Criterion] = (),
        principles: Mapping[str, float] | None = None,
        requests: bool = True,
    ) -> Self:
        """Return the preset that divides by business chain (按业务链划分): shared work is one line and weighs most."""
        line: tuple[Criterion, ...] = (SharedWork(by="line", weight=3), TeamCoverage(by="line"))
        weights = {"act": 2, **(principles or {})}
        base = _merged(default_prefer(size), line)
        return cls._preset("by_business_line", size, groups, base, must, prefer, weights, requests)

    @classmethod
    def by_location(
        cls,
        size: tuple[int, int] = SIZE,
        groups: Groups = None,
        must: Iterable[Criterion] = (),
        prefer: Iterable[Criterion] = (),
        principles: Mapping[str, float] | None = None,
        requests: bool = True,
    ) -> Self:
        """Return the preset that divides by neighbourhood (按地域相邻划分): travel and shared places weigh most."""
        near: tuple[Criterion, ...] = (Travel(weight=3), SharedWork(by="zone", weight=2), TeamCoverage(by="zone"))
        weights = {"convene": 2, **(principles or {})}
        base = _merged(default_prefer(size), near)
        return cls._preset("by_location", size, groups, base, must, prefer, weights, requests)

    @classmethod
    def _preset(
        cls,
        name: str,
        size: tuple[int, int],
        groups: Groups,
        base: tuple[Criterion, ...],
        must: Iterable[Criterion],
        prefer: Iterable[Criterion],
        principles: Mapping[str, float],
        requests: bool,
    ) -> Self:
        faults: list[Issue] = []
        more_must, more_prefer = _criteria(must, "must", faults), _criteria(prefer, "prefer", faults)
        if faults:
            raise PolicyError(faults)
        rules = _merged((*default_must(size), Within("branch", if_present=True)), more_must)
        return cls(size, groups, rules, _merged(base, more_prefer), principles, requests, name)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some parameters changed; see the class for their names."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as plain data that JSON and TOML can hold; :meth:`from_dict` reads it back."""
        data: dict[str, Any] = {"name": self.name, "size": list(self.size)}
        if isinstance(self.groups, int):
            data["groups"] = self.groups
        elif self.groups is not None:
            data["groups"] = [g.to_dict() if isinstance(g, GroupSpec) else g for g in self.groups]
        data["principles"] = {key: written(weight) for key, weight in self.principles.items()}
        data["requests"] = self.requests
        data["deputies_from"] = self.deputies_from
        data["fairness"] = self.fairness
        data["must"] = [criterion.to_dict() for criterion in self.must]
        data["prefer"] = [criterion.to_dict() for criterion in self.prefer]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the policy that plain data describes.

        ``preset = "balanced"`` (or another preset) starts from that preset; ``must`` and ``prefer`` then add to it.

        Raises
        ------
        PolicyError
            Listing every fault; unknown names are answered with near ones.
        """
        if not isinstance(data, Mapping):
            raise PolicyError(Issue("bad_policy", "a policy is a table", value=str(data)))
        faults: list[Issue] = []
        own = ("name", "deputies_from", "fairness")
        known = ("preset", *own, "size", "groups", "principles", "requests", "must", "prefer")
        faults += [unknown("key", key, known, "policy") for key in data if key not in known]
        preset = data.get("preset")
        if preset is not None and preset not in PRESETS:
            faults.append(unknown("preset", preset, PRESETS, "policy"))
        given: dict[str, Any] = {key: data[key] for key in ("size", "groups", "principles", "requests") if key in data}
        for part in ("must", "prefer"):
            if part in data:
                given[part] = _criteria(data[part], part, faults)
        if faults:
            raise PolicyError(faults)
        policy: Self = getattr(cls, preset)(**given) if preset else cls(**given)
        more = {key: data[key] for key in own if key in data}
        return replace(policy, **more)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a policy from a ``.toml`` or ``.json`` file; PolicyError tells what is wrong with it."""
        from grouping.policy.files import read

        return cls.from_dict(read(path))

    def dump(self, path: str | PathLike[str]) -> None:
        """Write the policy to a ``.toml`` or ``.json`` file, all at once or not at all."""
        from grouping.policy.files import write

        write(path, self.to_dict())

    def describe(self) -> str:
        """Return the policy in words: every parameter, what it counts, and where it comes from."""
        from grouping.policy.describing import describe

        return describe(self)


PRESETS = ("balanced", "by_business_line", "by_location")


def default_must(size: tuple[int, int]) -> tuple[Criterion, ...]:
    """Return the rules every division keeps unless told otherwise.

    Three members are the least (R6), unless the sizes asked for say that fewer are wanted.
    """
    rules: tuple[Criterion, ...] = (AtLeast(1, status="full"), Leader())
    try:
        small = size[0] < LEAST_SIZE
    except (TypeError, IndexError):  # the size itself is reported by the policy
        small = False
    return rules if small else (AtLeast(LEAST_SIZE), *rules)


def default_prefer(size: tuple[int, int]) -> tuple[Criterion, ...]:
    """Return the criteria of the three principles, each with weight 1."""
    return (
        Attendance(),
        Travel(),
        SharedWork(),
        TeamCoverage(),
        LeaderFit(),
        EvenSize(),
        FewDepartments(),
        Mentoring(),
        Continuity(),
    )


def _set(policy: Policy, name: str, value: object) -> None:
    object.__setattr__(policy, name, value)


def _other_sessions(policy: Policy) -> list[Issue]:
    """Return the fault of a quorum in other sessions than those that attendance is about."""
    meetings = [c for c in (*policy.must, *policy.prefer) if isinstance(c, Attendance)]
    return [
        Issue(
            "other_sessions",
            "must: Quorum and Attendance speak of different sessions",
            advice="give both the same sessions and slots, and Attendance its usual credits",
        )
        for quorum in policy.must
        if isinstance(quorum, Quorum) and any(meeting.asked != quorum.meeting.asked for meeting in meetings)
    ]


def _merged(base: Iterable[Criterion], added: Iterable[Criterion]) -> tuple[Criterion, ...]:
    """Return base and added criteria; an added one of which there can be only one replaces the base's."""
    more = tuple(added)
    replaced = {type(criterion) for criterion in more if criterion.single or isinstance(criterion, Within)}
    return (
        *(criterion for criterion in base if type(criterion) not in replaced or criterion in more),
        *_unless(base, more),
    )


def _unless(base: Iterable[Criterion], more: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
    have = set(base)
    return tuple(criterion for criterion in more if criterion not in have)


def _sizes(value: Any, name: str, faults: list[Issue]) -> tuple[int, int]:
    value = tuple(map(plain_number, value)) if isinstance(value, tuple | list) else value
    if (
        isinstance(value, tuple)
        and len(value) == 2
        and all(isinstance(entry, int) and not isinstance(entry, bool) for entry in value)
    ):
        lo, hi = value
        if 1 <= lo <= hi:
            return int(lo), int(hi)
    faults.append(Issue("bad_size", f"{name} is (least, most) with 1 <= least <= most", value=str(value)))
    return SIZE


def _criteria(values: Any, part: str, faults: list[Issue]) -> tuple[Criterion, ...]:
    if isinstance(values, Criterion | Mapping | str) or not isinstance(values, Iterable):
        faults.append(Issue("bad_criterion", f"{part} is a list of criteria", value=str(values)))
        return ()
    found: list[Criterion] = []
    for number, value in enumerate(values, 1):
        try:
            found.append(value if isinstance(value, Criterion) else from_dict(value, f"{part} {number}"))
        except PolicyError as error:
            faults.extend(error.issues)
    faults += [
        Issue("twice", f"{part}: {kind.__name__} stands twice", advice="keep one of them")
        for kind in {type(criterion) for criterion in found if criterion.single}
        if sum(type(criterion) is kind for criterion in found) > 1
    ]
    return tuple(dict.fromkeys(found))


def _groups(value: Any, faults: list[Issue]) -> Groups:
    value = plain_number(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return value
    if isinstance(value, tuple | list) and value:
        numbers = tuple(map(plain_number, value))
        if len(numbers) == 2 and all(isinstance(entry, int) and not isinstance(entry, bool) for entry in numbers):
            if 1 <= numbers[0] <= numbers[1]:
                return numbers
        else:
            return _specs(value, faults)
    faults.append(
        Issue("bad_groups", "groups is a number, (fewest, most), or a list of GroupSpec or names", value=str(value))
    )
    return None


def _specs(values: Iterable[Any], faults: list[Issue]) -> tuple[GroupSpec, ...]:
    """Return the groups asked for by name, checked."""
    found: list[GroupSpec] = []
    for value in values:
        spec = _spec(value, faults)
        if spec is None:
            continue
        size = spec.size if spec.size is None else _sizes(spec.size, f"groups: the size of {spec.name}", faults)
        if not isinstance(spec.name, str) or not isinstance(spec.leader, str | None):
            faults.append(Issue("bad_groups", "groups: name and leader are texts", value=str(spec)))
        found.append(replace(spec, size=size))
    if len({spec.name for spec in found}) != len(found):
        faults.append(Issue("twice", "groups: two groups have the same name"))
    return tuple(found)


def _spec(entry: Any, faults: list[Issue]) -> GroupSpec | None:
    if isinstance(entry, GroupSpec):
        return entry
    if isinstance(entry, str):
        return GroupSpec(entry)
    if isinstance(entry, Mapping) and "name" in entry:
        known = ("name", "size", "leader")
        faults.extend(unknown("key", key, known, "groups") for key in entry if key not in known)
        return GroupSpec(str(entry["name"]), entry.get("size"), entry.get("leader"))
    faults.append(Issue("bad_groups", "groups: a group has a name, and may have a size and a leader", value=str(entry)))
    return None
