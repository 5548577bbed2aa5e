"""What is wrong with a camera's picture: pure functions of the picture now and the usual one.

All work on a grey picture of `WIDTH` columns, reduced by area, so that noise and compression of
the source hardly matter; whatever is too fine to be seen in it does not matter to counting either.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Grey = NDArray[np.float32]
Tiles = NDArray[np.float64]

WIDTH = 320
FINE, COARSE, BROAD = 1.0, 2.0, 5.0
"""Pixels of the reduced picture: detail lies between the first two, texture up to the third."""
ROWS, COLUMNS = 6, 8
"""The tiles of a picture; each fault is judged tile by tile, for people hide some of them."""

DARK, LIGHT = 0.06, 0.09
"""Mean brightness (0 to 1) below which a picture is dark, and above which it no longer is."""
BLACK = 4.0
"""Grey levels added to a tile's brightness: the contrast of near-black is noise."""
TEXTURE = 0.05
"""Relative contrast from which a tile shows something that can be missed."""
FADED = 0.25
"""A tile with less than this share of its usual contrast shows nothing."""
UNIFORM = 2.5
"""Grey levels of contrast below which a tile is flat, whatever it usually is."""
SHARP_TEXTURE, LEAST_TEXTURE = 3.0, 1.0
"""Grey levels of contrast from which a tile's sharpness can be told from noise: usually, and now,
for a loss of focus takes some of the contrast as well."""
LEAST_TILES, LEAST_PATCHES = 5, 5
"""Fewer tell nothing: they may be people."""

DETAIL = 2.0
"""Grey levels of contrast, less light, from which a patch can be found again."""
CERTAIN, ALIKE, SIMILAR = 0.9, 0.7, 0.5
"""Correlation from which a patch is surely in its place, from which two show the same at all, and
from which they may do so, half hidden."""
BETTER = 0.05
"""A patch is elsewhere only when it is found there by so much more correlation than in place."""
REACH = 40
"""How far, in pixels, a patch is looked for: an eighth of the picture."""
SLACK = 1.5
"""Pixels by which a patch may be off the movement of all."""
STILL = 0.5
"""Where so many of the patches are in their place, the view is; the rest are hidden."""
SAMPLE = 8
"""One pixel of so many each way is compared to tell whether a picture is the same again."""


@dataclass(frozen=True, slots=True)
class Look:
    """One picture as the faults see it: grey pixels, the same less light, figures of its tiles."""

    grey: Grey
    detail: Grey
    brightness: float
    contrast: Tiles
    sharpness: Tiles


def look(image: Image) -> Look:
    """Reduce a picture (rows by columns, BGR or grey) and measure its tiles."""
    return measure(reduced(image))


def reduced(image: Image) -> Grey:
    """Give a picture in grey, `WIDTH` columns wide, 0 to 255."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim > 2 else image  # noqa: PLR2004
    height, width = grey.shape
    shape = (WIDTH, max(ROWS, round(height * WIDTH / width)))
    return np.asarray(cv2.resize(grey, shape, interpolation=cv2.INTER_AREA), np.float32)


def measure(grey: Grey) -> Look:
    """Measure a grey picture.

    `sharpness` is the contrast of fine detail by that of the whole tile: light and gain do not
    change it, loss of focus does. The finest detail is left out: it is noise and compression.
    """
    soft = cv2.GaussianBlur(grey, (0, 0), FINE)
    softer = cv2.GaussianBlur(grey, (0, 0), COARSE)
    detail = np.asarray(soft - cv2.GaussianBlur(softer, (0, 0), BROAD), np.float32)
    contrast = _spread(grey)
    sharpness = _spread(np.asarray(soft - softer, np.float32)) / (contrast + 1)
    return Look(grey, detail, float(grey.mean()) / 255, contrast, sharpness)


def relative(seen: Look) -> Tiles:
    """Give the contrast of each tile by its brightness: dimmed light does not change it."""
    return np.asarray(seen.contrast / (_means(seen.grey) + BLACK), np.float64)


def covered_share(seen: Look, usual: Look | None) -> float:
    """Give the share (0 to 1) of the picture that shows nothing.

    Of the tiles that usually show something; before the usual is known, or where it shows too
    little, of all tiles.
    """
    flat = seen.contrast < UNIFORM
    if usual is None:
        return float(flat.mean())
    before = relative(usual)
    textured = (before >= TEXTURE) & (usual.contrast >= UNIFORM)
    if textured.sum() < LEAST_TILES:
        return float(flat.mean())
    gone = flat | (relative(seen) < FADED * before)
    return float(gone[textured].mean())


def sharpness_kept(seen: Look, usual: Look) -> float | None:
    """Give the share of the usual sharpness that is left; None where no tile can tell."""
    both = (usual.contrast >= SHARP_TEXTURE) & (seen.contrast >= LEAST_TEXTURE)
    if both.sum() < LEAST_TILES:
        return None
    return float(np.median(seen.sharpness[both] / (usual.sharpness[both] + 1e-3)))


@dataclass(frozen=True, slots=True)
class Shift:
    """How the view has moved: patches in all, and how many of them still show much the same.

    `found` is how many were found again, in their place or elsewhere, `agreed` how many of those
    agree on one movement, and `far` how far that takes the corner that it moves most, in picture
    widths.
    """

    patches: int
    kept: int
    found: int
    agreed: int
    far: float


def shift(seen: Look, usual: Look) -> Shift:
    """Look for patches of the usual picture in the picture now.

    One shift, turn and zoom has to explain them: people and shadows move each in their own way,
    the view of a camera that was turned moves as one.
    """
    patches = _patches(usual.detail)
    likeness = [_best(patch, seen.detail, x, y, 1)[0] for x, y, patch in patches]
    kept = sum(like >= SIMILAR for like in likeness)
    certain = sum(like >= CERTAIN for like in likeness)
    if certain >= max(LEAST_PATCHES, STILL * len(patches)):
        return Shift(len(patches), kept, certain, certain, 0.0)
    pairs = [
        ((x, y), (x + dx, y + dy))
        for (x, y, patch), like in zip(patches, likeness, strict=True)
        for dx, dy in _find(patch, seen.detail, x, y, like)
    ]
    agreed, far = 0, 0.0
    if len(pairs) >= LEAST_PATCHES:
        agreed, far = _movement(pairs, usual.grey)
    return Shift(len(patches), kept, len(pairs), agreed, far)


def fingerprint(image: Image) -> int:
    """Give a number that two pictures share only if they are one: a live sensor's noise differs."""
    return zlib.crc32(image[::SAMPLE, ::SAMPLE].tobytes())


