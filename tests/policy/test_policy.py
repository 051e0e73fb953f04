from __future__ import annotations

import json
import pickle
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import tomli_w
from tests.contract.examples import CASES
from tests.helpers import least_cost, roster_of

from grouping.errors import InfeasibleError, PolicyError
from grouping.policy import (
    PRINCIPLES,
    REGISTRY,
    Affinity,
    Alike,
    Apart,
    AtLeast,
    AtMost,
    Attendance,
    Continuity,
    EvenSize,
    FewDepartments,
    Forbid,
    GroupSpec,
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
from grouping.policy.compiling import compile_parts, group_count
from grouping.problem import Role
from grouping.roster import read_roster
from grouping.scoring import score
from grouping.solving import engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from grouping.roster import Roster

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
PRESETS = {
    "balanced": Policy.balanced,
    "by_business_line": Policy.by_business_line,
    "by_location": Policy.by_location,
}


@pytest.fixture(scope="module")
def branch() -> Roster:
    return read_roster(SAMPLES / "branch_42")


@pytest.fixture(scope="module")
def organisation() -> Roster:
    return read_roster(SAMPLES / "organisation_260")


@pytest.fixture(scope="module")
def six() -> Roster:
    return roster_of(
        department=["P", "P", "P", "Q", "Q", "Q"],
        gender=["F", "M", "F", "M", "F", "M"],
        branch=["B1", "B1", "B2", "B2", "B2", "B1"],
    )


def issues(make: Callable[[], object]) -> list[Any]:
    with pytest.raises(PolicyError) as caught:
        make()
    return list(caught.value.issues)


# -- presets and words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_presets(name: str) -> None:
    policy = PRESETS[name]()
    assert policy.name == name
    assert policy.size == (5, 12)
    assert policy.groups is None
    assert policy.requests
    kinds = [type(criterion) for criterion in policy.must]
    assert kinds == [AtLeast, AtLeast, Leader, Within]
    assert [c.label for c in policy.must] == ["AtLeast(3)", "AtLeast(1, status=full)", "Leader", "Within(branch)"]
    wanted = {Attendance, Travel, SharedWork, TeamCoverage, LeaderFit, EvenSize, FewDepartments, Mentoring, Continuity}
    assert {type(criterion) for criterion in policy.prefer} == wanted
    assert {criterion.principle or criterion.home for criterion in policy.prefer} == set(PRINCIPLES)


def test_presets_weigh_differently() -> None:
    assert Policy.balanced().principles == {"convene": 1, "act": 1, "manage": 1}
    assert Policy.by_business_line().principles == {"convene": 1, "act": 2, "manage": 1}
    assert Policy.by_location().principles == {"convene": 2, "act": 1, "manage": 1}
    assert SharedWork(by="line", weight=3) in Policy.by_business_line().prefer
    assert Travel(weight=3) in Policy.by_location().prefer
    assert Policy.by_location(principles={"convene": 5}).principles["convene"] == 5


def test_a_preset_is_added_to() -> None:
    policy = Policy.balanced(must=[Apart(["a", "b"])], prefer=[Attendance(sessions=2), AtLeast(1, gender="F")])
    assert Apart(("a", "b")) in policy.must
    assert [c for c in policy.prefer if isinstance(c, Attendance)] == [Attendance(sessions=2)]
    assert AtLeast(1, gender="F") in policy.prefer
    assert len(policy.prefer) == len(Policy.balanced().prefer) + 1


def test_small_groups_have_no_rule_of_three() -> None:
    assert [c.label for c in Policy(size=(2, 4)).must] == ["AtLeast(1, status=full)", "Leader"]
    assert [c.label for c in Policy(size=(3, 4)).must] == ["AtLeast(3)", "AtLeast(1, status=full)", "Leader"]


def test_empty_lists_are_not_the_defaults() -> None:
    policy = Policy(must=[], prefer=[])
    assert (policy.must, policy.prefer) == ((), ())


@pytest.mark.parametrize("name", PRESETS)
def test_description_names_every_criterion_and_its_source(name: str) -> None:
    policy = PRESETS[name](size=(4, 9), prefer=[AtLeast(1, gender="F", weight=0.5)])
    text = policy.describe()
    assert "4–9" in text
    for criterion in (*policy.must, *policy.prefer):
        assert type(criterion).__name__ in text
        assert criterion.source in text
        assert (type(criterion).__doc__ or "").split("\n")[0] in text
    assert "weight 0.5" in text
    assert all(principle in text for principle in PRINCIPLES)


def test_description_of_small_and_named_groups() -> None:
    assert "R6" in Policy(size=(2, 4)).describe()
    assert "west, east" in Policy(groups=["west", "east"]).describe()
    assert "2 to 3" in Policy(groups=(2, 3)).describe()


def test_description_of_fractions() -> None:
    text = Policy(prefer=[Travel(weight=Fraction(1, 2))], principles={"act": Fraction(1, 4)}).describe()
    assert "weight 0.5" in text or "weight 1/2" in text


# -- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code", "near"),
    [
        ({"prefer": [{"type": "Atendance"}]}, "unknown_criterion", "Attendance"),
        ({"prefer": [{"type": "Attendance", "session": 2}]}, "unknown_parameter", "sessions"),
        ({"principles": {"convened": 1}}, "unknown_principle", "convene"),
        ({"prefer": [{"type": "Travel", "principle": "manages"}]}, "unknown_principle", "manage"),
        ({"preset": "balance"}, "unknown_preset", "balanced"),
        ({"sizes": [3, 5]}, "unknown_key", "size"),
        ({"groups": [{"name": "a", "leaders": "m0"}]}, "unknown_key", "leader"),
    ],
)
def test_unknown_names_in_a_policy_are_answered_with_near_ones(data: dict[str, Any], code: str, near: str) -> None:
    found = issues(lambda: Policy.from_dict(data))
    assert found[0].code == code
    assert near in (found[0].advice or "")


