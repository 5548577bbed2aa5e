"""store.toml: the settings of one shop, read once, frozen and typed."""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from babel.numbers import is_currency
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from edge.errors import ConfigError, Fault
from edge.readings import Kind
from edge.toml_lines import TomlLines


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("timezone", "an IANA time zone such as Asia/Shanghai")
    return name


def _known_currency(code: str) -> str:
    if not is_currency(code):
        raise PydanticCustomError("currency", "an ISO 4217 code such as CNY")
    return code


Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Point = tuple[float, float]
Fraction = Annotated[float, Field(ge=0, le=1)]
PicturePoint = tuple[Fraction, Fraction]
Polygon = Annotated[tuple[Point, ...], Field(min_length=3)]
Seconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """A part of store.toml: frozen, and an unknown key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Secret(Section):
    """Where a secret is kept: an environment variable or a file, never the configuration."""

    env: str | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise PydanticCustomError("secret", 'either {{ env = "NAME" }} or {{ file = "PATH" }}')
        return self

    def read(self) -> str:
        """Fetch the secret; raises ConfigError when it is not where the configuration says."""
        if self.env is not None:
            found = os.environ.get(self.env)
            place = f"the environment variable {self.env}"
        else:
            path = Path(str(self.file))
            found = path.read_text("utf-8").strip() if path.is_file() else None
            place = f"the file {path}"
        if not found:
            raise ConfigError((Fault("secret", 0, place, "a secret there", "nothing"),))
        return found


class Store(Section):
    """Which shop this is."""

    id: Id
    name: str
    timezone: Annotated[str, AfterValidator(_known_timezone)]
    currency: Annotated[str, AfterValidator(_known_currency)]


class Mqtt(Section):
    """The broker: started here (`embedded`, `managed`) or somebody else's (`external`)."""

    broker: Literal["embedded", "managed", "external"] = "managed"
    host: str = "127.0.0.1"
    port: Port = 1883
    tls: bool = False
    ca_file: Path | None = None
    username: str | None = None
    password: Secret | None = None


class Database(Section):
    """Where state and log are kept; a relative SQLite path counts from store.toml's folder."""

    url: str = "sqlite:///store.db"
    keep_days: Annotated[int, Field(ge=1)] = 30


class Api(Section):
    """Where API and pages listen, and the accent colour of the pages."""

    host: str = "127.0.0.1"
    port: Port = 8080
    accent: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#0f5fa6"


class Presence(Section):
    """When an unseen tag counts as gone."""

    missing_after_s: Seconds = 60.0


ZoneKind = Literal["sales", "backroom", "fitting", "checkout", "exit"]


class Zone(Section):
    """A part of the shop; `polygon` in metres, x to the right and y down the plan."""

    id: Id
    name: str
    kind: ZoneKind
    polygon: Polygon


class Shelf(Section):
    """A shelf in a zone; `corner` and `size` in metres, `full` the units of a full shelf."""

    id: Id
    name: str
    zone: Id
    corner: Point
    size: tuple[Seconds, Seconds]
    full: Annotated[int, Field(ge=1)] = 10


class Device(Section):
    """A device and what it stands for; `antennas` maps antenna numbers to shelves or zones.

    A device that speaks its vendor's topics names `topic` (an MQTT filter) and `codec`.
    """

    id: Id
    kind: Kind
    codec: Literal["native", "impinj", "zebra"] = "native"
    topic: str | None = None
    antennas: dict[Annotated[int, Field(ge=1)], Id] = {}
    lane: Id | None = None
    at: Point | None = None
    silent_after_s: Seconds = 30.0

    @model_validator(mode="after")
    def _topic_with_codec(self) -> Self:
        if (self.codec == "native") != (self.topic is None):
            raise PydanticCustomError("topic", "topic and a vendor's codec together, or neither")
        return self


class Line(Section):
    """A counting line on a camera's picture (fractions of width and height).

    "in" is from the left hand to the right hand of someone walking from `start` to `end`. An
    `entrance` line counts people into and out of the shop.
    """

    name: Id
    start: PicturePoint
    end: PicturePoint
    entrance: bool = True


class Area(Section):
    """A polygon on a camera's picture whose people count for a zone of the shop."""

    zone: Id
    polygon: Annotated[tuple[PicturePoint, ...], Field(min_length=3)]
    queue: bool = False


class Camera(Section):
    """A camera: `source` is a file, an RTSP or HTTP address, or a USB index such as "0"."""

    id: Id
    source: str
    fps: Annotated[float, Field(gt=0, le=60)] = 10.0
    body: Annotated[float, Field(gt=0, le=1)] | None = None
    loop: bool = False
    lines: tuple[Line, ...] = ()
    areas: tuple[Area, ...] = ()
    at: Point | None = None


