"""A heat map over a picture of the place: where people were, and for how long."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.capture import Frame
from vision.enlarged import enlarged
from vision.heatmap import HEIGHT, WIDTH, HeatMap, Point

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]

CLEAR = 0.04
"""Below this share of the most, nothing covers the picture."""
STRONGEST = 0.75
"""The most that the picture is covered."""
FADED = 0.6
SCALE, MARGIN = 14, 10
"""The height of the scale below the picture, and the space around it, in pixels."""
TEXT = 0.45
SAMPLES, EVERY_MS = 9, 3000
"""The place is the median of so many pictures, so far apart: those who walk are not in it."""


class HeatSheet:
    """Adds up where people were in a recording, and draws it over the place."""

    def __init__(self) -> None:
        """Begin with nobody anywhere."""
        self._map = HeatMap()
        self._samples: deque[Image] = deque(maxlen=SAMPLES)
        self._sampled = -EVERY_MS
        self._last = 0

    def add(self, frame: Frame, points: Sequence[Point]) -> None:
        """Take a picture, and where people stand in it (fractions)."""
        self._map.add(points, (frame.t - self._last) / 1000)
        self._last = frame.t
        if frame.t - self._sampled >= EVERY_MS:
            self._sampled = frame.t
            self._samples.append(frame.image)

    def picture(self) -> Image:
        """Give the picture (BGR); there has to be one frame at least."""
        place = np.median(np.stack(self._samples), axis=0).astype(np.uint8)
        return heat_picture(self._map.take(), WIDTH, HEIGHT, place)


def heat_picture(cells: Sequence[float], width: int, height: int, place: Image) -> Image:
    """Draw seconds of presence in cells (row by row) over a picture (BGR) of the place.

    Colours run from dark to bright with the root of the time, so that a way is seen beside a till;
    the scale below is in seconds a cell.
    """
    ground = enlarged(place)
    grid = np.array(cells, np.float32).reshape(height, width)
    most = float(grid.max())
    rooted = np.sqrt(grid / most) if most > 0 else grid
    shape = (ground.shape[1], ground.shape[0])
    heat = np.clip(cv2.resize(rooted, shape, interpolation=cv2.INTER_CUBIC), 0, 1)
    picture = _mixed(ground, np.asarray(heat, np.float32))
    return np.vstack((picture, _scale(picture.shape[1], most)))


def _mixed(ground: Image, heat: Floats) -> Image:
    colours = cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    grey = cv2.cvtColor(cv2.cvtColor(ground, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    cover = np.where(heat > CLEAR, STRONGEST * np.minimum(1, heat * 2), 0)[..., None]
    return np.asarray(FADED * grey * (1 - cover) + colours * cover, np.uint8)


def _scale(width: int, most: float) -> Image:
    """Draw the scale: colours from nothing to the most, with the seconds below."""
    strip = np.full((SCALE + 4 * MARGIN, width, 3), 255, np.uint8)
    ramp = np.linspace(0, 255, width - 2 * MARGIN).astype(np.uint8)[None].repeat(SCALE, axis=0)
    strip[MARGIN : MARGIN + SCALE, MARGIN:-MARGIN] = cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO)
    for share in (0.0, 0.5, 1.0):
        text = f"{share**2 * most:.3g} s"
        size = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, TEXT, 1)[0][0]
        left = MARGIN + round(share * (width - 2 * MARGIN - size))
        place = (left, SCALE + 3 * MARGIN)
        cv2.putText(strip, text, place, cv2.FONT_HERSHEY_SIMPLEX, TEXT, (0,) * 3, 1, cv2.LINE_AA)
    return strip
