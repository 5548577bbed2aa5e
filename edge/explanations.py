"""Why each unit is where it is and why each level is what it is, read from what is on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.json import decode
from sqlalchemy import (
    Connection,
    Engine,
    Select,
    Text,
    and_,
    case,
    func,
    or_,
    select,
    type_coerce,
)

from edge import tables
from edge.config import Settings
from edge.events import Cause, Event, Evidence, ItemChanged, Standing, StockChanged, moment
from edge.hearing import LOOK_MS, Antenna
from edge.items import ON_HAND, UNSURE, Item
from edge.levels import Level
from edge.reasons import Facts, Held, why_changed, why_item, why_stock
from edge.traces import Trace
from edge.wire import LoggedEvent
from edge.witnesses import Point, Statement, Witness, course, probability, statements

HISTORY = 100  # changes of an item that its answer tells
NAMED = 20  # units that an answer names

_EVENT = [tables.events.c[name] for name in LoggedEvent.__struct_fields__]


class ItemRow(Item, frozen=True, kw_only=True):
    """An item, the antenna at its place or at its last one, and the last read there (epoch ms)."""

    device: str | None
    antenna: int | None
    rssi: float | None
    seen: int | None


class Step(Struct, frozen=True):
    """A change of an item, and its place in the log."""

    time: datetime
    position: int
    state: str
    zone: str | None
    shelf: str | None
    reason: str
    previous: Standing
    sale: str | None
    evidence: Evidence | None
    ref: str
    note: str


class ItemWhy(Struct, frozen=True):
    """Why an item is where it is; `probability` is None where no antenna reads it at its place."""

    item: ItemRow
    probability: float | None
    probability_over_time: list[Point]
    reads: list[Statement]
    why: str
    history: list[Step]


class UnsureUnit(Struct, frozen=True):
    """A unit on hand that is not surely there: `moving`, `returned`, or in `doubt`."""

    epc: str
    reason: str


class StockWhy(Struct, frozen=True):
    """What a product's level is made of; `unsure` and `missing` name twenty units at most."""

    by_state: dict[str, int]
    owed: int
    unsure: list[UnsureUnit]
    missing: list[str]
    sentence: str


class LevelStep(Struct, frozen=True):
    """A level as it was published, why it was, and its place in the log."""

    time: datetime
    position: int
    epoch: int
    version: int
    on_hand: int
    on_hand_low: int
    on_hand_high: int
    available: int
    stale: bool
    causes: tuple[Cause, ...]
    why: str


