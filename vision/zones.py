"""Zones: who stands in a polygon of the picture, and for how long."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import cv2
import numpy as np

Point = tuple[float, float]
Polygon = tuple[Point, ...]

EDGE = 0.03
"""How far outside its polygon (fraction of the picture) somebody still stands in an area."""
LEFT_AFTER_MS = 2000
"""A person who is not seen in the zone for this long has left it."""
LEAST_VISIT_MS = 3000
"""A shorter stay is passing through, not a visit."""


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon on the picture (fractions) whose people count for a zone of the shop."""

    zone: str
    polygon: Polygon
    loiter_s: float | None = None
    """Who stays longer than this loiters; nobody does where it is None."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay in a zone, from the first to the last sight (ms of the video)."""

    zone: str
    start: int
    end: int


@dataclass(slots=True)
class _Stay:
    start: int
    end: int


@dataclass(slots=True)
class AreaWatch:
    """One area; remembers since when each track has been in it."""

    area: Area
    _stays: dict[int, _Stay] = field(default_factory=dict)
    _walked: set[int] = field(default_factory=set)

    def look(self, tracks: dict[int, Point], t: int, walked: Collection[int]) -> list[Visit]:
        """Take where all tracks are at `t` ms; gives the visits that ended.

        Only who has `walked` counts, but then from the first sight on.
        """
        for track, point in tracks.items():
            if self._holds(point):
                stay = self._stays.setdefault(track, _Stay(t, t))
                stay.end = t
        self._walked |= self._stays.keys() & walked
        return self._ended(t)

    def people(self) -> int:
        """Count who is in the area."""
        return len(self._walked)

    def longest_s(self, t: int) -> float:
        """Give the longest stay among those in the area, in seconds."""
        return max((t - self._stays[track].start for track in self._walked), default=0) / 1000

    def mean_s(self, t: int) -> float:
        """Give the mean stay of those in the area so far, in seconds."""
        total = sum(t - self._stays[track].start for track in self._walked)
        return total / len(self._walked) / 1000 if self._walked else 0.0

    def loiterers(self, t: int) -> tuple[int, ...]:
        """Give the tracks that have been in the area for longer than its limit, in order."""
        limit = self.area.loiter_s
        if limit is None:
            return ()
        stays = self._stays
        return tuple(sorted(n for n in self._walked if t - stays[n].start > limit * 1000))

    def finish(self) -> list[Visit]:
        """End all stays: the video is over."""
        return self._ended(1 << 62)

    def _ended(self, t: int) -> list[Visit]:
        over = [track for track, stay in self._stays.items() if t - stay.end > LEFT_AFTER_MS]
        people = [self._stays.pop(track) for track in over if track in self._walked]
        for track in over:
            self._stays.pop(track, None)
        self._walked -= set(over)
        return [
            Visit(self.area.zone, stay.start, stay.end)
            for stay in people
            if stay.end - stay.start >= LEAST_VISIT_MS
        ]

    def _holds(self, point: Point) -> bool:
        contour = np.array(self.area.polygon, np.float32)
        return cv2.pointPolygonTest(contour, point, measureDist=True) >= -EDGE
