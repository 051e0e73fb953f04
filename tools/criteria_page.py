"""Write docs/policies.md: every criterion with its formula, parameters, source and worked number, from its docstring.

``python tools/criteria_page.py`` writes the page, ``python tools/criteria_page.py --check`` tells whether it is up to
date.
"""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import MISSING, fields
from pathlib import Path

from grouping.policy import REGISTRY, Criterion

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "policies.md"

CHAPTERS = {
    "convene": "Easy to hold activities · 便于开展活动 (`convene`)",
    "act": "Easy to act · 便于发挥作用 (`act`)",
    "manage": "Easy to manage · 便于管理党员 (`manage`)",
    "general": "On any attribute, and on named members",
    "attributes": "Alike or different on any attribute, and ties between members",
    "rules": "Rules only",
}

HEAD = """\
# Policies

<!-- Made by tools/criteria_page.py from the docstrings of the criteria. Do not edit; run the tool. -->

A policy says what is wanted: limits of the group size, a number of groups, rules (`must`), wishes (`prefer`), and
weights. Every criterion below can stand under `prefer` with a weight; under `must` the very same count has to be 0.
Those of the last chapter are rules only, and so are `MaxTravel`, `Quorum` and `MaxMoves`.

```toml
preset = "balanced"          # or "by_business_line", "by_location"; leave it out to list everything yourself
size = [6, 12]
groups = [4, 6]              # or a number, or a list of tables with name, size and leader
fairness = "mean"            # or "worst": the group that scores least comes first, see weights.md

[principles]                 # weight of each principle; 0 switches one off
convene = 2
act = 1
manage = 1

[[prefer]]                   # added to the preset; one of the same type replaces the preset's
type = "Attendance"
sessions = 2
weight = 2

[[must]]
type = "Apart"
ids = ["HQ0018", "HQ0020"]
```

In Python: `Policy.load("policy.toml")`, `policy.dump("policy.toml")`, `print(policy.describe())`. A name that is not
known is answered with the nearest ones.

How a score comes about: see [concepts](concepts.md). Every number below is a parameter with a default, never a
constant; the R numbers in the sources are explained at the end.
"""

TAIL = """
## Sources

The library gives no legal advice. Regulations were read on public mirrors; quote from the official text.

- **R3** 支部工作条例(试行) art. 5: what is joined is near in place, alike in trade, easy to manage
  (地域相邻、行业相近、规模适当、便于管理).
- **R6** 中央和国家机关党小组工作规则(试行) art. 1: from 20 members on a branch is divided, below it may be; a group
  has at least 3 members, 1 of them full.
- **R7** No rule gives a largest size of a group. Practice divides from about 15 on; 7 to 9 is this library's default.
- **R10** 支部工作条例(试行) art. 13: the branch designates the leader, or the group recommends one. A large group may
  have a deputy (practice).
- **R11** The leader is a full member, and one of the group (practice).
- **R12** 党章 art. 7: a probationary member has no vote, and neither elects nor is elected; so nobody waits for one to
  have a quorum.
- **R13** A probationary member is educated by committee, branch and group (practice).
- **R15** A branch committee meets with half of its members; this library asks a group for more than half unless told
  otherwise.
- **R18** A local rule asks for 85 % of the members at a meeting (practice).
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for module, title in CHAPTERS.items():
        own = [cls for cls in REGISTRY.values() if cls.__module__ == f"grouping.policy.{module}"]
        if own:
            parts += [f"\n## {title}\n", *(entry(cls).replace("``", "`") for cls in own)]
    others = sorted({cls.__module__ for cls in REGISTRY.values()} - {f"grouping.policy.{m}" for m in CHAPTERS})
    if others:
        raise SystemExit(f"criteria_page: no chapter for the criteria of {', '.join(others)}")
    return "\n".join(parts).rstrip() + "\n" + TAIL


def entry(cls: type[Criterion]) -> str:
    """Return the section of one criterion."""
    sections = split(inspect.getdoc(cls) or "")
    lines = [f"### {cls.__name__}", "", sections[""]]
    rows = parameters(cls)
    if rows:
        lines += ["", "| parameter | default | meaning |", "|---|---|---|", *rows]
    if cls.source:
        lines += ["", f"Source: {cls.source}."]
    if sections.get("Examples"):
        lines += ["", f"Worked number: {sections['Examples']}"]
    if sections.get("Notes"):
        lines += ["", sections["Notes"]]
    return "\n".join(lines) + "\n"


def split(text: str) -> dict[str, str]:
    """Return the sections of a numpy docstring by their headings, what comes before them as ""."""
    pieces = re.split(r"^(\w+)\n-{3,}\n", text, flags=re.MULTILINE)
    return {"": pieces[0].strip(), **{pieces[i]: pieces[i + 1].strip() for i in range(1, len(pieces), 2)}}


def parameters(cls: type[Criterion]) -> list[str]:
    """Return a row of the table for every parameter that is the criterion's own."""
    meaning: dict[str, str] = {}
    for kind in reversed(cls.__mro__):
        if issubclass(kind, Criterion) and kind is not Criterion:
            listed = split(inspect.getdoc(kind) or "").get("Parameters", "")
            for names, words in re.findall(r"^([\w, ]+?) : (.*(?:\n    .*)*)", listed, flags=re.MULTILINE):
                for name in names.split(", "):
                    if ", see " not in words:
                        meaning[name] = " ".join(words.split())
    rows = []
    for part in fields(cls):
        if part.name in ("weight", "principle"):
            continue
        default = "required" if part.default is MISSING else f"`{shown(part.default)}`"
        rows.append(f"| `{part.name}` | {default} | {meaning.get(part.name, '').replace('|', '/')} |")
    return rows


def shown(value: object) -> str:
    """Return a default as it is written in Python."""
    if isinstance(value, tuple) and value and all(isinstance(pair, tuple) for pair in value):
        return repr(dict(value))
    return repr(value)


def main(arguments: list[str]) -> int:
    """Write or check the page; return the exit code."""
    text = page()
    if "--check" in arguments:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
            return 0
        print("docs/policies.md is out of date: python tools/criteria_page.py", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
