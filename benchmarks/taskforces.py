"""Task forces: people pulled out of standing groups for a time.

The conference and the repair are those of the sample `branch_42`. The others are made: n members are the first n of
`company_3000`, and each task gets three to five roles of skills that are common there, near a member's site, over some
days of December 2026; every third one is an emergency of two or three waves. The same n and seed make the same tasks.
Beside the library's plan stand a greedy dispatcher (the scarcest role first, the person it costs least, never against
a rule), which is also where the solver begins, and the plain model: one Boolean for each member, role and choice of
waves, handed to CP-SAT as it comes (two workers, its usual portfolio) for the same time, without a start and without
bounds of ours. "faults" is what the independent verifier finds.

`team_assignment` (MiniZinc Challenge 2018) is not run here. It divides all players into teams of one player for each
board, so that strengths are level: a partition, which the waist expresses and `instances` runs. Nothing of a task force
is in it: nobody stays at home, and there are no skills, no times and no shifts. Its proven values would say nothing
about this model.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections import Counter
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import grouping as gp
from benchmarks.case import Case, Cells, Figure, Rows, gap_of, good, memory, number, percent, short_of, table
from benchmarks.growth import company

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grouping.roster import Roster

TITLE = "Task forces"
LIMIT, LARGE, URGENT = 10.0, 120.0, 5.0
GROWING = {100: 1, 200: 2, 400: 4, 800: 8, 1600: 12}
"""Members → tasks."""
BIG = "20 tasks, 3,000 members"
EMERGENCY = "one emergency against that plan"
EXAMPLES = {"the conference": slice(0, 1), "the repair": slice(1, 2), "both together": slice(0, 2)}
COMMON = 12
"""Fewest holders of a skill that tasks ask for."""
SKILLS = (
    "chef",
    "guard",
    "electrician",
    "hvac",
    "plumber",
    "bus_licence",
    "first_aid",
    "mechanic",
    "conference",
    "nurse",
)


def cases(smoke: bool) -> list[Case]:
    """Return the cases."""
    examples = [Case(name, partial(example, part), LIMIT) for name, part in EXAMPLES.items()]
    if smoke:
        return examples[-1:]
    growing = [
        Case(f"{tasks} tasks, {n:,} members", partial(made, n, tasks, 60.0), 60.0) for n, tasks in GROWING.items()
    ]
    large = [Case(BIG, partial(made, 3000, 20, LARGE), LARGE), Case(EMERGENCY, emergency, LARGE + URGENT)]
    return [*examples, *growing, *large]


# -- what is asked -----------------------------------------------------------------------------------------------------


def example(part: slice, seed: int) -> Cells:
    """Run the tasks of the sample."""
    folder = gp.sample_path("branch_42")
    return measured(gp.read_roster(folder), gp.read_tasks(folder / "tasks.json")[part], LIMIT, seed)


def made(members: int, tasks: int, limit: float, seed: int) -> Cells:
    """Run tasks that are made for the first members of the company."""
    roster = people(members)
    return measured(roster, tasks_of(roster, tasks, seed), limit, seed)


def emergency(seed: int) -> Cells:
    """Run one emergency while the plan of twenty tasks stands."""
    roster = people(3000)
    standing = gp.form_task_forces(roster, tasks_of(roster, 20, seed), time_limit=LARGE, seed=seed)
    urgent = task_of(random.Random(1000 + seed), roster, 99, "emergency")
    return measured(roster, [urgent], URGENT, seed, fixed=standing)


@lru_cache(maxsize=1)
def people(members: int) -> Roster:
    """Return the first members of the company; teams stay as they are."""
    roster = gp.read_roster(company())
    return roster if members >= len(roster) else roster.select(roster.member_ids[:members])


def tasks_of(roster: Roster, count: int, seed: int) -> list[gp.Task]:
    """Return so many tasks."""
    draw = random.Random(seed)
    return [task_of(draw, roster, at, "emergency" if at % 3 == 2 else "planned") for at in range(count)]


def task_of(draw: random.Random, roster: Roster, number_of: int, kind: str) -> gp.Task:
    """Return a task near a member's site, of roles that many could fill."""
    site = draw.choice([member.site for member in roster.members if member.site])
    start = dt.datetime(2026, 12, 1 + draw.randrange(25), draw.choice((0, 6, 14)) if kind == "emergency" else 6)
    roles = []
    held = Counter(skill for member in roster.members if member.participation == "normal" for skill in member.skills)
    skills = [skill for skill in SKILLS if held[skill] >= COMMON]
    for skill in draw.sample(skills, min(len(skills), draw.randint(3, 5))):
        least = draw.randint(1, 3)
        if kind == "emergency":
            roles.append({"name": skill, "skills_any": (skill,), "min": 2, "max": 3, "per_wave": 1})
        else:
            hours = draw.choice(((420, 1140), (480, 1080), (360, 1200)))
            roles.append({"name": skill, "skills_any": (skill,), "min": least, "max": least + 1, "daily": hours})
    size = (sum(role["min"] for role in roles), sum(role["max"] for role in roles))
    waves: list[dict[str, Any]] = []
    ends = start + dt.timedelta(days=draw.randint(0, 3), hours=15)
    if kind == "emergency":
        length = dt.timedelta(hours=12)
        spans = [(start + length * at, start + length * (at + 1)) for at in range(draw.randint(2, 3))]
        waves = [{"wave": at, "starts": a, "ends": b} for at, (a, b) in enumerate(spans, 1)]
        ends = spans[-1][1]
    return gp.Task.model_validate({
        "task_id": f"T{number_of:02}", "kind": kind, "starts": start, "ends": ends, "size": size, "roles": roles,
        "waves": waves, "site": site, "min_full": 2, "deputy": {"required": True},
        "response_minutes": 60 if kind == "emergency" else None,
    })  # fmt: skip


