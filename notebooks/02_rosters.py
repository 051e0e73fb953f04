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
# # Rosters as they come
#
# A workbook that three people have edited: a title, a filing line, a header of two levels, merged cells, six forms of
# dates, ticks, `7票`, a total, a note, an empty sheet. What is understood, what is assumed, and what a fault looks
# like. The people are fictional.

# %%
import tempfile
from pathlib import Path

import grouping as gp

# %% [markdown]
# ## Read it
#
# The sample lies in a checkout of the project. Sheets are recognised by their headers; teams, sites and rotas are
# joined.

# %%
folder = Path(tempfile.mkdtemp())
clean = gp.read_roster(gp.sample_path("branch_42"))
workbook = gp.sample_path("branch_42") / "roster.xlsx"
if not workbook.exists():  # an installed package has only the clean files
    workbook = clean.to_excel(folder / "roster.xlsx")
roster = gp.read_roster(workbook)
roster

# %% [markdown]
# ## What was understood
#
# Every row below the header is a member or is listed as skipped, every column is used or listed as ignored, and every
# assumption is told. `describe("zh")` says the same in Chinese.

# %%
print("\n".join(roster.report.describe("zh").splitlines()[-24:]))

# %%
report = roster.report.to_frame()
report[report["section"].isin(["rows skipped", "tables not used", "warnings"])]

# %% [markdown]
# ## A roster with faults
#
# All faults come at once, each with its cell, what was expected and what to do, in English or Chinese. Codes are stable
# for programs. No name of a person is repeated.

# %%
rows = [
    "某支部党员花名册,,,,,,",
    "工号,姓名,部门,班次,地点,入党时间,推荐票数",
    "001,张 三,后勤,白班,北楼,2016年6月,7票",
    "002,李四,后勤,四班三运转,北楼,2016.13,12 票",
    "002,王五,保卫,夜班,,2016/6/2,五票",
    "合计,,3人,,,,",
]
file = folder / "花名册.csv"
file.write_bytes("\n".join(rows).encode("gb18030"))
try:
    gp.read_roster(file)
except gp.RosterError as error:
    print(error.describe("zh"))
    found = [(issue.code, issue.cell) for issue in error.issues]

# %% [markdown]
# The name of a rota is no rota: 四班三运转 is worked in several ways. A full name of the catalogue counts when it is
# confirmed, and the report says what it was taken for.

# %%
rows[3] = "002,李四,后勤,四班三运转(两天一倒),北楼,2016.12,12 票"
rows[4] = "003,王五,保卫,夜班,南楼,2016/6/2,5票"
file.write_bytes("\n".join(rows).encode("gb18030"))
small = gp.read_roster(file, usual_rotas=True)
print(small.report)

# %% [markdown]
# ## Write it, and hide who is who
#
# The workbook reads back as an equal roster. Pseudonyms are stable under a key that you keep.

# %%
again = gp.read_roster(roster.to_excel(folder / "copy.xlsx"))
hidden = roster.pseudonymized("a secret that stays with us")
again == roster, hidden.member_ids[:3], hidden.members[0].name

# %% [markdown]
# ## What must hold

# %%
assert again == roster
assert len(roster) == len(clean) == 42
assert len(small) == 3
assert {("bad_date", "F4"), ("duplicate_id", "A5"), ("bad_number", "G5")} <= set(found)
assert dict(small.report.rows)["花名册.csv"] == len(small) + len(small.report.skipped)
assert hidden.column("name") == [None] * 42