@pytest.mark.parametrize(
    ("changes", "code", "near"),
    [
        ({"must": [Apart(("m0", "M1"))]}, "unknown_member", "m1"),
        ({"prefer": [Together(("m0", "m77"))]}, "unknown_member", "m"),
        ({"must": [Pin("m9", "G1")]}, "unknown_member", "m"),
        ({"must": [Leader(exclude="m33")]}, "unknown_member", "m"),
        ({"groups": [GroupSpec("west", leader="m8"), "east"]}, "unknown_member", "m"),
        ({"must": [Pin("m0", "wset")], "groups": ["west", "east"]}, "unknown_group", "west"),
        ({"must": [Forbid("m0", "G9")], "groups": 2}, "unknown_group", "G1"),
        ({"must": [Within("brunch")]}, "unknown_attribute", "branch"),
        ({"prefer": [AtLeast(1, gendre="F")]}, "unknown_attribute", "gender"),
        ({"prefer": [Mixed("gendre")]}, "unknown_attribute", "gender"),
        ({"prefer": [Affinity([("m0", "M1", 50)])]}, "unknown_member", "m1"),
    ],
)
def test_unknown_names_on_a_roster_are_answered_with_near_ones(
    six: Roster, changes: dict[str, Any], code: str, near: str
) -> None:
    policy = Policy(**{"size": (1, 6), "must": [], "prefer": [], **changes})
    found = issues(lambda: compile_parts(six, policy))
    assert [issue.code for issue in found] == [code]
    assert near in (found[0].advice or "")


