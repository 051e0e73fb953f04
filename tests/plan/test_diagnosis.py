"""A diagnosis is true: what it claims is held against brute force, over policies without a plan of many causes."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.contract.examples import LATE, NOON
from tests.helpers import least_cost, roster_of

import grouping as gp
from grouping.plan.reasons import counted
from grouping.policy.compiling import compile_parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from grouping.plan.diagnosis import Diagnosis

NONE: list[gp.Criterion] = []
WAYS = pd.DataFrame({"from": ["A", "A", "B"], "to": ["B", "C", "C"], "minutes": [7, 45, 22]})


def has_plan(roster: gp.Roster, policy: gp.Policy) -> bool:
    """Tell by brute force whether some division keeps every rule."""
    try:
        parts = compile_parts(roster, policy)
    except gp.InfeasibleError:
        return False
    return all(least_cost(part.problem) is not None for part in parts)


def kept(policy: gp.Policy, diagnosis: Diagnosis, without: int | None = None) -> tuple[gp.Policy, list[str]]:
    """Return the policy that has only the rules of the conflict, without one of them, and the names of its groups."""
    assert diagnosis.conflict is not None
    rules = [rule for at, rule in enumerate(diagnosis.conflict.rules) if at != without]
    kinds = {rule.kind for rule in rules}
    return gp.Policy(
        size=policy.size if "size" in kinds else (1, 99),
        groups=policy.groups if "groups" in kinds else None,
        must=[policy.must[rule.index] for rule in rules if rule.kind == "criterion"],
        prefer=NONE,
    ), [rule.label for rule in rules]


# --- generated policies ----------------------------------------------------------------------------------------------


def _sizes(draw: Random, ids: list[str]) -> gp.Policy:
    lo = draw.randint(len(ids) // 2 + 1, len(ids) - 1)
    return gp.Policy(size=(lo, draw.randint(lo, len(ids) - 1)), must=NONE, prefer=NONE)


def _number(draw: Random, ids: list[str]) -> gp.Policy:
    few = draw.random() < 0.5
    size = (2, 3) if few else (3, 5)
    groups = draw.randint(1, (len(ids) - 1) // 3) if few else draw.randint(len(ids) // 3 + 1, len(ids))
    return gp.Policy(size=size, groups=groups if draw.random() < 0.5 else (groups, groups), must=NONE, prefer=NONE)


def _pins(draw: Random, ids: list[str]) -> gp.Policy:
    a, b, c = draw.sample(ids, 3)
    rules = draw.choice((
        [gp.Pin(a, "G1"), gp.Pin(a, "G2")],
        [gp.Pin(a, "G1"), gp.Forbid(a, "G1"), gp.Pin(b, "G2")],
        [gp.Pin(a, "G1"), gp.Pin(b, "G1"), gp.Apart([a, b, c])],
        [gp.Pin(a, "G1"), gp.Together([a, b, c]), gp.Pin(c, "G2")],
        [gp.Forbid(a, "G1"), gp.Forbid(a, "G2")],
        [gp.Pin(member, "G1") for member in ids[:-1]],
    ))  # fmt: skip
    return gp.Policy(size=(2, len(ids) - 2), groups=2, must=rules, prefer=NONE)


def _apart(draw: Random, ids: list[str]) -> gp.Policy:
    clique = draw.sample(ids, 3)
    rules: list[gp.Criterion] = [gp.Apart(clique)]
    if draw.random() < 0.5:
        a, b, c = clique
        rules = [gp.Apart([a, b]), gp.Apart([b, c]), gp.Apart([a, c])]
    if draw.random() < 0.5:
        rules.append(gp.Together(clique[:2]))
    return gp.Policy(size=(2, len(ids)), groups=2, must=rules, prefer=NONE)


def _quorum(draw: Random, ids: list[str]) -> gp.Policy:
    rules: list[gp.Criterion] = [gp.AtLeast(draw.randint(2, 3), kind="a")]
    if draw.random() < 0.5:
        rules = [gp.AtMost(draw.randint(0, 1), kind="b")]
    if draw.random() < 0.5:
        rules.append(gp.Apart(draw.sample(ids, 2)))
    return gp.Policy(size=(2, 4), groups=draw.choice((None, 2, 3)), must=rules, prefer=NONE)


def _leaders(draw: Random, ids: list[str]) -> gp.Policy:
    rules: list[gp.Criterion] = [gp.Leader(exclude=draw.sample(ids, len(ids) - draw.randint(1, 3)))]
    if draw.random() < 0.5:
        rules.append(gp.AtLeast(1, status="full"))
    return gp.Policy(size=(2, 3), groups=draw.choice((None, 3)), must=rules, prefer=NONE)


def _mixture(draw: Random, ids: list[str]) -> gp.Policy:
    makers = (_sizes, _number, _apart, _quorum, _leaders)
    first, second = (maker(draw, ids) for maker in draw.sample(makers, 2))
    return first.replace(must=[*first.must, *second.must])


def _far(draw: Random, ids: list[str]) -> gp.Policy:
    rules: list[gp.Criterion] = [gp.MaxTravel(draw.randint(0, 15))]
    if draw.random() < 0.5:
        rules.append(gp.AtMost(2, kind="a"))
    return gp.Policy(size=(2, 4), groups=draw.choice((None, 2)), must=rules, prefer=NONE)


def _moved(draw: Random, ids: list[str]) -> gp.Policy:
    rules: list[gp.Criterion] = [gp.MaxMoves(draw.randint(0, 1)), gp.Apart(draw.sample(ids, 2))]
    if draw.random() < 0.5:
        rules.append(gp.AtMost(1, kind="a"))
    wishes = [gp.Continuity(), gp.EvenSize()] if draw.random() < 0.5 else NONE
    return gp.Policy(size=(2, 4), groups=draw.choice((None, 2)), must=rules, prefer=wishes)


def _absent(draw: Random, ids: list[str]) -> gp.Policy:
    rules: list[gp.Criterion] = [gp.Quorum(least=draw.choice("AO"), slots=(NOON, LATE)), gp.AtLeast(3)]
    if draw.random() < 0.5:
        rules.append(gp.Together(draw.sample(ids, 2)))
    return gp.Policy(size=(2, 4), groups=draw.choice((None, 2)), must=rules, prefer=NONE)


CAUSES: dict[str, Callable[[Random, list[str]], gp.Policy]] = {
    "sizes": _sizes, "number": _number, "pins": _pins, "apart": _apart, "quorum": _quorum, "leaders": _leaders,
    "mixture": _mixture, "far": _far, "moved": _moved, "absent": _absent,
}  # fmt: skip
EACH = 30


def generated(cause: str) -> list[tuple[gp.Roster, gp.Policy]]:
    """Return policies without a plan, each with its roster, told by brute force."""
    draw = Random(cause)
    found: list[tuple[gp.Roster, gp.Policy]] = []
    while len(found) < EACH:
        count = draw.randint(5, 7)
        roster = roster_of(
            kind=[draw.choice("aabbc") for _ in range(count)],
            status=[draw.choice(("full", "full", "probationary")) for _ in range(count)],
            **({"site": [draw.choice("ABC") for _ in range(count)]} if cause == "far" else {}),
            **({"current_group": [draw.choice("xy") for _ in range(count)]} if cause == "moved" else {}),
            **({"shift": [draw.choice(("白班", "中班", "夜班")) for _ in range(count)]} if cause == "absent" else {}),
            companions={"travel_minutes": WAYS} if cause == "far" else None,
        )
        policy = CAUSES[cause](draw, list(roster.member_ids))
        if not has_plan(roster, policy):
            found.append((roster, policy))
    return found


@pytest.mark.parametrize("cause", CAUSES)
def test_relaxation_gives_a_plan_and_conflict_is_minimal(cause: str) -> None:
    kinds: Counter[str] = Counter()
    for roster, policy in generated(cause):
        diagnosis = gp.diagnose(roster, policy, time_limit=30)
        assert diagnosis.status == "infeasible"
        relaxation, conflict = diagnosis.relaxation, diagnosis.conflict
        assert relaxation is not None
        assert relaxation.plan is not None
        assert relaxation.proven
        assert relaxation.changes
        assert has_plan(roster, relaxation.policy)
        assert gp.evaluate(roster, relaxation.policy, relaxation.plan).violations == ()
        assert conflict is not None
        assert conflict.minimal
        whole, labels = kept(policy, diagnosis)
        assert not has_plan(roster, whole), labels
        for without in range(len(conflict.rules)):
            rest, labels = kept(policy, diagnosis, without)
            assert has_plan(roster, rest), labels
        touched = {change.rule for change in relaxation.changes}
        assert touched & set(conflict.labels)
        kinds.update(change.kind for change in relaxation.changes)
    assert kinds


def test_policies_with_a_plan_are_called_feasible() -> None:
    draw, seen = Random(1), 0
    while seen < 20:
        roster = roster_of(kind=[draw.choice("aabbc") for _ in range(6)], status=["full"] * 5 + ["probationary"])
        policy = CAUSES[draw.choice(("quorum", "leaders", "apart"))](draw, list(roster.member_ids))
        if has_plan(roster, policy):
            seen += 1
            diagnosis = gp.diagnose(roster, policy)
            assert (diagnosis.status, diagnosis.relaxation, diagnosis.conflict) == ("feasible", None, None)


def test_fewest_rules_are_touched_and_by_least() -> None:
    """Of all ways to relax sizes, number and one rule, none that touches as few is smaller."""
    draw = Random(7)
    for _ in range(6):
        roster = roster_of(kind=[draw.choice("ab") for _ in range(6)])
        policy = gp.Policy(size=(2, 3), groups=2, must=[gp.AtLeast(draw.randint(2, 3), kind="a")], prefer=NONE)
        if has_plan(roster, policy):
            continue
        relaxation = gp.diagnose(roster, policy).relaxation
        assert relaxation is not None
        ways = [
            ((lo < 2 or hi > 3) + (k != 2) + (n < policy.must[0].n), (lo < 2 or hi > 3), (k != 2),  # type: ignore[attr-defined]
             2 - lo + hi - 3 + abs(k - 2) + policy.must[0].n - n)  # type: ignore[attr-defined]
            for lo in (1, 2) for hi in range(3, 7) for k in range(1, 7) for n in range(policy.must[0].n + 1)  # type: ignore[attr-defined]
            if has_plan(roster, replace(policy, size=(lo, hi), groups=k, must=[gp.AtLeast(n, kind="a")]))
        ]  # fmt: skip
        fewest = min(way[0] for way in ways)
        assert len({change.rule for change in relaxation.changes}) == fewest
        easiest = min((not size, not number) for rules, size, number, _ in ways if rules == fewest)
        least = min(
            amount for rules, size, number, amount in ways if rules == fewest and (not size, not number) == easiest
        )
        assert sum(change.amount for change in relaxation.changes) == least


# --- in one sentence -------------------------------------------------------------------------------------------------


def told(diagnosis: Diagnosis) -> tuple[str, str, list[str]]:
    """Return the only reason in both languages, and the changes."""
    (reason,) = diagnosis.reasons
    assert diagnosis.relaxation is not None
    text = diagnosis.text("zh")
    zh = text[text.index("  - ") + 4 :].splitlines()[0]
    return str(reason), zh, [change.sentence() for change in diagnosis.relaxation.changes]


def test_a_unit_of_six_in_groups_of_four_or_five() -> None:
    diagnosis = gp.diagnose(roster_of(kind=["a"] * 6), gp.Policy.balanced(size=(4, 5)))
    assert told(diagnosis) == (
        "6 members cannot be divided into groups of 4 to 5: 1 group holds at most 5, 2 groups need at least 8",
        "6人无法分成每组4至5人的小组：1个组最多容纳5人，2个组至少需要8人",
        ["allow groups of up to 6 instead of 5"],
    )


def test_a_branch_with_fewer_full_members_than_groups() -> None:
    status = ["full"] * 12 + ["full"] * 3 + ["probationary"] * 17
    roster = roster_of(status=status, branch=["B1"] * 12 + ["B2"] * 20)
    diagnosis = gp.diagnose(roster, gp.Policy.balanced(size=(3, 5)))
    assert told(diagnosis) == (
        "in B2: there are only 3 full members; at least 4 groups need at least 4, one in each",
        "B2：正式党员只有3人；至少4个小组每组至少1人，共需至少4人",
        ["in B2: allow groups of up to 7 instead of 5"],
    )
    assert diagnosis.conflict is not None
    assert diagnosis.conflict.part == "B2"


def test_three_who_must_be_apart_in_two_groups() -> None:
    policy = gp.Policy(size=(2, 4), groups=2, must=[gp.Apart(["m0", "m1", "m2"])], prefer=NONE)
    diagnosis = gp.diagnose(roster_of(kind=["a"] * 6), policy)
    assert told(diagnosis) == (
        "m0, m1 and m2 must all be in different groups, which takes 3 groups, but there can be only 2",
        "m0、m1、m2须分在不同的小组，需要3个小组，但最多只有2个",
        ["form 3 groups instead of 2"],
    )
    assert diagnosis.conflict is not None
    assert diagnosis.conflict.sentence() == (
        "these rules cannot all be kept, but without any one of them the others can: "
        "2 groups; m0, m1 and m2 in different groups"
    )


def test_three_who_must_be_apart_two_by_two() -> None:
    """A list of pairs, which is all that a roster's own constraints can say, is told as one sentence, too."""
    pairs = [gp.Apart(pair) for pair in (["m1", "m2"], ["m0", "m1"], ["m3", "m4"], ["m0", "m2"])]
    diagnosis = gp.diagnose(roster_of(kind=["a"] * 6), gp.Policy(size=(2, 4), groups=2, must=pairs, prefer=NONE))
    assert diagnosis.reasons == (
        "m1, m2 and m0 must all be in different groups, which takes 3 groups, but there can be only 2",
    )


