"""Why no division keeps every rule, as far as counting tells: one plain sentence for each argument that holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from grouping.policy.general import Apart, AtLeast, Together
from grouping.policy.rules import Pin
from grouping.problem import Count, Role

if TYPE_CHECKING:
    from grouping.policy.compiling import Compiled


def reasons(part: Compiled) -> list[str]:
    """Return what counting finds, the most telling first; else the list of rules that clash."""
    found = counted(part)
    if found:
        return found
    problem = part.problem
    rules = dict.fromkeys([term.name for term in problem.terms if term.must] + [p.name for p in problem.placements])
    sizes = dict.fromkeys(f"{group.lo} to {group.hi}" for group in problem.groups)
    listed = ", ".join(rules) or "none but the sizes"
    return [f"these rules cannot all be kept with groups of {' or '.join(sizes)}: {listed}"]


def counted(part: Compiled) -> list[str]:
    """Return the counting arguments that prove, without any search, that no division keeps every rule."""
    return list(_counted(part))


def _counted(part: Compiled) -> Iterator[str]:
    problem = part.problem
    for g, group in enumerate(problem.groups):
        if not group.required:
            continue
        for seat in problem.seats:
            rules = [t for t in problem.terms if isinstance(t, Role) and t.seat == seat and t.must and t.applies_to(g)]
            own = [t.name for t in rules if t.groups is not None]
            if own and not np.logical_and.reduce([t.eligible & (t.points == 0) for t in rules]).any():
                others = [t.name for t in rules if t.groups is None]
                yield f"{' and '.join(own)} cannot be kept: the member may not be {seat} by {', '.join(others)}"
    fewest, most = max(problem.least, 1), len(problem.groups)
    groups = f"{fewest} {'group' if fewest == 1 else 'groups'}"
    for seat in problem.seats:
        rules = [t for t in problem.terms if isinstance(t, Role) and t.seat == seat and t.must and t.groups is None]
        able = int(np.logical_and.reduce([t.eligible & (t.points == 0) for t in rules]).sum()) if rules else fewest
        if able < fewest:
            yield f"at least {groups} are needed and each needs a {seat}, but only {able} members may be {seat}"
    for entry in part.entries:
        if not entry.must:
            continue
        criterion = entry.criterion
        terms = [problem.terms[t] for t in entry.terms]
        if isinstance(criterion, AtLeast) and isinstance(terms[0], Count):
            have = int(terms[0].value.sum())
            if have < criterion.n * fewest:
                yield f"{entry.label} needs {criterion.n * fewest} such members for {groups}, but there are {have}"
        elif isinstance(criterion, Apart) and len(criterion.ids) > most:
            asked = len(criterion.ids)
            yield f"{entry.label} asks for {asked} members in different groups, but there are at most {most}"
        elif isinstance(criterion, Together) and len(criterion.ids) > max(group.hi for group in problem.groups):
            room = max(group.hi for group in problem.groups)
            yield f"{entry.label} asks for {len(criterion.ids)} members in one group, which takes {room}"
    pinned: dict[str, set[str]] = {}
    for entry in part.entries:
        if isinstance(entry.criterion, Pin):
            pinned.setdefault(entry.criterion.member, set()).add(entry.criterion.group)
    for member, names in pinned.items():
        if len(names) > 1:
            yield f"{member} is pinned to {' and to '.join(sorted(names))}"
    for item in np.flatnonzero(~problem.allowed.any(axis=1)):
        rules_on = [placement.name for placement in problem.placements if placement.item == item]
        yield f"no group is left for {problem.keys[item]}: {', '.join(rules_on)}"
