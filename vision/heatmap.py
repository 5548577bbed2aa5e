"""Where people were: seconds of presence in the cells of the picture."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]

WIDTH, HEIGHT = 32, 18


class HeatMap:
    """Adds up presence until it is taken."""

    def __init__(self) -> None:
        """Begin with nobody anywhere."""
        self._cells: NDArray[np.float64] = np.zeros((HEIGHT, WIDTH))

    def add(self, points: Iterable[Point], seconds: float) -> None:
        """Let people stand at these points (fractions of the picture) for some seconds."""
        for x, y in points:
            column = min(max(int(x * WIDTH), 0), WIDTH - 1)
            row = min(max(int(y * HEIGHT), 0), HEIGHT - 1)
            self._cells[row, column] += seconds

    def take(self) -> list[float]:
        """Give all cells, row by row, and begin anew."""
        cells = [round(float(cell), 2) for cell in self._cells.ravel()]
        self._cells[:] = 0
        return cells