def test_every_fault_of_a_policy_at_once() -> None:
    data = {
        "size": [5, 3],
        "groups": 0,
        "must": [{"type": "Apart", "ids": ["a"]}, {"type": "Nothing"}],
        "prefer": [{"type": "Travel", "limit": 0}, {"type": "EvenSize", "weight": -1}],
        "principles": {"act": -1},
    }
    # criteria that cannot be read come first; the rest is told once they are right
    assert len(issues(lambda: Policy.from_dict(data))) == 4
    rest = {**data, "must": [], "prefer": [{"type": "Travel"}, {"type": "Travel", "limit": 20}]}
    assert len(issues(lambda: Policy(size=(5, 3), groups=0, principles={"act": -1, "fun": 1}))) == 4
    assert any(issue.code == "twice" for issue in issues(lambda: Policy.from_dict(rest)))


def test_every_fault_on_a_roster_at_once(six: Roster) -> None:
    policy = Policy(size=(1, 6), must=[Apart(("x", "y")), Together(("m0", "z"))], prefer=[])
    assert [issue.value for issue in issues(lambda: compile_parts(six, policy))] == ["x", "y", "z"]
    policy = Policy(size=(1, 6), must=[Within("brunch")], prefer=[AtLeast(1, gendre="F")], groups=2)
    assert [issue.value for issue in issues(lambda: compile_parts(six, policy))] == ["brunch", "gendre"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Attendance(sessions=3),
        lambda: Attendance(sessions=True),
        lambda: Attendance(credits={"A": 101}),
        lambda: Attendance(credits={"X": 1}),
        lambda: Travel(limit=0),
        lambda: Travel(limit=2.5),
        lambda: SharedWork(by="team"),
        lambda: SharedWork(near=-1),
        lambda: TeamCoverage(limit=0, by="team"),
        lambda: LeaderFit(assessed=101),
        lambda: AtLeast(-1),
        lambda: AtMost(1.5),
        lambda: AtLeast(1, where="gender"),
        lambda: AtLeast(1, gender=None),
        lambda: Together(("a",)),
        lambda: Apart(("a", "a")),
        lambda: Apart(3),
        lambda: EvenSize(band=(3, 2)),
        lambda: EvenSize(band=3),
        lambda: FewDepartments(most=0),
        lambda: Mentoring(full=0),
        lambda: Pin(1, "a"),
        lambda: Alike(""),
        lambda: NarrowRange(3),
        lambda: Affinity([("a", "a", 5)]),
        lambda: Affinity([("a", "b", 0.5)]),
        lambda: Novelty([["a", "b"]]),
        lambda: Novelty([[["a", "b"]]], last=0),
        lambda: Travel(weight=0),
        lambda: Travel(weight=float("nan")),
        lambda: Travel(weight=True),
        lambda: Travel(principle="fun"),
        lambda: Policy(prefer=[Within("branch")]),
        lambda: Policy(prefer=[Travel(), Travel(limit=20)]),
        lambda: Policy(must=Travel()),
        lambda: Policy(must="Travel"),
        lambda: Policy(size=(0, 3)),
        lambda: Policy(size=5),
        lambda: Policy(size=(True, 3)),
        lambda: Policy(groups=True),
        lambda: Policy(groups=(3, 2)),
        lambda: Policy(groups=[]),
        lambda: Policy(groups=["a", "a"]),
        lambda: Policy(groups=[GroupSpec("a", (3, 2))]),
        lambda: Policy(principles={"act": float("inf")}),
        lambda: Policy.from_dict([]),
        lambda: Policy.from_dict({"must": [{"type": "Pin"}]}),
        lambda: Policy.from_dict({"must": ["Leader"]}),
        lambda: Policy.from_dict({"prefer": {"type": "Travel"}}),
    ],
)
def test_refused(make: Callable[[], object]) -> None:
    assert issues(make)


def test_errors_survive_pickling() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy(size=(5, 3), groups=0)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.issues == caught.value.issues
    assert str(again) == str(caught.value)


# -- files ----------------------------------------------------------------------------------------------------------

