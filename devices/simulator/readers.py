"""What the shop's RFID readers make of the world: missed reads, stray reads, noisy strengths."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from devices.simulator.dice import dice
from devices.simulator.goods import GOODS
from devices.simulator.happenings import Unit
from devices.simulator.layout import READERS, SHELF, Point, ReaderPlan
from devices.simulator.people import Seen
from devices.simulator.stock import BACKROOM, Stock

SHELF_CYCLE_S = (0.5, 1.0)
GATE_CYCLE_S = (0.25, 0.45)
LEAST, SPAN, SHAPE = 0.35, 0.6, 2.2
"""A tag's read rate is LEAST + SPAN * beta(SHAPE, SHAPE): mean 0.65, from 0.35 to 0.95."""
STRAY_REACH_M = 4.5
STRAY_RATE = 0.02
CARRIED_REACH_M = 1.6
CARRIED_RATE = 0.08
GATE_REACH_M = 1.3
GATE_RATE = 0.75
_BODY_DB = 12.0
"""What a body beside the tag costs."""
_STRAY_DB = 9.0
"""What the shelf between costs."""
_AT_ONE_METRE_DBM = -51.0
_RACK = {good.gtin: number % 4 for number, good in enumerate(GOODS)}


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


class _Chance(Struct, frozen=True):
    unit: Unit
    rate: float
    distance: float
    loss: float


class Reader:
    """One reader with its own clock: it goes on when people stand still."""

    def __init__(self, plan: ReaderPlan, seed: int) -> None:
        """Start a cycle now; equal seeds miss the same tags."""
        self.plan = plan
        self._seed = seed
        self._chance = dice(seed, plan.id)
        self._rates: dict[tuple[str, int], float] = {}
        self._length = self._next_length()
        self._spent = 0.0

    def step(self, dt: float, stock: Stock, people: tuple[Seen, ...]) -> Cycle | None:
        """Let `dt` seconds pass; give the cycle that ended in them, if one did."""
        self._spent += dt
        if self._spent < self._length:
            return None
        length, self._length, self._spent = self._length, self._next_length(), 0.0
        reads = tuple(
            Sighting(
                tag.unit.epc, antenna, self._rssi(tag), round(self._chance.uniform(0, length), 3)
            )
            for antenna, place in enumerate(self.plan.places, start=1)
            for tag in self._in_field(antenna, place, stock, people)
            if self._chance.random() < tag.rate
        )
        return Cycle(self.plan.id, reads)

    def _next_length(self) -> float:
        return self._chance.uniform(*(GATE_CYCLE_S if self._is_gate else SHELF_CYCLE_S))

    @cached_property
    def _is_gate(self) -> bool:
        return "exit" in self.plan.places

    def _in_field(
        self, antenna: int, place: str, stock: Stock, people: tuple[Seen, ...]
    ) -> Iterator[_Chance]:
        at = self.plan.antennas[antenna - 1]
        if self._is_gate:
            yield from _carried(at, stock, people, GATE_REACH_M, GATE_RATE)
            return
        for unit in _own_units(antenna, place, stock):
            yield _Chance(unit, self._rate(unit, antenna), self._rate(unit, 0) * 1.4, 0.0)
        for shelf, distance in _neighbours(place, at):
            for unit in stock.on(shelf):
                yield _Chance(unit, STRAY_RATE * self._rate(unit, antenna), distance, _STRAY_DB)
        yield from _carried(at, stock, people, CARRIED_REACH_M, CARRIED_RATE)

    def _rate(self, unit: Unit, antenna: int) -> float:
        key = (unit.epc, antenna)
        if key not in self._rates:
            luck = dice(self._seed, self.plan.id, *key).betavariate(SHAPE, SHAPE)
            self._rates[key] = LEAST + SPAN * luck
        return self._rates[key]

    def _rssi(self, tag: _Chance) -> float:
        path = 20.0 * math.log10(max(tag.distance, 0.3))
        return round(_AT_ONE_METRE_DBM - path - tag.loss + self._chance.gauss(0.0, 2.0), 1)


def _own_units(antenna: int, place: str, stock: Stock) -> tuple[Unit, ...]:
    if place != BACKROOM:
        return stock.on(place)
    return tuple(unit for unit in stock.on(BACKROOM) if _RACK[unit.gtin] == antenna - 1)


def _neighbours(place: str, at: Point) -> Iterator[tuple[str, float]]:
    if place == BACKROOM:
        return
    for shelf in SHELF.values():
        distance = math.dist(at, shelf.middle)
        if shelf.id != place and distance <= STRAY_REACH_M:
            yield shelf.id, distance


def _carried(
    at: Point, stock: Stock, people: tuple[Seen, ...], reach: float, rate: float
) -> Iterator[_Chance]:
    for person in people:
        distance = math.dist(at, (person.x, person.y))
        if distance <= reach:
            for unit in stock.carried(person.person):
                yield _Chance(unit, rate * (1.0 - 0.4 * distance / reach), distance, _BODY_DB)


def readers(seed: int) -> tuple[Reader, ...]:
    """Make all readers of the shop."""
    return tuple(Reader(plan, seed) for plan in READERS)
