"""The life of incidents: states, the sealed log, evidence, maintenance, hand-overs, messages."""

import sqlalchemy as sa
from alembic import op

from commandcenter.records.chain import START, sealed
from commandcenter.records.tables import Moment

revision = "0003"
down_revision = "0002"

_NO_CHANGE = "the log of incidents is append-only"


def upgrade() -> None:
    _incident()
    _log()
    _append_only()
    _new_tables()


def _incident() -> None:
    def text(name: str, length: int) -> sa.Column[str]:
        return sa.Column(name, sa.String(length=length), server_default="", nullable=False)

    for column in (
        sa.Column("source", sa.String(length=40), server_default="rule", nullable=False),
        sa.Column("state", sa.String(length=16), server_default="open", nullable=False),
        text("owner", 120),
        text("office", 160),
        text("kecamatan", 120),
        text("provider", 120),
        text("runbook", 500),
        sa.Column("flapping", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("affected", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("acknowledged_until", Moment(), nullable=True),
        sa.Column("shelved_until", Moment(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("assignee", sa.String(length=120), nullable=True),
        sa.Column("resolved_at", Moment(), nullable=True),
        sa.Column("resolved_by", sa.String(length=120), nullable=True),
        sa.Column("cause", sa.String(length=80), nullable=True),
        sa.Column("escalated", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("undo", sa.JSON(), nullable=True),
    ):
        op.add_column("incident", column)
    unclosed = sa.text("closed_at IS NULL")
    op.create_index(
        "ix_incident_unclosed",
        "incident",
        ["state", "level", "opened_at"],
        unique=False,
        sqlite_where=unclosed,
        postgresql_where=unclosed,
    )
    op.create_index(op.f("ix_incident_feed_key"), "incident", ["feed", "key"], unique=False)
    op.create_index(op.f("ix_incident_resolved_at"), "incident", ["resolved_at"], unique=False)
    op.execute("UPDATE incident SET state = 'acknowledged' WHERE acknowledged_at IS NOT NULL")
    op.execute("UPDATE incident SET state = 'closed' WHERE closed_at IS NOT NULL")


def _log() -> None:
    """Number and seal the steps there are."""
    op.add_column("incident_log", sa.Column("number", sa.BigInteger(), nullable=True))
    op.add_column(
        "incident_log", sa.Column("facts", sa.JSON(), server_default="{}", nullable=False)
    )
    op.add_column(
        "incident_log", sa.Column("version", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("incident_log", sa.Column("hash", sa.String(length=64), nullable=True))
    number, end = 0, START
    log = sa.table(
        "incident_log",
        *(sa.column(name) for name in ("id", "number", "incident_id", "who", "step", "note")),
        sa.column("at", Moment()),
        sa.column("facts", sa.JSON()),
        sa.column("version"),
        sa.column("source_address"),
        sa.column("hash"),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(log).order_by(log.c.id)).mappings().all():
        number += 1
        end = sealed(end, {**row, "number": number})
        here = log.c.id == row["id"]
        connection.execute(log.update().where(here).values(number=number, hash=end))
    with op.batch_alter_table("incident_log") as batch:
        batch.alter_column("number", existing_type=sa.BigInteger(), nullable=False)
        batch.alter_column("hash", existing_type=sa.String(length=64), nullable=False)
        batch.create_unique_constraint(op.f("uq_incident_log_number"), ["number"])
    chain = op.create_table(
        "incident_chain",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_chain")),
    )
    op.bulk_insert(chain, [{"id": 1, "length": number, "hash": end}])


def _append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER incident_log_no_{what.lower()} BEFORE {what} ON incident_log "
                f"BEGIN SELECT RAISE(ABORT, '{_NO_CHANGE}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION incident_log_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_NO_CHANGE}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER incident_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        "ON incident_log FOR EACH STATEMENT EXECUTE FUNCTION incident_log_append_only()"
    )


def _new_tables() -> None:
    def number() -> sa.Column[int]:
        kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
        return sa.Column("id", kind, sa.Identity(always=False), nullable=False)

    def incident(*, nullable: bool) -> sa.Column[int]:
        kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
        return sa.Column("incident_id", kind, nullable=nullable)

    op.create_table(
        "evidence",
        number(),
        incident(nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_evidence_incident_id")
        ),
    )
    op.create_index(op.f("ix_evidence_incident_id"), "evidence", ["incident_id"], unique=False)
    op.create_index(op.f("ix_evidence_at"), "evidence", ["at"], unique=False)
    op.create_table(
        "maintenance",
        number(),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=300), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=2000), server_default="", nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("cancelled_by", sa.String(length=120), nullable=True),
        sa.Column("cancelled_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance")),
    )
    op.create_index(op.f("ix_maintenance_ends_at"), "maintenance", ["ends_at"], unique=False)
    op.create_table(
        "handover",
        number(),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("from_who", sa.String(length=120), nullable=False),
        sa.Column("to_who", sa.String(length=120), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("given_at", Moment(), nullable=False),
        sa.Column("taken_at", Moment(), nullable=True),
        sa.Column("refused_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_table(
        "outbox",
        number(),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("channel", sa.String(length=80), nullable=False),
        incident(nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.String(length=300), server_default="", nullable=False),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("given_up_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_outbox_incident_id")
        ),
    )
    op.create_index(op.f("ix_outbox_due_at"), "outbox", ["due_at"], unique=False)
    waiting = sa.text("sent_at IS NULL AND given_up_at IS NULL")
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["channel"],
        unique=False,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
