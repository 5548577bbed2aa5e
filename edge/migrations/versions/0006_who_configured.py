"""Who gave a device each of its configurations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the version before to this one."""
    with op.batch_alter_table("configs") as table:
        table.add_column(sa.Column("by", sa.Text(), nullable=False, server_default=""))
