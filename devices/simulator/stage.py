"""What trips act upon: goods, queues, the tracks of the door, and the list of what happened."""

from __future__ import annotations

from collections.abc import Iterator

from devices.simulator.dice import dice
from devices.simulator.goods import GOODS, Facing, homes
from devices.simulator.habits import Habits
from devices.simulator.happenings import (
    Delivered,
    Happening,
    Paid,
    Picked,
    PutDown,
    Scanned,
    Stolen,
    Unit,
)
from devices.simulator.layout import LANES, SHELVES, TRACKS_IN, TRACKS_OUT, LanePlan, Point
from devices.simulator.people import Person
from devices.simulator.stock import BACKROOM, Stock


class Stage:
    """The state that all trips share; each method moves goods and notes the happening."""

    def __init__(self, seed: int, habits: Habits) -> None:
        """Open the shop with full shelves and nobody in it."""
        self.now = 0.0
        self.habits = habits
        self.chance = dice(seed, "trips")
        self.stock = Stock(seed)
        self.people: dict[int, Person] = {}
        self.queues: dict[str, list[int]] = {lane.id: [] for lane in LANES}
        self.tracks: dict[float, int] = {}
        self._claims: dict[int, str] = {}
        self._checkouts = 0
        self._noted: list[Happening] = []

    def note(self, happening: Happening) -> None:
        """Keep a happening for whoever steps the world."""
        self._noted.append(happening)

    def drain(self) -> tuple[Happening, ...]:
        """Give what happened since the last time."""
        noted = tuple(self._noted)
        self._noted.clear()
        return noted

    def free_spot(self, spots: tuple[Point, ...]) -> Point:
        """Choose a spot where nobody stands or heads for; any when all are taken."""
        taken = {person.goal for person in self.people.values()}
        return self.chance.choice([spot for spot in spots if spot not in taken] or list(spots))

    def take_track(self, person: int, *, inwards: bool) -> float | None:
        """Reserve a free track through the door, on one's own side; None while none is free."""
        own, other = (TRACKS_IN, TRACKS_OUT) if inwards else (TRACKS_OUT, TRACKS_IN)
        free = [track for track in own if track not in self.tracks]
        if not free and self.chance.random() < 0.2:  # noqa: PLR2004  (a few keep to no side)
            free = [track for track in other if track not in self.tracks]
        if not free:
            return None
        track = self.chance.choice(free)
        self.tracks[track] = person
        return track

    def free_track(self, person: int) -> None:
        """Give the tracks that a person reserved back."""
        self.tracks = {track: who for track, who in self.tracks.items() if who != person}

    def claim_gap(self, me: Person) -> Facing | None:
        """Give the emptiest facing that no colleague fills; it stays claimed until asked again."""
        self._claims.pop(me.number, None)
        for _, facing in self.stock.gaps(self.habits.low):
            if facing.label not in self._claims.values():
                self._claims[me.number] = facing.label
                return facing
        return None

    def shortest_lane(self) -> LanePlan | None:
        """Choose the lane with the shorter queue; None when both are full."""
        lane = min(LANES, key=lambda lane: (len(self.queues[lane.id]), self.chance.random()))
        return lane if len(self.queues[lane.id]) < len(lane.spots) else None

    def held(self, person: Person) -> tuple[Unit, ...]:
        """Give what a person has in the hands."""
        return tuple(self.stock.hands[person.number].values())

    def pick(self, person: Person, unit: Unit, place: str) -> None:
        """Let a person take a unit, unless somebody was quicker."""
        if unit.epc in self.stock.fixtures[place]:
            self.stock.pick(person.number, unit, place, self.now)
            self.note(Picked(self.now, person.number, unit, place))

    def put(self, person: Person, unit: Unit, place: str) -> None:
        """Let a person put a unit down."""
        self.stock.put(person.number, unit, place, self.now)
        home = place in homes(unit.gtin)
        self.note(PutDown(self.now, person.number, unit, place, home))

    def scan(self, lane: str, unit: Unit) -> None:
        """Hold a unit before a lane's scanner."""
        self.note(Scanned(self.now, lane, unit))

    def pay(self, person: Person, lane: str) -> None:
        """Sell a person everything that is in the hands."""
        self._checkouts += 1
        units = self.stock.pay(person.number, self.now)
        self.note(Paid(self.now, lane, self._checkouts, units))

    def leave(self, person: Person) -> None:
        """Let a person and what is carried leave the shop for good."""
        unsold = self.stock.leave(person.number, self.now)
        if unsold:
            self.note(Stolen(self.now, person.number, unsold))

    def deliver(self) -> None:
        """Let a lorry bring what the backroom runs out of."""
        behind, size = self.stock.count(BACKROOM), self.habits.delivery
        short = [good.gtin for good in GOODS if behind[good.gtin] < size]
        units = tuple(u for gtin in short for u in self.stock.deliver(gtin, size, self.now))
        if units:
            self.note(Delivered(self.now, units))

    def wishes(self) -> Iterator[str]:
        """Name the one to three shelves that a shopper came for."""
        number = self.chance.choices((1, 2, 3), (4, 4, 2))[0]
        yield from self.chance.sample([shelf.id for shelf in SHELVES], number)
