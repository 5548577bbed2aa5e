"""People over HTTP: traffic in buckets of the shop's own clock, occupancy, heat maps."""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from tests.edge.api.conftest import Shop


def cross(shop: Shop, line: str, *moments: str, way: str = "in") -> None:
    """Let people cross a line at these times."""
    crossings = [
        {"line": line, "dir": way, "t": round(datetime.fromisoformat(at).timestamp() * 1000)}
        for at in moments
    ]
    shop.hear("camera/camera-1/crossings", {"crossings": crossings})


def traffic(shop: Shop, **query: str) -> list[tuple[str, int, int]]:
    """Give start, in and out of each bucket of the aisle."""
    answer = shop.api().get("/traffic", params={"line": "aisle", **query})
    assert answer.status_code == 200, answer.text
    return [(row["start"], row["in"], row["out"]) for row in answer.json()["items"]]


def test_minutes_are_counted_in_both_directions(new_shop: Shop) -> None:
    """A minute's bucket adds up what crossed the line in and out within it."""
    cross(new_shop, "aisle", "2026-05-01T10:00:00Z", "2026-05-01T10:00:59.999Z")
    cross(new_shop, "aisle", "2026-05-01T10:00:30Z", way="out")
    cross(new_shop, "aisle", "2026-05-01T10:01:00Z")
    cross(new_shop, "entrance", "2026-05-01T10:00:00Z")
    span = {"from": "2026-05-01T00:00:00Z", "to": "2026-05-02T00:00:00Z", "bucket": "minute"}
    assert traffic(new_shop, **span) == [
        ("2026-05-01T10:00:00Z", 2, 1),
        ("2026-05-01T10:01:00Z", 1, 0),
    ]
    both = new_shop.api().get("/traffic", params=span).json()["items"]
    assert [row["line"] for row in both] == ["aisle", "aisle", "entrance"]


def test_days_begin_as_the_clocks_of_the_shop_say(new_shop: Shop) -> None:
    """The day of a change to summer time has 23 hours, that of the change back has 25."""
    # Berlin: 2026-03-29 from +01:00 to +02:00, 2026-10-25 back.
    cross(new_shop, "aisle", "2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z")
    cross(new_shop, "aisle", "2026-03-29T22:00:00Z")
    cross(new_shop, "aisle", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z")
    year = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "bucket": "day"}
    assert traffic(new_shop, **year) == [
        ("2026-03-27T23:00:00Z", 1, 0),
        ("2026-03-28T23:00:00Z", 2, 0),
        ("2026-03-29T22:00:00Z", 1, 0),
        ("2026-10-24T22:00:00Z", 2, 0),
        ("2026-10-25T23:00:00Z", 1, 0),
    ]


