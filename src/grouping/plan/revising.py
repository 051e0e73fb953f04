"""Revising a plan when people join, leave or change: as little disturbance as the gain is worth, or within a limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from grouping.errors import InfeasibleError, Issue, NoPlanFoundError, PolicyError, VerificationError
from grouping.phrases import Phrase
from grouping.plan.asking import Asked
from grouping.plan.changes import changes
from grouping.plan.forming import checked_limit, checked_workers, plan_of
from grouping.plan.levels import Levels
from grouping.plan.moving import Moving, priced
from grouping.plan.reasons import counted, reasons
from grouping.policy.compiling import in_part
from grouping.scale.sharing import Options, Part, merged, solve_parts
from grouping.scoring import faults, score
from grouping.solving.engine import Solution

if TYPE_CHECKING:
    import pandas as pd

    from grouping.plan.evaluation import Evaluation, Plan
    from grouping.policy.policy import Policy
    from grouping.problem import IntArray, Problem
    from grouping.roster import Roster
    from grouping.solving.clock import Control
    from grouping.solving.engine import Progress

PRICE = 50.0
"""Member-points that a move costs if nothing else is said: half a member fully badly served."""


_QUICK = 3.0
"""Seconds of the first run, for each part."""


@dataclass(frozen=True)
class Revision:
    """A revised plan, and what it costs to get there.

    Attributes
    ----------
    plan : the new division, verified; its score is its own, without any price
    before : the division that was revised
    moved : ids of the members who were in a group and are in another one now
    price : member-points that these moves cost in all; 0 where their number was limited instead
    score : of the plan
    net : the score less the price, per member: 100 − (member-points lost + price) / members
    bound : proven: no revision that leaves the parts of ``still`` as they are has a larger ``net`` (with ``max_moves``:
        no plan within them scores more); None when nothing is proven
    status : "optimal" when ``net`` is the bound, else "feasible"
    still : names of the parts (branches) in which nothing has changed, so that they stay as they are, good or not; the
        only part is called ""
    """

    plan: Plan
    before: Evaluation = field(repr=False)
    moved: tuple[str, ...]
    price: float
    net: float
    bound: float | None
    status: Literal["optimal", "feasible"]
    still: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The score of the new plan."""
        return self.plan.score

    @property
    def moves(self) -> int:
        """How many members have moved."""
        return len(self.moved)

    def changes(self, lang: str = "en", *, reasons: bool = True) -> pd.DataFrame:
        """Return who joins, leaves and moves, and why; see :meth:`grouping.Evaluation.changes`."""
        return changes(self.plan, self.before, lang=lang, reasons=reasons)

    def describe(self, lang: str = "en") -> str:
        """Return what is revised in words: how many move, the score before and after, what is proven, the list.

        Parameters
        ----------
        lang : "en" or "zh"
        """
        from grouping.plan.notice import notice

        return notice(self, lang)

    def __str__(self) -> str:
        """Return the revision in words."""
        return self.describe()


def revise(
    plan: Evaluation,
    *,
    roster: Roster | None = None,
    policy: Policy | None = None,
    max_moves: int | None = None,
    price: float = PRICE,
    leader_price: float | None = None,
    groups: Literal["keep", "free"] = "keep",
    time_limit: float = 30.0,
    seed: int = 0,
    workers: int | None = None,
    reproducible: bool = False,
    control: Control | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Revision:
    """Return the least disturbing good plan for people who have joined, left or changed.

    Groups keep their names, and whoever was in a group and is in another one now has moved; newcomers have not.
    Without ``max_moves``, what the plan loses plus a price for every move is as small as can be, so a member moves only
    if that is worth more than the price; independent parts (branches) in which nothing has changed stay as they are.
    With ``max_moves``, it is the best plan within so many moves, the one with the fewest of them.

    Parameters
    ----------
    plan : the division in force; a plan, or one that was only evaluated
    roster : the members as they are now; None takes those of the plan
    policy : what is wanted now; None takes that of the plan. What it says about members who have left is dropped
    max_moves : how many members may move
    price : member-points that a move costs, as weighed in the score: with 50, a move has to raise the score by more
        than 50 / members. It has no part in the score of the plan
    leader_price : of moving a leader of the old division; None is twice the price
        With the worst group first, the group that a member moves to pays the price, and nothing is proven
    groups : "keep" keeps the groups that are there, and dissolves or adds some only if the policy's sizes or numbers
        demand it; "free" allows whatever the policy allows
    time_limit, seed, workers, reproducible, control, on_progress : see :func:`form_groups`

    Returns
    -------
    Revision : with the plan, who has moved, and what is proven

    Raises
    ------
    PolicyError
        When the policy does not fit the roster, a parameter is wrong, or the policy puts the worst group first and
        ``max_moves`` is given.
    InfeasibleError
        When it is proven that no division keeps every rule with these groups, or within so many moves.
    NoPlanFoundError
        When the time ran out before a first plan.
    InputError
        When the plan was read from a file and no roster is given.

    Examples
    --------
    >>> import grouping as gp
    >>> roster = gp.read_roster(gp.sample_path("branch_42"))
    >>> policy = gp.Policy.balanced(size=(6, 12))
    >>> fewer = roster.select(roster.member_ids[1:])
    >>> plan = gp.form_groups(fewer, policy, time_limit=3)
    >>> revision = gp.revise(plan, roster=roster, time_limit=3)
    >>> revision.changes(reasons=False)["member_id"].tolist()
    ['HQ0001']
    """
    begun = time.perf_counter()
    asked = Asked.of(plan, roster, policy, groups)
    options = Options(
        checked_limit(time_limit), begun, seed, checked_workers(workers), reproducible, 0.0, None, control, on_progress
    )
    if max_moves is not None:
        if isinstance(max_moves, bool) or not isinstance(max_moves, int) or max_moves < 0:
            raise PolicyError(Issue("bad_moves", "max_moves is a whole number, not negative", value=str(max_moves)))
        return _within(asked, max_moves, options)
    ordinary = _price(price, "price")
    dear = 2 * ordinary if leader_price is None else _price(leader_price, "leader_price")
    prices = {member: dear if member in asked.leaders else ordinary for member in asked.inputs.roster.member_ids}
    return _priced(asked, prices, options)


def _price(value: float, name: str) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction) or not 0 <= value < 1e6:
        raise PolicyError(Issue("bad_price", f"{name} is a number of member-points, not negative", value=str(value)))
    return value if isinstance(value, Fraction) else Fraction(str(value))


