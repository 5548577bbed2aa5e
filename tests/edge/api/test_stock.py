"""Stock over HTTP: levels, tagged items with their history, corrections of counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.edge.api.conftest import Shop


def level(shop: Shop, gtin: str) -> dict[str, Any]:
    """Give the stock of a product."""
    found: dict[str, Any] = shop.api().get(f"/stock/{gtin}").json()
    return found


def adjust(shop: Shop, **body: Any) -> int:
    """Correct a count and give the status."""
    return shop.api().post("/stock/adjustments", json={"reason": "count", **body}).status_code


def test_level_is_the_one_of_the_event(shop: Shop, eventually: Callable[..., Any]) -> None:
    """A level over HTTP has the fields and values of its event, in a list exactly those."""
    gtin = shop.product(safety=1)
    shop.read([shop.tag(gtin, n) for n in range(3)])
    found = eventually(lambda: level(shop, gtin), lambda row: row["on_hand"] == 3)
    events = shop.api().get("/events", params={"type": "store.stock.*", "limit": 1000}).json()
    newest = [event["data"] for event in events if event["subject"] == gtin][-1]
    assert newest.items() <= found.items()
    assert found.keys() - newest.keys() == {"why", "history"}
    assert (found["available"], found["by_zone"]) == (2, {"floor": 3})
    assert shop.api().get("/stock", params={"gtin": gtin}).json()["items"] == [newest]


def test_levels_are_found_by_product_zone_and_shortage(
    shop: Shop, eventually: Callable[..., Any]
) -> None:
    """Levels are filtered by GTIN, by the zone where a unit is, and by what is left to sell."""
    here, there = shop.product(), shop.product()
    shop.read([shop.tag(here, 1), shop.tag(here, 2)], antenna=1)
    shop.read([shop.tag(there, 1)], antenna=2)
    for gtin in (here, there):
        eventually(lambda gtin=gtin: level(shop, gtin), lambda row: row["on_hand"])

    def gtins(**query: Any) -> set[str]:
        items = shop.api().get("/stock", params={"limit": 1000, **query}).json()["items"]
        return {item["gtin"] for item in items} & {here, there}

    assert gtins() == {here, there}
    assert gtins(gtin=here) == {here}
    assert gtins(zone="back") == {there}
    assert gtins(available_below=2) == {there}
    assert gtins(zone="nowhere") == set()


def test_pages_walk_over_levels_and_items(new_shop: Shop) -> None:
    """`next` leads through all levels and all items once, in order, and is null at the end."""
    gtins = [new_shop.product() for _ in range(5)]
    epcs = sorted(new_shop.tag(gtin, n) for gtin in gtins for n in range(5))
    new_shop.read(epcs)
    for path, key, wanted in (("/stock", "gtin", sorted(gtins)), ("/items", "epc", epcs)):
        pages = new_shop.pages(path, limit=2)
        assert [item[key] for page in pages for item in page] == wanted


def test_item_tells_where_it_is_and_why(shop: Shop) -> None:
    """An item has its state, its place, the read that says so, and the changes before it."""
    gtin = shop.product()
    epc = shop.tag(gtin, 77)
    shop.read([epc])
    shop.hear(
        "checkout/lane-1/sale",
        {
            "t": 1,
            "sale": f"sale-{epc}",
            "currency": "EUR",
            "lines": [{"gtin": gtin, "qty": 1, "amount": 100, "epc": epc}],
            "total": 100,
        },
    )
    item = shop.api().get(f"/items/{epc.lower()}").json()
    assert (item["epc"], item["gtin"], item["serial"]) == (epc, gtin, "77")
    assert (item["state"], item["reason"], item["device"]) == ("sold", "sold", "reader-1")
    assert (item["antenna"], item["rssi"]) == (1, -50.0)
    steps = [(step["state"], step["zone"], step["reason"]) for step in item["history"]]
    assert steps == [("sold", None, "sold"), ("present", "floor", "arrived")]


def test_items_are_found_by_product_state_and_zone(shop: Shop) -> None:
    """Items are filtered by GTIN, state and zone."""
    gtin = shop.product()
    here, there = shop.tag(gtin, 1), shop.tag(gtin, 2)
    shop.read([here], antenna=1)
    shop.read([there], antenna=2)

    def epcs(**query: Any) -> list[str]:
        items = shop.api().get("/items", params={"gtin": gtin, **query}).json()["items"]
        return sorted(item["epc"] for item in items)

    assert epcs() == sorted([here, there])
    assert epcs(zone="back") == [there]
    assert epcs(state="present", zone="floor") == [here]
    assert epcs(state="sold") == []


def test_what_was_never_seen_is_not_found(shop: Shop) -> None:
    """An unknown product or tag is 404 with the field's name."""
    for path, field in ((f"/stock/{shop.gtin()}", "gtin"), ("/items/30ABCDEF", "epc")):
        answer = shop.api().get(path)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (404, field)


