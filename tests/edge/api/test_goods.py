"""Transfers, write-offs and returns over HTTP."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.edge.api.conftest import Shop


def stocked(shop: Shop, units: int = 10) -> str:
    """Put an untagged product with units on the floor."""
    gtin = shop.product(tracking="count")
    body = {"gtin": gtin, "zone": "floor", "count": units, "reason": "begin"}
    shop.api().post("/stock/adjustments", json=body).raise_for_status()
    return gtin


def post(shop: Shop, leaf: str, **body: Any) -> httpx.Response:
    """Tell of goods."""
    return shop.api("operator").post(f"/stock/{leaf}", json=body)


def told(shop: Shop, gtin: str) -> list[tuple[str, int, str, str]]:
    """Give what the online channel was told of an untagged product."""
    query: dict[str, str | int] = {"type": "store.stock.adjusted.v1", "limit": 1000}
    events = shop.api().get("/events", params=query).json()
    return [
        (e["data"]["zone"], e["data"]["delta"], e["data"]["why"], e["data"]["reason"])
        for e in events
        if e["subject"] == gtin
    ]


def sell(shop: Shop, gtin: str, epc: str | None = None) -> str:
    """Let a till sell a unit and give the sale's id."""
    sale = secrets.token_hex(8)
    line = {"gtin": gtin, "qty": 1, "amount": 100, "epc": epc}
    body = {"t": 1, "sale": sale, "currency": "EUR", "lines": [line], "total": 100}
    shop.hear("checkout/lane-1/sale", body)
    return sale


def last_change(shop: Shop, epc: str) -> dict[str, Any]:
    """Give the newest change of an item as the online channel was told of it."""
    events = shop.api().get("/events", params={"type": "store.item.*", "limit": 1000}).json()
    found: dict[str, Any] = next(e["data"] for e in reversed(events) if e["subject"] == epc)
    return found


def test_goods_are_transferred(shop: Shop, eventually: Callable[..., Any]) -> None:
    """The answer says what is where."""
    gtin = stocked(shop)
    answer = post(shop, "transfers", gtin=gtin, **{"from": "floor", "to": "back"}, units=4)
    assert answer.json() == {
        "gtin": gtin,
        "from": "floor",
        "to": "back",
        "units": 4,
        "in_from": 6,
        "in_to": 4,
    }
    level = eventually(
        lambda: shop.api().get(f"/stock/{gtin}").json(), lambda row: "back" in row["by_zone"]
    )
    assert level["by_zone"] == {"back": 4, "floor": 6}
    assert told(shop, gtin)[1:] == [
        ("floor", -4, "transferred", ""),
        ("back", 4, "transferred", ""),
    ]


def test_goods_are_written_off(shop: Shop) -> None:
    """Units in a zone, or a tagged item."""
    gtin = stocked(shop)
    answer = post(shop, "write-offs", gtin=gtin, zone="floor", units=3, reason="mice")
    assert answer.json() == {"gtin": gtin, "zone": "floor", "units": 3, "left": 7, "epc": None}
    assert told(shop, gtin)[-1] == ("floor", -3, "written_off", "mice")
    tagged = shop.product()
    epc = shop.tag(tagged, 1)
    shop.read([epc])
    answer = post(shop, "write-offs", epc=epc.lower(), reason="broken")
    assert answer.json() == {"gtin": tagged, "zone": "floor", "units": 1, "left": None, "epc": epc}
    last = last_change(shop, epc)
    assert (last["reason"], last["note"]) == ("written_off", "broken")


def test_goods_come_back(shop: Shop) -> None:
    """By tag, by barcode of a known sale, by barcode of none, and without tags."""
    tagged, counted = shop.product(), shop.product(tracking="count")
    one, two = shop.tag(tagged, 1), shop.tag(tagged, 2)
    sell(shop, tagged, two)
    sale = sell(shop, tagged, one)
    lines = [
        {"gtin": tagged, "epc": two},
        {"gtin": tagged, "units": 2},
        {"gtin": counted, "units": 3},
        {"gtin": counted, "units": 2, "resaleable": False},
    ]
    answer = post(shop, "returns", zone="back", lines=lines, sale=sale, reason="too small")
    assert answer.json() == {
        "zone": "back",
        "lines": [
            {"gtin": tagged, "units": 1, "epcs": [two], "unsold": 0, "open": 0},
            {"gtin": tagged, "units": 2, "epcs": [one], "unsold": 0, "open": 1},
            {"gtin": counted, "units": 3, "epcs": [], "unsold": 0, "open": 0},
            {"gtin": counted, "units": 2, "epcs": [], "unsold": 0, "open": 0},
        ],
    }
    item = last_change(shop, one)
    assert (item["state"], item["zone"]) == ("returned", "back")
    assert [delta for _, delta, why, _ in told(shop, counted) if why == "returned"] == [3, 0]


def test_a_repeat_with_the_same_id_has_no_second_effect(shop: Shop) -> None:
    """It is answered as the first was; another request with its id is refused."""
    gtin = stocked(shop)
    requests: list[tuple[str, dict[str, Any]]] = [
        ("transfers", {"gtin": gtin, "from": "floor", "to": "back", "units": 4}),
        ("write-offs", {"gtin": gtin, "zone": "floor", "units": 3, "reason": "mice"}),
        ("returns", {"zone": "floor", "lines": [{"gtin": gtin, "units": 1}]}),
    ]
    for leaf, body in requests:
        told_with = {**body, "id": secrets.token_hex(8)}
        answers = [post(shop, leaf, **told_with) for _ in range(3)]
        assert answers[0].status_code == 200
        assert {answer.text for answer in answers} == {answers[0].text}
        other = post(shop, leaf, **{**told_with, "reason": "another"})
        assert (other.status_code, other.json()["errors"][0]["path"]) == (409, "id")
    assert [delta for _, delta, _, _ in told(shop, gtin)] == [10, -4, 4, -3, 1]


