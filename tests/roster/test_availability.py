from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.errors import RosterError
from grouping.roster import Roster, Slot

MONDAY = dt.date(2026, 11, 30)
CODES = pd.DataFrame(
    {
        "code": ["D", "N", "S", "H", "A", "O"],
        "segments": ["08:00-17:00", "20:00-08:00+", "05:30-09:30;15:30-19:30", "08:00-08:00+", "16:00-24:00", ""],
        "recovery_hours": [0, 8, 0, 10, 0, 0],
        "is_work": [1, 1, 1, 1, 1, 0],
    }
)


def one_member(sequence: str, offset: int = 0) -> Roster:
    members = pd.DataFrame(
        {"id": ["m1"], "department": ["X"], "shift": ["P"], "cycle_offset": [offset], "site": ["here"]}
    )
    patterns = pd.DataFrame({"pattern_id": ["P"], "sequence": [sequence], "anchor_date": [MONDAY]})
    return Roster.from_frame(members, shift_codes=CODES, shift_patterns=patterns)


def at(day: int, start: str, end: str) -> Slot:
    date = MONDAY + dt.timedelta(days=day)
    begin, finish = (dt.datetime.combine(date, dt.time.fromisoformat(time)) for time in (start, end))
    return Slot("s", begin, finish if finish > begin else finish + dt.timedelta(days=1))


def state(roster: Roster, slot: Slot) -> str:
    return str(roster.availability([slot]).iloc[0, 0])


@pytest.mark.parametrize(
    ("day", "start", "end", "expected"),
    [
        (0, "08:20", "09:20", "D"),
        (0, "17:00", "18:00", "A"),  # begins as the shift ends: adjacent, not on duty
        (0, "19:00", "20:00", "A"),  # begins 120 minutes after
        (0, "19:01", "20:00", "O"),
        (0, "07:00", "08:00", "A"),
        (0, "05:00", "06:00", "A"),  # ends 120 minutes before
        (0, "05:00", "05:59", "O"),
        (0, "16:59", "18:00", "D"),
        (5, "10:00", "11:00", "O"),  # Saturday
        (-3, "10:00", "11:00", "D"),  # the rota runs before its anchor too: a Friday
        (-1, "10:00", "11:00", "O"),
    ],
)
def test_day_shift(day: int, start: str, end: str, expected: str) -> None:
    assert state(one_member("DDDDDOO"), at(day, start, end)) == expected


@pytest.mark.parametrize(
    ("day", "start", "end", "expected"),
    [
        (0, "20:00", "21:00", "D"),
        (0, "18:30", "19:30", "A"),
        (1, "07:30", "08:30", "D"),  # the night began the day before
        (1, "08:20", "09:20", "R"),  # recovery until 16:00
        (1, "15:30", "16:30", "R"),  # rest counts before adjacency
        (1, "16:00", "17:00", "O"),
        (0, "23:00", "01:00", "D"),
        (-1, "21:00", "22:00", "O"),
        (4, "08:20", "09:20", "R"),  # the day after the second round's night
        (3, "20:00", "21:00", "D"),
    ],
)
def test_night_shift_crosses_midnight_and_protects_rest(day: int, start: str, end: str, expected: str) -> None:
    assert state(one_member("NOO"), at(day, start, end)) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("08:20", "09:20", "D"),
        ("10:00", "11:00", "A"),
        ("12:00", "13:00", "O"),
        ("13:30", "14:30", "A"),
        ("19:30", "20:30", "A"),
    ],
)
def test_gap_of_a_split_shift_counts(start: str, end: str, expected: str) -> None:
    assert state(one_member("SSSSSSO"), at(0, start, end)) == expected


def test_day_and_night_duty_rests_ten_hours() -> None:
    roster = one_member("HOO")
    assert [state(roster, at(1, *span)) for span in (("08:20", "09:20"), ("17:30", "18:30"), ("18:00", "19:00"))] == [
        "R",
        "R",
        "O",
    ]


def test_slot_before_midnight_sees_the_next_day() -> None:
    assert state(one_member("OH"), at(0, "05:30", "06:30")) == "D"  # the duty of the day before
    roster = one_member("ON", offset=0)
    assert state(roster, at(0, "23:30", "00:30")) == "O"
    early = pd.DataFrame({"code": ["E", "O"], "segments": ["01:00-09:00", ""], "is_work": [1, 0]})
    members = pd.DataFrame({"id": ["m1"], "department": ["X"], "shift": ["P"], "site": ["here"]})
    patterns = pd.DataFrame({"pattern_id": ["P"], "sequence": ["OEO"], "anchor_date": ["2026-11-30"]})
    roster = Roster.from_frame(members, shift_codes=early, shift_patterns=patterns)
    assert state(roster, at(0, "23:00", "23:30")) == "A"
    assert state(roster, at(0, "23:30", "01:30")) == "D"


