"""People: who crossed which line, how many are inside, how long a queue waits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from msgspec import Struct
from msgspec.structs import replace

from edge.capacity import Capacity
from edge.events import (
    CapacityChanged,
    Event,
    OccupancyChanged,
    QueueChanged,
    TrafficCounted,
    moment,
)
from edge.hours import Hours
from edge.occupancy import Headcount, cross, cross_staff, in_sight, pass_time, see, turn
from edge.readings import Crossing, LineCount, PeopleSeen, PresenceMapped, ZonePeople
from edge.rows import Rows

MINUTE_MS = 60_000
SIGHT_MS = 5_000  # what cameras saw within this is one moment
STORE = "store"  # the zone that stands for the whole shop


class LineMinute(Struct, frozen=True):
    """People across a line in the minute `start`, as heard of in the minute `heard`.

    A crossing that comes late is a row of its own, so that what was published (`told`) stays true
    and the counts of a minute add up. Staff is not among `in_` and `out`.
    """

    line: str
    start: int
    heard: int
    in_: int = 0
    out: int = 0
    told: bool = False
    staff_in: int = 0
    staff_out: int = 0


class Occupancy(Struct, frozen=True):
    """How many people are in a zone, surely within `low` and `high`, as of `at`.

    `wait_s` and `wait_mean_s` are the longest and the mean stay where it is a queue.
    """

    zone: str
    people: int = 0
    wait_s: float = 0.0
    version: int = 0
    at: int = 0
    low: int = 0
    high: int = 0
    wait_mean_s: float | None = None


class HeatMap(Struct, frozen=True):
    """Seconds of presence in the cells of a camera's picture, row by row."""

    camera: str
    start: int
    end: int
    width: int
    height: int
    cells: tuple[float, ...]


class TrafficRows(Struct, frozen=True):
    """What is known of people."""

    minutes: Rows[tuple[str, int, int], LineMinute]
    occupancy: Rows[str, Occupancy]
    headcounts: Rows[str, Headcount]
    heat: Rows[tuple[str, int], HeatMap]


class TrafficRules(Struct, frozen=True):
    """How people are counted.

    `entrances` are the lines that lead into the shop, `overlaps` gives for each zone whose people
    are inside those that share floor with it. `error_rate` is the share of crossings that are
    counted wrongly.
    """

    entrances: Collection[str]
    queues: Collection[str]
    overlaps: Mapping[str, frozenset[str]]
    hours: Hours
    error_rate: float
    capacity: Capacity | None = None


