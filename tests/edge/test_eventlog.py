"""The log as its readers see it: every fact, and of each level the newest."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from edge.database import open_database
from edge.eventlog import EventLog, Portion, matching
from edge.events import EVENTS, DeviceAnswered, Event, OccupancyChanged, QueueChanged, moment
from edge.state import State
from edge.store import Store
from edge.wire import LoggedEvent

T0 = 1_800_000_000_000
ALL = ("store.*",)
EVENT = st.one_of(
    st.integers(0, 9).map(lambda n: DeviceAnswered(device="d", id=str(n), ok=True)),
    st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 9)).map(
        lambda t: OccupancyChanged(zone=t[0], epoch=1, version=t[1], people=1, as_of=moment(T0))
    ),
    st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 9)).map(
        lambda t: QueueChanged(zone=t[0], epoch=1, version=t[1], people=1, wait_s=1.0)
    ),
)
TYPES = st.sampled_from(
    [ALL, ("store.occupancy.*",), ("store.device.*", "store.queue.changed.v1"), ("nothing",)]
)


def level(n: int, zone: str = "store") -> OccupancyChanged:
    """Make a level event."""
    return OccupancyChanged(zone=zone, epoch=1, version=n, people=n, as_of=moment(T0))


def fact(n: int) -> DeviceAnswered:
    """Make a fact."""
    return DeviceAnswered(device="d", id=str(n), ok=True)


def log_of(engine: Engine, *batches: list[Event]) -> EventLog:
    """Commit batches of events, and read them."""
    store = Store(engine)
    state = store.load()
    for batch in batches:
        store.commit(state, batch, T0)
    return EventLog(engine)


def consume(log: EventLog, limit: int, types: tuple[str, ...]) -> list[Portion]:
    """Take the whole log in portions."""
    portions: list[Portion] = []
    position = 0
    while True:
        portion = log.portion(position, limit, types)
        if portion.upto == position:
            return portions
        position = portion.upto
        portions.append(portion)


def newest(events: list[LoggedEvent]) -> list[LoggedEvent]:
    """Give every fact and of each level the newest, in order."""
    last = {(e.type, e.subject): e.position for e in events}
    levels = {event.type for event in EVENTS if event.level}
    return [e for e in events if e.type not in levels or last[e.type, e.subject] == e.position]


def test_an_empty_log_has_nothing(engine: Engine) -> None:
    """Neither a page nor a portion, and no position."""
    log = EventLog(engine)
    assert (log.head(), log.oldest(), log.page(0, 10)) == (0, 0, [])
    assert log.portion(0, 10, ALL) == Portion((), 0, 0, 0)


def test_a_page_is_of_the_types_that_are_asked_for(engine: Engine) -> None:
    """Oldest first, from the one after a position."""
    log = log_of(engine, [level(1), fact(1), level(2), fact(2), fact(3)])
    assert [e.position for e in log.page(0, 10)] == [1, 2, 3, 4, 5]
    assert [e.position for e in log.page(1, 2)] == [2, 3]
    assert [e.position for e in log.page(2, 10, ["store.device.*"])] == [4, 5]
    assert log.page(0, 10, ["nothing"]) == []
    assert (log.head(), log.oldest()) == (5, 1)


def test_a_span_of_time_has_its_first_moment_and_not_its_last(engine: Engine) -> None:
    """In the order of the log, page by page, whatever the clock did in between."""
    store = Store(engine)
    state = store.load()
    for at, events in (
        (0, [fact(1)]),
        (10, [fact(2), level(1)]),
        (5, [fact(3)]),
        (20, [fact(4), fact(5)]),
        (30, [fact(6)]),
    ):
        store.commit(state, events, T0 + at)
    log = EventLog(engine)

    def span(after: int, limit: int, types: tuple[str, ...] = ALL) -> list[int]:
        return [e.position for e in log.between(T0 + 5, T0 + 30, types, after, limit)]

    assert span(0, 10) == [2, 3, 4, 5, 6]
    assert span(0, 10, ("store.device.*",)) == [2, 4, 5, 6]
    assert (span(0, 2), span(3, 2), span(6, 2)) == ([2, 3], [4, 5], [])


def test_after_an_outage_a_level_comes_once_and_every_fact(engine: Engine) -> None:
    """Three days of levels are not sent, three days of facts are."""
    log = log_of(engine, *[[level(n), fact(n)] for n in range(1, 101)])
    portion = log.portion(0, 1000, ALL)
    assert [e.position for e in portion.events] == [*range(2, 200, 2), 199, 200]
    assert (portion.upto, portion.coalesced, portion.filtered) == (200, 99, 0)


def test_a_position_beyond_the_log_stays_there(engine: Engine) -> None:
    """A consumer that is ahead of a restored database is not sent back."""
    log = log_of(engine, [fact(1)])
    assert log.portion(9, 10, ALL) == Portion((), 9, 0, 0)


def test_patterns_choose_types() -> None:
    """A star at the end stands for anything."""
    assert matching(["store.stock.changed.v1"]) == ["store.stock.changed.v1"]
    assert matching(["store.stock.*"]) == ["store.stock.changed.v1", "store.stock.adjusted.v1"]
    assert set(matching(ALL)) == {event.type for event in EVENTS}
    assert matching([]) == []


@settings(max_examples=25, deadline=None)
@given(
    batches=st.lists(st.lists(EVENT, max_size=6), max_size=8),
    limit=st.integers(1, 7),
    types=TYPES,
)
def test_portions_of_any_size_account_for_the_whole_log(
    batches: list[list[Event]],
    limit: int,
    types: tuple[str, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Every fact and the newest levels, in order; the rest is coalesced or filtered."""
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('log')}/store.db")
    log = log_of(engine, *batches)
    portions = consume(log, limit, types)
    wanted = [e for e in log.page(0, 1000) if e.type in matching(types)]
    engine.dispose()
    delivered = [event for portion in portions for event in portion.events]
    assert delivered == newest(wanted)
    assert all(len(portion.events) <= limit for portion in portions)
    total = sum(len(batch) for batch in batches)
    assert sum(p.filtered for p in portions) == total - len(wanted)
    assert sum(p.coalesced for p in portions) == len(wanted) - len(delivered)


def test_a_consumer_that_reads_while_the_log_grows_gets_everything_once(url: str) -> None:
    """Its portions add up, whatever is committed between two of its questions."""
    engine = open_database(url)
    store = Store(engine)
    done = threading.Event()

    def write() -> None:
        state = State()
        for n in range(300):
            store.commit(state, [level(n), fact(n), level(n, "tills")], T0)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    log, portions, position = EventLog(engine), list[Portion](), 0
    while not done.is_set() or position < log.head():
        portion = log.portion(position, 50, ALL)
        assert min(portion.coalesced, portion.filtered) >= 0
        size = len(portion.events) + portion.coalesced + portion.filtered
        assert size == portion.upto - position
        assert all(position < event.position <= portion.upto for event in portion.events)
        position = portion.upto
        portions.append(portion)
    writer.join()
    facts = [e.data for p in portions for e in p.events if e.type == DeviceAnswered.type]
    assert facts == [e.data for e in log.page(0, 1000, [DeviceAnswered.type])]
    assert position == 900
    engine.dispose()
