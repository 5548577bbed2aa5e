"""Takes one consumer through the log: at least once, in order, backing off alone."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from edge.errors import SinkDown, SinkRefused
from edge.eventlog import EventLog, Portion
from edge.events import moment
from edge.store import Cursor, DeadLetter
from edge.views import SinkView
from edge.wire import LoggedEvent, encode_cloudevents

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who reads the log: `deliver` returns when the batch is taken, or raises SinkDown/Refused."""

    name: str
    kind: str
    types: tuple[str, ...]
    batch: int
    deliver: Callable[[Sequence[LoggedEvent]], None]


class Relay:
    """A thread of its own for one consumer; a consumer that is down blocks nobody else."""

    def __init__(
        self,
        consumer: Consumer,
        events: EventLog,
        cursor: Cursor,
        save: Callable[[Cursor], None],
        set_aside: Callable[[DeadLetter], None],
        clock: Callable[[], int],
        store: str,
    ) -> None:
        """Start from `cursor`; `save` and `set_aside` hand over to the writer."""
        self._consumer = consumer
        self._log = events
        self._cursor = cursor
        self._save = save
        self._set_aside = set_aside
        self._clock = clock
        self._store = store
        self._pause = 0.0
        self._error: str | None = None
        self._retry_at: int | None = None
        self._news = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"relay-{consumer.name}")

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch that is under way."""
        self._stop.set()
        self._news.set()
        self._thread.join()

    def wake(self) -> None:
        """Say that the log has grown."""
        self._news.set()

    def view(self, head: int) -> SinkView:
        """Tell how the consumer does."""
        cursor, error = self._cursor, self._error
        backlog = max(0, head - cursor.position)
        state = "down" if error else "behind" if backlog > self._consumer.batch else "ok"
        return SinkView(
            name=self._consumer.name,
            kind=self._consumer.kind,
            position=cursor.position,
            head=head,
            backlog=backlog,
            delivered=cursor.delivered,
            coalesced=cursor.coalesced,
            filtered=cursor.filtered,
            refused=cursor.refused,
            state=state,
            error=error,
            retry_at=self._retry_moment(),
        )

    def _retry_moment(self) -> datetime | None:
        return moment(self._retry_at) if self._retry_at is not None else None

    def _run(self) -> None:
        while not self._stop.is_set():
            self._news.clear()
            try:
                moved = self._step()
            except SinkDown as fault:
                self._back_off(str(fault))
            except Exception as fault:  # whatever a sink does, its relay lives on and says so
                log.exception("relay failed", sink=self._consumer.name)
                self._back_off(repr(fault))
            else:
                self._error, self._retry_at, self._pause = None, None, 0.0
                # stop() may have come before the clear() above: then nobody rings again.
                if not moved and not self._stop.is_set():
                    self._news.wait()

    def _step(self) -> bool:
        """Deliver the next portion; False when there is none."""
        portion = self._log.portion(
            self._cursor.position, self._consumer.batch, self._consumer.types
        )
        if portion.upto == self._cursor.position:
            return False
        refused = self._deliver(portion.events) if portion.events else 0
        self._advance(portion, refused)
        return True

    def _deliver(self, events: Sequence[LoggedEvent]) -> int:
        """Deliver a batch; where it is refused, each event alone. Gives how many were refused."""
        try:
            self._consumer.deliver(events)
        except SinkRefused as refusal:
            if len(events) > 1:
                return sum(self._deliver([event]) for event in events)
            self._bury(events, refusal)
            return 1
        return 0

    def _bury(self, events: Sequence[LoggedEvent], refusal: SinkRefused) -> None:
        payload = encode_cloudevents(list(events), self._store)
        source = f"sink:{self._consumer.name}"
        self._set_aside(DeadLetter(self._clock(), source, str(refusal), payload))

    def _advance(self, portion: Portion, refused: int) -> None:
        last = self._cursor
        self._cursor = Cursor(
            last.consumer,
            portion.upto,
            last.delivered + len(portion.events) - refused,
            last.coalesced + portion.coalesced,
            last.filtered + portion.filtered,
            last.refused + refused,
        )
        self._save(self._cursor)

    def _back_off(self, fault: str) -> None:
        """Wait twice as long as the last time, less a random part so that sinks do not march."""
        self._error = fault
        self._pause = min(max(FIRST_PAUSE_S, self._pause * 2), LONGEST_PAUSE_S)
        pause = self._pause * random.uniform(0.5, 1.0)  # noqa: S311  (jitter is no secret)
        self._retry_at = self._clock() + round(pause * 1000)
        log.warning("sink is down", sink=self._consumer.name, fault=fault, pause_s=round(pause, 1))
        self._stop.wait(pause)
