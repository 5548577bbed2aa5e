"""What the flows of cameras need: a worker as a process, a broker, and an ear at the broker."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest

from devices.mqtt import Delivery, Link
from edge.processes import command

CAMERA = """
[[cameras]]
id = "door"
source = "{source}"
fps = 20
loop = true
lines = [{{ name = "door", start = [0.05, 0.5], end = [0.95, 0.5] }}]
areas = [{{ zone = "floor", polygon = [[0, 0], [1, 0], [1, 1], [0, 1]] }}]
"""
PICTURES = 20
"""A second, in the clip."""


class Ear:
    """Hears all that a broker delivers of one camera."""

    def __init__(self, address: Any, name: str | None = None) -> None:
        """Listen to all of the camera; with a name, what came while it was away comes too."""
        self.heard: list[tuple[str, dict[str, Any], bool]] = []
        self._numbers: set[tuple[object, object]] = set()
        self._lock = threading.Lock()
        self.link = Link(
            address,
            name or f"ear-{os.urandom(4).hex()}",
            on_message=self._hear,
            subscriptions=("store/test/camera/door/+",),
            lasting=name is not None,
        )

    def _hear(self, delivery: Delivery) -> None:
        leaf, told = delivery.topic.rsplit("/", 1)[1], msgspec.json.decode(delivery.payload)
        number = told.get("boot"), told.get("seq")
        with self._lock:
            # Without a gateway nothing is confirmed, so the worker says it again and again.
            if number not in self._numbers or number == (None, None):
                self.heard.append((leaf, told, delivery.retain))
            self._numbers.add(number)
        delivery.acknowledge()

    def of(self, leaf: str) -> list[dict[str, Any]]:
        """Give what came of a leaf, in order."""
        with self._lock:
            return [payload for name, payload, _ in self.heard if name == leaf]

    def lines(self) -> list[str]:
        """Give the lines that were crossed, in order."""
        crossings = [one for payload in self.of("crossings") for one in payload["crossings"]]
        return [crossing["line"] for crossing in crossings]

    def problems(self, code: str) -> list[bool]:
        """Give when a fault began and ended, in order."""
        return [one["active"] for one in self.of("problem") if one["problem"] == code]

    def status(self) -> dict[str, Any]:
        """Give what the camera said last of itself."""
        said = self.of("status")
        return said[-1] if said else {}


class Eyes:
    """One camera's worker, and what is said to it and by it."""

    def __init__(self, box: Any, eventually: Callable[..., Any], folder: Path) -> None:
        """Take a box whose broker runs."""
        self.box = box
        self.eventually = eventually
        self.folder = folder
        self.ear = Ear(box.address)
        self.process: subprocess.Popen[bytes] | None = None
        self._asked = 0

    def start(self, source: str) -> None:
        """Start the worker on a source."""
        self.box.configure(CAMERA.format(source=source))
        self.process = subprocess.Popen(
            command("camera", self.box.config, "door"),
            cwd=self.folder,
            env={**os.environ, "TMPDIR": str(self.folder), "PYTHONPATH": str(Path.cwd())},
        )

    def ask(self, name: str, **args: Any) -> dict[str, Any]:
        """Send a command and give the answer."""
        self._asked += 1
        asked = {"id": f"ask-{self._asked}", "name": name, "args": args}
        self.ear.link.publish(
            "store/test/camera/door/command", msgspec.json.encode(asked), timeout=10
        )
        answers: list[dict[str, Any]] = self.eventually(
            lambda: [one for one in self.ear.of("result") if one["id"] == asked["id"]], bool
        )
        return answers[0]

    def configure(self, version: int, config: dict[str, Any]) -> None:
        """Leave a configuration with the broker."""
        payload = msgspec.json.encode({"version": version, "config": config})
        self.ear.link.publish("store/test/camera/door/config", payload, retain=True, timeout=10)

    def stop(self) -> None:
        """End the worker as the supervisor does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(15)
        self.ear.link.stop()


@pytest.fixture
def eyes(box: Any, eventually: Callable[..., Any], tmp_path: Path) -> Iterator[Eyes]:
    """Give a camera without a worker yet, and a broker."""
    box.start_broker()
    folder = tmp_path / "worker"
    folder.mkdir()
    made = Eyes(box, eventually, folder)
    made.ear.link.start()
    try:
        eventually(lambda: made.ear.link.connected, bool)
        yield made
    finally:
        made.stop()


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """Give a clip, seen from above: an empty floor with tiles, and one who walks down, in 3.5 s."""
    dice = np.random.default_rng(4)
    tiles = 140 + 40 * np.kron(np.indices((12, 16)).sum(axis=0) % 2, np.ones((20, 20)))
    path = tmp_path / "walk.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), PICTURES, (320, 240))
    rows = [-60.0] * round(1.5 * PICTURES) + list(np.linspace(-20, 260, 2 * PICTURES))
    for row in rows:
        picture = tiles[..., None] + dice.normal(0, 3, (240, 320, 3))
        floor = np.clip(picture, 0, 255).astype(np.uint8)
        video.write(cv2.ellipse(floor, (160, round(row)), (22, 16), 0, 0, 360, (60, 50, 70), -1))
    video.release()
    return path
