"""One run of a scenario: everything that reaches the gateway, in order, and the truth beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from benchmarks.accuracy_scenarios import EPOCH_MS, Scenario
from devices.simulator.dice import dice
from devices.simulator.faults import AntennaOff, BrokerAway, ReaderOff
from devices.simulator.goods import GOODS
from devices.simulator.happenings import Delivered, Happening, Paid, Picked, PutDown, Unit
from devices.simulator.lanes import code_of
from devices.simulator.layout import LANES, READERS
from devices.simulator.readers import readers
from devices.simulator.references import REFERENCES
from devices.simulator.wire import Delivery, Wire
from devices.simulator.world import World
from edge.readings import SaleReported, SoldLine

STEP_S = 0.1
TICK_STEPS = 5
"""The gateway lets time pass twice a second."""
MINUTE_STEPS = 600
JUST_MOVED_S = 2.0
"""What was touched so short ago may be seen here or there."""
_PRICE = {good.gtin: good.price for good in GOODS}


class Happened(Struct, frozen=True):
    """Something truly happened; no method is told of it, the scores are."""

    now: int
    happening: Happening


class Tick(Struct, frozen=True):
    """Half a second has passed."""

    now: int


class Minute(Struct, frozen=True):
    """A whole minute is over: `places` is where each tagged item is, None for one that is gone.

    Items in somebody's hands, or touched a moment ago, are left out. `stock` gives the least and
    the most units of each product that may be told: what is in unsold hands may count or not, and
    of untagged goods nobody knows what was stolen. Products that were touched a moment ago are
    left out.
    """

    now: int
    places: dict[str, str | None]
    stock: dict[str, tuple[int, int]]


Step = Delivery | Happened | Tick | Minute


class Stream:
    """A scenario played with one seed; go through it once."""

    def __init__(self, scenario: Scenario, seed: int, minutes: int) -> None:
        """Open the shop."""
        self.world = World(seed, scenario.habits)
        self.untagged = untagged(scenario.untagged, seed)
        self._scenario = scenario
        self._steps = minutes * MINUTE_STEPS
        self._readers = readers(seed, scenario.radio, REFERENCES, self.untagged)
        self._wire = Wire(
            {
                **{plan.id: "rfid" for plan in READERS},
                **{lane.id: "checkout" for lane in LANES},
            },
            scenario.faults,
            seed,
            epoch_ms=EPOCH_MS,
            unnumbered=scenario.unnumbered,
        )
        self._touched: dict[str, float] = {}

    def __iter__(self) -> Iterator[Step]:
        """Play it."""
        for number in range(1, self._steps + 1):
            t = number * STEP_S
            now = EPOCH_MS + round(t * 1000)
            for happening in self.world.step(STEP_S):
                self._take(t, happening)
                yield Happened(now, happening)
            people = self.world.people()
            for reader in self._readers:
                cycle = reader.step(STEP_S, self.world.stock, people)
                if cycle is not None:
                    self._wire.cycle(t, cycle)
            yield from self._wire.due(t)
            if number % TICK_STEPS == 0:
                yield Tick(now)
            if number % MINUTE_STEPS == 0:
                yield self._minute(t, now)

    def hidden(self, now: int) -> set[str]:
        """Name the places that no antenna watches at `now`."""
        t = (now - EPOCH_MS) / 1000
        hidden: set[str] = set()
        for fault in self._scenario.faults:
            if fault.on(t) and isinstance(fault, AntennaOff | BrokerAway | ReaderOff):
                hidden.update(_places(fault))
        return hidden

    def _take(self, t: float, happening: Happening) -> None:
        match happening:
            case Picked(unit=unit) | PutDown(unit=unit):
                self._touched[unit.epc] = t
            case Delivered(units=units):
                self._touched.update((unit.epc, t) for unit in units)
            case Paid():
                self._sell(t, happening)

    def _sell(self, t: float, paid: Paid) -> None:
        lines = tuple(
            SoldLine(unit.gtin, 1, _PRICE[unit.gtin], self._code(unit, paid.lane))
            for unit in paid.units
        )
        sale = f"{paid.lane}-{paid.checkout}"
        total = sum(line.amount for line in lines)
        clock = self._wire.clock(paid.lane, t)
        self._wire.say(t, paid.lane, SaleReported(clock, sale, "CNY", lines, total))

    def _code(self, unit: Unit, lane: str) -> str | None:
        """Give the EPC where the till knows it: the first lane sees bars on every other unit."""
        bars = lane == LANES[0].id and code_of(unit)[1] == "ean13"
        return None if bars or unit.gtin in self.untagged else unit.epc

    def _minute(self, t: float, now: int) -> Minute:
        stock = self.world.stock
        gone = (stock.sold, stock.stolen, *stock.bags.values())
        places: dict[str, str | None] = {
            unit.epc: None for units in gone for unit in units.values() if self._has_tag(unit)
        }
        for place, units in stock.fixtures.items():
            for unit in units.values():
                if self._has_tag(unit) and t - self._touched.get(unit.epc, 0.0) > JUST_MOVED_S:
                    places[unit.epc] = place
        standing = Counter(u.gtin for units in stock.fixtures.values() for u in units.values())
        held = Counter(u.gtin for units in stock.hands.values() for u in units.values())
        unknown = Counter(u.gtin for u in stock.stolen.values() if not self._has_tag(u))
        levels = {
            good.gtin: (standing[good.gtin], (standing + held + unknown)[good.gtin])
            for good in GOODS
            if self.world.now - stock.touched[good.gtin] > JUST_MOVED_S
        }
        return Minute(now, places, levels)

    def _has_tag(self, unit: Unit) -> bool:
        return unit.gtin not in self.untagged


def untagged(share: float, seed: int) -> frozenset[str]:
    """Choose the products that carry no tags."""
    gtins = [good.gtin for good in GOODS]
    return frozenset(dice(seed, "untagged").sample(gtins, round(share * len(gtins))))


def _places(fault: AntennaOff | BrokerAway | ReaderOff) -> Iterator[str]:
    for plan in READERS:
        if isinstance(fault, BrokerAway):
            yield from plan.places
        elif plan.id == fault.reader:
            yield from (
                (plan.places[fault.antenna - 1],) if isinstance(fault, AntennaOff) else plan.places
            )
