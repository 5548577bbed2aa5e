"""State and log on a real disk: what was committed is what is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.exc import OperationalError

from edge import tables
from edge.airtime import Lag, Pace
from edge.answers import Given, TakenBack, TakenLine
from edge.checkout import Lane, Sale
from edge.clocks import Clock
from edge.commands import (
    AdjustStock,
    BindLabel,
    CancelBasket,
    Command,
    ConfigureDevice,
    DeliveryLine,
    KeepPicture,
    PayBasket,
    PriceChange,
    Product,
    PutProducts,
    ScanAtLane,
    SetPrices,
)
from edge.counters import Counter
from edge.database import open_database
from edge.deliveries import Delivery
from edge.errors import Refused
from edge.eventlog import EventLog
from edge.events import (
    BasketLine,
    Cause,
    DeviceAnswered,
    Event,
    LabelContent,
    OccupancyChanged,
    moment,
)
from edge.health import Device, DeviceConfig
from edge.hearing import Antenna, Reader
from edge.inventory import Count, ProductRow
from edge.items import Item
from edge.labels import Glass, Label, Picture, Trip
from edge.levels import Level
from edge.occupancy import Headcount
from edge.price_sets import PriceSet
from edge.pricebook import Entry
from edge.pricing import Price
from edge.prior_prices import ONGOING, PriorPrice
from edge.readings import (
    Crossing,
    Kind,
    LabelShown,
    LineTotal,
    Message,
    PeopleCrossed,
    PeopleSeen,
    PresenceMapped,
    Reading,
    SoldLine,
    TagRead,
    TagsRead,
    ZonePeople,
)
from edge.sequences import Sequence
from edge.shop import Shop
from edge.state import State
from edge.stocktakes import CountedUnits, Find, Result, Stocktake
from edge.store import Cursor, DeadLetter, Store
from edge.strays import Stray
from edge.traces import Rival, Trace
from edge.traffic import HeatMap, LineMinute, Occupancy

MILK, TEA, EGGS = "04006381333931", "06901234567892", "04006381333948"
SSCC = "106141412345678908"
T0 = 1_800_000_000_000
DAY_MS = 86_400_000
LARGE = 2**53 - 1
ROWS: dict[str, tuple[Any, Any]] = {
    "items": (
        "3034",
        Item(
            "3034",
            MILK,
            "1",
            "sold",
            "floor",
            "shelf-a",
            "arrived",
            LARGE,
            "sale",
            matched=True,
        ),
    ),
    "traces": (
        "3034",
        Trace(
            "3034",
            1,
            2,
            LARGE,
            LARGE,
            1.5,
            24,
            -56.5,
            LARGE,
            doubt=True,
            rivals=(Rival(3, LARGE, 2, T0, -60.25, 1, 4.5, 2.25), Rival(4)),
        ),
    ),
    "readers": (
        "reader-1",
        Reader("reader-1", Clock(-LARGE, T0, T0, 10, 7, T0, LARGE), LARGE, silent=True),
    ),
    "antennas": (
        1,
        Antenna(1, "reader-1", 2, "floor", None, gate=True, looks=LARGE, rate=0.25, off=True),
    ),
    "strays": ((1, 2), Stray(1, 2, 3.5, 4.5, -70.25, LARGE, 1.5, 0.5, -0.5, -1.5, 9.0, -9.0)),
    "deliveries": (
        SSCC,
        Delivery(
            SSCC,
            "back",
            "ref",
            (DeliveryLine(MILK, 2, ("3034",)),),
            "received",
            T0,
            LARGE,
            "reader-1",
            {MILK: ("3034",)},
            {EGGS: 6},
        ),
    ),
    "stocktakes": (
        "count-1",
        Stocktake(
            "count-1",
            1,
            "handheld",
            ("floor", "back"),
            "floor",
            "done",
            T0,
            LARGE,
            ("floor",),
            (CountedUnits(EGGS, "floor", 5, -1),),
            Result(1, 2, 3, 4, 5, 6, (), ("E200",), ("floor",)),
            "over",
        ),
    ),
    "finds": (("count-1", "3034"), Find("count-1", "3034", MILK, "floor", None, -50.5)),
    "answers": ("a-1", Given("a-1", 1, "digest", TakenBack("floor", (TakenLine(MILK, 1),)))),
    "counts": ((EGGS, "floor"), Count(EGGS, "floor", -3)),
    "levels": (
        MILK,
        Level(
            MILK,
            4,
            3,
            2,
            5,
            1,
            1,
            1,
            0,
            {"floor": 3},
            stale=True,
            stale_zones=("floor",),
            at=T0,
            owed=1,
            causes=(Cause("sold", "s"),),
        ),
    ),
    "products": (MILK, ProductRow(MILK, 2, Product(MILK, "Milk", names={"zh": "牛奶"}))),
    "prices": (
        MILK,
        Price(MILK, 300, 200, 190, 3, "week", 290, 400, effective=True, told=200, told_member=190),
    ),
    "book": (
        (MILK, 4),
        Entry(MILK, 4, "prices-1-2", "stand-in", 300, T0, T0 + 5, "week", 290, 400, begun=True),
    ),
    "price_sets": (
        "prices-1-2",
        PriceSet("prices-1-2", 2, "May", "applied", (PriceChange(MILK, 300, member=290),), T0),
    ),
    "prior_prices": ((MILK, "charged", 200), PriorPrice(MILK, "charged", 200, ONGOING)),
    "paces": (
        "labels-1",
        Pace("labels-1", 1.5, 2.5, Lag(3.5, 4.5, 9.5), 5.5, Lag(6.5, 7.5, 8.5), T0, 6),
    ),
    "labels": (
        "label-1",
        Label(
            "label-1",
            "labels-1",
            "296x128-bwr",
            "shelf-a",
            MILK,
            "sent",
            7,
            LabelContent(MILK, "Milk", 300, "CNY", "296x128-bwr", names={"zh": "牛奶"}),
            "a" * 16,
            (Glass("b" * 16, TEA, 900, 5, 800, "c"), Glass("a" * 16, MILK, 300, 6)),
            "b" * 16,
            T0,
            T0 + 60,
            2,
            Trip(T0, 3, T0 + 9),
            1500,
            2900,
            -61.5,
            21.5,
            T0,
            T0 - 5,
            "no glyph",
            ("not-confirmed", "low-battery"),
        ),
    ),
    "lanes": (
        "lane-1",
        Lane("lane-1", "scanning", 3, (BasketLine(MILK, "Milk", 2, 300, 600),), "hm", 9, T0),
    ),
    "sales": ("s", Sale("s", "lane-1", T0, "CNY", 600, (SoldLine(MILK, 2, 600, "3034"),), "m")),
    "minutes": (("door", T0, T0), LineMinute("door", T0, T0, 3, 2, staff_in=1, staff_out=4)),
    "occupancy": ("store", Occupancy("store", 5, 1.5, 6, T0, 4, 7, 0.5)),
    "headcounts": (
        "store",
        Headcount("store", 5, 2, 0.25, 1.5, T0, T0 - 1, LARGE, "near", LARGE),
    ),
    "counters": (
        ("counter-1", "door"),
        Counter("counter-1", "door", (LineTotal("door", "in", LARGE, T0, 5),), ((1, 2), (4, T0))),
    ),
    "devices": (
        "reader-1",
        Device(
            "reader-1",
            "rfid",
            adopted=True,
            places={1: "shelf-a"},
            lane="lane-1",
            silent_after_ms=5,
            online=True,
            seen=T0,
            model="R700",
            fw="8",
            config_version=2,
            problems=("dark", "reads-lost"),
            lost=LARGE,
            commands=3,
        ),
    ),
    "configs": (
        ("reader-1", 1),
        DeviceConfig("reader-1", 1, T0, {"power": [1, {"x": None}]}, "Kim"),
    ),
    "sequences": (("reader-1", "boot"), Sequence("reader-1", "boot", LARGE, (5, 9), 2, T0)),
}
WRITTEN_ONLY: dict[str, tuple[Any, Any]] = {
    "pictures": ("a" * 16, Picture("a" * 16, b"\x89PNG\x00", T0)),
    "heat": (("camera-1", T0), HeatMap("camera-1", T0, T0 + 5, 2, 1, (0.5, 1.5))),
}


def people(n: int, zone: str = "store") -> OccupancyChanged:
    """Make a level event."""
    return OccupancyChanged(zone=zone, epoch=1, version=n, people=n, as_of=moment(T0))


def answered(n: int) -> DeviceAnswered:
    """Make a fact."""
    return DeviceAnswered(device="reader-1", id=str(n), ok=True)


def rows_of(state: State) -> dict[str, set[str]]:
    """Give a state's rows, to compare."""
    return {f.name: {repr(row) for row in getattr(state, f.name)} for f in fields(state)}


