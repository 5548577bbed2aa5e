"""Zones: who stands in a polygon, since when, and when a visit is over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vision.zones import LEAST_VISIT_MS, LEFT_AFTER_MS, Area, AreaWatch, Visit

TABLE = Area("table", ((0.4, 0.1), (0.8, 0.1), (0.8, 0.5), (0.6, 0.5), (0.6, 0.9), (0.4, 0.9)))
INSIDE, OUTSIDE = (0.5, 0.5), (0.2, 0.5)
STEP = 100


def stand(
    watch: AreaWatch, track: int, point: tuple[float, float], start: int, end: int
) -> list[Visit]:
    """Let a track stand somewhere for a while; gives the visits that ended meanwhile."""
    return [
        visit
        for t in range(start, end + 1, STEP)
        for visit in watch.look({track: point}, t, {track})
    ]


def test_a_visit_goes_from_first_to_last_sight() -> None:
    """Somebody comes at 1 s and leaves at 9 s: one visit of eight seconds."""
    watch = AreaWatch(TABLE)
    assert stand(watch, 1, OUTSIDE, 0, 900) == []
    assert stand(watch, 1, INSIDE, 1000, 9000) == []
    assert stand(watch, 1, OUTSIDE, 9100, 30_000) == [Visit("table", 1000, 9000)]


def test_passing_through_is_no_visit() -> None:
    """A stay below the least visit is not told."""
    watch = AreaWatch(TABLE)
    stand(watch, 1, INSIDE, 0, LEAST_VISIT_MS - STEP)
    assert stand(watch, 1, OUTSIDE, LEAST_VISIT_MS, 30_000) == []
    assert watch.finish() == []


@given(st.integers(1, LEFT_AFTER_MS // STEP))
def test_a_short_absence_does_not_end_a_visit(steps: int) -> None:
    """Somebody behind a post, or half a step outside, is still the same visitor."""
    watch = AreaWatch(TABLE)
    stand(watch, 1, INSIDE, 0, 5000)
    assert stand(watch, 1, OUTSIDE, 5000 + STEP, 5000 + steps * STEP) == []
    stand(watch, 1, INSIDE, 5000 + steps * STEP, 12_000)
    assert watch.finish() == [Visit("table", 0, 12_000)]


def test_people_and_the_longest_stay_are_told_while_they_last() -> None:
    """Two people in the zone are two, and the longest stay is that of the first."""
    watch = AreaWatch(TABLE)
    stand(watch, 1, INSIDE, 0, 4000)
    for t in range(4100, 10_001, STEP):
        watch.look({1: INSIDE, 2: (0.7, 0.3), 3: OUTSIDE}, t, {1, 2, 3})
    assert watch.people() == 2
    assert watch.longest_s(10_000) == 10.0
    assert len(watch.finish()) == 2
    assert watch.people() == 0
    assert watch.longest_s(20_000) == 0.0


def test_a_hollow_corner_is_outside() -> None:
    """The zone is its polygon and not the box around it."""
    watch = AreaWatch(TABLE)
    stand(watch, 1, (0.7, 0.7), 0, 10_000)
    assert watch.people() == 0


def test_the_mean_stay_is_told() -> None:
    """Ten seconds and four seconds are seven in the mean; nobody is none."""
    watch = AreaWatch(TABLE)
    assert watch.mean_s(0) == 0.0
    stand(watch, 1, INSIDE, 0, 5900)
    for t in range(6000, 10_001, STEP):
        watch.look({1: INSIDE, 2: (0.7, 0.3)}, t, {1, 2})
    assert watch.mean_s(10_000) == 7.0


def test_who_stays_too_long_loiters() -> None:
    """Only beyond the area's limit, and only where it has one."""
    watch = AreaWatch(Area("table", TABLE.polygon, loiter_s=8.0))
    stand(watch, 1, INSIDE, 0, 8000)
    assert watch.loiterers(8000) == ()
    assert watch.loiterers(8001) == (1,)
    free = AreaWatch(TABLE)
    stand(free, 1, INSIDE, 0, 60_000)
    assert free.loiterers(60_000) == ()
