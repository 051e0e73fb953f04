"""Standing groups of one name in several branches: every branch has its first group, and they are different groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grouping.roster.schema import Member


def groups_told_apart(members: Sequence[Member]) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """Return the members with each such group called by branch and name, such as B2-第一党小组, and the names meant.

    A group is within one branch (支部工作条例(试行) art. 13), so that the same name in two branches means two groups.
    """
    branches: dict[str, set[str]] = {}
    for member in members:
        if member.current_group and member.branch:
            branches.setdefault(member.current_group, set()).add(member.branch)
    shared = tuple(name for name, found in branches.items() if len(found) > 1)
    called = tuple(
        member.model_copy(update={"current_group": f"{member.branch}-{member.current_group}"})
        if member.current_group in shared and member.branch
        else member
        for member in members
    )
    return called, shared


def as_called(members: Iterable[Member]) -> Callable[[str | None, str], str]:
    """Return how a group is called in a roster by a branch and the name that people write.

    Only what is no group's name in the roster is taken for the short form of one.
    """
    names = {member.current_group for member in members if member.current_group}

    def called(branch: str | None, name: str) -> str:
        full = f"{branch}-{name}"
        return full if branch and name not in names and full in names else name

    return called