def count(engine: Engine, table: str) -> int:
    """Count a table's rows on a connection of its own."""
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(text(table))) or 0


def test_the_rows_of_every_table_come_back_as_they_were(engine: Engine) -> None:
    """Every field, also the large and the empty ones; a table without an example fails here."""
    assert {f.name for f in fields(State)} == {*ROWS, *WRITTEN_ONLY}
    store = Store(engine)
    state = store.load()
    for name, (key, row) in {**ROWS, **WRITTEN_ONLY}.items():
        getattr(state, name).put(key, row)
    store.commit(state, [], T0)
    loaded = Store(engine).load()
    for name, (key, row) in ROWS.items():
        assert getattr(loaded, name)[key] == row
        assert len(getattr(loaded, name)) == 1
    for name in WRITTEN_ONLY:
        assert (len(getattr(loaded, name)), count(engine, name)) == (0, 1)


def test_a_row_is_replaced_and_deleted_by_its_key(engine: Engine) -> None:
    """There is never a second row of the same thing."""
    store = Store(engine)
    state = store.load()
    state.counts.put((EGGS, "floor"), Count(EGGS, "floor", 1))
    state.counts.put((EGGS, "back"), Count(EGGS, "back", 1))
    store.commit(state, [], T0)
    state.counts.put((EGGS, "floor"), Count(EGGS, "floor", 2))
    state.counts.drop((EGGS, "back"))
    state.prices.drop("never there")
    store.commit(state, [], T0)
    assert list(Store(engine).load().counts) == [Count(EGGS, "floor", 2)]


