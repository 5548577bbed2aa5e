"""Live sources: USB cameras and streams (RTSP, MJPEG over HTTP) that come and go."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import cv2
import numpy as np
import structlog

from vision.capture import BEAT_S, Frame, now_ms
from vision.pace import Pace

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0
"""Before a source is opened again: at first, and at the most."""
OPEN_MS, READ_MS = 5000, 5000
KNOCK_S = 2.0
PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}

FFMPEG = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
PROMPT = "rtsp_transport;tcp|fflags;nobuffer|flags;low_delay|threads;1"
"""No picture waits for later ones; RTSP over TCP, for a lost packet would smear a picture."""

log = structlog.get_logger()


class Live:
    """A live source: keeps only its newest picture, and opens it again when it goes away.

    A thread of its own takes all pictures as soon as they come, so that a slow consumer sees what
    is now and not what waited. `skipped` counts the pictures that were due and that nobody had
    time for, `trouble` says what is wrong with the source, if anything is.
    """

    def __init__(self, source: str, fps: float) -> None:
        """Take a USB index ("0") or an address; nothing is read yet, and `fps` at the most."""
        self._source = source
        self._pace = Pace(fps)
        self._newest: Frame | None = None
        self._news = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._number = 0
        self.skipped = 0
        self.trouble: str | None = None

    def pictures(self, stop: threading.Event) -> Iterator[Frame | None]:
        """Give what is newest until `stop` is set; None when for a beat nothing came."""
        self._thread.start()
        seen = -1
        try:
            while not stop.is_set():
                frame = self._later()
                if frame is not None:
                    self.skipped += frame.number - seen - 1
                    seen = frame.number
                yield frame
        finally:
            self._stop.set()
            self._thread.join(max(OPEN_MS, READ_MS) / 1000 + 1)

    def _later(self) -> Frame | None:
        with self._news:
            self._news.wait_for(lambda: self._newest is not None, BEAT_S)
            newest, self._newest = self._newest, None
        return newest

    def _run(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stop.is_set():
            came = self._read()
            pause = FIRST_PAUSE_S if came else min(2 * pause, LONGEST_PAUSE_S)
            if not self._stop.wait(pause):
                log.warning("the camera's source is opened again", trouble=self.trouble)

    def _read(self) -> bool:
        """Take pictures until no more come; tells whether any did."""
        video = _opened(self._source)
        came = False
        while not self._stop.is_set() and video.grab():
            if self._pace.is_due(1000 * time.monotonic()):
                good, image = video.retrieve()
                if not good:
                    break
                came, self.trouble = True, None
                self._keep(Frame(self._number, now_ms(), np.asarray(image, np.uint8)))
        video.release()
        if not self._stop.is_set():
            self.trouble = trouble_of(self._source)
        return came

    def _keep(self, frame: Frame) -> None:
        with self._news:
            self._newest = frame
            self._number += 1
            self._news.notify()


def trouble_of(source: str) -> str:
    """Say why a source gives no pictures, as far as a knock on its door can tell.

    The words name host and port, never the user or the password in an address.
    """
    if source.isdecimal():
        return f"expected a camera at USB index {source}, came none that gives pictures"
    address = urlsplit(source)
    try:
        place = f"{address.hostname}:{address.port or PORTS[address.scheme]}"
        host, _, port = place.rpartition(":")
        socket.create_connection((host, int(port)), KNOCK_S).close()
    except ValueError:
        return "expected a host and a port from 1 to 65535, came another address"
    except OSError as fault:
        return f"expected a video stream from {place}, came {fault.strerror or fault}"
    return f"expected a video stream from {place}, came a connection without one"


def _opened(source: str) -> cv2.VideoCapture:
    if source.isdecimal():
        return cv2.VideoCapture(int(source))
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS]
    with _promptly():
        return cv2.VideoCapture(source, cv2.CAP_FFMPEG, [*limits, cv2.CAP_PROP_N_THREADS, 1])


@contextmanager
def _promptly() -> Iterator[None]:
    """Let FFmpeg open a stream as a stream, unless the environment says how; files are none."""
    if FFMPEG in os.environ:
        yield
        return
    os.environ[FFMPEG] = PROMPT
    try:
        yield
    finally:
        del os.environ[FFMPEG]
