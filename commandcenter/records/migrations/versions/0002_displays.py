"""Displays: their pairing, their log, presets, and settings that hold for all of them."""

import sqlalchemy as sa
from alembic import op

from commandcenter.records.tables import Moment

revision = "0002"
down_revision = "0001"


def _number(name: str) -> sa.Column[int]:
    return sa.Column(
        name,
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        sa.Identity(always=False),
        nullable=False,
    )


def _display_id() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("display_id", kind, nullable=True)


def upgrade() -> None:
    op.create_table(
        "display",
        _number("id"),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("room", sa.String(length=80), server_default="", nullable=False),
        sa.Column("wall", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("paired_at", Moment(), nullable=False),
        sa.Column("paired_by", sa.String(length=120), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.Column("revoked_by", sa.String(length=120), nullable=True),
        sa.Column("last_seen_at", Moment(), nullable=True),
        sa.Column("address", sa.String(length=64), server_default="", nullable=False),
        sa.Column("user_agent", sa.String(length=300), server_default="", nullable=False),
        sa.Column("width", sa.Integer(), server_default="0", nullable=False),
        sa.Column("height", sa.Integer(), server_default="0", nullable=False),
        sa.Column("control", sa.JSON(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_display")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_display_token_hash")),
    )
    op.create_table(
        "pairing",
        _number("id"),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        _display_id(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_pairing_secret_hash")),
        sa.UniqueConstraint("code", name=op.f("uq_pairing_code")),
        sa.ForeignKeyConstraint(["display_id"], ["display.id"], name=op.f("fk_pairing_display_id")),
    )
    op.create_index(op.f("ix_pairing_expires_at"), "pairing", ["expires_at"], unique=False)
    op.create_table(
        "display_log",
        _number("id"),
        _display_id(),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=2000), server_default="", nullable=False),
        sa.Column("source_address", sa.String(length=64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_display_log")),
        sa.ForeignKeyConstraint(
            ["display_id"], ["display.id"], name=op.f("fk_display_log_display_id")
        ),
    )
    op.create_index(op.f("ix_display_log_display_id"), "display_log", ["display_id"], unique=False)
    op.create_table(
        "preset",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("saved_at", Moment(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_preset")),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )
