"""A scored division: its numbers as attributes, its tables as DataFrames, its text for people."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from grouping.errors import InputError, Issue
from grouping.plan.records import SCHEMA_VERSION, BrokenRule, Finding, Result
from grouping.policy.criterion import PRINCIPLES
from grouping.policy.files import replace_file

if TYPE_CHECKING:
    import pandas as pd

    from grouping.roster import Roster


class Evaluation:
    """How good a division is, by principle, criterion, group and member.

    Made by :func:`grouping.evaluate`; :class:`grouping.Plan` is an evaluation of a division that the solver found.
    Immutable; equal when all records are.

    Parameters
    ----------
    result : the records
    """

    def __init__(self, result: Result) -> None:
        self._result = result

    @property
    def result(self) -> Result:
        """The whole result as validated plain data."""
        return self._result

    @property
    def score(self) -> float:
        """0..100, larger is better: 100 minus the weighted member-points lost per member."""
        return self._result.score

    @property
    def cost(self) -> int:
        """The same as an integer, smaller is better: (100 − score) × ``result.scale`` × members."""
        return self._result.cost

    @property
    def violations(self) -> tuple[BrokenRule, ...]:
        """The rules that the division breaks; empty for every plan of the solver."""
        return self._result.violations

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What every group loses by every criterion; their points add up to the cost."""
        return self._result.findings

    @property
    def principles(self) -> dict[str, float]:
        """The score 0..100 of each principle, the weighted mean of its criteria; 100 where none applies."""
        found = {}
        for principle in PRINCIPLES:
            rows = [row for row in self._result.scores if row.principle == principle]
            weight = sum(row.weight for row in rows)
            found[principle] = sum(row.weight * row.score for row in rows) / weight if weight else 100.0
        return found

    @property
    def assignments(self) -> pd.DataFrame:
        """DataFrame with a row per member: member_id, group, role ("leader", "deputy" or "member")."""
        return _frame(self._result.assignments, ["member_id", "group", "role"])

    @property
    def groups(self) -> pd.DataFrame:
        """DataFrame with a row per group: size, leader, session, place, work, attendance, score and more."""
        from grouping.plan.records import GroupSummary

        return _frame(self._result.groups, list(GroupSummary.model_fields))

    @property
    def scores(self) -> pd.DataFrame:
        """DataFrame with a row per criterion: principle, criterion, weight, points, score; Σ weight × score = score."""
        return _frame(self._result.scores, ["principle", "criterion", "weight", "points", "score"])

    def to_frame(self, roster: Roster | None = None) -> pd.DataFrame:
        """Return one row per member with what the group does.

        Parameters
        ----------
        roster : adds name, department, team, shift pattern and site of each member

        Returns
        -------
        DataFrame : member_id, group, role, the roster's columns if given, session, place, work
        """
        table = self.assignments.merge(self.groups[["group", "session", "place", "work"]], on="group", how="left")
        if roster is None:
            return table
        shown = ["member_id", "name", "department", "team", "shift_pattern", "site"]
        frame = roster.to_frame()
        people = frame[[column for column in shown if column in frame.columns]]
        merged = table.merge(people, on="member_id", how="left")
        front = ["member_id", *[c for c in people.columns if c != "member_id"]]
        return merged[[*front, *[c for c in merged.columns if c not in front]]]

    def to_csv(self, path: str | PathLike[str], roster: Roster | None = None) -> None:
        """Write :meth:`to_frame` as CSV in utf-8-sig, which Excel opens rightly; whole or not at all.

        Texts that a spreadsheet would take for a formula get a leading apostrophe.
        """
        table = self.to_frame(roster).map(_harmless)
        replace_file(path, table.to_csv(index=False).encode("utf-8-sig"))

    def to_json(self, path: str | PathLike[str] | None = None) -> str:
        """Return the whole result as JSON, and write it to ``path`` if given; :meth:`from_json` reads it back."""
        text = self._result.model_dump_json(indent=2)
        if path is not None:
            replace_file(path, (text + "\n").encode("utf-8"))
        return text

    @classmethod
    def from_json(cls, source: str | PathLike[str]) -> Self:
        """Read what :meth:`to_json` wrote.

        Parameters
        ----------
        source : a path, or the JSON text itself

        Raises
        ------
        InputError
            When it cannot be read, is not such a result, or was written by a newer version.
        """
        from pydantic import ValidationError

        text, file = _text_of(source)
        try:
            return cls(Result.model_validate_json(text))
        except ValidationError as error:
            issues = [
                Issue("bad_result", str(fault["msg"]), file=file, column=".".join(map(str, fault["loc"])) or None)
                for fault in error.errors(include_url=False, include_input=False)
            ]
            advice = f"this version reads schema {SCHEMA_VERSION}"
            raise InputError([*issues, Issue("bad_result", "is not a plan", file=file, advice=advice)]) from None

    def describe(self, lang: str = "en") -> str:
        """Return the division in words: scores, groups, and what each group loses by which criterion.

        Parameters
        ----------
        lang : "en" or "zh"
        """
        from grouping.plan.rendering import text

        return text(self, lang)

    def __str__(self) -> str:
        """Return the division in words."""
        return self.describe()

    def __repr__(self) -> str:
        """Return the numbers in one line."""
        broken = f", {len(self.violations)} rules broken" if self.violations else ""
        return f"{type(self).__name__}({len(self._result.groups)} groups, score {self.score:.2f}{broken})"

    def _repr_html_(self) -> str:
        """Return the division for a notebook."""
        from grouping.plan.rendering import html

        return html(self)

    def __eq__(self, other: object) -> bool:
        """Tell whether two evaluations hold the same records."""
        return type(other) is type(self) and isinstance(other, Evaluation) and self._result == other._result

    def __hash__(self) -> int:
        """Return a hash of cost and members."""
        return hash((self.cost, self._result.assignments))


