"""Tagged items: which state each is in, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from edge.events import Event, ItemChanged, Standing
from edge.readings import TagRead
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

UNKNOWN_RSSI = -70.0  # stands for a read without RSSI


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


class Items:
    """All items, found by EPC, by product, and by who is present.

    `identify` gives GTIN and serial of an EPC, None for a tag that is not of the shop's kind;
    `touch` is told of every product whose items changed.
    """

    def __init__(
        self,
        rows: Rows[str, Item],
        identify: Callable[[str], tuple[str, str] | None],
        touch: Callable[[str], None],
    ) -> None:
        """Take up the rows that are on disk."""
        self._rows = rows
        self._identify = identify
        self._touch = touch
        self._units: dict[str, Counter[str]] = {}
        self._epcs: dict[str, dict[str, str]] = {}
        self._present: dict[str, None] = {}
        for item in rows:
            self._index(item, 1)

    def get(self, epc: str, now: int) -> Item:
        """Give an item; one that was never seen is in state `unknown`."""
        known = self._rows.get(epc)
        if known is not None:
            return known
        gtin, serial = self._identify(epc) or (None, None)
        return Item(epc, gtin, serial, "unknown", None, None, "unknown", now)

    def of(self, gtin: str) -> list[Item]:
        """Give all items of a product."""
        return [self._rows[epc] for epc in self._epcs.get(gtin, {}).values()]

    def epc_of(self, gtin: str, serial: str) -> str | None:
        """Give the EPC of a known item by its GTIN and serial."""
        return self._epcs.get(gtin, {}).get(serial)

    def present(self) -> list[Item]:
        """Give all items that are there."""
        return [self._rows[epc] for epc in self._present]

    def units(self, gtin: str) -> Counter[str]:
        """Count the present items of a product by zone."""
        return self._units.get(gtin, Counter())

    def keep(self, item: Item) -> None:
        """Take what was learned of an item that stays as and where it is."""
        self._rows.put(item.epc, item)

    def move(
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
        """Let an item take a step of the table; no event where the table has none."""
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
            rssi=strength(sighting) if sighting else item.rssi,
            rival_zone=None,
            rival_shelf=None,
            rival_reads=0,
            sale=sale if state in ("sold", "departed") else None,
            matched=matched,
        )
        self._index(item, -1)
        self._index(moved, 1)
        self._rows.put(item.epc, moved)
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
        self._touch(item.gtin)


def strength(sighting: TagRead) -> float:
    """Give a read's RSSI in dBm, a weak one where the reader did not say."""
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
