"""store.toml: the settings of one shop, read once, frozen and typed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import Field, StrictBool, StrictInt, ValidationError, model_validator

from edge.config_faults import ELSEWHERE, refusal, schema_faults
from edge.config_links import crossed_faults
from edge.config_people import CounterLine, CounterZone, Mapping, People
from edge.config_section import Section
from edge.config_values import (
    Antennas,
    BatchSize,
    CameraSource,
    Colour,
    Count,
    Country,
    Currency,
    DatabaseUrl,
    Epc,
    FilePath,
    FramesPerSecond,
    GlnText,
    GtinText,
    Host,
    Id,
    Mac,
    Name,
    PartOfPicture,
    Pause,
    PicturePoint,
    PicturePolygon,
    PlaceId,
    Point,
    Polygon,
    Port,
    Positive,
    Seconds,
    Share,
    TemplateName,
    Timezone,
    TopicFilter,
    TypePattern,
    WebAddress,
)
from edge.errors import ConfigError, Fault
from edge.readings import Kind
from edge.toml_file import read_toml
from edge.toml_lines import TomlLines

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Secret(Section):
    """Where a secret is kept: an environment variable or a file, never the configuration."""

    env: Name | None = None
    file: FilePath | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise refusal(ELSEWHERE, "both" if self.env else "neither")
        return self

    def read(self) -> str:
        """Fetch the secret; raises ConfigError when it is not where the configuration says."""
        if self.file is None:
            place, found = f"the environment variable {self.env}", os.environ.get(str(self.env))
        else:
            place, found = f"the file {self.file}", _text_of(self.file)
        if not found:
            raise ConfigError((Fault("secret", 0, place, "a secret there", "nothing"),))
        return found


def _text_of(file: Path) -> str | None:
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


class Store(Section):
    """Which shop this is; `gln` is its Global Location Number (GS1), if it has one.

    `country` (ISO 3166-1 alpha-2) says whose rules hold for former prices.
    """

    id: Id
    name: Name
    timezone: Timezone
    currency: Currency
    gln: GlnText | None = None
    country: Country | None = None


class Mqtt(Section):
    """The broker: started here (`embedded`, `managed`) or somebody else's (`external`)."""

    broker: Literal["embedded", "managed", "external"] = "managed"
    host: Host = "127.0.0.1"
    port: Port = 1883
    tls: StrictBool = False
    ca_file: FilePath | None = None
    username: Name | None = None
    password: Secret | None = None

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.broker == "embedded" and self.host not in LOOPBACK:
            expected = "127.0.0.1: the embedded broker is for trials on one machine"
            raise refusal(expected, repr(self.host), "host")
        if self.ca_file and not self.tls:
            raise refusal("tls = true beside ca_file", "tls = false", "tls")
        # MQTT 3.1.1, 3.1.2.9: without a user name there is no password.
        if self.password and not self.username:
            raise refusal("a user name beside password", "nothing", "username")
        return self


class Database(Section):
    """Where state and log are kept; PostgreSQL's client finds its password in PGPASSFILE."""

    url: DatabaseUrl = Field(default="sqlite:///store.db", validate_default=True)
    keep_days: Count = 30


class Recording(Section):
    """Where the gateway records all that it takes, in files of `file_mb`, `max_mb` in all."""

    folder: FilePath
    max_mb: Count = 1024
    file_mb: Count = 64


class Api(Section):
    """Where API and pages listen, and the accent colour of the pages."""

    host: Host = "127.0.0.1"
    port: Port = 8080
    accent: Colour = "#0f5fa6"


class Presence(Section):
    """How soon a tag that was taken from its place counts as missing."""

    missing_after_s: Seconds = 60.0


class Prices(Section):
    """How prices are told, and how labels are watched.

    A higher price is charged `grace_s` after the labels showed it. `former_price` bounds the price
    that a promotion may strike; without it, the rule of the shop's country does. Labels show stock
    if `show_stock`, and up to `few` units are "few". A label is lost of which nothing was heard for
    `lost_after_s`. Labels that can keep a picture get planned prices `preload_s` before.
    """

    grace_s: Pause = 600.0
    former_price: Literal["lowest-30-days", "lowest-sold-7-days", "free"] | None = None
    show_stock: StrictBool = False
    few: Count = 3
    low_battery_mv: Count = 2400
    lost_after_s: Seconds = 86_400.0
    preload_s: Pause = 600.0


