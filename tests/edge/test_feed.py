"""The live feed: many readers, each at its own pace, all get everything in order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

from sqlalchemy import Engine

from edge.eventlog import EventLog
from edge.events import DeviceAnswered, Event, OccupancyChanged, moment
from edge.feed import PAGE, RECENT, Feed
from edge.store import Store

T0 = 1_800_000_000_000


def fact(n: int) -> DeviceAnswered:
    """Make a fact."""
    return DeviceAnswered(device="d", id=str(n), ok=True)


def level(n: int) -> OccupancyChanged:
    """Make a level event."""
    return OccupancyChanged(zone="store", epoch=1, version=n, people=n, as_of=moment(T0))


class Station:
    """A log with its writer, and a feed of it."""

    def __init__(self, engine: Engine) -> None:
        """Begin with what is in the log."""
        self.store = Store(engine)
        self.state = self.store.load()
        self.feed = Feed(EventLog(engine))

    def write(self, events: Sequence[Event]) -> None:
        """Commit events and publish them, as the writer's thread does."""
        self.feed.publish(self.store.commit(self.state, events, T0))

    def write_many(self, batches: int, size: int) -> threading.Thread:
        """Write many batches in a thread of its own."""

        def run() -> None:
            for batch in range(batches):
                self.write([fact(batch * size + n) for n in range(size)])

        thread = threading.Thread(target=run)
        thread.start()
        return thread


async def read(
    feed: Feed,
    after: int,
    last: int,
    types: Sequence[str] = ("store.*",),
    pause: Callable[[], float] = lambda: 0.0,
) -> list[int]:
    """Follow the feed from a position until an event; give the positions in order of arrival."""
    positions: list[int] = []
    async for portion in feed.follow(after, types):
        positions += [event.position for event in portion]
        if positions[-1] >= last:
            return positions
        await asyncio.sleep(pause())
    return positions


def test_readers_at_different_places_and_paces_get_everything(engine: Engine) -> None:
    """While the log grows under them; the slow ones hold nobody up."""
    station = Station(engine)
    station.write([fact(n) for n in range(100)])

    async def follow() -> list[list[int]]:
        station.feed.attach(asyncio.get_running_loop())
        writer = station.write_many(60, 10)
        readers = [
            read(station.feed, 0, 700),
            read(station.feed, 50, 700, pause=lambda: 0.02),
            read(station.feed, 100, 700),
            read(station.feed, 650, 700),
        ]
        async with asyncio.timeout(60):
            found = await asyncio.gather(*readers)
        writer.join()
        return found

    found = asyncio.run(follow())
    assert found == [list(range(after + 1, 701)) for after in (0, 50, 100, 650)]


def test_a_reader_that_is_far_back_reads_from_the_disk(engine: Engine) -> None:
    """What is no longer in memory is still in the log, and nothing is skipped in between."""
    station = Station(engine)
    total = RECENT + 3 * PAGE

    async def follow() -> list[int]:
        station.feed.attach(asyncio.get_running_loop())
        writer = station.write_many(total // 500, 500)
        await asyncio.to_thread(writer.join)
        async with asyncio.timeout(60):
            return await read(station.feed, 10, total)

    assert asyncio.run(follow()) == list(range(11, total + 1))


def test_events_from_before_the_loop_was_there_are_not_lost(engine: Engine) -> None:
    """The writer starts before the pages do."""
    station = Station(engine)
    station.write([fact(1), fact(2)])

    async def follow() -> list[int]:
        station.feed.attach(asyncio.get_running_loop())
        await asyncio.to_thread(station.write, [fact(3)])
        async with asyncio.timeout(60):
            return await read(station.feed, 0, 3)

    assert asyncio.run(follow()) == [1, 2, 3]
    assert station.feed.head == 3


def test_a_reader_gets_the_types_that_it_wants(engine: Engine) -> None:
    """What it does not want moves it on all the same; nobody wants nothing for ever."""
    station = Station(engine)

    async def follow() -> list[int]:
        station.feed.attach(asyncio.get_running_loop())
        wanted = asyncio.create_task(read(station.feed, 0, 1201, ["store.occupancy.*"]))
        for _ in range(2):
            await asyncio.to_thread(station.write, [fact(n) for n in range(600)])
        await asyncio.to_thread(station.write, [level(1)])
        async with asyncio.timeout(60):
            return await wanted

    assert asyncio.run(follow()) == [1201]


def test_a_reader_waits_for_news_and_may_leave(engine: Engine) -> None:
    """One that has gone leaves no trace; the others go on."""
    station = Station(engine)

    async def follow() -> list[int]:
        station.feed.attach(asyncio.get_running_loop())
        stays = asyncio.create_task(read(station.feed, 0, 2))
        leaves = asyncio.create_task(read(station.feed, 0, 2))
        await asyncio.to_thread(station.write, [fact(1)])
        leaves.cancel()
        await asyncio.to_thread(station.write, [fact(2)])
        async with asyncio.timeout(60):
            return await stays

    assert asyncio.run(follow()) == [1, 2]


def test_a_feed_whose_loop_has_ended_stops_no_writer(engine: Engine) -> None:
    """The pages may end before the writer's last batch."""
    station = Station(engine)

    async def attach() -> None:
        station.feed.attach(asyncio.get_running_loop())

    asyncio.run(attach())
    station.write([fact(1)])
    assert station.feed.head == 1
