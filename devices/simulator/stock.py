"""Where every unit of the simulated shop truly is."""

from __future__ import annotations

from collections import Counter
from itertools import count, islice

from devices.simulator.dice import dice
from devices.simulator.goods import FACINGS, GOODS, Facing, epc_of, homes
from devices.simulator.happenings import Unit
from devices.simulator.layout import SHELVES

BACKROOM = "backroom"
_FIRST_SERIAL = 100_001


class Stock:
    """All units; each is on one fixture, in one pair of hands, in one bag, sold or stolen.

    `changes` counts what was put onto a fixture or taken from it; who is `shielded` carries
    things in a bag that lets no radio through.
    """

    def __init__(self, seed: int) -> None:
        """Put 6 to 10 units on each facing, and 6 to 12 of each product into the backroom."""
        chance = dice(seed, "stock")
        self._serials = {good.gtin: count(_FIRST_SERIAL) for good in GOODS}
        self.fixtures: dict[str, dict[str, Unit]] = {
            place: {} for place in (*(shelf.id for shelf in SHELVES), BACKROOM)
        }
        self.hands: dict[int, dict[str, Unit]] = {}
        self.bags: dict[int, dict[str, Unit]] = {}
        self.sold: dict[str, Unit] = {}
        self.stolen: dict[str, Unit] = {}
        self.touched: dict[str, float] = {}
        self.changes: Counter[str] = Counter()
        self.shielded: set[int] = set()
        for facing in FACINGS:
            self._make(facing.gtin, chance.randint(6, 10), facing.shelf)
        for good in GOODS:
            self._make(good.gtin, chance.randint(6, 12), BACKROOM)

    def _make(self, gtin: str, number: int, place: str) -> tuple[Unit, ...]:
        serials = self._serials[gtin]
        units = tuple(Unit(epc_of(gtin, s), gtin, s) for s in islice(serials, number))
        self.fixtures[place].update((unit.epc, unit) for unit in units)
        self.changes[place] += 1
        self.touched.setdefault(gtin, 0.0)
        return units

    def deliver(self, gtin: str, number: int, now: float) -> tuple[Unit, ...]:
        """Bring new units into the backroom."""
        self.touched[gtin] = now
        return self._make(gtin, number, BACKROOM)

    def enter(self, person: int) -> None:
        """Let a person with empty hands and an empty bag in."""
        self.hands[person] = {}
        self.bags[person] = {}

    def pick(self, person: int, unit: Unit, place: str, now: float) -> None:
        """Move a unit from a fixture into a person's hands; raises KeyError when not there."""
        self.hands[person][unit.epc] = self.fixtures[place].pop(unit.epc)
        self.changes[place] += 1
        self.touched[unit.gtin] = now

    def put(self, person: int, unit: Unit, place: str, now: float) -> None:
        """Move a unit from a person's hands onto a fixture; raises KeyError when not held."""
        self.fixtures[place][unit.epc] = self.hands[person].pop(unit.epc)
        self.changes[place] += 1
        self.touched[unit.gtin] = now

    def pay(self, person: int, now: float) -> tuple[Unit, ...]:
        """Move everything that a person holds into the bag, as sold; give what it was."""
        units = tuple(self.hands[person].values())
        self.bags[person].update(self.hands[person])
        self.hands[person] = {}
        self.touched.update((unit.gtin, now) for unit in units)
        return units

    def leave(self, person: int, now: float) -> tuple[Unit, ...]:
        """Take a person with bag and hands out of the shop; give what left unsold."""
        taken = self.hands.pop(person)
        self.sold.update(self.bags.pop(person))
        self.stolen.update(taken)
        self.touched.update((unit.gtin, now) for unit in taken.values())
        return tuple(taken.values())

    def carried(self, person: int) -> tuple[Unit, ...]:
        """Give what a person carries, in hands and bag, as far as radio reaches it."""
        if person in self.shielded:
            return ()
        return *self.hands.get(person, {}).values(), *self.bags.get(person, {}).values()

    def on(self, place: str) -> tuple[Unit, ...]:
        """Give the units on a fixture."""
        return tuple(self.fixtures[place].values())

    def gaps(self, low: int) -> tuple[tuple[int, Facing], ...]:
        """Give the facings under `low` units that the backroom can fill, the emptiest first."""
        behind = self.count(BACKROOM)
        here = {shelf.id: self.count(shelf.id) for shelf in SHELVES}
        found = (
            (here[facing.shelf][facing.gtin], facing) for facing in FACINGS if behind[facing.gtin]
        )
        return tuple(sorted((gap for gap in found if gap[0] < low), key=lambda gap: gap[0]))

    def strays(self) -> tuple[tuple[str, Unit], ...]:
        """Give the units on a shelf where they do not belong, with that shelf."""
        return tuple(
            (shelf.id, unit)
            for shelf in SHELVES
            for unit in self.fixtures[shelf.id].values()
            if shelf.id not in homes(unit.gtin)
        )

    def count(self, place: str) -> Counter[str]:
        """Count the units on a fixture by GTIN."""
        return Counter(unit.gtin for unit in self.fixtures[place].values())

    def census(self) -> list[tuple[str, str]]:
        """List (EPC, place) for every unit ever made; an EPC listed twice is in two places."""
        return [
            *((epc, place) for place, units in self.fixtures.items() for epc in units),
            *((epc, f"hands of {who}") for who, units in self.hands.items() for epc in units),
            *((epc, f"bag of {who}") for who, units in self.bags.items() for epc in units),
            *((epc, "sold") for epc in self.sold),
            *((epc, "stolen") for epc in self.stolen),
        ]
