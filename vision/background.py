"""What is not floor: a background model that shadows, light and patience do not fool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]

LEARNING_S = 1.0
"""The model learns fast for so long at the beginning: cameras set their exposure then."""
SETTLING_S, TRENDING, TREND = 3.0, 3, 1.15
"""So long at the beginning a light that goes one way for more than so many pictures, and by this
factor, is the camera's exposure, and what was learned before is of no use."""
FAST, FLOOR_S = 0.3, 8.0
"""Floor follows the picture: quickly at first, then with this time constant in seconds."""
STILL_S = 3.0
"""What has not changed for so long, and is nobody, was put there: it becomes floor."""
SHADOW = 0.5
"""A pixel down to this share of the floor's brightness, with its colour, may be a shadow."""
VEIL = 12
"""Grey levels that the lens and the sensor add to what is dark."""
GLEAM = 1.25
"""And up to this share it may be a gleam on the floor."""
LEAST_CONTRAST, NOISES = 10.0, 4.0
"""A pixel is not floor beyond so many grey levels plus so many times its mean deviation."""
MOST_NOISE = 16
"""A pixel's deviation counts up to here: a passer-by does not make it blind."""
TINT = 10
"""How far, in grey levels, the colour of a shadow may be off."""
ALIVE = 0.02
"""Who moves in more than this share of the box is no ghost."""
GHOST = 1.25
"""An outline that is so much stronger in the learned floor than in the picture is a ghost's."""
LEAST_GAIN, MOST_GAIN = 0.6, 1.7
SLIGHT = 0.01
SAMPLE = 4
THUMB = 8
UNIT = 128
DARKEST, LIGHTEST = np.array(SHADOW * UNIT), np.array(GLEAM * UNIT)
SMALL = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))
SOFT = (3, 3)


