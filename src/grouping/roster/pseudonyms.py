"""Stable pseudonyms: the same key gives a member the same one, and without the key nobody can tell who it is."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING

from grouping.errors import Issue, RosterError
from grouping.roster.remarks import size_warnings
from grouping.roster.report import RosterReport
from grouping.roster.words import say

if TYPE_CHECKING:
    from grouping.roster.roster import Roster

SHORTEST_KEY = 8
_LETTERS = 12


def pseudonyms(roster: Roster, key: str | bytes) -> dict[str, str]:
    """Return member id → pseudonym: "P" and twelve letters of the id's HMAC-SHA256.

    Raises
    ------
    RosterError
        If the key is shorter than eight bytes.
    """
    secret = key.encode("utf-8") if isinstance(key, str) else bytes(key)
    if len(secret) < SHORTEST_KEY:
        raise RosterError(Issue("weak_key", say("the key needs at least {least} bytes", least=SHORTEST_KEY)))
    found = {member_id: _pseudonym(secret, member_id) for member_id in roster.member_ids}
    if len(set(found.values())) < len(found):  # 60 bits: not before a milliard of members
        raise RosterError(Issue("weak_key", say("two members would have the same pseudonym, take another key")))
    return found


def _pseudonym(secret: bytes, member_id: str) -> str:
    digest = hmac.new(secret, member_id.encode("utf-8"), hashlib.sha256).digest()
    return "P" + base64.b32encode(digest).decode("ascii")[:_LETTERS]


def pseudonymized(roster: Roster, key: str | bytes) -> Roster:
    """Return the roster with pseudonyms for ids, without names, reasons of requests and the report's details."""
    known = pseudonyms(roster, key)
    members = tuple(
        member.model_copy(update={"member_id": known[member.member_id], "name": None}) for member in roster.members
    )
    committee = tuple(one.model_copy(update={"member_id": known[one.member_id]}) for one in roster.committee)
    requests = tuple(
        one.model_copy(update={"members": tuple(known[member] for member in one.members), "note": None})
        for one in roster.requests
    )
    calendar = {(known[member_id], day): code for (member_id, day), code in roster.explicit_shifts.items()}
    report = RosterReport(members=len(members), warnings=tuple(size_warnings(members)))
    return replace(
        roster, members=members, committee=committee, requests=requests, explicit_shifts=calendar, report=report
    )
