"""The gate: pictures that show nothing new are passed by, but not for ever."""

from __future__ import annotations

import numpy as np

from vision.gate import LONGEST, Gate


def picture(column: int | None = None) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Give a grey picture with a little noise, and a dark body at a column."""
    shown = np.random.default_rng(column or 0).normal(120, 2, (180, 320, 3))
    if column is not None:
        shown[60:100, column : column + 16] = 40
    return shown.astype(np.uint8)


def test_what_does_not_move_is_passed_by() -> None:
    """The first picture is new; the same one with other noise is not."""
    gate = Gate()
    assert not gate.is_still(picture())
    assert gate.is_still(picture())


def test_somebody_who_comes_is_looked_at() -> None:
    """A body that comes, moves and goes makes each picture a new one."""
    gate = Gate()
    gate.is_still(picture())
    assert not any(gate.is_still(shown) for shown in (picture(40), picture(52), picture()))


def test_now_and_then_a_still_picture_is_looked_at() -> None:
    """The floor is learned from some of the pictures in which nothing happens."""
    gate = Gate()
    looked = [n for n in range(4 * LONGEST) if not gate.is_still(picture())]
    assert looked == list(range(0, 4 * LONGEST, LONGEST + 1))