class Explanations:
    """Explains items and levels; each answer is read on a connection of its own."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        """Read from this database; the settings give the shop's clocks."""
        self._engine = engine
        self._zone = ZoneInfo(settings.store.timezone)

    # Items

    def items(
        self, *, gtin: str | None, state: str | None, zone: str | None, after: str, limit: int
    ) -> list[ItemRow]:
        """Give tagged items by EPC, from the one after `after` on."""
        items = tables.items
        statement = _items().where(items.c.epc > after)
        for column, wanted in ((items.c.gtin, gtin), (items.c.state, state), (items.c.zone, zone)):
            if wanted is not None:
                statement = statement.where(column == wanted)
        with self._engine.connect() as connection:
            rows = connection.execute(statement.order_by(items.c.epc).limit(limit)).mappings()
            return [ItemRow(**row) for row in rows]

    def item(self, epc: str, now: int) -> ItemWhy | None:
        """Explain a tagged item at a time (epoch ms); None for one that was never seen."""
        with self._engine.connect() as connection:
            row = connection.execute(_items().where(tables.items.c.epc == epc)).mappings().first()
            if row is None:
                return None
            trace = _trace(connection, epc)
            witnesses = _witnesses(connection, trace)
            history = _item_history(connection, epc)
        item, said, seat = ItemRow(**row), statements(trace, witnesses), witnesses.get(trace.seat)
        chance = probability(trace, seat.antenna) if seat else None
        return ItemWhy(
            item=item,
            probability=chance,
            probability_over_time=course(trace, seat.antenna, now) if seat else [],
            reads=said,
            why=why_item(self._facts(item, trace, said, chance, history[:1], now)),
            history=history,
        )

    def _facts(
        self,
        item: Item,
        trace: Trace,
        said: list[Statement],
        chance: float | None,
        newest: list[Step],
        now: int,
    ) -> Facts:
        by = {statement.role: statement for statement in reversed(said)}
        return Facts(
            item=item,
            now=moment(now).astimezone(self._zone),
            since=moment(item.since).astimezone(self._zone),
            seen=moment(trace.seen) if trace.seen else None,
            seat=by.get("seat"),
            home=by.get("home"),
            rival=by.get("rival"),
            doubt=trace.doubt,
            probability=chance,
            evidence=newest[0].evidence if newest else None,
            previous=newest[0].previous if newest else None,
            told=", ".join(filter(None, (newest[0].ref, newest[0].note))) if newest else "",
        )

    # Levels

    def causes(self, gtins: Sequence[str]) -> dict[str, tuple[Cause, ...]]:
        """Give what caused the newest level of each of these products."""
        log, newest = tables.events, tables.newest
        statement = (
            select(log.c.data)
            .join(newest, newest.c.position == log.c.position)
            .where(newest.c.type == StockChanged.type, newest.c.subject.in_(gtins))
        )
        with self._engine.connect() as connection:
            levels = [decode(data, type=StockChanged) for data in connection.scalars(statement)]
        return {level.gtin: level.causes for level in levels}

    def stock(self, level: Level) -> StockWhy:
        """Explain a product's newest level."""
        items, products = tables.items, tables.products
        with self._engine.connect() as connection:
            by_state, doubts = _states(connection, level.gtin)
            unsure = _unsure(connection, level.gtin)
            missing = connection.scalars(
                select(items.c.epc)
                .where(items.c.gtin == level.gtin, items.c.state == "missing")
                .order_by(items.c.since.desc(), items.c.epc)
                .limit(NAMED)
            ).all()
            product = connection.scalar(
                select(products.c.product).where(products.c.gtin == level.gtin)
            )
        tagged = product is None or product.tracking == "item"
        held = Held(
            on_hand=level.on_hand,
            unsure={**{state: by_state[state] for state in sorted(UNSURE)}, "doubt": doubts},
            missing=by_state["missing"],
            owed=level.owed,
            in_basket=level.in_basket,
            reserved=level.reserved,
            safety=level.safety,
            available=level.available,
            stale_zones=level.stale_zones,
            tagged=tagged,
        )
        return StockWhy(dict(by_state), level.owed, unsure, list(missing), why_stock(held))

    def history(self, gtin: str, before: int | None, limit: int) -> list[LevelStep]:
        """Give the levels of a product, the newest first, from before a position of the log on."""
        with self._engine.connect() as connection:
            logged = _events(connection, StockChanged, gtin, before, limit + 1)
        levels = [decode(event.data, type=StockChanged) for event in logged]
        earlier = [*levels[1:], None]
        return [
            _level_step(event, level, last)
            for event, level, last in zip(logged, levels, earlier, strict=True)
        ][:limit]


def _items() -> Select[Any]:
    """Select items; `seen` is as `edge.witnesses` has it: the last read at the place itself."""
    items, traces, antennas = tables.items, tables.traces, tables.antennas
    read = antennas.c.heard - LOOK_MS * (antennas.c.looks - traces.c.looks)
    overheard = type_coerce(traces.c.rivals, Text) != "[]"
    seen = case((and_(overheard, read < traces.c.seen), read), else_=traces.c.seen)
    return (
        select(items, antennas.c.device, antennas.c.antenna, traces.c.rssi, seen.label("seen"))
        .outerjoin(traces, traces.c.epc == items.c.epc)
        .outerjoin(antennas, antennas.c.id == traces.c.home)
        .where(items.c.state != "unknown")
    )


