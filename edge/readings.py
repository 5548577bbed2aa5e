"""Readings: what devices claim. Frozen values, decoded once at the door.

Times are epoch milliseconds UTC, as the device gave them.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

Kind = Literal["rfid", "camera", "scanner", "scale", "checkout", "label"]
Direction = Literal["in", "out"]


class TagRead(Struct, frozen=True, gc=False):
    """One sighting of one tag.

    `epc` is upper-case hex; `antenna` counts from 1; `rssi` is in dBm, None where the reader did
    not say.
    """

    epc: str
    antenna: int
    rssi: float | None
    t: int


class TagsRead(Struct, frozen=True, tag=True):
    """A reader saw these tags."""

    reads: tuple[TagRead, ...]


class Crossing(Struct, frozen=True):
    """One person crossed a line; "in" is from its left hand to its right hand."""

    line: str
    direction: Direction
    t: int


class PeopleCrossed(Struct, frozen=True, tag=True):
    """A camera saw people cross its lines."""

    crossings: tuple[Crossing, ...]


class ZonePeople(Struct, frozen=True):
    """How many people stand in a zone of a camera.

    `dwell_s` is the longest stay among them in seconds, `wait_mean_s` the mean one, where it is
    known.
    """

    zone: str
    people: int
    dwell_s: float
    wait_mean_s: float | None = None


class PeopleSeen(Struct, frozen=True, tag=True):
    """A camera counted the people in its zones."""

    t: int
    zones: tuple[ZonePeople, ...]


class LineCount(Struct, frozen=True):
    """People across a line from `start` to `end`, which are the same for a single moment."""

    line: str
    start: int
    end: int
    in_: int
    out: int


class PeopleCounted(Struct, frozen=True, tag=True):
    """A counter tells how many people crossed its lines, each span of time for itself."""

    counts: tuple[LineCount, ...]


class LineTotal(Struct, frozen=True):
    """All people across a line in one direction, as of `t`.

    `since` is when the counter began to count, None where it does not tell.
    """

    line: str
    direction: Direction
    total: int
    t: int
    since: int | None = None


class TotalsRead(Struct, frozen=True, tag=True):
    """A counter tells the totals of its lines, which grow until it begins anew."""

    totals: tuple[LineTotal, ...]


class PresenceMapped(Struct, frozen=True, tag=True):
    """Seconds of presence in each cell of a camera's picture, row by row."""

    start: int
    end: int
    width: int
    height: int
    cells: tuple[float, ...]


class CodeScanned(Struct, frozen=True, tag=True):
    """A scanner read a code: its text (FNC1 as U+001D) and its symbology (`ean13`, `qr`, ...)."""

    t: int
    data: str
    symbology: str


class WeightRead(Struct, frozen=True, tag=True):
    """A scale's weight in grams; `stable` when it has settled."""

    t: int
    grams: float
    stable: bool


class SoldLine(Struct, frozen=True):
    """One line of a sale: `amount` is the line's total in minor units; `epc` if known.

    `shelf` is the least price of one unit that a label of the product may have been showing then.
    """

    gtin: str
    qty: int
    amount: int
    epc: str | None = None
    shelf: int | None = None


class SaleReported(Struct, frozen=True, tag=True):
    """A third-party till completed a sale; the device of the message is the lane."""

    t: int
    sale: str
    currency: str
    lines: tuple[SoldLine, ...]
    total: int
    member: str | None = None


class LabelShown(Struct, frozen=True, tag=True):
    """A label says which picture is on its glass now (first 16 hex digits of its SHA-256)."""

    t: int
    label: str
    image: str


class LabelReported(Struct, frozen=True, tag=True):
    """A label's battery in mV, signal in dBm and temperature in degrees Celsius."""

    t: int
    label: str
    battery_mv: int | None = None
    rssi: float | None = None
    temp_c: float | None = None


class DeviceReported(Struct, frozen=True, tag=True):
    """A device's own status, or its Will: `online` is False when the broker speaks for it."""

    online: bool
    model: str | None = None
    fw: str | None = None
    config_version: int | None = None


class ProblemReported(Struct, frozen=True, tag=True):
    """A device tells of a fault.

    `problem` is a short code (`antenna-3-disconnected`, `reads-lost`), `active` False when the
    fault is over, `antenna` the antenna or `label` the label that it concerns. `lost` readings are
    gone since the last report; a device that counts them since its start gives `lost_in_all`
    instead.
    """

    t: int
    problem: str
    active: bool = True
    lost: int = 0
    lost_in_all: int = 0
    antenna: int | None = None
    label: str | None = None


class CommandAnswered(Struct, frozen=True, tag=True):
    """A device answers a command."""

    id: str
    ok: bool
    error: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


class Snapshot(Struct, frozen=True):
    """A camera's picture, a JPEG of `width` x `height` pixels; never kept, so no reading.

    `id` is that of the command which asked for it; `blurred` when people are unrecognisable in it,
    and `clear` the share of the picture that was not blurred, where the camera tells.
    """

    id: str
    t: int
    width: int
    height: int
    blurred: bool
    jpeg: bytes
    clear: float | None = None


class SeenPerson(Struct, frozen=True):
    """A person on a camera's picture, in fractions of it, y down.

    `box` is left, top, width and height; `point` is where they stand.
    """

    number: int
    box: tuple[float, float, float, float]
    point: tuple[float, float]


class SeenLine(Struct, frozen=True):
    """How many crossed a line since the camera began to count."""

    line: str
    in_: int = field(name="in")
    out: int


class SeenZone(Struct, frozen=True):
    """How many people are in a zone."""

    zone: str
    people: int


class Overlay(Struct, frozen=True):
    """What a camera makes of its picture at this moment; never kept, so no reading."""

    t: int
    people: tuple[SeenPerson, ...]
    lines: tuple[SeenLine, ...]
    zones: tuple[SeenZone, ...]
    fps: float


class Figures(Struct, frozen=True):
    """How a camera does, where its status tells; never kept, so no reading.

    `fps` pictures a second are looked at and `skipped` were not, since the start; `latency_ms` is
    the age of a picture when it was looked at, `brightness` its mean from 0 to 1.
    """

    fps: float | None = None
    skipped: int | None = None
    latency_ms: float | None = None
    brightness: float | None = None


Reading = (
    TagsRead
    | PeopleCrossed
    | PeopleSeen
    | PeopleCounted
    | TotalsRead
    | PresenceMapped
    | CodeScanned
    | WeightRead
    | SaleReported
    | LabelShown
    | LabelReported
    | DeviceReported
    | ProblemReported
    | CommandAnswered
)


class Message(Struct, frozen=True):
    """One message of one device with all that it claims.

    `boot` and `seq` make a repeat harmless; where either is None, the message counts as new.
    """

    device: str
    kind: Kind
    readings: tuple[Reading, ...]
    boot: str | None = None
    seq: int | None = None
