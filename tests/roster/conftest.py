from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from grouping.roster import read_roster

if TYPE_CHECKING:
    from grouping.roster import Roster

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


@pytest.fixture(scope="session")
def branch() -> Roster:
    return read_roster(SAMPLES / "branch_42")


@pytest.fixture(scope="session")
def organisation() -> Roster:
    return read_roster(SAMPLES / "organisation_260")


@pytest.fixture
def minimal() -> pd.DataFrame:
    """The smallest roster: an id, department, shift and location."""
    return pd.DataFrame(
        {
            "id": ["a1", "a2", "a3", "a4"],
            "department": ["Canteen", "Canteen", "Security", "Security"],
            "shift": ["day", "early", "night", "白班"],
            "location": ["North", "North", "Gate", "Gate"],
        }
    )
