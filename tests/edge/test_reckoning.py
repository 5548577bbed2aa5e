"""Untagged stock by zone is what was delivered, moved, written off, returned, sold and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from devices.rfid.epc import encode
from edge.commands import (
    AdjustStock,
    AdoptDevice,
    AnnounceDelivery,
    CancelDelivery,
    CancelStocktake,
    Command,
    CountUnits,
    DeliveryLine,
    EndStocktake,
    Operation,
    Product,
    PutProducts,
    ReceiveDelivery,
    ReturnedLine,
    StartStocktake,
    TakeBack,
    TransferStock,
    WriteOffUnits,
)
from edge.database import open_database
from edge.errors import Refused
from edge.events import Event, StockChanged
from edge.readings import Message, Reading, SaleReported, SoldLine, TagRead, TagsRead
from edge.shop import Shop
from edge.state import State
from edge.store import Store
from edge.tables import metadata

GTINS = ("04006381333948", "04006381333955")
ZONES = ("floor", "back", "tills")
SSCCS = ("106141412345678908", "106141412345678915")
T0 = 1_800_000_000_000

gtins, zones, ssccs = st.sampled_from(GTINS), st.sampled_from(ZONES), st.sampled_from(SSCCS)
few = st.integers(1, 9)
lines = st.lists(st.tuples(gtins, few), min_size=1, max_size=3)
Opener = Callable[[State, int], Shop]


class Reckoning:
    """What should be where, by paper and pencil."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.units: dict[tuple[str, str], int] = {}
        self.deliveries: dict[str, tuple[str, str, list[tuple[str, int]]]] = {}
        self.differences: dict[tuple[str, str], int] | None = None

    def there(self, gtin: str, zone: str) -> int:
        """Give the units of a product in a zone."""
        return self.units.get((gtin, zone), 0)

    def add(self, gtin: str, zone: str, units: int) -> None:
        """Add units; a zone that never had any is not written down."""
        if units:
            self.units[gtin, zone] = self.there(gtin, zone) + units

    def sell(self, gtin: str, units: int) -> None:
        """Take from the fullest zone first; what nobody has counted, from there too."""
        held = sorted(((-n, zone) for (of, zone), n in self.units.items() if of == gtin))
        first = held[0][1] if held else "store"
        for negative, zone in held:
            taken = min(units, max(0, -negative))
            self.add(gtin, zone, -taken)
            units -= taken
        self.add(gtin, first, -units)

    def by_zone(self, gtin: str) -> dict[str, int]:
        """Give what is where of a product."""
        return {zone: n for (of, zone), n in self.units.items() if of == gtin and n}