def naive_state(roster: Roster, slot: Slot) -> str:
    """The definition, word for word, for one member."""
    member = roster.members[0]
    codes = {code.code: code for code in roster.shift_codes}
    pattern = next(one for one in roster.shift_patterns if one.pattern_id == member.shift_pattern)
    segments = []
    for delta in (-1, 0, 1):
        day = slot.start.date() + dt.timedelta(days=delta)
        code = codes[pattern.sequence[((day - pattern.anchor).days + member.cycle_offset) % pattern.cycle]]
        midnight = dt.datetime.combine(day, dt.time())
        for begin, end in code.segments:
            segments.append(
                (
                    midnight + dt.timedelta(minutes=begin),
                    midnight + dt.timedelta(minutes=end),
                    dt.timedelta(hours=code.recovery_hours),
                )
            )
    near = dt.timedelta(minutes=120)
    if any(slot.start < end and slot.end > begin for begin, end, _ in segments):
        return "D"
    if any(slot.start < end + rest and slot.end > end for _, end, rest in segments):
        return "R"
    zero = dt.timedelta()
    if any(zero <= begin - slot.end <= near or zero <= slot.start - end <= near for begin, end, _ in segments):
        return "A"
    return "O"


@settings(max_examples=60, deadline=None)
@given(
    sequence=st.text("DNSHAO", min_size=1, max_size=9),
    offset=st.integers(-20, 20),
    day=st.integers(-30, 60),
    start=st.integers(0, 1439),
    length=st.integers(1, 180),
)
def test_states_follow_the_definition(sequence: str, offset: int, day: int, start: int, length: int) -> None:
    roster = one_member(sequence, offset)
    begin = dt.datetime.combine(MONDAY + dt.timedelta(days=day), dt.time()) + dt.timedelta(minutes=start)
    slot = Slot("s", begin, begin + dt.timedelta(minutes=length))
    assert state(roster, slot) == naive_state(roster, slot)


def test_default_slots_cover_the_common_cycle() -> None:
    week = one_member("DDDDDOO").default_slots()
    assert len(week) == 7 * 6
    assert (week[0].slot_id, week[0].label) == ("20261130-1", "2026-11-30 Mon 08:20–09:20")
    assert [slot.mode for slot in week[:6]] == ["onsite"] * 5 + ["online"]
    assert len(one_member("DDAANNOO").default_slots()) == 56 * 6
    assert len(one_member("DDDDAAAANNNNNNOOO").default_slots()) == 112 * 6  # 119 days are too many


def test_numbers_and_letters_agree(branch: Roster) -> None:
    numbers, slots = branch.availability_codes()
    assert numbers.dtype == np.uint8
    assert numbers.shape == (42, len(slots))
    letters = np.array(["D", "A", "R", "O"])[numbers]
    assert (branch.availability().to_numpy() == letters).all()


def irregular(days: int, *, gap: int | None = None) -> Roster:
    members = pd.DataFrame(
        {"id": ["m1", "m2"], "department": "X", "shift": ["P", "IRREG"], "site": "here"},
    )
    patterns = pd.DataFrame(
        {"pattern_id": ["P", "IRREG"], "sequence": ["DDAANNOO", None], "anchor_date": ["2026-11-30", "2026-11-30"]}
    )
    dates = [MONDAY + dt.timedelta(days=day) for day in range(days) if day != gap]
    calendar = pd.DataFrame({"id": "m2", "date": dates, "shift_code": "O"})
    return Roster.from_frame(members, shift_codes=CODES, shift_patterns=patterns, explicit_shifts=calendar)


def test_calendars_shorten_the_horizon_to_what_they_cover() -> None:
    assert len(irregular(20).horizon()) == 20
    assert len(irregular(100).horizon()) == 56
    assert irregular(20).report.warnings[-1].startswith("the roster")


def test_days_without_a_known_shift_count_as_on_duty() -> None:
    roster = irregular(20, gap=3)
    assert "days without a known shift" in roster.report.warnings[-1]
    assert roster.report.warnings[-1].endswith("m2")
    states = roster.availability().loc["m2"]
    assert set(states[[name for name in states.index if not name.startswith("20261203")]]) == {"O"}
    assert set(states[[name for name in states.index if name.startswith("20261203")]]) == {"D"}
    assert len(irregular(5).horizon()) == 56
    assert any("m2" in warning for warning in irregular(5).report.warnings)


def test_explicit_shifts_override_a_rota() -> None:
    members = pd.DataFrame({"id": ["m1"], "department": "X", "shift": ["day"], "site": "here"})
    calendar = pd.DataFrame({"id": ["m1"], "date": ["2026-11-30"], "shift_code": ["夜班12小时"]})
    roster = Roster.from_frame(members, explicit_shifts=calendar)
    assert roster.explicit_shifts == {("m1", MONDAY): "N"}
    assert state(roster, at(0, "10:00", "11:00")) == "O"
    assert state(roster, at(1, "07:00", "07:30")) == "D"


