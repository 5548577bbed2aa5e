"""Where somebody new is: blobs that nobody claims and that look like bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vision.blobs import Body, joined, union
from vision.sizes import Size

LEAST_SHARE, LEAST_CUT = 0.2, 0.1
"""A blob with fewer pixels than this share of a body's box is nobody; less at the edge."""
LEAST_TALL = 0.45
"""A blob of less than this share of a body's height is a splinter."""
TWO_WIDE = 1.7
"""A blob wider than so many bodies is more than one."""
ONE = 1.15
"""Two blobs that fit together into a box so much larger than a body are one."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """The middle and size of somebody new; who has `entered` came over the picture's edge."""

    x: float
    y: float
    width: float
    height: float
    entered: bool


def newcomers(bodies: Sequence[Body], size: Size, shape: tuple[int, int]) -> list[Newcomer]:
    """Give who is new among the blobs that are left over in a picture of rows by columns."""
    if size.known:
        bodies = joined(bodies, lambda a, b: _is_one(a, b, size))
    return [new for body in bodies for new in _made_of(body, size, shape)]


def anchored(
    body: Body, width: float, height: float, shape: tuple[int, int]
) -> tuple[float, float]:
    """Give the middle of somebody of a known size of whom the edge leaves only a part to see."""
    rows, columns = shape
    x, y = body.x, body.y
    if body.left <= 0 and body.right < columns:
        x = min(x, body.right - width / 2)
    elif body.right >= columns and body.left > 0:
        x = max(x, body.left + width / 2)
    if body.top <= 0 and body.bottom < rows:
        y = min(y, body.bottom - height / 2)
    elif body.bottom >= rows and body.top > 0:
        y = max(y, body.top + height / 2)
    return x, y


def _is_one(a: Body, b: Body, size: Size) -> bool:
    both = union([a, b])
    here = size.at(both.bottom)
    return both.width <= ONE * here.width and both.height <= ONE * here.height


def _made_of(body: Body, size: Size, shape: tuple[int, int]) -> list[Newcomer]:
    here = size.at(body.bottom)
    cut = body.is_cut(*shape)
    if body.area < (LEAST_CUT if cut else LEAST_SHARE) * here.area:
        return []
    if not size.known:
        return [Newcomer(body.x, body.y, body.width, body.height, cut)]
    if not cut and body.height < LEAST_TALL * here.height:
        return []
    if body.width > TWO_WIDE * here.width:
        return _side_by_side(body, round(body.width / here.width), cut=cut)
    if not cut:
        return [Newcomer(body.x, body.y, body.width, body.height, entered=False)]
    width, height = max(body.width, here.width), max(body.height, here.height)
    x, y = anchored(body, width, height, shape)
    return [Newcomer(x, y, width, height, entered=True)]


def _side_by_side(body: Body, people: int, *, cut: bool) -> list[Newcomer]:
    wide = body.width / people
    return [
        Newcomer(body.left + (n + 0.5) * wide, body.y, wide, body.height, cut)
        for n in range(people)
    ]
