"""The shop of `benchmarks.fleet`: Mosquitto, gateway, a driver for each access point."""

from __future__ import annotations

import multiprocessing
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx
import psutil
import structlog

from benchmarks.fleet_goods import Facing, Plan
from benchmarks.fleet_store import GRACE_S, STORE_ID, device_of, store_toml
from benchmarks.stand import free_ports, running, wait_until_answered
from devices.broker import wait_until_ready
from devices.labels.openepaperlink import drive
from devices.labels.openepaperlink_errand import Timing
from devices.mqtt import BrokerAddress
from devices.simulator.access_point import EmulatedAccessPoint
from edge.addresses import broker_address
from edge.config import Settings, load
from edge.processes import broker_of, command, until_told
from edge.tokens import create

START_S = 180.0
KEPT_S = 2.0


@dataclass(frozen=True, slots=True)
class Shop:
    """A running shop."""

    plan: Plan
    points: Sequence[EmulatedAccessPoint]
    speed: float
    grace_s: float
    api: httpx.Client
    _gateway: psutil.Process
    _broker: psutil.Process
    _drivers: Sequence[BaseProcess]

    def labels(self) -> list[dict[str, Any]]:
        """Give what the gateway says of all labels."""
        found: list[dict[str, Any]] = self.get("/labels")["items"]
        return found

    def get(self, path: str, **params: str | int) -> Any:  # noqa: ANN401  (JSON)
        """Ask the gateway."""
        return self.api.get(path, params=params).raise_for_status().json()

    def post(self, path: str, body: object) -> Any:  # noqa: ANN401  (the same)
        """Tell the gateway something; gives its answer."""
        return self.api.post(path, json=body).raise_for_status().json()

    def glass(self, facing: Facing) -> bytes:
        """Give the truth: what is on the panel of a label at this moment."""
        return self.points[facing.point].glass(facing.mac)

    def wait_for_labels(self) -> None:
        """Wait until all labels have reported: pictures would be lost, or wait behind reports."""
        deadline = time.monotonic() + START_S
        while any(row["battery_mv"] is None for row in self.labels()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"expected a report of every label within {START_S} s")
            time.sleep(0.5)

    def fallen(self) -> list[str]:
        """Name the drivers that have ended, as none should."""
        return [driver.name for driver in self._drivers if not driver.is_alive()]

    def used(self) -> dict[str, float]:
        """Give the processor seconds used so far: by each part, this process, and others."""
        drivers = (psutil.Process(driver.pid) for driver in self._drivers)
        used = {
            "gateway": _seconds(self._gateway),
            "broker": _seconds(self._broker),
            "drivers": sum(map(_seconds, drivers)),
            "access points and shoppers": _seconds(psutil.Process()),
        }
        return {**used, "others": _busy() - sum(used.values())}


@contextmanager
def shop(
    folder: Path, plan: Plan, points: Sequence[EmulatedAccessPoint], speed: float
) -> Iterator[Shop]:
    """Run all of it until the block ends; what drivers log goes into `folder`."""
    mqtt, api = free_ports(2)
    config = folder / "store.toml"
    urls = [point.url for point in points]
    config.write_text(store_toml(plan, urls, mqtt=mqtt, api=api, grace_s=GRACE_S / speed))
    settings = load(config)
    token = create(settings, "fleet", "admin")
    with ExitStack() as stack:
        for point in points:
            stack.enter_context(point)
        mosquitto = stack.enter_context(_broker(settings, folder))
        gateway = stack.enter_context(running(list(command("gateway", config)), {}))
        wait_until_answered(f"http://127.0.0.1:{api}/readyz")
        client = stack.enter_context(_client(api, token))
        drivers = [
            stack.enter_context(_driver(folder, settings, n, url, plan, speed))
            for n, url in enumerate(urls)
        ]
        opened = Shop(
            plan,
            points,
            speed,
            GRACE_S / speed,
            client,
            psutil.Process(gateway.pid),
            psutil.Process(mosquitto.pid),
            drivers,
        )
        opened.wait_for_labels()
        yield opened


def drive_fast(
    broker: BrokerAddress,
    device: str,
    url: str,
    labels: dict[str, str],
    speed: float,
    log: Path,
) -> None:
    """Drive an access point whose time passes faster; the driver's own process runs this."""
    with log.open("a", buffering=1) as file:
        structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=file))
        # Battery reports keep their pace: they would take the gateway's time, and change nothing.
        timing = replace(Timing().faster(speed), report_s=Timing().report_s)
        drive(broker, STORE_ID, device, url, labels, until_told(), timing)


@contextmanager
def _broker(settings: Settings, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    broker = broker_of(settings, folder / "broker")
    if broker is None:
        raise RuntimeError("expected a managed broker")
    broker.prepare()
    with running(broker.command(), {}) as process:
        wait_until_ready(broker_address(settings), 10)
        yield process


def _client(port: int, token: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"http://127.0.0.1:{port}/api/v1",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
        # A shopper walks for longer than the gateway keeps an idle connection open.
        limits=httpx.Limits(keepalive_expiry=KEPT_S),
    )


@contextmanager
def _driver(
    folder: Path, settings: Settings, point: int, url: str, plan: Plan, speed: float
) -> Iterator[BaseProcess]:
    labels = {facing.label: facing.mac for facing in plan.facings if facing.point == point}
    device = device_of(point)
    args = (broker_address(settings), device, url, labels, speed, folder / f"{device}.log")
    # Not forked: this process has threads.
    process = multiprocessing.get_context("spawn").Process(
        target=drive_fast, args=args, name=device
    )
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join(20)


def _busy() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
