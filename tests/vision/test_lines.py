"""Counting lines: every true crossing once, in its direction, and nothing else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.lines import HYSTERESIS, Direction, Line, LineWatch, Point

ASPECT = 16 / 9


def walk(watch: LineWatch, points: list[Point], track: int = 1) -> list[Direction]:
    """Lead a track through points and collect what is counted."""
    seen = [watch.look(track, point) for point in points]
    return [direction for direction in seen if direction is not None]


def steps(a: Point, b: Point, count: int) -> list[Point]:
    """Give points from one to the other, both included."""
    return [
        (a[0] + (b[0] - a[0]) * n / count, a[1] + (b[1] - a[1]) * n / count)
        for n in range(count + 1)
    ]


class Crossing:
    """A line at any angle, and a way square to it; lengths are in picture heights."""

    def __init__(self, angle: float, length: float, at: float) -> None:
        """Lay the line through the middle of the picture; cross it at the share `at`."""
        self._along = math.cos(angle), math.sin(angle)
        self._length = length
        self._at = (at - 0.5) * length
        self.line = Line("l", self._point(-length / 2, 0), self._point(length / 2, 0))

    def way(self, first: float, last: float, count: int) -> list[Point]:
        """Walk from a distance to another; to the right hand of the line is positive."""
        return steps(self._point(self._at, first), self._point(self._at, last), count)

    def _point(self, along: float, right: float) -> Point:
        dx, dy = self._along
        x, y = along * dx - right * dy, along * dy + right * dx
        return (ASPECT / 2 + x) / ASPECT, 0.5 + y


crossings = st.builds(
    Crossing,
    angle=st.floats(0, 2 * math.pi),
    length=st.floats(0.2, 0.9),
    at=st.floats(0.05, 0.95),
)
far = st.floats(1.5 * HYSTERESIS, 0.4)
counts = st.integers(1, 60)


@given(crossings, far, far, counts)
def test_a_walk_across_is_one_crossing_to_the_right_hand(
    crossing: Crossing, before: float, behind: float, count: int
) -> None:
    """Whatever the line's angle and the walker's step, "in" is from left hand to right hand."""
    watch = LineWatch(crossing.line, ASPECT)
    assert walk(watch, crossing.way(-before, behind, count)) == ["in"]


@given(crossings, far, far, counts)
def test_the_way_back_is_the_other_direction(
    crossing: Crossing, before: float, behind: float, count: int
) -> None:
    """Somebody who comes in and leaves is one in and one out."""
    watch = LineWatch(crossing.line, ASPECT)
    there, back = crossing.way(-before, behind, count), crossing.way(behind, -before, count)
    assert walk(watch, [*there, *back]) == ["in", "out"]


@given(crossings, far, st.lists(st.floats(-0.99, 0.99), max_size=20))
def test_hesitation_on_the_line_is_no_crossing(
    crossing: Crossing, before: float, sways: list[float]
) -> None:
    """Somebody who comes, sways on the line and goes back is not counted."""
    watch = LineWatch(crossing.line, ASPECT)
    way = crossing.way(-before, 0, 5)
    for sway in sways:
        way += crossing.way(sway * HYSTERESIS, sway * HYSTERESIS, 1)
    assert walk(watch, [*way, *crossing.way(0, -before, 5)]) == []


@given(
    st.floats(0, 2 * math.pi),
    st.floats(0.2, 0.4),
    st.floats(1.05, 1.5),
    far,
    st.sampled_from(["start", "end"]),
)
def test_a_walk_past_the_ends_is_no_crossing(
    angle: float, length: float, at: float, reach: float, beyond: str
) -> None:
    """The line ends where it ends: who walks around it is not counted."""
    crossing = Crossing(angle, length, 1 - at if beyond == "start" else at)
    assert walk(LineWatch(crossing.line, ASPECT), crossing.way(-reach, reach, 30)) == []


@pytest.mark.parametrize(
    ("start", "end", "way", "direction"),
    [
        ((0.1, 0.5), (0.9, 0.5), ((0.5, 0.3), (0.5, 0.7)), "in"),
        ((0.9, 0.5), (0.1, 0.5), ((0.5, 0.3), (0.5, 0.7)), "out"),
        ((0.5, 0.1), (0.5, 0.9), ((0.3, 0.5), (0.7, 0.5)), "out"),
        ((0.5, 0.9), (0.5, 0.1), ((0.3, 0.5), (0.7, 0.5)), "in"),
    ],
)
def test_directions_on_the_picture(
    start: Point, end: Point, way: tuple[Point, Point], direction: Direction
) -> None:
    """A line drawn left to right counts "in" downwards; drawn downwards, towards the left."""
    watch = LineWatch(Line("l", start, end), ASPECT)
    assert walk(watch, steps(*way, 10)) == [direction]


def test_a_side_is_remembered_for_each_track() -> None:
    """Two people who walk against each other are one in and one out."""
    watch = LineWatch(Line("l", (0.1, 0.5), (0.9, 0.5)), ASPECT)
    down, up = steps((0.4, 0.3), (0.4, 0.7), 10), steps((0.6, 0.7), (0.6, 0.3), 10)
    counted = []
    for mine, other in zip(down, up, strict=True):
        counted += [watch.look(1, mine), watch.look(2, other)]
    assert sorted(direction for direction in counted if direction) == ["in", "out"]


def test_a_track_that_begins_behind_the_line_has_not_crossed() -> None:
    """Somebody who appears on the far side, or whose track was forgotten, is not counted."""
    watch = LineWatch(Line("l", (0.1, 0.5), (0.9, 0.5)), ASPECT)
    assert walk(watch, [(0.5, 0.6), (0.5, 0.7)]) == []
    watch.forget(1)
    assert walk(watch, [(0.5, 0.3)]) == []
