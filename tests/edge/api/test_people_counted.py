"""People over HTTP: staff apart, how sure a figure is, and sales for each visitor."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.edge.api.conftest import Shop

MILK = "04006381333931"
DAY = {"from": "2026-05-01T00:00:00Z", "to": "2026-05-02T22:00:00Z"}


def ms(text: str) -> int:
    """Read a time as epoch ms."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def cross(shop: Shop, line: str, way: str, *moments: str) -> None:
    """Let people cross a line at these times."""
    crossings = [{"line": line, "dir": way, "t": ms(moment)} for moment in moments]
    shop.hear("camera/camera-1/crossings", {"crossings": crossings})


def sell(shop: Shop, *moments: str) -> None:
    """Let a third-party till tell of sales at these times."""
    for moment in moments:
        lines = [{"gtin": MILK, "qty": 1, "amount": 300}]
        sale: dict[str, Any] = {"t": ms(moment), "sale": moment, "currency": "EUR", "lines": lines}
        shop.hear("checkout/lane-1/sale", {**sale, "total": 300})


def conversion(shop: Shop, **query: str) -> list[tuple[str, int, int, float | None]]:
    """Give start, entries, sales and conversion of each bucket."""
    answer = shop.api().get("/traffic/conversion", params={**DAY, **query})
    assert answer.status_code == 200, answer.text
    keys = ("start", "entries", "sales", "conversion")
    return [tuple(row[key] for key in keys) for row in answer.json()["items"]]


def test_conversion_compares_sales_with_visitors(new_shop: Shop) -> None:
    """By the shop's own hours and days, at entrances; null where nobody came in (Berlin: +2)."""
    cross(new_shop, "entrance", "in", *[f"2026-05-01T21:{n}:00Z" for n in range(10, 14)])
    cross(new_shop, "entrance", "out", "2026-05-01T21:20:00Z")
    cross(new_shop, "aisle", "in", "2026-05-01T21:30:00Z")
    sell(new_shop, "2026-05-01T21:59:59Z", "2026-05-01T22:00:00Z")
    cross(new_shop, "entrance", "in", "2026-05-02T08:00:00Z")
    assert conversion(new_shop) == [
        ("2026-05-01T21:00:00Z", 4, 1, 0.25),
        ("2026-05-01T22:00:00Z", 0, 1, None),
        ("2026-05-02T08:00:00Z", 1, 0, 0.0),
    ]
    assert conversion(new_shop, bucket="day") == [
        ("2026-04-30T22:00:00Z", 4, 1, 0.25),
        ("2026-05-01T22:00:00Z", 1, 1, 1.0),
    ]


@pytest.mark.parametrize(("query", "path"), [("bucket=minute", "bucket"), ("from=now", "from")])
def test_wrong_queries_are_told_by_field(shop: Shop, query: str, path: str) -> None:
    """A bucket or a time that cannot be is 422 with its field."""
    answer = shop.api().get(f"/traffic/conversion?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path)


def test_staff_is_counted_apart(new_shop: Shop) -> None:
    """A shop without times of staff has visitors only."""
    cross(new_shop, "aisle", "in", "2026-05-01T10:00:00Z")
    (row,) = new_shop.api().get("/traffic", params={**DAY, "line": "aisle"}).json()["items"]
    assert row == {
        "line": "aisle",
        "start": "2026-05-01T10:00:00Z",
        "in": 1,
        "out": 0,
        "staff_in": 0,
        "staff_out": 0,
    }
