"""Count people in a recording, as fast as it decodes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vision.capture import Frame, Recording
from vision.lines import Direction, Line, LineWatch, Point
from vision.scene import Scene
from vision.zones import Area, AreaWatch, Visit

TWIN_MS, TWIN_GIRTHS = 1000, 0.9
"""Who crosses so soon after another, the same way and within less than a body's width, is part of
the other: two people side by side are further apart."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """One crossing: the line, the direction, and the picture in which it was seen."""

    line: str
    direction: Direction
    frame: int
    t_s: float


@dataclass(frozen=True, slots=True)
class CountResult:
    """What was counted: all crossings and visits, in order of time."""

    crossings: tuple[Crossed, ...]
    visits: tuple[Visit, ...]
    frames: int
    fps: float

    def total(self, direction: Direction, line: str | None = None) -> int:
        """Count the crossings of a direction, over all lines or one."""
        return sum(
            crossing.direction == direction and line in (None, crossing.line)
            for crossing in self.crossings
        )


@dataclass(frozen=True, slots=True)
class _Recent:
    line: str
    direction: Direction
    point: Point
    t: int


class Counter:
    """Lines and areas of one camera, watched picture by picture."""

    def __init__(
        self, fps: float, lines: Sequence[Line], areas: Sequence[Area], body: float | None = None
    ) -> None:
        """Expect `fps` pictures a second; `body` is a person's height in picture heights."""
        self._scene = Scene(fps, body)
        self._lines = lines
        self._watches: list[LineWatch] = []
        self._aspect = 1.0
        self._recent: list[_Recent] = []
        self.areas = [AreaWatch(area) for area in areas]
        self.points: list[tuple[float, float]] = []

    def look(self, frame: Frame) -> tuple[list[tuple[str, Direction]], list[Visit]]:
        """Take a picture; gives who crossed which line, and the visits that ended."""
        if not self._watches:
            height, width = frame.image.shape[:2]
            self._aspect = width / height
            self._watches = [LineWatch(line, self._aspect) for line in self._lines]
        people, ended = self._scene.look(frame.image)
        crossed = [
            (watch.line.name, direction)
            for watch in self._watches
            for person in people
            if person.walked and (direction := watch.look(person.number, person.point)) is not None
            if self._is_new(watch.line.name, direction, person.point, frame.t)
        ]
        for watch in self._watches:
            for number in ended:
                watch.forget(number)
        where = {person.number: person.point for person in people}
        walked = {person.number for person in people if person.walked}
        self.points = [person.point for person in people if person.walked]
        visits = [visit for area in self.areas for visit in area.look(where, frame.t, walked)]
        return crossed, visits

    def _is_new(self, line: str, direction: Direction, point: Point, t: int) -> bool:
        """Tell a person from a part of one who has just crossed: an arm, a trolley, a shadow."""
        self._recent = [recent for recent in self._recent if t - recent.t < TWIN_MS]
        near = TWIN_GIRTHS * self._scene.girth()
        twin = any(
            (recent.line, recent.direction) == (line, direction)
            and math.dist(self._flat(recent.point), self._flat(point)) < near
            for recent in self._recent
        )
        self._recent.append(_Recent(line, direction, point, t))
        return not twin

    def _flat(self, point: Point) -> Point:
        return point[0] * self._aspect, point[1]


def count_video(
    path: str,
    lines: Sequence[Line],
    areas: Sequence[Area] = (),
    body: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CountResult:
    """Count a whole recording; `progress` gets the pictures done and in all.

    Raises MediaError when it is no video.
    """
    recording = Recording(path)
    counter = Counter(recording.fps, lines, areas, body)
    crossings: list[Crossed] = []
    visits: list[Visit] = []
    done = 0
    for frame in recording:
        crossed, ended = counter.look(frame)
        crossings += [Crossed(n, d, frame.number, frame.t / 1000) for n, d in crossed]
        visits += ended
        done = frame.number + 1
        if progress is not None:
            progress(done, recording.frames)
    visits += [visit for area in counter.areas for visit in area.finish()]
    return CountResult(tuple(crossings), tuple(visits), done, recording.fps)
