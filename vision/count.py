"""Count people in a recording, as fast as it decodes."""

from __future__ import annotations

import math
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vision.capture import Frame, Recording, ahead
from vision.detect import Detector
from vision.lines import Direction, Line, LineWatch, Point
from vision.scene import Person, Scene
from vision.sizes import BodyHint
from vision.turns import TurnWatch
from vision.zones import Area, AreaWatch, Visit

ENOUGH_FPS = 10.0
"""So many pictures a second tell where people go; of more, only every second, third ... is used."""
TWIN_MS, TWIN_GIRTHS = 1000, 0.9
"""Who crosses so soon after another, the same way and less than a body's width away from where the
other is by then, is part of the other: two people are further apart."""


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
    track: int
    line: str
    direction: Direction
    point: Point
    t: int


class Counter:
    """Lines and areas of one camera, watched picture by picture.

    `people` are those who are there now and have walked, `points` where they are, `totals` the
    crossings of each line and direction so far, `turns` how many of them were somebody's way back,
    and `loiterers` the numbers of those who stay in an area for longer than its limit.
    """

    def __init__(
        self,
        fps: float,
        lines: Sequence[Line],
        areas: Sequence[Area],
        body: BodyHint = None,
        *,
        masks: Sequence[Sequence[Point]] = (),
        detector: Detector | None = None,
    ) -> None:
        """Expect `fps` pictures a second; `body` is a person's height in picture heights.

        It may also be two pairs of a row of feet and the height there. Nothing is looked at inside
        `masks`, polygons in fractions of the picture. A `detector` finds the bodies; without one
        it is motion that tells.
        """
        self.fps = fps
        self._every = every(fps)
        self._number = 0
        self._scene = Scene(fps / self._every, body, masks, detector)
        self._lines = lines
        self._watches: list[LineWatch] = []
        self._aspect = 1.0
        self._recent: list[_Recent] = []
        self._turns = TurnWatch()
        self.areas = [AreaWatch(area) for area in areas]
        self.people: tuple[Person, ...] = ()
        self.points: list[Point] = []
        self.totals: Tally[tuple[str, Direction]] = Tally()
        self.turns = 0
        self.loiterers: tuple[int, ...] = ()

    def look(self, frame: Frame) -> tuple[list[tuple[str, Direction]], list[Visit]]:
        """Take a picture; gives who crossed which line, and the visits that ended."""
        self._number += 1
        if (self._number - 1) % self._every:
            return [], []
        if not self._watches:
            height, width = frame.image.shape[:2]
            self._aspect = width / height
            self._watches = [LineWatch(line, self._aspect) for line in self._lines]
        people, ended = self._scene.look(frame.image, frame.t)
        self.people = tuple(person for person in people if person.walked)
        self.points = [person.point for person in self.people]
        crossed = self._crossings(frame.t)
        self._forget(ended)
        return crossed, self._stays(people, frame.t)

    def _crossings(self, t: int) -> list[tuple[str, Direction]]:
        crossed: list[tuple[str, Direction]] = []
        for watch in self._watches:
            name = watch.line.name
            for person in self.people:
                if not person.seen:
                    continue
                direction = watch.look(person.number, person.point)
                if direction is None or not self._is_new(name, direction, person, t):
                    continue
                crossed.append((name, direction))
                self.turns += self._turns.look(name, person.number, direction, t)
        self.totals.update(crossed)
        return crossed

    def _stays(self, people: Sequence[Person], t: int) -> list[Visit]:
        if not self.areas:
            return []
        where = {person.number: person.point for person in people if person.seen}
        walked = {person.number for person in self.people}
        visits = [visit for area in self.areas for visit in area.look(where, t, walked)]
        long = {number for area in self.areas for number in area.loiterers(t)}
        self.loiterers = tuple(sorted(long))
        return visits

    def _forget(self, ended: Sequence[int]) -> None:
        for number in ended:
            self._turns.forget(number)
            for watch in self._watches:
                watch.forget(number)

    def _is_new(self, line: str, direction: Direction, person: Person, t: int) -> bool:
        """Tell a person from a part of one who has just crossed: an arm, a trolley, a shadow."""
        self._recent = [recent for recent in self._recent if t - recent.t < TWIN_MS]
        near = TWIN_GIRTHS * self._scene.girth(person.point[1])
        now = {other.number: other.point for other in self.people}
        here = self._flat(person.point)
        twin = any(
            (recent.line, recent.direction) == (line, direction)
            and math.dist(self._flat(now.get(recent.track, recent.point)), here) < near
            for recent in self._recent
        )
        self._recent.append(_Recent(person.number, line, direction, person.point, t))
        return not twin

    def _flat(self, point: Point) -> Point:
        return point[0] * self._aspect, point[1]


def every(fps: float) -> int:
    """Give of how many pictures at so many a second one is enough."""
    return max(1, int(fps / ENOUGH_FPS))


def count_video(
    path: str,
    lines: Sequence[Line],
    areas: Sequence[Area] = (),
    body: BodyHint = None,
    progress: Callable[[int, int], None] | None = None,
    *,
    masks: Sequence[Sequence[Point]] = (),
    detector: Detector | None = None,
    watch: Callable[[Frame, Counter], None] | None = None,
) -> CountResult:
    """Count a whole recording; `progress` gets the pictures done and in all.

    `body`, `masks` and `detector` are those of Counter; `watch` is called for every picture that
    was looked at. Raises MediaError when it is no video.
    """
    recording = Recording(path)
    step = every(recording.fps)
    counter = Counter(recording.fps / step, lines, areas, body, masks=masks, detector=detector)
    crossings: list[Crossed] = []
    visits: list[Visit] = []
    for frame in ahead(recording.pictures(step)):
        crossed, ended = counter.look(frame)
        crossings += [Crossed(n, d, frame.number, frame.t / 1000) for n, d in crossed]
        visits += ended
        if watch is not None:
            watch(frame, counter)
        if progress is not None:
            progress(frame.number + 1, recording.frames)
    if progress is not None:
        progress(recording.read, recording.frames)
    visits += [visit for area in counter.areas for visit in area.finish()]
    return CountResult(tuple(crossings), tuple(visits), recording.read, recording.fps)
