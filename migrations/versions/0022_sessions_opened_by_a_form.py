"""Sessions that a request form or a tube opens: good for its one bill or its specimen and for nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("patient_session", sa.Column("opened_by", sa.Text(), nullable=False, server_default=""))
