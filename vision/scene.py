"""One camera's scene: pictures in, people with numbers and positions out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.background import Background
from vision.blobs import Size, bodies
from vision.track import Track, Tracker

Image = NDArray[np.uint8]
Point = tuple[float, float]

WORK_WIDTH = 320
"""Pictures are reduced to this width: a person stays some tens of pixels wide."""
FIRST_HEIGHT = 0.16
"""A body's height in picture heights until the scene has told better."""
FROM_ABOVE, FROM_ASIDE = 1.15, 1.7
"""Below the first ratio of height to width people are seen from above, beyond the second not."""
SAMPLES = 200
LEARN_FROM = 25


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: `point` (fractions) is the middle of the body seen from above, else the feet.

    Who has not `walked` may still turn out to be a reflection or a chair that was moved.
    """

    number: int
    point: Point
    walked: bool


class Scene:
    """Follows people through the pictures of one camera."""

    def __init__(self, fps: float, body: float | None = None) -> None:
        """Expect `fps` pictures a second; `body` is a person's height in picture heights."""
        self._background = Background(fps)
        self._tracker = Tracker(fps)
        self._hint = body
        self._shapes: deque[tuple[float, float]] = deque(maxlen=SAMPLES)
        self._height = 0
        self._width = 0

    def look(self, frame: Image) -> tuple[list[Person], list[int]]:
        """Take a picture (BGR); gives who is there, and the numbers of those who are gone."""
        picture = _reduced(frame)
        self._height, self._width = picture.shape[:2]
        size = self.size()
        people = [track.box() for track in self._tracker.tracks if track.sure and track.walked]
        mask = self._background.look(picture, people)
        expected = [track.expected() for track in self._tracker.tracks if track.sure]
        found = bodies(mask, size, expected)
        ended = self._tracker.look(found, size)
        self._learn()
        seen = [self._person(t) for t in self._tracker.tracks if t.sure]
        return seen, [track.number for track in ended]

    def size(self) -> Size:
        """Give what a body measures here, in reduced pixels."""
        if self._hint is None and len(self._shapes) >= LEARN_FROM:
            width, height = np.median(np.array(self._shapes), axis=0)
            return Size(float(width), float(height))
        height = (self._hint or FIRST_HEIGHT) * self._height
        return Size(0.6 * height, height, known=self._hint is not None)

    def girth(self) -> float:
        """Give a body's width in picture heights."""
        return self.size().width / self._height if self._height else 0.0

    def _learn(self) -> None:
        """Learn a body's size from those who walk, whole, through the picture."""
        for track in self._tracker.tracks:
            left, top, right, bottom = track.box()
            whole = left > 0 and top > 0 and right < self._width and bottom < self._height
            if whole and track.sure and track.walked and not track.missed:
                self._shapes.append((track.width, track.height))

    def _person(self, track: Track) -> Person:
        size = self.size()
        ratio = size.height / size.width
        aside = min(max((ratio - FROM_ABOVE) / (FROM_ASIDE - FROM_ABOVE), 0.0), 1.0)
        y = track.y + aside * track.height / 2
        point = (track.x / self._width, min(y / self._height, 1.0))
        return Person(track.number, point, track.walked)


def _reduced(frame: Image) -> Image:
    height, width = frame.shape[:2]
    if width <= WORK_WIDTH:
        return frame
    shape = (WORK_WIDTH, round(height * WORK_WIDTH / width))
    return np.asarray(cv2.resize(frame, shape, interpolation=cv2.INTER_AREA), np.uint8)
