"""The sample rosters that come with the library."""

from __future__ import annotations

from pathlib import Path

from grouping.errors import InputError, Issue

_PLACES = (Path(__file__).parent / "samples", Path(__file__).parents[2] / "data" / "samples")


def sample_path(name: str = "branch_42") -> Path:
    """Return the folder of a bundled sample roster.

    Parameters
    ----------
    name : "branch_42", a branch of 42 shift workers; a checkout also has "organisation_260"

    Raises
    ------
    InputError
        When there is no such sample.
    """
    for place in _PLACES:
        if name and (place / name).is_dir():
            return place / name
    known = sorted(
        {folder.name for place in _PLACES if place.is_dir() for folder in place.iterdir() if folder.is_dir()}
    )
    raise InputError(
        Issue("unknown_sample", "there is no such sample", value=name, advice=f"one of {', '.join(known)}")
    )
