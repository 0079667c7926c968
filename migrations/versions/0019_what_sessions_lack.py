"""Why a line is down; how full a batch is, what the bank says that it is, and sessions that were signed off."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("line_link", sa.Column("why", sa.Text(), server_default="", nullable=False))
    op.add_column("line_session", sa.Column("batch_began_behind", sa.Integer(), server_default="0", nullable=False))
    op.add_column("line_session", sa.Column("host_batch_no", sa.Integer(), nullable=True))
    left = sa.Column("left_batches", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False)
    op.add_column("line_session", left)
    op.add_column("line_session", sa.Column("signed_off_at", sa.DateTime(timezone=True), nullable=True))
