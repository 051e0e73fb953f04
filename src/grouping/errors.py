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

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from grouping.phrases import said

_SHOWN_IN_FULL = 50
_SHOWN_KINDS = 20
_SHOWN_PLACES = 8


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault of an input, precise enough to be mended by the reader.

    Attributes
    ----------
    code : stable machine name of the kind of fault, such as ``"unknown_shift"``
    message : what is wrong, in a sentence
    file, row, column, value : where; ``row`` is counted as a spreadsheet shows it, header included
    advice : what to do about it
    sheet, cell : the sheet of a workbook and the address in it, such as ``"C17"``
    expected : what would have been right
    """

    code: str
    message: str
    file: str | None = None
    row: int | str | None = None
    column: str | None = None
    value: str | None = None
    advice: str | None = None
    sheet: str | None = None
    cell: str | None = None
    expected: str | None = None

    def __str__(self) -> str:
        """Return the fault as one line: place, message, value, what was expected, advice."""
        return self.sentence()

    @property
    def address(self) -> str | None:
        """Where in the file, as a spreadsheet writes it: ``员工!C17``, or the sheet alone."""
        if self.sheet is None:
            return self.cell
        sheet = self.sheet if self.sheet.isidentifier() else "'" + self.sheet.replace("'", "''") + "'"
        return f"{sheet}!{self.cell}" if self.cell else sheet

    def sentence(self, lang: str = "en") -> str:
        """Return the fault as one line in "en" or "zh"."""
        zh = lang == "zh"
        place = [self.file, self.address]
        if self.row is not None and self.cell is None:
            place.append(f"第 {self.row} 行" if zh else f"row {self.row}")
        if self.column is not None:
            place.append(f"“{said(self.column, lang)}”列" if zh else f"column {self.column!r}")
        where = ("，" if zh else ", ").join(part for part in place if part)
        text = said(self.message, lang)
        if where:
            text = f"{where}：{text}" if zh else f"{where}: {text}"
        if self.value is not None:
            text += f"（填写的是“{self.value}”）" if zh else f" (found {self.value!r})"
        if self.expected:
            text += f"；应为：{said(self.expected, lang)}" if zh else f"; expected {said(self.expected)}"
        if self.advice:
            text += f"。建议：{said(self.advice, lang)}" if zh else f". Maybe {said(self.advice)}"
        return text

    def to_dict(self, lang: str = "en") -> dict[str, object]:
        """Return the fault as plain data, its texts in "en" or "zh"."""
        texts = {key: value if value is None else said(value, lang) for key, value in self._texts().items()}
        return {**asdict(self), **texts}

    def _texts(self) -> dict[str, str | None]:
        return {"message": self.message, "column": self.column, "advice": self.advice, "expected": self.expected}


def _alike(issues: Sequence[Issue]) -> list[list[Issue]]:
    """Return the faults by what is wrong, whatever the row; faults that concern no row stay alone."""
    found: dict[object, list[Issue]] = {}
    for number, issue in enumerate(issues):
        told = (issue.code, issue.message, issue.file, issue.sheet, issue.column, issue.value, issue.expected)
        found.setdefault(number if issue.row is None else (*told, issue.advice), []).append(issue)
    return list(found.values())


def _elsewhere(issues: Sequence[Issue], lang: str) -> str:
    """Return where else the same is wrong, as the end of a sentence."""
    if not issues:
        return ""
    zh = lang == "zh"
    places = [issue.cell or (f"第 {issue.row} 行" if zh else f"row {issue.row}") for issue in issues]
    shown = ", ".join(places[:_SHOWN_PLACES])
    if len(places) > _SHOWN_PLACES:
        shown += f"……（另 {len(places)} 处）" if zh else f", … ({len(places)} more)"
    return f"。同样的问题还有：{shown}" if zh else f". The same in {shown}"


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
        """Return all faults, one a line; beyond fifty only how many of which kind."""
        return self.describe()

    def describe(self, lang: str = "en") -> str:
        """Return all faults in "en" or "zh", one a line; beyond fifty only how many of which kind.

        Equal faults of one column are one line that lists their cells; ``issues`` has each of them.
        """
        zh = lang == "zh"
        count = len(self.issues)
        if count == 1:
            return self.issues[0].sentence(lang)
        lines = [f"共发现 {count} 处问题：" if zh else f"{count} faults:"]
        alike = _alike(self.issues)
        for number, issues in enumerate(alike[:_SHOWN_IN_FULL], 1):
            lines.append(f"  {number}. {issues[0].sentence(lang)}{_elsewhere(issues[1:], lang)}")
        unsaid = [issue for issues in alike[_SHOWN_IN_FULL:] for issue in issues]
        if unsaid:
            kinds = Counter((issue.code, issue.file, issue.sheet) for issue in unsaid)
            rest = len(unsaid)
            lines.append(f"  …… 另有 {rest} 处：" if zh else f"  … and {rest} more:")
            for (code, file, sheet), number in kinds.most_common(_SHOWN_KINDS):
                where = ", ".join(part for part in (file, sheet) if part)
                lines.append(f"     {number} × {code}" + (f" ({where})" if where else ""))
            if len(kinds) > _SHOWN_KINDS:
                lines.append("     …")
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
    """It is proven that no division keeps every rule.

    Attributes
    ----------
    reasons : what was found, in words, the most telling first
    """

    code = "infeasible"

    def __init__(self, reasons: Iterable[str] | str) -> None:
        self.reasons: tuple[str, ...] = (reasons,) if isinstance(reasons, str) else tuple(reasons)
        self._diagnosis: Any = None
        self._diagnose: Callable[[], Any] | None = None
        super().__init__(self.reasons)

    @property
    def diagnosis(self) -> Any:
        """The :class:`grouping.Diagnosis` of :func:`grouping.diagnose`: what to change so that there is a plan.

        Found when it is first asked for, within about ten seconds, and kept. None where nobody can find it: in an
        error that came out of a pickle before it was asked for, and in one that was not raised by a run.
        """
        if self._diagnosis is None and self._diagnose is not None:
            self._diagnosis = self._diagnose()
        return self._diagnosis

    def diagnosed_by(self, diagnose: Callable[[], Any]) -> Self:
        """Return the error itself, which now knows how its diagnosis is found."""
        self._diagnose = diagnose
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[str, ...]], dict[str, object]]:
        """Return what a pickle needs: the finished diagnosis, but neither the roster nor the policy."""
        return type(self), (self.reasons,), {"_diagnosis": self._diagnosis}

    def __str__(self) -> str:
        """Return the reasons as one text."""
        return self.describe()

    def describe(self, lang: str = "en") -> str:
        """Return the reasons as one text, in "en" or "zh"."""
        if lang == "zh":
            return "没有能满足全部规则的划分：" + "；".join(said(reason, lang) for reason in self.reasons)
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
