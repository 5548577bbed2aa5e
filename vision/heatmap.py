"""Where people were: seconds of presence in the cells of the picture."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]

WIDTH, HEIGHT = 32, 18


class HeatMap:
    """Adds up presence, both until it is taken and with a half-life."""

    def __init__(self, half_life_s: float = 300.0) -> None:
        """Begin with nobody anywhere; what is decayed counts for half after so many seconds."""
        self._cells: NDArray[np.float64] = np.zeros((HEIGHT, WIDTH))
        self._decayed: NDArray[np.float64] = np.zeros((HEIGHT, WIDTH))
        self._half_life_s = half_life_s

    def add(self, points: Iterable[Point], seconds: float) -> None:
        """Let people stand at these points (fractions of the picture) for some seconds."""
        self._decayed *= 0.5 ** (seconds / self._half_life_s)
        for x, y in points:
            column = min(max(int(x * WIDTH), 0), WIDTH - 1)
            row = min(max(int(y * HEIGHT), 0), HEIGHT - 1)
            self._cells[row, column] += seconds
            self._decayed[row, column] += seconds

    def take(self) -> list[float]:
        """Give all cells, row by row, and begin anew."""
        cells = _listed(self._cells)
        self._cells[:] = 0
        return cells

    def decayed(self) -> list[float]:
        """Give the seconds that are left in all cells, row by row: where people are lately."""
        return _listed(self._decayed)


def _listed(cells: NDArray[np.float64]) -> list[float]:
    return [round(float(cell), 2) for cell in cells.ravel()]
