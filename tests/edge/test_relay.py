"""One consumer's way through the log: at least once, in order, whatever the consumer does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy import Engine

from edge.errors import SinkDown, SinkRefused
from edge.eventlog import EventLog
from edge.events import DeviceAnswered, Event, OccupancyChanged, moment
from edge.relay import Consumer, Relay
from edge.state import State
from edge.store import Cursor, DeadLetter, Store
from edge.wire import LoggedEvent, decode_event

T0 = 1_800_000_000_000
Until = Callable[[Callable[[], bool]], None]


def level(n: int) -> OccupancyChanged:
    """Make a level event."""
    return OccupancyChanged(zone="store", epoch=1, version=n, people=n, as_of=moment(T0))


def fact(n: int) -> DeviceAnswered:
    """Make a fact."""
    return DeviceAnswered(device="d", id=str(n), ok=True)


class Shore:
    """A consumer that can be down, refuse or break, and remembers what it took."""

    def __init__(self) -> None:
        """Take everything, at first."""
        self.taken: list[LoggedEvent] = []
        self.tries: list[list[int]] = []
        self.trouble: list[Exception] = []
        self.down = False
        self.refused: set[int] = set()

    def deliver(self, events: Sequence[LoggedEvent]) -> None:
        """Take a batch, or not."""
        self.tries.append([event.position for event in events])
        if self.trouble:
            raise self.trouble.pop(0)
        if self.down:
            raise SinkDown("connection refused")
        if self.refused & set(self.tries[-1]):
            raise SinkRefused("400 Bad Request")
        self.taken += events

    def facts(self) -> list[str]:
        """Give the ids of the facts in the order in which they came."""
        found = (decode_event(event.type, event.data) for event in self.taken)
        return [event.id for event in found if isinstance(event, DeviceAnswered)]

    def levels(self) -> list[int]:
        """Give the versions of the levels in the order in which they came."""
        found = (decode_event(event.type, event.data) for event in self.taken)
        return [event.version for event in found if isinstance(event, OccupancyChanged)]


class Harbour:
    """A log, its writer's side, and relays to consumers."""

    def __init__(self, engine: Engine) -> None:
        """Begin with an empty log."""
        self.store = Store(engine)
        self.log = EventLog(engine)
        self.state: State = self.store.load()
        self.relays: list[Relay] = []
        self.saved: list[Cursor] = []
        self.letters: list[DeadLetter] = []

    def write(self, *events: Event) -> None:
        """Commit events and wake the relays."""
        self.store.commit(self.state, events, T0)
        for relay in self.relays:
            relay.wake()

    def relay(
        self,
        shore: Shore,
        *,
        batch: int = 10,
        types: tuple[str, ...] = ("store.*",),
        cursor: Cursor | None = None,
        name: str = "sink",
    ) -> Relay:
        """Start a relay."""
        relay = Relay(
            Consumer(name, "webhook", types, batch, shore.deliver),
            self.log,
            cursor or Cursor(name),
            self.saved.append,
            self.letters.append,
            lambda: T0,
            "shop",
        )
        relay.start()
        self.relays.append(relay)
        return relay

    def at_head(self, *relays: Relay) -> bool:
        """Tell whether relays have come to the end of the log."""
        head = self.log.head()
        return all(relay.view(head).backlog == 0 for relay in relays)


@pytest.fixture
def harbour(engine: Engine) -> Iterator[Harbour]:
    """Give a log and its relays; end them after the test."""
    harbour = Harbour(engine)
    yield harbour
    for relay in harbour.relays:
        relay.stop()


def accounted(cursor: Cursor) -> int:
    """Give how many events a cursor accounts for."""
    return cursor.delivered + cursor.coalesced + cursor.filtered + cursor.refused


def test_everything_comes_in_order_and_is_accounted_for(harbour: Harbour, until: Until) -> None:
    """Batch by batch; the cursor is saved after each."""
    shore = Shore()
    relay = harbour.relay(shore, batch=4)
    for n in range(20):
        harbour.write(fact(2 * n), fact(2 * n + 1))
    until(lambda: harbour.at_head(relay))
    assert shore.facts() == [str(n) for n in range(40)]
    assert max(len(positions) for positions in shore.tries) <= 4
    assert [c.position for c in harbour.saved] == sorted({c.position for c in harbour.saved})
    assert all(accounted(cursor) == cursor.position for cursor in harbour.saved)
    view = relay.view(40)
    assert (view.state, view.delivered, view.backlog, view.error) == ("ok", 40, 0, None)