def test_minutes_that_were_told_stay_on_disk_and_are_not_loaded(engine: Engine) -> None:
    """Memory holds what is still to be published."""
    store = Store(engine)
    state = store.load()
    for start, told in ((T0, True), (T0 + 60_000, False)):
        state.minutes.put(("door", start, start), LineMinute("door", start, start, 1, told=told))
    store.commit(state, [], T0)
    assert [row.start for row in Store(engine).load().minutes] == [T0 + 60_000]
    assert count(engine, "minutes") == 2


def test_positions_go_on_without_a_gap_over_a_restart(engine: Engine) -> None:
    """The position is the event's place in the log, its id is unique over lost databases too."""
    store = Store(engine)
    state = store.load()
    first = store.commit(state, [people(1), answered(1)], T0)
    again = Store(engine)
    second = again.commit(again.load(), [people(2)], T0 + 1)
    assert [event.position for event in (*first, *second)] == [1, 2, 3]
    assert [event.id for event in first] == [f"{store.epoch}.1", f"{store.epoch}.2"]
    assert EventLog(engine).page(0, 10) == [*first, *second]


def test_a_transaction_is_all_or_nothing(engine: Engine, url: str) -> None:
    """Where the log cannot be written, the state is not written either."""
    store = Store(engine)
    state = store.load()
    other = create_engine(url)
    with other.begin() as connection:
        connection.execute(
            text("CREATE TRIGGER no BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END")
        )
    state.counts.put((EGGS, "floor"), Count(EGGS, "floor", 1))
    letter = DeadLetter(T0, "t", "r", b"")
    with pytest.raises(Exception, match="no"):
        store.commit(state, [people(1)], T0, cursors=[Cursor("sink", 1)], dead_letters=[letter])
    assert [count(engine, t) for t in ("counts", "cursors", "dead_letters", "events")] == [0] * 4
    with other.begin() as connection:
        connection.execute(text("DROP TRIGGER no"))
    other.dispose()
    (logged,) = store.commit(store.load(), [people(1)], T0)
    assert logged.position == 1


def test_cursors_and_dead_letters_are_kept(engine: Engine) -> None:
    """A cursor is where its consumer is; a letter that was retried is gone."""
    store = Store(engine)
    state = store.load()
    letters = [DeadLetter(T0, "a/b", f"reason {n}", bytes([n])) for n in range(3)]
    store.commit(state, [], T0, cursors=[Cursor("x", 5, 4, 1)], dead_letters=letters)
    store.commit(state, [], T0, cursors=[Cursor("x", 9, 8, 1), Cursor("y", 1)], retried=[2])
    assert store.cursors(["x", "y"]) == {"x": Cursor("x", 9, 8, 1), "y": Cursor("y", 1)}
    with engine.connect() as connection:
        left = connection.execute(select(tables.dead_letters.c.id, tables.dead_letters.c.payload))
        assert [tuple(row) for row in left] == [(1, b"\x00"), (3, b"\x02")]