def test_nobody_at_all() -> None:
    roster = roster_of(gender=["M"] * 4, status=["probationary"] * 4)
    must = [gp.AtLeast(1, gender="F"), gp.Leader()]
    diagnosis = gp.diagnose(roster, gp.Policy(size=(2, 2), must=must, prefer=NONE))
    assert diagnosis.reasons == (
        "there are no women; 2 groups need at least 2, one in each",
        "nobody may be leader, but 2 groups need one each",
    )
    assert "可任组长的没有人，但2个小组各需一名组长" in diagnosis.text("zh")
    assert "没有女性；2个小组每组至少1人，共需至少2人" in diagnosis.text("zh")


def test_chinese_texts_name_rules_in_chinese() -> None:
    roster = roster_of(kind=["a", "b"] * 3)
    must = [gp.Alike("department"), gp.Mixed("kind"), gp.Alike("kind"), gp.AtMost(1, kind="c")]
    diagnosis = gp.diagnose(roster, gp.Policy(size=(2, 4), groups=2, must=must, prefer=NONE))
    assert "不再要求构成均衡（kind）" in diagnosis.text("zh")
    assert "“每组至多有1名kind为‘c’的成员”不起作用：没有kind为“c”的成员" in diagnosis.text("zh")


# --- what can be changed ---------------------------------------------------------------------------------------------


