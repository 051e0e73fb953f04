"""Divide people into groups that meet, act and are managed well; prove how good the division is, and say why.

The public names are those in ``__all__``. They are loaded when first used, so that ``import grouping`` is quick and
brings in neither pandas nor OR-Tools.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grouping.errors import (
        AssignmentError,
        GroupingError,
        InfeasibleError,
        InputError,
        Issue,
        NoPlanFoundError,
        PolicyError,
        RosterError,
        VerificationError,
    )
    from grouping.plan.alternatives import Alternative, Alternatives, alternatives
    from grouping.plan.bars import progress_bar
    from grouping.plan.branches import form_branches
    from grouping.plan.evaluation import Evaluation, Plan, compare
    from grouping.plan.forming import evaluate, form_groups
    from grouping.plan.placing import Placing, place
    from grouping.plan.revising import Revision, move_curve, revise
    from grouping.plan.saving import save_branches
    from grouping.policy import (
        Affinity,
        Alike,
        Apart,
        AtLeast,
        AtMost,
        Attendance,
        Continuity,
        Criterion,
        Different,
        EvenSize,
        FewDepartments,
        Forbid,
        GroupSpec,
        Keep,
        Leader,
        LeaderFit,
        Mentoring,
        Mixed,
        NarrowRange,
        Novelty,
        Pin,
        Policy,
        SharedWork,
        TeamCoverage,
        Together,
        Travel,
        Within,
    )
    from grouping.problem import Budget, Choice, Count, Focus, Group, Pair, Placement, Problem, Role
    from grouping.roster import Member, Roster, RosterReport, Slot, Team, read_roster
    from grouping.samples import sample_path
    from grouping.scoring import score
    from grouping.solving.clock import Control
    from grouping.solving.engine import Progress, Solution, solve

_HOME = {
    "grouping.errors": (
        "AssignmentError",
        "GroupingError",
        "InfeasibleError",
        "InputError",
        "Issue",
        "NoPlanFoundError",
        "PolicyError",
        "RosterError",
        "VerificationError",
    ),
    "grouping.plan.alternatives": ("Alternative", "Alternatives", "alternatives"),
    "grouping.plan.bars": ("progress_bar",),
    "grouping.plan.branches": ("form_branches",),
    "grouping.plan.evaluation": ("Evaluation", "Plan", "compare"),
    "grouping.plan.forming": ("evaluate", "form_groups"),
    "grouping.plan.placing": ("Placing", "place"),
    "grouping.plan.revising": ("Revision", "move_curve", "revise"),
    "grouping.plan.saving": ("save_branches",),
    "grouping.policy": (
        "Affinity",
        "Alike",
        "Apart",
        "AtLeast",
        "AtMost",
        "Attendance",
        "Continuity",
        "Criterion",
        "Different",
        "EvenSize",
        "FewDepartments",
        "Forbid",
        "GroupSpec",
        "Keep",
        "Leader",
        "LeaderFit",
        "Mentoring",
        "Mixed",
        "NarrowRange",
        "Novelty",
        "Pin",
        "Policy",
        "SharedWork",
        "TeamCoverage",
        "Together",
        "Travel",
        "Within",
    ),
    "grouping.problem": ("Budget", "Choice", "Count", "Focus", "Group", "Pair", "Placement", "Problem", "Role"),
    "grouping.roster": ("Member", "Roster", "RosterReport", "Slot", "Team", "read_roster"),
    "grouping.samples": ("sample_path",),
    "grouping.scoring": ("score",),
    "grouping.solving.clock": ("Control",),
    "grouping.solving.engine": ("Progress", "Solution", "solve"),
}

_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "Affinity",
    "Alike",
    "Alternative",
    "Alternatives",
    "Apart",
    "AssignmentError",
    "AtLeast",
    "AtMost",
    "Attendance",
    "Budget",
    "Choice",
    "Continuity",
    "Control",
    "Count",
    "Criterion",
    "Different",
    "Evaluation",
    "EvenSize",
    "FewDepartments",
    "Focus",
    "Forbid",
    "Group",
    "GroupSpec",
    "GroupingError",
    "InfeasibleError",
    "InputError",
    "Issue",
    "Keep",
    "Leader",
    "LeaderFit",
    "Member",
    "Mentoring",
    "Mixed",
    "NarrowRange",
    "NoPlanFoundError",
    "Novelty",
    "Pair",
    "Pin",
    "Placement",
    "Placing",
    "Plan",
    "Policy",
    "PolicyError",
    "Problem",
    "Progress",
    "Revision",
    "Role",
    "Roster",
    "RosterError",
    "RosterReport",
    "SharedWork",
    "Slot",
    "Solution",
    "Team",
    "TeamCoverage",
    "Together",
    "Travel",
    "VerificationError",
    "Within",
    "alternatives",
    "compare",
    "evaluate",
    "form_branches",
    "form_groups",
    "move_curve",
    "place",
    "progress_bar",
    "read_roster",
    "revise",
    "sample_path",
    "save_branches",
    "score",
    "solve",
]


logging.getLogger(__name__).addHandler(logging.NullHandler())  # silent unless the caller wants to hear


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'grouping' has no attribute {name!r}")
    value: object = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "errors"]
