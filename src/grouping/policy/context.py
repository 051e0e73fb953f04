"""What criteria see while a roster is compiled: its items, groups, shared choices, and lookups that fail clearly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grouping.errors import PolicyError, RosterError
from grouping.policy.criterion import unknown

if TYPE_CHECKING:
    from grouping.problem import Choice, IntArray
    from grouping.roster import Roster, Slot, Team


class Context:
    """The items of one problem and the choices its criteria share.

    Parameters
    ----------
    roster : the members
    groups : names of the groups
    size : limits of a group's size
    count : how many groups there may be, as a range
    closed : True when naming a group outside ``groups`` is a fault; False when a given division is judged
    """

    def __init__(
        self,
        roster: Roster,
        groups: Sequence[str],
        size: tuple[int, int],
        count: tuple[int, int],
        closed: bool = True,
    ) -> None:
        self.roster = roster
        self.groups = tuple(groups)
        self.size = size
        self.count = count
        self.closed = closed
        self.teams: tuple[Team, ...] = tuple(roster.uncovered_teams)
        self.members = len(roster)
        self.items = self.members + len(self.teams)
        self.choices: dict[str, Choice] = {}
        self._codes: dict[object, tuple[IntArray, tuple[Slot, ...]]] = {}

    @cached_property
    def _index(self) -> dict[str, int]:
        return {member_id: i for i, member_id in enumerate(self.roster.member_ids)}

    def items_of(self, member_ids: Iterable[str], owner: str) -> list[int]:
        """Return the item indices of members, or raise PolicyError that lists the unknown ids."""
        ids = list(member_ids)
        wrong = [unknown("member", i, self._index, owner=owner) for i in ids if i not in self._index]
        if wrong:
            raise PolicyError(wrong)
        return [self._index[i] for i in ids]

    def group_of(self, name: str, owner: str) -> int | None:
        """Return the index of a group (None: a judged division has no such group), or raise PolicyError."""
        if name in self.groups:
            return self.groups.index(name)
        if self.closed:
            raise PolicyError(unknown("group", name, self.groups, owner=owner))
        return None

    def column(self, attr: str, owner: str) -> list[object]:
        """Return an attribute of every member, or raise PolicyError with near names."""
        try:
            return self.roster.column(attr)
        except RosterError as error:
            raise PolicyError(unknown("attribute", attr, self.roster.attributes, owner=owner)) from error

    def has(self, attr: str) -> bool:
        """Tell whether the roster says anything about an attribute."""
        return attr in self.roster.attributes

    def attends(self) -> IntArray:
        """Return 1 for a member who is expected at meetings, 0 for one who is excused."""
        return np.array([int(member.participation != "excused") for member in self.roster.members], dtype=np.int64)

    def travels(self) -> IntArray:
        """Return 1 for a member who comes in person, 0 for one who is excused or takes part online only."""
        return np.array([int(member.participation == "normal") for member in self.roster.members], dtype=np.int64)

    def choice(self, name: str, build: Callable[[], Choice]) -> Choice:
        """Return the choice of this name, building it the first time it is asked for."""
        if name not in self.choices:
            self.choices[name] = build()
        return self.choices[name]

    def states(self, slots: str | tuple[Slot, ...] | None) -> tuple[IntArray, tuple[Slot, ...]]:
        """Return the state codes (0 D, 1 A, 2 R, 3 O), members × slots, and the slots."""
        if slots not in self._codes:
            codes, found = self.roster.availability_codes(slots)
            self._codes[slots] = (np.asarray(codes, dtype=np.int64), tuple(found))
        return self._codes[slots]

    @cached_property
    def minutes(self) -> tuple[tuple[str, ...], IntArray]:
        """Sites and the minutes between them."""
        sites, table = self.roster.minutes_matrix()
        return tuple(sites), np.asarray(table, dtype=np.int64)

    def minutes_from(self, sites: Iterable[str | None]) -> IntArray:
        """Return the minutes from each of these sites (None: 0) to every site of the roster."""
        names, table = self.minutes
        index = {name: i for i, name in enumerate(names)}
        rows = [table[index[site]] if site in index else np.zeros(len(names), dtype=np.int64) for site in sites]
        return np.array(rows, dtype=np.int64).reshape(-1, len(names))

    def pad(self, points: IntArray) -> IntArray:
        """Return member rows with a row of zeros added for every team that is an item."""
        return np.vstack([points, np.zeros((self.items - len(points), *points.shape[1:]), dtype=np.int64)])

    def pad_flat(self, values: Sequence[int] | IntArray) -> IntArray:
        """Return one number per member with a zero added for every team that is an item."""
        out: IntArray = np.zeros(self.items, dtype=np.int64)
        out[: self.members] = values
        return out
