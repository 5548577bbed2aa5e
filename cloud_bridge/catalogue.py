"""What a web shop knows of the shops that send it events: products, prices, stock and sales."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence  # noqa: TC003  (msgspec reads annotations at run time)
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, structs

from edge.errors import ContractError
from edge.events import EVENTS, PriceEffective, ProductChanged, SaleCompleted, StockChanged
from edge.wire import decode_event

KNOWN = frozenset(event.type for event in EVENTS)


class CloudEvent(Struct, frozen=True):
    """A CloudEvents 1.0 event as it arrives; attributes that nobody needs here are left out."""

    id: Annotated[str, Meta(min_length=1)]
    source: Annotated[str, Meta(min_length=1)]
    type: Annotated[str, Meta(min_length=1)]
    subject: str = ""
    sequence: Annotated[str, Meta(pattern=r"^[0-9]{1,18}$")] = "0"
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _Standing(Struct, frozen=True):
    """Which version of a level an event carries; a fact has no epoch."""

    epoch: int | None = None
    version: int = 0


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
_standing_decoder = msgspec.json.Decoder(_Standing)


def read_batch(body: bytes) -> tuple[CloudEvent, ...]:
    """Read a CloudEvents JSON batch; raises ContractError when it is none, or its data is not."""
    try:
        batch = tuple(_batch_decoder.decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise ContractError("body", "a CloudEvents JSON batch", str(fault)) from fault
    for event in batch:
        _level(event)
        if event.type in KNOWN:
            decode_event(event.type, event.data)
    return batch


class Catalogue:
    """Keeps what is newest of every level, and every fact once; in memory only.

    A repeat (same source and id) changes nothing. Of the levels of a (source, type, subject) the
    highest (epoch, version) stays, whatever the order of arrival. One thread uses it.
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

    def take(self, batch: Sequence[CloudEvent]) -> None:
        """Take a batch that `read_batch` has checked."""
        for event in batch:
            self._received += 1
            self._highest = max(self._highest, int(event.sequence))
            if (event.source, event.id) not in self._ids:
                self._ids.add((event.source, event.id))
                self._counts[event.type] += 1
                self._take_new(event)

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

    def _take_new(self, event: CloudEvent) -> None:
        if self._is_old(event):
            self._old_versions += 1
        elif event.type in KNOWN:
            self._apply(event)

    def _is_old(self, event: CloudEvent) -> bool:
        came = _level(event)
        if came is None:
            return False
        key = (event.source, event.type, event.subject)
        kept = self._levels.get(key)
        if kept is not None and came <= kept:
            return True
        self._levels[key] = came
        return False

    def _apply(self, cloudevent: CloudEvent) -> None:
        match decode_event(cloudevent.type, cloudevent.data):
            case ProductChanged(product=product):
                self._offer(
                    cloudevent.source,
                    product.gtin,
                    name=product.name,
                    names=product.names,
                    brand=product.brand,
                    pack=product.pack,
                )
            case StockChanged() as stock:
                self._offer(
                    cloudevent.source,
                    stock.gtin,
                    available=stock.available,
                    on_hand=stock.on_hand,
                    version=stock.version,
                    stale=stock.stale,
                )
            case PriceEffective() as price:
                self._offer(
                    cloudevent.source,
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


def _level(event: CloudEvent) -> tuple[int, int] | None:
    try:
        standing = _standing_decoder.decode(event.data)
    except msgspec.MsgspecError as fault:
        raise ContractError("data", f"an object, of {event.type}", str(fault)) from fault
    return None if standing.epoch is None else (standing.epoch, standing.version)
