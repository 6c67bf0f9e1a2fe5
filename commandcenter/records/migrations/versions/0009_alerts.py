"""Of alerts of other systems: their episode, how they flap, what their sender told."""

import sqlalchemy as sa
from alembic import op

from commandcenter.records.tables import Fitted, Moment

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "alert",
        sa.Column("incident_id", number, autoincrement=False, nullable=False),
        sa.Column("episode", Fitted(length=160), server_default="", nullable=False),
        sa.Column("began_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("well_since", Moment(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_alert")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_alert_incident_id")
        ),
    )
    op.create_index(op.f("ix_alert_episode"), "alert", ["episode"], unique=False)
