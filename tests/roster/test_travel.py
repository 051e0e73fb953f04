from __future__ import annotations

import pandas as pd
import pytest

from grouping.errors import RosterError
from grouping.roster import Roster


def roster(places: list[str], **tables: pd.DataFrame) -> Roster:
    members = pd.DataFrame(
        {"id": [f"m{n}" for n in range(len(places))], "department": "X", "shift": "day", "site": places}
    )
    return Roster.from_frame(members, **tables)


def test_without_anything_other_places_are_25_minutes() -> None:
    frame = roster(["A", "B", "A"]).travel_minutes()
    assert frame.index.tolist() == frame.columns.tolist() == ["A", "B"]
    assert frame.to_numpy().tolist() == [[0, 25], [25, 0]]
    assert (frame.dtypes == "int64").all()


def test_one_zone_is_8_minutes() -> None:
    sites = pd.DataFrame({"site_id": ["A", "B", "C"], "zone": ["z", "z", "y"]})
    assert roster(["A"], sites=sites).minutes_matrix()[1].tolist() == [[0, 8, 25], [8, 0, 25], [25, 25, 0]]


def test_zones_of_the_roster_where_there_is_no_sites_table() -> None:
    members = pd.DataFrame(
        {"id": ["a", "b", "c"], "department": "X", "shift": "day", "工作地点": ["A", "B", "C"], "区域": ["z", "z", "y"]}
    )
    found = Roster.from_frame(members)
    assert found.travel_minutes().loc["A"].tolist() == [0, 8, 25]
    assert found.column("zone") == ["z", "z", "y"]
    alone = Roster.from_frame(members.drop(columns="工作地点"))
    assert alone.column("site") == ["z", "z", "y"]
    clash = pd.concat([members, members.assign(id=["d", "e", "f"], 区域="x")])
    with pytest.raises(RosterError) as caught:
        Roster.from_frame(clash)
    assert {issue.code for issue in caught.value.issues} == {"conflicting_zone"}


def test_coordinates_walk_or_ride() -> None:
    # 0.001 degree of latitude is 111.195 m: 1.3 x 111.195 / 75 = 1.93 min on foot.
    # 0.1 degree is 11 119.5 m: 1.3 x 11 119.5 m at 25 km/h = 34.69 min, and 6 min more; on foot 193 min.
    sites = pd.DataFrame({"site_id": ["A", "B", "C"], "lat": [30.0, 30.001, 30.1], "lon": 110.0, "crs": "GCJ-02"})
    minutes = roster(["A"], sites=sites).minutes_matrix()[1]
    assert minutes.tolist() == [[0, 2, 41], [2, 0, 40], [41, 40, 0]]


def test_coordinates_count_before_zones_and_the_table_before_both() -> None:
    sites = pd.DataFrame(
        {
            "site_id": ["A", "B", "C"],
            "lat": [30.0, 30.001, None],
            "lon": [110.0, 110.0, None],
            "crs": "WGS84",
            "zone": "z",
        }
    )
    assert roster(["A"], sites=sites).minutes_matrix()[1].tolist() == [[0, 2, 8], [2, 0, 8], [8, 8, 0]]
    travel = pd.DataFrame({"from": ["A"], "to": ["B"], "minutes": [5]})
    minutes = roster(["A"], sites=sites, travel_minutes=travel).minutes_matrix()[1]
    assert minutes.tolist() == [[0, 5, 8], [5, 0, 8], [8, 8, 0]]


def test_mixed_systems_are_refused() -> None:
    sites = pd.DataFrame({"site_id": ["A", "B"], "lat": 30.0, "lon": 110.0, "crs": ["WGS84", "GCJ02"]})
    with pytest.raises(RosterError) as caught:
        roster(["A"], sites=sites)
    assert [(issue.code, issue.row) for issue in caught.value.issues] == [("mixed_crs", 3)]


def test_table_may_be_asymmetric_and_is_completed() -> None:
    travel = pd.DataFrame(
        {"从": ["A", "B", "B", "C"], "到": ["B", "A", "C", "D"], "步行分钟": [10, 12, 4, "3"]},
    )
    found = roster(["A", "B", "C", "D", "E"], travel_minutes=travel)
    assert found.minutes_matrix()[1].tolist() == [
        [0, 10, 14, 17, 25],
        [12, 0, 4, 7, 25],
        [16, 4, 0, 3, 25],
        [19, 7, 3, 0, 25],
        [25, 25, 25, 25, 0],
    ]


def test_adjacency_pairs() -> None:
    pairs = pd.DataFrame({"from": ["A", "B"], "to": ["B", "C"]})
    found = roster(["A", "B", "C", "D"], travel_minutes=pairs)
    assert found.minutes_matrix()[1].tolist() == [[0, 8, 16, 25], [8, 0, 8, 25], [16, 8, 0, 25], [25, 25, 25, 0]]


def test_references_by_id_or_name() -> None:
    sites = pd.DataFrame({"地点编号": ["S1", "S2"], "地点名称": ["北楼", "南楼"]})
    travel = pd.DataFrame({"from_site": ["S1"], "to_site": ["南楼"], "minutes": [7]})
    found = roster(["北楼", "S2"], sites=sites, travel_minutes=travel)
    assert found.column("site") == ["北楼", "南楼"]
    assert found.travel_minutes().loc["南楼", "北楼"] == 7
    same = pd.DataFrame({"site_id": ["S1", "S2"], "site_name": ["楼", "楼"]})
    assert roster(["S1"], sites=same).sites[0].site == "S1"
    with pytest.raises(RosterError, match="not a site"):
        roster(["楼"], sites=same)


def test_sample_minutes_from_coordinates_are_near_the_table(organisation: Roster) -> None:
    bare = Roster(members=organisation.members, sites=organisation.sites)
    measured, table = bare.minutes_matrix()[1], organisation.minutes_matrix()[1]
    far = table > 20  # the sample's table walks whenever that takes no more than 20 minutes
    assert abs(measured - table)[far].max() <= 1
    assert (measured <= table).all()


def test_no_site_at_all_is_allowed() -> None:
    members = pd.DataFrame({"id": ["a", "b"], "department": "X", "shift": "day"})
    found = Roster.from_frame(members)
    assert found.column("site") == [None, None]
    assert found.travel_minutes().shape == (0, 0)
    assert "no member has a site: travel cannot be judged" in found.report.warnings
