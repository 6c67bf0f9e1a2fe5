"""Second factors of accounts, and their codes on paper."""

import sqlalchemy as sa
from alembic import op

from commandcenter.records.tables import Moment

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "second_factor",
        sa.Column("account_id", number, autoincrement=False, nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factor")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_second_factor_account_id")
        ),
    )
    op.create_table(
        "paper_code",
        sa.Column("id", number, sa.Identity(always=False), nullable=False),
        sa.Column("account_id", number, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_code")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_paper_code_account_id")
        ),
    )
    op.create_index(op.f("ix_paper_code_account_id"), "paper_code", ["account_id"], unique=False)
