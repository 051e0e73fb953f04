"""Rows that stand between records and are none: totals and notes."""

from __future__ import annotations

import unicodedata

from grouping.roster.synonyms import squeeze

_TOTALS = frozenset(
    squeeze(word)
    for word in ("合计", "总计", "小计", "共计", "累计", "总数", "total", "subtotal", "grand total", "sum")
)
_NOTES = tuple(
    squeeze(word)
    for word in (
        "注", "备注", "说明", "填表说明", "填表人", "制表", "制表人", "审核", "审核人", "负责人", "联系人", "填报单位",
        "填报日期", "填报人", "编制", "批准", "单位盖章", "note", "notes", "remark", "remarks",
        "prepared by", "checked by",
    )
)  # fmt: skip


def is_total(text: str) -> bool:
    """Whether the first text of a row says that the row adds up others.

    >>> is_total("合　计"), is_total("合计：42人"), is_total("合计华"), is_total("Total")
    (True, True, False, True)
    """
    word = squeeze(text)
    return word in _TOTALS or any(
        word.startswith(known) and not unicodedata.category(word[len(known)]).startswith("L") for known in _TOTALS
    )


def is_note(text: str) -> bool:
    """Whether the first text of a row is a note: "注：…", "填表人：…".

    >>> is_note("注:以上人员均为虚构。"), is_note("注册会计师"), is_note("制表人：张三"), is_note("Note 1: see below")
    (True, False, True, True)
    """
    word = squeeze(text)
    for known in _NOTES:
        rest = word.removeprefix(known)
        if rest != word and rest.lstrip("0123456789()一二三四五").startswith((":", ".", "、")):
            return True
    return word.startswith(("*", "※"))