class Plan(Evaluation):
    """A division that the solver found, that passed the independent scorer, and what is proven about it.

    Made by :func:`grouping.form_groups`.
    """

    @property
    def status(self) -> str:
        """ "optimal" when no division scores more, which is proven; "feasible" otherwise."""
        return self._result.status

    @property
    def bound(self) -> float | None:
        """Proven upper limit of the score of any division; None when nothing is proven."""
        return self._result.bound

    @property
    def cost_bound(self) -> int | None:
        """Proven lower limit of the cost of any division; None when nothing is proven."""
        return self._result.cost_bound

    @property
    def gap(self) -> float | None:
        """(cost − cost bound) / cost, 0 when proven optimal, None when nothing is proven."""
        if self.cost_bound is None:
            return None
        return (self.cost - self.cost_bound) / self.cost if self.cost else 0.0

    @property
    def provenance(self) -> dict[str, Any]:
        """Which engine found the plan, which proved the bound, seconds, seed and versions."""
        return dict(self._result.provenance)

    def __repr__(self) -> str:
        """Return the numbers in one line."""
        limit = "" if self.bound is None or self.status == "optimal" else f", bound {self.bound:.2f}"
        return f"Plan({self.status}, {len(self._result.groups)} groups, score {self.score:.2f}{limit})"


def compare(plans: Mapping[str, Evaluation]) -> pd.DataFrame:
    """Return the scores of several divisions side by side.

    Parameters
    ----------
    plans : name → plan or evaluation

    Returns
    -------
    DataFrame : a row for the whole, each principle and each criterion, a column for each division; the last row
        counts broken rules
    """
    import pandas as pd

    columns = {}
    for name, plan in plans.items():
        rows: dict[str, float] = {"score": plan.score}
        for principle in PRINCIPLES:
            rows[principle] = plan.principles[principle]
            rows.update({f"  {row.criterion}": row.score for row in plan.result.scores if row.principle == principle})
        rows["rules broken"] = len(plan.violations)
        columns[name] = rows
    return pd.DataFrame(columns)


def _frame(records: Any, columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([record.model_dump() for record in records], columns=columns)


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _text_of(source: str | PathLike[str]) -> tuple[str, str | None]:
    if isinstance(source, str) and source.lstrip()[:1] == "{":
        return source, None
    file = Path(source)
    try:
        return file.read_text(encoding="utf-8"), file.name
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Issue("unreadable", f"cannot be read: {type(error).__name__}", file=file.name)) from None
