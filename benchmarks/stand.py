"""What the benchmarks run against: a managed Mosquitto, a gateway process, a receiver."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import httpx

from devices.broker import wait_until_ready
from edge.addresses import broker_address
from edge.config import load
from edge.processes import broker_of, command
from edge.tokens import create

READERS = 20
TAGS_A_READER = 200

STORE = """
[store]
id = "bench"
name = "Bench"
timezone = "Europe/Berlin"
currency = "EUR"
[mqtt]
broker = "managed"
port = {mqtt}
[api]
port = {api}
[[zones]]
id = "floor"
name = "Floor"
kind = "sales"
polygon = [[0, 0], [20, 0], [20, 10], [0, 10]]
[[zones]]
id = "tills"
name = "Tills"
kind = "checkout"
polygon = [[0, 10], [20, 10], [20, 12], [0, 12]]
[[lanes]]
id = "till"
name = "Till"
zone = "tills"
"""
SHELF = """
[[shelves]]
id = "shelf-{n}"
name = "Shelf {n}"
zone = "floor"
corner = [{n}, 1]
size = [0.8, 0.6]
[[devices]]
id = "reader-{n}"
kind = "rfid"
antennas = {{ 1 = "shelf-{n}" }}
"""
SINK = """
[[sinks]]
name = "receiver"
kind = "webhook"
url = "http://127.0.0.1:{receiver}/"
secret = {{ env = "BENCH_SECRET" }}
"""


class Receiver:
    """Takes webhooks and notes when each sale arrived (time.monotonic_ns)."""

    def __init__(self) -> None:
        """Listen on a free port of loopback."""
        arrived: dict[str, int] = {}

        class Take(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                now = time.monotonic_ns()
                for event in json.loads(body):
                    if event["type"] == "store.sale.completed.v1":
                        arrived.setdefault(event["subject"], now)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.arrived = arrived
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        """Begin to take."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Stand:
    """Broker and gateway on free ports in a folder of their own."""

    def __init__(self, folder: Path, receiver: int) -> None:
        """Write the configuration; nothing runs yet."""
        mqtt, api = free_ports(2)
        text = STORE.format(mqtt=mqtt, api=api)
        text += "".join(SHELF.format(n=n) for n in range(READERS)) + SINK.format(receiver=receiver)
        self.config = folder / "store.toml"
        self.config.write_text(text)
        self.settings = load(self.config)
        self.address = broker_address(self.settings)
        self.root = f"http://127.0.0.1:{api}"
        self.token = create(self.settings, "bench", "admin")
        self._secret = "whsec_" + b64encode(secrets.token_bytes(24)).decode()

    @contextmanager
    def broker(self) -> Iterator[None]:
        """Run Mosquitto as `store-edge run` would."""
        broker = broker_of(self.settings, self.config.parent / "broker")
        if broker is None:
            return
        broker.prepare()
        with running(broker.command(), {}):
            wait_until_ready(self.address, 10)
            yield

    @contextmanager
    def plain_broker(self) -> Iterator[None]:
        """Run a Mosquitto that keeps nothing on disk, so that only the receivers are compared."""
        config = self.config.parent / "plain.conf"
        config.write_text(
            f"listener {self.address.port} 127.0.0.1\nallow_anonymous true\n"
            "max_inflight_messages 1000\nmax_queued_messages 0\nlog_dest none\n"
        )
        with running(["mosquitto", "-c", str(config)], {}):
            wait_until_ready(self.address, 10)
            yield

    @contextmanager
    def gateway(self) -> Iterator[int]:
        """Run the gateway; gives its process id."""
        env = {"BENCH_SECRET": self._secret}
        with running(list(command("gateway", self.config)), env) as process:
            wait_until_answered(f"{self.root}/readyz")
            yield process.pid


@contextmanager
def stand(receiver: int) -> Iterator[Stand]:
    """Give a stand in a temporary folder; nothing runs yet."""
    with tempfile.TemporaryDirectory() as folder:
        yield Stand(Path(folder), receiver)


@contextmanager
def running(argv: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process, and end it."""
    with subprocess.Popen(  # noqa: S603  (our own commands)
        argv, env={**os.environ, **env}, stdout=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


def wait_until_answered(url: str, seconds: float = 30) -> None:
    """Wait until a server answers 200."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(url).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer 200 within {seconds} s")


def free_ports(n: int) -> list[int]:
    """Give TCP ports on loopback that nobody listens on."""
    with ExitStack() as probes:
        ports: list[int] = []
        for _ in range(n):
            probe = probes.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
        return ports


def quantile(values: list[float], share: float) -> float:
    """Give the value below which this share of the values lies."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]