def changes(roster: gp.Roster, policy: gp.Policy) -> tuple[list[str], gp.Policy]:
    relaxation = gp.diagnose(roster, policy).relaxation
    assert relaxation is not None
    assert has_plan(roster, relaxation.policy)
    return [change.sentence() for change in relaxation.changes], relaxation.policy


def test_a_pair_is_given_up_and_the_others_stay_apart() -> None:
    must = [gp.Apart(["m0", "m1", "m2"]), gp.Together(["m0", "m1"])]
    said, policy = changes(roster_of(kind=["a"] * 6), gp.Policy(size=(2, 2), must=must, prefer=NONE))
    assert said == ["let m0 and m1 be in one group"]
    assert policy.must == (gp.Apart(("m0", "m2")), gp.Apart(("m1", "m2")), gp.Together(("m0", "m1")))


def test_members_let_go_from_together() -> None:
    ids = [f"m{i}" for i in range(3)]
    must = [gp.Together(ids), gp.Pin("m0", "G1"), gp.Pin("m1", "G1"), gp.Pin("m2", "G2"), gp.Forbid("m2", "G1")]
    said, policy = changes(roster_of(kind=["a"] * 6), gp.Policy(size=(2, 4), groups=2, must=must, prefer=NONE))
    assert said == ["let m0 and m2 and m1 and m2 be in different groups"]
    assert policy.must[0] == gp.Together(("m0", "m1"))