ALL = [
    *(case.criterion for case in CASES if getattr(case.criterion, "slots", None) is None),
    Attendance(sessions=2, credits=(("A", 100), ("O", 60), ("R", 0), ("D", 0)), slots="slots.csv", weight=2),
    Attendance(credits=(("D", 0), ("R", 30), ("O", 80), ("A", 90))),
    Within("department", if_present=True),
    Travel(weight=0.1, principle="manage"),
    AtLeast(1, where={"weight": "heavy", "n": 3, "shoe size": 41.5, "willing": True}, weight=2),
    AtMost(2, department="Canteen One", principle="convene"),
    EvenSize(band=(6, 8)),
    Leader(status=None, exclude=("b", "a"), committee=False),
]


def policy_of(criterion: Any) -> Policy:
    part = "must" if criterion.only_must else "prefer"
    return Policy(**{"must": [], "prefer": [], part: [criterion]})


@pytest.mark.parametrize("criterion", ALL, ids=lambda criterion: criterion.label)
def test_round_trip_of_every_criterion(criterion: Any, tmp_path: Path) -> None:
    policy = policy_of(criterion)
    for suffix in (".json", ".toml"):
        policy.dump(tmp_path / f"policy{suffix}")
        assert Policy.load(tmp_path / f"policy{suffix}") == policy
    assert Policy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy
    assert Policy.from_dict(tomllib.loads(tomli_w.dumps(policy.to_dict()))) == policy


def test_every_criterion_is_among_them() -> None:
    assert {type(criterion).__name__ for criterion in ALL} == set(REGISTRY)


@pytest.mark.parametrize(
    "policy",
    [
        *(preset() for preset in PRESETS.values()),
        Policy(groups=3, size=(2, 9)),
        Policy(groups=(2, 4)),
        Policy(groups=["west", "east"]),
        Policy(groups=[GroupSpec("west", (2, 4), "m0"), GroupSpec("east")]),
        Policy(must=[], prefer=[], principles={"act": 0.25, "manage": 0}, requests=False, name="员工"),
    ],
)
def test_round_trip_of_policies(policy: Policy, tmp_path: Path) -> None:
    for suffix in (".json", ".toml"):
        policy.dump(tmp_path / f"policy{suffix}")
        assert Policy.load(tmp_path / f"policy{suffix}") == policy
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_a_fraction_keeps_its_value_in_files(tmp_path: Path) -> None:
    policy = Policy(prefer=[Travel(weight=Fraction(1, 3))], principles={"act": Fraction(2, 3)})
    for suffix in (".json", ".toml"):
        policy.dump(tmp_path / f"policy{suffix}")
        assert Policy.load(tmp_path / f"policy{suffix}") == policy


