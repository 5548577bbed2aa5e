"""Stock: how many of each product the shop has, from tags, sales, deliveries and corrections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from edge.commands import AdjustStock, Product, PutProducts
from edge.errors import NotFound, Refused
from edge.events import Cause, Event, ItemChanged, ProductChanged, StockAdjusted
from edge.hearing import Antenna, Hearing, Reader, Trouble
from edge.items import SEATED, UNSURE, Item, Items, Place, Sight
from edge.levels import Level, Levels, Stock
from edge.presence import BACK_MS, Presence
from edge.readings import SoldLine, TagRead
from edge.rows import Rows
from edge.strays import Stray, Strays
from edge.traces import Trace

AWAY_MS = 30_000  # a broker that is away for less does not make stock stale


class Count(Struct, frozen=True):
    """Units of an untagged product in a zone; below zero when more was sold than counted."""

    gtin: str
    zone: str
    units: int


class ProductRow(Struct, frozen=True):
    """A product and the version of its last event."""

    gtin: str
    version: int
    product: Product


class Ledger(Struct, frozen=True, kw_only=True):
    """The rows of the stock, as they are on disk."""

    items: Rows[str, Item]
    traces: Rows[str, Trace]
    readers: Rows[str, Reader]
    antennas: Rows[int, Antenna]
    strays: Rows[tuple[int, int], Stray]
    counts: Rows[tuple[str, str], Count]
    levels: Rows[str, Level]
    products: Rows[str, ProductRow]


class Inventory:
    """The stock of a shop: reads, sales and corrections go in, events come out.

    `identify` gives GTIN and serial of an EPC, None for a tag that is not of the shop's kind;
    `references` are the EPCs of the tags that mark places.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        identify: Callable[[str], tuple[str, str] | None],
        references: Mapping[str, Place],
        missing_after_ms: int,
        epoch: int,
    ) -> None:
        """Take up the rows that are on disk."""
        self.counts = ledger.counts
        self.products = ledger.products
        self._epoch = epoch
        self._levels = Levels(ledger.levels, self._stock, epoch)
        self._items = Items(ledger.items, identify, self._item_changed)
        self._traces = ledger.traces
        self._unsure = Counter(
            self._items.all()[trace.epc].gtin for trace in ledger.traces if trace.doubt
        )
        self._is_away = False
        marks = Counter((place.zone, place.shelf) for place in references.values())
        self._hearing = Hearing(ledger.readers, ledger.antennas, marks, self._touch_seats)
        self._presence = Presence(
            items=self._items,
            traces=ledger.traces,
            hearing=self._hearing,
            strays=Strays(ledger.strays),
            references=references,
            missing_after_ms=missing_after_ms,
            levels=self._levels,
            waver=self._waver,
        )
        self._counted: dict[str, Counter[str]] = {}
        for count in ledger.counts:
            self._counted.setdefault(count.gtin, Counter())[count.zone] += count.units

    # What readers say, and what their silence means

    def install(self, device: str, places: Mapping[int, Place], now: int) -> list[Event]:
        """Tie a reader's antennas to places; what stood at one that looks elsewhere now, moves."""
        return [
            event
            for antenna in list(self._hearing.install(device, places))
            for event in self._presence.replace_antenna(antenna, now)
        ]

    def read(self, device: str, sightings: Sequence[TagRead], now: int) -> list[Event]:
        """Take a reader's sightings of one message."""
        return self._presence.read(device, sightings, now)

    def spoke(self, device: str, now: int) -> None:
        """Take a reader's sign of life that is not about tags."""
        self._hearing.spoke(device, now)

    def silence(self, device: str) -> None:
        """Freeze what this reader watches: its items do not leave, their levels are stale."""
        self._hearing.lose(device)

    def hear(self, device: str, now: int) -> None:
        """Let the silence of this reader mean something again, from now on."""
        self._hearing.regain(device, now)

    def unplug(self, device: str, antenna: int) -> None:
        """Freeze what this antenna watches."""
        self._hearing.unplug(device, antenna)

    def plug(self, device: str, antenna: int, now: int) -> None:
        """Let the silence of this antenna mean something again, from now on."""
        self._hearing.plug(device, antenna, now)

    def forgive(self, device: str, now: int) -> None:
        """Forget what a reader has not read until now: it has lost readings."""
        self._hearing.forgive(device, now)

    def deafen(self, since: int, now: int) -> None:
        """Freeze everything: no reader can be heard, since `since`."""
        self._hearing.deafen(since)
        self._is_away = self._hearing.is_away(now, AWAY_MS)

    def resume(self, now: int) -> None:
        """Let silence mean something again, from now on."""
        self._hearing.resume(now, AWAY_MS)
        self._note_away(now)

    def troubles(self) -> list[Trouble]:
        """Hand over the faults of devices that showed in their readings."""
        return self._hearing.troubles()

    # What was sold and corrected

    def sell(self, sale: str, lines: Iterable[SoldLine], now: int) -> list[Event]:
        """End the items of a sale: by EPC the item itself, by barcode one that is missing."""
        events: list[Event] = []
        for line in lines:
            if line.epc:
                events += self._presence.tell(line.epc, "sold", now, sale=sale)
                continue
            self._levels.touch(line.gtin, Cause("sold", sale))
            if self._tracking(line.gtin) == "count":
                self._take_counted(line.gtin, line.qty)
            else:
                events += self._presence.sell(line.gtin, line.qty, sale, now)
        return events

    def _take_counted(self, gtin: str, units: int) -> None:
        """Take from where most is, then from the rest; what nobody counted, from the first."""
        counted = self._counted.get(gtin, Counter())
        zones = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
        for zone, there in zones:
            taken = min(units, max(0, there))
            self._count(gtin, zone, -taken)
            units -= taken
        self._count(gtin, zones[0][0] if zones else "store", -units)

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
        delta = command.delta
        if delta is None:
            delta = (command.count or 0) - self.units(command.gtin, command.zone)
        return self.add(command.gtin, command.zone, delta, "adjusted", reason=command.reason)

    # What people tell

    def require(self, gtin: str, path: str) -> Product:
        """Give a product that the field `path` names; raises NotFound for an unknown one."""
        product = self.product(gtin)
        if product is None:
            raise NotFound(f"expected a known product, came {gtin}: put the product first", path)
        return product

    def is_counted(self, gtin: str) -> bool:
        """Tell whether a product is counted without tags."""
        return self._tracking(gtin) == "count"

    def units(self, gtin: str, zone: str) -> int:
        """Give what was counted of an untagged product in a zone."""
        row = self.counts.get((gtin, zone))
        return row.units if row else 0

    def add(
        self, gtin: str, zone: str, units: int, why: str, *, ref: str = "", reason: str = ""
    ) -> list[Event]:
        """Add units of an untagged product to a zone, or take some (below zero)."""
        self._count(gtin, zone, units)
        self._levels.touch(gtin, Cause(why, ref or reason))
        return [StockAdjusted(gtin=gtin, zone=zone, delta=units, reason=reason, why=why, ref=ref)]

    def item(self, epc: str, now: int) -> Item:
        """Give an item; one that was never seen is in state `unknown`."""
        return self._items.get(epc, now)

    def items_of(self, gtin: str) -> list[Item]:
        """Give all items of a product that were ever seen."""
        return self._items.of(gtin)

    def standing(self, zones: Collection[str]) -> list[Item]:
        """Give the items that have their place in these zones, by EPC."""
        found = [i for i in self._items.all() if i.state in SEATED and i.zone in zones]
        return sorted(found, key=lambda item: item.epc)

    def tell(
        self,
        epc: str,
        sight: Sight,
        now: int,
        *,
        zone: str | None = None,
        sale: str | None = None,
        ref: str = "",
        note: str = "",
    ) -> list[Event]:
        """Take what people say of an item; `ref` and `note` go into its event."""
        place = Place(zone) if zone else None
        events = self._presence.tell(epc, sight, now, place=place, sale=sale)
        return [replace(e, ref=ref, note=note) if isinstance(e, ItemChanged) else e for e in events]

    def find(self, epc: str, zone: str, now: int, ref: str) -> list[Event]:
        """Take that a stocktake has read an item in a zone; what was just sold is on its way out.

        One that was taken for sold by barcode was not: its sale was another one's.
        """
        item = self._items.get(epc, now)
        gone = item.state in ("sold", "departed")
        if gone and not item.matched and now - item.since < BACK_MS:
            return []
        if not item.matched or item.gtin is None:
            return self.tell(epc, "counted", now, zone=zone, ref=ref)
        events = self.tell(epc, "reopened", now, ref=ref)
        events += self.tell(epc, "counted", now, zone=zone, ref=ref)
        return events + self._presence.sell(item.gtin, 1, item.sale, now)

    def miss(self, item: Item, now: int, ref: str) -> list[Event]:
        """Let an item that a stocktake has not read go missing; one that was owed is sold."""
        if item.gtin is not None and self._levels.owed(item.gtin) > 0:
            self._levels.owe(item.gtin, -1)
            return self._presence.tell(item.epc, "sold", now, matched=True)
        return self.tell(item.epc, "uncounted", now, ref=ref)

    def unsell(self, gtin: str, units: int, sale: str) -> int:
        """Take back sales by barcode whose items have not left; gives how many units that were."""
        taken = min(units, self._levels.owed(gtin))
        if taken > 0:
            self._levels.owe(gtin, -taken)
            self._levels.touch(gtin, Cause("returned", sale))
        return max(0, taken)

    def last_read(self, epc: str) -> int:
        """Give when an antenna read an item last (epoch ms), 0 for never."""
        trace = self._traces.get(epc)
        return trace.seen if trace else 0

    def read_now(self, epc: str) -> str | None:
        """Give the zone where an antenna that can be heard reads an item these seconds."""
        seat = self._presence.reader_of(epc)
        return seat.zone if seat else None

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
                self._levels.owe(product.gtin, -self._levels.owed(product.gtin))
            self._levels.touch(product.gtin, Cause("product"))
            events.append(
                ProductChanged(
                    gtin=product.gtin, product=product, epoch=self._epoch, version=version
                )
            )
        return events

    def epc_of(self, gtin: str, serial: str) -> str | None:
        """Give the EPC of a known item by its GTIN and serial."""
        return self._items.epc_of(gtin, serial)

    def product(self, gtin: str) -> Product | None:
        """Give a product by its GTIN."""
        row = self.products.get(gtin)
        return row.product if row else None

    def _tracking(self, gtin: str) -> str:
        product = self.product(gtin)
        return product.tracking if product else "item"

    def _count(self, gtin: str, zone: str, delta: int) -> None:
        if not delta:
            return
        row = self.counts.get((gtin, zone)) or Count(gtin, zone, 0)
        self.counts.put((gtin, zone), replace(row, units=row.units + delta))
        self._counted.setdefault(gtin, Counter())[zone] += delta
        self._levels.touch(gtin)

    # Time and levels

    def advance(self, now: int) -> list[Event]:
        """Let items that nobody reads leave their places and go missing."""
        self._note_away(now)
        return self._presence.advance(now)

    def _note_away(self, now: int) -> None:
        is_away = self._hearing.is_away(now, AWAY_MS)
        if is_away != self._is_away:
            self._is_away = is_away
            cause = Cause("unheard" if is_away else "heard", "broker")
            self._touch_products((trace.epc for trace in self._traces), cause)

    def touch(self, gtins: Iterable[str], cause: Cause | None = None) -> None:
        """Have the levels of these products looked at again (baskets changed)."""
        for gtin in gtins:
            self._levels.touch(gtin, cause)

    def settle(self, in_baskets: Counter[str], now: int) -> list[Event]:
        """Publish the levels that changed, each product at most once a second."""
        return self._levels.settle(in_baskets, now)

    def _stock(self, gtin: str) -> Stock:
        product = self.product(gtin)
        safety = product.safety if product else 0
        if self._tracking(gtin) == "count":
            return Stock(self._counted.get(gtin, Counter()), 0, 0, safety, ())
        states = self._items.states(gtin)
        unsure = self._unsure[gtin] + sum(states[state] for state in UNSURE)
        units = self._items.units(gtin)
        return Stock(units, unsure, states["missing"], safety, self._stale_zones(gtin))

    def _stale_zones(self, gtin: str) -> tuple[str, ...]:
        """Give the zones where nobody is sure that the product's items still stand there."""
        if not self._is_away and not self._hearing.any_unsure:
            return ()
        zones = {
            item.zone
            for item in self._items.of(gtin)
            if item.zone and item.state in SEATED and self._is_stale(item)
        }
        return tuple(sorted(zones))

    def _is_stale(self, item: Item) -> bool:
        trace = self._traces.get(item.epc)
        seat = self._hearing.antenna(trace.seat) if trace else None
        return seat is not None and (self._is_away or not seat.sure)

    # Who is told of what

    def _item_changed(self, gtin: str, event: ItemChanged) -> None:
        self._levels.touch(gtin, Cause(event.reason, event.epc))

    def _waver(self, item: Item, items: int) -> None:
        if item.gtin is not None:
            self._unsure[item.gtin] += items
            self._levels.touch(item.gtin, Cause("unread" if items > 0 else "read", item.epc))

    def _touch_seats(self, antenna: Antenna) -> None:
        cause = Cause("heard" if antenna.sure else "unheard", antenna.device)
        self._touch_products(self._presence.seated(antenna), cause)

    def _touch_products(self, epcs: Iterable[str], cause: Cause) -> None:
        """Have the levels of these items' products looked at again, each once."""
        get_item = self._items.all().get
        items = (item for epc in epcs if (item := get_item(epc)) is not None)
        for gtin in sorted({item.gtin for item in items if item.gtin is not None}):
            self._levels.touch(gtin, cause)
