"""Access: accounts, sessions, one-time links, tokens, and one sealed audit log, which takes over
the log of the displays."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from commandcenter.records.chain import START, sealed
from commandcenter.records.tables import Moment

revision = "0004"
down_revision = "0003"

_NO_CHANGE = "the audit log is append-only"


def upgrade() -> None:
    _accounts()
    _sessions()
    _tokens()
    _audit()
    _take_over()
    _append_only()
    _search_steps()


def _number() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, sa.Identity(always=False), nullable=False)


def _account(*, nullable: bool) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("account_id", kind, nullable=nullable)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _optional(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), server_default="", nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Moment(), nullable=nullable)


def _list(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), server_default="[]", nullable=False)


def _accounts() -> None:
    op.create_table(
        "account",
        _number(),
        _text("username", 80),
        _text("name", 120),
        _text("username_key", 160),
        _text("name_key", 240),
        _text("role", 16),
        _list("offices"),
        _list("domains"),
        _text("provider", 16),
        _text("subject", 500),
        sa.Column("password_hash", sa.String(length=300), nullable=True),
        _moment("created_at"),
        _text("created_by", 120),
        _moment("disabled_at", nullable=True),
        _moment("last_sign_in_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name_key", name=op.f("uq_account_name_key")),
        sa.UniqueConstraint(
            "provider", "username_key", name=op.f("uq_account_provider_username_key")
        ),
        sa.UniqueConstraint("provider", "subject", name=op.f("uq_account_provider_subject")),
    )


def _sessions() -> None:
    op.create_table(
        "session",
        _number(),
        _text("token_hash", 64),
        _account(nullable=False),
        _text("how", 16),
        _moment("begun_at"),
        _moment("seen_at"),
        _moment("ends_at"),
        _optional("address", 64),
        _optional("user_agent", 300),
        _moment("ended_at", nullable=True),
        sa.Column("ended_by", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"], unique=False)
    live = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_session_live",
        "session",
        ["ends_at"],
        unique=False,
        sqlite_where=live,
        postgresql_where=live,
    )
    op.create_table(
        "entry_link",
        _number(),
        _text("token_hash", 64),
        _text("kind", 16),
        _account(nullable=True),
        _moment("created_at"),
        _text("created_by", 120),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_entry_link_token_hash")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_entry_link_account_id")
        ),
    )


def _tokens() -> None:
    op.create_table(
        "api_token",
        _number(),
        _text("name", 80),
        _text("token_hash", 64),
        sa.Column("scopes", sa.JSON(), nullable=False),
        _list("offices"),
        _list("domains"),
        _moment("created_at"),
        _text("created_by", 120),
        _moment("expires_at"),
        _moment("last_used_at", nullable=True),
        _moment("revoked_at", nullable=True),
        sa.Column("revoked_by", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )


def _audit() -> None:
    op.create_table(
        "audit_log",
        _number(),
        sa.Column("number", sa.BigInteger(), nullable=False),
        _moment("at"),
        _text("who", 120),
        _text("act", 40),
        _optional("thing", 200),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("facts", sa.JSON(), server_default="{}", nullable=False),
        _optional("source_address", 64),
        _text("hash", 64),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("number", name=op.f("uq_audit_log_number")),
    )
    op.create_index(op.f("ix_audit_log_at"), "audit_log", ["at"], unique=False)
    for column in ("who", "act", "thing"):
        name = op.f(f"ix_audit_log_{column}_number")
        op.create_index(name, "audit_log", [column, "number"], unique=False)


def _search_steps() -> None:
    """The administrator searches the log of incidents, too."""
    op.create_index(op.f("ix_incident_log_at"), "incident_log", ["at"], unique=False)
    columns = ["who", "number"]
    op.create_index(op.f("ix_incident_log_who_number"), "incident_log", columns, unique=False)


def _take_over() -> None:
    """What was done with displays so far, sealed from now on."""
    connection = op.get_bind()
    old = sa.table(
        "display_log",
        *(sa.column(name) for name in ("id", "display_id", "who", "step", "note")),
        sa.column("at", Moment()),
        sa.column("source_address"),
    )
    log = sa.table(
        "audit_log",
        *(sa.column(name) for name in ("number", "who", "act", "thing", "note")),
        sa.column("at", Moment()),
        sa.column("facts", sa.JSON()),
        sa.column("source_address"),
        sa.column("hash"),
    )
    number, end = 0, START
    for line in connection.execute(sa.select(old).order_by(old.c.id)).all():
        number += 1
        row = {
            "number": number,
            "at": line.at,
            "who": line.who,
            "act": f"display.{line.step}",
            "thing": "" if line.display_id is None else f"display/{line.display_id}",
            "note": line.note,
            "facts": {},
            "source_address": line.source_address,
        }
        end = sealed(end, row)
        connection.execute(log.insert().values(**row, hash=end))
    chain = op.create_table(
        "audit_chain",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )
    op.bulk_insert(chain, [{"id": 1, "length": number, "hash": end}])
    op.drop_table("display_log")


def _append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_no_{what.lower()} BEFORE {what} ON audit_log "
                f"BEGIN SELECT RAISE(ABORT, '{_NO_CHANGE}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_log_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_NO_CHANGE}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        "ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION audit_log_append_only()"
    )
