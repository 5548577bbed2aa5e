"""Stock: which tagged items are where, and how many of each product the shop has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from edge.commands import AdjustStock, Product, PutProducts
from edge.errors import NotFound, Refused
from edge.events import (
    Event,
    ItemChanged,
    ProductChanged,
    Standing,
    StockAdjusted,
    StockChanged,
    moment,
)
from edge.readings import SoldLine, TagRead
from edge.rows import Rows

State = Literal["unknown", "present", "missing", "sold", "departed"]
Sight = Literal["read", "unseen", "sold", "gate"]

# What each state becomes at a sight, and the reason that the event gives. "gate" is a read at the
# exit; a pair that is not listed leaves the item as it is (a sold item passes shelf antennas on its
# way out; a departed one is seen by the gate more than once).
MOVES: dict[tuple[State, Sight], tuple[State, str]] = {
    ("unknown", "read"): ("present", "arrived"),
    ("unknown", "gate"): ("departed", "departed"),
    ("unknown", "sold"): ("sold", "sold"),
    ("present", "read"): ("present", "moved"),
    ("present", "unseen"): ("missing", "missing"),
    ("present", "sold"): ("sold", "sold"),
    ("present", "gate"): ("departed", "suspected_theft"),
    ("missing", "read"): ("present", "returned"),
    ("missing", "sold"): ("sold", "sold"),
    ("missing", "gate"): ("departed", "suspected_theft"),
    ("sold", "gate"): ("departed", "departed"),
    ("departed", "read"): ("present", "returned"),
    ("departed", "sold"): ("sold", "sold"),
}

RIVAL_READS = 2  # reads that another place needs before an item moves there
MOVE_DB = 6.0  # by how much it must be stronger while the old place still reads the item
FADE_DB_PER_MS = 0.001  # what the old place's lead loses while it does not read the item
SMOOTHING = 0.25  # weight of a new RSSI in the running mean
UNKNOWN_RSSI = -70.0  # stands for a read without RSSI
LEVEL_EVERY_MS = 1000  # at most one level of a product in this time; the last one always


class Place(Struct, frozen=True):
    """Where an antenna looks: a zone, perhaps one of its shelves; `gate` at the exit."""

    zone: str
    shelf: str | None = None
    gate: bool = False


class Item(Struct, frozen=True):
    """A tagged item: where it is, since when, and the place that competes for it."""

    epc: str
    gtin: str | None
    serial: str | None
    state: State
    zone: str | None
    shelf: str | None
    reason: str
    since: int
    device: str | None = None
    antenna: int = 0
    seen: int = 0
    rssi: float = UNKNOWN_RSSI
    rival_zone: str | None = None
    rival_shelf: str | None = None
    rival_reads: int = 0
    rival_rssi: float = UNKNOWN_RSSI
    rival_seen: int = 0
    sale: str | None = None
    matched: bool = False


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
        self._identify = identify
        self._missing_after = missing_after_ms
        self._epoch = epoch
        self._started: int | None = started
        self._silent: set[str] = set()
        self._heard_since: dict[str, int] = {}
        self._spoke: dict[str, int] = {}
        self._units: dict[str, Counter[str]] = {}
        self._counted: dict[str, Counter[str]] = {}
        self._epcs: dict[str, dict[str, str]] = {}
        self._present: dict[str, None] = {}
        # A level that waited for its turn when the gateway stopped is still to be published.
        self._dirty: dict[str, None] = dict.fromkeys(level.gtin for level in levels)
        for item in items:
            self._index(item, 1)
        for count in counts:
            self._counted.setdefault(count.gtin, Counter())[count.zone] += count.units

    # What devices saw

    def read(self, device: str, sighting: TagRead, place: Place, now: int) -> list[Event]:
        """Take one sighting of a tag at the place that its antenna looks at."""
        self.spoke(device, now)
        item = self.items.get(sighting.epc) or self._unknown(sighting.epc, now)
        if item.state != "present" and not place.gate:
            if (item.state, "read") not in MOVES and not item.matched:
                return []
            return self._enter(item, device, sighting, place, now)
        if not place.gate and (item.zone, item.shelf) == (place.zone, place.shelf):
            self._confirm(item, device, sighting, now)
            return []
        return self._compete(item, device, sighting, place, now)

    def _unknown(self, epc: str, now: int) -> Item:
        gtin, serial = self._identify(epc) or (None, None)
        return Item(epc, gtin, serial, "unknown", None, None, "unknown", now)

    def _enter(
        self, item: Item, device: str, sighting: TagRead, place: Place, now: int
    ) -> list[Event]:
        if item.matched:
            # A sale by barcode was laid at this item's door, but here it stands: another one left.
            self._owe(item.gtin, 1)
            item = replace(item, state="missing", matched=False, sale=None)
        return self._move(item, "read", now, device=device, sighting=sighting, place=place)

    def _confirm(self, item: Item, device: str, sighting: TagRead, now: int) -> None:
        rssi = item.rssi + SMOOTHING * (_strength(sighting) - item.rssi)
        self.items.put(
            item.epc,
            replace(item, seen=now, rssi=rssi, device=device, antenna=sighting.antenna),
        )

    def _compete(
        self, item: Item, device: str, sighting: TagRead, place: Place, now: int
    ) -> list[Event]:
        strength = _strength(sighting)
        known = (item.rival_zone, item.rival_shelf) == (place.zone, place.shelf)
        recent = now - item.rival_seen <= self._missing_after
        if known and recent:
            strength = item.rival_rssi + SMOOTHING * (strength - item.rival_rssi)
        item = replace(
            item,
            rival_zone=place.zone,
            rival_shelf=place.shelf,
            rival_reads=item.rival_reads + 1 if known and recent else 1,
            rival_rssi=strength,
            rival_seen=now,
        )
        self.items.put(item.epc, item)
        if item.rival_reads < RIVAL_READS:
            return []
        if place.gate:
            return self._gate(item, now)
        lead = MOVE_DB - FADE_DB_PER_MS * (now - item.seen)
        if item.rival_rssi <= item.rssi + lead:
            return []
        return self._move(item, "read", now, device=device, sighting=sighting, place=place)

    def _gate(self, item: Item, now: int) -> list[Event]:
        if item.state in ("present", "missing") and self._owed(item.gtin):
            self._owe(item.gtin, -1)
            return [*self._move(item, "sold", now), *self._gate(self.items[item.epc], now)]
        return self._move(item, "gate", now)

    def _move(
        self,
        item: Item,
        sight: Sight,
        now: int,
        *,
        device: str | None = None,
        sighting: TagRead | None = None,
        place: Place | None = None,
        sale: str | None = None,
        matched: bool = False,
    ) -> list[Event]:
        step = MOVES.get((item.state, sight))
        if step is None:
            return []
        state, reason = step
        inside = state in ("present", "missing")
        moved = replace(
            item,
            state=state,
            reason=reason,
            since=now,
            zone=place.zone if place else item.zone if inside else None,
            shelf=place.shelf if place else item.shelf if inside else None,
            device=device or item.device,
            antenna=sighting.antenna if sighting else item.antenna,
            seen=now if sighting else item.seen,
            rssi=_strength(sighting) if sighting else item.rssi,
            rival_zone=None,
            rival_shelf=None,
            rival_reads=0,
            sale=sale if state in ("sold", "departed") else None,
            matched=matched,
        )
        self._index(item, -1)
        self._index(moved, 1)
        self.items.put(item.epc, moved)
        return [_item_changed(item, moved)]

    def _index(self, item: Item, sign: int) -> None:
        if sign > 0 and item.state == "present":
            self._present[item.epc] = None
        elif item.state == "present":
            self._present.pop(item.epc, None)
        if item.gtin is None:
            return
        if item.serial is not None:
            self._epcs.setdefault(item.gtin, {})[item.serial] = item.epc
        if item.state == "present" and item.zone is not None:
            self._units.setdefault(item.gtin, Counter())[item.zone] += sign
        self._dirty[item.gtin] = None

    # Silence is not absence

    def spoke(self, device: str, now: int) -> None:
        """Take a reader's sign of life: what it has not read by now, it could have read."""
        self._spoke[device] = now

    def silence(self, device: str) -> None:
        """Freeze what this reader watches: its items do not go missing, their levels are stale."""
        self._silent.add(device)
        self._touch_items_of(device)

    def hear(self, device: str, now: int) -> None:
        """Let time-outs run again for what this reader watches, from now on."""
        self._silent.discard(device)
        self._heard_since[device] = now
        self._touch_items_of(device)

    def deafen(self) -> None:
        """Freeze everything: no reader can be heard."""
        self._started = None

    def resume(self, now: int) -> None:
        """Let all time-outs run again, from now on."""
        self._started = now
        self._heard_since.clear()

    def _touch_items_of(self, device: str) -> None:
        for epc in self._present:
            item = self.items[epc]
            if item.device == device and item.gtin is not None:
                self._dirty[item.gtin] = None

    def _overdue(self, now: int) -> list[Item]:
        if self._started is None:
            return []
        started, horizon = self._started, now - self._missing_after
        present = (self.items[epc] for epc in self._present)
        return [
            item
            for item in present
            if item.seen < horizon and self._is_unseen(item, started, horizon)
        ]

    def _is_unseen(self, item: Item, started: int, horizon: int) -> bool:
        """Tell whether its reader could have read it for the whole time-out, and nobody did."""
        reader = item.device or ""
        return (
            reader not in self._silent
            and self._heard_since.get(reader, started) < horizon
            and max(item.seen, item.rival_seen) < self._spoke.get(reader, 0) - self._missing_after
        )

    # What was sold and corrected

    def sell(self, sale: str, lines: Iterable[SoldLine], now: int) -> list[Event]:
        """End the items of a sale: by EPC the item itself, by barcode one that is missing."""
        events: list[Event] = []
        for line in lines:
            item = self.items.get(line.epc) if line.epc else None
            if line.epc and item is None:
                item = self._unknown(line.epc, now)
            if item is not None:
                events += self._move(item, "sold", now, sale=sale)
                continue
            events += self._sell_units(line.gtin, line.qty, sale, now)
        return events

    def _sell_units(self, gtin: str, units: int, sale: str, now: int) -> list[Event]:
        if self._tracking(gtin) == "count":
            self._sell_counted(gtin, units)
            return []
        missing = [i for i in self._items_of(gtin) if i.state == "missing"]
        missing.sort(key=lambda item: (item.seen, item.epc), reverse=True)
        self._owe(gtin, units - len(missing[:units]))
        return [
            event
            for item in missing[:units]
            for event in self._move(item, "sold", now, sale=sale, matched=True)
        ]

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
        return self._epcs.get(gtin, {}).get(serial)

    def product(self, gtin: str) -> Product | None:
        """Give a product by its GTIN."""
        row = self.products.get(gtin)
        return row.product if row else None

    def _tracking(self, gtin: str) -> str:
        product = self.product(gtin)
        return product.tracking if product else "item"

    def _items_of(self, gtin: str) -> list[Item]:
        return [self.items[epc] for epc in self._epcs.get(gtin, {}).values()]

    def _count(self, gtin: str, zone: str, delta: int) -> None:
        row = self.counts.get((gtin, zone)) or Count(gtin, zone, 0)
        self.counts.put((gtin, zone), replace(row, units=row.units + delta))
        self._counted.setdefault(gtin, Counter())[zone] += delta
        self._dirty[gtin] = None

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
        events: list[Event] = []
        for item in self._overdue(now):
            if self._owed(item.gtin):
                self._owe(item.gtin, -1)
                events += self._move(item, "sold", now, matched=True)
            else:
                events += self._move(item, "unseen", now)
        return events

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
        units = (self._counted if counted else self._units).get(last.gtin, Counter())
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
        if not self._silent:
            return False
        items = self._items_of(gtin)
        return any(item.state == "present" and item.device in self._silent for item in items)


def _strength(sighting: TagRead) -> float:
    return UNKNOWN_RSSI if sighting.rssi is None else sighting.rssi


def _item_changed(before: Item, after: Item) -> ItemChanged:
    return ItemChanged(
        epc=after.epc,
        gtin=after.gtin,
        state=after.state,
        zone=after.zone,
        shelf=after.shelf,
        previous=Standing(before.state, before.zone),
        reason=after.reason,
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