def test_a_preset_in_a_file_is_added_to(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        'preset = "by_location"\nsize = [6, 9]\n[[must]]\ntype = "Apart"\nids = ["a", "b"]\n', encoding="utf-8"
    )
    assert Policy.load(file) == Policy.by_location(size=(6, 9), must=[Apart(("a", "b"))])


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("policy.yaml", b"", "bad_file"),
        ("policy.json", b"{", "bad_syntax"),
        ("policy.toml", b"size = [", "bad_syntax"),
        ("policy.json", b"[1]", "bad_policy"),
        ("policy.toml", "name = '员工'".encode("gb18030"), "not_utf8"),
        ("missing.toml", None, "unreadable"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None, code: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    (issue,) = issues(lambda: Policy.load(tmp_path / name))
    assert (issue.code, issue.file) == (code, name)


# -- weights --------------------------------------------------------------------------------------------------------


def shares(roster: Roster, policy: Policy) -> dict[str, Fraction]:
    (compiled,) = compile_parts(roster, policy)
    for entry in compiled.entries:
        for term in entry.terms:
            assert compiled.problem.terms[term].weight == entry.share * compiled.problem.scale
    return {entry.label: entry.share for entry in compiled.entries if not entry.must}


def test_weights_are_exact(six: Roster) -> None:
    prefer = [
        Attendance(weight=Fraction(1, 3)),
        AtLeast(1, gender="F", weight=Fraction(1, 7), principle="convene"),
        EvenSize(weight=0.1),
        FewDepartments(weight=0.2),
    ]
    policy = Policy(size=(2, 6), must=[], prefer=prefer, principles={"convene": 0.1, "manage": Fraction(2, 5)})
    assert shares(six, policy) == {
        # convene is 1/10 of 1/10 + 4/10: a fifth, 7 : 3 within; 0.1 and 0.2 are a tenth and two tenths
        "Attendance": Fraction(1, 5) * Fraction(7, 10),
        "AtLeast(1, gender=F)": Fraction(1, 5) * Fraction(3, 10),
        "EvenSize": Fraction(4, 5) * Fraction(1, 3),
        "FewDepartments": Fraction(4, 5) * Fraction(2, 3),
    }


def test_a_silent_principle_gives_its_weight_to_the_others(six: Roster) -> None:
    policy = Policy(size=(2, 6), must=[], prefer=[EvenSize(), Continuity(), Travel()], principles={"convene": 9})
    assert shares(six, policy) == {"EvenSize": 1}


def test_a_principle_of_weight_0_is_switched_off(six: Roster) -> None:
    policy = Policy(size=(2, 6), must=[], prefer=[EvenSize(), Attendance()], principles={"convene": 0})
    assert shares(six, policy) == {"EvenSize": 1}
    with pytest.raises(PolicyError, match="all principles weigh 0"):
        policy.replace(principles=dict.fromkeys(PRINCIPLES, 0))


def test_a_principle_that_is_switched_off_asks_nothing() -> None:
    roster = roster_of(
        companions={"sites": pd.DataFrame({"site_id": ["A", "B"], "capacity": [1, 2]})}, location=["A", "A", "B", "B"]
    )
    policy = Policy(size=(2, 4), groups=1, must=[], prefer=[Travel(), FewDepartments()])
    (compiled,) = compile_parts(roster, policy)
    assert least_cost(compiled.problem) is None
    (compiled,) = compile_parts(roster, policy.replace(principles={"convene": 0}))
    assert [choice.name for choice in compiled.problem.choices] == ["departments (1)"]
    assert engine.solve(compiled.problem).status == "optimal"


def test_weights_too_far_apart(six: Roster) -> None:
    prefer = [EvenSize(weight=1), FewDepartments(weight=0.000000001), Mentoring(weight=123456789.123)]
    roster = roster_of(department=["P"] * 4, status=["full", "probationary"] * 2)
    with pytest.raises(PolicyError, match="fewer decimals"):
        compile_parts(roster, Policy(size=(1, 4), must=[], prefer=prefer))


# -- compiling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "size", "groups", "count"),
    [
        (42, (5, 12), None, (4, 8)),
        (42, (6, 12), 5, (5, 5)),
        (42, (6, 12), (1, 9), (4, 7)),
        (3, (3, 3), None, (1, 1)),
        (7, (3, 4), None, (2, 2)),
        (42, (1, 1), None, (42, 42)),
    ],
)
def test_number_of_groups(members: int, size: tuple[int, int], groups: Any, count: tuple[int, int]) -> None:
    assert group_count(Policy(size=size, groups=groups), members) == count


@pytest.mark.parametrize(
    ("members", "size", "groups", "words"),
    [
        (4, (5, 12), None, "fewer than one group"),
        (5, (3, 4), None, "hold"),
        (13, (6, 6), None, "cannot be divided into groups of 6: 2 groups hold at most 12"),
        (42, (6, 12), 3, "at most 36"),
        (42, (6, 12), 8, "at least 48"),
        (42, (6, 12), (1, 3), "1 to 3 groups"),
        (9, (2, 3), (GroupSpec("a"), GroupSpec("b", (2, 5))), "4 to 8 members"),
    ],
)
def test_numbers_that_cannot_be(members: int, size: tuple[int, int], groups: Any, words: str) -> None:
    with pytest.raises(InfeasibleError, match=words) as caught:
        group_count(Policy(size=size, groups=groups), members)
    assert str(members) in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).reasons == caught.value.reasons


