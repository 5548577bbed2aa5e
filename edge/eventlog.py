"""Reads of the event log: pages of it, and what a consumer at a position is still to get."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from msgspec import Struct
from sqlalchemy import Connection, Engine, and_, func, or_, select

from edge import tables
from edge.events import EVENTS
from edge.wire import LoggedEvent

_COLUMNS = [tables.events.c[name] for name in LoggedEvent.__struct_fields__]


class Portion(Struct, frozen=True):
    """What a consumer gets next, and what became of the log from its cursor up to `upto`.

    `coalesced` events were replaced by newer ones of the same subject, `filtered` are of types
    that the consumer does not want.
    """

    events: tuple[LoggedEvent, ...]
    upto: int
    coalesced: int
    filtered: int


class EventLog:
    """The log, for readers; each read is on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        """Read from this database."""
        self._engine = engine

    def head(self) -> int:
        """Give the position of the newest event, 0 when there is none."""
        with self._engine.connect() as connection:
            return _head(connection)

    def oldest(self) -> int:
        """Give the position of the oldest event that is still kept, 0 when there is none."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.min(tables.events.c.position))) or 0

    def page(self, after: int, limit: int, types: Sequence[str] = ("*",)) -> list[LoggedEvent]:
        """Give up to `limit` events after a position, the oldest first."""
        log = tables.events
        statement = (
            select(*_COLUMNS)
            .where(log.c.position > after, log.c.type.in_(matching(types)))
            .order_by(log.c.position)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [LoggedEvent(*row) for row in connection.execute(statement)]

    def between(
        self, start: int, end: int, types: Sequence[str], after: int, limit: int
    ) -> list[LoggedEvent]:
        """Give up to `limit` events of a span of time (epoch ms, `end` is not in it).

        They come in the order of the log, from the one after the position `after` on.
        """
        log = tables.events
        statement = (
            select(*_COLUMNS)
            .where(
                log.c.position > after,
                log.c.time >= start,
                log.c.time < end,
                log.c.type.in_(matching(types)),
            )
            .order_by(log.c.position)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [LoggedEvent(*row) for row in connection.execute(statement)]

    def portion(self, after: int, limit: int, types: Sequence[str]) -> Portion:
        """Give the next events for a consumer: every fact, and of each level only the newest."""
        log, newest = tables.events, tables.newest
        wanted = log.c.type.in_(matching(types))
        current = select(newest.c.position).where(
            newest.c.type == log.c.type, newest.c.subject == log.c.subject
        )
        with self._engine.connect() as connection:
            head = _head(connection)
        statement = (
            select(*_COLUMNS)
            .where(
                log.c.position > after,
                log.c.position <= head,  # the log may grow between two reads
                wanted,
                or_(log.c.level.is_(False), log.c.position == current.scalar_subquery()),
            )
            .order_by(log.c.position)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            events = tuple(LoggedEvent(*row) for row in connection.execute(statement))
            upto = events[-1].position if len(events) == limit else max(head, after)
            passed = and_(log.c.position > after, log.c.position <= upto)
            total = connection.scalar(select(func.count()).where(passed)) or 0
            of_type = connection.scalar(select(func.count()).where(passed, wanted)) or 0
        return Portion(events, upto, of_type - len(events), total - of_type)


def matching(patterns: Sequence[str]) -> list[str]:
    """Give the event types that a list of patterns such as `store.stock.*` means."""
    names = [event.type for event in EVENTS]
    return [name for name in names if any(fnmatchcase(name, p) for p in patterns)]


def _head(connection: Connection) -> int:
    return connection.scalar(select(func.max(tables.events.c.position))) or 0
