"""The tagging audit: what is wrong with the tags of a shop, and with where they stand.

Only what is in the shop counts: what was sold or has left is nobody's work any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Engine, Select, case, func, select, tuple_

from edge import tables
from edge.commands import Product
from edge.config import Settings
from edge.events import moment
from edge.items import INSIDE, ON_HAND, SEATED
from edge.traces import ENOUGH
from edge.twins import Finding, SameCode, Together, same_codes, together
from edge.views import TagView

LONG_MS = 86_400_000  # a product on hand that no reader reads for so long is not read
HARD_GAP = 10.0  # looks from read to read, beyond which a tag is badly placed
MOST = 0.75  # the share of a product's units that makes a zone of the sales floor its home
LEAST_UNITS = 3  # units there that make it


class OddTag(Struct, frozen=True):
    """A tag that names no unit of a product; `error` says what is wrong with its code."""

    epc: str
    scheme: str | None
    uri: str | None
    fault: str | None
    error: str | None
    zone: str | None
    shelf: str | None
    last_seen: datetime | None


class UnknownProduct(Struct, frozen=True):
    """Tags whose product nobody has put; one of them is named."""

    gtin: str
    tags: int
    epc: str


class Unread(Struct, frozen=True):
    """A product that no reader reads."""

    gtin: str
    name: str
    on_hand: int
    last_seen: datetime | None


class HardTag(Struct, frozen=True):
    """A tag that the antenna at its place hardly reads."""

    epc: str
    gtin: str | None
    device: str
    antenna: int
    zone: str
    shelf: str | None
    read_rate: float


class Misplaced(Struct, frozen=True):
    """A unit on the sales floor that stands in another zone than most of its product: `home`."""

    epc: str
    gtin: str
    zone: str
    shelf: str | None
    home: str


class Audit(Struct, frozen=True):
    """All findings among `tags` tags."""

    as_of: datetime
    tags: int
    same_code: Finding[SameCode]
    together: Finding[Together]
    wrongly_encoded: Finding[OddTag]
    foreign: Finding[OddTag]
    other_keys: Finding[OddTag]
    unknown_products: Finding[UnknownProduct]
    never_read: Finding[Unread]
    not_read: Finding[Unread]
    hard_to_read: Finding[HardTag]
    misplaced: Finding[Misplaced]


class Tally(Struct, frozen=True):
    """The tags of a product: how many are inside and on hand, the newest read (epoch ms)."""

    gtin: str
    inside: int
    on_hand: int
    seen: int
    epc: str | None


class Auditor:
    """Audits the tags of a shop; `describe` tells what a tag's code (hex) stands for."""

    def __init__(
        self, engine: Engine, settings: Settings, describe: Callable[[str], TagView]
    ) -> None:
        """Read from this database; the settings tell the sales floor from the rest."""
        self._engine = engine
        self._describe = describe
        self._floor = [zone.id for zone in settings.zones if zone.kind == "sales"]

    def audit(self, limit: int, now: int) -> Audit:
        """Look at everything at a time (epoch ms); each finding names up to `limit` cases."""
        with self._engine.connect() as connection:
            products = {
                product.gtin: product
                for product in connection.scalars(select(tables.products.c.product))
            }
            tallies = _tallies(connection)
            odd = self._odd_tags(connection, limit)
            return Audit(
                as_of=moment(now),
                tags=sum(tally.inside for tally in tallies.values())
                + sum(found.count for found in odd.values()),
                same_code=same_codes(connection, limit),
                together=together(connection, limit, now),
                wrongly_encoded=odd["broken"],
                foreign=odd["foreign"],
                other_keys=odd["other"],
                unknown_products=_unknown(tallies, products, limit),
                never_read=_found(_never_read(tallies, products), limit),
                not_read=_found(_not_read(tallies, products, now - LONG_MS), limit),
                hard_to_read=_hard_to_read(connection, limit),
                misplaced=_misplaced(connection, self._floor, limit),
            )

    def _odd_tags(self, connection: Connection, limit: int) -> dict[str, Finding[OddTag]]:
        """Sort the tags that name no product by what their codes are, the last read first."""
        items, traces = tables.items, tables.traces
        statement = (
            select(items.c.epc, items.c.zone, items.c.shelf, traces.c.seen)
            .outerjoin(traces, traces.c.epc == items.c.epc)
            .where(items.c.gtin.is_(None), items.c.state.in_(INSIDE))
            .order_by(func.coalesce(traces.c.seen, 0).desc(), items.c.epc)
        )
        counts: Counter[str] = Counter()
        named: dict[str, list[OddTag]] = {"broken": [], "foreign": [], "other": []}
        for epc, zone, shelf, seen in connection.execute(statement):
            view = self._describe(epc)
            kind = _kind(view)
            counts[kind] += 1
            if len(named[kind]) < limit:
                named[kind].append(_odd_tag(epc, view, zone, shelf, seen))
        return {kind: Finding(counts[kind], tags) for kind, tags in named.items()}


def _kind(view: TagView) -> str:
    if view.fault is None:
        return "other"
    return "broken" if view.scheme else "foreign"


