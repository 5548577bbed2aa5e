"""Commands: what somebody asks of the shop. Amounts are in minor units, times epoch ms UTC."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from edge.readings import Kind

Tracking = Literal["item", "count"]


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


class PriceChange(Struct, frozen=True):
    """A new price for a product; `start` None means now, `until` None means for good."""

    gtin: str
    amount: int
    start: int | None = None
    until: int | None = None
    promotion: str | None = None


class SetPrices(Struct, frozen=True, tag=True):
    """Change prices; labels and till follow by the price protocol."""

    changes: tuple[PriceChange, ...]


class BindLabel(Struct, frozen=True, tag=True):
    """Let a label show a product."""

    label: str
    gtin: str


class IdentifyLabel(Struct, frozen=True, tag=True):
    """Let a label flash so that a person finds it."""

    label: str


class KeepPicture(Struct, frozen=True, tag=True):
    """The downlink has drawn a label's content: keep the picture before it is sent.

    `image` is the first 16 hex digits of the PNG's SHA-256; `revision` the content it was drawn
    from. `error` instead of a picture when drawing was refused.
    """

    label: str
    revision: int
    image: str = ""
    png: bytes = b""
    error: str = ""


class AdoptDevice(Struct, frozen=True, tag=True):
    """Take a device from the inbox into service.

    `places` maps antenna numbers to shelves or zones, `lane` ties a scanner to a lane.
    """

    device: str
    kind: Kind
    places: dict[int, str] = field(default_factory=dict)
    lane: str | None = None


class ConfigureDevice(Struct, frozen=True, tag=True):
    """Give a device a new configuration; it becomes the next version."""

    device: str
    config: dict[str, Any]


class RollBackDevice(Struct, frozen=True, tag=True):
    """Give a device the configuration of an earlier version again, as a new version."""

    device: str
    version: int


class CommandDevice(Struct, frozen=True, tag=True):
    """Send a device a command such as `identify` or `reboot`."""

    device: str
    name: str
    args: dict[str, Any] = field(default_factory=dict)


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


Command = (
    PutProducts
    | AdjustStock
    | SetPrices
    | BindLabel
    | IdentifyLabel
    | KeepPicture
    | AdoptDevice
    | ConfigureDevice
    | RollBackDevice
    | CommandDevice
    | ScanAtLane
    | VoidLine
    | PayBasket
    | CancelBasket
)
