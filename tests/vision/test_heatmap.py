"""The heat map: presence adds up where people were, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.heatmap import HEIGHT, WIDTH, HeatMap

points = st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2))


@given(st.lists(points, max_size=20))
def test_nobody_is_lost_at_the_edge(people: list[tuple[float, float]]) -> None:
    """The cells add up to a second for each person, even for one half outside the picture."""
    heat = HeatMap()
    heat.add(people, 1.0)
    assert sum(heat.take()) == pytest.approx(len(people))


@given(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))
def test_presence_is_in_the_cell_where_it_was(column: int, row: int) -> None:
    """Cells come row by row from the upper left."""
    heat = HeatMap()
    heat.add([((column + 0.5) / WIDTH, (row + 0.5) / HEIGHT)], 2.5)
    cells = heat.take()
    assert len(cells) == WIDTH * HEIGHT
    assert cells[row * WIDTH + column] == 2.5
    assert sum(cells) == 2.5


def test_taking_begins_anew() -> None:
    """What was told is not told again."""
    heat = HeatMap()
    heat.add([(0.5, 0.5)], 1.0)
    heat.take()
    assert not any(heat.take())


def test_what_is_long_past_decays() -> None:
    """After a half-life half is left, whatever was taken meanwhile."""
    heat = HeatMap(half_life_s=60.0)
    heat.add([(0.5, 0.5)], 8.0)
    before = sum(heat.decayed())
    heat.take()
    heat.add([], 60.0)
    assert sum(heat.decayed()) == pytest.approx(before / 2, abs=0.01)
