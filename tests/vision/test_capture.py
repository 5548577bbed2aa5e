"""Recordings: all their pictures, and files that are none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import MediaError
from vision.capture import Frame, Recording, is_live

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


def test_a_recording_gives_all_pictures_with_the_time_of_the_video(tmp_path: Path) -> None:
    """Ten pictures at 20 a second are 50 ms apart, from 0."""
    recording = Recording(write(tmp_path / "clip.avi", 10, 20.0))
    assert (recording.fps, recording.frames) == (20.0, 10)
    frames = list(recording)
    assert [frame.t for frame in frames] == [50 * n for n in range(10)]
    assert [frame.number for frame in frames] == [number_of(f) for f in frames] == [*range(10)]
    assert frames[0].image.shape == (48, 64, 3)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message says that there is no such file, and which."""
    with pytest.raises(MediaError, match=r"expected a video file, came .*gone\.mp4: no such file"):
        Recording(str(tmp_path / "gone.mp4"))


def test_a_file_that_is_no_video_is_named(tmp_path: Path) -> None:
    """The message says what was expected and which file came."""
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"this is no video" * 100)
    with pytest.raises(MediaError, match=r"expected a video that OpenCV .*broken\.mp4"):
        Recording(str(broken))


@pytest.mark.parametrize(
    ("source", "live"),
    [("0", True), ("rtsp://cam/1", True), ("http://cam/mjpg", True), ("door.mp4", False)],
)
def test_live_sources_are_told_from_files(source: str, live: bool) -> None:  # noqa: FBT001  (pytest fills it in)
    """A USB index and an address are live; a path is a recording."""
    assert is_live(source) is live
