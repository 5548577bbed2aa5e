"""Events: what became true. They are the log, and what the online channel receives.

A level event tells how things stand and carries `(epoch, version)`: a newer one replaces it. A
fact tells what happened and is never dropped. Amounts are in minor units.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from msgspec import Struct, field

from edge.commands import Product
from edge.readings import Kind, SoldLine


def moment(ms: int) -> datetime:
    """Turn epoch milliseconds into a UTC time, which JSON shows as RFC 3339."""
    return datetime.fromtimestamp(ms / 1000, UTC)


class Event(Struct, frozen=True, kw_only=True):
    """What all events share: a CloudEvents type, a subject, and whether a newer one replaces it."""

    type: ClassVar[str]
    about: ClassVar[str]
    level: ClassVar[bool] = False

    @property
    def subject(self) -> str:
        """What the event is about (its field `about`); the CloudEvents subject."""
        return str(getattr(self, self.about))


class ProductChanged(Event, frozen=True, kw_only=True):
    """A product was added or changed."""

    type: ClassVar[str] = "store.product.changed.v1"
    about: ClassVar[str] = "gtin"
    level: ClassVar[bool] = True
    gtin: str
    product: Product
    epoch: int
    version: int


class Cause(Struct, frozen=True):
    """Why a level changed: `why` as in an item's `reason`, `sale`, `adjusted`, `basket`, ...

    `ref` names the item, the sale, the delivery or whatever else it was.
    """

    why: str
    ref: str = ""


class StockChanged(Event, frozen=True, kw_only=True):
    """The stock of a product.

    `available` is what the online channel may sell: on hand less baskets, reservations and
    safety stock, never below zero. `safety` is the product's own and as many units as are on hand
    but not surely there; the true number lies within `on_hand_low` and `on_hand_high`. `stale`
    when a reader that watches it is silent, `stale_zones` where. `causes` are the newest changes
    since the level before, at most ten.
    """

    type: ClassVar[str] = "store.stock.changed.v1"
    about: ClassVar[str] = "gtin"
    level: ClassVar[bool] = True
    gtin: str
    epoch: int
    version: int
    on_hand: int
    in_basket: int
    reserved: int
    safety: int
    available: int
    by_zone: dict[str, int]
    stale: bool
    as_of: datetime
    on_hand_low: int = 0
    on_hand_high: int = 0
    stale_zones: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()


class Standing(Struct, frozen=True):
    """Where a tagged item was and in which state."""

    state: str
    zone: str | None


class Evidence(Struct, frozen=True):
    """What decided that a tag is where it is.

    Its antenna reads it in `rate` of its looks (a look is a second in which the antenna could have
    read) and has not read it in the last `unread` of them; `heard_by` and `antenna` name who has
    read it `reads` times elsewhere, at `rssi` dBm. `probability` is that of its standing at the
    place that it had before.
    """

    rate: float
    unread: int
    probability: float
    heard_by: str | None = None
    antenna: int = 0
    reads: int = 0
    rssi: float | None = None


class ItemChanged(Event, frozen=True, kw_only=True):
    """A tagged item arrived, moved, was sold, went missing, came back or left unsold.

    `sale` is the sale that ended it; `evidence` what its readers saw, where they decided. Where
    people told it, `ref` is the delivery or stocktake that it belongs to, `note` their words.
    """

    type: ClassVar[str] = "store.item.changed.v1"
    about: ClassVar[str] = "epc"
    epc: str
    gtin: str | None
    state: str
    zone: str | None
    shelf: str | None
    previous: Standing
    reason: str
    sale: str | None = None
    evidence: Evidence | None = None
    ref: str = ""
    note: str = ""


class BasketLine(Struct, frozen=True):
    """One line of a basket; `price` is for one unit, `amount` for the line.

    `shelf` is the least price that a label of the product may have been showing then.
    """

    gtin: str
    name: str
    qty: int
    price: int
    amount: int
    epc: str | None = None
    shelf: int | None = None


class LaneChanged(Event, frozen=True, kw_only=True):
    """A self-checkout lane: its state, its basket and a warning for the shopper."""

    type: ClassVar[str] = "store.lane.changed.v1"
    about: ClassVar[str] = "lane"
    level: ClassVar[bool] = True
    lane: str
    epoch: int
    version: int
    state: str
    basket: str | None
    lines: tuple[BasketLine, ...]
    total: int
    currency: str
    warning: str | None = None


class SaleCompleted(Event, frozen=True, kw_only=True):
    """A sale is paid."""

    type: ClassVar[str] = "store.sale.completed.v1"
    about: ClassVar[str] = "sale"
    sale: str
    lane: str
    currency: str
    lines: tuple[SoldLine, ...]
    total: int
    member: str | None = None


class PriceEffective(Event, frozen=True, kw_only=True):
    """What the till charges, and the online channel is to charge, from now on.

    A lower price is told before the labels show it, a higher one after they have; `agreed` tells
    whether all labels show this price. `member` is what members pay, `was` the former price that
    may be announced beside a promotion.
    """

    type: ClassVar[str] = "store.price.effective.v1"
    about: ClassVar[str] = "gtin"
    level: ClassVar[bool] = True
    gtin: str
    epoch: int
    version: int
    amount: int
    currency: str
    promotion: str | None = None
    agreed: bool = True
    member: int | None = None
    was: int | None = None


class PriceSetChanged(Event, frozen=True, kw_only=True):
    """A price set is a `draft`, was `applied` or `cancelled`; `changes` counts its prices."""

    type: ClassVar[str] = "store.price.set.changed.v1"
    about: ClassVar[str] = "price_set"
    price_set: str
    name: str
    state: str
    changes: int


class LabelContent(Struct, frozen=True):
    """What a label is to show; everything that its picture depends on.

    `amount`, `regular` (what it cost before the promotion), `member` (what members of the shop pay)
    and `unit_price` (of one `per`: kg, l, 100 g, ...) are in minor units of `currency`. `unit` is
    shown where there is no unit price.
    """

    gtin: str
    name: str
    amount: int
    currency: str
    template: str
    unit: str = ""
    names: dict[str, str] = field(default_factory=dict)
    promotion: str | None = None
    regular: int | None = None
    member: int | None = None
    stock: Literal["in", "few", "none"] | None = None
    unit_price: int | None = None
    per: str = ""


class LabelChanged(Event, frozen=True, kw_only=True):
    """A label's way to a new picture.

    `state` is `due` (content to be drawn), `sent` (picture journalled; the downlink sends it),
    `shown` (the label confirmed it), `failed` (it could not be drawn; `problem` says why) or
    `removed` (a person has taken it off the shelf). With `at`, the label is to keep the picture and
    to show it then.
    """

    type: ClassVar[str] = "store.label.changed.v1"
    about: ClassVar[str] = "label"
    label: str
    device: str
    gtin: str
    state: str
    revision: int
    content: LabelContent
    image: str | None = None
    problem: str | None = None
    at: datetime | None = None


class LabelHealthChanged(Event, frozen=True, kw_only=True):
    """A fault of a label began or ended; `problems` are those that it has now.

    `lost` (not heard of for long), `low-battery`, `not-confirmed` (does not tell that it shows what
    it was sent), `not-drawn`, and what its device tells of it.
    """

    type: ClassVar[str] = "store.label.health.changed.v1"
    about: ClassVar[str] = "label"
    label: str
    device: str
    gtin: str | None
    shelf: str | None
    problems: tuple[str, ...]
    battery_mv: int | None = None
    rssi: float | None = None
    temp_c: float | None = None
    last_seen: datetime | None = None


class TrafficCounted(Event, frozen=True, kw_only=True):
    """People across a line in one minute; counts of several events of a minute add up.

    `in` and `out` are visitors; crossings in the times of staff are `staff_in` and `staff_out`.
    """

    type: ClassVar[str] = "store.traffic.counted.v1"
    about: ClassVar[str] = "line"
    line: str
    start: datetime
    end: datetime
    in_: int = field(name="in")
    out: int
    staff_in: int = 0
    staff_out: int = 0


class OccupancyChanged(Event, frozen=True, kw_only=True):
    """How many people are in a zone, or visitors in the whole `store`.

    The true number lies within `low` and `high`, in about 19 of 20 cases.
    """

    type: ClassVar[str] = "store.occupancy.changed.v1"
    about: ClassVar[str] = "zone"
    level: ClassVar[bool] = True
    zone: str
    epoch: int
    version: int
    people: int
    as_of: datetime
    low: int | None = None
    high: int | None = None


class CapacityChanged(Event, frozen=True, kw_only=True):
    """How full the `store` is: `state` is ok, near its capacity or over it.

    A state ends only when clearly fewer people are there than when it began. `capacity` is None
    when it was taken out of the configuration.
    """

    type: ClassVar[str] = "store.capacity.changed.v1"
    about: ClassVar[str] = "zone"
    level: ClassVar[bool] = True
    zone: str
    epoch: int
    version: int
    state: Literal["ok", "near", "over"]
    people: int
    low: int
    high: int
    capacity: int | None
    as_of: datetime


class QueueChanged(Event, frozen=True, kw_only=True):
    """How many people wait in a queue, and the longest and the mean wait in seconds."""

    type: ClassVar[str] = "store.queue.changed.v1"
    about: ClassVar[str] = "zone"
    level: ClassVar[bool] = True
    zone: str
    epoch: int
    version: int
    people: int
    wait_s: float
    wait_mean_s: float | None = None


class DeviceChanged(Event, frozen=True, kw_only=True):
    """A device came, went, found a fault or lost one; `problem` joins the codes with ", "."""

    type: ClassVar[str] = "store.device.changed.v1"
    about: ClassVar[str] = "device"
    device: str
    kind: Kind
    online: bool
    adopted: bool
    problem: str | None = None


class DeviceConfigured(Event, frozen=True, kw_only=True):
    """A device has a new configuration to fetch; `by` names who gave it."""

    type: ClassVar[str] = "store.device.configured.v1"
    about: ClassVar[str] = "device"
    device: str
    kind: Kind
    version: int
    config: dict[str, Any]
    by: str = ""


class DeviceCommanded(Event, frozen=True, kw_only=True):
    """A command is on its way to a device."""

    type: ClassVar[str] = "store.device.commanded.v1"
    about: ClassVar[str] = "device"
    device: str
    kind: Kind
    id: str
    name: str
    args: dict[str, Any]


class DeviceAnswered(Event, frozen=True, kw_only=True):
    """A device answered a command."""

    type: ClassVar[str] = "store.device.answered.v1"
    about: ClassVar[str] = "device"
    device: str
    id: str
    ok: bool
    error: str | None = None


class SnapshotTaken(Event, frozen=True, kw_only=True):
    """Somebody (`by`) asked a camera for its picture, and may have seen it.

    `blurred` tells whether people were made unrecognisable, `id` is that of the command.
    """

    type: ClassVar[str] = "store.snapshot.taken.v1"
    about: ClassVar[str] = "camera"
    camera: str
    by: str
    blurred: bool
    id: str


class StockAdjusted(Event, frozen=True, kw_only=True):
    """Somebody told of units of an untagged product.

    `why` is `adjusted`, `delivered`, `counted`, `transferred`, `written_off` or `returned`; `ref`
    is the delivery, the stocktake or the sale, `reason` what the person said.
    """

    type: ClassVar[str] = "store.stock.adjusted.v1"
    about: ClassVar[str] = "gtin"
    gtin: str
    zone: str
    delta: int
    reason: str
    why: str = "adjusted"
    ref: str = ""


class AnnouncedUnits(Struct, frozen=True):
    """Units of a product in a delivery."""

    gtin: str
    units: int


class DeliveryChanged(Event, frozen=True, kw_only=True):
    """A delivery was `announced`, `received` (`by` a person or its tag) or `cancelled`."""

    type: ClassVar[str] = "store.delivery.changed.v1"
    about: ClassVar[str] = "sscc"
    sscc: str
    state: str
    zone: str
    reference: str
    lines: tuple[AnnouncedUnits, ...]
    by: str | None = None
    reason: str = ""


class CountedProduct(Struct, frozen=True):
    """What a stocktake found of a product.

    `units` were there: tags that were read, or untagged units that were counted, which corrected
    the stock by `delta`. Of the tags, `moved` were believed in another zone and `added` not in the
    shop. `missing` ones were not read; as many as `sold` of those had been sold by barcode.
    """

    gtin: str
    units: int = 0
    moved: int = 0
    added: int = 0
    missing: int = 0
    sold: int = 0
    delta: int = 0


class StocktakeChanged(Event, frozen=True, kw_only=True):
    """A stocktake is `open`, `done` or `cancelled`; the figures are those of one that is done.

    Tags: `found` where they were believed, `moved` from another zone, `added` to those believed in
    the shop; `missing` and `sold` were not read; `unexpected` belong to no product of the shop.
    """

    type: ClassVar[str] = "store.stocktake.changed.v1"
    about: ClassVar[str] = "stocktake"
    stocktake: str
    device: str
    zones: tuple[str, ...]
    state: str
    found: int = 0
    moved: int = 0
    added: int = 0
    missing: int = 0
    sold: int = 0
    unexpected: int = 0
    products: tuple[CountedProduct, ...] = ()
    reason: str = ""


EVENTS: tuple[type[Event], ...] = (
    ProductChanged,
    StockChanged,
    StockAdjusted,
    DeliveryChanged,
    StocktakeChanged,
    ItemChanged,
    LaneChanged,
    SaleCompleted,
    PriceEffective,
    PriceSetChanged,
    LabelChanged,
    LabelHealthChanged,
    TrafficCounted,
    OccupancyChanged,
    CapacityChanged,
    QueueChanged,
    DeviceChanged,
    DeviceConfigured,
    DeviceCommanded,
    DeviceAnswered,
    SnapshotTaken,
)
