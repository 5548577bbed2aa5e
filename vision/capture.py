"""Pictures, and recordings of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MediaError

Image = NDArray[np.uint8]

DEFAULT_FPS = 25.0
BEAT_S = 0.5
"""A source says at least so often that nothing came."""


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
        self._video = opened(path)
        self.fps: float = self._video.get(cv2.CAP_PROP_FPS) or DEFAULT_FPS
        self.frames = max(0, int(self._video.get(cv2.CAP_PROP_FRAME_COUNT)))
        self.read = 0

    def __iter__(self) -> Iterator[Frame]:
        """Give all pictures, as fast as they are taken."""
        return self.pictures()

    def pictures(self, step: int = 1) -> Iterator[Frame]:
        """Give every `step`-th picture; the others cost no more than they have to."""
        while self._video.grab():
            number = self.read
            self.read += 1
            if number % step:
                continue
            good, image = self._video.retrieve()
            if not good:
                break
            yield Frame(number, round(number * 1000 / self.fps), np.asarray(image, np.uint8))
        self._video.release()


def ahead(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Give pictures, the next of which is decoded on another thread meanwhile."""
    with ThreadPoolExecutor(1, "decode") as decoder:
        coming = decoder.submit(next, frames, None)
        while (frame := coming.result()) is not None:
            coming = decoder.submit(next, frames, None)
            yield frame


def opened(path: str, threads: int = 0) -> cv2.VideoCapture:
    """Open a file to be decoded on so many threads (0: as many as there are cores).

    Raises MediaError when it is no video.
    """
    if not Path(path).is_file():
        raise MediaError(f"expected a video file, came {path}: no such file")
    video = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads])
    if not video.isOpened():
        raise MediaError(f"expected a video that OpenCV can decode, came {path}")
    return video


def is_live(source: str) -> bool:
    """Tell a live source (USB index or address) from a file."""
    return source.isdecimal() or "://" in source


def now_ms() -> int:
    """Give the time of day in epoch milliseconds."""
    return time.time_ns() // 1_000_000
