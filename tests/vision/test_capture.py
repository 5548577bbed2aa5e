"""Sources of pictures: files, loops, and streams that go away and come back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.errors import MediaError
from vision.capture import Frame, Recording, Stream, is_live, play

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


class Camera(ThreadingHTTPServer):
    """A network camera that streams MJPEG; picture n has the brightness of n modulo 20."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, pace_s: float) -> None:
        """Listen on loopback; one picture every `pace_s` seconds."""
        super().__init__(("127.0.0.1", port), _Pictures)
        self.pace_s = pace_s
        self.sent = 0
        self.off = threading.Event()


class _Pictures(BaseHTTPRequestHandler):
    server: Camera

    def do_GET(self) -> None:
        """Send pictures until the camera is off or the viewer is gone."""
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        self.end_headers()
        try:
            while not self.server.off.wait(self.server.pace_s):
                self._send(STEP * (self.server.sent % 20))
                self.server.sent += 1
        except ConnectionError:
            return

    def _send(self, grey: int) -> None:
        jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), grey, np.uint8))[1].tobytes()
        head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        self.wfile.write(head.encode() + jpeg + b"\r\n")

    def log_message(self, *_: object) -> None:
        """Keep the test's output free of the access log."""


@contextmanager
def camera(port: int, pace_s: float = 0.02) -> Iterator[Camera]:
    """Run a network camera for a while."""
    server = Camera(port, pace_s)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.off.set()
        server.shutdown()
        thread.join()
        server.server_close()


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


def test_a_clip_plays_once(tmp_path: Path) -> None:
    """Without a loop the pictures end with the file; they carry the time of day."""
    path = write(tmp_path / "clip.avi", 4, 100.0)
    frames = list(play(path, threading.Event(), loop=False))
    assert [number_of(frame) for frame in frames] == [0, 1, 2, 3]
    assert frames[0].t > 1_600_000_000_000


def test_a_loop_plays_again(tmp_path: Path) -> None:
    """With a loop the clip begins anew, and the pictures are numbered on."""
    path = write(tmp_path / "clip.avi", 4, 100.0)
    frames = list(islice(play(path, threading.Event(), loop=True), 10))
    assert [number_of(frame) for frame in frames] == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert [frame.number for frame in frames] == list(range(10))


def test_a_loop_ends_when_told(tmp_path: Path) -> None:
    """Playing ends at the next picture after `stop` is set."""
    stop, seen = threading.Event(), 0
    for frame in play(write(tmp_path / "clip.avi", 4, 100.0), stop, loop=True):
        seen = frame.number
        if seen == 5:
            stop.set()
    assert seen == 5


def test_a_stream_that_goes_away_is_read_again(free_port: int) -> None:
    """The camera loses its power and comes back: pictures come again, numbered on."""
    stop = threading.Event()
    frames = Stream(f"http://127.0.0.1:{free_port}/").frames(stop)
    with camera(free_port):
        last = [next(frames).number for _ in range(5)][-1]
    with camera(free_port) as again:
        newer = next(frame for frame in frames if again.sent and frame.number > last + 5)
        assert newer.image.shape == (48, 64, 3)
        stop.set()
        assert list(frames) == []


def test_a_camera_that_is_off_at_the_start_is_waited_for(free_port: int) -> None:
    """The worker may start before the camera."""
    stop = threading.Event()
    frames = Stream(f"http://127.0.0.1:{free_port}/").frames(stop)
    came: list[Frame] = []
    viewer = threading.Thread(target=lambda: came.append(next(frames)))
    viewer.start()
    with camera(free_port):
        viewer.join(30)
        assert len(came) == 1
        stop.set()
        assert list(frames) == []


def test_a_slow_viewer_sees_what_is_now(free_port: int, eventually: Callable[..., Any]) -> None:
    """Pictures that came while the viewer was busy are skipped and counted, not queued."""
    stop = threading.Event()
    stream = Stream(f"http://127.0.0.1:{free_port}/")
    frames = stream.frames(stop)
    with camera(free_port) as source:
        first = next(frames)
        sent = source.sent
        eventually(lambda: source.sent - sent, lambda more: more >= 40)
        now = next(frames)
        assert now.number - first.number > 20
        assert stream.skipped == now.number - first.number - 1
        stop.set()
        assert list(frames) == []


@pytest.mark.parametrize(
    ("source", "live"),
    [("0", True), ("rtsp://cam/1", True), ("http://cam/mjpg", True), ("door.mp4", False)],
)
def test_live_sources_are_told_from_files(source: str, live: bool) -> None:  # noqa: FBT001  (pytest fills it in)
    """A USB index and an address are live; a path is a recording."""
    assert is_live(source) is live
