"""The price book and its sets, prior prices, member prices, air time; how labels do."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ONGOING = 2**62  # a price that is charged still


def upgrade() -> None:
    """Bring a database of the version before to this one."""
    book = _create_tables()
    connection = op.get_bind()
    prices = connection.execute(sa.text("SELECT * FROM prices")).mappings().all()
    planned = connection.execute(sa.text("SELECT * FROM planned ORDER BY at")).mappings().all()
    entries = [
        entry
        for price in prices
        for entry in _entries(price, [row for row in planned if row["gtin"] == price["gtin"]])
    ]
    if entries:
        op.bulk_insert(book, entries)
    op.drop_table("planned")
    op.execute(
        f"INSERT INTO prior_prices SELECT gtin, 'charged', till, {ONGOING} FROM prices"  # noqa: S608
    )
    with op.batch_alter_table("prices") as table:
        for name in ("till_member", "member", "was", "told_member"):
            table.add_column(sa.Column(name, sa.BigInteger(), nullable=True))
        table.drop_column("regular")
    op.execute("UPDATE prices SET till_member = till, told_member = told")
    with op.batch_alter_table("prices") as table:
        table.alter_column("till_member", existing_type=sa.BigInteger(), nullable=False)
    now = int(time.time() * 1000)  # labels are lost only when nothing was heard from here on
    with op.batch_alter_table("labels") as table:
        table.add_column(sa.Column("confirmed", sa.Text(), nullable=True))
        table.add_column(sa.Column("show_at", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("way", sa.Text(), nullable=True))
        table.add_column(sa.Column("lag_ms", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("temp_c", sa.Float(), nullable=True))
        table.add_column(sa.Column("seen", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(
            sa.Column("installed", sa.BigInteger(), nullable=False, server_default=str(now))
        )
        table.add_column(sa.Column("problems", sa.Text(), nullable=False, server_default="[]"))


def _create_tables() -> sa.Table:
    op.create_table(
        "price_sets",
        sa.Column("price_set", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("price_set"),
    )
    op.create_table(
        "prior_prices",
        sa.Column("gtin", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gtin", "how", "amount"),
    )
    op.create_table(
        "paces",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("busy_ms", sa.Float(), nullable=False),
        sa.Column("done", sa.Float(), nullable=False),
        sa.Column("lag", sa.Text(), nullable=False),
        sa.Column("alone_ms", sa.Float(), nullable=False),
        sa.Column("nap", sa.Text(), nullable=True),
        sa.Column("busy_since", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device"),
    )
    return op.create_table(
        "book",
        sa.Column("gtin", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("price_set", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("promotion", sa.Text(), nullable=True),
        sa.Column("member", sa.BigInteger(), nullable=True),
        sa.Column("was", sa.BigInteger(), nullable=True),
        sa.Column("begun", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("gtin", "number"),
    )


def _entries(price: sa.RowMapping, planned: list[sa.RowMapping]) -> list[dict[str, object]]:
    """Give the entries of a product: what holds, and what was planned.

    A planned price ended where the next row without an amount stood.
    """

    def entry(amount: int, start: int, until: int | None, promotion: str | None) -> None:
        stands_in = until is not None or promotion is not None
        entries.append(
            {
                "gtin": price["gtin"],
                "number": len(entries) + 1,
                "price_set": "",
                "kind": "stand-in" if stands_in else "regular",
                "amount": amount,
                "start": start,
                "until": until,
                "promotion": promotion or None,
                "member": None,
                "was": None,
                "begun": False,
            }
        )

    def end_after(at: int) -> int | None:
        return next((r["at"] for r in planned if r["amount"] is None and r["at"] > at), None)

    entries: list[dict[str, object]] = []
    entry(price["regular"], 0, None, None)
    if price["promotion"] is not None or price["amount"] != price["regular"]:
        entry(price["amount"], 0, end_after(0), price["promotion"] or "")
    for row in planned:
        if row["amount"] is not None:
            until = None if row["promotion"] is None else end_after(row["at"])
            entry(row["amount"], row["at"], until, row["promotion"])
    return entries
