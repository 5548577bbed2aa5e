"""What a third-party counter calls its lines and zones, and what they are called here."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from devices.contract import Claims
from edge.readings import Direction, LineCount, PeopleSeen, Reading, ZonePeople


class LineName(Struct, frozen=True):
    """Our name of a line, its `direction` where it counts one way only.

    Their "in" is our "out" where it is `swapped`.
    """

    line: str
    direction: Direction | None = None
    swapped: bool = False

    def ways(self, in_: int, out: int) -> tuple[int, int]:
        """Give our in and out of theirs."""
        if self.direction is not None:
            return (in_ + out, 0) if self.direction == "in" else (0, in_ + out)
        return (out, in_) if self.swapped else (in_, out)

    def way(self, direction: Direction) -> Direction:
        """Give our direction of theirs."""
        return "in" if self.ways(*((1, 0) if direction == "in" else (0, 1)))[0] else "out"

    def count(self, start: int, end: int, in_: int, out: int) -> LineCount:
        """Give what they counted as ours; both times in epoch ms."""
        return LineCount(self.line, start, end, *self.ways(in_, out))


class Names(Struct, frozen=True):
    """Our lines and zones by their names; what has no name here claims nothing."""

    lines: Mapping[str, LineName]
    zones: Mapping[str, str]


def claims_of(readings: list[Reading | None]) -> Claims:
    """Give the readings that there are."""
    return Claims(tuple(reading for reading in readings if reading is not None))


def newest_seen(seen: list[tuple[int, ZonePeople]]) -> list[PeopleSeen]:
    """Give the newest people of each zone, a reading a moment, the oldest first."""
    newest: dict[str, tuple[int, ZonePeople]] = {}
    for t, people in seen:
        if people.zone not in newest or newest[people.zone][0] <= t:
            newest[people.zone] = (t, people)
    moments: dict[int, list[ZonePeople]] = {}
    for t, people in sorted(newest.values(), key=lambda pair: pair[0]):
        moments.setdefault(t, []).append(people)
    return [PeopleSeen(t, tuple(zones)) for t, zones in moments.items()]
