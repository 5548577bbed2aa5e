"""Two tags on one unit: they name the same unit, or always move together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.json import Decoder
from sqlalchemy import Connection, or_, select, tuple_
from sqlalchemy import func as sql

from edge import tables
from edge.events import ItemChanged, moment
from edge.items import INSIDE, SEATED

T = TypeVar("T")

NEAR_MS = 2_000  # what changes place within this changes place together
LEAST_MOVES = 3
SPAN_MS = 7 * 86_400_000  # how far back moves are looked at
MOST_ITEMS = 5_000  # items whose way is looked at, those that moved last
CHUNK = 500
# Reasons of changes that are no moves: a count saw it, time has passed.
STAYS = frozenset({"counted", "restocked"})


class Finding(Struct, Generic[T], frozen=True):
    """How many there are, and some of them."""

    count: int
    items: list[T]


class SameCode(Struct, frozen=True):
    """Tags that name the same unit."""

    gtin: str
    serial: str
    epcs: list[str]


class Together(Struct, frozen=True):
    """Two tags of a product that came to the same places at the same times, and never apart."""

    gtin: str
    epcs: list[str]
    moves: int
    last_moved: datetime


class Move(Struct, frozen=True):
    """A change of an item, of which only the way matters."""

    epc: str
    gtin: str | None
    state: str
    zone: str | None
    shelf: str | None
    reason: str


class Way(Struct, frozen=True):
    """The places to which an item came, and when (epoch ms), the newest first."""

    epc: str
    times: tuple[int, ...]


_decoder = Decoder(Move)


def same_codes(connection: Connection, limit: int) -> Finding[SameCode]:
    """Find tags whose different codes have the same GTIN and serial number."""
    items = tables.items
    inside = items.c.gtin.is_not(None), items.c.state.in_(INSIDE)
    units = connection.execute(
        select(items.c.gtin, items.c.serial)
        .where(*inside)
        .group_by(items.c.gtin, items.c.serial)
        .having(sql.count() > 1)
        .order_by(items.c.gtin, items.c.serial)
    ).all()
    named: dict[tuple[str, str], list[str]] = {(gtin, serial): [] for gtin, serial in units[:limit]}
    tags = select(items.c.gtin, items.c.serial, items.c.epc).where(
        *inside, tuple_(items.c.gtin, items.c.serial).in_(list(named))
    )
    for gtin, serial, epc in connection.execute(tags.order_by(items.c.epc)):
        named[gtin, serial].append(epc)
    return Finding(len(units), [SameCode(*unit, epcs) for unit, epcs in named.items()])


def together(connection: Connection, limit: int, now: int) -> Finding[Together]:
    """Find pairs of tags of a product that always move together, judged at `now` (epoch ms).

    They have come together to where they stand now; that leaves few whose way is to be read.
    """
    moves = _moves(connection, _arrived_together(connection), now - SPAN_MS)
    pairs = sorted(pairs_of(moves), key=lambda pair: (-pair.moves, pair.epcs))
    return Finding(len(pairs), pairs[:limit])


def _arrived_together(connection: Connection) -> list[str]:
    """Give the EPCs of items that came to their places with another one of their product."""
    items, log = tables.items, tables.events
    alike, since = (items.c.gtin, items.c.zone, items.c.shelf), items.c.since
    last = sql.lag(since).over(partition_by=alike, order_by=since)
    following = sql.lead(since).over(partition_by=alike, order_by=since)
    changes = select(sql.count()).where(log.c.subject == items.c.epc).scalar_subquery()
    placed = (
        select(
            items.c.epc,
            since,
            (since - last).label("after"),
            (following - since).label("before"),
        )
        .where(items.c.gtin.is_not(None), items.c.state.in_(SEATED), changes >= LEAST_MOVES)
        .subquery()
    )
    statement = (
        select(placed.c.epc)
        .where(or_(placed.c.after <= NEAR_MS, placed.c.before <= NEAR_MS))
        .order_by(placed.c.since.desc())
        .limit(MOST_ITEMS)
    )
    return list(connection.scalars(statement))


def _moves(connection: Connection, epcs: Sequence[str], start: int) -> Iterator[tuple[int, Move]]:
    """Read the changes of items since a time (epoch ms), the newest first."""
    log = tables.events
    for first in range(0, len(epcs), CHUNK):
        statement = (
            select(log.c.time, log.c.data)
            .where(
                log.c.subject.in_(epcs[first : first + CHUNK]),
                log.c.type == ItemChanged.type,
                log.c.time >= start,
            )
            .order_by(log.c.position.desc())
        )
        for at, data in connection.execute(statement).all():
            yield at, _decoder.decode(data)


def pairs_of(moves: Iterable[tuple[int, Move]]) -> Iterator[Together]:
    """Pair items by their moves, which come with their times (epoch ms), the newest first.

    Three and more that always move together are a box that is carried about, and no pair.
    """
    places: dict[str, list[tuple[str | None, str | None]]] = {}
    times: dict[str, list[int]] = {}
    gtins: dict[str, str] = {}
    for at, move in moves:
        if move.gtin is None or move.state not in SEATED or move.reason in STAYS:
            continue
        gtins[move.epc] = move.gtin
        places.setdefault(move.epc, []).append((move.zone, move.shelf))
        times.setdefault(move.epc, []).append(at)
    alike: dict[tuple[object, ...], list[Way]] = {}
    for epc, went in places.items():
        if len(went) >= LEAST_MOVES:
            way = Way(epc, tuple(times[epc]))
            alike.setdefault((gtins[epc], *went), []).append(way)
    for (gtin, *_), ways in alike.items():
        for group in _in_step(ways):
            if len(group) == 2:  # noqa: PLR2004  (a pair)
                first, second = group
                yield Together(
                    gtin=str(gtin),
                    epcs=sorted([first.epc, second.epc]),
                    moves=len(first.times),
                    last_moved=moment(max(first.times[0], second.times[0])),
                )


def _in_step(ways: Sequence[Way]) -> Iterator[list[Way]]:
    """Group the ways that keep step; all of them lead to the same places."""
    ordered = sorted(ways, key=lambda way: way.times)
    group = ordered[:1]
    for before, way in pairwise(ordered):
        if all(abs(a - b) <= NEAR_MS for a, b in zip(before.times, way.times, strict=True)):
            group.append(way)
        else:
            yield group
            group = [way]
    yield group
