"""People: crossings become minutes, and the number of people inside."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.capacity import Capacity
from edge.events import CapacityChanged, Event, OccupancyChanged, QueueChanged, TrafficCounted
from edge.hours import Hours, Turn
from edge.occupancy import QUIET_MS
from edge.readings import (
    Crossing,
    Direction,
    LineCount,
    PeopleSeen,
    PresenceMapped,
    ZonePeople,
)
from edge.rows import Rows
from edge.traffic import MINUTE_MS, STORE, LineMinute, Traffic, TrafficRows, TrafficRules

T0 = 1_800_000_000_000 // MINUTE_MS * MINUTE_MS


ALWAYS = Hours(lambda _: None, lambda _: True, lambda _: False)
APART = {zone: frozenset({zone}) for zone in ("floor", "tills")}
RULES = TrafficRules(
    entrances=["entrance", "side"],
    queues=["tills"],
    overlaps=APART,
    hours=ALWAYS,
    error_rate=0.03,
)


def rows_of(minutes: Rows[tuple[str, int, int], LineMinute] | None = None) -> TrafficRows:
    """Give what is known of people, at first nothing."""
    return TrafficRows(Rows() if minutes is None else minutes, Rows(), Rows(), Rows())


def traffic_of(
    minutes: Rows[tuple[str, int, int], LineMinute] | None = None,
    *,
    rules: TrafficRules = RULES,
    rows: TrafficRows | None = None,
    watched: bool = True,
) -> Traffic:
    """Count people at two entrances and in an aisle, with a queue at the tills."""
    return Traffic(rows or rows_of(minutes), rules, lambda: watched, epoch=7)


def visitors(events: list[Event]) -> list[tuple[int, int | None, int | None]]:
    """Give people, low and high of each level of the whole shop."""
    levels = [e for e in events if isinstance(e, OccupancyChanged) and e.zone == STORE]
    return [(e.people, e.low, e.high) for e in levels]


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
        return traffic.see(PeopleSeen(T0, (ZonePeople(zone, people, dwell_s),)), T0 + MINUTE_MS)

    assert [type(e) for e in see("floor", 0, 0.0)] == [OccupancyChanged]
    assert [type(e) for e in see("floor", 2, 1.0)] == [OccupancyChanged]
    assert see("floor", 2, 1.0) == []
    assert see("floor", 2, 9.0) == []
    assert [type(e) for e in see("tills", 1, 1.0)] == [OccupancyChanged, QueueChanged]
    (waited,) = see("tills", 1, 8.0)
    assert isinstance(waited, QueueChanged)
    assert (waited.people, waited.wait_s, waited.wait_mean_s) == (1, 8.0, None)
    mean = PeopleSeen(T0, (ZonePeople("tills", 1, 8.0, 5.5),))
    (waited,) = traffic.see(mean, T0 + MINUTE_MS)
    assert isinstance(waited, QueueChanged)
    assert (waited.wait_s, waited.wait_mean_s) == (8.0, 5.5)


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


def test_doors_add_up_to_one_figure_and_doubt_grows_with_each_crossing() -> None:
    """Two standard deviations on each side; what crosses an aisle says nothing of the shop."""
    traffic, events = traffic_of(), list[Event]()
    for n in range(100):
        events += traffic.cross(Crossing(("entrance", "side")[n % 2], "in", T0), T0)
        events += traffic.cross(Crossing("aisle", "out", T0), T0)
    assert visitors(events)[:3] == [(1, 1, 1), (2, 2, 2), (3, 2, 4)]
    assert visitors(events)[-1] == (100, 97, 103)


def test_doubt_grows_with_time() -> None:
    """Who passes unseen adds up by the minute, however often time is told."""
    traffic = traffic_of(watched=False)
    traffic.cross(Crossing("entrance", "in", T0), T0)
    seldom = traffic.advance(T0) + traffic.advance(T0 + 10 * 3_600_000)
    assert visitors(seldom) == [(1, 0, 3)]
    often = traffic_of(watched=False)
    often.cross(Crossing("entrance", "in", T0), T0)
    told = [e for minute in range(601) for e in often.advance(T0 + minute * MINUTE_MS)]
    assert visitors(told)[-1] == (1, 0, 3)


def see(traffic: Traffic, now: int, **zones: int) -> list[Event]:
    """Let cameras see people in zones now."""
    seen = tuple(ZonePeople(zone, people, 0.0) for zone, people in zones.items())
    return traffic.see(PeopleSeen(now, seen), now)


def test_whom_cameras_see_at_once_is_in_the_shop() -> None:
    """The sum over zones that do not overlap is the least; doubt below it is gone."""
    traffic = traffic_of()
    traffic.cross(Crossing("entrance", "in", T0), T0)
    assert visitors(see(traffic, T0, floor=2, tills=1)) == [(3, 3, 3)]
    shared = replace(RULES, overlaps=dict.fromkeys(APART, frozenset(APART)))
    assert visitors(see(traffic_of(rules=shared), T0, floor=2, tills=1)) == [(2, 2, 2)]


def test_what_cameras_saw_at_different_times_is_not_added_up() -> None:
    """One person may have walked from zone to zone; a zone that is not ours says nothing."""
    traffic = traffic_of()
    see(traffic, T0, floor=2)
    assert visitors(see(traffic, T0 + 6_000, tills=1)) == []
    assert visitors(see(traffic, T0 + 6_000, street=9)) == []
    assert see(traffic, T0 + 6_000, store=9) == []


def test_a_camera_that_tells_late_does_not_turn_back_a_zone() -> None:
    """Only a camera whose clock was ahead may go back in time."""
    traffic = traffic_of()
    see(traffic, T0, floor=2)
    assert traffic.see(PeopleSeen(T0 - 1, (ZonePeople("floor", 5, 0.0),)), T0) == []
    traffic.see(PeopleSeen(T0 + 9_999_999, (ZonePeople("floor", 3, 0.0),)), T0 + 1)
    assert len(traffic.see(PeopleSeen(T0 + 2, (ZonePeople("floor", 4, 0.0),)), T0 + 2)) == 2


def test_a_long_time_with_nobody_in_sight_pulls_the_figure_down() -> None:
    """Half of them every quarter of an hour, while all cameras are at work."""
    seeing, blind = traffic_of(), traffic_of(watched=False)
    told: dict[bool, list[Event]] = {True: [], False: []}
    for traffic in (seeing, blind):
        see(traffic, T0, floor=0, tills=0)
        traffic.count(LineCount("entrance", T0, T0, 4, 0), T0)
        for now in range(T0, T0 + 3 * QUIET_MS + 1, 30_000):
            told[traffic is seeing] += traffic.advance(now)
    people = [people for people, _, _ in visitors(told[True])]
    assert list(dict.fromkeys(people)) == [2, 1, 0]
    assert {people for people, _, _ in visitors(told[False])} <= {4}


def hours(*turns: Turn) -> Hours:
    """Give hours with these openings and closings; from 8 minutes on only staff comes."""

    def turn(now: int) -> Turn | None:
        return max((t for t in turns if t.at <= now), key=lambda t: t.at, default=None)

    def is_open(now: int) -> bool:
        newest = turn(now)
        return newest is None or not newest.closing

    return Hours(turn, is_open, lambda t: t >= T0 + 8 * MINUTE_MS)


def test_closing_and_opening_begin_anew() -> None:
    """Drift ends there; what comes late, of before, counts for its minute only."""
    at = T0 + 3 * MINUTE_MS
    traffic = traffic_of(rules=replace(RULES, hours=hours(Turn(at, closing=True))))
    for _ in range(9):
        traffic.cross(Crossing("entrance", "in", T0), T0)
    assert visitors(traffic.advance(at - 1)) == []
    assert visitors(traffic.advance(at)) == [(0, 0, 0)]
    late = traffic.cross(Crossing("entrance", "out", at - 1), at + 1)
    assert (late, len(traffic.minutes)) == ([], 1)
    assert visitors(see(traffic, at + 2, floor=2)) == []
    assert visitors(traffic.cross(Crossing("entrance", "in", at), at + 3)) == [(1, 1, 1)]


def test_a_crossing_right_after_closing_counts_from_zero() -> None:
    """Also when it comes before time was told."""
    at = T0 + 3 * MINUTE_MS
    traffic = traffic_of(rules=replace(RULES, hours=hours(Turn(at, closing=False))))
    traffic.count(LineCount("entrance", T0, T0, 5, 0), T0)
    assert visitors(traffic.cross(Crossing("entrance", "in", at), at)) == [(1, 1, 1)]


def test_staff_is_counted_apart() -> None:
    """It is no visitor, neither across a line nor inside, also when a camera sees it."""
    late = T0 + 8 * MINUTE_MS
    traffic = traffic_of(rules=replace(RULES, hours=hours()))
    traffic.cross(Crossing("entrance", "in", T0), T0)
    assert traffic.count(LineCount("entrance", late, late, 3, 1), late) == []
    assert visitors(see(traffic, late, floor=3)) == []
    assert visitors(see(traffic, late, floor=4)) == [(2, 2, 2)]
    told = [e for e in traffic.advance(late + MINUTE_MS) if isinstance(e, TrafficCounted)]
    assert [(e.in_, e.out, e.staff_in, e.staff_out) for e in told] == [(1, 0, 0, 0), (0, 0, 3, 1)]


def test_the_alarm_of_a_full_shop_ends_later_than_it_began() -> None:
    """Near from nine tenths on, over beyond the capacity; one visitor more or less is no news."""
    traffic = traffic_of(rules=replace(RULES, capacity=Capacity(20, 0.9)))
    alarms: list[tuple[str, int, int]] = []
    for change in (18, -1, 4, -1, -1, -3):
        count = LineCount("entrance", T0, T0, max(0, change), max(0, -change))
        found = [e for e in traffic.count(count, T0) if isinstance(e, CapacityChanged)]
        alarms += [(e.state, e.people, e.version) for e in found]
    assert alarms == [("near", 18, 1), ("over", 21, 2), ("near", 19, 3), ("ok", 16, 4)]


def test_an_alarm_without_a_capacity_is_over() -> None:
    """Who took the capacity out of the configuration is not told of it any more."""
    full = replace(RULES, capacity=Capacity(1, 0.9))
    rows = rows_of()
    traffic_of(rules=full, rows=rows).count(LineCount("entrance", T0, T0, 2, 0), T0)
    events = traffic_of(rows=rows).cross(Crossing("entrance", "in", T0), T0)
    assert [(e.state, e.capacity) for e in events if isinstance(e, CapacityChanged)] == [
        ("ok", None)
    ]


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


STEPS = st.one_of(
    st.tuples(st.just("count"), st.integers(0, 9), st.integers(0, 9), st.integers(0, 90_000)),
    st.tuples(st.just("see"), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9_000)),
    st.tuples(st.just("wait"), st.integers(1, 40), st.just(0), st.just(0)),
)
DAY = replace(
    RULES,
    hours=hours(
        Turn(T0 + 5 * MINUTE_MS, closing=False),
        Turn(T0 + 30 * MINUTE_MS, closing=True),
        Turn(T0 + 90 * MINUTE_MS, closing=False),
    ),
    capacity=Capacity(10, 0.8),
    error_rate=0.5,
)


def live(steps: list[tuple[str, int, int, int]], restart: int | None) -> list[Event]:
    """Let a day pass; at step `restart` the rules are built anew from their rows."""
    rows, now = rows_of(), T0
    traffic, events = traffic_of(rules=DAY, rows=rows), list[Event]()
    for n, (what, one, two, lag) in enumerate(steps):
        if n == restart:
            rows = TrafficRows(
                Rows(rows.minutes.pairs()),
                Rows(rows.occupancy.pairs()),
                Rows(rows.headcounts.pairs()),
                Rows(),
            )
            traffic = traffic_of(rules=DAY, rows=rows)
        now += 7_000
        match what:
            case "count":
                events += traffic.count(LineCount("side", now - lag, now - lag, one, two), now)
            case "see":
                seen = (ZonePeople("floor", one, 1.0), ZonePeople("tills", two, 2.0))
                events += traffic.see(PeopleSeen(now - lag, seen), now)
            case _:
                for _ in range(one):
                    now += MINUTE_MS
                    events += traffic.advance(now)
        events += traffic.advance(now)
    return events


@settings(deadline=None)
@given(st.lists(STEPS, max_size=30), st.integers(0, 30))
def test_the_true_number_is_always_bounded_and_a_restart_changes_nothing(
    steps: list[tuple[str, int, int, int]], restart: int
) -> None:
    """Never below zero, low and high around the figure, and the same events from the rows alone."""
    events = live(steps, None)
    for event in events:
        if isinstance(event, OccupancyChanged | CapacityChanged):
            assert event.low is not None
            assert event.high is not None
            assert 0 <= event.low <= event.people <= event.high
    assert live(steps, restart) == events
