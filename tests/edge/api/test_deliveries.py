"""Deliveries over HTTP: announced, received by a person or their tag, compared with what came."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest

from devices.gtin import check_digit
from devices.rfid.epc import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.edge.api.conftest import Shop


def new_sscc() -> str:
    """Give an SSCC that no test has had."""
    body = f"{secrets.randbelow(10**17):017}"
    return body + check_digit(body)


def announce(shop: Shop, **body: Any) -> httpx.Response:
    """Announce a delivery to the back room."""
    told = {"sscc": new_sscc(), "zone": "back", "reference": "order 7", **body}
    return shop.api("operator").post("/deliveries", json=told)


def line(answer: httpx.Response, gtin: str) -> dict[str, Any]:
    """Give the line of a product."""
    found: dict[str, Any] = next(row for row in answer.json()["lines"] if row["gtin"] == gtin)
    return found


def last_change(shop: Shop, epc: str) -> dict[str, Any]:
    """Give the newest change of an item as the online channel was told of it."""
    events = shop.api().get("/events", params={"type": "store.item.*", "limit": 1000}).json()
    found: dict[str, Any] = next(e["data"] for e in reversed(events) if e["subject"] == epc)
    return found


def test_a_delivery_is_announced_received_and_compared(
    shop: Shop, eventually: Callable[..., Any]
) -> None:
    """Short and surplus are told by product, and which tags were not read."""
    tagged, counted = shop.product(), shop.product(tracking="count")
    epcs = [shop.tag(tagged, n) for n in range(3)]
    lines = [
        {"gtin": tagged, "units": 3, "epcs": [epc.lower() for epc in epcs]},
        {"gtin": counted, "units": 12},
    ]
    announced = announce(shop, lines=lines)
    assert (announced.status_code, announced.json()["state"]) == (200, "announced")
    sscc = announced.json()["sscc"]
    received = shop.api("operator").post(f"/deliveries/{sscc}/receive")
    assert (received.json()["state"], received.json()["by"]) == ("received", "person")
    assert line(received, tagged)["short"] == 3
    shop.read(epcs[:2], antenna=2)
    found = shop.api("viewer").get(f"/deliveries/{sscc}")
    assert line(found, tagged) == {
        "gtin": tagged,
        "announced": 3,
        "read": 2,
        "counted": 0,
        "short": 1,
        "surplus": 0,
        "unread": [epcs[2]],
    }
    assert line(found, counted)["counted"] == 12
    stock = eventually(
        lambda: shop.api().get(f"/stock/{counted}").json(), lambda row: row["on_hand"] == 12
    )
    assert stock["by_zone"] == {"back": 12}
    assert {"why": "delivered", "ref": sscc} in stock["causes"]
    item = last_change(shop, epcs[2])
    assert (item["state"], item["zone"], item["reason"]) == ("present", "back", "delivered")
    assert (item["ref"], item["note"]) == (sscc, "order 7")


def test_a_delivery_receives_itself_by_its_tag(shop: Shop) -> None:
    """The pallet's tag is read by any antenna, in the zone that it was announced for."""
    gtin = shop.product(tracking="count")
    sscc = announce(shop, lines=[{"gtin": gtin, "units": 5}]).json()["sscc"]
    for _ in range(2):
        shop.read([encode({"00": sscc}, "sscc-96", 7)])
    found = shop.api().get(f"/deliveries/{sscc}").json()
    assert (found["state"], found["by"], found["zone"]) == ("received", "tag", "back")
    events = shop.api().get("/events", params={"type": "store.delivery.*", "limit": 1000}).json()
    states = [event["data"]["state"] for event in events if event["subject"] == sscc]
    assert states == ["announced", "received"]


def test_a_repeat_of_each_request_has_no_second_effect(shop: Shop) -> None:
    """With an id, and without one where the delivery itself tells."""
    gtin = shop.product(tracking="count")
    body = {
        "sscc": new_sscc(),
        "zone": "floor",
        "lines": [{"gtin": gtin, "units": 5}],
        "id": secrets.token_hex(8),
    }
    api = shop.api("operator")
    assert api.post("/deliveries", json=body).json() == api.post("/deliveries", json=body).json()
    where = f"/deliveries/{body['sscc']}/receive"
    told = {"id": secrets.token_hex(8), "zone": "back"}
    first = api.post(where, json=told)
    assert first.json() == api.post(where, json=told).json() == api.post(where).json()
    again = api.post("/deliveries", json={**body, "reference": "another"})
    assert (again.status_code, again.json()["errors"][0]["path"]) == (409, "id")
    level = shop.api().get("/events", params={"type": "store.stock.adjusted.v1", "limit": 1000})
    assert [e["data"]["delta"] for e in level.json() if e["subject"] == gtin] == [5]


def test_a_delivery_is_called_off(shop: Shop) -> None:
    """It cannot be received then; what has come cannot be called off."""
    gtin = shop.product(tracking="count")
    api = shop.api("operator")
    sscc = announce(shop, lines=[{"gtin": gtin, "units": 5}]).json()["sscc"]
    cancelled = api.post(f"/deliveries/{sscc}/cancel", json={"reason": "lost"})
    assert cancelled.json()["state"] == "cancelled"
    refused = api.post(f"/deliveries/{sscc}/receive")
    assert (refused.status_code, refused.json()["title"]) == (409, "not possible now")
    assert f"{sscc} is cancelled" in refused.json()["detail"]


