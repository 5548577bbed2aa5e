"""What a web shop knows of the shops that send it events: products, prices, stock and sales."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, structs

from edge.errors import ContractError
from edge.events import EVENTS, Event, PriceEffective, ProductChanged, SaleCompleted, StockChanged
from edge.wire import decode_event

KNOWN = frozenset(event.type for event in EVENTS)


class CloudEvent(Struct, frozen=True):
    """A CloudEvents 1.0 event as it arrives; attributes that nobody needs here are left out."""

    specversion: Literal["1.0"]
    id: Annotated[str, Meta(min_length=1)]
    source: Annotated[str, Meta(min_length=1)]
    type: Annotated[str, Meta(min_length=1)]
    sequence: Annotated[str, Meta(pattern=r"^[0-9]{1,18}$")] = "0"
    data: msgspec.Raw = msgspec.Raw(b"{}")


class Arrival(Struct, frozen=True):
    """An event that was read: its envelope, and its data, None where the type is not known."""

    envelope: CloudEvent
    event: Event | None


class _Standing(Struct, frozen=True):
    """Where a level stands among the versions of the same level."""

    epoch: int
    version: int


class Offer(Struct, frozen=True):
    """What an online customer may know of a product; None where no event has told it yet.

    `amount` is in minor units of `currency`, `version` that of the stock, `stale` True while a
    reader that watches the product is silent.
    """

    source: str
    gtin: str
    name: str
    names: dict[str, str]
    brand: str = ""
    pack: str = ""
    amount: int | None = None
    currency: str | None = None
    promotion: str | None = None
    available: int | None = None
    on_hand: int | None = None
    version: int | None = None
    stale: bool = False


class Shown(Struct, frozen=True):
    """All that was taken so far, for an operator or a test to compare with the shop's own log.

    `counts` has distinct events by type, `received` counts repeats too, `old_versions` the level
    events that came after a newer one, `sales` the sale of each distinct sale event.
    """

    products: tuple[Offer, ...]
    sales: tuple[str, ...]
    counts: dict[str, int]
    received: int
    duplicates: int
    old_versions: int
    bad_signatures: int
    highest_position: int
    distinct: int


_batch_decoder = msgspec.json.Decoder(list[CloudEvent])


def read_batch(body: bytes) -> tuple[Arrival, ...]:
    """Read a CloudEvents JSON batch.

    An event of an unknown type is none of this shop's business and passes unread. Raises
    ContractError when the body is no batch, or the data of a known type is not its data.
    """
    try:
        batch = _batch_decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise ContractError("body", "a CloudEvents JSON batch", str(fault)) from fault
    return tuple(Arrival(envelope, _event(envelope)) for envelope in batch)


def _event(envelope: CloudEvent) -> Event | None:
    if envelope.type not in KNOWN:
        return None
    return decode_event(envelope.type, bytes(envelope.data))


class Catalogue:
    """Keeps what is newest of every level, and every fact once; in memory only.

    A repeat (same source and id) changes nothing. Of the levels of a (source, type, subject) the
    highest (epoch, version) stays, whatever the order of arrival. One thread uses it. The ids
    seen are never forgotten, so memory grows with the number of events: this is a shop to look
    at, not one to run for months.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self.revision = 0
        self._offers: dict[tuple[str, str], Offer] = {}
        self._levels: dict[tuple[str, str, str], tuple[int, int]] = {}
        self._ids: set[tuple[str, str]] = set()
        self._sales: list[str] = []
        self._counts: Counter[str] = Counter()
        self._received = self._old_versions = self._bad_signatures = self._highest = 0

    def take(self, batch: Sequence[Arrival]) -> None:
        """Take a batch that `read_batch` has read."""
        for arrival in batch:
            envelope = arrival.envelope
            self._received += 1
            self._highest = max(self._highest, int(envelope.sequence))
            if (envelope.source, envelope.id) not in self._ids:
                self._ids.add((envelope.source, envelope.id))
                self._counts[envelope.type] += 1
                if arrival.event is not None:
                    self._take_new(envelope.source, arrival.event)

    def note_bad_signature(self) -> None:
        """Count a request whose signature was wrong, missing or too old."""
        self._bad_signatures += 1

    def offers(self) -> tuple[Offer, ...]:
        """Give the products by name, so that a page keeps its order while stock changes."""
        return tuple(sorted(self._offers.values(), key=lambda offer: (offer.name, offer.gtin)))

    def shown(self) -> Shown:
        """Give all that was taken so far."""
        return Shown(
            products=self.offers(),
            sales=tuple(self._sales),
            counts=dict(self._counts),
            received=self._received,
            duplicates=self._received - len(self._ids),
            old_versions=self._old_versions,
            bad_signatures=self._bad_signatures,
            highest_position=self._highest,
            distinct=len(self._ids),
        )

    def _take_new(self, source: str, event: Event) -> None:
        if event.level and self._is_old(source, event):
            self._old_versions += 1
        else:
            self._apply(source, event)

    def _is_old(self, source: str, event: Event) -> bool:
        standing = msgspec.convert(event, _Standing, from_attributes=True)
        came = (standing.epoch, standing.version)
        key = (source, event.type, event.subject)
        kept = self._levels.get(key)
        if kept is not None and came <= kept:
            return True
        self._levels[key] = came
        return False

    def _apply(self, source: str, event: Event) -> None:
        match event:
            case ProductChanged(gtin=gtin, product=product):
                self._offer(
                    source,
                    gtin,
                    name=product.name,
                    names=product.names,
                    brand=product.brand,
                    pack=product.pack,
                )
            case StockChanged() as stock:
                self._offer(
                    source,
                    stock.gtin,
                    available=stock.available,
                    on_hand=stock.on_hand,
                    version=stock.version,
                    stale=stock.stale,
                )
            case PriceEffective() as price:
                self._offer(
                    source,
                    price.gtin,
                    amount=price.amount,
                    currency=price.currency,
                    promotion=price.promotion,
                )
            case SaleCompleted(sale=sale):
                self._sales.append(sale)

    def _offer(self, source: str, gtin: str, **news: object) -> None:
        known = self._offers.get((source, gtin)) or Offer(source, gtin, name=gtin, names={})
        self._offers[source, gtin] = structs.replace(known, **news)
        self.revision += 1
