"""Divisions side by side, and tables as CSV that a spreadsheet opens as it is meant."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from grouping.policy.criterion import PRINCIPLES

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.evaluation import Evaluation

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def frame(records: Iterable[Any], columns: list[str]) -> pd.DataFrame:
    """Return records as a DataFrame with these columns, also when there are none."""
    import pandas as pd

    return pd.DataFrame([[getattr(record, column) for column in columns] for record in records], columns=columns)


def compare(plans: Mapping[str, Evaluation]) -> pd.DataFrame:
    """Return the scores of several divisions side by side.

    Scores can be compared when all divisions were scored by the same policy: use :func:`grouping.evaluate` to score
    a plan by another policy than its own.

    Parameters
    ----------
    plans : name → plan or evaluation

    Returns
    -------
    DataFrame : a column for each division; rows "score", each principle followed by its criteria (indented by two
        spaces), "groups" (their number) and "rules broken" (how many). NaN where a criterion was not judged.

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> today = gp.evaluate(roster, gp.Policy.balanced(size=(6, 12)))
    >>> gp.compare({"today": today}).loc["groups", "today"]
    np.float64(4.0)
    """
    import pandas as pd

    columns: dict[str, dict[tuple[str, str], float]] = {}
    for name, plan in plans.items():
        columns[name] = {("score", ""): plan.score}
        columns[name].update({(principle, ""): score for principle, score in plan.principles.items()})
        columns[name].update({(row.principle, row.criterion): row.score for row in plan.result.scores})
        columns[name]["groups", ""] = len(plan.result.groups)
        columns[name]["rules broken", ""] = len(plan.violations)
    found = dict.fromkeys(key for column in columns.values() for key in column)
    order = ("score", *PRINCIPLES, "groups", "rules broken")
    keys = sorted(found, key=lambda key: (order.index(key[0]), bool(key[1])))  # stable: criteria stay in their order
    index = [f"  {criterion}" if criterion else head for head, criterion in keys]
    cells = {name: [column.get(key, float("nan")) for key in keys] for name, column in columns.items()}
    return pd.DataFrame(cells, index=index, dtype="float64")


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
