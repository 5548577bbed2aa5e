"""One persistent MQTT 3.1.1 session that outlives its broker; the only door to paho."""

from __future__ import annotations

import random
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self

import structlog
from msgspec import Struct
from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo, topic_matches_sub
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from devices.topics import Fleeting
from edge.errors import BrokerError

if TYPE_CHECKING:
    from paho.mqtt.reasoncodes import ReasonCode

KEEPALIVE_S = 30
CONNECT_S = 5.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
STOP_S = 3.0
TICK_S = 1.0
IN_FLIGHT = 20_000
"""Messages that may wait for their PUBACK on one connection (packet ids end at 65,535)."""

QoS = Literal[0, 1]
Will = tuple[str, bytes, bool]
"""What the broker publishes when the session dies: topic, payload, retain."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker listens and how to prove who we are.

    With `tls` the broker's certificate must chain to `ca_file` (None: the system's authorities)
    and carry `host`; there is no way to switch that off and no plaintext fallback.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    tls: bool = False
    ca_file: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Give `mqtt://host:port` or `mqtts://host:port`, without credentials."""
        return f"mqtt{'s' if self.tls else ''}://{self.host}:{self.port}"


class Delivery(Struct, frozen=True):
    """One message from the broker.

    Call `acknowledge()` from any thread once the message is safe; until then the broker keeps it
    and sends it again on the next connection. An acknowledgement that comes after the connection
    is gone does nothing, because its packet id may mean another message by then.
    """

    topic: str
    payload: bytes
    retain: bool
    dup: bool
    acknowledge: Callable[[], None]