def test_groups_of_a_problem(six: Roster) -> None:
    def made(**changes: Any) -> Any:
        (compiled,) = compile_parts(six, Policy(**{"size": (2, 4), "must": [], "prefer": [EvenSize()], **changes}))
        return compiled.problem

    free = made()
    assert [group.name for group in free.groups] == ["G1", "G2", "G3"]
    assert (free.least, free.most, any(group.required for group in free.groups)) == (2, 3, False)
    fixed = made(groups=2)
    assert (fixed.least, fixed.most, all(group.required for group in fixed.groups)) == (2, 2, True)
    named = made(groups=[GroupSpec("west", (1, 5)), "east"])
    assert [(g.name, g.lo, g.hi, g.required) for g in named.groups] == [("west", 1, 5, True), ("east", 2, 4, True)]


def test_a_leader_in_office_stays(six: Roster) -> None:
    policy = Policy(size=(2, 4), groups=[GroupSpec("west", leader="m4"), "east"], must=[Leader()], prefer=[EvenSize()])
    (compiled,) = compile_parts(six, policy)
    solution = engine.solve(compiled.problem)
    assert solution.group_of is not None
    assert solution.group_of[4] == 0
    assert score(compiled.problem, solution.group_of).seated["leader", 0] == 4


def test_within_splits_into_parts_of_their_own(six: Roster) -> None:
    policy = Policy(size=(2, 3), must=[Within("branch"), Apart(("m0", "m1", "m2"))], prefer=[EvenSize()])
    parts = compile_parts(six, policy)
    assert [(part.name, part.roster.member_ids) for part in parts] == [
        ("B1", ("m0", "m1", "m5")),
        ("B2", ("m2", "m3", "m4")),
    ]
    assert [[group.name for group in part.problem.groups] for part in parts] == [["B1-G1"], ["B2-G1"]]
    assert [c for c in parts[0].policy.must if isinstance(c, Apart)] == [Apart(("m0", "m1"))]
    assert not [c for c in parts[1].policy.must if isinstance(c, Apart)]  # alone with nobody to keep apart


def test_parts_cost_what_the_whole_costs(six: Roster) -> None:
    wishes = [FewDepartments(most=1), AtLeast(1, gender="F")]
    free = Policy(size=(1, 6), must=[Within("branch")], prefer=wishes)
    whole = free.replace(groups=(1, 6))
    parts = [least_cost(part.problem) or 0 for part in compile_parts(six, free)]
    (one,) = compile_parts(six, whole)
    assert sum(parts) == least_cost(one.problem)
    assert len(parts) == 2


def test_a_border_that_is_not_there(six: Roster) -> None:
    plain = roster_of(department=["P", "Q"])
    assert (
        len(compile_parts(plain, Policy(size=(1, 2), must=[Within("branch", if_present=True)], prefer=[EvenSize()])))
        == 1
    )
    with pytest.raises(PolicyError, match="unknown attribute"):
        compile_parts(plain, Policy(size=(1, 2), must=[Within("brunch")], prefer=[]))
    assert len(compile_parts(six, Policy(size=(1, 3), must=[Within("branch", if_present=True)], prefer=[]))) == 2


def test_rules_that_join_what_borders_separate(six: Roster) -> None:
    policy = Policy(size=(1, 6), must=[Within("branch"), Together(("m0", "m2"))], prefer=[])
    with pytest.raises(InfeasibleError, match="keeps apart"):
        compile_parts(six, policy)


def test_silent_criteria_are_listed(six: Roster) -> None:
    (compiled,) = compile_parts(six, Policy(size=(2, 6), groups=(1, 3)))
    assert compiled.silent == ("Travel", "TeamCoverage", "LeaderFit", "Mentoring", "Continuity")
    assert {entry.label for entry in compiled.entries if not entry.must} == {
        "Attendance",
        "SharedWork",
        "EvenSize",
        "FewDepartments",
    }
    assert sum(entry.share for entry in compiled.entries) == 1


