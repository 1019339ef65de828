"""Lines of banks' statements that are no receipts are kept too.

Revision: 0009
Follows: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NAME = "ck_bank_receipt_status"
_FIRST_NAME = "ck_bank_receipt_ck_bank_receipt_status"
"""What the convention made of the name that revision 0007 gave it."""


def upgrade() -> None:
    _check(_FIRST_NAME, _NAME, "status IN ('received', 'waiting', 'applied', 'left', 'booked')")


def downgrade() -> None:
    op.execute("DELETE FROM bank_receipt WHERE status = 'booked'")
    _check(_NAME, _FIRST_NAME, "status IN ('received', 'waiting', 'applied', 'left')")


def _check(before: str, after: str, condition: str) -> None:
    with op.batch_alter_table("bank_receipt") as batch:
        batch.drop_constraint(batch.f(before), type_="check")
        batch.create_check_constraint(batch.f(after), condition)
