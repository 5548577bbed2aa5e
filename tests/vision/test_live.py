"""Live sources: streams that come and go, and servers that send rubbish."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
import pytest

from vision.capture import Frame
from vision.live import Live, trouble_of

STEP = 12
"""Grey levels between one picture and the next, so that each tells its number."""


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


def seen(frames: Iterator[Frame | None]) -> Iterator[Frame]:
    """Leave out the beats in which nothing came."""
    return (frame for frame in frames if frame is not None)


def test_a_stream_that_goes_away_is_read_again(free_port: int) -> None:
    """The camera loses its power and comes back: pictures come again, numbered on."""
    stop = threading.Event()
    frames = seen(Live(f"http://127.0.0.1:{free_port}/", 100).pictures(stop))
    with camera(free_port):
        last = [next(frames).number for _ in range(5)][-1]
    with camera(free_port) as again:
        newer = next(frame for frame in frames if again.sent and frame.number > last + 5)
        assert newer.image.shape == (48, 64, 3)
        stop.set()
        assert list(frames) == []


def test_a_camera_that_is_off_at_the_start_is_waited_for(free_port: int) -> None:
    """The worker may start before the camera; until then it hears that nothing comes, and why."""
    stop = threading.Event()
    live = Live(f"http://127.0.0.1:{free_port}/", 100)
    frames = live.pictures(stop)
    assert next(frames) is None
    while live.trouble is None:
        assert next(frames) is None
    assert live.trouble == (
        f"expected a video stream from 127.0.0.1:{free_port}, came Connection refused"
    )
    with camera(free_port):
        assert next(seen(frames)).image.shape == (48, 64, 3)
        assert not live.trouble
        stop.set()
        assert list(frames) == []


def test_a_slow_viewer_sees_what_is_now(free_port: int, eventually: Callable[..., Any]) -> None:
    """Pictures that came while the viewer was busy are skipped and counted, not queued."""
    stop = threading.Event()
    live = Live(f"http://127.0.0.1:{free_port}/", 100)
    frames = seen(live.pictures(stop))
    with camera(free_port) as source:
        first = next(frames)
        sent = source.sent
        eventually(lambda: source.sent - sent, lambda more: more >= 40)
        now = next(frames)
        assert now.number - first.number > 20
        assert live.skipped == now.number - first.number - 1 + first.number
        later = next(frames)
        assert later.t - now.t < 1000
        assert time.time_ns() // 1_000_000 - later.t < 1000
        stop.set()
        assert list(frames) == []


def test_a_stream_that_is_too_fast_is_thinned_out(free_port: int) -> None:
    """Of 50 pictures a second a viewer who wants five gets about five; none of them is missed."""
    stop = threading.Event()
    live = Live(f"http://127.0.0.1:{free_port}/", 5)
    frames = seen(live.pictures(stop))
    with camera(free_port):
        times = [next(frames).t for _ in range(6)]
        stop.set()
        assert list(frames) == []
    assert 5 * 150 <= times[-1] - times[0] <= 5 * 400
    assert live.skipped <= 1


class Rubbish:
    """A server that answers whatever comes with an answer that is no video, and counts callers."""

    def __init__(self, port: int, answer: bytes, *, endless: bool) -> None:
        """Listen on loopback."""
        self._door = socket.create_server(("127.0.0.1", port))
        self._answer, self._endless = answer, endless
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.callers = 0

    def _run(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
            except OSError:
                return
            self.callers += 1
            try:
                with caller:
                    caller.settimeout(2)
                    caller.recv(4096)
                    caller.sendall(self._answer)
                    for _ in range(200 if self._endless else 0):
                        caller.sendall(secrets.token_bytes(65_536))
            except OSError:
                continue

    def close(self) -> None:
        """Stop listening."""
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._thread.join(5)


MULTIPART = (
    b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=next\r\n\r\n"
    b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: 65536\r\n\r\n"
)


@pytest.mark.parametrize(
    ("scheme", "answer", "endless"),
    [
        ("http", b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone", False),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n", True),
        ("http", MULTIPART, True),
        ("rtsp", b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n" + bytes(range(256)) * 64, False),
    ],
    ids=["not found", "noise for a video", "noise for pictures", "noise for RTSP"],
)
def test_rubbish_is_no_video(
    free_port: int,
    scheme: str,
    answer: bytes,
    endless: bool,  # noqa: FBT001  (pytest fills it in)
) -> None:
    """What comes is called no video, no picture is made of it, and the pauses grow."""
    server = Rubbish(free_port, answer, endless=endless)
    stop = threading.Event()
    live = Live(f"{scheme}://viewer:secret@127.0.0.1:{free_port}/door", 25)
    frames = live.pictures(stop)
    try:
        while live.trouble is None:
            assert next(frames) is None
        assert live.trouble == (
            f"expected a video stream from 127.0.0.1:{free_port}, came a connection without one"
        )
        callers, began = server.callers, time.monotonic()
        while time.monotonic() - began < 1:
            assert next(frames) is None
        assert server.callers - callers <= 6  # each look is a caller, and so is each knock
    finally:
        stop.set()
        list(frames)
        server.close()


def test_trouble_is_told_without_a_password() -> None:
    """Neither the user nor the password of an address is in the words."""
    said = trouble_of("rtsp://viewer:secret@127.0.0.1:1/door")
    assert said == "expected a video stream from 127.0.0.1:1, came Connection refused"
    assert trouble_of("7") == "expected a camera at USB index 7, came none that gives pictures"
    assert "another address" in trouble_of("http://127.0.0.1:99999/")
