# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first plan
#
# From a roster to groups: what was read, who is free when, the proposed division beside today's, why a group is as it
# is, and what changes with another policy. The roster is a sample of fictional people: a branch of 42 shift workers.

# %%
import grouping as gp

# %% [markdown]
# ## The roster
#
# A folder of CSV files, with Chinese headers as they come from the office. The report says how every column was
# understood; columns such as ethnicity and remarks are never stored.

# %%
roster = gp.read_roster(gp.sample_path("branch_42"))
print(roster)
print("ignored:", *(f"{table} {header}: {why}" for table, header, why in roster.report.columns_ignored[:3]), sep="\n  ")
print("warnings:", *roster.report.warnings, sep="\n  ")

# %% [markdown]
# ## Who is free when
#
# Four states instead of free or busy: D on duty, A adjacent to a shift (already or still on site), O off, R protected
# rest after a night. Two canteen shifts that change weekly are never free at the same hour of a working day; this is
# why dividing shift workers is hard.

# %%
states = roster.availability()
two_shifts = ["HQ0001", "HQ0002"]  # the early and the late canteen shift
first_day = states.columns[:6]  # a Monday
states.loc[two_shifts, first_day]

# %% [markdown]
# How many members could come (A or O) to each session of the first week: no hour suits everybody.

# %%
can_come = states.isin(["A", "O"]).sum().head(42)
print(f"best hour of the first week: {can_come.max()} of {len(roster)} members; worst: {can_come.min()}")

# %% [markdown]
# ## Form the groups
#
# The balanced policy weighs the three principles the same. The run ends as soon as the plan is proven optimal, or at
# the time limit.

# %%
policy = gp.Policy.balanced(size=(6, 12))
plan = gp.form_groups(roster, policy, time_limit=15)
plan

# %% [markdown]
# ## Today's division and the proposed one
#
# `evaluate` scores any division by the same policy; without further words it takes today's groups from the roster.
# Look at what gets worse, too: more groups need more leaders, and some people move.

# %%
today = gp.evaluate(roster, policy)
gp.compare({"today": today, "proposed": plan}).round(1)

# %% [markdown]
# ## One group in detail
#
# What the group with the lowest score loses, and by which criterion. The findings of all groups add up to the cost of
# the plan exactly.

# %%
groups = plan.groups.set_index("group")
weakest = groups["score"].idxmin()
print(groups.loc[weakest, ["size", "leader", "session", "place", "work", "attendance"]])
for finding in plan.findings:
    if finding.group == weakest and finding.points:
        print(f"- {finding.criterion}: {finding.sentence()}")

# %% [markdown]
# In Chinese, as it could go into the annex of a proposal (建议方案):

# %%
print("\n".join(plan.describe("zh").splitlines()[:12]))

# %% [markdown]
# ## Change the policy
#
# Two alternative sessions for each group instead of one (错时开展活动): everybody comes to the one that suits. To
# compare fairly, both plans are scored by the new policy: `evaluate` gives the first plan its best two sessions, too.

# %%
two_sessions = gp.Policy.balanced(size=(6, 12), prefer=[gp.Attendance(sessions=2)])
second = gp.form_groups(roster, two_sessions, time_limit=15)
gp.compare({"first plan": gp.evaluate(roster, two_sessions, plan), "made for two sessions": second}).round(1)

# %% [markdown]
# ## Save
#
# The table opens in Excel (it holds the members' names, because the roster is handed over); the JSON is the whole
# result and can be read back.

# %%
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())
plan.to_csv(folder / "plan.csv", roster)
plan.to_json(folder / "plan.json")
again = gp.Plan.from_json(folder / "plan.json")
sorted(path.name for path in folder.iterdir())

# %% [markdown]
# ## What must hold

# %%
assert len(plan.assignments) == len(roster) == 42
assert not plan.violations
assert (states.loc[two_shifts, first_day] == "D").any().all()
assert groups["size"].between(6, 12).all()
assert plan.bound is not None
assert today.score < plan.score <= plan.bound

# %%
assert abs((plan.scores["weight"] * plan.scores["score"]).sum() - plan.score) < 1e-9
assert sum(finding.points for finding in plan.findings) == plan.cost
assert gp.evaluate(roster, policy, plan.assignments).cost == plan.cost
assert again == plan
