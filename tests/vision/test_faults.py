"""What is wrong with a picture, on real footage that was spoilt, and on footage that was not."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vision.fault_watch import FaultChange, FaultWatch
from vision.faults import covered_share, fingerprint, look, sharpness_kept, shift

Image = NDArray[np.uint8]
Spoil = Callable[[Image, int], Image]

CLIPS = {"overhead-shadows.mp4": 25, "square-oblique.avi": 10, "table-visits.mp4": 10}
SPOILT_FROM = 15
"""Seconds: by then the watch knows the view."""
dice = np.random.default_rng(3)


def seconds_of(clip: Path, fps: int, seconds: int = 1000) -> list[Image]:
    """Give one picture of each second of a clip, or of its beginning."""
    video, number = cv2.VideoCapture(str(clip)), 0
    pictures: list[Image] = []
    while len(pictures) < seconds and video.grab():
        if number % fps == 0:
            pictures.append(np.asarray(video.retrieve()[1], np.uint8))
        number += 1
    return pictures


def clipped(values: Any) -> Image:
    """Give values as grey levels."""
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def turned(image: Image, _: int, degrees: float = 0, x: float = 0, y: float = 0) -> Image:
    """Turn and shift the view (parts of the picture's width)."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    turn[:, 2] += np.array((x, y)) * width
    edge = cv2.BORDER_REFLECT
    return np.asarray(cv2.warpAffine(image, turn, (width, height), borderMode=edge), np.uint8)


def covered(image: Image, _: int, share: float, grey: int) -> Image:
    """Hold something plain before a part of the lens; the sensor has its noise."""
    spoilt = image.copy()
    hand = spoilt[:, : round(share * image.shape[1])]
    hand[:] = clipped(dice.normal(grey, 2, (*hand.shape[:2], 1)))
    return spoilt


def blurred(image: Image, _: int, share: float) -> Image:
    """Take the lens out of focus: a blur of so much of the width."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), share * image.shape[1]), np.uint8)


def dimmed(image: Image, _: int, light: float) -> Image:
    """Leave so much of the light."""
    return clipped(image * np.float32(light))


def flickered(image: Image, t: int) -> Image:
    """Let the light waver by 15 %."""
    return clipped(image * np.float32(1 + 0.15 * np.sin(2.1 * t)))


def noisy(image: Image, _: int) -> Image:
    """Add a sensor's noise."""
    return clipped(image + dice.normal(0, 8, image.shape))


def compressed(image: Image, _: int) -> Image:
    """Compress it as cheap cameras do."""
    jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)


def shaken(image: Image, t: int) -> Image:
    """Let the camera's pole shake by two pixels."""
    x, y = dice.integers(-2, 3, 2) / image.shape[1]
    return turned(image, t, 0, x, y)


def crowded(image: Image, t: int) -> Image:
    """Put somebody right before the lens, who sways."""
    spoilt, (height, width) = image.copy(), image.shape[:2]
    x = round(width * (0.4 + 0.05 * np.sin(t)))
    body, head = (round(0.24 * width), round(0.6 * height)), round(0.14 * height)
    cv2.ellipse(spoilt, (x, round(0.75 * height)), body, 0, 0, 360, (52, 44, 40), cv2.FILLED)
    cv2.circle(spoilt, (x, round(0.15 * height)), head, (120, 140, 190), cv2.FILLED)
    return spoilt


FAULTS: list[tuple[str, Spoil]] = [
    ("covered", partial(covered, share=0.7, grey=90)),
    ("covered", partial(covered, share=1.0, grey=40)),
    ("covered", partial(covered, share=0.8, grey=240)),
    ("blurred", partial(blurred, share=0.005)),
    ("blurred", partial(blurred, share=0.02)),
    ("moved", partial(turned, degrees=3)),
    ("moved", partial(turned, x=0.05)),
    ("moved", partial(turned, degrees=-2, x=0.3, y=0.1)),
    ("dark", partial(dimmed, light=0.06)),
]
HARMLESS: list[Spoil] = [
    flickered,
    noisy,
    compressed,
    shaken,
    crowded,
    partial(dimmed, light=0.6),
]


def told_of(watch: FaultWatch, pictures: list[Image], start: int) -> list[tuple[int, str]]:
    """Watch pictures that are a second apart; gives which faults began, and when."""
    return [
        (t, change.code)
        for t, image in enumerate(pictures, start)
        for change in watch.look(image, 1000 * t)
        if change.active
    ]


@pytest.mark.parametrize("clip", ["overhead-shadows.mp4", "table-visits.mp4"])
def test_what_spoils_a_camera_is_told_and_nothing_else(shared_data: Path, clip: str) -> None:
    """Faults are told soon, by name; light, noise, compression, shake and people are none."""
    pictures = seconds_of(shared_data / "footage" / clip, CLIPS[clip], SPOILT_FROM + 12)
    known = FaultWatch()
    assert told_of(known, pictures[:SPOILT_FROM], 0) == []
    later = pictures[SPOILT_FROM:]
    for code, spoil in FAULTS:
        spoilt = [spoil(image, t) for t, image in enumerate(later)]
        told = told_of(deepcopy(known), spoilt, SPOILT_FROM)
        assert [name for _, name in told] == [code], (code, spoil)
        assert SPOILT_FROM + 8 <= told[0][0] <= SPOILT_FROM + 11, (code, spoil)
    for spoil in HARMLESS:
        spoilt = [spoil(image, t) for t, image in enumerate(later)]
        assert told_of(deepcopy(known), spoilt, SPOILT_FROM) == [], spoil


