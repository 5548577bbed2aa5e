"""Counting lines: who walks across, in which direction, without counting a hesitation twice."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

Point = tuple[float, float]
Direction = Literal["in", "out"]

HYSTERESIS = 0.02
"""How far beyond the line, in picture heights, a person has to be to stand on a side."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line on the picture, in fractions of its width and height, y down.

    "in" is from the left hand to the right hand of someone who walks from `start` to `end`.
    """

    name: str
    start: Point
    end: Point


@dataclass(slots=True)
class LineWatch:
    """One line on a picture of known shape; remembers on which side each track last stood.

    `aspect` is width by height: distances are in picture heights both ways.
    """

    line: Line
    aspect: float
    _sides: dict[int, int] = field(default_factory=dict)
    _start: Point = field(init=False)
    _way: Point = field(init=False)
    _length: float = field(init=False)

    def __post_init__(self) -> None:
        """Lay the line on the picture."""
        self._start = self.line.start[0] * self.aspect, self.line.start[1]
        self._way = (
            self.line.end[0] * self.aspect - self._start[0],
            self.line.end[1] - self._start[1],
        )
        self._length = math.hypot(*self._way)

    def look(self, track: int, point: Point) -> Direction | None:
        """Take where a track is now (fractions); gives the direction when it has crossed."""
        along, across = self._place(point)
        if not 0.0 <= along <= 1.0:
            self._sides.pop(track, None)
            return None
        if abs(across) < HYSTERESIS:
            return None
        side = 1 if across > 0 else -1
        before = self._sides.get(track)
        self._sides[track] = side
        if before is None or before == side:
            return None
        return "in" if side > 0 else "out"

    def forget(self, track: int) -> None:
        """Let go of a track that has ended."""
        self._sides.pop(track, None)

    def _place(self, point: Point) -> Point:
        """Give how far along the line (0 to 1) and how far to its right (picture heights)."""
        dx, dy = self._way
        px, py = point[0] * self.aspect - self._start[0], point[1] - self._start[1]
        length = self._length
        # y points down: the right hand of a walker along (dx, dy) is at (-dy, dx).
        return (px * dx + py * dy) / length**2, (-px * dy + py * dx) / length
