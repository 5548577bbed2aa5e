"""What is not floor: a background model that shadows, light and patience do not fool."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

HISTORY = 500
VARIANCE = 20.0
SHADOW = 0.45
"""A pixel down to this share of the floor's brightness, with its colour, may be a shadow."""
LEARNING_S = 1.0
"""The model learns fast for so long at the beginning: cameras set their exposure then."""
FAST, SLOW = 0.05, 0.002
LEAST_GAIN, MOST_GAIN = 0.6, 1.7
SAMPLE = 4


class Background:
    """Learns the floor of one scene; pictures are BGR, all of one size."""

    def __init__(self, fps: float) -> None:
        """Expect about so many pictures a second."""
        self._model = cv2.createBackgroundSubtractorMOG2(HISTORY, VARIANCE, detectShadows=True)
        self._model.setShadowThreshold(SHADOW)
        self._learning = max(1, round(LEARNING_S * fps))
        self._seen = 0
        self._floor: Image | None = None
        self._small = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
        self._wide = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 7))

    def look(self, picture: Image, people: list[tuple[int, int, int, int]]) -> Image:
        """Give the mask (255 where somebody is) of a picture.

        `people` are the boxes (left, top, right, bottom) where somebody is known to stand: there
        the floor is not learned, so that a person who waits does not become part of it.
        """
        level = self._levelled(picture)
        rate = FAST if self._seen < self._learning else SLOW
        if people and self._floor is not None:
            mask = self._model.apply(level, None, 0)
            self._model.apply(self._without(level, self._floor, people), None, rate)
        else:
            mask = self._model.apply(level, None, rate)
        self._seen += 1
        if self._seen % SAMPLE == 1 or self._seen < self._learning:
            self._floor = np.asarray(self._model.getBackgroundImage(), np.uint8)
        return self._cleaned(np.asarray(mask, np.uint8))

    def _cleaned(self, mask: Image) -> Image:
        solid = cv2.threshold(mask, 200, 255, cv2.THRESH_BINARY)[1]
        solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, self._small)
        return np.asarray(cv2.morphologyEx(solid, cv2.MORPH_CLOSE, self._wide), np.uint8)

    def _levelled(self, picture: Image) -> Image:
        """Take a change of exposure back: most of the picture is floor, so its median tells."""
        if self._floor is None or self._seen < self._learning:
            return picture
        here = picture[::SAMPLE, ::SAMPLE].astype(np.float32).sum(axis=2) + 1.0
        floor = self._floor[::SAMPLE, ::SAMPLE].astype(np.float32).sum(axis=2) + 1.0
        gain = float(np.clip(np.median(floor / here), LEAST_GAIN, MOST_GAIN))
        return np.asarray(cv2.convertScaleAbs(picture, alpha=gain), np.uint8)

    @staticmethod
    def _without(picture: Image, floor: Image, people: list[tuple[int, int, int, int]]) -> Image:
        """Give the picture with floor where people stand."""
        empty = picture.copy()
        for left, top, right, bottom in people:
            empty[top:bottom, left:right] = floor[top:bottom, left:right]
        return empty
