"""Windows and the triage desk have a time when they open, not only one when they close."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hospital", sa.Column("window_open_from", sa.Time()))
    op.add_column("hospital", sa.Column("triage_open_from", sa.Time()))
