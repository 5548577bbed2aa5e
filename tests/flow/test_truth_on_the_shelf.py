"""The truth about stock, over a real broker and the HTTP API: moves, outages, thieves, counts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from devices.mqtt import Link
from devices.rfid.epc import encode_sgtin96

DENIM, SOCKS = "04006382000016", "04006382000023"
MORE = """
[[zones]]
id = "exit"
name = "Exit"
kind = "exit"
polygon = [[8, 0], [9, 0], [9, 5], [8, 5]]

[[shelves]]
id = "shelf-b"
name = "Shelf B"
zone = "floor"
corner = [5, 1]
size = [2.5, 0.6]

[[devices]]
id = "reader-2"
kind = "rfid"
antennas = { 1 = "shelf-b" }

[[devices]]
id = "gate-1"
kind = "rfid"
antennas = { 1 = "exit" }

[[devices]]
id = "hand-1"
kind = "rfid"
"""
READS_A_SECOND = 4
READ_S = 14  # after which an antenna is sure, and a tag's reads are learned


class Floor:
    """Readers that go round: each tells four times a second what stands before its antenna."""

    def __init__(self, box: Any) -> None:
        """Begin to read; nothing stands anywhere."""
        self.sees: dict[str, list[str]] = {"reader-1": [], "reader-2": [], "gate-1": []}
        self._box = box
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self._over.set()
        self._thread.join()

    def pass_gate(self, epc: str) -> None:
        """Take an item off its shelf and carry it through the gate, which takes two seconds."""
        self.sees = {name: [e for e in epcs if e != epc] for name, epcs in self.sees.items()}
        self.sees["gate-1"] = [epc]
        self._over.wait(2)
        self.sees["gate-1"] = []

    def watch(self, seconds: float) -> None:
        """Let the readers read for a while."""
        self._over.wait(seconds)

    def _read(self) -> None:
        with Link(self._box.address, "floor", on_message=_ignore, lasting=False) as link:
            while not self._over.wait(1 / READS_A_SECOND):
                for device, epcs in list(self.sees.items()):
                    link.publish(f"store/test/rfid/{device}/reads", _reads(epcs), timeout=20)


def _ignore(_: object) -> None:
    """Readers take no commands."""


def _reads(epcs: list[str]) -> bytes:
    now = time.time_ns() // 1_000_000
    reads = [{"epc": epc, "ant": 1, "rssi": -52.0, "t": now} for epc in epcs]
    return json.dumps({"reads": reads}).encode()


def _tag(gtin: str, serial: int) -> str:
    return encode_sgtin96(gtin, 7, serial)


@pytest.fixture
def shop(box: Any) -> Any:
    """Give a running shop with two shelves, a gate and a hand-held reader, that sells two goods."""
    box.configure(MORE)
    box.start_broker()
    box.start_shop()
    box.start_gateway()
    goods = [{"gtin": DENIM, "name": "Denim jacket"}, {"gtin": SOCKS, "name": "Socks"}]
    box.api.put("/products", json=goods).raise_for_status()
    return box


@pytest.fixture
def floor(shop: Any) -> Iterator[Floor]:
    """Give the shop's readers."""
    floor = Floor(shop)
    yield floor
    floor.close()


def test_a_unit_that_is_carried_to_another_shelf_is_known_there(
    shop: Any, floor: Floor, eventually: Callable[..., Any]
) -> None:
    """Its new shelf, why it is believed to be there, and a level that never lost it."""
    unit, other = _tag(DENIM, 1), _tag(DENIM, 2)
    floor.sees |= {"reader-1": [unit], "reader-2": [other]}
    eventually(lambda: _level(shop, DENIM), lambda level: level["on_hand"] == 2)
    eventually(lambda: _level(shop, DENIM), lambda level: not level["stale"], 30)
    floor.sees |= {"reader-1": [], "reader-2": [unit, other]}
    item = eventually(lambda: _item(shop, unit), lambda item: item["shelf"] == "shelf-b", 30)
    assert item["state"] == "present"
    assert "shelf-b" in item["why"]
    assert {level["on_hand"] for level in _level(shop, DENIM)["history"]} <= {0, 1, 2}
    assert _level(shop, DENIM)["on_hand"] == 2


def test_a_reader_that_is_off_takes_no_stock_with_it(
    shop: Any, floor: Floor, eventually: Callable[..., Any]
) -> None:
    """Its shelf is stale at once, nothing leaves; seconds after its return all is as before."""
    unit = _tag(DENIM, 1)
    floor.sees["reader-1"] = [unit]
    eventually(
        lambda: _level(shop, DENIM), lambda level: level["on_hand"] and not level["stale"], 30
    )
    del floor.sees["reader-1"]
    shop.publish([("store/test/rfid/reader-1/status", b'{"online": false}')])
    frozen = eventually(lambda: _level(shop, DENIM), lambda level: level["stale"])
    assert (frozen["on_hand"], frozen["stale_zones"]) == (1, ["floor"])
    floor.watch(READ_S)
    shop.publish([("store/test/rfid/reader-1/status", b'{"online": true}')])
    floor.sees["reader-1"] = [unit]
    back = eventually(lambda: _level(shop, DENIM), lambda level: not level["stale"], 30)
    assert back["on_hand"] == 1
    history = _item(shop, unit)["history"]
    assert [change["reason"] for change in history] == ["arrived"]


