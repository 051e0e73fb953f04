"""What a revision says in words: how many move, what is gained, what is proven, and the list of the changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grouping.plan.revising import Revision

WORDS = {
    "en": {
        "head": "{moves} moved, {joined} joined, {left} left; score {score:.2f} of 100",
        "price": "the moves cost {price:g} member-points: {net:.2f} with them",
        "optimal": "proven: no revision is worth more",
        "feasible": "proven: no revision is worth more than {bound:.2f}",
        "beside": "{proven} that leaves the parts in which nothing has changed as they are: {parts}",
        "still": "nothing has changed, so nothing is revised",
        "comma": ", ",
        "none": "nobody changes group",
        "joined": "{member}: joins {to}",
        "left": "{member}: leaves {old}",
        "moved": "{member}: from {old} to {to}",
        "reason": "; ",
    },
    "zh": {
        "head": "调整{moves}人，新编入{joined}人，调出{left}人；得分{score:.2f}（满分100）",
        "price": "调整代价{price:g}分，计入后{net:.2f}",
        "optimal": "已证明：没有更好的调整方案",
        "feasible": "已证明：任何调整方案都不超过{bound:.2f}",
        "beside": "{proven}（没有变化的{parts}保持不动）",
        "still": "人员和要求均无变化，无需调整",
        "comma": "、",
        "none": "无人调整",
        "joined": "{member}：编入{to}",
        "left": "{member}：调出{old}",
        "moved": "{member}：由{old}调入{to}",
        "reason": "；",
    },
}


def notice(revision: Revision, lang: str = "en") -> str:
    """Return a revision in words.

    Parameters
    ----------
    lang : "en" or "zh"
    """
    words = WORDS.get(lang, WORDS["en"])
    table = revision.changes(lang if lang in WORDS else "en")
    count = table["change"].value_counts()
    lines = [
        words["head"].format(
            moves=revision.moves, joined=count.get("joined", 0), left=count.get("left", 0), score=revision.score
        )
    ]
    if revision.price:
        lines.append(words["price"].format(price=revision.price, net=revision.net))
    if {seat.part for seat in revision.plan.result.assignments} <= set(revision.still):
        lines.append(words["still"])
    elif revision.bound is not None:
        proven = words[revision.status].format(bound=revision.bound)
        parts = words["comma"].join(revision.still)
        lines.append(words["beside"].format(proven=proven, parts=parts) if parts else proven)
    return "\n".join([*lines, "", *(_lines(table.to_numpy().tolist(), words) if len(table) else [words["none"]])])


def _lines(rows: list[list[str]], words: dict[str, str]) -> Iterator[str]:
    for member, change, old, to, reason in rows:
        text = words[change].format(member=member, old=old, to=to)
        yield f"  {text}{words['reason']}{reason}" if reason else f"  {text}"
