"""Divisions side by side, and tables as CSV that a spreadsheet opens as it is meant."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from grouping.plan.matching import distance
from grouping.policy.criterion import PRINCIPLES

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.evaluation import Evaluation

FIGURES = ("groups", "smallest", "largest", "worst group", "moves", "rules broken", "gap")
"""What is said of a division besides its scores, in this order."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def frame(records: Iterable[Any], columns: list[str]) -> pd.DataFrame:
    """Return records as a DataFrame with these columns, also when there are none."""
    import pandas as pd

    return pd.DataFrame([[getattr(record, column) for column in columns] for record in records], columns=columns)


def compare(plans: Mapping[str, Evaluation] | Iterable[Evaluation]) -> pd.DataFrame:
    """Return the scores of several divisions side by side.

    Scores can be compared when all divisions were scored by the same policy: use :func:`grouping.evaluate` to score
    a plan by another policy than its own. :func:`grouping.side_by_side` says the table in words.

    Parameters
    ----------
    plans : name → plan or evaluation, such as today's division; a list is named plan 1, plan 2, …

    Returns
    -------
    DataFrame : a column for each division; rows "score", each principle followed by its criteria (indented by two
        spaces), "groups" (their number), "smallest" and "largest" (members of a group), "worst group" (the least score
        of a group), "moves" (members who are elsewhere than in the first column's division, whatever groups are
        called), "rules broken" (how many) and "gap" (in points of the score: how far at most the best division may be
        above; 0 when proven). NaN where something was not judged or is not known. ``attrs["status"]`` holds the status
        of each

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> today = gp.evaluate(roster, gp.Policy.balanced(size=(6, 12)))
    >>> gp.compare({"today": today}).loc["groups", "today"]
    np.float64(4.0)
    """
    import pandas as pd

    if not isinstance(plans, Mapping):
        plans = {f"plan {number}": plan for number, plan in enumerate(plans, 1)}
    columns: dict[str, dict[tuple[str, str], float]] = {}
    first: dict[str, str] | None = None
    for name, plan in plans.items():
        result = plan.result
        mine = result.group_of
        first = mine if first is None else first
        sizes = [group.size for group in result.groups]
        columns[name] = {("score", ""): plan.score}
        columns[name].update({(principle, ""): score for principle, score in plan.principles.items()})
        columns[name].update({(row.principle, row.criterion): row.score for row in result.scores})
        columns[name]["groups", ""] = len(sizes)
        columns[name]["smallest", ""] = min(sizes, default=float("nan"))
        columns[name]["largest", ""] = max(sizes, default=float("nan"))
        columns[name]["worst group", ""] = plan.worst
        columns[name]["moves", ""] = _moves(first, mine)
        columns[name]["rules broken", ""] = len(plan.violations)
        columns[name]["gap", ""] = float("nan") if result.bound is None else result.bound - result.score
    found = dict.fromkeys(key for column in columns.values() for key in column)
    order = ("score", *PRINCIPLES, *FIGURES)
    keys = sorted(found, key=lambda key: (order.index(key[0]), bool(key[1])))  # stable: criteria stay in their order
    index = [f"  {criterion}" if criterion else head for head, criterion in keys]
    cells = {name: [column.get(key, float("nan")) for key in keys] for name, column in columns.items()}
    table = pd.DataFrame(cells, index=index, dtype="float64")
    table.attrs["status"] = {name: plan.result.status for name, plan in plans.items()}
    return table


def _moves(old: Mapping[str, str], new: Mapping[str, str]) -> int:
    """Return how many members of both divisions are elsewhere; those in only one of them have not moved."""
    both = [member for member in new if member in old]
    return distance({m: old[m] for m in both}, {m: new[m] for m in both}) if both else 0


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in utf-8-sig, which Excel opens with its Chinese right.

    Lists become texts joined by ";"; a text that a spreadsheet would take for a formula gets a leading apostrophe.
    """
    text: str = table.map(_cell).to_csv(index=False, lineterminator="\r\n")
    return text.encode("utf-8-sig")


def csv_row(values: Iterable[object]) -> bytes:
    """Return one row in the form of :func:`csv_bytes`, to be added to such a file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(["" if value is None else _cell(value) for value in values])
    return text.getvalue().encode("utf-8")


def _cell(value: object) -> object:
    if isinstance(value, tuple | list):
        value = ";".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
