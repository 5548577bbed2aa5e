"""Devices: the inbox, adoption, configuration with history, commands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from msgspec.json import encode
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from edge.access import Identity
from edge.api.desk import Desk, DeskDep, technician, viewer
from edge.api.labels import CommandSent
from edge.api.shapes import IdPath, Shape, Word
from edge.commands import AdoptDevice, CommandDevice, ConfigureDevice, RollBackDevice
from edge.errors import NotFound
from edge.events import moment
from edge.queries import device_view
from edge.readings import Kind

router = APIRouter(tags=["devices"])

MAX_SETTINGS = 64 * 1024  # bytes of JSON that a device is sent in one message
MAX_LEVELS = 32  # pydantic writes no more than 255, and no device needs as many


def _fits(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse what JSON cannot carry to a device: half characters, deep nests, too much."""
    try:
        shallow = _levels(value) <= MAX_LEVELS
        size = len(encode(value)) if shallow else 0
    except (RecursionError, UnicodeEncodeError):
        shallow, size = False, 0
    if not shallow:
        raise PydanticCustomError(
            "settings", "expected JSON of at most {levels} levels, in UTF-8", {"levels": MAX_LEVELS}
        )
    if size > MAX_SETTINGS:
        raise PydanticCustomError(
            "settings", "expected at most {most} bytes of JSON", {"most": MAX_SETTINGS}
        )
    return value


def _levels(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_levels, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_levels, value), default=0)
    return 0


JsonObject = Annotated[dict[str, Any], AfterValidator(_fits)]


Antenna = Annotated[int, Field(ge=1, le=65_535)]


class DeviceShape(Shape):
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


class DevicesPage(Shape):
    """All devices."""

    items: list[DeviceShape]


class Adoption(Shape):
    """What a device from the inbox stands for: antennas to shelves or zones, or its lane."""

    kind: Kind
    antennas: Annotated[dict[Antenna, Word], Field(default_factory=dict)]
    lane: Word | None = None


class Rollback(Shape):
    """The version to return to."""

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


class DeviceCommand(Shape):
    """A command such as `identify` or `reboot`."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
    args: Annotated[JsonObject, Field(default_factory=dict)]


class ConfigVersion(Shape):
    """The version of a configuration."""

    version: int


class ConfigShape(Shape):
    """One version of a device's configuration; `by` is empty where nobody knows who gave it."""

    version: int
    time: datetime
    by: str
    config: dict[str, Any]


class ConfigHistory(Shape):
    """A device's configurations, the oldest first."""

    items: list[ConfigShape]


@router.get("/devices", dependencies=[viewer])
def list_devices(desk: DeskDep) -> DevicesPage:
    """List all devices, those in the inbox too."""
    views = [device_view(device) for device in desk.queries.devices()]
    return DevicesPage(
        items=[
            DeviceShape(**{name: getattr(view, name) for name in DeviceShape.model_fields})
            for view in views
        ]
    )


@router.post("/devices/{device}/adopt", dependencies=[technician], status_code=204)
def adopt(desk: DeskDep, device: IdPath, body: Adoption) -> None:
    """Take a device from the inbox into service."""
    _check_places(desk, body)
    desk.execute(AdoptDevice(device, body.kind, body.antennas, body.lane))


@router.put("/devices/{device}/config")
def configure(
    desk: DeskDep, who: Annotated[Identity, technician], device: IdPath, body: JsonObject
) -> ConfigVersion:
    """Give a device a new configuration; that of a camera says what it watches."""
    return ConfigVersion(version=desk.execute(ConfigureDevice(device, body, who.name)))


@router.get("/devices/{device}/config/history", dependencies=[viewer])
def history(desk: DeskDep, device: IdPath) -> ConfigHistory:
    """List a device's configurations."""
    if desk.queries.device(device) is None:
        raise NotFound(f"expected a known device, came {device!r}", "device")
    rows = desk.queries.configs(device)
    return ConfigHistory(
        items=[
            ConfigShape(version=row.version, time=moment(row.at), by=row.by, config=row.config)
            for row in rows
        ]
    )


@router.post("/devices/{device}/config/rollback")
def roll_back(
    desk: DeskDep, who: Annotated[Identity, technician], device: IdPath, body: Rollback
) -> ConfigVersion:
    """Return to an earlier configuration; it becomes a new version."""
    return ConfigVersion(version=desk.execute(RollBackDevice(device, body.version, who.name)))


@router.post("/devices/{device}/command", dependencies=[technician], status_code=202)
def command(desk: DeskDep, device: IdPath, body: DeviceCommand) -> CommandSent:
    """Send a device a command."""
    return CommandSent(id=desk.execute(CommandDevice(device, body.name, body.args)))


def _check_places(desk: Desk, body: Adoption) -> None:
    shop = desk.settings
    known = {zone.id for zone in shop.zones} | {shelf.id for shelf in shop.shelves}
    for antenna, place in body.antennas.items():
        if place not in known:
            raise NotFound(
                f"expected a zone or shelf of the shop, came {place!r}", f"antennas.{antenna}"
            )
    if body.lane is not None and body.lane not in {lane.id for lane in shop.lanes}:
        raise NotFound(f"expected a lane of the shop, came {body.lane!r}", "lane")
