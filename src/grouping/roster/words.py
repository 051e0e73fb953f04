"""What is said about rosters, in English and Chinese: sentences are written in English where they are used, and their
Chinese is in ``data/sentences.csv``.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from grouping.phrases import Phrase, said


@cache
def sentences() -> dict[str, str]:
    """Return English template → Chinese template."""
    text = files("grouping.roster").joinpath("data", "sentences.csv").read_text(encoding="utf-8")
    return {row["en"]: row["zh"] for row in csv.DictReader(text.splitlines())}


@cache
def usual() -> dict[str, tuple[str, str]]:
    """Return code of a fault → what is expected and what to do, where the place that found it does not say."""
    text = files("grouping.roster").joinpath("data", "faults.csv").read_text(encoding="utf-8")
    return {row["code"]: (row["expected"], row["advice"]) for row in csv.DictReader(text.splitlines())}


def say(template: str, **facts: object) -> Phrase:
    """Return a sentence with its facts filled in, in both languages.

    >>> say("{count} members", count=3).zh
    '3 名成员'
    """
    if isinstance(template, Phrase):
        return template
    chinese = sentences().get(template, template)
    if not facts:
        return Phrase(template, chinese)
    in_chinese = {key: said(value, "zh") if isinstance(value, Phrase) else value for key, value in facts.items()}
    return Phrase(template.format(**facts), chinese.format(**in_chinese))


def line(*parts: str) -> Phrase:
    """Return phrases as one, separated by "; or "."""
    return Phrase("; or ".join(map(str, parts)), "；或者：".join(said(part, "zh") for part in parts))
