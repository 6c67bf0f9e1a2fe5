"""Complaints of which nobody says when they came, and the files that complaints came from."""

import sqlalchemy as sa
from alembic import op

from commandcenter.records.tables import Fitted, Moment

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    with op.batch_alter_table("complaint") as complaint:
        complaint.alter_column("received_at", existing_type=Moment(), nullable=True)
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "complaint_file",
        sa.Column("id", number, sa.Identity(always=False), nullable=False),
        sa.Column("name", Fitted(length=200), nullable=False),
        sa.Column("file_at", Moment(), nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_file")),
    )
