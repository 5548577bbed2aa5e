"""The port of detectors: a picture in, bodies out; the tracks and rules behind it are the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.blobs import Body, Mask

Image = NDArray[np.uint8]
Box = tuple[int, int, int, int]
Point = tuple[float, float]

WORK_WIDTH = 240
"""Pictures are reduced by a whole factor to at least this width: a person stays some tens of
pixels tall, and OpenCV averages whole blocks several times as fast as parts of pixels."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a detector sees: bodies in pixels of `work_shape`, and the mask that they are in."""

    bodies: list[Body]
    mask: Mask | None = None


class Detector(Protocol):
    """Finds the bodies in the pictures of one camera."""

    def find(self, frame: Image, people: Callable[[], Sequence[Box]]) -> Sight:
        """Give what is seen in a picture (BGR, rows by columns by 3).

        `people` gives the boxes (left, top, right, bottom, pixels of `work_shape`) where somebody
        is known to stand, for who wants to know.
        """


def work_shape(frame: Image) -> tuple[int, int]:
    """Give the rows and columns of the reduced picture."""
    factor = max(1, frame.shape[1] // WORK_WIDTH)
    return frame.shape[0] // factor, frame.shape[1] // factor


def reduced(frame: Image) -> Image:
    """Reduce a picture; one that is small already stays as it is."""
    height, width = work_shape(frame)
    factor = frame.shape[1] // width
    if factor == 1:
        return frame
    whole = frame[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
