"""Count people in a recording, as fast as it decodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vision.capture import Frame, Recording
from vision.lines import Direction, Line, LineWatch
from vision.scene import Scene
from vision.zones import Area, AreaWatch, Visit


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


class Counter:
    """Lines and areas of one camera, watched picture by picture."""

    def __init__(
        self, fps: float, lines: Sequence[Line], areas: Sequence[Area], body: float | None = None
    ) -> None:
        """Expect `fps` pictures a second; `body` is a person's height in picture heights."""
        self._scene = Scene(fps, body)
        self._lines = lines
        self._watches: list[LineWatch] = []
        self.areas = [AreaWatch(area) for area in areas]
        self.points: list[tuple[float, float]] = []

    def look(self, frame: Frame) -> tuple[list[tuple[str, Direction]], list[Visit]]:
        """Take a picture; gives who crossed which line, and the visits that ended."""
        if not self._watches:
            height, width = frame.image.shape[:2]
            self._watches = [LineWatch(line, width / height) for line in self._lines]
        people, ended = self._scene.look(frame.image)
        crossed = [
            (watch.line.name, direction)
            for watch in self._watches
            for person in people
            if (direction := watch.look(person.number, person.point)) is not None
        ]
        for watch in self._watches:
            for number in ended:
                watch.forget(number)
        where = {person.number: person.point for person in people}
        self.points = list(where.values())
        visits = [visit for area in self.areas for visit in area.look(where, frame.t)]
        return crossed, visits


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
