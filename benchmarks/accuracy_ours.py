"""Our engine in the accuracy benchmark: a real shop, driven as the gateway drives it."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.site import site_settings
from devices.simulator.goods import GOODS
from devices.simulator.happenings import Unit
from devices.simulator.stock import BACKROOM
from devices.simulator.wire import Arrived, LinkChanged
from edge.commands import AdjustStock, Command, Product, PutProducts
from edge.events import Event
from edge.shop import Shop
from edge.state import State
from edge.uplinks import CODES

MISSING_AFTER_S = 12.0
"""As the demo has it."""
THERE = ("present", "returned")
"""States of an item that stands somewhere; a moving one is in somebody's hands."""
_SALES = "sales"


class Ours:
    """`events` is what the shop said, with the time (epoch ms); whoever reads it empties it."""

    def __init__(self, untagged: frozenset[str], now: int) -> None:
        """Open the shop with its products; `untagged` ones are counted."""
        self.events: list[tuple[int, Event]] = []
        self._untagged = untagged
        with tempfile.TemporaryDirectory() as folder:
            settings = site_settings(Path(folder), MISSING_AFTER_S)
        self._shop = Shop(settings, State(), CODES, epoch=1, now=now)
        products = tuple(
            Product(good.gtin, good.name, tracking="count" if good.gtin in untagged else "item")
            for good in GOODS
        )
        self._execute(PutProducts(products), now)

    def count(self, fixtures: Mapping[str, Mapping[str, Unit]], now: int) -> None:
        """Take stock of the untagged products by hand."""
        for place, units in fixtures.items():
            self.receive(tuple(units.values()), now, BACKROOM if place == BACKROOM else _SALES)

    def receive(self, units: tuple[Unit, ...], now: int, zone: str = BACKROOM) -> None:
        """Book the untagged ones among new units."""
        arrived = Counter(unit.gtin for unit in units if unit.gtin in self._untagged)
        for gtin, number in sorted(arrived.items()):
            self._execute(AdjustStock(gtin, zone, "received", delta=number), now)

    def take(self, arrived: Arrived) -> None:
        """Take a message."""
        self._note(arrived.now, self._shop.accept(arrived.message, arrived.now))

    def listen(self, link: LinkChanged) -> None:
        """Lose the broker, or hear it again."""
        self._shop.listen(connected=link.connected, now=link.now)

    def tick(self, now: int) -> None:
        """Let time pass."""
        self._note(now, self._shop.advance(now))
        self._note(now, self._shop.settle(now))

    def places(self, _now: int) -> dict[str, str]:
        """Give the shelf, or the zone, of each item that is there."""
        items = ((item.epc, item) for item in self._shop.state.items if item.state in THERE)
        return {epc: place for epc, item in items if (place := item.shelf or item.zone)}

    def place(self, epc: str) -> str | None:
        """Give where one item is."""
        item = self._shop.state.items.get(epc)
        return (item.shelf or item.zone) if item and item.state in THERE else None

    def on_hand(self, gtin: str) -> int | None:
        """Give the published stock level of a product, None where it says that it is stale."""
        level = self._shop.state.levels.get(gtin)
        if level is None:
            return 0
        return None if level.stale else level.on_hand

    def _execute(self, command: Command, now: int) -> None:
        self._note(now, self._shop.execute(command, now)[1])

    def _note(self, now: int, events: list[Event]) -> None:
        self.events.extend((now, event) for event in events)
