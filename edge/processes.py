"""The processes of a box: who they are, and how each is run."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from devices.broker import Broker, EmbeddedBroker, ManagedBroker, serve_embedded
from edge.addresses import broker_address
from edge.config import Settings
from edge.supervisor import Child, Supervisor

# The worker says in one line of its own when a stream goes away; OpenCV and FFmpeg say it in many.
# A shop has several cameras on few cores, so each worker computes on one thread.
CAMERA = {
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def run_all(settings: Settings, config: Path) -> None:
    """Run broker, gateway, cameras and drivers until SIGTERM or SIGINT."""
    Supervisor(children(settings, config)).run(threading.Event())


def children(settings: Settings, config: Path) -> list[Child]:
    """Name the processes of a shop, in the order in which they start."""
    broker = broker_of(settings, config.absolute().parent / "broker")
    found: list[Child] = []
    if broker is not None:
        broker.prepare()
        found.append(Child("broker", tuple(broker.command()), broker.environment()))
    found.append(Child("gateway", command("gateway", config)))
    found += [
        Child(f"camera {camera.id}", command("camera", config, camera.id), CAMERA)
        for camera in settings.cameras
    ]
    found += [
        Child(f"labels {device.id}", command("access-point", config, device.id))
        for device in settings.devices
        if device.driver
    ]
    return found


def command(verb: str, config: Path, *words: str) -> tuple[str, ...]:
    """Give the argv of one of our own commands."""
    return (sys.executable, "-m", "edge", verb, *words, "--config", str(config))


def broker_of(settings: Settings, folder: Path) -> Broker | None:
    """Give the broker that is to be started here, None for an external one."""
    address = broker_address(settings)
    if settings.mqtt.broker == "embedded":
        return EmbeddedBroker(address)
    if settings.mqtt.broker == "managed":
        return ManagedBroker(address, folder)
    return None


def run_broker(settings: Settings) -> None:
    """Run the embedded broker until SIGTERM or SIGINT."""
    address = broker_address(settings)
    serve_embedded(address.host, address.port, address.username, address.password)


def until_told() -> threading.Event:
    """Give an event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
