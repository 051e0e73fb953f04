"""Sites and the minutes between them, as read from tables."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from grouping.roster.cells import Cells
from grouping.roster.schema import Site
from grouping.roster.synonyms import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grouping.roster.faults import Faults
    from grouping.roster.tables import Table

_CRS = {
    "wgs84": "WGS84",
    "gps": "WGS84",
    "gcj02": "GCJ02",
    "高德": "GCJ02",
    "腾讯": "GCJ02",
    "火星坐标": "GCJ02",
    "bd09": "BD09",
    "百度": "BD09",
    "cgcs2000": "CGCS2000",
}

_MOST_MINUTES = 10_000
TravelEntry = tuple[str, str, int | None]
"""From, to, minutes; no minutes means that the two are neighbours."""


class Places:
    """The sites of a roster; a reference may use id or name."""

    def __init__(self, sites: Iterable[Site], *, is_closed: bool) -> None:
        self.sites = {site.site: site for site in sites}
        self.is_closed = is_closed
        self._words: dict[str, str] = {}
        names = Counter(squeeze(site.name) for site in self.sites.values() if site.name)
        for site in self.sites.values():
            if site.name and names[squeeze(site.name)] == 1:
                self._words[squeeze(site.name)] = site.site
        self._words.update({squeeze(site.site_id): site.site for site in self.sites.values() if site.site_id})
        self._words.update({squeeze(key): key for key in self.sites})

    def resolve(self, text: str) -> str | None:
        """Return the canonical key of a site; without a sites table every new word is a new site."""
        key = self._words.get(squeeze(text))
        if key is None and not self.is_closed:
            key = self._words[squeeze(text)] = text
            self.sites[text] = Site(site=text, name=text)
        return key

    def read(self, cells: Cells, key: str) -> str | None:
        """Return the site a row names, by id if it has one; an unknown one is a fault."""
        site_id, name = cells.text(f"{key}.id"), cells.text(key)
        column, text = (f"{key}.id", site_id) if site_id else (key, name)
        if text is None:
            return None
        if site_id and name and not self.is_closed:
            return self._of_both(site_id, name)
        site = self.resolve(text)
        if site is None:
            cells.fault("unknown_site", "not a site of the sites table", column, cells.faults.nearest(text, self.sites))
        return site

    def _of_both(self, site_id: str, name: str) -> str:
        """Return the key of a site that is told by id and name, where no table lists the sites."""
        known = self._words.get(squeeze(site_id))
        if known is None:
            known = self._words.get(squeeze(name))
            if known is None or self.sites[known].site_id is not None:
                known = name if known is None else site_id
            self.sites[known] = Site(site=known, site_id=site_id, name=name)
            self._words[squeeze(site_id)] = known
            self._words.setdefault(squeeze(name), known)
        return known

    def set_zones(self, zones: dict[str, str]) -> None:
        """Give zones to sites that have none."""
        for key, zone in zones.items():
            if self.sites[key].zone is None:
                self.sites[key] = self.sites[key].model_copy(update={"zone": zone})


def read_sites(table: Table | None, faults: Faults) -> Places:
    """Return the sites of a table, or an open list that grows as sites are named."""
    if table is None:
        return Places((), is_closed=False)
    found: list[dict[str, object]] = []
    rows: list[Cells] = []
    ids: set[str] = set()
    for row in table.rows:
        cells = Cells(table, row, faults)
        site_id, name = cells.identifier("site_id"), cells.text("name")
        if site_id is None and name is None:
            cells.fault("missing_value", "the site has neither id nor name", "site_id")
            continue
        if site_id is not None and squeeze(site_id) in ids:
            cells.fault("duplicate_site", "two sites have this id", "site_id")
            continue
        ids.update({squeeze(site_id)} if site_id else ())
        lat, lon = cells.number("lat", least=-90, most=90), cells.number("lon", least=-180, most=180)
        if (cells.raw("lat") is None) != (cells.raw("lon") is None):
            missing = "lat" if cells.raw("lat") is None else "lon"
            cells.fault("bad_coordinates", "only one of latitude and longitude is given", missing)
            lat = lon = None
        crs = cells.text("crs")
        record: dict[str, object] = {
            "site_id": site_id,
            "name": name,
            "lat": lat,
            "lon": lon,
            "crs": None if crs is None else _crs(crs),
            "zone": cells.text("zone"),
            "capacity": cells.integer("capacity"),
        }
        if lat is not None and found and record["crs"] != _first_crs(found, record["crs"]):
            cells.fault("mixed_crs", "sites use different coordinate systems", "crs")
        found.append(record)
        rows.append(cells)
    by_name = len({squeeze(str(record["name"])) for record in found if record["name"]}) == len(found)
    if not by_name and any(record["site_id"] is None for record in found):
        met: set[str] = set()
        for cells, record in zip(rows, found, strict=True):
            name = squeeze(str(record["name"])) if record["name"] else None
            if name in met:
                cells.fault("duplicate_site", "sites without an id need different names", "name")
            met.update({name} if name else ())
        return Places((), is_closed=False)
    sites = [Site(site=record["name" if by_name else "site_id"], **record) for record in found]  # type: ignore[arg-type]
    return Places(sites, is_closed=True)


def _crs(text: str) -> str:
    word = squeeze(text).replace("-", "").replace("_", "")
    return _CRS.get(word, word.upper())


def _first_crs(found: list[dict[str, object]], default: object) -> object:
    return next((record["crs"] for record in found if record["lat"] is not None), default)


def read_travel(table: Table | None, places: Places, faults: Faults) -> tuple[TravelEntry, ...]:
    """Return the entries of a travel table; of two for one direction the shorter counts."""
    entries: dict[tuple[str, str], int | None] = {}
    for row in table.rows if table else ():
        cells = Cells(table, row, faults)  # type: ignore[arg-type]
        ends = [places.read(cells, key) for key in ("from_site", "to_site")]
        for key in ("from_site", "to_site"):
            if cells.text(key) is None:
                cells.fault("missing_value", "the site is missing", key)
        minutes = cells.number("minutes", least=0, most=_MOST_MINUTES)
        if table and table.has("minutes") and cells.text("minutes") is None:
            cells.fault("missing_value", "the minutes are missing", "minutes")
        if ends[0] is None or ends[1] is None:
            continue
        pair = (ends[0], ends[1])
        whole = None if minutes is None else round(minutes)
        before = entries.get(pair)
        entries[pair] = whole if before is None else (before if whole is None else min(before, whole))
    return tuple((start, end, minutes) for (start, end), minutes in entries.items())