def test_pages_walk_over_deliveries_by_state(new_shop: Shop) -> None:
    """In the order of their SSCCs."""
    gtin = new_shop.product()
    lines = [{"gtin": gtin, "units": 1}]
    ssccs = [announce(new_shop, lines=lines).json()["sscc"] for _ in range(5)]
    new_shop.api().post(f"/deliveries/{ssccs[0]}/receive")
    pages = new_shop.pages("/deliveries", limit=2)
    assert [row["sscc"] for page in pages for row in page] == sorted(ssccs)
    pages = new_shop.pages("/deliveries", limit=2, state="announced")
    assert [row["sscc"] for page in pages for row in page] == sorted(ssccs[1:])


@pytest.mark.parametrize(
    ("change", "status", "path"),
    [
        ({"sscc": "106141412345678909"}, 422, "sscc"),
        ({"sscc": "10614141234567890"}, 422, "sscc"),
        ({"sscc": "١٠٦١٤١٤١٢٣٤٥٦٧٨٩٠٨"}, 422, "sscc"),
        ({"sscc": 106141412345678908}, 422, "sscc"),
        ({"zone": "nowhere"}, 404, "zone"),
        ({"zone": "x" * 201}, 422, "zone"),
        ({"zone": None}, 422, "zone"),
        ({"reference": "x" * 201}, 422, "reference"),
        ({"reference": "a\0b"}, 422, "reference"),
        ({"lines": []}, 422, "lines"),
        ({"lines": [{"gtin": "GTIN", "units": 1}] * 1001}, 422, "lines"),
        ({"lines": [{"gtin": "4006381333930", "units": 1}]}, 422, "lines[0].gtin"),
        ({"lines": [{"gtin": "4006381333931", "units": 1}]}, 404, "lines[0].gtin"),
        ({"lines": [{"gtin": "GTIN", "units": 0}]}, 422, "lines[0].units"),
        ({"lines": [{"gtin": "GTIN", "units": -1}]}, 422, "lines[0].units"),
        ({"lines": [{"gtin": "GTIN", "units": 10**9}]}, 422, "lines[0].units"),
        ({"lines": [{"gtin": "GTIN", "units": 1.5}]}, 422, "lines[0].units"),
        ({"lines": [{"gtin": "GTIN", "units": True}]}, 422, "lines[0].units"),
        ({"lines": [{"gtin": "GTIN", "units": 1, "epcs": ["xyz"]}]}, 422, "lines[0].epcs[0]"),
        ({"lines": [{"gtin": "GTIN", "units": 1, "epcs": ["30ABCDEF"]}]}, 409, "lines[0].epcs[0]"),
        (
            {
                "lines": [
                    {"gtin": "GTIN", "units": 1},
                    {"gtin": "GTIN", "units": 1, "epcs": "FOREIGN"},
                ]
            },
            409,
            "lines[1].epcs[0]",
        ),
        ({"lines": [{"gtin": "GTIN", "units": 6_000, "epcs": "MANY"}] * 2}, 422, "body"),
        ({"id": ""}, 422, "id"),
        ({"id": "x" * 129}, 422, "id"),
    ],
)
def test_wrong_announcements_are_told_by_field(
    shop: Shop, change: dict[str, Any], status: int, path: str
) -> None:
    """What cannot be is refused with its field, and nothing is announced."""
    gtin = shop.product()
    values = {
        "GTIN": gtin,
        "FOREIGN": [shop.tag(shop.product(), 1)],
        "MANY": [f"{n:08X}" for n in range(3_000)],
    }
    lines = [{"gtin": gtin, "units": 1}]
    told = change.get("lines", lines)
    filled = [
        {k: values.get(v, v) if isinstance(v, str) else v for k, v in x.items()} for x in told
    ]
    body = {"sscc": new_sscc(), "zone": "back", **change, "lines": filled}
    answer = shop.api().post("/deliveries", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)
    assert shop.api().get(f"/deliveries/{body['sscc']}").status_code in (404, 422)


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({"zone": "nowhere"}, 404, "zone"),
        ({"zone": 5}, 422, "zone"),
        ({"id": 5}, 422, "id"),
        ([], 422, "body"),
    ],
)
def test_wrong_receptions_are_told_by_field(shop: Shop, body: Any, status: int, path: str) -> None:
    """The delivery waits on."""
    sscc = announce(shop, lines=[{"gtin": shop.product(), "units": 1}]).json()["sscc"]
    answer = shop.api().post(f"/deliveries/{sscc}/receive", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)
    assert shop.api().get(f"/deliveries/{sscc}").json()["state"] == "announced"


def test_what_was_never_announced_is_not_found(shop: Shop) -> None:
    """Nor can it be received or called off; a wrong check digit is told as such."""
    sscc = new_sscc()
    wrong = sscc[:-1] + str((int(sscc[-1]) + 1) % 10)
    for name, status in ((sscc, 404), (wrong, 422)):
        for answer in (
            shop.api().get(f"/deliveries/{name}"),
            shop.api().post(f"/deliveries/{name}/receive"),
            shop.api().post(f"/deliveries/{name}/cancel"),
        ):
            assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, "sscc")
