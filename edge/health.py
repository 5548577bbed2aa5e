"""Devices: which are there, which are silent, what is wrong with them, how they are set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from edge.commands import AdoptDevice, CommandDevice, ConfigureDevice, RollBackDevice
from edge.errors import NotFound, Refused
from edge.events import DeviceAnswered, DeviceChanged, DeviceCommanded, DeviceConfigured, Event
from edge.readings import CommandAnswered, DeviceReported, Kind, ProblemReported
from edge.rows import Rows

SILENT = "silent"
TALKATIVE: frozenset[Kind] = frozenset({"rfid", "camera"})  # a scanner may rest; its Will tells
INBOX_LIMIT = 1000  # unknown devices that are remembered; a flood of them must not fill the disk


class Device(Struct, frozen=True):
    """A device: `places` maps its antennas to shelves or zones; not `adopted` is in the inbox."""

    device: str
    kind: Kind
    adopted: bool
    places: dict[int, str] = {}
    lane: str | None = None
    silent_after_ms: int = 30_000
    online: bool = False
    seen: int = 0
    model: str | None = None
    fw: str | None = None
    config_version: int | None = None
    problems: tuple[str, ...] = ()
    lost: int = 0
    commands: int = 0


class DeviceConfig(Struct, frozen=True):
    """One version of a device's configuration; `by` names who gave it, where that is known."""

    device: str
    version: int
    at: int
    config: dict[str, Any]
    by: str = ""


def _anything(_: Device, __: dict[str, Any]) -> None:
    """Take any configuration."""


class Health:
    """The devices of a shop: signs of life go in, changes come out."""

    def __init__(
        self,
        *,
        devices: Rows[str, Device],
        configs: Rows[tuple[str, int], DeviceConfig],
        check: Callable[[Device, dict[str, Any]], None] = _anything,
    ) -> None:
        """Take up the rows that are on disk; `check` refuses a configuration that cannot be."""
        self.devices = devices
        self.configs = configs
        self._check = check
        self._started: int | None = 0

    def install(self, devices: list[Device]) -> None:
        """Take the configured devices into service; what is known of them is kept."""
        for device in devices:
            known = self.devices.get(device.device)
            if known is None:
                self.devices.put(device.device, device)
                continue
            installed = replace(
                known,
                kind=device.kind,
                adopted=True,
                places=device.places,
                lane=device.lane,
                silent_after_ms=device.silent_after_ms,
            )
            if installed != known:
                self.devices.put(device.device, installed)

    def deafen(self) -> None:
        """Stop all time-outs: nobody can be heard."""
        self._started = None

    def resume(self, now: int) -> None:
        """Start all time-outs anew: nobody could be heard until now."""
        self._started = now

    def hear(self, name: str, kind: Kind, now: int, *, known: bool = False) -> list[Event]:
        """Take a sign of life; an unknown device lands in the inbox unless the shop knows it."""
        device = self.devices.get(name)
        if device is None:
            if len(self.devices) >= INBOX_LIMIT:
                return []
            device = Device(name, kind, adopted=known)
        problems = tuple(problem for problem in device.problems if problem != SILENT)
        heard = replace(device, seen=now, online=True, problems=problems)
        self.devices.put(name, heard)
        return _changes(device, heard)

    def report(self, name: str, reading: DeviceReported, now: int) -> list[Event]:
        """Take a device's status, or its Will."""
        device = self._device(name)
        reported = replace(
            device,
            seen=now,
            online=reading.online,
            model=reading.model or device.model,
            fw=reading.fw or device.fw,
            config_version=(
                device.config_version if reading.config_version is None else reading.config_version
            ),
        )
        self.devices.put(name, reported)
        return _changes(device, reported)

    def trouble(self, name: str, reading: ProblemReported) -> list[Event]:
        """Take a fault that a device tells of, or its end."""
        device = self._device(name)
        others = tuple(p for p in device.problems if p != reading.problem)
        problems = (*others, reading.problem) if reading.active else others
        lost = max(device.lost + reading.lost, reading.lost_in_all)
        troubled = replace(device, problems=problems, lost=lost)
        self.devices.put(name, troubled)
        return _changes(device, troubled)

    def answer(self, name: str, reading: CommandAnswered) -> list[Event]:
        """Take a device's answer to a command."""
        return [DeviceAnswered(device=name, id=reading.id, ok=reading.ok, error=reading.error)]

    def adopt(self, command: AdoptDevice, _now: int) -> tuple[None, list[Event]]:
        """Take a device out of the inbox."""
        device = self._device(command.device)
        if device.adopted:
            raise Refused(f"{command.device} is in service already", "device")
        adopted = replace(
            device, kind=command.kind, adopted=True, places=command.places, lane=command.lane
        )
        self.devices.put(command.device, adopted)
        return None, [_changed(adopted)]

    def configure(self, command: ConfigureDevice, now: int) -> tuple[int, list[Event]]:
        """Give a device its next configuration; answers with the version."""
        device = self._device(command.device)
        self._check(device, command.config)
        version = len(self._history(command.device)) + 1
        row = DeviceConfig(command.device, version, now, command.config, command.by)
        self.configs.put((command.device, version), row)
        event = DeviceConfigured(
            device=command.device,
            kind=device.kind,
            version=version,
            config=command.config,
            by=command.by,
        )
        return version, [event]

    def roll_back(self, command: RollBackDevice, now: int) -> tuple[int, list[Event]]:
        """Give a device an earlier configuration again, as the next version."""
        row = self.configs.get((command.device, command.version))
        if row is None:
            known = ", ".join(str(row.version) for row in self._history(command.device)) or "none"
            raise NotFound(f"expected a version of {known}, came {command.version}", "version")
        return self.configure(ConfigureDevice(command.device, row.config, command.by), now)

    def command(self, command: CommandDevice, _now: int) -> tuple[str, list[Event]]:
        """Send a device a command; answers with the command's id."""
        device = self._device(command.device)
        number = device.commands + 1
        self.devices.put(command.device, replace(device, commands=number))
        identity = f"{command.device}-{number}"
        event = DeviceCommanded(
            device=command.device,
            kind=device.kind,
            id=identity,
            name=command.name,
            args=command.args,
        )
        return identity, [event]

    def advance(self, now: int) -> list[Event]:
        """Find the devices that should speak all the time and have been silent for too long."""
        events: list[Event] = []
        if self._started is None:
            return events
        for device in self.devices:
            last = max(device.seen, self._started)
            talks = device.adopted and device.online and device.kind in TALKATIVE
            if talks and now - last > device.silent_after_ms:
                silent = replace(device, online=False, problems=(*device.problems, SILENT))
                self.devices.put(device.device, silent)
                events += _changes(device, silent)
        return events

    def _device(self, name: str) -> Device:
        device = self.devices.get(name)
        if device is None:
            raise NotFound(f"expected a known device, came {name!r}", "device")
        return device

    def _history(self, name: str) -> list[DeviceConfig]:
        return [row for row in self.configs if row.device == name]


def _changes(before: Device, after: Device) -> list[Event]:
    same = (before.online, before.problems) == (after.online, after.problems)
    return [] if same else [_changed(after)]


def _changed(device: Device) -> DeviceChanged:
    return DeviceChanged(
        device=device.device,
        kind=device.kind,
        online=device.online,
        adopted=device.adopted,
        problem=", ".join(device.problems) or None,
    )
