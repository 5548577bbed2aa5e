"""The one writer: what happens around a commit, when it works and when it does not."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError

from edge import tables
from edge.commands import AdjustStock, PriceChange, Product, PutProducts, SetPrices
from edge.config import Settings
from edge.errors import NotFound, Refused
from edge.eventlog import EventLog
from edge.events import DeviceAnswered, ItemChanged
from edge.gateway import Arrival, Gateway, Listening, Order, Ports, Rejection, Retried
from edge.readings import (
    CommandAnswered,
    Crossing,
    DeviceReported,
    Kind,
    Message,
    PeopleCrossed,
    Reading,
    TagRead,
    TagsRead,
)
from edge.sequences import BOOTS
from edge.shop import Codes, Shop
from edge.store import Cursor, DeadLetter, Store
from edge.wire import LoggedEvent, encode_event

MILK, EGGS = "04006381333931", "04006381333948"
Until = Callable[[Callable[[], bool]], None]


class Witness:
    """Takes the gateway's word, and looks on a connection of its own whether it is true."""

    def __init__(self, url: str) -> None:
        """Look into this database."""
        self.engine = create_engine(url)
        self.logged: list[LoggedEvent] = []
        self.acknowledged: list[tuple[str, str, str, int]] = []
        self.sizes: list[int] = []
        self.done: dict[str, tuple[int, int]] = {}

    def ports(self) -> Ports:
        """Give the plain functions that the gateway calls."""
        return Ports(
            logged=self.logged.extend,
            acknowledge=lambda *word: self.acknowledged.append(word),
            committed=lambda size, _: self.sizes.append(size),
        )

    def answers(self) -> list[str]:
        """Give the device answers that are visible in the log now."""
        with self.engine.connect() as connection:
            data = connection.scalars(
                select(tables.events.c.data)
                .where(tables.events.c.type == DeviceAnswered.type)
                .order_by(tables.events.c.position)
            )
            return [part.split(b'"id":"')[1].split(b'"')[0].decode() for part in data]

    def visible(self, event: DeviceAnswered) -> int:
        """Count how often an event is visible in the log now."""
        data = encode_event(event)
        same = select(func.count()).where(tables.events.c.data == data)
        with self.engine.connect() as connection:
            return connection.scalar(same) or 0

    def letters(self) -> list[tuple[str, str, bytes]]:
        """Give the dead letters that are visible now."""
        dead = tables.dead_letters
        with self.engine.connect() as connection:
            columns = (dead.c.source, dead.c.reason, dead.c.payload)
            return [tuple(row) for row in connection.execute(select(*columns))]

    def arrival(self, name: str, *readings: Reading, device: str = "reader-1") -> Arrival:
        """Make a message whose acknowledgement notes what is on disk at that moment."""
        claims = readings or (CommandAnswered(name, ok=True),)
        kind: Kind = "camera" if device.startswith("camera") else "rfid"
        message = Message(device, kind, claims)

        def done() -> None:
            before = self.done.get(name, (0, 0))[0]
            self.done[name] = (
                before + 1,
                self.visible(DeviceAnswered(device=device, id=name, ok=True)),
            )

        return Arrival(f"topic/{name}", name.encode(), message, done)


class Clock:
    """The machine's clock, which a test may set forward."""

    def __init__(self) -> None:
        """Begin with the true time."""
        self.ahead = 0

    def __call__(self) -> int:
        """Give epoch milliseconds."""
        return time.time_ns() // 1_000_000 + self.ahead


class House:
    """A gateway on a real database, with everything that a test needs to ask it."""

    def __init__(self, engine: Engine, url: str, settings: Settings, codes: Codes) -> None:
        """Build it; `kind` is the shop that is revived, and `unreadable` how often that fails."""
        self.store = Store(engine)
        self.witness = Witness(url)
        self.clock = Clock()
        self.kind: type[Shop] = Shop
        self.revived = 0
        self.unreadable = 0
        self._settings, self._codes = settings, codes
        self.gateway = self.build()

    def build(self) -> Gateway:
        """Build a gateway on what is on disk."""
        return Gateway(self.store, self.revive, self.clock, self.witness.ports(), keep_days=30)

    def revive(self, now: int) -> Shop:
        """Build the shop from disk, or fail as a database does that cannot be read."""
        if self.unreadable:
            self.unreadable -= 1
            raise OperationalError("SELECT", {}, OSError("the disk is not there"))
        self.revived += 1
        state = self.store.load()
        return self.kind(self._settings, state, self._codes, epoch=1, now=now)


@pytest.fixture
def house(engine: Engine, url: str, settings: Settings, codes: Codes) -> Iterator[House]:
    """Give a gateway that is not started; end it after the test."""
    house = House(engine, url, settings, codes)
    yield house
    if house.gateway.alive:
        house.gateway.stop()
    house.witness.engine.dispose()


