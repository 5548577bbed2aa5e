"""What readers of the shop see: frozen rows, as the API answers them and the pages show them.

Amounts are in minor units of the shop's currency.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from edge.events import BasketLine
from edge.layouts import Layout
from edge.readings import Kind


class TagView(Struct, frozen=True):
    """What a tag's code says: its scheme, and the identity that it has as URI and as web address.

    One that breaks its scheme has `fault` (a word) and `error` (a sentence); one that is of no
    scheme that the shop reads has no `scheme` either.
    """

    scheme: str | None = None
    uri: str | None = None
    digital_link: str | None = None
    fault: str | None = None
    error: str | None = None


class ShelfView(Struct, frozen=True):
    """The tagged units that stand on a shelf, by GTIN; `stale` when an antenna is not sure."""

    shelf: str
    units: dict[str, int]
    stale: bool


class LabelView(Struct, frozen=True):
    """A shelf label.

    `state` is `unbound`, `waiting`, `due`, `sent`, `shown`, `failed` or `removed`; `image` the
    picture that it shows or is to show; `amount` the price on that picture. `problem` says why it
    could not be drawn, else it joins the `problems` (codes). `confirmed` when it is certain what is
    on its glass.
    """

    label: str
    device: str
    shelf: str | None
    gtin: str | None
    name: str
    amount: int | None
    state: str
    image: str | None
    battery_mv: int | None = None
    problem: str | None = None
    rssi: float | None = None
    temp_c: float | None = None
    last_seen: datetime | None = None
    problems: tuple[str, ...] = ()
    confirmed: bool = False


class LaneView(Struct, frozen=True):
    """A checkout lane and its basket; `state` is `idle`, `scanning` or `paid`."""

    lane: str
    state: str
    basket: str | None
    lines: tuple[BasketLine, ...]
    total: int
    currency: str
    warning: str | None


class DeviceView(Struct, frozen=True):
    """A device; not `adopted` means that it waits in the inbox."""

    device: str
    kind: Kind
    online: bool
    adopted: bool
    problem: str | None
    model: str | None
    fw: str | None
    config_version: int | None
    last_seen: datetime | None


class CameraView(Struct, frozen=True):
    """A camera that is set up here, and what it watches.

    `version` of its configuration is wanted (None: store.toml's), `confirmed` is the one that it
    says it has.
    """

    camera: str
    online: bool
    adopted: bool
    problem: str | None
    layout: Layout
    version: int | None
    confirmed: int | None
    last_seen: datetime | None


class SnapshotView(Struct, frozen=True):
    """Somebody asked for a camera's picture; `id` is that of the command."""

    time: datetime
    by: str
    blurred: bool
    id: str


class SinkView(Struct, frozen=True):
    """A consumer of the log: how far it is, what waits, and how it does.

    `state` is `ok`, `behind` or `down`; `error` the last one while it is down.
    """

    name: str
    kind: str
    position: int
    head: int
    backlog: int
    delivered: int
    coalesced: int
    filtered: int
    refused: int
    state: str
    error: str | None
    retry_at: datetime | None


class ShopView(Struct, frozen=True):
    """The whole shop at one position of the log: what the home page shows."""

    position: int
    as_of: datetime
    people: int
    people_by_zone: dict[str, int]
    came_today: int
    sales_today: int
    turnover_today: int
    stock_gaps: int
    lag_s: float
    shelves: tuple[ShelfView, ...]
    labels: tuple[LabelView, ...]
    lanes: tuple[LaneView, ...]
    devices: tuple[DeviceView, ...]
    sinks: tuple[SinkView, ...]
    names: dict[str, dict[str, str]]