def test_after_an_outage_every_fact_and_only_the_newest_level_comes(
    harbour: Harbour, until: Until
) -> None:
    """Meanwhile its view says what is wrong and when the next try is."""
    shore = Shore()
    shore.down = True
    relay = harbour.relay(shore, batch=100)
    for n in range(1, 51):
        harbour.write(level(n), fact(n))
    until(lambda: relay.view(100).state == "down")
    view = relay.view(100)
    assert (view.error, view.backlog, view.delivered) == ("connection refused", 100, 0)
    until(lambda: relay.view(100).retry_at is not None)
    shore.down = False
    until(lambda: harbour.at_head(relay))
    assert shore.facts() == [str(n) for n in range(1, 51)]
    assert shore.levels()[-1] == 50
    assert len(shore.levels()) <= 2
    assert accounted(harbour.saved[-1]) == 100
    assert relay.view(100).retry_at is None


def test_a_consumer_that_is_down_holds_nobody_up(harbour: Harbour, until: Until) -> None:
    """Each has a thread and a cursor of its own."""
    well, ill = Shore(), Shore()
    ill.down = True
    healthy = harbour.relay(well, name="well")
    sick = harbour.relay(ill, name="ill")
    harbour.write(*[fact(n) for n in range(25)])
    until(lambda: harbour.at_head(healthy))
    assert well.facts() == [str(n) for n in range(25)]
    assert (sick.view(25).position, sick.view(25).state) == (0, "down")


def test_a_refused_event_is_set_aside_and_the_rest_goes_on(harbour: Harbour, until: Until) -> None:
    """It is kept with the refusal, as the consumer would have got it."""
    shore = Shore()
    shore.refused = {3, 7}
    harbour.write(*[fact(n) for n in range(1, 10)])
    relay = harbour.relay(shore, batch=5)
    until(lambda: harbour.at_head(relay))
    assert shore.facts() == ["1", "2", "4", "5", "6", "8", "9"]
    assert [(x.source, x.reason, x.time) for x in harbour.letters] == [
        ("sink:sink", "400 Bad Request", T0)
    ] * 2
    assert b'"sequence":"3"' in harbour.letters[0].payload
    assert b'"sequence":"7"' in harbour.letters[1].payload
    last = harbour.saved[-1]
    assert (last.delivered, last.refused, accounted(last)) == (7, 2, 9)


def test_a_consumer_that_breaks_does_not_break_its_relay(harbour: Harbour, until: Until) -> None:
    """Whatever it raises, the same batch is tried again."""
    shore = Shore()
    shore.trouble = [ZeroDivisionError("a mistake in a sink")]
    harbour.write(fact(1), fact(2))
    relay = harbour.relay(shore)
    until(lambda: relay.view(2).error is not None)
    assert relay.view(2).error == "ZeroDivisionError('a mistake in a sink')"
    until(lambda: harbour.at_head(relay))
    assert shore.tries == [[1, 2], [1, 2]]
    assert shore.facts() == ["1", "2"]
    assert relay.view(2).error is None


def test_an_outage_between_single_events_loses_none(harbour: Harbour, until: Until) -> None:
    """At least once: what was taken before the outage may come again, nothing is left out."""
    shore = Shore()
    shore.trouble = [SinkRefused("one of them"), SinkDown("gone")]
    harbour.write(fact(1), fact(2), fact(3))
    relay = harbour.relay(shore)
    until(lambda: harbour.at_head(relay))
    assert shore.facts() == ["1", "2", "3"]
    assert accounted(harbour.saved[-1]) == 3


def test_what_a_consumer_does_not_want_is_passed_over(harbour: Harbour, until: Until) -> None:
    """It costs no delivery, and the cursor moves on."""
    shore = Shore()
    relay = harbour.relay(shore, types=("store.occupancy.*",))
    harbour.write(fact(1), fact(2))
    until(lambda: harbour.at_head(relay))
    harbour.write(level(1))
    until(lambda: harbour.at_head(relay))
    assert shore.tries == [[3]]
    assert harbour.saved[-1] == Cursor("sink", 3, delivered=1, filtered=2)


def test_a_relay_goes_on_from_its_cursor(harbour: Harbour, until: Until) -> None:
    """Nothing that was delivered before the restart comes again."""
    harbour.write(fact(1), fact(2), fact(3))
    first, second = Shore(), Shore()
    relay = harbour.relay(first)
    until(lambda: harbour.at_head(relay))
    relay.stop()
    harbour.write(fact(4))
    again = harbour.relay(second, cursor=harbour.saved[-1])
    until(lambda: harbour.at_head(again))
    assert (first.facts(), second.facts()) == (["1", "2", "3"], ["4"])
    assert harbour.saved[-1] == Cursor("sink", 4, delivered=4)


def test_a_relay_that_lags_says_so(harbour: Harbour) -> None:
    """More than a batch behind is behind."""
    relay = harbour.relay(Shore(), batch=10)
    assert (relay.view(10).state, relay.view(11).state) == ("ok", "behind")


def test_a_relay_stops_at_once_in_every_state(harbour: Harbour) -> None:
    """Idle, just started, and in the middle of a long pause."""
    down = Shore()
    down.down = True
    harbour.write(fact(1))
    for _ in range(50):
        for shore in (Shore(), down):
            relay = harbour.relay(shore)
            threading.Thread(target=relay.wake).start()
            relay.stop()
