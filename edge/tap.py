"""The command `store-edge record`: a tap on the broker that keeps what the gateway's door hears."""

from __future__ import annotations

import secrets
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

import structlog
from msgspec import Struct

from devices.mqtt import Delivery, Link
from edge.addresses import broker_address
from edge.config import Settings
from edge.errors import Refused
from edge.processes import until_told
from edge.recorder import MB, RETRY_S, Recorder
from edge.recording import Heard, Line, Linked
from edge.uplinks import uplink_of

BATCH = 1000  # messages that are written through to the disk at once
WAIT_S = 0.5

log = structlog.get_logger()


class _Came(Struct, frozen=True):
    """A line, and the delivery to acknowledge once it is on disk."""

    line: Line
    delivery: Delivery | None = None


class Tap:
    """Takes what the broker delivers, and acknowledges it once it is on disk.

    The session is gone with its connection: a recorder that is away must not fill the broker's
    queue. While the disk refuses, nothing is acknowledged, and the broker holds what comes.
    """

    def __init__(self, settings: Settings, recorder: Recorder) -> None:
        """Prepare; `run` connects."""
        self._recorder = recorder
        self._uplink = uplink_of(settings)
        self._came: SimpleQueue[_Came] = SimpleQueue()
        self._now = 0
        self.messages = 0
        self._link = Link(
            broker_address(settings),
            f"store-edge-record-{settings.store.id}-{secrets.token_hex(4)}",
            subscriptions=self._uplink.subscriptions,
            on_message=self._hear,
            on_connected=self._connection,
            lasting=False,
        )

    def run(self, stop: threading.Event) -> None:
        """Record until `stop` is set."""
        with self._link:
            while not stop.is_set():
                self._keep(self._gather(), stop)
        while rest := self._gather():
            self._keep(rest, stop)

    def _hear(self, delivery: Delivery) -> None:
        if self._uplink.is_fleeting(delivery.topic):  # a vendor's topics may cover it
            delivery.acknowledge()
            return
        line = Heard(self._clock(), delivery.topic, delivery.payload)
        self._came.put(_Came(line, delivery))

    def _connection(self, connected: bool) -> None:  # noqa: FBT001  (the link's callback)
        self._came.put(_Came(Linked(self._clock(), connected)))

    def _clock(self) -> int:
        self._now = max(self._now, time.time_ns() // 1_000_000)
        return self._now

    def _gather(self) -> list[_Came]:
        try:
            came = [self._came.get(timeout=WAIT_S)]
        except Empty:
            return []
        while len(came) < BATCH:
            try:
                came.append(self._came.get_nowait())
            except Empty:
                break
        return came

    def _keep(self, came: list[_Came], stop: threading.Event) -> None:
        lines = [one.line for one in came]
        while lines and not self._recorder.write(lines):
            if stop.wait(RETRY_S):
                return
        for one in came:
            if one.delivery is not None:
                one.delivery.acknowledge()
                self.messages += 1


def tap(settings: Settings, folder: Path, max_mb: int, file_mb: int) -> None:
    """Record what the shop's devices say into a folder until SIGTERM or SIGINT.

    Raises Refused for the gateway's own folder.
    """
    own = settings.recording
    if own is not None and folder.resolve() == own.folder.resolve():
        raise Refused(f"{folder} is where the gateway records: name another folder with -o")
    folder.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(folder, max_bytes=max_mb * MB, file_bytes=file_mb * MB, durable=True)
    line = Tap(settings, recorder)
    log.info("recording", folder=str(folder))
    line.run(until_told())
    recorder.close()
    log.info("recorded", folder=str(folder), messages=line.messages)
