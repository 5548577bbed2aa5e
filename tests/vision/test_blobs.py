"""Blobs in a mask: what hangs together is one, with its box and its pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.blobs import Body, Mask, blobs, joined, union


def mask_of(*boxes: tuple[int, int, int, int]) -> Mask:
    """Draw boxes (left, top, width, height) on a mask of 320 by 240."""
    mask = np.zeros((240, 320), np.uint8)
    for left, top, width, height in boxes:
        mask[top : top + height, left : left + width] = 255
    return mask


@given(st.integers(0, 300), st.integers(0, 200), st.integers(1, 20), st.integers(1, 40))
def test_a_blob_is_found_where_it_is(left: int, top: int, width: int, height: int) -> None:
    """One box is one blob with that box and just its pixels."""
    (body,) = blobs(mask_of((left, top, width, height)), 1)
    assert (body.left, body.top, body.width, body.height) == (left, top, width, height)
    assert body.area >= width * height
    assert body.area == pytest.approx(width * height, abs=max(width, height))
    assert (body.right, body.bottom) == (left + width, top + height)
    assert (body.x, body.y) == (left + width / 2, top + height / 2)


def test_specks_are_left_out() -> None:
    """What has too few pixels is noise; an empty mask has nothing."""
    assert [b.left for b in blobs(mask_of((10, 10, 3, 3), (100, 100, 9, 10)), 20)] == [100]
    assert blobs(mask_of(), 1) == []


def test_a_part_of_a_mask_gives_places_in_the_whole() -> None:
    """The place of a part is added to what is found in it."""
    part = mask_of((100, 80, 10, 20))[60:, 90:]
    (body,) = blobs(np.ascontiguousarray(part), 1, 90, 60)
    assert (body.left, body.top) == (100, 80)


def test_a_blob_at_the_edge_may_be_cut() -> None:
    """Whoever touches an edge of the picture may go on beyond it."""
    found = blobs(
        mask_of((0, 50, 10, 20), (310, 100, 10, 20), (100, 220, 10, 20), (50, 9, 5, 9)), 1
    )
    assert {b.left: b.is_cut(240, 320) for b in found} == {0: True, 310: True, 100: True, 50: False}


def test_a_union_holds_all() -> None:
    """The box around two blobs, and the pixels of both."""
    assert union([Body(10, 10, 5, 5, 20), Body(20, 5, 10, 10, 90)]) == Body(10, 5, 20, 10, 110)


def test_joining_goes_on_until_nothing_belongs_together() -> None:
    """A chain of blobs becomes one, and one that is far away stays alone."""
    chain = [Body(10.0 * n, 0, 8, 8, 64) for n in range(4)] + [Body(200, 0, 8, 8, 64)]
    found = joined(chain, lambda a, b: max(a.left, b.left) - min(a.right, b.right) <= 2)
    assert sorted((b.left, b.right) for b in found) == [(0, 38), (200, 208)]
