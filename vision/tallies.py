"""What a camera counts, as a technician sees it live: numbers and boxes, no pixels."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from typing import Any

from vision.lines import Direction
from vision.scene import Person
from vision.zones import AreaWatch

SHOWN_EVERY_MS = 200
DIGITS = 4
Box = tuple[float, float, float, float]


class Tallies:
    """Counts the crossings of each line since the start, and shows them for as long as asked."""

    def __init__(self) -> None:
        """Begin with nothing counted and nobody watching."""
        self._crossed: Tally[tuple[str, Direction]] = Tally()
        self._until = 0
        self._shown = 0

    def add(self, crossings: Iterable[tuple[str, Direction]]) -> None:
        """Count crossings: line and direction."""
        self._crossed.update(crossings)

    def show(self, seconds: float, now: int) -> None:
        """Show for so long from `now` (ms); a later wish extends an earlier one."""
        self._until = max(self._until, now + round(1000 * seconds))

    def is_due(self, now: int) -> bool:
        """Tell whether to show at `now` (ms), at most five times a second."""
        if now >= self._until or now - self._shown < SHOWN_EVERY_MS:
            return False
        self._shown = now
        return True

    def shown(
        self, t: int, people: Iterable[Person], lines: Sequence[str], areas: Iterable[AreaWatch]
    ) -> dict[str, Any]:
        """Give what is published; boxes and points are fractions of the picture."""
        return {
            "t": t,
            "people": [
                {"number": p.number, "box": _inside(p.box), "point": _rounded(p.point)}
                for p in people
            ],
            "lines": [
                {"line": line, "in": self._crossed[line, "in"], "out": self._crossed[line, "out"]}
                for line in lines
            ],
            "zones": [{"zone": area.area.zone, "people": area.people()} for area in areas],
        }


def _inside(box: Box) -> list[float]:
    """Cut a box at the picture's edges."""
    left, top, width, height = box
    right, bottom = min(left + width, 1.0), min(top + height, 1.0)
    left, top = max(left, 0.0), max(top, 0.0)
    return _rounded((left, top, max(right - left, 0.0), max(bottom - top, 0.0)))


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(min(max(value, 0.0), 1.0), DIGITS) for value in values]
