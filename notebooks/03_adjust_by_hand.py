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
# # Accept, move by hand, lock, solve the rest
#
# A committee rarely takes a proposal as it is. Here a part of it is accepted, one member is moved by hand, both are
# locked, and the rest is solved anew. Then somebody joins and somebody leaves.

# %%
import grouping as gp

roster = gp.read_roster(gp.sample_path("branch_42"))
plan = gp.form_groups(roster, gp.Policy.balanced(size=(6, 12)), time_limit=10)
plan.groups[["group", "size", "leader", "place", "score"]].round(1)

# %% [markdown]
# ## Accept two groups
#
# The two groups that score most are taken as they are: members and leader.

# %%
accepted = plan.groups.nlargest(2, "score")["group"].tolist()
accepted

# %% [markdown]
# ## Move somebody by hand
#
# A member asks for another group. `place` would rank the groups for a newcomer; for a member who is there, score the
# division with the change. What it costs is what `changes` says.

# %%
groups = plan.assignments.set_index("member_id")["group"].to_dict()
others = plan.assignments[(plan.assignments["role"] == "member") & ~plan.assignments["group"].isin(accepted)]
member = others["member_id"].iloc[0]
largest = plan.groups[~plan.groups["group"].isin([*accepted, groups[member]])].nsmallest(1, "size")["group"].iloc[0]
hand = gp.evaluate(roster, plan.policy, {**groups, member: largest})
print(f"{plan.score:.2f} before, {hand.score:.2f} after; rules broken: {len(hand.violations)}")
hand.changes(plan)

# %% [markdown]
# ## Lock both, and solve the rest
#
# `lock` gives the policy with a rule for each group that is kept. It works on the division made by hand, too.

# %%
locked = hand.lock(groups=accepted, members=[member])
rest = gp.form_groups(roster, locked, time_limit=10)
gp.compare({"proposed": plan, "by hand": hand, "the rest solved": rest}).loc[["score", "groups", "rules broken"]].round(
    2
)

# %%
rest.changes(hand, match=True)[["member_id", "from", "to", "reason"]]

# %% [markdown]
# The same in Chinese, as an annex (调整人员名单):

# %%
print("\n".join(rest.changes(plan, match=True, lang="zh")["reason"].head(3)))

# %% [markdown]
# ## What else would be nearly as good

# %%
print(gp.alternatives(plan, count=2, min_moves=4, max_loss=2, time_limit=8))

# %% [markdown]
# ## Somebody joins, somebody leaves
#
# The new colleague is ranked over the groups first. Then the plan is revised: a move has to be worth its price.

# %%
newcomer = {"工号": "HQ0099", "部门": "餐饮服务部", "班制": "CAN2W", "地点": "一号食堂"}
placing = gp.place(rest, newcomer)
placing

# %%
now = placing.roster.select([one for one in placing.roster.member_ids if one != roster.member_ids[-1]])
revision = gp.revise(rest, roster=now, time_limit=10)
print(revision)

# %% [markdown]
# ## What must hold

# %%
before = {name: set(plan.assignments.loc[plan.assignments["group"] == name, "member_id"]) for name in accepted}
after = {name: set(rest.assignments.loc[rest.assignments["group"] == name, "member_id"]) for name in accepted}
assert before == after
assert rest.assignments.set_index("member_id")["group"][member] == largest
assert not rest.violations
assert gp.evaluate(roster, plan.policy, rest).cost == rest.cost
assert placing.best.cost == min(option.cost for option in placing if not option.broken)
assert len(revision.plan.assignments) == len(now) == 42
assert revision.moves == len(revision.changes(reasons=False).query("change == 'moved'"))
