"""The detector that needs no model: what is not floor, cut into blobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from vision.background import Background
from vision.blobs import Mask, blobs
from vision.detect import Box, Image, Point, Sight, reduced

SPECK = 6
"""Fewer pixels hang together by chance."""


class MotionDetector:
    """Finds bodies by the background model of a camera that stands still."""

    def __init__(self, fps: float, masks: Sequence[Sequence[Point]] = ()) -> None:
        """Expect so many pictures a second; nobody is seen in `masks` (polygons, fractions)."""
        self._background = Background(fps)
        self._masks = masks
        self._hidden: Mask | None = None

    def find(self, frame: Image, people: Callable[[], Sequence[Box]]) -> Sight:
        """Give the blobs in a picture; the floor is not learned where somebody stands."""
        mask = self._background.look(reduced(frame), people)
        if self._masks:
            if self._hidden is None:
                self._hidden = _drawn(self._masks, mask.shape)
            mask = np.asarray(cv2.subtract(mask, self._hidden), np.uint8)
        return Sight(blobs(mask, SPECK), mask)


def _drawn(masks: Sequence[Sequence[Point]], shape: tuple[int, ...]) -> Mask:
    hidden = np.zeros(shape, np.uint8)
    size = np.array((shape[1], shape[0]))
    for polygon in masks:
        cv2.fillPoly(hidden, [np.rint(np.array(polygon) * size).astype(np.int32)], 255)
    return hidden
