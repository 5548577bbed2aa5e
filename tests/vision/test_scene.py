"""Scenes drawn for one difficulty each: how many people there are, and where they go."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vision.capture import Frame
from vision.count import Counter
from vision.lines import Line
from vision.zones import Area

FPS = 10
SHAPE = (180, 320)
DOOR = Line("door", (0.5, 0.02), (0.5, 0.98))
ROOM = Area("room", ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)), loiter_s=10.0)
POST = (150, 40, 22, 130)
Feet = tuple[float, float]


def picture(
    people: Sequence[Feet], number: int, *, scale: float = 0.0, post: bool = False
) -> Frame:
    """Draw people by their feet on a floor with noise; with `scale` they grow downwards."""
    shown = np.full((*SHAPE, 3), (150, 160, 165), np.uint8)
    shown[::30] = 130
    for x, y in sorted(people, key=lambda feet: feet[1]):
        tall = 40 * (1 + scale * (y - 120))
        _draw(shown, round(x), round(y), tall)
    if post:
        left, top, wide, high = POST
        shown[top : top + high, left : left + wide] = 90
    noise = np.random.default_rng(number).normal(0, 2, (*SHAPE, 1))
    noisy = np.clip(shown + noise, 0, 255).astype(np.uint8)
    return Frame(number, number * 1000 // FPS, noisy)


def _draw(shown: NDArray[np.uint8], x: int, y: int, tall: float) -> None:
    half = round(0.19 * tall)
    cv2.rectangle(shown, (x - half, y - round(0.8 * tall)), (x + half, y), (70, 50, 40), cv2.FILLED)
    head = (x, y - round(0.87 * tall))
    cv2.circle(shown, head, round(0.13 * tall), (30, 35, 50), cv2.FILLED)


class Film:
    """Shows one counter picture after picture, and keeps what it counted."""

    def __init__(self, counter: Counter, *, scale: float = 0.0, post: bool = False) -> None:
        """Begin with three seconds of empty floor."""
        self.counter = counter
        self.crossed: list[tuple[str, str]] = []
        self._number, self._scale, self._post = 0, scale, post
        self.show([[] for _ in range(3 * FPS)])

    def show(self, pictures: Sequence[Sequence[Feet]]) -> None:
        """Show pictures with people whose feet stand at points."""
        for people in pictures:
            frame = picture(people, self._number, scale=self._scale, post=self._post)
            self.crossed += self.counter.look(frame)[0]
            self._number += 1


def way(start: Feet, end: Feet, seconds: float) -> list[Feet]:
    """Give the feet of somebody who walks from a point to another."""
    steps = round(seconds * FPS)
    return [
        (start[0] + (end[0] - start[0]) * n / steps, start[1] + (end[1] - start[1]) * n / steps)
        for n in range(steps)
    ]


def alone(walk: Sequence[Feet]) -> list[list[Feet]]:
    """Let one person walk."""
    return [[feet] for feet in walk]


def test_two_who_walk_side_by_side_are_two() -> None:
    """Bodies that touch all the way are counted one by one after others have come alone."""
    film = Film(Counter(FPS, (DOOR,), ()))
    for _ in range(2):
        film.show(alone(way((-20, 130), (340, 130), 7)))
    left, right = way((-30, 130), (300, 130), 7), way((-13, 130), (317, 130), 7)
    film.show([list(pair) for pair in zip(left, right, strict=True)])
    assert film.crossed == [("door", "out")] * 4


def test_two_who_meet_and_pass_keep_their_ways() -> None:
    """One goes each way, one hides the other for a moment: one crossing in each direction."""
    film = Film(Counter(FPS, (DOOR,), (), body=40 / 180))
    right, left = way((-20, 126), (340, 126), 7), way((340, 132), (-20, 132), 7)
    film.show([list(pair) for pair in zip(right, left, strict=True)])
    assert sorted(film.crossed) == [("door", "in"), ("door", "out")]


def test_somebody_behind_a_post_is_one() -> None:
    """A post as wide as a person hides everybody at the line: one person, one crossing."""
    film = Film(Counter(FPS, (DOOR,), (), body=40 / 180), post=True)
    film.show(alone(way((-20, 120), (340, 120), 7)))
    assert film.crossed == [("door", "out")]


def test_a_way_out_and_back_is_a_u_turn() -> None:
    """Both crossings count, and the turn is told once."""
    film = Film(Counter(FPS, (DOOR,), ()))
    film.show(alone(way((-20, 130), (240, 130), 5)))
    assert film.counter.turns == 0
    film.show(alone(way((240, 130), (-20, 130), 5)))
    assert film.crossed == [("door", "out"), ("door", "in")]
    assert film.counter.turns == 1
    assert film.counter.totals == {("door", "out"): 1, ("door", "in"): 1}


def test_who_stays_too_long_loiters_under_one_number() -> None:
    """Somebody who stands in the room for longer than its limit is told, until the end."""
    film = Film(Counter(FPS, (), (ROOM,)))
    film.show(alone(way((-20, 130), (240, 130), 5)))
    told = []
    for people, seconds in (([(240, 130)], 5), ([(240, 130)], 8), ([], 5)):
        film.show([people] * seconds * FPS)
        told.append((film.counter.loiterers, tuple(p.number for p in film.counter.people)))
    (early, _), (late, there), (after, nobody) = told
    assert (early, after, nobody) == ((), (), ())
    assert late == there
    assert len(late) == 1


def test_nobody_is_seen_inside_a_mask() -> None:
    """The same walk is counted beside a masked part of the picture, and not in it."""
    half = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.55), (0.0, 0.55))
    walks = alone(way((-20, 90), (340, 90), 7)), alone(way((-20, 165), (340, 165), 7))
    for walk, crossings in zip(walks, (0, 1), strict=True):
        film = Film(Counter(FPS, (DOOR,), (), masks=(half,)))
        film.show(walk)
        assert len(film.crossed) == crossings


@pytest.mark.parametrize("body", [None, ((0.5, 0.12), (0.95, 0.35))])
def test_who_comes_nearer_grows(body: tuple[Feet, Feet] | None) -> None:
    """People far away are half as tall as those in front; all are counted, none twice."""
    film = Film(Counter(FPS, (DOOR,), (), body), scale=0.012)
    for row in (100, 165):
        film.show(alone(way((-25, row), (345, row), 6)))
        film.show([[]] * FPS)
    film.show(alone(way((100, 90), (230, 175), 6)))
    assert film.crossed == [("door", "out")] * 3


def test_people_are_told_with_their_boxes() -> None:
    """Whoever walks is there with the feet and the box in fractions of the picture."""
    film = Film(Counter(FPS, (DOOR,), ()))
    film.show(alone(way((-20, 130), (160, 130), 4)))
    (person,) = film.counter.people
    assert person.walked
    assert person.point == pytest.approx((0.5, 130 / 180), abs=0.03)
    left, top, width, height = person.box
    assert left + width / 2 == pytest.approx(0.5, abs=0.03)
    assert (top, top + height) == pytest.approx((92 / 180, 130 / 180), abs=0.05)
    assert film.counter.points == [person.point]
