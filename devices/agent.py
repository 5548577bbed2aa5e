"""The device's side of the contract: numbered messages that are kept until they are on disk."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

import msgspec
import structlog
from msgspec import Struct

from devices.mqtt import BrokerAddress, Delivery, Link, QoS
from devices.topics import Topic
from edge.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge.readings import Kind

KEEP = 10_000
"""Unacknowledged messages that one device keeps in memory; beyond it the oldest is dropped."""

PATIENCE_S = 5.0
LONGEST_PATIENCE_S = 60.0
REPEAT = 200
"""Messages sent again at once when no acknowledgement comes."""

DOWNLINK = ("config", "command", "show")
FAREWELL_S = 2.0

_log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode


class _Kept(Struct, frozen=True):
    seq: int
    topic: str
    payload: bytes


class _Acknowledged(Struct, frozen=True):
    boot: str
    seq: int


class Agent:
    """One device on MQTT, with a client of its own.

    Numbered messages go out in order, are kept in memory, and leave it only when the gateway says
    that they are on disk. They are sent again, in order, on every new connection, and after some
    seconds without any answer (a gateway that is down gets the oldest `REPEAT` of them ever less
    often: up to a minute apart, so that the broker's queue does not fill with repeats).
    """

    def __init__(
        self,
        address: BrokerAddress,
        store: str,
        kind: Kind,
        device: str,
        status: Mapping[str, Any],
        *,
        on_downlink: Callable[[str, bytes], None] | None = None,
        keep: int = KEEP,
    ) -> None:
        """Prepare the device; `status` holds `model`, `fw` and what else it says of itself.

        `on_downlink` gets the leaf (`config`, `command` or `show`) and the payload, on the
        agent's own thread.
        """
        self.boot = secrets.token_hex(8)
        self._device = device
        self._topic = partial(Topic, store, kind, device)
        self._status = dict(status)
        self._on_downlink = on_downlink or (lambda *_: None)
        self._keep = keep
        self._lock = threading.RLock()
        self._emptied = threading.Condition(self._lock)
        self._kept: deque[_Kept] = deque()
        self._seq = 0
        self._dropped = 0
        self._in_order = False
        self._repeated_to = 0
        self._repeat_until = 0
        self._patience = PATIENCE_S
        self._heard = 0.0
        self._link = Link(
            address,
            f"{store}-{kind}-{device}",
            will=(str(self._topic("status")), _encode({"online": False}), True),
            subscriptions=tuple(str(self._topic(leaf)) for leaf in ("ack", *DOWNLINK)),
            on_message=self._received,
            on_connected=self._connection,
            on_tick=self._tick,
        )

    @property
    def connected(self) -> bool:
        """True while the broker has accepted the device."""
        return self._link.connected

    @property
    def unacknowledged(self) -> int:
        """Messages that the gateway has not yet said to be on disk."""
        return len(self._kept)

    @property
    def dropped(self) -> int:
        """Messages lost because more than `keep` were unacknowledged."""
        return self._dropped

    def start(self) -> None:
        """Begin to connect, and return at once; the broker may be absent."""
        self._link.start()

    def stop(self) -> None:
        """Say that the device is offline and disconnect; unacknowledged messages are lost."""
        if self._link.connected:
            try:
                self._link.publish(
                    str(self._topic("status")),
                    self._state(online=False),
                    retain=True,
                    timeout=FAREWELL_S,
                )
            except BrokerError as fault:
                _log.warning("device could not say farewell", device=self._device, why=str(fault))
        self._link.stop()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def publish(self, leaf: str, payload: Mapping[str, Any]) -> int:
        """Send a numbered message until the gateway has it on disk, and give its `seq`.

        Returns at once; without a connection the message waits in memory.
        """
        with self._lock:
            self._seq += 1
            numbered = _encode({"boot": self.boot, "seq": self._seq, **payload})
            message = _Kept(self._seq, str(self._topic(leaf)), numbered)
            self._kept.append(message)
            if len(self._kept) > self._keep:
                self._kept.popleft()
                self._dropped += 1
            if self._in_order:
                self._in_order = self._post(message)
            return self._seq

    def publish_plain(
        self, leaf: str, payload: Mapping[str, Any], *, retain: bool = False, qos: QoS = 1
    ) -> bool:
        """Send a message without a number, once; False when there is no connection."""
        return self._link.post(str(self._topic(leaf)), _encode(payload), retain=retain, qos=qos)

    def update_status(self, **changes: object) -> None:
        """Change the device's status (`config_version=7`), now and on every new connection."""
        with self._lock:
            self._status |= changes
            self._link.post(str(self._topic("status")), self._state(online=True), retain=True)

    def flush(self, timeout: float) -> bool:
        """Wait until everything is on the gateway's disk; False when `timeout` seconds pass."""
        with self._emptied:
            return self._emptied.wait_for(lambda: not self._kept, timeout)

    def _state(self, *, online: bool) -> bytes:
        return _encode({"online": online, **self._status})

    def _post(self, message: _Kept) -> bool:
        return self._link.post(message.topic, message.payload)

    def _connection(self, up: bool) -> None:  # noqa: FBT001  (the link's callback)
        with self._lock:
            self._in_order = False
            if up:
                self._link.post(str(self._topic("status")), self._state(online=True), retain=True)
                self._send_all()

    def _send_all(self) -> None:
        # While False, later messages wait: the gateway must never see a later one first.
        self._in_order = all(self._post(message) for message in self._kept)
        self._heard, self._patience = time.monotonic(), PATIENCE_S
        self._repeat_until = 0

    def _tick(self) -> None:
        with self._lock:
            if not self._in_order:
                self._send_all()
            elif self._kept and time.monotonic() - self._heard > self._patience:
                self._repeat_until = self._kept[-1].seq
                self._repeat()
                self._heard = time.monotonic()
                self._patience = min(2 * self._patience, LONGEST_PATIENCE_S)

    def _repeat(self) -> None:
        oldest = list(islice(self._kept, REPEAT))
        self._repeated_to = oldest[-1].seq
        self._in_order = all(self._post(message) for message in oldest)

    def _received(self, delivery: Delivery) -> None:
        leaf = Topic.parse(delivery.topic).leaf
        if leaf == "ack":
            self._settle(delivery.payload)
        else:
            self._on_downlink(leaf, delivery.payload)
        delivery.acknowledge()

    def _settle(self, payload: bytes) -> None:
        try:
            acknowledged = msgspec.json.decode(payload, type=_Acknowledged)
        except msgspec.MsgspecError as fault:
            _log.warning(
                "device got an ack that it cannot read", device=self._device, why=str(fault)
            )
            return
        with self._emptied:
            if acknowledged.boot == self.boot:
                self._forget(acknowledged.seq)

    def _forget(self, seq: int) -> None:
        if not self._kept or self._kept[0].seq > seq:
            return
        while self._kept and self._kept[0].seq <= seq:
            self._kept.popleft()
        self._heard, self._patience = time.monotonic(), PATIENCE_S
        # The gateway answers again: go on with what it missed, a batch per answer.
        if self._kept and self._repeated_to <= seq < self._repeat_until:
            self._repeat()
        if not self._kept:
            self._emptied.notify_all()
