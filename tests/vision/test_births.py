"""Newcomers: what looks like a body is somebody, and nothing else is."""

from __future__ import annotations

import pytest

from vision.births import newcomers
from vision.blobs import Body
from vision.sizes import Size

SIZE = Size(20, 40)
SHAPE = (240, 320)


def body(left: float, top: float, width: float, height: float) -> Body:
    """Give a blob that fills 70 % of its box."""
    return Body(left, top, width, height, 0.7 * width * height)


def test_a_body_is_one_newcomer() -> None:
    """The newcomer stands in the middle of the blob, with its size."""
    (new,) = newcomers([body(100, 100, 18, 41)], SIZE, SHAPE)
    assert (new.x, new.y, new.width, new.height, new.entered) == (109, 120.5, 18, 41, False)


@pytest.mark.parametrize("size", [(5, 5), (30, 12)])
def test_splinters_are_nobody(size: tuple[int, int]) -> None:
    """A speck and something low are no bodies."""
    assert newcomers([body(100, 100, *size)], SIZE, SHAPE) == []


@pytest.mark.parametrize("people", [2, 3])
def test_people_side_by_side_are_as_many_as_they_are_wide(people: int) -> None:
    """A blob as wide as two or three bodies is two or three."""
    found = newcomers([body(100, 100, 20 * people, 40)], SIZE, SHAPE)
    assert [new.x for new in found] == [110 + 20 * n for n in range(people)]


def test_a_body_cut_by_a_belt_is_one() -> None:
    """Blobs above one another that fit into one body's box belong together."""
    (new,) = newcomers([body(100, 100, 20, 18), body(101, 122, 18, 18)], SIZE, SHAPE)
    assert (new.y, new.height) == (120, 40)


def test_two_people_in_a_column_stay_two() -> None:
    """One behind the other is not joined: together they would be taller than anybody."""
    assert len(newcomers([body(100, 60, 20, 40), body(100, 104, 20, 40)], SIZE, SHAPE)) == 2


def test_who_enters_is_as_tall_as_anybody() -> None:
    """A head at the lower edge belongs to a body whose feet are below the picture."""
    (new,) = newcomers([body(100, 222, 20, 18)], SIZE, SHAPE)
    assert new.entered
    assert new.height == 40
    assert new.y - new.height / 2 == 222


def test_a_body_that_is_far_away_may_be_small() -> None:
    """Perspective: half the height is a body where the feet are far up."""
    far = Size(20, 40, slope=0.01, row=160)
    assert newcomers([body(100, 60, 8, 16)], SIZE, SHAPE) == []
    assert len(newcomers([body(100, 60, 8, 16)], far, SHAPE)) == 1
