"""The first tables.

Revision: 0001
Follows: nothing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
DECIMAL = sa.Text()
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _create_audit_entry() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("sequence", NUMBER, autoincrement=False, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=True),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("object_kind", TEXT, nullable=False),
        sa.Column("object_id", TEXT, nullable=False),
        sa.Column("contract", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("details", JSON, nullable=False),
        sa.Column("correlation_id", TEXT, nullable=True),
        sa.Column("previous_hash", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_audit_entry_key")),
    )
    op.create_index(op.f("ix_audit_entry_contract"), "audit_entry", ["contract"])


def _create_audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("sequence", NUMBER, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.execute(f"INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, '{'0' * 64}')")


def _create_contract() -> None:
    op.create_table(
        "contract",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("legal_entity", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("workflow_id", TEXT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
    )
    op.create_index(op.f("ix_contract_account"), "contract", ["account"])
    op.create_index(op.f("ix_contract_legal_entity"), "contract", ["legal_entity"])
    op.create_index(op.f("ix_contract_status"), "contract", ["status"])


def _create_exception_item() -> None:
    op.create_table(
        "exception_item",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("workflow_id", TEXT, nullable=False),
        sa.Column("contract", TEXT, nullable=False),
        sa.Column("change", TEXT, nullable=True),
        sa.Column("step", TEXT, nullable=False),
        sa.Column("platform", TEXT, nullable=True),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("summary", TEXT, nullable=False),
        sa.Column("field", TEXT, nullable=True),
        sa.Column("amount", DECIMAL, nullable=True),
        sa.Column("currency", TEXT, nullable=True),
        sa.Column("legal_entity", TEXT, nullable=True),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("actions", JSON, nullable=False),
        sa.Column("correlation_id", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("escalations", sa.Integer(), nullable=False),
        sa.Column("resolution", JSON, nullable=True),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.CheckConstraint("status IN ('open', 'resolved')", name=op.f("ck_exception_item_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exception_item")),
        sa.UniqueConstraint("key", name=op.f("uq_exception_item_key")),
    )
    op.create_index(op.f("ix_exception_item_contract"), "exception_item", ["contract"])
    op.create_index(op.f("ix_exception_item_correlation_id"), "exception_item", ["correlation_id"])
    op.create_index("ix_exception_item_status_due_at", "exception_item", ["status", "due_at"])


def _create_inbound_event() -> None:
    op.create_table(
        "inbound_event",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=True),
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("contract", TEXT, nullable=True),
        sa.Column("object_kind", TEXT, nullable=False),
        sa.Column("object_id", TEXT, nullable=False),
        sa.Column("version", NUMBER, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("headers", JSON, nullable=False),
        sa.Column("correlation_id", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", MOMENT, nullable=False),
        sa.Column("lease_owner", TEXT, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("workflow_id", TEXT, nullable=True),
        sa.Column("applied_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'handed_on', 'applied', 'ignored', 'dead')",
            name=op.f("ck_inbound_event_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_event")),
        sa.UniqueConstraint("platform", "event_id", name=op.f("uq_inbound_event_platform_event_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_inbound_event_contract"), "inbound_event", ["contract"])
    op.create_index(op.f("ix_inbound_event_correlation_id"), "inbound_event", ["correlation_id"])
    op.create_index("ix_inbound_event_state_next_attempt_at", "inbound_event", ["state", "next_attempt_at"])
    op.create_index("ix_inbound_event_stream_state_id", "inbound_event", ["stream", "state", "id"])


def _create_lineage() -> None:
    op.create_table(
        "lineage",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("contract", TEXT, nullable=False),
        sa.Column("change", TEXT, nullable=False),
        sa.Column("step", TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("workflow_id", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("activity", TEXT, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("object_id", TEXT, nullable=False),
        sa.Column("business_key", TEXT, nullable=False),
        sa.Column("number", TEXT, nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("total", DECIMAL, nullable=True),
        sa.Column("currency", TEXT, nullable=True),
        sa.Column("url", TEXT, nullable=True),
        sa.Column("status", TEXT, nullable=True),
        sa.Column("event_id", TEXT, nullable=True),
        sa.Column("correlation_id", TEXT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lineage")),
        sa.UniqueConstraint(
            "platform",
            "kind",
            "object_id",
            "contract",
            "change",
            "step",
            name=op.f("uq_lineage_platform_kind_object_id_contract_change_step"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_lineage_business_key"), "lineage", ["business_key"])
    op.create_index(op.f("ix_lineage_contract"), "lineage", ["contract"])
    op.create_index(op.f("ix_lineage_event_id"), "lineage", ["event_id"])


def _create_operator() -> None:
    op.create_table(
        "operator",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("token_hash", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "role IN ('viewer', 'operator', 'finance', 'approver', 'admin')", name=op.f("ck_operator_role")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_operator")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_operator_token_hash")),
    )


def _create_outbound_event() -> None:
    op.create_table(
        "outbound_event",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("time", MOMENT, nullable=False),
        sa.Column("envelope", JSON, nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbound_event")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbound_event_event_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outbound_event_subject"), "outbound_event", ["subject"])


def _create_override() -> None:
    op.create_table(
        "override",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("exception_id", TEXT, nullable=False),
        sa.Column("contract", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("amount", DECIMAL, nullable=True),
        sa.Column("currency", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("requested_by", TEXT, nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("decided_by", TEXT, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("digest", TEXT, nullable=False),
        sa.CheckConstraint(
            "status IN ('requested', 'approved', 'rejected')", name=op.f("ck_override_status")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> requested_by", name=op.f("ck_override_approver")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_override")),
    )
    op.create_index(op.f("ix_override_contract"), "override", ["contract"])
    op.create_index(op.f("ix_override_exception_id"), "override", ["exception_id"])


def _create_usage_event() -> None:
    op.create_table(
        "usage_event",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("contract", TEXT, nullable=False),
        sa.Column("usage_id", TEXT, nullable=True),
        sa.Column("line", TEXT, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("quantity", DECIMAL, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_event")),
        sa.UniqueConstraint("contract", "usage_id", name=op.f("uq_usage_event_contract_usage_id")),
        sqlite_autoincrement=True,
    )


def _create_exception_note() -> None:
    op.create_table(
        "exception_note",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("exception_id", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["exception_id"], ["exception_item.id"], name=op.f("fk_exception_note_exception_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exception_note")),
        sa.UniqueConstraint(
            "exception_id", "at", "actor", "note", name=op.f("uq_exception_note_exception_id_at_actor_note")
        ),
        sqlite_autoincrement=True,
    )


def _make_audit_append_only() -> None:
    """The database itself refuses to change or delete an audit entry, whoever asks."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'audit_entry is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_is_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_entry_no_{verb.lower()} BEFORE {verb} ON audit_entry "
            "BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END"
        )


def upgrade() -> None:
    _create_audit_entry()
    _create_audit_head()
    _create_contract()
    _create_exception_item()
    _create_inbound_event()
    _create_lineage()
    _create_operator()
    _create_outbound_event()
    _create_override()
    _create_usage_event()
    _create_exception_note()
    _make_audit_append_only()


def downgrade() -> None:
    op.drop_table("exception_note")
    op.drop_table("usage_event")
    op.drop_table("override")
    op.drop_table("outbound_event")
    op.drop_table("operator")
    op.drop_table("lineage")
    op.drop_table("inbound_event")
    op.drop_table("exception_item")
    op.drop_table("contract")
    op.drop_table("audit_head")
    op.drop_table("audit_entry")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entry_is_append_only()")
