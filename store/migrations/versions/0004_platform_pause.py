"""Platforms to which nothing new is sent.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text()
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "platform_pause",
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("paused_by", TEXT, nullable=False),
        sa.Column("paused_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("platform", name=op.f("pk_platform_pause")),
    )


def downgrade() -> None:
    op.drop_table("platform_pause")
