"""Stock: how many of each product the shop has, from tags, sales and corrections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from edge.commands import AdjustStock, Product, PutProducts
from edge.errors import NotFound, Refused
from edge.events import Event, ProductChanged, StockAdjusted, StockChanged, moment
from edge.hearing import Hearing
from edge.items import Item, Items, Place
from edge.presence import Presence
from edge.readings import SoldLine, TagRead
from edge.rows import Rows

LEVEL_EVERY_MS = 1000  # at most one level of a product in this time; the last one always


class Count(Struct, frozen=True):
    """Units of an untagged product in a zone; below zero when more was sold than counted."""

    gtin: str
    zone: str
    units: int


class Level(Struct, frozen=True):
    """The last published level of a product.

    `owed` units were sold by barcode and their tags have not left yet.
    """

    gtin: str
    version: int = 0
    on_hand: int = 0
    in_basket: int = 0
    reserved: int = 0
    safety: int = 0
    available: int = 0
    by_zone: dict[str, int] = {}
    stale: bool = False
    at: int = 0
    owed: int = 0


class ProductRow(Struct, frozen=True):
    """A product and the version of its last event."""

    gtin: str
    version: int
    product: Product


class Inventory:
    """The stock of a shop: reads, sales and corrections go in, events come out.

    `identify` gives GTIN and serial of an EPC, None for a tag that is not of the shop's kind.
    """

    def __init__(
        self,
        *,
        items: Rows[str, Item],
        counts: Rows[tuple[str, str], Count],
        levels: Rows[str, Level],
        products: Rows[str, ProductRow],
        identify: Callable[[str], tuple[str, str] | None],
        missing_after_ms: int,
        epoch: int,
        started: int,
    ) -> None:
        """Take up the rows that are on disk; `started` is when this gateway began to listen."""
        self.items = items
        self.counts = counts
        self.levels = levels
        self.products = products
        self._epoch = epoch
        # A level that waited for its turn when the gateway stopped is still to be published.
        self._dirty: dict[str, None] = dict.fromkeys(level.gtin for level in levels)
        self._tagged = Items(items, identify, self._touch)
        self._hearing = Hearing(started)
        self._presence = Presence(
            self._tagged, self._hearing, missing_after_ms, self._owed, self._owe
        )
        self._counted: dict[str, Counter[str]] = {}
        for count in counts:
            self._counted.setdefault(count.gtin, Counter())[count.zone] += count.units

    # What readers say, and what their silence means

    def read(self, device: str, sighting: TagRead, place: Place, now: int) -> list[Event]:
        """Take one sighting of a tag at the place that its antenna looks at."""
        return self._presence.read(device, sighting, place, now)

    def spoke(self, device: str, now: int) -> None:
        """Take a reader's sign of life: what it has not read by now, it could have read."""
        self._hearing.speak(device, now)

    def silence(self, device: str) -> None:
        """Freeze what this reader watches: its items do not go missing, their levels are stale."""
        self._hearing.lose(device)
        self._touch_items_of(device)

    def hear(self, device: str, now: int) -> None:
        """Let time-outs run again for what this reader watches, from now on."""
        self._hearing.regain(device, now)
        self._touch_items_of(device)

    def deafen(self) -> None:
        """Freeze everything: no reader can be heard."""
        self._hearing.deafen()

    def resume(self, now: int) -> None:
        """Let all time-outs run again, from now on."""
        self._hearing.resume(now)

    def _touch_items_of(self, device: str) -> None:
        for item in self._tagged.present():
            if item.device == device and item.gtin is not None:
                self._touch(item.gtin)

    def _touch(self, gtin: str) -> None:
        self._dirty[gtin] = None

    # What was sold and corrected

    def sell(self, sale: str, lines: Iterable[SoldLine], now: int) -> list[Event]:
        """End the items of a sale: by EPC the item itself, by barcode one that is missing."""
        events: list[Event] = []
        for line in lines:
            if line.epc:
                events += self._tagged.move(self._tagged.get(line.epc, now), "sold", now, sale=sale)
                continue
            events += self._sell_units(line.gtin, line.qty, sale, now)
        return events

    def _sell_units(self, gtin: str, units: int, sale: str, now: int) -> list[Event]:
        if self._tracking(gtin) == "count":
            self._sell_counted(gtin, units)
            return []
        return self._presence.sell(gtin, units, sale, now)

    def _sell_counted(self, gtin: str, units: int) -> None:
        """Take from where most is, then from the rest; what nobody counted, from the first."""
        rows = [count for count in self.counts if count.gtin == gtin]
        rows.sort(key=lambda count: count.units, reverse=True)
        for row in rows:
            taken = min(units, max(0, row.units))
            self._count(gtin, row.zone, -taken)
            units -= taken
        self._count(gtin, rows[0].zone if rows else "store", -units)

    def adjust(self, command: AdjustStock, zones: set[str]) -> list[Event]:
        """Correct the count of an untagged product."""
        if command.zone not in zones:
            raise NotFound(f"expected a zone of the shop, came {command.zone!r}", "zone")
        if (command.delta is None) == (command.count is None):
            raise Refused("expected either delta or count", "delta")
        if self._tracking(command.gtin) != "count":
            raise Refused(
                f"{command.gtin} is counted by its tags: set tracking to count to correct it",
                "gtin",
            )
        row = self.counts.get((command.gtin, command.zone))
        units = row.units if row else 0
        delta = command.delta if command.delta is not None else (command.count or 0) - units
        self._count(command.gtin, command.zone, delta)
        return [
            StockAdjusted(gtin=command.gtin, zone=command.zone, delta=delta, reason=command.reason)
        ]

    def put_products(self, command: PutProducts) -> list[Event]:
        """Add or replace products."""
        events: list[Event] = []
        for product in command.products:
            row = self.products.get(product.gtin)
            if row and row.product == product:
                continue
            version = row.version + 1 if row else 1
            self.products.put(product.gtin, ProductRow(product.gtin, version, product))
            if product.tracking == "count":
                self._owe(product.gtin, -self._owed(product.gtin))
            self._dirty[product.gtin] = None
            events.append(
                ProductChanged(
                    gtin=product.gtin, product=product, epoch=self._epoch, version=version
                )
            )
        return events

    def epc_of(self, gtin: str, serial: str) -> str | None:
        """Give the EPC of a known item by its GTIN and serial."""
        return self._tagged.epc_of(gtin, serial)

    def product(self, gtin: str) -> Product | None:
        """Give a product by its GTIN."""
        row = self.products.get(gtin)
        return row.product if row else None

    def _tracking(self, gtin: str) -> str:
        product = self.product(gtin)
        return product.tracking if product else "item"

    def _count(self, gtin: str, zone: str, delta: int) -> None:
        row = self.counts.get((gtin, zone)) or Count(gtin, zone, 0)
        self.counts.put((gtin, zone), replace(row, units=row.units + delta))
        self._counted.setdefault(gtin, Counter())[zone] += delta
        self._touch(gtin)

    def _owed(self, gtin: str | None) -> int:
        level = self.levels.get(gtin) if gtin else None
        return level.owed if level else 0

    def _owe(self, gtin: str | None, units: int) -> None:
        if gtin is None:
            return
        level = self.levels.get(gtin) or Level(gtin)
        self.levels.put(gtin, replace(level, owed=level.owed + units))
        self._dirty[gtin] = None

    # Time and levels

    def advance(self, now: int) -> list[Event]:
        """Let items that nobody reads go missing; one that was owed to a sale is sold."""
        return self._presence.advance(now)

    def touch(self, gtins: Iterable[str]) -> None:
        """Have the levels of these products looked at again (baskets changed)."""
        for gtin in gtins:
            self._dirty[gtin] = None

    def settle(self, in_baskets: Counter[str], now: int) -> list[Event]:
        """Publish the levels that changed, each product at most once a second."""
        events: list[Event] = []
        for gtin in list(self._dirty):
            last = self.levels.get(gtin) or Level(gtin)
            if last.version and 0 <= now - last.at < LEVEL_EVERY_MS:
                continue
            del self._dirty[gtin]
            level = self._level(last, in_baskets[gtin], now)
            if last.version and replace(level, version=last.version, at=last.at) == last:
                continue
            self.levels.put(gtin, level)
            events.append(_stock_changed(level, self._epoch))
        return events

    def _level(self, last: Level, in_basket: int, now: int) -> Level:
        counted = self._tracking(last.gtin) == "count"
        units = (
            self._counted.get(last.gtin, Counter()) if counted else self._tagged.units(last.gtin)
        )
        by_zone = {zone: n for zone, n in sorted(units.items()) if n}
        on_hand = max(0, sum(by_zone.values()) - last.owed)
        product = self.product(last.gtin)
        safety = product.safety if product else 0
        return Level(
            gtin=last.gtin,
            version=last.version + 1,
            on_hand=on_hand,
            in_basket=in_basket,
            reserved=last.reserved,
            safety=safety,
            available=max(0, on_hand - in_basket - last.reserved - safety),
            by_zone=by_zone,
            stale=self._is_stale(last.gtin),
            at=now,
            owed=last.owed,
        )

    def _is_stale(self, gtin: str) -> bool:
        if not self._hearing.any_silent:
            return False
        items = self._tagged.of(gtin)
        return any(
            item.state == "present" and self._hearing.is_silent(item.device) for item in items
        )


def _stock_changed(level: Level, epoch: int) -> StockChanged:
    return StockChanged(
        gtin=level.gtin,
        epoch=epoch,
        version=level.version,
        on_hand=level.on_hand,
        in_basket=level.in_basket,
        reserved=level.reserved,
        safety=level.safety,
        available=level.available,
        by_zone=level.by_zone,
        stale=level.stale,
        as_of=moment(level.at),
    )
