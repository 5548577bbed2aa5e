"""What of the simulated shop can be seen over HTTP: the camera's stream, the truth, a freeze."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import msgspec

from devices.simulator.camera import Frame

QUALITY = 88
STALE_S = 2.0


class Stream:
    """The newest frame as JPEG, for any number of viewers."""

    def __init__(self) -> None:
        """Begin without a frame."""
        self._jpeg = b""
        self._number = 0
        self._news = threading.Condition()
        self._open = True

    def put(self, frame: Frame) -> None:
        """Show a frame (rows by columns by blue, green, red)."""
        jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
        with self._news:
            self._jpeg, self._number = jpeg, self._number + 1
            self._news.notify_all()

    def next(self, after: int) -> tuple[int, bytes] | None:
        """Wait for a frame later than `after`; None when the stream ends or stands still."""
        with self._news:
            came = self._news.wait_for(lambda: self._number > after or not self._open, STALE_S)
            return (self._number, self._jpeg) if came and self._open else None

    def close(self) -> None:
        """Let all viewers go."""
        with self._news:
            self._open = False
            self._news.notify_all()


class Window:
    """A server on loopback: `GET /camera.mjpg`, `GET /truth`, `POST /freeze`."""

    def __init__(
        self, port: int, stream: Stream, truth: Callable[[], object], freeze: Callable[[], None]
    ) -> None:
        """Listen; 0 takes a free port."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/truth":
                    _answer(self, msgspec.json.encode(truth()))
                elif self.path == "/camera.mjpg":
                    _show(self, stream)
                else:
                    self.send_error(404, "expected /truth or /camera.mjpg")

            def do_POST(self) -> None:
                if self.path != "/freeze":
                    self.send_error(404, "expected /freeze")
                    return
                freeze()
                _answer(self, b"{}")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._stream = stream
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="window")

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Let all viewers go and end."""
        self._stream.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _show(handler: BaseHTTPRequestHandler, stream: Stream) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
    handler.end_headers()
    seen = 0
    try:
        while (following := stream.next(seen)) is not None:
            seen, jpeg = following
            head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
            handler.wfile.write(head + jpeg + b"\r\n")
    except (BrokenPipeError, ConnectionResetError):
        return  # the viewer left