def test_nothing_is_acknowledged_before_others_can_see_it(house: House, until: Until) -> None:
    """The commit comes first; then each message is acknowledged once, in order."""
    names = [str(n) for n in range(1500)]
    for name in names:
        house.gateway.submit(house.witness.arrival(name))
    house.gateway.start()
    until(lambda: len(house.witness.done) == len(names))
    assert list(house.witness.done) == names
    assert set(house.witness.done.values()) == {(1, 1)}
    assert house.witness.answers() == names
    assert max(house.witness.sizes) == 1000
    positions = [logged.position for logged in house.witness.logged]
    assert positions == list(range(1, len(positions) + 1))


def test_a_numbered_message_is_acknowledged_up_to_where_nothing_is_missing(
    house: House, until: Until
) -> None:
    """A repeat is acknowledged again and changes nothing."""
    for seq in (1, 2, 2, 4):
        message = Message("reader-1", "rfid", (CommandAnswered(str(seq), ok=True),), "boot", seq)
        house.gateway.submit(Arrival("t", b"", message, lambda: None))
    house.gateway.start()
    until(lambda: bool(house.witness.acknowledged))
    assert house.witness.acknowledged == [("rfid", "reader-1", "boot", 2)]
    assert house.witness.answers() == ["1", "2", "4"]


def test_a_device_that_starts_again_and_again_does_not_stop_the_writer(
    house: House, until: Until
) -> None:
    """More starts in one batch than are remembered: each message is acknowledged all the same."""
    done: list[int] = []
    for boot in range(2 * BOOTS):
        message = Message("reader-1", "rfid", (), f"boot-{boot}", 1)
        house.gateway.submit(Arrival("t", b"", message, lambda: done.append(1)))
    house.gateway.start()
    until(lambda: len(done) == 2 * BOOTS)
    until(lambda: len(house.witness.acknowledged) == 2 * BOOTS)
    assert [word[3] for word in house.witness.acknowledged] == [0] * BOOTS + [1] * BOOTS
    assert house.gateway.alive


def test_a_command_is_answered_once_it_is_on_disk(house: House) -> None:
    """What it answers with, or why not; a refusal changes nothing."""
    house.gateway.start()
    assert house.gateway.execute(PutProducts((Product(MILK, "Milk"),))) == 1
    with house.witness.engine.connect() as connection:
        assert list(connection.scalars(select(tables.products.c.gtin))) == [MILK]
    with pytest.raises(NotFound, match="known product") as refusal:
        house.gateway.execute(SetPrices((PriceChange(EGGS, 1),)))
    assert refusal.value.path == "changes[0].gtin"


def test_commands_of_many_threads_are_answered_each(house: House) -> None:
    """Nobody gets another one's answer."""
    eggs = Product(EGGS, "Eggs", tracking="count")
    house.gateway.start()
    house.gateway.execute(PutProducts((eggs,)))
    refused: list[int] = []

    def ask(n: int) -> None:
        zone = "floor" if n % 2 else "moon"
        try:
            house.gateway.execute(AdjustStock(EGGS, zone, "count", delta=1))
        except Refused:
            refused.append(n)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(refused) == list(range(0, 40, 2))
    with house.witness.engine.connect() as connection:
        assert connection.scalar(select(tables.counts.c.units)) == 20


class Stumbling(Shop):
    """A shop with a rule that fails on one message, after it has changed something."""

    def accept(self, message: Message, now: int) -> list[Any]:
        """Fail on what is called bad."""
        events = super().accept(message, now)
        if any(isinstance(r, CommandAnswered) and r.id == "bad" for r in message.readings):
            raise ZeroDivisionError("a rule's mistake")
        return events


def test_a_rule_that_fails_costs_only_its_message(house: House, until: Until) -> None:
    """It becomes a dead letter and is acknowledged; all around it is written once."""
    house.kind = Stumbling
    house.gateway = house.build()
    answer: Future[Any] = Future()
    for name in ("1", "2", "bad", "3"):
        house.gateway.submit(house.witness.arrival(name))
    house.gateway.submit(Order(PutProducts((Product(MILK, "Milk"),)), answer))
    house.gateway.submit(house.witness.arrival("4"))
    house.gateway.start()
    until(lambda: "4" in house.witness.done)
    assert answer.result(0) == 1
    assert house.witness.answers() == ["1", "2", "3", "4"]
    assert {name: times for name, (times, _) in house.witness.done.items()} == dict.fromkeys(
        ("1", "2", "bad", "3", "4"), 1
    )
    ((source, reason, payload),) = house.witness.letters()
    assert (source, payload) == ("topic/bad", b"bad")
    assert "ZeroDivisionError" in reason
    assert "a rule's mistake" in reason


