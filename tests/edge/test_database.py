"""The database file: its schema, and how safe a commit is."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from edge import tables
from edge.database import migrate, open_database
from edge.errors import DatabaseError
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
