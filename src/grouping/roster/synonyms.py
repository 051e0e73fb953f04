"""The words of rosters, Chinese and English, and what they mean to us."""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NARROW = {0x3000: " ", **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}}
_LONGEST_WORD = 200
_AROUND = re.compile(
    r"^[*※★●]+|[*※★:]+$"
    r"|\((?:[^()]*(?:必填|选填|可选|必选|下拉|格式|全称|简称|[/√])[^()]*|[年月日]+|分|票|yyyy[^()]*|required|optional)\)$"
)
"""What is written around headers and is no part of them; brackets with anything else may change the meaning."""
_SPACE = re.compile(r"[\s_\-]+")


def plain(text: str) -> str:
    """Return a word in the form in which words are compared: no case, width, space, hyphen or underscore."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", text[:_LONGEST_WORD]).strip().strip("\ufeff").casefold())


def narrow(text: str) -> str:
    """Return an id without full-width digits, letters, marks and spaces; all else stays as it is.

    >>> narrow("ＨＱ０００１　")
    'HQ0001'
    """
    return text.translate(_NARROW).strip()


def squeeze(text: str) -> str:
    """Return a value in the form in which values are compared: no case, width or space."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def read_data(name: str) -> list[dict[str, str]]:
    """Return the rows of a table that comes with the package."""
    text = files("grouping.roster").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def column_words(table: str) -> dict[str, tuple[str, str]]:
    """Return header (plain) → (our field, its role) for one kind of table.

    Roles: ``value``; ``id`` (the same meaning, told by id); ``fallback`` (the meaning if no other column has it);
    ``attribute`` (a known further attribute); ``unused``; ``private`` (never stored).
    """
    words: dict[str, tuple[str, str]] = {}
    for row in read_data("column_synonyms.csv"):
        if row["table"] != table:
            continue
        for word in [*row["synonyms"].split("|"), row["field"]]:
            words.setdefault(plain(word), (row["field"], row["role"]))
    return words


def meaning_of(header: str, words: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """Return our field and its role for a header, ("", "") if it is not known; marks around it do not matter.

    >>> meaning_of("*工号（必填）：", column_words("roster")), meaning_of("部门(调出前)", column_words("roster"))
    (('member_id', 'value'), ('', ''))
    """
    word = plain(header)
    while word not in words and (shorter := _AROUND.sub("", word)) != word:
        word = shorter
    return words.get(word, ("", ""))


@cache
def value_words(field: str) -> dict[str, str]:
    """Return value (squeezed) → our value for one field."""
    words: dict[str, str] = {}
    for row in read_data("value_synonyms.csv"):
        if row["field"] == field:
            for word in row["synonyms"].split("|"):
                words.setdefault(squeeze(word), row["value"])
    return words


@cache
def label_words() -> tuple[tuple[str, ...], ...]:
    """Return the bare shift labels that are understood, as written in the package's list, per code."""
    rows = (row for row in read_data("value_synonyms.csv") if row["field"] == "shift")
    return tuple(tuple(row["synonyms"].split("|")) for row in rows)


def examples(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first Chinese and the first English of some words."""
    firsts = [next((word for word in words if word.isascii() == is_ascii), None) for is_ascii in (False, True)]
    return tuple(word for word in firsts if word)


@cache
def _private_words() -> tuple[str, ...]:
    identity = "身份证|证件号|籍贯|户籍|户口|民族|宗教|健康状况|病史|银行卡|账号|identitycard|passport"
    reach = "手机|电话|住址|家庭地址|现居住|邮箱|微信"
    text = f"{identity}|{reach}"
    return tuple(plain(word) for word in text.split("|"))


@cache
def is_private(table: str, header: str) -> bool:
    """Whether a column holds what is never stored: by its synonyms, or by a word anywhere in its header.

    >>> is_private("roster", "本人身份证号码"), is_private("roster", "手机号(必填)"), is_private("roster", "姓名")
    (True, True, False)
    """
    word = plain(header)
    return column_words(table).get(word, ("", ""))[1] == "private" or any(one in word for one in _private_words())


def participation_in(remark: str) -> str | None:
    """Return the way of taking part that a remark tells, None if it tells none; the remark itself is not kept.

    >>> participation_in("借调集团至2027-06(线上参加)"), participation_in("2027-05退休")
    ('online_only', None)
    """
    words = value_words("participation")
    found = {meaning for word, meaning in words.items() if meaning != "normal" and word in squeeze(remark)}
    return "online_only" if "online_only" in found else next(iter(found), None)