class Link:
    """A session that is kept by the broker under `client_id` and reconnects for ever.

    The callbacks run on the link's own thread and must not block: `on_message` per message,
    `on_connected(True)` once connected and subscribed, `on_connected(False)` when that ends,
    `on_tick` about once a second while the connection stands. What was sent but not acknowledged
    when a connection ends is forgotten here, so that nothing overtakes: `publish` raises, and
    whoever used `post` sends again.
    """

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        *,
        on_message: Callable[[Delivery], None],
        subscriptions: tuple[str, ...] = (),
        will: Will | None = None,
        on_connected: Callable[[bool], None] | None = None,
        on_tick: Callable[[], None] | None = None,
        lasting: bool = True,
    ) -> None:
        """Prepare the session; raises BrokerError when the CA file cannot be used.

        `subscriptions` are at QoS 1, those that are `Fleeting` at QoS 0.
        A session that is not `lasting` is forgotten by the broker as soon as it ends.
        """
        self._address = address
        self._subscriptions = subscriptions
        self._on_message = on_message
        self._on_connected = on_connected or (lambda _: None)
        self._on_tick = on_tick or (lambda: None)
        self._generation = 0
        self._turn = threading.Lock()
        self._online = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"mqtt {client_id}", daemon=True)
        self._client = _client(address, client_id, will, lasting=lasting)
        self._wake_in: socket.socket
        self._wake_out: socket.socket
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._received
        self._client.on_socket_open = _without_delay
        # With a write callback paho leaves the socket to our thread; without, any thread that
        # publishes writes to it and two of them can mix their packets.
        self._client.on_socket_register_write = lambda *_: self._wake()

    @property
    def connected(self) -> bool:
        """True while the broker has accepted the session and its subscriptions."""
        return self._online.is_set()

    def start(self) -> None:
        """Begin to connect, and return at once; the broker may be absent."""
        self._wake_in, self._wake_out = _wake_pair()
        self._thread.start()

    def stop(self) -> None:
        """Send what is queued, disconnect cleanly (no Will) and end, within a few seconds."""
        if self._thread.ident is None:
            return
        self._stopping.set()
        self._wake()
        self._thread.join(CONNECT_S + STOP_S)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, timeout: float) -> None:
        """Publish and wait for the PUBACK, at most `timeout` seconds (not from a callback).

        Raises BrokerError when it did not come; the message may have arrived all the same.
        """
        deadline = time.monotonic() + timeout
        if not self._online.wait(timeout):
            raise BrokerError(
                f"expected a broker at {self._address} to take {topic} within {timeout:g} s, came "
                "no connection; check that the broker runs and that the credentials are right"
            )
        generation = self._generation
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        while not _settled(info):
            if generation != self._generation or time.monotonic() > deadline:
                raise BrokerError(
                    f"expected {self._address} to acknowledge {topic} within {timeout:g} s, came "
                    "nothing; it may have arrived all the same: send it again"
                )
            info.wait_for_publish(0.1)

    def post(self, topic: str, payload: bytes, *, retain: bool = False, qos: QoS = 1) -> bool:
        """Send without waiting, from any thread; at QoS 0 no broker keeps it for who is away.

        Returns False when there is no connection or when too much waits for its PUBACK: then
        nothing was sent and nothing is kept.
        """
        if not self._online.is_set():
            return False
        info = self._client.publish(topic, payload, qos=qos, retain=retain)
        return info.rc is not MQTTErrorCode.MQTT_ERR_QUEUE_SIZE

    def _run(self) -> None:
        pauses = _pauses()
        while not self._stopping.is_set():
            try:
                self._client.drop_out_messages()
                self._client.reconnect()
                self._pump()
            except OSError as fault:
                _log.warning("mqtt broker not reached", broker=str(self._address), why=str(fault))
            except Exception:  # noqa: BLE001  (the reason follows)
                # A packet that paho cannot read, or a bug in a callback, costs this connection;
                # a dead thread would cost every message from then on.
                _log.exception("mqtt connection failed", broker=str(self._address))
            if self._ended():
                pauses = _pauses()
            self._stopping.wait(next(pauses))
        self._close()

    def _pump(self) -> None:
        poller = select.poll()
        poller.register(self._wake_in, select.POLLIN)
        tick, leave = time.monotonic() + TICK_S, 0.0
        while (sock := self._client.socket()) is not None:
            now = time.monotonic()
            if leave and now > leave:
                return
            if self._stopping.is_set() and not leave:
                leave = now + STOP_S
                self._client.disconnect()
            if now >= tick:
                tick = now + TICK_S
                self._beat()
            self._exchange(poller, sock)

    def _beat(self) -> None:
        self._client.loop_misc()
        if self._online.is_set():
            self._on_tick()

    def _exchange(self, poller: select.poll, sock: Any) -> None:  # noqa: ANN401  (paho: TCP or TLS)
        if (fd := sock.fileno()) < 0:
            return
        want = select.POLLOUT if self._client.want_write() else 0
        poller.register(fd, select.POLLIN | want)
        # Bytes that TLS has decrypted already do not make the socket readable.
        pending = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        ready = dict(poller.poll(0 if pending else TICK_S * 1000))
        if self._wake_in.fileno() in ready:
            self._wake_in.recv(4096)
        if pending or ready.get(fd, 0) & ~select.POLLOUT:
            self._client.loop_read()
        if self._client.want_write():
            self._client.loop_write()

    def _connected(
        self, client: Client, _: object, __: object, reason: ReasonCode, *___: object
    ) -> None:
        if reason.is_failure:
            _log.warning("mqtt broker refused us", broker=str(self._address), why=str(reason))
        elif self._subscriptions:
            client.subscribe([(topic, _qos(topic)) for topic in self._subscriptions])
        else:
            self._begun()

    def _subscribed(
        self, _: Client, __: object, ___: int, reasons: list[ReasonCode], *____: object
    ) -> None:
        for topic, reason in zip(self._subscriptions, reasons, strict=False):
            if reason.is_failure:
                _log.error("mqtt broker refused a subscription", topic=topic, why=str(reason))
        self._begun()

    def _begun(self) -> None:
        self._online.set()
        _log.info("mqtt connected", broker=str(self._address))
        self._on_connected(True)  # noqa: FBT003  (the callback's one argument)

    def _ended(self) -> bool:
        with self._turn:
            self._generation += 1
            was_online = self._online.is_set()
            self._online.clear()
        if was_online:
            _log.info("mqtt disconnected", broker=str(self._address))
            self._on_connected(False)  # noqa: FBT003  (the callback's one argument)
        return was_online

    def _received(self, _: Client, __: object, message: MQTTMessage) -> None:
        acknowledge = partial(self._acknowledge, self._generation, message.mid, message.qos)
        try:
            topic = message.topic
        except UnicodeDecodeError:
            _log.warning("mqtt message dropped, its topic is not UTF-8", bytes=len(message.payload))
            acknowledge()
            return
        if message.retain and not self._wanted(topic):
            acknowledge()
            return
        payload = bytes(message.payload)
        delivery = Delivery(topic, payload, message.retain, message.dup, acknowledge)
        try:
            self._on_message(delivery)
        except Exception:  # noqa: BLE001  (the reason follows)
            # Not acknowledged, so the broker sends it again on the next connection; the messages
            # behind it must not wait for that.
            _log.exception("mqtt message not taken", topic=topic)

    def _wanted(self, topic: str) -> bool:
        # amqtt 0.12 sends the retained messages of everybody's subscriptions to whoever connects.
        return any(topic_matches_sub(wanted, topic) for wanted in self._subscriptions)

    def _acknowledge(self, generation: int, mid: int, qos: int) -> None:
        with self._turn:
            if generation == self._generation and qos:
                self._client.ack(mid, qos)

    def _wake(self) -> None:
        # A full pipe wakes as well as one more byte; a closed one has nobody left to wake.
        with suppress(OSError):
            self._wake_out.send(b"w")

    def _close(self) -> None:
        sock = self._client.socket()
        if sock is not None:
            sock.close()
        self._wake_in.close()
        self._wake_out.close()