def test_a_time_that_no_calendar_holds_costs_only_its_message(house: House, until: Until) -> None:
    """A camera that counts in microseconds: the real shop, and a real rule that fails."""
    micros = time.time_ns() // 1000
    crossed = PeopleCrossed((Crossing("aisle", "in", micros),))
    house.gateway.submit(house.witness.arrival("bad", crossed, device="camera-1"))
    house.gateway.submit(house.witness.arrival("good"))
    house.gateway.start()
    until(lambda: len(house.witness.done) == 2)
    assert [source for source, _, _ in house.witness.letters()] == ["topic/bad"]
    assert house.witness.answers() == ["good"]


class Refusing(Shop):
    """A shop whose rule refuses a message."""

    def accept(self, message: Message, now: int) -> list[Any]:
        """Refuse it."""
        raise Refused(f"no {message.device} at {now > 0}")


def test_a_message_that_a_rule_refuses_is_a_dead_letter(house: House, until: Until) -> None:
    """With the rule's reason."""
    house.kind = Refusing
    house.gateway = house.build()
    house.gateway.submit(house.witness.arrival("1"))
    house.gateway.start()
    until(lambda: "1" in house.witness.done)
    assert house.witness.letters() == [("topic/1", "no reader-1 at True", b"1")]


class Brooding(Shop):
    """A shop that cannot settle its levels for a while."""

    sound = threading.Event()

    def settle(self, now: int) -> list[Any]:
        """Fail until it is sound again."""
        if not self.sound.is_set():
            raise ZeroDivisionError("not a message's fault")
        return super().settle(now)


def test_a_fault_that_is_no_messages_is_waited_out(house: House, until: Until) -> None:
    """Nothing is acknowledged meanwhile, the writer does not spin, and nothing is lost."""
    house.kind = Brooding
    house.gateway = house.build()
    house.gateway.start()
    revived = house.revived
    for name in ("1", "2"):
        house.gateway.submit(house.witness.arrival(name))
    until(lambda: house.revived >= revived + 6)
    assert not house.witness.done
    Brooding.sound.set()
    until(lambda: len(house.witness.done) == 2)
    kept = [*house.witness.answers(), *(p.decode() for _, _, p in house.witness.letters())]
    assert sorted(kept) == ["1", "2"]


def lock(url: str) -> sqlite3.Connection:
    """Hold the write lock of the database, as a backup or a stuck tool might."""
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


@pytest.fixture
def hasty(url: str, settings: Settings, codes: Codes, engine: Engine) -> Iterator[House]:
    """Give a house whose connections wait for a lock for a moment only."""
    del engine  # it has made the database
    hasty = create_engine(url, connect_args={"timeout": 0.05})
    house = House(hasty, url, settings, codes)
    yield house
    if house.gateway.alive:
        house.gateway.stop()
    house.witness.engine.dispose()
    hasty.dispose()


@pytest.mark.parametrize("unreadable", [0, 2])
def test_a_database_that_refuses_is_asked_again(
    hasty: House, url: str, until: Until, unreadable: int
) -> None:
    """Nothing is acknowledged or answered before; then all is written once.

    Also when the state cannot be read back for a while after the refusal.
    """
    refusals: list[str] = []

    @event.listens_for(hasty.store._engine, "handle_error")  # noqa: SLF001  (to see, not to change)
    def _(context: ExceptionContext) -> None:
        refusals.append(str(context.original_exception))

    hasty.gateway.start()
    other = lock(url)
    hasty.unreadable = unreadable
    answer: Future[Any] = Future()
    for seq in (1, 2, 3):
        readings = (CommandAnswered(str(seq), ok=True),)
        message = Message("reader-1", "rfid", readings, "boot", seq)
        done = hasty.witness.arrival(str(seq)).done
        hasty.gateway.submit(Arrival("t", b"", message, done))
    hasty.gateway.submit(Order(PutProducts((Product(MILK, "Milk"),)), answer))
    until(lambda: len(refusals) >= 2)
    assert "database is locked" in refusals[0]
    assert (hasty.witness.done, hasty.witness.acknowledged, answer.done()) == ({}, [], False)
    other.rollback()
    other.close()
    assert answer.result(20) == 1
    until(lambda: len(hasty.witness.done) == 3)
    assert set(hasty.witness.done.values()) == {(1, 1)}
    assert hasty.witness.answers() == ["1", "2", "3"]
    assert hasty.witness.letters() == []
    until(lambda: hasty.witness.acknowledged == [("rfid", "reader-1", "boot", 3)])


def test_a_writer_that_cannot_write_can_be_stopped(hasty: House, url: str) -> None:
    """What it could not write is not acknowledged: the broker has it still."""
    other = lock(url)
    hasty.gateway.submit(hasty.witness.arrival("1"))
    hasty.gateway.start()
    hasty.gateway.stop()
    assert not hasty.gateway.alive
    assert hasty.witness.done == {}
    other.close()


