"""The frontier of the principles: plans of which none is better in one principle without being worse in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from typing import TYPE_CHECKING, Any

from grouping.errors import InputError, Issue
from grouping.fonts import fonts, need_matplotlib
from grouping.plan.pages import Grid, Page, Section
from grouping.plan.rendering import WORDS
from grouping.plan.tables import csv_bytes
from grouping.policy.criterion import PRINCIPLES
from grouping.writing import replace_file

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.evaluation import Plan

_WORDS = {
    "en": {
        "title": "{count} ways to weigh the principles against each other",
        "only": "One way to weigh the principles against each other",
        "point": "point",
        "score": "score",
        "asked": "asked for",
        "gap": "gap",
        "knee": "knee",
        "policy": "the policy",
        "times": "{name} × {times}",
        "least": "{name} at least {score:.2f}",
        "and": ", ",
        "note": "No plan here is at least as good as another in every principle. The knee is the one nearest to the "
        "best score of every principle, each measured by its range over the frontier. The gap is what may still be "
        "missing in what was asked for; 0 is proven.",
    },
    "zh": {
        "title": "各原则之间的{count}种取舍",
        "only": "各原则之间只有一种取舍",
        "point": "方案",
        "score": "得分",
        "asked": "求解要求",
        "gap": "差距",
        "knee": "折中点",
        "policy": "按原权重",
        "times": "{name}×{times}",
        "least": "{name}不低于{score:.2f}",
        "and": "、",
        "note": "表中没有一个方案在各原则上都不劣于另一个方案。折中点是按各原则在前沿上的分值区间折算后，"
        "距各原则最高分最近的方案。差距是所求目标可能还能改进的比例，0表示已证明最优。",
    },
}


@dataclass(frozen=True)
class Aim:
    """What a point of the frontier was asked for: the policy's cost with other weights, or under limits.

    Attributes
    ----------
    weights : principle → how many times its weight in the policy; the others once
    limits : principle → the most that it may cost, in cost units of the policy
    """

    weights: tuple[tuple[str, int], ...] = ()
    limits: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Point:
    """One plan of the frontier.

    Attributes
    ----------
    plan : a plan of the policy, verified as any other; its own ``bound`` is that of the policy
    aim : what it is the answer to
    gap : (cost − proven bound) / cost of what was asked for; 0 is proven, 1 says that nothing is
    losses : principle → what the plan loses in it, in cost units of the policy; smaller is better
    """

    plan: Plan
    aim: Aim
    gap: float
    losses: Mapping[str, int]

    def score(self, principle: str, loss: int | None = None) -> float:
        """Return the score of a principle, or the score that a loss in it would be."""
        result = self.plan.result
        share = sum(row.weight for row in result.scores if row.principle == principle)
        lost = self.losses[principle] if loss is None else loss
        return 100.0 - float(Fraction(lost, result.scale * len(result.assignments))) / share


def undominated(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other one equals or beats in every principle, those good in the first one first.

    Of equals the one with the smallest gap is kept.
    """
    kept: list[Point] = []
    for point in sorted(points, key=lambda point: (tuple(point.losses.values()), point.gap)):
        mine = point.losses  # whoever beats a point comes before it
        if not any(all(other.losses[p] <= mine[p] for p in mine) for other in kept):
            kept.append(point)
    return kept


def knee(points: Sequence[Point]) -> int:
    """Return the index of the point nearest to the best of every principle, each measured by its range."""
    spans = {p: (min(q.losses[p] for q in points), max(q.losses[p] for q in points)) for p in points[0].losses}

    def distance(i: int) -> tuple[Fraction, int]:
        parts = [Fraction(points[i].losses[p] - lo, hi - lo) ** 2 for p, (lo, hi) in spans.items() if hi > lo]
        return sum(parts, Fraction(0)), points[i].plan.cost

    return min(range(len(points)), key=distance)


