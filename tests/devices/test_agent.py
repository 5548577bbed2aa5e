"""The device's side: nothing numbered is forgotten before the gateway has it on disk."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from devices.agent import Agent
from devices.broker import ManagedBroker, wait_until_ready
from devices.mqtt import BrokerAddress, Delivery, Link
from edge.supervisor import Child, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEADLINE_S = 20.0
ROOT = "store/s1/scanner/d1"
STATUS = {"model": "M1", "fw": "1.0", "config_version": 3}


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait until something is true; fail with `what` after the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"still waiting until {what}"
        time.sleep(0.01)


class Gateway:
    """What the gateway does for a device: takes numbered messages and says how far it got."""

    def __init__(self, address: BrokerAddress, *, answering: bool = True) -> None:
        """Subscribe to every device of the shop."""
        self.link = Link(
            address, "gateway", on_message=self._take, subscriptions=("store/s1/+/+/+",)
        )
        self.seqs: list[int] = []
        self._upto = 0
        self.statuses: list[dict[str, Any]] = []
        self.results: list[dict[str, Any]] = []
        self.answering = answering

    def _take(self, delivery: Delivery) -> None:
        leaf = delivery.topic.rsplit("/", 1)[1]
        if leaf == "scan":
            self._number(msgspec.json.decode(delivery.payload))
        elif leaf == "status":
            self.statuses.append(msgspec.json.decode(delivery.payload))
        elif leaf == "result":
            self.results.append(msgspec.json.decode(delivery.payload))
        delivery.acknowledge()

    def _number(self, message: dict[str, Any]) -> None:
        self.seqs.append(message["seq"])
        while self._upto + 1 in self.seqs:
            self._upto += 1
        if self.answering:
            self.answer(message["boot"], self._upto)

    def answer(self, boot: str, seq: int) -> None:
        """Say that everything up to `seq` is on disk."""
        self.link.post(f"{ROOT}/ack", msgspec.json.encode({"boot": boot, "seq": seq}))


class Shop:
    """A broker that its supervisor brings back."""

    def __init__(self, address: BrokerAddress, supervisor: Supervisor) -> None:
        """Take the running broker."""
        self.address = address
        self._supervisor = supervisor

    def kill_broker(self) -> None:
        """Kill it without warning; it is gone when this returns and comes back by itself."""
        pid = self._supervisor.pids()["broker"]
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: self._supervisor.pids().get("broker") != pid, "the broker is gone")


@pytest.fixture
def shop(free_port: int, tmp_path: Path) -> Iterator[Shop]:
    """Give a running broker."""
    broker = ManagedBroker(BrokerAddress(port=free_port), tmp_path)
    broker.prepare()
    with Supervisor([Child("broker", tuple(broker.command()))]) as supervisor:
        wait_until_ready(broker.address, DEADLINE_S)
        yield Shop(broker.address, supervisor)


def scanner(
    address: BrokerAddress,
    on_downlink: Callable[[str, bytes], None] | None = None,
    keep: int = 10_000,
) -> Agent:
    """Give the device under test."""
    return Agent(address, "s1", "scanner", "d1", STATUS, on_downlink=on_downlink, keep=keep)


def test_numbers(shop: Shop) -> None:
    """Messages count from 1 within a boot, and leave the memory once they are on disk."""
    gateway = Gateway(shop.address)
    with gateway.link, scanner(shop.address) as device:
        eventually(lambda: gateway.link.connected, "the gateway is there")
        assert [device.publish("scan", {"data": "x"}) for _ in range(3)] == [1, 2, 3]
        assert device.flush(DEADLINE_S)
    assert gateway.seqs == [1, 2, 3]
    assert device.boot != scanner(shop.address).boot


def test_waits_for_a_broker(free_port: int, tmp_path: Path) -> None:
    """What was published before there was a broker goes out, in order, when it comes."""
    broker = ManagedBroker(BrokerAddress(port=free_port), tmp_path)
    gateway = Gateway(broker.address)
    with gateway.link, scanner(broker.address) as device:
        for _ in range(5):
            device.publish("scan", {"data": "x"})
        assert not device.flush(0)
        broker.prepare()
        with Supervisor([Child("broker", tuple(broker.command()))]):
            assert device.flush(DEADLINE_S)
    assert list(dict.fromkeys(gateway.seqs)) == [1, 2, 3, 4, 5]


def test_sends_again_until_acknowledged(shop: Shop) -> None:
    """A device whose messages vanish behind the broker sends them again without being asked."""
    with scanner(shop.address) as device:
        eventually(lambda: device.connected, "the device is there")
        for _ in range(250):
            device.publish("scan", {"data": "x"})
        gateway = Gateway(shop.address)
        with gateway.link:
            assert device.flush(DEADLINE_S)
    assert sorted(set(gateway.seqs)) == list(range(1, 251))


def test_broker_killed_mid_stream(shop: Shop) -> None:
    """Through a broker that is killed on the way, everything arrives at least once, in order."""
    gateway = Gateway(shop.address)
    with gateway.link, scanner(shop.address) as device:
        eventually(lambda: gateway.link.connected, "the gateway is there")
        killer = threading.Thread(target=shop.kill_broker)
        for number in range(600):
            if number == 300:
                killer.start()
            device.publish("scan", {"data": "x"})
        killer.join()
        assert device.flush(DEADLINE_S)
    highest = 0
    for seq in gateway.seqs:
        assert seq <= highest + 1, "a later message came before an earlier one"
        highest = max(highest, seq)
    assert highest == 600


def test_another_boots_acknowledgement(shop: Shop) -> None:
    """An acknowledgement of an earlier boot, or one that is no JSON, releases nothing."""
    gateway = Gateway(shop.address, answering=False)
    with gateway.link, scanner(shop.address) as device:
        eventually(lambda: gateway.link.connected and device.connected, "both are there")
        device.publish("scan", {"data": "x"})
        gateway.answer("another", 1)
        gateway.link.publish(f"{ROOT}/ack", b"{", timeout=DEADLINE_S)
        device.publish("scan", {"data": "x"})
        gateway.answer(device.boot, 1)
        eventually(lambda: device.unacknowledged == 1, "the first is released")


def test_memory_is_bounded(free_port: int) -> None:
    """Beyond its limit a device drops the oldest message and counts it."""
    device = scanner(BrokerAddress(port=free_port), keep=3)
    for _ in range(5):
        device.publish("scan", {"data": "x"})
    assert (device.unacknowledged, device.dropped) == (3, 2)
    device.stop()


def test_status(shop: Shop) -> None:
    """The status is retained, follows changes, and says offline after a stop."""
    gateway = Gateway(shop.address)
    with gateway.link:
        eventually(lambda: gateway.link.connected, "the gateway is there")
        with scanner(shop.address) as device:
            eventually(lambda: gateway.statuses, "the device is online")
            device.update_status(config_version=4)
            eventually(lambda: len(gateway.statuses) == 2, "the change is there")
        eventually(lambda: len(gateway.statuses) == 3, "the farewell is there")
    assert gateway.statuses == [
        {"online": True, **STATUS},
        {"online": True, **STATUS, "config_version": 4},
        {"online": False, **STATUS, "config_version": 4},
    ]
    late = Gateway(shop.address)
    with late.link:
        eventually(lambda: late.statuses, "the retained status is there")
    assert late.statuses == gateway.statuses[-1:]


def test_downlink(shop: Shop) -> None:
    """Configuration, commands and pictures reach the device by their leaf; results go back."""
    heard: list[tuple[str, bytes]] = []
    gateway = Gateway(shop.address)

    def obey(leaf: str, payload: bytes) -> None:
        heard.append((leaf, payload))
        if leaf == "command":
            device.publish_plain("result", {"id": "c1", "ok": True})

    device = scanner(shop.address, on_downlink=obey)
    with gateway.link:
        gateway.link.publish(f"{ROOT}/config", b"{}", retain=True, timeout=DEADLINE_S)
        with device:
            eventually(lambda: heard == [("config", b"{}")], "the configuration is there")
            gateway.link.post(f"{ROOT}/command", b"c")
            gateway.link.post(f"{ROOT}/show", b"s")
            gateway.link.post("store/s1/scanner/d2/command", b"for another")
            eventually(lambda: len(heard) == 3, "the command and the picture are there")
            eventually(lambda: gateway.results, "the result is there")
    assert heard == [("config", b"{}"), ("command", b"c"), ("show", b"s")]
    assert gateway.results == [{"id": "c1", "ok": True}]
