"""The worker of one camera: pictures in, crossings and zones out. No picture leaves it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2

from vision.capture import Frame, Stream, is_live, play
from vision.count import Counter
from vision.heatmap import HEIGHT, WIDTH, HeatMap
from vision.lines import Line
from vision.zones import Area

ZONES_EVERY_MS = 1000
HEAT_EVERY_MS = 60_000
REPORT_EVERY_S = 10.0

Publish = Callable[[str, dict[str, Any]], object]


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """What a worker needs: `source` is a file, an address or a USB index, `fps` its pace."""

    source: str
    fps: float
    body: float | None
    loop: bool
    lines: tuple[Line, ...]
    areas: tuple[Area, ...]


def run(
    settings: CameraSettings,
    publish: Publish,
    report: Callable[[dict[str, Any]], None],
    stop: threading.Event,
) -> None:
    """Count until `stop` is set or a file that does not loop has ended.

    `publish` gets the leaf of the contract (`crossings`, `zones`, `heatmap`) and its payload,
    `report` how the worker does, every ten seconds. Raises MediaError for a file that is none.
    """
    cv2.setNumThreads(1)  # a shop has several cameras on few cores
    if is_live(settings.source):
        stream = Stream(settings.source)
        frames = stream.frames(stop)
        worker = _Worker(settings, publish, report, lambda: stream.skipped)
    else:
        frames = play(settings.source, stop, loop=settings.loop)
        worker = _Worker(settings, publish, report)
    for frame in _paced(frames, settings.fps):
        worker.look(frame)


def _paced(frames: Iterator[Frame], fps: float) -> Iterator[Frame]:
    """Leave out the pictures that come faster than the pace; a tenth of slack keeps equal ones."""
    due = 0.0
    for frame in frames:
        if frame.t >= due:
            due = max(due, frame.t - 1000 / fps) + 900 / fps
            yield frame


@dataclass(slots=True)
class _Worker:
    settings: CameraSettings
    publish: Publish
    report: Callable[[dict[str, Any]], None]
    skipped: Callable[[], int] = lambda: 0
    counter: Counter = field(init=False)
    heat: HeatMap = field(default_factory=HeatMap)
    zones: list[dict[str, Any]] = field(default_factory=list)
    zones_at: int = 0
    heat_from: int = 0
    last: int = 0
    frames: int = 0
    reported: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.counter = Counter(
            self.settings.fps, self.settings.lines, self.settings.areas, self.settings.body
        )

    def look(self, frame: Frame) -> None:
        crossed, _ = self.counter.look(frame)
        if crossed:
            crossings = [{"line": line, "dir": way, "t": frame.t} for line, way in crossed]
            self.publish("crossings", {"crossings": crossings})
        self._tell_zones(frame.t)
        self._tell_heat(frame.t)
        self._tell_health(frame)

    def _tell_zones(self, t: int) -> None:
        if not self.counter.areas or t - self.zones_at < ZONES_EVERY_MS:
            return
        zones = [
            {"zone": a.area.zone, "people": a.people(), "dwell_s": round(a.longest_s(t))}
            for a in self.counter.areas
        ]
        if zones != self.zones:
            self.zones, self.zones_at = zones, t
            self.publish("zones", {"t": t, "zones": zones})

    def _tell_heat(self, t: int) -> None:
        self.heat_from = self.heat_from or t
        self.heat.add(self.counter.points, min(1.0, (t - self.last) / 1000) if self.last else 0.0)
        self.last = t
        if t - self.heat_from < HEAT_EVERY_MS:
            return
        cells = self.heat.take()
        span = {"start": self.heat_from, "end": t, "width": WIDTH, "height": HEIGHT}
        self.publish("heatmap", {**span, "cells": cells})
        self.heat_from = t

    def _tell_health(self, frame: Frame) -> None:
        self.frames += 1
        now = time.monotonic()
        if now - self.reported < REPORT_EVERY_S:
            return
        fps = self.frames / (now - self.reported)
        brightness = float(frame.image[::8, ::8].mean()) / 255
        self.report(
            {
                "fps": round(fps, 1),
                "skipped": self.skipped(),
                "latency_ms": max(0, time.time_ns() // 1_000_000 - frame.t),
                "brightness": round(brightness, 2),
            }
        )
        self.frames, self.reported = 0, now
