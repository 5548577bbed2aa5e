"""A label's picture as a JPEG of which every pixel survives: what OpenEPaperLink takes."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from edge.errors import RenderError

QUALITIES = (90, 95, 100)
WHOLE_COLOUR = 0  # Pillow's name for 4:4:4; 4:2:0 smears red into white


def exact_jpeg(png: bytes) -> bytes:
    """Give a palette PNG as JPEG, decoded again and compared: nearest colours give the same pixels.

    Raises RenderError when `png` is no palette picture, or when no quality keeps every pixel.
    """
    try:
        with Image.open(io.BytesIO(png)) as opened:
            image = opened.copy()
    except (UnidentifiedImageError, OSError) as fault:
        raise RenderError(f"picture: expected a PNG, came something else ({fault})") from fault
    if image.mode != "P":
        raise RenderError(f"picture: expected a palette picture, came mode {image.mode}")
    pixels = np.asarray(image)
    # Only colours that are used: Pillow may fill a palette up with others.
    colours = np.array(image.getpalette(), np.uint8).reshape(-1, 3)[: pixels.max() + 1]
    for quality in QUALITIES:
        file = io.BytesIO()
        image.convert("RGB").save(file, "JPEG", quality=quality, subsampling=WHOLE_COLOUR)
        if np.array_equal(colours[nearest(file.getvalue(), colours)], colours[pixels]):
            return file.getvalue()
    raise RenderError("picture: expected colours that a JPEG keeps apart, came a loss of pixels")


def nearest(jpeg: bytes, colours: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Decode a JPEG to the index of the nearest of `colours` (n x 3), rows by columns."""
    with Image.open(io.BytesIO(jpeg)) as image:
        seen = np.asarray(image.convert("RGB"), np.int32)
    off = seen[:, :, None, :] - colours.astype(np.int32)
    found: NDArray[np.intp] = (off**2).sum(axis=3).argmin(axis=2)
    return found
