"""The worker of one camera: pictures in, numbers out.

No picture leaves it but a snapshot that somebody asked for, and none is written anywhere.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import cv2

from edge.errors import Refused
from vision.capture import Frame, is_live, now_ms
from vision.count import Counter
from vision.detect_onnx import Model, OnnxDetector
from vision.fault_watch import FaultChange, FaultWatch
from vision.figures import Figures
from vision.floor import Box
from vision.heatmap import HEIGHT, WIDTH, HeatMap
from vision.lines import Line
from vision.live import Live
from vision.playback import Playback
from vision.snapshot import Snapshots
from vision.tallies import Tallies
from vision.zones import Area, Polygon

ZONES_EVERY_MS = 1000
HEAT_EVERY_MS = 60_000
STALE_MS = 2000
"""An older picture is no answer to who asks for one."""
NO_SIGNAL = "no-signal"


class Device(Protocol):
    """The device that a worker is on MQTT: `devices.agent.Agent` is one."""

    def publish(self, leaf: str, payload: Mapping[str, Any]) -> object:
        """Send a numbered message until it is on the gateway's disk."""

    def publish_plain(
        self, leaf: str, payload: Mapping[str, Any], *, qos: Literal[0, 1] = 1
    ) -> object:
        """Send a message once; at QoS 0 nobody keeps it."""

    def update_status(self, **changes: object) -> None:
        """Change what the device says of itself."""


