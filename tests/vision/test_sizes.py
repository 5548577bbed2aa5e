"""Body sizes: learned from those who walk by, however noisy, or given."""

from __future__ import annotations

import numpy as np
import pytest

from vision.sizes import BodySize

ROWS = 240


def test_the_size_is_unknown_until_people_have_walked() -> None:
    """At first there is a guess; some shapes later it is known."""
    size = BodySize(None)
    size.begin(ROWS)
    known = [size.size.known]
    for _ in range(30):
        size.learn(20, 40, 150, ROWS)
    known.append(size.size.known)
    assert known == [False, True]
    assert (size.size.width, size.size.height) == (20, 40)


def test_perspective_is_learned_in_spite_of_splinters() -> None:
    """Bodies grow with the row of their feet; arms and shadows in between change little."""
    chance, size = np.random.default_rng(1), BodySize(None)
    size.begin(ROWS)
    for _ in range(240):
        row = chance.uniform(60, 230)
        tall = 0.2 * row + chance.normal(0, 1)
        size.learn(0.4 * tall, tall, row, ROWS)
        if chance.random() < 0.3:
            size.learn(4, 5, row, ROWS)
    for row in (80, 140, 220):
        assert size.size.at(row).height == pytest.approx(0.2 * row, rel=0.1)


def test_a_body_seen_from_above_has_no_perspective() -> None:
    """As wide as tall: the same size everywhere."""
    size = BodySize(None)
    size.begin(ROWS)
    for row in range(60, 220, 4):
        size.learn(40, 38 + row / 100, row, ROWS)
    assert size.size.at(60).height == size.size.at(220).height


def test_a_height_may_be_given() -> None:
    """One height is known at once, in picture heights."""
    size = BodySize(0.25)
    size.begin(ROWS)
    assert size.size.known
    assert size.size.height == 60


def test_two_points_give_the_perspective_for_good() -> None:
    """Heights at two rows are a line, whatever walks by."""
    size = BodySize(((0.5, 0.1), (1.0, 0.3)))
    size.begin(ROWS)
    for _ in range(50):
        size.learn(100, 100, 120, ROWS)
    assert size.size.at(0.5 * ROWS).height == pytest.approx(0.1 * ROWS)
    assert size.size.at(0.75 * ROWS).height == pytest.approx(0.2 * ROWS)
