"""Carries what the simulated devices say to the gateway, with all that goes wrong on the way.

No network: messages come out as the gateway's uplink would have decoded them.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TypeVar

from msgspec import Struct

from devices.simulator.dice import dice
from devices.simulator.faults import (
    AntennaOff,
    BrokerAway,
    ClockWrong,
    Delayed,
    Doubled,
    Fault,
    Overflow,
    ReaderOff,
    Reordered,
)
from devices.simulator.readers import Cycle, Sighting
from edge.readings import (
    DeviceReported,
    Kind,
    Message,
    ProblemReported,
    Reading,
    TagRead,
    TagsRead,
)

LATENCY_S = 0.02
WILL_S = 1.5
"""How long the broker takes to notice that a device is gone."""
F = TypeVar("F", bound=Fault)


class Arrived(Struct, frozen=True):
    """A message reached the gateway at `now` (epoch ms)."""

    now: int
    message: Message


class LinkChanged(Struct, frozen=True):
    """The gateway lost the broker at `now` (epoch ms), or has it again."""

    now: int
    connected: bool


Delivery = Arrived | LinkChanged


class Wire:
    """All devices' way to the gateway; `unnumbered` devices speak a vendor's format.

    Those cannot number their messages: a repeat is not to be told from news.
    """

    def __init__(
        self,
        devices: Mapping[str, Kind],
        faults: tuple[Fault, ...],
        seed: int,
        *,
        epoch_ms: int,
        unnumbered: frozenset[str] = frozenset(),
    ) -> None:
        """Connect all devices at second 0, which is `epoch_ms`."""
        self._devices = devices
        self._faults = faults
        self._epoch = epoch_ms
        self._unnumbered = unnumbered
        self._chance = dice(seed, "wire")
        self._sent: Counter[tuple[str, str]] = Counter()
        self._told: set[Fault] = set()
        self._order = 0
        self._under_way: list[tuple[int, int, Message | LinkChanged]] = []
        self._connect(0.0)
        for away in self._of(BrokerAway):
            self._post(away.start, LinkChanged(self._ms(away.start), connected=False))
            self._connect(away.end)
        for off in self._of(ReaderOff):
            if off.will:
                self._report(off.start + WILL_S, off.reader, online=False)
                self._report(off.end, off.reader, online=True)

    def clock(self, device: str, t: float) -> int:
        """Give what a device believes the time to be, in epoch ms."""
        wrong = [c for c in self._of(ClockWrong) if device in c.devices and c.on(t)]
        off = sum(c.offset_ms + (t - c.start) * c.drift_ppm / 1000 for c in wrong)
        return self._ms(t) + round(off)

    def cycle(self, t: float, cycle: Cycle) -> None:
        """Send what a reader read."""
        reader = cycle.reader
        if any(off.reader == reader and off.on(t) for off in self._of(ReaderOff)):
            return
        reads, missed = self._through_antennas(t, cycle)
        reads, lost = self._through_buffer(t, reader, reads)
        now = self.clock(reader, t)
        seen = tuple(TagRead(r.epc, r.antenna, r.rssi, now - round(r.ago * 1000)) for r in reads)
        self.say(t, reader, TagsRead(seen), *missed, *lost)

    def say(self, t: float, device: str, *readings: Reading) -> None:
        """Send a device's message."""
        boot, seq = self._number(t, device)
        message = Message(device, self._devices[device], readings, boot, seq)
        arrival = t + LATENCY_S + self._held_up(t, device)
        self._post(arrival, message)
        for double in self._of(Doubled):
            if double.on(t) and self._chance.random() < double.share:
                self._post(arrival + self._chance.uniform(0.0, double.within_s), message)

    def due(self, t: float) -> Iterator[Delivery]:
        """Give what reached the gateway by `t`, in order."""
        now = self._ms(t)
        while self._under_way and self._under_way[0][0] <= now:
            at, _, thing = heapq.heappop(self._under_way)
            yield Arrived(at, thing) if isinstance(thing, Message) else thing

    def _of(self, kind: type[F]) -> Iterator[F]:
        return (fault for fault in self._faults if isinstance(fault, kind))

    def _ms(self, t: float) -> int:
        return self._epoch + round(t * 1000)

    def _post(self, t: float, thing: Message | LinkChanged) -> None:
        # The broker is what a message waits for; its own coming and going is no message.
        away = [a.end for a in self._of(BrokerAway) if a.on(t) and isinstance(thing, Message)]
        self._order += 1
        heapq.heappush(self._under_way, (self._ms(max([t, *away])), self._order, thing))

    def _connect(self, t: float) -> None:
        self._post(t, LinkChanged(self._ms(t), connected=True))
        for device in self._devices:
            self._report(t, device, online=True)

    def _report(self, t: float, device: str, *, online: bool) -> None:
        self._post(t, Message(device, self._devices[device], (DeviceReported(online=online),)))

    def _number(self, t: float, device: str) -> tuple[str | None, int | None]:
        if device in self._unnumbered:
            return None, None
        starts = sum(o.reader == device and o.will and o.end <= t for o in self._of(ReaderOff))
        boot = f"{device}-{starts}"
        self._sent[device, boot] += 1
        return boot, self._sent[device, boot]

    def _held_up(self, t: float, device: str) -> float:
        late = sum(d.by_s for d in self._of(Delayed) if device in d.devices and d.on(t))
        for mixed in self._of(Reordered):
            if mixed.on(t) and self._chance.random() < mixed.share:
                late += self._chance.uniform(0.0, mixed.within_s)
        return late

    def _through_antennas(
        self, t: float, cycle: Cycle
    ) -> tuple[tuple[Sighting, ...], list[Reading]]:
        """Leave out what disconnected antennas would have read, and give what is noticed of it."""
        reads, noticed, now = cycle.reads, list[Reading](), self.clock(cycle.reader, t)
        for off in self._of(AntennaOff):
            if off.reader != cycle.reader:
                continue
            on, number = off.on(t), off.antenna
            if off.told and self._is_news(off, active=on):
                name = f"antenna-{number}-disconnected"
                noticed.append(ProblemReported(now, name, active=on, antenna=number))
            if on:
                reads = tuple(read for read in reads if read.antenna != number)
        return reads, noticed

    def _through_buffer(
        self, t: float, reader: str, reads: tuple[Sighting, ...]
    ) -> tuple[tuple[Sighting, ...], list[Reading]]:
        """Leave out what an overflow loses, and give how much that was."""
        noticed, now = list[Reading](), self.clock(reader, t)
        for flow in self._of(Overflow):
            if flow.reader != reader:
                continue
            on, came = flow.on(t), len(reads)
            if on:
                reads = tuple(read for read in reads if self._chance.random() < flow.kept)
            lost = came - len(reads)
            if self._is_news(flow, active=on) or lost:
                noticed.append(ProblemReported(now, "reads-lost", active=on, lost=lost))
        return reads, noticed

    def _is_news(self, fault: Fault, *, active: bool) -> bool:
        known = fault in self._told
        (self._told.add if active else self._told.discard)(fault)
        return active != known
