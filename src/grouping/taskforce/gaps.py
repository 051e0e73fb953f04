"""What stands in the way of a plan: limits that have to give, and who is ruled out of a role by what."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grouping.taskforce.case import Case, Option
    from grouping.taskforce.model import LimitKey


@dataclass(frozen=True)
class Gap:
    """A limit that has to give: its key, by how much, and the options that would be chosen then."""

    key: LimitKey
    amount: int
    chosen: tuple[Option, ...]


def ruled_out_by(case: Case, t: int, r: int, wave: int | None = None) -> tuple[list[int], dict[str, list[int]]]:
    """Return the rows who could serve in a role (in a wave), and code → rows of those with the skills who could not."""
    patterns = [waves for waves in case.screening.patterns(t) if wave is None or wave in waves]
    able: list[int] = []
    out: dict[str, list[int]] = defaultdict(list)
    for row in case.screening.qualified(case.tasks[t].roles[r]):
        why = case.screening.ruled_out(t, r, row)
        if why is None:
            reasons = [case.screening.hindered(t, r, row, waves) for waves in patterns]
            why = None if None in reasons else Counter(reasons).most_common(1)[0][0]
        if why is None:
            able.append(row)
        else:
            out[why].append(row)
    return able, dict(out)
