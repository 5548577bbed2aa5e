"""Crowds: each body's box claims its part of the mask, those in front first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.blobs import Mask
from vision.claims import claims, unclaimed
from vision.track import Track


def mask_of(*boxes: tuple[int, int]) -> Mask:
    """Draw bodies of 20 by 40 at places (left, top) on a mask of 320 by 240."""
    mask = np.zeros((240, 320), np.uint8)
    for left, top in boxes:
        mask[top : top + 40, left : left + 20] = 255
    return mask


def track(number: int, left: float, top: float) -> Track:
    """Give a track whose box is 20 by 40."""
    return Track(number, left + 10, top + 20, 20, 40)


@given(st.integers(-6, 6), st.integers(-6, 6))
def test_a_body_is_found_near_where_it_should_be(right: int, down: int) -> None:
    """One body that is some pixels away is found to the pixel."""
    (claim,) = claims(mask_of((100 + right, 90 + down)), [track(1, 100, 90)])
    assert (claim.left, claim.top) == (100 + right, 90 + down)
    assert claim.share == 1.0
    assert (claim.x, claim.y) == (110 + right, 110 + down)


@given(st.integers(8, 20), st.integers(-4, 4))
def test_two_who_overlap_are_two(apart: int, off: int) -> None:
    """Two bodies in one blob are found where they are, even if both were expected elsewhere."""
    mask = mask_of((100, 90), (100 + apart, 94))
    found = {
        c.track.number: c
        for c in claims(mask, [track(1, 100 + off, 90), track(2, 100 + apart + off, 94)])
    }
    assert found[1].left == pytest.approx(100, abs=4)
    assert found[2].left == pytest.approx(100 + apart, abs=4)


def test_who_is_hidden_shows_nothing() -> None:
    """Somebody right behind somebody else shows little of the box and keeps the place."""
    found = {
        c.track.number: c
        for c in claims(mask_of((100, 90)), [track(1, 100, 84), track(2, 100, 90)])
    }
    assert found[2].share > 0.9
    assert found[1].share < 0.2


def test_the_edge_of_the_picture_is_no_evidence() -> None:
    """A body half outside the picture is found where it goes on outside."""
    mask = mask_of((300, 90))
    mask[:, :310] = 0
    (claim,) = claims(mask, [track(1, 308, 90)])
    assert claim.left == 310
    (gone,) = claims(mask, [track(1, 400, 90)])
    assert gone.share == 0.0


def test_what_is_left_over_is_beyond_a_margin() -> None:
    """An arm beside the box is claimed with it; another body is not."""
    mask = mask_of((100, 90), (160, 90))
    mask[100:104, 120:123] = 255
    rest = unclaimed(mask, claims(mask, [track(1, 100, 90)]))
    assert not rest[:, :150].any()
    assert rest[:, 150:].sum() == 255 * 20 * 40
