"""Whether a picture is worth looking at: where nothing moves, nobody comes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

STEP = 6
"""Of every so many rows and columns one pixel is compared."""
STIR = 16
"""Grey levels by which a pixel changes when something moves; sensors and codecs do less."""
LONGEST = 10
"""At most so many pictures are passed by in a row: the floor is still to be learned."""


class Gate:
    """Compares pictures with the last one that was looked at."""

    def __init__(self) -> None:
        """Begin with a picture to look at."""
        self._last: Image | None = None
        self._passed = 0

    def is_still(self, frame: Image) -> bool:
        """Tell whether a picture (BGR) is the last one again, so that it can be passed by."""
        here = np.ascontiguousarray(frame[::STEP, ::STEP])
        if (
            self._last is not None
            and self._passed < LONGEST
            and float(cv2.norm(here, self._last, cv2.NORM_INF)) < STIR
        ):
            self._passed += 1
            return True
        self._last, self._passed = here, 0
        return False
