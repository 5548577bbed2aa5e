"""Pictures large enough that what is written on them can be read."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

LEAST_WIDTH = 640


def enlarged(image: Image) -> Image:
    """Give a copy of a picture, a whole number of times as large where it is too small."""
    scale = max(1, -(-LEAST_WIDTH // image.shape[1]))
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale), np.uint8)