def test_the_hour_that_comes_twice_is_two_hours(new_shop: Shop) -> None:
    """When the clocks go back, both hours of that name are counted apart."""
    cross(new_shop, "aisle", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T01:59:00Z")
    night = {"from": "2026-10-24T00:00:00Z", "to": "2026-10-26T00:00:00Z"}
    assert traffic(new_shop, **night) == [
        ("2026-10-25T00:00:00Z", 1, 0),
        ("2026-10-25T01:00:00Z", 2, 0),
    ]


def test_the_span_ends_before_to(new_shop: Shop) -> None:
    """`from` is within the span, `to` is not; offsets are understood."""
    cross(new_shop, "aisle", "2026-05-01T10:00:00Z", "2026-05-01T11:00:00Z")
    span = {"from": "2026-05-01T12:00:00+02:00", "to": "2026-05-01T13:00:00+02:00"}
    assert traffic(new_shop, **span) == [("2026-05-01T10:00:00Z", 1, 0)]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("bucket=week", "bucket"),
        ("from=now", "from"),
        ("to=2026-05-01T10:00:00", "to"),
        ("line=%00", "line"),
    ],
)
def test_wrong_queries_are_told_by_field(shop: Shop, query: str, path: str) -> None:
    """A bucket or a time that cannot be is 422 with its field."""
    answer = shop.api().get(f"/traffic?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path)


def test_occupancy_counts_zones_and_the_whole_shop(new_shop: Shop) -> None:
    """People in a camera's zones and those who came through the entrance are counted."""
    cross(new_shop, "entrance", "2026-05-01T10:00:00Z", "2026-05-01T10:00:01Z")
    cross(new_shop, "entrance", "2026-05-01T10:00:02Z", way="out")
    zones = [{"zone": "tills", "people": 3, "dwell_s": 41.5}]
    new_shop.hear("camera/camera-1/zones", {"t": 1_777_629_600_000, "zones": zones})
    assert new_shop.api().get("/occupancy").json() == {
        "items": [
            {"zone": "store", "people": 1, "low": 0, "high": 2, "as_of": "2026-05-01T10:00:02Z"},
            {"zone": "tills", "people": 3, "low": 3, "high": 3, "as_of": "2026-05-01T10:00:00Z"},
        ]
    }


def heat(shop: Shop, start: int, cells: list[float]) -> None:
    """Let the camera send a heat map of two by two cells."""
    body: dict[str, Any] = {"start": start, "end": start + 1000, "width": 2, "height": 2}
    shop.hear("camera/camera-1/heatmap", {**body, "cells": cells})


def test_heat_map_is_a_picture_of_the_newest(new_shop: Shop) -> None:
    """The newest map is drawn: bright where people stood longest, clear where nobody was."""
    heat(new_shop, 1000, [9, 9, 9, 9])
    heat(new_shop, 2000, [0, 0, 0, 5])
    answer = new_shop.api().get("/traffic/heatmap/camera-1.png")
    assert answer.headers["content-type"] == "image/png"
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.format, picture.size, picture.mode) == ("PNG", (32, 32), "RGBA")
    pixels = np.asarray(picture)
    assert pixels[0, 0, 3] == 0
    assert pixels[31, 31].tolist() == [252, 255, 164, 216]
    assert picture.info["most_s"] == "5"


def test_colours_of_a_heat_map_grow_brighter_with_the_time_spent(new_shop: Shop) -> None:
    """Whoever sees no colours sees the same order, by brightness."""
    heat(new_shop, 1000, [0, 1, 4, 9])
    answer = new_shop.api().get("/traffic/heatmap/camera-1.png")
    grey = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB").convert("L"))
    seen = [grey[row, column] for row, column in ((3, 28), (28, 3), (28, 28))]
    assert seen == sorted(set(seen))


def test_heat_map_has_a_scale_where_one_is_asked_for(new_shop: Shop) -> None:
    """The strip below says what the colours mean; the map itself stays as it is."""
    heat(new_shop, 1000, [0, 0, 0, 5])
    plain, scaled = (
        Image.open(io.BytesIO(new_shop.api().get(f"/traffic/heatmap/camera-1.png{query}").content))
        for query in ("", "?scale=true")
    )
    assert scaled.size == (32, 72)
    assert scaled.crop((0, 0, 32, 32)).tobytes() == plain.tobytes()


def test_heat_map_of_an_empty_shop_is_clear(new_shop: Shop) -> None:
    """A map of nobody is drawn as well."""
    heat(new_shop, 1000, [0, 0, 0, 0])
    answer = new_shop.api().get("/traffic/heatmap/camera-1.png")
    assert Image.open(io.BytesIO(answer.content)).getchannel("A").getextrema() == (0, 0)


@pytest.mark.parametrize(
    "camera",
    ["camera-9", "..%2F..%2Fstore", "..%5C..%5Cstore.db", "%2Fetc%2Fpasswd", "....//store", "'--"],
)
def test_camera_without_a_map_is_not_found(shop: Shop, camera: str) -> None:
    """A camera's name is a name, never a path: what has no map is 404."""
    answer = shop.api().get(f"/traffic/heatmap/{camera}.png")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
