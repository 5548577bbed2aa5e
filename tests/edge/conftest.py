"""A small shop for the tests of the rules, the database and what stands around them."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine

from devices.rfid.epc import Sgtin, Sscc, decode, encode_sgtin96
from devices.scanners.gs1 import parse
from edge.commands import AdoptDevice, Command, Product, PutProducts
from edge.config import Settings, load
from edge.database import open_database
from edge.events import Event, ItemChanged, StockChanged
from edge.inventory import Inventory, Ledger
from edge.items import Place
from edge.readings import Message, SaleReported, SoldLine, TagRead, TagsRead
from edge.rows import Rows
from edge.shop import Codes, Shop
from edge.state import State

Happened = TypeVar("Happened", bound=Event)

T0 = 1_800_000_000_000
EPOCH = 7
PATIENCE_S = 20.0

STORE = """
[store]
id = "shop"
name = "Shop"
timezone = "Asia/Shanghai"
currency = "CNY"
[prices]
grace_s = 0

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


def _sscc(epc: str) -> str | None:
    tag = decode(epc)
    return tag.sscc if isinstance(tag, Sscc) else None


def _scan(data: str) -> tuple[str | None, str | None]:
    item = parse(data)
    return item.gtin, item.serial


@pytest.fixture(scope="session")
def codes() -> Codes:
    """Read tags and codes as the gateway does."""
    return Codes(tag=_tag, scan=_scan, sscc=_sscc)


@pytest.fixture(scope="session")
def open_shop(settings: Settings, codes: Codes) -> Callable[[State, int], Shop]:
    """Open the shop on a state at a time, with devices that can be heard."""
    return lambda state, now: Shop(settings, state, codes, epoch=EPOCH, now=now)


class Floor:
    """A shop whose people tell of stock, and a clock; keeps all events.

    Milk and tea have tags, rice and nuts are counted. `hand-1` is a hand-held reader.
    """

    MILK, TEA = "04006381333931", "06901234567892"
    RICE, NUTS = "04006381333948", "04006381333955"

    def __init__(self, open_shop: Callable[[State, int], Shop]) -> None:
        """Open a shop that knows its products and its hand-held reader."""
        self.now = T0
        self.events: list[Event] = []
        self._open = open_shop
        self.shop = open_shop(State(), T0)
        tagged = tuple(Product(gtin, "tagged") for gtin in (self.MILK, self.TEA))
        counted = tuple(
            Product(gtin, "counted", tracking="count") for gtin in (self.RICE, self.NUTS)
        )
        self.ask(PutProducts(tagged + counted))
        self.read("hand-1")
        self.ask(AdoptDevice("hand-1", "rfid"))

    @staticmethod
    def tag(gtin: str, serial: int) -> str:
        """Give the EPC of a unit."""
        return encode_sgtin96(gtin, 7, serial)

    def ask(self, command: Command) -> Any:
        """Carry a command out."""
        answer, events = self.shop.execute(command, self.now)
        self._take(events)
        return answer

    def read(self, device: str, *epcs: str, antenna: int = 1, rssi: float | None = -50.0) -> None:
        """Let a reader see tags, or nothing."""
        reads = tuple(TagRead(epc, antenna, rssi, self.now) for epc in epcs)
        message = Message(device, "rfid", (TagsRead(reads),))
        self._take(self.shop.accept(message, self.now))

    def watch(self, seconds: int, device: str, *epcs: str, antenna: int = 1) -> None:
        """Let a reader see tags, or nothing, in each of so many seconds."""
        for _ in range(seconds):
            self.wait(1000)
            self.read(device, *epcs, antenna=antenna)

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.now += ms
        self._take(self.shop.advance(self.now))

    def sell(self, sale: str, gtin: str, qty: int = 1, epc: str | None = None) -> None:
        """Let a till sell units, by barcode or by tag."""
        line = SoldLine(gtin, qty, 100 * qty, epc)
        reported = SaleReported(self.now, sale, "CNY", (line,), line.amount)
        self._take(self.shop.accept(Message("lane-2", "checkout", (reported,)), self.now))

    def restart(self) -> None:
        """Let the shop carry on from its rows."""
        self.shop = self._open(self.shop.state, self.now)

    def level(self, gtin: str) -> StockChanged:
        """Give the newest level of a product, once it had its time."""
        self.wait(1000)
        return [e for e in self.happened(StockChanged) if e.gtin == gtin][-1]

    def happened(self, kind: type[Happened]) -> list[Happened]:
        """Give all events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def reasons(self, epc: str) -> list[str]:
        """Give the reasons of an item's events."""
        return [event.reason for event in self.happened(ItemChanged) if event.epc == epc]

    def place(self, epc: str) -> tuple[str, str | None]:
        """Give an item's state and zone."""
        item = self.shop.inventory.item(epc, self.now)
        return item.state, item.zone

    def saved(self) -> int:
        """Count the rows that wait to be saved, and let them be saved."""
        state = self.shop.state
        return sum(len(rows) for f in fields(state) for rows in getattr(state, f.name).collect())

    def _take(self, events: Sequence[Event]) -> None:
        self.events += [*events, *self.shop.settle(self.now)]


