"""What happened in the shop as a GS1 EPCIS 2.0 document (JSON-LD, Core Business Vocabulary 2.0).

Each logged fact is told at most once, as an ObjectEvent whose `eventID` comes from its place in
the log: to capture a span of time again adds nothing. There is no `recordTime`: the repository that
captures an event sets it. A tag without a code of GS1, and places and sales of a shop without a
GLN, have private names: `urn:store-edge:{store}:...`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Literal
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field

from edge.events import Event, ItemChanged, SaleCompleted, moment
from edge.wire import LoggedEvent, decode_event

Action = Literal["OBSERVE", "ADD", "DELETE"]

TYPES = (ItemChanged.type, SaleCompleted.type)
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
DIGITAL_LINK = "https://id.gs1.org"
EXTENSION_LENGTH = 20  # of a GLN: GS1 General Specifications, AI (254)


class Step(Struct, frozen=True):
    """What a change of an item is in CBV's words.

    Where it names no business step, the kind of the zone does (`PLACES`); where it names no
    disposition, the item's state does (`DISPOSITIONS`), or the kind of the zone.
    """

    action: Action
    biz_step: str | None = None
    disposition: str | None = None


# By the reason of the change; None is not told. The shop never tags goods (ADD), and what ends a
# unit is its sale (DELETE), so that all of these observe. A suspicion is no finding: "stolen" is
# what somebody concludes, "unknown" what the gate knows. "sold" is an item of which it turned out
# later that it was the one sold by its barcode: its sale has counted it, and this is no second
# `retail_selling`. A reader's own watch is a cycle count; nobody sees an item being taken.
STEPS: dict[str, Step | None] = {
    "arrived": Step("OBSERVE", "receiving"),
    "delivered": Step("OBSERVE", "receiving"),
    "returned": Step("OBSERVE", "receiving"),
    "presumed_returned": Step("OBSERVE", "receiving"),
    "not_returned": Step("OBSERVE", "other"),
    "moved": Step("OBSERVE"),
    "restocked": Step("OBSERVE"),
    "transferred": Step("OBSERVE"),
    "counted": Step("OBSERVE", "cycle_counting"),
    "found": Step("OBSERVE", "cycle_counting"),
    "put_back": Step("OBSERVE", "cycle_counting"),
    "seen": Step("OBSERVE", "cycle_counting"),
    "sold": Step("OBSERVE", "other"),
    "departed": Step("OBSERVE", "entering_exiting"),
    "suspected_theft": Step("OBSERVE", "entering_exiting"),
    "written_off": Step("OBSERVE", "stock_taking", "non_sellable_other"),
    "taken": None,
}
# By reason and the state before, where that makes a difference: what was paid for may leave.
STEPS_FROM: dict[tuple[str, str], Step] = {
    ("departed", "sold"): Step("OBSERVE", "entering_exiting", "retail_sold"),
}
# Any other reason: nothing is left out, and nothing is claimed of why it happened.
UNLISTED = Step("OBSERVE", "other")

# Nobody saw a missing item, and where it is nobody knows: there is no observation to tell of,
# whatever the reason. It is told when it is seen again, sold or written off.
UNSEEN = frozenset({"missing"})
GONE = frozenset({"sold", "departed"})
DISPOSITIONS = {"returned": "returned", "sold": "retail_sold", "departed": "unknown"}

# The step that brings an item to a kind of zone, and its disposition there.
PLACES: dict[str, tuple[str, str]] = {
    "sales": ("stocking", "sellable_accessible"),
    "backroom": ("storing", "sellable_not_accessible"),
    "fitting": ("other", "sellable_accessible"),
    "checkout": ("other", "sellable_accessible"),
}
ELSEWHERE = ("other", "unknown")


class Site(Struct, frozen=True):
    """The shop as EPCIS names it.

    `timezone` is an IANA name, `zones` gives the kind of each zone, `lanes` the zone of each lane,
    and `link` the GS1 Digital Link URI of an EPC in hex, None where it is no code of GS1.
    """

    store: str
    timezone: str
    zones: Mapping[str, str]
    lanes: Mapping[str, str]
    link: Callable[[str], str | None]
    gln: str | None = None

    def offset(self, at: int) -> str:
        """Give the offset of the shop's clocks at a time (epoch ms), such as +08:00."""
        local = moment(at).astimezone(ZoneInfo(self.timezone))
        return local.isoformat(timespec="minutes")[-len("+08:00") :]

    def place(self, name: str | None) -> str:
        """Give the URI of a zone or a shelf, or of the whole shop where the place is not known.

        A name that is too long for the extension of a GLN stays a private one.
        """
        if name is None:
            return f"{DIGITAL_LINK}/414/{self.gln}" if self.gln else self._private()
        if self.gln is None or len(name) > EXTENSION_LENGTH:
            return self._private(name)
        return f"{DIGITAL_LINK}/414/{self.gln}/254/{name}"

    def thing(self, epc: str) -> str:
        """Give the URI of what carries a tag."""
        return self.link(epc) or self._private("tag", epc)

    def transaction(self, sale: str) -> str:
        """Give the URI of a sale (CBV 2.0, business transaction identifiers)."""
        if self.gln is None:
            return self._private("sale", sale)
        return f"urn:epcglobal:cbv:bt:{self.gln}:{quote(sale, safe='')}"

    def event(self, log_id: str) -> str:
        """Give the URI of an event; no GLN is in it, for a shop may get one later."""
        return uuid5(NAMESPACE_URL, self._private("event", log_id)).urn

    def _private(self, *names: str) -> str:
        escaped = (quote(name, safe="") for name in (self.store, *names))
        return ":".join(("urn:store-edge", *escaped))


