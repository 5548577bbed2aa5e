"""Tagged items: which state each is in, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from edge.events import Event, Evidence, ItemChanged, Standing
from edge.rows import Rows

State = Literal["unknown", "present", "moving", "missing", "sold", "departed", "returned"]
Sight = Literal[
    "read",  # read steadily at a place
    "home",  # read again at the place from which it was taken
    "glimpsed",  # read somewhere in the shop
    "taken",  # no longer read at its place
    "unseen",  # read nowhere for long
    "gate",  # read steadily at the exit
    "sold",
    "reopened",  # the sale that was laid at its door was another one's
    "brought_back",  # a customer returned it
    "taken_for_back",  # a return by barcode was laid at its door
    "not_back",  # that return was another one's
    "settled",  # has stood at its place for a while
    "delivered",
    "counted",
    "uncounted",  # a count of its zone did not find it
    "written_off",
]

# What each state becomes at a sight, and the reason that the event gives. A pair that is not
# listed leaves the item as it is (a sold item passes shelf antennas on its way out; a departed one
# is seen by the gate more than once).
MOVES: dict[tuple[State, Sight], tuple[State, str]] = {
    ("unknown", "read"): ("present", "arrived"),
    ("unknown", "delivered"): ("present", "delivered"),
    ("unknown", "counted"): ("present", "counted"),
    ("unknown", "gate"): ("departed", "departed"),
    ("unknown", "sold"): ("sold", "sold"),
    ("unknown", "brought_back"): ("returned", "returned"),
    ("unknown", "written_off"): ("departed", "written_off"),
    ("present", "read"): ("present", "moved"),
    ("present", "taken"): ("moving", "taken"),
    ("present", "gate"): ("departed", "suspected_theft"),
    ("present", "sold"): ("sold", "sold"),
    ("present", "brought_back"): ("returned", "returned"),
    ("present", "counted"): ("present", "counted"),
    ("present", "uncounted"): ("missing", "not_counted"),
    ("present", "written_off"): ("departed", "written_off"),
    ("moving", "read"): ("present", "moved"),
    ("moving", "home"): ("present", "put_back"),
    ("moving", "unseen"): ("missing", "missing"),
    ("moving", "gate"): ("departed", "suspected_theft"),
    ("moving", "sold"): ("sold", "sold"),
    ("moving", "brought_back"): ("returned", "returned"),
    ("moving", "counted"): ("present", "counted"),
    ("moving", "uncounted"): ("missing", "not_counted"),
    ("moving", "written_off"): ("departed", "written_off"),
    ("missing", "read"): ("present", "found"),
    ("missing", "home"): ("present", "found"),
    ("missing", "glimpsed"): ("moving", "seen"),
    ("missing", "gate"): ("departed", "suspected_theft"),
    ("missing", "sold"): ("sold", "sold"),
    ("missing", "brought_back"): ("returned", "returned"),
    ("missing", "delivered"): ("present", "delivered"),
    ("missing", "counted"): ("present", "counted"),
    ("missing", "written_off"): ("departed", "written_off"),
    ("sold", "gate"): ("departed", "departed"),
    ("sold", "reopened"): ("missing", "not_sold"),
    ("sold", "read"): ("returned", "returned"),
    ("sold", "brought_back"): ("returned", "returned"),
    ("sold", "taken_for_back"): ("returned", "presumed_returned"),
    ("sold", "delivered"): ("present", "delivered"),
    ("sold", "counted"): ("returned", "counted"),
    ("departed", "read"): ("returned", "returned"),
    ("departed", "brought_back"): ("returned", "returned"),
    ("departed", "taken_for_back"): ("returned", "presumed_returned"),
    ("departed", "sold"): ("sold", "sold"),
    ("departed", "delivered"): ("present", "delivered"),
    ("departed", "counted"): ("returned", "counted"),
    ("returned", "read"): ("returned", "moved"),
    ("returned", "settled"): ("present", "restocked"),
    ("returned", "taken"): ("moving", "taken"),
    ("returned", "gate"): ("departed", "suspected_theft"),
    ("returned", "sold"): ("sold", "sold"),
    ("returned", "not_back"): ("sold", "not_returned"),
    ("returned", "counted"): ("present", "counted"),
    ("returned", "uncounted"): ("missing", "not_counted"),
    ("returned", "written_off"): ("departed", "written_off"),
}

SEATED: frozenset[State] = frozenset({"present", "returned"})  # at a place that is known
ON_HAND: frozenset[State] = frozenset({"present", "moving", "returned"})
INSIDE: frozenset[State] = frozenset({"present", "moving", "returned", "missing"})
UNSURE: frozenset[State] = frozenset({"moving", "returned"})  # on hand, but not to be promised


class Place(Struct, frozen=True):
    """Where an antenna looks: a zone, perhaps one of its shelves; `gate` at the exit."""

    zone: str
    shelf: str | None = None
    gate: bool = False


class Item(Struct, frozen=True, gc=False):
    """A tagged item: its state, where it is, since when (epoch ms) and why.

    `sale` ended it; `matched` when that sale named no tag and was laid at this item's door.
    """

    epc: str
    gtin: str | None
    serial: str | None
    state: State
    zone: str | None
    shelf: str | None
    reason: str
    since: int
    sale: str | None = None
    matched: bool = False


class Items:
    """All items, found by EPC and by product, and how many of a product stand where.

    `identify` gives GTIN and serial of an EPC, None for a tag that is not of the shop's kind;
    `touch` is told of every product whose items changed, with the event that says how.
    """

    def __init__(
        self,
        rows: Rows[str, Item],
        identify: Callable[[str], tuple[str, str] | None],
        touch: Callable[[str, ItemChanged], None],
    ) -> None:
        """Take up the rows that are on disk."""
        self._rows = rows
        self._identify = identify
        self._touch = touch
        self._units: dict[str, Counter[str]] = {}
        self._states: dict[str, Counter[State]] = {}
        self._epcs: dict[str, dict[str, str]] = {}
        for item in rows:
            self._index(item, 1)

    def get(self, epc: str, now: int) -> Item:
        """Give an item; one that was never seen is in state `unknown`."""
        known = self._rows.get(epc)
        if known is not None:
            return known
        gtin, serial = self._identify(epc) or (None, None)
        return Item(epc, gtin, serial, "unknown", None, None, "unknown", now)

    def all(self) -> Rows[str, Item]:
        """Give all items that were ever seen."""
        return self._rows

    def of(self, gtin: str) -> list[Item]:
        """Give all items of a product."""
        return [self._rows[epc] for epc in self._epcs.get(gtin, {})]

    def epc_of(self, gtin: str, serial: str) -> str | None:
        """Give the EPC of a known item by its GTIN and serial."""
        return next((e for e, known in self._epcs.get(gtin, {}).items() if known == serial), None)

    def units(self, gtin: str) -> Counter[str]:
        """Count the items of a product that are on hand, by zone."""
        return self._units.get(gtin, Counter())

    def states(self, gtin: str) -> Counter[State]:
        """Count the items of a product by state."""
        return self._states.get(gtin, Counter())

    def step(self, item: Item, sight: Sight) -> tuple[State, str] | None:
        """Give state and reason that a sight leads to, None where it leads nowhere."""
        return MOVES.get((item.state, sight))

    def move(
        self,
        item: Item,
        sight: Sight,
        now: int,
        *,
        place: Place | None = None,
        sale: str | None = None,
        matched: bool = False,
        evidence: Evidence | None = None,
    ) -> list[Event]:
        """Let an item take a step of the table; no event where the table has none."""
        step = MOVES.get((item.state, sight))
        if step is None:
            return []
        state, reason = step
        if place is None and state in INSIDE and item.zone is not None:
            place = Place(item.zone, item.shelf if state in SEATED else None)
        moved = replace(
            item,
            state=state,
            reason=reason,
            since=now,
            zone=place.zone if place else None,
            shelf=place.shelf if place else None,
            sale=(sale or item.sale) if state in ("sold", "departed") else None,
            matched=matched,
        )
        self._index(item, -1)
        self._index(moved, 1)
        self._rows.put(item.epc, moved)
        event = _item_changed(item, moved, evidence)
        if item.gtin is not None:
            self._touch(item.gtin, event)
        return [event]

    def _index(self, item: Item, sign: int) -> None:
        if item.gtin is None or item.state == "unknown":
            return
        self._epcs.setdefault(item.gtin, {})[item.epc] = item.serial or ""
        self._states.setdefault(item.gtin, Counter())[item.state] += sign
        if item.state in ON_HAND and item.zone is not None:
            self._units.setdefault(item.gtin, Counter())[item.zone] += sign


def _item_changed(before: Item, after: Item, evidence: Evidence | None) -> ItemChanged:
    return ItemChanged(
        epc=after.epc,
        gtin=after.gtin,
        state=after.state,
        zone=after.zone,
        shelf=after.shelf,
        previous=Standing(before.state, before.zone),
        reason=after.reason,
        sale=after.sale,
        evidence=evidence,
    )
