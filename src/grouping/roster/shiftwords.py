"""What the words in a roster's shift column mean: rotas that are defined, plain labels, rotas explained nowhere."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from grouping.roster.faults import choices
from grouping.roster.schema import LABEL_PREFIX, ShiftPattern
from grouping.roster.shifts import LABEL_ANCHOR, code_of_label, is_off
from grouping.roster.synonyms import examples, label_words, narrow, read_data, squeeze
from grouping.roster.words import line, say

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from grouping.roster.schema import ShiftCode

_SEARCHES = 300
"""Different unknown words for which near ones are looked for."""
_NO_PATTERNS = "define the rota in shift_patterns (it is never guessed from its name)"
_ROTA = re.compile(
    r"倒|运转|轮|休|不定时|不固定|综合工时|综合计算|irregular|rota|\d\s*on\b|[二三四五六2-6]班[二三四2-4]"
)
"""What shows that a word is the name of a rota, and not a plain label written wrongly."""
_SHOWN_LABELS = 8


class ShiftWords:
    """What the words in a shift column mean; bare labels become patterns as they are met."""

    def __init__(
        self,
        codes: Mapping[str, ShiftCode],
        patterns: Mapping[str, ShiftPattern],
        *,
        unknown_as_label: bool,
        usual_rotas: bool = False,
        usual_anchor: dt.date = LABEL_ANCHOR,
    ) -> None:
        self.codes = codes
        self.patterns = dict(patterns)
        self.unknown_as_label = unknown_as_label
        self.defined = tuple(patterns)
        self._found: dict[str, str | None] = {}
        self._advice: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self.usual_rotas = usual_rotas
        self.by_name: dict[str, str] = {}
        """Ids that are defined nowhere → the name beside them, by which the pattern was found."""
        self.unexplained: dict[str, list[str]] = {}
        """Rotas without a sequence → the cells that name them."""
        self.taken: list[ShiftPattern] = []
        self._usual: dict[str, ShiftPattern] = {}
        for usual in usual_patterns(codes, usual_anchor):
            if usual.pattern_id not in patterns:
                self._usual.update({squeeze(word): usual for word in (usual.pattern_id, *usual.names)})
        for pattern in patterns.values():
            for word in (pattern.pattern_id, *pattern.names):
                self._names.setdefault(squeeze(word), pattern.pattern_id)
        self._names.update({squeeze(pattern_id): pattern_id for pattern_id in patterns})

    def is_defined(self, text: str) -> bool:
        """Whether a word names a pattern of the roster's own table."""
        return squeeze(text) in self._names

    def is_rota(self, text: str, name: str | None) -> bool:
        """Whether an unknown word is certainly a rota, whose sequence nothing that was handed in explains.

        It is none where the roster has a table of rotas, as it then had better be in it.

        Parameters
        ----------
        name : of the rota, where ``text`` is its id
        """
        if self.defined:
            return False
        words = [squeeze(word) for word in (text, name) if word]
        in_catalogue = any(len(word) > 1 and word in known for word in words for known in self._usual)
        return len(set(words)) > 1 or in_catalogue or any(_ROTA.search(word) for word in words)

    def take_unexplained(self, text: str, name: str | None) -> str:
        """Keep a rota that nothing explains by its name, without a sequence; return its id."""
        names = (name,) if name and name != text else ()
        self.patterns[text] = ShiftPattern(pattern_id=text, names=names, anchor=LABEL_ANCHOR)
        self._found[text] = text
        self._names.setdefault(squeeze(text), text)
        return text

    def remember(self, pattern_id: str, cell: str) -> None:
        """Note where a rota without a sequence is named."""
        pattern = self.patterns[pattern_id]
        if not pattern.cycle and not pattern.is_label:
            self.unexplained.setdefault(pattern_id, []).append(cell)

    def usual(self, pattern_id: str) -> ShiftPattern | None:
        """Return what the catalogue says about a rota, by its id or name."""
        return self._usual.get(squeeze(pattern_id))

    def resolve(self, text: str) -> str | None:
        """Return the pattern id for a word, None if it is not known."""
        if text not in self._found:
            self._found[text] = text if text in self.defined else self._resolve(text)
        return self._found[text]

    def _resolve(self, text: str) -> str | None:
        named = self._names.get(squeeze(text))
        if named is not None:
            return named
        usual = self._usual.get(squeeze(text))
        if usual is not None and self.usual_rotas:
            self.patterns[usual.pattern_id] = usual
            self.taken.append(usual)
            return usual.pattern_id
        label = narrow(text.removeprefix(LABEL_PREFIX))
        code = code_of_label(label, self.codes)
        if not label or (code is None and not self.unknown_as_label):
            return None
        pattern_id = LABEL_PREFIX + label
        if code is None:
            sequence: tuple[str, ...] = ()
        else:
            off = next(known.code for known in self.codes.values() if is_off(known))
            sequence = (code,) * 5 + (off,) * 2
        self.patterns[pattern_id] = ShiftPattern(
            pattern_id=pattern_id, names=(label,), sequence=sequence, anchor=LABEL_ANCHOR
        )
        return pattern_id

    def advice(self, text: str) -> str:
        """Return what could be written instead of an unknown word."""
        if text not in self._advice:
            self._advice[text] = self._advise(text)
        return self._advice[text]

    def _advise(self, text: str) -> str:
        words = [word for group in label_words() for word in group if code_of_label(word, self.codes)]
        own = [word for code in self.codes.values() for word in (code.code, *code.names)]
        known = dict.fromkeys([*self.defined, *own, *words])
        near = get_close_matches(text[:100], known, n=3, cutoff=0.6) if len(self._advice) <= _SEARCHES else []
        parts: list[str] = [say("{words} is meant", words=" / ".join(near))] if near else []
        parts += self._from_catalogue(text)
        if near:
            return line(*parts)
        if self.defined:
            parts.append(say("use a known pattern: {words}", words=choices(self.defined)))
        elif not parts:
            parts.append(say(_NO_PATTERNS))
        labels = (examples(group) for group in label_words() if code_of_label(group[0], self.codes))
        fitting = [next((word for word in two if word.isascii() == text.isascii()), two[0]) for two in labels]
        parts.append(say("use a known label: {words}", words=" / ".join(fitting[:_SHOWN_LABELS])))
        parts.append(say("pass unknown_shift='label' to let members with the same word meet"))
        return line(*parts)

    def _from_catalogue(self, text: str) -> list[str]:
        """Return what the catalogue of usual rotas offers for an unknown word."""
        usual = self.usual(text)
        if usual is not None:
            confirm = "pass usual_rotas=True (--usual-rotas) to confirm that it is the usual rota {sequence}"
            return [say(confirm, sequence="".join(usual.sequence))]
        if self.usual_rotas or len(text) < 2:
            return []
        like = [one for one in self._usual.values() if any(squeeze(text) in squeeze(name) for name in one.names)]
        named = dict.fromkeys(f"{one.names[0]} = {''.join(one.sequence)}" for one in like)
        about = "write one of the catalogue's names and confirm it by usual_rotas=True (--usual-rotas): {words}"
        return [say(about, words=choices(named))] if named else []


def usual_patterns(codes: Mapping[str, ShiftCode], anchor: dt.date) -> list[ShiftPattern]:
    """Return the rotas of the package's catalogue whose codes are known, as they are when nothing else is said."""
    found = []
    for row in read_data("usual_rotas.csv"):
        if all(code in codes for code in row["sequence"]):
            names = (row["name_zh"], row["name_en"])
            crews, step = int(row["crews"]), int(row["crew_step_days"])
            found.append(
                ShiftPattern(
                    pattern_id=row["pattern_id"],
                    names=names,
                    sequence=tuple(row["sequence"]),
                    anchor=anchor,
                    crews=crews,
                    crew_step_days=step,
                )
            )
    return found