ZoneKind = Literal["sales", "backroom", "fitting", "checkout", "exit"]


class Zone(Section):
    """A part of the shop; `polygon` in metres, x to the right and y down the plan."""

    id: PlaceId
    name: Name
    kind: ZoneKind
    polygon: Polygon


class Shelf(Section):
    """A shelf in a zone; `corner` and `size` in metres, `full` the units of a full shelf."""

    id: PlaceId
    name: Name
    zone: Id
    corner: Point
    size: tuple[Positive, Positive]
    full: Count = 10


CODECS: dict[Kind, tuple[str, ...]] = {
    "rfid": ("native", "impinj", "zebra"),
    "camera": ("native", "xovis", "axis", "mapping"),
}


class Device(Section):
    """A device and what it stands for; `antennas` maps antenna numbers to shelves or zones.

    A device that speaks its vendor's topics names `topic` (an MQTT filter) and `codec`. One that
    speaks no MQTT has a `driver`, which finds it at `address`. With `preload`, its labels keep a
    picture until a later time. A third-party counter names its `lines` and `zones`, and has a
    `mapping` where no codec knows its payload.
    """

    id: Id
    kind: Kind
    codec: Literal["native", "impinj", "zebra", "xovis", "axis", "mapping"] = "native"
    topic: TopicFilter | None = None
    antennas: Antennas = Field(default={})
    lane: Id | None = None
    at: Point | None = None
    silent_after_s: Seconds = 30.0
    driver: Literal["openepaperlink"] | None = None
    address: WebAddress | None = None
    preload: StrictBool = False
    lines: tuple[CounterLine, ...] = ()
    zones: tuple[CounterZone, ...] = ()
    mapping: Mapping | None = None

    @model_validator(mode="after")
    def _driven(self) -> Self:
        if self.preload and (self.kind != "label" or self.driver):
            raise refusal("no preload but at a native device of kind label", "true", "preload")
        if self.driver and self.kind != "label":
            raise refusal(f"no driver at a {self.kind}", repr(self.driver), "driver")
        if self.driver and self.address is None:
            raise refusal(
                "the access point's address, such as http://10.0.0.9", "nothing", "address"
            )
        if self.address and self.driver is None:
            raise refusal("an address only where there is a driver", "none", "driver")
        return self

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if self.codec == "native" and self.topic is not None:
            raise refusal("no topic for a native device, or a vendor's codec", "both", "topic")
        if self.codec != "native" and self.topic is None:
            raise refusal(f"the topic on which {self.codec} publishes", "nothing", "topic")
        known = CODECS.get(self.kind, ("native",))
        if self.codec not in known:
            raise refusal(f"{' or '.join(known)} for a {self.kind}", repr(self.codec), "codec")
        if self.kind != "rfid" and self.antennas:
            raise refusal("antennas at a device of kind rfid only", repr(self.kind), "antennas")
        return self

    @model_validator(mode="after")
    def _counts(self) -> Self:
        counts = self.kind == "camera" and self.codec != "native"
        named = [key for key in ("lines", "zones") if getattr(self, key)]
        if named and not counts:
            raise refusal(f"{named[0]} at a third-party counter only", "some", named[0])
        if counts and not named:
            raise refusal("lines or zones, which name what it counts", "neither", "lines")
        if (self.mapping is None) == (self.codec == "mapping"):
            expected = 'a mapping beside codec = "mapping", and there only'
            raise refusal(expected, "nothing" if self.mapping is None else "one", "mapping")
        if self.codec == "axis" and any(line.direction is None for line in self.lines):
            raise refusal("a direction at each line: a scenario counts one way", "none", "lines")
        return self


class Reference(Section):
    """A reference tag: it never leaves its `place`, a shelf or a zone, and calibrates antennas."""

    epc: Epc
    place: Id


class Line(Section):
    """A counting line on a camera's picture (fractions of width and height).

    "in" is from the left hand to the right hand of someone walking from `start` to `end`. An
    `entrance` line counts people into and out of the shop.
    """

    name: Id
    start: PicturePoint
    end: PicturePoint
    entrance: StrictBool = True

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.start == self.end:
            raise refusal("an end away from start", str(list(self.end)), "end")
        return self