@pytest.mark.parametrize(
    ("change", "status", "path"),
    [
        ({"units": 11}, 409, "units"),
        ({"units": 0}, 422, "units"),
        ({"units": -1}, 422, "units"),
        ({"units": 10**9}, 422, "units"),
        ({"units": 1.5}, 422, "units"),
        ({"units": "1"}, 422, "units"),
        ({"from": "nowhere"}, 404, "from"),
        ({"to": "nowhere"}, 404, "to"),
        ({"to": "floor"}, 409, "to"),
        ({"to": "x" * 201}, 422, "to"),
        ({"from": None}, 422, "from"),
        ({"gtin": "4006381333930"}, 422, "gtin"),
        ({"gtin": "4006381333931"}, 404, "gtin"),
        ({"gtin": "TAGGED"}, 409, "gtin"),
        ({"reason": "x" * 201}, 422, "reason"),
        ({"reason": "a\0b"}, 422, "reason"),
        ({"id": "x" * 129}, 422, "id"),
    ],
)
def test_wrong_transfers_are_told_by_field(
    shop: Shop, change: dict[str, Any], status: int, path: str
) -> None:
    """And nothing moves."""
    gtin = stocked(shop)
    filled = {k: shop.product() if v == "TAGGED" else v for k, v in change.items()}
    body = {"gtin": gtin, "from": "floor", "to": "back", "units": 1, **filled}
    answer = post(shop, "transfers", **body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)
    assert len(told(shop, gtin)) == 1


@pytest.mark.parametrize(
    ("change", "status", "path"),
    [
        ({"units": 11}, 409, "units"),
        ({"units": 0}, 422, "units"),
        ({"units": -1}, 422, "units"),
        ({"units": 10**9}, 422, "units"),
        ({"zone": "nowhere"}, 404, "zone"),
        ({"reason": ""}, 422, "reason"),
        ({"reason": None}, 422, "reason"),
        ({"reason": "x" * 201}, 422, "reason"),
        ({"gtin": "TAGGED"}, 409, "gtin"),
        ({"gtin": "4006381333931"}, 404, "gtin"),
        ({"gtin": None}, 422, "body"),
        ({"units": None}, 422, "body"),
        ({"epc": "30ABCDEF"}, 422, "body"),
        ({"gtin": None, "zone": None, "units": None}, 422, "body"),
        ({"gtin": None, "zone": None, "units": None, "epc": "30ABCDEF"}, 404, "epc"),
        ({"gtin": None, "zone": None, "units": None, "epc": "30ABCDE"}, 422, "epc"),
        ({"gtin": None, "zone": None, "units": None, "epc": "x" * 500}, 422, "epc"),
    ],
)
def test_wrong_write_offs_are_told_by_field(
    shop: Shop, change: dict[str, Any], status: int, path: str
) -> None:
    """And nothing is written off."""
    gtin = stocked(shop)
    filled = {k: shop.product() if v == "TAGGED" else v for k, v in change.items()}
    body = {"gtin": gtin, "zone": "floor", "units": 1, "reason": "mice", **filled}
    answer = post(shop, "write-offs", **body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)
    assert len(told(shop, gtin)) == 1


@pytest.mark.parametrize(
    ("line", "status", "path"),
    [
        ({"units": 0}, 422, "lines[1].units"),
        ({"units": -1}, 422, "lines[1].units"),
        ({"units": 10**9}, 422, "lines[1].units"),
        ({"gtin": "4006381333930"}, 422, "lines[1].gtin"),
        ({"gtin": "4006381333931"}, 404, "lines[1].gtin"),
        ({"epc": "30ABCDEF"}, 409, "lines[1].epc"),
        ({"epc": "no hex"}, 422, "lines[1].epc"),
        ({"epc": "OTHER"}, 409, "lines[1].epc"),
        ({"epc": "OWN", "units": 2}, 409, "lines[1].units"),
        ({"resaleable": "yes"}, 422, "lines[1].resaleable"),
    ],
)
def test_a_wrong_line_refuses_the_whole_return(
    shop: Shop, line: dict[str, Any], status: int, path: str
) -> None:
    """The lines before it are not taken back either."""
    gtin, tagged = stocked(shop), shop.product()
    tags = {"OWN": shop.tag(tagged, 1), "OTHER": shop.tag(shop.product(), 1)}
    filled = {k: tags.get(v, v) if isinstance(v, str) else v for k, v in line.items()}
    lines = [{"gtin": gtin, "units": 1}, {"gtin": tagged, **filled}]
    answer = post(shop, "returns", zone="floor", lines=lines)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)
    assert len(told(shop, gtin)) == 1


@pytest.mark.parametrize(
    ("change", "status", "path"),
    [
        ({"zone": "nowhere"}, 404, "zone"),
        ({"lines": []}, 422, "lines"),
        ({"lines": [{"gtin": "04006381333931"}] * 201}, 422, "lines"),
        ({"sale": "x" * 201}, 422, "sale"),
        ({"reason": "x" * 201}, 422, "reason"),
    ],
)
def test_wrong_returns_are_told_by_field(
    shop: Shop, change: dict[str, Any], status: int, path: str
) -> None:
    """And nothing comes back."""
    gtin = stocked(shop)
    body = {"zone": "floor", "lines": [{"gtin": gtin, "units": 1}], **change}
    answer = post(shop, "returns", **body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)
    assert len(told(shop, gtin)) == 1
