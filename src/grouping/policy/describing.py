"""The policy in words: what each parameter is, what each criterion counts, and where it comes from."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from grouping.policy.criterion import PRINCIPLES, Criterion

if TYPE_CHECKING:
    from grouping.policy.policy import Policy

_PRINCIPLE_WORDS = {
    "convene": "easy to hold activities 便于开展活动",
    "act": "easy to act 便于发挥作用",
    "manage": "easy to manage 便于管理党员",
}


def describe(policy: Policy) -> str:
    """Return the text of :meth:`grouping.Policy.describe`."""
    lo, hi = policy.size
    lines = [f"Policy {policy.name!r}"]
    lines.append(f"  size {lo}–{hi} members a group [R7: practice, no rule sets an upper limit; default 5–12]")
    if lo < 3:
        lines.append("    groups of fewer than 3 are allowed because the size says so; R6 asks for at least 3")
    lines.append(f"  groups: {_groups(policy)}")
    lines.append(f"  groups of {policy.deputies_from} or more also get a deputy [R10]")
    if policy.fairness == "worst":
        lines.append("  fairness: the group that scores least comes first, then the mean over all members")
    else:
        lines.append("  fairness: the mean over all members counts")
    if policy.requests:
        lines.append("  the constraint list of the roster is kept (hard → must, soft → prefer)")
    lines.append("Rules (must):")
    lines += [line for criterion in policy.must for line in _criterion(criterion, None)] or ["  none"]
    for principle in PRINCIPLES:
        weight = policy.principles[principle]
        lines.append(f"Principle {principle} ({_PRINCIPLE_WORDS[principle]}), weight {float(weight):g}:")
        mine = [c for c in policy.prefer if (c.principle or c.home) == principle]
        lines += [line for criterion in mine for line in _criterion(criterion, criterion.weight)] or ["  none"]
    return "\n".join(lines)


def _groups(policy: Policy) -> str:
    if policy.groups is None:
        return "as many as the sizes allow, found by the solver"
    if isinstance(policy.groups, int):
        return str(policy.groups)
    names = [group if isinstance(group, int) else group.name for group in policy.groups]
    return f"{names[0]} to {names[1]}" if all(isinstance(name, int) for name in names) else ", ".join(map(str, names))


def _criterion(criterion: Criterion, weight: float | None) -> list[str]:
    parameters = {k: v for k, v in vars(criterion).items() if k not in ("weight", "principle") and v not in ((), None)}
    shown = ", ".join(f"{key}={_short(value)}" for key, value in parameters.items())
    head = f"  {type(criterion).__name__}({shown})"
    if weight is not None:
        head += f", weight {float(weight):g}"
    lines = [head, f"    {_first_sentence(criterion)}"]
    if criterion.source:
        lines.append(f"    [{criterion.source}]")
    return lines


def _short(value: object) -> str:
    text = repr(dict(value) if isinstance(value, tuple) and value and isinstance(value[0], tuple) else value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _first_sentence(criterion: Criterion) -> str:
    return (inspect.getdoc(type(criterion)) or "").split("\n\n")[0].replace("\n", " ")
