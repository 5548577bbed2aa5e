"""Snapshots for a technician: no face survives in them, and there are few of them."""

from __future__ import annotations

from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Iterator
from math import ceil, log
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import Refused
from vision.capture import Frame, Image
from vision.floor import Box, Floor

WIDTH = 960
QUALITIES = (80, 65, 50, 35)
MOST_BYTES = 180_000
"""In base64 this is 240 kB; a message has to stay below 256 KiB."""

ENLARGED = 0.25
"""A person's box is hidden with so much of its size around it."""
AROUND = 0.5
"""What is not floor is hidden with so much of its thickness around it: a head on shoulders."""
HEADS = 3
"""A block is a third of the thickness of what it hides: more than a third of a person's head."""
LEAST_BLOCKS, MOST_BLOCKS = 24, 3
"""In the picture's height."""
STEP = 1.5
"""Blocks come in sizes so far apart."""

APART_MS, MINUTE_MS, A_MINUTE = 2000, 60_000, 10


class Limit:
    """Lets one snapshot pass in two seconds, and ten in a minute."""

    def __init__(self) -> None:
        """Begin with none."""
        self._taken: deque[int] = deque(maxlen=A_MINUTE)

    def take(self, now: int) -> None:
        """Count a snapshot at `now` ms; for one too many raises Refused, with when to ask again."""
        free = self._taken[-1] + APART_MS if self._taken else now
        if len(self._taken) == A_MINUTE:
            free = max(free, self._taken[0] + MINUTE_MS)
        if free > now:
            raise Refused(
                f"expected one snapshot in {APART_MS // 1000} s and {A_MINUTE} in a minute, "
                f"came one more; ask again in {(free - now) / 1000:.1f} s"
            )
        self._taken.append(now)


class Snapshots:
    """Makes the snapshots of one camera, and learns what may be seen in them."""

    def __init__(self) -> None:
        """Know nothing of the floor yet: at first everything is blurred."""
        self._floor = Floor()
        self._limit = Limit()

    def look(self, image: Image, people: Iterable[Box], now: int) -> None:
        """Learn from a picture of `now`, in ms of a clock that never goes back."""
        self._floor.look(image, people, now)

    def take(self, frame: Frame, people: Iterable[Box], now: int, *, blur: bool) -> dict[str, Any]:
        """Give a snapshot as it is published, without an id; raises Refused for one too many.

        `now` is of the same clock; `clear` is the share of the picture that
        was not blurred.
        """
        self._limit.take(now)
        image = _fitted(frame.image)
        clear = 1.0
        if blur:
            image, clear = blurred(image, self._floor.hidden(frame.image), people)
        jpeg = encoded(image)
        return {
            "t": frame.t,
            "width": image.shape[1],
            "height": image.shape[0],
            "blurred": blur,
            "clear": round(clear, 3),
            "jpeg": b64encode(jpeg).decode(),
        }


def blurred(image: Image, hidden: NDArray[np.bool_], people: Iterable[Box]) -> tuple[Image, float]:
    """Give a picture in which people and all that is `hidden` are blocks that run into each other.

    `hidden` may be of a smaller picture. Also gives the share of the picture that stays clear.
    """
    height, width = image.shape[:2]
    layers: dict[int, Image] = {}
    parts = (*_parts(hidden, height, width), *(_person(box, height, width) for box in people))
    for thickness, part in parts:
        size = _size(thickness / HEADS, height)
        layers[size] = np.maximum(layers.get(size, 0), part)
    seen = image.copy()
    covered = np.zeros((height, width), np.uint8)
    for size in sorted(layers):  # where two meet, the coarser one stays
        cv2.copyTo(_coarse(image, height / LEAST_BLOCKS * STEP**size), layers[size], seen)
        covered |= layers[size]
    return seen, 1.0 - float(np.count_nonzero(covered)) / covered.size


def _parts(hidden: NDArray[np.bool_], height: int, width: int) -> Iterator[tuple[float, Image]]:
    """Give each part that hangs together: its thickness in pixels, and the part with its edge."""
    scale = height / hidden.shape[0]
    count, names = cv2.connectedComponents(hidden.astype(np.uint8))
    for name in range(1, count):
        part = np.pad((names == name).astype(np.uint8), 1)
        thickness = 2 * float(cv2.distanceTransform(part, cv2.DIST_L2, 5).max())
        away = cv2.distanceTransform(1 - part, cv2.DIST_L2, 5)[1:-1, 1:-1]
        near = (away <= AROUND * thickness).astype(np.uint8)
        whole = cv2.resize(near, (width, height), interpolation=cv2.INTER_NEAREST)
        yield thickness * scale, np.asarray(whole, np.uint8)


def _person(box: Box, height: int, width: int) -> tuple[float, Image]:
    """Give the thickness of a person in pixels, and the enlarged box."""
    left, top, across, down = box
    part = np.zeros((height, width), np.uint8)
    rows = (top - ENLARGED * down) * height, (top + (1 + ENLARGED) * down) * height
    columns = (left - ENLARGED * across) * width, (left + (1 + ENLARGED) * across) * width
    part[max(0, int(rows[0])) : int(rows[1]) + 1, max(0, int(columns[0])) : int(columns[1]) + 1] = 1
    return min(across * width, down * height), part


def _size(block: float, height: int) -> int:
    """Give how many steps a block is above the smallest, so that it is never too small."""
    block = min(block, height / MOST_BLOCKS)
    return max(0, ceil(log(block * LEAST_BLOCKS / height, STEP)))


def _coarse(image: Image, block: float) -> Image:
    height, width = image.shape[:2]
    coarse = (max(1, round(width / block)), max(1, round(height / block)))
    blocks = cv2.resize(image, coarse, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(blocks, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def encoded(image: Image) -> bytes:
    """Give a JPEG that a message can carry."""
    jpeg = b""
    for quality in QUALITIES:
        jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(jpeg) <= MOST_BYTES:
            break
    return jpeg


def _fitted(image: Image) -> Image:
    height, width = image.shape[:2]
    if width <= WIDTH:
        return image
    shape = (WIDTH, round(height * WIDTH / width))
    return np.asarray(cv2.resize(image, shape, interpolation=cv2.INTER_AREA), np.uint8)