class Telling(RuleBasedStateMachine):
    """People tell of stock in any order, right and wrong, and the shop restarts in between."""

    def __init__(self, engine: Engine, open_shop: Opener) -> None:
        """Open a shop on an empty database."""
        super().__init__()
        with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        self.store = Store(engine, 7)
        self.open_shop = open_shop
        self.now = T0
        self.events: list[Event] = []
        self.shop = open_shop(self.store.load(), T0)
        self.paper = Reckoning()
        self.stocktake = ""
        self.told: list[tuple[Operation, Any]] = []
        self.ask(PutProducts(tuple(Product(g, "goods", tracking="count") for g in GTINS)))
        self.hear(Message("hand-1", "rfid", (TagsRead(()),)))
        self.ask(AdoptDevice("hand-1", "rfid"))

    def ask(self, command: Command) -> Any:
        """Carry a command out and remember what was answered."""
        self.now += 1
        answer, events = self.shop.execute(command, self.now)
        self.events += events
        if isinstance(command, Operation) and command.id:
            self.told.append((command, answer))
        return answer

    def refused(self, command: Command) -> bool:
        """Carry a command out, and tell whether it was refused."""
        try:
            self.ask(command)
        except Refused:
            return True
        return False

    def hear(self, message: Message) -> None:
        """Let a device speak."""
        self.now += 1
        self.events += self.shop.accept(message, self.now)

    def name(self) -> str:
        """Make an id."""
        return f"id-{self.now}"

    # Deliveries

    @rule(sscc=ssccs, zone=zones, goods=lines)
    def announce(self, sscc: str, zone: str, goods: list[tuple[str, int]]) -> None:
        """Announce a delivery, unless it has come."""
        told = tuple(DeliveryLine(gtin, units) for gtin, units in goods)
        state, _, known = self.paper.deliveries.get(sscc, ("", "", []))
        refused = self.refused(AnnounceDelivery(sscc, zone, told, id=self.name()))
        assert refused == (state == "received" and known != goods)
        if state != "received":
            self.paper.deliveries[sscc] = ("announced", zone, goods)

    @rule(sscc=ssccs, zone=st.none() | zones)
    def receive(self, sscc: str, zone: str | None) -> None:
        """Take a delivery in, perhaps somewhere else."""
        state, expected, _ = self.paper.deliveries.get(sscc, ("", "", []))
        refused = self.refused(ReceiveDelivery(sscc, zone, id=self.name()))
        assert refused == (state not in ("announced", "received"))
        self.come(sscc, zone or expected)

    @rule(sscc=ssccs)
    def read_pallet(self, sscc: str) -> None:
        """Let an antenna read the tag of a pallet."""
        reads = (TagRead(encode({"00": sscc}, "sscc-96", 7), 1, -50.0, self.now),)
        self.hear(Message("reader-1", "rfid", (TagsRead(reads),)))
        self.come(sscc, self.paper.deliveries.get(sscc, ("", "", []))[1])

    def come(self, sscc: str, zone: str) -> None:
        """Write down that an announced delivery has come."""
        state, _, goods = self.paper.deliveries.get(sscc, ("", "", []))
        if state == "announced":
            self.paper.deliveries[sscc] = ("received", zone, goods)
            for gtin, units in goods:
                self.paper.add(gtin, zone, units)

    @rule(sscc=ssccs)
    def cancel_delivery(self, sscc: str) -> None:
        """Call a delivery off, unless it has come."""
        state, zone, goods = self.paper.deliveries.get(sscc, ("", "", []))
        refused = self.refused(CancelDelivery(sscc, id=self.name()))
        assert refused == (state not in ("announced", "cancelled"))
        if not refused:
            self.paper.deliveries[sscc] = ("cancelled", zone, goods)

    # Goods

    @rule(gtin=gtins, source=zones, other=zones, units=few)
    def transfer(self, gtin: str, source: str, other: str, units: int) -> None:
        """Move no more than there is, and to another zone."""
        refused = self.refused(TransferStock(gtin, source, other, units, id=self.name()))
        assert refused == (source == other or units > self.paper.there(gtin, source))
        if not refused:
            self.paper.add(gtin, source, -units)
            self.paper.add(gtin, other, units)

    @rule(gtin=gtins, zone=zones, units=few)
    def write_off(self, gtin: str, zone: str, units: int) -> None:
        """Write off no more than there is."""
        refused = self.refused(WriteOffUnits(gtin, zone, units, "mice", id=self.name()))
        assert refused == (units > self.paper.there(gtin, zone))
        if not refused:
            self.paper.add(gtin, zone, -units)

    @rule(zone=zones, goods=lines, is_good=st.booleans(), is_known=st.booleans())
    def take_back(
        self, zone: str, goods: list[tuple[str, int]], *, is_good: bool, is_known: bool
    ) -> None:
        """Take all lines back or none; what cannot be sold again is no stock."""
        told = [ReturnedLine(gtin, units, resaleable=is_good) for gtin, units in goods]
        if not is_known:
            told.append(ReturnedLine("04006381333962", 1))
        assert self.refused(TakeBack(zone, tuple(told), id=self.name())) != is_known
        if is_good and is_known:
            for gtin, units in goods:
                self.paper.add(gtin, zone, units)

    @rule(gtin=gtins, units=few)
    def sell(self, gtin: str, units: int) -> None:
        """Let a till sell what it likes: the stock may be wrong."""
        line = SoldLine(gtin, units, 100)
        sale: Reading = SaleReported(self.now, self.name(), "CNY", (line,), 100)
        self.hear(Message("lane-2", "checkout", (sale,)))
        self.paper.sell(gtin, units)

    @rule(gtin=gtins, zone=zones, units=st.integers(0, 20))
    def adjust(self, gtin: str, zone: str, units: int) -> None:
        """Correct a count."""
        self.ask(AdjustStock(gtin, zone, "count", count=units))
        self.paper.add(gtin, zone, units - self.paper.there(gtin, zone))

    # Stocktakes

    @precondition(lambda self: self.paper.differences is None)
    @rule()
    def start(self) -> None:
        """Begin a count of two zones."""
        self.stocktake = self.ask(StartStocktake("hand-1", ZONES[:2], id=self.name()))
        self.paper.differences = {}

    @precondition(lambda self: self.paper.differences is not None)
    @rule(gtin=gtins, zone=zones, units=st.integers(0, 20))
    def count(self, gtin: str, zone: str, units: int) -> None:
        """Write the difference down; a zone that is not counted is refused."""
        assert self.paper.differences is not None
        command = CountUnits(self.stocktake, gtin, zone, units, id=self.name())
        assert self.refused(command) == (zone not in ZONES[:2])
        if zone in ZONES[:2]:
            self.paper.differences[gtin, zone] = units - self.paper.there(gtin, zone)

    @precondition(lambda self: self.paper.differences is not None)
    @rule(is_done=st.booleans())
    def close(self, *, is_done: bool) -> None:
        """End the count, or call it off."""
        assert self.paper.differences is not None
        kind = EndStocktake if is_done else CancelStocktake
        self.ask(kind(self.stocktake, id=self.name()))
        if is_done:
            for (gtin, zone), units in self.paper.differences.items():
                self.paper.add(gtin, zone, units)
        self.paper.differences = None

    # What must make no difference

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Tell something again: the answer is as it was, and nothing happens."""
        operation, answer = data.draw(st.sampled_from(self.told))
        assert self.shop.execute(operation, self.now) == (answer, [])

    @rule()
    def restart(self) -> None:
        """Carry on from what is on disk."""
        self.store.commit(self.shop.state, [], self.now)
        self.shop = self.open_shop(self.store.load(), self.now)

    @invariant()
    def agrees(self) -> None:
        """Compare the counts of the shop with those on paper."""
        found: dict[str, dict[str, int]] = {gtin: {} for gtin in GTINS}
        for row in self.shop.state.counts:
            if row.units:
                found[row.gtin][row.zone] = row.units
        assert found == {gtin: self.paper.by_zone(gtin) for gtin in GTINS}

    def teardown(self) -> None:
        """Compare the last level of each product."""
        for level in self.shop.settle(self.now + 1000):
            assert isinstance(level, StockChanged)
            assert level.by_zone == self.paper.by_zone(level.gtin)
            assert level.on_hand == max(0, sum(level.by_zone.values()))


def test_untagged_stock_is_what_people_and_tills_told(open_shop: Opener) -> None:
    """In any order of right and wrong words, with repeats and restarts in between."""
    engine = open_database("sqlite://")

    class Here(Telling):
        """In this shop."""

        def __init__(self) -> None:
            """Open it on an empty database."""
            super().__init__(engine, open_shop)

    run_state_machine_as_test(
        Here,
        settings=settings(max_examples=50, stateful_step_count=40, deadline=None),
    )
    engine.dispose()
