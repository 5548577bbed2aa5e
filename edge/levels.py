"""Levels: what the online channel is told of a product's stock, when, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from edge.events import Cause, Event, StockChanged, moment
from edge.rows import Rows

LEVEL_EVERY_MS = 1000  # at most one level of a product in this time; the last one always
CAUSES = 10  # changes that a level names, the newest


class Stock(Struct, frozen=True):
    """What there is of a product.

    `unsure` units are on hand but not surely there, `missing` ones may still be; `safety` is never
    to be offered.
    """

    by_zone: Mapping[str, int]
    unsure: int
    missing: int
    safety: int
    stale_zones: tuple[str, ...]


class Level(Struct, frozen=True):
    """The last published level of a product, and the `causes` of the next.

    `owed` units were sold by barcode and their tags have not left yet.
    """

    gtin: str
    version: int = 0
    on_hand: int = 0
    on_hand_low: int = 0
    on_hand_high: int = 0
    in_basket: int = 0
    reserved: int = 0
    safety: int = 0
    available: int = 0
    by_zone: dict[str, int] = {}
    stale: bool = False
    stale_zones: tuple[str, ...] = ()
    at: int = 0
    owed: int = 0
    causes: tuple[Cause, ...] = ()


class Levels:
    """The levels of all products. `stock` tells what there is of one."""

    def __init__(self, rows: Rows[str, Level], stock: Callable[[str], Stock], epoch: int) -> None:
        """Take up the rows that are on disk."""
        self._rows = rows
        self._stock = stock
        self._epoch = epoch
        # A level that waited for its turn when the gateway stopped is still to be published.
        self._dirty: dict[str, None] = dict.fromkeys(level.gtin for level in rows)

    def touch(self, gtin: str, cause: Cause | None = None) -> None:
        """Have a product's level looked at again, perhaps because of something to be told."""
        self._dirty[gtin] = None
        if cause is not None:
            level = self._rows.get(gtin) or Level(gtin)
            if cause not in level.causes:
                self._rows.put(gtin, replace(level, causes=(*level.causes, cause)[-CAUSES:]))

    def owed(self, gtin: str | None) -> int:
        """Give how many units were sold by barcode and have not left."""
        level = self._rows.get(gtin) if gtin else None
        return level.owed if level else 0

    def owe(self, gtin: str | None, units: int) -> None:
        """Let so many units more (or fewer, below zero) be owed."""
        if gtin is None or not units:
            return
        level = self._rows.get(gtin) or Level(gtin)
        self._rows.put(gtin, replace(level, owed=level.owed + units))
        self._dirty[gtin] = None

    def settle(self, in_baskets: Counter[str], now: int) -> list[Event]:
        """Publish the levels that changed, each product at most once a second."""
        events: list[Event] = []
        for gtin in sorted(self._dirty):
            last = self._rows.get(gtin) or Level(gtin)
            if last.version and 0 <= now - last.at < LEVEL_EVERY_MS:
                continue
            del self._dirty[gtin]
            level = self._level(last, in_baskets[gtin], now)
            if last.version and _is_same(last, level):
                if last.causes:
                    self._rows.put(gtin, replace(last, causes=()))
                continue
            self._rows.put(gtin, level)
            events.append(self._changed(level, last.causes))
        return events

    def _level(self, last: Level, in_basket: int, now: int) -> Level:
        stock = self._stock(last.gtin)
        by_zone = {zone: n for zone, n in sorted(stock.by_zone.items()) if n}
        on_hand = max(0, sum(by_zone.values()) - last.owed)
        # What lies in a basket, or was sold and is on its way out, is held back already.
        unsure = min(on_hand, max(0, stock.unsure - in_basket - last.owed))
        safety = stock.safety + unsure
        return Level(
            gtin=last.gtin,
            version=last.version + 1,
            on_hand=on_hand,
            on_hand_low=on_hand - unsure,
            on_hand_high=on_hand + stock.missing,
            in_basket=in_basket,
            reserved=last.reserved,
            safety=safety,
            available=max(0, on_hand - in_basket - last.reserved - safety),
            by_zone=by_zone,
            stale=bool(stock.stale_zones),
            stale_zones=stock.stale_zones,
            at=now,
            owed=last.owed,
        )

    def _changed(self, level: Level, causes: tuple[Cause, ...]) -> StockChanged:
        return StockChanged(
            gtin=level.gtin,
            epoch=self._epoch,
            version=level.version,
            on_hand=level.on_hand,
            in_basket=level.in_basket,
            reserved=level.reserved,
            safety=level.safety,
            available=level.available,
            by_zone=level.by_zone,
            stale=level.stale,
            as_of=moment(level.at),
            on_hand_low=level.on_hand_low,
            on_hand_high=level.on_hand_high,
            stale_zones=level.stale_zones,
            causes=causes,
        )


def _is_same(last: Level, level: Level) -> bool:
    return replace(level, version=last.version, at=last.at, causes=last.causes) == last