class Source(Protocol):
    """Where pictures come from."""

    skipped: int
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched on the picture; `masks` are polygons in which nothing is looked at.

    `body` is a standing person's height in picture heights, where it is known.
    """

    lines: tuple[Line, ...] = ()
    areas: tuple[Area, ...] = ()
    masks: tuple[Polygon, ...] = ()
    body: float | None = None


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """What a worker needs: `source` is a file, an address or a USB index, `fps` its pace."""

    source: str
    fps: float
    loop: bool
    watched: Watched
    detector: Model | None = None


def run(
    settings: CameraSettings,
    device: Device,
    stop: threading.Event,
    orders: Callable[[Worker], None] = lambda _: None,
) -> None:
    """Count until `stop` is set or a file that does not loop has ended.

    `orders` is called between pictures, at least twice a second, and may use the worker. A source
    that gives nothing is tried again and again, and the device says so. Raises MediaError for a
    detector's model that cannot be used.
    """
    cv2.setNumThreads(1)  # a shop has several cameras on few cores
    source: Live | Playback
    if is_live(settings.source):
        source = Live(settings.source, settings.fps)
    else:
        source = Playback(settings.source, settings.fps, loop=settings.loop)
    worker = Worker(settings, device, source)
    for frame in source.pictures(stop):
        orders(worker)
        if frame is None:
            worker.miss()
        else:
            worker.look(frame)


class Worker:
    """Looks at the pictures of one camera, and tells its device what to publish.

    `started` is what it was to watch at the start, whatever it was told later.
    """

    def __init__(self, settings: CameraSettings, device: Device, source: Source) -> None:
        """Begin to watch; raises MediaError for a detector's model that cannot be used."""
        self.started = settings.watched
        self._fps = settings.fps
        self._device = device
        self._source = source
        self._detector = OnnxDetector(settings.detector) if settings.detector else None
        self._watched = settings.watched
        self._counter = self._counting()
        self._heat = HeatMap()
        self._faults = FaultWatch()
        self._snapshots = Snapshots()
        self._tallies = Tallies()
        self._figures = Figures(_clock_ms())
        self._frame: Frame | None = None
        self._told: tuple[list[dict[str, Any]], int] = ([], 0)
        self._zones_at = 0
        self._heat_from = 0

    def look(self, frame: Frame) -> None:
        """Take a picture."""
        before, self._frame = self._frame, frame
        crossed, _ = self._counter.look(frame)
        self._tallies.add(crossed)
        if crossed:
            crossings = [{"line": line, "dir": way, "t": frame.t} for line, way in crossed]
            self._device.publish("crossings", {"crossings": crossings})
        now = _clock_ms()
        self._tell_zones(frame.t, now)
        self._tell_heat(frame.t, 0 if before is None else frame.t - before.t)
        self._snapshots.look(frame.image, self._boxes(), now)
        self._tell_faults(self._faults.look(frame.image, now))
        self._figures.add(_clock_ms(), max(0, now_ms() - frame.t))
        self._show(frame.t)
        self._tell_figures()

    def miss(self) -> None:
        """Take that for a beat no picture came."""
        self._tell_faults(self._faults.miss(_clock_ms()))
        self._tell_figures()

    def watch(self, watched: Watched) -> None:
        """Watch something else from now on; what was counted stays counted."""
        if watched == self._watched:
            return
        self._watched = watched
        self._counter = self._counting()
        self._tell_faults(self._faults.settle())

    def snapshot(self, *, blur: bool) -> dict[str, Any]:
        """Give the newest picture as a message without its id, people blurred unless told not to.

        Raises Refused when there is none, or when one was asked for too soon before.
        """
        frame = self._frame
        if frame is None or now_ms() - frame.t > STALE_MS:
            trouble = self._source.trouble or "none yet"
            raise Refused(f"expected a camera that gives pictures, came none: {trouble}")
        return self._snapshots.take(frame, self._boxes(), _clock_ms(), blur=blur)

    def show(self, seconds: float) -> None:
        """Publish boxes and counts for so long."""
        self._tallies.show(seconds, _clock_ms())

    def _boxes(self) -> list[Box]:
        return [person.box for person in self._counter.people]

    def _counting(self) -> Counter:
        watched = self._watched
        return Counter(
            self._fps,
            watched.lines,
            watched.areas,
            watched.body,
            masks=watched.masks,
            detector=self._detector,
        )

    def _tell_zones(self, t: int, now: int) -> None:
        if not self._counter.areas or now - self._zones_at < ZONES_EVERY_MS:
            return
        zones = [
            {
                "zone": area.area.zone,
                "people": area.people(),
                "dwell_s": round(area.longest_s(t)),
                "wait_mean_s": round(area.mean_s(t)),
            }
            for area in self._counter.areas
        ]
        told = zones, len(self._counter.loiterers)
        if told != self._told:
            self._told, self._zones_at = told, now
            self._device.publish("zones", {"t": t, "zones": zones, "loitering": told[1]})

    def _tell_heat(self, t: int, since_ms: int) -> None:
        self._heat_from = self._heat_from or t
        self._heat.add(self._counter.points, min(max(0, since_ms), 1000) / 1000)
        if 0 <= t - self._heat_from < HEAT_EVERY_MS:
            return
        span = {"start": self._heat_from, "end": t, "width": WIDTH, "height": HEIGHT}
        self._device.publish("heatmap", {**span, "cells": self._heat.take()})
        self._heat_from = t

    def _tell_faults(self, changes: Sequence[FaultChange]) -> None:
        for code, active in changes:
            told = {"t": now_ms(), "problem": code, "active": active}
            self._device.publish("problem", told)
            if code == NO_SIGNAL:
                silent = self._source.trouble or "expected pictures, came none"
                self._device.update_status(source=silent if active else "ok")

    def _tell_figures(self) -> None:
        told = self._figures.take(_clock_ms(), self._source.skipped, self._faults.brightness)
        if told is not None:
            lost = NO_SIGNAL in self._faults.active and self._source.trouble
            self._device.update_status(**told, **({"source": lost} if lost else {}))

    def _show(self, t: int) -> None:
        if not self._tallies.is_due(_clock_ms()):
            return
        counter = self._counter
        lines = [line.name for line in self._watched.lines]
        shown = self._tallies.shown(t, counter.people, lines, counter.areas)
        self._device.publish_plain("overlay", {**shown, "fps": self._figures.fps()}, qos=0)


def _clock_ms() -> int:
    """Give ms of a clock that never goes back."""
    return time.monotonic_ns() // 1_000_000
