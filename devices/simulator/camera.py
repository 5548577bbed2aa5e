"""The entrance camera's picture: the floor around the door from above, as pixels.

One picture follows from the people and the frame's number alone.
"""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.simulator.dice import dice
from devices.simulator.layout import DOOR_Y, GATES, SEEN, Point
from devices.simulator.people import Seen

WIDTH, HEIGHT = 640, 360
FPS = 10
SCALE = WIDTH / (SEEN[2] - SEEN[0])
"""Pixels a metre."""
_TILE_M = 0.6
_GRAINS = 8
"""Different grains of sensor noise; they take turns."""
REACH = 60
"""Pixels beyond the picture at which a body or its shadow may still show."""
_DRIFT_FRAMES = 600
_SUB = 4
"""Fractional bits of OpenCV's drawing coordinates: bodies move by less than a pixel."""

Frame = NDArray[np.uint8]
"""Rows by columns by blue, green, red."""
Colour = tuple[int, int, int]

_CLOTHES: tuple[Colour, ...] = (
    (58, 44, 38),
    (120, 60, 40),
    (50, 50, 150),
    (60, 95, 60),
    (90, 70, 110),
    (70, 110, 150),
    (40, 40, 44),
    (110, 105, 60),
)
_HAIR: tuple[Colour, ...] = ((24, 22, 22), (34, 40, 56), (40, 62, 98), (60, 58, 58))


def picture_point(point: Point) -> Point:
    """Turn metres on the plan into pixels: the street is above, so that "in" is downwards."""
    return (SEEN[2] - point[0]) * SCALE, (SEEN[3] - point[1]) * SCALE


def render(people: tuple[Seen, ...], number: int) -> Frame:
    """Draw frame `number`: HEIGHT by WIDTH by 3 bytes, BGR."""
    canvas = _floor().copy()
    bodies = [person for person in people if _in_sight(person)]
    for person in bodies:
        _shadow(canvas, person)
    for person in bodies:
        _body(canvas, person)
    light = 1.0 + 0.025 * math.sin(2 * math.pi * number / _DRIFT_FRAMES)
    lit = cv2.convertScaleAbs(canvas, alpha=light)
    return np.asarray(
        cv2.add(cv2.subtract(lit, _GRAIN_BIAS), _grains()[number % _GRAINS]), np.uint8
    )


_GRAIN_BIAS = np.full((HEIGHT, WIDTH, 3), 8, np.uint8)


@cache
def _grains() -> tuple[Frame, ...]:
    noise = np.random.default_rng(7)
    shape = (HEIGHT, WIDTH, 1)
    return tuple(
        np.repeat(np.clip(noise.normal(8, 2.2, shape), 0, 16).astype(np.uint8), 3, axis=2)
        for _ in range(_GRAINS)
    )


@cache
def _floor() -> Frame:
    floor = np.full((HEIGHT, WIDTH, 3), (186, 194, 198), np.uint8)
    chance = dice("floor")
    tile = _TILE_M * SCALE
    for row in range(math.ceil(HEIGHT / tile)):
        for column in range(math.ceil(WIDTH / tile)):
            corner = (round(column * tile), round(row * tile))
            far = (round((column + 1) * tile) - 2, round((row + 1) * tile) - 2)
            shade = chance.randint(-4, 4)
            tone = (200 + shade, 207 + shade, 211 + shade)
            cv2.rectangle(floor, corner, far, tone, cv2.FILLED)
    _furnish(floor)
    return cv2.GaussianBlur(floor, (3, 3), 0).astype(np.uint8)


def _furnish(floor: Frame) -> None:
    """Draw what never moves: the pavement, the threshold and the gate's pedestals."""
    door = round(picture_point((0.0, DOOR_Y))[1])
    floor[: door - 6] = (floor[: door - 6] * 0.9).astype(np.uint8)
    cv2.rectangle(floor, (0, door - 6), (WIDTH, door + 6), (150, 156, 160), cv2.FILLED)
    for left, top, right, bottom in GATES:
        a, b = picture_point((right, bottom)), picture_point((left, top))
        corners = ((round(a[0]), round(a[1])), (round(b[0]), round(b[1])))
        cv2.rectangle(floor, *corners, (92, 92, 96), cv2.FILLED)
        cv2.rectangle(floor, *corners, (140, 140, 146), 1)


def _in_sight(person: Seen) -> bool:
    x, y = picture_point((person.x, person.y))
    return -REACH < x < WIDTH + REACH and -REACH < y < HEIGHT + REACH


def _shadow(canvas: Frame, person: Seen) -> None:
    """Darken the floor softly beside a body, most at its middle."""
    x, y = picture_point((person.x, person.y))
    left, top = round(x) - 40 + 7, round(y) - 40 + 5
    soft = _soft_spot()
    rows, columns = _overlap(top, HEIGHT, soft.shape[0]), _overlap(left, WIDTH, soft.shape[1])
    if rows is None or columns is None:
        return
    patch = canvas[rows[0], columns[0]]
    patch[:] = (patch * soft[rows[1], columns[1], None]).astype(np.uint8)


@cache
def _soft_spot() -> NDArray[np.float32]:
    y, x = np.mgrid[-40:40, -40:40].astype(np.float32)
    spot: NDArray[np.float32] = 1.0 - 0.22 * np.exp(-(x**2 + y**2) / (2 * 13.0**2))
    return spot.astype(np.float32)


def _overlap(start: int, limit: int, length: int) -> tuple[slice, slice] | None:
    first, last = max(start, 0), min(start + length, limit)
    if first >= last:
        return None
    return slice(first, last), slice(first - start, last - start)


def _body(canvas: Frame, person: Seen) -> None:
    """Draw a person from above: feet, shoulders with a lit middle, head with a lit crown."""
    x, y = picture_point((person.x, person.y))
    look = dice("look", person.person)
    cloth, hair = look.choice(_CLOTHES), look.choice(_HAIR)
    build = look.uniform(0.92, 1.08)
    ahead = person.heading + math.pi
    swing = math.sin(person.stride * 4.2)
    for side in (-1, 1):
        foot = _beside((x, y), ahead, 9 * side * swing, 7 * side)
        _ellipse(canvas, foot, (8, 5), ahead, _shaded(cloth, 0.55))
    for size, light in ((1.0, 0.8), (0.86, 1.0), (0.55, 1.15)):
        _ellipse(
            canvas, (x, y), (12.5 * build * size, 20.5 * build * size), ahead, _shaded(cloth, light)
        )
    head = _beside((x, y), ahead, 2.5, 0.8 * swing)
    _ellipse(canvas, head, (9.0, 8.0), ahead, hair)
    _ellipse(canvas, _beside(head, ahead, -1.5, -1.5), (4.0, 3.5), ahead, _shaded(hair, 1.5))


def _beside(point: Point, ahead: float, forward: float, right: float) -> Point:
    along, across = math.cos(ahead), math.sin(ahead)
    return point[0] + forward * along - right * across, point[1] + forward * across + right * along


def _shaded(colour: Colour, light: float) -> Colour:
    blue, green, red = (min(255, round(part * light)) for part in colour)
    return blue, green, red


def _ellipse(
    canvas: Frame, centre: Point, axes: tuple[float, float], turn: float, colour: Colour
) -> None:
    fine = 1 << _SUB
    cv2.ellipse(
        canvas,
        (round(centre[0] * fine), round(centre[1] * fine)),
        (round(axes[0] * fine), round(axes[1] * fine)),
        math.degrees(turn),
        0,
        360,
        colour,
        cv2.FILLED,
        cv2.LINE_AA,
        _SUB,
    )
