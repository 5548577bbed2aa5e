"""From a mask to blobs: what hangs together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Body:
    """Something that may be a body, in pixels: its box, and how many pixels it has."""

    left: float
    top: float
    width: float
    height: float
    area: float

    @property
    def right(self) -> float:
        """The first column that is not in it any more."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The first row that is not in it any more."""
        return self.top + self.height

    @property
    def x(self) -> float:
        """The middle column."""
        return self.left + self.width / 2

    @property
    def y(self) -> float:
        """The middle row."""
        return self.top + self.height / 2

    def is_cut(self, rows: int, columns: int) -> bool:
        """Tell whether the edge of a picture of rows by columns may cut it off."""
        return self.left <= 0 or self.top <= 0 or self.right >= columns or self.bottom >= rows


def blobs(mask: Mask, least: float, left: int = 0, top: int = 0) -> list[Body]:
    """Give what hangs together in a mask and has `least` pixels, with its place moved.

    Holes count as filled. Contours cost a tenth of what labelled components do on a mask that is
    mostly empty; Pick's theorem gives the pixels of a contour.
    """
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    found = []
    for contour in contours:
        area = cv2.contourArea(contour) + len(contour) / 2 + 1
        if area >= least:
            x, y, width, height = cv2.boundingRect(contour)
            body = Body(float(x + left), float(y + top), float(width), float(height), area)
            found.append(body)
    return found


def union(bodies: Sequence[Body]) -> Body:
    """Give one body around several."""
    if len(bodies) == 1:
        return bodies[0]
    left, top = min(b.left for b in bodies), min(b.top for b in bodies)
    right, bottom = max(b.right for b in bodies), max(b.bottom for b in bodies)
    return Body(left, top, right - left, bottom - top, sum(b.area for b in bodies))


def joined(bodies: Sequence[Body], belong: Callable[[Body, Body], bool]) -> list[Body]:
    """Join, from the largest on, what belongs together by a rule."""
    left = sorted(bodies, key=lambda body: body.area, reverse=True)
    done: list[Body] = []
    while left:
        body = left.pop(0)
        near = next((other for other in left if belong(body, other)), None)
        if near is None:
            done.append(body)
        else:
            left.remove(near)
            left.insert(0, union([body, near]))
    return done
