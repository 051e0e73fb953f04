"""Names of criteria, rules and options as people read them; English ones are those of the code."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache

from grouping.policy.criterion import REGISTRY
from grouping.roster.excel import header
from grouping.roster.synonyms import read_data

_LABEL = re.compile(r"(\w+)(?:\((.*)\))?( #\d+)?", re.DOTALL)
_OFFICE = re.compile(r"leader of (.+)", re.DOTALL)
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d) (Mon|Tue|Wed|Thu|Fri|Sat|Sun) ")
_NEAR = re.compile(r" ±(\d+) min$")
_DAYS = dict(zip(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "一二三四五六日", strict=True))
_UNITS = {"AtLeast": "人", "AtMost": "人", "MaxMoves": "人", "MaxTravel": "分钟"}
_RULES = {
    "size": ("group size", "小组人数"),
    "groups": ("number of groups", "小组数"),
    "unplaced": ("everybody in a group", "全员编组"),
    "place": ("room of the meeting place", "活动地点容量"),
}


def called(label: str, lang: str = "en") -> str:
    """Return the name of a criterion or rule by the label it has in scores, findings and violations.

    Parameters
    ----------
    label : such as "Attendance", "Apart(HQ0012, HQ0031)" or "size"
    lang : "en" or "zh"

    Examples
    --------
    >>> called("AtLeast(1, status=full)", "zh"), called("Travel", "zh"), called("Travel")
    ('至少人数（1人、党员类别为正式党员）', '路程远近', 'Travel')
    """
    if label in _RULES:
        return _RULES[label][lang == "zh"]
    if lang != "zh":
        return label
    office = _OFFICE.fullmatch(label)
    if office:
        return f"{office[1]}现任组长"
    found = _LABEL.fullmatch(label)
    if found is None or found[1] not in REGISTRY or not REGISTRY[found[1]].title:
        return label
    name, inside, number = found.groups()
    shown = "" if inside is None else f"（{'、'.join(_inside(name, part) for part in inside.split(', '))}）"
    return REGISTRY[name].title + shown + (f"第{number[2:]}项" if number else "")


def _inside(name: str, part: str) -> str:
    if part.startswith("not "):
        return f"{part[4:]}除外"
    if name == "Quorum":
        return f"{float(100 * Fraction(part)):g}%"
    if name in _UNITS and part.isdecimal():
        return part + _UNITS[name]
    attr, equals, value = part.partition("=")
    if equals:
        return f"{_header(attr)}为{_values(attr).get(value, value)}"
    return _header(part)


@cache
def _header(attr: str) -> str:
    return header("roster", attr, "zh")


@cache
def _values(attr: str) -> dict[str, str]:
    """Return our value → the first Chinese word for it."""
    rows = [row for row in read_data("value_synonyms.csv") if row["field"] == attr]
    firsts = {row["value"]: [word for word in row["synonyms"].split("|") if not word.isascii()] for row in rows}
    return {value: words[0] for value, words in firsts.items() if words}


def option_called(option: str, lang: str = "en") -> str:
    """Return an option that a group takes (a session, a place, shared work) as it is said in a language.

    Examples
    --------
    >>> option_called("2026-12-27 Sun 17:10–18:10", "zh"), option_called("North gate ±10 min", "zh")
    ('2026年12月27日（周日）17:10–18:10', 'North gate及10分钟范围内')
    """
    if lang != "zh":
        return option
    shown = _DAY.sub(lambda d: f"{d[1]}年{int(d[2])}月{int(d[3])}日（周{_DAYS[d[4]]}）", option)
    shown = _NEAR.sub(lambda near: f"及{near[1]}分钟范围内", shown)
    return shown.replace(" + ", "或").replace(", ", "、")