def test_only_what_was_not_sold_raises_an_alarm_at_the_gate(
    shop: Any, floor: Floor, eventually: Callable[..., Any]
) -> None:
    """One sold by its tag and one by its barcode leave; the third is stolen; each counts once."""
    by_tag, by_barcode, stolen, left = (_tag(SOCKS, n) for n in range(1, 5))
    floor.sees["reader-1"] = [by_tag, by_barcode, stolen, left]
    eventually(lambda: _level(shop, SOCKS), lambda level: level["on_hand"] == 4)
    floor.watch(READ_S)

    _sell(shop, "s-1", by_tag)
    assert eventually(lambda: _level(shop, SOCKS), lambda level: level["on_hand"] == 3)
    _sell(shop, "s-2", None)
    assert eventually(lambda: _level(shop, SOCKS), lambda level: level["on_hand"] == 2)
    for epc in (by_tag, by_barcode, stolen):
        floor.pass_gate(epc)
        eventually(partial(_item, shop, epc), lambda item: item["state"] == "departed", 40)

    reasons = {epc: _item(shop, epc)["reason"] for epc in (by_tag, by_barcode, stolen)}
    assert reasons == {by_tag: "departed", by_barcode: "departed", stolen: "suspected_theft"}
    level = eventually(lambda: _level(shop, SOCKS), lambda level: level["on_hand"] == 1)
    causes = [cause for row in level["history"] for cause in row["causes"]]
    assert {"why": "suspected_theft", "ref": stolen} in causes
    assert {"why": "sold", "ref": "s-2"} in causes
    # The web shop was told the same: the last level that it holds is the shop's own.
    eventually(lambda: _told(shop, SOCKS), lambda available: available == 1)


def test_a_count_with_a_hand_held_reader_finds_what_is_there_and_what_is_not(
    shop: Any, eventually: Callable[..., Any]
) -> None:
    """A delivery comes with a list; the hand-held reader reads two of three; one is missing."""
    units = [_tag(DENIM, n) for n in range(1, 4)]
    announced = {
        "sscc": "340123450000000017",
        "zone": "floor",
        "lines": [{"gtin": DENIM, "units": 3, "epcs": units}],
    }
    shop.api.post("/deliveries", json=announced).raise_for_status()
    shop.api.post("/deliveries/340123450000000017/receive").raise_for_status()
    eventually(lambda: _level(shop, DENIM), lambda level: level["on_hand"] == 3)

    opened = shop.api.post("/stocktakes", json={"device": "hand-1", "zones": ["floor"]})
    name = opened.raise_for_status().json()["stocktake"]
    shop.publish([("store/test/rfid/hand-1/reads", _reads(units[:2]))])
    eventually(lambda: _stocktake(shop, name), lambda result: result["found"] == 2)
    assert _level(shop, DENIM)["on_hand"] == 3
    ended = shop.api.post(f"/stocktakes/{name}/end").raise_for_status().json()["result"]
    assert (ended["found"], ended["missing"]) == (2, 1)
    level = eventually(lambda: _level(shop, DENIM), lambda level: level["on_hand"] == 2)
    assert level["on_hand_high"] == 3
    assert _item(shop, units[2])["state"] == "missing"


def _item(shop: Any, epc: str) -> Any:
    """Give an item as the API explains it."""
    return shop.api.get(f"/items/{epc}").raise_for_status().json()


def _level(shop: Any, gtin: str) -> Any:
    """Give a product's level as the API explains it."""
    return shop.api.get(f"/stock/{gtin}").raise_for_status().json()


def _stocktake(shop: Any, name: str) -> Any:
    return shop.api.get(f"/stocktakes/{name}").raise_for_status().json()["result"]


def _told(shop: Any, gtin: str) -> Any:
    """Give what the web shop believes that it can sell."""
    products = shop.shop_state()["products"]
    return next((p["available"] for p in products if p["gtin"] == gtin), None)


def _sell(shop: Any, sale: str, epc: str | None) -> None:
    """Let the till sell one pair of socks, by its tag or by its barcode."""
    line = {"gtin": SOCKS, "qty": 1, "amount": 500, **({"epc": epc} if epc else {})}
    told = {"t": 1, "sale": sale, "currency": "EUR", "lines": [line], "total": 500}
    shop.publish([("store/test/checkout/lane-1/sale", json.dumps(told).encode())])