@pytest.mark.parametrize("clip", ["overhead-shadows.mp4", "square-oblique.avi"])
def test_a_camera_that_sees_is_left_alone(shared_data: Path, clip: str) -> None:
    """People who come, stand and go in a whole clip are no fault of the camera."""
    pictures = seconds_of(shared_data / "footage" / clip, CLIPS[clip])
    assert told_of(FaultWatch(), pictures, 0) == []


@pytest.mark.parametrize("clip", CLIPS)
def test_a_picture_that_stands_still_is_found_out(shared_data: Path, clip: str) -> None:
    """The same picture again and again for ten seconds is frozen, and one that moves ends that."""
    pictures = seconds_of(shared_data / "footage" / clip, CLIPS[clip], 12)
    still = [*pictures[:5], *12 * [pictures[5]], *pictures[6:12]]
    watch = FaultWatch()
    told = [(t, c) for t, i in enumerate(still) for c in watch.look(i, 1000 * t)]
    frozen = [(t, c.active) for t, c in told if c.code == "frozen"]
    assert frozen == [(0, False), (16, True), (17, False)]


@pytest.fixture
def room() -> Image:
    """Give a picture with texture all over, and a sensor's noise."""
    chance = np.random.default_rng(5)
    coarse = chance.integers(60, 200, (24, 32, 3)).astype(np.uint8)
    fine = cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC)
    return clipped(fine + chance.normal(0, 12, (480, 640, 1)))


def test_a_fault_has_to_last(room: Image) -> None:
    """Somebody who covers the lens for five seconds is no fault; after eight seconds it is one."""
    watch = FaultWatch()
    for t in range(15):
        watch.look(np.roll(room, t % 2, 1), 1000 * t)
    plain = np.full_like(room, 120)
    for t in range(15, 20):
        assert watch.look(clipped(plain + t), 1000 * t) == []
    assert watch.look(room, 20_000) == []
    told = [c for t in range(21, 31) for c in watch.look(clipped(plain + t), 1000 * t)]
    assert told == [FaultChange("covered", active=True)]
    assert watch.active == ("covered",)
    told = [c for t in range(31, 40) for c in watch.look(np.roll(room, t % 2, 1), 1000 * t)]
    assert told == [FaultChange("covered", active=False)]


def test_no_picture_for_five_seconds_is_no_signal(room: Image) -> None:
    """It is told once, and its end with the first picture."""
    watch = FaultWatch()
    watch.look(room, 0)
    told = [(t, c) for t in range(500, 9000, 500) for c in watch.miss(t)]
    assert told == [(5500, FaultChange("no-signal", active=True))]
    assert watch.look(room, 9000)[0] == FaultChange("no-signal", active=False)


def test_who_sets_a_camera_up_anew_ends_what_was_compared(room: Image) -> None:
    """A moved camera whose view is accepted has not moved any more, and the new view counts."""
    watch = FaultWatch()
    aside = np.roll(room, 40, 1)
    for t in range(30):
        view = room if t < 15 else aside
        watch.look(clipped(view + np.float32(t % 2)), 1000 * t)
    assert list(watch.active) == ["moved"]
    assert watch.settle() == [FaultChange("moved", active=False)]
    for t in range(30, 60):
        watch.look(clipped(aside + np.float32(t % 2)), 1000 * t)
    assert list(watch.active) == []


def test_a_picture_is_looked_at_once_a_second(room: Image) -> None:
    """Sixty pictures a second cost no more than one."""
    watch = FaultWatch()
    watch.look(room, 0)
    bright = watch.brightness
    watch.look(clipped(room * 0.5), 900)
    assert watch.brightness == bright
    watch.look(clipped(room * 0.5), 1000)
    assert watch.brightness == pytest.approx(0.5 * (bright or 0), rel=0.05)


def test_the_measures_of_a_picture(room: Image) -> None:
    """A picture compared with itself is neither covered, blurred nor moved; half of it is half."""
    seen = look(room)
    assert covered_share(seen, seen) == 0.0
    assert sharpness_kept(seen, seen) == pytest.approx(1.0, abs=0.02)
    found = shift(seen, seen)
    assert (found.kept, found.far) == (found.patches, 0.0)
    half = room.copy()
    half[:, :320] = 128
    assert covered_share(look(half), seen) == 0.5
    aside = shift(look(np.roll(room, 32, 1)), seen)
    assert aside.far == pytest.approx(32 / 640, abs=0.005)
    assert fingerprint(room) == fingerprint(room.copy()) != fingerprint(half)