class Place(Struct, frozen=True):
    """Where something happened, or where things are after it."""

    id: str


class Quantity(Struct, frozen=True, rename="camel"):
    """Units of a product, none of them known by name."""

    epc_class: str
    quantity: int


class Transaction(Struct, frozen=True, rename="camel"):
    """A sale; without a type, for CBV has none for what a till completes."""

    biz_transaction: str


class ObjectEvent(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename="camel",
    tag_field="type",
    tag="ObjectEvent",
):
    """What happened to things, when, where and why (EPCIS 2.0, ObjectEvent)."""

    event_id: str = field(name="eventID")
    event_time: datetime
    event_time_zone_offset: str
    action: Action
    biz_step: str
    disposition: str
    epc_list: tuple[str, ...] = ()
    quantity_list: tuple[Quantity, ...] = ()
    read_point: Place
    biz_location: Place | None = None
    biz_transaction_list: tuple[Transaction, ...] = ()


class _Body(Struct, frozen=True, rename="camel"):
    event_list: tuple[ObjectEvent, ...] = ()


class _Document(Struct, frozen=True, kw_only=True, rename="camel"):
    context: str = field(name="@context", default=CONTEXT)
    type: str = "EPCISDocument"
    schema_version: str = "2.0"
    creation_date: datetime
    epcis_body: _Body = _Body()


_encoder = msgspec.json.Encoder()


def object_events(logged: Iterable[LoggedEvent], site: Site) -> Iterator[ObjectEvent]:
    """Tell logged events of `TYPES`, in the order of the log; other events have nothing to tell.

    A sale and the changes of the items that it names have one time, for they are one transaction:
    the sale alone is told.
    """
    for _, together in groupby(logged, key=lambda one: one.time):
        facts = [(one, decode_event(one.type, one.data)) for one in together]
        sales = [fact for _, fact in facts if isinstance(fact, SaleCompleted)]
        paid = {line.epc for sale in sales for line in sale.lines if line.epc}
        for one, fact in facts:
            told = _told(one, fact, paid, site)
            if told is not None:
                yield told


def document(events: Iterable[ObjectEvent], created: int) -> Iterator[bytes]:
    """Write an EPCISDocument in pieces: its beginning, each event, its end; `created` is epoch ms.

    What is joined is UTF-8 JSON; the same events give the same bytes.
    """
    beginning, end = _encoder.encode(_Document(creation_date=moment(created))).split(b"[]")
    yield beginning + b"["
    for n, event in enumerate(events):
        yield (b",\n" if n else b"\n") + _encoder.encode(event)
    yield b"\n]" + end + b"\n"


def _told(one: LoggedEvent, fact: Event, paid: set[str], site: Site) -> ObjectEvent | None:
    if isinstance(fact, SaleCompleted):
        return _sale(one, fact, site)
    if isinstance(fact, ItemChanged) and not (fact.reason == "sold" and fact.epc in paid):
        step = _step(fact)
        return _change(one, fact, step, site) if step else None
    return None


def _step(change: ItemChanged) -> Step | None:
    if change.state in UNSEEN:
        return None
    coming = STEPS_FROM.get((change.reason, change.previous.state))
    return coming or STEPS.get(change.reason, UNLISTED)


def _transactions(sale: str | None, site: Site) -> tuple[Transaction, ...]:
    return () if sale is None else (Transaction(site.transaction(sale)),)


def _sale(one: LoggedEvent, sale: SaleCompleted, site: Site) -> ObjectEvent:
    """Tell a sale: by name the units that it names, the others by their product and number."""
    named = dict.fromkeys(line.epc for line in sale.lines if line.epc)
    units = Counter[str]()
    for line in sale.lines:
        units[line.gtin] += line.qty - bool(line.epc)
    return ObjectEvent(
        event_id=site.event(one.id),
        event_time=moment(one.time),
        event_time_zone_offset=site.offset(one.time),
        action="DELETE",
        biz_step="retail_selling",
        disposition="retail_sold",
        epc_list=tuple(site.thing(epc) for epc in named),
        quantity_list=tuple(
            Quantity(f"{DIGITAL_LINK}/01/{gtin}", n) for gtin, n in units.items() if n
        ),
        read_point=Place(site.place(site.lanes.get(sale.lane))),
        biz_transaction_list=_transactions(sale.sale, site),
    )


def _change(one: LoggedEvent, change: ItemChanged, step: Step, site: Site) -> ObjectEvent:
    """Tell a change: read at the shelf or in the zone; afterwards in the zone, unless it left."""
    moving, there = PLACES.get(site.zones.get(change.zone or "", ""), ELSEWHERE)
    stays = change.zone is not None and change.state not in GONE
    return ObjectEvent(
        event_id=site.event(one.id),
        event_time=moment(one.time),
        event_time_zone_offset=site.offset(one.time),
        action=step.action,
        biz_step=step.biz_step or moving,
        disposition=step.disposition or DISPOSITIONS.get(change.state, there),
        epc_list=(site.thing(change.epc),),
        read_point=Place(site.place(change.shelf or change.zone)),
        biz_location=Place(site.place(change.zone)) if stays else None,
        biz_transaction_list=_transactions(change.sale, site),
    )
