"""Runs the rules over what happened, in its own time, into a database of its own.

State, events, and how far it has come are in one transaction, so that a replay which ended anywhere
goes on from there as if it had not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.exc import SQLAlchemyError

from edge.config import Settings
from edge.database import open_database
from edge.errors import DatabaseError, Refused
from edge.eventlog import EventLog
from edge.events import Event
from edge.readings import Message
from edge.recording import Asked, Heard, Linked, encode
from edge.shop import Codes, Shop
from edge.store import DeadLetter, Store, fact_of
from edge.timeline import Entry, Spot
from edge.wire import LoggedEvent

TICK_MS = 500  # time passes for the rules at every multiple of this
REST_MS = 1500  # so much passes after the end, that levels which waited for their turn are told
PAGE = 10_000
FACT = "replay"

log = structlog.get_logger()


class Progress(Struct, frozen=True):
    """How far a replay has come.

    The entries up to `spot` are done, and time has passed up to `ticked` (epoch ms). The link is
    `connected`, or is not, since `linked`. Events up to position `printed` were printed. `lines`
    is how many a log had that is done to its end, None before.
    """

    spot: Spot = Spot()
    ticked: int = -1
    connected: bool = True
    linked: int = 0
    printed: int = 0
    lines: int | None = None


@dataclass(slots=True)
class Tally:
    """What was done: messages and commands taken, commands refused, dead letters, events."""

    messages: int = 0
    commands: int = 0
    refused: int = 0
    letters: int = 0
    events: int = 0


@dataclass(slots=True)
class _Batch:
    """What one transaction is to write."""

    ticked: int
    connected: bool
    linked: int
    commands: int = 0
    refused: int = 0
    events: list[Event] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)

    def add(self, events: list[Event], now: int) -> None:
        """Take events that became true at `now`."""
        if events:
            self.events += events
            self.times += [now] * len(events)


class Replay:
    """A shop whose devices speak from a recording."""

    def __init__(self, settings: Settings, url: str, codes: Codes) -> None:
        """Open the database of a replay, or make it; raises Refused for another shop's."""
        self._settings = settings
        self._url = url
        self._codes = codes
        self._engine = open_database(url)
        self._epoch: int | None = None
        self._start = 0
        self.progress = self._known()
        self.tally = Tally()

    def begin(self, epoch: int, start: int) -> None:
        """Build the shop; in a database that is new it begins at `start` with this epoch.

        Raises Refused when the database is that of another recording.
        """
        self._epoch, self._start = epoch, start
        self._load()
        if self._store.epoch != epoch:
            raise Refused(
                f"expected a replay of the same recording (epoch {epoch}) in {self._url}, came one "
                f"of epoch {self._store.epoch}: name a file that does not exist yet"
            )

    def take(self, entries: Sequence[Entry]) -> list[LoggedEvent]:
        """Take what happened next, in one transaction; gives the events that followed."""
        try:
            return self._write(entries)
        except SQLAlchemyError as fault:
            raise self._refusal(fault) from fault
        except Exception:  # a fault in a rule must cost one entry, as it would have in the shop
            log.exception("a rule failed, the batch is taken one by one", size=len(entries))
        self.reopen()
        return [event for entry in entries for event in self._take_alone(entry)]

    def finish(self, newest: int, lines: int) -> list[LoggedEvent]:
        """End a recording of so many lines, the newest of `newest` (epoch ms)."""
        batch = self._batch()
        self._pass_time(batch, newest + REST_MS)
        return self._commit(batch, replace(self.progress, ticked=batch.ticked, lines=lines))

    def reopen(self) -> None:
        """Close shop and database, and open them again from disk."""
        printed = self.progress.printed
        self._engine.dispose()
        self._engine = open_database(self._url)
        self.progress = replace(self._known(), printed=printed)
        self._load()

    def logged(self, after: int) -> Iterator[LoggedEvent]:
        """Give the events that are logged after a position."""
        events = EventLog(self._engine)
        while page := events.page(after, PAGE):
            yield from page
            after = page[-1].position

    def note_printed(self, position: int) -> None:
        """Note that the events up to here are printed; the next transaction keeps it."""
        self.progress = replace(self.progress, printed=position)

    def rest(self) -> None:
        """Keep what the last transaction could not know yet."""
        self._commit(self._batch(), self.progress)

    def dispose(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def _known(self) -> Progress:
        known = fact_of(self._engine, FACT)
        if known is not None:
            return msgspec.json.decode(known, type=Progress)
        if fact_of(self._engine, "epoch") is not None:
            raise Refused(
                f"expected the database of a replay at {self._url}, came one of a shop that runs: "
                "name a file that does not exist yet"
            )
        return Progress()

    def _load(self) -> None:
        new = {FACT: msgspec.json.encode(Progress()).decode()}
        self._store = Store(self._engine, self._epoch, new)
        is_new = self.progress.spot.time < 0
        now = self._start if is_new else self.progress.spot.time
        state = self._store.load()
        self._shop = Shop(self._settings, state, self._codes, epoch=self._store.epoch, now=now)
        if is_new:
            self._shop.listen(connected=True, now=now)
            self.progress = replace(self.progress, ticked=now - now % TICK_MS, linked=now)
        else:
            self._listen_again()

    def _listen_again(self) -> None:
        """Let the shop know of the link what is not in its rows."""
        known = self.progress
        if known.connected:
            self._shop.health.resume(known.linked)
        else:
            self._shop.listen(connected=False, now=known.ticked, since=known.linked)

    def _batch(self) -> _Batch:
        known = self.progress
        return _Batch(known.ticked, known.connected, known.linked)

    def _take_alone(self, entry: Entry) -> list[LoggedEvent]:
        try:
            return self._write([entry])
        except SQLAlchemyError as fault:
            raise self._refusal(fault) from fault
        except Exception as fault:  # noqa: BLE001  (it is set aside with its reason)
            broken = _set_aside(entry, fault)
        self.reopen()
        return self._write([broken])

    def _refusal(self, fault: SQLAlchemyError) -> DatabaseError:
        return DatabaseError(
            f"expected {self._url} to take a batch, came {getattr(fault, 'orig', fault)}: "
            "start again with the same database, and the replay goes on"
        )

    def _write(self, entries: Sequence[Entry]) -> list[LoggedEvent]:
        batch = self._batch()
        for entry in entries:
            now = entry.spot.time
            self._pass_time(batch, now)
            self._do(entry, batch, now)
            batch.add(self._shop.settle(now), now)
        progress = replace(
            self.progress,
            spot=entries[-1].spot,
            ticked=batch.ticked,
            connected=batch.connected,
            linked=batch.linked,
        )
        self.tally.messages += sum(isinstance(entry.line, Heard) for entry in entries)
        return self._commit(batch, progress)

    def _pass_time(self, batch: _Batch, until: int) -> None:
        for now in range(batch.ticked + TICK_MS, until + 1, TICK_MS):
            batch.add(self._shop.advance(now), now)
            batch.add(self._shop.settle(now), now)
        batch.ticked = max(batch.ticked, until - until % TICK_MS)

    def _do(self, entry: Entry, batch: _Batch, now: int) -> None:
        if entry.breach is not None:
            batch.letters.append(_letter(entry, entry.breach))
        if entry.message is not None:
            self._accept(entry, entry.message, batch, now)
        elif entry.breach is None:
            self._obey(entry, batch, now)

    def _accept(self, entry: Entry, message: Message, batch: _Batch, now: int) -> None:
        try:
            batch.add(self._shop.accept(message, now), now)
        except Refused as refusal:
            batch.letters.append(_letter(entry, str(refusal)))

    def _obey(self, entry: Entry, batch: _Batch, now: int) -> None:
        match entry.line:
            case Asked(_, command):
                batch.commands += 1
                try:
                    batch.add(self._shop.execute(command, now)[1], now)
                except Refused as refusal:
                    batch.refused += 1
                    log.info(
                        "a command was refused", command=type(command).__name__, why=str(refusal)
                    )
            case Linked(_, connected) if connected != batch.connected:
                batch.connected, batch.linked = connected, now
                self._shop.listen(connected=connected, now=now)

    def _commit(self, batch: _Batch, progress: Progress) -> list[LoggedEvent]:
        logged = self._store.commit(
            self._shop.state,
            batch.events,
            progress.ticked,
            times=batch.times,
            dead_letters=batch.letters,
            facts={FACT: msgspec.json.encode(progress).decode()},
        )
        self.progress = progress
        self.tally.commands += batch.commands
        self.tally.refused += batch.refused
        self.tally.letters += len(batch.letters)
        self.tally.events += len(logged)
        return logged


def _letter(entry: Entry, reason: str) -> DeadLetter:
    line = entry.line
    if isinstance(line, Heard):
        return DeadLetter(entry.spot.time, line.topic, reason, line.payload)
    return DeadLetter(entry.spot.time, type(line).__name__, reason, encode(line))


def _set_aside(entry: Entry, fault: Exception) -> Entry:
    """Keep of an entry that no rule can take its number alone."""
    envelope = replace(entry.message, readings=()) if entry.message else None
    return replace(entry, message=envelope, breach=f"internal fault: {fault!r}")
