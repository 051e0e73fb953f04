"""Who the members are: reading rosters, shifts → availability, sites → minutes.

`read_roster` reads files, `Roster.from_frame` DataFrames. Neither pandas nor networkx is imported before it is needed.
"""

from __future__ import annotations

from grouping.roster.read import read_roster
from grouping.roster.report import RosterReport
from grouping.roster.roster import Roster
from grouping.roster.schema import (
    CommitteeMember,
    Member,
    Request,
    ShiftCode,
    ShiftPattern,
    Site,
    Slot,
    Team,
)

__all__ = [
    "CommitteeMember",
    "Member",
    "Request",
    "Roster",
    "RosterReport",
    "ShiftCode",
    "ShiftPattern",
    "Site",
    "Slot",
    "Team",
    "read_roster",
]
