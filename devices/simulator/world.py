"""The simulated shop's people and goods: one seed is one history, whatever the wall clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import cycle, islice

from msgspec import Struct

from devices.simulator.goods import GOODS
from devices.simulator.habits import USUAL, Habits
from devices.simulator.happenings import Crossed, Direction, Happening, Stolen, Unit
from devices.simulator.layout import DOOR_Y, SHELVES, STAFF_SPOTS, STREET_Y, Point
from devices.simulator.people import Person, Role, Seen, Trip
from devices.simulator.stage import Stage
from devices.simulator.stock import BACKROOM, Stock
from devices.simulator.trips import shopper, staff

_SPEEDS = (0.85, 1.3)


class GoodsTruth(Struct, frozen=True):
    """Where the units of a product are; `touched` is when one last changed its place.

    `carried` is unsold and in somebody's hands, `on_hand` all that is unsold and in the shop.
    """

    shelves: dict[str, int]
    backroom: int
    carried: int
    on_hand: int
    sold: int
    stolen: int
    touched: float


class WorldTruth(Struct, frozen=True):
    """The shop as it really is at `t` seconds of its clock; `stock` is by GTIN."""

    t: float
    stock: dict[str, GoodsTruth]
    came: int
    left: int
    people: int
    thefts: tuple[Stolen, ...]


class World:
    """The shop; `step` is the only thing that moves it."""

    def __init__(self, seed: int, habits: Habits = USUAL) -> None:
        """Open the shop: its staff, nobody else."""
        self._habits = habits
        self._stage = Stage(seed, habits)
        self._numbers = 0
        self._next_arrival = 1.0
        self._next_delivery = habits.deliveries_s
        self._crossed: Counter[str] = Counter()
        self._thefts: list[Stolen] = []
        for spot in islice(cycle(STAFF_SPOTS), habits.staff):
            person = self._admit("staff", spot)
            person.follow(staff(self._stage, person))

    @property
    def now(self) -> float:
        """Seconds since the shop opened."""
        return self._stage.now

    @property
    def stock(self) -> Stock:
        """Where every unit is; only to be looked at."""
        return self._stage.stock

    def people(self) -> tuple[Seen, ...]:
        """Give everybody as they appear from above, on the street before the door too."""
        return tuple(person.seen() for person in self._stage.people.values())

    def step(self, dt: float) -> tuple[Happening, ...]:
        """Let `dt` seconds pass and give what happened in them, in order."""
        self._stage.now += dt
        self._let_in()
        for person in list(self._stage.people.values()):
            self._advance(person, dt)
        if self.now >= self._next_delivery:
            self._next_delivery += self._habits.deliveries_s
            self._stage.deliver()
        happened = self._stage.drain()
        self._thefts.extend(h for h in happened if isinstance(h, Stolen))
        return happened

    def truth(self) -> WorldTruth:
        """Give the whole truth, to compare what the edge believes with it."""
        came, left = self._crossed["in"], self._crossed["out"]
        return WorldTruth(
            self.now, self._goods_truth(), came, left, came - left, tuple(self._thefts)
        )

    def _admit(self, role: Role, at: Point) -> Person:
        self._numbers += 1
        person = Person(self._numbers, role, at, self._stage.chance.uniform(*_SPEEDS))
        self._stage.people[person.number] = person
        self._stage.stock.enter(person.number)
        return person

    def _let_in(self) -> None:
        shoppers = sum(1 for p in self._stage.people.values() if p.role == "shopper")
        if self.now < self._next_arrival or shoppers >= self._habits.most_shoppers:
            return
        track = self._stage.take_track(self._numbers + 1, inwards=True)
        if track is None:
            return
        person = self._admit("shopper", (track, STREET_Y))
        person.follow(self._trip_of(person))
        few = shoppers < self._habits.few_shoppers
        pace = self._habits.rush_s if few else self._habits.arrivals_s
        self._next_arrival = self.now + self._stage.chance.uniform(*pace)

    def _trip_of(self, person: Person) -> Trip:
        yield from shopper(self._stage, person)
        del self._stage.people[person.number]

    def _advance(self, person: Person, dt: float) -> None:
        before = person.at[1]
        person.advance(dt)
        after = person.at[1]
        if before > DOOR_Y >= after:
            self._cross(person, "in")
        elif before <= DOOR_Y < after:
            self._cross(person, "out")

    def _cross(self, person: Person, direction: Direction) -> None:
        self._crossed[direction] += 1
        self._stage.note(Crossed(self.now, person.number, direction))

    def _goods_truth(self) -> dict[str, GoodsTruth]:
        stock = self.stock
        shelves = {shelf.id: stock.count(shelf.id) for shelf in SHELVES}
        counted = {
            "backroom": stock.count(BACKROOM),
            "carried": _tally(u for units in stock.hands.values() for u in units.values()),
            "stolen": _tally(stock.stolen.values()),
            "sold": _tally(u for bag in (stock.sold, *stock.bags.values()) for u in bag.values()),
        }
        return {
            good.gtin: _goods_truth(good.gtin, shelves, counted, stock.touched[good.gtin])
            for good in GOODS
        }


def _tally(units: Iterable[Unit]) -> Counter[str]:
    return Counter(unit.gtin for unit in units)


def _goods_truth(
    gtin: str, shelves: dict[str, Counter[str]], counted: dict[str, Counter[str]], touched: float
) -> GoodsTruth:
    on_shelves = {shelf: count[gtin] for shelf, count in shelves.items() if count[gtin]}
    each = {place: count[gtin] for place, count in counted.items()}
    on_hand = sum(on_shelves.values()) + each["backroom"] + each["carried"]
    return GoodsTruth(shelves=on_shelves, on_hand=on_hand, touched=touched, **each)
