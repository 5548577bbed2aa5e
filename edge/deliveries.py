"""Deliveries: what was announced, when it came, and what has been read of it since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from edge.commands import AnnounceDelivery, CancelDelivery, DeliveryLine, ReceiveDelivery
from edge.errors import IllegalMove, NotFound, Refused
from edge.events import AnnouncedUnits, DeliveryChanged, Event, ItemChanged
from edge.inventory import Inventory
from edge.rows import Rows

DeliveryState = Literal["announced", "received", "cancelled"]
Step = Literal["announce", "receive", "cancel"]

STEPS: dict[tuple[DeliveryState, Step], DeliveryState] = {
    ("announced", "announce"): "announced",
    ("announced", "receive"): "received",
    ("announced", "cancel"): "cancelled",
    ("cancelled", "announce"): "announced",
}

UNPACKED_MS = 3 * 86_400_000  # what is read later than this after a delivery is not of it
KEPT = 1_000  # deliveries that have come or were cancelled and are remembered


class Delivery(Struct, frozen=True):
    """A delivery: a logistic unit and what is in it.

    It was `announced` (epoch ms) for `zone` and has its state since `since`. `read` names, by
    product, the tags of it that were read in the shop; `counted` the untagged units that its
    reception added.
    """

    sscc: str
    zone: str
    reference: str
    lines: tuple[DeliveryLine, ...]
    state: DeliveryState
    announced: int
    since: int
    by: str | None = None
    read: dict[str, tuple[str, ...]] = {}
    counted: dict[str, int] = {}


class Compared(Struct, frozen=True):
    """A product of a delivery: units `announced`, tags `read`, untagged units `counted`.

    `short` is what a received delivery lacks so far, `surplus` what came beside it; `unread` are
    the EPCs that were announced and have not been read.
    """

    gtin: str
    announced: int
    read: int
    counted: int
    short: int
    surplus: int
    unread: tuple[str, ...]


class Deliveries:
    """The deliveries of a shop.

    `sscc` reads the SSCC out of an EPC (None for any other tag), `check_zone` raises NotFound for
    a zone that the shop does not have; it is given the field's path as well.
    """

    def __init__(
        self,
        rows: Rows[str, Delivery],
        inventory: Inventory,
        sscc: Callable[[str], str | None],
        check_zone: Callable[[str, str], None],
    ) -> None:
        """Take up the rows that are on disk."""
        self._rows = rows
        self._inventory = inventory
        self._sscc = sscc
        self._check_zone = check_zone
        self._awaited: dict[str, set[str]] = {}  # SSCCs by product
        self._named: dict[str, str] = {}  # SSCC by EPC
        self._unread: set[str] = set()
        for delivery in sorted(rows, key=lambda delivery: (delivery.since, delivery.sscc)):
            self._await(delivery)

    # What people tell

    def announce(self, command: AnnounceDelivery, now: int) -> tuple[str, list[Event]]:
        """Expect a delivery, or correct what is expected; answers with its SSCC."""
        self._check_zone(command.zone, "zone")
        self._check_lines(command)
        known = self._rows.get(command.sscc)
        if known is not None and _says_the_same(known, command):
            return known.sscc, []
        announced = Delivery(
            command.sscc, command.zone, command.reference, command.lines, "announced", now, now
        )
        if known is not None:
            announced = _corrected(known, announced)
        return announced.sscc, self._changed(announced)

    def receive(self, command: ReceiveDelivery, now: int) -> tuple[str, list[Event]]:
        """Take a delivery in, in the zone that the command names or the one that was announced."""
        delivery = self._known(command.sscc)
        zone = command.zone or delivery.zone
        self._check_zone(zone, "zone")
        if delivery.state == "received":
            return delivery.sscc, []
        return delivery.sscc, self._receive(delivery, zone, "person", now)

    def cancel(self, command: CancelDelivery, now: int) -> tuple[str, list[Event]]:
        """Expect a delivery no longer."""
        delivery = self._known(command.sscc)
        if delivery.state == "cancelled":
            return delivery.sscc, []
        cancelled = replace(delivery, state=_step(delivery, "cancel"), since=now)
        return delivery.sscc, self._changed(cancelled, command.reason)

    def _check_lines(self, command: AnnounceDelivery) -> None:
        seen: set[str] = set()
        for n, line in enumerate(command.lines):
            self._inventory.require(line.gtin, f"lines[{n}].gtin")
            if len(line.epcs) > line.units:
                came = f"{len(line.epcs)} EPCs for {line.units}"
                raise Refused(f"expected at most an EPC a unit, came {came}", f"lines[{n}].epcs")
            for m, epc in enumerate(line.epcs):
                self._check_epc(epc, line.gtin, seen, f"lines[{n}].epcs[{m}]")

    def _check_epc(self, epc: str, gtin: str, seen: set[str], path: str) -> None:
        product = self._inventory.item(epc, 0).gtin
        if product != gtin:
            raise Refused(f"expected an EPC of {gtin}, came {epc} of {product or 'none'}", path)
        if epc in seen:
            raise Refused(f"expected each EPC once, came {epc} again", path)
        seen.add(epc)

    def _known(self, sscc: str) -> Delivery:
        delivery = self._rows.get(sscc)
        if delivery is None:
            raise NotFound(f"expected an announced delivery, came {sscc}", "sscc")
        return delivery

    # Reception

    def _receive(self, delivery: Delivery, zone: str, by: str, now: int) -> list[Event]:
        state = _step(delivery, "receive")
        counted: Counter[str] = Counter()
        events: list[Event] = []
        for line in delivery.lines:
            if self._inventory.is_counted(line.gtin):
                counted[line.gtin] += line.units
                events += self._inventory.add(
                    line.gtin,
                    zone,
                    line.units,
                    "delivered",
                    ref=delivery.sscc,
                    reason=delivery.reference,
                )
            else:
                events += self._deliver(delivery, line, zone, now)
        received = replace(
            delivery, state=state, zone=zone, since=now, by=by, counted=dict(counted)
        )
        return [*self._changed(received), *events]

    def _deliver(
        self, delivery: Delivery, line: DeliveryLine, zone: str, now: int
    ) -> Iterator[Event]:
        """Let the items be there that are named; what has become of one since is not undone."""
        for epc in line.epcs:
            item = self._inventory.item(epc, now)
            if item.state == "unknown" or item.since <= delivery.announced:
                note = delivery.reference
                yield from self._inventory.tell(
                    epc, "delivered", now, zone=zone, ref=delivery.sscc, note=note
                )

    def _changed(self, delivery: Delivery, reason: str = "") -> list[Event]:
        self._forget(delivery.sscc)
        self._rows.put(delivery.sscc, delivery)
        self._await(delivery)
        if delivery.state != "announced":
            self._drop_oldest()
        return [
            DeliveryChanged(
                sscc=delivery.sscc,
                state=delivery.state,
                zone=delivery.zone,
                reference=delivery.reference,
                lines=tuple(AnnouncedUnits(line.gtin, line.units) for line in delivery.lines),
                by=delivery.by,
                reason=reason,
            )
        ]

    def _drop_oldest(self) -> None:
        over = [delivery for delivery in self._rows if delivery.state != "announced"]
        over.sort(key=lambda delivery: (delivery.since, delivery.sscc), reverse=True)
        for delivery in over[KEPT:]:
            self._forget(delivery.sscc)
            self._rows.drop(delivery.sscc)

    # What is read

    def read(self, epcs: Iterable[str], now: int) -> list[Event]:
        """Take what any antenna reads: an expected logistic unit comes in by its own tag."""
        if not self._awaited:
            return []
        events: list[Event] = []
        for epc in epcs:
            if epc in self._unread:
                self._see(epc, now)
            sscc = self._sscc(epc)
            delivery = self._rows.get(sscc) if sscc else None
            if delivery is not None and delivery.state == "announced":
                events += self._receive(delivery, delivery.zone, "tag", now)
        return events

    def arrive(self, event: ItemChanged, now: int) -> None:
        """Take an item that is new in the shop: one that no delivery names may be of any."""
        if event.gtin not in self._awaited or event.epc in self._named:
            return
        delivery = self._likeliest(event.gtin, now)
        if delivery is not None:
            self._note(delivery, event.gtin, event.epc)

    def _see(self, epc: str, now: int) -> None:
        """Take the first read of an item that a delivery names."""
        self._unread.discard(epc)
        delivery = self._rows[self._named[epc]]
        if not _is_over(delivery, now):
            line = next(line for line in delivery.lines if epc in line.epcs)
            self._note(delivery, line.gtin, epc)

    def _likeliest(self, gtin: str, now: int) -> Delivery | None:
        """Give the delivery that a new item is of.

        That is the first received one that lacks it, else the first announced one that does, else
        the last received one, which has more than was announced.
        """
        awaited = [self._rows[sscc] for sscc in sorted(self._awaited[gtin])]
        open_ = [delivery for delivery in awaited if not _is_over(delivery, now)]
        lacking = [d for d in open_ if _lacking(d, gtin) > 0]
        if lacking:
            return min(lacking, key=lambda d: (d.state != "received", d.since))
        received = [d for d in open_ if d.state == "received"]
        return max(received, key=lambda d: d.since, default=None)

    def _note(self, delivery: Delivery, gtin: str, epc: str) -> None:
        read = {**delivery.read, gtin: (*delivery.read.get(gtin, ()), epc)}
        self._rows.put(delivery.sscc, replace(delivery, read=read))

    def _await(self, delivery: Delivery) -> None:
        """Look out for what a delivery may bring."""
        if delivery.state == "cancelled":
            return
        read = {epc for epcs in delivery.read.values() for epc in epcs}
        for line in delivery.lines:
            self._awaited.setdefault(line.gtin, set()).add(delivery.sscc)
            self._named |= dict.fromkeys(line.epcs, delivery.sscc)
            self._unread |= set(line.epcs) - read

    def _forget(self, sscc: str) -> None:
        """Look out no longer for what a delivery was to bring."""
        known = self._rows.get(sscc)
        for line in known.lines if known else ():
            awaited = self._awaited.get(line.gtin, set())
            awaited.discard(sscc)
            if not awaited:
                self._awaited.pop(line.gtin, None)
            for epc in line.epcs:
                if self._named.get(epc) == sscc:
                    del self._named[epc]
                    self._unread.discard(epc)


def compare(delivery: Delivery) -> list[Compared]:
    """Compare what was announced with what came, product by product."""
    announced: Counter[str] = Counter()
    named: dict[str, list[str]] = {}
    for line in delivery.lines:
        announced[line.gtin] += line.units
        named.setdefault(line.gtin, []).extend(line.epcs)
    return [_compared(delivery, gtin, announced[gtin], named[gtin]) for gtin in announced]


def _compared(delivery: Delivery, gtin: str, units: int, named: list[str]) -> Compared:
    read = delivery.read.get(gtin, ())
    seen = set(read)
    unread = tuple(epc for epc in named if epc not in seen)
    short = surplus = 0
    if delivery.state == "received" and gtin not in delivery.counted:
        lacking = _lacking(delivery, gtin)
        short, surplus = len(unread) + max(0, lacking), max(0, -lacking)
    counted = delivery.counted.get(gtin, 0)
    return Compared(gtin, units, len(read), counted, short, surplus, unread)


def _lacking(delivery: Delivery, gtin: str) -> int:
    """Give the units that it does not name and that were not read; below zero what is over."""
    lines = [line for line in delivery.lines if line.gtin == gtin]
    named = {epc for line in lines for epc in line.epcs}
    unnamed = sum(epc not in named for epc in delivery.read.get(gtin, ()))
    return sum(line.units for line in lines) - len(named) - unnamed


def _corrected(known: Delivery, announced: Delivery) -> Delivery:
    """Keep what is known of a delivery that was announced before."""
    corrected = replace(announced, state=_step(known, "announce"))
    if known.state == "cancelled":
        return corrected
    return replace(corrected, announced=known.announced, read=known.read)


def _is_over(delivery: Delivery, now: int) -> bool:
    return delivery.state == "received" and now - delivery.since > UNPACKED_MS


def _says_the_same(known: Delivery, command: AnnounceDelivery) -> bool:
    """Tell whether nothing is new; what has come may be in another zone than was announced."""
    if (known.reference, known.lines) != (command.reference, command.lines):
        return False
    return known.state == "received" or (known.state, known.zone) == ("announced", command.zone)


def _step(delivery: Delivery, step: Step) -> DeliveryState:
    state = STEPS.get((delivery.state, step))
    if state is None:
        raise IllegalMove(f"delivery {delivery.sscc} is {delivery.state}: no {step} now", "sscc")
    return state