class Background:
    """Learns the floor of one scene; pictures are BGR, all of one size.

    One colour and one mean deviation for each pixel; shadows as in T. Horprasert et al., "A
    statistical approach for real-time robust background subtraction" (ICCV 1999).
    """

    def __init__(self, fps: float) -> None:
        """Expect about so many pictures a second."""
        self._learning = max(1, round(LEARNING_S * fps))
        self._rate = min(FAST, SAMPLE / (FLOOR_S * fps))
        self._still_after = max(2, round(STILL_S * fps / SAMPLE))
        self._settling = round(SETTLING_S * fps)
        self._trend, self._trending = 1.0, 0
        self._seen = 0
        self._before: Floats = np.ones((1, 1), np.float32)

    def look(self, picture: Image, people: Callable[[], Sequence[Box]]) -> Image:
        """Give the mask (255 where somebody is) of a picture.

        `people` gives the boxes (left, top, right, bottom) where somebody is known to stand: there
        the floor is not learned, so that a person who waits does not become part of it.
        """
        soft = _planes(picture)
        if not self._seen or self._exposing(soft):
            self._begin(soft)
        level = self._levelled(soft)
        apart = self._brightest(np.asarray(cv2.absdiff(level, self._floor8), np.uint8))
        mask = self._different(level, apart)
        if self._seen < self._learning or self._seen % SAMPLE == 0:
            self._learn(level, apart, mask, people())
        self._seen += 1
        return self._cleaned(mask)

    def _exposing(self, planes: Image) -> bool:
        """Tell a camera that still sets its exposure: the light goes one way for some pictures."""
        if self._seen > self._settling:
            return False
        before, self._before = self._before, _thumbnail(planes)
        step = _middle(self._before / before)
        if abs(step - 1) < SLIGHT or (step > 1) != (self._trend >= 1):
            self._trend, self._trending = 1.0, 0
        self._trend *= step
        self._trending += 1
        return self._trending > TRENDING and not 1 / TREND < self._trend < TREND

    def _begin(self, planes: Image) -> None:
        self._rows = len(planes) // 3
        self._floor: Floats = planes.astype(np.float32)
        self._floor8 = self._last = planes
        self._veil: Image = np.full((self._rows, planes.shape[1]), VEIL, np.uint8)
        self._still: Image = np.zeros((self._rows, planes.shape[1]), np.uint8)
        self._noise: Floats = np.full(self._still.shape, MOST_NOISE, np.float32)
        self._thumb = self._before = _thumbnail(planes)
        self._limit = self._limits()

    def _limits(self) -> Image:
        return np.asarray(
            cv2.convertScaleAbs(self._noise, alpha=NOISES, beta=LEAST_CONTRAST), np.uint8
        )

    def _plane(self, planes: NDArray[Any], number: int) -> NDArray[Any]:
        return planes[number * self._rows : (number + 1) * self._rows]

    def _brightest(self, planes: Image) -> Image:
        blue, green, red = (self._plane(planes, n) for n in range(3))
        return np.asarray(cv2.max(cv2.max(blue, green), red), np.uint8)

    def _levelled(self, planes: Image) -> Image:
        """Take a change of exposure back: most of the picture is floor, so its median tells."""
        gain = _middle(self._thumb / _thumbnail(planes))
        if self._seen < self._learning:
            self._floor *= 1 / gain
            self._floor8 = np.asarray(cv2.convertScaleAbs(self._floor), np.uint8)
            return planes
        if abs(gain - 1) < SLIGHT:
            return planes
        gain = min(max(gain, LEAST_GAIN), MOST_GAIN)
        return np.asarray(cv2.convertScaleAbs(planes, alpha=gain), np.uint8)

    def _different(self, level: Image, apart: Image) -> Image:
        different = np.asarray(cv2.compare(apart, self._limit, cv2.CMP_GT), np.uint8)
        if not cv2.countNonZero(different):
            return different
        left, top, wide, tall = cv2.boundingRect(different)
        part = slice(top, top + tall), slice(left, left + wide)
        inside = different[part]
        cv2.subtract(inside, self._shadow(level, *part), dst=inside)
        return different

    def _cleaned(self, mask: Image) -> Image:
        """Take specks off and fill pores, where there is anything."""
        left, top, wide, tall = cv2.boundingRect(mask)
        if wide:
            part = mask[max(0, top - 1) : top + tall + 1, max(0, left - 1) : left + wide + 1]
            part[:] = cv2.medianBlur(part, 3)
        return mask

    def _shadow(self, level: Image, rows: slice, columns: slice) -> Image:
        """Give 255 where the floor's colour is seen in less (or a little more) light."""
        veil = self._veil[rows, columns]
        here = [cv2.add(self._plane(level, n)[rows, columns], veil) for n in range(3)]
        floor = [cv2.add(self._plane(self._floor8, n)[rows, columns], veil) for n in range(3)]
        light = cv2.divide(here[1], floor[1], scale=UNIT)
        dim = cv2.inRange(light, DARKEST, LIGHTEST)
        off = [cv2.absdiff(here[n], cv2.multiply(floor[n], light, scale=1 / UNIT)) for n in (0, 2)]
        same = cv2.threshold(cv2.max(*off), TINT, 255, cv2.THRESH_BINARY_INV)[1]
        return np.asarray(cv2.bitwise_and(same, dim), np.uint8)

    def _learn(self, level: Image, apart: Image, mask: Image, people: Sequence[Box]) -> None:
        rate = FAST if self._seen < self._learning else self._rate
        moved = self._moved(level)
        people = [box for box in people if not self._is_ghost(level, mask, moved, box)]
        free = np.full(mask.shape, 255, np.uint8)
        for left, top, right, bottom in people:
            free[top:bottom, left:right] = 0
        cv2.accumulateWeighted(np.minimum(apart, MOST_NOISE), self._noise, rate, free)
        still = cv2.bitwise_and(free, cv2.bitwise_not(cv2.dilate(mask, SMALL)))
        for n in range(3):
            cv2.accumulateWeighted(self._plane(level, n), self._plane(self._floor, n), rate, still)
        self._settle(level, cv2.bitwise_and(mask, cv2.bitwise_not(moved)), people)
        self._floor8 = np.asarray(cv2.convertScaleAbs(self._floor), np.uint8)
        self._thumb = _thumbnail(self._floor8)
        self._limit = self._limits()

    def _moved(self, level: Image) -> Image:
        """Give where the picture is another one than when the floor was learned last."""
        apart = np.asarray(cv2.absdiff(level, self._last), np.uint8)
        self._last = level
        return np.asarray(cv2.compare(self._brightest(apart), self._limit, cv2.CMP_GT), np.uint8)

    def _is_ghost(self, level: Image, mask: Image, moved: Image, box: Box) -> bool:
        """Tell where somebody was from where somebody is: there the outline is in the floor."""
        left, top, right, bottom = box
        inside = mask[top:bottom, left:right]
        stir = moved[top:bottom, left:right]
        if not stir.size or cv2.countNonZero(stir) > ALIVE * stir.size:
            return False
        outline = cv2.bitwise_xor(inside, cv2.erode(inside, SMALL)) > 0
        here, floor = (
            float(_edges(self._plane(i, 1)[top:bottom, left:right])[outline].sum())
            for i in (level, self._floor8)
        )
        return floor > GHOST * here

    def _settle(self, level: Image, waiting: MatLike, people: Sequence[Box]) -> None:
        """Take as floor what stays as it is and is nobody: a chair, or where somebody stood."""
        self._still = np.asarray(cv2.bitwise_and(self._still + 1, waiting), np.uint8)
        for left, top, right, bottom in people:
            self._still[top:bottom, left:right] = 0
        settled = np.asarray((self._still >= self._still_after) * np.uint8(255), np.uint8)
        if cv2.countNonZero(settled):
            for n in range(3):
                cv2.accumulateWeighted(
                    self._plane(level, n), self._plane(self._floor, n), 1.0, settled
                )
            self._still[settled > 0] = 0


def _planes(picture: Image) -> Image:
    """Give blue, green and red below one another: one channel is several times as fast as three."""
    rows, columns = picture.shape[:2]
    planes = np.empty((3 * rows, columns), np.uint8)
    cv2.split(picture, [planes[n * rows : (n + 1) * rows] for n in range(3)])
    return np.asarray(cv2.blur(planes, SOFT), np.uint8)


def _thumbnail(planes: Image) -> Floats:
    rows = len(planes) // 3
    return planes[rows + THUMB // 2 : 2 * rows : THUMB, THUMB // 2 :: THUMB].astype(np.float32) + 1


def _middle(values: Floats) -> float:
    """Give the median."""
    flat = values.ravel()
    return float(np.partition(flat, len(flat) // 2)[len(flat) // 2])


def _edges(picture: Image) -> Image:
    return np.asarray(cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, SMALL), np.uint8)
