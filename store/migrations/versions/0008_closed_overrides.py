"""Requests of overrides whose exception was resolved otherwise are closed; a person has one identity.

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BEFORE = {
    "ck_override_status": "status IN ('requested', 'approved', 'rejected')",
    "ck_override_approver": "decided_by IS NULL OR decided_by <> requested_by",
}
_AFTER = {
    "ck_override_status": "status IN ('requested', 'approved', 'rejected', 'closed')",
    "ck_override_approver": "decided_by IS NULL OR lower(trim(decided_by)) <> lower(trim(requested_by))",
}


def upgrade() -> None:
    with op.batch_alter_table("override") as batch:
        batch.add_column(sa.Column("outcome", sa.Text(), nullable=True))
        _checks(batch, _AFTER)
    op.execute(
        "UPDATE override SET status = 'closed', outcome = 'its exception was resolved otherwise' "
        "WHERE status = 'requested' "
        "AND exception_id IN (SELECT id FROM exception_item WHERE status = 'resolved')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM override WHERE status = 'closed'")
    with op.batch_alter_table("override") as batch:
        batch.drop_column("outcome")
        _checks(batch, _BEFORE)


def _checks(batch: BatchOperations, wanted: dict[str, str]) -> None:
    """SQLite's table is made anew, with no checks but those that are named here."""
    is_kept = op.get_bind().dialect.name != "sqlite"
    for name, condition in wanted.items():
        if is_kept:
            batch.drop_constraint(batch.f(name), type_="check")
        batch.create_check_constraint(batch.f(name), condition)