def move_curve(
    plan: Evaluation,
    *,
    roster: Roster | None = None,
    policy: Policy | None = None,
    most: int = 10,
    groups: Literal["keep", "free"] = "keep",
    time_limit: float = 60.0,
    seed: int = 0,
    workers: int | None = None,
    reproducible: bool = False,
    control: Control | None = None,
) -> pd.DataFrame:
    """Return how good the best plan is within each number of moves: what every further move is worth.

    Parameters
    ----------
    plan, roster, policy, groups : see :func:`revise`
    most : moves up to which it is asked
    time_limit : seconds in all, shared by the numbers of moves
    seed, workers, reproducible, control : see :func:`form_groups`

    Returns
    -------
    DataFrame : a row for each number of moves from the fewest that the rules need: moves (at most so many), score,
        bound (proven: no plan within these moves scores more), gap (share of what is lost that might still be saved,
        0 where proven). Ends early where no number of moves can gain more. ``revise(…, max_moves=…)`` gives the plan

    Raises
    ------
    PolicyError, InfeasibleError, NoPlanFoundError, InputError
        See :func:`revise`.
    """
    import pandas as pd

    if isinstance(most, bool) or not isinstance(most, int) or most < 0:
        raise PolicyError(Issue("bad_moves", "most is a whole number, not negative", value=str(most)))
    begun = time.perf_counter()
    asked = Asked.of(plan, roster, policy, groups)
    options = Options(
        checked_limit(time_limit), begun, seed, checked_workers(workers), reproducible, 0.0, None, control, None
    )
    for moving in asked.parts:
        _refuse(moving, counted(moving.part))
    levels = Levels(asked.parts, options)
    members = max(len(asked.inputs.roster), 1)
    rows = []
    for moves, point in levels.curve(most):
        lost, least = point.lost, point.least
        gap = float((lost - least) / lost) if lost else 0.0
        rows.append((moves, float(100 - lost / members), float(100 - least / members), gap))
    if not rows:
        raise InfeasibleError(_too_few(most, levels))
    return pd.DataFrame(rows, columns=["moves", "score", "bound", "gap"])


def _too_few(most: int, levels: Levels) -> Phrase:
    moves = "1 move" if most == 1 else f"{most} moves"
    need = "1 member has" if levels.fewest == 1 else f"{levels.fewest} members have"
    return Phrase(
        f"the rules cannot be kept with {moves}; at least {need} to move",
        f"只调整{most}人无法满足全部规则，至少须调整{levels.fewest}人",
    )


