"""Reconciliation: runs, breaks, listings while they are compared, closed periods.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _create_reconciliation_run() -> None:
    op.create_table(
        "reconciliation_run",
        sa.Column("run", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("requested_by", TEXT, nullable=False),
        sa.Column("sides", JSON, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_reconciliation_run")),
    )
    op.create_index(
        op.f("ix_reconciliation_run_entity_period_at"), "reconciliation_run", ["entity", "period", "at"]
    )


def _create_reconciliation_break() -> None:
    op.create_table(
        "reconciliation_break",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("contract", TEXT, nullable=True),
        sa.Column("effect", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("blocks_close", sa.Boolean(), nullable=False),
        sa.Column("found", JSON, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("note", TEXT, nullable=True),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("run", TEXT, nullable=False),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'explained', 'repaired', 'resolved')",
            name=op.f("ck_reconciliation_break_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_break")),
    )
    op.create_index(op.f("ix_reconciliation_break_contract"), "reconciliation_break", ["contract"])
    op.create_index(
        op.f("ix_reconciliation_break_entity_period_status"),
        "reconciliation_break",
        ["entity", "period", "status"],
    )


def _create_reconciliation_listing() -> None:
    op.create_table(
        "reconciliation_listing",
        sa.Column("run", TEXT, nullable=False),
        sa.Column("look", NUMBER, autoincrement=False, nullable=False),
        sa.Column("side", TEXT, nullable=False),
        sa.Column("part", NUMBER, autoincrement=False, nullable=False),
        sa.Column("entries", JSON, nullable=False),
        sa.Column("kept_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("run", "look", "side", "part", name=op.f("pk_reconciliation_listing")),
    )


def _create_period_close() -> None:
    op.create_table(
        "period_close",
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=False),
        sa.Column("closed_by", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("run", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("sides", JSON, nullable=False),
        sa.Column("explained", JSON, nullable=False),
        sa.Column("closed_in_erp", sa.Boolean(), nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entity", "period", name=op.f("pk_period_close")),
    )


def upgrade() -> None:
    _create_reconciliation_run()
    _create_reconciliation_break()
    _create_reconciliation_listing()
    _create_period_close()


def downgrade() -> None:
    for table in ("period_close", "reconciliation_listing", "reconciliation_break", "reconciliation_run"):
        op.drop_table(table)
