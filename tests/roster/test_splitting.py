from __future__ import annotations

import grouping as gp
from grouping.roster.schema import Request
from grouping.roster.splitting import split_roster


def test_a_split_is_the_same_as_many_selections() -> None:
    from dataclasses import replace

    roster = gp.read_roster(gp.sample_path("organisation_260"))
    first, second, third = roster.member_ids[0], roster.member_ids[1], roster.member_ids[-1]
    requests = (
        Request(kind="together", members=(first, second), strength="must"),
        Request(kind="apart", members=(first, third), strength="must"),
    )
    roster = replace(roster, requests=requests)
    part_of = {member.member_id: member.branch or "" for member in roster.members}
    parts = split_roster(roster, part_of)
    assert list(parts) == [f"B{i}" for i in range(1, 8)]
    for name, part in parts.items():
        expected = roster.select([member for member in roster.member_ids if part_of[member] == name])
        assert part == expected
        assert part.report == expected.report
    assert [len(part.requests) for part in parts.values()] == [1, 0, 0, 0, 0, 0, 0]
