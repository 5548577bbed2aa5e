"""Who gets what at the least total cost: the linear assignment problem, solved exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]

FREE = -1


def assign(cost: Costs) -> list[tuple[int, int]]:
    """Pair rows with columns, each at most once and min(rows, columns) in all, at least cost.

    Costs are finite; the pairs come sorted. Shortest augmenting paths as in D. F. Crouse, "On
    implementing 2D rectangular assignment algorithms" (IEEE TAES 52(4), 2016), after Jonker and
    Volgenant (1987). A scene holds some tens of people: SciPy's would cost 45 MB to save nothing.
    """
    if cost.shape[0] > cost.shape[1]:
        return sorted((row, column) for column, row in assign(cost.T))
    problem = _Problem(cost)
    for row in range(cost.shape[0]):
        problem.place(row)
    return [(row, int(column)) for row, column in enumerate(problem.column_of)]


class _Problem:
    """The rows placed so far, with the prices (dual variables) that prove them optimal."""

    def __init__(self, cost: Costs) -> None:
        rows, columns = cost.shape
        self.cost = cost
        self.row_price = np.zeros(rows)
        self.column_price = np.zeros(columns)
        self.column_of = np.full(rows, FREE)
        self.row_of = np.full(columns, FREE)

    def place(self, row: int) -> None:
        """Give a row a column; rows placed before may have to move to another one."""
        columns = self.cost.shape[1]
        shortest, before = np.full(columns, np.inf), np.full(columns, FREE)
        done = np.zeros(columns, bool)
        length, at = 0.0, row
        while at != FREE:
            through = length + self.cost[at] - self.row_price[at] - self.column_price
            better = ~done & (through < shortest)
            shortest[better], before[better] = through[better], at
            column = int(np.where(done, np.inf, shortest).argmin())
            length, at = float(shortest[column]), int(self.row_of[column])
            done[column] = True
        self.row_price[row] += length
        self._reprice(length - shortest, done)
        self._flip(row, column, before)

    def _reprice(self, slack: Costs, done: NDArray[np.bool_]) -> None:
        taken = done & (self.row_of != FREE)
        self.row_price[self.row_of[taken]] += slack[taken]
        self.column_price[done] -= slack[done]

    def _flip(self, row: int, column: int, before: NDArray[np.int_]) -> None:
        """Walk the path back; each row on it takes the column that it was found to reach."""
        at = FREE
        while at != row:
            at = int(before[column])
            self.row_of[column] = at
            self.column_of[at], column = column, int(self.column_of[at])
