"""Stocktakes: counts with a hand-held or robot reader, and what they conclude.

What such a reader reads is there. What it does not read is missing only once the count has ended,
and only in zones where the reader was heard: silence is not absence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from edge.commands import CancelStocktake, CountUnits, EndStocktake, EnterZone, StartStocktake
from edge.errors import IllegalMove, NotFound, Refused
from edge.events import CountedProduct, Event, ItemChanged, StocktakeChanged
from edge.inventory import Inventory
from edge.items import ON_HAND, Item
from edge.readings import TagRead
from edge.rows import Rows

StocktakeState = Literal["open", "done", "cancelled"]

ABANDONED_MS = 12 * 3_600_000  # nobody counts for so long without a word
NOTED_MS = 60_000  # how exactly the last word is remembered
KEPT = 1_000  # stocktakes that are over and are remembered
SHOWN = 100  # unexpected tags that a result names


class CountedUnits(Struct, frozen=True):
    """Units of an untagged product that were counted in a zone: `delta` more than believed."""

    gtin: str
    zone: str
    units: int
    delta: int


class Result(Struct, frozen=True):
    """What a stocktake found, as in its event; `tags` are unexpected ones, at most a hundred.

    Only in `zones` was anything concluded from what was not read.
    """

    found: int = 0
    moved: int = 0
    added: int = 0
    missing: int = 0
    sold: int = 0
    unexpected: int = 0
    products: tuple[CountedProduct, ...] = ()
    tags: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


class Stocktake(Struct, frozen=True):
    """A stocktake of `zones`; its reader is in `zone` now and was heard in the zones `heard`.

    `began` and `at`, the last word of it, are epoch ms.
    """

    stocktake: str
    number: int
    device: str
    zones: tuple[str, ...]
    zone: str
    state: StocktakeState
    began: int
    at: int
    heard: tuple[str, ...] = ()
    units: tuple[CountedUnits, ...] = ()
    result: Result | None = None
    reason: str = ""


class Find(Struct, frozen=True):
    """A tag that a stocktake has read, and the zone where it is by that.

    It was believed in the zone `was`, None for one that was not in the shop. `gtin` is None for a
    tag that is not of the shop's goods; `rssi` is that of its strongest read in the zone (dBm).
    """

    stocktake: str
    epc: str
    gtin: str | None
    zone: str
    was: str | None
    rssi: float | None


class Stocktakes:
    """The stocktakes of a shop.

    `check_zone` raises NotFound for a zone that the shop does not have; it is given the field's
    path as well. `references` are the EPCs of tags that mark places.
    """

    def __init__(
        self,
        rows: Rows[str, Stocktake],
        finds: Rows[tuple[str, str], Find],
        inventory: Inventory,
        check_zone: Callable[[str, str], None],
        references: Iterable[str],
        epoch: int,
    ) -> None:
        """Take up the rows that are on disk."""
        self._rows = rows
        self._finds = finds
        self._inventory = inventory
        self._check_zone = check_zone
        self._references = frozenset(references)
        self._epoch = epoch
        self._open = {row.device: row.stocktake for row in rows if row.state == "open"}
        self._number = max((row.number for row in rows), default=0)

    # What people tell

    def start(self, command: StartStocktake, now: int) -> tuple[str, list[Event]]:
        """Let what a device reads be counted from now on; answers with the stocktake's id."""
        if not command.zones:
            raise Refused("expected at least one zone to count", "zones")
        for n, zone in enumerate(command.zones):
            self._check_zone(zone, f"zones[{n}]")
        open_ = self._open.get(command.device)
        if open_ is not None:
            raise Refused(
                f"{command.device} counts for {open_}: end or cancel that first", "device"
            )
        self._number += 1
        name = f"{self._epoch}-{self._number:06}"
        zones = tuple(dict.fromkeys(command.zones))
        stocktake = Stocktake(name, self._number, command.device, zones, zones[0], "open", now, now)
        self._open[command.device] = name
        return name, self._changed(stocktake)

    def enter(self, command: EnterZone, now: int) -> tuple[str, list[Event]]:
        """Let what is read from now on be in this zone."""
        stocktake = self._running(command.stocktake)
        self._check_zone(command.zone, "zone")
        self._rows.put(stocktake.stocktake, replace(stocktake, zone=command.zone, at=now))
        return stocktake.stocktake, []

    def count(self, command: CountUnits, now: int) -> tuple[str, list[Event]]:
        """Take a count of an untagged product; it corrects the stock when the stocktake ends.

        What is sold or moved between the count and the end is not lost: the difference of now is
        applied then. A second count of the same product and zone replaces the first.
        """
        stocktake = self._running(command.stocktake)
        self._inventory.require(command.gtin, "gtin")
        if not self._inventory.is_counted(command.gtin):
            raise Refused(
                f"{command.gtin} is counted by its tags: let the reader read them", "gtin"
            )
        if command.zone not in stocktake.zones:
            expected = f"expected a zone of this stocktake ({', '.join(stocktake.zones)})"
            raise Refused(f"{expected}, came {command.zone!r}", "zone")
        delta = command.units - self._inventory.units(command.gtin, command.zone)
        counted = CountedUnits(command.gtin, command.zone, command.units, delta)
        others = [c for c in stocktake.units if (c.gtin, c.zone) != (counted.gtin, counted.zone)]
        more = replace(stocktake, units=(*others, counted), at=now)
        self._rows.put(stocktake.stocktake, more)
        return stocktake.stocktake, []

    def end(self, command: EndStocktake, now: int) -> tuple[str, list[Event]]:
        """Correct the stock by what was counted, and miss what was not read."""
        stocktake = self._known(command.stocktake)
        if stocktake.state == "done":
            return stocktake.stocktake, []
        stocktake = self._running(command.stocktake)
        finds = self._finds_of(stocktake.stocktake)
        unread = self._unread(stocktake, finds)
        missed = [e for i in unread for e in self._inventory.miss(i, now, stocktake.stocktake)]
        result = reckon(stocktake, finds.values(), self._is_ours, missed)
        self._close(finds)
        events = [*self._correct(stocktake), *missed]
        done = replace(stocktake, state="done", at=now, result=result)
        return stocktake.stocktake, [*events, *self._changed(done)]

    def cancel(self, command: CancelStocktake, now: int) -> tuple[str, list[Event]]:
        """End a stocktake that concludes nothing; what it has read stays where it was read."""
        stocktake = self._known(command.stocktake)
        if stocktake.state == "cancelled":
            return stocktake.stocktake, []
        stocktake = self._running(command.stocktake)
        return stocktake.stocktake, self._cancel(stocktake, command.reason, now)

    def _cancel(self, stocktake: Stocktake, reason: str, now: int) -> list[Event]:
        self._close(self._finds_of(stocktake.stocktake))
        return self._changed(replace(stocktake, state="cancelled", at=now, reason=reason))

    def _known(self, name: str) -> Stocktake:
        stocktake = self._rows.get(name)
        if stocktake is None:
            raise NotFound(f"expected a stocktake, came {name!r}", "stocktake")
        return stocktake

    def _running(self, name: str) -> Stocktake:
        stocktake = self._known(name)
        if stocktake.state != "open":
            raise IllegalMove(f"stocktake {name} is {stocktake.state}: start another", "stocktake")
        return stocktake

    # What the reader says

    def is_counting(self, device: str) -> bool:
        """Tell whether what this device reads belongs to a stocktake."""
        return device in self._open

    def read(self, device: str, reads: Iterable[TagRead], now: int) -> list[Event]:
        """Take what the reader of a stocktake reads: it is in the zone where the reader is."""
        stocktake = self._rows[self._open[device]]
        self._hear(stocktake, now)
        return [event for read in reads for event in self._read(stocktake, read, now)]

    def _hear(self, stocktake: Stocktake, now: int) -> None:
        heard = stocktake.heard
        if stocktake.zone not in heard:
            heard = (*heard, stocktake.zone)
        elif now - stocktake.at < NOTED_MS:
            return
        self._rows.put(stocktake.stocktake, replace(stocktake, heard=heard, at=now))

    def _read(self, stocktake: Stocktake, read: TagRead, now: int) -> list[Event]:
        if read.epc in self._references:
            return []
        find = self._finds.get((stocktake.stocktake, read.epc))
        if find is not None and not _is_closer(read, find):
            return []
        zone = self._inventory.read_now(read.epc) or stocktake.zone
        if find is None:
            return self._find(stocktake, read, zone, now)
        if (zone, read.rssi) != (find.zone, find.rssi):
            self._keep(replace(find, zone=zone, rssi=read.rssi))
        if zone == find.zone or find.gtin is None:
            return []
        return self._inventory.find(read.epc, zone, now, stocktake.stocktake)

    def _find(self, stocktake: Stocktake, read: TagRead, zone: str, now: int) -> list[Event]:
        """Take the first read of a tag; of one that is on its way out nothing is kept."""
        item = self._inventory.item(read.epc, now)
        was = item.zone if item.state in ON_HAND else None
        find = Find(stocktake.stocktake, read.epc, item.gtin, zone, was, read.rssi)
        if item.gtin is None or item.reason == "written_off":
            self._keep(replace(find, gtin=None))
            return []
        events = self._inventory.find(read.epc, zone, now, stocktake.stocktake)
        if events:
            self._keep(find)
        return events

    def _keep(self, find: Find) -> None:
        self._finds.put((find.stocktake, find.epc), find)

    # What it concludes

    def advance(self, now: int) -> list[Event]:
        """Cancel stocktakes that nobody goes on with."""
        open_ = [self._rows[name] for name in self._open.values()]
        return [
            event
            for stocktake in open_
            if now - stocktake.at > ABANDONED_MS
            for event in self._cancel(stocktake, "abandoned", now)
        ]

    def _correct(self, stocktake: Stocktake) -> Iterator[Event]:
        for counted in stocktake.units:
            if counted.delta and self._inventory.is_counted(counted.gtin):
                yield from self._inventory.add(
                    counted.gtin, counted.zone, counted.delta, "counted", ref=stocktake.stocktake
                )

    def _unread(self, stocktake: Stocktake, finds: dict[str, Find]) -> list[Item]:
        """Give what should stand where the reader was heard, and nobody has read since it began.

        What came there later was perhaps never before the reader.
        """
        return [
            item
            for item in self._inventory.standing(_concluded(stocktake))
            if item.gtin is not None
            and item.epc not in finds
            and item.since <= stocktake.began
            and self._inventory.last_read(item.epc) <= stocktake.began
        ]

    def _finds_of(self, name: str) -> dict[str, Find]:
        return {find.epc: find for find in self._finds if find.stocktake == name}

    def _close(self, finds: dict[str, Find]) -> None:
        for find in finds.values():
            self._finds.drop((find.stocktake, find.epc))

    def _is_ours(self, gtin: str) -> bool:
        return self._inventory.product(gtin) is not None

    def _changed(self, stocktake: Stocktake) -> list[Event]:
        self._rows.put(stocktake.stocktake, stocktake)
        if stocktake.state != "open":
            self._open.pop(stocktake.device, None)
            self._drop_oldest()
        result = stocktake.result or Result()
        return [
            StocktakeChanged(
                stocktake=stocktake.stocktake,
                device=stocktake.device,
                zones=stocktake.zones,
                state=stocktake.state,
                found=result.found,
                moved=result.moved,
                added=result.added,
                missing=result.missing,
                sold=result.sold,
                unexpected=result.unexpected,
                products=result.products,
                reason=stocktake.reason,
            )
        ]

    def _drop_oldest(self) -> None:
        over = sorted((row.number, row.stocktake) for row in self._rows if row.state != "open")
        for _, name in over[:-KEPT]:
            self._rows.drop(name)


