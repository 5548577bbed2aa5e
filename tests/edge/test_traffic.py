"""People: crossings become minutes, and the number of people inside."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.events import Event, OccupancyChanged, QueueChanged, TrafficCounted
from edge.readings import Crossing, Direction, PeopleSeen, PresenceMapped, ZonePeople
from edge.rows import Rows
from edge.traffic import MINUTE_MS, STORE, LineMinute, Traffic

T0 = 1_800_000_000_000 // MINUTE_MS * MINUTE_MS


def traffic_of(minutes: Rows[tuple[str, int, int], LineMinute] | None = None) -> Traffic:
    """Count people at an entrance and in an aisle, with a queue at the tills."""
    return Traffic(
        minutes=Rows() if minutes is None else minutes,
        occupancy=Rows(),
        heat=Rows(),
        entrances=["entrance"],
        queues=["tills"],
        epoch=7,
    )


def counts(events: list[Event]) -> list[tuple[str, datetime, int, int]]:
    """Give line, start, in and out of what was published."""
    return [(e.line, e.start, e.in_, e.out) for e in events if isinstance(e, TrafficCounted)]


def test_a_minute_is_published_when_it_is_over() -> None:
    """Once, with all that crossed in it."""
    traffic = traffic_of()
    for direction in ("in", "in", "out"):
        traffic.cross(Crossing("aisle", direction, T0 + 5_000), T0 + 6_000)
    assert traffic.advance(T0 + MINUTE_MS - 1) == []
    start = datetime.fromtimestamp(T0 / 1000, UTC)
    assert counts(traffic.advance(T0 + MINUTE_MS)) == [("aisle", start, 2, 1)]
    assert traffic.advance(T0 + 2 * MINUTE_MS) == []


def test_a_crossing_that_comes_late_adds_to_its_minute() -> None:
    """What was published stays true; the counts of a minute add up."""
    traffic = traffic_of()
    traffic.cross(Crossing("aisle", "in", T0), T0)
    first = traffic.advance(T0 + MINUTE_MS)
    traffic.cross(Crossing("aisle", "in", T0 + 30_000), T0 + 5 * MINUTE_MS)
    late = traffic.advance(T0 + 6 * MINUTE_MS)
    assert counts(first) == counts(late)
    put, _ = traffic.minutes.collect()
    assert [(row.start, row.heard, row.in_, row.told) for row in put] == [
        (T0, T0, 1, True),
        (T0, T0 + 5 * MINUTE_MS, 1, True),
    ]


def test_a_minute_that_was_not_published_survives_a_restart() -> None:
    """What is on disk untold is told."""
    row = LineMinute("aisle", T0, T0, in_=3)
    traffic = traffic_of(Rows([(("aisle", T0, T0), row)]))
    traffic.cross(Crossing("aisle", "in", T0 + 1), T0 + 2)
    assert [n for _, _, n, _ in counts(traffic.advance(T0 + MINUTE_MS))] == [4]


def test_only_an_entrance_changes_how_many_are_inside() -> None:
    """Nobody counts below zero: who was missed on the way in still leaves."""
    traffic = traffic_of()
    assert traffic.cross(Crossing("aisle", "in", T0), T0) == []
    inside = []
    for direction in ("in", "in", "out", "out", "out", "in"):
        events = traffic.cross(Crossing("entrance", direction, T0), T0)
        inside += [e.people for e in events if isinstance(e, OccupancyChanged)]
    assert inside == [1, 2, 1, 0, 1]


def test_a_zone_tells_when_its_people_change_and_a_queue_also_its_wait() -> None:
    """A longer stay is news in a queue only."""
    traffic = traffic_of()

    def see(zone: str, people: int, dwell_s: float) -> list[Event]:
        return traffic.see(PeopleSeen(T0, (ZonePeople(zone, people, dwell_s),)))

    assert [type(e) for e in see("floor", 0, 0.0)] == [OccupancyChanged]
    assert [type(e) for e in see("floor", 2, 1.0)] == [OccupancyChanged]
    assert see("floor", 2, 1.0) == []
    assert see("floor", 2, 9.0) == []
    assert [type(e) for e in see("tills", 1, 1.0)] == [OccupancyChanged, QueueChanged]
    (waited,) = see("tills", 1, 8.0)
    assert isinstance(waited, QueueChanged)
    assert (waited.people, waited.wait_s) == (1, 8.0)


def test_a_heat_map_is_kept_and_not_held_in_memory() -> None:
    """It is read from the disk by who wants it."""
    traffic = traffic_of()
    traffic.map("camera-1", PresenceMapped(T0, T0 + MINUTE_MS, 2, 1, (0.5, 1.5)))
    assert len(traffic.heat) == 0
    ((heat,), _) = traffic.heat.collect()
    assert (heat.camera, heat.cells) == ("camera-1", (0.5, 1.5))


def test_a_time_that_no_calendar_holds_is_refused_before_it_is_kept() -> None:
    """A camera that counts in microseconds must not stop the minutes of all others."""
    traffic = traffic_of()
    with pytest.raises(ValueError, match="year"):
        traffic.cross(Crossing("aisle", "in", T0 * 1000), T0)
    traffic.cross(Crossing("aisle", "in", T0), T0)
    assert [n for _, _, n, _ in counts(traffic.advance(T0 + MINUTE_MS))] == [1]


CROSSINGS = st.tuples(
    st.sampled_from(["entrance", "aisle"]),
    st.sampled_from(["in", "out"]),
    st.integers(-10 * MINUTE_MS, MINUTE_MS),
    st.integers(0, MINUTE_MS),
)


@settings(deadline=None)
@given(st.lists(CROSSINGS, max_size=60))
def test_every_crossing_is_published_once(
    crossings: list[tuple[str, Direction, int, int]],
) -> None:
    """Late or early, the minutes add up to what crossed; versions of levels rise."""
    traffic, now = traffic_of(), T0
    events: list[Event] = []
    for line, direction, lag, pause in crossings:
        now += pause
        events += traffic.cross(Crossing(line, direction, now + lag), now)
        events += traffic.advance(now)
    events += traffic.advance(now + MINUTE_MS)
    for line in ("entrance", "aisle"):
        told = [(n_in, n_out) for name, _, n_in, n_out in counts(events) if name == line]
        went = [direction for name, direction, _, _ in crossings if name == line]
        assert sum(n for n, _ in told) == went.count("in")
        assert sum(n for _, n in told) == went.count("out")
    levels = [e for e in events if isinstance(e, OccupancyChanged)]
    assert [e.version for e in levels] == list(range(1, len(levels) + 1))
    assert all(e.zone == STORE and e.people >= 0 for e in levels)
