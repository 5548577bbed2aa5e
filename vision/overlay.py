"""What was counted, drawn on the pictures of a recording: for a technician's eyes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MediaError
from vision.capture import Frame
from vision.count import Counter
from vision.enlarged import enlarged
from vision.lines import Line, Point
from vision.zones import Area, Polygon

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

LINE, AREA, PERSON, FLASH = (235, 140, 30), (60, 180, 75), (0, 200, 255), (255, 255, 255)
"""Blue, green, red; a line that somebody crosses flashes."""
FLASH_S = 0.5
TEXT, THICK = 0.5, 2
ARROW = 0.05
"""The arrow that shows "in", in picture heights."""
DIMMED = 0.25
"""Under a mask so much of the light is left."""


class Overlay:
    """Draws lines, zones, masks and people on pictures, and writes them to an MP4 file."""

    def __init__(
        self, path: Path, lines: Sequence[Line], areas: Sequence[Area], masks: Collection[Polygon]
    ) -> None:
        """Begin a file; it is opened with the first picture."""
        self._path = path
        self._lines, self._areas, self._masks = lines, areas, masks
        self._video: cv2.VideoWriter | None = None
        self._told: dict[str, tuple[int, int]] = {}
        self._flashes: dict[str, int] = {}

    def draw(self, frame: Frame, counter: Counter) -> None:
        """Add a picture; raises MediaError when no such file can be written."""
        picture = drawn(frame.image, self._masks)
        self._zones(picture, counter)
        self._people(picture, counter)
        self._crossings(picture, frame, counter)
        if self._video is None:
            self._video = self._opened(picture, counter.fps)
        self._video.write(picture)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the file."""
        if self._video is not None:
            self._video.release()

    def _opened(self, picture: Image, fps: float) -> cv2.VideoWriter:
        size = (picture.shape[1], picture.shape[0])
        video = cv2.VideoWriter(str(self._path), cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
        if not video.isOpened():
            raise MediaError(f"expected a file name that ends in .mp4, came {self._path}")
        return video

    def _zones(self, picture: Image, counter: Counter) -> None:
        for area, watch in zip(self._areas, counter.areas, strict=True):
            corners = _pixels(picture, area.polygon)
            cv2.polylines(picture, [corners], isClosed=True, color=AREA, thickness=THICK)
            _say(picture, f"{area.zone}: {watch.people()}", tuple(corners[0]), AREA)

    def _people(self, picture: Image, counter: Counter) -> None:
        for person in counter.people:
            left, top, width, height = person.box
            corners = _pixels(picture, ((left, top), (left + width, top + height)))
            cv2.rectangle(picture, tuple(corners[0]), tuple(corners[1]), PERSON, THICK)
            feet = _pixels(picture, (person.point,))[0]
            cv2.circle(picture, tuple(feet), 2 * THICK, PERSON, cv2.FILLED)
            _say(picture, str(person.number), tuple(corners[0]), PERSON)

    def _crossings(self, picture: Image, frame: Frame, counter: Counter) -> None:
        for line in self._lines:
            totals = counter.totals[line.name, "in"], counter.totals[line.name, "out"]
            if totals != self._told.setdefault(line.name, totals):
                self._told[line.name] = totals
                self._flashes[line.name] = frame.t + round(1000 * FLASH_S)
            lit = frame.t < self._flashes.get(line.name, -1)
            _line(picture, line, totals, FLASH if lit else LINE)


def drawn(image: Image, masks: Collection[Polygon]) -> Image:
    """Give a copy of a picture to draw on, large enough, with the masked parts dimmed."""
    picture = enlarged(image)
    for mask in masks:
        hidden = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(hidden, [_pixels(picture, mask)], 255)
        cv2.copyTo(cv2.convertScaleAbs(picture, alpha=DIMMED), hidden, picture)
    return picture


def _line(picture: Image, line: Line, totals: tuple[int, int], colour: Colour) -> None:
    start, end = _pixels(picture, (line.start, line.end))
    cv2.line(picture, tuple(start), tuple(end), colour, THICK)
    # y points down: the right hand of a walker along (dx, dy) is at (-dy, dx), and "in" is there.
    along = (end - start) / max(1.0, float(np.linalg.norm(end - start)))
    middle = (start + end) / 2
    tip = middle + ARROW * picture.shape[0] * np.array((-along[1], along[0]))
    ends = [tuple(int(v) for v in np.rint(point)) for point in (middle, tip)]
    cv2.arrowedLine(picture, ends[0], ends[1], colour, THICK, tipLength=0.4)
    _say(picture, f"{line.name}: {totals[0]} in, {totals[1]} out", tuple(start), colour)


def _say(picture: Image, text: str, at: tuple[int, int], colour: Colour) -> None:
    """Write a text above a point, or where the picture begins, on a dark ground."""
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, TEXT, 1)
    left = min(max(0, at[0]), max(0, picture.shape[1] - width))
    base = max(at[1] - 2 * THICK, height + THICK)
    corner = (left + width, base + below)
    cv2.rectangle(picture, (left, base - height - THICK), corner, (0, 0, 0), cv2.FILLED)
    place = (left, base)
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, TEXT, colour, 1, cv2.LINE_AA)


def _pixels(picture: Image, points: Sequence[Point]) -> NDArray[np.int32]:
    size = (picture.shape[1] - 1, picture.shape[0] - 1)
    return np.asarray(np.rint(np.array(points) * size), np.int32)