@pytest.fixture
def floor(open_shop: Callable[[State, int], Shop]) -> Floor:
    """Open a shop whose people tell of stock."""
    return Floor(open_shop)


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


MILK, TEA, EGGS = "04006381333931", "06901234567892", "04006381333948"
OPENED = 1_800_000_000_000
MISSING_MS = 60_000
Spot = tuple[str, int]
READERS = {
    "reader-1": {1: Place("floor", "shelf-a"), 2: Place("floor", "shelf-b"), 3: Place("back")},
    "reader-2": {1: Place("back"), 2: Place("tills")},
    "gate": {1: Place("door", gate=True)},
}
KEYS = {
    "items": ("epc",),
    "traces": ("epc",),
    "readers": ("device",),
    "antennas": ("id",),
    "strays": ("seat", "heard_by"),
    "counts": ("gtin", "zone"),
    "levels": ("gtin",),
    "products": ("gtin",),
}


class Stocktaker:
    """An inventory, its readers and a clock; keeps all events.

    Milk and tea go by tag, eggs by count. Readers speak once a second and read what stands before
    their antennas, each tag in its share of the seconds.
    """

    def __init__(self, codes: Codes, references: dict[str, Place] | None = None) -> None:
        """Open an empty shop."""
        self.now = OPENED
        self.events: list[Event] = []
        self.baskets: Counter[str] = Counter()
        self.deaf_since: int | None = None
        self.silent: set[str] = set()
        self.unplugged: set[Spot] = set()
        self.skew: Counter[str] = Counter()
        self._codes = codes
        self._references = references or {}
        self._dice = random.Random(1)  # noqa: S311  (dice for reads, not for secrets)
        self._before: dict[Spot, dict[str, tuple[float, float | None]]] = {}
        self.ledger = Ledger(**{name: Rows() for name in KEYS})
        self.inventory = self._open()
        products = (
            Product(MILK, "Milk"),
            Product(TEA, "Tea", safety=1),
            Product(EGGS, "Eggs", tracking="count"),
        )
        self.take(self.inventory.put_products(PutProducts(products)))

    def _open(self) -> Inventory:
        inventory = Inventory(
            self.ledger,
            identify=self._codes.tag,
            references=self._references,
            missing_after_ms=MISSING_MS,
            epoch=1,
        )
        for device, places in READERS.items():
            self.events += inventory.install(device, places, self.now)
        return inventory

    def reopen(self) -> None:
        """Go on from the rows alone, as after a restart."""
        copies: dict[str, Any] = {}
        for name, key in KEYS.items():
            rows = [deepcopy(row) for row in getattr(self.ledger, name)]
            keys = [tuple(getattr(row, part) for part in key) for row in rows]
            named = [k if len(k) > 1 else k[0] for k in keys]
            copies[name] = Rows(zip(named, rows, strict=True))
        self.ledger = Ledger(**copies)
        self.inventory = self._open()
        if self.deaf_since is not None:  # as the gateway says after a restart
            self.inventory.deafen(self.deaf_since, self.now)

    def take(self, events: Sequence[Event]) -> None:
        """Keep events, and publish the levels that they changed."""
        self.events += [*events, *self.inventory.settle(self.baskets, self.now)]

    def deafen(self) -> None:
        """Lose the broker."""
        self.deaf_since = self.now if self.deaf_since is None else self.deaf_since
        self.inventory.deafen(self.now, self.now)

    def resume(self) -> None:
        """Hear the broker again."""
        self.deaf_since = None
        self.inventory.resume(self.now)

    # What happens before the antennas

    def put(self, epc: str, spot: Spot, *, rate: float = 1.0, rssi: float | None = -60.0) -> None:
        """Let a tag stand before an antenna, and before no other."""
        self.pick(epc)
        self.spill(epc, spot, rate=rate, rssi=rssi)

    def spill(self, epc: str, spot: Spot, *, rate: float, rssi: float | None = -70.0) -> None:
        """Let another antenna read a tag as well."""
        self._before.setdefault(spot, {})[epc] = (rate, rssi)

    def pick(self, epc: str) -> None:
        """Take a tag away from all antennas."""
        for tags in self._before.values():
            tags.pop(epc, None)

    def watch(self, seconds: float, step_ms: int = 1000) -> None:
        """Let readers read for so long."""
        for _ in range(round(seconds * 1000 / step_ms)):
            self.now += step_ms
            for device in READERS:
                if device not in self.silent:
                    reads = self.sightings(device)
                    self.take(self.inventory.read(device, reads, self.now))
            self.take(self.inventory.advance(self.now))

    def sightings(self, device: str) -> tuple[TagRead, ...]:
        """Give what a reader reads now."""
        at = self.now - 100 + self.skew[device]
        return tuple(
            TagRead(epc, antenna, rssi, at)
            for (name, antenna), tags in sorted(self._before.items())
            if name == device and (name, antenna) not in self.unplugged
            for epc, (rate, rssi) in sorted(tags.items())
            if self._dice.random() < rate
        )

    def glimpse(self, epc: str, spot: Spot, rssi: float | None = -60.0, age_ms: int = 0) -> None:
        """Let an antenna read a tag once."""
        device, antenna = spot
        sighting = TagRead(epc, antenna, rssi, self.now - age_ms)
        self.take(self.inventory.read(device, (sighting,), self.now))

    def sell(self, gtin: str, qty: int = 1, epc: str | None = None) -> None:
        """Let a till sell, by tag or by barcode."""
        line = SoldLine(gtin, qty, qty * 100, epc)
        self.take(self.inventory.sell(f"sale-{self.now}", (line,), self.now))

    def fill(self, gtin: str, units: int) -> None:
        """Let shoppers have this many units in their baskets."""
        self.baskets[gtin] = units
        self.inventory.touch([gtin])
        self.take([])

    # What is believed

    def level(self, gtin: str) -> StockChanged:
        """Give the newest level, once the pause between two levels is over."""
        self.watch(2)
        levels = (e for e in self.events if isinstance(e, StockChanged) and e.gtin == gtin)
        return list(levels)[-1]

    def told(self, epc: str) -> list[str]:
        """Give the reasons of an item's events."""
        return [e.reason for e in self.events if isinstance(e, ItemChanged) and e.epc == epc]

    def where(self, epc: str) -> str | None:
        """Give shelf or zone of an item that stands somewhere."""
        item = self.ledger.items.get(epc)
        stands = item is not None and item.state in ("present", "returned")
        return (item.shelf or item.zone) if item and stands else None


@pytest.fixture(scope="session")
def stocktaker(codes: Codes) -> Callable[..., Stocktaker]:
    """Open an inventory, perhaps with reference tags (EPC to place)."""
    return lambda references=None: Stocktaker(codes, references)
