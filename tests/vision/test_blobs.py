"""Bodies in a mask: fragments are one body, a crowd is several."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.blobs import Body, Mask, Size, bodies

SIZE = Size(20, 40)


def mask_of(*boxes: tuple[int, int, int, int]) -> Mask:
    """Draw boxes (left, top, width, height) on a mask of 320 by 240."""
    mask = np.zeros((240, 320), np.uint8)
    for left, top, width, height in boxes:
        mask[top : top + height, left : left + width] = 255
    return mask


def middles(found: list[Body]) -> list[tuple[float, float]]:
    """Give the middles of bodies, from left to right."""
    return sorted((round(body.x), round(body.y)) for body in found)


@given(st.integers(0, 300), st.integers(0, 200))
def test_a_body_is_found_where_it_is(left: int, top: int) -> None:
    """One box of a body's size is one body with that box."""
    (body,) = bodies(mask_of((left, top, 20, 40)), SIZE, [])
    assert (body.left, body.top, body.width, body.height) == (left, top, 20, 40)
    assert body.bottom == top + 40
    assert body.area == 800
    assert (body.x, body.y) == pytest.approx((left + 9.5, top + 19.5))


def test_specks_are_no_bodies() -> None:
    """Noise and a cat are below the least share of a body."""
    assert bodies(mask_of((10, 10, 3, 3), (100, 100, 9, 10)), SIZE, []) == []
    assert bodies(mask_of(), SIZE, []) == []


def test_a_body_cut_by_a_belt_is_one() -> None:
    """Fragments above one another within a body's height belong together."""
    (body,) = bodies(mask_of((100, 100, 20, 18), (101, 123, 18, 17)), SIZE, [])
    assert (body.top, body.bottom) == (100, 140)
    assert body.area == 20 * 18 + 18 * 17


def test_two_people_in_a_column_stay_two() -> None:
    """One behind the other is not joined: together they would be taller than anybody."""
    found = bodies(mask_of((100, 60, 20, 40), (100, 104, 20, 40)), SIZE, [])
    assert middles(found) == [(110, 80), (110, 124)]


@pytest.mark.parametrize("count", [2, 3])
def test_people_side_by_side_are_split_by_their_width(count: int) -> None:
    """A blob as wide as two or three bodies is two or three."""
    found = bodies(mask_of((100, 100, 20 * count, 40)), SIZE, [])
    assert [x for x, _ in middles(found)] == pytest.approx(
        [110 + 20 * n for n in range(count)], abs=3
    )


def test_a_blob_is_split_among_those_who_should_be_in_it() -> None:
    """Two people who pass one behind the other are two, where they were expected."""
    found = bodies(mask_of((100, 80, 24, 64)), SIZE, [(111, 96), (112, 130)])
    assert [y for _, y in sorted(middles(found), key=lambda m: m[1])] == pytest.approx(
        [96, 128], abs=6
    )


def test_one_body_is_not_split_among_two_expectations() -> None:
    """A blob of one body's size is one, even where two people were expected."""
    assert len(bodies(mask_of((100, 100, 20, 40)), SIZE, [(108, 110), (112, 130)])) == 1


def test_a_round_body_is_one_from_above() -> None:
    """An ellipse, as a ceiling camera sees a person, is one body."""
    mask = np.zeros((240, 320), np.uint8)
    cv2.ellipse(mask, (160, 120), (22, 15), 30, 0, 360, 255, cv2.FILLED)
    assert len(bodies(mask, Size(40, 34), [])) == 1
