"""A small shop for the tests of the rules, the database and what stands around them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from devices.rfid.epc import Sgtin, decode, encode_sgtin96
from devices.scanners.gs1 import parse
from edge.config import Settings, load
from edge.database import open_database
from edge.shop import Codes, Shop
from edge.state import State

EPOCH = 7
PATIENCE_S = 20.0

STORE = """
[store]
id = "shop"
name = "Shop"
timezone = "Asia/Shanghai"
currency = "CNY"
[presence]
missing_after_s = 60
"""
ZONE = """
[[zones]]
id = "{}"
name = "{}"
kind = "{}"
polygon = [[0, 0], [4, 0], [4, 3]]
"""
REST = """
[[shelves]]
id = "shelf-a"
name = "Shelf A"
zone = "floor"
corner = [0, 0]
size = [1, 1]

[[devices]]
id = "reader-1"
kind = "rfid"
antennas = { 1 = "shelf-a", 2 = "back", 3 = "door" }

[[devices]]
id = "reader-2"
kind = "rfid"
antennas = { 1 = "back" }

[[devices]]
id = "scanner-1"
kind = "scanner"
lane = "lane-1"

[[devices]]
id = "scanner-2"
kind = "scanner"

[[devices]]
id = "labels-1"
kind = "label"

[[cameras]]
id = "camera-1"
source = "0"
lines = [
  { name = "entrance", start = [0, 0], end = [1, 1] },
  { name = "aisle", start = [0, 1], end = [1, 0], entrance = false },
]
areas = [{ zone = "tills", polygon = [[0, 0], [1, 0], [1, 1]], queue = true }]

[[lanes]]
id = "lane-1"
name = "Lane 1"
zone = "tills"

[[lanes]]
id = "lane-2"
name = "Lane 2"
zone = "tills"

[[labels]]
id = "label-1"
device = "labels-1"

[[labels]]
id = "label-2"
device = "labels-1"
"""
ZONES = (("floor", "sales"), ("back", "backroom"), ("tills", "checkout"), ("door", "exit"))


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Give the settings of a shop with a floor, a back room, tills and a door with a gate."""
    file = tmp_path_factory.mktemp("shop") / "store.toml"
    zones = "".join(ZONE.format(zone, zone, kind) for zone, kind in ZONES)
    file.write_text(STORE + zones + REST, "utf-8")
    return load(file)


def _tag(epc: str) -> tuple[str, str] | None:
    tag = decode(epc)
    return (tag.gtin, tag.serial) if isinstance(tag, Sgtin) else None


def _scan(data: str) -> tuple[str | None, str | None]:
    item = parse(data)
    return item.gtin, item.serial


@pytest.fixture(scope="session")
def codes() -> Codes:
    """Read tags and codes as the gateway does."""
    return Codes(tag=_tag, scan=_scan)


@pytest.fixture(scope="session")
def open_shop(settings: Settings, codes: Codes) -> Callable[[State, int], Shop]:
    """Open the shop on a state at a time, with devices that can be heard."""

    def at(state: State, now: int) -> Shop:
        shop = Shop(settings, state, codes, epoch=EPOCH, now=now)
        shop.listen(connected=True, now=now)
        return shop

    return at


@pytest.fixture(scope="session")
def tag() -> Callable[[str, int], str]:
    """Give the EPC of a product's unit (GTIN with a company prefix of 7 digits, serial)."""
    return lambda gtin, serial: encode_sgtin96(gtin, 7, serial)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Give the address of a database file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Open a fresh database file."""
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait until something holds; fail when it does not within a generous time."""

    def wait(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > deadline:
                pytest.fail("expected something to hold by now; it does not")
            time.sleep(0.005)

    return wait
