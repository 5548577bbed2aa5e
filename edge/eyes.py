"""A camera's worker as a device on MQTT; it needs nothing of the gateway, so it stays small."""

from __future__ import annotations

from typing import Any

from devices.agent import Agent
from edge.addresses import broker_address
from edge.config import Settings
from edge.errors import NotFound
from edge.processes import until_told
from vision.camera import CameraSettings, run
from vision.lines import Line
from vision.zones import Area


def watch(settings: Settings, name: str) -> None:
    """Run one camera's worker until SIGTERM or SIGINT; raises NotFound for an unknown one."""
    camera = next((camera for camera in settings.cameras if camera.id == name), None)
    if camera is None:
        known = ", ".join(camera.id for camera in settings.cameras) or "none is configured"
        raise NotFound(f"expected a camera of store.toml ({known}), came {name!r}")
    agent = Agent(
        broker_address(settings),
        settings.store.id,
        "camera",
        camera.id,
        {"model": "store-edge camera worker"},
    )

    def report(figures: dict[str, Any]) -> None:
        agent.update_status(**figures)

    worker = CameraSettings(
        source=camera.address(),
        fps=camera.fps,
        body=camera.body,
        loop=camera.loop,
        lines=tuple(Line(line.name, line.start, line.end) for line in camera.lines),
        areas=tuple(Area(area.zone, area.polygon) for area in camera.areas),
    )
    with agent:
        run(worker, agent.publish, report, until_told())
