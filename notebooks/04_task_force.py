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
# # A task force
#
# A conference in three weeks, a burst heating main tonight: a few members are pulled out of the standing groups for a
# time, without moving their membership. Who is it, what does it cost the shifts and the groups, and who was next? The
# people are fictional.

# %%
import datetime as dt
import tempfile
from importlib.util import find_spec
from pathlib import Path

import grouping as gp
from grouping.taskforce.verifying import verify

# %% [markdown]
# ## What is asked
#
# Tasks are read from JSON, TOML or a table: roles with skills and numbers, daily hours or waves, leader and deputy, and
# the limits on what teams and shifts may lose.

# %%
folder = gp.sample_path("branch_42")
roster = gp.read_roster(folder)
tasks = gp.read_tasks(folder / "tasks.json")
conference, repair = tasks
[(role.name, role.min, role.max, conference.site_of(role)) for role in conference.roles]

# %% [markdown]
# ## Who serves
#
# Both tasks are decided together: nobody is in two places, and what one takes the other cannot take.

# %%
plan = gp.form_task_forces(roster, tasks, time_limit=60)
print(plan.describe("zh"))

# %%
plan.roster_by_role().query("task == @repair.task_id")

# %% [markdown]
# ## Why these people
#
# Who was next and by how much, and who was ruled out by what. Every difference is the cost of the plan with the other
# person in the seat, counted again.

# %%
leader = plan.leader_of(conference.task_id)
print(plan.explain(leader, task=conference.task_id).text("zh"))

# %%
plan.explain(role="餐饮 catering").to_frame()

# %% [markdown]
# ## If somebody cannot come
#
# For every role the next two people, and the plan with the fewest changes.

# %%
plan.reserve()

# %%
ill = plan.members_of(conference.task_id, "餐饮 catering")[0]
revised = plan.revise([ill])
plan.changes(revised)

# %% [markdown]
# ## Over the standing groups
#
# The standing plan stays as it is; the overlay shows what members carry besides. When the group has dissolved, the plan
# is history, and the next one asks others first.

# %%
standing = gp.evaluate(roster, gp.Policy.balanced(size=(6, 12)), "current_group")
overlay = standing.with_task_forces(plan)
overlay.load

# %%
past = plan.history(until=dt.date(2027, 1, 1))
later = gp.form_task_forces(roster, conference, history=past, time_limit=60)
shared = set(later.members_of(conference.task_id)) & set(past["member_id"])
len(shared), len(later.members_of(conference.task_id))

# %% [markdown]
# ## The form and the chart
#
# The fields of 临时党小组成立审批表 as data; what nobody has told stays empty. The chart needs matplotlib.

# %%
form = plan.approval_form(conference.task_id)
{field: text for field, text in form.items() if field != "成员"}

# %%
if find_spec("matplotlib") is not None:
    plan.plot(repair.task_id)

# %% [markdown]
# ## What must hold

# %%
file = Path(tempfile.mkdtemp()) / "task_forces.json"
plan.to_json(file)
assert gp.TaskForcePlan.from_json(file) == plan
assert plan.status == "optimal"
for one in (plan, revised, later):
    assert verify(roster, one.result) == []
assert ill not in {one.member_id for one in revised.services}
assert {"comes", "leaves"} <= set(plan.changes(revised)["what"])
assert len(overlay.load) == len(plan.services)
assert standing.with_task_forces(plan).standing is standing
