"""Where pictures come from: files, USB cameras, and streams that come and go."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import structlog
from numpy.typing import NDArray

from edge.errors import MediaError

Image = NDArray[np.uint8]

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0
OPEN_MS, READ_MS = 5000, 5000
DEFAULT_FPS = 25.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture (rows by columns by blue, green, red), its number, and its time in ms."""

    number: int
    t: int
    image: Image


class Recording:
    """A video file; its pictures carry the time of the video, from 0."""

    def __init__(self, path: str) -> None:
        """Open it; raises MediaError when it is no video."""
        if not Path(path).is_file():
            raise MediaError(f"expected a video file, came {path}: no such file")
        self._video = cv2.VideoCapture(path)
        if not self._video.isOpened():
            raise MediaError(f"expected a video that OpenCV can decode, came {path}")
        self.fps: float = self._video.get(cv2.CAP_PROP_FPS) or DEFAULT_FPS
        self.frames = max(0, int(self._video.get(cv2.CAP_PROP_FRAME_COUNT)))

    def __iter__(self) -> Iterator[Frame]:
        """Give all pictures, as fast as they are taken."""
        number = 0
        while True:
            good, image = self._video.read()
            if not good:
                break
            yield Frame(number, round(number * 1000 / self.fps), np.asarray(image, np.uint8))
            number += 1
        self._video.release()


def play(path: str, stop: threading.Event, *, loop: bool) -> Iterator[Frame]:
    """Give a recording's pictures at the pace at which they were taken, with the time of day."""
    number = 0
    while not stop.is_set():
        recording = Recording(path)
        due = time.monotonic()
        for frame in recording:
            stop.wait(max(0.0, due - time.monotonic()))
            due += 1 / recording.fps
            if stop.is_set():
                return
            yield Frame(number, _now(), frame.image)
            number += 1
        if not loop:
            return


class Stream:
    """A live source: keeps only its newest picture, and opens it again when it goes away.

    A thread of its own reads, so that a slow consumer sees what is now and not what waited.
    """

    def __init__(self, source: str) -> None:
        """Read from a USB index ("0") or an address (rtsp://, http://); nothing is read yet."""
        self._source = source
        self._newest: Frame | None = None
        self._news = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self.skipped = 0

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Give pictures until `stop` is set; those that came meanwhile are skipped."""
        self._thread.start()
        seen = -1
        try:
            while not stop.is_set():
                frame = self._later(seen)
                if frame is not None:
                    self.skipped += max(0, frame.number - seen - 1) if seen >= 0 else 0
                    seen = frame.number
                    yield frame
        finally:
            self._stop.set()
            self._thread.join(READ_MS / 1000 + 1)

    def _later(self, seen: int) -> Frame | None:
        with self._news:
            self._news.wait_for(
                lambda: self._newest is not None and self._newest.number > seen, 0.5
            )
            newest = self._newest
        return newest if newest is not None and newest.number > seen else None

    def _run(self) -> None:
        pause, number = FIRST_PAUSE_S, 0
        while not self._stop.is_set():
            video = self._open()
            came = False
            while not self._stop.is_set():
                good, image = video.read()
                if not good:
                    break
                came = True
                self._keep(Frame(number, _now(), np.asarray(image, np.uint8)))
                number += 1
            video.release()
            pause = FIRST_PAUSE_S if came else min(2 * pause, LONGEST_PAUSE_S)
            if not self._stop.wait(pause):
                log.warning("the camera's stream is opened again", pause_s=pause)

    def _keep(self, frame: Frame) -> None:
        with self._news:
            self._newest = frame
            self._news.notify()

    def _open(self) -> cv2.VideoCapture:
        if self._source.isdecimal():
            return cv2.VideoCapture(int(self._source))
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS]
        return cv2.VideoCapture(self._source, cv2.CAP_FFMPEG, limits)


def is_live(source: str) -> bool:
    """Tell a live source (USB index or address) from a file."""
    return source.isdecimal() or "://" in source


def _now() -> int:
    return time.time_ns() // 1_000_000
