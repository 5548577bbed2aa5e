"""People: who crossed which line, how many are inside, how long a queue waits."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from msgspec.structs import replace

from edge.events import Event, OccupancyChanged, QueueChanged, TrafficCounted, moment
from edge.readings import Crossing, PeopleSeen, PresenceMapped
from edge.rows import Rows

MINUTE_MS = 60_000
STORE = "store"  # the zone that stands for the whole shop


class LineMinute(Struct, frozen=True):
    """People across a line in the minute `start`, as heard of in the minute `heard`.

    A crossing that comes late is a row of its own, so that what was published (`told`) stays true
    and the counts of a minute add up.
    """

    line: str
    start: int
    heard: int
    in_: int = 0
    out: int = 0
    told: bool = False


class Occupancy(Struct, frozen=True):
    """How many people are in a zone; `wait_s` the longest stay where it is a queue."""

    zone: str
    people: int = 0
    wait_s: float = 0.0
    version: int = 0
    at: int = 0


class HeatMap(Struct, frozen=True):
    """Seconds of presence in the cells of a camera's picture, row by row."""

    camera: str
    start: int
    end: int
    width: int
    height: int
    cells: tuple[float, ...]


class Traffic:
    """Counts people; `entrances` are the lines that lead into the shop."""

    def __init__(
        self,
        *,
        minutes: Rows[tuple[str, int, int], LineMinute],
        occupancy: Rows[str, Occupancy],
        heat: Rows[tuple[str, int], HeatMap],
        entrances: Collection[str],
        queues: Collection[str],
        epoch: int,
    ) -> None:
        """Take up the rows that are on disk; minutes that were published are not among them."""
        self.minutes = minutes
        self.occupancy = occupancy
        self.heat = heat
        self._entrances = frozenset(entrances)
        self._queues = frozenset(queues)
        self._epoch = epoch

    def cross(self, crossing: Crossing, now: int) -> list[Event]:
        """Count one crossing, and the people inside where the line is an entrance."""
        moment(crossing.t + MINUTE_MS)  # raises here, not each time that the minute is published
        line = crossing.line
        start = crossing.t - crossing.t % MINUTE_MS
        key = (line, start, now - now % MINUTE_MS)
        row = self.minutes.get(key) or LineMinute(*key)
        if crossing.direction == "in":
            self.minutes.put(key, replace(row, in_=row.in_ + 1))
        else:
            self.minutes.put(key, replace(row, out=row.out + 1))
        if line not in self._entrances:
            return []
        people = self._inside(STORE).people + (1 if crossing.direction == "in" else -1)
        return self._occupy(STORE, max(0, people), 0.0, crossing.t)

    def see(self, reading: PeopleSeen) -> list[Event]:
        """Take what a camera sees in its zones."""
        events: list[Event] = []
        for zone in reading.zones:
            events += self._occupy(zone.zone, zone.people, zone.dwell_s, reading.t)
        return events

    def map(self, camera: str, reading: PresenceMapped) -> None:
        """Keep a heat map."""
        key = (camera, reading.start)
        self.heat.put(
            key,
            HeatMap(
                camera, reading.start, reading.end, reading.width, reading.height, reading.cells
            ),
        )
        self.heat.forget(key)

    def advance(self, now: int) -> list[Event]:
        """Publish the minutes that are over."""
        this_minute = now - now % MINUTE_MS
        events: list[Event] = []
        for row in self.minutes:
            if row.heard < this_minute:
                key = (row.line, row.start, row.heard)
                self.minutes.put(key, replace(row, told=True))
                self.minutes.forget(key)
                events.append(_counted(row))
        return events

    def _inside(self, zone: str) -> Occupancy:
        return self.occupancy.get(zone) or Occupancy(zone)

    def _occupy(self, zone: str, people: int, wait_s: float, t: int) -> list[Event]:
        last = self._inside(zone)
        if (people, wait_s) == (last.people, last.wait_s) and last.version:
            return []
        row = Occupancy(zone, people, wait_s, last.version + 1, t)
        self.occupancy.put(zone, row)
        events: list[Event] = []
        if people != last.people or not last.version:
            events.append(
                OccupancyChanged(
                    zone=zone,
                    epoch=self._epoch,
                    version=row.version,
                    people=people,
                    as_of=moment(t),
                )
            )
        if zone in self._queues:
            events.append(
                QueueChanged(
                    zone=zone, epoch=self._epoch, version=row.version, people=people, wait_s=wait_s
                )
            )
        return events


def _counted(row: LineMinute) -> TrafficCounted:
    return TrafficCounted(
        line=row.line,
        start=moment(row.start),
        end=moment(row.start + MINUTE_MS),
        in_=row.in_,
        out=row.out,
    )
