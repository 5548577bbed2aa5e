"""A camera's worker as a device on MQTT; it needs nothing of the gateway, so it stays small."""

from __future__ import annotations

import queue
import time
from typing import Any

import structlog
from msgspec import UNSET, Struct

from devices.agent import Agent
from devices.cameras.orders import Snapshot, Watch, WatchedArea, read_command, read_config
from edge.addresses import broker_address
from edge.config import Camera, Detector, Settings
from edge.errors import ContractError, NotFound, Refused
from edge.processes import until_told
from vision.camera import CameraSettings, Watched, Worker, run
from vision.detect_onnx import Model
from vision.lines import Line
from vision.zones import Area

CONFIG_REFUSED = "config-refused"

_log = structlog.get_logger(__name__)


def watch(settings: Settings, name: str) -> None:
    """Run one camera's worker until SIGTERM or SIGINT; raises NotFound for an unknown one.

    After the end of a file that does not loop it stays online, and does not count it again.
    """
    camera = next((camera for camera in settings.cameras if camera.id == name), None)
    if camera is None:
        known = ", ".join(camera.id for camera in settings.cameras) or "none is configured"
        raise NotFound(f"expected a camera of store.toml ({known}), came {name!r}")
    post = Post()
    agent = Agent(
        broker_address(settings),
        settings.store.id,
        "camera",
        camera.id,
        {"model": "store-edge camera worker"},
        on_downlink=post.hear,
    )
    stop = until_told()
    with agent:
        run(_worker(camera), agent, stop, Orders(post, agent).obey)
        agent.update_status(source="the recording is over")
        stop.wait()


class _Told(Struct, frozen=True):
    leaf: str
    payload: bytes


class Post:
    """What a camera was told and has not done yet; it is told on another thread."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._told: queue.SimpleQueue[_Told] = queue.SimpleQueue()

    def hear(self, leaf: str, payload: bytes) -> None:
        """Take a downlink, from any thread."""
        self._told.put(_Told(leaf, payload))

    def next(self) -> _Told | None:
        """Give the oldest, None when all is done."""
        try:
            return self._told.get_nowait()
        except queue.Empty:
            return None


class Orders:
    """Lets a worker do what its camera is told, and answers for it."""

    def __init__(self, post: Post, agent: Agent) -> None:
        """Take where orders come from and who answers."""
        self._post = post
        self._agent = agent
        self._refused: bool | None = None

    def obey(self, worker: Worker) -> None:
        """Do all that came."""
        while (told := self._post.next()) is not None:
            if told.leaf == "config":
                self._configure(worker, told.payload)
            elif told.leaf == "command":
                self._answer(worker, told.payload)

    def _configure(self, worker: Worker, payload: bytes) -> None:
        """Watch what is told; what cannot be read leaves all as it was."""
        try:
            came = read_config(payload)
        except ContractError as fault:
            _log.warning("a configuration is refused", why=str(fault))
            self._agent.update_status(config_problem=str(fault))
            self._refuse(refused=True)
            return
        worker.watch(_watched(came.config, worker.started))
        self._agent.update_status(config_version=came.version, config_problem=None)
        self._refuse(refused=False)

    def _refuse(self, *, refused: bool) -> None:
        """Tell of the problem once, and of its end; at first too: an earlier run may have."""
        if refused is not self._refused:
            self._refused = refused
            told = {"t": _now_ms(), "problem": CONFIG_REFUSED, "active": refused}
            self._agent.publish("problem", told)

    def _answer(self, worker: Worker, payload: bytes) -> None:
        try:
            command = read_command(payload)
        except ContractError as fault:
            _log.warning("a command that nobody can read", why=str(fault))
            return
        told: dict[str, Any] = {}
        try:
            wish = command.wish()
            if isinstance(wish, Snapshot):
                seen = worker.snapshot(blur=wish.blur)
                self._agent.publish_plain("snapshot", {"id": command.id, **seen}, qos=0)
            else:
                worker.show(wish.seconds)
        except (ContractError, Refused) as fault:
            told = {"error": str(fault)}
        self._agent.publish_plain("result", {"id": command.id, "ok": not told, **told})


def _worker(camera: Camera) -> CameraSettings:
    detector = camera.detector
    return CameraSettings(
        source=camera.address(),
        fps=camera.fps,
        loop=camera.loop,
        watched=Watched(
            lines=tuple(Line(line.name, line.start, line.end) for line in camera.lines),
            areas=tuple(Area(area.zone, area.polygon, area.loiter_s) for area in camera.areas),
            masks=camera.masks,
            body=camera.body,
        ),
        detector=None if detector is None else _model(detector),
    )


def _model(detector: Detector) -> Model:
    width, height = detector.size
    return Model(detector.model, width, height, detector.person, detector.least_score)


def _watched(told: Watch, started: Watched) -> Watched:
    """Give what is to be watched; a key that is missing stays as store.toml says."""
    return Watched(
        lines=(
            started.lines
            if told.lines is UNSET
            else tuple(Line(line.name, line.start, line.end) for line in told.lines)
        ),
        areas=started.areas if told.areas is UNSET else tuple(map(_area, told.areas)),
        masks=started.masks if told.masks is UNSET else told.masks,
        body=started.body if told.body is UNSET else told.body,
    )


def _area(told: WatchedArea) -> Area:
    return Area(told.zone, told.polygon, told.loiter_s)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
