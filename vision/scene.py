"""One camera's scene: pictures in, people with numbers and positions out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vision.blobs import Body
from vision.detect import Box, Detector, Image, Point, work_shape
from vision.gate import Gate
from vision.motion import MotionDetector
from vision.sizes import BodyHint, BodySize, Size
from vision.track import Track
from vision.tracker import Tracker

FROM_ABOVE, FROM_ASIDE = 1.15, 1.7
"""Below the first ratio of height to width people are seen from above, beyond the second not."""
FULL = 0.4
"""A body fills at least this share of its box: less is two people, or a body in splinters."""
MOVES = 0.5
"""Who moves by less than this share of its size in a second tells nothing of a body's size."""
LEAST_STEPS, MOST_STEPS = 0.5, 3.0
"""A camera's clock that jumps does not throw people about."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: `point` (fractions) is the middle of the body seen from above, else the feet.

    `box` is left, top, width, height (fractions). Who has not `walked` may still turn out to be a
    reflection or a chair that was moved; who is not `seen` in this picture is only expected there.
    """

    number: int
    point: Point
    box: tuple[float, float, float, float]
    walked: bool
    seen: bool = True


class Scene:
    """Follows people through the pictures of one camera."""

    def __init__(
        self,
        fps: float,
        body: BodyHint = None,
        masks: Sequence[Sequence[Point]] = (),
        detector: Detector | None = None,
    ) -> None:
        """Expect `fps` pictures a second; `body` is a person's height in picture heights.

        Nobody is seen in `masks`. Without a `detector` it is motion that tells where somebody is.
        """
        self._detector = detector or MotionDetector(fps, masks)
        self._masks = [np.array(polygon, np.float32) for polygon in masks]
        self._fps = fps
        self._tracker = Tracker(fps)
        self._size = BodySize(body)
        self._gate = Gate()
        self._shape = (0, 0)
        self._last: int | None = None

    def look(self, frame: Image, t: int) -> tuple[list[Person], list[int]]:
        """Take a picture (BGR) of `t` ms; gives who is there, and the numbers of who is gone."""
        if not self._shape[0]:
            self._shape = work_shape(frame)
            self._size.begin(self._shape[0])
        if not self._tracker.tracks and self._gate.is_still(frame):
            return [], []
        seen = self._detector.find(frame, self._boxes)
        bodies = [body for body in seen.bodies if not self._is_hidden(body)]
        ended = self._tracker.look(bodies, seen.mask, self.size(), self._shape, self._steps(t))
        self._learn()
        aside = self._aside()
        people = [self._person(t, aside) for t in self._tracker.tracks if t.sure]
        return people, [track.number for track in ended]

    def size(self) -> Size:
        """Give what a body measures here, in pixels of `work_shape`."""
        return self._size.size

    def girth(self, row: float) -> float:
        """Give the width of a body with its feet on a row, both in picture heights."""
        rows = self._shape[0]
        return self.size().at(row * rows).width / rows if rows else 0.0

    def _boxes(self) -> list[Box]:
        return [track.box() for track in self._tracker.tracks if track.walked]

    def _steps(self, t: int) -> float:
        """Give how many pictures' time has passed: some may have been lost."""
        last, self._last = self._last, t
        if last is None:
            return 1.0
        return min(max((t - last) * self._fps / 1000, LEAST_STEPS), MOST_STEPS)

    def _is_hidden(self, body: Body) -> bool:
        rows, columns = self._shape
        middle = (body.x / columns, body.y / rows)
        return any(
            cv2.pointPolygonTest(mask, middle, measureDist=False) > 0 for mask in self._masks
        )

    def _learn(self) -> None:
        """Learn a body's size from those who walk, whole, through the picture."""
        rows, columns = self._shape
        for track in self._tracker.tracks:
            body = track.shape
            if body is None or not track.walked or body.is_cut(rows, columns):
                continue
            quick = math.hypot(track.vx, track.vy) * self._fps
            full = body.area / (body.width * body.height)
            if full >= FULL and quick >= MOVES * max(body.width, body.height):
                self._size.learn(body.width, body.height, body.bottom, rows)

    def _person(self, track: Track, aside: float) -> Person:
        rows, columns = self._shape
        y = track.y + aside * track.height / 2
        point = (track.x / columns, min(y / rows, 1.0))
        box = (
            track.left / columns,
            track.top / rows,
            track.width / columns,
            track.height / rows,
        )
        return Person(track.number, point, box, track.walked, track.missed == 0)

    def _aside(self) -> float:
        """Give how far people are seen from aside (1) and not from above (0)."""
        size = self.size()
        ratio = size.height / size.width
        return min(max((ratio - FROM_ABOVE) / (FROM_ASIDE - FROM_ABOVE), 0.0), 1.0)
