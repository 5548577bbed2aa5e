"""The price audit: whether prices are right, as an inspector would find them in the shop.

Goods are sampled and what is on the shelf is compared with what the till charges. Of a hundred
prices two may be wrong (NIST Handbook 130, Examination Procedure for Price Verification).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Engine, func, select

from edge import tables
from edge.config import Settings
from edge.events import PriceEffective, moment
from edge.labels import Glass, Label

PASSES = 0.98
DAY_MS = 86_400_000
NAMED = 100  # findings
GRAVEST = ("overcharge", "wrong-picture", "undercharge", "channel", "uncertain")

Kind = Literal["overcharge", "undercharge", "uncertain", "channel", "wrong-picture"]


class PriceFinding(Struct, frozen=True):
    """What is wrong with a price: `shelf` are the amounts that the label may be showing."""

    gtin: str
    name: str
    label: str | None
    shelf: list[int]
    till: int
    channel: int | None
    kind: Kind


class ChannelPrices(Struct, frozen=True):
    """What the online channel has, compared with the till."""

    compared: int
    accurate: int
    over: int
    under: int


class SoldPrices(Struct, frozen=True):
    """Lines that were sold, compared with the least price that a label may have shown then."""

    lines: int
    above_shelf: int
    below_shelf: int
    since: datetime


class PriceAudit(Struct, frozen=True):
    """All findings among `sampled` products; accuracy is None where there was none to sample.

    `uncertain` products have a label that may be showing one of several pictures: of it the lowest
    price counts for overcharges and the highest for undercharges.
    """

    as_of: datetime
    sampled: int
    accurate: int
    overcharges: int
    undercharges: int
    uncertain: int
    accuracy: float | None
    passes: bool | None
    channel: ChannelPrices | None
    sales: SoldPrices
    findings: list[PriceFinding]


class _Inspected(Struct, frozen=True):
    """A product: what the till charges, its labels, and what the online channel was told."""

    gtin: str
    name: str
    till: int
    labels: tuple[Label, ...]
    channel: int | None
    now: int

    def judge(self, label: Label) -> Kind | None:
        """Say whether the till is wrong by a label; what it keeps for later may be shown early."""
        if self.till > min(_shown(label.glass, self.gtin)):
            return "overcharge"
        due = _due(label, self.now)
        if self.till < max(_shown(due, self.gtin), default=self.till):
            return "undercharge"
        return None if _is_certain(label, self.now) else "uncertain"

    def finding(self, kind: Kind, label: Label | None = None) -> PriceFinding:
        named, shelf = (label.label, _shown(label.glass, self.gtin)) if label else (None, [])
        return PriceFinding(self.gtin, self.name, named, shelf, self.till, self.channel, kind)


class PriceAuditor:
    """Audits the prices of a shop; `read_code` gives the GTIN that a label's picture (PNG) names.

    It is None where no code can be read.
    """

    def __init__(
        self, engine: Engine, settings: Settings, read_code: Callable[[bytes], str | None]
    ) -> None:
        """Read from this database; the settings tell who listens to prices."""
        self._engine = engine
        self._read_code = read_code
        self._sinks = [
            sink.name
            for sink in settings.sinks
            if any(fnmatchcase(PriceEffective.type, pattern) for pattern in sink.types)
        ]

    def audit(self, size: int, seed: int | None, now: int) -> PriceAudit:
        """Look at a sample of products at a time (epoch ms); the same seed gives the same one."""
        with _snapshot(self._engine) as connection:
            hanging = _hanging(connection)
            gtins = _sample(hanging, size, seed)
            products = self._inspected(connection, {g: hanging[g] for g in gtins}, now)
            found = [self._examine(connection, product) for product in products]
            sales = _sold(connection, now - DAY_MS)
        return _summed(products, found, sales, now, channel=bool(self._sinks))

    def _inspected(
        self, connection: Connection, sample: dict[str, list[Label]], now: int
    ) -> list[_Inspected]:
        prices, products = tables.prices, tables.products
        upto = self._passed(connection)
        rows = connection.execute(
            select(prices.c.gtin, prices.c.till, products.c.product)
            .join(products, products.c.gtin == prices.c.gtin)
            .where(prices.c.gtin.in_(sample))
            .order_by(prices.c.gtin)
        )
        return [
            _Inspected(
                gtin, product.name, till, tuple(sample[gtin]), _told(connection, gtin, upto), now
            )
            for gtin, till, product in rows.all()
        ]

    def _passed(self, connection: Connection) -> int | None:
        """Give the position that every sink which wants prices has passed."""
        cursors = tables.cursors
        if not self._sinks:
            return None
        wanted = cursors.c.consumer.in_(self._sinks)
        known = connection.execute(
            select(func.count(), func.min(cursors.c.position)).where(wanted)
        ).one()
        return known[1] if known[0] == len(self._sinks) else 0

    def _examine(self, connection: Connection, product: _Inspected) -> list[PriceFinding]:
        """Give what is wrong with a product's price."""
        judged = [(self._judged(connection, product, label), label) for label in product.labels]
        found = [product.finding(kind, label) for kind, label in judged if kind]
        differs = product.channel is not None and product.channel != product.till
        return [*found, product.finding("channel")] if differs else found

    def _judged(self, connection: Connection, product: _Inspected, label: Label) -> Kind | None:
        kind = product.judge(label)
        if kind is not None:
            return kind
        picture = connection.scalar(
            select(tables.pictures.c.png).where(tables.pictures.c.image == label.confirmed)
        )
        read = None if picture is None else self._read_code(picture)
        return None if read == product.gtin else "wrong-picture"


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """Read all as of one commit: a price that changed between two reads would look wrong."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")  # the driver begins none before it writes
        else:
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def _hanging(connection: Connection) -> dict[str, list[Label]]:
    """Give, by product, the labels on a shelf that may be showing a price of it."""
    labels = tables.labels
    statement = select(labels).where(labels.c.state != "removed").order_by(labels.c.label)
    priced = set(connection.scalars(select(tables.prices.c.gtin)))
    hanging: dict[str, list[Label]] = {}
    for row in connection.execute(statement).mappings():
        label = Label(**row)
        for gtin in {glass.gtin for glass in label.glass} & priced:
            hanging.setdefault(gtin, []).append(label)
    return hanging


def _sample(gtins: Iterable[str], size: int, seed: int | None) -> list[str]:
    population = sorted(gtins)
    dice = random.Random(seed)  # noqa: S311  (a sample of goods is no secret)
    return dice.sample(population, min(size, len(population)))


def _shown(pictures: Iterable[Glass], gtin: str) -> list[int]:
    """Give the prices of a product that are on some pictures."""
    return sorted({glass.amount for glass in pictures if glass.gtin == gtin})


def _due(label: Label, now: int) -> tuple[Glass, ...]:
    """Give the pictures that a label may be showing, without one that it keeps until later."""
    keeps = label.preloads and label.show_at > now and label.state == "sent"
    return tuple(glass for glass in label.glass if not (keeps and glass.image == label.image))


def _is_certain(label: Label, now: int) -> bool:
    due = _due(label, now)
    return len(due) == 1 and due[0].image == label.confirmed


def _told(connection: Connection, gtin: str, upto: int | None) -> int | None:
    """Give the newest price that was told up to a position of the log."""
    log = tables.events
    if upto is None:
        return None
    newest = (
        select(log.c.data)
        .where(log.c.subject == gtin, log.c.position <= upto, log.c.type == PriceEffective.type)
        .order_by(log.c.position.desc())
        .limit(1)
    )
    data = connection.scalar(newest)
    return None if data is None else msgspec.json.decode(data, type=PriceEffective).amount


def _sold(connection: Connection, since: int) -> SoldPrices:
    sales = tables.sales
    lines = [
        line
        for sold in connection.scalars(select(sales.c.lines).where(sales.c.t >= since))
        for line in sold
        if line.shelf is not None and line.qty > 0
    ]
    return SoldPrices(
        lines=len(lines),
        above_shelf=sum(line.amount > line.shelf * line.qty for line in lines),
        below_shelf=sum(line.amount < line.shelf * line.qty for line in lines),
        since=moment(since),
    )


def _summed(
    products: Sequence[_Inspected],
    found: Sequence[Sequence[PriceFinding]],
    sales: SoldPrices,
    now: int,
    *,
    channel: bool,
) -> PriceAudit:
    kinds = [{finding.kind for finding in findings} for findings in found]
    sampled = len(products)
    wrong = sum(bool(told & {"overcharge", "undercharge", "wrong-picture"}) for told in kinds)
    accuracy = 1 - wrong / sampled if sampled else None
    return PriceAudit(
        as_of=moment(now),
        sampled=sampled,
        accurate=sampled - wrong,
        overcharges=sum("overcharge" in told for told in kinds),
        undercharges=sum("undercharge" in told for told in kinds),
        uncertain=sum(any(not _is_certain(x, now) for x in p.labels) for p in products),
        accuracy=None if accuracy is None else round(accuracy, 4),
        passes=None if accuracy is None else accuracy >= PASSES,
        channel=_compared(products) if channel else None,
        sales=sales,
        findings=list(_worst_first(found))[:NAMED],
    )


def _compared(products: Iterable[_Inspected]) -> ChannelPrices:
    told = [(p.channel, p.till) for p in products if p.channel is not None]
    return ChannelPrices(
        compared=len(told),
        accurate=sum(channel == till for channel, till in told),
        over=sum(channel > till for channel, till in told),
        under=sum(channel < till for channel, till in told),
    )


def _worst_first(found: Iterable[Iterable[PriceFinding]]) -> Iterator[PriceFinding]:
    every = [finding for findings in found for finding in findings]
    yield from sorted(every, key=lambda finding: GRAVEST.index(finding.kind))
