"""What the shop's RFID readers make of the world: missed reads, stray reads, noisy strengths."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from msgspec import Struct

from devices.simulator.dice import dice
from devices.simulator.layout import READERS, Point, ReaderPlan
from devices.simulator.people import Seen
from devices.simulator.radio import USUAL, Radio
from devices.simulator.references import Reference
from devices.simulator.spots import Spot, View, own_spot, views
from devices.simulator.stock import Stock

_AT_ONE_METRE_DBM = -51.0
_NEAREST_M, _DEEP_M = 0.49, 0.84
"""How near a shelf's antenna its tags begin, and how far they go on from there."""


class Sighting(Struct, frozen=True):
    """One read: antenna from 1, strength in dBm, and how long before the cycle's end in seconds."""

    epc: str
    antenna: int
    rssi: float
    ago: float


class Cycle(Struct, frozen=True):
    """What a reader reports at the end of one inventory cycle."""

    reader: str
    reads: tuple[Sighting, ...]


class _Tag(Struct, frozen=True):
    """A tag in an antenna's field: its chance in a cycle, mean strength, where its swing begins."""

    epc: str
    rate: float
    rssi: float
    phase: float = 0.0


class Reader:
    """One reader with its own clock: it goes on when people stand still."""

    def __init__(
        self,
        plan: ReaderPlan,
        seed: int,
        radio: Radio = USUAL,
        references: tuple[Reference, ...] = (),
        untagged: frozenset[str] = frozenset(),
    ) -> None:
        """Start a cycle now; equal seeds miss the same tags. `untagged` products have none."""
        self.plan = plan
        self._seed = seed
        self._radio = radio
        self._references = references
        self._untagged = untagged
        self._chance = dice(seed, plan.id)
        self._is_gate = "exit" in plan.places
        self._views = {} if self._is_gate else _views(plan, radio)
        self._lucks: dict[tuple[str, int], float] = {}
        self._offsets: dict[str, float] = {}
        self._tags: dict[tuple[str, int, str], _Tag] = {}
        self._fields: dict[tuple[int, str, int], tuple[int, tuple[_Tag, ...]]] = {}
        self._now = 0.0
        self._spent = 0.0
        self._length = self._next_length()

    def step(self, dt: float, stock: Stock, people: tuple[Seen, ...]) -> Cycle | None:
        """Let `dt` seconds pass; give the cycle that ended in them, if one did."""
        self._now += dt
        self._spent += dt
        if self._spent < self._length:
            return None
        length, self._length, self._spent = self._length, self._next_length(), 0.0
        reads: list[Sighting] = []
        for antenna in range(1, len(self.plan.places) + 1):
            for tags, shade in self._heard(antenna, stock, people):
                reads += self._read(antenna, tags, shade, length)
        return Cycle(self.plan.id, tuple(reads))

    def _next_length(self) -> float:
        radio = self._radio
        return self._chance.uniform(*(radio.gate_cycle_s if self._is_gate else radio.shelf_cycle_s))

    def _read(
        self, antenna: int, tags: Iterable[_Tag], shade: float, length: float
    ) -> list[Sighting]:
        chance, gauss, noise = self._chance.random, self._chance.gauss, self._radio.noise_db
        return [
            Sighting(
                tag.epc,
                antenna,
                round(tag.rssi + gauss(0.0, noise) + self._swing(tag), 1),
                round(length * chance(), 3),
            )
            for tag in tags
            if chance() < tag.rate * shade
        ]

    def _swing(self, tag: _Tag) -> float:
        radio = self._radio
        return radio.fading_db * math.sin(math.tau * self._now / radio.fading_s + tag.phase)

    def _heard(
        self, antenna: int, stock: Stock, people: tuple[Seen, ...]
    ) -> Iterator[tuple[Iterable[_Tag], float]]:
        """Give tags that an antenna may read, and what is left of their chances."""
        for view in self._views.get(antenna, ()):
            shaded = self._radio.shade < 1.0 and view.spot.is_shaded(people)
            yield self._standing(antenna, view, stock), self._radio.shade if shaded else 1.0
        yield self._carried(self.plan.antennas[antenna - 1], stock, people), 1.0

    def _standing(self, antenna: int, view: View, stock: Stock) -> tuple[_Tag, ...]:
        key, version = (antenna, view.spot.place, view.spot.rack), stock.changes[view.spot.place]
        known = self._fields.get(key)
        if known is None or known[0] != version:
            epcs = (*view.spot.epcs(stock, self._untagged), *self._fixed(view.spot))
            known = version, tuple(self._tag(epc, antenna, view) for epc in epcs)
            self._fields[key] = known
        return known[1]

    def _fixed(self, spot: Spot) -> Iterator[str]:
        for tag in self._references:
            if (tag.place, tag.rack) == (spot.place, spot.rack):
                yield tag.epc

    def _carried(self, at: Point, stock: Stock, people: tuple[Seen, ...]) -> Iterator[_Tag]:
        radio = self._radio
        reach, rate = (
            (radio.gate_reach_m, radio.gate_rate)
            if self._is_gate
            else (radio.carried_reach_m, radio.carried_rate)
        )
        for person in people:
            distance = math.dist(at, (person.x, person.y))
            if distance > reach:
                continue
            near, mean = rate * (1.0 - 0.4 * distance / reach), _mean(distance, radio.body_loss_db)
            for unit in stock.carried(person.person):
                if unit.gtin not in self._untagged:
                    yield _Tag(unit.epc, near, mean + self._offset(unit.epc))

    def _tag(self, epc: str, antenna: int, view: View) -> _Tag:
        key = (epc, antenna, view.spot.place)
        if key not in self._tags:
            radio = self._radio
            rate = radio.least + radio.span * self._luck(epc, antenna)
            distance = _NEAREST_M + _DEEP_M * self._luck(epc, 0) if view.own else view.distance
            aspect = dice(self._seed, self.plan.id, *key, "aspect")
            self._tags[key] = _Tag(
                epc,
                rate if view.own else radio.stray_rate * rate,
                _mean(distance, view.loss) + self._offset(epc) + aspect.gauss(0.0, radio.aspect_db),
                aspect.uniform(0.0, math.tau),
            )
        return self._tags[key]

    def _luck(self, epc: str, antenna: int) -> float:
        key = (epc, antenna)
        if key not in self._lucks:
            chance, shape = dice(self._seed, self.plan.id, *key), self._radio.shape
            self._lucks[key] = chance.betavariate(shape, shape)
        return self._lucks[key]

    def _offset(self, epc: str) -> float:
        if epc not in self._offsets:
            self._offsets[epc] = dice(self._seed, "tag", epc).gauss(0.0, self._radio.tag_db)
        return self._offsets[epc]


def _views(plan: ReaderPlan, radio: Radio) -> dict[int, tuple[View, ...]]:
    return {
        antenna: views(own_spot(place, antenna), radio)
        for antenna, place in enumerate(plan.places, start=1)
    }


def _mean(distance: float, loss: float) -> float:
    return _AT_ONE_METRE_DBM - 20.0 * math.log10(max(distance, 0.3)) - loss


def readers(
    seed: int,
    radio: Radio = USUAL,
    references: tuple[Reference, ...] = (),
    untagged: frozenset[str] = frozenset(),
) -> tuple[Reader, ...]:
    """Make all readers of the shop."""
    return tuple(Reader(plan, seed, radio, references, untagged) for plan in READERS)
