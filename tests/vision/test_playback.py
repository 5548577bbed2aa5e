"""Recordings that play as if they were cameras."""

from __future__ import annotations

import threading
import time
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.capture import Frame
from vision.playback import Playback

STEP = 12
"""Grey levels between one picture and the next, so that each tells its number."""


def write(path: Path, pictures: int, fps: float = 25.0) -> str:
    """Write a clip whose pictures get brighter by a step each."""
    coding = cv2.VideoWriter.fourcc(*"MJPG")
    video = cv2.VideoWriter(str(path), coding, fps, (64, 48))
    for number in range(pictures):
        video.write(np.full((48, 64, 3), STEP * number, np.uint8))
    video.release()
    return str(path)


def number_of(frame: Frame) -> int:
    """Read the picture's number back from its brightness."""
    return round(float(frame.image.mean()) / STEP)


def pictures(source: Playback, stop: threading.Event | None = None) -> list[Frame]:
    """Take all that comes, but for the beats in which nothing does."""
    return [frame for frame in source.pictures(stop or threading.Event()) if frame is not None]


def test_a_clip_plays_once(tmp_path: Path) -> None:
    """Without a loop the pictures end with the file; they carry the time of day."""
    frames = pictures(Playback(write(tmp_path / "clip.avi", 4, 50.0), 50, loop=False))
    assert [number_of(frame) for frame in frames] == [0, 1, 2, 3]
    assert [frame.number for frame in frames] == [0, 1, 2, 3]
    assert frames[0].t > 1_600_000_000_000


def test_a_clip_that_plays_once_is_counted_whole(tmp_path: Path) -> None:
    """However slow the viewer is, nothing is skipped."""
    source, seen = Playback(write(tmp_path / "clip.avi", 12, 50.0), 50, loop=False), []
    for frame in source.pictures(threading.Event()):
        time.sleep(0.03)
        seen.append(frame)
    assert (len(seen), source.skipped) == (12, 0)


def test_a_loop_stands_for_a_camera(tmp_path: Path) -> None:
    """With a loop the clip begins anew, and what comes while the viewer is busy is skipped."""
    source, seen = Playback(write(tmp_path / "clip.avi", 20, 50.0), 50, loop=True), []
    for frame in islice(source.pictures(threading.Event()), 20):
        time.sleep(0.05)
        seen.append(number_of(frame) if frame else None)
    assert source.skipped >= 10
    assert seen.index(0, 1) < 15  # the second round has begun long before 20 pictures were seen


def test_a_clip_that_is_too_fast_is_thinned_out(tmp_path: Path) -> None:
    """Of 50 pictures a second a viewer who wants ten gets every fifth; none of them is missed."""
    source = Playback(write(tmp_path / "clip.avi", 20, 50.0), 10, loop=False)
    assert [number_of(frame) for frame in pictures(source)] == [0, 5, 10, 15]
    assert source.skipped == 0


def test_a_loop_ends_when_told(tmp_path: Path) -> None:
    """Playing ends at the next picture after `stop` is set."""
    stop, seen = threading.Event(), 0
    source = Playback(write(tmp_path / "clip.avi", 4, 100.0), 100, loop=True)
    for frame in source.pictures(stop):
        seen = frame.number if frame else seen
        if seen == 5:
            stop.set()
    assert seen == 5


@pytest.mark.parametrize("name", ["gone.mp4", "text.mp4", "cut.mp4"])
def test_a_file_that_gives_no_pictures_is_tried_again(tmp_path: Path, name: str) -> None:
    """It is missing, text, or cut off before its index: that is said, and time passes."""
    (tmp_path / "text.mp4").write_bytes(b"this is no video" * 100)
    whole = cv2.VideoWriter(
        str(tmp_path / "whole.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 25, (64, 48)
    )
    for number in range(50):
        whole.write(np.full((48, 64, 3), 4 * number, np.uint8))
    whole.release()
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "whole.mp4").read_bytes()[:1500])
    stop = threading.Event()
    source = Playback(str(tmp_path / name), 25, loop=True)
    began = time.monotonic()
    assert list(islice(source.pictures(stop), 2)) == [None, None]
    assert time.monotonic() - began >= 0.9
    assert source.trouble is not None
    assert name in source.trouble


def test_a_file_that_is_cut_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    """The half of a recording that is there plays, and begins anew."""
    path = Path(write(tmp_path / "clip.avi", 20, 50.0))
    path.write_bytes(path.read_bytes()[: -path.stat().st_size // 4])
    source = Playback(str(path), 50, loop=True)
    seen = [frame and frame.number for frame in islice(source.pictures(threading.Event()), 15)]
    assert [number for number in seen if number is not None] == [*range(len(seen))]
    assert source.trouble is None
