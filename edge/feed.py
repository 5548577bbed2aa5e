"""The live feed: each reader follows the log from a position of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

from edge.eventlog import EventLog, matching
from edge.wire import LoggedEvent

RECENT = 5_000  # events that are kept in memory; who is further back reads from the disk
PAGE = 500


class Feed:
    """Wakes the readers when the log grows; they read at their own pace, so none holds another up.

    `publish` is called by the writer's thread, everything else by the event loop.
    """

    def __init__(self, log: EventLog) -> None:
        """Follow this log."""
        self._log = log
        self._recent: deque[LoggedEvent] = deque(maxlen=RECENT)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self.head = log.head()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the loop whose readers are to be woken."""
        self._loop = loop

    def publish(self, events: Sequence[LoggedEvent]) -> None:
        """Tell the readers of new events."""
        self.head = events[-1].position
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, events)

    async def follow(self, after: int, types: Sequence[str]) -> AsyncIterator[list[LoggedEvent]]:
        """Give the events after a position in portions, for ever."""
        wanted = frozenset(matching(types))
        while True:
            news = self._news
            portion = await self._next(after)
            if not portion:
                await news.wait()
                continue
            after = portion[-1].position
            chosen = [event for event in portion if event.type in wanted]
            if chosen:
                yield chosen

    async def _next(self, after: int) -> list[LoggedEvent]:
        if after >= self.head:
            return []
        recent = list(self._recent)
        if recent and recent[0].position <= after + 1:
            start = after + 1 - recent[0].position
            return recent[start : start + PAGE]
        return await asyncio.to_thread(self._log.page, after, PAGE)

    def _take(self, events: Sequence[LoggedEvent]) -> None:
        self._recent.extend(events)
        self._news.set()
        self._news = asyncio.Event()
