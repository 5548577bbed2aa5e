"""A whole simulated shop on this machine, and the truth beside what the edge made of it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil
from msgspec import Struct

from devices.simulator.plan import Site, store_toml
from edge.config import Settings, load
from edge.errors import StoreEdgeError
from edge.processes import children, command, until_told
from edge.supervisor import PAUSES_S, Child, Supervisor
from edge.tokens import create

MISSING_AFTER_S = 12.0
SECRET_ENV = "STORE_EDGE_DEMO_SECRET"  # noqa: S105  (a variable's name)
TOKEN_ENV = "STORE_EDGE_DEMO_TOKEN"  # noqa: S105
READY_S = 60.0
SETTLE_S = MISSING_AFTER_S + 6.0
DRAIN_S = 30.0
LOOK_S = 0.25


class Addresses(Struct, frozen=True):
    """Where the parts of a demo answer."""

    dashboard: str
    shop: str
    window: str


class Demo:
    """A running demo; `supervisor` knows its processes."""

    def __init__(
        self, folder: Path, seed: int, port: int, pauses: tuple[float, float] = PAUSES_S
    ) -> None:
        """Write the configuration and make the tokens; nothing runs yet.

        `pauses` are those of the supervisor before a dead process comes back.
        """
        mqtt, api, shop, window = _ports(port)
        self.addresses = Addresses(*(f"http://127.0.0.1:{p}" for p in (api, shop, window)))
        self.config = folder / "store.toml"
        self.config.write_text(store_toml(self._site(mqtt, api)), "utf-8")
        os.environ[SECRET_ENV] = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
        self.settings: Settings = load(self.config)
        self.token = create(self.settings, "demo", "admin")
        os.environ[TOKEN_ENV] = create(self.settings, "simulated shop", "technician")
        self.supervisor = Supervisor(self._children(seed, shop, window), pauses=pauses)
        self._api = httpx.Client(
            base_url=self.addresses.dashboard,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=20,
        )

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def get(self, path: str) -> Any:  # noqa: ANN401  (JSON of the API)
        """Ask the API."""
        return self._api.get(f"/api/v1{path}").raise_for_status().json()

    def truth(self) -> dict[str, Any]:
        """Ask the simulated shop what is really so."""
        told: dict[str, Any] = httpx.get(f"{self.addresses.window}/truth").json()
        return told

    def web_shop(self) -> dict[str, Any]:
        """Ask the web shop what it has taken."""
        told: dict[str, Any] = httpx.get(f"{self.addresses.shop}/state").json()
        return told

    def freeze(self) -> None:
        """Let everybody in the simulated shop stand still."""
        httpx.post(f"{self.addresses.window}/freeze").raise_for_status()

    def wait_until_open(self) -> None:
        """Wait until all answer and the labels are bound; raises when that takes too long."""
        deadline = time.monotonic() + READY_S
        while not self._is_open():
            if time.monotonic() > deadline:
                raise StoreEdgeError(
                    f"expected the demo to be up within {READY_S:g} s; see the messages above"
                )
            time.sleep(LOOK_S)

    def sink(self) -> dict[str, Any]:
        """Give how the web shop's consumer of the log does."""
        found: dict[str, Any] = next(
            sink for sink in self.get("/sinks")["items"] if sink["kind"] == "webhook"
        )
        return found

    def settle(self) -> None:
        """Let time-outs run after a freeze, then let what is under way arrive."""
        time.sleep(SETTLE_S)
        deadline = time.monotonic() + DRAIN_S
        while time.monotonic() < deadline:
            if self.truth()["settled"] and self.sink()["backlog"] == 0:
                return
            time.sleep(LOOK_S)

    def is_ready(self) -> bool:
        """Tell whether the gateway answers and hears the broker."""
        try:
            return httpx.get(f"{self.addresses.dashboard}/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def _is_open(self) -> bool:
        try:
            bound = self.truth()["labels_bound"]
            self.web_shop()
        except httpx.TransportError:
            return False
        return bool(bound >= len(self.settings.labels))

    def _site(self, mqtt: int, api: int) -> Site:
        return Site(
            broker="managed" if shutil.which("mosquitto", path=_PATH) else "embedded",
            mqtt_port=mqtt,
            api_port=api,
            webhook_url=f"{self.addresses.shop}/webhook",
            secret_env=SECRET_ENV,
            camera_source=f"{self.addresses.window}/camera.mjpg",
            missing_after_s=MISSING_AFTER_S,
            references=True,
        )

    def _children(self, seed: int, shop: int, window: int) -> list[Child]:
        web_shop = (sys.executable, "-m", "edge", "webshop", "--secret-env", SECRET_ENV)
        people = ("--token-env", TOKEN_ENV, "--seed", str(seed), "--port", str(window))
        # The web shop first: it is the last to go, and takes what the gateway says until then.
        return [
            Child("web shop", (*web_shop, "--port", str(shop))),
            *children(self.settings, self.config),
            Child("simulator", (*command("simulate", self.config), *people)),
        ]


_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


@contextmanager
def demo(seed: int, port: int) -> Iterator[Demo]:
    """Run a demo in a temporary folder: `port` is the dashboard's, 0 takes a free one."""
    with tempfile.TemporaryDirectory(prefix="store-edge-demo-") as folder, ExitStack() as stack:
        running = Demo(Path(folder), seed, port)
        stack.callback(running.close)
        stack.enter_context(running.supervisor)
        running.wait_until_open()
        yield running


def run_demo(*, seconds: float | None, seed: int, port: int, as_json: bool) -> None:
    """Run until Ctrl-C, or for `seconds` of shop and then compare; prints what a user needs."""
    stop = until_told()
    with demo(seed, port) as running:
        if not as_json:
            _say_where(running)
        stop.wait(seconds)
        if seconds is None or stop.is_set():
            return
        running.freeze()
        running.settle()
        found = compare(running)
        print(msgspec.json.encode(found).decode() if as_json else _plain(found))  # noqa: T201


def _say_where(running: Demo) -> None:
    print(  # noqa: T201  (what the command is for)
        f"dashboard  {running.addresses.dashboard}  sign in with the token\n"
        f"token      {running.token}\n"
        f"web shop   {running.addresses.shop}  what an online customer sees\n"
        f"camera     {running.addresses.window}/camera.mjpg\n"
        "Ctrl-C ends it; nothing is kept.",
        flush=True,
    )


def compare(running: Demo) -> dict[str, Any]:
    """Give the truth of the simulated shop beside what API and web shop say."""
    truth, shop, sink = running.truth(), running.web_shop(), running.sink()
    head = sink["head"]
    return {
        "stock": _stock(running, truth),
        "traffic": _traffic(running, truth),
        "sales": _sales(running, truth, shop),
        "labels": _labels(running, truth),
        "events": {
            "logged": head,
            "delivered": sink["delivered"],
            "coalesced": sink["coalesced"],
            "received": shop["distinct"],
        },
        "dead_letters": len(running.get("/dead-letters?limit=100")["items"]),
        "processes": _processes(running.supervisor.pids()),
    }


def _stock(running: Demo, truth: dict[str, Any]) -> dict[str, int]:
    """Compare levels with what is on shelves and in the backroom.

    A unit in somebody's hands (`in_hands`) may or may not be in a reader's field, so that either
    answer is right.
    """
    levels = {row["gtin"]: row["on_hand"] for row in running.get("/stock?limit=1000")["items"]}
    errors = [_error(levels.get(gtin, 0), goods) for gtin, goods in truth["stock"].items()]
    return {
        "products": len(errors),
        "exact": errors.count(0),
        "abs_error": sum(errors),
        "in_hands": sum(goods["carried"] for goods in truth["stock"].values()),
    }


def _error(on_hand: int, goods: dict[str, Any]) -> int:
    least: int = goods["fixtures"]
    most: int = least + goods["carried"]
    return max(0, least - on_hand, on_hand - most)


def _traffic(running: Demo, truth: dict[str, Any]) -> dict[str, int]:
    rows = running.get("/traffic?bucket=day")["items"]
    return {
        "true_in": truth["came"],
        "true_out": truth["left"],
        "counted_in": sum(row["in"] for row in rows),
        "counted_out": sum(row["out"] for row in rows),
    }


def _sales(running: Demo, truth: dict[str, Any], shop: dict[str, Any]) -> dict[str, int]:
    made = {sale["sale"] for sale in truth["sales"]}
    recorded = {sale["sale"] for sale in running.get("/sales?limit=1000")["items"]}
    return {
        "made": len(made),
        "recorded": len(made & recorded),
        "delivered": len(made & set(shop["sales"])),
        "unexplained": len((recorded | set(shop["sales"])) - made),
    }


def _labels(running: Demo, truth: dict[str, Any]) -> dict[str, int]:
    rows = running.get("/labels")["items"]
    shown = sum(row["state"] == "shown" for row in rows)
    return {"bound": truth["labels_bound"], "shown": shown}


def _processes(pids: dict[str, int]) -> dict[str, dict[str, float]]:
    figures = {}
    for name, pid in {**pids, "supervisor": os.getpid()}.items():
        process = psutil.Process(pid)
        times = process.cpu_times()
        figures[name] = {
            "rss_mb": round(process.memory_info().rss / 2**20, 1),
            "cpu_s": round(times.user + times.system, 1),
        }
    return figures


def _plain(found: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {figures}" for name, figures in found.items())


def _ports(dashboard: int) -> tuple[int, int, int, int]:
    """Take free ports of loopback; the dashboard's as asked for, unless somebody has it."""
    with ExitStack() as probes:
        free = [probes.enter_context(_probe(0)) for _ in range(3)]
        try:
            asked = probes.enter_context(_probe(dashboard))
        except OSError as fault:
            raise StoreEdgeError(
                f"port {dashboard} is taken: name another with --port, or 0 for a free one"
            ) from fault
        mqtt, shop, window = (probe.getsockname()[1] for probe in free)
        return mqtt, asked.getsockname()[1], shop, window


def _probe(port: int) -> socket.socket:
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", port))
    return probe