def test_pruning_takes_what_is_old_and_delivered_and_no_level_that_is_newest(
    engine: Engine,
) -> None:
    """A consumer that waits, the newest level of a subject and the newest event stay."""
    store = Store(engine)
    state = store.load()
    old = [people(1), answered(1), people(2), people(1, "tills"), answered(2)]
    store.commit(state, old, T0, cursors=[Cursor("a", 5), Cursor("b", 4)])
    store.commit(state, [answered(3)], T0 + DAY_MS)
    store.prune(T0 + 1)
    assert [event.position for event in EventLog(engine).page(0, 10)] == [3, 4, 5, 6]
    store.commit(state, [], T0, cursors=[Cursor("b", 6), Cursor("a", 6)])
    store.prune(T0 + 2 * DAY_MS)
    assert [event.position for event in EventLog(engine).page(0, 10)] == [3, 4, 6]
    assert EventLog(engine).oldest() == 3


def test_pruning_keeps_the_pictures_that_labels_show(engine: Engine) -> None:
    """Old heat maps and pictures go, what is on a glass can be sent again."""
    store = Store(engine)
    state = store.load()
    state.labels.put("label-1", ROWS["labels"][1])
    for image in ("a" * 16, "c" * 16):
        state.pictures.put(image, Picture(image, b"png", T0))
    for start in (T0, T0 + DAY_MS):
        state.heat.put(("c", start), HeatMap("c", start, start + 1, 1, 1, (1.0,)))
    store.commit(state, [], T0)
    store.prune(T0 + 10)
    with engine.connect() as connection:
        assert list(connection.scalars(select(tables.pictures.c.image))) == ["a" * 16]
        assert list(connection.scalars(select(tables.heat.c.start))) == [T0 + DAY_MS]


def test_a_database_that_cannot_be_written_says_so(tmp_path: Path, url: str) -> None:
    """A commit never pretends."""
    store_file = tmp_path / "store.db"
    open_database(url).dispose()
    read_only = create_engine(f"sqlite:///file:{store_file}?mode=ro&uri=true")
    writable = open_database(url)
    state = Store(writable).load()
    writable.dispose()
    store = Store(read_only)
    state.counts.put((EGGS, "floor"), Count(EGGS, "floor", 1))
    with pytest.raises(OperationalError, match="readonly"):
        store.commit(state, [], T0)
    read_only.dispose()


# A random day of a whole shop, with and without restarts.

Step = tuple[str, Any]
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(
        st.just("reads"),
        st.tuples(
            st.sampled_from(["reader-1", "reader-2"]),
            st.integers(1, 3),
            st.lists(st.integers(0, 3), max_size=3),
            st.integers(1, 12),
        ),
    ),
    st.tuples(st.just("price"), st.tuples(st.sampled_from([MILK, TEA]), st.integers(1, 3))),
    st.tuples(st.just("plan"), st.tuples(st.sampled_from([MILK, TEA]), st.integers(1, 9))),
    st.tuples(st.just("bind"), st.sampled_from([MILK, TEA])),
    st.tuples(st.just("draw"), st.none()),
    st.tuples(st.just("shown"), st.none()),
    st.tuples(st.just("count"), st.integers(0, 3)),
    st.tuples(st.just("scan"), st.sampled_from([MILK, TEA, EGGS, "?"])),
    st.tuples(st.sampled_from(["pay", "cancel", "people", "configure"]), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([100, 1000, 9000])),
)