# -- what is measured --------------------------------------------------------------------------------------------------


def measured(roster: Roster, tasks: Sequence[gp.Task], limit: float, seed: int, **options: Any) -> Cells:
    """Return the plan's figures, and those of the dispatcher and the plain model beside it."""
    from grouping.taskforce.case import compile_case
    from grouping.taskforce.dispatching import dispatch
    from grouping.taskforce.findings import cost_of
    from grouping.taskforce.inputs import given_of
    from grouping.taskforce.verifying import verify

    begun = time.perf_counter()
    plan = gp.form_task_forces(roster, tasks, time_limit=limit, seed=seed, workers=2, **options)
    seconds = time.perf_counter() - begun
    peak = memory()
    begun = time.perf_counter()
    faults = len(verify(roster, plan.result))
    verified = time.perf_counter() - begun
    case = compile_case(roster, tasks, plan.result.policy, given_of(roster, tasks, fixed=options.get("fixed")))
    begun = time.perf_counter()
    choice = dispatch(case)
    dispatched = time.perf_counter() - begun
    plain_cost, plain_bound = plain(case, limit, seed)
    return {
        "options": len(case.options),
        "seats": len(plan.services),
        "cost": plan.cost,
        "cost_bound": plan.cost_bound,
        "gap": plan.gap,
        "status": plan.status,
        "seconds": seconds,
        "memory": peak,
        "faults": faults,
        "verified": verified,
        "greedy": None if choice is None else cost_of(case, choice),
        "greedy_seconds": dispatched,
        "plain": plain_cost,
        "plain_gap": gap_of(plain_cost, plain_bound),
    }


def plain(case: Any, limit: float, seed: int) -> tuple[int | None, int | None]:
    """Return cost and bound of the plain model after the limit."""
    from grouping.solving.clock import Clock
    from grouping.solving.cpsat import run
    from grouping.taskforce.model import TaskModel

    model = TaskModel(case)
    model.model.minimize(model.objective)
    answer = run(model.model, Clock(limit), limit, 2, seed)
    if answer.status not in ("optimal", "feasible"):
        return None, None
    return answer.value(model.objective), answer.bound


# -- what the page says ------------------------------------------------------------------------------------------------


def section(rows: Rows) -> list[str]:
    """Return the table of the family."""
    header = (
        "case", "options", "seats", "cost", "gap", "status", "s", "MB", "faults", "verified s",
        "greedy cost", "greedy s", "plain cost", "plain gap",
    )  # fmt: skip
    shown = [
        (
            name,
            number(row["options"], 0),
            number(row["seats"], 0),
            number(row["cost"], 0),
            percent(row["gap"]),
            row["status"],
            number(row["seconds"]),
            number(row["memory"], 0),
            number(row["faults"], 0),
            number(row["verified"]),
            number(row["greedy"], 0),
            number(row["greedy_seconds"]),
            number(row["plain"], 0),
            percent(row["plain_gap"]),
        )
        for name, row in good(rows).items()
    ]
    return table(header, shown)


def figures(rows: Rows) -> list[Figure]:
    """Return what was asked beside what was reached."""
    ran = good(rows)
    found = []
    for name in EXAMPLES:
        row = ran.get(name)
        asked = f"proven in {LIMIT:g} s"
        reached = "" if row is None else f"{row['status']} in {number(row['seconds'])} s"
        met = None if row is None else row["status"] == "optimal" and row["seconds"] <= LIMIT and not row["faults"]
        found.append(Figure(name, asked, reached, met))
    row = ran.get(BIG)
    reached = "" if row is None else f"gap {percent(row['gap'])} in {number(row['seconds'], 0)} s"
    met = None if row is None else row["gap"] is not None and row["gap"] <= 0.05 and not row["faults"]
    found.append(Figure(BIG, f"gap ≤ 5 % in {LARGE:g} s", reached, met))
    row = ran.get(EMERGENCY)
    reached = "" if row is None else f"{row['status']}, gap {percent(row['gap'])} in {number(row['seconds'])} s"
    met = None if row is None else row["seconds"] <= URGENT and not row["faults"]
    found.append(Figure(EMERGENCY, f"a team in {URGENT:g} s", reached, met))
    return found


def behind(rows: Rows) -> str:
    """Return where figures fall short."""
    ran = good(rows)
    beaten = [name for name, row in ran.items() if row["plain"] is not None and row["plain"] < row["cost"]]
    told = short_of(figures(rows))
    return told + (f" The plain model finds a cheaper plan: {', '.join(beaten)}." if beaten else "")
