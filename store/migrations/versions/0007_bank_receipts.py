"""Receipts of banks' statements, and what became of each.

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text()
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "bank_receipt",
        sa.Column("bank", TEXT, nullable=False),
        sa.Column("ref", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("value_date", sa.Date(), nullable=False),
        sa.Column("amount", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("receipt", JSON, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("note", TEXT, nullable=True),
        sa.Column("suggestions", JSON, nullable=False),
        sa.Column("document", TEXT, nullable=True),
        sa.Column("imported_by", TEXT, nullable=False),
        sa.Column("imported_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("status IN ('received', 'waiting', 'applied', 'left')", name="ck_bank_receipt_status"),
        sa.PrimaryKeyConstraint("bank", "ref", name=op.f("pk_bank_receipt")),
    )
    op.create_index("ix_bank_receipt_entity_status", "bank_receipt", ["entity", "status"])


def downgrade() -> None:
    op.drop_table("bank_receipt")