def test_leaders_are_let_in_before_there_is_none() -> None:
    roster = roster_of(status=["full"] * 2 + ["probationary"] * 4)
    must = [gp.Leader(exclude=["m0"])]
    said, policy = changes(roster, gp.Policy(size=(3, 3), must=[*must, gp.Pin("m0", "G1"), gp.Forbid("m1", "G1")]))
    assert said == ["let m0 lead"]
    assert policy.must[0] == gp.Leader()


def test_named_groups() -> None:
    groups = [gp.GroupSpec("East", leader="m0"), gp.GroupSpec("West", size=(1, 3)), gp.GroupSpec("North")]
    must = [gp.Leader(exclude=["m0"]), gp.Pin("m1", "West"), gp.Forbid("m0", "North")]
    policy = gp.Policy(size=(1, 3), groups=groups, must=must, prefer=NONE)
    said, relaxed = changes(roster_of(status=["full"] * 2), policy)
    assert said == ["do without the group North", "let m0 lead"]
    assert [rule.label for rule in relaxed.must] == ["Leader", "Pin(m1, West)"]
    assert [group.name for group in relaxed.groups] == ["East", "West"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("rules", "options", "labels"),
    [
        ([gp.Keep("A", ["m0", "m1"]), gp.Apart(["m0", "m1"]), gp.Apart(["m2", "m3"])], {},
         ["Apart(m0, m1)", "Keep(A)"]),
        ([gp.Keep("A", [f"m{i}" for i in range(5)])], {}, ["Keep(A)", "size"]),
        ([gp.Keep("A", ["m0", "m1", "m2"], whole=True), gp.Together(["m2", "m3"])], {},
         ["Keep(A)", "Together(m2, m3)"]),
        ([gp.Keep("A", ["m0", "m1", "m2"], whole=True)], {"groups": 2}, ["Keep(A)", "groups", "size"]),
        ([gp.Keep("A", ["m0"]), gp.AtLeast(1, kind="b")], {}, ["AtLeast(1, kind=b)"]),
    ],
)  # fmt: skip
def test_groups_that_are_kept(rules: list[gp.Criterion], options: dict[str, int], labels: list[str]) -> None:
    """What plan.lock() asks for clashes with the rest: the error says so, and lets as few groups go as are in it."""
    roster = roster_of(kind=["a"] * 8)
    with pytest.raises(gp.InfeasibleError) as caught:
        gp.form_groups(roster, gp.Policy(size=(2, 4), must=rules, prefer=NONE, **options), time_limit=2)
    diagnosis = caught.value.diagnosis
    assert diagnosis.conflict.minimal
    assert sorted(diagnosis.conflict.labels) == labels
    relaxation = diagnosis.relaxation
    assert [change.rule for change in relaxation.changes] == [labels[0] if "Keep(A)" not in labels else "Keep(A)"]
    assert has_plan(roster, relaxation.policy)
    assert relaxation.plan is not None
    assert not relaxation.proven
    if "Keep(A)" in labels:
        assert "不再保持A不变" in diagnosis.text("zh")


