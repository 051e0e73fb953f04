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
    from grouping.plan.diagnosing import diagnose
    from grouping.plan.diagnosis import Diagnosis
    from grouping.plan.evaluation import Evaluation, Plan, compare
    from grouping.plan.explaining import Explanation
    from grouping.plan.forming import evaluate, form_groups
    from grouping.plan.frontier import Frontier
    from grouping.plan.placing import Placing, place
    from grouping.plan.ranges import Sensitivity
    from grouping.plan.rendering import side_by_side
    from grouping.plan.revising import Revision, move_curve, revise
    from grouping.plan.saving import save_branches
    from grouping.plan.tradeoffs import tradeoffs
    from grouping.plan.whatif import WhatIf, what_if
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
        MaxMoves,
        MaxTravel,
        Mentoring,
        Mixed,
        NarrowRange,
        Novelty,
        Pin,
        Policy,
        Quorum,
        SharedWork,
        TeamCoverage,
        Together,
        Travel,
        Within,
    )
    from grouping.problem import Budget, Choice, Count, Focus, Group, Pair, Placement, Problem, Quota, Role
    from grouping.roster import Member, Roster, RosterReport, Slot, Team, read_roster
    from grouping.samples import sample_path
    from grouping.scoring import score
    from grouping.solving.clock import Control
    from grouping.solving.engine import Progress, Solution, solve
    from grouping.taskforce import (
        Lead,
        Task,
        TaskForcePlan,
        TaskLimits,
        TaskPolicy,
        TaskRole,
        TaskRule,
        Wave,
        form_task_forces,
        read_tasks,
    )

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
    "grouping.plan.diagnosing": ("diagnose",),
    "grouping.plan.diagnosis": ("Diagnosis",),
    "grouping.plan.evaluation": ("Evaluation", "Plan", "compare"),
    "grouping.plan.explaining": ("Explanation",),
    "grouping.plan.forming": ("evaluate", "form_groups"),
    "grouping.plan.placing": ("Placing", "place"),
    "grouping.plan.revising": ("Revision", "move_curve", "revise"),
    "grouping.plan.ranges": ("Sensitivity",),
    "grouping.plan.rendering": ("side_by_side",),
    "grouping.plan.saving": ("save_branches",),
    "grouping.plan.whatif": ("WhatIf", "what_if"),
    "grouping.plan.frontier": ("Frontier",),
    "grouping.plan.tradeoffs": ("tradeoffs",),
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
        "MaxMoves",
        "MaxTravel",
        "Mentoring",
        "Mixed",
        "NarrowRange",
        "Novelty",
        "Pin",
        "Policy",
        "Quorum",
        "SharedWork",
        "TeamCoverage",
        "Together",
        "Travel",
        "Within",
    ),
    "grouping.problem": (
        "Budget",
        "Choice",
        "Count",
        "Focus",
        "Group",
        "Pair",
        "Placement",
        "Problem",
        "Quota",
        "Role",
    ),
    "grouping.roster": ("Member", "Roster", "RosterReport", "Slot", "Team", "read_roster"),
    "grouping.samples": ("sample_path",),
    "grouping.scoring": ("score",),
    "grouping.solving.clock": ("Control",),
    "grouping.solving.engine": ("Progress", "Solution", "solve"),
    "grouping.taskforce": (
        "Lead",
        "Task",
        "TaskForcePlan",
        "TaskLimits",
        "TaskPolicy",
        "TaskRole",
        "TaskRule",
        "Wave",
        "form_task_forces",
        "read_tasks",
    ),
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
    "Diagnosis",
    "Different",
    "Evaluation",
    "EvenSize",
    "Explanation",
    "FewDepartments",
    "Focus",
    "Forbid",
    "Frontier",
    "Group",
    "GroupSpec",
    "GroupingError",
    "InfeasibleError",
    "InputError",
    "Issue",
    "Keep",
    "Lead",
    "Leader",
    "LeaderFit",
    "MaxMoves",
    "MaxTravel",
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
    "Quorum",
    "Quota",
    "Revision",
    "Role",
    "Roster",
    "RosterError",
    "RosterReport",
    "Sensitivity",
    "SharedWork",
    "Slot",
    "Solution",
    "Task",
    "TaskForcePlan",
    "TaskLimits",
    "TaskPolicy",
    "TaskRole",
    "TaskRule",
    "Team",
    "TeamCoverage",
    "Together",
    "Travel",
    "VerificationError",
    "Wave",
    "WhatIf",
    "Within",
    "alternatives",
    "compare",
    "diagnose",
    "evaluate",
    "form_branches",
    "form_groups",
    "form_task_forces",
    "move_curve",
    "place",
    "progress_bar",
    "read_roster",
    "read_tasks",
    "revise",
    "sample_path",
    "save_branches",
    "score",
    "side_by_side",
    "solve",
    "tradeoffs",
    "what_if",
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
