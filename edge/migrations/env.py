"""What Alembic runs: the migrations on the connection that `edge.database` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from edge.tables import Json, metadata


def _render(kind: str, thing: object, _: AutogenContext) -> str | Literal[False]:
    """Keep our column type out of the migrations: on disk it is text."""
    return "sa.Text()" if kind == "type" and isinstance(thing, Json) else False


options: dict[str, Any] = {"render_item": _render}
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    **options,
)
with context.begin_transaction():
    context.run_migrations()
