"""How long a large roster takes: made once, written as CSV and as a workbook, then read, validated and joined.

``python -m benchmarks.rosters [--members N] [--smoke]``

A table of N members × 30 columns with teams, sites, travel minutes, rotas and a committee. The time is that of
`read_roster`, the memory the highest of its process and of the one that parses a workbook, added. Times are of this
machine at this load, so none is asserted; the exit code is non-zero only if a member is lost.
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEADERS = (
    "序号", "工号", "姓名", "性别", "出生年月", "民族", "学历", "参加工作时间", "入党时间", "转正时间", "党员类别",
    "部门", "业务条线", "班组", "岗位", "班制", "轮班组", "工作地点", "党内职务", "技能证书", "所在党支部", "现党小组",
    "党员推荐票", "政治素质", "业务能力", "工作作风", "支部考察得分", "愿任组长", "参加方式", "备注",
)  # fmt: skip
ROTAS = (("P1", "白白白白白休休", 1, 0), ("P2", "早早中中夜夜休休", 4, 2), ("P3", "白夜休", 3, 1))


def tables(members: int, seed: int = 0) -> dict[str, list[list[str]]]:
    """Return name → rows, the header first; the same for the same seed."""
    draw = random.Random(seed)
    branches = max(1, members // 40)
    sites = [f"地点{number}" for number in range(max(4, branches // 4))]
    rows = [list(HEADERS)]
    teams: dict[str, list[str]] = {}
    for number in range(members):
        branch = number * branches // members
        department = f"部门{branch // 3}"
        team = f"班组{branch}-{number % 5}"
        rota = ROTAS[number % 5 % 3]
        site = sites[(branch + number % 5) % len(sites)]
        teams.setdefault(team, [team, department, "后勤", site, rota[0], "12"])
        joined = f"{1990 + number % 34}-{1 + number % 12:02}-{1 + number % 28:02}"
        rows.append([
            str(number + 1), f"E{number:07}", "张" + chr(0x4E00 + number % 8000), draw.choice("男女"),
            f"{1965 + number % 40}.{1 + number % 12:02}", "汉族", draw.choice(("本科", "大专", "高中")),
            "2005年7月", joined,
            f"{1991 + number % 34}-01-01", "正式党员" if number % 13 else "预备党员", department, "后勤", team, "岗位",
            rota[0], "甲乙丙丁"[number % 4] + "班", site, "", "电工证;急救员证" if number % 7 == 0 else "",
            f"第{branch}党支部", f"第{branch}-{number % 5}小组", f"{number % 20}票", str(70 + number % 30),
            "85", "88.5",
            f"{70 + number % 30}.5", "√" if number % 3 else "", "正常", "无",
        ])  # fmt: skip
    return {
        "roster": rows,
        "teams": [["班组", "部门", "业务条线", "工作地点", "班制", "职工数"], *teams.values()],
        "sites": [["地点名称", "会议室容量"], *([site, "20"] for site in sites)],
        "travel_minutes": [["从", "到", "步行分钟"], *([sites[0], site, "9"] for site in sites[1:])],
        "shift_patterns": [
            ["班制", "排班序列", "班组数", "错位天数", "基准日"],
            *([name, sequence, str(crews), str(step), "2026-11-30"] for name, sequence, crews, step in ROTAS),
        ],
        "committee": [["工号", "党内职务"], *([f"E{number:07}", "委员"] for number in range(0, members, 40))],
    }


def write(folder: Path, members: int) -> list[Path]:
    """Write the tables as a folder of CSV files and as one workbook; return both."""
    from xlsxwriter import Workbook

    found = tables(members)
    (folder / "csv").mkdir()
    for name, rows in found.items():
        with (folder / "csv" / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows(rows)
    with Workbook(folder / "roster.xlsx", {"constant_memory": True}) as book:
        for name, rows in found.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return [folder / "csv", folder / "roster.xlsx"]


def measure(path: Path) -> None:
    """Read a roster in this process and print what it took."""
    from grouping.roster import read_roster

    begun = time.perf_counter()
    roster = read_roster(path)
    seconds = time.perf_counter() - begun
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = sum(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024
    print(f"{len(roster)} {seconds:.1f} {used:.0f}")


def main(arguments: list[str] | None = None) -> int:
    """Make the files, read each in a process of its own, print a table; 1 if a member was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.measure:
        measure(given.measure)
        return 0
    members = 2_000 if given.smoke else given.members
    lost = False
    print(f"{'rosters':<24} {'members':>9} {'columns':>8} {'s':>7} {'MB':>7}")
    with tempfile.TemporaryDirectory() as name:
        for path in write(Path(name), members):
            command = [sys.executable, "-m", "benchmarks.rosters", "--measure", str(path)]
            done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
            count, seconds, used = done.stdout.split()
            lost = lost or int(count) != members
            print(f"{path.name:<24} {count:>9} {len(HEADERS):>8} {seconds:>7} {used:>7}")
    return int(lost)


if __name__ == "__main__":
    raise SystemExit(main())