def _odd_tag(
    epc: str, view: TagView, zone: str | None, shelf: str | None, seen: int | None
) -> OddTag:
    return OddTag(
        epc=epc,
        scheme=view.scheme,
        uri=view.uri,
        fault=view.fault,
        error=view.error,
        zone=zone,
        shelf=shelf,
        last_seen=moment(seen) if seen else None,
    )


# Products


def _tallies(connection: Connection) -> dict[str, Tally]:
    items, traces = tables.items, tables.traces
    inside, on_hand = items.c.state.in_(INSIDE), items.c.state.in_(ON_HAND)
    statement = (
        select(
            items.c.gtin,
            func.sum(case((inside, 1), else_=0)).label("inside"),
            func.sum(case((on_hand, 1), else_=0)).label("on_hand"),
            func.coalesce(func.max(traces.c.seen), 0).label("seen"),
            func.min(case((inside, items.c.epc))).label("epc"),
        )
        .outerjoin(traces, traces.c.epc == items.c.epc)
        .where(items.c.gtin.is_not(None))
        .group_by(items.c.gtin)
    )
    return {row["gtin"]: Tally(**row) for row in connection.execute(statement).mappings()}


def _unknown(
    tallies: dict[str, Tally], products: dict[str, Product], limit: int
) -> Finding[UnknownProduct]:
    unknown = [
        UnknownProduct(tally.gtin, tally.inside, tally.epc)
        for tally in tallies.values()
        if tally.epc is not None and tally.gtin not in products
    ]
    unknown.sort(key=lambda found: (-found.tags, found.gtin))
    return Finding(len(unknown), unknown[:limit])


def _never_read(tallies: dict[str, Tally], products: dict[str, Product]) -> Iterable[Unread]:
    for gtin, product in sorted(products.items()):
        tally = tallies.get(gtin)
        if product.tracking == "item" and (tally is None or not tally.seen):
            yield Unread(gtin, product.name, tally.on_hand if tally else 0, None)


def _not_read(
    tallies: dict[str, Tally], products: dict[str, Product], since: int
) -> Iterable[Unread]:
    for tally in sorted(tallies.values(), key=lambda tally: tally.seen):
        product = products.get(tally.gtin)
        if product is not None and tally.on_hand and 0 < tally.seen < since:
            yield Unread(tally.gtin, product.name, tally.on_hand, moment(tally.seen))


def _found(cases: Iterable[Unread], limit: int) -> Finding[Unread]:
    found = list(cases)
    return Finding(len(found), found[:limit])


# Places


def _hard_to_read(connection: Connection, limit: int) -> Finding[HardTag]:
    items, traces, antennas = tables.items, tables.traces, tables.antennas
    statement = (
        select(
            items.c.epc,
            items.c.gtin,
            antennas.c.device,
            antennas.c.antenna,
            antennas.c.zone,
            antennas.c.shelf,
            traces.c.gap,
        )
        .join(traces, traces.c.epc == items.c.epc)
        .join(antennas, antennas.c.id == traces.c.seat)
        .where(traces.c.gap > HARD_GAP, traces.c.hits >= ENOUGH)
    )
    hardest = statement.order_by(traces.c.gap.desc(), items.c.epc).limit(limit)
    tags = [
        HardTag(epc, gtin, device, antenna, zone, shelf, round(1.0 / gap, 3))
        for epc, gtin, device, antenna, zone, shelf, gap in connection.execute(hardest)
    ]
    return Finding(_count(connection, statement), tags)


def _misplaced(connection: Connection, floor: list[str], limit: int) -> Finding[Misplaced]:
    items = tables.items
    standing = (
        items.c.gtin.is_not(None),
        items.c.state.in_(SEATED),
        items.c.zone.in_(floor),
    )
    statement = select(items.c.gtin, items.c.zone, func.count()).where(*standing)
    units: dict[str, Counter[str]] = {}
    for gtin, zone, n in connection.execute(statement.group_by(items.c.gtin, items.c.zone)):
        units.setdefault(gtin, Counter())[zone] = n
    homes = {gtin: home for gtin, zones in units.items() if (home := _home(zones))}
    astray = [(gtin, zone) for gtin, home in homes.items() for zone in units[gtin] if zone != home]
    tags = (
        select(items.c.epc, items.c.gtin, items.c.zone, items.c.shelf)
        .where(*standing, tuple_(items.c.gtin, items.c.zone).in_(astray[:limit]))
        .order_by(items.c.gtin, items.c.epc)
        .limit(limit)
    )
    named = [
        Misplaced(epc, gtin, zone, shelf, homes[gtin])
        for epc, gtin, zone, shelf in connection.execute(tags)
    ]
    return Finding(sum(units[gtin][zone] for gtin, zone in astray), named)


def _home(zones: Counter[str]) -> str | None:
    """Give the zone where most of a product stands."""
    home, there = zones.most_common(1)[0]
    return home if there >= LEAST_UNITS and there >= MOST * zones.total() else None


def _count(connection: Connection, statement: Select[Any]) -> int:
    return connection.scalar(select(func.count()).select_from(statement.subquery())) or 0
