"""Goods that people move, write off and take back, tagged or not.

Each rule looks at all of what it is told before it changes anything: nothing is half applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from edge.answers import TakenBack, TakenLine, Transferred, WrittenOff
from edge.commands import ReturnedLine, TakeBack, TransferStock, WriteOffItem, WriteOffUnits
from edge.errors import NotFound, Refused
from edge.events import Event, ItemChanged
from edge.inventory import Inventory
from edge.items import INSIDE, Item, Sight


class Goods:
    """What people do with the goods of a shop.

    `check_zone` raises NotFound for a zone that the shop does not have; it is given the field's
    path as well.
    """

    def __init__(self, inventory: Inventory, check_zone: Callable[[str, str], None]) -> None:
        """Change this stock."""
        self._inventory = inventory
        self._check_zone = check_zone

    # Transfers and write-offs

    def transfer(self, command: TransferStock, _: int) -> tuple[Transferred, list[Event]]:
        """Move units from zone to zone."""
        gtin, source, target = command.gtin, command.source, command.target
        self._check_untagged(gtin, "they tell where it is when they are read there")
        self._check_zone(source, "from")
        self._check_zone(target, "to")
        if source == target:
            raise Refused(f"expected another zone than {source}", "to")
        self._check_enough(gtin, source, command.units)
        events = [
            event
            for zone, units in ((source, -command.units), (target, command.units))
            for event in self._inventory.add(
                gtin, zone, units, "transferred", reason=command.reason
            )
        ]
        left, there = self._inventory.units(gtin, source), self._inventory.units(gtin, target)
        return Transferred(gtin, source, target, command.units, left, there), events

    def write_off_units(self, command: WriteOffUnits, _: int) -> tuple[WrittenOff, list[Event]]:
        """Take units of an untagged product out of stock."""
        gtin, zone, units = command.gtin, command.zone, command.units
        self._check_untagged(gtin, "write its items off by their EPCs")
        self._check_zone(zone, "zone")
        self._check_enough(gtin, zone, units)
        events = self._inventory.add(gtin, zone, -units, "written_off", reason=command.reason)
        left = self._inventory.units(gtin, zone)
        return WrittenOff(gtin, zone, units, left), events

    def write_off_item(self, command: WriteOffItem, now: int) -> tuple[WrittenOff, list[Event]]:
        """Take a tagged item out of stock."""
        item = self._inventory.item(command.epc, now)
        if item.gtin is None:
            raise NotFound(f"expected the EPC of a product, came {command.epc}", "epc")
        self._inventory.require(item.gtin, "epc")
        if self._inventory.is_counted(item.gtin):
            came = f"{item.gtin} is counted without tags: write units of it off in a zone"
            raise Refused(came, "epc")
        events = self._inventory.tell(item.epc, "written_off", now, note=command.reason)
        if not events:
            raise Refused(f"{item.epc} is {item.state} ({item.reason}): it is no stock", "epc")
        return WrittenOff(item.gtin, item.zone, 1, epc=item.epc), events

    def _check_untagged(self, gtin: str, instead: str) -> None:
        self._inventory.require(gtin, "gtin")
        if not self._inventory.is_counted(gtin):
            raise Refused(f"{gtin} is counted by its tags: {instead}", "gtin")

    def _check_enough(self, gtin: str, zone: str, units: int) -> None:
        there = self._inventory.units(gtin, zone)
        if units > there:
            raise Refused(
                f"expected at most the {there} of {gtin} in {zone}, came {units}", "units"
            )

    # Returns

    def take_back(self, command: TakeBack, now: int) -> tuple[TakenBack, list[Event]]:
        """Take back what a customer returns."""
        self._check_zone(command.zone, "zone")
        self._check_lines(command, now)
        taken: dict[int, TakenLine] = {}
        events: list[Event] = []
        # Those that are known by name come first, so that none of them is guessed for another.
        for n, line in sorted(enumerate(command.lines), key=lambda pair: pair[1].epc is None):
            taken[n], told = self._take(line, command, now)
            events += told
        lines = tuple(taken[n] for n in range(len(command.lines)))
        return TakenBack(command.zone, lines), events

    def _check_lines(self, command: TakeBack, now: int) -> None:
        seen: set[str] = set()
        for n, line in enumerate(command.lines):
            self._inventory.require(line.gtin, f"lines[{n}].gtin")
            if line.epc is None:
                continue
            if line.units != 1:
                raise Refused(
                    f"expected 1 unit with an EPC, came {line.units}", f"lines[{n}].units"
                )
            if line.epc in seen:
                raise Refused(f"expected {line.epc} once, came it again", f"lines[{n}].epc")
            seen.add(line.epc)
            self._check_item(self._inventory.item(line.epc, now), line, f"lines[{n}].epc")

    def _check_item(self, item: Item, line: ReturnedLine, path: str) -> None:
        if item.gtin != line.gtin:
            came = f"{item.epc} of {item.gtin or 'none'}"
            raise Refused(f"expected an EPC of {line.gtin}, came {came}", path)
        if item.state == "returned":
            raise Refused(f"{item.epc} was brought back already and is in {item.zone}", path)

    def _take(
        self, line: ReturnedLine, command: TakeBack, now: int
    ) -> tuple[TakenLine, list[Event]]:
        if self._inventory.is_counted(line.gtin):
            return self._take_untagged(line, command)
        if line.epc is not None:
            item = self._inventory.item(line.epc, now)
            events = self._not_sold(item, command, now) if item.state in INSIDE else []
            events += self._bring(item, "brought_back", line, command, now)
            return TakenLine(line.gtin, 1, (item.epc,)), events
        return self._take_by_barcode(line, command, now)

    def _take_untagged(
        self, line: ReturnedLine, command: TakeBack
    ) -> tuple[TakenLine, list[Event]]:
        units = line.units if line.resaleable else 0
        events = self._inventory.add(
            line.gtin,
            command.zone,
            units,
            "returned",
            ref=command.sale or "",
            reason=command.reason,
        )
        return TakenLine(line.gtin, line.units), events

    def _bring(
        self, item: Item, sight: Sight, line: ReturnedLine, command: TakeBack, now: int
    ) -> list[Event]:
        """Let an item be back; one that is no stock again is written off at once."""
        told = {"ref": command.sale or "", "note": command.reason}
        events = self._inventory.tell(item.epc, sight, now, zone=command.zone, **told)
        if not line.resaleable:
            events += self._inventory.tell(item.epc, "written_off", now, **told)
        return events

    def _not_sold(self, item: Item, command: TakeBack, now: int) -> list[Event]:
        """Take back that another item was sold: this one was, and nobody has noticed."""
        gtin = item.gtin or ""
        if self._inventory.unsell(gtin, 1, command.sale or ""):
            return []
        taken_for = [other for other in self._sold(gtin, command.sale) if other.matched]
        return self._inventory.tell(taken_for[0].epc, "reopened", now) if taken_for else []

    def _take_by_barcode(
        self, line: ReturnedLine, command: TakeBack, now: int
    ) -> tuple[TakenLine, list[Event]]:
        """Take the likeliest items: of the named sale, then those owed, then the newest sold."""
        sold = self._sold(line.gtin, command.sale)
        named = [item for item in sold if command.sale and item.sale == command.sale]
        back = named[: line.units]
        unsold = 0
        if line.resaleable:
            unsold = self._inventory.unsell(line.gtin, line.units - len(back), command.sale or "")
        back += sold[len(named) :][: line.units - len(back) - unsold]
        open_ = line.units - len(back) - unsold
        events = [
            event
            for item in back
            for event in self._bring(item, "taken_for_back", line, command, now)
        ]
        epcs = tuple(item.epc for item in back)
        return TakenLine(line.gtin, line.units, epcs, unsold, open_), events

    def _sold(self, gtin: str, sale: str | None) -> list[Item]:
        """Give the sold items of a product, the likeliest first.

        Those of the sale come first, then those at whose door a sale was laid, then the newest.
        """
        sold = [
            item
            for item in self._inventory.items_of(gtin)
            if item.state == "sold" or item.reason == "departed"
        ]
        return sorted(
            sold,
            key=lambda item: (
                sale is not None and item.sale == sale,
                item.matched,
                item.since,
                item.epc,
            ),
            reverse=True,
        )

    def recognise(self, events: Iterable[Event], now: int) -> list[Event]:
        """Let a sold item that is read again be the one that came back by barcode.

        Another one was taken for it, which nobody has read: that one is sold after all.
        """
        read = [e for e in events if isinstance(e, ItemChanged) and e.state == "returned"]
        return [
            event
            for back in read
            if back.gtin and back.previous.state in ("sold", "departed")
            for event in self._not_back(back.gtin, now)
        ]

    def _not_back(self, gtin: str, now: int) -> list[Event]:
        presumed = [
            item
            for item in self._inventory.items_of(gtin)
            if item.reason == "presumed_returned"
            and self._inventory.last_read(item.epc) <= item.since
        ]
        newest = max(presumed, key=lambda item: (item.since, item.epc), default=None)
        return self._inventory.tell(newest.epc, "not_back", now) if newest else []
