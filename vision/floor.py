"""The floor of a scene: which parts of a picture surely show nobody.

Counting has a model of its own, which is quick to forget; this one serves privacy. It learns
slowly, and whatever it is not sure of counts as somebody.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.capture import Image

Box = tuple[float, float, float, float]
"""Left, top, width and height in fractions of the picture."""

WIDTH = 240
LOOK_MS = 1000
"""A picture is learned from so often at the most."""
SURE, MOST = 20, 300
"""What was there in so many more looks than anything else is floor, and at most so many count: it
takes five minutes in which nothing moves to make furniture of what stands where floor was known."""
TOLERANCE = 12
"""Grey levels by which floor may differ, beyond what a pixel to its side explains."""
FOLLOW = 0.2
LEAST_GAIN, MOST_GAIN = 0.6, 1.7
SAMPLE = 4
BESIDE = 9
"""Pixels: so near to what is not floor, nothing is."""


class Floor:
    """Learns the floor of one scene from pictures (BGR), all of one size."""

    def __init__(self) -> None:
        """Know nothing."""
        self._looked: int | None = None
        self._usual: Image = np.zeros((0, 0, 3), np.uint8)
        self._votes: NDArray[np.int16] = np.zeros((0, 0), np.int16)

    def look(self, image: Image, people: Iterable[Box], t: int) -> None:
        """Learn from the picture of `t` ms, but not where people are known to be.

        A pixel votes for what it usually shows, or against it (Boyer and Moore's majority vote):
        who passes by now and then does not keep floor from being known.
        """
        if self._looked is not None and 0 <= t - self._looked < LOOK_MS:
            return
        self._looked = t
        small = _reduced(image)
        if small.shape != self._usual.shape:
            self._usual, self._votes = small, np.zeros(small.shape[:2], np.int16)
        picture = self._levelled(small)
        same = _matches(picture, self._usual)
        free = ~_boxed(people, same.shape)
        self._votes += np.where(free, np.where(same, 1, -1), 0).astype(np.int16)
        other = self._votes < 0
        drawn = np.asarray(cv2.addWeighted(self._usual, 1 - FOLLOW, picture, FOLLOW, 0), np.uint8)
        usual = np.where((same & free)[..., None], drawn, self._usual)
        self._usual = np.where(other[..., None], picture, usual)
        np.clip(self._votes, 0, MOST, out=self._votes)

    def hidden(self, image: Image) -> NDArray[np.bool_]:
        """Give what is not surely floor (rows by columns of the reduced picture)."""
        small = _reduced(image)
        if small.shape != self._usual.shape:
            return np.ones(small.shape[:2], np.bool_)
        sure = (self._votes >= SURE) & _matches(self._levelled(small), self._usual)
        hidden = (~sure).astype(np.uint8)
        specks = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))
        beside = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (BESIDE, BESIDE))
        hidden = np.asarray(cv2.morphologyEx(hidden, cv2.MORPH_OPEN, specks), np.uint8)
        return np.asarray(cv2.dilate(hidden, beside), np.bool_)

    def _levelled(self, small: Image) -> Image:
        """Take a change of exposure back: most of the picture is floor, so its median tells."""
        here = small[::SAMPLE, ::SAMPLE].astype(np.float32).sum(axis=2) + 1
        there = self._usual[::SAMPLE, ::SAMPLE].astype(np.float32).sum(axis=2) + 1
        gain = float(np.clip(np.median(there / here), LEAST_GAIN, MOST_GAIN))
        return np.asarray(cv2.convertScaleAbs(small, alpha=gain), np.uint8)


def _reduced(image: Image) -> Image:
    height, width = image.shape[:2]
    shape = (min(WIDTH, width), max(1, round(height * min(WIDTH, width) / width)))
    return np.asarray(cv2.resize(image, shape, interpolation=cv2.INTER_AREA), np.uint8)


def _matches(picture: Image, usual: Image) -> NDArray[np.bool_]:
    """Tell where a picture is as usual, give or take a pixel's shake and some noise."""
    near = np.ones((3, 3), np.uint8)
    above = cv2.subtract(picture, cv2.dilate(usual, near))
    below = cv2.subtract(cv2.erode(usual, near), picture)
    return np.asarray(cv2.max(above, below).max(axis=2) <= TOLERANCE, np.bool_)


def _boxed(people: Iterable[Box], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    boxed = np.zeros(shape, np.bool_)
    for left, top, width, height in people:
        rows = slice(max(0, int(top * shape[0])), int((top + height) * shape[0]) + 1)
        columns = slice(max(0, int(left * shape[1])), int((left + width) * shape[1]) + 1)
        boxed[rows, columns] = True
    return boxed
