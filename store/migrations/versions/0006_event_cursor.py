"""How far each platform's own list of events has been swept.

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "event_cursor",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("reached", MOMENT, nullable=False),
        sa.Column("swept_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("platform", name=op.f("pk_event_cursor")),
    )


def downgrade() -> None:
    op.drop_table("event_cursor")
