"""Any policy on any small roster: the plan's cost is the least over all divisions, or both say infeasible."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.helpers import least_cost, roster_of

from grouping import policy as gp
from grouping.errors import InfeasibleError
from grouping.policy.compiling import compile_parts
from grouping.policy.criterion import from_dict
from grouping.scoring import faults
from grouping.solving import engine

if TYPE_CHECKING:
    from grouping.roster import Roster

SETTINGS = settings(
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    """Draw a roster; all but departments and shifts may be missing."""
    count = draw(st.sampled_from([3, 4, 5, 5, 6, 6, 7, 8]))

    def column(*values: Any) -> list[Any]:
        return draw(st.lists(st.sampled_from(values), min_size=count, max_size=count))

    columns: dict[str, Any] = {
        "department": column("P", "P", "Q", "R"),
        "shift": column("白班", "早班", "夜班", "中班"),
    }
    optional: dict[str, tuple[Any, ...]] = {
        "location": ("A", "B", "C"),
        "status": ("full", "full", "probationary"),
        "gender": ("M", "F", None),
        "current_group": ("one", "two", None),
        "nominations": (0, 3, 10, None),
        "assessment": (50, 72.5, 90, None),
        "participation": ("normal", "normal", "online_only", "excused"),
        "business_line": ("catering", "security", None),
        "branch": ("B1", "B1", "B1", "B1", "B1", "B2"),
    }
    for name, values in optional.items():
        if draw(st.booleans()):
            columns[name] = column(*values)
    companions: dict[str, pd.DataFrame] = {}
    if "location" in columns:
        if draw(st.booleans()):
            companions["sites"] = pd.DataFrame(
                {
                    "site_id": ["A", "B", "C"],
                    "zone": ["n", "n", "s"],
                    "capacity": draw(st.sampled_from([[None] * 3, [3, 4, 8]])),
                }
            )
        if draw(st.booleans()):
            companions["travel_minutes"] = pd.DataFrame({"from": ["A", "B"], "to": ["B", "C"], "minutes": [6, 14]})
        if draw(st.booleans()):
            companions["teams"] = pd.DataFrame(
                {
                    "team": ["T"],
                    "department": ["P"],
                    "business_line": ["catering"],
                    "site_id": [draw(st.sampled_from("ABC"))],
                }
            )
    return roster_of(companions=companions, **columns)


def criteria(members: int) -> dict[str, st.SearchStrategy[gp.Criterion]]:
    ids = st.lists(st.integers(0, members - 1), min_size=2, max_size=4, unique=True).map(
        lambda found: tuple(f"m{i}" for i in found)
    )
    return {
        "Attendance": st.builds(gp.Attendance, sessions=st.sampled_from([1, 1, 2])),
        "Travel": st.builds(gp.Travel, limit=st.sampled_from([10, 30])),
        "MaxTravel": st.builds(gp.MaxTravel, minutes=st.sampled_from([0, 6, 15])),
        "SharedWork": st.builds(
            gp.SharedWork, by=st.sampled_from(["line", "both", "zone"]), near=st.sampled_from([6, 10])
        ),
        "TeamCoverage": st.builds(gp.TeamCoverage, limit=st.sampled_from([10, 30])),
        "Leader": st.builds(gp.Leader, status=st.sampled_from(["full", None])),
        "LeaderFit": st.builds(gp.LeaderFit, assessed=st.sampled_from([0, 60, 100])),
        "AtLeast": st.builds(lambda n, d: gp.AtLeast(n, department=d), st.integers(0, 2), st.sampled_from("PQ")),
        "AtMost": st.builds(lambda n, d: gp.AtMost(n, department=d), st.integers(1, 3), st.sampled_from("PR")),
        "Together": st.builds(gp.Together, ids=ids),
        "Apart": st.builds(gp.Apart, ids=ids),
        "EvenSize": st.builds(gp.EvenSize, band=st.sampled_from([(2, 3), (7, 9)])),
        "FewDepartments": st.builds(gp.FewDepartments, most=st.integers(1, 2)),
        "Quorum": st.builds(
            gp.Quorum,
            share=st.sampled_from([0.5, 0.85, Fraction(2, 3)]),
            counted=st.sampled_from(["full", "all"]),
            least=st.sampled_from(["A", "O"]),
            sessions=st.sampled_from([1, 2]),
        ),
        "MaxMoves": st.builds(gp.MaxMoves, most=st.integers(0, 3)),
        "Mentoring": st.builds(gp.Mentoring, full=st.integers(1, 2)),
        "Continuity": st.builds(gp.Continuity),
    }


RULES = (
    "Leader", "AtLeast", "AtMost", "Together", "Apart", "Mentoring", "FewDepartments", "SharedWork", "Travel",
    "MaxTravel", "MaxMoves", "Quorum",
)  # fmt: skip
WEIGHTS = st.sampled_from([1, 1, 2, 3, 0.5, 0.1, Fraction(1, 3)])


@st.composite
def policies(draw: st.DrawFn, members: int) -> gp.Policy:
    lo = draw(st.sampled_from([1, 1, 2, 2, 3, 4]))
    size = (lo, lo + draw(st.integers(1, 5)))
    if draw(st.integers(0, 7)) == 0:
        size = (lo, lo)
    likely = -(-members // size[1])
    groups = draw(st.sampled_from([None, None, likely, (likely, likely + 1), (1, members), (1, 2), 2, 3]))
    if draw(st.integers(0, 5)) == 0:
        groups = [gp.GroupSpec("west", draw(st.sampled_from([None, (1, 4)]))), gp.GroupSpec("east", None, "m0")]
    made = criteria(members)
    names = draw(st.lists(st.sampled_from(RULES), max_size=draw(st.integers(1, 2)), unique=True))
    must = [draw(made[name]) for name in names]
    if draw(st.integers(0, 2)) == 0:
        must.append(gp.Within("branch", if_present=True))
    if isinstance(groups, list):
        must.append(draw(st.sampled_from([gp.Pin("m1", "west"), gp.Forbid("m1", "west"), gp.Pin("m0", "east")])))
    prefer = []
    for name in draw(
        st.lists(
            st.sampled_from(sorted(name for name in made if not gp.REGISTRY[name].only_must)),
            min_size=1,
            max_size=6,
            unique=True,
        )
    ):
        criterion = draw(made[name])
        changes: dict[str, Any] = {"weight": draw(WEIGHTS), "principle": draw(st.sampled_from([None, None, "act"]))}
        prefer.append(_with(criterion, **changes))
    quorum = next((rule for rule in must if isinstance(rule, gp.Quorum)), None)
    if quorum is not None:  # the sessions are the same for all
        prefer = [_with(c, sessions=quorum.sessions) if isinstance(c, gp.Attendance) else c for c in prefer]
    principles = draw(
        st.dictionaries(st.sampled_from(gp.PRINCIPLES), st.sampled_from([0, 1, 2, 0.25, Fraction(2, 3)]), max_size=3)
    )
    return gp.Policy(size=size, groups=groups, must=must, prefer=prefer, principles=principles)


def _with(criterion: gp.Criterion, **changes: Any) -> gp.Criterion:
    return from_dict({**criterion.to_dict(), **changes})


@st.composite
def asked(draw: st.DrawFn) -> tuple[Roster, gp.Policy]:
    roster = draw(rosters())
    return roster, draw(policies(len(roster)))


def parts_of(roster: Roster, policy: gp.Policy) -> list[list[str]]:
    """Return the members of every part that is divided by itself."""
    one = any(isinstance(criterion, gp.MaxMoves) for criterion in policy.must)
    if policy.groups is None and not one and any(isinstance(criterion, gp.Within) for criterion in policy.must):
        branches = [member.branch for member in roster.members]
        return [[m.member_id for m in roster.members if m.branch == branch] for branch in dict.fromkeys(branches)]
    return [list(roster.member_ids)]


def sizes_fit(policy: gp.Policy, members: int) -> bool:
    """Tell whether any sizes of groups add up to the members."""
    if isinstance(policy.groups, tuple) and isinstance(policy.groups[0], gp.GroupSpec):
        limits = [spec.size or policy.size for spec in policy.groups if isinstance(spec, gp.GroupSpec)]
        return sum(lo for lo, _ in limits) <= members <= sum(hi for _, hi in limits)
    few, many = (1, members) if policy.groups is None else (policy.groups, policy.groups)
    if isinstance(policy.groups, tuple):
        few, many = policy.groups
    return any(k * policy.size[0] <= members <= k * policy.size[1] for k in range(few, many + 1))


def torn(policy: gp.Policy, parts: list[list[str]]) -> bool:
    """Tell whether a rule joins members of different parts."""
    return any(
        isinstance(criterion, gp.Together) and not any(set(criterion.ids) <= set(part) for part in parts)
        for criterion in policy.must
    )


def check(roster: Roster, policy: gp.Policy) -> None:
    parts = parts_of(roster, policy)
    try:
        compiled = compile_parts(roster, policy)
    except InfeasibleError:
        event("infeasible by sizes")
        assert torn(policy, parts) or not all(sizes_fit(policy, len(part)) for part in parts)
        return
    assert all(sizes_fit(policy, len(part)) for part in parts)
    assert sorted(list(part.roster.member_ids) for part in compiled) == sorted(parts)
    for part in compiled:
        problem = part.problem
        truth = least_cost(problem)
        solution = engine.solve(problem, time_limit=20)
        event("infeasible" if truth is None else "optimal")
        assert (solution.status, solution.cost, solution.bound) == (
            ("infeasible", None, None) if truth is None else ("optimal", truth, truth)
        )
        if solution.group_of is not None:
            assert faults(problem, solution.group_of, truth or 0, solution.bound) == []
            assert 0 <= problem.score_of(truth or 0) <= 100


@SETTINGS
@given(asked())
def test_listed_outright(found: tuple[Roster, gp.Policy]) -> None:
    check(*found)


@settings(SETTINGS, max_examples=40)
@given(asked())
def test_by_column_generation(found: tuple[Roster, gp.Policy]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        check(*found)


@settings(SETTINGS, max_examples=40)
@given(data=st.data())
def test_with_few_moves(data: st.DataObject) -> None:
    roster = data.draw(rosters())
    origins = data.draw(st.lists(st.sampled_from("xyz"), min_size=len(roster), max_size=len(roster)))
    today = [m.model_copy(update={"current_group": g}) for m, g in zip(roster.members, origins, strict=True)]
    policy = data.draw(policies(len(roster)))
    rules = [rule for rule in policy.must if not isinstance(rule, gp.MaxMoves)]
    wishes = [wish for wish in policy.prefer if not isinstance(wish, gp.AtLeast)]  # may cost more than 100 a member
    few = gp.MaxMoves(data.draw(st.integers(0, 2)))
    check(roster.with_members(today), policy.replace(must=[*rules, few], prefer=wishes))


@settings(SETTINGS, max_examples=40)
@given(data=st.data())
def test_with_a_quorum(data: st.DataObject) -> None:
    roster = data.draw(rosters())
    policy = data.draw(policies(len(roster)))
    rules = [rule for rule in policy.must if not isinstance(rule, gp.Quorum)]
    wishes = [wish for wish in policy.prefer if not isinstance(wish, gp.AtLeast | gp.Attendance)]
    quorum = data.draw(criteria(len(roster))["Quorum"])
    meeting = gp.Attendance(sessions=quorum.sessions)
    check(roster, policy.replace(must=[*rules, quorum], prefer=[*wishes, meeting]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SMALL", 0)
        patch.setattr(engine, "TINY", 0)
        check(roster, policy.replace(must=[*rules, quorum], prefer=[*wishes, meeting]))