def _priced(asked: Asked, prices: Mapping[str, Fraction], options: Options) -> Revision:
    """Return the revision that loses least, moves included."""
    still = asked.unchanged()
    problems = [priced(moving, prices) for moving in asked.parts]
    todo = [p for p, same in enumerate(still) if not same]
    for p in todo:
        _refuse(asked.parts[p], counted(asked.parts[p].part))
    found = _solved([Part(asked.parts[p].part.name, problems[p][0], asked.parts[p].start) for p in todo], options)
    for p, solution in zip(todo, found, strict=True):
        if solution is not None and solution.status == "infeasible":
            _refuse(asked.parts[p], reasons(asked.parts[p].part))
    solutions = dict(zip(todo, found, strict=True))
    least: Fraction | None = Fraction(0)
    places: list[IntArray] = []
    for p, moving in enumerate(asked.parts):
        problem, finer = problems[p]
        solution = solutions.get(p)
        if solution is None:
            assert moving.start is not None
            places.append(moving.start)
            bound: int | None = score(problem, moving.start).cost
        else:
            assert solution.group_of is not None
            check(problem, solution)
            places.append(solution.group_of)
            bound = solution.bound
        if solution is not None and problem.worst_first:  # its bound speaks only of divisions as fair as it
            least = None
        if least is not None:
            least += Fraction(bound or 0, moving.part.problem.scale * finer)  # no term is negative
    made = revision(asked, places, least, prices, solutions, options)
    return replace(made, still=tuple(asked.parts[p].part.name for p, same in enumerate(still) if same))


def _solved(parts: list[Part], options: Options) -> list[Solution | None]:
    """Return the solution of every part: a short run first, since the old division is mostly as good as proven."""
    quick = _QUICK * len(parts)
    if options.reproducible or 2 * quick > options.time_limit or not parts:
        return solve_parts(parts, options)
    try:
        found = solve_parts(parts, replace(options, time_limit=quick))
    except NoPlanFoundError:
        return solve_parts(parts, options)
    if any(one is None or one.status == "infeasible" for one in found):
        return found
    open_ = [p for p, one in enumerate(found) if one is not None and one.status == "feasible"]
    stopped = options.control is not None and options.control.stopped
    if not open_ or stopped or any(one is not None and one.provenance.get("stopped_by") == "user" for one in found):
        return found
    again = [replace(parts[p], start=one.group_of) for p in open_ if (one := found[p]) is not None]
    for p, one in zip(open_, solve_parts(again, options), strict=True):
        if one is not None:
            found[p] = merged(found[p], one)
    return found


def _within(asked: Asked, most: int, options: Options) -> Revision:
    """Return the best revision within so many moves."""
    for moving in asked.parts:
        _refuse(moving, counted(moving.part))
    levels = Levels(asked.parts, options)
    point = levels.at(most)
    if point is None:
        raise InfeasibleError(_too_few(most, levels))
    return revision(asked, point.places, point.least, {}, dict(enumerate(point.solutions)), options)


def revision(
    asked: Asked,
    places: list[IntArray],
    least: Fraction | None,
    prices: Mapping[str, Fraction],
    solutions: Mapping[int, Solution | None],
    options: Options,
) -> Revision:
    """Return the plan that the divisions of all parts make, verified, with its price and bound.

    Parameters
    ----------
    least : proven lower limit of the member-points lost, moves included; None when nothing is proven
    prices : of moving each member; empty where moves have no price
    solutions : by part, where one was solved, for the provenance
    """
    own = []
    moved: list[str] = []
    for p, (moving, place) in enumerate(zip(asked.parts, places, strict=True)):
        solution = solutions.get(p)
        about: dict[str, object] = {"seconds": {}, "plan": "the division that was there", "stopped_by": "proof"}
        told = about if solution is None else {k: v for k, v in solution.provenance.items() if k != "bound"}
        own.append(Solution("feasible", place, score(moving.part.problem, place).cost, None, told))
        moved += [moving.part.problem.keys[i] for i in moving.moved(place)]
    options_told = {"time_limit": options.time_limit, "seed": options.seed, "reproducible": options.reproducible}
    plan = plan_of([m.part for m in asked.parts], own, asked.inputs, {**options_told, "revises": asked.before.score},
                   options.begun)  # fmt: skip
    paid = sum((prices[member] for member in moved if prices), Fraction(0))
    lost = Fraction(plan.cost, plan.result.scale) + paid
    members = max(len(asked.inputs.roster), 1)
    if least is not None and least > lost:
        raise VerificationError([f"the bound {least} of a revision is above what it loses, {lost}"])
    return Revision(
        plan=plan,
        before=asked.before,
        moved=tuple(moved),
        price=float(paid),
        net=float(100 - lost / members),
        bound=None if least is None else float(100 - least / members),
        status="optimal" if least == lost else "feasible",
    )


def check(problem: Problem, solution: Solution) -> None:
    """Raise VerificationError unless the independent scorer agrees with what is claimed about a priced problem."""
    assert solution.group_of is not None
    assert solution.cost is not None
    if found := faults(problem, solution.group_of, solution.cost, solution.bound):
        raise VerificationError(found)


def _refuse(moving: Moving, reasons: list[str]) -> None:
    """Raise InfeasibleError if there is a reason why the part has no plan with the groups that it may use."""
    if reasons:
        raise InfeasibleError([in_part(moving.part.name, reason) for reason in reasons])
