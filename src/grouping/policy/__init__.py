"""What is wanted of a division: criteria, rules, presets, and how they become arrays."""

from grouping.policy.act import Leader, LeaderFit, SharedWork, TeamCoverage
from grouping.policy.attributes import Affinity, Alike, Different, Mixed, NarrowRange, Novelty
from grouping.policy.convene import Attendance, MaxTravel, Quorum, Travel
from grouping.policy.criterion import PRINCIPLES, REGISTRY, Criterion
from grouping.policy.general import Apart, AtLeast, AtMost, Together
from grouping.policy.manage import Continuity, EvenSize, FewDepartments, MaxMoves, Mentoring
from grouping.policy.policy import GroupSpec, Policy
from grouping.policy.rules import Forbid, Keep, Pin, Within

__all__ = [
    "PRINCIPLES",
    "REGISTRY",
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
]
