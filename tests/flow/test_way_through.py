"""The whole way: real payloads over a real broker into stock, prices, sales, and out to a shop."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from devices.agent import Agent

GTIN = "06901815908304"


def product(**more: object) -> dict[str, object]:
    """Give a product of the recordings."""
    return {"gtin": GTIN, "name": "Denim jacket", "names": {"zh": "牛仔夹克"}, **more}


@pytest.mark.parametrize("vendor", ["impinj", "zebra"])
def test_recorded_payloads_become_stock(
    running: Any, eventually: Callable[..., Any], shared_data: Path, vendor: str
) -> None:
    """Lines of a vendor's reader on the vendor's own topic are stock over the API."""
    lines = (shared_data / "readers" / f"{vendor}.jsonl").read_bytes().splitlines()
    running.publish([(f"{vendor}/tags", line) for line in lines])
    eventually(lambda: running.api.get("/items").json()["items"], lambda items: len(items) >= 12)
    levels = running.api.get("/stock").json()["items"]
    assert [level["on_hand"] for level in levels] == [1] * 12
    device = next(
        row for row in running.api.get("/devices").json()["items"] if row["device"] == f"{vendor}-1"
    )
    assert device["problem"] == "reads-lost, antenna-3-disconnected"
    assert running.api.get("/dead-letters").json()["items"] == []


def test_price_reaches_glass_before_it_is_effective(
    running: Any, eventually: Callable[..., Any]
) -> None:
    """A price is a picture on the label first; the till raises when the label has confirmed."""
    shown: list[dict[str, Any]] = []

    def on_downlink(leaf: str, payload: bytes) -> None:
        if leaf == "show":
            shown.append(msgspec.json.decode(payload))

    with Agent(
        running.address, "test", "label", "labels-1", {"model": "sim"}, on_downlink=on_downlink
    ) as labels:
        running.api.put("/products", json=[product()]).raise_for_status()
        price(running, 1999)
        running.api.post("/labels/label-1/bind", json={"gtin": GTIN}).raise_for_status()
        first = eventually(lambda: list(shown), len)[0]
        confirm(labels, first)
        eventually(lambda: ask(running), lambda p: p["effective"])

        price(running, 2999)
        second = eventually(lambda: list(shown), lambda got: len(got) > 1)[-1]
        asked = ask(running)
        assert (asked["till"], asked["effective"]) == (1999, False)
        confirm(labels, second)
        assert eventually(lambda: ask(running), lambda p: p["effective"])["till"] == 2999

    png = base64.b64decode(second["data"])
    assert hashlib.sha256(png).hexdigest()[:16] == second["image"]
    assert Image.open(io.BytesIO(png)).size == (296, 128)
    state = eventually(running.shop_state, lambda s: s["counts"].get("store.price.effective.v1"))
    assert next(p for p in state["products"] if p["gtin"] == GTIN)["amount"] == 2999


def test_lane_scans_prices_and_sells(running: Any, eventually: Callable[..., Any]) -> None:
    """What a scanner reads is priced in the lane's basket; paying twice is one sale everywhere."""
    running.api.put("/products", json=[product(tracking="count")]).raise_for_status()
    adjust = {"gtin": GTIN, "zone": "floor", "count": 5, "reason": "counted"}
    running.api.post("/stock/adjustments", json=adjust).raise_for_status()
    price(running, 1250)
    scan = {"boot": "b", "seq": 1, "t": 1, "data": GTIN[1:], "symbology": "ean13"}
    running.publish([("store/test/scanner/scanner-1/scan", json.dumps(scan).encode())] * 2)
    lane = eventually(lambda: running.api.get("/lanes/lane-1").json(), lambda x: x["lines"])
    assert (lane["total"], lane["state"]) == (1250, "scanning")

    pay = {"basket": lane["basket"], "method": "card"}
    sales = [running.api.post("/lanes/lane-1/pay", json=pay).json()["sale"] for _ in range(2)]
    assert sales[0] == sales[1]
    state = eventually(running.shop_state, lambda s: s["sales"])
    assert state["sales"] == [sales[0]]
    stock = eventually(
        lambda: running.api.get(f"/stock/{GTIN}").json(), lambda level: level["on_hand"] == 4
    )
    assert (stock["in_basket"], stock["available"]) == (0, 4)


def test_unknown_device_waits_in_the_inbox(running: Any, eventually: Callable[..., Any]) -> None:
    """Nothing that an unknown reader says changes stock until a technician adopts it."""
    topic = "store/test/rfid/reader-9/reads"
    read = {"reads": [{"epc": "30320E911780CF8027072ABE", "ant": 1, "rssi": -50, "t": 1}]}
    running.publish([(topic, json.dumps(read).encode())])

    def device() -> Any:
        rows = running.api.get("/devices").json()["items"]
        return next((row for row in rows if row["device"] == "reader-9"), None)

    assert eventually(device, bool)["adopted"] is False
    assert running.api.get("/items").json()["items"] == []
    adoption = {"kind": "rfid", "antennas": {"1": "shelf-a"}}
    running.api.post("/devices/reader-9/adopt", json=adoption).raise_for_status()
    running.publish([(topic, json.dumps(read).encode())])
    eventually(lambda: running.api.get("/items").json()["items"], lambda items: len(items) == 1)


def test_breach_of_contract_is_a_dead_letter(running: Any, eventually: Callable[..., Any]) -> None:
    """A message that breaks the contract is kept with its reason, and holds nothing up."""
    running.publish(
        [
            ("store/test/rfid/reader-1/reads", b'{"reads":[{"epc":"zz","ant":1,"t":1}]}'),
            ("store/test/rfid/reader-1/reads", b"\xff\x00"),
        ]
    )
    letters = eventually(
        lambda: running.api.get("/dead-letters").json()["items"], lambda rows: len(rows) == 2
    )
    assert letters[0]["reason"].startswith("reads[0].epc: expected")
    answer = running.api.post(f"/dead-letters/{letters[0]['id']}/retry")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def price(box: Any, amount: int) -> None:
    """Ask for a price."""
    change = {"changes": [{"gtin": GTIN, "amount": amount}]}
    box.api.post("/prices", json=change).raise_for_status()


def ask(box: Any) -> Any:
    """Give the price as the API tells it."""
    return box.api.get(f"/prices/{GTIN}").json()


def confirm(labels: Agent, show: dict[str, Any]) -> None:
    """Say that a picture is on the glass."""
    labels.publish("shown", {"t": 1, "label": show["label"], "image": show["image"]})
