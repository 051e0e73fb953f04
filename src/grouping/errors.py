"""The errors of the library, few and picklable, each with a stable ``code``.

::

    GroupingError
    ├── InputError            (also a ValueError) lists every fault found, as ``issues``
    │   ├── RosterError       the people: files, tables, shifts, sites
    │   ├── PolicyError       what is wanted: criteria, rules, sizes, policy files
    │   └── AssignmentError   a division handed in to be evaluated
    ├── InfeasibleError       proven: no division keeps every rule
    ├── NoPlanFoundError      the time ran out before a first plan; nothing is proven
    └── VerificationError     our bug: a plan did not pass the independent scorer

Messages hold member ids, never names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

_SHOWN_IN_FULL = 50


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault of an input, precise enough to be mended by the reader.

    Attributes
    ----------
    code : stable machine name of the kind of fault, such as ``"unknown_shift"``
    message : what is wrong, in a sentence
    file, row, column, value : where; ``row`` is counted as a spreadsheet shows it, header included
    advice : what to do about it
    """

    code: str
    message: str
    file: str | None = None
    row: int | str | None = None
    column: str | None = None
    value: str | None = None
    advice: str | None = None

    def __str__(self) -> str:
        """Return the fault as one line: place, message, value, advice."""
        place = [self.file or ""]
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.column is not None:
            place.append(f"column {self.column!r}")
        where = ", ".join(part for part in place if part)
        text = f"{where}: {self.message}" if where else self.message
        if self.value is not None:
            text += f" (found {self.value!r})"
        if self.advice:
            text += f". Maybe {self.advice}"
        return text

    def to_dict(self) -> dict[str, object]:
        """Return the fault as plain data."""
        return asdict(self)


class GroupingError(Exception):
    """Base of every error the library raises on purpose."""

    code = "grouping_error"


class InputError(GroupingError, ValueError):
    """Something handed in is wrong; ``issues`` lists every fault found."""

    code = "bad_input"

    def __init__(self, issues: Iterable[Issue] | Issue | str) -> None:
        if isinstance(issues, str):
            issues = Issue(self.code, issues)
        if isinstance(issues, Issue):
            issues = (issues,)
        self.issues: tuple[Issue, ...] = tuple(issues)
        super().__init__(self.issues)

    def __str__(self) -> str:
        """Return all faults, one a line; beyond fifty only their number."""
        count = len(self.issues)
        if count == 1:
            return str(self.issues[0])
        lines = [f"{count} faults:"]
        lines += [f"  {number}. {issue}" for number, issue in enumerate(self.issues[:_SHOWN_IN_FULL], 1)]
        if count > _SHOWN_IN_FULL:
            lines.append(f"  … and {count - _SHOWN_IN_FULL} more")
        return "\n".join(lines)


class RosterError(InputError):
    """The roster cannot be used as it is."""

    code = "bad_roster"


class PolicyError(InputError):
    """The policy cannot be used as it is, or does not fit the roster."""

    code = "bad_policy"


class AssignmentError(InputError):
    """A division handed in does not fit the roster."""

    code = "bad_assignment"


class InfeasibleError(GroupingError):
    """It is proven that no division keeps every rule of the policy.

    Attributes
    ----------
    reasons : what was found, in words, the most telling first
    """

    code = "infeasible"

    def __init__(self, reasons: Iterable[str] | str) -> None:
        self.reasons: tuple[str, ...] = (reasons,) if isinstance(reasons, str) else tuple(reasons)
        super().__init__(self.reasons)

    def __str__(self) -> str:
        """Return the reasons as one text."""
        return "no division keeps every rule: " + "; ".join(self.reasons)


class NoPlanFoundError(GroupingError):
    """The time limit ran out before a first plan; whether one exists is not known."""

    code = "no_plan_found"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(seconds)

    def __str__(self) -> str:
        """Return what happened and what to try."""
        return (
            f"no plan was found within {self.seconds:g} s, and none was proven impossible. "
            "Maybe allow more time, or fewer rules"
        )


class VerificationError(GroupingError):
    """A plan did not pass the independent scorer: a bug of the library, never of the input.

    Attributes
    ----------
    faults : what did not hold
    dump : file in which the problem was saved for a report, if it could be
    """

    code = "verification_failed"

    def __init__(self, faults: Iterable[str], dump: Path | None = None) -> None:
        self.faults = tuple(faults)
        self.dump = dump
        super().__init__(self.faults, dump)

    def __str__(self) -> str:
        """Return the faults and where the problem was saved."""
        text = "a plan failed verification, please report this: " + "; ".join(self.faults)
        return f"{text} (problem saved to {self.dump})" if self.dump else text
