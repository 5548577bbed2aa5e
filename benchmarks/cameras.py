"""What cameras cost: four workers on one core, and one worker's memory over 100,000 pictures.

`python -m benchmarks.cameras` pins four workers on real clips, at 15 pictures a second each, to one
core; `--frames 100000` lets one worker look at so many pictures as fast as it can.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import psutil

from devices.agent import Agent
from devices.broker import ManagedBroker, wait_until_ready
from devices.mqtt import BrokerAddress, Delivery, Link
from edge.logs import to_stderr
from edge.processes import CAMERA, until_told
from edge.supervisor import Child, Supervisor
from vision.camera import CameraSettings, Watched, Worker
from vision.capture import Frame, now_ms, opened
from vision.lines import Line
from vision.zones import Area

FOOTAGE = Path(__file__).resolve().parents[2] / "shared" / "data" / "footage"
CLIPS = ("overhead-shadows.mp4", "square-oblique.avi", "table-visits.mp4", "overhead-shadows.mp4")
FPS = 15.0
WARM_S = 25.0
"""Until the view is learned, and the libraries are loaded."""
MOST_MB = 120
WATCHED = Watched(
    (Line("across", (0.1, 0.5), (0.9, 0.5)),),
    (Area("all", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))),),
)


class Clip:
    """A clip that begins again at its end; its pictures come at `fps`, whatever its own rate."""

    def __init__(self, path: Path, fps: float | None) -> None:
        """Take a file; without `fps` its pictures come as fast as they are taken."""
        self._path = path
        self._fps = fps
        self.skipped = 0
        self.trouble: str | None = None

    def pictures(self, stop: threading.Event) -> Iterator[Frame]:
        """Give pictures until `stop` is set; what nobody had time for is skipped."""
        due, number = time.monotonic(), 0
        while not stop.is_set():
            video = opened(str(self._path), threads=1)
            while not stop.is_set() and video.grab():
                if self._fps is not None:
                    due += 1 / self._fps
                    late = time.monotonic() - due
                    if late > 1 / self._fps:
                        self.skipped += 1
                        continue
                    stop.wait(max(0.0, -late))
                yield Frame(number, now_ms(), np.asarray(video.retrieve()[1], np.uint8))
                number += 1
            video.release()


def look(clip: Path, port: int, name: str) -> None:
    """Be one worker, with a device of its own, until SIGTERM."""
    cv2.setNumThreads(1)
    source, stop = Clip(clip, FPS), until_told()
    settings = CameraSettings(str(clip), FPS, loop=True, watched=WATCHED)
    with Agent(BrokerAddress(port=port), "bench", "camera", name, {"model": "bench"}) as agent:
        worker = Worker(settings, agent, source)
        for frame in source.pictures(stop):
            worker.look(frame)


def four(core: int, seconds: float) -> list[str]:
    """Let four workers share one core for so long; gives a line for each, and one for all."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port = _free_port()
        stack.enter_context(_broker(port, Path(folder)))
        heard = stack.enter_context(_statuses(port))
        names = [f"camera-{n}" for n in range(len(CLIPS))]
        workers = [
            stack.enter_context(_worker(FOOTAGE / clip, port, name, core))
            for name, clip in zip(names, CLIPS, strict=True)
        ]
        time.sleep(WARM_S)
        before = [_cpu_s(worker) for worker in workers]
        began = time.monotonic()
        time.sleep(seconds)
        past = time.monotonic() - began
        shares = [(_cpu_s(w) - b) / past for w, b in zip(workers, before, strict=True)]
        peaks = [_peak_mb(worker) for worker in workers]
        rows = [
            f"{name} {clip:22} {share:6.1%} of the core  {_figures(heard[name])}  {peak:4.0f} MB"
            for name, clip, share, peak in zip(names, CLIPS, shares, peaks, strict=True)
        ]
    return [*rows, f"all {sum(shares):.1%} of core {core}; at most {MOST_MB} MB each"]


def memory(frames: int) -> Iterator[str]:
    """Let one worker look at so many pictures; gives its memory now and then."""
    cv2.setNumThreads(1)
    stop = threading.Event()
    marks = {frames // 10, frames // 2, frames}
    source = Clip(FOOTAGE / CLIPS[1], None)
    worker = Worker(CameraSettings("", FPS, loop=True, watched=WATCHED), _Nobody(), source)
    began = time.monotonic()
    for done, frame in enumerate(source.pictures(stop), 1):
        worker.look(frame)
        if done in marks:
            now = psutil.Process().memory_info().rss / 2**20
            rate = done / (time.monotonic() - began)
            yield (
                f"{done:7} pictures: {now:5.1f} MB now, {_peak_mb(psutil.Process()):5.1f} MB at "
                f"the most, {rate:.0f} pictures a second"
            )
        if done == frames:
            stop.set()


class _Nobody:
    """A device that nobody hears."""

    def publish(self, leaf: str, payload: Mapping[str, Any]) -> None:
        """Forget a message."""

    def publish_plain(self, leaf: str, payload: Mapping[str, Any], *, qos: int = 1) -> None:
        """Forget a message."""

    def update_status(self, **changes: object) -> None:
        """Forget a change."""


@contextmanager
def _worker(clip: Path, port: int, name: str, core: int) -> Iterator[psutil.Process]:
    argv = [sys.executable, "-m", "benchmarks.cameras", "--worker", str(clip), name, str(port)]
    process = subprocess.Popen(argv, env={**os.environ, **CAMERA})  # noqa: S603  (our own module)
    os.sched_setaffinity(process.pid, {core})
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def _broker(port: int, folder: Path) -> Iterator[None]:
    broker = ManagedBroker(BrokerAddress(port=port), folder)
    broker.prepare()
    with Supervisor([Child("broker", tuple(broker.command()))]):
        wait_until_ready(broker.address, 20)
        yield


@contextmanager
def _statuses(port: int) -> Iterator[dict[str, dict[str, Any]]]:
    heard: dict[str, dict[str, Any]] = {}

    def hear(delivery: Delivery) -> None:
        heard[delivery.topic.split("/")[3]] = msgspec.json.decode(delivery.payload)
        delivery.acknowledge()

    wanted = ("store/bench/camera/+/status",)
    with Link(BrokerAddress(port=port), "bench", on_message=hear, subscriptions=wanted):
        yield heard


def _figures(said: dict[str, Any]) -> str:
    return (
        f"{said.get('fps', 0):5.1f} pictures a second, {said.get('skipped')} skipped since the "
        f"start, slowest {said.get('latency_ms')} ms"
    )


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _peak_mb(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _free_port() -> int:
    # Not that of stand.py: its imports would count as memory of the workers, which are this module.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, help="let one worker look at so many pictures")
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--worker", nargs=3, metavar=("CLIP", "NAME", "PORT"))
    asked = parser.parse_args()
    to_stderr()
    if asked.worker:
        clip, name, port = asked.worker
        look(Path(clip), int(port), name)
    elif asked.frames:
        for line in memory(asked.frames):
            print(line, flush=True)
    else:
        print("\n".join(four(asked.core, asked.seconds)))


if __name__ == "__main__":
    main()