def reckon(
    stocktake: Stocktake,
    finds: Iterable[Find],
    is_ours: Callable[[str], bool],
    missed: Iterable[Event] = (),
) -> Result:
    """Add up what a stocktake has found, and what became of items that it has not."""
    units, moved, added, found = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    lost = [event for event in missed if isinstance(event, ItemChanged) and event.gtin]
    missing = Counter(event.gtin or "" for event in lost if event.state == "missing")
    sold = Counter(event.gtin or "" for event in lost if event.state == "sold")
    strangers: list[str] = []
    for find in finds:
        if find.gtin is None or not is_ours(find.gtin):
            strangers.append(find.epc)
            continue
        units[find.gtin] += 1
        where = found if find.was == find.zone else moved if find.was else added
        where[find.gtin] += 1
    deltas = Counter[str]()
    for counted in stocktake.units:
        units[counted.gtin] += counted.units
        deltas[counted.gtin] += counted.delta
    products = tuple(
        CountedProduct(g, units[g], moved[g], added[g], missing[g], sold[g], deltas[g])
        for g in sorted({*units, *missing, *sold})
    )
    return Result(
        found.total(),
        moved.total(),
        added.total(),
        missing.total(),
        sold.total(),
        len(strangers),
        products,
        tuple(sorted(strangers)[:SHOWN]),
        _concluded(stocktake),
    )


def _concluded(stocktake: Stocktake) -> tuple[str, ...]:
    return tuple(zone for zone in stocktake.zones if zone in stocktake.heard)


def _is_closer(read: TagRead, find: Find) -> bool:
    """Tell whether a read is at least as strong as the strongest one before."""
    return read.rssi is None or find.rssi is None or read.rssi >= find.rssi