class Area(Section):
    """A polygon on a camera's picture whose people count for a zone of the shop.

    Who stays there for longer than `loiter_s` loiters.
    """

    zone: Id
    polygon: PicturePolygon
    queue: StrictBool = False
    loiter_s: Seconds | None = None


class Detector(Section):
    """An ONNX model that finds people: `size` is its input (width by height in pixels).

    `person` is the number of that class, `least_score` what a box has to score.
    """

    model: FilePath
    size: tuple[Count, Count] = (640, 640)
    person: Annotated[StrictInt, Field(ge=0)] = 0
    least_score: Share = 0.35


class Camera(Section):
    """A camera: `source` is a file, an RTSP or HTTP address, or a USB index such as "0".

    `body` is how much of the picture's height a standing person fills, where that is known. In
    `masks` nothing is looked at. With a `detector` its model finds people, else motion does.
    """

    id: Id
    source: CameraSource
    password: Secret | None = None
    fps: FramesPerSecond = 10.0
    body: PartOfPicture | None = None
    loop: StrictBool = False
    lines: tuple[Line, ...] = ()
    areas: tuple[Area, ...] = ()
    masks: tuple[PicturePolygon, ...] = ()
    detector: Detector | None = None
    at: Point | None = None

    @model_validator(mode="after")
    def _password_has_user(self) -> Self:
        if self.password and "@" not in self.source:
            expected = "an address with a user name beside password, as rtsp://viewer@host/stream"
            raise refusal(expected, "one without", "source")
        return self

    def address(self) -> str:
        """Give what to open: the source, with the password in it where there is one.

        Raises ConfigError when the password is not where the configuration says.
        """
        if self.password is None:
            return self.source
        user, host = self.source.split("@", 1)
        return f"{user}:{quote(self.password.read(), safe='')}@{host}"


class Lane(Section):
    """A checkout lane."""

    id: Id
    name: Name
    zone: Id
    at: Point | None = None


class Label(Section):
    """A shelf label: the access point (`device`) that reaches it, its panel and its place."""

    id: Id
    device: Id
    template: TemplateName = "296x128-bwr"
    shelf: Id | None = None
    gtin: GtinText | None = None
    mac: Mac | None = None


class Sink(Section):
    """Where events go; `types` are event types, `*` at the end stands for anything."""

    name: Id
    kind: Literal["webhook"]
    url: WebAddress
    secret: Secret
    types: tuple[TypePattern, ...] = ("store.*",)
    batch: BatchSize = 100


class Settings(Section):
    """All of store.toml."""

    store: Store
    mqtt: Mqtt = Mqtt()
    database: Database = Database()
    recording: Recording | None = None
    api: Api = Api()
    presence: Presence = Presence()
    prices: Prices = Prices()
    people: People = People()
    zones: tuple[Zone, ...] = ()
    shelves: tuple[Shelf, ...] = ()
    devices: tuple[Device, ...] = ()
    references: tuple[Reference, ...] = ()
    cameras: tuple[Camera, ...] = ()
    lanes: tuple[Lane, ...] = ()
    labels: tuple[Label, ...] = ()
    sinks: tuple[Sink, ...] = ()

    def zone_of(self, place: str) -> str:
        """Give the zone of a shelf, or the zone itself."""
        return next((shelf.zone for shelf in self.shelves if shelf.id == place), place)


def load(file: Path) -> Settings:
    """Read and check store.toml; relative paths in it count from its folder.

    Raises ConfigError with every fault, its line and its path, in the order of the file.
    """
    text, tree = read_toml(file)
    lines = TomlLines(text)
    faults = [*crossed_faults(file, lines, tree)]
    tree.setdefault("database", {})  # its default is a relative path as well
    try:
        settings = Settings.model_validate(tree, context={"folder": file.absolute().parent})
    except ValidationError as error:
        faults += schema_faults(file, lines, Settings, error)
    if faults:
        raise ConfigError(tuple(sorted(faults, key=lambda fault: (fault.line, fault.path))))
    return settings
