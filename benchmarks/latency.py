"""From a device's publish to the receiver's webhook, and API and pages meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import httpx
import psutil

from benchmarks.stand import Receiver, Stand, quantile, stand

RATE = 1000
SECONDS = 30
DRAIN_S = 20
PATHS = ("/api/v1/stock?limit=100", "/api/v1/devices", "/api/v1/sales", "/", "/readyz")


def main() -> None:
    """Run and print."""
    with (
        Receiver() as receiver,
        stand(receiver.port) as box,
        box.broker(),
        box.gateway() as pid,
    ):
        argv = [sys.executable, "-m", "benchmarks.load"]
        argv += [str(box.address.port), "--rate", str(RATE), "--seconds", str(SECONDS)]
        before = psutil.Process(pid).cpu_times()
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as load:  # noqa: S603  (our own)
            asked = _ask_meanwhile(box, load)
            published = json.loads(load.stdout.read() if load.stdout else b"{}")
        deadline = time.monotonic() + DRAIN_S
        while len(receiver.arrived) < len(published) and time.monotonic() < deadline:
            time.sleep(0.05)
        after = psutil.Process(pid).cpu_times()
    _report(
        published, receiver.arrived, asked, after.user + after.system - before.user - before.system
    )


def _ask_meanwhile(box: Stand, load: subprocess.Popen[bytes]) -> dict[str, list[float]]:
    asked: dict[str, list[float]] = {path: [] for path in PATHS}
    headers = {"Authorization": f"Bearer {box.token}"}
    with httpx.Client(base_url=box.root, headers=headers, timeout=10) as client:
        # As a person would: the floor plan needs a session.
        client.post("/sign-in", data={"token": box.token}, headers={"Origin": box.root})
        while load.poll() is None:
            for path, times in asked.items():
                start = time.perf_counter()
                client.get(path).raise_for_status()
                times.append((time.perf_counter() - start) * 1000)
            time.sleep(0.2)
    return asked


def _report(
    published: dict[str, int], arrived: dict[str, int], asked: dict[str, list[float]], cpu_s: float
) -> None:
    late = [(arrived[name] - at) / 1e6 for name, at in published.items() if name in arrived]
    print(f"{RATE} messages/s for {SECONDS} s, five reads a message, a sale in fifty")
    print(f"  sales published {len(published)}, received {len(late)}")
    print(
        f"  publish to webhook receipt: p50 {quantile(late, 0.5):.0f} ms, "
        f"p99 {quantile(late, 0.99):.0f} ms, worst {max(late):.0f} ms"
    )
    print(f"  the gateway used {cpu_s / SECONDS:.0%} of a core")
    for path, times in asked.items():
        print(
            f"  GET {path}: p50 {quantile(times, 0.5):.0f} ms, p99 {quantile(times, 0.99):.0f} ms"
        )
