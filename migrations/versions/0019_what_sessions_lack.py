"""Why a line is down."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("line_link", sa.Column("why", sa.Text(), server_default="", nullable=False))