def _spread(grey: Grey) -> Tiles:
    """Give the standard deviation of each tile."""
    means, squares = _means(grey), _means(grey * grey)
    return np.asarray(np.sqrt(np.maximum(squares - means * means, 0.0)), np.float64)


def _means(grey: Grey) -> Tiles:
    tiles = cv2.resize(grey, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(tiles, np.float64)


def _patches(grey: Grey) -> list[tuple[int, int, Grey]]:
    """Give left, top and pixels of the patches (a tile and half of its neighbours) with texture."""
    rows, columns = grey.shape
    height, width = round(1.5 * rows / ROWS), round(1.5 * columns / COLUMNS)
    lefts = np.linspace(0, columns - width, COLUMNS - 1).astype(int)
    tops = np.linspace(0, rows - height, ROWS - 1).astype(int)
    cut = [(int(x), int(y), grey[y : y + height, x : x + width]) for y in tops for x in lefts]
    return [(x, y, patch) for x, y, patch in cut if patch.std() >= DETAIL]


def _find(patch: Grey, grey: Grey, x: int, y: int, here: float) -> list[tuple[int, int]]:
    """Give how far a patch is from (x, y) by now, in pixels; nothing when it is lost.

    `here` is how well it correlates with what is in its place.
    """
    if here >= CERTAIN:
        return [(0, 0)]
    there, dx, dy = _best(patch, grey, x, y, REACH)
    if there < ALIKE:
        return []
    return [(0, 0)] if there - here < BETTER else [(dx, dy)]


def _best(patch: Grey, grey: Grey, x: int, y: int, reach: int) -> tuple[float, int, int]:
    """Give the best correlation within reach of (x, y), and how far off it is."""
    height, width = patch.shape
    top, left = max(0, y - reach), max(0, x - reach)
    around = grey[top : y + height + reach, left : x + width + reach]
    _, best, _, (column, row) = cv2.minMaxLoc(
        cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED)
    )
    return best, column + left - x, row + top - y


def _movement(
    pairs: list[tuple[tuple[int, int], tuple[int, int]]], grey: Grey
) -> tuple[int, float]:
    """Give how many pairs of places agree on one movement, and how far it goes."""
    before, after = (np.array(points, np.float64) for points in zip(*pairs, strict=True))
    found, inside = cv2.estimateAffinePartial2D(before, after, ransacReprojThreshold=SLACK)
    turn = np.asarray(found, np.float64)
    if turn.shape != (2, 3):  # nothing explains even two of the pairs
        return 0, 0.0
    return int(inside.sum()), _far(turn, grey)


def _far(turn: NDArray[np.float64], grey: Grey) -> float:
    """Give how far a movement takes the corner that it moves most, in picture widths."""
    rows, columns = grey.shape
    corners = np.array([(0, 0, 1), (columns, 0, 1), (0, rows, 1), (columns, rows, 1)], np.float64)
    moved = corners @ turn.T - corners[:, :2]
    return float(np.linalg.norm(moved, axis=1).max() / columns)
