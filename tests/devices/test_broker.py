"""The brokers that the project starts, as their clients see them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from devices.broker import Broker, EmbeddedBroker, ManagedBroker, wait_until_ready
from devices.mqtt import BrokerAddress, Delivery, Link
from edge.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEADLINE_S = 20.0
WORD = "s3cret word"
EVERYWHERE = "0.0.0.0"  # noqa: S104  (what must be refused)


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait until something is true; fail with `what` after the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"still waiting until {what}"
        time.sleep(0.01)


@contextmanager
def running(broker: Broker) -> Iterator[subprocess.Popen[bytes]]:
    """Run a broker for as long as the block lasts."""
    broker.prepare()
    environment = {**os.environ, **broker.environment()}
    with subprocess.Popen(broker.command(), env=environment) as process:
        try:
            wait_until_ready(broker.address, DEADLINE_S)
            yield process
        finally:
            process.terminate()


def exchange_with_absent(address: BrokerAddress, count: int) -> list[bytes]:
    """Publish to a session that is away, and give what it finds when it is back."""
    taken: list[bytes] = []

    def take(delivery: Delivery) -> None:
        taken.append(delivery.payload)
        delivery.acknowledge()

    with Link(address, "gateway", on_message=take, subscriptions=("t/#",)) as link:
        eventually(lambda: link.connected, "the session exists")
    with Link(address, "device", on_message=take) as device:
        for number in range(count):
            device.publish("t/1", b"%d" % number, timeout=DEADLINE_S)
    with Link(address, "gateway", on_message=take, subscriptions=("t/#",)):
        eventually(lambda: len(taken) >= count, "all are there")
    return taken


def test_embedded_keeps_messages_for_the_absent(free_port: int) -> None:
    """The embedded broker queues for a session that is away while it runs."""
    broker = EmbeddedBroker(BrokerAddress(port=free_port))
    with running(broker):
        taken = exchange_with_absent(broker.address, 50)
    assert sorted(taken, key=int) == [b"%d" % number for number in range(50)]


def test_embedded_refuses_the_anonymous(free_port: int) -> None:
    """Who gives no name, or a wrong password, does not get in."""
    secret = BrokerAddress(port=free_port, username="g", password=WORD)
    with running(EmbeddedBroker(secret)):
        for stranger in (
            BrokerAddress(port=free_port),
            BrokerAddress(port=free_port, username="g", password="not " + WORD),
        ):
            with pytest.raises(BrokerError, match="credentials"):
                wait_until_ready(stranger, 0.5)


def test_embedded_hides_its_password(free_port: int) -> None:
    """The password is not among the arguments, where every user of the machine sees it."""
    broker = EmbeddedBroker(BrokerAddress(port=free_port, username="g", password=WORD))
    assert not any(WORD in argument for argument in broker.command())


@pytest.mark.parametrize("host", [EVERYWHERE, "192.168.1.5", "shop.example"])
def test_embedded_stays_on_loopback(host: str) -> None:
    """The embedded broker cannot be asked to listen to other machines."""
    with pytest.raises(BrokerError, match="loopback"):
        EmbeddedBroker(BrokerAddress(host))


def test_embedded_ends_when_asked(free_port: int) -> None:
    """SIGTERM ends the embedded broker with code 0."""
    with running(EmbeddedBroker(BrokerAddress(port=free_port))) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0


def test_managed_keeps_messages_for_the_absent(free_port: int, tmp_path: Path) -> None:
    """The managed broker queues for a session that is away, beyond Mosquitto's default of 1,000."""
    broker = ManagedBroker(BrokerAddress(port=free_port), tmp_path)
    with running(broker):
        taken = exchange_with_absent(broker.address, 1_200)
    assert taken == [b"%d" % number for number in range(1_200)]


def test_managed_credentials(free_port: int, tmp_path: Path) -> None:
    """With a password set, strangers are refused, and no file holds it in the clear."""
    address = BrokerAddress(port=free_port, username="gateway", password=WORD)
    with running(ManagedBroker(address, tmp_path / "broker")):
        for stranger in (
            BrokerAddress(port=free_port),
            BrokerAddress(port=free_port, username="gateway", password="not " + WORD),
        ):
            with pytest.raises(BrokerError, match="credentials"):
                wait_until_ready(stranger, 0.5)
    for file in (tmp_path / "broker").iterdir():
        assert WORD.encode() not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_managed_can_be_prepared_again(free_port: int, tmp_path: Path) -> None:
    """A second start writes the files anew and keeps the queue."""
    broker = ManagedBroker(BrokerAddress(port=free_port, username="g", password=WORD), tmp_path)
    taken: list[bytes] = []

    def listener() -> Link:
        return Link(
            broker.address,
            "gateway",
            on_message=lambda delivery: taken.append(delivery.payload),
            subscriptions=("t/#",),
        )

    with running(broker), listener() as link:
        eventually(lambda: link.connected, "the session exists")
    with running(broker):
        assert taken == []
        with Link(broker.address, "device", on_message=lambda _: None) as device:
            device.publish("t/1", b"kept", timeout=DEADLINE_S)
    with running(broker), listener():
        eventually(lambda: taken == [b"kept"], "the message has survived")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (BrokerAddress(EVERYWHERE), "a username and a password"),
        (BrokerAddress(username="g"), "together"),
        (BrokerAddress(password=WORD), "together"),
        (BrokerAddress(username="a:b", password=WORD), "without colon"),
        (BrokerAddress(username="a", password=f"{WORD}\nb:q"), "no line break"),
        (BrokerAddress(tls=True), "certificate"),
    ],
)
def test_managed_refuses(address: BrokerAddress, expected: str, tmp_path: Path) -> None:
    """Settings that would let strangers in, or that Mosquitto could not follow, are refused."""
    with pytest.raises(BrokerError, match=expected):
        ManagedBroker(address, tmp_path).prepare()


def test_nobody_becomes_ready(free_port: int) -> None:
    """Waiting for a broker that never comes ends with an error that names it."""
    with pytest.raises(BrokerError, match=f"mqtt://127.0.0.1:{free_port}"):
        wait_until_ready(BrokerAddress(port=free_port), 0.2)