def _qos(topic: str) -> int:
    return 0 if isinstance(topic, Fleeting) else 1


def _client(address: BrokerAddress, client_id: str, will: Will | None, *, lasting: bool) -> Client:
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id,
        clean_session=not lasting,
        protocol=MQTTProtocolVersion.MQTTv311,
        manual_ack=True,
        # The link reconnects by itself; this also stops paho's own downgrade to MQTT 3.1.
        reconnect_on_failure=False,
    )
    client.max_inflight_messages = 0
    client.max_queued_messages = IN_FLIGHT
    client.connect_timeout = CONNECT_S
    client.username_pw_set(address.username, address.password)
    if will is not None:
        topic, payload, retain = will
        client.will_set(topic, payload, qos=1, retain=retain)
    if address.tls:
        client.tls_set_context(_tls(address))
    client.connect_async(address.host, address.port, KEEPALIVE_S)
    return client


def _without_delay(_: Client, __: object, sock: Any) -> None:  # noqa: ANN401  (paho: TCP or TLS)
    # Nagle's algorithm with delayed ACKs would hold a small packet behind another for 40 ms.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _tls(address: BrokerAddress) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=address.ca_file)
    except OSError as fault:
        raise BrokerError(
            f"expected the certificate authority of {address} in {address.ca_file} (PEM), "
            f"came {fault}; point ca_file at it"
        ) from fault


def _wake_pair() -> tuple[socket.socket, socket.socket]:
    pair = socket.socketpair()
    for end in pair:
        end.settimeout(0)
    return pair


def _settled(info: MQTTMessageInfo) -> bool:
    if info.rc is MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
        raise BrokerError(
            f"expected fewer than {IN_FLIGHT} messages waiting for the broker, came one more; "
            "the broker takes them too slowly: send it again later"
        )
    if info.rc is MQTTErrorCode.MQTT_ERR_NO_CONN:
        raise BrokerError("expected a connection to the broker, came its end; send it again")
    return info.is_published()


def _pauses() -> Iterator[float]:
    """Seconds before each new attempt: doubling, and never the same for a whole shop at once."""
    pause = FIRST_PAUSE_S
    while True:
        yield pause * random.uniform(0.75, 1.25)  # noqa: S311  (spreads load, guards nothing)
        pause = min(2 * pause, LONGEST_PAUSE_S)