def test_together_across_branches() -> None:
    roster = roster_of(branch=["B1", "B1", "B1", "B2", "B2", "B2"])
    must = [gp.Together(["m0", "m1", "m3"]), gp.Within("branch")]
    diagnosis = gp.diagnose(roster, gp.Policy(size=(1, 3), must=must, prefer=NONE))
    assert diagnosis.conflict is not None
    assert set(diagnosis.conflict.labels) == {"Within(branch)", "Together(m0, m1, m3)"}
    assert diagnosis.relaxation is not None
    assert diagnosis.relaxation.policy.must[0] == gp.Together(("m0", "m1"))
    assert diagnosis.relaxation.plan is not None
    pair = gp.Policy(size=(1, 3), must=[gp.Together(["m0", "m3"]), gp.Within("branch")], prefer=NONE)
    assert gp.diagnose(roster, pair).warnings == ()  # what no division keeps is not kept by all of them


def test_a_border_inside_one_pool() -> None:
    roster = roster_of(kind=list("aabbcc"))
    said, policy = changes(roster, gp.Policy(size=(3, 3), groups=2, must=[gp.Within("kind")], prefer=NONE))
    assert said == ["let groups cross a kind"]
    assert policy.must == ()


def test_nobody_to_divide() -> None:
    diagnosis = gp.diagnose(roster_of(kind=["a"] * 6).select([]), gp.Policy(size=(2, 3), groups=2, must=NONE))
    assert (diagnosis.status, diagnosis.relaxation) == ("infeasible", None)
    assert "No change that makes a plan possible was found in time." in diagnosis.text()


