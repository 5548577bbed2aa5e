"""Commands: what somebody asks of the shop. Amounts are in minor units, times epoch ms UTC."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from edge.readings import Kind

Tracking = Literal["item", "count"]
LedColour = Literal["red", "green", "blue", "white"]
Units = Annotated[int, Meta(ge=1, le=1_000_000)]


class Product(Struct, frozen=True):
    """A product of the shop.

    `gtin` has 14 digits. `tracking` "item" counts tags, "count" counts by sales and corrections.
    `safety` units are never offered online. `names` holds further languages by code.
    """

    gtin: str
    name: str
    brand: str = ""
    unit: str = "piece"
    pack: str = ""
    image: str = ""
    tracking: Tracking = "item"
    safety: int = 0
    names: dict[str, str] = field(default_factory=dict)


class PutProducts(Struct, frozen=True, tag=True):
    """Add or replace products."""

    products: tuple[Product, ...]


class AdjustStock(Struct, frozen=True, tag=True):
    """Correct an untagged product's count in a zone: `delta` adds, `count` sets; one of the two."""

    gtin: str
    zone: str
    reason: str
    delta: int | None = None
    count: int | None = None


class Operation(Struct, frozen=True, kw_only=True):
    """What somebody tells about stock.

    `id` is made by who tells it: what comes again with the same one is not done again.
    """

    id: str | None = None


class DeliveryLine(Struct, frozen=True):
    """Units of a product in a delivery; `epcs` name those whose tags the sender has listed."""

    gtin: str
    units: Units
    epcs: tuple[str, ...] = ()


class AnnounceDelivery(Operation, frozen=True, tag=True):
    """Say what is to come in a logistic unit, and in which zone; a correction replaces it.

    `sscc` has 18 digits, `reference` is the sender's own.
    """

    sscc: str
    zone: str
    lines: tuple[DeliveryLine, ...]
    reference: str = ""


class ReceiveDelivery(Operation, frozen=True, tag=True):
    """Say that a delivery is here: in the zone where it was expected, or in another one."""

    sscc: str
    zone: str | None = None


class CancelDelivery(Operation, frozen=True, tag=True):
    """Say that an announced delivery will not come."""

    sscc: str
    reason: str = ""


class StartStocktake(Operation, frozen=True, tag=True):
    """Begin to count these zones with a hand-held or robot reader, which is in the first now."""

    device: str
    zones: tuple[str, ...]


class EnterZone(Operation, frozen=True, tag=True):
    """Say in which zone a stocktake's reader is from now on."""

    stocktake: str
    zone: str


class CountUnits(Operation, frozen=True, tag=True):
    """Tell a stocktake how many units of an untagged product are in a zone."""

    stocktake: str
    gtin: str
    zone: str
    units: Annotated[int, Meta(ge=0, le=1_000_000)]


class EndStocktake(Operation, frozen=True, tag=True):
    """Conclude a stocktake: what its zones should hold and nobody has read is missing."""

    stocktake: str


class CancelStocktake(Operation, frozen=True, tag=True):
    """End a stocktake without concluding anything from what it has not read."""

    stocktake: str
    reason: str = ""


class TransferStock(Operation, frozen=True, tag=True):
    """Move units of an untagged product from the zone `source` to the zone `target`."""

    gtin: str
    source: str
    target: str
    units: Units
    reason: str = ""


class WriteOffUnits(Operation, frozen=True, tag=True):
    """Take units of an untagged product out of a zone's stock for good."""

    gtin: str
    zone: str
    units: Units
    reason: str


class WriteOffItem(Operation, frozen=True, tag=True):
    """Take a tagged item out of the stock for good."""

    epc: str
    reason: str


class ReturnedLine(Struct, frozen=True):
    """Units that a customer brought back; not `resaleable` means that they are no stock again."""

    gtin: str
    units: Units
    epc: str | None = None
    resaleable: bool = True


class TakeBack(Operation, frozen=True, tag=True):
    """Take back what a customer returns into a zone; `sale` is the one that sold it, if known."""

    zone: str
    lines: tuple[ReturnedLine, ...]
    sale: str | None = None
    reason: str = ""


class PriceChange(Struct, frozen=True):
    """A new price for a product; `start` None means now, `until` None means for good.

    With a `promotion` or an `until` it stands in for the regular price, else it is the regular one.
    `member` is what members of the shop pay meanwhile, `was` the former price that a promotion
    announces, `currency` the one that the sender means.
    """

    gtin: str
    amount: int
    start: int | None = None
    until: int | None = None
    promotion: str | None = None
    member: int | None = None
    was: int | None = None
    currency: str | None = None


