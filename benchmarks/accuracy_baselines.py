"""What our engine is compared with: fixed windows, and EdgeX's inventory rule.

All hear what ours hears. Of sales they know every EPC, so that reading is compared, not tills.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from devices.simulator.layout import READERS, ZONES
from devices.simulator.wire import Arrived
from edge.readings import SaleReported, TagsRead

_GATES = {zone.id for zone in ZONES if zone.kind == "exit"}
_PLACES = {
    plan.id: tuple(None if place in _GATES else place for place in plan.places) for plan in READERS
}
"""Where each antenna looks; a gate looks at no place of goods."""
_SILENT_DBM = -70.0
"""Stands for a read without strength."""


class Method(Protocol):
    """What turns readings into places."""

    def take(self, arrived: Arrived) -> None:
        """Take a message."""

    def tick(self, now: int) -> None:
        """Let time pass."""

    def places(self, now: int) -> dict[str, str]:
        """Give the place of each item that is there, by EPC."""


class Window:
    """An item is where most of its reads of the last seconds came from; without any it is gone.

    Ties go to the stronger mean.
    """

    def __init__(self, seconds: int) -> None:
        """Look back so many seconds of arrival time."""
        self._ms = seconds * 1000
        self._heard: deque[Arrived] = deque()
        self._sold: set[str] = set()

    def take(self, arrived: Arrived) -> None:
        """Keep a message while it counts; what is sold is gone."""
        self._heard.append(arrived)
        self._sold.update(sold(arrived))

    def tick(self, now: int) -> None:
        """Forget what is too old."""
        while self._heard and self._heard[0].now <= now - self._ms:
            self._heard.popleft()

    def places(self, now: int) -> dict[str, str]:
        """Count the reads of each item at each place."""
        self.tick(now)
        reads: defaultdict[str, defaultdict[str | None, list[float]]]
        reads = defaultdict(lambda: defaultdict(list))
        for arrived in self._heard:
            for epc, place, rssi in sightings(arrived):
                reads[epc][place].append(rssi)
        most = {epc: max(at, key=lambda place: _weight(at[place])) for epc, at in reads.items()}
        return {epc: place for epc, place in most.items() if place and epc not in self._sold}


def _weight(strengths: list[float]) -> tuple[int, float]:
    return len(strengths), sum(strengths) / len(strengths)


class _Ring(Struct):
    """The newest strengths of a tag at one place, their sum, and when the last one came."""

    strengths: deque[float]
    sum: float = 0.0
    last: int = 0

    @property
    def mean(self) -> float:
        """Mean strength in dBm."""
        return self.sum / len(self.strengths)

    def add(self, rssi: float, now: int) -> None:
        """Take a read."""
        if len(self.strengths) == EdgeX.RING:
            self.sum -= self.strengths.popleft()
        self.strengths.append(rssi)
        self.sum += rssi
        self.last = now


class EdgeX:
    """The rule of EdgeX's app-rfid-llrp-inventory: a tag moves to where it is clearly louder.

    The old place's lead shrinks while it does not read the tag; unseen for long, a tag departs.
    """

    RING = 20
    READS = 2
    LEAD_DB = 6.0
    SLOPE_DB_PER_MS = -0.008
    HOLD_OFF_MS = 500
    DEPARTED_MS = 600_000
    CHECK_MS = 30_000

    def __init__(self) -> None:
        """Know no tag."""
        self._tags: dict[str, dict[str | None, _Ring]] = {}
        self._at: dict[str, str | None] = {}
        self._sold: set[str] = set()
        self._checked = 0

    def take(self, arrived: Arrived) -> None:
        """Take a message, read by read; what is sold is gone."""
        for epc, place, rssi in sightings(arrived):
            self._read(epc, place, rssi, arrived.now)
        self._sold.update(sold(arrived))

    def tick(self, now: int) -> None:
        """Let tags depart."""
        if now - self._checked < self.CHECK_MS:
            return
        self._checked = now
        for epc, rings in list(self._tags.items()):
            if now - max(ring.last for ring in rings.values()) > self.DEPARTED_MS:
                del self._tags[epc], self._at[epc]

    def places(self, now: int) -> dict[str, str]:
        """Give where tags have not departed from."""
        self.tick(now)
        return {epc: place for epc, place in self._at.items() if place and epc not in self._sold}

    def _read(self, epc: str, place: str | None, rssi: float, now: int) -> None:
        rings = self._tags.setdefault(epc, {})
        ring = rings.get(place)
        if ring is None:
            ring = rings[place] = _Ring(deque())
        ring.add(rssi, now)
        here = self._at.setdefault(epc, place)
        if place != here and len(ring.strengths) >= self.READS:
            old = rings[here]
            unseen = now - old.last - self.HOLD_OFF_MS
            lead = min(self.LEAD_DB, self.SLOPE_DB_PER_MS * unseen + self.LEAD_DB)
            if ring.mean > old.mean + lead:
                self._at[epc] = place


def sold(arrived: Arrived) -> Iterator[str]:
    """Give the EPCs that a till names in a message."""
    for reading in arrived.message.readings:
        if isinstance(reading, SaleReported):
            yield from (line.epc for line in reading.lines if line.epc)


def sightings(arrived: Arrived) -> Iterator[tuple[str, str | None, float]]:
    """Give EPC, place and strength of each read in a message."""
    for reading in arrived.message.readings:
        if isinstance(reading, TagsRead):
            places = _PLACES[arrived.message.device]
            for read in reading.reads:
                rssi = _SILENT_DBM if read.rssi is None else read.rssi
                yield read.epc, places[read.antenna - 1], rssi
