"""What is known of a machine's clock, and whether its scans can be read."""

import sqlalchemy as sa
from alembic import op

from commandcenter.records.tables import Moment

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("machine", sa.Column("clock", sa.JSON(), server_default="{}", nullable=False))
    op.add_column(
        "machine", sa.Column("trouble", sa.String(length=200), server_default="", nullable=False)
    )
    op.add_column("machine", sa.Column("read_at", Moment(), nullable=True))
    op.execute(
        "UPDATE machine SET read_at ="
        " (SELECT max(received_at) FROM scan WHERE scan.serial = machine.serial)"
    )
