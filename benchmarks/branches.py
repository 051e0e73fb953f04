"""Branches: the work the library is for.

Groups of 6 to 12, the number of groups free. Score and bound are of 100, larger is better; the gap is that of the
costs, (cost − bound) / cost. "first" is when the first plan that keeps every rule was there, "best" the best one, and
"proof" when nothing was left to prove; all count from the roster in memory and the libraries
loaded, so they include making the problem.
`branch_42` and `organisation_260` are in `data/samples`. `company_3000` is not part of the project: it is read from
`domain/company_3000` in the folder that GROUPING_BENCH_DATA names; its 78 branches are one call of `gp.form_groups`.
The plain model is the one a textbook writes: a Boolean per member and group, in CP-SAT with two workers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import grouping as gp
from benchmarks.case import (
    Case,
    Cells,
    Figure,
    MissingDataError,
    Rows,
    Trace,
    data_folder,
    gap_of,
    good,
    number,
    percent,
    short_of,
    table,
)

TITLE = "Branches"
SIZE = (6, 12)
LIMIT = 60.0
COMPANY_LIMIT = 300.0
PRESETS: dict[str, Callable[..., gp.Policy]] = {
    "balanced": gp.Policy.balanced,
    "by_business_line": gp.Policy.by_business_line,
    "by_location": gp.Policy.by_location,
}
BRANCH = "branch_42"


def cases(smoke: bool) -> list[Case]:
    """Return the cases."""
    limit = 10.0 if smoke else LIMIT
    found = [Case(f"{BRANCH}, 1 session", partial(branch, 1, limit), limit)]
    if smoke:
        return [*found, Case(f"{BRANCH}, 1 session, plain model", partial(plain, 1, 3.0), 3.0)]
    found.append(Case(f"{BRANCH}, 2 sessions", partial(branch, 2, limit), limit))
    found += [
        Case(f"{BRANCH}, {k} session{'s' * (k > 1)}, plain model", partial(plain, k, limit), limit) for k in (1, 2)
    ]
    for preset in PRESETS:
        for name in of_branches(organisation()):
            found.append(Case(f"organisation_260/{name}, {preset}", partial(organised, name, preset, limit), limit))
    return [*found, Case("company_3000, 78 branches", company, COMPANY_LIMIT)]


def organisation() -> gp.Roster:
    """Return the sample of 260 members in seven branches."""
    return gp.read_roster(gp.sample_path("organisation_260"))


def of_branches(roster: gp.Roster) -> dict[str, list[str]]:
    """Return the member ids of every branch, by name."""
    found: dict[str, list[str]] = {}
    for member in roster.members:
        found.setdefault(member.branch or "", []).append(member.member_id)
    return dict(sorted(found.items()))


def policy_of(sessions: int) -> gp.Policy:
    """Return the balanced policy with so many sessions."""
    return gp.Policy.balanced(size=SIZE, prefer=[gp.Attendance(sessions=sessions)])


def branch(sessions: int, limit: float, seed: int) -> Cells:
    """Run the branch of 42."""
    return formed(gp.read_roster(gp.sample_path(BRANCH)), policy_of(sessions), limit, seed)


def organised(name: str, preset: str, limit: float, seed: int) -> Cells:
    """Run one branch of the 260."""
    roster = organisation()
    return formed(roster.select(of_branches(roster)[name]), PRESETS[preset](size=SIZE), limit, seed)


def company(seed: int) -> Cells:
    """Run the 78 branches of 3,000 members as one job."""
    folder = data_folder("domain", "company_3000")
    if folder is None:
        raise MissingDataError("company_3000 is third-party data; set GROUPING_BENCH_DATA to the folder that has it")
    return formed(gp.read_roster(folder), gp.Policy.balanced(size=SIZE), COMPANY_LIMIT, seed)


def formed(roster: gp.Roster, policy: gp.Policy, limit: float, seed: int, **options: Any) -> Cells:
    """Form groups and return the cells that all cases over a roster have."""
    form = gp.form_groups  # loads the solver
    trace = Trace()
    plan = form(roster, policy, time_limit=limit, seed=seed, on_progress=trace, **options)
    total = time.perf_counter() - trace.start
    return {**of_plan(plan), **times_of(plan, trace, total), "members": len(roster)}


def of_plan(plan: gp.Plan) -> Cells:
    """Return how good a plan is, and how many of its parts are proven."""
    parts = plan.provenance["parts"]
    return {
        "score": plan.score,
        "bound": plan.bound,
        "gap": gap_of(plan.cost, plan.cost_bound),
        "status": plan.status,
        "groups": len(plan.groups),
        "parts": len(parts),
        "proven": sum(part.get("stopped_by") == "proof" for part in parts),
        "worst_gap": max((gap_of(part.get("cost"), part.get("cost_bound")) or 0.0 for part in parts), default=None),
        "plan": parts[0].get("plan") if len(parts) == 1 else None,
        "bound_by": parts[0].get("bound") if len(parts) == 1 else None,
    }


def times_of(plan: gp.Plan, trace: Trace, total: float) -> Cells:
    """Return when the first plan, the best one and the proof were there; of a single part only."""
    single = len(plan.provenance["parts"]) == 1
    return {
        "first": trace.first() if single else None,
        "best": trace.best() if single else None,
        "proof": total if plan.status == "optimal" else None,
        "seconds": total,
    }


def plain(sessions: int, limit: float, seed: int) -> Cells:
    """Run the plain assignment model in CP-SAT on the branch of 42."""
    from grouping.policy.compiling import compile_parts
    from grouping.solving import assignment
    from grouping.solving.clock import Clock

    problem = compile_parts(gp.read_roster(gp.sample_path(BRANCH)), policy_of(sessions))[0].problem
    start = time.perf_counter()
    answer, found = assignment.solve(problem, Clock(limit), limit, workers=2, seed=seed, objective=True)
    total = time.perf_counter() - start
    cost = None if found is None else gp.score(problem, found).cost
    proven = cost is not None and answer.bound == cost
    return {
        "score": None if cost is None else problem.score_of(cost),
        "bound": None if answer.bound is None else problem.score_of(answer.bound),
        "gap": gap_of(cost, answer.bound),
        "status": "optimal" if proven else "no plan" if cost is None else "feasible",
        "proof": total if proven else None,
        "seconds": total,
        "members": problem.members,
        "parts": 1,
        "proven": int(proven),
    }


def section(rows: Rows) -> list[str]:
    """Return the table of the family."""
    header = ("case", "members", "score", "bound", "gap", "proven", "first s", "best s", "proof s", "total s", "MB")
    shown = [
        (
            name,
            number(row["members"], 0),
            number(row["score"]),
            number(row["bound"]),
            percent(row["gap"]),
            row["status"] if row["parts"] == 1 else f"{row['proven']:.0f} of {row['parts']:.0f}",
            number(row.get("first")),
            number(row.get("best")),
            number(row.get("proof")),
            number(row["seconds"]),
            number(row["memory"], 0),
        )
        for name, row in good(rows).items()
    ]
    return table(header, shown)


def figures(rows: Rows) -> list[Figure]:
    """Return what was asked of branches beside what was reached."""
    ran = good(rows)
    found = []
    for sessions, most in ((1, 6.0), (2, 10.0)):
        work = f"{BRANCH}, {sessions} session{'s' * (sessions > 1)}"
        row = ran.get(work)
        asked = f"proven ≤ {most:g} s; best plan ≤ 2 s; first plan ≤ 0.5 s"
        if row is None:
            found.append(Figure(work, asked, "", None))
        else:
            times = [row["proof"], row["best"], row["first"]]
            met = all(t is not None and t <= m for t, m in zip(times, (most, 2.0, 0.5), strict=True))
            reached = f"proven {number(times[0])} s; best {number(times[1])} s; first {number(times[2])} s"
            found.append(Figure(work, asked, reached, met))
    models = {name: row for name, row in ran.items() if name.endswith("plain model")}
    still_open = [row["status"] != "optimal" for row in models.values()]
    gaps = ", ".join(percent(row["gap"], 0) for row in models.values())
    asked = f"unproven after {LIMIT:g} s"
    found.append(
        Figure(
            "the plain model on branch_42", asked, f"gap {gaps}" if models else "", all(still_open) if models else None
        )
    )
    seven = {name: row for name, row in ran.items() if name.startswith("organisation_260/")}
    proofs = [row["proof"] for row in seven.values()]
    late = [proof for proof in proofs if proof is None or proof > 15]
    slowest = max((proof for proof in proofs if proof is not None), default=None)
    reached = f"{len(proofs) - len(late)} of {len(proofs)}; slowest proof {number(slowest)} s" if seven else ""
    whole = None if len(seven) < 7 * len(PRESETS) else not late
    found.append(Figure("7 branches of 260 × 3 presets", "each proven ≤ 15 s", reached, whole if seven else None))
    job = ran.get("company_3000, 78 branches")
    asked = "≤ 300 s; ≥ 98 % of the branches proven; gap of the rest ≤ 1 %"
    if job is None:
        found.append(Figure("company_3000", asked, "", None))
    else:
        share = job["proven"] / job["parts"]
        worst = job["worst_gap"]
        met = job["seconds"] <= 300 and share >= 0.98 and job["gap"] is not None and worst <= 0.01
        reached = f"{number(job['seconds'], 0)} s; {percent(share, 1)} proven; largest gap {percent(worst)}"
        found.append(Figure("company_3000", asked, reached, met))
    return found


def behind(rows: Rows) -> str:
    """Return where figures fall short of what was asked, from the rows."""
    return short_of(figures(rows))
