"""How sure the number of people is, staff apart, mean waits, and what counters have told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the version before to this one."""
    with op.batch_alter_table("minutes") as table:
        for name in ("staff_in", "staff_out"):
            table.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("occupancy") as table:
        for name in ("low", "high"):
            table.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("wait_mean_s", sa.Float(), nullable=True))
    op.execute("UPDATE occupancy SET low = people, high = people")
    op.create_table(
        "headcounts",
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("fewer", sa.Float(), nullable=False),
        sa.Column("more", sa.Float(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sign", sa.BigInteger(), nullable=False),
        sa.Column("turned", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.Text(), nullable=False),
        sa.Column("alarms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("zone"),
    )
    op.execute(
        "INSERT INTO headcounts SELECT zone, people, 0, 0.0, 0.0, 0, 0, 0, 'ok', 0"
        " FROM occupancy WHERE zone = 'store'"
    )
    op.create_table(
        "counters",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("totals", sa.Text(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device", "line"),
    )