def test_counts_are_corrected_by_difference_and_by_value(
    shop: Shop, eventually: Callable[..., Any]
) -> None:
    """`count` sets and `delta` adds, for a product that is counted; the correction is an event."""
    gtin = shop.product(tracking="count")
    assert adjust(shop, gtin=gtin, zone="floor", count=10) == 204
    assert adjust(shop, gtin=gtin, zone="back", count=5) == 204
    assert adjust(shop, gtin=gtin, zone="floor", delta=-3) == 204
    found = eventually(lambda: level(shop, gtin), lambda row: row["on_hand"] == 12)
    assert found["by_zone"] == {"back": 5, "floor": 7}
    events = shop.api().get("/events", params={"type": "store.stock.adjusted.v1", "limit": 1000})
    deltas = [event["data"]["delta"] for event in events.json() if event["subject"] == gtin]
    assert deltas == [10, 5, -3]


@pytest.mark.parametrize(
    ("change", "status", "path"),
    [
        ({"zone": "nowhere"}, 404, "zone"),
        ({"zone": 5}, 422, "zone"),
        ({"zone": "a\0b"}, 422, "zone"),
        ({"gtin": "4006381333930"}, 422, "gtin"),
        ({"delta": None}, 422, "body"),
        ({"count": 5}, 422, "body"),
        ({"delta": 10**30}, 422, "delta"),
        ({"delta": 1.5}, 422, "delta"),
        ({"delta": True}, 422, "delta"),
        ({"delta": "1"}, 422, "delta"),
        ({"delta": None, "count": -1}, 422, "count"),
        ({"reason": "x" * 201}, 422, "reason"),
        ({"reason": None}, 422, "reason"),
    ],
)
def test_wrong_corrections_are_told_by_field(
    shop: Shop, change: dict[str, Any], status: int, path: str
) -> None:
    """A correction that cannot be is refused with its field, and nothing changes."""
    gtin = shop.product(tracking="count")
    body = {"gtin": gtin, "zone": "floor", "delta": 1, "reason": "count", **change}
    answer = shop.api().post("/stock/adjustments", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)
    assert level(shop, gtin)["on_hand"] == 0


def test_tagged_products_are_not_corrected_by_count(shop: Shop) -> None:
    """A product that is counted by its tags is 409, and the answer says what to do."""
    gtin = shop.product()
    body = {"gtin": gtin, "zone": "floor", "delta": 1, "reason": "count"}
    answer = shop.api().post("/stock/adjustments", json=body)
    assert answer.status_code == 409
    assert "set tracking to count" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("gtin=1", "gtin"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        (f"available_below={10**30}", "available_below"),
        ("zone=%00", "zone"),
        (f"cursor={'9' * 300}", "cursor"),
    ],
)
def test_wrong_queries_are_told_by_field(shop: Shop, query: str, path: str) -> None:
    """A query that cannot be is 422 with its field."""
    answer = shop.api().get(f"/stock?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path)
