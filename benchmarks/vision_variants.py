"""The footage as other cameras, cables and lamps would have made it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.vision_clips import Film
from vision.capture import Frame
from vision.lines import Line, Point

Image = NDArray[np.uint8]
Step = Callable[[int, Image], Image]
Variant = Callable[[Film], Film]

SEED = 7
CROP = 0.06
LOST = 0.1


@dataclass(frozen=True, slots=True)
class Changed:
    """Pictures, each changed as its number tells; the same every time."""

    film: Film
    step: Step

    def __iter__(self) -> Iterator[Frame]:
        """Give the changed pictures."""
        for frame in self.film.frames:
            yield Frame(frame.number, frame.t, self.step(frame.number, frame.image))


@dataclass(frozen=True, slots=True)
class Thinned:
    """The pictures whose number a rule keeps."""

    film: Film
    keeps: Callable[[int], bool]

    def __iter__(self) -> Iterator[Frame]:
        """Give the pictures that are kept, with their own numbers and times."""
        return (frame for frame in self.film.frames if self.keeps(frame.number))


@dataclass(frozen=True, slots=True)
class Retimed:
    """The same pictures at another pace, from the first one on."""

    film: Film
    fps: float

    def __iter__(self) -> Iterator[Frame]:
        """Give the pictures, numbered and timed anew."""
        for number, frame in enumerate(self.film.frames):
            yield Frame(number, round(number * 1000 / self.fps), frame.image)


@dataclass(frozen=True, slots=True)
class Reversed:
    """The pictures from the last to the first; all are in memory meanwhile."""

    film: Film

    def __iter__(self) -> Iterator[Frame]:
        """Give the pictures backwards."""
        for number, frame in enumerate(list(self.film.frames)[::-1]):
            yield Frame(number, round(number * 1000 / self.film.fps), frame.image)


def changed(step: Step, film: Film) -> Film:
    """Change each picture."""
    return replace(film, frames=Changed(film, step))


def mirrored(film: Film) -> Film:
    """Swap left and right; a line's right hand becomes its left hand."""
    lines = tuple(_moved(line, lambda p: (1 - p[0], p[1])) for line in film.lines)
    turned = changed(lambda _, image: np.ascontiguousarray(image[:, ::-1]), film)
    return replace(turned, lines=lines, crossings=_swapped(film))


def backwards(film: Film) -> Film:
    """Run from the end to the beginning: who came in goes out."""
    return replace(film, frames=Reversed(film), crossings=_swapped(film))


def late(frames: int, film: Film) -> Film:
    """Begin so many pictures later."""
    left = tuple(crossing for crossing in film.crossings if crossing[0] > frames)
    kept = replace(film, frames=Thinned(film, lambda n: n >= frames))
    return replace(film, frames=Retimed(kept, film.fps), crossings=left)


def dropped(film: Film) -> Film:
    """Lose a tenth of the pictures, by chance."""
    keep = np.random.default_rng(SEED).random(100_000) > LOST
    return replace(film, frames=Thinned(film, lambda n: bool(keep[n])))


def slow(film: Film) -> Film:
    """Let everybody walk at three quarters of the pace."""
    return replace(film, fps=0.75 * film.fps, frames=Retimed(film, 0.75 * film.fps))


def fast(film: Film) -> Film:
    """Let everybody walk at four thirds of the pace, with pictures as far apart as before."""
    kept = replace(film, frames=Thinned(film, lambda n: bool(n % 4)))
    return replace(film, frames=Retimed(kept, film.fps))


def halved(film: Film) -> Film:
    """Take every second picture."""
    return replace(film, fps=film.fps / 2, frames=Thinned(film, lambda n: n % 2 == 0))


def flicker(number: int, image: Image) -> Image:
    """Let the light go up and down by 15 %, at a pace that no frame rate divides."""
    return _clipped(image.astype(np.float32) * (1 + 0.15 * math.sin(2.7 * number)))


def noisy(number: int, image: Image) -> Image:
    """Add a sensor's noise of 8 grey levels."""
    noise = np.random.default_rng((SEED, number)).normal(0, 8, image.shape)
    return _clipped(image + noise.astype(np.float32))


def jpeg(_: int, image: Image) -> Image:
    """Compress to JPEG quality 30."""
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def shaken(number: int, image: Image) -> Image:
    """Move the camera by up to 2 pixels each way."""
    right, down = np.random.default_rng((SEED, number)).uniform(-2, 2, 2)
    shift = np.array([[1, 0, right], [0, 1, down]], np.float32)
    shape = (image.shape[1], image.shape[0])
    moved = cv2.warpAffine(image, shift, shape, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def scaled(share: float, _: int, image: Image) -> Image:
    """Reduce to a share of the size."""
    small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def cropped(film: Film) -> Film:
    """Cut a strip off each side; the lines stay where they are on the floor."""
    lines = tuple(_moved(line, lambda p: (_inner(p[0]), _inner(p[1]))) for line in film.lines)
    return replace(changed(_cut, film), lines=lines)


def _cut(_: int, image: Image) -> Image:
    rows, columns = (round(CROP * size) for size in image.shape[:2])
    return np.ascontiguousarray(image[rows:-rows, columns:-columns])


def _inner(share: float) -> float:
    return min(max((share - CROP) / (1 - 2 * CROP), 0.0), 1.0)


def _clipped(image: NDArray[Any]) -> Image:
    return np.asarray(np.clip(image, 0, 255), np.uint8)


def _moved(line: Line, move: Callable[[Point], Point]) -> Line:
    return Line(line.name, move(line.start), move(line.end))


def _swapped(film: Film) -> tuple[tuple[int, str, str], ...]:
    other = {"in": "out", "out": "in"}
    return tuple((frame, line, other[way]) for frame, line, way in film.crossings)


VARIANTS: dict[str, Variant] = {
    "mirrored": mirrored,
    "flicker of 15 %": partial(changed, flicker),
    "noise, sigma 8": partial(changed, noisy),
    "JPEG quality 30": partial(changed, jpeg),
    "10 % of pictures lost": dropped,
    "shaken by 2 px": partial(changed, shaken),
}
"""What the issue names; the error may grow by 5 points in each."""

CHECKS: dict[str, Variant] = {
    "backwards": backwards,
    "50 pictures later": partial(late, 50),
    "100 pictures later": partial(late, 100),
    "three quarters of the pace": slow,
    "four thirds of the pace": fast,
    "half the rate": halved,
    "0.75 of the size": partial(changed, partial(scaled, 0.75)),
    "half the size": partial(changed, partial(scaled, 0.5)),
    "cropped by 6 %": cropped,
}
"""Whether the figures are luck: nothing here should change them much."""
