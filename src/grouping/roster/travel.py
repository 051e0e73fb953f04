"""Minutes from site to site: from a table, else coordinates, else neighbours and zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from grouping.roster.places import TravelEntry
    from grouping.roster.schema import Site

SAME_ZONE_MINUTES = 8
"""Default between two sites of one zone, and between neighbours."""
ELSEWHERE_MINUTES = 25
"""Default between sites of which nothing is known."""
DETOUR = 1.3
WALKING_METRES_PER_MINUTE = 75.0
RIDE_START_MINUTES = 6.0
RIDE_METRES_PER_MINUTE = 25_000 / 60
_EARTH_RADIUS = 6_371_008.8


def minutes_between(sites: Sequence[Site], entries: Sequence[TravelEntry]) -> NDArray[np.int64]:
    """Return sites × sites minutes.

    An entry of the table counts first, then the entry of the other direction, then the shortest path over the
    entries; where there is no table, coordinates; at last 0 for the same place, 8 within a zone, 25 elsewhere.
    Entries without minutes are neighbours.
    """
    import numpy as np

    minutes = _defaults(sites)
    measured = _measured(sites)
    minutes = np.where(np.isnan(measured), minutes, np.rint(measured)).astype(np.int64)
    if entries:
        _apply(minutes, measured, sites, entries)
    np.fill_diagonal(minutes, 0)
    position = {site.site: number for number, site in enumerate(sites)}
    for start, end, given in entries:
        if start == end and given is not None:
            minutes[position[start], position[end]] = given
    return minutes


def _defaults(sites: Sequence[Site]) -> NDArray[np.int64]:
    import numpy as np

    zones = np.array([site.zone or "" for site in sites], dtype=object)
    same = (zones[:, None] == zones[None, :]) & (zones != "")[:, None]
    return np.where(same, SAME_ZONE_MINUTES, ELSEWHERE_MINUTES).astype(np.int64)


def _measured(sites: Sequence[Site]) -> NDArray[np.float64]:
    """Return minutes from coordinates, NaN where one has none: the faster of walking and a ride."""
    import numpy as np

    lat = np.radians([np.nan if site.lat is None else site.lat for site in sites])
    lon = np.radians([np.nan if site.lon is None else site.lon for site in sites])
    rise = np.sin((lat[:, None] - lat[None, :]) / 2) ** 2
    turn = np.cos(lat)[:, None] * np.cos(lat)[None, :] * np.sin((lon[:, None] - lon[None, :]) / 2) ** 2
    metres = DETOUR * 2 * _EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(rise + turn, 0, 1)))
    faster: NDArray[np.float64] = np.minimum(
        metres / WALKING_METRES_PER_MINUTE, RIDE_START_MINUTES + metres / RIDE_METRES_PER_MINUTE
    )
    return faster


def _apply(
    minutes: NDArray[np.int64], measured: NDArray[np.float64], sites: Sequence[Site], entries: Sequence[TravelEntry]
) -> None:
    """Write the table's entries over ``minutes``, and shortest paths over them where a pair is missing."""
    import networkx as nx
    import numpy as np

    position = {site.site: number for number, site in enumerate(sites)}
    given = {(position[start], position[end]): value for start, end, value in entries if start != end}
    has_minutes = any(value is not None for value in given.values())
    known = np.eye(len(sites), dtype=bool)
    graph = nx.DiGraph()
    for (start, end), value in given.items():
        step = SAME_ZONE_MINUTES if value is None else value
        graph.add_edge(start, end, minutes=step)
        minutes[start, end] = step
        known[start, end] = True
    for (start, end), value in given.items():
        if (end, start) not in given:
            step = SAME_ZONE_MINUTES if value is None else value
            graph.add_edge(end, start, minutes=step)
            minutes[end, start] = step
            known[end, start] = True
    if not has_minutes:
        known |= ~np.isnan(measured)
        _join_zones(graph, sites)
    if known.all():
        return
    for start, reached in nx.all_pairs_dijkstra_path_length(graph, weight="minutes"):
        for end, length in reached.items():
            if not known[start, end]:
                minutes[start, end] = length


def _join_zones(graph: object, sites: Sequence[Site]) -> None:
    """Make the sites of a zone neighbours."""
    for start, one in enumerate(sites):
        for end, other in enumerate(sites):
            if start != end and one.zone and one.zone == other.zone and not graph.has_edge(start, end):  # type: ignore[attr-defined]
                graph.add_edge(start, end, minutes=SAME_ZONE_MINUTES)  # type: ignore[attr-defined]