class Traffic:
    """Counts people; `watched` tells whether all cameras that see zones are at work."""

    def __init__(
        self, rows: TrafficRows, rules: TrafficRules, watched: Callable[[], bool], *, epoch: int
    ) -> None:
        """Take up the rows that are on disk; minutes that were published are not among them."""
        self.minutes = rows.minutes
        self.occupancy = rows.occupancy
        self.heat = rows.heat
        self._headcounts = rows.headcounts
        self._rules = rules
        self._watched = watched
        self._epoch = epoch

    def cross(self, crossing: Crossing, now: int) -> list[Event]:
        """Count one crossing, and the people inside where the line is an entrance."""
        in_, out = (1, 0) if crossing.direction == "in" else (0, 1)
        return self.count(LineCount(crossing.line, crossing.t, crossing.t, in_, out), now)

    def count(self, count: LineCount, now: int) -> list[Event]:
        """Count people across a line; those of before the last opening are inside no more."""
        moment(count.start + MINUTE_MS)  # raises here, not when the minute is published
        staff = self._rules.hours.is_staff(count.start)
        self._add(count, now, staff=staff)
        if count.line not in self._rules.entrances:
            return []
        inside = self._headcount(now)
        if count.end < inside.turned:
            return []
        if staff:
            return self._settle(cross_staff(inside, count.in_, count.out, now), count.end)
        error = self._rules.error_rate
        return self._settle(cross(inside, count.in_, count.out, error, now), count.end)

    def see(self, reading: PeopleSeen, now: int) -> list[Event]:
        """Take what a camera sees in its zones; what comes late is not news."""
        events: list[Event] = []
        for zone in reading.zones:
            last = self._inside(zone.zone)
            late = reading.t < last.at <= now
            if not late and zone.zone != STORE:
                events += self._occupy(zone, last, reading.t)
        seen = {row.zone: row.people for row in self.occupancy if self._is_in_sight(row, now)}
        total = in_sight(seen, self._rules.overlaps)
        if total and self._rules.hours.is_open(now):
            events += self._settle(see(self._headcount(now), total, now), now)
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

    def redraw(
        self, entrances: Collection[str], queues: Collection[str], gone: Collection[str], now: int
    ) -> list[Event]:
        """Follow a change of lines and areas; nobody is known in zones that are `gone`."""
        events: list[Event] = []
        for zone in sorted(gone):
            last = self._inside(zone)
            if last.version:
                events += self._occupy(ZonePeople(zone, 0, 0.0), last, now)
        for zone in sorted({*self._rules.queues}.difference(queues, gone)):
            events += self._end_queue(zone)
        self._rules = replace(self._rules, entrances=entrances, queues=queues)
        return events

    def advance(self, now: int) -> list[Event]:
        """Publish the minutes that are over; let doubt grow, and openings and closings come."""
        this_minute = now - now % MINUTE_MS
        events: list[Event] = []
        for row in self.minutes:
            if row.heard < this_minute:
                key = (row.line, row.start, row.heard)
                self.minutes.put(key, replace(row, told=True))
                self.minutes.forget(key)
                events.append(_counted(row))
        if STORE in self._headcounts:
            nobody = not any(row.people for row in self.occupancy if row.zone != STORE)
            inside = self._headcount(now)
            later = pass_time(inside, now, quiet=nobody and self._watched())
            if later != self._headcounts.get(STORE):
                events += self._settle(later, now)
        return events

    def _add(self, count: LineCount, now: int, *, staff: bool) -> None:
        start = count.start - count.start % MINUTE_MS
        key = (count.line, start, now - now % MINUTE_MS)
        row = self.minutes.get(key) or LineMinute(*key)
        if staff:
            row = replace(
                row, staff_in=row.staff_in + count.in_, staff_out=row.staff_out + count.out
            )
        else:
            row = replace(row, in_=row.in_ + count.in_, out=row.out + count.out)
        self.minutes.put(key, row)

    def _headcount(self, now: int) -> Headcount:
        """Give the visitors inside, anew where the shop has opened or closed since."""
        inside = self._headcounts.get(STORE) or Headcount(STORE)
        newest = self._rules.hours.turn(now)
        if newest is None or newest.at <= inside.turned:
            return inside
        return turn(inside, newest.at, closing=newest.closing)

    def _is_in_sight(self, row: Occupancy, now: int) -> bool:
        return row.zone in self._rules.overlaps and abs(now - row.at) <= SIGHT_MS

    def _inside(self, zone: str) -> Occupancy:
        return self.occupancy.get(zone) or Occupancy(zone)

    def _occupy(self, zone: ZonePeople, last: Occupancy, t: int) -> list[Event]:
        same_wait = (zone.dwell_s, zone.wait_mean_s) == (last.wait_s, last.wait_mean_s)
        if zone.people == last.people and same_wait and last.version:
            if zone.people:
                self.occupancy.put(zone.zone, replace(last, at=t))
            return []
        version, people = last.version + 1, zone.people
        row = Occupancy(
            zone.zone, people, zone.dwell_s, version, t, people, people, zone.wait_mean_s
        )
        self.occupancy.put(zone.zone, row)
        events: list[Event] = []
        if people != last.people or not last.version:
            events.append(self._level(row))
        if zone.zone in self._rules.queues:
            events.append(
                QueueChanged(
                    zone=zone.zone,
                    epoch=self._epoch,
                    version=version,
                    people=people,
                    wait_s=zone.dwell_s,
                    wait_mean_s=zone.wait_mean_s,
                )
            )
        return events

    def _end_queue(self, zone: str) -> list[Event]:
        """Let nobody wait in a zone that is no queue any more, though people may stand there."""
        last = self._inside(zone)
        if not last.version:
            return []
        self.occupancy.put(zone, replace(last, version=last.version + 1))
        ended = QueueChanged(
            zone=zone, epoch=self._epoch, version=last.version + 1, people=0, wait_s=0.0
        )
        return [ended]

    def _settle(self, inside: Headcount, t: int) -> list[Event]:
        """Keep the visitors inside, and tell of them where that is news."""
        alarm = self._alarm(inside, t)
        alarms = inside.alarms + len(alarm)
        capacity = alarm[0].state if alarm else inside.capacity
        self._headcounts.put(STORE, replace(inside, capacity=capacity, alarms=alarms))
        last = self._inside(STORE)
        news = (inside.people, inside.low, inside.high)
        if news == (last.people, last.low, last.high) and last.version:
            return [*alarm]
        row = Occupancy(STORE, inside.people, 0.0, last.version + 1, t, inside.low, inside.high)
        self.occupancy.put(STORE, row)
        return [self._level(row), *alarm]

    def _alarm(self, inside: Headcount, t: int) -> list[CapacityChanged]:
        limit = self._rules.capacity
        state = limit.fullness(inside.people, inside.capacity) if limit else "ok"
        if state == inside.capacity:
            return []
        changed = CapacityChanged(
            zone=STORE,
            epoch=self._epoch,
            version=inside.alarms + 1,
            state=state,
            people=inside.people,
            low=inside.low,
            high=inside.high,
            capacity=limit.people if limit else None,
            as_of=moment(t),
        )
        return [changed]

    def _level(self, row: Occupancy) -> OccupancyChanged:
        return OccupancyChanged(
            zone=row.zone,
            epoch=self._epoch,
            version=row.version,
            people=row.people,
            low=row.low,
            high=row.high,
            as_of=moment(row.at),
        )


def _counted(row: LineMinute) -> TrafficCounted:
    return TrafficCounted(
        line=row.line,
        start=moment(row.start),
        end=moment(row.start + MINUTE_MS),
        in_=row.in_,
        out=row.out,
        staff_in=row.staff_in,
        staff_out=row.staff_out,
    )