class Frontier:
    """Plans of which none is at least as good as another in every principle; made by :func:`grouping.tradeoffs`.

    Parameters
    ----------
    points : the plans with what they were asked for, the best in the first principle first; at least one

    Attributes
    ----------
    knee : index of the point that is nearest to the best score of every principle, where each principle is measured
        by its range over the frontier (Euclidean distance; of several, the one with the best score by the policy)
    """

    def __init__(self, points: Sequence[Point]) -> None:
        self.points = tuple(points)
        self.knee = knee(self.points)

    def __len__(self) -> int:
        """Return how many plans there are."""
        return len(self.points)

    def __repr__(self) -> str:
        """Return a short description."""
        return f"<Frontier: {len(self)} plans, knee {self.knee + 1}>"

    def __str__(self) -> str:
        """Return the frontier in words."""
        return self.text()

    def _repr_html_(self) -> str:
        """Return the frontier as HTML, for notebooks."""
        return self.html()

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans, each of which can be used as it is."""
        return tuple(point.plan for point in self.points)

    @property
    def principles(self) -> tuple[str, ...]:
        """The principles that the policy weighs."""
        return tuple(p for p in PRINCIPLES if p in self.points[0].losses)

    def to_frame(self, lang: str = "en") -> pd.DataFrame:
        """Return a row for each plan.

        Parameters
        ----------
        lang : "en" or "zh", the language of ``asked``

        Returns
        -------
        DataFrame : point (1, 2, …), score (by the policy), a score for each principle, groups (their number), asked
            (what it is the answer to), gap (0..1, what may still be missing in what was asked), proven (gap is 0),
            knee
        """
        import pandas as pd

        rows = [
            {
                "point": number,
                "score": point.plan.score,
                **{principle: point.score(principle) for principle in self.principles},
                "groups": len(point.plan.result.groups),
                "asked": self._asked(point, lang),
                "gap": point.gap,
                "proven": point.gap == 0,
                "knee": number == self.knee + 1,
            }
            for number, point in enumerate(self.points, 1)
        ]
        return pd.DataFrame(rows)

    def to_csv(self, path: str | PathLike[str], lang: str = "en") -> None:
        """Write :meth:`to_frame` as CSV in utf-8-sig, whole or not at all."""
        replace_file(path, csv_bytes(self.to_frame(lang)))

    def text(self, lang: str = "en") -> str:
        """Return the frontier as a table in words; ``lang`` is "en" or "zh"."""
        return self._page(lang).text()

    def html(self, lang: str = "en") -> str:
        """Return the frontier as a piece of HTML."""
        return self._page(lang).html()

    def plot(self, ax: Any = None, lang: str = "en") -> Any:
        """Draw the plans by their scores in two principles, the third as colour, the knee as a star.

        Parameters
        ----------
        ax : matplotlib axes to draw on; None makes new ones
        lang : "en" or "zh"; Chinese needs a font that has it, such as that of the package zhplot

        Returns
        -------
        the axes

        Raises
        ------
        ModuleNotFoundError
            Without matplotlib: install the extra ``plot``.
        InputError
            When the policy has no wishes.
        """
        need_matplotlib()
        if not self.principles:
            raise InputError(Issue("no_principles", "the policy weighs no principle, so there is nothing to plot"))
        names = [*self.principles, *self.principles[:1]][: max(2, len(self.principles))]
        scores = [[point.score(principle) for point in self.points] for principle in names]
        shown = [WORDS.get(lang, WORDS["en"])[principle] for principle in names]
        with fonts():
            import matplotlib.pyplot as plt

            if ax is None:
                _, ax = plt.subplots(figsize=(7, 5), layout="constrained")
            colour = scores[2] if len(names) > 2 else "C0"
            dots = ax.scatter(scores[0], scores[1], c=colour, s=60, zorder=3)
            ax.scatter(
                scores[0][self.knee], scores[1][self.knee], marker="*", s=320, facecolors="none", edgecolors="C3",
                zorder=4, label=_WORDS.get(lang, _WORDS["en"])["knee"],
            )  # fmt: skip
            for number, place in enumerate(zip(scores[0], scores[1], strict=True), 1):
                ax.annotate(str(number), place, xytext=(6, 6), textcoords="offset points")
            if len(names) > 2:
                ax.figure.colorbar(dots, ax=ax, label=shown[2])
            ax.set_xlabel(shown[0])
            ax.set_ylabel(shown[1])
            ax.grid(alpha=0.3)
            ax.legend(frameon=False)
            ax.figure.canvas.draw()  # texts are laid out while the font is at hand
        return ax

    def _asked(self, point: Point, lang: str) -> str:
        words, names = _WORDS.get(lang, _WORDS["en"]), WORDS.get(lang, WORDS["en"])
        parts = [words["times"].format(name=names[p], times=times) for p, times in point.aim.weights]
        parts += [words["least"].format(name=names[p], score=point.score(p, most)) for p, most in point.aim.limits]
        return words["and"].join(parts) if parts else words["policy"]

    def _page(self, lang: str) -> Page:
        words, names = _WORDS.get(lang, _WORDS["en"]), WORDS.get(lang, WORDS["en"])
        head = (words["point"], words["score"], *(names[p] for p in self.principles), words["asked"], words["gap"], "")
        rows = tuple(
            (
                str(number),
                f"{point.plan.score:.2f}",
                *(f"{point.score(p):.2f}" for p in self.principles),
                self._asked(point, lang),
                f"{point.gap:.1%}",
                words["knee"] if number == self.knee + 1 else "",
            )
            for number, point in enumerate(self.points, 1)
        )
        title = words["title" if len(self) > 1 else "only"].format(count=len(self))
        return Page(title, (Section("", (Grid(head, rows), words["note"])),))