def test_the_sample_branch_is_silent_about_nothing(branch: Roster) -> None:
    (compiled,) = compile_parts(branch, Policy.balanced(size=(6, 12)))
    assert compiled.silent == ()
    assert len(compiled.teams) == len(branch.uncovered_teams) > 0
    assert compiled.problem.keys[42:] == tuple(f"team:{team}" for team in compiled.teams)
    assert sum(entry.share for entry in compiled.entries) == 1


def test_requests_of_the_roster_become_rules_and_wishes(branch: Roster) -> None:
    (compiled,) = compile_parts(branch, Policy.balanced(size=(6, 12)))
    must = [entry.criterion for entry in compiled.entries if entry.must]
    prefer = [entry.criterion for entry in compiled.entries if not entry.must]
    assert Apart(("HQ0012", "HQ0031")) in must
    assert Together(("HQ0001", "HQ0004")) in prefer
    assert Apart(("HQ0018", "HQ0020")) in prefer
    assert Leader(exclude=("HQ0041",)) in must
    barred = [
        term
        for term in compiled.problem.terms
        if isinstance(term, Role) and term.must and not term.eligible[branch.member_ids.index("HQ0041")]
    ]
    assert barred
    (without,) = compile_parts(branch, Policy.balanced(size=(6, 12), requests=False))
    assert not {Apart, Together} & {type(entry.criterion) for entry in without.entries}


def test_a_request_that_the_policy_makes_too_counts_once(branch: Roster) -> None:
    (compiled,) = compile_parts(branch, Policy.balanced(size=(6, 12), must=[Apart(("HQ0012", "HQ0031"))]))
    assert [entry.criterion for entry in compiled.entries].count(Apart(("HQ0012", "HQ0031"))) == 1


def test_who_may_not_lead_matters_only_where_somebody_leads(branch: Roster) -> None:
    (compiled,) = compile_parts(branch, Policy(size=(6, 12), must=[], prefer=[EvenSize()]))
    assert not compiled.problem.seats


def test_the_sample_organisation_has_a_part_a_branch(organisation: Roster) -> None:
    parts = compile_parts(organisation, Policy.balanced(size=(5, 12)))
    branches = list(dict.fromkeys(member.branch for member in organisation.members))
    assert [part.name for part in parts] == branches
    assert sum(len(part.roster) for part in parts) == 260
    for part in parts:
        assert all(group.name.startswith(f"{part.name}-G") for group in part.problem.groups)
        assert {member.branch for member in part.roster.members} == {part.name}
        assert sum(entry.share for entry in part.entries) == 1


def test_every_team_without_members_is_in_one_part(organisation: Roster) -> None:
    parts = compile_parts(organisation, Policy.balanced(size=(5, 12)))
    placed = [team for part in parts for team in part.teams]
    assert sorted(placed) == sorted(team.team for team in organisation.uncovered_teams)


def test_a_judged_division_has_the_groups_it_has(six: Roster) -> None:
    names = dict(zip(six.member_ids, ["a", "a", "b", "b", "c", "c"], strict=True))
    policy = Policy(size=(3, 6), must=[Pin("m0", "z")], prefer=[EvenSize()])
    (compiled,) = compile_parts(six, policy, names)
    assert [group.name for group in compiled.problem.groups] == ["a", "b", "c"]
    assert not any(group.required for group in compiled.problem.groups)


def test_labels_are_unique(six: Roster) -> None:
    policy = Policy(size=(1, 6), must=[Leader()], prefer=[Leader(status=None), EvenSize()])
    (compiled,) = compile_parts(six, policy)
    assert [entry.label for entry in compiled.entries] == ["Leader", "Leader #2", "EvenSize"]
    assert [compiled.entry_of(i).label for i in range(len(compiled.problem.terms))] == [
        "Leader",
        "Leader #2",
        "EvenSize",
    ]