def test_a_longest_way_is_raised_by_as_little_as_is_needed() -> None:
    roster = roster_of(site=["A", "A", "B", "B", "C", "C"], companions={"travel_minutes": WAYS})
    policy = gp.Policy(size=(3, 6), must=[gp.AtLeast(3), gp.MaxTravel(6)], prefer=NONE)
    said, relaxed = changes(roster, policy)
    assert said == ["allow ways of up to 25 instead of 6 minutes"]  # at B: 7 and 22 minutes
    assert relaxed.must == (gp.AtLeast(3), gp.MaxTravel(25))
    sentences = gp.diagnose(roster, policy).text("zh")
    assert "成员到活动地点的路程不超过6分钟" in sentences
    assert "到活动地点的路程上限由6分钟放宽到25分钟" in sentences


def test_a_limit_of_moves_is_raised_by_as_little_as_is_needed() -> None:
    roster = roster_of(current_group=["x", "x", "x", "x", "y", "y", "y", "y"])
    must = [gp.AtLeast(3), gp.MaxMoves(0), gp.Apart(["m0", "m1"]), gp.Apart(["m4", "m5"])]
    found = gp.diagnose(roster, gp.Policy(size=(3, 8), must=must, prefer=NONE), time_limit=30)
    assert found.relaxation is not None
    (change,) = found.relaxation.changes
    assert (change.kind, change.before, change.after, change.amount) == ("criterion", "MaxMoves(0)", "MaxMoves(2)", 2)
    assert change.sentence() == "allow up to 2 instead of 0 to be moved from their groups of today"
    assert change.sentence("zh") == "由其他小组调入的总人数上限由0人放宽到2人"
    assert "由其他小组调入的成员总共不超过0人" in found.text("zh")
    assert found.relaxation.policy.must[1] == gp.MaxMoves(2)
    assert found.relaxation.plan is not None
    assert found.relaxation.proven


def test_a_rule_that_reads_the_sizes() -> None:
    roster = roster_of(kind=["a"] * 5)
    policy = gp.Policy(size=(2, 2), must=[gp.EvenSize(band=(2, 2))], prefer=NONE)
    relaxation = gp.diagnose(roster, policy).relaxation
    assert relaxation is not None
    assert relaxation.plan is not None


