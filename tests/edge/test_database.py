"""The database file: its schema, and how safe a commit is."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text

from edge import tables
from edge.database import migrate, open_database
from edge.errors import DatabaseError
from edge.prior_prices import ONGOING
from edge.store import Store


def test_every_connection_writes_through_to_the_disk(engine: Engine) -> None:
    """WAL and synchronous=FULL (2): a commit survives a power cut."""
    with engine.connect() as one, engine.connect() as other:
        for connection in (one, other):
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(text("PRAGMA synchronous")) == 2


def test_the_migrations_lead_to_the_schema_of_the_code(engine: Engine) -> None:
    """Nothing in the tables is missing from the migrations, and nothing is left over."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, tables.metadata) == []


def test_a_database_is_opened_again_with_all_that_is_in_it(url: str) -> None:
    """Migrations run once; the epoch of a database never changes."""
    first = open_database(url)
    epoch = Store(first).epoch
    first.dispose()
    again = open_database(url)
    migrate(again)
    assert Store(again).epoch == epoch
    again.dispose()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A database is not opened somewhere else instead."""
    with pytest.raises(DatabaseError, match="unable to open"):
        open_database(f"sqlite:///{tmp_path / 'nowhere' / 'store.db'}")


def test_prices_of_an_older_database_become_the_price_book(url: str) -> None:
    """What holds, what stood in for it, and what was planned; what was charged stays so."""
    engine = create_engine(url)
    migrate(engine, "0003")
    with engine.begin() as connection:
        price = text(
            "INSERT INTO prices (gtin, amount, till, regular, promotion, effective, version,"
            " held_until, told) "
            "VALUES (:gtin, :amount, :till, :regular, :promotion, 1, 2, 0, :till)"
        )
        milk = {"gtin": "milk", "amount": 200, "till": 200, "regular": 300, "promotion": "week"}
        tea = {"gtin": "tea", "amount": 900, "till": 900, "regular": 900, "promotion": None}
        connection.execute(price, [milk, tea])
        planned = text("INSERT INTO planned (gtin, at, amount, promotion) VALUES (:g, :at, :a, :p)")
        connection.execute(
            planned,
            [
                {"g": "milk", "at": 50, "a": None, "p": None},
                {"g": "tea", "at": 60, "a": 800, "p": ""},
                {"g": "tea", "at": 70, "a": None, "p": None},
                {"g": "tea", "at": 80, "a": 950, "p": None},
            ],
        )
    engine.dispose()
    state = Store(open_database(url)).load()
    book = [(e.gtin, e.kind, e.amount, e.start, e.until, e.promotion) for e in state.book]
    assert book == [
        ("milk", "regular", 300, 0, None, None),
        ("milk", "stand-in", 200, 0, 50, "week"),
        ("tea", "regular", 900, 0, None, None),
        ("tea", "stand-in", 800, 60, 70, None),
        ("tea", "regular", 950, 80, None, None),
    ]
    prices = [(p.gtin, p.till, p.till_member, p.told, p.told_member) for p in state.prices]
    charged = [(row.gtin, row.how, row.amount, row.last) for row in state.prior_prices]
    assert charged == [("milk", "charged", 200, ONGOING), ("tea", "charged", 900, ONGOING)]
    assert prices == [("milk", 200, 200, 200, 200), ("tea", 900, 900, 900, 900)]


def test_settings_of_an_older_database_are_kept(url: str) -> None:
    """Who gave them nobody knows any more."""
    engine = create_engine(url)
    migrate(engine, "0005")
    with engine.begin() as connection:
        configs = "INSERT INTO configs (device, version, at, config) VALUES "
        connection.execute(text(configs + "('camera-1', 1, 5, '{}')"))
    engine.dispose()
    engine = open_database(url)
    (row,) = Store(engine).load().configs
    engine.dispose()
    assert (row.device, row.version, row.at, row.config, row.by) == ("camera-1", 1, 5, {}, "")