class Lane(Section):
    """A checkout lane."""

    id: Id
    name: str
    zone: Id
    at: Point | None = None


class Label(Section):
    """A shelf label: the access point (`device`) that reaches it, its panel and its place."""

    id: Id
    device: Id
    template: Literal["296x128-bwr"] = "296x128-bwr"
    shelf: Id | None = None
    gtin: Annotated[str, Field(pattern=r"^\d{8,14}$")] | None = None


class Sink(Section):
    """Where events go; `types` are event types, `*` at the end stands for anything."""

    name: Id
    kind: Literal["webhook"]
    url: Annotated[str, Field(pattern=r"^https?://")]
    secret: Secret
    types: tuple[str, ...] = ("store.*",)
    batch: Annotated[int, Field(ge=1, le=1000)] = 100


class Settings(Section):
    """All of store.toml."""

    store: Store
    mqtt: Mqtt = Mqtt()
    database: Database = Database()
    api: Api = Api()
    presence: Presence = Presence()
    zones: tuple[Zone, ...] = ()
    shelves: tuple[Shelf, ...] = ()
    devices: tuple[Device, ...] = ()
    cameras: tuple[Camera, ...] = ()
    lanes: tuple[Lane, ...] = ()
    labels: tuple[Label, ...] = ()
    sinks: tuple[Sink, ...] = ()

    def zone_of(self, place: str) -> str:
        """Give the zone of a shelf, or the zone itself."""
        return next((shelf.zone for shelf in self.shelves if shelf.id == place), place)


Path_ = tuple[str | int, ...]


def _duplicates(settings: Settings) -> Iterator[tuple[Path_, str, str]]:
    families = {
        "zones/shelves": [("zones", z.id) for z in settings.zones]
        + [("shelves", s.id) for s in settings.shelves],
        "devices/cameras": [("devices", d.id) for d in settings.devices]
        + [("cameras", c.id) for c in settings.cameras],
        "lanes": [("lanes", lane.id) for lane in settings.lanes],
        "labels": [("labels", label.id) for label in settings.labels],
        "sinks": [("sinks", sink.name) for sink in settings.sinks],
    }
    for family, members in families.items():
        seen: Counter[str] = Counter()
        index: Counter[str] = Counter()
        for section, name in members:
            key = "name" if section == "sinks" else "id"
            if seen[name]:
                yield (section, index[section], key), f"an id used once in {family}", repr(name)
            seen[name] += 1
            index[section] += 1


def _dangling(settings: Settings) -> Iterator[tuple[Path_, str, str]]:
    zones = {zone.id for zone in settings.zones}
    places = zones | {shelf.id for shelf in settings.shelves}
    lanes = {lane.id for lane in settings.lanes}
    aps = {device.id for device in settings.devices if device.kind == "label"}
    shelves = {shelf.id for shelf in settings.shelves}
    wanted: list[tuple[Path_, str | None, set[str], str]] = []
    for n, shelf in enumerate(settings.shelves):
        wanted.append((("shelves", n, "zone"), shelf.zone, zones, "zone"))
    for n, device in enumerate(settings.devices):
        wanted.append((("devices", n, "lane"), device.lane, lanes, "lane"))
        wanted.extend(
            (("devices", n, "antennas", str(antenna)), place, places, "shelf or zone")
            for antenna, place in device.antennas.items()
        )
    for n, lane in enumerate(settings.lanes):
        wanted.append((("lanes", n, "zone"), lane.zone, zones, "zone"))
    for n, label in enumerate(settings.labels):
        wanted.append((("labels", n, "device"), label.device, aps, "device of kind label"))
        wanted.append((("labels", n, "shelf"), label.shelf, shelves, "shelf"))
    for n, camera in enumerate(settings.cameras):
        wanted.extend(
            (("cameras", n, "areas", m, "zone"), area.zone, zones, "zone")
            for m, area in enumerate(camera.areas)
        )
    for path, name, known, noun in wanted:
        if name is not None and name not in known:
            choice = ", ".join(sorted(known)) or "none is configured"
            yield path, f"the id of a {noun} ({choice})", repr(name)


def load(file: Path) -> Settings:
    """Read and check store.toml; raises ConfigError with every fault, its line and its path."""
    try:
        text = file.read_text("utf-8")
        tree = tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigError(
            (Fault(str(file), 0, "file", "a configuration (store-edge init)", "no such file"),)
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigError((syntax_fault(file, fault),)) from fault
    lines = TomlLines(text)
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as faults:
        raise ConfigError(tuple(_faults(file, lines, faults))) from faults
    crossed = (*_duplicates(settings), *_dangling(settings))
    if crossed:
        raise ConfigError(
            tuple(
                Fault(str(file), lines.line(path), dotted(path), expected, came)
                for path, expected, came in crossed
            )
        )
    return settings