def test_bare_labels_mean_every_working_day() -> None:
    members = pd.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "department": "X",
            "shift": ["长白班", "night", "两头班", "中班"],
            "cycle_offset": [0, 3, 0, 0],
            "site": "here",
        }
    )
    roster = Roster.from_frame(members)
    patterns = {one.pattern_id: one.sequence for one in roster.shift_patterns}
    assert patterns["label:长白班"] == ("D",) * 5 + ("O",) * 2
    assert [patterns[str(one)][0] for one in roster.column("shift_pattern")] == ["D", "G", "S", "A"]
    states = roster.availability([at(0, "10:00", "11:00")]).iloc[:, 0].tolist()
    assert states == ["D", "R", "A", "O"]
    assert state(roster.select(["b"]), at(5, "02:00", "03:00")) == "O"  # an offset does not move a label's weekend
    assert any("Monday to Friday" in line for line in roster.report.defaults)


def test_unknown_labels_can_meet_if_asked() -> None:
    members = pd.DataFrame({"id": ["a", "b", "c"], "department": "X", "shift": ["zig", "zag", "zig"], "site": "here"})
    with pytest.raises(RosterError, match="use a known label: day / morning") as caught:
        Roster.from_frame(members)
    assert {issue.code for issue in caught.value.issues} == {"unknown_shift"}
    assert len(caught.value.issues) == 3
    roster = Roster.from_frame(members, unknown_shift="label")
    assert roster.column("shift_pattern") == ["label:zig", "label:zag", "label:zig"]
    states = roster.availability()
    assert list(states.columns[-2:]) == ["label:zig", "label:zag"]
    assert states["label:zig"].tolist() == ["A", "D", "A"]
    assert states["label:zag"].tolist() == ["D", "A", "D"]
    assert set(states.iloc[:, :-2].to_numpy().ravel()) == {"D"}
    assert Roster.from_frame(roster.to_frame(), unknown_shift="label") == roster


def test_names_of_rotas_are_not_interpreted() -> None:
    members = pd.DataFrame({"id": ["a"], "department": "X", "shift": ["四班三运转"], "site": "here"})
    roster = Roster.from_frame(members)
    assert (roster.shift_patterns[0].sequence, roster.has_known_shifts()) == ((), [False])
    with pytest.raises(RosterError, match="never guessed from its name"):
        Roster.from_frame(members.assign(shift="怪班"))
    with pytest.raises(RosterError, match="unknown_shift"):
        Roster.from_frame(members, unknown_shift="guess")


def test_offset_from_crew_and_from_date() -> None:
    patterns = pd.DataFrame(
        {
            "pattern_id": ["P"],
            "sequence": ["白白夜夜休休休休"],
            "crews": [4],
            "crew_step_days": [2],
            "anchor_date": ["2026/11/30"],
        }
    )
    members = pd.DataFrame(
        {"id": ["a", "b", "c", "d"], "department": "X", "shift": "P", "crew": ["甲班", "丙", "D", None], "site": "here"}
    )
    roster = Roster.from_frame(members, shift_patterns=patterns)
    assert roster.shift_patterns[0].sequence == ("L", "L", "N", "N", "O", "O", "O", "O")
    assert roster.column("cycle_offset") == [0, 4, 6, 0]
    assert "no cycle offset and no known crew, offset 0 assumed: d" in roster.report.warnings
    dated = members.assign(起始日=["2026-11-30", "2026-12-02", "2026-11-29", "2"])
    assert Roster.from_frame(dated, shift_patterns=patterns).column("cycle_offset") == [0, 6, 1, 2]


def test_bad_slots() -> None:
    roster = one_member("D")
    frame = pd.DataFrame(
        {
            "slot_id": ["a", "a", "b", "c"],
            "date": ["2026-12-01", "2026-12-01", "soon", "2026-12-01"],
            "start": ["08:00", "09:00", "08:00", "25:99"],
            "end": ["09:00", "10:00", "09:00", "09:00"],
        }
    )
    with pytest.raises(RosterError) as caught:
        roster.availability(frame)
    assert [(issue.code, issue.row) for issue in caught.value.issues] == [
        ("duplicate_slot", 3),
        ("bad_date", 4),
        ("bad_time", 5),
    ]
    with pytest.raises(RosterError, match="no such file"):
        roster.availability("nowhere.csv")
    with pytest.raises(RosterError, match="'end' is needed"):
        roster.availability(frame.drop(columns="end"))
    with pytest.raises(RosterError, match="two slots"):
        roster.availability([at(0, "08:00", "09:00")] * 2)


def test_slots_past_midnight_and_from_times() -> None:
    frame = pd.DataFrame(
        {"slot": ["a", "b"], "date": MONDAY, "start": [dt.time(22), "22:00"], "end": ["24:00", "01:00"], "mode": "线上"}
    )
    slots = one_member("D").slots(frame)
    assert slots[0].end == dt.datetime(2026, 12, 1)
    assert slots[1].end == dt.datetime(2026, 12, 1, 1)
    assert slots[0].mode == "online"
    assert one_member("D").availability([]).shape == (1, 0)
