"""Antennas say whether they are sure; prices, what holds them and what was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the version before to this one."""
    with op.batch_alter_table("antennas") as table:
        table.add_column(sa.Column("sure", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("prices") as table:
        table.add_column(
            sa.Column("held_until", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
        )
        table.add_column(sa.Column("told", sa.BigInteger(), nullable=True))
