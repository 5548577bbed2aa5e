"""One person from picture to picture: where, how large, how fast."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from vision.blobs import Body
from vision.sizes import Size

SURE_AFTER = 4
"""Sights until a track counts as a person."""
ROAMED, ENTERED = 0.6, 0.35
"""Somebody who has been so many body heights away from where the track began has walked."""
QUICK, STEADY = 0.6, 0.25
GROW = 0.2
LEAST, MOST = 0.65, 1.3
HIDDEN = 0.35
"""Of how much is seen, so much is enough to be sure of the place."""


@dataclass(slots=True)
class Track:
    """One person: the middle (x, y) and speed (pixels a picture), and the box's size."""

    number: int
    x: float
    y: float
    width: float
    height: float
    vx: float = 0.0
    vy: float = 0.0
    sights: int = 1
    missed: int = 0
    walked: bool = False
    shape: Body | None = None
    entered: bool = False
    born: tuple[float, float] = field(init=False)

    def __post_init__(self) -> None:
        """Remember where it began."""
        self.born = self.x, self.y

    @property
    def sure(self) -> bool:
        """Whether it has been seen often enough to be a person."""
        return self.sights >= SURE_AFTER

    @property
    def left(self) -> float:
        """The left column of the box."""
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        """The top row of the box."""
        return self.y - self.height / 2

    @property
    def right(self) -> float:
        """The right column of the box."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """The bottom row of the box: the feet."""
        return self.y + self.height / 2

    def box(self) -> tuple[int, int, int, int]:
        """Give the box around it and its last body: left, top, right, bottom, never below zero."""
        left, top, right, bottom = self.left, self.top, self.right, self.bottom
        if self.shape is not None:
            left, top = min(left, self.shape.left), min(top, self.shape.top)
            right, bottom = max(right, self.shape.right), max(bottom, self.shape.bottom)
        return (
            max(0, round(left) - 2),
            max(0, round(top) - 2),
            max(0, round(right) + 2),
            max(0, round(bottom) + 2),
        )

    def advance(self, steps: float, size: Size) -> None:
        """Go to where it should be after so many pictures; who comes closer grows."""
        before = size.scale(self.bottom)
        self.x += steps * self.vx
        self.y += steps * self.vy
        ratio = size.scale(self.bottom) / before
        self.width *= ratio
        self.height *= ratio
        self.shape = None

    def meet(self, x: float, y: float, steps: float, share: float = 1.0) -> None:
        """Take where it was found; `share` of it was to be seen there."""
        quick = QUICK * min(1.0, share / HIDDEN)
        steady = STEADY * min(1.0, share / HIDDEN)
        off_x, off_y = x - self.x, y - self.y
        self.x += quick * off_x
        self.y += quick * off_y
        self.vx += steady * off_x / steps
        self.vy += steady * off_y / steps
        self.sights += 1
        self.missed = 0

    def miss(self, slower: float) -> None:
        """Note that it was not found in a picture."""
        self.vx, self.vy = slower * self.vx, slower * self.vy
        self.missed += 1

    def is_out(self, rows: int, columns: int) -> bool:
        """Tell whether it is not seen and has left a picture of rows by columns."""
        return self.missed > 0 and not (0 <= self.x < columns and 0 <= self.y < rows)

    def measure(self, body: Body, size: Size) -> None:
        """Take its size from a body that is nobody else's."""
        self.width += GROW * (body.width - self.width)
        self.height += GROW * (body.height - self.height)
        if size.known:
            here = size.at(self.bottom)
            self.width = min(max(self.width, here.width * LEAST), here.width * MOST)
            self.height = min(max(self.height, here.height * LEAST), here.height * MOST)

    def roam(self, size: Size) -> None:
        """Note when it has gone far enough from its beginning to have walked."""
        if not self.walked and self.sure:
            far = (ENTERED if self.entered else ROAMED) * max(
                size.at(self.bottom).height, size.width
            )
            self.walked = math.dist(self.born, (self.x, self.y)) > far