def test_stopping_writes_what_waits(house: House) -> None:
    """All of it, more than a batch."""
    house.gateway.start()
    for n in range(1500):
        house.gateway.submit(house.witness.arrival(str(n)))
    house.gateway.stop()
    assert (house.gateway.waiting, house.gateway.alive) == (0, False)
    assert len(house.witness.done) == len(house.witness.answers()) == 1500


def test_a_restart_goes_on_from_the_disk(house: House) -> None:
    """Repeats of what was written before the stop are still repeats."""
    message = Message("reader-1", "rfid", (CommandAnswered("1", ok=True),), "boot", 1)
    for _ in range(2):
        house.gateway = house.build()
        house.gateway.start()
        house.gateway.submit(Arrival("t", b"", message, lambda: None))
        house.gateway.stop()
    assert house.witness.answers() == ["1"]
    assert house.witness.acknowledged == [("rfid", "reader-1", "boot", 1)] * 2
    positions = [logged.position for logged in house.witness.logged]
    assert positions == list(range(1, len(positions) + 1))


def test_letters_and_cursors_go_the_same_way(house: House, until: Until) -> None:
    """A message that broke the contract is kept, then acknowledged; a retried one is deleted."""
    done: list[str] = []
    letter = DeadLetter(1, "t", "reads[0].epc: expected hex", b"{}")
    house.gateway.submit(Rejection(letter, lambda: done.append("kept")))
    house.gateway.submit(Cursor("sink", 1))
    house.gateway.submit(Cursor("sink", 3))
    house.gateway.start()
    until(lambda: done == ["kept"])
    assert house.witness.letters() == [("t", "reads[0].epc: expected hex", b"{}")]
    assert house.store.cursors(["sink"]) == {"sink": Cursor("sink", 3)}
    house.gateway.submit(Retried(1))
    house.gateway.stop()
    assert house.witness.letters() == []


def items_of(house: House) -> list[str]:
    """Give the reasons of all item events so far."""
    log = EventLog(house.witness.engine)
    data = [e.data for e in log.page(0, 1000, [ItemChanged.type])]
    return [part.split(b'"reason":"')[1].split(b'"')[0].decode() for part in data]


def test_a_clock_that_jumps_ahead_makes_nothing_disappear(
    house: House, tag: Callable[[str, int], str], until: Until
) -> None:
    """A machine that slept, or whose clock was set right, has seen nobody's absence."""
    sighting = TagRead(tag(MILK, 1), 1, -50.0, 0)
    house.gateway.submit(Listening(connected=True))
    house.gateway.submit(house.witness.arrival("seen", TagsRead((sighting,))))
    house.gateway.start()
    until(lambda: "seen" in house.witness.done)
    house.clock.ahead = 7 * 86_400_000
    house.gateway.submit(house.witness.arrival("alive", DeviceReported(online=True)))
    house.gateway.submit(house.witness.arrival("later"))
    until(lambda: "later" in house.witness.done)
    house.gateway.stop()
    assert items_of(house) == ["arrived"]


def test_time_passes_without_messages(
    house: House, tag: Callable[[str, int], str], until: Until
) -> None:
    """An item that its living reader sees no more goes missing though nobody says so."""
    sighting = TagRead(tag(MILK, 1), 1, -50.0, 0)
    house.gateway.submit(Listening(connected=True))
    house.gateway.submit(house.witness.arrival("seen", TagsRead((sighting,))))
    house.gateway.start()
    until(lambda: "seen" in house.witness.done)
    steps = 0
    while "missing" not in items_of(house) and steps < 100:
        steps += 1
        house.clock.ahead += 6_000
        name = f"alive-{steps}"
        house.gateway.submit(house.witness.arrival(name, DeviceReported(online=True)))
        until(lambda name=name: name in house.witness.done)  # type: ignore[misc]  # mypy cannot infer a default's type
    assert items_of(house) == ["arrived", "taken", "missing"]


def test_old_events_are_pruned_by_the_writer(house: House, until: Until) -> None:
    """What is older than the days to keep, and was delivered, goes by itself."""
    house.gateway.start()
    house.gateway.execute(PutProducts((Product(MILK, "Milk"),)))
    house.gateway.submit(house.witness.arrival("old"))
    until(lambda: "old" in house.witness.done)
    head = EventLog(house.witness.engine).head()
    house.gateway.submit(Cursor("sink", head))
    until(lambda: house.store.cursors(["sink"])["sink"].position > 0)
    house.clock.ahead = 40 * 86_400_000
    house.gateway.submit(house.witness.arrival("new"))
    until(lambda: "new" in house.witness.done)
    house.clock.ahead += 2 * 3_600_000
    until(lambda: house.witness.answers() == ["new"])
