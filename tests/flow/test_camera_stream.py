"""A network camera that dies and comes back: counted before and after, and said meanwhile."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SERVER = """
import sys, gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer(service=sys.argv[1], address="127.0.0.1")
clip = f"filesrc location={sys.argv[2]} ! avidemux ! jpegdec ! jpegenc ! rtpjpegpay name=pay0"
factory = GstRtspServer.RTSPMediaFactory(shared=True, launch=f"( {clip} )")
server.get_mount_points().add_factory("/door", factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
"""


@contextmanager
def camera(port: int, clip: Path) -> Iterator[None]:
    """Run an RTSP camera that shows a clip to who connects, until it dies without a word."""
    argv = ["/usr/bin/python3", "-c", SERVER, str(port), str(clip)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


@pytest.mark.timeout(180)
def test_a_stream_that_dies_is_counted_again_when_it_returns(
    eyes: Any, walk: Path, free_port: int, eventually: Callable[..., Any]
) -> None:
    """The crossing before is counted, the status says no signal, and those after are counted."""
    eyes.start(f"rtsp://127.0.0.1:{free_port}/door")
    eyes.box.start_gateway()
    with camera(free_port, walk):
        eventually(eyes.ear.lines, bool, 60)
        assert eyes.ear.problems("no-signal")[-1] is False
    eventually(lambda: eyes.ear.problems("no-signal"), lambda told: told[-1], 20)
    eventually(
        lambda: str(eyes.ear.status()["source"]),
        lambda said: "expected a video stream" in said and str(free_port) in said,
    )
    eventually(
        lambda: eyes.box.api.get("/devices").json()["items"],
        lambda rows: [row["problem"] for row in rows if row["device"] == "door"] == ["no-signal"],
    )
    before = len(eyes.ear.lines())
    with camera(free_port, walk):
        eventually(eyes.ear.lines, lambda lines: len(lines) > before, 60)
        assert eyes.ear.problems("no-signal")[-1] is False
        assert eyes.ear.status()["source"] == "ok"
    assert eyes.process.poll() is None
