"""Recordings that play as if they were cameras."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import cv2
import numpy as np

from edge.errors import MediaError
from vision.capture import BEAT_S, DEFAULT_FPS, Frame, now_ms, opened
from vision.pace import Pace

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
"""Before a file that gives no pictures is opened again: at first, and at the most."""


class Playback:
    """A recording at the pace at which it was taken; its pictures carry the time of day.

    One that loops stands for a camera: what comes while nobody has time for it is `skipped`. One
    that plays once is counted whole. `trouble` says what is wrong with the file, if anything is.
    """

    def __init__(self, path: str, fps: float, *, loop: bool) -> None:
        """Take a file and how many pictures a second to give at the most."""
        self._path = path
        self._fps = fps
        self._loop = loop
        self._number = 0
        self.skipped = 0
        self.trouble: str | None = None

    def pictures(self, stop: threading.Event) -> Iterator[Frame | None]:
        """Give pictures until `stop` is set or all were given; None when for a beat none came."""
        pause = FIRST_PAUSE_S
        while not stop.is_set():
            before = self._number
            try:
                yield from self._play(stop)
                came = self._number > before
                self.trouble = None if came else f"expected a video, came {self._path}: no pictures"
            except MediaError as fault:
                came, self.trouble = False, str(fault)
            if came and not self._loop:
                return
            if not came:
                yield from _rest(time.monotonic() + pause, stop)
                pause = min(2 * pause, LONGEST_PAUSE_S)

    def _play(self, stop: threading.Event) -> Iterator[Frame | None]:
        video = opened(self._path, threads=1)
        period = 1 / (video.get(cv2.CAP_PROP_FPS) or DEFAULT_FPS)
        pace = Pace(self._fps)
        began, read = time.monotonic(), 0
        while not stop.is_set() and video.grab():
            at = read * period
            read += 1
            if not pace.is_due(1000 * at):
                continue
            if self._loop and time.monotonic() - began - at > pace.period_ms / 1000:
                self.skipped += 1
                continue
            yield from _rest(began + at, stop)
            good, image = video.retrieve()
            if good:
                self.trouble = None
                yield Frame(self._number, now_ms(), np.asarray(image, np.uint8))
                self._number += 1
        video.release()


def _rest(until: float, stop: threading.Event) -> Iterator[None]:
    """Wait until a monotonic time, with a None for every whole beat of it."""
    while not stop.is_set() and (left := until - time.monotonic()) > 0:
        stop.wait(min(left, BEAT_S))
        if left > BEAT_S:
            yield None
