"""Open the shop's database, durable and migrated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from edge.errors import DatabaseError

BUSY_S = 15  # how long a connection waits while another one writes


def open_database(url: str) -> Engine:
    """Give an engine whose commits are on disk when they return, its schema brought up to date.

    SQLite runs in WAL mode with synchronous=FULL: a commit survives a power cut.
    """
    sqlite = make_url(url).get_backend_name() == "sqlite"
    engine = create_engine(url, connect_args={"timeout": BUSY_S} if sqlite else {})
    if sqlite:
        event.listen(engine, "connect", _harden)
    try:
        migrate(engine)
    except (SQLAlchemyError, CommandError) as fault:
        raise DatabaseError(
            f"expected a database at {engine.url!r} that can be written and is not newer than "
            f"this program, came {getattr(fault, 'orig', fault)}: see database.url"
        ) from fault
    return engine


def migrate(engine: Engine, revision: str = "head") -> None:
    """Run the migrations that the database has not seen, up to a revision."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _harden(connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401  (the driver's own)
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
