"""Assignment: as cheap as the cheapest of all that are possible."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vision.assignment import assign

costs = arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    elements=st.one_of(st.integers(-9, 9).map(float), st.floats(0, 100), st.just(1e6)),
)


def cheapest(cost: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
    """Try every assignment there is."""
    if cost.shape[0] > cost.shape[1]:
        cost = cost.T
    rows, columns = cost.shape
    ways = permutations(range(columns), rows)
    return min(sum(float(cost[row, column]) for row, column in enumerate(way)) for way in ways)


@given(costs)
def test_no_assignment_is_cheaper(
    cost: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    """Every row or every column is used, none twice, and brute force finds nothing cheaper."""
    pairs = assign(cost)
    assert len(pairs) == min(cost.shape)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert sum(float(cost[pair]) for pair in pairs) == pytest.approx(cheapest(cost), abs=1e-6)


def test_the_greedy_choice_is_not_taken_when_it_costs_more_in_all() -> None:
    """The cheapest pair alone is left when it makes the other one dear."""
    assert assign(np.array([[1.0, 2.0], [2.0, 9.0]])) == [(0, 1), (1, 0)]


def test_a_crowd_is_assigned() -> None:
    """Thirty people who moved a little are all found again, in whatever order they come."""
    chance = np.random.default_rng(3)
    before = chance.uniform(0, 100, (30, 2))
    order = chance.permutation(30)
    after = before[order] + chance.normal(0, 0.2, (30, 2))
    cost = np.linalg.norm(before[:, None] - after[None], axis=2)
    assert [int(order[column]) for _, column in assign(cost)] == list(range(30))
