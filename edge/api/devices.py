"""Devices: the inbox, adoption, configuration with history, commands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from edge.api.desk import DeskDep, technician, viewer
from edge.api.labels import CommandSent
from edge.api.shapes import Shape
from edge.commands import AdoptDevice, CommandDevice, ConfigureDevice, RollBackDevice
from edge.events import moment
from edge.queries import device_view
from edge.readings import Kind

router = APIRouter(tags=["devices"])


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
    antennas: Annotated[dict[int, str], Field(default_factory=dict)]
    lane: str | None = None


class Rollback(Shape):
    """The version to return to."""

    version: Annotated[int, Field(ge=1)]


class DeviceCommand(Shape):
    """A command such as `identify` or `reboot`."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
    args: Annotated[dict[str, Any], Field(default_factory=dict)]


class ConfigVersion(Shape):
    """The version of a configuration."""

    version: int


class ConfigShape(Shape):
    """One version of a device's configuration."""

    version: int
    time: datetime
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
def adopt(desk: DeskDep, device: str, body: Adoption) -> None:
    """Take a device from the inbox into service."""
    desk.execute(AdoptDevice(device, body.kind, body.antennas, body.lane))


@router.put("/devices/{device}/config", dependencies=[technician])
def configure(desk: DeskDep, device: str, body: dict[str, Any]) -> ConfigVersion:
    """Give a device a new configuration."""
    return ConfigVersion(version=desk.execute(ConfigureDevice(device, body)))


@router.get("/devices/{device}/config/history", dependencies=[viewer])
def history(desk: DeskDep, device: str) -> ConfigHistory:
    """List a device's configurations."""
    rows = desk.queries.configs(device)
    return ConfigHistory(
        items=[ConfigShape(version=r.version, time=moment(r.at), config=r.config) for r in rows]
    )


@router.post("/devices/{device}/config/rollback", dependencies=[technician])
def roll_back(desk: DeskDep, device: str, body: Rollback) -> ConfigVersion:
    """Return to an earlier configuration; it becomes a new version."""
    return ConfigVersion(version=desk.execute(RollBackDevice(device, body.version)))


@router.post("/devices/{device}/command", dependencies=[technician], status_code=202)
def command(desk: DeskDep, device: str, body: DeviceCommand) -> CommandSent:
    """Send a device a command."""
    return CommandSent(id=desk.execute(CommandDevice(device, body.name, body.args)))
