"""Who is where in a crowd: each body's box claims its part of the mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.blobs import Mask
from vision.track import Track

SEARCH = 0.3
"""How far around the place where it should be a body is looked for, in its heights."""
EMPTY = 0.5
"""What a pixel of floor inside a body's box counts against it, beside a pixel of the mask."""
PULL = 1.0
"""What it costs to be away from the expected place by a body's height, in bodies."""
BEHIND = 0.5
"""What a pixel counts that somebody behind would like to have too."""
PASSES = 2
MARGIN = 0.2
"""How much wider than its box a body's claim is, in widths, when what is left over is looked at."""

Floats = NDArray[np.float32]

WORTH: Floats = np.where(np.arange(256) > 0, 1, -EMPTY).astype(np.float32)
"""What a pixel of the mask is worth inside a body's box."""


@dataclass(slots=True)
class Claim:
    """A body's place (left, top) in the picture, and which share of its box is seen."""

    track: Track
    left: int
    top: int
    width: int
    height: int
    share: float = 0.0

    @property
    def x(self) -> float:
        """The middle column."""
        return self.left + self.width / 2

    @property
    def y(self) -> float:
        """The middle row."""
        return self.top + self.height / 2


def claims(mask: Mask, tracks: Sequence[Track]) -> list[Claim]:
    """Let all tracks of a crowd claim their parts of a mask, those in front first."""
    found = [
        Claim(t, round(t.left), round(t.top), max(1, round(t.width)), max(1, round(t.height)))
        for t in sorted(tracks, key=lambda t: -t.bottom)
    ]
    grounds = [_Ground(mask, claim) for claim in found]
    for _ in range(PASSES if len(found) > 1 else 1):
        for n, ground in enumerate(grounds):
            ground.settle(found[:n], found[n + 1 :])
    for n, ground in enumerate(grounds):
        ground.measure(found[:n])
    return found


class _Ground:
    """The part of a mask in which a track's body is looked for."""

    def __init__(self, mask: Mask, claim: Claim) -> None:
        self._claim = claim
        self._reach = max(2, round(SEARCH * claim.height))
        self._left, self._top = claim.left - self._reach, claim.top - self._reach
        rows, columns = mask.shape
        tall, wide = claim.height + 2 * self._reach, claim.width + 2 * self._reach
        # 1 for a body, a penalty for floor, nothing outside the picture.
        self._worth = np.zeros((tall, wide), np.float32)
        x0, y0 = max(0, self._left), max(0, self._top)
        x1, y1 = min(columns, self._left + wide), min(rows, self._top + tall)
        if x0 < x1 and y0 < y1:
            self._part(self._worth, x0, y0, x1, y1)[:] = WORTH[mask[y0:y1, x0:x1]]

    def settle(self, front: Sequence[Claim], behind: Sequence[Claim]) -> None:
        """Move the claim to where it explains most."""
        view = self._without(front)
        for other in filter(self._meets, behind):
            view = view.copy() if view is self._worth else view
            part = self._of(view, other)
            np.multiply(part, BEHIND, out=part, where=part > 0)
        claim, reach = self._claim, self._reach
        wide, tall, many = claim.width, claim.height, 2 * reach + 1
        total = cv2.integral(view)
        score = total[tall:, wide:] - total[:many, wide:] - total[tall:, :many]
        score += total[:many, :many]
        score -= _pull(reach) * (PULL * wide / tall)
        row, column = divmod(int(score.argmax()), many)
        claim.left, claim.top = self._left + column, self._top + row

    def measure(self, front: Sequence[Claim]) -> None:
        """Note which share of the claim is seen and nobody's who is in front."""
        seen = int(np.count_nonzero(self._of(self._without(front), self._claim) > 0))
        self._claim.share = seen / (self._claim.width * self._claim.height)

    def _without(self, others: Sequence[Claim]) -> Floats:
        view = self._worth
        for other in filter(self._meets, others):
            view = view.copy() if view is self._worth else view
            self._of(view, other)[:] = 0
        return view

    def _meets(self, other: Claim) -> bool:
        """Tell whether another claim reaches into this ground."""
        tall, wide = self._worth.shape
        return (
            other.left < self._left + wide
            and other.left + other.width > self._left
            and other.top < self._top + tall
            and other.top + other.height > self._top
        )

    def _of(self, view: Floats, claim: Claim) -> Floats:
        right, bottom = claim.left + claim.width, claim.top + claim.height
        return self._part(view, claim.left, claim.top, right, bottom)

    def _part(self, view: Floats, left: int, top: int, right: int, bottom: int) -> Floats:
        return view[
            max(0, top - self._top) : max(0, bottom - self._top),
            max(0, left - self._left) : max(0, right - self._left),
        ]


@cache
def _pull(reach: int) -> Floats:
    """Give the squares of the distances from the middle, up to a reach both ways."""
    away = np.arange(-reach, reach + 1, dtype=np.float32) ** 2
    return away[:, None] + away[None]


def unclaimed(mask: Mask, found: Sequence[Claim]) -> Mask:
    """Give the mask without what has been claimed and a margin around it."""
    rest = mask.copy()
    for claim in found:
        margin = round(MARGIN * claim.width)
        top, left = max(0, claim.top - margin), max(0, claim.left - margin)
        bottom, right = claim.top + claim.height + margin, claim.left + claim.width + margin
        rest[top : max(0, bottom), left : max(0, right)] = 0
    return rest
