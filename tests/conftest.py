"""What every test may ask for: recordings, a free port, and a whole box on loopback."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import hypothesis
import pytest

from devices.broker import wait_until_ready
from devices.mqtt import BrokerAddress, Link
from edge.addresses import broker_address
from edge.config import Settings, load
from edge.processes import broker_of, command
from edge.tokens import create

Seen = TypeVar("Seen")

# Machines are slow now and then, and that proves nothing. The tests draw the same examples each
# time; the soak looks for new ones.
hypothesis.settings.register_profile("shop", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("shop")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

STORE = """
[store]
id = "test"
name = "Test"
timezone = "Europe/Berlin"
currency = "EUR"

[mqtt]
broker = "managed"
port = {mqtt}

[api]
port = {api}

[presence]
missing_after_s = 3600

[prices]
grace_s = 0

[[zones]]
id = "floor"
name = "Floor"
kind = "sales"
polygon = [[0, 0], [8, 0], [8, 5], [0, 5]]

[[zones]]
id = "tills"
name = "Tills"
kind = "checkout"
polygon = [[0, 5], [8, 5], [8, 7], [0, 7]]

[[shelves]]
id = "shelf-a"
name = "Shelf A"
zone = "floor"
corner = [1, 1]
size = [2.5, 0.6]

[[devices]]
id = "reader-1"
kind = "rfid"
antennas = {{ 1 = "shelf-a" }}

[[devices]]
id = "impinj-1"
kind = "rfid"
codec = "impinj"
topic = "impinj/#"
antennas = {{ 1 = "shelf-a", 2 = "floor", 3 = "floor", 4 = "floor" }}

[[devices]]
id = "zebra-1"
kind = "rfid"
codec = "zebra"
topic = "zebra/#"
antennas = {{ 1 = "shelf-a", 2 = "floor", 3 = "floor", 4 = "floor" }}

[[devices]]
id = "scanner-1"
kind = "scanner"
lane = "lane-1"

[[devices]]
id = "labels-1"
kind = "label"

[[lanes]]
id = "lane-1"
name = "Lane 1"
zone = "tills"

[[labels]]
id = "label-1"
device = "labels-1"
shelf = "shelf-a"

[[sinks]]
name = "shop"
kind = "webhook"
url = "http://127.0.0.1:{shop}/webhook"
secret = {{ env = "TEST_WEBHOOK_SECRET" }}
batch = 20
"""


class Box:
    """The processes of a shop, each to be started, killed and started again."""

    def __init__(self, folder: Path, ports: tuple[int, int, int]) -> None:
        """Write the configuration; nothing runs yet."""
        mqtt, api, shop = ports
        self.config = folder / "store.toml"
        self.config.write_text(STORE.format(mqtt=mqtt, api=api, shop=shop))
        self.secret = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
        self.settings: Settings = load(self.config)
        self.address: BrokerAddress = broker_address(self.settings)
        self.shop_url = f"http://127.0.0.1:{shop}"
        self._shop_port = shop
        token = create(self.settings, "test", "admin")
        self.api = httpx.Client(
            base_url=f"http://127.0.0.1:{api}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
        )
        self._root = f"http://127.0.0.1:{api}"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def configure(self, more: str) -> None:
        """Add to the configuration, before anything runs."""
        self.config.write_text(self.config.read_text() + more)
        self.settings = load(self.config)

    def start_all(self) -> None:
        """Start broker, gateway and cameras with one command: `store-edge run`."""
        self._spawn("run", command("run", self.config))
        wait_for(self._is_ready, bool, 40)

    def start_broker(self) -> None:
        """Start Mosquitto as `store-edge run` would."""
        broker = broker_of(self.settings, self.config.parent / "broker")
        assert broker is not None
        broker.prepare()
        self._spawn("broker", broker.command())
        wait_until_ready(self.address, 10)

    def start_gateway(self) -> None:
        """Start the gateway and wait until it hears the broker."""
        self._spawn("gateway", command("gateway", self.config))
        wait_for(self._is_ready, bool, 30)

    def start_shop(self) -> None:
        """Start the receiving web shop."""
        argv = [sys.executable, "-m", "edge", "webshop", "--secret-env", "TEST_WEBHOOK_SECRET"]
        self._spawn("shop", [*argv, "--port", str(self._shop_port)])
        wait_for(lambda: answers(f"{self.shop_url}/state"), bool, 20)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End a process and wait for its end."""
        process = self._running.pop(name)
        process.send_signal(number)
        process.wait(20)

    def stop(self) -> None:
        """End all that runs, the broker last."""
        self.api.close()
        for name in ("run", "gateway", "shop", "broker"):
            if name in self._running:
                self.kill(name, signal.SIGTERM)

    def shop_state(self) -> dict[str, Any]:
        """Give what the web shop has taken."""
        state: dict[str, Any] = httpx.get(f"{self.shop_url}/state").json()
        return state

    def sink(self) -> dict[str, Any]:
        """Give how the gateway's consumer for the web shop does."""
        sinks = self.api.get("/sinks").json()["items"]
        found: dict[str, Any] = next(sink for sink in sinks if sink["name"] == "shop")
        return found

    def publish(self, messages: list[tuple[str, bytes]]) -> None:
        """Publish at QoS 1 as some device would, and wait for each PUBACK."""
        name = f"test-{secrets.token_hex(4)}"
        with Link(self.address, name, on_message=ignore, lasting=False) as link:
            for topic, payload in messages:
                link.publish(topic, payload, timeout=20)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self._root}/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def _spawn(self, name: str, argv: Sequence[str]) -> None:
        env = {**os.environ, "TEST_WEBHOOK_SECRET": self.secret}
        self._running[name] = subprocess.Popen(argv, env=env)


def ignore(_: object) -> None:
    """Take a message and do nothing: these links only publish."""


def answers(url: str) -> bool:
    """Tell whether a server answers there."""
    try:
        httpx.get(url)
    except httpx.TransportError:
        return False
    return True


def wait_for(look: Callable[[], Seen], good: Callable[[Seen], object], seconds: float = 20) -> Seen:
    """Look again until it is good; the last look is in the message when it never is."""
    deadline = time.monotonic() + seconds
    while not good(last := look()):
        assert time.monotonic() < deadline, f"after {seconds} s still {last!r}"
        time.sleep(0.05)
    return last


@pytest.fixture
def shared_data() -> Path:
    """Real footage, photographs and payloads with ground truth, kept beside the project."""
    if not SHARED.is_dir():
        pytest.skip(f"no recordings at {SHARED}")
    return SHARED


@pytest.fixture
def free_port() -> int:
    """Give a TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def boxed(folder: Path) -> Iterator[Box]:
    """Give a box of which nothing runs yet, and end in it what runs by then."""
    with ExitStack() as probes:
        ports = []
        for _ in range(3):
            probe = probes.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    made = Box(folder, (ports[0], ports[1], ports[2]))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """Give a box of which nothing runs yet."""
    with boxed(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def new_box() -> Callable[[Path], AbstractContextManager[Box]]:
    """Give what makes a box in a folder, for tests of a file that share one."""
    return boxed


@pytest.fixture
def running(box: Box) -> Box:
    """Give a box of which all runs."""
    box.start_broker()
    box.start_shop()
    box.start_gateway()
    return box


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Wait until something is so: `eventually(look, good, seconds)`."""
    return wait_for