def _trace(connection: Connection, epc: str) -> Trace:
    traces = tables.traces
    row = connection.execute(select(traces).where(traces.c.epc == epc)).mappings().first()
    return Trace(**row) if row else Trace(epc)


def _witnesses(connection: Connection, trace: Trace) -> dict[int, Witness]:
    """Give the antennas of a trace by their ids."""
    names = [trace.seat, trace.home, *(rival.antenna for rival in trace.rivals)]
    antennas, readers = tables.antennas, tables.readers
    statement = (
        select(antennas, readers.c.silent)
        .join(readers, readers.c.device == antennas.c.device)
        .where(antennas.c.id.in_(names))
    )
    found = {}
    for row in connection.execute(statement).mappings():
        antenna = Antenna(**{name: row[name] for name in Antenna.__struct_fields__})
        found[antenna.id] = Witness(antenna, not (antenna.off or row["silent"]))
    return found


def _events(
    connection: Connection, kind: type[Event], subject: str, before: int | None, limit: int
) -> list[LoggedEvent]:
    log = tables.events
    statement = select(*_EVENT).where(log.c.type == kind.type, log.c.subject == subject)
    if before is not None:
        statement = statement.where(log.c.position < before)
    newest = statement.order_by(log.c.position.desc()).limit(limit)
    return [LoggedEvent(*row) for row in connection.execute(newest)]


def _item_history(connection: Connection, epc: str) -> list[Step]:
    steps = []
    for logged in _events(connection, ItemChanged, epc, None, HISTORY):
        change = decode(logged.data, type=ItemChanged)
        step = Step(
            time=moment(logged.time),
            position=logged.position,
            state=change.state,
            zone=change.zone,
            shelf=change.shelf,
            reason=change.reason,
            previous=change.previous,
            sale=change.sale,
            evidence=change.evidence,
            ref=change.ref,
            note=change.note,
        )
        steps.append(step)
    return steps


def _level_step(logged: LoggedEvent, level: StockChanged, last: StockChanged | None) -> LevelStep:
    return LevelStep(
        time=moment(logged.time),
        position=logged.position,
        epoch=level.epoch,
        version=level.version,
        on_hand=level.on_hand,
        on_hand_low=level.on_hand_low,
        on_hand_high=level.on_hand_high,
        available=level.available,
        stale=level.stale,
        causes=level.causes,
        why=why_changed(last, level),
    )


# What a level is made of


def _states(connection: Connection, gtin: str) -> tuple[Counter[str], int]:
    """Count the items of a product by state, and those that stand but are in doubt."""
    items, traces = tables.items, tables.traces
    statement = (
        select(items.c.state, traces.c.doubt, func.count())
        .outerjoin(traces, traces.c.epc == items.c.epc)
        .where(items.c.gtin == gtin)
        .group_by(items.c.state, traces.c.doubt)
    )
    states: Counter[str] = Counter()
    doubts = 0
    for state, doubt, n in connection.execute(statement):
        states[state] += n
        doubts += n if doubt and state not in UNSURE else 0
    return states, doubts


def _unsure(connection: Connection, gtin: str) -> list[UnsureUnit]:
    items, traces = tables.items, tables.traces
    statement = (
        select(items.c.epc, items.c.state)
        .outerjoin(traces, traces.c.epc == items.c.epc)
        .where(
            items.c.gtin == gtin,
            items.c.state.in_(ON_HAND),
            or_(items.c.state.in_(UNSURE), traces.c.doubt),
        )
        .order_by(items.c.since.desc(), items.c.epc)
        .limit(NAMED)
    )
    return [
        UnsureUnit(epc, state if state in UNSURE else "doubt")
        for epc, state in connection.execute(statement)
    ]
