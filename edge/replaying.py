"""The command `store-edge replay`: a recording goes in, the events that follow from it come out."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import typer
from msgspec import Struct

from edge.config import Settings
from edge.errors import RecordingError, Refused
from edge.recording import Heard, read
from edge.replay import Replay
from edge.timeline import Entry, Timeline
from edge.uplinks import CODES, uplink_of
from edge.wire import LoggedEvent, encode_cloudevent

BATCH = 5000  # messages in one transaction


class Portion(Struct, frozen=True, kw_only=True):
    """How much is replayed at once, in messages; None is all of it.

    After each `restart_every` of them shop and database are closed, and opened again from disk;
    after `stop_after` of them the replay ends.
    """

    restart_every: int | None = None
    stop_after: int | None = None


def replay(
    settings: Settings, source: Path, out: Path | None, database: Path | None, portion: Portion
) -> None:
    """Replay a recording into `out`, or to stdout, and sum up on stderr.

    `database` None is a temporary one. One that was begun goes on: then `out` holds all events
    from the first on, and stdout gets those that it has not got yet.
    """
    with ExitStack() as stack:
        if database is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="store-edge-replay-"))
            database = Path(folder) / "replay.db"
        shop = Replay(settings, f"sqlite:///{database.absolute()}", CODES)
        stack.callback(shop.dispose)
        uplink = uplink_of(settings)
        timeline = Timeline(uplink.decode, uplink.envelope, shop.progress.spot)
        entries = _begin(shop, timeline, source)
        target = stack.enter_context(out.open("wb")) if out else sys.stdout.buffer
        output = _Output(shop, target, settings.store.id, 0 if out else shop.progress.printed)
        _run(shop, timeline, entries, portion, output)


class _Output:
    """Prints events as CloudEvents, a line each."""

    def __init__(self, shop: Replay, target: BinaryIO, store: str, printed: int) -> None:
        self._shop = shop
        self._target = target
        self._store = store
        self._printed = printed

    def catch_up(self) -> None:
        """Print what is in the database and was not printed."""
        self.print(self._shop.logged(self._printed))

    def print(self, events: Iterable[LoggedEvent]) -> None:
        """Print events that are on disk."""
        for event in events:
            self._target.write(encode_cloudevent(event, self._store) + b"\n")
            self._printed = event.position
        self._target.flush()
        self._shop.note_printed(self._printed)


def _begin(shop: Replay, timeline: Timeline, source: Path) -> Iterator[Entry]:
    """Build the shop, and give what happens in it; nothing is written before the log is found."""
    entries = timeline.order(read(source))
    first = next(entries, None)
    _check(shop, timeline, source, first)
    shop.begin(timeline.epoch, first.spot.time if first else timeline.newest)
    return chain([first] if first else [], entries)


def _run(
    shop: Replay, timeline: Timeline, entries: Iterator[Entry], portion: Portion, output: _Output
) -> None:
    started, begin = time.monotonic(), shop.progress.ticked
    output.catch_up()
    if _play(shop, entries, portion, output):
        output.print(shop.finish(timeline.newest, timeline.lines))
    shop.rest()
    seconds = time.monotonic() - started
    typer.echo(_summary(shop, timeline.repeats, begin, seconds), err=True)


def _check(shop: Replay, timeline: Timeline, source: Path, first: Entry | None) -> None:
    if not timeline.lines:
        raise RecordingError(str(source), 0, "a line at least", "none")
    done = shop.progress.lines
    if done is not None and (first is not None or done != timeline.lines):
        raise Refused(
            f"expected the {done} lines of {source} that this database has to their end, came "
            "others: name a database that does not exist yet"
        )


def _play(shop: Replay, entries: Iterator[Entry], portion: Portion, output: _Output) -> bool:
    """Let the shop take the entries; False when the portion ended before the recording did."""
    done = 0
    while done != portion.stop_after:
        batch = _batch(entries, _room(done, portion))
        if not batch:
            return True
        output.print(shop.take(batch))
        done += sum(isinstance(entry.line, Heard) for entry in batch)
        if portion.restart_every and done % portion.restart_every == 0:
            shop.reopen()
    return False


def _room(done: int, portion: Portion) -> int:
    """Give how many messages the next batch may have."""
    room = BATCH
    if portion.restart_every:
        room = min(room, portion.restart_every - done % portion.restart_every)
    if portion.stop_after:
        room = min(room, portion.stop_after - done)
    return room


def _batch(entries: Iterator[Entry], messages: int) -> list[Entry]:
    """Take the next entries, up to so many messages."""
    batch: list[Entry] = []
    for entry in entries:
        batch.append(entry)
        messages -= isinstance(entry.line, Heard)
        if not messages:
            break
    return batch


def _summary(shop: Replay, repeats: int, begin: int, seconds: float) -> str:
    tally, lived = shop.tally, (shop.progress.ticked - begin) / 1000
    return (
        f"{tally.messages} messages, {repeats} repeats dropped, {tally.letters} dead letters, "
        f"{tally.commands} commands ({tally.refused} refused), {tally.events} events; "
        f"{lived:.0f} s of the shop in {seconds:.1f} s, {lived / seconds:.0f} times as fast"
    )
