"""The frontier of the principles: against all divisions of a small roster, and its tables."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers import divisions, roster_of

import grouping as gp
import grouping.fonts
from grouping.plan.frontier import Aim, Point, knee, undominated
from grouping.policy.compiling import compile_parts
from grouping.scoring import score

ROSTER = roster_of(
    id=[f"m{i}" for i in range(8)],
    department=list("XXYYXXYY"),
    business_line=["a", "b", "a", "b", "a", "b", "b", "b"],
    level=["1", "1", "1", "2", "3", "3", "4", "4"],
)
POLICY = gp.Policy(
    size=(2, 4),
    prefer=[
        gp.Alike("department", principle="convene"),
        gp.Alike("business_line", principle="act"),
        gp.Alike("level", principle="manage", weight=2),
        gp.EvenSize(),
    ],
)


@pytest.fixture(scope="module")
def frontier() -> gp.Frontier:
    return gp.tradeoffs(ROSTER, POLICY, points=8, time_limit=20, workers=1)


def every_loss() -> set[tuple[int, ...]]:
    """Return what every division that keeps the rules loses in convene, act and manage, in cost units."""
    (part,) = compile_parts(ROSTER, POLICY)
    principle = {t: entry.principle for entry in part.entries for t in entry.terms}
    found = set()
    every = divisions(8, 4)
    newest = np.maximum.accumulate(np.column_stack([np.full(len(every), -1), every[:, :-1]]), axis=1)
    sizes = np.stack([(every == g).sum(axis=1) for g in range(4)])
    fits = (((sizes == 0) | (sizes >= 2)) & (sizes <= 4)).all(axis=0)
    for place in every[fits & (every <= newest + 1).all(axis=1)]:  # each once, whatever the order of the groups
        scored = score(part.problem, place)
        losses = dict.fromkeys(("convene", "act", "manage"), 0)
        for one in scored.parts:
            losses[principle[one.term]] += one.points * part.problem.terms[one.term].weight
        if not scored.violations:
            found.add(tuple(losses.values()))
    return found


def test_proven_points_are_beaten_by_no_division(frontier: gp.Frontier) -> None:
    every = every_loss()
    truth = {a for a in every if not any(b != a and all(y <= x for x, y in zip(a, b, strict=True)) for b in every)}
    found = {tuple(point.losses.values()) for point in frontier.points}
    assert len(found) == len(frontier) >= min(4, len(truth))
    assert all(point.gap == 0 for point in frontier.points)
    assert found <= truth
    assert any(point.aim.limits for point in frontier.points) or found == truth


def test_every_point_is_a_plan_of_the_policy(frontier: gp.Frontier) -> None:
    for point, row in zip(frontier.points, frontier.to_frame().itertuples(), strict=True):
        again = gp.evaluate(ROSTER, POLICY, point.plan)
        assert again.cost == point.plan.cost == sum(point.losses.values())
        assert not again.violations
        assert point.plan.cost_bound is not None
        assert point.plan.cost_bound <= point.plan.cost
        for principle, value in again.principles.items():
            assert getattr(row, principle) == pytest.approx(value)
            assert point.score(principle) == pytest.approx(value)
        for principle, most in point.aim.limits:
            assert point.losses[principle] <= most
    best = min(frontier.plans, key=lambda plan: plan.cost)
    assert best.status == "optimal"


def test_the_table_and_the_words(frontier: gp.Frontier, tmp_path: Path) -> None:
    table = frontier.to_frame()
    assert list(table.columns) == [
        "point", "score", "convene", "act", "manage", "groups", "asked", "gap", "proven", "knee",
    ]  # fmt: skip
    assert table["knee"].sum() == 1
    assert table["knee"].idxmax() == frontier.knee
    assert (table["convene"].diff().dropna() <= 1e-9).all()
    assert "the policy" in set(table["asked"])
    assert len(str(frontier).splitlines()) == len(frontier) + 3
    assert "折中点" in frontier.text("zh")
    assert frontier._repr_html_().startswith("<div>")
    assert repr(frontier) == f"<Frontier: {len(frontier)} plans, knee {frontier.knee + 1}>"
    frontier.to_csv(tmp_path / "points.csv")
    assert len(pd.read_csv(tmp_path / "points.csv")) == len(frontier)


def made(plan: gp.Plan, *losses: int, gap: float = 0.0) -> Point:
    return Point(plan, Aim(), gap, dict(zip(("convene", "act"), losses, strict=True)))


def test_dominance_and_knee_by_hand(frontier: gp.Frontier) -> None:
    plan = frontier.plans[0]
    points = [made(plan, 4, 0), made(plan, 0, 9), made(plan, 1, 3), made(plan, 2, 3), made(plan, 1, 3, gap=0.5)]
    kept = undominated(points)
    assert [tuple(point.losses.values()) for point in kept] == [(0, 9), (1, 3), (4, 0)]
    assert kept[1].gap == 0.0
    assert knee(kept) == 1  # (1/4, 3/9) is nearer to (0, 0) than (0, 1) and (1, 0)
    assert knee(kept[:1]) == 0


def test_the_same_seed_gives_the_same_frontier() -> None:
    one, two = (gp.tradeoffs(ROSTER, POLICY, points=4, time_limit=2, reproducible=True, workers=1) for _ in range(2))
    assert one.to_frame().equals(two.to_frame())
    assert [plan.assignments.to_csv() for plan in one.plans] == [plan.assignments.to_csv() for plan in two.plans]


def test_several_parts_are_weighed_together() -> None:
    roster = roster_of(
        id=[f"m{i}" for i in range(12)],
        department=list("XXYY") * 3,
        business_line=["a", "b", "a", "b", "b", "b"] * 2,
        branch=["east"] * 6 + ["west"] * 6,
    )
    policy = gp.Policy(
        size=(2, 3),
        must=[gp.Within("branch")],
        prefer=[gp.Alike("department", principle="convene"), gp.Alike("business_line", principle="act")],
    )
    frontier = gp.tradeoffs(roster, policy, points=3, time_limit=10, workers=1)
    assert frontier.principles == ("convene", "act")
    for a, b in pairwise(frontier.points):
        assert a.losses["convene"] < b.losses["convene"]
        assert a.losses["act"] > b.losses["act"]
    assert all(not point.aim.limits for point in frontier.points)


def test_one_principle_has_one_best_plan() -> None:
    policy = gp.Policy(size=(2, 4), prefer=[gp.Alike("department", principle="act")])
    frontier = gp.tradeoffs(ROSTER, policy, time_limit=5, workers=1)
    assert len(frontier) == 1
    assert frontier.points[0].gap == 0


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(gp.PolicyError):
        gp.tradeoffs(ROSTER, POLICY, points=0)
    with pytest.raises(gp.PolicyError):
        gp.tradeoffs(ROSTER, POLICY, time_limit=0)
    with pytest.raises(gp.InfeasibleError):
        gp.tradeoffs(ROSTER, gp.Policy(size=(5, 7)), time_limit=2)


def test_a_stopped_run_has_the_points_so_far() -> None:
    control = gp.Control()
    control.stop()
    frontier = gp.tradeoffs(ROSTER, POLICY, time_limit=5, workers=1, control=control)
    assert len(frontier) == 1


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, frontier: gp.Frontier) -> None:
    monkeypatch.setattr(grouping.fonts, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install"):
        frontier.plot()


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font")  # where no Chinese font is installed
def test_the_plot_shows_every_point(frontier: gp.Frontier) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    for lang in ("en", "zh"):
        axes = frontier.plot(lang=lang)
        assert len(axes.collections[0].get_offsets()) == len(frontier)
        assert len(axes.texts) == len(frontier)
        plt.close(axes.figure)
