"""The command `store-edge epcis`: what is in the log for a span of time, as an EPCIS document."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from cloud_bridge.epcis import TYPES, Site, document, object_events
from devices.rfid.epc import Tag, decode
from edge.config import Settings
from edge.errors import DatabaseError, Refused
from edge.eventlog import EventLog
from edge.wire import LoggedEvent

PAGE = 1000  # events in memory at once
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def capture(settings: Settings, start: str, end: str, out: Path | None) -> int:
    """Write the document to a file, or to standard output; gives the number of its events.

    `start` and `end` (which is not in it) are RFC 3339 times with their offset. The database is
    only read. Raises Refused for times that make no span, DatabaseError where there is nothing to
    read.
    """
    begin, until = epoch_ms("--from", start), epoch_ms("--to", end)
    if begin >= until:
        raise Refused(f"expected --from before --to, came {start} and {end}")
    url = make_url(settings.database.url)
    engine = _read_only(url)
    log = EventLog(engine)
    try:
        log.head()  # a database that cannot be read leaves no empty file behind
        with out.open("wb") if out else nullcontext(sys.stdout.buffer) as file:
            return _write(_facts(log, begin, until), site(settings), file)
    except SQLAlchemyError as fault:
        raise DatabaseError(
            f"expected the database of a shop at {url!r}, "
            f"came {getattr(fault, 'orig', fault)}: see database.url"
        ) from fault
    finally:
        engine.dispose()


def epoch_ms(option: str, text: str) -> int:
    """Read an RFC 3339 time with its offset as epoch milliseconds.

    Raises Refused, naming the option, for anything else.
    """
    try:
        at = datetime.fromisoformat(text.upper()) if _RFC_3339.fullmatch(text) else None
    except ValueError:
        at = None
    if at is None:
        raise Refused(
            f"{option}: expected an RFC 3339 time with its offset such as "
            f"2026-03-01T09:00:00+08:00, came {text!r}"
        )
    return (at - EPOCH) // timedelta(milliseconds=1)


def site(settings: Settings) -> Site:
    """Give the shop as EPCIS names it."""
    return Site(
        store=settings.store.id,
        timezone=settings.store.timezone,
        zones={zone.id: zone.kind for zone in settings.zones},
        lanes={lane.id: lane.zone for lane in settings.lanes},
        link=_link,
        gln=settings.store.gln,
    )


def _link(epc: str) -> str | None:
    """Name what a tag is on; a date, which some tags hold, is no part of the name."""
    tag = decode(epc)
    return tag.digital_link.partition("?")[0] if isinstance(tag, Tag) else None


def _facts(log: EventLog, start: int, end: int) -> Iterator[LoggedEvent]:
    after = 0
    while page := log.between(start, end, TYPES, after, PAGE):
        yield from page
        after = page[-1].position


def _write(facts: Iterator[LoggedEvent], shop: Site, file: BinaryIO) -> int:
    pieces = 0
    for piece in document(object_events(facts, shop), time.time_ns() // 1_000_000):
        file.write(piece)
        pieces += 1
    return pieces - 2  # the beginning and the end of the document hold no event


def _read_only(url: URL) -> Engine:
    """Open a database that is not migrated, not created, and may be in use by the gateway."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url, execution_options={"postgresql_readonly": True})
    file = url.set(database=f"file:{quote(url.database or '')}")
    return create_engine(file.update_query_dict({"mode": "ro", "uri": "true"}))
