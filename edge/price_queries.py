"""Reads of prices: what products cost, have cost and will, and the price sets that say so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Engine, Select, Table, Text, cast, select

from edge import tables
from edge.commands import Product
from edge.labels import Label
from edge.price_sets import PriceSet, SetState
from edge.pricebook import Entry
from edge.pricing import Price
from edge.prior_prices import PriorPrice

AT_ONCE = 500  # keys in one statement: every database takes as many


class Priced(Struct, frozen=True):
    """A product's price with all that is known beside it: `entries` of the book, prior prices."""

    price: Price
    product: Product | None
    entries: tuple[Entry, ...]
    prior: tuple[PriorPrice, ...]
    labels: tuple[Label, ...]


class SetRow(Struct, frozen=True):
    """A price set without its changes, of which there are `size`."""

    price_set: str
    number: int
    name: str
    state: SetState
    size: int
    since: int


class PriceQueries:
    """Answers questions about prices from what is on disk."""

    def __init__(self, engine: Engine) -> None:
        """Read from this database."""
        self._engine = engine

    def priced(self, gtins: Iterable[str]) -> list[Priced]:
        """Give the products among these that have a price, in their order."""
        wanted = list(dict.fromkeys(gtins))
        with self._engine.connect() as connection:
            prices = {p.gtin: p for p in _rows(connection, tables.prices, Price, wanted)}
            products = _products(connection, wanted)
            entries = _by_gtin(_rows(connection, tables.book, Entry, wanted))
            prior = _by_gtin(_rows(connection, tables.prior_prices, PriorPrice, wanted))
            labels = _by_gtin(_rows(connection, tables.labels, Label, wanted))
        return [
            Priced(
                prices[gtin],
                products.get(gtin),
                tuple(sorted(entries.get(gtin, ()), key=lambda entry: entry.number)),
                tuple(prior.get(gtin, ())),
                tuple(sorted(labels.get(gtin, ()), key=lambda label: label.label)),
            )
            for gtin in wanted
            if gtin in prices
        ]

    def prices(self, gtins: Iterable[str]) -> dict[str, Price]:
        """Give the prices of these products, of those that have one."""
        with self._engine.connect() as connection:
            rows = _rows(connection, tables.prices, Price, list(dict.fromkeys(gtins)))
            return {row.gtin: row for row in rows}

    def products(self, gtins: Iterable[str]) -> dict[str, Product]:
        """Give these products, of those that are known."""
        with self._engine.connect() as connection:
            return _products(connection, list(dict.fromkeys(gtins)))

    def labels(self, gtins: Collection[str]) -> list[Label]:
        """Give the labels that are to show one of these products, or may be showing it still."""
        wanted = set(gtins)
        statement = select(tables.labels).order_by(tables.labels.c.label)
        with self._engine.connect() as connection:
            rows = [Label(**row) for row in connection.execute(statement).mappings()]
        return [row for row in rows if row.gtins & wanted]

    def sets(self, *, state: SetState | None, before: int | None, limit: int) -> list[SetRow]:
        """Give price sets from the one before number `before` on, the newest first."""
        sets = tables.price_sets
        names = [sets.c[n] for n in ("price_set", "number", "name", "state", "since")]
        statement = select(*names, cast(sets.c.changes, Text).label("changes"))
        if state is not None:
            statement = statement.where(sets.c.state == state)
        if before is not None:
            statement = statement.where(sets.c.number < before)
        newest = statement.order_by(sets.c.number.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [
                SetRow(
                    r["price_set"],
                    r["number"],
                    r["name"],
                    r["state"],
                    _size(r["changes"]),
                    r["since"],
                )
                for r in connection.execute(newest).mappings()
            ]

    def price_set(self, name: str) -> PriceSet | None:
        """Give a price set."""
        sets = tables.price_sets
        with self._engine.connect() as connection:
            row = (
                connection.execute(select(sets).where(sets.c.price_set == name)).mappings().first()
            )
        return PriceSet(**row) if row else None

    def told(self, operation: str | None) -> bool:
        """Tell whether an operation of this id was carried out already."""
        answers = tables.answers
        with self._engine.connect() as connection:
            found = connection.scalar(select(answers.c.id).where(answers.c.id == operation))
        return found is not None


def _size(changes: str) -> int:
    return len(msgspec.json.decode(changes, type=list[msgspec.Raw]))


def _products(connection: Connection, gtins: Sequence[str]) -> dict[str, Product]:
    table = tables.products
    found: dict[str, Product] = {}
    for some in _portions(gtins):
        statement = select(table.c.product).where(table.c.gtin.in_(some))
        found.update((product.gtin, product) for product in connection.scalars(statement))
    return found


def _rows(connection: Connection, table: Table, row: type[Any], gtins: Sequence[str]) -> list[Any]:
    """Give the rows of a table that are of these products."""
    found: list[Any] = []
    for some in _portions(gtins):
        statement: Select[Any] = select(table).where(table.c.gtin.in_(some))
        found += [row(**values) for values in connection.execute(statement).mappings()]
    return found


def _portions(gtins: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(gtins), AT_ONCE):
        yield gtins[start : start + AT_ONCE]


def _by_gtin(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.gtin, []).append(row)
    return found
