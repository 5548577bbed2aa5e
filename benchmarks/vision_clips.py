"""The footage beside the project: its clips, and what truly happened in them."""

from __future__ import annotations

import csv
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vision.capture import Frame, Recording
from vision.count import Counter
from vision.lines import Line
from vision.zones import Area, Visit

FOOTAGE = Path(__file__).resolve().parents[2] / "shared" / "data" / "footage"
CLIPS = ("overhead-shadows.mp4", "square-oblique.avi")
VISITS = "table-visits.mp4"
TABLE = Area("table", ((0.45, 0.1), (0.75, 0.1), (0.75, 0.98), (0.45, 0.98)))

Totals = Tally[tuple[str, str, str]]
"""Crossings of each clip, line and direction."""


@dataclass(frozen=True, slots=True)
class Film:
    """Pictures with their rate, the lines on them, and the true crossings: frame, line, way."""

    clip: str
    fps: float
    frames: Iterable[Frame]
    lines: tuple[Line, ...]
    crossings: tuple[tuple[int, str, str], ...]

    def truth(self) -> Totals:
        """Give the true totals."""
        return Tally((self.clip, line, way) for _, line, way in self.crossings)


class Replayed:
    """A clip that can be read again and again; never more than one picture in memory."""

    def __init__(self, path: Path) -> None:
        """Read from a file."""
        self._path = path

    def __iter__(self) -> Iterator[Frame]:
        """Give all pictures from the first."""
        return iter(Recording(str(self._path)))


def film(clip: str) -> Film:
    """Open a clip with its lines and crossings."""
    with (FOOTAGE / "crossings.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["clip"] == clip]
    lines = {row["line"]: _line(row) for row in rows}
    crossings = tuple((int(row["frame"]), row["line"], row["direction"]) for row in rows)
    path = FOOTAGE / clip
    return Film(clip, Recording(str(path)).fps, Replayed(path), tuple(lines.values()), crossings)


def _line(row: dict[str, str]) -> Line:
    start, end = (float(row["x1"]), float(row["y1"])), (float(row["x2"]), float(row["y2"]))
    return Line(row["line"], start, end)


def dwells() -> list[float]:
    """Give the true dwell of each visit to the table, in seconds."""
    fps = film(VISITS).fps
    with (FOOTAGE / "visits.csv").open() as file:
        return [(int(r["last_frame"]) - int(r["first_frame"])) / fps for r in csv.DictReader(file)]


def counted(shown: Film) -> Totals:
    """Count a film."""
    counter = Counter(shown.fps, shown.lines, ())
    crossed = [one for frame in shown.frames for one in counter.look(frame)[0]]
    return Tally((shown.clip, line, way) for line, way in crossed)


def visited(fps: float, frames: Iterable[Frame]) -> list[Visit]:
    """Give the visits to the table, in order of their ends."""
    counter = Counter(fps, (), (TABLE,))
    visits = [visit for frame in frames for visit in counter.look(frame)[1]]
    return visits + [visit for area in counter.areas for visit in area.finish()]


def errors(seen: Totals, truth: Totals) -> int:
    """Sum the absolute errors of all totals."""
    return sum(abs(seen[key] - truth[key]) for key in truth | seen)
