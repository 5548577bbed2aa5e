"""The worker of a camera: what it publishes and reports, and when it ends."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.errors import MediaError
from vision.camera import CameraSettings, run
from vision.heatmap import HEIGHT, WIDTH
from vision.lines import Line
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
    return CameraSettings(source, FPS, None, loop, (LINE,), (ROOM,))


class Published:
    """Keeps what a worker published, and can end it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.reports: list[dict[str, Any]] = []
        self.stop = threading.Event()

    def publish(self, leaf: str, payload: dict[str, Any]) -> None:
        """Take a message."""
        self.messages.append((leaf, payload))

    def report(self, figures: dict[str, Any]) -> None:
        """Take how the worker does, and end it: one report is enough."""
        self.reports.append(figures)
        self.stop.set()

    def of(self, leaf: str) -> list[dict[str, Any]]:
        """Give the payloads of a leaf."""
        return [payload for name, payload in self.messages if name == leaf]


def test_crossings_and_zones_are_published(tmp_path: Path) -> None:
    """Two come down over the line and one goes up: two in, one out, one person at a time."""
    source = write(tmp_path / "clip.avi", [(-20, 260), (-20, 260), (260, -20)])
    seen = Published()
    run(settings(source), seen.publish, seen.report, seen.stop)
    crossings = [one for payload in seen.of("crossings") for one in payload["crossings"]]
    assert [(one["line"], one["dir"]) for one in crossings] == [
        ("door", "in"),
        ("door", "in"),
        ("door", "out"),
    ]
    times = [one["t"] for one in crossings]
    assert times == sorted(times)
    zones = [zone for payload in seen.of("zones") for zone in payload["zones"]]
    assert {zone["zone"] for zone in zones} == {"room"}
    assert max(zone["people"] for zone in zones) >= 1


def test_the_worker_reports_how_it_does(tmp_path: Path) -> None:
    """A looping clip runs until told; the report has rate, latency and brightness."""
    source = write(tmp_path / "clip.avi", [(-20, 260)])
    seen = Published()
    run(settings(source, loop=True), seen.publish, seen.report, seen.stop)
    (report,) = seen.reports
    assert set(report) == {"fps", "skipped", "latency_ms", "brightness"}
    assert 0 < report["fps"] <= 1.2 * FPS
    assert report["latency_ms"] >= 0
    assert report["brightness"] == pytest.approx(170 / 255, abs=0.1)


def test_a_source_that_is_no_video_is_refused(tmp_path: Path) -> None:
    """The worker ends with MediaError, which names the file."""
    seen = Published()
    with pytest.raises(MediaError, match=r"gone\.mp4"):
        run(settings(str(tmp_path / "gone.mp4")), seen.publish, seen.report, seen.stop)


def test_the_heat_map_has_the_shape_that_was_promised() -> None:
    """The contract's heat map is 32 by 18 cells."""
    assert (WIDTH, HEIGHT) == (32, 18)