# --- rules that say nothing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("must", "warning"),
    [
        ([gp.AtMost(1, kind="Cantin")], "there is no member with kind=Cantin"),
        ([gp.AtMost(3, kind="a")], "there are only 3 members with kind=a"),
        ([gp.AtLeast(2)], "the sizes alone see to it (groups of 2 to 4)"),
        ([gp.AtLeast(1, kind="a"), gp.AtLeast(2, kind="a")], "it follows from “at least 2 members with kind=a in each"),
        ([gp.Apart(["m0", "m1"]), gp.Apart(["m0", "m1", "m2"])], "it follows from “m0, m1 and m2 in different groups”"),
        ([gp.Pin("m0", "G1"), gp.Forbid("m0", "G2")], "it follows from “m0 in G1”"),
        ([gp.MaxMoves(0)], "the roster does not tell what it asks about, so it is not judged"),
        ([gp.MaxTravel(15)], "the roster does not tell what it asks about, so it is not judged"),
        ([gp.Within("department")], "every division of this roster keeps it"),
    ],
)
def test_idle_rules(must: list[gp.Criterion], warning: str) -> None:
    roster = roster_of(kind=["a", "a", "a", "b", "b", "b"])
    diagnosis = gp.diagnose(roster, gp.Policy(size=(2, 4), must=must, prefer=NONE))
    (found,) = diagnosis.warnings
    assert warning in found


def test_more_moves_than_any_division_makes() -> None:
    roster = roster_of(current_group=["one", "one", "one", "two", "two", "two"])
    (found,) = gp.diagnose(roster, gp.Policy(size=(2, 4), must=[gp.MaxMoves(6)], prefer=NONE)).warnings
    assert "no division moves so many" in found


def test_rules_that_matter_are_not_called_idle() -> None:
    roster = roster_of(kind=["a", "a", "a", "b", "b", "b"])
    must = [gp.AtMost(2, kind="a"), gp.AtLeast(1, kind="b"), gp.Apart(["m0", "m1"]), gp.Different("kind")]
    assert gp.diagnose(roster, gp.Policy.balanced(size=(2, 4), must=must)).warnings == ()


# --- as data, in an error, in time -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def infeasible() -> gp.InfeasibleError:
    with pytest.raises(gp.InfeasibleError) as caught:
        gp.form_groups(roster_of(kind=["a"] * 6), gp.Policy(size=(4, 5), must=NONE, prefer=NONE))
    return caught.value


def test_the_error_carries_it_and_its_pickle_neither_roster_nor_policy(infeasible: gp.InfeasibleError) -> None:
    assert pickle.loads(pickle.dumps(gp.InfeasibleError("x"))).diagnosis is None
    diagnosis = infeasible.diagnosis
    assert diagnosis.status == "infeasible"
    assert infeasible.diagnosis is diagnosis
    again = pickle.loads(pickle.dumps(infeasible))
    assert again.reasons == infeasible.reasons
    assert again.diagnosis == diagnosis
    assert again.describe("zh").startswith("没有能满足全部规则的划分：6人无法分成")


def test_as_data(infeasible: gp.InfeasibleError) -> None:
    diagnosis = infeasible.diagnosis
    table = diagnosis.to_frame()
    assert list(table["finding"]) == ["reason", "change", "conflict"]
    assert table.loc[1, ["rule", "before", "after", "amount"]].tolist() == ["size", 5, 6, 1]
    data = diagnosis.to_dict("zh")
    assert data["relaxation"]["policy"]["size"] == [4, 6]
    assert data["relaxation"]["changes"][0]["sentence"] == "每组人数上限由5人放宽到6人"
    assert '"status": "infeasible"' in diagnosis.to_json()
    assert "<li>allow groups of up to 6 instead of 5</li>" in diagnosis._repr_html_()


def test_too_little_time_is_unknown() -> None:
    roster = gp.read_roster(gp.sample_path("branch_42"))
    policy = gp.Policy.balanced(size=(6, 12), must=[gp.Alike("department"), gp.Alike("site")])
    assert not counted(compile_parts(roster, policy)[0])
    diagnosis = gp.diagnose(roster, policy, time_limit=1e-6)
    assert (diagnosis.status, diagnosis.relaxation) == ("unknown", None)
