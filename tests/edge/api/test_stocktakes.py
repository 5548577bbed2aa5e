"""Stocktakes over HTTP: a hand-held reader counts, and the end concludes."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.edge.api.conftest import Shop


def hand(shop: Shop) -> str:
    """Adopt a hand-held reader and give its name."""
    name = f"hand-{secrets.token_hex(4)}"
    shop.hear(f"rfid/{name}/reads", {"reads": []})
    shop.api().post(f"/devices/{name}/adopt", json={"kind": "rfid"}).raise_for_status()
    return name


def read(shop: Shop, device: str, *epcs: str) -> None:
    """Let a hand-held reader see tags."""
    reads = [{"epc": epc, "ant": 1, "rssi": -50.0, "t": shop.clock()} for epc in epcs]
    shop.hear(f"rfid/{device}/reads", {"reads": reads})


def start(shop: Shop, device: str, *zones: str, **more: Any) -> dict[str, Any]:
    """Begin a stocktake."""
    body = {"device": device, "zones": zones, **more}
    answer = shop.api("operator").post("/stocktakes", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def tell(shop: Shop, stocktake: str, leaf: str, **body: Any) -> httpx.Response:
    """Tell a stocktake something."""
    return shop.api("operator").post(f"/stocktakes/{stocktake}/{leaf}", json=body)


def last_change(shop: Shop, epc: str) -> dict[str, Any]:
    """Give the newest change of an item as the online channel was told of it."""
    events = shop.api().get("/events", params={"type": "store.item.*", "limit": 1000}).json()
    found: dict[str, Any] = next(e["data"] for e in reversed(events) if e["subject"] == epc)
    return found


def test_a_stocktake_finds_and_misses(shop: Shop, eventually: Callable[..., Any]) -> None:
    """Zone by zone, with figures while it runs and at its end."""
    gtin, other = shop.product(), shop.product()
    there, gone, added = (shop.tag(gtin, n) for n in range(3))
    device = hand(shop)
    begun = start(shop, device, "tills")["stocktake"]
    read(shop, device, there, gone)
    tell(shop, begun, "end")
    name = start(shop, device, "tills", "floor")["stocktake"]
    read(shop, device, there, shop.tag("04006381333962", 1))
    entered = tell(shop, name, "zone", zone="floor").json()
    assert (entered["zone"], entered["result"]["found"]) == ("floor", 1)
    assert entered["result"]["unexpected"] == 1
    read(shop, device, added, shop.tag(other, 1))
    result = tell(shop, name, "end").json()["result"]
    figures = {k: v for k, v in result.items() if isinstance(v, int)}
    assert figures == {
        "found": 1,
        "moved": 0,
        "added": 2,
        "missing": 1,
        "sold": 0,
        "unexpected": 1,
    }
    assert result["tags"] == [shop.tag("04006381333962", 1)]
    (counted,) = [row for row in result["products"] if row["gtin"] == gtin]
    assert (counted["units"], counted["added"], counted["missing"]) == (2, 1, 1)
    item = last_change(shop, gone)
    assert (item["state"], item["reason"]) == ("missing", "not_counted")
    level = eventually(
        lambda: shop.api().get(f"/stock/{gtin}").json(), lambda row: row["on_hand_high"] == 3
    )
    assert level["by_zone"] == {"floor": 1, "tills": 1}
    events = shop.api().get("/events", params={"type": "store.stocktake.*", "limit": 1000}).json()
    states = [e["data"]["state"] for e in events if e["subject"] == name]
    assert states == ["open", "done"]
    assert [e["data"]["missing"] for e in events if e["subject"] == name] == [0, 1]


def test_units_are_corrected_when_it_ends(shop: Shop, eventually: Callable[..., Any]) -> None:
    """Not before."""
    gtin = shop.product(tracking="count")
    body = {"gtin": gtin, "zone": "floor", "count": 10, "reason": "begin"}
    shop.api().post("/stock/adjustments", json=body)
    device = hand(shop)
    name = start(shop, device, "floor")["stocktake"]
    counted = tell(shop, name, "units", gtin=gtin, zone="floor", units=7).json()
    assert counted["result"]["products"][0]["delta"] == -3
    assert shop.api().get(f"/stock/{gtin}").json()["on_hand"] in (0, 10)
    tell(shop, name, "end")
    level = eventually(
        lambda: shop.api().get(f"/stock/{gtin}").json(), lambda row: row["on_hand"] == 7
    )
    assert {"why": "counted", "ref": name} in level["causes"]


def test_a_stocktake_is_called_off(shop: Shop) -> None:
    """It concludes nothing, and does not end after that."""
    device = hand(shop)
    name = start(shop, device, "floor")["stocktake"]
    called_off = tell(shop, name, "cancel", reason="fire drill").json()
    assert (called_off["state"], called_off["reason"]) == ("cancelled", "fire drill")
    refused = tell(shop, name, "end")
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (409, "stocktake")


def test_a_repeat_of_each_request_has_no_second_effect(shop: Shop) -> None:
    """The same stocktake is answered; a second one of the reader is refused."""
    gtin, device, key = shop.product(tracking="count"), hand(shop), secrets.token_hex(8)
    begun = start(shop, device, "floor", "back", id=key)
    assert start(shop, device, "floor", "back", id=key) == begun
    name = begun["stocktake"]
    refused = shop.api().post("/stocktakes", json={"device": device, "zones": ["floor"]})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (409, "device")
    assert name in refused.json()["detail"]
    stale = {"zone": "back", "id": secrets.token_hex(8)}
    tell(shop, name, "zone", **stale)
    tell(shop, name, "zone", zone="floor")
    assert tell(shop, name, "zone", **stale).json()["zone"] == "floor"
    units = {"gtin": gtin, "zone": "floor", "units": 4, "id": secrets.token_hex(8)}
    for _ in range(2):
        tell(shop, name, "units", **units)
    ended = [tell(shop, name, "end").json() for _ in range(2)]
    assert ended[0] == ended[1]


def test_pages_walk_over_stocktakes_by_state(new_shop: Shop) -> None:
    """The oldest first."""
    names = []
    for n in range(5):
        names.append(start(new_shop, hand(new_shop), "floor")["stocktake"])
        if n % 2:
            tell(new_shop, names[-1], "end")
    pages = new_shop.pages("/stocktakes", limit=2)
    assert [row["stocktake"] for page in pages for row in page] == names
    pages = new_shop.pages("/stocktakes", limit=2, state="open")
    assert [row["stocktake"] for page in pages for row in page] == names[::2]


@pytest.mark.parametrize(
    ("change", "status", "path"),
    [
        ({"device": "nobody"}, 404, "device"),
        ({"device": "reader-1"}, 409, "device"),
        ({"device": "labels-1"}, 409, "device"),
        ({"device": "x" * 129}, 422, "device"),
        ({"device": None}, 422, "device"),
        ({"zones": []}, 422, "zones"),
        ({"zones": "floor"}, 422, "zones"),
        ({"zones": ["floor", "nowhere"]}, 404, "zones[1]"),
        ({"zones": ["x" * 201]}, 422, "zones[0]"),
        ({"id": "x" * 129}, 422, "id"),
    ],
)
def test_wrong_beginnings_are_told_by_field(
    shop: Shop, change: dict[str, Any], status: int, path: str
) -> None:
    """And no stocktake begins."""
    body = {"device": hand(shop), "zones": ["floor"], **change}
    shop.hear("label/labels-1/status", {"online": True})
    answer = shop.api().post("/stocktakes", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)
    begun = shop.api().get("/stocktakes", params={"limit": 1000}).json()["items"]
    assert body["device"] not in [row["device"] for row in begun]


@pytest.mark.parametrize(
    ("leaf", "change", "status", "path"),
    [
        ("zone", {"zone": "nowhere"}, 404, "zone"),
        ("zone", {"zone": None}, 422, "zone"),
        ("units", {"zone": "back"}, 409, "zone"),
        ("units", {"gtin": "4006381333931"}, 404, "gtin"),
        ("units", {"gtin": "4006381333930"}, 422, "gtin"),
        ("units", {"gtin": "TAGGED"}, 409, "gtin"),
        ("units", {"units": -1}, 422, "units"),
        ("units", {"units": 10**9}, 422, "units"),
        ("units", {"units": 1.5}, 422, "units"),
        ("units", {"units": None}, 422, "units"),
        ("end", {"id": ""}, 422, "id"),
        ("cancel", {"reason": "x" * 201}, 422, "reason"),
    ],
)
def test_wrong_words_are_told_by_field(
    shop: Shop, leaf: str, change: dict[str, Any], status: int, path: str
) -> None:
    """The stocktake goes on as it was."""
    name = start(shop, hand(shop), "floor")["stocktake"]
    good = {"gtin": shop.product(tracking="count"), "zone": "floor", "units": 1}
    filled = {k: shop.product() if v == "TAGGED" else v for k, v in change.items()}
    answer = tell(shop, name, leaf, **{**good, **filled})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)
    found = shop.api().get(f"/stocktakes/{name}").json()
    assert (found["state"], found["zone"], found["result"]["products"]) == ("open", "floor", [])


@pytest.mark.parametrize("leaf", ["zone", "units", "end", "cancel"])
def test_a_stocktake_that_never_was_is_not_found(shop: Shop, leaf: str) -> None:
    """With the field's name."""
    body = {"gtin": shop.product(tracking="count"), "zone": "floor", "units": 1}
    for answer in (tell(shop, "7-000999", leaf, **body), shop.api().get("/stocktakes/7-000999")):
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (404, "stocktake")
