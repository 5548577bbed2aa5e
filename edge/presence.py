"""Presence: from single reads to where an item is, and when it is gone."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from edge.events import Event
from edge.hearing import Hearing
from edge.items import MOVES, Item, Items, Place, strength
from edge.readings import TagRead

RIVAL_READS = 2  # reads that another place needs before an item moves there
MOVE_DB = 6.0  # by how much it must be stronger while the old place still reads the item
FADE_DB_PER_MS = 0.001  # what the old place's lead loses while it does not read the item
SMOOTHING = 0.25  # weight of a new RSSI in the running mean


class Presence:
    """Moves items by what readers see and do not see.

    `owed` tells how many units of a product were sold by barcode and have not left yet, `owe`
    changes that number.
    """

    def __init__(
        self,
        items: Items,
        hearing: Hearing,
        missing_after_ms: int,
        owed: Callable[[str | None], int],
        owe: Callable[[str | None, int], None],
    ) -> None:
        """Judge these items; one that nobody reads for `missing_after_ms` is missing."""
        self._items = items
        self._hearing = hearing
        self._missing_after = missing_after_ms
        self._owed = owed
        self._owe = owe

    def read(self, device: str, sighting: TagRead, place: Place, now: int) -> list[Event]:
        """Take one sighting of a tag at the place that its antenna looks at."""
        self._hearing.speak(device, now)
        item = self._items.get(sighting.epc, now)
        if item.state != "present" and not place.gate:
            if (item.state, "read") not in MOVES and not item.matched:
                return []
            return self._enter(item, device, sighting, place, now)
        if not place.gate and (item.zone, item.shelf) == (place.zone, place.shelf):
            self._confirm(item, device, sighting, now)
            return []
        return self._compete(item, device, sighting, place, now)

    def _enter(
        self, item: Item, device: str, sighting: TagRead, place: Place, now: int
    ) -> list[Event]:
        sale, matched = item.sale, item.matched
        if matched:
            # A sale by barcode was laid at this item's door, but here it stands: another one left.
            item = replace(item, state="missing", matched=False, sale=None)
        events = self._items.move(item, "read", now, device=device, sighting=sighting, place=place)
        if matched and item.gtin is not None:
            events += self.sell(item.gtin, 1, sale, now)
        return events

    def sell(self, gtin: str, units: int, sale: str | None, now: int) -> list[Event]:
        """Lay a sale by barcode at the door of those that are missing, the last seen first.

        What none of them explains is owed: by one that nobody has missed yet.
        """
        missing = [item for item in self._items.of(gtin) if item.state == "missing"]
        missing.sort(key=lambda item: (item.seen, item.epc), reverse=True)
        self._owe(gtin, units - len(missing[:units]))
        return [
            event
            for item in missing[:units]
            for event in self._items.move(item, "sold", now, sale=sale, matched=True)
        ]

    def _confirm(self, item: Item, device: str, sighting: TagRead, now: int) -> None:
        rssi = item.rssi + SMOOTHING * (strength(sighting) - item.rssi)
        self._items.keep(
            replace(item, seen=now, rssi=rssi, device=device, antenna=sighting.antenna)
        )

    def _compete(
        self, item: Item, device: str, sighting: TagRead, place: Place, now: int
    ) -> list[Event]:
        heard = strength(sighting)
        known = (item.rival_zone, item.rival_shelf) == (place.zone, place.shelf)
        recent = now - item.rival_seen <= self._missing_after
        if known and recent:
            heard = item.rival_rssi + SMOOTHING * (heard - item.rival_rssi)
        item = replace(
            item,
            rival_zone=place.zone,
            rival_shelf=place.shelf,
            rival_reads=item.rival_reads + 1 if known and recent else 1,
            rival_rssi=heard,
            rival_seen=now,
        )
        self._items.keep(item)
        if item.rival_reads < RIVAL_READS:
            return []
        if place.gate:
            return self._gate(item, now)
        lead = MOVE_DB - FADE_DB_PER_MS * (now - item.seen)
        if item.rival_rssi <= item.rssi + lead:
            return []
        return self._items.move(item, "read", now, device=device, sighting=sighting, place=place)

    def _gate(self, item: Item, now: int) -> list[Event]:
        if item.state in ("present", "missing") and self._owed(item.gtin):
            self._owe(item.gtin, -1)
            return [
                *self._items.move(item, "sold", now),
                *self._gate(self._items.get(item.epc, now), now),
            ]
        return self._items.move(item, "gate", now)

    def advance(self, now: int) -> list[Event]:
        """Let items that nobody reads go missing; one that was owed to a sale is sold."""
        events: list[Event] = []
        for item in self._overdue(now):
            if self._owed(item.gtin):
                self._owe(item.gtin, -1)
                events += self._items.move(item, "sold", now, matched=True)
            else:
                events += self._items.move(item, "unseen", now)
        return events

    def _overdue(self, now: int) -> list[Item]:
        horizon = now - self._missing_after
        return [
            item
            for item in self._items.present()
            if item.seen < horizon
            and self._hearing.would_have_told(
                item.device, max(item.seen, item.rival_seen), self._missing_after, now
            )
        ]
