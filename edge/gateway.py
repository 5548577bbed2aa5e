"""The one writer thread: takes messages and commands in batches, one transaction a batch.

Nothing is acknowledged before it is on disk.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import structlog
from msgspec.structs import replace
from sqlalchemy.exc import SQLAlchemyError

from edge.commands import Command, Question
from edge.errors import Refused
from edge.events import Event
from edge.readings import Kind, Message
from edge.shop import Shop
from edge.store import Cursor, DeadLetter, Store
from edge.wire import LoggedEvent

BATCH = 1000  # messages and commands in one transaction at most
TICK_S = 0.5  # how long the writer waits for work before it lets time pass
RETRY_S = 1.0  # pause before a batch that the disk refused is tried again
JUMP_MS = 10_000  # a longer step of the clock means that we slept or that it was set
DAY_MS = 86_400_000
PRUNE_EVERY_MS = 3_600_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message of a device, where it came from, and what to call when it is on disk."""

    topic: str
    payload: bytes
    message: Message
    done: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Rejection:
    """A message that broke the contract: kept as a dead letter, then acknowledged.

    `message` is its envelope without readings, where that could be read: its number is taken, so
    that the device does not send it for ever.
    """

    letter: DeadLetter
    done: Callable[[], None]
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A command, and where its answer goes."""

    command: Command
    answer: Future[Any]


@dataclass(frozen=True, slots=True)
class Listening:
    """Whether the broker can be heard."""

    connected: bool


@dataclass(frozen=True, slots=True)
class Retried:
    """A dead letter that was put back to work, to be deleted with it."""

    letter: int


Taken = Arrival | Rejection | Order | Listening
Work = Taken | Cursor | Retried


@dataclass(slots=True)
class Batch:
    """What one transaction is to write, and what is to be said once it is on disk."""

    now: int
    size: int
    events: list[Event] = field(default_factory=list)
    logged: list[LoggedEvent] = field(default_factory=list)
    cursors: dict[str, Cursor] = field(default_factory=dict)
    letters: list[DeadLetter] = field(default_factory=list)
    retried: list[int] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    boots: dict[tuple[Kind, str, str], None] = field(default_factory=dict)


def _nobody(_: Sequence[Taken], __: int) -> None:
    """Record nothing."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the gateway's word goes after a commit: plain functions, called by its thread.

    `logged` gets what was committed; `acknowledge` the kind, device, boot and seq up to which a
    device's messages are on disk; `committed` the size of each batch and its seconds; `record`
    what was taken in a batch (of commands those that were carried out), and the batch's time.
    """

    logged: Callable[[list[LoggedEvent]], None]
    acknowledge: Callable[[Kind, str, str, int], None]
    committed: Callable[[int, float], None]
    record: Callable[[Sequence[Taken], int], None] = _nobody


class Gateway:
    """Owns the state. `revive` builds the shop anew from disk; `clock` gives epoch ms."""

    def __init__(
        self,
        store: Store,
        revive: Callable[[int], Shop],
        clock: Callable[[], int],
        ports: Ports,
        keep_days: int,
    ) -> None:
        """Load the shop; nothing runs before `start`."""
        self._store = store
        self._revive = revive
        self._clock = clock
        self._ports = ports
        self._keep_ms = keep_days * DAY_MS
        self._work: queue.Queue[Work] = queue.Queue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer")
        self._now = 0
        self._pruned = 0
        self._advanced = 0
        self._connected = False
        self._torn = False
        self._shop = revive(self._tell_time())
        self._shop.listen(connected=False, now=self._now)

    def start(self) -> None:
        """Begin to take work."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is waiting, then end."""
        self._stop.set()
        self._thread.join()

    def submit(self, work: Work) -> None:
        """Hand over work; it is done in order of arrival."""
        self._work.put(work)

    def execute(self, command: Command, wait_s: float = 30.0) -> Any:  # noqa: ANN401  (each command has its own answer)
        """Carry a command out and wait until it is on disk; raises Refused when it cannot be."""
        answer: Future[Any] = Future()
        self._work.put(Order(command, answer))
        return answer.result(wait_s)

    @property
    def waiting(self) -> int:
        """How much work waits."""
        return self._work.qsize()

    @property
    def alive(self) -> bool:
        """Whether the writer runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not (self._stop.is_set() and self._work.empty()):
            self._turn(self._gather())

    def _gather(self) -> list[Work]:
        try:
            work = [self._work.get(timeout=TICK_S)]
        except queue.Empty:
            return []
        while len(work) < BATCH:
            try:
                work.append(self._work.get_nowait())
            except queue.Empty:
                break
        return work

    def _turn(self, work: list[Work]) -> None:
        while not self._try(work):
            if self._stop.wait(RETRY_S):
                log.warning("stopped before the disk took it; the broker has it", size=len(work))
                return

    def _try(self, work: list[Work]) -> bool:
        """Write a batch; False when the disk refuses (full, read-only, locked)."""
        if self._torn and not self._recover():
            return False
        try:
            batch = self._write(work)
        except SQLAlchemyError as fault:
            log.warning("commit failed, the batch is tried again", fault=str(fault), size=len(work))
            return False
        except Exception:  # a fault in a rule must cost one message, not the shop
            log.exception("a rule failed, the batch is taken one by one", size=len(work))
            return self._recover() and self._one_by_one(work)
        self._tell(batch)
        return True

    def _one_by_one(self, work: list[Work]) -> bool:
        while work:
            try:
                batch = self._write(work[:1])
            except SQLAlchemyError as fault:
                log.warning("commit failed, tried again", fault=str(fault), size=len(work))
                return False
            except Exception as fault:  # the one that fails is set aside with its reason
                log.exception("set aside", item=type(work[0]).__name__)
                if isinstance(work[0], Rejection) or not self._recover():
                    return False  # a letter has no rule that could fail: the fault is elsewhere
                work[0] = _set_aside(work[0], fault, self._now)
                continue
            del work[0]
            self._tell(batch)
        return True

    def _recover(self) -> bool:
        """Go back to what is on disk; False while it cannot be read."""
        try:
            self._shop = self._revive(self._now)
        except SQLAlchemyError as fault:
            log.warning("the database cannot be read", fault=str(fault))
            return False
        self._shop.listen(connected=self._connected, now=self._now)
        self._torn = False
        return True

    def _write(self, work: list[Work]) -> Batch:
        now = self._tell_time()
        batch = Batch(now, len(work))
        self._torn = True  # until the commit, memory is ahead of the disk
        if now - self._advanced > JUMP_MS:
            self._shop.listen(connected=self._connected, now=now)  # nobody was silent meanwhile
        for item in work:
            self._do(item, batch, now)
        if now - self._advanced >= TICK_S * 1000:
            self._advanced = now
            batch.events += self._shop.advance(now)
        if now - self._pruned > PRUNE_EVERY_MS:
            self._pruned = now
            self._store.prune(now - self._keep_ms)
        batch.events += self._shop.settle(now)
        batch.logged = self._store.commit(
            self._shop.state,
            batch.events,
            now,
            cursors=batch.cursors.values(),
            dead_letters=batch.letters,
            retried=batch.retried,
        )
        self._torn = False
        return batch

    def _tell(self, batch: Batch) -> None:
        """Say what is on disk; from here on nothing may undo it."""
        if batch.taken:  # first: what was answered must not be missing after a crash
            self._ports.record(batch.taken, batch.now)
        for tell in batch.after:
            tell()
        for kind, device, boot in batch.boots:
            self._ports.acknowledge(kind, device, boot, self._shop.acknowledged(device, boot))
        if batch.logged:
            self._ports.logged(batch.logged)
        if batch.size:
            self._ports.committed(batch.size, (self._clock() - batch.now) / 1000)

    def _do(self, item: Work, batch: Batch, now: int) -> None:
        match item:
            case Arrival():
                self._accept(item, batch, now)
            case Order():
                self._execute(item, batch, now)
            case Rejection():
                batch.taken.append(item)
                batch.letters.append(item.letter)
                batch.after.append(item.done)
                if item.message is not None:
                    batch.events += self._shop.accept(item.message, now)
                    self._note_number(item.message, batch)
            case Cursor():
                batch.cursors[item.consumer] = item
            case Retried():
                batch.retried.append(item.letter)
            case Listening():
                batch.taken.append(item)
                self._connected = item.connected
                self._shop.listen(connected=item.connected, now=now)

    def _accept(self, item: Arrival, batch: Batch, now: int) -> None:
        message = item.message
        batch.taken.append(item)
        try:
            batch.events += self._shop.accept(message, now)
        except Refused as refusal:
            letter = DeadLetter(now, item.topic, str(refusal), item.payload)
            batch.letters.append(letter)
        batch.after.append(item.done)
        self._note_number(message, batch)

    @staticmethod
    def _note_number(message: Message, batch: Batch) -> None:
        if message.boot is not None and message.seq is not None:
            batch.boots[message.kind, message.device, message.boot] = None

    def _execute(self, order: Order, batch: Batch, now: int) -> None:
        try:
            answer, events = self._shop.execute(order.command, now)
        except Refused as refusal:
            reason = refusal
            batch.after.append(lambda: order.answer.set_exception(reason))
            return
        if not isinstance(order.command, Question):
            batch.taken.append(order)
        batch.events += events
        batch.after.append(lambda: order.answer.set_result(answer))

    def _tell_time(self) -> int:
        """Give the time, which never runs backwards for the rules, even if the clock does."""
        self._now = max(self._now, self._clock())
        return self._now


def _set_aside(item: Work, fault: Exception, now: int) -> Work:
    reason = f"internal fault: {fault!r}"
    if isinstance(item, Arrival):
        envelope = replace(item.message, readings=())
        return Rejection(DeadLetter(now, item.topic, reason, item.payload), item.done, envelope)
    if isinstance(item, Order):
        item.answer.set_exception(fault)
    letter = DeadLetter(now, type(item).__name__, reason, b"")
    return Rejection(letter, lambda: None)
