"""From a mask to bodies: fragments joined, crowds split by the size that a body has here."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]

LEAST_SHARE = 0.15
"""A blob below this share of a body's area is noise."""
CLOSE = 0.12
"""Gaps up to this share of a body are closed."""
LEAST_REACH = 5
"""Pixels; the background has closed smaller gaps already."""
JOIN = 0.35
"""Fragments closer than this share of a body's height, one above the other, are one body."""
TWO_BODIES = 1.6
"""A blob wider than so many bodies is more than one."""
MORE_THAN_ONE = 1.1
"""A blob with more pixels than this share of a body's box may be more than one."""
DENSE = 1.6
"""At most so many bodies for each body's box of pixels: a body does not fill its box."""
POINTS = 400


@dataclass(frozen=True, slots=True)
class Body:
    """One body in pixels: its box, the middle of its pixels, and how many they are."""

    left: float
    top: float
    width: float
    height: float
    x: float
    y: float
    area: float

    @property
    def bottom(self) -> float:
        """The lowest row."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Size:
    """What a body measures in this scene, in pixels; not `known` is a first guess."""

    width: float
    height: float
    known: bool = True

    @property
    def area(self) -> float:
        """The pixels of its box."""
        return self.width * self.height


def bodies(mask: Mask, size: Size, expected: list[tuple[float, float]]) -> list[Body]:
    """Find the bodies in a mask; `expected` are the points where somebody should be."""
    mask = _closed(mask, size)
    found = _joined(_fragments(mask, size), size)
    split: list[Body] = []
    for body in found:
        inside = [point for point in expected if _holds(body, point)]
        split += _split(mask, body, size, inside)
    return [body for body in split if body.area >= LEAST_SHARE * size.area]


def _closed(mask: Mask, size: Size) -> Mask:
    """Fill what hair and trousers as dark as the floor leave open in a body."""
    reach = round(CLOSE * min(size.width, size.height)) | 1
    if reach < LEAST_REACH:
        return mask
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel), np.uint8)


def _fragments(mask: Mask, size: Size) -> list[Body]:
    count, _, stats, middles = cv2.connectedComponentsWithStats(mask, connectivity=8)
    least = LEAST_SHARE * size.area / 3
    return [_body(stats[n], middles[n]) for n in range(1, count) if stats[n][4] >= least]


def _body(stats: NDArray[np.int32], middle: NDArray[np.float64]) -> Body:
    left, top, width, height, area = (float(value) for value in stats)
    return Body(left, top, width, height, float(middle[0]), float(middle[1]), area)


def _joined(fragments: list[Body], size: Size) -> list[Body]:
    """Join what lies above one another: a belt or a bag cuts a body in two."""
    left = sorted(fragments, key=lambda body: body.area, reverse=True)
    done: list[Body] = []
    while left:
        body = left.pop(0)
        near = next((other for other in left if _belongs(body, other, size)), None)
        if near is None:
            done.append(body)
        else:
            left.remove(near)
            left.insert(0, _union(body, near))
    return done


def _belongs(body: Body, other: Body, size: Size) -> bool:
    overlap = min(body.left + body.width, other.left + other.width) - max(body.left, other.left)
    gap = max(body.top, other.top) - min(body.bottom, other.bottom)
    tall = max(body.bottom, other.bottom) - min(body.top, other.top)
    return (
        overlap >= 0.5 * min(body.width, other.width)
        and gap <= JOIN * size.height
        and tall <= 1.5 * size.height
    )


def _union(a: Body, b: Body) -> Body:
    left, top = min(a.left, b.left), min(a.top, b.top)
    right, bottom = max(a.left + a.width, b.left + b.width), max(a.bottom, b.bottom)
    area = a.area + b.area
    x, y = (a.x * a.area + b.x * b.area) / area, (a.y * a.area + b.y * b.area) / area
    return Body(left, top, right - left, bottom - top, x, y, area)


def _holds(body: Body, point: tuple[float, float]) -> bool:
    return body.left <= point[0] <= body.left + body.width and body.top <= point[1] <= body.bottom


def _split(mask: Mask, body: Body, size: Size, inside: list[tuple[float, float]]) -> list[Body]:
    """Split a blob among those who should be in it, or by its width."""
    full = body.area / size.area
    crowded = size.known and full > MORE_THAN_ONE
    wanted = len(inside) if crowded else 1
    if crowded and wanted <= 1 and body.width > TWO_BODIES * size.width:
        wanted = round(body.width / size.width)
    wanted = min(wanted, round(full * DENSE))
    if wanted <= 1:
        return [body]
    return _clusters(mask, body, wanted, inside)


def _clusters(mask: Mask, body: Body, wanted: int, inside: list[tuple[float, float]]) -> list[Body]:
    left, top = round(body.left), round(body.top)
    patch = mask[top : top + round(body.height), left : left + round(body.width)]
    rows, columns = np.nonzero(patch)
    if len(rows) < wanted:
        return [body]
    points = np.stack((columns + left, rows + top), axis=1).astype(np.float32)
    points = points[:: max(1, len(points) // POINTS)]
    centres = _seeds(body, wanted, inside)
    for _ in range(4):
        nearest = np.linalg.norm(points[:, None] - centres[None], axis=2).argmin(axis=1)
        for n in range(wanted):
            mine = points[nearest == n]
            if len(mine):
                centres[n] = mine.mean(axis=0)
    scale = body.area / len(points)
    return [_around(points[nearest == n], scale) for n in range(wanted) if (nearest == n).any()]


def _seeds(body: Body, wanted: int, inside: list[tuple[float, float]]) -> NDArray[np.float32]:
    known = [tuple(point) for point in inside[:wanted]]
    spread = np.linspace(body.left, body.left + body.width, 2 * wanted + 1)[1::2]
    known += [(float(x), body.y) for x in spread][: wanted - len(known)]
    return np.array(known, np.float32)


def _around(points: NDArray[np.float32], scale: float) -> Body:
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    x, y = points.mean(axis=0)
    return Body(
        float(left),
        float(top),
        float(right - left + 1),
        float(bottom - top + 1),
        float(x),
        float(y),
        len(points) * scale,
    )