class Life:
    """A shop on a disk of its own; every step is a transaction, as in the gateway."""

    def __init__(self, engine: Engine, open_shop: Callable[[State, int], Shop]) -> None:
        """Open it with its products."""
        self.engine = engine
        self.open_shop = open_shop
        self.now = T0
        self.store = Store(engine)
        self.store.epoch = 1
        self.shop = open_shop(self.store.load(), T0)
        products = (
            Product(MILK, "Milk"),
            Product(TEA, "Tea"),
            Product(EGGS, "Eggs", tracking="count"),
        )
        self.ask(PutProducts(products))
        self.ask(SetPrices((PriceChange(MILK, 5), PriceChange(EGGS, 9))))

    def restart(self) -> None:
        """Go on from what is on disk."""
        self.store = Store(self.engine)
        self.store.epoch = 1
        self.shop = self.open_shop(self.store.load(), self.now)

    def commit(self, events: list[Event]) -> None:
        """End a step."""
        events = [*events, *self.shop.settle(self.now)]
        self.store.commit(self.shop.state, events, self.now)

    def ask(self, command: Command) -> None:
        """Carry a command out, or be refused."""
        try:
            self.commit(self.shop.execute(command, self.now)[1])
        except Refused:
            self.commit([])

    def hear(self, device: str, kind: Kind, *readings: Reading, seq: int | None = None) -> None:
        """Take a message."""
        message = Message(device, kind, readings, None if seq is None else "boot", seq)
        self.commit(self.shop.accept(message, self.now))

    def do(self, step: Step, epcs: list[str]) -> None:
        """Do one step of a random day, which ends before anybody counts as silent or missing."""
        name, value = step
        if name == "wait":
            self.now = min(self.now + value, T0 + 25_000)
            self.commit(self.shop.advance(self.now))
        elif name == "reads":
            device, antenna, tags, seq = value
            reads = tuple(TagRead(epcs[n], antenna, -50.0, self.now) for n in tags)
            self.hear(device, "rfid", TagsRead(reads), seq=seq)
        elif name == "shown":
            image = self.shop.state.labels["label-1"].image or ""
            self.hear("labels-1", "label", LabelShown(self.now, "label-1", image))
        elif name == "people":
            crossing = PeopleCrossed((Crossing("entrance", "in", self.now),))
            seen = PeopleSeen(self.now, (ZonePeople("tills", self.now % 3, 1.0),))
            heat = PresenceMapped(self.now, self.now + 1, 1, 1, (1.0,))
            self.hear("camera-1", "camera", crossing, seen, heat)
        else:
            self.ask(self.command(name, value))

    def command(self, name: str, value: Any) -> Command:
        """Give the command of a step."""
        label = self.shop.state.labels["label-1"]
        basket = f"7-lane-1-{self.shop.state.lanes['lane-1'].number}"
        start, end = self.now + 2000, self.now + 5000
        commands: dict[str, Callable[[], Command]] = {
            "price": lambda: SetPrices((PriceChange(value[0], value[1]),)),
            "plan": lambda: SetPrices((PriceChange(value[0], value[1], start, end, "hour"),)),
            "bind": lambda: BindLabel("label-1", value),
            "draw": lambda: KeepPicture(
                "label-1", label.revision, f"{label.revision:016x}", b"png"
            ),
            "count": lambda: AdjustStock(EGGS, "floor", "count", count=value),
            "scan": lambda: ScanAtLane("lane-1", value),
            "pay": lambda: PayBasket("lane-1", basket),
            "cancel": lambda: CancelBasket("lane-1"),
            "configure": lambda: ConfigureDevice("reader-1", {"at": self.now}),
        }
        return commands[name]()


@contextmanager
def fresh_database() -> Iterator[Engine]:
    """Open a database file for one example."""
    with TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{folder}/store.db")
        yield engine
        engine.dispose()


def log_of(engine: Engine) -> list[tuple[str, str, bytes]]:
    """Give what was logged; the levels of one moment have no order among themselves."""
    events = EventLog(engine).page(0, 10_000)
    return sorted((str(e.time), e.type, e.data) for e in events)


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.tuples(STEPS, st.booleans()), max_size=25))
def test_a_restart_at_any_moment_changes_nothing(
    steps: list[tuple[Step, bool]],
    open_shop: Callable[[State, int], Shop],
    tag: Callable[[str, int], str],
) -> None:
    """What is loaded is what was committed, and the shop goes on as if nothing had happened."""
    epcs = [tag(MILK, 1), tag(MILK, 2), tag(TEA, 1), tag(TEA, 2)]
    with fresh_database() as one, fresh_database() as other:
        steady, restarted = Life(one, open_shop), Life(other, open_shop)
        for step, restart in steps:
            steady.do(step, epcs)
            if restart:
                restarted.restart()
            restarted.do(step, epcs)
        for life in (steady, restarted):
            life.now += 1000
            life.commit([])
        kept = {name: rows for name, rows in rows_of(steady.shop.state).items() if name in ROWS}
        loaded = rows_of(restarted.store.load())
        assert {name: loaded[name] for name in ROWS} == kept
        assert log_of(one) == log_of(other)
