"""The link: a session that survives its broker and acknowledges nothing twice or too early."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from devices.broker import EmbeddedBroker, ManagedBroker, wait_until_ready
from devices.mqtt import BrokerAddress, Delivery, Link
from devices.topics import Fleeting
from edge.errors import BrokerError
from edge.supervisor import Child, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEADLINE_S = 20.0
WORD = "hidden"


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait until something is true; fail with `what` after the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"still waiting until {what}"
        time.sleep(0.01)


class Shop:
    """A Mosquitto with the project's configuration, which its supervisor brings back."""

    def __init__(self, address: BrokerAddress, supervisor: Supervisor, queue: Path) -> None:
        """Take the running broker and the file of its queue."""
        self.address = address
        self._queue = queue
        self._supervisor = supervisor

    def end_broker(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Kill it without warning; it is gone when this returns and comes back by itself."""
        pid = self._supervisor.pids()["broker"]
        os.kill(pid, number)
        eventually(lambda: self._supervisor.pids().get("broker") != pid, "the broker is gone")

    def saves(self, payload: bytes) -> None:
        """Wait until a queued message is on disk: Mosquitto saves just after it acknowledges."""
        eventually(lambda: payload in self._queue.read_bytes(), "the broker has saved")


@pytest.fixture
def shop(free_port: int, tmp_path: Path) -> Iterator[Shop]:
    """Give a running broker."""
    broker = ManagedBroker(BrokerAddress(port=free_port), tmp_path / "broker")
    broker.prepare()
    with Supervisor([Child("broker", tuple(broker.command()))]) as supervisor:
        wait_until_ready(broker.address, DEADLINE_S)
        yield Shop(broker.address, supervisor, tmp_path / "broker" / "mosquitto.db")


class Mailbox:
    """Takes deliveries, and acknowledges them at once unless told to wait."""

    def __init__(self, *, acknowledging: bool = True) -> None:
        """Begin empty."""
        self.deliveries: list[Delivery] = []
        self._acknowledging = acknowledging

    def __call__(self, delivery: Delivery) -> None:
        """Take one."""
        self.deliveries.append(delivery)
        if self._acknowledging:
            delivery.acknowledge()

    def acknowledge_all(self) -> None:
        """Acknowledge everything that came."""
        for delivery in self.deliveries:
            delivery.acknowledge()

    @property
    def payloads(self) -> list[bytes]:
        """Give what came, in order."""
        return [delivery.payload for delivery in self.deliveries]


def listen(address: BrokerAddress, mailbox: Mailbox, name: str = "gateway") -> Link:
    """Give a link that puts everything below `t/` into a mailbox."""
    return Link(address, name, on_message=mailbox, subscriptions=("t/#",))


def test_delivers(shop: Shop) -> None:
    """What one link publishes another one gets, with topic, payload and flags."""
    mailbox = Mailbox()
    with listen(shop.address, mailbox) as link:
        link.publish("t/1", b"\x00binary", timeout=DEADLINE_S)
        eventually(lambda: mailbox.deliveries, "the message is there")
    [got] = mailbox.deliveries
    assert (got.topic, got.payload, got.retain, got.dup) == ("t/1", b"\x00binary", False, False)


def test_what_is_fleeting_is_kept_for_nobody_who_is_away(shop: Shop) -> None:
    """The broker holds nothing of it for an absent session, even of a sender at QoS 1."""
    mailbox = Mailbox()
    topics = ("t/kept", Fleeting("t/fleeting"))

    def gateway() -> Link:
        return Link(shop.address, "gateway", on_message=mailbox, subscriptions=topics)

    with Link(shop.address, "device", on_message=mailbox) as device:
        with gateway() as link:
            eventually(lambda: link.connected, "the session exists")
            device.publish("t/fleeting", b"seen", timeout=DEADLINE_S)
            eventually(lambda: mailbox.payloads == [b"seen"], "who is there has it")
        for topic in ("t/fleeting", "t/kept"):
            device.publish(topic, topic.encode(), timeout=DEADLINE_S)
        with gateway():
            eventually(lambda: len(mailbox.deliveries) > 1, "what waited is there")
            device.publish("t/kept", b"later", timeout=DEADLINE_S)
            eventually(lambda: b"later" in mailbox.payloads, "what came later is there")
    assert mailbox.payloads == [b"seen", b"t/kept", b"later"]


def test_absent_at_start(free_port: int, tmp_path: Path) -> None:
    """A link that starts before its broker connects as soon as the broker is there."""
    broker = ManagedBroker(BrokerAddress(port=free_port), tmp_path)
    with listen(broker.address, Mailbox()) as link:
        assert not link.connected
        broker.prepare()
        with Supervisor([Child("broker", tuple(broker.command()))]):
            eventually(lambda: link.connected, "the link is connected")


def test_nobody_there(free_port: int) -> None:
    """Publishing where nobody listens raises, and posting says that nothing was sent."""
    with listen(BrokerAddress(port=free_port), Mailbox()) as link:
        with pytest.raises(BrokerError, match="came no connection"):
            link.publish("t/1", b"", timeout=0.1)
        assert not link.post("t/1", b"")


def test_acknowledged_publishing_survives_a_killed_broker(shop: Shop) -> None:
    """Messages for an absent session that the broker has saved survive SIGKILL, in order."""
    mailbox = Mailbox()
    with listen(shop.address, mailbox) as link:
        eventually(lambda: link.connected, "the session exists")
    sent = [b"message %03d." % number for number in range(300)]
    with Link(shop.address, "device", on_message=mailbox) as device:
        for payload in sent:
            device.publish("t/1", payload, timeout=DEADLINE_S)
        shop.saves(sent[-1])
        shop.end_broker()
        with listen(shop.address, mailbox):
            eventually(lambda: len(mailbox.deliveries) >= len(sent), "all have come")
    assert mailbox.payloads == sent


def test_killed_mid_stream(shop: Shop) -> None:
    """A publisher that repeats what raised gets everything through a broker killed on the way."""
    mailbox = Mailbox()
    sent = [b"%d" % number for number in range(400)]
    with (
        listen(shop.address, mailbox) as link,
        Link(shop.address, "device", on_message=mailbox) as device,
    ):
        eventually(lambda: link.connected, "the session exists")
        for number, payload in enumerate(sent):
            if number == len(sent) // 2:
                threading.Thread(target=shop.end_broker).start()
            publish_until_taken(device, payload)
        eventually(lambda: set(mailbox.payloads) == set(sent), "all have come")


def publish_until_taken(link: Link, payload: bytes) -> None:
    """Do what the link asks its caller to do: send again what was not acknowledged."""
    for _ in range(20):
        with suppress(BrokerError):
            link.publish("t/1", payload, timeout=DEADLINE_S)
            return
    raise AssertionError(payload)


def test_unacknowledged_comes_again(shop: Shop) -> None:
    """What was never acknowledged is delivered again on the next connection, marked as such."""
    forgetful, careful = Mailbox(acknowledging=False), Mailbox()
    with listen(shop.address, forgetful) as link:
        link.publish("t/1", b"once", timeout=DEADLINE_S)
        eventually(lambda: forgetful.deliveries, "the message is there")
    with listen(shop.address, careful):
        eventually(lambda: careful.deliveries, "the message is there again")
    assert careful.payloads == [b"once"]
    assert careful.deliveries[0].dup
    with listen(shop.address, last := Mailbox()) as link:
        link.publish("t/1", b"behind it", timeout=DEADLINE_S)
        eventually(lambda: last.deliveries, "the next message is there")
    assert last.payloads == [b"behind it"]


def test_stale_acknowledgement(shop: Shop) -> None:
    """Acknowledging after a reconnect does not touch the message that has the packet id now."""
    mailbox = Mailbox(acknowledging=False)
    with listen(shop.address, mailbox) as link:
        link.publish("t/1", b"first", timeout=DEADLINE_S)
        eventually(lambda: mailbox.deliveries, "the message is there")
        stale = mailbox.deliveries[0]
        # Asked to end, Mosquitto saves even what it has already sent to us.
        shop.end_broker(signal.SIGTERM)
        eventually(lambda: len(mailbox.deliveries) == 2, "the message has come again")
        stale.acknowledge()
        link.publish("t/1", b"second", timeout=DEADLINE_S)
        eventually(lambda: len(mailbox.deliveries) == 3, "the next message is there")
    with listen(shop.address, again := Mailbox()):
        eventually(lambda: len(again.deliveries) == 2, "both have come again")
    assert again.payloads == [b"first", b"second"]


def test_acknowledged_from_another_thread(shop: Shop) -> None:
    """A thread of the application may acknowledge; then nothing comes again."""
    mailbox = Mailbox(acknowledging=False)
    with listen(shop.address, mailbox) as link:
        for number in range(100):
            link.publish("t/1", b"%d" % number, timeout=DEADLINE_S)
        eventually(lambda: len(mailbox.deliveries) == 100, "all are there")
        committer = threading.Thread(target=mailbox.acknowledge_all)
        committer.start()
        committer.join()
        # The broker takes packets in order: what comes after the acknowledgements proves them.
        link.publish("other", b"", timeout=DEADLINE_S)
    with listen(shop.address, again := Mailbox()) as link:
        link.publish("t/1", b"end", timeout=DEADLINE_S)
        eventually(lambda: again.deliveries, "the marker is there")
    assert again.payloads == [b"end"]


def test_a_failing_callback_costs_one_message(shop: Shop) -> None:
    """A message that the application fails on is left with the broker; the next ones come."""
    taken: list[bytes] = []

    def take(delivery: Delivery) -> None:
        if delivery.payload == b"bad":
            raise ValueError(delivery.payload)
        taken.append(delivery.payload)
        delivery.acknowledge()

    with Link(shop.address, "gateway", on_message=take, subscriptions=("t/#",)) as link:
        link.publish("t/1", b"bad", timeout=DEADLINE_S)
        link.publish("t/1", b"good", timeout=DEADLINE_S)
        eventually(lambda: taken, "the good one is there")
    with listen(shop.address, again := Mailbox()):
        eventually(lambda: again.deliveries, "the bad one has come again")
    assert (taken, again.payloads) == ([b"good"], [b"bad"])


DEVICE = """
import sys, time
from devices.mqtt import BrokerAddress, Link
Link(BrokerAddress(port=int(sys.argv[1])), "device", on_message=print,
     will=("t/status", b"gone", True), on_connected=lambda _: print("up", flush=True)).start()
time.sleep(60)
"""


def test_will(shop: Shop) -> None:
    """A device that stops cleanly leaves no will; one that is killed does."""
    with listen(shop.address, mailbox := Mailbox()) as watcher:
        will = ("t/status", b"stopped", True)
        with Link(shop.address, "other", on_message=mailbox, will=will) as device:
            eventually(lambda: device.connected, "the device is there")
        eventually(lambda: watcher.connected, "the watcher is there")
        argv = [sys.executable, "-c", DEVICE, str(shop.address.port)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            while "up" not in process.stdout.readline():
                continue
            process.kill()
        eventually(lambda: mailbox.deliveries, "the will is there")
    assert mailbox.payloads == [b"gone"]


def test_tells_of_its_connection(shop: Shop) -> None:
    """The callback hears of every connection and of its end."""
    told: list[bool] = []
    with Link(shop.address, "g", on_message=Mailbox(), on_connected=told.append):
        eventually(lambda: told == [True], "the link is connected")
        shop.end_broker()
        eventually(lambda: told == [True, False, True], "the link is connected again")
    assert told == [True, False, True, False]


def test_posts_in_order(shop: Shop) -> None:
    """Thousands of posted messages arrive once each, in order."""
    sent = [b"%d" % number for number in range(1500)]
    with listen(shop.address, mailbox := Mailbox()) as link:
        eventually(lambda: link.connected, "the link is connected")
        assert all(link.post("t/1", payload) for payload in sent)
        eventually(lambda: len(mailbox.deliveries) >= len(sent), "all are there")
    assert mailbox.payloads == sent


def test_retained_messages_of_others(free_port: int) -> None:
    """A retained message that nobody asked for (amqtt sends it) is not delivered."""
    broker = EmbeddedBroker(BrokerAddress(port=free_port))
    with Supervisor([Child("broker", tuple(broker.command()))]):
        wait_until_ready(broker.address, DEADLINE_S)
        other = Link(broker.address, "o", on_message=Mailbox(), subscriptions=("other/#",))
        with other:
            other.publish("other/1", b"theirs", retain=True, timeout=DEADLINE_S)
            other.publish("t/1", b"ours", retain=True, timeout=DEADLINE_S)
            with listen(broker.address, mailbox := Mailbox()):
                eventually(lambda: mailbox.deliveries, "ours is there")
    assert set(mailbox.payloads) == {b"ours"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for `localhost` and its key, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem")),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def tls_shop(authority: Path, free_port: int, tmp_path: Path) -> Iterator[BrokerAddress]:
    """Give a running broker with TLS and a password."""
    ca = str(authority / "ca.pem")
    address = BrokerAddress(
        "localhost", free_port, tls=True, ca_file=ca, username="g", password=WORD
    )
    broker = ManagedBroker(address, tmp_path, authority / "ca.pem", authority / "key.pem")
    broker.prepare()
    with Supervisor([Child("broker", tuple(broker.command()))]):
        wait_until_ready(address, DEADLINE_S)
        yield address


def test_tls(tls_shop: BrokerAddress) -> None:
    """Messages larger than a TLS record travel both ways over a verified connection."""
    payload = bytes(range(256)) * 400
    with listen(tls_shop, mailbox := Mailbox()) as link:
        link.publish("t/1", payload, timeout=DEADLINE_S)
        eventually(lambda: mailbox.deliveries, "the message is there")
    assert mailbox.payloads == [payload]


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_tls_is_never_given_up(tls_shop: BrokerAddress) -> None:
    """An unknown authority, another host name, or a broker without TLS: no connection."""
    for wrong in (
        replace(tls_shop, ca_file=None),
        replace(tls_shop, host="127.0.0.1"),
        replace(tls_shop, tls=False),
    ):
        with listen(wrong, Mailbox()) as link, pytest.raises(BrokerError):
            link.publish("t/1", b"", timeout=0.7)


@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_plaintext_is_not_sent_for_tls(free_port: int) -> None:
    """Where TLS is asked for, the first byte is a handshake, and no credentials follow."""
    with socket.create_server(("127.0.0.1", free_port)) as server:
        address = BrokerAddress("127.0.0.1", free_port, tls=True, username="g", password=WORD)
        with listen(address, Mailbox()):
            connection, _ = server.accept()
            with connection:
                hello = connection.recv(4096)
    assert hello[0] == 0x16
    assert WORD.encode() not in hello


def test_ca_file_missing(tmp_path: Path) -> None:
    """A CA file that is not there is told at once, with its name."""
    address = BrokerAddress(tls=True, ca_file=str(tmp_path / "none.pem"))
    with pytest.raises(BrokerError, match=r"none\.pem"):
        Link(address, "g", on_message=Mailbox())


def test_secrets_stay_out_of_text() -> None:
    """Neither form of an address as text shows its password."""
    address = BrokerAddress(username="g", password=WORD)
    assert WORD not in f"{address} {address!r}"
