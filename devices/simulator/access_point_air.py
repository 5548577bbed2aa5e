"""What happens behind an OpenEPaperLink access point: its queue, one radio, and sleeping labels.

All times are seconds of the model. Nothing runs by itself: `advance(now)` lets happen what was
due until then, in order, so that a model at 200-fold speed is as exact as one at its own. What it
imitates are the facts of the protocol, with its traps:

- A label wakes on a clock of its own; one label transfers at a time.
- "Transfer complete" carries no version: it is booked on whatever stands first in the queue then,
  and it comes before the drawing, which may fail. A label that fails resets, and says so at its
  next check-in.
- Pictures of a label queue one behind the other; only `clear` takes them out, and it does not stop
  a transfer that has begun.
- What nobody collects is dropped with all else of that label; `pending` is not corrected, and one
  `errMsg` tells of it.
- A picture equal to the recorded one is not queued at all.
- A crash forgets the queue and goes back to the records last saved.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from random import Random
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.labels.jpeg import nearest
from devices.simulator.dice import dice

COLOURS = np.array(((255, 255, 255), (0, 0, 0), (255, 0, 0)), np.uint8)
VERSION_BYTES = 8
NO_HASH = "0" * 32
EXPIRY_S = 1200.0
AIRTIME_S = 3.9
COMMAND_S = 0.2
CONVERTING_S = (0.3, 1.5)
DRAWING_S = (2.0, 18.0)
SAVE_S = 3600.0
NOT_RUNNING_S = 5.0
TIMED, WATCHDOG = 0, 0xFE
LED_TYPE, IMAGE_TYPE = "led", "image"


@dataclass(frozen=True, slots=True)
class Habits:
    """How labels and radio behave: `sleep_s` between check-ins, and shares of what goes wrong.

    A share `naps` of the labels sleeps for `nap_s` instead.
    """

    sleep_s: tuple[float, float] = (40.0, 60.0)
    lost: float = 0.0
    drawing_fails: float = 0.0
    naps: float = 0.0
    nap_s: tuple[float, float] = (120.0, 600.0)


@dataclass(slots=True)
class Record:
    """What the access point knows of a label; `file` is its newest converted picture.

    It has told the label to check in again after `interval` seconds at the latest.
    """

    mac: str
    interval: int
    hash: str = NO_HASH
    lastseen: int = 0
    pending: int = 0
    updatecount: int = 0
    updatelast: int = 0
    wakeup: int = TIMED
    battery_mv: int = 0
    rssi: int = 0
    temperature: int = 0
    content_mode: int = 0
    file: bytes | None = None
    current: bytes | None = None

    def told(self) -> dict[str, Any]:
        """Give the record as `get_db` and the WebSocket tell it."""
        return {
            "mac": self.mac,
            "hash": self.hash,
            "lastseen": self.lastseen,
            "nextupdate": 3216153600,
            "nextcheckin": self.lastseen + self.interval,
            "pending": self.pending,
            "alias": "",
            "contentMode": self.content_mode,
            "LQI": 100,
            "RSSI": self.rssi,
            "temperature": self.temperature,
            "batteryMv": self.battery_mv,
            "hwType": 1,
            "wakeupReason": self.wakeup,
            "capabilities": 0,
            "modecfgjson": "",
            "isexternal": False,
            "apip": "0.0.0.0",  # noqa: S104  (a value of the protocol: no other access point)
            "rotate": 0,
            "lut": 0,
            "invert": 0,
            "updatecount": self.updatecount,
            "updatelast": self.updatelast,
            "ch": 11,
            "ver": 38,
        }


@dataclass(frozen=True, slots=True)
class Item:
    """Something queued for a label: a picture, or an LED pattern as `version`."""

    kind: str
    version: bytes
    data: bytes = b""


@dataclass(slots=True)
class Label:
    """A label: `glass` is what it shows, `held` the version whose bytes it has.

    It sleeps for `sleep_s` between check-ins; a `dead` one sleeps on.
    """

    mac: str
    chance: Random
    sleep_s: tuple[float, float]
    glass: bytes = b""
    held: bytes | None = None
    wakeup: int = TIMED
    asleep_until: float = 0.0
    dead: bool = False
    flashes: list[bytes] = field(default_factory=list)
    battery_mv: int = 3000
    rssi: int = -60


class Air:
    """The access point's inside; `outbox` holds what it says over the WebSocket."""

    def __init__(
        self, macs: Sequence[str], seed: int, habits: Habits, start: int = 1_800_000_000
    ) -> None:
        """Let labels with these MACs (16 upper-case hex digits) wake, each in its turn."""
        self.now = float(start)
        self.habits = habits
        self.outbox: deque[str] = deque()
        self.started = self.now
        self._up_at = self.now
        self._boot = 0
        self._chance = dice(seed, "air")
        self._radio_free = self.now
        self._order = itertools.count()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._queue: dict[str, list[Item]] = {mac: [] for mac in macs}
        self.labels = {
            mac: Label(mac, dice(seed, "label", mac), _sleeps(mac, seed, habits)) for mac in macs
        }
        self.records = {
            mac: Record(mac, ceil(label.sleep_s[1]), lastseen=start)
            for mac, label in self.labels.items()
        }
        self._saved = self._copy()
        for label in self.labels.values():
            label.battery_mv = label.chance.randint(2500, 3050)
            label.rssi = label.chance.randint(-90, -40)
            self._sleep(label, label.chance.uniform(0, label.sleep_s[0]))
        self._at(self.now + SAVE_S, self._save_again)

    @property
    def up(self) -> bool:
        """Say whether the access point answers at all."""
        return self.now >= self._up_at

    @property
    def running(self) -> bool:
        """Say whether it takes uploads: not at once after a boot."""
        return self._boot == 0 or self.now >= self._up_at + NOT_RUNNING_S

    def advance(self, now: float) -> None:
        """Let happen what is due until `now`."""
        while self._agenda and self._agenda[0][0] <= now:
            self.now, _, act = heapq.heappop(self._agenda)
            act()
        self.now = max(self.now, now)

    def kill(self, mac: str) -> None:
        """Take a label's battery out: it never wakes again, and its glass stays as it is."""
        self.labels[mac].dead = True

    def revive(self, mac: str) -> None:
        """Put a battery in again: the label's next check-in comes from a boot."""
        label = self.labels[mac]
        label.dead, label.held, label.wakeup = False, None, WATCHDOG

    def upload(self, mac: str, jpeg: bytes, content_mode: int) -> None:
        """Take a picture; it is converted and queued a little later."""
        self.records[mac].content_mode = content_mode
        boot = self._boot
        due = self.now + self._chance.uniform(*CONVERTING_S)
        self._at(due, lambda: self._convert(mac, jpeg, boot))

    def flash(self, mac: str, pattern: bytes) -> None:
        """Queue an LED pattern of 12 bytes."""
        self._enqueue(mac, Item(LED_TYPE, pattern))

    def clear(self, mac: str) -> None:
        """Empty a label's queue; what is on the air goes on."""
        self._queue[mac].clear()
        self.records[mac].file = None
        self.records[mac].pending = 0
        self._tell(mac)

    def refresh(self, mac: str) -> None:
        """Forget what the label has; a picture that was converted already is not made again."""
        self.records[mac].hash = NO_HASH
        self.records[mac].file = None
        self._tell(mac)

    def queued(self, mac: str, version: bytes) -> bytes | None:
        """Give the bytes of a queued picture of that version."""
        found = (item.data for item in self._queue[mac] if item.version == version)
        return next(found, None)

    def crash(self, down_s: float, *, saved: bool = False) -> None:
        """Restart: the queue is gone, records are as they were last saved."""
        if saved:
            self._saved = self._copy()
        self._boot += 1
        self._up_at = self.now + down_s
        self._radio_free = self._up_at
        for queue in self._queue.values():
            queue.clear()
        self.records = {
            mac: replace(record, pending=0, file=None) for mac, record in self._saved.items()
        }

    def say(self, **message: object) -> None:
        """Say something over the WebSocket."""
        self.outbox.append(msgspec.json.encode(message).decode())

    def _at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._order), act))

    def _copy(self) -> dict[str, Record]:
        return {mac: replace(record) for mac, record in self.records.items()}

    def _save_again(self) -> None:
        self._saved = self._copy()
        self._at(self.now + SAVE_S, self._save_again)

    def _tell(self, mac: str) -> None:
        self.say(tags=[self.records[mac].told()])

    def _convert(self, mac: str, jpeg: bytes, boot: int) -> None:
        if boot != self._boot:
            return
        data = converted(jpeg)
        version = hashlib.md5(data, usedforsecurity=False).digest()[:VERSION_BYTES]
        if self.records[mac].hash[: 2 * VERSION_BYTES] == version.hex():
            self.say(logMsg="new image is the same as current image. not updating tag.")
            return
        self.records[mac].file = data
        self._enqueue(mac, Item(IMAGE_TYPE, version, data))

    def _enqueue(self, mac: str, item: Item) -> None:
        self._queue[mac].append(item)
        self.records[mac].pending = len(self._queue[mac])
        self._at(self.now + EXPIRY_S, lambda: self._expire(mac, item))
        self._tell(mac)

    def _expire(self, mac: str, item: Item) -> None:
        if any(queued is item for queued in self._queue[mac]):
            self._queue[mac].clear()
            self.records[mac].file = None
            self.say(errMsg=f"< {mac} xfer timeout\r\n")

    def _sleep(self, label: Label, seconds: float) -> None:
        self._at(max(self.now + seconds, label.asleep_until), lambda: self._wake(label))

    def _rest(self, label: Label) -> None:
        self._sleep(label, label.chance.uniform(*label.sleep_s))

    def _wake(self, label: Label) -> None:
        if label.dead or self.now < label.asleep_until or not self.up:
            self._rest(label)
            return
        record = self.records[label.mac]
        record.lastseen = int(self.now)
        record.wakeup, label.wakeup = label.wakeup, TIMED
        if record.wakeup == WATCHDOG and record.pending == 0:
            record.hash = NO_HASH
        record.battery_mv, record.rssi, record.temperature = label.battery_mv, label.rssi, 21
        self._tell(label.mac)
        if self._queue[label.mac]:
            begin = max(self._radio_free, self.now)
            self._radio_free = begin + self._airtime(label)
            self._at(begin, lambda: self._begin(label))
        else:
            self._rest(label)

    def _airtime(self, label: Label) -> float:
        first = next(iter(self._queue[label.mac]), None)
        short = first is None or first.kind == LED_TYPE or first.version == label.held
        return COMMAND_S if short else AIRTIME_S

    def _begin(self, label: Label) -> None:
        item = next(iter(self._queue[label.mac]), None)
        if item is None or label.dead or not self.up:
            self._rest(label)
            return
        boot, took = self._boot, self._airtime(label)
        self._at(self.now + took, lambda: self._end(label, item, boot))

    def _end(self, label: Label, item: Item, boot: int) -> None:
        lost = label.chance.random() < self.habits.lost
        whole = not lost or label.chance.random() < 1 / 2  # else only the last word was lost
        if boot != self._boot or label.dead or not whole:
            self._rest(label)
            return
        if not lost:
            self._complete(label.mac)
        if item.kind == LED_TYPE:
            label.flashes.append(item.version)
            self._rest(label)
        elif item.version == label.held:
            self._rest(label)
        else:
            label.held = item.version
            self._at(self.now + label.chance.uniform(*DRAWING_S), lambda: self._drawn(label, item))

    def _complete(self, mac: str) -> None:
        record, queue = self.records[mac], self._queue[mac]
        first = queue.pop(0) if queue else Item(LED_TYPE, self._chance.randbytes(VERSION_BYTES))
        record.current = first.data or record.current
        record.hash = first.version[:VERSION_BYTES].hex().ljust(len(NO_HASH), "0")
        record.updatecount += 1
        record.updatelast = int(self.now)
        record.pending = len(queue)
        record.wakeup = TIMED
        self._tell(mac)

    def _drawn(self, label: Label, item: Item) -> None:
        if label.dead:
            self._rest(label)
            return
        if label.chance.random() < self.habits.drawing_fails:
            label.held, label.wakeup = None, WATCHDOG
            self._sleep(label, 1.0)
            return
        label.glass = item.data
        if self._queue[label.mac]:
            self._sleep(label, 5.0)
        else:
            self._rest(label)


def _sleeps(mac: str, seed: int, habits: Habits) -> tuple[float, float]:
    """Say how long a label sleeps; these dice are no others', so that naps change nothing else."""
    naps = dice(seed, "naps", mac).random() < habits.naps
    return habits.nap_s if naps else habits.sleep_s


def converted(jpeg: bytes) -> bytes:
    """Convert a picture as the access point does without dithering."""
    return planes(nearest(jpeg, COLOURS))


def planes(pixels: NDArray[np.intp]) -> bytes:
    """Pack indices of `COLOURS`, rows by columns, into two planes of bits: black, then red."""
    return b"".join(np.packbits(pixels == colour).tobytes() for colour in (1, 2))
