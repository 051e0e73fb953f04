"""One more member for a roster that is there: from a row as rosters have them, read by the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from grouping.errors import Issue, RosterError
from grouping.roster.excel import tables_of
from grouping.roster.faults import id_or_nothing
from grouping.roster.namesakes import as_called
from grouping.roster.read import roster_from_frames
from grouping.roster.schema import Member
from grouping.roster.words import say

if TYPE_CHECKING:
    import pandas as pd

    from grouping.roster.roster import Roster

_ABOUT_OTHERS = ("roster", "explicit_shifts", "committee", "constraints")
"""Tables that speak of members, whom the row of a newcomer does not know."""


def newcomer(roster: Roster, row: Member | Mapping[str, object] | pd.Series) -> Member:
    """Return the member that a row describes, in the words of a roster's rotas, sites and teams.

    Parameters
    ----------
    row : a member; or a dict or Series with the headers of a roster, English or Chinese

    Raises
    ------
    RosterError
        With every fault of the row, or when the id is taken.
    """
    if isinstance(row, Member):
        member = row
    else:
        import pandas as pd

        cells = {str(header): [value] for header, value in dict(row).items()}
        companions = {
            kind: pd.DataFrame(rows, columns=fields, dtype="object")
            for kind, (fields, rows) in tables_of(roster).items()
            if rows and kind not in _ABOUT_OTHERS
        }
        frame = pd.DataFrame(cells, dtype="object")
        member = roster_from_frames(frame, companions, columns=None, unknown_shift="error").members[0]
    if member.current_group:
        name = as_called(roster.members)(member.branch, member.current_group)
        member = member.model_copy(update={"current_group": name})
    if member.member_id in roster.member_ids:
        text = say("the id is taken by a member of the roster")
        raise RosterError(Issue("duplicate_id", text, value=id_or_nothing(member.member_id)))
    return member
