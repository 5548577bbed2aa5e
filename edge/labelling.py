"""An access point that speaks no MQTT, as a device on MQTT: its driver, a process of its own."""

from __future__ import annotations

from devices.labels.openepaperlink import drive
from edge.addresses import broker_address
from edge.config import Settings
from edge.errors import NotFound
from edge.processes import until_told


def reach(settings: Settings, name: str) -> None:
    """Drive one access point until SIGTERM or SIGINT; raises NotFound for one without a driver."""
    driven = {device.id: device for device in settings.devices if device.driver}
    device = driven.get(name)
    if device is None or device.address is None:
        known = ", ".join(driven) or "none is configured"
        raise NotFound(f"expected a device with a driver ({known}), came {name!r}")
    labels = {
        label.id: label.mac for label in settings.labels if label.device == name and label.mac
    }
    drive(broker_address(settings), settings.store.id, name, device.address, labels, until_told())
