"""How large a body is in a scene: learned from those who walk through it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FIRST_HEIGHT = 0.16
"""A body's height in picture heights until the scene has told better."""
FIRST_RATIO = 0.45
SAMPLES, LEARN_FROM = 240, 12
LEARN_EVERY, RARELY = 5, 60
"""The size is learned anew when a fifth more is known, within so many samples."""
LEAST_SPREAD = 0.04
"""Feet that are all within so many picture heights (standard deviation) tell no perspective."""
FROM_ASIDE = 1.5
"""Only bodies this much taller than wide are seen from aside; from above there is no far end."""
OUTLIER = 2.5
"""Samples further from the line than so many times the median distance are left out."""
MOST_SCALE = 2.5
"""Nobody is more than so many times as large, or as small, as the middle of the scene tells."""


Point = tuple[float, float]
BodyHint = float | tuple[Point, Point] | None
"""A person's height in picture heights, or two pairs of the row of the feet and that height."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a body measures in a scene, in pixels; not `known` is a first guess.

    It measures so where its feet are on `row`, and grows by `slope` of that for each row below.
    """

    width: float
    height: float
    known: bool = True
    slope: float = 0.0
    row: float = 0.0

    def scale(self, row: float) -> float:
        """Give how large somebody is whose feet stand on a row, beside one on `self.row`."""
        if not self.slope:
            return 1.0
        return min(max(1 + self.slope * (row - self.row), 1 / MOST_SCALE), MOST_SCALE)

    def at(self, row: float) -> Size:
        """Give what a body measures whose feet stand on a row of the picture."""
        scale = self.scale(row)
        return Size(self.width * scale, self.height * scale, self.known)

    @property
    def area(self) -> float:
        """The pixels of its box."""
        return self.width * self.height


@dataclass(slots=True)
class BodySize:
    """Learns a body's size; `hint` is a person's height in picture heights, when it is known."""

    hint: BodyHint
    size: Size = field(default_factory=lambda: Size(0.0, 0.0, known=False))
    _shapes: NDArray[np.float64] = field(default_factory=lambda: np.zeros((SAMPLES, 3)))
    _taken: int = 0
    _due: int = LEARN_FROM

    def begin(self, rows: int) -> None:
        """Start with the hint or a first guess, in pixels of a picture with so many rows."""
        if isinstance(self.hint, tuple):
            self.size = _through(*self.hint, rows)
        else:
            height = (self.hint or FIRST_HEIGHT) * rows
            self.size = Size(FIRST_RATIO * height, height, known=self.hint is not None)

    def learn(self, width: float, height: float, bottom: float, rows: int) -> None:
        """Take the box of somebody who is seen whole and walks.

        A hint of two points stays as it is; one height is a beginning.
        """
        if isinstance(self.hint, tuple):
            return
        self._shapes[self._taken % SAMPLES] = width, height, bottom
        self._taken += 1
        if self._taken >= self._due:
            self._due += min(max(LEARN_EVERY, self._taken // 5), RARELY)
            self.size = _fitted(self._shapes[: self._taken], LEAST_SPREAD * rows)


def _through(upper: Point, lower: Point, rows: int) -> Size:
    """Lay the line of heights through two rows (fractions) where they are known."""
    (row, height), (other, there) = upper, lower
    rise = (there - height) / (other - row) if other != row else 0.0
    tall = height * rows
    return Size(FIRST_RATIO * tall, tall, slope=rise / tall, row=row * rows)


def _fitted(shapes: NDArray[np.float64], spread: float) -> Size:
    """Fit the height as a straight line over the row of the feet: true of a flat floor.

    Every shape counts by its area: a body weighs more than the splinters that fall off it.
    """
    weight = shapes[:, 0] * shapes[:, 1]
    width, height, row = (_middle(shapes[:, n], weight) for n in range(3))
    if shapes[:, 2].std() < spread or height < FROM_ASIDE * width:
        return Size(width, height)
    away, tall = shapes[:, 2] - row, shapes[:, 1] / height
    slope = _slope(away, tall, weight)
    off = np.abs(tall - 1 - slope * away)
    good = off <= OUTLIER * _middle(off, weight)
    away, tall, weight = away[good], tall[good], weight[good]
    slope = _slope(away, tall, weight)
    scale = np.maximum(1 + slope * away, 1 / MOST_SCALE)
    width, height = (_middle(shapes[good, n] / scale, weight) for n in range(2))
    return Size(width, height, slope=slope, row=row)


def _middle(values: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Give the weighted median."""
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order[np.searchsorted(total, total[-1] / 2)]])


def _slope(
    away: NDArray[np.float64], tall: NDArray[np.float64], weight: NDArray[np.float64]
) -> float:
    steep = (weight * away * (tall - 1)).sum() / max((weight * away**2).sum(), 1.0)
    return float(np.clip(steep, 0.0, 0.05))
