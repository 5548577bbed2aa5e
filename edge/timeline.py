"""The one order of a recording: what happened when, however its lines were shuffled or doubled.

A message happened when its newest reading was taken, if that is at most a minute before it was
recorded (the devices' clocks are usually right), else when it was recorded; so did all that tells
no time. Of one moment come messages first, by device, boot, seq, topic and payload, then commands
and link lines as they are numbered: a command was never answered before it was on disk, so no
message of the same batch followed from it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Any, get_args

import msgspec
from msgspec import Struct

from edge.commands import Command
from edge.errors import ContractError
from edge.readings import (
    CodeScanned,
    LabelReported,
    LabelShown,
    Message,
    PeopleCrossed,
    PeopleSeen,
    PresenceMapped,
    ProblemReported,
    SaleReported,
    TagsRead,
    WeightRead,
)
from edge.recording import Asked, Founded, Heard, Line, Linked

CLOCK_MS = 60_000  # how old a reading may be for its device's clock to be believed
DISORDER_MS = 60_000  # how far a line may stand behind later ones; beyond, it counts as later too
BUFFER_MS = CLOCK_MS + DISORDER_MS  # no line can still come that happened this long ago

Key = tuple[int, int, int, str, str, int, str, bytes]
_RANKS = {command: f"{rank:02}" for rank, command in enumerate(get_args(Command), start=1)}
_TIMES: dict[type[Any], Callable[[Any], int]] = {
    TagsRead: lambda reading: max([read.t for read in reading.reads], default=0),
    PeopleCrossed: lambda reading: max([crossing.t for crossing in reading.crossings], default=0),
    PresenceMapped: lambda reading: reading.end,
    **dict.fromkeys(
        (
            CodeScanned,
            LabelReported,
            LabelShown,
            PeopleSeen,
            ProblemReported,
            SaleReported,
            WeightRead,
        ),
        lambda reading: reading.t,
    ),
}
_encode = msgspec.json.Encoder().encode


class Spot(Struct, frozen=True, order=True):
    """A place in the order: the `number`th entry (from 1) of the moment `time` (epoch ms)."""

    time: int = -1
    number: int = 0


class Entry(Struct, frozen=True):
    """Something that happened, at its place.

    `message` is what a line that was heard says; with a `breach` it is the envelope alone, or
    None.
    """

    spot: Spot
    line: Heard | Asked | Linked
    message: Message | None = None
    breach: str | None = None


_Waiting = tuple[Key, int, int, Heard | Asked | Linked, Message | None, str | None]


class Timeline:
    """Puts lines into their order, holding two minutes of them; exact repeats are left out.

    `decode` raises ContractError; `envelope` then gives device and number alone, if they can be
    read. Entries up to `after` are passed over.
    """

    def __init__(
        self,
        decode: Callable[[str, bytes], Message],
        envelope: Callable[[str, bytes], Message | None],
        after: Spot = Spot(),  # noqa: B008  (frozen)
    ) -> None:
        """Begin with nothing."""
        self._decode = decode
        self._envelope = envelope
        self._after = after
        self._heap: list[_Waiting] = []
        self._founded: Founded | None = None
        self._start: int | None = None
        self._last: Key | None = None
        self._spot = Spot()
        self.lines = 0
        self.repeats = 0
        self.newest = -1

    @property
    def epoch(self) -> int:
        """The epoch that was recorded in the first two minutes, or else their first second.

        Known once the first entry came out.
        """
        return self._founded.epoch if self._founded else (self._start or 0) // 1000

    def order(self, lines: Iterable[Line]) -> Iterator[Entry]:
        """Give what happened, in order."""
        for line in lines:
            self.lines += 1
            self._take(line)
            yield from self._release(self.newest - BUFFER_MS)
        yield from self._release(None)

    def _take(self, line: Line) -> None:
        at = max(line.at, self.newest - DISORDER_MS)
        self.newest = max(self.newest, at)
        if self._start is None or self.newest - self._start <= BUFFER_MS:
            self._begin(line)
        if isinstance(line, Founded) or at < self._after.time:
            return
        message, breach = self._read(line) if isinstance(line, Heard) else (None, None)
        key = _key(line, at, message, breach)
        # Of repeats the one that was recorded first stands for all.
        heapq.heappush(self._heap, (key, line.at, self.lines, line, message, breach))

    def _begin(self, line: Line) -> None:
        self._start = line.at if self._start is None else min(self._start, line.at)
        if isinstance(line, Founded) and (not self._founded or line.at < self._founded.at):
            self._founded = line

    def _read(self, line: Heard) -> tuple[Message | None, str | None]:
        try:
            return self._decode(line.topic, line.payload), None
        except ContractError as breach:
            return self._envelope(line.topic, line.payload), str(breach)

    def _release(self, before: int | None) -> Iterator[Entry]:
        heap = self._heap
        if before is not None and (self._start is None or before <= self._start):
            return  # the epoch may still change
        while heap and (before is None or heap[0][0][0] < before):
            key, _, _, line, message, breach = heapq.heappop(heap)
            if key == self._last:
                self.repeats += 1
                continue
            self._last = key
            time = key[0]
            number = self._spot.number + 1 if time == self._spot.time else 1
            self._spot = Spot(time, number)
            if self._after < self._spot:
                yield Entry(self._spot, line, message, breach)


def _key(line: Heard | Asked | Linked, at: int, message: Message | None, breach: str | None) -> Key:
    """Give what sorts a line; one that stands far behind the others sorts by its own time too."""
    behind = line.at - at
    if isinstance(line, Asked):
        return at, behind, 1, "", "", line.n, _RANKS[type(line.command)], _encode(line.command)
    if isinstance(line, Linked):
        return at, behind, 1, "", "", line.n, "", b"1" if line.connected else b"0"
    if message is None:
        return at, behind, 0, "", "", 0, line.topic, line.payload
    boot, seq = message.boot or "", message.seq or 0
    time = None if breach else _time(message, at)
    if time is None:
        return at, behind, 0, message.device, boot, seq, line.topic, line.payload
    return time, 0, 0, message.device, boot, seq, line.topic, line.payload


def _time(message: Message, at: int) -> int | None:
    """Give when a message happened by its device's clock, if that can be believed.

    No reading was taken after it was recorded.
    """
    newest = -1
    for reading in message.readings:
        tells = _TIMES.get(type(reading))
        if tells is not None:
            newest = max(newest, tells(reading))
    return newest if at - CLOCK_MS <= newest <= at else None
