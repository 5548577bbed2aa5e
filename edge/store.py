"""The one writer: state and event log in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import (
    Connection,
    Engine,
    Table,
    delete,
    func,
    insert,
    select,
    tuple_,
    union,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from edge import tables
from edge.airtime import Pace
from edge.answers import Given
from edge.checkout import Lane, Sale
from edge.counters import Counter
from edge.deliveries import Delivery
from edge.events import Event
from edge.health import Device, DeviceConfig
from edge.hearing import Antenna, Reader
from edge.inventory import Count, ProductRow
from edge.items import Item
from edge.labels import Label, Picture
from edge.levels import Level
from edge.occupancy import Headcount
from edge.price_sets import PriceSet
from edge.pricebook import Entry
from edge.pricing import Price
from edge.prior_prices import PriorPrice
from edge.rows import Rows
from edge.sequences import Sequence as Sequence_
from edge.state import State
from edge.stocktakes import Find, Stocktake
from edge.strays import Stray
from edge.traces import Trace
from edge.traffic import HeatMap, LineMinute, Occupancy
from edge.wire import LoggedEvent, encode_event

# Each table of the state with the rows that it holds; those that are only written stay on disk.
_KEPT: dict[str, tuple[Table, type[Any]]] = {
    "items": (tables.items, Item),
    "traces": (tables.traces, Trace),
    "readers": (tables.readers, Reader),
    "antennas": (tables.antennas, Antenna),
    "strays": (tables.strays, Stray),
    "counts": (tables.counts, Count),
    "levels": (tables.levels, Level),
    "products": (tables.products, ProductRow),
    "deliveries": (tables.deliveries, Delivery),
    "stocktakes": (tables.stocktakes, Stocktake),
    "finds": (tables.finds, Find),
    "answers": (tables.answers, Given),
    "prices": (tables.prices, Price),
    "book": (tables.book, Entry),
    "price_sets": (tables.price_sets, PriceSet),
    "prior_prices": (tables.prior_prices, PriorPrice),
    "paces": (tables.paces, Pace),
    "labels": (tables.labels, Label),
    "pictures": (tables.pictures, Picture),
    "lanes": (tables.lanes, Lane),
    "sales": (tables.sales, Sale),
    "minutes": (tables.minutes, LineMinute),
    "occupancy": (tables.occupancy, Occupancy),
    "headcounts": (tables.headcounts, Headcount),
    "counters": (tables.counters, Counter),
    "heat": (tables.heat, HeatMap),
    "devices": (tables.devices, Device),
    "configs": (tables.configs, DeviceConfig),
    "sequences": (tables.sequences, Sequence_),
}
_WRITTEN_ONLY = {"pictures", "heat"}


LOADED = 5_000  # rows that are fetched at once

# Both dialects speak the same ON CONFLICT, but SQLAlchemy gives it no common type.
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Cursor(Struct, frozen=True):
    """How far a consumer has come in the log, and what became of the events up to there.

    Events up to `position` = delivered + coalesced + filtered + refused.
    """

    consumer: str
    position: int = 0
    delivered: int = 0
    coalesced: int = 0
    filtered: int = 0
    refused: int = 0


class DeadLetter(Struct, frozen=True):
    """What broke the contract: `source` is its topic or sink, `time` epoch ms."""

    time: int
    source: str
    reason: str
    payload: bytes


class Store:
    """Loads the state, and commits what changed together with the events that tell of it."""

    def __init__(
        self,
        engine: Engine,
        epoch: int | None = None,
        facts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Write to this database; `epoch` is made once in its life.

        One that is new gets this epoch (None: the clock's) and these facts.
        """
        self._engine = engine
        self._insert = _INSERTS[engine.dialect.name]
        self.epoch = self._the_epoch(epoch, facts)
        self._head = 0

    def load(self) -> State:
        """Read the state as it was last committed."""
        with self._engine.connect() as connection:
            loaded: dict[str, Rows[Any, Any]] = {
                name: Rows() if name in _WRITTEN_ONLY else _rows(connection, table, row)
                for name, (table, row) in _KEPT.items()
            }
            self._head = connection.scalar(select(func.max(tables.events.c.position))) or 0
        return State(**loaded)

    def cursors(self, consumers: Sequence[str]) -> dict[str, Cursor]:
        """Read how far each of these consumers has come; what is kept of others is let go.

        The log keeps what the slowest consumer has not got: one that was taken out of the
        configuration must not hold it back, and a new one does from now on.
        """
        cursors = tables.cursors
        with self._engine.begin() as connection:
            connection.execute(delete(cursors).where(cursors.c.consumer.not_in(consumers)))
            rows = connection.execute(select(cursors)).mappings()
            known = {row["consumer"]: Cursor(**row) for row in rows}
            new = {name: Cursor(name) for name in consumers if name not in known}
            self._upsert_rows(connection, cursors, [asdict(cursor) for cursor in new.values()])
        return known | new

    def commit(
        self,
        state: State,
        events: Sequence[Event],
        now: int,
        *,
        cursors: Iterable[Cursor] = (),
        dead_letters: Iterable[DeadLetter] = (),
        retried: Iterable[int] = (),
        times: Sequence[int] = (),
        facts: Mapping[str, str] = MappingProxyType({}),
    ) -> list[LoggedEvent]:
        """Write all of it in one transaction; when this returns, it is on disk.

        The events became true at `now`, or each at its own of `times`.
        """
        with self._engine.begin() as connection:
            for section in fields(State):
                self._save(connection, section.name, getattr(state, section.name))
            logged = self._append(connection, events, times or [now] * len(events))
            rows = [{"name": name, "value": value} for name, value in facts.items()]
            self._upsert_rows(connection, tables.facts, rows)
            self._upsert_rows(connection, tables.cursors, [asdict(row) for row in cursors])
            letters = [asdict(letter) for letter in dead_letters]
            if letters:
                connection.execute(insert(tables.dead_letters), letters)
            gone = list(retried)
            if gone:
                dead = tables.dead_letters
                connection.execute(delete(dead).where(dead.c.id.in_(gone)))
        self._head += len(logged)
        return logged

    def prune(self, before: int) -> None:
        """Delete what is older than `before` and what nobody waits for any more."""
        log, heat, pictures = tables.events, tables.heat, tables.pictures
        with self._engine.begin() as connection:
            done = connection.scalar(select(func.min(tables.cursors.c.position))) or 0
            kept = select(tables.newest.c.position)
            connection.execute(
                delete(log).where(
                    log.c.time < before,
                    log.c.position <= done,
                    log.c.position < self._head,
                    log.c.position.not_in(kept),
                )
            )
            dead = tables.dead_letters
            connection.execute(delete(dead).where(dead.c.time < before))
            connection.execute(delete(heat).where(heat.c.end < before))
            labels = tables.labels
            shown = union(
                select(labels.c.image).where(labels.c.image.is_not(None)),
                select(labels.c.confirmed).where(labels.c.confirmed.is_not(None)),
            )
            connection.execute(
                delete(pictures).where(pictures.c.at < before, pictures.c.image.not_in(shown))
            )

    def add_token(self, token_hash: str, name: str, role: str, now: int) -> None:
        """Let a token in."""
        row = {"hash": token_hash, "name": name, "role": role, "created": now}
        with self._engine.begin() as connection:
            connection.execute(insert(tables.tokens), row)

    def revoke_token(self, name: str, now: int) -> int:
        """Shut out all tokens of this name; gives how many they were."""
        tokens = tables.tokens
        with self._engine.begin() as connection:
            done = connection.execute(
                update(tokens).where(tokens.c.name == name, tokens.c.revoked.is_(None)),
                {"revoked": now},
            )
            return done.rowcount

    def _the_epoch(self, epoch: int | None, others: Mapping[str, str]) -> int:
        facts = tables.facts
        with self._engine.begin() as connection:
            found = connection.scalar(select(facts.c.value).where(facts.c.name == "epoch"))
            if found is None:
                found = str(int(time.time()) if epoch is None else epoch)
                new = {"epoch": found, **others}
                rows = [{"name": name, "value": value} for name, value in new.items()]
                connection.execute(insert(facts), rows)
        return int(found)

    def _save(self, connection: Connection, name: str, rows: Rows[Any, Any]) -> None:
        put, dropped = rows.collect()
        table, _ = _KEPT[name]
        self._upsert_rows(connection, table, [asdict(row) for row in put])
        if dropped:
            key = list(table.primary_key)
            keys = [k if isinstance(k, tuple) else (k,) for k in dropped]
            connection.execute(delete(table).where(tuple_(*key).in_(keys)))

    def _upsert_rows(
        self, connection: Connection, table: Table, rows: list[dict[str, Any]]
    ) -> None:
        if not rows:
            return
        statement = self._insert(table)
        key = [column.name for column in table.primary_key]
        changed = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if column.name not in key
        }
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changed), rows)

    def _append(
        self, connection: Connection, events: Sequence[Event], times: Sequence[int]
    ) -> list[LoggedEvent]:
        if not events:
            return []
        logged = [
            LoggedEvent(n, f"{self.epoch}.{n}", event.type, event.subject, at, encode_event(event))
            for n, (event, at) in enumerate(zip(events, times, strict=True), self._head + 1)
        ]
        rows = [
            {**asdict(row), "level": event.level} for row, event in zip(logged, events, strict=True)
        ]
        connection.execute(insert(tables.events), rows)
        levels = {
            (row.type, row.subject): row.position
            for row, event in zip(logged, events, strict=True)
            if event.level
        }
        self._upsert_rows(
            connection,
            tables.newest,
            [
                {"type": kind, "subject": subject, "position": position}
                for (kind, subject), position in levels.items()
            ],
        )
        return logged


def fact_of(engine: Engine, name: str) -> str | None:
    """Read a fact about a database, None where it has none of this name."""
    facts = tables.facts
    with engine.connect() as connection:
        return connection.scalar(select(facts.c.value).where(facts.c.name == name))


def _rows(connection: Connection, table: Table, row: type[Any]) -> Rows[Any, Any]:
    """Read a table: 100,000 tags are to be there within seconds, so no row becomes a mapping."""
    names = row.__struct_fields__
    statement = select(*[table.c[name] for name in names])
    if table is tables.minutes:
        statement = statement.where(table.c.told.is_(False))
    key_of = itemgetter(*[names.index(column.name) for column in table.primary_key])
    found = connection.execute(statement.execution_options(yield_per=LOADED))
    return Rows((key_of(values), row(*values)) for values in found)
