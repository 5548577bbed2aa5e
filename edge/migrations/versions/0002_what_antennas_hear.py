"""Antennas and what they hear in rows of their own; levels that say why and how sure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the version before to this one."""
    op.create_table(
        "answers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "antennas",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("antenna", sa.Integer(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("shelf", sa.Text(), nullable=True),
        sa.Column("gate", sa.Boolean(), nullable=False),
        sa.Column("looks", sa.BigInteger(), nullable=False),
        sa.Column("heard", sa.BigInteger(), nullable=False),
        sa.Column("fresh", sa.BigInteger(), nullable=False),
        sa.Column("fresh_at", sa.BigInteger(), nullable=False),
        sa.Column("judged", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("rssi", sa.Float(), nullable=False),
        sa.Column("own", sa.Float(), nullable=False),
        sa.Column("home", sa.Integer(), nullable=False),
        sa.Column("strays", sa.Integer(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.Column("volume", sa.Float(), nullable=False),
        sa.Column("quiet", sa.Integer(), nullable=False),
        sa.Column("short", sa.Float(), nullable=False),
        sa.Column("long", sa.Float(), nullable=False),
        sa.Column("off", sa.Boolean(), nullable=False),
        sa.Column("deaf", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "deliveries",
        sa.Column("sscc", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("announced", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("read", sa.Text(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sscc"),
    )
    op.create_table(
        "finds",
        sa.Column("stocktake", sa.Text(), nullable=False),
        sa.Column("epc", sa.Text(), nullable=False),
        sa.Column("gtin", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("was", sa.Text(), nullable=True),
        sa.Column("rssi", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("stocktake", "epc"),
    )
    op.create_table(
        "readers",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("second", sa.BigInteger(), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("device"),
    )
    op.create_table(
        "stocktakes",
        sa.Column("stocktake", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("zones", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("heard", sa.Text(), nullable=False),
        sa.Column("units", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stocktake"),
    )
    op.create_table(
        "strays",
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("heard_by", sa.Integer(), nullable=False),
        sa.Column("reads", sa.Float(), nullable=False),
        sa.Column("own", sa.Float(), nullable=False),
        sa.Column("rssi", sa.Float(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("read", sa.Float(), nullable=False),
        sa.Column("absence", sa.Float(), nullable=False),
        sa.Column("silence", sa.Float(), nullable=False),
        sa.Column("home", sa.Float(), nullable=False),
        sa.Column("nearer", sa.Float(), nullable=False),
        sa.Column("farther", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("seat", "heard_by"),
    )
    op.create_table(
        "traces",
        sa.Column("epc", sa.Text(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("home", sa.Integer(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("looks", sa.BigInteger(), nullable=False),
        sa.Column("gap", sa.Float(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("rssi", sa.Float(), nullable=True),
        sa.Column("check", sa.BigInteger(), nullable=False),
        sa.Column("doubt", sa.Boolean(), nullable=False),
        sa.Column("rivals", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("epc"),
    )
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.drop_column("device")
        batch_op.drop_column("rival_seen")
        batch_op.drop_column("antenna")
        batch_op.drop_column("rival_reads")
        batch_op.drop_column("rival_rssi")
        batch_op.drop_column("seen")
        batch_op.drop_column("rival_shelf")
        batch_op.drop_column("rival_zone")
        batch_op.drop_column("rssi")

    with op.batch_alter_table("levels", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("on_hand_low", sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
        batch_op.add_column(
            sa.Column("on_hand_high", sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
        batch_op.add_column(
            sa.Column("stale_zones", sa.Text(), nullable=False, server_default=sa.text("'[]'"))
        )
        batch_op.add_column(
            sa.Column("causes", sa.Text(), nullable=False, server_default=sa.text("'[]'"))
        )
