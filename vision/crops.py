"""What a picture shows of a barcode: the whole, and crops that are straightened and sharpened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.decoders import Pixels, Polygon

_LARGEST_SIDE = 1280  # pixels; the corner detector finds less in larger pictures
_WIDEST_CROP = 1600  # pixels; enlarging further costs time and reads nothing more


@dataclass(frozen=True, slots=True)
class View:
    """Pixels to decode, HxW, and the 3x3 homography from them back to the picture."""

    pixels: Pixels
    back: NDArray[np.float64]

    def place(self, polygon: Polygon) -> Polygon:
        """Give a polygon of this view in pixels of the picture."""
        if not polygon:
            return polygon
        points = np.array([polygon], np.float64)
        moved = cv2.perspectiveTransform(points, self.back)[0]
        return tuple((round(float(x)), round(float(y))) for x, y in moved)


class Views:
    """One grey picture and what the steps want to see of it; corners are sought only once."""

    def __init__(self, image: Pixels) -> None:
        """Keep the picture, HxW."""
        self._image = image

    def whole(self) -> tuple[View, ...]:
        """Give the picture as it is."""
        return (View(self._image, np.eye(3)),)

    def doubled(self) -> tuple[View, ...]:
        """Give the picture at twice its size, for thin bars; large pictures have none."""
        if max(self._image.shape) > _LARGEST_SIDE:
            return ()
        pixels = cv2.resize(self._image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        return (View(np.asarray(pixels, np.uint8), np.diag([0.5, 0.5, 1.0])),)

    def straightened(self) -> tuple[View, ...]:
        """Give every place that looks like bars, turned upright, with room for quiet zones."""
        return tuple(_straighten(self._image, corners, 1.0) for corners in self._corners)

    def equalised(self) -> tuple[View, ...]:
        """Give the straightened places with their contrast evened out."""
        clahe = cv2.createCLAHE(3.0, (8, 8))
        return tuple(
            replace(view, pixels=np.asarray(clahe.apply(view.pixels), np.uint8))
            for view in self.straightened()
        )

    def sharpened(self) -> tuple[View, ...]:
        """Give the straightened places enlarged three times and sharpened, for blurred bars."""
        views = (_straighten(self._image, corners, 3.0) for corners in self._corners)
        return tuple(replace(view, pixels=_sharpen(view.pixels)) for view in views)

    @cached_property
    def _corners(self) -> tuple[NDArray[np.float64], ...]:
        shrink = min(1.0, _LARGEST_SIDE / max(self._image.shape))
        small: cv2.typing.MatLike = self._image
        if shrink < 1:
            small = cv2.resize(small, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        found, points = cv2.barcode.BarcodeDetector().detectMulti(small)
        if not found:
            return ()
        quads = np.asarray(points, np.float64).reshape(-1, 4, 2) / shrink
        return tuple(quad for quad in quads if _holds_bars(quad))


def _sides(quad: NDArray[np.float64]) -> tuple[float, float]:
    """Give width and height of corners in the detector's order: bl, tl, tr, br."""
    bottom_left, top_left, top_right, bottom_right = quad
    width = max(np.linalg.norm(top_right - top_left), np.linalg.norm(bottom_right - bottom_left))
    height = max(np.linalg.norm(bottom_left - top_left), np.linalg.norm(bottom_right - top_right))
    return float(width), float(height)


def _holds_bars(quad: NDArray[np.float64]) -> bool:
    width, height = _sides(quad)
    return width >= 20 and height >= 5  # noqa: PLR2004  (pixels; no code is readable below)


def _straighten(image: Pixels, quad: NDArray[np.float64], scale: float) -> View:
    width, height = _sides(quad)
    margin = 0.12 * width  # a quiet zone, and what the detector cut off
    scale = min(scale, max(1.0, _WIDEST_CROP / width))
    right, bottom, inset = scale * (width + 2 * margin), max(8.0, scale * height), scale * margin
    upright = [[inset, bottom], [inset, 0], [right - inset, 0], [right - inset, bottom]]
    there = cv2.getPerspectiveTransform(quad.astype(np.float32), np.array(upright, np.float32))
    smooth = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    size = (int(right), int(bottom))
    crop = cv2.warpPerspective(image, there, size, flags=smooth, borderMode=cv2.BORDER_REPLICATE)
    return View(np.asarray(crop, np.uint8), np.linalg.inv(there.astype(np.float64)))


def _sharpen(pixels: Pixels) -> Pixels:
    blurred = cv2.GaussianBlur(pixels, (0, 0), 3)
    return np.asarray(cv2.addWeighted(pixels, 2.5, blurred, -1.5, 0), np.uint8)
