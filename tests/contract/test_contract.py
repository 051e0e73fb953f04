"""What every criterion has to keep, checked over all divisions of a few members.

A criterion that is registered without examples in `examples.py` fails here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.contract.examples import CASES, IMPOSSIBLE, Case, World
from tests.helpers import divisions, roster_of

from grouping.policy import REGISTRY
from grouping.policy.compiling import compile_parts
from grouping.policy.criterion import from_dict
from grouping.problem import Count, Focus, Role
from grouping.scoring import score
from grouping.solving import assignment
from grouping.solving.clock import Clock
from grouping.solving.cpsat import run
from grouping.solving.kernel import Kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from grouping.policy.compiling import Compiled

LABELS = {"ideal", "broken", "edge"}
OTHER_VALUES: dict[str, list[Any]] = {
    # other values for columns that a criterion does not read
    "gender": ["M", None, "F", "F", "M"],
    "education": ["college", None, "school", "college", "school"],
    "status": ["probationary", "full", "full", "probationary", "full"],
    "department": ["S", "T", "U", "S", "V"],
    "business_line": ["laundry", None, "laundry", "gardens", "gardens"],
    "shift": ["夜班", "早班", "白班", "中班", "早班"],
    "participation": ["excused", "normal", "online_only", "normal", "normal"],
    "branch": ["B7", "B8", "B7", None, "B8"],
    "current_group": ["x", "y", "y", "x", None],
    "committee_role": ["secretary", None, None, "secretary", None],
    "skills": ["fire", "chef", "fire;chef", None, None],
    "nominations": [1, 2, 3, 4, 5],
    "assessment": [10, 20, 30, 40, 50],
    "willing": [False, True, None, False, True],
    "leader_eligible": [None, False, True, None, False],
    "site": ["C", "A", "A", "B", "B"],
}

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{type(case.criterion).__name__}: {case.id}")


@dataclass(frozen=True)
class Form:
    """A case compiled as a wish or as a rule."""

    compiled: Compiled
    places: NDArray[np.int64]
    """All divisions, one a row."""

    @property
    def problem(self) -> Any:
        return self.compiled.problem


@cache
def form(case: Case, must: bool) -> Form:
    (compiled,) = compile_parts(case.roster, case.policy(must))
    return Form(compiled, divisions(len(compiled.problem.size), len(compiled.problem.groups)))


@cache
def defined(case: Case) -> tuple[int | None, ...]:
    """Return what the definition says of every division; None where sizes, counts or rooms rule it out."""
    problem = form(case, case.criterion.only_must).problem
    world = World(case.roster, case.limits, (problem.least, problem.most))
    teams = case.roster.uncovered_teams
    everybody = case.roster.members
    known: dict[tuple[str, bytes], int | None] = {}
    found: list[int | None] = []
    for place in form(case, case.criterion.only_must).places:
        total: int | None = 0
        used = 0
        for g, group in enumerate(problem.groups):
            inside = place == g
            key = group.name, inside.tobytes()
            if not inside.any():
                continue
            used += 1
            if key not in known:
                members = [member for member, here in zip(everybody, inside, strict=False) if here]
                mine = [team for team, here in zip(teams, inside[len(everybody) :], strict=True) if here]
                fits = case.limits[0] <= len(members) <= case.limits[1]
                known[key] = case.definition(world, group.name, members, mine) if fits else IMPOSSIBLE
            points = known[key]
            total = None if total is None or points is None else total + points
        found.append(total if problem.least <= used <= problem.most else None)
    return tuple(found)


def kept(case: Case, points: int | None) -> bool:
    """Tell whether a division with so many points keeps the criterion as a rule."""
    return points is not None and points <= (case.criterion.allowance or 0)


def canonical(case: Case) -> list[int]:
    """Return the rows of the divisions that number their groups in order of first use."""
    places = form(case, case.criterion.only_must).places
    return [
        row
        for row, place in enumerate(places)
        if list(dict.fromkeys(place.tolist())) == list(range(len(set(place.tolist()))))
    ]


def test_every_criterion_has_hand_computed_examples() -> None:
    labels: dict[str, set[str]] = defaultdict(set)
    for case in CASES:
        labels[type(case.criterion).__name__] |= {example.label for example in case.examples}
    for name in REGISTRY:
        lacking = LABELS - labels[name]
        assert not lacking, (
            f"{name} is registered without examples {sorted(lacking)}: add them to tests/contract/examples.py"
        )
    assert set(labels) == set(REGISTRY)


@cases
def test_examples(case: Case) -> None:
    must = case.criterion.only_must
    problem = form(case, must).problem
    members = len(case.roster)
    for example in case.examples:
        if not example.members:
            continue
        place = np.ones(len(problem.size), dtype=np.int64)
        place[[*example.members, *(members + team for team in example.teams)]] = 0
        found = score(problem, place)
        broken = [v for v in found.violations if v.group in (0, -1) and v.rule != "size"]
        assert bool(broken) == (example.points is IMPOSSIBLE), example
        if example.points is not IMPOSSIBLE:
            assert sum(part.points for part in found.parts if part.group == 0) == example.points, example


@cases
def test_scorer_and_kernel_are_the_definition(case: Case) -> None:
    if case.criterion.only_must:
        return
    problem = form(case, must=False).problem
    kernel = Kernel(problem)
    for place, points in zip(form(case, must=False).places, defined(case), strict=True):
        found = score(problem, place)
        assert bool(found.violations) == (points is None), place
        if points is None:
            assert kernel.cost(place) >= kernel.big, place
        else:
            assert found.cost == points * problem.terms[0].weight == kernel.cost(place), place


@cases
def test_a_rule_is_kept_where_the_wish_costs_nothing(case: Case) -> None:
    problem = form(case, must=True).problem
    kernel = Kernel(problem)
    for place, points in zip(form(case, must=True).places, defined(case), strict=True):
        found = score(problem, place)
        assert bool(found.violations) == (not kept(case, points)), place
        if case.criterion.allowance is None:  # the kernel knows no rules on the whole plan
            assert (kernel.cost(place) >= kernel.big) == bool(found.violations), place
        if not found.violations:
            assert found.cost == 0


@cases
@pytest.mark.parametrize("must", [False, True])
def test_cp_sat_with_the_division_fixed(case: Case, must: bool) -> None:
    if case.criterion.only_must and not must:
        return
    problem = form(case, must).problem
    rows = canonical(case)
    if len(rows) > 41:  # things multiply the divisions: a spread of them will do
        rows = rows[:: len(rows) // 41]
    for row in rows:
        model = assignment.build(problem, objective=not must)
        place, points = form(case, must).places[row], defined(case)[row]
        assignment.fix(model, place)
        assert model.model.validate() == ""
        answer = run(model.model, Clock(10), 10, workers=1)
        if points is None or (must and not kept(case, points)):
            assert answer.status == "infeasible", place
        else:
            assert answer.status == "optimal", place
            if not must:
                assert (answer.bound or 0) == points * problem.terms[0].weight, place


@cases
def test_findings_add_up(case: Case) -> None:
    must = case.criterion.only_must
    problem = form(case, must).problem
    for place in form(case, must).places[:: 3 if len(problem.size) > 5 else 1]:
        found = score(problem, place)
        assert found.cost == sum(part.points * problem.terms[part.term].weight for part in found.parts)
        for part in found.parts:
            term = problem.terms[part.term]
            assert len(part.shares) in (0, len(part.items))
            assert set(part.items) <= set(np.flatnonzero(place == part.group).tolist())
            if isinstance(term, Focus):
                fixed = 0 if term.fixed is None else int(term.fixed[found.options[term.choice, part.group]])
                assert sum(part.shares) + fixed == part.points
            elif isinstance(term, Role) and part.shares:
                assert sum(part.shares) == part.points
            elif isinstance(term, Count):
                assert part.amount == sum(int(term.value[i]) for i in np.flatnonzero(place == part.group))


def costs(compiled: Compiled, places: NDArray[np.int64]) -> list[tuple[int, bool]]:
    found = [score(compiled.problem, place) for place in places]
    return [(one.cost, bool(one.violations)) for one in found]


@cases
def test_names_of_groups_and_order_of_members_change_nothing(case: Case) -> None:
    must = case.criterion.only_must
    compiled, places = form(case, must).compiled, form(case, must).places
    expected = costs(compiled, places)
    if type(case.criterion).__name__ not in ("Pin", "Forbid", "Keep"):
        groups = len(compiled.problem.groups)
        assert costs(compiled, (places + 1) % groups) == expected
    count = len(case.roster)
    backwards = {name: column[::-1] for name, column in case.columns.items()}
    backwards["id"] = [f"m{i}" for i in range(count)][::-1]
    (other,) = compile_parts(roster_of(companions=case.companions, **backwards), case.policy(must))
    assert costs(other, np.hstack([places[:, :count][:, ::-1], places[:, count:]])) == expected


@cases
def test_columns_that_are_not_read_change_nothing(case: Case) -> None:
    must = case.criterion.only_must
    count = len(case.roster)
    columns = dict(case.columns)
    for name, values in OTHER_VALUES.items():
        if name not in case.reads:
            columns[name] = values[:count]
    (other,) = compile_parts(roster_of(companions=case.companions, **columns), case.policy(must))
    assert costs(other, form(case, must).places) == costs(form(case, must).compiled, form(case, must).places)


@cases
def test_json_round_trip(case: Case) -> None:
    text = json.dumps(case.criterion.to_dict())
    assert from_dict(json.loads(text)) == case.criterion


@cases
def test_words_and_source(case: Case) -> None:
    kind = type(case.criterion)
    assert set(kind.words) == {"en", "zh"}
    facts = dict.fromkeys(("points", "size", "amount", "option", "holder", "guilty"), 1)
    assert all(sentence.format(**facts) for sentence in kind.words.values())
    assert (kind.__doc__ or "").strip()
