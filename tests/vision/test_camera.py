"""The worker of a camera: what it publishes and reports, and when it ends."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.errors import MediaError, Refused
from vision.camera import CameraSettings, Watched, Worker, run
from vision.detect_onnx import Model
from vision.heatmap import HEIGHT, WIDTH
from vision.lines import Line
from vision.playback import Playback
from vision.zones import Area

FPS = 20
LINE = Line("door", (0.05, 0.5), (0.95, 0.5))
ROOM = Area("room", ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)))


def write(path: Path, ways: list[tuple[int, int]]) -> str:
    """Write a clip, seen from above: one person after another walks from a row to a row."""
    size = (320, 240)
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, size)
    for _ in range(FPS):
        video.write(np.full((240, 320, 3), 170, np.uint8))
    for start, end in ways:
        for row in np.linspace(start, end, 2 * FPS):
            picture = np.full((240, 320, 3), 170, np.uint8)
            cv2.ellipse(picture, (160, round(row)), (22, 16), 0, 0, 360, (60, 50, 70), cv2.FILLED)
            video.write(picture)
    video.release()
    return str(path)


def settings(source: str, *, loop: bool = False) -> CameraSettings:
    """Watch a source with one line and the area below it."""
    return CameraSettings(source, FPS, loop, Watched((LINE,), (ROOM,)))


class Told:
    """The device of a worker: keeps what it is told to publish, and can end the worker."""

    def __init__(self, until: Callable[[Told], bool] = lambda _: False) -> None:
        """Begin with nothing; the worker ends once `until` says so."""
        self.messages: list[tuple[str, Mapping[str, Any]]] = []
        self.fleeting: list[tuple[str, Mapping[str, Any]]] = []
        self.status: dict[str, object] = {}
        self.stop = threading.Event()
        self._until = until

    def publish(self, leaf: str, payload: Mapping[str, Any]) -> None:
        """Take a numbered message."""
        self.messages.append((leaf, payload))
        self._look()

    def publish_plain(self, leaf: str, payload: Mapping[str, Any], *, qos: int = 1) -> None:
        """Take a message that nobody keeps."""
        assert qos == 0
        self.fleeting.append((leaf, payload))
        self._look()

    def update_status(self, **changes: object) -> None:
        """Take what the worker says of itself."""
        self.status |= changes
        self._look()

    def of(self, leaf: str) -> list[Mapping[str, Any]]:
        """Give the payloads of a leaf."""
        return [payload for name, payload in (*self.messages, *self.fleeting) if name == leaf]

    def problems(self) -> list[tuple[str, bool]]:
        """Give the faults that were told, in order, and whether they began."""
        return [(one["problem"], one["active"]) for one in self.of("problem")]

    def _look(self) -> None:
        if self._until(self):
            self.stop.set()


def test_crossings_and_zones_are_published(tmp_path: Path) -> None:
    """Two come down over the line and one goes up: two in, one out, one person at a time."""
    source = write(tmp_path / "clip.avi", [(-20, 260), (-20, 260), (260, -20)])
    told = Told()
    run(settings(source), told, told.stop)
    crossings = [one for payload in told.of("crossings") for one in payload["crossings"]]
    assert [(one["line"], one["dir"]) for one in crossings] == [
        ("door", "in"),
        ("door", "in"),
        ("door", "out"),
    ]
    times = [one["t"] for one in crossings]
    assert times == sorted(times)
    zones = [zone for payload in told.of("zones") for zone in payload["zones"]]
    assert {zone["zone"] for zone in zones} == {"room"}
    assert max(zone["people"] for zone in zones) >= 1
    assert all(zone["wait_mean_s"] <= zone["dwell_s"] for zone in zones)
    assert told.fleeting == []


def test_a_camera_that_sees_says_so(tmp_path: Path) -> None:
    """With the first picture it is known that there is a signal, and what is no fault."""
    source = write(tmp_path / "clip.avi", [])
    told = Told()
    run(settings(source), told, told.stop)
    assert told.status == {"source": "ok"}
    assert told.problems() == [
        ("no-signal", False),
        ("frozen", False),
        ("dark", False),
    ]


def test_a_source_that_is_no_video_is_told(tmp_path: Path) -> None:
    """The worker goes on; the device says that there is no signal, and why."""
    (tmp_path / "text.mp4").write_bytes(b"this is no video" * 100)
    told = Told(lambda told: bool(told.status))
    run(settings(str(tmp_path / "text.mp4")), told, told.stop)
    assert told.problems() == [("no-signal", True)]
    assert re.fullmatch(
        r"expected a video that OpenCV can decode, came .*text\.mp4", str(told.status["source"])
    )


def test_orders_are_taken_between_pictures(tmp_path: Path) -> None:
    """Another line counts from the next picture on, and is shown for as long as asked."""
    source = write(tmp_path / "clip.avi", [(-20, 260)])
    gate = Watched((LINE, Line("gate", (0.05, 0.7), (0.95, 0.7))))
    told = Told()

    def orders(worker: Worker) -> None:
        worker.watch(gate)
        worker.show(5)

    run(settings(source), told, told.stop, orders)
    crossings = [one for payload in told.of("crossings") for one in payload["crossings"]]
    assert [one["line"] for one in crossings] == ["door", "gate"]
    last = told.of("overlay")[-1]
    assert {line["line"]: line["in"] for line in last["lines"]} == {"door": 1, "gate": 1}
    assert {"t", "people", "lines", "zones", "fps"} == set(last)
    assert len(told.of("overlay")) <= 5 * 5 + 1


def test_who_stays_too_long_is_told(tmp_path: Path) -> None:
    """Somebody who stands in an area for longer than its limit loiters there."""
    source = write(tmp_path / "clip.avi", [(-20, 180), (180, 180)])
    told = Told()
    watched = Watched(areas=(Area("room", ROOM.polygon, loiter_s=1.0),))
    run(CameraSettings(source, FPS, loop=False, watched=watched), told, told.stop)
    zones = told.of("zones")
    assert [payload["loitering"] for payload in zones][-1] == 1
    assert zones[-1]["zones"][0]["people"] == 1
    assert zones[-1]["zones"][0]["wait_mean_s"] >= 1


def test_a_detector_needs_its_model(tmp_path: Path) -> None:
    """A shop's own model that is not there is named, and nothing runs without it."""
    told, model = Told(), Model(tmp_path / "person.onnx")
    wanted = CameraSettings("0", FPS, loop=False, watched=Watched(), detector=model)
    with pytest.raises(MediaError, match=r"person\.onnx"):
        run(wanted, told, told.stop)


def test_a_snapshot_needs_a_picture() -> None:
    """Before the first picture there is nothing to show, and the reason is named."""
    source = Playback("gone.mp4", FPS, loop=True)
    worker = Worker(settings("gone.mp4"), Told(), source)
    with pytest.raises(Refused, match="expected a camera that gives pictures, came none"):
        worker.snapshot(blur=True)


def test_the_heat_map_has_the_shape_that_was_promised() -> None:
    """The contract's heat map is 32 by 18 cells."""
    assert (WIDTH, HEIGHT) == (32, 18)
