"""Usage added up by contract, line and day.

Revision: 0002
Follows: 0001
"""

from collections import defaultdict
from decimal import Decimal

import sqlalchemy as sa
from alembic import op

from canonical.money import plus

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
_KEY = ("contract", "line", "date")


def upgrade() -> None:
    days = op.create_table(
        "usage_day",
        sa.Column("contract", TEXT, nullable=False),
        sa.Column("line", TEXT, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("units", TEXT, nullable=False),
        sa.Column("events", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, name=op.f("pk_usage_day")),
    )
    _add_up(days)


def _add_up(days: sa.Table) -> None:
    """What was reported before: in Python, since a database's numbers are no exact decimals everywhere."""
    events = sa.table("usage_event", *(sa.column(name) for name in ("contract", "line", "quantity")))
    date = sa.column("date", sa.Date())
    columns = (events.c.contract, events.c.line, date, events.c.quantity)
    found: dict[tuple[object, ...], list[Decimal]] = defaultdict(list)
    for *key, quantity in op.get_bind().execute(sa.select(*columns).select_from(events)):
        found[tuple(key)].append(Decimal(quantity))
    rows = [
        {**dict(zip(_KEY, key, strict=True)), "units": format(plus(*figures), "f"), "events": len(figures)}
        for key, figures in found.items()
    ]
    if rows:
        op.bulk_insert(days, rows)


def downgrade() -> None:
    op.drop_table("usage_day")