class SetPrices(Operation, frozen=True, tag=True):
    """Change prices at once, all or none, as a price set; labels and till follow by the protocol.

    `name` is for people.
    """

    changes: tuple[PriceChange, ...]
    name: str = ""


class PreviewPrices(Struct, frozen=True, tag=True):
    """Ask what price changes would do; nothing changes."""

    changes: tuple[PriceChange, ...]


class DraftPrices(Operation, frozen=True, tag=True):
    """Keep price changes as a price set that somebody applies or cancels later."""

    changes: tuple[PriceChange, ...]
    name: str = ""


class ApplyPrices(Operation, frozen=True, tag=True):
    """Let a drafted price set come into force."""

    price_set: str


class CancelPrices(Operation, frozen=True, tag=True):
    """Take a price set back: what has not begun never does, what has begun ends."""

    price_set: str


class BindLabel(Struct, frozen=True, tag=True):
    """Let a label show a product."""

    label: str
    gtin: str


class RemoveLabel(Struct, frozen=True, tag=True):
    """Take a label out of service that hangs on no shelf any more: its glass binds no price."""

    label: str


class IdentifyLabel(Struct, frozen=True, tag=True):
    """Let a label flash so that a person finds it."""

    label: str
    colour: LedColour = "green"
    seconds: Annotated[int, Meta(ge=1, le=600)] = 10


class EstimateLabels(Struct, frozen=True, tag=True):
    """Ask when these labels will have confirmed their pictures; nothing changes.

    Answered with epoch ms, None if none of them is on its way, or in time.
    """

    labels: tuple[str, ...]


class KeepPicture(Struct, frozen=True, tag=True):
    """The downlink has drawn a label's content: keep the picture before it is sent.

    `image` is the first 16 hex digits of the PNG's SHA-256; `revision` the content it was drawn
    from, `pixels` the hash of the picture without its revision. `error` instead of a picture when
    drawing was refused.
    """

    label: str
    revision: int
    image: str = ""
    png: bytes = b""
    error: str = ""
    pixels: str = ""


class AdoptDevice(Struct, frozen=True, tag=True):
    """Take a device from the inbox into service.

    `places` maps antenna numbers to shelves or zones, `lane` ties a scanner to a lane.
    """

    device: str
    kind: Kind
    places: dict[int, str] = field(default_factory=dict)
    lane: str | None = None


class ConfigureDevice(Struct, frozen=True, tag=True):
    """Give a device a new configuration; it becomes the next version. `by` names who asked."""

    device: str
    config: dict[str, Any]
    by: str = ""


class RollBackDevice(Struct, frozen=True, tag=True):
    """Give a device the configuration of an earlier version again, as a new version."""

    device: str
    version: int
    by: str = ""


class CommandDevice(Struct, frozen=True, tag=True):
    """Send a device a command such as `identify` or `reboot`."""

    device: str
    name: str
    args: dict[str, Any] = field(default_factory=dict)


class TakeSnapshot(Struct, frozen=True, tag=True):
    """Ask a camera for its picture, people blurred unless not `blur`; answered with an id.

    `by` names who asked.
    """

    camera: str
    by: str
    blur: bool = True


class ScanAtLane(Struct, frozen=True, tag=True):
    """Put what a code names into a lane's basket."""

    lane: str
    data: str


class VoidLine(Struct, frozen=True, tag=True):
    """Take a line (counted from 1) out of a lane's basket."""

    lane: str
    line: int


class PayBasket(Struct, frozen=True, tag=True):
    """Pay a lane's basket; the basket's id makes a repeat harmless."""

    lane: str
    basket: str
    method: str = "cash"


class CancelBasket(Struct, frozen=True, tag=True):
    """Empty a lane's basket and let the lane go idle."""

    lane: str


Question = PreviewPrices | EstimateLabels
"""What is asked of the shop and changes nothing."""

Command = (
    PutProducts
    | AdjustStock
    | AnnounceDelivery
    | ReceiveDelivery
    | CancelDelivery
    | StartStocktake
    | EnterZone
    | CountUnits
    | EndStocktake
    | CancelStocktake
    | TransferStock
    | WriteOffUnits
    | WriteOffItem
    | TakeBack
    | SetPrices
    | PreviewPrices
    | DraftPrices
    | ApplyPrices
    | CancelPrices
    | BindLabel
    | RemoveLabel
    | IdentifyLabel
    | EstimateLabels
    | KeepPicture
    | AdoptDevice
    | ConfigureDevice
    | RollBackDevice
    | CommandDevice
    | TakeSnapshot
    | ScanAtLane
    | VoidLine
    | PayBasket
    | CancelBasket
)
